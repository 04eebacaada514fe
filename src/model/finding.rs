//! Findings: what is true about the input and a person should know. They are collected, never
//! thrown; an error is something else, namely that the work could not go on.

mod code;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ident::{ConnectorTitle, Fingerprint};
use super::path::PackagePath;
use crate::model::span::Span;

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
    Manifest(Span),
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
    /// What it has in common with others that say the same of other places.
    group: Option<Box<Group>>,
}

/// Findings that say the same of several places, and are told as one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    /// What they are about, such as the connection that is not there.
    about: String,
    /// What is the case, whatever the place, in one sentence without a full stop.
    message: String,
    /// The places, in the order in which they are shown.
    places: Vec<String>,
    /// The notes of the first, without the places of the others.
    notes: Vec<String>,
}

/// How many places a finding about several names before it only counts the rest.
const PLACES: usize = 4;

impl Finding {
    /// A finding without notes and help.
    pub fn new(code: Code, subject: Subject, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            subject,
            message: kept(message),
            notes: Vec::new(),
            help: None,
            known_by: None,
            group: None,
        }
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        if self.notes.is_empty() {
            self.notes.reserve_exact(1);
        }
        self.notes.push(kept(note));
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

    /// Says that findings of the same code and `about` say the same: [`group`] makes one of them, with
    /// `message` for what is the case whatever the place, and `place` for where this one stands.
    #[must_use]
    pub fn grouped_by(
        mut self,
        about: impl Into<String>,
        message: impl Into<String>,
        place: impl Into<String>,
    ) -> Self {
        self.group = Some(Box::new(Group {
            about: kept(about),
            message: kept(message),
            places: vec![kept(place)],
            notes: Vec::new(),
        }));
        self
    }

    /// What all findings of its group are known by, if it may be grouped.
    pub fn group_fingerprint(&self) -> Option<Fingerprint> {
        let group = self.group.as_ref()?;
        Some(Fingerprint::of(&[
            self.code.as_str(),
            "group",
            &group.about,
        ]))
    }

    /// Takes another one of its group in.
    fn absorb(&mut self, other: Self) {
        let known = self.group_fingerprint();
        let (Some(group), Some(others)) = (&mut self.group, other.group) else {
            return;
        };
        if group.places.len() == 1 {
            group.notes.clone_from(&self.notes);
        }
        group.places.extend(others.places);
        let places = group.places.len();
        self.message = format!("{} ({places} places)", group.message);
        self.notes.clone_from(&group.notes);
        let further = group.places.iter().skip(1).take(PLACES - 1);
        self.notes
            .extend(further.map(|place| format!("also in {place}")));
        if let Some(more) = places.checked_sub(PLACES).filter(|more| *more > 0) {
            self.notes.push(format!("and in {more} more places"));
        }
        self.known_by = known;
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

/// A text without memory in reserve: a project can have very many findings.
fn kept(text: impl Into<String>) -> String {
    let mut text = text.into();
    text.shrink_to_fit();
    text
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

/// The findings that hide what a project holds.
pub fn hiding(findings: &[Finding]) -> Vec<Finding> {
    let hiding = findings
        .iter()
        .filter(|finding| finding.code.hides_content());
    hiding.cloned().collect()
}

/// The errors among findings.
pub fn errors(findings: &[Finding]) -> Vec<Finding> {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Error);
    errors.cloned().collect()
}

/// Makes one finding of those that say the same of several places: the first as they are shown, which
/// names some of the others and counts the rest. Done twice, it changes nothing more.
pub fn group(findings: &mut Vec<Finding>) {
    sort(findings);
    let mut first: BTreeMap<(Severity, Code, String), usize> = BTreeMap::new();
    // Very many may become few.
    let mut grouped: Vec<Finding> = Vec::new();
    for finding in findings.drain(..) {
        let key = finding
            .group
            .as_ref()
            .map(|group| (finding.severity, finding.code, group.about.clone()));
        match key.as_ref().and_then(|key| first.get(key)) {
            Some(&index) => grouped[index].absorb(finding),
            None => {
                first.extend(key.map(|key| (key, grouped.len())));
                grouped.push(finding);
            }
        }
    }
    *findings = grouped;
    sort(findings);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, about: &str) -> Finding {
        let subject = Subject::File {
            path: path.parse().expect("a path"),
            offset: Some(1),
        };
        Finding::new(Code::RawId, subject, format!("step 1 has {about}"))
            .note("why")
            .grouped_by(
                about,
                format!("{about} stands there"),
                format!("`{path}`, step 1"),
            )
    }

    #[test]
    fn findings_about_one_thing_are_one() {
        let mut findings: Vec<_> = ["f", "a", "e", "c", "b", "d"]
            .iter()
            .map(|path| of(path, "77"))
            .collect();
        findings.push(of("b", "78"));
        group(&mut findings);
        assert_eq!(findings.len(), 2);
        let told = &findings[0];
        assert_eq!(told.message, "77 stands there (6 places)");
        assert_eq!(
            told.notes,
            [
                "why",
                "also in `b`, step 1",
                "also in `c`, step 1",
                "also in `d`, step 1",
                "and in 2 more places"
            ]
        );
        assert!(matches!(&told.subject, Subject::File { path, .. } if path.as_str() == "a"));
        // One of its kind stays as it is, and is known by its own place.
        assert_eq!(findings[1], of("b", "78"));
        // What was grouped is known by what it is about, wherever that stands.
        let mut other = vec![of("x", "77"), of("y", "77")];
        group(&mut other);
        assert_eq!(other[0].fingerprint(), told.fingerprint());
        assert_eq!(Some(told.fingerprint()), of("z", "77").group_fingerprint());
        assert_ne!(of("z", "77").fingerprint(), told.fingerprint());
        let before = findings.clone();
        group(&mut findings);
        assert_eq!(findings, before);
    }

    #[test]
    fn what_differs_in_severity_stays_apart() {
        let mut findings = vec![of("a", "77"), of("b", "77")];
        findings[1].severity = Severity::Note;
        group(&mut findings);
        assert_eq!(findings.len(), 2);
    }
}
