//! What an import asks, who may say yes, and that a plan says before what an import refuses.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::project::{ProjectFolder, uses};
use crate::support::{Place, Run};

/// Another account that has an older version of the package's only recipe.
fn place() -> Place {
    let place = Place::new();
    let project = ProjectFolder::new(&place, "parcels");
    project.recipe("track.recipe.json", "Track", &[uses("clock", Value::Null)]);
    for arguments in [
        "export parcels --for external -o one.zip",
        "workspace create osprey --kind external",
        "import one.zip --into local:osprey",
    ] {
        done(&place, arguments);
    }
    let path = place.path("parcels/track.recipe.json");
    let text = std::fs::read_to_string(&path).expect("readable");
    let text = text.replacen('{', "{\"description\": \"Faster\", ", 1);
    std::fs::write(path, text).expect("written");
    done(&place, "export parcels --for external -o two.zip");
    place
}

fn command(place: &Place, arguments: &str) -> Command {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.args(arguments.split(' '));
    command
}

fn run(place: &Place, arguments: &str) -> Run {
    command(place, arguments)
        .output()
        .expect("it starts")
        .into()
}

fn done(place: &Place, arguments: &str) -> Run {
    let run = run(place, arguments);
    assert_eq!(run.code, 0, "{arguments}: {}{}", run.stdout, run.stderr);
    run
}

fn revisions(place: &Place) -> usize {
    let run = done(place, "history local:osprey --json");
    let history: Value = serde_json::from_str(&run.stdout).expect("a document");
    history["revisions"].as_array().map_or(0, Vec::len)
}

/// Feeds `input` to a command that has no terminal.
fn fed(place: &Place, arguments: &str, input: &str) -> Run {
    let mut child = command(place, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    // It may end without reading.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends").into()
}

/// Types `input` at a terminal; nothing without the program that makes one.
fn typed(place: &Place, arguments: &str, input: &str) -> Option<(Option<i32>, String)> {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let program = env!("CARGO_BIN_EXE_recipack");
    let mut child = Command::new("script")
        .args(["-qec", &format!("{program} {arguments}"), "/dev/null"])
        .current_dir(place.folder.path())
        .env("RECIPACK_PLATFORM", place.path("p.db"))
        .env("TERM", "dumb")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some((output.status.code(), text))
}

const IMPORT: &str = "import two.zip --into local:osprey";

#[test]
fn nobody_says_yes_where_nobody_is() {
    let place = place();
    for input in ["", "\n", "y\n", "yes\n"] {
        let run = fed(&place, IMPORT, input);
        assert_eq!(run.code, 3, "{input:?}: {}{}", run.stdout, run.stderr);
        for told in [
            "error[not-confirmed]",
            "overwrites v1 → v2",
            "it would overwrite 1 asset of local:osprey",
            "--yes",
            "recipack plan two.zip --into local:osprey -o plan.json",
            "recipack import plan.json",
        ] {
            assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
        }
        assert_eq!(run.stdout, "");
    }
    let run = fed(&place, &format!("{IMPORT} --json"), "y\n");
    let told: Value = serde_json::from_str(&run.stdout).expect("a document");
    assert_eq!((run.code, &told["exit_code"]), (3, &3.into()));
    assert_eq!(told["errors"][0]["code"], "not-confirmed");
    assert_eq!(revisions(&place), 1);
    // An approved plan was said yes to before, and so was what needs no yes.
    done(&place, "plan two.zip --into local:osprey -o plan.json");
    done(&place, "import plan.json");
    assert_eq!(revisions(&place), 2);
    done(&place, IMPORT);
    done(&place, "import one.zip --into local:osprey --yes");
    assert_eq!(revisions(&place), 3);
}

#[test]
fn at_a_terminal_only_a_yes_is_a_yes() {
    for (input, yes) in [
        ("y\n", true),
        ("Y\n", true),
        ("yes\n", true),
        ("Yes\n", true),
        ("YES\n", true),
        ("\n", false),
        ("n\n", false),
        ("no\n", false),
        ("yess\n", false),
        ("\u{4}", false),
    ] {
        let place = place();
        let Some((code, told)) = typed(&place, IMPORT, input) else {
            return;
        };
        let expected = if yes { (0, 2) } else { (3, 1) };
        assert_eq!(
            (code, revisions(&place)),
            (Some(expected.0), expected.1),
            "{input:?}: {told}"
        );
        assert_eq!(told.contains("error[declined]"), !yes, "{told}");
    }
}

/// A plan ends as the import would that has the same permissions, and says in its last line why.
#[test]
fn a_plan_refuses_what_an_import_refuses() {
    let place = place();
    done(&place, "recipe start --all --in local:osprey");
    for (arguments, blocked) in [
        (
            "two.zip --into local:osprey",
            Some("plan and import with --restart-recipes"),
        ),
        ("two.zip --into local:osprey --restart-recipes", None),
        ("one.zip --into local:osprey", None),
    ] {
        let import = run(&place, &format!("import {arguments}"));
        for (more, code) in [("", 0), (" --detailed-exitcode", 2)] {
            let plan = run(&place, &format!("plan {arguments}{more}"));
            let last = plan.stdout.lines().last().unwrap_or_default();
            match blocked {
                Some(blocked) => {
                    assert_eq!((plan.code, import.code), (3, 3), "{arguments}");
                    assert!(
                        last.starts_with("Blocked: ") && last.ends_with(blocked),
                        "{}",
                        plan.stdout
                    );
                }
                None => {
                    let changes = arguments.starts_with("two");
                    let code = if changes { code } else { 0 };
                    assert_eq!(plan.code, code, "{arguments}{more}: {}", plan.stdout);
                    assert!(!last.starts_with("Blocked"), "{}", plan.stdout);
                }
            }
        }
    }
    // Reports of it count what blocks it.
    let report = "plan two.zip --into local:osprey --report md=r.md --report junit=r.xml --report sarif=r.sarif --report github";
    let plan = run(&place, report);
    let read = |name: &str| std::fs::read_to_string(place.path(name)).expect("a report");
    assert!(
        read("r.md").contains("Failed (exit 3), 1 error"),
        "{}",
        read("r.md")
    );
    for (name, text) in [
        ("junit", read("r.xml")),
        ("sarif", read("r.sarif")),
        ("github", plan.stderr),
    ] {
        assert!(text.contains("not-permitted"), "{name}: {text}");
    }
}
