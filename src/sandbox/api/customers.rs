//! The customers of an admin workspace (platform.md §2.3).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::notes::Notes;
use super::super::reply::{ErrorBody, Reply, Success, ValidationBody, Wrapped};
use super::super::route::{Answer, Asked, Body, Method, Operation, Scope, failed, schema};
use super::account::{PAGE, PER_PAGE, billing};
use super::recipes::AUTHORS_EMAIL;
use crate::model::workspace::WorkspaceKind;
use crate::workspace::local::{NewWorkspace, WorkspaceSummary};
use crate::workspace::{Workspace as _, WorkspaceError};

pub(in crate::sandbox) static OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/managed_users",
        scope: Scope::Own,
        summary: "The customers",
        query: &[PAGE, PER_PAGE],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Vec<Customer>>>)),
            (403, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: customers,
    },
    Operation {
        method: Method::POST,
        path: "/managed_users",
        scope: Scope::Own,
        summary: "Creates a customer's workspace",
        query: &[],
        body: Body::Json(schema::<NewCustomer>),
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Customer>>)),
            (403, Answer::Json(schema::<ErrorBody>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: create,
    },
    Operation {
        method: Method::GET,
        path: "/managed_users/{managed_user_id}",
        scope: Scope::Own,
        summary: "A customer, by number or by E and its external id",
        query: &[],
        body: Body::Nothing,
        answers: &[(200, Answer::Json(schema::<Wrapped<Customer>>))],
        handler: one,
    },
    Operation {
        method: Method::PUT,
        path: "/managed_users/{managed_user_id}",
        scope: Scope::Own,
        summary: "Gives a customer another name or external id; nothing else of one can be changed here",
        query: &[],
        body: Body::Json(schema::<CustomerUpdate>),
        answers: &[
            (200, Answer::Json(schema::<Wrapped<Customer>>)),
            (400, Answer::Json(schema::<ValidationBody>)),
        ],
        handler: update,
    },
    Operation {
        method: Method::DELETE,
        path: "/managed_users/{managed_user_id}",
        scope: Scope::Own,
        summary: "Deletes a customer's workspace, unless recipes of it run",
        query: &[],
        body: Body::Nothing,
        answers: &[
            (200, Answer::Json(schema::<Success>)),
            (400, Answer::Json(schema::<ErrorBody>)),
        ],
        handler: delete,
    },
];

/// A customer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Customer {
    id: u64,
    external_id: Option<String>,
    name: String,
    notification_email: String,
    admin_notification_emails: Option<String>,
    error_notification_emails: Option<String>,
    plan_id: String,
    origin_url: Option<String>,
    trial: bool,
    in_trial: bool,
    whitelisted_apps: Vec<String>,
    frame_ancestors: Option<String>,
    created_at: String,
    updated_at: String,
    time_zone: String,
    auth_settings: AuthSettings,
    current_billing_period_start: String,
    current_billing_period_end: String,
    task_count: u64,
    active_connection_limit: u64,
    active_connection_count: u64,
    active_recipe_count: u64,
}

/// How a customer's people log in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct AuthSettings {
    #[serde(rename = "type")]
    kind: String,
}

/// A customer to create.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct NewCustomer {
    #[schemars(length(min = 1))]
    name: String,
    notification_email: String,
    external_id: Option<String>,
}

/// What a customer gets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct CustomerUpdate {
    /// Its name. In the local platform it keeps the one that it was made with.
    name: Option<String>,
    /// What the partner calls it; nothing if it is empty.
    external_id: Option<String>,
    /// Whatever else there is of a customer.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

fn told(asked: &Asked<'_>, notes: &Notes, summary: &WorkspaceSummary) -> Customer {
    let (begin, end) = billing(asked.sandbox.now());
    Customer {
        id: summary.facts.id.0,
        external_id: summary.facts.external_id.clone(),
        name: notes
            .customer(summary.facts.id.0)
            .map_or_else(|| summary.facts.name.to_string(), str::to_owned),
        notification_email: AUTHORS_EMAIL.to_owned(),
        admin_notification_emails: None,
        error_notification_emails: None,
        plan_id: "sandbox".to_owned(),
        origin_url: None,
        trial: false,
        in_trial: false,
        whitelisted_apps: Vec::new(),
        frame_ancestors: None,
        created_at: summary.created_at.utc(),
        updated_at: summary.created_at.utc(),
        time_zone: "UTC".to_owned(),
        auth_settings: AuthSettings {
            kind: "workato_auth".to_owned(),
        },
        current_billing_period_start: begin.utc(),
        current_billing_period_end: end.utc(),
        task_count: 0,
        active_connection_limit: 0,
        active_connection_count: summary.connections,
        active_recipe_count: summary.running,
    }
}

fn no_admin() -> Reply {
    Reply::message(403, "Only admin workspaces have customers")
}

fn all(asked: &Asked<'_>) -> Result<Vec<WorkspaceSummary>, Reply> {
    let customers = asked
        .platform
        .customers(Some(asked.workspace))
        .map_err(|error| {
            if let WorkspaceError::NotOfKind { .. } = error {
                return no_admin();
            }
            failed(&error)
        })?;
    let mut all: Vec<WorkspaceSummary> = customers
        .into_iter()
        .map(|customer| customer.summary)
        .collect();
    all.sort_by_key(|summary| summary.facts.id);
    Ok(all)
}

fn customers(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let (page, notes) = (asked.page(all(asked)?), asked.notes()?);
    Ok(Reply::wrapped(
        page.iter()
            .map(|one| told(asked, &notes, one))
            .collect::<Vec<_>>(),
    ))
}

fn one(asked: &Asked<'_>) -> Result<Reply, Reply> {
    Ok(Reply::wrapped(told(asked, &asked.notes()?, &named(asked)?)))
}

fn create(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: NewCustomer = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("name", error.to_string()))?;
    let facts = asked.opened()?.facts().map_err(|error| failed(&error))?;
    if facts.kind != WorkspaceKind::Admin {
        return Err(no_admin());
    }
    let name = new
        .name
        .parse()
        .map_err(|error: crate::model::ident::NameError| {
            Reply::invalid("name", error.to_string())
        })?;
    let new = NewWorkspace {
        name,
        kind: WorkspaceKind::Customer,
        data_center: facts.data_center,
        id: None,
        external_id: new.external_id,
        admin: Some(asked.workspace.clone()),
        catalogue: None,
        at: asked.sandbox.now(),
    };
    let mut platform = asked.sandbox.platform().map_err(|error| failed(&error))?;
    let facts = platform.create_workspace(&new).map_err(|error| {
        if let WorkspaceError::Taken { .. } = error {
            return Reply::invalid("name", "has already been taken");
        }
        failed(&error)
    })?;
    let all = all(asked)?;
    let found = all.iter().find(|summary| summary.facts.id == facts.id);
    let notes = asked.notes()?;
    found
        .map(|summary| Reply::wrapped(told(asked, &notes, summary)))
        .ok_or_else(Reply::not_found)
}

/// The customer that the path names.
fn named(asked: &Asked<'_>) -> Result<WorkspaceSummary, Reply> {
    let all = all(asked)?.into_iter();
    let mut found = all.filter(|summary| Some(&summary.facts.name) == asked.customer.as_ref());
    found.next().ok_or_else(Reply::not_found)
}

fn update(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let new: CustomerUpdate = serde_json::from_value(asked.json.clone())
        .map_err(|error| Reply::invalid("customer", error.to_string()))?;
    let customer = named(asked)?.facts;
    let unkept = |field: &str| Reply::invalid(field, "is not kept by this sandbox");
    if let Some(other) = new.others.keys().next() {
        return Err(unkept(other));
    }
    if new.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Reply::invalid("name", "can't be blank"));
    }
    if let Some(external) = &new.external_id {
        let external = Some(external.as_str()).filter(|external| !external.is_empty());
        let mut platform = asked.sandbox.platform().map_err(|error| failed(&error))?;
        platform
            .name_customer(&customer.name, external)
            .map_err(|error| {
                if let WorkspaceError::Taken { .. } = error {
                    return Reply::invalid("external_id", "has already been taken");
                }
                failed(&error)
            })?;
    }
    if let Some(name) = new.name {
        asked.note(|notes| notes.name_customer(customer.id.0, name))?;
    }
    Ok(Reply::wrapped(told(asked, &asked.notes()?, &named(asked)?)))
}

fn delete(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let customer = named(asked)?;
    if customer.running > 0 {
        let running = customer.running;
        let told = format!("recipes of the customer run: {running}; stop them first");
        return Err(Reply::bad_request(told));
    }
    let (name, id) = (customer.facts.name, customer.facts.id);
    asked.note(|notes| notes.forget_customer(id.0))?;
    let mut platform = asked.sandbox.platform().map_err(|error| failed(&error))?;
    // Nobody asks in its name any more, also if what follows fails.
    asked
        .sandbox
        .store
        .forget(&name)
        .map_err(|error| failed(&error))?;
    platform
        .delete_workspace(&name)
        .map_err(|error| failed(&error))?;
    Ok(Reply::success())
}
