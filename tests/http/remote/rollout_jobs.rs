//! What customers' recipes did since a roll-out reached them.

use std::collections::BTreeMap;

use super::rollout::{api, id, json_of, partner};
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

/// Jobs that end so often that some did since the roll-out.
const JOBS: &str = "
[[jobs]]
workspace = \"c1\"
ends = [\"succeeded\", \"failed\"]
error = \"order 4711 has no customer\"

[[jobs]]
workspace = \"c2\"
ends = [\"succeeded\"]
";

#[test]
fn failed_jobs_are_told_by_customer_and_recipe() {
    let place = partner(3);
    place.write("jobs.toml", JOBS);
    let sandbox = Sandbox::of(&place, &["--fault", "jobs.toml"]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 3 --settings settings.toml -o rollout.json",
        caller.url
    );
    api(&caller, 0, &plan);
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
    api(&caller, 0, &format!("rollout run {id}"));
    // The jobs of a second or two are over.
    std::thread::sleep(std::time::Duration::from_millis(2100));
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
    assert_eq!(
        recipe["errors"][0]["error"], "order 4711 has no customer",
        "{told}"
    );
    let words = api(&caller, 0, &format!("rollout jobs {id}")).stdout;
    assert!(words.contains(": order 4711 has no customer\n"), "{words}");
    assert!(
        words.contains("        no job ended of 1 recipe\n"),
        "{words}"
    );
    // A right that is missing is named, and who can be asked still is.
    let third = told["members"][2]["address"].as_str().expect("a text");
    let third = format!(
        "/managed_users/{}/",
        third.rsplit(':').next().expect("a number")
    );
    between.rule(move |asked, _| {
        let jobs = asked.path.ends_with("/jobs");
        match (jobs, asked.path.contains(&third)) {
            (true, true) => Fate::Kept(refused(403)),
            (true, false) => Fate::Kept(refused(429)),
            (false, _) => Fate::Passes,
        }
    });
    let lost = api(
        &caller,
        68,
        &format!("rollout jobs {id} --detailed-exitcode"),
    )
    .stdout;
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
