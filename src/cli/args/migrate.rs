//! Arguments of `migrate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::import::PermittedArgs;
use super::{ForceArgs, PlatformArgs};
use crate::model::target::TargetKind;
use crate::model::workspace::{Address, FolderPath};

/// What to do with a migration.
#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Say what moves and what changes on the way, and make the package and its settings
    Plan(Box<MigratePlanArgs>),
    /// Bring it to the target; with --cut-over, stop recipes here and start them there
    Run(Box<MigrateRunArgs>),
    /// After a cut-over: stop the recipes there, and start them here again
    Back(MigrateBackArgs),
    /// Say how far a migration came
    Status(MigrateStatusArgs),
}

/// Arguments of `migrate plan`.
#[derive(Debug, Args)]
pub(crate) struct MigratePlanArgs {
    /// The workspace that moves: local:NAME, https://HOST, profile:NAME or customer:ID
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Address,
    /// The workspace that it moves to
    #[arg(long = "to", value_name = "TARGET")]
    pub(crate) target: Address,
    /// Only this folder, with what it needs elsewhere [default: everything]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// What the target is [default: what it says of itself, or external]
    #[arg(long = "for", id = "kind", value_name = "customer|external")]
    pub(crate) kind: Option<TargetKind>,
    /// For customers: the shared connectors: a file, an admin workspace's address, or `none`
    #[arg(long, value_name = "FILE|ADDRESS|none")]
    pub(crate) catalog: Option<PathBuf>,
    /// Connectors that are only shared with the source: a folder, or their workspace's address
    #[arg(long, value_name = "DIR|ADDRESS")]
    pub(crate) connectors: Option<PathBuf>,
    /// The folder for the plan, the package and its settings
    #[arg(short, long, value_name = "DIR", default_value = "migration")]
    pub(crate) output: PathBuf,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `migrate run`.
#[derive(Debug, Args)]
pub(crate) struct MigrateRunArgs {
    /// The folder that `migrate plan` made
    #[arg(value_name = "DIR", default_value = "migration")]
    pub(crate) folder: PathBuf,
    /// Also stop the recipes in the source, and start them in the target
    #[arg(long)]
    pub(crate) cut_over: bool,
    /// What is permitted.
    #[command(flatten)]
    pub(crate) permitted: PermittedArgs,
    /// Don't ask before recipes stop, or something is overwritten
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `migrate back`.
#[derive(Debug, Args)]
pub(crate) struct MigrateBackArgs {
    /// The folder that `migrate plan` made
    #[arg(value_name = "DIR", default_value = "migration")]
    pub(crate) folder: PathBuf,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `migrate status`.
#[derive(Debug, Args)]
pub(crate) struct MigrateStatusArgs {
    /// The folder that `migrate plan` made
    #[arg(value_name = "DIR", default_value = "migration")]
    pub(crate) folder: PathBuf,
}
