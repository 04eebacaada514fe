//! What clients send beside the letter of the documentation, and what the platform sends beside
//! what was asked for (platform.md §12).

use std::time::SystemTime;

use serde_json::Value;

use crate::sandbox::{Asker, Sent, all, number, stocked};
use crate::support::sandbox::{Sandbox, partner};

#[test]
fn doubled_slashes_and_slashes_at_the_end_mean_nothing() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    for (path, plain) in [
        ("/api//users/me", "/api/users/me"),
        ("/api/users/me/", "/api/users/me"),
        (
            "/api//managed_users//EK-1//recipes/",
            "/api/managed_users/EK-1/recipes",
        ),
        ("/api/managed_users/EK-1/", "/api/managed_users/EK-1"),
        ("/api/folders//?parent_id=0", "/api/folders?parent_id=0"),
    ] {
        assert_eq!(studio.get(path), studio.get(plain), "{path}");
    }
    let import = studio.ask(
        "POST",
        "/api//packages//import/999999/?restart_recipes=False",
        Sent::Package(b"PK"),
    );
    import.is(404);
    studio.ask("GET", "/api/users//", Sent::Nothing).is(404);
}

#[test]
fn yes_and_no_are_read_as_clients_spell_them() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let found = |running: &str| asker.get(&format!("/api/recipes?running={running}"));
    let none = |list: &Value| list["items"].as_array().expect("a list").is_empty();
    for yes in ["true", "True", "TRUE", "1", "t", "on"] {
        assert!(none(&found(yes)), "{yes}");
    }
    for no in ["false", "False", "FALSE", "0", "f", "off"] {
        assert!(!none(&found(no)), "{no}");
    }
    for other in ["", "2", "maybe", "tRue", "-1"] {
        let path = format!("/api/recipes?running={other}");
        asker.ask("GET", &path, Sent::Nothing).is(400);
    }
}

#[test]
fn head_is_get_without_the_body() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    for (path, status) in [
        ("/api/users/me", 200),
        ("/api/folders/", 200),
        ("/api/recipes/999999", 404),
        ("/api/nothing", 404),
        ("/api/packages/import/1", 405),
    ] {
        let got = asker.ask("GET", path, Sent::Nothing).is(status);
        let told = asker.ask("HEAD", path, Sent::Nothing).is(status);
        assert!(told.bytes.is_empty(), "{path}");
        assert_eq!(told.headers["content-length"], got.bytes.len().to_string());
    }
}

#[test]
fn every_answer_has_a_number() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let mut met = std::collections::BTreeSet::new();
    for path in ["/api/users/me", "/api/users/me", "/api/nothing", "/"] {
        let told = asker.ask("GET", path, Sent::Nothing);
        assert_eq!(told.headers["x-request-id"].len(), 36, "{path}");
        assert!(met.insert(told.headers["x-request-id"].clone()), "{path}");
    }
}

#[test]
fn times_are_those_of_today_and_projects_are_no_folders() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    for path in [
        "/api/users/me",
        "/api/recipes",
        "/api/connections",
        "/api/folders",
    ] {
        let told = asker.get(path).to_string();
        assert!(!told.contains("\"1970-"), "{path}: {told}");
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let year = 1970 + now.expect("a time").as_secs() / 31_556_952;
    let user = asker.get("/api/users/me");
    let end = user["current_billing_period_end"].as_str().expect("text");
    assert!(
        [year, year + 1]
            .iter()
            .any(|year| end.starts_with(&year.to_string())),
        "{end}"
    );
    let project = &asker.get("/api/projects")[0];
    assert_ne!(project["id"], project["folder_id"]);
    let path = format!("/api/folders?parent_id={}", project["id"]);
    asker.ask("GET", &path, Sent::Nothing).is(404);
    let inside = asker.get(&format!("/api/folders?parent_id={}", project["folder_id"]));
    assert!(!all(&inside, "name").is_empty());
    for folder in inside.as_array().expect("a list") {
        assert_eq!(number(&folder["project_id"]), number(&project["id"]));
    }
}

#[test]
fn what_is_documented_but_not_served_is_told_apart() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Asker::of(&place, &sandbox, "studio");
    for (method, path, status) in [
        ("GET", "/api/data_tables", 501),
        ("POST", "/api/v2/api_clients", 501),
        ("GET", "/api/managed_users/EK-1/members", 501),
        ("POST", "/api/connections/7/pick_list", 501),
        ("GET", "/api/connections/7/pick_list", 404),
        ("GET", "/api/data_table", 404),
    ] {
        studio.ask(method, path, Sent::Nothing).is(status);
    }
}

/// Who says which answer is known gets it again only where it is another one by now.
#[test]
fn what_is_known_is_not_answered_again() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &[]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    let first = asker.ask("GET", "/api/recipes", Sent::Nothing);
    let tag = &first.headers["etag"];
    let known = |path: &str, tag: &str| asker.ask("GET", path, Sent::Known(tag));
    let strong = tag.trim_start_matches("W/");
    for tag in [tag, strong, &format!("\"other\", {tag}"), "*"] {
        let again = known("/api/recipes", tag).is(304);
        assert_eq!(again.headers["etag"], first.headers["etag"], "{tag}");
    }
    for (path, tag) in [("/api/recipes", "\"other\""), ("/api/connections", tag)] {
        known(path, tag).is(200);
    }
    known("/api/none", "*").is(404);
}
