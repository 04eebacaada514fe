//! Windows. Who may read a file is told by lists here, which folders hand down: what lies in a user's
//! own folders is the user's own.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, IsTerminal as _};
use std::os::windows::fs::FileExt as _;
use std::path::{Component, Path, Prefix};

use tempfile::Builder;
use winapi_util::{AsHandleRef, Handle, HandleRef, file::information};

use super::{Access, Identity, Owner, Privacy, Stamp};

/// The variable that names the user's home.
pub const HOME: &str = "USERPROFILE";
/// Where git's settings for all users lie: beside git, wherever that is. What they trust is not
/// trusted.
pub const MACHINE_GIT_SETTINGS: Option<&str> = None;

/// Makes a file for its owner only, or opens the one that is there.
pub fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    options
}

pub(super) fn keep_private(_: &mut DirBuilder) {}

/// A temporary file is for whom its folder is for.
pub(in crate::io) fn restrict_file(_: &mut Builder<'_, '_>, _: Access) {}

/// So is a temporary folder.
pub(in crate::io) fn restrict_folder(_: &mut Builder<'_, '_>) {}

/// Who may use a file.
pub fn privacy(_: &Metadata) -> Privacy {
    Privacy::Unknown
}

/// Which file a path leads to.
///
/// # Errors
/// If there is none, or it can't be looked at.
pub fn identity(path: &Path) -> io::Result<Identity> {
    identified(Handle::from_path_any(path)?)
}

fn identified(file: impl AsHandleRef) -> io::Result<Identity> {
    let information = information(file)?;
    Ok(Identity {
        device: information.volume_serial_number(),
        number: information.file_index(),
    })
}

/// How many names a file has.
///
/// # Errors
/// If it can't be looked at.
pub fn hard_links(path: &Path) -> io::Result<u64> {
    Ok(information(Handle::from_path_any(path)?)?.number_of_links())
}

/// Whose an open file is; nothing if somebody took it away.
pub(in crate::io) fn holder(file: &File) -> io::Result<Option<Owner>> {
    let links = information(file)?.number_of_links();
    Ok((links > 0).then_some(Owner(None)))
}

/// Whose a file is: whoever may take it away may do so.
pub(in crate::io) fn owner(_: &Metadata) -> Owner {
    Owner(None)
}

/// By what a file is known to be as it was. The time of the last change that nobody can set is not told
/// here without opening it, and the one that is told can be set: so that is not known.
pub fn stamp(_: &Metadata) -> Option<Stamp> {
    None
}

/// Reads as many bytes as `into` has. The place in the file is set, and each caller says its own.
///
/// # Errors
/// If there are fewer, or they can't be read.
pub fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    let (mut rest, mut offset) = (into, offset);
    while !rest.is_empty() {
        match file.seek_read(rest, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                rest = &mut rest[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all of these bytes there.
///
/// # Errors
/// If they can't be written.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let (mut rest, mut offset) = (bytes, offset);
    while !rest.is_empty() {
        match file.seek_write(rest, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                rest = &rest[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Names of new files are the file system's own to keep: a folder can't be written through.
///
/// # Errors
/// If there is no such folder.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match folder.as_os_str().is_empty() {
        true => Ok(()),
        false => fs::metadata(folder).map(drop),
    }
}

/// The network file system that a file or folder lies on, if it is known to lie on one: it is a share's.
pub fn network_file_system(path: &Path) -> Option<&'static str> {
    let path = std::path::absolute(path).ok()?;
    match path.components().next() {
        Some(Component::Prefix(prefix)) => match prefix.kind() {
            Prefix::UNC(..) | Prefix::VerbatimUNC(..) => Some("a share"),
            Prefix::Verbatim(_)
            | Prefix::VerbatimDisk(_)
            | Prefix::DeviceNS(_)
            | Prefix::Disk(_) => None,
        },
        Some(_) | None => None,
    }
}

/// A device such as `NUL` or `CON`, which every folder seems to have, or a pipe.
pub fn is_of_system(path: &Path) -> bool {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let is_device = match path.components().next() {
        Some(Component::Prefix(prefix)) => matches!(prefix.kind(), Prefix::DeviceNS(_)),
        Some(
            Component::RootDir | Component::CurDir | Component::ParentDir | Component::Normal(_),
        )
        | None => false,
    };
    is_device && !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file())
}

/// Whether stdout and stderr are read as one: they are the same file, or both the console.
pub fn stdout_is_stderr() -> bool {
    match (io::stdout().is_terminal(), io::stderr().is_terminal()) {
        (true, true) => return true,
        (true, false) | (false, true) => return false,
        (false, false) => {}
    }
    match (
        identified(HandleRef::stdout()),
        identified(HandleRef::stderr()),
    ) {
        (Ok(out), Ok(err)) => out == err,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

/// Whether a terminal shows colours instead of the signs that stand for them: consoles have to be told,
/// and old ones can't.
pub fn styles_terminals() -> bool {
    anstyle_query::windows::enable_ansi_colors().unwrap_or(true)
}
