//! How far a roll-out is, and how it gets further: every change of it is a [`Step`], which a ledger
//! writes only if nobody wrote another one since.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gate::SeenJobs;
use super::seen::SlimSnapshot;
use crate::model::ident::Digest;
use crate::model::keyword::keyword_enum;
use crate::model::rollout::{Attempt, MemberNumber, Outcome, Phase, RolloutStatus, RunnerId};
use crate::model::workspace::{AssetId, FolderPath, RevisionNumber, Timestamp};

/// How far a roll-out is. What a ledger gives back is what was written last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How often something was written: a step is for one such number.
    pub version: u64,
    /// Whether it goes on.
    pub status: RolloutStatus,
    /// Its members, in the order of their numbers.
    pub members: Vec<MemberProgress>,
}

/// How far a member is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberProgress {
    /// How often somebody took it on.
    pub attempt: Attempt,
    /// How many of these ended since it answered nothing, the last ones in a row.
    pub unanswered: u32,
    /// What is known of it now.
    pub state: MemberState,
    /// What was seen of its jobs since this attempt ended, if a gate asked for them.
    pub jobs: Option<SeenJobs>,
}

impl MemberProgress {
    /// If something may have been sent to it whose end nobody saw: the moment after which nothing
    /// was. Nobody sends after its lease.
    pub const fn sent_before(&self) -> Option<Timestamp> {
        match &self.state {
            MemberState::Working {
                until,
                phase,
                sent_before,
                ..
            } => match phase {
                Phase::Sending => Some(*until),
                Phase::Looking => *sent_before,
            },
            MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Ended { .. } => {
                None
            }
        }
    }

    /// Whether somebody still holds it.
    pub fn is_held(&self, hold: &Hold) -> bool {
        self.attempt == hold.attempt
            && match &self.state {
                MemberState::Working { runner, .. } => *runner == hold.runner,
                MemberState::Waiting
                | MemberState::Postponed { .. }
                | MemberState::Ended { .. } => false,
            }
    }

    /// The member once something is about to be sent to it; nothing if it is no longer held then.
    #[must_use]
    pub fn noted(&self, hold: &Hold, at: Timestamp) -> Option<Self> {
        let state = match &self.state {
            MemberState::Working {
                runner,
                until,
                phase: _,
                sent_before,
            } if self.is_held(hold) && *until > at => MemberState::Working {
                runner: runner.clone(),
                until: *until,
                phase: Phase::Sending,
                sent_before: *sent_before,
            },
            MemberState::Working { .. }
            | MemberState::Waiting
            | MemberState::Postponed { .. }
            | MemberState::Ended { .. } => return None,
        };
        Some(Self {
            state,
            jobs: None,
            ..*self
        })
    }

    /// Whether somebody works on it, or goes on with it later.
    pub const fn is_in_flight(&self) -> bool {
        matches!(self.state, MemberState::Working { .. })
    }

    /// Whether something was sent to it whose end could not be seen: it is looked at now and then, and
    /// nothing more is sent before that end is known.
    pub fn waits_for_its_end(&self) -> bool {
        match &self.state {
            MemberState::Working {
                phase: Phase::Looking,
                ..
            } => self.unanswered > 0 && self.sent_before().is_some(),
            MemberState::Working { .. }
            | MemberState::Waiting
            | MemberState::Postponed { .. }
            | MemberState::Ended { .. } => false,
        }
    }

    /// The member once it is held for longer; nothing if it is no longer held.
    #[must_use]
    pub fn renewed(&self, hold: &Hold, to: Timestamp) -> Option<Self> {
        let mut renewed = self.clone();
        match &mut renewed.state {
            MemberState::Working { until, .. } if self.is_held(hold) => *until = to,
            MemberState::Working { .. }
            | MemberState::Waiting
            | MemberState::Postponed { .. }
            | MemberState::Ended { .. } => return None,
        }
        Some(renewed)
    }
}

/// What is known of a member now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberState {
    /// It waits for somebody who takes it on.
    Waiting,
    /// It did not answer when somebody took it on, and waits for its next turn.
    Postponed {
        /// When that is.
        until: Timestamp,
    },
    /// Somebody works on it.
    Working {
        /// Who.
        runner: RunnerId,
        /// Until when nobody else takes it over.
        until: Timestamp,
        /// How far that is.
        phase: Phase,
        /// An earlier attempt may have sent something, though not after this.
        sent_before: Option<Timestamp>,
    },
    /// It was brought to its end.
    Ended {
        /// What came of it.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

/// What a runner holds: a member, for one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The member.
    pub member: MemberNumber,
    /// Which attempt.
    pub attempt: Attempt,
    /// The runner.
    pub runner: RunnerId,
    /// Until when.
    pub until: Timestamp,
    /// An earlier attempt may have sent something, though not after this: then look first.
    pub sent_before: Option<Timestamp>,
}

impl Hold {
    /// What somebody holds who only looks: no attempt.
    pub const fn to_look(member: MemberNumber) -> Self {
        Self {
            member,
            attempt: Attempt(0),
            runner: RunnerId(String::new()),
            until: Timestamp(0),
            sent_before: None,
        }
    }
}

/// An attempt that went no further, since the platform did not answer, or said that it was asked too
/// often: that says nothing of the customer, nor of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// What was heard instead.
    pub why: String,
    /// For how many seconds the platform asks to wait, if it does.
    pub wait: Option<u64>,
    /// What of it arrived.
    pub sent: Sent,
}

/// What an attempt that went no further sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing: as if nobody had taken the member on.
    Nothing,
    /// Something, perhaps: whoever takes the member on looks first.
    Perhaps,
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "no answer",
            Self::Perhaps => "its end can't be seen yet",
        })
    }
}

/// For how long members that don't answer are asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// After so many turns in a row a person decides.
    pub turns: u32,
    /// So many seconds are between the first two; each further time is twice as long.
    pub first: u64,
    /// But never longer than so many, unless the platform asks for it.
    pub longest: u64,
    /// The platform may ask for so many.
    pub asked_for: u64,
}

impl Patience {
    /// That of roll-outs: for an hour and a half, if the platform does not ask for more.
    pub const USUAL: Self = Self {
        turns: 8,
        first: 60,
        longest: 30 * 60,
        asked_for: 24 * 60 * 60,
    };

    /// When the next turn is, after so many.
    fn next(self, turns: u32, wait: Option<u64>, now: Timestamp) -> Timestamp {
        let doublings = turns.saturating_sub(1).min(32);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        let wait = wait.unwrap_or(0).min(self.asked_for).max(pause);
        Timestamp(now.0.saturating_add(wait))
    }
}

/// What came of an attempt, for whoever asks later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ending {
    /// What came of it.
    pub outcome: Outcome,
    /// Why, in a few words; empty where the outcome says all.
    pub why: String,
    /// What is in the workspace since, a line for each package.
    pub receipts: Vec<MemberReceipt>,
}

/// What a roll-out left in a member's workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberReceipt {
    /// What the package is called.
    pub package: String,
    /// Its digest.
    pub digest: Digest,
    /// The digest of its contents.
    pub contents: Digest,
    /// The revision that brought it; absent where it was there.
    pub revision: Option<RevisionNumber>,
    /// The workspace's state as it was read back.
    pub state: Digest,
    /// How many of its recipes run.
    pub running: usize,
    /// How many do not.
    pub stopped: usize,
    /// How many connections wait for a person.
    pub unauthorized: usize,
    /// The revision that the workspace was brought back to, before the package came; absent where
    /// the package is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<RevisionNumber>,
    /// The package's recipes there; absent where that was not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipes: Option<Vec<ReceivedRecipe>>,
    /// How many of its assets have there what somebody changed since an import; absent where that is not
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customised: Option<usize>,
    /// What was seen of it there last: on the board only; absent where that was not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Box<SlimSnapshot>>,
}

impl Ending {
    /// The same for those who ask what came of an attempt, and not how the workspace is since.
    #[must_use]
    pub fn without_snapshots(&self) -> Self {
        let mut without = self.clone();
        for receipt in &mut without.receipts {
            receipt.seen = None;
        }
        without
    }
}

/// A recipe of a package in a customer's workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceivedRecipe {
    /// Its number there; absent where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AssetId>,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; empty for Home.
    pub folder: FolderPath,
}

/// What was written down with a step, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// Which member it is about, if it is about one.
    pub member: Option<MemberNumber>,
    /// What happened, in a few words.
    pub what: String,
}

/// A change of a roll-out: written as one, and only if the roll-out is as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The [version](Progress::version) that was looked at.
    pub expected: u64,
    /// The status from now on.
    pub status: RolloutStatus,
    /// The members that change.
    pub members: Vec<(MemberNumber, MemberProgress)>,
    /// What came of one of them.
    pub ending: Option<(MemberNumber, Ending)>,
    /// What is told of it.
    pub event: Event,
}

/// A step is no step that can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The roll-out is over.
    #[error("the roll-out is {0}")]
    Over(RolloutStatus),
    /// It is not paused.
    #[error("the roll-out is {0}, not paused")]
    NotPaused(RolloutStatus),
    /// There is no such member.
    #[error("the roll-out has no member {0}")]
    NoMember(MemberNumber),
    /// Somebody works on the member.
    #[error("{runner} works on it until {}", until.utc())]
    Busy {
        /// Who.
        runner: RunnerId,
        /// Until when.
        until: Timestamp,
    },
    /// The member did not answer, and its next turn is later.
    #[error("its next turn is at {}", until.utc())]
    Later {
        /// When.
        until: Timestamp,
    },
    /// The member waits, so that there is nothing to try again.
    #[error("it waits for its turn")]
    Waits,
    /// The member is where it was to be brought.
    #[error("it is as planned: {0}")]
    Reached(Outcome),
    /// Somebody else has it by now.
    #[error("the lease on it is lost")]
    Lost,
}

impl Progress {
    /// A roll-out that begins. Members that are `held` wait for a person.
    pub fn new(held: impl IntoIterator<Item = bool>, at: Timestamp) -> Self {
        let members = held.into_iter().map(|held| MemberProgress {
            attempt: Attempt(0),
            unanswered: 0,
            state: match held {
                true => MemberState::Ended {
                    outcome: Outcome::Held,
                    at,
                },
                false => MemberState::Waiting,
            },
            jobs: None,
        });
        Self {
            version: 0,
            status: RolloutStatus::Running,
            members: members.collect(),
        }
    }

    /// A member.
    ///
    /// # Errors
    /// If there is none of this number.
    pub fn member(&self, number: MemberNumber) -> Result<&MemberProgress, StepError> {
        let member = self.members.get(number.index());
        member
            .filter(|_| number.0 > 0)
            .ok_or(StepError::NoMember(number))
    }

    /// How many members count against the budget.
    pub fn failures(&self) -> u32 {
        let failed = self.members.iter().filter(|member| match &member.state {
            MemberState::Ended { outcome, .. } => outcome.is_failure(),
            MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => {
                false
            }
        });
        u32::try_from(failed.count()).unwrap_or(u32::MAX)
    }

    /// How many members somebody works on.
    pub fn in_flight(&self) -> u32 {
        let working = self.members.iter().filter(|member| member.is_in_flight());
        u32::try_from(working.count()).unwrap_or(u32::MAX)
    }

    /// What a step leaves. Ledgers do the same with rows.
    pub fn after(&self, step: &Step) -> Self {
        let mut after = self.clone();
        after.version += 1;
        after.status = step.status;
        for (number, member) in &step.members {
            if let Some(place) = after.members.get_mut(number.index()) {
                *place = member.clone();
            }
        }
        after
    }

    /// What changes nothing but how it goes on.
    pub(super) fn step(&self, status: RolloutStatus, event: Event) -> Step {
        Step {
            expected: self.version,
            status,
            members: Vec::new(),
            ending: None,
            event,
        }
    }

    /// A runner takes a member on, or over from one whose lease ended.
    ///
    /// # Errors
    /// If it is not to be had.
    pub fn claim(
        &self,
        number: MemberNumber,
        runner: &RunnerId,
        now: Timestamp,
        lease: u64,
    ) -> Result<(Step, Hold), StepError> {
        let member = self.member(number)?;
        let (sent_before, what) = match &member.state {
            MemberState::Waiting if self.status == RolloutStatus::Running => (None, "taken on"),
            MemberState::Postponed { until } if self.status == RolloutStatus::Running => {
                match *until <= now {
                    true => (None, "taken on"),
                    false => return Err(StepError::Later { until: *until }),
                }
            }
            MemberState::Waiting | MemberState::Postponed { .. } => {
                return Err(StepError::Over(self.status));
            }
            MemberState::Working { runner, until, .. } if *until > now => {
                return Err(StepError::Busy {
                    runner: runner.clone(),
                    until: *until,
                });
            }
            MemberState::Working { .. } => (member.sent_before(), "taken over"),
            MemberState::Ended { outcome, .. } => return Err(StepError::Reached(*outcome)),
        };
        let attempt = Attempt(member.attempt.0.saturating_add(1));
        let until = Timestamp(now.0.saturating_add(lease));
        let taken = MemberProgress {
            attempt,
            unanswered: member.unanswered,
            state: MemberState::Working {
                runner: runner.clone(),
                until,
                phase: Phase::Looking,
                sent_before,
            },
            jobs: None,
        };
        let event = Event {
            at: now,
            who: runner.0.clone(),
            member: Some(number),
            what: format!("{what} (attempt {attempt})"),
        };
        let step = Step {
            members: vec![(number, taken)],
            ..self.step(self.status, event)
        };
        let hold = Hold {
            member: number,
            attempt,
            runner: runner.clone(),
            until,
            sent_before,
        };
        Ok((step, hold))
    }

    /// Whether somebody still holds what it held.
    pub fn holds(&self, hold: &Hold) -> bool {
        let member = self.members.get(hold.member.index());
        member.is_some_and(|member| member.is_held(hold))
    }

    /// A runner brought a member to its end.
    ///
    /// # Errors
    /// If somebody else has it by now.
    pub fn finish(&self, hold: &Hold, ending: Ending, now: Timestamp) -> Result<Step, StepError> {
        if !self.holds(hold) {
            return Err(StepError::Lost);
        }
        let ended = MemberProgress {
            attempt: hold.attempt,
            unanswered: 0,
            state: MemberState::Ended {
                outcome: ending.outcome,
                at: now,
            },
            jobs: None,
        };
        let event = Event {
            at: now,
            who: hold.runner.0.clone(),
            member: Some(hold.member),
            what: match ending.why.as_str() {
                "" => ending.outcome.to_string(),
                why => format!("{}: {why}", ending.outcome),
            },
        };
        Ok(Step {
            members: vec![(hold.member, ended)],
            ending: Some((hold.member, ending)),
            ..self.step(self.status, event)
        })
    }

    /// A runner gives a member back, to which nothing was sent.
    ///
    /// # Errors
    /// If somebody else has it by now.
    pub fn release(&self, hold: &Hold, why: &str, now: Timestamp) -> Result<Step, StepError> {
        if !self.holds(hold) {
            return Err(StepError::Lost);
        }
        let waits = MemberProgress {
            attempt: hold.attempt,
            unanswered: self.member(hold.member)?.unanswered,
            state: MemberState::Waiting,
            jobs: None,
        };
        let event = Event {
            at: now,
            who: hold.runner.0.clone(),
            member: Some(hold.member),
            what: format!("given back: {why}"),
        };
        Ok(Step {
            members: vec![(hold.member, waits)],
            ..self.step(self.status, event)
        })
    }

    /// A runner goes no further with a member for now, since it does not answer. It has its next turn
    /// later, and ends after a number of turns: then a person decides.
    ///
    /// # Errors
    /// If somebody else has it by now.
    pub fn postpone(
        &self,
        hold: &Hold,
        unanswered: &Unanswered,
        patience: Patience,
        now: Timestamp,
    ) -> Result<Step, StepError> {
        if !self.holds(hold) {
            return Err(StepError::Lost);
        }
        let member = self.member(hold.member)?;
        let turns = member.unanswered.saturating_add(1);
        let why = &unanswered.why;
        if turns >= patience.turns {
            let (outcome, told) = match unanswered.sent {
                Sent::Nothing => (Outcome::Held, "no answer"),
                Sent::Perhaps => (Outcome::Partly, "what of the package arrived can't be seen"),
            };
            let ending = Ending {
                outcome,
                why: format!(
                    "{told} in {turns} turns: {why}; to try again: recipack rollout retry"
                ),
                receipts: Vec::new(),
            };
            return self.finish(hold, ending, now);
        }
        let until = patience.next(turns, unanswered.wait, now);
        let state = match (unanswered.sent, &member.state) {
            (
                Sent::Perhaps,
                MemberState::Working {
                    runner,
                    phase,
                    sent_before,
                    ..
                },
            ) => MemberState::Working {
                runner: runner.clone(),
                until,
                // Who holds it sends nothing more.
                phase: Phase::Looking,
                sent_before: match phase {
                    Phase::Sending => Some(now),
                    Phase::Looking => *sent_before,
                },
            },
            (
                Sent::Perhaps,
                MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Ended { .. },
            ) => return Err(StepError::Lost),
            (Sent::Nothing, _) => MemberState::Postponed { until },
        };
        let event = Event {
            at: now,
            who: hold.runner.0.clone(),
            member: Some(hold.member),
            what: format!(
                "{}, its next turn is at {}: {why}",
                unanswered.sent,
                until.utc()
            ),
        };
        let postponed = MemberProgress {
            attempt: hold.attempt,
            unanswered: turns,
            state,
            jobs: None,
        };
        Ok(Step {
            members: vec![(hold.member, postponed)],
            ..self.step(self.status, event)
        })
    }

    /// Every member was brought to its end.
    pub fn done(&self, runner: &RunnerId, now: Timestamp) -> Step {
        let event = Event {
            at: now,
            who: runner.0.clone(),
            member: None,
            what: "done".to_owned(),
        };
        self.step(RolloutStatus::Done, event)
    }

    /// A person pauses it, lets it go on, or gives it up. Orders win: whatever is in flight, they are
    /// written, and count for whatever is begun afterwards.
    ///
    /// # Errors
    /// If it is over, or was not paused.
    pub fn order(&self, order: RolloutOrder, who: &str, now: Timestamp) -> Result<Step, StepError> {
        let status = match (order, self.status) {
            (RolloutOrder::Pause, RolloutStatus::Running) => RolloutStatus::Paused,
            (RolloutOrder::Resume, RolloutStatus::Paused) => RolloutStatus::Running,
            (RolloutOrder::Resume, RolloutStatus::Running) => {
                return Err(StepError::NotPaused(self.status));
            }
            (RolloutOrder::Abort, RolloutStatus::Running | RolloutStatus::Paused) => {
                RolloutStatus::Aborted
            }
            (RolloutOrder::Supersede, RolloutStatus::Running | RolloutStatus::Paused) => {
                RolloutStatus::Superseded
            }
            (
                RolloutOrder::Pause
                | RolloutOrder::Resume
                | RolloutOrder::Abort
                | RolloutOrder::Supersede,
                _,
            ) => return Err(StepError::Over(self.status)),
        };
        let event = Event {
            at: now,
            who: who.to_owned(),
            member: None,
            what: order.to_string(),
        };
        Ok(self.step(status, event))
    }

    /// A person goes no further with a member to which something was sent whose end can't be seen.
    fn give_up(
        &self,
        number: MemberNumber,
        order: MemberOrder,
        who: &str,
        now: Timestamp,
    ) -> Result<Step, StepError> {
        let ending = Ending {
            outcome: Outcome::Partly,
            why: "what was sent may have arrived, or may arrive yet; a person went no further with it"
                .to_owned(),
            receipts: Vec::new(),
        };
        let ended = MemberProgress {
            attempt: self.member(number)?.attempt,
            unanswered: 0,
            state: MemberState::Ended {
                outcome: ending.outcome,
                at: now,
            },
            jobs: None,
        };
        let event = Event {
            at: now,
            who: who.to_owned(),
            member: Some(number),
            what: order.to_string(),
        };
        Ok(Step {
            members: vec![(number, ended)],
            ending: Some((number, ending)),
            ..self.step(self.status, event)
        })
    }

    /// A person says what becomes of a member.
    ///
    /// # Errors
    /// If that can't become of it.
    pub fn order_member(
        &self,
        number: MemberNumber,
        order: MemberOrder,
        who: &str,
        now: Timestamp,
    ) -> Result<Step, StepError> {
        let member = self.member(number)?;
        let status = match (self.status, order) {
            (RolloutStatus::Running | RolloutStatus::Paused, _) => self.status,
            // What is done goes on where one of its members is tried again.
            (RolloutStatus::Done, MemberOrder::Retry) => RolloutStatus::Running,
            (RolloutStatus::Done | RolloutStatus::Aborted | RolloutStatus::Superseded, _) => {
                return Err(StepError::Over(self.status));
            }
        };
        let ended = |outcome| MemberState::Ended { outcome, at: now };
        let state = match (order, &member.state) {
            // Its end could not be seen, perhaps never can, and whoever looks again now sends nothing
            // once this is written.
            (MemberOrder::Skip | MemberOrder::Hold, _) if member.waits_for_its_end() => {
                return self.give_up(number, order, who, now);
            }
            (_, MemberState::Working { runner, until, .. }) => {
                return Err(StepError::Busy {
                    runner: runner.clone(),
                    until: *until,
                });
            }
            (MemberOrder::Retry, MemberState::Waiting) => return Err(StepError::Waits),
            // Its turn is now.
            (MemberOrder::Retry, MemberState::Postponed { .. }) => MemberState::Waiting,
            (_, MemberState::Ended { outcome, .. }) if outcome.is_reached() => {
                return Err(StepError::Reached(*outcome));
            }
            (MemberOrder::Retry, MemberState::Ended { .. }) => MemberState::Waiting,
            (
                MemberOrder::Skip,
                MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Ended { .. },
            ) => ended(Outcome::Skipped),
            (
                MemberOrder::Hold,
                MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Ended { .. },
            ) => ended(Outcome::Held),
        };
        let event = Event {
            at: now,
            who: who.to_owned(),
            member: Some(number),
            what: order.to_string(),
        };
        let ordered = MemberProgress {
            attempt: member.attempt,
            unanswered: 0,
            state,
            jobs: None,
        };
        Ok(Step {
            members: vec![(number, ordered)],
            ..self.step(status, event)
        })
    }
}

keyword_enum! {
    /// What a person orders a roll-out.
    pub enum RolloutOrder: "order" {
        /// Nothing new is begun.
        Pause = "pause",
        /// It goes on.
        Resume = "resume",
        /// It is given up. What was sent is brought to its end.
        Abort = "abort",
        /// Another roll-out takes its place.
        Supersede = "supersede",
    }
}

keyword_enum! {
    /// What a person orders for a wave whose jobs don't let the next one begin.
    pub enum GateOrder: "order" {
        /// They are read again.
        Again = "again",
        /// The next one begins, whatever they came to.
        Pass = "pass",
    }
}

keyword_enum! {
    /// What a person orders for a member.
    pub enum MemberOrder: "order" {
        /// It ended, and is tried again.
        Retry = "retry",
        /// It is left out for good.
        Skip = "skip",
        /// It is left out until it is tried again.
        Hold = "hold",
    }
}
