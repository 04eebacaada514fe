//! `recipack doctor`: each line both ways, nothing changed, no token shown.

use std::fs;

use crate::support::sandbox::{Sandbox, command, partner, token};
use crate::support::{Place, Run, files};
use serde_json::Value;

const SECRET: &str = "wrkaus-canary-1234";

fn run(place: &Place, url: &str, secret: &str, arguments: &[&str]) -> Run {
    let arguments = [&["doctor"], arguments].concat();
    let mut command = command(place, url, secret, &arguments);
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.output().expect("it starts").into()
}

/// The health of each subject, by `doctor --json`.
fn healths(run: &Run) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let checkups = document["checkups"].as_array().expect("a list");
    checkups
        .iter()
        .map(|c| {
            let text = |key: &str| c[key].as_str().unwrap_or_default().to_owned();
            (text("subject"), text("health"))
        })
        .collect()
}

#[track_caller]
fn is(run: &Run, subject: &str, health: &str) {
    let found = healths(run);
    let found: Vec<&str> = found
        .iter()
        .filter(|(s, _)| s == subject)
        .map(|(_, h)| h.as_str())
        .collect();
    assert_eq!(found, [health], "{subject}: {}", run.stdout);
}

#[test]
fn a_token_that_may_everything_misses_nothing() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let token = token(&place, "studio");
    fs::create_dir(place.path("home")).expect("made");
    let before = files(&place.path("home"));
    let healthy = run(&place, &sandbox.url, &token, &[&sandbox.url, "--json"]);
    assert_eq!(healthy.code, 0, "{}{}", healthy.stdout, healthy.stderr);
    for subject in [
        "temporary files",
        "cache",
        "imports",
        "local platform",
        "credentials",
        "host",
        "token",
        "list folders",
        "list recipes",
        "list what an export would hold",
        "list connectors",
        "list customers",
    ] {
        is(&healthy, subject, "ok");
    }
    is(&healthy, "export and import", "unknown");
    is(&healthy, "manifest", "note");
    is(&healthy, "repository", "note");
    assert!(!healthy.stdout.contains(&token) && !healthy.stderr.contains(&token));
    assert_eq!(files(&place.path("home")), before, "nothing is written");
    // The environment's host is looked at if none is named, and a customer through it.
    let usual = run(&place, &sandbox.url, &token, &["--json"]);
    assert_eq!((usual.code, &usual.stdout), (0, &healthy.stdout));
    let customer = run(&place, &sandbox.url, &token, &["customer:K-1", "--json"]);
    assert_eq!(customer.code, 0, "{}", customer.stdout);
    is(&customer, "customer", "ok");
    let nobody = run(&place, &sandbox.url, &token, &["customer:K-2", "--json"]);
    assert_eq!(nobody.code, 1);
    is(&nobody, "customer", "missing");
}

#[test]
fn what_a_token_may_not_is_named() {
    let place = partner();
    let all = ["folders", "projects", "recipes", "connections"];
    let rules = all.map(|path| format!("/api/{path}")).into_iter();
    let rules = rules.chain([
        "/api/export_manifests/folder_assets".to_owned(),
        "/api/custom_connectors".to_owned(),
        "/api/managed_users".to_owned(),
    ]);
    let subjects = [
        ("list folders", "missing"),
        ("list projects", "missing"),
        ("list recipes", "missing"),
        ("list connections", "missing"),
        ("list what an export would hold", "missing"),
        ("list connectors", "missing"),
        ("list customers", "note"),
    ];
    for (path, (subject, health)) in rules.zip(subjects) {
        let fault = format!(
            r#"{{"faults": [{{"method": "GET", "path": "{path}", "times": 0,
                "do": {{"status": {{"status": 403, "message": "Forbidden"}}}}}}]}}"#
        );
        let file = place.write("faults.json", &fault);
        let sandbox = Sandbox::of(&place, &["--fault", file.to_str().expect("UTF-8")]);
        let token = token(&place, "studio");
        let ended = run(&place, &sandbox.url, &token, &[&sandbox.url, "--json"]);
        is(&ended, subject, health);
        assert_eq!(ended.code, i32::from(health == "missing"), "{subject}");
        let others = subjects.iter().filter(|(other, _)| *other != subject);
        for (other, _) in others {
            is(&ended, other, "ok");
        }
        let told = run(&place, &sandbox.url, &token, &[&sandbox.url]).stdout;
        let line = format!("not permitted (403 for GET {path})");
        assert!(told.contains(&line), "{told}");
    }
}

#[test]
fn a_token_a_host_and_a_workspace_can_be_missing() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let wrong = run(&place, &sandbox.url, SECRET, &[&sandbox.url, "--json"]);
    assert_eq!(wrong.code, 77, "{}", wrong.stdout);
    is(&wrong, "host", "ok");
    is(&wrong, "token", "missing");
    assert!(!wrong.stdout.contains(SECRET));
    let url = sandbox.url.clone();
    assert_eq!(sandbox.signal("TERM"), 143);
    let gone = run(&place, &url, SECRET, &[&url, "--json"]);
    assert_eq!(gone.code, 75, "{}", gone.stdout);
    is(&gone, "host", "missing");

    let without = |arguments: &[&str]| -> Run {
        let mut command = place.command();
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
        command.env("HOME", place.path("home"));
        command.arg("doctor").args(arguments).arg("--json");
        command.output().expect("it starts").into()
    };
    let anonymous = without(&[&url]);
    assert_eq!(anonymous.code, 77);
    is(&anonymous, "credentials", "missing");
    let offline = without(&[]);
    assert_eq!(offline.code, 0);
    is(&offline, "credentials", "note");
    let local = without(&["local:kestrel"]);
    assert_eq!(local.code, 0);
    is(&local, "workspace", "ok");
    let nobody = without(&["local:nobody"]);
    assert_eq!(nobody.code, 1);
    is(&nobody, "workspace", "missing");
}

#[test]
fn files_and_folders_can_be_missing() {
    let place = Place::new();
    let doctor = |change: &dyn Fn(&mut std::process::Command)| -> Run {
        let mut command = place.command();
        command.env("HOME", place.path("home"));
        command.args(["doctor", "--json"]);
        change(&mut command);
        command.output().expect("it starts").into()
    };
    let plain = doctor(&|_| {});
    assert_eq!(plain.code, 0, "{}", plain.stdout);
    is(&plain, "local platform", "note");
    is(&plain, "repository", "note");
    place.write(".git/HEAD", "ref: refs/heads/main\n");
    for folder in [".git/objects", ".git/refs"] {
        fs::create_dir(place.path(folder)).expect("made");
    }
    let told = doctor(&|_| {}).stdout;
    assert!(told.contains("there is no commit yet"), "{told}");
    fs::remove_dir_all(place.path(".git")).expect("removed");
    let homeless = doctor(&|command| {
        command.env_remove("HOME");
    });
    is(&homeless, "cache", "note");
    is(&homeless, "imports", "note");
    let file = place.write("file", "");
    let nowhere = doctor(&|command| {
        command.env("TMPDIR", file.join("below"));
    });
    // Above a file there is a folder; that it can't be made below one shows when it is needed.
    is(&nowhere, "temporary files", "ok");

    place.write("recipack.toml", "[targets.a]\nkind = \"moon\"\n");
    let wrong = doctor(&|_| {});
    assert_eq!(wrong.code, 1);
    is(&wrong, "manifest", "missing");
    place.write("recipack.toml", "[targets.a]\nkind = \"external\"\n");
    is(&doctor(&|_| {}), "lock", "note");
    place.write("recipack.lock", "version = 1\n");
    is(&doctor(&|_| {}), "lock", "ok");
    place.write("recipack.lock", "version = 2\n");
    let wrong = doctor(&|_| {});
    assert_eq!(wrong.code, 1);
    is(&wrong, "lock", "missing");
    fs::remove_file(place.path("recipack.lock")).expect("removed");
    place.write("p.db", "no platform");
    let wrong = doctor(&|command| {
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
    });
    assert_eq!(wrong.code, 1);
    is(&wrong, "local platform", "missing");
    place.write("home/.local/state/recipack/imports/damaged.json", "{");
    assert_eq!(doctor(&|_| {}).code, 1, "a damaged journal");
}
