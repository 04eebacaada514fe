//! Which file of one project is which file of another.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use crate::model::kind::AssetKind;
use crate::model::project::{Asset, Project};

/// A file that is not the same on both sides; by its indices in the two projects' files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Only the new side has it.
    Added {
        /// The file there.
        new: usize,
    },
    /// Only the old side has it.
    Removed {
        /// The file there.
        old: usize,
    },
    /// Both sides have it, at one path or two.
    Both {
        /// The file on the old side.
        old: usize,
        /// The file on the new side.
        new: usize,
    },
}

/// The files of two projects, side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairing {
    /// How many files are the same, with the same path.
    pub unchanged: usize,
    /// The others, in the order of their paths on the new side, or on the old side if they are only
    /// there.
    pub pairs: Vec<Pair>,
}

impl Pairing {
    /// Pairs files by path. An asset whose path is on one side only is paired with one of its type
    /// and display name that is on the other side only.
    pub fn of(old: &Project, new: &Project) -> Self {
        let by_path: HashMap<&str, usize> = paths(old).zip(0..).collect();
        let mut partners: Vec<Option<usize>> =
            paths(new).map(|path| by_path.get(path).copied()).collect();
        for (old_file, new_file) in moved_files(old, new) {
            partners[new_file] = Some(old_file);
        }
        let taken: HashSet<usize> = partners.iter().copied().flatten().collect();
        let mut pairing = Self::default();
        for (file, partner) in partners.into_iter().enumerate() {
            match partner {
                Some(other) if is_same(old, other, new, file) => pairing.unchanged += 1,
                Some(other) => pairing.pairs.push(Pair::Both {
                    old: other,
                    new: file,
                }),
                None => pairing.pairs.push(Pair::Added { new: file }),
            }
        }
        let removed = (0..old.files.len()).filter(|file| !taken.contains(file));
        pairing
            .pairs
            .extend(removed.map(|old| Pair::Removed { old }));
        pairing.pairs.sort_by_key(|pair| match *pair {
            Pair::Added { new: file } | Pair::Both { new: file, .. } => &new.files[file].path,
            Pair::Removed { old: file } => &old.files[file].path,
        });
        pairing
    }
}

fn paths(project: &Project) -> impl Iterator<Item = &str> {
    project.files.iter().map(|file| file.path.as_str())
}

/// Files that could not be read are never the same.
fn is_same(old: &Project, old_file: usize, new: &Project, new_file: usize) -> bool {
    let (old, new) = (&old.files[old_file], &new.files[new_file]);
    old.path == new.path && old.content.is_some() && old.content == new.content
}

fn moved_files(old: &Project, new: &Project) -> Vec<(usize, usize)> {
    let mut files = Vec::new();
    for (old_asset, new_asset) in moved_assets(old, new) {
        let extensions: HashMap<&str, usize> = new_asset
            .files
            .iter()
            .map(|&file| (extension(new, file), file))
            .collect();
        for &file in &old_asset.files {
            if let Some(&other) = extensions.get(extension(old, file)) {
                // A file that stands at its own path on both sides is not a moved one.
                if !has_file(old, new, other) && !has_file(new, old, file) {
                    files.push((file, other));
                }
            }
        }
    }
    files
}

/// Whether `project` has a file at the path of `other`'s `file`.
fn has_file(project: &Project, other: &Project, file: usize) -> bool {
    let path = &other.files[file].path;
    project
        .files
        .binary_search_by(|own| own.path.cmp(path))
        .is_ok()
}

fn extension(project: &Project, file: usize) -> &str {
    let name = project.files[file].path.file_name();
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn moved_assets<'p>(old: &'p Project, new: &'p Project) -> Vec<(&'p Asset, &'p Asset)> {
    let only_in = |project: &'p Project, other: &'p Project| -> Vec<&'p Asset> {
        project
            .assets
            .iter()
            .filter(|asset| other.asset_at(asset.path.as_str()).is_none())
            .collect()
    };
    let mut olds = only_in(old, new);
    let mut news = only_in(new, old);
    let mut pairs = Vec::new();
    // Several assets can share type and name. Equal contents decide first, then how much of the
    // path's end is the same: an export from another root shifts every path by a folder.
    let content = |project: &'p Project| {
        move |asset: &'p Asset| {
            let file = asset.files.iter().map(|&file| &project.files[file]);
            let main = file.into_iter().find(|file| file.path == asset.path)?;
            Some((&asset.kind, asset.name(), main.content?.digest?))
        }
    };
    take_pairs(&mut olds, &mut news, &mut pairs, content(old), content(new));
    let depth = |assets: &[&Asset]| {
        let parts = assets.iter().map(|a| a.path.as_str().split('/').count());
        parts.max().unwrap_or_default()
    };
    for parts in (0..=depth(&olds).min(depth(&news))).rev() {
        let key = |asset: &'p Asset| ending(asset, parts);
        take_pairs(&mut olds, &mut news, &mut pairs, key, key);
    }
    pairs
}

type Ending<'p> = (&'p AssetKind, &'p str, &'p str);

/// An asset's type, its name, and the last `parts` parts of its path, if it has so many.
fn ending(asset: &Asset, parts: usize) -> Option<Ending<'_>> {
    let path = asset.path.as_str();
    let start = match parts {
        0 => path.len(),
        _ => path
            .rmatch_indices('/')
            .map(|(at, slash)| at + slash.len())
            .chain([0])
            .nth(parts - 1)?,
    };
    Some((&asset.kind, asset.name(), &path[start..]))
}

/// Pairs assets with equal keys, in their order, and takes them out of the two lists.
fn take_pairs<'p, K: Hash + Eq>(
    olds: &mut Vec<&'p Asset>,
    news: &mut Vec<&'p Asset>,
    pairs: &mut Vec<(&'p Asset, &'p Asset)>,
    old_key: impl Fn(&'p Asset) -> Option<K>,
    new_key: impl Fn(&'p Asset) -> Option<K>,
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (index, asset) in news.iter().enumerate() {
        if let Some(key) = new_key(asset) {
            waiting.entry(key).or_default().push_back(index);
        }
    }
    let mut taken = HashSet::new();
    olds.retain(|old| {
        let queue = old_key(old).and_then(|key| waiting.get_mut(&key));
        let Some(new) = queue.and_then(VecDeque::pop_front) else {
            return true;
        };
        taken.insert(new);
        pairs.push((old, news[new]));
        false
    });
    let mut index = 0;
    news.retain(|_| {
        index += 1;
        !taken.contains(&(index - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ident::Digest;
    use crate::model::project::{Content, Layout, Listed, Origin};

    /// A project of files given by path, display name and content.
    fn project(files: &[(&str, &str, &str)]) -> Project {
        let listing: Vec<_> = files
            .iter()
            .map(|(path, _, content)| Listed {
                path: path.parse().expect("safe"),
                size: content.len() as u64,
            })
            .collect();
        let mut project = Layout::of(Origin::Package, &listing).project;
        for file in &mut project.files {
            let (_, name, content) = files[file.source];
            file.content = Some(Content {
                size: content.len() as u64,
                crc32: 0,
                digest: Some(Digest::of(content.as_bytes())),
            });
            if let Some(asset) = project.assets.iter_mut().find(|a| a.path == file.path) {
                std::sync::Arc::make_mut(&mut asset.facts).name = Some(name.into());
            }
        }
        project
    }

    fn pairs(old: &[(&str, &str, &str)], new: &[(&str, &str, &str)]) -> (usize, Vec<String>) {
        let (old, new) = (project(old), project(new));
        let pairing = Pairing::of(&old, &new);
        let shown = pairing.pairs.iter().map(|pair| match *pair {
            Pair::Added { new: file } => format!("+{}", new.files[file].path),
            Pair::Removed { old: file } => format!("-{}", old.files[file].path),
            Pair::Both { old: a, new: b } => {
                format!("{} = {}", old.files[a].path, new.files[b].path)
            }
        });
        (pairing.unchanged, shown.collect())
    }

    #[test]
    fn files_pair_by_path_and_moved_assets_by_name() {
        let old = [
            ("a.recipe.json", "A", "1"),
            ("b.recipe.json", "B", "1"),
            ("c.recipe.json", "C", "1"),
            ("x.custom_adapter.json", "X", "1"),
            ("x.custom_adapter.rb", "", "1"),
            ("x.custom_adapter.png", "", "1"),
        ];
        let new = [
            ("a.recipe.json", "A", "1"),
            ("b.recipe.json", "Renamed", "2"),
            ("F/c.recipe.json", "C", "1"),
            ("n.connection.json", "C", "1"),
            ("y.custom_adapter.json", "X", "2"),
            ("y.custom_adapter.rb", "", "1"),
        ];
        assert_eq!(
            pairs(&old, &new),
            (
                1,
                vec![
                    "c.recipe.json = F/c.recipe.json".to_owned(),
                    "b.recipe.json = b.recipe.json".to_owned(),
                    "+n.connection.json".to_owned(),
                    "-x.custom_adapter.png".to_owned(),
                    "x.custom_adapter.json = y.custom_adapter.json".to_owned(),
                    "x.custom_adapter.rb = y.custom_adapter.rb".to_owned(),
                ]
            )
        );
    }

    #[test]
    fn assets_of_one_name_pair_by_content_then_by_the_end_of_their_paths() {
        let old = [
            ("A/call.recipe.json", "Call", "1"),
            ("B/call.recipe.json", "Call", "2"),
            ("C/call.recipe.json", "Call", "3"),
        ];
        let new = [
            ("P/A/call.recipe.json", "Call", "1+"),
            ("P/B/call.recipe.json", "Call", "2+"),
            ("P/D/call.recipe.json", "Call", "3"),
            ("P/E/call.recipe.json", "Call", "4"),
        ];
        assert_eq!(
            pairs(&old, &new).1,
            [
                "A/call.recipe.json = P/A/call.recipe.json",
                "B/call.recipe.json = P/B/call.recipe.json",
                "C/call.recipe.json = P/D/call.recipe.json",
                "+P/E/call.recipe.json",
            ]
        );
    }
}
