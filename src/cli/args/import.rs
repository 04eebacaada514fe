//! Arguments of `plan` and `import`.

use std::path::PathBuf;

use clap::Args;

use super::edits::EditsArgs;
use super::settings::SettingsArgs;
use super::{ForceArgs, PlatformArgs, ReportArgs};
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, FolderPath, ReadDepth};
use crate::plan::import::TagsPolicy;

/// What an import may do that it is refused otherwise.
#[derive(Clone, Debug, Args)]
pub(crate) struct PermittedArgs {
    /// Stop, update and start running recipes that it overwrites
    #[arg(long)]
    pub(crate) restart_recipes: bool,
    /// Put older code of a connector in place of newer code
    #[arg(long)]
    pub(crate) allow_downgrade: bool,
    /// Move running recipes outside the package, too
    #[arg(long)]
    pub(crate) allow_moved_recipes: bool,
    /// Import recipes whose connector is nowhere; they can't start
    #[arg(long)]
    pub(crate) allow_missing_connectors: bool,
    /// Put the package's rows in place of those that tables have
    #[arg(long)]
    pub(crate) overwrite_rows: bool,
    /// Overwrite what somebody changed there since an import
    #[arg(long)]
    pub(crate) overwrite_edits: bool,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The package, also in a registry: oci://…
    #[arg(value_name = "PACKAGE.zip")]
    pub(crate) package: PathBuf,
    /// The workspace: local:NAME, https://HOST, profile:NAME or customer:ID
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) into: Address,
    /// The folder to import into, such as Orders/Functions [default: Home]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// The folder for the package's connections of Home [default: Home]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) home_folder: Option<FolderPath>,
    /// Tags: apply, skip [default: apply]
    #[arg(long, value_name = "WAY")]
    pub(crate) tags: Option<TagsPolicy>,
    /// Table rows: keep, overwrite, leave-out
    #[arg(long, value_name = "WAY", default_value = "overwrite")]
    pub(crate) rows: RowsPolicy,
    /// Edits made there.
    #[command(flatten)]
    pub(crate) edits: EditsArgs,
    /// Take this folder off the package's paths and references first
    #[arg(long, value_name = "NAME")]
    pub(crate) strip_folder: Option<String>,
    /// What the target needs.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Also write the plan to a file, which `import` takes
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What may be replaced.
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// What the import would be permitted.
    #[command(flatten)]
    pub(crate) permitted: PermittedArgs,
    /// Import a package that was made for another target, too
    #[arg(long)]
    pub(crate) other_target: bool,
    /// Exit with 2 if the import would change anything
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Over the API: slim (what lists don't tell is not read) or full
    #[arg(long, value_name = "HOW", hide = true)]
    pub(crate) read: Option<ReadDepth>,
    /// List every asset, however many there are
    #[arg(long, hide = true)]
    pub(crate) full: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The package, also in a registry (oci://…), or a plan that `plan -o` wrote
    #[arg(value_name = "PACKAGE.zip|plan.json")]
    pub(crate) package: PathBuf,
    /// The workspace [default: the plan's]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) into: Option<Address>,
    /// The folder to import into [default: the plan's, or Home]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// The folder for its connections of Home [default: the plan's]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) home_folder: Option<FolderPath>,
    /// Tags: apply, skip [default: apply]
    #[arg(long, value_name = "WAY")]
    pub(crate) tags: Option<TagsPolicy>,
    /// Take this folder off the package's paths and references first
    #[arg(long, value_name = "NAME", conflicts_with = "locked")]
    pub(crate) strip_folder: Option<String>,
    /// The package of a plan, if it lies elsewhere now
    #[arg(long, value_name = "PACKAGE.zip", hide = true)]
    pub(crate) from: Option<PathBuf>,
    /// What the target needs.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Only import what the lock or --lock FILE says, or exit with 2
    #[arg(long)]
    pub(crate) locked: bool,
    /// Only import what this key signed (with --signature FILE)
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) require_signature: Option<String>,
    /// The signature [default: <package>.minisig, or what is attached in the registry]
    #[arg(long, value_name = "FILE", hide = true, requires = "require_signature")]
    pub(crate) signature: Option<PathBuf>,
    /// The lock that --locked goes by [default: that of recipack.toml, here or above]
    #[arg(long, value_name = "FILE", hide = true, requires = "locked")]
    pub(crate) lock: Option<PathBuf>,
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
    /// Over the API: slim (what lists don't tell is not read) or full [default: slim]
    #[arg(long, value_name = "HOW", hide = true)]
    pub(crate) read: Option<ReadDepth>,
    /// List every asset, however many there are
    #[arg(long, hide = true)]
    pub(crate) full: bool,
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

impl ImportArgs {
    /// An import of a package for which nothing else is said.
    pub(crate) fn of(
        package: PathBuf,
        into: Address,
        permitted: PermittedArgs,
        platform: PlatformArgs,
    ) -> Self {
        Self {
            package,
            into: Some(into),
            folder: None,
            home_folder: None,
            tags: None,
            strip_folder: None,
            from: None,
            settings: SettingsArgs::default(),
            locked: false,
            require_signature: None,
            signature: None,
            lock: None,
            permitted,
            rows: None,
            edits: EditsArgs::default(),
            other_target: false,
            read: None,
            full: false,
            yes: false,
            platform,
            report: ReportArgs::default(),
        }
    }
}

/// Arguments of `matrix`.
#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// The packages
    #[arg(value_name = "PACKAGE.zip", required = true)]
    pub(crate) packages: Vec<PathBuf>,
    /// Only customers of this admin workspace: a name in the local platform, or an address
    #[arg(long, value_name = "ADMIN|ADDRESS", value_parser = super::within::workspace)]
    pub(crate) of: Option<Address>,
    /// The folder that the packages would be imported into [default: Home]
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// Exit with 2 if a package is blocked or needs a permission somewhere
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}
