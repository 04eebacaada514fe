//! Checking a package: its structure, its entries, its decision record, and whether the same comes
//! out again.

mod recorded;
mod told;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::archive::Limits;
use crate::archive::signature;
use crate::archive::signature::{Signed, VerifyingKey};
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::json::{self, Node, Tape};
use crate::manifest::{Checks, NamePatternError};
use crate::model::catalogue::SharedConnectors;
use crate::model::ident::{Digest, Version};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::PackagePath;
use crate::model::span::{Located, Origin, Span};
use crate::model::table::PackedRows;
use crate::ops::export::pack::RecordFacts;
use crate::ops::export::record::record_path;
use crate::ops::export::record::{DecisionRecord, ProjectRecord, RecordError, content_digest};
use crate::ops::export::{Bytes, ExportError, ExportRequest, Final, Prepared, prepare};
use crate::ops::provenance::envelope::{Envelope, EnvelopeError, EnvelopePublicKey, IN_TOTO};
use crate::ops::provenance::statement::{Statement, StatementError};
use crate::ops::read::Roots;
use crate::ops::{Interrupted, Observer, Running, Stage};
use crate::parallel;
use crate::plan::decision::Outcome;
use crate::plan::export::Destination;
use crate::plan::rule::Ruling;
use crate::source::{ReadError, Source, SourceError};

/// What to check.
#[derive(Clone, Debug)]
pub struct VerifyRequest {
    /// The package.
    pub package: PathBuf,
    /// Its decision record.
    pub record: Option<PathBuf>,
    /// The project to make it from again, and the folder with supplied connectors.
    pub rebuild: Option<Rebuild>,
    /// The signature that has to hold.
    pub signature: Option<SignatureCheck>,
    /// The statement that has to be about it.
    pub attestation: Option<AttestationCheck>,
    /// Limits on packages that are read.
    pub limits: Limits,
}

/// A statement that has to be about a package.
#[derive(Clone, Debug)]
pub struct AttestationCheck {
    /// Where it lies.
    pub path: PathBuf,
    /// The key that has to have signed it; none for one that is not signed.
    pub key: Option<EnvelopePublicKey>,
}

/// A signature that has to hold.
#[derive(Clone, Debug)]
pub struct SignatureCheck {
    /// The key.
    pub key: VerifyingKey,
    /// Where the signature lies.
    pub path: PathBuf,
}

/// What to make a package from again.
#[derive(Clone, Debug)]
pub struct Rebuild {
    /// The project.
    pub project: PathBuf,
    /// A folder with connectors that the project lacks.
    pub connectors: Option<PathBuf>,
    /// The commit that it is checked out of.
    pub checked_out: CheckedOut,
    /// The commit that the package has to be of, if that is asked.
    pub commit: Option<String>,
}

/// The commit that a project is checked out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckedOut {
    /// This one.
    Of(String),
    /// It can't be told, and why.
    Unknown(String),
}

/// Something that does not match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch {
    /// The entry, or the package's file name.
    pub subject: String,
    /// What does not match, in a sentence without a full stop.
    pub what: String,
}

/// What checking a package showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// The package.
    pub package: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// SHA-256 over its entries' digests and paths.
    pub content_digest: Digest,
    /// How many files it holds.
    pub entries: usize,
    /// The decision record that it was compared with.
    pub record: Option<String>,
    /// SHA-256 of that record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_sha256: Option<Digest>,
    /// Whether it was made again; absent if that was not asked for.
    pub rebuilt: Option<Rebuilt>,
    /// The signature that holds; absent if none was asked for, or it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<HeldSignature>,
    /// The statement about it; absent if none was asked for, or it is about something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<HeldAttestation>,
    /// What does not match; nothing if all is well.
    pub mismatches: Vec<Mismatch>,
    /// What the record says, and nothing that was looked at tells: it may be so or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_verified: Vec<NotVerified>,
}

/// Something that a record says and nothing that was looked at tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotVerified {
    /// The part of the record: `generator`, `target` …
    pub part: String,
    /// What the record says there.
    pub recorded: String,
    /// Why that is not known.
    pub why: String,
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldSignature {
    /// Where it lies.
    pub path: String,
    /// The number of the key that made it.
    pub key: String,
    /// The comment that was signed with the package.
    pub comment: String,
    /// Whether it holds for the decision record, too.
    pub record: RecordCoverage,
}

/// Whether a package's signature holds for its decision record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordCoverage {
    /// It does: the signed comment names the record's digest.
    Signed,
    /// It does not: it names none, as signatures of other programs do.
    NotSigned,
    /// There is no record to hold it against.
    NoRecord,
}

/// A statement that is about the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldAttestation {
    /// Where it lies.
    pub path: String,
    /// The id of the key that signed it; absent if it is not signed.
    pub key: Option<String>,
    /// Whom it names as the builder.
    pub builder: Option<String>,
}

/// What `sign` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignDocument {
    /// The package.
    pub package: String,
    /// The signature.
    pub signature: String,
    /// The number of the key.
    pub key: String,
    /// SHA-256 of the package.
    pub sha256: Digest,
    /// The comment that is signed with it.
    pub comment: String,
    /// The digest of its manifest in the package's registry, `sha256:…`; absent without `--attach`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached: Option<String>,
}

/// What making a package again gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rebuilt {
    /// The same entries with the same bytes.
    Same,
    /// Something else; the mismatches say what.
    Different,
}

/// A package could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The package can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The record can't be used.
    #[error("{} can't be used", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// It is a folder.
    #[error("{} is a folder, not a package", path.display())]
    NoPackage {
        /// The path.
        path: PathBuf,
    },
    /// The package can't be read again.
    #[error("can't read {}", path.display())]
    Read {
        /// The package.
        path: PathBuf,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// Without a record nobody knows how the package was made.
    #[error("{} has no decision record beside it, so nobody knows how it was made", package.display())]
    NoRecord {
        /// The package.
        package: PathBuf,
    },
    /// Making it again failed.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The work was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

struct Read {
    size: u64,
    digest: Digest,
    broken: Option<String>,
    /// The version that a custom connector's JSON gives.
    connector: Option<Option<Version>>,
}

/// Checks a package.
///
/// # Errors
/// If it can't be checked at all. What does not match is in the [`Verification`].
pub fn verify(
    request: &VerifyRequest,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Verification, VerifyError> {
    let source = Source::open(&request.package, &request.limits)?;
    let (size, sha256) = match source.digest() {
        Ok(Some(read)) => read,
        Ok(None) => {
            return Err(VerifyError::NoPackage {
                path: request.package.clone(),
            });
        }
        Err(source) => {
            return Err(VerifyError::Read {
                path: request.package.clone(),
                source,
            });
        }
    };
    let mut mismatches = Vec::new();
    let record = read_record(request)?;
    let signature = request.signature.as_ref().and_then(|check| {
        let record = record.as_ref();
        check_signature(check, &request.package, sha256, record, &mut mismatches)
    });
    let attestation = request
        .attestation
        .as_ref()
        .and_then(|check| check_attestation(check, &sha256, &mut mismatches));
    let read = read_entries(&source, running, observer, &mut mismatches)?;
    let mut by_path: Vec<(&PackagePath, &Read)> =
        source.listed.iter().map(|l| &l.path).zip(&read).collect();
    by_path.sort_by_key(|(path, _)| *path);
    let content = content_digest(by_path.iter().map(|(path, read)| (*path, &read.digest)));
    if let Some(found) = &record {
        compare_record(
            &found.record,
            request,
            (size, sha256, content),
            &by_path,
            &mut mismatches,
        );
    }
    let mut made_of = None;
    let rebuilt = match (&request.rebuild, &record) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(VerifyError::NoRecord {
                package: request.package.clone(),
            });
        }
        (Some(rebuild), Some(found)) => {
            let record = &found.record;
            let (mut differences, project) = make_again(
                rebuild, record, request, &source, &by_path, running, observer,
            )?;
            made_of = project;
            differences.extend(told::commit(record, rebuild));
            let rebuilt = match differences.is_empty() {
                true => Rebuilt::Same,
                false => Rebuilt::Different,
            };
            mismatches.append(&mut differences);
            Some(rebuilt)
        }
    };
    let not_verified = match &record {
        Some(found) => told::not_verified(&found.record, request, made_of.as_ref()),
        None => Vec::new(),
    };
    Ok(Verification {
        not_verified,
        package: request.package.display().to_string(),
        size,
        sha256,
        content_digest: content,
        entries: source.listed.len(),
        record_sha256: record.as_ref().map(|found| found.digest),
        record: record.map(|found| found.path.display().to_string()),
        rebuilt,
        signature,
        attestation,
        mismatches,
    })
}

fn check_attestation(
    check: &AttestationCheck,
    sha256: &Digest,
    mismatches: &mut Vec<Mismatch>,
) -> Option<HeldAttestation> {
    let path = check.path.display().to_string();
    let read = || -> Result<HeldAttestation, AttestationError> {
        let bytes = limited::read(&check.path, DOCUMENT).map_err(AttestationError::File)?;
        let statement = match &check.key {
            Some(key) => Statement::parse(&Envelope::parse(&bytes)?.open(key, IN_TOTO)?)?,
            None if Envelope::parse(&bytes).is_ok() => {
                return Err(AttestationError::NoKey);
            }
            None => Statement::parse(&bytes)?,
        };
        if !statement.is_about(sha256) {
            return Err(AttestationError::OtherPackage);
        }
        Ok(HeldAttestation {
            path: path.clone(),
            key: check.key.as_ref().map(EnvelopePublicKey::id),
            builder: statement.builder().map(ToOwned::to_owned),
        })
    };
    match read() {
        Ok(held) => Some(held),
        Err(error) => {
            mismatches.push(Mismatch {
                subject: path.clone(),
                what: error.to_string(),
            });
            None
        }
    }
}

/// Why a statement says nothing about a package.
#[derive(Debug, thiserror::Error)]
enum AttestationError {
    #[error("the statement can't be read: {0}")]
    File(#[source] std::io::Error),
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Statement(#[from] StatementError),
    #[error("it is signed, and the key is not given")]
    NoKey,
    #[error("it is about another package")]
    OtherPackage,
}

/// Why a signature does not hold for a package.
#[derive(Debug, thiserror::Error)]
pub enum NotHeld {
    /// Its file is not there.
    #[error("there is no signature")]
    Missing,
    /// Its file can't be read.
    #[error("the signature can't be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// The package can't be read.
    #[error("the package can't be read: {0}")]
    Package(#[source] std::io::Error),
    /// The package is a folder, a pipe or a device.
    #[error("it is no file")]
    NoFile,
    /// It is another key's, or of other bytes.
    #[error(transparent)]
    Signature(#[from] signature::SignatureError),
}

/// Reads a signature and checks it on the package's bytes. What does not hold is told; otherwise the
/// digest of the bytes that were signed comes back with it.
///
/// # Errors
/// Why it does not hold.
pub fn hold(check: &SignatureCheck, package: &Path) -> Result<Signed, NotHeld> {
    let text = match limited::read_text(&check.path, signature::LONGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(NotHeld::Missing);
        }
        Err(error) => return Err(NotHeld::Unreadable(error)),
    };
    // Asked before opening: to open a pipe could wait forever.
    if !std::fs::metadata(package)
        .map_err(NotHeld::Package)?
        .is_file()
    {
        return Err(NotHeld::NoFile);
    }
    let file = std::fs::File::open(package).map_err(NotHeld::Package)?;
    Ok(check.key.verify(&text, file)?)
}

/// The end of the comment of a signature that holds for a decision record, too.
pub fn record_in_comment(record: &Digest) -> String {
    format!(" record:{record}")
}

/// The digest of the decision record that a signed comment names, if it names one.
pub fn signed_record(comment: &str) -> Option<Digest> {
    // At the end, where no file's name can stand.
    let (_, digest) = comment.rsplit_once(" record:")?;
    digest.parse().ok()
}

fn check_signature(
    check: &SignatureCheck,
    package: &Path,
    sha256: Digest,
    record: Option<&FoundRecord>,
    mismatches: &mut Vec<Mismatch>,
) -> Option<HeldSignature> {
    let path = check.path.display().to_string();
    let what = match hold(check, package) {
        Ok(signed) if signed.digest == sha256 => {
            let coverage = match (signed_record(&signed.comment), record) {
                (_, None) => RecordCoverage::NoRecord,
                (None, Some(_)) => RecordCoverage::NotSigned,
                (Some(digest), Some(found)) => {
                    if digest != found.digest {
                        mismatches.push(Mismatch {
                            subject: found.path.display().to_string(),
                            what: format!(
                                "its SHA-256 is {}, the signature holds for {digest}",
                                found.digest
                            ),
                        });
                        return None;
                    }
                    RecordCoverage::Signed
                }
            };
            return Some(HeldSignature {
                path,
                key: check.key.id(),
                comment: signed.comment,
                record: coverage,
            });
        }
        Ok(_) => "the package changed while it was checked".to_owned(),
        Err(error) => error.to_string(),
    };
    mismatches.push(Mismatch {
        subject: path,
        what,
    });
    None
}

fn read_entries(
    source: &Source,
    running: &Running,
    observer: &mut dyn Observer,
    mismatches: &mut Vec<Mismatch>,
) -> Result<Vec<Read>, Interrupted> {
    let total = source.listed.len();
    let mut entries = Vec::with_capacity(total);
    parallel::in_order(
        total,
        running.threads,
        |index| {
            let size = source.listed[index].size;
            size + json::memory_to_read(size)
        },
        || {
            let tape = Tape::until(running.interrupt.flag());
            (source.reader(), tape, Vec::new())
        },
        |(reader, tape, bytes), index| {
            if running.interrupt.is_set() {
                return Err(Interrupted);
            }
            if let Err(error) = reader.read(index, bytes) {
                let cause = std::error::Error::source(&error)
                    .map_or_else(String::new, |cause| format!(": {cause}"));
                return Ok(Read {
                    size: 0,
                    digest: Digest::of(b""),
                    broken: Some(format!("{error}{cause}")),
                    connector: None,
                });
            }
            let role = FileRole::of(source.listed[index].path.as_str());
            let mut broken = None;
            let mut connector = None;
            // A type that is not known may hold anything.
            if let FileRole::Main(kind) = role
                && kind.is_known()
            {
                match tape.parse(bytes) {
                    Ok(document) if kind == AssetKind::CustomAdapter => {
                        let version = document.root().get("version_no");
                        connector = Some(version.and_then(Node::number).map(Version));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        let text = String::from_utf8_lossy(bytes);
                        let place = Span::of(&text, error.offset..error.offset);
                        broken = Some(format!("no valid JSON at {place}: {}", error.reason));
                    }
                }
            }
            // What was broken off says nothing of the entry.
            if running.interrupt.is_set() {
                return Err(Interrupted);
            }
            Ok(Read {
                size: bytes.len() as u64,
                digest: Digest::of(bytes),
                broken,
                connector,
            })
        },
        |index, read: Result<Read, Interrupted>| {
            let read = read?;
            observer.progress(Stage::Verifying, index + 1, total);
            if let Some(what) = &read.broken {
                mismatches.push(Mismatch {
                    subject: source.listed[index].path.to_string(),
                    what: what.clone(),
                });
            }
            entries.push(read);
            Ok(())
        },
    )?;
    Ok(entries)
}

/// A decision record that was read.
struct FoundRecord {
    path: PathBuf,
    digest: Digest,
    record: DecisionRecord,
}

fn read_record(request: &VerifyRequest) -> Result<Option<FoundRecord>, VerifyError> {
    let path = request
        .record
        .clone()
        .unwrap_or_else(|| record_path(&request.package));
    let bytes = match limited::read(&path, DOCUMENT) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && request.record.is_none() => {
            return Ok(None);
        }
        Err(source) => return Err(SourceError::Io { path, source }.into()),
    };
    match DecisionRecord::parse(&bytes) {
        Ok(record) => Ok(Some(FoundRecord {
            path,
            digest: Digest::of(&bytes),
            record,
        })),
        Err(source) => Err(VerifyError::Record { path, source }),
    }
}

fn compare_record(
    record: &DecisionRecord,
    request: &VerifyRequest,
    (size, sha256, content): (u64, Digest, Digest),
    found: &[(&PackagePath, &Read)],
    mismatches: &mut Vec<Mismatch>,
) {
    let expected = record
        .entries
        .iter()
        .map(|entry| (&entry.path, entry.sha256, entry.size));
    compare_entries(expected.collect(), found, "the record", mismatches);
    let paths = found.iter().map(|(path, _)| *path).collect();
    let connectors = found
        .iter()
        .filter_map(|(path, read)| Some(((*path).clone(), read.connector?)))
        .collect();
    mismatches.extend(recorded::with_package(record, &paths, &connectors));
    let package = &record.package;
    let subject = request
        .package
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut differs = |what: String| {
        mismatches.push(Mismatch {
            subject: subject.clone(),
            what,
        })
    };
    if package.content_digest != content {
        differs(format!(
            "its contents' digest is {content}, the record says {}",
            package.content_digest
        ));
    }
    if (package.size, package.sha256) != (size, sha256) {
        differs(format!(
            "its SHA-256 is {sha256}, the record says {}",
            package.sha256
        ));
    }
}

/// The folder that the package's paths count from: the project's own, if the package's files are in
/// it, or the one below it that its project begins in.
fn root_of(project: &Path, record: &DecisionRecord) -> Roots {
    let mut paths = record.entries.iter().map(|entry| entry.path.as_str());
    match project.is_dir() && !paths.any(|path| project.join(path).exists()) {
        true => Roots::One,
        false => Roots::Asserted,
    }
}

/// Compares entries in the order of their paths; names every one that differs.
fn compare_entries(
    expected: Vec<(&PackagePath, Digest, u64)>,
    found: &[(&PackagePath, &Read)],
    by: &str,
    mismatches: &mut Vec<Mismatch>,
) {
    let (mut expected, mut found) = (expected.into_iter().peekable(), found.iter().peekable());
    loop {
        let order = match (expected.peek(), found.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((path, ..)), Some((other, _))) => (*path).cmp(other),
        };
        let (subject, what) = match order {
            std::cmp::Ordering::Less => match expected.next() {
                Some((path, ..)) => (path, format!("{by} has it, the package does not")),
                None => return,
            },
            std::cmp::Ordering::Greater => match found.next() {
                Some((path, _)) => (*path, format!("the package has it, {by} does not")),
                None => return,
            },
            std::cmp::Ordering::Equal => match (expected.next(), found.next()) {
                (Some((path, digest, size)), Some((_, read)))
                    if (digest, size) != (read.digest, read.size) =>
                {
                    (
                        path,
                        format!(
                            "{} bytes with SHA-256 {}, by {by} {size} bytes with {digest}",
                            read.size, read.digest
                        ),
                    )
                }
                _ => continue,
            },
        };
        mismatches.push(Mismatch {
            subject: subject.to_string(),
            what,
        });
    }
}

fn make_again(
    rebuild: &Rebuild,
    record: &DecisionRecord,
    request: &VerifyRequest,
    source: &Source,
    found: &[(&PackagePath, &Read)],
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<(Vec<Mismatch>, Option<ProjectRecord>), VerifyError> {
    let broken = |source| VerifyError::Record {
        path: request
            .record
            .clone()
            .unwrap_or_else(|| record_path(&request.package)),
        source,
    };
    let shared = record.shared().map_err(broken)?;
    let selection = record
        .request
        .select
        .selection()
        .map_err(|error| broken(RecordError::Selection(error.to_string())))?;
    let export = ExportRequest {
        project: rebuild.project.clone(),
        roots: root_of(&rebuild.project, record),
        connectors: rebuild.connectors.clone(),
        destination: Destination {
            name: record.target.name.clone(),
            kind: record.target.kind,
            data_center: record.target.data_center.clone(),
            origin: Origin::CommandLine,
        },
        selection,
        words: record
            .request
            .words
            .iter()
            .map(|(title, word)| (title.clone(), Located::on_command_line(*word)))
            .collect(),
        shared,
        rows: record.request.rows.unwrap_or(PackedRows::Keep),
        checks: checks(record).map_err(broken)?,
        limits: request.limits,
    };
    let mut prepared = prepare(&export, None, running, observer)?;
    prepared.forget_facts();
    // What the rule refuses has no bytes to compare.
    let refused = prepared.plan().connectors.iter();
    let refused: Vec<Mismatch> = refused
        .filter(|decision| decision.outcome == Outcome::Refused)
        .map(|decision| Mismatch {
            subject: format!("connector \"{}\"", decision.connector),
            what: refusal(decision.rule, &export.shared),
        })
        .collect();
    if !refused.is_empty() {
        return Ok((refused, None));
    }
    let digests = prepared.digests(running, observer)?;
    let expected = prepared
        .plan()
        .entries
        .iter()
        .zip(&digests)
        .map(|(entry, packed)| (&entry.path, packed.sha256, packed.size));
    let mut mismatches = Vec::new();
    compare_entries(expected.collect(), found, "the project", &mut mismatches);
    if let Some(first) = mismatches.first_mut() {
        let difference = first_difference(&first.subject, &prepared, source)?;
        first.what.push_str(&difference.unwrap_or_default());
        // Of another project other decisions follow; that it is another one has been told.
        return Ok((mismatches, None));
    }
    let facts = RecordFacts {
        generator: record.generator.clone(),
        file: record.package.file.clone(),
        commit: record.project.commit.clone(),
        dirty: record.project.dirty,
    };
    let entries = prepared.entry_records(&digests);
    let again = prepared.record(&export, &facts, record.package.clone(), entries);
    let differences = recorded::with_rebuild(record, &again);
    Ok((differences, Some(again.project)))
}

/// What the record says about findings, to be applied again.
fn checks(record: &DecisionRecord) -> Result<Checks, RecordError> {
    let mut naming = BTreeMap::new();
    for (kind, pattern) in &record.request.naming {
        let pattern = pattern
            .parse()
            .map_err(|error: NamePatternError| RecordError::Naming(error.to_string()))?;
        naming.insert(kind.clone(), Located::on_command_line(pattern));
    }
    let allow = record.allowed.iter().cloned();
    Ok(Checks {
        levels: record.request.checks.clone(),
        allow: allow.map(Located::on_command_line).collect(),
        naming,
    })
}

/// Why the package can't be made again.
fn refusal(rule: Ruling, shared: &SharedConnectors) -> String {
    match (rule, shared) {
        (Ruling::SharingUnknown, SharedConnectors::Unknown) => {
            "the record has no catalogue, so it is not known whether customers have it as a shared one: export the package again, with --catalog".to_owned()
        }
        (rule, _) => format!("the rule refuses to make it again: {}", rule.as_str()),
    }
}

/// Where an entry of the package and of the project begin to differ, in words; nothing if one of them
/// lacks it.
fn first_difference(
    path: &str,
    prepared: &Prepared,
    source: &Source,
) -> Result<Option<String>, VerifyError> {
    let mut entries = prepared.plan().entries.iter();
    let planned = entries.find(|entry| entry.path.as_str() == path);
    let mut listed = source.listed.iter();
    let number = listed.position(|listed| listed.path.as_str() == path);
    let (Some(planned), Some(number)) = (planned, number) else {
        return Ok(None);
    };
    let mut bytes = Bytes::of(prepared);
    let made = match bytes.read(prepared, planned)? {
        Final::AsRead => std::mem::take(&mut bytes.buffer),
        Final::Rewritten(made, _) => made,
    };
    let mut packed = Vec::new();
    if source.reader().read(number, &mut packed).is_err() {
        return Ok(None);
    }
    let same = made.iter().zip(&packed).take_while(|(a, b)| a == b).count();
    let text = String::from_utf8_lossy(&packed);
    let place = match text {
        std::borrow::Cow::Borrowed(text) => {
            let Span { line, column, .. } = Span::of(text, same..same);
            format!("line {line}, column {column}")
        }
        std::borrow::Cow::Owned(_) => format!("byte {same}"),
    };
    Ok(Some(format!("; they differ from {place} on")))
}
