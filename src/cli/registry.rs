//! Registries: how they are opened, and what their errors are in words.

mod docker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Context;
use super::connect::Interruptible;
use super::credentials::{CredentialError, Environment, network};
use super::exit::Exit;
use super::failure::Failure;
use crate::archive::{Limits, TemporaryFile};
use crate::client::Timeouts;
use crate::io::limited::DOCUMENT;
use crate::model::ident::Digest;
use crate::plan::decision::shell_word;
use crate::registry::{
    Bounds, Connecting, Found, Home, Opened, Opening, Reference, ReferenceError, RegistryError,
    Selector,
};
use docker::DockerLogins;

/// The address that a text for a package means, if it means one in a registry.
pub(crate) fn reference(said: &Path) -> Result<Option<Reference>, Failure> {
    said.to_str()
        .filter(|text| Reference::is_meant(text))
        .map(|text| {
            text.parse()
                .map_err(|error: ReferenceError| Failure::usage(error.to_string()))
        })
        .transpose()
}

/// Which manifest is meant; it has to be said.
pub(crate) fn selector(reference: &Reference) -> Result<&Selector, Failure> {
    reference.selector.as_ref().ok_or_else(|| {
        let home = &reference.home;
        let said = shell_word(&home.to_string());
        Failure::usage(format!("{home} names no tag and no digest"))
            .help(format!("those that are there: recipack tags {said}"))
    })
}

/// What is fetched at most.
pub(crate) fn bounds() -> Bounds {
    Bounds {
        package: Limits::default().archive_bytes,
        record: DOCUMENT,
    }
}

/// Opens a repository or a layout. `ca` is what the command line says about certificates.
pub(crate) fn open(
    context: &Context,
    ca: Option<&PathBuf>,
    home: &Home,
    opening: Opening,
) -> Result<Opened, Failure> {
    match home {
        Home::Layout(folder) => Ok(Opened::layout(folder, opening)?),
        Home::Repository { host, name } => {
            let variable = |name: &str| std::env::var_os(name);
            let (of_environment, proxy) = network(&Environment(&variable))
                .map_err(|error: CredentialError| Failure::of(Exit::Usage, "settings", &error))?;
            let connecting = Connecting {
                ca: ca.cloned().or(of_environment),
                proxy,
                timeouts: Timeouts::default(),
                clock: clock(context, host.as_str()),
                logins: Box::new(DockerLogins::of(&variable, &context.running.interrupt)),
            };
            Ok(Opened::repository(host, name, connecting)?)
        }
    }
}

/// A package's zip in a file of `folder` that has no name yet, and its digest.
pub(crate) fn fetched(
    opened: &Opened,
    found: &Found,
    folder: &Path,
) -> Result<(TemporaryFile, Digest), Failure> {
    let mut outcome = Ok(());
    let file = TemporaryFile::written_by(folder, |file| {
        outcome = opened.fetch_zip(found, folder, file, &bounds());
        // Why it could not be fetched is told, and not that.
        Ok(())
    })?;
    outcome?;
    Ok((file, found.zip_digest()))
}

/// Who sleeps while a registry is waited for.
pub(crate) fn clock(context: &Context, host: &str) -> Arc<Interruptible> {
    Arc::new(Interruptible::new(context, host.to_owned()))
}

/// The same for what may be a layout.
pub(crate) fn clock_of(context: &Context, home: &Home) -> Arc<Interruptible> {
    clock(context, &home.to_string())
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::NotAuthorised { host, login, .. } => {
                let failure = Self::of(Exit::NotAuthorised, "registry-login", &error);
                let host = shell_word(host);
                failure.help(match login {
                    None => format!(
                        "log in as for any image: docker login {host}, podman login {host}; logins are looked for in {}",
                        docker::PLACES
                    ),
                    Some(_) => format!("log in again: docker login {host}; and see to it that this account may do that"),
                })
            }
            RegistryError::Login { .. } => Self::of(Exit::NotAuthorised, "registry-login", &error)
                .help("nothing was sent; correct the file, or log in again with `docker login`"),
            RegistryError::Unavailable { .. } => {
                Self::of(Exit::Temporary, "registry-unavailable", &error)
                    .help("repeat the command later; what arrived is not sent again")
            }
            RegistryError::Unreachable { why, .. } => {
                let failure = Self::of(Exit::Failed, "registry-unreachable", &error);
                match why.contains("certificate") {
                    true => failure.help("if its certificate is of an authority of your own: --ca-file FILE, or RECIPACK_CA_FILE"),
                    false => failure.help("see to the host and the port; without TLS only this machine is spoken to"),
                }
            }
            RegistryError::Refused { .. } => Self::of(Exit::Failed, "registry-refused", &error)
                .help("correct what it names; nothing but files without a name may have arrived"),
            RegistryError::Unreadable { .. } => {
                Self::of(Exit::Failed, "registry-answer", &error)
                    .help("see to the host and the repository: something else may answer there")
            }
            RegistryError::Diverted { .. } => Self::of(Exit::Failed, "registry-diverted", &error)
                .help("nothing was sent there; see to the host, or ask whoever runs the registry"),
            RegistryError::Wrong { .. } => {
                Self::of(Exit::VerificationFailed, "registry-digest", &error)
                    .help("nothing of it was taken; get the package from whoever made it, or from another registry")
            }
            RegistryError::Absent { home, tags, .. } => {
                let failure = Self::of(Exit::Failed, "not-in-registry", &error);
                let named: Vec<&str> = tags.iter().rev().take(10).map(|tag| tag.as_str()).collect();
                failure.help(match named.is_empty() {
                    true => "see to the host, the repository and the tag; some registries say so of what a login does not reach".to_owned(),
                    false => format!("those that are there: {} (recipack tags {})", named.join(", "), shell_word(home)),
                })
            }
            RegistryError::NoPackage { .. } => Self::of(Exit::Failed, "no-package-there", &error)
                .help("name a package that `recipack push` brought there, or one with a single zip in it"),
            RegistryError::Moved { there, .. } => Self::of(Exit::Refused, "tag-taken", &error).help(format!(
                "nothing was moved; choose another tag, or say that it is meant: --move-tag; what is there stays reachable as {there} for as long as the registry keeps it"
            )),
            RegistryError::Contended { .. } => Self::of(Exit::Temporary, "registry-unavailable", &error)
                .help("it is attached, and the list may lack it: recipack attach ADDRESS --repair"),
            RegistryError::NoLayout { .. } => Self::of(Exit::Failed, "no-layout", &error)
                .help("name a folder that `recipack push`, skopeo or oras made, or one that is not there yet"),
            RegistryError::Io { doing: "read", .. } => Self::of(Exit::Failed, "unreadable", &error),
            RegistryError::Io { .. } => Self::of(Exit::Failed, "unwritable", &error),
            RegistryError::Settings(settings) => Self::api(settings),
            RegistryError::Cut(_) => Self::of(Exit::Interrupted, "interrupted", &error)
                .help("a tag points to what it pointed to before, or to all of what was brought there"),
        }
    }
}
