//! From a project to the plan of a package.

pub mod cache;
pub mod documents;
pub mod last;
pub mod lock;
pub mod pack;
pub mod record;
pub mod why;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::KnownFiles;
use super::read::{self, Digests, OpenError, Opened, Reading, Roots};
use super::{Interrupted, Observer, Running, Stage};
use crate::archive::{ArchiveError, Limits, TemporaryFile, WriteError};
use crate::json::{self, Tape, apply};
use crate::manifest::{Allowance, Checks, Level, Manifest, Selection};
use crate::model::catalogue::SharedConnectors;
use crate::model::facts::Facts;
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::git::ObjectHash;
use crate::model::graph::Graph;
use crate::model::ident::{ConnectorTitle, InternalName};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::Content;
use crate::model::span::Located;
use crate::model::table::PackedRows;
use crate::model::target::ConnectorPolicy;
use crate::model::workspace::Scope;
use crate::ops::approval::{Approved, ExportRefusal};
use crate::ops::diagnostics::{Diagnostic, ManifestText};
use crate::ops::export::cache::ExportCache;
use crate::ops::export::pack::{PackedEntry, RecordFacts, Written};
use crate::ops::export::record::DecisionRecord;
use crate::ops::export::record::record_path;
use crate::parallel;
use crate::plan::action_usage;
use crate::plan::action_usage::{Known, Source};
use crate::plan::checks::{literals, naming};
use crate::plan::connectors::Sources;
use crate::plan::decision::{ConnectorDecision, Outcome};
use crate::plan::export::gaps;
use crate::plan::export::gaps::Unshared;
use crate::plan::export::rewrite::{Edits, Rewritten};
use crate::plan::export::{
    self, Destination, EntrySource, ExportPlan, Fidelity, PlannedEntry, Request,
};
use crate::source::{ReadError, Source as ProjectSource, SourceReader};
use crate::workspace::{Workspace, WorkspaceError};

/// Sources of connectors that have so many bytes in all are parsed side by side.
const PARSED_TOGETHER: u64 = 512 << 10;

/// What to make a package of.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The project: a folder or a package.
    pub project: PathBuf,
    /// What to do if it looks like several projects.
    pub roots: Roots,
    /// A folder with connectors that the project lacks.
    pub connectors: Option<PathBuf>,
    /// Where the package goes.
    pub destination: Destination,
    /// Which assets.
    pub selection: Selection,
    /// What is said about connectors.
    pub words: BTreeMap<ConnectorTitle, Located<ConnectorPolicy>>,
    /// What is known of the shared connectors.
    pub shared: SharedConnectors,
    /// What becomes of the rows of tables.
    pub rows: PackedRows,
    /// How much findings matter, and which are allowed.
    pub checks: Checks,
    /// Limits on packages that are read.
    pub limits: Limits,
}

/// A package that was planned, and everything needed to make it.
#[derive(Debug)]
pub struct Prepared {
    /// The project.
    pub opened: Opened,
    /// The connectors supplied beside it.
    pub supplied: Option<Opened>,
    /// Its references.
    pub graph: Graph,
    plan: ExportPlan,
    /// What is changed in the entries that are rewritten, by their number in the plan.
    edits: BTreeMap<usize, Edits>,
    /// Where a connector's internal name is left in an entry that is rewritten, in bytes.
    left: BTreeMap<usize, Vec<u32>>,
    /// The findings that there would be, were they not allowed.
    pub allowed: BTreeSet<Allowance>,
    /// By what they are.
    checks: Checks,
}

/// A package could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The project can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file that could be read before can't be read again.
    #[error("can't read `{path}`")]
    Read {
        /// The file.
        path: PackagePath,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// A file is no longer what it was when it was planned.
    #[error("`{path}` changed while it was packed")]
    Changed {
        /// The file.
        path: PackagePath,
    },
    /// The package can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What was written can't be read back.
    #[error("the package that was written can't be read back")]
    ReadBack(#[source] Box<ArchiveError>),
    /// What was written is not what was planned.
    #[error("the package that was written differs from the plan at `{path}`")]
    Differs {
        /// The first entry that differs.
        path: String,
    },
    /// No package can be made of the plan.
    #[error(transparent)]
    Refused(#[from] ExportRefusal),
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl ExportRequest {
    /// A package of all of a project, in which the rule decides about every connector, by the
    /// documented limits. What is shared is not known unless somebody says it: for a customer, what
    /// needs it is refused then.
    pub fn new(project: PathBuf, destination: Destination) -> Self {
        Self {
            project,
            roots: Roots::One,
            connectors: None,
            destination,
            selection: Selection::default(),
            words: BTreeMap::new(),
            shared: SharedConnectors::default(),
            rows: PackedRows::Keep,
            checks: Checks::default(),
            limits: Limits::default(),
        }
    }
}

/// Makes a package: reads the project, plans, packs what the plan says, and gives the package and the
/// decision record beside it their names, in place of what had them. What `generator` is, the record
/// says: a program and its version. Returns the record and what a person should know.
///
/// # Errors
/// [`ExportError::Refused`] if the plan has errors, another one if something can't be read or written,
/// or the package is larger than `limit` bytes. Nothing is written then; only if the record can't be
/// given its name at the very end, the package is there without it.
pub fn run(
    request: &ExportRequest,
    package: &Path,
    limit: u64,
    generator: &str,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<(DecisionRecord, Vec<Diagnostic>), ExportError> {
    let prepared = prepare(request, None, running, observer)?;
    let approved = prepared.approve()?;
    let folder = match package.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let packed = approved.pack(folder, limit, None, running, observer)?;
    let file = package.file_name().unwrap_or_default();
    let facts = RecordFacts {
        generator: generator.to_owned(),
        file: file.to_string_lossy().into_owned(),
        commit: None,
        dirty: None,
    };
    let record = packed.record(&prepared, request, &facts);
    let record_file = TemporaryFile::written_by(folder, |file| record.write(file))?;
    packed.file.persist(package)?;
    record_file.persist(&record_path(package))?;
    Ok((record, prepared.located(None)))
}

/// Reads a project and plans its package. Nothing is written.
///
/// # Errors
/// If the project can't be read, or the work is interrupted. What is wrong with its assets is among
/// the plan's findings.
pub fn prepare(
    request: &ExportRequest,
    memory: Option<&ExportCache>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Prepared, ExportError> {
    let listed = Listed::default();
    prepare_listed(request, listed, memory, running, observer)
}

/// What is known of a project before it is read, and how its files are to be named.
#[derive(Debug, Default)]
pub struct Listed {
    /// The project, if it was [listed](read::list) already.
    pub project: Option<ProjectSource>,
    /// By which hash its files get the names that git gives to their bytes; none where they get none.
    pub hash: Option<ObjectHash>,
    /// The same of the connectors supplied beside it.
    pub connectors: Option<ObjectHash>,
}

/// The same as [`prepare`], with what is known already; files may get the names that git gives them, to
/// be [compared](super::checkout) with a commit.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_listed(
    request: &ExportRequest,
    listed: Listed,
    memory: Option<&ExportCache>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Prepared, ExportError> {
    let reading = Reading {
        roots: request.roots,
        digests: Digests::Left,
        limits: &request.limits,
        memory: memory.map(|memory| memory as &dyn KnownFiles),
    };
    let opened = match listed.project {
        Some(source) => read::open_listed(source, reading, listed.hash, running, observer)?,
        None => read::open_to_pack(&request.project, reading, listed.hash, running, observer)?,
    };
    let reading = Reading {
        roots: Roots::Asserted,
        memory: None,
        ..reading
    };
    let supplied = match &request.connectors {
        Some(folder) => Some(read::open_supplied(
            folder,
            reading,
            listed.connectors,
            running,
            observer,
        )?),
        None => None,
    };
    let graph = Graph::of(&opened.project);
    let sources = Sources {
        project: &opened.project,
        graph: &graph,
        supplied: supplied.as_ref().map(|supplied| &supplied.project),
        catalogue: request.shared.catalogue(),
    };
    let plan = export::plan(
        sources,
        &Request {
            destination: &request.destination,
            shared: &request.shared,
            selection: &request.selection,
            words: &request.words,
            left_out: &opened.left_out,
            rows: request.rows,
        },
    );
    if running.interrupt.is_set() {
        return Err(Interrupted.into());
    }
    let mut prepared = Prepared {
        opened,
        supplied,
        graph,
        plan,
        edits: BTreeMap::new(),
        left: BTreeMap::new(),
        allowed: BTreeSet::new(),
        checks: request.checks.clone(),
    };
    prepared.check_actions(running)?;
    prepared.check_recipes(running)?;
    prepared.foresee_edits(memory, running)?;
    prepared.settle();
    if running.interrupt.is_set() {
        return Err(Interrupted.into());
    }
    Ok(prepared)
}

/// The bytes of an entry as they go into the package.
pub(super) struct Bytes<'p> {
    project: SourceReader<'p>,
    supplied: Option<SourceReader<'p>>,
    tape: Tape,
    /// What was read last.
    pub(super) buffer: Vec<u8>,
}

/// What became of an entry's bytes.
pub(super) enum Final {
    /// They are in the buffer, as they were read.
    AsRead,
    /// They were rewritten.
    Rewritten(Vec<u8>, Rewritten),
}

impl<'p> Bytes<'p> {
    pub(super) fn of(prepared: &'p Prepared) -> Self {
        Self {
            project: prepared.opened.source.reader(),
            supplied: prepared
                .supplied
                .as_ref()
                .map(|supplied| supplied.source.reader()),
            tape: Tape::default(),
            buffer: Vec::new(),
        }
    }

    pub(super) fn read(
        &mut self,
        prepared: &Prepared,
        entry: &PlannedEntry,
    ) -> Result<Final, ExportError> {
        let failed = |source| ExportError::Read {
            path: entry.path.clone(),
            source,
        };
        let (reader, number) = match (entry.source, &prepared.supplied, &mut self.supplied) {
            (EntrySource::Supplied(file), Some(supplied), Some(reader)) => {
                (reader, supplied.project.files[file].source)
            }
            (EntrySource::Project(file) | EntrySource::Supplied(file), _, _) => (
                &mut self.project,
                prepared.opened.project.files[file].source,
            ),
        };
        reader.read(number, &mut self.buffer).map_err(failed)?;
        let (Fidelity::Rewritten, Some(kind)) = (entry.fidelity, &entry.asset) else {
            return Ok(Final::AsRead);
        };
        let changed = || ExportError::Changed {
            path: entry.path.clone(),
        };
        let planned = prepared.content_when_planned(entry).map(Written::from);
        if planned.is_some_and(|planned| planned != Written::of(&self.buffer)) {
            return Err(changed());
        }
        // It was valid JSON when it was planned, unless its type is not known.
        let document = match self.tape.parse(&self.buffer) {
            Ok(document) => document,
            Err(_) if !kind.is_known() => {
                let left = prepared.plan.rewrite.unreadable(&self.buffer);
                return Ok(Final::Rewritten(self.buffer.clone(), left));
            }
            Err(_) => return Err(changed()),
        };
        let mut rewritten = prepared.plan.rewrite.splices(kind, &entry.path, document);
        let bytes = apply(&self.buffer, &mut rewritten.splices);
        Ok(Final::Rewritten(bytes, rewritten))
    }
}

impl Prepared {
    /// Gives back what is known of each asset, by which the plan was made: what is left is enough to make
    /// the package and its record, and not to [keep](cache) what is known.
    pub(super) fn forget_facts(&mut self) {
        let nothing: Arc<Facts> = Arc::default();
        let supplied = self.supplied.as_mut().map(|opened| &mut opened.project);
        for project in [&mut self.opened.project].into_iter().chain(supplied) {
            for asset in &mut project.assets {
                asset.facts = Arc::clone(&nothing);
            }
        }
        self.graph = Graph::default();
    }

    /// Checks that packed connectors have what packed recipes use of them.
    fn check_actions(&mut self, running: &Running) -> Result<(), ExportError> {
        let packed: Vec<(&ConnectorDecision, &PlannedEntry)> = self
            .plan
            .connectors
            .iter()
            .filter(|decision| decision.outcome == Outcome::Included)
            .filter_map(|decision| {
                let mut entries = self.plan.entries.iter();
                let source = entries.find(|entry| {
                    entry.path.as_str().ends_with(".rb") && decision.files.contains(&entry.path)
                });
                source.map(|source| (decision, source))
            })
            .collect();
        let size = |entry| Some(self.content_when_planned(entry)?.size);
        let sizes: Option<u64> = packed.iter().map(|(_, source)| size(source)).sum();
        // What is parsed takes many times its size, so large ones are parsed one after the other.
        let threads = match sizes {
            Some(sizes) if sizes <= PARSED_TOGETHER => running.threads,
            Some(_) | None => NonZeroUsize::MIN,
        };
        let (mut connectors, mut findings) = (BTreeMap::new(), Vec::new());
        parallel::in_order(
            packed.len(),
            threads,
            |index| self.memory_to_make(packed[index].1),
            || Bytes::of(self),
            |bytes, index| {
                bytes.read(self, packed[index].1)?;
                Ok(Source::of(&bytes.buffer))
            },
            |index, read: Result<Source, ExportError>| {
                let (decision, source) = packed[index];
                let version = decision.packaged_version;
                let known = Known {
                    label: decision.connector.clone(),
                    version: version.map_or_else(
                        || "the packaged version".to_owned(),
                        |version| format!("the packaged {version}"),
                    ),
                    source: read?,
                };
                findings.extend(action_usage::source(&source.path, &known));
                for name in &decision.internal_names {
                    connectors.insert(name.clone(), known.clone());
                }
                Ok::<(), ExportError>(())
            },
        )?;
        findings.extend(self.lacking(&connectors));
        self.plan.findings.append(&mut findings);
        Ok(())
    }

    /// Checks what the manifest asks for: names, and what stands in recipes as it is.
    fn check_recipes(&mut self, running: &Running) -> Result<(), ExportError> {
        let packed: BTreeSet<&PackagePath> =
            self.plan.entries.iter().map(|entry| &entry.path).collect();
        let project = &self.opened.project;
        let packed: Vec<usize> = (0..project.assets.len())
            .filter(|&index| packed.contains(&project.assets[index].path))
            .collect();
        let mut findings = naming::check(project, &packed, &self.checks.naming);
        let literal = [Code::HardCodedHost, Code::HardCodedAddress];
        if literal
            .iter()
            .any(|code| self.checks.level(*code) != Level::Off)
        {
            let mut reader = self.opened.source.reader();
            let mut tape = Tape::until(running.interrupt.flag());
            let mut bytes = Vec::new();
            let recipes = packed.iter().map(|&index| &project.assets[index]);
            for recipe in recipes.filter(|asset| asset.kind == AssetKind::Recipe) {
                if running.interrupt.is_set() {
                    return Err(Interrupted.into());
                }
                let file = recipe.files.iter().map(|&file| &project.files[file]);
                let Some(file) = file.clone().find(|file| file.path == recipe.path) else {
                    continue;
                };
                let failed = |source| ExportError::Read {
                    path: recipe.path.clone(),
                    source,
                };
                reader.read(file.source, &mut bytes).map_err(failed)?;
                if let Ok(document) = tape.parse(&bytes) {
                    literals::check(&recipe.path, document, &mut findings);
                }
            }
        }
        self.plan.findings.append(&mut findings);
        Ok(())
    }

    /// What packed recipes use and these connectors lack.
    fn lacking(&self, connectors: &BTreeMap<InternalName, Known>) -> Vec<Finding> {
        let packed: BTreeSet<&PackagePath> =
            self.plan.entries.iter().map(|entry| &entry.path).collect();
        let assets = self.opened.project.assets.iter();
        action_usage::check(
            assets.filter(|asset| packed.contains(&asset.path)),
            connectors,
        )
    }

    /// Checks that shared connectors have what packed recipes use of them, where the admin workspace
    /// that shares them is at hand with its code.
    ///
    /// # Errors
    /// If the workspace can't be read.
    pub fn check_shared(&mut self, admin: &dyn Workspace) -> Result<(), WorkspaceError> {
        let held = admin.snapshot(&Scope::default())?.connectors;
        let mut connectors = BTreeMap::new();
        let mut bytes = Vec::new();
        for decision in &self.plan.connectors {
            let Some(evidence) = decision
                .catalog
                .as_ref()
                .filter(|_| decision.outcome == Outcome::LeftOut)
            else {
                continue;
            };
            let Some(version) = evidence.shared_version.version() else {
                continue;
            };
            let code = held
                .iter()
                .find(|held| held.internal_name == evidence.internal_name)
                .and_then(|held| held.version(version)?.code);
            let source = match code {
                Some(code) => {
                    admin.content(&code, &mut bytes)?;
                    Source::of(&bytes)
                }
                None => Source::Unknown,
            };
            for name in &decision.internal_names {
                let known = Known {
                    label: decision.connector.clone(),
                    version: format!("the shared {version}"),
                    source: source.clone(),
                };
                connectors.insert(name.clone(), known);
            }
        }
        let mut findings = self.lacking(&connectors);
        self.plan.findings.append(&mut findings);
        self.settle();
        Ok(())
    }

    /// Tells of customer targets of the manifest for which no catalogue is named, where the package
    /// has connectors that go there only by one.
    pub fn check_targets(&mut self, manifest: &Manifest) {
        let findings = self.incomplete_targets(manifest);
        self.plan.findings.extend(findings);
        self.settle();
    }

    /// What there is to say of customer targets for which no catalogue is named.
    pub fn incomplete_targets(&self, manifest: &Manifest) -> Vec<Finding> {
        let incomplete = manifest.without_catalogue().filter_map(|(name, target)| {
            let unshared: Vec<Unshared> = self
                .plan
                .connectors
                .iter()
                .filter(|decision| {
                    let title = decision.connector.parse().ok();
                    let word = title.and_then(|title: ConnectorTitle| {
                        manifest.word(&title, Some(&target.value))
                    });
                    word.is_none_or(|word| word.value != ConnectorPolicy::Include)
                })
                .map(Unshared::without_catalogue)
                .collect();
            gaps::missing(gaps::target(&target.origin), Some(name.as_str()), &unshared)
        });
        incomplete.collect()
    }

    /// Gives the findings the severities that the manifest says, and their order.
    fn settle(&mut self) {
        let findings = &mut self.plan.findings;
        findings.retain(|finding| finding.code != Code::AllowanceUnused);
        self.allowed.append(&mut self.checks.apply(findings));
        let mut unused = self.checks.unused(&self.allowed);
        self.checks.apply(&mut unused);
        findings.append(&mut unused);
        finding::group(findings);
    }

    /// Works out what will be changed in which entry, and where a name has to be left.
    fn foresee_edits(
        &mut self,
        memory: Option<&ExportCache>,
        running: &Running,
    ) -> Result<(), ExportError> {
        let reusable = memory
            .map(|memory| memory.reusable(self))
            .unwrap_or_default();
        let (mut edits, mut left) = (BTreeMap::new(), BTreeMap::new());
        let mut concerned = Vec::new();
        for (index, entry) in self.plan.entries.iter().enumerate() {
            if entry.fidelity == Fidelity::Verbatim {
                continue;
            }
            let known = reusable
                .get(&index)
                .and_then(|&at| memory?.entry(at).rewritten());
            match known {
                Some((edit, places)) => {
                    edits.insert(index, edit);
                    left.insert(index, places.to_vec());
                }
                None => concerned.push(index),
            }
        }
        let this = &*self;
        parallel::in_order(
            concerned.len(),
            running.threads,
            |at| this.memory_to_make(&this.plan.entries[concerned[at]]),
            || Bytes::of(this),
            |bytes, at| {
                if running.interrupt.is_set() {
                    return Err(Interrupted.into());
                }
                bytes.read(this, &this.plan.entries[concerned[at]])
            },
            |at, result: Result<Final, ExportError>| {
                if let Final::Rewritten(_, rewritten) = result? {
                    edits.insert(concerned[at], rewritten.edits);
                    let places = rewritten
                        .left
                        .iter()
                        .filter_map(|offset| u32::try_from(*offset).ok());
                    left.insert(concerned[at], places.collect());
                }
                Ok::<(), ExportError>(())
            },
        )?;
        edits.retain(|_, edit| *edit != Edits::default());
        left.retain(|_, places: &mut Vec<u32>| !places.is_empty());
        for (index, places) in &left {
            for offset in places {
                let subject = Subject::File {
                    path: self.plan.entries[*index].path.clone(),
                    offset: Some(*offset),
                };
                finding::add(
                    &mut self.plan.findings,
                    Finding::new(
                        Code::InternalNameLeft,
                        subject,
                        "a connector's internal name stands here and is not rewritten",
                    )
                    .note("it is neither a provider nor part of a data pill, so its meaning is not known")
                    .help("look at it by hand"),
                );
            }
        }
        (self.edits, self.left) = (edits, left);
        Ok(())
    }

    /// The plan.
    pub const fn plan(&self) -> &ExportPlan {
        &self.plan
    }

    /// What is changed in an entry, by its number in the plan; nothing if it is packed as it is.
    pub fn edits(&self, entry: usize) -> Option<Edits> {
        self.edits.get(&entry).copied()
    }

    /// The plan, to be carried out: if none of its findings is an error.
    ///
    /// # Errors
    /// Why it is not approved.
    pub fn approve(&self) -> Result<Approved<&Self>, ExportRefusal> {
        let errors = finding::errors(&self.plan.findings);
        match errors.is_empty() {
            true => Ok(Approved::checked(self)),
            false => Err(ExportRefusal(errors)),
        }
    }

    /// The plan's findings with their places.
    pub fn located(&self, manifest: Option<ManifestText<'_>>) -> Vec<Diagnostic> {
        self.opened.located(&self.plan.findings, manifest)
    }

    /// The sizes and digests that the package's entries have, without packing them.
    ///
    /// # Errors
    /// If a file can't be read again, or the work is interrupted.
    pub fn digests(
        &self,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Vec<PackedEntry>, ExportError> {
        let total = self.plan.entries.len();
        let mut entries = Vec::with_capacity(total);
        parallel::in_order(
            total,
            running.threads,
            |index| self.memory_to_make(&self.plan.entries[index]),
            || Bytes::of(self),
            |bytes, index| {
                if running.interrupt.is_set() {
                    return Err(Interrupted.into());
                }
                Ok(match bytes.read(self, &self.plan.entries[index])? {
                    Final::AsRead => PackedEntry::of(&bytes.buffer),
                    Final::Rewritten(data, _) => PackedEntry::of(&data),
                })
            },
            |index, entry: Result<PackedEntry, ExportError>| {
                observer.progress(Stage::Verifying, index + 1, total);
                entries.push(entry?);
                Ok::<(), ExportError>(())
            },
        )?;
        Ok(entries)
    }

    /// How much memory it takes to have the bytes of an entry, at most.
    pub(super) fn memory_to_make(&self, entry: &PlannedEntry) -> u64 {
        let size = self.content_when_planned(entry).map_or(0, |it| it.size);
        match entry.fidelity {
            Fidelity::Verbatim => size,
            Fidelity::Rewritten => 2 * size + json::memory_to_read(size),
        }
    }

    pub(super) fn content_when_planned(&self, entry: &PlannedEntry) -> Option<Content> {
        match (entry.source, &self.supplied) {
            (EntrySource::Supplied(file), Some(supplied)) => supplied.project.files[file].content,
            (EntrySource::Project(file) | EntrySource::Supplied(file), _) => {
                self.opened.project.files[file].content
            }
        }
    }
}
