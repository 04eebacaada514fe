//! Some customers try a version of a shared connector as one of their own before all get it.

use serde_json::Value;

use super::rollout::{id, json_of};
use crate::remote::Caller;
use crate::support::fleet::words;
use crate::support::sandbox::{Sandbox, command};
use crate::support::{Place, Run, copy, fixture};

/// A title; the space holds the word together.
const TRACKER: &str = "Parcel\u{a0}Tracker";

/// A partner with two customers whose recipes run with a shared connector, and use an earlier package.
/// The connector's next version is released.
fn partner() -> Place {
    let place = Place::new();
    copy(&fixture("partner"), &place.path("partner"));
    let first = fixture("connectors/parcel_tracker.custom_adapter.rb");
    let first = std::fs::read_to_string(first).expect("text");
    place.write("one.rb", &first);
    let next = first.replacen("get_parcel: {", "get_parcel: { # as before", 1);
    place.write("two.rb", &next);
    let without = first.replacen("get_parcel: {", "find_parcel: {", 1);
    place.write("three.rb", &without);
    place.write(
        "fleet.toml",
        "[customers]\nc1 = { labels = { ring = \"first\" } }\nc3 = { labels = { ring = \"last\" }, hold = \"it moves\" }\n",
    );
    let recipe = "--include Orders/track_new_parcels.recipe.json";
    let export = format!("export partner --for customer --catalog local:studio {recipe}");
    for words in [
        "workspace create studio --kind admin",
        "customer create c1 --of studio",
        "customer create c2 --of studio",
        "customer create c3 --of studio",
        &format!("connector push one.rb --title {TRACKER} --in local:studio"),
        &format!("connector release {TRACKER} --in local:studio"),
        &format!("catalog share {TRACKER} --in local:studio"),
        &format!("{export} -o p.zip"),
        &format!("{export} --exclude **/*.topic.json -o earlier.zip"),
        "import earlier.zip --into local:c1",
        "import earlier.zip --into local:c2",
        "connection authorize --all --in local:c1",
        "connection authorize --all --in local:c2",
        "recipe start --all --in local:c1",
        "recipe start --all --in local:c2",
        &format!("connector push two.rb --title {TRACKER} --in local:studio"),
        &format!("connector release {TRACKER} --in local:studio"),
    ] {
        line(&place, 0, words);
    }
    place
}

/// The version that customers run.
fn shared(place: &Place) -> Value {
    let list = json_of(&line(place, 0, "catalog list --in local:studio --json"));
    list["connectors"][0]["shared"].clone()
}

/// What a workspace's recipe runs with: its state, its connector and its connection.
fn runs_with(place: &Place, workspace: &str) -> [String; 3] {
    let recipes = line(
        place,
        0,
        &format!("recipe list --in local:{workspace} --json"),
    );
    let recipes = json_of(&recipes);
    let connections = format!("connection list --in local:{workspace} --json");
    let connections = json_of(&line(place, 0, &connections));
    let connections = connections["connections"].as_array().expect("connections");
    let used = connections.iter().find(|connection| {
        let name = connection["name"].as_str().expect("a name");
        connection["recipes"] == 1 && name.starts_with("Parcel")
    });
    let used = used.expect("it uses one");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let recipe = &recipes["recipes"][0];
    let connector = text(&recipe["connectors"][0]);
    let provider = match connector.starts_with("parcel_tracker_canary_") {
        true => "canary",
        false => "shared",
    };
    [
        text(&recipe["state"]),
        provider.to_owned(),
        text(&used["name"]),
    ]
}

/// Runs the program with the local platform.
#[track_caller]
fn line(place: &Place, code: i32, line: &str) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.env("XDG_STATE_HOME", place.path("state"));
    let run = Run::from(command.args(words(line)).output().expect("it starts"));
    assert_eq!(run.code, code, "{line}: {}{}", run.stdout, run.stderr);
    run
}

/// Runs it over the API.
#[track_caller]
fn api(caller: &Caller<'_>, code: i32, line: &str) -> Run {
    let arguments = words(line);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = command(caller.place, &caller.url, &caller.token, &arguments).output();
    let run = Run::from(run.expect("it starts"));
    assert_eq!(run.code, code, "{line}: {}{}", run.stdout, run.stderr);
    run
}

#[test]
fn a_ring_tries_a_connector_goes_back_and_goes_forward_over_the_api() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let run = |code: i32, words: &str| api(&caller, code, words);
    let plan = format!(
        "rollout plan p.zip --of {} --fleet fleet.toml --customers c1,c2 --canary-connector {TRACKER} --ring ring=first --restart-recipes -o plan.json",
        caller.url
    );
    let planned = run(0, &format!("{plan} --bake 1h")).stdout;
    for told in [
        "\"Parcel Tracker\" v1 → v2: tried first by ring=first as a connector of their own, \"Parcel Tracker (canary)\"\n",
        "c1: connection \"Connections/Parcel Tracker account (canary)\" is made; somebody has to authorize it there",
        "wave 1 (ring=first, canary connector): 1 customer\n",
        "wave 2 (ring=first, canary): 1 customer; in use for 1h before the next\n",
        "wave 3 (shared connectors): all customers at once",
        "wave 4 (ring=first, back): 1 customer;",
        "wave 5 (rest): 1 customer\n",
        "of 2 customers fail",
    ] {
        assert!(planned.contains(told), "{told}: {planned}");
    }
    line(&place, 0, "verify p-canary.zip");
    // Nothing that runs is stopped for want of a person.
    let of_plan = id(&run(0, "rollout start plan.json --yes"));
    let ran = json_of(&run(68, &format!("rollout run {of_plan} --json")));
    assert_eq!(ran["ended"], "not all of the ring try the connector");
    let why = ran["rollout"]["members"][1]["why"].as_str().expect("why");
    assert!(why.contains("is not authorized"), "{why}");
    let before = ["running", "shared", "Parcel Tracker account"].map(str::to_owned);
    let tried = ["running", "canary", "Parcel Tracker account (canary)"].map(str::to_owned);
    assert_eq!(runs_with(&place, "c1"), before);
    line(&place, 0, "connection authorize --all --in local:c1");
    run(0, &format!("rollout retry {of_plan} 2"));
    run(69, &format!("rollout run {of_plan}"));
    assert_eq!(runs_with(&place, "c1"), tried);
    assert_eq!(runs_with(&place, "c2"), before);
    assert_eq!(shared(&place), 1);
    // Back, in the middle: what is shared was not touched, and no connection waits for anybody.
    run(
        0,
        &format!("rollout abort {of_plan} --back --restart-recipes -o back.json"),
    );
    let back = id(&run(0, "rollout start back.json"));
    run(0, &format!("rollout run {back}"));
    assert_eq!(runs_with(&place, "c1"), before);
    assert_eq!(shared(&place), 1);
    // Forward, for all: what is there of the first time is used.
    let planned = run(0, &format!("{plan} --force")).stdout;
    assert!(
        planned.contains("account (canary)\" is there, and authorized\n"),
        "{planned}"
    );
    let of_plan = id(&run(0, "rollout start plan.json --yes"));
    let ran = run(0, &format!("rollout run {of_plan}")).stdout;
    assert!(
        ran.contains("Reached: 2 of 2 customers; shared connectors: applied."),
        "{ran}"
    );
    assert_eq!(shared(&place), 2);
    for customer in ["c1", "c2"] {
        assert_eq!(runs_with(&place, customer), before);
    }
    let report = run(0, &format!("rollout report {of_plan}")).stdout;
    assert!(
        report.contains("\"Parcel Tracker (canary)\" and its connection \"Parcel Tracker account (canary)\" stay there"),
        "{report}"
    );
    run(0, &format!("rollout drift {of_plan} --detailed-exitcode"));
}

#[test]
fn what_nobody_can_try_is_refused() {
    let place = partner();
    let push = |source: &str| {
        let push = format!("connector push {source} --title {TRACKER} --in local:studio");
        line(&place, 0, &push);
        line(
            &place,
            0,
            &format!("connector release {TRACKER} --in local:studio"),
        );
    };
    push("three.rb");
    line(&place, 0, "customer label c1 ring=first");
    line(
        &place,
        0,
        "connector push one.rb --title Other --in local:studio",
    );
    line(&place, 0, "connector release Other --in local:studio");
    for (words, code, told) in [
        (
            format!("--canary-connector {TRACKER}@1 --ring ring=first"),
            1,
            "error[nothing-to-try]: \"Parcel Tracker\" is shared in v1 already",
        ),
        (
            format!("--canary-connector {TRACKER}@9 --ring ring=first"),
            1,
            "error[not-released]",
        ),
        (
            "--canary-connector Other --ring ring=first".to_owned(),
            1,
            "error[not-shared]",
        ),
        (
            "--canary-connector Another --ring ring=first".to_owned(),
            1,
            "error[names-nothing]",
        ),
        (
            format!("--canary-connector {TRACKER}@2 --ring ring=none"),
            1,
            "error[no-ring]: nobody is in the ring ring=none: no customer has this label",
        ),
        (
            format!("--canary-connector {TRACKER}@2 --ring ring=last --fleet fleet.toml"),
            1,
            "each customer with this label is held: it moves",
        ),
        // Version 3 lacks an action.
        (
            format!("--canary-connector {TRACKER} --ring ring=first"),
            1,
            "get_parcel",
        ),
        (
            format!("--canary-connector {TRACKER}@2 --ring ring=first --look"),
            64,
            "--look",
        ),
        (format!("--canary-connector {TRACKER}@2"), 64, "--ring"),
    ] {
        let plan = format!("rollout plan p.zip --of studio -o plan.json {words}");
        let refused = line(&place, code, &plan).stderr;
        assert!(refused.contains(told), "{words}: {refused}");
    }
    for path in ["plan.json", "p-canary.zip", "p-canary-connector.zip"] {
        assert!(!place.path(path).exists(), "{path}");
    }
}
