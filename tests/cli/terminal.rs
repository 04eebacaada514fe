//! How the commands talk: volume, colour, pipes, folders, and names that mean harm.

use std::fs;
use std::process::Stdio;

use crate::support::{Place, Run, outcome, place_with};

#[test]
fn each_volume_says_more_than_the_one_before() {
    let place = place_with(&["partner"]);
    let said = |option: &[&str]| {
        let run = place.run([&["check", "partner"], option].concat());
        assert_eq!(run.code, 0);
        assert!(
            run.stdout.contains("0 errors, 4 warnings, 4 notes\n"),
            "{}",
            run.stdout
        );
        let count = |what| run.stderr.matches(what).count();
        (count("warning["), count("note["), count("--verbose shows"))
    };
    assert_eq!(said(&["--quiet"]), (0, 0, 0));
    assert_eq!(said(&[]), (4, 0, 4));
    assert_eq!(said(&["--verbose"]), (4, 4, 0));
}

#[test]
fn without_a_terminal_nothing_is_coloured() {
    let place = place_with(&["partner"]);
    for environment in [&[][..], &[("NO_COLOR", "1")], &[("TERM", "xterm-256color")]] {
        for arguments in [
            &["check", "partner", "-v"][..],
            &["nonsense"],
            &["show", "nowhere"],
        ] {
            let mut command = place.command();
            command.args(arguments).envs(environment.iter().copied());
            let run = Run::from(command.output().expect("it starts"));
            assert!(!run.stderr.is_empty());
            let coloured = run.stderr.contains('\u{1b}') || run.stdout.contains('\u{1b}');
            assert!(!coloured, "{environment:?} {arguments:?}: {}", run.stderr);
        }
    }
}

/// On a terminal findings are coloured, unless `NO_COLOR` or `TERM` says otherwise.
#[test]
fn a_terminal_gets_colour_unless_it_wants_none() {
    let place = place_with(&["shared-form"]);
    let program = env!("CARGO_BIN_EXE_recipack");
    let asked = format!("{program} check shared-form");
    let script = || std::process::Command::new("script");
    let version = script().arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        // Without `script` there is no terminal to be had.
        return;
    }
    for (name, value, coloured) in [
        ("A", "1", true),
        ("NO_COLOR", "1", false),
        ("NO_COLOR", "", true),
        ("TERM", "dumb", false),
    ] {
        let mut command = script();
        command
            .args(["-qec", &asked, "/dev/null"])
            .current_dir(place.folder.path());
        command
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .env(name, value);
        let output = command
            .stdin(Stdio::null())
            .output()
            .expect("script starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("connector-missing"), "{text}");
        assert_eq!(text.contains("\u{1b}["), coloured, "{name}={value}: {text}");
    }
}

/// `--color` goes before the environment, and that before what is printed to.
#[test]
fn colour_is_as_it_is_said() {
    let place = place_with(&["partner", "shared-form"]);
    for (variables, options, coloured) in [
        (&[][..], &[][..], false),
        (&[], &["--color", "always"], true),
        (&[("NO_COLOR", "1")], &["--color=always"], true),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "0")], &[], false),
        (&[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
    ] {
        for arguments in [
            // Findings, differences, and what is wrong with the arguments.
            &["check", "shared-form"][..],
            &["diff", "partner", "shared-form"],
            &["nonsense"],
        ] {
            let mut command = place.command();
            command.args(arguments).args(options);
            let run = Run::from(
                command
                    .envs(variables.iter().copied())
                    .output()
                    .expect("it starts"),
            );
            let is = format!("{}{}", run.stdout, run.stderr).contains("\u{1b}[");
            assert_eq!(
                is, coloured,
                "{variables:?} {arguments:?} {options:?}: {}",
                run.stderr
            );
        }
        // A document is never coloured.
        let mut command = place.command();
        command.args(["check", "partner", "--json"]).args(options);
        let run = Run::from(
            command
                .envs(variables.iter().copied())
                .output()
                .expect("it starts"),
        );
        assert!(!run.stdout.contains('\u{1b}'));
    }
    let wrong = place.run(["check", "partner", "--color", "sometimes"]);
    assert_eq!(wrong.code, 64, "{}", wrong.stderr);
}

#[test]
fn a_command_can_work_in_another_folder() {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    let run = place
        .command()
        .current_dir("/")
        .args(["-C"])
        .arg(place.folder.path())
        .args(["export", "--to", "customers", "-q"])
        .output()
        .expect("it starts");
    assert_eq!(Run::from(run).code, 0);
    assert!(place.path("kestrel-orders.zip").is_file());
    insta::assert_snapshot!(outcome(&Place::new(), &["-C", "nowhere", "check"]), @r#"
    exit 64
    --- stderr
    error[usage]: can't work in nowhere: No such file or directory
    --- folder
    "#);
}

/// Whoever reads the first line only closes the pipe on the rest.
#[test]
fn a_pipe_that_is_closed_is_no_failure() {
    let place = place_with(&["partner"]);
    for arguments in [
        &["show", "partner"][..],
        &["graph", "partner"],
        &["check", "partner", "--json"],
        &["export", "partner", "--for", "external", "--list"],
        &["completions", "zsh"],
        &["schema"],
        &["--help"],
    ] {
        let mut child = place
            .command()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let run = Run::from(child.wait_with_output().expect("it ends"));
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
        assert!(
            !run.stderr.contains("panic") && !run.stderr.contains("Broken pipe"),
            "{}",
            run.stderr
        );
    }
}

/// Talk that nobody hears is no failure either.
#[test]
fn stderr_may_be_closed() {
    let place = place_with(&["partner"]);
    let mut child = place
        .command()
        .args(["check", "partner", "-v"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stderr.take());
    let run = Run::from(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, 0);
    assert!(
        run.stdout.starts_with("partner: 41 files"),
        "{}",
        run.stdout
    );
}

/// Names that would recolour, clear, retitle or reorder what a terminal shows, or add lines to it.
const HARMFUL: [&str; 6] = [
    "\u{1b}[31m",
    "\u{9b}2J",
    "\u{1b}]0;title\u{7}",
    "\u{202e}",
    "\u{61c}",
    "\nerror: forged",
];

#[test]
fn names_in_a_project_never_reach_the_terminal_raw() {
    let place = Place::new();
    for (number, harm) in HARMFUL.iter().enumerate() {
        let name = serde_json::to_string(&format!("N{number}{harm}")).expect("JSON");
        let title = serde_json::to_string(&format!("T{number}{harm}")).expect("JSON");
        let reference = format!(r#"{{"zip_name":{name},"name":{name},"folder":{name}}}"#);
        let adapter = format!("x{number}.custom_adapter.json");
        place.write(
            &format!("project/r{number}.recipe.json"),
            &format!(
                r#"{{"name":{name},"tags":[{name}],"code":{{"provider":{name},"name":{name},"input":{{{name}:{reference}}}}},
                "config":[{{"keyword":"application","provider":{name},"account_id":{reference}}}]}}"#
            ),
        );
        place.write(
            &format!("project/c{number}.connection.json"),
            &format!(
                r#"{{"name":{name},"provider":{{"zip_name":"{adapter}","name":{title},"folder":""}}}}"#
            ),
        );
        place.write(
            &format!("project/{adapter}"),
            &format!(r#"{{"title":{title},"version":1,"name":{name}}}"#),
        );
        place.write(
            &format!("other/r{number}.recipe.json"),
            &format!(r#"{{"name":{name},"description":{name}}}"#),
        );
        let path = format!("project/p{number}{harm}.txt");
        fs::write(place.path(&path), "no asset").expect("written");
        let path = format!("broken/p{number}{harm}.recipe.json");
        fs::create_dir_all(place.path("broken")).expect("made");
        fs::write(place.path(&path), format!("{{\"{harm}\": {harm}")).expect("written");
        fs::write(
            place.path(&format!("broken/b{number}.recipe.json")),
            format!("{{{harm}"),
        )
        .expect("written");
    }
    place.write("project/dashboard.odd.json", "{}");
    let catalog: Vec<_> = (0..HARMFUL.len())
        .map(|n| serde_json::json!({"title": format!("T{n}{}", HARMFUL[n]), "name": format!("a_connector_1_{n}"), "oem_shared_version": 3}))
        .collect();
    place.write(
        "catalog.json",
        &serde_json::to_string(&catalog).expect("JSON"),
    );
    let harmful_item = format!("N0{}", HARMFUL[0]);
    for arguments in [
        &["check", "project", "-v"][..],
        &[
            "check",
            "project",
            "-v",
            "--for",
            "customer",
            "--catalog",
            "catalog.json",
        ],
        &[
            "export", "project", "--for", "external", "-o", "p.zip", "-v",
        ],
        &[
            "export",
            "project",
            "--for",
            "customer",
            "--catalog",
            "catalog.json",
            "-o",
            "p.zip",
            "-v",
        ],
        &["export", "project", "--for", "external", "--list"],
        &["show", "project"],
        &["graph", "project"],
        &["graph", "project", "--format", "mermaid"],
        &["graph", "project", "--format", "dot"],
        &["graph", "project", "--of", "r0.recipe.json"],
        &["graph", "project", "--of", &harmful_item],
        &["why", &harmful_item, "project", "--for", "external"],
        &["why", "r0.recipe.json", "project", "--for", "external"],
        &["why", "r9.recipe.json", "project", "--for", "external"],
        &["diff", "project", "other"],
        &["diff", "other", "project"],
        &["check", "broken"],
        &["export", "broken", "--for", "external"],
        &["init", "project", "--force"],
        &["manifest", "list"],
        &["check", "project", "--json"],
        &["check", "broken", "--json"],
        &["graph", "project", "--json"],
        &["show", "project", "--json"],
        &["diff", "other", "project", "--json"],
    ] {
        let run = place.run(arguments);
        assert!(
            run.code < 65 && run.code >= 0,
            "{arguments:?}: {}",
            run.stderr
        );
        for text in [&run.stdout, &run.stderr] {
            let raw = text.chars().find(|c| {
                c.is_control() && *c != '\n'
                    || matches!(c, '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            assert_eq!(raw, None, "{arguments:?}: {text:?}");
            let forged = text.lines().any(|line| line.starts_with("error: forged"));
            assert!(!forged, "{arguments:?}: {text}");
        }
    }
    // The test means something only if the names are shown at all.
    let shown = place.run(["graph", "project"]).stdout;
    assert!(shown.contains(r"N0\u{1b}[31m"), "{shown}");
    assert!(shown.contains(r"N3\u{202e}"), "{shown}");
}

/// What a person at a terminal types, with a moment before each key; nothing without the program that
/// makes a terminal.
fn typed(place: &Place, asked: &str, keys: &[&str]) -> Option<(Option<i32>, String)> {
    use std::io::{Read as _, Write as _};
    use std::process::Command;
    use std::time::{Duration, Instant};

    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let program = env!("CARGO_BIN_EXE_recipack");
    let mut child = Command::new("script")
        .args([
            "-qec",
            &format!("stty rows 30 cols 100; {program} {asked}"),
            "/dev/null",
        ])
        .current_dir(place.folder.path())
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script starts");
    let mut screen = child.stdout.take().expect("piped");
    let (sender, shown) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = screen.read(&mut bytes) {
            if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut stdin = child.stdin.take().expect("piped");
    let mut text = Vec::new();
    for key in keys {
        // A key is typed once the screen is still: before that nobody reads it.
        let started = Instant::now();
        let mut last = Instant::now();
        let before = text.len();
        while (text.len() == before || last.elapsed() < Duration::from_millis(150))
            && started.elapsed() < Duration::from_secs(20)
        {
            if let Ok(more) = shown.recv_timeout(Duration::from_millis(50)) {
                text.extend(more);
                last = Instant::now();
            }
        }
        if stdin.write_all(key.as_bytes()).is_err() {
            break;
        }
    }
    let status = child.wait().expect("it ends");
    drop(stdin);
    reader.join().expect("read");
    text.extend(shown.try_iter().flatten());
    Some((status.code(), String::from_utf8_lossy(&text).into_owned()))
}

const ENTER: &str = "\r";

#[test]
fn a_manifest_is_picked_at_a_terminal() {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    let manifest = || fs::read_to_string(place.path("recipack.toml")).expect("a manifest");
    let before = manifest();
    // Nothing is ticked any more but the recipe that is looked for; the connectors stay as they are.
    let keys = ["\x1b[D", "Return", " ", ENTER, ENTER, ENTER, "y\n"];
    let Some((code, screen)) = typed(&place, "manifest edit", &keys) else {
        return;
    };
    assert_eq!(code, Some(0), "{screen}");
    for shown in [
        "What does the package take?",
        "Return label (recipe) in Orders, with Parcel Tracker",
        "come along:",
        "  Connections/parcel_tracker_account.connection.json",
        "Which connectors does the package for customers bring?",
        "[ ] Parcel Tracker: shared as v6, so customers have it; ticked, it becomes a second one",
        "Which connectors does the package for external-account bring?",
        "[x] Parcel Tracker: installs or updates there",
        "added Orders/return_label.recipe.json in select.include",
        "Write this to recipack.toml? [y/N, b to go back]",
    ] {
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
    let picked = manifest();
    assert!(
        picked.contains("include = [\"Orders/return_label.recipe.json\"]"),
        "{picked}"
    );
    assert!(
        !picked.contains("[targets.customers.connectors]"),
        "{picked}"
    );

    // Who looks at it and goes back finds the ticks as they were, and can set others.
    let keys = [ENTER, " ", ENTER, ENTER, "b\n", ENTER, " ", ENTER, ENTER];
    let (code, screen) = typed(&place, "manifest edit", &keys).expect("a terminal");
    assert_eq!(code, Some(0), "{screen}");
    for shown in [
        "added customers: Parcel Tracker in targets",
        "> [x] Parcel Tracker: shared as v6, so customers have it",
    ] {
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
    assert!(screen.contains("nothing is changed"), "{screen}");
    assert_eq!(manifest(), picked);

    // A shared one that is ticked all the same is warned of, and included.
    let keys = [ENTER, " ", ENTER, ENTER, "yes\n"];
    let (code, screen) = typed(&place, "manifest edit", &keys).expect("a terminal");
    assert_eq!(code, Some(0), "{screen}");
    let warning = "warning: \"Parcel Tracker\" becomes a second connector of customers's own, beside the shared one";
    assert!(screen.contains(warning), "{screen}");
    let included = manifest();
    assert!(
        included.contains("[targets.customers.connectors]\n\"Parcel Tracker\" = \"include\""),
        "{included}"
    );

    // Who gives up, says no, or is gone changes nothing.
    for keys in [
        &["\x1b"][..],
        &["Archive", "\x1b[C", "\x1b"],
        &["\x1b[C", ENTER, ENTER, ENTER, "\n"],
    ] {
        let (code, screen) = typed(&place, "manifest edit", keys).expect("a terminal");
        assert_eq!(code, Some(3), "{keys:?}: {screen}");
        assert!(
            screen.contains("error[declined]: nothing was written"),
            "{screen}"
        );
        assert_eq!(manifest(), included, "{keys:?}");
    }
    let (code, screen) = typed(&place, "manifest edit", &["\x03"]).expect("a terminal");
    assert_eq!(code, Some(130), "{screen}");
    let (code, screen) = typed(&place, "manifest edit", &["\x1b[D", ENTER]).expect("a terminal");
    assert_eq!(code, Some(1), "{screen}");
    assert!(screen.contains("error[nothing-selected]"), "{screen}");
    assert_eq!(manifest(), included);
    let keys = [ENTER, ENTER, ENTER];
    let (code, screen) = typed(&place, "manifest edit", &keys).expect("a terminal");
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("nothing is changed"), "{screen}");
    assert_ne!(before, included);
}

#[test]
fn without_a_terminal_the_picker_names_the_commands_that_do_the_same() {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    insta::assert_snapshot!(outcome(&place, &["manifest", "edit"]), @r"
    exit 64
    --- stderr
    error[usage]: `manifest edit` needs a terminal
       = help: these do the same without one:
               recipack manifest list
               recipack manifest add recipe NAME
               recipack manifest remove recipe NAME
               recipack manifest add connector TITLE=include --target TARGET
               recipack manifest remove connector TITLE --target TARGET
    --- folder
    catalogs
    partner
    recipack.toml
    ");
}
