//! What the API does not tell is unknown: in lists, plans and files. And nothing more is asked for
//! than a command needs.

use serde_json::Value;

use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::sandbox::{Sandbox, done, local, partner, partner_running};

const FRESH: &str = "{ title: 'Fresh', actions: { add: {} } }\n";

#[test]
fn versions_that_are_not_told_are_unknown() {
    let place = partner();
    let import = ["import", "external.zip", "--into", "local:osprey"];
    done(&local(&place, &import), &import);
    place.write("parcels.rb", "{ title: 'Parcel Tracker', actions: {} }\n");
    for arguments in [
        &[
            "connector",
            "push",
            "parcels.rb",
            "--title",
            "Parcel Tracker",
        ][..],
        &[
            "connector",
            "push",
            "parcels.rb",
            "--title",
            "Never Released",
        ],
    ] {
        let arguments = [arguments, &["--in", "local:osprey"]].concat();
        done(&local(&place, &arguments), &arguments);
    }
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let list = osprey.exits(0, &["connector", "list", "--in", &sandbox.url]);
    let line = |title: &str| {
        let mut lines = list.stdout.lines();
        lines
            .find(|line| line.starts_with(title))
            .expect("listed")
            .to_owned()
    };
    for (title, released) in [
        ("Parcel Tracker", "released v1"),
        ("Never Released", "not released"),
    ] {
        let line = line(title);
        assert!(line.contains(released), "{line}");
        assert!(line.contains("latest unknown"), "{line}");
    }
    let list = osprey.json(0, &["connector", "list", "--in", &sandbox.url]);
    for connector in list["connectors"].as_array().expect("connectors") {
        assert_eq!(connector["latest"], Value::Null, "{connector}");
        assert_eq!(connector["known"], "released", "{connector}");
    }
    let versions = osprey.json(
        0,
        &[
            "connector",
            "versions",
            "Never Released",
            "--in",
            &sandbox.url,
        ],
    );
    assert_eq!(versions["versions"], Value::Array(Vec::new()));
    // The package's own code is the newest released one, so it is there; which version an import of
    // other code would make is not known.
    let connector = "partner/parcel_tracker.custom_adapter.rb";
    assert!(place.path(connector).is_file());
    let source = std::fs::read_to_string(place.path(connector)).expect("readable");
    std::fs::write(place.path(connector), format!("{source}# newer\n")).expect("written");
    let catalogue = crate::support::fixture("catalogs/shared.json");
    let export = ["export", "partner", "--for", "external", "-o", "newer.zip"];
    let catalogue = ["--catalog", catalogue.to_str().expect("UTF-8")];
    let export = [&export[..], &catalogue].concat();
    done(&local(&place, &export), &export);
    let plan = osprey.exits(0, &["plan", "newer.zip", "--into", &sandbox.url]);
    assert!(
        plan.stdout.contains("update v1 → unknown"),
        "{}",
        plan.stdout
    );
    let imported = osprey.json(0, &["import", "newer.zip", "--into", &sandbox.url, "--yes"]);
    let mut receipt = imported["receipt"]["connectors"]
        .as_array()
        .expect("connectors")
        .iter();
    let tracker = receipt.find(|connector| connector["title"] == "Parcel Tracker");
    assert_eq!(tracker.expect("told")["version"], 3, "as read back");
}

#[test]
fn a_customers_own_connectors_have_no_known_versions() {
    let place = partner();
    let import = [
        "import",
        "external.zip",
        "--into",
        "local:kestrel",
        "--other-target",
    ];
    done(&local(&place, &import), &import);
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let plan = studio.json(
        0,
        &[
            "plan",
            "external.zip",
            "--into",
            "customer:K-1",
            "--other-target",
        ],
    );
    for connector in plan["connectors"].as_array().expect("connectors") {
        if connector["action"] == "same" {
            assert_eq!(connector["from"], Value::Null, "{connector}");
            assert_eq!(connector["to"], Value::Null, "{connector}");
        }
    }
}

/// Only the platform knows whether there is something to release.
#[test]
fn a_release_asks_the_platform_and_says_what_is_released() {
    let place = partner();
    place.write("fresh.rb", FRESH);
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let within = ["--in", sandbox.url.as_str()];
    let push = ["connector", "push", "fresh.rb", "--title", "Fresh"];
    let pushed = studio.json(0, &[&push[..], &within].concat());
    assert_eq!(pushed["version"], 1);
    let between = Between::of(&sandbox);
    let here = studio.through(&between);
    let release = ["connector", "release", "Fresh", "--in", &here.url];
    let first = here.exits(0, &release);
    assert!(first.stdout.contains("v1 is released"), "{}", first.stdout);
    let again = here.exits(0, &release);
    assert!(again.stdout.contains("v1 was released"), "{}", again.stdout);
    let asked = between.changes();
    assert_eq!(asked.len(), 2, "it is asked each time: {asked:?}");
}

#[test]
fn a_catalogue_goes_to_the_platform_and_back() {
    let place = partner();
    let local_pull = ["catalog", "pull", "--in", "local:studio"];
    let pulled = local(&place, &local_pull);
    done(&pulled, &local_pull);
    place.write("local.json", &pulled.stdout);
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let within = ["--in", sandbox.url.as_str()];
    let remote = studio.exits(0, &[&["catalog", "pull"][..], &within].concat());
    place.write("remote.json", &remote.stdout);
    let told: Value = serde_json::from_str(&remote.stdout).expect("JSON");
    for entry in told["result"].as_array().expect("entries") {
        assert_eq!(entry["visibility"], "unknown", "{entry}");
        assert_eq!(entry["data_center"], Value::Null, "{entry}");
    }
    let apply = ["catalog", "apply", "local.json", "--yes"];
    let applied = studio.exits(0, &[&apply[..], &within].concat());
    assert!(
        applied.stdout.contains("nothing to change"),
        "{}",
        applied.stdout
    );
    let back = [
        "catalog",
        "apply",
        "remote.json",
        "--yes",
        "--in",
        "local:studio",
    ];
    let applied = local(&place, &back);
    done(&applied, &back);
    assert!(
        applied.stdout.contains("nothing to change"),
        "{}",
        applied.stdout
    );
}

#[test]
fn lists_and_stops_export_nothing() {
    let place = partner_running("Functions/Quote shipping");
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let between = Between::of(&sandbox);
    let here = osprey.through(&between);
    let quiet = |line: &String| line.contains("export") || line.contains("packages");
    for arguments in [
        &["recipe", "list"][..],
        &["connection", "list"],
        &["connector", "list"],
        &["connector", "show", "Parcel Tracker"],
        &["connector", "versions", "Parcel Tracker"],
        &["connector", "usage", "Parcel Tracker"],
        &["recipe", "stop", "Functions/Quote shipping"],
    ] {
        let run = here.exits(0, &[arguments, &["--in", &here.url]].concat());
        let exported: Vec<String> = between.lines().into_iter().filter(quiet).collect();
        assert_eq!(exported, [""; 0], "{arguments:?}: {}", run.stdout);
    }
    let same = |arguments: &[&str]| {
        let told = osprey.exits(0, &[arguments, &["--in", &sandbox.url]].concat());
        let own = local(&place, &[arguments, &["--in", "local:osprey"]].concat());
        assert_eq!(told.stdout, own.stdout, "{arguments:?}");
    };
    same(&["recipe", "list"]);
    same(&["recipe", "list", "--stopped", "--folder", "Functions"]);
    // Who uses a connection is not in the lists.
    let connections = osprey.json(0, &["connection", "list", "--in", &sandbox.url]);
    for connection in connections["connections"].as_array().expect("connections") {
        assert_eq!(connection["recipes"], Value::Null, "{connection}");
    }
    let changes = between.changes();
    assert_eq!(changes.len(), 1, "one stop: {changes:?}");
}

#[test]
fn the_right_that_is_missing_is_named() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    for (path, arguments, right) in [
        (
            "/api/recipes",
            &["recipe", "list"][..],
            "list recipes (GET /api/recipes)",
        ),
        (
            "/api/custom_connectors",
            &["connector", "list"],
            "list custom connectors (GET /api/custom_connectors)",
        ),
    ] {
        let between = Between::of(&sandbox);
        let here = osprey.through(&between);
        between.rule(move |asked, _| match asked.path == path {
            true => Fate::Kept(Told {
                status: 403,
                body: b"{\"message\": \"Forbidden\"}".to_vec(),
                ..Told::default()
            }),
            false => Fate::Passes,
        });
        let run = here.exits(77, &[arguments, &["--in", &here.url]].concat());
        assert!(run.stderr.contains(right), "{}", run.stderr);
    }
}

/// Four commands speak of one import, and say the same.
#[test]
fn an_import_is_the_same_to_every_command() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let url = sandbox.url.as_str();
    let none = osprey.json(0, &["status", url]);
    assert_eq!(none["revision"], Value::Null);
    osprey.exits(0, &["import", "external.zip", "--into", url]);
    let history = osprey.json(0, &["history", url]);
    assert_eq!(history["revisions"].as_array().map(Vec::len), Some(1));
    assert_eq!(history["revisions"][0]["number"], 1);
    let status = osprey.json(0, &["status", url]);
    assert_eq!(status["revision"]["number"], 1);
    assert_eq!(status["revision"], history["revisions"][0]);
    assert_eq!(status["drift"], Value::Array(Vec::new()));
    let one = osprey.json(0, &["history", url, "1"]);
    assert_eq!(one["revision"], history["revisions"][0]);
    let doctor = osprey.run(&["doctor", url]);
    assert!(
        doctor.stdout.contains("revision 1, of external.zip"),
        "{}",
        doctor.stdout
    );
}
