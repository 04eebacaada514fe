//! Arguments of `workspace export`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;

use super::within::workspace;
use super::{ForceArgs, PlatformArgs};
use crate::model::workspace::{Address, FolderPath};

/// Arguments of `workspace export`.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceExportArgs {
    /// The workspace: local:NAME, https://HOST[#folder=ID], profile:NAME or customer:ID
    #[arg(value_name = "ADDRESS", value_parser = workspace)]
    pub(crate) address: Address,
    /// Only this folder, with what it needs elsewhere [default: everything]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// Take the rows of tables along
    #[arg(long)]
    pub(crate) data: bool,
    /// Take everything that lies in no folder along, needed or not
    #[arg(long, requires = "folder")]
    pub(crate) all_unfiled: bool,
    /// The package, or the folder for it [default: <folder or workspace>.zip here]
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// The largest package that is made, in megabytes [default: the platform's 100]
    #[arg(long, value_name = "MB")]
    pub(crate) limit_mb: Option<NonZeroU64>,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
