//! Project roots: which folders the references of a tree are relative to.
//!
//! A `zip_name` is relative to the root of the export (platform.md §11), so references between
//! assets of one folder tell where the root of that folder's project is. Types that the platform
//! keeps only at the root (platform.md §5.3) tell it too.

use std::collections::{BTreeMap, BTreeSet};

use super::project::Project;

/// The roots of the projects in a tree, as folders relative to it; one empty text if the tree
/// itself is a project, or if nothing tells otherwise.
pub fn roots(project: &Project) -> Vec<String> {
    let folders: BTreeSet<&str> = project
        .assets
        .iter()
        .map(|asset| asset.path.folder())
        .collect();
    // The topmost folders that hold assets directly; everything below one belongs to it.
    let tops: Vec<&str> = folders
        .iter()
        .filter(|folder| {
            !folders
                .iter()
                .any(|other| other != *folder && is_below(folder, other))
        })
        .copied()
        .collect();
    if tops.len() < 2 {
        return vec![String::new()];
    }
    let mut votes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for asset in &project.assets {
        let Some(&top) = tops
            .iter()
            .find(|top| is_at_or_below(asset.path.folder(), top))
        else {
            continue;
        };
        let mut vote = |root| *votes.entry(top).or_default().entry(root).or_default() += 1;
        if asset.kind.only_at_root() {
            vote(asset.path.folder());
        }
        for reference in &asset.facts.references {
            for root in ancestors(top) {
                let path = join(root, &reference.target);
                let target = project
                    .asset_at(&path)
                    .map(|index| project.assets[index].path.folder());
                if target.is_some_and(|folder| is_at_or_below(folder, top)) {
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
            .filter(|top| !elected.iter().any(|root| is_at_or_below(top, root))),
    );
    roots.into_iter().map(str::to_owned).collect()
}

fn is_below(folder: &str, other: &str) -> bool {
    other.is_empty()
        || folder
            .strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn is_at_or_below(folder: &str, other: &str) -> bool {
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
