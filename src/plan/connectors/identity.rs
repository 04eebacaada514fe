//! What internal names mean that neither a connection nor the catalogue explains (platform.md §12).

use std::collections::{BTreeMap, BTreeSet};

use super::{Adapter, Connector, Sources, title_of};
use crate::model::facts::ConnectionProvider;
use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::{ConnectorTitle, InternalName};

/// Names that nothing explains and connectors that nothing links to: they may belong together, and
/// which to which can't be told (platform.md §12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// The names.
    pub names: BTreeSet<InternalName>,
    /// The connectors, by their files.
    pub adapters: BTreeSet<Adapter>,
}

impl Untold {
    /// Whether there is something to tell.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() || self.adapters.is_empty()
    }

    /// Whether a connector is one of those.
    pub fn concerns(&self, connector: &Connector<'_>) -> bool {
        let mut names = connector.internal_names.iter();
        !self.is_empty()
            && (names.any(|name| self.names.contains(name))
                || connector
                    .adapter
                    .is_some_and(|adapter| self.adapters.contains(&adapter)))
    }
}

/// What internal names are taken to mean that neither links nor the catalogue explain. It is worked
/// out over all of a project, so that it does not depend on what is selected.
#[derive(Clone, Debug, Default)]
pub(super) struct Identities {
    pub(super) assumed: BTreeMap<InternalName, Assumed>,
    pub(super) untold: Untold,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Assumed {
    pub(super) adapter: Adapter,
    pub(super) by: By,
}

/// By what a name was taken to be a connector's.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// The title of no other connector would have given this name.
    Slug,
    /// No other name and no other connector are left.
    Elimination,
}

/// A connector that names may be taken for.
struct Candidate {
    adapter: Adapter,
    title: ConnectorTitle,
    /// The names that it is known by.
    names: BTreeSet<InternalName>,
    /// Whether something links to it.
    claimed: bool,
}

impl Candidate {
    fn may_have(&self, name: &InternalName) -> bool {
        !self.names.iter().any(|known| known.is_twin_of(name))
    }
}

impl Identities {
    pub(super) fn of(sources: &Sources<'_>, explained: &BTreeSet<InternalName>) -> Self {
        let mut unexplained = sources.unexplained();
        unexplained.retain(|name| !explained.contains(name));
        if unexplained.is_empty() {
            return Self::default();
        }
        let mut candidates = sources.candidates();
        let mut identities = Self::default();
        // A name of the slug that a title gives, unless that is true of several.
        let by_slug: Vec<(InternalName, Option<usize>)> = unexplained
            .iter()
            .map(|name| {
                let fitting = |candidate: &Candidate| {
                    candidate.title.may_be(name) && candidate.may_have(name)
                };
                let mut fitting = candidates.iter().enumerate().filter(|(_, c)| fitting(c));
                let only = match (fitting.next(), fitting.next()) {
                    (Some((at, _)), None) => Some(at),
                    _ => None,
                };
                (name.clone(), only)
            })
            .collect();
        for (name, found) in &by_slug {
            let Some(at) = *found else { continue };
            let twin = |(other, other_found): &(InternalName, Option<usize>)| {
                *other_found == Some(at) && other.is_twin_of(name)
            };
            if by_slug.iter().any(twin) {
                continue;
            }
            let adapter = candidates[at].adapter;
            identities.assumed.insert(
                name.clone(),
                Assumed {
                    adapter,
                    by: By::Slug,
                },
            );
            unexplained.remove(name);
        }
        for (name, Assumed { adapter, .. }) in &identities.assumed {
            let assumed = candidates.iter_mut().find(|c| c.adapter == *adapter);
            if let Some(candidate) = assumed {
                candidate.claimed = true;
                candidate.names.insert(name.clone());
            }
        }
        candidates.retain(|candidate| !candidate.claimed);
        // What was supplied is for what the project lacks: for a name whose connection is here,
        // rather than for one whose connection comes with another package, as its connector does.
        let here: BTreeSet<InternalName> = unexplained
            .intersection(&sources.named_here())
            .cloned()
            .collect();
        let left = match &candidates[..] {
            [only] if matches!(only.adapter, Adapter::Supplied(_)) && here.len() == 1 => &here,
            _ => &unexplained,
        };
        match (left.first(), &candidates[..]) {
            (Some(name), [only]) if left.len() == 1 && only.may_have(name) => {
                let assumed = Assumed {
                    adapter: only.adapter,
                    by: By::Elimination,
                };
                identities.assumed.insert(name.clone(), assumed);
            }
            _ => {
                candidates
                    .retain(|candidate| unexplained.iter().any(|name| candidate.may_have(name)));
                identities.untold = Untold {
                    names: unexplained,
                    adapters: candidates
                        .iter()
                        .map(|candidate| candidate.adapter)
                        .collect(),
                };
            }
        }
        identities
    }
}

impl Sources<'_> {
    /// The names that neither a link nor the catalogue explains.
    fn unexplained(&self) -> BTreeSet<InternalName> {
        let mut names = BTreeSet::new();
        let mut explained = BTreeSet::new();
        for asset in &self.project.assets {
            if let Some(connection) = asset.facts.connection()
                && let ConnectionProvider::Named(provider) = &connection.provider
            {
                names.extend(self.custom(provider));
            }
            let config = asset.facts.recipe().into_iter().flat_map(|r| &r.config);
            for entry in config {
                let Some(name) = self.custom(&entry.provider) else {
                    continue;
                };
                let account = entry
                    .account
                    .and_then(|account| asset.facts.references.get(account))
                    .and_then(|account| self.project.asset_at(&account.target))
                    .and_then(|connection| self.project.assets[connection].facts.connection());
                let says = match account.map(|connection| &connection.provider) {
                    Some(ConnectionProvider::Connector(_)) => true,
                    Some(ConnectionProvider::Named(other)) => self
                        .custom(other)
                        .is_some_and(|other| other != name && !other.is_twin_of(&name)),
                    Some(ConnectionProvider::Absent) | None => false,
                };
                if says {
                    explained.insert(name.clone());
                }
                names.insert(name);
            }
        }
        names.retain(|name| {
            let in_catalogue = self
                .catalogue
                .and_then(|catalogue| catalogue.by_internal_name(name.as_str()));
            in_catalogue.is_none()
                && !explained.contains(name)
                && self.graph.connectors(name).next().is_none()
        });
        names
    }

    /// The names that connections of the project have, or that recipes use without a connection: their
    /// connectors are not to come with another package.
    fn named_here(&self) -> BTreeSet<InternalName> {
        let mut names = BTreeSet::new();
        for asset in &self.project.assets {
            if let Some(connection) = asset.facts.connection()
                && let ConnectionProvider::Named(provider) = &connection.provider
            {
                names.extend(self.custom(provider));
            }
            let config = asset.facts.recipe().into_iter().flat_map(|r| &r.config);
            for entry in config {
                let account = entry
                    .account
                    .and_then(|account| asset.facts.references.get(account));
                let elsewhere =
                    account.is_some_and(|account| self.project.asset_at(&account.target).is_none());
                if !elsewhere {
                    names.extend(self.custom(&entry.provider));
                }
            }
        }
        names
    }

    /// All connectors that are at hand, each title once, with what is known of each.
    fn candidates(&self) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for (adapter, asset) in self.adapters() {
            let Some(title) = title_of(asset) else {
                continue;
            };
            if candidates.iter().any(|known| known.title == title) {
                continue;
            }
            let claimed = match adapter {
                Adapter::Project(index) => self.graph.needed_by(index).len() > 0,
                Adapter::Supplied(_) => false,
            };
            candidates.push(Candidate {
                adapter,
                title,
                names: BTreeSet::new(),
                claimed,
            });
        }
        for candidate in &mut candidates {
            if let Adapter::Project(index) = candidate.adapter {
                let linked = self.graph.internal_names().iter();
                let own = linked.filter(|(_, adapters)| adapters.contains(&index));
                candidate.names.extend(own.map(|(name, _)| name.clone()));
            }
            if let Some(entry) = self
                .catalogue
                .and_then(|catalogue| catalogue.by_title(candidate.title.as_str()))
            {
                candidate.names.insert(entry.internal_name.clone());
            }
        }
        self.claim_by_title(&mut candidates);
        candidates
    }

    /// Connections that name a connector by its title claim it, and so do names that the catalogue
    /// knows under that title.
    fn claim_by_title(&self, candidates: &mut [Candidate]) {
        let mut claimed: BTreeSet<&str> = BTreeSet::new();
        for asset in &self.project.assets {
            if let Some(connection) = asset.facts.connection()
                && let ConnectionProvider::Connector(reference) = &connection.provider
            {
                claimed.insert(&asset.facts.references[*reference].name);
            }
            let connection = asset.facts.connection().map(|facts| &facts.provider);
            let named = match connection {
                Some(ConnectionProvider::Named(provider)) => Some(provider),
                Some(ConnectionProvider::Connector(_) | ConnectionProvider::Absent) | None => None,
            };
            let config = asset.facts.recipe().into_iter().flat_map(|r| &r.config);
            let providers = config.map(|entry| &entry.provider).chain(named);
            let entries =
                providers.filter_map(|provider| self.catalogue?.by_internal_name(provider));
            claimed.extend(entries.map(|entry| entry.title.as_str()));
        }
        for candidate in candidates {
            candidate.claimed |= claimed.contains(candidate.title.as_str());
        }
    }
}

impl Sources<'_> {
    /// Tells which names and connectors can't be told apart.
    pub fn untold(&self, untold: &Untold, code: Code) -> Option<Finding> {
        if untold.is_empty() {
            return None;
        }
        let titles: Vec<_> = untold
            .adapters
            .iter()
            .filter_map(|adapter| Some(format!("\"{}\"", self.adapter(*adapter)?.name())))
            .collect();
        let names: Vec<_> = untold
            .names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let message = match titles.len() {
            1 => format!(
                "which of {} is {}, or whether any is, can't be told",
                names.join(", "),
                titles.join(", ")
            ),
            _ => format!(
                "which of {} {} mean, if any, can't be told",
                titles.join(", "),
                names.join(", ")
            ),
        };
        Some(
            Finding::new(code, Subject::Project, message)
                .note("no connection of the project leads from those names to a connector, and nothing links to those connectors")
                .help("pull the connections too, give a catalogue that names both (--catalog FILE), or leave out the connectors that are not needed: --exclude PATH"),
        )
    }
}
