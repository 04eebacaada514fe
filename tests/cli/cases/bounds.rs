//! What is opened is bounded: in kind, in memory, in names, in who may look.

use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Place, place_with};

/// A pipe that nobody writes to would be waited for until somebody kills the program.
#[test]
fn pipes_are_refused_at_once() {
    let place = place_with(&["partner"]);
    for arguments in [
        "check partner --for customer --catalog pipe",
        "check --manifest pipe",
        "sign partner --key pipe",
        "show pipe",
        "workspace list --platform pipe",
    ] {
        let script = format!("mkfifo pipe 2>/dev/null; exec timeout 20 $RECIPACK {arguments}");
        let output = place
            .shell(&script)
            .env("RECIPACK", env!("CARGO_BIN_EXE_recipack"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments}: {told}");
        assert!(
            told.contains("is not a") || told.contains("it is no file"),
            "{arguments}: {told}"
        );
    }
}

#[test]
fn json_of_too_many_values_is_refused_within_bounds() {
    let place = Place::new();
    let text = format!("{{\"name\":\"a\",\"x\":[{}0]}}", "0,".repeat(4_000_000));
    place.write("p/a.recipe.json", &text);
    let output = place
        .shell("ulimit -v 262144; exec $RECIPACK --threads 1 check p --for external")
        .env("RECIPACK", env!("CARGO_BIN_EXE_recipack"))
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("values and keys, which is too much to read"),
        "{told}"
    );
}

#[test]
fn a_platform_is_private_and_has_one_name() {
    let place = Place::new();
    let list = ["workspace", "list", "--platform", "new/below/p.db"];
    let create = [
        "workspace",
        "create",
        "w",
        "--kind",
        "external",
        "--platform",
        "new/below/p.db",
    ];
    let created = place.run(create);
    assert_eq!(created.code, 0, "{}", created.stderr);
    for (path, mode) in [
        ("new", 0o700),
        ("new/below", 0o700),
        ("new/below/p.db", 0o600),
        ("new/below/p.db.lock", 0o600),
    ] {
        let metadata = fs::metadata(place.path(path)).expect("there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{path}");
    }
    fs::hard_link(place.path("new/below/p.db"), place.path("other.db")).expect("linked");
    let refused = place.run(list);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("more than one name"),
        "{}",
        refused.stderr
    );
    fs::remove_file(place.path("other.db")).expect("there");
    assert_eq!(place.run(list).code, 0);
}

/// Whatever is damaged: connectors, which it looks into, and files that it only lists.
#[test]
fn show_tells_that_data_are_damaged() {
    let place = place_with(&["partner"]);
    let made = place.run(["export", "partner", "--for", "external", "-o", "p.zip"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let whole = fs::read(place.path("p.zip")).expect("there");
    let shown = place.run(["show", "p.zip"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for name in [
        "ledger_sync.custom_adapter.json",
        "Functions/quote_shipping.recipe.json",
    ] {
        let mut bytes = whole.clone();
        let at = bytes
            .windows(name.len())
            .position(|part| part == name.as_bytes())
            .expect("packed");
        bytes[at + name.len() + 20] ^= 0x10;
        fs::write(place.path("p.zip"), bytes).expect("written");
        let shown = place.run(["show", "p.zip"]);
        assert_eq!(shown.code, 1, "{name}: {}", shown.stdout);
        assert!(shown.stderr.contains(name), "{name}: {}", shown.stderr);
        assert_eq!(shown.stdout, "");
    }
}

/// Runs the program within 256 MiB of addresses, and gives its code and what it told.
fn within_bounds(place: &Place, arguments: &str) -> (Option<i32>, String) {
    let script =
        format!("ulimit -v 262144; exec timeout 60 $RECIPACK --threads 1 {arguments} 2>&1");
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

/// Every folder above a file is known by its whole path, so deep ones cost the square of their depth.
#[test]
fn long_and_deep_names_are_refused_within_bounds() {
    let place = Place::new();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for file in 0..37 {
        let folders: String = (0..31)
            .map(|at| format!("{file:0>200}{at:0>50}/"))
            .collect();
        writer
            .start_file(format!("{folders}a.recipe.json"), options)
            .expect("a name");
        writer.write_all(b"{}").expect("written");
    }
    let bytes = writer.finish().expect("written").into_inner();
    fs::write(place.path("p.zip"), bytes).expect("written");
    super::memory::create_workspace(&place);
    for (arguments, code) in [
        ("verify p.zip", 4),
        ("show p.zip", 1),
        ("check p.zip --for external", 1),
        ("import p.zip --into local:w --yes", 1),
    ] {
        let (found, told) = within_bounds(&place, arguments);
        assert_eq!(found, Some(code), "{arguments}: {told}");
        assert!(
            told.contains("length of its folders' paths in all is"),
            "{arguments}: {told}"
        );
    }
}

/// The same as a folder, which nothing packed.
#[test]
fn long_and_deep_folders_are_refused_within_bounds() {
    let place = Place::new();
    for file in 0..170 {
        let folders: String = (0..14)
            .map(|at| format!("{file:0>200}{at:0>50}/"))
            .collect();
        place.write(&format!("deep/{folders}a.recipe.json"), "{}");
    }
    for command in [
        "show deep",
        "check deep --for external",
        "export deep --for external -o p.zip",
    ] {
        let (code, told) = within_bounds(&place, command);
        assert_eq!(code, Some(1), "{command}: {told}");
        assert!(
            told.contains("error[archive-limit]: deep is no project that can be read")
                && told.contains("length of its folders' paths in all is"),
            "{command}: {told}"
        );
    }
    assert!(!place.path("p.zip").exists());
}

/// A file has as many findings as it has values, at most, and each has its place in it.
#[test]
fn many_findings_in_one_file_take_no_longer_each_than_few() {
    let place = Place::new();
    let entries: Vec<String> = (0..20_000)
        .map(|at| format!(r#"{{"keyword":"application","provider":"p{at}","account_id":{{"zip_name":"c{at}.connection.json","name":"c","folder":""}}}}"#))
        .collect();
    let recipe = format!(
        r#"{{"name":"a","version":1,"code":{{"number":0,"keyword":"trigger","provider":"clock","name":"s","block":[]}},"config":[{}]}}"#,
        entries.join(",")
    );
    place.write("p/a.recipe.json", &recipe);
    let (code, told) = within_bounds(&place, "check p --for external");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("20000 notes"), "{told}");
}

#[test]
fn what_never_ends_is_no_ignore_file() {
    let place = place_with(&["partner"]);
    for name in [".workato-ignore", ".wkignore"] {
        let path = place.path("partner").join(name);
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink("/dev/zero", &path).expect("linked");
        let (_, told) = within_bounds(&place, "check partner --for external");
        assert!(
            told.contains("it is a symbolic link, which is not followed"),
            "{name}: {told}"
        );
        fs::remove_file(path).expect("there");
    }
}

#[test]
fn devices_are_refused_at_once() {
    let place = place_with(&["partner"]);
    for arguments in [
        "show /dev/zero",
        "check --manifest /dev/zero",
        "check partner --for customer --catalog /dev/zero",
    ] {
        let (code, told) = within_bounds(&place, arguments);
        assert_eq!(code, Some(1), "{arguments}: {told}");
        assert!(told.contains("file"), "{arguments}: {told}");
    }
}

/// A syntax tree takes some hundred bytes for each word of a source.
#[test]
fn a_source_of_too_many_words_is_left_alone_within_bounds() {
    let place = place_with(&["partner"]);
    let path = place.path("partner/parcel_tracker.custom_adapter.rb");
    let source = fs::read_to_string(&path).expect("a source");
    fs::write(&path, format!("{source}\n[{}1]\n", "a, ".repeat(3_000_000))).expect("written");
    let (code, told) = within_bounds(&place, "check partner --for external --verbose");
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("it can't be told whether the packaged v7 of"),
        "{told}"
    );
}
