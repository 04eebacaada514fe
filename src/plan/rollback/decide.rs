//! From a draft to the plan and the changes that carry it out.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{
    FORMAT, Irreversible, Refusal, RollbackPlan, RollbackReceipt, RollbackSummary, RolledAction,
    RolledAsset, RolledConnector, RolledConnectorAction,
};
use super::{Draft, Fate, Lists, Target, is_properties, same, stays};
use crate::json::JsonError;
use crate::model::facts::Facts;
use crate::model::ident::{Digest, Version};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    Address, AssetId, AssetKey, Before, Binding, Body, HeldState, HeldVersion, RecipeState,
    WorkspaceAsset, WorkspaceConnector,
};
use crate::plan::commit::Commit;
use crate::plan::import::document::{MovedRecipe, Needed, Permission, PlannedWorkspace};
use crate::plan::import::history;
use crate::plan::import::history::{ReleasedBefore, RemovedAsset};
use crate::plan::preconditions::{Blocker, ConnectorState, StartContext, obstacles};
use crate::plan::resolve::label;

/// A rollback that was planned.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The plan.
    pub plan: RollbackPlan,
    /// The changes that carry it out; without a revision yet.
    pub commit: Commit,
    /// The assets that they change, as they are before.
    pub before: Vec<Before>,
    /// What will have been done; without a revision yet. What it removes holds the newest version
    /// only: the earlier ones are for whoever can [fetch](Decided::removes) them.
    pub receipt: RollbackReceipt,
}

/// An asset as it will be.
pub(super) struct Planned<'a> {
    pub(super) target: &'a Target<'a>,
    pub(super) rolled: RolledAsset,
}

/// A connector whose earlier code is restored.
pub(super) struct Restored<'a> {
    pub(super) connector: &'a WorkspaceConnector,
    pub(super) version: HeldVersion,
}

impl Draft<'_> {
    /// The plan. `facts` are those of the [contents](Draft::questions) that had to be read, as far as they
    /// can be.
    pub fn decide(
        &self,
        facts: &BTreeMap<Digest, Result<Facts, JsonError>>,
        address: &Address,
    ) -> Decided {
        let inventory = self.situation.inventory;
        let (connectors, code, mut irreversible) = self.connectors();
        let after = self.after();
        let mut around = StartContext {
            shared: inventory.shared.as_ref(),
            data_center: Some(&inventory.workspace.data_center),
            ..StartContext::of(&after, &inventory.connectors)
        };
        for Restored { connector, version } in &code {
            let state = ConnectorState {
                title: &connector.title,
                released: Some(version.number),
            };
            around
                .connectors
                .insert(connector.internal_name.as_str(), state);
        }
        let planned: Vec<Planned<'_>> = self
            .targets
            .iter()
            .map(|target| Planned {
                target,
                rolled: rolled(target, facts, &around),
            })
            .collect();
        irreversible.extend(self.irreversible(&planned, &connectors, facts));
        let workspace = &inventory.workspace;
        let assets: Vec<RolledAsset> = planned.iter().map(|p| p.rolled.clone()).collect();
        let plan = RollbackPlan {
            format: FORMAT,
            workspace: PlannedWorkspace {
                address: address.clone(),
                id: workspace.id,
                kind: workspace.kind,
                state: workspace.state,
                revision: workspace.revision,
            },
            to: self.situation.to,
            restored: self.situation.restored.cloned(),
            undone: self
                .situation
                .undone
                .iter()
                .map(|undone| undone.header.clone())
                .collect(),
            created: self.situation.created,
            summary: summary(&connectors, &assets),
            needs: needs(&connectors, &assets),
            refused: self.refused(&after),
            irreversible,
            connectors,
            assets,
        };
        self.carry(plan, &planned, &code, &after)
    }

    fn connectors(&self) -> (Vec<RolledConnector>, Vec<Restored<'_>>, Vec<Irreversible>) {
        let concerned = self.concerned();
        let (mut rolled, mut restored, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        for connector in &self.situation.inventory.connectors {
            use RolledConnectorAction as Action;
            let (action, code_of) = match history::released_before(self.situation.undone, connector)
            {
                ReleasedBefore::Unchanged => continue,
                ReleasedBefore::Absent => (Action::StaysBehind, None),
                ReleasedBefore::Nothing => {
                    lost.push(Irreversible::Release {
                        title: connector.title.clone(),
                    });
                    (Action::Irretrievable, None)
                }
                ReleasedBefore::Version(version) => {
                    let earlier = connector.version(version);
                    match (earlier, connector.running()) {
                        (Some(earlier), Some(running)) if same_code(earlier, running) => {
                            (Action::Unchanged, Some(version))
                        }
                        (Some(earlier), _) if earlier.code.is_some() => {
                            (Action::Restores, Some(version))
                        }
                        (Some(_) | None, _) => {
                            lost.push(Irreversible::Code {
                                title: connector.title.clone(),
                                version,
                            });
                            (Action::Irretrievable, None)
                        }
                    }
                }
            };
            let users = self.users(connector);
            let mut line = RolledConnector {
                title: connector.title.clone(),
                internal_name: connector.internal_name.clone(),
                action,
                from: connector.released,
                to: connector.released,
                code_of,
                recipes: users.len(),
                concerned: Vec::new(),
                moves: Vec::new(),
            };
            if let (Action::Restores, Some(earlier), Some(latest)) = (
                action,
                code_of.and_then(|version| connector.version(version)),
                connector.latest(),
            ) {
                let number = Version(latest.number.0.saturating_add(1));
                line.to = Some(number);
                let (inside, outside): (Vec<_>, Vec<_>) =
                    users.iter().partition(|user| concerned.contains(&user.id));
                line.concerned = inside
                    .iter()
                    .map(|user: &&WorkspaceAsset| user.id)
                    .collect();
                line.moves = outside.into_iter().filter_map(moved).collect();
                restored.push(Restored {
                    connector,
                    version: HeldVersion {
                        number,
                        created_at: self.situation.at,
                        released_at: None,
                        ..earlier.clone()
                    },
                });
            }
            rolled.push(line);
        }
        (rolled, restored, lost)
    }

    /// The recipes that use a connector.
    fn users(&self, connector: &WorkspaceConnector) -> Vec<&WorkspaceAsset> {
        let name = connector.internal_name.as_str();
        let recipes = self.situation.inventory.assets.iter();
        recipes
            .filter(|asset| matches!(asset.state, HeldState::Recipe(_)))
            .filter(|asset| asset.body.providers.iter().any(|used| used == name))
            .collect()
    }

    /// The assets of the workspace as they will be, but for the states of recipes.
    fn after(&self) -> Vec<WorkspaceAsset> {
        let targets: BTreeMap<AssetId, &Target<'_>> = self
            .targets
            .iter()
            .map(|target| (target.id, target))
            .collect();
        let mut after = Vec::with_capacity(self.situation.inventory.assets.len());
        for asset in &self.situation.inventory.assets {
            let mut asset = asset.clone();
            match targets.get(&asset.id).map(|target| target.fate) {
                Some(Fate::Removes) => continue,
                Some(Fate::Restores(body, _)) => {
                    asset.version = next(asset.version);
                    asset.body.clone_from(body);
                }
                Some(Fate::Recreates(..) | Fate::Same(_) | Fate::Keeps) | None => {}
            }
            after.push(asset);
        }
        for target in &self.targets {
            if let Fate::Recreates(removed, body, _) = target.fate {
                after.push(WorkspaceAsset {
                    id: target.id,
                    key: target.key.clone(),
                    version: recreated_version(removed, body),
                    body: body.clone(),
                    state: HeldState::of_new(&target.key.kind),
                });
            }
        }
        after
    }

    fn refused(&self, after: &[WorkspaceAsset]) -> Vec<Refusal> {
        let gone: BTreeMap<AssetId, &AssetKey> = self
            .targets
            .iter()
            .filter(|target| matches!(target.fate, Fate::Removes))
            .map(|target| (target.id, target.key))
            .collect();
        let mut needed: BTreeMap<AssetId, BTreeSet<String>> = BTreeMap::new();
        let mut places: BTreeMap<&AssetKey, AssetId> = BTreeMap::new();
        let mut refused = Vec::new();
        for asset in after {
            for binding in &asset.body.bindings {
                if let Binding::Asset(id) = binding
                    && gone.contains_key(id)
                {
                    needed.entry(*id).or_default().insert(label(&asset.key));
                }
            }
            if let Some(by) = places.insert(&asset.key, asset.id) {
                refused.push(Refusal::Taken {
                    name: asset.key.name.to_string(),
                    folder: asset.key.place.folder(),
                    by,
                });
            }
        }
        let needed = needed.into_iter().filter_map(|(id, by)| {
            let key = gone.get(&id)?;
            Some(Refusal::Needed {
                name: key.name.to_string(),
                folder: key.place.folder(),
                by: by.into_iter().collect(),
            })
        });
        refused.extend(needed);
        refused
    }

    fn irreversible(
        &self,
        planned: &[Planned<'_>],
        connectors: &[RolledConnector],
        facts: &BTreeMap<Digest, Result<Facts, JsonError>>,
    ) -> Vec<Irreversible> {
        let mut told = Vec::new();
        let (jobs, events) = self.meanwhile(planned, connectors);
        if jobs > 0 {
            told.push(Irreversible::Jobs { recipes: jobs });
        }
        if events > 0 {
            told.push(Irreversible::Events { recipes: events });
        }
        let (mut created, mut names, mut tables) = (0, BTreeSet::new(), BTreeSet::new());
        for target in &self.targets {
            let key = target.key;
            match (target.fate, &key.kind) {
                (Fate::Keeps, AssetKind::Connection) => created += 1,
                (Fate::Removes | Fate::Recreates(..), AssetKind::Connection) => {
                    told.push(Irreversible::Credentials {
                        connection: key.name.to_string(),
                        folder: key.place.folder(),
                    });
                }
                (Fate::Restores(body, _), AssetKind::LookupTable | AssetKind::DataTable) => {
                    let files = target.held.map(|held| &held.body.files);
                    if files != Some(&body.files) {
                        tables.insert(key.name.clone());
                    }
                }
                (Fate::Restores(body, _), kind) if is_properties(kind) => {
                    let named = |body: &Body| -> BTreeSet<String> {
                        let facts = body.files.first().and_then(|file| facts.get(&file.content));
                        let facts = facts.and_then(|facts| facts.as_ref().ok());
                        let names = facts.map_or(&[][..], Facts::properties);
                        names.iter().map(ToString::to_string).collect()
                    };
                    let now = target.held.map(|held| named(&held.body));
                    let then = named(body);
                    names.extend(now.unwrap_or_default().difference(&then).cloned());
                }
                (
                    Fate::Restores(..)
                    | Fate::Recreates(..)
                    | Fate::Same(_)
                    | Fate::Keeps
                    | Fate::Removes,
                    _,
                ) => {}
            }
        }
        if created > 0 {
            told.push(Irreversible::Connections { created });
        }
        let there = &self.situation.inventory.folders;
        let folders = history::folders(self.situation.undone).into_iter();
        let folders: Vec<_> = folders.filter(|f| there.contains(f)).cloned().collect();
        if !folders.is_empty() {
            told.push(Irreversible::Folders { folders });
        }
        if !names.is_empty() {
            told.push(Irreversible::Properties {
                names: names.iter().cloned().collect(),
            });
        }
        if !tables.is_empty() {
            told.push(Irreversible::Rows {
                tables: tables.iter().map(ToString::to_string).collect(),
            });
        }
        let undone = self.situation.undone.iter();
        told.extend(stays(undone, Lists::Left, &names));
        let known = history::names(self.situation.undone);
        told.extend(self.gone.iter().map(|id| Irreversible::Gone {
            id: *id,
            name: known.get(id).map(|named| named.name.to_owned()),
        }));
        told
    }

    /// How many recipes may have run in what is undone, and how many miss events.
    fn meanwhile(&self, planned: &[Planned<'_>], connectors: &[RolledConnector]) -> (usize, usize) {
        let restored: BTreeSet<&str> = connectors
            .iter()
            .filter(|connector| !connector.is_settled())
            .map(|connector| connector.internal_name.as_str())
            .collect();
        let mut ran: BTreeSet<AssetId> = self
            .situation
            .inventory
            .assets
            .iter()
            .filter(|asset| matches!(asset.state, HeldState::Recipe(_)))
            .filter(|asset| {
                let mut used = asset.body.providers.iter();
                used.any(|used| restored.contains(used.as_str()))
            })
            .map(|asset| asset.id)
            .collect();
        let mut missing = 0;
        for Planned { target, rolled } in planned {
            if target.key.kind != AssetKind::Recipe {
                continue;
            }
            match target.fate {
                Fate::Restores(..) | Fate::Removes => {
                    ran.insert(target.id);
                }
                Fate::Keeps if !rolled.is_settled() => {
                    ran.insert(target.id);
                }
                Fate::Recreates(..) | Fate::Same(_) | Fate::Keeps => {}
            }
            let restarts = target.is_running() && matches!(target.fate, Fate::Restores(..));
            let starts = rolled.wanted == Some(RecipeState::Running) && !target.is_running();
            missing += usize::from(restarts || starts);
        }
        (ran.len(), missing)
    }
}

fn next(version: Version) -> Version {
    Version(version.0.saturating_add(1))
}

/// The version of an asset that was created again: its last one, or one more.
fn recreated_version(removed: &RemovedAsset, body: &Body) -> Version {
    let last = Version(removed.versions.len() as u64);
    match removed.versions.last() {
        Some(newest) if same(newest, body) => last,
        Some(_) | None => next(last),
    }
}

fn same_code(one: &HeldVersion, other: &HeldVersion) -> bool {
    one.number == other.number
        || one.code.is_some()
            && (one.code, one.json, &one.logo) == (other.code, other.json, &other.logo)
}

pub(super) fn moved(recipe: &WorkspaceAsset) -> Option<MovedRecipe> {
    match recipe.state {
        HeldState::Recipe(state) => Some(MovedRecipe {
            id: recipe.id,
            name: recipe.key.name.to_string(),
            folder: recipe.key.place.folder(),
            state,
        }),
        HeldState::Connection(_) | HeldState::Plain => None,
    }
}

fn rolled(
    target: &Target<'_>,
    facts: &BTreeMap<Digest, Result<Facts, JsonError>>,
    around: &StartContext<'_>,
) -> RolledAsset {
    let in_the_way = target.starts().map_or_else(Vec::new, |body| {
        let unreadable = |reason: String| vec![Blocker::Unreadable { reason }];
        let main = body.files.first();
        match main.and_then(|file| facts.get(&file.content)) {
            Some(Ok(facts)) => obstacles(body, facts, around),
            Some(Err(error)) => unreadable(error.to_string()),
            None => unreadable("there is none".to_owned()),
        }
    });
    let state = match target.wanted {
        Some(RecipeState::Running) if !in_the_way.is_empty() => Some(RecipeState::Stopped),
        wanted => wanted,
    };
    let from = target.held.map(|held| held.version);
    let switches = target.wanted != target.running();
    let (action, to, contents_of) = match target.fate {
        Fate::Restores(_, version) => (RolledAction::Restores, from.map(next), Some(version)),
        Fate::Recreates(removed, body, version) => (
            RolledAction::Recreates,
            Some(recreated_version(removed, body)),
            Some(version),
        ),
        Fate::Same(version) => {
            let action = match target.wanted {
                Some(RecipeState::Running) if switches => RolledAction::Starts,
                Some(RecipeState::Stopped) if switches => RolledAction::Stops,
                Some(_) | None => RolledAction::Unchanged,
            };
            (action, from, Some(version))
        }
        Fate::Keeps if switches => (RolledAction::StopsCreated, from, None),
        Fate::Keeps => (RolledAction::KeepsCreated, from, None),
        Fate::Removes => (RolledAction::RemovesCreated, None, None),
    };
    RolledAsset {
        id: target.id,
        kind: target.key.kind.clone(),
        name: target.key.name.to_string(),
        folder: target.key.place.folder(),
        action,
        from,
        to,
        contents_of,
        running: target.running(),
        wanted: target.wanted,
        state,
        obstacles: in_the_way.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn summary(connectors: &[RolledConnector], assets: &[RolledAsset]) -> RollbackSummary {
    let mut summary = RollbackSummary::default();
    for asset in assets {
        match asset.action {
            RolledAction::Restores => {
                summary.restores += 1;
                let running = asset.running == Some(RecipeState::Running);
                summary.restores_running += usize::from(running);
            }
            RolledAction::Recreates => summary.recreates += 1,
            RolledAction::Starts | RolledAction::Stops => summary.switches += 1,
            RolledAction::Unchanged => summary.unchanged += 1,
            RolledAction::StopsCreated => {
                summary.keeps += 1;
                summary.switches += 1;
            }
            RolledAction::KeepsCreated => summary.keeps += 1,
            RolledAction::RemovesCreated => summary.removes += 1,
        }
        summary.blocked += usize::from(!asset.obstacles.is_empty());
    }
    let restored = connectors.iter().filter(|c| !c.is_settled());
    summary.connectors = restored.count();
    summary
}

pub(super) fn needs(connectors: &[RolledConnector], assets: &[RolledAsset]) -> Vec<Needed> {
    let mut needs = Vec::new();
    let restarts = assets.iter().filter(|asset| {
        asset.action == RolledAction::Restores && asset.running == Some(RecipeState::Running)
    });
    let restarts = restarts.count();
    if restarts > 0 {
        needs.push(Needed {
            permission: Permission::RestartRecipes,
            because: format!("{} would be stopped and restored", running(restarts)),
        });
    }
    for connector in connectors {
        let moves = connector.moves.iter();
        let moves = moves.filter(|moved| moved.state == RecipeState::Running);
        let moves = moves.count();
        if let (Some(version), true) = (connector.code_of, moves > 0) {
            needs.push(Needed {
                permission: Permission::MoveRecipes,
                because: format!(
                    "the code of \"{}\" {version} also moves {}, which the undone revisions were not about",
                    connector.title,
                    running(moves)
                ),
            });
        }
    }
    needs
}

fn running(recipes: usize) -> String {
    match recipes {
        1 => "1 running recipe".to_owned(),
        many => format!("{many} running recipes"),
    }
}
