//! What leaves a workspace in a package, and under which paths (platform.md §1.2, §5.2, §5.3).
//!
//! A folder leaves with everything in it and below it, with what that needs elsewhere, and with the
//! workspace's own connectors that are used, in the version that recipes run. Shared connectors
//! stay: whoever may use them has them already (platform.md §5.6).

mod naming;
mod raw_ids;
mod rewrite;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use raw_ids::{FoundRawId, RawIds};
pub use rewrite::{DepartureEdits, Named, Printed, RewriteError, Rewriter};

use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::ident::{Digest, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::normal::nfc;
use crate::model::path::{PackagePath, PathError};
use crate::model::slug::Stem;
use crate::model::workspace::{
    AssetId, AssetPlace, Binding, ConnectorId, FolderPath, Inventory, WorkspaceAsset,
    WorkspaceConnector,
};
use naming::{Claims, Numbered};

keyword_enum! {
    /// Whether the rows of tables leave with them (platform.md §1.2, `include_data`).
    pub enum Rows: "word for rows" {
        /// Tables leave empty.
        LeftOut = "left-out",
        /// Rows leave too, where the workspace has them.
        Included = "included",
    }
}

keyword_enum! {
    /// Which of the assets that belong to no folder leave with a folder.
    pub enum Unfiled: "word for assets outside of folders" {
        /// Those that are needed, and those that refer to something in the folder, as the endpoints
        /// of its recipes do.
        Concerned = "concerned",
        /// All of them.
        All = "all",
    }
}

/// What is to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartureRequest {
    /// The folder; Home for the whole workspace.
    pub folder: FolderPath,
    /// Whether tables take their rows with them.
    pub rows: Rows,
    /// What leaves of what lies in no folder.
    pub unfiled: Unfiled,
    /// What becomes of numbers of the workspace.
    pub raw_ids: RawIds,
}

/// An asset or a connector, by its index in the inventory's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// An asset.
    Asset(usize),
    /// A connector of the workspace's own.
    Connector(usize),
}

/// Why something leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It lies in the folder.
    InFolder,
    /// Something that leaves needs it.
    Needed {
        /// The first that does.
        by: Item,
    },
    /// It lies in no folder and refers to something in this one.
    RefersTo {
        /// The first that it refers to.
        to: Item,
    },
    /// It lies in no folder, and all that does was asked for.
    Asked,
    /// It describes the workspace's tags, which assets carry wherever they lie.
    Tags,
}

/// Why something stays that one might look for in the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExclusionReason {
    /// It is shared with the workspace.
    Shared {
        /// The version that is shared.
        version: Version,
    },
    /// None of its versions is released (platform.md §5.4: only a released one is exported).
    Unreleased,
    /// Only a catalogue knows the released version.
    Sourceless {
        /// That version.
        version: Version,
    },
    /// It describes another project than the one that leaves.
    OtherProject,
    /// It can't be given a path.
    Unnameable(PathError),
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Its display name, or a connector's title.
    pub name: String,
    /// Its type.
    pub kind: AssetKind,
    /// Why.
    pub why: ExclusionReason,
}

/// What the bytes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An asset's or a connector's JSON, which is [printed](Rewriter::print) anew.
    Json,
    /// As they are held.
    AsHeld,
}

/// A file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeavingFile {
    /// Its path.
    pub path: PackagePath,
    /// What it belongs to.
    pub item: Item,
    /// The digest of the bytes that the workspace holds.
    pub content: Digest,
    /// What becomes of them.
    pub form: Form,
}

/// What leaves a workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceExportPlan {
    /// Whether tables take their rows with them.
    pub rows: Rows,
    /// What becomes of numbers of the workspace.
    pub raw_ids: RawIds,
    /// The numbers that stand where a reference could, if they were looked for.
    pub found_raw_ids: Vec<FoundRawId>,
    /// The package's files, in the order of their paths.
    pub files: Vec<LeavingFile>,
    /// Why each of them is there.
    pub reasons: BTreeMap<Item, Reason>,
    /// The path of the JSON of each asset that leaves, and of each own connector that is needed,
    /// even if it can't leave.
    pub paths: BTreeMap<Item, PackagePath>,
    /// What stays, in the order of the names.
    pub staying: Vec<Excluded>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    assets: BTreeMap<AssetId, usize>,
    connectors: BTreeMap<ConnectorId, usize>,
}

impl WorkspaceExportPlan {
    /// Decides what leaves. `names` tells what an asset names otherwise than by reference objects; it
    /// is asked for recipes that leave, if there are lookup tables, and for everything that leaves,
    /// if numbers are to be resolved.
    ///
    /// # Errors
    /// Only those of `names`.
    pub fn plan<E>(
        inventory: &Inventory,
        request: &DepartureRequest,
        names: impl FnMut(&WorkspaceAsset) -> Result<Named, E>,
    ) -> Result<Self, E> {
        let mut departure = Self {
            rows: request.rows,
            raw_ids: request.raw_ids,
            found_raw_ids: Vec::new(),
            files: Vec::new(),
            reasons: BTreeMap::new(),
            paths: BTreeMap::new(),
            staying: Vec::new(),
            findings: Vec::new(),
            assets: numbered(inventory.assets.iter().map(|asset| asset.id)),
            connectors: numbered(inventory.connectors.iter().map(|connector| connector.id)),
        };
        departure.select(inventory, request, names)?;
        departure.take_connectors(inventory);
        departure.name(inventory, request);
        if departure.files.is_empty() && departure.findings.is_empty() {
            let folder = match request.folder.is_home() {
                true => "the workspace".to_owned(),
                false => format!("the folder `{}`", request.folder),
            };
            departure.findings.push(Finding::new(
                Code::NothingSelected,
                Subject::CommandLine,
                format!("{folder} holds nothing"),
            ));
        }
        finding::sort(&mut departure.findings);
        departure
            .staying
            .sort_by(|a, b| (&a.name, &a.kind).cmp(&(&b.name, &b.kind)));
        Ok(departure)
    }

    /// The asset that a reference means, if it is there.
    pub fn asset(&self, id: AssetId) -> Option<usize> {
        self.assets.get(&id).copied()
    }

    /// The connector that a reference means, if it is there.
    pub fn connector(&self, id: ConnectorId) -> Option<usize> {
        self.connectors.get(&id).copied()
    }

    /// Finds the assets that leave, and why.
    fn select<E>(
        &mut self,
        inventory: &Inventory,
        request: &DepartureRequest,
        mut names: impl FnMut(&WorkspaceAsset) -> Result<Named, E>,
    ) -> Result<(), E> {
        let inside: BTreeSet<usize> = (0..inventory.assets.len())
            .filter(|&index| is_inside(&inventory.assets[index], &request.folder))
            .collect();
        let mut waiting: VecDeque<usize> = inside.iter().copied().collect();
        for (index, asset) in inventory.assets.iter().enumerate() {
            let reason = if inside.contains(&index) {
                Reason::InFolder
            } else if asset.key.place != AssetPlace::Workspace {
                continue;
            } else if request.unfiled == Unfiled::All {
                Reason::Asked
            } else if asset.key.kind == AssetKind::Tags {
                continue;
            } else if let Some(to) = bound(asset)
                .filter_map(|id| self.asset(id))
                .find(|to| inside.contains(to))
            {
                Reason::RefersTo {
                    to: Item::Asset(to),
                }
            } else {
                continue;
            };
            self.reasons.insert(Item::Asset(index), reason);
            if !inside.contains(&index) {
                waiting.push_back(index);
            }
        }
        let tables = Tables::of(inventory);
        while let Some(index) = waiting.pop_front() {
            let asset = &inventory.assets[index];
            let mut needed: Vec<usize> = bound(asset).filter_map(|id| self.asset(id)).collect();
            let resolves = request.raw_ids == RawIds::Resolved;
            if resolves || asset.key.kind == AssetKind::Recipe && !tables.0.is_empty() {
                let named = names(asset)?;
                for name in named.tables {
                    needed.extend(tables.find(inventory, asset, &name));
                }
                for raw in named.raw_ids.into_iter().filter(|_| resolves) {
                    let meant = self.meant_by(inventory, &raw);
                    needed.extend(meant);
                    self.found_raw_ids.push(FoundRawId {
                        item: Item::Asset(index),
                        key: raw.key,
                        id: raw.id,
                        step: raw.step,
                        meaning: meant.map(Item::Asset),
                    });
                }
            }
            for needed in needed {
                let reason = Reason::Needed {
                    by: Item::Asset(index),
                };
                if let std::collections::btree_map::Entry::Vacant(entry) =
                    self.reasons.entry(Item::Asset(needed))
                {
                    entry.insert(reason);
                    waiting.push_back(needed);
                }
            }
        }
        // Tags travel with whatever may carry them, and not alone.
        if !self.reasons.is_empty() {
            let assets = inventory.assets.iter().enumerate();
            for (index, _) in assets.filter(|(_, asset)| asset.key.kind == AssetKind::Tags) {
                self.reasons
                    .entry(Item::Asset(index))
                    .or_insert(Reason::Tags);
            }
        }
        Ok(())
    }

    /// Finds the connectors that the assets use: own ones leave, shared ones stay.
    fn take_connectors(&mut self, inventory: &Inventory) {
        let own: BTreeMap<&str, usize> = inventory
            .connectors
            .iter()
            .enumerate()
            .map(|(index, connector)| (connector.internal_name.as_str(), index))
            .collect();
        let mut shared = BTreeMap::new();
        let mut users = BTreeMap::new();
        for &item in self.reasons.keys() {
            let Item::Asset(index) = item else { continue };
            let body = &inventory.assets[index].body;
            for provider in &body.providers {
                match own.get(provider.as_str()) {
                    Some(&connector) => {
                        users.entry(connector).or_insert(item);
                    }
                    None => shared.extend(shared_version(inventory, provider)),
                }
            }
            for binding in &body.bindings {
                if let Binding::Connector(id) = binding
                    && let Some(&connector) = self.connectors.get(id)
                {
                    users.entry(connector).or_insert(item);
                }
            }
        }
        for (index, by) in users {
            self.reasons
                .insert(Item::Connector(index), Reason::Needed { by });
        }
        for (name, version) in shared {
            self.stays(
                name,
                AssetKind::CustomAdapter,
                ExclusionReason::Shared { version },
            );
        }
    }

    /// Gives everything that leaves its paths.
    fn name(&mut self, inventory: &Inventory, request: &DepartureRequest) {
        let mut leaving: Vec<Naming<'_>> = self
            .reasons
            .keys()
            .map(|&item| Naming::of(item, inventory, &request.folder))
            .collect();
        leaving.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut claims = Claims::of(leaving.iter().map(|naming| naming.folder));
        for naming in leaving {
            match naming.item {
                Item::Asset(index) => {
                    self.name_asset(&inventory.assets[index], inventory, &naming, &mut claims);
                }
                Item::Connector(index) => {
                    self.name_connector(&inventory.connectors[index], &naming, &mut claims);
                }
            }
        }
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
    }

    fn name_asset(
        &mut self,
        asset: &WorkspaceAsset,
        inventory: &Inventory,
        naming: &Naming<'_>,
        claims: &mut Claims,
    ) {
        let kind = &asset.key.kind;
        let files = &asset.body.files;
        let extensions: Vec<&str> = files.iter().map(|file| &*file.extension).collect();
        let paths = if matches!(kind, AssetKind::Project | AssetKind::Tags) {
            match claims.fixed(naming.folder, kind) {
                Some(path) => Ok(vec![Some(path)]),
                None => {
                    self.stays(&asset.key.name, kind.clone(), ExclusionReason::OtherProject);
                    self.reasons.remove(&naming.item);
                    return;
                }
            }
        } else {
            let recipe = (*kind == AssetKind::TestCase)
                .then(|| self.recipe_of(asset, inventory))
                .flatten();
            let stem = match recipe {
                Some(recipe) => Stem::of_test_case(&recipe.key.name, &asset.key.name),
                None => Stem::of(kind, &asset.key.name),
            };
            claims.paths(&Numbered {
                folder: naming.folder,
                stem: &stem,
                kind,
                extensions: &extensions,
            })
        };
        let paths = match paths {
            Ok(paths) => paths,
            Err(error) => return self.unnameable(naming, &asset.key.name, kind, error),
        };
        for (at, (file, path)) in files.iter().zip(paths).enumerate() {
            let Some(path) = path else { continue };
            if at == 0 {
                self.paths.insert(naming.item, path.clone());
            }
            self.files.push(LeavingFile {
                path,
                item: naming.item,
                content: file.content,
                form: if at == 0 { Form::Json } else { Form::AsHeld },
            });
        }
    }

    fn name_connector(
        &mut self,
        connector: &WorkspaceConnector,
        naming: &Naming<'_>,
        claims: &mut Claims,
    ) {
        let kind = AssetKind::CustomAdapter;
        let title = connector.title.as_str();
        let running = connector.running();
        let logo = running.and_then(|version| version.logo.as_ref());
        let mut extensions = vec!["json", "rb"];
        extensions.extend(logo.map(|logo| &*logo.extension));
        let paths = claims.paths(&Numbered {
            folder: naming.folder,
            stem: &Stem::of(&kind, title),
            kind: &kind,
            extensions: &extensions,
        });
        let paths = match paths {
            Ok(paths) => paths,
            Err(error) => return self.unnameable(naming, title, &kind, error),
        };
        // Connections name the connector in any case: it binds in the target by its title.
        if let Some(Some(path)) = paths.first() {
            self.paths.insert(naming.item, path.clone());
        }
        let stay = match running {
            None => ExclusionReason::Unreleased,
            Some(version) => match (version.json, version.code) {
                (Some(json), Some(code)) => {
                    let contents = [Some(json), Some(code), logo.map(|logo| logo.content)];
                    for (at, (path, content)) in paths.into_iter().zip(contents).enumerate() {
                        if let (Some(path), Some(content)) = (path, content) {
                            self.files.push(LeavingFile {
                                path,
                                item: naming.item,
                                content,
                                form: if at == 0 { Form::Json } else { Form::AsHeld },
                            });
                        }
                    }
                    return;
                }
                (None, _) | (_, None) => ExclusionReason::Sourceless {
                    version: version.number,
                },
            },
        };
        let (why, help) = match &stay {
            ExclusionReason::Sourceless { version } => (
                format!("{version} is released, but its source is not there"),
                "import a package that holds the connector, then export again",
            ),
            ExclusionReason::Shared { .. }
            | ExclusionReason::Unreleased
            | ExclusionReason::OtherProject
            | ExclusionReason::Unnameable(_) => (
                "none of its versions is released".to_owned(),
                "release a version of it, then export again",
            ),
        };
        let finding = Finding::new(
            Code::ConnectorStays,
            Subject::Connector(connector.title.clone()),
            format!("\"{title}\" is needed and stays: {why}"),
        );
        self.findings.push(finding.help(help));
        self.stays(title, kind, stay);
        self.reasons.remove(&naming.item);
    }

    fn unnameable(&mut self, naming: &Naming<'_>, name: &str, kind: &AssetKind, error: PathError) {
        self.findings.push(Finding::new(
            Code::UnsafePath,
            Subject::Path(error.path.clone()),
            format!(
                "the {} \"{name}\" can't be packed: {}",
                kind.label(),
                error.reason
            ),
        ));
        self.stays(name, kind.clone(), ExclusionReason::Unnameable(error));
        self.reasons.remove(&naming.item);
    }

    fn stays(&mut self, name: &str, kind: AssetKind, why: ExclusionReason) {
        self.staying.push(Excluded {
            name: name.to_owned(),
            kind,
            why,
        });
    }

    /// The recipe that a test case is for: the one beside it, or else the first that it names.
    fn recipe_of<'i>(
        &self,
        test: &WorkspaceAsset,
        inventory: &'i Inventory,
    ) -> Option<&'i WorkspaceAsset> {
        let recipes = || {
            bound(test)
                .filter_map(|id| Some(&inventory.assets[self.asset(id)?]))
                .filter(|asset| asset.key.kind == AssetKind::Recipe)
        };
        recipes()
            .find(|recipe| recipe.key.place == test.key.place)
            .or_else(|| recipes().next())
    }
}

/// Where each number stands in its list.
fn numbered<K: Ord>(ids: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    ids.enumerate().map(|(index, id)| (id, index)).collect()
}

/// The assets that an asset refers to.
fn bound(asset: &WorkspaceAsset) -> impl Iterator<Item = AssetId> {
    asset
        .body
        .bindings
        .iter()
        .filter_map(|binding| match binding {
            Binding::Asset(id) => Some(*id),
            Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
        })
}

fn is_inside(asset: &WorkspaceAsset, folder: &FolderPath) -> bool {
    match &asset.key.place {
        // Home is the whole workspace.
        AssetPlace::Workspace => folder.is_home(),
        AssetPlace::Folder(own) => folder.relative(own).is_some(),
    }
}

/// The title and the shared version of a connector that is shared with the workspace.
fn shared_version<'i>(inventory: &'i Inventory, provider: &str) -> Option<(&'i str, Version)> {
    let entry = inventory.shared.as_ref()?.by_internal_name(provider)?;
    Some((entry.title.as_str(), entry.shared_version.version()?))
}

/// The lookup tables of a workspace, by name.
struct Tables<'i>(BTreeMap<&'i str, Vec<usize>>);

impl<'i> Tables<'i> {
    fn of(inventory: &'i Inventory) -> Self {
        let mut tables: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (index, asset) in inventory.assets.iter().enumerate() {
            if asset.key.kind == AssetKind::LookupTable {
                tables.entry(&*asset.key.name).or_default().push(index);
            }
        }
        Self(tables)
    }

    /// The table that a formula of a recipe means: one of its project, or one of the workspace's.
    fn find(&self, inventory: &Inventory, recipe: &WorkspaceAsset, name: &str) -> Option<usize> {
        let project = |asset: &WorkspaceAsset| match &asset.key.place {
            AssetPlace::Workspace => None,
            AssetPlace::Folder(folder) => folder.as_str().split('/').next().map(str::to_owned),
        };
        let named = self.0.get(&*nfc(name))?;
        let own = project(recipe);
        let place = |index: &&usize| project(&inventory.assets[**index]);
        named
            .iter()
            .find(|index| place(index) == own)
            .or_else(|| named.iter().find(|index| place(index).is_none()))
            .copied()
    }
}

/// By what a path is given to something that leaves.
struct Naming<'i> {
    item: Item,
    /// The folder in the package.
    folder: &'i str,
    kind: AssetKind,
    name: &'i str,
    twin: u32,
    distance: Distance,
}

/// What lies in the folder itself gets its path first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Inside,
    Outside,
}

impl<'i> Naming<'i> {
    fn of(item: Item, inventory: &'i Inventory, exported: &FolderPath) -> Self {
        match item {
            Item::Asset(index) => {
                let key = &inventory.assets[index].key;
                let (folder, distance) = match &key.place {
                    AssetPlace::Workspace => ("", Distance::Inside),
                    AssetPlace::Folder(own) => match exported.relative(own) {
                        Some(relative) => (relative, Distance::Inside),
                        None => (own.as_str(), Distance::Outside),
                    },
                };
                Self {
                    item,
                    folder,
                    kind: key.kind.clone(),
                    name: &key.name,
                    twin: key.twin,
                    distance,
                }
            }
            Item::Connector(index) => Self {
                item,
                folder: "",
                kind: AssetKind::CustomAdapter,
                name: inventory.connectors[index].title.as_str(),
                twin: 0,
                distance: Distance::Inside,
            },
        }
    }

    /// Names come before numbers, so that workspaces that hold the same give the same package.
    fn order(&self) -> impl Ord {
        (
            self.distance,
            self.folder,
            self.kind.clone(),
            self.name,
            self.twin,
            self.item,
        )
    }
}
