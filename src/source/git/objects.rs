//! What a commit holds. Commits and folders are compared with their names as they are read, so that
//! what is told is what the commit's name stands for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gix_hash::ObjectId;
use gix_object::bstr::ByteSlice as _;
use gix_object::tree::EntryKind;
use gix_object::{CommitRefIter, Find as _, FindHeader as _, Kind, TreeRefIter};

use super::{GitError, Repository, regular};
use crate::model::git::{BlobId, CommitId, ObjectHash};

/// The largest commit or folder that is read, in bytes.
const LARGEST: u64 = 64 << 20;
/// The largest piece of a pack that is unpacked on the way to one.
const LARGEST_PIECE: usize = 256 << 20;
/// How many files and folders are listed.
const MOST: usize = 1_000_000;
/// How often one store of objects may lead to others.
const MOST_STORES: usize = 64;

/// The objects of a repository.
pub struct Objects<'r> {
    repository: &'r Repository,
    hash: ObjectHash,
    handle: gix_odb::Handle,
    /// The folders that they lie in.
    stores: Vec<PathBuf>,
}

/// What a commit holds at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommittedPath {
    /// A folder with these files, by their paths below it.
    Folder(BTreeMap<Vec<u8>, CommittedFile>),
    /// A file, or what stands in the place of one.
    File(CommittedFile),
    /// Nothing.
    Nothing,
}

/// A file of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommittedFile {
    /// The name of its bytes; of a submodule, none.
    pub id: Option<BlobId>,
    /// What it is.
    pub mode: Mode,
}

/// What stands in a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl<'r> Objects<'r> {
    pub(super) fn open(repository: &'r Repository, hash: ObjectHash) -> Result<Self, GitError> {
        let folder = repository.common.join("objects");
        let stores = stores(repository, &folder)?;
        let options = gix_odb::store::init::Options {
            alloc_limit_bytes: Some(LARGEST_PIECE),
            ..Default::default()
        };
        // Objects that others are to be taken for (`refs/replace`) are not what a commit's name
        // stands for, so none are given.
        let handle = gix_odb::at_opts(folder, hash.kind(), None, options)
            .map_err(|error| repository.unreadable(error.to_string()))?;
        Ok(Self {
            repository,
            hash,
            handle,
            stores,
        })
    }

    /// The commit that is checked out, and its folder; none if there is no commit yet.
    ///
    /// # Errors
    /// If it can't be told.
    pub fn head(&self) -> Result<Option<(CommitId, ObjectId)>, GitError> {
        let Some(commit) = self.repository.head_object(self.hash)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        self.read(commit, Kind::Commit, &mut bytes)?;
        let tree = CommitRefIter::from_bytes(&bytes, self.hash.kind()).tree_id();
        let tree = tree.map_err(|_| self.unsound(commit))?;
        Ok(Some((CommitId::from(commit), tree)))
    }

    /// What lies at a path below a folder, and everything below it; `path` is empty for the folder
    /// itself. It is asked between folders whether to go on.
    ///
    /// # Errors
    /// If an object is not there or not sound, or there are too many.
    pub fn at(
        &self,
        tree: ObjectId,
        path: &Path,
        go_on: &dyn Fn() -> bool,
    ) -> Result<CommittedPath, GitError> {
        let mut bytes = Vec::new();
        let mut tree = tree;
        let mut parts = path.iter().peekable();
        while let Some(part) = parts.next() {
            self.read(tree, Kind::Tree, &mut bytes)?;
            let mut found = None;
            for entry in TreeRefIter::from_bytes(&bytes, self.hash.kind()) {
                let entry = entry.map_err(|_| self.unsound(tree))?;
                if entry.filename.as_bytes() == part.as_encoded_bytes() {
                    found = Some((entry.mode.kind(), entry.oid.to_owned()));
                }
            }
            match found {
                None => return Ok(CommittedPath::Nothing),
                Some((EntryKind::Tree, id)) => tree = id,
                Some((kind, id)) if parts.peek().is_none() => {
                    return Ok(CommittedPath::File(file(kind, id)));
                }
                Some(_) => return Ok(CommittedPath::Nothing),
            }
        }
        self.below(tree, go_on).map(CommittedPath::Folder)
    }

    fn below(
        &self,
        tree: ObjectId,
        go_on: &dyn Fn() -> bool,
    ) -> Result<BTreeMap<Vec<u8>, CommittedFile>, GitError> {
        let mut files = BTreeMap::new();
        let mut folders = vec![(Vec::new(), tree)];
        let (mut bytes, mut seen) = (Vec::new(), 0);
        while let Some((path, tree)) = folders.pop() {
            if !go_on() {
                return Err(self.repository.unreadable("reading it was interrupted"));
            }
            self.read(tree, Kind::Tree, &mut bytes)?;
            for entry in TreeRefIter::from_bytes(&bytes, self.hash.kind()) {
                let entry = entry.map_err(|_| self.unsound(tree))?;
                seen += 1;
                if seen > MOST {
                    return Err(self
                        .repository
                        .unreadable(format!("its commit holds more than {MOST} files")));
                }
                let mut path: Vec<u8> = path.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(entry.filename);
                match entry.mode.kind() {
                    EntryKind::Tree => folders.push((path, entry.oid.to_owned())),
                    kind @ (EntryKind::Blob
                    | EntryKind::BlobExecutable
                    | EntryKind::Link
                    | EntryKind::Commit) => {
                        files.insert(path, file(kind, entry.oid.to_owned()));
                    }
                }
            }
        }
        Ok(files)
    }

    /// The bytes of a file, if there are no more than `limit`; none if there are, or the repository
    /// does not have them.
    pub fn blob(&self, id: BlobId, limit: u64) -> Option<Vec<u8>> {
        let id = id.to_object();
        self.is_regular(id).ok()?;
        let header = self.handle.try_header(&id).ok()??;
        if header.kind != Kind::Blob || header.size > limit {
            return None;
        }
        let mut bytes = Vec::new();
        self.handle.try_find(&id, &mut bytes).ok()??;
        Some(bytes)
    }

    fn read(&self, id: ObjectId, kind: Kind, into: &mut Vec<u8>) -> Result<(), GitError> {
        self.is_regular(id)?;
        let unsound = |_| self.unsound(id);
        let absent = || {
            self.repository.unreadable(format!(
                "the object {} is not there; the clone may be partial",
                id.to_hex_with_len(12)
            ))
        };
        let header = self.handle.try_header(&id).map_err(unsound)?;
        let header = header.ok_or_else(absent)?;
        if header.kind != kind || header.size > LARGEST {
            return Err(self.unsound(id));
        }
        into.clear();
        let found = self.handle.try_find(&id, into).map_err(unsound)?;
        let data = found.ok_or_else(absent)?;
        let computed = gix_object::compute_hash(self.hash.kind(), kind, data.data);
        match computed {
            Ok(computed) if computed == id && data.kind == kind => Ok(()),
            Ok(_) | Err(_) => Err(self.unsound(id)),
        }
    }

    /// Nothing but files is opened: a pipe would be waited for.
    fn is_regular(&self, id: ObjectId) -> Result<(), GitError> {
        let name = id.to_hex().to_string();
        let below = PathBuf::from(&name[..2]).join(&name[2..]);
        let paths = self.stores.iter().map(|store| store.join(&below));
        match paths
            .into_iter()
            .all(|path| fs::metadata(path).map_or(true, |found| found.is_file()))
        {
            true => Ok(()),
            false => Err(self.unsound(id)),
        }
    }

    fn unsound(&self, id: ObjectId) -> GitError {
        self.repository.unreadable(format!(
            "the object {} is not sound",
            id.to_hex_with_len(12)
        ))
    }
}

fn file(kind: EntryKind, id: ObjectId) -> CommittedFile {
    let (id, mode) = match kind {
        EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Tree => {
            (BlobId::from_object(id), Mode::File)
        }
        EntryKind::Link => (BlobId::from_object(id), Mode::Link),
        EntryKind::Commit => (None, Mode::Submodule),
    };
    CommittedFile { id, mode }
}

/// The folders that objects lie in: a repository's own and those that it borrows from. All in them
/// that is opened has to be a file.
fn stores(repository: &Repository, own: &Path) -> Result<Vec<PathBuf>, GitError> {
    let mut stores = vec![own.to_owned()];
    let mut at = 0;
    while let Some(store) = stores.get(at).cloned() {
        at += 1;
        let failed = |what: String| repository.unreadable(format!("{}: {what}", store.display()));
        for entry in fs::read_dir(store.join("pack")).into_iter().flatten() {
            let path = entry.map_err(|error| failed(error.to_string()))?.path();
            if !fs::metadata(&path).is_ok_and(|found| found.is_file() || found.is_dir()) {
                return Err(failed("not all of its packs are files".to_owned()));
            }
        }
        let borrowed = regular(&store.join("info").join("alternates"))
            .map_err(|error| failed(format!("info/alternates: {error}")))?;
        let borrowed = gix_odb::alternate::parse(&borrowed.unwrap_or_default())
            .map_err(|_| failed("its alternates are no paths".to_owned()))?;
        for path in borrowed {
            let path = store.join(path);
            if !stores.contains(&path) {
                stores.push(path);
            }
        }
        if stores.len() > MOST_STORES {
            return Err(repository.unreadable("it borrows objects from too many others"));
        }
    }
    Ok(stores)
}
