//! What an import would do to a workspace (platform.md §6, with §3's versions and §5.6's names).
//!
//! 1. [`TargetKeys`] says where each asset of the package lands, and what the workspace has to be asked
//!    for.
//! 2. [`Draft::of`] meets the package with the [snapshot](Snapshot) that the workspace answered:
//!    connectors, numbers, what references mean.
//! 3. Where bytes differ, the draft has [questions](Draft::questions), which [`compare::compare`]
//!    answers for whoever has the bytes.
//! 4. [`Draft::decide`] gives the [plan](ImportPlan), which is shown, refused or turned into a
//!    [commit](crate::plan::commit).

mod bindings;
mod changes;
pub mod compare;
mod connectors;
mod decide;
pub mod document;
pub mod edits;
pub mod history;
pub mod mapping;
pub mod matrix;
pub mod merge;
pub mod nesting;
mod references;
pub mod settings;
pub mod shells;
pub mod tables;
pub mod target;
pub mod wording;

pub use crate::plan::import::changes::Carried;
pub use crate::plan::import::decide::{Receipt, ReceiptConnector, ReceiptRecipe, SentCopy};
pub use crate::plan::landing::{Landing, TagsPolicy};
pub use crate::plan::targets::{PlacingError, TargetKeys};
pub use document::ImportPlan;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use thin_vec::{ThinVec, thin_vec};

use crate::connector_source::InterfaceError;
use crate::model::finding::{Code, Finding};
use crate::model::ident::{Digest, InternalName};
use crate::model::kind::AssetKind;
use crate::model::project::{Asset, Project};
use crate::model::table::{RowsPolicy, is_table};
use crate::model::workspace::{
    AssetId, AssetKey, Binding, Body, Counters, HeldVersion, Snapshot, StoredFile, Timestamp,
    WorkspaceAsset, WorkspaceConnector,
};
use crate::plan::checks;
use crate::plan::connectors::{Gathered, Sources};

use crate::plan::import::compare::{Answer, ContentComparison, Rebound, RowsChange};
use bindings::{By, Candidates, Resolver};
use connectors::Meeting;
use mapping::{Mapping, Uses};
use tables::RowsChoices;

/// An import that is being planned.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    sources: Sources<'a>,
    snapshot: &'a Snapshot,
    placing: &'a TargetKeys,
    candidates: Candidates<'a>,
    connectors: Meeting<'a>,
    assets: Vec<Drafted<'a>>,
    mapping: Mapping,
    next: Counters,
    at: Timestamp,
    rows: RowsChoices,
    findings: Vec<Finding>,
}

/// An asset of the package, met with the workspace.
#[derive(Clone, Debug)]
struct Drafted<'a> {
    /// Its number; none for a connector's files.
    id: Option<AssetId>,
    key: Option<&'a AssetKey>,
    held: Option<&'a WorkspaceAsset>,
    /// What each of its references means.
    bindings: ThinVec<Binding>,
    /// How that was found.
    by: ThinVec<By>,
    /// The references that would mean something else, where nothing else changes.
    rebound: ThinVec<Rebound>,
    providers: ThinVec<String>,
    renames: BTreeMap<InternalName, InternalName>,
    fate: Fate,
    /// The rows of a table that was compared.
    rows: Option<RowsChange>,
    json: Json,
}

/// What happens to the JSON of an asset that is overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Json {
    /// It stays; only the files beside it change.
    Kept,
    /// Another one takes its place.
    Replaced,
}

/// What happens to an asset, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It belongs to a connector.
    Connector,
    /// Another connection is used in its place.
    Mapped,
    Creates,
    Binds,
    NoChange,
    /// The bytes have to be compared.
    Asks,
    Overwrites,
}

/// What an import does to an asset of the package.
#[derive(Clone, Copy, Debug)]
pub enum Effect<'d> {
    /// Nothing: what is there says the same, or is left as it is.
    Unchanged,
    /// It is created, or installed.
    Created,
    /// What is there gets a new version.
    Overwritten {
        /// What is there.
        held: &'d WorkspaceAsset,
        /// The references that would mean something else, where nothing else differs.
        rebound: &'d [Rebound],
    },
    /// The connector that is there gets the package's code.
    Updated {
        /// Its newest version.
        held: &'d HeldVersion,
    },
}

/// A comparison that needs bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The asset, as an index into the project.
    pub asset: usize,
    /// The JSON that is there.
    pub held: Digest,
    /// What the references of that JSON mean.
    pub held_bindings: ThinVec<Binding>,
}

impl<'a> Draft<'a> {
    /// Meets a package with a workspace. `unreleasable` are the connectors whose code has errors, by
    /// their assets.
    pub fn of(
        sources: Sources<'a>,
        placing: &'a TargetKeys,
        snapshot: &'a Snapshot,
        unreleasable: &BTreeMap<usize, InterfaceError>,
        at: Timestamp,
        rows: RowsChoices,
        uses: &Uses,
    ) -> Self {
        let project = sources.project;
        let candidates = Candidates::of(placing, snapshot);
        let Gathered {
            connectors: met,
            mut findings,
            untold,
        } = sources.connectors(
            &(0..project.assets.len()).collect(),
            &connectors::explained(project, &candidates),
        );
        findings.extend(sources.untold(&untold, Code::ConnectorUnlinked));
        let files = project.files.iter();
        findings.extend(files.filter_map(|file| checks::contents::check(project, file)));
        let connectors = Meeting::of(sources, met, &candidates, snapshot, unreleasable, at);
        let mut next = connectors.next;
        let helds: Vec<Option<&WorkspaceAsset>> = placing
            .keys
            .iter()
            .map(|key| snapshot.assets.get(key.as_ref()?))
            .collect();
        let all_ids: Vec<Option<AssetId>> = placing
            .keys
            .iter()
            .zip(&helds)
            .map(|(key, held)| {
                key.as_ref()?;
                Some(held.map_or_else(
                    || {
                        let id = next.asset;
                        next.asset.0 += 1;
                        id
                    },
                    |held| held.id,
                ))
            })
            .collect();
        let resolver = Resolver {
            project,
            candidates: &candidates,
            connectors: &connectors,
            ids: &all_ids,
            mapped: &BTreeMap::new(),
            several: &RefCell::default(),
        };
        let mapping = Mapping::of(uses, &resolver, placing, snapshot);
        findings.extend(mapping.findings.iter().cloned());
        let mut ids = all_ids.clone();
        for asset in mapping.mapped.iter().filter_map(|one| one.asset) {
            ids[asset] = None;
        }
        let resolver = Resolver {
            ids: &ids,
            mapped: &mapping.bindings(),
            ..resolver
        };
        let assets = project.assets.iter().enumerate().map(|(index, asset)| {
            let (bindings, by) = resolver.resolutions(asset, helds[index]);
            let mut drafted = Drafted {
                id: ids[index],
                key: placing.keys[index]
                    .as_ref()
                    .filter(|_| !mapping.replaces(index)),
                held: helds[index].filter(|_| !mapping.replaces(index)),
                bindings,
                by,
                rebound: ThinVec::new(),
                providers: resolver.providers(asset),
                renames: compare::renames(&asset.facts.internal_names, &connectors.names),
                fate: Fate::Connector,
                rows: None,
                json: Json::Replaced,
            };
            drafted.fate = match mapping.replaces(index) {
                true => Fate::Mapped,
                false => drafted.fate(project, asset),
            };
            drafted
        });
        let assets = assets.collect();
        Self {
            mapping,
            sources,
            snapshot,
            placing,
            candidates,
            assets,
            next,
            at,
            rows,
            findings,
            connectors,
        }
    }

    /// What has to be compared before the plan is known.
    pub fn questions(&self) -> Vec<Question> {
        let asked = self.assets.iter().enumerate();
        asked
            .filter(|(_, drafted)| drafted.fate == Fate::Asks)
            .filter_map(|(asset, drafted)| {
                let body = &drafted.held?.body;
                Some(Question {
                    asset,
                    held: body.files.first()?.content,
                    held_bindings: body.bindings.clone(),
                })
            })
            .collect()
    }

    /// What is done with the rows of a table.
    pub fn rows(&self, asset: usize) -> RowsPolicy {
        self.rows.policy(asset)
    }

    /// What happens to an asset, once every question was [answered](Self::answered).
    pub fn effect(&self, asset: usize) -> Effect<'_> {
        let drafted = &self.assets[asset];
        match (drafted.fate, drafted.held) {
            (Fate::Connector, _) => self.effect_on_connector(asset),
            (Fate::Creates, _) | (Fate::Overwrites | Fate::Asks, None) => Effect::Created,
            (Fate::Binds | Fate::NoChange | Fate::Mapped, _) => Effect::Unchanged,
            (Fate::Overwrites | Fate::Asks, Some(held)) => Effect::Overwritten {
                held,
                rebound: &drafted.rebound,
            },
        }
    }

    fn effect_on_connector(&self, adapter: usize) -> Effect<'_> {
        let Some(met) = self.connectors.of_adapter(adapter) else {
            return Effect::Unchanged;
        };
        match met.fate {
            connectors::Fate::Install => Effect::Created,
            connectors::Fate::Update { .. } | connectors::Fate::Downgrade { .. } => {
                let mut own = self.snapshot.connectors.iter();
                let own = own.find(|held| Some(held.id) == met.id);
                match own.and_then(WorkspaceConnector::latest) {
                    Some(held) => Effect::Updated { held },
                    None => Effect::Created,
                }
            }
            connectors::Fate::Same(_)
            | connectors::Fate::Present(_)
            | connectors::Fate::Shared(_)
            | connectors::Fate::Elsewhere
            | connectors::Fate::Missing
            | connectors::Fate::Untold
            | connectors::Fate::Half(_)
            | connectors::Fate::Unreleasable(_) => Effect::Unchanged,
        }
    }

    /// The numbers that the package's assets have in the workspace, or will have.
    pub fn ids(&self) -> impl Iterator<Item = AssetId> {
        self.assets.iter().filter_map(|drafted| drafted.id)
    }

    /// What the references of an asset mean in the workspace.
    pub fn bindings(&self, asset: usize) -> &[Binding] {
        &self.assets[asset].bindings
    }

    /// What replaces the package's internal names in an asset.
    pub fn renames(&self, asset: usize) -> &BTreeMap<InternalName, InternalName> {
        &self.assets[asset].renames
    }

    /// The connectors that the package has: what to call each, the names by which its recipes know it,
    /// and its asset.
    pub fn packaged(&self) -> impl Iterator<Item = (&str, &BTreeSet<InternalName>, usize)> {
        self.connectors.met.iter().filter_map(|met| {
            let connector = &met.connector;
            Some((connector.label(), &connector.internal_names, met.adapter?))
        })
    }

    /// Takes the answers to all [questions](Self::questions), by asset.
    #[must_use]
    pub fn answered(mut self, answers: &BTreeMap<usize, Answer>) -> Self {
        let project = self.sources.project;
        for (index, drafted) in self.assets.iter_mut().enumerate() {
            if drafted.fate == Fate::Asks {
                let answer = answers.get(&index);
                drafted.rows = answer.and_then(|answer| answer.rows);
                drafted.fate = match answer.map(|answer| &answer.sameness) {
                    Some(ContentComparison::Same)
                        if drafted.same_companions(project, &project.assets[index]) =>
                    {
                        Fate::NoChange
                    }
                    Some(ContentComparison::Same) => {
                        drafted.json = Json::Kept;
                        Fate::Overwrites
                    }
                    Some(ContentComparison::Rebound(rebound)) => {
                        drafted.rebound = rebound.as_slice().into();
                        Fate::Overwrites
                    }
                    Some(ContentComparison::Replaced | ContentComparison::Merged(_)) | None => {
                        Fate::Overwrites
                    }
                };
            }
        }
        self
    }

    fn project(&self) -> &'a Project {
        self.sources.project
    }
}

impl Drafted<'_> {
    fn fate(&self, project: &Project, asset: &Asset) -> Fate {
        if self.id.is_none() {
            return Fate::Connector;
        }
        let Some(held) = self.held else {
            return Fate::Creates;
        };
        if asset.kind == AssetKind::Connection {
            return Fate::Binds;
        }
        let body = &held.body;
        let beside = self.same_companions(project, asset);
        // What becomes of a table's rows is only known when it was compared.
        if !beside && !is_table(&asset.kind) {
            return Fate::Overwrites;
        }
        // A table may have been stored with other rows than those of the package that it came from.
        let stored = body.files.first().map(|file| file.content);
        // The same of tags.
        let tagged = asset.facts.recipe().is_some_and(|it| !it.tags.is_empty());
        let as_it_came = stored == Some(body.origin) || !(is_table(&asset.kind) || tagged);
        let equal = Some(body.origin) == main_digest(project, asset)
            && body.renames == self.renames
            && body.bindings == self.bindings
            && as_it_came
            && beside;
        if equal { Fate::NoChange } else { Fate::Asks }
    }

    /// Whether the files beside the asset's JSON are those that are there.
    fn same_companions(&self, project: &Project, asset: &Asset) -> bool {
        let held = self.held.into_iter().flat_map(|held| &held.body.files);
        held.skip(1).eq(&companions(project, asset))
    }

    /// The JSON that stays although the asset is overwritten: that of a table which says the same,
    /// beside which other files lie.
    fn kept_json(&self) -> Option<StoredFile> {
        match self.json {
            Json::Kept => self.held?.body.files.first().cloned(),
            Json::Replaced => None,
        }
    }

    /// The new version of the asset, with `main` as its JSON.
    fn body(&self, project: &Project, asset: &Asset, main: StoredFile) -> Option<Body> {
        let mut files = thin_vec![main];
        files.extend(companions(project, asset));
        Some(Body {
            files,
            origin: main_digest(project, asset)?,
            renames: self.renames.clone(),
            bindings: self.bindings.clone(),
            providers: self.providers.clone(),
        })
    }
}

/// The digest of an asset's JSON in the package.
fn main_digest(project: &Project, asset: &Asset) -> Option<Digest> {
    main_file(project, asset)?.digest
}

fn main_file(project: &Project, asset: &Asset) -> Option<crate::model::project::Content> {
    let files = asset.files.iter().map(|&file| &project.files[file]);
    files
        .into_iter()
        .find(|file| file.path == asset.path)?
        .content
}

/// The files of an asset beside its JSON.
fn companions(project: &Project, asset: &Asset) -> Vec<StoredFile> {
    let files = asset.files.iter().map(|&file| &project.files[file]);
    let others = files.filter(|file| file.path != asset.path);
    others
        .filter_map(|file| {
            let content = file.content?;
            let extension = file.path.file_name().rsplit_once('.')?.1;
            Some(StoredFile {
                extension: extension.to_owned(),
                content: content.digest?,
                size: content.size,
            })
        })
        .collect()
}
