//! Arguments of `promote`.

use std::path::PathBuf;

use super::edits::EditsArgs;
use clap::Args;

use super::import::PermittedArgs;
use super::settings::SettingsArgs;
use super::{PlatformArgs, ReportArgs};
use crate::model::ident::TargetName;
use crate::model::table::RowsPolicy;
use crate::model::workspace::FolderPath;

/// Arguments of `promote`.
#[derive(Debug, Args)]
pub(crate) struct PromoteArgs {
    /// The package
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// The environment of recipack.toml that it was imported into
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(crate) from: TargetName,
    /// The environment that it goes to
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(crate) to: TargetName,
    /// Say what would happen, and do nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// The folder to import into [default: the settings', or Home]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// The manifest [default: recipack.toml, here or above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// What the target needs.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Only import what this key signed
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) require_signature: Option<String>,
    /// What is permitted.
    #[command(flatten)]
    pub(crate) permitted: PermittedArgs,
    /// Table rows: keep, overwrite, leave-out [default: overwrite]
    #[arg(long, value_name = "WAY")]
    pub(crate) rows: Option<RowsPolicy>,
    /// Edits made there.
    #[command(flatten)]
    pub(crate) edits: EditsArgs,
    /// Import a package that was made for another target, too
    #[arg(long)]
    pub(crate) other_target: bool,
    /// With --plan: exit with 2 if the import would change anything
    #[arg(long, requires = "plan", hide = true)]
    pub(crate) detailed_exitcode: bool,
    /// Don't ask before something is overwritten
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}
