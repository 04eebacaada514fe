//! How commands against the API end: each way has its exit code, and none says more than is so.

use std::time::{Duration, Instant};

use crate::remote::Caller;
use crate::support::Place;
use crate::support::sandbox::{Sandbox, command, done, local, partner, partner_running};

/// A sandbox in which things go wrong.
fn with_fault(place: &Place, faults: &str) -> Sandbox {
    place.write("faults.toml", faults);
    Sandbox::of(place, &["--fault", "faults.toml"])
}

/// Whether the workspace holds the package.
fn holds(place: &Place) -> bool {
    let plan = local(
        place,
        &[
            "plan",
            "external.zip",
            "--into",
            "local:osprey",
            "--detailed-exitcode",
        ],
    );
    match plan.code {
        0 => true,
        2 => false,
        other => panic!("{other}: {}", plan.stderr),
    }
}

#[test]
fn an_import_that_fails_ends_with_1_and_says_that_nothing_changed() {
    let place = partner();
    let sandbox = with_fault(
        &place,
        r#"
        [[faults]]
        path = "/api/packages/import/*"
        do = { job-fails = { error = "Orders/gold.recipe.json: Unresolved reference" } }
        "#,
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let failed = osprey.exits(1, &["import", "external.zip", "--into", &sandbox.url]);
    for told in ["import-failed", "Unresolved reference", "as it was before"] {
        assert!(failed.stderr.contains(told), "{}", failed.stderr);
    }
    assert!(!holds(&place));
    osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    assert!(holds(&place));
}

#[test]
fn recipes_left_stopped_end_with_68_and_their_names() {
    let place = partner_running("Functions/Quote shipping");
    let recipe = place.path("partner/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("readable");
    let edited = text.replacen("\"private\": true", "\"private\": false", 1);
    assert_ne!(edited, text);
    std::fs::write(&recipe, edited).expect("written");
    let catalogue = crate::support::fixture("catalogs/shared.json");
    let export = [
        "export",
        "partner",
        "--for",
        "external",
        "--catalog",
        catalogue.to_str().expect("UTF-8"),
        "-o",
        "newer.zip",
    ];
    done(&local(&place, &export), &export);
    let sandbox = with_fault(
        &place,
        "[[faults]]\npath = \"/api/packages/import/*\"\ndo = \"restart-fails\"\n",
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let partly = osprey.exits(
        68,
        &[
            "import",
            "newer.zip",
            "--into",
            &sandbox.url,
            "--restart-recipes",
            "--yes",
        ],
    );
    for told in [
        "stopped   Functions/Quote shipping",
        "did not start",
        "not everything is as planned",
    ] {
        assert!(partly.stdout.contains(told), "{}", partly.stdout);
    }
}

#[test]
fn an_import_that_never_ends_ends_with_69_and_is_resumed() {
    let place = partner();
    let sandbox = with_fault(
        &place,
        "[[faults]]\npath = \"/api/packages/import/*\"\ndo = \"never-ends\"\n",
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let left = osprey.exits(
        69,
        &[
            "import",
            "external.zip",
            "--into",
            &sandbox.url,
            "--job-timeout",
            "2",
        ],
    );
    let id = left
        .stderr
        .split("recipack resume ")
        .nth(1)
        .expect("an id")
        .trim()
        .to_owned();
    let again = osprey.exits(69, &["resume", &id, "--job-timeout", "1"]);
    assert!(again.stderr.contains(&id), "{}", again.stderr);
    // Another import into the same place says that one is under way.
    let warned = osprey.exits(0, &["plan", "external.zip", "--into", &sandbox.url]);
    assert!(
        warned.stderr.contains(&format!("recipack resume {id}")),
        "{}",
        warned.stderr
    );
    // The sandbox is started anew without the fault, on the same port, and does what it has to do.
    let port = sandbox.url.rsplit(':').next().expect("a port").to_owned();
    assert_eq!(sandbox.signal("TERM"), 143);
    clear_faults(&place);
    let sandbox = Sandbox::of(&place, &["--port", &port]);
    assert!(sandbox.url.ends_with(&port));
    let resumed = osprey.exits(0, &["resume", &id]);
    assert!(
        resumed.stdout.contains("everything is as planned"),
        "{}",
        resumed.stdout
    );
    assert!(holds(&place));
    let over = osprey.exits(0, &["resume", &id]);
    assert!(
        over.stdout.contains("everything is as planned"),
        "{}",
        over.stdout
    );
    osprey.exits(1, &["resume", "0123456789ab"]);
    osprey.exits(64, &["resume", "nonsense"]);
}

/// The faults of jobs are written down with them.
fn clear_faults(place: &Place) {
    let jobs = place.path("p.db.sandbox/jobs");
    for entry in std::fs::read_dir(jobs).expect("jobs") {
        let path = entry.expect("a job").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = std::fs::read_to_string(&path).expect("readable");
            assert!(text.contains("\"NeverEnds\""), "{text}");
            let cleared = text.replace("\"NeverEnds\"", "null");
            let job: serde_json::Value = serde_json::from_str(&cleared).expect("a job");
            let sealed = recipack::model::seal::enveloped(&job["document"]).expect("JSON");
            std::fs::write(&path, sealed).expect("written");
        }
    }
}

#[test]
fn an_upload_whose_answer_is_lost_is_found_and_not_sent_again() {
    let place = partner();
    let sandbox = with_fault(
        &place,
        "[[faults]]\npath = \"/api/packages/import/*\"\ndo = \"lose-answer\"\n",
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let found = osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    assert!(
        found.stdout.contains("everything is as planned"),
        "{}",
        found.stdout
    );
    assert!(holds(&place));
    let history = local(&place, &["history", "local:osprey"]);
    assert_eq!(history.stdout.lines().count(), 1, "{}", history.stdout);
}

#[test]
fn an_upload_that_may_not_have_arrived_ends_with_69() {
    let place = partner();
    let sandbox = with_fault(
        &place,
        "[[faults]]\npath = \"/api/packages/import/*\"\ndo = \"reset\"\n",
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let lost = osprey.exits(
        69,
        &[
            "import",
            "external.zip",
            "--into",
            &sandbox.url,
            "--job-timeout",
            "2",
        ],
    );
    assert!(lost.stderr.contains("not known whether"), "{}", lost.stderr);
    assert!(!holds(&place));
    osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    assert!(holds(&place));
}

#[test]
fn a_connection_that_is_lost_ends_with_75() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    drop(sandbox);
    let mut command = command(
        &place,
        &osprey.url,
        &osprey.token,
        &["plan", "external.zip", "--into", &osprey.url],
    );
    command.env("RECIPACK_RETRY_FOR", "1");
    let output = command.output().expect("it starts");
    assert_eq!(output.status.code(), Some(75));
}

#[test]
fn answers_that_break_off_or_fail_for_a_while_are_asked_for_again() {
    let place = partner();
    let sandbox = with_fault(
        &place,
        r#"
        [[faults]]
        path = "/api/users/me"
        do = { status = { status = 500 } }
        [[faults]]
        path = "/api/folders"
        do = { status = { status = 429, headers = { "Retry-After" = "1" } } }
        [[faults]]
        path = "/api/connections"
        do = "cut-body"
        [[faults]]
        path = "/api/custom_connectors"
        do = { slow = { milliseconds = 300 } }
        "#,
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    osprey.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    assert!(holds(&place));
}

#[test]
fn a_token_that_is_not_accepted_ends_with_77() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let nobody = Caller {
        place: &place,
        url: sandbox.url.clone(),
        token: "nobodys-token".to_owned(),
    };
    let refused = nobody.exits(77, &["plan", "external.zip", "--into", &sandbox.url]);
    assert!(
        refused.stderr.contains("WORKATO_API_TOKEN"),
        "{}",
        refused.stderr
    );
    let mut command = place.command();
    command.env("HOME", place.path("home"));
    command.args(["plan", "external.zip", "--into", &sandbox.url]);
    let none = command.output().expect("it starts");
    assert_eq!(none.status.code(), Some(77));
}

#[test]
fn a_full_rate_limit_ends_with_75() {
    let place = partner();
    let sandbox = with_fault(
        &place,
        r#"
        [[faults]]
        path = "/api/users/me"
        times = 0
        do = { status = { status = 429, headers = { "Retry-After" = "600" } } }
        "#,
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let started = Instant::now();
    let full = osprey.exits(75, &["plan", "external.zip", "--into", &sandbox.url]);
    assert!(full.stderr.contains("rate-limit"), "{}", full.stderr);
    // It does not wait for as long as it was told.
    assert!(started.elapsed() < Duration::from_secs(600));
}

#[test]
fn an_import_that_is_killed_half_way_is_resumed() {
    let place = partner();
    let sandbox = with_fault(
        &place,
        "[[faults]]\npath = \"/api/packages/1*\"\ntimes = 0\ndo = { slow = { milliseconds = 300 } }\n",
    );
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let arguments = ["import", "external.zip", "--into", &sandbox.url];
    let mut killed = command(&place, &osprey.url, &osprey.token, &arguments);
    let mut child = killed
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let journal = place.path("state/recipack/imports");
    let started = Instant::now();
    // Until it is written down that the platform has it.
    let id = loop {
        assert!(
            started.elapsed() < Duration::from_secs(180),
            "nothing is written down"
        );
        let entries = std::fs::read_dir(&journal).into_iter().flatten();
        let sent = entries.filter_map(Result::ok).find_map(|entry| {
            let text = std::fs::read_to_string(entry.path()).ok()?;
            let name = entry.file_name().into_string().ok()?;
            let id = name.strip_suffix(".json")?.to_owned();
            text.contains("\"sent\"").then_some(id)
        });
        if let Some(id) = sent {
            break id;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    child.kill().expect("killed");
    child.wait().expect("ended");
    let resumed = osprey.exits(0, &["resume", &id]);
    assert!(
        resumed.stdout.contains("everything is as planned"),
        "{}",
        resumed.stdout
    );
    assert!(holds(&place));
    let history = local(&place, &["history", "local:osprey"]);
    assert_eq!(history.stdout.lines().count(), 1, "{}", history.stdout);
}
