//! Customers that don't answer when it is their turn: they wait, and did not fail.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rollout::{api, id, imports, json_of, line, partner, states};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::sandbox::Sandbox;

/// Asks for an hour, for which no request waits.
fn too_often() -> Told {
    Told {
        status: 429,
        headers: BTreeMap::from([("Retry-After".to_owned(), "3600".to_owned())]),
        body: Vec::new(),
    }
}

/// What a customer's paths begin with.
fn of_customer(plan: &Value, name: &str) -> String {
    let members = plan["members"].as_array().expect("members");
    let found = members.iter().find(|member| member["name"] == name);
    let number = &found.expect("it is there")["workspace"];
    format!("/managed_users/{number}/")
}

#[test]
fn who_does_not_answer_waits_and_did_not_fail() {
    let place = partner(4);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 3 --settings settings.toml -o rollout.json",
        caller.url
    );
    api(&caller, 0, &plan);
    let text = std::fs::read_to_string(place.path("rollout.json")).expect("written");
    let planned: Value = serde_json::from_str(&text).expect("JSON");
    let (second, third) = (of_customer(&planned, "c2"), of_customer(&planned, "c3"));
    // The second is not to be asked at all; the third not for its folders.
    between.rule(move |asked, _| {
        let refused = asked.path.contains(&second)
            || asked.path.contains(&third) && asked.path.contains("/folders");
        match refused {
            true => Fate::Kept(too_often()),
            false => Fate::Passes,
        }
    });
    let id = id(&api(&caller, 0, "rollout start rollout.json"));
    let run = format!("rollout run {id} --json");
    // Though nobody may fail, others of the wave go on; the next wave does not.
    let ran = json_of(&api(&caller, 69, &run));
    let found = states(&ran["rollout"]);
    assert_eq!(
        ["c1", "c2", "c3", "c4"].map(|name| found[name].as_str()),
        ["applied", "waiting", "waiting", "waiting"],
        "{ran}"
    );
    assert_eq!(ran["rollout"]["failures"], 0, "{ran}");
    let members = &ran["rollout"]["members"];
    assert_eq!(ran["until"], members[1]["at"], "the first of them: {ran}");
    let why = members[1]["why"].as_str().expect("a text");
    assert!(
        why.contains("no answer in 1 turn; asked again at "),
        "{why}"
    );
    // Before that moment nothing is asked.
    let before = between.lines().len();
    let again = json_of(&api(&caller, 69, &run));
    assert_eq!(again["until"], ran["until"], "{again}");
    let asked = &between.lines()[before..];
    assert!(
        !asked.iter().any(|line| line.contains("/managed_users/")),
        "{asked:?}"
    );
    let report = api(&caller, 0, &format!("rollout report {id}")).stdout;
    assert!(
        report.contains("no answer, its next turn is at "),
        "{report}"
    );
    // A person may have them asked at once.
    between.rule(|_, _| Fate::Passes);
    api(&caller, 0, &format!("rollout retry {id} c2 c3"));
    let ran = json_of(&api(&caller, 0, &run));
    assert!(
        states(&ran["rollout"])
            .values()
            .all(|state| state == "applied")
    );
    for name in ["c1", "c2", "c3", "c4"] {
        let history = line(&place, 0, &format!("history local:{name} --json"));
        assert_eq!(
            json_of(&history)["revisions"].as_array().map(Vec::len),
            Some(1)
        );
    }
}

/// What was sent and can't be read back is looked for later: nobody else is begun meanwhile, as if it
/// had failed, and it counts as no failure.
#[test]
fn what_was_sent_and_cannot_be_read_back_is_looked_for_later() {
    let place = partner(2);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 2 -o rollout.json",
        caller.url
    );
    api(&caller, 0, &plan);
    let sent = std::sync::atomic::AtomicBool::new(false);
    between.rule(move |asked, _| {
        use std::sync::atomic::Ordering::Relaxed;
        let job = asked.path.contains("/imports");
        if asked.method == "POST" && job {
            sent.store(true, Relaxed);
        }
        match sent.load(Relaxed) && !job {
            true => Fate::Kept(too_often()),
            false => Fate::Passes,
        }
    });
    let id = id(&api(&caller, 0, "rollout start rollout.json"));
    let ran = json_of(&api(&caller, 69, &format!("rollout run {id} --json")));
    let found = states(&ran["rollout"]);
    assert_eq!(
        ["c1", "c2"].map(|name| found[name].as_str()),
        ["working", "waiting"],
        "{ran}"
    );
    assert_eq!(ran["rollout"]["failures"], 0, "{ran}");
    assert_eq!(ran["until"], ran["rollout"]["members"][0]["at"], "{ran}");
    assert_eq!(imports(&between), 1);
}
