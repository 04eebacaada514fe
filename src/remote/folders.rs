//! The folders of a workspace.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::RemoteWorkspace;
use crate::client::{ClientError, ConnectionInfo, FolderId, ManifestAsset, RecipeInfo};
use crate::model::normal::nfc;
use crate::model::workspace::FolderPath;
use crate::workspace::WorkspaceError;
use crate::workspace::remote::RemoteError;

/// How deep folders are looked into.
pub(super) const DEEPEST: usize = 32;
/// What the paths of listed assets begin with (platform.md §1.1).
const TOP: &str = "All projects";

/// The folder that the path of a listed asset names.
pub(super) fn below_top(path: &str) -> Option<FolderPath> {
    let below = path.strip_prefix(TOP)?;
    let below = below.strip_prefix('/').unwrap_or(below);
    FolderPath::home().join(below).ok()
}

/// Folders of a workspace, looked up when they are asked for, and once.
pub(super) struct Folders<'w> {
    workspace: &'w RemoteWorkspace,
    /// By the folder; none is Home.
    children: BTreeMap<Option<u64>, Vec<(u64, String)>>,
    /// Folders of which lists of assets tell the path.
    told: BTreeMap<u64, FolderPath>,
    /// Folders in which listed assets lie, and those above.
    inhabited: BTreeSet<FolderPath>,
}

impl<'w> Folders<'w> {
    pub(super) fn new(workspace: &'w RemoteWorkspace) -> Self {
        Self {
            workspace,
            children: BTreeMap::new(),
            told: BTreeMap::new(),
            inhabited: BTreeSet::new(),
        }
    }

    /// Takes what a list of assets tells of their folders: it has paths, and the lists of recipes and
    /// connections have the numbers.
    pub(super) fn learn(
        &mut self,
        assets: &[ManifestAsset],
        recipes: &[RecipeInfo],
        connections: &[ConnectionInfo],
    ) {
        let mut numbers: BTreeMap<(&str, u64), u64> = BTreeMap::new();
        for recipe in recipes {
            let folder = recipe.folder_id.map(|folder| folder.0);
            numbers.extend(folder.map(|folder| (("recipe", recipe.id.0), folder)));
        }
        for connection in connections {
            let folder = connection.folder_id.map(|folder| folder.0);
            numbers.extend(folder.map(|folder| (("connection", connection.id.0), folder)));
        }
        for asset in assets {
            let Some(path) = asset.absolute_path.as_deref().and_then(below_top) else {
                continue;
            };
            if let Some(number) = numbers.get(&(asset.kind.as_str(), asset.id)) {
                self.told.insert(*number, path.clone());
            }
            let mut next = Some(path);
            while let Some(folder) = next.filter(|folder| !folder.is_home()) {
                next = folder.parent();
                self.inhabited.insert(folder);
            }
        }
    }

    fn below(&mut self, id: Option<u64>) -> Result<&[(u64, String)], ClientError> {
        let root = self.workspace.base.root.get();
        let id = id.filter(|id| Some(*id) != root);
        if let std::collections::btree_map::Entry::Vacant(vacant) = self.children.entry(id) {
            let known = match id {
                None => self.workspace.top.take(),
                Some(_) => None,
            };
            let folders = match known {
                Some(folders) => folders,
                None => self.workspace.api().folders_in(id.map(FolderId))?,
            };
            let mut parents = folders.iter().filter_map(|folder| folder.parent_id);
            if let (None, None, Some(home)) = (id, root, parents.next()) {
                // The folder that holds the topmost ones is Home.
                self.workspace.is_home(Some(home.0));
            }
            let own = id.or(self.workspace.base.root.get());
            let named = folders
                .into_iter()
                .filter(|folder| Some(folder.id.0) != own);
            vacant.insert(named.map(|folder| (folder.id.0, folder.name)).collect());
        }
        Ok(self.children.get(&id).map_or(&[], Vec::as_slice))
    }

    /// Where a folder lies; Home if that can't be found out.
    pub(super) fn path_of(&mut self, id: Option<u64>) -> Result<FolderPath, ClientError> {
        let base = &self.workspace.base;
        let Some(id) = id.filter(|id| Some(*id) != base.root.get()) else {
            return Ok(FolderPath::home());
        };
        if Some(id) == base.id.get() {
            return Ok(base.path.clone());
        }
        if let Some(path) = self.told.get(&id) {
            return Ok(path.clone());
        }
        if base.root.get().is_none() {
            self.below(None)?;
            if self.workspace.base.root.get() == Some(id) {
                return Ok(FolderPath::home());
            }
        }
        let mut queue = VecDeque::from([(None, FolderPath::home(), 0)]);
        while let Some((at, path, depth)) = queue.pop_front() {
            if at == Some(id) {
                return Ok(path);
            }
            if depth < DEEPEST {
                let below = self.below(at)?.iter();
                queue.extend(below.filter_map(|(id, name)| {
                    let path = path.child(name).ok()?;
                    Some((Some(*id), path, depth + 1))
                }));
            }
        }
        Ok(FolderPath::home())
    }

    /// Those of the folders that are there.
    pub(super) fn there(
        &mut self,
        asked: &BTreeSet<FolderPath>,
    ) -> Result<BTreeSet<FolderPath>, WorkspaceError> {
        let mut there = BTreeSet::new();
        for folder in asked.iter().filter(|folder| !folder.is_home()) {
            if self.inhabited.contains(folder) || self.id_of(folder)?.is_some() {
                there.insert(folder.clone());
            }
        }
        Ok(there)
    }

    /// The number of a folder, if it is there.
    pub(super) fn id_of(&mut self, folder: &FolderPath) -> Result<Option<u64>, WorkspaceError> {
        if folder.is_home() {
            return Ok(self.workspace.home()?);
        }
        let base = &self.workspace.base;
        if *folder == base.path {
            return Ok(base.id.get());
        }
        let (mut at, names) = match base.path.relative(folder) {
            Some(below) => (base.id.get(), below.to_owned()),
            None => (base.root.get(), folder.as_str().to_owned()),
        };
        for name in names.split('/').filter(|name| !name.is_empty()) {
            let all = self.below(at)?.iter();
            let named = all.filter(|(_, known)| nfc(known) == name);
            let ids: Vec<u64> = named.map(|(id, _)| *id).collect();
            match ids.as_slice() {
                [] => return Ok(None),
                [id] => at = Some(*id),
                _ => {
                    return Err(RemoteError::SameFolders {
                        address: self.workspace.address().without_folder(),
                        folder: folder.clone(),
                        ids,
                    }
                    .into());
                }
            }
        }
        Ok(at)
    }
}

impl RemoteWorkspace {
    /// The number of a folder, which is created if it is not there.
    pub(super) fn make_folder(&self, folder: &FolderPath) -> Result<u64, WorkspaceError> {
        if let Some(id) = self.found.borrow().get(folder) {
            return Ok(*id);
        }
        if let Some(id) = Folders::new(self).id_of(folder)? {
            return Ok(id);
        }
        let parent = match folder.parent() {
            Some(above) if above.is_home() => None,
            Some(above) => Some(FolderId(self.make_folder(&above)?)),
            None => {
                return Err(RemoteError::NoHome {
                    address: self.address(),
                }
                .into());
            }
        };
        let made = self.api().create_folder(folder.name(), parent)?.id.0;
        self.found.borrow_mut().insert(folder.clone(), made);
        Ok(made)
    }
}
