//! Pictures: what each format of `graph` shows, and that all show the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, custom_reference, reference, uses};
use crate::support::{Place, Run, outcome, place_with};

/// The internal name of the partner's Parcel Tracker.
const TRACKER: &str = "parcel_tracker_connector_48213_1701388800";

fn graph(place: &Place, arguments: &[&str]) -> Run {
    place.run([&["graph"], arguments].concat())
}

fn document(place: &Place, arguments: &[&str]) -> Value {
    let run = graph(place, &[arguments, &["--json"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).expect("a document")
}

fn texts<'d>(document: &'d Value, list: &str, key: &str) -> Vec<&'d str> {
    let list = document[list].as_array().expect("a list");
    list.iter()
        .map(|one| one[key].as_str().expect("text"))
        .collect()
}

/// The labels of a picture in the language of Graphviz.
fn labels(dot: &str) -> Vec<&str> {
    let labels = dot.split("label=\"").skip(1);
    labels
        .filter_map(|rest| rest.split_once("\"").map(|(label, _)| label))
        .collect()
}

#[test]
fn a_picture_for_customers_says_which_connectors_they_do_not_get() {
    let place = place_with(&["partner", "catalogs"]);
    let target = [
        "partner",
        "--for",
        "customer",
        "--catalog",
        "catalogs/shared.json",
    ];
    let document = document(&place, &target);
    assert_eq!(document["target"], "customer");
    let left: Vec<(&str, &str)> = document["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .filter(|node| node["outcome"] == "left-out")
        .map(|node| {
            (
                node["name"].as_str().expect("text"),
                node["because"].as_str().expect("text"),
            )
        })
        .collect();
    assert_eq!(
        left,
        [
            ("Route Planner", "shared v2"),
            ("Invoice Vault", "shared v3"),
            ("Parcel Tracker", "shared v6")
        ]
    );
    for (format, shown) in [
        (
            "text",
            "(custom connector \"Parcel Tracker\", left out: shared v6)",
        ),
        (
            "dot",
            "Parcel Tracker\\ncustom connector\\nleft out: shared v6\"",
        ),
        (
            "mermaid",
            "Parcel Tracker<br/>custom connector<br/>left out: shared v6\"",
        ),
    ] {
        let run = graph(&place, &[&target[..], &["--format", format]].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains(shown), "{format}: {}", run.stdout);
        // A tree tells the same once more: it draws what several need under each of them.
        if format != "text" {
            assert_eq!(run.stdout.matches("left out").count(), left.len());
        }
    }
    // Without a catalogue it is not known, and an external account gets all.
    let unknown = graph(&place, &["partner", "--for", "customer", "--format", "dot"]);
    assert_eq!(unknown.code, 0, "{}", unknown.stderr);
    assert!(
        unknown.stdout.contains("refused: sharing unknown"),
        "{}",
        unknown.stdout
    );
    let external = graph(&place, &["partner", "--for", "external", "--format", "dot"]);
    let left: Vec<&str> = labels(&external.stdout)
        .into_iter()
        .filter(|label| label.contains("left out"))
        .collect();
    // It comes with the package that has its connection.
    assert_eq!(
        left,
        ["route_planner\\ncustom connector\\nleft out: elsewhere"]
    );
}

#[test]
fn all_formats_show_the_same_nodes_and_verbs_and_no_internal_name() {
    let place = place_with(&["partner", "shared-form", "catalogs"]);
    let customer: &[&str] = &["--for", "customer", "--catalog", "catalogs/shared.json"];
    for arguments in [
        &["partner"][..],
        &[&["partner"], customer].concat(),
        &["shared-form"],
        &[&["shared-form"], customer].concat(),
        &["partner", "--level", "folders"],
        &["partner", "--of", "Parcel Tracker", "--depth", "1"],
    ] {
        let document = document(&place, arguments);
        let nodes = texts(&document, "nodes", "id").len();
        let pairs: BTreeSet<(&str, &str)> = texts(&document, "edges", "from")
            .into_iter()
            .zip(texts(&document, "edges", "to"))
            .collect();
        let drawn = |format: &str| {
            let run = graph(&place, &[arguments, &["--format", format]].concat());
            assert_eq!(run.code, 0, "{}", run.stderr);
            run.stdout
        };
        let (dot, mermaid, text) = (drawn("dot"), drawn("mermaid"), drawn("text"));
        assert_eq!(dot.matches("fillcolor=").count(), nodes, "{dot}");
        assert_eq!(dot.matches(" -> ").count(), pairs.len(), "{dot}");
        let boxes = mermaid
            .lines()
            .filter(|line| line.trim_start().starts_with('n') && line.contains("[\""));
        assert_eq!(boxes.count(), nodes, "{mermaid}");
        assert_eq!(mermaid.matches("->|").count(), pairs.len(), "{mermaid}");
        for id in texts(&document, "nodes", "id") {
            assert!(
                text.contains(id) || id.starts_with("connector:"),
                "{id}: {text}"
            );
        }
        let labels = labels(&dot).join("\n");
        for text in [&labels, &mermaid, &text] {
            assert!(!text.contains("_connector_"), "{arguments:?}: {text}");
            assert!(!text.contains("account_id"), "{arguments:?}: {text}");
        }
        for verb in texts(&document, "edges", "verb") {
            let said = verb.replace('-', " ");
            assert!(labels.contains(&said) && mermaid.contains(&said), "{verb}");
            let passive = said
                .replace("uses", "used by")
                .replace("calls", "called by");
            assert!(
                text.contains(&said) || text.contains(&passive),
                "{verb}: {text}"
            );
        }
    }
}

#[test]
fn a_shared_connector_whose_files_are_elsewhere_is_in_the_picture_by_its_title() {
    let place = place_with(&["shared-form", "catalogs"]);
    let document = document(
        &place,
        &[
            "shared-form",
            "--for",
            "customer",
            "--catalog",
            "catalogs/shared.json",
        ],
    );
    let node = document["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .find(|node| node["type"] == "custom_adapter")
        .expect("a connector");
    assert_eq!(node["name"], "Parcel Tracker");
    assert_eq!(
        (&node["present"], &node["outcome"]),
        (&json!(false), &json!("left-out"))
    );
    let users: Vec<&str> = document["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .filter(|edge| edge["to"] == node["id"])
        .map(|edge| edge["from"].as_str().expect("text"))
        .collect();
    assert_eq!(
        users,
        [
            "Connections/parcel_tracker_account.connection.json",
            "Orders/track_new_parcels.recipe.json"
        ]
    );
}

#[test]
fn a_project_within_a_project_shows_no_asset_twice() {
    let place = Place::new();
    let project = |root| {
        ProjectFolder::new(&place, root)
            .connection(
                "Links/crm.connection.json",
                "CRM",
                &custom_reference("gull_post.custom_adapter.json", "Gull Post"),
            )
            .connector("gull_post", "Gull Post", 2)
            .recipe(
                "Orders/new.recipe.json",
                "New",
                &[uses(TRACKER, reference("Links/crm.connection.json", "CRM"))],
            );
    };
    project("shop");
    project("shop/inner");
    let document = document(&place, &["shop", "--one-project"]);
    let ids = texts(&document, "nodes", "id");
    assert_eq!(
        ids,
        [
            "Links/crm.connection.json",
            "Orders/new.recipe.json",
            "gull_post.custom_adapter.json",
            "inner/Links/crm.connection.json",
            "inner/Orders/new.recipe.json",
            "inner/gull_post.custom_adapter.json",
        ]
    );
    assert!(
        document["nodes"]
            .as_array()
            .expect("nodes")
            .iter()
            .all(|node| node["present"] == true)
    );
}

#[test]
fn what_is_about_a_package_needs_a_target() {
    let place = place_with(&["partner", "catalogs"]);
    for (option, value) in [
        ("--catalog", "catalogs/shared.json"),
        ("--include", "Orders/**"),
        ("--connector", "Parcel Tracker=exclude"),
    ] {
        let run = graph(&place, &["partner", option, value]);
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert!(
            run.stderr.starts_with(&format!(
                "error[usage]: {option} is about a package, and without a target the whole project is drawn\n   = help: say --to TARGET, --for customer or --for external\n"
            )),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn eighty_nodes_are_drawn_one_by_one_and_more_as_folders() {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "many");
    for number in 0..80 {
        project.recipe(
            &format!("F{}/r{number}.recipe.json", number % 2),
            &format!("R{number}"),
            &[],
        );
    }
    let run = graph(&place, &["many", "--format", "dot"]);
    assert_eq!((run.code, run.stdout.matches("fillcolor").count()), (0, 80));
    assert_eq!(run.stderr, "");
    project.recipe("F0/one_more.recipe.json", "One more", &[]);
    let run = graph(&place, &["many"]);
    assert_eq!(
        (run.code, &*run.stdout),
        (0, "F0 (41 assets)\nF1 (40 assets)\n")
    );
    assert_eq!(
        run.stderr,
        "there are too many assets for one picture, so folders are drawn; around one asset: --of ITEM --depth 1; each asset: --level assets\n"
    );
    let all = graph(
        &place,
        &["many", "--level", "assets", "--format", "mermaid"],
    );
    assert_eq!(all.stdout.matches("<br/>recipe\"]").count(), 81);
    let one = document(&place, &["many", "--of", "One more"]);
    assert_eq!(
        (texts(&one, "nodes", "name"), &one["level"]),
        (vec!["One more"], &json!("assets"))
    );
}

#[test]
fn graph_draws_in_three_formats() {
    let place = place_with(&["shared-form"]);
    insta::assert_snapshot!(outcome(&place, &["graph", "shared-form"]), @r#"
    exit 0
    --- stdout
    Orders/track_new_parcels.recipe.json (recipe "Track new parcels")
    ├── uses Connections/carrier_rates.connection.json (connection "Carrier rates")
    ├── uses Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account")
    └── uses parcel_events.topic.json (topic "Parcel events", not in the project)
    --- folder
    shared-form
    "#);
    insta::assert_snapshot!(outcome(&place, &["graph", "shared-form", "--format", "mermaid"]), @r#"
    exit 0
    --- stdout
    flowchart LR
      n273db8fe5b55["Parcel events<br/>topic<br/>not in the project"]
      subgraph fdc273117482b["Connections"]
        nb60b69d6fa42["Carrier rates<br/>connection"]
        nebfce35a1fea["Parcel Tracker account<br/>connection"]
      end
      subgraph fb7e8acdd522e["Orders"]
        n3df165f787e6["Track new parcels<br/>recipe"]
      end
      n3df165f787e6 -->|"uses"| nb60b69d6fa42
      n3df165f787e6 -->|"uses"| nebfce35a1fea
      n3df165f787e6 -.->|"uses"| n273db8fe5b55
      classDef connection fill:#dcfce7,stroke:#15803d,color:#111827
      class nb60b69d6fa42,nebfce35a1fea connection
      classDef other fill:#f3f4f6,stroke:#6b7280,color:#111827
      class n273db8fe5b55 other
      classDef recipe fill:#dbeafe,stroke:#1d4ed8,color:#111827
      class n3df165f787e6 recipe
      classDef absent stroke-dasharray: 5 5
      class n273db8fe5b55 absent
    --- folder
    shared-form
    "#);
    insta::assert_snapshot!(outcome(&place, &["graph", "shared-form", "--format", "dot"]), @r##"
    exit 0
    --- stdout
    digraph project {
      rankdir=LR;
      node [shape=box, style=filled, fontcolor="#111827"];
      "parcel_events.topic.json" [label="Parcel events\ntopic\nnot in the project", fillcolor="#f3f4f6", color="#6b7280", style="filled,dashed"];
      subgraph cluster_1 {
        label="Connections";
        "Connections/carrier_rates.connection.json" [label="Carrier rates\nconnection", fillcolor="#dcfce7", color="#15803d"];
        "Connections/parcel_tracker_account.connection.json" [label="Parcel Tracker account\nconnection", fillcolor="#dcfce7", color="#15803d"];
      }
      subgraph cluster_2 {
        label="Orders";
        "Orders/track_new_parcels.recipe.json" [label="Track new parcels\nrecipe", fillcolor="#dbeafe", color="#1d4ed8"];
      }
      "Orders/track_new_parcels.recipe.json" -> "Connections/carrier_rates.connection.json" [label="uses"];
      "Orders/track_new_parcels.recipe.json" -> "Connections/parcel_tracker_account.connection.json" [label="uses"];
      "Orders/track_new_parcels.recipe.json" -> "parcel_events.topic.json" [label="uses", style=dashed];
    }
    --- folder
    shared-form
    "##);
    insta::assert_snapshot!(outcome(&place, &["graph", "shared-form", "--of", "Track new parcel"]), @"
    exit 1
    --- stderr
    error[names-nothing]: `Track new parcel` is no path or name of an asset of this project
       = help: did you mean `Track new parcels`?
    --- folder
    shared-form
    ");
}
