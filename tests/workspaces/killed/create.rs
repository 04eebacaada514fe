//! A platform that is killed while it is made.

use std::fs;
use std::path::Path;

use recipack::workspace::WorkspaceError;

use super::tracing::{at_hand, for_each, run};
use super::{Rehearsal, open, quick_place, recipack, sound};

const CALLS: [&str; 10] = [
    "pwrite64",
    "fcntl",
    "openat",
    "fsync",
    "ftruncate",
    "write",
    "unlink",
    "flock",
    "mkdir",
    "fdatasync",
];
const PLATFORM: &str = "deep/down/p.db";
const CREATE: [&str; 7] = [
    "workspace",
    "create",
    "moon",
    "--kind",
    "external",
    "--platform",
    PLATFORM,
];

/// Whether the workspace is there.
fn is_there(folder: &Path, what: &str) -> bool {
    match open(&folder.join(PLATFORM)) {
        Ok(platform) => {
            sound(&folder.join(PLATFORM), what);
            let workspaces = platform.workspaces().expect("readable");
            let names: Vec<_> = workspaces
                .iter()
                .map(|held| held.facts.name.as_str())
                .collect();
            assert!(names.is_empty() || names == ["moon"], "{what}: {names:?}");
            !names.is_empty()
        }
        Err(WorkspaceError::NoPlatform { reason, .. }) => {
            let nothing = ["there is no such file", "it is empty"];
            assert!(nothing.contains(&&*reason), "{what}: {reason}");
            false
        }
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn a_platform_that_is_killed_while_it_is_made_can_be_made_again() {
    if !at_hand() {
        return;
    }
    let place = quick_place();
    let tried = for_each(&CALLS, |name| {
        for k in 1.. {
            let folder = place.path(&format!("{name}-{k}"));
            let struck = (name, "signal=SIGKILL", &*k.to_string());
            let (ended, _) = run(&folder, struck, &CREATE);
            let what = format!("killed at {name} {k}");
            let there = is_there(&folder, &what);
            if ended.code == Some(0) {
                assert!(there, "{what}: reported as done, and lost");
            }
            let again = recipack(&folder, &CREATE);
            let expected = if there { 1 } else { 0 };
            assert_eq!(again.code, Some(expected), "{what}: {}", again.stderr);
            assert!(is_there(&folder, &what), "{what}");
            let names = ["p.db", "p.db.lock"].map(|name| folder.join("deep/down").join(name));
            let found = fs::read_dir(folder.join("deep/down")).expect("readable");
            for entry in found {
                let path = entry.expect("an entry").path();
                assert!(names.contains(&path), "{what}: {} is left", path.display());
            }
            fs::remove_dir_all(&folder).expect("removed");
            if !ended.killed {
                assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
                return k - 1;
            }
        }
        0
    });
    let points: Vec<_> = CALLS.iter().zip(&tried).collect();
    println!("{points:?}, {} points", tried.iter().sum::<u32>());
    assert!(tried.iter().sum::<u32>() > 40, "{points:?}");
}

/// What brings a platform of this format back to the first one.
const FIRST_FORMAT: &str = "
DROP TABLE checksum;
DROP TABLE label;
DROP INDEX uses_name;
DROP INDEX workspace_admin;
ALTER TABLE workspace DROP COLUMN closed_source;
PRAGMA user_version = 1;
";

#[test]
fn a_platform_that_is_killed_while_it_is_upgraded_holds_what_it_held() {
    if !at_hand() {
        return;
    }
    let rehearsal = Rehearsal::of_import();
    let path = rehearsal.place.path("before/p.db");
    let connection = rusqlite::Connection::open(path).expect("a database");
    connection.execute_batch(FIRST_FORMAT).expect("older");
    drop(connection);
    let calls = ["pwrite64", "fsync", "ftruncate", "unlink", "flock"];
    let tried = for_each(&calls, |name| {
        for k in 1.. {
            let folder = rehearsal.folder(&format!("upgrade-{name}-{k}"));
            let struck = (name, "signal=SIGKILL", &*k.to_string());
            let (ended, _) = run(&folder, struck, &["workspace", "show", "moon"]);
            let what = format!("killed at {name} {k}");
            let is_done = rehearsal.check(&folder, false, &what);
            assert!(!is_done, "{what}: nothing was imported");
            fs::remove_dir_all(&folder).expect("removed");
            if !ended.killed {
                assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
                return k - 1;
            }
        }
        0
    });
    println!("upgrade: {calls:?} {tried:?}");
    assert!(tried.iter().sum::<u32>() > 20, "{tried:?}");
}
