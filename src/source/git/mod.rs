//! Repositories of git, read without running anything.
//!
//! The `git` command does what a repository's own configuration tells it to: monitors, filters, hooks,
//! helpers. So it is not asked. Of a repository are read: where it is, which objects it has, and which
//! commit is checked out. Nothing of its index is believed, nothing of its configuration but the
//! format, and nothing of `GIT_DIR` and its like. Files that are none (pipes, devices) are not opened.

mod head;
mod objects;
mod safe;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix_config::file::Metadata;

use crate::io::limited;
use crate::model::git::ObjectHash;

pub use objects::{CommittedFile, CommittedPath, Mode, Objects};
pub use safe::UserSettings;

/// More than any file of a repository that is read whole, but for its objects.
const LARGEST: u64 = 64 << 20;

/// A repository and the files that are checked out of it.
#[derive(Debug)]
pub struct Repository {
    /// The folder that holds the files, with no link in its path.
    pub root: PathBuf,
    /// What is this checkout's own: its `HEAD`.
    own: PathBuf,
    /// What it shares with other checkouts: branches and objects.
    common: PathBuf,
}

/// A repository that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Somebody else made it, and may have put anything there.
    #[error("the repository {} belongs to another user", root.display())]
    Foreign {
        /// The folder that holds its files.
        root: PathBuf,
    },
    /// It is not as repositories are, or as this program knows them.
    #[error("the repository {} can't be read: {what}", root.display())]
    Unreadable {
        /// The folder that holds its files.
        root: PathBuf,
        /// Why.
        what: String,
    },
}

impl Repository {
    /// The repository that the files of `folder` are checked out of, which is a path without links;
    /// none if it lies in none.
    ///
    /// # Errors
    /// If it belongs to another user and `user` does not say that it is safe, or what points to it is
    /// broken.
    pub fn around(folder: &Path, user: &UserSettings) -> Result<Option<Self>, GitError> {
        let Some(found) = Self::find(folder) else {
            return Ok(None);
        };
        let (root, pointer) = found;
        let unreadable = |what: &str| GitError::Unreadable {
            root: root.clone(),
            what: what.to_owned(),
        };
        let own = match pointer {
            Pointer::Folder(own) => own,
            Pointer::File(file) => {
                let text = regular(&file).map_err(|error| unreadable(&error.to_string()))?;
                let text = text.unwrap_or_default();
                let named = text.strip_prefix(b"gitdir: ".as_slice());
                let named = named.and_then(|named| std::str::from_utf8(named).ok());
                let Some(named) = named else {
                    return Err(unreadable("its .git is a file that names no folder"));
                };
                root.join(named.trim_end_matches(['\n', '\r']))
            }
        };
        let common = match regular(&own.join("commondir")) {
            Ok(None) => own.clone(),
            Ok(Some(text)) => match std::str::from_utf8(&text) {
                Ok(named) => own.join(named.trim_end_matches(['\n', '\r'])),
                Err(_) => return Err(unreadable("its commondir is no path")),
            },
            Err(error) => return Err(unreadable(&format!("commondir: {error}"))),
        };
        if !is_repository(&own, &common) {
            return Err(unreadable("there is no repository where its .git says"));
        }
        let repository = Self { root, own, common };
        match repository.belongs_to_user() || user.trusts(&repository.root) {
            true => Ok(Some(repository)),
            false => Err(GitError::Foreign {
                root: repository.root,
            }),
        }
    }

    /// The folder that holds the files of a repository: the nearest one around `folder` with a `.git`.
    pub fn root_around(folder: &Path) -> Option<PathBuf> {
        Self::find(folder).map(|(root, _)| root)
    }

    fn find(folder: &Path) -> Option<(PathBuf, Pointer)> {
        for root in folder.ancestors() {
            let pointer = root.join(".git");
            match fs::metadata(&pointer) {
                Ok(metadata) if metadata.is_dir() && is_repository(&pointer, &pointer) => {
                    return Some((root.to_owned(), Pointer::Folder(pointer)));
                }
                Ok(metadata) if metadata.is_file() => {
                    return Some((root.to_owned(), Pointer::File(pointer)));
                }
                Ok(_) | Err(_) => {}
            }
            // What lies inside of a repository's own folder is checked out of nothing.
            if is_repository(root, root) {
                return None;
            }
        }
        None
    }

    fn belongs_to_user(&self) -> bool {
        let pointer = self.root.join(".git");
        [&self.root, &pointer, &self.own, &self.common]
            .into_iter()
            .all(|path| gix_sec::identity::is_path_owned_by_current_user(path).unwrap_or(false))
    }

    /// The hash by which it names objects.
    ///
    /// # Errors
    /// If its format is one that is not known.
    pub fn object_hash(&self) -> Result<ObjectHash, GitError> {
        let text = self.file("config")?.unwrap_or_default();
        // What its configuration includes has no say in the format, as with git itself.
        let config = gix_config::File::from_bytes_no_includes(
            &text,
            Metadata::api(),
            gix_config::file::init::Options::default(),
        )
        .map_err(|_| self.unreadable("its configuration can't be understood"))?;
        let said = |key: &str| config.string(key).map(|value| value.to_string());
        let version = said("core.repositoryformatversion").unwrap_or_else(|| "0".to_owned());
        if !matches!(version.as_str(), "0" | "1") {
            return Err(self.unreadable(format!("its format's version is {version}")));
        }
        if version == "1" {
            let sections = config.sections_by_name("extensions").into_iter().flatten();
            for section in sections {
                for name in section.value_names() {
                    let name = name.to_string().to_ascii_lowercase();
                    if !EXTENSIONS.contains(&name.as_str()) {
                        return Err(self.unreadable(format!(
                            "its format has the extension {name}, which is not known here"
                        )));
                    }
                }
            }
        }
        match said("extensions.refstorage").as_deref() {
            None | Some("files") => {}
            Some(other) => {
                return Err(self.unreadable(format!(
                    "it keeps its branches as {other}, which is not known here"
                )));
            }
        }
        match said("extensions.objectformat").as_deref() {
            None | Some("sha1") => Ok(ObjectHash::Sha1),
            Some("sha256") => Ok(ObjectHash::Sha256),
            Some(other) => Err(self.unreadable(format!(
                "it names objects by {other}, which is not known here"
            ))),
        }
    }

    /// Its objects.
    ///
    /// # Errors
    /// If they can't be opened.
    pub fn objects(&self, hash: ObjectHash) -> Result<Objects<'_>, GitError> {
        Objects::open(self, hash)
    }

    /// A file that it shares with other checkouts, if it is there.
    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, GitError> {
        regular(&self.common.join(name))
            .map_err(|error| self.unreadable(format!("{name}: {error}")))
    }

    fn unreadable(&self, what: impl Into<String>) -> GitError {
        GitError::Unreadable {
            root: self.root.clone(),
            what: what.into(),
        }
    }
}

/// The extensions of the format that make no difference here, or that are looked at.
const EXTENSIONS: &[&str] = &[
    "compatobjectformat",
    "noop",
    "noop-v1",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "refstorage",
    "relativeworktrees",
    "submodulepathconfig",
    "worktreeconfig",
];

/// Where a folder's `.git` leads.
enum Pointer {
    /// It is the repository.
    Folder(PathBuf),
    /// It says where the repository is.
    File(PathBuf),
}

/// Whether folders look like a repository, by what git itself looks for.
fn is_repository(own: &Path, common: &Path) -> bool {
    let head = own.join("HEAD");
    // An old repository's may be a link to a branch that is not there yet.
    let has_head = fs::symlink_metadata(head).is_ok_and(|head| !head.is_dir());
    let shares = own.join("commondir").is_file();
    let has_folders = common.join("objects").is_dir() && common.join("refs").is_dir();
    has_head && (has_folders || own == common && shares)
}

/// The bytes of a file, if there is one of that name. Folders of a branch's name may stay behind.
fn regular(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => limited::read(path, LARGEST).map(Some),
        Ok(metadata) if metadata.is_dir() => Ok(None),
        Ok(_) => Err(io::Error::other("it is not a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
