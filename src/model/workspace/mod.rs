//! Workspaces as packages meet them: where assets lie, what is held there, and in which state.
//!
//! Nothing here knows how a workspace is kept; that is the business of [`crate::workspace`].

mod address;
mod endpoint;
mod folder;
mod import_id;
mod items;
mod label;
mod partnership;
mod property;
mod revision;
mod snapshot;
mod timestamp;

pub use crate::model::workspace::items::{
    AssetKey, AssetPlace, Binding, Body, HeldState, HeldVersion, Logo, StoredFile, VersionsKnown,
    WorkspaceAsset, WorkspaceConnector,
};
pub use address::{Address, AddressError, ApiHost, RemoteAccount, RemoteAddress};
pub use endpoint::{EndpointMark, EndpointState, Served};
pub use folder::FolderPath;
pub use import_id::ImportId;
pub use label::{Label, LabelEdit, LabelError};
pub use partnership::{
    ClosedSource, CustomerFacts, CustomerUse, Partnership, Sharing, SharingTold,
};
pub use property::{HeldValue, PropertyKey};
pub use revision::{Before, Revision, RevisionAction, RevisionHeader};
pub use snapshot::{
    AskedKeys, Counters, HeldAssets, Inventory, Namesakes, ReadDepth, RecipeUse, Scope,
    SharingKnowledge, Sight, Snapshot, StateReasons, StopCause, WorkspaceFacts,
};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// Whose workspace it is.
    pub enum WorkspaceKind: "kind of workspace" {
        /// The partner's own, where shared connectors are built.
        Admin = "admin",
        /// A customer's, under an admin workspace: it has the connectors that are shared there.
        Customer = "customer",
        /// Any other account.
        External = "external",
    }
}

keyword_enum! {
    /// Whether a recipe runs.
    pub enum RecipeState: "state of a recipe" {
        /// It runs.
        Running = "running",
        /// It does not.
        Stopped = "stopped",
    }
}

keyword_enum! {
    /// Whether somebody gave a connection its credentials, which never travel (platform.md §6).
    pub enum Authorization: "state of a connection" {
        /// Somebody did.
        Authorized = "authorized",
        /// Nobody did yet.
        Placeholder = "not-authorized",
    }
}

macro_rules! number_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            schemars::JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_type!(
    /// The number of a workspace, which stands in the internal names of its connectors.
    WorkspaceId
);
number_type!(
    /// The number of an asset; unique in its workspace.
    AssetId
);
number_type!(
    /// The number of a custom connector; unique in its workspace.
    ConnectorId
);
number_type!(
    /// The number of a revision of a workspace: 1, 2, 3 …; 0 is the workspace before the first.
    RevisionNumber
);
number_type!(
    /// A moment, in seconds since 1970 (UTC).
    Timestamp
);
