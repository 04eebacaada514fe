//! Whether the jobs of a wave let the next one begin.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::jobs::JobCounts;
use super::progress::{Event, GateOrder, MemberProgress, MemberState, Progress, Step, StepError};
use crate::model::keyword::keyword_enum;
use crate::model::rollout::{Attempt, MemberNumber, Outcome, RolloutStatus, RunnerId, WaveNumber};
use crate::model::workspace::Timestamp;

/// What the jobs of a wave must come to before the next one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobsGate {
    /// How many of the wave's jobs may fail.
    pub max_failed: AllowedFailures,
    /// For how many seconds jobs count, from when a customer was reached.
    pub seconds: u64,
    /// What is where no job ended in that time.
    pub without: WithoutJobs,
}

/// How many jobs may fail: a number, or so many of a hundred that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum AllowedFailures {
    /// So many.
    Jobs(u32),
    /// So many of a hundred.
    Percent(u8),
}

/// A text that says no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number of jobs, as 3, or a percentage from 0% to 100%, as 5%")]
pub struct NoAllowance;

impl FromStr for AllowedFailures {
    type Err = NoAllowance;

    fn from_str(text: &str) -> Result<Self, NoAllowance> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match text.strip_suffix('%') {
            Some(percent) if digits(percent) => match percent.parse() {
                Ok(percent) if percent <= 100 => Ok(Self::Percent(percent)),
                Ok(_) | Err(_) => Err(NoAllowance),
            },
            None if digits(text) => text.parse().map(Self::Jobs).map_err(|_| NoAllowance),
            Some(_) | None => Err(NoAllowance),
        }
    }
}

impl fmt::Display for AllowedFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jobs(jobs) => jobs.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl TryFrom<String> for AllowedFailures {
    type Error = NoAllowance;

    fn try_from(text: String) -> Result<Self, NoAllowance> {
        text.parse()
    }
}

impl From<AllowedFailures> for String {
    fn from(allowed: AllowedFailures) -> Self {
        allowed.to_string()
    }
}

impl AllowedFailures {
    /// Whether more jobs failed than may.
    pub fn is_exceeded(self, counts: &JobCounts) -> bool {
        match self {
            Self::Jobs(jobs) => counts.failed > u64::from(jobs),
            Self::Percent(percent) => {
                let failed = u128::from(counts.failed) * 100;
                failed > u128::from(counts.ended()) * u128::from(percent)
            }
        }
    }
}

keyword_enum! {
    /// What is where no job of a wave ended: nothing is known of whether its recipes work.
    #[derive(Default)]
    pub enum WithoutJobs: "word" {
        /// The next wave does not begin before a person says so.
        #[default]
        Stops = "stops",
        /// It begins.
        Passes = "passes",
    }
}

/// What was seen of the jobs of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenJobs {
    /// From when on jobs count.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When they were read, or a person said that it goes on without.
    pub read_at: Timestamp,
    /// What they came to.
    pub found: FoundJobs,
    /// Whether that decides.
    pub counts: Deciding,
}

/// What the jobs of a member came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FoundJobs {
    /// So many are known to be all.
    Known(JobCounts),
    /// It is not known, and why.
    Unknown(String),
}

keyword_enum! {
    /// Whether what jobs came to decides how it goes on.
    pub enum Deciding: "word" {
        /// It does.
        Decides = "decides",
        /// A person let the wave pass, whatever they came to.
        LetPass = "let-pass",
    }
}

/// Whether the next wave may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateState {
    /// It may.
    Open,
    /// Jobs count until a moment.
    Runs {
        /// The moment.
        until: Timestamp,
    },
    /// The jobs of the members are to be read that stand there in the wave.
    Reads(Vec<usize>),
    /// It may not, before a person said something.
    Closed(GateStop),
}

/// Why a wave may not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateStop {
    /// More jobs of the one before failed than may.
    Failed {
        /// What they came to.
        counts: JobCounts,
        /// How many may fail.
        allowed: AllowedFailures,
    },
    /// No job ended.
    NoJobs,
    /// Of some members it is not known.
    Unknown {
        /// Of how many.
        members: u32,
    },
    /// Nobody has what the roll-out brings.
    Nobody,
}

impl fmt::Display for GateStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { counts, allowed } => write!(
                f,
                "{} of {} jobs that ended failed, and {allowed} may",
                counts.failed,
                counts.ended()
            ),
            Self::NoJobs => f.write_str("no job ended, so that nobody knows whether they work"),
            Self::Unknown { members: 1 } => f.write_str("of 1 customer the jobs are not known"),
            Self::Unknown { members } => {
                write!(f, "of {members} customers the jobs are not known")
            }
            Self::Nobody => f.write_str("nobody has it whose jobs could tell"),
        }
    }
}

impl JobsGate {
    /// Until when the jobs of a member count that was reached then.
    pub const fn until(&self, reached: Timestamp) -> Timestamp {
        Timestamp(reached.0.saturating_add(self.seconds))
    }

    /// When a member was reached, if it has what the roll-out brings, wholly or in part: its jobs tell
    /// how that does, whether it was changed or not.
    pub const fn reached(member: &MemberProgress) -> Option<Timestamp> {
        match &member.state {
            MemberState::Ended { outcome, at } => match outcome {
                Outcome::Applied | Outcome::Same | Outcome::Partly => Some(*at),
                Outcome::Failed | Outcome::Held | Outcome::Skipped => None,
            },
            MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => {
                None
            }
        }
    }

    /// Whether these members let those after them begin.
    pub fn state(&self, members: &[MemberProgress], now: Timestamp) -> GateState {
        let mut counts = JobCounts::default();
        let mut runs: Option<Timestamp> = None;
        let mut unread = Vec::new();
        let (mut read, mut unknown, mut let_pass) = (0_u32, 0_u32, 0_u32);
        for (index, member) in members.iter().enumerate() {
            let jobs = member.jobs.as_ref();
            if jobs.is_some_and(|jobs| jobs.counts == Deciding::LetPass) {
                let_pass += 1;
                continue;
            }
            let Some(reached) = Self::reached(member) else {
                continue;
            };
            match jobs.map(|jobs| &jobs.found) {
                Some(FoundJobs::Known(found)) => {
                    read += 1;
                    counts.add(*found);
                }
                Some(FoundJobs::Unknown(_)) => unknown += 1,
                None if self.until(reached) > now => {
                    let until = self.until(reached);
                    runs = Some(runs.map_or(until, |other| other.max(until)));
                }
                None => unread.push(index),
            }
        }
        let failed = GateStop::Failed {
            counts,
            allowed: self.max_failed,
        };
        // Of a number it is known before all are read; of a percentage it is not.
        let too_many = match self.max_failed {
            AllowedFailures::Jobs(_) => self.max_failed.is_exceeded(&counts),
            AllowedFailures::Percent(_) => false,
        };
        if too_many {
            return GateState::Closed(failed);
        }
        if !unread.is_empty() {
            return GateState::Reads(unread);
        }
        if let Some(until) = runs {
            return GateState::Runs { until };
        }
        let skipped = |member: &MemberProgress| {
            matches!(
                member.state,
                MemberState::Ended {
                    outcome: Outcome::Skipped,
                    ..
                }
            )
        };
        match (unknown, read) {
            (0, 0) if let_pass > 0 || members.iter().all(skipped) => GateState::Open,
            (0, 0) => GateState::Closed(GateStop::Nobody),
            (0, _) if self.max_failed.is_exceeded(&counts) => GateState::Closed(failed),
            (0, _) => match (counts.ended(), self.without) {
                (0, WithoutJobs::Stops) => GateState::Closed(GateStop::NoJobs),
                (0, WithoutJobs::Passes) | (1.., _) => GateState::Open,
            },
            (members, _) => GateState::Closed(GateStop::Unknown { members }),
        }
    }
}

impl Progress {
    /// A runner saw what the jobs of a member came to.
    ///
    /// # Errors
    /// If it was tried again meanwhile, or somebody else saw that before.
    pub fn saw_jobs(
        &self,
        number: MemberNumber,
        attempt: Attempt,
        seen: SeenJobs,
        runner: &RunnerId,
        now: Timestamp,
    ) -> Result<Step, StepError> {
        let member = self.member(number)?;
        let is_same = member.attempt == attempt && member.jobs.is_none();
        if !is_same || JobsGate::reached(member).is_none() {
            return Err(StepError::Lost);
        }
        let event = Event {
            at: now,
            who: runner.0.clone(),
            member: Some(number),
            what: match &seen.found {
                FoundJobs::Known(counts) => format!(
                    "its jobs were read: {} ended, {} failed",
                    counts.ended(),
                    counts.failed
                ),
                FoundJobs::Unknown(why) => format!("its jobs are not known: {why}"),
            },
        };
        let saw = MemberProgress {
            jobs: Some(seen),
            ..member.clone()
        };
        Ok(Step {
            members: vec![(number, saw)],
            ..self.step(self.status, event)
        })
    }

    /// A person says what becomes of a wave whose jobs don't let the next one begin: these are its
    /// members.
    ///
    /// # Errors
    /// If the roll-out is over.
    pub fn order_gate(
        &self,
        wave: WaveNumber,
        members: Range<usize>,
        order: GateOrder,
        who: &str,
        now: Timestamp,
    ) -> Result<Step, StepError> {
        match self.status {
            RolloutStatus::Running | RolloutStatus::Paused => {}
            RolloutStatus::Done | RolloutStatus::Aborted | RolloutStatus::Superseded => {
                return Err(StepError::Over(self.status));
            }
        }
        let of_wave = self.members.get(members.clone()).unwrap_or_default();
        let mut changed = Vec::new();
        for (index, member) in (members.start..).zip(of_wave) {
            let MemberState::Ended { at, .. } = &member.state else {
                continue;
            };
            let jobs = match (order, &member.jobs) {
                (GateOrder::Again, _) => None,
                (GateOrder::Pass, Some(seen)) => Some(SeenJobs {
                    counts: Deciding::LetPass,
                    ..seen.clone()
                }),
                (GateOrder::Pass, None) => Some(SeenJobs {
                    from: *at,
                    until: now,
                    read_at: now,
                    found: FoundJobs::Unknown("they were not read".to_owned()),
                    counts: Deciding::LetPass,
                }),
            };
            if jobs != member.jobs {
                let number = MemberNumber(u32::try_from(index + 1).unwrap_or(u32::MAX));
                let ordered = MemberProgress {
                    jobs,
                    ..member.clone()
                };
                changed.push((number, ordered));
            }
        }
        let event = Event {
            at: now,
            who: who.to_owned(),
            member: None,
            what: match order {
                GateOrder::Again => format!("the jobs of wave {wave} are to be read again"),
                GateOrder::Pass => format!("wave {wave} may pass, whatever its jobs came to"),
            },
        };
        Ok(Step {
            members: changed,
            ..self.step(self.status, event)
        })
    }
}
