//! `recipack plan` and `recipack import`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::args::{ImportArgs, PermittedArgs, PlanArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath};
use super::super::platform;
use super::super::reports::{Reporter, around};
use super::super::request::read_text;
use super::super::ui::{Answer, Format, visible};
use super::super::{Context, Stop};
use super::counts::Length;
use super::import_edits;
use super::import_settings::{Lands, Said, changed_rows, changed_values, planned_settings};
use super::import_signed::{Approval, held, unlike, unsigned};
use super::import_words::{imported, outcome, text};
use crate::archive::Limits;
use crate::cli::brought::{self, Along};
use crate::cli::connect::open;
use crate::cli::lockfile;
use crate::cli::registry::reference;
use crate::cli::settings;
use crate::cli::signing::attached;
use crate::cli::workspace_command::platform_option;
use crate::model::count::counted;
use crate::model::finding::Severity;
use crate::model::ident::Digest;
use crate::model::seal::SealError;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, FolderPath, ReadDepth};
use crate::ops::Interrupted;
use crate::ops::approval::ImportRefusal;
use crate::ops::export::record::record_path;
use crate::ops::import::{
    ImportDocument, ImportError, ImportRequest, Incoming, PlanDocument, PlanFileError,
};
use crate::ops::strip::Stripped;
use crate::plan::decision::shell_word;
use crate::plan::import::document::{ImportPlan, Needed, Permission};
use crate::plan::import::edits::EditsWish;
use crate::plan::import::target::{Fit, OtherTarget};
use crate::plan::import::{Landing, Receipt, TagsPolicy};
use crate::report::items;
use crate::report::outputs::Output;
use crate::workspace::{Workspace, WorkspaceError};

/// How often an import is planned again because somebody else was faster.
const ATTEMPTS: usize = 20;

pub(crate) fn plan(context: &Context, args: &PlanArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "plan", |reporter| {
        plan_only(context, args, reporter)
    })
}

/// Tells the reports of a plan.
fn tell(reporter: &mut Reporter, document: &PlanDocument) {
    let plan = &document.plan;
    reporter.findings(&document.findings);
    reporter.items(|| items::of_plan(plan));
    reporter.plan(plan);
    reporter.output(Output::text("package", &plan.package.path));
    reporter.output(Output::text("digest", plan.package.digest.to_string()));
    reporter.output(Output::truth("changed", !plan.is_empty()));
    reporter.output(Output::number("warnings", document.counts.warnings));
}

/// What an import is about, for reports.
fn subject(reporter: &mut Reporter, package: &Path, into: &Address) {
    reporter.subject(format!("{} → {into}", package.display()));
    reporter.project(package, None);
}

fn plan_only(context: &Context, args: &PlanArgs, reporter: &mut Reporter) -> Result<Exit, Stop> {
    subject(reporter, &args.package, &args.into);
    let output = match &args.output {
        Some(output) => Some(plan_output(args, output)?),
        None => None,
    };
    let workspace = open(context, &args.platform, &args.into, "plan")?;
    workspace.read_as(args.read.unwrap_or(ReadDepth::Slim));
    let files = settings::files(&args.settings.settings)?;
    let folder = within(workspace.as_ref(), args.folder.as_ref())?;
    let ca = args.platform.api.ca_file.as_ref();
    let package = brought::fetched(context, ca, &args.package, Along::Record)?;
    let mut request = ImportRequest {
        other_target: other_target(args.other_target),
        edits: Some(args.edits.wish()),
        landing: landing(
            workspace.as_ref(),
            &folder,
            args.home_folder.as_ref(),
            args.tags.unwrap_or(TagsPolicy::Apply),
        )?,
        ..request(package.path(), &args.into, folder, args.rows)
    };
    let stripped = strip(context, &mut request, args.strip_folder.as_deref())?;
    let read = |request: &ImportRequest| -> Result<Incoming, ImportError> {
        let mut observer = context.ui.observer();
        let mut incoming = Incoming::read(request, &context.running, &mut observer)?;
        if let Some(stripped) = &stripped {
            incoming.was_made_of(package.path(), stripped.original)?;
        }
        Ok(incoming)
    };
    let mut incoming = read(&request)?;
    let said = Said {
        args: &args.settings,
        files: &files,
        folder: args.folder.as_ref(),
        home: args.home_folder.as_ref(),
        tags: args.tags,
    };
    if said.settle(&mut request, &incoming, workspace.as_ref())? == Lands::Elsewhere {
        incoming = read(&request)?;
    }
    import_edits::known(&args.edits.wish(), &incoming)?;
    Failure::incomplete(&incoming.opened)?;
    let mut planned = incoming.plan(&request, workspace.as_ref(), &context.running)?;
    if context.running.interrupt.is_set() {
        return Err(ImportError::from(Interrupted).into());
    }
    let folder = stripped.as_ref().and(args.strip_folder.as_ref());
    if stripped.is_some() || package.pinned().is_some() {
        planned.call_package(package.name(), folder.cloned());
    }
    let document = planned.document(&incoming);
    let document = document.sealed().map_err(anyhow::Error::new)?;
    tell(reporter, &document);
    let is_other = |needed: &&Needed| needed.permission == Permission::OtherTarget;
    if let Some(needed) = planned.plan().needs.iter().find(is_other) {
        context.ui.findings(&document.findings);
        return Err(Failure::not_permitted(needed).into());
    }
    let given = given(&args.permitted);
    let refusal = planned.approve(&given).err();
    if let Some(output) = &output {
        reporter.output(Output::text("plan", output.path().display().to_string()));
        let text = crate::model::visible::json(&document).map_err(anyhow::Error::new)?;
        output.write(text.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
    }
    match context.ui.format {
        // The plan is on stdout already.
        Format::Json if output.as_ref().is_some_and(OutputPath::is_stdout) => {}
        Format::Json => context.ui.document(&document)?,
        Format::Text => {
            context.ui.findings(&document.findings);
            let mut text = text(planned.plan(), context.ui.volume, Length::said(args.full));
            if let Some(refusal) = &refusal {
                text.push_str(&blocked(refusal, &document));
            }
            match &output {
                Some(output) if output.is_stdout() => context.ui.talk(&text),
                Some(_) | None => context.ui.changes(&text)?,
            }
        }
    }
    Ok(match refusal {
        Some(refusal) => {
            let refused = Failure::from(refusal);
            let exit = refused.exit;
            reporter.failed_of(refused.told);
            exit
        }
        None if args.detailed_exitcode && !planned.plan().is_empty() => Exit::Differences,
        None => Exit::Done,
    })
}

/// Where the plan goes.
fn plan_output(args: &PlanArgs, output: &Path) -> Result<OutputPath, Failure> {
    let beside = record_path(&args.package);
    let platform = platform::path(&args.platform).ok();
    let mut inputs = vec![args.package.as_path(), beside.as_path()];
    inputs.extend(platform.as_deref());
    inputs.extend(args.report.files());
    OutputPath::check(output, Content::Plan, (&args.force).into(), &inputs)
}

/// What blocks a plan, and how to go on, in a line.
pub(super) fn blocked(refusal: &ImportRefusal, document: &PlanDocument) -> String {
    let mut errors = document.findings.iter();
    if let Some(error) = errors.find(|finding| finding.severity == Severity::Error) {
        let more = document.counts.errors - 1;
        let more = match more {
            0 => String::new(),
            more => format!(" (and {})", counted(more as u64, "more error")),
        };
        let help = error.help.as_deref().map_or_else(
            || format!("for what to do: recipack explain {}", error.code),
            |help| help.replace('\n', " "),
        );
        return format!(
            "Blocked: {}{more}; {}\n",
            visible(&error.message),
            visible(&help)
        );
    }
    let refused = match refusal {
        ImportRefusal::NotPermitted(needed) => needed.as_slice(),
        ImportRefusal::Incomplete(_) | ImportRefusal::Blocked(_) => &[],
    };
    let reasons: Vec<_> = refused
        .iter()
        .map(|needed| visible(&needed.because))
        .collect();
    let mut options: Vec<_> = refused
        .iter()
        .map(|needed| format!("--{}", needed.permission))
        .collect();
    options.sort();
    options.dedup();
    format!(
        "Blocked: {}; if that is meant, plan and import with {}\n",
        reasons.join("; "),
        options.join(" ")
    )
}

/// The folder that is meant: below the one that the address names.
pub(super) fn within(
    workspace: &dyn Workspace,
    folder: Option<&FolderPath>,
) -> Result<FolderPath, Failure> {
    let base = workspace.base();
    match folder {
        None => Ok(base),
        Some(folder) => base
            .join(folder.as_str())
            .map_err(|error| Failure::usage(format!("--folder {folder}: {error}"))),
    }
}

/// What an import into a folder is told beside it.
pub(super) fn landing(
    workspace: &dyn Workspace,
    folder: &FolderPath,
    home: Option<&FolderPath>,
    tags: TagsPolicy,
) -> Result<Landing, Failure> {
    let Some(home) = home else {
        return Ok(Landing {
            tags,
            ..Landing::default()
        });
    };
    let home = workspace
        .base()
        .join(home.as_str())
        .map_err(|error| Failure::usage(format!("--home-folder {home}: {error}")))?;
    // What of a package counts as Home's there is told nowhere.
    if folder.is_home() && !home.is_home() {
        return Err(Failure::usage(
            "--home-folder goes with an import into another folder than Home",
        )
        .help("say which with --folder"));
    }
    Ok(Landing { home, tags })
}

/// Takes the top folder off the package that is asked for, and asks for what that gives.
fn strip(
    context: &Context,
    request: &mut ImportRequest,
    folder: Option<&str>,
) -> Result<Option<Stripped>, Failure> {
    let Some(folder) = folder else {
        return Ok(None);
    };
    let folder = folder.trim_end_matches('/');
    let scratch = std::env::temp_dir();
    let (running, mut observer) = (&context.running, context.ui.observer());
    let stripped = Stripped::of(&request.package, folder, &scratch, running, &mut observer)?;
    request.package = stripped.path();
    Ok(Some(stripped))
}

/// An import of a package into a folder of a workspace, now and by whoever runs the program.
pub(super) fn request(
    package: &Path,
    into: &Address,
    folder: FolderPath,
    rows: RowsPolicy,
) -> ImportRequest {
    ImportRequest {
        package: package.to_owned(),
        address: into.clone(),
        folder,
        rows,
        landing: Landing::default(),
        settings: None,
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        at: platform::now(),
        who: platform::who(),
        other_target: OtherTarget::Refused,
        edits: Some(EditsWish::default()),
    }
}

/// What an option permits.
const fn other_target(given: bool) -> OtherTarget {
    match given {
        true => OtherTarget::Permitted,
        false => OtherTarget::Refused,
    }
}

/// What `import` was given.
struct Asked {
    request: ImportRequest,
    /// The top folder that is taken off the package.
    strip_folder: Option<String>,
    /// The plan that has to hold still.
    approved: Option<PlanDocument>,
}

fn asked(args: &ImportArgs) -> Result<Asked, Failure> {
    let is_plan = args
        .package
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json"));
    // A tag may end so, too.
    if !is_plan || reference(&args.package)?.is_some() {
        let Some(into) = &args.into else {
            return Err(
                Failure::usage("it is not said which workspace to import into")
                    .help("say it with --into local:NAME"),
            );
        };
        if args.from.is_some() {
            return Err(Failure::usage(
                "--from goes with a plan, and the package is given already",
            ));
        }
        return Ok(Asked {
            request: ImportRequest {
                other_target: other_target(args.other_target),
                edits: Some(args.edits.wish()),
                ..request(
                    &args.package,
                    into,
                    args.folder.clone().unwrap_or_default(),
                    args.rows.unwrap_or(RowsPolicy::Overwrite),
                )
            },
            strip_folder: args.strip_folder.clone(),
            approved: None,
        });
    }
    let text = read_text(&args.package)?;
    let document = PlanDocument::parse(text.as_bytes()).map_err(|error| {
        let shown = args.package.display();
        let (exit, code, what) = match &error {
            PlanFileError::Seal(SealError::Json(_)) => (Exit::Failed, "invalid-plan", "is no plan"),
            PlanFileError::Seal(SealError::Differs) => (
                Exit::VerificationFailed,
                "damaged-plan",
                "is not the plan that was written",
            ),
            PlanFileError::Seal(SealError::Absent) => (
                Exit::VerificationFailed,
                "damaged-plan",
                "can't be told from a damaged plan",
            ),
            PlanFileError::Newer { .. } => (Exit::Failed, "newer-plan", "can't be carried out"),
        };
        let message = match &error {
            PlanFileError::Seal(SealError::Json(error)) if error.is_data() => {
                format!("{shown} {what}")
            }
            PlanFileError::Seal(_) | PlanFileError::Newer { .. } => {
                format!("{shown} {what}: {error}")
            }
        };
        Failure::new(exit, code, message)
            .help("make one with `recipack plan PACKAGE.zip --into local:NAME -o plan.json`")
    })?;
    let plan = &document.plan;
    let address = &plan.workspace.address;
    if let Some(into) = args.into.as_ref().filter(|into| *into != address) {
        return Err(Failure::new(
            Exit::Refused,
            "other-workspace",
            format!("the plan is for {address}, not for {into}"),
        )
        .help(format!(
            "make a plan for it: recipack plan {} --into {into}",
            plan.package.path
        )));
    }
    if let Some(folder) = args
        .folder
        .as_ref()
        .filter(|folder| **folder != plan.folder)
    {
        return Err(Failure::new(
            Exit::Refused,
            "other-folder",
            format!(
                "the plan is for {}, not for {}",
                named(&plan.folder),
                named(folder)
            ),
        )
        .help("make a plan for it, with --folder; or leave --folder out"));
    }
    if let Some(rows) = args.rows.filter(|rows| *rows != plan.rows) {
        return Err(Failure::new(
            Exit::Refused,
            "other-rows",
            format!("the plan was made with --rows {}, not {rows}", plan.rows),
        )
        .help(format!(
            "make a plan for it: recipack plan {} --into {address} --rows {rows}",
            plan.package.path
        )));
    }
    import_edits::same(&args.edits.wish(), plan)?;
    if let Some(tags) = args.tags.filter(|tags| *tags != plan.tags) {
        return Err(Failure::new(
            Exit::Refused,
            "other-tags",
            format!("the plan was made with --tags {}, not {tags}", plan.tags),
        )
        .help(format!(
            "make a plan for it: recipack plan {} --into {address} --tags {tags}",
            plan.package.path
        )));
    }
    if let Some(reading) = args.read.filter(|reading| *reading != plan.reading) {
        return Err(Failure::new(
            Exit::Refused,
            "other-reading",
            format!(
                "the plan was made with --read {}, not {reading}",
                plan.reading
            ),
        )
        .help(format!(
            "make a plan for it: recipack plan {} --into {address} --read {reading}",
            plan.package.path
        )));
    }
    let planned_home = plan.landing().home;
    if let Some(home) = args
        .home_folder
        .as_ref()
        .filter(|home| **home != planned_home)
    {
        return Err(Failure::new(
            Exit::Refused,
            "other-folder",
            format!(
                "the plan puts connections of Home into {}, not into {}",
                named(&planned_home),
                named(home)
            ),
        ));
    }
    let strip_folder = plan.package.strip_folder.clone();
    if args.strip_folder.is_some() && args.strip_folder != strip_folder {
        return Err(Failure::new(
            Exit::Refused,
            "other-folder",
            "the plan was made without taking that folder off",
        )
        .help("make the plan again, with --strip-folder"));
    }
    let package = match &args.from {
        Some(package) => package.clone(),
        None => found(&args.package, Path::new(&plan.package.path)),
    };
    let mut request = request(&package, address, plan.folder.clone(), plan.rows);
    // Who approved a plan approved of its target.
    let approved = plan.target.as_ref().map(|target| target.fit);
    if args.other_target || approved == Some(Fit::Permitted) {
        request.other_target = OtherTarget::Permitted;
    }
    request.package = package;
    request.landing = plan.landing();
    request.edits = Some(plan.said_of_edits());
    Ok(Asked {
        request,
        strip_folder,
        approved: Some(document),
    })
}

/// A folder as it is called.
pub(super) fn named(folder: &FolderPath) -> String {
    match folder.is_home() {
        true => "Home".to_owned(),
        false => format!("folder \"{}\"", visible(folder.as_str())),
    }
}

/// A plan's package: where the plan says, or beside the plan.
pub(super) fn found(plan: &Path, package: &Path) -> PathBuf {
    if package.exists() {
        return package.to_owned();
    }
    let beside = package.file_name().map(|name| plan.with_file_name(name));
    beside
        .filter(|beside| beside.exists())
        .unwrap_or_else(|| package.to_owned())
}

pub(crate) fn import(context: &Context, args: &ImportArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "import", |reporter| {
        reporter.subject(args.package.display().to_string());
        let length = Length::said(args.full);
        match carry_out(context, args, Doing::All, reporter)? {
            Ended::Carried(document, receipt, astray) => {
                report(context, document, receipt, astray, length)
            }
            Ended::Planned(..) | Ended::Nothing => Ok(Exit::Failed),
        }
    })
}

/// How far an import goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It is planned.
    Plan,
    /// It is carried out.
    All,
    /// It is carried out if its plan is the one that somebody looked at, by its seal.
    Confirmed(Digest),
}

/// How far an import came.
pub(super) enum Ended {
    /// It was planned, and is refused for this.
    Planned(PlanDocument, Option<ImportRefusal>),
    /// It was carried out, and this is not as planned.
    Carried(PlanDocument, Receipt, Vec<String>),
    /// Others were faster, again and again.
    Nothing,
}

pub(super) fn carry_out(
    context: &Context,
    args: &ImportArgs,
    doing: Doing,
    reporter: &mut Reporter,
) -> Result<Ended, Stop> {
    let Asked {
        mut request,
        strip_folder,
        approved,
    } = asked(args)?;
    subject(reporter, &request.package, &request.address);
    let along = match (&args.require_signature, &args.signature) {
        (Some(_), None) => Along::Signatures,
        (Some(_) | None, _) => Along::Record,
    };
    let ca = args.platform.api.ca_file.as_ref();
    let brought = brought::fetched(context, ca, &request.package, along)?;
    request.package = brought.path().to_owned();
    let package = request.package.clone();
    let called = PathBuf::from(brought.name());
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    // Before anything of the package is looked at, and before anybody hears of it.
    let signed = match &args.require_signature {
        Some(key) => {
            let attached = attached(key, &brought)?;
            let signature = args.signature.as_deref().or(attached.as_deref());
            Some(held(key, &brought, signature)?)
        }
        None => None,
    };
    let mut workspace = open(
        context,
        &args.platform,
        &request.address,
        &format!("import of {name}"),
    )?;
    // A plan is held to what it was made from.
    let planned = approved.as_ref().map(|document| document.plan.reading);
    workspace.read_as(planned.or(args.read).unwrap_or(ReadDepth::Slim));
    if approved.is_none() {
        request.folder = within(workspace.as_ref(), args.folder.as_ref())?;
        request.landing = landing(
            workspace.as_ref(),
            &request.folder,
            args.home_folder.as_ref(),
            args.tags.unwrap_or(TagsPolicy::Apply),
        )?;
    }
    let stripped = strip(context, &mut request, strip_folder.as_deref())?;
    let read = |request: &ImportRequest| -> Result<Incoming, ImportError> {
        let mut observer = context.ui.observer();
        let mut incoming = Incoming::read(request, &context.running, &mut observer)?;
        if let Some(stripped) = &stripped {
            incoming.was_made_of(&package, stripped.original)?;
        }
        Ok(incoming)
    };
    let mut incoming = read(&request)?;
    import_edits::known(&args.edits.wish(), &incoming)?;
    let (files, said) = planned_settings(args, approved.as_ref())?;
    let said = Said {
        args: &said,
        files: &files,
        folder: approved
            .as_ref()
            .map_or(args.folder.as_ref(), |approved| Some(&approved.plan.folder)),
        home: args.home_folder.as_ref(),
        tags: approved
            .as_ref()
            .map_or(args.tags, |approved| Some(approved.plan.tags)),
    };
    match approved {
        // Where it goes was approved of.
        Some(_) => {
            let (folder, landing) = (request.folder.clone(), request.landing.clone());
            said.settle(&mut request, &incoming, workspace.as_ref())?;
            (request.folder, request.landing) = (folder, landing);
        }
        None => {
            if said.settle(&mut request, &incoming, workspace.as_ref())? == Lands::Elsewhere {
                incoming = read(&request)?;
            }
        }
    }
    let read = stripped.as_ref().map_or(incoming.digest(), |s| s.original);
    if let Some(signed) = &signed {
        let approval = match approved {
            Some(_) => Approval::Plan,
            None => Approval::None,
        };
        let wrong = unlike(signed, read, incoming.record_digest(), approval);
        if let Some(what) = wrong {
            return Err(unsigned(&called, what).into());
        }
    }
    Failure::incomplete(&incoming.opened)?;
    if args.locked {
        let (lock, path) = match &args.lock {
            Some(path) => (lockfile::required(path)?, path.clone()),
            None => lockfile::of_here(context)?,
        };
        let made_for = lockfile::hold_package(lock, &path, &request.package, &incoming)?;
        if let Some(made_for) = made_for {
            incoming.was_locked_for(made_for);
        }
    }
    let given = given(&args.permitted);
    let mut consent: Option<Arc<ImportPlan>> =
        approved.as_ref().map(|document| Arc::clone(&document.plan));
    for attempt in 1.. {
        let mut planned = incoming.plan(&request, workspace.as_ref(), &context.running)?;
        let folder = stripped.as_ref().and(strip_folder.as_ref());
        if stripped.is_some() || brought.pinned().is_some() {
            planned.call_package(called.display().to_string(), folder.cloned());
        }
        if let Some(approved) = &approved {
            planned.stand_by(&approved.plan);
        }
        if let Some(consent) = &consent
            && **consent != *planned.plan()
        {
            return Err(stale(consent, planned.plan()).into());
        }
        let document = planned.document(&incoming);
        if attempt == 1 {
            tell(reporter, &document);
            context.ui.findings(&document.findings);
        }
        match doing {
            Doing::Plan => {
                let refusal = planned.approve(&given).err();
                return Ok(Ended::Planned(document, refusal));
            }
            Doing::Confirmed(seal) if consent.is_none() => {
                let now = document.clone().sealed().map_err(anyhow::Error::new)?;
                if now.seal != Some(seal) {
                    return Err(another().into());
                }
                consent = Some(Arc::clone(&document.plan));
            }
            Doing::Confirmed(_) | Doing::All => {}
        }
        let approval = planned.approve(&given)?;
        let plan = planned.plan();
        let overwrites = plan.summary.overwrites > 0 || changed_values(plan) > 0;
        if consent.is_none() && !args.yes && overwrites {
            agreed(context, args, &called, planned.plan())?;
            consent = Some(Arc::clone(&document.plan));
        }
        let applied = incoming.apply(
            &request,
            &approval,
            &document,
            workspace.as_mut(),
            &context.running,
            &mut context.ui.observer(),
        );
        let mut receipt = match applied {
            Ok(receipt) => {
                context.did(imported(&request.address, &receipt));
                receipt
            }
            Err(ImportError::Workspace(WorkspaceError::Stale { .. })) if attempt < ATTEMPTS => {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        // The workspace is read again next.
        drop(planned);
        let astray =
            incoming.read_back(&request, &mut receipt, workspace.as_ref(), &context.running)?;
        reporter.astray(&astray);
        return Ok(Ended::Carried(document, receipt, astray));
    }
    Ok(Ended::Nothing)
}

/// Asks whether to overwrite what is there.
fn agreed(
    context: &Context,
    args: &ImportArgs,
    package: &Path,
    plan: &ImportPlan,
) -> Result<(), Failure> {
    let shown = text(plan, context.ui.volume, Length::said(args.full));
    let address = &plan.workspace.address;
    let question = format!("{shown}Import into {address}?");
    match context.ui.agree(&question, &context.running.interrupt)? {
        Answer::Yes => Ok(()),
        Answer::No => Err(Failure::new(
            Exit::Refused,
            "declined",
            "nothing was imported",
        )),
        Answer::Nobody => {
            context.ui.talk(&shown);
            let mut options = format!(
                "{} --into {}",
                shell_word(&package.display().to_string()),
                shell_word(&address.to_string())
            );
            if let Some(folder) = &args.folder {
                options.push_str(&format!(" --folder {}", shell_word(folder.as_str())));
            }
            if let Some(home) = &args.home_folder {
                options.push_str(&format!(" --home-folder {}", shell_word(home.as_str())));
            }
            if let Some(tags) = args.tags {
                options.push_str(&format!(" --tags {tags}"));
            }
            for file in &args.settings.settings {
                let file = shell_word(&file.display().to_string());
                options.push_str(&format!(" --settings {file}"));
            }
            for label in &args.settings.label {
                options.push_str(&format!(" --label {}", shell_word(label)));
            }
            if let Some(customer) = &args.settings.customer {
                options.push_str(&format!(" --customer {}", shell_word(customer)));
            }
            options.push_str(&platform_option(&args.platform));
            Err(Failure::new(
                Exit::Refused,
                "not-confirmed",
                format!(
                    "nothing was imported: it would overwrite {} of {address}, and there is nobody to ask",
                    match (plan.summary.overwrites, changed_values(plan)) {
                        (0, values) => counted(values as u64, "property value"),
                        (assets, _) => counted(assets as u64, "asset"),
                    },
                ),
            )
            .help(format!(
                "to import without being asked, pass --yes; or have a plan approved:\n  recipack plan {options} -o plan.json\n  recipack import plan.json"
            )))
        }
    }
}

pub(super) fn given(args: &PermittedArgs) -> Vec<Permission> {
    [
        (args.restart_recipes, Permission::RestartRecipes),
        (args.allow_downgrade, Permission::Downgrade),
        (args.allow_moved_recipes, Permission::MoveRecipes),
        (args.allow_missing_connectors, Permission::MissingConnectors),
        (args.overwrite_rows, Permission::OverwriteRows),
        (args.overwrite_edits, Permission::OverwriteEdits),
    ]
    .into_iter()
    .filter_map(|(given, permission)| given.then_some(permission))
    .collect()
}

/// The import would be another one than somebody looked at.
pub(super) fn another() -> Failure {
    Failure::new(
        Exit::Refused,
        "stale-plan",
        "nothing was imported: the package or the workspace changed meanwhile",
    )
    .help("look at it again, and at what is different")
}

fn stale(approved: &ImportPlan, now: &ImportPlan) -> Failure {
    let what = if approved.package.digest != now.package.digest {
        "the package is another one".to_owned()
    } else if approved.workspace.state != now.workspace.state {
        format!("{} changed since", now.workspace.address)
    } else if approved.catalog != now.catalog {
        "other connectors are shared with the workspace now".to_owned()
    } else if approved.settings.as_ref().map(|s| s.digest)
        != now.settings.as_ref().map(|s| s.digest)
    {
        let rows = |plan: &ImportPlan| plan.settings.as_ref().map(|s| s.rows.clone());
        match changed_rows(
            &rows(approved).unwrap_or_default(),
            &rows(now).unwrap_or_default(),
        ) {
            Some(file) => format!("the rows in {file} are other ones"),
            None => {
                "the settings say something else, or a secret of theirs is another one".to_owned()
            }
        }
    } else {
        "the import would do something else now".to_owned()
    };
    Failure::new(
        Exit::Refused,
        "stale-plan",
        format!("the plan no longer holds: {what}"),
    )
    .help("make the plan again, and look at what is different")
}

pub(super) fn report(
    context: &Context,
    plan: PlanDocument,
    receipt: Receipt,
    astray: Vec<String>,
    length: Length,
) -> Result<Exit, Stop> {
    let exit = if astray.is_empty() {
        Exit::Done
    } else {
        Exit::PartlyDone
    };
    let document = ImportDocument {
        plan,
        receipt,
        astray,
    };
    match context.ui.format {
        Format::Json => context.ui.document(&document)?,
        Format::Text => {
            let mut text = text(&document.plan.plan, context.ui.volume, length);
            outcome(&mut text, &document);
            context.ui.changes(&text)?;
        }
    }
    Ok(exit)
}
