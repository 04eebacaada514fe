//! Findings: what is true about the input and a person should know. They are collected, never
//! thrown; an error is something else, namely that the work could not go on.

mod code;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ident::{ConnectorTitle, Fingerprint};
use super::path::PackagePath;
use super::place::Place;

pub use code::{Code, Latitude, UnknownCode};

/// How much a finding matters.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The package would not work, or not be what was asked for: nothing is written.
    Error,
    /// It works, but a person should look.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The project or package as a whole.
    Project,
    /// A file, and perhaps a byte in it.
    File {
        /// Its path in the package.
        path: PackagePath,
        /// The byte that the finding points at.
        offset: Option<u32>,
    },
    /// A path that can't stand in a package, as it was found.
    Path(String),
    /// A connector as such.
    Connector(ConnectorTitle),
    /// A place in the manifest.
    Manifest(Place),
    /// The command line.
    CommandLine,
}

/// Something true about the input that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What sort of thing it is.
    pub code: Code,
    /// How much it matters: as its code says, unless a manifest says otherwise.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// What is the case, in one sentence without a full stop.
    pub message: String,
    /// What else matters: who is affected, on what evidence.
    pub notes: Vec<String>,
    /// What to do, with a command where there is one.
    pub help: Option<String>,
    /// What it is known by, where that is not its subject and message.
    known_by: Option<Fingerprint>,
}

impl Finding {
    /// A finding without notes and help.
    pub fn new(code: Code, subject: Subject, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            subject,
            message: message.into(),
            notes: Vec::new(),
            help: None,
            known_by: None,
        }
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what it is known by, wherever it is found.
    #[must_use]
    pub fn known_by(mut self, fingerprint: Fingerprint) -> Self {
        self.known_by = Some(fingerprint);
        self
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What a manifest can allow it by: the same as long as code, file and message are, wherever in
    /// the file it stands.
    pub fn fingerprint(&self) -> Fingerprint {
        if let Some(known) = &self.known_by {
            return known.clone();
        }
        let subject = match &self.subject {
            Subject::Project => "project",
            Subject::File { path, .. } => path.as_str(),
            Subject::Path(path) => path,
            Subject::Connector(title) => title.as_str(),
            Subject::Manifest(_) => "manifest",
            Subject::CommandLine => "command line",
        };
        Fingerprint::of(&[self.code.as_str(), subject, &self.message])
    }
}

/// How many findings there are of each severity.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Counts {
    /// Findings that stop the work.
    pub errors: usize,
    /// Findings to look at.
    pub warnings: usize,
    /// Findings worth knowing.
    pub notes: usize,
}

impl Counts {
    /// Counts findings.
    pub fn of(findings: &[Finding]) -> Self {
        findings
            .iter()
            .fold(Self::default(), |mut counts, finding| {
                match finding.severity() {
                    Severity::Error => counts.errors += 1,
                    Severity::Warning => counts.warnings += 1,
                    Severity::Note => counts.notes += 1,
                }
                counts
            })
    }
}

/// Orders findings as they are shown: the gravest first, then by place.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (a.severity(), a.code, &a.subject, &a.message).cmp(&(
            b.severity(),
            b.code,
            &b.subject,
            &b.message,
        ))
    });
}
