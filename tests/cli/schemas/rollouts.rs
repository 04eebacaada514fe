//! Documents of roll-outs, whose ids are not known before.

use serde_json::Value;

use super::json;
use crate::support::Place;

/// What each command of `rollout` says, for a customer that is there.
pub(super) fn documents(place: &Place) -> Vec<(&'static str, Value)> {
    let run = |line: &str, code| {
        let run = place.run(line.split(' '));
        assert_eq!(run.code, code, "{line}: {}{}", run.stdout, run.stderr);
        run.stdout
    };
    for line in [
        "workspace create roller --kind admin --platform p.db",
        "customer create rolled --of roller --label ring=first --platform p.db",
        "customer create waits --of roller --platform p.db",
    ] {
        run(line, 0);
    }
    let mut documents = Vec::new();
    let mut take = |document, line: &str, code| {
        let value = json(&run(&format!("{line} --json"), code));
        documents.push((document, value.clone()));
        value
    };
    let permitted = "--allow-missing-connectors --waves ring=first --bake 7d --platform p.db";
    let plan = format!("rollout plan c.zip --of roller {permitted} -o rollout.json");
    take("rollout-plan", &plan, 0);
    let ledger = "--ledger ledger.db";
    let start = format!("rollout start rollout.json {ledger} --platform p.db");
    let started = take("rollout-start", &start, 0);
    let id = started["id"].as_str().expect("an id").to_owned();
    take(
        "rollout-run",
        &format!("rollout run {id} {ledger} --platform p.db"),
        69,
    );
    take(
        "rollout-order",
        &format!("rollout skip {id} waits {ledger}"),
        0,
    );
    take("rollout-order", &format!("rollout pause {id} {ledger}"), 0);
    take("rollout-list", &format!("rollout status {ledger}"), 0);
    take(
        "rollout-status",
        &format!("rollout status {id} {ledger}"),
        0,
    );
    take("rollout-board", &format!("rollout board {ledger}"), 0);
    take(
        "rollout-drift",
        &format!("rollout drift {id} {ledger} --platform p.db"),
        0,
    );
    take(
        "rollout-jobs",
        &format!("rollout jobs {id} {ledger} --platform p.db"),
        68,
    );
    take(
        "rollout-report",
        &format!("rollout report {id} {ledger}"),
        0,
    );
    // The one that waits was never reached, and nothing is known of it.
    for (question, code) in [
        (
            "uses --connector Any --action a --older-than 7 --counted-in 3",
            68,
        ),
        ("unauthorized --max-age 1h", 2),
        ("stopped", 68),
        ("unreached", 2),
        ("waiting", 0),
    ] {
        let line = format!("fleet query {question} --detailed-exitcode {ledger}");
        take("fleet-query", &line, code);
    }
    take(
        "rollout-board",
        &format!("rollout board --waiting {ledger}"),
        0,
    );
    take("failure", &format!("rollout pause {id} {ledger}"), 3);
    documents
}
