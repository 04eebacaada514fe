//! Questions that roll-outs themselves answer: who was never reached, who waits for a person.

use std::collections::BTreeMap;

use super::{Fleet, FleetAnswer, FleetFinding, FleetMember, FleetRole};
use crate::model::rollout::{Outcome, RolloutStatus};
use crate::model::workspace::WorkspaceId;
use crate::plan::rollout::progress::MemberState;

type Members<'m, 'f> = BTreeMap<(&'f str, WorkspaceId), Vec<&'m FleetMember<'f>>>;

/// The members that are one workspace, the last one in the newest roll-out.
fn by_workspace<'m, 'f>(fleet: &'m Fleet<'f>) -> Members<'m, 'f> {
    let mut members = Members::new();
    for member in &fleet.members {
        members
            .entry(member.customer.key())
            .or_default()
            .push(member);
    }
    members
}

/// Whether what a roll-out brings is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
    /// Something was sent, and nobody knows what of it is there.
    Unknown,
}

fn reached(member: &FleetMember<'_>) -> Reached {
    match &member.progress.state {
        MemberState::Ended { outcome, .. } => match outcome {
            Outcome::Applied | Outcome::Same => Reached::Yes,
            Outcome::Partly => Reached::Unknown,
            Outcome::Failed | Outcome::Held | Outcome::Skipped => Reached::No,
        },
        MemberState::Working { .. } => match member.progress.sent_before() {
            Some(_) => Reached::Unknown,
            None => Reached::No,
        },
        MemberState::Waiting | MemberState::Postponed { .. } => Reached::No,
    }
}

/// Who was never brought what a roll-out was to bring.
pub(super) fn unreached(fleet: &Fleet<'_>) -> FleetAnswer {
    let mut answer = FleetAnswer::default();
    for members in by_workspace(fleet).into_values() {
        let Some(last) = members
            .last()
            .filter(|last| last.role == FleetRole::Customer)
        else {
            continue;
        };
        if members.iter().any(|member| reached(member) == Reached::Yes) {
            continue;
        }
        let unknown = (members.iter().rev()).find(|member| reached(member) == Reached::Unknown);
        match unknown {
            Some(member) => answer.unknown.push(finding(fleet, member)),
            None => answer.matched.push(finding(fleet, last)),
        }
    }
    answer
}

/// Who is left alone until a person says what becomes of it: by the newest roll-out that it is in, and
/// of several steps there by the last one that came to an end.
pub(super) fn waiting(fleet: &Fleet<'_>) -> FleetAnswer {
    let mut answer = FleetAnswer::default();
    for members in by_workspace(fleet).into_values() {
        let newest = members.last().map(|last| last.rollout);
        let steps = (members.into_iter().rev()).take_while(|step| Some(step.rollout) == newest);
        let mut ended = steps.filter_map(|step| match step.progress.state {
            MemberState::Ended { outcome, .. } => Some((step, outcome)),
            MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Working { .. } => {
                None
            }
        });
        let Some((member, outcome)) = ended.next() else {
            continue;
        };
        let waits = match (outcome, member.status) {
            (Outcome::Partly | Outcome::Failed, _)
            | (
                Outcome::Held,
                RolloutStatus::Running | RolloutStatus::Paused | RolloutStatus::Done,
            ) => true,
            // Nothing is sent any more, whatever a person says.
            (Outcome::Held, RolloutStatus::Aborted | RolloutStatus::Superseded)
            | (Outcome::Applied | Outcome::Same | Outcome::Skipped, _) => false,
        };
        if waits {
            answer.matched.push(finding(fleet, member));
        }
    }
    answer
}

fn finding(fleet: &Fleet<'_>, member: &FleetMember<'_>) -> FleetFinding {
    let (state, at) = match &member.progress.state {
        MemberState::Waiting | MemberState::Postponed { .. } => ("waiting", fleet.now),
        MemberState::Working { .. } => ("working", fleet.now),
        MemberState::Ended { outcome, at } => (outcome.as_str(), *at),
    };
    let why = match (member.why, member.status) {
        ("", RolloutStatus::Running | RolloutStatus::Done) => String::new(),
        ("", status) => format!("the roll-out is {status}"),
        (why, _) => why.to_owned(),
    };
    FleetFinding {
        state: state.to_owned(),
        why,
        ..FleetFinding::of(member.customer, member.rollout, at, fleet.now)
    }
}
