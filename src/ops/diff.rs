//! Comparing two projects or packages: both are read once, then only what differs again.

mod workspace;

pub use workspace::{Direction, compare_with_workspace};

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::read::{self, Digests, OpenError, Opened, Reading, Roots};
use super::{Interrupted, Observer, Running, Stage};
use crate::archive::Limits;
use crate::json;
use crate::model::finding::Code;
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::workspace::FolderPath;
use crate::ops::export::record::OriginRecord;
use crate::parallel;
use crate::plan::diff::{Change, Comparer, Difference, FileChange, Form, Pair, Pairing, TOLD};
use crate::source::{ReadError, SourceReader};

/// How two projects or packages differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiffReport {
    /// The side that the differences start from.
    pub old: SideRecord,
    /// The side that the differences lead to.
    pub new: SideRecord,
    /// How many files there are of each sort.
    pub files: FileCounts,
    /// The files that are not the same on both sides, in the order of their paths.
    pub changes: Vec<FileChange>,
    /// Folders that a workspace lacks. Between two projects or packages there are none.
    pub folders: Vec<FolderPath>,
    /// What only a workspace has. An import leaves it as it is, so it is no difference; between two
    /// projects or packages there is none.
    pub kept: Vec<KeptAsset>,
}

/// An asset that only the workspace has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeptAsset {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: AssetKind,
    /// Its display name.
    pub name: String,
    /// Its folder; empty for Home and for what belongs to the whole workspace.
    pub folder: FolderPath,
}

impl DiffReport {
    /// Whether there is any difference.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.folders.is_empty()
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SideRecord {
    /// The folder's or the package's name.
    pub name: String,
    /// Which of the two it is.
    pub origin: OriginRecord,
}

/// How many files there are of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileCounts {
    /// The same on both sides.
    pub unchanged: usize,
    /// Only on the new side.
    pub added: usize,
    /// Only on the old side.
    pub removed: usize,
    /// At another path, whether they differ or not.
    pub moved: usize,
    /// With another meaning, at the same path.
    pub changed: usize,
    /// With other bytes of the same meaning, at the same path.
    pub formatting: usize,
}

impl FileCounts {
    fn of(unchanged: usize, changes: &[FileChange]) -> Self {
        let mut counts = Self {
            unchanged,
            ..Self::default()
        };
        for change in changes {
            let count = match &change.change {
                Change::Added => &mut counts.added,
                Change::Removed => &mut counts.removed,
                Change::Moved { .. } => &mut counts.moved,
                Change::Changed { differences } if differences == &[Difference::Formatting] => {
                    &mut counts.formatting
                }
                Change::Changed { .. } => &mut counts.changed,
            };
            *count += 1;
        }
        counts
    }
}

/// Two projects could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// One of them can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file can't be read, so that it can't be told whether it differs.
    #[error("can't read `{path}` in {side}")]
    Read {
        /// The file.
        path: PackagePath,
        /// The project that it is in.
        side: String,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// A part of a folder can't be read, so that it can't be told what is missing.
    #[error("can't read all of {side}: {message}")]
    Unreadable {
        /// The project.
        side: String,
        /// What can't be read.
        message: String,
    },
    /// A file is no longer what it was when the project was read.
    #[error("`{path}` changed in {side} while it was compared")]
    Changed {
        /// The file.
        path: PackagePath,
        /// The project that it is in.
        side: String,
    },
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Compares two projects or packages.
///
/// # Errors
/// If one of the two can't be read completely, changes meanwhile, or the work is interrupted.
pub fn diff(
    old: &Path,
    new: &Path,
    limits: &Limits,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<DiffReport, DiffError> {
    let old = Side::open(old, limits, running, observer)?;
    let new = Side::open(new, limits, running, observer)?;
    let Pairing { unchanged, pairs } = Pairing::of(&old.opened.project, &new.opened.project);
    let mut changes = Vec::with_capacity(pairs.len());
    let total = pairs.len();
    let mut room = TOLD;
    parallel::in_order(
        total,
        running.threads,
        |index| {
            let size = |side: &Side, file: usize| {
                let content = side.opened.project.files[file].content;
                content.map_or(0, |content| content.size)
            };
            match pairs[index] {
                Pair::Added { .. } | Pair::Removed { .. } => 0,
                Pair::Both {
                    old: before,
                    new: after,
                } => {
                    let (before, after) = (size(&old, before), size(&new, after));
                    let parsed = json::memory_to_read(before) + json::memory_to_read(after);
                    before + after + parsed
                }
            }
        },
        || Worker {
            old: Bytes::of(&old),
            new: Bytes::of(&new),
            comparer: Comparer::default(),
        },
        |worker, index| {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            worker.change(pairs[index])
        },
        |index, change: Result<FileChange, DiffError>| {
            observer.progress(Stage::Comparing, index + 1, total);
            let mut change = change?;
            change.change.fit(&mut room);
            changes.push(change);
            Ok::<_, DiffError>(())
        },
    )?;
    Ok(DiffReport {
        files: FileCounts::of(unchanged, &changes),
        old: old.record(),
        new: new.record(),
        changes,
        folders: Vec::new(),
        kept: Vec::new(),
    })
}

struct Side {
    opened: Opened,
    owners: Vec<Option<usize>>,
}

impl Side {
    fn open(
        path: &Path,
        limits: &Limits,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Self, DiffError> {
        let opened = read::open(
            path,
            Reading {
                roots: Roots::Asserted,
                digests: Digests::Taken,
                limits,
                memory: None,
            },
            running,
            observer,
        )?;
        let findings = &opened.project.findings;
        // Broken JSON can still be compared as text.
        let hidden = |code: Code| {
            code.hides_content()
                && !matches!(
                    code,
                    Code::BrokenJson | Code::RecipeApiForm | Code::ConnectorUnlisted
                )
        };
        if let Some(finding) = findings.iter().find(|finding| hidden(finding.code)) {
            return Err(DiffError::Unreadable {
                side: path.display().to_string(),
                message: finding.message.clone(),
            });
        }
        let owners = opened.project.owners();
        Ok(Self { opened, owners })
    }

    fn record(&self) -> SideRecord {
        SideRecord {
            name: self.opened.source.name.clone(),
            origin: self.opened.source.origin().into(),
        }
    }

    fn path(&self, file: usize) -> &PackagePath {
        &self.opened.project.files[file].path
    }

    fn change_of(&self, file: usize, change: Change) -> FileChange {
        let project = &self.opened.project;
        let asset = self.owners[file].map(|owner| &project.assets[owner]);
        FileChange {
            path: self.path(file).clone(),
            kind: asset.and_then(|asset| asset.kind.word().parse().ok()),
            name: asset.map(|asset| asset.name().to_owned()),
            change,
        }
    }
}

struct Worker<'s> {
    old: Bytes<'s>,
    new: Bytes<'s>,
    comparer: Comparer,
}

impl Worker<'_> {
    fn change(&mut self, pair: Pair) -> Result<FileChange, DiffError> {
        let (old, new) = match pair {
            Pair::Added { new } => return Ok(self.new.side.change_of(new, Change::Added)),
            Pair::Removed { old } => return Ok(self.old.side.change_of(old, Change::Removed)),
            Pair::Both { old, new } => (old, new),
        };
        let from = self.old.side.path(old);
        let to = self.new.side.path(new);
        let content = |side: &Side, file: usize| side.opened.project.files[file].content;
        let differences = if content(self.old.side, old) == content(self.new.side, new) {
            Vec::new()
        } else {
            self.old.read(old)?;
            self.new.read(new)?;
            let (old, new) = (&self.old.buffer, &self.new.buffer);
            self.comparer.compare(Form::of(to), old, new)
        };
        let change = if from == to {
            Change::Changed { differences }
        } else {
            Change::Moved {
                from: from.clone(),
                differences,
            }
        };
        Ok(self.new.side.change_of(new, change))
    }
}

/// The bytes of one side's files, one at a time.
struct Bytes<'s> {
    side: &'s Side,
    reader: SourceReader<'s>,
    buffer: Vec<u8>,
}

impl<'s> Bytes<'s> {
    fn of(side: &'s Side) -> Self {
        Self {
            side,
            reader: side.opened.source.reader(),
            buffer: Vec::new(),
        }
    }

    fn read(&mut self, file: usize) -> Result<(), DiffError> {
        let file = &self.side.opened.project.files[file];
        let side = || self.side.opened.source.path.display().to_string();
        self.reader
            .read(file.source, &mut self.buffer)
            .map_err(|source| DiffError::Read {
                path: file.path.clone(),
                side: side(),
                source,
            })?;
        if file.content.and_then(|content| content.digest) == Some(Digest::of(&self.buffer)) {
            Ok(())
        } else {
            Err(DiffError::Changed {
                path: file.path.clone(),
                side: side(),
            })
        }
    }
}
