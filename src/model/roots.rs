//! Project roots: which folders the references of a tree are relative to.
//!
//! A `zip_name` is relative to the root of the export (platform.md §11), so references between
//! assets of one folder tell where the root of that folder's project is. Types that the platform
//! keeps only at the root (platform.md §5.3) tell it too. What neither tells is not guessed.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::AssetKind;
use super::project::{Asset, Project};

/// Where the project of a tree begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The tree itself is the project.
    Here,
    /// All of it lies in this folder of the tree, and begins there.
    Below(String),
    /// The tree holds several projects, in these folders.
    Several(Vec<String>),
    /// All of it lies in this folder of the tree, and nothing tells whether it begins there: an
    /// export of a workspace's root looks like that, too (platform.md §5.3).
    Unclear(String),
}

/// Whether an asset's type tells that its folder is a root. A description lies in each project's
/// folder where a whole workspace was exported, too (platform.md §5.3).
fn lies_at_a_root(asset: &Asset) -> bool {
    asset.kind.only_at_root() && asset.kind != AssetKind::Project
}

/// The folder that all assets of types lie in that the platform keeps only at the root, if nothing
/// lies outside of it: that is known before anything is read.
pub fn told_by_types(project: &Project) -> Option<String> {
    let common = common_folder(project)?;
    let at_root = project.assets.iter().filter(|asset| lies_at_a_root(asset));
    let folders: BTreeSet<&str> = at_root.map(|asset| asset.path.folder()).collect();
    let mut folders = folders.into_iter();
    match (folders.next(), folders.next()) {
        (Some(root), None) if !root.is_empty() && is_at_or_below(common, root) => {
            Some(root.to_owned())
        }
        (Some(_) | None, _) => None,
    }
}

/// Where the project of a tree begins, as its references and types tell.
pub fn find(project: &Project) -> Found {
    let several = several(project);
    if several.len() > 1 {
        return Found::Several(several);
    }
    let Some(common) = common_folder(project).filter(|common| !common.is_empty()) else {
        return Found::Here;
    };
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    let first = common.split('/').next().unwrap_or_default();
    for asset in &project.assets {
        let mut vote = |root| *votes.entry(root).or_default() += 1;
        if lies_at_a_root(asset) && is_at_or_below(common, asset.path.folder()) {
            vote(asset.path.folder());
        }
        for reference in &asset.facts.references {
            let mut is_there = false;
            for root in ancestors(common) {
                if project.asset_at(&join(root, &reference.target)).is_some() {
                    is_there = true;
                    vote(root);
                }
            }
            // What is not there tells as much if its path begins like all others.
            if !is_there && is_below(&reference.target, first) {
                vote("");
            }
        }
    }
    let most = votes.values().copied().max().unwrap_or_default();
    let mut elected = votes.iter().filter(|(_, count)| **count == most);
    match (elected.next(), elected.next()) {
        (Some((&"", _)), None) => Found::Here,
        (Some((root, _)), None) => Found::Below((*root).to_owned()),
        (_, _) => Found::Unclear(common.to_owned()),
    }
}

/// The folder that all assets lie in or below; none if there are none.
fn common_folder(project: &Project) -> Option<&str> {
    let mut folders = project.assets.iter().map(|asset| asset.path.folder());
    let first = folders.next()?;
    Some(folders.fold(first, |common, folder| {
        ancestors(common)
            .find(|around| is_at_or_below(folder, around))
            .unwrap_or_default()
    }))
}

/// The roots of the projects in a tree, as folders relative to it; one empty text if nothing tells
/// that there are several.
fn several(project: &Project) -> Vec<String> {
    let folders: BTreeSet<&str> = project
        .assets
        .iter()
        .map(|asset| asset.path.folder())
        .collect();
    // The topmost folders that hold assets directly; everything below one belongs to it.
    let tops: Vec<&str> = folders
        .iter()
        .filter(|folder| {
            let mut around = ancestors(folder).skip(1);
            !around.any(|around| folders.contains(around))
        })
        .copied()
        .collect();
    if tops.len() < 2 {
        return vec![String::new()];
    }
    let mut votes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for asset in &project.assets {
        let around = ancestors(asset.path.folder()).find_map(|around| {
            let at = tops.binary_search(&around).ok()?;
            Some(tops[at])
        });
        let Some(top) = around else {
            continue;
        };
        let mut vote = |root| *votes.entry(top).or_default().entry(root).or_default() += 1;
        if lies_at_a_root(asset) {
            vote(asset.path.folder());
        }
        for reference in &asset.facts.references {
            for root in ancestors(top) {
                let path = join(root, &reference.target);
                let target = project
                    .asset_at(&path)
                    .map(|index| project.assets[index].path.folder());
                // Of two folders side by side in a root, the one may refer to the other.
                let within = if root.is_empty() { top } else { root };
                if target.is_some_and(|folder| is_at_or_below(folder, within)) {
                    vote(root);
                }
            }
        }
    }
    let elected: BTreeSet<&str> = votes
        .values()
        .filter_map(|of_top| {
            of_top
                .iter()
                .max_by_key(|(root, count)| (**count, std::cmp::Reverse(root.len())))
        })
        .map(|(root, _)| *root)
        .collect();
    if elected.is_empty() || elected.contains("") {
        return vec![String::new()];
    }
    // Folders without evidence of their own are roots themselves, unless they lie in another's tree.
    let mut roots: BTreeSet<&str> = elected.clone();
    roots.extend(
        tops.iter()
            .filter(|top| !ancestors(top).any(|around| elected.contains(around))),
    );
    roots.into_iter().map(str::to_owned).collect()
}

fn is_below(folder: &str, other: &str) -> bool {
    other.is_empty()
        || folder
            .strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a folder is another one, or lies in it.
pub fn is_at_or_below(folder: &str, other: &str) -> bool {
    folder == other || is_below(folder, other)
}

/// A folder and those around it, the tree itself last.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| match folder {
        &"" => None,
        folder => Some(folder.rsplit_once('/').map_or("", |(around, _)| around)),
    })
}

fn join(root: &str, path: &str) -> String {
    if root.is_empty() {
        path.to_owned()
    } else {
        format!("{root}/{path}")
    }
}
