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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A reference object: an index into the asset's `Facts::references`.
    Reference(usize),
    /// A provider name that leads to a connector, without a connection in between.
    Provider(InternalName),
    /// A formula looks the table up by its name.
    Lookup,
}

/// One asset's need of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// The references of a project, resolved.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    needs: Vec<Vec<Edge>>,
    needed_by: Vec<Vec<Edge>>,
    dangling: Vec<Dangling>,
    connectors: BTreeMap<InternalName, BTreeSet<usize>>,
    companions: Vec<Vec<usize>>,
}

impl Graph {
    /// Resolves every reference of a project.
    pub fn of(project: &Project) -> Self {
        let count = project.assets.len();
        let mut graph = Self {
            needs: vec![Vec::new(); count],
            needed_by: vec![Vec::new(); count],
            companions: vec![Vec::new(); count],
            ..Self::default()
        };
        let tables: HashMap<Cow<'_, str>, usize> = project
            .of_kind(&AssetKind::LookupTable)
            .map(|(index, table)| (nfc(table.name()), index))
            .collect();
        for (from, asset) in project.assets.iter().enumerate() {
            for (reference, target) in asset.facts.references.iter().enumerate() {
                match project.asset_at(&target.target) {
                    Some(to) => graph.needs[from].push(Edge {
                        from,
                        to,
                        reason: Reason::Reference(reference),
                    }),
                    None => graph.dangling.push(Dangling { from, reference }),
                }
            }
            for table in &asset.facts.tables {
                if let Some(&to) = tables.get(&*nfc(&table.name)) {
                    graph.needs[from].push(Edge {
                        from,
                        to,
                        reason: Reason::Lookup,
                    });
                }
            }
        }
        graph.learn_connectors(project);
        graph.follow_providers(project);
        graph.attach(project);
        for edges in &mut graph.needs {
            edges.sort_unstable();
            edges.dedup();
            edges.shrink_to_fit();
            for edge in edges.iter() {
                graph.needed_by[edge.to].push(edge.clone());
            }
        }
        for edges in &mut graph.needed_by {
            edges.shrink_to_fit();
        }
        graph
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

    fn follow_providers(&mut self, project: &Project) {
        for (from, asset) in project.assets.iter().enumerate() {
            for name in &asset.facts.internal_names {
                for &to in self.connectors.get(name).into_iter().flatten() {
                    self.needs[from].push(Edge {
                        from,
                        to,
                        reason: Reason::Provider(name.clone()),
                    });
                }
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
                self.companions[owner].push(index);
            }
        }
    }

    /// What an asset needs directly.
    pub fn needs(&self, asset: usize) -> &[Edge] {
        &self.needs[asset]
    }

    /// Who needs an asset directly.
    pub fn needed_by(&self, asset: usize) -> &[Edge] {
        &self.needed_by[asset]
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
            for edge in self.needs[asset].iter().filter(|edge| admits(edge.to)) {
                if let std::collections::btree_map::Entry::Vacant(vacant) = reached.entry(edge.to) {
                    vacant.insert(Some(edge.clone()));
                    queue.push(edge.to);
                }
            }
            for &companion in self.companions[asset]
                .iter()
                .filter(|companion| admits(**companion))
            {
                if let std::collections::btree_map::Entry::Vacant(vacant) = reached.entry(companion)
                {
                    vacant.insert(
                        self.needs[companion]
                            .iter()
                            .find(|edge| edge.to == asset)
                            .cloned(),
                    );
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
                .iter()
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
        let ends = |edges: &[Edge]| Vec::from_iter(edges.iter().map(|edge| (edge.from, edge.to)));
        assert_eq!(ends(graph.needs(0)), [(0, 0)]);
        assert_eq!(ends(graph.needed_by(0)), [(0, 0)]);
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
