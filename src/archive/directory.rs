//! The central directory: every entry's header, read once and in one piece.

use memchr::memmem;

use super::attributes;
use super::end::{Directory, MAX_VERSION, within};
use super::entry::{Entry, Kind, Method, NameMark};
use super::error::{ArchiveError, EntryName, LimitName, Place};
use super::extra;
use super::limits::Limits;
use super::records::{
    DIRECTORY_LENGTH, DirectoryHeader, END, FLAG_DESCRIPTOR, FLAG_UTF8, SENTINEL_32,
};
use super::source::Source;
use crate::model::path::{PackagePath, PathError};

/// Bits 1 and 2 tell how hard deflate tried; the others change how an entry is read.
const ALLOWED_FLAGS: u16 = 0b110 | FLAG_DESCRIPTOR | FLAG_UTF8;
const FLAG_ENCRYPTED: u16 = 1;
const FLAG_STRONG_ENCRYPTION: u16 = 1 << 6;
const FLAG_MASKED_HEADERS: u16 = 1 << 13;

/// What deflate makes of nothing: one block, the last one, that ends at once.
pub(super) const EMPTY_DEFLATED: [u8; 2] = [3, 0];

/// Reads all entries. Their `data_offset` is not known yet.
pub(super) fn read(
    source: &Source,
    directory: &Directory,
    limits: &Limits,
) -> Result<Vec<Entry>, ArchiveError> {
    let count = |used| ArchiveError::DirectoryCount {
        declared: directory.entries,
        size: directory.size,
        used,
    };
    // Checked before anything is allocated for that many entries.
    let least = directory.entries.saturating_mul(DIRECTORY_LENGTH as u64);
    if least > directory.size {
        return Err(count(least));
    }
    let mut buffer = Vec::new();
    let bytes = source.chunk(directory.offset, directory.size, &mut buffer)?;
    if let Some(at) = memmem::find(bytes, &END) {
        return Err(ArchiveError::SecondEndRecord {
            first: directory.offset + at as u64,
            last: directory.end_record,
        });
    }

    let mut entries = Vec::with_capacity(usize::try_from(directory.entries).unwrap_or_default());
    let mut rest = bytes;
    let mut names = 0;
    for index in 0..directory.entries {
        let (entry, after) = read_one(rest, index, limits)?;
        names += entry.raw_name_length() as u64;
        within(LimitName::NameBytes, names, limits.name_bytes)?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(count(directory.size - rest.len() as u64));
    }
    Ok(entries)
}

/// Refuses more data in all than there should be. What overlaps was refused for that before.
pub(super) fn check_total(
    entries: &[Entry],
    archive: u64,
    limits: &Limits,
) -> Result<(), ArchiveError> {
    let total = entries
        .iter()
        .fold(0_u64, |total, entry| total.saturating_add(entry.size));
    within(LimitName::TotalBytes, total, limits.total_bytes)?;
    if total > limits.ratio_from {
        within(LimitName::Ratio, total / archive.max(1), limits.ratio)?;
    }
    Ok(())
}

fn read_one<'a>(
    bytes: &'a [u8],
    index: u64,
    limits: &Limits,
) -> Result<(Entry, &'a [u8]), ArchiveError> {
    let damaged = |reason| ArchiveError::DirectoryHeader { index, reason };
    let (fixed, rest) = bytes
        .split_first_chunk::<DIRECTORY_LENGTH>()
        .ok_or_else(|| damaged("is cut off"))?;
    let header = DirectoryHeader::parse(fixed).ok_or_else(|| damaged("has no signature"))?;
    let past_end = || damaged("reaches past the end of the directory");
    let (name, rest) = rest
        .split_at_checked(header.name_length.into())
        .ok_or_else(past_end)?;
    let (extra, rest) = rest
        .split_at_checked(header.extra_length.into())
        .ok_or_else(past_end)?;
    let (_, rest) = rest
        .split_at_checked(header.comment_length.into())
        .ok_or_else(past_end)?;
    Ok((to_entry(&header, name, extra, limits)?, rest))
}

fn to_entry(
    header: &DirectoryHeader,
    name: &[u8],
    extra: &[u8],
    limits: &Limits,
) -> Result<Entry, ArchiveError> {
    let entry = || EntryName::from_raw(name);
    if header.disk != 0 {
        return Err(ArchiveError::Disk {
            record: "the header of an entry",
            field: "disk",
            found: header.disk.into(),
            expected: 0,
        });
    }
    check_flags(header.flags, name)?;
    let method = match header.method {
        0 => Method::Stored,
        8 => Method::Deflated,
        method => {
            return Err(ArchiveError::Method {
                entry: entry(),
                method,
            });
        }
    };
    check_version(header.version_needed, name, Place::Directory)?;
    if header.comment_length != 0 {
        return Err(ArchiveError::EntryComment {
            entry: entry(),
            length: header.comment_length,
        });
    }

    let extras = extra::parse(extra, name, Place::Directory)?;
    let [size, compressed_size, header_offset] = resolve(header, &extras, name)?;

    let text =
        std::str::from_utf8(name).map_err(|_| ArchiveError::NameEncoding { entry: entry() })?;
    let path = match text.strip_suffix('/') {
        Some(folder) => PackagePath::of_folder(folder),
        None => text.parse(),
    };
    let path = path.map_err(|error: PathError| ArchiveError::UnsafeName {
        entry: entry(),
        reason: error.reason,
    })?;
    let kind = attributes::kind(name, header.attributes)?;
    let found = Entry {
        path,
        kind,
        method,
        mark: if header.flags & FLAG_UTF8 == 0 {
            NameMark::Unmarked
        } else {
            NameMark::Utf8
        },
        flags: header.flags,
        time: header.time,
        date: header.date,
        crc32: header.crc32,
        size,
        compressed_size,
        header_offset,
        data_offset: 0,
    };
    check_sizes(&found, limits)?;
    Ok(found)
}

/// Refuses flags that encrypt or patch data, or mean nothing that is known.
pub(super) fn check_flags(flags: u16, name: &[u8]) -> Result<(), ArchiveError> {
    let entry = || EntryName::from_raw(name);
    for (bit, reason) in [
        (FLAG_STRONG_ENCRYPTION, "its strong encryption flag is set"),
        (FLAG_MASKED_HEADERS, "its header is masked"),
        (FLAG_ENCRYPTED, "its encryption flag is set"),
    ] {
        if flags & bit != 0 {
            return Err(ArchiveError::Encrypted {
                entry: entry(),
                reason,
            });
        }
    }
    if flags & !ALLOWED_FLAGS != 0 {
        return Err(ArchiveError::Flags {
            entry: entry(),
            found: flags,
            allowed: ALLOWED_FLAGS,
        });
    }
    Ok(())
}

/// Refuses what needs a newer version of the format than is read.
pub(super) fn check_version(found: u16, name: &[u8], place: Place) -> Result<(), ArchiveError> {
    if found > MAX_VERSION {
        return Err(ArchiveError::VersionNeeded {
            entry: EntryName::from_raw(name),
            place,
            found,
        });
    }
    Ok(())
}

/// Size, compressed size and offset; the zip64 field holds, in this order, those left to it.
fn resolve(
    header: &DirectoryHeader,
    extras: &extra::Extras<'_>,
    name: &[u8],
) -> Result<[u64; 3], ArchiveError> {
    let mut values = [header.size, header.compressed_size, header.header_offset].map(u64::from);
    let open = values.map(|value| value == u64::from(SENTINEL_32));
    let wide = match open.iter().filter(|open| **open).count() {
        0 => {
            extras.zip64::<0>(name, Place::Directory)?;
            return Ok(values);
        }
        1 => extras.zip64::<1>(name, Place::Directory)?.to_vec(),
        2 => extras.zip64::<2>(name, Place::Directory)?.to_vec(),
        _ => extras.zip64::<3>(name, Place::Directory)?.to_vec(),
    };
    let slots = values.iter_mut().zip(open).filter(|(_, open)| *open);
    for ((slot, _), wide) in slots.zip(wide) {
        *slot = wide;
    }
    Ok(values)
}

fn check_sizes(entry: &Entry, limits: &Limits) -> Result<(), ArchiveError> {
    let name = || entry.shown_name();
    let Entry {
        size,
        compressed_size,
        ..
    } = *entry;
    if entry.kind == Kind::Directory {
        let allowed = match entry.method {
            Method::Stored => 0,
            Method::Deflated => EMPTY_DEFLATED.len() as u64,
        };
        if size != 0 || compressed_size != allowed {
            return Err(ArchiveError::DirectoryData {
                entry: name(),
                size,
                compressed_size,
            });
        }
        if entry.crc32 != 0 {
            return Err(ArchiveError::Crc {
                entry: name(),
                found: 0,
                declared: entry.crc32,
            });
        }
    }
    let over = |limit, found, allowed| ArchiveError::Limit {
        subject: format!("entry {}", name()).into(),
        limit,
        found,
        allowed,
    };
    if size > limits.entry_bytes {
        return Err(over(LimitName::EntryBytes, size, limits.entry_bytes));
    }
    if entry.method == Method::Stored && size != compressed_size {
        return Err(ArchiveError::StoredSize {
            entry: name(),
            size,
            compressed_size,
        });
    }
    if size > limits.ratio_from && size > compressed_size.saturating_mul(limits.ratio) {
        let ratio = size / compressed_size.max(1);
        return Err(over(LimitName::Ratio, ratio, limits.ratio));
    }
    Ok(())
}
