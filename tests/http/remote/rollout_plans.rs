//! What a plan of a roll-out tells before anything is sent: who is held and why, the requests that it
//! takes, and what is not known.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rollout::{api, id, json_of, line, package, partner, states};
use crate::remote::Caller;
use crate::remote::between::Between;
use crate::support::sandbox::{Sandbox, command};
use crate::support::{Place, Run, fixture};

/// Why each member is held, by name.
fn held(plan: &Value) -> BTreeMap<String, String> {
    let members = plan["members"].as_array().expect("members").iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    members
        .filter_map(|member| Some((text(&member["name"])?, text(&member["held"]["why"])?)))
        .collect()
}

/// Settings and the catalogue are known without asking a customer.
#[test]
fn what_is_known_without_a_look_is_told() {
    let place = partner(3);
    let marked = "[all.properties]\n\"erp.url\" = \"https://erp.example\"\n[labels.\"ring=first\".properties]\n\"erp.key\" = { fill-in = \"the key of the pilot\" }\n";
    place.write("marked.toml", marked);
    let plan = "rollout plan p.zip --of studio --settings marked.toml";
    let told = json_of(&line(&place, 0, &format!("{plan} --json")));
    let why = held(&told);
    assert_eq!(why.len(), 1, "{told}");
    assert!(
        why["c1"]
            .contains("marked.toml:4: property \"erp.key\" is not filled in: the key of the pilot"),
        "{why:?}"
    );
    assert_eq!(told["members"][2]["name"], "c1", "who is held comes last");
    assert_eq!(told["looking"], "not-looked-at");
    let words = line(&place, 0, plan).stdout;
    assert!(words.contains("Customers were not looked at: "), "{words}");
    assert!(!words.contains("Requests: "), "nobody counts here: {words}");
    // A connector that nobody shares.
    let (project, catalog) = (fixture("partner"), fixture("catalogs/shared.json"));
    let missing = format!(
        "export {} --for customer --catalog {} -o own.zip",
        project.display(),
        catalog.display()
    );
    line(&place, 0, &missing);
    let told = line(&place, 0, "rollout plan own.zip --of studio").stdout;
    assert!(
        told.contains("own needs \"parcel_tracker_connector_48213_1701388800\", which is not shared with customers: whoever has none of its own is held.\n"),
        "{told}"
    );
    let looked = line(&place, 1, "rollout plan own.zip --of studio --look");
    assert!(
        looked.stderr.contains("each of the 3 customers is held: ")
            && looked.stderr.contains("--allow-missing-connectors"),
        "{}",
        looked.stderr
    );
}

/// What somebody changed since a roll-out is known by the ledger, whichever machine sent it.
#[test]
fn a_look_holds_who_is_not_as_the_last_roll_out_left_it() {
    let place = partner(2);
    let plan = "rollout plan p.zip --of studio --settings settings.toml --restart-recipes";
    line(&place, 0, &format!("{plan} -o rollout.json"));
    let id = id(&line(&place, 0, "rollout start rollout.json"));
    line(&place, 0, &format!("rollout run {id}"));
    line(&place, 0, "recipe stop Quote --in local:c2");
    package(&place, "p.zip", "updated");
    for (more, expected) in [
        ("", 0),
        (" --look", 1),
        (" --look --overwrite-edits", 0),
        (" --look --ledger elsewhere.db", 0),
    ] {
        let told = json_of(&line(&place, 0, &format!("{plan}{more} --json")));
        let why = held(&told);
        assert_eq!(why.len(), expected, "{more}: {told}");
        if expected > 0 {
            let begins = format!("somebody changed it since the roll-out {id} reached it at ");
            assert!(why["c2"].starts_with(&begins), "{why:?}");
            assert!(why["c2"].contains("Quote"), "{why:?}");
        }
    }
}

/// A look finds who can't get it; whoever is not as it was seen is left alone until a person says so.
#[test]
fn a_look_holds_and_what_was_seen_binds() {
    let place = partner(3);
    // The first has the connection, and nobody authorized it.
    line(
        &place,
        0,
        "import p.zip --into local:c1 --folder Desk --yes",
    );
    let start = "[all.properties]\n\"erp.url\" = \"u\"\n\"erp.key\" = \"k\"\n[all.recipes]\n\"*\" = \"start\"\n";
    place.write("start.toml", start);
    package(&place, "p.zip", "updated");
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --settings start.toml --look --budget 9 --waves 3 -o rollout.json --json",
        caller.url
    );
    let told = json_of(&api(&caller, 0, &plan));
    let why = held(&told);
    assert!(
        why.len() == 1 && why["c1"].contains("\"Desk/Orders/ERP\" is not authorized"),
        "{told}"
    );
    let has = |number: usize| told["members"][number]["seen"]["has"].clone();
    assert_eq!(
        [has(0), has(1), has(2)],
        ["nothing".into(), "nothing".into(), Value::Null]
    );
    // Somebody is faster than the roll-out.
    line(
        &place,
        0,
        "import p.zip --into local:c2 --folder Desk --yes",
    );
    line(&place, 0, "connection authorize --all --in local:c1");
    let id = id(&api(&caller, 0, "rollout start rollout.json --yes"));
    let ran = json_of(&api(&caller, 68, &format!("rollout run {id} --json")));
    let found = states(&ran["rollout"]);
    assert_eq!([&found["c1"], &found["c2"]], ["held", "held"], "{ran}");
    let why = ran["rollout"]["members"][0]["why"]
        .as_str()
        .expect("a text");
    assert!(
        why.contains("changed since the roll-out was planned"),
        "{why}"
    );
    api(&caller, 0, &format!("rollout retry {id} c1"));
    let ran = json_of(&api(&caller, 68, &format!("rollout run {id} --json")));
    assert_eq!(states(&ran["rollout"])["c1"], "applied", "{ran}");
    let both = api(
        &caller,
        64,
        &format!(
            "rollout plan p.zip --of {} --look --connector X=share",
            caller.url
        ),
    );
    assert!(
        both.stderr.contains("--connectors-after"),
        "{}",
        both.stderr
    );
}

/// The class of a request, told apart as the platform's documentation does.
fn class(request: &str) -> &'static str {
    let (method, path) = request.split_once(" /api/").expect("a request");
    let path = path.split('?').next().unwrap_or(path);
    let of_customer = path
        .strip_prefix("managed_users/")
        .and_then(|rest| rest.split_once('/'));
    let Some((_, path)) = of_customer else {
        return match path.starts_with("custom_connectors") {
            true => "connectors",
            false => "other",
        };
    };
    let parts: Vec<&str> = path.split('/').collect();
    match (parts.as_slice(), method) {
        (["recipes"] | ["recipes", _], "GET") => "embedded-recipes",
        (["recipes", ..], _) => "embedded-recipe-changes",
        (["imports"], _) => "embedded-imports",
        (["imports", ..], _) => "embedded-import-states",
        (["exports" | "export_manifests" | "packages", ..], _) => "embedded-packages",
        (["connections"], "GET") => "embedded-connections",
        (["connections", ..], _) => "embedded-connection-changes",
        (["properties", ..], "GET") => "embedded-properties",
        (["properties", ..], _) => "embedded-property-changes",
        _ => "embedded-other",
    }
}

/// What the plan says is what is sent: exactly where nobody has it yet, and within a fifth where all
/// have an earlier version.
#[test]
fn the_estimate_is_what_is_sent() {
    let place = partner(2);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let story = |settings: &str, customer: &str, package: &str, end: &str, close: u64| {
        let plan = format!(
            "rollout plan {package} --of {} --folder Desk --customers {customer} --restart-recipes{settings} -o rollout.json --force --json",
            caller.url
        );
        let plan = json_of(&api(&caller, 0, &plan));
        let id = id(&api(&caller, 0, "rollout start rollout.json"));
        let before = between.lines().len();
        api(&caller, 0, &format!("rollout run {id}"));
        let mut sent: BTreeMap<&str, u64> = BTreeMap::new();
        for request in &between.lines()[before..] {
            *sent.entry(class(request)).or_default() += 1;
        }
        let requests = plan["estimate"]["requests"].as_array().expect("requests");
        let planned: BTreeMap<&str, u64> = requests
            .iter()
            .map(|one| {
                let class = one["class"].as_str().expect("a class");
                (class, one["requests"][end].as_u64().expect("a number"))
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        let what = format!("{package}{settings}: planned {planned:?}, sent {sent:?}");
        match close {
            0 => assert_eq!(planned, sent, "{what}"),
            close => {
                let (planned, sent): (u64, u64) = (planned.values().sum(), sent.values().sum());
                assert!(planned.abs_diff(sent) * 100 <= sent * close, "{what}");
            }
        }
    };
    let settings = " --settings settings.toml";
    story("", "E-2", "p.zip", "new", 0);
    story(settings, "E-1", "p.zip", "new", 0);
    package(&place, "p.zip", "updated");
    story(settings, "E-1", "p.zip", "earlier", 20);
}

/// What a roll-out changed is brought back by another one, reviewed and carried out like any.
fn brought_back(place: &Place, run: &dyn Fn(i32, &str) -> Run, of: &str) -> String {
    let plan = format!(
        "rollout plan p.zip --of {of} --folder Desk --settings settings.toml --restart-recipes -o rollout.json --force"
    );
    let rolled_out = || {
        run(0, &plan);
        let id = id(&run(0, "rollout start rollout.json"));
        run(0, &format!("rollout run {id}"));
        id
    };
    rolled_out();
    package(place, "p.zip", "updated");
    let second = rolled_out();
    let held = run(
        0,
        &format!("rollout abort {second} --back --waves 2 -o back.json --json"),
    );
    let told = json_of(&held);
    assert_eq!(told["back_of"], second.as_str());
    let back = told["members"].as_array().expect("members").iter();
    assert!(
        back.clone().all(|member| member["back"]["to"] == 1),
        "{told}"
    );
    let words = run(0, &format!("rollout abort {second} --back")).stdout;
    assert!(
        words.contains(&format!("brings back what {second} changed\n"))
            && words.contains("  back to revision 1\n")
            && words.contains(" stays: "),
        "{words}"
    );
    let id = id(&run(0, "rollout start back.json"));
    let ran = json_of(&run(0, &format!("rollout run {id} --json")));
    assert!(
        states(&ran["rollout"])
            .values()
            .all(|state| state == "applied"),
        "{ran}"
    );
    for name in ["c1", "c2"] {
        let now = place.path(&format!("{name}.zip"));
        let export = format!(
            "workspace export local:{name} --folder Desk -o {} --force",
            now.display()
        );
        line(place, 0, &export);
        let quote = crate::support::entries(&now);
        let quote = quote
            .iter()
            .find(|(path, _)| path.ends_with("quote.recipe.json"));
        let (_, bytes) = quote.expect("it is there");
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains("\"added\""), "the first one's: {text}");
    }
    let board = json_of(&run(0, "rollout board --json"));
    let lines = board["lines"].as_array().expect("lines").iter();
    assert!(lines.clone().all(|line| line["back_to"] == 1), "{board}");
    run(0, &format!("rollout drift {id} --detailed-exitcode"));
    let nothing = run(1, &format!("rollout abort {second} --back"));
    assert!(
        nothing.stderr.contains("changed no customer"),
        "{}",
        nothing.stderr
    );
    second
}

#[test]
fn customers_are_brought_back_in_the_local_platform() {
    let place = partner(2);
    brought_back(&place, &|code, words| line(&place, code, words), "studio");
}

#[test]
fn customers_are_brought_back_over_the_api_by_the_machine_that_sent() {
    let place = partner(2);
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let second = brought_back(
        &place,
        &|code, words| api(&caller, code, words),
        &caller.url,
    );
    let words = format!("rollout abort {second} --back");
    let arguments: Vec<&str> = words.split(' ').collect();
    let mut command = command(&place, &caller.url, &caller.token, &arguments);
    command.env("XDG_STATE_HOME", place.path("elsewhere"));
    command.env("RECIPACK_LEDGER", place.path("state/recipack/ledger.db"));
    let other = Run::from(command.output().expect("it starts"));
    assert_eq!(other.code, 1, "{}", other.stderr);
    assert!(
        other.stderr.contains("the machine that sent it may keep"),
        "{}",
        other.stderr
    );
}

/// A job whose end nobody sees holds up its customer, and nobody else.
#[test]
fn a_job_that_never_ends_keeps_nobody_else_waiting() {
    let place = partner(3);
    place.write(
        "faults.toml",
        "[[faults]]\nmethod = \"POST\"\npath = \"*/imports\"\ndo = \"never-ends\"\n",
    );
    let sandbox = Sandbox::of(&place, &["--fault", "faults.toml"]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 3 --at-once 2 -o rollout.json",
        caller.url
    );
    api(&caller, 0, &plan);
    let id = id(&api(&caller, 0, "rollout start rollout.json"));
    let run = format!("rollout run {id} --job-timeout 1 --json");
    let ran = json_of(&api(&caller, 69, &run));
    let found = states(&ran["rollout"]);
    assert_eq!(
        ["c1", "c2", "c3"].map(|name| found[name].as_str()),
        ["working", "applied", "applied"],
        "{ran}"
    );
    // The way back has to wait for it.
    let back = api(&caller, 69, &format!("rollout abort {id} --back"));
    assert!(back.stderr.contains("error[in-flight]"), "{}", back.stderr);
}
