//! What of a project is the commit's that it is checked out of.
//!
//! Nothing of a repository's index is believed: files that it marks as unchanged, skipped or ignored
//! are compared like all others, by the names that git gives to their bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::Interrupt;
use super::read::Opened;
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::io::system::slashed;
use crate::model::git::{BlobId, CommitId, ObjectHash};
use crate::model::kind::FileRole;
use crate::model::project::Origin;
use crate::source::ReadError;
use crate::source::git::{
    CommittedFile, CommittedPath, GitError, Mode, Objects, Repository, UserSettings,
};
use crate::source::ignored::IGNORE_FILES;

/// How pointers of Git LFS begin.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
/// More than a pointer of Git LFS has, in bytes.
const LONGEST_POINTER: u64 = 1024;

/// What a repository says of a file or folder.
#[derive(Debug)]
pub enum Checkout {
    /// No commit holds it.
    NoCommit(NoCommit),
    /// A commit that is checked out holds it.
    Committed(Committed),
    /// There is a repository, and what it says can't be known.
    Unknown(GitError),
}

/// Why no commit holds a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCommit {
    /// It lies in no repository.
    NoRepository,
    /// The repository has no commit yet.
    NoneYet,
    /// The commit does not have it.
    NotIn(CommitId),
}

/// A file or folder as a commit holds it.
#[derive(Debug)]
pub struct Committed {
    /// The commit.
    pub commit: CommitId,
    /// The hash that names its files.
    pub hash: ObjectHash,
    repository: Repository,
    /// Where it lies below the repository's root.
    path: PathBuf,
    held: Held,
    /// Ignore files that the commit holds in the folder and those around it, by their paths from the
    /// repository's root.
    ignoring: BTreeMap<PathBuf, CommittedFile>,
}

#[derive(Debug)]
enum Held {
    Folder(BTreeMap<Vec<u8>, CommittedFile>),
    File(CommittedFile),
}

/// A file that is not as the commit has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Its path from the repository's root.
    pub path: String,
    /// How it differs.
    pub how: How,
}

/// How a file differs from a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The commit does not have it.
    Added,
    /// It has other bytes.
    Changed(Cause),
    /// Only the commit has it.
    Missing,
    /// It is a repository of its own, which is not compared.
    Submodule,
    /// It could not be compared.
    NotCompared,
}

/// Why a file has other bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Its contents are others.
    Contents,
    /// Its lines end otherwise.
    LineEnds,
    /// The commit has a pointer of Git LFS to it.
    LfsPointer,
    /// The commit has a symbolic link.
    Link,
}

impl Checkout {
    /// What the repository around a file or folder says of it.
    pub fn of(path: &Path, user: &UserSettings, interrupt: &Interrupt) -> Self {
        match Self::look(path, user, interrupt) {
            Ok(found) => found,
            Err(error) => Self::Unknown(error),
        }
    }

    fn look(path: &Path, user: &UserSettings, interrupt: &Interrupt) -> Result<Self, GitError> {
        let nowhere = Self::NoCommit(NoCommit::NoRepository);
        // What a link names is looked at where it lies.
        let Ok(path) = path.canonicalize() else {
            return Ok(nowhere);
        };
        let folder = match path.is_dir() {
            true => Some(path.as_path()),
            false => path.parent(),
        };
        let Some(repository) = folder.map(|folder| Repository::around(folder, user)) else {
            return Ok(nowhere);
        };
        let Some(repository) = repository? else {
            return Ok(nowhere);
        };
        let hash = repository.object_hash()?;
        let objects = repository.objects(hash)?;
        let Some((commit, tree)) = objects.head()? else {
            return Ok(Self::NoCommit(NoCommit::NoneYet));
        };
        let go_on = || !interrupt.is_set();
        let below = path.strip_prefix(&repository.root).unwrap_or(&path);
        let held = match objects.at(tree, below, &go_on)? {
            CommittedPath::Folder(files) if !files.is_empty() => Held::Folder(files),
            CommittedPath::File(file) => Held::File(file),
            CommittedPath::Folder(_) | CommittedPath::Nothing => {
                return Ok(Self::NoCommit(NoCommit::NotIn(commit)));
            }
        };
        let mut ignoring = BTreeMap::new();
        if let Held::Folder(_) = held {
            for file in below.ancestors().flat_map(ignore_files) {
                if let CommittedPath::File(held) = objects.at(tree, &file, &go_on)? {
                    ignoring.insert(file, held);
                }
            }
        }
        let below = below.to_owned();
        Ok(Self::Committed(Committed {
            commit,
            hash,
            repository,
            path: below,
            held,
            ignoring,
        }))
    }

    /// The commit, if one holds it.
    pub fn committed(&self) -> Option<&Committed> {
        match self {
            Self::Committed(committed) => Some(committed),
            Self::NoCommit(_) | Self::Unknown(_) => None,
        }
    }

    /// The hash to name files by while they are read, where that is of use.
    pub fn hash(&self) -> Option<ObjectHash> {
        let committed = self.committed()?;
        match committed.held {
            Held::Folder(_) => Some(committed.hash),
            Held::File(_) => None,
        }
    }
}

fn ignore_files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let folder = folder.to_owned();
    IGNORE_FILES.iter().map(move |name| folder.join(name))
}

impl Committed {
    /// What it says apart from the project's own files: which of those the commit has follows from the
    /// commit and the place in it.
    pub fn apart_from_files(&self) -> (CommitId, ObjectHash, &Path, Vec<Difference>) {
        (
            self.commit.clone(),
            self.hash,
            &self.path,
            self.compare_ignore_files(),
        )
    }

    /// Where a project differs from the commit; read with [`hash`](Checkout::hash).
    ///
    /// # Errors
    /// If the project's own package can't be read again.
    pub fn compare(&self, opened: &Opened) -> Result<Vec<Difference>, ReadError> {
        let mut differences = match &self.held {
            Held::Folder(held) => self.compare_folder(held, opened),
            Held::File(held) => self.compare_package(*held, opened)?,
        };
        differences.extend(self.compare_ignore_files());
        differences.sort();
        differences.dedup();
        Ok(differences)
    }

    fn compare_folder(
        &self,
        held: &BTreeMap<Vec<u8>, CommittedFile>,
        opened: &Opened,
    ) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut found = BTreeSet::new();
        for (file, blob) in opened.project.files.iter().zip(&opened.blobs) {
            let path = file.path.as_str();
            found.insert(path.as_bytes());
            let how = match (held.get(path.as_bytes()), blob) {
                (None, _) => How::Added,
                (Some(held), Some(blob)) if held.mode == Mode::File && held.id == Some(*blob) => {
                    continue;
                }
                (Some(_), None) => How::NotCompared,
                (Some(held), Some(_)) => How::Changed(match held.mode {
                    Mode::Link => Cause::Link,
                    Mode::File | Mode::Submodule => Cause::Contents,
                }),
            };
            differences.push(self.difference(path, how));
        }
        let left_out: BTreeSet<&str> = opened.left_out.iter().map(|l| l.path.as_str()).collect();
        for (path, file) in held.iter().filter(|(path, _)| !found.contains(&***path)) {
            let path = String::from_utf8_lossy(path);
            let hidden = path.split('/').any(|part| part.starts_with('.'));
            let is_left_out = path
                .match_indices('/')
                .map(|(at, _)| &path[..at])
                .chain([&*path])
                .any(|path| left_out.contains(path));
            let how = match file.mode {
                _ if hidden || is_left_out => continue,
                Mode::Submodule => How::Submodule,
                Mode::File | Mode::Link if FileRole::of(&path) == FileRole::NoAsset => continue,
                Mode::File | Mode::Link => How::Missing,
            };
            differences.push(self.difference(&path, how));
        }
        differences
    }

    fn compare_package(
        &self,
        held: CommittedFile,
        opened: &Opened,
    ) -> Result<Vec<Difference>, ReadError> {
        let blob = match opened.source.origin() {
            Origin::Package => opened.source.blob(self.hash)?,
            Origin::Folder => None,
        };
        Ok(self.file_difference(&self.path, held, blob))
    }

    /// Where the bytes of a file differ from the commit's.
    pub fn compare_bytes(&self, bytes: &[u8]) -> Vec<Difference> {
        match self.held {
            Held::File(held) => {
                self.file_difference(&self.path, held, BlobId::of(self.hash, bytes))
            }
            Held::Folder(_) => vec![self.difference("", How::NotCompared)],
        }
    }

    fn file_difference(
        &self,
        path: &Path,
        held: CommittedFile,
        blob: Option<BlobId>,
    ) -> Vec<Difference> {
        let how = match (held.mode, blob) {
            (Mode::File, Some(blob)) if held.id == Some(blob) => return Vec::new(),
            (Mode::Link, _) => How::Changed(Cause::Link),
            (Mode::Submodule, _) => How::Submodule,
            (Mode::File, None) => How::NotCompared,
            (Mode::File, Some(_)) => How::Changed(Cause::Contents),
        };
        let path = slashed(path);
        vec![Difference { path, how }]
    }

    /// What the ignore files say decides what is in a package.
    fn compare_ignore_files(&self) -> Vec<Difference> {
        let Held::Folder(_) = self.held else {
            return Vec::new();
        };
        let mut differences = Vec::new();
        for path in self.path.ancestors().flat_map(ignore_files) {
            let here = self.repository.root.join(&path);
            let how = match (self.ignoring.get(&path), fs::symlink_metadata(&here)) {
                (None, Err(_)) => continue,
                (None, Ok(_)) => How::Added,
                (Some(_), Err(_)) => How::Missing,
                (Some(held), Ok(found)) => {
                    let bytes = match found.is_file() {
                        true => limited::read(&here, DOCUMENT).ok(),
                        false => None,
                    };
                    let blob = bytes.and_then(|bytes| BlobId::of(self.hash, &bytes));
                    differences.extend(self.file_difference(&path, *held, blob));
                    continue;
                }
            };
            let path = slashed(&path);
            differences.push(Difference { path, how });
        }
        differences
    }

    fn difference(&self, path: &str, how: How) -> Difference {
        let path = self.path.join(path);
        Difference {
            path: slashed(&path),
            how,
        }
    }

    /// Says of files with other bytes why they have them, as far as that can be told.
    pub fn explain(&self, differences: &mut [Difference]) {
        let Ok(objects) = self.repository.objects(self.hash) else {
            return;
        };
        for difference in differences {
            if difference.how != How::Changed(Cause::Contents) {
                continue;
            }
            let held = match &self.held {
                Held::File(held) => Some(held),
                Held::Folder(held) => {
                    let below = Path::new(&difference.path).strip_prefix(&self.path);
                    let below = below.ok().and_then(Path::to_str);
                    below.and_then(|below| held.get(below.as_bytes()))
                }
            };
            let held = held.or_else(|| self.ignoring.get(Path::new(&difference.path)));
            if let Some(id) = held.and_then(|held| held.id) {
                let here = self.repository.root.join(&difference.path);
                difference.how = How::Changed(self.cause(&objects, id, &here));
            }
        }
    }

    fn cause(&self, objects: &Objects<'_>, id: BlobId, here: &Path) -> Cause {
        let pointer = objects.blob(id, LONGEST_POINTER);
        if pointer.is_some_and(|blob| blob.starts_with(LFS_POINTER)) {
            return Cause::LfsPointer;
        }
        let is_file = fs::symlink_metadata(here).is_ok_and(|found| found.is_file());
        let Some(bytes) = is_file
            .then(|| limited::read(here, DOCUMENT).ok())
            .flatten()
        else {
            return Cause::Contents;
        };
        let unix = with_line_ends(&bytes, b"\n");
        let dos = with_line_ends(&bytes, b"\r\n");
        let same = |bytes: &[u8]| BlobId::of(self.hash, bytes) == Some(id);
        match same(&unix) || same(&dos) {
            true => Cause::LineEnds,
            false => Cause::Contents,
        }
    }
}

/// A text whose lines all end like this.
fn with_line_ends(bytes: &[u8], end: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        match lines.peek() {
            Some(_) => {
                text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                text.extend_from_slice(end);
            }
            None => text.extend_from_slice(line),
        }
    }
    text
}

impl Difference {
    /// Whether the file is known to be another one; otherwise it could not be compared.
    pub const fn is_known(&self) -> bool {
        match self.how {
            How::Added | How::Changed(_) | How::Missing => true,
            How::Submodule | How::NotCompared => false,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, how } = self;
        match how {
            How::Added => write!(f, "added: {path}"),
            How::Missing => write!(f, "missing: {path}"),
            How::Changed(Cause::Contents) => write!(f, "changed: {path}"),
            How::Changed(Cause::LineEnds) => write!(
                f,
                "changed: {path} (only its line ends: core.autocrlf or an attribute has git change them)"
            ),
            How::Changed(Cause::LfsPointer) => write!(
                f,
                "changed: {path} (the commit has a pointer of Git LFS in its place)"
            ),
            How::Changed(Cause::Link) => {
                write!(f, "changed: {path} (the commit has a symbolic link)")
            }
            How::Submodule => write!(
                f,
                "not compared: {path} is a submodule, whose files are another repository's"
            ),
            How::NotCompared => write!(f, "not compared: {path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_all_of_one_sort() {
        for (text, unix, dos) in [
            ("", "", ""),
            ("a", "a", "a"),
            ("a\n", "a\n", "a\r\n"),
            ("a\r\nb", "a\nb", "a\r\nb"),
            ("a\r\n\nb\r", "a\n\nb\r", "a\r\n\r\nb\r"),
        ] {
            assert_eq!(with_line_ends(text.as_bytes(), b"\n"), unix.as_bytes());
            assert_eq!(with_line_ends(text.as_bytes(), b"\r\n"), dos.as_bytes());
        }
    }
}
