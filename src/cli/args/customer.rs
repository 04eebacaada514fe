//! Arguments of `customer`.

use clap::{Args, Subcommand};

use super::PlatformArgs;
use super::within::workspace;
use super::workspace::MOST;
use crate::model::workspace::{Address, Label, LabelEdit};

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
