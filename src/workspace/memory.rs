//! A workspace in memory: what the file-backed ones do, in plain maps. For tests, and for programs
//! that want to know what an import would lead to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Committed, Contents, Decoder, Workspace, WorkspaceError};
use crate::model::catalogue::Catalogue;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    AssetId, AssetKey, AssetPlace, Body, ConnectorId, EndpointMark, EndpointState, FolderPath,
    HeldAssets, HeldState, HeldValue, Inventory, Namesakes, PropertyKey, ReadDepth, RecipeUse,
    Revision, RevisionHeader, RevisionNumber, Scope, Sharing, SharingKnowledge, Snapshot,
    StateReasons, WorkspaceAsset, WorkspaceConnector, WorkspaceFacts,
};
use crate::plan::commit::{Change, Commit, Dependency};
use crate::workspace::validate;
use crate::workspace::validate::CommitConflict;

/// A workspace in memory.
#[derive(Clone, Debug)]
pub struct MemoryWorkspace {
    facts: WorkspaceFacts,
    shared: Option<Catalogue>,
    state: State,
}

#[derive(Clone, Debug, Default)]
struct State {
    folders: BTreeSet<FolderPath>,
    assets: BTreeMap<AssetId, Asset>,
    keys: BTreeSet<AssetKey>,
    connectors: BTreeMap<ConnectorId, WorkspaceConnector>,
    /// For an admin workspace: what it shares.
    shares: BTreeMap<ConnectorId, Sharing>,
    properties: BTreeMap<PropertyKey, HeldValue>,
    /// The API endpoints that are enabled.
    enabled: BTreeSet<AssetId>,
    contents: BTreeMap<Digest, Vec<u8>>,
    revisions: Vec<Revision>,
}

#[derive(Clone, Debug)]
struct Asset {
    key: AssetKey,
    state: HeldState,
    /// From version 1 on.
    versions: Vec<Body>,
}

impl Asset {
    fn version(&self) -> Version {
        Version(self.versions.len() as u64)
    }

    fn held(&self, id: AssetId) -> Option<WorkspaceAsset> {
        Some(WorkspaceAsset {
            id,
            key: self.key.clone(),
            version: self.version(),
            body: self.versions.last()?.clone(),
            state: self.state,
        })
    }
}

impl State {
    fn needs_folder(&self, folder: &FolderPath) -> Result<(), CommitConflict> {
        if folder.is_home() || self.folders.contains(folder) {
            return Ok(());
        }
        Err(CommitConflict::NoFolder(folder.clone()))
    }

    fn is_free(&self, id: AssetId, key: &AssetKey) -> Result<(), CommitConflict> {
        if let AssetPlace::Folder(folder) = &key.place {
            self.needs_folder(folder)?;
        }
        if self.assets.contains_key(&id) {
            return Err(CommitConflict::AssetThere(id));
        }
        if self.keys.contains(key) {
            return Err(CommitConflict::KeyTaken(Box::new(key.clone())));
        }
        Ok(())
    }

    fn is_free_connector(
        &self,
        id: ConnectorId,
        title: &ConnectorTitle,
        internal_name: &InternalName,
    ) -> Result<(), CommitConflict> {
        if self.connectors.contains_key(&id) {
            return Err(CommitConflict::ConnectorThere(id));
        }
        let mut connectors = self.connectors.values();
        if connectors.any(|connector| connector.title == *title) {
            return Err(CommitConflict::TitleTaken(title.clone()));
        }
        let mut connectors = self.connectors.values();
        if connectors.any(|connector| connector.internal_name == *internal_name) {
            return Err(CommitConflict::InternalNameTaken(internal_name.clone()));
        }
        Ok(())
    }

    fn asset(&mut self, id: AssetId) -> Result<&mut Asset, CommitConflict> {
        self.assets.get_mut(&id).ok_or(CommitConflict::NoAsset(id))
    }

    fn connector(&mut self, id: ConnectorId) -> Result<&mut WorkspaceConnector, CommitConflict> {
        self.connectors
            .get_mut(&id)
            .ok_or(CommitConflict::NoConnector(id))
    }

    fn rename(&mut self, id: AssetId, key: &AssetKey) -> Result<(), CommitConflict> {
        let old = self.asset(id)?.key.clone();
        if old.kind != key.kind {
            return Err(CommitConflict::OtherKind(id));
        }
        if let AssetPlace::Folder(folder) = &key.place {
            self.needs_folder(folder)?;
        }
        self.keys.remove(&old);
        if !self.keys.insert(key.clone()) {
            return Err(CommitConflict::KeyTaken(Box::new(key.clone())));
        }
        self.asset(id)?.key = key.clone();
        Ok(())
    }

    fn remove_folder(&mut self, folder: &FolderPath) -> Result<(), CommitConflict> {
        if !self.folders.contains(folder) {
            return Err(CommitConflict::NoFolder(folder.clone()));
        }
        let below = |other: &FolderPath| other != folder && folder.relative(other).is_some();
        let holds_folder = self.folders.iter().any(below);
        let holds_asset = self.keys.iter().any(|key| match &key.place {
            AssetPlace::Folder(place) => place == folder,
            AssetPlace::Workspace => false,
        });
        if holds_folder || holds_asset {
            return Err(CommitConflict::FolderInUse(folder.clone()));
        }
        self.folders.remove(folder);
        self.properties
            .retain(|key, _| key.project.as_ref() != Some(folder));
        Ok(())
    }

    fn set(&mut self, id: AssetId, state: HeldState) -> Result<(), CommitConflict> {
        let asset = self.asset(id)?;
        if !validate::same_sort(asset.state, state) {
            return Err(CommitConflict::OtherState(id));
        }
        asset.state = state;
        Ok(())
    }
}

impl MemoryWorkspace {
    /// An empty one. `shared` are the connectors that are shared with it.
    pub fn new(facts: WorkspaceFacts, shared: Option<Catalogue>) -> Self {
        Self {
            facts,
            shared,
            state: State::default(),
        }
    }

    /// How the workspace shares a connector, if it does.
    pub fn sharing(&self, connector: ConnectorId) -> Option<Sharing> {
        self.state.shares.get(&connector).copied()
    }

    fn damaged(&self, what: impl Into<String>) -> WorkspaceError {
        WorkspaceError::Damaged {
            platform: "the memory".to_owned(),
            what: what.into(),
        }
    }

    fn held(&self) -> impl Iterator<Item = WorkspaceAsset> + '_ {
        let assets = self.state.assets.iter();
        assets.filter_map(|(id, asset)| asset.held(*id))
    }

    fn apply(
        &self,
        state: &mut State,
        change: &Change,
        contents: &mut dyn Contents,
    ) -> Result<(), WorkspaceError> {
        let unfit = |misfit: CommitConflict| misfit.of(&self.facts);
        match change {
            Change::CreateFolder(folder) => {
                if let Some(parent) = folder.parent() {
                    state.needs_folder(&parent).map_err(unfit)?;
                }
                if folder.is_home() || !state.folders.insert(folder.clone()) {
                    return Err(unfit(CommitConflict::FolderThere(folder.clone())));
                }
            }
            Change::CreateAsset {
                id,
                key,
                body,
                state: held,
            } => {
                state.is_free(*id, key).map_err(unfit)?;
                self.hold(state, body, contents)?;
                let asset = Asset {
                    key: key.clone(),
                    state: *held,
                    versions: vec![body.clone()],
                };
                state.keys.insert(key.clone());
                state.assets.insert(*id, asset);
            }
            Change::UpdateAsset { id, body } => {
                state.asset(*id).map_err(unfit)?;
                self.hold(state, body, contents)?;
                let asset = state.asset(*id).map_err(unfit)?;
                asset.versions.push(body.clone());
            }
            Change::RemoveAsset(id) => {
                let key = state.asset(*id).map_err(unfit)?.key.clone();
                state.keys.remove(&key);
                state.assets.remove(id);
                state.enabled.remove(id);
            }
            Change::MoveAsset { id, key } => state.rename(*id, key).map_err(unfit)?,
            Change::RemoveFolder(folder) => state.remove_folder(folder).map_err(unfit)?,
            Change::SetRecipe { id, state: recipe } => {
                state.set(*id, HeldState::Recipe(*recipe)).map_err(unfit)?
            }
            Change::SetConnection { id, authorization } => state
                .set(*id, HeldState::Connection(*authorization))
                .map_err(unfit)?,
            Change::SetEndpoint {
                id,
                state: endpoint,
            } => {
                if state.asset(*id).map_err(unfit)?.key.kind != AssetKind::ApiEndpoint {
                    return Err(unfit(CommitConflict::OtherState(*id)));
                }
                match endpoint {
                    EndpointState::Enabled => state.enabled.insert(*id),
                    EndpointState::Disabled => state.enabled.remove(id),
                };
            }
            Change::SetProperty { key, value } => {
                state.properties.insert(key.clone(), value.clone());
            }
            Change::CreateConnector {
                id,
                title,
                internal_name,
            } => {
                state
                    .is_free_connector(*id, title, internal_name)
                    .map_err(unfit)?;
                let connector = WorkspaceConnector {
                    known: crate::model::workspace::VersionsKnown::All,
                    id: *id,
                    title: title.clone(),
                    internal_name: internal_name.clone(),
                    released: None,
                    versions: Vec::new(),
                };
                state.connectors.insert(*id, connector);
            }
            Change::AddVersion { id, version } => {
                let latest = state.connector(*id).map_err(unfit)?.latest();
                let latest = latest.map_or(Version(0), |latest| latest.number);
                if version.number.0 != latest.0 + 1 {
                    return Err(unfit(CommitConflict::OutOfOrder {
                        connector: *id,
                        version: version.number,
                        latest,
                    }));
                }
                let logo = version.logo.iter().map(|logo| &logo.content);
                for digest in version.json.iter().chain(&version.code).chain(logo) {
                    self.hold_content(state, digest, contents)?;
                }
                let connector = state.connector(*id).map_err(unfit)?;
                connector.versions.push(version.clone());
            }
            Change::ReleaseVersion { id, version, at } => {
                let connector = state.connector(*id).map_err(unfit)?;
                let mut versions = connector.versions.iter_mut();
                let held = versions.find(|held| held.number == *version);
                let held = held.ok_or_else(|| {
                    unfit(CommitConflict::NoVersion {
                        connector: *id,
                        version: *version,
                    })
                })?;
                held.released_at = Some(*at);
                connector.released = Some(*version);
            }
            Change::Share { id, sharing, .. } => {
                let connector = state.connector(*id).map_err(unfit)?;
                let version = connector.version(sharing.version);
                if version.is_none_or(|version| version.released_at.is_none()) {
                    return Err(unfit(CommitConflict::NotReleased {
                        connector: *id,
                        version: sharing.version,
                    }));
                }
                state.shares.insert(*id, *sharing);
            }
            Change::Unshare(id) => {
                let unshared = state.shares.remove(id);
                unshared.ok_or_else(|| unfit(CommitConflict::NotShared(*id)))?;
            }
        }
        Ok(())
    }

    fn hold(
        &self,
        state: &mut State,
        body: &Body,
        contents: &mut dyn Contents,
    ) -> Result<(), WorkspaceError> {
        body.files
            .iter()
            .try_for_each(|file| self.hold_content(state, &file.content, contents))
    }

    fn hold_content(
        &self,
        state: &mut State,
        digest: &Digest,
        contents: &mut dyn Contents,
    ) -> Result<(), WorkspaceError> {
        if state.contents.contains_key(digest) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let content = contents.content(digest)?;
        Decoder::default().decode(&content, digest, &mut bytes)?;
        state.contents.insert(*digest, bytes);
        Ok(())
    }
}

impl Workspace for MemoryWorkspace {
    fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError> {
        Ok(self.facts.clone())
    }

    fn snapshot(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError> {
        let asked = |asset: &WorkspaceAsset| scope.keys.contains(&asset.key);
        let named = |asset: &WorkspaceAsset| {
            asset.key.kind == AssetKind::Connection && scope.connections.contains(&*asset.key.name)
        };
        let mut users: BTreeMap<_, Vec<RecipeUse>> = BTreeMap::new();
        for asset in self.held() {
            let HeldState::Recipe(state) = asset.state else {
                continue;
            };
            let own = self.state.connectors.values().filter(|connector| {
                let name = connector.internal_name.as_str();
                asset.body.providers.iter().any(|provider| provider == name)
            });
            for connector in own {
                let users = users.entry(connector.internal_name.clone()).or_default();
                users.push(RecipeUse {
                    id: asset.id,
                    key: asset.key.clone(),
                    state,
                });
            }
        }
        let mut folders = BTreeSet::from([FolderPath::home()]);
        folders.extend(self.state.folders.intersection(&scope.folders).cloned());
        let assets: HeldAssets = self.held().filter(asked).collect();
        let missing = scope.missing_recipes(&assets);
        let namesakes = self.held().filter_map(|asset| match asset.state {
            HeldState::Recipe(state) if missing.contains(asset.key.name.as_ref()) => {
                Some(RecipeUse {
                    id: asset.id,
                    key: asset.key,
                    state,
                })
            }
            HeldState::Recipe(_) | HeldState::Connection(_) | HeldState::Plain => None,
        });
        let namesakes = Namesakes {
            recipes: namesakes.collect(),
            within: FolderPath::home(),
        };
        Ok(Snapshot {
            reading: ReadDepth::Full,
            unread: BTreeSet::new(),
            workspace: self.facts.clone(),
            folders,
            namesakes,
            assets,
            connections: self.held().filter(named).collect(),
            connectors: self.state.connectors.values().cloned().collect(),
            shared: self.shared.clone(),
            sharing: SharingKnowledge::Known,
            users,
            reasons: StateReasons::default(),
        })
    }

    fn inventory(&self) -> Result<Inventory, WorkspaceError> {
        Ok(Inventory {
            reading: ReadDepth::Full,
            workspace: self.facts.clone(),
            folders: self.state.folders.clone(),
            assets: self.held().collect(),
            connectors: self.state.connectors.values().cloned().collect(),
            shared: self.shared.clone(),
        })
    }

    fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        let asked = asked.iter();
        let told =
            asked.filter_map(|key| Some((key.clone(), self.state.properties.get(key)?.clone())));
        Ok(told.collect())
    }

    fn endpoints(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError> {
        let state = |id| match self.state.enabled.contains(id) {
            true => EndpointState::Enabled,
            false => EndpointState::Disabled,
        };
        Ok(asked.keys().map(|id| (*id, state(id))).collect())
    }

    fn content(&self, digest: &Digest, into: &mut Vec<u8>) -> Result<(), WorkspaceError> {
        let bytes = self.state.contents.get(digest);
        let bytes = bytes.ok_or_else(|| self.damaged(format!("content {digest} is not there")))?;
        into.clear();
        if Digest::of(bytes) != *digest {
            return Err(self.damaged(format!("content {digest} is not what it was")));
        }
        into.extend_from_slice(bytes);
        Ok(())
    }

    fn asset_version(&self, asset: AssetId, version: Version) -> Result<Body, WorkspaceError> {
        let index = usize::try_from(version.0)
            .ok()
            .and_then(|n| n.checked_sub(1));
        let versions = self.state.assets.get(&asset).map(|asset| &asset.versions);
        versions
            .zip(index)
            .and_then(|(versions, index)| versions.get(index).cloned())
            .ok_or_else(|| self.damaged(format!("asset {asset} has no version {}", version.0)))
    }

    fn revisions(&self) -> Result<Vec<RevisionHeader>, WorkspaceError> {
        let revisions = self.state.revisions.iter();
        Ok(revisions.map(|revision| revision.header.clone()).collect())
    }

    fn revision(&self, number: RevisionNumber) -> Result<Revision, WorkspaceError> {
        let mut revisions = self.state.revisions.iter();
        revisions
            .find(|revision| revision.header.number == number)
            .cloned()
            .ok_or_else(|| WorkspaceError::NoRevision {
                workspace: self.facts.name.to_string(),
                number,
            })
    }

    fn commit(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        validate::check(commit, &self.facts)?;
        let is_shared = |digest: &Digest| {
            let shared = self.shared.as_ref();
            shared.is_some_and(|shared| shared.digest() == *digest)
        };
        let holds = commit.depends.iter().all(|dependency| match dependency {
            Dependency::Shared(digest) => is_shared(digest),
            // It knows no customers, so nothing is true of them.
            Dependency::Customers(_) => false,
        });
        if !holds {
            return Err(WorkspaceError::Stale {
                workspace: self.facts.name.to_string(),
            });
        }
        let mut state = self.state.clone();
        for change in &commit.changes {
            self.apply(&mut state, change, contents)?;
        }
        if let Some(revision) = &commit.revision {
            self.facts.revision = revision.header.number;
            state.revisions.push(revision.clone());
        }
        self.state = state;
        self.facts.state = commit.state_after();
        self.facts.next = commit.next;
        Ok(Committed {
            revision: commit.revision_number(),
            ..Committed::default()
        })
    }
}
