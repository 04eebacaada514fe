//! What settings change in a workspace, as actions of an import's plan: values of properties,
//! credentials of connections, and which recipes run afterwards (platform.md §6: none of it travels
//! with a package).

mod endpoints;
mod recipes;
mod tables;

pub use endpoints::{Endpoints, PackagedEndpoint};

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::decide::{Receipt, ReceiptRecipe};
use super::document::{Afterwards, ImportPlan};
use super::mapping::{self, Mapped};
use super::{Draft, Fate};
use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::Digest;
use crate::model::keyword::{keyword_enum, nearest};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    Address, AssetId, AssetKey, Authorization, Before, Binding, EndpointMark, EndpointState,
    FolderPath, HeldState, HeldValue, PropertyKey, RecipeState,
};
use crate::plan::commit::{Change, Commit};
use crate::plan::resolve;
use crate::settings::{
    Filled, FilledConnection, Origin, PropertyLevel, PropertyName, ResolvedSettings, Said, Shown,
};

/// What settings do, in the plan of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedSettings {
    /// The files, the one that counts most last.
    pub files: Vec<PlannedSettingsFile>,
    /// The files of rows that they take, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<PlannedSettingsFile>,
    /// The labels that were given.
    pub labels: Vec<String>,
    /// The customer that was given.
    pub customer: Option<String>,
    /// The environment that the package goes to, if it is promoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Stands for all that they say for this workspace, secrets among it.
    pub digest: Digest,
    /// What they do, in order.
    pub actions: Vec<SettingAction>,
}

/// A file of settings in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedSettingsFile {
    /// Its path.
    pub path: String,
    /// The digest of its text.
    pub digest: Digest,
}

keyword_enum! {
    /// What a setting is about.
    pub enum SettingSubject: "subject of a setting" {
        /// A property of the whole workspace.
        Property = "property",
        /// A property of a project.
        ProjectProperty = "project-property",
        /// A connection.
        Connection = "connection",
        /// The rows of a table.
        Table = "table",
        /// A recipe.
        Recipe = "recipe",
        /// An API endpoint.
        Endpoint = "endpoint",
    }
}

keyword_enum! {
    /// What a setting does.
    pub enum SettingEffect: "effect of a setting" {
        /// A property that had no value gets one, or a table that had no rows.
        Sets = "sets",
        /// A property gets another value, or a table other rows.
        Changes = "changes",
        /// It is so already.
        Keeps = "keeps",
        /// A connection gets its credentials.
        Authorizes = "authorizes",
        /// Recipes use another connection of the workspace in its place.
        Binds = "binds",
        /// A person has to authorise the connection.
        AwaitsPerson = "awaits-person",
        /// A recipe starts.
        Starts = "starts",
        /// A recipe stops.
        Stops = "stops",
        /// A recipe is to run, and can't yet.
        CannotStart = "cannot-start",
        /// An API endpoint is enabled.
        Enables = "enables",
        /// An API endpoint is disabled.
        Disables = "disables",
        /// An API endpoint is to be enabled, and can't be yet.
        CannotEnable = "cannot-enable",
    }
}

/// One thing that settings do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettingAction {
    /// What it is about.
    pub subject: SettingSubject,
    /// Its name.
    pub name: String,
    /// Its folder, or that of its project; empty for Home and the workspace as a whole.
    pub folder: FolderPath,
    /// What happens.
    pub effect: SettingEffect,
    /// The value that a property has, if that may be shown.
    pub from: Option<String>,
    /// What it gets: a value, or the name of a secret.
    pub to: Option<String>,
    /// Why a recipe can't start, or what is not known.
    pub because: Vec<String>,
    /// Where it is said.
    pub said: String,
}

/// What settings change, for workspaces that take one change at a time.
#[derive(Clone, Debug)]
pub enum SettingWrite {
    /// A property gets a value.
    Property {
        /// The property.
        key: PropertyKey,
        /// The value.
        value: SecretString,
    },
    /// A connection gets its credentials.
    Credentials {
        /// The connection.
        key: AssetKey,
        /// Its fields.
        fields: BTreeMap<String, SecretString>,
    },
    /// A recipe starts or stops.
    Recipe {
        /// The recipe.
        key: AssetKey,
        /// Its state from now on.
        state: RecipeState,
    },
    /// An API endpoint is enabled or disabled.
    Endpoint {
        /// The endpoint.
        endpoint: EndpointMark,
        /// Its state from now on.
        state: EndpointState,
    },
}

/// What settings come to in a workspace.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What they do, in order.
    pub actions: Vec<SettingAction>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// The same as changes, to be made after the import's own.
    pub changes: Vec<Change>,
    /// The same as single writes.
    pub writes: Vec<SettingWrite>,
    /// Values that are told nobody, whoever says them back.
    pub secrets: Vec<SecretString>,
    /// The recipes that start or stop, as they are before and afterwards.
    recipes: Vec<(ReceiptRecipe, Option<Before>)>,
    /// The connections and recipes that were named.
    told: BTreeSet<AssetId>,
    /// The connections that get credentials.
    authorized: BTreeSet<AssetId>,
    /// The states that the named recipes are in afterwards.
    runs: BTreeMap<AssetId, RecipeState>,
}

impl SettingAction {
    /// Whether something changes.
    pub const fn changes(&self) -> bool {
        match self.effect {
            SettingEffect::Sets
            | SettingEffect::Changes
            | SettingEffect::Authorizes
            | SettingEffect::Binds
            | SettingEffect::Starts
            | SettingEffect::Stops
            | SettingEffect::Enables
            | SettingEffect::Disables => true,
            SettingEffect::Keeps
            | SettingEffect::AwaitsPerson
            | SettingEffect::CannotStart
            | SettingEffect::CannotEnable => false,
        }
    }

    /// What is not so yet, for what was read back; nothing if it is so.
    pub fn astray(&self) -> Option<String> {
        let what = format!("{} {}", self.subject.label(), self.place());
        let because = match &self.because[..] {
            [] => String::new(),
            because => format!(": {}", because.join("; ")),
        };
        Some(match self.effect {
            SettingEffect::Keeps => return None,
            SettingEffect::Sets | SettingEffect::Changes => match self.subject {
                SettingSubject::Table => format!("{what} has not the rows that the settings say"),
                SettingSubject::Property
                | SettingSubject::ProjectProperty
                | SettingSubject::Connection
                | SettingSubject::Recipe
                | SettingSubject::Endpoint => {
                    format!("{what} has not the value that the settings say")
                }
            },
            SettingEffect::Authorizes => format!("{what} is not authorized"),
            SettingEffect::Binds => {
                let to = self.to.as_deref().unwrap_or_default();
                format!("{what} is not bound to {to}")
            }
            SettingEffect::AwaitsPerson => format!("{what} waits for a person to authorize it"),
            SettingEffect::Starts | SettingEffect::CannotStart => {
                format!("{what} does not run{because}")
            }
            SettingEffect::Stops => format!("{what} still runs"),
            SettingEffect::Enables | SettingEffect::CannotEnable => {
                format!("{what} is not enabled{because}")
            }
            SettingEffect::Disables => format!("{what} is still enabled{because}"),
        })
    }

    /// Its name, with its folder where that belongs to it.
    pub fn named(&self) -> String {
        match self.subject {
            SettingSubject::Property | SettingSubject::ProjectProperty => self.name.clone(),
            SettingSubject::Endpoint => match &self.to {
                Some(served) => format!("{} ({served})", self.name),
                None => self.name.clone(),
            },
            SettingSubject::Connection | SettingSubject::Table | SettingSubject::Recipe => {
                self.folder.label(&self.name)
            }
        }
    }

    fn place(&self) -> String {
        let of = match self.subject {
            SettingSubject::ProjectProperty => of_project(&self.folder),
            SettingSubject::Property
            | SettingSubject::Connection
            | SettingSubject::Table
            | SettingSubject::Recipe
            | SettingSubject::Endpoint => String::new(),
        };
        format!("\"{}\"{of}", self.named())
    }
}

impl PlannedSettings {
    /// What these do that nobody planned before: a value that somebody changed meanwhile, for one.
    /// What could not start then may start now.
    pub fn unplanned<'s>(&'s self, before: &'s Self) -> impl Iterator<Item = &'s SettingAction> {
        let same = |one: &SettingAction, other: &SettingAction| {
            let effects = (one.effect, other.effect);
            let may_now = effects == (SettingEffect::Starts, SettingEffect::CannotStart)
                || effects == (SettingEffect::Enables, SettingEffect::CannotEnable);
            (one.subject, &one.name, &one.folder) == (other.subject, &other.name, &other.folder)
                && (may_now
                    || (one.effect, &one.from, &one.to) == (other.effect, &other.from, &other.to))
        };
        let changes = self.actions.iter().filter(|action| action.changes());
        changes.filter(move |one| !before.actions.iter().any(|other| same(one, other)))
    }

    /// Whether all that can be done is done.
    pub fn is_empty(&self) -> bool {
        !self.actions.iter().any(SettingAction::changes)
    }
}

/// What is wrong with two names for one thing.
pub(super) const TWICE: &str = "they name it by another name, too";
/// What to do about that.
pub(super) const ONE_NAME: &str =
    "spell it alike everywhere, so that what is said for a customer counts more";

/// A connection that settings may name.
struct Known<'d> {
    id: AssetId,
    key: &'d AssetKey,
    authorization: Authorization,
}

impl Draft<'_> {
    /// The properties that settings name, where each is.
    fn properties_of(&self, name: &PropertyName) -> Vec<PropertyKey> {
        let project = self.project();
        let kind = match name.level {
            PropertyLevel::Workspace => AssetKind::AccountProperties,
            PropertyLevel::Project => AssetKind::ProjectProperties,
        };
        let key = |folder: Option<FolderPath>| PropertyKey {
            project: folder,
            name: name.name.clone(),
        };
        let mut found = BTreeSet::new();
        for (drafted, asset) in self.assets.iter().zip(&project.assets) {
            let declares = asset.kind == kind
                && asset
                    .facts
                    .properties()
                    .iter()
                    .any(|held| **held == *name.name);
            if let (true, Some(placed)) = (declares, drafted.key) {
                found.insert(key(match name.level {
                    PropertyLevel::Workspace => None,
                    PropertyLevel::Project => Some(placed.place.folder()),
                }));
            }
        }
        if found.is_empty() && !self.declares_otherwise(name) {
            for (drafted, asset) in self.assets.iter().zip(&project.assets) {
                let reads = asset.facts.recipe().is_some_and(|recipe| {
                    recipe
                        .properties
                        .iter()
                        .any(|read| *read.name == *name.name)
                });
                if let (true, Some(placed)) = (reads, drafted.key) {
                    found.insert(key(match name.level {
                        PropertyLevel::Workspace => None,
                        PropertyLevel::Project => Some(project_around(&placed.place.folder())),
                    }));
                }
            }
        }
        found.into_iter().collect()
    }

    /// Whether the package brings a property of this name, of the other level.
    fn declares_otherwise(&self, name: &PropertyName) -> bool {
        let other = match name.level {
            PropertyLevel::Workspace => AssetKind::ProjectProperties,
            PropertyLevel::Project => AssetKind::AccountProperties,
        };
        let mut assets = self.project().assets.iter();
        assets.any(|asset| {
            asset.kind == other && asset.facts.properties().iter().any(|n| **n == *name.name)
        })
    }

    /// The properties whose values have to be known for the settings to be planned.
    pub fn properties_asked(&self, settings: &ResolvedSettings) -> BTreeSet<PropertyKey> {
        let names = settings.properties.keys();
        names.flat_map(|name| self.properties_of(name)).collect()
    }

    /// What settings do in a workspace at this address, where properties have these values.
    pub fn settle(
        &self,
        settings: &ResolvedSettings,
        held: &BTreeMap<PropertyKey, HeldValue>,
        endpoints: &Endpoints,
        address: &Address,
    ) -> Settled {
        let mut settled = Settled {
            secrets: settings.secrets(),
            ..Settled::default()
        };
        for (name, said) in &settings.properties {
            self.settle_property(name, said, held, &mut settled);
        }
        let known = self.known_connections();
        for (name, said) in &settings.connections {
            self.settle_connection(name, said, &known, &mut settled);
        }
        self.settle_tables(settings, address, &mut settled);
        let first = (settled.changes.len(), settled.writes.len());
        self.settle_recipes(&settings.recipes, &mut settled);
        self.settle_endpoints(&settings.endpoints, endpoints, first, &mut settled);
        settled
    }

    fn settle_property(
        &self,
        name: &PropertyName,
        said: &Said<Filled>,
        held: &BTreeMap<PropertyKey, HeldValue>,
        settled: &mut Settled,
    ) {
        let keys = self.properties_of(name);
        if keys.is_empty() {
            let finding = unmatched(
                &name.to_string(),
                &said.at,
                "the package neither brings nor reads it",
            );
            let help = match (self.declares_otherwise(name), name.level) {
                (true, PropertyLevel::Workspace) => {
                    "it is a property of the project: say it under `project-properties`".to_owned()
                }
                (true, PropertyLevel::Project) => {
                    "it is a property of the workspace: say it under `properties`".to_owned()
                }
                (false, _) => did_you_mean(&name.name, &self.property_names()),
            };
            settled.findings.push(finding.help(help));
            return;
        }
        let value = said.value.value.expose_secret();
        for key in keys {
            let there = held.get(&key);
            let secret = matches!(said.value.shown, Shown::Secret(_));
            let effect = match there {
                Some(there) if there.is(&key, value) => SettingEffect::Keeps,
                Some(_) => SettingEffect::Changes,
                None => SettingEffect::Sets,
            };
            let from = there.and_then(HeldValue::text).filter(|_| !secret);
            settled.actions.push(SettingAction {
                subject: match name.level {
                    PropertyLevel::Workspace => SettingSubject::Property,
                    PropertyLevel::Project => SettingSubject::ProjectProperty,
                },
                name: key.name.clone(),
                folder: key.project.clone().unwrap_or_default(),
                effect,
                from: from.map(|text| format!("\"{text}\"")),
                to: Some(said.value.shown.to_string()),
                because: Vec::new(),
                said: said.at.to_string(),
            });
            if effect != SettingEffect::Keeps {
                settled.changes.push(Change::SetProperty {
                    value: match secret {
                        true => HeldValue::secret(&key, value),
                        false => HeldValue::Text(value.to_owned()),
                    },
                    key: key.clone(),
                });
                settled.writes.push(SettingWrite::Property {
                    key,
                    value: said.value.value.clone(),
                });
            }
        }
    }

    fn property_names(&self) -> BTreeSet<String> {
        let assets = self.project().assets.iter();
        let mut names = BTreeSet::new();
        for asset in assets {
            names.extend(asset.facts.properties().iter().map(ToString::to_string));
            let read = asset.facts.recipe().into_iter().flat_map(|r| &r.properties);
            names.extend(read.map(|property| property.name.to_string()));
        }
        names
    }

    /// The connections that the package brings or names.
    fn known_connections(&self) -> Vec<Known<'_>> {
        let mut known = BTreeMap::new();
        for held in self
            .snapshot
            .assets
            .values()
            .chain(&self.snapshot.connections)
        {
            if let HeldState::Connection(authorization) = held.state {
                let one = Known {
                    id: held.id,
                    key: &held.key,
                    authorization,
                };
                known.insert(held.id, one);
            }
        }
        for drafted in &self.assets {
            if let (Some(id), Some(key), Fate::Creates) = (drafted.id, drafted.key, drafted.fate)
                && key.kind == AssetKind::Connection
            {
                let one = Known {
                    id,
                    key,
                    authorization: Authorization::Placeholder,
                };
                known.insert(id, one);
            }
        }
        known.into_values().collect()
    }

    fn settle_connection(
        &self,
        name: &str,
        said: &Said<FilledConnection>,
        known: &[Known<'_>],
        settled: &mut Settled,
    ) {
        if let FilledConnection::Use(_) = said.value {
            // What is wrong with it was told when it was met with the workspace.
            let mut mapped = self.mapping.mapped.iter();
            let mapped = mapped.find(|one| one.name == *name);
            settled
                .actions
                .extend(mapped.map(|one| self.binding_action(one, said)));
            return;
        }
        let mapped = self.mapping.mapped.iter().map(|one| &one.key);
        if meant("connection", name, mapped, &said.at).is_ok() {
            settled.findings.push(mapping::twice(name, &said.at));
            return;
        }
        let keys = known.iter().map(|one| one.key);
        let found = match meant("connection", name, keys, &said.at) {
            Ok(found) => &known[found],
            Err(finding) => {
                settled.findings.push(*finding);
                return;
            }
        };
        if !settled.told.insert(found.id) {
            let finding = unmatched(&format!("connection \"{name}\""), &said.at, TWICE);
            settled.findings.push(finding.help(ONE_NAME));
            return;
        }
        let (effect, because) = match (found.authorization, &said.value) {
            (_, FilledConnection::Use(_)) => return,
            (Authorization::Authorized, FilledConnection::Person) => (SettingEffect::Keeps, None),
            (Authorization::Authorized, FilledConnection::Fields(_)) => (
                SettingEffect::Keeps,
                Some("it is authorized; whether with these fields can't be read back"),
            ),
            (Authorization::Placeholder, FilledConnection::Person) => {
                (SettingEffect::AwaitsPerson, None)
            }
            (Authorization::Placeholder, FilledConnection::Fields(_)) => {
                (SettingEffect::Authorizes, None)
            }
        };
        if effect == SettingEffect::Authorizes {
            let fields = said.value.fields();
            settled.authorized.insert(found.id);
            settled.changes.push(Change::SetConnection {
                id: found.id,
                authorization: Authorization::Authorized,
            });
            settled.writes.push(SettingWrite::Credentials {
                key: found.key.clone(),
                fields: fields
                    .map(|(field, filled)| (field.clone(), filled.value.clone()))
                    .collect(),
            });
        }
        let fields = said.value.fields();
        let fields: Vec<String> = fields
            .map(|(field, filled)| match &filled.shown {
                Shown::Text(_) => field.clone(),
                Shown::Secret(name) => format!("{field} from {name}"),
            })
            .collect();
        settled.actions.push(SettingAction {
            subject: SettingSubject::Connection,
            name: found.key.name.to_string(),
            folder: found.key.place.folder(),
            effect,
            from: None,
            to: (!fields.is_empty()).then(|| fields.join(", ")),
            because: because.map(str::to_owned).into_iter().collect(),
            said: said.at.to_string(),
        });
    }

    /// What binding recipes to another connection comes to.
    fn binding_action(&self, mapped: &Mapped, said: &Said<FilledConnection>) -> SettingAction {
        let is_bound = Binding::Asset(mapped.to);
        let rebinds = self
            .assets
            .iter()
            .zip(&self.project().assets)
            .any(|(drafted, asset)| {
                let mut references = asset.facts.references.iter();
                references.any(|reference| *reference.target == mapped.target)
                    && match drafted.fate {
                        Fate::Creates => true,
                        Fate::Asks | Fate::Overwrites => {
                            let held = drafted
                                .held
                                .into_iter()
                                .flat_map(|held| &held.body.bindings);
                            !held.into_iter().any(|binding| *binding == is_bound)
                        }
                        Fate::Connector | Fate::Mapped | Fate::Binds | Fate::NoChange => false,
                    }
            });
        let because = match mapped.to_authorization {
            Authorization::Placeholder => Some("which is not authorized".to_owned()),
            Authorization::Authorized => None,
        };
        SettingAction {
            subject: SettingSubject::Connection,
            name: mapped.key.name.to_string(),
            folder: mapped.key.place.folder(),
            effect: match rebinds {
                true => SettingEffect::Binds,
                false => SettingEffect::Keeps,
            },
            from: None,
            to: Some(mapped.to_label.clone()),
            because: because.into_iter().collect(),
            said: said.at.to_string(),
        }
    }
}

impl Settled {
    /// Adds the changes to those of an import.
    pub fn carry(&self, commit: &mut Commit, before: &mut Vec<Before>, receipt: &mut Receipt) {
        commit.changes.extend(self.changes.iter().cloned());
        for (recipe, untouched) in &self.recipes {
            before.extend(*untouched);
            receipt.recipes.retain(|told| told.id != recipe.id);
            receipt.recipes.push(recipe.clone());
        }
    }

    /// Takes from what is left for a person what the settings do.
    pub fn relieve(&self, plan: &mut ImportPlan) {
        let does = |subject: SettingSubject, name: &str, folder: Option<&FolderPath>| {
            self.actions.iter().any(|action| {
                action.subject == subject
                    && action.name == name
                    && folder.is_none_or(|folder| *folder == action.folder)
            })
        };
        let property = |name: &String| {
            !does(SettingSubject::Property, name, None)
                && !does(SettingSubject::ProjectProperty, name, None)
        };
        let starts = self.actions.iter().filter(|action| {
            action.effect == SettingEffect::Starts || action.effect == SettingEffect::CannotStart
        });
        let started: BTreeSet<(&FolderPath, &str)> = starts
            .map(|action| (&action.folder, action.name.as_str()))
            .collect();
        let new = plan.assets.iter().filter(|asset| {
            asset.id.is_none() && started.contains(&(&asset.folder, asset.name.as_ref()))
        });
        let new = new.filter(|asset| asset.kind == AssetKind::Recipe).count();
        plan.afterwards.retain_mut(|left| match left {
            Afterwards::Authorize {
                connection, folder, ..
            } => !does(SettingSubject::Connection, connection, Some(folder)),
            Afterwards::CheckProperties { names } | Afterwards::FillProperties { names } => {
                names.retain(property);
                !names.is_empty()
            }
            Afterwards::Start { recipes } => {
                *recipes = recipes.saturating_sub(new);
                *recipes > 0
            }
            Afterwards::Connect { .. }
            | Afterwards::ConnectMore { .. }
            | Afterwards::Choose { .. }
            | Afterwards::OtherApplication { .. } => true,
        });
    }
}

/// Which project a property is of, after its name.
pub(super) fn of_project(folder: &FolderPath) -> String {
    match folder.is_home() {
        true => " of the project in Home".to_owned(),
        false => format!(" of project \"{folder}\""),
    }
}

/// The project that a folder belongs to: the topmost folder, for whatever does not lie in Home.
fn project_around(folder: &FolderPath) -> FolderPath {
    let mut top = folder.clone();
    while let Some(parent) = top.parent().filter(|parent| !parent.is_home()) {
        top = parent;
    }
    top
}

pub(super) fn unmatched(what: &str, at: &Origin, why: &str) -> Finding {
    let article = match what.starts_with('A') {
        true => "an",
        false => "a",
    };
    let message = format!("the settings name {article} {what}, and {why}");
    Finding::new(Code::SettingUnmatched, Subject::Project, message).note(format!("said in {at}"))
}

fn did_you_mean(name: &str, known: &BTreeSet<String>) -> String {
    match nearest(name, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "the package has none: take it out of the settings".to_owned(),
        None => {
            let known: Vec<String> = known
                .iter()
                .take(8)
                .map(|name| format!("`{name}`"))
                .collect();
            format!("those that there are begin with {}", known.join(", "))
        }
    }
}

/// Which asset a name means: by its folder and name, be it in the workspace or in the package, or by
/// its name where only one has it.
pub(super) fn meant<'k>(
    what: &str,
    name: &str,
    keys: impl Iterator<Item = &'k AssetKey> + Clone,
    at: &Origin,
) -> Result<usize, Box<Finding>> {
    let named = format!("{what} \"{name}\"");
    let exact = keys.clone().position(|key| resolve::label(key) == name);
    if let Some(exact) = exact {
        return Ok(exact);
    }
    // In the package it has a shorter path than in the workspace.
    let below = format!("/{name}");
    let mut of_name = keys
        .clone()
        .enumerate()
        .filter(|(_, key)| *key.name == *name || resolve::label(key).ends_with(&below));
    match (of_name.next(), of_name.next()) {
        (Some((found, _)), None) => Ok(found),
        (Some((_, one)), Some((_, other))) => Err(Box::new(
            unmatched(&named, at, "several have that name").help(format!(
                "say which with its folder: `{}`, `{}`",
                resolve::label(one),
                resolve::label(other)
            )),
        )),
        (None, _) => {
            // With all of its folders, with some, and with none.
            let known: BTreeSet<String> = keys
                .flat_map(|key| {
                    let label = resolve::label(key);
                    let shorter = label.match_indices('/').map(|(at, _)| &label[at + 1..]);
                    let all = shorter.chain([label.as_str()]).map(str::to_owned);
                    all.collect::<Vec<_>>()
                })
                .collect();
            Err(Box::new(
                unmatched(&named, at, "the package neither brings nor uses one")
                    .help(did_you_mean(name, &known)),
            ))
        }
    }
}
