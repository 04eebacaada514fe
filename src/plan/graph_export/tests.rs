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

/// The whole of a project, or what is around an asset, asset by asset.
fn drawn(project: &Project, root: Option<usize>) -> GraphDocument {
    let part = match root {
        Some(root) => Part::Around(root, Depth::Any),
        None => Part::Whole(Detail::Level(Level::Assets)),
    };
    GraphDocument::of(project, &Graph::of(project), part, None)
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

/// A project of recipes by name, each with those that it calls.
fn of_recipes(recipes: &[(&str, &[&str])]) -> Project {
    let files: Vec<_> = recipes
        .iter()
        .map(|(name, calls)| (format!("{name}.recipe.json"), recipe(name, calls)))
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    project(&files)
}

fn document(recipes: &[(&str, &[&str])], root: Option<&str>) -> GraphDocument {
    let project = of_recipes(recipes);
    let root = root.map(|path| project.asset_at(path).expect("there"));
    drawn(&project, root)
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
├── calls b.recipe.json (recipe "b")
│   └── calls d.recipe.json (recipe "d")
│       └── calls e.recipe.json (recipe "e")
└── calls c.recipe.json (recipe "c")
    ├── calls d.recipe.json (recipe "d") (*)
    └── calls gone.recipe.json (recipe "gone", not in the project)
x.recipe.json (recipe "x")
├── calls d.recipe.json (recipe "d") (*)
└── calls lost.recipe.json (recipe "lost", not in the project)
y.recipe.json (recipe "y")
├── calls x.recipe.json (recipe "x") (*)
└── calls z.recipe.json (recipe "z")
    └── calls y.recipe.json (recipe "y") (*)
"#
    );
}

#[test]
fn what_calls_itself_is_drawn_so() {
    assert_eq!(
        tree(&document(&[("a", &["a"]), ("b", &["a"])], None)),
        r#"b.recipe.json (recipe "b")
└── calls a.recipe.json (recipe "a")
    └── calls a.recipe.json (recipe "a") (*)
"#
    );
    let alone = document(&[("a", &["a"])], None);
    assert_eq!(
        tree(&alone),
        "a.recipe.json (recipe \"a\")\n└── calls a.recipe.json (recipe \"a\") (*)\n"
    );
    assert_eq!((alone.nodes.len(), alone.edges.len()), (1, 1));
}

#[test]
fn around_an_asset_only_what_it_needs_and_who_needs_it_is_drawn() {
    let around = document(DIAMOND, Some("d.recipe.json"));
    assert_eq!(
        tree(&around),
        r#"d.recipe.json (recipe "d")
└── calls e.recipe.json (recipe "e")

needed by:
├── called by b.recipe.json (recipe "b")
│   └── called by a.recipe.json (recipe "a")
├── called by c.recipe.json (recipe "c")
│   └── called by a.recipe.json (recipe "a")
└── called by x.recipe.json (recipe "x")
    └── called by y.recipe.json (recipe "y")
        └── called by z.recipe.json (recipe "z")
            └── called by y.recipe.json (recipe "y") (*)
"#,
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
    assert!(text.contains("\nr032.recipe.json (recipe \"r032\")\n└── calls r033"));
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
    let document = drawn(&project, None);
    insta::assert_snapshot!(mermaid(&document), @r##"
    flowchart LR
      ne561767b98eb["#60;i#62;#34;A#34;]#92;n#35;1 #96;x#96;#92;<br/>connection"]
      n7063f77db084["配送<br/>loyalty_card"]
      n25fcc98cde7c["N<br/>custom connector<br/>not in the project"]
      ne561767b98eb -.->|"uses"| n25fcc98cde7c
      classDef connection fill:#dcfce7,stroke:#15803d,color:#111827
      class ne561767b98eb connection
      classDef connector fill:#ffedd5,stroke:#c2410c,color:#111827
      class n25fcc98cde7c connector
      classDef other fill:#f3f4f6,stroke:#6b7280,color:#111827
      class n7063f77db084 other
      classDef absent stroke-dasharray: 5 5
      class n25fcc98cde7c absent
    "##);
    insta::assert_snapshot!(dot(&document), @r##"
    digraph project {
      rankdir=LR;
      node [shape=box, style=filled, fontcolor="#111827"];
      "a \"b\".connection.json" [label="<i>\"A\"]\\n#1 `x`\\\nconnection", fillcolor="#dcfce7", color="#15803d"];
      "b.loyalty_card.json" [label="配送\nloyalty_card", fillcolor="#f3f4f6", color="#6b7280"];
      "no\\n\"].custom_adapter.json" [label="N\ncustom connector\nnot in the project", fillcolor="#ffedd5", color="#c2410c", style="filled,dashed"];
      "a \"b\".connection.json" -> "no\\n\"].custom_adapter.json" [label="uses", style=dashed];
    }
    "##);
    insta::assert_snapshot!(tree(&document), @r#"
    a "b".connection.json (connection "<i>"A"]\n#1 `x`\")
    └── uses no\n"].custom_adapter.json (custom connector "N", not in the project)
    b.loyalty_card.json (loyalty_card "配送")
    "#);
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
    let document = drawn(&project, None);
    let json = serde_json::to_value(&document).expect("a document");
    assert_eq!(
        json["nodes"][2],
        serde_json::json!({"id": "p.custom_adapter.json", "type": "custom_adapter", "name": "Parcel", "folder": "", "present": true})
    );
    let edges: Vec<_> = document
        .edges
        .iter()
        .map(|edge| {
            let reason = serde_json::to_value(&edge.reason).expect("a reason");
            let detail = reason.get("key").or(reason.get("internal_name"));
            let detail = detail.and_then(serde_json::Value::as_str).unwrap_or("-");
            format!("{} {} {}: {detail}", edge.from, edge.verb, edge.to)
        })
        .collect();
    assert_eq!(
        edges,
        [
            "a.recipe.json uses p.connection.json: account_id",
            "a.recipe.json uses p.custom_adapter.json: p_connector_1_2",
            "a.recipe.json looks up t.lookup_table.json: -",
            "p.connection.json uses p.custom_adapter.json: provider",
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
    let document = drawn(&project, None);
    for text in [tree(&document), mermaid(&document), dot(&document)] {
        let unseen = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || is_unseen(*c));
        assert_eq!(unseen, None, "{text}");
        assert!(text.contains("u{202e}"), "{text}");
    }
}

#[test]
fn around_an_asset_so_many_steps_are_drawn_as_are_asked_for() {
    let project = of_recipes(DIAMOND);
    let asset = project.asset_at("d.recipe.json").expect("there");
    let at = |steps| {
        let part = Part::Around(asset, Depth::Steps(steps));
        let document = GraphDocument::of(&project, &Graph::of(&project), part, None);
        let names: Vec<String> = document
            .nodes
            .iter()
            .map(|node| node.name.clone())
            .collect();
        (names.concat(), document.edges.len(), document.depth)
    };
    assert_eq!(at(0), ("d".to_owned(), 0, Some(0)));
    assert_eq!(at(1), ("bcdex".to_owned(), 4, Some(1)));
    assert_eq!(at(2), ("abcdexy".to_owned(), 7, Some(2)));
    assert_eq!(at(9), ("abcdexyz".to_owned(), 9, Some(9)));
}

#[test]
fn what_counts_from_a_folder_is_the_asset_there_and_no_other() {
    let call = |at: &str| recipe("A", &[at]);
    let connected = |at: &str, name: &str| {
        format!(
            r#"{{"name":"R","config":[{{"provider":"x","account_id":{{"zip_name":"{at}","name":"{name}","folder":""}}}}]}}"#
        )
    };
    let project = project(&[
        // A project in a project: its own references count from its own folder.
        ("In/Flows/a.recipe.json", &call("Flows/b")),
        ("In/Flows/b.recipe.json", r#"{"name":"Flows/b"}"#),
        // Part of a larger project: the references count from further up.
        (
            "Flows/c.recipe.json",
            &connected("Shop/Links/crm.connection.json", "CRM"),
        ),
        (
            "Links/crm.connection.json",
            r#"{"name":"CRM","provider":"x"}"#,
        ),
        // A like path, and another asset.
        (
            "Flows/d.recipe.json",
            &connected("Else/Links/crm.connection.json", "Other"),
        ),
    ]);
    let document = drawn(&project, None);
    let absent: Vec<&str> = document
        .nodes
        .iter()
        .filter(|node| !node.present)
        .map(|node| &*node.id)
        .collect();
    assert_eq!(absent, ["Else/Links/crm.connection.json"]);
    let ends: Vec<(&str, &str)> = document
        .edges
        .iter()
        .map(|edge| (&*edge.from, &*edge.to))
        .collect();
    assert_eq!(
        ends,
        [
            ("Flows/c.recipe.json", "Links/crm.connection.json"),
            ("Flows/d.recipe.json", "Else/Links/crm.connection.json"),
            ("In/Flows/a.recipe.json", "In/Flows/b.recipe.json"),
        ]
    );
}

/// `count` recipes in each of these folders, the first of which calls the first of the next folder.
fn crowd(folders: &[String], count: usize) -> Project {
    let mut files = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        for number in 0..count {
            let next = folders.get(at + 1).filter(|_| number == 0);
            let calls: Vec<String> = next.iter().map(|next| format!("{next}/r0")).collect();
            let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
            files.push((
                format!("{folder}/r{number}.recipe.json"),
                recipe(&format!("{folder}/r{number}"), &calls),
            ));
        }
    }
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    project(&files)
}

fn readable(project: &Project) -> GraphDocument {
    let part = Part::Whole(Detail::Readable);
    GraphDocument::of(project, &Graph::of(project), part, None)
}

#[test]
fn above_eighty_nodes_folders_are_drawn() {
    let folders = |count: usize| (0..count).map(|n| format!("F{n}")).collect::<Vec<_>>();
    let eighty = readable(&crowd(&folders(4), 20));
    assert_eq!(
        (eighty.level, eighty.nodes.len()),
        (Level::Assets, READABLE)
    );
    let more = readable(&crowd(&folders(3), 27));
    assert_eq!((more.level, more.nodes.len()), (Level::Folders, 3));
    assert_eq!(
        tree(&more),
        "F0 (27 assets)\n└── calls 1 in F1 (27 assets)\n    └── calls 1 in F2 (27 assets)\n"
    );
    assert!(dot(&more).contains(r#""F0" -> "F1" [label="calls 1"];"#));
    assert!(mermaid(&more).contains(r#"-->|"calls 1"|"#));
}

#[test]
fn too_many_folders_are_drawn_as_those_above_them() {
    let folders: Vec<String> = (0..9)
        .flat_map(|n| (0..10).map(move |m| format!("F{n}/G{m}")))
        .collect();
    let document = readable(&crowd(&folders, 1));
    let ids: Vec<&str> = document.nodes.iter().map(|node| &*node.id).collect();
    assert_eq!(ids, ["F0", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8"]);
    let holds = document.nodes[0].holds.as_ref().expect("a folder");
    assert_eq!(holds.assets.get("recipe"), Some(&10));
    assert_eq!(document.edges.len(), 8, "none within a folder");
}
