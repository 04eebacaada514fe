//! An import that is killed.

use super::tracing::{at_hand, for_each, run};
use super::{IMPORT, Rehearsal};

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

/// A killed process: each call of each name once, one thread, until a run gets through.
#[test]
fn an_import_that_is_killed_leaves_the_state_before_or_the_state_after() {
    if !at_hand() {
        return;
    }
    let rehearsal = Rehearsal::new();
    let tried = for_each(&CALLS, |name| {
        let mut came_about = 0;
        for k in 1.. {
            let folder = rehearsal.folder(&format!("{name}-{k}"));
            let struck = (name, "signal=SIGKILL", &*k.to_string());
            let (ended, _) = run(&folder, struck, &IMPORT);
            let what = format!("killed at {name} {k}");
            let done = rehearsal.check(&folder, &ended, &what);
            std::fs::remove_dir_all(&folder).expect("removed");
            if !ended.killed {
                assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
                return (k - 1, came_about);
            }
            came_about += u32::from(done);
        }
        (0, 0)
    });
    for (name, (points, after)) in CALLS.iter().zip(&tried) {
        println!(
            "{name:<10} {points:>4} points: {} before, {after} after",
            points - after
        );
    }
    let points: u32 = tried.iter().map(|(points, _)| points).sum();
    let after: u32 = tried.iter().map(|(_, after)| after).sum();
    println!("{points} points, {after} of them after the import");
    assert!(points >= 100, "{points} points");
    assert!(after > 10 && points - after > 50, "{after} of {points}");
}
