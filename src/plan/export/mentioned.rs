//! Which thing of a project a person means by a name or a path, before it is written into a manifest.

use std::collections::BTreeSet;

use crate::manifest::{Candidate as Looked, Glob};
use crate::model::ident::{ConnectorTitle, InternalName, TagName, TypeWord};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::{Asset, Project};
use crate::plan::connectors::{Sources, title_of};
use crate::plan::resolve::{Candidate, ResolveError};

/// What a selection looks at in an asset.
pub fn looked_at(asset: &Asset) -> Looked<'_> {
    let tags = asset.facts.recipe().map_or(&[][..], |recipe| &recipe.tags);
    Looked {
        path: &asset.path,
        kind_word: asset.kind.word(),
        tags,
    }
}

/// The asset of this type that `text` means: by its path, its name, or its folder and name.
///
/// # Errors
/// If there is none, or several.
pub fn asset<'p>(
    project: &'p Project,
    kind: &AssetKind,
    what: &'static str,
    text: &str,
) -> Result<&'p Asset, ResolveError> {
    let assets = || project.of_kind(kind).map(|(_, asset)| asset);
    // A path means one asset, so it wins over a name that looks like one.
    if let Some(asset) = assets().find(|asset| asset.path.as_str() == text) {
        return Ok(asset);
    }
    let with_folder = |asset: &Asset| match asset.path.folder() {
        "" => asset.name().to_owned(),
        folder => format!("{folder}/{}", asset.name()),
    };
    let found: Vec<&Asset> = assets()
        .filter(|asset| asset.name() == text || with_folder(asset) == text)
        .collect();
    match *found {
        [one] => Ok(one),
        [] => {
            let names: Vec<String> = assets()
                .flat_map(|asset| {
                    [
                        asset.name().to_owned(),
                        with_folder(asset),
                        asset.path.to_string(),
                    ]
                })
                .collect();
            Err(ResolveError::nothing(
                what,
                text,
                names.iter().map(String::as_str),
            ))
        }
        _ => {
            let candidates = found.iter().map(|asset| Candidate {
                unique: asset.path.to_string(),
                label: asset.name().to_owned(),
            });
            Err(ResolveError::several(what, text, candidates))
        }
    }
}

/// Checks that assets lie in a folder, or below it.
///
/// # Errors
/// If none does.
pub fn folder(project: &Project, wanted: &PackagePath) -> Result<(), ResolveError> {
    let mut folders = BTreeSet::new();
    for asset in &project.assets {
        let mut folder = asset.path.folder();
        while !folder.is_empty() && folders.insert(folder) {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
    match folders.contains(wanted.as_str()) {
        true => Ok(()),
        false => Err(ResolveError::nothing("folder", wanted.as_str(), folders)),
    }
}

/// Checks that the project has assets of a type.
///
/// # Errors
/// If it has none.
pub fn kind(project: &Project, wanted: &TypeWord) -> Result<(), ResolveError> {
    let words: BTreeSet<&str> = project.assets.iter().map(|a| a.kind.word()).collect();
    match words.contains(wanted.as_str()) {
        true => Ok(()),
        false => Err(ResolveError::nothing(
            "asset of the type",
            wanted.as_str(),
            words,
        )),
    }
}

/// Checks that a recipe carries a tag.
///
/// # Errors
/// If none does.
pub fn tag(project: &Project, wanted: &TagName) -> Result<(), ResolveError> {
    let recipes = project.assets.iter().filter_map(|a| a.facts.recipe());
    let tags: BTreeSet<&str> = recipes
        .flat_map(|recipe| recipe.tags.iter().map(String::as_str))
        .collect();
    match tags.contains(wanted.as_str()) {
        true => Ok(()),
        false => Err(ResolveError::nothing(
            "recipe with the tag",
            wanted.as_str(),
            tags,
        )),
    }
}

/// Checks that a pattern matches an asset.
///
/// # Errors
/// If it matches none.
pub fn pattern(project: &Project, wanted: &Glob) -> Result<(), ResolveError> {
    let mut paths = project.assets.iter().map(|asset| asset.path.as_str());
    match paths.clone().any(|path| wanted.matches(path)) {
        true => Ok(()),
        false => Err(ResolveError::nothing(
            "asset that matches",
            wanted.as_str(),
            paths.by_ref(),
        )),
    }
}

/// The title of the connector that `text` means: by its title, its internal name, or the path of its
/// JSON. A connector of which only the internal name is known is spoken of by that.
///
/// # Errors
/// If neither the project nor the catalogue knows it.
pub fn connector(sources: &Sources<'_>, text: &str) -> Result<ConnectorTitle, ResolveError> {
    let titles = sources.titles_known();
    let own = sources.project.of_kind(&AssetKind::CustomAdapter);
    let mut own = own.map(|(_, asset)| asset);
    let mut named = || {
        let entry = sources.catalogue?.by_internal_name(text)?;
        Some(entry.title.clone())
    };
    let linked = || {
        let name = InternalName::custom(text)?;
        let index = sources.graph.connectors(&name).next()?;
        title_of(&sources.project.assets[index])
    };
    let is_used = || {
        let name = InternalName::custom(text)?;
        let mut assets = sources.project.assets.iter();
        assets
            .any(|asset| asset.facts.internal_names.contains(&name))
            .then(|| text.parse().ok())?
    };
    let exact = || titles.contains(text).then(|| text.parse().ok())?;
    exact()
        .or_else(|| title_of(own.find(|asset| asset.path.as_str() == text)?))
        .or_else(&mut named)
        .or_else(linked)
        .or_else(is_used)
        .ok_or_else(|| ResolveError::nothing("connector", text, titles.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::PackagePath;

    #[test]
    fn a_path_of_a_package_is_a_pattern_for_itself_only() {
        let path = |text: &str| -> PackagePath { text.parse().expect("a path") };
        for text in ["Orders/a.recipe.json", "[App] X/{a}*?.recipe.json", "a\\b"] {
            let Ok(path) = text.parse::<PackagePath>() else {
                continue;
            };
            let glob = Glob::literal(&path).expect("a pattern");
            assert!(glob.matches(text), "{text}");
            assert!(!glob.matches("A X/{a}bc.recipe.json"));
            assert!(!glob.matches("Orders/b.recipe.json"));
        }
        let glob = Glob::literal(&path("[ab]/c")).expect("a pattern");
        assert!(glob.matches("[ab]/c") && !glob.matches("a/c"));
        assert_eq!(
            Glob::literal(&path("Orders/a.recipe.json"))
                .expect("a pattern")
                .as_str(),
            "Orders/a.recipe.json"
        );
    }
}
