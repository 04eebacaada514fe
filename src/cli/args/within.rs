//! Which workspace a command is about.

use clap::Args;

use super::PlatformArgs;
use crate::model::path::PathError;
use crate::model::workspace::{Address, FolderPath};

/// The workspace that a command works in.
#[derive(Debug, Args)]
pub(crate) struct WithinArgs {
    /// The workspace: local:NAME, https://HOST[#folder=ID], profile:NAME or customer:ID
    #[arg(long = "in", alias = "into", value_name = "ADDRESS")]
    pub(crate) address: Address,
    /// Where the local platform is.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// A folder of a workspace. `All projects`, which the platform's pages put before every path, is no
/// part of it; the client `wk` takes it off as well (platform.md §8.2).
pub(super) fn folder(text: &str) -> Result<FolderPath, PathError> {
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    match first.trim().eq_ignore_ascii_case("all projects") {
        true => rest.parse(),
        false => text.parse(),
    }
}

/// A workspace, wherever it is: an address, or the name of one in the local platform.
pub(super) fn workspace(text: &str) -> Result<Address, String> {
    if text.contains(':') {
        return text
            .parse()
            .map_err(|error: crate::model::workspace::AddressError| error.to_string());
    }
    text.parse()
        .map(Address::Local)
        .map_err(|error: crate::model::ident::NameError| error.to_string())
}
