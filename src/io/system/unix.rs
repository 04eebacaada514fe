//! Linux, macOS and their kin.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use tempfile::Builder;

use super::{Access, Identity, Owner, Privacy, Stamp};

/// The variable that names the user's home.
pub const HOME: &str = "HOME";
/// Where git's settings for all users lie.
pub const MACHINE_GIT_SETTINGS: Option<&str> = Some("/etc/gitconfig");

/// Where devices and descriptors of a process lie.
const DEVICES: [&str; 2] = ["/dev", "/proc/self/fd"];
/// A folder for plain files, which systems keep there, too.
const PLAIN: &str = "/dev/shm";

/// Makes a file for its owner only, or opens the one that is there.
pub fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600);
    options
}

pub(super) fn keep_private(builder: &mut DirBuilder) {
    builder.mode(0o700);
}

/// Has a temporary file made for whom it is meant.
pub(in crate::io) fn restrict_file(builder: &mut Builder<'_, '_>, access: Access) {
    let mode = match access {
        Access::Owner => 0o600,
        Access::Umask => 0o666,
    };
    builder.permissions(Permissions::from_mode(mode));
}

/// Has a temporary folder made that only its owner can look into.
pub(in crate::io) fn restrict_folder(builder: &mut Builder<'_, '_>) {
    builder.permissions(Permissions::from_mode(0o700));
}

/// Who may use a file.
pub fn privacy(metadata: &Metadata) -> Privacy {
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 == 0 => Privacy::Owner,
        mode => Privacy::Others(mode),
    }
}

/// Which file a path leads to.
///
/// # Errors
/// If there is none, or it can't be looked at.
pub fn identity(path: &Path) -> io::Result<Identity> {
    Ok(identified(&fs::metadata(path)?))
}

fn identified(metadata: &Metadata) -> Identity {
    Identity {
        device: metadata.dev(),
        number: metadata.ino(),
    }
}

/// How many names a file has. It is not opened: to close it would free the locks that this process
/// has on it.
///
/// # Errors
/// If it can't be looked at.
pub fn hard_links(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.nlink())
}

/// Whose an open file is; nothing if somebody took it away.
pub(in crate::io) fn holder(file: &File) -> io::Result<Option<Owner>> {
    let metadata = file.metadata()?;
    Ok((metadata.nlink() > 0).then(|| owner(&metadata)))
}

/// Whose a file is.
pub(in crate::io) fn owner(metadata: &Metadata) -> Owner {
    Owner(Some(metadata.uid()))
}

/// By what a file is known to be as it was, if the system tells that.
pub fn stamp(metadata: &Metadata) -> Option<Stamp> {
    const NANOSECONDS: i64 = 1_000_000_000;
    let time = |seconds: i64, rest: i64| seconds.saturating_mul(NANOSECONDS).saturating_add(rest);
    Some(Stamp {
        modified: time(metadata.mtime(), metadata.mtime_nsec()),
        changed: time(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
        device: metadata.dev(),
    })
}

/// Reads as many bytes as `into` has, without a place that threads would share.
///
/// # Errors
/// If there are fewer, or they can't be read.
pub fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(into, offset)
}

/// Writes all of these bytes there.
///
/// # Errors
/// If they can't be written.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Names of new files in a folder survive a power cut from here on.
///
/// # Errors
/// If the disk says no.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    File::open(folder)?.sync_all()
}

/// The network file system that a file or folder lies on, if it is known to lie on one.
#[cfg(target_os = "linux")]
pub fn network_file_system(path: &Path) -> Option<&'static str> {
    // As statfs(2) lists them. What is a FUSE or 9P file system may be either.
    let kind = rustix::fs::statfs(path).ok()?.f_type as u64 & 0xffff_ffff;
    match kind {
        0x6969 => Some("NFS"),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => Some("SMB"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x7375_7245 => Some("Coda"),
        0x564c => Some("NCP"),
        0x1983_0326 => Some("BeeGFS"),
        0x4750_4653 => Some("GPFS"),
        _ => None,
    }
}

/// The same: this system doesn't tell simply.
#[cfg(not(target_os = "linux"))]
pub fn network_file_system(_path: &Path) -> Option<&'static str> {
    None
}

/// A device, or a descriptor of this process such as `/dev/stdout`.
pub fn is_of_system(path: &Path) -> bool {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    DEVICES.iter().any(|folder| path.starts_with(folder))
        && !path.starts_with(PLAIN)
        && !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file())
}

/// Whether stdout and stderr are read as one: they are the same terminal, file or pipe.
pub fn stdout_is_stderr() -> bool {
    let file = |copy: io::Result<OwnedFd>| {
        let metadata = File::from(copy.ok()?).metadata().ok()?;
        Some(identified(&metadata))
    };
    let out = file(io::stdout().as_fd().try_clone_to_owned());
    out.is_some() && out == file(io::stderr().as_fd().try_clone_to_owned())
}

/// Whether a terminal shows colours instead of the signs that stand for them.
pub fn styles_terminals() -> bool {
    true
}
