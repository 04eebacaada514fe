//! The local platform: one SQLite file with workspaces.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::WorkspaceError;
use crate::model::catalogue::Catalogue;
use crate::model::ident::{DataCenter, WorkspaceName};
use crate::model::workspace::{Moment, WorkspaceFacts, WorkspaceId, WorkspaceKind};

/// How a platform is written to while others may be writing too.
#[derive(Clone, Debug)]
pub struct Writing {
    /// What is being done, for whoever has to wait: `import of orders.zip, process 4711`.
    pub purpose: String,
    /// How long to wait for another writer.
    pub patience: Duration,
}

/// A workspace to create.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// Its name.
    pub name: WorkspaceName,
    /// Whose it is.
    pub kind: WorkspaceKind,
    /// Where it lives.
    pub data_center: DataCenter,
    /// Its number; the next free one if none is given.
    pub id: Option<WorkspaceId>,
    /// The partner's own name for a customer.
    pub external_id: Option<String>,
    /// The admin workspace of a customer.
    pub admin: Option<WorkspaceName>,
    /// For an admin workspace: connectors that it has and shares. Their source is not known.
    pub catalogue: Option<Catalogue>,
    /// When it is created.
    pub at: Moment,
}

/// A workspace as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceSummary {
    /// The workspace.
    pub facts: WorkspaceFacts,
    /// When it was created.
    pub created_at: Moment,
    /// How many recipes it has.
    pub recipes: u64,
    /// How many of them run.
    pub running: u64,
    /// How many connections it has.
    pub connections: u64,
    /// How many of them are not authorised.
    pub placeholders: u64,
    /// How many custom connectors of its own it has.
    pub connectors: u64,
}

/// A local platform's file.
#[derive(Debug)]
pub struct LocalPlatform {
    path: PathBuf,
    writing: Writing,
}

/// A workspace of a local platform.
#[derive(Debug)]
pub struct LocalWorkspace {
    path: PathBuf,
}
