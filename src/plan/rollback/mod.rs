//! What brings a workspace back to how it was right after a revision.
//!
//! Nothing is ever taken back: earlier contents and earlier code become new versions
//! (platform.md §3, §6). The state of an asset to restore is the one that the first later revision
//! noted before it changed it.
//!
//! 1. [`Situation::wants`] says which earlier contents have to be fetched.
//! 2. [`Draft::of`] meets them with the workspace; [`Draft::questions`] says which of them have to be
//!    read.
//! 3. [`Draft::decide`] gives the [plan](RollbackPlan) and the [commit](crate::plan::commit).

pub mod by_import;
mod changes;
mod decide;
pub mod document;
pub mod kept;
#[cfg(test)]
mod tests;
mod wording;

use std::collections::{BTreeMap, BTreeSet};

pub use decide::Decided;
pub use document::{CreatedSince, RollbackPlan, RollbackReceipt};

use document::Irreversible;

use crate::model::ident::{Digest, Version};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    AssetId, AssetKey, Before, Body, HeldState, Inventory, RecipeState, RevisionHeader,
    RevisionNumber, Timestamp, WorkspaceAsset,
};
use crate::plan::import::history;
use crate::plan::import::history::{Recorded, RemovedAsset};

/// A workspace with the part of its history that is to be undone.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What the workspace holds now.
    pub inventory: &'a Inventory,
    /// The revision to go back to; 0 for the workspace before the first.
    pub to: RevisionNumber,
    /// That revision; none for 0.
    pub restored: Option<&'a RevisionHeader>,
    /// The revisions after it, the oldest first.
    pub undone: &'a [Recorded],
    /// What becomes of assets that were created since.
    pub created: CreatedSince,
    /// When it is.
    pub at: Timestamp,
}

/// A rollback that is being planned.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    situation: Situation<'a>,
    targets: Vec<Target<'a>>,
    /// Assets that are gone, and nothing is left of them.
    gone: Vec<AssetId>,
}

/// An asset that was changed since.
#[derive(Clone, Debug)]
struct Target<'a> {
    id: AssetId,
    key: &'a AssetKey,
    held: Option<&'a WorkspaceAsset>,
    fate: Fate<'a>,
    /// Whether the recipe should run afterwards.
    wanted: Option<RecipeState>,
}

/// What happens to the contents of an asset.
#[derive(Clone, Copy, Debug)]
enum Fate<'a> {
    /// They become these again.
    Restores(&'a Body, Version),
    /// The asset is created again, and gets these.
    Recreates(&'a RemovedAsset, &'a Body, Version),
    /// They are what they were in this version.
    Same(Version),
    /// It was created since, and stays.
    Keeps,
    /// It was created since, and goes.
    Removes,
}

impl<'a> Situation<'a> {
    /// The assets of the workspace whose earlier contents are needed, and the versions that they had.
    pub fn wants(&self) -> Vec<(AssetId, Version)> {
        let earliest = history::earliest(self.undone);
        let there = self.inventory.assets.iter();
        there
            .filter_map(|asset| Some((asset.id, earliest.get(&asset.id)?.version?)))
            .collect()
    }
}

impl<'a> Draft<'a> {
    /// Meets the workspace with its earlier contents: those that the situation
    /// [wants](Situation::wants).
    pub fn of(situation: Situation<'a>, earlier: &'a BTreeMap<AssetId, Body>) -> Self {
        let held: BTreeMap<AssetId, &WorkspaceAsset> = situation
            .inventory
            .assets
            .iter()
            .map(|asset| (asset.id, asset))
            .collect();
        let removed = history::removed(situation.undone);
        let (mut targets, mut gone) = (Vec::new(), Vec::new());
        for (id, before) in history::earliest(situation.undone) {
            let target = match (held.get(&id).copied(), before.version) {
                (Some(held), None) => Some(created(held, situation.created)),
                // Created since, and removed again.
                (None, None) => continue,
                (Some(held), Some(version)) => earlier
                    .get(&id)
                    .map(|body| restored(held, before, body, version)),
                (None, Some(version)) => removed
                    .get(&id)
                    .and_then(|removed| recreated(removed, before, version)),
            };
            match target {
                Some(target) => targets.push(target),
                None => gone.push(id),
            }
        }
        Self {
            situation,
            targets,
            gone,
        }
    }

    /// The contents that have to be read before the plan is known: the JSON of recipes that are to
    /// start, and of properties that change.
    pub fn questions(&self) -> BTreeMap<Digest, AssetKind> {
        let mut questions = BTreeMap::new();
        let mut ask = |body: &Body, kind: &AssetKind| {
            if let Some(main) = body.files.first() {
                questions.insert(main.content, kind.clone());
            }
        };
        for target in &self.targets {
            let kind = &target.key.kind;
            if let Some(body) = target.starts() {
                ask(body, kind);
            }
            if let (Fate::Restores(body, _), Some(held)) = (target.fate, target.held)
                && is_properties(kind)
            {
                ask(body, kind);
                ask(&held.body, kind);
            }
        }
        questions
    }

    /// Recipes that the revisions were about, whether they changed them or not: those that an import
    /// brought and found unchanged too.
    fn concerned(&self) -> BTreeSet<AssetId> {
        let undone = self.situation.undone.iter();
        undone.flat_map(Recorded::about).collect()
    }
}

impl<'a> Target<'a> {
    fn is_running(&self) -> bool {
        self.held.is_some_and(|held| held.state.is_running())
    }

    fn running(&self) -> Option<RecipeState> {
        match self.held?.state {
            HeldState::Recipe(state) => Some(state),
            HeldState::Connection(_) | HeldState::Plain => None,
        }
    }

    /// What the recipe will hold if it has to start, or to start again.
    fn starts(&self) -> Option<&'a Body> {
        if self.wanted != Some(RecipeState::Running) {
            return None;
        }
        match self.fate {
            Fate::Restores(body, _) | Fate::Recreates(_, body, _) => Some(body),
            Fate::Same(_) if !self.is_running() => self.held.map(|held| &held.body),
            Fate::Same(_) | Fate::Keeps | Fate::Removes => None,
        }
    }
}

fn is_properties(kind: &AssetKind) -> bool {
    *kind == AssetKind::AccountProperties || *kind == AssetKind::ProjectProperties
}

fn created(held: &WorkspaceAsset, choice: CreatedSince) -> Target<'_> {
    let running = match held.state {
        HeldState::Recipe(state) => Some(state),
        HeldState::Connection(_) | HeldState::Plain => None,
    };
    let (fate, wanted) = match choice {
        CreatedSince::Stop => (Fate::Keeps, running.map(|_| RecipeState::Stopped)),
        CreatedSince::Keep => (Fate::Keeps, running),
        CreatedSince::Remove => (Fate::Removes, None),
    };
    Target {
        id: held.id,
        key: &held.key,
        held: Some(held),
        fate,
        wanted,
    }
}

fn restored<'a>(
    held: &'a WorkspaceAsset,
    before: Before,
    body: &'a Body,
    version: Version,
) -> Target<'a> {
    Target {
        id: held.id,
        key: &held.key,
        held: Some(held),
        fate: match same(body, &held.body) {
            true => Fate::Same(version),
            false => Fate::Restores(body, version),
        },
        wanted: recipe_state(before),
    }
}

fn recreated(removed: &RemovedAsset, before: Before, version: Version) -> Option<Target<'_>> {
    let index = usize::try_from(version.0.checked_sub(1)?).ok()?;
    Some(Target {
        id: removed.id,
        key: &removed.key,
        held: None,
        fate: Fate::Recreates(removed, removed.versions.get(index)?, version),
        wanted: recipe_state(before),
    })
}

fn recipe_state(before: Before) -> Option<RecipeState> {
    match before.state {
        HeldState::Recipe(state) => Some(state),
        // Credentials are nobody's to give back.
        HeldState::Connection(_) | HeldState::Plain => None,
    }
}

/// Whether two versions of an asset are the same to the workspace, whichever package each came in.
fn same(one: &Body, other: &Body) -> bool {
    let Body {
        files,
        origin: _,
        renames,
        bindings,
        providers,
    } = one;
    (files, renames, bindings, providers)
        == (
            &other.files,
            &other.renames,
            &other.bindings,
            &other.providers,
        )
}

/// Whether lists of properties are restored, which have names and no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    /// They are.
    Restored,
    /// They are as they were, or it is told by itself what goes with them.
    Left,
}

/// What settings gave in revisions that are undone, and what stays of it: values, credentials, and
/// what is enabled. Values of the properties that `go` do not.
fn stays<'r>(
    undone: impl Iterator<Item = &'r Recorded>,
    lists: Lists,
    go: &BTreeSet<String>,
) -> Vec<Irreversible> {
    let (mut names, mut endpoints) = (BTreeSet::new(), BTreeSet::new());
    let mut connections = BTreeSet::new();
    for undone in undone {
        names.extend(undone.given.properties.iter().cloned());
        endpoints.extend(undone.given.endpoints.iter().cloned());
        connections.extend(undone.given.connections.iter().cloned());
    }
    names.retain(|name| !go.contains(name));
    let mut told = Vec::new();
    let credentials = connections.into_iter();
    told.extend(
        credentials
            .map(|(folder, connection)| Irreversible::CredentialsStay { connection, folder }),
    );
    if lists == Lists::Restored || !names.is_empty() {
        told.push(Irreversible::ValuesStay {
            names: names.into_iter().collect(),
        });
    }
    if !endpoints.is_empty() {
        told.push(Irreversible::EndpointsStay {
            names: endpoints.into_iter().collect(),
        });
    }
    told
}
