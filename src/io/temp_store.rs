//! Bytes that are needed once more, later, kept on disk meanwhile: compressed, in a file without a
//! name that goes with the process.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::system::{read_exact_at, write_all_at};

/// Fast rather than small.
const LEVEL: u32 = 3;

/// Compresses what is to be kept.
///
/// # Errors
/// Never in practice: it writes to memory.
pub fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let room = bytes.len() / 6;
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(room), Compression::new(LEVEL));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A file for such bytes.
#[derive(Debug)]
pub struct TempStore {
    file: File,
    length: u64,
}

/// Where bytes lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spilled {
    offset: u64,
    length: usize,
}

impl TempStore {
    /// An empty one in a folder.
    ///
    /// # Errors
    /// If no file can be made there.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(folder)?,
            length: 0,
        })
    }

    /// Keeps bytes.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn keep(&mut self, bytes: &[u8]) -> io::Result<Spilled> {
        write_all_at(&self.file, bytes, self.length)?;
        let kept = Spilled {
            offset: self.length,
            length: bytes.len(),
        };
        self.length += bytes.len() as u64;
        Ok(kept)
    }

    /// Puts what was kept in place of what is in `into`.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read(&self, kept: Spilled, into: &mut Vec<u8>) -> io::Result<()> {
        into.clear();
        into.resize(kept.length, 0);
        read_exact_at(&self.file, into, kept.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spill = TempStore::new(folder.path()).expect("a file");
        let first = spill.keep(b"first").expect("room");
        let second = spill
            .keep(&deflate(&[7; 1000]).expect("memory"))
            .expect("room");
        let mut bytes = vec![1; 99];
        spill.read(first, &mut bytes).expect("there");
        assert_eq!(bytes, b"first");
        spill.read(second, &mut bytes).expect("there");
        assert!(bytes.len() < 100);
        let left = std::fs::read_dir(folder.path()).expect("readable").count();
        assert_eq!(left, 0, "the file has no name");
    }
}
