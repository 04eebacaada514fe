//! Why something could not be done with a registry or a layout.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::documents::BlobDigest;
use super::reference::Tag;
use crate::client::{ClientError, Cut};

/// What went wrong between here and a registry or a layout.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nobody logged in, or the login is not accepted, or does not reach so far.
    #[error("{host} does not let {}: {why}", who(login.as_deref()))]
    NotAuthorised {
        /// The registry.
        host: String,
        /// Where the login is from that was tried; absent if there is none.
        login: Option<String>,
        /// What it says.
        why: String,
    },
    /// Logins can't be read.
    #[error("the login for {host} can't be had from {place}: {why}")]
    Login {
        /// The registry.
        host: String,
        /// The file, or the program.
        place: String,
        /// Why.
        why: String,
    },
    /// It may go better later.
    #[error("{host} does not answer {what}: {why}")]
    Unavailable {
        /// The registry.
        host: String,
        /// What was asked.
        what: String,
        /// Why.
        why: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// Who answers is not who should, or speaks no TLS.
    #[error("{host} can't be spoken to: {why}")]
    Unreachable {
        /// The registry.
        host: String,
        /// Why.
        why: String,
    },
    /// It says no.
    #[error("{host} refuses {what} ({status}): {why}")]
    Refused {
        /// The registry.
        host: String,
        /// What was asked.
        what: String,
        /// The status of its answer.
        status: u16,
        /// What it says.
        why: String,
    },
    /// Its answer is none that a registry gives.
    #[error("what {host} answers to {what} is not a registry's: {why}")]
    Unreadable {
        /// The registry, or the layout's folder.
        host: String,
        /// What was asked.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// It leads somewhere where nothing may be sent.
    #[error("{host} leads {what} to {to}, which is not followed: {reason}")]
    Diverted {
        /// The registry.
        host: String,
        /// What was asked.
        what: String,
        /// Where it leads, without what follows the path.
        to: String,
        /// Why nothing is sent there.
        reason: &'static str,
    },
    /// What came is not what was asked for.
    #[error("{what} of {home} is not what it should be: {why}")]
    Wrong {
        /// Where it lies.
        home: String,
        /// The manifest or the file.
        what: String,
        /// What differs.
        why: String,
    },
    /// It is not there.
    #[error("there is no {what} in {home}")]
    Absent {
        /// Where it was looked for.
        home: String,
        /// What.
        what: String,
        /// Tags that are there.
        tags: Vec<Tag>,
    },
    /// What is there is no package.
    #[error("{what} is no package: {why}")]
    NoPackage {
        /// Its address.
        what: String,
        /// What it is.
        why: String,
    },
    /// A tag points to something else already.
    #[error("{tag} of {home} is {there} already, and this would be {here}")]
    Moved {
        /// The repository or the layout.
        home: String,
        /// The tag.
        tag: Tag,
        /// What it points to.
        there: BlobDigest,
        /// What it should point to.
        here: BlobDigest,
    },
    /// What is attached does not get into the list of what is attached.
    #[error(
        "the list of what is attached to {subject} in {home} is written by others all the time"
    )]
    Contended {
        /// The repository.
        home: String,
        /// What something is attached to.
        subject: BlobDigest,
    },
    /// A folder is no layout, or none of a version that is known.
    #[error("{} is no OCI image layout: {why}", folder.display())]
    NoLayout {
        /// The folder.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// A file can't be read or written.
    #[error("can't {doing} {}", path.display())]
    Io {
        /// `read` or `write`.
        doing: &'static str,
        /// The file or the folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Certificates or a proxy can't be used.
    #[error(transparent)]
    Settings(#[from] ClientError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Cut(#[from] Cut),
}

fn who(login: Option<&str>) -> String {
    match login {
        Some(login) => format!("the login of {login} do that"),
        None => "somebody do that who did not log in".to_owned(),
    }
}

impl RegistryError {
    /// What can't be read or written.
    pub(super) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
