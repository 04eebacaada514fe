use super::*;
use crate::model::ident::Digest;
use crate::model::workspace::{
    AssetKey, AssetPlace, Binding, Body, ConnectorId, Counters, EndpointMark, EndpointState,
    HeldValue, HeldVersion, PropertyKey, Revision, RevisionHeader, RevisionNumber, Scope, Snapshot,
    StoredFile, WorkspaceConnector, WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
use crate::plan::commit::Change;
use crate::workspace::{Committed, Contents};

/// A workspace that others are faster in, a number of times.
struct Contested {
    inventory: Inventory,
    stale: usize,
    commits: Vec<Commit>,
}

impl Contested {
    fn nothing(&self) -> WorkspaceError {
        WorkspaceError::Damaged {
            platform: "none".to_owned(),
            what: "nobody asks for this".to_owned(),
        }
    }
}

const RECIPE: &[u8] = br#"{"name": "R", "config": []}"#;

impl Workspace for Contested {
    fn facts(&self) -> Result<WorkspaceFacts, WorkspaceError> {
        Ok(self.inventory.workspace.clone())
    }
    fn snapshot(&self, _: &Scope) -> Result<Snapshot, WorkspaceError> {
        Err(self.nothing())
    }
    fn properties(
        &self,
        asked: &BTreeSet<PropertyKey>,
    ) -> Result<BTreeMap<PropertyKey, HeldValue>, WorkspaceError> {
        let _ = asked;
        Ok(BTreeMap::new())
    }

    fn endpoints(
        &self,
        asked: &BTreeMap<AssetId, EndpointMark>,
    ) -> Result<BTreeMap<AssetId, EndpointState>, WorkspaceError> {
        let _ = asked;
        Ok(BTreeMap::new())
    }

    fn inventory(&self) -> Result<Inventory, WorkspaceError> {
        Ok(self.inventory.clone())
    }
    fn content(&self, _: &Digest, into: &mut Vec<u8>) -> Result<(), WorkspaceError> {
        into.clear();
        into.extend_from_slice(RECIPE);
        Ok(())
    }
    fn asset_version(&self, _: AssetId, _: Version) -> Result<Body, WorkspaceError> {
        Err(self.nothing())
    }
    fn revisions(&self) -> Result<Vec<RevisionHeader>, WorkspaceError> {
        Ok(Vec::new())
    }
    fn revision(&self, _: RevisionNumber) -> Result<Revision, WorkspaceError> {
        Err(self.nothing())
    }
    fn commit(
        &mut self,
        commit: &Commit,
        _: &mut dyn Contents,
    ) -> Result<Committed, WorkspaceError> {
        assert_eq!(commit.base, self.inventory.workspace.state);
        if self.stale > 0 {
            self.stale -= 1;
            self.inventory.workspace.state = Digest::of(&[self.stale.to_le_bytes()[0]]);
            return Err(WorkspaceError::Stale {
                workspace: "acme".to_owned(),
            });
        }
        for change in &commit.changes {
            if let Change::ReleaseVersion { id, version, .. } = change {
                let mut connectors = self.inventory.connectors.iter_mut();
                let released = connectors.find(|connector| connector.id == *id);
                released.expect("a connector").released = Some(*version);
            }
        }
        self.commits.push(commit.clone());
        Ok(Committed::default())
    }
}

fn address() -> Address {
    "local:acme".parse().expect("an address")
}

/// Recipes 1 to 3: the first calls the second, and the third runs.
fn contested(stale: usize) -> Contested {
    let recipe = |id: u64, bindings: &[Binding], state| WorkspaceAsset {
        id: AssetId(id),
        key: AssetKey {
            place: AssetPlace::Folder(FolderPath::home()),
            kind: AssetKind::Recipe,
            name: format!("R{id}").into(),
            twin: 0,
        },
        version: Version(1),
        body: Body {
            files: vec![StoredFile {
                extension: "json".to_owned(),
                content: Digest::of(RECIPE),
                size: 0,
            }]
            .into(),
            origin: Digest::of(RECIPE),
            renames: BTreeMap::new(),
            bindings: bindings.into(),
            providers: Default::default(),
        },
        state: HeldState::Recipe(state),
    };
    let version = |number| HeldVersion {
        number: Version(number),
        note: None,
        json: None,
        code: None,
        logo: None,
        source_version: None,
        source_workspace: None,
        created_at: Timestamp(0),
        released_at: None,
    };
    Contested {
        inventory: Inventory {
            reading: crate::model::workspace::ReadDepth::Full,
            workspace: WorkspaceFacts {
                id: WorkspaceId(1),
                name: "acme".parse().expect("a name"),
                kind: WorkspaceKind::External,
                data_center: "us".parse().expect("a data center"),
                external_id: None,
                admin: None,
                state: Digest::of(b"state"),
                revision: RevisionNumber(0),
                next: Counters {
                    asset: AssetId(4),
                    connector: ConnectorId(2),
                },
            },
            folders: BTreeSet::new(),
            assets: vec![
                recipe(1, &[Binding::Asset(AssetId(2))], RecipeState::Stopped),
                recipe(2, &[], RecipeState::Stopped),
                recipe(3, &[], RecipeState::Running),
            ],
            connectors: vec![WorkspaceConnector {
                known: crate::model::workspace::VersionsKnown::All,
                id: ConnectorId(1),
                title: "Ledger Sync".parse().expect("a title"),
                internal_name: "ledger_sync_connector_1_1".parse().expect("a name"),
                released: Some(Version(1)),
                versions: vec![version(1), version(2)],
            }],
            shared: None,
        },
        stale,
        commits: Vec::new(),
    }
}

#[test]
fn callees_start_first_and_stop_last() {
    let order = |state: RecipeState| -> Vec<u64> {
        let mut workspace = contested(0);
        if state == RecipeState::Stopped {
            for asset in &mut workspace.inventory.assets {
                asset.state = HeldState::Recipe(RecipeState::Running);
            }
        }
        set_recipes(&mut workspace, &address(), &Which::All, state).expect("done");
        let [commit] = &*workspace.commits else {
            panic!("{} commits", workspace.commits.len());
        };
        let changes = commit.changes.iter().map(|change| {
            let Change::SetRecipe { id, state: set } = change else {
                panic!("{change:?}");
            };
            assert_eq!(*set, state);
            id.0
        });
        changes.collect()
    };
    assert_eq!(order(RecipeState::Running), [2, 1]);
    assert_eq!(order(RecipeState::Stopped), [3, 1, 2]);
}

#[test]
fn what_is_as_wanted_is_left_alone() {
    let mut workspace = contested(0);
    let which = Which::Named(vec!["R3".to_owned(), "3".to_owned()]);
    let told = set_recipes(&mut workspace, &address(), &which, RecipeState::Running);
    let told = told.expect("nothing to do");
    assert_eq!(told.recipes.len(), 1, "each once");
    assert_eq!(told.recipes[0].effect, Effect::Unchanged);
    assert_eq!(workspace.commits, []);
}

#[test]
fn who_is_slower_looks_again_but_not_for_ever() {
    let release = |stale| {
        let mut workspace = contested(stale);
        let told = release(&mut workspace, &address(), "Ledger Sync", Timestamp(7));
        (told.map(|told| told.released), workspace.commits.len())
    };
    assert!(matches!(release(0), (Ok(Version(2)), 1)));
    assert!(matches!(release(ATTEMPTS - 1), (Ok(Version(2)), 1)));
    assert!(matches!(
        release(ATTEMPTS),
        (
            Err(OperateError::Workspace(WorkspaceError::Stale { .. })),
            0
        )
    ));
}

#[test]
fn every_wrong_name_is_told() {
    let mut workspace = contested(0);
    let which = Which::Named(["R1", "R9", "R8"].map(str::to_owned).to_vec());
    match set_recipes(&mut workspace, &address(), &which, RecipeState::Running) {
        Err(OperateError::Pick(errors)) => assert_eq!(errors.len(), 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(workspace.commits, []);
}
