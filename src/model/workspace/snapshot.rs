//! The part of a workspace that a plan is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AssetId, AssetKey, ConnectorId, FolderPath, RevisionNumber, WorkspaceAsset, WorkspaceConnector,
    WorkspaceId, WorkspaceKind,
};
use crate::model::catalogue::Catalogue;
use crate::model::ident::{ConnectorTitle, DataCenter, Digest, InternalName, WorkspaceName};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;

/// What is known of a workspace as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceFacts {
    /// Its number.
    pub id: WorkspaceId,
    /// Its name.
    pub name: WorkspaceName,
    /// Whose it is.
    pub kind: WorkspaceKind,
    /// The data center it lives in.
    pub data_center: DataCenter,
    /// The partner's own name for a customer.
    pub external_id: Option<String>,
    /// The admin workspace of a customer.
    pub admin: Option<WorkspaceName>,
    /// Stands for everything in the workspace: whatever changes there changes it too.
    pub state: Digest,
    /// The newest revision.
    pub revision: RevisionNumber,
    /// The numbers that are free.
    pub next: Counters,
}

impl WorkspaceFacts {
    /// Those of an account's own workspace in which nothing is yet.
    pub fn external(id: WorkspaceId, name: WorkspaceName, data_center: DataCenter) -> Self {
        Self {
            state: Digest::of(format!("workspace {id}").as_bytes()),
            id,
            name,
            kind: WorkspaceKind::External,
            data_center,
            external_id: None,
            admin: None,
            revision: RevisionNumber(0),
            next: Counters {
                asset: AssetId(1),
                connector: ConnectorId(1),
            },
        }
    }
}

/// The numbers that new things of a workspace get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// For the next asset.
    pub asset: AssetId,
    /// For the next connector.
    pub connector: ConnectorId,
}

/// What a plan asks a workspace for, so that its cost grows with the package and not with the
/// workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Assets, if they are there.
    pub keys: AskedKeys,
    /// Connections of these names, wherever they lie.
    pub connections: BTreeSet<Arc<str>>,
    /// Folders, if they are there.
    pub folders: BTreeSet<FolderPath>,
    /// The folder that a package goes into; Home if there is no package.
    pub into: FolderPath,
    /// Custom connectors whose source is compared. All connectors are answered; where a source has
    /// to be fetched, only that of these is.
    pub titles: BTreeSet<ConnectorTitle>,
    /// Names of properties of the whole workspace, which an asset of it holds.
    pub properties: BTreeSet<String>,
    /// How far it is looked for what is referred to.
    pub sight: Sight,
}

/// Assets that are asked for. A package may refer to very many that it does not bring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedKeys {
    /// In their order, no two of which are the same.
    alone: Vec<AssetKey>,
    /// Likewise; each is asked for with the first of its twins.
    with_twin: Vec<AssetKey>,
}

impl AskedKeys {
    /// These, and those with their first twins.
    pub fn new(mut alone: Vec<AssetKey>, mut with_twin: Vec<AssetKey>) -> Self {
        for keys in [&mut alone, &mut with_twin] {
            keys.sort_unstable();
            keys.dedup();
            keys.shrink_to_fit();
        }
        Self { alone, with_twin }
    }

    /// All of them. One that is asked for twice may come twice.
    pub fn iter(&self) -> impl Iterator<Item = AssetKey> {
        let twins = self.with_twin.iter().flat_map(|key| {
            let twin = AssetKey {
                twin: key.twin + 1,
                ..key.clone()
            };
            [key.clone(), twin]
        });
        self.alone.iter().cloned().chain(twins)
    }

    /// Whether it is one of them.
    pub fn contains(&self, key: &AssetKey) -> bool {
        let has = |keys: &[AssetKey], key: &AssetKey| keys.binary_search(key).is_ok();
        let before = key.twin.checked_sub(1).map(|twin| AssetKey {
            twin,
            ..key.clone()
        });
        has(&self.alone, key)
            || has(&self.with_twin, key)
            || before.is_some_and(|before| has(&self.with_twin, &before))
    }
}

impl FromIterator<AssetKey> for AskedKeys {
    fn from_iter<T: IntoIterator<Item = AssetKey>>(keys: T) -> Self {
        Self::new(Vec::from_iter(keys), Vec::new())
    }
}

/// How far it is looked for what a package refers to and does not bring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// Wherever it may be.
    #[default]
    Everywhere,
    /// In what is read anyway.
    AsRead,
}

/// Everything is meant where nothing is said.
impl Default for ReadDepth {
    fn default() -> Self {
        Self::Full
    }
}

keyword_enum! {
    /// How much of a workspace is read.
    pub enum ReadDepth: "reading" {
        /// All that matters.
        Full = "full",
        /// What lists tell; and what was read earlier, where they tell that it is still so. The rest
        /// is not read.
        Slim = "slim",
    }
}

impl ReadDepth {
    /// What is meant where nothing is said.
    pub(crate) const fn whole() -> Self {
        Self::Full
    }

    /// Whether everything was read.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
    pub(crate) fn is_whole(&self) -> bool {
        *self == Self::Full
    }
}

/// The part of a workspace that was asked for.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The workspace.
    pub workspace: WorkspaceFacts,
    /// How much of it was read.
    pub reading: ReadDepth,
    /// Those of the assets that were not read now: what is said of them was so once, and no list
    /// tells whether it still is.
    pub unread: BTreeSet<AssetKey>,
    /// Those of the folders that are there; Home always is.
    pub folders: BTreeSet<FolderPath>,
    /// Those of the assets that are there.
    pub assets: HeldAssets,
    /// Every connection that has one of the names, in the order of their numbers.
    pub connections: Vec<WorkspaceAsset>,
    /// All custom connectors of its own, in the order of their numbers.
    pub connectors: Vec<WorkspaceConnector>,
    /// The connectors that are shared with it, if it is a customer's.
    pub shared: Option<Catalogue>,
    /// Whether that is all that is shared with it.
    pub sharing: SharingKnowledge,
    /// Which recipes use its own connectors, by internal name, in the order of their numbers.
    pub users: BTreeMap<InternalName, Vec<RecipeUse>>,
    /// Recipes that have the names of recipes which were asked for and are not there.
    pub namesakes: Namesakes,
    /// What the platform says of why recipes stand and connections don't work.
    pub reasons: StateReasons,
}

/// Why a recipe stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StopCause {
    /// That is not said.
    #[default]
    Unsaid,
    /// The platform did not stop it: a person did, or it was never started.
    NotByPlatform,
    /// The platform stopped it, and its word for why.
    Platform(String),
}

/// Why recipes stand and connections don't work, as far as the platform says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateReasons {
    /// Of recipes; of those that are not among them it is not said.
    pub stops: BTreeMap<AssetId, StopCause>,
    /// The connections that worked once, and don't.
    pub lost: BTreeSet<AssetId>,
}

/// Assets of a workspace by what makes them the same as those of a package. There may be very many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldAssets(
    /// In the order of their keys, no two of which are the same.
    Vec<WorkspaceAsset>,
);

impl HeldAssets {
    /// The asset that has the key.
    pub fn get(&self, key: &AssetKey) -> Option<&WorkspaceAsset> {
        let found = self.0.binary_search_by(|asset| asset.key.cmp(key));
        self.0.get(found.ok()?)
    }

    /// Whether there is one that has the key.
    pub fn contains_key(&self, key: &AssetKey) -> bool {
        self.get(key).is_some()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The assets, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &WorkspaceAsset> {
        self.0.iter()
    }

    /// Makes changes to what is said of the assets, in the order of their keys.
    pub fn correct(&mut self, correct: impl FnMut(&mut WorkspaceAsset)) {
        self.0.iter_mut().for_each(correct);
        self.0.sort_by(|one, other| one.key.cmp(&other.key));
    }
}

impl FromIterator<WorkspaceAsset> for HeldAssets {
    fn from_iter<T: IntoIterator<Item = WorkspaceAsset>>(assets: T) -> Self {
        let mut assets = Vec::from_iter(assets);
        assets.sort_by(|one, other| one.key.cmp(&other.key));
        assets.dedup_by(|one, other| one.key == other.key);
        assets.shrink_to_fit();
        Self(assets)
    }
}

/// Recipes elsewhere, by the names of recipes that are not where they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namesakes {
    /// The recipes, in the order of their numbers.
    pub recipes: Vec<RecipeUse>,
    /// The folder that was looked through; Home for the whole workspace.
    pub within: FolderPath,
}

impl Scope {
    /// The names of recipes that are asked for and not among `assets`.
    pub fn missing_recipes<'s>(&'s self, assets: &HeldAssets) -> BTreeSet<&'s str> {
        let AskedKeys { alone, with_twin } = &self.keys;
        let is_missing = |key: &AssetKey| !assets.contains_key(key);
        let twin_is_missing = |key: &&AssetKey| {
            let twin = key.twin + 1;
            is_missing(key)
                || is_missing(&AssetKey {
                    twin,
                    ..(*key).clone()
                })
        };
        let alone = alone.iter().filter(|key| is_missing(key));
        let missing = alone.chain(with_twin.iter().filter(twin_is_missing));
        let recipes = missing.filter(|key| key.kind == AssetKind::Recipe);
        recipes.map(|key| key.name.as_ref()).collect()
    }
}

/// Whether it is known what is shared with a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SharingKnowledge {
    /// It is: [`Snapshot::shared`] is all of it.
    #[default]
    Known,
    /// It is not: whoever asks can't see it. A customer's own token sees its workspace, and nothing
    /// of the partner's (platform.md §2.2, §4).
    Unknown,
}

/// A recipe that uses a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeUse {
    /// The recipe.
    pub id: AssetId,
    /// Where it lies and what it is called.
    pub key: AssetKey,
    /// Whether it runs.
    pub state: super::RecipeState,
}

/// Everything that a workspace holds, but for the contents of files.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The workspace.
    pub workspace: WorkspaceFacts,
    /// How much of it was read.
    pub reading: ReadDepth,
    /// Its folders, Home not among them.
    pub folders: BTreeSet<FolderPath>,
    /// Its assets, in the order of their numbers.
    pub assets: Vec<WorkspaceAsset>,
    /// Its own custom connectors, in the order of their numbers.
    pub connectors: Vec<WorkspaceConnector>,
    /// The connectors that are shared with it, if it is a customer's.
    pub shared: Option<Catalogue>,
}
