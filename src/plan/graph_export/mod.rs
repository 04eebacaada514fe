//! The references of a project as people and programs can look at them: a tree of text, Mermaid,
//! Graphviz, or nodes and edges. All of them are drawn from one document, and say the same.

mod colour;
mod dot;
mod folders;
mod mermaid;
mod network;
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

pub use dot::dot;
pub use mermaid::mermaid;
pub use tree::tree;

use crate::model::graph::Graph;
use crate::model::ident::{InternalName, TypeWord};
use crate::model::kind::AssetKind;
use crate::model::path::is_unseen;
use crate::model::project::Project;
use crate::model::target::TargetKind;
use crate::plan::decision::Outcome;
use crate::plan::export::ExportPlan;

use network::Network;

/// How many nodes a picture has at most before folders are drawn instead of assets.
pub const READABLE: usize = 80;

/// How many lines Mermaid draws, if it is not told to draw more: its `maxEdges`.
pub const MERMAID_LINES: usize = 500;

/// What the id of a connector begins with that no path speaks of.
const CONNECTOR: &str = "connector:";

/// Who needs whom in a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphDocument {
    /// The asset around which this was drawn; absent for the whole project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// How many steps from it are drawn; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// What the nodes are.
    pub level: Level,
    /// The target for which it is told what is left out; absent if none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetKind>,
    /// The assets, and what references lead to that is not in the project; or the folders of both.
    /// In the order of their paths.
    pub nodes: Vec<GraphNode>,
    /// The needs, in the order of the paths. Between assets there is one for each reason; between
    /// folders one for each verb, and none within a folder.
    pub edges: Vec<GraphEdge>,
}

/// What the nodes of a graph are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Assets.
    Assets,
    /// Folders of assets.
    Folders,
}

/// An asset or a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphNode {
    /// The path of an asset's JSON; if it is not present, the path by which others refer to it, or
    /// `connector:` and a title. A folder's path, or `.` for what lies in none.
    pub id: String,
    /// An asset's type, if its path tells one.
    #[serde(rename = "type")]
    pub kind: Option<TypeWord>,
    /// Its display name.
    pub name: String,
    /// The folder that an asset lies in; empty for the project's root.
    pub folder: String,
    /// Whether it is in the project.
    pub present: bool,
    /// Whether the target gets it; absent without a target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why the target does not get it, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What a folder holds; absent for an asset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<FolderContents>,
}

/// What lies in a folder, and in those below it that are not drawn themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FolderContents {
    /// How many assets of each type are in the project.
    pub assets: BTreeMap<String, usize>,
    /// How many assets others refer to that are not in the project.
    pub missing: usize,
    /// How many the target does not get.
    pub left_out: usize,
}

/// One asset's need of another, or one folder's of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct GraphEdge {
    /// The id of the asset that needs.
    pub from: String,
    /// The id of what is needed.
    pub to: String,
    /// What the one does with the other.
    pub verb: Verb,
    /// Why; absent between folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<EdgeReason>,
    /// Between folders, how many assets need how many others so: each pair counts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

/// What an asset does with one that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It runs the recipe.
    Calls,
    /// It reads rows of the table.
    LooksUp,
    /// Anything else.
    Uses,
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

/// Which part of a project is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it, as assets or as folders of them.
    Whole(Detail),
    /// What this asset needs and who needs it, directly or not. It is an index into the project's
    /// assets.
    Around(usize, Depth),
}

/// Whether a whole project is drawn asset by asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// If it has at most [`READABLE`] nodes, and no more lines than [`MERMAID_LINES`].
    Readable,
    /// It is as is said.
    Level(Level),
}

/// How far from an asset is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// As far as there is something.
    Any,
    /// This many steps.
    Steps(u32),
}

/// What a target gets of a project.
#[derive(Clone, Copy, Debug)]
pub struct ForTarget<'p> {
    /// What sort of target it is.
    pub kind: TargetKind,
    /// The plan of its package.
    pub plan: &'p ExportPlan,
}

impl Verb {
    /// What the one that needs does.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::LooksUp => "looks up",
            Self::Uses => "uses",
        }
    }

    /// The same, said of the one that is needed.
    const fn passive(self) -> &'static str {
        match self {
            Self::Calls => "called by",
            Self::LooksUp => "looked up by",
            Self::Uses => "used by",
        }
    }

    /// What is done with an asset of this type, if any is known, for this reason.
    fn of(needed: Option<&AssetKind>, reason: &EdgeReason) -> Self {
        match (reason, needed) {
            (EdgeReason::Lookup, _) => Self::LooksUp,
            (EdgeReason::Reference { .. }, Some(AssetKind::Recipe)) => Self::Calls,
            (EdgeReason::Reference { .. }, Some(AssetKind::LookupTable)) => Self::LooksUp,
            (EdgeReason::Reference { .. } | EdgeReason::Provider { .. }, _) => Self::Uses,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl GraphNode {
    /// Its type, if one is known.
    fn asset_kind(&self) -> Option<AssetKind> {
        let word = self.kind.as_ref()?;
        Some(AssetKind::from_word(word.as_str()))
    }

    /// What to say of it besides its name: its type, or what it holds, and whether it is missing or
    /// left out.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(holds) = &self.holds {
            let assets: usize = holds.assets.values().sum();
            match assets {
                0 => {}
                1 => remarks.push("1 asset".to_owned()),
                more => remarks.push(format!("{more} assets")),
            }
            if holds.missing > 0 {
                remarks.push(format!("{} not in the project", holds.missing));
            }
            if holds.left_out > 0 {
                remarks.push(format!("{} left out", holds.left_out));
            }
            return remarks;
        }
        if let Some(kind) = self.asset_kind() {
            remarks.push(kind.label().to_owned());
        }
        remarks.extend(self.standing());
        remarks
    }

    /// Whether it is missing or left out, in words.
    fn standing(&self) -> Option<String> {
        match (self.outcome, &self.because) {
            (Some(outcome @ (Outcome::LeftOut | Outcome::Refused)), Some(because)) => {
                Some(format!("{outcome}: {because}"))
            }
            (Some(outcome @ (Outcome::LeftOut | Outcome::Refused)), None) => {
                Some(outcome.to_string())
            }
            (Some(Outcome::Included) | None, _) if !self.present => {
                Some("not in the project".to_owned())
            }
            (Some(Outcome::Included) | None, _) => None,
        }
    }

    /// Whether a picture shows that something is not there.
    fn is_dashed(&self) -> bool {
        !self.present || matches!(self.outcome, Some(Outcome::LeftOut | Outcome::Refused))
    }
}

impl GraphDocument {
    /// Draws a project, or a part of it. With a target, what that does not get is told.
    pub fn of(project: &Project, graph: &Graph, part: Part, target: Option<ForTarget<'_>>) -> Self {
        let network = Network::of(project, graph, target.map(|target| target.plan));
        let (root, depth) = match part {
            Part::Whole(_) => (None, None),
            Part::Around(asset, Depth::Any) => (Some(asset), None),
            Part::Around(asset, Depth::Steps(steps)) => (Some(asset), Some(steps)),
        };
        let level = match part {
            Part::Whole(Detail::Level(level)) => level,
            Part::Whole(Detail::Readable) if !network.is_readable() => Level::Folders,
            Part::Whole(Detail::Readable) | Part::Around(..) => Level::Assets,
        };
        let (nodes, edges) = match level {
            Level::Folders => folders::of(&network),
            Level::Assets => network.part(root, depth),
        };
        Self {
            root: root.map(|root| project.assets[root].path.to_string()),
            depth,
            level,
            target: target.map(|target| target.kind),
            nodes,
            edges,
        }
    }

    /// The nodes by their ids, as indices.
    fn indices(&self) -> HashMap<&str, usize> {
        self.nodes.iter().map(|node| &*node.id).zip(0..).collect()
    }

    /// How many lines a picture of it has.
    pub fn lines(&self) -> usize {
        self.links().len()
    }

    /// Each pair of nodes that has edges, as indices, with what the one does with the other: each
    /// verb with how often, where that is counted.
    fn links(&self) -> Links {
        let indices = self.indices();
        let mut links: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for edge in &self.edges {
            if let (Some(&from), Some(&to)) = (indices.get(&*edge.from), indices.get(&*edge.to)) {
                let verbs = links.entry((from, to)).or_default();
                verbs.insert((edge.verb, edge.count));
            }
        }
        links
    }

    /// The nodes by the folders that they lie in, as indices; folders themselves lie in none.
    fn groups(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            groups.entry(&node.folder).or_default().push(index);
        }
        groups
    }
}

/// What goes on between two nodes: each verb with how often, where that is counted.
type Links = BTreeMap<(usize, usize), BTreeSet<(Verb, Option<usize>)>>;

/// What an edge says: each verb, with how often where that is counted.
fn said<'v>(
    verbs: impl IntoIterator<Item = &'v (Verb, Option<usize>)>,
    word: impl Fn(Verb) -> &'static str,
) -> String {
    let texts = verbs.into_iter().map(|(verb, count)| match count {
        Some(count) => format!("{} {count}", word(*verb)),
        None => word(*verb).to_owned(),
    });
    texts.collect::<Vec<_>>().join(", ")
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

#[cfg(test)]
mod tests;
