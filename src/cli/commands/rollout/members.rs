//! How a runner reaches the members of a roll-out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::jobs::in_words;
use crate::cli::Context;
use crate::cli::args::{LedgerArgs, PlatformArgs, SettingsArgs};
use crate::cli::commands::import::{landing, request, within};
use crate::cli::commands::import_settings::Said;
use crate::cli::connect::{journal, open, open_with_journal};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::settings;
use crate::cli::ui::visible;
use crate::ledger::{IfAbsent, Kept, open as open_at};
use crate::model::rollout::RolloutId;
use crate::model::workspace::{Address, ReadDepth};
use crate::ops::import::{ImportRequest, Incoming};
use crate::ops::rollout::{
    Arrived, Followed, GoesOn, Journal, MemberWorkspace, Members, Told, Unreachable,
};
use crate::plan::import::TagsPolicy;
use crate::plan::rollout::gate::FoundJobs;
use crate::plan::rollout::progress::Hold;
use crate::plan::rollout::{PlannedMember, RolloutPlan};
use crate::remote::RemoteWorkspace;
use crate::remote::journal::{CopiedTo, State};
use crate::settings::SettingsFile;
use crate::workspace::{AdminWorkspace, Workspace, WorkspaceError};

/// The members of a roll-out, as this machine reaches them.
pub(super) struct Reachable<'c> {
    pub(super) context: &'c Context,
    pub(super) platform: &'c PlatformArgs,
    /// Where what is sent is written down: the ledger, and the roll-out's id in it. Whoever only looks
    /// has none.
    pub(super) written: Option<(&'c LedgerArgs, &'c RolloutId)>,
    pub(super) plan: &'c RolloutPlan,
    pub(super) settings: &'c [SettingsFile],
    /// For how many seconds after a lease a request may still arrive at the platform.
    pub(super) arrives_within: u64,
}

/// A workspace of this machine's local platform.
struct Local(Box<dyn AdminWorkspace>);

impl MemberWorkspace for Local {
    fn workspace(&mut self) -> &mut dyn Workspace {
        self.0.as_mut()
    }

    fn admin(&mut self) -> &mut dyn AdminWorkspace {
        self.0.as_mut()
    }

    fn arrives_within(&self) -> u64 {
        0
    }

    fn follow(&mut self, _: &Journal) -> Result<Followed, WorkspaceError> {
        // What was done there was done in one go, or was not.
        Ok(Followed::Unseen)
    }

    fn seen(&mut self, _: &Journal, _: Arrived) -> Result<(), WorkspaceError> {
        Ok(())
    }
}

/// A workspace behind the platform's API.
struct Remote {
    workspace: RemoteWorkspace,
    journal: crate::remote::journal::Journal,
    arrives_within: u64,
}

impl MemberWorkspace for Remote {
    fn workspace(&mut self) -> &mut dyn Workspace {
        &mut self.workspace
    }

    fn admin(&mut self) -> &mut dyn AdminWorkspace {
        &mut self.workspace
    }

    fn arrives_within(&self) -> u64 {
        self.arrives_within
    }

    fn follow(&mut self, journal: &Journal) -> Result<Followed, WorkspaceError> {
        let Some(text) = &journal.entry else {
            return Ok(Followed::Unseen);
        };
        let mut entry = self.journal.parse(text)?;
        match entry.state {
            State::Sending | State::Failed { .. } => Ok(Followed::Unseen),
            State::Sent { .. } => {
                // Another machine may have sent it: from now on it is known here, too.
                self.journal.write(&entry)?;
                self.workspace.resume(&mut entry)?;
                self.workspace.read_as(ReadDepth::Slim);
                Ok(Followed::Done)
            }
            State::Done { .. } => {
                self.journal.write(&entry)?;
                Ok(Followed::Done)
            }
        }
    }

    fn seen(&mut self, journal: &Journal, arrived: Arrived) -> Result<(), WorkspaceError> {
        let Some(text) = &journal.entry else {
            return Ok(());
        };
        let mut entry = self.journal.parse(text)?;
        match (&entry.state, arrived) {
            (State::Sending, Arrived::Yes) => {
                self.journal.finish(&mut entry)?;
            }
            (State::Sending, Arrived::No) => {
                entry.state = State::Failed {
                    told: "it did not arrive".to_owned(),
                };
                self.journal.write(&entry)?;
            }
            (State::Sent { .. } | State::Done { .. } | State::Failed { .. }, _) => {}
        }
        Ok(())
    }
}

/// What is sent can't be written down.
#[derive(Debug, thiserror::Error)]
#[error("another runner has the customer by now")]
struct LostLease;

impl Reachable<'_> {
    /// Where entries of the journal go first: to the ledger, for whoever takes over.
    fn copied(&self, hold: &Hold) -> Result<CopiedTo, Failure> {
        let Some((ledger, id)) = self.written else {
            let nowhere = |_: &_, _: &str| Err("it was only to be looked at".into());
            return Ok(CopiedTo(Arc::new(nowhere)));
        };
        let (ledger, login) = (super::address(ledger)?, super::login());
        let (id, hold) = (id.clone(), hold.clone());
        Ok(CopiedTo(Arc::new(move |entry, text| {
            // A connection of its own: the runner's is in use meanwhile.
            let mut ledger = open_at(&ledger, &login, IfAbsent::Refuse)?;
            let noted = ledger.journal(&id, hold.member)?.ok_or(LostLease)?;
            let mut noted: Journal = serde_json::from_str(&noted)?;
            if noted.is_of(&entry.digest) {
                noted.entry = Some(text.to_owned());
            }
            let noted = serde_json::to_string(&noted)?;
            let now = ledger.now()?;
            match ledger.note(&id, &hold, now, &noted)? {
                Kept::Held => Ok(()),
                Kept::Lost => Err(LostLease.into()),
            }
        })))
    }

    fn unreachable(failure: &Failure) -> Unreachable {
        let why = failure.message();
        match failure.exit == Exit::NotAuthorised {
            true => Unreachable::Held(why),
            false => later(failure, why, Unreachable::Failed),
        }
    }

    /// Why something about it can't be found out: that is its own affair, unless it passes.
    fn unsettled(failure: &Failure) -> Unreachable {
        let why = failure.message();
        later(failure, why, Unreachable::Held)
    }
}

/// What passes is asked again later, and everything else is something else.
fn later(failure: &Failure, why: String, otherwise: fn(String) -> Unreachable) -> Unreachable {
    match failure.exit == Exit::Temporary {
        true => Unreachable::Later {
            why,
            wait: failure.wait,
        },
        false => otherwise(why),
    }
}

impl Members for Reachable<'_> {
    fn reach(
        &mut self,
        member: &PlannedMember,
        hold: &Hold,
    ) -> Result<Box<dyn MemberWorkspace>, Unreachable> {
        let remote = match &member.address {
            Address::Local(_) => {
                let work = "rollout run";
                let local = open(self.context, self.platform, &member.address, work)
                    .map_err(|failure| Self::unreachable(&failure))?;
                return Ok(Box::new(Local(local)));
            }
            Address::Remote(remote) => remote,
        };
        let reached = || -> Result<Remote, Failure> {
            let journal = journal()?.copied_to(self.copied(hold)?);
            let workspace =
                open_with_journal(self.context, self.platform, &self.plan.of, remote, &journal)?;
            workspace.read_as(ReadDepth::Slim);
            Ok(Remote {
                workspace,
                journal,
                arrives_within: self.arrives_within,
            })
        };
        let remote = reached().map_err(|failure| Self::unreachable(&failure))?;
        let found = remote.workspace.identity().workspace;
        if found != member.workspace {
            return Err(Unreachable::Held(format!(
                "its workspace is number {found} by now, and the plan is for {}",
                member.workspace
            )));
        }
        Ok(Box::new(remote))
    }

    fn request(
        &self,
        member: &PlannedMember,
        package: &Path,
        workspace: &dyn Workspace,
    ) -> Result<ImportRequest, Unreachable> {
        let folder = within(workspace, Some(&self.plan.folder).filter(|f| !f.is_home()));
        let folder = folder.map_err(|failure| Self::unsettled(&failure))?;
        let landing = landing(workspace, &folder, None, TagsPolicy::Apply);
        Ok(ImportRequest {
            landing: landing.map_err(|failure| Self::unsettled(&failure))?,
            ..request(package, &member.address, folder, self.plan.rows)
        })
    }

    fn settle(
        &self,
        request: &mut ImportRequest,
        incoming: &Incoming,
        member: &PlannedMember,
        workspace: &dyn Workspace,
    ) -> Result<(), Unreachable> {
        if self.settings.is_empty() {
            return Ok(());
        }
        let labels = member
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let said = SettingsArgs {
            // Nothing needs to be said for a label that a customer has.
            label: labels
                .filter(|label| settings::mentions_label(self.settings, label))
                .collect(),
            ..SettingsArgs::default()
        };
        let said = Said {
            args: &said,
            files: self.settings,
            folder: Some(&self.plan.folder).filter(|folder| !folder.is_home()),
            home: None,
            tags: None,
        };
        let settled = said.settle(request, incoming, workspace);
        settled.map_err(|failure| Self::unsettled(&failure))?;
        if let (Some(canary), Some(asked)) = (&self.plan.canary, &mut request.settings) {
            let settled = canary.settle(member.brings, &mut asked.resolved);
            settled.map_err(Unreachable::Held)?;
        }
        Ok(())
    }

    fn scratch(&self) -> PathBuf {
        std::env::temp_dir()
    }

    fn pause(&self, time: Duration) -> GoesOn {
        // Whoever wants to stop is listened to within it.
        let step = Duration::from_millis(50);
        let mut left = time;
        while !left.is_zero() {
            if self.context.running.interrupt.is_set() {
                return GoesOn::Interrupted;
            }
            let slept = left.min(step);
            std::thread::sleep(slept);
            left = left.saturating_sub(slept);
        }
        GoesOn::Yes
    }

    fn told(&mut self, member: &PlannedMember, what: Told<'_>) {
        let who = format!("{} ({})", member.address, member.name);
        let what = match what {
            Told::TakenOn => return,
            Told::TakenOver => "is taken over".to_owned(),
            Told::Ended(ending) => match ending.why.as_str() {
                "" => ending.outcome.to_string(),
                why => format!("{}: {why}", ending.outcome),
            },
            Told::Unanswered { until, sent, why } => {
                format!("{sent}, its next turn is at {}: {why}", until.utc())
            }
            Told::Jobs(seen) => match &seen.found {
                FoundJobs::Known(counts) => format!("jobs: {}", in_words(counts)),
                FoundJobs::Unknown(why) => format!("jobs are not known: {why}"),
            },
            Told::Left(why) => format!("is left as it is: {why}"),
        };
        let text = visible(&format!("{who}  {what}"));
        self.context
            .ui
            .talk(&format!("{:>5}  {text}\n", member.number));
    }
}
