//! Workspaces of the local platform as real processes look at them and operate them.

mod support;

use std::process::Stdio;

use support::workspaces::{CATALOGUE, peopled, run};
use support::{Place, plain};

/// Everything that a run shows.
fn told(place: &Place, arguments: &[&str]) -> String {
    let run = run(place, arguments);
    let mut text = format!("exit {}\n", run.code);
    for (what, part) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        if !part.is_empty() {
            text.push_str(&format!("--- {what}\n{}", plain(part, place)));
        }
    }
    text.trim_end().to_owned()
}

#[test]
fn workspaces_are_created_listed_and_shown() {
    let place = Place::new();
    place.write("shared.json", CATALOGUE);
    insta::assert_snapshot!(told(&place, &["workspace", "create", "kestrel", "--kind", "admin", "--id", "48213", "--catalog", "shared.json", "--data-center", "eu"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "local:acme", "--kind", "customer", "--of", "kestrel", "--external-id", "C-17"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "moon", "--kind", "external"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "show", "acme"]), @"");
}

#[test]
fn a_workspace_shows_what_it_holds() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["workspace", "show", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "show", "moon"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"");
}

#[test]
fn a_workspace_is_created_only_if_everything_fits() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--of", "kestrel"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "admin", "--external-id", "7"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--catalog", "shared.json"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "moon"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "acme"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "kestral"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "acme", "--kind", "external"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--id", "1002"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--id", "0"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "moon"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "a/b", "--kind", "external"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "admin", "--catalog", "nowhere.json"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "admin", "--catalog", "p.db"]), @"");
    assert_eq!(
        run(&place, &["workspace", "list"]).stdout.lines().count(),
        3
    );
}

/// Without a terminal there is nobody to ask.
#[test]
fn a_workspace_is_deleted_only_on_purpose() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "acme"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "kestrel", "--yes"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "acmee", "--yes"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "acme", "--yes"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "local:kestrel", "--yes"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "moon", "--yes"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "show", "moon"]), @"");
}

#[test]
fn a_platform_has_to_be_there_and_to_be_one() {
    let place = Place::new();
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "kestrel"]), @"");
    assert_eq!(place.names(), [""; 0], "nothing is made on the way");
    place.write("p.db", "This is a text.\n");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "x", "--in", "local:acme"]), @"");
}

#[test]
fn recipes_are_listed() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--running"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--stopped", "--folder", "Orders/Functions"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--folder", "Order"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--running", "--stopped"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--into", "local:moon"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acne"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "list"]), @"");
}

#[test]
fn recipes_start_and_stop() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Orders/Functions/Track parcels", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "6", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "6", "Post costs", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "Post costs", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "--all", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "--all", "--in", "local:moon"]), @"");
}

#[test]
fn callees_are_started_before_their_callers() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "--all", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "4", "6", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "--all", "--in", "local:acme"]), @"");
}

#[test]
fn a_recipe_that_cannot_start_says_everything_that_is_in_its_way() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "start", "4", "7", "6", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Broken", "--in", "local:acme"]), @"");
    assert_eq!(
        run(
            &place,
            &["recipe", "list", "--in", "local:acme", "--running"]
        )
        .stdout
        .lines()
        .count(),
        1
    );
}

#[test]
fn a_name_has_to_mean_one_recipe() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Track parcels", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "Track parcles", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Track parcels", "nothing like it", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "x", "--all", "--in", "local:acme"]), @"");
}

#[test]
fn connections_are_listed_and_marked() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connection", "list", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "Parcel's account", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "Orders/Parcel's account", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "--all", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "Mailbx", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "--all", "--in", "local:moon"]), @"");
    insta::assert_snapshot!(told(&place, &["connection", "list", "--in", "local:acme"]), @"");
}

#[test]
fn connectors_are_listed_and_shown() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connector", "list", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "list", "--in", "local:kestrel"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "list", "--in", "local:moon"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "show", "Ledger Sync", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "show", "Parcel Tracker", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "show", "drafts_connector_1002_2", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Ledger Sync", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Parcel Tracker", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Route Planner", "--in", "local:kestrel"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Ledger Sync", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Parcel Tracker", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Parcel Tracker", "--in", "local:kestrel"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "show", "Ledger Snyc", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Route Planner", "--in", "local:acme"]), @"");
}

#[test]
fn a_release_moves_every_recipe_that_uses_the_connector() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connector", "release", "Ledger Sync", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "release", "Ledger Sync", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "release", "Drafts", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "release", "Parcel Tracker", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "release", "Nothing", "--in", "local:acme"]), @"");
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Ledger Sync", "--in", "local:acme"]), @"");
}

/// What a help says can be pasted.
#[test]
fn what_helps_say_helps() {
    let place = peopled();
    let start = &["recipe", "start", "4", "7", "--in", "local:acme"];
    let told = run(&place, start).stderr;
    let helps = told
        .lines()
        .filter_map(|line| line.trim().strip_prefix("= help: recipack "));
    let mut pasted = 0;
    for help in helps {
        let command = format!("{} {help}", env!("CARGO_BIN_EXE_recipack"));
        let output = place.shell(&command).output().expect("it starts");
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        pasted += 1;
    }
    assert_eq!(pasted, 3, "{told}");
    let left = run(&place, start).stderr;
    assert_eq!(left.matches("error[").count(), 1, "{left}");
    assert!(left.contains("error[no-connection]"), "{left}");
}

/// On a terminal the name is typed.
#[test]
fn a_person_types_the_name_of_what_is_deleted() {
    let place = peopled();
    let script = || std::process::Command::new("script");
    let version = script().arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        // Without `script` there is no terminal to be had.
        return;
    }
    let program = env!("CARGO_BIN_EXE_recipack");
    let asked = format!("{program} workspace delete acme --platform p.db");
    for (typed, code) in [("moon\n", 3), ("\u{4}", 3), ("acme\n", 0)] {
        let mut child = script()
            .args(["-qec", &asked, "/dev/null"])
            .current_dir(place.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script starts");
        let mut input = child.stdin.take().expect("a pipe");
        // A person answers what was asked.
        std::thread::sleep(std::time::Duration::from_millis(300));
        std::io::Write::write_all(&mut input, typed.as_bytes()).expect("typed");
        let output = child.wait_with_output().expect("it ends");
        drop(input);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Type its name to delete it: "), "{text}");
        assert_eq!(output.status.code(), Some(code), "{typed:?}: {text}");
    }
    let left = run(&place, &["workspace", "show", "acme"]);
    assert_eq!(left.code, 1, "{}", left.stdout);
}

/// Whoever writes at the same time is waited for, and nothing is lost.
#[test]
fn many_can_operate_one_workspace() {
    let place = peopled();
    let children: Vec<_> = (0..6)
        .map(|turn| {
            let verb = if turn % 2 == 0 { "start" } else { "stop" };
            let mut command = place.command();
            command.args([
                "recipe",
                verb,
                "6",
                "--in",
                "local:acme",
                "--platform",
                "p.db",
            ]);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}
