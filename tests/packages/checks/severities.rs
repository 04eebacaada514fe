//! `[checks]` and `[[allow]]`: how much findings matter, and which are right as they are.

use serde_json::Value;

use crate::support::{Place, Run};

/// A project in which a step names a recipe by its number, and a package could be made of it.
fn project(manifest: &str) -> Place {
    let place = Place::new();
    place.write(
        "orders.recipe.json",
        r#"{"name": "Orders", "code": {"number": 0, "keyword": "trigger", "provider": "clock", "block": [
          {"number": 1, "keyword": "action", "provider": "workato_recipe_function", "name": "call_recipe", "input": {"flow_id": "77"}},
          {"number": 2, "keyword": "action", "provider": "workato_recipe_function", "name": "call_recipe", "input": {"flow_id": "78"}}
        ]}, "config": [{"provider": "clock"}, {"provider": "workato_recipe_function"}]}"#,
    );
    place.write("recipack.toml", manifest);
    place
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
}

fn raw_ids(document: &Value) -> Vec<&Value> {
    let findings = document["findings"].as_array().expect("a list");
    let raw = findings.iter().filter(|f| f["code"] == "raw-id");
    raw.collect()
}

#[test]
fn a_level_decides_what_is_told_and_whether_a_package_is_written() {
    for (level, severity, code) in [
        ("error", Some("error"), 1),
        ("warning", Some("warning"), 0),
        ("note", Some("note"), 0),
        ("off", None, 0),
    ] {
        let place = project(&format!("[checks]\n\"raw-id\" = \"{level}\"\n"));
        let check = place.run(["check", "--json"]);
        let export = place.run(["export", "--for", "external", "-o", "p.zip", "--json"]);
        for run in [&check, &export] {
            assert_eq!(run.code, code, "{level}: {}{}", run.stdout, run.stderr);
            let document = json(run);
            let told = raw_ids(&document);
            assert_eq!(
                told.len(),
                if severity.is_some() { 2 } else { 0 },
                "{level}"
            );
            for finding in told {
                assert_eq!(finding["severity"].as_str(), severity);
            }
        }
        assert_eq!(place.path("p.zip").exists(), code == 0, "{level}");
        if code == 0 {
            let record = std::fs::read_to_string(place.path("p.recipack.json")).expect("a record");
            let record: Value = serde_json::from_str(&record).expect("JSON");
            assert_eq!(record["request"]["checks"]["raw-id"], level);
            let counts = &record["findings"];
            let expected = [("warnings", "warning"), ("notes", "note")];
            for (key, of) in expected {
                assert_eq!(
                    counts[key],
                    if level == of { 2 } else { 0 },
                    "{level}: {counts}"
                );
            }
            assert_eq!(
                place.run(["verify", "p.zip", "--rebuild-from", "."]).code,
                0
            );
        }
    }
}

#[test]
fn a_record_says_nothing_of_settings_that_there_are_not() {
    let place = project("");
    assert_eq!(
        place
            .run(["export", "--for", "external", "-o", "p.zip"])
            .code,
        0
    );
    let record = std::fs::read_to_string(place.path("p.recipack.json")).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["request"].get("checks"), None);
    assert_eq!(record.get("allowed"), None);
}

#[test]
fn one_finding_is_allowed_and_another_of_its_code_is_not() {
    let place = project("");
    let document = json(&place.run(["check", "--json"]));
    let told = raw_ids(&document);
    assert_eq!(told.len(), 2);
    assert_ne!(told[0]["fingerprint"], told[1]["fingerprint"]);
    let known = told[0]["fingerprint"].as_str().expect("a fingerprint");
    let allow = format!(
        "[checks]\nraw-id = \"error\"\n[[allow]]\ncode = \"raw-id\"\nfingerprint = \"{known}\"\nreason = \"Billing is in the target already.\"\n"
    );
    place.write("recipack.toml", &allow);
    let run = place.run(["check", "--json"]);
    assert_eq!(run.code, 1, "the other one is an error");
    let document = json(&run);
    assert_eq!(raw_ids(&document).len(), 1);
    assert_eq!(
        document["allowed"][0]["reason"],
        "Billing is in the target already."
    );
    assert!(
        place
            .run(["check"])
            .stdout
            .ends_with("1 error, 0 warnings, 0 notes, 1 allowed\n")
    );

    // Where in the file it stands does not matter; that it is another number does.
    let path = place.path("orders.recipe.json");
    let text = std::fs::read_to_string(&path).expect("text");
    place.write("orders.recipe.json", &text.replacen('{', "{\n\n", 1));
    assert_eq!(raw_ids(&json(&place.run(["check", "--json"]))).len(), 1);
    place.write("orders.recipe.json", &text.replacen("\"77\"", "\"770\"", 1));
    let run = place.run(["check", "-v"]);
    assert_eq!(
        run.stderr.matches("error[raw-id]").count(),
        2,
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("note[allowance-unused]"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_wrong_with_them_is_told_in_its_place() {
    for (text, expected) in [
        (
            "[checks]\nraw-ids = 'note'",
            "2:1 no finding has the code `raw-ids` (did you mean `raw-id`? `recipack explain` lists all codes)",
        ),
        (
            "[checks]\nraw-id = 'warn'",
            "2:10 unknown level `warn` (possible are `error`, `warning`, `note`, `off`)",
        ),
        (
            "[checks]\nraw-id = false",
            "2:10 `raw-id` should be a text, but is true or false",
        ),
        (
            "[checks]\nconnector-missing = 'warning'",
            "2:21 `connector-missing` is always an error (the package could not work, or would not be what was asked for; see `recipack explain connector-missing`)",
        ),
        (
            "[checks]\nrestart-fails = 'error'",
            "2:17 `restart-fails` is told of workspaces, about which a manifest has no say (take it out)",
        ),
        (
            "[[allow]]\ncode = 'raw-id'\nfingerprint = '0123456789abcdef'",
            "1:1 `reason` is missing (say why it is right as it is, for whoever reads the manifest next year)",
        ),
        (
            "[[allow]]\ncode = 'raw-id'\nfingerprint = '0123456789abcdef'\nreason = ' '",
            "4:10 `reason` is missing (say why it is right as it is, for whoever reads the manifest next year)",
        ),
        (
            "[[allow]]\nfingerprint = '0123456789abcdef'\nreason = 'r'",
            "1:1 `code` is missing",
        ),
        (
            "[[allow]]\ncode = 'raw-id'\nfingerprint = 'xyz'\nreason = 'r'",
            "3:15 invalid fingerprint `xyz`: it has 16 digits, each of 0 to 9 or a to f",
        ),
        (
            "[[allow]]\ncode = 'broken-json'\nfingerprint = '0123456789abcdef'\nreason = 'r'",
            "1:1 `broken-json` is always an error (the package could not work, or would not be what was asked for; see `recipack explain broken-json`)",
        ),
        (
            "[[allow]]\ncode = 'raw-id'\nfingerprint = '0123456789abcdef'\nreasn = 'r'\nreason = 'r'",
            "4:1 unknown key `reasn` (did you mean `reason`?)",
        ),
        (
            "[allow]\ncode = 'raw-id'",
            "1:1 `allow` should be a list of tables, but is a table (write `[[allow]]`, in two brackets, before each)",
        ),
        (
            "allow = ['raw-id']",
            "1:9 `allow` should be a list of tables, but is a list (write `[[allow]]`, in two brackets, before each)",
        ),
    ] {
        let place = project(text);
        let run = place.run(["check", "--json"]);
        assert_eq!(run.code, 1, "{text}");
        let document = json(&run);
        let told: Vec<String> = document["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| {
                let help = error["help"]
                    .as_str()
                    .map_or(String::new(), |h| format!(" ({h})"));
                let message = error["message"].as_str().expect("a message");
                format!("{}:{} {message}{help}", error["line"], error["column"])
            })
            .collect();
        assert_eq!(told, [expected], "{text}");
    }
}

#[test]
fn no_level_and_no_allowance_makes_a_package_of_what_cannot_work() {
    let place = Place::new();
    place.write(
        "orders.recipe.json",
        r#"{"name": "Orders", "code": {"number": 0, "keyword": "trigger", "provider": "p_connector_1_2"}, "config": [{"provider": "p_connector_1_2", "account_id": null}]}"#,
    );
    place.write("recipack.toml", "[checks]\nconnector-missing = \"error\"\n");
    assert_eq!(place.run(["check"]).code, 1, "what it is may be said");
    for manifest in [
        "[checks]\nconnector-missing = \"off\"\n",
        "[[allow]]\ncode = \"connector-missing\"\nfingerprint = \"0123456789abcdef\"\nreason = \"r\"\n",
    ] {
        place.write("recipack.toml", manifest);
        let run = place.run(["export", "--for", "external", "-o", "p.zip"]);
        assert_eq!(run.code, 1);
        assert!(!place.path("p.zip").exists(), "{}", run.stderr);
    }
}
