//! What is to change in a workspace, as a value: every import, rollback, start, stop and release
//! becomes a list of these changes before anything is written, and a workspace does no more than
//! carry the list out, wholly or not at all.

use serde::Serialize;

use crate::model::catalogue::Catalogue;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::workspace::{
    AssetId, AssetKey, Authorization, Body, ConnectorId, Counters, EndpointState, FolderPath,
    HeldState, HeldValue, HeldVersion, Inventory, PropertyKey, RecipeState, Revision,
    RevisionNumber, Sharing, Snapshot, Timestamp, WorkspaceFacts,
};

/// One change. Numbers were given by whoever made the list, from the workspace's
/// [counters](Counters).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Change {
    /// A folder is created; the one that holds it is there, or created before.
    CreateFolder(FolderPath),
    /// An asset is created, with version 1.
    CreateAsset {
        /// Its number.
        id: AssetId,
        /// Where it lies and what it is called.
        key: AssetKey,
        /// What it holds.
        body: Body,
        /// What is not in its files.
        state: HeldState,
    },
    /// An asset gets another version, numbered by one more than its newest.
    UpdateAsset {
        /// The asset.
        id: AssetId,
        /// What it holds.
        body: Body,
    },
    /// An asset goes, with all its versions.
    RemoveAsset(AssetId),
    /// A recipe starts or stops.
    SetRecipe {
        /// The recipe.
        id: AssetId,
        /// Its state from now on.
        state: RecipeState,
    },
    /// A connection is given credentials, or loses them.
    SetConnection {
        /// The connection.
        id: AssetId,
        /// Its state from now on.
        authorization: Authorization,
    },
    /// An API endpoint is enabled or disabled.
    SetEndpoint {
        /// The endpoint.
        id: AssetId,
        /// Its state from now on.
        state: EndpointState,
    },
    /// A property gets a value, whether it had one or not.
    SetProperty {
        /// The property.
        key: PropertyKey,
        /// Its value from now on.
        value: HeldValue,
    },
    /// A custom connector is created, with no version.
    CreateConnector {
        /// Its number.
        id: ConnectorId,
        /// Its title.
        title: ConnectorTitle,
        /// Its internal name.
        internal_name: InternalName,
    },
    /// A connector gets another version. Its number is one more than its newest, or 1.
    AddVersion {
        /// The connector.
        id: ConnectorId,
        /// The version.
        version: HeldVersion,
    },
    /// A version of a connector becomes the one that recipes run (platform.md §3).
    ReleaseVersion {
        /// The connector.
        id: ConnectorId,
        /// The version.
        version: Version,
        /// When.
        at: Timestamp,
    },
    /// A released version of an admin workspace's connector becomes the one that all customers run,
    /// whether it was shared before or not (platform.md §4).
    Share {
        /// The connector.
        id: ConnectorId,
        /// How it is shared from now on.
        sharing: Sharing,
        /// When.
        at: Timestamp,
    },
    /// A connector is shared no longer.
    Unshare(ConnectorId),
    /// An asset is called otherwise, or lies in another folder. Its type stays.
    MoveAsset {
        /// The asset.
        id: AssetId,
        /// Where it lies and what it is called from now on.
        key: AssetKey,
    },
    /// A folder goes, in which nothing lies.
    RemoveFolder(FolderPath),
}

/// What else has to be as it was when the changes were planned, beside the workspace itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// For an admin workspace: everything in its customers' workspaces
    /// ([`customers_state`](crate::model::workspace::Partnership::customers_state)).
    Customers(Digest),
    /// For a customer's workspace: the connectors that are shared with it, by the digest of their
    /// catalogue.
    Shared(Digest),
}

/// A list of changes, bound to the state of the workspace that they were made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The state that the workspace has to be in.
    pub base: Digest,
    /// What else has to be as it was.
    pub depends: Vec<Dependency>,
    /// The changes, in order.
    pub changes: Vec<Change>,
    /// The numbers that are free afterwards.
    pub next: Counters,
    /// The revision that the changes make; none for a start or stop by hand and the like.
    pub revision: Option<Revision>,
}

impl Commit {
    /// A commit without changes.
    pub fn on(workspace: &WorkspaceFacts) -> Self {
        Self {
            base: workspace.state,
            depends: Vec::new(),
            changes: Vec::new(),
            next: workspace.next,
            revision: None,
        }
    }

    /// The same for the workspace of a snapshot, with the connectors that are shared with it.
    pub fn on_snapshot(snapshot: &Snapshot) -> Self {
        Self::with_shared(&snapshot.workspace, snapshot.shared.as_ref())
    }

    /// The same for the workspace of an inventory.
    pub fn on_inventory(inventory: &Inventory) -> Self {
        Self::with_shared(&inventory.workspace, inventory.shared.as_ref())
    }

    fn with_shared(workspace: &WorkspaceFacts, shared: Option<&Catalogue>) -> Self {
        let shared = shared.map(|shared| Dependency::Shared(shared.digest()));
        Self {
            depends: shared.into_iter().collect(),
            ..Self::on(workspace)
        }
    }

    /// The number of a new asset.
    pub fn new_asset(&mut self) -> AssetId {
        let id = self.next.asset;
        self.next.asset.0 += 1;
        id
    }

    /// The number of a new connector.
    pub fn new_connector(&mut self) -> ConnectorId {
        let id = self.next.connector;
        self.next.connector.0 += 1;
        id
    }

    /// The revision that it makes, if it makes one.
    pub fn revision_number(&self) -> Option<RevisionNumber> {
        let revision = self.revision.as_ref()?;
        Some(revision.header.number)
    }

    /// The state that the workspace is in afterwards. It depends on the state before and the
    /// changes only, not on who makes them and when a revision is written down.
    ///
    /// # Panics
    /// Never: the changes hold nothing that can't be written.
    pub fn state_after(&self) -> Digest {
        Digest::of_value(&(self.base, &self.changes, self.next))
            .expect("plain values can be written")
    }
}
