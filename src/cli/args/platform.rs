//! Where the local platform is.

use std::num::NonZeroU32;
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
    /// For workspaces behind the platform's API.
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

/// How workspaces behind the platform's API are worked with.
#[derive(Clone, Debug, Args)]
pub(crate) struct ApiArgs {
    /// A profile of ~/.workato/profiles, for host and token [default: $WORKATO_PROFILE, or the current one]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) profile: Option<String>,
    /// How long to wait for an export or import at the platform
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 600,
        hide_short_help = true
    )]
    pub(crate) job_timeout: u64,
    /// The most requests a minute [default: 60, as the platform allows; no limit on this machine]
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(crate) rate: Option<NonZeroU32>,
    /// Certificates (PEM) to trust in place of the usual ones [default: $RECIPACK_CA_FILE]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) ca_file: Option<PathBuf>,
}
