//! What a person orders: written down whatever others write meanwhile, and in effect from the next step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, LedgerError, Written};
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::plan::rollout::progress::{MemberOrder, Progress, RolloutOrder, Step, StepError};
use crate::plan::rollout::{PlannedMember, RolloutPlan};

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

fn write(
    ledger: &mut dyn Ledger,
    id: &RolloutId,
    step: impl Fn(&Progress, crate::model::workspace::Timestamp) -> Result<Step, StepError>,
) -> Result<Progress, OrderError> {
    loop {
        let progress = ledger.progress(id)?;
        let now = ledger.now()?;
        let step = step(&progress, now)?;
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
    #[error("`{0}` may be several customers of the roll-out")]
    Several(String),
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
        _ => Err(FindError::Several(name.to_owned())),
    }
}
