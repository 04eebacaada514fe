//! What the revisions of a workspace tell. Their documents are read for no more than is needed, so
//! that those of imports and rollbacks, of this and of other versions of the program, are one.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    AssetId, AssetKey, Before, Body, FolderPath, HeldState, RecipeState, Revision, RevisionHeader,
    RevisionNumber, WorkspaceConnector,
};
use crate::plan::import::ReceiptRecipe;
use crate::plan::import::document::AssetAction;
use crate::plan::import::edits::EditFate;
use crate::plan::import::settings::{SettingEffect, SettingSubject};

/// A revision, as far as others build on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What a list tells.
    pub header: RevisionHeader,
    /// The assets that it changed, as they were before.
    pub before: Vec<Before>,
    /// The folders that it created.
    pub folders: Vec<FolderPath>,
    /// The connectors that it was about, whether they changed or not.
    pub connectors: Vec<RecordedConnector>,
    /// The assets that it was about, whether they changed or not.
    pub assets: Vec<RecordedAsset>,
    /// The recipes that it stopped, or that were to run.
    pub recipes: Vec<ReceiptRecipe>,
    /// The assets that it removed.
    pub removed: Vec<RemovedAsset>,
    /// What its settings gave that no earlier version takes back.
    pub given: Given,
    /// What it merged with changes that somebody had made there.
    pub merged: Vec<RecordedMerge>,
}

/// An asset that a revision left with changes that somebody had made there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordedMerge {
    /// Its number.
    #[serde(default)]
    pub id: Option<AssetId>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: AssetKind,
    /// Its name.
    pub name: String,
    /// The folder that it lay in.
    #[serde(default)]
    pub folder: FolderPath,
    /// What became of the changes, as its plan called that.
    #[serde(default)]
    becomes: String,
    /// The version that keeps what the package itself had, in a workspace that keeps versions.
    #[serde(default)]
    pub base: Option<Version>,
}

/// What settings gave that no earlier version takes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The properties that got values.
    pub properties: Vec<String>,
    /// The connections that got credentials.
    pub connections: Vec<(FolderPath, String)>,
    /// The API endpoints that were enabled or disabled.
    pub endpoints: Vec<String>,
}

impl Given {
    fn of(settings: Option<&SettingsRecord>) -> Self {
        let mut given = Self::default();
        for action in settings.into_iter().flat_map(|settings| &settings.actions) {
            let name = || action.name.clone();
            // Another version may have had other words.
            let (Ok(subject), Ok(effect)) = (action.subject.parse(), action.effect.parse()) else {
                continue;
            };
            match (subject, effect) {
                (
                    SettingSubject::Property | SettingSubject::ProjectProperty,
                    SettingEffect::Sets | SettingEffect::Changes,
                ) => given.properties.push(name()),
                (SettingSubject::Connection, SettingEffect::Authorizes) => {
                    given.connections.push((action.folder.clone(), name()));
                }
                (SettingSubject::Endpoint, SettingEffect::Enables | SettingEffect::Disables) => {
                    given.endpoints.push(name());
                }
                // Contents of recipes and tables, and what runs, are of the earlier version; the
                // rest changed nothing.
                (
                    SettingSubject::Table
                    | SettingSubject::Recipe
                    | SettingSubject::Property
                    | SettingSubject::ProjectProperty
                    | SettingSubject::Connection
                    | SettingSubject::Endpoint,
                    _,
                ) => {}
            }
        }
        given
    }
}

/// A connector in a revision's plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordedConnector {
    /// Its title, if it was known.
    #[serde(default)]
    pub title: Option<ConnectorTitle>,
    /// Its name in the workspace, if it was known.
    #[serde(default)]
    pub internal_name: Option<InternalName>,
    /// What happened to it, as its plan called that.
    #[serde(default)]
    pub action: String,
    /// The version before, if there was one.
    #[serde(default)]
    pub from: Option<Version>,
    /// The version that recipes ran afterwards.
    #[serde(default)]
    pub to: Option<Version>,
    /// Recipes that use it and that a rollback took to be moved knowingly.
    #[serde(default)]
    pub concerned: Vec<AssetId>,
}

/// An asset in a revision's plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordedAsset {
    /// Its number; absent if it was created.
    #[serde(default)]
    pub id: Option<AssetId>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: AssetKind,
    /// Its name.
    pub name: String,
    /// The folder that it lay in.
    #[serde(default)]
    pub folder: FolderPath,
    /// What happened to it, as its plan called that.
    #[serde(default)]
    pub action: String,
    /// The version that it had afterwards; none if it was removed.
    #[serde(default)]
    pub to: Option<Version>,
    /// Whether the recipe was to run afterwards; absent for other types.
    #[serde(default)]
    pub state: Option<RecipeState>,
}

/// An asset that a rollback removed, with everything that brings it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemovedAsset {
    /// Its number, which no other asset gets.
    pub id: AssetId,
    /// Where it lay and what it was called.
    #[schemars(with = "serde_json::Value")]
    pub key: AssetKey,
    /// What was not in its files.
    #[schemars(with = "serde_json::Value")]
    pub state: HeldState,
    /// Its versions, from 1 on.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub versions: Vec<Body>,
}

/// What a revision did with a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectorMove {
    /// It was created.
    Installed,
    /// It got this version, which was released.
    Moved(Version),
}

/// How a revision left an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its version; none if the revision removed it.
    pub version: Option<Version>,
    /// Its state.
    pub state: HeldState,
}

/// A revision's document can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the {what} of revision {number} is not as it was written")]
pub struct RecordError {
    /// The revision.
    pub number: RevisionNumber,
    /// The document.
    pub what: &'static str,
    /// Why.
    #[source]
    pub source: serde_json::Error,
}

#[derive(Default, Deserialize)]
struct PlanRecord {
    #[serde(default)]
    creates_folders: Vec<FolderPath>,
    #[serde(default)]
    connectors: Vec<RecordedConnector>,
    #[serde(default)]
    assets: Vec<RecordedAsset>,
    #[serde(default)]
    edited: Vec<RecordedMerge>,
    #[serde(default)]
    settings: Option<SettingsRecord>,
}

#[derive(Deserialize)]
struct SettingsRecord {
    #[serde(default)]
    actions: Vec<RecordedSetting>,
}

#[derive(Deserialize)]
struct RecordedSetting {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    folder: FolderPath,
    #[serde(default)]
    effect: String,
}

#[derive(Default, Deserialize)]
struct ReceiptRecord {
    #[serde(default)]
    recipes: Vec<ReceiptRecipe>,
    #[serde(default)]
    removed: Vec<RemovedAsset>,
}

impl Recorded {
    /// Reads what a revision tells.
    ///
    /// # Errors
    /// If its plan or receipt is none.
    pub fn of(revision: &Revision) -> Result<Self, RecordError> {
        let number = revision.header.number;
        let plan: PlanRecord = read(&revision.plan, number, "plan")?;
        let receipt: ReceiptRecord = read(&revision.receipt, number, "receipt")?;
        let mut merged = plan.edited;
        merged.retain(|edited| edited.becomes == EditFate::Merged.as_str());
        Ok(Self {
            merged,
            given: Given::of(plan.settings.as_ref()),
            header: revision.header.clone(),
            before: revision.before.clone(),
            folders: plan.creates_folders,
            connectors: plan.connectors,
            assets: plan.assets,
            recipes: receipt.recipes,
            removed: receipt.removed,
        })
    }

    /// The assets that it brought, whether they were there already or not: by type, name and folder.
    pub fn brought(&self) -> BTreeSet<(&AssetKind, &str, FolderPath)> {
        let assets = self.assets.iter().filter(|told| told.is_of_package());
        assets
            .map(|told| (&told.kind, told.name.as_str(), told.folder.clone()))
            .collect()
    }

    /// The version that keeps what its package itself had of an asset, if it merged that with what
    /// somebody had changed there.
    pub fn base(&self, asset: AssetId) -> Option<Version> {
        let mut merged = self.merged.iter().filter(|merged| merged.id == Some(asset));
        merged.find_map(|merged| merged.base)
    }

    /// What it merged with what somebody had changed there: by type, name and folder.
    pub fn with_changes(&self) -> BTreeSet<(AssetKind, String, FolderPath)> {
        let merged = self.merged.iter();
        merged
            .map(|it| (it.kind.clone(), it.name.clone(), it.folder.clone()))
            .collect()
    }

    /// What it did with a connector of the workspace's own, if it changed it.
    pub fn moved(&self, connector: &WorkspaceConnector) -> Option<ConnectorMove> {
        let mut told = self.connectors.iter();
        told.find_map(|told| told.moved().filter(|_| told.is(connector)))
    }

    /// What it tells of each asset, for looking up many of them.
    pub fn by_asset(&self) -> ByAsset<'_> {
        let assets = self.assets.iter().rev();
        ByAsset {
            before: self.before.iter().rev().map(|b| (b.asset, b)).collect(),
            removed: self.removed.iter().map(|removed| removed.id).collect(),
            assets: assets.filter_map(|told| Some((told.id?, told))).collect(),
            recipes: self.recipes.iter().rev().map(|r| (r.id, r)).collect(),
        }
    }

    /// The assets that it was about, as far as their numbers are known.
    pub fn about(&self) -> impl Iterator<Item = AssetId> {
        let changed = self.before.iter().map(|before| before.asset);
        let planned = self.assets.iter().filter_map(|asset| asset.id);
        let using = self.connectors.iter().flat_map(|c| &c.concerned);
        changed.chain(planned).chain(using.copied())
    }
}

/// What a revision tells of assets, by their numbers: of two entries of one asset the first.
#[derive(Clone, Debug)]
pub struct ByAsset<'r> {
    before: BTreeMap<AssetId, &'r Before>,
    removed: BTreeSet<AssetId>,
    assets: BTreeMap<AssetId, &'r RecordedAsset>,
    recipes: BTreeMap<AssetId, &'r ReceiptRecipe>,
}

impl RecordedAsset {
    /// Whether the asset said afterwards what the package says, as far as its plan knew.
    pub fn is_of_package(&self) -> bool {
        let others = [AssetAction::KeepsEdits, AssetAction::NotRead];
        !others.iter().any(|other| other.as_str() == self.action)
    }
}

impl<'r> ByAsset<'r> {
    /// The asset in the revision's plan.
    pub fn planned(&self, asset: AssetId) -> Option<&'r RecordedAsset> {
        self.assets.get(&asset).copied()
    }

    /// How the revision left an asset, if it changed it.
    pub fn left(&self, asset: AssetId) -> Option<Left> {
        let before = self.before.get(&asset)?;
        if self.removed.contains(&asset) {
            return Some(Left {
                version: None,
                state: before.state,
            });
        }
        // Whatever a plan does not say, one change makes one version.
        let next = Version(
            before
                .version
                .map_or(1, |version| version.0.saturating_add(1)),
        );
        let told = self.planned(asset);
        let recipe = self.recipes.get(&asset);
        Some(Left {
            version: told.and_then(|told| told.to).or(Some(next)),
            state: recipe.map_or(before.state, |recipe| HeldState::Recipe(recipe.state)),
        })
    }
}

fn read<T: DeserializeOwned>(
    text: &str,
    number: RevisionNumber,
    what: &'static str,
) -> Result<T, RecordError> {
    serde_json::from_str(text).map_err(|source| RecordError {
        number,
        what,
        source,
    })
}

impl RecordedConnector {
    /// What happened to it, as its versions tell.
    pub fn moved(&self) -> Option<ConnectorMove> {
        match (self.from, self.to) {
            (None, Some(_)) => Some(ConnectorMove::Installed),
            (Some(from), Some(to)) if from != to => Some(ConnectorMove::Moved(to)),
            (Some(_), Some(_)) | (_, None) => None,
        }
    }

    /// Whether it is this one: a title is a connector's identity (platform.md §6).
    fn is(&self, connector: &WorkspaceConnector) -> bool {
        match (&self.title, &self.internal_name) {
            (Some(title), _) => *title == connector.title,
            (None, name) => name.as_ref() == Some(&connector.internal_name),
        }
    }
}

/// The assets that a revision with this receipt removed.
///
/// # Errors
/// If it is none.
pub fn removed_in(receipt: &str) -> Result<Vec<RemovedAsset>, serde_json::Error> {
    serde_json::from_str(receipt).map(|receipt: ReceiptRecord| receipt.removed)
}

/// How each asset that the revisions changed was before the first of them. They are given from the
/// oldest on.
pub fn earliest(revisions: &[Recorded]) -> BTreeMap<AssetId, Before> {
    let mut earliest = BTreeMap::new();
    for before in revisions.iter().flat_map(|revision| &revision.before) {
        earliest.entry(before.asset).or_insert(*before);
    }
    earliest
}

/// The assets that the revisions removed, as the last of them that did so recorded it.
pub fn removed(revisions: &[Recorded]) -> BTreeMap<AssetId, &RemovedAsset> {
    let removed = revisions.iter().flat_map(|revision| &revision.removed);
    removed.map(|removed| (removed.id, removed)).collect()
}

/// The version of a connector that recipes ran before the first of the revisions that changed it.
/// Only the newest version is ever released, and none is taken back (platform.md §3), so it is the
/// last one released before that revision's own.
pub fn released_before(revisions: &[Recorded], connector: &WorkspaceConnector) -> ReleasedBefore {
    match revisions
        .iter()
        .find_map(|revision| revision.moved(connector))
    {
        None => ReleasedBefore::Unchanged,
        Some(ConnectorMove::Installed) => ReleasedBefore::Absent,
        Some(ConnectorMove::Moved(to)) => {
            let earlier = connector.versions.iter().rev();
            let released = earlier
                .filter(|version| version.number < to)
                .find(|version| version.released_at.is_some());
            released.map_or(ReleasedBefore::Nothing, |version| {
                ReleasedBefore::Version(version.number)
            })
        }
    }
}

/// What recipes ran of a connector before some revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleasedBefore {
    /// None of the revisions changed it.
    Unchanged,
    /// It was not there.
    Absent,
    /// It was there, and no version of it was released.
    Nothing,
    /// This version.
    Version(Version),
}

/// The names that assets have or had, by their numbers: of what is not in the workspace any more,
/// revisions may know it.
pub fn names<'r>(
    revisions: impl IntoIterator<Item = &'r Recorded>,
) -> BTreeMap<AssetId, Named<'r>> {
    let mut names = BTreeMap::new();
    for revision in revisions {
        for asset in &revision.assets {
            if let Some(id) = asset.id {
                let named = Named {
                    kind: &asset.kind,
                    name: &asset.name,
                    folder: asset.folder.clone(),
                };
                names.insert(id, named);
            }
        }
        for removed in &revision.removed {
            let named = Named {
                kind: &removed.key.kind,
                name: &removed.key.name,
                folder: removed.key.place.folder(),
            };
            names.insert(removed.id, named);
        }
    }
    names
}

/// How an asset is told from others in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<'r> {
    /// Its type.
    pub kind: &'r AssetKind,
    /// Its name.
    pub name: &'r str,
    /// Its folder.
    pub folder: FolderPath,
}

/// The folders that the revisions created, each once.
pub fn folders(revisions: &[Recorded]) -> BTreeSet<&FolderPath> {
    let created = revisions.iter();
    created.flat_map(|revision| &revision.folders).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workspace::{RevisionAction, Timestamp};

    fn revision(plan: &str, receipt: &str, before: Vec<Before>) -> Revision {
        Revision {
            header: RevisionHeader {
                number: RevisionNumber(3),
                at: Timestamp(0),
                who: "someone".to_owned(),
                action: RevisionAction::Import,
                subject: "orders.zip".to_owned(),
                package: None,
            },
            plan: plan.to_owned(),
            receipt: receipt.to_owned(),
            before,
        }
    }

    #[test]
    fn documents_of_other_versions_can_be_read() {
        let read = Recorded::of(&revision(
            r#"{"format":9,"creates_folders":["Orders"],"novelty":{},"connectors":[
                {"connector":"A","title":"A","action":"install","from":null,"to":1},
                {"title":"B","action":"update","from":2,"to":3},
                {"title":"C","action":"same","from":2,"to":2},
                {"action":"blocked","novelty":1}]}"#,
            "{}",
            Vec::new(),
        ))
        .expect("a plan");
        let moves: Vec<_> = read
            .connectors
            .iter()
            .map(RecordedConnector::moved)
            .collect();
        assert_eq!(
            moves,
            [
                Some(ConnectorMove::Installed),
                Some(ConnectorMove::Moved(Version(3))),
                None,
                None
            ]
        );
        assert_eq!(folders(&[read]).len(), 1);
        for (plan, receipt, what) in [("[", "{}", "plan"), ("{}", "", "receipt")] {
            let error = Recorded::of(&revision(plan, receipt, Vec::new())).expect_err(what);
            assert_eq!((error.what, error.number), (what, RevisionNumber(3)));
        }
    }

    #[test]
    fn a_revision_tells_how_it_left_what_it_changed() {
        let running = HeldState::Recipe(RecipeState::Running);
        let stopped = HeldState::Recipe(RecipeState::Stopped);
        let before = |asset, version, state| Before {
            asset: AssetId(asset),
            version,
            state,
        };
        let recorded = Recorded::of(&revision(
            r#"{"assets":[{"id":1,"type":"recipe","name":"A","to":2},
                          {"id":2,"type":"recipe","name":"B","to":5},
                          {"id":null,"type":"recipe","name":"C","to":1}]}"#,
            r#"{"recipes":[{"id":2,"name":"B","folder":"","planned":"running","state":"stopped","obstacles":[]}]}"#,
            vec![
                before(1, Some(Version(1)), running),
                before(2, Some(Version(4)), running),
                before(7, None, stopped),
            ],
        ))
        .expect("a plan");
        for (asset, left) in [
            (1, Some((Some(Version(2)), running))),
            (2, Some((Some(Version(5)), stopped))),
            (7, Some((Some(Version(1)), stopped))),
            (8, None),
        ] {
            let found = recorded.by_asset().left(AssetId(asset));
            assert_eq!(
                found.map(|left| (left.version, left.state)),
                left,
                "{asset}"
            );
        }
    }

    /// Each thing that settings do is taken back with the earlier contents, or is told to stay.
    #[test]
    fn what_settings_gave_is_kept_in_mind() {
        let all = |subject: &str, effect: &str| {
            let plan = format!(
                r#"{{"settings": {{"actions": [{{"subject": "{subject}", "name": "N", "folder": "F",
                    "effect": "{effect}", "from": null, "to": null, "because": [], "said": "s"}}]}}}}"#
            );
            let given = Recorded::of(&revision(&plan, "{}", Vec::new()));
            let given = given.expect("a plan").given;
            (
                given.properties.len(),
                given.connections.len(),
                given.endpoints.len(),
            )
        };
        for (subject, effect, stays) in [
            ("property", "sets", (1, 0, 0)),
            ("property", "changes", (1, 0, 0)),
            ("property", "keeps", (0, 0, 0)),
            ("project-property", "sets", (1, 0, 0)),
            ("project-property", "changes", (1, 0, 0)),
            ("connection", "authorizes", (0, 1, 0)),
            // Recipes get back what they were bound to.
            ("connection", "binds", (0, 0, 0)),
            ("connection", "awaits-person", (0, 0, 0)),
            // Told of the tables that are restored.
            ("table", "sets", (0, 0, 0)),
            ("table", "changes", (0, 0, 0)),
            // What ran then runs again.
            ("recipe", "starts", (0, 0, 0)),
            ("recipe", "stops", (0, 0, 0)),
            ("recipe", "cannot-start", (0, 0, 0)),
            ("endpoint", "enables", (0, 0, 1)),
            ("endpoint", "disables", (0, 0, 1)),
            ("endpoint", "cannot-enable", (0, 0, 0)),
            ("a later version's", "word", (0, 0, 0)),
        ] {
            assert_eq!(all(subject, effect), stays, "{subject} {effect}");
        }
    }
}
