//! Arguments of `workspace`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::within::workspace;
use super::{PlatformArgs, WorkspaceExportArgs};
use crate::model::ident::DataCenter;
use crate::model::workspace::{Address, ClosedSource, WorkspaceKind};

/// No workspace has a larger number: readers of JSON get larger ones wrong.
pub(super) const MOST: u64 = (1 << 53) - 1;

/// What to do with the local platform's workspaces.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Create a workspace
    Create(WorkspaceCreateArgs),
    /// List the workspaces
    List(WorkspaceListArgs),
    /// Say what a workspace holds
    Show(WorkspaceShowArgs),
    /// Change what is set for a workspace
    Set(WorkspaceSetArgs),
    /// Make a package of what a workspace holds
    Export(WorkspaceExportArgs),
    /// Delete a workspace with everything in it
    Delete(WorkspaceDeleteArgs),
}

/// Arguments of `workspace create`.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceCreateArgs {
    /// Its name
    #[arg(value_name = "NAME", value_parser = workspace)]
    pub(crate) name: Address,
    /// Whose it is: `admin` for a partner's own, `customer` for one under it, `external` for any other account
    #[arg(long, value_name = "admin|customer|external")]
    pub(crate) kind: WorkspaceKind,
    /// The data center it lives in [default: us, or the admin workspace's for a customer]
    #[arg(long, value_name = "DC")]
    pub(crate) data_center: Option<DataCenter>,
    /// The admin workspace of a customer
    #[arg(long, value_name = "ADMIN", value_parser = workspace)]
    pub(crate) of: Option<Address>,
    /// The partner's own name for a customer
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Its number, which stands in the internal names of its connectors [default: the next free one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST))]
    pub(crate) id: Option<u64>,
    /// For an admin workspace, the connectors that it shares: a catalogue file, or the platform's answer as it is
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,
    /// Let an admin workspace share connectors closed-source
    #[arg(long)]
    pub(crate) may_close_source: bool,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `workspace set`.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceSetArgs {
    /// Its name
    #[arg(value_name = "NAME", value_parser = workspace)]
    pub(crate) name: Address,
    /// Whether an admin workspace may share connectors closed-source
    #[arg(long, value_name = "allowed|not-allowed")]
    pub(crate) closed_source: ClosedSource,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `workspace list`.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceListArgs {
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `workspace show`.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceShowArgs {
    /// The workspace: local:NAME, https://HOST[#folder=ID], profile:NAME or customer:ID
    #[arg(value_name = "ADDRESS", value_parser = workspace)]
    pub(crate) address: Address,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `workspace delete`.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceDeleteArgs {
    /// Its name
    #[arg(value_name = "NAME", value_parser = workspace)]
    pub(crate) name: Address,
    /// Delete it without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
