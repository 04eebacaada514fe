//! A package and the workspace that it was made for.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, uses};
use crate::support::sandbox::{self, Sandbox};
use crate::support::{Place, Run};

/// A platform with a partner, two customers and another account; a project without connectors, and a
/// manifest with targets.
fn place() -> Place {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "parcels");
    project.recipe(
        "Parcels/track.recipe.json",
        "Track",
        &[uses("clock", Value::Null)],
    );
    let targets = r#"[package]
project = "parcels"
[targets.kestrel]
kind = "customer"
[targets.K-2]
kind = "customer"
[targets.customers]
kind = "customer"
[targets.eu-customers]
kind = "customer"
data-center = "eu"
[targets.partner]
kind = "external"
[targets.partner-eu]
kind = "external"
data-center = "eu"
"#;
    place.write("recipack.toml", targets);
    for arguments in [
        "workspace create studio --kind admin --data-center us",
        "workspace create kestrel --kind customer --of studio --data-center us",
        "workspace create plover --kind customer --of studio --data-center us --external-id K-2",
        "workspace create dunlin --kind external --data-center us",
    ] {
        done(&place, arguments);
    }
    place
}

fn run(place: &Place, arguments: &str) -> Run {
    run_with(place, arguments, &|_| {})
}

fn run_with(place: &Place, arguments: &str, change: &dyn Fn(&mut Command)) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments.split(' '));
    change(&mut command);
    command.output().expect("it starts").into()
}

#[track_caller]
fn done(place: &Place, arguments: &str) -> Run {
    let run = run(place, arguments);
    assert_eq!(run.code, 0, "{arguments}\n{}{}", run.stdout, run.stderr);
    run
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.stdout))
}

/// A package of `arguments` in `p.zip`.
fn export(place: &Place, arguments: &str) {
    done(place, &format!("export {arguments} -o p.zip"));
}

#[test]
fn a_package_is_for_the_target_that_its_record_names() {
    for (made, into, fit, told) in [
        ("parcels --for customer", "kestrel", "same", ""),
        ("parcels --for external", "dunlin", "same", ""),
        // What is the partner's own is no customer's.
        ("parcels --for external", "studio", "same", ""),
        (
            "parcels --for customer",
            "studio",
            "other",
            "made for a customer",
        ),
        (
            "parcels --for customer",
            "dunlin",
            "other",
            "made for a customer, and local:dunlin is not",
        ),
        (
            "parcels --for external",
            "kestrel",
            "other",
            "made for an external account",
        ),
        (
            "parcels --for customer --data-center us",
            "kestrel",
            "same",
            "",
        ),
        (
            "parcels --for customer --data-center eu",
            "kestrel",
            "other",
            "data center eu",
        ),
        (
            "--to eu-customers",
            "kestrel",
            "other",
            "data center eu, and local:kestrel is in us",
        ),
        ("--to partner-eu", "dunlin", "other", "data center eu"),
        ("--to kestrel", "kestrel", "same", ""),
        ("--to kestrel", "plover", "other", "for customer `kestrel`"),
        // The partner's own name for a customer is a name, too.
        ("--to K-2", "plover", "same", ""),
        ("--to K-2", "kestrel", "other", "for customer `K-2`"),
        // A name of nobody in particular is that of many.
        ("--to customers", "kestrel", "same", ""),
        ("--to partner", "dunlin", "same", ""),
    ] {
        let place = place();
        export(&place, made);
        let plan = run(&place, &format!("plan p.zip --into local:{into} --json"));
        let import = run(&place, &format!("import p.zip --into local:{into} --yes"));
        match fit {
            "other" => {
                assert_eq!((plan.code, import.code), (3, 3), "{made} {into}");
                assert_eq!(json_of(&plan)["errors"][0]["code"], "other-target");
                for said in [&plan.stdout, &import.stderr] {
                    assert!(said.contains(told), "{told}\n{said}");
                }
                assert!(import.stderr.contains("--other-target"));
                let permitted =
                    format!("import p.zip --into local:{into} --yes --json --other-target");
                let permitted = json_of(&done(&place, &permitted));
                assert_eq!(permitted["target"]["fit"], "permitted", "{made} {into}");
            }
            _ => {
                assert_eq!(
                    (plan.code, import.code),
                    (0, 0),
                    "{made} {into}: {}",
                    import.stderr
                );
                let document = json_of(&plan);
                assert_eq!(document["target"]["fit"], fit, "{made} {into}");
                let told = document["findings"].to_string();
                assert!(!told.contains("target"), "{told}");
            }
        }
    }
}

#[test]
fn without_a_record_it_is_not_known_and_not_refused() {
    let place = place();
    export(&place, "parcels --for external");
    fs::remove_file(place.path("p.recipack.json")).expect("removed");
    let plan = done(&place, "plan p.zip --into local:kestrel --json");
    let document = json_of(&plan);
    assert_eq!(document["target"]["fit"], "unknown");
    assert_eq!(document["target"]["made_for"], Value::Null);
    let findings = document["findings"].as_array().expect("a list");
    let codes: Vec<&Value> = findings.iter().map(|finding| &finding["code"]).collect();
    assert!(codes.contains(&&json!("target-unknown")), "{codes:?}");
    done(&place, "import p.zip --into local:kestrel --yes");
}

/// What is said of another package is no evidence.
#[test]
fn a_record_of_another_package_is_refused() {
    let place = place();
    export(&place, "parcels --for external");
    let record = fs::read_to_string(place.path("p.recipack.json")).expect("a record");
    let project = ProjectFolder::new(&place, "parcels");
    project.recipe(
        "Parcels/more.recipe.json",
        "More",
        &[uses("clock", Value::Null)],
    );
    export(&place, "parcels --for external");
    let later = serde_json::from_str::<Value>(&record).expect("JSON");
    let mut later = later;
    later["format"] = json!(1000);
    for (record, told) in [
        (record.clone(), "the record says"),
        (later.to_string(), "the record's format is 1000"),
        ("{}".to_owned(), "no decision record"),
    ] {
        fs::write(place.path("p.recipack.json"), record).expect("written");
        for arguments in [
            "plan p.zip --into local:dunlin",
            "import p.zip --into local:dunlin --yes",
            "import p.zip --into local:dunlin --yes --other-target",
            "matrix p.zip",
        ] {
            let ended = run(&place, arguments);
            assert_eq!(ended.code, 4, "{arguments}: {}", ended.stderr);
            assert!(ended.stderr.contains(told), "{told}\n{}", ended.stderr);
            assert!(ended.stderr.contains("recipack verify p.zip"));
        }
    }
    // A pipe is not waited for.
    fs::remove_file(place.path("p.recipack.json")).expect("removed");
    let made = Command::new("mkfifo")
        .arg(place.path("p.recipack.json"))
        .status();
    assert!(made.expect("mkfifo").success());
    assert_eq!(run(&place, "plan p.zip --into local:dunlin").code, 4);
}

#[test]
fn an_approved_plan_keeps_the_permission() {
    let place = place();
    export(&place, "parcels --for external");
    let plan = "plan p.zip --into local:kestrel -o plan.json";
    assert_eq!(run(&place, plan).code, 3);
    assert!(!place.path("plan.json").exists());
    let given = done(&place, &format!("{plan} --other-target"));
    assert!(
        given.stderr.contains("warning[other-target]"),
        "{}",
        given.stderr
    );
    done(&place, "import plan.json --yes");
    // It is a permission for what was approved, and nothing else.
    fs::write(place.path("p.recipack.json"), "{}").expect("written");
    assert_eq!(run(&place, "import plan.json --yes").code, 4);
}

#[test]
fn a_matrix_shows_where_a_package_does_not_belong() {
    let place = place();
    export(&place, "--to kestrel");
    let shown = done(&place, "matrix p.zip");
    let line = |name: &str| {
        let mut lines = shown.stdout.lines();
        lines
            .find(|line| line.contains(name))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(line("kestrel  ").contains("ready"), "{}", shown.stdout);
    assert!(
        line("plover  ").contains("other-target"),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.contains("for customer `kestrel`"),
        "{}",
        shown.stdout
    );
    let document = json_of(&done(&place, "matrix p.zip --json"));
    let cells: Vec<(&Value, &Value)> = document["customers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (&row["cells"][0]["verdict"], &row["cells"][0]["target"]))
        .collect();
    assert_eq!(
        cells,
        [
            (&json!("ready"), &json!("same")),
            (&json!("other-target"), &json!("other"))
        ]
    );
    assert_eq!(run(&place, "matrix p.zip --detailed-exitcode").code, 2);
    fs::remove_file(place.path("p.recipack.json")).expect("removed");
    let document = json_of(&done(&place, "matrix p.zip --json"));
    assert_eq!(document["customers"][0]["cells"][0]["target"], "unknown");
}

#[test]
fn a_lock_says_what_a_package_without_a_record_was_made_for() {
    let place = place();
    place.write(
        "recipack.toml",
        "[package]\nproject = \"parcels\"\n[targets.partner]\nkind = \"external\"\n",
    );
    done(&place, "lock");
    export(&place, "--to partner");
    let import = "import p.zip --into local:kestrel --yes --locked";
    assert_eq!(run(&place, import).code, 3);
    fs::remove_file(place.path("p.recipack.json")).expect("removed");
    let refused = run(&place, import);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`partner`, an external account"),
        "{}",
        refused.stderr
    );
    done(&place, &format!("{import} --other-target"));
    // Two targets that get the same and are not the same: which one it is for is not known.
    let manifest = fs::read_to_string(place.path("recipack.toml")).expect("text");
    let manifest = manifest + "[targets.another]\nkind = \"external\"\ndata-center = \"eu\"\n";
    place.write("recipack.toml", &manifest);
    done(&place, "lock");
    done(&place, import);
}

/// A record can't say otherwise than the lock of its target.
#[test]
fn a_lock_and_a_record_that_disagree_are_told() {
    let place = place();
    export(&place, "--to partner");
    place.write(
        "recipack.toml",
        "[package]\nproject = \"parcels\"\n[targets.partner]\nkind = \"external\"\ndata-center = \"us\"\n",
    );
    done(&place, "lock");
    let ended = run(&place, "import p.zip --into local:dunlin --yes --locked");
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("data center: us → none"),
        "{}",
        ended.stderr
    );
}

/// With a token of its own, a workspace does not tell whether it is a customer's, and a host that is
/// none of the platform's has no data center.
#[test]
fn over_the_api_what_is_not_told_is_not_known() {
    let place = sandbox::partner();
    let catalogue = crate::support::fixture("catalogs/shared.json");
    place.write(
        "recipack.toml",
        &format!(
            "[package]\nproject = \"partner\"\ncatalog = \"{}\"\n[targets.merlin]\nkind = \"customer\"\n\
             [targets.far]\nkind = \"external\"\ndata-center = \"eu\"\n",
            catalogue.display()
        ),
    );
    for arguments in [
        "workspace create merlin --kind customer --of studio --external-id K-9",
        "export --to merlin -o merlin.zip",
        "export --to far -o far.zip",
    ] {
        done(&place, arguments);
    }
    let api = Sandbox::of(&place, &[]);
    let url = api.url.as_str();
    for (who, package, into, fit, told) in [
        (
            "osprey",
            "customer.zip",
            url,
            "unknown",
            "is not told to its own token",
        ),
        (
            "osprey",
            "external.zip",
            url,
            "unknown",
            "is not told to its own token",
        ),
        ("osprey", "far.zip", url, "unknown", "data center eu"),
        (
            "kestrel",
            "customer.zip",
            url,
            "unknown",
            "is not told to its own token",
        ),
        (
            "studio",
            "customer.zip",
            url,
            "other",
            "is not a customer's",
        ),
        ("studio", "customer.zip", "customer:K-1", "same", ""),
        (
            "studio",
            "external.zip",
            "customer:K-1",
            "other",
            "an external account",
        ),
        ("studio", "merlin.zip", "customer:K-9", "same", ""),
        (
            "studio",
            "merlin.zip",
            "customer:K-1",
            "other",
            "for customer `merlin`",
        ),
    ] {
        let token = sandbox::token(&place, who);
        let mut arguments = vec!["plan", package, "--into", into, "--json"];
        if into.starts_with("customer:") {
            // Nothing in an empty workspace tells which folder is Home.
            arguments.extend(["--folder", "Orders"]);
        }
        let mut command = sandbox::command(&place, url, &token, &arguments);
        let plan: Run = command.output().expect("it starts").into();
        let document = json_of(&plan);
        match fit {
            "other" => {
                assert_eq!(plan.code, 3, "{who} {package} {into}");
                assert_eq!(document["errors"][0]["code"], "other-target");
            }
            _ => assert_eq!(
                document["target"]["fit"], fit,
                "{who} {package} {into}: {}",
                plan.stderr
            ),
        }
        let document = document.to_string();
        assert!(
            document.contains(told),
            "{who} {package} {into}: {document}"
        );
    }
}
