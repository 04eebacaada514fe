//! From a plan to the changes that carry it out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::connectors::{AdapterFiles, Fate as ConnectorFate, Met};
use super::document::ConnectorAction;
use super::{Draft, Drafted, Fate, main_file};
use crate::model::facts::{Detail, Facts};
use crate::model::ident::Version;
use crate::model::project::Asset;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{
    AssetId, Authorization, Before, Binding, HeldState, HeldVersion, Logo, RecipeState, StoredFile,
    WorkspaceAsset,
};
use crate::plan::commit::{Change, Commit};
use crate::plan::import::decide::{Receipt, ReceiptConnector, ReceiptRecipe};
use crate::plan::order::callees_first;
use crate::plan::preconditions::{
    Blocker, ConnectionState, ConnectorState, StartContext, obstacles,
};

/// An import as changes.
#[derive(Clone, Debug)]
pub struct Carried {
    /// The changes; without a revision yet.
    pub commit: Commit,
    /// The assets that they change, as they are before.
    pub before: Vec<Before>,
    /// What will have been done; without a revision yet.
    pub receipt: Receipt,
}

impl Draft<'_> {
    /// The assets whose JSON is stored with other internal names than the package's, or without its
    /// rows or tags, as indices into the project.
    pub fn rewritten(&self) -> Vec<usize> {
        let changed = self.assets.iter().enumerate().filter(|(index, drafted)| {
            matches!(drafted.fate, Fate::Creates | Fate::Overwrites | Fate::Asks)
                && (!drafted.renames.is_empty()
                    || self.leaves_rows_out(*index)
                    || self.leaves_tags_out(*index))
        });
        changed.map(|(index, _)| index).collect()
    }

    /// Whether tags that the package has for an asset stay out of the workspace.
    pub fn leaves_tags_out(&self, asset: usize) -> bool {
        let kind = &self.project().assets[asset].kind;
        self.placing.landing.leaves_tags_out(kind)
    }

    /// Whether the rows that the package has for a table stay out of the workspace.
    pub fn leaves_rows_out(&self, asset: usize) -> bool {
        let has_rows = self.project().assets[asset].facts.rows().is_some();
        let new = self.assets[asset].held.is_none();
        has_rows
            && match self.rows(asset) {
                RowsPolicy::Overwrite => false,
                RowsPolicy::Keep => !new,
                RowsPolicy::LeaveOut => true,
            }
    }

    /// Everything that keeps running recipes from starting again after they were overwritten, by
    /// asset.
    pub(super) fn obstacles(&self) -> BTreeMap<usize, Vec<Blocker>> {
        let restarted = self.assets.iter().enumerate().filter(|(_, drafted)| {
            let running = drafted.held.is_some_and(|held| held.state.is_running());
            running && matches!(drafted.fate, Fate::Overwrites | Fate::Asks)
        });
        let mut restarted = restarted.peekable();
        if restarted.peek().is_none() {
            return BTreeMap::new();
        }
        let around = self.surroundings();
        restarted
            .filter_map(|(index, drafted)| {
                let asset = &self.project().assets[index];
                let main = main_file(self.project(), asset)?;
                let file = StoredFile {
                    extension: "json".to_owned(),
                    content: main.digest?,
                    size: main.size,
                };
                let body = drafted.body(self.project(), asset, file)?;
                let facts = self.translated(&asset.facts);
                Some((index, obstacles(&body, &facts, &around)))
            })
            .collect()
    }

    /// A recipe's facts in the workspace's terms.
    pub(super) fn translated(&self, facts: &Facts) -> Facts {
        let mut facts = facts.clone();
        let name = |provider: &mut Arc<str>| {
            if let Some(name) = self.connectors.names.get(&**provider) {
                *provider = name.as_str().into();
            }
        };
        match &mut facts.detail {
            Detail::Recipe(recipe) => {
                recipe
                    .config
                    .iter_mut()
                    .for_each(|entry| name(&mut entry.provider));
                recipe
                    .actions
                    .iter_mut()
                    .for_each(|action| name(&mut action.provider));
            }
            Detail::Connection(_)
            | Detail::Connector(_)
            | Detail::Properties(_)
            | Detail::Table(_)
            | Detail::Other => {}
        }
        facts
    }

    /// What recipes will find when they start after the import.
    pub(super) fn surroundings(&self) -> StartContext<'_> {
        let snapshot = self.snapshot;
        let held = snapshot.assets.values().chain(&snapshot.connections);
        let mut around = StartContext::of(held, &snapshot.connectors);
        around.shared = snapshot.shared.as_ref();
        around.data_center = Some(&snapshot.workspace.data_center);
        for drafted in &self.assets {
            if let (Fate::Creates, Some(id), Some(key)) = (drafted.fate, drafted.id, drafted.key)
                && HeldState::of_new(&key.kind) == HeldState::Connection(Authorization::Placeholder)
            {
                let state = ConnectionState {
                    name: &key.name,
                    application: drafted.providers.first().map(String::as_str),
                    authorization: Authorization::Placeholder,
                };
                around.connections.insert(id, state);
            }
        }
        for met in &self.connectors.met {
            if let (Some(name), Some(title), Some(version)) =
                (&met.internal_name, &met.connector.title, released(met))
                && met.id.is_some()
            {
                let state = ConnectorState {
                    title,
                    released: Some(version),
                };
                around.connectors.insert(name.as_str(), state);
            }
        }
        around
    }

    /// The changes that carry the plan out. `stored` has the JSON of every asset that is stored in
    /// another form than the package's: those of [`rewritten`](Self::rewritten), and those that were
    /// merged.
    pub fn carry(&self, stored: &BTreeMap<usize, StoredFile>) -> Carried {
        let mut commit = Commit::on_snapshot(self.snapshot);
        commit.next = self.next;
        let mut before = Vec::new();
        for folder in self.new_folders() {
            commit.changes.push(Change::CreateFolder(folder));
        }
        let mut receipt = Receipt::default();
        let mut done = BTreeSet::new();
        for met in &self.connectors.met {
            self.connector_changes(met, &mut commit, &mut done);
            if let (Some(title), Some(name), Some(version), Some(_)) = (
                &met.connector.title,
                &met.internal_name,
                released(met),
                met.id,
            ) {
                receipt.connectors.push(ReceiptConnector {
                    title: title.clone(),
                    internal_name: name.clone(),
                    // Where it is not told what is there, it is read back.
                    version: match self.told_versions(met) {
                        (ConnectorAction::Install, ..) => Some(version),
                        (_, _, told) => told,
                    },
                });
            }
        }
        for (index, (drafted, asset)) in self.assets.iter().zip(&self.project().assets).enumerate()
        {
            self.asset_changes(drafted, asset, stored.get(&index), &mut commit, &mut before);
        }
        self.restarts(&mut commit, &mut receipt);
        Carried {
            commit,
            before,
            receipt,
        }
    }

    fn connector_changes(
        &self,
        met: &Met<'_>,
        commit: &mut Commit,
        done: &mut BTreeSet<crate::model::workspace::ConnectorId>,
    ) {
        let (number, created) = match met.fate {
            ConnectorFate::Install => (Version(1), true),
            ConnectorFate::Update { from, .. } | ConnectorFate::Downgrade { from, .. } => {
                (Version(from.0 + 1), false)
            }
            ConnectorFate::Same(_)
            | ConnectorFate::Present(_)
            | ConnectorFate::Shared(_)
            | ConnectorFate::Elsewhere
            | ConnectorFate::Missing
            | ConnectorFate::Untold
            | ConnectorFate::Half(_)
            | ConnectorFate::Unreleasable(_) => return,
        };
        let (Some(id), Some(adapter), Some(title), Some(internal_name)) = (
            met.id,
            met.adapter,
            &met.connector.title,
            &met.internal_name,
        ) else {
            return;
        };
        if !done.insert(id) {
            return;
        }
        if created {
            commit.changes.push(Change::CreateConnector {
                id,
                title: title.clone(),
                internal_name: internal_name.clone(),
            });
        }
        let project = self.project();
        let asset = &project.assets[adapter];
        let files = AdapterFiles::of(project, asset);
        let digest = |file: usize| {
            project.files[file]
                .content
                .and_then(|content| content.digest)
        };
        let facts = asset.facts.connector();
        let version = HeldVersion {
            number,
            note: facts
                .and_then(|facts| facts.note.as_deref())
                .map(str::to_owned),
            json: files.json.and_then(digest),
            code: files.code.and_then(digest),
            logo: files.logo.and_then(|(extension, file)| {
                let content = digest(file)?;
                Some(Logo { extension, content })
            }),
            source_version: facts.and_then(|facts| facts.version),
            source_workspace: met.connector.source_workspace(),
            created_at: self.at,
            released_at: None,
        };
        commit.changes.push(Change::AddVersion { id, version });
        commit.changes.push(Change::ReleaseVersion {
            id,
            version: number,
            at: self.at,
        });
    }

    fn asset_changes(
        &self,
        drafted: &Drafted<'_>,
        asset: &Asset,
        stored: Option<&StoredFile>,
        commit: &mut Commit,
        before: &mut Vec<Before>,
    ) {
        let (Some(id), Some(key)) = (drafted.id, drafted.key) else {
            return;
        };
        let body = || {
            let main = stored
                .cloned()
                .or_else(|| drafted.kept_json())
                .or_else(|| {
                    let content = main_file(self.project(), asset)?;
                    Some(StoredFile {
                        extension: "json".to_owned(),
                        content: content.digest?,
                        size: content.size,
                    })
                })?;
            drafted.body(self.project(), asset, main)
        };
        match drafted.fate {
            Fate::Connector | Fate::Mapped | Fate::Binds | Fate::NoChange => {}
            Fate::Creates => {
                let state = HeldState::of_new(&key.kind);
                if let Some(body) = body() {
                    commit.changes.push(Change::CreateAsset {
                        id,
                        key: key.clone(),
                        body,
                        state,
                    });
                    before.push(Before {
                        asset: id,
                        version: None,
                        state,
                    });
                }
            }
            Fate::Asks | Fate::Overwrites => {
                if let (Some(body), Some(held)) = (body(), drafted.held) {
                    commit.changes.push(Change::UpdateAsset { id, body });
                    before.push(Before {
                        asset: id,
                        version: Some(held.version),
                        state: held.state,
                    });
                }
            }
        }
    }

    /// Overwritten recipes start again, callees first; those that can't stay stopped
    /// (platform.md §6).
    fn restarts(&self, commit: &mut Commit, receipt: &mut Receipt) {
        let obstacles = self.obstacles();
        if obstacles.is_empty() {
            return;
        }
        let recipes = self.assets.iter().filter_map(|drafted| {
            let bindings: &[Binding] = &drafted.bindings;
            Some((drafted.id?, bindings))
        });
        let by_id: BTreeMap<AssetId, (&WorkspaceAsset, &Vec<Blocker>)> = obstacles
            .iter()
            .filter_map(|(index, obstacles)| {
                let held = self.assets[*index].held?;
                Some((held.id, (held, obstacles)))
            })
            .collect();
        for id in callees_first(recipes) {
            let Some((held, obstacles)) = by_id.get(&id) else {
                continue;
            };
            let state = match obstacles.is_empty() {
                true => RecipeState::Running,
                false => RecipeState::Stopped,
            };
            if state == RecipeState::Stopped {
                commit.changes.push(Change::SetRecipe { id, state });
            }
            receipt.recipes.push(ReceiptRecipe {
                id,
                name: held.key.name.to_string(),
                folder: held.key.place.folder(),
                planned: RecipeState::Running,
                state,
                obstacles: obstacles.iter().map(ToString::to_string).collect(),
            });
        }
    }
}

/// The version that recipes run after the import.
fn released(met: &Met<'_>) -> Option<Version> {
    match met.fate {
        ConnectorFate::Install => Some(Version(1)),
        ConnectorFate::Update { from, .. } | ConnectorFate::Downgrade { from, .. } => {
            Some(Version(from.0 + 1))
        }
        ConnectorFate::Same(version)
        | ConnectorFate::Present(version)
        | ConnectorFate::Shared(version) => Some(version),
        ConnectorFate::Elsewhere
        | ConnectorFate::Missing
        | ConnectorFate::Untold
        | ConnectorFate::Half(_)
        | ConnectorFate::Unreleasable(_) => None,
    }
}
