//! Shared connectors that a roll-out changes, for all customers at once.

use std::collections::BTreeSet;

use crate::cli::args::{RolloutPlanArgs, RolloutStartArgs};
use crate::cli::commands::catalog_change::consequence;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::platform::now;
use crate::cli::ui::Answer;
use crate::cli::workspace_command::{Asked, Subject};
use crate::cli::{Context, Stop};
use crate::model::count::counted;
use crate::ops::workspace::catalog;
use crate::ops::workspace::catalog::{Moves, Removals, SharingGrants};
use crate::plan::decision::shell_word;
use crate::plan::rollout::{ChangedConnectors, ConnectorsWhen, PlannedConnectors, RolloutPlan};
use crate::plan::sharing::Wish;
use crate::plan::sharing::consequences::Consequence;
use crate::workspace::AdminWorkspace;

/// What is asked for of shared connectors, with what that means for customers.
pub(super) fn changed(
    context: &Context,
    args: &RolloutPlanArgs,
) -> Result<Option<ChangedConnectors>, Failure> {
    if args.connectors.is_empty() {
        return Ok(None);
    }
    let within = args.within();
    let asked = Asked {
        within: &within,
        subject: Subject::Catalog,
        verb: "show",
    };
    let admin = asked.open(context)?;
    let facts = admin.facts().map_err(Failure::from)?;
    let mut titles = BTreeSet::new();
    let mut changes = Vec::new();
    for wanted in &args.connectors {
        let planned = planned(&asked, admin.as_ref(), args, &wanted.named, wanted.wish)?;
        for consequence in planned {
            if !titles.insert(consequence.step.title.clone()) {
                return Err(Failure::usage(format!(
                    "--connector names \"{}\" twice",
                    consequence.step.title
                )));
            }
            changes.push(consequence);
        }
    }
    Ok(Some(ChangedConnectors {
        when: match args.connectors_after {
            true => ConnectorsWhen::After,
            false => ConnectorsWhen::Before,
        },
        workspace: facts.id,
        name: facts.name.to_string(),
        changes,
    }))
}

/// What becomes of one, with what that means for customers.
pub(super) fn planned(
    asked: &Asked<'_>,
    admin: &dyn AdminWorkspace,
    args: &RolloutPlanArgs,
    named: &str,
    wish: Wish,
) -> Result<Vec<Consequence>, Failure> {
    let one = catalog::Asked::One { named, wish };
    let planned = catalog::plan(admin, &args.of, one, now())
        .map_err(|error| asked.catalog(Some(named), error))?;
    // That recipes move is asked for when it starts; that some lose it is refused now.
    let granted = SharingGrants {
        moves: Moves::Granted,
        removals: Removals::None,
    };
    match planned.approve(granted) {
        Ok(_) => Ok(planned.document().consequences.clone()),
        Err(refusal) => Err(Failure::of(Exit::Refused, "in-use", &refusal).help(format!(
            "those that use it: recipack catalog show {} {}",
            shell_word(named),
            asked.options()
        ))),
    }
}

/// What changes, and what that means for customers.
pub(super) fn text(changed: &PlannedConnectors) -> String {
    let lines: Vec<String> = changed.changes.iter().map(consequence).collect();
    let lines = lines.iter().flat_map(|text| text.lines());
    lines.map(|line| format!("        {line}\n")).collect()
}

/// Asks whoever starts it, before running recipes get another version.
pub(super) fn agreed(
    context: &Context,
    args: &RolloutStartArgs,
    plan: &RolloutPlan,
) -> Result<(), Stop> {
    let Some(changed) = &plan.connectors else {
        return Ok(());
    };
    let moves = changed.moves();
    if args.yes || moves == 0 {
        return Ok(());
    }
    let moved = counted(moves as u64, "running recipe");
    let question = format!("{}{moved} would run another version. Go on?", text(changed));
    match context.ui.agree(&question, &context.running.interrupt)? {
        Answer::Yes => Ok(()),
        Answer::No => {
            let failure = Failure::new(Exit::Refused, "declined", "nothing was started");
            Err(failure.into())
        }
        Answer::Nobody => {
            context.ui.talk(&text(changed));
            let message = format!(
                "nothing was started: {moved} would run another version, and there is nobody to ask"
            );
            let failure = Failure::new(Exit::Refused, "not-confirmed", message);
            Err(failure
                .help("to go on without being asked: --yes; what it means is in the plan")
                .into())
        }
    }
}
