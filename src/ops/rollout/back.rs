//! Bringing customers back to how they were before a roll-out: a step of a roll-out like any other,
//! planned by the same function as a rollback of one workspace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::attempted::{Attempted, Trouble, is_unfinished, passes, unanswered, unfinished};
use super::{ATTEMPTS, Attempt, Journal, MemberWorkspace, RunError};
use crate::ledger::Kept;
use crate::model::error::chain;
use crate::model::ident::Digest;
use crate::model::rollout::Outcome;
use crate::model::workspace::{
    Address, RecipeState, RevisionAction, RevisionNumber, Timestamp, WorkspaceId,
};
use crate::ops::Running;
use crate::ops::import::rollback::{self, PlannedRollback, RollbackError, RollbackRequest};
use crate::plan::rollback::{CreatedSince, RollbackPlan};
use crate::plan::rollout::PlannedBack;
use crate::plan::rollout::progress::{Ending, MemberReceipt, Sent};
use crate::workspace::{Workspace, WorkspaceError};

/// How one customer goes back.
#[derive(Debug)]
pub struct WayBack {
    /// What its plan keeps of it.
    pub back: PlannedBack,
    /// The plan of its rollback, as it is now.
    pub plan: RollbackPlan,
}

/// What a rollback is asked for.
fn request(
    address: &Address,
    to: RevisionNumber,
    (at, who): (Timestamp, &str),
    scratch: PathBuf,
) -> RollbackRequest {
    RollbackRequest {
        address: address.clone(),
        to,
        created: CreatedSince::Stop,
        at,
        who: who.to_owned(),
        scratch,
    }
}

/// What a roll-out did to a customer, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'b> {
    /// What its steps left there, the last one last.
    pub receipts: &'b [MemberReceipt],
    /// The digests of its packages.
    pub packages: &'b [Digest],
    /// When it was started.
    pub since: Timestamp,
}

impl Brought<'_> {
    /// What it left there in the end: a later step's packages take the place of earlier ones.
    fn last(&self) -> Vec<MemberReceipt> {
        let mut last: Vec<MemberReceipt> = Vec::new();
        for receipt in self.receipts {
            last.retain(|before| before.package != receipt.package);
            last.push(receipt.clone());
        }
        last
    }

    /// The first of its revisions: what attempts before the last one did is in the workspace's history
    /// alone.
    fn first(&self, workspace: &dyn Workspace) -> Result<Option<RevisionNumber>, WorkspaceError> {
        let told = self.receipts.iter().filter_map(|one| one.revision).min();
        let mut first = told;
        for revision in workspace.revisions()?.iter().rev() {
            if first.is_some_and(|first| revision.number >= first) {
                continue;
            }
            let is_of_it = revision.action == RevisionAction::Import
                && revision.at >= self.since
                && revision
                    .package
                    .is_some_and(|one| self.packages.contains(&one));
            if !is_of_it {
                break;
            }
            first = Some(revision.number);
        }
        Ok(first)
    }
}

/// Plans how a customer goes back to before a roll-out, or says why it can't.
///
/// # Errors
/// Why it can't, in a few words; nothing if there is nothing to bring back.
pub fn way_back(
    workspace: &dyn Workspace,
    address: &Address,
    number: WorkspaceId,
    brought: Brought<'_>,
    scratch: &Path,
    running: &Running,
) -> Result<WayBack, String> {
    let first = brought.first(workspace).map_err(|error| chain(&error))?;
    let Some(to) = first.and_then(|first| first.0.checked_sub(1)) else {
        return Err("what was changed there is not known on this machine; the machine that sent it may keep it".to_owned());
    };
    let back = PlannedBack {
        to: RevisionNumber(to),
        packages: brought.last(),
        undoes: brought.packages.to_vec(),
    };
    let request = request(address, back.to, (Timestamp(0), ""), scratch.to_owned());
    let planned = rollback::plan(&request, workspace, running).map_err(|error| why(&error))?;
    let plan = planned.plan();
    if plan.workspace.id != number {
        return Err(format!(
            "its workspace is number {} by now",
            plan.workspace.id
        ));
    }
    if let Some(other) = others(plan, &back) {
        return Err(other);
    }
    Ok(WayBack {
        plan: plan.clone(),
        back,
    })
}

/// What is otherwise at a customer that was brought back.
///
/// # Errors
/// If that can't be told.
pub(super) fn still_to_do(
    workspace: &dyn Workspace,
    address: &Address,
    back: &PlannedBack,
    scratch: PathBuf,
    running: &Running,
) -> Result<Vec<String>, String> {
    let request = request(address, back.to, (Timestamp(0), ""), scratch);
    rollback::astray(&request, workspace, running).map_err(|error| why(&error))
}

/// Why a rollback is none of the roll-out's, if it would undo something else too. Numbers of revisions
/// are this machine's own over the API, so packages tell whose they are.
fn others(plan: &RollbackPlan, back: &PlannedBack) -> Option<String> {
    let packages: BTreeSet<Digest> = back.undoes.iter().copied().collect();
    let revision = plan.undone.iter().find(|undone| match undone.action {
        RevisionAction::Import => !undone.package.is_some_and(|one| packages.contains(&one)),
        // What was brought back already.
        RevisionAction::Rollback => false,
    })?;
    Some(format!(
        "revision {} ({}) came after it, and would be undone, too",
        revision.number, revision.subject
    ))
}

/// Why a customer can't go back, in a few words.
fn why(error: &RollbackError) -> String {
    match error {
        RollbackError::NotKept { why, .. } => format!(
            "{why} on this machine; the machine that sent it may keep it"
        ),
        RollbackError::Workspace(WorkspaceError::NoRevision { .. })
        | RollbackError::NoRevisions { .. } => {
            "this machine knows no revision of it; the machine that sent it may keep what was there before"
                .to_owned()
        }
        RollbackError::Workspace(_)
        | RollbackError::Record(_)
        | RollbackError::SeveralFolders { .. }
        | RollbackError::Gather { .. }
        | RollbackError::NotRemoved { .. }
        | RollbackError::Import(_)
        | RollbackError::Interrupted(_) => chain(error),
    }
}

impl From<&RollbackError> for Trouble {
    fn from(error: &RollbackError) -> Self {
        let passes = match error {
            RollbackError::Workspace(WorkspaceError::Partly(partly)) => {
                partly.cause.as_deref().and_then(passes)
            }
            RollbackError::Workspace(error) => passes(error),
            RollbackError::Import(error) => Self::from(error.as_ref()).passes,
            RollbackError::NotKept { .. }
            | RollbackError::NoRevisions { .. }
            | RollbackError::Record(_)
            | RollbackError::SeveralFolders { .. }
            | RollbackError::Gather { .. }
            | RollbackError::NotRemoved { .. }
            | RollbackError::Interrupted(_) => None,
        };
        let why = why(error);
        Self { why, passes }
    }
}

impl Attempt<'_> {
    /// Brings the customer back. What an earlier runner sent can't arrive any more.
    pub(super) fn bring_back(
        &mut self,
        reached: &mut dyn MemberWorkspace,
        back: &PlannedBack,
        inherited: Option<&Journal>,
    ) -> Result<Attempted, RunError> {
        let mut unseen = inherited;
        for _ in 0..ATTEMPTS {
            if self.renew()? == Kept::Lost {
                return Ok(Attempted::Lost);
            }
            let now = self.ledger.now()?;
            let who = &self.runner.runner.0;
            let scratch = self.members.scratch();
            let request = request(&self.member.address, back.to, (now, who), scratch);
            let planned = match rollback::plan(&request, reached.workspace(), self.running) {
                Ok(planned) => planned,
                Err(RollbackError::Interrupted(_)) => return Ok(self.given_back(unseen)),
                Err(
                    error @ (RollbackError::NotKept { .. }
                    | RollbackError::NoRevisions { .. }
                    | RollbackError::Workspace(WorkspaceError::NoRevision { .. })),
                ) => return Ok(self.unless_sent(Outcome::Held, why(&error))),
                Err(error) => return Ok(self.unless_passes(Outcome::Failed, &error)),
            };
            let plan = planned.plan();
            if plan.workspace.id != self.member.workspace {
                let why = format!("its workspace is number {} by now", plan.workspace.id);
                return Ok(self.unless_sent(Outcome::Held, why));
            }
            if let Some(journal) = unseen.take() {
                let unchanged = effects(plan).is_ok_and(|found| found == journal.effects);
                if !plan.is_empty() && !unchanged {
                    let why = "an earlier runner may have sent something, and the workspace is neither as it was nor as planned";
                    return Ok(Attempted::ended(Outcome::Partly, why));
                }
            }
            if plan.is_empty() {
                let outcome = match inherited {
                    Some(_) => Outcome::Applied,
                    None => Outcome::Same,
                };
                return Ok(self.is_back(back, &planned, outcome, None));
            }
            if let Some(why) = others(plan, back) {
                return Ok(Attempted::ended(Outcome::Held, why));
            }
            let approved = match planned.approve(&self.runner.plan.permitted) {
                Ok(approved) => approved,
                Err(refusal) => {
                    return Ok(Attempted::ended(Outcome::Held, refusal.to_string()));
                }
            };
            if self.running.interrupt.is_set() {
                return Ok(self.given_back(unseen));
            }
            let Ok(journal) = effects(plan).map(|effects| Journal {
                package: Journal::back(),
                effects,
                entry: inherited.and_then(|journal| journal.entry.clone()),
            }) else {
                let why = "what is sent can't be written down";
                return Ok(Attempted::ended(Outcome::Failed, why));
            };
            let text = serde_json::to_string(&journal).unwrap_or_default();
            if self.ledger.note(self.runner.id, self.hold, now, &text)? == Kept::Lost {
                return Ok(Attempted::Lost);
            }
            let receipt = match approved.apply(&request, reached.workspace(), self.running) {
                Ok(receipt) => receipt,
                Err(RollbackError::Workspace(WorkspaceError::Stale { .. })) => continue,
                Err(error) => return Ok(self.not_back(reached, &request, &journal, &error)),
            };
            let astray = rollback::astray(&request, reached.workspace(), self.running);
            return Ok(match astray {
                Ok(astray) => match astray.first() {
                    None => self.is_back(back, &planned, Outcome::Applied, receipt.revision),
                    Some(first) => Attempted::ended(Outcome::Partly, first.clone()),
                },
                Err(error) => self.not_read_back(&error),
            });
        }
        let why = "somebody else writes to the workspace again and again";
        Ok(Attempted::ended(Outcome::Failed, why))
    }

    fn given_back(&self, unseen: Option<&Journal>) -> Attempted {
        let why = "interrupted".to_owned();
        match (unseen, self.hold.sent_before) {
            (None, None) => Attempted::Released(why),
            (Some(_), _) | (_, Some(_)) => Attempted::Left(why),
        }
    }

    /// What a rollback that failed left behind.
    fn not_back(
        &self,
        reached: &mut dyn MemberWorkspace,
        request: &RollbackRequest,
        journal: &Journal,
        error: &RollbackError,
    ) -> Attempted {
        let Trouble { why, passes } = error.into();
        if let Some(wait) = passes {
            return unanswered(why, wait, Sent::Perhaps);
        }
        if let RollbackError::Workspace(error) = error {
            let cause = if let WorkspaceError::Partly(partly) = error {
                partly.cause.as_deref()
            } else {
                Some(error)
            };
            if let Some(cause) = cause.filter(|cause| is_unfinished(cause)) {
                return unfinished(cause, why);
            }
        }
        let again = rollback::plan(request, reached.workspace(), self.running);
        let unchanged = again.is_ok_and(|again| {
            effects(again.plan()).is_ok_and(|effects| effects == journal.effects)
        });
        let outcome = match unchanged {
            true => Outcome::Failed,
            false => Outcome::Partly,
        };
        Attempted::ended(outcome, why)
    }

    /// The end of a way back, with what the board tells of it.
    fn is_back(
        &self,
        back: &PlannedBack,
        planned: &PlannedRollback,
        outcome: Outcome,
        revision: Option<RevisionNumber>,
    ) -> Attempted {
        let plan = planned.plan();
        let running = |state| {
            let assets = plan.assets.iter();
            assets.filter(|asset| asset.wanted == Some(state)).count()
        };
        let receipts = back.packages.iter().map(|receipt| MemberReceipt {
            revision,
            state: plan.workspace.state,
            running: running(RecipeState::Running),
            stopped: running(RecipeState::Stopped),
            unauthorized: 0,
            back_to: Some(back.to),
            customised: None,
            seen: None,
            ..receipt.clone()
        });
        Attempted::Ended(Ending {
            outcome,
            why: String::new(),
            receipts: receipts.collect(),
        })
    }
}

/// Stands for what a rollback changes.
fn effects(plan: &RollbackPlan) -> Result<Digest, serde_json::Error> {
    let all = serde_json::to_vec(&(plan.to, &plan.connectors, &plan.assets))?;
    Ok(Digest::of(&all))
}
