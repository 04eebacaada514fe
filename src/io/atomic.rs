//! Small files that survive a power cut once they are written.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::limited::{self, DOCUMENT};
use super::system::{Access, private_folder, sync_folder};
use super::temporary::file_in;

/// Makes a folder, and those above it, that only its owner can look into.
///
/// # Errors
/// If it can't be made.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    private_folder().create(folder)
}

/// The same, so that their names survive a power cut.
///
/// # Errors
/// If it can't be made.
pub fn make_lasting_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    make_private_folder(folder)?;
    missing
        .iter()
        .filter_map(|folder| folder.parent())
        .try_for_each(sync_folder)
}

/// Writes a file wholly or not at all: others see the old one or the new one. Only its owner can
/// read it.
///
/// # Errors
/// If it can't be written; what was there still is.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let mut file = file_in(folder, Access::Owner)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Writes a file wholly or not at all, only for its owner, and does not wait for the disk: what a
/// power cut takes can be made again.
///
/// # Errors
/// If it can't be written; what was there still is.
pub fn write_replaceable(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = file_in(folder_of(path), Access::Owner)?;
    write(file.as_file_mut())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Reads a file that this program wrote; nothing if it is not there.
///
/// # Errors
/// If it can't be read for another reason, or something else is in its place.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match limited::read(path, DOCUMENT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names of the files in a folder, sorted; none if it is not there.
///
/// # Errors
/// If it can't be listed.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}
