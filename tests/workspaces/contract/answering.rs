//! What workspaces answer to a plan's questions.

use std::collections::BTreeSet;

use recipack::model::kind::AssetKind;
use recipack::model::workspace::{AskedKeys, AssetId, FolderPath, RecipeState, RecipeUse, Scope};
use recipack::plan::commit::Change;
use recipack::workspace::Workspace;

use crate::contract::committing::furnish;
use crate::contract::{LEDGER, PARCELS, done};
use crate::support::changes::{
    body, connection, create, create_connector, folder, key, recipe, seen,
};

pub(crate) fn a_snapshot_answers_what_is_asked_and_no_more(workspace: &mut dyn Workspace) {
    furnish(workspace);
    done(workspace, |commit, bag| {
        let file = bag.put(b"{}");
        let mut twin = recipe("Orders", "R");
        twin.twin = 1;
        create(commit, twin, body(file.clone(), &[]));
        create(commit, recipe("", "R"), body(file.clone(), &[]));
        create(commit, recipe("Orders", "r"), body(file.clone(), &[]));
        let folder = key("Orders", AssetKind::LookupTable, "R");
        create(commit, folder, body(file.clone(), &[]));
        create(
            commit,
            key("/", AssetKind::Topic, "R"),
            body(file.clone(), &[]),
        );
        create(commit, recipe("Orders", "C"), body(file.clone(), &[]));
        create(commit, connection("Orders/F", "C"), body(file, &[]));
    });
    let asked = Scope {
        keys: AskedKeys::from_iter([
            recipe("Orders", "R"),
            recipe("Orders/F", "R"),
            key("/", AssetKind::Topic, "R"),
            key("", AssetKind::Topic, "R"),
        ]),
        connections: BTreeSet::from(["C".into(), "D".into()]),
        folders: BTreeSet::from(["Orders", "Orders/G"].map(folder)),
        into: FolderPath::home(),
        titles: BTreeSet::new(),
        ..Scope::default()
    };
    let snapshot = workspace.snapshot(&asked).expect("a snapshot");
    let ids: Vec<_> = snapshot.assets.values().map(|asset| asset.id.0).collect();
    assert_eq!(ids, [7, 1], "by place, kind and name");
    let mut held = snapshot.assets.values();
    assert!(held.all(|asset| snapshot.assets.get(&asset.key) == Some(asset)));
    let ids: Vec<_> = snapshot.connections.iter().map(|held| held.id.0).collect();
    assert_eq!(ids, [2, 9], "wherever they lie");
    let folders = [FolderPath::home(), folder("Orders")];
    assert_eq!(snapshot.folders, BTreeSet::from(folders));
    assert_eq!(snapshot.connectors.len(), 1, "connectors always");
    let nothing = workspace.snapshot(&Scope::default()).expect("a snapshot");
    assert!(nothing.assets.is_empty() && nothing.connections.is_empty());
    assert_eq!(nothing.folders, BTreeSet::from([FolderPath::home()]));
}

pub(crate) fn the_recipes_that_use_a_connector_are_known(workspace: &mut dyn Workspace) {
    furnish(workspace);
    done(workspace, |commit, bag| {
        let file = bag.put(b"{}");
        create_connector(commit, "Parcels", PARCELS);
        let both = body(file.clone(), &[PARCELS, "gmail", LEDGER, LEDGER]);
        create(commit, recipe("", "Both"), both);
        create(commit, recipe("", "Neither"), body(file, &["gmail"]));
        let (id, state) = (AssetId(3), RecipeState::Running);
        commit.changes.push(Change::SetRecipe { id, state });
    });
    let of = |id, key, state| RecipeUse {
        id: AssetId(id),
        key,
        state,
    };
    let ledger = of(1, recipe("Orders", "R"), RecipeState::Stopped);
    let both = of(3, recipe("", "Both"), RecipeState::Running);
    let users = seen(workspace).users;
    assert_eq!(users.len(), 2, "a built-in one is not asked for: {users:?}");
    assert_eq!(users[LEDGER], [ledger.clone(), both.clone()]);
    assert_eq!(users[PARCELS], [both]);
    done(workspace, |commit, bag| {
        let file = bag.put(b"{}");
        let (id, body) = (AssetId(3), body(file, &["gmail"]));
        commit.changes.push(Change::UpdateAsset { id, body });
    });
    let users = seen(workspace).users;
    assert_eq!(users[LEDGER], [ledger]);
    assert_eq!(users.len(), 1, "the newest version counts");
    done(workspace, |commit, _| {
        commit.changes.push(Change::RemoveAsset(AssetId(1)));
    });
    assert!(seen(workspace).users.is_empty());
}
