//! Imports that are killed at each of their system calls, whose system calls fail, or that find no
//! room: the platform is in the state before or the state after, whole, and can be worked with. And
//! imports over the API, whose journal is on the disk in time.
//!
//! `strace` does it. Where it is not at hand, its tests say so and pass, unless the environment
//! variable `RECIPACK_NEEDS_STRACE` is set.
#![expect(clippy::print_stdout, reason = "figures for whoever asks for them")]

mod create;
mod delete;
mod durable;
mod export;
mod failing;
mod full;
mod import;
mod rollout;
mod tracing;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::changes::{Seen, seen};
use crate::support::{Place, fixture};
use recipack::workspace::local::{LocalPlatform, Writing};
use rusqlite::Connection;

/// How a process ended.
#[derive(Debug)]
struct Ended {
    /// Its exit code; none if it was killed.
    code: Option<i32>,
    killed: bool,
    stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            killed: output.status.signal() == Some(9),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A command, a platform as it is before the command, and what a workspace of it holds before and
/// after.
struct Rehearsal {
    place: Place,
    command: &'static [&'static str],
    before: Seen,
    after: Seen,
}

/// A folder in which system calls are quick. What a power cut leaves is another question than what a
/// killed process leaves.
fn quick_place() -> Place {
    match tempfile::tempdir_in("/dev/shm") {
        Ok(folder) => Place { folder },
        Err(_) => Place::new(),
    }
}

const IMPORT: &[&str] = &[
    "import",
    "../package.zip",
    "--into",
    "local:moon",
    "--yes",
    "--threads",
    "1",
];

const ROLLBACK: &[&str] = &[
    "rollback",
    "local:moon",
    "1",
    "--created",
    "remove",
    "--yes",
];

/// A command in a folder, whose temporary files lie there too.
fn command(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let temporary = folder.join("tmp");
    fs::create_dir_all(&temporary).expect("made");
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .env("RECIPACK_WHO", "robin")
        .env("TMPDIR", temporary)
        .env("RECIPACK_PLATFORM", "p.db");
    command
}

fn recipack(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = command(env!("CARGO_BIN_EXE_recipack"), folder);
    command.args(arguments);
    command.output().expect("it starts").into()
}

impl Rehearsal {
    /// An import of a package into a workspace that holds a part of it already.
    fn of_import() -> Self {
        Self::of(&[], IMPORT)
    }

    /// A rollback of that import.
    fn of_rollback() -> Self {
        Self::of(&[IMPORT], ROLLBACK)
    }

    fn of(earlier: &[&[&str]], command: &'static [&'static str]) -> Self {
        let steps = earlier;
        let place = quick_place();
        let earlier = place.path("before");
        fs::create_dir(&earlier).expect("made");
        let partner = fixture("partner");
        let partner = partner.to_str().expect("UTF-8");
        let export = |selection: &[&str], package: &str| {
            let mut arguments = vec!["export", partner, "--for", "external", "-q", "-o", package];
            arguments.extend(selection);
            let ended = recipack(&earlier, &arguments);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        };
        export(&[], "../package.zip");
        export(&["--include", "Functions/**"], "../first.zip");
        let first: [&[&str]; 2] = [
            &["workspace", "create", "moon", "--kind", "external"],
            &["import", "../first.zip", "--into", "local:moon"],
        ];
        for arguments in first.iter().chain(steps) {
            let ended = recipack(&earlier, arguments);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        }
        let before = look(&earlier);
        let later = place.path("after");
        fs::create_dir(&later).expect("made");
        fs::copy(earlier.join("p.db"), later.join("p.db")).expect("copied");
        let ended = recipack(&later, command);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let after = look(&later);
        assert_ne!(before, after);
        Self {
            place,
            command,
            before,
            after,
        }
    }

    /// A new folder with the platform as it is before.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.place.path(name);
        fs::create_dir_all(&folder).expect("made");
        let from = self.place.path("before/p.db");
        fs::copy(from, folder.join("p.db")).expect("copied");
        folder
    }

    /// Checks what is left after a command that ended somehow, and whether it can be repeated. Says
    /// whether the command had come about.
    #[track_caller]
    fn check(&self, folder: &Path, reported: bool, what: &str) -> bool {
        let found = look(folder);
        assert!(
            found == self.before || found == self.after,
            "{what}: neither before nor after: {:?}",
            found.facts
        );
        let came_about = found == self.after;
        if reported {
            assert!(came_about, "{what}: reported as done, and lost");
        }
        sound(&folder.join("p.db"), what);
        let again = recipack(folder, self.command);
        assert_eq!(again.code, Some(0), "{what}: again: {}", again.stderr);
        assert!(look(folder) == self.after, "{what}: after it was repeated");
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names.retain(|name| name != "p.db.lock");
        assert_eq!(names, ["p.db", "tmp"], "{what}");
        let temporary = fs::read_dir(folder.join("tmp")).expect("readable");
        assert_eq!(temporary.count(), 0, "{what}: temporary files are left");
        came_about
    }
}

fn open(path: &Path) -> Result<LocalPlatform, recipack::workspace::WorkspaceError> {
    let writing = Writing {
        purpose: "test".to_owned(),
        patience: Duration::from_secs(10),
        stop: Default::default(),
    };
    LocalPlatform::open(path, writing)
}

/// Everything in the workspace, contents checked by their digests.
#[track_caller]
fn look(folder: &Path) -> Seen {
    let platform = open(&folder.join("p.db")).expect("a platform");
    let moon = platform.workspace(&"moon".parse().expect("a name"));
    let mut seen = seen(&moon.expect("a workspace"));
    // What could not be told about a connector for want of memory is no part of the state.
    for revision in &mut seen.revisions {
        let mut plan: serde_json::Value = serde_json::from_str(&revision.plan).expect("a plan");
        let plan = plan.as_object_mut().expect("an object");
        plan.remove("findings");
        plan.remove("counts");
        revision.plan = serde_json::to_string(plan).expect("written");
    }
    seen
}

/// What SQLite itself says of the file.
#[track_caller]
fn sound(path: &Path, what: &str) {
    let connection = Connection::open(path).expect("a database");
    let told: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("an answer");
    assert_eq!(told, "ok", "{what}");
    let mut check = connection
        .prepare("PRAGMA foreign_key_check")
        .expect("a statement");
    assert!(!check.exists([]).expect("an answer"), "{what}");
}
