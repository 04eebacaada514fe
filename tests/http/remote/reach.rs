//! What lies outside of the folder that a package goes into: a plan that reads that folder and lists
//! says what one says that sees the whole workspace.

use serde_json::{Value, json};

use crate::remote::Caller;
use crate::remote::between::Between;
use crate::support::Place;
use crate::support::project::ProjectFolder;
use crate::support::sandbox::{Sandbox, done, local, partner};

const KESTREL: &str = "customer:external:K-1";

fn export(place: &Place, output: &str) {
    let catalogue = crate::support::fixture("catalogs/shared.json");
    let catalogue = catalogue.to_str().expect("UTF-8");
    let export = ["export", "partner", "--for", "customer", "-o", output];
    let export = [&export[..], &["--catalog", catalogue]].concat();
    done(&local(place, &export), &export);
}

/// What a plan does, but for numbers and versions, which lists tell for recipes only.
fn done_by(plan: &Value) -> Value {
    let assets = plan["assets"].as_array().expect("assets").iter();
    let assets = assets.map(|asset| {
        let elsewhere = asset["elsewhere"].as_array().into_iter().flatten();
        let elsewhere: Vec<_> = elsewhere.map(|other| other["folder"].clone()).collect();
        json!([asset["path"], asset["action"], asset["folder"], elsewhere])
    });
    let connectors = plan["connectors"].as_array().expect("connectors").iter();
    let connectors = connectors.map(|connector| {
        let moves = connector["moves"].as_array().into_iter().flatten();
        let moves: Vec<_> = moves
            .map(|moved| json!([moved["folder"], moved["name"], moved["state"]]))
            .collect();
        json!([connector["connector"], connector["action"], moves])
    });
    json!({
        "assets": assets.collect::<Vec<_>>(),
        "connectors": connectors.collect::<Vec<_>>(),
        "creates_folders": plan["creates_folders"],
    })
}

/// What the plan over the API does, and the one in the same workspace's file.
#[track_caller]
fn both(place: &Place, studio: &Caller<'_>, package: &str, code: i32, extra: &[&str]) -> Value {
    let plan = ["plan", package, "--folder", "Kestrel", "--into"];
    let inside = [&plan[..], &["local:kestrel", "--json"]].concat();
    let inside = local(place, &inside);
    let inside: Value = serde_json::from_str(&inside.stdout).expect("JSON");
    let plan = studio.json(code, &[&plan[..], &[KESTREL], extra].concat());
    assert_eq!(done_by(&plan), done_by(&inside), "{package}");
    plan
}

#[test]
fn what_lies_elsewhere_is_seen() {
    let place = partner();
    // Everything that the package brings is there, in another folder.
    for command in [
        &[
            "import",
            "customer.zip",
            "--into",
            "local:kestrel",
            "--folder",
            "Other",
            "--yes",
        ][..],
        &["connection", "authorize", "--all", "--in", "local:kestrel"],
        &[
            "recipe",
            "start",
            "Other/Orders/Post freight costs",
            "--in",
            "local:kestrel",
        ],
    ] {
        done(&local(&place, command), command);
    }
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    both(&place, &studio, "customer.zip", 0, &[]);
    let import = [
        "import",
        "customer.zip",
        "--folder",
        "Kestrel",
        "--into",
        KESTREL,
    ];
    studio.exits(0, &[&import[..], &["--yes"]].concat());
    both(&place, &studio, "customer.zip", 0, &["--read", "full"]);
    // A new version of the customer's own connector moves a recipe that runs in the other folder.
    let source = place.path("partner/ledger_sync.custom_adapter.rb");
    let text = std::fs::read_to_string(&source).expect("readable");
    std::fs::write(&source, format!("{text}# Newer\n")).expect("written");
    export(&place, "newer.zip");
    let plan = both(&place, &studio, "newer.zip", 3, &[]);
    let moves = plan["connectors"].as_array().into_iter().flatten();
    let moves: Vec<&Value> = moves
        .flat_map(|connector| connector["moves"].as_array().into_iter().flatten())
        .collect();
    assert!(
        moves
            .iter()
            .any(|moved| moved["folder"] == "Other/Orders" && moved["state"] == "running"),
        "{moves:?}"
    );
}

/// A customer with an empty workspace, and a package with a connection of Home.
fn empty() -> Place {
    let place = partner();
    ProjectFolder::new(&place, "mail")
        .json(
            "mail.connection.json",
            &json!({"name": "Mail", "provider": "salesforce", "root_folder": true}),
        )
        .json(
            "account_properties.properties.json",
            &json!({"mail.from": null}),
        );
    let export = "export mail --for customer --catalog none -o mail.zip -q";
    let export: Vec<&str> = export.split(' ').collect();
    done(&local(&place, &export), &export);
    let settings = "[all.properties]\n\"mail.from\" = \"desk\"\n\n\
                    [all.connections]\n\"Mail\" = { fields = { host = \"h\" } }\n";
    place.write("settings.toml", settings);
    place
}

#[test]
fn what_goes_into_an_empty_workspace_is_settled_or_refused_before_anything_is_changed() {
    let place = empty();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let studio = Caller::of(&place, &sandbox, "studio").through(&between);
    let words = |command| {
        [
            command,
            "mail.zip",
            "--settings",
            "settings.toml",
            "--into",
            KESTREL,
        ]
    };
    // Nothing says which of its folders is Home.
    for command in ["plan", "import"] {
        let refused = studio.exits(64, &words(command));
        assert!(
            refused.stderr.contains("--folder NAME"),
            "{}",
            refused.stderr
        );
    }
    assert!(between.changes().is_empty(), "{:?}", between.changes());
    // Once there is a folder, its connection is found there.
    let import = [&words("import")[..], &["--folder", "Kestrel", "--yes"]].concat();
    studio.exits(0, &import);
    let listed = studio.exits(0, &["connection", "list", "--in", KESTREL]);
    let line = listed.stdout.lines().find(|line| line.ends_with(" Mail"));
    assert!(
        line.is_some_and(|line| !line.contains("not-authorized")),
        "{}",
        listed.stdout
    );
}
