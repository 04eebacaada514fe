//! What starts, stops, authorisations and releases by hand change in a workspace.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::JsonError;
use crate::model::facts::Facts;
use crate::model::workspace::{
    AssetId, AssetKey, Authorization, HeldState, Inventory, RecipeState, Timestamp, WorkspaceAsset,
    WorkspaceConnector,
};
use crate::plan::commit::{Change, Commit};
use crate::plan::order::callees_first;
use crate::plan::preconditions::{Blocker, StartContext, obstacles};

/// A recipe that can't start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The recipe.
    pub recipe: AssetKey,
    /// Everything that is in its way; never empty.
    pub obstacles: Vec<Blocker>,
}

/// Those of the recipes that `state` would be new to, in the order in which they are to change:
/// callees start before their callers, and stop after them.
pub fn to_change(
    inventory: &Inventory,
    wanted: &BTreeSet<AssetId>,
    state: RecipeState,
) -> Vec<AssetId> {
    let recipes = inventory
        .assets
        .iter()
        .filter(|asset| matches!(asset.state, HeldState::Recipe(_)));
    let order = callees_first(
        recipes
            .clone()
            .map(|asset| (asset.id, &*asset.body.bindings)),
    );
    let changing: BTreeSet<AssetId> = recipes
        .filter(|asset| asset.state != HeldState::Recipe(state) && wanted.contains(&asset.id))
        .map(|asset| asset.id)
        .collect();
    let order = order.into_iter().filter(|id| changing.contains(id));
    match state {
        RecipeState::Running => order.collect(),
        RecipeState::Stopped => order.rev().collect(),
    }
}

/// Starts recipes: all of them, or none if one can't. `facts` are those of the recipes that
/// [`to_change`] names, as far as they can be read.
///
/// # Errors
/// The recipes that can't start, with everything that is in their way.
pub fn start(
    inventory: &Inventory,
    wanted: &BTreeSet<AssetId>,
    facts: &BTreeMap<AssetId, Result<Facts, JsonError>>,
) -> Result<Commit, Vec<Blocked>> {
    let around = StartContext {
        shared: inventory.shared.as_ref(),
        data_center: Some(&inventory.workspace.data_center),
        ..StartContext::of(&inventory.assets, &inventory.connectors)
    };
    let assets: BTreeMap<AssetId, &WorkspaceAsset> = inventory
        .assets
        .iter()
        .map(|asset| (asset.id, asset))
        .collect();
    let mut commit = Commit::on_inventory(inventory);
    let mut blocked = Vec::new();
    for id in to_change(inventory, wanted, RecipeState::Running) {
        let Some(recipe) = assets.get(&id) else {
            continue;
        };
        let unreadable = |reason: String| vec![Blocker::Unreadable { reason }];
        let obstacles = match facts.get(&id) {
            Some(Ok(facts)) => obstacles(&recipe.body, facts, &around),
            Some(Err(error)) => unreadable(error.to_string()),
            None => unreadable("there is none".to_owned()),
        };
        if obstacles.is_empty() {
            commit.changes.push(Change::SetRecipe {
                id,
                state: RecipeState::Running,
            });
        } else {
            blocked.push(Blocked {
                recipe: recipe.key.clone(),
                obstacles,
            });
        }
    }
    if blocked.is_empty() {
        Ok(commit)
    } else {
        Err(blocked)
    }
}

/// Stops recipes.
pub fn stop(inventory: &Inventory, wanted: &BTreeSet<AssetId>) -> Commit {
    let mut commit = Commit::on(&inventory.workspace);
    let changes = to_change(inventory, wanted, RecipeState::Stopped)
        .into_iter()
        .map(|id| Change::SetRecipe {
            id,
            state: RecipeState::Stopped,
        });
    commit.changes.extend(changes);
    commit
}

/// Marks connections as authorised.
pub fn authorize(inventory: &Inventory, wanted: &BTreeSet<AssetId>) -> Commit {
    let mut commit = Commit::on(&inventory.workspace);
    let placeholders = inventory.assets.iter().filter(|asset| {
        asset.state == HeldState::Connection(Authorization::Placeholder)
            && wanted.contains(&asset.id)
    });
    let changes = placeholders.map(|asset| Change::SetConnection {
        id: asset.id,
        authorization: Authorization::Authorized,
    });
    commit.changes.extend(changes);
    commit
}

/// Releases a connector's newest version: no other one can be (platform.md §3).
pub fn release(inventory: &Inventory, connector: &WorkspaceConnector, at: Timestamp) -> Commit {
    let mut commit = Commit::on(&inventory.workspace);
    // Where the newest version is not known, only whoever releases it can say which it is.
    let is_released = connector.newest().is_some() && connector.newest() == connector.released;
    if let Some(latest) = connector.latest()
        && !is_released
    {
        commit.changes.push(Change::ReleaseVersion {
            id: connector.id,
            version: latest.number,
            at,
        });
    }
    commit
}
