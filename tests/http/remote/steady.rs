//! Somebody else changes the workspace while a plan reads it, between any two questions: what is
//! planned is planned for the workspace as it was or as it is, or nothing is planned.

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::support::sandbox::{Sandbox, command, export_external, partner};
use crate::support::{Place, Run};

/// The package anew, with another recipe and another connector.
fn newer(place: &Place) {
    for (file, old, new) in [
        (
            "partner/Functions/quote_shipping.recipe.json",
            "\"private\": true",
            "\"private\": false",
        ),
        ("partner/ledger_sync.custom_adapter.rb", "{", "# Newer\n{"),
    ] {
        let path = place.path(file);
        let text = std::fs::read_to_string(&path).expect("readable");
        let edited = text.replacen(old, new, 1);
        assert_ne!(edited, text);
        std::fs::write(&path, edited).expect("written");
    }
    export_external(place, "newer.zip");
}

/// What a plan says of the workspace and of what would be done to it.
fn said(plan: &Value) -> Value {
    let plan = plan.as_object().expect("a plan");
    let of = |key: &&str| {
        (
            (*key).to_owned(),
            plan.get(*key).cloned().unwrap_or_default(),
        )
    };
    let keys = [
        "workspace",
        "creates_folders",
        "assets",
        "connectors",
        "summary",
        "needs",
        "findings",
    ];
    let mut said: Value = keys
        .iter()
        .map(of)
        .collect::<serde_json::Map<_, _>>()
        .into();
    // Where no list tells of an asset, and the package has nothing new for it, it is not read.
    for asset in said["assets"].as_array_mut().expect("assets") {
        asset.as_object_mut().expect("an asset").remove("known");
        if asset["action"] == "not-read" {
            asset["action"] = "no-change".into();
        }
        asset.as_object_mut().expect("an asset").remove("rows");
    }
    let summary = said["summary"].as_object_mut().expect("a summary");
    let not_read = summary
        .remove("not_read")
        .and_then(|number| number.as_u64());
    let unchanged = summary["unchanged"].as_u64().expect("a number");
    summary["unchanged"] = (unchanged + not_read.unwrap_or_default()).into();
    said
}

/// Has somebody else do something before the request of this number from now on is handed on.
fn before(between: &Between, number: usize, mut other: Command) -> &'static AtomicUsize {
    let count: &'static AtomicUsize = Box::leak(Box::default());
    let other = Mutex::new(move || {
        let run: Run = other.output().expect("it starts").into();
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    });
    between.rule(move |_, _| {
        if count.fetch_add(1, Ordering::SeqCst) + 1 == number {
            other.lock().expect("not poisoned")();
        }
        Fate::Passes
    });
    count
}

#[test]
fn a_plan_is_of_one_state_whoever_writes_meanwhile() {
    let place = partner();
    newer(&place);
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    for package in ["external.zip", "newer.zip", "external.zip"] {
        osprey.exits(0, &["import", package, "--into", &sandbox.url, "--yes"]);
    }
    let between = Between::of(&sandbox);
    let here = osprey.through(&between);
    let slim = ["plan", "external.zip", "--into", &here.url];
    let full = [&slim[..], &["--read", "full"]].concat();
    let mut was = said(&here.json(0, &full));
    // Before the first of each kind of question, and of those that are asked again.
    let lines = between.lines();
    let kinds = |line: &str| line.split(['?', '0', '1']).next().map(str::to_owned);
    let differs = |n: &usize| *n == 1 || kinds(&lines[n - 1]) != kinds(&lines[n - 2]);
    let numbers: Vec<usize> = (1..=lines.len()).filter(differs).step_by(2).collect();
    assert!(numbers.len() > 5, "{numbers:?} of {lines:#?}");
    let asked = lines.len();
    let (mut earlier, mut later) = (0, 0);
    // Where lists tell that all is as it was, there are five questions.
    let full = numbers.into_iter().map(|number| (&full[..], number));
    let slim = (1..=5).map(|number| (&slim[..], number));
    for (turn, (plan, number)) in full.chain(slim).enumerate() {
        // Each time the other one of the two is put there.
        let package = ["newer.zip", "external.zip"][turn % 2];
        let import = ["import", package, "--into", &sandbox.url, "--yes"];
        let mut other = command(&place, &osprey.url, &osprey.token, &import);
        other.env("XDG_STATE_HOME", place.path("elsewhere"));
        let count = before(&between, number, other);
        let meanwhile = here.run(&[plan, &["--json"]].concat());
        assert!(count.load(Ordering::SeqCst) >= number, "{number}");
        between.rule(|_, _| Fate::Passes);
        let is = said(&here.json(0, plan));
        assert_ne!(was, is, "{number}: the other one wrote");
        assert_eq!(meanwhile.code, 0, "{number}: {}", meanwhile.stderr);
        let told = said(&serde_json::from_str(&meanwhile.stdout).expect("JSON"));
        earlier += usize::from(told == was);
        later += usize::from(told == is);
        assert!(
            told == was || told == is,
            "{number} of {asked} is of no state:\n{told}\nit was\n{was}\nand is\n{is}"
        );
        was = is;
    }
    assert!(later > earlier, "{earlier} {later}");
}

/// Where somebody writes all the time, nothing is planned, and nothing is written down.
#[test]
fn a_workspace_that_never_rests_is_not_planned_for() {
    let place = partner();
    newer(&place);
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    let between = Between::of(&sandbox);
    let here = osprey.through(&between);
    let imports: Vec<Mutex<Command>> = ["newer.zip", "external.zip"]
        .map(|package| {
            let import = ["import", package, "--into", &sandbox.url, "--yes"];
            let mut other = command(&place, &osprey.url, &osprey.token, &import);
            other.env("XDG_STATE_HOME", place.path("elsewhere"));
            Mutex::new(other)
        })
        .into();
    let turn = AtomicUsize::new(0);
    between.rule(move |asked, _| {
        // Between an export and all that is asked after it.
        if asked.method == "DELETE" {
            let turn = turn.fetch_add(1, Ordering::SeqCst);
            let mut other = imports[turn % 2].lock().expect("not poisoned");
            let run: Run = other.output().expect("it starts").into();
            assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        }
        Fate::Passes
    });
    let plan = [
        "plan",
        "external.zip",
        "--into",
        &here.url,
        "-o",
        "plan.json",
    ];
    let refused = here.json(3, &plan);
    assert_eq!(refused["errors"][0]["code"], "stale", "{refused}");
    assert!(!place.path("plan.json").exists());
    let import = ["import", "external.zip", "--into", &here.url, "--yes"];
    let refused = here.json(3, &import);
    assert_eq!(refused["errors"][0]["code"], "stale", "{refused}");
    assert_eq!(between.changes(), [""; 0], "nothing is sent");
}
