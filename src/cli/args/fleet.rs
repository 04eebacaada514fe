//! Arguments of `fleet`.

use clap::{Args, Subcommand};

use super::LedgerArgs;
use crate::manifest::Soak;
use crate::model::ident::Version;
use crate::model::workspace::WorkspaceId;
use crate::plan::fleet::{FleetQuestion, UsesQuestion};

/// What to do with all customers.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Ask what roll-outs wrote down of customers; no customer is asked
    #[command(subcommand)]
    Query(FleetQueryCommand),
}

/// What is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetQueryCommand {
    /// Which recipes use a connector, one of its actions, or an older version of it
    Uses(FleetUsesArgs),
    /// Which connections are not authorized, were once, or are missing
    #[command(alias = "unauthorised")]
    Unauthorized(FleetSeenArgs),
    /// Which recipes the platform stopped, and its word for why
    Stopped(FleetSeenArgs),
    /// Who was never reached by any roll-out
    Unreached(FleetAskArgs),
    /// Who is held, failed or done in part, and waits for a person
    Waiting(FleetAskArgs),
}

impl FleetQueryCommand {
    /// The question, and how to ask it.
    pub(crate) fn question(&self) -> (FleetQuestion, Option<Soak>, &FleetAskArgs) {
        match self {
            Self::Uses(args) => (
                FleetQuestion::Uses(args.question()),
                args.seen.max_age,
                &args.seen.ask,
            ),
            Self::Unauthorized(args) => (FleetQuestion::Unauthorized, args.max_age, &args.ask),
            Self::Stopped(args) => (FleetQuestion::Stopped, args.max_age, &args.ask),
            Self::Unreached(args) => (FleetQuestion::Unreached, None, args),
            Self::Waiting(args) => (FleetQuestion::Waiting, None, args),
        }
    }
}

/// Arguments of `fleet query uses`.
#[derive(Debug, Args)]
pub(crate) struct FleetUsesArgs {
    /// The connector, by its title or internal name
    #[arg(long, value_name = "TITLE")]
    pub(crate) connector: String,
    /// Only those that use this action or trigger
    #[arg(long, value_name = "NAME")]
    pub(crate) action: Option<String>,
    /// Only those that run an older version: 7
    #[arg(long, value_name = "VERSION")]
    pub(crate) older_than: Option<u64>,
    /// The number of the workspace in which that version counts [default: the only one there is]
    #[arg(long, value_name = "WORKSPACE", requires = "older_than")]
    pub(crate) counted_in: Option<u64>,
    /// How late it has to have been seen.
    #[command(flatten)]
    pub(crate) seen: FleetSeenArgs,
}

impl FleetUsesArgs {
    fn question(&self) -> UsesQuestion {
        UsesQuestion {
            connector: self.connector.clone(),
            action: self.action.clone(),
            older_than: self.older_than.map(Version),
            counted_in: self.counted_in.map(WorkspaceId),
        }
    }
}

/// Arguments of questions of what was seen at customers.
#[derive(Debug, Args)]
pub(crate) struct FleetSeenArgs {
    /// What was read longer ago is unknown: 90s, 30m, 24h, 7d
    #[arg(long, value_name = "TIME")]
    pub(crate) max_age: Option<Soak>,
    /// How to answer.
    #[command(flatten)]
    pub(crate) ask: FleetAskArgs,
}

/// How questions are answered.
#[derive(Debug, Args)]
pub(crate) struct FleetAskArgs {
    /// Print the answer with commas, for spreadsheets
    #[arg(long, conflicts_with_all = ["json", "html"])]
    pub(crate) csv: bool,
    /// Print the answer as a page, one HTML file
    #[arg(long, conflicts_with = "json")]
    pub(crate) html: bool,
    /// Exit with 2 if something is found; with 68 if nothing is, and not all is known
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Where roll-outs are written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}
