//! Arguments of `recipe`.

use clap::{Args, Subcommand};

use super::WithinArgs;
use crate::model::workspace::FolderPath;

/// What to do with a workspace's recipes.
#[derive(Debug, Subcommand)]
pub(crate) enum RecipeCommand {
    /// List the recipes
    List(RecipeListArgs),
    /// Start recipes: all that are named, or none if one can't start
    Start(RecipeChangeArgs),
    /// Stop recipes
    Stop(RecipeChangeArgs),
}

/// Arguments of `recipe list`.
#[derive(Debug, Args)]
pub(crate) struct RecipeListArgs {
    /// Only those in this folder and below
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// Only those that run
    #[arg(long, conflicts_with = "stopped")]
    pub(crate) running: bool,
    /// Only those that don't
    #[arg(long)]
    pub(crate) stopped: bool,
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}

/// Arguments of `recipe start` and `recipe stop`.
#[derive(Debug, Args)]
pub(crate) struct RecipeChangeArgs {
    /// The recipes: by name, by folder and name, or by number
    #[arg(
        value_name = "NAME|FOLDER/NAME|NUMBER",
        required_unless_present = "all"
    )]
    pub(crate) recipes: Vec<String>,
    /// All recipes of the workspace
    #[arg(long, conflicts_with = "recipes")]
    pub(crate) all: bool,
    /// The workspace.
    #[command(flatten)]
    pub(crate) within: WithinArgs,
}
