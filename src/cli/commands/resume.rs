//! `recipack resume`: goes on with an import over the API whose end nobody saw.

use std::path::PathBuf;

use super::super::args::ResumeArgs;
use super::super::brought::{self, Along};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::{Context, Stop};
use super::counts::Length;
use super::import::report;
use super::import_settings::sent_with;
use super::import_words::imported;
use super::rollback;
use crate::archive::Limits;
use crate::cli::connect::{journal, open_expected};
use crate::cli::registry::reference;
use crate::model::workspace::{Address, RevisionAction};
use crate::ops::import::{ImportRequest, Incoming, PlanDocument};
use crate::plan::decision::shell_word;
use crate::plan::import::document::ImportPlan;
use crate::plan::import::settings::SettingAction;
use crate::plan::import::target::OtherTarget;
use crate::remote::RemoteWorkspace;
use crate::remote::journal::State;

pub(crate) fn run(context: &Context, args: &ResumeArgs) -> Result<Exit, Stop> {
    let entry = journal()?.entry(&args.id);
    let mut entry = entry.map_err(|error| Failure::journal(&error))?;
    let Address::Remote(remote) = entry.address.clone() else {
        return Err(Failure::usage("it was no import over the API").into());
    };
    if entry.action == RevisionAction::Rollback {
        return rollback::resume(context, args, entry, &remote);
    }
    let document: PlanDocument =
        serde_json::from_str(&entry.plan).map_err(|error| anyhow::anyhow!(error))?;
    let of_registry = PathBuf::from(&document.plan.package.path);
    let of_registry = reference(&of_registry)?.map(|_| of_registry);
    let said = args.from.clone().or(of_registry);
    let said = said.unwrap_or_else(|| entry.package.clone());
    let ca = args.platform.api.ca_file.as_ref();
    let brought = brought::fetched(context, ca, &said, Along::Record)?;
    let package = brought.path().to_owned();
    let mut request = ImportRequest {
        package: package.clone(),
        address: entry.address.clone(),
        folder: entry.folder.clone(),
        rows: document.plan.rows,
        landing: document.plan.landing(),
        settings: None,
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        at: platform::now(),
        who: entry.who.clone(),
        other_target: OtherTarget::Refused,
        edits: Some(document.plan.said_of_edits()),
    };
    // Without the package, nobody can say whether everything is as planned.
    let incoming = Incoming::read(&request, &context.running, &mut context.ui.observer())
        .map_err(|error| Failure::from(error).help("say where the package is with --from"))?;
    if incoming.digest() != entry.digest {
        return Err(Failure::new(
            Exit::Refused,
            "other-package",
            format!("{} is not the package that was sent", package.display()),
        )
        .help(format!(
            "say where that one is: recipack resume {} --from {}",
            entry.id,
            shell_word("PACKAGE.zip")
        ))
        .into());
    }
    let mut receipt = entry
        .planned_receipt()
        .map_err(|error| anyhow::anyhow!(error))?;
    let mut workspace = open_expected(context, &args.platform, &remote, Some(&entry))?;
    if entry.state == State::Sending {
        // Whether it arrived shows in what it is about.
        incoming.plan(&request, &workspace, &context.running)?;
    }
    let committed = workspace.resume(&mut entry)?;
    receipt.revision = committed.revision;
    context.did(imported(&entry.address, &receipt));
    for recipe in &mut receipt.recipes {
        recipe
            .obstacles
            .extend(committed.recipes.get(&recipe.id).cloned());
    }
    if let Some(planned) = &document.plan.settings {
        request.settings = Some(sent_with(planned, &package, &incoming, &workspace)?);
        rest(context, &incoming, &request, &document.plan, &mut workspace)?;
    }
    let astray = incoming.read_back(&request, &mut receipt, &workspace, &context.running)?;
    report(context, document, receipt, astray, Length::default())
}

/// Does what the settings say beside the import, as far as it is planned and not done yet. Where the
/// package is not there as it was planned, nothing is done: that is told when it is read back.
fn rest(
    context: &Context,
    incoming: &Incoming,
    request: &ImportRequest,
    before: &ImportPlan,
    workspace: &mut RemoteWorkspace,
) -> Result<(), Stop> {
    let planned = incoming.plan(request, workspace, &context.running)?;
    let plan = planned.plan();
    let (Some(now), Some(settings)) = (&plan.settings, &before.settings) else {
        return Ok(());
    };
    if now.is_empty() || !plan.has_package() {
        return Ok(());
    }
    let unplanned: Vec<String> = now.unplanned(settings).map(told).collect();
    if !unplanned.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "not-done",
            "the workspace changed since the import was sent, and its settings would do what nobody planned",
        )
        .notes(unplanned)
        .help("import again, and look at the plan")
        .into());
    }
    let approved = planned.approve(&[])?;
    let document = planned.document(incoming);
    incoming.apply(
        request,
        &approved,
        &document,
        workspace,
        &context.running,
        &mut context.ui.observer(),
    )?;
    Ok(())
}

/// An action in words.
fn told(action: &SettingAction) -> String {
    let (what, name) = (action.subject.label(), action.named());
    format!("{what} \"{name}\": {}", action.wording().what)
}
