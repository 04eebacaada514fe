//! `recipack rollout status` and `report`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::jobs::in_words;
use super::{open_ledger, plan_of};
use crate::cli::args::{RolloutReportArgs, RolloutStatusArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::table::{Align, Table};
use crate::cli::ui::{Format, visible};
use crate::cli::{Context, Stop};
use crate::ledger::{IfAbsent, Ledger};
use crate::model::count::counted;
use crate::model::rollout::Outcome;
use crate::ops::rollout::{MemberStatus, RolloutStatusDocument, list_of, report_of, status_of};
use crate::plan::rollout::Brings;
use crate::plan::rollout::gate::{Deciding, FoundJobs};

/// How often a roll-out that is watched is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How often somebody who wants to stop is listened to.
const LISTENING: Duration = Duration::from_millis(50);

pub(super) fn status(context: &Context, args: &RolloutStatusArgs) -> Result<Exit, Stop> {
    let ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let Some(id) = &args.id else {
        return list(context, ledger.as_ref());
    };
    let plan = plan_of(ledger.as_ref(), id)?;
    let mut last = None;
    loop {
        let document = status_of(ledger.as_ref(), id, &plan).map_err(Failure::from)?;
        let over = !args.watch || !document.status.is_open();
        let interrupted = context.running.interrupt.is_set();
        match context.ui.format {
            // One document, of the end: whoever reads it wants no more than one.
            Format::Json if over || interrupted => context.ui.document(&document)?,
            Format::Json => {}
            Format::Text if last.as_ref() == Some(&document) => {}
            Format::Text => context.ui.result(&text(&document))?,
        }
        last = Some(document);
        if over {
            return Ok(Exit::Done);
        }
        if interrupted {
            return Ok(Exit::Interrupted);
        }
        let begun = Instant::now();
        while begun.elapsed() < LOOK_AGAIN && !context.running.interrupt.is_set() {
            std::thread::sleep(LISTENING);
        }
    }
}

fn list(context: &Context, ledger: &dyn Ledger) -> Result<Exit, Stop> {
    let document = list_of(ledger).map_err(Failure::from)?;
    context.ui.print(&document, |document| {
        if document.rollouts.is_empty() {
            context.ui.talk("no roll-outs\n");
        }
        let mut table = Table::new([
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Left,
        ])
        .headed(["ROLL-OUT", "STATUS", "STARTED", "CUSTOMERS", "BY"]);
        for rollout in &document.rollouts {
            table.row([
                rollout.id.as_str(),
                rollout.status.as_str(),
                &rollout.at.utc(),
                &rollout.members.to_string(),
                &rollout.who,
            ]);
        }
        table.text("")
    })?;
    Ok(Exit::Done)
}

/// How far a roll-out is, in words: the waves, and the customers that need a person.
pub(super) fn text(document: &RolloutStatusDocument) -> String {
    let mut text = String::new();
    let until = document
        .until
        .map_or_else(String::new, |until| format!(" until {}", until.utc()));
    let _ = writeln!(
        text,
        "{} is {}; next: {}{until}",
        document.id, document.status, document.next
    );
    for wave in &document.waves {
        let counts = [
            (wave.applied, "applied"),
            (wave.same, "same"),
            (wave.working, "working"),
            (wave.waiting, "waiting"),
            (wave.partly, "partly"),
            (wave.failed, "failed"),
            (wave.held, "held"),
            (wave.skipped, "skipped"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let _ = writeln!(
            text,
            "  wave {} ({}): {}",
            wave.number,
            visible(&wave.asked),
            counts.join(", ")
        );
    }
    let needing = document
        .members
        .iter()
        .filter(|member| matches!(member.state.as_str(), "failed" | "partly" | "held"));
    for member in needing.clone().take(20) {
        let _ = writeln!(
            text,
            "  {:>5} {}  {}  {}: {}",
            member.number,
            visible(&member.address.to_string()),
            visible(&member.name),
            member.state,
            visible(&member.why)
        );
    }
    let more = needing.count().saturating_sub(20);
    if more > 0 {
        let _ = writeln!(
            text,
            "        … and {more} more: recipack rollout report {}",
            document.id
        );
    }
    let with_jobs = document.members.iter().filter_map(|member| {
        let seen = member.jobs.as_ref()?;
        Some((member, seen))
    });
    for (member, seen) in with_jobs.clone().take(20) {
        let found = match &seen.found {
            FoundJobs::Known(counts) => format!("jobs: {}", in_words(counts)),
            FoundJobs::Unknown(why) => format!("jobs are not known: {}", visible(why)),
        };
        let passed = match seen.counts {
            Deciding::Decides => "",
            Deciding::LetPass => "; let pass by a person",
        };
        let _ = writeln!(
            text,
            "  {:>5} {}  {}  {found}{passed}",
            member.number,
            visible(&member.address.to_string()),
            visible(&member.name),
        );
    }
    let more = with_jobs.count().saturating_sub(20);
    if more > 0 {
        let _ = writeln!(text, "        … and {more} more with jobs");
    }
    // Who tries a connector first is reached by the last of its steps.
    let ends = document.members.iter();
    let ends = ends.filter(|member| member.brings == Brings::Packages);
    let is_reached = [Outcome::Applied, Outcome::Same].map(Outcome::as_str);
    let reached = ends.clone();
    let reached = reached.filter(|member| is_reached.contains(&member.state.as_str()));
    let (mut customers, mut reached) = (ends.count(), reached.count());
    let mut shared = String::new();
    let connectors = document.connectors;
    let is_admin = |member: &&MemberStatus| Some(member.number) == connectors;
    if let Some(admin) = document.members.iter().find(is_admin) {
        customers = customers.saturating_sub(1);
        if is_reached.contains(&admin.state.as_str()) {
            reached = reached.saturating_sub(1);
        }
        shared = format!("; shared connectors: {}", admin.state);
    }
    let _ = writeln!(
        text,
        "Reached: {reached} of {}{shared}. Failed: {}, and {} may.",
        counted(customers as u64, "customer"),
        document.failures,
        document.budget
    );
    text
}

pub(super) fn report(context: &Context, args: &RolloutReportArgs) -> Result<Exit, Stop> {
    let ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    let document = report_of(ledger.as_ref(), &args.id, &plan).map_err(Failure::from)?;
    context.ui.print(&document, |document| {
        let mut shown = text(&document.rollout);
        let mut table = Table::new([
            Align::Right,
            Align::Right,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
        ])
        .headed(["NUMBER", "WAVE", "CUSTOMER", "NAME", "STATE", "WHY"]);
        for member in &document.rollout.members {
            table.row([
                &member.number.to_string(),
                &member.wave.to_string(),
                &member.address.to_string(),
                &member.name,
                &member.state,
                &member.why,
            ]);
        }
        shown.push_str(&table.text(""));
        for event in &document.events {
            let member = event
                .member
                .map_or_else(String::new, |member| format!("customer {member}: "));
            let _ = writeln!(
                shown,
                "{}  {member}{}  ({})",
                event.at.utc(),
                visible(&event.what),
                visible(&event.who)
            );
        }
        shown
    })?;
    Ok(Exit::Done)
}
