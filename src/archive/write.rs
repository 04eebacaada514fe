//! Package zips, written so that the same input gives the same bytes.
//!
//! Deflate at one level, a fixed time and mode, no folders, no extra fields; the caller adds the
//! entries in the order of their paths. Compressing is apart from adding, so that many threads can
//! do it without changing a byte of the outcome.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

use super::directory_draft::DirectoryDraft;
use super::kept::KeptPackage;
use crate::io::system::Access;
use crate::io::temporary::file_in;
use crate::model::path::PackagePath;

/// The lowest level that makes smaller packages than Info-ZIP's default, whoever wrote the recipes.
const LEVEL: i64 = 6;
/// How entries are made: entries that were made otherwise are not those that would be made now.
pub const ENCODING: &str = "deflate 6";

/// How many bytes of copied entries are added together.
const COPIED_TOGETHER: u64 = 256 << 10;

/// A package could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk said no.
    #[error("can't write {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The archive could not hold it.
    #[error("can't pack `{entry}`")]
    Entry {
        /// The entry.
        entry: String,
        /// What the zip writer said.
        #[source]
        source: zip::result::ZipError,
    },
    /// The package is larger than the platform takes.
    #[error("the package is larger than {limit} bytes after `{entry}`")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
        /// The entry that was too much.
        entry: String,
    },
}

/// Consecutive entries that are compressed together, with one compressor, and wait for their turn.
#[derive(Debug)]
pub struct Batch(ZipWriter<Cursor<Vec<u8>>>);

/// Entries that were compressed: a small archive of their own.
#[derive(Debug)]
pub struct CompressedBatch(Vec<u8>);

/// Buffers that were used and can be used again. Without it, what little stays of each batch would
/// keep the memory around it from being used for the next.
#[derive(Debug, Default)]
pub struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        // A buffer is whole whatever happened to a thread.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    /// A batch without entries.
    pub fn new(buffers: &Buffers) -> Self {
        let mut buffer = buffers.lock().pop().unwrap_or_default();
        buffer.clear();
        Self(ZipWriter::new(Cursor::new(buffer)))
    }

    /// Compresses an entry's data after those that were added before.
    ///
    /// # Errors
    /// If the data is more than a zip entry can hold, or the path was added before.
    pub fn add(&mut self, path: &PackagePath, data: &[u8]) -> Result<(), WriteError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::default())
            .system(System::Unix)
            .unix_permissions(0o644)
            .large_file(u32::try_from(data.len()).is_err());
        let failed = |source| WriteError::Entry {
            entry: path.to_string(),
            source,
        };
        self.0.start_file(path.as_str(), options).map_err(failed)?;
        self.0.write_all(data).map_err(|error| failed(error.into()))
    }

    /// Ends the batch.
    ///
    /// # Errors
    /// If the last entry can't be ended.
    pub fn finish(self) -> Result<CompressedBatch, WriteError> {
        let failed = |source| WriteError::Entry {
            entry: "the last entry of a batch".to_owned(),
            source,
        };
        let cursor = self.0.finish().map_err(failed)?;
        Ok(CompressedBatch(cursor.into_inner()))
    }
}

/// A package that this program made before, to copy entries from.
#[derive(Debug)]
pub struct Previous(ZipArchive<BufReader<File>>);

impl Previous {
    /// Opens a package whose structure is known to be sound.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn open(path: &Path) -> Result<Self, WriteError> {
        let failed = |source| WriteError::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let archive = ZipArchive::new(BufReader::with_capacity(1 << 16, file));
        archive
            .map(Self)
            .map_err(|error| failed(io::Error::other(error)))
    }
}

/// A package in the making: a temporary file beside its later place, gone if it is dropped.
#[derive(Debug)]
pub struct PackageWriter {
    file: BufWriter<File>,
    /// How far it is.
    position: u64,
    directory: DirectoryDraft,
    /// Entries that were copied and are not in the file yet.
    copied: Option<ZipWriter<Cursor<Vec<u8>>>>,
    temporary: NamedTempFile,
    limit: u64,
}

impl PackageWriter {
    /// Starts a package that will lie in `folder` and be at most `limit` bytes large.
    ///
    /// # Errors
    /// If no file can be created there.
    pub fn create(folder: &Path, limit: u64) -> Result<Self, WriteError> {
        let failed = |source| WriteError::Io {
            path: folder.to_owned(),
            source,
        };
        let temporary = temporary_in(folder)?;
        let file = temporary.as_file().try_clone().map_err(failed)?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, file),
            position: 0,
            directory: DirectoryDraft::default(),
            copied: None,
            temporary,
            limit,
        })
    }

    /// How many bytes the entries take that were added.
    pub fn position(&self) -> u64 {
        self.position + self.waiting()
    }

    /// Adds a batch after those that were added before; `last` is its last entry.
    ///
    /// # Errors
    /// If the disk is full, or the package grows over its limit.
    pub fn append(
        &mut self,
        last: &PackagePath,
        batch: CompressedBatch,
        buffers: &Buffers,
    ) -> Result<(), WriteError> {
        self.take_copied()?;
        self.take(&batch.0)?;
        buffers.lock().push(batch.0);
        self.check_limit(last)
    }

    /// Adds the entry that has the number `at` in the last package, without compressing it again.
    ///
    /// # Errors
    /// If the last package can't be read, the disk is full, or the package grows over its limit.
    pub fn copy(
        &mut self,
        path: &PackagePath,
        last: &mut Previous,
        at: usize,
    ) -> Result<(), WriteError> {
        let copies = self
            .copied
            .get_or_insert_with(|| ZipWriter::new(Cursor::new(Vec::new())));
        let copied = last
            .0
            .by_index_raw(at)
            .and_then(|entry| copies.raw_copy_file(entry));
        copied.map_err(|error| self.failed(path.as_str(), error))?;
        if self.waiting() >= COPIED_TOGETHER {
            self.take_copied()?;
        }
        self.check_limit(path)
    }

    /// Adds entries of a package that this program made, which have these numbers there, as they are;
    /// `last` is the last of them.
    ///
    /// # Errors
    /// If that package can't be read, the disk is full, or the package grows over its limit.
    pub fn keep(
        &mut self,
        last: &PackagePath,
        package: &KeptPackage,
        entries: &Range<usize>,
    ) -> Result<(), WriteError> {
        self.take_copied()?;
        let kept = package
            .entries(entries)
            .and_then(|(mut bytes, from, headers)| {
                self.directory.take_headers(headers, from, self.position)?;
                let expected = bytes.limit();
                // From file to file, which the system does by itself where it can.
                self.file.flush()?;
                match io::copy(&mut bytes, self.file.get_mut())? {
                    copied if copied == expected => Ok(copied),
                    _ => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            });
        self.position += kept.map_err(|source| self.unwritten(source))?;
        self.check_limit(last)
    }

    /// How many bytes of copied entries are not in the file yet.
    fn waiting(&self) -> u64 {
        let copied = self.copied.as_ref();
        copied
            .and_then(|copied| Some(copied.get_ref()?.position()))
            .unwrap_or_default()
    }

    /// Adds what was copied.
    fn take_copied(&mut self) -> Result<(), WriteError> {
        let Some(copied) = self.copied.take() else {
            return Ok(());
        };
        let copied = copied
            .finish()
            .map_err(|error| self.failed("the last entry that is copied", error))?;
        self.take(copied.get_ref())
    }

    /// Adds the entries of a small archive.
    fn take(&mut self, archive: &[u8]) -> Result<(), WriteError> {
        let taken = self.directory.take(archive, self.position);
        let written = taken.and_then(|entries| {
            self.file.write_all(entries)?;
            Ok(entries.len() as u64)
        });
        self.position += written.map_err(|source| self.unwritten(source))?;
        Ok(())
    }

    fn check_limit(&self, last: &PackagePath) -> Result<(), WriteError> {
        if self.position + self.waiting() > self.limit {
            return Err(WriteError::TooLarge {
                limit: self.limit,
                entry: last.to_string(),
            });
        }
        Ok(())
    }

    /// Ends the package. It keeps its temporary name until [`TemporaryFile::persist`].
    ///
    /// # Errors
    /// If the disk is full, or the directory of entries makes the package grow over its limit.
    pub fn finish(mut self) -> Result<TemporaryFile, WriteError> {
        self.take_copied()?;
        let directory = std::mem::take(&mut self.directory);
        let written = directory
            .write(&mut self.file, self.position)
            .and_then(|end| self.file.flush().map(|()| end));
        let end = written.map_err(|source| self.unwritten(source))?;
        if end > self.limit {
            return Err(WriteError::TooLarge {
                limit: self.limit,
                entry: "the directory of entries".to_owned(),
            });
        }
        Ok(TemporaryFile(self.temporary))
    }

    fn unwritten(&self, source: io::Error) -> WriteError {
        WriteError::Io {
            path: self.temporary.path().to_owned(),
            source,
        }
    }

    fn failed(&self, entry: &str, error: zip::result::ZipError) -> WriteError {
        if let zip::result::ZipError::Io(source) = error {
            return self.unwritten(source);
        }
        WriteError::Entry {
            entry: entry.to_owned(),
            source: error,
        }
    }
}

fn temporary_in(folder: &Path) -> Result<NamedTempFile, WriteError> {
    file_in(folder, Access::Umask).map_err(|source| WriteError::Io {
        path: folder.to_owned(),
        source,
    })
}

/// A whole file under a temporary name, beside the place that it is meant for.
#[derive(Debug)]
pub struct TemporaryFile(NamedTempFile);

impl TemporaryFile {
    /// Writes `bytes` to a temporary file in `folder`.
    ///
    /// # Errors
    /// If the disk is full or the folder can't be written to.
    pub fn holding(folder: &Path, bytes: &[u8]) -> Result<Self, WriteError> {
        Self::written_by(folder, |file| file.write_all(bytes))
    }

    /// Has a temporary file in `folder` written by `write`, which need not hold all of it.
    ///
    /// # Errors
    /// If the disk is full or the folder can't be written to.
    pub fn written_by(
        folder: &Path,
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<Self, WriteError> {
        let mut temporary = temporary_in(folder)?;
        write(temporary.as_file_mut()).map_err(|source| WriteError::Io {
            path: temporary.path().to_owned(),
            source,
        })?;
        Ok(Self(temporary))
    }

    /// Where it lies now.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Gives the file its name and takes the place of what had it.
    ///
    /// # Errors
    /// If it can't be renamed.
    pub fn persist(self, path: &Path) -> Result<(), WriteError> {
        let failed = |source| WriteError::Io {
            path: path.to_owned(),
            source,
        };
        self.0
            .persist(path)
            .map(drop)
            .map_err(|error| failed(error.error))
    }
}
