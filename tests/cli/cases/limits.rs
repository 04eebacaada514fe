//! What the platform would not take for its size or its form.

use serde_json::json;

use crate::support::Place;
use crate::support::project::ProjectFolder;

use super::attention::{document, ends, found};
use super::connectors::hub;

/// Bytes that can't be compressed: digits of a generator of pseudo-random numbers.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next)
        .flatten()
        .take(bytes)
        .collect()
}

fn codes(document: &serde_json::Value) -> Vec<&str> {
    let findings = document["findings"].as_array().expect("findings");
    let errors = findings.iter().filter(|f| f["severity"] == "error");
    errors.filter_map(|f| f["code"].as_str()).collect()
}

#[test]
fn packages_over_the_limit_are_told_before_they_are_made() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "project");
    project
        .recipe("Orders/send.recipe.json", "Send", &[])
        .file("recipack.toml", "[package]\nlimit-mb = 1\n");
    let large = |bytes: &[u8]| {
        std::fs::write(place.path("project/Orders/large.lcap_app.zip"), bytes).expect("written");
    };
    large(&vec![b'a'; 3_000_000]);
    let check = ["check", "-C", "project", "--for", "external"];
    assert_eq!(
        codes(&document(&place, 0, &check)),
        [""; 0],
        "it can be compressed"
    );

    large(&noise(1_000_000));
    assert_eq!(codes(&document(&place, 1, &check)), ["package-too-large"]);
    let run = ends(
        &place,
        1,
        &[
            "export", "-C", "project", "--for", "external", "-o", "../p.zip",
        ],
    );
    assert!(
        run.stderr.contains("larger than 1000000 bytes"),
        "{}",
        run.stderr
    );
    assert!(!place.path("p.zip").exists());

    large(&noise(990_000));
    assert_eq!(codes(&document(&place, 0, &check)), [""; 0], "just below");
    ends(
        &place,
        0,
        &[
            "export", "-C", "project", "--for", "external", "-o", "../p.zip",
        ],
    );
}

#[test]
fn code_over_ten_megabytes_is_none_that_the_platform_takes() {
    let place = Place::new();
    let project = hub(&place);
    let code = |size: usize| {
        let code = "{ title: 'Hub', actions: {}, triggers: {} }\n";
        let line = format!("# {}\n", "x".repeat(997));
        let mut source = code.to_owned() + &line.repeat((size - code.len()) / line.len());
        source.push_str(&"#".repeat(size - source.len()));
        project.file("hub.custom_adapter.rb", &source);
    };
    let export = ["export", "project", "--for", "external", "-o", "p.zip"];
    code(10 * 1024 * 1024);
    ends(&place, 0, &export);
    std::fs::remove_file(place.path("p.zip")).expect("it is there");
    code(10 * 1024 * 1024 + 1);
    let run = ends(&place, 1, &export);
    assert!(
        run.stderr.contains("error[connector-source]") && run.stderr.contains("10485760"),
        "{}",
        run.stderr
    );
    assert!(!place.path("p.zip").exists());
}

#[test]
fn the_platform_is_no_application() {
    let place = Place::new();
    let config = |providers: &[&str]| {
        let entries = providers.iter().map(
            |provider| json!({"keyword": "application", "provider": provider, "account_id": null}),
        );
        json!({"name": "Approve", "version": 1, "private": true, "concurrency": 1,
            "code": {"number": 0, "keyword": "trigger", "provider": "clock", "name": "scheduled_event", "input": {},
                "block": [{"number": 1, "keyword": "if", "provider": "workato", "input": {}, "block": []}]},
            "config": entries.collect::<Vec<_>>()})
    };
    let project = ProjectFolder::new(&place, "sound");
    project.json(
        "approve.recipe.json",
        &config(&["clock", "workato_variable"]),
    );
    assert_eq!(found(&place, "sound", "workato-in-config"), [""; 0]);
    let project = ProjectFolder::new(&place, "odd");
    project.json("approve.recipe.json", &config(&["clock", "workato"]));
    assert_eq!(
        found(&place, "odd", "workato-in-config"),
        ["`config` lists `workato`, which is no application"]
    );
}
