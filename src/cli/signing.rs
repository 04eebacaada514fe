//! Keys: read from files, and a secret one's password from the environment or a person.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::SecretString;

use super::exit::Exit;
use super::failure::Failure;
use crate::archive::signature::{KeyError, LONGEST, SigningKey, VerifyingKey, signature_path};
use crate::io::limited;
use crate::ops::provenance::verify::SignatureCheck;

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
