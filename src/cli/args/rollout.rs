//! Arguments of `rollout`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::import::PermittedArgs;
use super::within::workspace;
use super::{ForceArgs, PlatformArgs, WithinArgs};
use crate::manifest::Soak;
use crate::model::ident::Version;
use crate::model::rollout::RolloutId;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, FolderPath, Label};
use crate::plan::fleet::{FleetQuestion, UsesQuestion};
use crate::plan::rollout::Waves;
use crate::plan::rollout::gate::AllowedFailures;
use crate::plan::sharing::{ConnectorWish, TriedConnector};

/// What to do with roll-outs.
#[derive(Debug, Subcommand)]
pub(crate) enum RolloutCommand {
    /// Write down what goes to which customers, in which waves; nothing is sent
    Plan(Box<RolloutPlanArgs>),
    /// Begin a roll-out of a plan; nothing is sent before `run`
    Start(RolloutStartArgs),
    /// Send to customers until a wave is in use, too many failed, or all is done
    Run(RolloutRunArgs),
    /// List roll-outs, or say how far one is
    Status(RolloutStatusArgs),
    /// Begin nothing new until `resume`
    Pause(RolloutOrderArgs),
    /// Go on after `pause`
    Resume(RolloutOrderArgs),
    /// Give a roll-out up: what was sent is brought to its end; --back plans the way back
    Abort(Box<RolloutAbortArgs>),
    /// Say what becomes of a wave whose jobs keep the next one from beginning
    Gate(RolloutGateArgs),
    /// Try customers again
    Retry(RolloutRetryArgs),
    /// Leave customers out for good
    Skip(RolloutMembersArgs),
    /// Leave customers out until `retry`
    Hold(RolloutMembersArgs),
    /// Say what which customer has, by what roll-outs left there
    Board(RolloutBoardArgs),
    /// Compare customers with what roll-outs left there
    Drift(RolloutDriftArgs),
    /// Say what customers' recipes did since the roll-out reached them
    Jobs(RolloutJobsArgs),
    /// Say what came of each customer, and all that happened
    Report(RolloutReportArgs),
}

/// Where roll-outs are written down.
#[derive(Clone, Debug, Args)]
pub(crate) struct LedgerArgs {
    /// The ledger: a file or postgres://… [default: $RECIPACK_LEDGER]
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) ledger: Option<PathBuf>,
}

/// Arguments of `rollout plan`.
#[derive(Debug, Args)]
pub(crate) struct RolloutPlanArgs {
    /// The packages, in the order in which they are imported
    #[arg(value_name = "PACKAGE.zip", required = true)]
    pub(crate) packages: Vec<PathBuf>,
    /// Whose customers: an admin workspace
    #[arg(long, value_name = "ADMIN", value_parser = workspace)]
    pub(crate) of: Address,
    /// Which: all, names, or labels [default: all]
    #[arg(long, value_name = "NAME|KEY=VALUE", value_delimiter = ',')]
    pub(crate) customers: Vec<String>,
    /// Labels of customers, and who is held (TOML, or a folder)
    #[arg(long, value_name = "FILE")]
    pub(crate) fleet: Option<PathBuf>,
    /// 1,5,20% or ring=first; then the rest [default: 1,20%]
    #[arg(long, value_name = "WAVES")]
    pub(crate) waves: Option<Waves>,
    /// How many may fail before nothing new is begun
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) budget: u32,
    /// How many at once, whatever the budget
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) at_once: Option<u32>,
    /// How long a wave is in use: 90s, 30m, 24h, 7d
    #[arg(long, value_name = "TIME", default_value = "0s")]
    pub(crate) bake: Soak,
    /// How many of a wave's jobs may fail in `--jobs-for 30m`
    #[arg(long, value_name = "N|P%", requires = "jobs_for")]
    pub(crate) jobs_max_failed: Option<AllowedFailures>,
    /// For how long its jobs count: 30m, 24h
    #[arg(long, value_name = "TIME", requires = "jobs_max_failed", hide = true)]
    pub(crate) jobs_for: Option<Soak>,
    /// Go on where no job of a wave ended in that time
    #[arg(long, requires = "jobs_max_failed", hide = true)]
    pub(crate) jobs_accept_none: bool,
    /// The folder to import into [default: the settings', or Home]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// What customers need; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Vec<PathBuf>,
    /// Look at each customer: who can't get it is held, and why
    #[arg(long)]
    pub(crate) look: bool,
    /// The ledger of earlier roll-outs, for --look [default: $RECIPACK_LEDGER]
    #[arg(long, value_name = "FILE|URL", hide = true)]
    pub(crate) ledger: Option<PathBuf>,
    /// A shared one: =share[@N], =update, =switch@N; --canary-connector
    #[arg(long = "connector", value_name = "TITLE=WAY")]
    pub(crate) connectors: Vec<ConnectorWish>,
    /// Change shared connectors after the imports, not before them
    #[arg(long, requires = "connectors", hide = true)]
    pub(crate) connectors_after: bool,
    /// A shared connector that `--ring KEY=VALUE` tries first
    #[arg(
        long,
        value_name = "TITLE[@N]",
        requires_all = ["ring", "output"],
        conflicts_with_all = ["connectors", "look"],
        hide = true
    )]
    pub(crate) canary_connector: Option<TriedConnector>,
    /// Who tries it, by a label
    #[arg(
        long,
        value_name = "KEY=VALUE",
        requires = "canary_connector",
        hide = true
    )]
    pub(crate) ring: Option<Label>,
    /// What is permitted.
    #[command(flatten)]
    pub(crate) permitted: PermittedArgs,
    /// Table rows: keep, overwrite, leave-out
    #[arg(long, value_name = "WAY", default_value = "overwrite", hide = true)]
    pub(crate) rows: RowsPolicy,
    /// The plan
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

impl RolloutPlanArgs {
    /// The admin workspace.
    pub(crate) fn within(&self) -> WithinArgs {
        WithinArgs {
            address: self.of.clone(),
            platform: self.platform.clone(),
        }
    }
}

/// Arguments of `rollout start`.
#[derive(Debug, Args)]
pub(crate) struct RolloutStartArgs {
    /// The plan that `rollout plan` wrote
    #[arg(value_name = "PLAN.json")]
    pub(crate) plan: PathBuf,
    /// Take the place of this one, which is not over; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) supersede: Vec<RolloutId>,
    /// Don't ask before running recipes get another version of a shared connector
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `rollout run`.
#[derive(Debug, Args)]
pub(crate) struct RolloutRunArgs {
    /// The roll-out, as `rollout start` printed it
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// After how long another runner may take a customer over: 90s, 30m
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub(crate) lease: Soak,
    /// How long after that a request of its may still arrive
    #[arg(long, value_name = "TIME", default_value = "60s", hide = true)]
    pub(crate) arrives_within: Soak,
    /// For how long a ledger that does not answer is waited for
    #[arg(long, value_name = "TIME", default_value = "2m", hide = true)]
    pub(crate) ledger_wait: Soak,
    /// On how many customers it works at once, within what the budget allows
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) parallel: u32,
    /// Wait while a wave is in use, and for customers that did not answer, instead of ending with 69
    #[arg(long)]
    pub(crate) wait_for_waves: bool,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `rollout status`.
#[derive(Debug, Args)]
pub(crate) struct RolloutStatusArgs {
    /// The roll-out [default: all are listed]
    #[arg(value_name = "ID")]
    pub(crate) id: Option<RolloutId>,
    /// Say it whenever something changed, until it is over (--json: once, at the end)
    #[arg(long, requires = "id")]
    pub(crate) watch: bool,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Arguments of `rollout abort`.
#[derive(Debug, Args)]
pub(crate) struct RolloutAbortArgs {
    /// The roll-out
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Plan a roll-out that brings those back which were changed, also of one that is over
    #[arg(long)]
    pub(crate) back: bool,
    /// That plan
    #[arg(short, long, value_name = "FILE", requires = "back")]
    pub(crate) output: Option<PathBuf>,
    /// Its waves: 1,5,20% or ring=first; then the rest [default: 1,20%]
    #[arg(long, value_name = "WAVES", requires = "back")]
    pub(crate) waves: Option<Waves>,
    /// How many may fail on the way back before nothing new is begun
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) budget: u32,
    /// How long a wave is in use: 90s, 30m, 24h, 7d
    #[arg(long, value_name = "TIME", default_value = "0s")]
    pub(crate) bake: Soak,
    /// What is permitted.
    #[command(flatten)]
    pub(crate) permitted: PermittedArgs,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `rollout pause` and `resume`.
#[derive(Debug, Args)]
pub(crate) struct RolloutOrderArgs {
    /// The roll-out
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Arguments of `rollout gate`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("order").required(true))]
pub(crate) struct RolloutGateArgs {
    /// The roll-out
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Have the wave's jobs read again by the next run
    #[arg(long, group = "order")]
    pub(crate) again: bool,
    /// Let the wave pass, whatever its jobs came to
    #[arg(long, group = "order")]
    pub(crate) pass: bool,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Arguments of `rollout retry`.
#[derive(Debug, Args)]
pub(crate) struct RolloutRetryArgs {
    /// The roll-out
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Whom: a number of the roll-out, a name, an external id or an address
    #[arg(value_name = "CUSTOMER", required_unless_present_any = ["failed", "held"])]
    pub(crate) members: Vec<String>,
    /// All that failed or are done in part
    #[arg(long)]
    pub(crate) failed: bool,
    /// All that are held
    #[arg(long)]
    pub(crate) held: bool,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Arguments of `rollout skip` and `hold`.
#[derive(Debug, Args)]
pub(crate) struct RolloutMembersArgs {
    /// The roll-out
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Whom: a number of the roll-out, a name, an external id or an address
    #[arg(value_name = "CUSTOMER", required = true)]
    pub(crate) members: Vec<String>,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Arguments of `rollout board`.
#[derive(Debug, Args)]
pub(crate) struct RolloutBoardArgs {
    /// Print the lines with commas, for spreadsheets
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Only packages whose recipes use this connector
    #[arg(long, value_name = "TITLE", group = "only")]
    pub(crate) uses: Option<String>,
    /// And this action or trigger of it
    #[arg(long, value_name = "NAME", requires = "uses")]
    pub(crate) action: Option<String>,
    /// And an older version of it: 7
    #[arg(long, value_name = "VERSION", requires = "uses")]
    pub(crate) older_than: Option<u64>,
    /// Only packages with connections that are not authorized
    #[arg(long, group = "only")]
    pub(crate) unauthorized: bool,
    /// Only packages with recipes that the platform stopped
    #[arg(long, group = "only")]
    pub(crate) stopped: bool,
    /// Only customers that wait for a person
    #[arg(long, group = "only")]
    pub(crate) waiting: bool,
    /// Where roll-outs are written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

impl RolloutBoardArgs {
    /// What has to be so of a line, if not all are told.
    pub(crate) fn question(&self) -> Option<FleetQuestion> {
        let uses = self.uses.as_ref().map(|connector| UsesQuestion {
            connector: connector.clone(),
            action: self.action.clone(),
            older_than: self.older_than.map(Version),
            counted_in: None,
        });
        [
            uses.map(FleetQuestion::Uses),
            self.unauthorized.then_some(FleetQuestion::Unauthorized),
            self.stopped.then_some(FleetQuestion::Stopped),
            self.waiting.then_some(FleetQuestion::Waiting),
        ]
        .into_iter()
        .flatten()
        .next()
    }
}

/// Arguments of `rollout drift`.
#[derive(Debug, Args)]
pub(crate) struct RolloutDriftArgs {
    /// The roll-out whose customers are read: what is seen is kept for `fleet query`
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Exit with 2 if one is not as it was left
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `rollout jobs`.
#[derive(Debug, Args)]
pub(crate) struct RolloutJobsArgs {
    /// The roll-out whose customers are asked
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Exit with 2 if a job failed
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `rollout report`.
#[derive(Debug, Args)]
pub(crate) struct RolloutReportArgs {
    /// The roll-out
    #[arg(value_name = "ID")]
    pub(crate) id: RolloutId,
    /// Where it is written down.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}
