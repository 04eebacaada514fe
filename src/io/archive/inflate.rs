//! Entries' data: all of the input, exactly the declared size, the declared checksum.

use flate2::{Decompress, FlushDecompress, Status};

use super::entry::{Entry, Method};
use super::error::ArchiveError;
use super::source::Source;

/// How much is read at once: what it inflates to should still be in the cache for the CRC.
const CHUNK: u64 = 64 << 10;

/// Reads entries of one archive and keeps its buffers between them.
#[derive(Debug)]
pub struct Reader<'a> {
    source: &'a Source,
    inflater: Decompress,
    buffer: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            inflater: Decompress::new(false),
            buffer: Vec::new(),
        }
    }

    /// Replaces what is in `into` by the entry's data. After an error, `into` is empty.
    ///
    /// No more is inflated than the declared size, which the archive's limits bound, or than
    /// `into` has room for.
    pub fn read(&mut self, entry: &Entry, into: &mut Vec<u8>) -> Result<(), ArchiveError> {
        into.clear();
        let result = match entry.method {
            Method::Stored => self.copy(entry, into),
            Method::Deflated => self.inflate(entry, into),
        }
        .and_then(|crc| check_crc(entry, crc));
        if result.is_err() {
            into.clear();
        }
        result
    }

    /// Replaces what is in `into` by the entry's data as the archive keeps them. Nothing of them is
    /// checked but that they are there.
    pub fn read_kept(&mut self, entry: &Entry, into: &mut Vec<u8>) -> Result<(), ArchiveError> {
        into.clear();
        let mut done = 0;
        while done < entry.compressed_size {
            let length = (entry.compressed_size - done).min(CHUNK);
            let offset = entry.data_offset.saturating_add(done);
            into.extend_from_slice(self.source.chunk(offset, length, &mut self.buffer)?);
            done += length;
        }
        Ok(())
    }

    fn copy(&mut self, entry: &Entry, into: &mut Vec<u8>) -> Result<u32, ArchiveError> {
        reserve(entry, into)?;
        let mut crc = crc32fast::Hasher::new();
        let mut done = 0;
        while done < entry.size {
            let length = (entry.size - done).min(CHUNK);
            let offset = entry.data_offset.saturating_add(done);
            let chunk = self.source.chunk(offset, length, &mut self.buffer)?;
            crc.update(chunk);
            into.extend_from_slice(chunk);
            done += length;
        }
        Ok(crc.finalize())
    }

    fn inflate(&mut self, entry: &Entry, into: &mut Vec<u8>) -> Result<u32, ArchiveError> {
        reserve(entry, into)?;
        self.inflater.reset(false);
        let mut crc = crc32fast::Hasher::new();
        let mut used = 0;
        loop {
            let left = entry.compressed_size - used;
            let length = left.min(CHUNK);
            let offset = entry.data_offset.saturating_add(used);
            let chunk = self.source.chunk(offset, length, &mut self.buffer)?;
            let flush = if length == left {
                FlushDecompress::Finish
            } else {
                FlushDecompress::None
            };
            let before = into.len();
            let status = self
                .inflater
                .decompress_vec(chunk, into, flush)
                .map_err(|error| damaged(entry, into.len(), error.message()))?;
            let took = self.inflater.total_in() - used;
            used += took;
            crc.update(&into[before..]);
            if into.len() as u64 > entry.size {
                return Err(wrong_size(entry, entry.size.saturating_add(1)));
            }
            match status {
                Status::StreamEnd => break,
                Status::Ok | Status::BufError if took > 0 || into.len() > before => {}
                Status::Ok | Status::BufError => {
                    return Err(damaged(entry, into.len(), Some("it ends too early")));
                }
            }
        }
        if used != entry.compressed_size {
            return Err(ArchiveError::TrailingData {
                entry: entry.shown_name(),
                used,
                compressed_size: entry.compressed_size,
            });
        }
        if into.len() as u64 != entry.size {
            return Err(wrong_size(entry, into.len() as u64));
        }
        Ok(crc.finalize())
    }
}

/// Makes room for the entry and one byte, by which excess data shows.
fn reserve(entry: &Entry, into: &mut Vec<u8>) -> Result<(), ArchiveError> {
    let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
    into.try_reserve(size.saturating_add(1))
        .map_err(|error| ArchiveError::Read {
            offset: entry.data_offset,
            length: entry.compressed_size,
            source: std::io::Error::new(std::io::ErrorKind::OutOfMemory, error),
        })
}

fn check_crc(entry: &Entry, found: u32) -> Result<(), ArchiveError> {
    if found != entry.crc32 {
        return Err(ArchiveError::Crc {
            entry: entry.shown_name(),
            found,
            declared: entry.crc32,
        });
    }
    Ok(())
}

fn wrong_size(entry: &Entry, found: u64) -> ArchiveError {
    ArchiveError::Size {
        entry: entry.shown_name(),
        found,
        declared: entry.size,
    }
}

fn damaged(entry: &Entry, inflated: usize, reason: Option<&str>) -> ArchiveError {
    ArchiveError::Deflate {
        entry: entry.shown_name(),
        inflated: inflated as u64,
        reason: reason.unwrap_or("it is no deflate stream").into(),
    }
}
