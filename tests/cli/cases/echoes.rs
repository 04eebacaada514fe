//! What is told of hostile words: no secret comes back, wherever it stood, and nothing is obeyed by
//! who reads it. Every kind of output is fed with the same words.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use crate::support::{Place, Run, place_with};

/// A token, and other words that only stand where secrets do.
const TOKEN: &str = "canary-4711-AbCdEfGhIjKl";
const PASSWORD: &str = "canarypassword";
/// What a terminal, a reader or a parser of another format might obey.
const HOSTILE: &str = "x\u{1b}[31m\u{9b}2J\u{202e}y\u{2066}\u{7}\r::error::z\u{200b}";

/// A platform whose every answer says the token that it was sent, and more.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let Ok(copy) = stream.try_clone() else {
                continue;
            };
            let mut lines = BufReader::new(copy).lines();
            while lines
                .by_ref()
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let long = "a".repeat(380);
            let message = format!(
                "{HOSTILE} no {TOKEN}, no Bearer {TOKEN}; see https://me:{PASSWORD}@x.test/?token={PASSWORD} {long} {TOKEN} {TOKEN}"
            );
            let body =
                serde_json::json!({"message": message, "errors": {HOSTILE: [message, TOKEN]}});
            let body = body.to_string();
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 422 No {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    format!("http://{address}")
}

/// A project in whose names and files hostile words stand.
fn project() -> Place {
    let place = place_with(&["partner"]);
    let recipe = |name: &str| {
        serde_json::json!({
            "name": name,
            "version": 1,
            "private": true,
            "concurrency": 1,
            "code": {"number": 0, "provider": HOSTILE, "name": HOSTILE, "keyword": "trigger",
                "input": {"url": format!("https://me:{PASSWORD}@x.test"), "token": TOKEN},
                "block": []},
            "config": [{"keyword": "application", "provider": HOSTILE, "account_id":
                {"zip_name": "nowhere.connection.json", "name": HOSTILE, "folder": ""}}],
        })
    };
    place.write("partner/hostile.recipe.json", &recipe(HOSTILE).to_string());
    place.write(
        "partner/broken.recipe.json",
        &format!("{{\"name\": \"{HOSTILE}\" {TOKEN}"),
    );
    place
}

fn command(place: &Place, host: &str, arguments: &[&str]) -> Command {
    let mut command = place.command();
    command.env("HOME", place.path("home"));
    command.env("XDG_STATE_HOME", place.path("state"));
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.env("WORKATO_API_TOKEN", TOKEN);
    command.env("WORKATO_HOST", host);
    command.env("GITHUB_OUTPUT", place.path("outputs"));
    command.args(arguments);
    command
}

#[track_caller]
fn is_harmless(what: &str, text: &str) {
    for secret in [TOKEN, PASSWORD, &TOKEN[..12]] {
        assert!(!text.contains(secret), "{what}: {secret} in\n{text:?}");
    }
    let obeyed = |c: char| c.is_control() && c != '\n' || recipack::model::path::is_unseen(c);
    if let Some(found) = text.chars().find(|c| obeyed(*c)) {
        panic!("{what}: {found:?} in\n{text:?}");
    }
}

/// Runs a command in every way, and looks at all that it tells.
#[track_caller]
fn all_is_harmless(place: &Place, host: &str, arguments: &[&str], reports: bool) {
    let what = arguments.join(" ");
    let ways: &[&[&str]] = &[&[], &["--json"], &["--verbose"]];
    for way in ways {
        let run = command(place, host, &[arguments, way].concat()).output();
        let run = Run::from(run.expect("it starts"));
        is_harmless(&format!("{what}, stdout"), &run.stdout);
        is_harmless(&format!("{what}, stderr"), &run.stderr);
        assert!(
            !run.stdout.is_empty() || !run.stderr.is_empty(),
            "{what} says nothing"
        );
    }
    if !reports {
        return;
    }
    let files = ["r.xml", "r.sarif", "r.md"];
    let to = ["junit=r.xml", "sarif=r.sarif", "md=r.md", "github"];
    let to = to.iter().flat_map(|to| ["--report", to]);
    let with: Vec<&str> = arguments.iter().copied().chain(to).collect();
    let run = Run::from(command(place, host, &with).output().expect("it starts"));
    is_harmless(&format!("{what}, with annotations"), &run.stderr);
    for file in files {
        let text = fs::read_to_string(place.path(file)).expect(file);
        assert!(!text.is_empty(), "{what}: {file}");
        is_harmless(&format!("{what}, {file}"), &text);
    }
    if let Ok(outputs) = fs::read_to_string(place.path("outputs")) {
        is_harmless(&format!("{what}, outputs"), &outputs);
        let _ = fs::remove_file(place.path("outputs"));
    }
    for file in files {
        fs::remove_file(place.path(file)).expect("removed");
    }
}

#[test]
fn names_and_files_of_a_project_command_nobody() {
    let place = project();
    let host = "http://127.0.0.1:9";
    for arguments in [
        &["check", "partner"][..],
        &["export", "partner", "--for", "external", "-o", "k.zip"],
    ] {
        all_is_harmless(&place, host, arguments, true);
    }
    for arguments in [
        &["show", "partner"][..],
        &["graph", "partner"],
        &["why", "partner", HOSTILE],
        &["diff", "partner", "partner/Agents"],
        &["export", "partner", "--for", "external", "--list"],
    ] {
        all_is_harmless(&place, host, arguments, false);
    }
}

#[test]
fn an_answer_of_the_platform_gives_no_token_away() {
    let place = place_with(&["partner"]);
    let host = echo();
    let exported = ["export", "partner", "--for", "external", "-o", "k.zip"];
    let exported = command(&place, &host, &exported)
        .output()
        .expect("it starts");
    assert!(exported.status.success());
    for arguments in [
        &["plan", "k.zip", "--into", &host][..],
        &["import", "k.zip", "--into", &host, "--yes"],
    ] {
        all_is_harmless(&place, &host, arguments, true);
    }
    for arguments in [
        &["recipe", "list", &host][..],
        &["catalog", "pull", &host],
        &["history", &host],
        &["doctor", &host],
    ] {
        all_is_harmless(&place, &host, arguments, false);
    }
}

#[test]
fn arguments_are_not_told_as_they_are() {
    let place = place_with(&["partner"]);
    let host = "http://127.0.0.1:9";
    let address = format!("https://me:{PASSWORD}@x.test");
    let query = format!("https://x.test/?token={PASSWORD}");
    let option = format!("--token={PASSWORD}");
    for argument in [TOKEN, &address, &query, &option, HOSTILE] {
        for before in [
            &[][..],
            &["check"],
            &["show"],
            &["plan", "k.zip", "--into"],
            &["export", "partner", "--for"],
            &["export", "partner", "--for", "external", "-o"],
            &["-C"],
            &["history"],
            &["resume"],
            &["workspace", "create"],
            &[
                "import",
                "k.zip",
                "--into",
                "local:x",
                "--require-signature",
            ],
        ] {
            // What is no secret by its form is one if the program was given it as such.
            if argument == TOKEN && !matches!(before.first(), Some(&"plan" | &"history")) {
                continue;
            }
            all_is_harmless(&place, host, &[before, &[argument]].concat(), false);
        }
    }
}

/// What a revision was planned as stands in the platform's file, which other programs show as it is.
#[test]
fn what_is_kept_of_an_import_hides_nothing() {
    let place = Place::new();
    let recipe = serde_json::json!({"name": HOSTILE, "version": 1, "config": [], "code":
        {"number": 0, "keyword": "trigger", "provider": "clock", "name": "s", "as": "a", "block": []}});
    place.write("p/a.recipe.json", &recipe.to_string());
    let platform = |arguments: &str| {
        let run = place.run(arguments.split(' ').chain(["--platform", "p.db"]));
        assert_eq!(run.code, 0, "{arguments}: {}", run.stderr);
    };
    let export = place.run("export p --for external -o p.zip".split(' '));
    assert_eq!(export.code, 0, "{}", export.stderr);
    platform("workspace create w --kind external");
    platform("import p.zip --into local:w --yes");
    let held = rusqlite::Connection::open(place.path("p.db")).expect("a database");
    let kept: (String, String) = held
        .query_row("SELECT plan, receipt FROM revision", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a revision");
    for text in [kept.0, kept.1] {
        let hides = |c: char| c.is_control() || ['\u{202e}', '\u{2066}', '\u{200b}'].contains(&c);
        assert!(!text.contains(hides), "{text:?}");
    }
}
