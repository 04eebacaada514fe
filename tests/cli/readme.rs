//! README.md and the pages of `docs` are true: their commands run and print what they show, their
//! links lead somewhere, and their tables are the code's.
//!
//! A `console` block holds commands after `$ ` with what they print, stdout and stderr together; a
//! line `…` stands for any lines. An `sh` block holds commands alone. All of a page run in their
//! order in a copy of the fixtures. A command has to succeed, unless it ends with `; echo $?`, which
//! shows how it ended.
//!
//! `RECIPACK_README=write cargo test --test cli readme` puts the real output into the blocks that show
//! it whole.

use std::fmt::Write as _;
use std::fs;

use crate::support::console::{Command, commands, is_shown, run};
use crate::support::{Place, Run, copy, fixture, root};
use recipack::cli::Exit;
use recipack::model::finding::{Code, Severity};

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The front page and the pages behind it.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).expect("a folder");
    let names = docs.map(|entry| entry.expect("an entry").file_name());
    let mut paths: Vec<String> = names
        .map(|name| format!("docs/{}", name.to_str().expect("UTF-8")))
        .collect();
    paths.sort_unstable();
    paths.insert(0, "README.md".to_owned());
    paths
}

#[test]
fn the_front_page_is_short_and_begins_with_the_main_job() {
    let text = page("README.md");
    assert!(text.lines().count() <= 250, "README.md is too long");
    let commands = commands(&text);
    assert!(
        commands
            .first()
            .is_some_and(|first| first.text.starts_with("cargo run -- export")),
        "the first command is the main job"
    );
    assert!(
        commands
            .iter()
            .any(|command| command.text == "cargo test --locked")
    );
}

/// What GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(kept)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn links_lead_to_what_is_there() {
    let mut behind: Vec<String> = pages();
    for from in pages() {
        let text = page(&from);
        let folder = root().join(&from).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().expect("a part");
            if link.starts_with("https://") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => root().join(&from),
                path => folder.join(path),
            };
            assert!(target.exists(), "{from}: {link}");
            let there = target.canonicalize().expect("it is there");
            behind.retain(|page| root().join(page).canonicalize().expect("there") != there);
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).expect("a page");
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                assert!(
                    headings.any(|line| anchor(line) == heading),
                    "{from}: {link}"
                );
            }
        }
    }
    assert!(behind.is_empty(), "no link leads to {behind:?}");
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
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let pages = pages();
        let runs: Vec<_> = pages
            .into_iter()
            .map(|path| scope.spawn(move || what_is_wrong(&path)))
            .collect();
        let all = runs
            .into_iter()
            .flat_map(|run| run.join().expect("it ends"));
        all.collect()
    });
    assert!(wrong.is_empty(), "no longer true:\n\n{}", wrong.join("\n"));
}

/// The commands of a page that end or print otherwise than it shows.
fn what_is_wrong(path: &str) -> Vec<String> {
    let place = Place::new();
    copy(&fixture(""), &place.path("fixtures"));
    let text = page(path);
    let commands = commands(&text);
    let lines: Vec<&str> = text.lines().collect();
    let (mut wrong, mut written, mut copied) = (Vec::new(), String::new(), 0);
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
            wrong.push(format!(
                "{path}:{line}: {text}\nends with {code} and prints\n{stdout}"
            ));
        }
        if let (true, Some(shown)) = (command.shows_all(), &command.shown) {
            write(&lines[copied..command.line]);
            write(&printed);
            copied = command.line + shown.len();
        }
    }
    write(&lines[copied..]);
    if std::env::var("RECIPACK_README").is_ok_and(|word| word == "write") {
        fs::write(root().join(path), written).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    wrong
}

#[test]
fn paths_of_the_source_are_there() {
    for path in ["docs/architecture.md", "CONTRIBUTING.md"] {
        let text = page(path);
        let named = text.split('`').skip(1).step_by(2);
        let named: Vec<&str> = named
            .filter(|word| {
                ["src/", "tests/", "docs/", "fixtures/"]
                    .iter()
                    .any(|at| word.starts_with(at))
            })
            .filter(|word| !word.contains("CODE"))
            .collect();
        assert!(named.len() > 10, "{path} names no paths");
        for word in named {
            assert!(root().join(word).exists(), "{path}: {word}");
        }
    }
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
    assert_eq!(rows(&page("docs/findings.md"), "## Findings"), expected);
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_code() {
    let expected: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("| {} | {} |", exit.code(), exit.meaning()))
        .collect();
    assert_eq!(rows(&page("docs/findings.md"), "## Exit codes"), expected);
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
    let text = page("docs/files.md");
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
            "address" => "'local:orders'",
            "min-soak" => "'24h'",
            "\"TITLE\"" => "'include'",
            "\"CODE\"" => "'note'",
            "TYPE" => "'.*'",
            "allow" => {
                "[{ code = 'raw-id', fingerprint = '0123456789abcdef', reason = 'so it is' }]"
            }
            "settings" => "{ all = { folder = 'Orders' } }",
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
        (
            "environments.NAME",
            "[environments.NAME]\naddress = 'local:orders'",
        ),
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
    use recipack::archive;
    use recipack::archive::signature;
    use recipack::io::limited;
    use recipack::model::path;
    use recipack::source::ignored;
    use recipack::{connector_source, json};

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
        name_bytes,
        folder_bytes,
        beside,
        beside_bytes,
        fact_bytes,
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
        ("the paths of its files in all", bytes(name_bytes)),
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
            "the paths of all folders of a package or project",
            bytes(folder_bytes),
        ),
        (
            "files of a project's folder that can't be an asset's",
            format!("{}; paths of {}", grouped(beside), bytes(beside_bytes)),
        ),
        (
            "what is known of all assets: names, references, applications, credentials",
            bytes(fact_bytes),
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
                bytes(connector_source::MAX_SOURCE as u64),
                grouped(connector_source::MAX_WORDS as u64)
            ),
        ),
        (
            "a record, plan, lock, manifest or catalogue",
            bytes(limited::DOCUMENT),
        ),
        (
            "an ignore file or a client's settings",
            format!(
                "{}; {} rules of {}",
                bytes(ignored::BYTES),
                grouped(ignored::RULES as u64),
                bytes(ignored::PATTERN_BYTES as u64)
            ),
        ),
        (
            "a file of rows",
            format!(
                "{}; {} rows",
                bytes(recipack::settings::rows::MOST_BYTES),
                grouped(recipack::settings::rows::MOST_ROWS)
            ),
        ),
        ("a key or signature", bytes(signature::LONGEST)),
        (
            "a manifest, or a list of what is attached, in a registry",
            bytes(recipack::registry::LARGEST_MANIFEST),
        ),
    ]
    .map(|(what, most)| format!("| {what} | {most} |"));
    assert_eq!(rows(&page("docs/limits.md"), "## Limits"), expected);
}
