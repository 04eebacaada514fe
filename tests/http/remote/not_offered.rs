//! What the API has nothing for, and no command asks: whoever uses the library is refused, and nothing
//! was done.

use recipack::model::catalogue::Visibility;
use recipack::model::ident::Version;
use recipack::model::workspace::{AssetId, ConnectorId, Sharing, Timestamp};
use recipack::plan::commit::{Change, Commit};
use recipack::workspace::remote::RemoteError;
use recipack::workspace::{Workspace, WorkspaceError};

use super::contract::remote;
use crate::support::changes::Bag;
use crate::support::sandbox::{Sandbox, partner};

/// What is refused was to be done, and what to do instead.
#[track_caller]
fn not_offered<T: std::fmt::Debug>(result: Result<T, WorkspaceError>) -> [&'static str; 2] {
    let Err(WorkspaceError::Remote(error)) = result else {
        panic!("{result:?}");
    };
    let RemoteError::NotOffered { what, instead, .. } = *error else {
        panic!("{error:?}");
    };
    [what, instead]
}

#[test]
fn what_no_command_asks_is_refused_before_anything_is_done() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let mut workspace = remote(&place, &sandbox);
    let share = Change::Share {
        id: ConnectorId(1),
        sharing: Sharing {
            version: Version(1),
            visibility: Visibility::Closed,
        },
        at: Timestamp(1_700_000_000),
    };
    for (change, said) in [
        (
            share,
            [
                "sharing a connector without its source",
                "choose closed source in the platform's pages",
            ],
        ),
        (
            Change::RemoveAsset(AssetId(1)),
            [
                "changing single assets",
                "import a package that has them as they should be",
            ],
        ),
    ] {
        let facts = workspace.inventory().expect("an inventory").workspace;
        let mut commit = Commit::on(&facts);
        // What comes before it would be done.
        commit
            .changes
            .push(Change::CreateFolder("Made".parse().expect("a folder")));
        commit.changes.push(change);
        assert_eq!(
            not_offered(workspace.commit(&commit, &mut Bag::default())),
            said
        );
    }
    assert_eq!(
        not_offered(workspace.asset_version(AssetId(1), Version(1))),
        [
            "reading an earlier version of an asset",
            "the platform's pages show them"
        ]
    );
    let inventory = workspace.inventory().expect("an inventory");
    assert!(
        inventory
            .folders
            .iter()
            .all(|folder| folder.as_str() != "Made"),
        "{inventory:?}"
    );
}
