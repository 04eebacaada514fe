//! Arguments of `status`, `history` and `rollback`.

use clap::Args;

use super::{PlatformArgs, ReportArgs};
use crate::model::workspace::{Address, FolderPath, ReadDepth};
use crate::plan::rollback::CreatedSince;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The workspace: local:NAME, https://HOST[#folder=ID], profile:NAME or customer:ID
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Address,
    /// Only what lies in this folder and below, and what that uses
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// Exit with 2 if anything needs a person
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Over the API: slim (what lists don't tell as it was read last) or full
    #[arg(long, value_name = "HOW")]
    pub(crate) read: Option<ReadDepth>,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The workspace: local:NAME, https://HOST[#folder=ID], profile:NAME or customer:ID
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Address,
    /// One revision, to be told with what it changed
    #[arg(value_name = "REVISION")]
    pub(crate) revision: Option<u64>,
    /// Over the API: free what is kept here for rollbacks, but for those of the newest N revisions [default: 1]
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        conflicts_with = "revision"
    )]
    pub(crate) prune: Option<usize>,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// The workspace: local:NAME, https://HOST[#folder=ID], profile:NAME or customer:ID
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Address,
    /// The revision whose state is restored; 0 for the workspace before the first [default: the one before the newest]
    #[arg(value_name = "REVISION")]
    pub(crate) revision: Option<u64>,
    /// Say what would happen, and do nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// What becomes of assets that were created since: recipes `stop`, all `keep` as they are, or `remove` them
    #[arg(long, value_name = "stop|keep|remove", default_value = "stop")]
    pub(crate) created: CreatedSince,
    /// Stop, restore and start running recipes that were changed since
    #[arg(long)]
    pub(crate) restart_recipes: bool,
    /// Move running recipes that were not imported since to a connector's earlier code
    #[arg(long)]
    pub(crate) allow_moved_recipes: bool,
    /// Over the API: put earlier contents in place of what somebody else changed since
    #[arg(long)]
    pub(crate) overwrite_edits: bool,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// Who else hears of it.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}
