//! Roll-outs: packages for many customers, in waves, with a budget; by runners that die anywhere.
#![expect(clippy::print_stdout, reason = "figures for whoever asks for them")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::remote::Caller;
use crate::remote::between::{Between, Fate, is_change};
use crate::support::Run;
use crate::support::fleet::words;
pub(super) use crate::support::fleet::{line, package, partner};
use crate::support::sandbox::{Sandbox, command};
use crate::support::table::each;

/// The same over the API.
#[track_caller]
pub(super) fn api(caller: &Caller<'_>, code: i32, line: &str) -> Run {
    let arguments = words(line);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = command(caller.place, &caller.url, &caller.token, &arguments);
    let run = Run::from(
        command
            .env("ERP_KEY", "canary-key")
            .output()
            .expect("it starts"),
    );
    assert_eq!(run.code, code, "{line}: {}{}", run.stdout, run.stderr);
    for text in [&run.stdout, &run.stderr] {
        assert!(
            !text.contains("canary") && !text.contains(&caller.token),
            "{text}"
        );
    }
    run
}

pub(super) fn id(run: &Run) -> String {
    run.stdout.trim().to_owned()
}

pub(super) fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

/// What came of each member, by name.
pub(super) fn states(status: &Value) -> BTreeMap<String, String> {
    let members = status["members"].as_array().expect("members").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    members
        .map(|member| (text(&member["name"]), text(&member["state"])))
        .collect()
}

/// Wave after wave, with settings, until everybody has it; then nothing is left to do.
fn story(run: &dyn Fn(i32, &str) -> Run, of: &str) {
    let plan = format!(
        "rollout plan p.zip --of {of} --folder Desk --fleet fleet.toml --waves ring=first,50% --bake 1s --settings settings.toml -o rollout.json"
    );
    let planned = run(0, &plan);
    assert!(
        planned
            .stdout
            .contains("wave 1 (ring=first): 1 customer; in use for 1s before the next\n"),
        "{}",
        planned.stdout
    );
    assert_eq!(
        planned.stdout,
        run(0, &format!("{plan} --force")).stdout,
        "always the same"
    );
    let id = id(&run(0, "rollout start rollout.json"));
    let first = run(69, &format!("rollout run {id} --json"));
    let states_then = states(&json_of(&first)["rollout"]);
    assert_eq!(states_then["c1"], "applied");
    assert_eq!(states_then["c2"], "waiting");
    let again = run(3, "rollout start rollout.json");
    assert!(
        again.stderr.contains("error[other-rollout]"),
        "{}",
        again.stderr
    );
    let ran = run(0, &format!("rollout run {id} --wait-for-waves --json"));
    assert!(
        states(&json_of(&ran)["rollout"])
            .values()
            .all(|state| state == "applied")
    );
    let board = json_of(&run(0, "rollout board --json"));
    let lines = board["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 4);
    for line in lines {
        assert_eq!(line["running"], 1, "what was sent runs: {line}");
        assert_eq!(line["unauthorized"], 0, "{line}");
    }
    // Whoever asks the ledger asks nobody else.
    let ask = |code, question: &str| {
        let line = format!("fleet query {question} --detailed-exitcode --json");
        json_of(&run(code, &line))
    };
    for question in [
        "unauthorized",
        "stopped",
        "unreached",
        "waiting",
        "uses --connector Any",
    ] {
        let answer = ask(0, question);
        assert_eq!(answer["customers"], 4, "{answer}");
    }
    run(0, &format!("rollout drift {id} --detailed-exitcode"));
    let board = json_of(&run(0, "rollout board --json"));
    for line in board["lines"].as_array().expect("lines") {
        let seen = &line["seen"];
        assert!(seen["at"].as_u64() >= line["at"].as_u64(), "{line}");
        assert_eq!(seen["recipes"][0]["state"], "running", "{line}");
        assert_eq!(seen["connections"][0]["name"], "ERP", "{line}");
        assert_eq!(seen["connections"][0]["state"], "authorized", "{line}");
    }
    // The same once more: everybody has it.
    run(0, &format!("{plan} --force"));
    let id = self::id(&run(0, "rollout start rollout.json"));
    let ran = run(0, &format!("rollout run {id} --json"));
    assert!(
        states(&json_of(&ran)["rollout"])
            .values()
            .all(|state| state == "same")
    );
    run(0, &format!("rollout run {id}"));
    run(3, &format!("rollout pause {id}"));
}

#[test]
fn customers_get_it_wave_by_wave_in_the_local_platform() {
    let place = partner(4);
    place.write("fleet.toml", "");
    story(&|code, words| line(&place, code, words), "studio");
    let told = line(&place, 0, "recipe list --in local:c4");
    assert!(told.stdout.contains("running"), "{}", told.stdout);
}

/// What is read again is known from then on: the platform says who stopped a recipe.
fn stopped_by_a_person(run: &dyn Fn(i32, &str) -> Run) {
    let list = run(0, "rollout status --json");
    let rollouts = json_of(&list);
    let last = rollouts["rollouts"].as_array().expect("a list").last();
    let id = last.expect("one")["id"].as_str().expect("an id").to_owned();
    run(2, &format!("rollout drift {id} --detailed-exitcode"));
    let board = json_of(&run(0, "rollout board --json"));
    let lines = board["lines"].as_array().expect("lines").iter();
    let states = lines.map(|line| line["seen"]["recipes"][0]["state"].clone());
    let stopped = states.filter(|state| state == "stopped");
    assert_eq!(stopped.count(), 1, "{board}");
    run(0, "fleet query stopped --detailed-exitcode");
}

#[test]
fn customers_get_it_wave_by_wave_over_the_api() {
    let place = partner(4);
    // The platform has no labels.
    place.write(
        "fleet.toml",
        "[customers.E-1]\nlabels = { ring = \"first\" }\n",
    );
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let run = |code, words: &str| api(&caller, code, words);
    story(&run, &caller.url);
    line(&place, 0, "recipe stop Quote --in local:c2");
    stopped_by_a_person(&run);
}

/// The first failure stops it; a person says what becomes of it.
#[test]
fn a_budget_is_kept_and_a_person_decides() {
    let place = partner(5);
    place.write(
        "faults.toml",
        "[[faults]]\nmethod = \"POST\"\npath = \"*/imports\"\nafter = 1\ntimes = 2\ndo = { job-fails = { error = \"it is full\" } }\n",
    );
    let sandbox = Sandbox::of(&place, &["--fault", "faults.toml"]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 5 -o rollout.json",
        caller.url
    );
    let planned = api(&caller, 0, &plan);
    assert!(
        planned.stdout.contains("at worst 1 of 5 customers fail."),
        "{}",
        planned.stdout
    );
    let id = id(&api(&caller, 0, "rollout start rollout.json"));
    let run = format!("rollout run {id} --json");
    let halted = json_of(&api(&caller, 68, &run));
    let states_of = |document: &Value| states(&document["rollout"]);
    let found = states_of(&halted);
    assert_eq!(
        ["c1", "c2", "c3"].map(|name| found[name].as_str()),
        ["applied", "failed", "waiting"],
        "{halted}"
    );
    // Nothing more is begun, however often it is asked.
    assert_eq!(states_of(&json_of(&api(&caller, 68, &run))), found);
    api(&caller, 0, &format!("rollout retry {id} E-2"));
    let again = states_of(&json_of(&api(&caller, 68, &run)));
    assert_eq!(again["c2"], "failed", "the second fault");
    let wrong = api(&caller, 1, &format!("rollout skip {id} E-9"));
    assert!(
        wrong.stderr.contains("error[names-nothing]"),
        "{}",
        wrong.stderr
    );
    api(&caller, 0, &format!("rollout skip {id} E-2"));
    api(&caller, 0, &format!("rollout hold {id} c4"));
    let rest = states_of(&json_of(&api(&caller, 68, &run)));
    assert_eq!(
        ["c1", "c2", "c3", "c4", "c5"].map(|name| rest[name].as_str()),
        ["applied", "skipped", "applied", "held", "applied"]
    );
    api(&caller, 0, &format!("rollout retry {id} --held"));
    let last = states_of(&json_of(&api(&caller, 68, &run)));
    assert_eq!(last["c4"], "applied", "what was done goes on");
}

/// Orders hold from the next step on, and another roll-out has to take the place of one.
#[test]
fn orders_win_and_places_are_taken_only_when_that_is_said() {
    let place = partner(3);
    let run = |code, words: &str| line(&place, code, words);
    let plan = "rollout plan p.zip --of studio --waves 1 --settings settings.toml -o rollout.json";
    run(0, plan);
    let first = id(&run(0, "rollout start rollout.json"));
    run(0, &format!("rollout pause {first}"));
    run(3, &format!("rollout run {first}"));
    run(3, &format!("rollout pause {first}"));
    run(0, &format!("rollout resume {first}"));
    run(0, &format!("rollout run {first}"));
    package(&place, "p.zip", "updated");
    // What was planned is another package.
    let stale = run(3, "rollout start rollout.json");
    assert!(
        stale.stderr.contains("error[stale-plan]"),
        "{}",
        stale.stderr
    );
    run(0, &format!("{plan} --force"));
    let second = id(&run(0, "rollout start rollout.json"));
    // A recipe that runs is restarted by nobody who was not allowed to.
    let held = json_of(&run(68, &format!("rollout run {second} --json")));
    assert!(
        states(&held["rollout"])
            .values()
            .all(|state| state == "held")
    );
    let why = held["rollout"]["members"][0]["why"]
        .as_str()
        .expect("a text");
    assert!(why.contains("--restart-recipes"), "{why}");
    run(0, &format!("{plan} --restart-recipes --force"));
    let third = id(&run(0, "rollout start rollout.json"));
    let taken = run(3, "rollout start rollout.json");
    assert!(
        taken.stderr.contains(&format!("--supersede {third}")),
        "{}",
        taken.stderr
    );
    std::thread::sleep(Duration::from_secs(1));
    let fourth = id(&run(
        0,
        &format!("rollout start rollout.json --supersede {third}"),
    ));
    let over = run(3, &format!("rollout run {third}"));
    assert!(over.stdout.contains("superseded"), "{}", over.stdout);
    run(0, &format!("rollout run {fourth}"));
    run(1, "rollout status 0123456789ab");
    let list = run(0, "rollout status");
    assert_eq!(list.stdout.lines().count(), 4, "{}", list.stdout);
    let watched = run(0, &format!("rollout status {fourth} --watch --json"));
    assert_eq!(json_of(&watched)["status"], "done", "one document");
    let csv = run(0, "rollout board --csv").stdout;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    // Somebody changes what was left there.
    run(0, "recipe stop Quote --in local:c2");
    let drifted = run(2, &format!("rollout drift {fourth} --detailed-exitcode"));
    assert!(
        drifted.stdout.contains("local:c2  c2  differs"),
        "{}",
        drifted.stdout
    );
    // What was seen is kept. The local platform does not say who stopped it, which is no "nobody did".
    let stopped = run(68, "fleet query stopped --detailed-exitcode --json");
    let unknown = &json_of(&stopped)["unknown"];
    assert_eq!(unknown.as_array().map(Vec::len), Some(1), "{unknown}");
    assert_eq!(unknown[0]["name"], "c2", "{unknown}");
    assert_eq!(unknown[0]["subject"]["name"], "Quote", "{unknown}");
    let csv = run(0, "fleet query stopped --csv").stdout;
    assert!(
        csv.lines().count() == 2 && csv.contains("\nunknown,local:c2,"),
        "{csv}"
    );
    let page = run(0, "fleet query stopped --html").stdout;
    assert!(
        page.contains("Not all is known") && page.contains("Quote"),
        "{page}"
    );
    let board = run(0, "rollout board --stopped");
    assert_eq!(board.stdout, "", "nobody is known to be");
    assert!(
        board.stderr.contains("of 1 customer it is not known"),
        "{}",
        board.stderr
    );
}

/// What waits for a person is not as planned, however often it is tried.
#[test]
fn what_waits_for_a_person_is_never_taken_for_done() {
    let place = partner(1);
    let settings = "[all.properties]\n\"erp.url\" = \"https://erp.example\"\n\"erp.key\" = \"k\"\n[all.connections]\n\"Orders/ERP\" = \"person\"\n[all.recipes]\n\"*\" = \"start\"\n";
    place.write("settings.toml", settings);
    line(
        &place,
        0,
        "rollout plan p.zip --of studio --settings settings.toml -o rollout.json",
    );
    let id = id(&line(&place, 0, "rollout start rollout.json"));
    for _ in 0..2 {
        let ran = json_of(&line(&place, 68, &format!("rollout run {id} --json")));
        assert_eq!(states(&ran["rollout"])["c1"], "partly", "{ran}");
        line(&place, 0, &format!("rollout retry {id} --failed"));
    }
    line(&place, 0, "connection authorize --all --in local:c1");
    line(&place, 0, &format!("rollout run {id}"));
    let recipes = line(&place, 0, "recipe list --in local:c1 --json");
    assert_eq!(json_of(&recipes)["recipes"][0]["state"], "running");
}

/// Who is held for some time is left alone, and has its turn afterwards.
#[test]
fn who_is_frozen_is_left_alone_until_the_end() {
    let place = partner(2);
    let freeze = |until: &str| {
        let why = "why = \"year-end close\"";
        let fleet = format!("[customers.c1]\nfreeze = {{ until = {until}, {why} }}\n");
        place.write("fleet.toml", &fleet);
        let plan = "rollout plan p.zip --of studio --fleet fleet.toml -o rollout.json --force";
        let planned = line(&place, 0, plan).stdout;
        id(&line(&place, 0, "rollout start rollout.json")) + &planned
    };
    let told = freeze("2999-01-01T01:00:00+01:00");
    let (id, planned) = told.split_at(12);
    assert!(
        planned.contains("c1  held until 2999-01-01T00:00:00Z: year-end close\n"),
        "{planned}"
    );
    let ran = json_of(&line(&place, 69, &format!("rollout run {id} --json")));
    let found = states(&ran["rollout"]);
    assert_eq!(
        [&found["c1"], &found["c2"]],
        ["waiting", "applied"],
        "{ran}"
    );
    assert_eq!(ran["until"], 32_472_144_000_u64, "{ran}");
    line(&place, 0, &format!("rollout abort {id}"));
    let told = freeze("2001-01-01");
    line(&place, 0, &format!("rollout run {}", &told[..12]));
}

/// Three runners at once: everybody gets it, and once.
#[test]
fn several_runners_send_to_each_once() {
    let place = partner(9);
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "studio");
    let between = Between::of(&sandbox);
    let caller = caller.through(&between);
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 3 --at-once 3 --settings settings.toml -o rollout.json",
        caller.url
    );
    api(&caller, 0, &plan);
    let id = id(&api(&caller, 0, "rollout start rollout.json"));
    // Each of the processes works on several at once; no more than three are, all together.
    // What they ask is counted in the ledger, too.
    let words = format!("rollout run {id} --parallel 2 --rate 100/s");
    let runners: Vec<_> = (0..3)
        .map(|number| {
            let arguments: Vec<&str> = words.split(' ').collect();
            let mut command = command(&place, &caller.url, &caller.token, &arguments);
            command.env("ERP_KEY", "k");
            // Of three machines, nothing is shared but the ledger.
            command.env("XDG_STATE_HOME", place.path(&format!("state-{number}")));
            command.env("RECIPACK_LEDGER", place.path("state/recipack/ledger.db"));
            command
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("it starts")
        })
        .collect();
    for mut runner in runners {
        let code = runner.wait().expect("it ends").code();
        assert_eq!(code, Some(0));
    }
    let status = json_of(&api(&caller, 0, &format!("rollout status {id} --json")));
    assert!(
        states(&status).values().all(|state| state == "applied"),
        "{status}"
    );
    let attempts = status["members"].as_array().expect("members").iter();
    assert!(
        attempts
            .map(|member| &member["attempt"])
            .all(|attempt| attempt == 1),
        "{status}"
    );
    assert_eq!(imports(&between), 9);
}

/// How often a package was sent.
pub(super) fn imports(between: &Between) -> usize {
    let lines = between.lines();
    lines
        .iter()
        .filter(|line| line.starts_with("POST ") && line.ends_with("/imports"))
        .count()
}

/// A runner is killed at each request that changes something, before or after it arrives; another
/// one, with nothing but the ledger, brings it to its end, and nobody gets anything twice.
#[test]
fn a_runner_that_dies_anywhere_is_followed_by_another() {
    let cases: Vec<(bool, usize)> = [false, true]
        .into_iter()
        .flat_map(|arrives| (1..=8).map(move |number| (arrives, number)))
        .collect();
    let killed = Mutex::new(0);
    each(&cases, |_, (arrives, number)| {
        if killed_at(*number, *arrives, is_change, "4s") {
            *killed.lock().expect("not poisoned") += 1;
        }
    });
    let killed = *killed.lock().expect("not poisoned");
    assert!(killed >= 8, "a runner was killed {killed} times");
}

/// The same at a few of all requests.
#[test]
fn a_runner_that_dies_at_a_question_is_followed_by_another() {
    each(&[3, 12], |_, number| {
        assert!(killed_at(*number, false, |_| true, "4s"), "{number}");
    });
}

/// And at each of them.
#[test]
#[ignore = "takes ten minutes: each of some hundred requests takes as long as a lease"]
fn a_runner_that_dies_at_any_request_is_followed_by_another() {
    let killed = [false, true].map(|arrives| {
        let points = Mutex::new(0);
        for first in (1..).step_by(4) {
            let last = Mutex::new(true);
            each(
                &[first, first + 1, first + 2, first + 3],
                |_, number| // Longer than any of them takes, on a busy machine too.
                match killed_at(*number, arrives, |_| true, "20s") {
                    true => *points.lock().expect("not poisoned") += 1,
                    false => *last.lock().expect("not poisoned") = false,
                },
            );
            if !*last.lock().expect("not poisoned") {
                break;
            }
        }
        let points = *points.lock().expect("not poisoned");
        assert!(points >= 30, "{points}");
        points
    });
    println!("killed at {killed:?} requests, which did not arrive, and did");
}

/// Whether the runner was killed at its `number`th request of some kind: it may have sent fewer.
fn killed_at(
    number: usize,
    arrives: bool,
    kind: fn(&crate::stage::Asked) -> bool,
    lease: &str,
) -> bool {
    let place = partner(2);
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "studio").through(&between);
    let plan = format!(
        "rollout plan p.zip --of {} --folder Desk --waves 2 --settings settings.toml -o rollout.json",
        caller.url
    );
    api(&caller, 0, &plan);
    let id = id(&api(&caller, 0, "rollout start rollout.json"));
    let words = format!("rollout run {id} --lease {lease} --arrives-within 1s");
    let runner: Arc<Mutex<Option<std::process::Child>>> = Arc::default();
    let killed = Arc::new(Mutex::new(false));
    {
        let (runner, killed, seen) = (Arc::clone(&runner), Arc::clone(&killed), Mutex::new(0));
        between.rule(move |asked, _| {
            if !kind(asked) {
                return Fate::Passes;
            }
            let mut seen = seen.lock().expect("not poisoned");
            *seen += 1;
            if *seen != number {
                return Fate::Passes;
            }
            *killed.lock().expect("not poisoned") = true;
            let mut runner = runner.lock().expect("not poisoned");
            if let Some(runner) = runner.as_mut() {
                let _ = runner.kill();
            }
            match arrives {
                true => Fate::Passes,
                false => Fate::Kept(crate::stage::Told::default()),
            }
        });
    }
    {
        let mut held = runner.lock().expect("not poisoned");
        let arguments: Vec<&str> = words.split(' ').collect();
        let mut command = command(&place, &caller.url, &caller.token, &arguments);
        command
            .env("ERP_KEY", "k")
            .stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        *held = Some(command.spawn().expect("it starts"));
    }
    let begun = Instant::now();
    loop {
        let ended = runner
            .lock()
            .expect("not poisoned")
            .as_mut()
            .map(|c| c.try_wait());
        if let Some(Ok(Some(_))) = ended {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "it ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    let was_killed = *killed.lock().expect("not poisoned");
    between.rule(|_, _| Fate::Passes);
    // Another machine: it knows the ledger and the token.
    let words = format!("rollout run {id} --lease 2m --arrives-within 1s");
    let arguments: Vec<&str> = words.split(' ').collect();
    let mut command = command(&place, &caller.url, &caller.token, &arguments);
    command.env("ERP_KEY", "k");
    command.env("XDG_STATE_HOME", place.path("elsewhere"));
    command.env("RECIPACK_LEDGER", place.path("state/recipack/ledger.db"));
    let after = Run::from(command.output().expect("it starts"));
    let what = format!(
        "killed at {number}, arrives {arrives}: {}{}",
        after.stdout, after.stderr
    );
    assert_eq!(after.code, 0, "{what}");
    for name in ["c1", "c2"] {
        let history = line(&place, 0, &format!("history local:{name} --json"));
        let revisions = json_of(&history)["revisions"]
            .as_array()
            .expect("a list")
            .len();
        assert_eq!(revisions, 1, "{name} got it once; {what}");
        let recipes = line(&place, 0, &format!("recipe list --in local:{name} --json"));
        assert_eq!(
            json_of(&recipes)["recipes"][0]["state"],
            "running",
            "{name}; {what}"
        );
    }
    was_killed
}

#[test]
fn what_cannot_be_rolled_out_is_told() {
    let place = partner(2);
    place.write("wrong.toml", "[customers.c9]\nhold = \"x\"\n");
    place.write("word.toml", "[customers.c1]\nhould = \"x\"\n");
    let freeze = |freeze: &str| format!("[customers.c1]\nfreeze = {freeze}\n");
    place.write("day.toml", &freeze("{ until = 20:00:00, why = \"x\" }"));
    place.write(
        "clock.toml",
        &freeze("{ until = 2999-01-01T20:00:00, why = \"x\" }"),
    );
    place.write(
        "turned.toml",
        &freeze("{ from = 2999-01-02, until = 2999-01-01, why = \"x\" }"),
    );
    place.write(
        "held.toml",
        "[customers.c1]\nhold = \"x\"\n[customers.c2]\nhold = \"y\"\n",
    );
    line(&place, 0, "workspace create lonely --kind admin");
    for (words, code, told) in [
        ("rollout plan p.zip --of lonely", 1, "error[no-customers]"),
        ("rollout plan p.zip --of c1", 64, "no admin workspace"),
        (
            "rollout plan p.zip --of studio --customers c9",
            1,
            "error[names-nothing]",
        ),
        (
            "rollout plan p.zip --of studio --customers ring=last",
            1,
            "no customer has the label",
        ),
        (
            "rollout plan p.zip --of studio --waves 2,1",
            1,
            "error[empty-wave]",
        ),
        (
            "rollout plan p.zip --of studio --waves ring=last",
            1,
            "error[empty-wave]",
        ),
        ("rollout plan p.zip --of studio --waves 0", 64, "is no wave"),
        (
            "rollout plan p.zip --of studio --at-once 0",
            1,
            "error[empty-wave]",
        ),
        (
            "rollout plan p.zip p.zip --of studio",
            1,
            "error[same-package]",
        ),
        (
            "rollout plan p.zip --of studio --fleet wrong.toml",
            1,
            "there is no customer `c9`",
        ),
        (
            "rollout plan p.zip --of studio --fleet word.toml",
            1,
            "word.toml:2:",
        ),
        (
            "rollout plan p.zip --of studio --fleet day.toml",
            1,
            "is no moment",
        ),
        (
            "rollout plan p.zip --of studio --fleet clock.toml",
            1,
            "is no moment",
        ),
        (
            "rollout plan p.zip --of studio --fleet turned.toml",
            1,
            "is not after its `from`",
        ),
        (
            "rollout plan p.zip --of studio --fleet held.toml",
            1,
            "each of the 2 customers is held",
        ),
        ("rollout plan settings.toml --of studio", 1, "error["),
        (
            "rollout plan p.zip --of studio -o p.zip",
            64,
            "error[output-taken]",
        ),
        ("rollout start p.zip", 1, "error["),
        ("rollout start settings.toml", 1, "error[invalid-plan]"),
        ("rollout run 0123456789ab", 1, "error[ledger]"),
        ("rollout status", 1, "error[ledger]"),
        ("rollout run 0123", 64, "hexadecimal"),
    ] {
        let run = line(&place, code, words);
        assert!(run.stderr.contains(told), "{words}: {}", run.stderr);
    }
    line(&place, 0, "rollout plan p.zip --of studio -o rollout.json");
    let text = std::fs::read_to_string(place.path("rollout.json")).expect("written");
    place.write("rollout.json", &text.replace("local:c2", "local:c1"));
    let damaged = line(&place, 4, "rollout start rollout.json");
    assert!(
        damaged.stderr.contains("error[damaged-plan]"),
        "{}",
        damaged.stderr
    );
    place.write("ledger.db", "no ledger\n");
    place.write("rollout.json", &text);
    let taken = line(&place, 1, "rollout start rollout.json --ledger ledger.db");
    assert!(taken.stderr.contains("error[ledger]"), "{}", taken.stderr);
    let kept = std::fs::read_to_string(place.path("ledger.db")).expect("there");
    assert_eq!(
        kept, "no ledger\n",
        "nothing is written to what is no ledger"
    );
}
