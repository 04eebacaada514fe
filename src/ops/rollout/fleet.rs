//! What a ledger knows of customers, and questions of it. No customer is asked.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::{BoardLine, Ledger, LedgerError, WorkspaceKey};
use crate::model::ident::Version;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::model::workspace::{Timestamp, WorkspaceId};
use crate::plan::fleet::{
    Fleet, FleetAnswer, FleetCustomer, FleetFinding, FleetLine, FleetMember, FleetQuestion,
    FleetQuestionName, FleetRole, ask,
};
use crate::plan::rollout::progress::Progress;
use crate::plan::rollout::{RolloutPlan, RolloutPlanError};

/// What `fleet query` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FleetQueryDocument {
    /// What was asked.
    pub question: FleetQuestionName,
    /// The connector that was asked for, by its title or internal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// The action or trigger of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only what is older than this version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than: Option<Version>,
    /// The workspace in which that version counts, if one was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_in: Option<WorkspaceId>,
    /// What was read more seconds ago was taken for unknown; absent if all counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// When it was asked, by the ledger's clock.
    pub at: Timestamp,
    /// How many customers the ledger knows.
    pub customers: usize,
    /// What was found.
    pub matched: Vec<FleetFinding>,
    /// What may be so, but nobody knows, and why.
    pub unknown: Vec<FleetFinding>,
    /// The connectors that recipes were seen to use, by their titles, where the one that was asked for
    /// is none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

/// A ledger can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// It can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The plan of a roll-out can't be.
    #[error("the plan of the roll-out {rollout} can't be read")]
    Plan {
        /// The roll-out.
        rollout: RolloutId,
        /// Why.
        source: RolloutPlanError,
    },
}

/// What a ledger knows, as far as a question needs it.
#[derive(Debug)]
pub struct FleetKnown {
    now: Timestamp,
    lines: Vec<BoardLine>,
    rollouts: Vec<KnownRollout>,
}

#[derive(Debug)]
struct KnownRollout {
    id: RolloutId,
    status: RolloutStatus,
    workspaces: Vec<WorkspaceKey>,
    addresses: Vec<String>,
    plan: RolloutPlan,
    progress: Progress,
    /// Why members ended, of those that say it.
    why: BTreeMap<MemberNumber, String>,
}

/// What of a ledger a question is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// What was left in workspaces.
    Packages,
    /// What came of members.
    Members,
}

impl About {
    const fn of(question: &FleetQuestion) -> Self {
        match question {
            FleetQuestion::Uses(_) | FleetQuestion::Unauthorized | FleetQuestion::Stopped => {
                Self::Packages
            }
            FleetQuestion::Unreached | FleetQuestion::Waiting => Self::Members,
        }
    }
}

impl FleetKnown {
    /// Reads what a question needs.
    ///
    /// # Errors
    /// If the ledger can't be read.
    pub fn read(ledger: &dyn Ledger, question: &FleetQuestion) -> Result<Self, FleetError> {
        let about = About::of(question);
        let lines = match about {
            About::Packages => ledger.board()?,
            About::Members => Vec::new(),
        };
        let mut rollouts = Vec::new();
        for header in ledger.rollouts()? {
            rollouts.push(KnownRollout::read(ledger, header.id, about)?);
        }
        Ok(Self {
            now: ledger.now()?,
            lines,
            rollouts,
        })
    }

    /// The same as values to ask.
    pub fn fleet(&self) -> Fleet<'_> {
        let lines = self.lines.iter().map(|line| FleetLine {
            customer: FleetCustomer {
                place: &line.workspace.place,
                workspace: line.workspace.id,
                address: &line.address,
                name: &line.name,
            },
            rollout: &line.rollout,
            at: line.at,
            receipt: &line.receipt,
        });
        Fleet {
            now: self.now,
            lines: lines.collect(),
            members: self
                .rollouts
                .iter()
                .flat_map(KnownRollout::members)
                .collect(),
        }
    }
}

impl KnownRollout {
    fn read(ledger: &dyn Ledger, id: RolloutId, about: About) -> Result<Self, FleetError> {
        let text = ledger.plan(&id)?;
        let plan = RolloutPlan::parse(text.as_bytes()).map_err(|source| FleetError::Plan {
            rollout: id.clone(),
            source,
        })?;
        let progress = ledger.progress(&id)?;
        let endings = match about {
            About::Packages => Vec::new(),
            About::Members => ledger.endings(&id)?,
        };
        let why = endings
            .into_iter()
            .map(|(number, ending)| (number, ending.why));
        Ok(Self {
            status: progress.status,
            workspaces: ledger.workspaces(&id)?,
            addresses: (plan.members.iter())
                .map(|member| member.address.to_string())
                .collect(),
            why: why.filter(|(_, why)| !why.is_empty()).collect(),
            plan,
            progress,
            id,
        })
    }

    fn members(&self) -> impl Iterator<Item = FleetMember<'_>> {
        let members = self.plan.members.iter().zip(&self.addresses);
        let members = members.zip(&self.workspaces).zip(&self.progress.members);
        members.map(|(((member, address), key), progress)| {
            let why = self.why.get(&member.number).map(String::as_str);
            let held = || member.held.as_ref().map(|held| held.why.as_str());
            FleetMember {
                customer: FleetCustomer {
                    place: &key.place,
                    workspace: key.id,
                    address,
                    name: &member.name,
                },
                role: match self.plan.connectors_of(member.number) {
                    Some(_) => FleetRole::Admin,
                    None => FleetRole::Customer,
                },
                rollout: &self.id,
                status: self.status,
                number: member.number,
                progress,
                why: why.or_else(held).unwrap_or_default(),
            }
        })
    }
}

/// Answers a question of what a ledger knows.
///
/// # Errors
/// If it can't be read.
pub fn fleet_query(
    ledger: &dyn Ledger,
    question: &FleetQuestion,
    max_age: Option<u64>,
) -> Result<FleetQueryDocument, FleetError> {
    let known = FleetKnown::read(ledger, question)?;
    let FleetAnswer {
        customers,
        matched,
        unknown,
        others,
    } = ask(&known.fleet(), question, max_age);
    let uses = match question {
        FleetQuestion::Uses(uses) => Some(uses),
        FleetQuestion::Unauthorized
        | FleetQuestion::Stopped
        | FleetQuestion::Unreached
        | FleetQuestion::Waiting => None,
    };
    Ok(FleetQueryDocument {
        question: question.name(),
        connector: uses.map(|uses| uses.connector.clone()),
        action: uses.and_then(|uses| uses.action.clone()),
        older_than: uses.and_then(|uses| uses.older_than),
        counted_in: uses.and_then(|uses| uses.counted_in),
        max_age,
        at: known.now,
        customers,
        matched,
        unknown,
        others,
    })
}

/// Lines of the board that a question finds.
#[derive(Clone, Debug)]
pub struct FoundLines {
    /// They, in the order of the board.
    pub lines: Vec<BoardLine>,
    /// Of how many customers it is not known whether theirs belong to them.
    pub unknown: usize,
}

/// The lines of the board that a question finds: by the same answer as [`fleet_query`]'s.
///
/// # Errors
/// If the ledger can't be read.
pub fn board_of(ledger: &dyn Ledger, question: &FleetQuestion) -> Result<FoundLines, FleetError> {
    let mut known = FleetKnown::read(ledger, question)?;
    let FleetAnswer {
        customers: _,
        matched,
        unknown,
        others: _,
    } = ask(&known.fleet(), question, None);
    let about = About::of(question);
    let matched: BTreeSet<(&str, WorkspaceId, Option<&str>)> = matched
        .iter()
        .map(|it| (it.place.as_str(), it.workspace, it.package.as_deref()))
        .collect();
    let unknown: BTreeSet<(&str, WorkspaceId)> = unknown
        .iter()
        .map(|it| (it.place.as_str(), it.workspace))
        .collect();
    let mut lines = match about {
        About::Packages => std::mem::take(&mut known.lines),
        About::Members => ledger.board()?,
    };
    lines.retain(|line| {
        let package = match about {
            About::Packages => Some(line.receipt.package.as_str()),
            About::Members => None,
        };
        matched.contains(&(line.workspace.place.as_str(), line.workspace.id, package))
    });
    Ok(FoundLines {
        lines,
        unknown: unknown.len(),
    })
}
