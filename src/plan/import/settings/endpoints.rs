//! Which API endpoints settings enable and disable. An endpoint can be enabled once its recipe runs
//! (platform.md §9).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ONE_NAME, SettingAction, SettingEffect, SettingSubject, SettingWrite, Settled, TWICE,
    did_you_mean, unmatched,
};
use crate::model::finding::Finding;
use crate::model::project::Project;
use crate::model::workspace::{
    AssetId, AssetKey, Binding, EndpointMark, EndpointState, RecipeState, Served,
};
use crate::plan::commit::Change;
use crate::plan::import::{Draft, Fate};
use crate::plan::resolve;
use crate::settings::{EndpointWish, Origin, Said};

/// An API endpoint of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackagedEndpoint {
    /// Its asset.
    pub asset: usize,
    /// How it is called.
    pub served: Served,
}

impl PackagedEndpoint {
    /// The names that settings may know it by: its own, that with its collection's, and how it is
    /// called.
    pub fn names(&self, project: &Project) -> [String; 3] {
        let asset = &project.assets[self.asset];
        let mut references = asset.facts.references.iter();
        let collection = references.find(|reference| &*reference.key == "api_group_id");
        let whole = match collection {
            Some(collection) => format!("{}/{}", collection.name, asset.name()),
            None => asset.name().to_owned(),
        };
        [asset.name().to_owned(), whole, self.served.to_string()]
    }
}

/// What is known of the API endpoints that settings may be about.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// Those of the package; none where settings say nothing of any.
    pub packaged: Vec<PackagedEndpoint>,
    /// The states of those that are there, as far as they are told.
    pub states: BTreeMap<AssetId, EndpointState>,
}

impl Draft<'_> {
    /// The API endpoints whose states have to be known: those that are there already.
    pub fn endpoints_asked(
        &self,
        packaged: &[PackagedEndpoint],
    ) -> BTreeMap<AssetId, EndpointMark> {
        let held = packaged.iter().filter_map(|endpoint| {
            let held = self.assets[endpoint.asset].held?;
            Some((held.id, self.mark(endpoint)?))
        });
        held.collect()
    }

    fn mark(&self, endpoint: &PackagedEndpoint) -> Option<EndpointMark> {
        let drafted = &self.assets[endpoint.asset];
        // One that is overwritten may have another recipe by now.
        let as_it_is = matches!(drafted.fate, Fate::Creates | Fate::NoChange);
        let recipe = self.recipe_of(endpoint.asset).filter(|_| as_it_is);
        Some(EndpointMark {
            name: drafted.key?.name.to_string(),
            served: endpoint.served.clone(),
            recipe_id: recipe.filter(|recipe| self.held_recipe(*recipe).is_some()),
            recipe: recipe.and_then(|recipe| self.recipe_key(recipe)).cloned(),
        })
    }

    /// The recipe that an endpoint is bound to.
    fn recipe_of(&self, endpoint: usize) -> Option<AssetId> {
        let references = &self.project().assets[endpoint].facts.references;
        let mut bindings = references.iter().zip(&self.assets[endpoint].bindings);
        let (_, binding) = bindings.find(|(reference, _)| &*reference.key == "recipe_id")?;
        match binding {
            Binding::Asset(recipe) => Some(*recipe),
            Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
        }
    }

    /// Whether a recipe that is there runs now.
    fn held_recipe(&self, recipe: AssetId) -> Option<RecipeState> {
        let mut held = self.snapshot.assets.values();
        let held = held.find(|held| held.id == recipe)?;
        Some(match held.state.is_running() {
            true => RecipeState::Running,
            false => RecipeState::Stopped,
        })
    }

    fn recipe_key(&self, recipe: AssetId) -> Option<&AssetKey> {
        let mut drafted = self.assets.iter();
        let brought = drafted.find(|drafted| drafted.id == Some(recipe));
        let mut held = self.snapshot.assets.values();
        brought
            .and_then(|drafted| drafted.key)
            .or_else(|| held.find(|held| held.id == recipe).map(|held| &held.key))
    }

    /// Whether a recipe runs once all else is done; nothing if that is not known.
    fn runs_afterwards(
        &self,
        recipe: AssetId,
        failing: &BTreeSet<AssetId>,
        settled: &Settled,
    ) -> Option<RecipeState> {
        if let Some(state) = settled.runs.get(&recipe) {
            return Some(*state);
        }
        let is_new = || self.assets.iter().any(|drafted| drafted.id == Some(recipe));
        match self.held_recipe(recipe) {
            Some(_) if failing.contains(&recipe) => Some(RecipeState::Stopped),
            Some(state) => Some(state),
            None => is_new().then_some(RecipeState::Stopped),
        }
    }

    /// What settings do with API endpoints, once it is known what they do with recipes. Changes before
    /// `first` come before those of recipes.
    pub(super) fn settle_endpoints(
        &self,
        wishes: &BTreeMap<String, Said<EndpointWish>>,
        known: &Endpoints,
        first: (usize, usize),
        settled: &mut Settled,
    ) {
        if wishes.is_empty() {
            return;
        }
        let (mut changes, mut writes) = first;
        let restarts = self.obstacles().into_iter();
        let failing = restarts.filter(|(_, obstacles)| !obstacles.is_empty());
        let failing: BTreeSet<AssetId> = failing
            .filter_map(|(index, _)| self.assets[index].id)
            .collect();
        for (endpoint, said) in wanted(wishes, known, self.project(), settled) {
            let state = match said.value {
                EndpointWish::Enable => EndpointState::Enabled,
                EndpointWish::Disable => EndpointState::Disabled,
                EndpointWish::Leave => continue,
            };
            let (Some(id), Some(mark)) = (self.assets[endpoint.asset].id, self.mark(endpoint))
            else {
                continue;
            };
            let (effect, because) =
                self.endpoint_effect(endpoint.asset, state, (known, &failing), settled);
            let change = Change::SetEndpoint { id, state };
            let write = SettingWrite::Endpoint {
                endpoint: EndpointMark {
                    recipe_id: None,
                    recipe: self
                        .recipe_of(endpoint.asset)
                        .and_then(|recipe| self.recipe_key(recipe))
                        .cloned(),
                    ..mark.clone()
                },
                state,
            };
            match effect {
                // Nobody calls it while its recipe stops.
                SettingEffect::Disables => {
                    settled.changes.insert(changes, change);
                    settled.writes.insert(writes, write);
                    (changes, writes) = (changes + 1, writes + 1);
                }
                SettingEffect::Enables => {
                    settled.changes.push(change);
                    settled.writes.push(write);
                }
                SettingEffect::Sets
                | SettingEffect::Changes
                | SettingEffect::Keeps
                | SettingEffect::Authorizes
                | SettingEffect::Binds
                | SettingEffect::AwaitsPerson
                | SettingEffect::Starts
                | SettingEffect::Stops
                | SettingEffect::CannotStart
                | SettingEffect::CannotEnable => {}
            }
            settled.actions.push(SettingAction {
                subject: SettingSubject::Endpoint,
                name: mark.name,
                folder: Default::default(),
                effect,
                from: None,
                to: Some(endpoint.served.to_string()),
                because: because.into_iter().collect(),
                said: said.at.to_string(),
            });
        }
    }

    fn endpoint_effect(
        &self,
        endpoint: usize,
        wanted: EndpointState,
        (known, failing): (&Endpoints, &BTreeSet<AssetId>),
        settled: &Settled,
    ) -> (SettingEffect, Option<String>) {
        let drafted = &self.assets[endpoint];
        let state = match drafted.held {
            Some(held) => known.states.get(&held.id).copied(),
            // What an import creates is not enabled.
            None => Some(EndpointState::Disabled),
        };
        let untold = || {
            let untold = "whether it is enabled is not told";
            state.is_none().then(|| untold.to_owned())
        };
        if wanted == EndpointState::Disabled {
            return match state {
                Some(EndpointState::Disabled) => (SettingEffect::Keeps, None),
                Some(EndpointState::Enabled) | None => (SettingEffect::Disables, untold()),
            };
        }
        let recipe = self.recipe_of(endpoint);
        let name = recipe.and_then(|recipe| self.recipe_key(recipe));
        let name = name.map(resolve::label);
        let runs = recipe.and_then(|recipe| self.runs_afterwards(recipe, failing, settled));
        match (recipe, runs) {
            (None, _) => (
                SettingEffect::CannotEnable,
                Some("its recipe is not there".to_owned()),
            ),
            (Some(_), Some(RecipeState::Stopped)) => {
                let recipe = name.map_or_else(
                    || "its recipe".to_owned(),
                    |name| format!("its recipe \"{name}\""),
                );
                (
                    SettingEffect::CannotEnable,
                    Some(format!("{recipe} does not run")),
                )
            }
            (Some(recipe), Some(RecipeState::Running) | None) => {
                let ran = self.held_recipe(recipe) != Some(RecipeState::Stopped);
                match state {
                    Some(EndpointState::Enabled) if ran => (SettingEffect::Keeps, None),
                    Some(_) | None => (SettingEffect::Enables, untold()),
                }
            }
        }
    }
}

/// The endpoints that settings name, each with what is said of it.
fn wanted<'w>(
    wishes: &'w BTreeMap<String, Said<EndpointWish>>,
    known: &'w Endpoints,
    project: &Project,
    settled: &mut Settled,
) -> Vec<(&'w PackagedEndpoint, &'w Said<EndpointWish>)> {
    let names: Vec<[String; 3]> = known.packaged.iter().map(|it| it.names(project)).collect();
    let mut said_of: BTreeMap<usize, &Said<EndpointWish>> = BTreeMap::new();
    if let Some(all) = wishes.get("*") {
        said_of.extend((0..names.len()).map(|index| (index, all)));
    }
    let mut told = BTreeSet::new();
    for (name, said) in wishes.iter().filter(|(name, _)| *name != "*") {
        match meant_endpoint(name, &names, &said.at) {
            Ok(index) if told.insert(index) => {
                said_of.insert(index, said);
            }
            Ok(_) => {
                let finding = unmatched(&format!("API endpoint \"{name}\""), &said.at, TWICE);
                settled.findings.push(finding.help(ONE_NAME));
            }
            Err(finding) => settled.findings.push(*finding),
        }
    }
    let said_of = said_of.into_iter();
    said_of
        .map(|(index, said)| (&known.packaged[index], said))
        .collect()
}

/// Which endpoint a name means.
fn meant_endpoint(name: &str, names: &[[String; 3]], at: &Origin) -> Result<usize, Box<Finding>> {
    let named = format!("API endpoint \"{name}\"");
    let mut found = names.iter().enumerate();
    let mut found = found
        .by_ref()
        .filter(|(_, own)| own.iter().any(|own| own == name));
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (Some((_, one)), Some((_, other))) => {
            // How they are called tells those of one collection apart.
            let (one, other) = match one[1] == other[1] {
                true => (&one[2], &other[2]),
                false => (&one[1], &other[1]),
            };
            let help = format!("say which: `{one}`, `{other}`, or `*` for all");
            Err(Box::new(
                unmatched(&named, at, "several have that name").help(help),
            ))
        }
        (None, _) => {
            let known: BTreeSet<String> = names.iter().flatten().cloned().collect();
            Err(Box::new(
                unmatched(&named, at, "the package does not bring one")
                    .help(did_you_mean(name, &known)),
            ))
        }
    }
}
