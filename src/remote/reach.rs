//! How far it is looked when a package is to go into a folder: at that folder, and at the lists that
//! tell of the whole workspace. What neither tells is read then, and only then.

use std::collections::BTreeSet;

use super::folders::Folders;
use super::kept::{Kept, Told};
use super::read::{Downloaded, ListedRecipes};
use super::settings::prefixes;
use super::snapshot_db::{Export, Held, Mirror, Reach, Stub};
use super::steady::ReadFor;
use super::{Interest, RemoteWorkspace};
use crate::archive::{Archive, Limits};
use crate::client::{
    ClientError, ConnectorInfo, FolderId, IncludeData, ManifestAsset, RecipeFilter, RecipeInfo,
};
use crate::io::scratch::ScratchFolder;
use crate::model::ident::{InternalName, Version};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::workspace::{
    AssetKey, AssetPlace, FolderPath, HeldState, ReadDepth, Scope, Sight, Snapshot,
};
use crate::workspace::WorkspaceError;

/// Recipes outside of what is exported.
pub(super) struct Others {
    pub(super) reach: Reach,
    pub(super) reading: ReadDepth,
    /// Those that were listed; nothing if not all were.
    pub(super) listed: Option<Vec<RecipeInfo>>,
}

impl RemoteWorkspace {
    /// Lists what the folders hold that are read.
    pub(super) fn hold(
        &self,
        interest: &Interest,
        folders: &mut Folders<'_>,
    ) -> Result<(Reach, Vec<Held>), WorkspaceError> {
        let base = &self.base;
        let into = interest.into.iter().filter(|into| **into != base.path);
        let mut placed = Vec::new();
        for folder in into.clone() {
            match self.held_in(folder, folders)? {
                Some(held) => placed.push(held),
                None => break,
            }
        }
        let all = placed.len() == into.clone().count() && !self.was_further(into);
        if base.path.is_home() && !interest.unfiled && all && !placed.is_empty() {
            return Ok((Reach::Folder, placed));
        }
        let mut held = Vec::new();
        if base.path.is_home() || base.id.get().is_some() {
            held.push(self.held(base.path.clone(), base.id.get())?);
        }
        if interest.unfiled && !base.path.is_home() {
            let home = self.home()?;
            if home.is_some() {
                held.push(self.held(FolderPath::home(), home)?);
            }
        }
        held.append(&mut placed);
        Ok((Reach::Whole, held))
    }

    /// Whether lists of the workspace did not do when one of the folders was read last.
    fn was_further<'f>(&self, mut into: impl Iterator<Item = &'f FolderPath>) -> bool {
        let (readings, identity) = (&self.settings.readings, self.identity());
        self.reading.get() == ReadDepth::Slim
            && into.any(|folder| {
                let kept = readings.kept(&identity, folder);
                kept.is_some_and(|kept| kept.reach() == Reach::Whole)
            })
    }

    fn held(&self, folder: FolderPath, number: Option<u64>) -> Result<Held, ClientError> {
        Ok(Held {
            assets: self.listed_in(number)?,
            folder,
            number,
        })
    }

    /// What a folder holds; nothing if it is not there. Where it was exported earlier, its number is
    /// known, and what is listed tells whether it still is that folder.
    fn held_in(
        &self,
        folder: &FolderPath,
        folders: &mut Folders<'_>,
    ) -> Result<Option<Held>, WorkspaceError> {
        if self.read_for.get() == ReadFor::Report
            && let Some(number) = self.found.borrow().get(folder)
        {
            return Ok(Some(self.held(folder.clone(), Some(*number))?));
        }
        let readings = &self.settings.readings;
        let kept = match self.reading.get() {
            ReadDepth::Slim => readings.kept(&self.identity(), folder),
            ReadDepth::Full => None,
        };
        let known = kept.and_then(|kept| kept.number());
        let listed = known.map(|number| self.held(folder.clone(), Some(number)));
        let held = match listed {
            Some(Ok(held)) if lie_in(&held.assets, folder) => Some(held),
            Some(Ok(_) | Err(ClientError::NotFound { .. })) | None => None,
            Some(Err(error)) => return Err(error.into()),
        };
        let held = match held {
            Some(held) => Some(held),
            None => match folders.id_of(folder)? {
                Some(number) => Some(self.held(folder.clone(), Some(number))?),
                None => None,
            },
        };
        let mut found = self.found.borrow_mut();
        match held.as_ref().and_then(|held| held.number) {
            Some(number) => found.insert(folder.clone(), number),
            None => found.remove(folder),
        };
        Ok(held)
    }

    /// What a folder holds. Home needs no number (platform.md §1.1), and where it does, it is looked
    /// for.
    pub(super) fn listed_in(&self, number: Option<u64>) -> Result<Vec<ManifestAsset>, ClientError> {
        let api = self.api();
        let listed = api.folder_assets(number.map(FolderId), IncludeData::Yes);
        match (listed, number) {
            (Err(ClientError::Refused { .. } | ClientError::NotFound { .. }), None) => {
                match self.home()? {
                    Some(home) => api.folder_assets(Some(FolderId(home)), IncludeData::Yes),
                    // Nothing lies in it, and no folder does.
                    None => Ok(Vec::new()),
                }
            }
            (listed, _) => listed,
        }
    }

    /// Exports a folder that holds something.
    pub(super) fn export_of(&self, held: &mut Held) -> Result<Downloaded, WorkspaceError> {
        let number = match held.number {
            Some(number) => Some(number),
            None => self.home()?,
        };
        held.number = number;
        let number = number.ok_or_else(|| self.not_read())?;
        self.export(number, &self.settings.scratch, IncludeData::Yes)
    }

    /// The recipes among assets. Of one folder's all are listed where it matters what lies elsewhere.
    pub(super) fn recipes_beside(
        &self,
        reach: Reach,
        assets: &[ManifestAsset],
        interest: &Interest,
    ) -> Result<ListedRecipes, WorkspaceError> {
        let planned = self.read_for.get() == ReadFor::Plan;
        let all = self.reading.get() == ReadDepth::Full || interest.recipes_elsewhere;
        match reach {
            Reach::Folder if planned && all => self.all_recipes(assets),
            Reach::Folder => Ok(ListedRecipes {
                elsewhere: None,
                ..self.recipes_with(&recipes_in(assets))?
            }),
            Reach::Whole => self.recipes_with(&recipes_in(assets)),
        }
    }

    /// All recipes of the workspace.
    pub(super) fn all_recipes(
        &self,
        assets: &[ManifestAsset],
    ) -> Result<ListedRecipes, WorkspaceError> {
        let wanted = recipes_in(assets);
        let listed = self.api().recipes(&RecipeFilter::default())?;
        let (inside, others) = listed
            .into_iter()
            .partition(|recipe| wanted.contains(&recipe.id.0));
        Ok(ListedRecipes {
            inside,
            elsewhere: Some(others),
        })
    }

    /// The connectors of the token's own workspace. What a partner has is not listed again after an
    /// import into a customer's workspace, which changes nothing of it.
    pub(super) fn connectors_listed(&self) -> Result<Vec<ConnectorInfo>, ClientError> {
        let partner = self.partner.borrow();
        match (&*partner, self.read_for.get()) {
            (Some(listed), ReadFor::Report) => Ok(listed.clone()),
            (Some(_), ReadFor::Plan) | (None, _) => self.client.connectors(),
        }
    }

    /// What was exported earlier, where lists tell that it is still so, and whoever asks is content
    /// with that.
    pub(super) fn still_held(
        &self,
        held: &[Held],
        told: &Told<'_>,
    ) -> Option<Vec<(Kept, Downloaded)>> {
        if self.reading.get() == ReadDepth::Full {
            return None;
        }
        let (readings, identity) = (&self.settings.readings, self.identity());
        let mut packages = Vec::new();
        for held in held.iter().filter(|held| !held.assets.is_empty()) {
            let kept = readings.kept(&identity, &held.folder);
            let kept = match kept.filter(|kept| kept.still(held, told)) {
                Some(kept) => kept,
                // What a folder's export has may be all that there is.
                None if held.folder.is_home() => {
                    let last = readings.last(&identity)?;
                    Some(last).filter(|last| last.is_all(&held.assets, told))?
                }
                None => return None,
            };
            let scratch = ScratchFolder::new(&self.settings.scratch).ok()?;
            let package = Downloaded::new(scratch, format!("{}.zip", self.name_of_base()));
            readings.copy(&kept, &package.path())?;
            packages.push((kept, package));
        }
        (!packages.is_empty()).then_some(packages)
    }

    /// The names among those asked for that the workspace's properties have; none if they are in an
    /// export, or not all are told.
    pub(super) fn properties_there(
        &self,
        interest: &Interest,
        exports: &[Export],
    ) -> Result<BTreeSet<String>, WorkspaceError> {
        let mut packages = exports.iter();
        if interest.properties.is_empty() || packages.any(holds_properties) {
            return Ok(BTreeSet::new());
        }
        let names: Vec<&str> = interest.properties.iter().map(String::as_str).collect();
        let several = prefixes(&names);
        // Names that don't begin alike are all asked for at once first.
        let at_once = match several.as_slice() {
            [_] => several.clone(),
            _ => vec![""],
        };
        for prefixes in [at_once, several] {
            let mut there = BTreeSet::new();
            for prefix in prefixes {
                match self.api().properties(prefix, None) {
                    Ok(told) => there.extend(told.into_keys()),
                    // Whoever does not answer this does not tell.
                    Err(
                        ClientError::Unauthorised { .. }
                        | ClientError::NotFound { .. }
                        | ClientError::Refused { .. }
                        | ClientError::Unreadable { .. },
                    ) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            there.retain(|name| interest.properties.contains(name));
            if there == interest.properties {
                return Ok(there);
            }
        }
        Ok(BTreeSet::new())
    }

    /// The connectors of a customer's own that recipes use: which they are, only exports tell.
    pub(super) fn uses_own(
        &self,
        recipes: Option<&[RecipeInfo]>,
        partner: &[ConnectorInfo],
    ) -> BTreeSet<InternalName> {
        let recipes = recipes.into_iter().flatten();
        let recipes = recipes.filter(|_| self.who.admin.is_some());
        let used = recipes.flat_map(|recipe| &recipe.providers);
        let mut used: BTreeSet<_> = used.filter_map(|used| InternalName::custom(used)).collect();
        for connector in partner {
            used.remove(&connector.name);
        }
        used
    }

    /// Whether a package is about something that neither its folder nor a list tells of.
    pub(super) fn is_unseen(&self, scope: &Scope, snapshot: &Snapshot, mirror: &Mirror) -> bool {
        if scope.sight == Sight::AsRead {
            return false;
        }
        let reach = mirror.reach;
        let outside = |key: &AssetKey| match (&key.place, reach) {
            (AssetPlace::Workspace, _) => true,
            (AssetPlace::Folder(folder), Reach::Folder) => scope.into.relative(folder).is_none(),
            (AssetPlace::Folder(_), Reach::Whole) => false,
        };
        // A twin is asked for only in case there is one. Tags are in every export.
        let mut keys = scope.keys.iter();
        let assets = keys.any(|key| {
            outside(&key)
                && key.kind != AssetKind::Tags
                && !is_told_by_lists(&key.kind)
                && key.twin == 0
                && !snapshot.assets.contains_key(&key)
        });
        // A customer's own connectors are in no list.
        let mut titles = scope.titles.iter();
        let connectors = self.who.admin.is_some()
            && titles.any(|title| {
                let mut held = snapshot.connectors.iter();
                !mirror.own_elsewhere.is_empty() || !held.any(|held| held.title == *title)
            });
        assets || connectors
    }
}

/// Whether lists tell where such assets are, wherever they are.
pub(super) const fn is_told_by_lists(kind: &AssetKind) -> bool {
    matches!(kind, AssetKind::Recipe | AssetKind::Connection)
}

/// Whether all assets lie where a folder's may: in it, or in no folder.
fn lie_in(assets: &[ManifestAsset], folder: &FolderPath) -> bool {
    let mut inside = assets.iter().filter(|asset| {
        let place = asset.absolute_path.as_deref();
        let below = place.and_then(super::folders::below_top);
        below.is_some_and(|place| folder.relative(&place).is_some())
    });
    inside.next().is_some()
}

fn recipes_in(assets: &[ManifestAsset]) -> BTreeSet<u64> {
    let recipes = assets.iter().filter(|asset| asset.kind == "recipe");
    recipes.map(|asset| asset.id).collect()
}

fn holds_properties(export: &Export) -> bool {
    Archive::open(&export.package, &Limits::default()).is_ok_and(|archive| {
        let mut entries = archive.entries().iter();
        entries.any(|entry| {
            FileRole::of(entry.path().as_str()) == FileRole::Main(AssetKind::AccountProperties)
        })
    })
}

/// The names of properties as an asset of the workspace.
pub(super) fn property_stub(names: &BTreeSet<String>) -> Option<Stub> {
    if names.is_empty() {
        return None;
    }
    let names = names
        .iter()
        .map(|name| (name.clone(), serde_json::Value::Null));
    let json = serde_json::Value::Object(names.collect());
    Some(Stub {
        id: None,
        key: AssetKey {
            place: AssetPlace::Workspace,
            kind: AssetKind::AccountProperties,
            name: AssetKind::AccountProperties.label().into(),
            twin: 0,
        },
        json: json.to_string().into_bytes(),
        providers: Vec::new(),
        state: HeldState::Plain,
        version: Version(0),
    })
}
