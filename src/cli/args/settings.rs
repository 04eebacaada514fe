//! Arguments about what a target needs beside a package.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ForceArgs;

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
    /// The environment that the package goes to: a target that settings may know.
    #[arg(skip)]
    pub(crate) environment: Option<String>,
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Write what a package needs in a target, with marks to fill in
    Init(SettingsInitArgs),
    /// Say what is wrong with settings, and do nothing
    Check(SettingsCheckArgs),
    /// Say what holds for a target, and where it is said
    Show(SettingsShowArgs),
}

/// Arguments of `settings init`.
#[derive(Debug, Args)]
pub(crate) struct SettingsInitArgs {
    /// The package, or a project's folder
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// Where to write it [default: it is printed]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
}

/// Arguments of `settings check`.
#[derive(Debug, Args)]
pub(crate) struct SettingsCheckArgs {
    /// The package that they are for
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// The settings [default: those of recipack.toml and in settings/ beside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Vec<PathBuf>,
}

/// Arguments of `settings show`.
#[derive(Debug, Args)]
pub(crate) struct SettingsShowArgs {
    /// The target: a customer, or a target of the manifest
    #[arg(long, value_name = "TARGET")]
    pub(crate) of: String,
    /// A label that settings know it by; may be repeated
    #[arg(long, value_name = "LABEL")]
    pub(crate) label: Vec<String>,
    /// The settings [default: those of recipack.toml and in settings/ beside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Vec<PathBuf>,
}
