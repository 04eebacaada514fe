//! The customers of admin workspaces, as the documents that commands print.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::inspect::{WorkspaceIdentity, WorkspaceLine};
use crate::model::ident::{ConnectorTitle, LabelKey, LabelValue, Version};
use crate::model::workspace::Inventory;
use crate::plan::resolve;
use crate::plan::resolve::Available;
use crate::workspace::local::Customer;

/// What a partner noted of a customer.
pub type Labels = BTreeMap<LabelKey, LabelValue>;

/// What `customer create` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerCreateDocument {
    /// The platform's file.
    pub platform: String,
    /// The customer that is there now.
    pub customer: WorkspaceIdentity,
    /// What was noted of it.
    pub labels: Labels,
}

/// What `customer list` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerListDocument {
    /// The platform's file.
    pub platform: String,
    /// The customers, in the order of their names.
    pub customers: Vec<CustomerLine>,
}

/// A customer as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerLine {
    /// Its workspace.
    pub workspace: WorkspaceLine,
    /// What was noted of it.
    pub labels: Labels,
}

/// What `customer show` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerShowDocument {
    /// The customer.
    pub customer: CustomerLine,
    /// The connectors that are shared with it, in the order of their titles.
    pub shared: Vec<SharedLine>,
}

/// A connector that a customer has from its admin workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedLine {
    /// Its title.
    pub title: ConnectorTitle,
    /// The version that the customer runs.
    pub version: Option<Version>,
    /// How many of the customer's recipes use it.
    pub recipes: usize,
    /// How many of them run.
    pub running: usize,
}

/// What `customer label` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerLabelDocument {
    /// The customer.
    pub customer: WorkspaceIdentity,
    /// What is noted of it now.
    pub labels: Labels,
}

impl From<Customer> for CustomerLine {
    fn from(customer: Customer) -> Self {
        Self {
            workspace: (&customer.summary).into(),
            labels: customer.labels,
        }
    }
}

/// A customer with what is shared with it. `inventory` is that of its workspace.
pub fn show(customer: Customer, inventory: &Inventory) -> CustomerShowDocument {
    let available = resolve::available(
        &[],
        inventory.shared.as_ref(),
        &inventory.workspace.data_center,
    );
    let mut shared: Vec<SharedLine> = available
        .into_iter()
        .map(|connector| {
            let recipes = super::inspect::users(inventory, connector.internal_name());
            SharedLine {
                title: connector.title().clone(),
                version: match connector {
                    Available::Own(own) => own.released,
                    Available::Shared(entry) => entry.shared_version.version(),
                },
                running: recipes
                    .iter()
                    .filter(|recipe| recipe.state == crate::model::workspace::RecipeState::Running)
                    .count(),
                recipes: recipes.len(),
            }
        })
        .collect();
    shared.sort_by(|a, b| a.title.cmp(&b.title));
    CustomerShowDocument {
        customer: customer.into(),
        shared,
    }
}
