//! A workspace that is killed while it is deleted, with the contents that nobody else holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::tracing::{at_hand, for_each, run};
use super::{IMPORT, Rehearsal, open, recipack, sound};
use crate::support::changes::{Seen, seen};

const CALLS: [&str; 5] = ["pwrite64", "fsync", "ftruncate", "unlink", "flock"];
const DELETE: &[&str] = &["workspace", "delete", "moon", "--yes"];

/// What the two workspaces hold, as far as they are there, and the digests of all contents.
fn look(folder: &Path) -> (Option<Seen>, Seen, BTreeSet<Vec<u8>>) {
    let path = folder.join("p.db");
    let platform = open(&path).expect("a platform");
    let held = |name: &str| {
        let workspace = platform.workspace(&name.parse().expect("a name"));
        workspace.ok().map(|workspace| seen(&workspace))
    };
    let connection = Connection::open(&path).expect("a database");
    let mut contents = connection
        .prepare("SELECT digest FROM content")
        .expect("a statement");
    let contents = contents.query_map([], |row| row.get(0)).expect("contents");
    let contents = contents.collect::<Result<_, _>>().expect("digests");
    (held("moon"), held("mars").expect("it stays"), contents)
}

#[test]
fn a_workspace_that_is_killed_while_it_is_deleted_is_whole_or_gone() {
    if !at_hand() {
        return;
    }
    let rehearsal = Rehearsal::of_import();
    let earlier = rehearsal.place.path("before");
    let mars = ["import", "../first.zip", "--into", "local:mars"];
    for arguments in [
        IMPORT,
        &["workspace", "create", "mars", "--kind", "external"],
        &mars,
    ] {
        let ended = recipack(&earlier, arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    let before = look(&earlier);
    let (_, mars, _) = &before;
    let of_mars: BTreeSet<Vec<u8>> = mars
        .contents
        .keys()
        .map(|digest| digest.as_bytes().to_vec())
        .collect();
    let tried = for_each(&CALLS, |name| {
        let mut gone = 0;
        for k in 1.. {
            let folder = rehearsal.folder(&format!("delete-{name}-{k}"));
            let struck = (name, "signal=SIGKILL", &*k.to_string());
            let (ended, _) = run(&folder, struck, DELETE);
            let what = format!("killed at {name} {k}");
            let found = look(&folder);
            let is_gone = found.0.is_none();
            if is_gone {
                assert!(found.1 == *mars && found.2 == of_mars, "{what}");
                gone += u32::from(ended.killed);
            } else {
                assert!(found == before, "{what}");
                assert_ne!(ended.code, Some(0), "{what}: reported as done");
            }
            sound(&folder.join("p.db"), &what);
            let again = recipack(&folder, DELETE);
            assert_eq!(
                again.code,
                Some(i32::from(is_gone)),
                "{what}: {}",
                again.stderr
            );
            assert!(look(&folder).0.is_none(), "{what}");
            fs::remove_dir_all(&folder).expect("removed");
            if !ended.killed {
                assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
                return (k - 1, gone);
            }
        }
        (0, 0)
    });
    for (name, (points, gone)) in CALLS.iter().zip(&tried) {
        println!(
            "{name:<10} {points:>4} points: {} before, {gone} after",
            points - gone
        );
    }
    assert!(tried.iter().map(|(points, _)| points).sum::<u32>() > 30);
    assert!(tried.iter().map(|(_, gone)| gone).sum::<u32>() > 5);
}
