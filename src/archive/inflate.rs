//! Entries' data: all of the input, exactly the declared size, the declared checksum.

use std::fmt;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::blocks;
use super::entry::{Entry, Method};
use super::error::ArchiveError;
use super::source::Source;

/// How much is read at once: what it inflates to should still be in the cache for the CRC.
const CHUNK: u64 = 64 << 10;

/// Deflate's furthest distance, as a power of two.
const WINDOW_BITS: u8 = 15;

/// How much room is made at once, at first.
const STEP: usize = 1 << 20;

/// How often in a row nothing may be read or made: a byte holds the ends of so few blocks.
const IDLE: usize = 4;

/// Reads entries of one archive and keeps its buffers between them.
pub struct Reader<'a> {
    source: &'a Source,
    inflater: Inflate,
    buffer: Vec<u8>,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            inflater: Inflate::new(false, WINDOW_BITS),
            buffer: Vec::new(),
        }
    }

    /// Replaces what is in `into` by the entry's data. After an error, `into` is empty.
    ///
    /// No more is inflated than the declared size, which the archive's limits bound, or than
    /// `into` has room for.
    pub fn read(&mut self, entry: &Entry, into: &mut Vec<u8>) -> Result<(), ArchiveError> {
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
        into.clear();
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
        let data = self
            .source
            .chunk(entry.data_offset, entry.compressed_size, &mut self.buffer)?;
        reserve(entry, into)?;
        // One byte more, by which excess data shows.
        let room = usize::try_from(entry.size)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        self.inflater.reset(false);
        // The only block needs no stop; others are stopped at, because only then is it known where
        // the next one starts.
        let flush = match data.first() {
            Some(first) if first & 1 == 1 => InflateFlush::Finish,
            Some(_) | None => InflateFlush::Block,
        };
        let single = flush == InflateFlush::Finish;
        let no_distances = |made| {
            damaged(
                entry,
                made,
                "a block has codes for lengths and none for distances",
            )
        };
        if blocks::lack_distances(data, 0) {
            return Err(no_distances(0));
        }
        let mut crc = crc32fast::Hasher::new();
        let (mut used, mut made, mut idle) = (0_usize, 0_usize, 0);
        loop {
            // What is there already need not be cleared: it is written over. What a damaged entry
            // does not fill is never touched.
            let wanted = made.saturating_mul(2).max(STEP).min(room);
            if wanted > into.len() {
                into.resize(wanted, 0);
            }
            let status = self
                .inflater
                .decompress(&data[used..], &mut into[made..wanted], flush)
                .map_err(|error| {
                    let reason = self.inflater.error_message();
                    let made = self.inflater.total_out();
                    damaged(entry, made, reason.unwrap_or_else(|| error.as_str()))
                })?;
            let (from, before) = (used, made);
            // Both lie within the slices that were given.
            used = self.inflater.total_in() as usize;
            made = self.inflater.total_out() as usize;
            crc.update(&into[before..made]);
            if made as u64 > entry.size {
                return Err(wrong_size(entry, entry.size.saturating_add(1)));
            }
            if !single && blocks::lack_distances(data, used) {
                return Err(no_distances(made as u64));
            }
            match status {
                Status::StreamEnd => break,
                // Blocks that fit into what is left of a byte.
                Status::Ok | Status::BufError if used > from || made > before => idle = 0,
                Status::Ok | Status::BufError if idle < IDLE && !single => idle += 1,
                Status::Ok | Status::BufError => {
                    return Err(damaged(entry, made as u64, "it ends too early"));
                }
            }
        }
        if used as u64 != entry.compressed_size {
            return Err(ArchiveError::TrailingData {
                entry: entry.shown_name(),
                used: used as u64,
                compressed_size: entry.compressed_size,
            });
        }
        if made as u64 != entry.size {
            return Err(wrong_size(entry, made as u64));
        }
        into.truncate(made);
        Ok(crc.finalize())
    }
}

/// Makes room for the entry and one byte, by which excess data shows.
fn reserve(entry: &Entry, into: &mut Vec<u8>) -> Result<(), ArchiveError> {
    let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
    into.try_reserve(size.saturating_add(1).saturating_sub(into.len()))
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

fn damaged(entry: &Entry, inflated: u64, reason: &str) -> ArchiveError {
    ArchiveError::Deflate {
        entry: entry.shown_name(),
        inflated,
        reason: reason.into(),
    }
}
