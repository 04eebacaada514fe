//! File or folder: what an entry's name and its external attributes say.

use super::entry::Kind;
use super::error::{ArchiveError, EntryName};

const DOS_VOLUME: u32 = 0x08;
const DOS_DIRECTORY: u32 = 0x10;
const DOS_DEVICE: u32 = 0x40;
/// Windows keeps symbolic links as reparse points.
const DOS_REPARSE_POINT: u32 = 0x400;

const TYPE_MASK: u32 = 0o170_000;
const SPECIAL_BITS: u32 = 0o7000;

/// The kind of the entry `name`, where name and attributes agree.
///
/// The upper half is read as a Unix mode whatever system the archive claims to come from, as many
/// readers do.
pub(super) fn kind(name: &[u8], attributes: u32) -> Result<Kind, ArchiveError> {
    let mode = attributes >> 16;
    let entry = || EntryName::from_raw(name);
    let special = |kind| ArchiveError::SpecialFile {
        entry: entry(),
        kind,
        attributes,
    };
    let by_mode = match mode & TYPE_MASK {
        0 => None,
        0o100_000 => Some(Kind::File),
        0o040_000 => Some(Kind::Directory),
        0o120_000 => return Err(special("symbolic link")),
        0o010_000 => return Err(special("pipe")),
        0o020_000 | 0o060_000 => return Err(special("device")),
        0o140_000 => return Err(special("socket")),
        _ => return Err(special("file of unknown type")),
    };
    if attributes & DOS_REPARSE_POINT != 0 {
        return Err(special("symbolic link"));
    }
    if attributes & (DOS_VOLUME | DOS_DEVICE) != 0 {
        return Err(special("volume label or device"));
    }
    if mode & SPECIAL_BITS != 0 {
        return Err(ArchiveError::ModeBits {
            entry: entry(),
            mode,
        });
    }

    let by_name = if name.ends_with(b"/") {
        Kind::Directory
    } else {
        Kind::File
    };
    let by_dos = (attributes & DOS_DIRECTORY != 0).then_some(Kind::Directory);
    for by_attributes in [by_mode, by_dos].into_iter().flatten() {
        if by_attributes != by_name {
            return Err(ArchiveError::KindMismatch {
                entry: entry(),
                by_name: word(by_name),
                by_attributes: word(by_attributes),
                attributes,
            });
        }
    }
    Ok(by_name)
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "folder",
    }
}
