//! The plan of an import as a value: what is shown, kept in a file, compared and carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::edits::{EditedAsset, EditsPolicy};
use super::settings::PlannedSettings;
use super::target::PlannedTarget;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::table::{RowCount, RowsPolicy};
use crate::model::workspace::{
    Address, AssetId, FolderPath, ReadDepth, RecipeState, RevisionNumber, WorkspaceId,
    WorkspaceKind,
};
use crate::plan::landing::{Landing, TagsPolicy};

/// The format of plans that this program writes. Format 1 spells the key `catalog` otherwise, and
/// says the same.
pub const FORMAT: u32 = 2;

/// What an import would do to one workspace.
///
/// It holds no secrets, and the same package, workspace state and catalogue give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportPlan {
    /// The format of this document.
    pub format: u32,
    /// The package.
    pub package: PlannedPackage,
    /// The workspace.
    pub workspace: PlannedWorkspace,
    /// What the package was made for, and whether the workspace is that; absent from plans that
    /// were made before this was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PlannedTarget>,
    /// The digest of the catalogue of shared connectors; absent if nothing is shared there. It is
    /// `catalogue` in plans of format 1.
    #[serde(alias = "catalogue")]
    pub catalog: Option<Digest>,
    /// The folder that the package is imported into; empty for Home.
    pub folder: FolderPath,
    /// What is done with the rows of tables.
    #[serde(default = "overwrite")]
    pub rows: RowsPolicy,
    /// The folder for connections of Home; absent for Home itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_folder: Option<FolderPath>,
    /// What was said of what was changed in the workspace since an import; absent where nothing was:
    /// then settings say it, or it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<EditsPolicy>,
    /// What was said of single files of the package, which counts more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edits_of: BTreeMap<PackagePath, EditsPolicy>,
    /// What was changed there since an import, of what the package has something else for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<EditedAsset>,
    /// What is done with tags; absent where they are applied.
    #[serde(default = "apply", skip_serializing_if = "is_applied")]
    pub tags: TagsPolicy,
    /// What settings do after the import; absent where none were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<PlannedSettings>,
    /// Folders that are created.
    pub creates_folders: Vec<FolderPath>,
    /// What happens to each custom connector.
    pub connectors: Vec<PlannedConnector>,
    /// What happens to each asset.
    pub assets: Vec<PlannedAsset>,
    /// How many there are of each.
    pub summary: Summary,
    /// How much of the workspace was read; absent where everything was.
    #[serde(
        default = "ReadDepth::whole",
        skip_serializing_if = "ReadDepth::is_whole"
    )]
    pub reading: ReadDepth,
    /// What has to be permitted for the import to be done.
    pub needs: Vec<Needed>,
    /// What will need a person afterwards.
    pub afterwards: Vec<Afterwards>,
    /// Files of the package that are no assets' and are not imported.
    pub ignored: Vec<PackagePath>,
}

/// What plans meant that did not say it.
const fn overwrite() -> RowsPolicy {
    RowsPolicy::Overwrite
}

/// What plans mean that don't say it.
const fn apply() -> TagsPolicy {
    TagsPolicy::Apply
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

fn is_applied(tags: &TagsPolicy) -> bool {
    *tags == TagsPolicy::Apply
}

/// The package of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedPackage {
    /// Where it was found: as given, so a relative path counts from where the plan was made.
    pub path: String,
    /// The digest of the file; of what is imported, if its top folder is taken off.
    pub digest: Digest,
    /// Its size in bytes, of the same.
    pub size: u64,
    /// The top folder that is taken off its paths and references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strip_folder: Option<String>,
}

/// The workspace of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedWorkspace {
    /// Where it is.
    pub address: Address,
    /// Its number.
    pub id: WorkspaceId,
    /// Whose it is.
    pub kind: WorkspaceKind,
    /// Stands for everything in it at the time of the plan.
    pub state: Digest,
    /// Its newest revision at the time of the plan.
    pub revision: RevisionNumber,
}

keyword_enum! {
    /// What happens to a connector.
    pub enum ConnectorAction: "action" {
        /// It is created, with version 1, released.
        Install = "install",
        /// It gets a new version, which is released.
        Update = "update",
        /// The code that is there is the package's.
        Same = "same",
        /// It would get a new version with older code.
        Downgrade = "downgrade",
        /// The package does not bring it; the one that is shared with the workspace is used.
        UsesShared = "uses-shared",
        /// The package does not bring it; the workspace's own is used.
        UsesOwn = "uses-own",
        /// It is not there yet, but comes with another package, as its connection does.
        Elsewhere = "elsewhere",
        /// It is neither in the package nor among the workspace's own, and whether it is shared with
        /// the workspace can't be seen.
        Unknown = "unknown",
        /// It is neither in the package nor in the workspace, or what the package has can't be
        /// installed.
        Blocked = "blocked",
    }
}

keyword_enum! {
    /// How the packaged code of a connector stands to the code that is there. An update whose
    /// direction is unknown is told, and needs no permission of its own: where nothing is remembered
    /// of earlier imports every update is one, and a permission that is always needed is no safeguard.
    pub enum Direction: "direction" {
        /// It is newer: by history, or by numbers that count in one workspace.
        Newer = "newer",
        /// It is older, likewise.
        Older = "older",
        /// It is other code, and neither history nor numbers tell.
        Unknown = "unknown",
    }
}

/// A connector in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedConnector {
    /// Its title; the package's internal name where no title is known.
    pub connector: String,
    /// Its title.
    pub title: Option<ConnectorTitle>,
    /// What happens to it.
    pub action: ConnectorAction,
    /// How its code stands to the code that is there; absent unless it replaces that.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// The version that recipes run before the import, if there is one.
    pub from: Option<Version>,
    /// The version that recipes run afterwards.
    pub to: Option<Version>,
    /// Whether its JSON is in the package.
    pub packaged: bool,
    /// The number of the packaged version in the workspace it comes from.
    pub packaged_version: Option<Version>,
    /// That workspace, where it is known.
    #[serde(default)]
    pub packaged_from: Option<WorkspaceId>,
    /// The digest of the packaged source.
    pub code: Option<Digest>,
    /// How the package spells it.
    pub internal_names: Vec<InternalName>,
    /// How the workspace spells it; absent if the name is made on import.
    pub internal_name: Option<InternalName>,
    /// The recipes of the package that use it.
    pub recipes: Vec<PackagePath>,
    /// Recipes of the workspace, outside the package, that a new version moves too.
    pub moves: Vec<MovedRecipe>,
}

/// A recipe that a new version of a connector moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedRecipe {
    /// Its number.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: FolderPath,
    /// Whether it runs.
    pub state: RecipeState,
}

keyword_enum! {
    /// What happens to an asset.
    pub enum AssetAction: "action" {
        /// It is created.
        Creates = "creates",
        /// It says the same as the one that is there.
        NoChange = "no-change",
        /// The one that is there gets a new version.
        Overwrites = "overwrites",
        /// The recipe that is there runs, and gets a new version.
        OverwritesRunning = "overwrites-running",
        /// A connection is created, without credentials.
        CreatesPlaceholder = "creates-placeholder",
        /// The connection of this name is used as it is.
        BindsToExisting = "binds-to-existing",
        /// The package has nothing new for it since it was read last; what it says now was not read,
        /// and it is left as it is.
        NotRead = "not-read",
        /// It was changed there since an import, and stays as it is; the package's is left out.
        KeepsEdits = "keeps-edits",
    }
}

keyword_enum! {
    /// From where it is known what an asset of the workspace holds.
    pub enum Knowledge: "knowledge" {
        /// It was read, or is not there.
        Read = "read",
        /// It was read earlier, and lists tell that it is still so.
        Listed = "listed",
        /// It is not known.
        NotRead = "not-read",
    }
}

impl Knowledge {
    const fn read() -> Self {
        Self::Read
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
    fn is_read(&self) -> bool {
        *self == Self::Read
    }
}

/// An asset in a plan. There are very many in some, so that what few have is held apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedAsset {
    /// Its path in the package.
    pub path: PackagePath,
    /// Its type, by the word in file names.
    #[serde(rename = "type")]
    pub kind: AssetKind,
    /// Its name.
    pub name: Arc<str>,
    /// The folder that it lies in; empty for Home and for what belongs to the whole workspace.
    pub folder: FolderPath,
    /// What happens to it.
    pub action: AssetAction,
    /// Its number in the workspace, if it is there.
    pub id: Option<AssetId>,
    /// The version that is there, if that is told.
    pub from: Option<Version>,
    /// The version that will be there, if that can be told.
    pub to: Option<Version>,
    /// Whether the recipe runs afterwards; absent for other types.
    pub state: Option<RecipeState>,
    /// From where it is known what it holds; absent where that was read.
    #[serde(
        default = "Knowledge::read",
        skip_serializing_if = "Knowledge::is_read"
    )]
    pub known: Knowledge,
    /// The rows of a table, where they were compared or come with it; absent for other types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Box<PlannedRows>>,
    /// For a recipe that is created: those of the same name that are elsewhere in the workspace and
    /// not in the package.
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    #[schemars(with = "Vec<RecipeElsewhere>")]
    pub elsewhere: ThinVec<RecipeElsewhere>,
}

/// A recipe of the same name in another folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecipeElsewhere {
    /// Its number.
    pub id: AssetId,
    /// Its folder.
    pub folder: FolderPath,
    /// Whether it runs.
    pub state: RecipeState,
}

/// The rows of a table in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedRows {
    /// How many the table has before; absent if it is not there yet.
    pub from: Option<RowCount>,
    /// How many it has afterwards.
    pub to: RowCount,
    /// Whether rows that are there, or may be there, give way to the package's.
    pub overwritten: bool,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Assets that are created.
    pub creates: usize,
    /// Assets that are overwritten, running recipes among them.
    pub overwrites: usize,
    /// Running recipes that are overwritten.
    pub overwrites_running: usize,
    /// Assets that stay as they are, connections that are bound among them.
    pub unchanged: usize,
    /// Connectors that are installed.
    pub installs: usize,
    /// Connectors that are updated or downgraded.
    pub updates: usize,
    /// Connectors that are nowhere, or can't be installed.
    pub blocked: usize,
    /// Connectors of which it can't be seen whether they are there.
    #[serde(default)]
    pub unknown: usize,
    /// Assets that were not read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub not_read: usize,
    /// Assets that keep what was changed in the workspace.
    #[serde(default, skip_serializing_if = "is_none")]
    pub keeps_edits: usize,
}

keyword_enum! {
    /// A permission that an import may need.
    pub enum Permission: "permission" {
        /// To stop, update and start running recipes.
        RestartRecipes = "restart-recipes",
        /// To put older code in place of newer code.
        Downgrade = "allow-downgrade",
        /// To move running recipes outside the package to another version of a connector.
        MoveRecipes = "allow-moved-recipes",
        /// To import recipes whose connector is nowhere, or may be.
        MissingConnectors = "allow-missing-connectors",
        /// To put the package's rows of tables in place of those that are there.
        OverwriteRows = "overwrite-rows",
        /// To put the package's or earlier contents in place of what somebody changed since an import.
        OverwriteEdits = "overwrite-edits",
        /// To import into another kind of target, data center or customer than the package's.
        OtherTarget = "other-target",
    }
}

/// A permission that this import needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Needed {
    /// The permission: the option of `import` that gives it.
    pub permission: Permission,
    /// What needs it.
    pub because: String,
}

/// Something that will need a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Afterwards {
    /// Give a connection its credentials.
    Authorize {
        /// Its name.
        connection: String,
        /// Its folder.
        folder: FolderPath,
        /// How many recipes of the package use it.
        recipes: usize,
    },
    /// Choose a connection for recipes whose own is not there.
    Connect {
        /// The name of the connection that is not there.
        connection: String,
        /// How many recipes of the package would use it.
        recipes: usize,
    },
    /// The same for further connections that are not there, of more than 1 000.
    ConnectMore {
        /// How many connections are not there beside those that are listed.
        connections: usize,
        /// How many times a recipe of the package would use one of them.
        recipes: usize,
    },
    /// Choose between connections of one name, for recipes whose reference does not tell which.
    Choose {
        /// Their name.
        connection: String,
        /// The folders that they lie in; empty for Home.
        folders: Vec<FolderPath>,
        /// How many recipes of the package would use one of them.
        recipes: usize,
    },
    /// Choose another connection for recipes: the one that they are bound to is for another
    /// application than they use it for.
    OtherApplication {
        /// The name of the connection.
        connection: String,
        /// Its folder.
        folder: FolderPath,
        /// The application that it is for; absent if that is not known.
        found: Option<String>,
        /// The application that the recipes use.
        wanted: String,
        /// How many recipes of the package use it so.
        recipes: usize,
    },
    /// See that properties are there which recipes read and the package does not bring. Whether they
    /// are is not known.
    CheckProperties {
        /// Their names.
        names: Vec<String>,
    },
    /// Give properties their values.
    FillProperties {
        /// Their names.
        names: Vec<String>,
    },
    /// Start recipes that were created.
    Start {
        /// How many.
        recipes: usize,
    },
}

impl ImportPlan {
    /// What the import is told beside the folder that it goes into.
    pub fn landing(&self) -> Landing {
        Landing {
            home: self.home_folder.clone().unwrap_or_default(),
            tags: self.tags,
        }
    }

    /// What would change, in a few words for each.
    pub fn differs(&self) -> Vec<String> {
        let folders = self.creates_folders.iter();
        let mut differs: Vec<String> = folders
            .map(|folder| format!("folder \"{folder}\" is not there"))
            .collect();
        let connectors = self.connectors.iter().filter(|connector| {
            matches!(
                connector.action,
                ConnectorAction::Install | ConnectorAction::Update | ConnectorAction::Downgrade
            )
        });
        differs.extend(
            connectors
                .map(|connector| format!("connector \"{}\" has other code", connector.connector)),
        );
        let assets = self.assets.iter().filter_map(|asset| {
            let what = match asset.action {
                AssetAction::Creates | AssetAction::CreatesPlaceholder => "is not there",
                AssetAction::Overwrites | AssetAction::OverwritesRunning => "is otherwise",
                AssetAction::NoChange
                | AssetAction::BindsToExisting
                | AssetAction::NotRead
                | AssetAction::KeepsEdits => {
                    return None;
                }
            };
            let name = asset.folder.label(&asset.name);
            Some(format!("{} \"{name}\" {what}", asset.kind.label()))
        });
        differs.extend(assets);
        differs
    }

    /// Takes it that these assets, by their paths in the package, were not read; and the others only
    /// as lists tell, as far as they are there.
    pub(crate) fn not_read(&mut self, paths: &BTreeSet<PackagePath>) {
        self.reading = ReadDepth::Slim;
        for asset in self.assets.iter_mut().filter(|asset| asset.id.is_some()) {
            if !paths.contains(&asset.path) {
                asset.known = Knowledge::Listed;
                continue;
            }
            asset.known = Knowledge::NotRead;
            if asset.action == AssetAction::NoChange {
                asset.action = AssetAction::NotRead;
                asset.rows = None;
                self.summary.unchanged -= 1;
                self.summary.not_read += 1;
            }
        }
    }

    /// Says of assets what an earlier plan said that did not read them, where they are as that took
    /// them to be.
    pub(crate) fn as_little_read_as(&mut self, before: &Self) {
        if before.reading != ReadDepth::Slim || self.reading != ReadDepth::Full {
            return;
        }
        let not_read = before
            .assets
            .iter()
            .filter(|asset| asset.known == Knowledge::NotRead);
        let paths = not_read.map(|asset| asset.path.clone()).collect();
        self.not_read(&paths);
    }

    /// Whether the workspace is as the package wants it already, whatever settings say.
    pub fn has_package(&self) -> bool {
        let Summary {
            creates,
            overwrites,
            overwrites_running: _,
            unchanged: _,
            installs,
            updates,
            blocked: _,
            unknown: _,
            not_read: _,
            keeps_edits,
        } = self.summary;
        // What was changed there may hold all that the package has.
        let edited = self.edited.iter();
        let has_package = edited.filter(|asset| asset.has_package()).count();
        let keeps_edits = keeps_edits.saturating_sub(has_package);
        creates + overwrites + installs + updates + keeps_edits == 0
            && self.creates_folders.is_empty()
    }

    /// Stands for all that it does to connectors and assets. As long as nothing of it is done, a later
    /// plan of the same package gives the same, whatever else changed in the workspace.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn effects(&self) -> Result<Digest, serde_json::Error> {
        let bytes = serde_json::to_vec(&(&self.package.digest, &self.connectors, &self.assets))?;
        Ok(Digest::of(&bytes))
    }

    /// Whether the workspace is as the package and the settings want it already.
    pub fn is_empty(&self) -> bool {
        self.has_package() && self.settings.as_ref().is_none_or(PlannedSettings::is_empty)
    }
}
