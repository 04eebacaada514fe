//! Arguments of `sandbox` and `resume`.

use std::path::PathBuf;

use clap::Args;

use super::PlatformArgs;
use crate::model::workspace::{Address, ImportId};
use crate::sandbox::Limits;

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// The port of this machine to listen on [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// A script (TOML or JSON): which requests and which jobs of recipes fail, and how
    #[arg(long, value_name = "FILE")]
    pub(crate) fault: Option<PathBuf>,
    /// Keep the platform's limits of requests: `none` or `documented`
    #[arg(long, value_name = "WORD", default_value = "none")]
    pub(crate) limits: Limits,
    /// Print the token of a workspace, and do nothing else
    #[arg(long, value_name = "NAME", value_parser = super::within::workspace, conflicts_with_all = ["port", "fault", "openapi"])]
    pub(crate) token: Option<Address>,
    /// Print the OpenAPI document of what is served, and do nothing else
    #[arg(long)]
    pub(crate) openapi: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The id that `import` printed
    #[arg(value_name = "ID")]
    pub(crate) id: ImportId,
    /// The package, if it lies elsewhere now
    #[arg(long, value_name = "PACKAGE.zip")]
    pub(crate) from: Option<PathBuf>,
    /// How the platform is reached.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
