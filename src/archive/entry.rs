//! One file or folder of an archive.

use super::error::EntryName;
use crate::model::path::PackagePath;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder with an entry of its own; the platform writes these (platform.md §5.1).
    Directory,
}

/// How an entry's bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// As they are.
    Stored,
    /// Deflated.
    Deflated,
}

impl Method {
    /// The number that stands for it in headers.
    pub(super) const fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// Whether an entry says that its name is UTF-8 (flag bit 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameMark {
    /// It does.
    Utf8,
    /// It does not; the platform leaves non-ASCII names so (platform.md §11).
    Unmarked,
}

/// One file or folder of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(super) path: PackagePath,
    pub(super) kind: Kind,
    pub(super) method: Method,
    pub(super) mark: NameMark,
    pub(super) flags: u16,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) compressed_size: u64,
    pub(super) header_offset: u64,
    pub(super) data_offset: u64,
}

impl Entry {
    /// Where it lies in the package; a folder's path has no slash at its end.
    pub fn path(&self) -> &PackagePath {
        &self.path
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How its bytes are kept.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Its size when inflated.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its size in the archive.
    pub fn compressed_size(&self) -> u64 {
        self.compressed_size
    }

    /// The CRC-32 of its bytes.
    pub fn crc32(&self) -> u32 {
        self.crc32
    }

    /// Where its local header starts.
    pub fn header_offset(&self) -> u64 {
        self.header_offset
    }

    /// Where its bytes start.
    pub fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// Whether it says that its name is UTF-8.
    pub fn name_mark(&self) -> NameMark {
        self.mark
    }

    /// Whether other readers may show another name: it is not ASCII, and nothing says that it is
    /// UTF-8.
    pub fn has_ambiguous_name(&self) -> bool {
        self.mark == NameMark::Unmarked && !self.path.as_str().is_ascii()
    }

    /// The name in the headers, for an error.
    pub(super) fn shown_name(&self) -> EntryName {
        match self.kind {
            Kind::File => EntryName::from(self.path.as_str()),
            Kind::Directory => EntryName::from(format!("{}/", self.path).as_str()),
        }
    }

    /// The length of the name in the headers, where a folder's ends with a slash.
    pub(super) fn raw_name_length(&self) -> usize {
        let slash = match self.kind {
            Kind::File => 0,
            Kind::Directory => 1,
        };
        self.path.as_str().len().saturating_add(slash)
    }

    /// Whether the headers' name is `raw`.
    pub(super) fn has_raw_name(&self, raw: &[u8]) -> bool {
        let path = match self.kind {
            Kind::File => Some(raw),
            Kind::Directory => raw.strip_suffix(b"/"),
        };
        path == Some(self.path.as_str().as_bytes())
    }
}
