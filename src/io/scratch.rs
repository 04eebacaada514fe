//! A folder for what is kept on disk for a while.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that goes, with everything in it, when it is dropped. Only its owner can read it.
#[derive(Debug)]
pub struct ScratchFolder(TempDir);

impl ScratchFolder {
    /// An empty one.
    ///
    /// # Errors
    /// If it can't be made in `folder`.
    pub fn new(folder: &Path) -> io::Result<Self> {
        tempfile::Builder::new()
            .prefix("recipack-")
            .tempdir_in(folder)
            .map(Self)
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
