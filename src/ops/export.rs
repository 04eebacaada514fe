//! From a project to a package: read, plan, pack, read back, hand over.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::locate::{LocatedFinding, ManifestText, locate};
use super::read::{self, Digests, OpenError, Opened, Reading, Roots};
use super::record::{
    CatalogRecord, DecisionRecord, EntryRecord, FORMAT, LeftOutRecord, PackageRecord,
    ProjectRecord, RequestRecord, TargetRecord, content_digest,
};
use super::{Interrupted, Observer, Running, Stage};
use crate::io::archive::{
    Archive, ArchiveError, Batch, Buffers, CompressedBatch, Kind, Limits, PackageWriter,
    TemporaryFile, WriteError,
};
use crate::io::source::{ReadError, SourceReader};
use crate::manifest::{SelectListing, Selection};
use crate::model::catalogue::Catalogue;
use crate::model::finding::{self, Code, Counts, Finding, Subject};
use crate::model::graph::Graph;
use crate::model::ident::{ConnectorTitle, Digest};
use crate::model::json::{Tape, apply};
use crate::model::path::PackagePath;
use crate::model::place::Located;
use crate::model::project::Content;
use crate::model::target::Word;
use crate::parallel;
use crate::plan::connectors::Sources;
use crate::plan::decision::ItemRule;
use crate::plan::export::{
    self, Destination, EntrySource, ExportPlan, Fidelity, PlannedEntry, Request,
};
use crate::plan::transform::{Edits, Rewritten};

/// How much is compressed before another thread may take the next entries.
const BATCH_BYTES: u64 = 256 << 10;
const BATCH_ENTRIES: usize = 32;

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
    pub words: BTreeMap<ConnectorTitle, Located<Word>>,
    /// The shared connectors.
    pub catalogue: Option<Catalogue>,
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
    /// The plan.
    pub plan: ExportPlan,
    /// What is changed in the entries that are rewritten, by their number in the plan.
    pub edits: BTreeMap<usize, Edits>,
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
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Reads a project and plans its package. Nothing is written.
///
/// # Errors
/// If the project can't be read, or the work is interrupted. What is wrong with its assets is among
/// the plan's findings.
pub fn prepare(
    request: &ExportRequest,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Prepared, ExportError> {
    let reading = Reading {
        roots: request.roots,
        digests: Digests::Left,
        limits: &request.limits,
    };
    let opened = read::open(&request.project, reading, running, observer)?;
    let reading = Reading {
        roots: Roots::Asserted,
        ..reading
    };
    let supplied = match &request.connectors {
        Some(folder) => Some(read::open(folder, reading, running, observer)?),
        None => None,
    };
    let graph = Graph::of(&opened.project);
    let sources = Sources {
        project: &opened.project,
        graph: &graph,
        supplied: supplied.as_ref().map(|supplied| &supplied.project),
        catalogue: request.catalogue.as_ref(),
    };
    let plan = export::plan(
        sources,
        &Request {
            destination: &request.destination,
            selection: &request.selection,
            words: &request.words,
            left_out: &opened.left_out,
        },
    );
    let mut prepared = Prepared {
        opened,
        supplied,
        graph,
        plan,
        edits: BTreeMap::new(),
    };
    prepared.foresee_edits(running)?;
    Ok(prepared)
}

/// The bytes of an entry as they go into the package.
struct Bytes<'p> {
    project: SourceReader<'p>,
    supplied: Option<SourceReader<'p>>,
    tape: Tape,
    buffer: Vec<u8>,
}

/// What became of an entry's bytes.
enum Final {
    /// They are in the buffer, as they were read.
    AsRead,
    /// They were rewritten.
    Rewritten(Vec<u8>, Rewritten),
}

impl<'p> Bytes<'p> {
    fn of(prepared: &'p Prepared) -> Self {
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

    fn read(&mut self, prepared: &Prepared, entry: &PlannedEntry) -> Result<Final, ExportError> {
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
        if planned.is_some_and(|planned| planned != Written::by(&self.buffer)) {
            return Err(changed());
        }
        // It was valid JSON when it was planned.
        let document = self.tape.parse(&self.buffer).map_err(|_| changed())?;
        let mut rewritten = prepared.plan.rewrite.splices(kind, &entry.path, document);
        let bytes = apply(&self.buffer, &mut rewritten.splices);
        Ok(Final::Rewritten(bytes, rewritten))
    }
}

impl Prepared {
    /// Works out what will be changed in which entry, and where a name has to be left.
    fn foresee_edits(&mut self, running: &Running) -> Result<(), ExportError> {
        let concerned: Vec<usize> = self
            .plan
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.fidelity == Fidelity::Rewritten)
            .map(|(index, _)| index)
            .collect();
        let (mut edits, mut findings) = (BTreeMap::new(), Vec::new());
        let this = &*self;
        parallel::in_order(
            concerned.len(),
            running.threads,
            || Bytes::of(this),
            |bytes, at| {
                if running.interrupt.is_set() {
                    return Err(Interrupted.into());
                }
                match bytes.read(this, &this.plan.entries[concerned[at]])? {
                    Final::AsRead => Ok(None),
                    Final::Rewritten(_, rewritten) => Ok(Some((rewritten.edits, rewritten.left))),
                }
            },
            |at, result: Result<_, ExportError>| {
                let Some((edit, left)) = result? else {
                    return Ok(());
                };
                if edit != Edits::default() {
                    edits.insert(concerned[at], edit);
                }
                for offset in left {
                    let subject = Subject::File {
                        path: self.plan.entries[concerned[at]].path.clone(),
                        offset: u32::try_from(offset).ok(),
                    };
                    findings.push(
                        Finding::new(
                            Code::InternalNameLeft,
                            subject,
                            "a connector's internal name stands here and is not rewritten",
                        )
                        .note("it is neither a provider nor part of a data pill, so its meaning is not known")
                        .help("look at it by hand"),
                    );
                }
                Ok::<(), ExportError>(())
            },
        )?;
        self.edits = edits;
        self.plan.findings.append(&mut findings);
        finding::sort(&mut self.plan.findings);
        Ok(())
    }

    /// The plan's findings with their places.
    pub fn located(&self, manifest: Option<ManifestText<'_>>) -> Vec<LocatedFinding> {
        let mut reader = self.opened.source.reader();
        let numbers: BTreeMap<&PackagePath, usize> = self
            .opened
            .project
            .files
            .iter()
            .map(|file| (&file.path, file.source))
            .collect();
        locate(&self.plan.findings, manifest, |path| {
            let mut bytes = Vec::new();
            reader.read(*numbers.get(path)?, &mut bytes).ok()?;
            Some(bytes)
        })
    }

    /// Makes the package as a temporary file in `folder` and compares it with the plan.
    ///
    /// # Errors
    /// If a file changed since it was planned, the disk is full, the package is larger than
    /// `limit` bytes, or what was written is not what was planned. Nothing is left behind.
    pub fn pack(
        &self,
        folder: &Path,
        limit: u64,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Packed, ExportError> {
        let total = self.plan.entries.len();
        let mut writer = PackageWriter::create(folder, limit)?;
        let mut written = Vec::with_capacity(total);
        let batches = self.batches();
        let buffers = Buffers::default();
        let work = |bytes: &mut Bytes<'_>, index: usize| {
            self.compress(bytes, batches[index].clone(), &buffers, running)
        };
        parallel::in_order(
            batches.len(),
            running.threads,
            || Bytes::of(self),
            work,
            |index, result| {
                let (batch, data) = result?;
                written.extend(data);
                observer.progress(Stage::Packing, written.len(), total);
                writer.append(
                    &self.plan.entries[batches[index].end - 1].path,
                    batch,
                    &buffers,
                )?;
                Ok::<(), ExportError>(())
            },
        )?;
        let file = writer.finish()?;
        self.read_back(file, &written, running, observer)
    }

    /// Consecutive entries that are compressed together: enough to be worth a thread's turn, few
    /// enough to share the work evenly. The package does not depend on it.
    fn batches(&self) -> Vec<Range<usize>> {
        let entries = &self.plan.entries;
        let (mut batches, mut start, mut bytes) = (Vec::new(), 0, 0);
        for (index, entry) in entries.iter().enumerate() {
            bytes += self
                .content_when_planned(entry)
                .map_or(0, |content| content.size);
            if bytes >= BATCH_BYTES
                || index + 1 - start >= BATCH_ENTRIES
                || index + 1 == entries.len()
            {
                batches.push(start..index + 1);
                (start, bytes) = (index + 1, 0);
            }
        }
        batches
    }

    fn compress(
        &self,
        bytes: &mut Bytes<'_>,
        entries: Range<usize>,
        buffers: &Buffers,
        running: &Running,
    ) -> Result<(CompressedBatch, Vec<Written>), ExportError> {
        let mut batch = Batch::new(buffers);
        let mut written = Vec::with_capacity(entries.len());
        for entry in &self.plan.entries[entries] {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            match bytes.read(self, entry)? {
                Final::Rewritten(data, _) => {
                    batch.add(&entry.path, &data)?;
                    written.push(Written::of(&data));
                }
                Final::AsRead => {
                    let data = Written::of(&bytes.buffer);
                    if self
                        .content_when_planned(entry)
                        .is_some_and(|read| data != Written::from(read))
                    {
                        return Err(ExportError::Changed {
                            path: entry.path.clone(),
                        });
                    }
                    batch.add(&entry.path, &bytes.buffer)?;
                    written.push(data);
                }
            }
        }
        Ok((batch.finish()?, written))
    }

    /// Reads the package back through the strict reader: the plan's entries, with the data that was
    /// compressed, and nothing else.
    fn read_back(
        &self,
        file: TemporaryFile,
        expected: &[Written],
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Packed, ExportError> {
        let failed = |source| ExportError::ReadBack(Box::new(source));
        let archive = Archive::open(file.path(), &Limits::NONE).map_err(failed)?;
        let (planned, written) = (&self.plan.entries, archive.entries());
        let matches = |index: usize| {
            let (entry, expected) = (&written[index], expected[index]);
            let same = Written {
                size: entry.size(),
                crc32: entry.crc32(),
            } == expected;
            same && entry.kind() == Kind::File && *entry.path() == planned[index].path
        };
        let common = written.len().min(planned.len());
        if let Some(index) = (0..common).find(|&index| !matches(index)) {
            return Err(ExportError::Differs {
                path: planned[index].path.to_string(),
            });
        }
        if written.len() != planned.len() {
            return Err(ExportError::Differs {
                path: "its end".to_owned(),
            });
        }
        let total = written.len();
        let mut entries = Vec::with_capacity(total);
        let work = |(reader, buffer): &mut (_, Vec<u8>), index: usize| {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            let reader: &mut crate::io::archive::Reader<'_> = reader;
            // This compares the data with the CRC-32 that was compared above.
            reader.read(&written[index], buffer).map_err(failed)?;
            Ok(PackedEntry::of(buffer))
        };
        parallel::in_order(
            total,
            running.threads,
            || (archive.reader(), Vec::new()),
            work,
            |index, entry: Result<PackedEntry, ExportError>| {
                observer.progress(Stage::Verifying, index + 1, total);
                entries.push(entry?);
                Ok::<(), ExportError>(())
            },
        )?;
        let (size, sha256) = digest_of_file(file.path()).map_err(|source| WriteError::Io {
            path: file.path().to_owned(),
            source,
        })?;
        Ok(Packed {
            file,
            size,
            sha256,
            entries,
        })
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

    fn content_when_planned(&self, entry: &PlannedEntry) -> Option<Content> {
        match (entry.source, &self.supplied) {
            (EntrySource::Supplied(file), Some(supplied)) => supplied.project.files[file].content,
            (EntrySource::Project(file) | EntrySource::Supplied(file), _) => {
                self.opened.project.files[file].content
            }
        }
    }
}

/// By what an entry's data is known from planning to reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written {
    size: u64,
    crc32: u32,
}

impl Written {
    fn of(data: &[u8]) -> Self {
        Self {
            size: data.len() as u64,
            crc32: crc32fast::hash(data),
        }
    }

    fn by(data: &[u8]) -> Self {
        Self {
            size: data.len() as u64,
            crc32: crc32fast::hash(data),
        }
    }
}

impl From<Content> for Written {
    fn from(
        Content {
            size,
            crc32,
            digest: _,
        }: Content,
    ) -> Self {
        Self { size, crc32 }
    }
}

/// An entry of a package that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedEntry {
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

impl PackedEntry {
    fn of(data: &[u8]) -> Self {
        Self {
            size: data.len() as u64,
            sha256: Digest::of(data),
        }
    }
}

/// A package that was made and compared with its plan, and has no name yet.
#[derive(Debug)]
pub struct Packed {
    /// The file.
    pub file: TemporaryFile,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Its entries, in the order of the plan's.
    pub entries: Vec<PackedEntry>,
}

impl Packed {
    /// The record of this package.
    pub fn record(
        &self,
        prepared: &Prepared,
        request: &ExportRequest,
        facts: &RecordFacts,
    ) -> DecisionRecord {
        let plan = &prepared.plan;
        let entries: Vec<EntryRecord> = plan
            .entries
            .iter()
            .zip(&self.entries)
            .enumerate()
            .map(|(index, (planned, packed))| EntryRecord {
                path: planned.path.clone(),
                size: packed.size,
                sha256: packed.sha256,
                rule: planned.rule.as_str().to_owned(),
                because: planned.rule.because(),
                edits: prepared.edits.get(&index).copied(),
            })
            .collect();
        // What was left out on reading differs from checkout to checkout and is no decision.
        let left_out = plan
            .left_out
            .iter()
            .filter(|item| !matches!(item.rule, ItemRule::NotRead { .. }))
            .map(|item| LeftOutRecord::of(&item.path, &item.rule))
            .collect();
        DecisionRecord {
            format: FORMAT,
            generator: facts.generator.clone(),
            package: PackageRecord {
                file: facts.file.clone(),
                size: self.size,
                sha256: self.sha256,
                content_digest: content_digest(
                    entries.iter().map(|entry| (&entry.path, &entry.sha256)),
                ),
            },
            target: TargetRecord::from(&request.destination),
            project: ProjectRecord {
                name: prepared.opened.source.name.clone(),
                origin: prepared.opened.source.origin().into(),
                commit: facts.commit.clone(),
                dirty: facts.dirty,
            },
            request: RequestRecord {
                select: SelectListing::from(&request.selection),
                words: request
                    .words
                    .iter()
                    .map(|(title, word)| (title.clone(), word.value))
                    .collect(),
            },
            catalog: request.catalogue.as_ref().map(CatalogRecord::from),
            connectors: plan.connectors.clone(),
            entries,
            left_out,
            findings: Counts::of(&plan.findings),
        }
    }
}

/// What a record says that the package itself does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFacts {
    /// The program and its version.
    pub generator: String,
    /// The package's file name.
    pub file: String,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// Whether the project differed from it.
    pub dirty: Option<bool>,
}

/// The size and SHA-256 of a file, read in pieces.
///
/// # Errors
/// If it can't be read.
pub fn digest_of_file(path: &Path) -> std::io::Result<(u64, Digest)> {
    use sha2::Digest as _;
    let mut file = std::fs::File::open(path)?;
    let mut hash = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((size, Digest::from_bytes(hash.finalize().into())));
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
}
