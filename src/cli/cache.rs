//! Where the memory of the last export lies: in the user's cache folder, two files a package: what is
//! known of the project's files, and what the export came to.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::archive::ENCODING;
use crate::io::atomic::{make_private_folder, write_replaceable};
use crate::io::system::HOME;
use crate::model::file_stat::FileStat;
use crate::model::ident::Digest;
use crate::ops::export::Prepared;
use crate::ops::export::cache::{ExportCache, Remembered};
use crate::ops::export::last::{Basis, HandedOverFiles, LastExport};
use crate::ops::export::pack::PackedEntry;
use crate::ops::export::record::record_path;
use crate::source::folder::stamp;

/// Packages of fewer entries are made faster than a memory is read.
pub(crate) const WORTH_IT: usize = 1000;
/// Memories of packages that nobody made for this long are forgotten.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The memory of one package.
#[derive(Debug)]
pub(crate) struct Cache {
    file: Option<PathBuf>,
    began: i64,
}

/// The program that remembers.
pub(crate) fn generator() -> String {
    format!("recipack {}", env!("CARGO_PKG_VERSION"))
}

/// What a memory is good for: this very program, making entries as it does now. Two builds of one
/// version may read files differently, so the program's own file counts too; if it can't be looked at,
/// nothing is remembered.
fn maker() -> Option<String> {
    let program = std::env::current_exe().ok()?;
    let FileStat { size, modified, .. } = stamp(&std::fs::metadata(program).ok()?)?;
    Some(format!(
        "{}, {size} {modified}, memory 7, {ENCODING}",
        generator()
    ))
}

/// The folder that memories lie in, if it is known where.
pub(crate) fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute(HOME)?.join(".cache")))?;
    Some(caches.join("recipack"))
}

fn stamp_of(package: &Path) -> Option<FileStat> {
    std::fs::symlink_metadata(package)
        .ok()
        .filter(std::fs::Metadata::is_file)
        .and_then(|metadata| stamp(&metadata))
}

/// The package and its record, as the file system has them.
fn handed_over(output: &Path) -> Option<HandedOverFiles> {
    Some(HandedOverFiles {
        package: stamp_of(output)?,
        record: stamp_of(&record_path(output))?,
    })
}

impl Cache {
    /// The memory of the package that will lie at `output`.
    pub(crate) fn of(output: &Path) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let name = output.file_name().unwrap_or_default();
        let place = match output.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
            Some(_) | None => Path::new(".").canonicalize(),
        };
        let file = folder().zip(place.ok()).map(|(folder, place)| {
            let key = Digest::of(place.join(name).as_os_str().as_encoded_bytes());
            folder.join(format!("{key}.memory"))
        });
        Self {
            file,
            began: i64::try_from(now.as_nanos()).unwrap_or(i64::MAX),
        }
    }

    /// No memory at all.
    pub(crate) const fn none() -> Self {
        Self {
            file: None,
            began: 0,
        }
    }

    /// What is remembered, if the package still is the one that was handed over.
    pub(crate) fn load(&self, output: &Path) -> Option<ExportCache> {
        let package = stamp_of(output)?;
        ExportCache::parse(
            &std::fs::read(self.file.as_ref()?).ok()?,
            &maker()?,
            package,
        )
    }

    /// Whether the record beside the package is the one that was handed over with it.
    pub(crate) fn has_its_record(memory: &ExportCache, output: &Path) -> bool {
        stamp_of(&record_path(output)) == Some(memory.handed_over().record)
    }

    /// What the last export came to, if it was made of the same, and its files still are those that were
    /// handed over.
    pub(crate) fn last(&self, output: &Path, basis: Basis) -> Option<LastExport> {
        let bytes = std::fs::read(self.of_last()?).ok()?;
        LastExport::parse(&bytes, &maker()?, basis, handed_over(output)?)
    }

    /// Remembers what an export came to.
    pub(crate) fn keep_last(&self, output: &Path, basis: Basis, last: &LastExport) {
        let (Some(file), Some(generator), Some(files)) =
            (self.of_last(), maker(), handed_over(output))
        else {
            return;
        };
        if file
            .parent()
            .is_some_and(|folder| make_private_folder(folder).is_ok())
        {
            let _ = write_replaceable(&file, |file| last.write(&generator, basis, files, file));
        }
    }

    fn of_last(&self) -> Option<PathBuf> {
        Some(self.file.as_ref()?.with_extension("last"))
    }

    /// When the export began, in nanoseconds since 1970.
    pub(crate) const fn began(&self) -> i64 {
        self.began
    }

    /// Remembers an export. A cache that can't be written to is no reason to fail.
    pub(crate) fn save(&self, prepared: &Prepared, output: &Path, handed: &HandedOver) {
        let HandedOver {
            sha256,
            entries,
            checksums,
        } = handed;
        let Some(file) = self.file.as_ref().filter(|_| entries.len() >= WORTH_IT) else {
            return;
        };
        let (Some(generator), Some(files), Some(folder)) =
            (maker(), handed_over(output), file.parent())
        else {
            return;
        };
        let remembered = Remembered {
            generator: &generator,
            began: self.began,
            handed_over: files,
            sha256: *sha256,
            entries,
            checksums,
        };
        if make_private_folder(folder).is_ok() {
            forget_old(folder);
            // Names of files are nobody else's business: temporary files are private.
            let _ = write_replaceable(file, |file| ExportCache::write(prepared, &remembered, file));
        }
    }
}

/// What a package that was handed over is remembered by.
#[derive(Debug)]
pub(crate) struct HandedOver {
    pub(crate) sha256: Digest,
    pub(crate) entries: Vec<PackedEntry>,
    pub(crate) checksums: Vec<u32>,
}

fn forget_old(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
