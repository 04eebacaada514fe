//! Importing into workspaces of the local platform, by the program itself.

use std::fs;
use std::path::Path;

use crate::support::{Place, Run, copy, entries, fixture};
use serde_json::Value;

/// Runs a command with the platform of the place, at a fixed time.
fn run(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.env("SOURCE_DATE_EPOCH", "1700000000");
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments);
    command.output().expect("it starts").into()
}

pub(crate) fn done(place: &Place, arguments: &[&str]) -> Run {
    let run = run(place, arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
    run
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

pub(crate) fn json(place: &Place, arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    document(&run(place, &arguments))
}

/// A partner with an admin workspace, a customer and an external account, and a package for each.
pub(crate) fn partner() -> Place {
    let place = Place::new();
    copy(&fixture("partner"), &place.path("partner"));
    let catalogue = fixture("catalogs/shared.json");
    let catalogue = catalogue.to_str().expect("UTF-8");
    done(
        &place,
        &[
            "workspace",
            "create",
            "studio",
            "--kind",
            "admin",
            "--catalog",
            catalogue,
        ],
    );
    done(
        &place,
        &[
            "workspace",
            "create",
            "kestrel",
            "--kind",
            "customer",
            "--of",
            "studio",
        ],
    );
    done(
        &place,
        &["workspace", "create", "osprey", "--kind", "external"],
    );
    done(
        &place,
        &[
            "export",
            "partner",
            "--for",
            "customer",
            "--catalog",
            catalogue,
            "-o",
            "customer.zip",
        ],
    );
    done(
        &place,
        &[
            "export",
            "partner",
            "--for",
            "external",
            "-o",
            "external.zip",
        ],
    );
    place
}

pub(crate) fn export_external(place: &Place, output: &str) {
    done(
        place,
        &["export", "partner", "--for", "external", "-o", output],
    );
}

fn edit(place: &Place, path: &str, from: &str, to: &str) {
    let path = place.path("partner").join(path);
    let text = fs::read_to_string(&path).expect("text");
    assert!(text.contains(from), "{from} in {}", path.display());
    fs::write(&path, text.replacen(from, to, 1)).expect("written");
}

fn change_connector(place: &Place) {
    let path = place.path("partner/parcel_tracker.custom_adapter.rb");
    let code = fs::read_to_string(&path).expect("text");
    fs::write(&path, format!("{code}\n# another version\n")).expect("written");
}

/// What a plan does with each connector: action, from, to.
fn connectors(plan: &Value) -> Vec<(String, String, Option<u64>, Option<u64>)> {
    let connectors = plan["connectors"].as_array().expect("connectors");
    connectors
        .iter()
        .map(|c| {
            (
                c["connector"].as_str().expect("a name").to_owned(),
                c["action"].as_str().expect("an action").to_owned(),
                c["from"].as_u64(),
                c["to"].as_u64(),
            )
        })
        .collect()
}

fn connector<'p>(plan: &'p Value, title: &str) -> &'p Value {
    let mut connectors = plan["connectors"].as_array().expect("connectors").iter();
    connectors
        .find(|c| c["connector"] == title)
        .expect("it is there")
}

pub(crate) fn actions(plan: &Value, action: &str) -> Vec<String> {
    let assets = plan["assets"].as_array().expect("assets").iter();
    assets
        .filter(|asset| asset["action"] == action)
        .map(|asset| asset["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn a_customer_uses_what_is_shared_and_an_external_account_installs_it() {
    let place = partner();
    let customer = json(
        &place,
        &["import", "customer.zip", "--into", "local:kestrel"],
    );
    assert_eq!(
        connectors(&customer),
        [
            (
                "Invoice Vault".into(),
                "uses-shared".into(),
                Some(3),
                Some(3)
            ),
            ("Ledger Sync".into(), "install".into(), None, Some(1)),
            (
                "Parcel Tracker".into(),
                "uses-shared".into(),
                Some(6),
                Some(6)
            ),
            (
                "Route Planner".into(),
                "uses-shared".into(),
                Some(2),
                Some(2)
            ),
        ]
    );
    assert_eq!(customer["receipt"]["revision"], 1);
    assert_eq!(customer["astray"], serde_json::json!([]));

    let external = json(
        &place,
        &["import", "external.zip", "--into", "local:osprey"],
    );
    let installed: Vec<_> = connectors(&external)
        .into_iter()
        .filter(|(_, action, ..)| action == "install")
        .map(|(title, _, from, to)| (title, from, to))
        .collect();
    let install = |title: &str| (title.to_owned(), None, Some(1));
    assert_eq!(
        installed,
        [
            install("Invoice Vault"),
            install("Ledger Sync"),
            install("Parcel Tracker")
        ]
    );
    // Connectors of one import are named a second apart (platform.md §5.6).
    let names: Vec<_> = external["receipt"]["connectors"]
        .as_array()
        .expect("connectors")
        .iter()
        .map(|c| c["internal_name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "invoice_vault_connector_1003_1700000000",
            "ledger_sync_connector_1003_1700000001",
            "parcel_tracker_connector_1003_1700000002"
        ]
    );

    for (package, into) in [
        ("customer.zip", "local:kestrel"),
        ("external.zip", "local:osprey"),
    ] {
        let plan = run(
            &place,
            &["plan", package, "--into", into, "--detailed-exitcode"],
        );
        assert_eq!(plan.code, 0, "{}", plan.stdout);
        let again = json(&place, &["import", package, "--into", into]);
        let no_change =
            actions(&again, "no-change").len() + actions(&again, "binds-to-existing").len();
        assert_eq!(again["assets"].as_array().expect("assets").len(), no_change);
        assert_eq!(again["receipt"]["revision"], Value::Null);
    }
}

#[test]
fn a_changed_connector_is_updated_and_moves_recipes_that_are_named() {
    let place = partner();
    done(
        &place,
        &[
            "import",
            "external.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Orders",
            "--yes",
        ],
    );
    // The same recipes once more, in a folder that the package knows nothing of.
    done(
        &place,
        &[
            "import",
            "external.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Copy",
            "--yes",
        ],
    );
    change_connector(&place);
    export_external(&place, "second.zip");
    let plan = json(
        &place,
        &[
            "plan",
            "second.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Orders",
        ],
    );
    let tracker = connector(&plan, "Parcel Tracker");
    assert_eq!(
        (&tracker["action"], &tracker["from"], &tracker["to"]),
        (&"update".into(), &1.into(), &2.into())
    );
    let moved: Vec<_> = tracker["moves"]
        .as_array()
        .expect("recipes")
        .iter()
        .map(|moved| {
            format!(
                "{}/{}",
                moved["folder"].as_str().expect("a folder"),
                moved["name"].as_str().expect("a name")
            )
        })
        .collect();
    assert_eq!(
        moved,
        [
            "Copy/Orders/Notify late parcels",
            "Copy/Orders/Return label",
            "Copy/Orders/Track new parcels"
        ]
    );
    let text = run(
        &place,
        &[
            "plan",
            "second.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Orders",
            "-q",
        ],
    )
    .stdout;
    assert!(text.contains("update v1 → v2"), "{text}");
    assert!(
        text.contains("moves Copy/Orders/Return label (stopped)"),
        "{text}"
    );

    // A running one has to be allowed to move.
    done(
        &place,
        &["connection", "authorize", "--all", "--in", "local:osprey"],
    );
    done(
        &place,
        &[
            "recipe",
            "start",
            "Copy/Orders/Return label",
            "--in",
            "local:osprey",
        ],
    );
    let refused = run(
        &place,
        &[
            "import",
            "second.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Orders",
        ],
    );
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.contains("--allow-moved-recipes"),
        "{}",
        refused.stderr
    );
    done(
        &place,
        &[
            "import",
            "second.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Orders",
            "--allow-moved-recipes",
            "--yes",
        ],
    );

    // Older code does not come back unasked, whichever way it is known to be older.
    let refused = run(
        &place,
        &[
            "import",
            "external.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Orders",
            "--yes",
        ],
    );
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.contains("--allow-downgrade"),
        "{}",
        refused.stderr
    );
    done(
        &place,
        &[
            "import",
            "external.zip",
            "--into",
            "local:osprey",
            "--folder",
            "Orders",
            "--allow-downgrade",
            "--allow-moved-recipes",
            "--yes",
        ],
    );
    let versions = json(
        &place,
        &[
            "connector",
            "versions",
            "Parcel Tracker",
            "--in",
            "local:osprey",
        ],
    );
    assert_eq!(versions["versions"].as_array().expect("versions").len(), 3);
}

#[test]
fn running_recipes_are_restarted_only_if_that_is_allowed_and_stay_stopped_if_they_cant() {
    let place = partner();
    done(
        &place,
        &["import", "external.zip", "--into", "local:osprey"],
    );
    done(
        &place,
        &["connection", "authorize", "--all", "--in", "local:osprey"],
    );
    done(
        &place,
        &[
            "recipe",
            "start",
            "Track new parcels",
            "--in",
            "local:osprey",
        ],
    );
    edit(
        &place,
        "Orders/track_new_parcels.recipe.json",
        "\"concurrency\": 1",
        "\"concurrency\": 3",
    );
    export_external(&place, "second.zip");
    let plan = json(&place, &["plan", "second.zip", "--into", "local:osprey"]);
    assert_eq!(actions(&plan, "overwrites-running"), ["Track new parcels"]);
    let refused = run(&place, &["import", "second.zip", "--into", "local:osprey"]);
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.contains("--restart-recipes"),
        "{}",
        refused.stderr
    );
    let restarted = json(
        &place,
        &[
            "import",
            "second.zip",
            "--into",
            "local:osprey",
            "--restart-recipes",
            "--yes",
        ],
    );
    assert_eq!(restarted["receipt"]["recipes"][0]["state"], "running");

    // The recipe asks for a connection that nobody authorised.
    edit(
        &place,
        "Connections/carrier_rates.connection.json",
        "Carrier rates",
        "Carrier rates 2",
    );
    for (file, times) in [
        ("Orders/track_new_parcels.recipe.json", 1),
        ("Functions/quote_shipping.recipe.json", 1),
    ] {
        for _ in 0..times {
            edit(
                &place,
                file,
                "\"name\": \"Carrier rates\"",
                "\"name\": \"Carrier rates 2\"",
            );
        }
    }
    export_external(&place, "third.zip");
    let failed = run(
        &place,
        &[
            "import",
            "third.zip",
            "--into",
            "local:osprey",
            "--restart-recipes",
            "--yes",
        ],
    );
    assert_eq!(failed.code, 68, "{}{}", failed.stdout, failed.stderr);
    assert!(failed.stderr.contains("restart-fails"), "{}", failed.stderr);
    assert!(
        failed
            .stdout
            .contains("recipe \"Track new parcels\" did not start"),
        "{}",
        failed.stdout
    );
    let recipes = json(
        &place,
        &["recipe", "list", "--running", "--in", "local:osprey"],
    );
    assert_eq!(recipes["recipes"], serde_json::json!([]));
}

#[test]
fn a_plan_is_byte_stable_and_refused_when_it_no_longer_holds() {
    let place = partner();
    let plan = |output: &str| {
        done(
            &place,
            &[
                "plan",
                "external.zip",
                "--into",
                "local:osprey",
                "-o",
                output,
            ],
        );
        fs::read(place.path(output)).expect("written")
    };
    assert_eq!(plan("a.json"), plan("b.json"));
    let text = String::from_utf8(plan("a.json")).expect("UTF-8");
    assert!(!text.contains("1700000000"), "a plan knows no time");

    // For another workspace, another package, a package that is gone, and no plan at all.
    let other = run(&place, &["import", "a.json", "--into", "local:kestrel"]);
    assert_eq!(
        (other.code, other.stderr.contains("is for local:osprey")),
        (3, true),
        "{}",
        other.stderr
    );
    fs::rename(place.path("external.zip"), place.path("kept.zip")).expect("renamed");
    assert_eq!(run(&place, &["import", "a.json"]).code, 1);
    for end in ["zip", "recipack.json"] {
        let from = place.path(&format!("customer.{end}"));
        fs::copy(from, place.path(&format!("external.{end}"))).expect("copied");
    }
    let swapped = run(&place, &["import", "a.json"]);
    assert_eq!(
        (
            swapped.code,
            swapped.stderr.contains("the package is another one")
        ),
        (3, true),
        "{}",
        swapped.stderr
    );
    let broken = place.write("broken.json", "{\"format\": 1}");
    let broken = run(&place, &["import", broken.to_str().expect("UTF-8")]);
    assert_eq!(
        (broken.code, broken.stderr.contains("is no plan")),
        (1, true),
        "{}",
        broken.stderr
    );

    done(&place, &["import", "a.json", "--from", "kept.zip"]);
    let stale = run(&place, &["import", "a.json", "--from", "kept.zip"]);
    assert_eq!(
        (
            stale.code,
            stale.stderr.contains("local:osprey changed since")
        ),
        (3, true),
        "{}",
        stale.stderr
    );
}

#[test]
fn what_is_missing_is_refused_until_it_is_permitted() {
    let place = partner();
    // A customer's package in an account where nothing is shared.
    let refused = run(
        &place,
        &["import", "customer.zip", "--into", "local:osprey"],
    );
    assert_eq!(refused.code, 3);
    for told in [
        "connector-blocked",
        "error[other-target]",
        "error[not-permitted]",
    ] {
        assert!(refused.stderr.contains(told), "{told}\n{}", refused.stderr);
    }
    let plan = |more: &[&str]| {
        let plan = ["plan", "customer.zip", "--into", "local:osprey"];
        run(&place, &[&plan[..], more].concat()).code
    };
    assert_eq!((plan(&[]), plan(&["--other-target"])), (3, 3));
    let permitted = ["--other-target", "--allow-missing-connectors"];
    assert_eq!(plan(&permitted), 0);
    let facts = json(&place, &["workspace", "show", "osprey"]);
    assert_eq!(facts["revision"], Value::Null, "{facts}");
    done(
        &place,
        &[
            "import",
            "customer.zip",
            "--into",
            "local:osprey",
            "--allow-missing-connectors",
            "--other-target",
        ],
    );
    let start = run(
        &place,
        &["recipe", "start", "Return label", "--in", "local:osprey"],
    );
    assert_eq!(start.code, 1);
    assert!(
        start.stderr.contains("is not in the workspace"),
        "{}",
        start.stderr
    );
}

#[test]
fn wrong_input_is_told_and_changes_nothing() {
    let place = partner();
    let before = fs::read(place.path("p.db")).expect("there");
    place.write("text.zip", "no archive");
    for (arguments, code, told) in [
        (&["import", "external.zip"][..], 64, "--into local:NAME"),
        (
            &["import", "external.zip", "--into", "osprey"],
            64,
            "local:NAME",
        ),
        (
            &["import", "external.zip", "--into", "local:ospray"],
            1,
            "did you mean `osprey`?",
        ),
        (
            &["import", "partner", "--into", "local:osprey"],
            64,
            "is a folder, not a package",
        ),
        (
            &["import", "missing.zip", "--into", "local:osprey"],
            1,
            "missing.zip",
        ),
        (
            &["import", "text.zip", "--into", "local:osprey"],
            1,
            "text.zip",
        ),
        (
            &[
                "plan",
                "external.zip",
                "--into",
                "local:osprey",
                "--folder",
                "a/../b",
            ],
            64,
            "`..`",
        ),
        (
            &[
                "plan",
                "external.zip",
                "--into",
                "local:osprey",
                "--platform",
                "no.db",
            ],
            1,
            "no.db",
        ),
        (
            &[
                "plan",
                "external.zip",
                "--into",
                "local:osprey",
                "--platform",
                "text.zip",
            ],
            1,
            "text.zip",
        ),
    ] {
        let run = run(&place, arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(fs::read(place.path("p.db")).expect("there"), before);
}

#[test]
fn what_is_in_the_workspace_stays_where_a_package_only_adds() {
    let place = Place::new();
    done(&place, &["workspace", "create", "w", "--kind", "external"]);
    let package = |name: &str, properties: &str, table: &str| {
        let folder = format!("{name}-project");
        let at = |path: &str| format!("{folder}/{path}");
        place.write(&at("account_properties.properties.json"), properties);
        place.write(&at("codes.lookup_table.json"), table);
        let zip = format!("{name}.zip");
        done(
            &place,
            &["export", &folder, "--for", "external", "-o", &zip],
        );
        zip
    };
    let first = package(
        "first",
        r#"{"site": null, "depot": null}"#,
        r#"{"name": "Codes", "schema": [], "data": "a,b"}"#,
    );
    let second = package(
        "second",
        r#"{"depot": null, "limit": null}"#,
        r#"{"name": "Codes", "schema": [1]}"#,
    );
    done(&place, &["import", &first, "--into", "local:w"]);
    let plan = json(&place, &["import", &second, "--into", "local:w", "--yes"]);
    assert_eq!(actions(&plan, "overwrites").len(), 2);
    assert_eq!(
        json(&place, &["plan", &second, "--into", "local:w"])["summary"]["overwrites"],
        0
    );
    done(
        &place,
        &["workspace", "export", "local:w", "--data", "-o", "out.zip"],
    );
    let held = entries(&place.path("out.zip"));
    let value = |path: &str| -> Value { serde_json::from_slice(&held[path]).expect("JSON") };
    let properties = value("account_properties.properties.json");
    assert_eq!(
        properties,
        serde_json::json!({"site": null, "depot": null, "limit": null})
    );
    let table = value("codes.lookup_table.json");
    assert_eq!(
        (&table["schema"], &table["data"]),
        (&serde_json::json!([1]), &"a,b".into())
    );
}

#[test]
fn nothing_of_an_import_is_left_beside_the_platform() {
    let place = partner();
    done(
        &place,
        &["import", "external.zip", "--into", "local:osprey"],
    );
    let names: Vec<_> = place
        .names()
        .into_iter()
        .filter(|name| name.starts_with("p.db"))
        .collect();
    assert_eq!(names, ["p.db", "p.db.lock"]);
    assert!(Path::new(&place.path("p.db")).is_file());
}

#[test]
fn a_matrix_says_what_each_customer_would_meet() {
    let place = partner();
    let catalogue = fixture("catalogs/shared.json");
    done(
        &place,
        &[
            "workspace",
            "create",
            "merlin",
            "--kind",
            "customer",
            "--of",
            "studio",
        ],
    );
    done(
        &place,
        &["import", "customer.zip", "--into", "local:merlin"],
    );
    let matrix = json(&place, &["matrix", "customer.zip", "external.zip"]);
    assert_eq!(
        matrix["packages"],
        serde_json::json!(["customer.zip", "external.zip"])
    );
    let verdicts: Vec<_> = matrix["customers"]
        .as_array()
        .expect("customers")
        .iter()
        .map(|row| {
            let cells = row["cells"].as_array().expect("cells").iter();
            let cells: Vec<_> = cells.map(|cell| cell["verdict"].clone()).collect();
            (row["customer"].clone(), cells)
        })
        .collect();
    let needs = || Value::from("needs-connection");
    let elsewhere = || Value::from("other-target");
    assert_eq!(
        verdicts,
        [
            ("kestrel".into(), vec![needs(), elsewhere()]),
            ("merlin".into(), vec![needs(), elsewhere()])
        ]
    );
    let ways = |customer: usize, package: usize| -> Vec<String> {
        let cell = &matrix["customers"][customer]["cells"][package];
        let connectors = cell["connectors"].as_array().expect("connectors").iter();
        let way = |c: &Value| format!("{} {}", c["connector"], c["way"]).replace('"', "");
        connectors.map(way).collect()
    };
    assert_eq!(
        ways(0, 0),
        [
            "Invoice Vault uses-shared",
            "Ledger Sync gets-connector",
            "Parcel Tracker uses-shared",
            "Route Planner uses-shared"
        ]
    );
    assert_eq!(ways(1, 0)[1], "Ledger Sync has-connector");
    assert_eq!(ways(0, 1)[2], "Parcel Tracker gets-connector");

    // Shared in another version than the package was made with; and not shared at all.
    let text = fs::read_to_string(&catalogue).expect("text");
    let newer = text.replacen("\"oem_shared_version\": 6", "\"oem_shared_version\": 7", 1);
    assert_ne!(newer, text);
    place.write("newer.json", &newer);
    for (admin, catalogue) in [("atelier", "newer.json"), ("bare", "empty.json")] {
        if admin == "bare" {
            place.write("empty.json", "{\"result\": []}");
        }
        done(
            &place,
            &[
                "workspace",
                "create",
                admin,
                "--kind",
                "admin",
                "--catalog",
                catalogue,
            ],
        );
        let customer = format!("{admin}-customer");
        done(
            &place,
            &[
                "workspace",
                "create",
                &customer,
                "--kind",
                "customer",
                "--of",
                admin,
            ],
        );
    }
    let text = done(&place, &["matrix", "customer.zip", "--of", "atelier"]).stdout;
    assert!(
        text.contains("Parcel Tracker uses shared v7, made with v6"),
        "{text}"
    );
    let blocked = run(
        &place,
        &[
            "matrix",
            "customer.zip",
            "--of",
            "bare",
            "--detailed-exitcode",
        ],
    );
    assert_eq!(blocked.code, 2);
    assert!(blocked.stdout.contains("blocked"), "{}", blocked.stdout);
    assert!(blocked.stdout.contains("is nowhere"), "{}", blocked.stdout);
}
