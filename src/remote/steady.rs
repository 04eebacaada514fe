//! Whether a workspace stayed as it was while it was read. The API tells of one thing after another,
//! and somebody else may change them in between: what was read then was never so, and nothing is
//! planned for it.

use std::collections::BTreeSet;

use super::RemoteWorkspace;
use super::lists::connectors;
use super::read::marks;
use crate::client::{ClientError, ManifestAsset};
use crate::remote::snapshot_db::Held;
use crate::workspace::WorkspaceError;

/// How often a workspace is read that changes meanwhile.
const READINGS: u32 = 3;

/// Whether what was read is of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steadiness {
    /// It was not asked again.
    Unasked,
    /// What was read first is still so.
    Whole,
    /// Something is otherwise.
    Moved,
}

/// What reading a workspace is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadFor {
    /// Something is to be planned.
    Plan,
    /// Something was done, and it is told what came of it, be it still moving.
    Report,
}

/// What of a listed asset is another when somebody changed it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Listing<'a> {
    kind: &'a str,
    id: u64,
    name: &'a str,
    version: Option<u64>,
    path: Option<&'a str>,
}

/// The order of a list says nothing.
fn listing(assets: &[ManifestAsset]) -> BTreeSet<Listing<'_>> {
    let listed = assets.iter().map(|asset| Listing {
        kind: &asset.kind,
        id: asset.id,
        name: &asset.name,
        version: asset.version,
        path: asset.zip_name.as_deref(),
    });
    listed.collect()
}

impl RemoteWorkspace {
    /// Lists folders again after everything else was read.
    pub(super) fn held_still(&self, held: &[Held]) -> Result<bool, ClientError> {
        for before in held {
            let now = self.listed_in(before.number)?;
            if listing(&now) != listing(&before.assets) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads until the workspace stays as it is.
    ///
    /// # Errors
    /// [`WorkspaceError::Stale`] if it does not.
    pub(super) fn steadily<T>(
        &self,
        read: impl Fn() -> Result<T, WorkspaceError>,
    ) -> Result<T, WorkspaceError> {
        for _ in 0..READINGS {
            let value = read()?;
            match self.read_for.get() {
                ReadFor::Report => return Ok(value),
                ReadFor::Plan if self.stayed()? => return Ok(value),
                ReadFor::Plan => *self.mirror.borrow_mut() = None,
            }
        }
        Err(self.stale())
    }

    /// Whether the mirror is of one state: what was read before the last thing is still so. The last
    /// is of that time by itself.
    fn stayed(&self) -> Result<bool, WorkspaceError> {
        let mirror = self.mirror.borrow();
        let Some(mirror) = &*mirror else {
            return Ok(true);
        };
        match mirror.steadiness.get() {
            Steadiness::Moved => return Ok(false),
            Steadiness::Whole => return Ok(true),
            Steadiness::Unasked => {}
        }
        let lists = &mirror.lists;
        let recipes = lists.recipes.keys().copied().collect();
        let mut stayed = marks(&self.recipes_with(&recipes)?.inside) == lists.recipes;
        // The source of a connector is told by itself, for the version that is released by then.
        if stayed && self.reads_sources(lists.connectors.values()) {
            stayed = connectors(&self.client.connectors()?) == lists.connectors;
        }
        // That nothing is there is looked at again before anything is sent.
        if !mirror.packed.is_empty() {
            stayed = stayed && self.held_still(&mirror.held)?;
        }
        mirror.steadiness.set(match stayed {
            true => Steadiness::Whole,
            false => Steadiness::Moved,
        });
        Ok(stayed)
    }
}
