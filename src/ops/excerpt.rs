//! Packages made of some files of others, as these have them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::archive::{Archive, ArchiveError, Kind, Limits, PackageWriter, Previous, WriteError};
use crate::model::path::PackagePath;

/// No package could be made.
#[derive(Debug, thiserror::Error)]
pub enum ExcerptError {
    /// One of the others can't be read.
    #[error(transparent)]
    Read(#[from] ArchiveError),
    /// One of the others can't be read, or the new one not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A package does not hold a file.
    #[error("{} does not hold {file}", package.display())]
    Lacks {
        /// The package.
        package: PathBuf,
        /// The file.
        file: PackagePath,
    },
}

/// Makes a package of files of others: of a file that several have, that of the first one counts.
///
/// # Errors
/// If one can't be read or lacks a file, or the new one can't be written.
pub fn excerpt(
    sources: &[(PathBuf, BTreeSet<PackagePath>)],
    to: &Path,
) -> Result<(), ExcerptError> {
    let mut places: BTreeMap<PackagePath, (usize, usize)> = BTreeMap::new();
    let mut opened = Vec::new();
    for (source, (package, wanted)) in sources.iter().enumerate() {
        let archive = Archive::open(package, &Limits::default())?;
        let entries = archive.entries().iter().enumerate();
        let files = entries.filter(|(_, entry)| entry.kind() == Kind::File);
        let there: BTreeMap<_, _> = files
            .map(|(number, entry)| (entry.path().clone(), number))
            .collect();
        for file in wanted {
            let number = there.get(file).ok_or_else(|| ExcerptError::Lacks {
                package: package.clone(),
                file: file.clone(),
            })?;
            places.entry(file.clone()).or_insert((source, *number));
        }
        opened.push(Previous::open(package)?);
    }
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut writer = PackageWriter::create(folder, u64::MAX)?;
    for (file, (source, number)) in &places {
        writer.copy(file, &mut opened[*source], *number)?;
    }
    writer.finish()?.persist(to)?;
    Ok(())
}
