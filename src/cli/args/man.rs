//! Arguments of `man`.

use std::path::PathBuf;

use clap::Args;

use super::ForceArgs;

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// A folder for the pages of all commands; it is made if need be
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
}
