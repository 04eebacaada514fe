//! Memory is bounded as the page on limits says, whatever a package is made of: by its largest file,
//! and by so much for each file. How many findings there are does not count. `benches/memory.py` holds
//! every command to it at the limits themselves.

use std::fs;
use std::io::{Cursor, Write as _};

use crate::support::Place;

const KIB: u64 = 1 << 10;
/// How much of 64 MiB is not taken by the program itself.
const FREE: u64 = 44 << 20;
/// What a file takes that says little: as many as there may be have room in 64 MiB, but for what is
/// known of them.
const OF_A_FILE: u64 = FREE / 25_000;
/// Addresses that are taken and never touched: stacks, caches, memory in reserve.
const BESIDE: u64 = 10 << 20;
/// So many files take more than what is beside them.
const FILES: u64 = 5_000;

/// The commands that open a package, and how they end where nothing is wrong with it.
const COMMANDS: [&str; 7] = [
    "check p.zip --for external",
    "show p.zip",
    "export p.zip --for external -o o.zip",
    "verify p.zip",
    "plan p.zip --into local:w",
    "import p.zip --into local:w --yes",
    "diff p.zip one.zip",
];

fn package(place: &Place, name: &str, files: impl Iterator<Item = (String, String)>) {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        writer.start_file(name, options).expect("a name");
        writer.write_all(text.as_bytes()).expect("written");
    }
    let bytes = writer.finish().expect("written").into_inner();
    fs::write(place.path(name), bytes).expect("written");
}

fn recipe(number: u64, config: &str) -> String {
    format!(
        r#"{{"name":"R{number}","version":1,"code":{{"number":0,"keyword":"trigger","provider":"clock","name":"s","as":"a","block":[]}},"config":[{config}]}}"#
    )
}

/// Runs the program with so many bytes of addresses, and gives its code and what it told.
fn within(place: &Place, bytes: u64, arguments: &str) -> (Option<i32>, String) {
    let script = format!(
        "ulimit -v {}; exec timeout 60 $RECIPACK --threads 1 --quiet {arguments} 2>&1 >/dev/null",
        bytes / KIB
    );
    let output = place
        .shell(&script)
        .env("RECIPACK", env!("CARGO_BIN_EXE_recipack"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("RECIPACK_PLATFORM", place.path("p.db"))
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), told)
}

/// An empty workspace `w` in a new platform `p.db`.
pub(super) fn create_workspace(place: &Place) {
    let _ = fs::remove_file(place.path("p.db"));
    let created = place.run([
        "workspace",
        "create",
        "w",
        "--kind",
        "external",
        "--platform",
        "p.db",
    ]);
    assert_eq!(created.code, 0, "{}", created.stderr);
}

/// How many bytes of addresses a command takes for a package of one file: those of the program itself,
/// most of which it never touches.
fn least(place: &Place) -> u64 {
    const STEP: u64 = 1 << 20;
    let (mut fails, mut works) = (8 * STEP, 512 * STEP);
    while works - fails > STEP {
        let middle = (works + fails) / 2 / STEP * STEP;
        match within(place, middle, "check one.zip --for external") {
            (Some(0), _) => works = middle,
            _ => fails = middle,
        }
    }
    works
}

/// Makes a package of many files, and lets every command open it within what the page says. `codes` are
/// those that the commands end with.
fn holds(codes: [i32; 7], file: impl Fn(u64) -> (String, String)) {
    let place = Place::new();
    package(&place, "p.zip", (0..FILES).map(file));
    let one = ("a.recipe.json".to_owned(), recipe(0, ""));
    package(&place, "one.zip", [one].into_iter());
    create_workspace(&place);
    let allowed = least(&place) + BESIDE + FILES * OF_A_FILE;
    for (command, code) in COMMANDS.iter().zip(codes) {
        let (found, told) = within(&place, allowed, command);
        let told: String = told.chars().take(2_000).collect();
        assert_eq!(found, Some(code), "{command} in {allowed} bytes: {told}");
    }
}

#[test]
fn of_many_recipes() {
    holds([0; 7], |number| {
        let folder = number / 100;
        let path = format!("folder {folder}/recipe {number}.recipe.json");
        (path, recipe(number, ""))
    });
}

#[test]
fn of_many_long_names() {
    holds([0; 7], |number| {
        let path = format!("{number:n>230}.recipe.json");
        (path, recipe(number, ""))
    });
}

#[test]
fn of_many_files_that_are_no_assets() {
    holds([1, 0, 1, 0, 0, 0, 0], |number| {
        (format!("{number:0>8}.txt"), "x".to_owned())
    });
}

#[test]
fn of_many_folders() {
    holds([0; 7], |number| {
        let path = format!("folder {number}/a.recipe.json");
        (path, recipe(number, ""))
    });
}

#[test]
fn of_many_findings() {
    holds([0; 7], |number| {
        let config = format!(
            r#"{{"keyword":"application","provider":"gmail","skip_validation":false,"account_id":{{"zip_name":"gone {number}.connection.json","name":"Gone {number}","folder":""}}}}"#
        );
        let path = format!("{number}.recipe.json");
        (path, recipe(number, &config))
    });
}

#[test]
fn of_many_broken_files() {
    holds([1, 0, 1, 4, 1, 1, 0], |number| {
        (format!("{number}.recipe.json"), "{".to_owned())
    });
}

#[test]
fn of_many_connections() {
    holds([0; 7], |number| {
        let text = format!(r#"{{"name":"C{number}","provider":"gmail","root_folder":false}}"#);
        (format!("{number}.connection.json"), text)
    });
}

/// The records of an archive without anything in it, as many as there are names.
fn records(names: impl Iterator<Item = String>) -> Vec<u8> {
    fn u16s(into: &mut Vec<u8>, values: &[u16]) {
        values
            .iter()
            .for_each(|value| into.extend(value.to_le_bytes()));
    }
    fn u32s(into: &mut Vec<u8>, values: &[u32]) {
        values
            .iter()
            .for_each(|value| into.extend(value.to_le_bytes()));
    }
    fn u64s(into: &mut Vec<u8>, values: &[u64]) {
        values
            .iter()
            .for_each(|value| into.extend(value.to_le_bytes()));
    }
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    let mut count = 0;
    for name in names {
        let length = u16::try_from(name.len()).expect("short");
        let at = u32::try_from(bytes.len()).expect("small");
        bytes.extend(b"PK\x03\x04");
        u16s(&mut bytes, &[20, 0, 0, 0, 33]);
        u32s(&mut bytes, &[0, 0, 0]);
        u16s(&mut bytes, &[length, 0]);
        bytes.extend(name.as_bytes());
        directory.extend(b"PK\x01\x02");
        u16s(&mut directory, &[0x0314, 20, 0, 0, 0, 33]);
        u32s(&mut directory, &[0, 0, 0]);
        u16s(&mut directory, &[length, 0, 0, 0, 0]);
        u32s(&mut directory, &[0o100_644 << 16, at]);
        directory.extend(name.as_bytes());
        count += 1;
    }
    let (start, size) = (bytes.len() as u64, directory.len() as u64);
    bytes.extend(directory);
    let end = bytes.len() as u64;
    bytes.extend(b"PK\x06\x06");
    u64s(&mut bytes, &[44]);
    u16s(&mut bytes, &[45, 45]);
    u32s(&mut bytes, &[0, 0]);
    u64s(&mut bytes, &[count, count, size, start]);
    bytes.extend(b"PK\x06\x07");
    u32s(&mut bytes, &[0]);
    u64s(&mut bytes, &[end]);
    u32s(&mut bytes, &[1]);
    bytes.extend(b"PK\x05\x06");
    u16s(&mut bytes, &[0, 0, u16::MAX, u16::MAX]);
    u32s(&mut bytes, &[u32::MAX, u32::MAX]);
    u16s(&mut bytes, &[0]);
    bytes
}

#[test]
fn of_what_is_refused_for_its_names_and_their_number() {
    let place = Place::new();
    let many = |count: u64, width: usize| (0..count).map(move |at| format!("{at:0>width$}.txt"));
    for (what, names, told) in [
        (
            "more files than there may be",
            records(many(25_001, 8)),
            "its number of entries is 25001",
        ),
        (
            "longer names than there may be",
            records(many(14_100, 220)),
            "its length of its files' paths in all is 3145",
        ),
        (
            "two files of one name after very many others",
            records(many(8_899, 230).chain(many(1, 230))),
            "occurs twice",
        ),
    ] {
        fs::write(place.path("p.zip"), names).expect("written");
        for (command, code) in COMMANDS.iter().zip([1, 1, 1, 4]) {
            let (found, said) = within(&place, 256 << 20, command);
            assert_eq!(found, Some(code), "{what}: {command}: {said}");
            assert!(said.contains(told), "{what}: {command}: {said}");
        }
    }
}

/// Few files can say as much as very many.
#[test]
fn of_what_is_refused_for_what_its_assets_say() {
    let place = Place::new();
    let named = (0..170).map(|number| {
        let name = "n".repeat(200_000);
        let text = format!(r#"{{"name":"{name}{number}","provider":"gmail","root_folder":false}}"#);
        (format!("{number}.connection.json"), text)
    });
    package(&place, "p.zip", named);
    let one = ("a.recipe.json".to_owned(), recipe(0, ""));
    package(&place, "one.zip", [one].into_iter());
    create_workspace(&place);
    for (command, code) in COMMANDS.iter().zip([1, 0, 1, 0, 1, 1, 1]) {
        let (found, said) = within(&place, 256 << 20, command);
        assert_eq!(found, Some(code), "{command}: {said}");
        assert!(
            code == 0
                || said.contains("its assets' names, references and applications take in all")
                    && said.contains("divide it: "),
            "{command}: {said}"
        );
    }
}

/// Files that are many values take far more than their length.
#[test]
fn of_several_files_of_very_many_values() {
    let place = Place::new();
    let values = (0..6).map(|number| {
        let text = recipe(number, "");
        let (start, _) = text.rsplit_once('}').expect("an object");
        let text = format!(r#"{start},"x":[{}0]}}"#, "0,".repeat(990_000));
        (format!("{number}.recipe.json"), text)
    });
    package(&place, "p.zip", values);
    let one = ("a.recipe.json".to_owned(), recipe(0, ""));
    package(&place, "one.zip", [one].into_iter());
    let allowed = least(&place) + FREE + 4 * 2_000_000;
    let (found, said) = within(&place, allowed, "check p.zip --for external");
    assert_eq!(found, Some(0), "{allowed} bytes: {said}");
}

/// Files of a folder count as those of a package, if they can be assets'.
#[test]
fn of_folders_that_are_refused() {
    let place = Place::new();
    let deep: Vec<String> = (0..12).map(|level| format!("{level:0>240}")).collect();
    let folder = place.path("p").join(deep.join("/"));
    fs::create_dir_all(&folder).expect("made");
    for number in 0..1_050 {
        let path = folder.join(format!("{number:0>100}.recipe.json"));
        fs::write(path, "").expect("written");
    }
    for command in ["check p --for external", "show p"] {
        let (found, told) = within(&place, 256 << 20, command);
        assert_eq!(found, Some(1), "{command}: {told}");
        assert!(
            told.contains("its length of its files' paths in all is 3154200"),
            "{command}: {told}"
        );
    }
}

/// What lies beside a project's files is bounded likewise.
#[test]
fn of_folders_that_hold_very_much_beside() {
    let place = Place::new();
    let deep: Vec<String> = (0..10).map(|level| format!("{level:0>240}")).collect();
    let folder = place.path("p").join(deep.join("/"));
    fs::create_dir_all(&folder).expect("made");
    fs::write(place.path("p").join("a.recipe.json"), recipe(0, "")).expect("written");
    for number in 0..1_700 {
        fs::write(folder.join(format!("{number:0>100}.txt")), "").expect("written");
    }
    let (found, told) = within(&place, 256 << 20, "check p --for external");
    assert_eq!(found, Some(1), "{told}");
    assert!(
        told.contains("its length of the paths of files that can't be an asset's is ")
            && told.contains("name the folders that hold them in .workato-ignore"),
        "{told}"
    );
}
