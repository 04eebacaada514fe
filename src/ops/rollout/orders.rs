//! What a person orders: written down whatever others write meanwhile, and in effect from the next step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, LedgerError, Written};
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::plan::rollout::progress::{
    GateOrder, MemberOrder, Progress, RolloutOrder, Step, StepError,
};
use crate::plan::rollout::{Next, PlannedMember, RolloutPlan, next};

/// What an order to a roll-out says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RolloutOrderDocument {
    /// The roll-out.
    pub id: RolloutId,
    /// Whether it goes on now.
    pub status: RolloutStatus,
    /// The customers that the order was for, by their numbers in the roll-out.
    pub members: Vec<MemberNumber>,
    /// How many customers somebody works on meanwhile; that is brought to its end.
    pub in_flight: u32,
}

impl RolloutOrderDocument {
    /// What is told after an order for these members, or for all of the roll-out.
    pub fn of(id: &RolloutId, progress: &Progress, members: Vec<MemberNumber>) -> Self {
        Self {
            id: id.clone(),
            status: progress.status,
            members,
            in_flight: progress.in_flight(),
        }
    }
}

/// An order can't be given.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The ledger can't be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The roll-out, or the member, is in no state for it.
    #[error(transparent)]
    Refused(#[from] StepError),
    /// The jobs of no wave keep the next one from beginning.
    #[error("the jobs of no wave keep the next one from beginning")]
    NotGated,
}

/// Orders a roll-out. Says how far it is then.
///
/// # Errors
/// If it is in no state for that, or the ledger can't be used.
pub fn order(
    ledger: &mut dyn Ledger,
    id: &RolloutId,
    order: RolloutOrder,
    who: &str,
) -> Result<Progress, OrderError> {
    write(ledger, id, |progress, now| progress.order(order, who, now))
}

/// Says what becomes of a member.
///
/// # Errors
/// If it is in no state for that, or the ledger can't be used.
pub fn order_member(
    ledger: &mut dyn Ledger,
    id: &RolloutId,
    member: MemberNumber,
    order: MemberOrder,
    who: &str,
) -> Result<Progress, OrderError> {
    write(ledger, id, |progress, now| {
        progress.order_member(member, order, who, now)
    })
}

/// Says what becomes of the wave whose jobs keep the next one from beginning, be it paused or not.
///
/// # Errors
/// If those of none do, or the ledger can't be used.
pub fn order_gate(
    ledger: &mut dyn Ledger,
    id: &RolloutId,
    plan: &RolloutPlan,
    order: GateOrder,
    who: &str,
) -> Result<Progress, OrderError> {
    let shape = plan.shape();
    write(ledger, id, |progress, now| {
        if !progress.status.is_open() {
            return Err(StepError::Over(progress.status).into());
        }
        // What would be next if it went on.
        let going_on = Progress {
            status: RolloutStatus::Running,
            ..progress.clone()
        };
        let Next::Gated { wave, .. } = next(&shape, &going_on, now) else {
            return Err(OrderError::NotGated);
        };
        let place = plan.waves.iter().position(|planned| planned.number == wave);
        let shaped = place.and_then(|place| shape.waves.get(place));
        let members = shaped.map(|shaped| shaped.members.clone());
        let members = members.ok_or(OrderError::NotGated)?;
        Ok(progress.order_gate(wave, members, order, who, now)?)
    })
}

fn write<E: Into<OrderError>>(
    ledger: &mut dyn Ledger,
    id: &RolloutId,
    step: impl Fn(&Progress, crate::model::workspace::Timestamp) -> Result<Step, E>,
) -> Result<Progress, OrderError> {
    loop {
        let progress = ledger.progress(id)?;
        let now = ledger.now()?;
        let step = step(&progress, now).map_err(Into::into)?;
        if ledger.write(id, &step)? == Written::Kept {
            return Ok(progress.after(&step));
        }
    }
}

/// No member is named like this, or several are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// None is.
    #[error("the roll-out has no customer `{0}`")]
    Nobody(String),
    /// Several may be.
    #[error(
        "`{name}` may be several customers or steps of the roll-out: {}",
        numbers(members)
    )]
    Several {
        /// The name.
        name: String,
        /// Their numbers.
        members: Vec<MemberNumber>,
    },
}

/// A member by its number, name, external id or address.
///
/// # Errors
/// If it is not one.
pub fn find(plan: &RolloutPlan, name: &str) -> Result<MemberNumber, FindError> {
    let is = |member: &&PlannedMember| {
        member.external_id.as_deref() == Some(name)
            || member.name == name
            || member.address.to_string() == name
    };
    let found: Vec<MemberNumber> = plan.members.iter().filter(is).map(|m| m.number).collect();
    let by_number = name.parse().ok().map(MemberNumber);
    let by_number = by_number.filter(|number| plan.member(*number).is_some());
    match (found.as_slice(), by_number) {
        ([one], None) => Ok(*one),
        ([one], Some(number)) if *one == number => Ok(number),
        ([], Some(number)) => Ok(number),
        ([], None) => Err(FindError::Nobody(name.to_owned())),
        _ => Err(FindError::Several {
            name: name.to_owned(),
            members: found.into_iter().chain(by_number).collect(),
        }),
    }
}

fn numbers(members: &[MemberNumber]) -> String {
    let numbers: Vec<String> = members.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}
