//! Why a command failed, in words, with what to do next and an exit code. Every error of the
//! library becomes one of these here and nowhere else.

use std::error::Error;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exit::Exit;
use super::ui::visible;
use crate::archive::{ArchiveError, WriteError};
use crate::client::ClientError;
use crate::manifest::ManifestErrors;
use crate::model::catalogue::CatalogueError;
use crate::model::count::counted;
use crate::model::finding::{self, Severity};
use crate::model::keyword::nearest;
use crate::model::span::Span;
use crate::model::workspace::Address;
use crate::ops::Interrupted;
use crate::ops::approval::{ImportRefusal, RollbackRefusal};
use crate::ops::diagnostics::{Diagnostic, excerpt, in_words};
use crate::ops::diff::DiffError;
use crate::ops::export::ExportError;
use crate::ops::import::ImportError;
use crate::ops::import::history::HistoryError;
use crate::ops::import::rollback::{NotKept, RollbackError};
use crate::ops::provenance::ProvenanceError;
use crate::ops::provenance::verify::VerifyError;
use crate::ops::read::{OpenError, Opened};
use crate::ops::strip::StripError;
use crate::plan::decision::shell_word;
use crate::plan::import::document::{Needed, Permission};
use crate::plan::import::history::RecordError;
use crate::plan::resolve::ResolveError;
use crate::remote::journal::JournalError;
use crate::source::SourceError;
use crate::source::folder::TreeError;
use crate::workspace::remote::{Left, RemoteError, Unfinished};
use crate::workspace::{Partly, WorkspaceError};

/// What is so after work on files was interrupted: they get their names when they are whole.
const NOTHING_WRITTEN: &str = "what was worked on was not written, and nothing is left of it";

/// How many names a help lists before it only counts them.
const NAMED: usize = 10;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What is wrong, each with its place and help.
    pub(crate) told: Vec<Diagnostic>,
    /// For how long the platform asks to wait, if it does.
    pub(crate) wait: Option<Duration>,
}

/// The document that `--json` prints for a command that could not do its work.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FailureDocument {
    /// The exit code.
    pub(crate) exit_code: u8,
    /// What is wrong.
    pub(crate) errors: Vec<Diagnostic>,
}

impl Failure {
    /// A failure with all that is wrong.
    pub(crate) const fn told(exit: Exit, told: Vec<Diagnostic>) -> Self {
        let wait = None;
        Self { exit, told, wait }
    }

    /// A failure with a message.
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            told: vec![Diagnostic {
                code: code.to_owned(),
                severity: Severity::Error,
                message: in_words(&message.into()),
                file: None,
                line: None,
                column: None,
                path: None,
                connector: None,
                notes: Vec::new(),
                help: None,
                fingerprint: None,
                more: None,
                excerpt: None,
                opens: None,
            }],
            wait: None,
        }
    }

    /// A failure that is an error's, with the errors that caused it as notes.
    pub(crate) fn of(exit: Exit, code: &str, error: &(dyn Error + 'static)) -> Self {
        let mut failure = Self::new(exit, code, error.to_string());
        let causes = anyhow::Chain::new(error).skip(1);
        failure.told[0]
            .notes
            .extend(causes.map(|cause| in_words(&cause.to_string())));
        failure
    }

    /// A failure of the command line's own doing, which has only words and causes.
    pub(crate) fn told_by(code: &str, error: &anyhow::Error) -> Self {
        Self::of(Exit::Failed, code, error.as_ref())
    }

    /// Says what to do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(first) = self.told.first_mut() {
            first.help = Some(help.into());
        }
        self
    }

    /// Says more about it.
    #[must_use]
    pub(crate) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        if let Some(first) = self.told.first_mut() {
            first.notes.extend(notes);
        }
        self
    }

    /// The same of a command that did something before: that is told, and what else is said is not
    /// taken for all that happened.
    #[must_use]
    pub(crate) fn after(mut self, done: &[String]) -> Self {
        if done.is_empty() {
            return self;
        }
        if self.exit == Exit::Failed {
            self.exit = Exit::PartlyDone;
        }
        let untold = self
            .told
            .first()
            .is_some_and(|first| ["output", "unwritable"].contains(&first.code.as_str()));
        let failure = self.notes(done.iter().map(|what| format!("done before: {what}")));
        match untold {
            true => {
                failure.help("what was done stays done: don't repeat it to see what was to be told")
            }
            false => failure,
        }
    }

    /// Wrong usage.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// The place of what is wrong in a file.
    pub(crate) fn at(mut self, file: &str, text: &str, place: &Span) -> Self {
        if let Some(first) = self.told.first_mut() {
            first.file = Some(file.to_owned());
            first.line = Some(place.line);
            first.column = Some(place.column);
            first.excerpt = Some(excerpt(text, place));
        }
        self
    }

    /// The place of what is wrong in a file, where its text is not at hand.
    #[must_use]
    pub(crate) fn in_file(mut self, file: &str, line: usize, column: usize) -> Self {
        if let Some(first) = self.told.first_mut() {
            first.file = Some(file.to_owned());
            first.line = Some(line);
            first.column = Some(column);
        }
        self
    }

    /// What of a project could not be read, for commands that need all of it.
    pub(crate) fn incomplete(opened: &Opened) -> Result<(), Self> {
        let findings = finding::hiding(&opened.project.findings);
        if findings.is_empty() {
            return Ok(());
        }
        Err(Self::told(Exit::Failed, opened.located(&findings, None)))
    }

    /// Several failures as one.
    pub(crate) fn all(exit: Exit, failures: impl IntoIterator<Item = Self>) -> Self {
        let told = failures.into_iter().flat_map(|failure| failure.told);
        let told = told.collect();
        Self::told(exit, told)
    }

    /// A permission that an import or a rollback needs and was not given.
    pub(crate) fn not_permitted(needed: &Needed) -> Self {
        let given = format!("say that it is meant: --{}", needed.permission);
        let (code, help) = match needed.permission {
            Permission::OtherTarget => ("other-target", given),
            Permission::OverwriteRows => (
                "not-permitted",
                "keep the rows that are there: --rows keep, or `existing = \"keep\"` where settings give them; or say that it is meant: --overwrite-rows"
                    .to_owned(),
            ),
            Permission::RestartRecipes
            | Permission::Downgrade
            | Permission::MoveRecipes
            | Permission::MissingConnectors
            | Permission::OverwriteEdits => ("not-permitted", given),
        };
        Self::new(Exit::Refused, code, needed.because.clone()).help(help)
    }

    /// What is wrong, in one line.
    pub(crate) fn message(&self) -> String {
        let told: Vec<&str> = self.told.iter().map(|told| told.message.as_str()).collect();
        told.join("; ")
    }

    /// What is wrong with a manifest.
    pub(crate) fn manifest(path: &str, text: &str, errors: &ManifestErrors) -> Self {
        let told = errors.0.iter().flat_map(|error| {
            let failure = Self::new(Exit::Failed, "invalid-manifest", error.to_string()).at(
                path,
                text,
                &error.place,
            );
            let failure = match error.help() {
                Some(help) => failure.help(help),
                None => failure,
            };
            failure.told
        });
        Self::told(Exit::Failed, told.collect())
    }

    /// What is wrong with a catalogue.
    pub(crate) fn catalogue(path: &str, bytes: &[u8], error: &CatalogueError) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let failure = Self::new(Exit::Failed, "invalid-catalog", error.to_string()).at(
            path,
            &text,
            &error.place,
        );
        let right = CatalogueError::right_lines(bytes);
        match error.help() {
            Some(help) => failure.help(format!("{help}\n{right}")),
            None => failure.help(right),
        }
    }
}

/// What the command line itself reads is small: files named by arguments, and the folders they lie in.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::told_by("unreadable", &error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Source(error) => error.into(),
            OpenError::NoProject { ref ignored, .. } if !ignored.is_empty() => {
                let named = ignored.iter().map(|ignored| {
                    format!("{} has rules that match all of {}", ignored.by, counted(ignored.assets as u64, "asset"))
                });
                Self::of(Exit::Failed, "no-project", &error)
                    .notes(named.collect::<Vec<_>>())
                    .help("take the rule out; in .workato-ignore `*` takes slashes, too")
            }
            OpenError::NoProject { .. } => Self::of(Exit::Failed, "no-project", &error).help(
                "give a folder with exported assets (`x.recipe.json` …), as `workato pull`, `wk pull` or an unzipped package has",
            ),
            OpenError::ProjectPath { .. } => Self::of(Exit::Failed, "project-path", &error).help(
                "correct `project_path` in it, or give the project's own folder",
            ),
            OpenError::NoConnectors { .. } => Self::of(Exit::Failed, "no-connectors", &error).help(
                "give a folder with connectors as packages have them (`x.custom_adapter.json` and `.rb`), or as the connector SDK does (`x/connector.rb`, and perhaps `x/logo.png`)",
            ),
            OpenError::SeveralProjects { ref roots, .. } => {
                let named: Vec<_> = roots.iter().map(|root| format!("  {}", shell_word(root))).collect();
                Self::of(Exit::Usage, "several-projects", &error).help(format!(
                    "give one of them, or several, or --all-projects where the command has it; --one-project takes all as one:\n{}",
                    named.join("\n")
                ))
            }
            OpenError::ProjectsUnclear { .. } => Self::of(Exit::Usage, "several-projects", &error)
                .help("name each project's own folder instead of --all-projects"),
            OpenError::Interrupted(_) => Self::of(Exit::Interrupted, "interrupted", &error).help(NOTHING_WRITTEN),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let failure = Self::of(Exit::Failed, "unreadable", &error);
        match &error {
            SourceError::Archive { source, .. }
            | SourceError::Tree(TreeError::Limit { source, .. }) => archive_help(failure, source),
            SourceError::Io { .. } | SourceError::Tree(TreeError::Io { .. }) => failure,
        }
    }
}

fn archive_help(mut failure: Failure, error: &ArchiveError) -> Failure {
    if let Some(first) = failure.told.first_mut() {
        first.code = format!("archive-{}", error.code());
        first.help = error.help().map(str::to_owned);
    }
    failure
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Open(error) => error.into(),
            ExportError::Write(error) => error.into(),
            ExportError::Read { .. } => Self::of(Exit::Failed, "unreadable", &error),
            ExportError::Changed { .. } => Self::of(Exit::Failed, "changed", &error)
                .help("run the command again when nothing writes to the project"),
            ExportError::ReadBack(_) | ExportError::Differs { .. } => {
                Self::of(Exit::VerificationFailed, "not-as-planned", &error).help(
                    "nothing was handed over; check the disk, and report this if it happens again",
                )
            }
            ExportError::Refused(_) => Self::of(Exit::Failed, "no-package", &error),
            ExportError::Interrupted(_) => {
                Self::of(Exit::Interrupted, "interrupted", &error).help(NOTHING_WRITTEN)
            }
        }
    }
}

impl From<StripError> for Failure {
    fn from(error: StripError) -> Self {
        match error {
            StripError::Open(error) => error.into(),
            StripError::Write(error) => error.into(),
            StripError::NoPackage { .. } => Self::of(Exit::Usage, "no-package", &error),
            StripError::NotThere { .. } => Self::of(Exit::Usage, "no-folder", &error)
                .help("`recipack show` lists the paths in a package"),
            StripError::Collision { .. } | StripError::Path(_) => {
                Self::of(Exit::Failed, "strip-folder", &error)
                    .help("import it into the folder around instead, with --folder")
            }
            StripError::Read { .. } | StripError::Json { .. } => {
                Self::of(Exit::Failed, "unreadable", &error)
            }
            StripError::Scratch { .. } => Self::of(Exit::Failed, "unwritable", &error),
            StripError::Interrupted(_) => {
                Self::of(Exit::Interrupted, "interrupted", &error).help(NOTHING_WRITTEN)
            }
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let failure = Self::of(Exit::Failed, "unwritable", &error);
        match error {
            WriteError::TooLarge { .. } => failure.help(
                "the platform takes no larger ones: pack fewer assets (--include, --exclude), or set `limit-mb` in the manifest if the limit is another one",
            ),
            WriteError::Io { .. } => failure.help("nothing was left behind; make room or choose another folder with -o"),
            WriteError::Entry { .. } => failure,
        }
    }
}

impl From<DiffError> for Failure {
    fn from(error: DiffError) -> Self {
        match error {
            DiffError::Open(error) => error.into(),
            DiffError::Read { .. } | DiffError::Unreadable { .. } => {
                Self::of(Exit::Failed, "unreadable", &error)
            }
            DiffError::Changed { .. } => Self::of(Exit::Failed, "changed", &error)
                .help("run the command again when nothing writes there"),
            DiffError::Interrupted(_) => {
                Self::of(Exit::Interrupted, "interrupted", &error).help(NOTHING_WRITTEN)
            }
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Export(error) => error.into(),
            VerifyError::Source(error) => {
                let exit = if matches!(error, SourceError::Archive { .. }) {
                    Exit::VerificationFailed
                } else {
                    Exit::Failed
                };
                Self {
                    exit,
                    ..Self::from(error)
                }
            }
            VerifyError::NoPackage { .. } => Self::of(Exit::Usage, "no-package", &error),
            VerifyError::Read { .. } => Self::of(Exit::Failed, "unreadable", &error),
            VerifyError::Record { .. } => Self::of(Exit::VerificationFailed, "record", &error),
            VerifyError::NoRecord { .. } => Self::of(Exit::Usage, "no-record", &error)
                .help("give it with --record, or keep <package>.recipack.json beside the package"),
            VerifyError::Interrupted(_) => {
                Self::of(Exit::Interrupted, "interrupted", &error).help(NOTHING_WRITTEN)
            }
        }
    }
}

impl From<ProvenanceError> for Failure {
    fn from(error: ProvenanceError) -> Self {
        match error {
            ProvenanceError::Verify(error) => error.into(),
            ProvenanceError::Differs { .. } => {
                Self::of(Exit::VerificationFailed, "not-as-recorded", &error)
                    .help("look at it with `recipack verify`, and export it again")
            }
        }
    }
}

impl From<Interrupted> for Failure {
    fn from(error: Interrupted) -> Self {
        Self::of(Exit::Interrupted, "interrupted", &error).help(NOTHING_WRITTEN)
    }
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        let on = |platform: &str| format!("--platform {}", shell_word(platform));
        match &error {
            WorkspaceError::Interrupted => Self::of(Exit::Interrupted, "interrupted", &error)
                .help("the workspace was not changed by what was interrupted"),
            WorkspaceError::Stale { .. } => Self::of(Exit::Refused, "stale", &error)
                .help("nothing was changed; look at the workspace again, and repeat the command"),
            WorkspaceError::Unfit { .. } => Self::of(Exit::Failed, "unfit", &error)
                .help("nothing was changed; report this"),
            WorkspaceError::NoWorkspace {
                name,
                platform,
                there,
            } => {
                let failure = Self::of(Exit::Failed, "no-workspace", &error);
                let meant = nearest(name, there.iter().map(String::as_str))
                    .map(|meant| format!("did you mean `{meant}`? "));
                let told: Vec<&str> = there.iter().take(NAMED).map(String::as_str).collect();
                let rest = match there.len() - told.len() {
                    0 => String::new(),
                    more => format!(
                        " and {more} more: recipack workspace list {}",
                        on(platform)
                    ),
                };
                failure.help(if there.is_empty() {
                    format!(
                        "there is none yet; to create it: recipack workspace create {} --kind external {}",
                        shell_word(name),
                        on(platform)
                    )
                } else {
                    let meant = meant.unwrap_or_default();
                    format!("{meant}there are: {}{rest}", told.join(", "))
                })
            }
            WorkspaceError::Taken { platform, .. } => {
                Self::of(Exit::Failed, "workspace-taken", &error).help(format!(
                    "those that are there: recipack workspace list {}",
                    on(platform)
                ))
            }
            WorkspaceError::HasCustomers { .. } => {
                Self::of(Exit::Refused, "has-customers", &error)
                    .help("delete its customers before it, each with `recipack workspace delete`")
            }
            WorkspaceError::Busy { .. } => Self::of(Exit::Temporary, "busy", &error)
                .help("nothing was changed; repeat the command, or wait longer with --wait SECONDS"),
            WorkspaceError::NoPlatform { .. } => Self::of(Exit::Failed, "no-platform", &error)
                .help("say where the local platform is with --platform FILE or RECIPACK_PLATFORM; `recipack workspace create` makes one"),
            WorkspaceError::NotOfKind { .. } => Self::of(Exit::Usage, "workspace-kind", &error)
                .help("what goes with which kind: recipack workspace create --help"),
            WorkspaceError::Newer { .. } => Self::of(Exit::Failed, "newer-platform", &error)
                .help("use the newer version of recipack, or another file with --platform FILE"),
            WorkspaceError::NoRevision { workspace, .. } => {
                Self::of(Exit::Failed, "no-revision", &error).help(format!(
                    "those that are there: recipack history {}",
                    shell_word(&format!("local:{workspace}"))
                ))
            }
            WorkspaceError::Damaged { .. } => Self::of(Exit::Failed, "damaged", &error)
                .help("nothing was changed; put a copy of the file in its place; workspaces that are whole can be saved, each with `recipack workspace export`"),
            WorkspaceError::Partly(partly) => Self::partly(partly),
            WorkspaceError::Remote(remote) => Self::remote(remote),
            WorkspaceError::Content(_) => Self::of(Exit::Failed, "unreadable", &error),
            WorkspaceError::Io { doing: "open" | "read", .. } => Self::of(Exit::Failed, "unreadable", &error)
                .help("say where the local platform is with --platform FILE or RECIPACK_PLATFORM"),
            WorkspaceError::Io { .. } => Self::of(Exit::Failed, "unwritable", &error)
                .help("nothing was changed; see to it that there is room, and that the file and its folder may be written to"),
        }
    }
}

impl Failure {
    /// Some of several changes were made: all of them are listed, each with what became of it.
    fn partly(partly: &Partly) -> Self {
        let exit = match (&partly.cause, partly.done.is_empty()) {
            (_, false) => Exit::PartlyDone,
            (Some(cause), true) => {
                if let WorkspaceError::Remote(remote) = &**cause {
                    Self::remote(remote).exit
                } else if let WorkspaceError::Stale { .. } = &**cause {
                    Exit::Refused
                } else {
                    Exit::Failed
                }
            }
            (None, true) => Exit::Failed,
        };
        let done = partly.done.iter().map(|what| format!("done: {what}"));
        let failed = partly.failed.iter();
        let failed = failed.map(|failed| format!("failed: {}: {}", failed.what, failed.why));
        let left = partly.not_attempted.iter();
        let left = left.map(|what| format!("not attempted: {what}"));
        Self::new(exit, "not-done", partly.to_string())
            .notes(done.chain(failed).chain(left))
            .help(
                "what is done stays done; see to what failed, and repeat the command for the rest",
            )
    }

    fn remote(error: &RemoteError) -> Self {
        match error {
            RemoteError::Api(error) => Self::api(error),
            RemoteError::Unreadable { .. } => Self::of(Exit::Failed, "unreadable", error),
            RemoteError::ExportFailed { .. } => Self::of(Exit::Failed, "export-failed", error)
                .help("nothing was changed; the platform's pages may tell more"),
            RemoteError::PackageChanged { .. } => Self::of(Exit::Refused, "changed", error)
                .help("nothing was sent; make the plan again"),
            RemoteError::NoFolder { .. } => Self::of(Exit::Failed, "names-nothing", error)
                .help("the number stands in the address of the folder's page, as `fid` or after `folders/`"),
            RemoteError::NoHome { .. } => Self::of(Exit::Usage, "names-nothing", error)
                .help("name a folder: --folder NAME, or #folder=ID in the address"),
            RemoteError::ImportFailed { left, .. } => {
                Self::of(Exit::Failed, "import-failed", error).help(match left {
                    Left::Unchanged => "read back, the workspace is as it was before",
                    Left::Changed => {
                        "read back, the workspace is not as it was before: look at it with `recipack plan`"
                    }
                    Left::Unknown => {
                        "the workspace could not be read back: look at it with `recipack plan`"
                    }
                })
            }
            RemoteError::Unfinished { resume, why, .. } => {
                let exit = match why {
                    Unfinished::Interrupted => Exit::Interrupted,
                    Unfinished::Slow | Unfinished::Lost | Unfinished::Unseen => Exit::Unfinished,
                };
                let failure = Self::of(exit, "unfinished", error);
                match resume {
                    Some(id) => failure.help(format!("to go on with it: recipack resume {id}")),
                    None => failure.help("repeat the command, or wait longer with --job-timeout SECONDS"),
                }
            }
            RemoteError::SameFolders { address, ids, .. } => {
                let first = ids.first().copied().unwrap_or_default();
                let help = format!("name the one that is meant by its number, as in {address}#folder={first}, or rename the others");
                Self::of(Exit::Failed, "same-folders", error).help(help)
            }
            RemoteError::NotSo { .. } => Self::of(Exit::Failed, "not-done", error)
                .help("look at it in the platform's pages"),
            RemoteError::OtherWorkspace { .. } => Self::of(Exit::Refused, "other-workspace", error)
                .help("nothing was sent; use the token of the workspace that the import went into"),
            RemoteError::Ambiguous { number, .. } => Self::of(Exit::Usage, "ambiguous", error).help(
                format!("say which is meant: customer:id:{number} or customer:external:{number}"),
            ),
            RemoteError::Provisioning { .. } => Self::of(Exit::Temporary, "may-still-come", error)
                .help("repeat the command: it looks for the workspace first, and goes on with it; from then on it asks again"),
            RemoteError::NothingKept { address, .. } => {
                Self::of(Exit::Refused, "not-kept", error).help(import_again(address))
            }
            RemoteError::NotOffered {
                instead, address, ..
            } => {
                let address = shell_word(&address.to_string());
                Self::of(Exit::Failed, "not-offered", error)
                    .help(instead.replace("ADDRESS", &address))
            }
            RemoteError::Journal(source) => match source.downcast_ref::<JournalError>() {
                Some(error) => Self::journal(error),
                None => Self::of(Exit::Failed, "journal", error),
            },
        }
    }

    /// What is written down of imports over the API can't be read or written.
    pub(crate) fn journal(error: &JournalError) -> Self {
        match error {
            JournalError::Unknown(_) => Self::of(Exit::Failed, "no-import", error)
                .help("imports are known where they were made, in $XDG_STATE_HOME/recipack/imports"),
            JournalError::Io { .. } => Self::of(Exit::Failed, "journal", error)
                .help("imports over the API are written down in $XDG_STATE_HOME/recipack/imports; see to it that it may be written to"),
            JournalError::Damaged { path, .. } => Self::of(Exit::Failed, "journal-damaged", error)
                .help(format!(
                    "whether that import arrived is not known from here: look at the workspace with `recipack plan`, and in the platform's pages; then take the file out of the way, and with it what it says: mv {0} {0}.damaged",
                    shell_word(path)
                )),
            JournalError::NotCopied(_) => Self::of(Exit::Failed, "journal", error)
                .help("nothing was sent; run the roll-out again once its ledger can be written to"),
            JournalError::Newer { .. } => Self::of(Exit::Failed, "newer-journal", error)
                .help("use the newer version of recipack"),
        }
    }

    /// What a request to the platform's API came to.
    pub(crate) fn api(error: &ClientError) -> Self {
        let (exit, code) = match error {
            ClientError::Unauthorised { .. } => (Exit::NotAuthorised, "not-authorized"),
            ClientError::Barred { .. } => (Exit::Failed, "barred"),
            ClientError::NotFound { .. } => (Exit::Failed, "not-there"),
            ClientError::Refused { .. } => (Exit::Failed, "refused"),
            ClientError::RateLimited { .. } => (Exit::Temporary, "rate-limit"),
            ClientError::Unavailable { .. } => (Exit::Temporary, "unavailable"),
            ClientError::Lost { .. } => (Exit::Temporary, "answer-lost"),
            ClientError::Unreadable { .. } => (Exit::Failed, "unreadable-answer"),
            ClientError::TooLarge { .. } => (Exit::Failed, "answer-too-large"),
            ClientError::Diverted { .. } => (Exit::Failed, "diverted"),
            ClientError::NoPackage { .. } => (Exit::Failed, "no-download"),
            ClientError::Package { .. } => (Exit::Failed, "unreadable"),
            ClientError::Keep(_) => (Exit::Failed, "unwritable"),
            ClientError::Settings { .. } => (Exit::Usage, "settings"),
            ClientError::Cut(_) => (Exit::Interrupted, "interrupted"),
        };
        let mut failure = Self::of(exit, code, error);
        if let ClientError::RateLimited { wait, .. } = error {
            failure.wait = *wait;
        }
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Open(error) => error.into(),
            ImportError::Workspace(error) => error.into(),
            ImportError::Interrupted(error) => error.into(),
            ImportError::Refused(refusal) => refusal.into(),
            ImportError::NoPackage { ref path } => Self::of(Exit::Usage, "no-package", &error)
                .help(format!(
                    "make a package of it first: recipack export {} --for customer|external",
                    shell_word(path)
                )),
            ImportError::Record { ref package, .. } => {
                Self::of(Exit::VerificationFailed, "not-as-recorded", &error).help(format!(
                    "look at both with `recipack verify {}`; a record that belongs elsewhere goes elsewhere",
                    shell_word(package)
                ))
            }
            ImportError::TargetKeys(_) => Self::of(Exit::Failed, "unplaceable", &error)
                .help("import into a folder with a shorter path"),
            ImportError::Digest { .. } | ImportError::Read { .. } => {
                Self::of(Exit::Failed, "unreadable", &error)
            }
            ImportError::Changed { .. } => Self::of(Exit::Refused, "changed", &error)
                .help("nothing was imported; make the plan again"),
            ImportError::Json { .. } => Self::of(Exit::Failed, "broken-json", &error),
            ImportError::Scratch { .. } => Self::of(Exit::Failed, "unwritable", &error)
                .help("make room there, or set TMPDIR to another folder"),
        }
    }
}

impl From<ImportRefusal> for Failure {
    fn from(refusal: ImportRefusal) -> Self {
        match &refusal {
            ImportRefusal::Incomplete(_) => Self::of(Exit::Failed, "unreadable", &refusal),
            ImportRefusal::Blocked(_) => Self::new(
                Exit::Refused,
                "blocked",
                "the package can't be imported as it is",
            ),
            ImportRefusal::NotPermitted(needed) => {
                let failures = needed.iter().map(|needed| {
                    let failure = Self::not_permitted(needed);
                    match needed.permission == Permission::OverwriteEdits {
                        true => failure.help("leave what was changed there as it is: --edits keep; or have recipes merged: --edits merge; or say that it is meant: --overwrite-edits"),
                        false => failure,
                    }
                });
                Self::all(Exit::Refused, failures)
            }
        }
    }
}

impl From<RollbackRefusal> for Failure {
    fn from(refusal: RollbackRefusal) -> Self {
        let blocked = refusal.blocked.iter().map(|blocked| {
            Self::new(Exit::Refused, "blocked", blocked.to_string()).help(blocked.help())
        });
        let needed = refusal.needed.iter().map(Self::not_permitted);
        Self::all(Exit::Refused, blocked.chain(needed))
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::of(Exit::Failed, "damaged", &error)
            .help("nothing was changed; put a copy of the platform's file in its place, and report this if it happens again")
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Workspace(error) => error.into(),
            HistoryError::Record(error) => error.into(),
        }
    }
}

/// What to do where nothing that was there before is kept.
fn import_again(address: &Address) -> String {
    format!(
        "nothing was sent; import the package again that was there before; its name and digest: recipack history {}",
        shell_word(&address.to_string())
    )
}

impl From<RollbackError> for Failure {
    fn from(error: RollbackError) -> Self {
        match error {
            RollbackError::Workspace(error) => error.into(),
            RollbackError::Record(error) => error.into(),
            RollbackError::Interrupted(error) => error.into(),
            RollbackError::NoRevisions { .. } => Self::of(Exit::Failed, "no-revision", &error)
                .help("import a package first: recipack import PACKAGE.zip --into local:NAME"),
            RollbackError::NotKept {
                ref address, why, ..
            } => match why {
                NotKept::Never | NotKept::Missing => {
                    Self::of(Exit::Refused, "not-kept", &error).help(import_again(address))
                }
                NotKept::Damaged(digest) => {
                    Self::of(Exit::VerificationFailed, "damaged-package", &error).help(format!(
                        "nothing was sent; put a copy of it back as $XDG_STATE_HOME/recipack/imports/packages/{digest}.zip; or {}",
                        import_again(address)
                    ))
                }
            },
            RollbackError::SeveralFolders {
                ref address,
                before,
            } => Self::of(Exit::Refused, "several-folders", &error).help(format!(
                "nothing was sent; go back one revision at a time, first: recipack rollback {} {before}",
                shell_word(&address.to_string())
            )),
            RollbackError::Gather { .. } => Self::of(Exit::Failed, "unreadable", &error),
            RollbackError::NotRemoved { .. } => Self::of(Exit::Failed, "not-offered", &error)
                .help("roll back with --created stop or --created keep, and remove it in the platform's pages"),
            RollbackError::Import(error) => (*error).into(),
        }
    }
}

impl Failure {
    /// Names that mean nothing, or too much. `list` shows what is there; `use_it` takes a name.
    pub(crate) fn names(errors: &[ResolveError], list: &str, use_it: &str) -> Self {
        let mut exit = Exit::Usage;
        let told = errors.iter().flat_map(|error| {
            let failure = match error {
                ResolveError::Nothing { nearest, .. } => {
                    exit = Exit::Failed;
                    let meant = nearest
                        .as_ref()
                        .map(|nearest| format!("did you mean \"{}\"? ", visible(nearest)));
                    Self::of(Exit::Failed, "names-nothing", error).help(format!(
                        "{}those that are there: {list}",
                        meant.unwrap_or_default()
                    ))
                }
                ResolveError::Several { candidates, .. } => {
                    let lines: Vec<_> = candidates
                        .iter()
                        .map(|candidate| {
                            format!(
                                "  {}  # {}",
                                use_it.replace("{}", &shell_word(&candidate.unique)),
                                visible(&candidate.label)
                            )
                        })
                        .collect();
                    Self::of(Exit::Usage, "ambiguous", error)
                        .help(format!("say which one:\n{}", lines.join("\n")))
                }
            };
            failure.told
        });
        let told = told.collect();
        Self::told(exit, told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workspace::RevisionNumber;

    #[test]
    fn what_may_be_repeated_and_what_was_refused_have_their_exits() {
        let text = str::to_owned;
        for (error, exit, help) in [
            (
                WorkspaceError::Stale {
                    workspace: text("acme"),
                },
                Exit::Refused,
                "repeat the command",
            ),
            (
                WorkspaceError::HasCustomers {
                    name: text("kestrel"),
                    customers: vec![text("acme")],
                },
                Exit::Refused,
                "recipack workspace delete",
            ),
            (
                WorkspaceError::Busy {
                    platform: text("p.db"),
                    holder: text("import of orders.zip"),
                },
                Exit::Temporary,
                "--wait",
            ),
            (
                WorkspaceError::NoWorkspace {
                    name: text("acne"),
                    platform: text("p q.db"),
                    there: (0..NAMED)
                        .map(|n| format!("w{n}"))
                        .chain([text("acme")])
                        .collect(),
                },
                Exit::Failed,
                "did you mean `acme`? there are: w0, w1, w2, w3, w4, w5, w6, w7, w8, w9 and 1 more: recipack workspace list --platform 'p q.db'",
            ),
            (
                WorkspaceError::Newer {
                    platform: text("p.db"),
                    found: 9,
                    known: 1,
                },
                Exit::Failed,
                "newer version",
            ),
            (
                WorkspaceError::NoRevision {
                    workspace: text("acme"),
                    number: RevisionNumber(7),
                },
                Exit::Failed,
                "recipack history local:acme",
            ),
            (
                WorkspaceError::Io {
                    platform: text("p.db"),
                    doing: "read",
                    source: "no such disk".into(),
                },
                Exit::Failed,
                "--platform",
            ),
        ] {
            let failure = Failure::from(error);
            let told = &failure.told[0];
            assert_eq!(failure.exit, exit, "{}", told.message);
            let said = told.help.as_deref().unwrap_or_default();
            assert!(said.contains(help), "{}: {said}", told.message);
        }
    }
}
