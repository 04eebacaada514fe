//! Merges of recipes, over a table that is made up, and held to a merge that somebody else makes.

use recipack::plan::import::compare::Side;
use recipack::plan::import::merge::{Relation, ThreeWay, compare};
use serde_json::{Value, json};

use crate::support::damage::Numbers;
use crate::support::merge::otherwise;

fn step(uuid: &str, provider: &str, message: &str) -> Value {
    json!({"number": 0, "keyword": "action", "provider": provider, "name": "call",
        "as": format!("a{uuid}"), "uuid": uuid, "input": {"message": message}})
}

fn pill(uuid: &str) -> String {
    format!("#{{_dp('{{\"provider\":\"logger\",\"line\":\"a{uuid}\",\"path\":[\"x\"]}}')}}")
}

fn base() -> Value {
    let block: Vec<Value> = (1..=8)
        .map(|number| {
            let message = match number {
                5 => pill("3"),
                7 => pill("i1"),
                _ => format!("m{number}"),
            };
            let mut one = step(
                &number.to_string(),
                ["logger", "mail"][number % 2],
                &message,
            );
            if number == 4 {
                let inner = (1..=6).map(|i| step(&format!("i{i}"), "logger", &format!("n{i}")));
                one["block"] = inner.collect();
            }
            one
        })
        .collect();
    json!({"name": "R", "description": "first", "version": 1, "private": true, "concurrency": 1,
        "code": {"number": 0, "keyword": "trigger", "provider": "clock", "as": "at", "uuid": "t", "block": block},
        "config": [{"provider": "clock"}, {"provider": "logger", "x": 1}, {"provider": "mail", "x": 1}]})
}

fn block(recipe: &mut Value, inner: usize) -> Option<&mut Vec<Value>> {
    let outer = recipe["code"]["block"].as_array_mut()?;
    match inner {
        0 => Some(outer),
        _ => outer
            .iter_mut()
            .find_map(|step| step.get_mut("block")?.as_array_mut()),
    }
}

/// Something that a person does to a recipe.
fn edit(recipe: &mut Value, side: &str, dice: &mut Numbers) {
    let what = dice.below(11);
    let inner = dice.below(3) / 2;
    let word = format!("{side}{}", dice.below(1_000));
    match what {
        6 => {
            let (key, value) = [
                ("description", json!(word)),
                ("private", json!(false)),
                ("concurrency", json!(dice.below(3))),
                ("tags", json!([word])),
            ][dice.below(4)]
            .clone();
            recipe[key] = value;
            return;
        }
        7 => {
            recipe["config"][1 + dice.below(2)]["x"] = json!(dice.below(3));
            return;
        }
        8 => {
            recipe["version"] = json!(dice.below(100));
            return;
        }
        9 => {
            let entry = json!({"provider": word});
            recipe["config"].as_array_mut().expect("a list").push(entry);
        }
        _ => {}
    }
    let has_shared = recipe.to_string().contains("shared");
    let Some(steps) = block(recipe, inner) else {
        return;
    };
    if steps.is_empty() {
        return;
    }
    let at = dice.below(steps.len());
    match what {
        0 | 10 => steps[at]["input"]["message"] = json!(["one", "two", &word][dice.below(3)]),
        1 => {
            steps.remove(at);
        }
        2 => steps.insert(at, step(&format!("n{word}"), "mail", "new")),
        // Both sides may add the same.
        3 => {
            if !has_shared {
                steps.insert(at, step("shared", "mail", ["new", "other"][dice.below(2)]));
            }
        }
        // Far enough that it is clear which one moved.
        4 if steps.len() >= 6 => {
            let moved = steps.remove(0);
            steps.insert(4 + dice.below(steps.len() - 3), moved);
        }
        5 => {
            let one = steps.remove(at);
            let mut around = step(&format!("w{word}"), "logger", "around");
            around["block"] = json!([one]);
            steps.insert(at, around);
        }
        9 => steps.insert(at, step(&format!("q{word}"), &word, "new")),
        _ => {
            let used = pill(["1", "2", "i2"][dice.below(3)]);
            steps.push(step(&format!("p{word}"), "logger", &used));
        }
    }
}

fn number(step: &mut Value, next: &mut u64) {
    step["number"] = json!(*next);
    *next += 1;
    if let Some(block) = step.get_mut("block").and_then(Value::as_array_mut) {
        block.iter_mut().for_each(|step| number(step, next));
    }
}

fn edited(side: &str, edits: usize, dice: &mut Numbers) -> Value {
    let mut recipe = base();
    (0..edits).for_each(|_| edit(&mut recipe, side, dice));
    number(&mut recipe["code"], &mut 0);
    recipe
}

fn three(base: &str, theirs: &str, ours: &str) -> ThreeWay {
    let side = |text| Side {
        bytes: str::as_bytes(text),
        references: &[],
        bindings: &[],
    };
    compare(side(base), side(theirs), side(ours)).expect("JSON")
}

/// What a program in another language merges, is merged; what it can't, isn't.
#[cfg(unix)]
#[test]
fn merges_are_those_of_another_program() {
    held_to_another_program(7, 300);
}

#[cfg(unix)]
#[test]
#[ignore = "the same over many more, by hand"]
fn many_merges_are_those_of_another_program() {
    held_to_another_program(8, 10_000);
}

fn held_to_another_program(seed: u64, number: usize) {
    let mut dice = Numbers(seed);
    let mut of = [0; 5];
    let mut cases = Vec::new();
    for _ in 0..number {
        let was = edited("", 0, &mut dice);
        let counts = (dice.below(4), dice.below(4));
        let theirs = edited("t", counts.0, &mut dice);
        let ours = edited("o", counts.1, &mut dice);
        let [b, t, o] = [&was, &theirs, &ours]
            .map(|recipe| serde_json::to_string_pretty(recipe).expect("JSON"));
        let found = three(&b, &t, &o);
        of[found.relation as usize] += 1;
        if found.relation == Relation::Untouched {
            assert!(found.theirs.is_empty(), "{found:?}");
        }
        // Who sees it from the other side sees the same.
        let turned = three(&b, &o, &t);
        let conflicts = (
            Relation::Conflict == found.relation,
            Relation::Conflict == turned.relation,
        );
        assert_eq!(conflicts.0, conflicts.1, "{found:?} {turned:?}");
        let merged = found
            .merged
            .map(|it| serde_json::from_slice::<Value>(&it.bytes).expect("a merge is JSON"));
        cases.push(json!({"base": was, "theirs": theirs, "ours": ours,
            "relation": found.relation, "merged": merged}));
    }
    // Of each sort there are some.
    let many = |of: usize, percent: usize| of * 100 >= number * percent;
    let enough = many(of[0], 10) && many(of[1], 10) && many(of[3], 30) && many(of[4], 7);
    assert!(enough, "{of:?}");
    let wrong = otherwise(&cases);
    let first = wrong
        .first()
        .map(|(at, why)| format!("{why}: {}", cases[*at]));
    assert_eq!(first, None, "{} of {}", wrong.len(), cases.len());
}
