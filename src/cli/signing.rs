//! Keys: read from files, and a secret one's password from the environment or a person.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::SecretString;

use super::Context;
use super::brought::Brought;
use super::exit::Exit;
use super::failure::Failure;
use crate::archive::Limits;
use crate::archive::signature::{KeyError, LONGEST, SigningKey, VerifyingKey, signature_path};
use crate::io::limited;
use crate::ops::provenance::verify::{SignatureCheck, Verification, VerifyRequest, hold, verify};

/// The variable with a secret key's password.
pub(crate) const PASSWORD: &str = "RECIPACK_SIGN_PASSWORD";

/// What has to be checked of a package: that `key`, a file or the key itself, has signed it.
pub(crate) fn check(
    key: &str,
    package: &Path,
    signature: Option<&Path>,
) -> Result<SignatureCheck, Failure> {
    Ok(SignatureCheck {
        key: verifying_key(key)?,
        path: signature.map_or_else(|| signature_path(package), PathBuf::from),
    })
}

/// The signature of a package that is attached to it in a registry and holds by `key`, or any other
/// that is, of which is told then what is wrong with it; nothing if none is, or it is in no registry.
///
/// # Errors
/// If `key` is none, or the package is in a registry and nothing is attached that could be a signature.
pub(crate) fn attached(key: &str, package: &Brought) -> Result<Option<PathBuf>, Failure> {
    let Some(pinned) = package.pinned() else {
        return Ok(None);
    };
    for signature in package.signatures() {
        let held = hold(
            &check(key, package.path(), Some(signature))?,
            package.path(),
        );
        if held.is_ok() {
            return Ok(Some(signature.clone()));
        }
    }
    match package.signatures().first() {
        Some(first) => Ok(Some(first.clone())),
        None => Err(Failure::new(
            Exit::VerificationFailed,
            "not-signed",
            format!("no signature of minisign is attached to {pinned}"),
        )
        .help(format!(
            "whoever made it signs and attaches: recipack sign PACKAGE.zip --key FILE; recipack attach {pinned} PACKAGE.zip.minisig"
        ))),
    }
}

fn verifying_key(said: &str) -> Result<VerifyingKey, Failure> {
    let file = Path::new(said);
    let text = match file.exists() {
        true => read_key(file)?,
        false => said.to_owned(),
    };
    VerifyingKey::parse(&text).map_err(|_| {
        Failure::usage(format!(
            "{said} is neither a public key of minisign nor a file with one"
        ))
        .help("give the file that `minisign -G` wrote, or its second line")
    })
}

fn read_key(file: &Path) -> anyhow::Result<String> {
    limited::read_text(file, LONGEST).with_context(|| format!("can't read {}", file.display()))
}

/// Reads a secret key.
pub(crate) fn signing_key(file: &Path) -> Result<SigningKey, Failure> {
    let text = read_key(file)?;
    let password = std::env::var(PASSWORD).ok().map(SecretString::from);
    SigningKey::parse(&text, password.as_ref()).map_err(|error| {
        let shown = file.display();
        match error {
            KeyError::NoKey(_) => Failure::new(Exit::Failed, "no-key", format!("{shown}: {error}"))
                .help("make a pair of keys: minisign -G -s recipack.key -p recipack.pub"),
            KeyError::Protected => Failure::new(
                Exit::NotAuthorised,
                "no-password",
                format!("{shown}: {error}"),
            )
            .help(format!("give the password with {PASSWORD}")),
            KeyError::Password => Failure::new(
                Exit::NotAuthorised,
                "wrong-password",
                format!("{shown}: {error}"),
            )
            .help(format!("look at {PASSWORD}")),
        }
    })
}

/// What verifying a package found that is sound and as recorded: others get no other. It is told as
/// `called`.
pub(crate) fn as_recorded(
    context: &Context,
    package: &Path,
    called: &str,
    done: &str,
) -> Result<Verification, Failure> {
    let request = VerifyRequest {
        package: package.to_owned(),
        record: None,
        rebuild: None,
        signature: None,
        attestation: None,
        limits: Limits::default(),
    };
    let found = verify(&request, &context.running, &mut context.ui.observer())?;
    match found.mismatches.first() {
        None => Ok(Verification {
            package: called.to_owned(),
            ..found
        }),
        Some(mismatch) => Err(Failure::new(
            Exit::VerificationFailed,
            "not-as-recorded",
            format!(
                "{called} is not {done}: {}: {}",
                mismatch.subject, mismatch.what
            ),
        )
        .help("look at it with `recipack verify`, and export it again")),
    }
}
