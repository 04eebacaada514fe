//! Arguments of `sign`.

use std::path::PathBuf;

use clap::Args;

use super::{AttachingArgs, ForceArgs};

/// Arguments of `sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The package: a file, or oci://HOST/REPOSITORY:TAG
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// The secret key, as `minisign -G` writes it; RECIPACK_SIGN_PASSWORD opens one with a password
    #[arg(short, long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The signature [default: <package>.minisig; of one in a registry, here]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// Where else it goes.
    #[command(flatten)]
    pub(crate) attaching: AttachingArgs,
}
