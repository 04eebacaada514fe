//! The connectors that the platform itself has (platform.md §12).
//!
//! Which there are is not known here, and neither is what they can do. Those are told that the
//! workspace's recipes and connections use, with the triggers and actions that its recipes use, and
//! those that are shared with it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::reply::Reply;
use super::super::route::{Answer, Asked, Body, Method, Operation, Scope, failed, schema};
use super::account::{PAGE, PER_PAGE};
use super::content;
use crate::model::ident::InternalName;
use crate::model::kind::AssetKind;
use crate::workspace::Workspace as _;

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[Operation {
    method: Method::GET,
    path: "/integrations/all",
    scope: Scope::Own,
    summary: "The platform's connectors, as far as the workspace uses them, with the triggers and actions that its recipes use",
    query: &[PAGE, PER_PAGE],
    body: Body::Nothing,
    answers: &[(200, Answer::Json(schema::<Integrations>))],
    handler: all,
}];

/// A page of connectors.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Integrations {
    items: Vec<Integration>,
    count: usize,
    page: u64,
    per_page: u64,
}

/// A connector.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Integration {
    name: String,
    title: String,
    categories: Vec<String>,
    oauth: bool,
    deprecated: bool,
    secondary: bool,
    triggers: Vec<Operated>,
    actions: Vec<Operated>,
}

/// A trigger or an action.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Operated {
    name: String,
    title: Option<String>,
    deprecated: bool,
    bulk: bool,
    batch: bool,
}

/// What is known of a connector.
#[derive(Debug, Default)]
struct Known {
    title: Option<String>,
    triggers: BTreeSet<String>,
    actions: BTreeSet<String>,
}

/// Takes in what a step and those in it use.
fn steps(step: &Value, known: &mut BTreeMap<String, Known>) {
    if let Some(provider) = step["provider"].as_str() {
        let known = known.entry(provider.to_owned()).or_default();
        match (step["keyword"].as_str(), step["name"].as_str()) {
            (Some("trigger"), Some(name)) => known.triggers.insert(name.to_owned()),
            (Some("action"), Some(name)) => known.actions.insert(name.to_owned()),
            (Some(_) | None, _) => false,
        };
    }
    let block = step["block"].as_array().into_iter().flatten();
    block.for_each(|step| steps(step, known));
}

/// `google_sheets` as a person reads it.
fn readable(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(char::to_uppercase);
    let text: String = first.into_iter().flatten().chain(letters).collect();
    text.replace('_', " ")
}

fn all(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let workspace = asked.opened()?;
    let inventory = workspace.inventory().map_err(|error| failed(&error))?;
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for asset in &inventory.assets {
        if asset.key.kind == AssetKind::Connection {
            for provider in &asset.body.providers {
                known.entry(provider.clone()).or_default();
            }
        } else if asset.key.kind == AssetKind::Recipe {
            let document = content::document(&workspace, asset)?;
            steps(&document["code"], &mut known);
            let config = document["config"].as_array().into_iter().flatten();
            for provider in config.filter_map(|entry| entry["provider"].as_str()) {
                known.entry(provider.to_owned()).or_default();
            }
        }
    }
    for entry in inventory.shared.iter().flat_map(|shared| shared.entries()) {
        if entry.shared_version.version().is_some() {
            let known = known.entry(entry.internal_name.to_string()).or_default();
            known.title = Some(entry.title.to_string());
        }
    }
    // Custom ones are the platform's only where they are shared.
    let own = |name: &str| {
        let mut own = inventory.connectors.iter();
        own.any(|own| own.internal_name.as_str() == name)
    };
    known.retain(|name, known| {
        !own(name) && (InternalName::custom(name).is_none() || known.title.is_some())
    });
    let operated = |names: BTreeSet<String>| {
        let names = names.into_iter();
        let told = names.map(|name| Operated {
            title: Some(readable(&name)),
            name,
            deprecated: false,
            bulk: false,
            batch: false,
        });
        told.collect::<Vec<_>>()
    };
    let told: Vec<Integration> = known
        .into_iter()
        .map(|(name, known)| Integration {
            title: known.title.unwrap_or_else(|| readable(&name)),
            name,
            categories: Vec::new(),
            oauth: false,
            deprecated: false,
            secondary: false,
            triggers: operated(known.triggers),
            actions: operated(known.actions),
        })
        .collect();
    Ok(Reply::ok(&Integrations {
        count: told.len(),
        items: asked.page(told),
        page: asked.query_number("page").unwrap_or(1).max(1),
        per_page: asked.query_number("per_page").unwrap_or(100).clamp(1, 100),
    }))
}
