//! Whether what earlier roll-outs left with customers is still so.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::members::Reachable;
use super::starting::{key_of, place_of};
use super::{address, login, plan_of, running};
use crate::cli::Context;
use crate::cli::args::{LedgerArgs, PlatformArgs, RolloutPlanArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::io::scratch::ScratchFolder;
use crate::ledger::{BoardLine, IfAbsent, Ledger, LedgerError, WorkspaceKey, open};
use crate::model::ident::PackageName;
use crate::model::rollout::RolloutId;
use crate::model::workspace::Timestamp;
use crate::ops::rollout::drift;
use crate::plan::rollout::{PlannedMember, RolloutPlan};
use crate::settings::SettingsFile;

/// What the ledger tells of customers and packages.
pub(super) struct Earlier<'a> {
    context: &'a Context,
    platform: &'a PlatformArgs,
    place: String,
    ledger: Box<dyn Ledger>,
    /// What roll-outs left, of the packages that are asked about.
    left: BTreeMap<WorkspaceKey, Vec<BoardLine>>,
    /// Those that were read.
    rollouts: BTreeMap<RolloutId, Rollout>,
}

/// A roll-out that ended somewhere, with all that it brought.
struct Rollout {
    plan: RolloutPlan,
    packages: Vec<PathBuf>,
    settings: Vec<SettingsFile>,
    /// Packages lie in it.
    _scratch: ScratchFolder,
}

impl<'a> Earlier<'a> {
    /// What the ledger knows of these packages; nothing if there is no ledger yet.
    pub(super) fn of(
        context: &'a Context,
        args: &'a RolloutPlanArgs,
        packages: &[&PackageName],
    ) -> Result<Option<Self>, Failure> {
        let named = LedgerArgs {
            ledger: args.ledger.clone(),
        };
        let ledger = match open(&address(&named)?, &login(), IfAbsent::Refuse) {
            Ok(ledger) => ledger,
            // The first roll-out makes it.
            Err(LedgerError::Absent(_)) => {
                context
                    .ui
                    .talk("there is no ledger yet: no earlier roll-out is known\n");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let mut left: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for line in ledger.board()? {
            let asked = packages
                .iter()
                .any(|name| name.as_str() == line.receipt.package);
            if asked && line.outcome.is_reached() {
                left.entry(line.workspace.clone()).or_default().push(line);
            }
        }
        Ok(Some(Self {
            context,
            platform: &args.platform,
            place: place_of(&args.platform, &args.of)?,
            ledger,
            left,
            rollouts: BTreeMap::new(),
        }))
    }

    /// Why a customer is not as roll-outs left it, or can't be compared with that; nothing if it is as
    /// they left it, or they never reached it.
    pub(super) fn changed(&mut self, member: &PlannedMember) -> Result<Option<String>, Failure> {
        let key = key_of(&self.place, member);
        let (context, platform) = (self.context, self.platform);
        for line in self.left.remove(&key).unwrap_or_default() {
            let rollout = self.rollout(&line.rollout)?;
            let plan = &rollout.plan;
            // What later roll-outs, or steps of them, brought in place of others is compared with these.
            let mut before = plan.members.iter();
            let before = before.find_map(|before| {
                let same = before.workspace == member.workspace;
                let mut packages = plan.packages_of(before).filter(|_| same);
                let (at, package) =
                    packages.find(|(_, package)| package.digest == line.receipt.digest)?;
                Some((before, (package, rollout.packages.get(at)?.as_path())))
            });
            let (id, at) = (&line.rollout, line.at.utc());
            let cant = |why: &dyn std::fmt::Display| {
                format!(
                    "it can't be compared with what the roll-out {id} left there at {at}: {why}"
                )
            };
            let Some((before, left)) = before else {
                return Ok(Some(cant(&"the roll-out's plan does not have it")));
            };
            let mut members = Reachable {
                context,
                platform,
                written: None,
                plan,
                settings: &rollout.settings,
                arrives_within: 0,
            };
            let running = &context.running;
            // What is seen on the way is not kept.
            let unkept = (before, Timestamp::UNTOLD);
            match drift(&mut members, plan, unkept, &[left], running) {
                Ok(found) => {
                    let mut differs = found.differs.into_iter();
                    let Some(first) = differs.next() else {
                        continue;
                    };
                    let more = match differs.len() {
                        0 => String::new(),
                        more => format!(" (and {more} more)"),
                    };
                    return Ok(Some(format!(
                        "somebody changed it since the roll-out {id} reached it at {at}: {first}{more}; to overwrite that: --overwrite-edits"
                    )));
                }
                Err(why) => return Ok(Some(cant(&why))),
            }
        }
        Ok(None)
    }

    fn rollout(&mut self, id: &RolloutId) -> Result<&Rollout, Failure> {
        if !self.rollouts.contains_key(id) {
            let ledger = self.ledger.as_ref();
            let plan = plan_of(ledger, id)?;
            let scratch = ScratchFolder::new(&std::env::temp_dir())
                .map_err(|error| Failure::of(Exit::Failed, "unwritable", &error))?;
            let rollout = Rollout {
                packages: running::packages(ledger, &plan, &scratch)?,
                settings: running::settings(ledger, &plan)?,
                plan,
                _scratch: scratch,
            };
            self.rollouts.insert(id.clone(), rollout);
        }
        self.rollouts
            .get(id)
            .ok_or_else(|| anyhow::anyhow!("what was put in is there").into())
    }
}
