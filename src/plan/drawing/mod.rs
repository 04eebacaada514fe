//! The references of a project as people and programs can look at them: a tree of text, Mermaid,
//! Graphviz, or nodes and edges.

mod dot;
mod mermaid;
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

pub use dot::dot;
pub use mermaid::mermaid;
pub use tree::tree;

use crate::model::graph::{Edge, Graph, Reason};
use crate::model::ident::{InternalName, TypeWord};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::is_unseen;
use crate::model::project::Project;

/// Who needs whom in a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphDocument {
    /// The asset around which this was drawn; absent for the whole project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The assets, and what references lead to that is not in the project; in the order of their
    /// paths.
    pub nodes: Vec<GraphNode>,
    /// The needs, in the order of the paths; one for each reason.
    pub edges: Vec<GraphEdge>,
}

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphNode {
    /// The path of its JSON. If it is not present, the path by which others refer to it.
    pub id: String,
    /// Its type, if its path tells one.
    #[serde(rename = "type")]
    pub kind: Option<TypeWord>,
    /// Its display name.
    pub name: String,
    /// Whether it is in the project.
    pub present: bool,
}

/// One asset's need of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct GraphEdge {
    /// The id of the asset that needs.
    pub from: String,
    /// The id of what is needed.
    pub to: String,
    /// Why.
    pub reason: EdgeReason,
}

/// Why one asset needs another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EdgeReason {
    /// A reference object, at one or several places.
    Reference {
        /// The key under which it stands: `account_id`, `flow_id`, `provider` …
        key: String,
    },
    /// A connector's internal name.
    Provider {
        /// The name.
        internal_name: InternalName,
    },
    /// A formula looks the table up by its name.
    Lookup,
}

impl fmt::Display for EdgeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference { key } => f.write_str(key),
            Self::Provider { internal_name } => write!(f, "{internal_name}"),
            Self::Lookup => f.write_str("lookup"),
        }
    }
}

impl GraphNode {
    /// What to call its type in a sentence.
    fn label(&self) -> Option<String> {
        let kind = AssetKind::from_word(self.kind.as_ref()?.as_str());
        Some(kind.label().to_owned())
    }
}

impl GraphDocument {
    /// Draws a whole project, or what one asset needs and who needs that asset, directly or not.
    /// The asset is an index into the project's assets.
    pub fn of(project: &Project, graph: &Graph, root: Option<usize>) -> Self {
        let view = View::of(project, graph, root);
        let path = |asset: usize| project.assets[asset].path.as_str();
        let mut nodes: BTreeMap<String, GraphNode> = view
            .assets
            .iter()
            .map(|&asset| {
                let node = GraphNode {
                    id: path(asset).to_owned(),
                    kind: type_word(&project.assets[asset].kind),
                    name: project.assets[asset].name().to_owned(),
                    present: true,
                };
                (node.id.clone(), node)
            })
            .collect();
        let mut edges: BTreeSet<GraphEdge> = view
            .edges
            .iter()
            .map(|edge| GraphEdge {
                from: path(edge.from).to_owned(),
                to: path(edge.to).to_owned(),
                reason: reason(project, edge),
            })
            .collect();
        let dangling = graph.dangling().iter();
        for dangling in dangling.filter(|dangling| view.whole_needs.contains(&dangling.from)) {
            let reference = &project.assets[dangling.from].facts.references[dangling.reference];
            let id = reference.target.to_string();
            edges.insert(GraphEdge {
                from: path(dangling.from).to_owned(),
                to: id.clone(),
                reason: EdgeReason::Reference {
                    key: reference.key.to_string(),
                },
            });
            nodes.entry(id).or_insert_with_key(|id| GraphNode {
                id: id.clone(),
                kind: match FileRole::of(id) {
                    FileRole::Main(kind) => type_word(&kind),
                    FileRole::Companion { .. } | FileRole::NoAsset => None,
                },
                name: reference.name.to_string(),
                present: false,
            });
        }
        Self {
            root: root.map(|root| path(root).to_owned()),
            nodes: nodes.into_values().collect(),
            edges: edges.into_iter().collect(),
        }
    }

    /// The nodes by their ids, as indices.
    fn indices(&self) -> HashMap<&str, usize> {
        self.nodes.iter().map(|node| &*node.id).zip(0..).collect()
    }

    /// Each pair of nodes that has edges, as indices, with all the reasons.
    fn links(&self) -> BTreeMap<(usize, usize), Vec<&EdgeReason>> {
        let indices = self.indices();
        let mut links: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for edge in &self.edges {
            if let (Some(&from), Some(&to)) = (indices.get(&*edge.from), indices.get(&*edge.to)) {
                links.entry((from, to)).or_default().push(&edge.reason);
            }
        }
        links
    }
}

fn type_word(kind: &AssetKind) -> Option<TypeWord> {
    kind.word().parse().ok()
}

fn reason(project: &Project, edge: &Edge) -> EdgeReason {
    match &edge.reason {
        Reason::Reference(index) => EdgeReason::Reference {
            key: project.assets[edge.from].facts.references[*index]
                .key
                .to_string(),
        },
        Reason::Provider(internal_name) => EdgeReason::Provider {
            internal_name: internal_name.clone(),
        },
        Reason::Lookup => EdgeReason::Lookup,
    }
}

/// Which part of a graph is drawn.
struct View<'g> {
    assets: BTreeSet<usize>,
    edges: Vec<&'g Edge>,
    /// The assets all of whose needs are drawn.
    whole_needs: BTreeSet<usize>,
}

impl<'g> View<'g> {
    fn of(project: &Project, graph: &'g Graph, root: Option<usize>) -> Self {
        let Some(root) = root else {
            let assets: BTreeSet<usize> = (0..project.assets.len()).collect();
            return Self {
                edges: assets
                    .iter()
                    .flat_map(|&asset| graph.needs(asset))
                    .collect(),
                whole_needs: assets.clone(),
                assets,
            };
        };
        let (below, mut edges) = reach(root, |asset| graph.needs(asset), |edge| edge.to);
        let (above, up) = reach(root, |asset| graph.needed_by(asset), |edge| edge.from);
        edges.extend(up);
        Self {
            assets: below.union(&above).copied().collect(),
            edges,
            whole_needs: below,
        }
    }
}

/// All assets that can be reached from `start`, and the edges on the way.
fn reach<'g>(
    start: usize,
    edges_of: impl Fn(usize) -> &'g [Edge],
    end: impl Fn(&Edge) -> usize,
) -> (BTreeSet<usize>, Vec<&'g Edge>) {
    let mut reached = BTreeSet::from([start]);
    let mut edges = Vec::new();
    let mut queue = vec![start];
    while let Some(asset) = queue.pop() {
        for edge in edges_of(asset) {
            edges.push(edge);
            if reached.insert(end(edge)) {
                queue.push(end(edge));
            }
        }
    }
    (reached, edges)
}

/// `text` without characters that could steer a terminal or end a line.
fn on_one_line(text: &str) -> Cow<'_, str> {
    let unseen = |c: char| c.is_control() || is_unseen(c);
    if text.chars().any(unseen) {
        let spelled = text.chars().map(|c| {
            if unseen(c) {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        });
        Cow::Owned(spelled.collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The different reasons of an edge, in one text.
fn joined(reasons: &[&EdgeReason]) -> String {
    let texts: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    on_one_line(&texts.join(", ")).into_owned()
}

#[cfg(test)]
mod tests;
