//! What a workspace of the local platform holds, as the documents that commands print.

mod connections;
mod connectors;
mod recipes;
mod workspaces;

pub use connections::{ConnectionLine, ConnectionListDocument, connections};
pub use connectors::{
    ConnectorLine, ConnectorListDocument, ConnectorOrigin, ConnectorShowDocument,
    ConnectorUsageDocument, ConnectorVersionsDocument, VersionLine, connector, connectors, usage,
    versions,
};
pub(in crate::ops) use connectors::{lines as connector_lines, users};
pub(in crate::ops) use recipes::sorted as recipe_lines;
pub use recipes::{RecipeFilter, RecipeLine, RecipeListDocument, recipes};
#[cfg(feature = "local")]
pub use workspaces::workspaces;
pub use workspaces::{
    FolderLine, WorkspaceCreateDocument, WorkspaceDeleteDocument, WorkspaceIdentity, WorkspaceLine,
    WorkspaceListDocument, WorkspaceSetDocument, WorkspaceShowDocument, workspace,
};

use crate::plan::resolve::ResolveError;
use crate::workspace::WorkspaceError;

/// A workspace could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It can't be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// What was asked for is not there, or several things are.
    #[error(transparent)]
    Pick(#[from] ResolveError),
}
