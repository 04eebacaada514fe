//! No output destroys what somebody needs: every command that writes to a path it is given, against
//! everything that may lie there.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Place, Run, place_with};

/// Why something must not be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// Nothing may take its place: a folder, a platform, a key.
    Holy,
    /// Only what is forced may.
    Own,
}

/// What lies in the place, with what it is worth.
const THERE: [(&str, Worth); 15] = [
    ("folder", Worth::Holy),
    ("p.db", Worth::Holy),
    ("link-to-platform", Worth::Holy),
    ("keys/test.key", Worth::Holy),
    ("keys/test.pub", Worth::Holy),
    ("key.pem", Worth::Holy),
    ("p.zip", Worth::Own),
    ("folder/../p.zip", Worth::Own),
    ("link-to-package", Worth::Own),
    ("hard-link-to-package", Worth::Own),
    ("p.recipack.json", Worth::Own),
    ("recipack.toml", Worth::Own),
    ("recipack.lock", Worth::Own),
    ("catalogs/shared.json", Worth::Own),
    ("notes.txt", Worth::Own),
];

/// Commands that write, where `{}` stands for the path; with which of those they read.
const PACKAGE: &[&str] = &[
    "p.zip",
    "folder/../p.zip",
    "link-to-package",
    "hard-link-to-package",
    "p.recipack.json",
];
const COMMANDS: [(&str, &[&str]); 10] = [
    ("export partner --for external -o {}", &[]),
    ("plan p.zip --into local:studio -o {}", PACKAGE),
    ("sign p.zip --key keys/test.key -o {}", PACKAGE),
    ("attest p.zip -o {}", PACKAGE),
    ("sbom p.zip -o {}", PACKAGE),
    (
        "init partner --catalog catalogs/shared.json -o {}",
        &["catalogs/shared.json"],
    ),
    ("catalog pull --in local:studio -o {}", &[]),
    ("workspace export studio -o {}", &[]),
    ("check partner --for external --report junit={}", &[]),
    ("check partner --for external --report md={}", &[]),
];

/// What takes the place of an older one of its kind.
const SAME: [(&str, &str); 9] = [
    ("export", "p.zip"),
    ("export", "folder/../p.zip"),
    ("export", "link-to-package"),
    ("export", "hard-link-to-package"),
    ("workspace", "p.zip"),
    ("workspace", "folder/../p.zip"),
    ("workspace", "link-to-package"),
    ("workspace", "hard-link-to-package"),
    ("catalog", "catalogs/shared.json"),
];

fn run(place: &Place, arguments: &str) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments.split(' '));
    command.output().expect("it starts").into()
}

fn place() -> Place {
    let place = place_with(&[
        "partner",
        "catalogs",
        "keys",
        "recipack.toml",
        "recipack.lock",
    ]);
    for arguments in [
        "workspace create studio --kind admin --catalog catalogs/shared.json",
        "export partner --for external -o p.zip",
        "import p.zip --into local:studio --allow-missing-connectors --allow-moved-recipes --yes --other-target",
    ] {
        let run = run(&place, arguments);
        assert_eq!(run.code, 0, "{arguments}: {}{}", run.stdout, run.stderr);
    }
    fs::create_dir(place.path("folder")).expect("made");
    place.write("notes.txt", "Call the carrier.\n");
    place.write(
        "key.pem",
        "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
    );
    fs::hard_link(place.path("p.zip"), place.path("hard-link-to-package")).expect("linked");
    for (link, to) in [("link-to-package", "p.zip"), ("link-to-platform", "p.db")] {
        std::os::unix::fs::symlink(to, place.path(link)).expect("linked");
    }
    place
}

/// The bytes of everything that lies there, and what each name is.
fn held(place: &Place) -> Vec<(String, String, Vec<u8>)> {
    let mut paths: Vec<&str> = THERE.iter().map(|(path, _)| *path).collect();
    paths.extend(["partner/Orders/return_label.recipe.json", "/dev/null"]);
    let held = |path: &str| {
        let path = place.folder.path().join(path);
        let what = fs::symlink_metadata(&path)
            .expect("it is there")
            .file_type();
        let bytes = match what.is_dir() || path == Path::new("/dev/null") {
            true => Vec::new(),
            false => fs::read(&path).expect("readable"),
        };
        (path.display().to_string(), format!("{what:?}"), bytes)
    };
    paths.into_iter().map(held).collect()
}

#[test]
fn outputs_never_destroy_what_somebody_needs() {
    let place = place();
    let before = held(&place);
    for (command, reads) in COMMANDS {
        let word = command.split(' ').next().unwrap_or_default();
        for (there, worth) in THERE {
            // A package may be put into a folder.
            let into_folder = there == "folder" && matches!(word, "export" | "workspace");
            if SAME.contains(&(word, there)) || into_folder {
                continue;
            }
            let forced = match worth {
                Worth::Own if reads.contains(&there) || word == "check" => None,
                Worth::Own => Some(false),
                Worth::Holy => Some(true),
            };
            let arguments = command.replace("{}", there);
            let mut tries = vec![arguments.clone()];
            // Nothing that is read, and nothing holy, goes by force either.
            if word != "check" && forced != Some(false) {
                tries.push(format!("{arguments} --force"));
            }
            for arguments in tries {
                let run = run(&place, &arguments);
                assert_eq!(run.code, 64, "{arguments}: {}{}", run.stdout, run.stderr);
                assert_eq!(run.stdout, "", "{arguments}");
                assert!(held(&place) == before, "{arguments} changed something");
            }
        }
    }
    // An asset of the project that is packed belongs to what is read.
    let asset = "partner/Orders/return_label.recipe.json";
    let arguments = format!("export partner --for external --force -o {asset}");
    assert_eq!(run(&place, &arguments).code, 64);
    // The record goes beside its package.
    place.write("new.recipack.json", "{\"mine\": true}");
    let refused = run(&place, "export partner --for external -o new.zip");
    assert_eq!(refused.code, 64);
    assert!(
        refused.stderr.contains("new.recipack.json is there"),
        "{}",
        refused.stderr
    );
    assert!(!place.path("new.zip").exists());
    // Two outputs of one command are two files.
    let refused = run(
        &place,
        "export partner --for external -o x.zip --report md=x.zip",
    );
    assert_eq!((refused.code, place.path("x.zip").exists()), (64, true));
    assert!(held(&place) == before);
}

#[test]
fn what_is_of_the_same_kind_or_forced_is_replaced() {
    for (command, _) in COMMANDS {
        let place = place();
        let word = command.split(' ').next().unwrap_or_default();
        if word != "check" {
            let forced = format!("{} --force", command.replace("{}", "notes.txt"));
            let run = run(&place, &forced);
            assert_eq!(run.code, 0, "{forced}: {}{}", run.stdout, run.stderr);
            assert_ne!(
                fs::read(place.path("notes.txt")).expect("there"),
                b"Call the carrier.\n"
            );
        }
        // Twice, and over nothing.
        place.write("out", "");
        for arguments in [command.replace("{}", "out"), command.replace("{}", "out")] {
            if word == "init" {
                continue;
            }
            let run = run(&place, &arguments);
            assert_eq!(run.code, 0, "{arguments}: {}{}", run.stdout, run.stderr);
            assert!(fs::metadata(place.path("out")).expect("there").len() > 0);
        }
    }
}

#[test]
fn devices_are_written_to_and_stay_devices() {
    let place = place();
    let before = held(&place);
    for (command, _) in COMMANDS {
        let word = command.split(' ').next().unwrap_or_default();
        let package = matches!(word, "export" | "workspace");
        for device in ["/dev/null", "/dev/stdout"] {
            let arguments = command.replace("{}", device);
            let arguments = match word {
                "init" => format!("{arguments} --force"),
                _ => arguments,
            };
            let run = run(&place, &arguments);
            let code = if package { 64 } else { 0 };
            assert_eq!(run.code, code, "{arguments}: {}{}", run.stdout, run.stderr);
            assert!(held(&place) == before, "{arguments}");
        }
    }
    let run = run(&place, "sbom p.zip -o /dev/stdout");
    assert!(run.stdout.contains("CycloneDX"), "{}", run.stdout);
}

/// A run with a local platform in the place.
fn run_of(place: &Place, arguments: &[&str]) -> Run {
    let mut command = place.command();
    command.args(arguments);
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.output().expect("it starts").into()
}

/// `-` is stdout where another program may wait for what is written, and refused elsewhere.
#[test]
fn a_dash_is_stdout_where_that_makes_sense() {
    let place = place_with(&["partner", "keys"]);
    for line in [
        &[
            "export", "partner", "--for", "external", "-o", "a.zip", "-q",
        ][..],
        &["workspace", "create", "osprey", "--kind", "external"],
        &["workspace", "create", "studio", "--kind", "admin"],
    ] {
        assert_eq!(run_of(&place, line).code, 0, "{line:?}");
    }
    let plan = &["plan", "a.zip", "--into", "local:osprey", "-o", "-"][..];
    for (line, key) in [
        (plan, "assets"),
        (&[plan, &["--json"]].concat(), "assets"),
        (&["attest", "a.zip", "-o", "-"], "predicateType"),
        (&["attest", "a.zip", "-o", "-", "--json"], "predicateType"),
        (&["sbom", "a.zip", "-o", "-"], "bomFormat"),
    ] {
        let run = run_of(&place, line);
        assert_eq!(run.code, 0, "{line:?}: {}", run.stderr);
        let document: Value = serde_json::from_str(&run.stdout).expect("one document");
        assert!(document.get(key).is_some(), "{line:?}: {document}");
    }
    let run = run_of(
        &place,
        &["sign", "a.zip", "--key", "keys/test.key", "-o", "-"],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.starts_with("untrusted comment:"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("signed by key"), "{}", run.stderr);
    let pulled = run_of(
        &place,
        &["catalog", "pull", "--in", "local:studio", "-o", "-"],
    );
    let plain = run_of(&place, &["catalog", "pull", "--in", "local:studio"]);
    assert_eq!((pulled.code, pulled.stdout), (0, plain.stdout));
    for (line, what) in [
        (
            &["export", "partner", "--for", "external", "-o", "-"][..],
            "a package",
        ),
        (
            &["workspace", "export", "local:osprey", "-o", "-"],
            "a package",
        ),
        (&["init", "partner", "-o", "-"], "a manifest"),
        (
            &["check", "partner", "--report", "md=-"],
            "a report of this program",
        ),
        (
            &["check", "partner", "--report", "junit=-"],
            "a JUnit report",
        ),
        (
            &["check", "partner", "--report", "sarif=-"],
            "a SARIF report",
        ),
    ] {
        let run = run_of(&place, line);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (64, ""),
            "{line:?}: {}",
            run.stderr
        );
        let told = format!(
            "error[usage]: {what} can't go to stdout, which `-` means\n   = help: name a file; one that is called `-` is ./-\n"
        );
        assert!(run.stderr.contains(&told), "{line:?}: {}", run.stderr);
    }
    assert!(!place.path("-").exists());
}

/// A plan that nobody could read is told in counts; everything is in the document, and with `--full`.
#[test]
fn a_long_plan_is_told_in_counts() {
    let place = Place::new();
    for number in 0..300 {
        let folder = if number < 250 {
            "Orders"
        } else {
            "Orders/Late"
        };
        place.write(
            &format!("long/{folder}/c{number}.connection.json"),
            &format!(r#"{{"name": "C{number}", "provider": "gmail", "root_folder": false}}"#),
        );
    }
    for line in [
        &["export", "long", "--for", "external", "-o", "a.zip", "-q"][..],
        &["workspace", "create", "osprey", "--kind", "external"],
    ] {
        assert_eq!(run_of(&place, line).code, 0, "{line:?}");
    }
    let plan = &["plan", "a.zip", "--into", "local:osprey"][..];
    let short = run_of(&place, plan).stdout;
    assert!(short.lines().count() < 80, "{short}");
    for line in [
        "  + connection   Orders/  creates placeholder 250\n",
        "  + connection   Orders/Late/  creates placeholder 50\n",
        "  These are counts of 300 assets; --full lists each.\n",
        "  ? … and 240 more; --full lists them\n",
        "Plan: 300 to create,",
    ] {
        assert!(short.contains(line), "{line}: {short}");
    }
    let full = run_of(&place, &[plan, &["--full"]].concat()).stdout;
    assert_eq!(full.matches("creates placeholder\n").count(), 300);
    let json = run_of(&place, &[plan, &["--json"]].concat()).stdout;
    let document: Value = serde_json::from_str(&json).expect("a document");
    assert_eq!(document["assets"].as_array().map(Vec::len), Some(300));
    let done = run_of(
        &place,
        &["import", "a.zip", "--into", "local:osprey", "--full"],
    );
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(done.stdout.matches("creates placeholder\n").count(), 300);
}

/// So is a comparison.
#[test]
fn a_long_comparison_is_told_in_counts() {
    let place = Place::new();
    for project in ["old", "new"] {
        place.write(
            &format!("{project}/kept.connection.json"),
            r#"{"name": "Kept", "provider": "gmail", "root_folder": false}"#,
        );
    }
    for number in 0..201 {
        let folder = if number == 0 { "" } else { "Orders/Late/" };
        place.write(
            &format!("new/{folder}c{number}.connection.json"),
            &format!(r#"{{"name": "C{number}", "provider": "gmail", "root_folder": false}}"#),
        );
    }
    let diff = &["diff", "old", "new"][..];
    let short = run_of(&place, diff);
    assert_eq!(
        (short.code, short.stdout.as_str()),
        (
            0,
            "  + at the top  added 1\n  + Orders/Late/  added 200\n  \
             These are counts of 201 files; --full lists each.\nfiles: 201 added, 1 unchanged\n"
        )
    );
    let full = run_of(&place, &[diff, &["--full"]].concat()).stdout;
    assert_eq!(full.matches("+ Orders/Late/c").count(), 200);
}
