//! `recipack version`: which recipack this is.

use super::super::exit::Exit;
use super::super::ui::{Format, Ui, Volume};
use crate::ops::export::documents::VersionDocument;

/// Prints the version, and with `--verbose` what it was built of and for.
///
/// # Errors
/// If stdout can't be written to.
pub(crate) fn print(ui: &Ui) -> std::io::Result<Exit> {
    let document = document();
    match (ui.format, ui.volume) {
        (Format::Json, _) => ui.document(&document)?,
        (Format::Text, Volume::Quiet | Volume::Normal) => {
            ui.result(&format!("recipack {}\n", document.version))?;
        }
        (Format::Text, Volume::Verbose) => {
            let features = match document.features.as_slice() {
                [] => "none".to_owned(),
                features => features.join(", "),
            };
            ui.result(&format!(
                "recipack {}\ncommit:   {}\ntarget:   {}\nfeatures: {features}\nsqlite:   {}\n",
                document.version,
                document.commit.as_deref().unwrap_or("not known"),
                document.target,
                document.sqlite
            ))?;
        }
    }
    Ok(Exit::Done)
}

/// The version, as a document.
fn document() -> VersionDocument {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let features = env!("RECIPACK_FEATURES").split(',');
    VersionDocument {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: some(env!("RECIPACK_BUILD_COMMIT")),
        target: env!("RECIPACK_TARGET").to_owned(),
        features: features.filter_map(some).collect(),
        sqlite: rusqlite::version().to_owned(),
    }
}
