//! The bytes of an archive, read by position so that threads can share them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::error::ArchiveError;
use crate::io::system::read_exact_at;

/// Up to this size, one read of the whole file is cheaper than many small ones.
const HELD_WHOLE: u64 = 1 << 20;

/// Where an archive's bytes come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A file, and its length when it was opened.
    File(File, u64),
    /// Bytes in memory.
    Memory(Vec<u8>),
}

impl Source {
    /// Opens a regular file.
    pub(super) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let failed = |source| ArchiveError::Open {
            path: path.to_owned(),
            source,
        };
        // Asked before opening: to open a pipe could wait forever.
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(ArchiveError::NotAFile {
                path: path.to_owned(),
            });
        }
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let file = Self::File(file, length);
        if length > HELD_WHOLE {
            return Ok(file);
        }
        let mut bytes = Vec::new();
        file.chunk(0, length, &mut bytes)?;
        Ok(Self::Memory(bytes))
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// The `length` bytes at `offset`: those in memory, or those read into `buffer`.
    pub(super) fn chunk<'a>(
        &'a self,
        offset: u64,
        length: u64,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], ArchiveError> {
        let failed = |source| ArchiveError::Read {
            offset,
            length,
            source,
        };
        let end = offset
            .checked_add(length)
            .filter(|end| *end <= self.length());
        let (Some(end), Ok(size)) = (end, usize::try_from(length)) else {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        };
        match self {
            Self::File(file, _) => {
                if buffer.len() < size {
                    buffer.resize(size, 0);
                }
                let chunk = &mut buffer[..size];
                read_exact_at(file, chunk, offset).map_err(failed)?;
                Ok(chunk)
            }
            Self::Memory(bytes) => match (usize::try_from(offset), usize::try_from(end)) {
                (Ok(start), Ok(end)) => Ok(&bytes[start..end]),
                _ => Err(failed(io::ErrorKind::UnexpectedEof.into())),
            },
        }
    }
}
