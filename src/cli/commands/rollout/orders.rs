//! `recipack rollout pause`, `resume`, `abort`, `retry`, `skip` and `hold`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{open_ledger, plan_of};
use crate::cli::args::{LedgerArgs, RolloutMembersArgs, RolloutOrderArgs, RolloutRetryArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ui::visible;
use crate::cli::{Context, Stop, platform};
use crate::ledger::{IfAbsent, Ledger, Written};
use crate::model::count::counted;
use crate::model::rollout::{MemberNumber, Outcome, RolloutId, RolloutStatus};
use crate::plan::rollout::RolloutPlan;
use crate::plan::rollout::progress::{MemberOrder, MemberState, Progress, RolloutOrder, StepError};

/// What an order to a roll-out says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutOrderDocument {
    /// The roll-out.
    pub(crate) id: RolloutId,
    /// Whether it goes on now.
    pub(crate) status: RolloutStatus,
    /// The customers that the order was for, by their numbers in the roll-out.
    pub(crate) members: Vec<MemberNumber>,
    /// How many customers somebody works on meanwhile; that is brought to its end.
    pub(crate) in_flight: u32,
}

pub(super) fn pause(context: &Context, args: &RolloutOrderArgs) -> Result<Exit, Stop> {
    order(context, &args.ledger, &args.id, RolloutOrder::Pause)
}

pub(super) fn resume(context: &Context, args: &RolloutOrderArgs) -> Result<Exit, Stop> {
    order(context, &args.ledger, &args.id, RolloutOrder::Resume)
}

pub(super) fn order(
    context: &Context,
    ledger: &LedgerArgs,
    id: &RolloutId,
    order: RolloutOrder,
) -> Result<Exit, Stop> {
    let mut ledger = open_ledger(ledger, IfAbsent::Refuse)?;
    let progress = give(ledger.as_mut(), id, order)?;
    say(context, id, &progress, Vec::new())
}

/// Writes an order down, whatever others write meanwhile.
pub(super) fn give(
    ledger: &mut dyn Ledger,
    id: &RolloutId,
    order: RolloutOrder,
) -> Result<Progress, Failure> {
    loop {
        let progress = ledger.progress(id)?;
        let now = ledger.now()?;
        let step = progress
            .order(order, &platform::who(), now)
            .map_err(|error| refused(id, None, &error))?;
        if ledger.write(id, &step)? == Written::Kept {
            return Ok(progress.after(&step));
        }
    }
}

pub(super) fn retry(context: &Context, args: &RolloutRetryArgs) -> Result<Exit, Stop> {
    let mut ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    let mut members = found(&plan, &args.members)?;
    let progress = ledger.progress(&args.id).map_err(Failure::from)?;
    for (number, member) in (1..).map(MemberNumber).zip(&progress.members) {
        let MemberState::Ended { outcome, .. } = &member.state else {
            continue;
        };
        if args.failed && outcome.is_failure() || args.held && *outcome == Outcome::Held {
            members.push(number);
        }
    }
    members.sort_unstable();
    members.dedup();
    if members.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "names-nothing",
            format!("no customer of the roll-out {} is so", args.id),
        )
        .help(format!("look: recipack rollout report {}", args.id))
        .into());
    }
    order_members(
        context,
        ledger.as_mut(),
        &args.id,
        &plan,
        members,
        MemberOrder::Retry,
    )
}

pub(super) fn skip(context: &Context, args: &RolloutMembersArgs) -> Result<Exit, Stop> {
    of_named(context, args, MemberOrder::Skip)
}

pub(super) fn hold(context: &Context, args: &RolloutMembersArgs) -> Result<Exit, Stop> {
    of_named(context, args, MemberOrder::Hold)
}

fn of_named(
    context: &Context,
    args: &RolloutMembersArgs,
    order: MemberOrder,
) -> Result<Exit, Stop> {
    let mut ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    let members = found(&plan, &args.members)?;
    order_members(context, ledger.as_mut(), &args.id, &plan, members, order)
}

fn order_members(
    context: &Context,
    ledger: &mut dyn Ledger,
    id: &RolloutId,
    plan: &RolloutPlan,
    members: Vec<MemberNumber>,
    order: MemberOrder,
) -> Result<Exit, Stop> {
    let mut last = None;
    for number in &members {
        let progress = loop {
            let progress = ledger.progress(id).map_err(Failure::from)?;
            let now = ledger.now().map_err(Failure::from)?;
            let step = progress
                .order_member(*number, order, &platform::who(), now)
                .map_err(|error| {
                    let member = plan
                        .member(*number)
                        .map(|member| member.address.to_string());
                    refused(id, member.as_deref(), &error)
                })?;
            if ledger.write(id, &step).map_err(Failure::from)? == Written::Kept {
                break progress.after(&step);
            }
        };
        context.did(format!("customer {number}: {order}"));
        last = Some(progress);
    }
    let progress = match last {
        Some(progress) => progress,
        None => ledger.progress(id).map_err(Failure::from)?,
    };
    say(context, id, &progress, members)
}

fn say(
    context: &Context,
    id: &RolloutId,
    progress: &Progress,
    members: Vec<MemberNumber>,
) -> Result<Exit, Stop> {
    let document = RolloutOrderDocument {
        id: id.clone(),
        status: progress.status,
        members,
        in_flight: progress.in_flight(),
    };
    context.ui.print(&document, |document| {
        let members = match document.members.len() {
            0 => String::new(),
            some => format!("; {}", counted(some as u64, "customer")),
        };
        let in_flight = match document.in_flight {
            0 => String::new(),
            some => format!("; {} being worked on", counted(u64::from(some), "customer")),
        };
        format!(
            "{} is {}{members}{in_flight}\n",
            document.id, document.status
        )
    })?;
    Ok(Exit::Done)
}

/// An order that can't be given.
fn refused(id: &RolloutId, member: Option<&str>, error: &StepError) -> Failure {
    let about = member.map_or_else(|| format!("the roll-out {id}"), str::to_owned);
    Failure::new(
        Exit::Refused,
        "not-in-that-state",
        format!("{about}: {error}"),
    )
    .help(format!("look how it is: recipack rollout status {id}"))
}

/// Members by their numbers, names, external ids or addresses.
fn found(plan: &RolloutPlan, named: &[String]) -> Result<Vec<MemberNumber>, Failure> {
    named.iter().map(|name| find(plan, name)).collect()
}

fn find(plan: &RolloutPlan, name: &str) -> Result<MemberNumber, Failure> {
    let is = |member: &&crate::plan::rollout::PlannedMember| {
        member.external_id.as_deref() == Some(name)
            || member.name == name
            || member.address.to_string() == name
    };
    let found: Vec<MemberNumber> = plan.members.iter().filter(is).map(|m| m.number).collect();
    let by_number = name.parse().ok().map(MemberNumber);
    let by_number = by_number.filter(|number| plan.member(*number).is_some());
    let missing = |message: String| {
        Failure::new(Exit::Failed, "names-nothing", message)
            .help("customers of a roll-out are named by their number in it, by name, external id or address")
    };
    match (found.as_slice(), by_number) {
        ([one], None) => Ok(*one),
        ([one], Some(number)) if *one == number => Ok(number),
        ([], Some(number)) => Ok(number),
        ([], None) => Err(missing(format!(
            "the roll-out has no customer `{}`",
            visible(name)
        ))),
        _ => Err(missing(format!(
            "`{}` may be several customers of the roll-out",
            visible(name)
        ))),
    }
}
