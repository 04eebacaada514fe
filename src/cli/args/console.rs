//! Arguments of `console`.

use std::path::PathBuf;

use clap::Args;

use super::PlatformArgs;
use crate::model::workspace::Address;

/// Arguments of `console`.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    /// An admin workspace; may be repeated [default: those of the local platform]
    #[arg(long = "in", value_name = "ADDRESS")]
    pub(crate) workspaces: Vec<Address>,
    /// The manifest whose package it is about [default: recipack.toml here or in a folder above]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// The port of this machine to listen on [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Show, and change nothing
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}
