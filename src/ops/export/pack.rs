//! From a plan to a package: compress, write, read back, record.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use super::record::{
    CatalogRecord, DecisionRecord, EntryRecord, FORMAT, LeftOutRecord, PackageRecord,
    ProjectRecord, RequestRecord, TargetRecord, content_digest,
};
use crate::archive::{
    Archive, Batch, Buffers, CompressedBatch, Kind, Limits, PackageWriter, Previous, TemporaryFile,
    WriteError,
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
use crate::plan::export::rewrite::Edits;

/// More bytes than any edit adds: a reference has a path twice and a title.
const LARGEST_EDIT: u64 = 16 << 10;
/// How much is compressed before another thread may take the next entries.
const BATCH_BYTES: u64 = 256 << 10;
const BATCH_ENTRIES: usize = 32;

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
        let reusable = last
            .map(|last| last.memory.reusable(self))
            .unwrap_or_default();
        if let Some(same) = last.and_then(|last| last.memory.same_package(&reusable, total, limit))
        {
            return Ok(same);
        }
        let mut writer = PackageWriter::create(folder, limit)?;
        let mut previous = match last.filter(|_| !reusable.is_empty()) {
            Some(last) => Some(Previous::open(last.package)?),
            None => None,
        };
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
                        for index in entries.clone() {
                            if let (Some(previous), Some(last), Some(&at)) =
                                (&mut previous, last, reusable.get(&index))
                            {
                                writer.copy(&self.plan.entries[index].path, previous, at)?;
                                let (size, crc32) = last.memory.entry(at).check();
                                written.push(Written { size, crc32 });
                            }
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

    /// Tells, without making the package, if it would be larger than `limit` bytes. Only what could
    /// be is compressed to know, in `scratch`, where nothing is left behind.
    ///
    /// # Errors
    /// Like those of [`Approved::pack`], except that a package that is too large is a finding.
    pub fn check_size(
        &mut self,
        scratch: &Path,
        limit: u64,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<(), ExportError> {
        let surely_fits = self.largest().is_some_and(|largest| largest <= limit);
        if surely_fits || self.plan.is_refused() {
            return Ok(());
        }
        match self.pack(scratch, limit, None, running, observer) {
            Ok(_) => Ok(()),
            Err(ExportError::Write(WriteError::TooLarge { limit, entry })) => {
                let message = format!(
                    "the package is larger than {limit} bytes after `{entry}`, and would not be taken"
                );
                self.plan.findings.push(
                    Finding::new(Code::PackageTooLarge, Subject::Project, message).help(
                        "pack parts of it by manifests of their own, or leave large files out",
                    ),
                );
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    /// How many bytes the package has at most, nothing being compressed; nothing if the size of an
    /// entry is not known.
    fn largest(&self) -> Option<u64> {
        let mut largest = 0_u64;
        for (index, entry) in self.plan.entries.iter().enumerate() {
            let size = self.content_when_planned(entry)?.size;
            // What can't be compressed grows a little; a path stands in two headers.
            let around = size / 1000 + 2 * entry.path.as_str().len() as u64 + 256;
            let edits = self.edits.get(&index).map_or(0, Edits::count);
            largest = largest
                .saturating_add(size + around)
                .saturating_add(edits.saturating_mul(LARGEST_EDIT));
        }
        Some(largest)
    }

    /// Consecutive entries that are compressed together: enough to be worth a thread's turn, few
    /// enough to share the work evenly. The package does not depend on it.
    /// Entries that can be copied go together too.
    fn parts(&self, reusable: &BTreeMap<usize, usize>) -> Vec<Part> {
        let entries = &self.plan.entries;
        let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
        for (index, entry) in entries.iter().enumerate() {
            let copied = reusable.contains_key(&index);
            if !copied {
                bytes += self
                    .content_when_planned(entry)
                    .map_or(0, |content| content.size);
            }
            let last = index + 1 == entries.len() || reusable.contains_key(&(index + 1)) != copied;
            let full = bytes >= BATCH_BYTES || !copied && index + 1 - start >= BATCH_ENTRIES;
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

    /// Reads the package back through the strict reader: the plan's entries, with the data that was
    /// compressed, and nothing else.
    fn read_back(
        &self,
        file: TemporaryFile,
        expected: &[Written],
        known: &BTreeMap<usize, PackedEntry>,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<Packed, ExportError> {
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
        let mut entries = Vec::with_capacity(total);
        let work = |(reader, buffer): &mut (_, Vec<u8>), index: usize| {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            if let Some(known) = known.get(&index) {
                return Ok(*known);
            }
            let reader: &mut crate::archive::Reader<'_> = reader;
            // This compares the data with the CRC-32 that was compared above.
            reader.read(&written[index], buffer).map_err(failed)?;
            Ok(PackedEntry::of(buffer))
        };
        parallel::in_order(
            total,
            running.threads,
            |index| match known.contains_key(&index) {
                true => 0,
                false => written[index].size(),
            },
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
        let checksums = expected.iter().map(|written| written.crc32).collect();
        Ok(Packed {
            file: PackedFile::New(file),
            size,
            sha256,
            entries,
            checksums,
        })
    }
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
