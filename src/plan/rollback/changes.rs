//! From a plan to the changes that carry it out, and what will have been done.

use std::collections::BTreeMap;

use super::decide::{Decided, Planned, Restored};
use super::document::{RollbackPlan, RollbackReceipt, RolledAction, RolledAsset};
use super::{Draft, Fate, Target, same};
use crate::model::ident::Version;
use crate::model::kind::AssetKind;
use crate::model::workspace::{AssetId, Before, Body, HeldState, RecipeState, WorkspaceAsset};
use crate::plan::commit::{Change, Commit};
use crate::plan::import::history::RemovedAsset;
use crate::plan::import::{ReceiptConnector, ReceiptRecipe};
use crate::plan::order::callees_first;

impl Draft<'_> {
    pub(super) fn carry(
        &self,
        plan: RollbackPlan,
        planned: &[Planned<'_>],
        code: &[Restored<'_>],
        after: &[WorkspaceAsset],
    ) -> Decided {
        let by_id: BTreeMap<AssetId, &Planned<'_>> = planned
            .iter()
            .map(|planned| (planned.target.id, planned))
            .collect();
        let recipes = after
            .iter()
            .filter(|asset| asset.key.kind == AssetKind::Recipe)
            .map(|asset| (asset.id, &*asset.body.bindings));
        let order: Vec<&&Planned<'_>> = callees_first(recipes)
            .iter()
            .filter_map(|id| by_id.get(id))
            .collect();
        let mut commit = Commit::on(&self.situation.inventory.workspace);
        let mut receipt = RollbackReceipt::default();
        let set = |planned: &Planned<'_>, state| Change::SetRecipe {
            id: planned.target.id,
            state,
        };
        // Callers stop before their callees, and start after them.
        let stops = order.iter().rev().filter(|planned| {
            planned.target.is_running() && planned.rolled.state == Some(RecipeState::Stopped)
        });
        let changes = &mut commit.changes;
        changes.extend(stops.map(|planned| set(planned, RecipeState::Stopped)));
        for planned in planned {
            if let (Fate::Removes, Some(held)) = (planned.target.fate, planned.target.held) {
                changes.push(Change::RemoveAsset(held.id));
                receipt.removed.push(RemovedAsset {
                    id: held.id,
                    key: held.key.clone(),
                    state: held.state,
                    versions: vec![held.body.clone()],
                });
            }
        }
        for Restored { connector, version } in code {
            changes.push(Change::AddVersion {
                id: connector.id,
                version: version.clone(),
            });
            changes.push(Change::ReleaseVersion {
                id: connector.id,
                version: version.number,
                at: self.situation.at,
            });
            receipt.connectors.push(ReceiptConnector {
                title: connector.title.clone(),
                internal_name: connector.internal_name.clone(),
                version: Some(version.number),
            });
        }
        for planned in planned {
            contents(planned.target, changes);
        }
        let starts = order.iter().filter(|planned| {
            !planned.target.is_running() && planned.rolled.state == Some(RecipeState::Running)
        });
        changes.extend(starts.map(|planned| set(planned, RecipeState::Running)));
        receipt.recipes = order
            .iter()
            .filter_map(|planned| receipt_of(planned))
            .collect();
        let before = planned.iter().filter_map(before_of).collect();
        Decided {
            plan,
            commit,
            before,
            receipt,
        }
    }
}

impl Decided {
    /// The assets that are removed, and how many earlier versions of each have to be kept for the
    /// way back.
    pub fn removes(&self) -> Vec<(AssetId, Version)> {
        let removed = self.plan.assets.iter();
        removed
            .filter(|asset| asset.action == RolledAction::RemovesCreated)
            .filter_map(|asset| Some((asset.id, asset.from?)))
            .collect()
    }

    /// Keeps the versions of removed assets, from 1 to the one before the newest.
    pub fn keep(&mut self, mut earlier: BTreeMap<AssetId, Vec<Body>>) {
        for removed in &mut self.receipt.removed {
            if let Some(mut versions) = earlier.remove(&removed.id) {
                versions.append(&mut removed.versions);
                removed.versions = versions;
            }
        }
    }
}

/// The changes that give an asset its contents.
fn contents(target: &Target<'_>, changes: &mut Vec<Change>) {
    let id = target.id;
    let update = |body: &Body| Change::UpdateAsset {
        id,
        body: body.clone(),
    };
    match target.fate {
        Fate::Restores(body, _) => changes.push(update(body)),
        // Later revisions name its versions by their numbers, so it gets all of them again.
        Fate::Recreates(removed, body, _) => {
            let mut versions = removed.versions.iter();
            if let Some(first) = versions.next() {
                changes.push(Change::CreateAsset {
                    id,
                    key: target.key.clone(),
                    body: first.clone(),
                    state: HeldState::of_new(&target.key.kind),
                });
            }
            changes.extend(versions.map(update));
            if removed
                .versions
                .last()
                .is_some_and(|last| !same(last, body))
            {
                changes.push(update(body));
            }
        }
        Fate::Same(_) | Fate::Keeps | Fate::Removes => {}
    }
}

/// A recipe that is stopped, started or restarted, or was to run.
fn receipt_of(planned: &Planned<'_>) -> Option<ReceiptRecipe> {
    let RolledAsset {
        id,
        name,
        folder,
        wanted,
        state,
        obstacles,
        ..
    } = &planned.rolled;
    let (planned_state, state) = ((*wanted)?, (*state)?);
    let target = planned.target;
    let restarts = target.is_running() && matches!(target.fate, Fate::Restores(..));
    let switches = target.running().unwrap_or(RecipeState::Stopped) != planned_state;
    (restarts || switches).then(|| ReceiptRecipe {
        id: *id,
        name: name.clone(),
        folder: folder.clone(),
        planned: planned_state,
        state,
        obstacles: obstacles.clone(),
    })
}

/// How an asset was, if it changes.
fn before_of(planned: &Planned<'_>) -> Option<Before> {
    let target = planned.target;
    let changes = match target.fate {
        Fate::Restores(..) | Fate::Recreates(..) | Fate::Removes => true,
        Fate::Same(_) | Fate::Keeps => planned.rolled.state != target.running(),
    };
    changes.then(|| Before {
        asset: target.id,
        version: target.held.map(|held| held.version),
        state: target
            .held
            .map_or_else(|| HeldState::of_new(&target.key.kind), |held| held.state),
    })
}
