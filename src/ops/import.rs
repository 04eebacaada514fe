//! Importing a package into a workspace: read, plan, carry out, read back.

mod carrying;
mod comparing;
mod contents;
mod edited;
mod edits;
pub mod history;
pub mod matrix;
mod merging;
pub mod needs;
mod plan_file;
mod planned;
mod read_back;
mod reading;
pub mod rollback;
pub(crate) mod sent;
mod way_back;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::read::{self, Digests, OpenError, Opened, Reading, Roots};
use super::{Interrupted, Observer, Running, Silent, Stage};
use crate::archive::{Limits, Method};
use crate::connector_source::InterfaceError;
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::io::temp_store::{Spilled, TempStore, deflate};
use crate::json::{self, JsonError, Tape, apply};
use crate::model::contents::content_digest;
use crate::model::finding::{self, Code, Counts, Finding, Subject};
use crate::model::graph::Graph;
use crate::model::ident::{Digest, InternalName, TargetName};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::scan::Scanner;
use crate::model::table::RowsPolicy;
use crate::model::target::TargetKind;
use crate::model::visible;
use crate::model::workspace::{
    Address, AssetKey, Before, FolderPath, ReadDepth, RecipeState, Revision, RevisionAction,
    RevisionHeader, RevisionNumber, Sight, Snapshot, StoredFile, Timestamp,
};
use crate::ops::approval::{Approved, ImportRefusal};
use crate::ops::diagnostics::Diagnostic;
use crate::ops::export::lock::entries;
use crate::ops::export::record::record_path;
use crate::ops::export::record::{DecisionRecord, TargetRecord};
use crate::parallel;
use crate::plan::action_usage;
use crate::plan::action_usage::{Known, Source};
use crate::plan::checks;
use crate::plan::connectors::Sources;
use crate::plan::export::rewrite::rename_providers;
use crate::plan::import::compare;
use crate::plan::import::compare::{Answer, ContentComparison, Side};
use crate::plan::import::document::{
    AssetAction, ConnectorAction, ImportPlan, Permission, PlannedPackage,
};
use crate::plan::import::edits::{EditFate, EditsPolicy, EditsWish, SettledEdit};
use crate::plan::import::mapping::Uses;
use crate::plan::import::nesting;
use crate::plan::import::settings::{
    Endpoints, PlannedSettings, PlannedSettingsFile, SettingSubject, SettingWrite, Settled,
};
use crate::plan::import::tables::RowsChoices;
use crate::plan::import::target::{Here, MadeFor, NameMeans, OtherTarget, PlannedTarget};
use crate::plan::import::{Draft, Landing, PlacingError, Question, Receipt, TargetKeys};
use crate::settings::ResolvedSettings;
use crate::source::{ReadError, SourceReader};
use carrying::Written;
use comparing::Comparing;
use contents::PackageContents;
use edited::Edited;
use merging::Merging;
pub use plan_file::PlanFileError;
pub use planned::Planned;
use planned::not_granted;
use read_back::refused_settings;
#[cfg(feature = "remote")]
pub(crate) use way_back::PackedFiles;

use crate::workspace::{
    ContentError, Contents, Encoded, Encoding, Uploaded, Workspace, WorkspaceError,
};

/// What to import, and where.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The package.
    pub package: PathBuf,
    /// Where the workspace is.
    pub address: Address,
    /// The folder to import into.
    pub folder: FolderPath,
    /// What to do with the rows of tables.
    pub rows: RowsPolicy,
    /// What else the import is told.
    pub landing: Landing,
    /// What the target needs beside the package, if anything was said.
    pub settings: Option<AskedSettings>,
    /// Limits on the package.
    pub limits: Limits,
    /// A folder for what is kept on disk meanwhile.
    pub scratch: PathBuf,
    /// When it is imported.
    pub at: Timestamp,
    /// Who imports.
    pub who: String,
    /// Whether the package may have been made for another target.
    pub other_target: OtherTarget,
    /// What was said of what somebody changed there since an import; nothing where that is not looked
    /// for.
    pub edits: Option<EditsWish>,
}

/// Settings that hold for a workspace, and where they come from.
#[derive(Clone, Debug)]
pub struct AskedSettings {
    /// The files, the one that counts most last.
    pub files: Vec<PlannedSettingsFile>,
    /// The labels that were given.
    pub labels: Vec<String>,
    /// The customer that was given.
    pub customer: Option<String>,
    /// The environment that the package goes to, if it is promoted.
    pub environment: Option<String>,
    /// What they say for this workspace.
    pub resolved: ResolvedSettings,
}

impl AskedSettings {
    /// The files of rows that they take, by name.
    pub fn rows(&self) -> Vec<PlannedSettingsFile> {
        let tables = self.resolved.tables.values();
        let rows = tables.filter_map(|said| said.value.rows.as_ref());
        let rows: BTreeMap<&str, Digest> =
            rows.map(|rows| (rows.path.as_str(), rows.digest)).collect();
        let rows = rows.into_iter();
        rows.map(|(path, digest)| PlannedSettingsFile {
            path: path.to_owned(),
            digest,
        })
        .collect()
    }
}

/// A package that was read for an import.
#[derive(Debug)]
pub struct Incoming {
    /// The package.
    pub opened: Opened,
    graph: Graph,
    placing: TargetKeys,
    package: PlannedPackage,
    /// What the sources of its connectors gave, by their assets.
    sources: BTreeMap<usize, Source>,
    /// The connectors whose code has errors, by their assets.
    unreleasable: BTreeMap<usize, InterfaceError>,
    record: Option<FoundRecord>,
    /// What it was made for, as the record or the lock says.
    made_for: Option<MadeFor>,
    /// How it was edited, if it is a copy of the package.
    edited: Option<Edited>,
}

/// A record that lies beside a package.
#[derive(Debug)]
struct FoundRecord {
    record: DecisionRecord,
    /// The digest of its file.
    digest: Digest,
}

/// The document of `plan`, and the file that `import` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanDocument {
    /// The plan.
    #[serde(flatten)]
    pub plan: Arc<ImportPlan>,
    /// How many findings there are.
    pub counts: Counts,
    /// What a person should know, the gravest first.
    pub findings: Vec<Diagnostic>,
    /// The digest of all that the document says, whatever the order of keys and the blanks, so that
    /// `import` refuses a plan that was damaged; absent from plans of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Digest>,
}

/// What `import` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportDocument {
    /// The plan that was carried out.
    #[serde(flatten)]
    pub plan: PlanDocument,
    /// What was done.
    pub receipt: Receipt,
    /// What is not as planned, as read back; empty if everything is. Of more than 1 000 the last says
    /// how many are not listed.
    pub astray: Vec<String>,
}

/// An import could not be planned or carried out.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The package can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is no zip.
    #[error("{path} is a folder, not a package")]
    NoPackage {
        /// The path.
        path: String,
    },
    /// The digest of the package can't be worked out.
    #[error("can't read {path}")]
    Digest {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// What lies beside the package as its decision record is none of this package.
    #[error("{} is not the record of {package}: {what}", record.display())]
    Record {
        /// The package.
        package: String,
        /// The record.
        record: PathBuf,
        /// Why not.
        what: String,
    },
    /// Somebody wrote to the package while it was imported.
    #[error("{path} changed while it was read")]
    Changed {
        /// The package.
        path: String,
    },
    /// An asset can't lie where it would.
    #[error(transparent)]
    TargetKeys(#[from] PlacingError),
    /// An asset's file can't be read again.
    #[error("can't read `{path}`")]
    Read {
        /// The file.
        path: PackagePath,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// An asset's JSON, of the package or of the workspace, is broken.
    #[error("`{path}` can't be compared with what is in the workspace")]
    Json {
        /// The file in the package.
        path: PackagePath,
        /// Why.
        #[source]
        source: JsonError,
    },
    /// Nothing can be kept on disk.
    #[error("can't keep a temporary file in {folder}")]
    Scratch {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The workspace can't be read or written.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The plan is not approved.
    #[error(transparent)]
    Refused(#[from] ImportRefusal),
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl ImportRequest {
    /// An import into the workspace's Home folder, by the documented limits, that overwrites the rows
    /// of tables and is meant for the target that the package was made for.
    pub fn new(package: PathBuf, address: Address, scratch: PathBuf, at: Timestamp) -> Self {
        Self {
            package,
            address,
            folder: FolderPath::home(),
            rows: RowsPolicy::Overwrite,
            landing: Landing::default(),
            settings: None,
            limits: Limits::default(),
            scratch,
            at,
            who: String::new(),
            other_target: OtherTarget::Refused,
            edits: Some(EditsWish::default()),
        }
    }
}

/// Imports a package: reads it, plans, has the plan approved of by what is `granted`, carries it out
/// and reads the workspace back. The import is as planned if [`astray`](ImportDocument::astray) of
/// what it returns is empty.
///
/// # Errors
/// [`ImportError::Refused`] if the package can't be imported as it is, or needs what was not granted;
/// another one if something can't be read or written, or the workspace changed meanwhile. The
/// workspace is as before then.
pub fn run(
    request: &ImportRequest,
    workspace: &mut dyn Workspace,
    granted: &[Permission],
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<ImportDocument, ImportError> {
    let incoming = Incoming::read(request, running, observer)?;
    let planned = incoming.plan(request, workspace, running)?;
    let approved = planned.approve(granted)?;
    let plan = planned.document(&incoming);
    let mut receipt = incoming.apply(request, &approved, &plan, workspace, running, observer)?;
    // The workspace is read again next.
    drop(planned);
    let astray = incoming.read_back(request, &mut receipt, workspace, running)?;
    Ok(ImportDocument {
        plan,
        receipt,
        astray,
    })
}

impl Incoming {
    /// Reads a package, checking everything that can be checked without the workspace.
    ///
    /// # Errors
    /// If it is no package, or can't be read. What is wrong with single assets is among the findings
    /// of the project.
    pub fn read(
        request: &ImportRequest,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Self, ImportError> {
        let opened = opened(request, running, observer)?;
        let path = request.package.display().to_string();
        // Of the bytes that the entries are read from, whatever the path names by now.
        let read = opened.source.digest();
        let read = read.map_err(|source| ImportError::Digest {
            path: path.clone(),
            source,
        })?;
        let Some((size, digest)) = read else {
            return Err(ImportError::NoPackage { path });
        };
        let record = record_of(&request.package, &path, digest, &opened)?;
        let package = PlannedPackage {
            path,
            digest,
            size,
            strip_folder: None,
        };
        Ok(Self {
            made_for: record.as_ref().map(|found| MadeFor::from(&found.record)),
            record,
            ..Self::of(request, opened, package)?
        })
    }

    /// Reads a package or a project's folder for a comparison with a workspace, which changes nothing.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read_to_compare(
        request: &ImportRequest,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Self, ImportError> {
        let opened = opened(request, running, observer)?;
        let files = opened.project.files.iter();
        let contents = files.filter_map(|file| file.content);
        let package = PlannedPackage {
            path: request.package.display().to_string(),
            // A folder has no digest of its own, and a comparison shows none.
            digest: Digest::of(b""),
            size: contents.map(|content| content.size).sum(),
            strip_folder: None,
        };
        Self::of(request, opened, package)
    }

    fn of(
        request: &ImportRequest,
        opened: Opened,
        package: PlannedPackage,
    ) -> Result<Self, ImportError> {
        let sources = read_sources(&opened)?;
        let unreleasable = sources
            .iter()
            .filter_map(|(asset, source)| Some((*asset, source.unreleasable()?)));
        Ok(Self {
            unreleasable: unreleasable.collect(),
            sources,
            made_for: None,
            record: None,
            edited: None,
            graph: Graph::of(&opened.project),
            placing: TargetKeys::of(&opened.project, &request.folder, &request.landing)?,
            package,
            opened,
        })
    }

    /// Where each of its assets lands, but for custom connectors.
    pub fn keys(&self) -> impl Iterator<Item = (&PackagePath, &AssetKey)> {
        let assets = self.opened.project.assets.iter();
        let keys = assets.zip(&self.placing.keys);
        keys.filter_map(|(asset, key)| Some((&asset.path, key.as_ref()?)))
    }

    /// Says where an asset really lies of which its path tells less: what a folder's export brings
    /// along from elsewhere has a path that does not count from the folder.
    #[cfg(feature = "remote")]
    pub(crate) fn lies(&mut self, path: &PackagePath, place: &crate::model::workspace::AssetPlace) {
        let assets = self.opened.project.assets.iter();
        for (asset, key) in assets.zip(&mut self.placing.keys) {
            if asset.path == *path
                && let Some(key) = key
            {
                key.place = place.clone();
            }
        }
    }

    /// What it was made for, as the record or the lock says.
    pub fn made_for(&self) -> Option<&MadeFor> {
        self.made_for.as_ref()
    }

    /// The decision record that lies beside the package, if one does.
    pub fn record(&self) -> Option<&DecisionRecord> {
        self.record.as_ref().map(|found| &found.record)
    }

    /// The digest of that record's file.
    pub fn record_digest(&self) -> Option<Digest> {
        self.record.as_ref().map(|found| found.digest)
    }

    /// Takes the record that lies beside `package`, of which this one was made.
    ///
    /// # Errors
    /// If it is the record of another package.
    pub fn was_made_of(&mut self, package: &Path, digest: Digest) -> Result<(), ImportError> {
        let shown = package.display().to_string();
        self.record = record_of(package, &shown, digest, &self.opened)?;
        self.made_for = self.record().map(MadeFor::from);
        Ok(())
    }

    /// Takes what a lock says that a package without a record was made for.
    pub fn was_locked_for(&mut self, locked: MadeFor) {
        self.made_for.get_or_insert(locked);
    }

    /// The digest of its contents, if all of them were read.
    pub fn contents(&self) -> Option<Digest> {
        if let Some(edited) = &self.edited {
            return edited.contents;
        }
        let whole = self.opened.left_out.is_empty();
        whole.then(|| content_digest(&entries(&self.opened)))
    }

    /// The digest of the package.
    pub fn digest(&self) -> Digest {
        self.package.digest
    }

    /// The same of a package that was edited where it has to be.
    fn plan_as_read(
        &self,
        request: &ImportRequest,
        merging: &Merging,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<Planned, ImportError> {
        let mut planned = self.plan_once(request, merging, workspace, running)?;
        if planned.snapshot.reading == ReadDepth::Slim {
            if self.needs_all(&planned) {
                workspace.read_as(ReadDepth::Full);
                planned = self.plan_once(request, merging, workspace, running)?;
            } else {
                let paths = self.not_read(&planned.snapshot);
                Arc::make_mut(&mut planned.plan).not_read(&paths);
            }
        }
        Ok(planned)
    }

    fn plan_once(
        &self,
        request: &ImportRequest,
        merging: &Merging,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<Planned, ImportError> {
        let _moment = workspace.one_moment()?;
        let uses = self.uses(request, workspace)?;
        let snapshot = self.snapshot(workspace, &uses)?;
        let draft = self.draft(&snapshot, request, &uses);
        let answers = self.answers(&draft, workspace, running)?;
        let mut draft = draft.answered(&answers);
        let mut kept = BTreeSet::new();
        let (mut edited, mut next) = (BTreeMap::new(), Merging::default());
        if let Some(wish) = &request.edits {
            let looking = (request, wish, merging);
            (edited, next) = self.settle_edits(looking, &draft, &answers, workspace, running)?;
            let stays = edited.iter().filter(|(_, it)| it.fate == EditFate::Kept);
            kept = stays.map(|(asset, _)| *asset).collect();
            draft = draft.keeping(&kept);
        }
        let (mut plan, mut findings) = draft.decide(self.package.clone(), request.address.clone());
        if let Some(wish) = &request.edits {
            draft.tell_edits(&mut plan, wish, &edited);
        }
        let here = self.here(request, workspace, &snapshot)?;
        let target = PlannedTarget::of(self.made_for.clone(), &here, request.other_target);
        findings.extend(target.settle(&mut plan));
        finding::extend(&mut findings, self.check_actions(&draft, &plan, workspace)?);
        findings.extend(nesting::check(&self.opened.project, &self.placing.folder));
        findings.extend(checks::before_import(&self.opened.project));
        let settled = match &request.settings {
            None => None,
            Some(asked) => {
                let held = workspace.properties(&draft.properties_asked(&asked.resolved))?;
                let mut endpoints = Endpoints::default();
                if !asked.resolved.endpoints.is_empty() {
                    endpoints.packaged = needs::endpoints(&self.opened)?;
                    let marks = draft.endpoints_asked(&endpoints.packaged);
                    endpoints.states = workspace.endpoints(&marks)?;
                }
                let settled = draft.settle(&asked.resolved, &held, &endpoints, &request.address);
                findings.extend(settled.findings.iter().cloned());
                findings.extend(refused_settings(&settled, workspace, &request.address));
                settled.relieve(&mut plan);
                plan.settings = Some(PlannedSettings {
                    files: asked.files.clone(),
                    rows: asked.rows(),
                    labels: asked.labels.clone(),
                    customer: asked.customer.clone(),
                    environment: asked.environment.clone(),
                    digest: asked.resolved.digest(),
                    actions: settled.actions.clone(),
                });
                Some(settled)
            }
        };
        drop(draft);
        Ok(Planned {
            edited: None,
            settled,
            uses,
            plan: Arc::new(plan),
            findings,
            snapshot,
            answers,
            kept,
            merging: next,
            hidden: finding::hiding(&self.opened.project.findings),
        })
    }

    /// What settings say is used in place of the package's connections.
    fn uses(
        &self,
        request: &ImportRequest,
        workspace: &dyn Workspace,
    ) -> Result<Uses, WorkspaceError> {
        let settings = request.settings.as_ref();
        let mut uses = Uses::of(settings.map(|asked| &asked.resolved));
        let external = uses.external_ids();
        if !external.is_empty() {
            uses.learn(workspace.connections_known_as(&external)?);
        }
        Ok(uses)
    }

    /// What is known of the workspace, to be compared with what the package was made for.
    fn here(
        &self,
        request: &ImportRequest,
        workspace: &dyn Workspace,
        snapshot: &Snapshot,
    ) -> Result<Here, WorkspaceError> {
        let facts = &snapshot.workspace;
        let kind = Here::kind_of(&request.address, facts);
        let named = self.made_for.as_ref().and_then(|made_for| {
            let customers = (made_for.kind, kind);
            let both = customers == (TargetKind::Customer, Some(TargetKind::Customer));
            made_for.target.as_ref().filter(|_| both)
        });
        let name_means = match named.map(TargetName::as_str) {
            Some(name)
                if name != facts.name.as_str() && facts.external_id.as_deref() != Some(name) =>
            {
                match workspace.has_sibling(name)? {
                    true => NameMeans::AnotherCustomer,
                    false => NameMeans::NobodyElse,
                }
            }
            Some(_) | None => NameMeans::NobodyElse,
        };
        let known = !facts.data_center.is_unknown();
        Ok(Here {
            address: request.address.clone(),
            kind,
            data_center: known.then(|| facts.data_center.clone()),
            name_means,
        })
    }

    /// Checks that connectors have what the package's recipes use of them: those of the package, and
    /// those that are shared with the workspace.
    fn check_actions(
        &self,
        draft: &Draft<'_>,
        plan: &ImportPlan,
        workspace: &dyn Workspace,
    ) -> Result<Vec<Finding>, ImportError> {
        let project = &self.opened.project;
        let mut bytes = Vec::new();
        let mut connectors = BTreeMap::new();
        for (label, names, adapter) in draft.packaged() {
            let Some(source) = self.sources.get(&adapter) else {
                continue;
            };
            for name in names {
                let known = Known {
                    label: label.to_owned(),
                    version: "the packaged version".to_owned(),
                    source: source.clone(),
                };
                connectors.insert(name.clone(), known);
            }
        }
        let connectors_of_plan = plan.connectors.iter();
        let shared =
            connectors_of_plan.filter(|planned| planned.action == ConnectorAction::UsesShared);
        for connector in shared {
            let code = match &connector.internal_name {
                Some(name) => workspace.shared_code(name)?,
                None => None,
            };
            let source = match code {
                Some(code) => {
                    workspace.content(&code, &mut bytes)?;
                    Source::of(&bytes)
                }
                None => Source::Unknown,
            };
            let version = connector.to.map_or_else(String::new, |to| format!(" {to}"));
            for name in &connector.internal_names {
                let known = Known {
                    label: connector.connector.clone(),
                    version: format!("the shared{version}"),
                    source: source.clone(),
                };
                connectors.insert(name.clone(), known);
            }
        }
        Ok(action_usage::check(&project.assets, &connectors))
    }

    /// What the workspace has of all that the package is about.
    pub(super) fn snapshot(
        &self,
        workspace: &dyn Workspace,
        uses: &Uses,
    ) -> Result<Snapshot, ImportError> {
        self.snapshot_seen(workspace, uses, Sight::Everywhere)
    }

    /// The same, as far as it is looked.
    pub(super) fn snapshot_seen(
        &self,
        workspace: &dyn Workspace,
        uses: &Uses,
        sight: Sight,
    ) -> Result<Snapshot, ImportError> {
        let mut scope = self.placing.scope(&self.opened.project);
        scope.sight = sight;
        uses.ask(&mut scope);
        Ok(workspace.snapshot(&scope)?)
    }

    /// Answers all questions of a draft.
    pub(super) fn answers(
        &self,
        draft: &Draft<'_>,
        workspace: &dyn Workspace,
        running: &Running,
    ) -> Result<BTreeMap<usize, Answer>, ImportError> {
        let mut answers = BTreeMap::new();
        let mut comparing = Comparing::new(self);
        for question in draft.questions() {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            let answer = comparing.answer(draft, &question, workspace)?;
            answers.insert(question.asset, answer);
        }
        Ok(answers)
    }

    pub(super) fn draft<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        request: &ImportRequest,
        uses: &Uses,
    ) -> Draft<'a> {
        let sources = Sources {
            project: &self.opened.project,
            graph: &self.graph,
            supplied: None,
            catalogue: snapshot.shared.as_ref(),
        };
        Draft::of(
            sources,
            &self.placing,
            snapshot,
            &self.unreleasable,
            request.at,
            RowsChoices::of(
                request.rows,
                request.settings.as_ref().map(|asked| &asked.resolved),
                &self.opened.project,
                &self.placing,
            ),
            uses,
        )
    }
}

/// The decision record beside a package. One of another package says nothing of this one.
fn record_of(
    package: &Path,
    shown: &str,
    digest: Digest,
    opened: &Opened,
) -> Result<Option<FoundRecord>, ImportError> {
    let path = record_path(package);
    let failed = |what: String| ImportError::Record {
        package: shown.to_owned(),
        record: path.clone(),
        what,
    };
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(failed("it is not a file".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    }
    let bytes = limited::read(&path, DOCUMENT).map_err(|error| failed(error.to_string()))?;
    let record = DecisionRecord::parse(&bytes).map_err(|error| failed(error.to_string()))?;
    let entries = entries(opened);
    // The same contents may be compressed otherwise.
    let same_contents =
        opened.left_out.is_empty() && content_digest(&entries) == record.package.content_digest;
    match record.package.sha256 == digest || same_contents {
        true => Ok(Some(FoundRecord {
            record,
            digest: Digest::of(&bytes),
        })),
        false => Err(failed(format!(
            "the package's SHA-256 is {digest}, the record says {}",
            record.package.sha256
        ))),
    }
}

impl From<&DecisionRecord> for MadeFor {
    fn from(record: &DecisionRecord) -> Self {
        let TargetRecord {
            name,
            kind,
            data_center,
        } = record.target.clone();
        Self {
            target: name,
            kind,
            data_center: data_center.filter(|center| !center.is_unknown()),
        }
    }
}

/// Reads the sources of a package's connectors, which are few.
fn read_sources(opened: &Opened) -> Result<BTreeMap<usize, Source>, ImportError> {
    let project = &opened.project;
    let mut reader = opened.source.reader();
    let mut bytes = Vec::new();
    let mut sources = BTreeMap::new();
    for (index, asset) in project.of_kind(&AssetKind::CustomAdapter) {
        let mut files = asset.files.iter().map(|&file| &project.files[file]);
        let source = files.find(|file| file.path.as_str().ends_with(".rb"));
        let Some(source) = source.filter(|source| source.content.is_some()) else {
            continue;
        };
        reader
            .read(source.source, &mut bytes)
            .map_err(|error| ImportError::Read {
                path: source.path.clone(),
                source: error,
            })?;
        sources.insert(index, Source::of(&bytes));
    }
    Ok(sources)
}

fn json(document: &impl Serialize) -> String {
    visible::compact_json(document).expect("a document of plain values")
}

fn opened(
    request: &ImportRequest,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Opened, ImportError> {
    let reading = Reading {
        roots: Roots::Asserted,
        digests: Digests::Taken,
        limits: &request.limits,
        memory: None,
    };
    Ok(read::open(&request.package, reading, running, observer)?)
}

/// Reads the JSON of an asset of the package.
pub(super) fn read_main(
    incoming: &Incoming,
    asset: usize,
    reader: &mut SourceReader<'_>,
    into: &mut Vec<u8>,
) -> Result<(), ImportError> {
    let project = &incoming.opened.project;
    let asset = &project.assets[asset];
    let files = asset.files.iter().map(|&file| &project.files[file]);
    for file in files.filter(|file| file.path == asset.path) {
        reader
            .read(file.source, into)
            .map_err(|source| ImportError::Read {
                path: file.path.clone(),
                source,
            })?;
    }
    Ok(())
}

/// JSON with other internal names.
pub(super) fn renamed(
    kind: &AssetKind,
    bytes: &[u8],
    names: &BTreeMap<InternalName, InternalName>,
) -> Result<Vec<u8>, JsonError> {
    let mut tape = Tape::default();
    let document = match tape.parse(bytes) {
        Ok(document) => document,
        // What a type that is not known holds need not be JSON, and stays as it is then.
        Err(_) if !kind.is_known() => return Ok(bytes.to_vec()),
        Err(error) => return Err(error),
    };
    let mut rewritten = rename_providers(document, names);
    Ok(apply(bytes, &mut rewritten.splices))
}
