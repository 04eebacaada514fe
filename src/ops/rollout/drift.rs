//! Whether customers, and what is shared with them, are as a roll-out left them.

use std::path::Path;

use super::connectors::shared;
use super::{Members, Unreachable};
use crate::model::error::chain;
use crate::model::keyword::keyword_enum;
use crate::model::workspace::Timestamp;
use crate::ops::import::{ImportRequest, Incoming};
use crate::ops::{Running, Silent};
use crate::plan::rollout::progress::Hold;
use crate::plan::rollout::seen::SlimSnapshot;
use crate::plan::rollout::{PlannedMember, RolloutPackage, RolloutPlan};

keyword_enum! {
    /// Whether a customer is as a roll-out left it.
    pub enum Drifted: "state" {
        /// It is.
        Same = "same",
        /// It is not.
        Differs = "differs",
        /// Some of it was not read.
        NotRead = "not-read",
        /// It can't be read.
        Unknown = "unknown",
    }
}

/// What is otherwise at a member than a roll-out left it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// What, in a few words for each.
    pub differs: Vec<String>,
    /// How many assets were not read.
    pub not_read: usize,
    /// What was seen of the packages, by their names.
    pub seen: Vec<(String, SlimSnapshot)>,
}

/// Compares a member's workspace with what a roll-out left there of these packages. Nothing is changed.
/// What is seen of them is read after `at`.
///
/// # Errors
/// Why it can't be compared.
pub fn drift(
    members: &mut dyn Members,
    plan: &RolloutPlan,
    (member, at): (&PlannedMember, Timestamp),
    packages: &[(&RolloutPackage, &Path)],
    running: &Running,
) -> Result<Drift, String> {
    let looking = Hold::to_look(member.number);
    let mut reached = members.reach(member, &looking).map_err(Unreachable::why)?;
    let mut drift = Drift::default();
    if let Some(connectors) = plan.connectors_of(member.number) {
        for change in &connectors.changes {
            let step = &change.step;
            let found = shared(reached.admin(), &step.internal_name);
            let found = found.map_err(|error| chain(&error))?;
            let wanted = step.after;
            let agrees = found
                .zip(wanted)
                .is_some_and(|(found, wanted)| found.agrees_with(wanted));
            if !agrees {
                let version = found.map_or_else(
                    || "is not shared".to_owned(),
                    |found| format!("is shared in {}", found.version),
                );
                drift
                    .differs
                    .push(format!("connector \"{}\" {version}", step.title));
            }
        }
        return Ok(drift);
    }
    if let Some(back) = &member.back {
        let found = super::back::still_to_do(
            reached.workspace(),
            &member.address,
            back,
            members.scratch(),
            running,
        )?;
        drift.differs.extend(found);
        return Ok(drift);
    }
    for (package, path) in packages {
        let mut request = members
            .request(member, path, reached.workspace())
            .map_err(Unreachable::why)?;
        let read = |request: &ImportRequest| {
            Incoming::read(request, running, &mut Silent).map_err(|error| chain(&error))
        };
        let mut incoming = read(&request)?;
        let lands = (request.folder.clone(), request.landing.clone());
        members
            .settle(&mut request, &incoming, member, reached.workspace())
            .map_err(Unreachable::why)?;
        if lands != (request.folder.clone(), request.landing.clone()) {
            incoming = read(&request)?;
        }
        let planned = incoming.plan(&request, reached.workspace(), running);
        let planned = planned.map_err(|error| chain(&error))?;
        if planned.plan().workspace.id != member.workspace {
            return Err(format!(
                "it is workspace {} by now",
                planned.plan().workspace.id
            ));
        }
        drift.differs.extend(planned.differs());
        let settings = planned.plan().settings.iter();
        let actions = settings.flat_map(|settings| &settings.actions);
        drift
            .differs
            .extend(actions.filter_map(|action| action.astray()));
        drift
            .seen
            .push((package.name.to_string(), planned.seen(&incoming, at)));
        drift.not_read += planned.plan().summary.not_read;
    }
    Ok(drift)
}
