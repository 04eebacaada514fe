//! An input may give rise to any number of findings: so many of each code are told, the rest is
//! counted, and the counts and the exit code are those of all.

use std::fs;

use serde_json::Value;

use crate::support::Place;

const TOLD: usize = 1_000;

fn recipe(name: &str, config: &str) -> String {
    format!(
        r#"{{"name":"{name}","version":1,"code":{{"number":0,"keyword":"trigger","provider":"clock","name":"s","as":"a","block":[]}},"config":[{config}]}}"#
    )
}

/// A recipe with so many connections that are not there, each another one.
fn dangling(place: &Place, path: &str, count: usize) {
    let entries: Vec<String> = (0..count)
        .map(|at| {
            format!(
                r#"{{"keyword":"application","provider":"gmail","skip_validation":false,"account_id":{{"zip_name":"gone {at}.connection.json","name":"Gone {at}","folder":""}}}}"#
            )
        })
        .collect();
    place.write(path, &recipe("R", &entries.join(",")));
}

fn of_code<'d>(document: &'d Value, code: &str) -> Vec<&'d Value> {
    let findings = document["findings"].as_array().expect("findings");
    findings.iter().filter(|f| f["code"] == code).collect()
}

#[test]
fn errors_beyond_what_is_told_are_counted_and_told_in_every_format() {
    const FILES: usize = 1_500;
    let place = Place::new();
    for number in 0..FILES {
        place.write(&format!("p/{number:04}.recipe.json"), "{");
    }
    let more = "and 500 more findings of this code, which are not listed";
    let check =
        "check p --for external --report junit=j.xml --report sarif=s.json --report md=s.md";
    let run = place.run(check.split(' '));
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(run.stderr.matches("error[broken-json]").count(), 100);
    let told = "error: 1400 more [broken-json]; --verbose shows them";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let verbose = place.run("check p --for external --verbose".split(' '));
    assert_eq!(
        verbose.stderr.matches("error[broken-json]").count(),
        TOLD + 1
    );
    assert!(verbose.stderr.contains(more), "{}", verbose.stderr);
    assert!(run.stdout.contains("1500 errors"), "{}", run.stdout);
    let read = |name: &str| fs::read_to_string(place.path(name)).expect(name);
    for report in ["j.xml", "s.json"] {
        assert!(read(report).contains(more), "{report}");
    }
    assert!(read("s.md").contains("1500"), "{}", read("s.md"));
    let run = place.run([&check.split(' ').collect::<Vec<_>>()[..4], &["--json"]].concat());
    assert_eq!(run.code, 1);
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    assert_eq!(document["counts"]["errors"], FILES);
    let told = of_code(&document, "broken-json");
    assert_eq!(told.len(), TOLD + 1);
    assert_eq!(told[TOLD]["more"], FILES - TOLD);
    assert_eq!(told[TOLD]["message"], more);
    assert!(
        told[..TOLD]
            .iter()
            .all(|finding| finding.get("more").is_none())
    );
    // As many as are told have nothing after them.
    for number in TOLD..FILES {
        fs::remove_file(place.path(&format!("p/{number:04}.recipe.json"))).expect("removed");
    }
    let run = place.run("check p --for external --json".split(' '));
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    assert_eq!(document["counts"]["errors"], TOLD);
    assert_eq!(of_code(&document, "broken-json").len(), TOLD);
}

#[test]
fn the_record_counts_all_and_a_level_holds_for_all() {
    const EACH: usize = 12_000;
    let place = Place::new();
    dangling(&place, "p/a.recipe.json", EACH);
    let run = place.run("export p --for external -o p.zip --json".split(' '));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    let told = of_code(&document, "dangling-connection");
    assert_eq!(told.len(), TOLD + 1);
    assert_eq!(told[TOLD]["more"], EACH - TOLD);
    let record = fs::read_to_string(place.path("p.recipack.json")).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["finding_codes"]["dangling-connection"], EACH);
    assert_eq!(record["findings"], document["counts"]);
    let run = place.run("verify p.zip --rebuild-from p".split(' '));
    assert_eq!(run.code, 0, "{}", run.stderr);

    place.write(
        "p/recipack.toml",
        "[checks]\ndangling-connection = \"error\"\n",
    );
    let run = place.run("check p --for external --json".split(' '));
    assert_eq!(run.code, 1, "{}", run.stderr);
    let document: Value = serde_json::from_str(&run.stdout).expect("a document");
    assert_eq!(document["counts"]["errors"], EACH);
}
