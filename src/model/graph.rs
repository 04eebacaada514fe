//! Who needs whom: the references of a project, resolved.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::facts::ConnectionProvider;
use super::ident::InternalName;
use super::kind::AssetKind;
use super::normal::nfc;
use super::project::Project;
use super::reference::Reference;

/// Why one asset needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A reference object: an index into the asset's `Facts::references`.
    Reference(u32),
    /// A provider name that leads to a connector, without a connection in between: an index into the
    /// asset's `Facts::internal_names`.
    Provider(u32),
    /// A formula looks the table up by its name.
    Lookup,
}

/// One asset's need of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The asset that needs, as an index into `Project::assets`.
    pub from: usize,
    /// The asset that is needed.
    pub to: usize,
    /// Why.
    pub reason: Reason,
}

/// A reference to an asset that is not in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dangling {
    /// The asset that refers.
    pub from: usize,
    /// Which of its references.
    pub reference: usize,
}

/// The references of a project, resolved. A large project has very many, so each is held in a few
/// bytes, and those of all assets in one list.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// What the assets need, one asset after the other.
    needs: Lists<Need>,
    /// Who needs the assets, likewise.
    needed_by: Lists<u32>,
    dangling: Vec<Dangling>,
    connectors: BTreeMap<InternalName, BTreeSet<usize>>,
    companions: BTreeMap<usize, Vec<usize>>,
}

/// A need of the asset in whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    to: u32,
    reason: Reason,
}

/// A list for each of the assets, one after the other.
#[derive(Clone, Debug)]
struct Lists<T> {
    items: Vec<T>,
    /// Where each asset's ends.
    ends: Vec<usize>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            ends: Vec::new(),
        }
    }
}

impl<T> Lists<T> {
    fn of(&self, asset: usize) -> &[T] {
        let start = asset.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start..self.ends[asset]]
    }
}

/// An index in the form in which it is held. There are never so many: what is held of each takes more
/// than one byte.
fn held(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Graph {
    /// Resolves every reference of a project.
    pub fn of(project: &Project) -> Self {
        let mut graph = Self::default();
        graph.learn_connectors(project);
        graph.resolve(project);
        graph.turn_round(project.assets.len());
        graph.attach(project);
        graph
    }

    fn resolve(&mut self, project: &Project) {
        let tables: HashMap<Cow<'_, str>, usize> = project
            .of_kind(&AssetKind::LookupTable)
            .map(|(index, table)| (nfc(table.name()), index))
            .collect();
        self.needs.ends.reserve_exact(project.assets.len());
        let mut found: Vec<Need> = Vec::new();
        for (from, asset) in project.assets.iter().enumerate() {
            let mut need = |to: usize, reason| {
                let to = held(to);
                found.push(Need { to, reason });
            };
            for (reference, target) in asset.facts.references.iter().enumerate() {
                match project.asset_at(&target.target) {
                    Some(to) => need(to, Reason::Reference(held(reference))),
                    None => self.dangling.push(Dangling { from, reference }),
                }
            }
            for table in &asset.facts.tables {
                if let Some(&to) = tables.get(&*nfc(&table.name)) {
                    need(to, Reason::Lookup);
                }
            }
            for (at, name) in asset.facts.internal_names.iter().enumerate() {
                for &to in self.connectors.get(name).into_iter().flatten() {
                    need(to, Reason::Provider(held(at)));
                }
            }
            found.sort_unstable();
            found.dedup();
            self.needs.items.append(&mut found);
            self.needs.ends.push(self.needs.items.len());
        }
        self.needs.items.shrink_to_fit();
        self.dangling.shrink_to_fit();
    }

    /// Learns from what the assets need who needs them.
    fn turn_round(&mut self, assets: usize) {
        let mut next = vec![0; assets];
        for need in &self.needs.items {
            next[need.to as usize] += 1;
        }
        let mut start = 0;
        for next in &mut next {
            let count = std::mem::replace(next, start);
            start += count;
        }
        let mut items = vec![0; self.needs.items.len()];
        for from in 0..assets {
            for need in self.needs.of(from) {
                let next = &mut next[need.to as usize];
                items[*next] = held(from);
                *next += 1;
            }
        }
        self.needed_by = Lists { items, ends: next };
    }

    /// Learns which connector an internal name means, along the only path there is: recipe →
    /// connection → connector (platform.md §5.6).
    fn learn_connectors(&mut self, project: &Project) {
        for asset in &project.assets {
            let Some(recipe) = asset.facts.recipe() else {
                continue;
            };
            for entry in &recipe.config {
                let Some(name) = InternalName::custom(&entry.provider) else {
                    continue;
                };
                let connection = entry
                    .account
                    .and_then(|account| asset.facts.references.get(account));
                let Some(connector) =
                    connection.and_then(|reference| connector_behind(project, reference))
                else {
                    continue;
                };
                self.connectors.entry(name).or_default().insert(connector);
            }
        }
    }

    /// Test cases and insights queries belong to the asset that they name.
    fn attach(&mut self, project: &Project) {
        for (index, asset) in project.assets.iter().enumerate() {
            let key = if asset.kind == AssetKind::TestCase {
                "recipe_id"
            } else if asset.kind == AssetKind::InsightsQuery {
                "page_id"
            } else {
                continue;
            };
            let owner = asset.facts.references.iter().find(|r| &*r.key == key);
            if let Some(owner) = owner.and_then(|reference| project.asset_at(&reference.target)) {
                self.companions.entry(owner).or_default().push(index);
            }
        }
    }

    /// What an asset needs directly.
    pub fn needs(&self, from: usize) -> impl ExactSizeIterator<Item = Edge> {
        let needs = self.needs.of(from).iter();
        needs.map(move |&Need { to, reason }| Edge {
            from,
            to: to as usize,
            reason,
        })
    }

    /// The assets that need an asset directly, each once for each reason.
    pub fn needed_by(&self, asset: usize) -> impl ExactSizeIterator<Item = usize> {
        let needed_by = self.needed_by.of(asset).iter();
        needed_by.map(|&from| from as usize)
    }

    /// References to assets that are not in the project.
    pub fn dangling(&self) -> &[Dangling] {
        &self.dangling
    }

    /// The connectors that an internal name leads to; more than one is a contradiction.
    pub fn connectors(&self, name: &InternalName) -> impl Iterator<Item = usize> {
        self.connectors.get(name).into_iter().flatten().copied()
    }

    /// Every internal name that leads to a connector, and the connectors.
    pub fn internal_names(&self) -> &BTreeMap<InternalName, BTreeSet<usize>> {
        &self.connectors
    }

    /// The assets of `seeds` and everything they need, directly or not, each with the edge by which
    /// it came in; `None` for a seed. Test cases come along with their recipes. What `admits` says
    /// no to stays out, and with it what only it needs.
    pub fn closure(
        &self,
        seeds: impl IntoIterator<Item = usize>,
        admits: impl Fn(usize) -> bool,
    ) -> BTreeMap<usize, Option<Edge>> {
        let mut reached: BTreeMap<usize, Option<Edge>> =
            seeds.into_iter().map(|seed| (seed, None)).collect();
        let mut queue: Vec<usize> = reached.keys().copied().collect();
        while let Some(asset) = queue.pop() {
            for edge in self.needs(asset).filter(|edge| admits(edge.to)) {
                if let std::collections::btree_map::Entry::Vacant(vacant) = reached.entry(edge.to) {
                    vacant.insert(Some(edge));
                    queue.push(edge.to);
                }
            }
            let companions = self.companions.get(&asset).into_iter().flatten();
            for &companion in companions.filter(|companion| admits(**companion)) {
                if let std::collections::btree_map::Entry::Vacant(vacant) = reached.entry(companion)
                {
                    vacant.insert(self.needs(companion).find(|edge| edge.to == asset));
                    queue.push(companion);
                }
            }
        }
        reached
    }
}

/// The connector that a reference to a connection leads to.
fn connector_behind(project: &Project, reference: &Reference) -> Option<usize> {
    let connection = &project.assets[project.asset_at(&reference.target)?];
    match connection.facts.connection()?.provider {
        ConnectionProvider::Connector(provider) => {
            project.asset_at(&connection.facts.references[provider].target)
        }
        ConnectionProvider::Named(_) | ConnectionProvider::Absent => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::project::{Layout, Listed, Origin};
    use crate::model::scan::Scanner;

    fn project(files: &[(&str, &str)]) -> Project {
        let listing: Vec<_> = files
            .iter()
            .map(|(path, text)| Listed {
                path: path.parse().expect("safe"),
                size: text.len() as u64,
            })
            .collect();
        let mut project = Layout::of(Origin::Folder, &listing).project;
        for asset in &mut project.assets {
            let text = files
                .iter()
                .find(|(path, _)| *path == asset.path.as_str())
                .expect("listed")
                .1;
            asset.facts = Scanner::default()
                .scan(&asset.kind, text.as_bytes())
                .expect("valid JSON")
                .into();
        }
        project
    }

    fn sample() -> Project {
        project(&[
            (
                "a.recipe.json",
                r#"{"name":"A","code":{"number":0,"keyword":"trigger","input":{"flow_id":{"zip_name":"F/b.recipe.json","name":"B","folder":"F"}}},
                "config":[{"provider":"p_connector_1_2","account_id":{"zip_name":"p.connection.json","name":"P","folder":"","custom":true}},
                          {"provider":"x","account_id":{"zip_name":"gone.connection.json","name":"Gone","folder":""}}]}"#,
            ),
            (
                "F/b.recipe.json",
                r#"{"name":"B","config":[{"provider":"p_connector_1_2","account_id":null}]}"#,
            ),
            (
                "p.connection.json",
                r#"{"name":"P","provider":{"zip_name":"p.custom_adapter.json","name":"Parcel","folder":""}}"#,
            ),
            (
                "p.custom_adapter.json",
                r#"{"title":"Parcel","version_no":2}"#,
            ),
            (
                "b_ok.test_case.json",
                r#"{"name":"ok","recipe_id":{"zip_name":"F/b.recipe.json","name":"B","folder":"F"}}"#,
            ),
        ])
    }

    #[test]
    fn needs_go_through_connections_and_internal_names() {
        let project = sample();
        let graph = Graph::of(&project);
        let at = |path| project.asset_at(path).expect("there");
        let needs = |path| {
            let mut to: Vec<_> = graph
                .needs(at(path))
                .map(|e| project.assets[e.to].path.as_str())
                .collect();
            to.dedup();
            to
        };
        assert_eq!(
            needs("a.recipe.json"),
            [
                "F/b.recipe.json",
                "p.connection.json",
                "p.custom_adapter.json"
            ]
        );
        assert_eq!(
            needs("F/b.recipe.json"),
            ["p.custom_adapter.json"],
            "by the name alone"
        );
        assert_eq!(graph.needed_by(at("p.custom_adapter.json")).len(), 3);
        assert_eq!(graph.dangling().len(), 1);
    }

    #[test]
    fn what_calls_itself_needs_itself() {
        let project = project(&[(
            "a.recipe.json",
            r#"{"name":"A","code":{"number":0,"keyword":"trigger","input":{"flow_id":{"zip_name":"a.recipe.json","name":"A","folder":""}}},"config":[]}"#,
        )]);
        let graph = Graph::of(&project);
        let needs = graph.needs(0).map(|edge| (edge.from, edge.to));
        assert_eq!(Vec::from_iter(needs), [(0, 0)]);
        assert_eq!(Vec::from_iter(graph.needed_by(0)), [0]);
        assert_eq!(graph.closure([0], |_| true).len(), 1);
    }

    #[test]
    fn a_selection_brings_along_what_it_needs_and_its_tests() {
        let project = sample();
        let graph = Graph::of(&project);
        let reached = graph.closure(
            [project.asset_at("F/b.recipe.json").expect("there")],
            |_| true,
        );
        let paths: Vec<_> = reached
            .keys()
            .map(|i| project.assets[*i].path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "F/b.recipe.json",
                "b_ok.test_case.json",
                "p.custom_adapter.json"
            ]
        );
    }
}
