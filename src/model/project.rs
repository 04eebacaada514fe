//! A project: its assets, the files each of them owns, and what was left out on reading.

use std::collections::HashMap;
use std::sync::Arc;

use super::defect::Defect;
use super::facts::Facts;
use super::finding::{Code, Finding, Subject};
use super::ident::Digest;
use super::kind::{AssetKind, FileRole};
use super::path::PackagePath;
use super::secret::Sighting;

/// A file of a project as it was found, before anything was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path from the project's root.
    pub path: PackagePath,
    /// Its size in bytes.
    pub size: u64,
}

/// What reading a file told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its size in bytes.
    pub size: u64,
    /// CRC-32 of its bytes, by which a change between two readings shows.
    pub crc32: u32,
    /// SHA-256 of its bytes, where it was asked for.
    pub digest: Option<Digest>,
}

/// A file that belongs into packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path from the project's root, which is its path in packages.
    pub path: PackagePath,
    /// Its number in the listing it came from.
    pub source: usize,
    /// What reading it told; `None` if it could not be read.
    pub content: Option<Content>,
    /// The credentials that stand in it, where it was searched for them.
    pub secrets: Vec<Sighting>,
    /// Why it is not what its name says.
    pub defect: Option<Defect>,
}

/// An asset and the files that it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its type.
    pub kind: AssetKind,
    /// The path of its JSON.
    pub path: PackagePath,
    /// Its files, as indices into [`Project::files`], in the order of their paths.
    pub files: Vec<usize>,
    /// What its JSON told; empty if it could not be read.
    pub facts: Arc<Facts>,
}

impl Asset {
    /// The display name; the file's own name where the JSON has none.
    pub fn name(&self) -> &str {
        self.facts
            .name
            .as_deref()
            .unwrap_or_else(|| self.path.file_name())
    }
}

/// Why a file of the folder is no part of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOutReason {
    /// Its name is that of no asset's file.
    NoAsset,
    /// An ignore file says so.
    Ignored {
        /// The ignore file's path from the project.
        by: Arc<str>,
    },
    /// It or a folder around it starts with a dot: `.git`, `.wk`, `.workatoenv` …
    Hidden,
}

impl std::fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAsset => f.write_str("no asset"),
            Self::Ignored { by } => write!(f, "ignored by {by}"),
            Self::Hidden => f.write_str("hidden"),
        }
    }
}

/// A file of the folder that is no part of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its path as found.
    pub path: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// How many assets an ignore file takes files of.
#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct IgnoredAssets {
    /// The ignore file's path from the project.
    pub by: String,
    /// How many assets.
    pub assets: usize,
}

/// Which sort of place a project was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder, in which files lie that are no assets.
    Folder,
    /// A package, of which everything is carried through.
    Package,
}

/// The files of a listing sorted to their assets, before anything was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Assets with empty facts, and files without content; both in the order of their paths.
    pub project: Project,
    /// Files that are no part of it.
    pub left_out: Vec<LeftOut>,
}

/// A project that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its files in the order of their paths, in bytes.
    pub files: Vec<File>,
    /// Its assets in the order of their paths, in bytes.
    pub assets: Vec<Asset>,
    /// What reading it showed.
    pub findings: Vec<Finding>,
    by_path: HashMap<PackagePath, usize>,
}

impl Layout {
    /// Sorts the files of a listing to assets.
    pub fn of(origin: Origin, listing: &[Listed]) -> Self {
        let mut order: Vec<usize> = (0..listing.len()).collect();
        order.sort_unstable_by(|a, b| listing[*a].path.cmp(&listing[*b].path));
        let mut layout = Self::default();
        let roles: Vec<FileRole> = listing
            .iter()
            .map(|listed| FileRole::of(listed.path.as_str()))
            .collect();
        for &index in &order {
            if let FileRole::Main(kind) = &roles[index] {
                let path = listing[index].path.clone();
                layout
                    .project
                    .by_path
                    .insert(path.clone(), layout.project.assets.len());
                layout.project.assets.push(Asset {
                    kind: kind.clone(),
                    path,
                    files: Vec::new(),
                    facts: Arc::default(),
                });
            }
        }
        for &index in &order {
            layout.place(origin, index, &listing[index].path, &roles[index]);
        }
        layout.project.find_collisions();
        layout
    }

    fn place(&mut self, origin: Origin, source: usize, path: &PackagePath, role: &FileRole) {
        let project = &mut self.project;
        let subject = || Subject::File {
            path: path.clone(),
            offset: None,
        };
        let owner = match role {
            FileRole::Main(kind) => {
                if !kind.is_known() {
                    let message = format!(
                        "assets of type `{kind}` are not known here; carried through as it is"
                    );
                    project.findings.push(
                        Finding::new(Code::UnknownType, subject(), &message).grouped_by(
                            kind.word(),
                            &message,
                            format!("`{path}`"),
                        ),
                    );
                }
                project.by_path.get(path).copied()
            }
            FileRole::Companion { kind, main } => {
                let owner = project.by_path.get(main.as_str()).copied();
                let extension = path
                    .file_name()
                    .rsplit_once('.')
                    .map_or("", |(_, extension)| extension);
                match owner {
                    Some(_) if kind.owns_extension(extension) || !kind.is_known() => {}
                    Some(_) => project.findings.push(Finding::new(
                        Code::UnknownFile,
                        subject(),
                        format!("a `.{extension}` file is none that a {} is known to have; carried through as it is", kind.label()),
                    )),
                    None if kind.is_known() || origin == Origin::Package => project.findings.push(
                        Finding::new(Code::OrphanFile, subject(), format!("its {} `{main}` is not there", kind.label()))
                            .help("restore the JSON file, or delete this one"),
                    ),
                    None => return self.leave_out(path),
                }
                owner
            }
            FileRole::NoAsset if origin == Origin::Package => {
                let message = "no file that an asset is known to have; carried through as it is";
                project
                    .findings
                    .push(Finding::new(Code::UnknownFile, subject(), message));
                None
            }
            FileRole::NoAsset => return self.leave_out(path),
        };
        if let Some(owner) = owner {
            project.assets[owner].files.push(project.files.len());
        }
        project.files.push(File {
            path: path.clone(),
            source,
            content: None,
            secrets: Vec::new(),
            defect: None,
        });
    }

    fn leave_out(&mut self, path: &PackagePath) {
        self.left_out.push(LeftOut {
            path: path.to_string(),
            reason: LeftOutReason::NoAsset,
        });
    }
}

impl Project {
    /// The asset whose JSON lies at `path`.
    pub fn asset_at(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The asset that owns each file; `None` for files that none owns.
    pub fn owners(&self) -> Vec<Option<usize>> {
        let mut owners = vec![None; self.files.len()];
        for (index, asset) in self.assets.iter().enumerate() {
            for file in &asset.files {
                owners[*file] = Some(index);
            }
        }
        owners
    }

    /// Assets of one type.
    pub fn of_kind(&self, kind: &AssetKind) -> impl Iterator<Item = (usize, &Asset)> {
        self.assets
            .iter()
            .enumerate()
            .filter(move |(_, asset)| asset.kind == *kind)
    }

    fn find_collisions(&mut self) {
        let mut keys: HashMap<String, usize> = HashMap::with_capacity(self.files.len());
        for (index, file) in self.files.iter().enumerate() {
            let Some(first) = keys.insert(file.path.collision_key(), index) else {
                continue;
            };
            let other = &self.files[first].path;
            let message = format!(
                "on a disk that ignores case or normalises names this is the file `{other}`"
            );
            let subject = Subject::File {
                path: file.path.clone(),
                offset: None,
            };
            let finding =
                Finding::new(Code::PathCollision, subject, message).help("rename one of the two");
            self.findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(origin: Origin, paths: &[&str]) -> Layout {
        let listing: Vec<_> = paths
            .iter()
            .map(|p| Listed {
                path: p.parse().expect("a safe path"),
                size: 1,
            })
            .collect();
        Layout::of(origin, &listing)
    }

    fn codes(layout: &Layout) -> Vec<&'static str> {
        layout
            .project
            .findings
            .iter()
            .map(|f| f.code.as_str())
            .collect()
    }

    #[test]
    fn files_go_to_their_assets_in_the_order_of_their_paths() {
        let layout = layout(
            Origin::Folder,
            &[
                "x.custom_adapter.rb",
                "b/r.recipe.json",
                "x.custom_adapter.json",
                "x.custom_adapter.png",
                "README.md",
            ],
        );
        let project = &layout.project;
        let files: Vec<_> = project.files.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(
            files,
            [
                "b/r.recipe.json",
                "x.custom_adapter.json",
                "x.custom_adapter.png",
                "x.custom_adapter.rb"
            ]
        );
        assert_eq!(project.assets.len(), 2);
        assert_eq!(project.assets[1].files, [1, 2, 3]);
        assert_eq!(project.owners(), [Some(0), Some(1), Some(1), Some(1)]);
        assert_eq!(
            layout.left_out,
            [LeftOut {
                path: "README.md".to_owned(),
                reason: LeftOutReason::NoAsset
            }]
        );
        assert_eq!(codes(&layout), [""; 0]);
    }

    #[test]
    fn what_is_not_known_is_carried_through_with_a_finding() {
        let paths = [
            "p.loyalty_card.json",
            "r.recipe.json",
            "r.recipe.txt",
            "o.custom_adapter.rb",
            "notes.draft.txt",
        ];
        let folder = layout(Origin::Folder, &paths);
        assert_eq!(folder.project.files.len(), 4);
        assert_eq!(
            codes(&folder),
            ["orphan-file", "unknown-type", "unknown-file"]
        );
        let package = layout(Origin::Package, &[&paths[..], &["readme.txt"]].concat());
        assert_eq!(package.project.files.len(), 6);
        assert!(package.left_out.is_empty());
    }

    #[test]
    fn names_that_one_disk_would_confuse_are_found() {
        let layout = layout(
            Origin::Folder,
            &[
                "Recipes/a.recipe.json",
                "recipes/A.recipe.json",
                "b.recipe.json",
            ],
        );
        assert_eq!(codes(&layout), ["path-collision"]);
    }
}
