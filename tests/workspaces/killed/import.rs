//! Imports and rollbacks that are killed.

use super::Rehearsal;
use super::tracing::{at_hand, for_each, run};

/// The calls that matter, the most frequent first.
const CALLS: [&str; 15] = [
    "pwrite64",
    "fcntl",
    "pread64",
    "mmap",
    "close",
    "openat",
    "read",
    "fsync",
    "munmap",
    "ftruncate",
    "write",
    "unlink",
    "flock",
    "fdatasync",
    "rename",
];

/// Each call of each name is the last one once, until a run gets through. One thread works, since
/// calls are counted for each.
fn kill_everywhere(rehearsal: &Rehearsal, calls: &[&'static str]) -> (u32, u32) {
    let tried = for_each(calls, |name| {
        let mut came_about = 0;
        for k in 1.. {
            let folder = rehearsal.folder(&format!("{name}-{k}"));
            let struck = (name, "signal=SIGKILL", &*k.to_string());
            let (ended, _) = run(&folder, struck, rehearsal.command);
            let what = format!("killed at {name} {k}");
            let done = rehearsal.check(&folder, ended.code == Some(0), &what);
            std::fs::remove_dir_all(&folder).expect("removed");
            if !ended.killed {
                assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
                return (k - 1, came_about);
            }
            came_about += u32::from(done);
        }
        (0, 0)
    });
    for (name, (points, after)) in calls.iter().zip(&tried) {
        let before = points - after;
        println!("{name:<10} {points:>4} points: {before} before, {after} after");
    }
    let points: u32 = tried.iter().map(|(points, _)| points).sum();
    let after: u32 = tried.iter().map(|(_, after)| after).sum();
    println!(
        "{}: {points} points, {after} after it had come about",
        rehearsal.command[0]
    );
    (points, after)
}

#[test]
fn an_import_that_is_killed_leaves_the_state_before_or_the_state_after() {
    if !at_hand() {
        return;
    }
    let (points, after) = kill_everywhere(&Rehearsal::of_import(), &CALLS);
    assert!(points >= 100, "{points} points");
    assert!(after > 10 && points - after > 50, "{after} of {points}");
}

/// A rollback is a commit like any other, so that the calls that write are enough.
#[test]
fn a_rollback_that_is_killed_leaves_the_state_before_or_the_state_after() {
    if !at_hand() {
        return;
    }
    let calls = ["pwrite64", "fsync", "ftruncate", "unlink", "write", "flock"];
    let (points, after) = kill_everywhere(&Rehearsal::of_rollback(), &calls);
    assert!(after > 5 && points - after > 10, "{after} of {points}");
}
