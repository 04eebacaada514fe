//! Arguments of `diff`.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::str::FromStr as _;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};

use super::PlatformArgs;
use crate::model::workspace::{Address, FolderPath};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The older package or project, or a workspace as it is now
    #[arg(value_name = "A|local:NAME", value_parser = OsStringValueParser::new().try_map(|text| side(&text)))]
    pub(crate) a: DiffSide,
    /// The newer package or project, or a workspace as it is now
    #[arg(value_name = "B|local:NAME", value_parser = OsStringValueParser::new().try_map(|text| side(&text)))]
    pub(crate) b: DiffSide,
    /// Of a workspace only this folder, with what it needs elsewhere
    #[arg(long, value_name = "FOLDER", value_parser = super::within::folder)]
    pub(crate) folder: Option<FolderPath>,
    /// List each file, however many there are
    #[arg(long)]
    pub(crate) full: bool,
    /// Exit with 2 if there are differences
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// The local platform.
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(crate) enum DiffSide {
    /// A package or a project.
    Path(PathBuf),
    /// A workspace.
    Workspace(Address),
}

/// A file whose name starts like an address can still be named as `./local:NAME`.
fn side(text: &OsStr) -> Result<DiffSide, String> {
    match text.to_str().filter(|text| Address::is_meant(text)) {
        Some(address) => Address::from_str(address)
            .map(DiffSide::Workspace)
            .map_err(|error| error.to_string()),
        None => Ok(DiffSide::Path(text.into())),
    }
}
