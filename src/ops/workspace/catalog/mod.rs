//! The shared connectors of an admin workspace: looking at them, and changing what is shared.

mod change;
mod look;

pub use change::{
    Asked, CatalogChangeDocument, CatalogDiffDocument, Moves, Outcome, PlannedChange, Removals,
    SharingGrants, SharingRefusal, diff, plan,
};
pub use look::{
    CatalogLine, CatalogListDocument, CatalogPullDocument, CatalogShowDocument, CatalogUser, list,
    show,
};

use crate::model::catalogue::Catalogue;
use crate::plan::resolve::ResolveError;
use crate::plan::sharing::ShareError;
use crate::plan::sharing::file::EntryProblem;
use crate::workspace::{AdminWorkspace, WorkspaceError};

/// What is shared could not be looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The workspace can't be read or written, or is no admin workspace.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The title means no connector.
    #[error(transparent)]
    Pick(#[from] ResolveError),
    /// What was asked for can't be.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// What a file says can't be; never nothing.
    #[error("{} of the file's entries can't be brought about", .0.len())]
    File(Vec<EntryProblem>),
}

/// The catalogue of an admin workspace, as a file would have it.
///
/// # Errors
/// If it is no admin workspace, or can't be read.
pub fn catalogue(admin: &dyn AdminWorkspace) -> Result<Catalogue, WorkspaceError> {
    Ok(admin.partnership(&|_| false)?.catalogue())
}
