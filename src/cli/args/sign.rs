//! Arguments of `sign`.

use std::path::PathBuf;

use clap::Args;

use super::ForceArgs;

/// Arguments of `sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The package
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// The secret key, as `minisign -G` writes it; RECIPACK_SIGN_PASSWORD opens one with a password
    #[arg(short, long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The signature [default: <package>.minisig]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
}
