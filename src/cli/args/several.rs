//! Arguments of commands that take several projects.

use std::path::PathBuf;

use clap::Args;

/// More projects than one.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SeveralArgs {
    /// More projects, each with its own recipack.toml or the one of -m
    #[arg(value_name = "MORE")]
    pub(crate) more: Vec<PathBuf>,
    /// Take every project in the folder, or in the one here
    #[arg(long, conflicts_with_all = ["more", "one_project"])]
    pub(crate) all_projects: bool,
}
