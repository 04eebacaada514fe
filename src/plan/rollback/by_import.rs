//! A rollback where earlier contents can only come back as a package: what its import would do,
//! together with what was there before, is the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{
    CreatedSince, FORMAT, Irreversible, Refusal, RollbackPlan, RolledAction, RolledAsset,
    RolledConnector, RolledConnectorAction,
};
use super::kept::{
    KeptBefore, KeptHistory, KeptRelease, KeptRevision, first_changes, first_releases,
};
use super::{Lists, decide, is_properties, stays};
use crate::model::finding::Finding;
use crate::model::ident::{ConnectorTitle, Version};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    Address, AssetId, AssetKey, FolderPath, HeldState, Inventory, RecipeState, RevisionNumber,
    WorkspaceAsset,
};
use crate::plan::import::document::{
    AssetAction, ConnectorAction, ImportPlan, MovedRecipe, Needed, Permission, PlannedAsset,
    PlannedConnector, PlannedWorkspace,
};
use crate::plan::import::edits::first_of;
use crate::plan::import::history;
use crate::plan::import::settings::{SettingEffect, SettingSubject};
use crate::plan::resolve::label;

/// What somebody else did since to what an import left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It is otherwise now.
    Changed,
    /// It is not there any more, or has another name.
    Gone,
    /// What was sent is not kept any more, so that nobody can tell.
    Unknown,
}

/// What is otherwise now than the undone revisions left it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Assets.
    pub assets: BTreeMap<AssetKey, Edit>,
    /// Connectors.
    pub connectors: BTreeMap<ConnectorTitle, Edit>,
}

/// What the import of the earlier contents would do.
#[derive(Clone, Copy, Debug)]
pub struct Restoring<'a> {
    /// Its plan.
    pub plan: &'a ImportPlan,
    /// What stands against it.
    pub errors: &'a [Finding],
}

/// A workspace, and what is known of the way back.
#[derive(Clone, Copy, Debug)]
pub struct KeptSituation<'a> {
    /// Where it is.
    pub address: &'a Address,
    /// What it holds now.
    pub inventory: &'a Inventory,
    /// Its history.
    pub history: &'a KeptHistory,
    /// What becomes of assets that were created since.
    pub created: CreatedSince,
    /// What the import of the earlier contents would do; none if there are none.
    pub restoring: Option<Restoring<'a>>,
    /// What somebody else changed since.
    pub edits: &'a Edits,
}

impl KeptSituation<'_> {
    /// The plan.
    pub fn plan(&self) -> RollbackPlan {
        let mut irreversible = Vec::new();
        let connectors = self.connectors(&mut irreversible);
        let assets = self.assets(&mut irreversible);
        self.lasting(&assets, &connectors, &mut irreversible);
        let workspace = &self.inventory.workspace;
        let undone = self.undone();
        RollbackPlan {
            format: FORMAT,
            workspace: PlannedWorkspace {
                address: self.address.clone(),
                id: workspace.id,
                kind: workspace.kind,
                state: workspace.state,
                revision: self.history.newest,
            },
            to: match &self.history.restored {
                Some(restored) => restored.number,
                None => RevisionNumber(0),
            },
            restored: self.history.restored.clone(),
            undone: undone
                .map(|undone| undone.recorded.header.clone())
                .collect(),
            created: self.created,
            summary: decide::summary(&connectors, &assets),
            needs: self.needs(&connectors, &assets),
            refused: self.refused(),
            irreversible,
            connectors,
            assets,
        }
    }

    fn undone(&self) -> impl Iterator<Item = &KeptRevision> {
        self.history.undone.iter()
    }

    fn held(&self) -> BTreeMap<&AssetKey, &WorkspaceAsset> {
        let assets = self.inventory.assets.iter();
        assets.map(|asset| (&asset.key, asset)).collect()
    }

    fn assets(&self, irreversible: &mut Vec<Irreversible>) -> Vec<RolledAsset> {
        let held = self.held();
        let mut rolled = Vec::new();
        for (key, (_, before)) in first_changes(&self.history.undone) {
            let there = held.get(key).copied();
            match (before, there) {
                // Created since, and removed again.
                (None, None) => {}
                (None, Some(there)) => rolled.push(self.created(there)),
                (Some(before), there) => match self.restored(key, before, there) {
                    Some(asset) => rolled.push(asset),
                    None => irreversible.push(Irreversible::Contents {
                        name: key.name.to_string(),
                        folder: key.place.folder(),
                    }),
                },
            }
        }
        rolled.sort_by(|a, b| (&a.folder, &a.name, a.id).cmp(&(&b.folder, &b.name, b.id)));
        rolled
    }

    fn created(&self, there: &WorkspaceAsset) -> RolledAsset {
        let running = recipe_state(there.state);
        let stops = running == Some(RecipeState::Running) && self.created == CreatedSince::Stop;
        let wanted = match stops {
            true => Some(RecipeState::Stopped),
            false => running,
        };
        RolledAsset {
            id: there.id,
            kind: there.key.kind.clone(),
            name: there.key.name.to_string(),
            folder: there.key.place.folder(),
            action: match stops {
                true => RolledAction::StopsCreated,
                false => RolledAction::KeepsCreated,
            },
            from: told(there.version),
            to: told(there.version),
            contents_of: None,
            running,
            wanted,
            state: wanted,
            obstacles: Vec::new(),
        }
    }

    fn restored(
        &self,
        key: &AssetKey,
        before: &KeptBefore,
        there: Option<&WorkspaceAsset>,
    ) -> Option<RolledAsset> {
        let planned = self.planned(before)?;
        let running = there.and_then(|there| recipe_state(there.state));
        let wanted = recipe_state(before.state);
        let obstacles = self.obstacles(key);
        let state = match wanted {
            Some(RecipeState::Running) if !obstacles.is_empty() => Some(RecipeState::Stopped),
            wanted => wanted,
        };
        let from = there.and_then(|there| told(there.version));
        let next = from.map(|from| Version(from.0.saturating_add(1)));
        let (action, to) = match planned.action {
            AssetAction::Creates | AssetAction::CreatesPlaceholder => {
                (RolledAction::Recreates, None)
            }
            AssetAction::Overwrites | AssetAction::OverwritesRunning => {
                (RolledAction::Restores, next)
            }
            AssetAction::NoChange
            | AssetAction::BindsToExisting
            | AssetAction::NotRead
            | AssetAction::KeepsEdits => {
                let action = match wanted {
                    Some(RecipeState::Running) if wanted != running => RolledAction::Starts,
                    Some(RecipeState::Stopped) if wanted != running => RolledAction::Stops,
                    Some(_) | None => RolledAction::Unchanged,
                };
                (action, from)
            }
        };
        Some(RolledAsset {
            id: there.map_or(before.id, |there| there.id),
            kind: key.kind.clone(),
            name: key.name.to_string(),
            folder: key.place.folder(),
            action,
            from,
            to,
            contents_of: before.version,
            running,
            wanted,
            state,
            obstacles,
        })
    }

    /// What the import would do to an asset, by one of its files.
    fn planned(&self, before: &KeptBefore) -> Option<&PlannedAsset> {
        let mut assets = self.restoring?.plan.assets.iter();
        assets.find(|asset| before.files.contains(&asset.path))
    }

    /// Why a recipe that is to run can't start.
    fn obstacles(&self, key: &AssetKey) -> Vec<String> {
        let settings = self.restoring.and_then(|r| r.plan.settings.as_ref());
        let mut actions = settings.iter().flat_map(|settings| &settings.actions);
        let found = actions.find(|action| {
            action.subject == SettingSubject::Recipe
                && action.effect == SettingEffect::CannotStart
                && *action.name == *key.name
                && action.folder == key.place.folder()
        });
        found.map_or_else(Vec::new, |action| action.because.clone())
    }

    fn connectors(&self, irreversible: &mut Vec<Irreversible>) -> Vec<RolledConnector> {
        use RolledConnectorAction as Action;
        let concerned = self.concerned();
        let mut rolled = Vec::new();
        for (title, (_, before)) in first_releases(&self.history.undone) {
            let mut there = self.inventory.connectors.iter();
            let there = there.find(|connector| connector.title == *title);
            let planned = before.and_then(|before| self.planned_connector(title, before));
            let action = match (before, planned.map(|planned| planned.action)) {
                (None, _) => Action::StaysBehind,
                (Some(_), Some(ConnectorAction::Same)) => Action::Unchanged,
                (
                    Some(_),
                    Some(
                        ConnectorAction::Update
                        | ConnectorAction::Downgrade
                        | ConnectorAction::Install,
                    ),
                ) => Action::Restores,
                (
                    Some(before),
                    None
                    | Some(
                        ConnectorAction::UsesShared
                        | ConnectorAction::UsesOwn
                        | ConnectorAction::Elsewhere
                        | ConnectorAction::Unknown
                        | ConnectorAction::Blocked,
                    ),
                ) => {
                    irreversible.push(match before.version {
                        Some(version) => Irreversible::Code {
                            title: title.clone(),
                            version,
                        },
                        None => Irreversible::Release {
                            title: title.clone(),
                        },
                    });
                    Action::Irretrievable
                }
            };
            let named = there.map(|there| &there.internal_name);
            let Some(internal_name) = named.or(before.map(|before| &before.internal_name)) else {
                // Installed since, and nobody tells of it.
                continue;
            };
            let users = self.users(internal_name.as_str());
            let released = there.and_then(|there| there.released);
            let restores = action == Action::Restores;
            let (inside, outside): (Vec<_>, Vec<_>) =
                users.iter().partition(|user| concerned.holds(user));
            let outside = outside.into_iter().filter_map(decide::moved);
            rolled.push(RolledConnector {
                title: title.clone(),
                internal_name: internal_name.clone(),
                action,
                from: released,
                to: match (restores, planned) {
                    (true, Some(planned)) => planned.to,
                    (_, _) => released,
                },
                code_of: match action {
                    Action::Restores | Action::Unchanged => before.and_then(|b| b.version),
                    Action::StaysBehind | Action::Irretrievable => None,
                },
                recipes: users.len(),
                concerned: match restores {
                    true => inside.iter().map(|user| user.id).collect(),
                    false => Vec::new(),
                },
                moves: match restores {
                    true => self.moves(title, outside.collect(), &concerned),
                    false => Vec::new(),
                },
            });
        }
        rolled
    }

    fn planned_connector(
        &self,
        title: &ConnectorTitle,
        before: &KeptRelease,
    ) -> Option<&PlannedConnector> {
        if before.files.is_empty() {
            return None;
        }
        let mut connectors = self.restoring?.plan.connectors.iter();
        connectors.find(|connector| connector.title.as_ref() == Some(title))
    }

    /// The recipes that no undone revision was about: those that lie where was read, and elsewhere.
    fn moves(
        &self,
        title: &ConnectorTitle,
        mut here: Vec<MovedRecipe>,
        concerned: &Concerned<'_>,
    ) -> Vec<MovedRecipe> {
        let plans = self.restoring.iter();
        let connectors = plans.flat_map(|restoring| &restoring.plan.connectors);
        let connectors = connectors.filter(|connector| connector.title.as_ref() == Some(title));
        for moved in connectors.flat_map(|connector| &connector.moves) {
            let known = here.iter().any(|here| here.id == moved.id);
            if !known && !concerned.is(moved.id, &moved.folder, &moved.name) {
                here.push(moved.clone());
            }
        }
        here
    }

    fn users(&self, internal_name: &str) -> Vec<&WorkspaceAsset> {
        let recipes = self.inventory.assets.iter();
        recipes
            .filter(|asset| matches!(asset.state, HeldState::Recipe(_)))
            .filter(|asset| {
                asset
                    .body
                    .providers
                    .iter()
                    .any(|used| used == internal_name)
            })
            .collect()
    }

    fn concerned(&self) -> Concerned<'_> {
        let mut concerned = Concerned::default();
        for revision in self.undone() {
            concerned.ids.extend(revision.recorded.about());
            let named = revision.recorded.assets.iter();
            let named = named.filter(|asset| asset.kind == AssetKind::Recipe);
            concerned
                .named
                .extend(named.map(|asset| (asset.folder.as_str(), asset.name.as_str())));
        }
        concerned
    }

    fn lasting(
        &self,
        assets: &[RolledAsset],
        connectors: &[RolledConnector],
        told: &mut Vec<Irreversible>,
    ) {
        let recipes = assets
            .iter()
            .filter(|asset| asset.kind == AssetKind::Recipe);
        let mut ran: BTreeSet<AssetId> = BTreeSet::new();
        let mut missing = 0;
        for recipe in recipes {
            match recipe.action {
                RolledAction::Restores | RolledAction::StopsCreated => {
                    ran.insert(recipe.id);
                }
                RolledAction::Recreates
                | RolledAction::Starts
                | RolledAction::Stops
                | RolledAction::Unchanged
                | RolledAction::KeepsCreated
                | RolledAction::RemovesCreated => {}
            }
            let running = recipe.running == Some(RecipeState::Running);
            let restarts = running && recipe.action == RolledAction::Restores;
            let starts = !running && recipe.wanted == Some(RecipeState::Running);
            missing += usize::from(restarts || starts);
        }
        let restored = connectors
            .iter()
            .filter(|connector| !connector.is_settled());
        for connector in restored {
            let users = self.users(connector.internal_name.as_str());
            ran.extend(users.iter().map(|user| user.id));
        }
        if !ran.is_empty() {
            told.push(Irreversible::Jobs { recipes: ran.len() });
        }
        if missing > 0 {
            told.push(Irreversible::Events { recipes: missing });
        }
        let created = assets.iter().filter(|asset| {
            asset.kind == AssetKind::Connection && asset.action == RolledAction::KeepsCreated
        });
        let created = created.count();
        if created > 0 {
            told.push(Irreversible::Connections { created });
        }
        let recorded: Vec<_> = self
            .undone()
            .map(|undone| undone.recorded.clone())
            .collect();
        let folders = history::folders(&recorded).into_iter();
        let there = &self.inventory.folders;
        let folders: Vec<_> = folders.filter(|f| there.contains(f)).cloned().collect();
        if !folders.is_empty() {
            told.push(Irreversible::Folders { folders });
        }
        let restored = |asset: &&RolledAsset| asset.action == RolledAction::Restores;
        let tables = assets
            .iter()
            .filter(restored)
            .filter(|asset| matches!(asset.kind, AssetKind::LookupTable | AssetKind::DataTable));
        let tables: Vec<String> = tables.map(|table| table.name.clone()).collect();
        if !tables.is_empty() {
            told.push(Irreversible::RowsStay { tables });
        }
        let undone = self.undone().map(|undone| &undone.recorded);
        // What a list of properties is restored to has names, and no values.
        let lists = assets.iter().filter(restored);
        let lists = lists.filter(|asset| is_properties(&asset.kind)).count();
        let lists = match lists {
            0 => Lists::Left,
            _ => Lists::Restored,
        };
        told.extend(stays(undone, lists, &BTreeSet::new()));
    }

    fn needs(&self, connectors: &[RolledConnector], assets: &[RolledAsset]) -> Vec<Needed> {
        let mut needs = decide::needs(connectors, assets);
        needs.extend(self.edited());
        needs
    }

    /// What it takes to undo what somebody else did since.
    fn edited(&self) -> Vec<Needed> {
        let first = first_changes(&self.history.undone);
        let releases = first_releases(&self.history.undone);
        let of = |edit: Edit| -> Vec<String> {
            let assets = self.edits.assets.iter().filter(|(key, found)| {
                let before = first.get(key).and_then(|(_, before)| *before);
                // What was created since stays as it is.
                **found == edit && before.is_some_and(|before| self.planned(before).is_some())
            });
            let assets = assets.map(|(key, _)| format!("\"{}\"", label(key)));
            let connectors = self.edits.connectors.iter().filter(|(title, found)| {
                let before = releases.get(title).and_then(|(_, before)| *before);
                **found == edit && before.is_some()
            });
            let connectors = connectors.map(|(title, _)| format!("connector \"{title}\""));
            assets.chain(connectors).collect()
        };
        [
            (Edit::Changed, "changed since, by somebody else"),
            (Edit::Gone, "removed or renamed since, by somebody else"),
            (
                Edit::Unknown,
                "perhaps changed since: what was sent is not kept any more",
            ),
        ]
        .into_iter()
        .filter_map(|(edit, what)| {
            let names = of(edit);
            Some(Needed {
                permission: Permission::OverwriteEdits,
                because: format!("{}: {what}", first_of(&names)?),
            })
        })
        .collect()
    }

    fn refused(&self) -> Vec<Refusal> {
        let restoring = self.restoring.iter();
        let errors = restoring.flat_map(|restoring| restoring.errors);
        errors
            .map(|error| Refusal::Import {
                code: error.code.to_string(),
                message: error.message.clone(),
            })
            .collect()
    }
}

/// Recipes that undone revisions were about.
#[derive(Debug, Default)]
struct Concerned<'a> {
    ids: BTreeSet<AssetId>,
    named: BTreeSet<(&'a str, &'a str)>,
}

impl Concerned<'_> {
    fn holds(&self, recipe: &WorkspaceAsset) -> bool {
        self.is(recipe.id, &recipe.key.place.folder(), &recipe.key.name)
    }

    fn is(&self, id: AssetId, folder: &FolderPath, name: &str) -> bool {
        self.ids.contains(&id) || self.named.contains(&(folder.as_str(), name))
    }
}

fn recipe_state(state: HeldState) -> Option<RecipeState> {
    match state {
        HeldState::Recipe(state) => Some(state),
        HeldState::Connection(_) | HeldState::Plain => None,
    }
}

/// A version, unless it stands for one that nobody tells.
fn told(version: Version) -> Option<Version> {
    Some(version).filter(|version| version.0 > 0)
}
