//! Roll-outs that change what is shared: a wave of its own, before anything else or after it.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::rollout::{api, id, json_of, line, states};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate, is_change};
use crate::support::sandbox::{Sandbox, command};
use crate::support::table::each;
use crate::support::{Place, Run, copy, fixture};

/// A title; the space holds the word together.
const TRACKER: &str = "Parcel\u{a0}Tracker";

/// A partner with two customers that use a shared connector, whose next version is released. It has
/// another action in place of one that is used. The recipe of one of them runs.
fn partner() -> Place {
    let place = Place::new();
    copy(&fixture("partner"), &place.path("partner"));
    let first = fixture("connectors/parcel_tracker.custom_adapter.rb");
    let first = std::fs::read_to_string(first).expect("text");
    place.write("one.rb", &first);
    let next = first.replacen("get_parcel: {", "find_parcel: {", 1);
    place.write("two.rb", &next);
    for words in [
        "workspace create studio --kind admin",
        "customer create c1 --of studio",
        "customer create c2 --of studio",
        &format!("connector push one.rb --title {TRACKER} --in local:studio"),
        &format!("connector release {TRACKER} --in local:studio"),
        &format!("catalog share {TRACKER} --in local:studio"),
        "export partner --include Orders/track_new_parcels.recipe.json --for customer --catalog local:studio -o p.zip",
        "import p.zip --into local:c1",
        "import p.zip --into local:c2",
        "connection authorize --all --in local:c1",
        "recipe start --all --in local:c1",
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

/// A change of what is shared is looked at, agreed to, made once, and told.
fn story(place: &Place, run: &dyn Fn(i32, &str) -> Run, of: &str) {
    let plan =
        format!("rollout plan p.zip --of {of} --waves 1 --connector {TRACKER}=update -o plan.json");
    let planned = run(0, &plan).stdout;
    for told in [
        "wave 1 (shared connectors): all customers at once\n",
        "update v1 → v2",
        "running",
        "! action `get_parcel`",
        "wave 2 (1): 1 customer\n",
        "of 2 customers fail",
    ] {
        assert!(planned.contains(told), "{told}: {planned}");
    }
    let refused = run(3, "rollout start plan.json");
    assert!(
        refused.stderr.contains("error[not-confirmed]"),
        "{}",
        refused.stderr
    );
    let id = id(&run(0, "rollout start plan.json --yes"));
    assert_eq!(shared(place), 1, "nothing was sent yet");
    let ran = run(0, &format!("rollout run {id}")).stdout;
    assert!(
        ran.contains("Reached: 2 of 2 customers; shared connectors: applied."),
        "{ran}"
    );
    assert_eq!(shared(place), 2);
    let status = json_of(&run(0, &format!("rollout status {id} --json")));
    let found = states(&status);
    assert_eq!(
        ["studio", "c1", "c2"].map(|name| found[name].as_str()),
        ["applied", "same", "same"]
    );
    assert_eq!(status["members"][0]["why"], "\"Parcel Tracker\" v1 → v2");
    run(0, &format!("rollout drift {id} --detailed-exitcode"));
    line(
        place,
        0,
        &format!("catalog switch {TRACKER} 1 --yes --in local:studio"),
    );
    let drifted = run(2, &format!("rollout drift {id} --detailed-exitcode")).stdout;
    assert!(
        drifted.contains("connector \"Parcel Tracker\" is shared in v1"),
        "{drifted}"
    );
    // What it was planned for is not so any more: nothing after it begins, whatever the budget,
    // until a person says so.
    run(0, &format!("{plan} --budget 2 --force"));
    let id = self::id(&run(0, "rollout start plan.json --yes"));
    line(
        place,
        0,
        &format!("connector push one.rb --title {TRACKER} --in local:studio"),
    );
    line(
        place,
        0,
        &format!("connector release {TRACKER} --in local:studio"),
    );
    line(
        place,
        0,
        &format!("catalog switch {TRACKER} 3 --yes --in local:studio"),
    );
    let ran = json_of(&run(68, &format!("rollout run {id} --json")));
    assert_eq!(ran["ended"], "shared connectors are not as planned");
    let found = states(&ran["rollout"]);
    assert_eq!(
        ["studio", "c1"].map(|name| found[name].as_str()),
        ["held", "waiting"]
    );
    assert_eq!(shared(place), 3);
    run(0, &format!("rollout skip {id} 1"));
    let ran = json_of(&run(68, &format!("rollout run {id} --json")));
    assert_eq!(states(&ran["rollout"])["c1"], "same");
}

#[test]
fn shared_connectors_are_changed_for_all_at_once_in_the_local_platform() {
    let place = partner();
    story(&place, &|code, words| line(&place, code, words), "studio");
    // Afterwards, if that is said.
    let plan = format!(
        "rollout plan p.zip --of studio --connector {TRACKER}=switch@1 --connectors-after -o plan.json --force"
    );
    let planned = line(&place, 0, &plan).stdout;
    assert!(
        planned.contains("wave 3 (shared connectors): all customers"),
        "{planned}"
    );
    for (way, code, told) in [
        ("=remove", 64, "TITLE=share"),
        ("=switch", 64, "TITLE=share"),
        ("=switch@9", 1, "error[not-released]"),
        ("=share@2", 1, "error[shared-already]"),
    ] {
        let plan = format!("rollout plan p.zip --of studio --connector {TRACKER}{way}");
        let refused = line(&place, code, &plan).stderr;
        assert!(refused.contains(told), "{way}: {refused}");
    }
    let twice = "rollout plan p.zip --of studio --connector Parcel\u{a0}Tracker=update --connector Parcel\u{a0}Tracker=switch@1";
    line(&place, 64, twice);
}

#[test]
fn shared_connectors_are_changed_for_all_at_once_over_the_api() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "studio");
    story(
        &place,
        &|code, words| api(&caller, code, words),
        &caller.url.clone(),
    );
}

/// A runner dies when it changes what is shared, before that arrives or after: another one looks at
/// the catalogue first, and it is changed once.
#[test]
fn a_runner_that_dies_at_a_shared_connector_is_followed_by_another() {
    each(&[false, true], |_, arrives| killed(*arrives));
}

fn killed(arrives: bool) {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let plan = format!(
        "rollout plan p.zip --of {} --connector {TRACKER}=update -o plan.json",
        caller.url
    );
    api(&caller, 0, &plan);
    let id = id(&api(&caller, 0, "rollout start plan.json --yes"));
    let words = format!("rollout run {id} --lease 2s --arrives-within 1s");
    let runner: Arc<Mutex<Option<std::process::Child>>> = Arc::default();
    let killing = Arc::clone(&runner);
    between.rule(move |asked, _| {
        if !is_change(asked) {
            return Fate::Passes;
        }
        if let Some(runner) = killing.lock().expect("not poisoned").as_mut() {
            let _ = runner.kill();
        }
        match arrives {
            true => Fate::Passes,
            false => Fate::Kept(crate::stage::Told::default()),
        }
    });
    let arguments: Vec<&str> = words.split(' ').collect();
    {
        let mut command = command(&place, &caller.url, &caller.token, &arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        *runner.lock().expect("not poisoned") = Some(command.spawn().expect("it starts"));
    }
    let begun = Instant::now();
    while !matches!(
        runner
            .lock()
            .expect("not poisoned")
            .as_mut()
            .map(std::process::Child::try_wait),
        Some(Ok(Some(_)))
    ) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    between.rule(|_, _| Fate::Passes);
    // Another machine: it knows the ledger and the token.
    let words = format!("rollout run {id} --lease 2m --arrives-within 1s");
    let arguments: Vec<&str> = words.split(' ').collect();
    let mut command = command(&place, &caller.url, &caller.token, &arguments);
    command.env("XDG_STATE_HOME", place.path("elsewhere"));
    command.env("RECIPACK_LEDGER", place.path("state/recipack/ledger.db"));
    let after = Run::from(command.output().expect("it starts"));
    let what = format!("arrives {arrives}: {}{}", after.stdout, after.stderr);
    assert_eq!(after.code, 0, "{what}");
    assert_eq!(shared(&place), 2, "{what}");
    let updates = between.lines();
    let updates = updates
        .iter()
        .filter(|line| line.starts_with("POST ") && line.contains("/custom_connectors/"));
    // The one that did not arrive was seen here, too.
    assert_eq!(updates.count(), if arrives { 1 } else { 2 }, "{what}");
}
