//! Which recipes settings start and stop.

use std::collections::BTreeMap;

use super::{
    ONE_NAME, SettingAction, SettingEffect, SettingSubject, SettingWrite, Settled, TWICE, meant,
    unmatched,
};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    AssetId, AssetKey, Authorization, Before, Binding, RecipeState, StoredFile,
};
use crate::plan::commit::Change;
use crate::plan::import::decide::ReceiptRecipe;
use crate::plan::import::{Draft, Fate, main_file};
use crate::plan::order::callees_first;
use crate::plan::preconditions::obstacles;
use crate::settings::{RecipeWish, Said};

impl Draft<'_> {
    /// What settings do with recipes: callers stop before those that they call, and start after them.
    pub(super) fn settle_recipes(
        &self,
        wishes: &BTreeMap<String, Said<RecipeWish>>,
        settled: &mut Settled,
    ) {
        let recipes: Vec<(usize, AssetId, &AssetKey)> = self
            .assets
            .iter()
            .enumerate()
            .filter_map(|(index, drafted)| {
                let key = drafted.key.filter(|key| key.kind == AssetKind::Recipe)?;
                Some((index, drafted.id?, key))
            })
            .collect();
        let mut wanted: BTreeMap<AssetId, (usize, &AssetKey, &Said<RecipeWish>)> = BTreeMap::new();
        if let Some(all) = wishes.get("*") {
            wanted.extend(
                recipes
                    .iter()
                    .map(|(index, id, key)| (*id, (*index, *key, all))),
            );
        }
        for (name, said) in wishes.iter().filter(|(name, _)| *name != "*") {
            match meant(
                "recipe",
                name,
                recipes.iter().map(|(_, _, key)| *key),
                &said.at,
            ) {
                Ok(found) => {
                    let (index, id, key) = recipes[found];
                    if settled.told.insert(id) {
                        wanted.insert(id, (index, key, said));
                    } else {
                        let finding = unmatched(&format!("recipe \"{name}\""), &said.at, TWICE);
                        settled.findings.push(finding.help(ONE_NAME));
                    }
                }
                Err(finding) => settled.findings.push(*finding),
            }
        }
        let mut around = self.surroundings();
        for id in &settled.authorized {
            if let Some(connection) = around.connections.get_mut(id) {
                connection.authorization = Authorization::Authorized;
            }
        }
        let order = self.assets.iter().filter_map(|drafted| {
            let bindings: &[Binding] = &drafted.bindings;
            Some((drafted.id?, bindings))
        });
        let order = callees_first(order);
        let restarts = self.obstacles();
        // Callers stop before those that they call, and start after them.
        let stops = order.iter().rev().map(|id| (id, RecipeState::Stopped));
        let starts = order.iter().map(|id| (id, RecipeState::Running));
        for (id, state) in stops.chain(starts) {
            let Some((index, key, said)) = wanted.get(id) else {
                continue;
            };
            let wish = match said.value {
                RecipeWish::Start => RecipeState::Running,
                RecipeWish::Stop => RecipeState::Stopped,
                RecipeWish::Leave => continue,
            };
            if wish != state {
                continue;
            }
            let drafted = &self.assets[*index];
            let runs = drafted.held.is_some_and(|held| held.state.is_running())
                && restarts.get(index).is_none_or(Vec::is_empty);
            let in_the_way = || -> Vec<String> {
                let asset = &self.project().assets[*index];
                let Some(main) = main_file(self.project(), asset) else {
                    return vec!["its JSON is not in the package".to_owned()];
                };
                let Some(content) = main.digest else {
                    return vec!["its JSON was not read".to_owned()];
                };
                let file = StoredFile {
                    extension: "json".to_owned(),
                    content,
                    size: main.size,
                };
                let Some(body) = drafted.body(self.project(), asset, file) else {
                    return vec!["its JSON was not read".to_owned()];
                };
                let facts = self.translated(&asset.facts);
                let found = obstacles(&body, &facts, &around);
                found.iter().map(ToString::to_string).collect()
            };
            let (effect, because) = match (wish, runs) {
                (RecipeState::Running, true) | (RecipeState::Stopped, false) => {
                    (SettingEffect::Keeps, Vec::new())
                }
                (RecipeState::Stopped, true) => (SettingEffect::Stops, Vec::new()),
                (RecipeState::Running, false) => match in_the_way() {
                    none if none.is_empty() => (SettingEffect::Starts, none),
                    because => (SettingEffect::CannotStart, because),
                },
            };
            if matches!(effect, SettingEffect::Starts | SettingEffect::Stops) {
                settled.changes.push(Change::SetRecipe { id: *id, state });
                settled.writes.push(SettingWrite::Recipe {
                    key: (*key).clone(),
                    state,
                });
                let untouched = matches!(drafted.fate, Fate::NoChange | Fate::Binds);
                let before = drafted.held.filter(|_| untouched).map(|held| Before {
                    asset: held.id,
                    version: Some(held.version),
                    state: held.state,
                });
                let recipe = ReceiptRecipe {
                    id: *id,
                    name: key.name.to_string(),
                    folder: key.place.folder(),
                    planned: state,
                    state,
                    obstacles: Vec::new(),
                };
                settled.recipes.push((recipe, before));
            }
            let afterwards = match effect == SettingEffect::CannotStart {
                true => RecipeState::Stopped,
                false => state,
            };
            settled.runs.insert(*id, afterwards);
            settled.actions.push(SettingAction {
                subject: SettingSubject::Recipe,
                name: key.name.to_string(),
                folder: key.place.folder(),
                effect,
                from: None,
                to: None,
                because,
                said: said.at.to_string(),
            });
        }
    }
}
