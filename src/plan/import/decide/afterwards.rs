//! What is left for a person to do after an import.

use super::*;

impl Draft<'_> {
    pub(super) fn afterwards(&self, mismatched: &[Mismatched<'_>]) -> Vec<Afterwards> {
        let project = self.project();
        let mut using: BTreeMap<AssetId, usize> = BTreeMap::new();
        let mut unbound: BTreeMap<&str, usize> = BTreeMap::new();
        let mut undecided: BTreeMap<(&str, &[AssetId]), usize> = BTreeMap::new();
        let mut starts = 0;
        for (drafted, asset) in self.assets.iter().zip(&project.assets) {
            let Some(recipe) = asset.facts.recipe() else {
                continue;
            };
            starts += usize::from(drafted.fate == Fate::Creates);
            let accounts: BTreeSet<usize> =
                recipe.config.iter().filter_map(|e| e.account).collect();
            let mut bound = BTreeSet::new();
            for account in accounts {
                match drafted.bindings.get(account) {
                    Some(Binding::Asset(id)) => {
                        bound.insert(*id);
                    }
                    Some(Binding::Connector(_) | Binding::Shared | Binding::Nothing) | None => {
                        let name = &*asset.facts.references[account].name;
                        match drafted.by.get(account) {
                            Some(By::Several(candidates)) => {
                                *undecided.entry((name, &**candidates)).or_default() += 1;
                            }
                            Some(By::Place | By::Name | By::Nothing) | None => {
                                *unbound.entry(name).or_default() += 1;
                            }
                        }
                    }
                }
            }
            for id in bound {
                *using.entry(id).or_default() += 1;
            }
        }
        let mut afterwards = self.unauthorized(&using);
        let mut unbound = unbound.into_iter();
        afterwards.extend(
            unbound
                .by_ref()
                .take(finding::TOLD)
                .map(|(connection, recipes)| Afterwards::Connect {
                    connection: connection.to_owned(),
                    recipes,
                }),
        );
        let more: Vec<usize> = unbound.map(|(_, recipes)| recipes).collect();
        if !more.is_empty() {
            afterwards.push(Afterwards::ConnectMore {
                connections: more.len(),
                recipes: more.iter().sum(),
            });
        }
        let places = match undecided.is_empty() {
            true => Places::default(),
            false => self.places(),
        };
        afterwards.extend(
            undecided
                .into_iter()
                .map(|((connection, candidates), recipes)| Afterwards::Choose {
                    connection: connection.to_owned(),
                    folders: candidates
                        .iter()
                        .filter_map(|id| Some(places.keys.get(id)?.place.folder()))
                        .collect(),
                    recipes,
                }),
        );
        afterwards.extend(mismatched.iter().map(Mismatched::afterwards));
        let names = self.properties_read();
        if !names.is_empty() {
            afterwards.push(Afterwards::CheckProperties { names });
        }
        let names = self.new_properties();
        if !names.is_empty() {
            afterwards.push(Afterwards::FillProperties { names });
        }
        if starts > 0 {
            afterwards.push(Afterwards::Start { recipes: starts });
        }
        afterwards
    }

    /// Connections without credentials that the package brings or uses.
    pub(super) fn unauthorized(&self, using: &BTreeMap<AssetId, usize>) -> Vec<Afterwards> {
        let mut found = BTreeMap::new();
        for (drafted, asset) in self.assets.iter().zip(&self.project().assets) {
            if let (AssetKind::Connection, Some(id), Some(key)) =
                (&asset.kind, drafted.id, drafted.key)
            {
                let authorized = drafted.held.is_some_and(|held| {
                    held.state == HeldState::Connection(Authorization::Authorized)
                });
                if !authorized {
                    found.insert(id, key);
                }
            }
        }
        let elsewhere = self
            .snapshot
            .assets
            .values()
            .chain(&self.snapshot.connections);
        for held in elsewhere {
            if held.state == HeldState::Connection(Authorization::Placeholder)
                && using.contains_key(&held.id)
            {
                found.insert(held.id, &held.key);
            }
        }
        found
            .into_iter()
            .map(|(id, key)| Afterwards::Authorize {
                connection: key.name.to_string(),
                folder: key.place.folder(),
                recipes: using.get(&id).copied().unwrap_or_default(),
            })
            .collect()
    }

    /// Properties that recipes read and the package does not bring.
    pub(super) fn properties_read(&self) -> Vec<String> {
        let assets = &self.project().assets;
        let brought: BTreeSet<&str> = assets
            .iter()
            .flat_map(|asset| asset.facts.properties())
            .map(|name| &**name)
            .collect();
        let recipes = assets.iter().filter_map(|asset| asset.facts.recipe());
        let read: BTreeSet<&str> = recipes
            .flat_map(|recipe| &recipe.properties)
            .map(|property| &*property.name)
            .collect();
        read.difference(&brought)
            .map(|name| (*name).to_owned())
            .collect()
    }

    /// Connections that recipes are bound to, and that are for another application than the recipes use
    /// them for, or for one that is not known.
    pub(super) fn mismatched(&self) -> Vec<Mismatched<'_>> {
        let recipes = self.project().assets.iter().zip(&self.assets);
        let bound: BTreeSet<AssetId> = recipes
            .filter_map(|(asset, drafted)| Some((&asset.facts.recipe()?.config, drafted)))
            .flat_map(|(config, drafted)| {
                let accounts = config.iter().filter_map(|entry| entry.account);
                accounts.filter_map(|account| match drafted.bindings.get(account)? {
                    Binding::Asset(id) => Some(*id),
                    Binding::Connector(_) | Binding::Shared | Binding::Nothing => None,
                })
            })
            .collect();
        let mut connections: BTreeMap<AssetId, Bound<'_>> = BTreeMap::new();
        let held = self
            .snapshot
            .assets
            .values()
            .chain(&self.snapshot.connections);
        let is_bound = |held: &&WorkspaceAsset| {
            held.key.kind == AssetKind::Connection && bound.contains(&held.id)
        };
        for held in held.filter(is_bound) {
            let provider = held.body.providers.first().map(String::as_str);
            let known = Bound {
                name: &held.key.name,
                folder: held.key.place.folder(),
                provider: provider.filter(|provider| !provider.is_empty()),
                whose: Whose::Workspace,
            };
            connections.insert(held.id, known);
        }
        for drafted in &self.assets {
            let (Some(id), Some(key), Fate::Creates) = (drafted.id, drafted.key, drafted.fate)
            else {
                continue;
            };
            if !bound.contains(&id) {
                continue;
            }
            // A connection whose connector is nowhere is told of with that.
            if let (AssetKind::Connection, Some(provider)) = (&key.kind, drafted.providers.first())
            {
                let known = Bound {
                    name: &key.name,
                    folder: key.place.folder(),
                    provider: Some(provider),
                    whose: Whose::Package,
                };
                connections.insert(id, known);
            }
        }
        let mut found: BTreeMap<(AssetId, &str), Mismatched<'_>> = BTreeMap::new();
        for (drafted, asset) in self.assets.iter().zip(&self.project().assets) {
            let config = asset
                .facts
                .recipe()
                .map_or(&[][..], |recipe| &recipe.config);
            for entry in config {
                let binding = entry
                    .account
                    .and_then(|account| drafted.bindings.get(account));
                let Some(Binding::Asset(id)) = binding else {
                    continue;
                };
                let Some(bound) = connections.get(id) else {
                    continue;
                };
                let wanted = match self.connectors.names.get(&*entry.provider) {
                    Some(name) => name.as_str(),
                    None => &entry.provider,
                };
                if bound.provider == Some(wanted) {
                    continue;
                }
                found
                    .entry((*id, wanted))
                    .or_insert_with(|| Mismatched {
                        id: *id,
                        bound: bound.clone(),
                        wanted,
                        recipes: Vec::new(),
                    })
                    .recipes
                    .push((&asset.path, entry.offset));
            }
        }
        found.into_values().collect()
    }

    /// Whether a connection differs from one of the package already, which is told of that one.
    pub(super) fn told_with_connection(&self, id: AssetId) -> bool {
        self.assets.iter().any(|drafted| {
            let held = drafted.held.filter(|held| held.id == id);
            let there = held.and_then(|held| held.body.providers.first());
            drafted.fate == Fate::Binds
                && matches!((drafted.providers.first(), there), (Some(own), Some(there)) if own != there)
        })
    }
}
