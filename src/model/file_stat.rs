//! By what a file is known to be the same as when it was last read.

use serde::{Deserialize, Serialize};

/// What a file system says of a file without opening it. The time of the last change can't be set,
/// only caused, so equal stamps mean equal bytes, unless the file changed again within the clock's
/// grain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStat {
    /// Its size in bytes.
    pub size: u64,
    /// When its bytes were last modified, in nanoseconds since 1970; settable.
    pub modified: i64,
    /// When anything of it last changed, in nanoseconds since 1970.
    pub changed: i64,
    /// Its number on its device.
    pub inode: u64,
    /// The device.
    pub device: u64,
}
