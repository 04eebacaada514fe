//! Whole files, compared.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn compare(path: &str, old: &str, new: &str) -> Vec<String> {
    let form = Form::of(&path.parse().expect("safe"));
    Comparer::default()
        .compare(form, old.as_bytes(), new.as_bytes())
        .iter()
        .map(Difference::to_string)
        .collect()
}

/// As the platform writes it.
const PLATFORM: &str = r##"{
  "name": "Track <parcels>",
  "description": "",
  "version": 3,
  "private": true,
  "concurrency": 1,
  "code": {
    "number": 0,
    "provider": "clock",
    "name": "scheduled_event",
    "as": "54a3fc1f",
    "keyword": "trigger",
    "input": {
    },
    "block": [
      {
        "number": 1,
        "provider": "parcel_connector_7_1",
        "name": "track",
        "as": "cf45582a",
        "keyword": "action",
        "input": {
          "to": "#{_dp('{\"line\":\"54a3fc1f\"}')}",
          "weight": 1.50
        },
        "extended_output_schema": [
          {
            "name": "no",
            "label": "Tracking no."
          },
          {
            "name": "region",
            "label": "Region"
          }
        ],
        "uuid": "0d19c122"
      },
      {
        "number": 2,
        "keyword": "if",
        "input": {
          "operand": "and"
        },
        "block": [

        ],
        "uuid": "6eb000b2"
      }
    ],
    "uuid": "b73900a3"
  },
  "config": [
    {
      "keyword": "application",
      "provider": "clock",
      "account_id": null
    },
    {
      "keyword": "application",
      "provider": "parcel_connector_7_1",
      "account_id": {
        "zip_name": "p.connection.json",
        "name": "P",
        "folder": "",
        "custom": true
      }
    }
  ],
  "tags": [
    "release"
  ]
}"##;

/// The same as `wk` would write it.
fn wk(text: &str) -> String {
    let value: Value = serde_json::from_str(text).expect("valid JSON");
    let pretty = serde_json::to_string_pretty(&value).expect("serialises");
    let escaped = pretty.replace('<', "\\u003c").replace('>', "\\u003e");
    // The reader in this test forgets how numbers were spelled.
    format!("{}\n", escaped.replace("1.5\n", "1.50\n"))
}

#[test]
fn recipes_differ_by_step_and_field_in_either_dialect() {
    let log = r#"{"number": 1, "provider": "logger", "name": "log", "keyword": "action", "uuid": "new"},"#;
    let step_1 = "step 1 (action parcel_connector_7_1 track)";
    for (from, to, expected) in [
        ("", "", vec![]),
        (
            "Track <parcels>",
            "Track",
            vec![r#"name "Track <parcels>" → "Track""#.to_owned()],
        ),
        (
            r#""version": 3"#,
            r#""version": 4"#,
            vec!["version 3 → 4".to_owned()],
        ),
        (
            r#""release""#,
            r#""release", "beta""#,
            vec![r#"tags[1] added: "beta""#.to_owned()],
        ),
        (
            r#""Region""#,
            r#""Area""#,
            vec![format!(
                r#"{step_1}: extended_output_schema[1].label "Region" → "Area""#
            )],
        ),
        (
            r#""weight": 1.50"#,
            r#""weight": "=x""#,
            vec![format!(r#"{step_1}: input.weight 1.50 → "=x""#)],
        ),
        (
            r#"\"54a3fc1f\"}"#,
            r#"\"54a3fc1e\"}"#,
            vec![format!(
                r##"{step_1}: input.to "#{{_dp('{{\"line\":\"54a3fc1f\"}}')}}" → "#{{_dp('{{\"line\":\"54a3fc1e\"}}')}}""##
            )],
        ),
        (
            "\"block\": [\n      {",
            &format!("\"block\": [{log}{{"),
            vec!["step 1 (action logger log) added".to_owned()],
        ),
        (
            ",\n        \"custom\": true",
            "",
            vec!["custom mark of parcel_connector_7_1 removed".to_owned()],
        ),
        (
            "\"block\": [\n\n        ],",
            "",
            vec!["step 2 (if): block removed: []".to_owned()],
        ),
    ] {
        let changed = PLATFORM.replacen(from, to, 1);
        assert_eq!(
            compare("a.recipe.json", PLATFORM, &changed),
            expected,
            "{from} {to}"
        );
        let formatting = vec!["formatting only".to_owned()];
        let in_wk = if expected.is_empty() {
            formatting
        } else {
            expected
        };
        assert_eq!(
            compare("a.recipe.json", PLATFORM, &wk(&changed)),
            in_wk,
            "{from} {to}"
        );
    }
}

#[test]
fn a_step_that_moves_into_a_block_is_moved() {
    let mut value: Value = serde_json::from_str(PLATFORM).expect("valid JSON");
    let step = value["code"]["block"][0].take();
    value["code"]["block"][1]["number"] = json!(1);
    value["code"]["block"][1]["block"] = json!([step]);
    value["code"]["block"][1]["block"][0]["number"] = json!(2);
    value["code"]["block"]
        .as_array_mut()
        .expect("steps")
        .remove(0);
    assert_eq!(
        compare("a.recipe.json", PLATFORM, &wk(&value.to_string())),
        ["step 2 (was 1; action parcel_connector_7_1 track) moved from 1 in step 0 to 2 in step 1"]
    );
}

#[test]
fn other_files_differ_by_value_line_or_digest() {
    assert_eq!(
        compare(
            "p.connection.json",
            r#"{"name":"P","provider":{"zip_name":"p.custom_adapter.json","name":"Parcel","folder":""}}"#,
            r#"{"name":"P","provider":"parcel_connector_7_1"}"#,
        ),
        [r#"provider "Parcel" (p.custom_adapter.json) → "parcel_connector_7_1""#]
    );
    assert_eq!(
        compare("p.custom_adapter.rb", "a\nb\n", "a\nc\n"),
        ["lines: 1 added, 1 removed"]
    );
    assert!(compare("p.custom_adapter.png", "a\0", "b\0")[0].starts_with("2 bytes, SHA-256"));
    assert_eq!(
        compare("p.connection.json", "{", "{}"),
        ["lines: 1 added, 1 removed"],
        "what is no JSON is compared as text"
    );
}

/// A file whose differences do not fit is told all the same, and so is one after it that fits.
#[test]
fn there_is_room_for_so_many_differences() {
    let change = |count: usize| Change::Changed {
        differences: vec![Difference::Formatting; count],
    };
    let one = change(1).weight();
    let mut room = 3 * one;
    for (before, after) in [
        (change(2), change(2)),
        (
            change(9),
            Change::Changed {
                differences: vec![Difference::NotListed { count: 9 }],
            },
        ),
        (Change::Added, Change::Added),
    ] {
        let mut told = before;
        told.fit(&mut room);
        assert_eq!(told, after);
    }
    assert_eq!(
        Difference::NotListed { count: 9 }.to_string(),
        "9 differences, which are not listed"
    );
}

#[test]
fn values_stay_whole_in_json() {
    let long = "x".repeat(500);
    let old = r#"{"number": 1e2, "text": "a"}"#;
    let new = format!(r#"{{"number": 100, "text": "{long}"}}"#);
    let found = Comparer::default().compare(Form::Json, old.as_bytes(), new.as_bytes());
    let json = serde_json::to_string(&found).expect("serialises");
    assert_eq!(
        json,
        format!(
            r#"[{{"kind":"value","path":"number","change":{{"kind":"changed","old":1e2,"new":100}}}},{{"kind":"value","path":"text","change":{{"kind":"changed","old":"a","new":"{long}"}}}}]"#
        )
    );
}

/// Small recipes out of few parts, so that two of them often share steps.
fn recipe() -> impl Strategy<Value = Value> {
    let step = |block: Option<Vec<Value>>| {
        (
            proptest::option::of(0..6_u8),
            proptest::option::of(0..6_u8),
            prop::sample::select(vec!["log", "send"]),
            0..3_u8,
        )
            .prop_map(move |(uuid, line, name, message)| {
                let mut step = json!({"keyword": "action", "name": name, "input": {"m": message}});
                if let Some(uuid) = uuid {
                    step["uuid"] = json!(uuid.to_string());
                }
                if let Some(line) = line {
                    step["as"] = json!(line.to_string());
                }
                if let Some(block) = &block {
                    step["block"] = json!(block);
                }
                step
            })
    };
    let tree = step(None).prop_recursive(3, 12, 4, move |inner| {
        proptest::collection::vec(inner, 0..4).prop_flat_map(move |block| step(Some(block)))
    });
    let providers = prop::sample::subsequence(vec!["p", "q", "r"], 0..=3).prop_shuffle();
    (tree, providers, any::<bool>()).prop_map(|(mut code, providers, custom)| {
        fn number(step: &mut Value, next: &mut u32) {
            step["number"] = json!(next);
            *next += 1;
            let block = step.get_mut("block").and_then(Value::as_array_mut);
            block
                .into_iter()
                .flatten()
                .for_each(|child| number(child, next));
        }
        number(&mut code, &mut 0);
        let account = |custom| {
            if custom {
                json!({"name": "A", "custom": true})
            } else {
                Value::Null
            }
        };
        let config: Vec<_> = providers
            .iter()
            .map(|provider| json!({"provider": provider, "account_id": account(custom)}))
            .collect();
        json!({"name": "R", "code": code, "config": config})
    })
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(recipe in recipe()) {
        let text = recipe.to_string();
        prop_assert_eq!(compare("a.recipe.json", &text, &text), Vec::<String>::new());
        let spaced = serde_json::to_string_pretty(&recipe).expect("serialises");
        prop_assert_eq!(compare("a.recipe.json", &text, &spaced), ["formatting only"]);
        prop_assert_eq!(compare("a.lookup_table.json", &text, &spaced), ["formatting only"]);
    }

    #[test]
    fn what_differs_is_reported(old in recipe(), new in recipe()) {
        prop_assume!(old != new);
        let texts = (old.to_string(), new.to_string());
        for path in ["a.recipe.json", "a.lookup_table.json"] {
            let found = compare(path, &texts.0, &texts.1);
            prop_assert!(!found.is_empty() && found[0] != "formatting only", "{:?}", found);
            let again = compare(path, &texts.0, &texts.1);
            prop_assert_eq!(found, again, "the order is stable");
        }
    }
}
