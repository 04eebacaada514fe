//! `recipack rollout abort`, and the plan of the way back.

use super::members::Reachable;
use super::orders::{give, order};
use super::planning::text;
use super::{open_ledger, plan_of};
use crate::cli::args::RolloutAbortArgs;
use crate::cli::commands::import::given;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Content, OutputPath};
use crate::cli::ui::visible;
use crate::cli::{Context, Stop};
use crate::ledger::IfAbsent;
use crate::model::ident::Digest;
use crate::model::rollout::{Attempt, MemberNumber, Outcome, RolloutStatus};
use crate::model::workspace::{Address, Timestamp};
use crate::ops::rollout::{Brought, Members as _, Unreachable, way_back};
use crate::plan::rollback::document::Irreversible;
use crate::plan::rollout::progress::{
    Ending, Hold, MemberReceipt, MemberState, Progress, RolloutOrder,
};
use crate::plan::rollout::{
    Budget, Candidate, Held, Looking, PlannedMember, RolloutPlan, RolloutRequest, Waves,
};

pub(super) fn abort(context: &Context, args: &RolloutAbortArgs) -> Result<Exit, Stop> {
    if !args.back {
        return order(context, &args.ledger, &args.id, RolloutOrder::Abort);
    }
    let output = match &args.output {
        Some(output) => Some(OutputPath::check(
            output,
            Content::RolloutPlan,
            (&args.force).into(),
            &[],
        )?),
        None => None,
    };
    let mut ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    if plan.back_of.is_some() {
        return Err(Failure::usage(format!("{} is a way back itself", args.id))
            .help("start the roll-out again that it brought back")
            .into());
    }
    // What is over can be brought back as well.
    let progress = ledger.progress(&args.id).map_err(Failure::from)?;
    if matches!(
        progress.status,
        RolloutStatus::Running | RolloutStatus::Paused
    ) {
        give(ledger.as_mut(), &args.id, RolloutOrder::Abort)?;
        context.did(format!("{} was given up", args.id));
    }
    let progress = ledger.progress(&args.id).map_err(Failure::from)?;
    let in_flight = progress.members.iter().any(|member| match member.state {
        MemberState::Working { .. } => member.sent_before().is_some(),
        MemberState::Waiting | MemberState::Postponed { .. } | MemberState::Ended { .. } => false,
    });
    if in_flight {
        return Err(Failure::new(
            Exit::Unfinished,
            "in-flight",
            format!(
                "{} is given up, and what was sent to a customer has no end yet",
                args.id
            ),
        )
        .help(format!(
            "bring it to its end: recipack rollout run {}; then repeat this command",
            args.id
        ))
        .into());
    }
    let endings = ledger.endings(&args.id).map_err(Failure::from)?;
    let started = ledger.rollouts().map_err(Failure::from)?;
    let started = started.iter().find(|one| one.id == args.id);
    let since = started.map_or(Timestamp(0), |one| one.at);
    let ended = Ended {
        plan: &plan,
        progress: &progress,
        endings: &endings,
        since,
    };
    let (customers, told) = changed(context, args, &ended)?;
    if customers.is_empty() {
        let failure = Failure::new(
            Exit::Failed,
            "names-nothing",
            format!("{} changed no customer", args.id),
        );
        return Err(failure
            .help(format!("look: recipack rollout report {}", args.id))
            .into());
    }
    let at_first = customers.iter().filter(|one| one.held.is_none()).count();
    let asked = RolloutRequest {
        of: plan.of.clone(),
        admin: plan.admin,
        packages: Vec::new(),
        folder: plan.folder.clone(),
        rows: plan.rows,
        settings: Vec::new(),
        permitted: plan
            .permitted
            .iter()
            .copied()
            .chain(given(&args.permitted))
            .collect(),
        budget: Budget {
            failures: args.budget,
            at_once: None,
        },
        connectors: None,
        canary: None,
        jobs: None,
        waves: args.waves.clone().unwrap_or_else(|| Waves::usual(at_first)),
        bake: args.bake.seconds(),
        looking: Looking::Looked,
        unshared: Vec::new(),
        back_of: Some(args.id.clone()),
    };
    let back = RolloutPlan::of(asked, customers)?
        .sealed()
        .map_err(anyhow::Error::new)?;
    if let Some(output) = &output {
        let text = crate::model::visible::json(&back).map_err(anyhow::Error::new)?;
        output.write(text.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
    }
    context.ui.print(&back, |back| {
        let mut all = text(back);
        for line in &told {
            all.push_str(line);
        }
        if let Some(connectors) = &plan.connectors {
            for change in &connectors.changes {
                all.push_str(&format!(
                    "\"{}\" stays shared as it is for all customers: recipack catalog show tells how, and catalog switch brings back a version.\n",
                    visible(change.step.title.as_str())
                ));
            }
        }
        all
    })?;
    if let Some(output) = &output {
        context.ui.talk(&format!(
            "nothing was brought back; to begin: recipack rollout start {}\n",
            visible(&output.path().display().to_string())
        ));
    }
    Ok(Exit::Done)
}

/// The customers that a roll-out changed, each with its way back or why there is none; and what stays,
/// in words.
fn changed(
    context: &Context,
    args: &RolloutAbortArgs,
    ended: &Ended<'_>,
) -> Result<(Vec<Candidate>, Vec<String>), Stop> {
    let plan = ended.plan;
    let packages: Vec<Digest> = plan.all_packages().map(|one| one.digest).collect();
    let mut members = Reachable {
        context,
        platform: &args.platform,
        written: None,
        plan,
        settings: &[],
        arrives_within: 0,
    };
    let (mut customers, mut told) = (Vec::new(), Vec::new());
    for (member, receipts) in ended.changed() {
        if context.running.interrupt.is_set() {
            return Err(Failure::from(crate::ops::Interrupted).into());
        }
        let mut customer = candidate(member);
        let brought = Brought {
            receipts: &receipts,
            packages: &packages,
            since: ended.since,
        };
        match way(&mut members, context, member, brought) {
            Ok(None) => continue,
            Ok(Some(way)) => {
                for stays in way.plan.irreversible.iter().map(Irreversible::wording) {
                    told.push(format!(
                        "{} ({}) stays: {}\n",
                        visible(&member.address.to_string()),
                        visible(&member.name),
                        visible(&stays)
                    ));
                }
                if let Some(refusal) = way.plan.refused.first() {
                    customer.held = Some(held(refusal.to_string()));
                }
                customer.back = Some(way.back);
            }
            // The local platform knows all that was done to it.
            Err(_)
                if matches!(member.address, Address::Local(_))
                    && receipts.iter().all(|one| one.revision.is_none()) =>
            {
                continue;
            }
            Err(why) => customer.held = Some(held(why)),
        }
        customers.push(customer);
    }
    Ok((customers, told))
}

/// A roll-out whose members are brought back.
struct Ended<'e> {
    plan: &'e RolloutPlan,
    progress: &'e Progress,
    endings: &'e [(MemberNumber, Ending)],
    since: Timestamp,
}

impl Ended<'_> {
    /// Those of whom something may be there, each with what was left by all of its steps.
    fn changed(&self) -> Vec<(&PlannedMember, Vec<MemberReceipt>)> {
        let mut changed: Vec<(&PlannedMember, Vec<MemberReceipt>)> = Vec::new();
        for (number, ending) in self.endings {
            let is_admin = self.plan.connectors_of(*number).is_some();
            let Some(member) = self.plan.member(*number).filter(|_| !is_admin) else {
                continue;
            };
            if !self.may_have_changed(*number, ending) {
                continue;
            }
            let receipts = ending.receipts.iter().cloned();
            let same =
                |(before, _): &&mut (&PlannedMember, _)| before.workspace == member.workspace;
            match changed.iter_mut().find(same) {
                Some((_, before)) => before.extend(receipts),
                None => changed.push((member, receipts.collect())),
            }
        }
        changed
    }

    /// Whether something of it may be there.
    fn may_have_changed(&self, number: MemberNumber, ending: &Ending) -> bool {
        let changed = ending.receipts.iter().any(|one| one.revision.is_some());
        // What an earlier attempt did is not in the last one's receipts.
        let member = self.progress.members.get(number.index());
        let again = member.is_some_and(|member| member.attempt > Attempt(1));
        match ending.outcome {
            Outcome::Partly => true,
            Outcome::Applied
            | Outcome::Same
            | Outcome::Failed
            | Outcome::Held
            | Outcome::Skipped => changed || again,
        }
    }
}

fn way(
    members: &mut Reachable<'_>,
    context: &Context,
    member: &PlannedMember,
    brought: Brought<'_>,
) -> Result<Option<crate::ops::rollout::WayBack>, String> {
    let looking = Hold::to_look(member.number);
    let mut reached = members.reach(member, &looking).map_err(Unreachable::why)?;
    let found = way_back(
        reached.workspace(),
        &member.address,
        member.workspace,
        brought,
        &members.scratch(),
        &context.running,
    )?;
    Ok((!found.plan.is_empty()).then_some(found))
}

const fn held(why: String) -> Held {
    Held {
        why,
        from: None,
        until: None,
    }
}

fn candidate(member: &PlannedMember) -> Candidate {
    Candidate {
        address: member.address.clone(),
        workspace: member.workspace,
        name: member.name.clone(),
        external_id: member.external_id.clone(),
        labels: member.labels.clone(),
        held: None,
        seen: None,
        back: None,
    }
}
