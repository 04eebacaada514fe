//! What a package needs to be told in each target, with what only the files of its tables say.

use std::collections::BTreeMap;

use super::ImportError;
use crate::json::{Document, Tape};
use crate::model::kind::AssetKind;
use crate::model::table::LookupShape;
use crate::model::workspace::Served;
use crate::ops::read::Opened;
use crate::plan::import::settings::PackagedEndpoint;
use crate::settings::needs::Needs;

/// What a package needs to be told.
///
/// # Errors
/// If a table of it can't be read.
pub fn needs(opened: &Opened) -> Result<Needs, ImportError> {
    let project = &opened.project;
    let mut shapes = BTreeMap::new();
    each(opened, &AssetKind::LookupTable, |asset, table| {
        shapes.insert(asset, LookupShape::of(table));
    })?;
    let endpoints = endpoints(opened)?;
    let names = endpoints.iter().map(|one| one.names(project).to_vec());
    Ok(Needs::of(project, &shapes, names.collect()))
}

/// The API endpoints of a package, and how each is called.
///
/// # Errors
/// If one can't be read.
pub fn endpoints(opened: &Opened) -> Result<Vec<PackagedEndpoint>, ImportError> {
    let mut endpoints = Vec::new();
    each(opened, &AssetKind::ApiEndpoint, |asset, endpoint| {
        endpoints.push(PackagedEndpoint {
            asset,
            served: Served::of(endpoint),
        });
    })?;
    Ok(endpoints)
}

/// Reads the JSON of all assets of a type.
fn each(
    opened: &Opened,
    kind: &AssetKind,
    mut take: impl FnMut(usize, Document<'_>),
) -> Result<(), ImportError> {
    let project = &opened.project;
    let mut reader = opened.source.reader();
    let (mut bytes, mut tape) = (Vec::new(), Tape::default());
    for (index, asset) in project.of_kind(kind) {
        let files = asset.files.iter().map(|&file| &project.files[file]);
        for file in files.filter(|file| file.path == asset.path) {
            let path = || file.path.clone();
            let read = reader.read(file.source, &mut bytes);
            read.map_err(|source| ImportError::Read {
                path: path(),
                source,
            })?;
            let document = tape.parse(&bytes).map_err(|source| ImportError::Json {
                path: path(),
                source,
            })?;
            take(index, document);
        }
    }
    Ok(())
}
