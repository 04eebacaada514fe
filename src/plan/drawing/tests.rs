//! Small projects, drawn.

use super::*;
use crate::model::project::{Layout, Listed, Origin};
use crate::model::scan::Scanner;

fn project(files: &[(&str, &str)]) -> Project {
    let listing: Vec<_> = files
        .iter()
        .map(|(path, text)| Listed {
            path: path.parse().expect("safe"),
            size: text.len() as u64,
        })
        .collect();
    let mut project = Layout::of(Origin::Folder, &listing).project;
    for asset in &mut project.assets {
        let file = files.iter().find(|(path, _)| *path == asset.path.as_str());
        let text = file.expect("listed").1.as_bytes();
        asset.facts = Scanner::default()
            .scan(&asset.kind, text)
            .expect("valid JSON")
            .into();
    }
    project
}

/// A recipe that calls others.
fn recipe(name: &str, calls: &[&str]) -> String {
    let blocks: Vec<_> = calls
        .iter()
        .map(|path| format!(r#"{{"input":{{"flow_id":{{"zip_name":"{path}.recipe.json","name":"{path}","folder":""}}}}}}"#))
        .collect();
    format!(
        r#"{{"name":{name:?},"code":{{"keyword":"trigger","block":[{}]}}}}"#,
        blocks.join(",")
    )
}

fn document(recipes: &[(&str, &[&str])], root: Option<&str>) -> GraphDocument {
    let files: Vec<_> = recipes
        .iter()
        .map(|(name, calls)| (format!("{name}.recipe.json"), recipe(name, calls)))
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    let project = project(&files);
    let root = root.map(|path| project.asset_at(path).expect("there"));
    GraphDocument::of(&project, &Graph::of(&project), root)
}

const DIAMOND: &[(&str, &[&str])] = &[
    ("a", &["b", "c"]),
    ("b", &["d"]),
    ("c", &["d", "gone"]),
    ("d", &["e"]),
    ("e", &[]),
    ("x", &["d", "lost"]),
    ("y", &["x", "z"]),
    ("z", &["y"]),
];

#[test]
fn a_tree_shows_each_need_once() {
    assert_eq!(
        tree(&document(DIAMOND, None)),
        r#"a.recipe.json (recipe "a")
├── b.recipe.json (recipe "b")
│   └── d.recipe.json (recipe "d")
│       └── e.recipe.json (recipe "e")
└── c.recipe.json (recipe "c")
    ├── d.recipe.json (recipe "d") (*)
    └── gone.recipe.json (recipe "gone", not in the project)
x.recipe.json (recipe "x")
├── d.recipe.json (recipe "d") (*)
└── lost.recipe.json (recipe "lost", not in the project)
y.recipe.json (recipe "y")
├── x.recipe.json (recipe "x") (*)
└── z.recipe.json (recipe "z")
    └── y.recipe.json (recipe "y") (*)
"#
    );
}

#[test]
fn what_calls_itself_is_drawn_so() {
    assert_eq!(
        tree(&document(&[("a", &["a"]), ("b", &["a"])], None)),
        r#"b.recipe.json (recipe "b")
└── a.recipe.json (recipe "a")
    └── a.recipe.json (recipe "a") (*)
"#
    );
    let alone = document(&[("a", &["a"])], None);
    assert_eq!(
        tree(&alone),
        "a.recipe.json (recipe \"a\")\n└── a.recipe.json (recipe \"a\") (*)\n"
    );
    assert_eq!((alone.nodes.len(), alone.edges.len()), (1, 1));
}

#[test]
fn around_an_asset_only_what_it_needs_and_who_needs_it_is_drawn() {
    let around = document(DIAMOND, Some("d.recipe.json"));
    assert_eq!(
        tree(&around),
        r#"d.recipe.json (recipe "d")
└── e.recipe.json (recipe "e")

needed by:
├── b.recipe.json (recipe "b")
│   └── a.recipe.json (recipe "a")
├── c.recipe.json (recipe "c")
│   └── a.recipe.json (recipe "a")
└── x.recipe.json (recipe "x")
    └── y.recipe.json (recipe "y")
        └── z.recipe.json (recipe "z")
            └── y.recipe.json (recipe "y") (*)
"#
        .replace(
            "│   └── a.recipe.json (recipe \"a\") (*)",
            "│   └── a.recipe.json (recipe \"a\")"
        ),
        "nobody needs `a`, so there is nothing to draw again"
    );
    assert!(around.nodes.iter().all(|node| node.present));
    let alone = document(DIAMOND, Some("a.recipe.json"));
    assert!(!tree(&alone).contains("needed by"));
}

#[test]
fn a_long_chain_is_cut_and_goes_on_below() {
    let names: Vec<String> = (0..100).map(|n| format!("r{n:03}")).collect();
    let calls: Vec<Vec<&str>> = (0..100)
        .map(|n| names.get(n + 1).map(String::as_str).into_iter().collect())
        .collect();
    let recipes: Vec<(&str, &[&str])> = names
        .iter()
        .zip(&calls)
        .map(|(name, calls)| (&**name, &**calls))
        .collect();
    let text = tree(&document(&recipes, None));
    assert_eq!(text.matches("(…)").count(), 3);
    assert_eq!(text.lines().count(), 103);
    assert!(text.contains("\nr032.recipe.json (recipe \"r032\")\n└── r033"));
}

#[test]
fn names_cannot_break_out_of_a_drawing() {
    let project = project(&[
        (
            "a \"b\".connection.json",
            r#"{"name":"<i>\"A\"]\n#1 `x`\\","provider":{"zip_name":"no\n\"].custom_adapter.json","name":"N","folder":""}}"#,
        ),
        ("b.loyalty_card.json", r#"{"name":"配送"}"#),
    ]);
    let document = GraphDocument::of(&project, &Graph::of(&project), None);
    insta::assert_snapshot!(mermaid(&document), @r##"
    flowchart LR
      ne561767b98eb["#60;i#62;#34;A#34;]#92;n#35;1 #96;x#96;#92;<br/>connection"]
      n7063f77db084["配送<br/>loyalty_card"]
      n25fcc98cde7c["N<br/>custom connector"]:::missing
      ne561767b98eb -.->|"provider"| n25fcc98cde7c
      classDef missing stroke-dasharray: 5 5
    "##);
    insta::assert_snapshot!(dot(&document), @r##"
    digraph project {
      rankdir=LR;
      node [shape=box];
      "a \"b\".connection.json" [label="<i>\"A\"]\\n#1 `x`\\\nconnection"];
      "b.loyalty_card.json" [label="配送\nloyalty_card"];
      "no\\n\"].custom_adapter.json" [label="N\ncustom connector", style=dashed];
      "a \"b\".connection.json" -> "no\\n\"].custom_adapter.json" [label="provider", style=dashed];
    }
    "##);
    insta::assert_snapshot!(tree(&document), @r##"
    a "b".connection.json (connection "<i>"A"]\n#1 `x`\")
    └── no\n"].custom_adapter.json (custom connector "N", not in the project)
    b.loyalty_card.json (loyalty_card "配送")
    "##);
}

#[test]
fn the_document_names_types_and_reasons() {
    let project = project(&[
        (
            "a.recipe.json",
            r#"{"name":"A","code":{"keyword":"trigger","input":{"x":"=lookup(\"T\", a: 1)"},"block":[]},
            "config":[{"provider":"p_connector_1_2","account_id":{"zip_name":"p.connection.json","name":"P","folder":"","custom":true}}]}"#,
        ),
        (
            "p.connection.json",
            r#"{"name":"P","provider":{"zip_name":"p.custom_adapter.json","name":"Parcel","folder":""}}"#,
        ),
        ("p.custom_adapter.json", r#"{"title":"Parcel"}"#),
        ("t.lookup_table.json", r#"{"name":"T"}"#),
    ]);
    let document = GraphDocument::of(&project, &Graph::of(&project), None);
    let json = serde_json::to_value(&document).expect("a document");
    assert_eq!(
        json["nodes"][2],
        serde_json::json!({"id": "p.custom_adapter.json", "type": "custom_adapter", "name": "Parcel", "present": true})
    );
    let edges: Vec<_> = document
        .edges
        .iter()
        .map(|edge| format!("{} → {}: {}", edge.from, edge.to, edge.reason))
        .collect();
    assert_eq!(
        edges,
        [
            "a.recipe.json → p.connection.json: account_id",
            "a.recipe.json → p.custom_adapter.json: p_connector_1_2",
            "a.recipe.json → t.lookup_table.json: lookup",
            "p.connection.json → p.custom_adapter.json: provider",
        ]
    );
    let schema = serde_json::to_value(schemars::schema_for!(GraphDocument)).expect("a schema");
    jsonschema::validate(&schema, &json).expect("the document is as its schema says");
}

#[test]
fn names_cannot_direct_what_draws_them() {
    let project = project(&[(
        "a.connection.json",
        r#"{"name":"N\u202e\u009b\u061c\n","provider":"rest"}"#,
    )]);
    let document = GraphDocument::of(&project, &Graph::of(&project), None);
    for text in [tree(&document), mermaid(&document), dot(&document)] {
        let unseen = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || is_unseen(*c));
        assert_eq!(unseen, None, "{text}");
        assert!(text.contains("u{202e}"), "{text}");
    }
}
