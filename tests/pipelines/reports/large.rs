//! A project with more findings than anybody reads.

use std::fs;

use crate::support::{Place, Run};

/// How many recipes: each has a step with a raw number.
const RECIPES: usize = 230;

fn place() -> Place {
    let place = Place::new();
    for n in 0..RECIPES {
        let recipe = serde_json::json!({
            "name": format!("Recipe {n}"),
            "version": 1, "private": true, "concurrency": 1,
            "code": {"number": 0, "keyword": "trigger", "provider": "clock", "name": "scheduled_event",
                "input": {}, "block": [{"number": 1, "keyword": "action", "provider": "workato_recipe_function",
                    "name": "call_recipe", "input": {"flow_id": (1_000_000 + n).to_string()}}]},
            "config": [{"keyword": "application", "provider": "clock", "name": "clock", "account_id": null},
                {"keyword": "application", "provider": "workato_recipe_function",
                    "name": "workato_recipe_function", "account_id": null}],
        });
        let text = serde_json::to_string_pretty(&recipe).expect("JSON");
        place.write(&format!("project/recipe_{n}.recipe.json"), &text);
    }
    place.write("project/bad.recipe.json", "{");
    place.write("project/worse.recipe.json", "[");
    place
}

#[test]
fn every_limit_is_kept_and_the_gravest_come_first() {
    let place = place();
    let run: Run = place
        .command()
        .args(["check", "project", "--for", "external", "--json"])
        .args(["--report", "github", "--report", "md=r.md"])
        .args(["--report", "sarif=r.sarif", "--report", "junit=r.xml"])
        .output()
        .expect("it starts")
        .into();
    assert_eq!(run.code, 1, "{}", run.stderr);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let counts = &document["counts"];
    let warnings = counts["warnings"].as_u64().expect("a number");
    assert!(warnings >= 200, "{counts}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    let of = |word: &str| lines.iter().filter(|l| l.starts_with(word)).count();
    assert_eq!(of("::error "), 2, "{}", run.stderr);
    assert_eq!(of("::warning "), 10);
    assert!(of("::notice ") <= 10 && lines.len() <= 50);
    assert!(lines[0].starts_with("::error "), "the gravest first");
    assert!(
        run.stderr
            .contains(&format!("and {} more warnings", warnings - 9))
    );
    let markdown = fs::read_to_string(place.path("r.md")).expect("text");
    assert!(markdown.len() <= 65_536, "{}", markdown.len());
    assert!(markdown.find("**error**") < markdown.find("**warning**"));
    let sarif = fs::read_to_string(place.path("r.sarif")).expect("text");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results[0]["level"], "error");
    let all = ["errors", "warnings", "notes"].map(|key| counts[key].as_u64().unwrap_or(0));
    assert_eq!(results.len() as u64, all.iter().sum::<u64>());
    let junit = fs::read_to_string(place.path("r.xml")).expect("text");
    let junit = quick_junit::Report::deserialize_from_str(&junit).expect("JUnit");
    assert!(junit.test_suites[0].failures >= 3);
}
