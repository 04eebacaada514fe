//! What systems do differently, in one place: who may read a file, which file a path leads to, what
//! survives a power cut, where a user's own files lie. `unix` and `windows` have the same functions.
//!
//! What a system doesn't tell is not known here either, and is no guess.

use std::fs::DirBuilder;
use std::path::Path;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as own;
#[cfg(windows)]
use windows as own;

pub use own::{
    HOME, MACHINE_GIT_SETTINGS, hard_links, identity, is_of_system, network_file_system, privacy,
    private_file, read_exact_at, stamp, stdout_is_stderr, styles_terminals, sync_folder,
    write_all_at,
};
pub(super) use own::{holder, owner, restrict_file, restrict_folder};

/// Who may read what is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner only.
    Owner,
    /// Whomever the user's settings let: it becomes what a person asked for.
    Umask,
}

/// Who may use a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// Its owner, and nobody else.
    Owner,
    /// Others may, by these permissions.
    Others(u32),
    /// The system keeps a list, which is not read.
    Unknown,
}

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    number: u64,
}

/// Whose a file is; nothing where the system doesn't tell it simply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner(Option<u32>);

/// By what a file is known to be as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When its bytes were last modified, in nanoseconds since 1970; settable.
    pub modified: i64,
    /// When anything of it last changed, in nanoseconds since 1970; not settable.
    pub changed: i64,
    /// Its number on its device.
    pub inode: u64,
    /// The device.
    pub device: u64,
}

/// Makes folders, and those above them, that only their owner can look into.
pub fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    own::keep_private(builder.recursive(true));
    builder
}

/// A path below some folder, as repositories, reports and packages write it: with `/` between its parts.
pub fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// Whether a path is written as a folder's, with a separator at its end.
pub fn ends_as_folder(path: &Path) -> bool {
    path.to_string_lossy().ends_with(std::path::is_separator)
}
