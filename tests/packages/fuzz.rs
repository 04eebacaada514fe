//! What is read is mutated, in process, from the fixtures on: nothing panics, nothing takes long, and
//! what was understood is understood the same again.
//!
//! Each target runs for its share of `RECIPACK_FUZZ_SECONDS`; the default is a glance. An input is made
//! of its number alone, so a number is all that a failure needs; the input is also left as a file, and
//! `RECIPACK_FUZZ_INPUT=FILE cargo test --test packages fuzz::TARGET` runs that one only.
//! `RECIPACK_FUZZ_FROM=NUMBER` begins elsewhere.
#![allow(clippy::print_stdout, reason = "how many inputs were tried is told")]

use std::fs;
use std::io::{Cursor, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::{Place, place_with, root};
use recipack::archive::{Archive, ArchiveError, Limits};
use recipack::json::{KeyOrder, Tape, print};
use recipack::manifest::{Manifest, ManifestEdit};
use recipack::model::catalogue::Catalogue;
use recipack::model::file_stat::FileStat;
use recipack::model::ident::Digest;
use recipack::ops::export::cache::ExportCache;
use recipack::ops::export::last::{Basis, HandedOverFiles, LastExport};
use recipack::ops::export::record::DecisionRecord;
use recipack::ops::import::PlanDocument;
use recipack::source::ignored::{IgnoreFiles, Lookup, Verdict};

/// How many targets share the time.
const TARGETS: u32 = 8;
/// What no input may take, on a busy machine and without optimisation.
const SLOW: Duration = Duration::from_secs(120);

/// What stands for a digit now and then.
const NUMBERS: &[&[u8]] = &[b"0", b"-1", b"1e999", b"18446744073709551616", b"00"];

/// Numbers that look random and are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ (number >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A kind of input: sound ones to begin with, and what has a meaning in it.
struct Target<'a> {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    words: &'static [&'static [u8]],
    /// Panics if something is wrong with what is made of an input.
    check: &'a dyn Fn(&[u8]),
}

impl Target<'_> {
    /// The input of a number.
    fn input(&self, number: u64) -> Vec<u8> {
        let mut numbers = Numbers(number.wrapping_mul(0x2545_F491_4F6C_DD1D));
        let mut bytes = numbers.one(&self.seeds).clone();
        for _ in 0..1 + numbers.below(4) {
            self.change(&mut bytes, &mut numbers);
        }
        bytes
    }

    fn change(&self, bytes: &mut Vec<u8>, numbers: &mut Numbers) {
        let at = numbers.below(bytes.len() + 1);
        // Mostly few bytes: what is far from sound is refused early.
        let most = *numbers.one(&[1, 2, 4, 16, 300]);
        let end = (at + numbers.below(most) + 1).min(bytes.len());
        match numbers.below(10) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            2 if at < bytes.len() => {
                bytes[at] = *numbers.one(&[0, 1, 0x7f, 0x80, 0xff, b'"', b'\n'])
            }
            3 => drop(bytes.drain(at..end.max(at))),
            4 => {
                let part = bytes[at..end.max(at)].to_vec();
                let times = *numbers.one(&[1, 2, 70, 1000]);
                bytes.splice(at..at, part.repeat(times));
            }
            5 | 6 if !self.words.is_empty() => {
                let word = *numbers.one(self.words);
                let replaced = *numbers.one(&[at, end.max(at)]);
                bytes.splice(at..replaced, word.iter().copied());
            }
            7 => {
                let other = numbers.one(&self.seeds);
                let from = numbers.below(other.len() + 1);
                let to = (from + numbers.below(400)).min(other.len());
                bytes.splice(at..end.max(at), other[from..to].iter().copied());
            }
            8 => bytes.truncate(at),
            _ => {
                // A number in the text becomes another one.
                let digit = bytes[at..].iter().position(u8::is_ascii_digit);
                if let Some(digit) = digit {
                    let number = *numbers.one(NUMBERS);
                    bytes.splice(at + digit..=at + digit, number.iter().copied());
                }
            }
        }
    }

    fn run(&self) {
        assert!(self.seeds.iter().all(|seed| !seed.is_empty()) && !self.seeds.is_empty());
        for seed in &self.seeds {
            (self.check)(seed);
        }
        if let Some(path) = std::env::var_os("RECIPACK_FUZZ_INPUT") {
            (self.check)(&fs::read(path).expect("an input"));
            return;
        }
        let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let milliseconds = setting("RECIPACK_FUZZ_SECONDS").unwrap_or(4) * 1000;
        let time = Duration::from_millis(milliseconds) / TARGETS;
        let first = setting("RECIPACK_FUZZ_FROM").unwrap_or(0);
        let began = Instant::now();
        let mut number = first;
        while began.elapsed() < time {
            self.try_one(number);
            number += 1;
        }
        assert!(number > first, "no input was tried");
        println!("{}: {} inputs", self.name, number - first);
    }

    fn try_one(&self, number: u64) {
        let input = self.input(number);
        let began = Instant::now();
        let fault = match catch_unwind(AssertUnwindSafe(|| (self.check)(&input))) {
            Ok(()) if began.elapsed() < SLOW => return,
            Ok(()) => format!("took {:?}", began.elapsed()),
            Err(_) => "failed, as told above".to_owned(),
        };
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{number}", self.name));
        fs::write(&file, &input).expect("written");
        panic!(
            "{}: input {number} {fault}; RECIPACK_FUZZ_INPUT={} runs it again",
            self.name,
            file.display()
        );
    }
}

/// All files below a folder whose names end so, no larger than suits mutation.
fn files(folder: &str, end: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                let name = path.strip_prefix(root()).expect("below");
                let bytes = fs::read(&path).expect("a file");
                if !bytes.is_empty() && bytes.len() < 40_000 {
                    found.push((name.to_string_lossy().into_owned(), bytes));
                }
            }
        }
    }
    found
}

fn contents(folder: &str, end: &str) -> Vec<Vec<u8>> {
    files(folder, end)
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect()
}

type Files = Vec<(String, Option<Vec<u8>>)>;

fn unpacked(bytes: &[u8]) -> Result<Files, ArchiveError> {
    let limits = Limits {
        entry_bytes: 8 << 20,
        total_bytes: 32 << 20,
        ..Limits::default()
    };
    let archive = Archive::from_bytes(bytes.to_vec(), &limits)?;
    let mut reader = archive.reader();
    let mut files = Vec::new();
    for entry in archive.entries() {
        let mut data = Vec::new();
        let read = reader.read(entry, &mut data);
        files.push((entry.path().to_string(), read.is_ok().then_some(data)));
    }
    Ok(files)
}

#[test]
fn archive() {
    let write = |chosen: &[(String, Vec<u8>)], method| {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in chosen {
            writer.start_file(name.as_str(), options).expect("a name");
            writer.write_all(bytes).expect("written");
        }
        writer.finish().expect("written").into_inner()
    };
    let partner = files("fixtures/partner", ".json");
    let small: Vec<_> = partner
        .iter()
        .filter(|f| f.1.len() < 400)
        .take(3)
        .cloned()
        .collect();
    let seeds = vec![
        write(&small, zip::CompressionMethod::Stored),
        write(&small, zip::CompressionMethod::Deflated),
        write(&small[..1], zip::CompressionMethod::Deflated),
        write(
            &partner[..6.min(partner.len())],
            zip::CompressionMethod::Deflated,
        ),
    ];
    Target {
        name: "archive",
        seeds,
        words: &[
            b"PK\x05\x06",
            b"PK\x01\x02",
            b"PK\x03\x04",
            b"PK\x07\x08",
            b"PK\x06\x06",
            b"PK\x06\x07",
            b"\xff\xff\xff\xff",
            b"\0\0",
            b"\x03\0",
            b"UT\x05\0\x01\0\0\0\0",
            b"../",
            b"/",
            b";1",
            b":",
            b"\\",
            b"\x0a\0\x20\0",
        ],
        check: &|bytes| {
            // Twice the same, and as a file the same as in memory.
            let first = unpacked(bytes);
            let second = unpacked(bytes);
            match (first, second) {
                (Ok(first), Ok(second)) => assert_eq!(first, second),
                (Err(first), Err(second)) => assert_eq!(first.to_string(), second.to_string()),
                (first, second) => panic!("once {first:?}, once {second:?}"),
            }
        },
    }
    .run();
}

fn printed(bytes: &[u8]) -> Option<String> {
    let mut tape = Tape::default();
    let document = tape.parse(bytes).ok()?;
    Some(print(document, KeyOrder::default()))
}

const JSON_WORDS: &[&[u8]] = &[
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"\\u0000",
    b"\\ud800",
    b"\\",
    b"1e400",
    b"-0",
    b"\"\":",
    b"\xef\xbb\xbf",
    b"\xff",
    b"[[[[[[[[[[[[[[[[[[[[[[[[",
    b"\"format\":2,",
    b"..",
    b"\"a\\u002fb\"",
];

#[test]
fn json() {
    Target {
        name: "json",
        seeds: contents("fixtures", ".json"),
        words: JSON_WORDS,
        check: &|bytes| {
            let Some(once) = printed(bytes) else {
                return;
            };
            let again = printed(once.as_bytes()).expect("what is printed is JSON");
            assert_eq!(once, again, "printing what was printed changes it");
            let value =
                |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
            assert_eq!(
                value(bytes),
                value(once.as_bytes()),
                "printing changes the value"
            );
        },
    }
    .run();
}

#[test]
fn ignore_file() {
    let paths = [
        "a.recipe.json",
        "Orders/a.recipe.json",
        "Orders/Drafts/b.recipe.json",
        "Orders/Drafts/c.json",
        "Connections/d.connection.json",
        "[x]/e.json",
        "é/ü.json",
        "Orders",
    ];
    let place = Place::new();
    let project = place.path("p");
    fs::create_dir(&project).expect("made");
    let verdicts = |name: &str, text: &[u8]| {
        fs::write(project.join(name), text).expect("written");
        let mut files = IgnoreFiles::of(&project, Lookup::Inside);
        let verdicts: Vec<Verdict> = paths.iter().map(|path| files.file(path)).collect();
        let folder = files.folder("Orders/Drafts");
        let (_, findings) = files.finish(paths.iter().copied());
        fs::remove_file(project.join(name)).expect("there");
        (verdicts, folder, findings.len())
    };
    Target {
        name: "ignore-file",
        seeds: [
            "# drafts\nOrders/Drafts/\n*.connection.json\n!Connections/d.connection.json\n",
            "Orders/**/[a-c].recipe.json\n\\#x\n  \n/a.recipe.json\n",
            "*\n!*.json\n[!x]\n?\n{a,b}\n",
            "Orders/Drafts/*\n[[]x]/e.json\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
        words: &[
            b"*",
            b"**",
            b"/",
            b"!",
            b"[",
            b"]",
            b"[!",
            b"[]",
            b"\\",
            b"?",
            b"#",
            b"\r\n",
            b"\n",
            b"{",
            b"}",
            b"-",
            b" ",
            b"\xff",
            b"\xef\xbb\xbf",
            b"***************************",
            b"(",
            b")",
            b"+",
            b"|",
            b"$",
            b"^",
        ],
        check: &|bytes| {
            for name in [".workato-ignore", ".wkignore"] {
                let once = verdicts(name, bytes);
                assert_eq!(once, verdicts(name, bytes), "{name}");
            }
        },
    }
    .run();
}

#[test]
fn manifest() {
    let mut seeds = contents("fixtures", ".toml");
    seeds.push(
        b"[package]\nname = \"orders\"\nlimit-mb = 50\n\n[select]\ninclude = [\"Orders/**\"]\ntypes = [\"recipe\"]\n\n\
          [targets.customers]\nkind = \"customer\"\ncatalog = \"c.json\"\n"
            .to_vec(),
    );
    Target {
        name: "manifest",
        seeds,
        words: &[
            b"[package]",
            b"[select]",
            b"[targets.a]",
            b"kind = \"customer\"",
            b"=",
            b"\"",
            b"'",
            b"\"\"\"",
            b"[[",
            b"]]",
            b"{",
            b"}",
            b"#",
            b"\n",
            b"include = [\"**\"]",
            b"[checks]",
            b"**",
            b"{a,",
            b"\\",
            b"\xff",
            b"1979-05-27",
            b"inf",
            b"0x",
            b".",
        ],
        check: &|bytes| {
            let Ok(text) = std::str::from_utf8(bytes) else {
                return;
            };
            match (Manifest::parse(text), ManifestEdit::parse(text)) {
                (Ok(_), Ok(edit)) => {
                    let (after, done) = edit.finish();
                    assert_eq!(
                        (after.as_str(), done.len()),
                        (text, 0),
                        "nothing was changed"
                    );
                }
                (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
                (one, other) => panic!("read: {:?}, edited: {:?}", one.is_ok(), other.is_ok()),
            }
        },
    }
    .run();
}

/// A package of a fixture beside its record.
fn packed(place: &Place) {
    let made = place.run(["export", "partner", "--for", "external", "-o", "p.zip"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
}

#[test]
fn plan() {
    let place = place_with(&["partner"]);
    packed(&place);
    for arguments in [
        &[
            "workspace",
            "create",
            "w",
            "--kind",
            "external",
            "--platform",
            "p.db",
        ] as &[&str],
        &[
            "plan",
            "p.zip",
            "--into",
            "local:w",
            "--platform",
            "p.db",
            "--json",
        ],
    ] {
        let run = place.run(arguments.iter().copied());
        assert_eq!(run.code, 0, "{}", run.stderr);
        place.write("plan.json", &run.stdout);
    }
    let document: serde_json::Value =
        serde_json::from_slice(&fs::read(place.path("plan.json")).expect("there")).expect("JSON");
    let text = match document.get("plan") {
        Some(plan) if plan.get("plan").is_some() => plan.to_string(),
        Some(_) | None => document.to_string(),
    };
    serde_json::from_str::<PlanDocument>(&text).expect("a plan");
    Target {
        name: "plan",
        seeds: vec![text.into_bytes()],
        words: JSON_WORDS,
        check: &|bytes| {
            let Ok(plan) = serde_json::from_slice::<PlanDocument>(bytes) else {
                return;
            };
            let once = serde_json::to_string(&plan).expect("written");
            let again: PlanDocument =
                serde_json::from_str(&once).expect("what is written is a plan");
            assert_eq!(once, serde_json::to_string(&again).expect("written"));
        },
    }
    .run();
}

#[test]
fn record() {
    let place = place_with(&["partner"]);
    packed(&place);
    let bytes = fs::read(place.path("p.recipack.json")).expect("a record");
    DecisionRecord::parse(&bytes).expect("a record");
    Target {
        name: "record",
        seeds: vec![bytes],
        words: JSON_WORDS,
        check: &|bytes| {
            let Ok(record) = DecisionRecord::parse(bytes) else {
                return;
            };
            let written = record.to_bytes().expect("written");
            let again = DecisionRecord::parse(&written).expect("what is written is a record");
            assert_eq!(record, again);
        },
    }
    .run();
}

#[test]
fn catalogue() {
    Target {
        name: "catalogue",
        seeds: contents("fixtures/catalogs", ".json"),
        words: JSON_WORDS,
        check: &|bytes| {
            let Ok(catalogue) = Catalogue::parse(bytes) else {
                return;
            };
            let entries = catalogue.entries().to_vec();
            for entry in &entries {
                assert_eq!(catalogue.by_title(entry.title.as_str()), Some(entry));
                let by_name = catalogue.by_internal_name(entry.internal_name.as_str());
                assert_eq!(by_name, Some(entry));
            }
            let again = Catalogue::from_entries(Digest::of(bytes), entries).expect("all differ");
            assert_eq!(again.entries(), catalogue.entries());
        },
    }
    .run();
}

/// A memory that was damaged is none; one that somebody sealed anew is read without harm.
#[test]
fn memory() {
    let place = Place::new();
    for number in 0..1_010 {
        place.write(
            &format!("p/c{number}.connection.json"),
            &format!(r#"{{"name": "C{number}", "provider": "gmail", "root_folder": false}}"#),
        );
    }
    // What changed just before an export is not remembered.
    std::thread::sleep(Duration::from_millis(2_100));
    let cache = place.path("cache");
    let made = place
        .command()
        .args(["export", "p", "--for", "external", "-o", "p.zip"])
        .env("XDG_CACHE_HOME", &cache)
        .output()
        .expect("it starts");
    assert_eq!(
        made.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut remembered = Vec::new();
    let mut folders = vec![cache];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => remembered.push(fs::read(path).expect("a file")),
            }
        }
    }
    let sealed = |body: &[u8]| [body, Digest::of(body).as_bytes()].concat();
    remembered.retain(|bytes| {
        bytes
            .split_last_chunk::<32>()
            .is_some_and(|(body, _)| sealed(body) == *bytes)
    });
    assert_eq!(
        remembered.len(),
        2,
        "what is known of files, and what the export came to"
    );
    let seeds: Vec<Vec<u8>> = remembered
        .iter()
        .map(|whole| whole[..whole.len() - 32].to_vec())
        .collect();
    let stamp = FileStat {
        size: 0,
        modified: 0,
        changed: 0,
        inode: 0,
        device: 0,
    };
    let files = HandedOverFiles {
        package: stamp,
        record: stamp,
    };
    let basis: Basis =
        serde_json::from_value(Digest::of(b"basis").to_string().into()).expect("a basis");
    let parse = |bytes: &[u8]| {
        let known = ExportCache::parse(bytes, "any", stamp).is_some();
        let came_to = LastExport::parse(bytes, "any", basis, files).is_some();
        known || came_to
    };
    Target {
        name: "memory",
        seeds: seeds
            .iter()
            .flat_map(|body| [body.clone(), body[..body.len().min(2_000)].to_vec()])
            .collect(),
        words: &[
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\0",
            b"\x7f",
            b"..",
            b"/",
        ],
        check: &|bytes| {
            for (body, whole) in seeds.iter().zip(&remembered) {
                if bytes != body {
                    let damaged = [bytes, &whole[body.len()..]].concat();
                    assert!(!parse(&damaged));
                }
            }
            parse(&sealed(bytes));
        },
    }
    .run();
}
