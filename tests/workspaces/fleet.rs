//! Fleets: several runners as processes, a platform that fails in many ways and counts what it is asked
//! for, and one ledger that the runners share.
#![expect(clippy::print_stdout, reason = "figures for whoever asks for them")]

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::damage::Numbers;
use crate::support::fleet::{line, package, partner, words};
use crate::support::sandbox::{Sandbox, command, token};
use crate::support::{Place, Run};

/// What the platform does instead of what it is asked for.
const FAULTS: &str = r#"
[[faults]]
method = "POST"
path = "*/imports"
after = 1
do = "lose-answer"

[[faults]]
method = "POST"
path = "*/imports"
after = 3
do = { job-fails = { error = "it is full" } }

[[faults]]
method = "GET"
path = "*"
after = 40
times = 2
do = { status = { status = 503, message = "later" } }

[[faults]]
method = "GET"
path = "*"
after = 50
times = 2
do = { status = { status = 429, headers = { "Retry-After" = "1" }, message = "slow down" } }

[[faults]]
method = "GET"
path = "*"
after = 60
do = "cut-body"
"#;

/// After these nobody knows for a minute whether a package arrived.
const MORE_FAULTS: &str = r#"
[[faults]]
method = "POST"
path = "*/imports"
after = 30
do = "reset"

[[faults]]
method = "POST"
path = "*/imports"
after = 40
do = { status = { status = 500, message = "it broke" } }
"#;

/// Those of the platform: of this machine's sandboxes no others are kept.
const LIMITS: &str = r#"
connectors = "1/s"
other = "60/min"
embedded-recipes = "2000/min"
embedded-recipe-changes = "1000/min"
embedded-imports = "1000/min"
embedded-import-states = "1000/min"
embedded-packages = "60/min"
embedded-connections = "1000/min"
embedded-connection-changes = "60/min"
embedded-properties = "1000/min"
embedded-property-changes = "60/min"
embedded-other = "60/min"
"#;

/// How often the faults answer that it is asked too often.
const TOO_OFTEN: usize = 2;

/// A partner with so many customers behind the API, and a ledger.
struct Fleet {
    place: Place,
    sandbox: Sandbox,
    token: String,
    ledger: String,
    customers: usize,
    /// How often faults answer that it is asked too often.
    too_often: RangeInclusive<usize>,
}

impl Fleet {
    fn new(customers: usize, ledger: Option<String>, faults: &str) -> Self {
        let place = partner(customers);
        place.write("faults.toml", faults);
        let options = [
            "--limits",
            "documented",
            "--fault",
            "faults.toml",
            "--verbose",
        ];
        let sandbox = Sandbox::of(&place, &options);
        let token = token(&place, "studio");
        let ledger = ledger.unwrap_or_else(|| {
            let path = place.path("shared/ledger.db");
            path.to_str().expect("UTF-8").to_owned()
        });
        Self {
            place,
            sandbox,
            token,
            ledger,
            customers,
            too_often: TOO_OFTEN..=TOO_OFTEN,
        }
    }

    fn begin(&self, line: &str, machine: usize) -> Child {
        let arguments = words(line);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = command(&self.place, &self.sandbox.url, &self.token, &arguments);
        command.env("ERP_KEY", "k");
        // Machines share the ledger and nothing else.
        let state = self.place.path(&format!("state-{machine}"));
        command.env("XDG_STATE_HOME", state);
        command.env("RECIPACK_LEDGER", &self.ledger);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).spawn().expect("it starts")
    }

    fn run(&self, line: &str) -> Run {
        let ended = self.begin(line, 0).wait_with_output();
        Run::from(ended.expect("it ends"))
    }

    #[track_caller]
    fn done(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!(run.code, 0, "{line}: {}{}", run.stdout, run.stderr);
        run.stdout
    }

    /// Runs it with three runners at once, until none of them goes further.
    fn runners(&self, id: &str) -> Vec<Run> {
        // It has to be longer than limits keep one import.
        let lease = if self.customers > 50 { "3m" } else { "30s" };
        let line = format!("rollout run {id} --lease {lease} --arrives-within 2s --job-timeout 20");
        let runners: Vec<Child> = (1..=3).map(|machine| self.begin(&line, machine)).collect();
        let ended = runners.into_iter().map(Child::wait_with_output);
        ended
            .map(|ended| Run::from(ended.expect("it ends")))
            .collect()
    }

    /// What a person does who does not want to wait: ends what does not end, and has everybody tried
    /// again who failed or did not answer.
    fn try_again(&self, id: &str, members: &[Value]) {
        for member in members {
            let name = member["name"].as_str().expect("a name");
            let why = member["why"].as_str().unwrap_or_default();
            if member["state"] == "working" {
                self.run(&format!("rollout hold {id} {name}"));
            } else if why.starts_with("no answer") {
                self.run(&format!("rollout retry {id} {name}"));
            }
        }
        self.run(&format!("rollout retry {id} --failed"));
        self.run(&format!("rollout retry {id} --held"));
    }

    fn status(&self, id: &str) -> Value {
        let status = self.done(&format!("rollout status {id} --json"));
        serde_json::from_str(&status).expect("JSON")
    }

    /// How many revisions a customer has: each import that changed something made one.
    fn imports(&self, customer: usize) -> usize {
        let history = line(&self.place, 0, &format!("history local:c{customer} --json"));
        let history: Value = serde_json::from_str(&history.stdout).expect("JSON");
        history["revisions"].as_array().expect("a list").len()
    }

    /// Brings a plan to all customers: within the budget, to each once, and no request too many.
    fn carries_out(&self, plan: &str, budget: u64, before: usize) -> String {
        let plan = format!(
            "rollout plan p.zip --of {} --folder Desk --settings settings.toml --budget {budget} --restart-recipes {plan} -o rollout.json --force --quiet",
            self.sandbox.url
        );
        // Where the platform does not answer again and again, the same command may be repeated.
        for _ in 0..5 {
            if self.run(&plan).code != 75 {
                break;
            }
        }
        self.done(&plan);
        let id = self
            .done("rollout start rollout.json --quiet")
            .trim()
            .to_owned();
        let mut runs = self.runners(&id);
        let first = self.status(&id);
        let failures = first["failures"].as_u64().expect("a number");
        assert!(failures <= budget + 1, "past the budget: {first}");
        for _ in 0..12 {
            let status = self.status(&id);
            let members = status["members"].as_array().expect("members");
            let reached =
                |member: &&Value| matches!(member["state"].as_str(), Some("applied" | "same"));
            if members.iter().filter(reached).count() == self.customers {
                break;
            }
            self.try_again(&id, members);
            runs.extend(self.runners(&id));
        }
        let told = || {
            let told = runs
                .iter()
                .map(|run| format!("{}: {}{}\n", run.code, run.stdout, run.stderr));
            told.collect::<String>()
        };
        let status = self.status(&id);
        assert_eq!(status["reached"], self.customers, "{status}: {}", told());
        for customer in 1..=self.customers {
            assert_eq!(
                self.imports(customer),
                before + 1,
                "c{customer}: {}",
                told()
            );
        }
        let log = std::fs::read_to_string(self.place.path("sandbox.log")).expect("a log");
        let refused = log.lines().filter(|line| line.contains(": 429")).count();
        assert!(
            self.too_often.contains(&refused),
            "but for faults, no request is too many: {refused}"
        );
        let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in first["members"].as_array().expect("members") {
            *outcomes
                .entry(member["state"].as_str().expect("a text"))
                .or_default() += 1;
        }
        println!(
            "after the first runs: {outcomes:?}; {failures} of at most {} failed",
            budget + 1
        );
        id
    }

    /// The board says what the platform itself says of customers.
    fn board_is_so(&self) {
        let board: Value = serde_json::from_str(&self.done("rollout board --json")).expect("JSON");
        let lines = board["lines"].as_array().expect("lines");
        assert_eq!(lines.len(), self.customers);
        for customer in [1, self.customers / 2, self.customers] {
            let name = format!("c{customer}");
            let said = lines.iter().find(|line| line["name"] == name);
            let said = said.expect("a line for each");
            let list = line(
                &self.place,
                0,
                &format!("recipe list --in local:{name} --json"),
            );
            let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
            let recipes = list["recipes"].as_array().expect("a list");
            let running = recipes.iter().filter(|recipe| recipe["state"] == "running");
            assert_eq!(said["running"], running.count(), "{said}: {list}");
            assert_eq!(said["stopped"], 0, "{said}");
        }
    }
}

/// A small fleet gets a package: so few that no limit keeps it.
fn small(ledger: Option<String>) {
    let begun = Instant::now();
    let fleet = Fleet::new(5, ledger, FAULTS);
    fleet.carries_out("--waves 2", 4, 0);
    fleet.board_is_so();
    println!("{:?}", begun.elapsed());
}

#[test]
fn a_small_fleet_gets_it_once_whatever_the_platform_does_by_a_file() {
    small(None);
}

#[cfg(unix)]
#[test]
#[cfg_attr(not(debian_postgres), ignore = "needs Debian's postgresql")]
fn a_small_fleet_gets_it_once_whatever_the_platform_does_by_postgresql() {
    let database = crate::ledger::server::Database::new();
    small(Some(database.address()));
}

/// Two hundred customers, and then the next version, whose import leaves recipes stopped; nearly two
/// hours, most of which limits keep it.
fn large(ledger: Option<String>) {
    let begun = Instant::now();
    let customers = 200;
    let stopped = format!(
        "[[faults]]\nmethod = \"POST\"\npath = \"*/imports\"\nafter = {}\ntimes = 2\ndo = \"restart-fails\"\n{MORE_FAULTS}{FAULTS}",
        customers + 20
    );
    let fleet = Fleet::new(customers, ledger, &stopped);
    fleet
        .place
        .write("home/.config/recipack/limits.toml", LIMITS);
    fleet.carries_out("--waves 5,20%", 8, 0);
    fleet.board_is_so();
    println!("first: {:?}", begun.elapsed());
    package(&fleet.place, "p.zip", "updated");
    fleet.carries_out("--waves 5,20%", 8, 1);
    fleet.board_is_so();
    println!("both: {:?}", begun.elapsed());
}

#[test]
#[ignore = "takes hours, which limits keep it; run by hand: cargo test --test workspaces fleet -- --ignored"]
fn a_large_fleet_gets_it_once_whatever_the_platform_does_by_a_file() {
    large(None);
}

#[cfg(unix)]
#[test]
#[ignore = "takes hours, which limits keep it, and Debian's postgresql"]
fn a_large_fleet_gets_it_once_whatever_the_platform_does_by_postgresql() {
    let database = crate::ledger::server::Database::new();
    large(Some(database.address()));
}

/// The time that the plan says is the time that it takes, within a fifth: where nobody has it, and where
/// everybody has an earlier version.
fn takes_as_long_as_planned(customers: usize, close: u64) {
    let place = partner(customers);
    place.write("home/.config/recipack/limits.toml", LIMITS);
    let sandbox = Sandbox::of(&place, &["--limits", "documented"]);
    let fleet = Fleet {
        token: token(&place, "studio"),
        ledger: place.path("ledger.db").to_str().expect("UTF-8").to_owned(),
        customers,
        too_often: 0..=0,
        sandbox,
        place,
    };
    for end in ["new", "earlier"] {
        let plan = format!(
            "rollout plan p.zip --of {} --folder Desk --settings settings.toml --waves {customers} --at-once 3 --restart-recipes -o rollout.json --force --json",
            fleet.sandbox.url
        );
        let plan: Value = serde_json::from_str(&fleet.done(&plan)).expect("JSON");
        let planned = plan["estimate"]["seconds"][end].as_u64().expect("a number");
        let id = fleet
            .done("rollout start rollout.json --quiet")
            .trim()
            .to_owned();
        let begun = Instant::now();
        for run in fleet.runners(&id) {
            assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        }
        let took = begun.elapsed().as_secs();
        println!("{end}: planned {planned} s, took {took} s");
        assert!(
            planned.abs_diff(took) * 100 <= took.max(planned) * close,
            "{end}: planned {planned} s, took {took} s"
        );
        // No limit still counts what the first ones sent.
        std::thread::sleep(Duration::from_secs(66));
        package(&fleet.place, "p.zip", "updated");
    }
}

#[test]
#[ignore = "takes an hour, which limits keep it; run by hand: cargo test --test workspaces fleet -- --ignored"]
fn a_hundred_customers_take_as_long_as_planned() {
    takes_as_long_as_planned(100, 20);
}

/// Faults that look random and are the same for the same number; and how many of them answer that it is
/// asked too often.
fn faults(seed: u64) -> (String, usize) {
    let mut numbers = Numbers(seed);
    let (mut script, mut too_often) = (String::new(), 0);
    for _ in 0..3 + numbers.below(6) {
        let after = numbers.below(12);
        let what = match numbers.below(8) {
            0 => "\"lose-answer\"",
            1 => "\"reset\"",
            2 => "\"cut-body\"",
            3 => "\"never-ends\"",
            4 => "\"restart-fails\"",
            5 => "{ slow = { milliseconds = 1500 } }",
            6 => "{ job-fails = { error = \"it is full\" } }",
            _ => "{ status = { status = 500, message = \"it broke\" } }",
        };
        script += &format!(
            "[[faults]]\nmethod = \"POST\"\npath = \"*/imports\"\nafter = {after}\ndo = {what}\n\n"
        );
    }
    for _ in 0..4 + numbers.below(12) {
        let method = ["GET", "GET", "GET", "PUT", "POST"][numbers.below(5)];
        let (after, times) = (numbers.below(90), 1 + numbers.below(3));
        let what = match numbers.below(6) {
            0 => "\"cut-body\"",
            1 => "\"reset\"",
            2 => "\"lose-answer\"",
            3 => "{ status = { status = 502, message = \"later\" } }",
            4 => "{ slow = { milliseconds = 700 } }",
            _ => {
                too_often += times;
                "{ status = { status = 429, headers = { \"Retry-After\" = \"1\" }, message = \"slow down\" } }"
            }
        };
        script += &format!(
            "[[faults]]\nmethod = \"{method}\"\npath = \"*\"\nafter = {after}\ntimes = {times}\ndo = {what}\n\n"
        );
    }
    (script, too_often)
}

/// Whatever goes wrong where: each gets it once, and no more fail than may.
fn seeded(seed: u64) {
    let (script, too_often) = faults(seed);
    let mut fleet = Fleet::new(5, None, &script);
    // Not every fault strikes.
    fleet.too_often = 0..=too_often;
    fleet
        .place
        .write("home/.config/recipack/limits.toml", LIMITS);
    let budget = seed % 4;
    println!("seed {seed}, a budget of {budget}\n{script}");
    fleet.carries_out("--waves 2", budget, 0);
    fleet.board_is_so();
}

/// `RECIPACK_SEEDS=0..200` says which.
#[test]
#[ignore = "takes an hour, most of which is waiting; run by hand: cargo test --test workspaces fleet -- --ignored"]
fn fleets_get_it_once_whatever_goes_wrong_where() {
    let asked = std::env::var("RECIPACK_SEEDS").unwrap_or_else(|_| "0..200".to_owned());
    let (first, end) = asked.split_once("..").expect("a range");
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let seeds: Vec<u64> = (number(first)..number(end)).collect();
    let next = AtomicUsize::new(0);
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut failed = Vec::new();
                    while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if std::panic::catch_unwind(|| seeded(seed)).is_err() {
                            println!("seed {seed} failed");
                            failed.push(seed);
                        }
                    }
                    failed
                })
            })
            .collect();
        let ended = workers
            .into_iter()
            .map(|worker| worker.join().expect("it ends"));
        ended.flatten().collect()
    });
    assert!(failed.is_empty(), "{failed:?} of {asked}");
}
