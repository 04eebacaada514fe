//! What a commit has to fit, however a workspace is kept: the same for all of them, and said in the
//! same words.

use super::WorkspaceError;
use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::workspace::{
    AssetId, AssetKey, ConnectorId, FolderPath, HeldState, RevisionNumber, WorkspaceFacts,
};
use crate::plan::commit::{Change, Commit};

/// Why changes don't fit what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitConflict {
    /// A folder would be created twice.
    #[error("the folder \"{0}\" is there already")]
    FolderThere(FolderPath),
    /// What would lie in a folder has none.
    #[error("the folder \"{0}\" is not there")]
    NoFolder(FolderPath),
    /// A folder that is to go holds something.
    #[error("the folder \"{0}\" is not empty")]
    FolderInUse(FolderPath),
    /// An asset can't be called or lie like that.
    #[error("asset {0} can't become one of another type")]
    OtherKind(AssetId),
    /// An asset's number is another one's.
    #[error("asset {0} is there already")]
    AssetThere(AssetId),
    /// An asset's place and name are another one's.
    #[error("{} \"{}\" is there already", .0.kind.label(), .0.name)]
    KeyTaken(Box<AssetKey>),
    /// There is no such asset.
    #[error("asset {0} is not there")]
    NoAsset(AssetId),
    /// The asset is of a type that has no such state.
    #[error("asset {0} has no such state")]
    OtherState(AssetId),
    /// A connector's number is another one's.
    #[error("connector {0} is there already")]
    ConnectorThere(ConnectorId),
    /// A connector's title is another one's.
    #[error("connector \"{0}\" is there already")]
    TitleTaken(ConnectorTitle),
    /// A connector's internal name is another one's.
    #[error("a connector named `{0}` is there already")]
    InternalNameTaken(InternalName),
    /// There is no such connector.
    #[error("connector {0} is not there")]
    NoConnector(ConnectorId),
    /// A version does not follow the newest one.
    #[error("version {} of connector {connector} would follow version {}", version.0, latest.0)]
    OutOfOrder {
        /// The connector.
        connector: ConnectorId,
        /// The version.
        version: Version,
        /// The newest one; 0 if there is none.
        latest: Version,
    },
    /// There is no such version.
    #[error("connector {connector} has no version {}", version.0)]
    NoVersion {
        /// The connector.
        connector: ConnectorId,
        /// The version.
        version: Version,
    },
    /// A version that is to be shared was never released.
    #[error("version {} of connector {connector} is not released", version.0)]
    NotReleased {
        /// The connector.
        connector: ConnectorId,
        /// The version.
        version: Version,
    },
    /// A connector that is to be shared no more is not shared.
    #[error("connector {0} is not shared")]
    NotShared(ConnectorId),
    /// A revision does not follow the newest one.
    #[error("revision {number} would follow revision {newest}")]
    OtherRevision {
        /// The revision.
        number: RevisionNumber,
        /// The newest one.
        newest: RevisionNumber,
    },
    /// Numbers that were given would be given again.
    #[error("numbers that are taken would be given again")]
    Counters,
}

impl CommitConflict {
    /// The same as an error of a workspace.
    pub(super) fn of(self, workspace: &WorkspaceFacts) -> WorkspaceError {
        WorkspaceError::Unfit {
            workspace: workspace.name.to_string(),
            misfit: self,
        }
    }
}

/// Checks what shows without a look at what the workspace holds.
pub(super) fn check(commit: &Commit, workspace: &WorkspaceFacts) -> Result<(), WorkspaceError> {
    if workspace.state != commit.base {
        return Err(WorkspaceError::Stale {
            workspace: workspace.name.to_string(),
        });
    }
    check_numbers(commit, workspace).map_err(|misfit| misfit.of(workspace))
}

fn check_numbers(commit: &Commit, workspace: &WorkspaceFacts) -> Result<(), CommitConflict> {
    let (next, free) = (commit.next, workspace.next);
    if next.asset < free.asset || next.connector < free.connector {
        return Err(CommitConflict::Counters);
    }
    for change in &commit.changes {
        match change {
            Change::CreateAsset { id, key, state, .. } => {
                if *id >= next.asset {
                    return Err(CommitConflict::Counters);
                }
                if !same_sort(*state, HeldState::of_new(&key.kind)) {
                    return Err(CommitConflict::OtherState(*id));
                }
            }
            Change::CreateConnector { id, .. } if *id >= next.connector => {
                return Err(CommitConflict::Counters);
            }
            Change::CreateFolder(_)
            | Change::UpdateAsset { .. }
            | Change::RemoveAsset(_)
            | Change::SetRecipe { .. }
            | Change::SetConnection { .. }
            | Change::SetEndpoint { .. }
            | Change::SetProperty { .. }
            | Change::CreateConnector { .. }
            | Change::AddVersion { .. }
            | Change::ReleaseVersion { .. }
            | Change::Share { .. }
            | Change::Unshare(_)
            | Change::MoveAsset { .. }
            | Change::RemoveFolder(_) => {}
        }
    }
    match &commit.revision {
        Some(revision) if revision.header.number.0 != workspace.revision.0 + 1 => {
            Err(CommitConflict::OtherRevision {
                number: revision.header.number,
                newest: workspace.revision,
            })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether both are states of the same type of asset.
pub(super) fn same_sort(one: HeldState, other: HeldState) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}
