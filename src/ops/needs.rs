//! What a package needs to be told in each target, with what only the files of its tables say.

use std::collections::BTreeMap;

use super::import::ImportError;
use super::read::Opened;
use crate::json::Tape;
use crate::model::kind::AssetKind;
use crate::model::table::LookupShape;
use crate::settings::needs::Needs;

/// What a package needs to be told.
///
/// # Errors
/// If a table of it can't be read.
pub fn needs(opened: &Opened) -> Result<Needs, ImportError> {
    let project = &opened.project;
    let mut reader = opened.source.reader();
    let (mut bytes, mut tape) = (Vec::new(), Tape::default());
    let mut shapes = BTreeMap::new();
    for (index, asset) in project.of_kind(&AssetKind::LookupTable) {
        let files = asset.files.iter().map(|&file| &project.files[file]);
        for file in files.filter(|file| file.path == asset.path) {
            let path = || file.path.clone();
            let read = reader.read(file.source, &mut bytes);
            read.map_err(|source| ImportError::Read {
                path: path(),
                source,
            })?;
            let table = tape.parse(&bytes).map_err(|source| ImportError::Json {
                path: path(),
                source,
            })?;
            shapes.insert(index, LookupShape::of(table));
        }
    }
    Ok(Needs::of(project, &shapes))
}
