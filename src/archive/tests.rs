//! One archive per way to be wrong, and what must not change when bytes do.

use std::collections::HashSet;
use std::io::Write as _;

use proptest::prelude::*;

use super::builder::{
    Built, Descriptor, Item, LocalSizes, build, deflated, extra, folder, stored, streamed, u16s,
    u64s, unicode_path,
};
use super::{Archive, ArchiveError, Kind, Limits, NameMark};

type Files = Vec<(String, Kind, Vec<u8>)>;

fn read_all(bytes: &[u8], limits: &Limits) -> Result<Files, ArchiveError> {
    let archive = Archive::from_bytes(bytes.to_vec(), limits)?;
    let mut reader = archive.reader();
    archive
        .entries()
        .iter()
        .map(|entry| {
            let mut data = Vec::new();
            reader.read(entry, &mut data)?;
            Ok((entry.path().to_string(), entry.kind(), data))
        })
        .collect()
}

fn code(built: &Built) -> &'static str {
    match read_all(&built.bytes, &Limits::default()) {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

fn code_of(item: Item) -> &'static str {
    code(&build(&[stored("first", b"1"), item]))
}

/// A stored and a deflated file.
fn sound() -> Built {
    build(&[stored("a", b"one"), deflated("b/c", b"two two two two")])
}

#[test]
fn sound_archives_are_read() {
    let text = "text ".repeat(10_000).into_bytes();
    let built = build(&[
        folder("Functions/"),
        deflated("Functions/x.recipe.json", &text),
        stored("empty", b""),
        streamed("streamed", &text),
        Item {
            local_sizes: LocalSizes::Half,
            ..streamed("half", &text)
        },
        Item {
            local_sizes: LocalSizes::Zip64,
            descriptor: Descriptor::Zip64,
            ..streamed("long", &text)
        },
        Item {
            local_sizes: LocalSizes::Zip64,
            ..stored("wide", b"x")
        },
        Item {
            flags: 8,
            descriptor: Descriptor::Signed,
            ..stored("nothing", b"")
        },
        stored("Phase 1 : é |/x", b"x"),
    ]);
    let files = read_all(&built.bytes, &Limits::default()).expect("a sound archive");
    let names: Vec<&str> = files.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names[0], "Functions");
    assert_eq!(files[0].1, Kind::Directory);
    assert_eq!(names[8], "Phase 1 : é |/x");
    for at in [1, 3, 4, 5] {
        assert_eq!(files[at].2, text, "{}", names[at]);
    }
    assert_eq!(code(&sound().comment("für €".as_bytes())), "accepted");
    assert_eq!(code(&sound().zip64()), "accepted");
    assert_eq!(
        code(&{
            let built = sound().zip64();
            let end = built.end;
            built.set_u16(end + 8, 0xffff).set_u16(end + 10, 0xffff)
        }),
        "accepted"
    );
}

#[test]
fn a_file_is_read_like_memory_however_large_its_entries() {
    let mut seed = 1_u32;
    let mut noise = |length: usize| -> Vec<u8> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    };
    let few: Vec<Item> = (0..8)
        .map(|i| match i {
            0 => stored("s", &noise(300_000)),
            _ => streamed(&format!("d/{i}"), &noise(300_000)),
        })
        .collect();
    let many: Vec<Item> = (0..2000)
        .map(|i| stored(&format!("d/{i}"), &noise(1000)))
        .collect();
    for items in [few, many] {
        let bytes = build(&items).bytes;
        assert!(bytes.len() > 1 << 20, "held whole otherwise");
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(&bytes).expect("room for it");
        let archive = Archive::open(file.path(), &Limits::default()).expect("a sound archive");
        let mut files = Vec::new();
        let mut data = Vec::new();
        for entry in archive.entries() {
            archive.read(entry, &mut data).expect("a sound entry");
            files.push((entry.path().to_string(), entry.kind(), data.clone()));
        }
        let expected = read_all(&bytes, &Limits::default()).expect("a sound archive");
        assert!(files == expected);
    }
}

#[test]
fn r1_one_end_record_ends_the_file() {
    assert_eq!(
        read_all(b"", &Limits::default()).expect_err("empty").code(),
        "empty-file"
    );
    let html = read_all(b"<html>not found</html>", &Limits::default()).expect_err("no zip");
    assert_eq!(html.code(), "not-a-zip");
    assert!(html.to_string().contains("<html>"), "{html}");
    let mut cut = sound();
    cut.bytes.truncate(cut.end);
    assert_eq!(code(&cut), "end-record-missing");
    let mut cut = sound();
    cut.bytes.truncate(cut.end + 10);
    assert_eq!(code(&cut), "end-record-cut");
    assert_eq!(code(&sound().append(b"x")), "end-record-comment");
    assert_eq!(
        code(&{
            let built = sound();
            let end = built.end;
            built.set_u16(end + 20, 5)
        }),
        "end-record-comment"
    );
    assert_eq!(code(&sound().append(&[0; 100])), "zero-padding");
    assert_eq!(code(&sound().comment(b"\xff")), "archive-comment");
    assert_eq!(code(&sound().comment(b"a PK b")), "archive-comment");
    let inner = sound().bytes;
    assert_eq!(code(&sound().comment(&inner)), "second-end-record");

    // A whole archive as the last stored entry is data, as long as its end is not the file's.
    assert_eq!(code_of(stored("page.zip", &inner)), "accepted");
    let mut hidden = b"PK\x05\x06".to_vec();
    hidden.extend([0; 16]);
    u16s(&mut hidden, &[0]);
    let at = 30 + "first".len() + 1 + 30 + 1;
    let built = build(&[stored("first", b"1"), stored("a", &hidden)]);
    let rest = (built.bytes.len() - at - 22) as u16;
    let mut crafted = hidden.clone();
    crafted[20..].copy_from_slice(&rest.to_le_bytes());
    assert_eq!(code_of(stored("a", &crafted)), "second-end-record");
    let in_directory = Item {
        extra: extra(0xcafe, &hidden),
        ..stored("a", b"")
    };
    assert_eq!(code_of(in_directory), "second-end-record");
}

#[test]
fn r2_one_disk() {
    let end = sound().end;
    assert_eq!(code(&sound().set_u16(end + 4, 1)), "disk");
    assert_eq!(code(&sound().set_u16(end + 6, 1)), "disk");
    assert_eq!(code(&sound().set_u16(end + 8, 1)), "counts-differ");
    let header = sound().headers[0];
    assert_eq!(code(&sound().set_u16(header + 34, 1)), "disk");
    let record = sound().end;
    assert_eq!(code(&sound().zip64().set_u32(record + 16, 1)), "disk");
    assert_eq!(code(&sound().zip64().set_u32(record + 20, 1)), "disk");
    assert_eq!(
        code(&sound().zip64().set_u64(record + 24, 1)),
        "counts-differ"
    );
    assert_eq!(code(&sound().zip64().set_u32(record + 56 + 4, 1)), "disk");
    assert_eq!(code(&sound().zip64().set_u32(record + 56 + 16, 2)), "disk");
}

#[test]
fn r3_zip64_records_stand_together_and_agree() {
    let record = sound().end;
    let end = sound().zip64().end;
    let zip64 = || sound().zip64();
    assert_eq!(code(&zip64().set_u64(record + 4, 45)), "zip64-record");
    assert_eq!(code(&zip64().set_u16(record + 14, 63)), "zip64-record");
    assert_eq!(code(&zip64().set_u64(record + 56 + 8, 0)), "zip64-record");
    assert_eq!(code(&zip64().set_u32(record, 0)), "zip64-missing");
    assert_eq!(code(&zip64().insert(record + 56, b"gap!")), "zip64-record");
    let lie = zip64().set_u64(record + 24, 1).set_u64(record + 32, 1);
    assert_eq!(code(&lie), "zip64-differs");
    assert_eq!(code(&zip64().set_u64(record + 40, 9)), "zip64-differs");
    assert_eq!(code(&zip64().set_u64(record + 48, 9)), "zip64-differs");
    let hidden = zip64()
        .set_u64(record + 48, u64::MAX)
        .set_u32(end + 16, u32::MAX);
    assert_eq!(code(&hidden), "directory-place");
    assert_eq!(
        code(&sound().set_u32(record + 16, u32::MAX)),
        "zip64-missing"
    );
    assert_eq!(
        code(&sound().set_u32(record + 12, u32::MAX)),
        "zip64-missing"
    );
    let counts = sound()
        .set_u16(record + 8, 0xffff)
        .set_u16(record + 10, 0xffff);
    assert_eq!(code(&counts), "zip64-missing");
}

#[test]
fn r3_zip64_fields_hold_what_the_header_leaves_to_them() {
    let values = |values: &[u64]| {
        let mut data = Vec::new();
        u64s(&mut data, values);
        extra(1, &data)
    };
    let with = |extra: Vec<u8>| {
        build(&[Item {
            extra,
            ..stored("a", b"one")
        }])
    };
    assert_eq!(code(&with(values(&[]))), "zip64-extra");
    assert_eq!(code(&with(values(&[3]))), "zip64-extra");
    let size = with(values(&[3]));
    let at = size.headers[0];
    assert_eq!(code(&size.set_u32(at + 24, u32::MAX)), "accepted");
    let two = with(values(&[3, 3]));
    assert_eq!(code(&two.clone().set_u32(at + 24, u32::MAX)), "zip64-extra");
    let both = two.set_u32(at + 20, u32::MAX).set_u32(at + 24, u32::MAX);
    assert_eq!(code(&both), "accepted");
    let three = with(values(&[3, 3, 0]))
        .set_u32(at + 20, u32::MAX)
        .set_u32(at + 24, u32::MAX)
        .set_u32(at + 42, u32::MAX);
    assert_eq!(code(&three), "accepted");
    assert_eq!(
        code(&sound().set_u32(sound().headers[0] + 42, u32::MAX)),
        "zip64-extra"
    );

    let local = |local_extra| {
        build(&[Item {
            local_extra,
            ..stored("a", b"one")
        }])
    };
    assert_eq!(code(&local(values(&[]))), "zip64-extra");
    assert_eq!(code(&local(values(&[3, 3]))), "zip64-extra");
    assert_eq!(
        code(&local(values(&[3, 3])).set_u32(22, u32::MAX)),
        "header-mismatch"
    );
    assert_eq!(
        code(&local(values(&[3])).set_u32(22, u32::MAX)),
        "zip64-extra"
    );
    let half = local(values(&[3, 0]))
        .set_u32(18, u32::MAX)
        .set_u32(22, u32::MAX);
    assert_eq!(code(&half), "header-mismatch");
}

#[test]
fn r4_the_directory_ends_at_the_end_record_and_holds_its_entries() {
    let end = sound().end;
    let size = (sound().end - sound().directory) as u32;
    assert_eq!(
        code(&sound().set_u32(end + 12, size - 1)),
        "directory-place"
    );
    assert_eq!(code(&sound().set_u32(end + 16, 1)), "directory-place");
    assert_eq!(code(&sound().insert(end, b"gap")), "directory-place");
    let count = |n| sound().set_u16(end + 8, n).set_u16(end + 10, n);
    assert_eq!(code(&count(1)), "directory-count");
    assert_eq!(code(&count(3)), "directory-count");
    assert_eq!(code(&count(0)), "directory-count");
    let header = sound().headers[1];
    assert_eq!(code(&sound().set_u32(header, 0)), "directory-header");
    assert_eq!(code(&sound().set_u16(header + 28, 999)), "directory-header");
    assert_eq!(code(&build(&[])), "no-entries");
}

#[test]
fn r5_entries_tile_the_archive() {
    let moved = |at: usize, more: &[u8], from: usize| {
        let built = sound();
        let shift = more.len() as u32;
        let mut changed = built.clone();
        for i in from..2 {
            changed = changed.set_u32(built.headers[i] + 42, built.locals[i] as u32 + shift);
        }
        changed
            .set_u32(built.end + 16, built.directory as u32 + shift)
            .insert(at, more)
    };
    assert_eq!(code(&moved(0, b"#!/bin/sh\n", 0)), "gap");
    assert_eq!(code(&moved(sound().locals[1], b"hidden", 1)), "gap");
    assert_eq!(code(&moved(sound().directory, b"hidden", 2)), "gap");
    let unlisted = build(&[stored("evil", b"x")]);
    let hidden = &unlisted.bytes[..unlisted.directory];
    assert_eq!(code(&moved(sound().locals[1], hidden, 1)), "gap");
    let headers = sound().headers;
    assert_eq!(code(&sound().set_u32(headers[1] + 42, 0)), "overlap");
    assert_eq!(code(&sound().set_u32(headers[0] + 42, u32::MAX - 1)), "gap");
    assert_eq!(code(&sound().set_u32(0, 0)), "local-header");
    let long = build(&[stored("a", b"one")]);
    let at = long.headers[0];
    let long = long
        .set_u32(18, 300)
        .set_u32(22, 300)
        .set_u32(at + 20, 300)
        .set_u32(at + 24, 300);
    assert_eq!(code(&long), "past-directory");

    // The directory need not list the entries in their order.
    let built = sound();
    let mut swapped = built.bytes[..built.directory].to_vec();
    swapped.extend(&built.bytes[built.headers[1]..built.end]);
    swapped.extend(&built.bytes[built.headers[0]..built.headers[1]]);
    swapped.extend(&built.bytes[built.end..]);
    let files = read_all(&swapped, &Limits::default()).expect("a sound archive");
    assert_eq!(files[0].0, "b/c");
}

#[test]
fn r6_headers_agree() {
    let at = sound().locals[1];
    for (field, value) in [(6, 2), (8, 0), (10, 1), (12, 1), (14, 1), (18, 1), (22, 1)] {
        assert_eq!(
            code(&sound().set_u16(at + field, value)),
            "header-mismatch",
            "field at {field}"
        );
    }
    for local_name in ["b/d", "b/c/", "b"] {
        let item = Item {
            local_name: Some(local_name.into()),
            ..stored("b/c", b"")
        };
        assert_eq!(code_of(item), "header-mismatch", "{local_name}");
    }
    let error = read_all(&sound().set_u16(at + 22, 1).bytes, &Limits::default());
    assert_eq!(
        error.expect_err("sizes differ").to_string(),
        "entry `b/c` has size 15 in the central directory and 1 in the local header"
    );
}

#[test]
fn r7_nothing_but_stored_and_deflated() {
    for method in [1, 6, 9, 12, 14, 93, 95, 97, 98, 99, u16::MAX] {
        assert_eq!(
            code_of(Item {
                method,
                ..stored("a", b"x")
            }),
            "method"
        );
    }
    for flag in [0, 6, 13] {
        let flags = 1 << flag;
        assert_eq!(
            code_of(Item {
                flags,
                ..stored("a", b"x")
            }),
            "encrypted"
        );
    }
    for flag in [4, 5, 7, 8, 9, 10, 12, 14, 15] {
        let flags = 1 << flag;
        assert_eq!(
            code_of(Item {
                flags,
                ..stored("a", b"x")
            }),
            "flags"
        );
    }
    assert_eq!(
        code_of(Item {
            version: 46,
            ..stored("a", b"x")
        }),
        "version-needed"
    );
    assert_eq!(code(&sound().set_u16(4, 46)), "version-needed");
    assert_eq!(
        code_of(Item {
            flags: 6,
            ..deflated("a", b"x")
        }),
        "accepted"
    );
}

#[test]
fn r8_descriptors_are_signed_and_right() {
    let item = || streamed("a", b"text text text text");
    assert_eq!(code_of(item()), "accepted");
    let not = |descriptor| {
        code_of(Item {
            descriptor,
            ..item()
        })
    };
    assert_eq!(not(Descriptor::None), "descriptor-missing");
    assert_eq!(not(Descriptor::Unsigned), "descriptor-missing");
    assert_eq!(not(Descriptor::Zip64), "descriptor-mismatch");
    let wide = Item {
        local_sizes: LocalSizes::Zip64,
        ..item()
    };
    assert_eq!(code_of(wide), "descriptor-missing");
    let stored = Item {
        flags: 8,
        descriptor: Descriptor::Signed,
        ..stored("a", b"x")
    };
    assert_eq!(code_of(stored), "descriptor-stored");
    let built = build(&[item()]);
    for field in [4, 8, 12] {
        let at = built.directory - 16 + field;
        assert_eq!(code(&built.clone().set_u32(at, 1)), "descriptor-mismatch");
    }
    assert_eq!(code(&built.clone().set_u32(14, 1)), "header-mismatch");
    assert_eq!(code(&built.set_u32(18, 1)), "header-mismatch");
}

#[test]
fn r9_extra_fields_are_sound_and_change_nothing() {
    let both = |extra: Vec<u8>| {
        let central = Item {
            extra: extra.clone(),
            ..stored("a", b"x")
        };
        let local = Item {
            local_extra: extra,
            ..stored("a", b"x")
        };
        let codes = (code_of(central), code_of(local));
        assert_eq!(codes.0, codes.1);
        codes.0
    };
    assert_eq!(both(extra(0x5455, &[1, 0, 0, 0, 0])), "accepted");
    assert_eq!(both(vec![1, 2, 3]), "extra-malformed");
    assert_eq!(both(vec![0x55, 0x54, 9, 0, 1]), "extra-malformed");
    let many = (0..33).flat_map(|id| extra(0x8000 + id, b"")).collect();
    assert_eq!(both(many), "extra-malformed");
    assert_eq!(
        both([extra(0xcafe, b""), extra(0xcafe, b"")].concat()),
        "extra-duplicate"
    );
    assert_eq!(both(unicode_path("a", "a")), "accepted");
    assert_eq!(both(unicode_path("a", "b")), "unicode-path");
    assert_eq!(both(unicode_path("b", "a")), "extra-malformed");
    for id in [0x000d, 0x0017, 0x6375, 0x6c65, 0x6c78, 0x756e, 0x9901] {
        assert_eq!(both(extra(id, b"data")), "extra-forbidden");
    }
}

#[test]
fn r10_no_entry_has_a_comment() {
    let item = Item {
        comment: b"hi".to_vec(),
        ..stored("a", b"x")
    };
    assert_eq!(code_of(item), "entry-comment");
}

#[test]
fn r11_names_are_utf8_marked_or_not() {
    let marks = |flags| {
        let bytes = build(&[Item {
            flags,
            ..stored("申請", b"")
        }])
        .bytes;
        let archive = Archive::from_bytes(bytes, &Limits::default()).expect("a sound archive");
        let entry = &archive.entries()[0];
        assert_eq!(entry.path().as_str(), "申請");
        (entry.name_mark(), entry.has_ambiguous_name())
    };
    assert_eq!(marks(0), (NameMark::Unmarked, true));
    assert_eq!(marks(1 << 11), (NameMark::Utf8, false));
    for flags in [0, 1 << 11] {
        for raw in [&b"caf\x82"[..], b"..\xc0\xafevil", b"a\xed\xa0\x80"] {
            let item = Item {
                name: raw.to_vec(),
                flags,
                ..stored("", b"")
            };
            assert_eq!(code_of(item), "name-encoding");
        }
    }
}

#[test]
fn r12_names_are_safe() {
    for name in [
        "../a", "/a", "a//b", "", "a\\b", "C:a", "a\nb", "...", "‥/x",
    ] {
        assert_eq!(code_of(stored(name, b"")), "unsafe-name", "{name:?}");
    }
    for name in ["/", "../", "a//", "..\\a/", "C:a/"] {
        assert_eq!(code_of(folder(name)), "unsafe-name", "{name:?}");
    }
    for name in ["nul.txt", "a.", "In\\Out/a", "Q: a/b"] {
        assert_eq!(code_of(stored(name, b"")), "accepted", "{name:?}");
    }
    assert_eq!(code_of(folder("In\\Out/")), "accepted");
    let error = read_all(&build(&[stored("../a", b"")]).bytes, &Limits::default());
    let error = error.expect_err("unsafe").to_string();
    assert!(
        error.contains("`../a`") && error.contains("`..` part"),
        "{error}"
    );
}

#[test]
fn r13_names_stay_apart() {
    let codes = |names: &[&str]| {
        let items: Vec<Item> = names
            .iter()
            .map(|name| {
                if name.ends_with('/') {
                    folder(name)
                } else {
                    stored(name, b"")
                }
            })
            .collect();
        code(&build(&items))
    };
    assert_eq!(codes(&["a", "a"]), "duplicate");
    assert_eq!(codes(&["a/", "a/"]), "duplicate");
    assert_eq!(codes(&["a/b", "a/", "a/"]), "duplicate");
    assert_eq!(codes(&["d/a", "D/A"]), "collision");
    assert_eq!(codes(&["straße", "STRASSE"]), "collision");
    assert_eq!(codes(&["ﬁle", "file"]), "collision");
    assert_eq!(codes(&["a", "a/b"]), "file-and-folder");
    assert_eq!(codes(&["a/b/c", "x", "A"]), "file-and-folder");
    assert_eq!(codes(&["a/b/c", "a/B"]), "file-and-folder");
    assert_eq!(codes(&["a/b", "x/y", "a/b/c"]), "file-and-folder");
    assert_eq!(codes(&["a", "A/"]), "file-and-folder");
    assert_eq!(
        codes(&["Recipes/", "Recipes/a", "recipes/", "recipes/b", "a", "b"]),
        "accepted"
    );
}

#[test]
fn r14_files_and_folders_only() {
    let mode = |mode: u32| {
        code_of(Item {
            attributes: mode << 16,
            ..stored("a", b"x")
        })
    };
    for special in [
        0o120_777, 0o010_644, 0o020_644, 0o060_644, 0o140_644, 0o030_644,
    ] {
        assert_eq!(mode(special), "special-file", "{special:o}");
    }
    for bits in [0o104_755, 0o102_755, 0o101_755] {
        assert_eq!(mode(bits), "mode-bits", "{bits:o}");
    }
    assert_eq!(mode(0o040_755), "kind-mismatch");
    assert_eq!(mode(0), "accepted");
    let dos = |attributes| {
        code_of(Item {
            attributes,
            ..stored("a", b"x")
        })
    };
    assert_eq!(dos(0x20), "accepted");
    assert_eq!(dos(0x10), "kind-mismatch");
    assert_eq!(dos(0x08), "special-file");
    assert_eq!(dos(0x40), "special-file");
    assert_eq!(dos(0x400), "special-file");
    let file = Item {
        attributes: 0o100_644 << 16,
        ..folder("d/")
    };
    assert_eq!(code_of(file), "kind-mismatch");
    let bare = Item {
        attributes: 0,
        ..folder("d/")
    };
    assert_eq!(code_of(bare), "accepted");
    let full = |item: Item| Item {
        attributes: 0,
        ..item
    };
    assert_eq!(code_of(full(stored("d/", b"x"))), "directory-data");
    assert_eq!(code_of(full(deflated("d/", b""))), "accepted");
    let hidden = Item {
        data: b"hidden".to_vec(),
        ..full(deflated("d/", b""))
    };
    assert_eq!(code_of(hidden), "directory-data");
    let broken = Item {
        data: b"??".to_vec(),
        ..full(deflated("d/", b""))
    };
    assert_eq!(code_of(broken), "deflate");
}

#[test]
fn r15_data_inflates_exactly() {
    let item = || deflated("a", b"text text text text");
    let size = |size| code_of(Item { size, ..item() });
    assert_eq!(size(18), "size");
    assert_eq!(size(0), "size");
    assert_eq!(size(20), "size");
    assert_eq!(code_of(Item { crc32: 1, ..item() }), "crc");
    assert_eq!(
        code_of(Item {
            crc32: 1,
            ..stored("a", b"x")
        }),
        "crc"
    );
    assert_eq!(
        code_of(Item {
            size: 5,
            ..stored("a", b"x")
        }),
        "stored-size"
    );
    let data = |change: fn(&mut Vec<u8>)| {
        let mut item = item();
        change(&mut item.data);
        code_of(item)
    };
    assert_eq!(data(|data| data.push(0)), "trailing-data");
    assert_eq!(data(|data| data.extend(data.clone())), "trailing-data");
    assert_eq!(data(|data| data.truncate(4)), "deflate");
    assert_eq!(data(Vec::clear), "deflate");
    assert_eq!(data(|data| data[0] = 0x07), "deflate");

    let built = build(&[Item {
        crc32: 1,
        ..stored("a", b"x")
    }]);
    let archive = Archive::from_bytes(built.bytes, &Limits::default()).expect("sound records");
    let mut into = b"old".to_vec();
    archive
        .read(&archive.entries()[0], &mut into)
        .expect_err("a wrong CRC");
    assert!(into.is_empty(), "nothing is left of what was read");
}

#[test]
fn r16_limits_hold_before_anything_is_inflated() {
    let limits = Limits {
        archive_bytes: 4000,
        directory_bytes: 600,
        entries: 10,
        name_bytes: 450,
        folder_bytes: 500,
        entry_bytes: 100_000,
        total_bytes: 150_000,
        ratio: 50,
        ratio_from: 10_000,
        ..Limits::default()
    };
    let refusal = |items: &[Item]| {
        let error = Archive::from_bytes(build(items).bytes, &limits).expect_err("over a limit");
        assert_eq!(error.code(), "limit");
        error.to_string()
    };
    let zeros = |name: &str, n| deflated(name, &vec![0; n]);
    let small: Vec<Item> = (0..11).map(|i| stored(&i.to_string(), b"")).collect();
    assert!(refusal(&small).contains("number of entries is 11"));
    assert!(
        refusal(&[
            stored(&"n".repeat(250), b""),
            stored(&"m".repeat(251), b"x"),
            stored("o", b"")
        ])
        .contains("central directory's size")
    );
    assert!(
        refusal(&[
            stored(&"n".repeat(250), b""),
            stored(&"m".repeat(201), b"x")
        ])
        .contains("its length of its files' paths in all is 451")
    );
    assert!(refusal(&[stored("a", &[0; 5000])]).contains("its size is"));
    assert!(
        refusal(&[stored(&format!("{}a", "deep/".repeat(15)), b"")])
            .contains("its length of its folders' paths in all is 585")
    );
    assert!(
        refusal(&[zeros("a", 100_001)])
            .contains("entry `a` is over a limit: its inflated size is 100001")
    );
    assert!(
        refusal(&[zeros("a", 20_000)])
            .contains("entry `a` is over a limit: its inflated size over")
    );
    let noise: Vec<u8> = (0..3000_u32)
        .map(|i| (i.wrapping_mul(i) >> 3) as u8)
        .collect();
    let many = [
        zeros("a", 9999),
        zeros("b", 9999),
        zeros("c", 9999),
        zeros("d", 9999),
    ];
    assert!(refusal(&many).contains("the archive is over a limit: its inflated size over"));
    let loose = Limits {
        ratio: 2000,
        total_bytes: 30_000,
        ..limits
    };
    assert!(
        Archive::from_bytes(build(&many).bytes, &loose)
            .expect_err("over a limit")
            .to_string()
            .contains("inflated size in all is 39996")
    );
    assert!(Archive::from_bytes(build(&[stored("a", &noise)]).bytes, &limits).is_ok());
    // A size that is only claimed costs nothing.
    let claim = build(&[Item {
        size: u32::MAX - 1,
        ..deflated("a", b"x")
    }]);
    assert_eq!(code(&claim), "limit");
}

#[test]
fn r17_nested_archives_are_data() {
    let inner = build(&[stored("../evil", b"x")]).bytes;
    assert_eq!(code_of(stored("page.lcap_page.zip", &inner)), "accepted");
    assert_eq!(code_of(deflated("page.lcap_page.zip", &inner)), "accepted");
}

#[test]
fn what_is_no_file_is_refused_without_opening_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = |path| Archive::open(path, &Limits::default()).expect_err("no archive");
    assert_eq!(open(folder.path()).code(), "not-a-file");
    assert_eq!(open(&folder.path().join("none")).code(), "open");
}

#[test]
fn every_code_is_told_apart() {
    // As the source spells them, so that a new one can't be forgotten here.
    let source = include_str!("error.rs");
    let (_, body) = source.split_once("pub fn code").expect("a function");
    let (body, _) = body.split_once("/// What the reader").expect("a function");
    let codes: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
    assert!(codes.len() > 50);
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
    for code in codes {
        let kebab = code.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        assert!(kebab, "{code}");
    }
}

/// Small archives that have every sort of record.
fn samples() -> Vec<Built> {
    vec![
        sound().comment(b"hi"),
        build(&[
            folder("d/"),
            streamed("d/é", b"text text text"),
            stored("e", b""),
        ]),
        build(&[
            Item {
                local_sizes: LocalSizes::Zip64,
                descriptor: Descriptor::Zip64,
                extra: unicode_path("w", "w"),
                ..streamed("w", b"wide wide wide")
            },
            Item {
                local_extra: extra(0x5455, &[3, 0, 0, 0, 0, 0, 0, 0, 0]),
                extra: extra(0x5455, &[3, 0, 0, 0, 0]),
                ..stored("t", b"time")
            },
        ])
        .zip64(),
    ]
}

/// What a changed archive may be: refused, or the same files.
fn same_or_refused(bytes: &[u8], expected: &Files) -> bool {
    read_all(bytes, &Limits::default()).map_or(true, |files| files == *expected)
}

#[test]
fn no_single_byte_changes_what_is_read() {
    for sample in samples() {
        let expected = read_all(&sample.bytes, &Limits::default()).expect("a sound archive");
        let mut bytes = sample.bytes;
        for at in 0..bytes.len() {
            let old = bytes[at];
            for change in 1..=255 {
                bytes[at] = old ^ change;
                assert!(
                    same_or_refused(&bytes, &expected),
                    "byte {at}: {old} to {}",
                    bytes[at]
                );
            }
            bytes[at] = old;
        }
    }
}

#[test]
fn no_part_of_an_archive_is_an_archive() {
    for sample in samples() {
        for length in 0..sample.bytes.len() {
            read_all(&sample.bytes[..length], &Limits::default()).expect_err("cut off");
            read_all(&sample.bytes[length + 1..], &Limits::default()).expect_err("cut off");
        }
    }
}

/// A sample's bytes with some of them changed, cut out or doubled.
fn mutated() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (0..samples().len(), prop::collection::vec(edit, 1..6)).prop_map(|(which, edits)| {
        let mut bytes = samples().swap_remove(which).bytes;
        for (at, value, sort) in edits {
            let at = at.index(bytes.len());
            match sort {
                0 => {
                    bytes.remove(at);
                }
                1 => bytes.insert(at, value),
                _ => bytes[at] = value,
            }
        }
        (which, bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_mutation_panics(( _, bytes) in mutated()) {
        let _ = read_all(&bytes, &Limits::default());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut framed = b"PK\x03\x04".to_vec();
        framed.extend(&bytes);
        framed.extend(b"PK\x05\x06");
        framed.extend(&bytes);
        let _ = read_all(&bytes, &Limits::default());
        let _ = read_all(&framed, &Limits::default());
    }

    #[test]
    fn what_is_built_is_read(files in prop::collection::btree_map("[a-z]{1,8}(/[a-z]{1,8}\\.json)?", prop::collection::vec(any::<u8>(), 0..500), 1..8)) {
        let items: Vec<Item> = files.iter().enumerate().map(|(i, (name, data))| match i % 3 {
            0 => stored(name, data),
            1 => deflated(name, data),
            _ => streamed(name, data),
        }).collect();
        match read_all(&build(&items).bytes, &Limits::default()) {
            Ok(read) => prop_assert!(read.iter().map(|(name, _, data)| (name, data)).eq(files.iter())),
            // Names that happen to be a device, or a file and a folder.
            Err(error) => prop_assert!(["unsafe-name", "file-and-folder"].contains(&error.code()), "{error}"),
        }
    }
}
