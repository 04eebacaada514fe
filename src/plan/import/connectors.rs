//! What an import does with each custom connector, and what becomes of its name (platform.md §3,
//! §5.6, §6).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::connector_source::InterfaceError;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::project::{Asset, Project};
use crate::model::workspace::{
    ConnectorId, Counters, HeldVersion, SharingKnowledge, Snapshot, Timestamp, VersionsKnown,
    WorkspaceConnector, WorkspaceId,
};
use crate::plan::connectors::{Adapter, Connector, Lack, Sources};
use crate::plan::import::bindings::{Candidate, Candidates};
use crate::plan::naming::NewNames;
use crate::plan::rule::Files;

/// What happens to a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The package brings it, and the workspace has none of this title.
    Install,
    /// The package brings other code than the newest version has.
    Update {
        /// The newest version.
        from: Version,
        /// Whether it is known to be newer.
        direction: Direction,
    },
    /// The package brings code that is older than the newest version.
    Downgrade {
        /// The newest version.
        from: Version,
        /// Why it is known to be older.
        evidence: Older,
    },
    /// The package brings the code that is there.
    Same(Version),
    /// The package does not bring it, and one of the workspace's own is there.
    Present(Version),
    /// The package does not bring it, and it is shared with the workspace.
    Shared(Version),
    /// It is not there, but its connection comes with another package, and it is to come likewise
    /// (platform.md §5.6 C).
    Elsewhere,
    /// Nobody has it.
    Missing,
    /// It is not there, and whether it is shared with the workspace can't be seen.
    Untold,
    /// The package has only half of it.
    Half(Lack),
    /// Its code has errors, and an import would have to release it (platform.md §3).
    Unreleasable(InterfaceError),
}

/// Whether other code is newer than the code that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// It is.
    Newer,
    /// Neither numbers nor history tell.
    Unknown(Incomparable),
}

/// Why two versions can't be put in order. Numbers count per workspace (platform.md §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incomparable {
    /// Both have one number of one workspace.
    SameNumber(Version),
    /// They come from two workspaces.
    Workspaces {
        /// The packaged one's.
        packaged: WorkspaceId,
        /// The one's that is there.
        held: WorkspaceId,
    },
    /// From which workspace, or with which number, the packaged one comes is not known.
    PackagedUnknown,
    /// The same of the one that is there.
    HeldUnknown,
}

/// Why a packaged connector counts as older than the one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Older {
    /// The code is that of an earlier version.
    Code(Version),
    /// Its number in the source workspace is lower than that of the version that is there.
    Number {
        /// The packaged one.
        packaged: Version,
        /// The one that is there had this number where it came from.
        held: Version,
    },
}

/// A connector of a package, with what the workspace makes of it.
#[derive(Clone, Debug)]
pub(super) struct Met<'a> {
    /// The connector as the package knows it.
    pub(super) connector: Connector<'a>,
    /// The asset of its files, as an index into the project.
    pub(super) adapter: Option<usize>,
    /// What happens to it.
    pub(super) fate: Fate,
    /// Its number in the workspace, if it is or becomes one of its own.
    pub(super) id: Option<ConnectorId>,
    /// Its name in the workspace, if it is or will be there.
    pub(super) internal_name: Option<InternalName>,
}

/// The files of a packaged connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AdapterFiles {
    pub(super) json: Option<usize>,
    pub(super) code: Option<usize>,
    pub(super) logo: Option<(String, usize)>,
}

impl AdapterFiles {
    /// Sorts the files of a connector's asset, as indices into the project's files.
    pub(super) fn of(project: &Project, asset: &Asset) -> Self {
        let mut files = Self::default();
        for &index in &asset.files {
            let path = &project.files[index].path;
            let extension = path.file_name().rsplit_once('.').map_or("", |(_, e)| e);
            if *path == asset.path {
                files.json = Some(index);
            } else if extension == "rb" {
                files.code = Some(index);
            } else if matches!(extension, "png" | "jpeg" | "jpg") {
                files.logo = Some((extension.to_owned(), index));
            }
        }
        files
    }

    /// The digest of the source.
    pub(super) fn code_digest(&self, project: &Project) -> Option<Digest> {
        project.files[self.code?].content?.digest
    }
}

/// All connectors that a package is about.
#[derive(Clone, Debug)]
pub(super) struct Meeting<'a> {
    /// The connectors.
    pub(super) met: Vec<Met<'a>>,
    /// From the package's internal names to the workspace's.
    pub(super) names: BTreeMap<InternalName, InternalName>,
    /// Numbers that are free afterwards.
    pub(super) next: Counters,
}

impl<'a> Meeting<'a> {
    pub(super) fn of(
        sources: Sources<'a>,
        mut connectors: Vec<Connector<'a>>,
        candidates: &Candidates<'_>,
        snapshot: &Snapshot,
        unreleasable: &BTreeMap<usize, InterfaceError>,
        at: Timestamp,
    ) -> Self {
        join_through_connections(&mut connectors, sources.project, candidates, snapshot);
        let mut next = snapshot.workspace.next;
        let there = snapshot.connectors.iter().map(|held| &held.internal_name);
        let mut new_names = NewNames::new(snapshot.workspace.id, there, at);
        let mut by_title: BTreeMap<ConnectorTitle, (ConnectorId, InternalName)> = BTreeMap::new();
        let mut names = BTreeMap::new();
        let mut met = Vec::with_capacity(connectors.len());
        for connector in connectors {
            let adapter = match connector.adapter {
                Some(Adapter::Project(index)) => Some(index),
                Some(Adapter::Supplied(_)) | None => None,
            };
            let held = held(&connector, adapter, sources.project, candidates, snapshot);
            let fate = fate(sources.project, &connector, adapter, held, snapshot)
                .checked(adapter.and_then(|adapter| unreleasable.get(&adapter)));
            let (id, internal_name) = match (&fate, held) {
                (Fate::Install, _) => {
                    let title = connector.title.clone();
                    let known = title
                        .as_ref()
                        .and_then(|title| by_title.get(title))
                        .cloned();
                    let (id, name) = known.unwrap_or_else(|| {
                        let id = next.connector;
                        next.connector.0 += 1;
                        let name = new_names.name(title.as_ref());
                        (id, name)
                    });
                    if let Some(title) = title {
                        by_title.insert(title, (id, name.clone()));
                    }
                    (Some(id), Some(name))
                }
                (
                    Fate::Update { .. } | Fate::Downgrade { .. } | Fate::Same(_) | Fate::Present(_),
                    Some(held),
                ) => (Some(held.id), Some(held.internal_name.clone())),
                (Fate::Shared(_), _) => {
                    let entry = connector
                        .entry
                        .map(|(entry, _)| entry.internal_name.clone());
                    (None, entry)
                }
                (
                    Fate::Elsewhere
                    | Fate::Missing
                    | Fate::Untold
                    | Fate::Half(_)
                    | Fate::Unreleasable(_)
                    | Fate::Update { .. }
                    | Fate::Downgrade { .. }
                    | Fate::Same(_)
                    | Fate::Present(_),
                    _,
                ) => (None, None),
            };
            if let Some(to) = &internal_name {
                for from in &connector.internal_names {
                    names.insert(from.clone(), to.clone());
                }
            }
            met.push(Met {
                connector,
                adapter,
                fate,
                id,
                internal_name,
            });
        }
        Self { met, names, next }
    }

    /// The connector whose files are this asset.
    pub(super) fn of_adapter(&self, asset: usize) -> Option<&Met<'a>> {
        self.met.iter().find(|met| met.adapter == Some(asset))
    }

    /// The connector of this title.
    pub(super) fn titled(&self, title: &str) -> Option<&Met<'a>> {
        self.met.iter().find(|met| {
            met.connector
                .title
                .as_ref()
                .is_some_and(|own| own.as_str() == title)
        })
    }
}

/// Joins connectors of which only an internal name is known with those that the package knows
/// better, where a recipe's connection is not where the recipe says: what the reference binds to tells
/// whose it is.
fn join_through_connections(
    connectors: &mut Vec<Connector<'_>>,
    project: &Project,
    candidates: &Candidates<'_>,
    snapshot: &Snapshot,
) {
    let mut at = 0;
    while at < connectors.len() {
        let unknown = &connectors[at];
        let is_unknown =
            unknown.title.is_none() && unknown.adapter.is_none() && unknown.entry.is_none();
        let owner = is_unknown
            .then(|| connections_behind(unknown, project, candidates))
            .into_iter()
            .flatten()
            .find_map(|connection| {
                let (packaged, application) = match connection {
                    Candidate::Packaged(index) => (index, None),
                    Candidate::Held(held) => (
                        candidates.packaged(&held.key)?,
                        Some(held.body.providers.first()?),
                    ),
                };
                let owner = connectors
                    .iter()
                    .position(|other| other.connections.contains(&packaged))?;
                // A connection that is there stays as it is, whatever the package has of it.
                let same = application.is_none_or(|application| {
                    let mut own = snapshot.connectors.iter();
                    let own = own.find(|held| held.internal_name.as_str() == application);
                    own.is_some_and(|own| connectors[owner].title.as_ref() == Some(&own.title))
                });
                let twin = |name: &InternalName| {
                    let mut known = connectors[owner].internal_names.iter();
                    known.any(|known| known.is_twin_of(name))
                };
                let twins = unknown.internal_names.iter().any(twin);
                Some(owner).filter(|&owner| owner != at && same && !twins)
            });
        let Some(owner) = owner else {
            at += 1;
            continue;
        };
        let joined = std::mem::take(&mut connectors[at]);
        connectors[owner]
            .internal_names
            .extend(joined.internal_names);
        connectors[owner].recipes.extend(joined.recipes);
        connectors.remove(at);
    }
}

/// The names that recipes use through a connection which is not where they say, but binds to one: that
/// tells whose they are.
pub(super) fn explained(project: &Project, candidates: &Candidates<'_>) -> BTreeSet<InternalName> {
    let mut names = BTreeSet::new();
    for asset in &project.assets {
        let config = asset.facts.recipe().into_iter().flat_map(|r| &r.config);
        for entry in config {
            let account = entry
                .account
                .and_then(|account| asset.facts.references.get(account))
                .filter(|account| project.asset_at(&account.target).is_none());
            let found = account.and_then(|account| candidates.by_place(account));
            if found.is_some_and(|(_, here)| here.len() == 1) {
                names.extend(InternalName::custom(&entry.provider));
            }
        }
    }
    names
}

/// The connections outside of where a connector's recipes look for them, that the recipes bind to.
fn connections_behind<'r>(
    connector: &Connector<'_>,
    project: &Project,
    candidates: &Candidates<'r>,
) -> Vec<Candidate<'r>> {
    let mut found = Vec::new();
    for &recipe in &connector.through_elsewhere {
        let facts = &project.assets[recipe].facts;
        let entries = facts.recipe().into_iter().flat_map(|recipe| &recipe.config);
        let accounts = entries
            .filter(|entry| {
                InternalName::custom(&entry.provider)
                    .is_some_and(|name| connector.internal_names.contains(&name))
            })
            .filter_map(|entry| facts.references.get(entry.account?))
            .filter(|account| project.asset_at(&account.target).is_none());
        for account in accounts {
            // Of twins it can't be told which is meant.
            if let Some((_, here)) = candidates.by_place(account)
                && let [only] = here[..]
            {
                found.push(only);
            }
        }
    }
    found
}

/// The workspace's own connector that a packaged one is, or would replace.
fn held<'s>(
    connector: &Connector<'_>,
    adapter: Option<usize>,
    project: &Project,
    candidates: &Candidates<'_>,
    snapshot: &'s Snapshot,
) -> Option<&'s WorkspaceConnector> {
    let by_title = snapshot
        .connectors
        .iter()
        .find(|held| connector.title.as_ref() == Some(&held.title));
    if adapter.is_some() || by_title.is_some() {
        return by_title;
    }
    let by_name = |name: &str| {
        snapshot
            .connectors
            .iter()
            .find(|held| held.internal_name.as_str() == name)
    };
    if let Some(held) = connector
        .internal_names
        .iter()
        .find_map(|name| by_name(name.as_str()))
    {
        return Some(held);
    }
    // Its connection may be there already, as another package left it, and knows its connector: one
    // that the package brings too, or one that only its recipes refer to.
    let of_package = connector
        .connections
        .iter()
        .filter_map(|&connection| candidates.held(connection));
    let elsewhere = connections_behind(connector, project, candidates);
    let elsewhere = elsewhere
        .into_iter()
        .filter_map(|candidate| match candidate {
            Candidate::Held(held) => Some(held),
            Candidate::Packaged(_) => None,
        });
    let mut known = of_package
        .chain(elsewhere)
        .filter_map(|connection| by_name(connection.body.providers.first()?));
    let first = known.next()?;
    // Connections of two connectors don't tell which of them it is.
    known.all(|other| other.id == first.id).then_some(first)
}

impl Fate {
    /// What comes of it if the code has errors: it is never released. Code that is there already
    /// stays.
    fn checked(self, error: Option<&InterfaceError>) -> Self {
        match (self, error) {
            (Self::Install | Self::Update { .. } | Self::Downgrade { .. }, Some(error)) => {
                Self::Unreleasable(error.clone())
            }
            (fate, _) => fate,
        }
    }
}

fn fate(
    project: &Project,
    connector: &Connector<'_>,
    adapter: Option<usize>,
    held: Option<&WorkspaceConnector>,
    snapshot: &Snapshot,
) -> Fate {
    let latest = held.and_then(WorkspaceConnector::latest);
    let Some(adapter) = adapter else {
        let shared = connector
            .entry
            .and_then(|(entry, _)| entry.shared_version.version());
        let runs = held.and_then(WorkspaceConnector::running_or_held);
        return match (shared, runs, snapshot.sharing) {
            (Some(version), ..) => Fate::Shared(version),
            (None, Some(version), _) => Fate::Present(version),
            (None, None, sharing) => match (connector.files(), sharing) {
                (Files::Elsewhere, _) => Fate::Elsewhere,
                (Files::Absent | Files::Present, SharingKnowledge::Unknown) => Fate::Untold,
                (Files::Absent | Files::Present, SharingKnowledge::Known) => Fate::Missing,
            },
        };
    };
    let asset = &project.assets[adapter];
    let code = AdapterFiles::of(project, asset).code_digest(project);
    let code = match (&connector.lack, code) {
        (Some(lack), _) => return Fate::Half(lack.clone()),
        (None, Some(code)) => code,
        // It could not be read, and that is told.
        (None, None) => return Fate::Missing,
    };
    let (Some(held), Some(latest)) = (held, latest) else {
        return Fate::Install;
    };
    let from = latest.number;
    if latest.code == Some(code) && held.running_or_held() == Some(from) {
        return Fate::Same(from);
    }
    // A rollback gives the newest version earlier code, which is as old as when it came first.
    let first = |code: Option<Digest>| {
        let mut versions = held.versions.iter();
        versions.find(|version| code.is_some() && version.code == code)
    };
    let age = first(latest.code).map_or(from, |version| version.number);
    if let Some(known) = first(Some(code)) {
        return match known.number < age {
            true => Fate::Downgrade {
                from,
                evidence: Older::Code(known.number),
            },
            false => Fate::Update {
                from,
                direction: Direction::Newer,
            },
        };
    }
    let packaged = asset.facts.connector().and_then(|facts| facts.version);
    let numbered = packaged.zip(connector.source_workspace());
    // A version that only stands for those that are there has no number.
    let number_here = match held.known {
        VersionsKnown::All | VersionsKnown::Released => Some(age),
        VersionsKnown::Nothing => None,
    };
    match order(numbered, latest, number_here, snapshot.workspace.id) {
        Order::Older { packaged, held } => Fate::Downgrade {
            from,
            evidence: Older::Number { packaged, held },
        },
        Order::Newer => Fate::Update {
            from,
            direction: Direction::Newer,
        },
        Order::Unknown(why) => Fate::Update {
            from,
            direction: Direction::Unknown(why),
        },
    }
}

enum Order {
    Older { packaged: Version, held: Version },
    Newer,
    Unknown(Incomparable),
}

/// Which of two versions is the newer by their numbers, if those count in one workspace. `age` is the
/// number of the newest version's code here, if it is known.
fn order(
    packaged: Option<(Version, WorkspaceId)>,
    latest: &HeldVersion,
    age: Option<Version>,
    here: WorkspaceId,
) -> Order {
    let Some((packaged, source)) = packaged else {
        return Order::Unknown(Incomparable::PackagedUnknown);
    };
    let held = match (latest.source_version, latest.source_workspace) {
        // It comes from this very workspace, and so do the numbers here.
        _ if source == here => match age {
            Some(age) => age,
            None => return Order::Unknown(Incomparable::HeldUnknown),
        },
        (Some(held), Some(workspace)) if workspace == source => held,
        (Some(_), Some(workspace)) => {
            return Order::Unknown(Incomparable::Workspaces {
                packaged: source,
                held: workspace,
            });
        }
        (None, _) | (_, None) => return Order::Unknown(Incomparable::HeldUnknown),
    };
    match packaged.cmp(&held) {
        Ordering::Less => Order::Older { packaged, held },
        Ordering::Equal => Order::Unknown(Incomparable::SameNumber(held)),
        Ordering::Greater => Order::Newer,
    }
}
