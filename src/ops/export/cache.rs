//! What the last export of a project is remembered by, so that the next one reads and compresses
//! only what changed. The package is the same as without it.
//!
//! A file counts as unchanged if the file system says so ([`FileStat`]); one that changed within the
//! clock's grain before the last export began is read again. An entry is copied from the last
//! package if its file is unchanged, the rewriting is the same, and that package is still the very
//! file that was handed over. A memory ends with the digest of all that stands before it; one that
//! was damaged on the disk is no memory.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use postcard::ser_flavors::Flavor;
use serde::de::DeserializeOwned;
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use thin_vec::ThinVec;

use super::last::HandedOverFiles;
use super::pack::{Packed, PackedEntry, PackedFile};
use crate::model::defect::Defect;
use crate::model::facts::Facts;
use crate::model::file_stat::FileStat;
use crate::model::git::BlobId;
use crate::model::ident::Digest;
use crate::model::path::PackagePath;
use crate::model::project::Content;
use crate::model::secret::Sighting;
use crate::ops::export::Prepared;
use crate::ops::read::{KnownFiles, Unchanged};
use crate::plan::export::rewrite::{Edits, Rewrite};
use crate::plan::export::{EntrySource, Fidelity};

/// Changes this close before an export began may not show in a stamp, in nanoseconds.
const GRAIN: i64 = 2_000_000_000;

/// Whether a file changed so long before an export began that another change would show in its stamp.
pub(super) fn is_settled(stamp: FileStat, began: i64) -> bool {
    stamp.changed.max(stamp.modified) < began.saturating_sub(GRAIN)
}

/// What is remembered.
#[derive(Debug, Deserialize)]
pub struct ExportCache {
    /// The program that remembers; another version forgets.
    generator: String,
    /// When the export began, in nanoseconds since 1970.
    began: i64,
    /// The files that were handed over.
    handed_over: HandedOverFiles,
    /// SHA-256 of that package.
    sha256: Digest,
    /// The digest of the changes to assets.
    rewrite: Digest,
    /// The project's files, in the order of their paths.
    files: Vec<KnownFile>,
    /// The package's entries, in their order.
    entries: Vec<KnownEntry>,
}

#[derive(Debug, Deserialize)]
struct KnownFile {
    path: PackagePath,
    stamp: FileStat,
    size: u64,
    crc32: u32,
    blob: Option<BlobId>,
    facts: Option<Arc<Facts>>,
    secrets: ThinVec<Sighting>,
    defect: Option<Defect>,
}

/// An entry of the last package.
#[derive(Debug, Serialize, Deserialize)]
pub struct KnownEntry {
    path: PackagePath,
    size: u64,
    crc32: u32,
    sha256: Digest,
    /// What was changed in it, and where a name was left; absent if it was packed as it was.
    rewritten: Option<(EditCounts, Vec<u32>)>,
}

/// A [`ExportCache`] as it is written: with the same parts in the same order, none of them copied.
#[derive(Debug, Serialize)]
struct WrittenMemory<'a, F, E> {
    generator: &'a str,
    began: i64,
    handed_over: HandedOverFiles,
    sha256: Digest,
    rewrite: Digest,
    files: F,
    entries: E,
}

/// So many parts, each of which is made when it is written; what can't be made ends the writing.
struct Sequence<F>(usize, F);

impl<T: Serialize, F: Fn(usize) -> Option<T>> Serialize for Sequence<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0))?;
        for index in 0..self.0 {
            let part = (self.1)(index);
            let part = part.ok_or_else(|| S::Error::custom("a part is not known"))?;
            sequence.serialize_element(&part)?;
        }
        sequence.end()
    }
}

#[derive(Debug, Serialize)]
struct WrittenFile<'a> {
    path: &'a PackagePath,
    stamp: FileStat,
    size: u64,
    crc32: u32,
    blob: Option<BlobId>,
    facts: Option<&'a Facts>,
    secrets: &'a [Sighting],
    defect: Option<Defect>,
}

/// [`Edits`] without names: the memory is no document.
type EditCounts = [u32; 6];

impl KnownEntry {
    /// Its size in bytes and CRC-32.
    pub fn check(&self) -> (u64, u32) {
        (self.size, self.crc32)
    }

    /// Its size and digest.
    pub fn packed(&self) -> PackedEntry {
        PackedEntry {
            size: self.size,
            sha256: self.sha256,
        }
    }

    /// What was changed in it, and where a name was left.
    pub fn rewritten(&self) -> Option<(Edits, &[u32])> {
        let ([removed, added, name, reference, renamed, rows], left) = self.rewritten.as_ref()?;
        let edits = Edits {
            custom_removed: *removed,
            custom_added: *added,
            provider_to_name: *name,
            provider_to_reference: *reference,
            renamed: *renamed,
            rows_removed: *rows,
        };
        Some((edits, left))
    }
}

/// The digest of the changes to assets: entries are rewritten equally if it is equal.
pub fn digest_of(rewrite: &Rewrite) -> Digest {
    Digest::of(format!("{rewrite:?}").as_bytes())
}

/// What makes a memory of an export.
#[derive(Debug)]
pub struct Remembered<'a> {
    /// The program and its version.
    pub generator: &'a str,
    /// When the export began, in nanoseconds since 1970.
    pub began: i64,
    /// The files that were handed over.
    pub handed_over: HandedOverFiles,
    /// SHA-256 of the package.
    pub sha256: Digest,
    /// Its entries.
    pub entries: &'a [PackedEntry],
    /// The CRC-32 of each.
    pub checksums: &'a [u32],
}

/// Writes a memory's bytes and their digest behind them.
pub(super) fn seal(memory: &impl Serialize, to: impl Write) -> io::Result<()> {
    let (digest, mut to) = digested(memory, to)?;
    to.write_all(digest.as_bytes())?;
    to.flush()
}

/// What stands in a memory, if it is whole.
pub(super) fn opened<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (body, digest) = bytes.split_last_chunk()?;
    if Digest::of(body) != Digest::from_bytes(*digest) {
        return None;
    }
    postcard::from_bytes(body).ok()
}

/// Writes a value's bytes and gives their digest.
fn digested<W: Write>(value: &impl Serialize, to: W) -> io::Result<(Digest, W)> {
    let digesting = Digesting {
        digest: Sha256::new(),
        to,
    };
    let written = Buffered(BufWriter::with_capacity(1 << 16, digesting));
    let written = postcard::serialize_with_flavor(value, written).map_err(io::Error::other)?;
    let Digesting { digest, to } = written
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    Ok((Digest::from_bytes(digest.finalize().into()), to))
}

/// Passes bytes on, and knows their digest.
struct Digesting<W: Write> {
    digest: Sha256,
    to: W,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// What a memory's bytes are collected in, as they come in small pieces.
struct Buffered<W: Write>(BufWriter<Digesting<W>>);

impl<W: Write> Flavor for Buffered<W> {
    type Output = BufWriter<Digesting<W>>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let written = self.0.write_all(bytes);
        written.map_err(|_| postcard::Error::SerializeBufferFull)
    }

    fn finalize(self) -> postcard::Result<Self::Output> {
        Ok(self.0)
    }
}

impl KnownFiles for ExportCache {
    fn file(&self, path: &PackagePath, stamp: Option<FileStat>) -> Option<Unchanged<'_>> {
        let at = self
            .files
            .binary_search_by(|known| known.path.cmp(path))
            .ok()?;
        let known = &self.files[at];
        let content = Content {
            size: known.size,
            crc32: known.crc32,
            digest: None,
        };
        let is_known = is_settled(known.stamp, self.began) && stamp == Some(known.stamp);
        is_known.then_some(Unchanged {
            content,
            blob: known.blob,
            facts: known.facts.as_ref(),
            secrets: &known.secrets,
            defect: known.defect,
        })
    }
}

impl ExportCache {
    /// Writes down what is to be remembered of an export; nothing of projects that are no folder.
    ///
    /// # Errors
    /// If `to` can't be written to, or there is nothing to remember.
    pub fn write(
        prepared: &Prepared,
        remembered: &Remembered<'_>,
        to: impl Write,
    ) -> io::Result<()> {
        let project = &prepared.opened.project;
        let mut facts: Vec<Option<&Facts>> = vec![None; project.files.len()];
        for asset in &project.assets {
            for &file in &asset.files {
                if project.files[file].path == asset.path {
                    facts[file] = Some(&asset.facts);
                }
            }
        }
        let file = |index: usize| {
            let file = &project.files[index];
            let content = file.content?;
            Some(WrittenFile {
                path: &file.path,
                stamp: prepared.opened.source.stamp(file.source)?,
                size: content.size,
                crc32: content.crc32,
                blob: *prepared.opened.blobs.get(index)?,
                facts: facts[index],
                secrets: &file.secrets,
                defect: file.defect,
            })
        };
        let planned = &prepared.plan.entries;
        let entry = |index: usize| {
            let packed = remembered.entries.get(index)?;
            let left = prepared.left.get(&index).cloned().unwrap_or_default();
            let edits = prepared.edits.get(&index).copied().unwrap_or_default();
            Some(KnownEntry {
                path: planned[index].path.clone(),
                size: packed.size,
                crc32: *remembered.checksums.get(index)?,
                sha256: packed.sha256,
                rewritten: (planned[index].fidelity == Fidelity::Rewritten)
                    .then(|| (edits.counts(), left)),
            })
        };
        let memory = WrittenMemory {
            generator: remembered.generator,
            began: remembered.began,
            handed_over: remembered.handed_over,
            sha256: remembered.sha256,
            rewrite: digest_of(&prepared.plan.rewrite),
            files: Sequence(project.files.len(), file),
            entries: Sequence(planned.len(), entry),
        };
        seal(&memory, to)
    }

    /// Reads a memory; nothing if it was not written by this program, is not whole, or its package is
    /// not `package`.
    pub fn parse(bytes: &[u8], generator: &str, package: FileStat) -> Option<Self> {
        let memory: Self = opened(bytes)?;
        (memory.generator == generator && memory.handed_over.package == package).then_some(memory)
    }

    /// The last package, if all of its `total` entries are to be copied and no others come in.
    pub fn same_package(
        &self,
        reusable: &BTreeMap<usize, usize>,
        total: usize,
        limit: u64,
    ) -> Option<Packed> {
        let all = reusable.len() == total
            && self.entries.len() == total
            && self.handed_over.package.size <= limit;
        all.then(|| Packed {
            file: PackedFile::Last,
            size: self.handed_over.package.size,
            sha256: self.sha256,
            entries: self.entries.iter().map(KnownEntry::packed).collect(),
            checksums: self.entries.iter().map(|entry| entry.crc32).collect(),
        })
    }

    /// For each planned entry that can be copied from the last package, its number there.
    pub fn reusable(&self, prepared: &Prepared) -> BTreeMap<usize, usize> {
        let same_rewrite = self.rewrite == digest_of(&prepared.plan.rewrite);
        let mut reusable = BTreeMap::new();
        for (index, planned) in prepared.plan.entries.iter().enumerate() {
            let EntrySource::Project(file) = planned.source else {
                continue;
            };
            let Ok(at) = self
                .entries
                .binary_search_by(|known| known.path.cmp(&planned.path))
            else {
                continue;
            };
            let unchanged = prepared
                .opened
                .unchanged
                .get(file)
                .copied()
                .unwrap_or(false);
            let same_form = match (planned.fidelity, &self.entries[at].rewritten) {
                (Fidelity::Verbatim, None) => true,
                (Fidelity::Rewritten, Some(_)) => same_rewrite,
                (Fidelity::Verbatim, Some(_)) | (Fidelity::Rewritten, None) => false,
            };
            if unchanged && same_form {
                reusable.insert(index, at);
            }
        }
        reusable
    }

    /// The files that were handed over.
    pub const fn handed_over(&self) -> HandedOverFiles {
        self.handed_over
    }

    /// An entry of the last package.
    pub fn entry(&self, at: usize) -> &KnownEntry {
        &self.entries[at]
    }
}

/// The last export of a project: what is remembered of it, and its package.
#[derive(Clone, Copy, Debug)]
pub struct Last<'a> {
    /// What is remembered.
    pub memory: &'a ExportCache,
    /// Where its package lies.
    pub package: &'a Path,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = "recipack, test";
    const PACKAGE: FileStat = FileStat {
        size: 4_711,
        modified: 1_700_000_000_000_000_000,
        changed: 1_700_000_000_000_000_001,
        inode: 7,
        device: 3,
    };
    const HANDED_OVER: HandedOverFiles = HandedOverFiles {
        package: PACKAGE,
        record: PACKAGE,
    };

    fn written() -> Vec<u8> {
        let paths: Vec<PackagePath> = (0..40)
            .map(|number| {
                format!("Orders/r{number:02}.recipe.json")
                    .parse()
                    .expect("a path")
            })
            .collect();
        let facts = Facts::default();
        let files = paths.iter().zip(1..).map(|(path, size)| WrittenFile {
            path,
            stamp: PACKAGE,
            size,
            crc32: 0x1234_5678,
            facts: Some(&facts),
            secrets: &[],
            defect: None,
            blob: None,
        });
        let entries = paths.iter().zip(1..).map(|(path, size)| KnownEntry {
            path: path.clone(),
            size,
            crc32: 0x1234_5678,
            sha256: Digest::of(path.as_str().as_bytes()),
            rewritten: (size % 3 == 0).then(|| ([1, 0, 2, 0, 3, 0], vec![17])),
        });
        let memory = WrittenMemory {
            generator: PROGRAM,
            began: 1_700_000_000_000_000_000,
            handed_over: HANDED_OVER,
            sha256: Digest::of(b"package"),
            rewrite: Digest::of(b"rewrite"),
            files: files.collect::<Vec<_>>(),
            entries: entries.collect::<Vec<_>>(),
        };
        let mut bytes = Vec::new();
        seal(&memory, &mut bytes).expect("written");
        bytes
    }

    /// Numbers that look random and are the same in every run (splitmix64).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut number = self.0;
            number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((number ^ (number >> 31)) % end as u64) as usize
        }

        /// `bytes` with one kind of damage that disks, copies and hands do.
        fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
            let mut damaged = bytes.to_vec();
            let at = self.below(bytes.len());
            let end = at + self.below(bytes.len() - at) + 1;
            match self.below(7) {
                0 | 1 => damaged[at] ^= 1 << self.below(8),
                2 => damaged[at..end].fill(0),
                3 => damaged.truncate(at),
                4 => drop(damaged.drain(at..end)),
                5 => damaged.extend_from_slice(&bytes[at..end]),
                _ => {
                    let other = self.below(bytes.len());
                    damaged.swap(at, other);
                }
            }
            damaged
        }
    }

    #[test]
    fn a_damaged_memory_is_no_memory() {
        let bytes = written();
        assert!(ExportCache::parse(&bytes, PROGRAM, PACKAGE).is_some());
        let mut numbers = Numbers(20_231_114);
        let mut tried = 0;
        while tried < 100_000 {
            let damaged = numbers.damaged(&bytes);
            if damaged == bytes {
                continue;
            }
            assert!(
                ExportCache::parse(&damaged, PROGRAM, PACKAGE).is_none(),
                "damage {tried} was not seen"
            );
            tried += 1;
        }
    }

    #[test]
    fn a_memory_of_another_program_or_package_is_none() {
        let bytes = written();
        assert!(ExportCache::parse(&bytes, "recipack, other", PACKAGE).is_none());
        let later = FileStat {
            changed: PACKAGE.changed + 1,
            ..PACKAGE
        };
        assert!(ExportCache::parse(&bytes, PROGRAM, later).is_none());
        assert!(ExportCache::parse(b"", PROGRAM, PACKAGE).is_none());
        assert!(ExportCache::parse(Digest::of(b"").as_bytes(), PROGRAM, PACKAGE).is_none());
    }

    /// A clock ticks coarsely: what was written right before an export began may have been written
    /// again right after it was read, and its stamp would not tell.
    #[test]
    fn what_changed_right_before_an_export_is_read_again() {
        const BEGAN: i64 = 1_700_000_000_000_000_000;
        let path: PackagePath = "Orders/r.recipe.json".parse().expect("a path");
        let is_known = |modified: i64, changed: i64| {
            let stamp = FileStat {
                modified,
                changed,
                ..PACKAGE
            };
            let memory = ExportCache {
                generator: PROGRAM.to_owned(),
                began: BEGAN,
                handed_over: HANDED_OVER,
                sha256: Digest::of(b"package"),
                rewrite: Digest::of(b"rewrite"),
                files: vec![KnownFile {
                    path: path.clone(),
                    stamp,
                    size: 1,
                    crc32: 0,
                    blob: None,
                    facts: None,
                    secrets: ThinVec::new(),
                    defect: None,
                }],
                entries: Vec::new(),
            };
            memory.file(&path, Some(stamp)).is_some()
        };
        let (old, settled) = (BEGAN - 10 * GRAIN, BEGAN - GRAIN - 1);
        assert!(is_known(settled, settled));
        for recent in [BEGAN - GRAIN, BEGAN - 1_000_000_000, BEGAN - 1, BEGAN] {
            assert!(!is_known(recent, old), "modified {recent}");
            assert!(!is_known(old, recent), "changed {recent}");
        }
    }
}
