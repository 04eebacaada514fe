//! Ledgers: where roll-outs are written down, step by step, before anything is sent, so that any
//! process may die at any moment and another one, perhaps on another machine, goes on.
//!
//! What is to be written is decided in [`crate::plan::rollout`], the same for every ledger. A
//! [`Step`] is written only if the roll-out is as it was looked at; a [note](Ledger::note) only if
//! the runner still holds the member. Tokens and secrets are never in a ledger.

pub mod memory;
mod open;
mod permits;
#[cfg(any(feature = "local", feature = "postgres"))]
mod pieces;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "local", feature = "postgres"))]
mod row;
#[cfg(feature = "local")]
pub mod sqlite;
#[cfg(any(feature = "local", feature = "postgres"))]
mod sum;

pub use open::{IfAbsent, Login, open};

use std::io::Read;

use crate::model::ident::Digest;
use crate::model::rollout::{MemberNumber, Outcome, RolloutId, RolloutStatus};
use crate::model::workspace::{Timestamp, WorkspaceId};
use crate::plan::rollout::RolloutPlan;
use crate::plan::rollout::progress::{Ending, Event, Hold, MemberReceipt, Progress, Step};
use crate::plan::rollout::seen::SlimSnapshot;

/// How many addresses an error names.
const NAMED: usize = 10;
/// How many bytes of a content are handed over at a time.
pub const PIECE: usize = 1024 * 1024;

/// Roll-outs, as they are written down.
///
/// Whatever a method of it says is kept has been written so that neither the end of a process nor a
/// power cut takes it back.
pub trait Ledger {
    /// What people call it, without a password.
    fn name(&self) -> String;

    /// When it is, by the clock that leases are measured with: the same for all who share the ledger.
    ///
    /// # Errors
    /// If it can't be asked.
    fn now(&self) -> Result<Timestamp, LedgerError>;

    /// Keeps a content, unless it is kept already: then its bytes need not be read.
    ///
    /// # Errors
    /// If it can't be read or written, or has another digest.
    fn keep(&mut self, digest: &Digest, bytes: &mut dyn Read) -> Result<(), LedgerError>;

    /// Writes a kept content, checked against its digest.
    ///
    /// # Errors
    /// If it is not there, or not whole. What was written by then is to be thrown away.
    fn content(&self, digest: &Digest, into: &mut dyn std::io::Write) -> Result<(), LedgerError>;

    /// Begins a roll-out, whose contents are kept already. Those that it supersedes get that status in
    /// the same moment.
    ///
    /// # Errors
    /// [`LedgerError::Taken`] if one of its members' workspaces is in another open roll-out that it
    /// does not supersede; [`LedgerError::Exists`] if its id is there.
    fn create(&mut self, new: &NewRollout<'_>) -> Result<(), LedgerError>;

    /// All roll-outs, the oldest first.
    ///
    /// # Errors
    /// If they can't be read.
    fn rollouts(&self) -> Result<Vec<RolloutHeader>, LedgerError>;

    /// The plan of a roll-out, as the text that was written.
    ///
    /// # Errors
    /// If there is no such roll-out, or it can't be read.
    fn plan(&self, id: &RolloutId) -> Result<String, LedgerError>;

    /// How far a roll-out is.
    ///
    /// # Errors
    /// If there is no such roll-out, or it can't be read.
    fn progress(&self, id: &RolloutId) -> Result<Progress, LedgerError>;

    /// Writes a step, if the roll-out is as it was looked at. A step that opens a roll-out again asks
    /// for its members' workspaces as [`create`](Self::create) does.
    ///
    /// # Errors
    /// If it can't be written; whether it was is not known then.
    fn write(&mut self, id: &RolloutId, step: &Step) -> Result<Written, LedgerError>;

    /// Writes down, right before something is sent to a member, what is sent, if it is still held:
    /// the member's phase is *sending* then. `journal` is for whoever takes over, and takes the place
    /// of an earlier one.
    ///
    /// # Errors
    /// If it can't be written.
    fn note(
        &mut self,
        id: &RolloutId,
        hold: &Hold,
        at: Timestamp,
        journal: &str,
    ) -> Result<Kept, LedgerError>;

    /// Holds a member for longer, if it is still held.
    ///
    /// # Errors
    /// If it can't be written.
    fn renew(&mut self, id: &RolloutId, hold: &Hold, until: Timestamp)
    -> Result<Kept, LedgerError>;

    /// What was [noted](Self::note) last for a member, in whichever attempt.
    ///
    /// # Errors
    /// If it can't be read.
    fn journal(&self, id: &RolloutId, member: MemberNumber) -> Result<Option<String>, LedgerError>;

    /// What came of members in their last attempts, in the order of their numbers.
    ///
    /// # Errors
    /// If there is no such roll-out, or it can't be read.
    fn endings(&self, id: &RolloutId) -> Result<Vec<(MemberNumber, Ending)>, LedgerError>;

    /// What happened, the oldest first: what was written after the first `after` events.
    ///
    /// # Errors
    /// If there is no such roll-out, or it can't be read.
    fn events(&self, id: &RolloutId, after: u64) -> Result<Vec<Event>, LedgerError>;

    /// What the newest roll-outs left in each workspace, a line for each workspace and package, in the
    /// order of these.
    ///
    /// # Errors
    /// If it can't be read.
    fn board(&self) -> Result<Vec<BoardLine>, LedgerError>;

    /// What the members' workspaces of a roll-out are known by across roll-outs, in the order of the
    /// members.
    ///
    /// # Errors
    /// If there is no such roll-out, or it can't be read.
    fn workspaces(&self, id: &RolloutId) -> Result<Vec<WorkspaceKey>, LedgerError>;

    /// Keeps what was seen of a package in a customer's workspace, with the line of the board that
    /// was looked at, if that is still the line.
    ///
    /// # Errors
    /// If it can't be written.
    fn saw(&mut self, line: &BoardLine, seen: &SlimSnapshot) -> Result<Written, LedgerError>;

    /// Takes some of the requests that may be sent in a minute, together with everybody who shares the
    /// ledger.
    ///
    /// # Errors
    /// If it can't be written.
    fn permit(&mut self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError>;
}

/// A roll-out that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewRollout<'r> {
    /// What it is known by.
    pub id: &'r RolloutId,
    /// Its plan.
    pub plan: &'r RolloutPlan,
    /// The plan as it was reviewed, which is kept.
    pub text: &'r str,
    /// What the members' workspaces are known by across roll-outs, in the order of the members.
    pub workspaces: &'r [WorkspaceKey],
    /// How far it is: nothing was begun.
    pub progress: &'r Progress,
    /// Roll-outs whose place it takes.
    pub supersedes: &'r [RolloutId],
    /// When.
    pub at: Timestamp,
    /// Who starts it.
    pub who: &'r str,
}

impl NewRollout<'_> {
    /// Whether its parts are about the same members.
    ///
    /// # Errors
    /// If they are not.
    fn check(&self) -> Result<(), LedgerError> {
        let members = self.plan.members.len();
        match self.workspaces.len() == members && self.progress.members.len() == members {
            true => Ok(()),
            false => Err(LedgerError::Failed(
                "the plan, the workspaces and the progress have different members".into(),
            )),
        }
    }
}

impl NewRollout<'_> {
    fn event(&self, what: String) -> Event {
        Event {
            at: self.at,
            who: self.who.to_owned(),
            member: None,
            what,
        }
    }

    /// What is told of it when it begins.
    fn started(&self) -> Event {
        self.event("started".to_owned())
    }

    /// What is told of those whose place it takes.
    fn superseded(&self) -> Event {
        self.event(format!("superseded by {}", self.id))
    }
}

/// What a workspace is known by, whatever address it has: its number, and where that is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceKey {
    /// The host of the platform's API, or the local platform's own mark.
    pub place: String,
    /// Its number there.
    pub id: WorkspaceId,
}

impl std::fmt::Display for WorkspaceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "workspace {} at {}", self.id, self.place)
    }
}

/// What a list of roll-outs tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutHeader {
    /// What it is known by.
    pub id: RolloutId,
    /// Whether it goes on.
    pub status: RolloutStatus,
    /// When it was started.
    pub at: Timestamp,
    /// Who started it.
    pub who: String,
    /// How many members it has.
    pub members: u32,
}

/// Whether a step was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was.
    Kept,
    /// Somebody wrote another one before: look again.
    Stale,
}

/// Whether a member is still held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is.
    Held,
    /// Somebody else has it, or its lease ended: nothing is to be sent.
    Lost,
}

/// A line of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardLine {
    /// The workspace.
    pub workspace: WorkspaceKey,
    /// Its address, as the roll-out knew it.
    pub address: String,
    /// Its name, likewise.
    pub name: String,
    /// The roll-out.
    pub rollout: RolloutId,
    /// When it ended there.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// What it left there.
    pub receipt: MemberReceipt,
}

impl BoardLine {
    /// The same with what was seen since.
    fn with(&self, seen: &SlimSnapshot) -> Self {
        let mut line = self.clone();
        line.receipt.seen = Some(Box::new(seen.clone()));
        line
    }
}

/// Requests that somebody wants to send.
#[derive(Clone, Copy, Debug)]
pub struct PermitRequest<'r> {
    /// Whose limit it is: a digest of the host and the account.
    pub account: &'r str,
    /// Which limit.
    pub class: &'r str,
    /// How many requests there may be in the time.
    pub rate: u32,
    /// The time, in milliseconds.
    pub per: u64,
    /// How many are wanted.
    pub wanted: u32,
}

/// How many requests may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// So many, at least one.
    Granted(u32),
    /// None before so many milliseconds.
    Wait(u64),
}

/// A ledger can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no such roll-out.
    #[error("there is no roll-out {0} in it")]
    Unknown(RolloutId),
    /// There is one of this id.
    #[error("the roll-out {0} was started before")]
    Exists(RolloutId),
    /// A member's workspace is in another open roll-out.
    #[error("{} is in the roll-out {by}, which is not over", .workspaces.first().map_or("a customer", |first| first.as_str()))]
    Taken {
        /// The roll-out.
        by: RolloutId,
        /// The addresses of the first ten of them.
        workspaces: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// A content is not there.
    #[error("it does not hold {0}")]
    Missing(Digest),
    /// A content is not what it was.
    #[error("{0} is damaged in it")]
    Damaged(Digest),
    /// Something else than a content is not what it was.
    #[error("it is damaged: {0}")]
    Corrupt(String),
    /// A newer version of the program wrote it.
    #[error(
        "a newer version of recipack wrote it: its format is {found}, and this one knows {known}"
    )]
    Newer {
        /// Its format.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
    /// It is no ledger, or none that can be relied on; and why.
    #[error("it can't be used as a ledger: {0}")]
    NoLedger(String),
    /// There is none yet; and why that is seen.
    #[error("it can't be used as a ledger: {0}")]
    Absent(String),
    /// Whoever asks may not use it.
    #[error("it does not let this user in: {0}")]
    Denied(String),
    /// It can't be reached or used now; the same may be tried again.
    #[error("it can't be used now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It can't be read or written.
    #[error("it can't be read or written")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl LedgerError {
    /// An older version of the program made it, which wrote less down than is relied on.
    #[cfg(any(feature = "local", feature = "postgres"))]
    fn older(found: u32) -> Self {
        Self::NoLedger(format!(
            "an older version of recipack made it (format {found}); bring its roll-outs to their ends with that version, and begin others in a new ledger"
        ))
    }

    /// Workspaces, by their addresses, are in another open roll-out.
    fn taken(by: RolloutId, mut workspaces: Vec<String>) -> Self {
        let count = workspaces.len();
        workspaces.truncate(NAMED);
        Self::Taken {
            by,
            workspaces,
            count,
        }
    }
}
