//! Which workspace a command is about.

use clap::Args;

use super::PlatformArgs;
use crate::model::ident::WorkspaceName;
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

/// A workspace of the local platform, where there can be no other: `NAME` or `local:NAME`.
pub(super) fn local_name(text: &str) -> Result<WorkspaceName, String> {
    if text.contains(':') {
        let address: Address = text
            .parse()
            .map_err(|error: crate::model::workspace::AddressError| error.to_string())?;
        return match address {
            Address::Local(name) => Ok(name),
            Address::Remote(_) => Err("it is no workspace of the local platform".to_owned()),
        };
    }
    text.parse()
        .map_err(|error: crate::model::ident::NameError| error.to_string())
}
