//! Writers wait for each other, readers for nobody.

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use recipack::model::ident::Digest;
use recipack::model::workspace::RevisionNumber;
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::local::LocalPlatform;
use recipack::workspace::{
    ContentError, Contents, Encoded, Encoding, Workspace as _, WorkspaceError,
};
use rusqlite::Connection;

use super::{create, open, package, platform, writing};
use crate::support::changes::{folder, recipe, seen};
use crate::support::workspaces::run;
use crate::support::{Place, Run};

/// Does something in the middle of a commit: the lock is held and the transaction is open.
struct Meanwhile<F: FnMut()>(F);

impl<F: FnMut()> Contents for Meanwhile<F> {
    fn content(&mut self, _: &Digest) -> Result<Encoded<'_>, ContentError> {
        (self.0)();
        Ok(Encoded {
            encoding: Encoding::Plain,
            bytes: b"text",
            size: 4,
        })
    }
}

/// Commits a folder and a recipe, and does something in the middle of it.
fn while_committing(place: &Place, purpose: &str, meanwhile: impl FnMut()) {
    let platform = LocalPlatform::open(
        &place.path("p.db"),
        writing(purpose, Duration::from_secs(60)),
    );
    let name = "moon".parse().expect("a name");
    let mut workspace = platform
        .and_then(|platform| platform.workspace(&name))
        .expect("a workspace");
    let mut commit = Commit::on(&workspace.facts().expect("facts"));
    commit.changes.push(Change::CreateFolder(folder("Half")));
    let mut bag = crate::support::changes::Bag::default();
    let body = crate::support::changes::body(bag.put(b"text"), &[]);
    crate::support::changes::create(&mut commit, recipe("Half", "R"), body);
    let done = workspace.commit(&commit, &mut Meanwhile(meanwhile));
    done.expect("committed");
}

#[test]
fn who_waits_in_vain_is_told_who_writes() {
    let place = Place::new();
    create(&place, "moon");
    let zip = package(&place, "A");
    let before = seen(&open(&place, "moon"));
    let import = |wait: &str| {
        let began = Instant::now();
        let import = ["import", &zip, "--into", "local:moon", "--wait", wait];
        (run(&place, &import), began.elapsed())
    };
    while_committing(&place, "import of other.zip (process 4711)", || {
        for (wait, least) in [("0", Duration::ZERO), ("1", Duration::from_secs(1))] {
            let (run, took) = import(wait);
            assert_eq!(run.code, 75, "{}", run.stderr);
            assert!(
                run.stderr
                    .contains("p.db is being written to by import of other.zip (process 4711)\n"),
                "{}",
                run.stderr
            );
            assert!(took >= least, "{took:?}");
        }
        let create = [
            "workspace",
            "create",
            "x",
            "--kind",
            "external",
            "--wait",
            "0",
        ];
        assert_eq!(run(&place, &create).code, 75);
        let delete = ["workspace", "delete", "moon", "--yes", "--wait", "0"];
        assert_eq!(run(&place, &delete).code, 75);
        assert_eq!(seen(&open(&place, "moon")), before, "nothing was changed");
    });
    let (run, _) = import("0");
    assert_eq!(run.code, 0, "{}", run.stderr);
}

/// What stands in the lock's file is shown to people, whoever wrote it.
#[test]
fn what_a_holder_says_is_shown_safely() {
    let place = Place::new();
    create(&place, "moon");
    for (said, shown) in [
        ("\u{1b}[31mred\nlines", "\u{fffd}[31mred\u{fffd}lines"),
        (&"ä".repeat(1000), &"ä".repeat(150)),
        (" ", "another process"),
        ("", "another process"),
    ] {
        while_committing(&place, "x", || {
            place.write("p.db.lock", said);
            let impatient = writing("y", Duration::ZERO);
            let mut platform = LocalPlatform::open(&place.path("p.db"), impatient).expect("opened");
            let error = platform.create_workspace(&super::external("other"));
            let Err(WorkspaceError::Busy { holder, .. }) = error else {
                panic!("{error:?}");
            };
            assert_eq!(holder, shown);
        });
        let name = "moon".parse().expect("a name");
        platform(&place).delete_workspace(&name).expect("deleted");
        create(&place, "moon");
    }
}

/// Another program that holds SQLite's own lock.
#[test]
fn a_writer_that_does_not_know_the_lock_is_waited_for_too() {
    let place = Place::new();
    create(&place, "moon");
    let zip = package(&place, "A");
    let foreign = Connection::open(place.path("p.db")).expect("a database");
    foreign.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let import = ["import", &zip, "--into", "local:moon", "--wait", "0"];
    let run_ = run(&place, &import);
    assert_eq!(run_.code, 75, "{}", run_.stderr);
    assert!(
        run_.stderr
            .contains("p.db is being written to by another program\n"),
        "{}",
        run_.stderr
    );
    foreign.execute_batch("ROLLBACK").expect("free");
    assert_eq!(run(&place, &import).code, 0);
}

#[test]
fn readers_see_the_state_before_and_do_not_wait() {
    let place = Place::new();
    create(&place, "moon");
    let zip = package(&place, "A");
    let show = ["workspace", "show", "moon", "--json"];
    let plan = ["plan", &zip, "--into", "local:moon", "--json"];
    let recipes = ["recipe", "list", "--in", "local:moon", "--json"];
    let told = || [&show[..], &plan, &recipes].map(|arguments| run(&place, arguments));
    let before = told();
    while_committing(&place, "import", || {
        // Whoever waited would do so in vain, and say so.
        for (before, now) in before.iter().zip(told()) {
            assert_eq!(now.code, 0, "{}", now.stderr);
            assert_eq!(now.stdout, before.stdout);
        }
        let seen = seen(&open(&place, "moon"));
        assert!(seen.folders.is_empty() && seen.assets.is_empty());
    });
    let after = told();
    for (before, after) in before.iter().zip(&after) {
        assert_ne!(before.stdout, after.stdout);
    }
}

/// A reader that began before a commit reads on in the state before.
#[test]
fn what_is_read_is_of_one_moment() {
    let place = Place::new();
    create(&place, "moon");
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let workspace = open(&place, "moon");
            let mut states = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                // Each commit makes one folder and one revision.
                let seen = workspace.inventory().expect("readable");
                let folders = seen.folders.len() as u64;
                assert_eq!(seen.workspace.revision, RevisionNumber(folders));
                states += 1;
            }
            states
        });
        let mut workspace = open(&place, "moon");
        for number in 1..=150 {
            let mut commit = Commit::on(&workspace.facts().expect("facts"));
            let folder = folder(&format!("F{number}"));
            commit.changes.push(Change::CreateFolder(folder));
            let subject = format!("{number}.zip");
            let revision = crate::support::changes::revision(number, &subject, Vec::new());
            commit.revision = Some(revision);
            let mut bag = crate::support::changes::Bag::default();
            workspace.commit(&commit, &mut bag).expect("committed");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let states = reader.join().expect("it ends");
        assert!(states > 10, "{states}");
    });
}

fn importing(place: &Place, zip: &str, folder: &str) -> Child {
    let mut command = place.command();
    command.args(["import", zip, "--into", "local:moon", "--folder", folder]);
    command.args(["--platform", "p.db", "--threads", "1", "-q"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

/// The kernel frees the lock of whoever dies.
#[test]
fn a_killed_holder_blocks_nobody() {
    let place = Place::new();
    create(&place, "moon");
    let zip = package(&place, "A");
    for turn in 0..5 {
        // A foreign transaction keeps the holder where it is: it has the lock already.
        let foreign = Connection::open(place.path("p.db")).expect("a database");
        foreign.execute_batch("BEGIN IMMEDIATE").expect("locked");
        let mut holder = importing(&place, &zip, "Killed");
        let lock = place.path("p.db.lock");
        let said = |words: &str| {
            let text = std::fs::read_to_string(&lock).unwrap_or_default();
            text.contains(words)
        };
        let began = Instant::now();
        while !said("import of A.zip") {
            assert!(
                began.elapsed() < Duration::from_secs(180),
                "it does not lock"
            );
            thread::sleep(Duration::from_millis(2));
        }
        foreign.execute_batch("ROLLBACK").expect("free");
        // It may get through in this moment, which is no harm: the next turn will tell.
        holder.kill().expect("killed");
        let name = format!("after-{turn}");
        let created = platform(&place).create_workspace(&super::external(&name));
        created.expect("created");
        holder.wait().expect("it ended");
    }
    let run = run(
        &place,
        &["import", &zip, "--into", "local:moon", "--folder", "F"],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
}

/// Six processes import ten packages each into one workspace.
#[test]
fn many_import_at_once_and_nothing_is_lost() {
    const PROCESSES: usize = 6;
    const IMPORTS: usize = 10;
    let place = Place::new();
    create(&place, "moon");
    let names = ["A", "B", "C", "D", "E", "F"];
    let packages: Vec<String> = names.iter().map(|name| package(&place, name)).collect();
    let done: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..PROCESSES)
            .map(|worker| {
                let (place, zip) = (&place, &packages[worker]);
                scope.spawn(move || {
                    let mut done = Vec::new();
                    for turn in 0..IMPORTS {
                        let folder = format!("{}{turn}", names[worker]);
                        let child = importing(place, zip, &folder);
                        let run = Run::from(child.wait_with_output().expect("it ends"));
                        assert!(matches!(run.code, 0 | 75), "{}: {}", run.code, run.stderr);
                        if run.code == 0 {
                            done.push(folder);
                        }
                    }
                    done
                })
            })
            .collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|done| done.expect("it ends")).collect()
    });
    assert!(done.len() > PROCESSES, "{done:?}");
    let seen = seen(&open(&place, "moon"));
    assert_eq!(seen.facts.revision, RevisionNumber(done.len() as u64));
    assert_eq!(seen.revisions.len(), done.len());
    let held: Vec<_> = seen.folders.iter().map(|folder| folder.as_str()).collect();
    let mut expected: Vec<_> = done.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(held, expected);
    assert_eq!(seen.assets.len(), done.len());
    for asset in &seen.assets {
        let place = asset.key.place.folder();
        assert_eq!(*asset.key.name, place.as_str()[..1], "in its folder");
    }
}
