//! How many questions a command asks, which rights it needs, and what is told on the way.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::remote::between::Fate;
use crate::remote::{Between, Caller};
use crate::stage::{Stage, Told};
use crate::support::Place;
use crate::support::project::ProjectFolder;
use crate::support::sandbox::{Sandbox, command, done, export_external, local, partner};

fn refusal(status: u16, body: &str) -> Told {
    Told {
        status,
        body: body.as_bytes().to_vec(),
        ..Told::default()
    }
}

/// A platform whose workspace `osprey` holds the partner's package.
fn filled() -> Place {
    let place = partner();
    let import = ["import", "external.zip", "--into", "local:osprey", "--yes"];
    done(&local(&place, &import), &import);
    place
}

/// Whether a question is how far an export or an import is.
fn is_job(line: &str) -> bool {
    let path = line.split(' ').nth(1).unwrap_or_default();
    let (place, number) = path.rsplit_once('/').unwrap_or_default();
    let of_jobs = ["/packages", "/imports", "/exports"];
    line.starts_with("GET")
        && of_jobs.iter().any(|end| place.ends_with(end))
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}

/// How many questions a command says that it asked.
fn requests(stderr: &str) -> Option<usize> {
    let line = stderr
        .lines()
        .find(|line| line.contains(" to the platform's API"))?;
    line.split(' ').next()?.parse().ok()
}

/// How many questions a command asks, and what is to be said if it is another number. The end of a
/// job counts once: how often it is asked for depends on how long it takes.
fn counted(between: &Between, caller: &Caller<'_>, command: &[&str]) -> (usize, String) {
    let before = between.lines().len();
    let run = caller.run(&[command, &["--verbose"]].concat());
    let asked = between.lines().split_off(before);
    // Packages come from where they are stored, past whoever stands between.
    let jobs: std::collections::BTreeSet<_> = asked.iter().filter(|line| is_job(line)).collect();
    let all = requests(&run.stderr).unwrap_or_default();
    assert!(
        (asked.len()..=asked.len() + jobs.len()).contains(&all),
        "{command:?}: {all} of {}: {}",
        asked.len(),
        run.stderr
    );
    let polls = asked.iter().filter(|line| is_job(line)).count();
    let what = format!("(exit {}): {asked:#?} {}", run.code, run.stderr);
    (all - polls + jobs.len(), what)
}

#[test]
fn each_command_asks_so_often() {
    let place = filled();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let (osprey, studio) = (
        Caller::of(&place, &sandbox, "osprey").through(&between),
        Caller::of(&place, &sandbox, "studio").through(&between),
    );
    let (own, admin) = (osprey.url.as_str(), studio.url.as_str());
    let mut told = Vec::new();
    let tracker = "Parcel Tracker";
    let fixture = crate::support::fixture("connectors/parcel_tracker.custom_adapter.rb");
    let source = fixture.to_str().expect("UTF-8");
    let authorize = ["connection", "authorize", "--all", "--in", "local:osprey"];
    done(&local(&place, &authorize), &authorize);
    for (caller, command, expected) in [
        (&osprey, &["doctor"][..], 8),
        (&osprey, &["status", own], 10),
        (&osprey, &["recipe", "list", "--in", own], 10),
        (
            &osprey,
            &["recipe", "start", "Return label", "--in", own],
            10,
        ),
        (&osprey, &["recipe", "stop", "--all", "--in", own], 4),
        (&osprey, &["connection", "list", "--in", own], 12),
        (&osprey, &["connector", "list", "--in", own], 12),
        (&osprey, &["connector", "show", tracker, "--in", own], 12),
        (
            &osprey,
            &["connector", "versions", tracker, "--in", own],
            12,
        ),
        (&osprey, &["connector", "usage", tracker, "--in", own], 12),
        (
            &osprey,
            &["connector", "push", source, "--title", tracker, "--in", own],
            4,
        ),
        (&osprey, &["connector", "release", tracker, "--in", own], 24),
        (&osprey, &["plan", "external.zip", "--into", own], 5),
        (
            &osprey,
            &["import", "external.zip", "--into", own, "--yes"],
            5,
        ),
        (&osprey, &["diff", "external.zip", own], 16),
        (&osprey, &["history", own], 1),
        (&studio, &["catalog", "list", "--in", admin], 4),
        (&studio, &["catalog", "show", tracker, "--in", admin], 4),
        (&studio, &["catalog", "update", tracker, "--in", admin], 10),
        (
            &studio,
            &["catalog", "switch", tracker, "5", "--in", admin, "--yes"],
            10,
        ),
        (
            &studio,
            &["catalog", "pull", "--in", admin, "-o", "c.json"],
            3,
        ),
        (&studio, &["catalog", "diff", "c.json", "--in", admin], 3),
        (
            &studio,
            &["catalog", "apply", "c.json", "--in", admin, "--yes"],
            3,
        ),
        (
            &studio,
            &["catalog", "share", "Ledger Sync", "--in", admin],
            10,
        ),
        (
            &studio,
            &[
                "catalog",
                "remove",
                "Ledger Sync",
                "--confirm",
                "Ledger Sync",
                "--in",
                admin,
            ],
            10,
        ),
        (&studio, &["customer", "list", "--of", admin], 2),
        (&osprey, &["rollback", own], 1),
    ] {
        let (seen, what) = counted(&between, caller, command);
        if seen != expected {
            told.push(format!("{command:?}: {seen} for {expected} {what}"));
        }
    }
    // An import whose end is not seen is gone on with.
    let sent = AtomicBool::new(false);
    between.rule(move |asked, _| {
        if asked.path.contains("/packages/import/") {
            sent.store(true, Ordering::SeqCst);
        }
        let id = asked.path.rsplit('/').next().unwrap_or_default();
        match sent.load(Ordering::SeqCst) && is_job(&format!("{} {}", asked.method, asked.path)) {
            true => Fate::Kept(refusal(
                200,
                &format!(r#"{{"id": {id}, "operation_type": "import", "status": "in_progress"}}"#),
            )),
            false => Fate::Passes,
        }
    });
    let import = ["import", "external.zip", "--into", own, "--folder", "Again"];
    let left = osprey.exits(
        69,
        &[&import[..], &["--job-timeout", "1", "--yes"]].concat(),
    );
    between.rule(|_, _| Fate::Passes);
    let (_, id) = left.stderr.split_once("recipack resume ").expect("an id");
    let (seen, what) = counted(&between, &osprey, &["resume", id.trim()]);
    if seen != 15 {
        told.push(format!("resume: {seen} {what}"));
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Lists need their lists only, and a recipe that stops needs no connectors: whoever may not see
/// them is not asked to.
#[test]
fn no_more_rights_are_needed_than_what_is_done_takes() {
    let place = filled();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    between.rule(|asked, _| {
        let forbidden = [
            "custom_connectors",
            "export_manifests",
            "packages",
            "connections",
        ];
        match forbidden.iter().any(|part| asked.path.contains(part)) {
            true => Fate::Kept(refusal(403, r#"{"message": "Forbidden"}"#)),
            false => Fate::Passes,
        }
    });
    let own = osprey.url.clone();
    osprey.exits(0, &["recipe", "list", "--in", &own]);
    osprey.exits(0, &["recipe", "stop", "--all", "--in", &own]);
    between.rule(|asked, _| match asked.path.contains("custom_connectors") {
        true => Fate::Kept(refusal(403, r#"{"message": "Forbidden"}"#)),
        false => Fate::Passes,
    });
    let run = osprey.exits(77, &["connector", "list", "--in", &own]);
    assert!(
        run.stderr.contains("the right to list custom connectors"),
        "{}",
        run.stderr
    );
}

#[test]
fn no_manifest_is_left_behind_and_all_projects_is_no_folder() {
    let place = filled();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    let own = osprey.url.clone();
    between.rule(|asked, _| match asked.path.contains("/packages/export/") {
        true => Fate::Kept(refusal(422, r#"{"message": "no"}"#)),
        false => Fate::Passes,
    });
    osprey.exits(1, &["plan", "external.zip", "--into", &own]);
    let lines = between.lines();
    let of = |method: &str| lines.iter().filter(|line| line.starts_with(method)).count();
    assert_eq!(
        (
            of("POST /api/export_manifests"),
            of("DELETE /api/export_manifests")
        ),
        (1, 1),
        "{lines:?}"
    );
    between.rule(|_, _| Fate::Passes);
    let all = osprey.json(0, &["recipe", "list", "--in", &own, "--folder", "Orders"]);
    let same = osprey.json(
        0,
        &[
            "recipe",
            "list",
            "--in",
            &own,
            "--folder",
            "all Projects/Orders",
        ],
    );
    assert_eq!(all, same);
}

/// A catalogue of many connectors, and who uses them: a question for each customer, and few more.
#[test]
fn a_catalogue_of_many_customers_asks_once_for_each() {
    let list = |number: usize, record: &dyn Fn(usize) -> String| {
        let records: Vec<String> = (1..=number).map(record).collect();
        format!(r#"{{"result": [{}]}}"#, records.join(","))
    };
    let stage = Stage::new(move |asked| {
        let first = asked.query.get("page").is_none_or(|page| page == "1");
        let body = match (asked.path.as_str(), first) {
            ("/api/users/me", _) => {
                r#"{"id": 9, "name": "studio", "root_folder_id": 3}"#.to_owned()
            }
            ("/api/custom_connectors", true) => list(20, &|n| {
                format!(
                    r#"{{"id": {n}, "name": "tool_{n}_connector_9_{n}", "title": "Tool {n}",
                       "latest_released_version": 1, "oem_shared_version": 1,
                       "released_versions": [{{"version": 1}}]}}"#
                )
            }),
            ("/api/managed_users", true) => list(100, &|n| {
                format!(r#"{{"id": {n}00, "name": "customer {n}"}}"#)
            }),
            _ => r#"{"result": []}"#.to_owned(),
        };
        refusal(200, &body)
    });
    let place = Place::new();
    let list = ["catalog", "list", "--in", &stage.url(), "--verbose"];
    let mut run = command(&place, &stage.url(), "any", &list);
    let run: crate::support::Run = run.output().expect("it starts").into();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 20, "{}", run.stdout);
    // Who asks, the connectors and the customers (of each, whether there are more), and the recipes
    // of every customer.
    assert_eq!(requests(&run.stderr), Some(1 + 2 + 2 + 100));
}

/// The package anew, with another recipe.
fn newer(place: &Place) {
    let recipe = place.path("partner/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("readable");
    let edited = text.replacen("\"private\": true", "\"private\": false", 1);
    assert_ne!(edited, text);
    std::fs::write(&recipe, edited).expect("written");
    export_external(place, "newer.zip");
}

/// What a workspace is asked for again and again takes few questions: lists, and contents only of
/// what changed.
#[test]
fn what_is_known_is_not_asked_again() {
    let place = partner();
    newer(&place);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    let own = osprey.url.as_str();
    let mut told = Vec::new();
    for (command, most) in [
        (&["import", "external.zip", "--into", own, "--yes"][..], 18),
        (&["plan", "external.zip", "--into", own], 5),
        (&["import", "external.zip", "--into", own, "--yes"], 5),
        (&["status", own], 5),
        (&["import", "newer.zip", "--into", own, "--yes"], 10),
        (&["import", "newer.zip", "--into", own, "--yes"], 5),
        (&["plan", "external.zip", "--into", own], 5),
    ] {
        let (seen, what) = counted(&between, &osprey, command);
        if seen != most {
            told.push(format!("{command:?}: {seen} for {most} {what}"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// A customer's workspace is asked no more often, whichever folder the package goes into: which
/// customer it is, what lies in that folder, and the lists that tell of the whole workspace.
#[test]
fn a_customers_workspace_takes_few_questions_too() {
    let place = partner();
    let recipe = place.path("partner/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("readable");
    let edited = text.replacen("\"private\": true", "\"private\": false", 1);
    std::fs::write(&recipe, edited).expect("written");
    let catalogue = crate::support::fixture("catalogs/shared.json");
    let catalogue = catalogue.to_str().expect("UTF-8");
    let export = ["export", "partner", "--for", "customer", "-o", "newer.zip"];
    let export = [&export[..], &["--catalog", catalogue]].concat();
    done(&local(&place, &export), &export);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let studio = Caller::of(&place, &sandbox, "studio").through(&between);
    let kestrel = "customer:external:K-1";
    let into = ["--folder", "Kestrel", "--into", kestrel];
    let mut told = Vec::new();
    for (command, most) in [
        (&["import", "customer.zip", "--yes"][..], 20),
        (&["plan", "customer.zip"], 5),
        (&["import", "customer.zip", "--yes"], 5),
        (&["status", kestrel], 5),
        (&["import", "newer.zip", "--yes"], 10),
        (&["import", "newer.zip", "--yes"], 5),
        (&["status", kestrel], 5),
        (&["recipe", "stop", "--all", "--in", kestrel], 2),
    ] {
        let command = match command {
            ["import" | "plan", ..] => [command, &into].concat(),
            _ => command.to_vec(),
        };
        let (seen, what) = counted(&between, &studio, &command);
        if seen != most {
            told.push(format!("{command:?}: {seen} for {most} {what}"));
        }
    }
    // A number could be the external id of another: that is asked, until a package went there by it.
    let shown = local(&place, &["workspace", "show", "local:kestrel", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).expect("JSON");
    let number = &shown["workspace"]["id"];
    let (by_number, by_id) = (
        format!("customer:{number}"),
        format!("customer:id:{number}"),
    );
    for (command, address, most) in [
        (&["status"][..], &by_id, 5),
        (&["plan", "customer.zip"], &by_id, 5),
        (&["import", "newer.zip", "--yes"], &by_id, 5),
        (&["status"], &by_number, 6),
        (&["import", "customer.zip", "--yes"], &by_number, 11),
        (&["import", "newer.zip", "--yes"], &by_number, 10),
        (&["import", "newer.zip", "--yes"], &by_number, 5),
        (&["plan", "customer.zip"], &by_number, 5),
        (&["status"], &by_number, 5),
    ] {
        let command = match command {
            ["import" | "plan", ..] => {
                [command, &["--folder", "Kestrel", "--into", address]].concat()
            }
            _ => [command, &[address]].concat(),
        };
        let (seen, what) = counted(&between, &studio, &command);
        if seen != most {
            told.push(format!("{command:?}: {seen} for {most} {what}"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Who stops a recipe asks for the recipes, stops it, and looks whether it did: not whose they are,
/// and not where they lie, unless that is said.
#[test]
fn what_is_stopped_takes_three_questions() {
    let place = filled();
    let authorize = ["connection", "authorize", "--all", "--in", "local:osprey"];
    done(&local(&place, &authorize), &authorize);
    ProjectFolder::new(&place, "one").recipe("r.recipe.json", "Another", &[]);
    let export = ["export", "one", "--for", "external", "-q", "-o", "one.zip"];
    done(&place.run(export), &export);
    let import = ["import", "one.zip", "--into", "local:osprey", "--yes"];
    done(&local(&place, &import), &import);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    let own = osprey.url.as_str();
    let stop = ["recipe", "stop", "Return label", "--in", own];
    osprey.exits(0, &["recipe", "start", "Return label", "--in", own]);
    let (seen, what) = counted(&between, &osprey, &stop);
    assert_eq!(seen, 3, "{what}");
    let again = osprey.json(0, &stop);
    assert_eq!(again["recipes"][0]["effect"], "unchanged");
    assert!(again["recipes"][0].get("folder").is_none(), "{again}");
    let placed = ["recipe", "stop", "Orders/Return label", "--in", own];
    assert_eq!(osprey.json(0, &placed)["recipes"][0]["folder"], "Orders");
}
