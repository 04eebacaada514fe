//! What every workspace owes a plan, however it is kept: one suite over all of them.

mod answering;
mod committing;
mod holding;
mod model;
mod references;

use std::time::Duration;

use crate::support::changes::{Bag, NOW, commit};
use crate::support::{Place, workspaces::CATALOGUE};
use recipack::model::catalogue::Catalogue;
use recipack::model::ident::Digest;
use recipack::model::workspace::{
    AssetId, ConnectorId, Counters, RevisionNumber, WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
use recipack::plan::commit::Commit;
use recipack::workspace::Workspace;
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, NewWorkspace, Writing};
use recipack::workspace::memory::MemoryWorkspace;

const LEDGER: &str = "ledger_connector_1002_1";
const PARCELS: &str = "parcels_connector_1002_2";

fn catalogue() -> Catalogue {
    Catalogue::parse(CATALOGUE.as_bytes()).expect("a catalogue")
}

fn memory() -> MemoryWorkspace {
    let facts = WorkspaceFacts {
        id: WorkspaceId(1002),
        name: "acme".parse().expect("a name"),
        kind: WorkspaceKind::Customer,
        data_center: "eu".parse().expect("a data center"),
        external_id: Some("C-17".to_owned()),
        admin: Some("kestrel".parse().expect("a name")),
        state: Digest::of(b"workspace 1002"),
        revision: RevisionNumber(0),
        next: Counters {
            asset: AssetId(1),
            connector: ConnectorId(1),
        },
    };
    let mut shared = catalogue().entries().to_vec();
    shared.retain(|entry| entry.shared_version.version().is_some());
    for entry in &mut shared {
        entry.data_center = Some("eu".parse().expect("a data center"));
    }
    let shared = Catalogue::from_entries(Digest::of(b"shared"), shared);
    MemoryWorkspace::new(facts, Some(shared.expect("a catalogue")))
}

fn platform(place: &Place) -> LocalPlatform {
    let writing = Writing {
        purpose: "contract".to_owned(),
        patience: Duration::from_secs(30),
        stop: Default::default(),
    };
    LocalPlatform::create(&place.path("p.db"), writing).expect("a platform")
}

fn local(place: &Place) -> LocalWorkspace {
    let mut platform = platform(place);
    for (name, kind, id) in [
        ("kestrel", WorkspaceKind::Admin, 48213),
        ("acme", WorkspaceKind::Customer, 1002),
    ] {
        let admin = kind == WorkspaceKind::Admin;
        let new = NewWorkspace {
            name: name.parse().expect("a name"),
            kind,
            data_center: "eu".parse().expect("a data center"),
            id: Some(WorkspaceId(id)),
            external_id: (!admin).then(|| "C-17".to_owned()),
            admin: (!admin).then(|| "kestrel".parse().expect("a name")),
            catalogue: admin.then(catalogue),
            at: NOW,
        };
        platform.create_workspace(&new).expect("a workspace");
    }
    reopened(place)
}

fn reopened(place: &Place) -> LocalWorkspace {
    let name = "acme".parse().expect("a name");
    platform(place).workspace(&name).expect("a workspace")
}

/// Each test once for every way in which workspaces are kept.
macro_rules! contract {
    ($($part:ident::$test:ident,)*) => {
        mod in_memory {
            $(#[test] fn $test() { crate::contract::$part::$test(&mut crate::contract::memory()); })*
        }
        mod in_a_file {
            $(#[test] fn $test() { crate::contract::$part::$test(&mut crate::contract::local(&crate::contract::Place::new())); })*
        }
    };
}

contract![
    holding::a_new_workspace_holds_nothing,
    holding::folders_are_created,
    holding::an_asset_is_created_and_reads_back,
    holding::an_update_is_another_version,
    holding::what_is_removed_is_gone_and_its_name_is_free,
    holding::what_is_moved_keeps_its_number_and_an_empty_folder_goes,
    holding::recipes_and_connections_have_states,
    holding::a_connector_gets_versions_and_runs_one,
    holding::revisions_are_kept_as_they_were_given,
    committing::a_commit_leads_where_it_says,
    committing::a_stale_commit_changes_nothing,
    committing::a_commit_that_does_not_fit_changes_nothing_and_says_why,
    committing::a_content_that_is_not_given_changes_nothing,
    committing::a_content_that_is_not_what_it_should_be_changes_nothing,
    committing::a_content_is_asked_for_once_and_only_if_it_is_not_held,
    answering::a_snapshot_answers_what_is_asked_and_no_more,
    answering::the_recipes_that_use_a_connector_are_known,
];

fn done(workspace: &mut dyn Workspace, fill: impl FnOnce(&mut Commit, &mut Bag)) {
    commit(workspace, &mut Bag::default(), fill).expect("carried out");
}
