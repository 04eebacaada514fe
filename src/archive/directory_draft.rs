//! The directory of entries of a package that is being put together of small archives: their headers
//! as they are, with the places that the entries have in the whole.

use std::io::{self, Write};

use super::records::{
    DIRECTORY_LENGTH, DirectoryHeader, END, END_LENGTH, EndRecord, SENTINEL_16, SENTINEL_32,
    ZIP64_END, ZIP64_END_LENGTH, ZIP64_LOCATOR, ZIP64_LOCATOR_LENGTH, Zip64EndRecord, Zip64Locator,
};

/// The extra field with the values that a header has no room for.
const ZIP64: [u8; 2] = [1, 0];
/// The version that a format without anything special needs.
const MIN_VERSION: u16 = 10;
/// Where a header says how long its extra fields are.
const EXTRA_LENGTH: usize = 30;
/// Where a header says at which byte the entry begins.
const OFFSET: usize = 42;

/// The headers of the entries so far.
#[derive(Debug)]
pub(super) struct DirectoryDraft {
    headers: Vec<u8>,
    entries: u64,
    version_needed: u16,
}

impl Default for DirectoryDraft {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            entries: 0,
            version_needed: MIN_VERSION,
        }
    }
}

impl DirectoryDraft {
    /// Takes the headers of a small archive that this program wrote, whose entries begin at `start`
    /// of the whole. Gives the entries themselves.
    ///
    /// # Errors
    /// If it is not such an archive.
    pub(super) fn take<'a>(&mut self, archive: &'a [u8], start: u64) -> io::Result<&'a [u8]> {
        let (entries, headers) = parts(archive).ok_or_else(malformed)?;
        self.take_headers(headers, 0, start)?;
        Ok(entries)
    }

    /// Takes headers of consecutive entries that begin at `from` in their archive, and at `start` of the
    /// whole.
    ///
    /// # Errors
    /// If they are no headers that this program wrote.
    pub(super) fn take_headers(
        &mut self,
        mut headers: &[u8],
        from: u64,
        start: u64,
    ) -> io::Result<()> {
        while !headers.is_empty() {
            headers = self.header(headers, from, start).ok_or_else(malformed)?;
        }
        Ok(())
    }

    /// Takes the first of some headers, and gives the others.
    fn header<'a>(&mut self, headers: &'a [u8], from: u64, start: u64) -> Option<&'a [u8]> {
        let header = DirectoryHeader::parse(headers.first_chunk::<DIRECTORY_LENGTH>()?)?;
        let name = DIRECTORY_LENGTH + usize::from(header.name_length);
        let end = name + usize::from(header.extra_length);
        let after = end + usize::from(header.comment_length);
        let (header_bytes, rest) = headers.split_at_checked(after)?;
        let (mut sizes, mut offset) = (&header_bytes[name..name], None);
        let mut extra = &header_bytes[name..end];
        let mut others = Vec::new();
        while let Some((&[a, b, c, d], more)) = extra.split_first_chunk::<4>() {
            let (data, more) = more.split_at_checked(usize::from(u16::from_le_bytes([c, d])))?;
            if [a, b] == ZIP64 {
                let has_offset = header.header_offset == SENTINEL_32;
                let at = data.len().checked_sub(if has_offset { 8 } else { 0 })?;
                sizes = &data[..at];
                offset = data[at..]
                    .first_chunk::<8>()
                    .map(|it| u64::from_le_bytes(*it));
            } else {
                others.extend_from_slice(&[a, b, c, d]);
                others.extend_from_slice(data);
            }
            extra = more;
        }
        let offset = offset.unwrap_or(header.header_offset.into());
        let offset = start.checked_add(offset.checked_sub(from)?)?;
        let (short, long) = match u32::try_from(offset) {
            Ok(short) if short != SENTINEL_32 => (short, None),
            Ok(_) | Err(_) => (SENTINEL_32, Some(offset.to_le_bytes())),
        };
        let long = long.as_ref().map_or(&[][..], |long| &long[..]);
        let values = sizes.len() + long.len();
        let field = if values == 0 { 0 } else { 4 + values };
        let extra_length = u16::try_from(field + others.len()).ok()?;
        self.headers
            .extend_from_slice(&header_bytes[..EXTRA_LENGTH]);
        self.headers.extend_from_slice(&extra_length.to_le_bytes());
        self.headers
            .extend_from_slice(&header_bytes[EXTRA_LENGTH + 2..OFFSET]);
        self.headers.extend_from_slice(&short.to_le_bytes());
        self.headers
            .extend_from_slice(&header_bytes[DIRECTORY_LENGTH..name]);
        if values > 0 {
            self.headers.extend_from_slice(&ZIP64);
            self.headers
                .extend_from_slice(&u16::try_from(values).ok()?.to_le_bytes());
            self.headers.extend_from_slice(sizes);
            self.headers.extend_from_slice(long);
        }
        self.headers.extend_from_slice(&others);
        self.headers.extend_from_slice(&header_bytes[end..]);
        self.entries += 1;
        self.version_needed = self.version_needed.max(header.version_needed);
        Some(rest)
    }

    /// Writes the directory, which begins at `start`, and the records that end an archive. Gives
    /// where it ends.
    ///
    /// # Errors
    /// If `to` can't be written to.
    pub(super) fn write(self, to: &mut impl Write, start: u64) -> io::Result<u64> {
        let size = self.headers.len() as u64;
        to.write_all(&self.headers)?;
        let is_long = self.entries > SENTINEL_16.into() || size.max(start) > SENTINEL_32.into();
        let mut end = Vec::new();
        if is_long {
            end.extend_from_slice(&ZIP64_END);
            end.extend_from_slice(&(ZIP64_END_LENGTH as u64 - 12).to_le_bytes());
            end.extend_from_slice(&self.version_needed.to_le_bytes());
            end.extend_from_slice(&self.version_needed.to_le_bytes());
            end.extend_from_slice(&[0; 8]);
            for value in [self.entries, self.entries, size, start] {
                end.extend_from_slice(&value.to_le_bytes());
            }
            end.extend_from_slice(&ZIP64_LOCATOR);
            end.extend_from_slice(&[0; 4]);
            end.extend_from_slice(&(start + size).to_le_bytes());
            end.extend_from_slice(&1_u32.to_le_bytes());
        }
        let short = |value: u64| u32::try_from(value).unwrap_or(SENTINEL_32);
        let entries = u16::try_from(self.entries).unwrap_or(SENTINEL_16);
        end.extend_from_slice(&END);
        end.extend_from_slice(&[0; 4]);
        end.extend_from_slice(&entries.to_le_bytes());
        end.extend_from_slice(&entries.to_le_bytes());
        let short_size = if is_long { SENTINEL_32 } else { short(size) };
        end.extend_from_slice(&short_size.to_le_bytes());
        end.extend_from_slice(&short(start).to_le_bytes());
        end.extend_from_slice(&[0; 2]);
        to.write_all(&end)?;
        Ok(start + size + end.len() as u64)
    }
}

fn malformed() -> io::Error {
    io::Error::other("what was compressed can't be taken apart")
}

/// The entries and the headers of a small archive that this program wrote.
fn parts(archive: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, end) = archive.split_last_chunk::<END_LENGTH>()?;
    if !end.starts_with(&END) {
        return None;
    }
    let end = EndRecord::parse(end);
    let long = before.split_last_chunk::<ZIP64_LOCATOR_LENGTH>();
    let long = long.filter(|(_, locator)| Zip64Locator::parse(locator).is_some());
    let (before, offset) = match long {
        Some((before, _)) => {
            let (before, long) = before.split_last_chunk::<ZIP64_END_LENGTH>()?;
            let long = Zip64EndRecord::parse(long)?;
            (before, usize::try_from(long.directory_offset).ok()?)
        }
        None => (before, usize::try_from(end.directory_offset).ok()?),
    };
    before.split_at_checked(offset)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(names: &[&str], options: SimpleFileOptions) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            writer.start_file(*name, options).expect("a name");
            writer.write_all(name.as_bytes()).expect("written");
        }
        writer.finish().expect("ended").into_inner()
    }

    fn joined(parts: &[Vec<u8>]) -> Vec<u8> {
        let (mut directory, mut whole) = (DirectoryDraft::default(), Vec::new());
        for part in parts {
            let entries = directory.take(part, whole.len() as u64).expect("ours");
            whole.extend_from_slice(entries);
        }
        let start = whole.len() as u64;
        let end = directory.write(&mut whole, start).expect("written");
        assert_eq!(end, whole.len() as u64);
        whole
    }

    #[test]
    fn archives_that_are_put_together_are_what_one_writer_would_have_written() {
        let plain = SimpleFileOptions::default();
        for options in [plain, plain.large_file(true), plain.unix_permissions(0o644)] {
            let parts = [
                archive(&["a", "b/ü.json"], options),
                archive(&[], options),
                archive(&["c"], options),
            ];
            let whole = archive(&["a", "b/ü.json", "c"], options);
            assert_eq!(joined(&parts), whole, "{options:?}");
        }
        let names: Vec<String> = (0..70_000).map(|number| number.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let stored = plain.compression_method(zip::CompressionMethod::Stored);
        let parts: Vec<_> = names.chunks(1_000).map(|it| archive(it, stored)).collect();
        assert!(joined(&parts) == archive(&names, stored));
    }

    #[test]
    fn entries_far_away_are_found_where_the_extra_field_says() {
        let plain = SimpleFileOptions::default();
        let far = 5 << 32;
        for (options, values) in [(plain, 8), (plain.large_file(true), 24)] {
            let part = archive(&["a"], options);
            let mut directory = DirectoryDraft::default();
            let entries = directory.take(&part, far).expect("ours").len() as u64;
            let header = directory.headers.clone();
            let fixed = header.first_chunk().expect("a header");
            let fixed = DirectoryHeader::parse(fixed).expect("a header");
            assert_eq!(fixed.header_offset, SENTINEL_32);
            assert_eq!(usize::from(fixed.extra_length), 4 + values);
            assert!(header.ends_with(&far.to_le_bytes()));
            let mut end = Vec::new();
            directory.write(&mut end, far + entries).expect("written");
            assert!(end.windows(4).any(|four| four == ZIP64_END));
        }
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let whole = archive(&["a", "b"], SimpleFileOptions::default());
        for cut in 1..whole.len() {
            let mut directory = DirectoryDraft::default();
            assert!(directory.take(&whole[..cut], 0).is_err(), "{cut}");
        }
    }
}
