//! Connections of the workspace that recipes use in place of the package's own, where settings say so.
//!
//! The platform binds a reference by folder and name (platform.md §5.5). So the copy of the package
//! that is sent has references which name the other connection, and lacks the package's own. The
//! package that somebody reviewed is never changed.

use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use super::bindings::Resolver;
use super::settings::{meant, unmatched};
use crate::json::{Dialect, JsonError, Node, NodeKind, Splice, Tape, apply, quote};
use crate::model::finding::{Code, Finding, Subject};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::PackagePath;
use crate::model::reference::Reference;
use crate::model::slug::Stem;
use crate::model::workspace::{
    AssetId, AssetKey, Authorization, HeldState, Scope, Snapshot, WorkspaceAsset,
};
use crate::plan::resolve;
use crate::plan::targets::TargetKeys;
use crate::settings::{FilledConnection, Origin, ResolvedSettings, UsedConnection};

/// What settings say is used in place of the package's connections.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    wishes: Vec<Wish>,
    /// Where the connections lie that were named by an external id.
    known: BTreeMap<String, Vec<AssetKey>>,
}

#[derive(Clone, Debug)]
struct Wish {
    /// What the settings call the package's connection.
    name: String,
    used: UsedConnection,
    said: Origin,
}

impl Uses {
    /// Those of settings.
    pub fn of(settings: Option<&ResolvedSettings>) -> Self {
        let connections = settings.into_iter().flat_map(|all| &all.connections);
        let wishes = connections.filter_map(|(name, said)| match &said.value {
            FilledConnection::Use(used) => Some(Wish {
                name: name.clone(),
                used: used.clone(),
                said: said.at.clone(),
            }),
            FilledConnection::Person | FilledConnection::Fields(_) => None,
        });
        Self {
            wishes: wishes.collect(),
            known: BTreeMap::new(),
        }
    }

    /// The external ids that the workspace has to be asked for.
    pub fn external_ids(&self) -> BTreeSet<String> {
        let ids = self.wishes.iter().filter_map(|wish| match &wish.used {
            UsedConnection::ExternalId(id) => Some(id.clone()),
            UsedConnection::Named(_) => None,
        });
        ids.collect()
    }

    /// Takes what the workspace knows by these ids.
    pub fn learn(&mut self, known: BTreeMap<String, Vec<AssetKey>>) {
        self.known = known;
    }

    /// Adds what the workspace has to be asked for.
    pub fn ask(&self, scope: &mut Scope) {
        for wish in &self.wishes {
            match &wish.used {
                UsedConnection::Named(named) => {
                    // A name may have slashes of its own.
                    let shorter = named.match_indices('/').map(|(at, _)| &named[at + 1..]);
                    let names = shorter.chain([named.as_str()]).map(Into::into);
                    scope.connections.extend(names);
                }
                UsedConnection::ExternalId(id) => {
                    let known = self.known.get(id).into_iter().flatten();
                    scope.connections.extend(known.map(|key| key.name.clone()));
                }
            }
        }
    }
}

/// A connection of the workspace in place of one of the package.
#[derive(Clone, Debug)]
pub(super) struct Mapped {
    /// What the settings call the package's own.
    pub(super) name: String,
    /// The path by which the package's references name it.
    pub(super) target: String,
    /// Its asset, if the package brings it.
    pub(super) asset: Option<usize>,
    /// Where it would lie.
    pub(super) key: AssetKey,
    /// The other one.
    pub(super) to: AssetId,
    pub(super) to_label: String,
    pub(super) to_authorization: Authorization,
    spelled: Spelled,
}

/// How references name a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelled {
    path: String,
    name: String,
    folder: String,
}

/// What settings put in place of the package's connections, and what is wrong with that.
#[derive(Clone, Debug, Default)]
pub(super) struct Mapping {
    pub(super) mapped: Vec<Mapped>,
    pub(super) findings: Vec<Finding>,
}

/// What a package's connections are met with.
#[derive(Clone, Copy)]
struct Around<'m, 'r, 'a> {
    own: &'m [Own<'r>],
    /// The assets of the package in whose place others are used.
    replaced: &'m BTreeSet<usize>,
    resolver: &'m Resolver<'r, 'a>,
    placing: &'m TargetKeys,
    snapshot: &'m Snapshot,
}

/// A connection of the package, or one that it refers to.
struct Own<'r> {
    target: &'r str,
    asset: Option<usize>,
    key: AssetKey,
}

impl Mapping {
    pub(super) fn of(
        uses: &Uses,
        resolver: &Resolver<'_, '_>,
        placing: &TargetKeys,
        snapshot: &Snapshot,
    ) -> Self {
        let mut mapping = Self::default();
        if uses.wishes.is_empty() {
            return mapping;
        }
        let own = own(resolver, placing);
        let replaced = uses.wishes.iter().filter_map(|wish| {
            let keys = own.iter().map(|own| &own.key);
            let found = meant("connection", &wish.name, keys, &wish.said).ok()?;
            own[found].asset
        });
        let replaced: BTreeSet<usize> = replaced.collect();
        for wish in &uses.wishes {
            let around = Around {
                own: &own,
                replaced: &replaced,
                resolver,
                placing,
                snapshot,
            };
            match mapping.mapped(wish, uses, around) {
                Ok(mapped) => mapping.mapped.push(mapped),
                Err(finding) => mapping.findings.push(*finding),
            }
        }
        mapping
    }

    fn mapped(
        &self,
        wish: &Wish,
        uses: &Uses,
        around: Around<'_, '_, '_>,
    ) -> Result<Mapped, Box<Finding>> {
        let Around { own, resolver, .. } = around;
        let keys = own.iter().map(|own| &own.key);
        let meant = &own[meant("connection", &wish.name, keys, &wish.said)?];
        if self.mapped.iter().any(|told| told.target == meant.target) {
            return Err(Box::new(twice(&wish.name, &wish.said)));
        }
        let to = chosen(wish, uses, around.snapshot)?;
        let told = |message: String| {
            Finding::new(Code::SettingConnectionDiffers, Subject::Project, message)
                .note(format!("said in {}", wish.said))
        };
        let (name, to_label) = (resolve::label(&meant.key), resolve::label(&to.key));
        let there = to.body.providers.first().filter(|it| !it.is_empty());
        let wanted = applications(meant, resolver);
        let differs = match (there, &*wanted.iter().collect::<Vec<_>>()) {
            (Some(there), [only]) if *only == there => None,
            (_, []) => Some(format!(
                "which application the connection \"{name}\" is for is not known, so that \"{to_label}\" can't be taken for it"
            )),
            (None, _) => Some(format!(
                "which application the workspace's connection \"{to_label}\" is for is not known"
            )),
            (Some(there), wanted) => {
                let wanted = wanted.iter().map(|one| format!("`{one}`"));
                Some(format!(
                    "the connection \"{name}\" is used for {}, and \"{to_label}\" is for `{there}`",
                    wanted.collect::<Vec<_>>().join(" and ")
                ))
            }
        };
        if let Some(message) = differs {
            return Err(Box::new(told(message).help(
                "say a connection of the same application, or leave `use` out",
            )));
        }
        let Some(spelled) = spelled(to, around) else {
            return Err(Box::new(
                told(format!(
                    "a reference to \"{to_label}\" would mean another connection of that name in the import's folder"
                ))
                .help("rename one of the two, or import into another folder"),
            ));
        };
        Ok(Mapped {
            name: wish.name.clone(),
            target: meant.target.to_owned(),
            asset: meant.asset,
            key: meant.key.clone(),
            to: to.id,
            to_label,
            to_authorization: match to.state {
                HeldState::Connection(authorization) => authorization,
                HeldState::Recipe(_) | HeldState::Plain => Authorization::Placeholder,
            },
            spelled,
        })
    }

    /// What references mean instead of what they name.
    pub(super) fn bindings(&self) -> BTreeMap<&str, AssetId> {
        let mapped = self.mapped.iter();
        mapped.map(|one| (one.target.as_str(), one.to)).collect()
    }

    /// Whether another connection takes the place of this asset of the package.
    pub(super) fn replaces(&self, asset: usize) -> bool {
        self.mapped.iter().any(|one| one.asset == Some(asset))
    }
}

/// That settings name a connection in two ways.
pub(super) fn twice(name: &str, said: &Origin) -> Finding {
    let what = format!("connection \"{name}\"");
    unmatched(&what, said, super::settings::TWICE).help(super::settings::ONE_NAME)
}

/// The connections that the package brings, and those that it refers to.
fn own<'r>(resolver: &Resolver<'r, '_>, placing: &TargetKeys) -> Vec<Own<'r>> {
    let assets = &resolver.project.assets;
    let mut own = Vec::new();
    for (index, (asset, key)) in assets.iter().zip(&placing.keys).enumerate() {
        if let Some(key) = key.as_ref().filter(|key| key.kind == AssetKind::Connection) {
            own.push(Own {
                target: asset.path.as_str(),
                asset: Some(index),
                key: key.clone(),
            });
        }
    }
    let mut seen = BTreeSet::new();
    for reference in assets.iter().flat_map(|asset| &asset.facts.references) {
        let is_connection = matches!(
            FileRole::of(&reference.target),
            FileRole::Main(AssetKind::Connection)
        );
        if is_connection
            && resolver.project.asset_at(&reference.target).is_none()
            && seen.insert(&*reference.target)
            && let Some((_, key)) = placing.elsewhere(reference).into_iter().next()
        {
            own.push(Own {
                target: &reference.target,
                asset: None,
                key,
            });
        }
    }
    own
}

/// The connection of the workspace that is meant.
fn chosen<'s>(
    wish: &Wish,
    uses: &Uses,
    snapshot: &'s Snapshot,
) -> Result<&'s WorkspaceAsset, Box<Finding>> {
    let told = |message: String| {
        Finding::new(Code::SettingConnectionMissing, Subject::Project, message)
            .note(format!("said in {}", wish.said))
    };
    let of = &wish.name;
    let held: Vec<&WorkspaceAsset> = (snapshot.connections.iter())
        .filter(|held| held.key.kind == AssetKind::Connection)
        .collect();
    let (what, found): (String, Vec<&WorkspaceAsset>) = match &wish.used {
        UsedConnection::Named(named) => {
            let exact = |held: &&WorkspaceAsset| resolve::label(&held.key) == *named;
            let mut found: Vec<_> = held.iter().copied().filter(exact).collect();
            if found.is_empty() {
                let below = format!("/{named}");
                found = held;
                found.retain(|held| {
                    *held.key.name == **named || resolve::label(&held.key).ends_with(&below)
                });
            }
            (format!("\"{named}\""), found)
        }
        UsedConnection::ExternalId(id) => {
            let known = uses.known.get(id).map_or(&[][..], Vec::as_slice);
            let is_it = |held: &&WorkspaceAsset| {
                let mut known = known.iter();
                known.any(|key| key.has_name_of(&held.key))
            };
            let found = held.iter().copied().filter(is_it).collect();
            (format!("the external id \"{id}\""), found)
        }
    };
    match found[..] {
        [only] => Ok(only),
        [] => Err(Box::new(
            told(format!(
                "the settings bind the connection \"{of}\" to {what}, and the workspace has no such connection"
            ))
            .help(match &wish.used {
                UsedConnection::Named(_) => "make it there, or say which one is meant: its name, or its folder and name",
                UsedConnection::ExternalId(_) => "external ids are what the platform's API tells of connections; say the connection's name, or its folder and name",
            }),
        )),
        [one, other, ..] => Err(Box::new(
            told(format!(
                "the settings bind the connection \"{of}\" to {what}, and the workspace has {} of them",
                found.len()
            ))
            .help(match one.key.has_name_of(&other.key) {
                true => "rename all but one of them: they have one name in one folder".to_owned(),
                false => format!(
                    "say which with its folder: `{}`, `{}`",
                    resolve::label(&one.key),
                    resolve::label(&other.key)
                ),
            }),
        )),
    }
}

/// The applications that a connection of the package has to be for.
fn applications(own: &Own<'_>, resolver: &Resolver<'_, '_>) -> BTreeSet<String> {
    let assets = &resolver.project.assets;
    let brought = own.asset.map(|asset| resolver.providers(&assets[asset]));
    let mut wanted: BTreeSet<String> = brought.into_iter().flatten().collect();
    for asset in assets {
        let Some(recipe) = asset.facts.recipe() else {
            continue;
        };
        let used = recipe.config.iter().filter(|entry| {
            let account = entry.account.and_then(|at| asset.facts.references.get(at));
            account.is_some_and(|account| *account.target == *own.target)
        });
        wanted.extend(used.map(|entry| resolver.translated(&entry.provider)));
    }
    wanted.retain(|one| !one.is_empty());
    wanted
}

/// How references name a connection, so that nothing else can be meant; nothing if that can't be.
fn spelled(to: &WorkspaceAsset, around: Around<'_, '_, '_>) -> Option<Spelled> {
    let Around {
        own,
        replaced,
        resolver,
        placing,
        snapshot,
    } = around;
    let stays = |asset: &usize| !replaced.contains(asset);
    let folder = to.key.place.folder();
    let stem = Stem::of(&AssetKind::Connection, &to.key.name);
    let file = format!("{}.connection.json", stem.as_str());
    let below = placing.folder.relative(&folder).map(str::to_owned);
    // From the import's folder, or from the root of the workspace.
    let places = below.into_iter().chain([folder.as_str().to_owned()]);
    let mut spelled = places.map(|folder| Spelled {
        path: match folder.is_empty() {
            true => file.clone(),
            false => format!("{folder}/{file}"),
        },
        name: to.key.name.to_string(),
        folder,
    });
    spelled.find(|spelled| {
        if (resolver.project.asset_at(&spelled.path)).is_some_and(|at| stays(&at)) {
            return false;
        }
        let reference = Reference {
            target: spelled.path.as_str().into(),
            name: spelled.name.as_str().into(),
            key: "account_id".into(),
            step: None,
            offset: 0,
        };
        // The first place that has one is taken: there has to be this one alone.
        let places = placing.elsewhere(&reference).into_iter();
        let mut found = places.map(|(_, key)| -> BTreeSet<AssetId> {
            let held = snapshot.connections.iter();
            let held = held.filter(|held| held.key.has_name_of(&key));
            let held = held.map(|held| held.id);
            let mut brought = own.iter().filter(|own| own.key.has_name_of(&key));
            // One that the package brings beside it is there by then.
            let brought =
                brought.find_map(|own| own.asset.filter(stays).and_then(|at| resolver.ids[at]));
            held.chain(brought).collect()
        });
        let first = found.find(|found| !found.is_empty());
        first.is_some_and(|found| found.len() == 1 && found.contains(&to.id))
    })
}

impl Draft<'_> {
    /// The files of the package that are not sent: those of connections in whose place others are used.
    pub fn replaced_files(&self) -> BTreeSet<PackagePath> {
        let project = self.project();
        let assets = self.mapping.mapped.iter().filter_map(|one| one.asset);
        let files = assets.flat_map(|asset| &project.assets[asset].files);
        files
            .map(|&file| project.files[file].path.clone())
            .collect()
    }

    /// How the references to connections are spelled in what is sent, by what they name in the
    /// package; and the files that have such references.
    pub fn respelled(&self) -> (BTreeMap<String, Spelled>, BTreeSet<PackagePath>) {
        let mapped = self.mapping.mapped.iter();
        let spelled: BTreeMap<String, Spelled> = mapped
            .map(|one| (one.target.clone(), one.spelled.clone()))
            .collect();
        let assets = self.project().assets.iter().filter(|asset| {
            let mut references = asset.facts.references.iter();
            references.any(|reference| spelled.contains_key(&*reference.target))
        });
        let files = assets.map(|asset| asset.path.clone()).collect();
        (spelled, files)
    }
}

/// An asset's JSON with references that name other connections: only their spans change.
///
/// # Errors
/// If it is no valid JSON.
pub fn respell(bytes: &[u8], spelled: &BTreeMap<String, Spelled>) -> Result<Vec<u8>, JsonError> {
    let mut tape = Tape::default();
    let document = tape.parse(bytes)?;
    let mut splices = Vec::new();
    walk(
        document.root(),
        spelled,
        Dialect::of(document),
        &mut splices,
    );
    Ok(apply(bytes, &mut splices))
}

fn walk(
    node: Node<'_>,
    spelled: &BTreeMap<String, Spelled>,
    dialect: Dialect,
    splices: &mut Vec<Splice>,
) {
    match node.kind() {
        NodeKind::Object => {
            let target = node.get("zip_name").and_then(Node::text);
            let target = target.and_then(|target| spelled.get(&*target));
            if let Some(to) = target {
                for (key, text) in [
                    ("zip_name", &to.path),
                    ("name", &to.name),
                    ("folder", &to.folder),
                ] {
                    if let Some(value) = node.get(key) {
                        splices.push(Splice::new(value.span(), quote(text, dialect)));
                    }
                }
                return;
            }
            for (_, value) in node.members() {
                walk(value, spelled, dialect, splices);
            }
        }
        NodeKind::Array => node
            .items()
            .for_each(|item| walk(item, spelled, dialect, splices)),
        NodeKind::String | NodeKind::Number | NodeKind::Bool | NodeKind::Null => {}
    }
}
