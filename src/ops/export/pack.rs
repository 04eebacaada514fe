//! From a plan to a package: compress, write, read back, record.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::{Range, RangeInclusive};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use super::record::{
    CatalogRecord, DecisionRecord, EntryRecord, FORMAT, LeftOutRecord, PackageRecord,
    ProjectRecord, RequestRecord, TargetRecord, content_digest,
};
use crate::archive::{
    Archive, Batch, Buffers, CompressedBatch, KeptPackage, Kind, Limits, PackageWriter,
    TemporaryFile, WriteError,
};
use crate::manifest::SelectListing;
use crate::model::catalogue::{NoCatalogue, SharedConnectors};
use crate::model::finding::{Code, Counts, Finding, Subject};
use crate::model::ident::Digest;
use crate::model::project::Content;
use crate::model::table::PackedRows;
use crate::ops::approval::Approved;
use crate::ops::export::cache::Last;
use crate::ops::export::{Bytes, ExportError, ExportRequest, Final, Prepared};
use crate::ops::{Interrupted, Observer, Running, Stage};
use crate::parallel;
use crate::plan::decision::ItemRule;
use crate::plan::export::PlannedEntry;
use crate::plan::export::rewrite::Edits;

/// More bytes than any edit adds: a reference has a path twice and a title.
const LARGEST_EDIT: u64 = 16 << 10;
/// How much is compressed before another thread may take the next entries: the more, the less often a
/// compressor is made.
const BATCH_BYTES: RangeInclusive<u64> = 256 << 10..=1 << 20;
/// How many batches there are to be at least, so that threads end at about the same time.
const BATCHES: u64 = 64;
const BATCH_ENTRIES: usize = 32;
/// From so many entries on, a thread costs less than it saves.
const MANY: usize = 1_000;

/// Consecutive entries of a package.
enum Part {
    /// They are read and compressed.
    Fresh(Range<usize>),
    /// They are copied from the last package.
    Copied(Range<usize>),
}

impl Approved<&Prepared> {
    /// Makes the package as a temporary file in `folder` and compares it with the plan.
    ///
    /// # Errors
    /// If a file changed since it was planned, the disk is full, the package is larger than
    /// `limit` bytes, or what was written is not what was planned. Nothing is left behind.
    pub fn pack(
        &self,
        folder: &Path,
        limit: u64,
        last: Option<Last<'_>>,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Packed, ExportError> {
        self.plan().pack(folder, limit, last, running, observer)
    }
}

impl Prepared {
    fn pack(
        &self,
        folder: &Path,
        limit: u64,
        last: Option<Last<'_>>,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Packed, ExportError> {
        let total = self.plan.entries.len();
        let mut reusable = last
            .map(|last| last.memory.reusable(self))
            .unwrap_or_default();
        if let Some(same) = last.and_then(|last| last.memory.same_package(&reusable, total, limit))
        {
            return Ok(same);
        }
        let mut writer = PackageWriter::create(folder, limit)?;
        let kept = last
            .filter(|_| !reusable.is_empty())
            .and_then(|last| KeptPackage::open(last.package));
        if kept.is_none() {
            reusable.clear();
        }
        let mut written = Vec::with_capacity(total);
        let parts = self.parts(&reusable);
        let buffers = Buffers::default();
        let work = |bytes: &mut Bytes<'_>, index: usize| match &parts[index] {
            Part::Fresh(entries) => self
                .compress(bytes, entries.clone(), &buffers, running)
                .map(Some),
            Part::Copied(_) => Ok(None),
        };
        parallel::in_order(
            parts.len(),
            running.threads,
            |index| match &parts[index] {
                Part::Fresh(entries) => self.memory_to_pack(entries.clone()),
                Part::Copied(_) => 0,
            },
            || Bytes::of(self),
            work,
            |index, result| {
                match (result?, &parts[index]) {
                    (Some((batch, data)), Part::Fresh(entries) | Part::Copied(entries)) => {
                        written.extend(data);
                        writer.append(&self.plan.entries[entries.end - 1].path, batch, &buffers)?;
                    }
                    (None, Part::Fresh(entries) | Part::Copied(entries)) => {
                        let (Some(kept), Some(last)) = (&kept, last) else {
                            return Ok(());
                        };
                        for (first, there) in runs(entries.clone(), &reusable) {
                            let end = first + there.len();
                            writer.keep(&self.plan.entries[end - 1].path, kept, &there)?;
                            written.extend(there.map(|at| {
                                let (size, crc32) = last.memory.entry(at).check();
                                Written { size, crc32 }
                            }));
                        }
                    }
                }
                observer.progress(Stage::Packing, written.len(), total);
                Ok::<(), ExportError>(())
            },
        )?;
        let file = writer.finish()?;
        let known: BTreeMap<usize, PackedEntry> = match last {
            Some(last) => reusable
                .iter()
                .map(|(&index, &at)| (index, last.memory.entry(at).packed()))
                .collect(),
            None => BTreeMap::new(),
        };
        self.read_back(file, &written, &known, running, observer)
    }

    /// Tells, without making the package, if it would be larger than `limit` bytes. Of what could be,
    /// so much is compressed, in `scratch`, until that is known; nothing is left behind there.
    ///
    /// # Errors
    /// If a file changed since it was planned, or the disk is full. A package that is too large is a
    /// finding.
    pub fn check_size(
        &mut self,
        scratch: &Path,
        limit: u64,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<(), ExportError> {
        if self.plan.is_refused() {
            return Ok(());
        }
        let entry = match self.outgrows(scratch, limit, running, observer) {
            Ok(()) | Err(Sizing::Fits) => return Ok(()),
            Err(Sizing::Failed(ExportError::Write(WriteError::TooLarge { entry, .. }))) => entry,
            Err(Sizing::Failed(other)) => return Err(other),
        };
        let message = format!(
            "the package is larger than {limit} bytes after `{entry}`, and would not be taken"
        );
        self.plan.findings.push(
            Finding::new(Code::PackageTooLarge, Subject::Project, message)
                .help("pack parts of it by manifests of their own, or leave large files out"),
        );
        Ok(())
    }

    fn outgrows(
        &self,
        scratch: &Path,
        limit: u64,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<(), Sizing> {
        // What the entries from each on take at most.
        let mut rest = vec![Some(0_u64)];
        for index in (0..self.plan.entries.len()).rev() {
            let last = rest[rest.len() - 1];
            rest.push(
                last.zip(self.largest(index))
                    .map(|(a, b)| a.saturating_add(b)),
            );
        }
        rest.reverse();
        let fits = |position: u64, next: usize| {
            let total = rest[next].map(|rest| rest.saturating_add(position));
            total.is_some_and(|total| total <= limit)
        };
        if fits(0, 0) {
            return Err(Sizing::Fits);
        }
        let mut writer = PackageWriter::create(scratch, limit)?;
        let parts = self.parts(&BTreeMap::new());
        let buffers = Buffers::default();
        let (mut done, mut in_directory) = (0, 0);
        parallel::in_order(
            parts.len(),
            running.threads,
            |index| {
                let (Part::Fresh(entries) | Part::Copied(entries)) = &parts[index];
                self.memory_to_pack(entries.clone())
            },
            || Bytes::of(self),
            |bytes, index| {
                let (Part::Fresh(entries) | Part::Copied(entries)) = &parts[index];
                let batch = self.compress(bytes, entries.clone(), &buffers, running);
                batch.map(|(batch, _)| (batch, entries.clone()))
            },
            |_, result: Result<_, ExportError>| {
                let (batch, entries) = result?;
                writer.append(&self.plan.entries[entries.end - 1].path, batch, &buffers)?;
                let paths = self.plan.entries[entries.clone()].iter();
                in_directory += paths.map(around).sum::<u64>();
                done = entries.end;
                observer.progress(Stage::Packing, done, self.plan.entries.len());
                match fits(writer.position() + in_directory, done) {
                    true => Err(Sizing::Fits),
                    false => Ok(()),
                }
            },
        )?;
        writer.finish()?;
        Ok(())
    }

    /// How many bytes an entry takes at most in the package, not being compressed; nothing if its
    /// size is not known.
    fn largest(&self, index: usize) -> Option<u64> {
        let entry = &self.plan.entries[index];
        let size = self.content_when_planned(entry)?.size;
        let edits = self.edits.get(&index).map_or(0, Edits::count);
        // What can't be compressed grows a little.
        let largest = size.saturating_add(size / 1000 + around(entry));
        Some(largest.saturating_add(edits.saturating_mul(LARGEST_EDIT)))
    }

    /// Consecutive entries that are compressed together: enough to be worth a thread's turn, few
    /// enough to share the work evenly. The package does not depend on it.
    /// Entries that can be copied go together too.
    fn parts(&self, reusable: &BTreeMap<usize, usize>) -> Vec<Part> {
        let entries = &self.plan.entries;
        let size = |entry| self.content_when_planned(entry).map(|content| content.size);
        let total: u64 = entries.iter().filter_map(size).sum();
        let enough = (total / BATCHES).clamp(*BATCH_BYTES.start(), *BATCH_BYTES.end());
        let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
        for (index, entry) in entries.iter().enumerate() {
            let copied = reusable.contains_key(&index);
            if !copied {
                bytes += size(entry).unwrap_or_default();
            }
            let last = index + 1 == entries.len() || reusable.contains_key(&(index + 1)) != copied;
            let full = bytes >= enough || !copied && index + 1 - start >= BATCH_ENTRIES;
            if last || full {
                let part = start..index + 1;
                parts.push(if copied {
                    Part::Copied(part)
                } else {
                    Part::Fresh(part)
                });
                (start, bytes) = (index + 1, 0);
            }
        }
        parts
    }

    /// How much memory it takes to compress these, at most, with what comes of it.
    fn memory_to_pack(&self, entries: Range<usize>) -> u64 {
        let (mut all, mut largest) = (0, 0);
        for entry in &self.plan.entries[entries] {
            let size = self.content_when_planned(entry).map_or(0, |it| it.size);
            all += size;
            largest = largest.max(self.memory_to_make(entry));
        }
        all + largest
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

    /// Reads the package back: as a whole for its digest, and beside that through the strict reader.
    fn read_back(
        &self,
        file: TemporaryFile,
        expected: &[Written],
        known: &BTreeMap<usize, PackedEntry>,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Packed, ExportError> {
        let digest = || digest_of_file(file.path());
        let (entries, digest) = thread::scope(|scope| {
            let beside = (expected.len() >= MANY && running.threads.get() > 1)
                .then(|| thread::Builder::new().spawn_scoped(scope, digest).ok())
                .flatten();
            let entries = self.compare_with_plan(&file, expected, known, running, observer);
            let digest = beside.map_or_else(digest, |beside| {
                beside.join().unwrap_or_else(|panic| resume_unwind(panic))
            });
            (entries, digest)
        });
        let entries = entries?;
        let (size, sha256) = digest.map_err(|source| WriteError::Io {
            path: file.path().to_owned(),
            source,
        })?;
        let checksums = expected.iter().map(|written| written.crc32).collect();
        Ok(Packed {
            file: PackedFile::New(file),
            size,
            sha256,
            entries,
            checksums,
        })
    }

    /// Compares a package with the plan: its entries, with the data that was compressed, and nothing
    /// else. Gives their digests; those that are known were compared when they were first packed.
    fn compare_with_plan(
        &self,
        file: &TemporaryFile,
        expected: &[Written],
        known: &BTreeMap<usize, PackedEntry>,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Vec<PackedEntry>, ExportError> {
        let failed = |source| ExportError::ReadBack(Box::new(source));
        let archive = Archive::open(file.path(), &Limits::NONE).map_err(failed)?;
        let (planned, written) = (&self.plan.entries, archive.entries());
        let matches = |index: usize| {
            let entry = &written[index];
            let found = Written {
                size: entry.size(),
                crc32: entry.crc32(),
            };
            let same = expected.get(index) == Some(&found);
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
        let unknown: Vec<usize> = (0..total)
            .filter(|index| !known.contains_key(index))
            .collect();
        let mut fresh = BTreeMap::new();
        let work = |(reader, buffer): &mut (_, Vec<u8>), at: usize| {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            let reader: &mut crate::archive::Reader<'_> = reader;
            // This compares the data with the CRC-32 that was compared above.
            reader.read(&written[unknown[at]], buffer).map_err(failed)?;
            Ok(PackedEntry::of(buffer))
        };
        parallel::in_order(
            unknown.len(),
            running.threads,
            |at| written[unknown[at]].size(),
            || (archive.reader(), Vec::new()),
            work,
            |at, entry: Result<PackedEntry, ExportError>| {
                observer.progress(Stage::Verifying, at + 1, unknown.len());
                fresh.insert(unknown[at], entry?);
                Ok::<(), ExportError>(())
            },
        )?;
        let entries = (0..total).filter_map(|index| known.get(&index).or(fresh.get(&index)));
        Ok(entries.copied().collect())
    }
}

/// How looking for the size of a package ends before all of it is compressed.
enum Sizing {
    /// Whatever comes, it fits.
    Fits,
    Failed(ExportError),
}

impl From<ExportError> for Sizing {
    fn from(error: ExportError) -> Self {
        Self::Failed(error)
    }
}

impl From<WriteError> for Sizing {
    fn from(error: WriteError) -> Self {
        Self::Failed(error.into())
    }
}

/// How many bytes an entry takes at most beside its data: its path stands in two headers.
fn around(entry: &PlannedEntry) -> u64 {
    2 * entry.path.as_str().len() as u64 + 256
}

/// Entries that can be copied, as runs that lie together in the last package: the first of each, and the
/// numbers that they have there.
fn runs(entries: Range<usize>, reusable: &BTreeMap<usize, usize>) -> Vec<(usize, Range<usize>)> {
    let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
    for (&index, &at) in reusable.range(entries) {
        match runs.last_mut() {
            Some((first, there)) if there.end == at && *first + there.len() == index => {
                there.end += 1;
            }
            Some(_) | None => runs.push((index, at..at + 1)),
        }
    }
    runs
}

/// By what an entry's data is known from planning to reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Written {
    size: u64,
    crc32: u32,
}

impl Written {
    pub(in crate::ops) fn of(data: &[u8]) -> Self {
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
    pub(in crate::ops) fn of(data: &[u8]) -> Self {
        Self {
            size: data.len() as u64,
            sha256: Digest::of(data),
        }
    }
}

/// Where the bytes of a package are.
#[derive(Debug)]
pub enum PackedFile {
    /// In a new file that has no name yet.
    New(TemporaryFile),
    /// In the last package, which is the same.
    Last,
}

impl PackedFile {
    /// Gives a new file its name, in place of what had it. The last package has its name.
    ///
    /// # Errors
    /// If it can't be renamed.
    pub fn persist(self, path: &Path) -> Result<(), WriteError> {
        match self {
            Self::New(file) => file.persist(path),
            Self::Last => Ok(()),
        }
    }
}

/// A package that was made and compared with its plan, and has no name yet.
#[derive(Debug)]
pub struct Packed {
    /// The file.
    pub file: PackedFile,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Its entries, in the order of the plan's.
    pub entries: Vec<PackedEntry>,
    /// The CRC-32 of each.
    pub checksums: Vec<u32>,
}

impl Packed {
    /// The record of this package.
    pub fn record(
        &self,
        prepared: &Prepared,
        request: &ExportRequest,
        facts: &RecordFacts,
    ) -> DecisionRecord {
        let entries = prepared.entry_records(&self.entries);
        let package = PackageRecord {
            file: facts.file.clone(),
            size: self.size,
            sha256: self.sha256,
            content_digest: content_digest(
                entries.iter().map(|entry| (&entry.path, &entry.sha256)),
            ),
        };
        prepared.record(request, facts, package, entries)
    }
}

impl Prepared {
    /// The records of the plan's entries, which have these sizes and digests.
    pub(in crate::ops) fn entry_records(&self, packed: &[PackedEntry]) -> Vec<EntryRecord> {
        let planned = self.plan.entries.iter().zip(packed).enumerate();
        planned
            .map(|(index, (planned, packed))| EntryRecord {
                path: planned.path.clone(),
                size: packed.size,
                sha256: packed.sha256,
                rule: planned.rule.as_str().into(),
                because: planned.rule.because(),
                edits: self.edits.get(&index).copied(),
            })
            .collect()
    }

    /// The record of a package that is made of this.
    pub(in crate::ops) fn record(
        &self,
        request: &ExportRequest,
        facts: &RecordFacts,
        package: PackageRecord,
        entries: Vec<EntryRecord>,
    ) -> DecisionRecord {
        let plan = &self.plan;
        // What was left out on reading differs from checkout to checkout and is no decision.
        let left_out = plan
            .left_out
            .iter()
            .filter(|item| !matches!(item.rule, ItemRule::NotRead { .. }))
            .map(|item| LeftOutRecord::of(&item.path, &item.rule))
            .collect();
        let mut codes = BTreeMap::new();
        for finding in &plan.findings {
            *codes.entry(finding.code).or_default() += finding.more().unwrap_or(1);
        }
        DecisionRecord {
            format: FORMAT,
            generator: facts.generator.clone(),
            package,
            target: TargetRecord::from(&request.destination),
            project: ProjectRecord {
                name: self.opened.source.name.clone(),
                origin: self.opened.source.origin().into(),
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
                catalog: match &request.shared {
                    SharedConnectors::None => Some(NoCatalogue::None),
                    SharedConnectors::Unknown | SharedConnectors::Listed(_) => None,
                },
                rows: (request.rows != PackedRows::Keep).then_some(request.rows),
                checks: request.checks.levels.clone(),
                naming: request
                    .checks
                    .naming
                    .iter()
                    .map(|(kind, pattern)| (kind.clone(), pattern.value.to_string()))
                    .collect(),
            },
            catalog: request.shared.catalogue().map(CatalogRecord::from),
            connectors: plan.connectors.clone(),
            entries,
            left_out,
            findings: Counts::of(&plan.findings),
            finding_codes: Some(codes),
            allowed: self.allowed.iter().cloned().collect(),
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
