//! The schemas of the files that people write: what the program takes, they take, and what is wrong to
//! the one is wrong to the other.

use std::fs;

use jsonschema::Validator;
use serde_json::Value;

use crate::support::{Place, files, fixture, place_with};

fn validator(document: &str) -> Validator {
    let run = Place::new().run(["schema", document]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let schema: Value = serde_json::from_str(&run.stdout).expect("a schema");
    jsonschema::validator_for(&schema).expect("a schema")
}

/// The fixtures with this ending, and whether their texts are wrong on purpose.
fn fixtures(ending: &str) -> Vec<(String, String)> {
    let all = files(&fixture(""));
    let texts = all.into_iter().filter(|(path, _)| path.ends_with(ending));
    texts
        .map(|(path, bytes)| (path, String::from_utf8(bytes).expect("UTF-8")))
        .collect()
}

/// Whether the program reads a manifest.
fn is_read(place: &Place, text: &str) -> bool {
    place.write("m.toml", text);
    let run = place.run(["manifest", "list", "-m", "m.toml"]);
    // That a target lacks a catalogue is told of a manifest that was read.
    !run.stderr.contains("error[invalid-manifest]")
}

#[test]
fn a_manifest_is_as_its_schema_says() {
    let place = Place::new();
    let schema = validator("recipack.toml");
    let valid = |text: &str| {
        let value: Value = toml_edit::de::from_str(text).expect("TOML");
        schema.is_valid(&value)
    };
    let mut seen = 0;
    for (path, text) in fixtures(".toml") {
        assert_eq!(valid(&text), is_read(&place, &text), "{path}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
    let init = place_with(&["partner", "catalogs"]);
    let run = init.run(["init", "partner", "--catalog", "catalogs/shared.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let written = fs::read_to_string(init.path("recipack.toml")).expect("a manifest");
    assert!(valid(&written) && is_read(&place, &written));
    let whole = "[package]\nname = 'a'\nproject = '.'\nlimit-mb = 5\ncatalog = 'none'\n\
        [select]\ninclude = ['a/**']\nexclude = []\ntypes = ['recipe']\nfolders = ['a']\ntags = ['t']\n\
        [connectors]\n'A b' = 'auto'\n\
        [targets.t]\nkind = 'customer'\ndata-center = 'us'\ncatalog = 'none'\nconnectors = { A = 'include' }\n\
        [checks]\nraw-id = 'off'\n\
        [[allow]]\ncode = 'raw-id'\nfingerprint = '0123456789abcdef'\nreason = 'x'\n\
        [naming]\nrecipe = '.*'\n";
    assert!(
        is_read(&place, whole),
        "{}",
        place.run(["manifest", "list", "-m", "m.toml"]).stderr
    );
    assert!(valid(whole));
    for wrong in [
        "nonsense = 1\n",
        "[package]\nlimit-mib = 5\n",
        "[package]\nlimit-mb = 0\n",
        "[package]\nlimit-mb = '5'\n",
        "[package]\nname = 3\n",
        "[package]\ncatalog = ['a']\n",
        "package = 'x'\n",
        "[select]\ninclude = 'a'\n",
        "[select]\ntypes = [3]\n",
        "[select]\nrecipes = ['a']\n",
        "[connectors]\nA = 'yes'\n",
        "[connectors]\nA = true\n",
        "[targets.t]\n",
        "[targets.t]\nkind = 'moon'\n",
        "[targets.t]\nkind = 'customer'\ndata_center = 'us'\n",
        "[targets.t]\nkind = 'customer'\nconnectors = ['A']\n",
        "[checks]\nraw-id = 'quiet'\n",
        "[[allow]]\ncode = 'raw-id'\n",
        "[[allow]]\ncode = 'raw-id'\nfingerprint = '0123456789abcdef'\nreason = 'x'\nwho = 'y'\n",
        "[naming]\nrecipe = 3\n",
    ] {
        assert!(!is_read(&place, wrong), "{wrong}");
        assert!(!valid(wrong), "{wrong}");
    }
}

#[test]
fn a_catalogue_is_as_its_schema_says() {
    let place = place_with(&["partner"]);
    let schema = validator("catalog");
    let is_read = |text: &str| {
        place.write("c.json", text);
        let arguments = [
            "check",
            "partner",
            "--for",
            "customer",
            "--catalog",
            "c.json",
        ];
        let run = place.run(arguments);
        !run.stderr.contains("error[invalid-catalog]")
    };
    let valid = |text: &str| schema.is_valid(&serde_json::from_str(text).expect("JSON"));
    let mut seen = 0;
    for (path, text) in fixtures(".json") {
        if path.starts_with("catalogs/") {
            assert!(valid(&text) && is_read(&text), "{path}");
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
    let entry = r#"{"title":"A","name":"a_connector_1_1"}"#;
    for right in [
        "[]".to_owned(),
        r#"["A","B"]"#.to_owned(),
        format!("[{entry},null,\"B\"]"),
        format!(r#"{{"result":[{entry}]}}"#),
        format!(r#"{{"data":[{entry}],"total":1}}"#),
        r#"[{"title":"A","name":"a_connector_1_1","oem_shared_version":null,"visibility":"closed",
            "data_center":"eu","latest_released_version":3,"released_versions":[{"version":3}],"id":7}]"#
            .to_owned(),
    ] {
        assert!(is_read(&right), "{right}");
        assert!(valid(&right), "{right}");
    }
    for wrong in [
        "3",
        "{}",
        r#"{"items":[]}"#,
        "[3]",
        r#"[{"title":"A"}]"#,
        r#"[{"name":"a_connector_1_1"}]"#,
        r#"[{"title":"A","name":"a_connector_1_1","oem_shared_version":"2"}]"#,
        r#"[{"title":"A","name":"a_connector_1_1","oem_shared_version":-2}]"#,
        r#"[{"title":"A","name":"a_connector_1_1","visibility":"opne"}]"#,
        r#"[{"title":"A","name":"a_connector_1_1","released_versions":[3]}]"#,
        r#"[{"title":3,"name":"a_connector_1_1"}]"#,
    ] {
        assert!(!is_read(wrong), "{wrong}");
        assert!(!valid(wrong), "{wrong}");
    }
}

#[test]
fn settings_are_as_their_schema_says() {
    let place = Place::new();
    let schema = validator("settings");
    let valid = |text: &str| {
        let value: Value = toml_edit::de::from_str(text).expect("TOML");
        schema.is_valid(&value)
    };
    let is_read = |text: &str| {
        place.write("s.toml", text);
        let run = place.run(["settings", "show", "--of", "moon", "--settings", "s.toml"]);
        !run.stderr.contains("error[invalid-settings]")
    };
    let customers = fs::read_to_string(fixture("targets/customers.toml")).expect("text");
    for right in [
        "",
        &customers,
        "[all]\nfolder = 'Orders'\ntags = 'skip'\n",
        "[targets.customers.properties]\n'a.b' = 'c'\nd = { file = 'e' }\nf = { fill-in = 'g' }\n",
        "[labels.large.project-properties]\na = { env = 'A' }\n",
        "[customers.moon.connections]\na = 'person'\nb = { fields = { c = 'd', e = { env = 'F' } } }\ng = { fill-in = 'h' }\n",
        "[all.recipes]\n'*' = 'start'\na = 'stop'\nb = 'leave'\n",
    ] {
        assert!(is_read(right), "{right}");
        assert!(valid(right), "{right}");
    }
    for wrong in [
        "nonsense = 1\n",
        "all = 'x'\n",
        "[all]\ntags = 'both'\n",
        "[all]\nfolder = 3\n",
        "[all]\nproperty = {}\n",
        "[targets]\ncustomers = 'x'\n",
        "[all.properties]\na = 3\n",
        "[all.properties]\na = {}\n",
        "[all.properties]\na = { env = 'A', file = 'b' }\n",
        "[all.properties]\na = { variable = 'A' }\n",
        "[all.connections]\na = 'nobody'\n",
        "[all.connections]\na = { fields = 'b' }\n",
        "[all.connections]\na = { fields = { b = 3 } }\n",
        "[all.connections]\na = { env = 'A' }\n",
        "[all.recipes]\na = 'run'\n",
        "[all.recipes]\na = true\n",
    ] {
        assert!(!is_read(wrong), "{wrong}");
        assert!(!valid(wrong), "{wrong}");
    }
}

#[test]
fn a_customers_file_is_as_its_schema_says() {
    let place = Place::new();
    let schema = validator("customer");
    // A day stands in TOML without quotes.
    fn in_json(value: &mut Value) {
        match value {
            Value::Object(fields) => match fields.get("$__toml_private_datetime").cloned() {
                Some(moment) => *value = moment,
                None => fields.values_mut().for_each(in_json),
            },
            Value::Array(values) => values.iter_mut().for_each(in_json),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let valid = |text: &str| {
        let mut value: Value = toml_edit::de::from_str(text).expect("TOML");
        in_json(&mut value);
        schema.is_valid(&value)
    };
    let is_read = |text: &str| {
        place.write("c.toml", text);
        let run = place.run([
            "customer",
            "apply",
            "c.toml",
            "--of",
            "studio",
            "--platform",
            "p.db",
        ]);
        !run.stderr.contains("error[invalid-customer]")
    };
    let head = "name = 'a'\nexternal-id = 'A-1'\n";
    let heron = fs::read_to_string(fixture("customers/heron.toml")).expect("text");
    let right = [
        "",
        "email = 'it@a.example'\nlabels = { ring = 'first' }\n",
        "folder = 'Orders'\npackages = ['o.zip']\nsettings = ['s.toml']\n",
        "freeze = { until = 2027-01-04, why = 'x' }\n[recipes]\n'*' = 'start'\n",
        "[properties]\n'a.b' = { env = 'A' }\n[[freeze]]\nfrom = 2026-12-18\nuntil = 2027-01-04\nwhy = 'x'\n",
    ];
    for right in right
        .map(|text| format!("{head}{text}"))
        .iter()
        .chain([&heron])
    {
        assert!(is_read(right), "{right}");
        assert!(valid(right), "{right}");
    }
    let wrong = [
        "package = 'o.zip'\n",
        "packages = 'o.zip'\n",
        "labels = ['a']\n",
        "[all.properties]\na = 'b'\n",
        "[recipes]\na = 'run'\n",
        "[[freeze]]\nuntil = 2027-01-04\n",
        "[[freeze]]\nuntil = 2027-01-04\nwhy = 'x'\nwho = 'y'\n",
    ];
    let wrong = wrong.map(|text| format!("{head}{text}"));
    for wrong in wrong
        .iter()
        .map(String::as_str)
        .chain(["name = 'a'\n", "external-id = 'A'\n"])
    {
        assert!(!is_read(wrong), "{wrong}");
        assert!(!valid(wrong), "{wrong}");
    }
}
