//! Arguments of `attest` and `sbom`.

use std::path::PathBuf;

use clap::Args;

use super::{AttachingArgs, ForceArgs};

/// Arguments of `attest`.
#[derive(Debug, Args)]
pub(crate) struct AttestArgs {
    /// The package: a file, or oci://HOST/REPOSITORY:TAG
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// The decision record [default: <package>.recipack.json beside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Who made it: an address of the job or its runner
    #[arg(long, value_name = "URI")]
    pub(crate) builder: Option<String>,
    /// Put it into a DSSE envelope, signed with this key: ed25519 in PEM, as openssl makes it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Where to write it [default: <package>.intoto.json, with a key <package>.intoto.jsonl]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// Where else it goes.
    #[command(flatten)]
    pub(crate) attaching: AttachingArgs,
}

/// Arguments of `sbom`.
#[derive(Debug, Args)]
pub(crate) struct SbomArgs {
    /// The package: a file, or oci://HOST/REPOSITORY:TAG
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// The decision record [default: <package>.recipack.json beside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Where to write it [default: <package>.cdx.json; of one in a registry, here]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// Where else it goes.
    #[command(flatten)]
    pub(crate) attaching: AttachingArgs,
}
