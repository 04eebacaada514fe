//! How one asset names another (platform.md §5.5, §5.6, §11).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::json::{Node, NodeKind};

/// A reference object, `{zip_name, name, folder}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The other asset's path from the root of the package, as written. It need not be there.
    pub target: Arc<str>,
    /// The other asset's display name.
    pub name: Arc<str>,
    /// The key under which the object stands: `account_id`, `flow_id`, `provider` …
    pub key: Arc<str>,
    /// Where it stands in the recipe.
    pub step: Option<Step>,
    /// The byte at which the object starts.
    pub offset: u32,
}

/// A number of the source workspace where a reference could stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawId {
    /// The key under which it stands.
    pub key: Arc<str>,
    /// The number as written.
    pub id: Arc<str>,
    /// Where it stands in the recipe.
    pub step: Option<Step>,
    /// The byte at which the value starts.
    pub offset: u32,
}

/// A reference object without `zip_name`: it names an asset, and not where its file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncompleteReference {
    /// The other asset's display name.
    pub name: Arc<str>,
    /// The key under which the object stands.
    pub key: Arc<str>,
    /// Where it stands in the recipe.
    pub step: Option<Step>,
    /// The byte at which the object starts.
    pub offset: u32,
}

/// An application that a step uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderUse {
    /// The application: a built-in connector's name or a custom one's internal name.
    pub provider: Arc<str>,
    /// The step.
    pub step: Step,
    /// The byte at which the step starts.
    pub offset: u32,
}

/// A lookup table that a formula names: `lookup("Region codes", …)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableUse {
    /// The table's display name.
    pub name: Arc<str>,
    /// Where it stands in the recipe.
    pub step: Option<Step>,
    /// The byte at which the formula's text starts.
    pub offset: u32,
}

/// A property that a formula reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyUse {
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands in the recipe.
    pub step: Option<Step>,
    /// The byte at which the formula's text starts.
    pub offset: u32,
}

/// An id that a step was given by picking from a list, which its account in the source gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickedValue {
    /// The application.
    pub provider: Arc<str>,
    /// The key under which it stands.
    pub key: Arc<str>,
    /// The id as written.
    pub id: Arc<str>,
    /// What the list called it.
    pub label: Arc<str>,
    /// The step.
    pub step: Step,
    /// The byte at which the id starts.
    pub offset: u32,
}

/// An action or trigger of a custom connector that a step runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionUse {
    /// The connector's internal name as the step spells it.
    pub provider: Arc<str>,
    /// The action's or trigger's name.
    pub name: Arc<str>,
    /// Which of the two it is.
    pub kind: ActionKind,
    /// The step.
    pub step: Step,
    /// The byte at which the step starts.
    pub offset: u32,
}

/// What a step does with a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionKind {
    /// It starts the recipe.
    Trigger,
    /// It is run by the recipe.
    Action,
}

/// A step of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number, as the platform shows it; the trigger is 0.
    pub number: u32,
    /// Whether it runs.
    pub activity: Activity,
}

/// Whether a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// It runs.
    Active,
    /// It, or a step around it, is skipped.
    Skipped,
}

/// The reference objects below a node by the byte they start at, as a scan finds them.
pub fn objects(node: Node<'_>) -> BTreeMap<usize, Node<'_>> {
    let mut found = BTreeMap::new();
    find(node, &mut found);
    found
}

fn find<'a>(node: Node<'a>, found: &mut BTreeMap<usize, Node<'a>>) {
    match node.kind() {
        NodeKind::Object => {
            let zip_name = node.get("zip_name");
            if zip_name.is_some_and(|zip_name| zip_name.kind() == NodeKind::String) {
                found.insert(node.span().start, node);
                return;
            }
            for (_, value) in node.members() {
                find(value, found);
            }
        }
        NodeKind::Array => {
            for item in node.items() {
                find(item, found);
            }
        }
        NodeKind::String | NodeKind::Number | NodeKind::Bool | NodeKind::Null => {}
    }
}
