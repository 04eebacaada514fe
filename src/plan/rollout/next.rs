//! What a runner does next. One pure function over what is known, the same for every ledger.

use crate::model::rollout::{MemberNumber, Outcome, RolloutStatus, WaveNumber};
use crate::model::workspace::Timestamp;

use super::gate::{GateState, GateStop};
use super::progress::{MemberProgress, MemberState, Progress};
use super::{Passed, Shape, WaveShape};

/// So many members of a wave may wait at once since they did not answer. With as many it may be the platform
/// that does not: nobody else is begun before one of them answers.
const UNANSWERED_AT_ONCE: u32 = 3;

/// What a runner does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It takes a member on, or over.
    Claim(MemberNumber),
    /// Nothing can be begun before a moment.
    Wait {
        /// The moment.
        until: Timestamp,
        /// For what.
        why: WaitsFor,
    },
    /// As many members failed as the budget allows, and one more.
    Halted {
        /// How many failed.
        failures: u32,
        /// How many were allowed to.
        budget: u32,
    },
    /// A wave that has to be as planned is not, and nobody said to go on without it.
    Stopped(WaveNumber),
    /// It reads what the jobs of these members came to, and writes that down.
    ReadJobs(Vec<MemberNumber>),
    /// The jobs of a wave don't let the next one begin, and nobody said to go on all the same.
    Gated {
        /// The wave.
        wave: WaveNumber,
        /// Why.
        why: GateStop,
    },
    /// A person paused it.
    Paused,
    /// A person gave it up, or another roll-out took its place.
    Over(RolloutStatus),
    /// Every member was brought to its end.
    Done,
}

/// What a runner waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// A wave has to have been in use for some time.
    Bake(WaveNumber),
    /// The jobs of a wave count for some time.
    Jobs(WaveNumber),
    /// Others work on what there is to do.
    Others {
        /// On how many members.
        in_flight: u32,
    },
    /// Those that are left are held for some time.
    Freeze,
    /// Members did not answer, and have their next turns later.
    Unanswered {
        /// How many.
        members: u32,
    },
}

/// What a runner does next.
pub fn next(shape: &Shape, progress: &Progress, now: Timestamp) -> Next {
    let members = || (1..).map(MemberNumber).zip(&progress.members);
    let lease = |member: &MemberProgress| match member.state {
        MemberState::Working { until, .. } => Some(until),
        MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Ended { .. } => None,
    };
    let goes_on = progress.status == RolloutStatus::Running;
    // What somebody left behind comes first: nobody knows yet whether it failed. Where the roll-out
    // does not go on, only what may have been sent is brought to its end.
    let left_behind = members().find(|(_, member)| {
        let ended = lease(member).is_some_and(|until| until <= now);
        ended && (goes_on || member.sent_before().is_some())
    });
    if let Some((number, _)) = left_behind {
        return Next::Claim(number);
    }
    let in_flight = progress.in_flight();
    // The first moment at which somebody may have left something behind.
    let leases = progress.members.iter().filter_map(lease);
    let first_lease = leases.filter(|until| *until > now).min();
    let others = first_lease.map(|until| Next::Wait {
        until,
        why: WaitsFor::Others { in_flight },
    });
    match progress.status {
        RolloutStatus::Running => {}
        RolloutStatus::Paused => return others.unwrap_or(Next::Paused),
        RolloutStatus::Aborted | RolloutStatus::Superseded => {
            return others.unwrap_or(Next::Over(progress.status));
        }
        RolloutStatus::Done => return Next::Over(progress.status),
    }
    let failures = progress.failures();
    let budget = shape.budget;
    if failures > budget.failures {
        return others.unwrap_or(Next::Halted {
            failures,
            budget: budget.failures,
        });
    }
    let mut baked_from = None;
    let mut gated: Vec<(WaveNumber, &WaveShape)> = Vec::new();
    let mut stopped_by = None;
    // The first moment at which somebody who was passed over is no longer held.
    let mut thaws: Option<Timestamp> = None;
    for (number, wave) in (1..).map(WaveNumber).zip(&shape.waves) {
        let of_wave = progress
            .members
            .get(wave.members.clone())
            .unwrap_or_default();
        let mut waiting = None;
        let mut is_worked_on = false;
        let mut held_until: Option<Timestamp> = None;
        // Whose next turn has come, and when the first one comes of the others.
        let mut due = None;
        let mut again: Option<Timestamp> = None;
        let mut postponed = 0;
        let earliest = |one: Option<Timestamp>, other: Timestamp| {
            Some(one.map_or(other, |one| one.min(other)))
        };
        for (index, member) in (wave.members.start..).zip(of_wave) {
            let held = shape.held_until(index, now);
            match (&member.state, held) {
                (MemberState::Waiting | MemberState::Postponed { .. }, Some(until)) => {
                    held_until = earliest(held_until, until);
                }
                (MemberState::Waiting, None) => waiting = waiting.or(Some(index)),
                (MemberState::Postponed { until }, None) => {
                    postponed += 1;
                    match *until <= now {
                        true => due = due.or(Some(index)),
                        false => again = earliest(again, *until),
                    }
                }
                (MemberState::Working { .. }, _) => is_worked_on = true,
                (MemberState::Ended { .. }, _) => {}
            }
        }
        let ended = waiting.is_none() && due.is_none() && again.is_none() && !is_worked_on;
        if ended && held_until.is_none() {
            if wave.passed == Passed::OnceReached && !of_wave.iter().all(is_passed) {
                stopped_by = stopped_by.or(Some(number));
            }
            gated.push((number, wave));
            baked_from = changed_last(of_wave)
                .map(|at| (number, at, wave.bake))
                .or(baked_from);
            continue;
        }
        if let Some(stopped) = stopped_by {
            return others.unwrap_or(Next::Stopped(stopped));
        }
        if ended && let Some(until) = held_until {
            thaws = Some(thaws.map_or(until, |first| first.min(until)));
            // Others go on meanwhile, unless nobody saw yet how this wave does, or all of it has to be
            // as planned before.
            if wave.passed == Passed::OnceReached || !of_wave.iter().any(is_reached) {
                break;
            }
            gated.push((number, wave));
            baked_from = changed_last(of_wave)
                .map(|at| (number, at, wave.bake))
                .or(baked_from);
            continue;
        }
        if let Some((before, at, bake)) = baked_from {
            let until = Timestamp(at.0.saturating_add(bake));
            if until > now {
                return Next::Wait {
                    until,
                    why: WaitsFor::Bake(before),
                };
            }
        }
        for (before, wave) in &gated {
            if let Some(next) = at_gate(*before, wave, progress, now) {
                return match &next {
                    Next::Gated { .. } => others.unwrap_or(next),
                    Next::ReadJobs(_)
                    | Next::Claim(_)
                    | Next::Wait { .. }
                    | Next::Halted { .. }
                    | Next::Stopped(_)
                    | Next::Paused
                    | Next::Over(_)
                    | Next::Done => next,
                };
            }
        }
        let fresh = waiting.filter(|_| postponed < UNANSWERED_AT_ONCE);
        let unanswered = again.filter(|_| due.is_none() && fresh.is_none());
        return match due.or(fresh) {
            Some(index) if budget.allows(failures, in_flight) => {
                Next::Claim(MemberNumber(u32::try_from(index + 1).unwrap_or(u32::MAX)))
            }
            // Somebody works on one of them: if nobody did, one more would be allowed.
            Some(_) | None => others.unwrap_or(match unanswered {
                Some(until) => Next::Wait {
                    until,
                    why: WaitsFor::Unanswered { members: postponed },
                },
                None => Next::Wait {
                    until: now,
                    why: WaitsFor::Others { in_flight },
                },
            }),
        };
    }
    match thaws {
        Some(until) => others.unwrap_or(Next::Wait {
            until,
            why: WaitsFor::Freeze,
        }),
        None => Next::Done,
    }
}

/// What is done instead of beginning a wave after this one, if its jobs don't let that begin.
fn at_gate(
    number: WaveNumber,
    wave: &WaveShape,
    progress: &Progress,
    now: Timestamp,
) -> Option<Next> {
    let members = progress
        .members
        .get(wave.members.clone())
        .unwrap_or_default();
    match wave.jobs?.state(members, now) {
        GateState::Open => None,
        GateState::Runs { until } => Some(Next::Wait {
            until,
            why: WaitsFor::Jobs(number),
        }),
        GateState::Reads(unread) => {
            let numbers = unread.into_iter().map(|index| {
                let number = wave.members.start.saturating_add(index).saturating_add(1);
                MemberNumber(u32::try_from(number).unwrap_or(u32::MAX))
            });
            Some(Next::ReadJobs(numbers.collect()))
        }
        GateState::Closed(why) => Some(Next::Gated { wave: number, why }),
    }
}

/// Whether a member is as planned.
const fn is_reached(member: &MemberProgress) -> bool {
    match member.state {
        MemberState::Ended { outcome, .. } => outcome.is_reached(),
        MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => false,
    }
}

/// Whether a member is as planned, or a person said that it need not be.
fn is_passed(member: &MemberProgress) -> bool {
    match member.state {
        MemberState::Ended { outcome, .. } => match outcome {
            Outcome::Applied | Outcome::Same | Outcome::Skipped => true,
            Outcome::Partly | Outcome::Failed | Outcome::Held => false,
        },
        MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => false,
    }
}

/// When something was changed last in a wave that ended, if anything was.
fn changed_last(members: &[MemberProgress]) -> Option<Timestamp> {
    let changed = members.iter().filter_map(|member| match member.state {
        MemberState::Ended { outcome, at } => match outcome {
            Outcome::Applied | Outcome::Partly => Some(at),
            Outcome::Same | Outcome::Failed | Outcome::Held | Outcome::Skipped => None,
        },
        MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => None,
    });
    changed.max()
}
