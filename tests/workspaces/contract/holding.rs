//! What workspaces hold after changes.

use std::collections::BTreeSet;

use recipack::model::catalogue::{CatalogueEntry, SharedVersion};
use recipack::model::ident::Version;
use recipack::model::kind::AssetKind;
use recipack::model::workspace::{
    AssetId, AssetPlace, Authorization, Before, ConnectorId, HeldState, RecipeState,
    RevisionNumber, Scope, Timestamp, WorkspaceKind,
};
use recipack::plan::commit::Change;
use recipack::workspace::Workspace;

use crate::contract::{LEDGER, done};
use crate::support::changes::{
    NOW, body, connection, create, create_connector, folder, key, recipe, revision, seen, version,
};

pub(crate) fn a_new_workspace_holds_nothing(workspace: &mut dyn Workspace) {
    let facts = workspace.facts().expect("facts");
    assert_eq!(facts.name.as_str(), "acme");
    assert_eq!(facts.kind, WorkspaceKind::Customer);
    assert_eq!(facts.external_id.as_deref(), Some("C-17"));
    assert_eq!(
        facts.admin.as_ref().map(|name| name.as_str()),
        Some("kestrel")
    );
    assert_eq!(facts.revision, RevisionNumber(0));
    assert_eq!(facts.next.asset, AssetId(1));
    assert_eq!(facts.next.connector, ConnectorId(1));
    let seen = seen(workspace);
    assert_eq!(seen.facts, facts);
    assert_eq!(seen.folders, BTreeSet::new());
    assert_eq!(seen.assets, []);
    assert_eq!(seen.connectors, []);
    assert_eq!(seen.revisions, []);
    let inventory = workspace.inventory().expect("an inventory");
    let snapshot = workspace.snapshot(&Scope::default()).expect("a snapshot");
    for shared in [inventory.shared, snapshot.shared] {
        let shared = shared.expect("a customer has shared connectors");
        let titles = |entry: &CatalogueEntry| (entry.title.to_string(), entry.shared_version);
        let titles: Vec<_> = shared.entries().iter().map(titles).collect();
        assert_eq!(
            titles,
            [("Parcel Tracker".to_owned(), SharedVersion::At(Version(6)))]
        );
    }
}

pub(crate) fn folders_are_created(workspace: &mut dyn Workspace) {
    done(workspace, |commit, _| {
        for path in ["Orders", "Orders/Functions", "配送"] {
            commit.changes.push(Change::CreateFolder(folder(path)));
        }
    });
    let folders = ["Orders", "Orders/Functions", "配送"].map(folder);
    assert_eq!(seen(workspace).folders, BTreeSet::from(folders));
}

pub(crate) fn an_asset_is_created_and_reads_back(workspace: &mut dyn Workspace) {
    let (mut plain, mut packed) = (AssetId(0), AssetId(0));
    done(workspace, |commit, bag| {
        commit.changes.push(Change::CreateFolder(folder("Orders")));
        let file = bag.put(b"{\"plain\": 1}");
        plain = create(commit, recipe("Orders", "Plain"), body(file, &[]));
        let main = bag.put_deflated(&[b'x'; 10_000]);
        let mut icon = bag.put(b"");
        icon.extension = "png".to_owned();
        let mut body = body(main, &["gmail"]);
        body.files.push(icon);
        let renames = ("a_connector_1_1", "a_connector_2_2");
        body.renames.insert(
            renames.0.parse().expect("a name"),
            renames.1.parse().expect("a name"),
        );
        let kind = AssetKind::from_word("loyalty_card");
        packed = create(commit, key("/", kind, "Gold \u{1b}[1m"), body);
    });
    let seen = seen(workspace);
    assert_eq!((plain, packed), (AssetId(1), AssetId(2)));
    let [first, second] = &seen.assets[..] else {
        panic!("{seen:?}");
    };
    assert_eq!((first.id, second.id), (plain, packed));
    assert_eq!(first.version, Version(1));
    assert_eq!(first.state, HeldState::Recipe(RecipeState::Stopped));
    assert_eq!(first.key, recipe("Orders", "Plain"));
    assert_eq!(second.key.place, AssetPlace::Workspace);
    assert_eq!(second.key.kind.word(), "loyalty_card");
    assert_eq!(&*second.key.name, "Gold \u{1b}[1m");
    assert_eq!(second.state, HeldState::Plain);
    assert_eq!(second.body.providers, ["gmail"]);
    assert_eq!(second.body.renames.len(), 1);
    let content = |asset: usize, file: usize| {
        let digest = seen.assets[asset].body.files[file].content;
        &seen.contents[&digest]
    };
    assert_eq!(content(0, 0), b"{\"plain\": 1}");
    assert_eq!(content(1, 0), &[b'x'; 10_000]);
    assert_eq!(content(1, 1), b"");
    assert_eq!(seen.facts.next.asset, AssetId(3));
}

pub(crate) fn an_update_is_another_version(workspace: &mut dyn Workspace) {
    let mut id = AssetId(0);
    done(workspace, |commit, bag| {
        id = create(commit, recipe("", "R"), body(bag.put(b"1"), &[]));
    });
    done(workspace, |commit, bag| {
        for text in [b"2", b"3"] {
            let body = body(bag.put(text), &["slack"]);
            commit.changes.push(Change::UpdateAsset { id, body });
        }
    });
    let seen = seen(workspace);
    assert_eq!(seen.assets[0].version, Version(3));
    let texts: Vec<_> = seen.versions[0]
        .iter()
        .map(|body| seen.contents[&body.files[0].content].as_slice())
        .collect();
    assert_eq!(texts, [b"1", b"2", b"3"], "the older ones are kept");
    for (id, version) in [(1, 0), (1, 4), (2, 1), (0, 1)] {
        let error = workspace.asset_version(AssetId(id), Version(version));
        let told = error.expect_err("it is not there").to_string();
        assert!(
            told.contains(&format!("asset {id} has no version {version}")),
            "{told}"
        );
    }
}

pub(crate) fn what_is_removed_is_gone_and_its_name_is_free(workspace: &mut dyn Workspace) {
    done(workspace, |commit, bag| {
        let file = bag.put(b"1");
        for name in ["A", "B"] {
            create(commit, recipe("", name), body(file.clone(), &[]));
        }
    });
    done(workspace, |commit, bag| {
        commit.changes.push(Change::RemoveAsset(AssetId(1)));
        create(commit, recipe("", "A"), body(bag.put(b"2"), &[]));
    });
    let seen = seen(workspace);
    let ids: Vec<_> = seen.assets.iter().map(|asset| asset.id.0).collect();
    assert_eq!(ids, [2, 3], "a number is given once");
    assert_eq!(seen.assets[1].version, Version(1));
    workspace
        .asset_version(AssetId(1), Version(1))
        .expect_err("its versions are gone");
}

pub(crate) fn what_is_moved_keeps_its_number_and_an_empty_folder_goes(
    workspace: &mut dyn Workspace,
) {
    done(workspace, |commit, bag| {
        for path in ["Orders", "Orders/F"] {
            commit.changes.push(Change::CreateFolder(folder(path)));
        }
        let body = body(bag.put(b"{}"), &[LEDGER]);
        create(commit, recipe("Orders/F", "R"), body);
    });
    done(workspace, |commit, _| {
        let (id, key) = (AssetId(1), recipe("Orders", "S"));
        commit.changes.push(Change::MoveAsset { id, key });
        commit
            .changes
            .push(Change::RemoveFolder(folder("Orders/F")));
    });
    let inventory = workspace.inventory().expect("an inventory");
    let held: Vec<_> = inventory
        .assets
        .iter()
        .map(|asset| (asset.id, &asset.key))
        .collect();
    assert_eq!(held, [(AssetId(1), &recipe("Orders", "S"))]);
    assert_eq!(inventory.assets[0].version.0, 1, "its content is the same");
    assert_eq!(
        inventory.folders.into_iter().collect::<Vec<_>>(),
        [folder("Orders")]
    );
    // Its old name is free, and so is the folder's.
    done(workspace, |commit, bag| {
        commit
            .changes
            .push(Change::CreateFolder(folder("Orders/F")));
        create(commit, recipe("Orders/F", "R"), body(bag.put(b"{}"), &[]));
    });
}

pub(crate) fn recipes_and_connections_have_states(workspace: &mut dyn Workspace) {
    let (recipe_id, connection_id) = (AssetId(1), AssetId(2));
    done(workspace, |commit, bag| {
        let file = bag.put(b"{}");
        create(commit, recipe("", "R"), body(file.clone(), &[]));
        create(commit, connection("", "C"), body(file, &["gmail"]));
    });
    let states = |workspace: &dyn Workspace| {
        let assets = seen(workspace).assets;
        (assets[0].state, assets[1].state)
    };
    for (state, authorization) in [
        (RecipeState::Running, Authorization::Authorized),
        (RecipeState::Running, Authorization::Placeholder),
        (RecipeState::Stopped, Authorization::Authorized),
        (RecipeState::Stopped, Authorization::Placeholder),
    ] {
        done(workspace, |commit, _| {
            let id = recipe_id;
            commit.changes.push(Change::SetRecipe { id, state });
            commit.changes.push(Change::SetConnection {
                id: connection_id,
                authorization,
            });
        });
        let expected = (
            HeldState::Recipe(state),
            HeldState::Connection(authorization),
        );
        assert_eq!(states(workspace), expected);
    }
    done(workspace, |commit, bag| {
        let id = recipe_id;
        let state = RecipeState::Running;
        commit.changes.push(Change::SetRecipe { id, state });
        let body = body(bag.put(b"2"), &[]);
        commit.changes.push(Change::UpdateAsset { id, body });
    });
    assert_eq!(
        states(workspace).0,
        HeldState::Recipe(RecipeState::Running),
        "an update leaves the state as it is"
    );
}

pub(crate) fn a_connector_gets_versions_and_runs_one(workspace: &mut dyn Workspace) {
    let id = ConnectorId(1);
    done(workspace, |commit, bag| {
        let code = bag.put(b"{ title: 'Ledger' }");
        assert_eq!(create_connector(commit, "Ledger", LEDGER), id);
        commit.changes.push(Change::AddVersion {
            id,
            version: version(1, &code),
        });
    });
    let held = |workspace: &dyn Workspace| seen(workspace).connectors.remove(0);
    let before = held(workspace);
    assert_eq!(before.title.as_str(), "Ledger");
    assert_eq!(before.internal_name.as_str(), LEDGER);
    assert_eq!(before.released, None);
    assert_eq!(before.latest().and_then(|v| v.released_at), None);
    done(workspace, |commit, bag| {
        let code = bag.put(b"{ title: 'Ledger', v: 2 }");
        commit.changes.push(Change::AddVersion {
            id,
            version: version(2, &code),
        });
        commit.changes.push(Change::ReleaseVersion {
            id,
            version: Version(2),
            at: NOW,
        });
    });
    let after = held(workspace);
    assert_eq!(after.released, Some(Version(2)));
    assert_eq!(after.versions[0], before.versions[0]);
    assert_eq!(after.versions[1].released_at, Some(NOW));
    assert_eq!(after.versions[1].note.as_deref(), Some("the 2."));
    assert_eq!(after.versions[1].source_version, Some(Version(12)));
    done(workspace, |commit, _| {
        commit.changes.push(Change::ReleaseVersion {
            id,
            version: Version(1),
            at: Timestamp(NOW.0 + 1),
        });
    });
    let back = held(workspace);
    assert_eq!(
        back.released,
        Some(Version(1)),
        "an older one may run again"
    );
    assert_eq!(back.versions[1].released_at, Some(NOW));
    assert_eq!(seen(workspace).facts.next.connector, ConnectorId(2));
}

pub(crate) fn revisions_are_kept_as_they_were_given(workspace: &mut dyn Workspace) {
    let before = Before {
        asset: AssetId(1),
        version: None,
        state: HeldState::Recipe(RecipeState::Stopped),
    };
    let mut first = revision(1, "orders.zip", vec![before]);
    first.header.package = None;
    let second = revision(2, "配送 \u{1b}.zip", Vec::new());
    done(workspace, |commit, bag| {
        create(commit, recipe("", "R"), body(bag.put(b"1"), &[]));
        commit.revision = Some(first.clone());
    });
    done(workspace, |commit, _| {
        let (id, state) = (AssetId(1), RecipeState::Running);
        commit.changes.push(Change::SetRecipe { id, state });
    });
    assert_eq!(
        seen(workspace).facts.revision,
        RevisionNumber(1),
        "a start by hand is none"
    );
    done(workspace, |commit, _| {
        commit.changes.push(Change::CreateFolder(folder("F")));
        commit.revision = Some(second.clone());
    });
    let seen = seen(workspace);
    assert_eq!(seen.facts.revision, RevisionNumber(2));
    assert_eq!(seen.revisions, [first, second]);
    for number in [0, 3] {
        let missing = workspace.revision(RevisionNumber(number));
        assert_eq!(
            missing.expect_err("there is none").to_string(),
            format!("workspace `acme` has no revision {number}")
        );
    }
}
