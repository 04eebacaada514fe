//! Plans of rollbacks, as tables: what the workspace was, what it is, and what is planned.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Irreversible, Refusal, RolledAction};
use super::{CreatedSince, Decided, Draft, Situation};
use crate::json::JsonError;
use crate::model::facts::Facts;
use crate::model::ident::{Digest, Version};
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;
use crate::model::workspace::{
    Address, AssetId, AssetKey, AssetPlace, Authorization, Before, Binding, Body, ConnectorId,
    Counters, FolderPath, HeldState, HeldVersion, Inventory, RecipeState, RevisionAction,
    RevisionHeader, RevisionNumber, StoredFile, Timestamp, WorkspaceAsset, WorkspaceConnector,
    WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
use crate::plan::commit::Change;
use crate::plan::import::history::{Given, Recorded, RecordedConnector, RemovedAsset};

const RUNNING: HeldState = HeldState::Recipe(RecipeState::Running);
const STOPPED: HeldState = HeldState::Recipe(RecipeState::Stopped);
const PLACEHOLDER: HeldState = HeldState::Connection(Authorization::Placeholder);
const LEDGER: &str = "ledger_sync_connector_7_1";

fn content(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn body(text: &str) -> Body {
    Body {
        files: vec![StoredFile {
            extension: "json".to_owned(),
            content: content(text),
            size: 1,
        }]
        .into(),
        origin: content(text),
        renames: BTreeMap::new(),
        bindings: Default::default(),
        providers: Default::default(),
    }
}

fn bound(text: &str, to: u64) -> Body {
    Body {
        bindings: vec![Binding::Asset(AssetId(to))].into(),
        ..body(text)
    }
}

fn key(kind: AssetKind, name: &str) -> AssetKey {
    AssetKey {
        place: AssetPlace::Folder("Orders".parse().expect("a folder")),
        kind,
        name: name.into(),
        twin: 0,
    }
}

fn kind_of(state: HeldState) -> AssetKind {
    match state {
        HeldState::Recipe(_) => AssetKind::Recipe,
        HeldState::Connection(_) => AssetKind::Connection,
        HeldState::Plain => AssetKind::LookupTable,
    }
}

fn held(id: u64, version: u64, body: Body, state: HeldState) -> WorkspaceAsset {
    WorkspaceAsset {
        id: AssetId(id),
        key: key(kind_of(state), &format!("A{id}")),
        version: Version(version),
        body,
        state,
    }
}

fn connector(released: u64, codes: &[&str]) -> WorkspaceConnector {
    WorkspaceConnector {
        known: crate::model::workspace::VersionsKnown::All,
        id: ConnectorId(1),
        title: "Ledger Sync".parse().expect("a title"),
        internal_name: LEDGER.parse().expect("a name"),
        released: Some(Version(released)),
        versions: (1..)
            .zip(codes)
            .map(|(number, code)| HeldVersion {
                number: Version(number),
                note: None,
                json: Some(content("json")),
                code: (!code.is_empty()).then(|| content(code)),
                logo: None,
                source_version: Some(Version(number + 6)),
                source_workspace: Some(WorkspaceId(9)),
                created_at: Timestamp(number),
                released_at: Some(Timestamp(number)),
            })
            .collect(),
    }
}

fn inventory(
    assets: Vec<WorkspaceAsset>,
    connectors: Vec<WorkspaceConnector>,
    revision: u64,
) -> Inventory {
    Inventory {
        reading: crate::model::workspace::ReadDepth::Full,
        workspace: WorkspaceFacts {
            id: WorkspaceId(7),
            name: "acme".parse().expect("a name"),
            kind: WorkspaceKind::External,
            data_center: "us".parse().expect("a data center"),
            external_id: None,
            admin: None,
            state: content("state"),
            revision: RevisionNumber(revision),
            next: Counters {
                asset: AssetId(100),
                connector: ConnectorId(2),
            },
        },
        folders: BTreeSet::from(["Orders".parse().expect("a folder")]),
        assets,
        connectors,
        shared: None,
    }
}

fn revision(number: u64, before: &[(u64, Option<u64>, HeldState)]) -> Recorded {
    Recorded {
        merged: Vec::new(),
        header: RevisionHeader {
            number: RevisionNumber(number),
            at: Timestamp(number),
            who: "someone".to_owned(),
            action: RevisionAction::Import,
            subject: "orders.zip".to_owned(),
            package: None,
        },
        before: before
            .iter()
            .map(|(asset, version, state)| Before {
                asset: AssetId(*asset),
                version: version.map(Version),
                state: *state,
            })
            .collect(),
        folders: Vec::new(),
        connectors: Vec::new(),
        assets: Vec::new(),
        recipes: Vec::new(),
        removed: Vec::new(),
        given: Given::default(),
    }
}

fn moving(mut recorded: Recorded, from: Option<u64>, to: u64) -> Recorded {
    recorded.connectors.push(RecordedConnector {
        title: Some("Ledger Sync".parse().expect("a title")),
        internal_name: None,
        action: "update".to_owned(),
        from: from.map(Version),
        to: Some(Version(to)),
        concerned: Vec::new(),
    });
    recorded
}

/// What a test plans: the workspace, the revisions after the first, earlier contents by asset.
struct Case<'c> {
    inventory: &'c Inventory,
    undone: &'c [Recorded],
    earlier: &'c [(u64, Body)],
    created: CreatedSince,
    facts: BTreeMap<Digest, Result<Facts, JsonError>>,
}

impl Case<'_> {
    fn decide(&self) -> Decided {
        let situation = Situation {
            inventory: self.inventory,
            to: RevisionNumber(1),
            restored: None,
            undone: self.undone,
            created: self.created,
            at: Timestamp(9),
        };
        let earlier: BTreeMap<AssetId, Body> = self
            .earlier
            .iter()
            .map(|(id, body)| (AssetId(*id), body.clone()))
            .collect();
        let address: Address = "local:acme".parse().expect("an address");
        Draft::of(situation, &earlier).decide(&self.facts, &address)
    }
}

fn case<'c>(
    inventory: &'c Inventory,
    undone: &'c [Recorded],
    earlier: &'c [(u64, Body)],
    created: CreatedSince,
) -> Case<'c> {
    Case {
        inventory,
        undone,
        earlier,
        created,
        facts: ["a", "b", "c"]
            .map(|text| (content(text), Ok(Facts::default())))
            .into(),
    }
}

/// The changes in short: `update 3`, `start 3`, `release v4`.
fn changes(decided: &Decided) -> Vec<String> {
    let changes = decided.commit.changes.iter();
    changes
        .map(|change| match change {
            Change::CreateFolder(folder) => format!("folder {folder}"),
            Change::CreateAsset { id, .. } => format!("create {id}"),
            Change::UpdateAsset { id, .. } => format!("update {id}"),
            Change::RemoveAsset(id) => format!("remove {id}"),
            Change::SetRecipe { id, state } => format!("{state} {id}"),
            Change::SetConnection { id, authorization } => format!("{authorization} {id}"),
            Change::SetEndpoint { id, state } => format!("endpoint {id} {state}"),
            Change::SetProperty { key, .. } => format!("set {}", key.name),
            Change::CreateConnector { title, .. } => format!("install {title}"),
            Change::AddVersion { version, .. } => format!("add {}", version.number),
            Change::ReleaseVersion { version, .. } => format!("release {version}"),
            Change::Share { id, .. } => format!("share {id}"),
            Change::Unshare(id) => format!("unshare {id}"),
            Change::MoveAsset { id, key } => format!("move {id} to {}", key.name),
            Change::RemoveFolder(folder) => format!("no folder {folder}"),
        })
        .collect()
}

#[test]
fn an_asset_goes_back_to_how_the_first_later_revision_met_it() {
    type Row<'r> = (
        &'r str,
        // What is there: version, contents, state.
        Option<(u64, &'r str, HeldState)>,
        // What later revisions met: version and state.
        &'r [(Option<u64>, HeldState)],
        // The earlier contents.
        Option<&'r str>,
        CreatedSince,
        Option<RolledAction>,
        &'r [&'r str],
    );
    use CreatedSince::{Keep, Remove, Stop};
    use RolledAction as Action;
    let plain = HeldState::Plain;
    let rows: &[Row<'_>] = &[
        (
            "changed once",
            Some((2, "b", plain)),
            &[(Some(1), plain)],
            Some("a"),
            Stop,
            Some(Action::Restores),
            &["update 1"],
        ),
        (
            "changed twice: the first counts",
            Some((3, "c", STOPPED)),
            &[(Some(1), STOPPED), (Some(2), RUNNING)],
            Some("a"),
            Stop,
            Some(Action::Restores),
            &["update 1"],
        ),
        (
            "changed back since",
            Some((3, "a", plain)),
            &[(Some(1), plain), (Some(2), plain)],
            Some("a"),
            Stop,
            Some(Action::Unchanged),
            &[],
        ),
        (
            "runs, and ran",
            Some((2, "b", RUNNING)),
            &[(Some(1), RUNNING)],
            Some("a"),
            Stop,
            Some(Action::Restores),
            &["update 1"],
        ),
        (
            "could not restart, and ran",
            Some((2, "b", STOPPED)),
            &[(Some(1), RUNNING)],
            Some("a"),
            Stop,
            Some(Action::Restores),
            &["update 1", "running 1"],
        ),
        (
            "was started since",
            Some((2, "b", RUNNING)),
            &[(Some(1), STOPPED)],
            Some("a"),
            Stop,
            Some(Action::Restores),
            &["stopped 1", "update 1"],
        ),
        (
            "same contents, started since",
            Some((3, "a", RUNNING)),
            &[(Some(1), STOPPED)],
            Some("a"),
            Stop,
            Some(Action::Stops),
            &["stopped 1"],
        ),
        (
            "same contents, stopped since",
            Some((3, "a", STOPPED)),
            &[(Some(1), RUNNING)],
            Some("a"),
            Stop,
            Some(Action::Starts),
            &["running 1"],
        ),
        (
            "created, runs",
            Some((1, "a", RUNNING)),
            &[(None, STOPPED)],
            None,
            Stop,
            Some(Action::StopsCreated),
            &["stopped 1"],
        ),
        (
            "created, does not run",
            Some((1, "a", STOPPED)),
            &[(None, STOPPED)],
            None,
            Stop,
            Some(Action::KeepsCreated),
            &[],
        ),
        (
            "created, runs, is kept",
            Some((1, "a", RUNNING)),
            &[(None, STOPPED)],
            None,
            Keep,
            Some(Action::KeepsCreated),
            &[],
        ),
        (
            "created and changed, is removed",
            Some((2, "b", RUNNING)),
            &[(None, STOPPED), (Some(1), STOPPED)],
            None,
            Remove,
            Some(Action::RemovesCreated),
            &["remove 1"],
        ),
        (
            "created and removed since",
            None,
            &[(None, STOPPED), (Some(1), STOPPED)],
            None,
            Stop,
            None,
            &[],
        ),
        (
            "a connection keeps its credentials",
            Some((1, "a", HeldState::Connection(Authorization::Authorized))),
            &[(Some(1), PLACEHOLDER)],
            Some("a"),
            Stop,
            Some(Action::Unchanged),
            &[],
        ),
    ];
    for (what, there, met, earlier, choice, action, expected) in rows {
        let assets = there.map(|(version, text, state)| held(1, version, body(text), state));
        let inventory = inventory(assets.into_iter().collect(), Vec::new(), 1);
        let undone: Vec<Recorded> = (2..)
            .zip(*met)
            .map(|(number, (version, state))| revision(number, &[(1, *version, *state)]))
            .collect();
        let earlier: Vec<(u64, Body)> = earlier.iter().map(|text| (1, body(text))).collect();
        let decided = case(&inventory, &undone, &earlier, *choice).decide();
        let planned = decided.plan.assets.first().map(|asset| asset.action);
        assert_eq!(planned, *action, "{what}");
        assert_eq!(changes(&decided), *expected, "{what}");
        assert_eq!(decided.plan.is_empty(), expected.is_empty(), "{what}");
        assert_eq!(decided.before.len(), usize::from(!expected.is_empty()));
        assert!(decided.plan.refused.is_empty(), "{what}");
    }
}

#[test]
fn a_connector_gets_earlier_code_as_a_new_version() {
    type Row<'r> = (
        &'r str,
        u64,
        &'r [&'r str],
        &'r [(Option<u64>, u64)],
        &'r str,
        &'r [&'r str],
    );
    let rows: &[Row<'_>] = &[
        (
            "updated once",
            2,
            &["a", "b"],
            &[(Some(1), 2)],
            "restores of v1",
            &["add v3", "release v3"],
        ),
        (
            "updated twice: what ran before the first counts",
            3,
            &["a", "b", "c"],
            &[(Some(1), 2), (Some(2), 3)],
            "restores of v1",
            &["add v4", "release v4"],
        ),
        (
            "updated and rolled back",
            3,
            &["a", "b", "a"],
            &[(Some(1), 2), (Some(2), 3)],
            "unchanged of v1",
            &[],
        ),
        ("the same", 1, &["a"], &[(Some(1), 1)], "", &[]),
        (
            "installed and updated since",
            2,
            &["a", "b"],
            &[(None, 1), (Some(1), 2)],
            "stays-behind",
            &[],
        ),
        (
            "only a catalogue knows it",
            2,
            &["", "b"],
            &[(Some(1), 2)],
            "irretrievable",
            &[],
        ),
    ];
    for (what, released, codes, moves, told, expected) in rows {
        let inventory = inventory(Vec::new(), vec![connector(*released, codes)], 1);
        let undone: Vec<Recorded> = (2..)
            .zip(*moves)
            .map(|(number, (from, to))| moving(revision(number, &[]), *from, *to))
            .collect();
        let decided = case(&inventory, &undone, &[], CreatedSince::Stop).decide();
        let connectors = decided.plan.connectors.iter();
        let line: String = connectors
            .map(|connector| match connector.code_of {
                Some(code_of) => format!("{} of {code_of}", connector.action),
                None => connector.action.to_string(),
            })
            .collect();
        assert_eq!(line, *told, "{what}");
        assert_eq!(changes(&decided), *expected, "{what}");
        for change in &decided.commit.changes {
            if let Change::AddVersion { version, .. } = change {
                assert_eq!(version.code, Some(content("a")), "{what}");
                assert_eq!(version.source_version, Some(Version(7)), "{what}");
                assert_eq!(
                    (version.created_at, version.released_at),
                    (Timestamp(9), None)
                );
            }
        }
    }
}

#[test]
fn a_version_that_was_never_released_can_not_run_again() {
    let mut drafted = connector(2, &["a", "b"]);
    drafted.versions[0].released_at = None;
    let inventory = inventory(Vec::new(), vec![drafted], 1);
    let undone = [moving(revision(2, &[]), Some(1), 2)];
    let decided = case(&inventory, &undone, &[], CreatedSince::Stop).decide();
    assert!(changes(&decided).is_empty());
    let told = &decided.plan.irreversible[..];
    assert!(matches!(told, [Irreversible::Release { .. }]), "{told:?}");
}

#[test]
fn callees_start_before_their_callers_and_stop_after_them() {
    let assets = |state| {
        vec![
            held(1, 3, bound("a", 2), state),
            held(2, 3, bound("b", 3), state),
            held(3, 3, body("c"), state),
        ]
    };
    let earlier = [(1, bound("a", 2)), (2, bound("b", 3)), (3, body("c"))];
    for (now, then, expected) in [
        (STOPPED, RUNNING, ["running 3", "running 2", "running 1"]),
        (RUNNING, STOPPED, ["stopped 1", "stopped 2", "stopped 3"]),
    ] {
        let inventory = inventory(assets(now), Vec::new(), 1);
        let met: Vec<_> = (1..=3).map(|id| (id, Some(1), then)).collect();
        let undone = [revision(2, &met)];
        let decided = case(&inventory, &undone, &earlier, CreatedSince::Stop).decide();
        assert_eq!(changes(&decided), expected);
        let told: Vec<u64> = decided.receipt.recipes.iter().map(|r| r.id.0).collect();
        assert_eq!(told, [3, 2, 1]);
    }
}

#[test]
fn what_is_needed_is_not_removed() {
    let assets = vec![
        held(1, 2, bound("a", 2), STOPPED),
        held(2, 1, body("b"), STOPPED),
        held(3, 1, bound("c", 2), STOPPED),
    ];
    let inventory = inventory(assets, Vec::new(), 1);
    let created = (2, None, STOPPED);
    type Row<'r> = (&'r str, Vec<(u64, Option<u64>, HeldState)>, &'r [&'r str]);
    let rows: [Row<'_>; 3] = [
        ("both stay", vec![created], &["Orders/A1", "Orders/A3"]),
        (
            "one does not need it any more",
            vec![created, (1, Some(1), STOPPED)],
            &["Orders/A3"],
        ),
        (
            "the other goes too",
            vec![created, (1, Some(1), STOPPED), (3, None, STOPPED)],
            &[],
        ),
    ];
    for (what, met, needing) in rows {
        let undone = [revision(2, &met)];
        let earlier = [(1, body("a"))];
        let decided = case(&inventory, &undone, &earlier, CreatedSince::Remove).decide();
        let told: Vec<&str> = decided
            .plan
            .refused
            .iter()
            .flat_map(|refusal| match refusal {
                Refusal::Needed { by, .. } => by.iter().map(String::as_str).collect::<Vec<_>>(),
                Refusal::Taken { .. } => vec!["taken"],
                Refusal::Import { code, .. } => vec![code.as_str()],
            })
            .collect();
        assert_eq!(told, needing, "{what}");
        // What stays is never refused.
        let kept = case(&inventory, &undone, &earlier, CreatedSince::Stop).decide();
        assert!(kept.plan.refused.is_empty(), "{what}");
    }
}

#[test]
fn what_was_removed_comes_back_with_all_its_versions() {
    let removed = RemovedAsset {
        id: AssetId(1),
        key: key(AssetKind::Recipe, "A1"),
        state: RUNNING,
        versions: vec![body("a"), body("b"), body("c")],
    };
    let removing = |number, version| Recorded {
        removed: vec![removed.clone()],
        ..revision(number, &[(1, Some(version), RUNNING)])
    };
    let nothing = inventory(Vec::new(), Vec::new(), 1);
    type Row<'r> = (&'r str, Vec<Recorded>, (u64, u64), &'r [&'r str]);
    let rows: [Row<'_>; 2] = [
        (
            "the newest",
            vec![removing(2, 3)],
            (3, 3),
            &["create 1", "update 1", "update 1", "running 1"],
        ),
        (
            "an earlier one",
            vec![revision(2, &[(1, Some(1), STOPPED)]), removing(3, 3)],
            (1, 4),
            &["create 1", "update 1", "update 1", "update 1"],
        ),
    ];
    for (what, undone, (contents_of, to), expected) in rows {
        let decided = case(&nothing, &undone, &[], CreatedSince::Stop).decide();
        assert_eq!(changes(&decided), expected, "{what}");
        let asset = &decided.plan.assets[0];
        assert_eq!(asset.action, RolledAction::Recreates, "{what}");
        assert_eq!(asset.contents_of, Some(Version(contents_of)), "{what}");
        assert_eq!(asset.to, Some(Version(to)), "{what}");
        let met = decided.before[0];
        assert_eq!((met.version, met.state), (None, STOPPED), "{what}");
    }
    // Another asset may have its place meanwhile.
    let mut other = held(5, 1, body("z"), STOPPED);
    other.key = removed.key.clone();
    let taken = inventory(vec![other], Vec::new(), 1);
    let undone = [removing(2, 3), revision(3, &[(5, None, STOPPED)])];
    for (choice, refused) in [(CreatedSince::Stop, 1), (CreatedSince::Remove, 0)] {
        let decided = case(&taken, &undone, &[], choice).decide();
        assert_eq!(decided.plan.refused.len(), refused, "{choice}");
    }
    // And nothing may be left of it.
    let undone = [revision(2, &[(1, Some(3), RUNNING)])];
    let decided = case(&nothing, &undone, &[], CreatedSince::Stop).decide();
    let told = &decided.plan.irreversible[..];
    assert!(matches!(told, [Irreversible::Gone { .. }]), "{told:?}");
}

#[test]
fn the_way_back_keeps_every_version_of_what_goes() {
    let inventory = inventory(vec![held(1, 3, body("c"), RUNNING)], Vec::new(), 1);
    let undone = [revision(2, &[(1, None, STOPPED)])];
    let mut decided = case(&inventory, &undone, &[], CreatedSince::Remove).decide();
    assert_eq!(decided.removes(), [(AssetId(1), Version(3))]);
    let earlier = vec![body("a"), body("b")];
    decided.keep(BTreeMap::from([(AssetId(1), earlier)]));
    let removed = &decided.receipt.removed[0];
    assert_eq!(removed.versions, [body("a"), body("b"), body("c")]);
    assert_eq!(removed.state, RUNNING);
}

/// A recipe that uses the connector, with a connection.
const RECIPE: &str = r#"{"name":"A1","config":[{"keyword":"application","provider":"ledger_sync_connector_7_1",
    "account_id":{"zip_name":"ledger.connection.json","name":"Ledger","folder":""}}]}"#;

#[test]
fn a_recipe_that_can_not_start_stays_stopped_and_says_why() {
    let using = Body {
        bindings: vec![Binding::Asset(AssetId(2))].into(),
        providers: vec![LEDGER.to_owned()].into(),
        ..body(RECIPE)
    };
    let facts = Scanner::default()
        .scan(&AssetKind::Recipe, RECIPE.as_bytes())
        .expect("a recipe");
    for (authorization, expected, blocked) in [
        (Authorization::Authorized, &["update 1"][..], 0),
        (Authorization::Placeholder, &["stopped 1", "update 1"], 1),
    ] {
        let mut ledger = held(2, 1, body("ledger"), HeldState::Connection(authorization));
        ledger.body.providers = vec![LEDGER.to_owned()].into();
        let assets = vec![held(1, 2, body("b"), RUNNING), ledger];
        let inventory = inventory(assets, vec![connector(1, &["a"])], 1);
        let undone = [revision(2, &[(1, Some(1), RUNNING)])];
        let earlier = [(1, using.clone())];
        let mut case = case(&inventory, &undone, &earlier, CreatedSince::Stop);
        case.facts.insert(content(RECIPE), Ok(facts.clone()));
        let decided = case.decide();
        assert_eq!(changes(&decided), expected);
        assert_eq!(decided.plan.summary.blocked, blocked);
        assert_eq!(decided.plan.assets[0].obstacles.len(), blocked);
        assert_eq!(decided.receipt.recipes[0].planned, RecipeState::Running);
        // What can't be read could need anything.
        let mut case = self::case(&inventory, &undone, &earlier, CreatedSince::Stop);
        let broken = Scanner::default().scan(&AssetKind::Recipe, b"{");
        case.facts.insert(content(RECIPE), broken);
        assert_eq!(changes(&case.decide()), ["stopped 1", "update 1"]);
    }
}

#[test]
fn running_recipes_are_restored_and_moved_with_permission_only() {
    let using = |id, state| {
        let mut asset = held(id, 2, body("b"), state);
        asset.body.providers = vec![LEDGER.to_owned()].into();
        asset
    };
    type Row<'r> = (&'r str, Vec<WorkspaceAsset>, Recorded, &'r [&'r str]);
    let update = || revision(2, &[(1, Some(1), RUNNING)]);
    let rows: [Row<'_>; 4] = [
        (
            "restored",
            vec![using(1, RUNNING)],
            moving(update(), Some(1), 2),
            &["restart-recipes"],
        ),
        (
            "stopped",
            vec![using(1, STOPPED)],
            moving(update(), Some(1), 2),
            &[],
        ),
        (
            "outside, running",
            vec![using(1, STOPPED), using(3, RUNNING)],
            moving(update(), Some(1), 2),
            &["allow-moved-recipes"],
        ),
        (
            "outside, stopped",
            vec![using(1, STOPPED), using(3, STOPPED)],
            moving(update(), Some(1), 2),
            &[],
        ),
    ];
    for (what, assets, undone, expected) in rows {
        let inventory = inventory(assets, vec![connector(2, &["a", "b"])], 1);
        let undone = [undone];
        let earlier = [(1, body("a"))];
        let decided = case(&inventory, &undone, &earlier, CreatedSince::Stop).decide();
        let needs = decided.plan.needs.iter().map(|n| n.permission.to_string());
        assert_eq!(needs.collect::<Vec<_>>(), expected, "{what}");
    }
}

#[test]
fn what_does_not_come_back_is_told() {
    let properties = |text: &str| {
        let facts = Scanner::default().scan(&AssetKind::AccountProperties, text.as_bytes());
        (content(text), facts)
    };
    let (then, now) = (r#"{"site":""}"#, r#"{"site":"","hours":"3"}"#);
    let mut account = held(4, 2, body(now), HeldState::Plain);
    account.key.kind = AssetKind::AccountProperties;
    let assets = vec![
        held(1, 2, body("b"), RUNNING),
        held(2, 1, body("c"), PLACEHOLDER),
        held(3, 2, body("t"), HeldState::Plain),
        account,
    ];
    let inventory = inventory(assets, Vec::new(), 1);
    let undone = [Recorded {
        folders: vec![
            "Orders".parse().expect("a folder"),
            "Gone".parse().expect("a folder"),
        ],
        ..revision(
            2,
            &[
                (1, Some(1), RUNNING),
                (2, None, PLACEHOLDER),
                (3, Some(1), HeldState::Plain),
                (4, Some(1), HeldState::Plain),
            ],
        )
    }];
    let earlier = [(1, body("a")), (3, body("s")), (4, body(then))];
    let mut case = case(&inventory, &undone, &earlier, CreatedSince::Stop);
    case.facts = BTreeMap::from([properties(then), properties(now)]);
    let told = case.decide().plan.irreversible;
    assert_eq!(
        told,
        [
            Irreversible::Jobs { recipes: 1 },
            Irreversible::Events { recipes: 1 },
            Irreversible::Connections { created: 1 },
            Irreversible::Folders {
                folders: vec!["Orders".parse().expect("a folder")]
            },
            Irreversible::Properties {
                names: vec!["hours".to_owned()]
            },
            Irreversible::Rows {
                tables: vec!["A3".to_owned()]
            },
        ]
    );
    case.created = CreatedSince::Remove;
    let told = case.decide().plan.irreversible;
    assert!(
        told.iter()
            .any(|told| matches!(told, Irreversible::Credentials { .. })),
        "{told:?}"
    );
}

/// What settings gave in an import that is undone stays, and that is told.
#[test]
fn what_settings_gave_stays_and_is_told() {
    let inventory = inventory(Vec::new(), Vec::new(), 1);
    let given = Given {
        properties: vec!["site".to_owned()],
        connections: vec![(FolderPath::home(), "Ledger".to_owned())],
        endpoints: vec!["Order status".to_owned()],
    };
    let undone = [Recorded {
        given,
        ..revision(2, &[])
    }];
    let told = case(&inventory, &undone, &[], CreatedSince::Stop);
    assert_eq!(
        told.decide().plan.irreversible,
        [
            Irreversible::CredentialsStay {
                connection: "Ledger".to_owned(),
                folder: FolderPath::home(),
            },
            Irreversible::ValuesStay {
                names: vec!["site".to_owned()]
            },
            Irreversible::EndpointsStay {
                names: vec!["Order status".to_owned()]
            },
        ]
    );
}
