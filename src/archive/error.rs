//! Why an archive is refused.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// An entry's name as it can be shown: quoted, with unprintable characters escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryName(Box<str>);

impl EntryName {
    /// A name as it stands in a header, which need not be valid in any way.
    pub fn from_raw(name: &[u8]) -> Self {
        let mut shown = String::new();
        for c in String::from_utf8_lossy(name).chars() {
            match c {
                '\'' | '"' | '\\' => shown.push(c),
                _ => shown.extend(c.escape_debug()),
            }
        }
        Self(shown.into())
    }
}

impl From<&str> for EntryName {
    fn from(name: &str) -> Self {
        Self::from_raw(name.as_bytes())
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// Which of an entry's two headers is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one in the central directory.
    Directory,
    /// The one before its data.
    Local,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "the central directory",
            Self::Local => "the local header",
        })
    }
}

/// A bound of [`Limits`](super::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitName {
    /// Bytes of the archive.
    ArchiveBytes,
    /// Bytes of its central directory.
    DirectoryBytes,
    /// Number of entries.
    Entries,
    /// Bytes of its files' paths.
    NameBytes,
    /// Bytes of its folders' paths.
    FolderBytes,
    /// Number of files beside those that can be assets'.
    Beside,
    /// Bytes of their paths.
    BesideBytes,
    /// Bytes of what is known of its assets.
    FactBytes,
    /// Bytes of one entry.
    EntryBytes,
    /// Bytes of all entries.
    TotalBytes,
    /// Inflated size over compressed size.
    Ratio,
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ArchiveBytes => "size",
            Self::DirectoryBytes => "central directory's size",
            Self::Entries => "number of entries",
            Self::NameBytes => "length of its files' paths in all",
            Self::FolderBytes => "length of its folders' paths in all",
            Self::Beside => "number of files that can't be an asset's",
            Self::BesideBytes => "length of the paths of files that can't be an asset's",
            Self::FactBytes => {
                "number of bytes that its assets' names, references and applications take in all"
            }
            Self::EntryBytes => "inflated size",
            Self::TotalBytes => "inflated size in all",
            Self::Ratio => "inflated size over its compressed size",
        })
    }
}

/// Why an archive is refused, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file can't be opened.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a folder, pipe or device.
    #[error("`{}` is not a regular file", path.display())]
    NotAFile {
        /// What was given.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("cannot read {length} bytes of the archive at offset {offset}")]
    Read {
        /// Where.
        offset: u64,
        /// How much.
        length: u64,
        /// What the system said.
        source: io::Error,
    },
    /// There are no bytes at all.
    #[error("the file is empty: 0 bytes, where a zip has at least 22")]
    EmptyFile,
    /// It neither starts nor ends like a zip.
    #[error("the file is not a zip: it starts with {start}, where a zip starts with `PK`")]
    NotAZip {
        /// Its first bytes.
        start: EntryName,
    },
    /// It starts like a zip and ends otherwise.
    #[error("no end record in the last {searched} of the archive's {length} bytes")]
    EndRecordMissing {
        /// How much of the end was searched.
        searched: u64,
        /// The length of the archive.
        length: u64,
    },
    /// The last end record is cut off.
    #[error("the end record at offset {offset} is cut off: {found} of its 22 bytes are there")]
    EndRecordCut {
        /// Where it starts.
        offset: u64,
        /// How many bytes are left.
        found: u64,
    },
    /// Zero bytes follow the end record.
    #[error("{zeros} zero bytes follow the end record, which should end the file")]
    ZeroPadding {
        /// How many.
        zeros: u64,
    },
    /// The comment does not end the file.
    #[error("the end record declares a comment of {declared} bytes, but {found} bytes follow it")]
    EndRecordComment {
        /// The declared length.
        declared: u64,
        /// The bytes there are.
        found: u64,
    },
    /// The archive comment can't be shown or hides a record.
    #[error("the archive comment at offset {offset} {reason}")]
    ArchiveComment {
        /// Where it starts.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is more than one end record to choose from.
    #[error("the archive has two end records, at offsets {first} and {last}")]
    SecondEndRecord {
        /// The other one.
        first: u64,
        /// The one that ends the file.
        last: u64,
    },
    /// It is part of a multi-disk archive.
    #[error("{record} says {field} {found}, where an archive in one piece says {expected}")]
    Disk {
        /// The record.
        record: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        found: u64,
        /// The only value allowed.
        expected: u64,
    },
    /// The two counts of one end record differ.
    #[error("{record} counts {here} entries on this disk and {total} in all")]
    CountsDiffer {
        /// The record.
        record: &'static str,
        /// On this disk.
        here: u64,
        /// In all.
        total: u64,
    },
    /// The end record refers to a zip64 record that is not there.
    #[error("{what} refers to a zip64 end record, and there is none before it")]
    Zip64Missing {
        /// The record, or its field.
        what: &'static str,
    },
    /// The zip64 end record is not what it must be.
    #[error("the zip64 end record's {field} is {found}, {expected} is expected")]
    Zip64Record {
        /// The field.
        field: &'static str,
        /// Its value.
        found: u64,
        /// The only value allowed.
        expected: u64,
    },
    /// The two end records disagree.
    #[error("the end record says {field} {classic}, the zip64 end record {zip64}")]
    Zip64Differs {
        /// The field.
        field: &'static str,
        /// Its value in the end record.
        classic: u64,
        /// Its value in the zip64 end record.
        zip64: u64,
    },
    /// The directory does not end where the end records start.
    #[error(
        "the central directory at offset {offset} with {size} bytes does not end at {end}, where the end records start"
    )]
    DirectoryPlace {
        /// Its declared offset.
        offset: u64,
        /// Its declared size.
        size: u64,
        /// Where the end records start.
        end: u64,
    },
    /// The number of headers in the directory is not the declared one.
    #[error(
        "the central directory has {size} bytes, {used} of them taken by the {declared} entries it should hold"
    )]
    DirectoryCount {
        /// The declared number of entries.
        declared: u64,
        /// The directory's size.
        size: u64,
        /// What the declared number of headers takes, or would take at least.
        used: u64,
    },
    /// A header of the directory is damaged.
    #[error("header {index} of the central directory {reason}")]
    DirectoryHeader {
        /// Which one, from 0.
        index: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is nothing in it.
    #[error("the archive holds 0 entries")]
    NoEntries,
    /// A bound is exceeded.
    #[error("{subject} is over a limit: its {limit} is {found}, at most {allowed} is allowed")]
    Limit {
        /// The archive or the entry.
        subject: Box<str>,
        /// The bound.
        limit: LimitName,
        /// The value.
        found: u64,
        /// The highest value allowed.
        allowed: u64,
    },
    /// A name is not UTF-8.
    #[error("the name of entry {entry} is not UTF-8")]
    NameEncoding {
        /// The name, as far as it can be shown.
        entry: EntryName,
    },
    /// A name could do harm.
    #[error("entry {entry} has an unsafe name: {reason}")]
    UnsafeName {
        /// The name.
        entry: EntryName,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two entries have one name.
    #[error("entry {entry} occurs twice, as entry {first} and entry {second} of the archive")]
    Duplicate {
        /// The name.
        entry: EntryName,
        /// The index of the first one, from 0.
        first: usize,
        /// The index of the second one.
        second: usize,
    },
    /// Two names fall together on some disks.
    #[error(
        "entries {first} and {second} are one file on a disk that folds case, normalises names or has streams"
    )]
    Collision {
        /// The first one.
        first: EntryName,
        /// The second one.
        second: EntryName,
    },
    /// One name is used for a file and for a folder.
    #[error("entry {file} is a file, but entry {other} needs a folder of that name")]
    FileAndFolder {
        /// The file.
        file: EntryName,
        /// The folder, or what lies in it.
        other: EntryName,
    },
    /// An entry is encrypted.
    #[error("entry {entry} is encrypted: {reason}")]
    Encrypted {
        /// The entry.
        entry: EntryName,
        /// How one can tell.
        reason: &'static str,
    },
    /// An entry has flags that change how it is read.
    #[error("entry {entry} has flags {found:#06x}, only {allowed:#06x} are allowed")]
    Flags {
        /// The entry.
        entry: EntryName,
        /// All flags.
        found: u16,
        /// The ones allowed.
        allowed: u16,
    },
    /// An entry is neither stored nor deflated.
    #[error(
        "entry {entry} has compression method {method}, only 0 (stored) and 8 (deflated) are allowed"
    )]
    Method {
        /// The entry.
        entry: EntryName,
        /// The method.
        method: u16,
    },
    /// An entry needs a newer reader.
    #[error(
        "{place} of entry {entry} asks for version {found} of the format, 45 is the highest allowed"
    )]
    VersionNeeded {
        /// The entry.
        entry: EntryName,
        /// Which header.
        place: Place,
        /// The version.
        found: u16,
    },
    /// An entry has a comment.
    #[error("entry {entry} has a comment of {length} bytes, none is allowed")]
    EntryComment {
        /// The entry.
        entry: EntryName,
        /// The comment's length.
        length: u16,
    },
    /// The extra fields can't be told apart.
    #[error("the extra fields of entry {entry} in {place} {reason}")]
    ExtraMalformed {
        /// The entry.
        entry: EntryName,
        /// Which header.
        place: Place,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// One extra field occurs twice.
    #[error("extra field {id:#06x} of entry {entry} occurs twice in {place}")]
    ExtraDuplicate {
        /// The entry.
        entry: EntryName,
        /// Which header.
        place: Place,
        /// The field.
        id: u16,
    },
    /// An extra field makes something else of the entry for some readers.
    #[error("extra field {id:#06x} of entry {entry} in {place} is not allowed: it {reason}")]
    ExtraForbidden {
        /// The entry.
        entry: EntryName,
        /// Which header.
        place: Place,
        /// The field.
        id: u16,
        /// What it would change.
        reason: &'static str,
    },
    /// The Unicode path field gives another name.
    #[error("entry {entry} is named {found} by the Unicode path field in {place}")]
    UnicodePath {
        /// The entry.
        entry: EntryName,
        /// Which header.
        place: Place,
        /// The other name.
        found: EntryName,
    },
    /// The zip64 extra field does not hold what the header leaves to it.
    #[error(
        "the zip64 extra field of entry {entry} in {place} has {found} bytes, {expected} are expected"
    )]
    Zip64Extra {
        /// The entry.
        entry: EntryName,
        /// Which header.
        place: Place,
        /// Its length.
        found: u64,
        /// What the header's fields call for.
        expected: u64,
    },
    /// There are unused or hidden bytes.
    #[error(
        "{gap} bytes before {what} at offset {found} belong to no entry: it should start at {expected}"
    )]
    Gap {
        /// What follows the gap.
        what: Box<str>,
        /// How many bytes.
        gap: u64,
        /// Where it starts.
        found: u64,
        /// Where what lies before it ends.
        expected: u64,
    },
    /// Two entries share bytes.
    #[error("{what} at offset {found} overlaps what lies before it, which ends at {expected}")]
    Overlap {
        /// What overlaps.
        what: Box<str>,
        /// Where it starts.
        found: u64,
        /// Where what lies before it ends.
        expected: u64,
    },
    /// An entry does not fit before the central directory.
    #[error(
        "entry {entry} reaches to offset {end}, past the start of the central directory at {directory}"
    )]
    PastDirectory {
        /// The entry.
        entry: EntryName,
        /// Where it would end.
        end: u64,
        /// Where the directory starts.
        directory: u64,
    },
    /// There is no local header where the directory says.
    #[error("no local header of entry {entry} at offset {offset}")]
    LocalHeader {
        /// The entry.
        entry: EntryName,
        /// Where it should be.
        offset: u64,
    },
    /// The two headers of an entry disagree.
    #[error(
        "entry {entry} has {field} {directory} in the central directory and {local} in the local header"
    )]
    HeaderMismatch {
        /// The entry.
        entry: EntryName,
        /// The field.
        field: &'static str,
        /// Its value in the directory.
        directory: Box<str>,
        /// Its value in the local header.
        local: Box<str>,
    },
    /// A stored entry has a descriptor.
    #[error(
        "entry {entry} is stored and has a data descriptor: a streaming reader can't find its end"
    )]
    DescriptorStored {
        /// The entry.
        entry: EntryName,
    },
    /// There is no descriptor where one is announced.
    #[error("no signed data descriptor of entry {entry} at offset {offset}")]
    DescriptorMissing {
        /// The entry.
        entry: EntryName,
        /// Where it should be.
        offset: u64,
    },
    /// The descriptor and the directory disagree.
    #[error(
        "entry {entry} has {field} {directory} in the central directory and {descriptor} in the data descriptor"
    )]
    DescriptorMismatch {
        /// The entry.
        entry: EntryName,
        /// The field.
        field: &'static str,
        /// Its value in the directory.
        directory: u64,
        /// Its value in the descriptor.
        descriptor: u64,
    },
    /// An entry is a link, pipe or device.
    #[error(
        "entry {entry} is a {kind} (attributes {attributes:#010x}); only files and folders are allowed"
    )]
    SpecialFile {
        /// The entry.
        entry: EntryName,
        /// What it is.
        kind: &'static str,
        /// Its external attributes.
        attributes: u32,
    },
    /// An entry has setuid, setgid or sticky bits.
    #[error("entry {entry} has mode {mode:#o}; setuid, setgid and sticky bits are not allowed")]
    ModeBits {
        /// The entry.
        entry: EntryName,
        /// Its mode.
        mode: u32,
    },
    /// Name and attributes disagree on whether an entry is a folder.
    #[error(
        "entry {entry} is a {by_name} by its name and a {by_attributes} by its attributes ({attributes:#010x})"
    )]
    KindMismatch {
        /// The entry.
        entry: EntryName,
        /// What the slash at its end, or its absence, says.
        by_name: &'static str,
        /// What the attributes say.
        by_attributes: &'static str,
        /// Its external attributes.
        attributes: u32,
    },
    /// A folder has content.
    #[error(
        "entry {entry} is a folder and has {size} bytes of data ({compressed_size} compressed)"
    )]
    DirectoryData {
        /// The entry.
        entry: EntryName,
        /// The size of its data.
        size: u64,
        /// The same, compressed.
        compressed_size: u64,
    },
    /// A stored entry has two sizes.
    #[error(
        "entry {entry} is stored, but its size is {size} and its compressed size {compressed_size}"
    )]
    StoredSize {
        /// The entry.
        entry: EntryName,
        /// Its size.
        size: u64,
        /// Its compressed size.
        compressed_size: u64,
    },
    /// The deflate stream is invalid.
    #[error("the data of entry {entry} is damaged after {inflated} bytes: {reason}")]
    Deflate {
        /// The entry.
        entry: EntryName,
        /// How many bytes could be inflated.
        inflated: u64,
        /// What is wrong.
        reason: Box<str>,
    },
    /// The data is longer or shorter than declared.
    #[error("entry {entry} inflates to {found} bytes{}, {declared} are declared", more(*.found, *.declared))]
    Size {
        /// The entry.
        entry: EntryName,
        /// What it inflates to; no further than one byte past the declared size counts.
        found: u64,
        /// The declared size.
        declared: u64,
    },
    /// Bytes follow the end of the deflate stream.
    #[error("the data of entry {entry} ends after {used} of its {compressed_size} bytes")]
    TrailingData {
        /// The entry.
        entry: EntryName,
        /// What the stream takes.
        used: u64,
        /// The declared compressed size.
        compressed_size: u64,
    },
    /// The checksum is wrong.
    #[error("entry {entry} has CRC-32 {found:08x}, {declared:08x} is declared")]
    Crc {
        /// The entry.
        entry: EntryName,
        /// The CRC of the data.
        found: u32,
        /// The declared one.
        declared: u32,
    },
}

fn more(found: u64, declared: u64) -> &'static str {
    if found > declared { " or more" } else { "" }
}

impl ArchiveError {
    /// A short name of the rule that was broken; it stays the same between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::NotAFile { .. } => "not-a-file",
            Self::Read { .. } => "read",
            Self::EmptyFile => "empty-file",
            Self::NotAZip { .. } => "not-a-zip",
            Self::EndRecordMissing { .. } => "end-record-missing",
            Self::EndRecordCut { .. } => "end-record-cut",
            Self::ZeroPadding { .. } => "zero-padding",
            Self::EndRecordComment { .. } => "end-record-comment",
            Self::ArchiveComment { .. } => "archive-comment",
            Self::SecondEndRecord { .. } => "second-end-record",
            Self::Disk { .. } => "disk",
            Self::CountsDiffer { .. } => "counts-differ",
            Self::Zip64Missing { .. } => "zip64-missing",
            Self::Zip64Record { .. } => "zip64-record",
            Self::Zip64Differs { .. } => "zip64-differs",
            Self::DirectoryPlace { .. } => "directory-place",
            Self::DirectoryCount { .. } => "directory-count",
            Self::DirectoryHeader { .. } => "directory-header",
            Self::NoEntries => "no-entries",
            Self::Limit { .. } => "limit",
            Self::NameEncoding { .. } => "name-encoding",
            Self::UnsafeName { .. } => "unsafe-name",
            Self::Duplicate { .. } => "duplicate",
            Self::Collision { .. } => "collision",
            Self::FileAndFolder { .. } => "file-and-folder",
            Self::Encrypted { .. } => "encrypted",
            Self::Flags { .. } => "flags",
            Self::Method { .. } => "method",
            Self::VersionNeeded { .. } => "version-needed",
            Self::EntryComment { .. } => "entry-comment",
            Self::ExtraMalformed { .. } => "extra-malformed",
            Self::ExtraDuplicate { .. } => "extra-duplicate",
            Self::ExtraForbidden { .. } => "extra-forbidden",
            Self::UnicodePath { .. } => "unicode-path",
            Self::Zip64Extra { .. } => "zip64-extra",
            Self::Gap { .. } => "gap",
            Self::Overlap { .. } => "overlap",
            Self::PastDirectory { .. } => "past-directory",
            Self::LocalHeader { .. } => "local-header",
            Self::HeaderMismatch { .. } => "header-mismatch",
            Self::DescriptorStored { .. } => "descriptor-stored",
            Self::DescriptorMissing { .. } => "descriptor-missing",
            Self::DescriptorMismatch { .. } => "descriptor-mismatch",
            Self::SpecialFile { .. } => "special-file",
            Self::ModeBits { .. } => "mode-bits",
            Self::KindMismatch { .. } => "kind-mismatch",
            Self::DirectoryData { .. } => "directory-data",
            Self::StoredSize { .. } => "stored-size",
            Self::Deflate { .. } => "deflate",
            Self::Size { .. } => "size",
            Self::TrailingData { .. } => "trailing-data",
            Self::Crc { .. } => "crc",
        }
    }

    /// What the reader may have done, or can do about it, where that is not plain.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most refusals need no advice, and a new one starts without any"
    )]
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotAFile { .. } => "save the archive to a file first",
            Self::EmptyFile => "the download or export wrote nothing; fetch the package again",
            Self::NotAZip { .. } => {
                "a package is the zip that the platform exports; an HTML or JSON answer saved under that name is an error message"
            }
            Self::EndRecordMissing { .. } | Self::EndRecordCut { .. } => {
                "the file seems to be cut off; fetch or export it again"
            }
            Self::ZeroPadding { .. } => {
                "bsdtar pads what it writes to a pipe; let it write to a file: `bsdtar --format zip -cf package.zip …`"
            }
            Self::Disk { .. } => "join the parts into one archive first",
            Self::NoEntries => "the export held no assets; check what its manifest includes",
            Self::Encrypted { .. } => {
                "packages are never encrypted; pack it again without a password"
            }
            Self::Method { .. } => "pack it again with deflate, which every zip tool offers",
            Self::EntryComment { .. } => "pack it again without comments on entries",
            Self::NameEncoding { .. } => "pack it again with a tool that writes UTF-8 names",
            Self::SpecialFile { .. } => {
                "links, pipes and devices can't be imported; pack the file itself, and name it rather than `-` to Info-ZIP"
            }
            Self::Limit { limit, .. } => match limit {
                LimitName::Entries
                | LimitName::NameBytes
                | LimitName::FolderBytes
                | LimitName::FactBytes
                | LimitName::DirectoryBytes => {
                    "divide it: give part of its folders a project, or an export in the platform, of their own"
                }
                LimitName::Beside | LimitName::BesideBytes => {
                    "name the folders that hold them in .workato-ignore"
                }
                LimitName::ArchiveBytes | LimitName::EntryBytes | LimitName::TotalBytes => {
                    "the platform takes 100 MB at most; leave the large files out, or the rows of its tables"
                }
                LimitName::Ratio => {
                    "no asset can be compressed so much; fetch or export the package again"
                }
            },
            Self::ModeBits { .. } => "clear them with `chmod -R u-s,g-s,-t` and pack it again",
            _ => return None,
        })
    }
}
