//! The fixed parts of a zip's records, as PKWARE's APPNOTE lays them out (little-endian).

/// Starts the end record.
pub(super) const END: [u8; 4] = *b"PK\x05\x06";
/// Starts the end record of archives that need 64-bit fields.
pub(super) const ZIP64_END: [u8; 4] = *b"PK\x06\x06";
/// Starts what points to that record.
pub(super) const ZIP64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const DIRECTORY: [u8; 4] = *b"PK\x01\x02";
/// Starts a local header.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

pub(super) const END_LENGTH: usize = 22;
pub(super) const ZIP64_END_LENGTH: usize = 56;
pub(super) const ZIP64_LOCATOR_LENGTH: usize = 20;
pub(super) const DIRECTORY_LENGTH: usize = 46;
pub(super) const LOCAL_LENGTH: usize = 30;
pub(super) const DESCRIPTOR_LENGTH: usize = 16;
pub(super) const ZIP64_DESCRIPTOR_LENGTH: usize = 24;

/// Flag bit 3: sizes and CRC follow the data.
pub(super) const FLAG_DESCRIPTOR: u16 = 1 << 3;
/// Flag bit 11: the name is UTF-8.
pub(super) const FLAG_UTF8: u16 = 1 << 11;

/// In a 16-bit field: the zip64 record holds the value.
pub(super) const SENTINEL_16: u16 = u16::MAX;
/// In a 32-bit field: the zip64 record or extra field holds the value.
pub(super) const SENTINEL_32: u32 = u32::MAX;

// The callers below pass constant positions inside the array's length.
fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// The end record, without its comment.
#[derive(Debug)]
pub(super) struct EndRecord {
    pub(super) disk: u16,
    pub(super) directory_disk: u16,
    pub(super) entries_here: u16,
    pub(super) entries: u16,
    pub(super) directory_size: u32,
    pub(super) directory_offset: u32,
    pub(super) comment_length: u16,
}

impl EndRecord {
    /// Reads the record, whose signature the caller has found.
    pub(super) fn parse(bytes: &[u8; END_LENGTH]) -> Self {
        Self {
            disk: u16_at(bytes, 4),
            directory_disk: u16_at(bytes, 6),
            entries_here: u16_at(bytes, 8),
            entries: u16_at(bytes, 10),
            directory_size: u32_at(bytes, 12),
            directory_offset: u32_at(bytes, 16),
            comment_length: u16_at(bytes, 20),
        }
    }
}

/// Points from before the end record to the zip64 end record.
#[derive(Debug)]
pub(super) struct Zip64Locator {
    pub(super) disk: u32,
    pub(super) record_offset: u64,
    pub(super) disks: u32,
}

impl Zip64Locator {
    /// Reads the record; `None` if it is another one.
    pub(super) fn parse(bytes: &[u8; ZIP64_LOCATOR_LENGTH]) -> Option<Self> {
        bytes.starts_with(&ZIP64_LOCATOR).then(|| Self {
            disk: u32_at(bytes, 4),
            record_offset: u64_at(bytes, 8),
            disks: u32_at(bytes, 16),
        })
    }
}

/// The end record of archives that need 64-bit fields.
#[derive(Debug)]
pub(super) struct Zip64EndRecord {
    /// What follows this field; 44 without an extensible data sector.
    pub(super) length: u64,
    pub(super) version_needed: u16,
    pub(super) disk: u32,
    pub(super) directory_disk: u32,
    pub(super) entries_here: u64,
    pub(super) entries: u64,
    pub(super) directory_size: u64,
    pub(super) directory_offset: u64,
}

impl Zip64EndRecord {
    /// Reads the record; `None` if it is another one.
    pub(super) fn parse(bytes: &[u8; ZIP64_END_LENGTH]) -> Option<Self> {
        bytes.starts_with(&ZIP64_END).then(|| Self {
            length: u64_at(bytes, 4),
            version_needed: u16_at(bytes, 14),
            disk: u32_at(bytes, 16),
            directory_disk: u32_at(bytes, 20),
            entries_here: u64_at(bytes, 24),
            entries: u64_at(bytes, 32),
            directory_size: u64_at(bytes, 40),
            directory_offset: u64_at(bytes, 48),
        })
    }
}

/// An entry's header in the central directory, without its name, extra fields and comment.
#[derive(Debug)]
pub(super) struct DirectoryHeader {
    pub(super) version_needed: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) crc32: u32,
    pub(super) compressed_size: u32,
    pub(super) size: u32,
    pub(super) name_length: u16,
    pub(super) extra_length: u16,
    pub(super) comment_length: u16,
    pub(super) disk: u16,
    pub(super) attributes: u32,
    pub(super) header_offset: u32,
}

impl DirectoryHeader {
    /// Reads the header; `None` if it is another record.
    pub(super) fn parse(bytes: &[u8; DIRECTORY_LENGTH]) -> Option<Self> {
        bytes.starts_with(&DIRECTORY).then(|| Self {
            version_needed: u16_at(bytes, 6),
            flags: u16_at(bytes, 8),
            method: u16_at(bytes, 10),
            time: u16_at(bytes, 12),
            date: u16_at(bytes, 14),
            crc32: u32_at(bytes, 16),
            compressed_size: u32_at(bytes, 20),
            size: u32_at(bytes, 24),
            name_length: u16_at(bytes, 28),
            extra_length: u16_at(bytes, 30),
            comment_length: u16_at(bytes, 32),
            disk: u16_at(bytes, 34),
            attributes: u32_at(bytes, 38),
            header_offset: u32_at(bytes, 42),
        })
    }
}

/// The header before an entry's data, without its name and extra fields.
#[derive(Debug)]
pub(super) struct LocalHeader {
    pub(super) version_needed: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) crc32: u32,
    pub(super) compressed_size: u32,
    pub(super) size: u32,
    pub(super) name_length: u16,
    pub(super) extra_length: u16,
}

impl LocalHeader {
    /// Reads the header; `None` if it is another record.
    pub(super) fn parse(bytes: &[u8; LOCAL_LENGTH]) -> Option<Self> {
        bytes.starts_with(&LOCAL).then(|| Self {
            version_needed: u16_at(bytes, 4),
            flags: u16_at(bytes, 6),
            method: u16_at(bytes, 8),
            time: u16_at(bytes, 10),
            date: u16_at(bytes, 12),
            crc32: u32_at(bytes, 14),
            compressed_size: u32_at(bytes, 18),
            size: u32_at(bytes, 22),
            name_length: u16_at(bytes, 26),
            extra_length: u16_at(bytes, 28),
        })
    }
}

/// What follows the data of an entry whose sizes were not known when it was started.
#[derive(Debug)]
pub(super) struct Descriptor {
    pub(super) crc32: u32,
    pub(super) compressed_size: u64,
    pub(super) size: u64,
}

impl Descriptor {
    /// Reads a signed descriptor with 32-bit sizes; `None` if it has no signature.
    pub(super) fn parse(bytes: &[u8; DESCRIPTOR_LENGTH]) -> Option<Self> {
        bytes.starts_with(&DESCRIPTOR).then(|| Self {
            crc32: u32_at(bytes, 4),
            compressed_size: u64::from(u32_at(bytes, 8)),
            size: u64::from(u32_at(bytes, 12)),
        })
    }

    /// Reads a signed descriptor with 64-bit sizes; `None` if it has no signature.
    pub(super) fn parse_zip64(bytes: &[u8; ZIP64_DESCRIPTOR_LENGTH]) -> Option<Self> {
        bytes.starts_with(&DESCRIPTOR).then(|| Self {
            crc32: u32_at(bytes, 4),
            compressed_size: u64_at(bytes, 8),
            size: u64_at(bytes, 16),
        })
    }
}
