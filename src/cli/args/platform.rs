//! Where the local platform is.

use std::path::PathBuf;

use clap::Args;

/// The local platform that a command works with.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlatformArgs {
    /// The local platform's file [default: $RECIPACK_PLATFORM, or platform.db in the user's data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) platform: Option<PathBuf>,
    /// How long to wait for another process that writes to it
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,
}
