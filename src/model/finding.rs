//! Findings: what is true about the input and a person should know. They are collected, never
//! thrown; an error is something else, namely that the work could not go on.

mod code;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

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
    /// The others of its code that are not held, if it stands for them.
    more: Option<Box<More>>,
}

/// Findings of one code that are counted, and not held.
#[derive(Clone, Debug, PartialEq, Eq)]
struct More {
    /// How many.
    count: usize,
    /// What those among them are about that say the same of several places: each counts once.
    about: BTreeSet<u64>,
}

/// Findings that say the same of several places, and are told as one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    /// What they are about, such as the connection that is not there.
    about: String,
    /// What is the case, whatever the place, in one sentence without a full stop.
    message: String,
    /// The first places, in the order in which they are shown.
    places: Vec<String>,
    /// How many places there are.
    count: usize,
    /// The notes of the first, without the places of the others.
    notes: Vec<String>,
}

/// How many places a finding about several names before it only counts the rest.
const PLACES: usize = 4;

/// How many findings of a code are told before the rest is only counted.
pub const TOLD: usize = 1_000;

/// How many of a code are held while they are looked for: more than are told, as a manifest may allow
/// some of them.
pub const HELD: usize = 2_000;

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
            more: None,
        }
    }

    /// What stands for findings that are not held.
    fn of_more(severity: Severity, code: Code, more: More) -> Self {
        let findings = match more.count {
            1 => "1 more finding".to_owned(),
            count => format!("{count} more findings"),
        };
        let message = format!("and {findings} of this code, which are not listed");
        Self {
            severity,
            more: Some(Box::new(more)),
            ..Self::new(code, Subject::Project, message)
        }
        .help("see to those that are listed; what is left is told then")
    }

    /// How many findings it stands for that are not listed; none if it is one itself.
    pub fn more(&self) -> Option<usize> {
        Some(self.more.as_ref()?.count)
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
            count: 1,
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
        if group.count == 1 {
            group.notes.clone_from(&self.notes);
        }
        let room = PLACES - group.places.len().min(PLACES);
        group.places.extend(others.places.into_iter().take(room));
        group.count += others.count;
        let places = group.count;
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
                let count = finding.more().unwrap_or(1);
                match finding.severity() {
                    Severity::Error => counts.errors += count,
                    Severity::Warning => counts.warnings += count,
                    Severity::Note => counts.notes += count,
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
/// names some of the others and counts the rest. Of each code so many are left as are
/// [told](TOLD), with one that counts the rest. Done twice, it changes nothing more.
pub fn group(findings: &mut Vec<Finding>) {
    merge(findings);
    limit(findings, TOLD);
}

/// Adds a finding to those that were found so far, of which [so many](HELD) of each code are held: an
/// input may give rise to any number of them.
pub fn add(findings: &mut Vec<Finding>, finding: Finding) {
    if findings.len() == findings.capacity() && findings.len() > HELD {
        merge(findings);
        limit(findings, HELD);
        // Where most of them stay, it is worth it only once there are twice as many.
        if findings.len() > findings.capacity() / 2 {
            findings.reserve(findings.capacity());
        }
    }
    findings.push(finding);
}

/// Adds findings to those that were found so far, as [`add`] does.
pub fn extend(findings: &mut Vec<Finding>, found: impl IntoIterator<Item = Finding>) {
    for finding in found {
        add(findings, finding);
    }
}

/// Findings as they are found, of which no more are held than [`add`] leaves.
pub fn gathered(found: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let mut findings = Vec::new();
    extend(&mut findings, found);
    findings
}

/// Leaves so many of each code and severity, the first as they are shown, and one that stands for the
/// rest. They are sorted.
fn limit(findings: &mut Vec<Finding>, most: usize) {
    let mut beyond: BTreeMap<(Severity, Code), More> = BTreeMap::new();
    findings.retain_mut(|finding| {
        let Some(more) = finding.more.take() else {
            return true;
        };
        let more = *more;
        let key = (finding.severity, finding.code);
        match beyond.get_mut(&key) {
            Some(found) => {
                found.count += more.count;
                found.about.extend(more.about);
            }
            None => drop(beyond.insert(key, more)),
        }
        false
    });
    let mut kept: BTreeMap<(Severity, Code), usize> = BTreeMap::new();
    findings.retain(|finding| {
        let key = (finding.severity, finding.code);
        let about = finding.group.as_ref().map(|group| hash_of(&group.about));
        if let (Some(about), Some(found)) = (about, beyond.get(&key))
            && found.about.contains(&about)
        {
            return false;
        }
        let kept = kept.entry(key).or_default();
        if *kept < most {
            *kept += 1;
            return true;
        }
        let found = beyond.entry(key).or_insert(More {
            count: 0,
            about: BTreeSet::new(),
        });
        found.count += 1;
        found.about.extend(about);
        false
    });
    if !beyond.is_empty() {
        findings.extend(
            beyond
                .into_iter()
                .map(|((severity, code), more)| Finding::of_more(severity, code, more)),
        );
        sort(findings);
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn merge(findings: &mut Vec<Finding>) {
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
        // What stands for others comes after them.
        let more = |finding: &Finding| finding.more.is_some();
        (a.severity(), a.code, more(a), &a.subject, &a.message).cmp(&(
            b.severity(),
            b.code,
            more(b),
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
    fn so_many_are_told_and_the_rest_is_counted() {
        // 30 000 alone, and 60 000 about 20 000 things, in three rounds.
        let mut findings = Vec::new();
        for number in 0..30_000 {
            let subject = Subject::File {
                path: format!("{number:05}").parse().expect("a path"),
                offset: None,
            };
            let alone = Finding::new(Code::UnknownFile, subject, "alone");
            add(&mut findings, alone);
            for round in 0..2 {
                let about = (number + round * 30_000) % 20_000;
                add(
                    &mut findings,
                    of(&format!("{number:05}-{round}"), &about.to_string()),
                );
            }
            assert!(findings.len() <= 5 * HELD);
        }
        group(&mut findings);
        let count = |code| {
            let of_code = findings.iter().filter(|finding| finding.code == code);
            of_code
                .map(|finding| finding.more().unwrap_or(1))
                .sum::<usize>()
        };
        assert_eq!(count(Code::UnknownFile), 30_000);
        assert_eq!(count(Code::RawId), 20_000);
        assert_eq!(findings.len(), 2 * (TOLD + 1));
        let last = findings
            .iter()
            .filter(|finding| finding.code == Code::UnknownFile);
        let last = last.max_by_key(|finding| finding.more()).expect("some");
        assert_eq!(
            last.message,
            "and 29000 more findings of this code, which are not listed"
        );
        assert_eq!(
            Counts::of(&findings).notes + Counts::of(&findings).warnings,
            50_000
        );
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
