//! What customers' recipes did since a roll-out reached them.

use std::collections::BTreeMap;

use super::rollout::{api, id, json_of, partner, states};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::sandbox::Sandbox;

/// A status that is not waited for.
pub(super) fn refused(status: u16) -> Told {
    Told {
        status,
        headers: BTreeMap::from([("Retry-After".to_owned(), "3600".to_owned())]),
        body: br#"{"message": "no"}"#.to_vec(),
    }
}

/// A job each second.
const JOBS: &str = "
[[jobs]]
workspace = \"c1\"
ends = [\"failed\"]
error = \"order 4711 has no customer\"

[[jobs]]
workspace = \"c2\"
ends = [\"succeeded\"]
";

/// The jobs of a wave decide whether the next one begins, and are told by customer and recipe.
#[test]
fn failed_and_lost_jobs_stop_a_wave_and_others_let_it_pass() {
    let place = partner(3);
    place.write("jobs.toml", JOBS);
    let sandbox = Sandbox::of(&place, &["--fault", "jobs.toml"]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 1,1 --jobs-max-failed 0 --jobs-for 1s --settings settings.toml -o rollout.json",
        caller.url
    );
    let planned = api(&caller, 0, &plan).stdout;
    assert!(
        planned.contains("Jobs: in the 1s after a customer is reached, 0 of a wave may fail before the next one begins; where none ends, a person decides.\n"),
        "{planned}"
    );
    let id = id(&api(&caller, 0, "rollout start rollout.json"));
    let none = api(
        &caller,
        0,
        &format!("rollout jobs {id} --detailed-exitcode"),
    );
    assert!(
        none.stderr.contains("no customer has what it brings yet"),
        "{}",
        none.stderr
    );
    let run = format!("rollout run {id} --wait-for-waves --json");
    let ends = |code: i32, expected: [&str; 3]| {
        let ran = json_of(&api(&caller, code, &run));
        let found = states(&ran["rollout"]);
        let found = ["c1", "c2", "c3"].map(|name| found[name].as_str());
        assert_eq!(found, expected, "{ran}");
        ran
    };
    let gated = ends(68, ["applied", "waiting", "waiting"]);
    assert_eq!(
        gated["ended"],
        "the jobs of a wave don't let the next one begin"
    );
    let next = gated["rollout"]["next"].as_str().expect("a text");
    assert!(
        next.contains(
            "wave 1 don't let the next one begin: 1 of 1 jobs that ended failed, and 0 may; "
        ),
        "{next}"
    );
    let jobs = &gated["rollout"]["members"][0]["jobs"];
    assert_eq!(jobs["found"]["known"]["failed"], 1, "{gated}");
    // However often it is asked, it does not go on before a person says so; and then a list is lost.
    api(&caller, 0, &format!("rollout gate {id} --pass"));
    between.rule(|asked, _| match asked.path.ends_with("/jobs") {
        true => Fate::Kept(refused(429)),
        false => Fate::Passes,
    });
    let lost = ends(68, ["applied", "applied", "waiting"]);
    let next = lost["rollout"]["next"].as_str().expect("a text");
    assert!(
        next.contains("of 1 customer the jobs are not known; "),
        "{next}"
    );
    between.rule(|_, _| Fate::Passes);
    ends(68, ["applied", "applied", "waiting"]);
    let status = api(&caller, 0, &format!("rollout status {id}")).stdout;
    assert!(
        status.contains("jobs: 1 job ended, 1 failed; let pass by a person\n"),
        "{status}"
    );
    assert!(status.contains("jobs are not known: GET /api/"), "{status}");
    api(&caller, 0, &format!("rollout gate {id} --again"));
    ends(0, ["applied", "applied", "applied"]);
    let over = api(&caller, 3, &format!("rollout gate {id} --pass")).stderr;
    assert!(over.contains("error[not-in-that-state]"), "{over}");
    // Nobody waits for the jobs of the last wave; they are told as all others are.
    let before = between.lines().len();
    let told = json_of(&api(
        &caller,
        2,
        &format!("rollout jobs {id} --detailed-exitcode --json"),
    ));
    let asked = &between.lines()[before..];
    let jobs = asked.iter().filter(|line| line.ends_with("/jobs")).count();
    assert_eq!(jobs, 3, "one for each recipe: {asked:?}");
    let counts = |customer: usize, what: &str| {
        let recipe = &told["members"][customer]["recipes"][0];
        recipe[what].as_u64().unwrap_or_else(|| panic!("{recipe}"))
    };
    assert!(counts(0, "failed") > 0, "{told}");
    assert!(
        counts(1, "succeeded") > 0 && counts(1, "failed") == 0,
        "{told}"
    );
    assert_eq!(counts(2, "succeeded") + counts(2, "failed"), 0, "{told}");
    assert_eq!(told["failed"], counts(0, "failed"), "{told}");
    assert_eq!(told["unknown"], 0, "{told}");
    let recipe = &told["members"][0]["recipes"][0];
    let error = &recipe["errors"][0]["error"];
    assert_eq!(error, "order 4711 has no customer", "{told}");
    let words = api(&caller, 0, &format!("rollout jobs {id}")).stdout;
    assert!(words.contains(": order 4711 has no customer\n"), "{words}");
    assert!(
        words.contains("        no job ended of 1 recipe\n"),
        "{words}"
    );
    // A right that is missing is named, and who can be asked still is.
    let third = told["members"][2]["address"].as_str().expect("a text");
    let third = third.rsplit(':').next().expect("a number");
    let third = format!("/managed_users/{third}/");
    between.rule(move |asked, _| {
        let jobs = asked.path.ends_with("/jobs");
        match (jobs, asked.path.contains(&third)) {
            (true, true) => Fate::Kept(refused(403)),
            (true, false) => Fate::Kept(refused(429)),
            (false, _) => Fate::Passes,
        }
    });
    let lost = format!("rollout jobs {id} --detailed-exitcode");
    let lost = api(&caller, 68, &lost).stdout;
    assert!(
        lost.contains("the right to list jobs of recipes of customers (GET /api/managed_users/:id/recipes/:id/jobs)"),
        "{lost}"
    );
    assert!(lost.contains("unknown: GET /api/managed_users/"), "{lost}");
    assert!(
        lost.ends_with("Of 3 customers: no job ended; of 3 customers not everything is known.\n"),
        "{lost}"
    );
}
