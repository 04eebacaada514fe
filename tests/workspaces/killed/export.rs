//! Exports that are killed: what they leave is taken away by the next, and what a running one needs is not.

use std::fs::{self, File};
use std::path::Path;

use super::tracing::{at_hand, for_each, run};
use super::{quick_place, recipack};
use crate::support::fixture;

const CALLS: [&str; 6] = ["openat", "write", "close", "fsync", "linkat", "renameat"];

/// What a neighbour that runs has made.
const HELD: &str = ".recipack-tmp-neighbour000";

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("readable");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|n| n.into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn an_export_that_is_killed_leaves_nothing_that_stays() {
    if !at_hand() {
        return;
    }
    let place = quick_place();
    let project = fixture("partner");
    let project = project.to_str().expect("UTF-8");
    let export = [
        "export",
        project,
        "--for",
        "external",
        "-o",
        "p.zip",
        "--threads",
        "1",
        "--force",
    ];
    let left = for_each(&CALLS, |name| {
        let mut left = 0;
        // Every seventh call: most of them read.
        for k in (1..400).step_by(7) {
            let folder = place.path(&format!("{name}-{k}"));
            fs::create_dir(&folder).expect("made");
            fs::write(folder.join(HELD), "in use").expect("written");
            let held = File::open(folder.join(HELD)).expect("there");
            held.lock().expect("locked");
            let struck = (name, "signal=SIGKILL", &*k.to_string());
            let (ended, _) = run(&folder, struck, &export);
            if ended.killed {
                let stray = names(&folder);
                let stray = stray.iter().filter(|n| n.starts_with(".recipack-tmp-"));
                left += stray.count() - 1;
            }
            let again = recipack(&folder, &export);
            let what = format!("killed at {name} {k}");
            assert_eq!(again.code, Some(0), "{what}: {}", again.stderr);
            assert_eq!(
                names(&folder),
                [HELD, "p.recipack.json", "p.zip", "tmp"],
                "{what}"
            );
            assert_eq!(names(&folder.join("tmp")), [""; 0], "{what}");
            fs::remove_dir_all(&folder).expect("removed");
            if !ended.killed {
                break;
            }
        }
        left
    });
    assert!(
        left.iter().sum::<usize>() > 0,
        "none was killed in between: {left:?}"
    );
}
