//! Faults by script, as they look from outside.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::sandbox::{Asker, Sent, all, number, package, stocked};
use crate::support::Place;
use crate::support::sandbox::{Sandbox, local};

fn with(place: &Place, script: &str) -> Sandbox {
    place.write("faults.toml", script);
    Sandbox::of(place, &["--fault", "faults.toml"])
}

#[test]
fn answers_are_replaced_as_often_as_the_script_says() {
    let place = stocked();
    let sandbox = with(
        &place,
        r#"
        [[faults]]
        method = "POST"
        path = "/api/folders"
        times = 2
        do = { status = { status = 429, headers = { "Retry-After" = "1" }, message = "slowly" } }
        [[faults]]
        path = "/api/projects"
        after = 1
        do = { status = { status = 500 } }
        "#,
    );
    let asker = Asker::of(&place, &sandbox, "osprey");
    let new = json!({"name": "A"});
    for _ in 0..2 {
        let told = asker.post("/api/folders", &new).is(429);
        assert_eq!(told.headers["retry-after"], "1");
        assert_eq!(told.json()["message"], "slowly");
        assert_eq!(
            all(&asker.get("/api/folders"), "name"),
            ["Warehouse"],
            "nothing is done"
        );
    }
    asker.post("/api/folders", &new).is(200);
    asker.get("/api/projects");
    let told = asker
        .try_ask("GET", "/api/projects", Sent::Nothing)
        .expect("an answer");
    assert_eq!(told.status, 500);
    asker.get("/api/projects");
}

#[test]
fn connections_break_before_the_work_after_it_or_within_the_answer() {
    let place = stocked();
    let sandbox = with(
        &place,
        r#"
        [[faults]]
        method = "POST"
        path = "/api/folders"
        do = "reset"
        [[faults]]
        method = "POST"
        path = "/api/folders"
        do = "lose-answer"
        [[faults]]
        path = "/api/users/me"
        do = "cut-body"
        [[faults]]
        path = "/api/users/me"
        do = { slow = { milliseconds = 700 } }
        [[faults]]
        path = "/storage/*"
        do = "cut-body"
        "#,
    );
    let asker = Asker::of(&place, &sandbox, "osprey");
    let create = |name: &str| {
        let body = json!({"name": name});
        asker.try_ask("POST", "/api/folders", Sent::Json(&body))
    };
    create("Before").expect_err("no answer");
    create("After").expect_err("no answer");
    create("Whole").expect("an answer").is(200);
    let folders = asker.get("/api/folders");
    assert_eq!(all(&folders, "name"), ["Warehouse", "After", "Whole"]);
    let me = || asker.try_ask("GET", "/api/users/me", Sent::Nothing);
    me().expect_err("half of it");
    let began = Instant::now();
    me().expect("an answer").is(200);
    assert!(began.elapsed() >= Duration::from_millis(700));
    let job = asker.export(asker.folder("Warehouse"));
    let link = job["download_url"].as_str().expect("a link");
    let link = link.trim_start_matches(&asker.url);
    asker
        .try_ask("GET", link, Sent::Nothing)
        .expect_err("half of it");
    asker.ask("GET", link, Sent::Nothing).is(200);
}

#[test]
fn jobs_fail_never_end_and_leave_recipes_stopped() {
    let place = stocked();
    for arguments in [
        &["connection", "authorize", "--all", "--in", "local:osprey"][..],
        &["recipe", "start", "Quote shipping", "--in", "local:osprey"],
    ] {
        crate::sandbox::here(&place, arguments);
    }
    let sandbox = with(
        &place,
        r#"{"faults": [
            {"path": "/api/packages/import/*", "do": {"job-fails": {"error": "x.recipe.json: odd"}}},
            {"path": "/api/packages/import/*", "do": "restart-fails"},
            {"path": "/api/packages/export/*", "do": "never-ends"}
        ]}"#,
    );
    let asker = Asker::of(&place, &sandbox, "osprey");
    let folder = asker.folder("Warehouse");
    let file = "partner/Functions/quote_shipping.recipe.json";
    let text = std::fs::read_to_string(place.path(file)).expect("a recipe");
    place.write(
        file,
        &text.replacen("\"description\": \"", "\"description\": \"Anew: ", 1),
    );
    let catalogue = crate::support::fixture("catalogs/shared.json");
    let catalogue = catalogue.to_str().expect("UTF-8");
    let export = [
        "export",
        "partner",
        "--for",
        "external",
        "--catalog",
        catalogue,
        "-o",
        "new.zip",
    ];
    crate::sandbox::here(&place, &export);
    let zip = package(&place, "new.zip");

    let job = asker.import(folder, "restart_recipes=true", &zip);
    assert_eq!(job["status"], "failed");
    assert_eq!(job["error"], "x.recipe.json: odd");
    let running = || asker.get("/api/recipes?running=true&exclude_code=true")["items"].clone();
    let recipe = running()[0].clone();
    assert_eq!(recipe["version_no"], 1, "nothing is done");
    let job = asker.import(folder, "restart_recipes=true", &zip);
    assert_eq!(job["status"], "completed", "{job}");
    let left: Vec<_> = job["recipe_status"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["import_result"] == "restart_failed")
        .collect();
    assert_eq!(left.len(), 1, "{job}");
    assert_eq!(left[0]["id"], recipe["id"]);
    assert_eq!(running(), json!([]));

    let manifest = json!({"export_manifest": {
        "name": "M", "folder_id": folder, "auto_generate_assets": true,
    }});
    let made = asker
        .post("/api/export_manifests", &manifest)
        .is(201)
        .json();
    let path = format!("/api/packages/export/{}", made["result"]["id"]);
    let stuck = asker.ask("POST", &path, Sent::Nothing).is(200).json();
    let other = asker.ask("POST", &path, Sent::Nothing).is(200).json();
    let done = asker.wait(&format!("/api/packages/{}", other["id"]));
    assert_eq!(
        done["status"], "completed",
        "others are carried out meanwhile"
    );
    let stuck = format!("/api/packages/{}", number(&stuck["id"]));
    assert_eq!(asker.get(&stuck)["status"], "in_progress");
    asker
        .ask("GET", &format!("{stuck}/download"), Sent::Nothing)
        .is(404);
}

#[test]
fn a_script_that_says_what_cannot_be_is_refused() {
    let place = stocked();
    for (script, word) in [
        ("[[faults]]\npath = \"/\"\ndo = \"explode\"\n", "explode"),
        ("[[faults]]\ndo = \"reset\"\n", "path"),
        (
            "[[faults]]\npath = \"/\"\ndo = { status = { status = 200 } }\n",
            "200",
        ),
        (
            "[[faults]]\npath = \"/\"\nwhen = 1\ndo = \"reset\"\n",
            "when",
        ),
        ("faults = ", ""),
    ] {
        place.write("faults.toml", script);
        let run = local(&place, &["sandbox", "--fault", "faults.toml"]);
        assert_eq!(run.code, 1, "{script}");
        assert!(
            run.stderr.contains("faults.toml") && run.stderr.contains(word),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("recipack schema faults"),
            "{}",
            run.stderr
        );
    }
    let run = local(&place, &["sandbox", "--fault", "none.toml"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("none.toml"), "{}", run.stderr);
}

#[test]
fn documented_limits_are_kept_for_each_token() {
    let place = stocked();
    let sandbox = Sandbox::of(&place, &["--limits", "documented"]);
    let asker = Asker::of(&place, &sandbox, "osprey");
    for _ in 0..60 {
        asker.get("/api/projects");
    }
    let told = asker.ask("GET", "/api/projects", Sent::Nothing).is(429);
    let wait: u64 = told.headers["retry-after"].parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    let studio = Asker::of(&place, &sandbox, "studio");
    studio.get("/api/projects");
    // Imports are counted on their own.
    let path = "/api/packages/import/999999";
    asker.ask("POST", path, Sent::Package(b"x")).is(404);
}
