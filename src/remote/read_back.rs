//! Reading back an import whose plan rests on what lists tell: the recipes that it changed are asked
//! for one by one, and what else there is was looked at right before.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::RemoteWorkspace;
use super::kept::{Kept, Told};
use super::lists::RecipeMark;
use super::read::Downloaded;
use super::snapshot_db::{Mirror, Seen};
use crate::archive::{Archive, Batch, Buffers, Kind, Limits, PackageWriter, Previous};
use crate::client::{ConnectionInfo, RecipeId, RecipeInfo};
use crate::io::scratch::ScratchFolder;
use crate::model::ident::{Digest, Version};
use crate::model::kind::FileRole;
use crate::model::path::PackagePath;
use crate::ops::import::PackedFiles;
use crate::plan::commit::{Change, Commit};
use crate::workspace::{Contents, Decoder};

/// More recipes than these are read back by an export, which takes no more questions.
const ONE_BY_ONE: usize = 6;

/// What was read, with its exports, be they made now or earlier.
#[derive(Debug)]
pub(super) struct Exported {
    pub(super) seen: Seen,
    /// What each of them holds.
    pub(super) packed: Vec<PackedFiles>,
    pub(super) packages: Vec<Downloaded>,
}

/// A recipe that an import changes: its number, and the JSON that it gets.
struct Changed {
    id: u64,
    json: Digest,
}

/// The recipes that a commit changes; nothing if it changes anything else.
fn changed(commit: &Commit) -> Option<Vec<Changed>> {
    let changes = commit.changes.iter().map(|change| match change {
        Change::UpdateAsset { id, body } => Some(Changed {
            id: id.0,
            json: body.files.first()?.content,
        }),
        Change::CreateFolder(_)
        | Change::CreateAsset { .. }
        | Change::RemoveAsset(_)
        | Change::SetRecipe { .. }
        | Change::SetConnection { .. }
        | Change::CreateConnector { .. }
        | Change::AddVersion { .. }
        | Change::ReleaseVersion { .. }
        | Change::Share { .. }
        | Change::Unshare(_)
        | Change::MoveAsset { .. }
        | Change::RemoveFolder(_)
        | Change::SetEndpoint { .. }
        | Change::SetProperty { .. } => None,
    });
    changes.collect()
}

impl RemoteWorkspace {
    /// What is there after an import; nothing where it can't be told in this way, or something is
    /// not as it should be: then it is read anew.
    pub(super) fn read_back(
        &self,
        exported: Exported,
        commit: &Commit,
        contents: &mut dyn Contents,
    ) -> Option<Mirror> {
        let Exported {
            mut seen, packages, ..
        } = exported;
        let changed = changed(commit).filter(|changed| changed.len() <= ONE_BY_ONE)?;
        let package = contents.package()?;
        let [export] = seen.exports.as_mut_slice() else {
            return None;
        };
        // References of the package are those of the export only where paths mean the same.
        if *package.folder != export.folder {
            return None;
        }
        let archive = Archive::open(package.path, &Limits::default()).ok()?;
        let packed: Vec<PackagePath> = (archive.entries().iter())
            .map(|entry| entry.path().clone())
            .collect();
        let mut now = Vec::new();
        let mut replaced = BTreeMap::new();
        for Changed { id, json } in changed {
            let mut paths = export.numbers.iter().filter(|(path, number)| {
                matches!(FileRole::of(path.as_str()), FileRole::Main(kind) if kind.word() == "recipe")
                    && **number == id
            });
            let path = paths.next()?.0.clone();
            if !packed.contains(&path) {
                return None;
            }
            let mut bytes = Vec::new();
            let content = contents.content(&json).ok()?;
            Decoder::default()
                .decode(&content, &json, &mut bytes)
                .ok()?;
            let recipe = self.api().recipe(RecipeId(id)).ok()?;
            let (_, before) = seen.recipes.get(&id)?;
            if recipe.version_no.map(Version) <= *before || !holds(&recipe, &bytes) {
                return None;
            }
            replaced.insert(path, bytes);
            now.push(recipe);
        }
        let scratch = ScratchFolder::new(&self.settings.scratch).ok()?;
        let (old, new) = (export.package.clone(), scratch.file("now.zip"));
        with_replaced(&old, &new, &replaced).ok()?;
        export.package.clone_from(&new);
        for recipe in &now {
            let version = recipe.version_no.map(Version);
            seen.recipes.insert(recipe.id.0, (recipe.state, version));
            let mark = RecipeMark::of(recipe);
            seen.lists.recipes.insert(recipe.id.0, mark);
        }
        let mirror = self.mirror_of(&seen).ok()?;
        self.keep_changed(&seen, &now, &new);
        drop(packages);
        Some(mirror)
    }

    /// Keeps the export with what is there now, for the next time.
    fn keep_changed(&self, seen: &Seen, now: &[RecipeInfo], package: &Path) {
        let [held] = seen.held.as_slice() else {
            return;
        };
        let identity = self.identity();
        let Some(kept) = self.settings.readings.kept(&identity, &held.folder) else {
            return;
        };
        let mut held = held.clone();
        for asset in held
            .assets
            .iter_mut()
            .filter(|asset| asset.kind == "recipe")
        {
            let mut changed = now.iter().filter(|recipe| recipe.id.0 == asset.id);
            // Some lists of assets tell versions, others don't.
            if let (Some(_), Some(recipe)) = (asset.version, changed.next()) {
                asset.version = recipe.version_no;
            }
        }
        let connections: Vec<ConnectionInfo> = Vec::new();
        let told = Told {
            recipes: now,
            connections: &connections,
            connectors: &[],
        };
        let (properties, reach) = (kept.properties().clone(), kept.reach());
        let kept = kept.changed(Kept::of(&identity, &held, &told, &properties, reach));
        self.settings.readings.keep(kept, package);
    }
}

/// Copies a package with other bytes in some of its files.
fn with_replaced(
    old: &Path,
    new: &Path,
    replaced: &BTreeMap<PackagePath, Vec<u8>>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let archive = Archive::open(old, &Limits::default())?;
    let mut whole = Previous::open(old)?;
    let folder = new.parent().unwrap_or(Path::new("."));
    let mut writer = PackageWriter::create(folder, u64::MAX)?;
    let buffers = Buffers::default();
    for (number, entry) in archive.entries().iter().enumerate() {
        let path = entry.path();
        if entry.kind() != Kind::File {
            continue;
        }
        match replaced.get(path) {
            None => writer.copy(path, &mut whole, number)?,
            Some(bytes) => {
                let mut batch = Batch::new(&buffers);
                batch.add(path, bytes)?;
                writer.append(path, batch.finish()?, &buffers)?;
            }
        }
    }
    writer.finish()?.persist(new)?;
    Ok(())
}

/// Whether a recipe as it is told holds what it was to get: its name, its steps and its
/// applications. What references mean is told by numbers there, and is not compared.
fn holds(told: &RecipeInfo, json: &[u8]) -> bool {
    let Ok(wanted) = serde_json::from_slice::<Value>(json) else {
        return false;
    };
    let code = told.code.as_deref().map(serde_json::from_str::<Value>);
    let Some(Ok(code)) = code else {
        return false;
    };
    let config = wanted["config"].as_array().into_iter().flatten();
    let used = config.filter_map(|entry| entry["provider"].as_str());
    let mut used = used.filter(|provider| !provider.is_empty());
    wanted["name"].as_str() == Some(told.name.as_str())
        && used.all(|provider| told.providers.iter().any(|known| known == provider))
        && same(&code, &wanted["code"])
}

/// Whether two values are the same, but for what stands in place of references.
fn same(told: &Value, wanted: &Value) -> bool {
    if is_reference(wanted) {
        return is_reference(told)
            || told.is_null()
            || told.is_number()
            || told
                .as_str()
                .is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()));
    }
    match (told, wanted) {
        (Value::Object(told), Value::Object(wanted)) => {
            told.len() == wanted.len()
                && wanted
                    .iter()
                    .all(|(key, wanted)| told.get(key).is_some_and(|told| same(told, wanted)))
        }
        (Value::Array(told), Value::Array(wanted)) => {
            told.len() == wanted.len() && told.iter().zip(wanted).all(|(a, b)| same(a, b))
        }
        (Value::Number(told), Value::Number(wanted)) => told.as_f64() == wanted.as_f64(),
        (told, wanted) => told == wanted,
    }
}

/// Whether a value is a reference to an asset (platform.md §5.5).
fn is_reference(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        ["zip_name", "name", "folder"]
            .iter()
            .all(|key| object.contains_key(*key))
    })
}
