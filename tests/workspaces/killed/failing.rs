//! System calls that fail.

use super::tracing::{at_hand, for_each, run};
use super::{IMPORT, Rehearsal};

/// Calls and how many of them are passed over each time.
const CALLS: [(&str, usize); 7] = [
    ("pwrite64", 6),
    ("openat", 1),
    ("pread64", 9),
    ("fsync", 1),
    ("ftruncate", 1),
    ("mmap", 4),
    ("fdatasync", 1),
];
/// One call fails, or all from there on.
const FAULTS: [(&str, &str); 3] = [("error=EIO", ""), ("error=ENOSPC", ""), ("error=EIO", "+")];

#[derive(Default)]
struct Tried {
    points: u32,
    failed: u32,
}

fn fail(rehearsal: &Rehearsal, name: &'static str, step: usize) -> Tried {
    let mut tried = Tried::default();
    for (fault, on) in FAULTS {
        for k in (1..).step_by(step) {
            let folder = rehearsal.folder(&format!("{name}-{fault}{on}-{k}"));
            let k = format!("{k}{on}");
            let (ended, struck) = run(&folder, (name, fault, &k), IMPORT);
            let what = format!("{fault} at {name} {k}: {struck:?}: {}", ended.stderr);
            let of_platform = struck.as_ref().is_some_and(|call| call.contains("/p.db"));
            // Without memory it can't go on.
            if name != "mmap" || of_platform {
                assert!(ended.code.is_some(), "{what}: it ended badly");
                assert!(!ended.stderr.contains("panicked"), "{what}");
            }
            rehearsal.check(&folder, ended.code == Some(0), &what);
            std::fs::remove_dir_all(&folder).expect("removed");
            if struck.is_none() {
                assert_eq!(ended.code, Some(0), "{what}");
                break;
            }
            tried.points += 1;
            if ended.code != Some(0) {
                tried.failed += 1;
                if of_platform {
                    assert!(ended.stderr.contains("p.db"), "{what}: it is not named");
                }
            }
        }
    }
    tried
}

#[test]
fn an_import_whose_system_calls_fail_never_succeeds_wrongly() {
    if !at_hand() {
        return;
    }
    let rehearsal = Rehearsal::of_import();
    let tried = for_each(&CALLS.map(|(name, _)| name), |name| {
        let step = CALLS.iter().find(|(call, _)| *call == name);
        fail(&rehearsal, name, step.map_or(1, |(_, step)| *step))
    });
    for ((name, _), Tried { points, failed }) in CALLS.iter().zip(&tried) {
        println!(
            "{name:<10} {points:>4} points: {failed} failed, {} coped",
            points - failed
        );
    }
    assert!(tried.iter().map(|tried| tried.failed).sum::<u32>() > 50);
}
