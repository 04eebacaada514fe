//! Workspaces as a whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connectors::{ConnectorLine, lines};
use crate::model::ident::{DataCenter, Digest, WorkspaceName};
use crate::model::workspace::{
    Address, ClosedSource, FolderPath, Inventory, RevisionHeader, RevisionNumber, Timestamp,
    WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
#[cfg(feature = "local")]
use crate::workspace::local::WorkspaceSummary;

/// Which workspace it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceIdentity {
    /// How to name it in commands.
    pub address: Address,
    /// Its number, which stands in the internal names of its connectors.
    pub id: WorkspaceId,
    /// Whose it is.
    pub kind: WorkspaceKind,
    /// The data center it lives in.
    pub data_center: DataCenter,
    /// The admin workspace of a customer.
    pub admin: Option<WorkspaceName>,
    /// The partner's own name for a customer.
    pub external_id: Option<String>,
}

/// What `workspace create` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceCreateDocument {
    /// The platform's file.
    pub platform: String,
    /// The workspace that is there now.
    pub workspace: WorkspaceIdentity,
    /// How many connectors a catalogue brought.
    pub connectors: usize,
}

/// What `workspace set` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceSetDocument {
    /// The workspace.
    pub workspace: WorkspaceIdentity,
    /// Whether it may share connectors closed-source from now on.
    pub closed_source: ClosedSource,
}

/// What `workspace delete` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceDeleteDocument {
    /// The platform's file.
    pub platform: String,
    /// The workspace that is gone, as it was.
    pub deleted: WorkspaceLine,
}

/// What `workspace list` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceListDocument {
    /// The platform's file.
    pub platform: String,
    /// Its workspaces, in the order of their names.
    pub workspaces: Vec<WorkspaceLine>,
}

/// A workspace as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceLine {
    /// Which it is.
    pub workspace: WorkspaceIdentity,
    /// When it was created, in seconds since 1970.
    pub created_at: Timestamp,
    /// Its newest revision; 0 before the first.
    pub revision: RevisionNumber,
    /// How many recipes it has.
    pub recipes: u64,
    /// How many of them run.
    pub running: u64,
    /// How many connections it has.
    pub connections: u64,
    /// How many of them are not authorised.
    pub not_authorized: u64,
    /// How many custom connectors of its own it has.
    pub connectors: u64,
}

/// What `workspace show` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceShowDocument {
    /// Which it is.
    pub workspace: WorkspaceIdentity,
    /// Stands for everything in it: whatever changes there changes it too.
    pub state: Digest,
    /// Its newest revision, if it has one.
    pub revision: Option<RevisionHeader>,
    /// Its folders, in the order of their paths.
    pub folders: Vec<FolderLine>,
    /// How many assets there are of each type, by the type's word in file names.
    pub assets: BTreeMap<String, usize>,
    /// How many recipes run.
    pub running: usize,
    /// The custom connectors that its recipes can use: its own, then the shared ones.
    pub connectors: Vec<ConnectorLine>,
}

/// A folder of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FolderLine {
    /// Its path from the root; a path of one name is a project's.
    pub path: FolderPath,
    /// How many assets lie in it, and not in a folder of it.
    pub assets: usize,
}

impl From<&WorkspaceFacts> for WorkspaceIdentity {
    fn from(facts: &WorkspaceFacts) -> Self {
        Self {
            address: Address::Local(facts.name.clone()),
            id: facts.id,
            kind: facts.kind,
            data_center: facts.data_center.clone(),
            admin: facts.admin.clone(),
            external_id: facts.external_id.clone(),
        }
    }
}

#[cfg(feature = "local")]
impl From<&WorkspaceSummary> for WorkspaceLine {
    fn from(summary: &WorkspaceSummary) -> Self {
        Self {
            workspace: (&summary.facts).into(),
            created_at: summary.created_at,
            revision: summary.facts.revision,
            recipes: summary.recipes,
            running: summary.running,
            connections: summary.connections,
            not_authorized: summary.placeholders,
            connectors: summary.connectors,
        }
    }
}

/// The list of workspaces.
#[cfg(feature = "local")]
pub fn workspaces(platform: String, summaries: &[WorkspaceSummary]) -> WorkspaceListDocument {
    let mut workspaces: Vec<WorkspaceLine> = summaries.iter().map(WorkspaceLine::from).collect();
    workspaces.sort_by(|a, b| a.workspace.address.cmp(&b.workspace.address));
    WorkspaceListDocument {
        platform,
        workspaces,
    }
}

/// A workspace with everything in it, counted. `revisions` are its own, the oldest first.
pub fn workspace(inventory: &Inventory, revisions: &[RevisionHeader]) -> WorkspaceShowDocument {
    let mut assets = BTreeMap::new();
    let mut folders: BTreeMap<&FolderPath, usize> =
        inventory.folders.iter().map(|path| (path, 0)).collect();
    for asset in &inventory.assets {
        *assets.entry(asset.key.kind.word().to_owned()).or_default() += 1;
        if let Some(count) = folders.get_mut(&asset.key.place.folder()) {
            *count += 1;
        }
    }
    WorkspaceShowDocument {
        workspace: (&inventory.workspace).into(),
        state: inventory.workspace.state,
        revision: revisions.last().cloned(),
        folders: folders
            .into_iter()
            .map(|(path, assets)| FolderLine {
                path: path.clone(),
                assets,
            })
            .collect(),
        assets,
        running: inventory
            .assets
            .iter()
            .filter(|asset| asset.state.is_running())
            .count(),
        connectors: lines(inventory),
    }
}
