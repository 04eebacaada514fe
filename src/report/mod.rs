//! What a command found and did, as the tools around it read it: JUnit, SARIF, GitHub's annotations,
//! Markdown, HTML and step outputs, all from one value.
//!
//! Reports hold neither times nor paths of this machine, so that the same outcome gives the same
//! bytes.

pub mod github;
#[cfg(feature = "html")]
pub mod html;
pub mod items;
#[cfg(feature = "cli")]
pub mod junit;
pub mod markdown;
pub mod outputs;
pub mod sarif;

use crate::model::finding::Severity;
use crate::model::visible::visible_lines;
use crate::ops::diagnostics::Diagnostic;
use crate::plan::import::document::ImportPlan;

/// The outcome of one run of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The command: `check`, `import` …
    pub command: &'static str,
    /// What it was about: a project for a target, a package for a workspace.
    pub subject: String,
    /// Whom it stands for where a finding has no file of its own: the project, manifest or package,
    /// as a path in the repository.
    pub home: Option<String>,
    /// The things that it decided about.
    pub items: Vec<Item>,
    /// The findings, the gravest first.
    pub findings: Vec<Placed>,
    /// The plan, if it made or carried out one.
    pub plan: Option<ImportPlan>,
    /// What is not as planned, as read back.
    pub astray: Vec<String>,
    /// How it ended.
    pub ending: Ending,
}

/// A finding, and its file as the repository has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The finding.
    pub finding: Diagnostic,
    /// The path from the repository's root, with `/` between its parts; absent without a file.
    pub file: Option<String>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// The exit code.
    pub code: u8,
    /// What the code means.
    pub meaning: &'static str,
    /// Whether it is a failure of what was asked, or of the tool and its surroundings.
    pub verdict: Verdict,
    /// What it failed of, if it could not do its work.
    pub told: Vec<Placed>,
}

/// What an end says about what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Passed,
    /// It is wrong, refused, or not as planned.
    Failed,
    /// Nobody knows: the tool could not do its work.
    Unknown,
}

/// One thing that was decided about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name: a path, a title.
    pub name: String,
    /// What sort of thing it is: `recipe`, `connector`, `customer` …
    pub class: String,
    /// What became of it.
    pub outcome: ItemOutcome,
    /// What happens to it, in the plan's words; empty if there is nothing to say.
    pub note: String,
}

/// What became of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// It is as it should be.
    Passed,
    /// It was left out, by this rule.
    Skipped(String),
    /// It is not as it should be.
    Failed(String),
}

impl Report {
    /// A report of a command that has not ended yet; if nobody says how it ended, that is unknown.
    pub fn new(command: &'static str, subject: impl Into<String>) -> Self {
        Self {
            command,
            subject: subject.into(),
            home: None,
            items: Vec::new(),
            findings: Vec::new(),
            plan: None,
            astray: Vec::new(),
            ending: Ending {
                code: 1,
                meaning: "It did not end.",
                verdict: Verdict::Unknown,
                told: Vec::new(),
            },
        }
    }

    /// The same with other texts: `of` is asked for each.
    #[must_use]
    pub fn told(&self, of: &dyn Fn(&str) -> String) -> Self {
        let placed = |all: &[Placed]| all.iter().map(|placed| placed.told(of)).collect();
        Self {
            command: self.command,
            subject: of(&self.subject),
            home: self.home.as_deref().map(of),
            items: self.items.iter().map(|item| item.told(of)).collect(),
            findings: placed(&self.findings),
            plan: self.plan.clone(),
            astray: self.astray.iter().map(|astray| of(astray)).collect(),
            ending: Ending {
                told: placed(&self.ending.told),
                ..self.ending
            },
        }
    }

    /// The same with whatever a terminal or a page would obey, or hide, made visible. Every format is
    /// made of this.
    fn harmless(&self) -> Self {
        self.told(&visible_lines)
    }

    /// What it failed of and the findings, the gravest first.
    fn all(&self) -> impl Iterator<Item = &Placed> {
        let findings = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .flat_map(|severity| {
                let findings = self.findings.iter();
                findings.filter(move |placed| placed.finding.severity == severity)
            });
        self.ending.told.iter().chain(findings)
    }

    /// How many findings there are of a severity, with what it failed of.
    fn count(&self, severity: Severity) -> usize {
        let all = self.ending.told.iter().chain(&self.findings);
        all.filter(|placed| placed.finding.severity == severity)
            .map(Placed::count)
            .sum()
    }

    /// How it ended, in a few words.
    fn outcome(&self) -> &'static str {
        match self.ending.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Unknown => "could not be done",
        }
    }
}

impl Item {
    fn told(&self, of: &dyn Fn(&str) -> String) -> Self {
        Self {
            name: of(&self.name),
            class: of(&self.class),
            outcome: match &self.outcome {
                ItemOutcome::Passed => ItemOutcome::Passed,
                ItemOutcome::Skipped(why) => ItemOutcome::Skipped(of(why)),
                ItemOutcome::Failed(why) => ItemOutcome::Failed(of(why)),
            },
            note: of(&self.note),
        }
    }
}

impl Placed {
    /// How many findings it tells of: itself, or those that it stands for.
    fn count(&self) -> usize {
        self.finding.more.unwrap_or(1)
    }

    fn told(&self, of: &dyn Fn(&str) -> String) -> Self {
        let finding = &self.finding;
        Self {
            file: self.file.as_deref().map(of),
            finding: Diagnostic {
                code: of(&finding.code),
                message: of(&finding.message),
                file: finding.file.as_deref().map(of),
                path: finding.path.as_deref().map(of),
                notes: finding.notes.iter().map(|note| of(note)).collect(),
                help: finding.help.as_deref().map(of),
                ..finding.clone()
            },
        }
    }

    /// The message with notes and help below it.
    fn text(&self) -> String {
        let finding = &self.finding;
        let mut text = finding.message.clone();
        for note in &finding.notes {
            text.push_str(&format!("\nnote: {note}"));
        }
        if let Some(path) = finding.path.as_ref().filter(|path| *path != "$") {
            text.push_str(&format!("\nat {path}"));
        }
        if let Some(help) = &finding.help {
            text.push_str(&format!("\nhelp: {help}"));
        }
        text
    }

    /// File, line and column as people write them.
    fn place(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(match (self.finding.line, self.finding.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(line), None) => format!("{file}:{line}"),
            (None, _) => file.clone(),
        })
    }
}
