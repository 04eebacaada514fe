//! `recipack explain`: every code has a page, and what the pages show is what happens.
//!
//! A block of a page that is headed by a path is a file; `sh` and `console` blocks run among those
//! files, in their order. `RECIPACK_PAGES=write cargo test --test cli explain` puts the real output into
//! the blocks that show it whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use crate::support::console::{commands, files, is_shown, run};
use crate::support::{Place, root};
use recipack::cli::Exit;
use recipack::model::finding::{Code, Severity};
use regex::Regex;
use serde_json::Value;

/// Codes whose example can't be made of files and commands, and why not.
const ONLY_TOLD: &[(Code, &str)] = &[
    (Code::UnreadableFile, "for root every file is readable"),
    (Code::UnmarkedNames, NO_SUCH_ZIP),
    (Code::NothingToImport, NO_SUCH_ZIP),
    (
        Code::ConnectorSourceless,
        "no package without a source is made here",
    ),
    (
        Code::ConnectorSharingUnknown,
        "there is no workspace of the real platform",
    ),
    (
        Code::SettingBlocked,
        "there is no workspace of the real platform",
    ),
    (Code::ForeignFile, NO_SUCH_ZIP),
    (
        Code::PackageTooLarge,
        "a page has no room for a megabyte that can't be compressed",
    ),
];

const NO_SUCH_ZIP: &str = "no tool that is always there writes such a zip";

#[test]
fn every_page_has_its_parts() {
    let mut wrong = String::new();
    for code in Code::ALL {
        let page = code.page();
        let (what, rest) = page.split_once("\n## ").unwrap_or((page, ""));
        let headings: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        if headings != ["On the platform", "Example", "What to do"] {
            let _ = writeln!(wrong, "{code}: {headings:?}");
        }
        if what.trim().is_empty() || !page.ends_with('\n') || page.ends_with("\n\n") {
            let _ = writeln!(wrong, "{code}: it says nothing, or does not end well");
        }
        if !rest.contains("Source:") {
            let _ = writeln!(wrong, "{code}: it does not say where that is known from");
        }
        if let Some(long) = page
            .lines()
            .find(|line| line.starts_with('#') && line.len() > 60)
        {
            let _ = writeln!(wrong, "{code}: {long}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let pages = root().join("src/model/finding/pages");
    for entry in fs::read_dir(pages).expect("readable") {
        let name = entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("text");
        let code = name
            .strip_suffix(".md")
            .and_then(|code| code.parse::<Code>().ok());
        assert!(code.is_some(), "{name} is no code's");
    }
}

/// What is printed, without the line that leads to the page that shows it.
fn without_hint(printed: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = printed.lines().collect();
    if let Some(at) = lines
        .iter()
        .position(|line| line.contains("recipack explain"))
    {
        lines.drain(at..(at + 2).min(lines.len()));
    }
    lines
}

#[test]
fn the_example_of_every_page_is_what_happens() {
    let mut wrong = String::new();
    for code in Code::ALL {
        let page = code.page();
        if let Some((_, why)) = ONLY_TOLD.iter().find(|(told, _)| told == code) {
            assert!(commands(page).is_empty(), "{code} is only told: {why}");
            continue;
        }
        let place = Place::new();
        for (path, text) in files(page) {
            place.write(&path, &text);
        }
        let lines: Vec<&str> = page.lines().collect();
        let (mut told, mut written, mut copied) = (false, String::new(), 0);
        for command in commands(page) {
            let run = run(&place, &command.text);
            let printed = without_hint(&run.stdout);
            let is_right = match &command.shown {
                Some(shown) => is_shown(shown, &printed),
                None => true,
            };
            if run.code != 0 || !is_right {
                let (text, stdout) = (&command.text, &run.stdout);
                let _ = writeln!(
                    wrong,
                    "{code}: {text}\nends with {} and prints\n{stdout}",
                    run.code
                );
            }
            if let Some(shown) = &command.shown {
                // The code has to be shown, not only printed.
                told |= shown.iter().any(|line| line.contains(&format!("[{code}]")));
                if command.shows_all() {
                    lines[copied..command.line]
                        .iter()
                        .chain(&printed)
                        .for_each(|line| {
                            let _ = writeln!(written, "{line}");
                        });
                    copied = command.line + shown.len();
                }
            }
        }
        for line in &lines[copied..] {
            let _ = writeln!(written, "{line}");
        }
        if !told {
            let _ = writeln!(wrong, "{code}: its example does not show it");
        }
        if std::env::var("RECIPACK_PAGES").is_ok_and(|word| word == "write") {
            let path = root().join(format!("src/model/finding/pages/{code}.md"));
            fs::write(path, written).expect("the page is written");
        }
    }
    assert!(wrong.is_empty(), "pages are no longer true.\n\n{wrong}");
}

#[test]
fn a_page_is_printed_with_its_severity() {
    let place = Place::new();
    for code in Code::ALL {
        let run = place.run(["explain", code.as_str()]);
        let first = format!("{}[{code}]: {}", code.severity(), code.meaning());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{code}");
        assert!(run.stdout.starts_with(&first), "{code}: {}", run.stdout);
        assert!(run.stdout.contains(code.page()), "{code}");
        let run = place.run(["explain", "--json", code.as_str()]);
        let document: Value = serde_json::from_str(&run.stdout).expect("a document");
        assert_eq!(document["code"], code.as_str());
        assert_eq!(document["page"], code.page());
    }
    // As it is copied from a terminal.
    let copied = place.run(["explain", "warning[raw-id]:"]);
    assert_eq!(copied.stdout, place.run(["explain", "raw-id"]).stdout);
}

#[test]
fn all_codes_are_listed_the_gravest_first() {
    let place = Place::new();
    let text = place.run(["explain"]).stdout;
    let (text, errors) = text
        .split_once("\n\nErrors that end a command:\n")
        .expect("findings, then errors");
    assert_eq!(text.lines().count(), Code::ALL.len());
    for code in Code::ALL {
        let line = text
            .lines()
            .find(|line| line.split(' ').next() == Some(code.as_str()));
        assert!(
            line.is_some_and(|line| line.ends_with(code.meaning())),
            "{code}"
        );
    }
    let document: Value =
        serde_json::from_str(&place.run(["explain", "--json"]).stdout).expect("a document");
    let listed = document["codes"].as_array().expect("a list");
    assert_eq!(listed.len(), Code::ALL.len());
    assert_eq!(listed[0]["severity"], Severity::Error.to_string());
    let listed = document["errors"].as_array().expect("a list");
    let codes: Vec<&str> = errors
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let documents: Vec<&str> = listed.iter().filter_map(|it| it["code"].as_str()).collect();
    assert_eq!(codes, documents);
    assert!(codes.contains(&"stale-plan") && codes.is_sorted());
}

/// The codes of errors that the command line's source names, with the exits that stand beside them.
fn codes_of_source() -> BTreeMap<String, BTreeSet<String>> {
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let made = Regex::new(
        r#"(?:Failure|Self)::(?:new|of)\(\s*((?:\w+::)*(?:Exit::\w+|exit)),\s*([^,]+?),"#,
    )
    .expect("valid");
    let paired = Regex::new(r#"\(\s*Exit::(\w+),\s*"([a-z0-9-]+)""#).expect("valid");
    let told = Regex::new(r#"told_by\(\s*("[^"]+"|\w+),"#).expect("valid");
    let given = Regex::new(r#"=> \(?\s*"([a-z]+-[a-z-]+)",\s*given"#).expect("valid");
    // What is no literal is one of these, and told of in another way.
    let known = ["code", "obstacle.code()", "code: &str"];
    for (path, text) in sources("src/cli") {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let mut add = |code: &str, exit: &str| {
            let exit = exit.rsplit(':').next().unwrap_or_default().to_owned();
            match code
                .strip_prefix('"')
                .and_then(|code| code.strip_suffix('"'))
            {
                Some(code) => {
                    codes.entry(code.to_owned()).or_default().insert(exit);
                }
                None => assert!(known.contains(&code), "{path}: what code is {code}?"),
            }
        };
        for found in made.captures_iter(text) {
            add(&found[2], &found[1]);
        }
        for found in paired.captures_iter(text) {
            add(&format!("\"{}\"", &found[2]), &found[1]);
        }
        for found in told.captures_iter(text) {
            add(&found[1], "Failed");
        }
        for found in given.captures_iter(text) {
            add(&format!("\"{}\"", &found[1]), "Refused");
        }
    }
    // A start's obstacles and the rules of the reader of zips have codes of their own.
    let arm = Regex::new(r#"Self::\w+(?: \{ \.\. \})? => "([a-z0-9-]+)","#).expect("valid");
    for (path, prefix) in [
        ("src/plan/preconditions.rs", ""),
        ("src/archive/error.rs", "archive-"),
    ] {
        let text = fs::read_to_string(root().join(path)).expect("text");
        let (_, of_codes) = text.split_once("fn code(&self)").expect("codes");
        let of_codes = of_codes.split("pub fn help").next().unwrap_or_default();
        for found in arm.captures_iter(of_codes) {
            let code = format!("{prefix}{}", &found[1]);
            codes.entry(code).or_default().insert("Failed".to_owned());
        }
    }
    codes
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("readable") {
        let name = entry.expect("an entry").file_name();
        let path = format!("{folder}/{}", name.to_string_lossy());
        if root().join(&path).is_dir() {
            found.extend(sources(&path));
        } else if path.ends_with(".rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(root().join(&path)).expect("text");
            found.push((path, text));
        }
    }
    found
}

#[test]
fn every_error_that_ends_a_command_is_explained_with_its_exit_codes() {
    let place = Place::new();
    let codes = codes_of_source();
    assert!(codes.len() > 130, "{}", codes.len());
    let mut wrong = String::new();
    for (code, exits) in &codes {
        let run = place.run(["explain", code]);
        if run.code != 0 {
            let _ = writeln!(wrong, "{code} has no page");
            continue;
        }
        if code.parse::<Code>().is_ok() {
            continue;
        }
        for exit in exits.iter().filter(|exit| *exit != "exit") {
            let exit = Exit::ALL.iter().find(|one| format!("{one:?}") == **exit);
            let exit = exit.expect("an exit");
            let line = format!("\n- {}: {}\n", exit.code(), exit.meaning());
            if !run.stdout.contains(&line) {
                let _ = writeln!(wrong, "{code} does not say that it ends with {exit:?}");
            }
        }
    }
    let listed: Value =
        serde_json::from_str(&place.run(["explain", "--json"]).stdout).expect("a document");
    for one in listed["errors"].as_array().expect("a list") {
        let code = one["code"].as_str().expect("a code");
        if !codes.contains_key(code) {
            let _ = writeln!(wrong, "{code} has a page and is never told");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_error_is_explained_as_it_is_copied() {
    let run = Place::new().run(["explain", "error[stale-plan]:"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @r"
    error[stale-plan]: A plan no longer holds.

    A plan is bound to the package, the state of the workspace and the catalogue that it was made from. One of them changed since, so that the import would do something that nobody looked at. Nothing was changed.

    ## What to do

    Make the plan again, and look at what is different.

    ## Exit code

    - 3: Refused by a safety rule; nothing was changed.
    ");
}

#[test]
fn a_code_that_is_none_is_wrong_usage() {
    let run = Place::new().run(["explain", "raw-ids"]);
    assert_eq!(run.code, 64);
    insta::assert_snapshot!(run.stderr, @"
    error[usage]: no finding has the code `raw-ids`
       = help: did you mean `raw-id`? `recipack explain` lists all codes
    ");
}

#[test]
fn where_to_read_more_is_said_once_and_not_to_who_wants_quiet() {
    let place = Place::new();
    for (name, id) in [("a", "77"), ("b", "78")] {
        let step = format!(
            r#"{{"number": 1, "keyword": "action", "provider": "workato_recipe_function", "name": "call_recipe", "input": {{"flow_id": "{id}"}}}}"#
        );
        place.write(
            &format!("{name}.recipe.json"),
            &format!(r#"{{"name": "{name}", "code": {{"number": 0, "keyword": "trigger", "provider": "clock", "block": [{step}]}}, "config": [{{"provider": "clock"}}, {{"provider": "workato_recipe_function"}}]}}"#),
        );
    }
    let hint = "recipack explain raw-id";
    let run = place.run(["check"]);
    assert_eq!(
        run.stderr.matches("warning[raw-id]").count(),
        2,
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr.matches(hint).count(), 1, "{}", run.stderr);
    assert!(!place.run(["check", "-q"]).stderr.contains(hint));
    assert!(!place.run(["check", "--json"]).stderr.contains(hint));
}
