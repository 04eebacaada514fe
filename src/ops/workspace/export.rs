//! From a workspace to a package, as the platform exports a folder (platform.md §1.2, §5).

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::archive::{
    Archive, ArchiveError, Batch, Buffers, Kind, Limits, PackageWriter, TemporaryFile, WriteError,
};
use crate::model::finding::{self, Counts, Finding, Severity};
use crate::model::ident::{Digest, Version, WorkspaceName};
use crate::model::path::PackagePath;
use crate::model::workspace::{Address, FolderPath, Inventory, WorkspaceKind};
use crate::ops::diagnostics::{Diagnostic, locate};
use crate::ops::export::pack::{PackedEntry, Written, digest_of_file};
use crate::ops::export::record::{PackageRecord, content_digest};
use crate::ops::{Interrupted, Observer, Running, Stage};
use crate::plan::workspace_export::{
    DepartureEdits, DepartureRequest, ExclusionReason, Form, Item, LeavingFile, Named, Reason,
    RewriteError, Rewriter, Rows, WorkspaceExportPlan,
};
use crate::workspace::{Workspace, WorkspaceError};

/// How much is compressed before it is written.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_ENTRIES: usize = 32;

/// Where a package is made.
#[derive(Clone, Copy, Debug)]
pub struct Output<'p> {
    /// The folder of the temporary file.
    pub folder: &'p Path,
    /// The most bytes that the package may have.
    pub limit: u64,
}

/// A package could not be made of a workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceExportError {
    /// The workspace can't be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The workspace has no such folder.
    #[error("workspace `{workspace}` has no folder `{folder}`")]
    NoFolder {
        /// The workspace.
        workspace: WorkspaceName,
        /// The folder.
        folder: FolderPath,
        /// The folders that are there.
        there: Vec<FolderPath>,
    },
    /// What the workspace holds contradicts itself.
    #[error("workspace `{workspace}` is damaged at \"{name}\"")]
    Damaged {
        /// The workspace.
        workspace: WorkspaceName,
        /// The asset or connector.
        name: String,
        /// What is wrong.
        #[source]
        source: RewriteError,
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
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A package that was made of a workspace and has no name yet.
#[derive(Debug)]
pub struct ExportedPackage {
    /// The file.
    pub file: TemporaryFile,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

/// What came of an export.
#[derive(Debug)]
pub struct Exported {
    /// The package; none if a finding is an error.
    pub package: Option<ExportedPackage>,
    /// What the workspace held.
    pub inventory: Inventory,
    /// What leaves.
    pub departure: WorkspaceExportPlan,
    /// The entries of the package, in the order of the departure's files; none without a package.
    pub entries: Vec<ExportedEntry>,
    /// What a person should know.
    pub findings: Vec<Finding>,
}

/// An entry of the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportedEntry {
    /// Its size and digest.
    pub packed: PackedEntry,
    /// What was changed in it beside its layout.
    pub edits: DepartureEdits,
}

/// Makes a package of a workspace's folder. Contents are read one at a time; the package is a
/// temporary file in `output.folder`.
///
/// # Errors
/// If the workspace can't be read or has no such folder, the package can't be written or is too
/// large, or the work is interrupted. Nothing is left behind then.
pub fn export(
    workspace: &dyn Workspace,
    request: &DepartureRequest,
    output: Output<'_>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Exported, WorkspaceExportError> {
    let mut rewriter = Rewriter::default();
    let (inventory, departure) = decide(workspace, request, &mut rewriter, running)?;
    let mut exported = Exported {
        package: None,
        findings: departure.findings.clone(),
        inventory,
        departure,
        entries: Vec::new(),
    };
    if !exported.is_refused() {
        exported.pack(workspace, output, &mut rewriter, running, observer)?;
    }
    finding::group(&mut exported.findings);
    Ok(exported)
}

/// What would leave a workspace, without making a package.
///
/// # Errors
/// If the workspace can't be read or has no such folder.
pub fn leaving(
    workspace: &dyn Workspace,
    request: &DepartureRequest,
) -> Result<(Inventory, WorkspaceExportPlan), WorkspaceExportError> {
    let running = Running {
        threads: std::num::NonZeroUsize::MIN,
        interrupt: crate::ops::Interrupt::default(),
    };
    decide(workspace, request, &mut Rewriter::default(), &running)
}

fn decide(
    workspace: &dyn Workspace,
    request: &DepartureRequest,
    rewriter: &mut Rewriter,
    running: &Running,
) -> Result<(Inventory, WorkspaceExportPlan), WorkspaceExportError> {
    let inventory = workspace.inventory()?;
    if !request.folder.is_home() && !inventory.folders.contains(&request.folder) {
        return Err(WorkspaceExportError::NoFolder {
            workspace: inventory.workspace.name.clone(),
            folder: request.folder.clone(),
            there: inventory.folders.iter().cloned().collect(),
        });
    }
    let mut buffer = Vec::new();
    let departure = WorkspaceExportPlan::plan(&inventory, request, |asset| {
        going_on(running)?;
        let Some(file) = asset.body.files.first() else {
            return Ok(Named::default());
        };
        workspace.content(&file.content, &mut buffer)?;
        rewriter
            .named(&asset.key.kind, &buffer)
            .map_err(|source| damaged(&inventory, &asset.key.name, source))
    })?;
    Ok((inventory, departure))
}

fn going_on(running: &Running) -> Result<(), Interrupted> {
    match running.interrupt.is_set() {
        true => Err(Interrupted),
        false => Ok(()),
    }
}

fn damaged(inventory: &Inventory, name: &str, source: RewriteError) -> WorkspaceExportError {
    WorkspaceExportError::Damaged {
        workspace: inventory.workspace.name.clone(),
        name: name.to_owned(),
        source,
    }
}

impl Exported {
    /// Whether a finding stands against the package.
    pub fn is_refused(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.severity() == Severity::Error)
    }

    /// The findings with the files that they are about.
    pub fn located(&self) -> Vec<Diagnostic> {
        locate(&self.findings, None, |_| None)
    }

    fn pack(
        &mut self,
        workspace: &dyn Workspace,
        output: Output<'_>,
        rewriter: &mut Rewriter,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<(), WorkspaceExportError> {
        let total = self.departure.files.len();
        let mut writer = PackageWriter::create(output.folder, output.limit)?;
        let buffers = Buffers::default();
        let mut batch = Batch::new(&buffers);
        let (mut bytes, mut entries) = (0, 0);
        let mut buffer = Vec::new();
        let mut written = Vec::with_capacity(total);
        for (index, file) in self.departure.files.iter().enumerate() {
            going_on(running)?;
            workspace.content(&file.content, &mut buffer)?;
            let mut edits = DepartureEdits::default();
            if file.form == Form::Json {
                let printed = rewriter
                    .print(&self.departure, &self.inventory, file.item, &buffer)
                    .map_err(|source| damaged(&self.inventory, self.name_of(file.item), source))?;
                // What is not JSON leaves as it is held.
                if let Some(printed) = printed {
                    edits = printed.edits;
                    self.findings.extend(printed.findings);
                    buffer = printed.text.into_bytes();
                }
            }
            batch.add(&file.path, &buffer)?;
            written.push(Written::of(&buffer));
            self.entries.push(ExportedEntry {
                packed: PackedEntry::of(&buffer),
                edits,
            });
            (bytes, entries) = (bytes + buffer.len(), entries + 1);
            if bytes >= BATCH_BYTES || entries >= BATCH_ENTRIES || index + 1 == total {
                let full = std::mem::replace(&mut batch, Batch::new(&buffers));
                writer.append(&file.path, full.finish()?, &buffers)?;
                (bytes, entries) = (0, 0);
            }
            observer.progress(Stage::Packing, index + 1, total);
        }
        let file = writer.finish()?;
        read_back(&file, &self.departure.files, &written, running, observer)?;
        let (size, sha256) = digest_of_file(file.path()).map_err(|source| WriteError::Io {
            path: file.path().to_owned(),
            source,
        })?;
        self.package = Some(ExportedPackage { file, size, sha256 });
        Ok(())
    }

    /// The display name or title of an item.
    pub fn name_of(&self, item: Item) -> &str {
        match item {
            Item::Asset(index) => &self.inventory.assets[index].key.name,
            Item::Connector(index) => self.inventory.connectors[index].title.as_str(),
        }
    }

    /// What is told of the export; `path` is where the package lies, or is to lie.
    pub fn document(&self, address: &Address, path: &Path) -> WorkspaceExportDocument {
        let departure = &self.departure;
        let path_of = |item: Item| departure.paths.get(&item).cloned();
        let entries = departure.files.iter().enumerate().map(|(index, file)| {
            let (kind, version) = match file.item {
                Item::Asset(at) => {
                    let asset = &self.inventory.assets[at];
                    (asset.key.kind.word(), Some(asset.version))
                }
                Item::Connector(at) => {
                    let connector = &self.inventory.connectors[at];
                    ("custom_adapter", connector.released)
                }
            };
            let (rule, because) = match departure.reasons.get(&file.item) {
                Some(Reason::InFolder) | None => ("in-folder", None),
                Some(Reason::Needed { by }) => ("needed", path_of(*by)),
                Some(Reason::RefersTo { to }) => ("refers", path_of(*to)),
                Some(Reason::Asked) => ("asked", None),
                Some(Reason::Tags) => ("tags", None),
            };
            let entry = self.entries.get(index);
            let edits = entry.map(|entry| entry.edits);
            ExportedEntryDocument {
                path: file.path.clone(),
                kind: kind.to_owned(),
                name: self.name_of(file.item).to_owned(),
                version,
                size: entry.map(|entry| entry.packed.size),
                sha256: entry.map(|entry| entry.packed.sha256),
                rule: rule.to_owned(),
                because,
                edits: edits.filter(|edits| *edits != DepartureEdits::default()),
            }
        });
        let staying = departure.staying.iter().map(|staying| {
            let (rule, because) = match &staying.why {
                ExclusionReason::Shared { version } => {
                    ("shared", format!("{version} is shared with the workspace"))
                }
                ExclusionReason::Unreleased => {
                    ("unreleased", "none of its versions is released".to_owned())
                }
                ExclusionReason::Sourceless { version } => (
                    "sourceless",
                    format!("the source of {version} is not there"),
                ),
                ExclusionReason::OtherProject => (
                    "other-project",
                    "it describes another project than the one that leaves".to_owned(),
                ),
                ExclusionReason::Unnameable(error) => ("unsafe-path", error.to_string()),
            };
            StayingDocument {
                name: staying.name.clone(),
                kind: staying.kind.word().to_owned(),
                rule: rule.to_owned(),
                because,
            }
        });
        WorkspaceExportDocument {
            address: address.clone(),
            workspace: self.inventory.workspace.name.clone(),
            kind: self.inventory.workspace.kind,
            rows: departure.rows,
            package: self.package.as_ref().map(|package| {
                let contents = departure.files.iter().zip(&self.entries);
                let file = path.file_name().unwrap_or_default();
                WorkspacePackage {
                    path: path.display().to_string(),
                    facts: PackageRecord {
                        file: file.to_string_lossy().into_owned(),
                        size: package.size,
                        sha256: package.sha256,
                        content_digest: content_digest(
                            contents.map(|(file, entry)| (&file.path, &entry.packed.sha256)),
                        ),
                    },
                }
            }),
            refused: self.is_refused(),
            entries: entries.collect(),
            staying: staying.collect(),
            counts: Counts::of(&self.findings),
            findings: self.located(),
        }
    }
}

/// Reads the package through the strict reader: the planned files, with the data that was
/// compressed, and nothing else.
fn read_back(
    file: &TemporaryFile,
    planned: &[LeavingFile],
    written: &[Written],
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<(), WorkspaceExportError> {
    let failed = |source| WorkspaceExportError::ReadBack(Box::new(source));
    let archive = Archive::open(file.path(), &Limits::NONE).map_err(failed)?;
    let entries = archive.entries();
    if entries.len() != planned.len() {
        return Err(WorkspaceExportError::Differs {
            path: "its end".to_owned(),
        });
    }
    let mut reader = archive.reader();
    let mut buffer = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        going_on(running)?;
        reader.read(entry, &mut buffer).map_err(failed)?;
        let same = written.get(index) == Some(&Written::of(&buffer));
        if !same || entry.kind() != Kind::File || *entry.path() != planned[index].path {
            return Err(WorkspaceExportError::Differs {
                path: planned[index].path.to_string(),
            });
        }
        observer.progress(Stage::Verifying, index + 1, entries.len());
    }
    Ok(())
}

/// What `workspace export` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceExportDocument {
    /// Where the workspace is.
    pub address: Address,
    /// The workspace.
    pub workspace: WorkspaceName,
    /// Whose it is.
    pub kind: WorkspaceKind,
    /// Whether tables took their rows with them.
    pub rows: Rows,
    /// The package; absent if none was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<WorkspacePackage>,
    /// Whether a finding stands against the package, so that none was written.
    pub refused: bool,
    /// Its files, in the order of their paths.
    pub entries: Vec<ExportedEntryDocument>,
    /// What stays in the workspace, though one might look for it in the package.
    pub staying: Vec<StayingDocument>,
    /// How many findings there are.
    pub counts: Counts,
    /// What a person should know.
    pub findings: Vec<Diagnostic>,
}

/// The package that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspacePackage {
    /// Its path.
    pub path: String,
    /// Its size and digests.
    #[serde(flatten)]
    pub facts: PackageRecord,
}

/// A file of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportedEntryDocument {
    /// Its path.
    pub path: PackagePath,
    /// Its asset's type, by the word in file names.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its asset's display name, or the connector's title.
    pub name: String,
    /// The version that left.
    pub version: Option<Version>,
    /// Its size in bytes; absent if no package was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 of its bytes; absent if no package was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// Why it is in: `in-folder`, `needed`, `refers`, `asked` or `tags`.
    pub rule: String,
    /// The file that needs it, or that it refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<PackagePath>,
    /// What was changed in it beside its layout; absent if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<DepartureEdits>,
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StayingDocument {
    /// Its display name, or the connector's title.
    pub name: String,
    /// Its type, by the word in file names.
    #[serde(rename = "type")]
    pub kind: String,
    /// Why: `shared`, `unreleased`, `sourceless`, `other-project` or `unsafe-path`.
    pub rule: String,
    /// The same in a sentence.
    pub because: String,
}
