//! `recipack rollback`.

use std::fmt::Write as _;

use super::super::args::{ResumeArgs, RollbackArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::reports::{Reporter, around};
use super::super::ui::{Answer, Volume, visible};
use super::super::{Context, Stop};
use super::history::{deed, no_revision, recipes};
use crate::cli::connect::{open, open_expected};
use crate::cli::workspace_command::platform_option;
use crate::io::scratch::ScratchFolder;
use crate::model::ident::Digest;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{RemoteAddress, RevisionNumber};
use crate::ops::import::rollback::{
    NotKept, PlannedRollback, RollbackDocument, RollbackError, RollbackRequest, astray,
    before_newest, digest_of, plan,
};
use crate::ops::import::{ImportError, ImportRequest, Incoming};
use crate::plan::decision::shell_word;
use crate::plan::import::document::Permission;
use crate::plan::import::target::OtherTarget;
use crate::plan::import::wording::Wording;
use crate::plan::rollback::document::{RolledAsset, RolledConnector};
use crate::plan::rollback::{RollbackPlan, RollbackReceipt};
use crate::remote::RemoteWorkspace;
use crate::remote::journal::{Entry, State};
use crate::report::items;
use crate::workspace::{KeptPackage, Workspace as _, WorkspaceError};

/// How many recipes that a connector moves are named before the rest is only counted.
const SHOWN: usize = 10;
/// How often a rollback is planned again because somebody else was faster.
const ATTEMPTS: usize = 20;

pub(crate) fn run(context: &Context, args: &RollbackArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "rollback", |reporter| {
        work(context, args, reporter)
    })
}

fn work(context: &Context, args: &RollbackArgs, reporter: &mut Reporter) -> Result<Exit, Stop> {
    match carry_out(context, args, reporter, None)? {
        Ended::Planned(planned) => report_plan(context, &planned),
        Ended::Done(document) => report(context, &document),
        Ended::Nothing => Ok(Exit::Failed),
    }
}

/// How far a rollback came.
pub(super) enum Ended {
    /// It was planned.
    Planned(PlannedRollback),
    /// It was carried out.
    Done(Box<RollbackDocument>),
    /// Others were faster, again and again.
    Nothing,
}

/// Plans a rollback and carries it out; if somebody looked at a plan, only if it is still that.
pub(super) fn carry_out(
    context: &Context,
    args: &RollbackArgs,
    reporter: &mut Reporter,
    looked_at: Option<Digest>,
) -> Result<Ended, Stop> {
    reporter.subject(args.address.to_string());
    let mut workspace = open(context, &args.platform, &args.address, "rollback")?;
    let failed = |error: RollbackError| -> Failure {
        if let RollbackError::Workspace(error) = error {
            return no_revision(error, &args.platform, &args.address);
        }
        error.into()
    };
    let to = match args.revision {
        Some(number) => RevisionNumber(number),
        None => before_newest(workspace.as_ref()).map_err(failed)?,
    };
    let request = RollbackRequest {
        address: args.address.clone(),
        to,
        created: args.created,
        at: platform::now(),
        who: platform::who(),
        scratch: std::env::temp_dir(),
    };
    let mut shown: Option<RollbackPlan> = None;
    let mut consent: Option<RollbackPlan> = None;
    for attempt in 1.. {
        let planned = plan(&request, workspace.as_ref(), &context.running).map_err(failed)?;
        reporter.items(|| items::of_rollback(planned.plan()));
        if args.plan {
            return Ok(Ended::Planned(planned));
        }
        if let (Some(digest), None) = (looked_at, &consent) {
            let now = planned.plan();
            if digest_of(now).map_err(anyhow::Error::new)? != digest {
                return Err(another().into());
            }
            (shown, consent) = (Some(now.clone()), Some(now.clone()));
        }
        if let Some(shown) = &shown {
            still(shown, consent.as_ref(), planned.plan())?;
        }
        let approved = planned.approve(&given(args)).map_err(Failure::from)?;
        let first = shown.is_none();
        shown.get_or_insert_with(|| planned.plan().clone());
        if first && !args.yes && !planned.plan().is_empty() {
            consent = Some(agreed(context, args, planned.plan())?);
        }
        let receipt = match approved.apply(&request, workspace.as_mut(), &context.running) {
            Ok(receipt) => {
                if let Some(revision) = receipt.revision {
                    context.did(format!(
                        "rolled {} back as revision {revision}",
                        args.address
                    ));
                }
                receipt
            }
            Err(RollbackError::Workspace(WorkspaceError::Stale { .. })) if attempt < ATTEMPTS => {
                continue;
            }
            Err(error) => return Err(failed(error).into()),
        };
        let astray = astray(&request, workspace.as_ref(), &context.running).map_err(failed)?;
        reporter.astray(&astray);
        return Ok(Ended::Done(Box::new(RollbackDocument {
            plan: planned.plan().clone(),
            receipt: Some(receipt),
            astray,
        })));
    }
    Ok(Ended::Nothing)
}

fn given(args: &RollbackArgs) -> Vec<Permission> {
    [
        (args.restart_recipes, Permission::RestartRecipes),
        (args.allow_moved_recipes, Permission::MoveRecipes),
        (args.overwrite_edits, Permission::OverwriteEdits),
    ]
    .into_iter()
    .filter_map(|(given, permission)| given.then_some(permission))
    .collect()
}

/// The rollback would be another one than somebody looked at.
fn another() -> Failure {
    Failure::new(
        Exit::Refused,
        "stale-plan",
        "nothing was rolled back: the workspace changed meanwhile",
    )
    .help("look at it again, and at what is different")
}

/// What was not imported yet when the rollback was planned must not be undone by it.
fn still(
    shown: &RollbackPlan,
    consent: Option<&RollbackPlan>,
    now: &RollbackPlan,
) -> Result<(), Failure> {
    let same = shown.workspace.revision == now.workspace.revision;
    if same && consent.is_none_or(|consent| consent == now) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        "stale",
        format!("{} changed meanwhile", now.workspace.address),
    )
    .help("nothing was changed; look at the workspace again, and repeat the command"))
}

/// Asks a person, who has to be there.
fn agreed(
    context: &Context,
    args: &RollbackArgs,
    plan: &RollbackPlan,
) -> Result<RollbackPlan, Failure> {
    let question = format!(
        "{}Roll back {}?",
        text(plan, context.ui.volume),
        plan.workspace.address
    );
    match context.ui.agree(&question, &context.running.interrupt)? {
        Answer::Yes => Ok(plan.clone()),
        Answer::No => Err(Failure::new(
            Exit::Refused,
            "declined",
            "nothing was rolled back",
        )),
        Answer::Nobody => {
            let command = format!(
                "recipack rollback {} {}",
                shell_word(&plan.workspace.address.to_string()),
                plan.to
            );
            let platform = platform_option(&args.platform);
            Err(Failure::new(
                Exit::Refused,
                "not-confirmed",
                format!(
                    "{} is not rolled back: there is nobody to ask",
                    plan.workspace.address
                ),
            )
            .help(format!(
                "to see what would happen: {command} --plan{platform}; to do it without being asked, pass --yes"
            )))
        }
    }
}

fn report_plan(context: &Context, planned: &PlannedRollback) -> Result<Exit, Stop> {
    let plan = planned.plan();
    context.ui.print_changes(
        &RollbackDocument {
            plan: plan.clone(),
            receipt: None,
            astray: Vec::new(),
        },
        |_| text(plan, context.ui.volume),
    )?;
    Ok(match plan.refused.is_empty() {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

/// Goes on with a rollback over the API whose end nobody saw.
pub(super) fn resume(
    context: &Context,
    args: &ResumeArgs,
    mut entry: Entry,
    remote: &RemoteAddress,
) -> Result<Exit, Stop> {
    let plan: RollbackPlan =
        serde_json::from_str(&entry.plan).map_err(|error| anyhow::anyhow!(error))?;
    let mut receipt: RollbackReceipt =
        serde_json::from_str(&entry.receipt).map_err(|error| anyhow::anyhow!(error))?;
    let request = RollbackRequest {
        address: entry.address.clone(),
        to: plan.to,
        created: plan.created,
        at: platform::now(),
        who: entry.who.clone(),
        scratch: std::env::temp_dir(),
    };
    let mut workspace = open_expected(context, &args.platform, remote, Some(&entry))?;
    if entry.state == State::Sending {
        // Whether it arrived shows in what it is about.
        looked_at(&request, &entry, &workspace, context)?;
    }
    receipt.revision = workspace.resume(&mut entry)?.revision;
    if let Some(revision) = receipt.revision {
        let address = &request.address;
        context.did(format!("rolled {address} back as revision {revision}"));
    }
    let astray = astray(&request, &workspace, &context.running)?;
    report(
        context,
        &RollbackDocument {
            plan,
            receipt: Some(receipt),
            astray,
        },
    )
}

/// Asks the workspace for what the package is about that was sent.
fn looked_at(
    request: &RollbackRequest,
    entry: &Entry,
    workspace: &RemoteWorkspace,
    context: &Context,
) -> Result<(), Failure> {
    let failed = |source| ImportError::Scratch {
        folder: request.scratch.display().to_string(),
        source,
    };
    let scratch = ScratchFolder::new(&request.scratch).map_err(failed)?;
    let package = scratch.file("sent.zip");
    let sent = entry.kept.as_ref().and_then(|kept| kept.uploaded);
    let found = match &sent {
        Some(sent) => workspace.kept_package(sent, &package)?,
        None => KeptPackage::Missing,
    };
    let why = match found {
        KeptPackage::There => None,
        KeptPackage::Missing => Some(NotKept::Missing),
        KeptPackage::Damaged => Some(sent.map_or(NotKept::Missing, NotKept::Damaged)),
    };
    if let Some(why) = why {
        return Err(RollbackError::NotKept {
            address: request.address.clone(),
            revision: request.to,
            why,
        }
        .into());
    }
    let import = ImportRequest {
        folder: entry.folder.clone(),
        rows: RowsPolicy::Keep,
        other_target: OtherTarget::Permitted,
        edits: None,
        ..ImportRequest::new(
            package,
            request.address.clone(),
            request.scratch.clone(),
            request.at,
        )
    };
    let incoming = Incoming::read(&import, &context.running, &mut context.ui.observer())?;
    incoming.plan(&import, workspace, &context.running)?;
    Ok(())
}

fn report(context: &Context, document: &RollbackDocument) -> Result<Exit, Stop> {
    let exit = match document.astray.is_empty() {
        true => Exit::Done,
        false => Exit::PartlyDone,
    };
    context.ui.print_changes(document, |document| {
        let mut text = text(&document.plan, context.ui.volume);
        if let Some(receipt) = &document.receipt {
            outcome(&mut text, document, receipt);
        }
        text
    })?;
    Ok(exit)
}

fn outcome(text: &mut String, document: &RollbackDocument, receipt: &RollbackReceipt) {
    let plan = &document.plan;
    let address = &plan.workspace.address;
    let then = plan.restores();
    recipes(text, &receipt.recipes);
    let _ = match (receipt.revision, document.astray.is_empty()) {
        (Some(revision), true) => writeln!(
            text,
            "Rolled back {address} as revision {revision}; read back, it is as {then}."
        ),
        (Some(revision), false) => writeln!(
            text,
            "Rolled back {address} as revision {revision}, but not everything is as {then}:"
        ),
        (None, true) => writeln!(text, "{address} is as {then} already."),
        (None, false) => writeln!(text, "Nothing was changed in {address}:"),
    };
    for astray in &document.astray {
        let _ = writeln!(text, "  {}", visible(astray));
    }
    if !document.astray.is_empty() {
        let _ = writeln!(
            text,
            "For the rest: recipack rollback {} {}",
            shell_word(&address.to_string()),
            plan.to
        );
    }
}

/// The plan for people: one line for whatever changes, counts for the rest.
fn text(plan: &RollbackPlan, volume: Volume) -> String {
    let mut text = format!(
        "{} back to {}",
        plan.workspace.address,
        match plan.to {
            RevisionNumber(0) => "how it was before the first revision".to_owned(),
            number => format!("revision {number}"),
        }
    );
    if let Some(restored) = &plan.restored {
        let _ = write!(text, ", {} ({})", deed(restored), restored.at.utc());
    }
    text.push('\n');
    for undone in &plan.undone {
        let _ = writeln!(
            text,
            "  undoes revision {}, {} ({})",
            undone.number,
            deed(undone),
            undone.at.utc()
        );
    }
    for connector in &plan.connectors {
        of_connector(&mut text, connector, volume);
    }
    for asset in &plan.assets {
        of_asset(&mut text, asset, volume);
    }
    let _ = writeln!(text, "{}", plan.summary_line());
    if !plan.is_empty() && !plan.irreversible.is_empty() {
        text.push_str("Not brought back:\n");
        for irreversible in &plan.irreversible {
            let _ = writeln!(text, "  {}", visible(&irreversible.wording()));
        }
    }
    for refusal in &plan.refused {
        let (message, help) = (refusal.to_string(), refusal.help());
        let _ = writeln!(text, "Refused: {}; {help}.", visible(&message));
    }
    for needed in &plan.needs {
        let _ = writeln!(
            text,
            "Needs --{}: {}.",
            needed.permission,
            visible(&needed.because)
        );
    }
    text
}

fn of_connector(text: &mut String, connector: &RolledConnector, volume: Volume) {
    let Wording { sign, what } = connector.wording();
    if sign == "=" && volume < Volume::Verbose {
        return;
    }
    let _ = writeln!(
        text,
        "  {sign} {:<12} {}  {what}",
        "connector",
        visible(connector.title.as_str())
    );
    let shown = match volume {
        Volume::Verbose => usize::MAX,
        Volume::Quiet | Volume::Normal => SHOWN,
    };
    for moved in connector.moves.iter().take(shown) {
        let _ = writeln!(
            text,
            "      moves {} ({})",
            visible(&moved.folder.label(&moved.name)),
            moved.state
        );
    }
    if connector.moves.len() > shown {
        let _ = writeln!(text, "      … and {} more", connector.moves.len() - shown);
    }
}

fn of_asset(text: &mut String, asset: &RolledAsset, volume: Volume) {
    let Wording { sign, what } = asset.wording();
    if sign == "=" && volume < Volume::Verbose {
        return;
    }
    let name = visible(&asset.folder.label(&asset.name));
    let _ = writeln!(text, "  {sign} {:<12} {name}  {what}", asset.kind.label());
    for obstacle in &asset.obstacles {
        let _ = writeln!(text, "      {}", visible(obstacle));
    }
}
