//! The edited copy of a package that goes in its place: what a person reviewed stays as it is.

use std::path::PathBuf;

use super::contents::PackageContents;
use super::*;
use crate::archive::{Archive, Batch, Buffers, Kind, PackageWriter, Previous};
use crate::io::scratch::ScratchFolder;
use crate::ops::export::pack::digest_of_file;
use crate::plan::import::SentCopy;
use crate::plan::import::mapping::{Spelled, respell};

/// What the copy of a package is called.
const COPY: &str = "package.zip";
/// What it is called after it was edited.
const EDITED: &str = "package-as-sent.zip";

/// What is different in the copy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edits {
    /// What stands in files instead.
    pub(crate) replaced: BTreeMap<PackagePath, Vec<u8>>,
    /// Files that the package does not have.
    pub(crate) added: BTreeMap<PackagePath, Vec<u8>>,
    /// Tables that lose their rows.
    pub(crate) without_rows: BTreeSet<PackagePath>,
    /// Files that are not in it.
    pub(crate) left_out: BTreeSet<PackagePath>,
    /// How references to connections are spelled, by what they name.
    pub(crate) spelled: BTreeMap<String, Spelled>,
    /// The files that have such references.
    pub(crate) respelled: BTreeSet<PackagePath>,
}

impl Edits {
    /// Whether there are none of files that are replaced or added.
    pub(super) fn is_empty(&self) -> bool {
        self.replaced.is_empty() && self.added.is_empty()
    }

    /// Copies a package with these edits. What is not edited is copied as it is compressed.
    pub(crate) fn copy(
        &self,
        from: &Path,
        to: &Path,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let archive = Archive::open(from, &Limits::default())?;
        let mut reader = archive.reader();
        let mut whole = Previous::open(from)?;
        let folder = to.parent().unwrap_or(Path::new("."));
        let mut writer = PackageWriter::create(folder, u64::MAX)?;
        let (buffers, mut bytes) = (Buffers::default(), Vec::new());
        for (number, entry) in archive.entries().iter().enumerate() {
            let path = entry.path();
            if entry.kind() != Kind::File || self.left_out.contains(path) {
                continue;
            }
            let (rowless, respelled) = (
                self.without_rows.contains(path),
                self.respelled.contains(path),
            );
            let replaced = self.replaced.get(path);
            if replaced.is_none() && !rowless && !respelled {
                writer.copy(path, &mut whole, number)?;
                continue;
            }
            match replaced {
                Some(other) => bytes.clone_from(other),
                None => reader.read(entry, &mut bytes)?,
            }
            if rowless && let Some(without) = compare::without_rows(&bytes)? {
                bytes = without;
            }
            if respelled {
                bytes = respell(&bytes, &self.spelled)?;
            }
            let mut batch = Batch::new(&buffers);
            batch.add(path, &bytes)?;
            writer.append(path, batch.finish()?, &buffers)?;
        }
        for (path, bytes) in &self.added {
            let mut batch = Batch::new(&buffers);
            batch.add(path, bytes)?;
            writer.append(path, batch.finish()?, &buffers)?;
        }
        writer.finish()?.persist(to)?;
        Ok(())
    }
}

/// A copy that goes with this value.
#[derive(Debug)]
pub(super) struct Sent {
    #[expect(dead_code, reason = "the folder goes with it")]
    scratch: ScratchFolder,
    pub(super) path: PathBuf,
    pub(super) digest: Digest,
}

impl Sent {
    /// The copy of a package with these edits. What is edited is the package of that digest, whatever
    /// the path names by then.
    pub(super) fn of(
        package: &Path,
        expected: Digest,
        edits: &Edits,
        scratch: &Path,
    ) -> Result<Self, ImportError> {
        let folder = scratch.display().to_string();
        let failed = |source| ImportError::Scratch {
            folder: folder.clone(),
            source,
        };
        let scratch = ScratchFolder::new(scratch).map_err(failed)?;
        let (copy, edited) = (scratch.file(COPY), scratch.file(EDITED));
        std::fs::copy(package, &copy).map_err(failed)?;
        let (_, digest) = digest_of_file(&copy).map_err(failed)?;
        if digest != expected {
            return Err(ImportError::Changed {
                path: package.display().to_string(),
            });
        }
        let copied = edits.copy(&copy, &edited);
        copied.map_err(|error| failed(std::io::Error::other(error)))?;
        let (_, digest) = digest_of_file(&edited).map_err(failed)?;
        Ok(Self {
            scratch,
            path: edited,
            digest,
        })
    }
}

impl PackageContents<'_> {
    /// Makes the copy that is sent, where settings put rows or connections into it.
    pub(super) fn edit(&mut self, draft: &Draft<'_>) -> Result<Option<SentCopy>, ImportError> {
        let (spelled, respelled) = draft.respelled();
        let before = self.incoming.edited.as_ref().map(|edited| &edited.sent);
        if spelled.is_empty() && before.is_none() {
            return Ok(None);
        }
        let mut left_out = draft.replaced_files();
        left_out.extend(self.left_out.iter().cloned());
        let edits = Edits {
            without_rows: self.without_rows.iter().cloned().collect(),
            left_out,
            spelled,
            respelled,
            ..Edits::default()
        };
        let (path, digest) = match before {
            Some(before) => (before.path.as_path(), before.digest),
            None => (self.package, self.incoming.package.digest),
        };
        let sent = Sent::of(path, digest, &edits, self.scratch)?;
        let copy = sent.digest;
        self.sent = Some(sent);
        Ok(Some(SentCopy {
            package: self.incoming.package.digest,
            copy,
        }))
    }
}
