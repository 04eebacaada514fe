//! Reports for other tools: where they go, and that they are written however a command ends. A job
//! that has no report looks as if all were well.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;

use super::args::{ReportArgs, ReportTo};
use super::exit::Exit;
use super::failure::Failure;
use super::mask::masked;
use super::output::{Content, OutputPath, Replacing};
use super::request::folder_of;
use super::{Context, Stop};
use crate::io::system::slashed;
use crate::model::finding::Severity;
use crate::ops::diagnostics::Diagnostic;
use crate::plan::decision::shell_word;
use crate::plan::import::document::ImportPlan;
use crate::report::html::leaf::{self, Tells};
use crate::report::outputs::{self, Output};
use crate::report::{Ending, Item, Placed, Report, Verdict, github, junit, markdown, sarif};
use crate::source::git;

/// The file that GitHub takes step outputs from.
const OUTPUTS: &str = "GITHUB_OUTPUT";
/// The file that GitHub takes a job's summary from. Several steps write to it.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// What a command tells for reports, while it works.
pub(crate) struct Reporter {
    report: Report,
    outputs: Vec<Output>,
    told: Vec<Diagnostic>,
    wanted: bool,
    folder: PathBuf,
    /// The manifest, whose findings' files don't lie in the project.
    manifest: Option<String>,
    repository: Repository,
}

impl Reporter {
    /// What nobody hears: several projects have no report.
    pub(crate) fn unheard() -> Self {
        Self {
            report: Report::new("", ""),
            outputs: Vec::new(),
            told: Vec::new(),
            wanted: false,
            folder: PathBuf::from("."),
            manifest: None,
            repository: Repository::default(),
        }
    }

    /// Refuses reports where there are several projects: each file has one subject.
    pub(crate) fn of_one_project(args: &ReportArgs) -> Result<(), Failure> {
        match args.reports.is_empty() {
            true => Ok(()),
            false => Err(Failure::usage("a report is about one project, not several")
                .help("run the command once for each project, each with its own --report; or read the results with --json")),
        }
    }

    /// Whether anybody wants to know what is told.
    pub(crate) fn is_heard(&self) -> bool {
        self.wanted || outputs_file().is_some()
    }

    /// What the command is about.
    pub(crate) fn subject(&mut self, subject: impl Into<String>) {
        self.report.subject = subject.into();
    }

    /// The project or package that findings' files lie in, and the manifest.
    pub(crate) fn project(&mut self, project: &Path, manifest: Option<&Path>) {
        self.folder = project.to_owned();
        self.manifest = manifest.map(|path| path.display().to_string());
        self.report.home = Some(self.repository.path(manifest.unwrap_or(project)));
    }

    /// The findings.
    pub(crate) fn findings(&mut self, findings: &[Diagnostic]) {
        if self.wanted {
            let placed = findings.iter().map(|finding| self.placed(finding));
            self.report.findings = placed.collect();
        }
    }

    /// What was decided about. `items` is asked only if somebody wants to know.
    pub(crate) fn items(&mut self, items: impl FnOnce() -> Vec<Item>) {
        if self.wanted {
            self.report.items = items();
        }
    }

    /// The plan.
    pub(crate) fn plan(&mut self, plan: &ImportPlan) {
        if self.wanted {
            self.report.plan = Some(plan.clone());
        }
    }

    /// What is not as planned.
    pub(crate) fn astray(&mut self, astray: &[String]) {
        self.report.astray = astray.to_vec();
    }

    /// What the command failed of, if it prints its result all the same.
    pub(crate) fn failed_of(&mut self, told: Vec<Diagnostic>) {
        self.told = told;
    }

    /// What the next step may want to know.
    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push(output);
    }

    /// Whether a finding says what is wrong; a report that calls something failed has to.
    fn has_error(&self) -> bool {
        let mut findings = self.report.findings.iter();
        findings.any(|placed| placed.finding.severity == Severity::Error)
    }

    fn placed(&self, finding: &Diagnostic) -> Placed {
        let file = finding.file.as_ref().map(|file| {
            let of_manifest = self.manifest.as_ref() == Some(file);
            match (of_manifest, self.folder.is_dir()) {
                (true, _) => self.repository.path(Path::new(file)),
                (false, true) => self.repository.path(&self.folder.join(file)),
                // What lies in a package lies in no file of the repository but the package.
                (false, false) => self.repository.path(&self.folder),
            }
        });
        let mut finding = finding.clone();
        if !self.folder.is_dir() && file.is_some() && self.manifest != finding.file {
            (finding.line, finding.column) = (None, None);
        }
        Placed { finding, file }
    }
}

/// Runs a command's work, and writes its reports and step outputs.
pub(crate) fn around(
    context: &Context,
    args: &ReportArgs,
    command: &'static str,
    work: impl FnOnce(&mut Reporter) -> Result<Exit, Stop>,
) -> Result<Exit, Stop> {
    let places = fits(args)?;
    let mut reporter = Reporter {
        report: Report::new(command, command),
        outputs: Vec::new(),
        told: Vec::new(),
        wanted: !args.reports.is_empty(),
        folder: PathBuf::from("."),
        manifest: None,
        repository: match args.reports.is_empty() {
            true => Repository::default(),
            false => Repository::here(),
        },
    };
    let ended = work(&mut reporter);
    let (exit, told) = match &ended {
        Ok(exit) => (*exit, std::mem::take(&mut reporter.told)),
        Err(Stop::Failure(failure)) => (failure.exit, failure.told.clone()),
        Err(Stop::Output(error)) => {
            let failure = Failure::of(Exit::Failed, "output", error);
            (failure.exit, failure.told)
        }
    };
    let told = match told.is_empty() && verdict(exit) == Verdict::Failed && !reporter.has_error() {
        true => Failure::new(exit, "exit", exit.meaning()).told,
        false => told,
    };
    let told = told.iter().map(|finding| Placed {
        file: finding
            .file
            .as_ref()
            .map(|file| reporter.repository.path(Path::new(file))),
        finding: finding.clone(),
    });
    reporter.report.ending = Ending {
        code: exit.code(),
        meaning: exit.meaning(),
        verdict: verdict(exit),
        told: told.collect(),
    };
    let written = write(context, &places, &reporter.report).and_then(|()| {
        let known = ended.is_ok();
        write_outputs(if known { &reporter.outputs } else { &[] })
    });
    match (ended, written) {
        (Ok(exit), Err(failure)) => Err(unwritten(exit, failure).into()),
        // What the command failed of matters more than that its report could not be written.
        (Err(stop), Err(failure)) => {
            context.ui.failure(&failure.told);
            Err(stop)
        }
        (ended, Ok(())) => ended,
    }
}

/// Says of a report that could not be written that the work is done all the same.
fn unwritten(exit: Exit, mut failure: Failure) -> Failure {
    if let Some(first) = failure.told.first_mut() {
        "report".clone_into(&mut first.code);
    }
    failure.help(format!(
        "only the report is missing; the command itself ended with exit code {}: {}",
        exit.code(),
        exit.meaning()
    ))
}

const fn verdict(exit: Exit) -> Verdict {
    match exit {
        Exit::Done | Exit::Differences => Verdict::Passed,
        Exit::Failed | Exit::Refused | Exit::VerificationFailed | Exit::PartlyDone => {
            Verdict::Failed
        }
        Exit::Usage
        | Exit::Unfinished
        | Exit::Temporary
        | Exit::NotAuthorised
        | Exit::Interrupted
        | Exit::Terminated => Verdict::Unknown,
    }
}

/// A report, and where it goes.
enum ReportPlace {
    /// Annotations, to the job's log.
    Annotations,
    /// The summary of a job, which several steps add to.
    Summary(PathBuf),
    /// A file of its own, with what makes its text.
    File(OutputPath, fn(&Report) -> anyhow::Result<String>),
}

/// Where reports are to go, looked at before anything is done.
fn fits(args: &ReportArgs) -> Result<Vec<ReportPlace>, Failure> {
    let files: Vec<&PathBuf> = args.reports.iter().filter_map(ReportTo::file).collect();
    for (index, file) in files.iter().enumerate() {
        let shown = file.display();
        if files[..index].contains(file) {
            return Err(Failure::usage(format!("two reports would go to {shown}")));
        }
        let folder = folder_of(file);
        if !folder.is_dir() {
            return Err(Failure::usage(format!(
                "the folder {} of a report is not there",
                folder.display()
            ))
            .help(format!(
                "make it first: mkdir -p {}",
                shell_word(&folder.display().to_string())
            )));
        }
    }
    let place = |to: &ReportTo| {
        let (content, file, text): (_, _, fn(&Report) -> anyhow::Result<String>) = match to {
            ReportTo::Github => return Ok(ReportPlace::Annotations),
            ReportTo::Junit(file) => (Content::Junit, file, |report| Ok(junit::document(report)?)),
            ReportTo::Sarif(file) => (Content::Sarif, file, |report| Ok(sarif::document(report)?)),
            ReportTo::Markdown(file) if is_summary(file) => {
                return Ok(ReportPlace::Summary(file.clone()));
            }
            ReportTo::Html(file) => (Content::Html, file, |report| {
                Ok(leaf::document(report, &Tells::Outcome))
            }),
            ReportTo::Markdown(file) => (Content::Markdown, file, |report| {
                Ok(markdown::text(report, markdown::COMMENT))
            }),
        };
        let output = OutputPath::check(file, content, Replacing::SameKind, &[])?;
        Ok(ReportPlace::File(output, text))
    };
    args.reports.iter().map(place).collect()
}

fn is_summary(file: &Path) -> bool {
    std::env::var_os(SUMMARY).is_some_and(|summary| summary == *file)
}

/// A report without secrets: in some formats nobody would know one again.
pub(crate) fn unsecret(report: &Report) -> anyhow::Result<Report> {
    let mut told = report.told(&|text| masked(text).into_owned());
    if let Some(plan) = &told.plan {
        let text = serde_json::to_string(plan)?;
        // A plan that is lost on the way would look like a report of none.
        if let Cow::Owned(text) = masked(&text) {
            let plan = serde_json::from_str(&text);
            told.plan = Some(plan.context("can't tell the plan without the secrets in it")?);
        }
    }
    Ok(told)
}

fn write(context: &Context, places: &[ReportPlace], report: &Report) -> Result<(), Failure> {
    if places.is_empty() {
        return Ok(());
    }
    let report = &unsecret(report)?;
    for place in places {
        match place {
            ReportPlace::Annotations => context.ui.annotations(&github::annotations(report)),
            ReportPlace::Summary(file) => summarise(file, report)?,
            ReportPlace::File(output, text) => output.write(masked(&text(report)?).as_bytes())?,
        }
    }
    Ok(())
}

/// A job's summary is added to, any other file is replaced.
fn summarise(file: &Path, report: &Report) -> Result<(), Failure> {
    let taken = file.metadata().map_or(0, |metadata| metadata.len());
    let left = markdown::SUMMARY.saturating_sub(usize::try_from(taken).unwrap_or(usize::MAX));
    append(file, &markdown::text(report, left))?;
    Ok(())
}

/// The file that step outputs go to, if there is one.
fn outputs_file() -> Option<OsString> {
    std::env::var_os(OUTPUTS).filter(|file| !file.is_empty())
}

fn write_outputs(outputs: &[Output]) -> Result<(), Failure> {
    match outputs_file() {
        Some(file) if !outputs.is_empty() => {
            Ok(append(Path::new(&file), &outputs::lines(outputs))?)
        }
        Some(_) | None => Ok(()),
    }
}

fn append(file: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().create(true).append(true).open(file);
    opened
        .and_then(|mut file| file.write_all(masked(text).as_bytes()))
        .with_context(|| format!("can't write to {}", file.display()))
}

/// Where the repository is that the work happens in; this folder, if it is in none.
#[derive(Debug, Default)]
struct Repository {
    root: Option<PathBuf>,
}

impl Repository {
    fn here() -> Self {
        let here = std::env::current_dir().ok();
        let resolved = here.as_ref().and_then(|here| here.canonicalize().ok());
        let root = resolved.and_then(|resolved| git::Repository::root_around(&resolved));
        Self {
            root: root.or(here),
        }
    }

    /// A path from the root of the repository; as it is, if it lies elsewhere.
    fn path(&self, path: &Path) -> String {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut plain = PathBuf::new();
        for part in absolute.components() {
            match part {
                Component::ParentDir => {
                    plain.pop();
                }
                Component::CurDir => {}
                Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                    plain.push(part);
                }
            }
        }
        let root = self.root.as_deref();
        let inside = root.and_then(|root| plain.strip_prefix(root).ok());
        match inside {
            Some(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
            Some(inside) => slashed(inside),
            None => plain.to_string_lossy().into_owned(),
        }
    }
}
