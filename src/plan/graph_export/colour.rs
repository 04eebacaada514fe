//! Which colours nodes have: one for what belongs together, the same in all pictures.

use super::GraphNode;
use crate::model::kind::AssetKind;

/// The colours of a node, and what they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Colours {
    /// What has them, as a word.
    pub(super) name: &'static str,
    /// Inside.
    pub(super) fill: &'static str,
    /// Around it.
    pub(super) line: &'static str,
}

/// Of text, on each of them.
pub(super) const TEXT: &str = "#111827";

const fn colours(name: &'static str, fill: &'static str, line: &'static str) -> Colours {
    Colours { name, fill, line }
}

impl Colours {
    /// Those of a node.
    pub(super) fn of(node: &GraphNode) -> Self {
        if node.holds.is_some() {
            return colours("folder", "#f8fafc", "#334155");
        }
        match node.asset_kind() {
            Some(AssetKind::Recipe) => colours("recipe", "#dbeafe", "#1d4ed8"),
            Some(AssetKind::Connection) => colours("connection", "#dcfce7", "#15803d"),
            Some(AssetKind::CustomAdapter) => colours("connector", "#ffedd5", "#c2410c"),
            Some(AssetKind::LookupTable | AssetKind::DataTable | AssetKind::Schema) => {
                colours("data", "#fef9c3", "#a16207")
            }
            Some(AssetKind::ApiGroup | AssetKind::ApiEndpoint) => {
                colours("api", "#ede9fe", "#6d28d9")
            }
            Some(AssetKind::App | AssetKind::Page | AssetKind::InsightsQuery) => {
                colours("app", "#fce7f3", "#be185d")
            }
            Some(
                AssetKind::Genie
                | AssetKind::Skill
                | AssetKind::KnowledgeBase
                | AssetKind::McpServer
                | AssetKind::DecisionModel,
            ) => colours("agent", "#cffafe", "#0e7490"),
            Some(
                AssetKind::AccountProperties
                | AssetKind::ProjectProperties
                | AssetKind::Template
                | AssetKind::Topic
                | AssetKind::DataPipeline
                | AssetKind::TestCase
                | AssetKind::Project
                | AssetKind::Tags
                | AssetKind::Other(_),
            )
            | None => colours("other", "#f3f4f6", "#6b7280"),
        }
    }
}
