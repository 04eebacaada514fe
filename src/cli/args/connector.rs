//! Arguments of `connector`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ForceArgs, PlatformArgs, WithinArgs};
use crate::model::ident::{ConnectorTitle, Version};
use crate::model::workspace::Address;

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
    /// Make a new version of a connector from its source; it is not released
    Push(ConnectorPushArgs),
    /// Bring a connector's source into a folder
    Pull(ConnectorPullArgs),
    /// Compare what recipes can use of two versions of a connector
    Diff(ConnectorDiffArgs),
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

/// Arguments of `connector push`.
#[derive(Debug, Args)]
pub(crate) struct ConnectorPushArgs {
    /// The source
    #[arg(value_name = "FILE.rb")]
    pub(crate) source: PathBuf,
    /// The connector's title
    #[arg(long, value_name = "TITLE")]
    pub(crate) title: ConnectorTitle,
    /// What this version changes
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// A picture for the connector, PNG or JPEG [default: the one it has]
    #[arg(long, value_name = "FILE")]
    pub(crate) logo: Option<PathBuf>,
    /// What the connector is, in Markdown [default: what it was]
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `connector pull`.
#[derive(Debug, Args)]
pub(crate) struct ConnectorPullArgs {
    /// Its title, or its internal name
    #[arg(value_name = "TITLE|INTERNAL_NAME")]
    pub(crate) connector: String,
    /// The version [default: the released one, or the newest if none is released]
    #[arg(long = "number", value_name = "N", value_parser = version)]
    pub(crate) version: Option<Version>,
    /// The folder to write its files into
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

fn version(text: &str) -> Result<Version, std::num::ParseIntError> {
    text.parse().map(Version)
}

/// Arguments of `connector diff`.
#[derive(Debug, Args)]
pub(crate) struct ConnectorDiffArgs {
    /// The old version: a file, or with --in the number of a version
    #[arg(value_name = "FILE.rb|TITLE@N")]
    pub(crate) a: String,
    /// The new version, likewise
    #[arg(value_name = "FILE.rb|TITLE@N")]
    pub(crate) b: String,
    /// Exit with 2 if there are differences
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// The workspace that has the versions
    #[arg(long = "in", value_name = "ADDRESS")]
    pub(crate) address: Option<Address>,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
