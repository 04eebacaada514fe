//! `recipack rollout status` and `report`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{open_ledger, plan_of};
use crate::cli::args::{RolloutReportArgs, RolloutStatusArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::table::{Align, Table};
use crate::cli::ui::{Format, visible};
use crate::cli::{Context, Stop};
use crate::ledger::{IfAbsent, Ledger};
use crate::model::count::counted;
use crate::model::rollout::{Attempt, MemberNumber, Outcome, RolloutId, RolloutStatus, WaveNumber};
use crate::model::workspace::{Address, Timestamp};
use crate::plan::rollout::progress::{Ending, Event, MemberReceipt, MemberState};
use crate::plan::rollout::{Next, RolloutPlan, WaitsFor, next};

/// How often a roll-out that is watched is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How often somebody who wants to stop is listened to.
const LISTENING: Duration = Duration::from_millis(50);

/// What `rollout status` says without an id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutListDocument {
    /// All roll-outs, the oldest first.
    pub(crate) rollouts: Vec<ListedRollout>,
}

/// A roll-out in a list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ListedRollout {
    /// What it is known by.
    pub(crate) id: RolloutId,
    /// Whether it goes on.
    pub(crate) status: RolloutStatus,
    /// When it was started.
    pub(crate) at: Timestamp,
    /// Who started it.
    pub(crate) who: String,
    /// How many customers it has.
    pub(crate) members: u32,
}

/// What `rollout status` says of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutStatusDocument {
    /// What it is known by.
    pub(crate) id: RolloutId,
    /// Whether it goes on.
    pub(crate) status: RolloutStatus,
    /// What is next.
    pub(crate) next: String,
    /// When, if that has to be waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// How many customers are as planned; and the admin workspace, where shared connectors change.
    pub(crate) reached: usize,
    /// The member that stands for the admin workspace, where shared connectors change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) connectors: Option<MemberNumber>,
    /// How many count against the budget.
    pub(crate) failures: u32,
    /// How many may fail.
    pub(crate) budget: u32,
    /// How many somebody works on.
    pub(crate) in_flight: u32,
    /// The waves, in their order.
    pub(crate) waves: Vec<WaveStatus>,
    /// The customers, in the order of their numbers.
    pub(crate) members: Vec<MemberStatus>,
}

/// How far a wave is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WaveStatus {
    /// Its number.
    pub(crate) number: WaveNumber,
    /// What it was asked for as.
    pub(crate) asked: String,
    /// How many customers wait.
    pub(crate) waiting: usize,
    /// How many somebody works on.
    pub(crate) working: usize,
    /// How many were changed, and are as planned.
    pub(crate) applied: usize,
    /// How many were as planned before.
    pub(crate) same: usize,
    /// How many are done in part.
    pub(crate) partly: usize,
    /// How many failed.
    pub(crate) failed: usize,
    /// How many are held.
    pub(crate) held: usize,
    /// How many are left out.
    pub(crate) skipped: usize,
}

/// How far a customer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MemberStatus {
    /// Its number.
    pub(crate) number: MemberNumber,
    /// Its wave.
    pub(crate) wave: WaveNumber,
    /// Where its workspace is.
    pub(crate) address: Address,
    /// The workspace's name.
    pub(crate) name: String,
    /// `waiting`, `working`, or what came of it.
    pub(crate) state: String,
    /// How often somebody took it on.
    pub(crate) attempt: Attempt,
    /// When it was brought to its end, until when somebody works on it, or when it is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) runner: Option<String>,
    /// Why, where the state does not say all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
}

/// What `rollout report` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutReportDocument {
    /// How far it is.
    #[serde(flatten)]
    pub(crate) rollout: RolloutStatusDocument,
    /// What was left in whose workspace.
    pub(crate) receipts: Vec<ReportedReceipt>,
    /// What happened, the oldest first.
    pub(crate) events: Vec<Event>,
}

/// What was left in a workspace.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ReportedReceipt {
    /// The customer's number.
    pub(crate) member: MemberNumber,
    /// What was left.
    #[serde(flatten)]
    pub(crate) receipt: MemberReceipt,
}

pub(super) fn status(context: &Context, args: &RolloutStatusArgs) -> Result<Exit, Stop> {
    let ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let Some(id) = &args.id else {
        return list(context, ledger.as_ref());
    };
    let plan = plan_of(ledger.as_ref(), id)?;
    let mut last = None;
    loop {
        let document = status_of(ledger.as_ref(), id, &plan)?;
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
    let rollouts = ledger.rollouts().map_err(Failure::from)?;
    let document = RolloutListDocument {
        rollouts: rollouts
            .into_iter()
            .map(|header| ListedRollout {
                id: header.id,
                status: header.status,
                at: header.at,
                who: header.who,
                members: header.members,
            })
            .collect(),
    };
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

/// How far a roll-out is.
pub(super) fn status_of(
    ledger: &dyn Ledger,
    id: &RolloutId,
    plan: &RolloutPlan,
) -> Result<RolloutStatusDocument, Failure> {
    let progress = ledger.progress(id)?;
    let now = ledger.now()?;
    let endings: std::collections::BTreeMap<MemberNumber, Ending> =
        ledger.endings(id)?.into_iter().collect();
    let (word, until) = match next(&plan.shape(), &progress, now) {
        Next::Claim(number) => (format!("customer {number} is to be sent to"), None),
        Next::Wait {
            until,
            why: WaitsFor::Bake(wave),
        } => (format!("wave {wave} is in use"), Some(until)),
        Next::Wait {
            until,
            why: WaitsFor::Others { in_flight },
        } => (
            format!(
                "{} being worked on",
                counted(u64::from(in_flight), "customer")
            ),
            Some(until),
        ),
        Next::Wait {
            until,
            why: WaitsFor::Freeze,
        } => (
            "customers that are left are held for some time".to_owned(),
            Some(until),
        ),
        Next::Wait {
            until,
            why: WaitsFor::Unanswered { members },
        } => (
            format!(
                "{} did not answer, and {} asked again",
                counted(u64::from(members), "customer"),
                if members == 1 { "is" } else { "are" }
            ),
            Some(until),
        ),
        Next::Halted { failures, budget } => (
            format!(
                "nothing: {} failed, and {budget} may; look at them, then retry or skip them",
                counted(u64::from(failures), "customer")
            ),
            None,
        ),
        Next::Stopped(wave) => (
            format!("nothing: wave {wave} is not as planned; look at it, then retry or skip it"),
            None,
        ),
        Next::Paused => ("nothing before it is resumed".to_owned(), None),
        Next::Over(_) => ("nothing".to_owned(), None),
        Next::Done => (
            "nothing: every customer was brought to its end".to_owned(),
            None,
        ),
    };
    let mut waves: Vec<WaveStatus> = plan
        .waves
        .iter()
        .map(|wave| WaveStatus {
            number: wave.number,
            asked: wave.asked.clone(),
            waiting: 0,
            working: 0,
            applied: 0,
            same: 0,
            partly: 0,
            failed: 0,
            held: 0,
            skipped: 0,
        })
        .collect();
    let mut members = Vec::new();
    let mut reached = 0;
    for (member, made) in plan.members.iter().zip(&progress.members) {
        let mut why = endings
            .get(&member.number)
            .map_or_else(String::new, |ending| ending.why.clone());
        let (state, at, runner) = match &made.state {
            MemberState::Waiting => ("waiting".to_owned(), None, None),
            MemberState::Postponed { until } => {
                let turns = counted(u64::from(made.unanswered), "turn");
                why = format!("no answer in {turns}; asked again at {}", until.utc());
                ("waiting".to_owned(), Some(*until), None)
            }
            MemberState::Working { runner, until, .. } => {
                ("working".to_owned(), Some(*until), Some(runner.to_string()))
            }
            MemberState::Ended { outcome, at } => (outcome.to_string(), Some(*at), None),
        };
        if let (
            MemberState::Ended {
                outcome: Outcome::Held,
                ..
            },
            Some(held),
            "",
        ) = (&made.state, &member.held, why.as_str())
        {
            why.clone_from(&held.why);
        }
        if let (MemberState::Waiting, Some(held)) = (&made.state, &member.held)
            && held.window().is_some_and(|window| window.end > now)
        {
            why = format!("held {held}");
        }
        let wave = waves.iter_mut().find(|wave| wave.number == member.wave);
        if let Some(wave) = wave {
            let count = match &made.state {
                MemberState::Waiting | MemberState::Postponed { .. } => &mut wave.waiting,
                MemberState::Working { .. } => &mut wave.working,
                MemberState::Ended { outcome, .. } => match outcome {
                    Outcome::Applied => &mut wave.applied,
                    Outcome::Same => &mut wave.same,
                    Outcome::Partly => &mut wave.partly,
                    Outcome::Failed => &mut wave.failed,
                    Outcome::Held => &mut wave.held,
                    Outcome::Skipped => &mut wave.skipped,
                },
            };
            *count += 1;
        }
        if let MemberState::Ended { outcome, .. } = &made.state
            && outcome.is_reached()
        {
            reached += 1;
        }
        members.push(MemberStatus {
            number: member.number,
            wave: member.wave,
            address: member.address.clone(),
            name: member.name.clone(),
            state,
            attempt: made.attempt,
            at,
            runner,
            why,
        });
    }
    Ok(RolloutStatusDocument {
        id: id.clone(),
        status: progress.status,
        next: word,
        until,
        reached,
        connectors: plan.connectors.as_ref().map(|changed| changed.member),
        failures: progress.failures(),
        budget: plan.budget.failures,
        in_flight: progress.in_flight(),
        waves,
        members,
    })
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
    let mut reached = document.reached;
    let mut customers = document.members.len();
    let mut shared = String::new();
    let connectors = document.connectors;
    let is_admin = |member: &&MemberStatus| Some(member.number) == connectors;
    if let Some(admin) = document.members.iter().find(is_admin) {
        customers = customers.saturating_sub(1);
        let is_reached = [Outcome::Applied, Outcome::Same].map(Outcome::as_str);
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
    let rollout = status_of(ledger.as_ref(), &args.id, &plan)?;
    let endings = ledger.endings(&args.id).map_err(Failure::from)?;
    let receipts = endings.into_iter().flat_map(|(member, ending)| {
        let receipts = ending.receipts.into_iter();
        receipts.map(move |receipt| ReportedReceipt { member, receipt })
    });
    let document = RolloutReportDocument {
        rollout,
        receipts: receipts.collect(),
        events: ledger.events(&args.id, 0).map_err(Failure::from)?,
    };
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
