//! Arguments about what a target needs beside a package.

use std::path::PathBuf;

use clap::Args;

/// Which settings hold.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SettingsArgs {
    /// What the target needs, with --label LABEL, --customer NAME
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Vec<PathBuf>,
    /// A label that settings know the target by; may be repeated
    #[arg(long, value_name = "LABEL", hide = true)]
    pub(crate) label: Vec<String>,
    /// The customer that settings know the target by [default: the workspace's name]
    #[arg(long, value_name = "CUSTOMER", hide = true)]
    pub(crate) customer: Option<String>,
}
