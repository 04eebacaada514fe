//! Somebody else changes the workspace between the plan and the request that carries it out: then
//! nothing is sent. The others are processes of their own.

use std::process::Command;
use std::sync::Mutex;

use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::support::sandbox::{Sandbox, command, done, export_external, local, partner};
use crate::support::{Place, Run};

/// Has somebody else do something right before the request of this number is handed on.
fn before(between: &Between, number: usize, other: Command) {
    let other = Mutex::new(Some(other));
    between.rule(move |_, n| {
        if n == number
            && let Some(mut other) = other.lock().expect("not poisoned").take()
        {
            let run: Run = other.output().expect("it starts").into();
            assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        }
        Fate::Passes
    });
}

fn newer(place: &Place) {
    let recipe = place.path("partner/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("readable");
    let edited = text.replacen("\"private\": true", "\"private\": false", 1);
    assert_ne!(edited, text);
    std::fs::write(&recipe, edited).expect("written");
    export_external(place, "newer.zip");
}

/// An import that was agreed to is not carried out on top of another client's.
#[test]
fn an_import_is_refused_when_somebody_else_imported_meanwhile() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    newer(&place);

    let between = Between::of(&sandbox);
    let here = osprey.through(&between);
    here.exits(
        0,
        &[
            "plan",
            "external.zip",
            "--into",
            &here.url,
            "-o",
            "same.json",
        ],
    );
    let before_plan = between.lines().len();
    here.exits(
        0,
        &["plan", "newer.zip", "--into", &here.url, "-o", "plan.json"],
    );
    let asked = between.lines().len();
    // What a plan takes, the import asks again; then what matters once more, before it sends anything.
    let plan = asked - before_plan;
    let other = ["import", "newer.zip", "--into", &sandbox.url, "--yes"];
    let mut other = command(&place, &osprey.url, &osprey.token, &other);
    other.env("XDG_STATE_HOME", place.path("elsewhere"));
    before(&between, asked + plan + 1, other);
    let stale = here.exits(3, &["import", "plan.json"]);
    assert!(stale.stderr.contains("stale-plan"), "{}", stale.stderr);
    assert_eq!(between.changes(), [""; 0], "nothing is sent");
    let history = local(&place, &["history", "local:osprey"]);
    assert_eq!(history.stdout.lines().count(), 2, "{}", history.stdout);
}

/// The same for whatever is one request: it is looked at right before.
#[test]
fn a_start_is_planned_anew_when_somebody_else_started_it_meanwhile() {
    let place = partner();
    for arguments in [
        &["import", "external.zip", "--into", "local:osprey"][..],
        &["connection", "authorize", "--all", "--in", "local:osprey"],
    ] {
        done(&local(&place, arguments), arguments);
    }
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let between = Between::of(&sandbox);
    let here = osprey.through(&between);
    let recipe = "Functions/Quote shipping";
    let other = ["recipe", "start", recipe, "--in", &sandbox.url];
    let other = command(&place, &osprey.url, &osprey.token, &other);
    let other = Mutex::new(Some(other));
    // Its own look at the recipe comes right before it is started.
    between.rule(move |asked, _| {
        if asked.path.starts_with("/api/recipes/")
            && let Some(mut other) = other.lock().expect("not poisoned").take()
        {
            let run: Run = other.output().expect("it starts").into();
            assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        }
        Fate::Passes
    });
    let started = here.exits(0, &["recipe", "start", recipe, "--in", &here.url]);
    assert!(started.stdout.contains("was running"), "{}", started.stdout);
    assert_eq!(between.changes(), [""; 0], "nothing is sent");
}

/// A connector that somebody else's recipe began to use is not taken away.
#[test]
fn a_removal_is_refused_when_a_customer_started_a_recipe_meanwhile() {
    let place = partner();
    for arguments in [
        &["import", "customer.zip", "--into", "local:kestrel"][..],
        &["connection", "authorize", "--all", "--in", "local:kestrel"],
    ] {
        done(&local(&place, arguments), arguments);
    }
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let between = Between::of(&sandbox);
    let here = studio.through(&between);
    let remove = ["catalog", "remove", "Parcel Tracker", "--in", &here.url];
    here.exits(0, &[&remove[..], &["--plan"]].concat());
    let plan = between.lines().len();
    let mut other = place.command();
    other.env("RECIPACK_PLATFORM", place.path("p.db"));
    other.args(["recipe", "start", "Functions/Quote shipping"]);
    other.args(["Orders/Track new parcels", "--in", "local:kestrel"]);
    before(&between, plan + plan + 1, other);
    let refused = here.exits(3, &[&remove[..], &["--confirm", "Parcel Tracker"]].concat());
    assert!(refused.stderr.contains("in-use"), "{}", refused.stderr);
    assert_eq!(between.changes(), [""; 0], "nothing is sent");
}

/// A push goes on top of what is there, and says the version that it became.
#[test]
fn a_push_is_planned_anew_when_somebody_else_pushed_meanwhile() {
    let place = partner();
    place.write("mine.rb", "{ title: 'Parcel Tracker', actions: {} }\n");
    place.write("theirs.rb", "{ title: 'Parcel Tracker', triggers: {} }\n");
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let between = Between::of(&sandbox);
    let here = studio.through(&between);
    let push = |file: &'static str| ["connector", "push", file, "--title", "Parcel Tracker"];
    let other = [&push("theirs.rb")[..], &["--in", &sandbox.url]].concat();
    let other = Mutex::new(Some(command(&place, &studio.url, &studio.token, &other)));
    let lists = Mutex::new(0);
    between.rule(move |asked, _| {
        let mut lists = lists.lock().expect("not poisoned");
        *lists += usize::from(asked.path == "/api/custom_connectors");
        // The first says whose workspace it is, the second is the plan's.
        if *lists == 3
            && let Some(mut other) = other.lock().expect("not poisoned").take()
        {
            let run: Run = other.output().expect("it starts").into();
            assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        }
        Fate::Passes
    });
    let pushed = here.exits(0, &[&push("mine.rb")[..], &["--in", &here.url]].concat());
    assert!(pushed.stdout.contains("v9 is added"), "{}", pushed.stdout);
    let changes = between.changes();
    assert_eq!(changes.len(), 1, "{changes:?}");
}

/// When the second of several changes fails, all of them are accounted for.
#[test]
fn what_is_half_done_ends_with_68_and_says_what_is_done() {
    for status in [403, 422, 500] {
        let place = partner();
        for arguments in [
            &["import", "external.zip", "--into", "local:osprey"][..],
            &["connection", "authorize", "--all", "--in", "local:osprey"],
        ] {
            done(&local(&place, arguments), arguments);
        }
        let sandbox = Sandbox::of(&place, &[]);
        let osprey = Caller::of(&place, &sandbox, "osprey");
        let between = Between::of(&sandbox);
        let here = osprey.through(&between);
        let starts = Mutex::new(0);
        between.rule(move |asked, _| {
            let mut starts = starts.lock().expect("not poisoned");
            *starts += usize::from(asked.path.ends_with("/start"));
            if *starts < 2 || !asked.path.ends_with("/start") {
                return Fate::Passes;
            }
            Fate::Kept(crate::stage::Told {
                status,
                body: b"{\"message\": \"not today\"}".to_vec(),
                ..Default::default()
            })
        });
        let recipes = [
            "Functions/Quote shipping",
            "Orders/Track new parcels",
            "Agents/Look up parcel",
        ];
        let start = [&["recipe", "start"][..], &recipes, &["--in", &here.url]].concat();
        let told = here.json(68, &start);
        let notes: Vec<&str> = told["errors"][0]["notes"]
            .as_array()
            .expect("notes")
            .iter()
            .filter_map(serde_json::Value::as_str)
            .collect();
        let count = |what: &str| notes.iter().filter(|note| note.starts_with(what)).count();
        assert_eq!(count("done: start recipe"), 1, "{status}: {notes:?}");
        assert!(count("failed: start recipe") >= 1, "{status}: {notes:?}");
        // A refusal is about one recipe; the others are tried.
        let left = count("not attempted: start recipe");
        assert_eq!(left > 0, status != 422, "{status}: {notes:?}");
    }
}

/// The same for what a catalogue file asks for.
#[test]
fn a_catalogue_that_is_half_applied_ends_with_68() {
    for status in [403, 422, 500] {
        let place = partner();
        let sandbox = Sandbox::of(&place, &[]);
        let studio = Caller::of(&place, &sandbox, "studio");
        let pulled = studio.exits(0, &["catalog", "pull", "--in", &sandbox.url]);
        let mut file: serde_json::Value = serde_json::from_str(&pulled.stdout).expect("JSON");
        let mut titles = Vec::new();
        for entry in file["result"].as_array_mut().expect("entries") {
            if entry["oem_shared_version"].is_number() {
                titles.push(entry["title"].as_str().expect("a title").to_owned());
                entry["oem_shared_version"] = serde_json::Value::Null;
            }
        }
        assert!(titles.len() >= 2, "{titles:?}");
        place.write("less.json", &file.to_string());
        let between = Between::of(&sandbox);
        let here = studio.through(&between);
        let changes = Mutex::new(0);
        between.rule(move |asked, _| {
            let mut changes = changes.lock().expect("not poisoned");
            if !crate::remote::between::is_change(asked) {
                return Fate::Passes;
            }
            *changes += 1;
            match *changes {
                1 => Fate::Passes,
                _ => Fate::Kept(crate::stage::Told {
                    status,
                    ..Default::default()
                }),
            }
        });
        let apply = ["catalog", "apply", "less.json", "--allow-removals", "--yes"];
        let run = here.exits(68, &[&apply[..], &["--in", &here.url]].concat());
        for told in ["done: share", "failed: share"] {
            assert_eq!(
                run.stderr.matches(told).count(),
                1,
                "{status}: {}",
                run.stderr
            );
        }
        let left = run.stderr.matches("not attempted: share").count();
        assert_eq!(left, titles.len() - 2, "{status}: {}", run.stderr);
    }
}

/// What was planned is sent, and nothing that somebody put in its place meanwhile.
#[test]
fn a_package_that_changes_between_plan_and_upload_is_not_sent() {
    let place = partner();
    newer(&place);
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let between = Between::of(&sandbox);
    let here = osprey.through(&between);
    here.exits(0, &["plan", "external.zip", "--into", &here.url]);
    let asked = between.lines().len();

    let (from, to) = (place.path("newer.zip"), place.path("external.zip"));
    between.rule(move |_, number| {
        // The last answer that the plan needs.
        if number == 2 * asked {
            std::fs::rename(&from, &to).expect("put in its place");
        }
        Fate::Passes
    });
    let refused = here.exits(3, &["import", "external.zip", "--into", &here.url]);
    assert!(
        refused.stderr.contains("error[changed]: "),
        "{}",
        refused.stderr
    );
    assert_eq!(between.changes(), Vec::<String>::new());
}
