//! A project: its assets, the files each of them owns, and what was left out on reading.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use thin_vec::ThinVec;

use super::defect::Defect;
use super::facts::Facts;
use super::finding::{self, Code, Finding, Subject};
use super::foreign::{Foreign, copied, foreign, is_program};
use super::ident::Digest;
use super::kind::{AssetKind, FileRole, almost_an_asset};
use super::normal::nfc;
use super::path::{PackagePath, hard_to_store};
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
    pub secrets: ThinVec<Sighting>,
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
    pub files: ThinVec<usize>,
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
    /// It is known to be another program's.
    Foreign(Foreign),
    /// Its name says that it is a copy of an asset's file beside it.
    Copy {
        /// The name of that file.
        of: String,
    },
    /// Its name is almost that of an asset's file.
    Misnamed {
        /// The name that an asset's file would have.
        right: String,
    },
    /// It may be of a type that is not known, and nothing in it says that it is an asset.
    Unclear,
    /// It may belong to an asset of a type that is not known, whose JSON is not there.
    Orphan,
}

impl std::fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAsset => f.write_str("no asset"),
            Self::Ignored { by } => write!(f, "ignored by {by}"),
            Self::Hidden => f.write_str("hidden"),
            Self::Foreign(whose) => whose.fmt(f),
            Self::Copy { of } => write!(f, "a copy of `{of}`"),
            Self::Misnamed { right } => write!(f, "no asset; one would be called `{right}`"),
            Self::Unclear => f.write_str("of no known type, and without a name"),
            Self::Orphan => f.write_str("of no known type, and without an asset's JSON beside it"),
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
    by_path: PathIndex,
    /// The assets whose paths are not ASCII, by their paths in normalization form C.
    by_equivalent_path: HashMap<String, usize>,
}

/// The assets of a project by their paths, which are those of the assets: only their numbers are held.
#[derive(Clone, Default)]
struct PathIndex {
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl std::fmt::Debug for PathIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PathIndex").finish_non_exhaustive()
    }
}

impl Eq for PathIndex {}

/// Two projects with the same assets have the same.
impl PartialEq for PathIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Layout {
    /// Sorts the files of a listing to assets.
    pub fn of(origin: Origin, listing: &[Listed]) -> Self {
        let mut order: Vec<usize> = (0..listing.len()).collect();
        order.sort_unstable_by(|a, b| listing[*a].path.cmp(&listing[*b].path));
        let mut layout = Self::default();
        let mut roles: Vec<FileRole> = listing
            .iter()
            .map(|listed| FileRole::of(listed.path.as_str()))
            .collect();
        let copies = copies(listing, &order, &roles);
        for (&index, of) in &copies {
            roles[index] = FileRole::NoAsset;
            let of = of.clone();
            layout.leave_out(&listing[index].path, LeftOutReason::Copy { of });
        }
        order.retain(|index| !copies.contains_key(index));
        let mains = order
            .iter()
            .filter(|&&index| matches!(roles[index], FileRole::Main(_)));
        layout.project.assets.reserve_exact(mains.count());
        layout.project.files.reserve_exact(order.len());
        // What is not read yet is the same of all.
        let unread: Arc<Facts> = Arc::default();
        for &index in &order {
            if let FileRole::Main(kind) = &roles[index] {
                layout.project.assets.push(Asset {
                    kind: kind.clone(),
                    path: listing[index].path.clone(),
                    files: ThinVec::with_capacity(1),
                    facts: Arc::clone(&unread),
                });
            }
        }
        layout.project.index_paths();
        for &index in &order {
            layout.place(origin, index, &listing[index].path, &roles[index]);
        }
        layout.report_left_out(origin);
        // A package with such names is not opened.
        if origin == Origin::Folder {
            layout.project.find_collisions();
        }
        layout.project.find_names_hard_to_store();
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
                if *kind == AssetKind::Project && !path.folder().is_empty() {
                    project.findings.push(described_elsewhere(path));
                }
                project.asset_with(path.as_str())
            }
            FileRole::Companion { kind, main } => {
                let owner = project.asset_with(main.as_str());
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
                    // It may be all that there is of an asset of a new type.
                    None if kind.looks_like_the_platforms() => {
                        return self.leave_out(path, LeftOutReason::Orphan);
                    }
                    None => return self.leave_out(path, LeftOutReason::NoAsset),
                }
                owner
            }
            FileRole::NoAsset => match (whose(path.as_str()), origin) {
                (Some(whose), _) => return self.leave_out(path, LeftOutReason::Foreign(whose)),
                (None, Origin::Package) => {
                    let message =
                        "no file that an asset is known to have; carried through as it is";
                    finding::add(
                        &mut project.findings,
                        Finding::new(Code::UnknownFile, subject(), message),
                    );
                    None
                }
                (None, Origin::Folder) => {
                    let reason = match almost_an_asset(path.as_str()) {
                        Some(right) => LeftOutReason::Misnamed { right },
                        None => LeftOutReason::NoAsset,
                    };
                    return self.leave_out(path, reason);
                }
            },
        };
        if let Some(owner) = owner {
            project.assets[owner].files.push(project.files.len());
        }
        project.files.push(File {
            path: path.clone(),
            source,
            content: None,
            secrets: ThinVec::new(),
            defect: None,
        });
    }

    fn leave_out(&mut self, path: &PackagePath, reason: LeftOutReason) {
        self.left_out.push(LeftOut {
            path: path.to_string(),
            reason,
        });
    }

    /// Tells of files that somebody might look for in a package, one finding for each reason. Of a
    /// package, whatever is not taken is told.
    fn report_left_out(&mut self, origin: Origin) {
        let of = |wanted: fn(&LeftOutReason) -> bool| -> Vec<&LeftOut> {
            let left_out = self.left_out.iter();
            left_out.filter(|left| wanted(&left.reason)).collect()
        };
        let mut findings = Vec::new();
        findings.extend(grouped(
            Code::NotAnAsset,
            &of(|reason| matches!(reason, LeftOutReason::Copy { .. })),
            [
                "is a copy of an asset's file",
                "are copies of assets' files",
            ],
            "delete copies, or give what is an asset of its own a name of its own",
        ));
        findings.extend(grouped(
            Code::NotAnAsset,
            &of(|reason| matches!(reason, LeftOutReason::Misnamed { .. })),
            [
                "is almost called like an asset's file",
                "are almost called like assets' files",
            ],
            "rename what is an asset, and name what is none in .workato-ignore",
        ));
        findings.extend(grouped(
            Code::NotAnAsset,
            &of(|reason| *reason == LeftOutReason::Orphan),
            [
                "may belong to an asset of no known type whose JSON is not there",
                "may belong to assets of no known type whose JSON is not there",
            ],
            "restore the JSON beside what is an asset's, and name what is none in .workato-ignore",
        ));
        if origin == Origin::Package {
            findings.extend(grouped(
                Code::ForeignFile,
                &of(|reason| matches!(reason, LeftOutReason::Foreign(_))),
                ["is not the platform's", "are not the platform's"],
                "pack the project with `recipack export`, which leaves such files out",
            ));
        }
        self.project.findings.append(&mut findings);
    }
}

/// How many files a finding names before it only counts the rest.
const NAMED: usize = 12;

/// One finding for all files that are left out for one reason.
fn grouped(
    code: Code,
    left_out: &[&LeftOut],
    [one, many]: [&str; 2],
    help: &str,
) -> Option<Finding> {
    let subject = match left_out.first()?.path.parse() {
        Ok(path) => Subject::File { path, offset: None },
        Err(_) => Subject::Path(left_out.first()?.path.clone()),
    };
    let message = match left_out.len() {
        1 => format!("1 file {one}, and is left out"),
        count => format!("{count} files {many}, and are left out"),
    };
    let mut finding = Finding::new(code, subject, message);
    for left in left_out.iter().take(NAMED) {
        finding = finding.note(format!("`{}`: {}", left.path, left.reason));
    }
    if let Some(more) = left_out.len().checked_sub(NAMED + 1) {
        finding = finding.note(format!("and {} more", more + 1));
    }
    Some(finding.help(help))
}

/// A description of a project below the root is one only in an export of the whole workspace.
fn described_elsewhere(path: &PackagePath) -> Finding {
    let folder = path.folder();
    let subject = Subject::File {
        path: path.clone(),
        offset: None,
    };
    let message =
        format!("it describes the project `{folder}` of an export of the whole workspace");
    Finding::new(Code::ProjectBelowRoot, subject, message)
        .note("imported into Home, it goes to that project; anywhere else the platform does not read it")
        .help(format!(
            "to pack the project alone, give its folder: `recipack export {folder}`; if the file is \
             another program's, name it in .workato-ignore"
        ))
}

/// Whose a file is that is no asset's, if it is known.
fn whose(path: &str) -> Option<Foreign> {
    if let Some(whose) = foreign(path) {
        return Some(whose);
    }
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let (rest, extension) = name.rsplit_once('.')?;
    let (stem, word) = rest.rsplit_once('.')?;
    let known = AssetKind::from_word(word).is_known();
    (extension == "json" && !stem.is_empty() && !known && is_program(stem, word))
        .then_some(Foreign::Program)
}

/// Files that are copies of an asset's file beside them, by their numbers in the listing.
fn copies(listing: &[Listed], order: &[usize], roles: &[FileRole]) -> BTreeMap<usize, String> {
    let path = |index: usize| listing[index].path.as_str();
    let mut copies = BTreeMap::new();
    for &index in order {
        let file = &listing[index].path;
        let Some(of) = copied(file.file_name()) else {
            continue;
        };
        let original = match file.folder() {
            "" => of.clone(),
            folder => format!("{folder}/{of}"),
        };
        let beside = order.binary_search_by(|&other| path(other).cmp(&original));
        if beside.is_ok_and(|at| roles[order[at]] != FileRole::NoAsset) {
            copies.insert(index, of);
        }
    }
    copies
}

impl Project {
    /// The asset whose JSON lies at `path`, or at a path that is canonically equivalent to it.
    pub fn asset_at(&self, path: &str) -> Option<usize> {
        match self.asset_with(path) {
            Some(index) => Some(index),
            None if path.is_ascii() || self.by_equivalent_path.is_empty() => None,
            None => self.by_equivalent_path.get(&*nfc(path)).copied(),
        }
    }

    /// The asset whose JSON lies at just this path.
    fn asset_with(&self, path: &str) -> Option<usize> {
        let PathIndex { numbers, hasher } = &self.by_path;
        let is_it = |&number: &u32| self.assets[number as usize].path.as_str() == path;
        let number = numbers.find(hasher.hash_one(path), is_it)?;
        Some(*number as usize)
    }

    fn index_paths(&mut self) {
        let PathIndex { numbers, hasher } = &mut self.by_path;
        let hash = |path: &PackagePath| hasher.hash_one(path.as_str());
        *numbers = HashTable::with_capacity(self.assets.len());
        for (number, asset) in (0..).zip(&self.assets) {
            numbers.insert_unique(hash(&asset.path), number, |&number| {
                hash(&self.assets[number as usize].path)
            });
        }
        let paths = self.assets.iter().map(|asset| &asset.path).enumerate();
        self.by_equivalent_path = paths
            .filter(|(_, path)| !path.as_str().is_ascii())
            .map(|(index, path)| (nfc(path.as_str()).into_owned(), index))
            .collect();
    }

    /// Takes assets out, with their files and what was found about them, once they are read. Returns
    /// which of the files stay.
    fn take_out(&mut self, leaves: impl Fn(&Asset) -> bool) -> Vec<bool> {
        let mut stays = vec![true; self.files.len()];
        for asset in self.assets.iter().filter(|asset| leaves(asset)) {
            for &file in &asset.files {
                stays[file] = false;
            }
        }
        self.assets.retain(|asset| !leaves(asset));
        let mut number = vec![0; stays.len()];
        let mut next = 0;
        for (index, stays) in stays.iter().enumerate() {
            number[index] = next;
            next += usize::from(*stays);
        }
        for file in self.assets.iter_mut().flat_map(|asset| &mut asset.files) {
            *file = number[*file];
        }
        let gone: HashSet<&PackagePath> = (self.files.iter().zip(&stays))
            .filter(|(_, stays)| !**stays)
            .map(|(file, _)| &file.path)
            .collect();
        self.findings.retain(|finding| {
            !matches!(&finding.subject, Subject::File { path, .. } if gone.contains(path))
        });
        let mut kept = stays.iter();
        self.files.retain(|_| kept.next().copied().unwrap_or(true));
        self.index_paths();
        stays
    }

    /// Takes out what may be another program's file as well as an asset of a type that is not known,
    /// where nothing in it says that it is one: assets have a `name`. It is told. Returns what was
    /// taken out, and which of the files stay.
    pub fn settle_unknown_types(&mut self) -> (Vec<LeftOut>, Vec<bool>) {
        let unclear =
            |asset: &Asset| !asset.kind.looks_like_the_platforms() && asset.facts.name.is_none();
        if !self.assets.iter().any(unclear) {
            return (Vec::new(), vec![true; self.files.len()]);
        }
        let unclear_assets = self.assets.iter().filter(|asset| unclear(asset));
        let files = unclear_assets.flat_map(|asset| &asset.files);
        let left_out: Vec<LeftOut> = files
            .map(|&file| LeftOut {
                path: self.files[file].path.to_string(),
                reason: LeftOutReason::Unclear,
            })
            .collect();
        let stays = self.take_out(unclear);
        self.findings.extend(grouped(
            Code::NotAnAsset,
            &left_out.iter().collect::<Vec<_>>(),
            [
                "is of no known type and has no name, as assets have",
                "are of no known type and have no name, as assets have",
            ],
            "export what is an asset from its workspace: whatever a package holds is carried; name what \
             is none in .workato-ignore",
        ));
        (left_out, stays)
    }

    /// The digest of a file, where it is known.
    pub fn digest_of(&self, file: usize) -> Option<Digest> {
        self.files[file].content?.digest
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

    /// Tells of folders and files whose names some disks can't hold: each folder once.
    fn find_names_hard_to_store(&mut self) {
        let mut findings = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut last = "";
        for file in &self.files {
            let path = file.path.as_str();
            let mut tell = |what: &str, at: &str, name: &str| {
                let Some(why) = hard_to_store(name) else {
                    return;
                };
                let subject = Subject::File {
                    path: file.path.clone(),
                    offset: None,
                };
                let message = format!("some disks can't hold the {what} `{at}`: {why}");
                findings.push(
                    Finding::new(Code::PortableName, subject, message)
                        .note("it is packed and imported under this name")
                        .help("unpack the package only on a disk that can hold it, or rename it in the workspace"),
                );
            };
            let folder = file.path.folder();
            // Neighbours mostly share a folder.
            if folder != last {
                last = folder;
                let mut start = 0;
                for part in folder.split('/').filter(|_| !folder.is_empty()) {
                    let at = &path[..start + part.len()];
                    start = at.len() + 1;
                    if seen.insert(at) {
                        tell("folder", at, part);
                    }
                }
            }
            tell("file", path, file.path.file_name());
        }
        self.findings.append(&mut findings);
    }

    fn find_collisions(&mut self) {
        let mut keys: HashMap<String, usize> = HashMap::with_capacity(self.files.len());
        for (index, file) in self.files.iter().enumerate() {
            let key = file.path.stream_holder_key();
            let key = key.unwrap_or_else(|| file.path.collision_key());
            let Some(first) = keys.insert(key, index) else {
                continue;
            };
            let other = &self.files[first].path;
            let message = format!(
                "on a disk that ignores case, normalises names or has streams this is the file `{other}`"
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
