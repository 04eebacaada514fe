//! Arguments of `customer`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::edits::EditsArgs;
use super::import::PermittedArgs;
use super::within::workspace;
use super::workspace::MOST;
use super::{ForceArgs, PlatformArgs};
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, Label, LabelEdit, ReadDepth};

/// What to do with the customers of an admin workspace.
#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Create a customer's workspace, in the data center of its admin workspace
    Create(CustomerCreateArgs),
    /// List the customers
    List(CustomerListArgs),
    /// Say what a customer has
    Show(CustomerShowArgs),
    /// Set and remove a customer's labels
    Label(CustomerLabelArgs),
    /// Make or update a customer's workspace as its file has it
    Apply(CustomerApplyArgs),
    /// Say where customers are otherwise than their files have it
    Reconcile(CustomerReconcileArgs),
}

/// Arguments of `customer create`.
#[derive(Debug, Args)]
pub(crate) struct CustomerCreateArgs {
    /// Its name
    #[arg(value_name = "NAME", value_parser = workspace)]
    pub(crate) name: Address,
    /// Its admin workspace
    #[arg(long, value_name = "ADMIN", value_parser = workspace)]
    pub(crate) of: Address,
    /// The partner's own name for it
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Its number [default: the next free one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST))]
    pub(crate) id: Option<u64>,
    /// A label; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub(crate) labels: Vec<Label>,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `customer list`.
#[derive(Debug, Args)]
pub(crate) struct CustomerListArgs {
    /// Only the customers of this admin workspace: a name in the local platform, or an address of the platform's API
    #[arg(long, value_name = "ADMIN", value_parser = workspace)]
    pub(crate) of: Option<Address>,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `customer show`.
#[derive(Debug, Args)]
pub(crate) struct CustomerShowArgs {
    /// Its name
    #[arg(value_name = "NAME", value_parser = workspace)]
    pub(crate) name: Address,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `customer label`.
#[derive(Debug, Args)]
pub(crate) struct CustomerLabelArgs {
    /// Its name
    #[arg(value_name = "NAME", value_parser = workspace)]
    pub(crate) name: Address,
    /// What to set, and what to remove
    #[arg(value_name = "KEY=VALUE|KEY-", required = true)]
    pub(crate) edits: Vec<LabelEdit>,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `customer apply`.
#[derive(Debug, Args)]
pub(crate) struct CustomerApplyArgs {
    /// The customer's file, or a plan that `customer apply --plan -o` wrote
    #[arg(value_name = "FILE.toml|plan.json")]
    pub(crate) file: PathBuf,
    /// Its admin workspace: a name, or an address [default: the plan's]
    #[arg(long, value_name = "ADMIN|ADDRESS", value_parser = workspace)]
    pub(crate) of: Option<Address>,
    /// Say what would happen, and do nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// With --plan: also write it to a file, which this takes
    #[arg(short, long, value_name = "FILE", requires = "plan")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// With --plan: exit with 2 if anything would be done
    #[arg(long, requires = "plan", hide = true)]
    pub(crate) detailed_exitcode: bool,
    /// Make a workspace, which can't be undone
    #[arg(long)]
    pub(crate) allow_new_workspace: bool,
    /// Send something in a time in which nothing is sent
    #[arg(long)]
    pub(crate) allow_frozen: bool,
    /// What imports are permitted.
    #[command(flatten)]
    pub(crate) permitted: PermittedArgs,
    /// Table rows: keep, overwrite, leave-out [default: overwrite]
    #[arg(long, value_name = "WAY")]
    pub(crate) rows: Option<RowsPolicy>,
    /// Edits made there.
    #[command(flatten)]
    pub(crate) edits: EditsArgs,
    /// Import packages that were made for another target, too
    #[arg(long)]
    pub(crate) other_target: bool,
    /// Over the API: slim (what lists don't tell is not read) or full [default: slim]
    #[arg(long, value_name = "HOW", hide = true)]
    pub(crate) read: Option<ReadDepth>,
    /// Don't ask before something is overwritten
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `customer reconcile`.
#[derive(Debug, Args)]
pub(crate) struct CustomerReconcileArgs {
    /// The customers' files
    #[arg(value_name = "FILE.toml", required_unless_present = "all")]
    pub(crate) files: Vec<PathBuf>,
    /// All files of this folder, and the customers that have none
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    pub(crate) all: Option<PathBuf>,
    /// Their admin workspace: a name in the local platform, or an address
    #[arg(long, value_name = "ADMIN|ADDRESS", value_parser = workspace)]
    pub(crate) of: Address,
    /// Exit with 2 if anything is otherwise
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Over the API: slim (what lists don't tell is not read) or full [default: slim]
    #[arg(long, value_name = "HOW")]
    pub(crate) read: Option<ReadDepth>,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
