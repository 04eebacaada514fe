//! Roll-outs whose runner is killed at its writes, to the ledger and to the platform: another one goes
//! on with a copy of the ledger, nothing is done twice and nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use rusqlite::Connection;
use serde_json::Value;

use super::tracing::{at_hand, for_each, run};
use super::{Ended, command, quick_place, recipack, sound};
use crate::support::{Place, fixture};

const CUSTOMERS: [&str; 2] = ["c1", "c2"];

/// A platform with customers and a ledger with a roll-out to them, and its id.
struct Begun {
    place: Place,
    id: String,
}

fn output(folder: &Path, arguments: &[&str]) -> String {
    let mut command = command(env!("CARGO_BIN_EXE_recipack"), folder);
    let output = command.args(arguments).output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

impl Begun {
    fn new() -> Self {
        let place = quick_place();
        let folder = place.path("before");
        fs::create_dir(&folder).expect("made");
        let partner = fixture("partner");
        let partner = partner.to_str().expect("UTF-8");
        let export =
            "export PARTNER --for customer --catalog none --include Functions/** -q -o p.zip";
        let words: Vec<&str> = export
            .split(' ')
            .map(|word| if word == "PARTNER" { partner } else { word })
            .collect();
        output(&folder, &words);
        for line in [
            "workspace create studio --kind admin",
            "customer create c1 --of studio",
            "customer create c2 --of studio",
            "rollout plan p.zip --of studio --waves 2 --allow-missing-connectors -o r.json",
        ] {
            output(&folder, &line.split(' ').collect::<Vec<_>>());
        }
        let start = ["rollout", "start", "r.json", "--ledger", "ledger.db", "-q"];
        let id = output(&folder, &start).trim().to_owned();
        Self { place, id }
    }

    /// A copy of all of it.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.place.path(name);
        fs::create_dir_all(&folder).expect("made");
        for file in ["p.db", "ledger.db"] {
            let from = self.place.path("before").join(file);
            fs::copy(from, folder.join(file)).expect("copied");
        }
        folder
    }

    fn words<'a>(&'a self, ledger: &'a str) -> [&'a str; 7] {
        [
            "rollout", "run", &self.id, "--lease", "1s", "--ledger", ledger,
        ]
    }

    /// Kills a runner at its `k`-th call of `name`, and goes on elsewhere. Says whether it was killed.
    fn killed_at(&self, name: &'static str, k: usize) -> bool {
        let folder = self.folder(&format!("{name}-{k}"));
        let fault = "signal=SIGKILL";
        let at = k.to_string();
        let (ended, _) = run(&folder, (name, fault, &at), &self.words("ledger.db"));
        let what = format!("{name} {k}: {}", ended.stderr);
        // Whatever belongs to the ledger, as it is, in another folder.
        let elsewhere = folder.join("elsewhere");
        fs::create_dir(&elsewhere).expect("made");
        for file in fs::read_dir(&folder).expect("readable") {
            let file = file.expect("an entry");
            if file.file_name().to_string_lossy().starts_with("ledger.db") {
                fs::rename(file.path(), elsewhere.join(file.file_name())).expect("moved");
            }
        }
        let after: Ended = recipack(&folder, &self.words("elsewhere/ledger.db"));
        assert_eq!(after.code, Some(0), "{what}: {}", after.stderr);
        sound(&folder.join("elsewhere/ledger.db"), &what);
        sound(&folder.join("p.db"), &what);
        for customer in CUSTOMERS {
            let address = format!("local:{customer}");
            let history = output(&folder, &["history", &address, "--json"]);
            let history: Value = serde_json::from_str(&history).expect("JSON");
            let revisions = history["revisions"].as_array().expect("a list");
            assert_eq!(revisions.len(), 1, "{what}: {customer}");
        }
        let ledger = Connection::open(folder.join("elsewhere/ledger.db")).expect("a ledger");
        let reached: i64 = ledger
            .query_row(
                "SELECT count(*) FROM member WHERE outcome IN ('applied', 'same')",
                [],
                |row| row.get(0),
            )
            .expect("an answer");
        assert_eq!(reached, 2, "{what}");
        fs::remove_dir_all(&folder).expect("removed");
        ended.killed
    }
}

/// What writes to files.
const WRITES: [&str; 4] = ["pwrite64", "fsync", "ftruncate", "unlink"];

/// Some of the calls, since each takes as long as a lease.
#[test]
fn a_roll_out_whose_runner_is_killed_goes_on_elsewhere() {
    if !at_hand() {
        return;
    }
    let begun = Begun::new();
    let points = [
        ("pwrite64", 7),
        ("pwrite64", 33),
        ("fsync", 4),
        ("fsync", 9),
    ];
    let killed = thread::scope(|scope| {
        let runs = points.map(|(name, k)| {
            let begun = &begun;
            scope.spawn(move || begun.killed_at(name, k))
        });
        runs.map(|run| run.join().expect("it goes on"))
    });
    assert!(killed.iter().all(|killed| *killed), "{killed:?}");
}

/// All of them: minutes.
#[test]
#[ignore = "takes minutes: each of some hundred calls takes as long as a lease"]
fn a_roll_out_whose_runner_is_killed_anywhere_goes_on_elsewhere() {
    if !at_hand() {
        return;
    }
    let begun = Begun::new();
    let tried = for_each(&WRITES, |name| {
        let mut points = 0;
        while begun.killed_at(name, points + 1) {
            points += 1;
        }
        points
    });
    for (name, points) in WRITES.iter().zip(&tried) {
        println!("{name:<10} {points:>4} points");
    }
    assert!(tried.iter().sum::<usize>() >= 50, "{tried:?}");
}
