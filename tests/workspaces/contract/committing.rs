//! What workspaces do with commits: all of one or nothing.

use std::collections::BTreeSet;

use recipack::model::catalogue::Visibility;
use recipack::model::ident::{Digest, Version};
use recipack::model::kind::AssetKind;
use recipack::model::workspace::{
    AssetId, Authorization, ConnectorId, FolderPath, HeldState, RecipeState, Sharing,
};
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::{Encoding, Workspace, WorkspaceError};

use crate::contract::{LEDGER, PARCELS, done};
use crate::support::changes::{
    Bag, NOW, body, commit, connection, connector, create, create_connector, deflated, folder, key,
    recipe, revision, seen, version,
};

pub(crate) fn a_commit_leads_where_it_says(workspace: &mut dyn Workspace) {
    let mut states = BTreeSet::from([workspace.facts().expect("facts").state]);
    for number in 0..3 {
        let mut commit = Commit::on(&workspace.facts().expect("facts"));
        let path = format!("F{number}");
        commit.changes.push(Change::CreateFolder(folder(&path)));
        let after = commit.state_after();
        workspace
            .commit(&commit, &mut Bag::default())
            .expect("carried out");
        assert_eq!(workspace.facts().expect("facts").state, after);
        assert!(states.insert(after), "each state is another one");
    }
}

pub(crate) fn a_stale_commit_changes_nothing(workspace: &mut dyn Workspace) {
    let facts = workspace.facts().expect("facts");
    let mut stale = Commit::on(&facts);
    stale.changes.push(Change::CreateFolder(folder("Late")));
    stale.revision = Some(revision(1, "late.zip", Vec::new()));
    done(workspace, |commit, _| {
        commit.changes.push(Change::CreateFolder(folder("Early")));
    });
    let before = seen(workspace);
    let error = workspace.commit(&stale, &mut Bag::default());
    let error = error.expect_err("it is stale");
    assert!(matches!(error, WorkspaceError::Stale { .. }), "{error}");
    assert_eq!(error.to_string(), "workspace `acme` changed meanwhile");
    assert_eq!(seen(workspace), before);
}

/// Folders `Orders` and `Orders/F`, recipe 1, connection 2, connector 1 with a version.
pub(crate) fn furnish(workspace: &mut dyn Workspace) {
    done(workspace, |commit, bag| {
        for path in ["Orders", "Orders/F"] {
            commit.changes.push(Change::CreateFolder(folder(path)));
        }
        let file = bag.put(b"{}");
        create(commit, recipe("Orders", "R"), body(file.clone(), &[LEDGER]));
        create(commit, connection("", "C"), body(file.clone(), &[LEDGER]));
        let id = create_connector(commit, "Ledger", LEDGER);
        commit.changes.push(Change::AddVersion {
            id,
            version: version(1, &file),
        });
        commit.revision = Some(revision(1, "first.zip", Vec::new()));
    });
}

pub(crate) type Spoil = fn(&mut Commit, &mut Bag);

/// What does not fit after [`furnish`], and what is said of it.
pub(crate) const MISFITS: &[(&str, Spoil)] = &[
    ("the folder \"Orders\" is there already", |commit, _| {
        commit.changes.push(Change::CreateFolder(folder("Orders")));
    }),
    ("the folder \"\" is there already", |commit, _| {
        commit
            .changes
            .push(Change::CreateFolder(FolderPath::home()));
    }),
    ("the folder \"A\" is not there", |commit, _| {
        commit.changes.push(Change::CreateFolder(folder("A/B")));
    }),
    ("the folder \"Nowhere\" is not there", |commit, bag| {
        let body = body(bag.put(b"1"), &[]);
        create(commit, recipe("Nowhere", "R"), body);
    }),
    ("asset 1 is there already", |commit, bag| {
        let body = body(bag.put(b"1"), &[]);
        let (id, key) = (AssetId(1), recipe("", "Other"));
        let state = HeldState::of_new(&key.kind);
        commit.changes.push(Change::CreateAsset {
            id,
            key,
            body,
            state,
        });
    }),
    ("recipe \"R\" is there already", |commit, bag| {
        create(commit, recipe("Orders", "R"), body(bag.put(b"1"), &[]));
    }),
    ("recipe \"Twice\" is there already", |commit, bag| {
        let body = body(bag.put(b"1"), &[]);
        create(commit, recipe("", "Twice"), body.clone());
        create(commit, recipe("", "Twice"), body);
    }),
    ("asset 3 has no such state", |commit, bag| {
        create(commit, recipe("", "New"), body(bag.put(b"1"), &[]));
        if let Some(Change::CreateAsset { state, .. }) = commit.changes.last_mut() {
            *state = HeldState::Plain;
        }
    }),
    (
        "numbers that are taken would be given again",
        |commit, bag| {
            create(commit, recipe("", "New"), body(bag.put(b"1"), &[]));
            commit.next.asset = AssetId(3);
        },
    ),
    (
        "numbers that are taken would be given again",
        |commit, _| {
            commit.next.asset = AssetId(2);
        },
    ),
    (
        "numbers that are taken would be given again",
        |commit, _| {
            commit.next.connector = ConnectorId(1);
        },
    ),
    (
        "numbers that are taken would be given again",
        |commit, _| {
            create_connector(commit, "New", PARCELS);
            commit.next.connector = ConnectorId(2);
        },
    ),
    ("asset 7 is not there", |commit, bag| {
        let (id, body) = (AssetId(7), body(bag.put(b"1"), &[]));
        commit.changes.push(Change::UpdateAsset { id, body });
    }),
    ("asset 7 is not there", |commit, _| {
        commit.changes.push(Change::RemoveAsset(AssetId(7)));
    }),
    ("asset 1 is not there", |commit, bag| {
        commit.changes.push(Change::RemoveAsset(AssetId(1)));
        let (id, body) = (AssetId(1), body(bag.put(b"1"), &[]));
        commit.changes.push(Change::UpdateAsset { id, body });
    }),
    ("asset 7 is not there", |commit, _| {
        let (id, key) = (AssetId(7), recipe("", "New"));
        commit.changes.push(Change::MoveAsset { id, key });
    }),
    ("the folder \"Nowhere\" is not there", |commit, _| {
        let (id, key) = (AssetId(1), recipe("Nowhere", "R"));
        commit.changes.push(Change::MoveAsset { id, key });
    }),
    ("recipe \"Twin\" is there already", |commit, bag| {
        create(commit, recipe("", "Twin"), body(bag.put(b"1"), &[]));
        let (id, key) = (AssetId(1), recipe("", "Twin"));
        commit.changes.push(Change::MoveAsset { id, key });
    }),
    ("asset 1 can't become one of another type", |commit, _| {
        let (id, key) = (AssetId(1), key("Orders", AssetKind::Connection, "R"));
        commit.changes.push(Change::MoveAsset { id, key });
    }),
    ("the folder \"Nowhere\" is not there", |commit, _| {
        let folder = folder("Nowhere");
        commit.changes.push(Change::RemoveFolder(folder));
    }),
    ("the folder \"Orders\" is not empty", |commit, _| {
        commit.changes.push(Change::RemoveFolder(folder("Orders")));
    }),
    ("the folder \"Orders\" is not empty", |commit, _| {
        let (id, key) = (AssetId(1), recipe("", "Elsewhere"));
        commit.changes.push(Change::MoveAsset { id, key });
        commit.changes.push(Change::RemoveFolder(folder("Orders")));
    }),
    ("asset 7 is not there", |commit, _| {
        let (id, state) = (AssetId(7), RecipeState::Running);
        commit.changes.push(Change::SetRecipe { id, state });
    }),
    ("asset 2 has no such state", |commit, _| {
        let (id, state) = (AssetId(2), RecipeState::Running);
        commit.changes.push(Change::SetRecipe { id, state });
    }),
    ("asset 1 has no such state", |commit, _| {
        commit.changes.push(Change::SetConnection {
            id: AssetId(1),
            authorization: Authorization::Authorized,
        });
    }),
    ("connector 1 is there already", |commit, _| {
        let change = connector(ConnectorId(1), "Parcels", PARCELS);
        commit.changes.push(change);
    }),
    ("connector \"Ledger\" is there already", |commit, _| {
        create_connector(commit, "Ledger", PARCELS);
    }),
    (
        "a connector named `ledger_connector_1002_1` is there already",
        |commit, _| {
            create_connector(commit, "Parcels", LEDGER);
        },
    ),
    ("connector 5 is not there", |commit, bag| {
        let (id, version) = (ConnectorId(5), version(1, &bag.put(b"1")));
        commit.changes.push(Change::AddVersion { id, version });
    }),
    (
        "version 1 of connector 1 would follow version 1",
        |commit, bag| {
            let (id, version) = (ConnectorId(1), version(1, &bag.put(b"1")));
            commit.changes.push(Change::AddVersion { id, version });
        },
    ),
    (
        "version 3 of connector 1 would follow version 1",
        |commit, bag| {
            let (id, version) = (ConnectorId(1), version(3, &bag.put(b"1")));
            commit.changes.push(Change::AddVersion { id, version });
        },
    ),
    (
        "version 2 of connector 2 would follow version 0",
        |commit, bag| {
            let id = create_connector(commit, "Parcels", PARCELS);
            let version = version(2, &bag.put(b"1"));
            commit.changes.push(Change::AddVersion { id, version });
        },
    ),
    ("connector 1 has no version 2", |commit, _| {
        commit.changes.push(release(1, 2));
    }),
    ("connector 5 is not there", |commit, _| {
        commit.changes.push(release(5, 1));
    }),
    ("connector 5 is not there", |commit, _| {
        commit.changes.push(share(5, 1));
    }),
    ("version 1 of connector 1 is not released", |commit, _| {
        commit.changes.push(share(1, 1));
    }),
    ("version 2 of connector 1 is not released", |commit, _| {
        commit.changes.push(share(1, 2));
    }),
    ("connector 1 is not shared", |commit, _| {
        commit.changes.push(Change::Unshare(ConnectorId(1)));
    }),
    ("revision 1 would follow revision 1", |commit, _| {
        commit.revision = Some(revision(1, "again.zip", Vec::new()));
    }),
    ("revision 3 would follow revision 1", |commit, _| {
        commit.revision = Some(revision(3, "later.zip", Vec::new()));
    }),
];

fn share(id: u64, number: u64) -> Change {
    Change::Share {
        id: ConnectorId(id),
        sharing: Sharing {
            version: Version(number),
            visibility: Visibility::Open,
        },
        at: NOW,
    }
}

pub(crate) fn release(id: u64, number: u64) -> Change {
    Change::ReleaseVersion {
        id: ConnectorId(id),
        version: Version(number),
        at: NOW,
    }
}

/// Each misfit comes after changes that fit, which are then not made either.
pub(crate) fn a_commit_that_does_not_fit_changes_nothing_and_says_why(
    workspace: &mut dyn Workspace,
) {
    furnish(workspace);
    let before = seen(workspace);
    for (told, spoil) in MISFITS {
        let mut bag = Bag::default();
        let outcome = commit(workspace, &mut bag, |commit, bag| {
            let file = bag.put(b"fits");
            commit.changes.push(Change::CreateFolder(folder("Fits")));
            let (id, body) = (AssetId(1), body(file.clone(), &[]));
            commit.changes.push(Change::UpdateAsset { id, body });
            let (id, state) = (AssetId(1), RecipeState::Running);
            commit.changes.push(Change::SetRecipe { id, state });
            let fitting = commit.changes.len();
            spoil(commit, bag);
            // Something follows, too.
            if commit.changes.len() > fitting {
                commit.changes.push(Change::CreateFolder(folder("Then")));
            }
        });
        let error = outcome.expect_err(told);
        assert!(matches!(error, WorkspaceError::Unfit { .. }), "{error}");
        assert_eq!(
            error.to_string(),
            format!("the changes don't fit workspace `acme`: {told}")
        );
        assert_eq!(seen(workspace), before, "{told}");
        let held = workspace.content(&Digest::of(b"fits"), &mut Vec::new());
        held.expect_err("its content is not kept");
    }
    done(workspace, |commit, _| {
        commit.changes.push(Change::CreateFolder(folder("Fits")));
    });
}

pub(crate) fn a_content_that_is_not_given_changes_nothing(workspace: &mut dyn Workspace) {
    furnish(workspace);
    let before = seen(workspace);
    let lost = Digest::of(b"lost");
    let fills: [Spoil; 3] = [
        |commit, bag| {
            create(commit, recipe("", "New"), body(bag.put(b"lost"), &[]));
        },
        |commit, bag| {
            let (id, body) = (AssetId(1), body(bag.put(b"lost"), &[]));
            commit.changes.push(Change::UpdateAsset { id, body });
        },
        |commit, bag| {
            let (id, version) = (ConnectorId(1), version(2, &bag.put(b"lost")));
            commit.changes.push(Change::AddVersion { id, version });
        },
    ];
    for fill in fills {
        let outcome = commit(workspace, &mut Bag::default(), |commit, bag| {
            create(commit, recipe("", "Fits"), body(bag.put(b"fits"), &[]));
            fill(commit, bag);
            bag.lose(&lost);
        });
        let error = outcome.expect_err("a content is missing");
        assert!(matches!(error, WorkspaceError::Content(_)), "{error}");
        assert_eq!(error.to_string(), format!("can't read the content {lost}"));
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("it was lost"));
        assert_eq!(seen(workspace), before);
    }
}

/// A package may be overwritten between reading and importing.
pub(crate) fn a_content_that_is_not_what_it_should_be_changes_nothing(
    workspace: &mut dyn Workspace,
) {
    furnish(workspace);
    let before = seen(workspace);
    let digest = Digest::of(b"meant");
    for (encoding, bytes, size) in [
        (Encoding::Plain, b"other".to_vec(), 5),
        (Encoding::Plain, b"meant".to_vec(), 4),
        (Encoding::Plain, b"meant".to_vec(), 6),
        (Encoding::Plain, Vec::new(), 0),
        (Encoding::Deflate, deflated(b"other"), 5),
        (Encoding::Deflate, deflated(b"meant"), 4),
        (Encoding::Deflate, deflated(b"meant"), 6),
        (Encoding::Deflate, deflated(b"meant, and more"), 5),
        (Encoding::Deflate, b"meant".to_vec(), 5),
        (Encoding::Deflate, Vec::new(), 5),
    ] {
        let outcome = commit(workspace, &mut Bag::default(), |commit, bag| {
            let file = bag.put_as(digest, encoding, &bytes, size);
            create(commit, recipe("", "New"), body(file, &[]));
        });
        let error = outcome.expect_err("it is another one");
        assert!(matches!(error, WorkspaceError::Content(_)), "{error}");
        assert_eq!(seen(workspace), before);
    }
    let mut left = b"left".to_vec();
    let error = workspace.content(&digest, &mut left);
    let error = error.expect_err("it is not there").to_string();
    assert!(
        error.ends_with(&format!("content {digest} is not there")),
        "{error}"
    );
}

pub(crate) fn a_content_is_asked_for_once_and_only_if_it_is_not_held(
    workspace: &mut dyn Workspace,
) {
    furnish(workspace);
    let mut bag = Bag::default();
    let new = Digest::of(b"new");
    let code = Digest::of(b"code");
    commit(workspace, &mut bag, |commit, bag| {
        let held = bag.put(b"{}");
        let file = bag.put(b"new");
        for name in ["A", "B"] {
            create(commit, recipe("", name), body(file.clone(), &[]));
        }
        create(commit, recipe("", "C"), body(held.clone(), &[]));
        let (id, body) = (AssetId(1), body(file, &[]));
        commit.changes.push(Change::UpdateAsset { id, body });
        let id = ConnectorId(1);
        for number in 2..4 {
            let mut version = version(number, &bag.put(b"code"));
            version.json = Some(held.content);
            commit.changes.push(Change::AddVersion { id, version });
        }
    })
    .expect("carried out");
    assert_eq!(bag.asked, [new, code]);
}
