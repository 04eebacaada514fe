//! Everything that can be drawn of a project: its assets, what they refer to that is not there, and
//! all needs between them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::{CONNECTOR, EdgeReason, GraphEdge, GraphNode, MERMAID_LINES, READABLE, Verb};
use crate::model::catalogue::SharedVersion;
use crate::model::graph::{Edge, Graph, Reason};
use crate::model::ident::{InternalName, TypeWord};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::project::{Asset, Project};
use crate::model::reference::Reference;
use crate::plan::decision::{ConnectorDecision, Outcome};
use crate::plan::export::ExportPlan;

/// Nodes, and edges between them.
pub(super) struct Network {
    /// The project's assets under their own indices, then what is not in it.
    pub(super) nodes: Vec<GraphNode>,
    /// The needs.
    pub(super) edges: BTreeSet<Link>,
}

/// A need, by the indices of its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    /// Who needs.
    pub(super) from: usize,
    /// What is needed.
    pub(super) to: usize,
    /// What the one does with the other.
    pub(super) verb: Verb,
    /// Why.
    reason: EdgeReason,
}

impl Network {
    /// Of a project, with what a plan makes of it.
    pub(super) fn of(project: &Project, graph: &Graph, plan: Option<&ExportPlan>) -> Self {
        let mut network = Self {
            nodes: project.assets.iter().map(present).collect(),
            edges: BTreeSet::new(),
        };
        for asset in 0..project.assets.len() {
            for edge in graph.needs(asset) {
                network.link(edge.from, edge.to, reason(project, &edge));
            }
        }
        let mut absent: HashMap<String, usize> = HashMap::new();
        for dangling in graph.dangling() {
            let asset = &project.assets[dangling.from];
            let reference = &asset.facts.references[dangling.reference];
            let to = match counted_otherwise(project, asset, reference) {
                Some(there) => there,
                None => *absent
                    .entry(reference.target.to_string())
                    .or_insert_with(|| network.add(referred_to(reference))),
            };
            let reason = EdgeReason::Reference {
                key: reference.key.to_string(),
            };
            network.link(dangling.from, to, reason);
        }
        if let Some(plan) = plan {
            network.judge(project, plan);
        }
        network
    }

    fn add(&mut self, node: GraphNode) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn link(&mut self, from: usize, to: usize, reason: EdgeReason) {
        let verb = Verb::of(self.nodes[to].asset_kind().as_ref(), &reason);
        self.edges.insert(Link {
            from,
            to,
            verb,
            reason,
        });
    }

    /// What a target gets.
    fn judge(&mut self, project: &Project, plan: &ExportPlan) {
        for entry in &plan.entries {
            if let Some(asset) = project.asset_at(entry.path.as_str()) {
                self.nodes[asset].outcome = Some(Outcome::Included);
            }
        }
        for left in &plan.left_out {
            if let Some(asset) = project.asset_at(&left.path) {
                self.nodes[asset].outcome = Some(Outcome::LeftOut);
                self.nodes[asset].because = left.rule.because();
            }
        }
        for decision in &plan.connectors {
            for node in self.connector(project, decision) {
                self.nodes[node].outcome = Some(decision.outcome);
                self.nodes[node].because = because(decision);
            }
        }
    }

    /// The nodes that a connector is. One that no file of the project and no path speaks of gets one.
    fn connector(&mut self, project: &Project, decision: &ConnectorDecision) -> Vec<usize> {
        let files = decision.files.iter();
        let own: Vec<usize> = files
            .filter_map(|file| project.asset_at(file.as_str()))
            .collect();
        if !own.is_empty() {
            return own;
        }
        let connections = indices(project, decision.connections.iter());
        let is_connector = |node: &GraphNode| node.asset_kind() == Some(AssetKind::CustomAdapter);
        let referred_to: BTreeSet<usize> = self
            .edges
            .iter()
            .filter(|link| connections.contains(&link.from) && is_connector(&self.nodes[link.to]))
            .map(|link| link.to)
            .collect();
        if !referred_to.is_empty() {
            return referred_to.into_iter().collect();
        }
        let Some(internal_name) = decision.internal_names.first() else {
            return Vec::new();
        };
        let name = title(decision);
        let node = self.add(GraphNode {
            id: format!("{CONNECTOR}{}", decision.connector),
            kind: type_word(&AssetKind::CustomAdapter),
            name,
            folder: String::new(),
            present: false,
            outcome: None,
            because: None,
            holds: None,
        });
        let users = indices(project, decision.recipes.iter());
        for user in connections.union(&users) {
            let internal_name = internal_name.clone();
            self.link(*user, node, EdgeReason::Provider { internal_name });
        }
        vec![node]
    }

    /// Whether a picture of all of it can be read, and is drawn.
    pub(super) fn is_readable(&self) -> bool {
        let ends = self.edges.iter().map(|link| (link.from, link.to));
        let lines: BTreeSet<(usize, usize)> = ends.collect();
        self.nodes.len() <= READABLE && lines.len() <= MERMAID_LINES
    }

    /// The whole, or what is around a node, at most so many steps away from it.
    pub(super) fn part(
        &self,
        root: Option<usize>,
        depth: Option<u32>,
    ) -> (Vec<GraphNode>, Vec<GraphEdge>) {
        let (nodes, links): (BTreeSet<usize>, BTreeSet<&Link>) = match root {
            None => ((0..self.nodes.len()).collect(), self.edges.iter().collect()),
            Some(root) => {
                let (mut nodes, mut links) = self.reach(root, depth, |link| (link.from, link.to));
                let (above, up) = self.reach(root, depth, |link| (link.to, link.from));
                nodes.extend(above);
                links.extend(up);
                (nodes, links)
            }
        };
        let mut nodes: Vec<GraphNode> = nodes
            .into_iter()
            .map(|node| self.nodes[node].clone())
            .collect();
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let mut edges: Vec<GraphEdge> = links
            .into_iter()
            .map(|link| GraphEdge {
                from: self.nodes[link.from].id.clone(),
                to: self.nodes[link.to].id.clone(),
                verb: link.verb,
                reason: Some(link.reason.clone()),
                count: None,
            })
            .collect();
        edges.sort();
        (nodes, edges)
    }

    /// What can be reached from a node in one direction, and the edges on the way.
    fn reach(
        &self,
        start: usize,
        depth: Option<u32>,
        ends: impl Fn(&Link) -> (usize, usize),
    ) -> (BTreeSet<usize>, BTreeSet<&Link>) {
        let mut from: BTreeMap<usize, Vec<&Link>> = BTreeMap::new();
        for link in &self.edges {
            from.entry(ends(link).0).or_default().push(link);
        }
        let mut reached = BTreeSet::from([start]);
        let mut edges = BTreeSet::new();
        let mut queue = VecDeque::from([(start, 0)]);
        while let Some((node, steps)) = queue.pop_front() {
            if depth.is_some_and(|depth| steps >= depth) {
                continue;
            }
            for &link in from.get(&node).into_iter().flatten() {
                edges.insert(link);
                let (_, end) = ends(link);
                if reached.insert(end) {
                    queue.push_back((end, steps + 1));
                }
            }
        }
        (reached, edges)
    }
}

fn indices<'p>(
    project: &Project,
    paths: impl Iterator<Item = &'p crate::model::path::PackagePath>,
) -> BTreeSet<usize> {
    paths
        .filter_map(|path| project.asset_at(path.as_str()))
        .collect()
}

fn present(asset: &Asset) -> GraphNode {
    GraphNode {
        id: asset.path.to_string(),
        kind: type_word(&asset.kind),
        name: asset.name().to_owned(),
        folder: asset.path.folder().to_owned(),
        present: true,
        outcome: None,
        because: None,
        holds: None,
    }
}

fn referred_to(reference: &Reference) -> GraphNode {
    let id = reference.target.to_string();
    GraphNode {
        kind: match FileRole::of(&id) {
            FileRole::Main(kind) => type_word(&kind),
            FileRole::Companion { .. } | FileRole::NoAsset => None,
        },
        name: reference.name.to_string(),
        folder: id.rsplit_once('/').map_or("", |(folder, _)| folder).into(),
        id,
        present: false,
        outcome: None,
        because: None,
        holds: None,
    }
}

/// The asset that a reference means if it does not count from where the project begins: from a
/// folder above the asset that refers, as in a project within a project; or from further up, as in a
/// part of a project (platform.md §11). Its name has to be the same.
fn counted_otherwise(project: &Project, from: &Asset, reference: &Reference) -> Option<usize> {
    let named = |path: &str| {
        let asset = project.asset_at(path)?;
        (project.assets[asset].name() == &*reference.name).then_some(asset)
    };
    let target = &*reference.target;
    let mut above = Some(from.path.folder());
    while let Some(folder) = above.filter(|folder| !folder.is_empty()) {
        if let Some(asset) = named(&format!("{folder}/{target}")) {
            return Some(asset);
        }
        above = folder.rsplit_once('/').map(|(above, _)| above);
    }
    let mut rest = target;
    while let Some((_, below)) = rest.split_once('/') {
        if let Some(asset) = named(below) {
            return Some(asset);
        }
        rest = below;
    }
    None
}

/// What to call a connector. An internal name is none that people know: its first part is.
fn title(decision: &ConnectorDecision) -> String {
    if let Some(entry) = &decision.catalog {
        return entry.title.to_string();
    }
    let internal = InternalName::custom(&decision.connector);
    match internal.and_then(|_| decision.connector.rsplit_once("_connector_")) {
        Some((slug, _)) => slug.to_owned(),
        None => decision.connector.clone(),
    }
}

/// Why a connector is left out or refused.
fn because(decision: &ConnectorDecision) -> Option<String> {
    let shared = decision.catalog.as_ref().map(|entry| entry.shared_version);
    match (decision.outcome, shared) {
        (Outcome::Included, _) => None,
        (Outcome::LeftOut, Some(SharedVersion::At(version))) => Some(format!("shared {version}")),
        (Outcome::LeftOut | Outcome::Refused, _) => Some(decision.rule.as_str().replace('-', " ")),
    }
}

fn type_word(kind: &AssetKind) -> Option<TypeWord> {
    kind.word().parse().ok()
}

fn reason(project: &Project, edge: &Edge) -> EdgeReason {
    let facts = &project.assets[edge.from].facts;
    match edge.reason {
        Reason::Reference(index) => EdgeReason::Reference {
            key: facts.references[index as usize].key.to_string(),
        },
        Reason::Provider(index) => EdgeReason::Provider {
            internal_name: facts.internal_names[index as usize].clone(),
        },
        Reason::Lookup => EdgeReason::Lookup,
    }
}
