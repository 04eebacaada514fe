//! Local headers and data descriptors: they tile the archive and repeat the central directory.

use super::directory::{EMPTY_DEFLATED, check_flags, check_version};
use super::entry::{Entry, Kind, Method};
use super::error::{ArchiveError, EntryName, Place};
use super::extra::{self, Extras};
use super::records::{
    DESCRIPTOR_LENGTH, Descriptor, FLAG_DESCRIPTOR, LOCAL_LENGTH, LocalHeader, SENTINEL_32,
    ZIP64_DESCRIPTOR_LENGTH,
};
use super::source::Source;

/// Read at once where entries are small, so that one read serves many headers.
const WIDE: u64 = 128 << 10;
/// Read at once where entries are large: a descriptor and the header after it.
const NARROW: u64 = 512;
/// Up to this mean size, reading on is cheaper than another read for each header.
const SMALL_ENTRY: u64 = 4 << 10;

/// Checks that the entries fill the bytes before the directory, each as the directory describes
/// it, and returns where the data of each starts.
pub(super) fn check(
    source: &Source,
    entries: &[Entry],
    directory: u64,
) -> Result<Vec<u64>, ArchiveError> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    if !entries.is_sorted_by_key(|entry| entry.header_offset) {
        order.sort_by_key(|index| entries[*index].header_offset);
    }
    let mut window = Window::new(source, directory, entries.len() as u64);
    let mut data = vec![0; entries.len()];
    let mut expected = 0;
    for index in order {
        let entry = &entries[index];
        follows(
            || format!("entry {}", entry.shown_name()),
            entry.header_offset,
            expected,
        )?;
        (data[index], expected) = check_one(&mut window, entry)?;
    }
    follows(|| "the central directory".to_owned(), directory, expected)?;
    Ok(data)
}

/// Refuses what does not start where the thing before it ends.
fn follows(what: impl Fn() -> String, found: u64, expected: u64) -> Result<(), ArchiveError> {
    if found > expected {
        return Err(ArchiveError::Gap {
            what: what().into(),
            gap: found - expected,
            found,
            expected,
        });
    }
    if found < expected {
        return Err(ArchiveError::Overlap {
            what: what().into(),
            found,
            expected,
        });
    }
    Ok(())
}

/// Checks one entry and returns where its data starts and where it ends.
fn check_one(window: &mut Window<'_>, entry: &Entry) -> Result<(u64, u64), ArchiveError> {
    let offset = entry.header_offset;
    let fixed = window.record::<LOCAL_LENGTH>(offset, entry)?;
    let header = LocalHeader::parse(&fixed).ok_or_else(|| ArchiveError::LocalHeader {
        entry: entry.shown_name(),
        offset,
    })?;
    let variable = window.after(offset, LOCAL_LENGTH as u64, entry)?;
    let name_length = u64::from(header.name_length);
    let extra_length = u64::from(header.extra_length);
    let both = window.bytes(variable, name_length + extra_length, entry)?;
    let (name, extra) = both.split_at(header.name_length.into());
    check_names(entry, &header, name)?;
    let extras = extra::parse(extra, name, Place::Local)?;
    check_fields(entry, &header, name)?;
    check_sizes(entry, &header, &extras, name)?;
    let wide = extras.has_zip64();

    let data = window.after(variable, name_length + extra_length, entry)?;
    let end = window.after(data, entry.compressed_size, entry)?;
    // Nobody reads the data of a folder to see whether there are any.
    if entry.kind == Kind::Directory
        && entry.method == Method::Deflated
        && window.record(data, entry)? != EMPTY_DEFLATED
    {
        return Err(ArchiveError::Deflate {
            entry: entry.shown_name(),
            inflated: 0,
            reason: "it belongs to a folder and does not stand for nothing".into(),
        });
    }
    if entry.flags & FLAG_DESCRIPTOR == 0 {
        return Ok((data, end));
    }
    // Info-ZIP writes empty files to a pipe so; the end of nothing is no question.
    if entry.method == Method::Stored && (entry.size > 0 || wide) {
        return Err(ArchiveError::DescriptorStored {
            entry: entry.shown_name(),
        });
    }
    // A streaming reader tells the length of the descriptor by the zip64 field.
    let length = if wide {
        ZIP64_DESCRIPTOR_LENGTH
    } else {
        DESCRIPTOR_LENGTH
    };
    let missing = || ArchiveError::DescriptorMissing {
        entry: entry.shown_name(),
        offset: end,
    };
    let past = end.saturating_add(length as u64);
    if past > window.directory {
        return Err(missing());
    }
    let descriptor = if wide {
        let bytes = window.record::<ZIP64_DESCRIPTOR_LENGTH>(end, entry)?;
        Descriptor::parse_zip64(&bytes)
    } else {
        let bytes = window.record::<DESCRIPTOR_LENGTH>(end, entry)?;
        Descriptor::parse(&bytes)
    };
    check_descriptor(entry, &descriptor.ok_or_else(missing)?)?;
    Ok((data, past))
}

fn check_names(entry: &Entry, header: &LocalHeader, name: &[u8]) -> Result<(), ArchiveError> {
    if usize::from(header.name_length) == entry.raw_name_length() && entry.has_raw_name(name) {
        return Ok(());
    }
    Err(ArchiveError::HeaderMismatch {
        entry: entry.shown_name(),
        field: "name",
        directory: entry.shown_name().to_string().into(),
        local: EntryName::from_raw(name).to_string().into(),
    })
}

fn check_fields(entry: &Entry, header: &LocalHeader, name: &[u8]) -> Result<(), ArchiveError> {
    let fields = [
        ("flags", entry.flags, header.flags),
        ("compression method", entry.method.number(), header.method),
        ("time", entry.time, header.time),
        ("date", entry.date, header.date),
    ];
    for (field, directory, local) in fields {
        if directory != local {
            return Err(mismatch(entry, field, directory.into(), local.into()));
        }
    }
    check_flags(header.flags, name)?;
    check_version(header.version_needed, name, Place::Local)
}

fn mismatch(entry: &Entry, field: &'static str, directory: u64, local: u64) -> ArchiveError {
    ArchiveError::HeaderMismatch {
        entry: entry.shown_name(),
        field,
        directory: directory.to_string().into(),
        local: local.to_string().into(),
    }
}

fn check_sizes(
    entry: &Entry,
    header: &LocalHeader,
    extras: &Extras<'_>,
    name: &[u8],
) -> Result<(), ArchiveError> {
    let (size, compressed_size) =
        if header.size == SENTINEL_32 || header.compressed_size == SENTINEL_32 {
            let [size, compressed_size] = extras.zip64(name, Place::Local)?;
            // The field must hold both sizes here, so both must be left to it.
            for (field, classic) in [
                ("size", header.size),
                ("compressed size", header.compressed_size),
            ] {
                if classic != SENTINEL_32 {
                    return Err(mismatch(entry, field, SENTINEL_32.into(), classic.into()));
                }
            }
            (size, compressed_size)
        } else {
            extras.zip64::<0>(name, Place::Local)?;
            (u64::from(header.size), u64::from(header.compressed_size))
        };

    let right = (entry.size, entry.compressed_size);
    let found = (size, compressed_size);
    let has_descriptor = entry.flags & FLAG_DESCRIPTOR != 0;
    // bsdtar and Info-ZIP know the size when they write to a pipe, but not the compressed size.
    let half = !extras.has_zip64() && found == (entry.size, 0);
    if !(found == right || has_descriptor && (found == (0, 0) || half)) {
        return Err(if size == entry.size {
            mismatch(
                entry,
                "compressed size",
                entry.compressed_size,
                compressed_size,
            )
        } else {
            mismatch(entry, "size", entry.size, size)
        });
    }
    if !(header.crc32 == entry.crc32 || has_descriptor && header.crc32 == 0) {
        return Err(mismatch(
            entry,
            "CRC-32",
            entry.crc32.into(),
            header.crc32.into(),
        ));
    }
    Ok(())
}

fn check_descriptor(entry: &Entry, found: &Descriptor) -> Result<(), ArchiveError> {
    let fields = [
        ("CRC-32", u64::from(entry.crc32), u64::from(found.crc32)),
        (
            "compressed size",
            entry.compressed_size,
            found.compressed_size,
        ),
        ("size", entry.size, found.size),
    ];
    for (field, directory, descriptor) in fields {
        if directory != descriptor {
            return Err(ArchiveError::DescriptorMismatch {
                entry: entry.shown_name(),
                field,
                directory,
                descriptor,
            });
        }
    }
    Ok(())
}

/// The bytes before the central directory, seen through a buffer that moves forward.
struct Window<'a> {
    source: &'a Source,
    directory: u64,
    buffer: Vec<u8>,
    start: u64,
    filled: u64,
    step: u64,
}

impl<'a> Window<'a> {
    fn new(source: &'a Source, directory: u64, entries: u64) -> Self {
        let small = directory.div_ceil(entries.max(1)) <= SMALL_ENTRY;
        Self {
            source,
            directory,
            buffer: Vec::new(),
            start: 0,
            filled: 0,
            step: if small { WIDE } else { NARROW },
        }
    }

    /// `offset + length`, which must not lie past the start of the directory.
    fn after(&self, offset: u64, length: u64, entry: &Entry) -> Result<u64, ArchiveError> {
        let end = offset.saturating_add(length);
        if end > self.directory {
            return Err(ArchiveError::PastDirectory {
                entry: entry.shown_name(),
                end,
                directory: self.directory,
            });
        }
        Ok(end)
    }

    fn bytes(&mut self, offset: u64, length: u64, entry: &Entry) -> Result<&[u8], ArchiveError> {
        self.after(offset, length, entry)?;
        if let Source::Memory(_) = self.source {
            return self.source.chunk(offset, length, &mut self.buffer);
        }
        let inside = offset
            .checked_sub(self.start)
            .filter(|skip| skip.saturating_add(length) <= self.filled);
        let skip = match inside {
            Some(skip) => skip,
            None => {
                self.filled = 0;
                let step = length.max(self.step).min(self.directory - offset);
                self.source.chunk(offset, step, &mut self.buffer)?;
                self.start = offset;
                self.filled = step;
                0
            }
        };
        // Both fit: they lie inside the buffer.
        let start = skip as usize;
        Ok(&self.buffer[start..start + length as usize])
    }

    fn record<const N: usize>(
        &mut self,
        offset: u64,
        entry: &Entry,
    ) -> Result<[u8; N], ArchiveError> {
        let mut record = [0; N];
        record.copy_from_slice(self.bytes(offset, N as u64, entry)?);
        Ok(record)
    }
}
