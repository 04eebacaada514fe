//! Carrying a roll-out out: taking members on, importing, reading back, writing down.
//!
//! Whatever is decided is decided in [`crate::plan::rollout`] and written down in a ledger before it
//! is done, so that a runner may die at any moment. What this does is done by any number of runners
//! at once.

mod attempted;
mod back;
pub mod canary;
mod connectors;
mod drift;
mod fleet;
mod jobs;
mod look;
mod orders;
mod receipt;
mod status;
mod unreachable;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use attempted::{Attempted, failed, is_unfinished, unfinished};
use receipt::{as_read_back, receipt};

use super::import::{ImportError, ImportRequest, Incoming, Planned};
use super::{Observer, Running};
use crate::ledger::{Kept, Ledger, LedgerError, Written};
use crate::model::count::counted;
use crate::model::error::chain;
use crate::model::ident::Digest;
use crate::model::rollout::{
    MemberNumber, Outcome, RolloutId, RolloutStatus, RunnerId, WaveNumber,
};
use crate::model::workspace::Timestamp;
use crate::ops::approval::ImportRefusal;
use crate::plan::import::Receipt;
use crate::plan::rollout::gate::{GateStop, SeenJobs};
use crate::plan::rollout::progress::{
    Ending, Hold, MemberReceipt, MemberState, Patience, Sent, Step, StepError, Unanswered,
};
use crate::plan::rollout::{Next, PlannedMember, RolloutPackage, RolloutPlan, WaitsFor, next};
use crate::workspace::{AdminWorkspace, Workspace, WorkspaceError};

pub use back::{Brought, WayBack, way_back};
pub use drift::{Drift, Drifted, drift};
pub use fleet::{FleetError, FleetKnown, FleetQueryDocument, FoundLines, board_of, fleet_query};
pub use jobs::{JobError, MemberJobs, RecipeJobsLine, RolloutJobsDocument, jobs_of};
pub use look::{Seen, look, unshared};
pub use orders::{
    FindError, OrderError, RolloutOrderDocument, find, order, order_gate, order_member,
};
pub use status::{
    ListedRollout, MemberStatus, ReportedReceipt, RolloutListDocument, RolloutReportDocument,
    RolloutStatusDocument, WaveStatus, list_of, report_of, status_of,
};
pub use unreachable::Unreachable;

/// How often what others do is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How often an import is planned again because somebody else wrote to the workspace.
const ATTEMPTS: usize = 5;

/// What a runner is told.
#[derive(Debug)]
pub struct Runner<'r> {
    /// The roll-out.
    pub id: &'r RolloutId,
    /// Its plan.
    pub plan: &'r RolloutPlan,
    /// What the runner is called: no other one has the name.
    pub runner: RunnerId,
    /// [All packages](RolloutPlan::all_packages), in the plan's order, as files of this machine.
    pub packages: &'r [PathBuf],
    /// For how many seconds a member is held before somebody else may take it over.
    pub lease: u64,
}

/// How members are reached.
pub trait Members {
    /// Opens a member's workspace. Over the API, what is sent is to be written down in the ledger for
    /// `hold` right before.
    ///
    /// # Errors
    /// Why it can't be reached.
    fn reach(
        &mut self,
        member: &PlannedMember,
        hold: &Hold,
    ) -> Result<Box<dyn MemberWorkspace>, Unreachable>;

    /// The import of a package into it, without settings.
    ///
    /// # Errors
    /// If the folder can't be one, or can't be looked for.
    fn request(
        &self,
        member: &PlannedMember,
        package: &Path,
        workspace: &dyn Workspace,
    ) -> Result<ImportRequest, Unreachable>;

    /// Puts the member's settings into the request of an import.
    ///
    /// # Errors
    /// If one of them has no value, for instance.
    fn settle(
        &self,
        request: &mut ImportRequest,
        incoming: &Incoming,
        member: &PlannedMember,
        workspace: &dyn Workspace,
    ) -> Result<(), Unreachable>;

    /// A folder for what is kept on disk meanwhile.
    fn scratch(&self) -> PathBuf;

    /// Waits. Says whether to go on: not if somebody asked to stop.
    fn pause(&self, time: Duration) -> GoesOn;

    /// Hears what is done.
    fn told(&mut self, member: &PlannedMember, what: Told<'_>);
}

/// Whether a runner goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoesOn {
    /// It does.
    Yes,
    /// Somebody asked it to stop.
    Interrupted,
}

/// What is told of a member.
#[derive(Clone, Copy, Debug)]
pub enum Told<'t> {
    /// It was taken on.
    TakenOn,
    /// It was taken over from a runner that did not bring it to its end.
    TakenOver,
    /// It was brought to its end.
    Ended(&'t Ending),
    /// It did not answer, and has its next turn later.
    Unanswered {
        /// When.
        until: Timestamp,
        /// What was sent to it.
        sent: Sent,
        /// What was heard instead.
        why: &'t str,
    },
    /// Its jobs were read.
    Jobs(&'t SeenJobs),
    /// It was left as it is.
    Left(&'t str),
}

/// A member's workspace.
pub trait MemberWorkspace {
    /// It.
    fn workspace(&mut self) -> &mut dyn Workspace;

    /// The same as an admin workspace, if it is one.
    fn admin(&mut self) -> &mut dyn AdminWorkspace;

    /// For how many seconds after a lease what its runner sent may still arrive.
    fn arrives_within(&self) -> u64;

    /// Follows what an earlier runner sent and wrote down in `journal`, until the platform is done
    /// with it.
    ///
    /// # Errors
    /// If it can't be followed.
    fn follow(&mut self, journal: &Journal) -> Result<Followed, WorkspaceError>;

    /// It was seen that what an earlier runner was about to send did not arrive, or did.
    ///
    /// # Errors
    /// If that can't be written down.
    fn seen(&mut self, journal: &Journal, arrived: Arrived) -> Result<(), WorkspaceError>;
}

/// What became of what an earlier runner sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The platform is done with it.
    Done,
    /// Nobody knows whether it arrived: the workspace tells.
    Unseen,
}

/// Whether something arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// It did.
    Yes,
    /// It did not, and can't any more.
    No,
}

/// What is written down before something is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The package.
    pub package: Digest,
    /// Stands for [what its import does](crate::plan::import::document::ImportPlan::effects).
    pub effects: Digest,
    /// What the journal of imports over the API has of it, if it goes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

impl Journal {
    /// What stands for the package where a customer is brought back: that one is made of what was
    /// there before.
    fn back() -> Digest {
        Digest::of(b"the way back")
    }

    /// Whether it is written down for what is sent with this digest.
    pub fn is_of(&self, sent: &Digest) -> bool {
        self.package == *sent || self.package == Self::back()
    }
}

/// How far a runner came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// Every member was brought to its end.
    Done,
    /// A wave is in use, and the next one begins later.
    Bakes {
        /// When.
        until: Timestamp,
    },
    /// The jobs of a wave count for some time, and the next one begins later.
    Watched {
        /// When.
        until: Timestamp,
    },
    /// The jobs of a wave don't let the next one begin.
    Gated {
        /// The wave.
        wave: WaveNumber,
        /// Why.
        why: GateStop,
    },
    /// Those that are left are held for some time.
    Frozen {
        /// Until when.
        until: Timestamp,
    },
    /// Members that are left did not answer, or are not done with what was sent to them.
    Unanswered {
        /// When the first of them has its next turn.
        until: Timestamp,
    },
    /// Too many failed.
    Halted {
        /// How many.
        failures: u32,
        /// How many were allowed to.
        budget: u32,
    },
    /// A wave that has to be as planned is not.
    Stopped(WaveNumber),
    /// Somebody paused it.
    Paused,
    /// It is over.
    Over(RolloutStatus),
    /// Somebody asked the runner to stop.
    Interrupted,
    /// Something was left whose end can't be seen yet.
    Left {
        /// When somebody may take it over.
        until: Timestamp,
    },
}

/// A runner can't go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The ledger can't be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A package is not as it was planned.
    #[error("the package {path} is not the one of the plan")]
    OtherPackage {
        /// The file.
        path: String,
    },
}

/// Works on a roll-out as long as there is something to do.
///
/// # Errors
/// If the ledger can't be used: what was begun is taken over by somebody else later.
pub fn run(
    ledger: &mut dyn Ledger,
    runner: &Runner<'_>,
    members: &mut dyn Members,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Ran, RunError> {
    let shape = runner.plan.shape();
    // What this runner left, whose end can't be seen yet: others go on meanwhile.
    let mut left: BTreeMap<MemberNumber, Timestamp> = BTreeMap::new();
    let first = |left: &BTreeMap<MemberNumber, Timestamp>| left.values().copied().min();
    loop {
        if running.interrupt.is_set() {
            return Ok(Ran::Interrupted);
        }
        let progress = ledger.progress(runner.id)?;
        let now = ledger.now()?;
        match next(&shape, &progress, now) {
            Next::Claim(number) => {
                // It was left once, and nothing else is to be done before it.
                if let Some(until) = left.get(&number) {
                    return Ok(Ran::Left { until: *until });
                }
                // What changed since is seen when it is looked at again.
                let Ok((step, hold)) = progress.claim(number, &runner.runner, now, runner.lease)
                else {
                    continue;
                };
                let Some(member) = runner.plan.member(number) else {
                    continue;
                };
                match ledger.write(runner.id, &step)? {
                    Written::Stale => continue,
                    Written::Kept => {}
                }
                members.told(
                    member,
                    match hold.sent_before {
                        Some(_) => Told::TakenOver,
                        None => Told::TakenOn,
                    },
                );
                let mut attempt = Attempt {
                    ledger,
                    runner,
                    members,
                    running,
                    observer,
                    hold: &hold,
                    member,
                };
                let attempted = attempt.make()?;
                match write_down(ledger, runner, members, &hold, member, attempted)? {
                    Some(Ran::Left { until }) => {
                        left.insert(number, until);
                    }
                    Some(ran) => return Ok(ran),
                    None => {}
                }
            }
            Next::Wait {
                until,
                why: WaitsFor::Bake(_),
            } => return Ok(Ran::Bakes { until }),
            Next::Wait {
                until,
                why: WaitsFor::Freeze,
            } => return Ok(Ran::Frozen { until }),
            Next::Wait {
                until,
                why: WaitsFor::Unanswered { .. },
            } => return Ok(Ran::Unanswered { until }),
            Next::Wait {
                until,
                why: WaitsFor::Others { .. },
            } => {
                if let Some(until) = first(&left) {
                    return Ok(Ran::Left { until });
                }
                // Nobody works on what has its next look later.
                let in_flight = progress.members.iter().filter(|it| it.is_in_flight());
                let mut in_flight = in_flight.peekable();
                if in_flight.peek().is_some() && in_flight.all(|it| it.waits_for_its_end()) {
                    return Ok(Ran::Unanswered { until });
                }
                match members.pause(LOOK_AGAIN) {
                    GoesOn::Yes => {}
                    GoesOn::Interrupted => return Ok(Ran::Interrupted),
                }
            }
            Next::Wait {
                until,
                why: WaitsFor::Jobs(_),
            } => return Ok(Ran::Watched { until }),
            Next::ReadJobs(unread) => {
                match jobs::read_jobs(ledger, runner, members, running, unread)? {
                    GoesOn::Yes => {}
                    GoesOn::Interrupted => return Ok(Ran::Interrupted),
                }
            }
            Next::Gated { wave, why } => return Ok(Ran::Gated { wave, why }),
            Next::Halted { failures, budget } => return Ok(Ran::Halted { failures, budget }),
            Next::Stopped(wave) => return Ok(Ran::Stopped(wave)),
            Next::Paused => return Ok(Ran::Paused),
            Next::Over(RolloutStatus::Done) => return Ok(Ran::Done),
            Next::Over(status) => return Ok(Ran::Over(status)),
            Next::Done => match ledger.write(runner.id, &progress.done(&runner.runner, now))? {
                Written::Kept => return Ok(Ran::Done),
                Written::Stale => {}
            },
        }
    }
}

/// Writes down what came of an attempt. Says how far the runner came, if it goes no further.
fn write_down(
    ledger: &mut dyn Ledger,
    runner: &Runner<'_>,
    members: &mut dyn Members,
    hold: &Hold,
    member: &PlannedMember,
    attempted: Attempted,
) -> Result<Option<Ran>, RunError> {
    loop {
        let progress = ledger.progress(runner.id)?;
        let now = ledger.now()?;
        let step = match &attempted {
            Attempted::Ended(ending) => progress.finish(hold, ending.clone(), now),
            Attempted::Unanswered(unanswered) => {
                progress.postpone(hold, unanswered, Patience::USUAL, now)
            }
            Attempted::Released(why) => progress.release(hold, why, now),
            Attempted::Left(why) => {
                members.told(member, Told::Left(why));
                let held = progress.members.get(hold.member.index());
                let until = held.and_then(|held| held.sent_before());
                return Ok(Some(Ran::Left {
                    until: until.unwrap_or(hold.until),
                }));
            }
            Attempted::Lost => Err(StepError::Lost),
        };
        let Ok(step) = step else {
            members.told(member, Told::Left("another runner has it by now"));
            return Ok(None);
        };
        match ledger.write(runner.id, &step)? {
            Written::Stale => {}
            Written::Kept => {
                return Ok(match &attempted {
                    Attempted::Ended(ending) => {
                        members.told(member, Told::Ended(ending));
                        None
                    }
                    Attempted::Unanswered(unanswered) => {
                        postponed(members, member, &step, unanswered);
                        None
                    }
                    Attempted::Released(_) | Attempted::Left(_) | Attempted::Lost => {
                        Some(Ran::Interrupted)
                    }
                });
            }
        }
    }
}

/// Tells what is written down of a member that did not answer, or is not done with what was sent.
fn postponed(
    members: &mut dyn Members,
    member: &PlannedMember,
    step: &Step,
    unanswered: &Unanswered,
) {
    if let Some((_, ending)) = &step.ending {
        return members.told(member, Told::Ended(ending));
    }
    match step.members.first().map(|(_, progress)| &progress.state) {
        Some(MemberState::Postponed { until } | MemberState::Working { until, .. }) => {
            let (until, sent, why) = (*until, unanswered.sent, &unanswered.why);
            members.told(member, Told::Unanswered { until, sent, why });
        }
        Some(MemberState::Waiting | MemberState::Ended { .. }) | None => {}
    }
}

/// One attempt at one member.
struct Attempt<'a> {
    ledger: &'a mut dyn Ledger,
    runner: &'a Runner<'a>,
    members: &'a mut dyn Members,
    running: &'a Running,
    observer: &'a mut dyn Observer,
    hold: &'a Hold,
    member: &'a PlannedMember,
}

/// What came of one package.
enum Imported {
    /// It is there as planned.
    There(MemberReceipt, Changed),
    /// The attempt is over.
    Over(Attempted),
}

/// Whether something was changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changed {
    Yes,
    No,
}

impl Attempt<'_> {
    fn make(&mut self) -> Result<Attempted, RunError> {
        let mut reached = match self.members.reach(self.member, self.hold) {
            Ok(reached) => reached,
            Err(unreachable) => return Ok(self.unreachable(unreachable)),
        };
        let inherited = match self.hold.sent_before {
            None => None,
            Some(before) => match self.inherit(reached.as_mut(), before)? {
                Ok(journal) => journal,
                Err(over) => return Ok(over),
            },
        };
        let plan = self.runner.plan;
        if let Some(connectors) = plan.connectors_of(self.member.number) {
            return self.change_connectors(reached.as_mut(), connectors, inherited.as_ref());
        }
        if let Some(back) = &self.member.back {
            return self.bring_back(reached.as_mut(), back, inherited.as_ref());
        }
        let mut receipts = Vec::new();
        // What an earlier runner may have sent counts as a change until it was looked for, and after.
        let mut changed = match inherited {
            Some(_) => Changed::Yes,
            None => Changed::No,
        };
        for (at, package) in plan.packages_of(self.member) {
            let Some(path) = self.runner.packages.get(at) else {
                break;
            };
            if self.renew()? == Kept::Lost {
                return Ok(Attempted::Lost);
            }
            let before = inherited
                .as_ref()
                .filter(|journal| journal.package == package.digest);
            match self.import(reached.as_mut(), package, path, before)? {
                Imported::There(receipt, of_this) => {
                    receipts.push(receipt);
                    if of_this == Changed::Yes {
                        changed = Changed::Yes;
                    }
                }
                // What was brought before it stays.
                Imported::Over(over) => {
                    let mut over = over.after(changed);
                    if let Attempted::Ended(ending) = &mut over {
                        receipts.append(&mut ending.receipts);
                        ending.receipts = receipts;
                    }
                    return Ok(over);
                }
            }
        }
        Ok(Attempted::Ended(Ending {
            outcome: match changed {
                Changed::Yes => Outcome::Applied,
                Changed::No => Outcome::Same,
            },
            why: plan.stays(self.member),
            receipts,
        }))
    }

    /// Holds the member for longer.
    fn renew(&mut self) -> Result<Kept, LedgerError> {
        let renewed = Timestamp(self.ledger.now()?.0.saturating_add(self.runner.lease));
        self.ledger.renew(self.runner.id, self.hold, renewed)
    }

    /// Looks what became of what an earlier runner may have sent. Nothing of it can arrive any more
    /// afterwards.
    fn inherit(
        &mut self,
        reached: &mut dyn MemberWorkspace,
        before: Timestamp,
    ) -> Result<Result<Option<Journal>, Attempted>, RunError> {
        let text = self.ledger.journal(self.runner.id, self.member.number)?;
        let journal = text.and_then(|text| serde_json::from_str::<Journal>(&text).ok());
        let Some(journal) = journal else {
            let why = "an earlier runner may have sent something, and what it was can't be read";
            return Ok(Err(Attempted::ended(Outcome::Partly, why)));
        };
        match reached.follow(&journal) {
            Ok(Followed::Done) => return Ok(Ok(Some(journal))),
            Ok(Followed::Unseen) => {}
            Err(error) if is_unfinished(&error) => {
                return Ok(Err(unfinished(&error, chain(&error))));
            }
            // It failed, or can't be followed: the workspace tells.
            Err(_) => {}
        }
        let until = before.0.saturating_add(reached.arrives_within());
        while self.ledger.now()?.0 <= until {
            match self.members.pause(LOOK_AGAIN) {
                GoesOn::Yes => {}
                GoesOn::Interrupted => {
                    return Ok(Err(Attempted::Left("interrupted".to_owned())));
                }
            }
        }
        Ok(Ok(Some(journal)))
    }

    fn import(
        &mut self,
        reached: &mut dyn MemberWorkspace,
        package: &RolloutPackage,
        path: &Path,
        before: Option<&Journal>,
    ) -> Result<Imported, RunError> {
        let over = |outcome, why: String| Ok(Imported::Over(Attempted::ended(outcome, why)));
        let mut request = match self.members.request(self.member, path, reached.workspace()) {
            Ok(request) => request,
            Err(why) => return Ok(Imported::Over(self.unreachable(why))),
        };
        let unread = |attempt: &Self, error: &ImportError| {
            Ok(Imported::Over(
                attempt.unless_passes(Outcome::Failed, error),
            ))
        };
        let mut incoming = match Incoming::read(&request, self.running, self.observer) {
            Ok(incoming) => incoming,
            Err(error) => return unread(self, &error),
        };
        if incoming.digest() != package.digest {
            let path = path.display().to_string();
            return Err(RunError::OtherPackage { path });
        }
        let lands = (request.folder.clone(), request.landing.clone());
        let settled =
            self.members
                .settle(&mut request, &incoming, self.member, reached.workspace());
        if let Err(why) = settled {
            return Ok(Imported::Over(self.unreachable(why)));
        }
        if lands != (request.folder.clone(), request.landing.clone()) {
            incoming = match Incoming::read(&request, self.running, self.observer) {
                Ok(incoming) => incoming,
                Err(error) => return unread(self, &error),
            };
        }
        for _ in 0..ATTEMPTS {
            let planned = match incoming.plan(&request, reached.workspace(), self.running) {
                Ok(planned) => planned,
                Err(error) => return unread(self, &error),
            };
            let found = planned.plan().workspace.id;
            if found != self.member.workspace {
                let why = format!(
                    "its workspace is number {found} by now, and the plan is for {}",
                    self.member.workspace
                );
                return Ok(Imported::Over(self.unless_sent(Outcome::Held, why)));
            }
            if let Some(journal) = before
                && let Some(over) = self.look(reached, journal, &planned)
            {
                return Ok(Imported::Over(over));
            }
            if planned.plan().is_empty() {
                let at = self.ledger.now()?;
                let receipt = receipt(package, (&planned, &incoming), None, at);
                // There is nothing to do, and yet a recipe may wait for a person.
                let settings = planned.plan().settings.iter();
                let actions = settings.flat_map(|settings| &settings.actions);
                let waits: Vec<String> = actions.filter_map(|action| action.astray()).collect();
                return Ok(as_read_back(receipt, &waits, Changed::No));
            }
            if let Some(why) = self.unseen_before(package, &planned)? {
                return over(Outcome::Held, why);
            }
            if let Some(why) = look::stands_still(self.member.brings, &planned) {
                return over(Outcome::Held, why);
            }
            let approved = match planned.approve(&self.runner.plan.permitted) {
                Ok(approved) => approved,
                Err(refusal) => return over(Outcome::Held, refused(&refusal)),
            };
            let document = planned.document(&incoming);
            if self.running.interrupt.is_set() {
                let why = "interrupted".to_owned();
                // What an earlier runner sent of another package may not have been looked for yet.
                return Ok(Imported::Over(match self.hold.sent_before {
                    None => Attempted::Released(why),
                    Some(_) => Attempted::Left(why),
                }));
            }
            let Ok((journal, text)) = noted(package, &planned, before) else {
                return over(
                    Outcome::Failed,
                    "what is sent can't be written down".to_owned(),
                );
            };
            let now = self.ledger.now()?;
            if self.ledger.note(self.runner.id, self.hold, now, &text)? == Kept::Lost {
                return Ok(Imported::Over(Attempted::Lost));
            }
            let applied = incoming.apply(
                &request,
                &approved,
                &document,
                reached.workspace(),
                self.running,
                self.observer,
            );
            let mut done = match applied {
                Ok(done) => done,
                Err(ImportError::Workspace(WorkspaceError::Stale { .. })) => continue,
                Err(error) => {
                    let again = || incoming.plan(&request, reached.workspace(), self.running);
                    return Ok(Imported::Over(failed(&journal, &error, again)));
                }
            };
            drop(planned);
            let at = self.ledger.now()?;
            return Ok(self.read_back(reached, (package, at), &incoming, &request, &mut done));
        }
        over(
            Outcome::Failed,
            "somebody else writes to the workspace again and again".to_owned(),
        )
    }

    /// Why the import is none that the plan saw, where the customer was looked at: nothing is sent
    /// that nobody reviewed. Somebody who has it tried again saw that.
    fn unseen_before(
        &self,
        package: &RolloutPackage,
        planned: &Planned,
    ) -> Result<Option<String>, LedgerError> {
        let first = self.runner.plan.packages.first();
        let is_first = first.is_some_and(|first| first.digest == package.digest);
        let Some(seen) = self.member.seen.as_ref().filter(|_| is_first) else {
            return Ok(None);
        };
        if look::effects(planned.plan()).is_ok_and(|effects| effects == seen.effects) {
            return Ok(None);
        }
        let endings = self.ledger.endings(self.runner.id)?;
        let tried_again = endings
            .iter()
            .any(|(number, _)| *number == self.member.number);
        Ok((!tried_again && self.hold.sent_before.is_none()).then(|| {
            "it changed since the roll-out was planned, so that the import would do something else than was looked at; to do that: recipack rollout retry".to_owned()
        }))
    }

    /// Whether what an earlier runner was about to send arrived: nothing if the import goes on as
    /// planned now.
    fn look(
        &self,
        reached: &mut dyn MemberWorkspace,
        journal: &Journal,
        planned: &Planned,
    ) -> Option<Attempted> {
        let plan = planned.plan();
        // What settings do is the same however often it is done.
        let unchanged = plan
            .effects()
            .is_ok_and(|effects| effects == journal.effects);
        let arrived = match (unchanged, plan.has_package()) {
            (_, true) => Arrived::Yes,
            (true, false) => Arrived::No,
            (false, false) => {
                let why = "an earlier runner may have sent something, and the workspace is neither as it was nor as planned";
                return Some(Attempted::ended(Outcome::Partly, why));
            }
        };
        let seen = reached.seen(journal, arrived);
        seen.err().map(|error| Attempted::Left(chain(&error)))
    }

    fn read_back(
        &self,
        reached: &mut dyn MemberWorkspace,
        (package, at): (&RolloutPackage, Timestamp),
        incoming: &Incoming,
        request: &ImportRequest,
        done: &mut Receipt,
    ) -> Imported {
        let partly = |error: ImportError| Imported::Over(self.not_read_back(&error));
        let astray = match incoming.read_back(request, done, reached.workspace(), self.running) {
            Ok(astray) => astray,
            Err(error) => return partly(error),
        };
        let again = match incoming.plan(request, reached.workspace(), self.running) {
            Ok(again) => again,
            Err(error) => return partly(error),
        };
        let receipt = receipt(package, (&again, incoming), Some(done), at);
        as_read_back(receipt, &astray, Changed::Yes)
    }
}

/// What is written down before a package is sent, as a value and as a text.
fn noted(
    package: &RolloutPackage,
    planned: &Planned,
    before: Option<&Journal>,
) -> Result<(Journal, String), serde_json::Error> {
    let journal = Journal {
        package: package.digest,
        effects: planned.plan().effects()?,
        entry: before.and_then(|journal| journal.entry.clone()),
    };
    let text = serde_json::to_string(&journal)?;
    Ok((journal, text))
}

/// Why an import is not approved, in a few words.
fn refused(refusal: &ImportRefusal) -> String {
    match refusal {
        ImportRefusal::Incomplete(_) | ImportRefusal::Blocked(_) => refusal.to_string(),
        ImportRefusal::NotPermitted(needed) => {
            let because = needed.first().map_or("", |first| first.because.as_str());
            let asked: Vec<String> = needed
                .iter()
                .map(|needed| format!("--{}", needed.permission))
                .collect();
            format!(
                "{because}: {} that the plan does not give ({})",
                counted(needed.len() as u64, "permission"),
                asked.join(" ")
            )
        }
    }
}
