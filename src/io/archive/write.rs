//! Package zips, written so that the same input gives the same bytes.
//!
//! Deflate at one level, a fixed time and mode, no folders, no extra fields; the caller adds the
//! entries in the order of their paths. Compressing is apart from adding, so that many threads can
//! do it without changing a byte of the outcome.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::NamedTempFile;
use zip::write::{PreparedZipFile, SimpleFileOptions};
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::model::path::PackagePath;

/// The lowest level that makes smaller packages than Info-ZIP's default, whoever wrote the recipes.
const LEVEL: i64 = 6;

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

/// An entry that was compressed and waits for its turn.
#[derive(Debug)]
pub struct Compressed(PreparedZipFile);

impl Compressed {
    /// CRC-32 of the data that was compressed.
    pub fn crc32(&self) -> u32 {
        self.0.crc32()
    }

    /// Size of the data that was compressed, in bytes.
    pub fn size(&self) -> u64 {
        self.0.uncompressed_size()
    }
}

/// Compresses an entry's data.
///
/// # Errors
/// If the data is more than a zip entry can hold.
pub fn compress(path: &PackagePath, data: &[u8]) -> Result<Compressed, WriteError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    PreparedZipFile::from_data(path.as_str(), options, data)
        .map(Compressed)
        .map_err(|source| WriteError::Entry {
            entry: path.to_string(),
            source,
        })
}

/// A package in the making: a temporary file beside its later place, gone if it is dropped.
#[derive(Debug)]
pub struct PackageWriter {
    // Before the writer, so that it is dropped before it.
    _abandonment: Abandonment,
    zip: ZipWriter<Positioned>,
    temporary: NamedTempFile,
    limit: u64,
    compressed: u64,
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
        let abandonment = Abandonment::default();
        let file = Positioned::new(file, abandonment.0.clone());
        Ok(Self {
            _abandonment: abandonment,
            zip: ZipWriter::new(file),
            temporary,
            limit,
            compressed: 0,
        })
    }

    /// Adds an entry after those that were added before.
    ///
    /// # Errors
    /// If the disk is full, or the package grows over its limit.
    pub fn add(&mut self, path: &PackagePath, entry: Compressed) -> Result<(), WriteError> {
        self.compressed += entry.0.compressed_size();
        if self.compressed > self.limit {
            return Err(WriteError::TooLarge {
                limit: self.limit,
                entry: path.to_string(),
            });
        }
        self.zip
            .add_prepared_file(entry.0)
            .map_err(|error| self.failed(path.as_str(), error))
    }

    /// Ends the package. It keeps its temporary name until [`TemporaryFile::persist`].
    ///
    /// # Errors
    /// If the disk is full, or the directory of entries makes the package grow over its limit.
    pub fn finish(self) -> Result<TemporaryFile, WriteError> {
        let path = self.temporary.path().to_owned();
        let failed = |source| WriteError::Io {
            path: path.clone(),
            source,
        };
        let position = match self.zip.finish() {
            Ok(mut inner) => {
                if inner.abandoned.load(Ordering::Relaxed) {
                    return Err(failed(io::Error::other("an earlier entry was not written")));
                }
                inner.inner.flush().map_err(failed)?;
                inner.position
            }
            Err(zip::result::ZipError::Io(source)) => return Err(failed(source)),
            Err(source) => {
                return Err(WriteError::Entry {
                    entry: "the directory of entries".to_owned(),
                    source,
                });
            }
        };
        if position > self.limit {
            return Err(WriteError::TooLarge {
                limit: self.limit,
                entry: "the directory of entries".to_owned(),
            });
        }
        Ok(TemporaryFile(self.temporary))
    }

    fn failed(&self, entry: &str, error: zip::result::ZipError) -> WriteError {
        if let zip::result::ZipError::Io(source) = error {
            return WriteError::Io {
                path: self.temporary.path().to_owned(),
                source,
            };
        }
        WriteError::Entry {
            entry: entry.to_owned(),
            source: error,
        }
    }
}

fn temporary_in(folder: &Path) -> Result<NamedTempFile, WriteError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".recipack-");
    // Temporary files are private by default; these become what a person asked for, so the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
        .tempfile_in(folder)
        .map_err(|source| WriteError::Io {
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
        let mut temporary = temporary_in(folder)?;
        let written = temporary.write_all(bytes);
        written.map_err(|source| WriteError::Io {
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

/// Says, when it is dropped, that nobody wants what is still to be written.
///
/// A zip writer that is dropped before its end writes the directory of entries all the same, and
/// complains on stderr if it can't.
#[derive(Debug, Default)]
struct Abandonment(Arc<AtomicBool>);

impl Drop for Abandonment {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A buffered file that knows how far it is: asking a `BufWriter` would flush it every time.
#[derive(Debug)]
struct Positioned {
    inner: BufWriter<File>,
    position: u64,
    abandoned: Arc<AtomicBool>,
}

impl Positioned {
    fn new(file: File, abandoned: Arc<AtomicBool>) -> Self {
        Self {
            inner: BufWriter::with_capacity(1 << 18, file),
            position: 0,
            abandoned,
        }
    }
}

impl Positioned {
    /// What came of writing or seeking; after a failure nothing more is wanted.
    fn unless_failed<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if outcome.is_err() {
            self.abandoned.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

impl Write for Positioned {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if self.abandoned.load(Ordering::Relaxed) {
            bytes.len()
        } else {
            let outcome = self.inner.write(bytes);
            self.unless_failed(outcome)?
        };
        self.position += written as u64;
        Ok(written)
    }

    /// The zip writer flushes after every entry; the buffer is flushed at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Positioned {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Current(0) => {}
            SeekFrom::Start(at) if at == self.position => {}
            _ if self.abandoned.load(Ordering::Relaxed) => {}
            SeekFrom::Start(_) | SeekFrom::End(_) | SeekFrom::Current(_) => {
                let outcome = self.inner.seek(to);
                self.position = self.unless_failed(outcome)?;
            }
        }
        Ok(self.position)
    }
}
