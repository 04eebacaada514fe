//! How many questions a command asks, which rights it needs, and what is told on the way.

use crate::between::Fate;
use crate::stage::Told;
use crate::support::Place;
use crate::support::sandbox::{Sandbox, done, local, partner};
use crate::{Between, Caller};

fn refusal(status: u16, body: &str) -> Told {
    Told {
        status,
        body: body.as_bytes().to_vec(),
        ..Told::default()
    }
}

/// A platform whose workspace `osprey` holds the partner's package.
fn filled() -> Place {
    let place = partner();
    let import = ["import", "external.zip", "--into", "local:osprey", "--yes"];
    done(&local(&place, &import), &import);
    place
}

/// How many questions a command says that it asked.
fn requests(stderr: &str) -> Option<usize> {
    let line = stderr
        .lines()
        .find(|line| line.contains(" to the platform's API"))?;
    line.split(' ').next()?.parse().ok()
}

#[test]
fn each_command_asks_so_often() {
    let place = filled();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let (osprey, studio) = (
        Caller::of(&place, &sandbox, "osprey").through(&between),
        Caller::of(&place, &sandbox, "studio").through(&between),
    );
    let (own, admin) = (osprey.url.as_str(), studio.url.as_str());
    let mut told = Vec::new();
    for (caller, command, expected) in [
        (&osprey, &["recipe", "list", "--in", own][..], 13),
        (&osprey, &["recipe", "stop", "--all", "--in", own], 13),
        (&osprey, &["connection", "list", "--in", own], 17),
        (&osprey, &["connector", "list", "--in", own], 17),
        (&osprey, &["history", own], 3),
        (&studio, &["catalog", "list", "--in", admin], 13),
        (&studio, &["catalog", "pull", "--in", admin], 8),
        (&studio, &["customer", "list", "--of", admin], 4),
    ] {
        let before = between.lines().len();
        let run = caller.run(&[command, &["--verbose"]].concat());
        let asked = between.lines().split_off(before);
        let seen = asked.len();
        assert_eq!(
            requests(&run.stderr),
            Some(seen),
            "{command:?}: {}",
            run.stderr
        );
        if seen != expected {
            told.push(format!(
                "{command:?}: {seen} for {expected} (exit {}): {asked:#?}",
                run.code
            ));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Lists need their lists only, and a recipe that stops needs no connectors: whoever may not see
/// them is not asked to.
#[test]
fn no_more_rights_are_needed_than_what_is_done_takes() {
    let place = filled();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    between.rule(|asked, _| {
        let forbidden = [
            "custom_connectors",
            "export_manifests",
            "packages",
            "connections",
        ];
        match forbidden.iter().any(|part| asked.path.contains(part)) {
            true => Fate::Kept(refusal(403, r#"{"message": "Forbidden"}"#)),
            false => Fate::Passes,
        }
    });
    let own = osprey.url.clone();
    osprey.exits(0, &["recipe", "list", "--in", &own]);
    osprey.exits(0, &["recipe", "stop", "--all", "--in", &own]);
    between.rule(|asked, _| match asked.path.contains("custom_connectors") {
        true => Fate::Kept(refusal(403, r#"{"message": "Forbidden"}"#)),
        false => Fate::Passes,
    });
    let run = osprey.exits(77, &["connector", "list", "--in", &own]);
    assert!(
        run.stderr.contains("the right to list custom connectors"),
        "{}",
        run.stderr
    );
}

#[test]
fn no_manifest_is_left_behind_and_all_projects_is_no_folder() {
    let place = filled();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let osprey = Caller::of(&place, &sandbox, "osprey").through(&between);
    let own = osprey.url.clone();
    between.rule(|asked, _| match asked.path.contains("/packages/export/") {
        true => Fate::Kept(refusal(422, r#"{"message": "no"}"#)),
        false => Fate::Passes,
    });
    osprey.exits(1, &["plan", "external.zip", "--into", &own]);
    let lines = between.lines();
    let of = |method: &str| lines.iter().filter(|line| line.starts_with(method)).count();
    assert_eq!(
        (
            of("POST /api/export_manifests"),
            of("DELETE /api/export_manifests")
        ),
        (1, 1),
        "{lines:?}"
    );
    between.rule(|_, _| Fate::Passes);
    let all = osprey.json(0, &["recipe", "list", "--in", &own, "--folder", "Orders"]);
    let same = osprey.json(
        0,
        &[
            "recipe",
            "list",
            "--in",
            &own,
            "--folder",
            "all Projects/Orders",
        ],
    );
    assert_eq!(all, same);
}
