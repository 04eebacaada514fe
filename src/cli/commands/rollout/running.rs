//! `recipack rollout run`.

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members::Reachable;
use super::planning::time;
use super::status::text;
use super::{open_ledger, plan_of};
use crate::cli::args::RolloutRunArgs;
use crate::cli::connect::credentials;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::permits::Permits;
use crate::cli::settings::invalid;
use crate::cli::{Context, Stop, platform};
use crate::io::scratch::ScratchFolder;
use crate::ledger::{IfAbsent, Ledger, LedgerError, open};
use crate::model::error::chain;
use crate::model::ident::Digest;
use crate::model::rollout::{Outcome, RunnerId, WaveNumber};
use crate::model::workspace::Address;
use crate::model::workspace::Timestamp;
use crate::ops::export::record::record_path;
use crate::ops::rollout::{
    GoesOn, Members as _, Ran, RolloutStatusDocument, RunError, Runner, run as work, status_of,
};
use crate::plan::decision::shell_word;
use crate::plan::rollout::{Brings, RolloutPlan};
use crate::settings::SettingsFile;

/// What `rollout run` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutRunDocument {
    /// Why it went no further.
    pub(crate) ended: String,
    /// When it goes on, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// How far the roll-out is.
    pub(crate) rollout: RolloutStatusDocument,
}

pub(super) fn run(context: &Context, args: &RolloutRunArgs) -> Result<Exit, Stop> {
    let mut ledger = open_ledger(&args.ledger, IfAbsent::Refuse)?;
    let plan = plan_of(ledger.as_ref(), &args.id)?;
    if args.lease.seconds() == 0 {
        return Err(Failure::usage("--lease 0s holds nobody").into());
    }
    let scratch = ScratchFolder::new(&std::env::temp_dir())
        .map_err(|error| Failure::of(Exit::Failed, "unwritable", &error))?;
    let packages = packages(ledger.as_ref(), &plan, &scratch)?;
    let settings = settings(ledger.as_ref(), &plan)?;
    let given_up = Arc::new(AtomicBool::new(false));
    permits(context, args, &plan, &given_up)?;
    let work = Work {
        context,
        args,
        plan: &plan,
        packages: &packages,
        settings: &settings,
    };
    let ran = work.in_parallel(ledger.as_mut());
    if given_up.load(Ordering::Relaxed) {
        return Err(lost_ledger(ledger.as_ref(), args).into());
    }
    let ran = ran.map_err(|failure| match failure.exit == Exit::Temporary {
        true => failure.help(again(args)),
        false => failure,
    })?;
    let status = status_of(ledger.as_ref(), &args.id, &plan)?;
    let all_reached = status.reached == status.members.len();
    let (ended, until, exit) = match ran {
        Ran::Done if all_reached => ("done", None, Exit::Done),
        Ran::Done => (
            "done, and not every customer has it",
            None,
            Exit::PartlyDone,
        ),
        Ran::Bakes { until } => ("a wave is in use", Some(until), Exit::Unfinished),
        Ran::Watched { until } => ("the jobs of a wave count", Some(until), Exit::Unfinished),
        Ran::Gated { .. } => (
            "the jobs of a wave don't let the next one begin",
            None,
            Exit::PartlyDone,
        ),
        Ran::Frozen { until } => (
            "customers that are left are held for some time",
            Some(until),
            Exit::Unfinished,
        ),
        Ran::Unanswered { until } => (
            "customers that are left did not answer, or are not done with what was sent",
            Some(until),
            Exit::Unfinished,
        ),
        Ran::Halted { failures, budget } => {
            (halted(&status, failures, budget), None, Exit::PartlyDone)
        }
        Ran::Stopped(wave) => (stopped(&plan, wave), None, Exit::PartlyDone),
        Ran::Paused => ("it is paused", None, Exit::Refused),
        Ran::Over(_) => ("it is over", None, Exit::Refused),
        Ran::Interrupted => ("interrupted", None, Exit::Interrupted),
        Ran::Left { until } => (
            "the end of what was sent to a customer can't be seen yet",
            Some(until),
            Exit::Unfinished,
        ),
    };
    let document = RolloutRunDocument {
        ended: ended.to_owned(),
        until,
        rollout: status,
    };
    context.ui.print(&document, |document| {
        let until = document.until.map_or_else(String::new, |until| {
            format!(
                "; go on at {}: recipack rollout run {}",
                until.utc(),
                args.id
            )
        });
        format!(
            "{}{}{until}\n",
            text(&document.rollout),
            sentence(&document.ended)
        )
    })?;
    Ok(exit)
}

/// What stopped it: who was to try a connector, or the step that changes shared connectors.
fn stopped(plan: &RolloutPlan, wave: WaveNumber) -> &'static str {
    let mut of_wave = plan.members.iter().filter(|member| member.wave == wave);
    match of_wave.all(|member| member.brings == Brings::Packages) {
        true => "shared connectors are not as planned",
        false => "not all of the ring try the connector",
    }
}

/// What stopped it: customers, or the step that changes shared connectors, which counts as one.
fn halted(status: &RolloutStatusDocument, failures: u32, budget: u32) -> &'static str {
    let connectors = status.members.iter();
    let mut connectors = connectors.filter(|member| Some(member.number) == status.connectors);
    let failed = [Outcome::Failed, Outcome::Partly].map(Outcome::as_str);
    let connectors = connectors.any(|member| failed.contains(&member.state.as_str()));
    match connectors && failures.saturating_sub(1) <= budget {
        true => "shared connectors could not be changed",
        false => "too many customers failed",
    }
}

/// The command to go on with.
fn again(args: &RolloutRunArgs) -> String {
    let ledger = args.ledger.ledger.as_deref();
    let ledger = ledger.map_or_else(String::new, |ledger| {
        format!(" --ledger {}", shell_word(&ledger.display().to_string()))
    });
    format!(
        "what was begun is gone on with by the next run: recipack rollout run {}{ledger}",
        args.id
    )
}

/// The ledger did not answer for too long: nothing was sent without it.
fn lost_ledger(ledger: &dyn Ledger, args: &RolloutRunArgs) -> Failure {
    Failure::new(
        Exit::Temporary,
        "ledger-unavailable",
        format!(
            "the ledger {} did not answer for {}",
            ledger.name(),
            time(args.ledger_wait.seconds())
        ),
    )
    .help(again(args))
}

/// Has requests counted together with those of all runners of the ledger, whatever machine they are on.
fn permits(
    context: &Context,
    args: &RolloutRunArgs,
    plan: &RolloutPlan,
    given_up: &Arc<AtomicBool>,
) -> Result<(), Failure> {
    let (Address::Remote(of), Some(admin)) = (&plan.of, plan.admin) else {
        return Ok(());
    };
    let host = credentials(&args.platform, of)?.base.host();
    let account = Digest::of(format!("requests\n{host}\n{admin}").as_bytes()).to_string();
    let (address, login) = (super::address(&args.ledger)?, super::login());
    let warn = context.ui.warning();
    let (given_up, interrupt) = (Arc::clone(given_up), context.running.interrupt.flag());
    let permits = Permits::of(
        account,
        move || open(&address, &login, IfAbsent::Refuse),
        move |error| warn(&format!("the ledger is waited for: {}", chain(error))),
        Duration::from_secs(args.ledger_wait.seconds()),
        move || {
            given_up.store(true, Ordering::Relaxed);
            // Whatever waits is cut short as if somebody had asked to stop.
            interrupt.store(true, Ordering::Relaxed);
        },
    )
    .map_err(|error| Failure::of(Exit::Failed, "ledger", &error))?;
    // There is one for a process.
    let _ = context.permits.set(Arc::new(permits));
    Ok(())
}

/// What the runners of this process share: each is one of its own for the ledger, which counts what
/// all of them work on.
struct Work<'w> {
    context: &'w Context,
    args: &'w RolloutRunArgs,
    plan: &'w RolloutPlan,
    packages: &'w [PathBuf],
    settings: &'w [SettingsFile],
}

impl Work<'_> {
    /// Works with as many runners as were asked for, until none of them goes further.
    fn in_parallel(&self, ledger: &mut dyn Ledger) -> Result<Ran, Failure> {
        std::thread::scope(|scope| {
            let more = (1..self.args.parallel).map(|_| {
                scope.spawn(|| {
                    let mut ledger = open_ledger(&self.args.ledger, IfAbsent::Refuse)?;
                    self.alone(ledger.as_mut())
                })
            });
            let more: Vec<_> = more.collect();
            let mut ran = self.alone(ledger)?;
            for runner in more {
                let other = runner.join().unwrap_or_else(|_| {
                    Err(Failure::new(
                        Exit::Failed,
                        "ledger",
                        "a runner of this process ended",
                    ))
                })?;
                // Whatever one of them saw later says more.
                if rank(&other) > rank(&ran) {
                    ran = other;
                }
            }
            Ok(ran)
        })
    }

    fn alone(&self, ledger: &mut dyn Ledger) -> Result<Ran, Failure> {
        let Self { context, args, .. } = *self;
        let runner = Runner {
            id: &args.id,
            plan: self.plan,
            runner: RunnerId(name()),
            packages: self.packages,
            lease: args.lease.seconds(),
        };
        let mut members = Reachable {
            context,
            platform: &args.platform,
            written: Some((&args.ledger, &args.id)),
            plan: self.plan,
            settings: self.settings,
            arrives_within: args.arrives_within.seconds(),
        };
        loop {
            let mut observer = crate::ops::Silent;
            let ran = work(
                ledger,
                &runner,
                &mut members,
                &context.running,
                &mut observer,
            )?;
            let (what, until) = match ran {
                Ran::Bakes { until } if args.wait_for_waves => ("the next wave begins", until),
                Ran::Watched { until } if args.wait_for_waves => {
                    ("the jobs of a wave are read", until)
                }
                Ran::Unanswered { until } if args.wait_for_waves => (
                    "customers that did not answer or are not done are asked again",
                    until,
                ),
                Ran::Bakes { .. }
                | Ran::Watched { .. }
                | Ran::Gated { .. }
                | Ran::Unanswered { .. }
                | Ran::Frozen { .. }
                | Ran::Done
                | Ran::Halted { .. }
                | Ran::Stopped(_)
                | Ran::Paused
                | Ran::Over(_)
                | Ran::Interrupted
                | Ran::Left { .. } => return Ok(ran),
            };
            context.ui.talk(&format!("{what} at {}\n", until.utc()));
            while ledger.now()? < until {
                match members.pause(Duration::from_secs(1)) {
                    GoesOn::Yes => {}
                    GoesOn::Interrupted => return Ok(Ran::Interrupted),
                }
            }
        }
    }
}

/// How much the end of one runner says of the roll-out, where others ended otherwise.
const fn rank(ran: &Ran) -> u8 {
    match ran {
        Ran::Left { .. } => 0,
        Ran::Unanswered { .. } => 1,
        Ran::Bakes { .. } => 2,
        Ran::Watched { .. } => 3,
        Ran::Frozen { .. } => 4,
        Ran::Paused => 5,
        Ran::Halted { .. } => 6,
        Ran::Stopped(_) | Ran::Gated { .. } => 7,
        Ran::Interrupted => 8,
        Ran::Over(_) => 9,
        Ran::Done => 10,
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// What this runner is called: no other one has the name.
fn name() -> String {
    // Processes of two machines may have one number.
    let random = std::hash::RandomState::new().build_hasher().finish();
    format!("{} {}-{random:016x}", platform::who(), std::process::id())
}

/// The packages with their records, as files here.
pub(super) fn packages(
    ledger: &dyn Ledger,
    plan: &RolloutPlan,
    scratch: &ScratchFolder,
) -> Result<Vec<PathBuf>, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for (at, package) in plan.all_packages().enumerate() {
        let before = plan.all_packages().zip(&paths);
        let mut before = before.filter(|(before, _)| before.digest == package.digest);
        if let Some(path) = before.next().map(|(_, path)| path.clone()) {
            paths.push(path);
            continue;
        }
        // Another form of a package has its name.
        let path = match at < plan.packages.len() {
            true => scratch.file(&format!("{}.zip", package.name)),
            false => scratch.file(&format!("{}.{at}.zip", package.name)),
        };
        take(ledger, &package.digest, &path)?;
        if let Some(record) = &package.record {
            take(ledger, record, &record_path(&path))?;
        }
        paths.push(path);
    }
    Ok(paths)
}

fn take(ledger: &dyn Ledger, digest: &Digest, path: &Path) -> Result<(), Failure> {
    let mut file =
        File::create_new(path).map_err(|error| Failure::of(Exit::Failed, "unwritable", &error))?;
    Ok(ledger.content(digest, &mut file)?)
}

/// The settings, as they were planned.
pub(super) fn settings(
    ledger: &dyn Ledger,
    plan: &RolloutPlan,
) -> Result<Vec<SettingsFile>, Failure> {
    let mut files = Vec::new();
    for file in &plan.settings {
        let mut text = Vec::new();
        ledger.content(&file.digest, &mut text)?;
        let text = String::from_utf8(text)
            .map_err(|_| Failure::from(LedgerError::Damaged(file.digest)))?;
        let parsed = SettingsFile::parse(&file.path, &text).map_err(|errors| invalid(&errors))?;
        files.push(parsed);
    }
    Ok(files)
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Ledger(error) => error.into(),
            RunError::OtherPackage { .. } => {
                Self::of(Exit::VerificationFailed, "ledger-damaged", &error)
                    .help("start a new roll-out of the plan, with --supersede and this one's id")
            }
        }
    }
}
