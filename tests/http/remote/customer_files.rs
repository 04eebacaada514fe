//! A customer's file, carried out over the API and compared with what is there.

use serde_json::{Value, json};

use super::rollout::{json_of, line, partner};
use super::slim::{inside, recipe_in, rewrite_in};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::fleet::words;
use crate::support::sandbox::{Sandbox, command};
use crate::support::{Place, Run};

const FILE: &str = r#"
name = "acme"
external-id = "A-1"
email = "it@acme.example"
folder = "Desk"
labels = { ring = "first" }
packages = ["../p.zip"]
settings = ["../settings.toml"]

[connections]
"Orders/ERP" = "person"

[[freeze]]
from = 2026-12-18
until = 2027-01-04
why = "year-end close"
"#;
/// Within that time, and before and after it.
const FROZEN: u64 = 1_797_768_000;
const MORNING: u64 = 1_796_000_000;

/// The program at a moment, over the API.
#[track_caller]
fn at(caller: &Caller<'_>, moment: u64, code: i32, line: &str) -> Run {
    let arguments = words(line);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = command(caller.place, &caller.url, &caller.token, &arguments);
    command.env("ERP_KEY", "canary-key");
    command.env("SOURCE_DATE_EPOCH", moment.to_string());
    ends(command.output().expect("it starts").into(), code, line)
}

#[track_caller]
fn ends(run: Run, code: i32, line: &str) -> Run {
    assert_eq!(run.code, code, "{line}: {}{}", run.stdout, run.stderr);
    assert!(!format!("{run:?}").contains("canary"), "{run:?}");
    run
}

/// The customers of a document of `customer reconcile`.
fn reconciled(run: &Run) -> Vec<Value> {
    let document = json_of(run);
    document["customers"].as_array().expect("customers").clone()
}

/// What is otherwise, as kinds and subjects.
fn differences(customer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let all = customer["differences"].as_array().expect("differences");
    all.iter()
        .map(|one| (text(&one["kind"]), text(&one["subject"])))
        .collect()
}

fn pair(kind: &str, subject: &str) -> (String, String) {
    (kind.to_owned(), subject.to_owned())
}

fn posts(between: &Between) -> usize {
    let lines = between.lines();
    let made = lines
        .iter()
        .filter(|line| *line == "POST /api/managed_users");
    made.count()
}

/// How often something was asked for that changes anything.
fn sent(between: &Between) -> usize {
    let mut changes = between.changes();
    // To read a customer's workspace takes exports, too.
    changes.retain(|line| !line.contains("/exports/"));
    changes.len()
}

fn customers(place: &Place) -> usize {
    let listed = json_of(&line(place, 0, "customer list --of studio --json"));
    listed["customers"].as_array().expect("customers").len()
}

/// A workspace is made once, whatever becomes of answers; what waits for a person is told with its page.
#[test]
fn a_customer_is_made_once_over_the_api_and_costs_a_handful_of_questions() {
    let place = partner(1);
    place.write("customers/acme.toml", FILE);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let of = caller.url.clone();
    let apply = format!("customer apply customers/acme.toml --of {of}");
    let apply_new = format!("{apply} --allow-new-workspace");
    let answers = |fate: fn() -> Fate| {
        between.rule(
            move |asked, _| match (asked.method.as_str(), asked.path.as_str()) {
                ("POST", "/api/managed_users") => fate(),
                _ => Fate::Passes,
            },
        );
    };

    // What was asked for and did not arrive may still come, and is not asked for again at once.
    answers(|| Fate::Kept(Told::default()));
    for _ in 0..2 {
        let lost = at(&caller, MORNING, 75, &apply_new);
        let code = "error[may-still-come]";
        assert!(lost.stderr.contains(code), "{}", lost.stderr);
        assert_eq!((posts(&between), customers(&place)), (1, 1));
    }
    // Once it can't arrive any more it is; and where only the answer is lost, what is there is taken.
    answers(|| Fate::Spoiled(Told::default()));
    let made = at(&caller, MORNING + 600, 68, &format!("{apply_new} --json"));
    assert_eq!((posts(&between), customers(&place)), (2, 2));
    let made = json_of(&made);
    assert_eq!(made["imports"][0]["receipt"]["revision"], 1);
    let waiting = &made["left"]["waits"][0];
    let link = format!("{of}/connections/{}", waiting["id"]);
    assert_eq!(
        (&waiting["connection"], &waiting["link"]),
        (&json!("ERP"), &json!(link))
    );

    // Nothing is sent for what waits for a person; a plan costs a handful of questions.
    let (before, asked) = (sent(&between), between.lines().len());
    let again = at(&caller, MORNING, 68, &apply);
    assert!(again.stdout.contains(&link), "{}", again.stdout);
    let asked = between.lines().len() - asked;
    assert!(asked <= 9, "it asks {asked} questions");
    assert_eq!(sent(&between), before);

    // The platform renames a workspace.
    place.write(
        "customers/acme.toml",
        &FILE.replace("\"acme\"", "\"Acme Freight\""),
    );
    at(&caller, MORNING, 68, &format!("{apply} --yes"));
    assert_eq!(sent(&between), before + 1);
    let shown = at(&caller, MORNING, 0, "customer show customer:A-1 --json");
    assert_eq!(json_of(&shown)["name"], "Acme Freight");

    // Who can't be read is unknown, and not as the file has it.
    between.rule(|asked, _| match asked.path.ends_with("/recipes") {
        true => Fate::Kept(Told {
            status: 403,
            ..Told::default()
        }),
        false => Fate::Passes,
    });
    let reconcile = format!("customer reconcile --all customers --of {of} --detailed-exitcode");
    let unknown = at(&caller, MORNING, 68, &reconcile);
    assert!(unknown.stdout.contains("unknown "), "{}", unknown.stdout);
}

/// What somebody changes is seen and mended; nothing is sent in a freeze, and nothing of the customer's is
/// overwritten unasked.
#[test]
fn a_customer_is_kept_as_its_file_has_it_in_the_local_platform() {
    let place = partner(1);
    let run = |moment: u64, code: i32, line: &str| -> Run {
        let mut command = place.command();
        command.env("RECIPACK_PLATFORM", place.path("p.db"));
        command.env("SOURCE_DATE_EPOCH", moment.to_string());
        command.env("ERP_KEY", "canary-key").args(words(line));
        ends(command.output().expect("it starts").into(), code, line)
    };
    place.write("customers/acme.toml", FILE);
    let apply = "customer apply customers/acme.toml --of studio";
    let with = |options: &str| format!("{apply} {options}");
    let reconcile = "customer reconcile --all customers --of studio --detailed-exitcode";
    let agrees = "customer reconcile customers/acme.toml --of studio --detailed-exitcode";

    // Nobody is there yet: the whole is planned, and nothing is made unless that is permitted.
    let planned = json_of(&run(MORNING, 3, &with("--plan --json")));
    let steps: Vec<&Value> = planned["steps"].as_array().expect("steps").iter().collect();
    assert_eq!(
        steps.iter().map(|step| &step["step"]).collect::<Vec<_>>(),
        ["create", "set-label", "import"]
    );
    assert_eq!(planned["needs"][0]["permission"], "allow-new-workspace");
    let refused = run(MORNING, 3, apply);
    let code = "error[not-permitted]: a workspace \"acme\" is made for A-1";
    assert!(refused.stderr.contains(code), "{}", refused.stderr);
    let all = reconciled(&run(MORNING, 2, &format!("{reconcile} --json")));
    assert_eq!(
        differences(&all[0]),
        [
            pair("no-workspace", "A-1"),
            pair("not-imported", "customers/../p.zip")
        ]
    );
    assert_eq!(differences(&all[1]), [pair("no-file", "local:c1")]);
    assert_eq!(customers(&place), 1);
    run(MORNING, 68, &with("--allow-new-workspace"));

    // What waits for a person is told until somebody does it; then the rest is done, once.
    let all = reconciled(&run(MORNING, 2, &format!("{reconcile} --json")));
    assert_eq!(
        differences(&all[0]),
        [
            pair("not-running", "recipe \"Desk/Orders/Quote\""),
            pair("not-authorized", "connection \"Desk/Orders/ERP\""),
        ]
    );
    let mend = all[0]["differences"][1]["mend"]
        .as_str()
        .expect("a command");
    run(
        MORNING,
        0,
        mend.strip_prefix("recipack ").expect("a command"),
    );
    run(MORNING, 2, &with("--plan --detailed-exitcode"));
    run(MORNING, 0, apply);
    let same = run(MORNING, 0, apply);
    assert!(
        same.stdout.ends_with("acme is as its file has it.\n"),
        "{}",
        same.stdout
    );
    run(MORNING, 0, agrees);

    // Somebody stops a recipe and sets labels. In the customer's time nothing is sent.
    run(MORNING, 0, "recipe stop Quote --in local:acme");
    run(MORNING, 0, "customer label acme ring=last plan=gold");
    let all = reconciled(&run(MORNING, 2, &format!("{reconcile} --json")));
    assert_eq!(
        differences(&all[0]),
        [
            pair("label", "ring"),
            pair("label", "plan"),
            pair("not-running", "recipe \"Desk/Orders/Quote\"")
        ]
    );
    let frozen = run(FROZEN, 3, apply);
    let code = "error[frozen]: nothing is sent to acme until 2027-01-04T00:00:00Z: year-end close";
    assert!(frozen.stderr.contains(code), "{}", frozen.stderr);
    // A plan that somebody approved is carried out as it is, at whatever time, and once.
    run(FROZEN, 3, &with("--plan -o plan.json"));
    let stopped = run(MORNING, 0, "recipe list --in local:acme");
    assert!(stopped.stdout.contains("stopped"), "{}", stopped.stdout);
    run(FROZEN, 3, "customer apply plan.json");
    run(FROZEN, 0, "customer apply plan.json --allow-frozen");
    let stale = run(MORNING, 3, "customer apply plan.json");
    assert!(
        stale.stderr.contains("error[stale-plan]"),
        "{}",
        stale.stderr
    );
    run(MORNING, 0, agrees);

    // What the customer changed is told, and kept until somebody says otherwise.
    let recipe = || inside(&place.path("p.db"), "acme");
    rewrite_in(recipe(), "Quote", |recipe| {
        recipe["description"] = json!("theirs")
    });
    let customised = run(MORNING, 2, reconcile);
    let mend = "recipack customer apply customers/acme.toml --of studio --edits merge\n";
    let line = "customised     recipe \"Desk/Orders/Quote\"";
    assert!(
        customised.stdout.contains(line) && customised.stdout.contains(mend),
        "{}",
        customised.stdout
    );
    run(MORNING, 3, &with("--yes"));
    run(MORNING, 0, &with("--yes --edits keep"));
    assert!(recipe_in(&recipe(), "Quote").contains("theirs"));
    run(MORNING, 3, &with("--edits overwrite --restart-recipes"));
    run(
        MORNING,
        0,
        &with("--yes --edits overwrite --restart-recipes"),
    );
    assert!(!recipe_in(&recipe(), "Quote").contains("theirs"));
    run(MORNING, 0, agrees);

    // Roll-outs go by the same files.
    let rollout = "rollout plan p.zip --of studio --fleet customers --waves ring=first --json";
    let rollout = json_of(&run(MORNING, 0, rollout));
    let members = rollout["members"].as_array().expect("members").iter();
    let told: Vec<_> = members
        .map(|member| (&member["name"], &member["labels"], &member["held"]["why"]))
        .collect();
    let ring = json!({"ring": "first"});
    assert_eq!(
        told,
        [
            (&json!("c1"), &ring, &Value::Null),
            (&json!("acme"), &ring, &json!("year-end close")),
        ]
    );
}
