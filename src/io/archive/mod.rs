//! Package zips, read so strictly that every other reader sees the same files.
//!
//! Zip readers disagree on purpose-built archives: which end record counts, whether the central
//! directory or the local header is right, what lies between two entries. What this module
//! accepts leaves nothing to disagree on.
//!
//! Invariants of an [`Archive`] that was opened:
//! - there is one end record, it ends the file, and the central directory touches it;
//! - the entries tile the bytes before the directory: no prefix, gap or overlap;
//! - local headers, descriptors and directory say the same of every entry;
//! - names are safe [`PackagePath`](crate::model::path::PackagePath)s, and no two of them fall
//!   together on a disk that folds case or normalises;
//! - entries are plain files and folders, stored or deflated, within the [`Limits`].
//!
//! Opening inflates nothing. [`Reader::read`] inflates exactly: all of the input, the declared
//! size, the declared CRC. Offsets are those the checks were made on; no second parser looks at
//! the bytes. Nested archives are data and are never opened from here.
//!
//! Memory: the central directory and one entry; small archives are held whole.

mod attributes;
mod collision;
mod directory;
mod end;
mod entry;
mod error;
mod extra;
mod inflate;
mod limits;
mod local;
mod records;
mod source;
mod write;

#[cfg(test)]
mod builder;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use entry::{Entry, Kind, Method, NameMark};
pub use error::{ArchiveError, EntryName, LimitName, Place};
pub use inflate::Reader;
pub use limits::Limits;
pub use write::{Compressed, PackageWriter, TemporaryFile, WriteError, compress};

use source::Source;

/// A package zip whose structure was checked.
#[derive(Debug)]
pub struct Archive {
    source: Source,
    entries: Vec<Entry>,
}

impl Archive {
    /// Opens a file and checks its structure. Nothing is inflated yet.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, ArchiveError> {
        Self::check(Source::open(path)?, limits)
    }

    /// The same for an archive in memory.
    pub fn from_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Self, ArchiveError> {
        Self::check(Source::Memory(bytes), limits)
    }

    fn check(source: Source, limits: &Limits) -> Result<Self, ArchiveError> {
        let directory = end::locate(&source, limits)?;
        let mut entries = directory::read(&source, &directory, limits)?;
        local::check(&source, &mut entries, directory.offset)?;
        directory::check_total(&entries, source.length(), limits)?;
        collision::check(&entries)?;
        Ok(Self { source, entries })
    }

    /// Files and folders, in the order of the central directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The length of the archive in bytes.
    pub fn length(&self) -> u64 {
        self.source.length()
    }

    /// A reader of entries; one per thread.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.source)
    }

    /// Reads one entry. A [`Reader`] is faster for many.
    pub fn read(&self, entry: &Entry, into: &mut Vec<u8>) -> Result<(), ArchiveError> {
        self.reader().read(entry, into)
    }
}
