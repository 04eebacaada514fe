//! Bringing a workspace back over the API: what an import changed is kept on this machine, and comes
//! back as an import; whatever does not is told.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use recipack::model::kind::AssetKind;
use recipack::model::workspace::{HeldState, RecipeState};
use recipack::workspace::Workspace as _;
use serde_json::Value;

use super::slim::{edit_recipe, held, newer, osprey};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::Place;
use crate::support::sandbox::{Sandbox, command, done, export_external, local, partner};

/// The recipe that a newer package has otherwise.
const RECIPE: &str = "Functions/Quote shipping";

/// The package anew, with another recipe and other code of a connector.
fn newer_connector(place: &Place) {
    let source = place.path("partner/parcel_tracker.custom_adapter.rb");
    let text = std::fs::read_to_string(&source).expect("readable");
    std::fs::write(&source, format!("{text}# newer\n")).expect("written");
    newer(place);
}

/// A workspace into which a package and a newer one were imported over the API, with a recipe that
/// runs.
fn imported_twice(place: &Place, caller: &Caller<'_>) {
    caller.exits(0, &["import", "external.zip", "--into", &caller.url]);
    let authorize = ["connection", "authorize", "--all", "--in", "local:osprey"];
    done(&local(place, &authorize), &authorize);
    caller.exits(0, &["recipe", "start", RECIPE, "--in", &caller.url]);
    newer_connector(place);
    let import = ["import", "newer.zip", "--into", &caller.url, "--yes"];
    let permitted = [&import[..], &["--restart-recipes"]].concat();
    caller.exits(0, &permitted);
}

/// Whether the workspace holds what a package says.
#[track_caller]
fn is_as(place: &Place, package: &str) {
    let plan = ["plan", package, "--into", "local:osprey"];
    let run = local(place, &[&plan[..], &["--detailed-exitcode"]].concat());
    assert_eq!(run.code, 0, "{package}: {}{}", run.stdout, run.stderr);
}

fn state_of(place: &Place, name: &str) -> RecipeState {
    let assets = osprey(place).inventory().expect("an inventory").assets;
    let recipe = assets.into_iter().find(|asset| *asset.key.name == *name);
    match recipe.expect("there").state {
        HeldState::Recipe(state) => state,
        other @ (HeldState::Connection(_) | HeldState::Plain) => panic!("{other:?}"),
    }
}

fn kept(place: &Place) -> Vec<PathBuf> {
    let folder = place.path("state/recipack/imports/packages");
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut kept: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    kept.sort();
    kept
}

/// The digests of what a revision keeps: what was sent, and what was there before.
fn digests(place: &Place, revision: u64) -> [Option<String>; 2] {
    let folder = place.path("state/recipack/imports");
    for entry in std::fs::read_dir(folder).expect("a journal") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("readable");
        let entry: Value = serde_json::from_str(&text).expect("JSON");
        if entry["state"]["revision"] == revision {
            return ["uploaded", "before"]
                .map(|key| entry["kept"][key].as_str().map(str::to_owned));
        }
    }
    panic!("no revision {revision}");
}

fn package(place: &Place, digest: &str) -> PathBuf {
    place.path(&format!("state/recipack/imports/packages/{digest}.zip"))
}

#[test]
fn an_update_of_a_recipe_and_a_connector_is_rolled_back_and_forth() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    imported_twice(&place, &caller);
    let url = sandbox.url.as_str();
    is_as(&place, "newer.zip");

    // What is kept is for its owner only.
    let files = kept(&place);
    assert_eq!(files.len(), 3, "{files:?}");
    let folder = place.path("state/recipack/imports/packages");
    let mode = |path: &PathBuf| std::fs::metadata(path).expect("there").permissions().mode();
    assert_eq!(mode(&folder) & 0o777, 0o700);
    for file in &files {
        assert_eq!(mode(file) & 0o777, 0o600, "{}", file.display());
    }

    let plan = caller.exits(0, &["rollback", url, "--plan"]);
    for line in [
        "  ~ connector    Parcel Tracker  restores v1 as a newer version, released, 3 recipes use it\n",
        "  ! recipe       Functions/Quote shipping  restores running v1 as v3\n",
        "Plan: 1 to restore (1 running), 0 unchanged. Connectors: 1 to restore.\n",
        "  what 4 recipes did meanwhile in the versions that are undone\n",
        "Needs --restart-recipes: 1 running recipe would be stopped and restored.\n",
    ] {
        assert!(plan.stdout.contains(line), "{line}{}", plan.stdout);
    }
    is_as(&place, "newer.zip");

    // The same permissions as elsewhere.
    let refused = caller.exits(3, &["rollback", url, "--yes"]);
    assert!(
        refused.stderr.contains("--restart-recipes"),
        "{}",
        refused.stderr
    );
    let asked = caller.exits(3, &["rollback", url, "--restart-recipes"]);
    assert!(
        asked.stderr.contains("error[not-confirmed]"),
        "{}",
        asked.stderr
    );
    is_as(&place, "newer.zip");

    let back = caller.exits(0, &["rollback", url, "--yes", "--restart-recipes"]);
    let told = format!("Rolled back {url} as revision 3; read back, it is as after revision 1.\n");
    assert!(back.stdout.ends_with(&told), "{}", back.stdout);
    is_as(&place, "external.zip");
    assert_eq!(state_of(&place, "Quote shipping"), RecipeState::Running);
    let again = caller.exits(0, &["rollback", url, "1", "--yes"]);
    let told = format!("{url} is as after revision 1 already.\n");
    assert!(again.stdout.ends_with(&told), "{}", again.stdout);

    // A rollback is a revision, and can be rolled back itself.
    let history = caller.json(0, &["history", url]);
    let third = &history["revisions"][2];
    assert_eq!(third["action"], "rollback");
    assert_eq!(third["subject"], "revision 1");
    let one = caller.json(0, &["history", url, "3"]);
    assert_eq!(one["assets"][0]["name"], "Quote shipping", "{one}");
    assert_eq!(one["assets"][0]["change"], "changed");
    let forth = caller.exits(0, &["rollback", url, "--yes", "--restart-recipes"]);
    assert!(forth.stdout.contains("as revision 4"), "{}", forth.stdout);
    is_as(&place, "newer.zip");
    let document = caller.json(0, &["rollback", url, "1", "--yes", "--restart-recipes"]);
    assert_eq!(document["receipt"]["revision"], 5);
    assert_eq!(document["astray"], Value::Array(Vec::new()));
    assert_eq!(document["plan"]["connectors"][0]["action"], "restores");
    is_as(&place, "external.zip");
}

#[test]
fn what_a_first_import_created_stays_and_that_is_told() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    let url = sandbox.url.as_str();
    let none = caller.exits(1, &["rollback", url]);
    assert!(
        none.stderr.contains("error[no-revision]"),
        "{}",
        none.stderr
    );
    caller.exits(0, &["import", "external.zip", "--into", url]);
    let authorize = ["connection", "authorize", "--all", "--in", "local:osprey"];
    done(&local(&place, &authorize), &authorize);
    caller.exits(0, &["recipe", "start", RECIPE, "--in", url]);
    let refused = caller.exits(1, &["rollback", url, "--created", "remove", "--yes"]);
    assert!(
        refused.stderr.contains("error[not-offered]"),
        "{}",
        refused.stderr
    );
    let kept = caller.exits(0, &["rollback", url, "--created", "keep", "--yes"]);
    assert!(
        kept.stdout
            .contains("is as before the first revision already"),
        "{}",
        kept.stdout
    );
    assert_eq!(state_of(&place, "Quote shipping"), RecipeState::Running);
    let back = caller.exits(0, &["rollback", url, "--yes"]);
    for line in [
        "  ! recipe       Functions/Quote shipping  created since, stops and stays\n",
        "  o connector    Parcel Tracker  installed since, stays, 3 recipes use it\n",
        "1 to start or stop, 31 created since to stay, 0 unchanged",
        "  5 connections created since: they stay, authorized or not as they are\n",
        "stopped   Functions/Quote shipping\n",
        "as revision 2; read back, it is as before the first revision.\n",
    ] {
        assert!(back.stdout.contains(line), "{line}{}", back.stdout);
    }
    assert_eq!(state_of(&place, "Quote shipping"), RecipeState::Stopped);
    is_as(&place, "external.zip");
    // What it stopped runs again if it is undone.
    caller.exits(0, &["rollback", url, "1", "--yes"]);
    assert_eq!(state_of(&place, "Quote shipping"), RecipeState::Running);
}

/// What was there before recipack ever imported is read before it is changed.
#[test]
fn what_was_there_before_the_first_import_comes_back() {
    let place = partner();
    let import = ["import", "external.zip", "--into", "local:osprey"];
    done(&local(&place, &import), &import);
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    edit_recipe(
        &place.path("p.db"),
        "Quote shipping",
        "by the customer, long before",
    );
    newer(&place);
    caller.exits(0, &["import", "newer.zip", "--into", &sandbox.url, "--yes"]);
    is_as(&place, "newer.zip");
    let back = caller.exits(0, &["rollback", &sandbox.url, "0", "--yes"]);
    assert!(
        back.stdout
            .contains("~ recipe       Functions/Quote shipping  restores v2 as v4\n"),
        "{}",
        back.stdout
    );
    let now = held(&place, &AssetKind::Recipe, "Quote shipping");
    assert!(now.contains("by the customer, long before"), "{now}");
}

#[test]
fn what_somebody_else_changed_since_is_put_back_by_permission_only() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    let url = sandbox.url.as_str();
    caller.exits(0, &["import", "external.zip", "--into", url]);
    newer(&place);
    caller.exits(0, &["import", "newer.zip", "--into", url, "--yes"]);
    // What nobody rolls back may be changed by anybody.
    edit_recipe(
        &place.path("p.db"),
        "Track new parcels",
        "by the customer, elsewhere",
    );
    caller.exits(0, &["rollback", url, "--plan"]);
    edit_recipe(
        &place.path("p.db"),
        "Quote shipping",
        "by the customer, since",
    );
    let refused = caller.exits(3, &["rollback", url, "--yes"]);
    assert!(
        refused.stderr.contains(
            "error[not-permitted]: \"Functions/Quote shipping\": changed since, by somebody else\n"
        ),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("--overwrite-edits"),
        "{}",
        refused.stderr
    );
    let now = held(&place, &AssetKind::Recipe, "Quote shipping");
    assert!(now.contains("by the customer, since"), "{now}");
    // Where what was sent is not kept any more, nobody can tell.
    let [sent, _] = digests(&place, 2);
    std::fs::remove_file(package(&place, &sent.expect("kept"))).expect("removed");
    let unknown = caller.exits(3, &["rollback", url, "--yes"]);
    assert!(
        unknown
            .stderr
            .contains("perhaps changed since: what was sent is not kept any more"),
        "{}",
        unknown.stderr
    );
    caller.exits(0, &["rollback", url, "--yes", "--overwrite-edits"]);
    let now = held(&place, &AssetKind::Recipe, "Quote shipping");
    assert!(!now.contains("by the customer"), "{now}");
    let other = held(&place, &AssetKind::Recipe, "Track new parcels");
    assert!(other.contains("by the customer, elsewhere"), "{other}");
    // The edit is kept like everything that an import changes.
    caller.exits(0, &["rollback", url, "2", "--yes"]);
    let now = held(&place, &AssetKind::Recipe, "Quote shipping");
    assert!(now.contains("by the customer, since"), "{now}");
}

/// A change between the plan and the import is not overlooked.
#[test]
fn a_change_while_it_is_rolled_back_is_seen() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let through = Caller::of(&place, &sandbox, "osprey").through(&between);
    through.exits(0, &["import", "external.zip", "--into", &through.url]);
    newer(&place);
    through.exits(0, &["import", "newer.zip", "--into", &through.url, "--yes"]);
    let before = between.lines().len();
    let plan = through.exits(0, &["rollback", &through.url, "--plan"]);
    assert!(plan.stdout.contains("Quote shipping"), "{}", plan.stdout);
    let asked = between.lines().len();
    let platform = place.path("p.db");
    between.rule(move |_, number| {
        // After it was planned for, before it is sent.
        if number == 2 * asked - before + 1 {
            edit_recipe(&platform, "Quote shipping", "by the customer, meanwhile");
        }
        Fate::Passes
    });
    let refused = through.exits(3, &["rollback", &through.url, "--yes"]);
    assert!(
        refused.stderr.contains("--overwrite-edits"),
        "{}",
        refused.stderr
    );
    let now = held(&place, &AssetKind::Recipe, "Quote shipping");
    assert!(now.contains("by the customer, meanwhile"), "{now}");
}

#[test]
fn what_is_not_kept_is_refused_and_what_is_damaged_too() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    imported_twice(&place, &caller);
    let url = sandbox.url.as_str();
    let rollback = ["rollback", url, "--yes", "--restart-recipes"];
    let [sent, before] = digests(&place, 2).map(|digest| digest.expect("kept"));
    let whole = std::fs::read(package(&place, &before)).expect("readable");
    for digest in [&sent, &before] {
        let path = package(&place, digest);
        let bytes = std::fs::read(&path).expect("readable");
        let mut damaged = bytes.clone();
        damaged[40] ^= 1;
        std::fs::write(&path, damaged).expect("written");
        let refused = caller.exits(4, &rollback);
        let code = format!(
            "error[damaged-package]: {url} can't go back: a package that was kept is damaged of revision 2\n"
        );
        assert!(refused.stderr.contains(&code), "{}", refused.stderr);
        assert!(
            refused.stderr.contains(&format!("{digest}.zip")),
            "{}",
            refused.stderr
        );
        std::fs::write(&path, bytes).expect("written");
    }
    std::fs::remove_file(package(&place, &before)).expect("removed");
    let refused = caller.exits(3, &rollback);
    let code = format!(
        "error[not-kept]: {url} can't go back: what was there before is not kept any more of revision 2\n"
    );
    assert!(refused.stderr.contains(&code), "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains(&format!("recipack history {url}\n")),
        "{}",
        refused.stderr
    );
    is_as(&place, "newer.zip");
    std::fs::write(package(&place, &before), whole).expect("written");
    caller.exits(0, &rollback);
    is_as(&place, "external.zip");
}

#[test]
fn what_is_kept_is_freed_and_what_is_freed_is_told() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    imported_twice(&place, &caller);
    let url = sandbox.url.as_str();
    assert_eq!(kept(&place).len(), 3);
    let [first, _] = digests(&place, 1).map(|digest| digest.unwrap_or_default());
    let size = std::fs::metadata(package(&place, &first))
        .expect("there")
        .len();
    let freed = caller.json(0, &["history", url, "--prune"]);
    assert_eq!(freed["packages"], 1, "{freed}");
    assert_eq!(freed["bytes"], size);
    assert_eq!(freed["revisions"], serde_json::json!([1]));
    assert_eq!(kept(&place).len(), 2);
    let nothing = caller.exits(0, &["history", url, "--prune"]);
    assert_eq!(nothing.stdout, "nothing to free\n");
    // The newest revision can still be undone.
    caller.exits(0, &["rollback", url, "--plan"]);
    let all = caller.exits(0, &["history", url, "--prune=0"]);
    assert!(
        all.stdout.starts_with("freed 2 packages, "),
        "{}",
        all.stdout
    );
    assert!(
        all.stdout
            .ends_with("  revision 2 can't be undone any more\n"),
        "{}",
        all.stdout
    );
    assert!(kept(&place).is_empty());
    let refused = caller.exits(3, &["rollback", url, "--plan"]);
    assert!(
        refused.stderr.contains("error[not-kept]"),
        "{}",
        refused.stderr
    );
    let none = local(&place, &["history", "local:osprey", "--prune"]);
    assert_eq!(none.code, 64, "{}", none.stderr);
}

/// Without room the oldest go; the newest import can be undone whatever room there is.
#[test]
fn no_more_is_kept_than_may_be() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    let import = |package: &str| {
        let arguments = ["import", package, "--into", &sandbox.url, "--yes"];
        let mut command = command(&place, &sandbox.url, &caller.token, &arguments);
        command.env("RECIPACK_KEPT_MB", "0");
        let run = command.output().expect("it starts");
        assert!(run.status.success(), "{run:?}");
    };
    import("external.zip");
    assert_eq!(kept(&place).len(), 1);
    newer(&place);
    import("newer.zip");
    assert_eq!(kept(&place).len(), 2);
    caller.exits(0, &["rollback", &sandbox.url, "--yes"]);
    is_as(&place, "external.zip");
    let arguments = ["history", &sandbox.url];
    let mut wrong = command(&place, &sandbox.url, &caller.token, &arguments);
    let wrong = wrong
        .env("RECIPACK_KEPT_MB", "much")
        .output()
        .expect("it starts");
    assert_eq!(wrong.status.code(), Some(64), "{wrong:?}");
}

/// What an older version imported was not kept.
#[test]
fn a_revision_of_an_older_version_can_not_be_undone() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    caller.exits(0, &["import", "external.zip", "--into", &sandbox.url]);
    let folder = place.path("state/recipack/imports");
    for entry in std::fs::read_dir(folder).expect("a journal") {
        let path = entry.expect("readable").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = std::fs::read_to_string(&path).expect("readable");
            let mut entry: Value = serde_json::from_str(&text).expect("JSON");
            let object = entry.as_object_mut().expect("an object");
            object.remove("kept").expect("it is kept");
            object.remove("seal");
            object.insert("format".to_owned(), 2.into());
            std::fs::write(&path, entry.to_string()).expect("written");
        }
    }
    let refused = caller.exits(3, &["rollback", &sandbox.url, "--plan"]);
    assert!(
        refused
            .stderr
            .contains("what was there before was not kept of revision 1\n"),
        "{}",
        refused.stderr
    );
    caller.exits(0, &["history", &sandbox.url, "1"]);
}

fn in_progress(told: Told) -> Told {
    let text = String::from_utf8(told.body).expect("UTF-8");
    Told {
        body: text
            .replace("\"completed\"", "\"in_progress\"")
            .into_bytes(),
        ..told
    }
}

/// Killed while the platform works, it is gone on with; and nothing else is done before.
#[test]
fn a_rollback_that_is_killed_half_way_is_resumed() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let through = Caller::of(&place, &sandbox, "osprey").through(&between);
    imported_twice(&place, &through);
    between.rule(|asked, _| {
        let job = asked.method == "GET" && asked.path.starts_with("/api/packages/");
        match job && !asked.path.ends_with("/download") {
            true => Fate::Edited(|told| {
                match String::from_utf8_lossy(&told.body).contains("\"import\"") {
                    true => in_progress(told),
                    false => told,
                }
            }),
            false => Fate::Passes,
        }
    });
    let arguments = ["rollback", &through.url, "--yes", "--restart-recipes"];
    let mut child = command(&place, &through.url, &through.token, &arguments)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let journal = place.path("state/recipack/imports");
    let started = Instant::now();
    let id = loop {
        assert!(
            started.elapsed() < Duration::from_secs(180),
            "nothing is written down"
        );
        let entries = std::fs::read_dir(&journal).into_iter().flatten();
        let sent = entries.filter_map(Result::ok).find_map(|entry| {
            let text = std::fs::read_to_string(entry.path()).ok()?;
            let name = entry.file_name().into_string().ok()?;
            let id = name.strip_suffix(".json")?.to_owned();
            text.contains("\"sent\",").then_some(id)
        });
        if let Some(id) = sent {
            break id;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    child.kill().expect("killed");
    child.wait().expect("ended");
    between.rule(|_, _| Fate::Passes);
    let open = through.exits(69, &["rollback", &through.url, "--yes"]);
    assert!(
        open.stderr
            .contains(&format!("to go on with it: recipack resume {id}\n")),
        "{}",
        open.stderr
    );
    let resumed = through.exits(0, &["resume", &id]);
    assert!(
        resumed
            .stdout
            .contains("as revision 3; read back, it is as after revision 1.\n"),
        "{}",
        resumed.stdout
    );
    is_as(&place, "external.zip");
    assert_eq!(state_of(&place, "Quote shipping"), RecipeState::Running);
    let history = through.json(0, &["history", &through.url]);
    assert_eq!(history["revisions"][2]["action"], "rollback", "{history}");
    // The package that was made for it goes with it, and a newer one can be made.
    export_external(&place, "again.zip");
}
