//! `recipack rollout pause`, `resume`, `abort`, `gate`, `retry`, `skip` and `hold`.

use super::{open_ledger, plan_of};
use crate::cli::args::{
    LedgerArgs, RolloutGateArgs, RolloutMembersArgs, RolloutOrderArgs, RolloutRetryArgs,
};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ui::visible;
use crate::cli::{Context, Stop, platform};
use crate::ledger::{IfAbsent, Ledger};
use crate::model::count::counted;
use crate::model::rollout::{MemberNumber, Outcome, RolloutId};
use crate::ops::rollout::{self as ops, OrderError, RolloutOrderDocument};
use crate::plan::rollout::RolloutPlan;
use crate::plan::rollout::progress::{GateOrder, MemberOrder, MemberState, Progress, RolloutOrder};

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
    ops::order(ledger, id, order, &platform::who()).map_err(|error| refused(id, None, error))
}

/// Says what becomes of the wave whose jobs keep the next one from beginning.
pub(super) fn gate(context: &Context, args: &RolloutGateArgs) -> Result<Exit, Stop> {
    let mut ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    let order = match args.pass {
        true => GateOrder::Pass,
        false => GateOrder::Again,
    };
    let ordered = ops::order_gate(ledger.as_mut(), &args.id, &plan, order, &platform::who());
    let progress = ordered.map_err(|error| refused(&args.id, None, error))?;
    say(context, &args.id, &progress, Vec::new())
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
        let progress = ops::order_member(ledger, id, *number, order, &platform::who());
        let progress = progress.map_err(|error| {
            let member = plan.member(*number);
            let member = member.map(|member| member.address.to_string());
            refused(id, member.as_deref(), error)
        })?;
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
    let document = RolloutOrderDocument::of(id, progress, members);
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
fn refused(id: &RolloutId, member: Option<&str>, error: OrderError) -> Failure {
    let error = match error {
        OrderError::Ledger(error) => return error.into(),
        OrderError::Refused(error) => error.to_string(),
        error @ OrderError::NotGated => error.to_string(),
    };
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
    let found = named.iter().map(|name| {
        ops::find(plan, name).map_err(|error| {
            Failure::new(Exit::Failed, "names-nothing", visible(&error.to_string()))
                .help("customers of a roll-out are named by their number in it, by name, external id or address")
        })
    });
    found.collect()
}
