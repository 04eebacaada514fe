//! Where the assets of a package land in a workspace, and which of its assets they may meet there
//! (platform.md §5.3, §6).

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::landing::{Landing, TagsPolicy};
use crate::model::facts::ConnectionPlace;
use crate::model::kind::{AssetKind, FileRole};
use crate::model::normal::nfc;
use crate::model::path::{PackagePath, PathError};
use crate::model::project::{Asset, Project};
use crate::model::reference::Reference;
use crate::model::workspace::{AskedKeys, AssetKey, AssetPlace, FolderPath, Scope};

/// The places of a package's assets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetKeys {
    /// The folder that the package is imported into.
    pub folder: FolderPath,
    /// What else the import was told.
    pub landing: Landing,
    /// By asset; none for custom connectors, which have their title for a key, and for what is not
    /// imported.
    pub keys: Vec<Option<AssetKey>>,
}

/// How near a place is to the one that a reference names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// It is that folder.
    Place,
    /// It is where such assets may lie too.
    Further,
}

/// An asset can't lie where the package would put it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` can't be imported into folder `{folder}`")]
pub struct PlacingError {
    /// The asset.
    pub path: PackagePath,
    /// The folder.
    pub folder: FolderPath,
    /// Why not.
    #[source]
    pub source: PathError,
}

impl TargetKeys {
    /// Places every asset of a project that is imported into `folder`.
    ///
    /// # Errors
    /// If a path gets too long or too deep.
    pub fn of(
        project: &Project,
        folder: &FolderPath,
        landing: &Landing,
    ) -> Result<Self, PlacingError> {
        let mut keys = Vec::with_capacity(project.assets.len());
        let mut last: Option<(&str, FolderPath)> = None;
        for asset in &project.assets {
            let untagged = asset.kind == AssetKind::Tags && landing.tags == TagsPolicy::Skip;
            if asset.kind == AssetKind::CustomAdapter || untagged {
                keys.push(None);
                continue;
            }
            let connection = asset
                .facts
                .connection()
                .map_or(ConnectionPlace::Folder, |connection| connection.place);
            let place = match connection {
                ConnectionPlace::Home => Ok(AssetPlace::Folder(landing.home.clone())),
                ConnectionPlace::Folder => {
                    let in_package = asset.path.folder();
                    match &last {
                        _ if is_of_workspace(&asset.kind, in_package) => Ok(AssetPlace::Workspace),
                        // Neighbours mostly share a folder, and then its text.
                        Some((of, known)) if *of == in_package => {
                            Ok(AssetPlace::Folder(known.clone()))
                        }
                        Some(_) | None => folder.join(in_package).map(|joined| {
                            last = Some((in_package, joined.clone()));
                            AssetPlace::Folder(joined)
                        }),
                    }
                }
            };
            let place = place.map_err(|source| PlacingError {
                path: asset.path.clone(),
                folder: folder.clone(),
                source,
            })?;
            keys.push(Some(AssetKey {
                place,
                kind: asset.kind.clone(),
                name: name(asset),
                twin: 0,
            }));
        }
        // The file without a number is the first of its twins, though `x.1.recipe.json` comes before
        // `x.recipe.json`.
        let mut order: Vec<usize> = (0..keys.len()).filter(|&at| keys[at].is_some()).collect();
        let number = |index: usize| number_of_twin(&project.assets[index]);
        order.sort_by(|&one, &other| {
            let names = keys[one].cmp(&keys[other]);
            names.then_with(|| number(one).cmp(&number(other)))
        });
        let mut twin = 0;
        let mut before: Option<usize> = None;
        for index in order {
            let is_twin = before.is_some_and(|before| match (&keys[before], &keys[index]) {
                (Some(before), Some(key)) => before.has_name_of(key),
                (Some(_) | None, _) => false,
            });
            twin = if is_twin { twin + 1 } else { 0 };
            if let Some(key) = &mut keys[index] {
                key.twin = twin;
            }
            before = Some(index);
        }
        Ok(Self {
            folder: folder.clone(),
            landing: landing.clone(),
            keys,
        })
    }

    /// Where an asset that a reference names may lie in the workspace if it is not in the package,
    /// the likeliest place first (platform.md §5.5: it binds by folder and name).
    pub fn elsewhere(&self, reference: &Reference) -> Vec<(Nearness, AssetKey)> {
        let FileRole::Main(kind) = FileRole::of(&reference.target) else {
            return Vec::new();
        };
        if kind == AssetKind::CustomAdapter {
            return Vec::new();
        }
        let in_package = reference
            .target
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let mut places = Vec::new();
        if let Ok(place) = place(&kind, in_package, &self.folder) {
            places.push((Nearness::Place, place));
        }
        // Exported from the root of the workspace, the same asset has its whole path.
        let from_root = in_package.parse().map(AssetPlace::Folder);
        places.extend(from_root.map(|place| (Nearness::Place, place)));
        if kind == AssetKind::Connection {
            for home in [self.landing.home.clone(), FolderPath::home()] {
                places.push((Nearness::Further, AssetPlace::Folder(home)));
            }
        }
        if kind == AssetKind::LookupTable {
            places.push((Nearness::Further, AssetPlace::Workspace));
        }
        let mut seen = BTreeSet::new();
        places.retain(|(_, place)| seen.insert(place.clone()));
        let name = match nfc(&reference.name) {
            Cow::Borrowed(_) => Arc::clone(&reference.name),
            Cow::Owned(name) => name.into(),
        };
        let key = |(nearness, place)| {
            let key = AssetKey {
                place,
                kind: kind.clone(),
                name: name.clone(),
                twin: 0,
            };
            (nearness, key)
        };
        places.into_iter().map(key).collect()
    }

    /// What the workspace has to be asked for.
    pub fn scope(&self, project: &Project) -> Scope {
        let mut scope = Scope {
            into: self.folder.clone(),
            ..Scope::default()
        };
        for key in self.keys.iter().flatten() {
            if let AssetPlace::Folder(folder) = &key.place {
                scope.folders.insert(folder.clone());
            }
        }
        let mut above = vec![self.folder.clone()];
        above.extend(scope.folders.iter().cloned());
        for folder in above {
            let mut next = Some(folder);
            while let Some(folder) = next {
                next = folder.parent();
                scope.folders.insert(folder);
            }
        }
        let mut with_twin = Vec::new();
        let mut folders: HashMap<FolderPath, FolderPath> = HashMap::new();
        for (asset, key) in project.assets.iter().zip(&self.keys) {
            if asset.kind == AssetKind::CustomAdapter {
                scope.titles.extend(asset.name().parse().ok());
            }
            if asset.kind == AssetKind::AccountProperties {
                let names = asset.facts.properties().iter();
                scope.properties.extend(names.map(ToString::to_string));
            }
            if let Some(key) = key.as_ref().filter(|key| key.kind == AssetKind::Connection) {
                scope.connections.insert(Arc::clone(&key.name));
            }
            for reference in &asset.facts.references {
                if project.asset_at(&reference.target).is_some() {
                    continue;
                }
                let keys = self.elsewhere(reference);
                for (_, mut key) in keys {
                    if key.kind == AssetKind::Connection {
                        scope.connections.insert(Arc::clone(&key.name));
                    }
                    // Very many may lie in few folders.
                    if let AssetPlace::Folder(folder) = &mut key.place {
                        let known = folders.entry(folder.clone());
                        *folder = known.or_insert_with_key(Clone::clone).clone();
                    }
                    // A name that two assets of a folder have does not tell which is meant.
                    with_twin.push(key);
                }
            }
        }
        scope.keys = AskedKeys::new(self.keys.iter().flatten().cloned().collect(), with_twin);
        scope
    }
}

/// The number that tells the file of an asset from that of its twin: 1 in `x.1.recipe.json`
/// (platform.md §5.2).
fn number_of_twin(asset: &Asset) -> u32 {
    let mut parts = asset.path.file_name().rsplit('.').skip(2);
    let number = parts.next().and_then(|part| part.parse().ok());
    number
        .filter(|_| parts.next().is_some())
        .unwrap_or_default()
}

/// By which name an asset is known in a workspace: names that are canonically equivalent are one.
/// Descriptions, tags and properties have none of their own.
fn name(asset: &Asset) -> Arc<str> {
    let nameless = matches!(
        asset.kind,
        AssetKind::AccountProperties
            | AssetKind::ProjectProperties
            | AssetKind::Project
            | AssetKind::Tags
    );
    if nameless {
        return asset.kind.label().into();
    }
    match (nfc(asset.name()), &asset.facts.name) {
        (Cow::Borrowed(_), Some(name)) => Arc::clone(name),
        (name, _) => name.as_ref().into(),
    }
}

/// Whether an asset belongs to the workspace as a whole.
fn is_of_workspace(kind: &AssetKind, in_package: &str) -> bool {
    // A package describes the project that it is imported into; tables of a project lie in its
    // folder, others at the root.
    let of_workspace =
        kind.only_at_root() && *kind != AssetKind::Project || *kind == AssetKind::LookupTable;
    of_workspace && in_package.is_empty()
}

fn place(kind: &AssetKind, in_package: &str, folder: &FolderPath) -> Result<AssetPlace, PathError> {
    Ok(match is_of_workspace(kind, in_package) {
        true => AssetPlace::Workspace,
        false => AssetPlace::Folder(folder.join(in_package)?),
    })
}
