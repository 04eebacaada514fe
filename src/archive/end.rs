//! The end records: which bytes are the central directory.

use memchr::memmem;

use super::error::{ArchiveError, EntryName, LimitName};
use super::limits::Limits;
use super::records::{
    END, END_LENGTH, EndRecord, LOCAL, SENTINEL_16, SENTINEL_32, ZIP64_END_LENGTH,
    ZIP64_LOCATOR_LENGTH, Zip64EndRecord, Zip64Locator,
};
use super::source::Source;

/// The highest version of the format that is read: 4.5 brought zip64.
pub(super) const MAX_VERSION: u16 = 45;

/// The furthest from the end of the archive that end records can start.
const TAIL: u64 = (END_LENGTH + u16::MAX as usize + ZIP64_LOCATOR_LENGTH + ZIP64_END_LENGTH) as u64;

/// The longest comment. Some readers look for the end record no further than 16 KiB from the end,
/// and some can't read the longest comments there can be.
pub const MAX_COMMENT: usize = 4 << 10;

/// Where the central directory lies and how many entries it should hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) entries: u64,
    /// Where the end record proper starts.
    pub(super) end_record: u64,
}

/// Finds the end records and checks them against each other and the length of the archive.
pub(super) fn locate(source: &Source, limits: &Limits) -> Result<Directory, ArchiveError> {
    let length = source.length();
    if length == 0 {
        return Err(ArchiveError::EmptyFile);
    }
    within(LimitName::ArchiveBytes, length, limits.archive_bytes)?;
    let tail_length = length.min(TAIL);
    let tail_start = length - tail_length;
    let mut buffer = Vec::new();
    let tail = source.chunk(tail_start, tail_length, &mut buffer)?;

    let Some(at) = memmem::rfind(tail, &END) else {
        return Err(no_end_record(source, tail_length));
    };
    let end_record = tail_start + at as u64;
    let Some((fixed, comment)) = tail[at..].split_first_chunk::<END_LENGTH>() else {
        return Err(ArchiveError::EndRecordCut {
            offset: end_record,
            found: (tail.len() - at) as u64,
        });
    };
    let record = EndRecord::parse(fixed);
    check_comment(&record, comment, end_record)?;
    only_one(tail, at, tail_start)?;
    check_disks(&record)?;

    let (directory, end) = match zip64(tail, at, tail_start)? {
        Some((zip64, start)) => (from_zip64(&record, &zip64, end_record)?, start),
        None => (from_classic(&record, end_record)?, end_record),
    };
    if directory.offset.checked_add(directory.size) != Some(end) {
        return Err(ArchiveError::DirectoryPlace {
            offset: directory.offset,
            size: directory.size,
            end,
        });
    }
    if directory.entries == 0 && directory.size == 0 && directory.offset == 0 {
        return Err(ArchiveError::NoEntries);
    }
    within(LimitName::Entries, directory.entries, limits.entries)?;
    within(
        LimitName::DirectoryBytes,
        directory.size,
        limits.directory_bytes,
    )?;
    Ok(directory)
}

/// Refuses what exceeds a limit on the whole archive.
pub(super) fn within(limit: LimitName, found: u64, allowed: u64) -> Result<(), ArchiveError> {
    if found > allowed {
        return Err(ArchiveError::Limit {
            subject: "the archive".into(),
            limit,
            found,
            allowed,
        });
    }
    Ok(())
}

fn no_end_record(source: &Source, searched: u64) -> ArchiveError {
    let mut buffer = Vec::new();
    let length = source.length();
    match source.chunk(0, length.min(16), &mut buffer) {
        Ok(start) if start.starts_with(&LOCAL) => {
            ArchiveError::EndRecordMissing { searched, length }
        }
        Ok(start) => ArchiveError::NotAZip {
            start: EntryName::from_raw(start),
        },
        Err(error) => error,
    }
}

fn check_comment(record: &EndRecord, rest: &[u8], end_record: u64) -> Result<(), ArchiveError> {
    let declared = usize::from(record.comment_length);
    if let Some((_, zeros)) = rest.split_at_checked(declared)
        && !zeros.is_empty()
        && zeros.iter().all(|b| *b == 0)
    {
        return Err(ArchiveError::ZeroPadding {
            zeros: zeros.len() as u64,
        });
    }
    if rest.len() != declared {
        return Err(ArchiveError::EndRecordComment {
            declared: declared as u64,
            found: rest.len() as u64,
        });
    }
    let reason = match std::str::from_utf8(rest) {
        Err(_) => "is not UTF-8",
        // Readers that search for records would start here.
        Ok(text) if text.contains("PK") => "holds `PK`, which starts a record",
        Ok(text) if text.len() > MAX_COMMENT => {
            "is longer than 4 096 bytes, which hides the end record from some readers"
        }
        Ok(_) => return Ok(()),
    };
    Err(ArchiveError::ArchiveComment {
        offset: end_record + END_LENGTH as u64,
        reason,
    })
}

/// Refuses an earlier end record that ends the file as well as the last one does.
fn only_one(tail: &[u8], at: usize, tail_start: u64) -> Result<(), ArchiveError> {
    for first in memmem::find_iter(&tail[..at], &END) {
        if let Some((fixed, rest)) = tail[first..].split_first_chunk::<END_LENGTH>()
            && rest.len() == usize::from(EndRecord::parse(fixed).comment_length)
        {
            return Err(ArchiveError::SecondEndRecord {
                first: tail_start + first as u64,
                last: tail_start + at as u64,
            });
        }
    }
    Ok(())
}

fn check_disks(record: &EndRecord) -> Result<(), ArchiveError> {
    const RECORD: &str = "the end record";
    disk(RECORD, "disk", record.disk.into(), 0)?;
    disk(
        RECORD,
        "disk of the central directory",
        record.directory_disk.into(),
        0,
    )?;
    if record.entries_here != record.entries {
        return Err(ArchiveError::CountsDiffer {
            record: RECORD,
            here: record.entries_here.into(),
            total: record.entries.into(),
        });
    }
    Ok(())
}

fn disk(
    record: &'static str,
    field: &'static str,
    found: u64,
    expected: u64,
) -> Result<(), ArchiveError> {
    if found == expected {
        return Ok(());
    }
    Err(ArchiveError::Disk {
        record,
        field,
        found,
        expected,
    })
}

/// The zip64 end record and where it starts, if its locator stands before the end record.
fn zip64(
    tail: &[u8],
    at: usize,
    tail_start: u64,
) -> Result<Option<(Zip64EndRecord, u64)>, ArchiveError> {
    let Some((before, locator)) = tail[..at].split_last_chunk::<ZIP64_LOCATOR_LENGTH>() else {
        return Ok(None);
    };
    let Some(locator) = Zip64Locator::parse(locator) else {
        return Ok(None);
    };
    const LOCATOR: &str = "the zip64 locator";
    disk(LOCATOR, "disk", locator.disk.into(), 0)?;
    disk(LOCATOR, "number of disks", locator.disks.into(), 1)?;

    let wrong = |field, found, expected| ArchiveError::Zip64Record {
        field,
        found,
        expected,
    };
    let missing = || ArchiveError::Zip64Missing {
        what: "the zip64 locator",
    };
    let (_, fixed) = before
        .split_last_chunk::<ZIP64_END_LENGTH>()
        .ok_or_else(missing)?;
    let start = tail_start + (before.len() - ZIP64_END_LENGTH) as u64;
    if locator.record_offset != start {
        return Err(wrong("offset", locator.record_offset, start));
    }
    let record = Zip64EndRecord::parse(fixed).ok_or_else(missing)?;
    let length = (ZIP64_END_LENGTH - 12) as u64;
    if record.length != length {
        return Err(wrong("length", record.length, length));
    }
    if record.version_needed > MAX_VERSION {
        return Err(wrong(
            "version needed",
            record.version_needed.into(),
            MAX_VERSION.into(),
        ));
    }
    const RECORD: &str = "the zip64 end record";
    disk(RECORD, "disk", record.disk.into(), 0)?;
    disk(
        RECORD,
        "disk of the central directory",
        record.directory_disk.into(),
        0,
    )?;
    if record.entries_here != record.entries {
        return Err(ArchiveError::CountsDiffer {
            record: RECORD,
            here: record.entries_here,
            total: record.entries,
        });
    }
    Ok(Some((record, start)))
}

fn from_zip64(
    record: &EndRecord,
    zip64: &Zip64EndRecord,
    end_record: u64,
) -> Result<Directory, ArchiveError> {
    let fields = [
        (
            "the number of entries",
            u64::from(record.entries),
            zip64.entries,
            u64::from(SENTINEL_16),
        ),
        (
            "the directory's size",
            u64::from(record.directory_size),
            zip64.directory_size,
            u64::from(SENTINEL_32),
        ),
        (
            "the directory's offset",
            u64::from(record.directory_offset),
            zip64.directory_offset,
            u64::from(SENTINEL_32),
        ),
    ];
    for (field, classic, zip64, sentinel) in fields {
        if classic != sentinel && classic != zip64 {
            return Err(ArchiveError::Zip64Differs {
                field,
                classic,
                zip64,
            });
        }
    }
    Ok(Directory {
        offset: zip64.directory_offset,
        size: zip64.directory_size,
        entries: zip64.entries,
        end_record,
    })
}

fn from_classic(record: &EndRecord, end_record: u64) -> Result<Directory, ArchiveError> {
    // 65 535 entries need no zip64 record, but readers disagree on whether they do.
    let what = if record.entries == SENTINEL_16 {
        "the end record's number of entries"
    } else if record.directory_size == SENTINEL_32 {
        "the end record's directory size"
    } else if record.directory_offset == SENTINEL_32 {
        "the end record's directory offset"
    } else {
        return Ok(Directory {
            offset: record.directory_offset.into(),
            size: record.directory_size.into(),
            entries: record.entries.into(),
            end_record,
        });
    };
    Err(ArchiveError::Zip64Missing { what })
}
