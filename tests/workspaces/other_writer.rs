//! Another process writes to the platform while a plan reads it: the plan is of the moment at which
//! it began to read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use recipack::archive::Limits;
use recipack::model::ident::{Digest, InternalName, Version};
use recipack::model::table::RowsPolicy;
use recipack::model::workspace::{
    AssetId, Body, EndpointMark, EndpointState, HeldValue, Inventory, PropertyKey, Revision,
    RevisionHeader, RevisionNumber, Scope, Snapshot, Timestamp, WorkspaceFacts,
};
use recipack::ops::import::{ImportRequest, Incoming};
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::commit::Commit;
use recipack::plan::import::Landing;
use recipack::plan::import::target::OtherTarget;
use recipack::workspace::local::{LocalPlatform, LocalWorkspace, Writing};
use recipack::workspace::{Committed, Contents, Moment, Workspace, WorkspaceError};

use crate::support::lines::done;
use crate::support::{Place, fixture, place_with};

const TRACKER: &str = "parcel_tracker_connector_48213_1701388800";

/// A workspace that somebody else writes to after the first look at it.
struct Contested<'p> {
    own: LocalWorkspace,
    place: &'p Place,
    lines: RefCell<Vec<&'static str>>,
    code: RefCell<Option<Digest>>,
}

impl Workspace for Contested<'_> {
    fn one_moment(&self) -> Result<Moment<'_>, WorkspaceError> {
        self.own.one_moment()
    }

    fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError> {
        self.own.facts()
    }

    fn snapshot(&self, scope: &Scope) -> Result<Snapshot, WorkspaceError> {
        let snapshot = self.own.snapshot(scope)?;
        for line in self.lines.take() {
            done(self.place, line);
        }
        Ok(snapshot)
    }

    fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        self.own.properties(asked)
    }

    fn endpoints(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError> {
        self.own.endpoints(asked)
    }

    fn inventory(&self) -> Result<Inventory, WorkspaceError> {
        self.own.inventory()
    }

    fn content(&self, digest: &Digest, into: &mut Vec<u8>) -> Result<(), WorkspaceError> {
        self.own.content(digest, into)
    }

    fn shared_code(&self, name: &InternalName) -> Result<Option<Digest>, WorkspaceError> {
        let code = self.own.shared_code(name)?;
        *self.code.borrow_mut() = code;
        Ok(code)
    }

    fn asset_version(&self, asset: AssetId, version: Version) -> Result<Body, WorkspaceError> {
        self.own.asset_version(asset, version)
    }

    fn revisions(&self) -> Result<Vec<RevisionHeader>, WorkspaceError> {
        self.own.revisions()
    }

    fn revision(&self, number: RevisionNumber) -> Result<Revision, WorkspaceError> {
        self.own.revision(number)
    }

    fn commit(
        &mut self,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        self.own.commit(commit, contents)
    }

    fn has_sibling(&self, name: &str) -> Result<bool, WorkspaceError> {
        self.own.has_sibling(name)
    }
}

/// An admin workspace that shares the first of two versions, and a customer with a recipe that needs
/// what the second lacks.
fn shared() -> Place {
    let place = place_with(&["partner"]);
    let first = fixture("connectors/parcel_tracker.custom_adapter.rb");
    let first = std::fs::read_to_string(first).expect("text");
    let second = first.replacen("get_parcel: {", "find_parcel: {", 1);
    assert_ne!(first, second);
    place.write("one.rb", &first);
    place.write("two.rb", &second);
    for line in [
        "workspace create studio --kind admin --id 48213",
        "customer create acme --of studio",
        "connector push one.rb --title Parcel\u{a0}Tracker --in local:studio",
        "connector release Parcel\u{a0}Tracker --in local:studio",
        "connector push two.rb --title Parcel\u{a0}Tracker --in local:studio",
        "connector release Parcel\u{a0}Tracker --in local:studio",
        "catalog share Parcel\u{a0}Tracker --version 1 --in local:studio",
        "export partner --include Orders/track_new_parcels.recipe.json --for customer --catalog local:studio -o c.zip",
    ] {
        titled(&place, line);
    }
    place
}

/// A command whose title has a blank in it.
fn titled(place: &Place, line: &str) {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.env("SOURCE_DATE_EPOCH", "1701388800");
    let words = line.split(' ').map(|word| word.replace('\u{a0}', " "));
    let run = command.args(words).output().expect("it starts");
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{line}: {told}");
}

fn opened(path: &Path) -> LocalWorkspace {
    let writing = Writing {
        purpose: "test".to_owned(),
        patience: Duration::from_secs(30),
        stop: Default::default(),
    };
    let platform = LocalPlatform::open(path, writing).expect("a platform");
    let acme = "acme".parse().expect("a name");
    platform.workspace(&acme).expect("a workspace")
}

#[test]
fn a_plan_is_of_the_moment_at_which_it_began_to_read() {
    let place = shared();
    let request = ImportRequest {
        package: place.path("c.zip"),
        address: "local:acme".parse().expect("an address"),
        folder: "".parse().expect("Home"),
        rows: RowsPolicy::Overwrite,
        landing: Landing::default(),
        settings: None,
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        at: Timestamp(1_701_388_900),
        who: "somebody".to_owned(),
        other_target: OtherTarget::Refused,
        edits: Some(recipack::plan::import::edits::EditsWish::default()),
    };
    let running = Running {
        threads: std::num::NonZeroUsize::MIN,
        interrupt: Interrupt::default(),
    };
    let incoming = Incoming::read(&request, &running, &mut Silent).expect("a package");
    let workspace = Contested {
        own: opened(&place.path("p.db")),
        place: &place,
        lines: RefCell::default(),
        code: RefCell::default(),
    };
    let plan = || {
        let planned = incoming.plan(&request, &workspace, &running);
        let planned = planned.expect("a plan");
        let document = planned.document(&incoming);
        (document.plan, document.findings, workspace.code.take())
    };
    let before = plan();
    let name: InternalName = TRACKER.parse().expect("a name");
    assert_eq!(before.2, workspace.own.shared_code(&name).expect("read"));
    assert!(before.2.is_some(), "its source is looked at");
    *workspace.lines.borrow_mut() = vec![
        "catalog switch parcel_tracker_connector_48213_1701388800 2 --in local:studio --yes",
        "customer create beta --of studio",
    ];
    assert_eq!(plan(), before, "whoever writes meanwhile");
    let after = plan();
    assert_ne!(after.2, before.2, "another version is shared by now");
    assert_ne!(after.1, before.1, "which lacks an action");
    // What holds the moment goes with the plan: others can write, and so can this one.
    assert!(workspace.own.one_moment().expect("begun").is_some());
}
