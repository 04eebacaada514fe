//! What the references of a package mean in the workspace that it is imported into
//! (platform.md §5.5, §5.6).
//!
//! The workspace and the package count as one, since both are there after the import: what is planned
//! is then what is read back. A reference binds to the first of these that there is:
//!
//! | step | what |
//! |--:|---|
//! | 0 | the connection that settings put in the place of the package's |
//! | 1 | the asset of the package at its exact path; a connector by its title |
//! | 2 | an asset of its folder and name: below the folder of the import, then from the root |
//! | 3 | for a connection, one of its name in Home; for a lookup table, one of the whole workspace |
//! | 4 | for a connection, the only one of its name and application, wherever it lies |
//! | 5 | where several could be meant, the one that the asset is bound to already |
//! | 6 | nothing |

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use thin_vec::{ThinVec, thin_vec};

use crate::model::facts::ConnectionProvider;
use crate::model::ident::InternalName;
use crate::model::kind::{AssetKind, FileRole};
use crate::model::normal::nfc;
use crate::model::project::{Asset, Project};
use crate::model::reference::Reference;
use crate::model::workspace::{AssetId, AssetKey, Binding, Snapshot, WorkspaceAsset};
use crate::plan::import::connectors::{Fate, Meeting, Met};
use crate::plan::targets::{Nearness, TargetKeys};

/// An asset that a reference may mean.
#[derive(Clone, Copy, Debug)]
pub(super) enum Candidate<'r> {
    /// The workspace holds it, and perhaps the package brings it too.
    Held(&'r WorkspaceAsset),
    /// Only the package brings it: an index into the project's assets.
    Packaged(usize),
}

/// The assets of the workspace and of the package, as one.
#[derive(Clone, Debug)]
pub(super) struct Candidates<'r> {
    placing: &'r TargetKeys,
    snapshot: &'r Snapshot,
    /// The package's assets by where they land.
    packaged: BTreeMap<&'r AssetKey, usize>,
    /// The connections of both in the order of their names, of each name those of the workspace first;
    /// each once.
    connections: Vec<(&'r str, Candidate<'r>)>,
}

impl<'r> Candidates<'r> {
    pub(super) fn of(placing: &'r TargetKeys, snapshot: &'r Snapshot) -> Self {
        let keys = placing.keys.iter().enumerate();
        let packaged: BTreeMap<&AssetKey, usize> = keys
            .filter_map(|(index, key)| Some((key.as_ref()?, index)))
            .collect();
        let is_connection = |key: &AssetKey| key.kind == AssetKind::Connection;
        let held = || (snapshot.connections.iter()).filter(|held| is_connection(&held.key));
        let mut connections: Vec<(&str, Candidate<'_>)> = held()
            .map(|held| (&*held.key.name, Candidate::Held(held)))
            .collect();
        let held: BTreeSet<&AssetKey> = held().map(|held| &held.key).collect();
        for (key, index) in &packaged {
            if is_connection(key) && !held.contains(key) {
                connections.push((&key.name, Candidate::Packaged(*index)));
            }
        }
        connections.sort_by_key(|(name, _)| *name);
        connections.shrink_to_fit();
        Self {
            placing,
            snapshot,
            packaged,
            connections,
        }
    }

    /// The asset of the package that lands there.
    pub(super) fn packaged(&self, key: &AssetKey) -> Option<usize> {
        self.packaged.get(key).copied()
    }

    /// What the workspace holds in the place of an asset of the package.
    pub(super) fn held(&self, asset: usize) -> Option<&'r WorkspaceAsset> {
        self.snapshot.assets.get(self.placing.keys[asset].as_ref()?)
    }

    fn at(&self, key: &AssetKey) -> Option<Candidate<'r>> {
        match self.snapshot.assets.get(key) {
            Some(held) => Some(Candidate::Held(held)),
            None => self.packaged(key).map(Candidate::Packaged),
        }
    }

    /// The assets at the first place that has any for a reference out of the package: several are
    /// twins, which have one name in one folder.
    pub(super) fn by_place(&self, reference: &Reference) -> Option<(Nearness, Vec<Candidate<'r>>)> {
        let places = self.placing.elsewhere(reference).into_iter();
        let mut found = places.map(|(nearness, mut key)| {
            let mut here = Vec::new();
            loop {
                let candidate = self.at(&key);
                if candidate.is_none() && key.twin > 0 {
                    return (nearness, here);
                }
                here.extend(candidate);
                key.twin += 1;
            }
        });
        found.find(|(_, here)| !here.is_empty())
    }

    /// The connections of a name, wherever they lie.
    pub(super) fn connections(&self, name: &str) -> impl Iterator<Item = Candidate<'r>> {
        let from = self.connections.partition_point(|(other, _)| *other < name);
        let named = self.connections[from..].iter();
        named
            .take_while(move |(other, _)| *other == name)
            .map(|(_, candidate)| *candidate)
    }
}

/// What a reference means, and by which step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolution {
    pub(super) binding: Binding,
    pub(super) by: By,
}

/// How it was found what a reference means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Steps 1 and 2: it is where the reference says.
    Place,
    /// Steps 3 and 4: it is somewhere else.
    Name,
    /// Step 5 if it is bound, and else 6: these could be meant.
    Several(Arc<[AssetId]>),
    /// Step 6: there is none.
    Nothing,
}

impl Resolution {
    const NOTHING: Self = Self {
        binding: Binding::Nothing,
        by: By::Nothing,
    };

    fn connector(met: Option<&Met<'_>>) -> Self {
        met.map_or(Self::NOTHING, |met| Self {
            binding: connector(met),
            by: By::Place,
        })
    }
}

/// Everything that references are resolved with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver<'r, 'a> {
    pub(super) project: &'r Project,
    pub(super) candidates: &'r Candidates<'r>,
    pub(super) connectors: &'r Meeting<'a>,
    /// The numbers of the package's assets in the workspace.
    pub(super) ids: &'r [Option<AssetId>],
    /// What references to connections mean instead, where settings say so, by what they name.
    pub(super) mapped: &'r BTreeMap<&'r str, AssetId>,
    /// What could be meant where several could: many references may mean the same.
    pub(super) several: &'r RefCell<HashSet<Arc<[AssetId]>>>,
}

impl<'r> Resolver<'r, '_> {
    /// What each reference of an asset means, and by which step. `held` is what the workspace has in its
    /// place.
    pub(super) fn resolutions(
        &self,
        asset: &Asset,
        held: Option<&WorkspaceAsset>,
    ) -> (ThinVec<Binding>, ThinVec<By>) {
        let count = asset.facts.references.len();
        let mut bindings = ThinVec::with_capacity(count);
        let mut by = ThinVec::with_capacity(count);
        for reference in &asset.facts.references {
            let resolution = self.resolution(asset, held, reference);
            bindings.push(resolution.binding);
            by.push(resolution.by);
        }
        (bindings, by)
    }

    fn resolution(
        &self,
        asset: &Asset,
        held: Option<&WorkspaceAsset>,
        reference: &Reference,
    ) -> Resolution {
        if let Some(id) = self.mapped.get(&*reference.target) {
            return Resolution {
                binding: Binding::Asset(*id),
                by: By::Place,
            };
        }
        if let Some(target) = self.project.asset_at(&reference.target) {
            return match self.ids[target] {
                Some(id) => Resolution {
                    binding: Binding::Asset(id),
                    by: By::Place,
                },
                None => Resolution::connector(self.connectors.of_adapter(target)),
            };
        }
        let FileRole::Main(kind) = FileRole::of(&reference.target) else {
            return Resolution::NOTHING;
        };
        if kind == AssetKind::CustomAdapter {
            return Resolution::connector(self.connectors.titled(&reference.name));
        }
        let application = self.application(asset, reference);
        let fits = |candidate: &Candidate<'r>| {
            let Some(application) = &application else {
                return true;
            };
            self.application_of(*candidate).as_ref() == Some(application)
        };
        match self.candidates.by_place(reference) {
            Some((nearness, here)) => {
                if let [only] = here[..] {
                    return self.bound(only, nearness.into());
                }
                let fitting = here.iter().copied().filter(fits).collect::<Vec<_>>();
                self.one_of(
                    if fitting.is_empty() { here } else { fitting },
                    held,
                    nearness.into(),
                )
            }
            None if kind == AssetKind::Connection => {
                let name = nfc(&reference.name);
                let named = self.candidates.connections(&name);
                self.one_of(named.filter(fits).collect(), held, By::Name)
            }
            None => Resolution::NOTHING,
        }
    }

    fn bound(&self, candidate: Candidate<'_>, by: By) -> Resolution {
        match self.id(candidate) {
            Some(id) => Resolution {
                binding: Binding::Asset(id),
                by,
            },
            None => Resolution::NOTHING,
        }
    }

    /// The only one; of several, the one that the asset is bound to already.
    fn one_of(
        &self,
        candidates: Vec<Candidate<'_>>,
        held: Option<&WorkspaceAsset>,
        by: By,
    ) -> Resolution {
        if let [only] = candidates[..] {
            return self.bound(only, by);
        }
        let ids: BTreeSet<AssetId> = candidates
            .into_iter()
            .filter_map(|candidate| self.id(candidate))
            .collect();
        if ids.is_empty() {
            return Resolution::NOTHING;
        }
        let bound = held.into_iter().flat_map(|held| &held.body.bindings);
        let bound: BTreeSet<AssetId> = bound
            .filter_map(|binding| match binding {
                Binding::Asset(id) => Some(*id).filter(|id| ids.contains(id)),
                Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
            })
            .collect();
        let kept = bound.first().filter(|_| bound.len() == 1);
        Resolution {
            binding: kept.map_or(Binding::Nothing, |id| Binding::Asset(*id)),
            by: By::Several(self.once(ids.into_iter().collect())),
        }
    }

    /// The same candidates as they are held already, if they are.
    fn once(&self, ids: Arc<[AssetId]>) -> Arc<[AssetId]> {
        let mut known = self.several.borrow_mut();
        if let Some(known) = known.get(&ids) {
            return Arc::clone(known);
        }
        known.insert(Arc::clone(&ids));
        ids
    }

    fn id(&self, candidate: Candidate<'_>) -> Option<AssetId> {
        match candidate {
            Candidate::Held(held) => Some(held.id),
            Candidate::Packaged(index) => self.ids[index],
        }
    }

    /// The application of a connection as it will be: an import leaves those alone that are there.
    fn application_of(&self, candidate: Candidate<'_>) -> Option<String> {
        match candidate {
            Candidate::Held(held) => held.body.providers.first().cloned(),
            Candidate::Packaged(index) => self
                .providers(&self.project.assets[index])
                .into_iter()
                .next(),
        }
    }

    /// The application, in the workspace's terms, that a recipe expects behind a connection.
    fn application(&self, asset: &Asset, reference: &Reference) -> Option<String> {
        let config = &asset.facts.recipe()?.config;
        let entry = config.iter().find(|entry| {
            let account = entry.account.and_then(|i| asset.facts.references.get(i));
            account.is_some_and(|account| account.offset == reference.offset)
        })?;
        Some(self.translated(&entry.provider))
    }

    /// A provider in the workspace's terms.
    pub(super) fn translated(&self, provider: &str) -> String {
        let name = self.connectors.names.get(provider);
        name.map_or_else(|| provider.to_owned(), ToString::to_string)
    }

    /// The application of a connection; the custom connectors of a recipe.
    pub(super) fn providers(&self, asset: &Asset) -> ThinVec<String> {
        if let Some(connection) = asset.facts.connection() {
            return match &connection.provider {
                ConnectionProvider::Named(provider) => thin_vec![self.translated(provider)],
                ConnectionProvider::Connector(reference) => {
                    let reference = &asset.facts.references[*reference];
                    let met = match self.project.asset_at(&reference.target) {
                        Some(adapter) => self.connectors.of_adapter(adapter),
                        None => self.connectors.titled(&reference.name),
                    };
                    let name = met.and_then(|met| met.internal_name.as_ref());
                    name.map(ToString::to_string).into_iter().collect()
                }
                ConnectionProvider::Absent => ThinVec::new(),
            };
        }
        let config = asset
            .facts
            .recipe()
            .into_iter()
            .flat_map(|recipe| &recipe.config);
        let mut providers: ThinVec<String> = config
            .filter_map(|entry| {
                let translated = self.translated(&entry.provider);
                let custom = InternalName::custom(&translated).is_some()
                    || self.connectors.names.contains_key(&*entry.provider);
                custom.then_some(translated)
            })
            .collect();
        providers.sort_unstable();
        providers.dedup();
        providers
    }
}

fn connector(met: &Met<'_>) -> Binding {
    match (&met.fate, met.id) {
        (Fate::Shared(_), _) => Binding::Shared,
        (_, Some(id)) => Binding::Connector(id),
        (_, None) => Binding::Nothing,
    }
}

impl From<Nearness> for By {
    fn from(nearness: Nearness) -> Self {
        match nearness {
            Nearness::Place => Self::Place,
            Nearness::Further => Self::Name,
        }
    }
}
