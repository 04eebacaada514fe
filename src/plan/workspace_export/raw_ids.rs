//! Numbers of the workspace where a reference could stand, and what they mean (platform.md §11).

use std::sync::Arc;

use super::{Item, WorkspaceExportPlan};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::reference::{RawId, Step};
use crate::model::workspace::{AssetId, Inventory};

keyword_enum! {
    /// What becomes of numbers of the workspace where a reference could stand.
    pub enum RawIds: "word for numbers" {
        /// They leave as they are.
        Kept = "kept",
        /// Where the workspace has an asset of that number, of a type that belongs there, a
        /// reference to it leaves in place of the number, and the asset leaves, too.
        Resolved = "resolved",
    }
}

/// A number that stands where a reference could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRawId {
    /// The asset in which it stands.
    pub item: Item,
    /// The key under which it stands.
    pub key: Arc<str>,
    /// The number as written.
    pub id: Arc<str>,
    /// The step, if it stands in one.
    pub step: Option<Step>,
    /// What the workspace has of this number; none if nothing that belongs there.
    pub meaning: Option<Item>,
}

/// The types that can stand under a key (platform.md §5.5). Nothing is known of other keys.
fn kinds(key: &str) -> &'static [AssetKind] {
    match key {
        "flow_id" | "recipe_id" | "dynamic_menu_recipe" | "bot_command" => &[AssetKind::Recipe],
        "account_id" => &[AssetKind::Connection],
        "lookup_table_id" => &[AssetKind::LookupTable],
        "table_id" => &[AssetKind::DataTable, AssetKind::LookupTable],
        "topic_id" => &[AssetKind::Topic],
        "template_id" => &[AssetKind::Template],
        "workato_schema_id" => &[AssetKind::Schema],
        // Steps name the application as its project, too.
        "app_id" | "project_id" => &[AssetKind::App],
        "page_id" => &[AssetKind::Page],
        "api_group_id" => &[AssetKind::ApiGroup],
        "model_id" => &[AssetKind::DecisionModel],
        _ => &[],
    }
}

impl WorkspaceExportPlan {
    /// The asset that a number means, by its type too: each type is numbered for itself.
    pub(super) fn meant_by(&self, inventory: &Inventory, raw: &RawId) -> Option<usize> {
        let index = self.asset(AssetId(raw.id.parse().ok()?))?;
        let asset = inventory.assets.get(index)?;
        kinds(&raw.key).contains(&asset.key.kind).then_some(index)
    }
}
