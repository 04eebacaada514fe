//! A fleet of customers of whom a third changed a recipe: every change is seen, and none is lost.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rollout::{api, id, json_of, line, states};
use super::slim::{inside, recipe_in, rewrite_in};
use crate::remote::Caller;
use crate::support::merge::otherwise;
use crate::support::project::ProjectFolder;
use crate::support::sandbox::Sandbox;
use crate::support::{Place, Run};

const RECIPE: &str = "Quote";

fn step(uuid: &str, message: &str) -> Value {
    json!({"number": 0, "keyword": "action", "provider": "logger", "name": "log_message",
        "as": format!("a{uuid}"), "uuid": uuid, "input": {"message": message}})
}

fn steps(recipe: &mut Value) -> &mut Vec<Value> {
    recipe["code"]["block"].as_array_mut().expect("steps")
}

fn numbered(recipe: &mut Value) {
    for (at, step) in steps(recipe).iter_mut().enumerate() {
        step["number"] = json!(at + 1);
    }
}

fn base() -> Value {
    let block: Vec<Value> = (1..=8)
        .map(|i| step(&i.to_string(), &format!("m{i}")))
        .collect();
    let mut recipe = json!({"name": RECIPE, "description": "first", "version": 1, "private": true,
        "concurrency": 1,
        "code": {"number": 0, "keyword": "trigger", "provider": "clock", "name": "scheduled_event",
            "as": "at", "uuid": "t", "input": {}, "block": block},
        "config": [
            {"keyword": "application", "provider": "clock", "skip_validation": false, "account_id": null},
            {"keyword": "application", "provider": "logger", "skip_validation": false, "account_id": null}]});
    numbered(&mut recipe);
    recipe
}

/// What the partner makes of it.
fn ours() -> Value {
    let mut recipe = base();
    steps(&mut recipe)[0]["input"]["message"] = json!("ours");
    steps(&mut recipe).push(step("o9", "new"));
    recipe["concurrency"] = json!(2);
    numbered(&mut recipe);
    recipe
}

/// What a customer makes of it, each something else; nothing where only the version moves.
fn theirs(customer: usize, recipe: &mut Value) {
    if !customer.is_multiple_of(3) {
        return;
    }
    let steps = steps(recipe);
    match customer / 3 % 7 {
        1 => steps[4]["input"]["message"] = json!("theirs"),
        2 => steps[0]["input"]["message"] = json!("theirs"),
        3 => steps.insert(3, step("t", "new")),
        4 => drop(steps.remove(5)),
        5 => {
            let moved = steps.remove(1);
            steps.insert(4, moved);
        }
        6 => recipe["description"] = json!("theirs"),
        _ => recipe["concurrency"] = json!(3),
    }
    numbered(recipe);
}

fn package(place: &Place, recipe: &Value, output: &str) {
    ProjectFolder::new(place, "project").json("Orders/quote.recipe.json", recipe);
    let export = format!("export project --for customer --catalog none -o {output}");
    line(place, 0, &export);
}

/// A partner with so many customers.
fn fleet(customers: usize) -> Place {
    let place = Place::new();
    line(&place, 0, "workspace create studio --kind admin");
    for number in 1..=customers {
        let create = format!("customer create c{number} --of studio --external-id E-{number}");
        line(&place, 0, &create);
    }
    place
}

/// Held, and then each of these, one after the other.
fn story(place: &Place, customers: usize, ways: &[&str], run: &dyn Fn(i32, &str) -> Run, of: &str) {
    let rollout = |package: &str, more: &str, code: i32| -> BTreeMap<String, String> {
        let plan = format!(
            "rollout plan {package} --of {of} --folder Desk --waves 100%{more} -o rollout.json --force"
        );
        run(0, &plan);
        let id = id(&run(0, "rollout start rollout.json"));
        states(&json_of(&run(code, &format!("rollout run {id} --json")))["rollout"])
    };
    let recipe = |customer: usize| -> Value {
        let workspace = inside(&place.path("p.db"), &format!("c{customer}"));
        serde_json::from_str(&recipe_in(&workspace, RECIPE)).expect("JSON")
    };
    let all = || (1..=customers).map(|customer| (customer, recipe(customer)));
    let is_edited = |customer: &usize| customer.is_multiple_of(3);

    package(place, &base(), "p.zip");
    rollout("p.zip", "", 0);
    // A third edits; of another third only the version moves.
    for customer in (1..=customers).filter(|customer| customer % 3 != 2) {
        let workspace = inside(&place.path("p.db"), &format!("c{customer}"));
        rewrite_in(workspace, RECIPE, |recipe| theirs(customer, recipe));
    }
    let before: BTreeMap<usize, Value> = all().collect();
    package(place, &ours(), "next.zip");

    // Held: whoever changed something, and nobody else.
    let states = rollout("next.zip", "", HELD);
    for (customer, now) in all() {
        let state = &states[&format!("c{customer}")];
        match is_edited(&customer) {
            true => assert_eq!((state.as_str(), &now), ("held", &before[&customer])),
            false => assert_eq!(
                (state.as_str(), &now["concurrency"]),
                ("applied", &json!(2))
            ),
        }
    }
    let next = place.path("next.zip");
    for &way in ways {
        place.write("edits.toml", &format!("[all.edits]\n\"*\" = \"{way}\"\n"));
        let conflict = |customer: usize| way == "merge" && matches!(customer / 3 % 7, 2 | 0);
        let held = (1..=customers).filter(is_edited).any(conflict);
        let code = if held { HELD } else { 0 };
        let states = rollout(
            next.to_str().expect("UTF-8"),
            " --settings edits.toml",
            code,
        );
        for customer in (1..=customers).filter(is_edited) {
            let held = states[&format!("c{customer}")] == "held";
            assert_eq!(held, conflict(customer), "c{customer}: {way}");
            if way == "keep" || held {
                assert_eq!(recipe(customer), before[&customer], "c{customer}: {way}");
            }
        }
    }
    let mut cases = Vec::new();
    for customer in (1..=customers).filter(is_edited) {
        let now = recipe(customer);
        let merged = (now != before[&customer]).then_some(now);
        let relation = match merged {
            Some(_) => "disjoint",
            None => "conflict",
        };
        cases.push(
            json!({"base": base(), "theirs": before[&customer], "ours": ours(),
            "relation": relation, "merged": merged}),
        );
    }
    assert!(!cases.is_empty());
    assert_eq!(otherwise(&cases), []);
    let board = json_of(&run(0, "rollout board --json"));
    let lines = board["lines"].as_array().expect("lines").iter();
    let customised = lines.filter(|line| line["customised"] != 0 || line["customised"].is_null());
    // Whoever was held the last time has what was kept before.
    assert_eq!(customised.count(), cases.len(), "{board}");
}

/// How `run` ends where somebody is held.
const HELD: i32 = 68;

#[cfg(unix)]
#[test]
fn what_customers_changed_is_seen_and_not_lost() {
    let place = fleet(3);
    let run = |code, words: &str| line(&place, code, words);
    story(&place, 3, &["merge"], &run, "studio");
}

#[cfg(unix)]
#[test]
#[ignore = "the same with more customers, by hand"]
fn what_sixty_customers_changed_is_seen_and_not_lost() {
    let place = fleet(60);
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let run = |code, words: &str| api(&caller, code, words);
    story(&place, 60, &["keep", "merge"], &run, &caller.url);
}
