//! What is odd about the assets of a package: what is told of, and what is not.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{Place, corpus};

/// A recipe with these steps after its trigger, and these applications in its `config`.
fn recipe(name: &str, steps: &[&str], applications: &[&str]) -> String {
    let config: Vec<String> = ["clock"]
        .iter()
        .chain(applications)
        .map(|application| format!(r#"{{"provider": "{application}"}}"#))
        .collect();
    format!(
        "{{\"name\": \"{name}\", \"code\": {{\"number\": 0, \"keyword\": \"trigger\", \"provider\": \"clock\", \"block\": [\n{}\n]}}, \"config\": [{}]}}",
        steps.join(",\n"),
        config.join(", ")
    )
}

fn document(place: &Place, arguments: &[&str]) -> Value {
    let run = place.run([&["check", "--json"], arguments].concat());
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
}

/// The findings of a code, each as `severity file:line path: message`.
fn told(document: &Value, code: &str) -> Vec<String> {
    let findings = document["findings"].as_array().expect("a list");
    let of_code = findings.iter().filter(|finding| finding["code"] == code);
    of_code
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {}:{} {}: {}",
                text("severity"),
                text("file"),
                finding["line"],
                text("path"),
                text("message")
            )
        })
        .collect()
}

#[test]
fn a_called_recipe_that_is_not_packed_is_told_from_other_references() {
    let place = Place::new();
    let call = r#"{"number": 1, "keyword": "action", "provider": "workato_recipe_function", "name": "call_recipe", "input": {"flow_id": {"zip_name": "f/rate.recipe.json", "name": "Rate", "folder": "f"}}}"#;
    let topic = r#"{"number": 2, "keyword": "action", "provider": "workato_pub_sub", "name": "publish", "input": {"topic_id": {"zip_name": "late.topic.json", "name": "Late", "folder": ""}}}"#;
    let uses = ["workato_recipe_function", "workato_pub_sub"];
    place.write("a.recipe.json", &recipe("A", &[call, topic], &uses));
    let found = document(&place, &[]);
    assert_eq!(
        told(&found, "recipe-not-packed"),
        [
            "warning a.recipe.json:2 $.code.block[0].input.flow_id: step 1 calls the recipe \"Rate\" (`f/rate.recipe.json`), which is not in the package"
        ]
    );
    assert_eq!(
        told(&found, "dangling-reference"),
        [
            "warning a.recipe.json:3 $.code.block[1].input.topic_id: step 2 refers to the topic \"Late\" (`late.topic.json`), which is not in the package"
        ]
    );
    place.write("f/rate.recipe.json", &recipe("Rate", &[], &[]));
    place.write("late.topic.json", r#"{"name": "Late"}"#);
    let found = document(&place, &[]);
    assert_eq!(told(&found, "recipe-not-packed"), [""; 0]);
    assert_eq!(told(&found, "dangling-reference"), [""; 0]);
    let found = document(&place, &["--exclude", "f/**"]);
    assert_eq!(told(&found, "recipe-not-packed").len(), 1);
    assert!(
        found
            .to_string()
            .contains("it is in the project, but left out of this package")
    );
}

#[test]
fn numbers_in_lists_and_menus_are_numbers_too() {
    let place = Place::new();
    let step = |input: &str| {
        format!(
            r#"{{"number": 1, "keyword": "action", "provider": "workato_recipe_function", "input": {input}}}"#
        )
    };
    for (input, count) in [
        (r#"{"recipe_id": ["77", 78]}"#, 2),
        (r#"{"dynamic_menu_recipe": "77"}"#, 1),
        (
            r#"{"recipe_id": [{"zip_name": "a.recipe.json", "name": "A", "folder": ""}]}"#,
            0,
        ),
        (r#"{"flow_id": "=_dp('{}')"}"#, 0),
        (r#"{"parameters": {"number_of_days": "77"}}"#, 0),
    ] {
        place.write(
            "a.recipe.json",
            &recipe("A", &[&step(input)], &["workato_recipe_function"]),
        );
        assert_eq!(
            told(&document(&place, &[]), "raw-id").len(),
            count,
            "{input}"
        );
    }
}

#[test]
fn a_reference_without_its_path_is_told() {
    let place = Place::new();
    let step = |input: &str| {
        format!(
            r#"{{"number": 1, "keyword": "action", "provider": "workato_recipe_function", "input": {input}}}"#
        )
    };
    for (input, count) in [
        (r#"{"flow_id": {"name": "Rate", "folder": "f"}}"#, 1),
        (
            r#"{"flow_id": {"zip_name": "f/r.recipe.json", "name": "Rate", "folder": "f"}}"#,
            0,
        ),
        (r#"{"flow_id": {}}"#, 0),
        (r#"{"parameters": {"flow_id": {"name": "Rate"}}}"#, 0),
    ] {
        place.write(
            "a.recipe.json",
            &recipe("A", &[&step(input)], &["workato_recipe_function"]),
        );
        assert_eq!(
            told(&document(&place, &[]), "incomplete-reference").len(),
            count,
            "{input}"
        );
    }
}

#[test]
fn an_application_has_to_be_listed_unless_its_steps_are_skipped() {
    let place = Place::new();
    let active = r#"{"number": 2, "keyword": "action", "provider": "jira", "name": "get"}"#;
    let skipped =
        r#"{"number": 1, "keyword": "action", "provider": "jira", "name": "get", "skip": true}"#;
    let if_step = r#"{"number": 3, "keyword": "if", "provider": null, "block": []}"#;
    for (steps, uses, line) in [
        (&[skipped, active][..], &[][..], Some(3)),
        (&[skipped, active], &["jira"], None),
        (&[skipped], &[], None),
        (&[if_step], &[], None),
    ] {
        place.write("a.recipe.json", &recipe("A", steps, uses));
        let found = told(&document(&place, &[]), "provider-unlisted");
        let expected = line.map(|line| {
            format!("warning a.recipe.json:{line} $.code.block[{}]: step 2 uses `jira`, which the recipe's `config` does not list", line - 2)
        });
        assert_eq!(found, Vec::from_iter(expected), "{steps:?} {uses:?}");
    }
}

#[test]
fn connections_are_told_of_once_for_all() {
    let place = Place::new();
    place.write("a.recipe.json", &recipe("A", &[], &[]));
    assert_eq!(
        told(&document(&place, &[]), "connections-unauthorized"),
        [""; 0]
    );
    for number in 0..15 {
        place.write(
            &format!("c{number}.connection.json"),
            &format!(r#"{{"name": "C{number}", "provider": "jira"}}"#),
        );
    }
    let found = document(&place, &[]);
    assert_eq!(
        told(&found, "connections-unauthorized"),
        ["note -:null -: 15 connections come without their credentials"]
    );
    let text = place.run(["check", "-v"]).stderr;
    assert!(text.contains("= note: \"C1\" (`jira`)"), "{text}");
    assert!(text.contains("= note: and 3 more"), "{text}");
}

#[test]
fn what_is_there_to_be_used_should_be_used() {
    let place = Place::new();
    let table = r#"{"name": "Regions", "schema": []}"#;
    place.write("regions.lookup_table.json", table);
    place.write(
        "desk.connection.json",
        r#"{"name": "Desk", "provider": "jira"}"#,
    );
    assert_eq!(
        told(&document(&place, &[]), "unused-asset"),
        [""; 0],
        "it is there for others"
    );
    place.write("a.recipe.json", &recipe("A", &[], &[]));
    assert_eq!(
        told(&document(&place, &[]), "unused-asset"),
        [
            "note desk.connection.json:null -: nothing in the package uses the connection \"Desk\"",
            "note regions.lookup_table.json:null -: nothing in the package uses the lookup table \"Regions\"",
        ]
    );
    let lookup = r#"{"number": 1, "keyword": "action", "provider": "jira", "input": {"a": "=lookup(\"Regions\", code: 1)"}}"#;
    let text = recipe("A", &[lookup], &[]).replace(
        "\"config\": [",
        "\"config\": [{\"provider\": \"jira\", \"account_id\": {\"zip_name\": \"desk.connection.json\", \"name\": \"Desk\", \"folder\": \"\"}}, ",
    );
    place.write("a.recipe.json", &text);
    assert_eq!(told(&document(&place, &[]), "unused-asset"), [""; 0]);
}

#[test]
fn names_have_to_be_as_the_manifest_says() {
    let place = Place::new();
    place.write("a.recipe.json", &recipe("EU 1 Orders", &[], &[]));
    place.write("b.recipe.json", &recipe("Orders (copy)", &[], &[]));
    place.write("c.topic.json", r#"{"name": "anything"}"#);
    place.write("recipack.toml", "[naming]\nrecipe = '[A-Z]{2} \\d+ .+'\n");
    let found = document(&place, &[]);
    assert_eq!(
        told(&found, "name-breaks-rule"),
        [
            "warning b.recipe.json:null -: the recipe is named \"Orders (copy)\", which is not as `[A-Z]{2} \\d+ .+` says"
        ]
    );
    for (pattern, message) in [
        (
            "recipe = '(a'",
            "invalid regular expression `(a`: unclosed group",
        ),
        ("recipe = ['a']", "`recipe` should be a text, but is a list"),
        (
            "Recipe = 'a'",
            "invalid asset type `Recipe`: only lower-case letters, digits and `_` may stand in it",
        ),
    ] {
        place.write("recipack.toml", &format!("[naming]\n{pattern}\n"));
        let found = document(&place, &[]);
        assert_eq!(found["errors"][0]["message"], message);
        assert_eq!(found["errors"][0]["line"], 2);
    }
}

#[test]
fn hosts_and_addresses_are_told_to_who_asks() {
    let place = Place::new();
    let step = |number: u32, input: &str, more: &str| {
        format!(
            r#"{{"number": {number}, "keyword": "action", "provider": "rest", "input": {input}{more}}}"#
        )
    };
    let steps = [
        step(
            1,
            r#"{"url": "https://api.example.com/v1", "note": "desk@example.com"}"#,
            "",
        ),
        step(
            2,
            r#"{"url": "https://API.example.com/v2", "x": {"y": ["https://#{host}/"]}}"#,
            "",
        ),
        step(
            3,
            r#"{"url": "https://other.example.com"}"#,
            r#", "skip": true"#,
        ),
        step(4, "{}", r#", "description": "https://docs.example.com""#),
    ];
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    place.write("a.recipe.json", &recipe("A", &steps, &["rest"]));
    let found = document(&place, &[]);
    assert_eq!(told(&found, "hard-coded-host"), [""; 0], "nobody asked");
    place.write("recipack.toml", "[checks]\nhard-coded-host = \"warning\"\n");
    let found = document(&place, &[]);
    assert_eq!(
        told(&found, "hard-coded-host"),
        [
            "warning a.recipe.json:2 $.code.block[0].input.url: step 1 holds the host `api.example.com`"
        ]
    );
    assert_eq!(told(&found, "hard-coded-address"), [""; 0], "nobody asked");
    place.write("recipack.toml", "[checks]\nhard-coded-address = \"note\"\n");
    let found = document(&place, &[]);
    assert_eq!(
        told(&found, "hard-coded-address"),
        [
            "note a.recipe.json:2 $.code.block[0].input.note: step 1 holds the address `desk@example.com`"
        ]
    );
}

/// What the platform itself writes is as these checks say, or they would be wrong.
#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn real_projects_are_mostly_well() {
    let folder = corpus("");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut projects = vec![folder.join("travelperk/before.zip")];
    for parent in [
        "dewy-resort/projects",
        "dewy-resort-wk",
        "workato-dev-kit/projects",
    ] {
        let entries = fs::read_dir(folder.join(parent)).expect("readable");
        projects.extend(
            entries
                .map(|entry| entry.expect("an entry").path())
                .filter(|path| path.is_dir()),
        );
    }
    for project in &projects {
        let place = Place::new();
        let run = place.run(["check", "--json", project.to_str().expect("UTF-8")]);
        let found: Value = serde_json::from_str(&run.stdout).expect("a document");
        for finding in found["findings"].as_array().expect("a list") {
            let code = finding["code"].as_str().expect("a code");
            *counts.entry(code.to_owned()).or_default() += 1;
        }
    }
    for code in [
        "provider-unlisted",
        "raw-id",
        "hard-coded-credential",
        "suspected-credential",
    ] {
        assert_eq!(counts.get(code), None, "{counts:?}");
    }
}
