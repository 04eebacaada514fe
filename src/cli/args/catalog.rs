//! Arguments of `catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ForceArgs, WithinArgs};

/// What to do with the connectors that an admin workspace shares.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List the connectors, with the versions that customers run
    List(CatalogListArgs),
    /// Say how a connector is shared, and who uses it
    Show(CatalogShowArgs),
    /// Share a connector with all customers
    Share(CatalogShareArgs),
    /// Have customers run the newest released version
    Update(CatalogUpdateArgs),
    /// Have customers run another released version, older ones too
    Switch(CatalogSwitchArgs),
    /// Share a connector no longer; that can't be undone
    Remove(CatalogRemoveArgs),
    /// Compare a catalogue file with what is shared
    Diff(CatalogDiffArgs),
    /// Share what a catalogue file says
    Apply(CatalogApplyArgs),
    /// Write what is shared as a catalogue file
    Pull(CatalogPullArgs),
}

/// Arguments of `catalog list`.
#[derive(Debug, Args)]
pub(crate) struct CatalogListArgs {
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog show`.
#[derive(Debug, Args)]
pub(crate) struct CatalogShowArgs {
    /// Its title, or its internal name
    #[arg(value_name = "TITLE|INTERNAL_NAME")]
    pub(crate) connector: String,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog share`.
#[derive(Debug, Args)]
pub(crate) struct CatalogShareArgs {
    /// Its title, or its internal name
    #[arg(value_name = "TITLE|INTERNAL_NAME")]
    pub(crate) connector: String,
    /// The version [default: the newest released one]
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<u64>,
    /// Keep the source to the admin workspace; reaches customers in the same data center only
    #[arg(long)]
    pub(crate) closed_source: bool,
    /// How far to go.
    #[command(flatten)]
    pub(crate) going: GoingArgs,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog update`.
#[derive(Debug, Args)]
pub(crate) struct CatalogUpdateArgs {
    /// Its title, or its internal name
    #[arg(value_name = "TITLE|INTERNAL_NAME")]
    pub(crate) connector: String,
    /// How far to go.
    #[command(flatten)]
    pub(crate) going: GoingArgs,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog switch`.
#[derive(Debug, Args)]
pub(crate) struct CatalogSwitchArgs {
    /// Its title, or its internal name
    #[arg(value_name = "TITLE|INTERNAL_NAME")]
    pub(crate) connector: String,
    /// The released version
    #[arg(value_name = "N")]
    pub(crate) version: u64,
    /// How far to go.
    #[command(flatten)]
    pub(crate) going: GoingArgs,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog remove`.
#[derive(Debug, Args)]
pub(crate) struct CatalogRemoveArgs {
    /// Its title, or its internal name
    #[arg(value_name = "TITLE|INTERNAL_NAME")]
    pub(crate) connector: String,
    /// Show what it means for customers, and change nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// The connector's title once more, instead of being asked for it
    #[arg(long, value_name = "TITLE")]
    pub(crate) confirm: Option<String>,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog diff`.
#[derive(Debug, Args)]
pub(crate) struct CatalogDiffArgs {
    /// The catalogue file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Exit with 2 if there are differences
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog apply`.
#[derive(Debug, Args)]
pub(crate) struct CatalogApplyArgs {
    /// The catalogue file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Share no longer what the file does not share
    #[arg(long)]
    pub(crate) allow_removals: bool,
    /// How far to go.
    #[command(flatten)]
    pub(crate) going: GoingArgs,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `catalog pull`.
#[derive(Debug, Args)]
pub(crate) struct CatalogPullArgs {
    /// The file [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// The admin workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// How far a command goes.
#[derive(Debug, Args)]
pub(crate) struct GoingArgs {
    /// Show what it means for customers, and change nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// Don't ask before running recipes get another version
    #[arg(short, long, conflicts_with = "plan")]
    pub(crate) yes: bool,
}
