//! README.md is true: its commands run and print what it shows, and its tables are the code's.
//!
//! A `console` block holds commands after `$ ` with what they print, stdout and stderr together; a
//! line `…` stands for any lines. An `sh` block holds commands alone. All run in their order in
//! one copy of the fixtures. A command has to succeed, unless it ends with `; echo $?`, which shows
//! how it ended.
//!
//! `RECIPACK_README=write cargo test --test readme` puts the real output into the blocks that show
//! it whole.

mod support;

use std::fmt::Write as _;
use std::fs;

use recipack::cli::Exit;
use recipack::model::finding::{Code, Severity};
use support::console::{Command, commands, is_shown, run};
use support::{Place, Run, copy, fixture, root};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md is there")
}

#[test]
fn dots_stand_for_any_lines_and_nothing_else_does() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(is_shown(&shown("a\n…\nd"), &["a", "b", "c", "d"]));
    assert!(is_shown(&shown("a\n…\nd"), &["a", "d"]));
    assert!(!is_shown(&shown("a\n…\nd"), &["a", "d", "e"]));
    assert!(!is_shown(&shown("a"), &["a", "b"]));
    assert!(!is_shown(&shown("a\nb"), &["a"]));
}

#[test]
fn every_command_prints_what_is_shown() {
    let place = Place::new();
    copy(&fixture(""), &place.path("fixtures"));
    let text = readme();
    let commands = commands(&text);
    assert!(
        commands
            .first()
            .is_some_and(|first| first.text.starts_with("cargo run --release -- export")),
        "the first command is the main job"
    );
    assert!(
        commands
            .iter()
            .any(|command| command.text == "cargo test --locked")
    );
    let lines: Vec<&str> = text.lines().collect();
    let (mut wrong, mut written, mut copied) = (String::new(), String::new(), 0);
    let mut write = |lines: &[&str]| {
        for line in lines {
            let _ = writeln!(written, "{line}");
        }
    };
    for command in commands.iter().filter(|command| !command.is_cargo()) {
        let run = run(&place, &command.text);
        let printed: Vec<&str> = run.stdout.lines().collect();
        let is_right = match &command.shown {
            Some(shown) => is_shown(shown, &printed),
            None => true,
        };
        if run.code != 0 || !is_right {
            let Command { line, text, .. } = command;
            let Run { code, stdout, .. } = &run;
            let _ = writeln!(
                wrong,
                "line {line}: {text}\nends with {code} and prints\n{stdout}"
            );
        }
        if let (true, Some(shown)) = (command.shows_all(), &command.shown) {
            write(&lines[copied..command.line]);
            write(&printed);
            copied = command.line + shown.len();
        }
    }
    write(&lines[copied..]);
    if std::env::var("RECIPACK_README").is_ok_and(|word| word == "write") {
        fs::write(root().join("README.md"), written).expect("README.md is written");
    }
    assert!(wrong.is_empty(), "README.md is no longer true.\n\n{wrong}");
}

/// The rows of the first table below a heading.
fn rows(text: &str, heading: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.starts_with("|--"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_table_of_findings_is_that_of_the_code() {
    let mut expected = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let codes = Code::ALL.iter().filter(|code| code.severity() == severity);
        expected
            .extend(codes.map(|code| format!("| `{code}` | {severity} | {} |", code.meaning())));
    }
    assert_eq!(rows(&readme(), "## Findings"), expected);
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_code() {
    let expected: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("| {} | {} |", exit.code(), exit.meaning()))
        .collect();
    assert_eq!(rows(&readme(), "## Exit codes"), expected);
    let help = Place::new().run(["--help"]).stdout;
    let (_, told) = help.split_once("Exit codes:").expect("help tells them");
    for exit in Exit::ALL {
        let code = exit.code().to_string();
        assert!(
            told.split(|c: char| !c.is_ascii_digit())
                .any(|number| number == code),
            "--help does not tell {code}"
        );
    }
}

#[test]
fn the_table_of_the_manifest_names_every_key_and_no_other() {
    let text = readme();
    let keys: Vec<&str> = rows(&text, "## The manifest")
        .iter()
        .filter_map(|row| {
            text.find(row.as_str())
                .and_then(|at| text[at..].split('`').nth(1))
        })
        .collect();
    let place = Place::new();
    copy(&fixture("partner"), &place.path("partner"));
    copy(&fixture("catalogs"), &place.path("catalogs"));
    let mut manifest = String::new();
    for key in &keys {
        let value = match key.rsplit('.').next().expect("a last part") {
            "name" => "'orders'",
            "project" => "'partner'",
            "limit-mb" => "7",
            "catalog" => "'catalogs/shared.json'",
            "kind" => "'customer'",
            "data-center" => "'us'",
            "\"TITLE\"" => "'include'",
            "\"CODE\"" => "'note'",
            "TYPE" => "'.*'",
            "allow" => {
                "[{ code = 'raw-id', fingerprint = '0123456789abcdef', reason = 'so it is' }]"
            }
            _ => "[]",
        };
        let key = key
            .replace("TITLE", "Parcel Tracker")
            .replace("CODE", "raw-id")
            .replace("TYPE", "recipe");
        let _ = writeln!(manifest, "{key} = {value}");
    }
    place.write("recipack.toml", &manifest);
    let run = place.run(["check", "--to", "NAME"]);
    assert_eq!(run.code, 0, "{manifest}{}", run.stderr);

    // What is said to be possible is in the table.
    let sections = [
        ("package", "[package]"),
        ("select", "[select]"),
        ("targets.NAME", "[targets.NAME]\nkind = 'customer'"),
    ];
    for (section, start) in sections {
        place.write("recipack.toml", &format!("{start}\nqqqqqqqq = 1\n"));
        let told = place.run(["manifest", "list"]).stderr;
        let (_, possible) = told.split_once("possible are ").expect("a list of keys");
        for key in possible.split('`').skip(1).step_by(2) {
            let key = match key {
                "connectors" => format!("{section}.connectors.\"TITLE\""),
                key => format!("{section}.{key}"),
            };
            assert!(keys.contains(&key.as_str()), "{key} is not in the table");
        }
    }
}

#[test]
fn the_table_of_limits_is_that_of_the_code() {
    use recipack::io::{archive, bounded, ignored, signature};
    use recipack::model::{interface, json, path};

    let bytes = |count: u64| match count {
        _ if count.is_multiple_of(1 << 30) => format!("{} GiB", count >> 30),
        _ if count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        _ if count.is_multiple_of(1 << 10) => format!("{} KiB", count >> 10),
        _ => format!("{count} bytes"),
    };
    let grouped = |count: u64| {
        let digits = count.to_string();
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| std::str::from_utf8(group).expect("digits"))
            .collect();
        groups.join(" ")
    };
    let archive::Limits {
        archive_bytes,
        directory_bytes,
        entries,
        folder_bytes,
        entry_bytes,
        total_bytes,
        ratio,
        ratio_from,
    } = archive::Limits::default();
    let large = format!(
        "an entry of more than {}, or all of them",
        bytes(ratio_from)
    );
    let expected = [
        ("a package", bytes(archive_bytes)),
        ("its entries", grouped(entries)),
        ("its central directory", bytes(directory_bytes)),
        ("its comment", bytes(archive::MAX_COMMENT as u64)),
        ("an entry", bytes(entry_bytes)),
        ("all entries together", bytes(total_bytes)),
        (&large, format!("{ratio} times what it takes compressed")),
        (
            "the name of a file or folder",
            bytes(path::MAX_PART_BYTES as u64),
        ),
        (
            "folders in each other",
            format!("{} levels", path::MAX_PARTS),
        ),
        (
            "the paths of a package's folders together",
            bytes(folder_bytes),
        ),
        (
            "values and keys of a JSON file",
            format!(
                "{}, and 1 more for each {} bytes; {}",
                grouped(json::TOKENS as u64),
                json::BYTES_A_TOKEN,
                grouped(json::MOST_TOKENS as u64)
            ),
        ),
        (
            "objects and arrays in each other",
            format!("{} levels", json::MAX_DEPTH),
        ),
        (
            "a connector's source whose actions are compared",
            format!(
                "{}; {} words and signs",
                bytes(interface::MAX_SOURCE as u64),
                grouped(interface::MAX_WORDS as u64)
            ),
        ),
        (
            "a record, plan, lock, manifest or catalogue",
            bytes(bounded::DOCUMENT),
        ),
        (
            "an ignore file or a client's settings",
            format!(
                "{}; {} for each rule",
                bytes(ignored::BYTES),
                bytes(ignored::PATTERN_BYTES as u64)
            ),
        ),
        ("a key or signature", bytes(signature::LONGEST)),
    ]
    .map(|(what, most)| format!("| {what} | {most} |"));
    assert_eq!(rows(&readme(), "## Limits"), expected);
}
