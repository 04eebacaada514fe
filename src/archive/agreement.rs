//! Archives that some readers read otherwise, or not at all: each kind in several shapes, and what is
//! like it and read by all.

use super::builder::{Item, build, deflated, extra, folder, stored};
use super::{Archive, ArchiveError, Limits};

/// The code of what is wrong with an archive of these items, or `accepted`.
fn code(items: &[Item]) -> &'static str {
    code_of(build(items).bytes)
}

fn code_of(bytes: Vec<u8>) -> &'static str {
    let read = || -> Result<(), ArchiveError> {
        let archive = Archive::from_bytes(bytes, &Limits::default())?;
        let mut data = Vec::new();
        for entry in archive.entries() {
            archive.read(entry, &mut data)?;
        }
        Ok(())
    };
    read().map_or_else(|error| error.code(), |()| "accepted")
}

#[test]
fn no_file_is_named_as_a_version_of_another() {
    for (name, expected) in [
        ("A/x;1", "unsafe-name"),
        ("A/x;", "unsafe-name"),
        ("A/x;0099", "unsafe-name"),
        (";1", "unsafe-name"),
        ("A/x;1a", "accepted"),
        ("A/x;1.json", "accepted"),
        ("A;1/x", "accepted"),
    ] {
        assert_eq!(code(&[stored(name, b"1")]), expected, "{name}");
    }
    assert_eq!(code(&[folder("A;1/"), stored("A;1/x", b"")]), "accepted");
}

#[test]
fn no_two_files_are_one_on_a_disk_with_streams() {
    for (first, second, expected) in [
        ("A/x", "A/x:y", "collision"),
        ("A/x:y", "A/X", "collision"),
        ("A/x:y", "A/x:z", "collision"),
        ("A/x", "A/x::$DATA", "collision"),
        ("A/x", "A/x :y", "collision"),
        ("A/x", "A/x ", "collision"),
        ("A/x", "A/x.", "collision"),
        ("A/x:y", "A/x/z", "file-and-folder"),
        ("A/x:y", "A/x:y/z", "file-and-folder"),
        ("A/x", "A/xy:z", "accepted"),
        ("Q: x/a", "Q: y/a", "accepted"),
        ("Q/a", "Q: y/a", "accepted"),
    ] {
        let items = [stored(first, b"1"), stored(second, b"2")];
        assert_eq!(code(&items), expected, "{first} {second}");
    }
}

#[test]
fn times_and_owners_have_their_form() {
    const NOW: [u8; 4] = [0, 0, 0, 0x65];
    let ntfs = |tag: u8, length: u8, there: usize| {
        let mut data = vec![0, 0, 0, 0, tag, 0, length, 0];
        data.resize(8 + there, 0);
        data
    };
    let times = |flags: u8, count: usize| {
        let mut data = vec![flags];
        data.extend(NOW.repeat(count));
        data
    };
    let twice = [ntfs(1, 24, 24), ntfs(1, 24, 24)[4..].to_vec()].concat();
    // Whether it may stand in the local header, and in the directory.
    for (id, data, local, directory) in [
        (0x5455, vec![], false, false),
        (0x5455, times(0, 0), true, true),
        (0x5455, times(1, 1), true, true),
        (0x5455, times(3, 2), true, true),
        (0x5455, times(3, 1), false, true),
        (0x5455, times(6, 0), false, true),
        (0x5455, times(1, 0), false, false),
        (0x5455, times(1, 2), false, false),
        (0x5455, times(9, 1), false, false),
        (0x5455, vec![1, 0, 0], false, false),
        (0x000a, vec![], false, false),
        (0x000a, vec![0; 4], false, false),
        (0x000a, ntfs(1, 24, 24), true, true),
        (0x000a, ntfs(1, 24, 23), false, false),
        (0x000a, ntfs(1, 24, 25), false, false),
        (0x000a, ntfs(1, 16, 16), false, false),
        (0x000a, ntfs(2, 24, 24), false, false),
        (0x000a, twice, false, false),
        (0x5855, vec![0; 12], true, true),
        (0x5855, vec![0; 8], true, true),
        (0x5855, vec![0; 3], false, false),
        (0x7855, vec![0; 4], true, true),
        (0x7855, vec![], false, true),
        (0x7855, vec![0; 3], false, false),
        (0x7875, vec![1, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0], true, true),
        (
            0x7875,
            vec![1, 2, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0],
            true,
            true,
        ),
        (0x7875, vec![], false, true),
        (0x7875, vec![1, 4, 0, 0, 0, 0], false, false),
        (
            0x7875,
            vec![1, 255, 0, 0, 0, 0, 4, 0, 0, 0, 0],
            false,
            false,
        ),
        (0x7875, vec![2, 0, 0], false, false),
        (0x7875, vec![1, 0, 0, 0], false, false),
        (0xcafe, vec![], true, true),
    ] {
        let field = extra(id, &data);
        let judge = |right| if right { "accepted" } else { "extra-malformed" };
        let item = Item {
            local_extra: field.clone(),
            ..stored("x", b"1")
        };
        assert_eq!(code(&[item]), judge(local), "local {id:#06x} {data:?}");
        let item = Item {
            extra: field,
            ..stored("x", b"1")
        };
        assert_eq!(code(&[item]), judge(directory), "{id:#06x} {data:?}");
    }
}

#[test]
fn a_folder_has_no_data() {
    let with = |method, size, data: &[u8]| {
        let item = Item {
            method,
            size,
            data: data.to_vec(),
            ..folder("A/")
        };
        code(&[item, stored("A/x", b"1")])
    };
    assert_eq!(with(8, 0, &[3, 0]), "accepted");
    assert_eq!(with(8, 0, b"ab"), "deflate");
    assert_eq!(with(8, 0, &[2, 0]), "deflate");
    assert_eq!(with(8, 0, &[1, 0, 0, 255, 255]), "directory-data");
    assert_eq!(with(8, 0, &[]), "directory-data");
    assert_eq!(with(0, 2, b"ab"), "directory-data");
    let crc = Item {
        crc32: 7,
        ..folder("A/")
    };
    assert_eq!(code(&[crc]), "crc");
}

#[test]
fn a_comment_does_not_hide_the_end() {
    let with = |comment: &[u8]| code_of(build(&[stored("x", b"1")]).comment(comment).bytes);
    assert_eq!(with(&[b'c'; 4096]), "accepted");
    assert_eq!(with(&[b'c'; 4097]), "archive-comment");
    assert_eq!(with(&[b'c'; 65_535]), "archive-comment");
    assert_eq!(with(b"aPK"), "archive-comment");
}

/// Writes deflate from the lowest bit of each byte on.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn put(&mut self, value: usize, count: usize) {
        for place in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> place & 1) as u8;
            *self.bytes.last_mut().expect("just made") |= bit << (self.count % 8);
            self.count += 1;
        }
    }

    /// A code, which starts with its highest bit.
    fn code(&mut self, value: usize, count: usize) {
        (0..count)
            .rev()
            .for_each(|place| self.put(value >> place & 1, 1));
    }

    /// A block of fixed codes that holds an `x`.
    fn fixed(&mut self, last: usize) {
        self.put(last | 0b010, 3);
        self.code(0x30 + usize::from(b'x'), 8);
        self.code(0, 7);
    }

    /// A block that holds `aba` and has codes for `a`, `b` and the end, one for a length if that is
    /// wanted, and as many codes for distances, of one bit each.
    fn dynamic(&mut self, last: usize, lengths: usize, distances: usize) {
        self.put(last | 0b100, 3);
        self.put(lengths, 5);
        self.put(distances.saturating_sub(1), 5);
        self.put(14, 4);
        // Two bits for each of 18 (many zeros), 0, 2 and 1.
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            self.put(
                if [18, 0, 2, 1].contains(&symbol) {
                    2
                } else {
                    0
                },
                3,
            );
        }
        let zeros = |bits: &mut Self, count: usize| {
            bits.code(3, 2);
            bits.put(count - 11, 7);
        };
        let length = |bits: &mut Self, length: usize| bits.code(length, 2);
        zeros(self, 97);
        length(self, 2);
        length(self, 2);
        zeros(self, 138);
        zeros(self, 19);
        length(self, 2 - (1 - lengths));
        if lengths == 1 {
            length(self, 2);
        }
        match distances {
            0 => length(self, 0),
            count => (0..count).for_each(|_| length(self, 1)),
        }
        let (a, b, end) = match lengths {
            0 => ((2, 2), (3, 2), (0, 1)),
            _ => ((0, 2), (1, 2), (2, 2)),
        };
        for (value, count) in [a, b, a, end] {
            self.code(value, count);
        }
    }
}

#[test]
fn a_block_with_codes_for_lengths_has_some_for_distances() {
    for (lengths, distances, expected) in [
        (1, 0, "deflate"),
        (1, 1, "accepted"),
        (1, 2, "accepted"),
        (0, 0, "accepted"),
        (0, 1, "accepted"),
    ] {
        // Wherever it stands, at whichever bit.
        for before in 0..12 {
            for after in [0, 1] {
                let mut bits = Bits::default();
                (0..before).for_each(|_| bits.fixed(0));
                bits.dynamic(1 - after, lengths, distances);
                (0..after).for_each(|_| bits.fixed(1));
                let data = ["x".repeat(before), "aba".into(), "x".repeat(after)].concat();
                let item = Item {
                    method: 8,
                    data: bits.bytes,
                    ..stored("x", data.as_bytes())
                };
                let found = code(&[item]);
                assert_eq!(found, expected, "{lengths} {distances} {before} {after}");
            }
        }
    }
}

/// What is checked of blocks must not refuse what deflate makes of real and of random data.
#[test]
fn many_blocks_are_read() {
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for words in [2, 40, 4000] {
        let mut data = Vec::new();
        while data.len() < 1_000_000 {
            let word = next() % words;
            data.extend(format!("\"{:x}\": {},", word * 77_777, next() % (words * 3)).bytes());
        }
        assert_eq!(code(&[deflated("x", &data)]), "accepted");
    }
    let noise: Vec<u8> = (0..300_000).map(|_| next() as u8).collect();
    assert_eq!(code(&[deflated("x", &noise)]), "accepted");
}
