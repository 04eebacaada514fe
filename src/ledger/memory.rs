//! A ledger that is gone with its process: for tests, and to say what the others do.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::rc::Rc;

use super::permits::Window;
use super::{
    BoardLine, Kept, Ledger, LedgerError, NewRollout, Permit, PermitRequest, RolloutHeader,
    WorkspaceKey, Written,
};
use crate::model::ident::Digest;
use crate::model::rollout::{MemberNumber, RolloutId, RolloutStatus};
use crate::model::workspace::Timestamp;
use crate::plan::rollout::RolloutPlan;
use crate::plan::rollout::progress::{
    Ending, Event, Hold, MemberProgress, MemberReceipt, Progress, Step,
};
use crate::plan::rollout::seen::SlimSnapshot;

/// A ledger in memory. Clones are the same ledger.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger(Rc<RefCell<Held>>);

#[derive(Debug, Default)]
struct Held {
    now: u64,
    contents: BTreeMap<Digest, Vec<u8>>,
    rollouts: Vec<HeldRollout>,
    board: BTreeMap<(WorkspaceKey, String), BoardLine>,
    permits: BTreeMap<(String, String), Window>,
}

#[derive(Debug)]
struct HeldRollout {
    id: RolloutId,
    plan: RolloutPlan,
    text: String,
    at: Timestamp,
    who: String,
    workspaces: Vec<WorkspaceKey>,
    progress: Progress,
    journals: BTreeMap<MemberNumber, String>,
    endings: BTreeMap<MemberNumber, Ending>,
    events: Vec<Event>,
}

impl MemoryLedger {
    /// Sets its clock, in milliseconds.
    pub fn set_clock(&self, milliseconds: u64) {
        self.0.borrow_mut().now = milliseconds;
    }
}

impl HeldRollout {
    /// Changes a member that is held, and tells whether it was.
    fn change(
        &mut self,
        hold: &Hold,
        change: impl FnOnce(&MemberProgress) -> Option<MemberProgress>,
    ) -> Kept {
        let member = self.progress.members.get_mut(hold.member.index());
        let Some((member, changed)) =
            member.and_then(|member| change(member).map(|changed| (member, changed)))
        else {
            return Kept::Lost;
        };
        *member = changed;
        self.progress.version += 1;
        Kept::Held
    }
}

impl Held {
    fn find(&self, id: &RolloutId) -> Result<&HeldRollout, LedgerError> {
        let found = self.rollouts.iter().find(|rollout| rollout.id == *id);
        found.ok_or_else(|| LedgerError::Unknown(id.clone()))
    }

    fn find_mut(&mut self, id: &RolloutId) -> Result<&mut HeldRollout, LedgerError> {
        let found = self.rollouts.iter_mut().find(|rollout| rollout.id == *id);
        found.ok_or_else(|| LedgerError::Unknown(id.clone()))
    }

    /// Whether some of these workspaces are in an open roll-out, but for those that are `without`.
    fn taken(&self, workspaces: &[WorkspaceKey], without: &[RolloutId]) -> Result<(), LedgerError> {
        let wanted: BTreeSet<&WorkspaceKey> = workspaces.iter().collect();
        let others = self
            .rollouts
            .iter()
            .filter(|other| other.progress.status.is_open() && !without.contains(&other.id));
        for other in others {
            let members = other.workspaces.iter().zip(&other.plan.members);
            let taken: Vec<String> = members
                .filter(|(workspace, _)| wanted.contains(workspace))
                .map(|(_, member)| member.address.to_string())
                .collect();
            if !taken.is_empty() {
                return Err(LedgerError::taken(other.id.clone(), taken));
            }
        }
        Ok(())
    }
}

impl Ledger for MemoryLedger {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn now(&self) -> Result<Timestamp, LedgerError> {
        Ok(Timestamp(self.0.borrow().now / 1000))
    }

    fn keep(&mut self, digest: &Digest, bytes: &mut dyn Read) -> Result<(), LedgerError> {
        let mut content = Vec::new();
        let read = bytes.read_to_end(&mut content);
        read.map_err(|error| LedgerError::Failed(error.into()))?;
        match Digest::of(&content) == *digest {
            true => {
                self.0.borrow_mut().contents.insert(*digest, content);
                Ok(())
            }
            false => Err(LedgerError::Damaged(*digest)),
        }
    }

    fn content(&self, digest: &Digest, into: &mut dyn Write) -> Result<(), LedgerError> {
        let held = self.0.borrow();
        let content = held.contents.get(digest);
        let content = content.ok_or(LedgerError::Missing(*digest))?;
        let written = into.write_all(content);
        written.map_err(|error| LedgerError::Failed(error.into()))
    }

    fn create(&mut self, new: &NewRollout<'_>) -> Result<(), LedgerError> {
        new.check()?;
        let mut held = self.0.borrow_mut();
        if held.find(new.id).is_ok() {
            return Err(LedgerError::Exists(new.id.clone()));
        }
        for superseded in new.supersedes {
            held.find(superseded)?;
        }
        held.taken(new.workspaces, new.supersedes)?;
        for superseded in new.supersedes {
            let superseded = held.find_mut(superseded)?;
            if superseded.progress.status.is_open() {
                superseded.progress.status = RolloutStatus::Superseded;
                superseded.progress.version += 1;
                superseded.events.push(new.superseded());
            }
        }
        held.rollouts.push(HeldRollout {
            id: new.id.clone(),
            plan: new.plan.clone(),
            text: new.text.to_owned(),
            at: new.at,
            who: new.who.to_owned(),
            workspaces: new.workspaces.to_vec(),
            progress: new.progress.clone(),
            journals: BTreeMap::new(),
            endings: BTreeMap::new(),
            events: vec![new.started()],
        });
        Ok(())
    }

    fn rollouts(&self) -> Result<Vec<RolloutHeader>, LedgerError> {
        let held = self.0.borrow();
        let headers = held.rollouts.iter().map(|rollout| RolloutHeader {
            id: rollout.id.clone(),
            status: rollout.progress.status,
            at: rollout.at,
            who: rollout.who.clone(),
            members: u32::try_from(rollout.plan.members.len()).unwrap_or(u32::MAX),
        });
        Ok(headers.collect())
    }

    fn plan(&self, id: &RolloutId) -> Result<String, LedgerError> {
        Ok(self.0.borrow().find(id)?.text.clone())
    }

    fn progress(&self, id: &RolloutId) -> Result<Progress, LedgerError> {
        Ok(self.0.borrow().find(id)?.progress.clone())
    }

    fn write(&mut self, id: &RolloutId, step: &Step) -> Result<Written, LedgerError> {
        let mut held = self.0.borrow_mut();
        let rollout = held.find(id)?;
        if rollout.progress.version != step.expected {
            return Ok(Written::Stale);
        }
        if step.status.is_open() && !rollout.progress.status.is_open() {
            held.taken(&rollout.workspaces, std::slice::from_ref(id))?;
        }
        let rollout = held.find_mut(id)?;
        rollout.progress = rollout.progress.after(step);
        rollout.events.push(step.event.clone());
        let mut lines = Vec::new();
        if let Some((number, ending)) = &step.ending {
            rollout.endings.insert(*number, ending.without_snapshots());
            let index = number.index();
            let member = rollout.plan.members.get(index);
            if let (Some(member), Some(workspace)) = (member, rollout.workspaces.get(index)) {
                lines = ending
                    .receipts
                    .iter()
                    .map(|receipt: &MemberReceipt| BoardLine {
                        workspace: workspace.clone(),
                        address: member.address.to_string(),
                        name: member.name.clone(),
                        rollout: id.clone(),
                        at: step.event.at,
                        outcome: ending.outcome,
                        receipt: receipt.clone(),
                    })
                    .collect();
            }
        }
        for line in lines {
            let key = (line.workspace.clone(), line.receipt.package.clone());
            held.board.insert(key, line);
        }
        Ok(Written::Kept)
    }

    fn note(
        &mut self,
        id: &RolloutId,
        hold: &Hold,
        at: Timestamp,
        journal: &str,
    ) -> Result<Kept, LedgerError> {
        let mut held = self.0.borrow_mut();
        let rollout = held.find_mut(id)?;
        let kept = rollout.change(hold, |member| member.noted(hold, at));
        if kept == Kept::Held {
            rollout.journals.insert(hold.member, journal.to_owned());
        }
        Ok(kept)
    }

    fn renew(&mut self, id: &RolloutId, hold: &Hold, to: Timestamp) -> Result<Kept, LedgerError> {
        let mut held = self.0.borrow_mut();
        let rollout = held.find_mut(id)?;
        Ok(rollout.change(hold, |member| member.renewed(hold, to)))
    }

    fn journal(&self, id: &RolloutId, member: MemberNumber) -> Result<Option<String>, LedgerError> {
        Ok(self.0.borrow().find(id)?.journals.get(&member).cloned())
    }

    fn endings(&self, id: &RolloutId) -> Result<Vec<(MemberNumber, Ending)>, LedgerError> {
        let held = self.0.borrow();
        let endings = held.find(id)?.endings.iter();
        Ok(endings
            .map(|(number, ending)| (*number, ending.clone()))
            .collect())
    }

    fn events(&self, id: &RolloutId, after: u64) -> Result<Vec<Event>, LedgerError> {
        let held = self.0.borrow();
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(held.find(id)?.events.iter().skip(after).cloned().collect())
    }

    fn board(&self) -> Result<Vec<BoardLine>, LedgerError> {
        Ok(self.0.borrow().board.values().cloned().collect())
    }

    fn workspaces(&self, id: &RolloutId) -> Result<Vec<WorkspaceKey>, LedgerError> {
        Ok(self.0.borrow().find(id)?.workspaces.clone())
    }

    fn saw(&mut self, line: &BoardLine, seen: &SlimSnapshot) -> Result<Written, LedgerError> {
        let mut held = self.0.borrow_mut();
        let key = (line.workspace.clone(), line.receipt.package.clone());
        match held.board.get_mut(&key).filter(|there| *there == line) {
            Some(there) => {
                *there = line.with(seen);
                Ok(Written::Kept)
            }
            None => Ok(Written::Stale),
        }
    }

    fn permit(&mut self, asked: &PermitRequest<'_>) -> Result<Permit, LedgerError> {
        let mut held = self.0.borrow_mut();
        let now = held.now;
        let key = (asked.account.to_owned(), asked.class.to_owned());
        Ok(held.permits.entry(key).or_default().take(asked, now))
    }
}
