//! The plan of a rollback as a value: what is shown, kept in the history and carried out.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::workspace::{AssetId, FolderPath, RecipeState, RevisionHeader, RevisionNumber};
use crate::plan::import::document::{MovedRecipe, Needed, PlannedWorkspace};
use crate::plan::import::history::RemovedAsset;
use crate::plan::import::{ReceiptConnector, ReceiptRecipe};

/// The format of plans that this program writes.
pub const FORMAT: u32 = 1;

keyword_enum! {
    /// What becomes of assets that were created since.
    pub enum CreatedSince: "word for assets created since" {
        /// They stay, and recipes among them stop.
        Stop = "stop",
        /// They stay as they are.
        Keep = "keep",
        /// They are removed.
        Remove = "remove",
    }
}

/// What brings a workspace back to how it was right after a revision.
///
/// It holds no secrets, and the same workspace state and revision give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RollbackPlan {
    /// The format of this document.
    pub format: u32,
    /// The workspace.
    pub workspace: PlannedWorkspace,
    /// The revision whose state is restored; 0 for the workspace before the first.
    pub to: RevisionNumber,
    /// That revision; absent for 0.
    pub restored: Option<RevisionHeader>,
    /// The revisions after it, the oldest first.
    pub undone: Vec<RevisionHeader>,
    /// What becomes of assets that were created since.
    pub created: CreatedSince,
    /// What happens to each connector that was changed since.
    pub connectors: Vec<RolledConnector>,
    /// What happens to each asset that was changed since.
    pub assets: Vec<RolledAsset>,
    /// How many there are of each.
    pub summary: RollbackSummary,
    /// What has to be permitted for the rollback to be done.
    pub needs: Vec<Needed>,
    /// What stands against it, whatever is permitted.
    pub refused: Vec<Refusal>,
    /// What it does not bring back.
    pub irreversible: Vec<Irreversible>,
}

keyword_enum! {
    /// What happens to a connector.
    pub enum RolledConnectorAction: "action" {
        /// The earlier code becomes its newest version, which is released.
        Restores = "restores",
        /// Recipes run the earlier code already.
        Unchanged = "unchanged",
        /// It was installed since, and stays.
        StaysBehind = "stays-behind",
        /// Its earlier code is not known, and it stays as it is.
        Irretrievable = "irretrievable",
    }
}

/// A connector in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolledConnector {
    /// Its title.
    pub title: ConnectorTitle,
    /// How the workspace spells it.
    pub internal_name: InternalName,
    /// What happens to it.
    pub action: RolledConnectorAction,
    /// The version that recipes run before the rollback.
    pub from: Option<Version>,
    /// The version that they run afterwards.
    pub to: Option<Version>,
    /// The version whose code that is; absent if nothing is restored.
    pub code_of: Option<Version>,
    /// How many recipes use it.
    pub recipes: usize,
    /// Those that the undone revisions were about, by number; none if nothing is restored.
    pub concerned: Vec<AssetId>,
    /// The others, which move too.
    pub moves: Vec<MovedRecipe>,
}

keyword_enum! {
    /// What happens to an asset.
    pub enum RolledAction: "action" {
        /// The contents of an earlier version become its newest version.
        Restores = "restores",
        /// It was removed since, and is created again with all its versions.
        Recreates = "recreates",
        /// Its contents are the earlier ones, and the recipe starts.
        Starts = "starts",
        /// Its contents are the earlier ones, and the recipe stops.
        Stops = "stops",
        /// It is as it was.
        Unchanged = "unchanged",
        /// It was created since, and the recipe stops.
        StopsCreated = "stops-created",
        /// It was created since, and stays as it is.
        KeepsCreated = "keeps-created",
        /// It was created since, and is removed.
        RemovesCreated = "removes-created",
    }
}

/// An asset in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolledAsset {
    /// Its number.
    pub id: AssetId,
    /// Its type, by the word in file names.
    #[serde(rename = "type")]
    pub kind: AssetKind,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; empty for Home and for what belongs to the whole workspace.
    pub folder: FolderPath,
    /// What happens to it.
    pub action: RolledAction,
    /// The version that is there; absent if it was removed since.
    pub from: Option<Version>,
    /// The version that will be there; absent if it is removed.
    pub to: Option<Version>,
    /// The version whose contents that has; absent if it was created since.
    pub contents_of: Option<Version>,
    /// Whether the recipe runs; absent for other types, and if it was removed since.
    pub running: Option<RecipeState>,
    /// Whether it ran then, and so should afterwards; absent for other types, and if it is removed.
    pub wanted: Option<RecipeState>,
    /// Whether it will; absent likewise.
    pub state: Option<RecipeState>,
    /// Why it can't start, where it should.
    pub obstacles: Vec<String>,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RollbackSummary {
    /// Assets that are restored, running recipes among them.
    pub restores: usize,
    /// Running recipes that are restored.
    pub restores_running: usize,
    /// Assets that are created again.
    pub recreates: usize,
    /// Recipes that start or stop with their contents as they are.
    pub switches: usize,
    /// Assets that are removed.
    pub removes: usize,
    /// Assets that were created since and stay.
    pub keeps: usize,
    /// Assets that are as they were.
    pub unchanged: usize,
    /// Recipes that should run and can't.
    pub blocked: usize,
    /// Connectors whose code is restored.
    pub connectors: usize,
}

/// What stands against a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Refusal {
    /// An asset that would be removed is needed by one that stays.
    Needed {
        /// Its name.
        name: String,
        /// Its folder.
        folder: FolderPath,
        /// What needs it: folder and name of each.
        by: Vec<String>,
    },
    /// An asset that would be created again finds another one in its place.
    Taken {
        /// Its name.
        name: String,
        /// Its folder.
        folder: FolderPath,
        /// The number of the one that is there.
        by: AssetId,
    },
    /// The earlier contents can't be imported.
    Import {
        /// The finding that says why not.
        code: String,
        /// What it says.
        message: String,
    },
}

impl Refusal {
    /// What to do instead: an option of `rollback`.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Needed { .. } => "keep what was created since: --created stop, or --created keep",
            Self::Taken { .. } => "remove what was created since: --created remove",
            Self::Import { .. } => {
                "the earlier contents can't be imported as the workspace is: put that right there, and roll back again"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needed { name, folder, by } => write!(
                f,
                "\"{}\" can't be removed: {} needs it",
                folder.label(name),
                by.join(", ")
            ),
            Self::Taken { name, folder, .. } => write!(
                f,
                "\"{}\" can't be created again: another one has its place since",
                folder.label(name)
            ),
            Self::Import { code, message } => write!(f, "{message} ({code})"),
        }
    }
}

/// What a rollback does not bring back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Irreversible {
    /// What jobs did meanwhile.
    Jobs {
        /// How many recipes may have run in versions that are undone.
        recipes: usize,
    },
    /// Events that came while recipes did not run.
    Events {
        /// How many recipes restart, start or can't start.
        recipes: usize,
    },
    /// Connections keep their credentials, or their lack of them.
    Connections {
        /// How many connections were created since, and stay.
        created: usize,
    },
    /// The credentials of a connection are gone.
    Credentials {
        /// Its name.
        connection: String,
        /// Its folder.
        folder: FolderPath,
    },
    /// Folders that were created since stay.
    Folders {
        /// The folders.
        folders: Vec<FolderPath>,
    },
    /// Names of properties that were added since go, with the values that they were given.
    Properties {
        /// The names.
        names: Vec<String>,
    },
    /// Rows of tables become those of the restored version.
    Rows {
        /// The names of the tables.
        tables: Vec<String>,
    },
    /// Rows of tables stay as they are.
    RowsStay {
        /// The names of the tables.
        tables: Vec<String>,
    },
    /// Values of properties stay as they are.
    ValuesStay {
        /// The names of those that settings gave values since.
        names: Vec<String>,
    },
    /// The credentials that settings gave a connection stay.
    CredentialsStay {
        /// Its name.
        connection: String,
        /// Its folder.
        folder: FolderPath,
    },
    /// API endpoints stay enabled or disabled, as settings made them.
    EndpointsStay {
        /// Their names.
        names: Vec<String>,
    },
    /// The earlier contents of an asset could not be kept, and it stays as it is.
    Contents {
        /// Its name.
        name: String,
        /// Its folder.
        folder: FolderPath,
    },
    /// A connector's earlier code is not known.
    Code {
        /// Its title.
        title: ConnectorTitle,
        /// The version that recipes ran.
        version: Version,
    },
    /// A connector had no released version, and a release can't be taken back.
    Release {
        /// Its title.
        title: ConnectorTitle,
    },
    /// An asset is gone, and nothing is left of it.
    Gone {
        /// Its number.
        id: AssetId,
        /// Its name, if that is known.
        name: Option<String>,
    },
}

/// What a rollback did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RollbackReceipt {
    /// The revision that it made; absent if there was nothing to do.
    pub revision: Option<RevisionNumber>,
    /// The connectors whose code was restored, by the versions that recipes run.
    pub connectors: Vec<ReceiptConnector>,
    /// The recipes that were stopped, started or restarted, or were to run.
    pub recipes: Vec<ReceiptRecipe>,
    /// The assets that were removed, with everything that brings them back.
    pub removed: Vec<RemovedAsset>,
}

impl RolledAsset {
    /// Whether nothing is to happen to it.
    pub fn is_settled(&self) -> bool {
        match self.action {
            RolledAction::Unchanged | RolledAction::KeepsCreated => true,
            RolledAction::Restores
            | RolledAction::Recreates
            | RolledAction::Starts
            | RolledAction::Stops
            | RolledAction::StopsCreated
            | RolledAction::RemovesCreated => false,
        }
    }
}

impl RolledConnector {
    /// Whether nothing is to happen to it.
    pub fn is_settled(&self) -> bool {
        match self.action {
            RolledConnectorAction::Restores => false,
            RolledConnectorAction::Unchanged
            | RolledConnectorAction::StaysBehind
            | RolledConnectorAction::Irretrievable => true,
        }
    }
}

impl RollbackPlan {
    /// Whether the workspace is as it was already, as far as it can be.
    pub fn is_empty(&self) -> bool {
        self.assets.iter().all(RolledAsset::is_settled)
            && self.connectors.iter().all(RolledConnector::is_settled)
    }
}
