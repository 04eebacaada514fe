//! The document of `status`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::{ConnectorTitle, Digest, Version};
use crate::model::workspace::{AssetId, FolderPath, ReadDepth, RecipeState, RevisionHeader};
use crate::ops::workspace::inspect::{ConnectorLine, RecipeLine, WorkspaceIdentity};

/// What `status` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusDocument {
    /// Which workspace it is.
    pub workspace: WorkspaceIdentity,
    /// The folder that was asked for.
    pub folder: Option<FolderPath>,
    /// Stands for everything in the workspace: whatever changes there changes it too, as far as it
    /// was read.
    pub state: Digest,
    /// How much of it was read; absent where everything was.
    #[serde(
        default = "ReadDepth::whole",
        skip_serializing_if = "ReadDepth::is_whole"
    )]
    pub reading: ReadDepth,
    /// Its newest revision, if it has one.
    pub revision: Option<RevisionHeader>,
    /// How many there are of each.
    pub counts: StatusCounts,
    /// What is not as the newest revision left it.
    pub drift: Vec<Drift>,
    /// Recipes that ran before the newest revision changed them, and do not run now.
    pub stopped: Vec<RecipeLine>,
    /// Recipes that do not run and could not start.
    pub blocked: Vec<BlockedRecipe>,
    /// Connections that are not authorised.
    pub connections: Vec<WaitingConnection>,
    /// The workspace's own connectors whose newest version is not released.
    pub unreleased: Vec<ConnectorLine>,
    /// Shared connectors that recipes use.
    pub shared: Vec<ConnectorLine>,
    /// What to do next.
    pub next: Vec<NextStep>,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusCounts {
    /// Recipes.
    pub recipes: usize,
    /// Those that run.
    pub running: usize,
    /// Connections.
    pub connections: usize,
    /// Those that are not authorised.
    pub not_authorized: usize,
    /// Assets of other types.
    pub others: usize,
    /// Custom connectors of the workspace's own.
    pub connectors: usize,
}

/// Something that is not as the newest revision left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Drift {
    /// An asset is not there any more.
    Removed {
        /// Its number.
        id: AssetId,
        /// Its name, if the revision knew it.
        name: Option<String>,
    },
    /// An asset has another version.
    Changed {
        /// Its number.
        id: AssetId,
        /// Its name.
        name: String,
        /// Its folder.
        folder: FolderPath,
        /// The version that the revision left.
        left: Version,
        /// The version that is there.
        found: Version,
    },
    /// A recipe was started or stopped by hand.
    Recipe {
        /// Its number.
        id: AssetId,
        /// Its name.
        name: String,
        /// Its folder.
        folder: FolderPath,
        /// How the revision left it.
        left: RecipeState,
        /// How it is.
        found: RecipeState,
    },
    /// Another version of a connector was released by hand.
    Connector {
        /// Its title.
        title: ConnectorTitle,
        /// The version that recipes ran after the revision.
        left: Version,
        /// The version that they run now.
        found: Option<Version>,
    },
}

/// A recipe that could not start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedRecipe {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: FolderPath,
    /// What is in its way; never empty.
    pub obstacles: Vec<ObstacleLine>,
}

/// Something that keeps a recipe from starting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObstacleLine {
    /// Its code.
    pub code: String,
    /// The same in words.
    pub message: String,
}

/// A connection that is not authorised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingConnection {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: FolderPath,
    /// How many recipes can't start without it.
    pub recipes: usize,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// What for.
    pub because: String,
    /// The command that does it, or what a person has to do.
    pub help: String,
}

impl StatusDocument {
    /// Whether anything in it waits for a person.
    pub fn needs_person(&self) -> bool {
        !(self.stopped.is_empty()
            && self.blocked.is_empty()
            && self.connections.is_empty()
            && self.unreleased.is_empty())
    }
}
