//! Paths in a package that no two files share (platform.md §5.2).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::{PackagePath, PathError};
use crate::model::slug::Stem;

/// Something whose files are to get paths: `<folder>/<stem>[.<number>].<type>.<extension>`.
pub(super) struct Numbered<'n> {
    pub(super) folder: &'n str,
    pub(super) stem: &'n Stem,
    pub(super) kind: &'n AssetKind,
    /// One for each file, that of the JSON first.
    pub(super) extensions: &'n [&'n str],
}

/// What is taken, as a disk that folds case would see it.
pub(super) struct Claims {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
    /// The number to try first, by the path without one.
    next: BTreeMap<String, u32>,
}

impl Claims {
    /// No file yet, but these folders and those above them.
    pub(super) fn of<'n>(folders: impl Iterator<Item = &'n str>) -> Self {
        let mut claimed = BTreeSet::new();
        for folder in folders {
            let Ok(path) = PackagePath::of_folder(folder) else {
                continue;
            };
            let key = path.collision_key();
            claimed.extend(
                key.match_indices('/')
                    .map(|(slash, _)| key[..slash].to_owned()),
            );
            claimed.insert(key);
        }
        Self {
            files: BTreeSet::new(),
            folders: claimed,
            next: BTreeMap::new(),
        }
    }

    /// The paths of all files, with the least number that nothing else has. A file that has none of
    /// its own beside the others of the same asset gets none.
    ///
    /// # Errors
    /// If no path can be made of the folder, type and extension.
    pub(super) fn paths(
        &mut self,
        what: &Numbered<'_>,
    ) -> Result<Vec<Option<PackagePath>>, PathError> {
        let room = what.extensions.iter().map(|extension| extension.len() + 1);
        let room = room.max().unwrap_or(0);
        let plain = join(what.folder, &what.stem.file_name(0, what.kind, room));
        let first = self.next.get(&plain).copied().unwrap_or(0);
        let mut number = first;
        loop {
            let file = join(what.folder, &what.stem.file_name(number, what.kind, room));
            let mut paths = Vec::with_capacity(what.extensions.len());
            let mut keys = BTreeSet::new();
            for extension in what.extensions {
                let path: PackagePath = format!("{file}.{extension}").parse()?;
                paths.push(keys.insert(path.collision_key()).then_some(path));
            }
            let taken = |key: &String| self.files.contains(key) || self.folders.contains(key);
            number = number.saturating_add(1);
            if number < u32::MAX && keys.iter().any(taken) {
                continue;
            }
            self.files.extend(keys);
            self.next.insert(plain, number);
            return Ok(paths);
        }
    }

    /// The path of what has no stem: a project's description lies at the root, or in the project's
    /// folder where more than that leaves (platform.md §5.3, §5.4); tags lie at the root.
    pub(super) fn fixed(&mut self, folder: &str, kind: &AssetKind) -> Option<PackagePath> {
        let path: PackagePath = join(folder, &format!("{}.json", kind.word()))
            .parse()
            .ok()?;
        let key = path.collision_key();
        let free = FileRole::of(path.as_str()) == FileRole::Main(kind.clone())
            && !self.folders.contains(&key)
            && self.files.insert(key);
        free.then_some(path)
    }
}

fn join(folder: &str, file: &str) -> String {
    if folder.is_empty() {
        file.to_owned()
    } else {
        format!("{folder}/{file}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(claims: &mut Claims, folder: &str, name: &str, extensions: &[&str]) -> String {
        let kind = AssetKind::App;
        let paths = claims.paths(&Numbered {
            folder,
            stem: &Stem::of(&kind, name),
            kind: &kind,
            extensions,
        });
        let paths = paths.expect("paths");
        let shown = paths.iter().map(|path| match path {
            Some(path) => path.as_str(),
            None => "-",
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_given_where_paths_would_meet() {
        let folders = ["F/f.lcap_app.json", "F", "f"];
        let mut claims = Claims::of(folders.into_iter());
        for (folder, name, extensions, expected) in [
            ("F", "A", &["json"][..], "F/a.lcap_app.json"),
            ("F", "a!", &["json"], "F/a.1.lcap_app.json"),
            ("f", "A", &["json"], "f/a.2.lcap_app.json"),
            ("F", "a", &["json"], "F/a.3.lcap_app.json"),
            ("F", "f", &["json"], "F/f.1.lcap_app.json"),
            ("", "A", &["json", "png"], "a.lcap_app.json a.lcap_app.png"),
            (
                "",
                "A",
                &["json", "png"],
                "a.1.lcap_app.json a.1.lcap_app.png",
            ),
            (
                "",
                "b",
                &["json", "png", "PNG"],
                "b.lcap_app.json b.lcap_app.png -",
            ),
        ] {
            assert_eq!(first(&mut claims, folder, name, extensions), expected);
        }
    }

    #[test]
    fn what_has_no_stem_has_one_place() {
        let mut claims = Claims::of(std::iter::empty());
        let mut of = |folder, kind| {
            let path = claims.fixed(folder, &kind);
            path.map(|path| path.to_string())
        };
        let some = |path: &str| Some(path.to_owned());
        assert_eq!(of("", AssetKind::Project), some("project.json"));
        assert_eq!(of("", AssetKind::Project), None);
        assert_eq!(
            of("Orders", AssetKind::Project),
            some("Orders/project.json")
        );
        assert_eq!(of("Orders/Functions", AssetKind::Project), None);
        assert_eq!(of("", AssetKind::Tags), some("tags.json"));
        assert_eq!(of("Orders", AssetKind::Tags), None);
    }

    #[test]
    fn what_is_too_deep_has_no_path() {
        let kind = AssetKind::Recipe;
        let deep = ["a"; 32].join("/");
        let paths = Claims::of(std::iter::once(&*deep)).paths(&Numbered {
            folder: &deep,
            stem: &Stem::of(&kind, "b"),
            kind: &kind,
            extensions: &["json"],
        });
        assert!(paths.is_err());
    }
}
