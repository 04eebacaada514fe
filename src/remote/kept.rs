//! What was exported earlier, kept on this machine: as long as lists tell that it is still so, nobody
//! has to export it again.
//!
//! Lists tell when a recipe or a connection was changed, and which version of a connector was
//! released when. Nothing tells that of a table, a page or a property: what is kept of these is what
//! was there once, and whoever asks is told that it was not read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::journal::RemoteIdentity;
use super::snapshot_db::{Held, Reach, is_listed};
use crate::client::{ConnectionInfo, ConnectorInfo, ManifestAsset, RecipeInfo};
use crate::io::atomic;
use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::seal::{Seal, seal_of, unsealed};
use crate::model::visible;
use crate::model::workspace::FolderPath;
use crate::ops::export::pack::digest_of_file;

/// The format that this program writes. What has another one is not used.
const FORMAT: u32 = 2;

/// A folder with what was exported. Nothing depends on it: what can't be kept or read is exported
/// again.
#[derive(Clone, Debug)]
pub struct Readings {
    folder: PathBuf,
}

/// What lists tell now.
#[derive(Clone, Copy)]
pub(super) struct Told<'l> {
    pub(super) recipes: &'l [RecipeInfo],
    pub(super) connections: &'l [ConnectionInfo],
    pub(super) connectors: &'l [ConnectorInfo],
}

/// An export of a folder, and what lists told right before it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    format: u32,
    identity: RemoteIdentity,
    folder: FolderPath,
    /// The folder's number; nothing where that of Home was not asked for.
    number: Option<u64>,
    /// The package.
    package: Digest,
    assets: Vec<Noted>,
    /// Names of the workspace's properties that are in no folder's export, as they were listed.
    properties: BTreeSet<String>,
    /// How far it was looked for the package that goes into the folder.
    reach: Reach,
}

/// Which of a workspace's folders was exported last that is not Home.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Last {
    identity: RemoteIdentity,
    folder: FolderPath,
}

/// An asset of an export.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Noted {
    kind: String,
    id: u64,
    name: String,
    version: Option<u64>,
    path: Option<String>,
    place: Option<String>,
    /// What is another one when somebody changes it; nothing where no list tells.
    mark: Option<Mark>,
}

/// What is another one when somebody changes an asset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Mark {
    Recipe {
        name: String,
        folder: Option<u64>,
        version: u64,
        updated: String,
    },
    Connection {
        name: String,
        folder: Option<u64>,
        provider: Option<String>,
        updated: String,
    },
    Connector {
        id: u64,
        name: String,
        released: u64,
        at: String,
    },
}

fn notes(assets: &[ManifestAsset], told: &Told<'_>) -> Vec<Noted> {
    let mut notes: Vec<Noted> = assets
        .iter()
        .map(|asset| Noted {
            kind: asset.kind.clone(),
            id: asset.id,
            name: asset.name.clone(),
            version: asset.version,
            path: asset.zip_name.clone(),
            place: asset.absolute_path.clone(),
            mark: mark(asset, told),
        })
        .collect();
    // The order of a list says nothing.
    notes.sort_unstable();
    notes
}

fn mark(asset: &ManifestAsset, told: &Told<'_>) -> Option<Mark> {
    match asset.kind.as_str() {
        "recipe" => {
            let mut recipes = told.recipes.iter();
            let recipe = recipes.find(|recipe| recipe.id.0 == asset.id)?;
            Some(Mark::Recipe {
                name: recipe.name.clone(),
                folder: recipe.folder_id.map(|folder| folder.0),
                version: recipe.version_no?,
                updated: recipe.updated_at.clone()?,
            })
        }
        "connection" => {
            let mut connections = told.connections.iter();
            let connection = connections.find(|connection| connection.id.0 == asset.id)?;
            Some(Mark::Connection {
                name: connection.name.clone(),
                folder: connection.folder_id.map(|folder| folder.0),
                provider: connection.provider.clone(),
                updated: connection.updated_at.clone()?,
            })
        }
        "custom_adapter" => {
            let mut titled = told
                .connectors
                .iter()
                .filter(|connector| connector.title == asset.name);
            let connector = titled.next()?;
            if titled.next().is_some() {
                return None;
            }
            let released = connector.latest_released_version?;
            let mut versions = connector.released_versions.iter();
            let version = versions.find(|version| version.version == released)?;
            Some(Mark::Connector {
                id: connector.id.0,
                name: connector.name.to_string(),
                released: released.0,
                at: version.released_at.clone()?,
            })
        }
        _ => None,
    }
}

impl Kept {
    /// What an export of a folder is kept with. The lists were read before it was made.
    pub(super) fn of(
        identity: &RemoteIdentity,
        held: &Held,
        told: &Told<'_>,
        properties: &BTreeSet<String>,
        reach: Reach,
    ) -> Self {
        Self {
            format: FORMAT,
            identity: identity.clone(),
            folder: held.folder.clone(),
            number: held.number,
            package: Digest::of(b""),
            assets: notes(&held.assets, told),
            properties: properties.clone(),
            reach,
        }
    }

    /// Whether lists tell that all of it that they tell of is still so.
    pub(super) fn still(&self, held: &Held, told: &Told<'_>) -> bool {
        let number = match (self.number, held.number) {
            (Some(then), Some(now)) => then == now,
            (None, _) | (_, None) => true,
        };
        number && self.tells() && notes(&held.assets, told) == self.assets
    }

    /// Whether these assets, which are all of the workspace's, are those of this folder's export, as
    /// they were then. Their files have other paths in an export of the workspace.
    pub(super) fn is_all(&self, assets: &[ManifestAsset], told: &Told<'_>) -> bool {
        let unfiled = |mut notes: Vec<Noted>| {
            notes.iter_mut().for_each(|noted| noted.path = None);
            notes.sort_unstable();
            notes
        };
        self.tells() && unfiled(notes(assets, told)) == unfiled(self.assets.clone())
    }

    /// The folder.
    pub(super) const fn folder(&self) -> &FolderPath {
        &self.folder
    }

    /// How far it was looked.
    pub(super) const fn reach(&self) -> Reach {
        self.reach
    }

    /// The number of the folder.
    pub(super) const fn number(&self) -> Option<u64> {
        self.number
    }

    /// Names of the workspace's properties that are in no folder's export.
    pub(super) const fn properties(&self) -> &BTreeSet<String> {
        &self.properties
    }

    /// The numbers of what is in the package, as far as they were told.
    pub(super) fn numbers(&self) -> BTreeMap<PackagePath, u64> {
        let assets = self.assets.iter();
        assets
            .filter_map(|noted| Some((noted.path.as_ref()?.parse().ok()?, noted.id)))
            .collect()
    }

    /// The same with what is told of some assets by now.
    pub(super) fn changed(mut self, now: Self) -> Self {
        for asset in &mut self.assets {
            let mut told = now.assets.iter();
            let told = told.find(|told| (&told.kind, told.id) == (&asset.kind, asset.id));
            if let Some(told) = told.filter(|told| told.mark.is_some()) {
                asset.clone_from(told);
            }
        }
        self.assets.sort_unstable();
        self
    }

    /// Whether lists tell of every asset when it was changed, as far as they do of its type.
    fn tells(&self) -> bool {
        self.assets.iter().all(|asset| {
            let kind: AssetKind = AssetKind::from_word(&asset.kind);
            !is_listed(&kind) || asset.mark.is_some()
        })
    }
}

impl Readings {
    /// Those in a folder, which need not be there yet.
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn file(&self, identity: &RemoteIdentity, folder: &FolderPath) -> PathBuf {
        let name = Digest::of(format!("{identity} folder {folder}").as_bytes());
        self.folder.join(format!("{name}.json"))
    }

    fn last_file(&self, identity: &RemoteIdentity) -> PathBuf {
        let name = Digest::of(format!("{identity} last").as_bytes());
        self.folder.join(format!("{name}.json"))
    }

    /// What is kept of the folder that was exported last, Home not counted.
    pub(super) fn last(&self, identity: &RemoteIdentity) -> Option<Kept> {
        let bytes = atomic::read(&self.last_file(identity)).ok()??;
        let (last, seal) = unsealed::<Last>(&bytes).ok()?;
        let fits = seal == Seal::Holds && last.identity == *identity;
        self.kept(identity, Some(&last.folder).filter(|_| fits)?)
    }

    fn package(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}.zip"))
    }

    /// What is kept of a folder.
    pub(super) fn kept(&self, identity: &RemoteIdentity, folder: &FolderPath) -> Option<Kept> {
        let bytes = atomic::read(&self.file(identity, folder)).ok()??;
        let (kept, seal) = unsealed::<Kept>(&bytes).ok()?;
        let fits = seal == Seal::Holds && kept.format == FORMAT;
        (fits && kept.identity == *identity && kept.folder == *folder).then_some(kept)
    }

    /// Copies the package to where it stays whoever keeps another one meanwhile.
    pub(super) fn copy(&self, kept: &Kept, to: &Path) -> Option<()> {
        std::fs::copy(self.package(&kept.package), to).ok()?;
        let (_, digest) = digest_of_file(to).ok()?;
        (digest == kept.package).then_some(())
    }

    /// Keeps an export, in place of what was kept of its folder.
    pub(super) fn keep(&self, kept: Kept, package: &Path) {
        if kept.tells() {
            // What can't be kept is exported again.
            let _ = self.try_to_keep(kept, package);
        }
    }

    fn try_to_keep(&self, mut kept: Kept, package: &Path) -> std::io::Result<()> {
        atomic::make_private_folder(&self.folder)?;
        (_, kept.package) = digest_of_file(package)?;
        let before = self.kept(&kept.identity, &kept.folder);
        if before.as_ref() == Some(&kept) && self.package(&kept.package).exists() {
            return self.keep_last(&kept);
        }
        let mut from = std::fs::File::open(package)?;
        atomic::write_replaceable(&self.package(&kept.package), |to| {
            std::io::copy(&mut from, to).map(drop)
        })?;
        write_sealed(&self.file(&kept.identity, &kept.folder), &kept)?;
        let mut earlier = before.filter(|before| before.package != kept.package);
        if let Some(before) = earlier.take() {
            std::fs::remove_file(self.package(&before.package))?;
        }
        self.keep_last(&kept)
    }

    fn keep_last(&self, kept: &Kept) -> std::io::Result<()> {
        if kept.folder.is_home() {
            return Ok(());
        }
        let last = Last {
            identity: kept.identity.clone(),
            folder: kept.folder.clone(),
        };
        write_sealed(&self.last_file(&kept.identity), &last)
    }
}

fn write_sealed<T: Serialize>(file: &Path, value: &T) -> std::io::Result<()> {
    #[derive(Serialize)]
    struct Sealed<'v, V> {
        #[serde(flatten)]
        value: &'v V,
        seal: Digest,
    }
    let seal = seal_of(value)?;
    let text = visible::json(&Sealed { value, seal })?;
    atomic::write_replaceable(file, |to| to.write_all(text.as_bytes()))
}
