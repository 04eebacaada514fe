//! Arguments of `lock`.

use std::path::PathBuf;

use clap::Args;

use super::PlatformArgs;

/// Arguments of `lock`.
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// Folders with a recipack.toml each [default: this one]
    #[arg(value_name = "PROJECT", conflicts_with = "manifest")]
    pub(crate) projects: Vec<PathBuf>,
    /// Take every project in the folder, or in the one here
    #[arg(long, conflicts_with = "manifest")]
    pub(crate) all_projects: bool,
    /// The manifest; its lock lies beside it under its name [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// Write nothing; exit with 2 if the lock is not up to date, and say what changed
    #[arg(long)]
    pub(crate) check: bool,
    /// A folder with files of connectors that the project lacks
    #[arg(long, value_name = "DIR")]
    pub(crate) connectors: Option<PathBuf>,
    /// Where the local platform is, if it has a catalogue.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
