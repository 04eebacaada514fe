//! `recipack explain`: every code has a page, and what the pages show is what happens.
//!
//! A block of a page that is headed by a path is a file; `sh` and `console` blocks run among those
//! files, in their order. `RECIPACK_PAGES=write cargo test --test explain` puts the real output into
//! the blocks that show it whole.

mod support;

use std::fmt::Write as _;
use std::fs;

use recipack::model::finding::{Code, Severity};
use serde_json::Value;
use support::console::{commands, files, is_shown, run};
use support::{Place, root};

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
