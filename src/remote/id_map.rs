//! Numbers of assets: an import numbers what it creates; here they get the numbers that the
//! platform gave them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ident::{Digest, InternalName, Version};
use crate::model::workspace::{
    AssetId, AssetKey, Binding, Body, ConnectorId, EndpointMark, EndpointState, HeldValue,
    Inventory, PropertyKey, Revision, RevisionHeader, RevisionNumber, Scope, Snapshot,
    WorkspaceFacts,
};
use crate::plan::commit::{Change, Commit};
use crate::workspace::{Committed, Contents, Moment, Workspace, WorkspaceError};

/// Numbers that no platform gives, for assets whose own number another asset has already: each type
/// is numbered for itself there, and here all are numbered together.
const OWN: u64 = 1 << 48;

/// Numbers that are given once.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    taken: BTreeSet<u64>,
}

impl Numbers {
    /// The number for an asset that the platform knows by `number`, if it does.
    pub(super) fn give(&mut self, number: Option<u64>) -> AssetId {
        let free = number.filter(|number| *number < OWN && self.taken.insert(*number));
        AssetId(free.unwrap_or_else(|| {
            let next = self
                .taken
                .range(OWN..)
                .next_back()
                .map_or(OWN, |last| last + 1);
            self.taken.insert(next);
            next
        }))
    }

    /// The first number after all of them.
    pub(super) fn next(&self) -> AssetId {
        AssetId(self.taken.last().map_or(1, |last| last + 1))
    }
}

/// A workspace that gives assets the platform's numbers when they are created.
#[derive(Debug)]
pub(super) struct IdMap<'w, W> {
    pub(super) workspace: &'w mut W,
    /// What the platform calls them.
    pub(super) known: BTreeMap<AssetKey, u64>,
    pub(super) numbers: &'w mut Numbers,
    /// Connectors that were listed: what an export has of them changes nothing.
    pub(super) listed: BTreeSet<ConnectorId>,
}

impl<W> IdMap<'_, W> {
    fn renumber(&mut self, commit: &Commit) -> Commit {
        let mut commit = commit.clone();
        commit.changes.retain(|change| match change {
            Change::AddVersion { id, .. } | Change::ReleaseVersion { id, .. } => {
                !self.listed.contains(id)
            }
            Change::CreateFolder(_)
            | Change::CreateAsset { .. }
            | Change::UpdateAsset { .. }
            | Change::RemoveAsset(_)
            | Change::SetRecipe { .. }
            | Change::SetConnection { .. }
            | Change::SetEndpoint { .. }
            | Change::SetProperty { .. }
            | Change::CreateConnector { .. }
            | Change::Share { .. }
            | Change::Unshare(_)
            | Change::MoveAsset { .. }
            | Change::RemoveFolder(_) => true,
        });
        let mut given: BTreeMap<AssetId, AssetId> = BTreeMap::new();
        for change in &mut commit.changes {
            if let Change::CreateAsset { id, key, .. } = change {
                let new = self.numbers.give(self.known.get(key).copied());
                given.insert(*id, new);
                *id = new;
            }
        }
        let rebind = |body: &mut Body| {
            for binding in &mut body.bindings {
                if let Binding::Asset(id) = binding
                    && let Some(new) = given.get(id)
                {
                    *id = *new;
                }
            }
        };
        for change in &mut commit.changes {
            match change {
                Change::CreateAsset { body, .. } | Change::UpdateAsset { body, .. } => rebind(body),
                Change::CreateFolder(_)
                | Change::RemoveAsset(_)
                | Change::SetRecipe { .. }
                | Change::SetConnection { .. }
                | Change::SetEndpoint { .. }
                | Change::SetProperty { .. }
                | Change::CreateConnector { .. }
                | Change::AddVersion { .. }
                | Change::ReleaseVersion { .. }
                | Change::Share { .. }
                | Change::Unshare(_)
                | Change::MoveAsset { .. }
                | Change::RemoveFolder(_) => {}
            }
        }
        // What came of it is no revision of the platform's.
        commit.revision = None;
        commit.next.asset = self.numbers.next();
        commit
    }
}

impl<W: Workspace> Workspace for IdMap<'_, W> {
    fn one_moment(&self) -> Result<Moment<'_>, WorkspaceError> {
        self.workspace.one_moment()
    }

    fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError> {
        self.workspace.facts()
    }

    fn snapshot(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError> {
        self.workspace.snapshot(scope)
    }

    fn inventory(&self) -> Result<Inventory, WorkspaceError> {
        self.workspace.inventory()
    }

    fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        self.workspace.properties(asked)
    }

    fn endpoints(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError> {
        self.workspace.endpoints(asked)
    }

    fn content(&self, digest: &Digest, into: &mut Vec<u8>) -> Result<(), WorkspaceError> {
        self.workspace.content(digest, into)
    }

    fn shared_code(&self, name: &InternalName) -> Result<Option<Digest>, WorkspaceError> {
        self.workspace.shared_code(name)
    }

    fn asset_version(&self, asset: AssetId, version: Version) -> Result<Body, WorkspaceError> {
        self.workspace.asset_version(asset, version)
    }

    fn revisions(&self) -> Result<Vec<RevisionHeader>, WorkspaceError> {
        self.workspace.revisions()
    }

    fn revision(&self, number: RevisionNumber) -> Result<Revision, WorkspaceError> {
        self.workspace.revision(number)
    }

    fn commit(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        let commit = self.renumber(commit);
        self.workspace.commit(&commit, contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_given_once_and_the_platforms_own_first() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.next(), AssetId(1));
        assert_eq!(numbers.give(Some(12)), AssetId(12));
        assert_eq!(numbers.give(Some(12)), AssetId(OWN));
        assert_eq!(numbers.give(None), AssetId(OWN + 1));
        assert_eq!(numbers.give(Some(OWN + 2)), AssetId(OWN + 2));
        assert_eq!(numbers.give(Some(7)), AssetId(7));
        assert_eq!(numbers.next(), AssetId(OWN + 3));
    }
}
