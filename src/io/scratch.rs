//! A folder for what is kept on disk for a while.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::temporary::folder_in;

/// A folder that goes, with everything in it, when it is dropped. Only its owner can read it.
#[derive(Debug)]
pub struct ScratchFolder {
    folder: TempDir,
    /// Tells others that somebody needs it.
    _lock: File,
}

impl ScratchFolder {
    /// An empty one.
    ///
    /// # Errors
    /// If it can't be made in `folder`.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let (folder, lock) = folder_in(folder)?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
