//! What every workspace owes an import, however it is kept: in memory, in a file, behind the API.
//! The parts of the contract that speak of single changes are in `tests/workspaces`; the API takes
//! packages, and starts and stops.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use recipack::archive::Limits;
use recipack::client::{Client, Clock, Cut, Settings, Token};
use recipack::model::ident::Digest;
use recipack::model::workspace::{
    Address, FolderPath, HeldState, Inventory, RecipeState, RevisionNumber, Scope, Timestamp,
    WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
use recipack::ops::diff::{Direction, compare_with_workspace};
use recipack::ops::import::{ImportRequest, Incoming, Planned};
use recipack::ops::workspace::operate::{Which, set_recipes};
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::import::document::{AssetAction, Permission};
use recipack::plan::import::target::OtherTarget;
use recipack::remote::journal::Journal;
use recipack::remote::{RemoteSettings, RemoteWorkspace};
use recipack::workspace::local::{LocalPlatform, Writing};
use recipack::workspace::memory::MemoryWorkspace;
use recipack::workspace::{Workspace, WorkspaceError};

use serde_json::json;

use crate::support::Place;
use crate::support::project::{ProjectFolder, reference, uses};
use crate::support::sandbox::{Sandbox, partner, token};

pub(super) fn running() -> Running {
    Running {
        threads: NonZeroUsize::MIN,
        interrupt: Interrupt::default(),
    }
}

pub(super) fn memory() -> MemoryWorkspace {
    let facts = WorkspaceFacts::external(
        WorkspaceId(1002),
        "osprey".parse().expect("a name"),
        "us".parse().expect("a data center"),
    );
    MemoryWorkspace::new(facts, None)
}

struct Sleeps;

impl Clock for Sleeps {
    fn pause(&self, length: Duration) -> Result<(), Cut> {
        std::thread::sleep(length);
        Ok(())
    }
}

/// Waits for the end of jobs, which are short ones here, no longer than that.
struct Blinks;

impl Clock for Blinks {
    fn pause(&self, length: Duration) -> Result<(), Cut> {
        std::thread::sleep(length.min(Duration::from_millis(20)));
        Ok(())
    }
}

pub(super) fn remote(place: &Place, sandbox: &Sandbox) -> RemoteWorkspace {
    let token = token(place, "osprey");
    remote_at(place, &sandbox.url, &sandbox.url, &token)
}

/// What an address means to whoever has a token.
pub(super) fn remote_at(place: &Place, host: &str, address: &str, token: &str) -> RemoteWorkspace {
    let address = address.parse().expect("an address");
    let Address::Remote(address) = address else {
        panic!("{address} is local");
    };
    let token = Token {
        secret: token.into(),
        source: "the test".to_owned(),
    };
    let mut settings = Settings::new(host.parse().expect("a host"), token);
    settings.limits = recipack::client::Limits::each(recipack::client::Rate::per_minute(
        std::num::NonZeroU32::MAX,
    ));
    let client = Client::new(settings, Box::new(Sleeps)).expect("a client");
    let settings = RemoteSettings {
        address,
        scratch: place.folder.path().to_owned(),
        running: running(),
        journal: Journal::at(place.path("journal")),
        readings: recipack::remote::Readings::at(place.path("readings")),
        whose: recipack::remote::Whose::Asked,
        expected: None,
        patience: Duration::from_secs(60),
        pauses: Arc::new(Blinks),
    };
    RemoteWorkspace::open(client, settings).expect("a workspace")
}

/// Each test once for every way in which workspaces are kept.
macro_rules! contract {
    ($($test:ident,)*) => {
        mod in_memory {
            $(#[test] fn $test() {
                let place = crate::support::sandbox::partner();
                super::$test(&mut super::memory(), &place);
            })*
        }
        mod in_a_file {
            $(#[test] fn $test() {
                let place = crate::support::sandbox::partner();
                super::$test(&mut super::local(&place), &place);
            })*
        }
        mod behind_the_api {
            $(#[test] fn $test() {
                let place = super::partner();
                let sandbox = super::Sandbox::of(&place, &[]);
                super::$test(&mut super::remote(&place, &sandbox), &place);
            })*
        }
    };
}

contract![
    a_new_workspace_holds_nothing,
    an_import_leads_where_its_plan_says,
    a_second_import_has_nothing_to_do,
    references_out_of_the_package_bind_as_planned,
    an_import_that_is_stale_changes_nothing,
    recipes_start_and_stop_and_say_so,
    revisions_are_listed,
    a_snapshot_answers_what_is_asked,
];

pub(super) fn local(place: &Place) -> impl Workspace + use<> {
    let writing = Writing {
        purpose: "contract".to_owned(),
        patience: Duration::from_secs(30),
        stop: Default::default(),
    };
    LocalPlatform::open(&place.path("p.db"), writing)
        .expect("a platform")
        .workspace(&"osprey".parse().expect("a name"))
        .expect("a workspace")
}

pub(super) fn request(package: &Path) -> ImportRequest {
    ImportRequest {
        package: package.to_owned(),
        address: "local:osprey".parse().expect("an address"),
        folder: FolderPath::home(),
        rows: recipack::model::table::RowsPolicy::Overwrite,
        landing: recipack::plan::import::Landing::default(),
        settings: None,
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        at: Timestamp(1_700_000_000),
        who: "somebody".to_owned(),
        other_target: OtherTarget::Refused,
        edits: Some(recipack::plan::import::edits::EditsWish::default()),
    }
}

fn planned(workspace: &dyn Workspace, incoming: &Incoming, request: &ImportRequest) -> Planned {
    incoming
        .plan(request, workspace, &running())
        .expect("a plan")
}

fn import(workspace: &mut dyn Workspace, place: &Place) -> (Incoming, ImportRequest, Vec<String>) {
    let request = request(&place.path("external.zip"));
    let incoming = Incoming::read(&request, &running(), &mut Silent).expect("a package");
    let planned = planned(workspace, &incoming, &request);
    let document = planned.document(&incoming);
    let mut receipt = incoming
        .apply(
            &request,
            &planned.approve(&[]).expect("approved"),
            &document,
            workspace,
            &running(),
            &mut Silent,
        )
        .expect("imported");
    assert_eq!(receipt.revision, Some(RevisionNumber(1)));
    let astray = incoming
        .read_back(&request, &mut receipt, workspace, &running())
        .expect("read back");
    (incoming, request, astray)
}

fn names(inventory: &Inventory) -> Vec<String> {
    let assets = inventory.assets.iter();
    let mut names: Vec<_> = assets
        .map(|asset| {
            format!(
                "{} {}",
                asset.key.kind.word(),
                asset.key.place.folder().label(&asset.key.name)
            )
        })
        .collect();
    names.sort();
    names
}

fn a_new_workspace_holds_nothing(workspace: &mut dyn Workspace, _: &Place) {
    let inventory = workspace.inventory().expect("an inventory");
    assert!(inventory.assets.is_empty() && inventory.connectors.is_empty());
    assert!(inventory.folders.is_empty() && inventory.shared.is_none());
    let facts = workspace.facts().expect("facts");
    assert_eq!(facts.kind, WorkspaceKind::External);
    assert_eq!(facts.state, inventory.workspace.state);
    assert_eq!(workspace.revisions().expect("revisions"), []);
    assert!(
        workspace
            .content(&Digest::of(b"nothing"), &mut Vec::new())
            .is_err()
    );
}

fn an_import_leads_where_its_plan_says(workspace: &mut dyn Workspace, place: &Place) {
    let (incoming, _, astray) = import(workspace, place);
    assert_eq!(astray, Vec::<String>::new());
    let inventory = workspace.inventory().expect("an inventory");
    let keys = incoming.keys().count();
    assert_eq!(inventory.assets.len(), keys, "{:?}", names(&inventory));
    assert_eq!(inventory.connectors.len(), 3);
    for connector in &inventory.connectors {
        let running = connector.running().expect("a released version");
        let mut code = Vec::new();
        workspace
            .content(&running.code.expect("its code"), &mut code)
            .expect("readable");
        assert!(code.starts_with(b"{"));
    }
    for asset in &inventory.assets {
        let mut bytes = Vec::new();
        for file in &asset.body.files {
            workspace
                .content(&file.content, &mut bytes)
                .expect("readable");
            assert_eq!(Digest::of(&bytes), file.content);
        }
        match asset.state {
            HeldState::Recipe(state) => assert_eq!(state, RecipeState::Stopped),
            HeldState::Connection(_) | HeldState::Plain => {}
        }
    }
}

fn a_second_import_has_nothing_to_do(workspace: &mut dyn Workspace, place: &Place) {
    let (incoming, request, _) = import(workspace, place);
    let again = planned(workspace, &incoming, &request);
    assert!(again.plan().is_empty(), "{:?}", again.plan().summary);
    let actions: Vec<_> = again
        .plan()
        .assets
        .iter()
        .map(|asset| asset.action)
        .collect();
    assert!(
        actions
            .iter()
            .all(|action| matches!(action, AssetAction::NoChange | AssetAction::BindsToExisting))
    );
    assert_eq!(
        again.plan(),
        planned(workspace, &incoming, &request).plan(),
        "it is the same each time"
    );
}

/// Two packages whose references lead out of them: to a connection in Home, in another folder, of
/// which there are two, and to nothing; to a recipe whose file is called otherwise.
fn references_out_of_the_package_bind_as_planned(workspace: &mut dyn Workspace, place: &Place) {
    let crm = |folder: &str| reference(&format!("{folder}/crm.connection.json"), "CRM");
    let mail = json!({"name": "Mail", "provider": "gmail", "secure_gateway_tunnel_name": null, "root_folder": true});
    let call = json!({"number": 0, "keyword": "trigger", "provider": "clock", "name": "tick", "input": {}, "block": [
        {"number": 1, "keyword": "action", "provider": "workato_recipe_function", "name": "call_recipe", "input": {"flow_id": reference("was_here.recipe.json", "Home mail")}}
    ]});
    ProjectFolder::new(place, "odd")
        .json("mail.connection.json", &mail)
        .connection("A/crm.connection.json", "CRM", &json!("hubspot"))
        .recipe(
            "r.recipe.json",
            "Home mail",
            &[uses("gmail", reference("X/mail.connection.json", "Mail"))],
        )
        .recipe("s.recipe.json", "By name", &[uses("hubspot", crm("X"))])
        .recipe(
            "t.recipe.json",
            "Nothing",
            &[uses("hubspot", reference("X/gone.connection.json", "Gone"))],
        )
        .recipe_with("u.recipe.json", "Call", &[], &call);
    ProjectFolder::new(place, "more")
        .connection("B/crm.connection.json", "CRM", &json!("hubspot"))
        .recipe("v.recipe.json", "Of two", &[uses("hubspot", crm("Y"))]);
    for project in ["odd", "more"] {
        let package = format!("{project}.zip");
        let run = place.run(["export", project, "--for", "external", "-q", "-o", &package]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    for package in ["odd.zip", "more.zip", "odd.zip"] {
        imports_as_planned(workspace, &place.path(package));
    }
}

/// Imports a package: what was planned is what is read back, a second plan is empty, and so is the
/// comparison of the two.
pub(super) fn imports_as_planned(workspace: &mut dyn Workspace, package: &Path) {
    let request = request(package);
    let incoming = Incoming::read(&request, &running(), &mut Silent).expect("a package");
    let plan = planned(workspace, &incoming, &request);
    // Some of the projects are parts, whose connectors lie in others.
    let granted = [Permission::MissingConnectors, Permission::OverwriteRows];
    let document = plan.document(&incoming);
    let mut receipt = incoming
        .apply(
            &request,
            &plan.approve(&granted).expect("approved"),
            &document,
            workspace,
            &running(),
            &mut Silent,
        )
        .expect("imported");
    let astray = incoming
        .read_back(&request, &mut receipt, workspace, &running())
        .expect("read back");
    assert_eq!(astray, Vec::<String>::new(), "{}", package.display());
    let again = planned(workspace, &incoming, &request);
    assert!(
        again.plan().is_empty(),
        "{}: {:?}",
        package.display(),
        again.plan()
    );
    let compared = compare_with_workspace(
        &incoming,
        &request,
        Direction::ToWorkspace,
        workspace,
        &running(),
    );
    let compared = compared.expect("compared");
    assert!(compared.is_empty(), "{}: {compared:?}", package.display());
}

fn an_import_that_is_stale_changes_nothing(workspace: &mut dyn Workspace, place: &Place) {
    let request = request(&place.path("external.zip"));
    let incoming = Incoming::read(&request, &running(), &mut Silent).expect("a package");
    let stale = planned(workspace, &incoming, &request);
    import(workspace, place);
    let before = names(&workspace.inventory().expect("an inventory"));
    let document = stale.document(&incoming);
    let error = incoming
        .apply(
            &request,
            &stale.approve(&[]).expect("approved"),
            &document,
            workspace,
            &running(),
            &mut Silent,
        )
        .expect_err("it is stale");
    let recipack::ops::import::ImportError::Workspace(error) = error else {
        panic!("{error}");
    };
    assert!(matches!(error, WorkspaceError::Stale { .. }), "{error}");
    assert_eq!(names(&workspace.inventory().expect("an inventory")), before);
    assert_eq!(workspace.revisions().expect("revisions").len(), 1);
}

fn recipes_start_and_stop_and_say_so(workspace: &mut dyn Workspace, place: &Place) {
    import(workspace, place);
    let address: Address = "local:osprey".parse().expect("an address");
    // This one needs no connection.
    let which = Which::Named(vec!["Agents/Look up parcel".to_owned()]);
    for state in [RecipeState::Running, RecipeState::Stopped] {
        set_recipes(workspace, &address, &which, state).expect("done");
        let inventory = workspace.inventory().expect("an inventory");
        let running = inventory
            .assets
            .iter()
            .filter(|asset| asset.state.is_running());
        let running: Vec<_> = running.map(|asset| asset.key.name.as_ref()).collect();
        match state {
            RecipeState::Running => assert_eq!(running, ["Look up parcel"]),
            RecipeState::Stopped => assert!(running.is_empty(), "{running:?}"),
        }
    }
    let blocked = Which::Named(vec!["Post freight costs".to_owned()]);
    let error = set_recipes(workspace, &address, &blocked, RecipeState::Running);
    let error = error
        .expect_err("its connection is a placeholder")
        .to_string();
    assert!(error.contains("can't start"), "{error}");
}

fn revisions_are_listed(workspace: &mut dyn Workspace, place: &Place) {
    import(workspace, place);
    let revisions = workspace.revisions().expect("revisions");
    let [header] = &revisions[..] else {
        panic!("{revisions:?}");
    };
    assert_eq!(header.number, RevisionNumber(1));
    assert_eq!(header.who, "somebody");
    assert_eq!(header.subject, "external.zip");
    let revision = workspace.revision(RevisionNumber(1)).expect("a revision");
    assert_eq!(revision.header, *header);
    assert!(
        revision.plan.contains("\"creates\":31"),
        "{}",
        revision.plan
    );
    let missing = workspace
        .revision(RevisionNumber(2))
        .expect_err("there is none");
    assert!(
        matches!(missing, WorkspaceError::NoRevision { .. }),
        "{missing}"
    );
}

fn a_snapshot_answers_what_is_asked(workspace: &mut dyn Workspace, place: &Place) {
    let (incoming, ..) = import(workspace, place);
    let (_, wanted) = incoming
        .keys()
        .find(|(path, _)| path.as_str() == "Functions/quote_shipping.recipe.json")
        .expect("it is in the package");
    let mut other = wanted.clone();
    other.name = "Quote nothing".into();
    let folder = |text: &str| text.parse::<FolderPath>().expect("a folder");
    let scope = Scope {
        keys: [wanted.clone(), other].into_iter().collect(),
        connections: ["Ledger".into(), "Nobody's".into()].into(),
        folders: [folder("Functions"), folder("Nowhere")].into(),
        ..Scope::default()
    };
    let snapshot = workspace.snapshot(&scope).expect("a snapshot");
    let keys = snapshot.assets.values().map(|asset| &asset.key);
    assert_eq!(keys.collect::<Vec<_>>(), [wanted]);
    let connections: Vec<_> = snapshot
        .connections
        .iter()
        .map(|held| held.key.name.as_ref())
        .collect();
    assert_eq!(connections, ["Ledger"]);
    assert_eq!(
        snapshot.folders,
        [FolderPath::home(), folder("Functions")].into()
    );
    assert_eq!(snapshot.connectors.len(), 3);
    assert_eq!(
        snapshot.users.values().map(Vec::len).sum::<usize>(),
        5,
        "{:?}",
        snapshot.users
    );
}
