//! The operations, by what they are about.

pub(super) mod account;
pub(super) mod connections;
pub(super) mod connectors;
mod content;
pub(super) mod customers;
pub(super) mod endpoints;
pub(super) mod integrations;
pub(super) mod manifests;
pub(super) mod packages;
pub(super) mod properties;
pub(super) mod recipe_changes;
pub(super) mod recipe_jobs;
pub(super) mod recipes;

use super::route::Operation;

/// All operations.
pub(super) static OPERATIONS: &[&[Operation]] = &[
    account::OPERATIONS,
    manifests::OPERATIONS,
    packages::OPERATIONS,
    recipes::OPERATIONS,
    recipe_changes::OPERATIONS,
    recipe_jobs::OPERATIONS,
    endpoints::OPERATIONS,
    integrations::OPERATIONS,
    connections::OPERATIONS,
    properties::OPERATIONS,
    connectors::OPERATIONS,
    customers::OPERATIONS,
];
