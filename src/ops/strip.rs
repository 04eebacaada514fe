//! A package without its top folder: what an export of a workspace's root has around every path
//! (platform.md §5.3) comes off the paths and off the references to them. Nothing else changes.

use std::path::{Path, PathBuf};

use super::read::{self, Digests, OpenError, Reading, Roots};
use super::{Interrupted, Observer, Running};
use crate::archive::{Batch, Buffers, Limits, PackageWriter, WriteError};
use crate::io::scratch::ScratchFolder;
use crate::json::{Dialect, JsonError, Node, NodeKind, Splice, Tape, apply, quote};
use crate::model::ident::Digest;
use crate::model::path::{PackagePath, PathError};
use crate::source::ReadError;

/// A package whose top folder was taken off, in a file that goes with this value.
#[derive(Debug)]
pub struct Stripped {
    scratch: ScratchFolder,
    name: PathBuf,
    /// The digest of the package that it was made of.
    pub original: Digest,
}

/// A top folder can't be taken off.
#[derive(Debug, thiserror::Error)]
pub enum StripError {
    /// The package can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is not a package.
    #[error("{} is a folder, not a package", path.display())]
    NoPackage {
        /// The path.
        path: PathBuf,
    },
    /// Nothing lies in that folder.
    #[error("no path in {} begins with `{}/`", path.display(), folder.escape_debug())]
    NotThere {
        /// The package.
        path: PathBuf,
        /// The folder.
        folder: String,
    },
    /// Without the folder two files would have one path.
    #[error("without the folder there are two files `{path}`")]
    Collision {
        /// The path.
        path: PackagePath,
    },
    /// What remains is not a path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A file can't be read.
    #[error("can't read `{path}`")]
    Read {
        /// The file.
        path: PackagePath,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// An asset is not JSON.
    #[error("`{path}` is not JSON that can be changed")]
    Json {
        /// The file.
        path: PackagePath,
        /// Why.
        #[source]
        source: JsonError,
    },
    /// Nothing can be kept on disk.
    #[error("can't keep a temporary file in {}", folder.display())]
    Scratch {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The package can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Stripped {
    /// Takes `folder` off the paths of a package and off its references.
    ///
    /// # Errors
    /// If the package can't be read, nothing lies in the folder, or files would collide.
    pub fn of(
        package: &Path,
        folder: &str,
        scratch: &Path,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Self, StripError> {
        let limits = Limits::default();
        let reading = Reading {
            roots: Roots::Asserted,
            digests: Digests::Left,
            limits: &limits,
            memory: None,
        };
        let opened = read::open(package, reading, running, observer)?;
        let digest = opened.source.digest().map_err(|source| {
            OpenError::Source(crate::source::SourceError::Io {
                path: package.to_owned(),
                source: std::io::Error::other(source),
            })
        })?;
        let Some((_, original)) = digest else {
            return Err(StripError::NoPackage {
                path: package.to_owned(),
            });
        };
        let files = &opened.project.files;
        let mut entries = Vec::with_capacity(files.len());
        let mut is_there = false;
        for (index, file) in files.iter().enumerate() {
            let path = match without(file.path.as_str(), folder) {
                Some(rest) => {
                    is_there = true;
                    rest.parse()?
                }
                None => file.path.clone(),
            };
            entries.push((path, index));
        }
        if !is_there {
            return Err(StripError::NotThere {
                path: package.to_owned(),
                folder: folder.to_owned(),
            });
        }
        entries.sort();
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(StripError::Collision {
                path: pair[0].0.clone(),
            });
        }
        let failed = |source| StripError::Scratch {
            folder: scratch.to_owned(),
            source,
        };
        let scratch = ScratchFolder::new(scratch).map_err(failed)?;
        let name = PathBuf::from(package.file_name().unwrap_or_default());
        let target = scratch.file(&name.to_string_lossy());
        let mut writer = PackageWriter::create(
            target.parent().unwrap_or(Path::new(".")),
            limits.archive_bytes,
        )?;
        let owners = opened.project.owners();
        let buffers = Buffers::default();
        let mut reader = opened.source.reader();
        let (mut bytes, mut tape) = (Vec::new(), Tape::default());
        for (path, index) in &entries {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            let file = &files[*index];
            reader
                .read(file.source, &mut bytes)
                .map_err(|source| StripError::Read {
                    path: file.path.clone(),
                    source,
                })?;
            let asset = owners[*index].map(|owner| &opened.project.assets[owner]);
            let concerns = asset.is_some_and(|asset| {
                let mut references = asset.facts.references.iter();
                asset.path == file.path
                    && references.any(|reference| without(&reference.target, folder).is_some())
            });
            let mut batch = Batch::new(&buffers);
            if concerns {
                let document = tape.parse(&bytes).map_err(|source| StripError::Json {
                    path: file.path.clone(),
                    source,
                })?;
                let mut splices = Vec::new();
                shorten(document.root(), folder, Dialect::of(document), &mut splices);
                batch.add(path, &apply(&bytes, &mut splices))?;
            } else {
                batch.add(path, &bytes)?;
            }
            writer.append(path, batch.finish()?, &buffers)?;
        }
        writer.finish()?.persist(&target)?;
        Ok(Self {
            scratch,
            name,
            original,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.scratch.file(&self.name.to_string_lossy())
    }
}

/// A path without the folder that it begins with.
fn without<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// The spans of references to what lies in the folder.
fn shorten(node: Node<'_>, folder: &str, dialect: Dialect, splices: &mut Vec<Splice>) {
    match node.kind() {
        NodeKind::Object => {
            let target = node.get("zip_name");
            let text = target.and_then(Node::text);
            if let (Some(target), Some(rest)) = (
                target,
                text.as_deref().and_then(|text| without(text, folder)),
            ) {
                splices.push(Splice::new(target.span(), quote(rest, dialect)));
                if let Some(around) = node.get("folder")
                    && let Some(text) = around.text()
                    && (*text == *folder || without(&text, folder).is_some())
                {
                    let rest = without(&text, folder).unwrap_or_default();
                    splices.push(Splice::new(around.span(), quote(rest, dialect)));
                }
            }
            for (_, value) in node.members() {
                shorten(value, folder, dialect, splices);
            }
        }
        NodeKind::Array => node
            .items()
            .for_each(|item| shorten(item, folder, dialect, splices)),
        NodeKind::String | NodeKind::Number | NodeKind::Bool | NodeKind::Null => {}
    }
}
