//! Settings that enable and disable API endpoints: once their recipes run, in memory, in the local platform
//! and over the API, where each is a request that is written down before it is sent.

use std::collections::BTreeMap;

use recipack::model::workspace::{EndpointMark, EndpointState, Served};
use recipack::ops::import::{AskedSettings, ImportDocument, ImportRequest};
use recipack::ops::{Silent, import};
use recipack::settings::{Resolved, SettingsFile, ValueSource, Whom};
use recipack::workspace::Workspace;
use secrecy::SecretString;
use serde_json::json;

use super::contract::{local, memory, remote, request, running};
use super::settings::{Runs, got};
use crate::remote::Caller;
use crate::remote::between::{Between, Fate};
use crate::stage::Told;
use crate::support::project::{ProjectFolder, reference};
use crate::support::sandbox::{Sandbox, done, local as local_command, partner};
use crate::support::{Place, files};

/// A package with a recipe that two endpoints of one name are bound to, and one that another is.
fn packed(place: &Place) {
    let endpoint = |name: &str, method: &str, recipe: (&str, &str)| {
        json!({
            "name": name,
            "recipe_id": reference(recipe.0, recipe.1),
            "api_group_id": reference("orders_api.api_group.json", "Orders API"),
            "method": method, "path": "status", "legacy": false, "validate_request": false,
        })
    };
    let status = ("Api/status.recipe.json", "Status");
    ProjectFolder::new(place, "api")
        .recipe(status.0, status.1, &[])
        .recipe("Api/late.recipe.json", "Late", &[])
        .json(
            "orders_api.api_group.json",
            &json!({"name": "Orders API", "version": "1", "description": ""}),
        )
        .json(
            "status.api_endpoint.json",
            &endpoint("Status", "GET", status),
        )
        .json(
            "status.1.api_endpoint.json",
            &endpoint("Status", "POST", status),
        )
        .json(
            "late.api_endpoint.json",
            &endpoint("Late", "PUT", ("Api/late.recipe.json", "Late")),
        );
    let export = "export api --for external -o a.zip";
    let export: Vec<&str> = export.split(' ').collect();
    done(&local_command(place, &export), &export);
}

struct Nothing;

impl ValueSource for Nothing {
    fn env(&self, _: &str) -> Result<SecretString, String> {
        Err("there is none".to_owned())
    }

    fn file(&self, _: &str, _: &str) -> Result<SecretString, String> {
        Err("there is none".to_owned())
    }

    fn rows(&self, _: &str, _: &str) -> Result<(String, Vec<u8>), String> {
        Err("there is none".to_owned())
    }
}

fn with(place: &Place, recipes: &str, endpoints: &str) -> ImportRequest {
    let text = format!("[all.recipes]\n{recipes}\n[all.endpoints]\n{endpoints}\n");
    let file = SettingsFile::parse("s.toml", &text).expect("settings");
    let resolved = Resolved::of(&[file], &Whom::default()).expect("resolved");
    let mut request = request(&place.path("a.zip"));
    request.settings = Some(AskedSettings {
        files: Vec::new(),
        labels: Vec::new(),
        customer: None,
        environment: None,
        resolved: resolved.fill(&Nothing).expect("filled"),
    });
    request
}

fn imported(workspace: &mut dyn Workspace, request: &ImportRequest) -> ImportDocument {
    import::run(request, workspace, &[], &running(), &mut Silent).expect("imported")
}

/// What the plan says of recipes and endpoints, in its order.
fn told(document: &ImportDocument) -> Vec<String> {
    let settings = document.plan.plan.settings.as_ref().expect("settings");
    let actions = settings.actions.iter();
    actions
        .map(|action| {
            let words = action.wording();
            format!("{} {} {}", words.sign, action.named(), words.what)
        })
        .collect()
}

/// How the workspace's endpoints of one name are called that are enabled.
fn enabled(workspace: &dyn Workspace, name: &str) -> Vec<String> {
    let inventory = workspace.inventory().expect("an inventory");
    let assets = inventory.assets.iter();
    let mut marks = BTreeMap::new();
    for asset in assets.filter(|asset| asset.key.kind.word() == "api_endpoint") {
        let mut bytes = Vec::new();
        let json = &asset.body.files.first().expect("its JSON").content;
        workspace.content(json, &mut bytes).expect("readable");
        let endpoint: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let text = |key: &str| endpoint[key].as_str().expect("a text").to_owned();
        let mark = EndpointMark {
            name: text("name"),
            served: Served {
                method: text("method"),
                path: text("path"),
            },
            recipe: None,
            recipe_id: None,
        };
        if mark.name == name {
            marks.insert(asset.id, mark);
        }
    }
    let states = workspace.endpoints(&marks).expect("states");
    assert_eq!(states.len(), marks.len(), "all of them are told");
    let enabled = states.iter();
    let enabled = enabled.filter(|(_, state)| **state == EndpointState::Enabled);
    let mut enabled: Vec<_> = enabled
        .map(|(id, _)| marks[id].served.to_string())
        .collect();
    enabled.sort();
    enabled
}

fn endpoints_are_enabled_once_their_recipes_run(workspace: &mut dyn Workspace, place: &Place) {
    let request = with(place, "'*' = 'start'", "'*' = 'enable'");
    let first = imported(workspace, &request);
    assert_eq!(
        told(&first),
        [
            "> Api/Late starts",
            "> Api/Status starts",
            "> Late (PUT status) is enabled",
            "> Status (POST status) is enabled",
            "> Status (GET status) is enabled",
        ]
    );
    assert_eq!(first.astray, Vec::<String>::new());
    assert_eq!(enabled(workspace, "Status"), ["GET status", "POST status"]);
    let again = imported(workspace, &request);
    assert_eq!(again.receipt.revision, None);
    assert!(again.plan.plan.is_empty(), "{:?}", told(&again));
}

fn one_of_two_that_share_a_name_is_disabled(workspace: &mut dyn Workspace, place: &Place) {
    imported(workspace, &with(place, "'*' = 'start'", "'*' = 'enable'"));
    let request = with(place, "'*' = 'leave'", "'POST status' = 'disable'");
    let done = imported(workspace, &request);
    assert_eq!(told(&done), ["- Status (POST status) is disabled"]);
    assert_eq!(done.astray, Vec::<String>::new());
    assert_eq!(enabled(workspace, "Status"), ["GET status"]);
    assert_eq!(enabled(workspace, "Late"), ["PUT status"]);
    assert!(imported(workspace, &request).plan.plan.is_empty());
}

/// That the recipe does not run is told, nothing is done in vain, and once it runs the same settings do the
/// rest.
fn what_can_not_be_enabled_is_told(workspace: &mut dyn Workspace, place: &Place) {
    let request = with(place, "Status = 'start'", "'*' = 'enable'");
    let first = imported(workspace, &request);
    let cannot = "Late (PUT status) can't be enabled yet: its recipe \"Api/Late\" does not run";
    assert!(
        told(&first).contains(&format!("? {cannot}")),
        "{:?}",
        told(&first)
    );
    assert_eq!(
        first.astray,
        ["API endpoint \"Late (PUT status)\" is not enabled: its recipe \"Api/Late\" does not run"]
    );
    assert_eq!(enabled(workspace, "Late"), Vec::<String>::new());
    let then = imported(workspace, &with(place, "'*' = 'start'", "'*' = 'enable'"));
    assert_eq!(then.astray, Vec::<String>::new());
    assert_eq!(enabled(workspace, "Late"), ["PUT status"]);
    // It is disabled before its recipe stops.
    let stopped = imported(workspace, &with(place, "Late = 'stop'", "Late = 'disable'"));
    assert_eq!(stopped.astray, Vec::<String>::new());
    assert_eq!(enabled(workspace, "Late"), Vec::<String>::new());
}

/// Each test once for every way in which workspaces are kept.
macro_rules! everywhere {
    ($($test:ident,)*) => {
        mod in_memory {
            $(#[test] fn $test() {
                let place = super::partner();
                super::packed(&place);
                super::$test(&mut super::memory(), &place);
            })*
        }
        mod in_a_file {
            $(#[test] fn $test() {
                let place = super::partner();
                super::packed(&place);
                super::$test(&mut super::local(&place), &place);
            })*
        }
        mod behind_the_api {
            $(#[test] fn $test() {
                let place = super::partner();
                super::packed(&place);
                let sandbox = super::Sandbox::of(&place, &[]);
                super::$test(&mut super::remote(&place, &sandbox), &place);
            })*
        }
    };
}

everywhere![
    endpoints_are_enabled_once_their_recipes_run,
    one_of_two_that_share_a_name_is_disabled,
    what_can_not_be_enabled_is_told,
];

fn said(place: &Place, endpoints: &str) {
    let text = format!("[all.recipes]\n'*' = 'start'\n[all.endpoints]\n{endpoints}\n");
    place.write("settings.toml", &text);
}

fn words<'a>(command: &'a str, into: &'a str) -> Vec<&'a str> {
    let settings = ["--settings", "settings.toml", "--other-target"];
    [&[command, "a.zip", "--into", into][..], &settings].concat()
}

fn osprey() -> Place {
    let place = partner();
    packed(&place);
    said(&place, "'*' = 'enable'");
    place
}

/// The platform documents no such requests for customers' workspaces.
#[test]
fn a_customers_endpoints_are_left_to_a_person_over_the_api() {
    fn desk<'a>(command: &'a str, into: &'a str) -> Vec<&'a str> {
        [&words(command, into)[..], &["--folder", "Desk"]].concat()
    }
    let place = osprey();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let refused = studio.told(3, &desk("import", "customer:K-1"));
    let told = "can't take that the API endpoint \"Late\" is enabled: the platform documents no such request for customers' workspaces\n   = help: say \"leave\" for it, and do it in the platform's pages; or import with a token of that workspace";
    assert!(
        refused.stderr.contains("error[setting-blocked]") && refused.stderr.contains(told),
        "{}",
        refused.stderr
    );
    said(&place, "'*' = 'leave'");
    studio.told(0, &desk("import", "customer:K-1"));
    // With its own token it works, and locally.
    said(&place, "'*' = 'enable'");
    let own = Caller::of(&place, &sandbox, "kestrel");
    own.told(0, &desk("import", &own.url));
    (&place).told(0, &desk("plan", "local:kestrel"));
    let plan = [&desk("plan", "local:kestrel")[..], &["--detailed-exitcode"]].concat();
    (&place).told(0, &plan);
}

/// Each step is written down; what is refused or lost is told, and the same import does the rest.
#[test]
fn a_lost_answer_is_told_and_the_same_import_does_the_rest() {
    let place = osprey();
    let sandbox = Sandbox::of(&place, &[]);
    let between = Between::of(&sandbox);
    let caller = Caller::of(&place, &sandbox, "osprey");
    let through = caller.through(&between);
    let into = through.url.clone();
    let import = words("import", &into);
    between.rule(
        |asked, _| match asked.method == "PUT" && asked.path.ends_with("/enable") {
            true => Fate::Kept(Told {
                status: 200,
                body: "{\"success\": false}".into(),
                ..Told::default()
            }),
            false => Fate::Passes,
        },
    );
    let refused = through.told(68, &import);
    for told in [
        "done: start recipe \"Api/Status\"\n",
        "failed: enable API endpoint \"Late\" (PUT status): ",
        "not attempted: enable API endpoint \"Status\" (GET status)",
    ] {
        assert!(refused.stderr.contains(told), "{told}\n{}", refused.stderr);
    }
    // The platform does it, and nobody hears of it.
    between.rule(|asked, number| {
        let meant = asked.method == "PUT" && asked.path.ends_with("/enable");
        match meant && number % 2 == 0 {
            true => Fate::Spoiled(Told::default()),
            false => Fate::Passes,
        }
    });
    through.told(0, &import);
    between.rule(|_, _| Fate::Passes);
    let again = through.told(0, &import);
    assert!(
        again
            .stdout
            .contains("is as the package and the settings have it already."),
        "{}",
        again.stdout
    );
    let listed = got(&caller, "/api/api_endpoints");
    let active = listed.as_array().expect("a list").iter();
    assert!(active.clone().count() == 3 && active.clone().all(|one| one["active"] == true));
    let written = files(&place.path("state"));
    let mut steps = written
        .iter()
        .filter(|(path, _)| path.contains("/settings/"));
    assert!(
        steps.any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("enable API endpoint")),
        "{:?}",
        written.keys()
    );
}

/// Each has a message and an exit code of its own.
#[test]
fn what_endpoints_can_get_wrong() {
    let place = osprey();
    let sandbox = Sandbox::of(&place, &[]);
    let caller = Caller::of(&place, &sandbox, "osprey");
    for (text, code, expected) in [
        (
            "Staus = 'enable'",
            3,
            "error[setting-unmatched]: the settings name an API endpoint \"Staus\", and the package does not bring one\n   = note: said in settings.toml:4 [all]\n   = help: did you mean `Status`?",
        ),
        (
            "Status = 'enable'",
            3,
            "error[setting-unmatched]: the settings name an API endpoint \"Status\", and several have that name\n   = note: said in settings.toml:4 [all]\n   = help: say which: `POST status`, `GET status`, or `*` for all",
        ),
        (
            "'GET status' = 'enable'\nLate = 'enable'\n'Orders API/Late' = 'disable'",
            3,
            "and they name it by another name, too",
        ),
        (
            "Late = 'start'",
            1,
            "error[invalid-settings]: unknown choice for an API endpoint `start`",
        ),
        (
            "Late = true",
            1,
            "error[invalid-settings]: `Late` should be a text",
        ),
    ] {
        said(&place, text);
        let own = (&place).told(code, &words("plan", "local:kestrel"));
        let other = caller.told(code, &words("plan", &caller.url));
        for run in [own, other] {
            assert!(
                run.stderr.contains(expected),
                "{text}: {expected}\n{}",
                run.stderr
            );
        }
    }
    said(&place, "Staus = 'enable'");
    let check = ["settings", "check", "a.zip", "--settings", "settings.toml"];
    let run = (&place).told(1, &check);
    assert!(
        run.stderr.contains("did you mean `Status`?"),
        "{}",
        run.stderr
    );
    let init = (&place).told(0, &["settings", "init", "a.zip"]);
    for line in ["[all.endpoints]\n", "\"POST status\" = \"enable\"\n"] {
        assert!(init.stdout.contains(line), "{line}\n{}", init.stdout);
    }
    place.write("new.toml", &init.stdout);
    (&place).told(0, &["settings", "check", "a.zip", "--settings", "new.toml"]);
}
