//! Which custom connectors a package is about, who uses them, and what the catalogue knows of them.

mod identity;
mod lack;
mod titles;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::catalogue::{Catalogue, CatalogueEntry};
use crate::model::facts::{ConnectionProvider, CustomMark};
use crate::model::finding::{Code, Finding, Subject};
use crate::model::graph::Graph;
use crate::model::ident::{ConnectorTitle, InternalName, Version};
use crate::model::kind::AssetKind;
use crate::model::project::{Asset, Project};
use crate::model::workspace::WorkspaceId;
use crate::plan::decision::Match;
use crate::plan::rule::Files;

pub use identity::Untold;
use identity::{Assumed, By, Identities};
pub use lack::Lack;

/// Where a connector's files were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Adapter {
    /// In the project: an index into its assets.
    Project(usize),
    /// Among the connectors supplied beside it: an index into their assets.
    Supplied(usize),
}

/// A custom connector that a package is about.
#[derive(Clone, Debug, Default)]
pub struct Connector<'a> {
    /// Its title, where it is known.
    pub title: Option<ConnectorTitle>,
    /// The internal names by which recipes and connections spell it.
    pub internal_names: BTreeSet<InternalName>,
    /// Its files.
    pub adapter: Option<Adapter>,
    /// What they lack to be a connector.
    pub lack: Option<Lack>,
    /// The files of the project that those of `adapter` replace, since they are only half a
    /// connector.
    pub replaced: Option<usize>,
    /// The connections of this package that are its own, as indices into the project's assets.
    pub connections: BTreeSet<usize>,
    /// The recipes of this package that use it.
    pub recipes: BTreeSet<usize>,
    /// Recipes that use it through a connection in another package.
    pub through_elsewhere: BTreeSet<usize>,
    /// What the catalogue knows of it.
    pub entry: Option<(&'a CatalogueEntry, Match)>,
}

impl Connector<'_> {
    /// What to call it: its title, or the internal name where no title is known.
    pub fn label(&self) -> &str {
        match (&self.title, self.internal_names.first()) {
            (Some(title), _) => title.as_str(),
            (None, Some(name)) => name.as_str(),
            (None, None) => "",
        }
    }

    /// The workspace that its version is counted in, where its names tell (platform.md §12).
    pub fn source_workspace(&self) -> Option<WorkspaceId> {
        let mut workspaces = self.internal_names.iter().map(InternalName::workspace);
        let first = workspaces.next()??;
        let only = workspaces.all(|workspace| workspace == Some(first));
        only.then(|| first.parse().ok().map(WorkspaceId))?
    }

    /// Where its files are.
    pub fn files(&self) -> Files {
        if self.lack.is_some() {
            // Half a connector is none.
            Files::Absent
        } else if self.adapter.is_some() {
            Files::Present
        } else if self.connections.is_empty() && self.recipes.is_subset(&self.through_elsewhere) {
            Files::Elsewhere
        } else {
            Files::Absent
        }
    }
}

/// The parts from which connectors are gathered.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its references.
    pub graph: &'a Graph,
    /// Connectors supplied beside it.
    pub supplied: Option<&'a Project>,
    /// The catalogue.
    pub catalogue: Option<&'a Catalogue>,
}

/// The connectors that assets use or are.
#[derive(Clone, Debug, Default)]
pub struct Gathered<'a> {
    /// The connectors, in the order of their titles.
    pub connectors: Vec<Connector<'a>>,
    /// What is odd about them.
    pub findings: Vec<Finding>,
    /// What could not be told apart.
    pub untold: Untold,
}

/// The title that a connector's JSON gives; its file's stem if that is no title.
pub fn title_of(adapter: &Asset) -> Option<ConnectorTitle> {
    let stem = adapter
        .path
        .file_name()
        .split('.')
        .next()
        .unwrap_or_default();
    adapter.name().parse().or_else(|_| stem.parse()).ok()
}

impl<'a> Sources<'a> {
    /// The asset of a connector's files.
    pub fn adapter(&self, adapter: Adapter) -> Option<&'a Asset> {
        match adapter {
            Adapter::Project(index) => self.project.assets.get(index),
            Adapter::Supplied(index) => self.supplied?.assets.get(index),
        }
    }

    /// The version that a connector's JSON gives.
    pub fn packaged_version(&self, connector: &Connector<'_>) -> Option<Version> {
        self.adapter(connector.adapter?)?.facts.connector()?.version
    }

    /// The custom connectors that `selected` assets use or are, with what is odd about them.
    /// `explained` are names of which something else tells whose they are: nothing is assumed of them.
    pub fn connectors(
        &self,
        selected: &BTreeSet<usize>,
        explained: &BTreeSet<InternalName>,
    ) -> Gathered<'a> {
        let mut gathering = Gathering::new(*self, explained);
        for (index, asset) in self.project.of_kind(&AssetKind::CustomAdapter) {
            if selected.contains(&index) {
                gathering.of_adapter(Adapter::Project(index), asset);
            }
        }
        for &index in selected {
            let asset = &self.project.assets[index];
            if asset.kind == AssetKind::Connection {
                gathering.connection(index, asset);
            }
        }
        for &index in selected {
            gathering.recipe(index, &self.project.assets[index]);
        }
        gathering.finish()
    }

    /// The titles of all connectors that the project has or speaks of, of those supplied beside it and
    /// of those in the catalogue.
    pub fn titles_known(&self) -> BTreeSet<&'a str> {
        let of = |project: &'a Project| {
            let adapters = project.of_kind(&AssetKind::CustomAdapter);
            adapters.map(|(_, asset)| asset.name())
        };
        let mut titles: BTreeSet<&str> = of(self.project).collect();
        titles.extend(self.supplied.into_iter().flat_map(of));
        let entries = self.catalogue.into_iter().flat_map(|c| c.entries());
        titles.extend(entries.map(|entry| entry.title.as_str()));
        let listed = self.catalogue.into_iter().flat_map(|c| c.titles());
        titles.extend(listed.map(ConnectorTitle::as_str));
        for (_, connection) in self.project.of_kind(&AssetKind::Connection) {
            let references = connection.facts.references.iter();
            let providers = references.filter(|reference| &*reference.key == "provider");
            titles.extend(providers.map(|reference| &*reference.name));
        }
        titles
    }

    /// The title in a list of titles that a connector was created under, by its internal name, if the
    /// project has it in the form that shared connectors have (platform.md §5.6 B): connections spell
    /// its name, no connection is marked as a custom connector's own, and its files are nowhere.
    pub fn listed_title(&self, connector: &Connector<'_>) -> Option<&'a ConnectorTitle> {
        let is_shared_form = connector.title.is_none()
            && connector.adapter.is_none()
            && connector.recipes.iter().all(|&recipe| {
                let facts = self.project.assets[recipe].facts.recipe();
                let mut config = facts.into_iter().flat_map(|recipe| &recipe.config);
                config.all(|entry| {
                    let mut names = connector.internal_names.iter();
                    entry.mark == CustomMark::Absent
                        || names.all(|name| name.as_str() != &*entry.provider)
                })
            });
        let mut fitting = self.catalogue?.titles().iter().filter(|title| {
            let mut names = connector.internal_names.iter();
            names.all(|name| title.may_be(name))
        });
        match (is_shared_form, fitting.next(), fitting.next()) {
            (true, Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// The custom connector that a provider names.
    fn custom(&self, provider: &str) -> Option<InternalName> {
        let in_catalogue = || {
            let entry = self.catalogue?.by_internal_name(provider)?;
            Some(entry.internal_name.clone())
        };
        InternalName::custom(provider).or_else(in_catalogue)
    }

    /// The supplied connector of a title, if it is a whole one.
    fn supplied_whole(&self, title: Option<&ConnectorTitle>) -> Option<usize> {
        let (supplied, title) = (self.supplied?, title?);
        let mut adapters = supplied.of_kind(&AssetKind::CustomAdapter);
        let (index, _) = adapters.find(|(_, asset)| {
            title_of(asset).as_ref() == Some(title) && Lack::of(supplied, asset).is_none()
        })?;
        Some(index)
    }

    /// All files of connectors, those of the project first.
    fn adapters(&self) -> impl Iterator<Item = (Adapter, &'a Asset)> + use<'a> {
        let of = |project: &'a Project| project.of_kind(&AssetKind::CustomAdapter);
        let own = of(self.project).map(|(index, asset)| (Adapter::Project(index), asset));
        let supplied = self.supplied.into_iter().flat_map(of);
        own.chain(supplied.map(|(index, asset)| (Adapter::Supplied(index), asset)))
    }
}

struct Gathering<'a> {
    sources: Sources<'a>,
    connectors: Vec<Connector<'a>>,
    by_adapter: BTreeMap<Adapter, usize>,
    by_title: BTreeMap<ConnectorTitle, usize>,
    by_name: BTreeMap<InternalName, usize>,
    of_connection: BTreeMap<usize, usize>,
    identities: Identities,
    findings: Vec<Finding>,
}

impl<'a> Gathering<'a> {
    fn new(sources: Sources<'a>, explained: &BTreeSet<InternalName>) -> Self {
        Self {
            sources,
            connectors: Vec::new(),
            by_adapter: BTreeMap::new(),
            by_title: BTreeMap::new(),
            by_name: BTreeMap::new(),
            of_connection: BTreeMap::new(),
            identities: Identities::of(&sources, explained),
            findings: Vec::new(),
        }
    }

    fn of_adapter(&mut self, adapter: Adapter, asset: &Asset) -> usize {
        if let Some(&known) = self.by_adapter.get(&adapter) {
            return known;
        }
        let title = title_of(asset);
        // Files supplied beside the project belong to a connector that was met by title before.
        let met = title
            .as_ref()
            .and_then(|title| self.by_title.get(title))
            .copied();
        let at = met
            .filter(|&at| self.connectors[at].adapter.is_none())
            .unwrap_or_else(|| self.add(title.clone()));
        self.by_adapter.insert(adapter, at);
        let connector = &mut self.connectors[at];
        connector.adapter = Some(adapter);
        connector.lack = match (adapter, self.sources.supplied) {
            (Adapter::Project(_), _) => Lack::of(self.sources.project, asset),
            (Adapter::Supplied(_), Some(supplied)) => Lack::of(supplied, asset),
            (Adapter::Supplied(_), None) => None,
        };
        if let (Some(_), Adapter::Project(half)) = (&connector.lack, adapter)
            && let Some(whole) = self.sources.supplied_whole(title.as_ref())
        {
            connector.adapter = Some(Adapter::Supplied(whole));
            connector.lack = None;
            connector.replaced = Some(half);
            self.by_adapter.insert(Adapter::Supplied(whole), at);
        }
        at
    }

    fn add(&mut self, title: Option<ConnectorTitle>) -> usize {
        let at = self.connectors.len();
        if let Some(title) = &title {
            self.by_title.entry(title.clone()).or_insert(at);
        }
        self.connectors.push(Connector {
            title,
            ..Connector::default()
        });
        at
    }

    fn titled(&mut self, title: &ConnectorTitle) -> usize {
        if let Some(&known) = self.by_title.get(title) {
            return known;
        }
        let mut adapters = self.sources.adapters();
        let found = adapters.find(|(_, asset)| title_of(asset).as_ref() == Some(title));
        if let Some((adapter, asset)) = found {
            return self.of_adapter(adapter, asset);
        }
        self.add(Some(title.clone()))
    }

    /// The connector that an internal name means: as the project's own links tell, then as the
    /// catalogue tells, then what it was [assumed](Identities) to be.
    fn named(&mut self, name: &InternalName) -> usize {
        if let Some(&known) = self.by_name.get(name) {
            return known;
        }
        let linked = self.sources.graph.connectors(name).next();
        let entry = self
            .sources
            .catalogue
            .and_then(|catalogue| catalogue.by_internal_name(name.as_str()));
        let at = match (linked, entry) {
            (Some(index), _) => {
                self.of_adapter(Adapter::Project(index), &self.sources.project.assets[index])
            }
            (None, Some(entry)) => self.titled(&entry.title),
            (None, None) => match self.identities.assumed.get(name).copied() {
                Some(assumed) => self.assumed(name, assumed),
                None => self.add(None),
            },
        };
        self.connectors[at].internal_names.insert(name.clone());
        self.by_name.insert(name.clone(), at);
        at
    }

    /// A name is taken to be a connector's, and that is told.
    fn assumed(&mut self, name: &InternalName, assumed: Assumed) -> usize {
        let asset = match self.sources.adapter(assumed.adapter) {
            Some(asset) => asset,
            None => return self.add(None),
        };
        let Some(title) = title_of(asset) else {
            return self.of_adapter(assumed.adapter, asset);
        };
        let message = format!("`{name}` is taken to be \"{title}\"");
        let note = match (assumed.by, assumed.adapter) {
            (By::Elimination, Adapter::Project(_)) => {
                "nothing explains any other name, and nothing links to any other connector"
            }
            (By::Elimination, Adapter::Supplied(_)) => {
                "it is the only connector whose files are missing, and this is the only one supplied"
            }
            (By::Slug, _) => "a connector that was created under this title would have such a name",
        };
        self.findings.push(
            Finding::new(
                Code::ConnectorAssumed,
                Subject::Connector(title.clone()),
                message,
            )
            .note(note)
            .help("give a catalogue that names both to be sure: --catalog FILE"),
        );
        self.of_adapter(assumed.adapter, asset)
    }

    fn connection(&mut self, index: usize, asset: &Asset) {
        let Some(connection) = asset.facts.connection() else {
            return;
        };
        let at = match &connection.provider {
            ConnectionProvider::Connector(reference) => {
                let reference = &asset.facts.references[*reference];
                match self.sources.project.asset_at(&reference.target) {
                    Some(adapter) => self.of_adapter(
                        Adapter::Project(adapter),
                        &self.sources.project.assets[adapter],
                    ),
                    None => match reference.name.parse() {
                        Ok(title) => {
                            let at = self.titled(&title);
                            if self.connectors[at].adapter.is_none() {
                                self.connectors[at].lack =
                                    Lack::of_absent(self.sources.project, &reference.target);
                            }
                            at
                        }
                        Err(_) => return,
                    },
                }
            }
            ConnectionProvider::Named(provider) => match self.sources.custom(provider) {
                Some(name) => self.named(&name),
                None => return,
            },
            ConnectionProvider::Absent => return,
        };
        self.connectors[at].connections.insert(index);
        self.of_connection.insert(index, at);
    }

    fn recipe(&mut self, index: usize, asset: &Asset) {
        let Some(recipe) = asset.facts.recipe() else {
            return;
        };
        for entry in &recipe.config {
            let Some(name) = self.sources.custom(&entry.provider) else {
                continue;
            };
            let account = entry
                .account
                .and_then(|account| asset.facts.references.get(account));
            let connection =
                account.and_then(|account| self.sources.project.asset_at(&account.target));
            // A connection whose connector's file is gone still says whose it is.
            let at = match connection.and_then(|connection| self.of_connection.get(&connection)) {
                Some(&at) if !self.by_name.contains_key(&name) && self.may_have(at, &name) => {
                    self.connectors[at].internal_names.insert(name.clone());
                    self.by_name.insert(name, at);
                    at
                }
                _ => self.named(&name),
            };
            self.connectors[at].recipes.insert(index);
            if account.is_some() && connection.is_none() {
                self.connectors[at].through_elsewhere.insert(index);
            }
        }
    }

    /// Whether a connector may have this name too: two names of one workspace are always two
    /// connectors (platform.md §12).
    fn may_have(&self, at: usize, name: &InternalName) -> bool {
        let mut known = self.connectors[at].internal_names.iter();
        !known.any(|known| known.is_twin_of(name))
    }

    fn finish(mut self) -> Gathered<'a> {
        for (name, adapters) in self.sources.graph.internal_names() {
            if adapters.len() > 1 {
                let paths: Vec<_> = adapters
                    .iter()
                    .map(|i| self.sources.project.assets[*i].path.to_string())
                    .collect();
                let message = format!(
                    "`{name}` leads to {} connectors: {}",
                    paths.len(),
                    paths.join(", ")
                );
                let finding = Finding::new(Code::AmbiguousProvider, Subject::Project, message)
                    .help("let every connection of one provider name the same connector");
                self.findings.push(finding);
            }
        }
        let titles = self.sources.titles(&self.connectors);
        self.findings.extend(titles);
        for connector in &mut self.connectors {
            let Some(catalogue) = self.sources.catalogue else {
                continue;
            };
            let by_name = connector
                .internal_names
                .iter()
                .find_map(|name| catalogue.by_internal_name(name.as_str()));
            let by_title = connector
                .title
                .as_ref()
                .and_then(|title| catalogue.by_title(title.as_str()));
            if let (Some(named), Some(titled), Some(title)) = (by_name, by_title, &connector.title)
                && named.title != titled.title
            {
                let message = format!(
                    "`{}` is \"{}\" in the catalogue, where \"{title}\" is `{}`; the internal name counts",
                    named.internal_name, named.title, titled.internal_name
                );
                self.findings.push(Finding::new(
                    Code::CatalogConflict,
                    Subject::Connector(title.clone()),
                    message,
                ));
            }
            connector.entry = match (by_name, by_title) {
                (Some(entry), _) => Some((entry, Match::InternalName)),
                (None, Some(entry)) => Some((entry, Match::Title)),
                (None, None) => None,
            };
            if let (Some((entry, Match::Title)), Some(title)) = (connector.entry, &connector.title)
                && let Some(name) = connector
                    .internal_names
                    .iter()
                    .find(|name| name.is_twin_of(&entry.internal_name))
            {
                let message = format!(
                    "\"{title}\" is `{}` in the catalogue and `{name}` here, which are two connectors of one workspace; the title counts",
                    entry.internal_name
                );
                self.findings.push(
                    Finding::new(
                        Code::CatalogConflict,
                        Subject::Connector(title.clone()),
                        message,
                    )
                    .help("look which of the two the recipes mean, and pull the project again"),
                );
            }
            if let (None, Some(title)) = (connector.entry, &connector.title)
                && let Some(near) = catalogue.near_title(title.as_str()).first()
            {
                let message = format!(
                    "the catalogue has \"{}\", which differs only in case or spacing",
                    near.title
                );
                self.findings.push(
                    Finding::new(
                        Code::CatalogNearMiss,
                        Subject::Connector(title.clone()),
                        message,
                    )
                    .help("give both the same title if they are the same connector"),
                );
            }
        }
        self.connectors
            .sort_by(|a, b| (a.label(), a.adapter).cmp(&(b.label(), b.adapter)));
        let met = |adapter: &Adapter| self.by_adapter.contains_key(adapter);
        let Untold { names, adapters } = self.identities.untold;
        Gathered {
            untold: Untold {
                names: names
                    .into_iter()
                    .filter(|name| self.by_name.contains_key(name))
                    .collect(),
                adapters: adapters
                    .into_iter()
                    .filter(|adapter| matches!(adapter, Adapter::Supplied(_)) || met(adapter))
                    .collect(),
            },
            connectors: self.connectors,
            findings: self.findings,
        }
    }
}
