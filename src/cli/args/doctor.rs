//! Arguments of `doctor`.

use std::path::PathBuf;

use clap::Args;

use super::PlatformArgs;
use crate::model::workspace::Address;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The workspace to work with: local:NAME, https://HOST[#folder=ID], profile:NAME or customer:ID [default: the host that the environment or a profile names]
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Option<Address>,
    /// The manifest [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
