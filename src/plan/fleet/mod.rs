//! Questions of many customers, answered of what roll-outs wrote down: no customer is asked. What was
//! not written down, or not read, is unknown, and told as that.

mod members;
mod packages;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::Version;
use crate::model::keyword::keyword_enum;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::model::workspace::{AssetId, FolderPath, Timestamp, WorkspaceId};
use crate::plan::rollout::progress::{MemberProgress, MemberReceipt};

/// All that a ledger knows of customers.
#[derive(Clone, Debug)]
pub struct Fleet<'f> {
    /// When it is.
    pub now: Timestamp,
    /// What is in whose workspace, a line for each package.
    pub lines: Vec<FleetLine<'f>>,
    /// The members of all roll-outs, those of the oldest first.
    pub members: Vec<FleetMember<'f>>,
}

/// A customer, or the admin workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetCustomer<'f> {
    /// Where its workspace has its number.
    pub place: &'f str,
    /// The number.
    pub workspace: WorkspaceId,
    /// Its address, as a roll-out knew it.
    pub address: &'f str,
    /// Its name, likewise.
    pub name: &'f str,
}

impl<'f> FleetCustomer<'f> {
    /// What it is known by, whatever roll-outs call it.
    pub const fn key(self) -> (&'f str, WorkspaceId) {
        (self.place, self.workspace)
    }
}

/// What a roll-out left in a customer's workspace.
#[derive(Clone, Copy, Debug)]
pub struct FleetLine<'f> {
    /// Whose.
    pub customer: FleetCustomer<'f>,
    /// The roll-out.
    pub rollout: &'f RolloutId,
    /// When it ended there.
    pub at: Timestamp,
    /// What it left.
    pub receipt: &'f MemberReceipt,
}

/// A member of a roll-out.
#[derive(Clone, Copy, Debug)]
pub struct FleetMember<'f> {
    /// Who it is.
    pub customer: FleetCustomer<'f>,
    /// Whether it is a customer.
    pub role: FleetRole,
    /// The roll-out.
    pub rollout: &'f RolloutId,
    /// Whether that goes on.
    pub status: RolloutStatus,
    /// Its number in it.
    pub number: MemberNumber,
    /// How far it is.
    pub progress: &'f MemberProgress,
    /// Why, as far as that was written down.
    pub why: &'f str,
}

/// What a member of a roll-out is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetRole {
    /// A customer.
    Customer,
    /// The admin workspace, whose shared connectors change.
    Admin,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FleetQuestion {
    /// Which recipes use a connector.
    Uses(UsesQuestion),
    /// Which connections are not authorised.
    Unauthorized,
    /// Which recipes the platform stopped.
    Stopped,
    /// Who was never reached.
    Unreached,
    /// Who waits for a person.
    Waiting,
}

keyword_enum! {
    /// What is asked, in a word.
    pub enum FleetQuestionName: "question" {
        /// Which recipes use a connector.
        Uses = "uses",
        /// Which connections are not authorised.
        Unauthorized = "unauthorized",
        /// Which recipes the platform stopped.
        Stopped = "stopped",
        /// Who was never reached.
        Unreached = "unreached",
        /// Who waits for a person.
        Waiting = "waiting",
    }
}

impl FleetQuestion {
    /// The question in a word.
    pub const fn name(&self) -> FleetQuestionName {
        match self {
            Self::Uses(_) => FleetQuestionName::Uses,
            Self::Unauthorized => FleetQuestionName::Unauthorized,
            Self::Stopped => FleetQuestionName::Stopped,
            Self::Unreached => FleetQuestionName::Unreached,
            Self::Waiting => FleetQuestionName::Waiting,
        }
    }
}

/// Which recipes use a connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsesQuestion {
    /// The connector's title, or its internal name.
    pub connector: String,
    /// Only those that use this action or trigger of it.
    pub action: Option<String>,
    /// Only those that run an older version of it.
    pub older_than: Option<Version>,
    /// The workspace in which that version counts; where all customers' versions count in one, that
    /// one is meant.
    pub counted_in: Option<WorkspaceId>,
}

/// What is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetAnswer {
    /// How many customers there are.
    pub customers: usize,
    /// What the question finds.
    pub matched: Vec<FleetFinding>,
    /// What the question may find, but nobody knows.
    pub unknown: Vec<FleetFinding>,
    /// The titles of the connectors that were seen, where the one that was asked for was not.
    pub others: Vec<String>,
}

/// Something that a question finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FleetFinding {
    /// Where the customer's workspace is.
    pub address: String,
    /// Its number.
    pub workspace: WorkspaceId,
    /// Where it has that number.
    pub place: String,
    /// Its name.
    pub name: String,
    /// The roll-out that reached it last, or was to.
    pub rollout: RolloutId,
    /// The package that it is about; absent if it is about all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The recipe or connection that it is about; absent if it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<FleetSubject>,
    /// How it is, in a word or two.
    pub state: String,
    /// More of it, or why it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// As of when that is known.
    pub as_of: Timestamp,
    /// For how many seconds nobody looked since.
    pub age: u64,
}

/// A recipe or connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FleetSubject {
    /// Its number; absent if it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AssetId>,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; empty for Home.
    pub folder: FolderPath,
}

/// Answers a question. What was seen more than `max_age` seconds ago is unknown.
pub fn ask(fleet: &Fleet<'_>, question: &FleetQuestion, max_age: Option<u64>) -> FleetAnswer {
    let mut answer = match question {
        FleetQuestion::Uses(asked) => packages::uses(fleet, asked, max_age),
        FleetQuestion::Unauthorized => packages::unauthorized(fleet, max_age),
        FleetQuestion::Stopped => packages::stopped(fleet, max_age),
        FleetQuestion::Unreached => members::unreached(fleet),
        FleetQuestion::Waiting => members::waiting(fleet),
    };
    answer.customers = customers(fleet).len();
    answer
}

/// All customers that a ledger knows.
fn customers<'f>(fleet: &Fleet<'f>) -> BTreeSet<(&'f str, WorkspaceId)> {
    let of_lines = fleet.lines.iter().map(|line| line.customer.key());
    let members = fleet.members.iter();
    let members = members.filter(|member| member.role == FleetRole::Customer);
    of_lines
        .chain(members.map(|member| member.customer.key()))
        .collect()
}

impl FleetFinding {
    fn of(
        customer: FleetCustomer<'_>,
        rollout: &RolloutId,
        as_of: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            address: customer.address.to_owned(),
            workspace: customer.workspace,
            place: customer.place.to_owned(),
            name: customer.name.to_owned(),
            rollout: rollout.clone(),
            package: None,
            subject: None,
            state: UNKNOWN.to_owned(),
            why: String::new(),
            as_of,
            age: now.0.saturating_sub(as_of.0),
        }
    }
}

/// How long ago something was, in its largest unit: `3d`, `5h`, `12m`, `40s`.
pub fn ago(seconds: u64) -> String {
    match seconds {
        86_400.. => format!("{}d", seconds / 86_400),
        3_600.. => format!("{}h", seconds / 3_600),
        60.. => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// How something is of which nothing is known.
const UNKNOWN: &str = "unknown";
