//! `recipack rollout jobs`.

use super::members::Reachable;
use super::{open_ledger, plan_of};
use crate::cli::args::RolloutJobsArgs;
use crate::cli::exit::Exit;
use crate::cli::ui::visible;
use crate::cli::{Context, Stop};
use crate::ledger::IfAbsent;
use crate::model::count::counted;
use crate::model::job::Extent;
use crate::ops::rollout::{RecipeJobsLine, RolloutJobsDocument, jobs_of};
use crate::plan::rollout::jobs::JobCounts;

pub(super) fn jobs(context: &Context, args: &RolloutJobsArgs) -> Result<Exit, Stop> {
    let ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    let mut members = Reachable {
        context,
        platform: &args.platform,
        written: None,
        plan: &plan,
        settings: &[],
        arrives_within: 0,
    };
    let document = jobs_of(
        ledger.as_ref(),
        &args.id,
        &plan,
        &mut members,
        &context.running,
    )
    .map_err(crate::cli::failure::Failure::from)?;
    if context.running.interrupt.is_set() {
        return Ok(Exit::Interrupted);
    }
    context.ui.print(&document, |document| {
        if document.members.is_empty() {
            context.ui.talk("no customer has what it brings yet\n");
        }
        text(document)
    })?;
    Ok(match (document.unknown, document.counts.failed) {
        // What is not known may have failed.
        (some, _) if some > 0 => Exit::PartlyDone,
        (_, some) if some > 0 && args.detailed_exitcode => Exit::Differences,
        _ => Exit::Done,
    })
}

/// What jobs came to, in a few words.
pub(super) fn in_words(counts: &JobCounts) -> String {
    let open = match counts.open {
        0 => String::new(),
        open => format!(", {open} not ended"),
    };
    match counts.ended() {
        0 => format!("no job ended{open}"),
        ended => format!(
            "{} ended, {} failed{open}",
            counted(ended, "job"),
            counts.failed
        ),
    }
}

fn recipe(line: &RecipeJobsLine) -> String {
    let mut text = format!("        {}: ", visible(&line.name));
    let known = line.counts != JobCounts::default();
    match &line.unknown {
        None => text.push_str(&in_words(&line.counts)),
        Some(why) => {
            if known {
                let least = match line.extent {
                    Extent::All => "",
                    Extent::AtLeast => "at least ",
                };
                text.push_str(&format!("{least}{}; ", in_words(&line.counts)));
            }
            text.push_str(&format!("unknown: {}", visible(why)));
        }
    }
    text.push('\n');
    for error in &line.errors {
        let jobs = counted(error.jobs, "job");
        text.push_str(&format!("            {jobs}: {}\n", visible(&error.error)));
    }
    text
}

fn text(document: &RolloutJobsDocument) -> String {
    let mut shown = String::new();
    for member in &document.members {
        shown.push_str(&format!(
            "{:>5} {}  {}  since {}\n",
            member.number,
            visible(&member.address.to_string()),
            visible(&member.name),
            member.from.utc()
        ));
        let (silent, told): (Vec<_>, Vec<_>) = member
            .recipes
            .iter()
            .partition(|line| line.unknown.is_none() && line.counts == JobCounts::default());
        for line in told {
            shown.push_str(&recipe(line));
        }
        if !silent.is_empty() {
            let recipes = counted(silent.len() as u64, "recipe");
            shown.push_str(&format!("        no job ended of {recipes}\n"));
        }
        if let Some(why) = &member.unknown {
            shown.push_str(&format!("        unknown: {}\n", visible(why)));
        }
    }
    let unknown = match document.unknown {
        0 => String::new(),
        some => format!(
            "; of {} not everything is known",
            counted(some as u64, "customer")
        ),
    };
    if !document.members.is_empty() {
        shown.push_str(&format!(
            "Of {}: {}{unknown}.\n",
            counted(document.members.len() as u64, "customer"),
            in_words(&document.counts)
        ));
    }
    shown
}
