//! Moving from one account to another: what goes along, what changes on the way, what has to be done
//! by hand, and in which order recipes stop here and start there (platform.md §6, §11).

mod addresses;
mod receipt;
mod settings_text;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use addresses::addresses_in;
pub use receipt::{CutOver, MigrationReceipt, Proof, StepTaken};
pub use settings_text::MigrationSettings;

use crate::model::ident::{DataCenter, Digest, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::reference::Activity;
use crate::model::table::RowCount;
use crate::model::workspace::{
    Address, AssetId, Authorization, Binding, EndpointState, FolderPath, HeldState, HeldValue,
    Inventory, PropertyKey, RecipeState, WorkspaceFacts, WorkspaceId,
};
use crate::plan::order::callees_first;
use crate::plan::workspace_export::{ExclusionReason, Item, WorkspaceExportPlan};
use crate::settings::needs::{NeededChoice, Needs};

/// The form of the file that a plan is written to.
pub const FORMAT: u32 = 1;

/// What a migration does, and what it leaves to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MigrationPlan {
    /// The form of this document: 1.
    pub format: u32,
    /// Where everything is now.
    pub source: MigrationSide,
    /// Where it goes.
    pub target: MigrationSide,
    /// The folder that moves, here and there; empty for everything.
    pub folder: FolderPath,
    /// The digest of the package that is imported.
    pub package: Digest,
    /// The digest of what the source held, however it is compressed. It has to be the same at the
    /// cut-over.
    pub held: Digest,
    /// How many assets of each type move.
    pub inventory: BTreeMap<String, usize>,
    /// The custom connectors that travel, with the version that the source's recipes run.
    pub connectors: Vec<MovedConnector>,
    /// What stays behind, and why.
    pub staying: Vec<StayingItem>,
    /// Numbers of the source where a reference could stand.
    pub raw_ids: Vec<MovedRawId>,
    /// Properties that recipes read or the package has.
    pub properties: Vec<MovedProperty>,
    /// Tables, with their rows.
    pub tables: Vec<MovedTable>,
    /// Connections. None of them brings its credentials.
    pub connections: Vec<MovedConnection>,
    /// API endpoints.
    pub endpoints: Vec<MovedEndpoint>,
    /// What others call, at another address from the cut-over on.
    pub addresses: Vec<ChangedAddress>,
    /// Addresses of the platform that stand in what moves. They are carried as they are.
    pub named_addresses: Vec<NamedAddress>,
    /// Ids that steps were given by picking from a list of an application's account.
    pub picked: Vec<NeededChoice>,
    /// The recipes that run in the source, in the order in which they stop there: callers before those
    /// that they call.
    pub stops: Vec<MovedRecipe>,
    /// The same recipes in the order in which they start in the target.
    pub starts: Vec<String>,
    /// Recipes that move and do not run.
    pub at_rest: Vec<String>,
    /// The digest of all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Digest>,
}

/// One of the two workspaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MigrationSide {
    /// Where it is.
    pub address: Address,
    /// Its number, which no other workspace has.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its data center.
    pub data_center: DataCenter,
}

impl MigrationSide {
    /// The workspace at an address.
    pub fn of(address: &Address, facts: &WorkspaceFacts) -> Self {
        Self {
            address: address.clone(),
            id: facts.id,
            name: facts.name.to_string(),
            data_center: facts.data_center.clone(),
        }
    }
}

/// A custom connector that travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedConnector {
    /// Its title.
    pub title: String,
    /// The version that the source's recipes run.
    pub version: Option<Version>,
}

/// Something that stays behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StayingItem {
    /// Its type.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Why it stays.
    pub because: String,
}

/// A number of the source where a reference could stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedRawId {
    /// The file of the package in which it stands, or stood.
    pub path: PackagePath,
    /// The number of the step.
    pub step: Option<u64>,
    /// Whether the step is skipped.
    pub skipped: bool,
    /// The key.
    pub key: String,
    /// The number.
    pub id: String,
    /// The asset of the source that it means: a reference to it stands there now. Absent if the source
    /// has none of this number that belongs there: the number moves as it is, and means nothing, or
    /// something else, in the target.
    pub means: Option<String>,
}

keyword_enum! {
    /// What becomes of a property's value.
    pub enum Carried: "word for a value" {
        /// The settings have it.
        Carried = "carried",
        /// It looks like a secret: it is in a file of its own, which the settings name.
        InFile = "in-file",
        /// The source has no value for it.
        Absent = "absent",
        /// The source does not tell it: somebody fills in the mark in the settings.
        Untold = "untold",
        /// Projects have different values for it, and settings have one for all: somebody fills in the
        /// mark.
        Several = "several",
    }
}

/// A property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedProperty {
    /// Its name.
    pub name: String,
    /// Whether it is a project's.
    pub of_project: bool,
    /// What becomes of its value.
    pub value: Carried,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedTable {
    /// Its folder and name.
    pub name: String,
    /// How many rows travel; absent if the source's export has none, be it that there are none or that
    /// it does not tell them.
    pub rows: Option<RowCount>,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedConnection {
    /// Its folder and name.
    pub name: String,
    /// The application, if that is known.
    pub application: Option<String>,
    /// The on-prem group that it goes through, which the target has to have.
    pub gateway: Option<String>,
    /// How many recipes use it.
    pub recipes: usize,
    /// Whether it is authorised in the source; absent if it is not there either.
    pub authorized: Option<bool>,
}

/// An API endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedEndpoint {
    /// How settings name it.
    pub name: String,
    /// Whether it is enabled in the source; absent if that is not told.
    pub enabled: Option<bool>,
}

keyword_enum! {
    /// What is called from outside.
    pub enum Called: "word for what is called" {
        /// A recipe whose trigger is a webhook.
        Webhook = "webhook",
        /// A recipe behind an API endpoint.
        Endpoint = "endpoint",
    }
}

/// Something that others call, and that has another address in the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedAddress {
    /// What is called.
    pub what: Called,
    /// The recipe or endpoint.
    pub name: String,
    /// The address in the source, where the platform tells it.
    pub from: Option<String>,
    /// The address in the target, once it is there and where the platform tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// An address of the platform in what moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NamedAddress {
    /// The file of the package.
    pub path: PackagePath,
    /// The address.
    pub address: String,
}

/// A recipe that runs in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedRecipe {
    /// Its number there.
    pub id: AssetId,
    /// Its folder and name, from the folder that moves.
    pub name: String,
    /// The application of its trigger, if it is known.
    pub trigger: Option<String>,
}

/// What was read of the two workspaces and of the package.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Where everything is now.
    pub source: &'a MigrationSide,
    /// Where it goes.
    pub target: &'a MigrationSide,
    /// The folder that moves.
    pub folder: &'a FolderPath,
    /// The digest of the package.
    pub package: Digest,
    /// The digest of what the source held.
    pub held: Digest,
    /// What the source holds.
    pub inventory: &'a Inventory,
    /// What of it leaves.
    pub leaving: &'a WorkspaceExportPlan,
    /// What the package needs.
    pub needs: &'a Needs,
    /// The applications of the recipes' triggers, by file.
    pub triggers: &'a BTreeMap<PackagePath, String>,
    /// The values that the source tells.
    pub values: &'a BTreeMap<PropertyKey, HeldValue>,
    /// The names of properties whose value looks like a secret.
    pub secret: &'a BTreeSet<String>,
    /// The names that settings know the endpoints by, and their state where it is told.
    pub endpoints: &'a [(String, Option<EndpointState>)],
    /// The addresses of recipes, where they are told.
    pub called_at: &'a BTreeMap<AssetId, String>,
    /// The addresses of the platform that files name.
    pub named_addresses: &'a BTreeSet<NamedAddress>,
}

impl MigrationPlan {
    /// The plan of a migration.
    pub fn of(known: &Known<'_>) -> Self {
        let Known {
            inventory,
            leaving,
            needs,
            ..
        } = *known;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut connectors = Vec::new();
        for item in leaving.reasons.keys() {
            match *item {
                Item::Asset(index) => {
                    let kind = inventory.assets.get(index).map(|asset| &asset.key.kind);
                    let word = kind.map(|kind| kind.word().to_owned());
                    *counts.entry(word.unwrap_or_default()).or_default() += 1;
                }
                Item::Connector(index) => {
                    let connector = inventory.connectors.get(index);
                    connectors.extend(connector.map(|connector| MovedConnector {
                        title: connector.title.to_string(),
                        version: connector.released,
                    }));
                }
            }
        }
        let (stops, starts, at_rest) = known.recipes();
        Self {
            format: FORMAT,
            source: known.source.clone(),
            target: known.target.clone(),
            folder: known.folder.clone(),
            package: known.package,
            held: known.held,
            inventory: counts,
            connectors,
            staying: known.staying(),
            raw_ids: known.raw_ids(),
            properties: known.properties(),
            tables: (needs.tables.iter())
                .map(|table| MovedTable {
                    name: table.name.clone(),
                    rows: table.rows,
                })
                .collect(),
            connections: known.connections(),
            endpoints: (known.endpoints.iter())
                .map(|(name, state)| MovedEndpoint {
                    name: name.clone(),
                    enabled: state.map(|state| state == EndpointState::Enabled),
                })
                .collect(),
            addresses: known.addresses(),
            named_addresses: known.named_addresses.iter().cloned().collect(),
            picked: needs.picked.clone(),
            stops,
            starts,
            at_rest,
            seal: None,
        }
    }

    /// The numbers whose meaning is not known.
    pub fn unresolved(&self) -> impl Iterator<Item = &MovedRawId> {
        self.raw_ids.iter().filter(|raw| raw.means.is_none())
    }
}

impl Known<'_> {
    /// The file of an asset in the package, and its name there.
    fn file(&self, index: usize) -> Option<(&PackagePath, String)> {
        let path = self.leaving.paths.get(&Item::Asset(index))?;
        let name = &self.inventory.assets.get(index)?.key.name;
        Some((path, label(path.folder(), name)))
    }

    fn staying(&self) -> Vec<StayingItem> {
        let staying = self.leaving.staying.iter();
        staying
            .map(|staying| StayingItem {
                kind: staying.kind.word().to_owned(),
                name: staying.name.clone(),
                because: match &staying.why {
                    ExclusionReason::Shared { version } => {
                        format!("{version} is shared with the source by its partner")
                    }
                    ExclusionReason::Unreleased => "none of its versions is released".to_owned(),
                    ExclusionReason::Sourceless { version } => {
                        format!("the source of {version} is not told")
                    }
                    ExclusionReason::OtherProject => "it describes another project".to_owned(),
                    ExclusionReason::Unnameable(error) => error.to_string(),
                },
            })
            .collect()
    }

    fn raw_ids(&self) -> Vec<MovedRawId> {
        let found = self.leaving.found_raw_ids.iter();
        let mut moved: Vec<MovedRawId> = found
            .filter_map(|raw| {
                Some(MovedRawId {
                    path: self.leaving.paths.get(&raw.item)?.clone(),
                    step: raw.step.map(|step| u64::from(step.number)),
                    skipped: raw
                        .step
                        .is_some_and(|step| step.activity == Activity::Skipped),
                    key: raw.key.to_string(),
                    id: raw.id.to_string(),
                    means: match raw.meaning {
                        Some(Item::Asset(index)) => self.file(index).map(|(_, name)| name),
                        Some(Item::Connector(_)) | None => None,
                    },
                })
            })
            .collect();
        moved.sort_by(|a, b| (&a.path, a.step, &a.key).cmp(&(&b.path, b.step, &b.key)));
        moved
    }

    fn properties(&self) -> Vec<MovedProperty> {
        let mut moved = Vec::new();
        let names: BTreeSet<&String> = self.needs.properties.iter().map(|it| &it.name).collect();
        for name in names {
            let own = self.values.get(&PropertyKey {
                project: None,
                name: name.clone(),
            });
            let of_projects: BTreeSet<Option<&str>> = (self.values.iter())
                .filter(|(key, _)| key.project.is_some() && key.name == *name)
                .map(|(_, value)| value.text())
                .collect();
            let carried = |values: &[Option<&str>]| match values {
                [Some(_)] if self.secret.contains(name) => Carried::InFile,
                [Some(_)] => Carried::Carried,
                [None] => Carried::Untold,
                [] => Carried::Absent,
                [_, _, ..] => Carried::Several,
            };
            let of_projects: Vec<Option<&str>> = of_projects.into_iter().collect();
            let own: Vec<Option<&str>> = own.map(HeldValue::text).into_iter().collect();
            if !of_projects.is_empty() {
                moved.push(MovedProperty {
                    name: name.clone(),
                    of_project: true,
                    value: carried(&of_projects),
                });
            }
            if !own.is_empty() || of_projects.is_empty() {
                moved.push(MovedProperty {
                    name: name.clone(),
                    of_project: false,
                    value: carried(&own),
                });
            }
        }
        moved
    }

    /// The value of a property that the settings get.
    fn value(&self, name: &str, of_project: bool) -> Option<&str> {
        let mut values = self.values.iter();
        let found = values.find(|(key, _)| key.name == name && key.project.is_some() == of_project);
        found.and_then(|(_, value)| value.text())
    }

    fn connections(&self) -> Vec<MovedConnection> {
        let mut states: BTreeMap<String, Option<bool>> = BTreeMap::new();
        for (index, asset) in self.inventory.assets.iter().enumerate() {
            let HeldState::Connection(state) = asset.state else {
                continue;
            };
            if let Some((_, name)) = self.file(index) {
                // Those of Home go by their name alone, wherever the package has them.
                let name = match asset.key.place.folder().is_home() {
                    true => asset.key.name.to_string(),
                    false => name,
                };
                let state = match state {
                    Authorization::Authorized => Some(true),
                    Authorization::Placeholder => Some(false),
                };
                states.insert(name, state);
            }
        }
        let needed = self.needs.connections.iter();
        needed
            .map(|connection| MovedConnection {
                name: connection.name.clone(),
                application: connection.application.clone(),
                gateway: connection.gateway.clone(),
                recipes: connection.recipes,
                authorized: states.get(&connection.name).copied().flatten(),
            })
            .collect()
    }

    fn addresses(&self) -> Vec<ChangedAddress> {
        let mut changed = Vec::new();
        for (index, asset) in self.inventory.assets.iter().enumerate() {
            if asset.key.kind != AssetKind::Recipe {
                continue;
            }
            let Some((path, name)) = self.file(index) else {
                continue;
            };
            let from = self.called_at.get(&asset.id);
            let trigger = self.triggers.get(path);
            if from.is_some() || trigger.is_some_and(|trigger| trigger.contains("webhook")) {
                changed.push(ChangedAddress {
                    what: Called::Webhook,
                    name,
                    from: from.cloned(),
                    to: None,
                });
            }
        }
        changed.extend(self.endpoints.iter().map(|(name, _)| ChangedAddress {
            what: Called::Endpoint,
            name: name.clone(),
            from: None,
            to: None,
        }));
        changed
    }

    /// The recipes that run, as they stop and as they start, and those that don't.
    fn recipes(&self) -> (Vec<MovedRecipe>, Vec<String>, Vec<String>) {
        let mut calls: BTreeMap<AssetId, Vec<Binding>> = BTreeMap::new();
        let (mut running, mut at_rest) = (BTreeMap::new(), Vec::new());
        for (index, asset) in self.inventory.assets.iter().enumerate() {
            let (HeldState::Recipe(state), Some((path, name))) = (asset.state, self.file(index))
            else {
                continue;
            };
            calls.insert(asset.id, asset.body.bindings.iter().copied().collect());
            match state {
                RecipeState::Running => {
                    let recipe = MovedRecipe {
                        id: asset.id,
                        name,
                        trigger: self.triggers.get(path).cloned(),
                    };
                    running.insert(asset.id, recipe);
                }
                RecipeState::Stopped => at_rest.push(name),
            }
        }
        // A number calls as a reference does.
        for raw in &self.leaving.found_raw_ids {
            if let (Item::Asset(from), Some(Item::Asset(to))) = (raw.item, raw.meaning)
                && let (Some(from), Some(to)) = (
                    self.inventory.assets.get(from),
                    self.inventory.assets.get(to),
                )
                && let Some(calls) = calls.get_mut(&from.id)
            {
                calls.push(Binding::Asset(to.id));
            }
        }
        let order = callees_first(calls.iter().map(|(id, calls)| (*id, calls.as_slice())));
        let started: Vec<MovedRecipe> = (order.iter())
            .filter_map(|id| running.get(id).cloned())
            .collect();
        let starts = started.iter().map(|recipe| recipe.name.clone()).collect();
        (started.into_iter().rev().collect(), starts, at_rest)
    }
}

fn label(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}
