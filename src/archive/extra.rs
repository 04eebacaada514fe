//! The extra fields of a header, of which few matter and some must not occur.

use super::error::{ArchiveError, EntryName, Place};

const ZIP64: u16 = 0x0001;
const UNICODE_PATH: u16 = 0x7075;
/// Windows' times: four bytes, then attributes, each with its length.
const NTFS: u16 = 0x000a;
/// Info-ZIP's times: flags, and four bytes for each.
const TIMES: u16 = 0x5455;
/// Info-ZIP's oldest field for Unix: two times, and the owner in the local header.
const UNIX_1: u16 = 0x5855;
/// The one after it: the owner, in the local header only.
const UNIX_2: u16 = 0x7855;
/// The last one: a version, and two numbers of any length.
const UNIX_3: u16 = 0x7875;

/// More fields than any writer puts in one header.
const MAX_FIELDS: usize = 32;

/// The extra fields that matter here, from one header.
#[derive(Debug, Default)]
pub(super) struct Extras<'a> {
    zip64: Option<&'a [u8]>,
}

/// Reads the extra fields of the header of `name` at `place`.
pub(super) fn parse<'a>(
    mut bytes: &'a [u8],
    name: &[u8],
    place: Place,
) -> Result<Extras<'a>, ArchiveError> {
    let mut extras = Extras::default();
    let mut ids = [0; MAX_FIELDS];
    let mut count = 0;
    while !bytes.is_empty() {
        let malformed = |reason| ArchiveError::ExtraMalformed {
            entry: EntryName::from_raw(name),
            place,
            reason,
        };
        let Some((&[a, b, c, d], rest)) = bytes.split_first_chunk::<4>() else {
            return Err(malformed("end with stray bytes"));
        };
        let id = u16::from_le_bytes([a, b]);
        let length = usize::from(u16::from_le_bytes([c, d]));
        let Some((data, rest)) = rest.split_at_checked(length) else {
            return Err(malformed("reach past their end"));
        };
        bytes = rest;
        if ids[..count].contains(&id) {
            return Err(ArchiveError::ExtraDuplicate {
                entry: EntryName::from_raw(name),
                place,
                id,
            });
        }
        let Some(slot) = ids.get_mut(count) else {
            return Err(malformed("are more than 32"));
        };
        *slot = id;
        count += 1;

        if let Some(reason) = forbidden(id) {
            return Err(ArchiveError::ExtraForbidden {
                entry: EntryName::from_raw(name),
                place,
                id,
                reason,
            });
        }
        match id {
            ZIP64 => extras.zip64 = Some(data),
            UNICODE_PATH => check_unicode_path(data, name, place)?,
            // Some readers give up on an entry whose times they can't make out.
            _ if !is_well_formed(id, data, place) => {
                return Err(malformed(
                    "hold times or an owner in a form that is not theirs",
                ));
            }
            _ => {}
        }
    }
    Ok(extras)
}

impl Extras<'_> {
    /// Whether there is a zip64 field.
    pub(super) fn has_zip64(&self) -> bool {
        self.zip64.is_some()
    }

    /// The `N` values of the zip64 field, which must hold exactly these; a header that leaves
    /// nothing to the field must not have one.
    pub(super) fn zip64<const N: usize>(
        &self,
        name: &[u8],
        place: Place,
    ) -> Result<[u64; N], ArchiveError> {
        let data = self.zip64.unwrap_or_default();
        if data.len() != N * 8 || (N == 0 && self.zip64.is_some()) {
            return Err(ArchiveError::Zip64Extra {
                entry: EntryName::from_raw(name),
                place,
                found: data.len() as u64,
                expected: (N * 8) as u64,
            });
        }
        let mut values = [0; N];
        for (value, bytes) in values.iter_mut().zip(data.as_chunks::<8>().0) {
            *value = u64::from_le_bytes(*bytes);
        }
        Ok(values)
    }
}

/// Whether a field of times or owners has the form that its writers give it.
fn is_well_formed(id: u16, data: &[u8], place: Place) -> bool {
    match (id, place) {
        (NTFS, _) => match data.split_first_chunk::<4>() {
            Some((_, attributes)) => are_ntfs_attributes(attributes),
            None => false,
        },
        (TIMES, _) => match data {
            // The central directory flags times that only the local header holds.
            [flags @ 0..8, times @ ..] => {
                let all = flags.count_ones() as usize * 4;
                let modified = usize::from(flags & 1) * 4;
                times.len() == all || (place == Place::Directory && times.len() == modified)
            }
            _ => false,
        },
        (UNIX_1, _) => matches!(data.len(), 8 | 12),
        (UNIX_2, Place::Directory) => matches!(data.len(), 0 | 4),
        (UNIX_2, Place::Local) => data.len() == 4,
        (UNIX_3, Place::Directory) if data.is_empty() => true,
        (UNIX_3, _) => is_owner(data),
        _ => true,
    }
}

/// Attributes one after the other to the end, the times among them, and once.
fn are_ntfs_attributes(mut bytes: &[u8]) -> bool {
    let mut times = 0;
    while let Some((&[a, b, c, d], rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::from(u16::from_le_bytes([c, d]));
        let Some((_, rest)) = rest.split_at_checked(length) else {
            return false;
        };
        if u16::from_le_bytes([a, b]) == 1 {
            if length != 24 {
                return false;
            }
            times += 1;
        }
        bytes = rest;
    }
    bytes.is_empty() && times == 1
}

/// A version, and two numbers that have their lengths before them.
fn is_owner(data: &[u8]) -> bool {
    let Some((1, rest)) = data.split_first() else {
        return false;
    };
    after_number(rest)
        .and_then(after_number)
        .is_some_and(<[u8]>::is_empty)
}

/// What follows a number that has its length before it.
fn after_number(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first()?;
    let (_, rest) = rest.split_at_checked(usize::from(*length))?;
    Some(rest)
}

/// What a field changes for the readers that heed it, where others would not notice.
fn forbidden(id: u16) -> Option<&'static str> {
    Some(match id {
        0x0017 | 0x9901 => "marks encrypted data",
        0x000d | 0x756e => "can turn the entry into a link",
        0x6c65 | 0x6c78 => "can give the entry other attributes",
        0x6375 => "gives the entry a comment",
        _ => return None,
    })
}

/// The Info-ZIP Unicode path: version 1, the CRC-32 of the name in the header, another name.
fn check_unicode_path(data: &[u8], name: &[u8], place: Place) -> Result<(), ArchiveError> {
    let expected = crc32fast::hash(name).to_le_bytes();
    let found = match data.split_first_chunk::<5>() {
        Some(([1, crc @ ..], path)) if *crc == expected => path,
        _ => {
            return Err(ArchiveError::ExtraMalformed {
                entry: EntryName::from_raw(name),
                place,
                reason: "hold a Unicode path of another name",
            });
        }
    };
    if found != name {
        return Err(ArchiveError::UnicodePath {
            entry: EntryName::from_raw(name),
            place,
            found: EntryName::from_raw(found),
        });
    }
    Ok(())
}
