//! No two entries may be one file on some disk, and no file may be needed as a folder.
//!
//! Folders that differ in case only are accepted: the platform has such pairs (platform.md §11),
//! and their files stay apart.

use std::collections::HashMap;
use std::collections::hash_map::{Entry as Slot, RandomState};
use std::hash::BuildHasher as _;

use super::end::within;
use super::entry::{Entry, Kind};
use super::error::{ArchiveError, LimitName};

/// What a folded path stands for, and the index of the entry that says so.
#[derive(Clone, Copy)]
enum Claim {
    File(usize),
    Folder(usize),
}

/// The claims by the hashes of the folded paths, since the paths of very many entries take room. No
/// two of them have one hash by chance, and nobody who makes an archive knows the keys.
struct Claims {
    claims: HashMap<u128, Claim>,
    keys: [RandomState; 2],
}

impl Claims {
    fn of_so_many(entries: usize) -> Self {
        Self {
            claims: HashMap::with_capacity(entries),
            keys: [RandomState::new(), RandomState::new()],
        }
    }

    fn slot(&mut self, path: &str) -> Slot<'_, u128, Claim> {
        let [high, low] = self
            .keys
            .each_ref()
            .map(|key| u128::from(key.hash_one(path)));
        self.claims.entry(high << 64 | low)
    }
}

/// Checks the names of all entries against each other. The paths of all folders may have so many
/// bytes.
pub(super) fn check(entries: &[Entry], allowed: u64) -> Result<(), ArchiveError> {
    let mut claims = Claims::of_so_many(entries.len());
    let mut folders: HashMap<&str, usize> = HashMap::new();
    let mut last_folder = String::new();
    let mut length = 0;
    for (index, entry) in entries.iter().enumerate() {
        let key = entry.path.collision_key();
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        // Neighbours mostly share a folder, which is checked once then.
        if folder != last_folder {
            length += claim_folders(entries, index, &key, &mut claims)?;
            within(LimitName::FolderBytes, length, allowed)?;
            folder.clone_into(&mut last_folder);
        }
        let claim = match entry.kind {
            Kind::File => Claim::File(index),
            Kind::Directory => Claim::Folder(index),
        };
        if entry.kind == Kind::Directory
            && let Some(first) = folders.insert(entry.path.as_str(), index)
        {
            return Err(duplicate(entries, first, index));
        }
        make(entries, &key, claim, &mut claims)?;
        if entry.kind == Kind::File
            && let Some(holder) = entry.path.stream_holder_key()
        {
            make(entries, &holder, claim, &mut claims)?;
        }
    }
    Ok(())
}

/// Makes one claim beside those that were made before.
fn make(
    entries: &[Entry],
    key: &str,
    claim: Claim,
    claims: &mut Claims,
) -> Result<(), ArchiveError> {
    match claims.slot(key) {
        Slot::Vacant(slot) => {
            slot.insert(claim);
            Ok(())
        }
        Slot::Occupied(slot) => meet(entries, *slot.get(), claim),
    }
}

/// Claims the folders above an entry, and tells how long the paths of those are that are new.
fn claim_folders(
    entries: &[Entry],
    index: usize,
    key: &str,
    claims: &mut Claims,
) -> Result<u64, ArchiveError> {
    let mut length = 0;
    for (slash, _) in key.match_indices('/') {
        let folder = &key[..slash];
        match claims.slot(folder) {
            Slot::Occupied(earlier) => meet(entries, *earlier.get(), Claim::Folder(index))?,
            Slot::Vacant(slot) => {
                slot.insert(Claim::Folder(index));
                length += slash as u64;
            }
        }
    }
    Ok(length)
}

/// Judges two claims on one folded path.
fn meet(entries: &[Entry], earlier: Claim, later: Claim) -> Result<(), ArchiveError> {
    let name = |index: usize| entries[index].shown_name();
    match (earlier, later) {
        (Claim::Folder(_), Claim::Folder(_)) => Ok(()),
        (Claim::File(first), Claim::File(second)) => {
            if entries[first].path == entries[second].path {
                return Err(duplicate(entries, first, second));
            }
            Err(ArchiveError::Collision {
                first: name(first),
                second: name(second),
            })
        }
        (Claim::File(file), Claim::Folder(other)) | (Claim::Folder(other), Claim::File(file)) => {
            Err(ArchiveError::FileAndFolder {
                file: name(file),
                other: name(other),
            })
        }
    }
}

fn duplicate(entries: &[Entry], first: usize, second: usize) -> ArchiveError {
    ArchiveError::Duplicate {
        entry: entries[second].shown_name(),
        first,
        second,
    }
}
