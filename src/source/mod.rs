//! Where a project is read from: a folder or a package, listed first, read file by file.

pub mod folder;
pub mod git;
pub mod ignored;
pub(crate) mod sdk;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::archive::{Archive, ArchiveError, Kind, LimitName, Limits, Method, NameMark, Reader};
use crate::io::limited;
use crate::model::file_stat::FileStat;
use crate::model::finding::{Code, Finding, Subject};
use crate::model::git::{BlobId, ObjectHash};
use crate::model::ident::Digest;
use crate::model::path::PackagePath;
use crate::model::project::{IgnoredAssets, LeftOut, Listed, Origin};
use crate::source::folder::{Tree, TreeError};
use crate::source::ignored::Lookup;
use crate::source::sdk::{MadeContent, MadeFile};

/// A project that was opened but not read.
#[derive(Debug)]
pub struct Source {
    /// The path it was opened by.
    pub path: PathBuf,
    /// What to call the project: the folder's name, or the package's without `.zip`.
    pub name: String,
    /// Its files; a file's index here is its number for [`SourceReader::read`].
    pub listed: Vec<Listed>,
    /// Files that are no part of it.
    pub left_out: Vec<LeftOut>,
    /// How many assets ignore files take files of.
    pub ignored: Vec<IgnoredAssets>,
    /// What opening it showed.
    pub findings: Vec<Finding>,
    place: SourcePlace,
    /// The files that follow those of the place in `listed`.
    made: Vec<MadeContent>,
}

#[derive(Debug)]
enum SourcePlace {
    /// With what the file system says of each file in `listed`.
    Folder(PathBuf, Vec<Option<FileStat>>),
    /// With the entries that are files, by number in `listed`.
    Package(Archive, Vec<usize>),
}

/// A project could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing by that name, or it can't be looked at.
    #[error("can't open {}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder can't be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The file is no package that can be trusted.
    #[error("{} is no package that can be read", path.display())]
    Archive {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<ArchiveError>,
    },
}

/// A file of a project could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The archive's data is not what it declares.
    #[error(transparent)]
    Archive(#[from] Box<ArchiveError>),
}

impl Source {
    /// Opens a folder or a package and lists its files.
    ///
    /// # Errors
    /// If it is not there, can't be read, or is an archive that readers could disagree about.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, SourceError> {
        Self::open_with(path, Lookup::Around(None), limits)
    }

    /// The same; of a folder, with the ignore files that are looked for as `lookup` says.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        path: &Path,
        lookup: Lookup<'_>,
        limits: &Limits,
    ) -> Result<Self, SourceError> {
        let name = Self::name_of(path)?;
        if path.is_dir() {
            let Tree {
                root,
                listed,
                stamps,
                left_out,
                ignored,
                findings,
            } = Tree::walk_with(path, lookup, limits)?;
            let place = SourcePlace::Folder(root, stamps);
            return Ok(Self {
                path: path.to_owned(),
                name,
                listed,
                left_out,
                ignored,
                findings,
                place,
                made: Vec::new(),
            });
        }
        let archive = Archive::open(path, limits).map_err(|source| SourceError::Archive {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        Ok(Self::package(path.to_owned(), name, archive))
    }

    /// The same for connectors: in the layout of an export, in that of the connector SDK
    /// (`NAME/connector.rb`), or both.
    ///
    /// # Errors
    /// As [`Self::open`], and if a source can't be read.
    pub fn open_connectors(
        path: &Path,
        lookup: Lookup<'_>,
        limits: &Limits,
    ) -> Result<Self, SourceError> {
        let mut source = Self::open_with(path, lookup, limits)?;
        if let SourcePlace::Folder(root, _) = &source.place {
            let made = sdk::connectors(root, &source.name, &source.listed).map_err(|error| {
                SourceError::Io {
                    path: path.to_owned(),
                    source: error,
                }
            })?;
            for MadeFile { listed, content } in made {
                source.listed.push(listed);
                source.made.push(content);
            }
        }
        Ok(source)
    }

    /// A file that was made, by its number.
    fn made(&self, number: usize) -> Option<&MadeContent> {
        let first = self.listed.len() - self.made.len();
        self.made.get(number.checked_sub(first)?)
    }

    /// What to call the project at `path`: the folder's name, or the package's without `.zip`.
    ///
    /// # Errors
    /// If there is nothing by that name.
    pub fn name_of(path: &Path) -> Result<String, SourceError> {
        let failed = |source| SourceError::Io {
            path: path.to_owned(),
            source,
        };
        let name = if std::fs::metadata(path).map_err(failed)?.is_dir() {
            // `.` and `..` have a name only once they are resolved.
            let resolved = path.canonicalize().map_err(failed)?;
            resolved.file_name().map(ToOwned::to_owned)
        } else {
            path.file_stem().map(ToOwned::to_owned)
        };
        Ok(name
            .unwrap_or_else(|| path.as_os_str().to_owned())
            .to_string_lossy()
            .into_owned())
    }

    fn package(path: PathBuf, name: String, archive: Archive) -> Self {
        let files = archive
            .entries()
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.kind() == Kind::File);
        let numbers: Vec<usize> = files.map(|(number, _)| number).collect();
        let entry = |number: &usize| &archive.entries()[*number];
        let listed = numbers
            .iter()
            .map(entry)
            .map(|e| Listed {
                path: e.path().clone(),
                size: e.size(),
            })
            .collect();
        let unmarked = numbers
            .iter()
            .map(entry)
            .filter(|e| e.name_mark() == NameMark::Unmarked && !e.path().as_str().is_ascii())
            .count();
        let mut findings = Vec::new();
        if unmarked > 0 {
            let message = format!(
                "{unmarked} names are not ASCII and not marked as UTF-8; they are read as UTF-8"
            );
            findings.push(Finding::new(Code::UnmarkedNames, Subject::Project, message));
        }
        Self {
            path,
            name,
            listed,
            left_out: Vec::new(),
            ignored: Vec::new(),
            findings,
            place: SourcePlace::Package(archive, numbers),
            made: Vec::new(),
        }
    }

    /// That one of its files can't be read, as what hinders to open all of it.
    pub fn failed_at(&self, file: &PackagePath, error: ReadError) -> SourceError {
        match error {
            ReadError::Io(source) => SourceError::Io {
                path: self.path.join(file.as_str()),
                source,
            },
            ReadError::Archive(source) => SourceError::Archive {
                path: self.path.clone(),
                source,
            },
        }
    }

    /// It is over a limit.
    pub fn over(&self, limit: LimitName, found: u64, allowed: u64) -> SourceError {
        let source = |subject: &str| {
            Box::new(ArchiveError::Limit {
                subject: subject.into(),
                limit,
                found,
                allowed,
            })
        };
        let path = self.path.clone();
        match self.origin() {
            Origin::Folder => TreeError::Limit {
                path,
                source: source("the folder"),
            }
            .into(),
            Origin::Package => SourceError::Archive {
                path,
                source: source("the archive"),
            },
        }
    }

    /// Whether it is a folder or a package.
    pub fn origin(&self) -> Origin {
        match self.place {
            SourcePlace::Folder(..) => Origin::Folder,
            SourcePlace::Package(..) => Origin::Package,
        }
    }

    /// The size and the SHA-256 of the package, if it is one.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn digest(&self) -> Result<Option<(u64, Digest)>, ReadError> {
        match &self.place {
            SourcePlace::Folder(..) => Ok(None),
            SourcePlace::Package(archive, _) => {
                let digest = archive.digest().map_err(Box::new)?;
                Ok(Some((archive.length(), digest)))
            }
        }
    }

    /// The name that git gives to the package, if it is one; none also if its bytes are made to look
    /// like others.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn blob(&self, hash: ObjectHash) -> Result<Option<BlobId>, ReadError> {
        match &self.place {
            SourcePlace::Folder(..) => Ok(None),
            SourcePlace::Package(archive, _) => Ok(archive.blob(hash).map_err(Box::new)?),
        }
    }

    /// What the file system said of a file of a folder when it was listed.
    pub fn stamp(&self, number: usize) -> Option<FileStat> {
        match &self.place {
            SourcePlace::Folder(_, stamps) => stamps.get(number).copied().flatten(),
            SourcePlace::Package(..) => None,
        }
    }

    /// A reader with buffers of its own; one for each thread.
    pub fn reader(&self) -> SourceReader<'_> {
        let inflater = match &self.place {
            SourcePlace::Folder(..) => None,
            SourcePlace::Package(archive, _) => Some(archive.reader()),
        };
        SourceReader {
            source: self,
            inflater,
        }
    }
}

/// Reads files of one project.
#[derive(Debug)]
pub struct SourceReader<'a> {
    source: &'a Source,
    inflater: Option<Reader<'a>>,
}

impl SourceReader<'_> {
    /// Replaces what is in `into` by the bytes of the file with this number.
    ///
    /// # Errors
    /// If the file can't be read, or the archive's data is not what it declares.
    pub fn read(&mut self, number: usize, into: &mut Vec<u8>) -> Result<(), ReadError> {
        into.clear();
        match (&self.source.place, &mut self.inflater) {
            (SourcePlace::Package(archive, numbers), Some(inflater)) => {
                let entry = &archive.entries()[numbers[number]];
                inflater.read(entry, into).map_err(Box::new)?;
            }
            (SourcePlace::Package(archive, numbers), None) => {
                archive
                    .read(&archive.entries()[numbers[number]], into)
                    .map_err(Box::new)?;
            }
            (SourcePlace::Folder(root, _), _) => {
                let listed = &self.source.listed[number];
                let path = match self.source.made(number) {
                    Some(MadeContent::Held(bytes)) => {
                        into.extend_from_slice(bytes);
                        return Ok(());
                    }
                    Some(MadeContent::At(path)) => path,
                    None => &listed.path,
                };
                let mut file = limited::open(&root.join(path.as_str()))?;
                into.reserve(
                    usize::try_from(listed.size)
                        .unwrap_or_default()
                        .saturating_add(1),
                );
                file.read_to_end(into)?;
            }
        }
        Ok(())
    }

    /// The bytes of a file as a package keeps them, if it is a package: what [`read`](Self::read)
    /// checked and inflated, to be copied without doing so again.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn read_kept(
        &mut self,
        number: usize,
        into: &mut Vec<u8>,
    ) -> Result<Option<Method>, ReadError> {
        into.clear();
        match (&self.source.place, &mut self.inflater) {
            (SourcePlace::Package(archive, numbers), Some(reader)) => {
                let entry = &archive.entries()[numbers[number]];
                reader.read_kept(entry, into).map_err(Box::new)?;
                Ok(Some(entry.method()))
            }
            (SourcePlace::Package(..) | SourcePlace::Folder(..), _) => Ok(None),
        }
    }
}
