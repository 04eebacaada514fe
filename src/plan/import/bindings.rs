//! What the references of a package mean in the workspace that it is imported into
//! (platform.md §5.5, §5.6).

use crate::model::facts::ConnectionProvider;
use crate::model::ident::InternalName;
use crate::model::kind::{AssetKind, FileRole};
use crate::model::project::{Asset, Project};
use crate::model::reference::Reference;
use crate::model::workspace::{AssetId, Binding, HeldAsset, Snapshot};
use crate::plan::import::connectors::{Fate, Meeting, Met};
use crate::plan::import::placing::Placing;

/// Everything that references are resolved with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver<'r, 'a> {
    pub(super) project: &'r Project,
    pub(super) placing: &'r Placing,
    pub(super) snapshot: &'r Snapshot,
    pub(super) connectors: &'r Meeting<'a>,
    /// The numbers of the package's assets in the workspace.
    pub(super) ids: &'r [Option<AssetId>],
}

impl Resolver<'_, '_> {
    /// What each reference of an asset means.
    pub(super) fn bindings(&self, asset: &Asset) -> Vec<Binding> {
        let references = asset.facts.references.iter();
        references
            .map(|reference| self.binding(asset, reference))
            .collect()
    }

    fn binding(&self, asset: &Asset, reference: &Reference) -> Binding {
        if let Some(target) = self.project.asset_at(&reference.target) {
            return match self.ids[target] {
                Some(id) => Binding::Asset(id),
                None => self
                    .connectors
                    .of_adapter(target)
                    .map_or(Binding::Nothing, connector),
            };
        }
        if FileRole::of(&reference.target) == FileRole::Main(AssetKind::CustomAdapter) {
            let met = self.connectors.titled(&reference.name);
            return met.map_or(Binding::Nothing, connector);
        }
        match self.held(asset, reference) {
            Some(held) => Binding::Asset(held.id),
            None => Binding::Nothing,
        }
    }

    /// The asset of the workspace that a reference out of the package binds to: by folder and name;
    /// a connection also if it is the only one of its name and application anywhere.
    pub(super) fn held(&self, asset: &Asset, reference: &Reference) -> Option<&HeldAsset> {
        let keys = self.placing.elsewhere(reference);
        let here = keys.iter().find_map(|key| self.snapshot.assets.get(key));
        if here.is_some() || !keys.iter().any(|key| key.kind == AssetKind::Connection) {
            return here;
        }
        let provider = self.provider_of(asset, reference);
        let mut named = self.snapshot.connections.iter().filter(|connection| {
            *connection.key.name == *reference.name
                && provider.as_deref().is_none_or(|provider| {
                    connection.body.providers.first().map(String::as_str) == Some(provider)
                })
        });
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// The application, in the workspace's terms, that a recipe expects behind a connection.
    fn provider_of(&self, asset: &Asset, reference: &Reference) -> Option<String> {
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
    pub(super) fn providers(&self, asset: &Asset) -> Vec<String> {
        if let Some(connection) = asset.facts.connection() {
            return match &connection.provider {
                ConnectionProvider::Named(provider) => vec![self.translated(provider)],
                ConnectionProvider::Connector(reference) => {
                    let reference = &asset.facts.references[*reference];
                    let met = match self.project.asset_at(&reference.target) {
                        Some(adapter) => self.connectors.of_adapter(adapter),
                        None => self.connectors.titled(&reference.name),
                    };
                    let name = met.and_then(|met| met.internal_name.as_ref());
                    name.map(ToString::to_string).into_iter().collect()
                }
                ConnectionProvider::Absent => Vec::new(),
            };
        }
        let config = asset
            .facts
            .recipe()
            .into_iter()
            .flat_map(|recipe| &recipe.config);
        let mut providers: Vec<String> = config
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
