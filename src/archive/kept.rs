//! Entries of a package that this program made, to be taken over as they lie there: many at once, by
//! the system, which need not read them.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::end;
use super::limits::Limits;
use super::records::{DIRECTORY_LENGTH, DirectoryHeader, SENTINEL_32};
use super::source::Source;

/// A package that this program made, whose entries lie in the order of its directory with nothing
/// between them.
#[derive(Debug)]
pub struct KeptPackage {
    file: File,
    directory: Vec<u8>,
    /// For each entry where it begins, and its header in the directory; at the end where they end.
    starts: Vec<(u64, usize)>,
}

impl KeptPackage {
    /// Opens a package that is known to be as it was made; nothing if it can't be read, or is larger
    /// than this is made for.
    pub fn open(path: &Path) -> Option<Self> {
        let source = Source::open(path).ok()?;
        let found = end::locate(&source, &Limits::NONE).ok()?;
        let mut buffer = Vec::new();
        let directory = source.chunk(found.offset, found.size, &mut buffer).ok()?;
        let (mut starts, mut at) = (Vec::new(), 0);
        while let Some(fixed) = directory.get(at..)?.first_chunk::<DIRECTORY_LENGTH>() {
            let header = DirectoryHeader::parse(fixed)?;
            // Where such an offset is told elsewhere, the package is beyond what is ever taken.
            let offset = (header.header_offset != SENTINEL_32).then_some(header.header_offset)?;
            starts.push((offset.into(), at));
            let lengths = [
                header.name_length,
                header.extra_length,
                header.comment_length,
            ];
            at += DIRECTORY_LENGTH + lengths.map(usize::from).iter().sum::<usize>();
        }
        starts.push((found.offset, at));
        let is_whole = starts.is_sorted() && at == directory.len();
        is_whole.then_some(Self {
            file: File::open(path).ok()?,
            directory: directory.to_vec(),
            starts,
        })
    }

    /// Some consecutive entries by their numbers: their bytes, where these begin, and their headers.
    pub(super) fn entries(
        &self,
        entries: &Range<usize>,
    ) -> io::Result<(io::Take<&File>, u64, &[u8])> {
        let none = || io::Error::other("there are fewer entries than were made");
        let (start, first) = *self.starts.get(entries.start).ok_or_else(none)?;
        let (end, last) = *self.starts.get(entries.end).ok_or_else(none)?;
        let headers = self.directory.get(first..last).ok_or_else(none)?;
        (&self.file).seek(SeekFrom::Start(start))?;
        Ok(((&self.file).take(end.saturating_sub(start)), start, headers))
    }
}
