//! Arguments of `connector`.

use clap::{Args, Subcommand};

use super::WithinArgs;

/// What to do with the custom connectors that a workspace can use.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorCommand {
    /// List the connectors: the workspace's own, and those that are shared with it
    List(ConnectorListArgs),
    /// Say what is known of a connector
    Show(ConnectorArgs),
    /// List a connector's versions
    Versions(ConnectorArgs),
    /// List the recipes and connections that use a connector
    Usage(ConnectorArgs),
    /// Release a connector's latest version: all its recipes run that from then on
    Release(ConnectorArgs),
}

/// Arguments of `connector list`.
#[derive(Debug, Args)]
pub(crate) struct ConnectorListArgs {
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of what is about one connector.
#[derive(Debug, Args)]
pub(crate) struct ConnectorArgs {
    /// Its title, or its internal name
    #[arg(value_name = "TITLE|INTERNAL_NAME")]
    pub(crate) connector: String,
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}
