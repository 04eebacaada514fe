//! What the last export of a project came to: one that would come to the same is answered without
//! being done again.
//!
//! It would if everything that it is made of is the same ([`Basis`]), and the package and its record
//! still are the very files that were handed over. Like the [memory of files](super::cache), it ends
//! with the digest of all that stands before it.

use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ExportRequest;
use super::cache::{is_settled, opened, seal};
use crate::model::file_stat::FileStat;
use crate::model::ident::Digest;
use crate::ops::checkout::{Checkout, NoCommit};
use crate::ops::diagnostics::{Diagnostic, Excerpt, ManifestText};
use crate::source::Source;

/// The digest of everything that an export is made of: what is asked for, the manifest, what the
/// repository says, and every file of the project by its [`FileStat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis(Digest);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The package.
    pub request: &'a ExportRequest,
    /// The manifest, whose lines findings show.
    pub manifest: Option<ManifestText<'a>>,
    /// The size that the package may have, in bytes.
    pub limit: u64,
    /// Where it goes, as it was said.
    pub output: &'a Path,
}

#[derive(Serialize)]
struct BasisParts<'a> {
    request: String,
    manifest: Option<(&'a str, &'a str)>,
    limit: u64,
    output: String,
    checkout: String,
    project: (String, &'a str),
    files: Vec<(&'a str, FileStat)>,
    left_out: Vec<(&'a str, String)>,
    rest: String,
}

impl Basis {
    /// Of an export that began at `began`, in nanoseconds since 1970, after the project was listed.
    /// None where something may change without being seen: a file that the file system does not know
    /// by a stamp, or that changed within the clock's grain before; connectors supplied beside the
    /// project; a repository that can't be read.
    pub fn of(asked: Asked<'_>, project: &Source, checkout: &Checkout, began: i64) -> Option<Self> {
        if asked.request.connectors.is_some() {
            return None;
        }
        let files = project.listed.iter().enumerate().map(|(number, listed)| {
            let stamp = project.stamp(number)?;
            is_settled(stamp, began).then_some((listed.path.as_str(), stamp))
        });
        let left_out = project.left_out.iter();
        let parts = BasisParts {
            request: format!("{:?}", asked.request),
            manifest: asked
                .manifest
                .map(|manifest| (manifest.path, manifest.text)),
            limit: asked.limit,
            output: format!("{:?}", asked.output),
            checkout: said_by(checkout)?,
            project: (format!("{:?}", project.path), &project.name),
            files: files.collect::<Option<_>>()?,
            left_out: left_out
                .map(|left| (left.path.as_str(), format!("{:?}", left.reason)))
                .collect(),
            rest: format!("{:?} {:?}", project.ignored, project.findings),
        };
        Digest::of_value(&parts).ok().map(Self)
    }
}

/// What a record says of a project's commit follows from this and the project's files.
fn said_by(checkout: &Checkout) -> Option<String> {
    match checkout {
        Checkout::NoCommit(NoCommit::NoRepository | NoCommit::NoneYet) => Some("none".to_owned()),
        Checkout::NoCommit(NoCommit::NotIn(commit)) => Some(format!("not in {commit}")),
        Checkout::Committed(committed) => Some(format!("{:?}", committed.apart_from_files())),
        Checkout::Unknown(_) => None,
    }
}

/// The files that were handed over, as the file system has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOverFiles {
    /// The package.
    pub package: FileStat,
    /// Its decision record.
    pub record: FileStat,
}

/// What an export came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastExport {
    /// What was found.
    pub findings: Vec<Diagnostic>,
    /// What was said of the package.
    pub summary: String,
}

#[derive(Serialize, Deserialize)]
struct Kept<S> {
    /// The program that remembers; another version forgets.
    generator: S,
    basis: Basis,
    files: HandedOverFiles,
    /// As JSON, in which findings are told without what is absent; with what only people see.
    findings: S,
    for_people: Vec<(Option<Excerpt>, Option<String>)>,
    summary: S,
}

impl LastExport {
    /// Writes down what an export came to.
    ///
    /// # Errors
    /// If `to` can't be written to.
    pub fn write(
        &self,
        generator: &str,
        basis: Basis,
        files: HandedOverFiles,
        to: impl Write,
    ) -> io::Result<()> {
        let of_people = |found: &Diagnostic| (found.excerpt.clone(), found.opens.clone());
        let kept = Kept {
            generator,
            basis,
            files,
            findings: &*serde_json::to_string(&self.findings)?,
            for_people: self.findings.iter().map(of_people).collect(),
            summary: &*self.summary,
        };
        seal(&kept, to)
    }

    /// Reads what an export came to; nothing if it was not written by this program, is not whole, or
    /// is of another basis or of other files.
    pub fn parse(
        bytes: &[u8],
        generator: &str,
        basis: Basis,
        files: HandedOverFiles,
    ) -> Option<Self> {
        let kept: Kept<String> = opened(bytes)?;
        if (kept.generator.as_str(), kept.basis, kept.files) != (generator, basis, files) {
            return None;
        }
        let mut findings: Vec<Diagnostic> = serde_json::from_str(&kept.findings).ok()?;
        if findings.len() != kept.for_people.len() {
            return None;
        }
        for (finding, (excerpt, opens)) in findings.iter_mut().zip(kept.for_people) {
            (finding.excerpt, finding.opens) = (excerpt, opens);
        }
        Some(Self {
            findings,
            summary: kept.summary,
        })
    }
}
