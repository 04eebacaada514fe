//! How a workspace is, and what in it needs a person.

mod document;

pub use document::{
    BlockedRecipe, Drift, NextStep, ObstacleLine, StatusCounts, StatusDocument, WaitingConnection,
};

use std::collections::{BTreeMap, BTreeSet};

use super::inspect::{self, ConnectorLine, ConnectorOrigin, RecipeLine, WorkspaceIdentity};
use crate::model::ident::Version;
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;
use crate::model::workspace::{
    Address, AssetId, Authorization, Binding, FolderPath, HeldState, Inventory, RecipeState,
    VersionsKnown, WorkspaceAsset,
};
use crate::plan::decision::shell_word;
use crate::plan::import::history::{ConnectorMove, RecordError, Recorded};
use crate::plan::order::callees_first;
use crate::plan::preconditions::{Blocker, StartContext, obstacles};
use crate::plan::resolve;
use crate::plan::resolve::ResolveError;
use crate::workspace::{Workspace, WorkspaceError};

/// How many recipes one command names; more are started in several.
const NAMED: usize = 20;

/// How many commands that start recipes are told at once; a later status tells the others.
const STARTS: usize = 5;

/// What to look at.
#[derive(Clone, Debug)]
pub struct StatusRequest<'a> {
    /// Where the workspace is.
    pub address: &'a Address,
    /// Only what lies in this folder and below, and what that uses.
    pub folder: Option<&'a FolderPath>,
    /// The workspace as options of commands say it: `--in local:acme`.
    pub within: &'a str,
}

/// The status could not be told.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The workspace can't be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The newest revision can't be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// There is no such folder.
    #[error(transparent)]
    Pick(#[from] ResolveError),
}

/// How a workspace is.
///
/// # Errors
/// If it can't be read, or has no such folder.
pub fn status(
    workspace: &dyn Workspace,
    request: &StatusRequest<'_>,
) -> Result<StatusDocument, StatusError> {
    let inventory = workspace.inventory()?;
    if let Some(folder) = request.folder {
        resolve::folder(&inventory.folders, folder)?;
    }
    // Over the API the workspace knows none; whoever imported does.
    let last = match workspace.revisions()?.last() {
        None => None,
        Some(newest) => Some(Recorded::of(&workspace.revision(newest.number)?)?),
    };
    let looked = Look::at(&inventory, request.folder);
    let blocked = looked.blocked(workspace)?;
    let connections = looked.waiting(&blocked);
    let lines = inspect::connector_lines(&inventory);
    let used = looked.used();
    let concerned: Vec<&ConnectorLine> = lines
        .iter()
        .filter(|line| request.folder.is_none() || used.contains(line.internal_name.as_str()))
        .collect();
    let unreleased: Vec<ConnectorLine> = concerned
        .iter()
        .filter(|line| {
            line.origin == ConnectorOrigin::Own
                && line.latest.is_some()
                && line.latest != line.released
        })
        .map(|line| (*line).clone())
        .collect();
    let shared = concerned.iter().filter(|line| {
        line.origin == ConnectorOrigin::Shared && used.contains(line.internal_name.as_str())
    });
    let own = concerned
        .iter()
        .filter(|line| line.origin == ConnectorOrigin::Own);
    let stopped = last
        .as_ref()
        .map_or_else(Vec::new, |last| looked.stopped(last));
    Ok(StatusDocument {
        workspace: WorkspaceIdentity {
            address: request.address.clone(),
            ..(&inventory.workspace).into()
        },
        folder: request.folder.cloned(),
        state: inventory.workspace.state,
        reading: inventory.reading,
        counts: looked.counts(own.count()),
        drift: last
            .as_ref()
            .map_or_else(Vec::new, |last| looked.drift(last)),
        next: looked.next(request, last.as_ref(), &blocked, &stopped, &unreleased),
        stopped,
        blocked: blocked.iter().map(BlockedRecipe::of).collect(),
        connections,
        unreleased,
        shared: shared.map(|line| (*line).clone()).collect(),
        revision: last.map(|last| last.header),
    })
}

/// The part of a workspace that is looked at.
struct Look<'i> {
    inventory: &'i Inventory,
    folder: Option<&'i FolderPath>,
    /// The assets of the folder, and the connections that its recipes use.
    assets: Vec<&'i WorkspaceAsset>,
}

/// A recipe with what is in its way.
struct Blocked<'i> {
    recipe: &'i WorkspaceAsset,
    obstacles: Vec<Blocker>,
}

impl BlockedRecipe {
    fn of(blocked: &Blocked<'_>) -> Self {
        let key = &blocked.recipe.key;
        let obstacles = blocked.obstacles.iter();
        Self {
            id: blocked.recipe.id,
            name: key.name.to_string(),
            folder: key.place.folder(),
            obstacles: obstacles
                .map(|obstacle| ObstacleLine {
                    code: obstacle.code().to_owned(),
                    message: obstacle.to_string(),
                })
                .collect(),
        }
    }
}

impl<'i> Look<'i> {
    fn at(inventory: &'i Inventory, folder: Option<&'i FolderPath>) -> Self {
        let within = |asset: &WorkspaceAsset| {
            folder.is_none_or(|folder| folder.relative(&asset.key.place.folder()).is_some())
        };
        let inside = inventory.assets.iter().filter(|asset| within(asset));
        let bound: BTreeSet<AssetId> = inside
            .filter(|asset| asset.key.kind == AssetKind::Recipe)
            .flat_map(|recipe| &recipe.body.bindings)
            .filter_map(|binding| match binding {
                Binding::Asset(id) => Some(*id),
                Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
            })
            .collect();
        let assets = inventory.assets.iter().filter(|asset| {
            let used = asset.key.kind == AssetKind::Connection && bound.contains(&asset.id);
            used || within(asset)
        });
        Self {
            inventory,
            folder,
            assets: assets.collect(),
        }
    }

    fn recipes(&self) -> impl Iterator<Item = &'i WorkspaceAsset> {
        let assets = self.assets.iter().copied();
        assets.filter(|asset| matches!(asset.state, HeldState::Recipe(_)))
    }

    fn counts(&self, connectors: usize) -> StatusCounts {
        let mut counts = StatusCounts {
            connectors,
            ..StatusCounts::default()
        };
        for asset in &self.assets {
            match asset.state {
                HeldState::Recipe(state) => {
                    counts.recipes += 1;
                    counts.running += usize::from(state == RecipeState::Running);
                }
                HeldState::Connection(state) => {
                    counts.connections += 1;
                    counts.not_authorized += usize::from(state == Authorization::Placeholder);
                }
                HeldState::Plain => counts.others += 1,
            }
        }
        counts
    }

    /// The connectors that recipes and connections use, by internal name.
    fn used(&self) -> BTreeSet<&'i str> {
        let assets = self.assets.iter();
        let providers = assets.flat_map(|asset| &asset.body.providers);
        providers.map(String::as_str).collect()
    }

    /// Recipes that do not run and could not start, callees first.
    fn blocked(&self, workspace: &dyn Workspace) -> Result<Vec<Blocked<'i>>, StatusError> {
        let inventory = self.inventory;
        let around = StartContext {
            shared: inventory.shared.as_ref(),
            data_center: Some(&inventory.workspace.data_center),
            ..StartContext::of(&inventory.assets, &inventory.connectors)
        };
        let (mut scanner, mut bytes) = (Scanner::default(), Vec::new());
        let mut blocked = Vec::new();
        for recipe in self.recipes().filter(|recipe| !recipe.state.is_running()) {
            let unreadable = |reason: String| vec![Blocker::Unreadable { reason }];
            let obstacles = match recipe.body.files.first() {
                Some(main) => {
                    workspace.content(&main.content, &mut bytes)?;
                    match scanner.scan(&AssetKind::Recipe, &bytes) {
                        Ok(facts) => obstacles(&recipe.body, &facts, &around),
                        Err(error) => unreadable(error.to_string()),
                    }
                }
                None => unreadable("there is none".to_owned()),
            };
            if !obstacles.is_empty() {
                blocked.push(Blocked { recipe, obstacles });
            }
        }
        blocked.sort_by_key(|blocked| sort_key(blocked.recipe));
        Ok(blocked)
    }

    fn waiting(&self, blocked: &[Blocked<'_>]) -> Vec<WaitingConnection> {
        let mut recipes: BTreeMap<AssetId, usize> = BTreeMap::new();
        for obstacle in blocked.iter().flat_map(|blocked| &blocked.obstacles) {
            if let Blocker::NotAuthorized { id, .. } = obstacle {
                *recipes.entry(*id).or_default() += 1;
            }
        }
        let mut waiting: Vec<&WorkspaceAsset> = self
            .assets
            .iter()
            .copied()
            .filter(|asset| asset.state == HeldState::Connection(Authorization::Placeholder))
            .collect();
        waiting.sort_by_key(|asset| sort_key(asset));
        let waiting = waiting.into_iter().map(|asset| WaitingConnection {
            id: asset.id,
            name: asset.key.name.to_string(),
            folder: asset.key.place.folder(),
            recipes: recipes.get(&asset.id).copied().unwrap_or_default(),
        });
        waiting.collect()
    }

    /// Recipes that ran before the revision, and do not now.
    fn stopped(&self, last: &Recorded) -> Vec<RecipeLine> {
        let ran: BTreeSet<AssetId> = last
            .before
            .iter()
            .filter(|before| before.state.is_running())
            .map(|before| before.asset)
            .collect();
        let stopped = self.recipes().filter(|r| !r.state.is_running());
        inspect::recipe_lines(stopped.filter(|recipe| ran.contains(&recipe.id)))
    }

    fn drift(&self, last: &Recorded) -> Vec<Drift> {
        let held: BTreeMap<AssetId, &WorkspaceAsset> = self
            .inventory
            .assets
            .iter()
            .map(|asset| (asset.id, asset))
            .collect();
        let looked: BTreeSet<AssetId> = self.assets.iter().map(|asset| asset.id).collect();
        let about: BTreeSet<AssetId> = last.about().collect();
        let by_asset = last.by_asset();
        let mut drift = Vec::new();
        for id in about {
            let told = by_asset.planned(id);
            let (version, state) = match (by_asset.left(id), told) {
                (Some(left), _) => (left.version, recipe_state(left.state)),
                (None, Some(told)) => (told.to, told.state),
                (None, None) => continue,
            };
            let (asset, version) = match (held.get(&id), version) {
                (Some(asset), Some(version)) => (asset, version),
                (None, Some(_)) if self.folder.is_none() => {
                    let name = told.map(|told| told.name.clone());
                    drift.push(Drift::Removed { id, name });
                    continue;
                }
                (Some(_) | None, _) => continue,
            };
            if !looked.contains(&id) {
                continue;
            }
            let (name, folder) = (asset.key.name.clone(), asset.key.place.folder());
            if asset.version != version {
                drift.push(Drift::Changed {
                    id,
                    name: name.to_string(),
                    folder: folder.clone(),
                    left: version,
                    found: asset.version,
                });
            }
            if let (Some(left), Some(found)) = (state, recipe_state(asset.state))
                && left != found
            {
                drift.push(Drift::Recipe {
                    id,
                    name: name.to_string(),
                    folder,
                    left,
                    found,
                });
            }
        }
        let connectors = self.inventory.connectors.iter();
        drift.extend(connectors.filter_map(|connector| {
            let left = match last.moved(connector)? {
                ConnectorMove::Installed => Version(1),
                ConnectorMove::Moved(version) => version,
            };
            let told = connector.known != VersionsKnown::Nothing;
            (told && connector.released != Some(left)).then(|| Drift::Connector {
                title: connector.title.clone(),
                left,
                found: connector.released,
            })
        }));
        drift
    }

    fn next(
        &self,
        request: &StatusRequest<'_>,
        last: Option<&Recorded>,
        blocked: &[Blocked<'_>],
        stopped: &[RecipeLine],
        unreleased: &[ConnectorLine],
    ) -> Vec<NextStep> {
        let within = request.within;
        let mut steps = Vec::new();
        let mut add = |because: String, help: String| {
            let step = NextStep { because, help };
            if !steps.contains(&step) {
                steps.push(step);
            }
        };
        for connection in self.waiting(blocked) {
            let obstacle = Blocker::NotAuthorized {
                id: connection.id,
                name: connection.name.clone(),
            };
            let label = connection.folder.label(&connection.name);
            let because = match connection.recipes {
                0 => format!("\"{label}\" is not authorized"),
                1 => format!("\"{label}\" is not authorized, and 1 recipe waits for it"),
                many => format!("\"{label}\" is not authorized, and {many} recipes wait for it"),
            };
            add(because, obstacle.help(within));
        }
        for connector in unreleased {
            let title = shell_word(connector.title.as_str());
            add(
                format!(
                    "the newest version of \"{}\" is not released",
                    connector.title
                ),
                format!("recipack connector release {title} {within}"),
            );
        }
        for (obstacle, recipes) in grouped(blocked) {
            let help = match obstacle {
                // They were told above.
                Blocker::NotAuthorized { .. } | Blocker::NotReleased { .. } => continue,
                Blocker::NoConnection { .. }
                | Blocker::OtherApplication { .. }
                | Blocker::NoConnector { .. }
                | Blocker::NotShared { .. }
                | Blocker::SharingUnknown { .. }
                | Blocker::Unreadable { .. }
                | Blocker::OutOfReach { .. } => obstacle.help(within),
            };
            let recipes = match *recipes {
                [recipe] => format!("\"{}\"", resolve::label(&recipe.key)),
                _ => format!("{} recipes", recipes.len()),
            };
            add(format!("{recipes} can't start: {obstacle}"), help);
        }
        let stuck: BTreeSet<AssetId> = blocked.iter().map(|blocked| blocked.recipe.id).collect();
        let ran: BTreeSet<AssetId> = stopped.iter().map(|recipe| recipe.id).collect();
        let created: BTreeSet<AssetId> = last
            .iter()
            .flat_map(|last| &last.before)
            .filter(|before| before.version.is_none())
            .map(|before| before.asset)
            .collect();
        for (ids, because) in [
            (ran, "ran before the newest revision, and can start again"),
            (created, "came with the newest revision, and can start"),
        ] {
            let startable = self.startable(&ids, &stuck);
            for ids in startable.chunks(NAMED).take(STARTS) {
                let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
                let recipes = match ids.len() {
                    1 => "1 recipe".to_owned(),
                    many => format!("{many} recipes"),
                };
                add(
                    format!("{recipes} {because}"),
                    format!("recipack recipe start {} {within}", numbers.join(" ")),
                );
            }
            let others = match startable.len().saturating_sub(NAMED * STARTS) {
                0 => continue,
                1 => "1 more recipe".to_owned(),
                many => format!("{many} more recipes"),
            };
            let place = within.trim_start_matches("--in ");
            let help = format!("recipack status {place}  # once these run, names others");
            add(format!("{others} {because}"), help);
        }
        steps
    }

    /// Those of the recipes that are stopped and could start, callees first.
    fn startable(&self, ids: &BTreeSet<AssetId>, stuck: &BTreeSet<AssetId>) -> Vec<AssetId> {
        let order = callees_first(self.recipes().map(|r| (r.id, &*r.body.bindings)));
        let running: BTreeSet<AssetId> = self
            .recipes()
            .filter(|recipe| recipe.state.is_running())
            .map(|recipe| recipe.id)
            .collect();
        let could = |id: &AssetId| !stuck.contains(id) && !running.contains(id);
        order
            .into_iter()
            .filter(|id| ids.contains(id) && could(id))
            .collect()
    }
}

/// The recipes behind each obstacle, in the order in which the obstacles are met first.
fn grouped<'b>(blocked: &'b [Blocked<'_>]) -> Vec<(&'b Blocker, Vec<&'b WorkspaceAsset>)> {
    let mut groups: Vec<(&Blocker, Vec<&WorkspaceAsset>)> = Vec::new();
    let mut places: BTreeMap<&Blocker, usize> = BTreeMap::new();
    for Blocked { recipe, obstacles } in blocked {
        for obstacle in obstacles {
            let place = *places.entry(obstacle).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, recipes)) => recipes.push(recipe),
                None => groups.push((obstacle, vec![recipe])),
            }
        }
    }
    groups
}

fn sort_key(asset: &WorkspaceAsset) -> (FolderPath, String, AssetId) {
    (
        asset.key.place.folder(),
        asset.key.name.to_string(),
        asset.id,
    )
}

fn recipe_state(state: HeldState) -> Option<RecipeState> {
    match state {
        HeldState::Recipe(state) => Some(state),
        HeldState::Connection(_) | HeldState::Plain => None,
    }
}
