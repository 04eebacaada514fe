//! `recipack rollout`: packages for many customers.

mod back;
mod board;
mod canary;
mod connectors;
mod earlier;
mod fleet;
mod jobs;
mod known;
mod members;
mod orders;
mod planning;
mod running;
mod starting;
mod status;

use std::path::PathBuf;

use secrecy::SecretString;

pub(crate) use board::{BoardDocument, DriftDocument};
pub(crate) use running::RolloutRunDocument;
pub(crate) use starting::RolloutStartDocument;

use crate::cli::args::{LedgerArgs, RolloutCommand};
use crate::cli::connect::state;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{Context, Stop};
use crate::io::system::HOME;
use crate::ledger::{IfAbsent, Ledger, LedgerError, Login, open};
use crate::model::rollout::RolloutId;
use crate::plan::rollout::{RolloutPlan, RolloutPlanError};

/// Where roll-outs are written down, unless an argument says it.
const VARIABLE: &str = "RECIPACK_LEDGER";
/// What the file is called in this machine's state.
const FILE: &str = "ledger.db";

pub(crate) fn run(context: &Context, command: &RolloutCommand) -> Result<Exit, Stop> {
    match command {
        RolloutCommand::Plan(args) => planning::run(context, args),
        RolloutCommand::Start(args) => starting::run(context, args),
        RolloutCommand::Run(args) => running::run(context, args),
        RolloutCommand::Status(args) => status::status(context, args),
        RolloutCommand::Pause(args) => orders::pause(context, args),
        RolloutCommand::Resume(args) => orders::resume(context, args),
        RolloutCommand::Abort(args) => back::abort(context, args),
        RolloutCommand::Gate(args) => orders::gate(context, args),
        RolloutCommand::Retry(args) => orders::retry(context, args),
        RolloutCommand::Skip(args) => orders::skip(context, args),
        RolloutCommand::Hold(args) => orders::hold(context, args),
        RolloutCommand::Board(args) => board::board(context, args),
        RolloutCommand::Drift(args) => board::drift(context, args),
        RolloutCommand::Jobs(args) => jobs::jobs(context, args),
        RolloutCommand::Report(args) => status::report(context, args),
    }
}

/// Where the ledger is.
fn address(args: &LedgerArgs) -> Result<PathBuf, Failure> {
    let said = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    match args.ledger.clone().or(said.map(PathBuf::from)) {
        Some(said) => Ok(said),
        None => Ok(state()?.join(FILE)),
    }
}

/// Opens the ledger.
pub(super) fn open_ledger(args: &LedgerArgs, absent: IfAbsent) -> Result<Box<dyn Ledger>, Failure> {
    open(&address(args)?, &login(), absent).map_err(Failure::from)
}

/// What PostgreSQL's own programs take from the environment to log in.
fn login() -> Login {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let text = |name: &str| variable(name).and_then(|value| value.into_string().ok());
    let home = || variable(HOME).map(|home| PathBuf::from(home).join(".pgpass"));
    Login {
        user: text("PGUSER"),
        password: text("PGPASSWORD").map(SecretString::from),
        passwords: variable("PGPASSFILE").map(PathBuf::from).or_else(home),
        authorities: variable("PGSSLROOTCERT").map(PathBuf::from),
    }
}

/// A roll-out's plan.
fn plan_of(ledger: &dyn Ledger, id: &RolloutId) -> Result<RolloutPlan, Failure> {
    let text = ledger.plan(id)?;
    RolloutPlan::parse(text.as_bytes()).map_err(|error| unreadable_plan(&ledger.name(), &error))
}

/// A file or a row is no plan.
pub(super) fn unreadable_plan(place: &str, error: &RolloutPlanError) -> Failure {
    let (exit, code) = match error {
        RolloutPlanError::Newer { .. } => (Exit::Failed, "newer-plan"),
        RolloutPlanError::Seal(crate::model::seal::SealError::Json(_)) => {
            (Exit::Failed, "invalid-plan")
        }
        RolloutPlanError::Seal(_) => (Exit::VerificationFailed, "damaged-plan"),
    };
    Failure::new(
        exit,
        code,
        format!("{place} holds no plan of a roll-out: {error}"),
    )
    .help("make one with `recipack rollout plan PACKAGE.zip --of ADMIN -o rollout.json`")
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        match &error {
            LedgerError::Unknown(_) => Self::of(Exit::Failed, "no-rollout", &error)
                .help("those that are there: recipack rollout status"),
            LedgerError::Exists(id) => Self::of(Exit::Refused, "started-before", &error)
                .help(format!("go on with it: recipack rollout run {id}")),
            LedgerError::Taken {
                by,
                workspaces,
                count,
            } => {
                let more = count.saturating_sub(workspaces.len());
                let more = (more > 0).then(|| format!("and {more} more"));
                Self::of(Exit::Refused, "other-rollout", &error)
                    .notes(workspaces.iter().cloned().chain(more))
                    .help(format!(
                        "bring that one to its end, give it up with `recipack rollout abort {by}`, or take its place with --supersede {by}"
                    ))
            }
            LedgerError::Missing(_) | LedgerError::Damaged(_) => {
                Self::of(Exit::VerificationFailed, "ledger-damaged", &error)
                    .help("start a new roll-out of the plan, with --supersede and this one's id")
            }
            LedgerError::Newer { .. } => Self::of(Exit::Failed, "newer-ledger", &error)
                .help("use the newer version of recipack"),
            LedgerError::Unavailable(_) => Self::of(Exit::Temporary, "ledger-unavailable", &error),
            LedgerError::Denied(_) => Self::of(Exit::NotAuthorised, "ledger-denied", &error)
                .help("say who asks in the address or PGUSER, and the password in PGPASSWORD or ~/.pgpass"),
            LedgerError::Corrupt(_) => Self::of(Exit::VerificationFailed, "ledger-damaged", &error)
                .help("take a copy from before, or start its roll-outs anew with another ledger"),
            LedgerError::NoLedger(_) | LedgerError::Absent(_) | LedgerError::Failed(_) => {
                Self::of(Exit::Failed, "ledger", &error)
                    .help("say where it is with --ledger or RECIPACK_LEDGER")
            }
        }
    }
}
