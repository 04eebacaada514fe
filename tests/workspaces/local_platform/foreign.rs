//! Files that are no platform, or one that can't be used, are refused and left as they are.

use std::fs;
use std::process::Command;

use rusqlite::Connection;

use super::{create, package};
use crate::support::workspaces::run;
use crate::support::{Place, Run, files};

fn database(place: &Place, statements: &str) {
    let connection = Connection::open(place.path("p.db")).expect("a database");
    connection.execute_batch(statements).expect("filled");
}

fn of_platform(place: &Place) -> Vec<u8> {
    create(place, "moon");
    fs::remove_file(place.path("p.db.lock")).expect("removed");
    fs::read(place.path("p.db")).expect("readable")
}

/// A platform's file of so many bytes only.
fn cut(place: &Place, length: impl FnOnce(usize) -> usize) {
    let bytes = of_platform(place);
    fs::write(place.path("p.db"), &bytes[..length(bytes.len())]).expect("written");
}

type Spoil = fn(&Place);

const NO_PLATFORM: &str = "no-platform";

/// What is there, the code and the words of the refusal, and whether a platform is made of it.
const FILES: &[(&str, &str, &str, bool, Spoil)] = &[
    (
        "a text",
        NO_PLATFORM,
        "p.db is no local platform: it is no database",
        false,
        |place| {
            place.write(
                "p.db",
                "This is a text, and a longer one than the header of a database is.\n",
            );
        },
    ),
    (
        "a short text",
        NO_PLATFORM,
        "p.db is no local platform: it is no database",
        false,
        |place| {
            place.write("p.db", "text");
        },
    ),
    (
        "another program's database",
        NO_PLATFORM,
        "p.db is no local platform: it is another program's database",
        false,
        |place| database(place, "CREATE TABLE t (a)"),
    ),
    (
        "another program's database with a number",
        NO_PLATFORM,
        "p.db is no local platform: it is another program's database",
        false,
        |place| {
            database(
                place,
                "PRAGMA application_id = 252006674; PRAGMA journal_mode = wal; CREATE TABLE t (a)",
            )
        },
    ),
    (
        "a number and nothing else",
        NO_PLATFORM,
        "p.db is no local platform: it is another program's database",
        false,
        |place| database(place, "PRAGMA application_id = 7"),
    ),
    (
        "a newer platform",
        "newer-platform",
        "p.db was made by a newer version of this program (format 9999, known is ",
        false,
        |place| {
            of_platform(place);
            database(place, "PRAGMA user_version = 9999");
        },
    ),
    (
        "a platform of no format",
        NO_PLATFORM,
        "p.db is no local platform: its format is unknown",
        false,
        |place| {
            of_platform(place);
            database(place, "PRAGMA user_version = 0");
        },
    ),
    (
        "half a platform",
        "damaged",
        "p.db is damaged: ",
        false,
        |place| cut(place, |length| length / 2),
    ),
    (
        "nearly a platform",
        "damaged",
        "p.db is damaged: ",
        false,
        |place| cut(place, |length| length - 8192),
    ),
    ("a page", "damaged", "p.db is damaged: ", false, |place| {
        cut(place, |_| 8192)
    }),
    ("a header", "damaged", "p.db is damaged: ", false, |place| {
        cut(place, |_| 100)
    }),
    (
        "half a header",
        "damaged",
        "p.db is damaged: ",
        false,
        |place| cut(place, |_| 50),
    ),
    (
        "nothing",
        NO_PLATFORM,
        "p.db is no local platform: it is empty",
        true,
        |place| {
            place.write("p.db", "");
        },
    ),
    (
        "a folder",
        NO_PLATFORM,
        "p.db is no local platform: it is no file",
        false,
        |place| {
            place.write("p.db/file", "text");
        },
    ),
    (
        "a pipe",
        NO_PLATFORM,
        "p.db is no local platform: it is no file",
        false,
        |place| {
            let made = Command::new("mkfifo").arg(place.path("p.db")).status();
            assert!(made.expect("mkfifo starts").success());
        },
    ),
];

#[track_caller]
fn assert_refused(run: &Run, what: &str, code: &str, told: &str) {
    assert_eq!(run.code, 1, "{what}: {}", run.stderr);
    assert!(
        run.stderr.starts_with(&format!("error[{code}]: ")),
        "{what}: {}",
        run.stderr
    );
    let first = run.stderr.lines().next().unwrap_or_default();
    assert!(first.contains(told), "{what}: {first}");
    assert_eq!(run.stdout, "", "{what}");
}

#[test]
fn what_is_no_platform_is_refused_and_left_as_it_is() {
    for (what, code, told, makes, spoil) in FILES {
        let place = Place::new();
        package(&place, "A");
        spoil(&place);
        let _ = fs::remove_file(place.path("p.db.lock"));
        let (before, names) = (files(place.folder.path()), place.names());
        let import = ["import", "A.zip", "--into", "local:moon"];
        let create = ["workspace", "create", "x", "--kind", "external"];
        let delete = ["workspace", "delete", "moon", "--yes"];
        for arguments in [
            &["workspace", "list"][..],
            &["workspace", "show", "moon"],
            &["plan", "A.zip", "--into", "local:moon"],
            &import,
            &delete,
            &create,
        ] {
            if *makes && arguments == create {
                continue;
            }
            assert_refused(&run(&place, arguments), what, code, told);
            assert_eq!(place.names(), names, "{what}: {arguments:?}");
            assert!(
                files(place.folder.path()) == before,
                "{what}: {arguments:?}"
            );
        }
        if *makes {
            assert_eq!(run(&place, &create).code, 0, "{what}");
        }
    }
}

/// Without rights a file can't even be looked at. Root has all rights, and gives them up for this.
#[test]
fn what_may_not_be_read_or_written_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    package(&place, "A");
    create(&place, "moon");
    let id = Command::new("id").arg("-u").output().expect("id starts");
    let is_root = id.stdout == b"0\n";
    let unprivileged = |arguments: &[&str]| -> Run {
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
            command.arg(place.path("recipack"));
            command
        } else {
            Command::new(place.path("recipack"))
        };
        command.current_dir(place.folder.path());
        command.args(arguments).args(["--platform", "p.db"]);
        Run::from(command.output().expect("it starts"))
    };
    // A copy that this process wrote could be busy: the tests beside this one start processes too.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_recipack"))
        .arg(place.path("recipack"))
        .status();
    assert!(copied.expect("cp starts").success());
    let mode = |path: &str, mode: u32| {
        let path = place.path(path);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    };
    let import = ["import", "A.zip", "--into", "local:moon"];
    let before = fs::read(place.path("p.db")).expect("readable");
    mode("A.zip", 0o444);
    mode("p.db", 0o000);
    mode("p.db.lock", 0o444);
    mode(".", 0o555);
    for arguments in [&["workspace", "list"][..], &import] {
        let run = unprivileged(arguments);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(
            run.stderr
                .starts_with("error[unreadable]: can't open p.db\n"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("Permission denied"), "{}", run.stderr);
    }
    mode("p.db", 0o444);
    let run = unprivileged(&import);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("p.db\n"), "{}", run.stderr);
    mode(".", 0o755);
    mode("p.db", 0o644);
    assert_eq!(fs::read(place.path("p.db")).expect("readable"), before);
}
