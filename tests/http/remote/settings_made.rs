//! Settings that name a connection which the package only refers to: where the target has none, it is made
//! by the import, in memory, in the local platform and over the API.

use std::collections::BTreeSet;

use recipack::model::workspace::{Authorization, HeldState};
use recipack::ops::import::{AskedSettings, ImportDocument, ImportError, ImportRequest};
use recipack::ops::{Silent, import};
use recipack::settings::{Resolved, SettingsFile, ValueSource, Whom};
use recipack::workspace::Workspace;
use secrecy::SecretString;
use serde_json::json;

use super::contract::{local, memory, remote, request, running};
use crate::support::Place;
use crate::support::project::{ProjectFolder, reference, uses};
use crate::support::sandbox::{Sandbox, done, local as local_command, partner};

const CUSTOM: &str = "abacus_connector_123_1600000000";

/// Packages whose recipes use a connection that none of them brings.
fn packed(place: &Place) {
    let ledger = |provider: &str| {
        let shared = "Shared/ledger.connection.json";
        uses(provider, reference(shared, "Ledger"))
    };
    ProjectFolder::new(place, "one").recipe(
        "Orders/post.recipe.json",
        "Post",
        &[ledger("salesforce")],
    );
    ProjectFolder::new(place, "two")
        .recipe("Orders/post.recipe.json", "Post", &[ledger("salesforce")])
        .recipe("Orders/mail.recipe.json", "Mail", &[ledger("gmail")]);
    ProjectFolder::new(place, "custom").recipe(
        "Orders/post.recipe.json",
        "Post",
        &[ledger(CUSTOM)],
    );
    ProjectFolder::new(place, "there").connection(
        "Elsewhere/ledger.connection.json",
        "Ledger",
        &json!("salesforce"),
    );
    for project in ["one", "two", "custom", "there"] {
        let export = format!("export {project} --for external -o {project}.zip");
        let export: Vec<&str> = export.split(' ').collect();
        done(&local_command(place, &export), &export);
    }
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

fn with(place: &Place, package: &str, connection: &str) -> ImportRequest {
    let text = format!("[all.connections]\n{connection}\n[all.recipes]\n'*' = 'start'\n");
    let file = SettingsFile::parse("s.toml", &text).expect("settings");
    let resolved = Resolved::of(&[file], &Whom::default()).expect("resolved");
    let mut request = request(&place.path(package));
    request.settings = Some(AskedSettings {
        files: Vec::new(),
        labels: Vec::new(),
        customer: None,
        environment: None,
        resolved: resolved.fill(&Nothing).expect("filled"),
    });
    request
}

fn imported(
    workspace: &mut dyn Workspace,
    request: &ImportRequest,
) -> Result<ImportDocument, ImportError> {
    import::run(request, workspace, &[], &running(), &mut Silent)
}

fn told(document: &ImportDocument) -> BTreeSet<String> {
    let settings = document.plan.plan.settings.as_ref().expect("settings");
    let actions = settings.actions.iter();
    actions
        .map(|action| {
            let words = action.wording();
            format!("{} {} {}", words.sign, action.named(), words.what)
        })
        .collect()
}

/// The connections that are there.
fn connections(workspace: &dyn Workspace) -> Vec<(String, Authorization)> {
    let inventory = workspace.inventory().expect("an inventory");
    let held = inventory.assets.iter().filter_map(|asset| {
        let HeldState::Connection(state) = asset.state else {
            return None;
        };
        let folder = asset.key.place.folder();
        Some((folder.label(&asset.key.name), state))
    });
    held.collect()
}

fn a_connection_is_made_and_gets_its_fields(workspace: &mut dyn Workspace, place: &Place) {
    let package = std::fs::read(place.path("one.zip")).expect("there");
    let request = with(place, "one.zip", "Ledger = { fields = { token = 'x' } }");
    let first = imported(workspace, &request).expect("imported");
    let expected = [
        "* Shared/Ledger is authorized with token",
        "> Orders/Post starts",
    ];
    assert_eq!(told(&first), expected.map(str::to_owned).into());
    assert_eq!(first.astray, Vec::<String>::new());
    let sent = first.receipt.sent.expect("another copy was sent");
    assert_eq!(sent.package, first.plan.plan.package.digest);
    let made = vec![("Shared/Ledger".to_owned(), Authorization::Authorized)];
    assert_eq!(connections(workspace), made);
    let again = imported(workspace, &request).expect("imported");
    assert_eq!((again.receipt.revision, again.receipt.sent), (None, None));
    assert_eq!(connections(workspace), made);
    assert_eq!(
        std::fs::read(place.path("one.zip")).expect("there"),
        package
    );
}

fn a_person_authorizes_what_was_made(workspace: &mut dyn Workspace, place: &Place) {
    let request = with(place, "one.zip", "'Shared/Ledger' = 'person'");
    let first = imported(workspace, &request).expect("imported");
    assert!(told(&first).contains("? Shared/Ledger waits for a person to authorize it"));
    assert_eq!(first.astray.len(), 2, "{:?}", first.astray);
    let made = vec![("Shared/Ledger".to_owned(), Authorization::Placeholder)];
    assert_eq!(connections(workspace), made);
}

/// References find it by its name, wherever it lies.
fn none_is_made_where_one_of_its_name_is(workspace: &mut dyn Workspace, place: &Place) {
    imported(workspace, &request(&place.path("there.zip"))).expect("imported");
    let request = with(place, "one.zip", "Ledger = { fields = { token = 'x' } }");
    let first = imported(workspace, &request).expect("imported");
    assert_eq!(first.receipt.sent, None);
    let held = vec![("Elsewhere/Ledger".to_owned(), Authorization::Authorized)];
    assert_eq!(connections(workspace), held);
    assert_eq!(first.astray, Vec::<String>::new());
}

fn what_can_not_be_made_is_an_error(workspace: &mut dyn Workspace, place: &Place) {
    for (package, why) in [
        (
            "two.zip",
            "and it can't be made: recipes use it for `gmail` and `salesforce`",
        ),
        (
            "custom.zip",
            "is a custom connector that is not known to be shared with the workspace",
        ),
    ] {
        let request = with(place, package, "Ledger = { fields = { token = 'x' } }");
        let refused = imported(workspace, &request).expect_err("refused");
        let told = format!("{refused:?}");
        assert!(told.contains(why), "{why}\n{told}");
        assert_eq!(connections(workspace), Vec::new());
    }
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
    a_connection_is_made_and_gets_its_fields,
    a_person_authorizes_what_was_made,
    none_is_made_where_one_of_its_name_is,
    what_can_not_be_made_is_an_error,
];
