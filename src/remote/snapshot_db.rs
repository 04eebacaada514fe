//! What was read of a workspace behind the API, kept as a workspace of a local platform of its own:
//! whatever can be asked of the one can then be asked of the other.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thin_vec::{ThinVec, thin_vec};

use super::kept::Kept;
use super::lists::Lists;
use crate::archive::Limits;
use crate::client::ManifestAsset;
use crate::io::scratch::ScratchFolder;
use crate::model::catalogue::{SharedVersion, Visibility};
use crate::model::ident::{ConnectorTitle, DataCenter, InternalName, Version, WorkspaceName};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::PackagePath;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{
    Address, AssetId, AssetKey, AssetPlace, Authorization, Body, ConnectorId, FolderPath,
    HeldState, HeldVersion, Logo, ReadDepth, RecipeState, Sharing, StateReasons, StoredFile,
    Timestamp, VersionsKnown, WorkspaceConnector, WorkspaceId, WorkspaceKind,
};
use crate::ops::import::{ImportError, ImportRequest, Incoming, PackedFiles};
use crate::ops::{Observer, Running};
use crate::plan::commit::{Change, Commit};
use crate::plan::import::Landing;
use crate::plan::import::target::OtherTarget;
use crate::remote::id_map::{IdMap, Numbers};
use crate::remote::steady::Steadiness;
use crate::workspace::local::{LocalPlatform, LocalWorkspace, NewWorkspace, Writing};
use crate::workspace::{MemoryContents, Workspace as _, WorkspaceError};

/// What was read has no time of its own, and has to be the same whenever it is read.
const THEN: Timestamp = Timestamp::UNTOLD;

/// Who a workspace is.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: WorkspaceId,
    pub(super) name: WorkspaceName,
    pub(super) kind: WorkspaceKind,
    pub(super) data_center: DataCenter,
    pub(super) external_id: Option<String>,
}

/// A connector as the API lists it.
#[derive(Clone, Debug)]
pub(super) struct SeenConnector {
    pub(super) id: u64,
    pub(super) title: ConnectorTitle,
    pub(super) internal_name: InternalName,
    /// The newest version that is known to be there, or one that stands for it.
    pub(super) latest: Version,
    /// The newest version, if that is told.
    pub(super) newest: Option<Version>,
    /// The version that recipes run.
    pub(super) released: Option<Version>,
    /// The versions that were ever released, as far as that is told.
    pub(super) released_versions: BTreeSet<Version>,
    /// The version that customers run, as far as that is told.
    pub(super) shared: SharedVersion,
    /// The source of the released version, where it was fetched.
    pub(super) code: Option<Vec<u8>>,
}

/// Something that lies outside the export: a name, and what it uses.
#[derive(Clone, Debug)]
pub(super) struct Stub {
    /// Its number, if it has one.
    pub(super) id: Option<u64>,
    pub(super) key: AssetKey,
    pub(super) json: Vec<u8>,
    pub(super) providers: Vec<String>,
    pub(super) state: HeldState,
    pub(super) version: Version,
}

/// An export of a folder.
#[derive(Clone, Debug)]
pub(super) struct Export {
    pub(super) folder: FolderPath,
    pub(super) package: PathBuf,
    /// Numbers of what is in it.
    pub(super) numbers: BTreeMap<PackagePath, u64>,
}

/// All that was read.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) identity: Identity,
    /// A customer's admin workspace, with what it shares.
    pub(super) admin: Option<(Identity, Vec<SeenConnector>)>,
    pub(super) base: FolderPath,
    /// Whether the exports were made now, or earlier.
    pub(super) reading: ReadDepth,
    /// What exports that were made now are kept with, in their order.
    pub(super) to_keep: Vec<Kept>,
    /// Exports of folders: that of the base folder first. None of what holds nothing.
    pub(super) exports: Vec<Export>,
    /// Of the recipes in the export, by number.
    pub(super) recipes: BTreeMap<u64, (RecipeState, Option<Version>)>,
    /// The connections in the export that are authorised, by number.
    pub(super) authorized: BTreeSet<u64>,
    /// Why recipes stand and connections don't work.
    pub(super) reasons: StateReasons,
    /// Further folders that are there.
    pub(super) folders: BTreeSet<FolderPath>,
    /// The workspace's own connectors.
    pub(super) connectors: Vec<SeenConnector>,
    /// What lies elsewhere.
    pub(super) stubs: Vec<Stub>,
    /// What folders were said to hold before they were exported.
    pub(super) held: Vec<Held>,
    /// What lists told.
    pub(super) lists: Lists,
    /// How far it was looked.
    pub(super) reach: Reach,
    /// Connectors of a customer's own that recipes use which are not in the exports.
    pub(super) own_elsewhere: BTreeSet<InternalName>,
}

/// What a folder was said to hold.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) folder: FolderPath,
    /// Its number; nothing where that of Home was not asked for.
    pub(super) number: Option<u64>,
    pub(super) assets: Vec<ManifestAsset>,
}

/// How far it was looked when a workspace was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reach {
    /// No further than the folder that a package goes into, and the lists that tell of all of it.
    Folder,
    /// All that an export of the base folder has.
    Whole,
}

impl Seen {
    /// Whether a connector's source was read by itself.
    fn has_sources(&self) -> bool {
        let admins = self.admin.iter().flat_map(|(_, connectors)| connectors);
        let mut connectors = self.connectors.iter().chain(admins);
        connectors.any(|connector| connector.code.is_some())
    }
}

/// The mirror of a workspace.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) workspace: LocalWorkspace,
    platform: LocalPlatform,
    /// The newest version of an asset, where it is told.
    versions: BTreeMap<AssetId, Version>,
    /// Connectors of which it is not told whether they are shared.
    pub(super) unsaid: BTreeSet<ConnectorId>,
    /// Whether the workspace stayed as it was while it was read.
    pub(super) steadiness: Cell<Steadiness>,
    /// What folders were said to hold before they were exported.
    pub(super) held: Vec<Held>,
    /// How far it was looked.
    pub(super) reach: Reach,
    /// Connectors of a customer's own that recipes use which are not in the exports.
    pub(super) own_elsewhere: BTreeSet<InternalName>,
    /// What lists told.
    pub(super) lists: Lists,
    /// Whether the exports were made now, or earlier.
    pub(super) reading: ReadDepth,
    /// What may be otherwise by now, as no list tells.
    pub(super) unread: BTreeSet<AssetKey>,
    /// Why recipes stand and connections don't work.
    pub(super) reasons: StateReasons,
    /// Further folders that are there.
    pub(super) folders: BTreeSet<FolderPath>,
    /// What each of the exports holds.
    pub(super) packed: Vec<PackedFiles>,
    /// What is told of the workspace's own connectors.
    told: BTreeMap<ConnectorId, Told>,
    // The last to go: the others have files in it.
    _folder: ScratchFolder,
}

/// What is told of a connector.
#[derive(Debug)]
struct Told {
    newest: Option<Version>,
    released: Option<Version>,
    versions: BTreeSet<Version>,
    stands_for_all: Version,
}

impl Told {
    fn of(seen: &SeenConnector) -> (ConnectorId, Self) {
        let told = Self {
            newest: seen.newest,
            released: seen.released,
            versions: seen.released_versions.clone(),
            stands_for_all: seen.latest,
        };
        (ConnectorId(seen.id), told)
    }
}

impl Mirror {
    /// Keeps what was read, in a folder below `scratch`.
    ///
    /// # Errors
    /// If the export can't be read, or nothing can be written there.
    pub(super) fn of(
        seen: &Seen,
        address: &Address,
        scratch: &Path,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Self, ImportError> {
        let kept = |source| ImportError::Scratch {
            folder: scratch.display().to_string(),
            source,
        };
        let folder = ScratchFolder::new(scratch).map_err(kept)?;
        let writing = Writing {
            purpose: "mirror".to_owned(),
            patience: std::time::Duration::ZERO,
            stop: Default::default(),
        };
        let mut platform = LocalPlatform::create(&folder.file("mirror.db"), writing)?;
        if let Some((admin, connectors)) = &seen.admin {
            create(&mut platform, admin, None)?;
            let mut workspace = platform.workspace(&admin.name)?;
            hold_connectors(&mut workspace, admin.kind, connectors, &BTreeMap::new())?;
        }
        let admin = seen.admin.as_ref().map(|(admin, _)| admin.name.clone());
        create(&mut platform, &seen.identity, admin)?;
        let mut mirror = Self {
            workspace: platform.workspace(&seen.identity.name)?,
            platform,
            versions: BTreeMap::new(),
            unsaid: seen
                .connectors
                .iter()
                .filter(|connector| connector.shared.is_unsaid())
                .map(|connector| ConnectorId(connector.id))
                .collect(),
            // Whatever was as it was earlier when it was read last was so when the first was read:
            // nothing that changes becomes what it was.
            steadiness: Cell::new(match (seen.reading, seen.has_sources()) {
                (ReadDepth::Slim, false) => Steadiness::Whole,
                (ReadDepth::Slim, true) | (ReadDepth::Full, _) => Steadiness::Unasked,
            }),
            held: seen.held.clone(),
            reach: seen.reach,
            own_elsewhere: seen.own_elsewhere.clone(),
            lists: seen.lists.clone(),
            reading: seen.reading,
            unread: BTreeSet::new(),
            reasons: seen.reasons.clone(),
            folders: seen.folders.clone(),
            packed: Vec::new(),
            told: seen.connectors.iter().map(Told::of).collect(),
            _folder: folder,
        };
        mirror.fill(seen, address, scratch, running, observer)?;
        Ok(mirror)
    }

    fn fill(
        &mut self,
        seen: &Seen,
        address: &Address,
        scratch: &Path,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<(), ImportError> {
        let mut numbers = Numbers::default();
        let kind = seen.identity.kind;
        let mut incoming = Vec::new();
        let mut exported = BTreeMap::new();
        for export in &seen.exports {
            let request = ImportRequest {
                package: export.package.clone(),
                address: address.clone(),
                folder: export.folder.clone(),
                rows: RowsPolicy::Overwrite,
                landing: Landing::default(),
                settings: None,
                limits: Limits::default(),
                scratch: scratch.to_owned(),
                at: THEN,
                who: String::new(),
                other_target: OtherTarget::Refused,
                edits: None,
            };
            let mut read = Incoming::read(&request, running, observer)?;
            // Before it is said of some where they really lie: their paths don't lead there again.
            self.packed.push(read.packed());
            for stub in &seen.stubs {
                let mut listed = export.numbers.iter().filter(|(path, number)| {
                    let kind = FileRole::of(path.as_str());
                    Some(**number) == stub.id && kind == FileRole::Main(stub.key.kind.clone())
                });
                if stub.key.kind == AssetKind::Connection
                    && let Some((path, _)) = listed.next()
                {
                    read.lies(path, &stub.key.place);
                }
            }
            exported.append(&mut exported_connectors(&read)?);
            if seen.reading == ReadDepth::Slim {
                let unread = read.keys().map(|(_, key)| key);
                let unread = unread.filter(|key| !is_listed(&key.kind));
                self.unread.extend(unread.cloned());
            }
            incoming.push((request, read, &export.numbers));
        }
        hold_connectors(&mut self.workspace, kind, &seen.connectors, &exported)?;
        // What an export does not bring, its references may mean all the same.
        let listed: BTreeSet<(AssetKind, u64)> = seen
            .exports
            .iter()
            .flat_map(|export| &export.numbers)
            .filter_map(|(path, number)| match FileRole::of(path.as_str()) {
                FileRole::Main(kind) => Some((kind, *number)),
                FileRole::Companion { .. } | FileRole::NoAsset => None,
            })
            .collect();
        let outside: Vec<&Stub> = seen
            .stubs
            .iter()
            .filter(|stub| {
                let mut ids = stub.id.into_iter();
                !ids.any(|id| listed.contains(&(stub.key.kind.clone(), id)))
            })
            .collect();
        if seen.reading == ReadDepth::Slim {
            let keys = outside.iter().map(|stub| &stub.key);
            self.unread
                .extend(keys.filter(|key| !is_listed(&key.kind)).cloned());
        }
        self.hold_stubs(&outside, &mut numbers)?;
        for (request, read, listed) in &incoming {
            let mut known = BTreeMap::new();
            for (path, key) in read.keys() {
                if let Some(number) = listed.get(path) {
                    known.insert(key.clone(), *number);
                }
            }
            let planned = read.plan(request, &self.workspace, running)?;
            let document = planned.document(read);
            let listed = seen.connectors.iter();
            let mut renumbering = IdMap {
                listed: listed.map(|listed| ConnectorId(listed.id)).collect(),
                workspace: &mut self.workspace,
                known,
                numbers: &mut numbers,
            };
            read.apply(
                request,
                &planned.as_exported(),
                &document,
                &mut renumbering,
                running,
                observer,
            )?;
        }
        self.hold_folders(seen)?;
        self.set_states(seen)?;
        Ok(())
    }

    /// The folders that the export did not bring.
    fn hold_folders(&mut self, seen: &Seen) -> Result<(), WorkspaceError> {
        let inventory = self.workspace.inventory()?;
        let mut commit = Commit::on_inventory(&inventory);
        let mut there = inventory.folders;
        for folder in seen.folders.iter().chain([&seen.base]) {
            create_folders(&mut commit, &mut there, folder);
        }
        commit_to(&mut self.workspace, &commit, &mut MemoryContents::default())
    }

    /// Which recipes run, and which connections are authorised.
    fn set_states(&mut self, seen: &Seen) -> Result<(), WorkspaceError> {
        let inventory = self.workspace.inventory()?;
        let mut commit = Commit::on_inventory(&inventory);
        for asset in &inventory.assets {
            let id = asset.id;
            match asset.state {
                HeldState::Recipe(_) => {
                    if let Some((state, version)) = seen.recipes.get(&id.0) {
                        self.versions.extend(version.map(|version| (id, version)));
                        if *state == RecipeState::Running {
                            let state = *state;
                            commit.changes.push(Change::SetRecipe { id, state });
                        }
                    }
                }
                HeldState::Connection(_) if seen.authorized.contains(&id.0) => {
                    commit.changes.push(Change::SetConnection {
                        id,
                        authorization: Authorization::Authorized,
                    });
                }
                HeldState::Connection(_) | HeldState::Plain => {}
            }
        }
        commit_to(&mut self.workspace, &commit, &mut MemoryContents::default())
    }

    fn hold_stubs(&mut self, stubs: &[&Stub], numbers: &mut Numbers) -> Result<(), WorkspaceError> {
        let inventory = self.workspace.inventory()?;
        let held: BTreeSet<(&AssetKind, u64)> = inventory
            .assets
            .iter()
            .map(|asset| (&asset.key.kind, asset.id.0))
            .collect();
        let mut keys: BTreeSet<AssetKey> = inventory
            .assets
            .iter()
            .map(|asset| asset.key.clone())
            .collect();
        let mut commit = Commit::on_inventory(&inventory);
        let mut there = inventory.folders.clone();
        let mut brought = MemoryContents::default();
        let mut told = BTreeMap::new();
        for stub in stubs {
            let mut ids = stub.id.into_iter();
            if ids.any(|id| held.contains(&(&stub.key.kind, id))) {
                continue;
            }
            let mut key = stub.key.clone();
            while !keys.insert(key.clone()) {
                key.twin += 1;
            }
            if let AssetPlace::Folder(folder) = &key.place {
                create_folders(&mut commit, &mut there, folder);
            }
            let content = brought.put(&stub.json)?;
            let id = numbers.give(stub.id);
            told.insert(id, stub.version);
            commit.changes.push(Change::CreateAsset {
                id,
                state: HeldState::of_new(&key.kind),
                key,
                body: Body {
                    files: thin_vec![StoredFile {
                        extension: "json".to_owned(),
                        content,
                        size: stub.json.len() as u64,
                    }],
                    origin: content,
                    renames: BTreeMap::new(),
                    bindings: ThinVec::new(),
                    providers: stub.providers.as_slice().into(),
                },
            });
            match stub.state {
                HeldState::Recipe(state @ RecipeState::Running) => {
                    commit.changes.push(Change::SetRecipe { id, state });
                }
                HeldState::Connection(authorization @ Authorization::Authorized) => {
                    commit
                        .changes
                        .push(Change::SetConnection { id, authorization });
                }
                HeldState::Recipe(RecipeState::Stopped)
                | HeldState::Connection(Authorization::Placeholder)
                | HeldState::Plain => {}
            }
        }
        commit.next.asset = numbers.next().max(commit.next.asset);
        commit_to(&mut self.workspace, &commit, &mut brought)?;
        self.versions.append(&mut told);
        Ok(())
    }

    /// The newest version of an asset; 0 where the API does not tell it.
    pub(super) fn version_of(&self, asset: AssetId) -> Version {
        self.versions.get(&asset).copied().unwrap_or(Version(0))
    }

    /// Makes of a connector as it is kept here one as it is told: the mirror counts versions by
    /// itself.
    pub(super) fn told(&self, connector: &mut WorkspaceConnector) {
        let Some(told) = self.told.get(&connector.id) else {
            connector.known = VersionsKnown::Nothing;
            connector.released = None;
            return;
        };
        connector.known = match told.newest {
            Some(_) => VersionsKnown::All,
            None => VersionsKnown::Released,
        };
        connector.released = told.released;
        let newest = told.newest.or(told.versions.last().copied());
        // One stands for all where none is told.
        let newest = newest.unwrap_or(told.stands_for_all);
        connector
            .versions
            .retain(|held| held.number == newest || told.versions.contains(&held.number));
    }

    /// Adds a customer of this workspace, with recipes that use its connectors.
    ///
    /// # Errors
    /// If it can't be kept.
    pub(super) fn hold_customer(
        &mut self,
        customer: &Identity,
        admin: &WorkspaceName,
        stubs: &[Stub],
    ) -> Result<(), WorkspaceError> {
        create(&mut self.platform, customer, Some(admin.clone()))?;
        if stubs.is_empty() {
            return Ok(());
        }
        let workspace = self.platform.workspace(&customer.name)?;
        let own = std::mem::replace(&mut self.workspace, workspace);
        let versions = std::mem::take(&mut self.versions);
        let stubs: Vec<&Stub> = stubs.iter().collect();
        let held = self.hold_stubs(&stubs, &mut Numbers::default());
        self.workspace = own;
        self.versions = versions;
        held
    }
}

/// Whether lists tell when an asset of this type was changed (platform.md §2.4, §3).
pub(super) const fn is_listed(kind: &AssetKind) -> bool {
    matches!(
        kind,
        AssetKind::Recipe | AssetKind::Connection | AssetKind::CustomAdapter
    )
}

fn create(
    platform: &mut LocalPlatform,
    identity: &Identity,
    admin: Option<WorkspaceName>,
) -> Result<(), WorkspaceError> {
    platform.create_workspace(&NewWorkspace {
        name: identity.name.clone(),
        kind: identity.kind,
        data_center: identity.data_center.clone(),
        id: Some(identity.id),
        external_id: identity.external_id.clone(),
        admin,
        catalogue: None,
        at: THEN,
    })?;
    Ok(())
}

fn commit_to(
    workspace: &mut LocalWorkspace,
    commit: &Commit,
    brought: &mut MemoryContents,
) -> Result<(), WorkspaceError> {
    if commit.changes.is_empty() {
        return Ok(());
    }
    workspace.commit(commit, brought).map(drop)
}

/// Creates a folder and those above it, if they are not there.
fn create_folders(commit: &mut Commit, there: &mut BTreeSet<FolderPath>, folder: &FolderPath) {
    let mut missing = Vec::new();
    let mut next = Some(folder.clone());
    while let Some(folder) = next {
        next = folder.parent();
        if !folder.is_home() && there.insert(folder.clone()) {
            missing.push(folder);
        }
    }
    let missing = missing.into_iter().rev();
    commit.changes.extend(missing.map(Change::CreateFolder));
}

/// The files of a connector in the export.
struct Exported {
    json: Option<Vec<u8>>,
    code: Option<Vec<u8>>,
    logo: Option<(String, Vec<u8>)>,
}

fn exported_connectors(
    incoming: &Incoming,
) -> Result<BTreeMap<ConnectorTitle, Exported>, ImportError> {
    let project = &incoming.opened.project;
    let mut reader = incoming.opened.source.reader();
    let mut exported = BTreeMap::new();
    let adapters = project
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::CustomAdapter);
    for asset in adapters {
        let Ok(title) = asset.name().parse() else {
            continue;
        };
        let mut files = Exported {
            json: None,
            code: None,
            logo: None,
        };
        for &file in &asset.files {
            let file = &project.files[file];
            let mut bytes = Vec::new();
            reader
                .read(file.source, &mut bytes)
                .map_err(|source| ImportError::Read {
                    path: file.path.clone(),
                    source,
                })?;
            let extension = file
                .path
                .file_name()
                .rsplit_once('.')
                .map_or("", |(_, e)| e);
            match extension {
                "json" => files.json = Some(bytes),
                "rb" => files.code = Some(bytes),
                "png" | "jpeg" | "jpg" => files.logo = Some((extension.to_owned(), bytes)),
                _ => {}
            }
        }
        exported.insert(title, files);
    }
    Ok(exported)
}

/// Puts connectors into a workspace that has none. Of versions before the released one no more is
/// known than that they are there.
fn hold_connectors(
    workspace: &mut LocalWorkspace,
    kind: WorkspaceKind,
    connectors: &[SeenConnector],
    exported: &BTreeMap<ConnectorTitle, Exported>,
) -> Result<(), WorkspaceError> {
    let mut commit = Commit::on(&workspace.facts()?);
    let mut brought = MemoryContents::default();
    for connector in connectors {
        let id = ConnectorId(connector.id);
        commit.changes.push(Change::CreateConnector {
            id,
            title: connector.title.clone(),
            internal_name: connector.internal_name.clone(),
        });
        commit.next.connector.0 = commit.next.connector.0.max(connector.id.saturating_add(1));
        let files = exported.get(&connector.title);
        for number in 1..=connector.latest.0 {
            let number = Version(number);
            let mut version = HeldVersion {
                number,
                note: None,
                json: None,
                code: None,
                logo: None,
                source_version: None,
                source_workspace: None,
                created_at: THEN,
                released_at: None,
            };
            if Some(number) == connector.released {
                let code = files.and_then(|files| files.code.as_ref());
                if let Some(code) = code.or(connector.code.as_ref()) {
                    version.code = Some(brought.put(code)?);
                }
                if let Some(files) = files {
                    if let Some(json) = &files.json {
                        version.json = Some(brought.put(json)?);
                    }
                    if let Some((extension, bytes)) = &files.logo {
                        version.logo = Some(Logo {
                            extension: extension.clone(),
                            content: brought.put(bytes)?,
                        });
                    }
                }
            }
            commit.changes.push(Change::AddVersion { id, version });
        }
        let mut released = connector.released_versions.clone();
        released.extend(connector.shared.version());
        // The last to be released is the one that recipes run.
        if let Some(running) = connector.released {
            released.remove(&running);
            let in_order = released.into_iter().chain([running]);
            commit
                .changes
                .extend(in_order.map(|version| Change::ReleaseVersion {
                    id,
                    version,
                    at: THEN,
                }));
        }
        if let (WorkspaceKind::Admin, SharedVersion::At(version)) = (kind, connector.shared) {
            commit.changes.push(Change::Share {
                id,
                sharing: Sharing {
                    version,
                    // The API does not tell (platform.md §10).
                    visibility: Visibility::Unknown,
                },
                at: THEN,
            });
        }
    }
    commit_to(workspace, &commit, &mut brought)
}
