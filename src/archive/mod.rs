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
//!   together on a disk that folds case, normalises or has streams;
//! - entries are plain files and folders, stored or deflated, within the [`Limits`].
//!
//! Opening inflates nothing. [`Reader::read`] inflates exactly: all of the input, the declared
//! size, the declared CRC. Offsets are those the checks were made on; no second parser looks at
//! the bytes. Nested archives are data and are never opened from here.
//!
//! Memory: the central directory and one entry; small archives are held whole.

mod attributes;
mod blocks;
mod collision;
mod directory;
mod directory_draft;
mod end;
mod entry;
mod error;
mod extra;
mod inflate;
mod kept;
mod limits;
mod local;
mod records;
mod source;
mod write;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod builder;
pub mod signature;
#[cfg(test)]
mod tests;

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

pub use end::MAX_COMMENT;
pub use entry::{Entry, Kind, Method, NameMark};
pub use error::{ArchiveError, EntryName, LimitName, Place};
pub use inflate::Reader;
pub use kept::KeptPackage;
pub use limits::Limits;
pub use write::{
    Batch, Buffers, CompressedBatch, ENCODING, PackageWriter, Previous, TemporaryFile, WriteError,
};

use sha2::Digest as _;

use crate::model::git::{BlobHasher, BlobId, ObjectHash};
use crate::model::ident::Digest;
use source::Source;

/// From so many entries on, a thread costs less than it saves.
const MANY: usize = 2_000;

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
        let data = check_entries(&source, &entries, &directory, limits)?;
        for (entry, data) in entries.iter_mut().zip(data) {
            entry.data_offset = data;
        }
        directory::check_total(&entries, source.length(), limits)?;
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

    /// SHA-256 of all its bytes, read from where its entries are read from.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn digest(&self) -> Result<Digest, ArchiveError> {
        let mut hash = sha2::Sha256::new();
        let (mut buffer, length) = (Vec::new(), self.length());
        let mut offset = 0;
        while offset < length {
            let size = (length - offset).min(1 << 16);
            hash.update(self.source.chunk(offset, size, &mut buffer)?);
            offset += size;
        }
        Ok(Digest::from_bytes(hash.finalize().into()))
    }

    /// The name that git gives to the whole file; none if its bytes are made to look like others.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn blob(&self, hash: ObjectHash) -> Result<Option<BlobId>, ArchiveError> {
        let (mut buffer, length) = (Vec::new(), self.length());
        let mut hasher = BlobHasher::new(hash, length);
        let mut offset = 0;
        while offset < length {
            let size = (length - offset).min(1 << 16);
            hasher.update(self.source.chunk(offset, size, &mut buffer)?);
            offset += size;
        }
        Ok(hasher.finish())
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

/// Checks local headers and names, side by side where that is worth it, and returns where each
/// entry's data starts.
fn check_entries(
    source: &Source,
    entries: &[Entry],
    directory: &end::Directory,
    limits: &Limits,
) -> Result<Vec<u64>, ArchiveError> {
    let local = || local::check(source, entries, directory.offset);
    let names = || collision::check(entries, limits.folder_bytes);
    let (local, names) = thread::scope(|scope| {
        let other = (entries.len() >= MANY)
            .then(|| thread::Builder::new().spawn_scoped(scope, names).ok())
            .flatten();
        let local = local();
        let names = other.map_or_else(names, |other| {
            other.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
        (local, names)
    });
    // Whichever was done first, the answer is the same.
    let data = local?;
    names?;
    Ok(data)
}
