//! A workspace is its number at a host: what was sent into one is not looked for in another, whatever
//! token is at hand.

use serde_json::Value;

use crate::remote::Caller;
use crate::support::Place;
use crate::support::sandbox::{Sandbox, done, local, partner};

/// An import whose end was not waited for.
fn left_open(place: &Place, sandbox: &Sandbox, osprey: &Caller<'_>) -> String {
    let import = ["import", "external.zip", "--into", &sandbox.url];
    let left = osprey.exits(69, &[&import[..], &["--job-timeout", "1"]].concat());
    let id = left.stderr.split("recipack resume ").nth(1).expect("an id");
    let id = id.trim().to_owned();
    assert!(
        place
            .path(&format!("state/recipack/imports/{id}.json"))
            .is_file()
    );
    id
}

fn never_ends(place: &Place) -> Sandbox {
    place.write(
        "faults.toml",
        "[[faults]]\npath = \"/api/packages/import/*\"\ndo = \"never-ends\"\n",
    );
    Sandbox::of(place, &["--fault", "faults.toml"])
}

fn second(place: &Place) {
    let create = ["workspace", "create", "heron", "--kind", "external"];
    done(&local(place, &create), &create);
}

#[test]
fn another_workspaces_token_resumes_nothing() {
    let place = partner();
    second(&place);
    let sandbox = never_ends(&place);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let heron = Caller::of(&place, &sandbox, "heron");
    let id = left_open(&place, &sandbox, &osprey);
    let refused = heron.exits(3, &["resume", &id]);
    assert!(
        refused.stderr.contains("other-workspace"),
        "{}",
        refused.stderr
    );
    let entry = place.path(&format!("state/recipack/imports/{id}.json"));
    let text = std::fs::read_to_string(&entry).expect("readable");
    assert!(text.contains("\"is\": \"sent\""), "{text}");
    let plan = heron.exits(0, &["plan", "external.zip", "--into", &sandbox.url]);
    assert!(!plan.stderr.contains("recipack resume"), "{}", plan.stderr);
    let own = osprey.exits(0, &["plan", "external.zip", "--into", &sandbox.url]);
    assert!(own.stderr.contains("recipack resume"), "{}", own.stderr);
}

#[test]
fn the_history_of_a_workspace_is_its_own() {
    let place = partner();
    second(&place);
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let heron = Caller::of(&place, &sandbox, "heron");
    let count = |caller: &Caller<'_>| {
        let told = caller.json(0, &["history", &sandbox.url]);
        told["revisions"].as_array().map(Vec::len)
    };
    osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    assert_eq!((count(&osprey), count(&heron)), (Some(1), Some(0)));
    let import = heron.json(0, &["import", "external.zip", "--into", &sandbox.url]);
    assert_eq!(import["receipt"]["revision"], 1, "its first");
    assert_eq!((count(&osprey), count(&heron)), (Some(1), Some(1)));
}

/// Entries that older versions wrote name the host only; their plan says the workspace.
#[test]
fn an_entry_without_a_workspace_is_checked_before_it_is_used() {
    let place = partner();
    second(&place);
    let sandbox = never_ends(&place);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let heron = Caller::of(&place, &sandbox, "heron");
    let id = left_open(&place, &sandbox, &osprey);
    let path = place.path(&format!("state/recipack/imports/{id}.json"));
    let text = std::fs::read_to_string(&path).expect("readable");
    let mut entry: Value = serde_json::from_str(&text).expect("JSON");
    let members = entry.as_object_mut().expect("an entry");
    members.remove("identity");
    // Neither had they a digest of themselves.
    members.remove("seal");
    entry["format"] = Value::from(1);
    std::fs::write(&path, entry.to_string()).expect("written");
    heron.exits(3, &["resume", &id]);
    let seen = osprey.exits(69, &["resume", &id, "--job-timeout", "1"]);
    assert!(seen.stderr.contains(&id), "{}", seen.stderr);
    // Where the plan does not say it either, nobody knows.
    entry["plan"] = Value::from("{}");
    std::fs::write(&path, entry.to_string()).expect("written");
    let unknown = osprey.run(&["resume", &id]);
    assert_ne!(unknown.code, 0, "{}", unknown.stdout);
}
