//! How far roll-outs are, by their ledger: what commands print, and pages may show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, LedgerError, RolloutHeader};
use crate::model::count::counted;
use crate::model::rollout::{Attempt, MemberNumber, Outcome, RolloutId, RolloutStatus, WaveNumber};
use crate::model::workspace::{Address, Timestamp};
use crate::plan::rollout::gate::{GateStop, SeenJobs};
use crate::plan::rollout::progress::{Ending, Event, MemberReceipt, MemberState};
use crate::plan::rollout::{Brings, Next, RolloutPlan, WaitsFor, next};

/// What `rollout status` says without an id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RolloutListDocument {
    /// All roll-outs, the oldest first.
    pub rollouts: Vec<ListedRollout>,
}

/// A roll-out in a list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListedRollout {
    /// What it is known by.
    pub id: RolloutId,
    /// Whether it goes on.
    pub status: RolloutStatus,
    /// When it was started.
    pub at: Timestamp,
    /// Who started it.
    pub who: String,
    /// How many customers it has.
    pub members: u32,
}

/// What `rollout status` says of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutStatusDocument {
    /// What it is known by.
    pub id: RolloutId,
    /// Whether it goes on.
    pub status: RolloutStatus,
    /// What is next.
    pub next: String,
    /// When, if that has to be waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How many customers are as planned; and the admin workspace, where shared connectors change.
    pub reached: usize,
    /// The member that stands for the admin workspace, where shared connectors change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connectors: Option<MemberNumber>,
    /// How many count against the budget.
    pub failures: u32,
    /// How many may fail.
    pub budget: u32,
    /// How many somebody works on.
    pub in_flight: u32,
    /// The waves, in their order.
    pub waves: Vec<WaveStatus>,
    /// The customers, in the order of their numbers.
    pub members: Vec<MemberStatus>,
}

/// How far a wave is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaveStatus {
    /// Its number.
    pub number: WaveNumber,
    /// What it was asked for as.
    pub asked: String,
    /// How many customers wait.
    pub waiting: usize,
    /// How many somebody works on.
    pub working: usize,
    /// How many were changed, and are as planned.
    pub applied: usize,
    /// How many were as planned before.
    pub same: usize,
    /// How many are done in part.
    pub partly: usize,
    /// How many failed.
    pub failed: usize,
    /// How many are held.
    pub held: usize,
    /// How many are left out.
    pub skipped: usize,
}

/// How far a customer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberStatus {
    /// Its number.
    pub number: MemberNumber,
    /// Its wave.
    pub wave: WaveNumber,
    /// Where its workspace is.
    pub address: Address,
    /// The workspace's name.
    pub name: String,
    /// What it gets in this wave.
    #[serde(default, skip_serializing_if = "Brings::is_usual")]
    pub brings: Brings,
    /// `waiting`, `working`, or what came of it.
    pub state: String,
    /// How often somebody took it on.
    pub attempt: Attempt,
    /// When it was brought to its end, until when somebody works on it, or when it is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
    /// Why, where the state does not say all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What its jobs came to, if that was read for a gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<SeenJobs>,
}

/// What `rollout report` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RolloutReportDocument {
    /// How far it is.
    #[serde(flatten)]
    pub rollout: RolloutStatusDocument,
    /// What was left in whose workspace.
    pub receipts: Vec<ReportedReceipt>,
    /// What happened, the oldest first.
    pub events: Vec<Event>,
}

/// What was left in a workspace.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReportedReceipt {
    /// The customer's number.
    pub member: MemberNumber,
    /// What was left.
    #[serde(flatten)]
    pub receipt: MemberReceipt,
}

impl From<RolloutHeader> for ListedRollout {
    fn from(header: RolloutHeader) -> Self {
        Self {
            id: header.id,
            status: header.status,
            at: header.at,
            who: header.who,
            members: header.members,
        }
    }
}

/// All roll-outs of a ledger.
///
/// # Errors
/// If it can't be read.
pub fn list_of(ledger: &dyn Ledger) -> Result<RolloutListDocument, LedgerError> {
    let rollouts = ledger.rollouts()?.into_iter().map(ListedRollout::from);
    Ok(RolloutListDocument {
        rollouts: rollouts.collect(),
    })
}

/// How far a roll-out is, what it left, and all that happened.
///
/// # Errors
/// If the ledger can't be read.
pub fn report_of(
    ledger: &dyn Ledger,
    id: &RolloutId,
    plan: &RolloutPlan,
) -> Result<RolloutReportDocument, LedgerError> {
    let rollout = status_of(ledger, id, plan)?;
    let receipts = ledger
        .endings(id)?
        .into_iter()
        .flat_map(|(member, ending)| {
            let receipts = ending.receipts.into_iter();
            receipts.map(move |receipt| ReportedReceipt { member, receipt })
        });
    Ok(RolloutReportDocument {
        rollout,
        receipts: receipts.collect(),
        events: ledger.events(id, 0)?,
    })
}

/// How far a roll-out is.
///
/// # Errors
/// If the ledger can't be read.
pub fn status_of(
    ledger: &dyn Ledger,
    id: &RolloutId,
    plan: &RolloutPlan,
) -> Result<RolloutStatusDocument, LedgerError> {
    let progress = ledger.progress(id)?;
    let now = ledger.now()?;
    let endings: BTreeMap<MemberNumber, Ending> = ledger.endings(id)?.into_iter().collect();
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
        Next::Wait {
            until,
            why: WaitsFor::Jobs(wave),
        } => (format!("the jobs of wave {wave} count"), Some(until)),
        Next::ReadJobs(unread) => (
            format!(
                "the jobs of {} are to be read",
                counted(unread.len() as u64, "customer")
            ),
            None,
        ),
        Next::Gated { wave, why } => (
            format!(
                "nothing: the jobs of wave {wave} don't let the next one begin: {why}; {}",
                match why {
                    GateStop::Unknown { .. } => format!(
                        "look at them (recipack rollout jobs {id}), have them read again (recipack rollout gate {id} --again), or let it pass (--pass)"
                    ),
                    GateStop::Failed { .. } | GateStop::NoJobs | GateStop::Nobody => format!(
                        "look at them (recipack rollout jobs {id}), then give it up (recipack rollout abort {id}) or let it pass (recipack rollout gate {id} --pass)"
                    ),
                }
            ),
            None,
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
                if made.waits_for_its_end() {
                    let turns = counted(u64::from(made.unanswered), "turn");
                    why = format!(
                        "what was sent to it has no end in {turns}; looked at again at {}",
                        until.utc()
                    );
                }
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
            brings: member.brings,
            state,
            attempt: made.attempt,
            at,
            runner,
            why,
            jobs: made.jobs.clone(),
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
