use super::*;

fn scan(kind: AssetKind, text: &str) -> Facts {
    Scanner::default()
        .scan(&kind, text.as_bytes())
        .expect("valid JSON")
}

const RECIPE: &str = r##"{
      "name": "Place order", "version": 3, "tags": ["release"],
      "code": {"number": 0, "provider": "clock", "name": "scheduled_event", "keyword": "trigger", "block": [
        {"number": 1, "provider": "parcel_connector_7_1", "name": "create", "keyword": "action",
         "input": {"to": "=lookup(\"Region codes\", a: 1)[:b] + _dp('{\"provider\":\"parcel_connector_7_1\"}')",
                   "flow_id": {"zip_name": "F/b.recipe.json", "name": "B", "folder": "F"}}},
        {"number": 2, "keyword": "if", "skip": true, "input": {"type": "x"}, "block": [
          {"number": 3, "provider": "workato_recipe_function", "name": "call_recipe", "keyword": "action",
           "input": {"flow_id": "2369161", "parameters": {"number": 5, "keyword": "action", "project_id": "8"}}},
          {"number": 4, "provider": "jira", "name": "search", "keyword": "action", "input": {"project_id": "8"}}
        ]}
      ]},
      "config": [
        {"keyword": "application", "provider": "parcel_connector_7_1", "account_id":
          {"zip_name": "p.connection.json", "name": "P", "folder": "", "custom": true}},
        {"keyword": "application", "provider": "jira", "account_id": null}
      ]
    }"##;

#[test]
fn a_recipe_tells_what_it_needs() {
    let facts = scan(AssetKind::Recipe, RECIPE);
    assert_eq!(facts.name.as_deref(), Some("Place order"));
    let references: Vec<_> = facts
        .references
        .iter()
        .map(|r| (&*r.key, &*r.target, r.step.map(|s| s.number)))
        .collect();
    assert_eq!(
        references,
        [
            ("flow_id", "F/b.recipe.json", Some(1)),
            ("account_id", "p.connection.json", None)
        ]
    );
    assert_eq!(
        facts.tables.iter().map(|t| &*t.name).collect::<Vec<_>>(),
        ["Region codes"]
    );
    let raw: Vec<_> = facts
        .raw_ids
        .iter()
        .map(|r| (&*r.key, &*r.id, r.step))
        .collect();
    let skipped = |number| {
        Some(Step {
            number,
            activity: Activity::Skipped,
        })
    };
    assert_eq!(raw, [("flow_id", "2369161", skipped(3))]);
    let recipe = facts.recipe().expect("a recipe");
    assert_eq!(recipe.tags, ["release"]);
    assert_eq!(recipe.version, Some(Version(3)));
    assert_eq!(recipe.actions.len(), 1);
    assert_eq!(
        (&*recipe.actions[0].name, recipe.actions[0].kind),
        ("create", ActionKind::Action)
    );
    let config: Vec<_> = recipe
        .config
        .iter()
        .map(|c| (&*c.provider, c.account, c.mark))
        .collect();
    assert_eq!(
        config,
        [
            ("parcel_connector_7_1", Some(1), CustomMark::Present),
            ("jira", None, CustomMark::Absent)
        ]
    );
    assert_eq!(
        facts
            .internal_names
            .iter()
            .map(InternalName::as_str)
            .collect::<Vec<_>>(),
        ["parcel_connector_7_1"]
    );
}

#[test]
fn a_connection_names_its_application_in_one_of_two_ways() {
    let own = scan(
        AssetKind::Connection,
        r#"{"name":"P","provider":{"zip_name":"p.custom_adapter.json","name":"Parcel","folder":""}}"#,
    );
    assert_eq!(
        own.connection().map(|c| &c.provider),
        Some(&ConnectionProvider::Connector(0))
    );
    let shared = scan(
        AssetKind::Connection,
        r#"{"name":"P","provider":"parcel_connector_7_1"}"#,
    );
    assert_eq!(
        shared.connection().map(|c| &c.provider),
        Some(&ConnectionProvider::Named("parcel_connector_7_1".into()))
    );
}

#[test]
fn other_assets_hold_references_too() {
    let endpoint = scan(
        AssetKind::ApiEndpoint,
        r#"{"name":"E","recipe_id":"77","api_group_id":{"zip_name":"g.api_group.json","name":"G","folder":""}}"#,
    );
    assert_eq!(&*endpoint.references[0].target, "g.api_group.json");
    assert_eq!(&*endpoint.raw_ids[0].id, "77");
    let server = scan(
        AssetKind::McpServer,
        r#"{"name":"M","references":{"ref_0":{"type":"agentic_skill","id":{"zip_name":"s.agentic_skill.json","name":"S","folder":""}}}}"#,
    );
    assert_eq!(
        (&*server.references[0].key, &*server.references[0].target),
        ("id", "s.agentic_skill.json")
    );
}

#[test]
fn an_asset_is_an_object() {
    for text in ["null", "[]", "3", "\"x\""] {
        let error = Scanner::default()
            .scan(&AssetKind::Recipe, text.as_bytes())
            .expect_err(text);
        assert!(error.reason.contains("an object"), "{text}: {error}");
    }
    assert!(Scanner::default().scan(&AssetKind::Tags, b"{}").is_err());
    assert!(Scanner::default().scan(&AssetKind::Tags, b"[]").is_ok());
}

#[test]
fn a_type_that_is_not_known_may_hold_anything() {
    let kind = || AssetKind::Other("shared_label".into());
    for text in [
        "[]",
        "3",
        "not JSON: parcel_connector_7_1",
        "{\"name\": \"\"}",
    ] {
        assert_eq!(scan(kind(), text).name, None, "{text}");
    }
    assert_eq!(
        scan(kind(), "parcel_connector_7_1,").internal_names.len(),
        1
    );
    assert_eq!(
        scan(kind(), r#"{"name": "Gold"}"#).name.as_deref(),
        Some("Gold")
    );
    assert!(Scanner::default().scan(&kind(), b"\xff\xfe").is_ok());
}

#[test]
fn what_hides_the_parts_of_a_recipe_is_told_apart() {
    for (text, code, config) in [
        ("{}", Part::Absent, Part::Absent),
        (r#"{"code": {}, "config": []}"#, Part::Whole, Part::Whole),
        (r#"{"code": "{}", "config": "[]"}"#, Part::Text, Part::Text),
        (r#"{"code": [], "config": {}}"#, Part::Other, Part::Other),
        (
            r#"{"code": null, "config": [{}]}"#,
            Part::Other,
            Part::Other,
        ),
        (
            r#"{"code": {}, "config": [{"provider": "clock"}, {"provider": 3}]}"#,
            Part::Whole,
            Part::Other,
        ),
    ] {
        let facts = scan(AssetKind::Recipe, text);
        let recipe = facts.recipe().expect("a recipe");
        assert_eq!((recipe.code, recipe.config_form), (code, config), "{text}");
    }
}

#[test]
fn connector_names_are_found_wherever_they_stand() {
    let text = r#"["a_connector_1_2","=_('data.b__connector_3_4.x')","new_connector_1_connector_5_6 x","連_connector_7_8","my_connector_x","\nz_connector_1_2"]"#;
    let names = internal_names(text);
    assert_eq!(
        names.iter().map(InternalName::as_str).collect::<Vec<_>>(),
        [
            "a_connector_1_2",
            "b__connector_3_4",
            "new_connector_1_connector_5_6",
            "z_connector_1_2",
            "連_connector_7_8"
        ]
    );
}
