//! Builds archives for tests, valid ones and ones that are wrong in one chosen way.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// What follows an entry's data.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Descriptor {
    None,
    Signed,
    Unsigned,
    Zip64,
}

/// What the local header says of the sizes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum LocalSizes {
    Right,
    Zero,
    /// The size, but not the compressed one.
    Half,
    /// Both left to a zip64 field with the right values.
    Zip64,
}

/// An entry; change what should be wrong.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) name: Vec<u8>,
    pub(super) local_name: Option<Vec<u8>>,
    pub(super) size: u32,
    pub(super) crc32: u32,
    /// As it is kept in the archive.
    pub(super) data: Vec<u8>,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) version: u16,
    pub(super) attributes: u32,
    pub(super) descriptor: Descriptor,
    pub(super) local_sizes: LocalSizes,
    pub(super) local_extra: Vec<u8>,
    pub(super) extra: Vec<u8>,
    pub(super) comment: Vec<u8>,
}

pub(super) fn stored(name: &str, data: &[u8]) -> Item {
    Item {
        name: name.into(),
        local_name: None,
        size: data.len() as u32,
        crc32: crc32fast::hash(data),
        data: data.to_vec(),
        method: 0,
        flags: 0,
        version: 20,
        attributes: 0o100_644 << 16,
        descriptor: Descriptor::None,
        local_sizes: LocalSizes::Right,
        local_extra: Vec::new(),
        extra: Vec::new(),
        comment: Vec::new(),
    }
}

pub(super) fn deflated(name: &str, data: &[u8]) -> Item {
    Item {
        data: deflate(data),
        method: 8,
        ..stored(name, data)
    }
}

/// A deflated entry as a streaming writer writes it.
pub(super) fn streamed(name: &str, data: &[u8]) -> Item {
    Item {
        flags: 8,
        descriptor: Descriptor::Signed,
        local_sizes: LocalSizes::Zero,
        ..deflated(name, data)
    }
}

/// A folder; `name` ends with a slash.
pub(super) fn folder(name: &str) -> Item {
    Item {
        attributes: 0o040_755 << 16 | 0x10,
        ..stored(name, b"")
    }
}

pub(super) fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

/// One extra field.
pub(super) fn extra(id: u16, data: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    u16s(&mut field, &[id, data.len() as u16]);
    field.extend(data);
    field
}

/// The Unicode path field of `name` that says `path`.
pub(super) fn unicode_path(name: &str, path: &str) -> Vec<u8> {
    let mut data = vec![1];
    data.extend(crc32fast::hash(name.as_bytes()).to_le_bytes());
    data.extend(path.as_bytes());
    extra(0x7075, &data)
}

/// An archive and where its records start.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) bytes: Vec<u8>,
    pub(super) locals: Vec<usize>,
    pub(super) headers: Vec<usize>,
    pub(super) directory: usize,
    pub(super) end: usize,
}

pub(super) fn u16s(into: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|v| into.extend(v.to_le_bytes()));
}

pub(super) fn u32s(into: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|v| into.extend(v.to_le_bytes()));
}

pub(super) fn u64s(into: &mut Vec<u8>, values: &[u64]) {
    values.iter().for_each(|v| into.extend(v.to_le_bytes()));
}

pub(super) fn build(items: &[Item]) -> Built {
    let mut bytes = Vec::new();
    let mut locals = Vec::new();
    for item in items {
        locals.push(bytes.len());
        local(&mut bytes, item);
    }
    let directory = bytes.len();
    let mut headers = Vec::new();
    for (item, at) in items.iter().zip(&locals) {
        headers.push(bytes.len());
        header(&mut bytes, item, *at as u32);
    }
    let end = bytes.len();
    bytes.extend(b"PK\x05\x06");
    let count = items.len() as u16;
    u16s(&mut bytes, &[0, 0, count, count]);
    u32s(&mut bytes, &[(end - directory) as u32, directory as u32]);
    u16s(&mut bytes, &[0]);
    Built {
        bytes,
        locals,
        headers,
        directory,
        end,
    }
}

fn local(bytes: &mut Vec<u8>, item: &Item) {
    let compressed = item.data.len() as u32;
    let mut more = item.local_extra.clone();
    let (size, packed) = match item.local_sizes {
        LocalSizes::Right => (item.size, compressed),
        LocalSizes::Zero => (0, 0),
        LocalSizes::Half => (item.size, 0),
        LocalSizes::Zip64 => {
            let mut data = Vec::new();
            u64s(&mut data, &[item.size.into(), compressed.into()]);
            more.extend(extra(1, &data));
            (u32::MAX, u32::MAX)
        }
    };
    let name = item.local_name.as_ref().unwrap_or(&item.name);
    bytes.extend(b"PK\x03\x04");
    u16s(
        bytes,
        &[item.version, item.flags, item.method, 0x6c20, 0x5a21],
    );
    u32s(bytes, &[item.crc32, packed, size]);
    u16s(bytes, &[name.len() as u16, more.len() as u16]);
    bytes.extend(name);
    bytes.extend(more);
    bytes.extend(&item.data);
    match item.descriptor {
        Descriptor::None => {}
        Descriptor::Signed => {
            bytes.extend(b"PK\x07\x08");
            u32s(bytes, &[item.crc32, compressed, item.size]);
        }
        Descriptor::Unsigned => u32s(bytes, &[item.crc32, compressed, item.size]),
        Descriptor::Zip64 => {
            bytes.extend(b"PK\x07\x08");
            u32s(bytes, &[item.crc32]);
            u64s(bytes, &[compressed.into(), item.size.into()]);
        }
    }
}

fn header(bytes: &mut Vec<u8>, item: &Item, at: u32) {
    bytes.extend(b"PK\x01\x02");
    u16s(
        bytes,
        &[
            0x0334,
            item.version,
            item.flags,
            item.method,
            0x6c20,
            0x5a21,
        ],
    );
    u32s(bytes, &[item.crc32, item.data.len() as u32, item.size]);
    u16s(
        bytes,
        &[
            item.name.len() as u16,
            item.extra.len() as u16,
            item.comment.len() as u16,
            0,
            0,
        ],
    );
    u32s(bytes, &[item.attributes, at]);
    bytes.extend(&item.name);
    bytes.extend(&item.extra);
    bytes.extend(&item.comment);
}

impl Built {
    pub(super) fn set_u16(mut self, at: usize, value: u16) -> Self {
        self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn set_u32(mut self, at: usize, value: u32) -> Self {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn set_u64(mut self, at: usize, value: u64) -> Self {
        self.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn comment(mut self, comment: &[u8]) -> Self {
        self = self.clone().set_u16(self.end + 20, comment.len() as u16);
        self.bytes.extend(comment);
        self
    }

    pub(super) fn append(mut self, more: &[u8]) -> Self {
        self.bytes.extend(more);
        self
    }

    /// Puts bytes before the record at `at`; offsets stay as they are.
    pub(super) fn insert(mut self, at: usize, more: &[u8]) -> Self {
        self.bytes.splice(at..at, more.iter().copied());
        self
    }

    /// Adds a zip64 end record and its locator, which start at the old `end`.
    pub(super) fn zip64(mut self) -> Self {
        let record = self.end as u64;
        let entries = self.headers.len() as u64;
        let mut more = Vec::new();
        more.extend(b"PK\x06\x06");
        u64s(&mut more, &[44]);
        u16s(&mut more, &[45, 45]);
        u32s(&mut more, &[0, 0]);
        let size = (self.end - self.directory) as u64;
        u64s(&mut more, &[entries, entries, size, self.directory as u64]);
        more.extend(b"PK\x06\x07");
        u32s(&mut more, &[0]);
        u64s(&mut more, &[record]);
        u32s(&mut more, &[1]);
        let at = self.end;
        self.end += more.len();
        self.insert(at, &more)
    }
}
