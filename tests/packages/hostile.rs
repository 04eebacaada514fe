//! Agreement with a collection of hostile and of real archives, where one lies beside the
//! project; without it there is nothing to compare with and the tests pass.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use recipack::archive::{Archive, ArchiveError, Limits};

/// Rows that either verdict would suit, and ours with the reason.
const POLICY: &[(&str, Verdict, &str)] = &[
    (
        "go/go-with-datadesc-sig.zip",
        Refused("descriptor-stored"),
        "a streaming reader can't find the end of a stored entry with a descriptor",
    ),
    (
        "libarchive/test_basic.zip",
        Accepted,
        "size without compressed size beside a descriptor is what bsdtar and zip write to a pipe",
    ),
    (
        "libarchive/test_read_format_zip_7075_utf8_paths.zip",
        Refused("extra-malformed"),
        "two names for one entry",
    ),
    (
        "libarchive/test_read_format_zip_with_invalid_traditional_eocd.zip",
        Refused("disk"),
        "the end record says disk 65535, which some readers believe",
    ),
    (
        "libzip/incons-ef-local-id.zip",
        Accepted,
        "extra fields that mean nothing here may differ between the headers",
    ),
    (
        "libzip/streamed-zip64.zip",
        Refused("special-file"),
        "marked as a pipe, which some readers create",
    ),
    (
        "malo/accept/data_descriptor.zip",
        Refused("header-mismatch"),
        "the headers' flags differ",
    ),
    (
        "malo/accept/data_descriptor_zip64.zip",
        Refused("header-mismatch"),
        "the headers' flags differ",
    ),
    (
        "malo/iffy/crc_collision_empty_nonempty.zip",
        Accepted,
        "well-formed; a CRC is no identity here",
    ),
    (
        "malo/iffy/crc_collision_two_nonempty.zip",
        Accepted,
        "well-formed; a CRC is no identity here",
    ),
    (
        "own/bomb_nested.zip",
        Accepted,
        "nested archives are data and never opened",
    ),
    (
        "own/collide_case_dir.zip",
        Accepted,
        "the platform has folders that differ in case only (platform.md §11)",
    ),
    (
        "own/dd_64.zip",
        Refused("descriptor-mismatch"),
        "nothing tells a streaming reader that the descriptor is long",
    ),
    (
        "own/ex_unicode_path_same.zip",
        Accepted,
        "the second name is the same; jszip writes this",
    ),
    (
        "own/name_21_device.zip",
        Accepted,
        "folders carry display names, and this may be one",
    ),
    (
        "own/name_22_device_with_extension.zip",
        Accepted,
        "the same; it is told as hard to store",
    ),
    (
        "own/name_23_device_in_subdirectory.zip",
        Accepted,
        "the same",
    ),
    ("own/name_24_superscript_device.zip", Accepted, "the same"),
    (
        "own/name_25_trailing_dot.zip",
        Accepted,
        "\"Acme Inc.\" is a display name",
    ),
    (
        "own/name_26_trailing_space.zip",
        Accepted,
        "real folder names end so (platform.md §11)",
    ),
    (
        "own/name_27_alternate_data_stream.zip",
        Accepted,
        "real folder names hold colons (platform.md §11)",
    ),
    (
        "own/name_28_wildcard.zip",
        Accepted,
        "a display name; only writing it to some disks is a problem",
    ),
    (
        "own/name_29_pipe.zip",
        Accepted,
        "real folder names hold it (platform.md §11)",
    ),
    (
        "own/name_35_tilde.zip",
        Accepted,
        "only a shell gives it a meaning",
    ),
    (
        "own/name_36_leading_dash.zip",
        Accepted,
        "only a command line gives it a meaning",
    ),
    (
        "own/name_37_hidden_VCS_hook.zip",
        Accepted,
        "safe to keep; whoever writes to a disk decides",
    ),
    (
        "own/ok_empty.zip",
        Refused("no-entries"),
        "an export of nothing is a mistake better found here",
    ),
    (
        "writers/bsdtar-pipe.zip",
        Refused("zero-padding"),
        "bytes after the end record; the hint says how to avoid them",
    ),
    (
        "zip2/zip64_demo.zip",
        Refused("zip64-record"),
        "the zip64 end record is not where the locator's place says",
    ),
];

/// Archives that are sound and hold JSON that is not: they open, and the JSON reader refuses them.
const LEFT_TO_THE_JSON_READER: &[&str] = &[
    "own/json_1e999.zip",
    "own/json_bom.zip",
    "own/json_depth_100k.zip",
    "own/json_depth_objects.zip",
    "own/json_dup_key.zip",
    "own/json_invalid_utf8.zip",
    "own/json_lone_surrogate.zip",
    "own/json_nan.zip",
    "own/json_trailing.zip",
];

use Verdict::{Accepted, Refused};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Accepted,
    /// With this code.
    Refused(&'static str),
}

fn shared(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(folder)
}

/// Opens an archive and reads all of it.
fn judge(path: &Path) -> Result<usize, ArchiveError> {
    let archive = Archive::open(path, &Limits::default())?;
    let mut reader = archive.reader();
    let mut data = Vec::new();
    for entry in archive.entries() {
        reader.read(entry, &mut data)?;
        assert_eq!(data.len() as u64, entry.size());
    }
    Ok(archive.entries().len())
}

fn verdict(path: &Path) -> Verdict {
    match judge(path) {
        Ok(_) => Accepted,
        Err(error) => Refused(error.code()),
    }
}

#[test]
#[cfg_attr(not(hostile_archives), ignore = "needs archives in ../shared/hostile")]
fn every_sample_is_judged_as_its_label_says() {
    let folder = shared("hostile");
    let index = fs::read_to_string(folder.join("index.tsv")).expect("an index beside the samples");
    let mut wrong = String::new();
    let mut policy = 0;
    let mut json = 0;
    for row in index.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [name, label, rule, what, ..] = fields[..] else {
            panic!("a row of the index has too few fields: {row}");
        };
        let found = verdict(&folder.join(name));
        let right = match label {
            "accept" => found == Accepted,
            "reject" if LEFT_TO_THE_JSON_READER.contains(&name) => {
                json += 1;
                rule == "json" && found == Accepted
            }
            "reject" => {
                matches!(found, Refused(code) if !["open", "read", "not-a-file"].contains(&code))
            }
            "policy" => {
                policy += 1;
                POLICY
                    .iter()
                    .any(|(policy, ours, _)| *policy == name && *ours == found)
            }
            _ => false,
        };
        if !right {
            let _ = writeln!(wrong, "{name} ({label}, {rule}: {what}): {found:?}");
        }
    }
    assert!(wrong.is_empty(), "judged otherwise:\n{wrong}");
    assert_eq!(policy, POLICY.len(), "rows with a verdict of ours");
    assert_eq!(json, LEFT_TO_THE_JSON_READER.len());
}

/// An import by the program itself, within 256 MB and 30 seconds. The platform's file has to stay as it is
/// where the import is refused.
#[test]
#[cfg_attr(not(hostile_archives), ignore = "needs archives in ../shared/hostile")]
fn an_import_takes_what_is_accepted_and_nothing_else() {
    let folder = shared("hostile");
    let place = crate::support::Place::new();
    let run = |script: &str, archive: &Path| {
        let output = place
            .shell(script)
            .env("RECIPACK", env!("CARGO_BIN_EXE_recipack"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("RECIPACK_PLATFORM", place.path("p.db"))
            .env("ARCHIVE", archive)
            .output()
            .expect("it starts");
        crate::support::Run::from(output)
    };
    let created = run("$RECIPACK workspace create w --kind external", &folder);
    assert_eq!(created.code, 0, "{}", created.stderr);
    let index = fs::read_to_string(folder.join("index.tsv")).expect("an index beside the samples");
    let mut wrong = String::new();
    for row in index.lines().skip(1) {
        let mut fields = row.split('\t');
        let (Some(name), Some(label)) = (fields.next(), fields.next()) else {
            panic!("a row of the index has too few fields: {row}");
        };
        let before = fs::read(place.path("p.db")).expect("there");
        let import = run(
            "ulimit -v 262144; exec timeout 30 $RECIPACK --threads 1 import \"$ARCHIVE\" --into local:w --json",
            &folder.join(name),
        );
        let told = match import.code {
            0 => label != "reject",
            1 => label != "accept" && import.stdout.contains("\"code\""),
            _ => false,
        };
        let kept = import.code == 0 || fs::read(place.path("p.db")).expect("there") == before;
        if !told || !kept {
            let _ = writeln!(wrong, "{name} ({label}): {} {}", import.code, import.stderr);
        }
    }
    assert!(wrong.is_empty(), "imported otherwise:\n{wrong}");
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn what_the_platform_writes_is_accepted() {
    let folder = shared("corpus");
    let mut seen = 0;
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).expect("a readable folder") {
            let path = item.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "zip") {
                let entries = judge(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                assert!(entries > 0);
                seen += 1;
            }
        }
    }
    assert!(seen >= 20, "only {seen} packages were found");
}
