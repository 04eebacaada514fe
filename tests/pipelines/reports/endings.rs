//! However a command ends, its reports say so.

use std::fs;

use serde_json::Value;

use crate::support::{Place, Run, place_with};

/// The reports that a command writes, and what it prints.
struct Told {
    run: Run,
    junit: quick_junit::Report,
    sarif: Value,
    markdown: String,
    outputs: String,
}

fn place() -> Place {
    let place = place_with(&[
        "partner",
        "catalogs",
        "recipack.toml",
        "recipack.lock",
        "broken",
    ]);
    for arguments in [
        "workspace create studio --kind admin --catalog catalogs/shared.json",
        "workspace create kestrel --kind customer --of studio",
        "export --to customers -o k.zip",
    ] {
        let run = run(&place, arguments);
        assert_eq!(run.code, 0, "{arguments}: {}", run.stderr);
    }
    place
}

fn run(place: &Place, arguments: &str) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.env("GITHUB_OUTPUT", place.path("outputs"));
    command.args(arguments.split(' '));
    command.output().expect("it starts").into()
}

fn told(place: &Place, arguments: &str) -> Told {
    let _ = fs::remove_file(place.path("outputs"));
    let run = run(
        place,
        &format!(
            "{arguments} --report junit=r.xml --report sarif=r.sarif --report md=r.md --report github"
        ),
    );
    let read = |name: &str| fs::read_to_string(place.path(name)).expect(name);
    let told = Told {
        junit: quick_junit::Report::deserialize_from_str(&read("r.xml")).expect("JUnit"),
        sarif: serde_json::from_str(&read("r.sarif")).expect("SARIF"),
        markdown: read("r.md"),
        outputs: fs::read_to_string(place.path("outputs")).unwrap_or_default(),
        run,
    };
    for name in ["r.xml", "r.sarif", "r.md"] {
        fs::remove_file(place.path(name)).expect("removed");
    }
    told
}

#[test]
fn a_failure_of_any_kind_is_in_every_report() {
    let place = place();
    place.write("not.zip", "no zip");
    let kinds = [
        // What is wrong with what was given.
        (
            "check broken/broken-json --for external",
            1,
            "failures",
            "broken-json",
        ),
        ("verify not.zip", 4, "failures", "archive-"),
        (
            "plan not.zip --into local:kestrel",
            1,
            "failures",
            "archive-",
        ),
        (
            "import not.zip --into local:kestrel",
            1,
            "failures",
            "archive-",
        ),
        // What is wrong with how, or where.
        ("export partner", 64, "errors", "usage"),
        ("import k.zip", 64, "errors", "usage"),
        (
            "plan k.zip --into http://127.0.0.1:9",
            77,
            "errors",
            "no-token",
        ),
    ];
    for (arguments, code, counted, what) in kinds {
        let told = told(&place, arguments);
        assert_eq!(told.run.code, code, "{arguments}: {}", told.run.stderr);
        let suite = &told.junit.test_suites[0];
        let (failures, errors) = (suite.failures, suite.errors);
        match counted {
            "failures" => assert!(failures > 0 && errors == 0, "{arguments}"),
            _ => assert!(failures == 0 && errors > 0, "{arguments}"),
        }
        let invocation = &told.sarif["runs"][0]["invocations"][0];
        assert_eq!(invocation["exitCode"], code, "{arguments}");
        assert!(
            told.sarif.to_string().contains(what),
            "{arguments}: {}",
            told.sarif
        );
        assert!(
            told.markdown.contains("❌"),
            "{arguments}: {}",
            told.markdown
        );
        assert!(
            told.markdown.contains(what),
            "{arguments}: {}",
            told.markdown
        );
        let annotations = told
            .run
            .stderr
            .lines()
            .filter(|l| l.starts_with("::error "));
        assert!(annotations.count() > 0, "{arguments}: {}", told.run.stderr);
    }
}

#[test]
fn a_stale_plan_and_a_refused_import_are_failures() {
    let place = place();
    let first = told(&place, "plan k.zip --into local:kestrel -o plan.json");
    assert_eq!(first.run.code, 0);
    assert!(
        first.outputs.contains("plan=plan.json\n"),
        "{}",
        first.outputs
    );
    assert!(
        first.outputs.contains("changed=true\n"),
        "{}",
        first.outputs
    );
    assert!(first.markdown.contains("install v1"), "{}", first.markdown);
    let done = told(&place, "import plan.json");
    assert_eq!(done.run.code, 0, "{}", done.run.stderr);
    assert!(done.markdown.contains("✅"));
    assert_eq!(done.junit.test_suites[0].failures, 0);
    let stale = told(&place, "import plan.json");
    assert_eq!(stale.run.code, 3);
    assert!(stale.markdown.contains("stale-plan"), "{}", stale.markdown);
    assert!(stale.junit.test_suites[0].failures > 0);
    assert_eq!(stale.outputs, "", "nothing is known for the next step");
    let again = told(&place, "import k.zip --into local:kestrel");
    assert!(
        again.outputs.contains("changed=false\n"),
        "{}",
        again.outputs
    );

    let authorized = run(&place, "connection authorize --all --in local:kestrel");
    assert_eq!(authorized.code, 0, "{}", authorized.stderr);
    let platform = place.path("p.db");
    let start = [
        "recipe",
        "start",
        "Return label",
        "--in",
        "local:kestrel",
        "--platform",
    ];
    let started = place.command().args(start).arg(platform).status();
    assert!(started.expect("it starts").success());
    let recipe = place.path("partner/Orders/return_label.recipe.json");
    let text = fs::read_to_string(&recipe).expect("text");
    fs::write(
        &recipe,
        text.replacen("\"description\": \"", "\"description\": \"New: ", 1),
    )
    .expect("written");
    assert_eq!(run(&place, "export --to customers -o k.zip").code, 0);
    let refused = told(&place, "import k.zip --into local:kestrel --yes");
    assert_eq!(refused.run.code, 3, "{}", refused.run.stderr);
    assert!(
        refused.markdown.contains("--restart-recipes"),
        "{}",
        refused.markdown
    );
    assert!(
        refused.markdown.contains("overwrites running"),
        "{}",
        refused.markdown
    );
}

#[test]
fn a_rollback_and_a_status_are_reported_too() {
    let place = place();
    for arguments in [
        "import k.zip --into local:kestrel",
        "connection authorize --all --in local:kestrel",
    ] {
        assert_eq!(run(&place, arguments).code, 0, "{arguments}");
    }
    let status = told(&place, "status local:kestrel");
    assert_eq!(status.run.code, 0, "{}", status.run.stderr);
    let suite = &status.junit.test_suites[0];
    assert!(suite.tests > 0 && suite.failures == 0);
    let rolled = told(&place, "rollback local:kestrel 0 --yes");
    assert_eq!(rolled.run.code, 0, "{}", rolled.run.stderr);
    let suite = &rolled.junit.test_suites[0];
    assert!(suite.tests > 30 && suite.failures == 0, "{}", suite.tests);
    let skipped = rolled.markdown.contains("stays-behind");
    assert!(skipped, "connectors stay: {}", rolled.markdown);
    let wrong = told(&place, "rollback local:kestrel 77 --yes");
    assert_ne!(wrong.run.code, 0);
    assert!(wrong.markdown.contains("❌"), "{}", wrong.markdown);
}

#[test]
fn what_is_left_out_is_skipped_and_what_happens_is_said() {
    let place = place();
    let exported = told(&place, "export --to customers -o k.zip");
    assert_eq!(exported.run.code, 0);
    let cases = &exported.junit.test_suites[0].test_cases;
    let case = |name: &str| {
        let mut found = cases.iter().filter(|case| case.name.as_str() == name);
        found.next().unwrap_or_else(|| panic!("no case {name}"))
    };
    let skipped = format!("{:?}", case("Parcel Tracker").status);
    assert!(
        skipped.contains("Skipped") && skipped.contains("shared-left-out"),
        "{skipped}"
    );
    let included = format!("{:?}", case("Ledger Sync").status);
    assert!(included.contains("Success"), "{included}");
    for line in [
        "package=k.zip\n",
        "digest=",
        "content_digest=4d1724226523f64f044df829c430c6a92726c52051ad5ba3ec8c2ea262e249bd\n",
        "excluded=[\"Invoice Vault\",\"Parcel Tracker\",\"Route Planner\"]\n",
        "warnings=7\n",
    ] {
        assert!(
            exported.outputs.contains(line),
            "{line}: {}",
            exported.outputs
        );
    }
    let places: Vec<&Value> = exported.sarif["runs"][0]["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|r| &r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        .collect();
    assert!(places.iter().all(|place| place.is_string()), "{places:?}");
    assert!(
        places
            .iter()
            .any(|place| *place == "partner/Orders/plan_daily_routes.recipe.json")
    );
    let matrix = told(&place, "matrix k.zip --of studio");
    assert_eq!(
        matrix.junit.test_suites[0].test_cases[0].name.as_str(),
        "kestrel"
    );
    let verified = told(&place, "verify k.zip");
    assert_eq!(verified.run.code, 0);
    fs::copy(
        place.path("catalogs/shared.json"),
        place.path("k.recipack.json"),
    )
    .expect("copied");
    let broken = told(&place, "verify k.zip");
    assert_eq!(broken.run.code, 4);
    assert!(broken.junit.test_suites[0].failures > 0);
}

#[test]
fn the_same_outcome_gives_the_same_reports_and_json_stays_json() {
    let place = place();
    let write = "check --to customers --json --report junit=a.xml --report sarif=a.sarif --report md=a.md --report github";
    let first = run(&place, write);
    let names = ["a.xml", "a.sarif", "a.md"];
    let read = || names.map(|name| fs::read(place.path(name)).expect(name));
    let before = read();
    let second = run(&place, write);
    assert_eq!(read(), before);
    assert_eq!(first.stdout, second.stdout);
    serde_json::from_str::<Value>(&first.stdout).expect("JSON alone");
    assert!(first.stderr.lines().all(|line| line.starts_with("::")));
}

#[test]
fn where_a_report_can_not_go_nothing_is_done() {
    let place = place();
    for (report, told) in [
        (
            "junit=nowhere/r.xml",
            "the folder nowhere of a report is not there",
        ),
        ("junit=partner", "partner is there and no file"),
        ("junit=", "say which file: junit=FILE"),
        ("github=x", "annotations go to stderr"),
        ("yaml=x", "expected junit=FILE"),
        (
            "junit=r.xml --report sarif=r.xml",
            "two reports would go to r.xml",
        ),
    ] {
        let ended = run(
            &place,
            &format!("export --to customers -o new.zip --report {report}"),
        );
        assert_eq!(ended.code, 64, "{report}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{report}: {}", ended.stderr);
        assert!(!place.path("new.zip").exists());
    }
}

#[test]
fn a_jobs_summary_is_added_to_and_any_other_file_is_replaced() {
    let place = place();
    place.write("summary.md", "what an earlier step wrote\n");
    let check = |summary: &str| {
        let mut command = place.command();
        command.env("GITHUB_STEP_SUMMARY", place.path(summary));
        let file = place.path("summary.md");
        command.args(["check", "--to", "customers", "--quiet", "--report"]);
        command.arg(format!("md={}", file.display()));
        let run: Run = command.output().expect("it starts").into();
        assert_eq!(run.code, 0, "{}", run.stderr);
        fs::read_to_string(file).expect("text")
    };
    let added = check("summary.md");
    assert!(
        added.starts_with("what an earlier step wrote\n### "),
        "{added}"
    );
    // As full as it may be.
    let full = "x".repeat((1 << 20) - 100);
    place.write("summary.md", &full);
    assert!(check("summary.md").len() <= 1 << 20, "GitHub takes no more");
    place.write("summary.md", "### ✅ recipack check: `an older one`\n");
    assert!(!check("other.md").contains("an older one"));
}
