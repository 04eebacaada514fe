//! Reading what a migration is planned from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::import::ImportError;
use super::import::needs::{endpoints, needs};
use super::read::Opened;
use super::workspace::export::{Exported, Output, WorkspaceExportError, export};
use super::{Observer, Running};
use crate::json::{JsonError, Tape};
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::workspace::{
    AssetId, Binding, EndpointMark, EndpointState, FolderPath, Inventory, PropertyKey, Served,
};
use crate::plan::migration::{
    Known, MigrationPlan, MigrationSettings, MigrationSide, NamedAddress, addresses_in,
};
use crate::plan::secrets::{Detector, Writing};
use crate::plan::workspace_export::{DepartureRequest, Item, RawIds, Rows, Unfiled};
use crate::source::ReadError;
use crate::workspace::{Workspace, WorkspaceError};

/// A migration can't be planned.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The package can't be read.
    #[error(transparent)]
    Package(#[from] ImportError),
    /// A file of the package can't be read again.
    #[error("can't read `{path}`")]
    Read {
        /// The file.
        path: PackagePath,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// An API endpoint of the source is no JSON.
    #[error("the API endpoint \"{name}\" of the source can't be read")]
    Endpoint {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: JsonError,
    },
    /// The source can't be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// A package of what the source holds in a folder: with the rows that it tells, and with references
/// in place of numbers whose meaning it tells.
///
/// # Errors
/// As [`export`].
pub fn hold(
    source: &dyn Workspace,
    folder: &FolderPath,
    output: Output<'_>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<Exported, WorkspaceExportError> {
    let request = DepartureRequest {
        folder: folder.clone(),
        rows: Rows::Included,
        unfiled: match folder.is_home() {
            true => Unfiled::All,
            false => Unfiled::Concerned,
        },
        raw_ids: RawIds::Resolved,
    };
    export(source, &request, output, running, observer)
}

/// What a migration is planned from.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// Where everything is now.
    pub source: &'a MigrationSide,
    /// Where it goes.
    pub target: &'a MigrationSide,
    /// The folder that moves.
    pub folder: &'a FolderPath,
}

/// The plan of a migration, and its settings. `held` is what the source held, `held_digest` the digest
/// of its contents, `opened` the package that was made of it.
///
/// # Errors
/// If the source or the package can't be read.
pub fn plan(
    sides: Sides<'_>,
    source: &dyn Workspace,
    held: &Exported,
    held_digest: Digest,
    opened: &Opened,
    package: Digest,
) -> Result<(MigrationPlan, MigrationSettings), MigrationError> {
    let inventory = &held.inventory;
    let needs = needs(opened)?;
    let asked = properties_asked(sides.folder, inventory, &needs.properties);
    let values = match asked.is_empty() {
        true => BTreeMap::new(),
        false => source.properties(&asked)?,
    };
    let detector = Detector::default();
    let secret: BTreeSet<String> = (values.iter())
        .filter(|(key, value)| {
            let written = json!({ &key.name: value.text() }).to_string();
            !detector
                .find(written.as_bytes(), Writing::Properties)
                .is_empty()
        })
        .map(|(key, _)| key.name.clone())
        .collect();
    let states = endpoint_states(source, held)?;
    let named = endpoints(opened)?.into_iter().filter_map(|endpoint| {
        let [_, _, served] = endpoint.names(&opened.project);
        let path = &opened.project.assets.get(endpoint.asset)?.path;
        Some((served, states.get(path).copied()))
    });
    let named: Vec<(String, Option<EndpointState>)> = named.collect();
    let mut triggers = BTreeMap::new();
    for asset in &opened.project.assets {
        let providers = asset.facts.recipe().map(|recipe| recipe.providers.iter());
        let mut providers = providers.into_iter().flatten();
        if let Some(trigger) = providers.find(|used| used.step.number == 0) {
            triggers.insert(asset.path.clone(), trigger.provider.to_string());
        }
    }
    let called_at = source.called_at()?;
    let named_addresses = named_addresses(opened)?;
    let known = Known {
        source: sides.source,
        target: sides.target,
        folder: sides.folder,
        package,
        held: held_digest,
        inventory,
        leaving: &held.departure,
        needs: &needs,
        triggers: &triggers,
        values: &values,
        secret: &secret,
        endpoints: &named,
        called_at: &called_at,
        named_addresses: &named_addresses,
    };
    let plan = MigrationPlan::of(&known);
    let settings = plan.settings(&known);
    Ok((plan, settings))
}

/// Each property for the workspace as a whole and for each project that moves.
fn properties_asked(
    folder: &FolderPath,
    inventory: &Inventory,
    needed: &[crate::settings::needs::NeededProperty],
) -> BTreeSet<PropertyKey> {
    let project = |folder: &FolderPath| {
        let first = folder.as_str().split('/').next().unwrap_or_default();
        FolderPath::home().child(first).ok()
    };
    let projects: BTreeSet<FolderPath> = match folder.is_home() {
        true => inventory.folders.iter().filter_map(project).collect(),
        false => project(folder).into_iter().collect(),
    };
    let names = needed.iter().map(|property| &property.name);
    let keys = names.flat_map(|name| {
        let own = PropertyKey {
            project: None,
            name: name.clone(),
        };
        let of_projects = projects.iter().map(|project| PropertyKey {
            project: Some(project.clone()),
            name: name.clone(),
        });
        of_projects.chain([own])
    });
    keys.collect()
}

/// Whether the source's API endpoints are enabled, by their files in the package.
fn endpoint_states(
    source: &dyn Workspace,
    held: &Exported,
) -> Result<BTreeMap<PackagePath, EndpointState>, MigrationError> {
    let inventory = &held.inventory;
    let mut marks: BTreeMap<AssetId, EndpointMark> = BTreeMap::new();
    let mut paths: BTreeMap<AssetId, &PackagePath> = BTreeMap::new();
    let (mut bytes, mut tape) = (Vec::new(), Tape::default());
    for (item, path) in &held.departure.paths {
        let Item::Asset(index) = item else { continue };
        let Some(asset) = inventory.assets.get(*index) else {
            continue;
        };
        let (AssetKind::ApiEndpoint, Some(file)) = (&asset.key.kind, asset.body.files.first())
        else {
            continue;
        };
        source.content(&file.content, &mut bytes)?;
        let document = tape.parse(&bytes);
        let document = document.map_err(|source| MigrationError::Endpoint {
            name: asset.key.name.to_string(),
            source,
        })?;
        let mut bound = asset
            .body
            .bindings
            .iter()
            .filter_map(|binding| match binding {
                Binding::Asset(id) => held.departure.asset(*id),
                Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
            });
        let recipe = bound.find_map(|index| {
            let recipe = inventory.assets.get(index)?;
            (recipe.key.kind == AssetKind::Recipe).then_some(recipe)
        });
        let mark = EndpointMark {
            name: asset.key.name.to_string(),
            served: Served::of(document),
            recipe: recipe.map(|recipe| recipe.key.clone()),
            recipe_id: recipe.map(|recipe| recipe.id),
        };
        marks.insert(asset.id, mark);
        paths.insert(asset.id, path);
    }
    if marks.is_empty() {
        return Ok(BTreeMap::new());
    }
    let states = source.endpoints(&marks)?.into_iter();
    let told = states.filter_map(|(id, state)| Some(((*paths.get(&id)?).clone(), state)));
    Ok(told.collect())
}

/// The addresses of the platform that files of the package name.
fn named_addresses(opened: &Opened) -> Result<BTreeSet<NamedAddress>, MigrationError> {
    let mut reader = opened.source.reader();
    let mut bytes = Vec::new();
    let mut named = BTreeSet::new();
    for file in &opened.project.files {
        let read = reader.read(file.source, &mut bytes);
        read.map_err(|source| MigrationError::Read {
            path: file.path.clone(),
            source,
        })?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        named.extend(addresses_in(text).into_iter().map(|address| NamedAddress {
            path: file.path.clone(),
            address: address.to_owned(),
        }));
    }
    Ok(named)
}
