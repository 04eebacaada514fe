//! What can go wrong with a workspace behind the platform's API.

use std::path::PathBuf;

use super::WorkspaceError;
use crate::client::ClientError;
use crate::model::workspace::{Address, FolderPath, ImportId, RevisionNumber, Timestamp};

/// Why an account could not be read or written, for an error of a workspace.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The platform's API did not do what was asked.
    #[error(transparent)]
    Api(#[from] ClientError),
    /// What it answered can't be made sense of.
    #[error("{address} can't be read: {what}")]
    Unreadable {
        /// The workspace.
        address: Address,
        /// What is wrong.
        what: String,
    },
    /// The export that was asked for failed.
    #[error("the platform could not export {address}: {told}")]
    ExportFailed {
        /// The workspace.
        address: Address,
        /// What it said.
        told: String,
    },
    /// There is no such folder.
    #[error("{address} has no folder with that number")]
    NoFolder {
        /// The address, with the folder.
        address: Address,
    },
    /// Several folders that lie in one have the name that is meant.
    #[error("{address} has {} folders `{folder}`: numbers {}", ids.len(), numbers(ids))]
    SameFolders {
        /// The workspace.
        address: Address,
        /// The folder.
        folder: FolderPath,
        /// Their numbers.
        ids: Vec<u64>,
    },
    /// It is not told which folder is meant.
    #[error("it is not known which folder of {address} is Home")]
    NoHome {
        /// The workspace.
        address: Address,
    },
    /// The package is no longer the one that was planned for. Nothing was sent.
    #[error("{} changed since its import was planned", path.display())]
    PackageChanged {
        /// The package.
        path: PathBuf,
    },
    /// The import failed.
    #[error("the platform could not import the package into {address}: {told}")]
    ImportFailed {
        /// The workspace.
        address: Address,
        /// What it said.
        told: String,
        /// What that did to the workspace.
        left: Left,
    },
    /// The work goes on, or it is not known whether it does.
    #[error("{what}")]
    Unfinished {
        /// What is not finished.
        what: String,
        /// By which it can be resumed; none for work that leaves nothing behind.
        resume: Option<ImportId>,
        /// Why it is not waited for any longer.
        why: Unfinished,
    },
    /// The platform said that it did something, and what is there says that it did not.
    #[error("{address}: the platform said that it did, and read back, {found}")]
    NotSo {
        /// The workspace.
        address: Address,
        /// What is there.
        found: String,
    },
    /// The token belongs to another workspace than the one that is meant.
    #[error("the token belongs to {found}, and the import went into {expected}")]
    OtherWorkspace {
        /// The workspace that is meant, as far as it is known.
        expected: String,
        /// The workspace that was found.
        found: String,
    },
    /// A customer is named in a way that means another one, too.
    #[error("{address}: {}", which(*number, by_number.as_deref(), by_external))]
    Ambiguous {
        /// The address.
        address: Address,
        /// The number in it.
        number: u64,
        /// The name of the customer with that number, if there is one.
        by_number: Option<String>,
        /// The name of the customer with that external id.
        by_external: String,
    },
    /// A workspace was asked for, and it is not known whether it will be there.
    #[error(
        "it is not known whether the platform makes a workspace for customer {external_id}: it was asked to, and there is none yet; until {} it may still come", until.utc()
    )]
    Provisioning {
        /// The partner's own name for the customer.
        external_id: String,
        /// Until when it may come.
        until: Timestamp,
    },
    /// What was there before a revision was not kept: an older version of the program made it.
    #[error("{address} can't go back: what was there before was not kept of revision {revision}")]
    NothingKept {
        /// The workspace.
        address: Address,
        /// The revision.
        revision: RevisionNumber,
    },
    /// The API has nothing for it.
    #[error("{address}: {what} can't be done over the API")]
    NotOffered {
        /// The workspace.
        address: Address,
        /// What was to be done.
        what: &'static str,
        /// What to do instead; `ADDRESS` in it stands for the workspace's.
        instead: &'static str,
    },
    /// The journal of imports can't be read or written.
    #[error("the journal of imports fails")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn which(number: u64, by_number: Option<&str>, by_external: &str) -> String {
    match by_number {
        Some(name) => format!(
            "\"{name}\" has the number {number}, and \"{by_external}\" the external id {number}"
        ),
        None => format!(
            "no customer has the number {number}, and \"{by_external}\" has the external id {number}"
        ),
    }
}

fn numbers(ids: &[u64]) -> String {
    let ids: Vec<_> = ids.iter().map(u64::to_string).collect();
    ids.join(", ")
}

/// What a failed import did to a workspace, as read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Unchanged,
    /// Something.
    Changed,
    /// It could not be read back.
    Unknown,
}

/// Why the end of some work was not waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// It took too long.
    Slow,
    /// It is not known whether the platform got it: its answer was lost.
    Lost,
    /// The platform has it, and what became of it can't be seen.
    Unseen,
    /// Somebody asked to stop.
    Interrupted,
}

/// Whether the same request may succeed later.
pub fn may_pass(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::RateLimited { .. } | ClientError::Unavailable { .. }
    )
}

impl RemoteError {
    /// Whether the same request may succeed later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Api(error) => may_pass(error),
            Self::Provisioning { .. } => true,
            Self::Unreadable { .. }
            | Self::ExportFailed { .. }
            | Self::PackageChanged { .. }
            | Self::NoFolder { .. }
            | Self::NoHome { .. }
            | Self::SameFolders { .. }
            | Self::ImportFailed { .. }
            | Self::Unfinished { .. }
            | Self::NotSo { .. }
            | Self::OtherWorkspace { .. }
            | Self::Ambiguous { .. }
            | Self::NothingKept { .. }
            | Self::NotOffered { .. }
            | Self::Journal(_) => false,
        }
    }

    /// Whether work goes on, or it is not known whether it does.
    pub const fn is_unfinished(&self) -> bool {
        matches!(self, Self::Unfinished { .. })
    }

    /// The same, where an answer was lost before.
    pub(crate) fn lost(mut self) -> Self {
        if let Self::Unfinished { what, why, .. } = &mut self
            && *why == Unfinished::Slow
        {
            *why = Unfinished::Lost;
            "it is not known whether the upload arrived: its answer was lost, and nothing changed \
             in the workspace since"
                .clone_into(what);
        }
        self
    }
}

impl From<RemoteError> for WorkspaceError {
    fn from(error: RemoteError) -> Self {
        Self::Remote(Box::new(error))
    }
}

impl From<ClientError> for WorkspaceError {
    fn from(error: ClientError) -> Self {
        RemoteError::Api(error).into()
    }
}
