//! Arguments of `connection`.

use clap::{Args, Subcommand};

use super::WithinArgs;

/// What to do with a workspace's connections.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// List the connections
    List(ConnectionListArgs),
    /// Mark connections as authorized, so that recipes can start; the local platform keeps no credentials
    Authorize(ConnectionAuthorizeArgs),
}

/// Arguments of `connection list`.
#[derive(Debug, Args)]
pub(crate) struct ConnectionListArgs {
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `connection authorize`.
#[derive(Debug, Args)]
pub(crate) struct ConnectionAuthorizeArgs {
    /// The connections: by name, by folder and name, or by number
    #[arg(
        value_name = "NAME|FOLDER/NAME|NUMBER",
        required_unless_present = "all"
    )]
    pub(crate) connections: Vec<String>,
    /// All connections of the workspace
    #[arg(long, conflicts_with = "connections")]
    pub(crate) all: bool,
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}
