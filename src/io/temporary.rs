//! Temporary files and folders. Whoever makes one holds a lock on it, so that what a killed process
//! left is told from what a running one needs: the next process that works in the same folder takes
//! away what nobody holds.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::{Builder, NamedTempFile, TempDir};

use super::system::{Access, Owner, holder, owner, restrict_file, restrict_folder};

/// How names of temporary files begin. Older versions made others, and held no lock on them.
const FILE: &str = ".recipack-tmp-";
/// How names of temporary folders begin.
const FOLDER: &str = "recipack-tmp-";
/// How many letters and digits follow.
const RANDOM: usize = 12;
/// The file in a temporary folder that its owner holds.
const LOCK: &str = "lock";
/// How often one is made anew because somebody took it for one that was left.
const ATTEMPTS: usize = 100;

/// A temporary file in a folder, gone when it is dropped.
///
/// # Errors
/// If it can't be made there.
pub fn file_in(folder: &Path, access: Access) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(FILE).rand_bytes(RANDOM);
    restrict_file(&mut builder, access);
    for _ in 0..ATTEMPTS {
        let made = builder.tempfile_in(folder)?;
        if let Some(owner) = holds(made.as_file())? {
            sweep(folder, Kind::Files, owner);
            return Ok(made);
        }
    }
    Err(contended())
}

/// A temporary folder that only its owner can look into, and the file that is held meanwhile.
pub(super) fn folder_in(folder: &Path) -> io::Result<(TempDir, File)> {
    let mut builder = Builder::new();
    builder.prefix(FOLDER).rand_bytes(RANDOM);
    restrict_folder(&mut builder);
    for _ in 0..ATTEMPTS {
        let made = builder.tempdir_in(folder)?;
        let lock = match File::create_new(made.path().join(LOCK)) {
            Ok(lock) => lock,
            // Somebody was faster, and took it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if let Some(owner) = holds(&lock)? {
            sweep(folder, Kind::Folders, owner);
            return Ok((made, lock));
        }
    }
    Err(contended())
}

fn contended() -> io::Error {
    io::Error::other("other processes take temporary files away")
}

/// Takes the lock on a new file, and tells whose the file is; nothing if somebody else has it already,
/// or took the file away before. A disk without locks has none that are left, either.
fn holds(file: &File) -> io::Result<Option<Owner>> {
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Ok(None);
    }
    holder(file)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Files,
    Folders,
}

/// Takes away what was left in a folder, once in a process.
fn sweep(folder: &Path, kind: Kind, own: Owner) {
    static SWEPT: Mutex<BTreeSet<(PathBuf, Kind)>> = Mutex::new(BTreeSet::new());
    let first = SWEPT
        .lock()
        .is_ok_and(|mut swept| swept.insert((folder.to_owned(), kind)));
    if !first {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        // A link is neither a file nor a folder here.
        let (Ok(metadata), path) = (entry.metadata(), entry.path()) else {
            continue;
        };
        if owner(&metadata) != own {
            continue;
        }
        // What can't be taken away is in nobody's way.
        let _ = match kind {
            Kind::Files if is_named(name, FILE) && metadata.is_file() => left_file(&path),
            Kind::Folders if is_named(name, FOLDER) && metadata.is_dir() => left_folder(&path),
            Kind::Files | Kind::Folders => Ok(()),
        };
    }
}

fn is_named(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == RANDOM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// A file that nobody holds, and that is held from here on.
fn left(path: &Path) -> io::Result<Option<File>> {
    let file = crate::io::limited::open(path)?;
    Ok(file.try_lock().is_ok().then_some(file))
}

fn left_file(path: &Path) -> io::Result<()> {
    match left(path)? {
        Some(_held) => fs::remove_file(path),
        None => Ok(()),
    }
}

fn left_folder(path: &Path) -> io::Result<()> {
    match left(&path.join(LOCK)) {
        Ok(Some(_held)) => fs::remove_dir_all(path),
        Ok(None) => Ok(()),
        // Its owner died before, or is about to make the lock and sees that the folder went.
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_dir(path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::system::{Privacy, privacy};

    fn names(folder: &Path) -> Vec<String> {
        crate::io::atomic::names(folder).expect("readable")
    }

    #[test]
    fn what_nobody_holds_is_taken_away_and_nothing_else() {
        let place = tempfile::tempdir().expect("a folder");
        let path = |name: &str| place.path().join(name);
        let kept = [
            ".recipack-tmp-",
            ".recipack-tmp-0123456789a",
            ".recipack-tmp-0123456789a.",
            ".recipack-tmp-0123456789abc",
            "recipack-tmp-0123456789ab",
            ".recipack-0123456789ab",
        ];
        for name in kept {
            fs::write(path(name), "somebody's").expect("written");
        }
        fs::create_dir(path(".recipack-tmp-folder000000")).expect("made");
        fs::write(path("aim"), "somebody's").expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink("aim", path(".recipack-tmp-link00000000")).expect("linked");
        fs::write(path(".recipack-tmp-0123456789ab"), "left").expect("written");
        let held = path(".recipack-tmp-held00000000");
        fs::write(&held, "in use").expect("written");
        let lock = File::open(&held).expect("there");
        lock.lock().expect("locked");

        let mut before = names(place.path());
        before.retain(|name| name != ".recipack-tmp-0123456789ab");
        drop(file_in(place.path(), Access::Owner).expect("made"));
        assert_eq!(names(place.path()), before);
        assert_eq!(fs::read(path("aim")).expect("there"), b"somebody's");
    }

    #[test]
    fn folders_that_nobody_holds_are_taken_away() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = |name: &str, files: &[&str]| {
            let folder = place.path().join(name);
            fs::create_dir(&folder).expect("made");
            for file in files {
                fs::write(folder.join(file), "x").expect("written");
            }
            folder
        };
        folder("recipack-tmp-killed000000", &[LOCK, "copy.zip"]);
        folder("recipack-tmp-early0000000", &[]);
        // Without the lock nobody knows what it is.
        folder("recipack-tmp-other0000000", &["notes"]);
        folder("recipack-tmp-other", &[LOCK]);
        let used = folder("recipack-tmp-used00000000", &[LOCK, "copy.zip"]);
        let lock = File::open(used.join(LOCK)).expect("there");
        lock.lock().expect("locked");

        let made = folder_in(place.path()).expect("made");
        let own = made.0.path().file_name().expect("a name").to_owned();
        let own = own.into_string().expect("plain");
        let mut expected = vec![
            "recipack-tmp-other".to_owned(),
            "recipack-tmp-other0000000".to_owned(),
            "recipack-tmp-used00000000".to_owned(),
            own,
        ];
        expected.sort();
        assert_eq!(names(place.path()), expected);
        assert!(used.join("copy.zip").exists());
        let metadata = fs::metadata(made.0.path()).expect("there");
        assert!(!matches!(privacy(&metadata), Privacy::Others(_)));
    }
}
