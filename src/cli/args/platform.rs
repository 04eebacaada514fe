//! Where the local platform is.

use std::path::PathBuf;

use clap::Args;

use crate::client::RateWanted;

/// The local platform that a command works with.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlatformArgs {
    /// The local platform's file [default: $RECIPACK_PLATFORM]
    #[arg(long, value_name = "FILE")]
    pub(crate) platform: Option<PathBuf>,
    /// How long to wait for another writer
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,
    /// For workspaces behind the platform's API.
    #[command(flatten)]
    pub(crate) api: ApiArgs,
}

/// How workspaces behind the platform's API are worked with.
#[derive(Clone, Debug, Args)]
pub(crate) struct ApiArgs {
    /// A profile of ~/.workato/profiles [default: $WORKATO_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How long to wait for an export or import
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub(crate) job_timeout: u64,
    /// The most requests a minute, of all or a class
    #[arg(long, value_name = "[CLASS=]N")]
    pub(crate) rate: Vec<RateWanted>,
    /// Certificates (PEM) to trust [default: $RECIPACK_CA_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}
