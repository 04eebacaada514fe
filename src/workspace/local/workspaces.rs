//! Creating, listing and deleting workspaces.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::read::{Reading, connectors};
use super::{LocalPlatform, row, sums, usage};
use crate::model::catalogue::{Catalogue, CatalogueEntry};
use crate::model::ident::{DataCenter, Digest, Version, WorkspaceName};
use crate::model::workspace::{
    Body, HeldVersion, Timestamp, WorkspaceFacts, WorkspaceId, WorkspaceKind,
};
use crate::plan::import::history;
use crate::workspace::WorkspaceError;
use crate::workspace::local::error::{Doing, Failed};

/// A workspace to create.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// Its name.
    pub name: WorkspaceName,
    /// Whose it is.
    pub kind: WorkspaceKind,
    /// Where it lives.
    pub data_center: DataCenter,
    /// Its number; the next free one if none is given.
    pub id: Option<WorkspaceId>,
    /// The partner's own name for a customer.
    pub external_id: Option<String>,
    /// The admin workspace of a customer.
    pub admin: Option<WorkspaceName>,
    /// For an admin workspace: connectors that it has and shares. Their source is not known.
    pub catalogue: Option<Catalogue>,
    /// When it is created.
    pub at: Timestamp,
}

/// A workspace as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceSummary {
    /// The workspace.
    pub facts: WorkspaceFacts,
    /// When it was created.
    pub created_at: Timestamp,
    /// How many recipes it has.
    pub recipes: u64,
    /// How many of them run.
    pub running: u64,
    /// How many connections it has.
    pub connections: u64,
    /// How many of them are not authorised.
    pub placeholders: u64,
    /// How many custom connectors of its own it has.
    pub connectors: u64,
}

/// The number of the first workspace of a platform.
const FIRST: i64 = 1001;

impl LocalPlatform {
    /// Creates a workspace.
    ///
    /// # Errors
    /// If its name, number or external id is taken, or its admin workspace is not there or none.
    pub fn create_workspace(
        &mut self,
        new: &NewWorkspace,
    ) -> Result<WorkspaceFacts, WorkspaceError> {
        match (&new.admin, new.kind) {
            (None, WorkspaceKind::Customer) => {
                return Err(mismatch(
                    new,
                    "a customer's workspace needs an admin workspace",
                ));
            }
            (Some(_), WorkspaceKind::Admin | WorkspaceKind::External) => {
                return Err(mismatch(
                    new,
                    "only a customer's workspace is under an admin workspace",
                ));
            }
            (Some(_), WorkspaceKind::Customer)
            | (None, WorkspaceKind::Admin | WorkspaceKind::External) => {}
        }
        if new.catalogue.is_some() && new.kind != WorkspaceKind::Admin {
            return Err(mismatch(new, "only an admin workspace has a catalogue"));
        }
        // A workspace either shares a connector or does not: nothing in it could stand for "unknown".
        let unsaid = new
            .catalogue
            .as_ref()
            .and_then(|catalogue| catalogue.unsaid().next());
        if let Some(entry) = unsaid {
            let what = format!(
                "the catalogue does not say whether \"{}\" is shared: its entry has no `oem_shared_version`",
                entry.title
            );
            return Err(mismatch(new, &what));
        }
        let lock = self.file.lock()?;
        let doing = &self.file.doing;
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .doing(doing, "write")?;
        let admin = match &new.admin {
            Some(admin) => Some(admin_of(&transaction, doing, admin)?),
            None => None,
        };
        let id = self::id(&transaction, doing, new)?;
        transaction
            .execute(
                "INSERT INTO workspace (id, name, kind, data_center, external_id, admin, created_at, \
                 state, revision, next_asset, next_connector) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 1, 1)",
                params![
                    row::column(id.0),
                    new.name.as_str(),
                    new.kind.to_string(),
                    new.data_center.as_str(),
                    new.external_id,
                    admin.map(|admin| row::column(admin.0)),
                    row::column(new.at.0),
                    Digest::of(format!("workspace {id}").as_bytes()).as_bytes().as_slice(),
                ],
            )
            .doing(doing, "write")?;
        if let Some(catalogue) = &new.catalogue {
            for (number, entry) in (1..).zip(catalogue.entries()) {
                add_entry(&transaction, doing, id, number, entry, new.at)?;
            }
            transaction
                .execute(
                    "UPDATE workspace SET next_connector = ?2 WHERE id = ?1",
                    params![
                        row::column(id.0),
                        row::column(catalogue.entries().len() as u64 + 1)
                    ],
                )
                .doing(doing, "write")?;
        }
        sums::keep_workspace(&transaction, doing, id)?;
        sums::keep_all(&transaction, doing)?;
        transaction.commit().doing(doing, "write")?;
        drop(lock);
        Reading {
            connection: &self.connection,
            doing,
            id,
        }
        .facts()
    }

    /// All workspaces, in the order of their names.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceSummary>, WorkspaceError> {
        let doing = &self.file.doing;
        let transaction = self
            .connection
            .unchecked_transaction()
            .doing(doing, "read")?;
        summaries(&transaction, doing)
    }

    /// Deletes a workspace with everything in it.
    ///
    /// # Errors
    /// If it is not there, or has customers.
    pub fn delete_workspace(&mut self, name: &WorkspaceName) -> Result<(), WorkspaceError> {
        let lock = self.file.lock()?;
        let doing = &self.file.doing;
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .doing(doing, "write")?;
        let id = id_of(&transaction, doing, name)?;
        let customers: Vec<String> = transaction
            .prepare("SELECT name FROM workspace WHERE admin = ?1 ORDER BY name")
            .and_then(|mut statement| {
                statement
                    .query_map([row::column(id.0)], |row| row.get(0))?
                    .collect()
            })
            .doing(doing, "read")?;
        if !customers.is_empty() {
            return Err(WorkspaceError::HasCustomers {
                name: name.to_string(),
                customers,
            });
        }
        let whole = sums::check_workspace(&transaction, doing, id).is_ok();
        let used = usage::of(&transaction, doing, id)?;
        transaction
            .execute("DELETE FROM workspace WHERE id = ?1", [row::column(id.0)])
            .doing(doing, "write")?;
        match whole {
            true => usage::replace(&transaction, doing, &used, &usage::Usage::new())?,
            // What it used is not known, so that what the others use is asked.
            false => usage::keep_everything(&transaction, doing)?,
        }
        collect(&transaction, doing)?;
        sums::forget(&transaction, doing, id)?;
        sums::keep_all(&transaction, doing)?;
        transaction.commit().doing(doing, "write")?;
        drop(lock);
        Ok(())
    }
}

/// All workspaces, in the order of their names.
pub(super) fn summaries(
    connection: &Connection,
    doing: &Doing,
) -> Result<Vec<WorkspaceSummary>, WorkspaceError> {
    let mut summaries = Vec::new();
    for name in names(connection, doing)? {
        let name: WorkspaceName = row::parsed(&name, doing)?;
        let id = id_of(connection, doing, &name)?;
        sums::check_workspace(connection, doing, id)?;
        let counts = connection
            .query_row(
                "SELECT (SELECT created_at FROM workspace WHERE id = ?1), \
                 count(*) FILTER (WHERE kind = 'recipe'), \
                 count(*) FILTER (WHERE kind = 'recipe' AND state = 1), \
                 count(*) FILTER (WHERE kind = 'connection'), \
                 count(*) FILTER (WHERE kind = 'connection' AND state = 0), \
                 (SELECT count(*) FROM connector WHERE workspace = ?1) \
                 FROM asset WHERE workspace = ?1",
                [row::column(id.0)],
                |row| {
                    let count = |column| row::number(row, column);
                    Ok([
                        count(0)?,
                        count(1)?,
                        count(2)?,
                        count(3)?,
                        count(4)?,
                        count(5)?,
                    ])
                },
            )
            .doing(doing, "read")?;
        let [
            created,
            recipes,
            running,
            connections,
            placeholders,
            connectors,
        ] = counts;
        summaries.push(WorkspaceSummary {
            facts: Reading {
                connection,
                doing,
                id,
            }
            .facts()?,
            created_at: Timestamp(created),
            recipes,
            running,
            connections,
            placeholders,
            connectors,
        });
    }
    Ok(summaries)
}

fn mismatch(new: &NewWorkspace, reason: &str) -> WorkspaceError {
    WorkspaceError::NotOfKind {
        name: new.name.to_string(),
        reason: reason.to_owned(),
    }
}

/// The number of a workspace.
pub(super) fn id_of(
    connection: &Connection,
    doing: &Doing,
    name: &WorkspaceName,
) -> Result<WorkspaceId, WorkspaceError> {
    let id = connection
        .prepare_cached("SELECT id FROM workspace WHERE name = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([name.as_str()], |row| row::number(row, 0))
                .optional()
        })
        .doing(doing, "read")?;
    match id {
        Some(id) => Ok(WorkspaceId(id)),
        None => Err(no_workspace(connection, doing, name)?),
    }
}

/// That there is no such workspace.
pub(super) fn no_workspace(
    connection: &Connection,
    doing: &Doing,
    name: &WorkspaceName,
) -> Result<WorkspaceError, WorkspaceError> {
    Ok(WorkspaceError::NoWorkspace {
        name: name.to_string(),
        platform: doing.platform(),
        there: names(connection, doing)?,
    })
}

fn names(connection: &Connection, doing: &Doing) -> Result<Vec<String>, WorkspaceError> {
    let mut statement = connection
        .prepare_cached("SELECT name FROM workspace ORDER BY name")
        .doing(doing, "read")?;
    let names = statement
        .query_map([], |row| row.get(0))
        .doing(doing, "read")?;
    names.map(|name| name.doing(doing, "read")).collect()
}

/// The number of an admin workspace.
fn admin_of(
    connection: &Connection,
    doing: &Doing,
    name: &WorkspaceName,
) -> Result<WorkspaceId, WorkspaceError> {
    let id = id_of(connection, doing, name)?;
    let facts = Reading {
        connection,
        doing,
        id,
    }
    .facts()?;
    match facts.kind {
        WorkspaceKind::Admin => Ok(id),
        WorkspaceKind::Customer | WorkspaceKind::External => Err(WorkspaceError::NotOfKind {
            name: name.to_string(),
            reason: format!("it is no admin workspace, but one of kind {}", facts.kind),
        }),
    }
}

/// The number of a new workspace, after everything that has to be its own was looked at.
fn id(
    transaction: &Transaction<'_>,
    doing: &Doing,
    new: &NewWorkspace,
) -> Result<WorkspaceId, WorkspaceError> {
    let taken = |sql: &str, value: &dyn rusqlite::ToSql, what: String| {
        let there: bool = transaction
            .query_row(sql, [value], |row| row.get(0))
            .doing(doing, "read")?;
        match there {
            true => Err(WorkspaceError::Taken {
                what,
                platform: doing.platform(),
            }),
            false => Ok(()),
        }
    };
    taken(
        "SELECT EXISTS (SELECT 1 FROM workspace WHERE name = ?1)",
        &new.name.as_str(),
        format!("`{}`", new.name),
    )?;
    if let Some(external) = &new.external_id {
        taken(
            "SELECT EXISTS (SELECT 1 FROM workspace WHERE external_id = ?1)",
            external,
            format!("with external id \"{external}\""),
        )?;
    }
    if let Some(id) = new.id {
        taken(
            "SELECT EXISTS (SELECT 1 FROM workspace WHERE id = ?1)",
            &row::column(id.0),
            format!("with number {id}"),
        )?;
        return Ok(id);
    }
    transaction
        .query_row(
            "SELECT max(?1, coalesce(max(id) + 1, 0)) FROM workspace",
            [FIRST],
            |row| row::number(row, 0),
        )
        .doing(doing, "read")
        .map(WorkspaceId)
}

/// A connector that only a catalogue knows.
fn add_entry(
    transaction: &Transaction<'_>,
    doing: &Doing,
    workspace: WorkspaceId,
    number: u64,
    entry: &CatalogueEntry,
    at: Timestamp,
) -> Result<(), WorkspaceError> {
    let released: BTreeSet<Version> = entry
        .released_versions
        .iter()
        .copied()
        .chain(entry.shared_version.version())
        .chain(entry.latest_released)
        .collect();
    transaction
        .execute(
            "INSERT INTO connector (workspace, id, title, internal_name, released) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                row::column(workspace.0),
                row::column(number),
                entry.title.as_str(),
                entry.internal_name.as_str(),
                released.last().map(|version| row::column(version.0)),
            ],
        )
        .doing(doing, "write")?;
    for version in &released {
        let held = HeldVersion {
            number: *version,
            note: None,
            json: None,
            code: None,
            logo: None,
            source_version: None,
            source_workspace: None,
            created_at: at,
            released_at: Some(at),
        };
        transaction
            .execute(
                "INSERT INTO connector_version (workspace, connector, number, body) VALUES (?1, ?2, ?3, ?4)",
                params![
                    row::column(workspace.0),
                    row::column(number),
                    row::column(version.0),
                    row::encode(&held)
                ],
            )
            .doing(doing, "write")?;
    }
    if let Some(version) = entry.shared_version.version() {
        transaction
            .execute(
                "INSERT INTO share (workspace, connector, version, visibility, shared_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    row::column(workspace.0),
                    row::column(number),
                    row::column(version.0),
                    entry.visibility.to_string(),
                    row::column(at.0)
                ],
            )
            .doing(doing, "write")?;
    }
    Ok(())
}

/// Deletes contents that nobody holds any more.
fn collect(transaction: &Transaction<'_>, doing: &Doing) -> Result<(), WorkspaceError> {
    let mut held: BTreeSet<Digest> = BTreeSet::new();
    {
        let mut statement = transaction
            .prepare("SELECT body FROM asset_version")
            .doing(doing, "read")?;
        let bodies = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))
            .doing(doing, "read")?;
        for body in bodies {
            let body: Body = row::decode(&body.doing(doing, "read")?, doing)?;
            held.extend(body.files.iter().map(|file| file.content));
        }
        // What a rollback removed can come back.
        let mut statement = transaction
            .prepare("SELECT receipt FROM revision WHERE action = 'rollback'")
            .doing(doing, "read")?;
        let receipts = statement
            .query_map([], |row| row.get::<_, String>(0))
            .doing(doing, "read")?;
        for receipt in receipts {
            let removed = history::removed_in(&receipt.doing(doing, "read")?)
                .map_err(|error| doing.damaged(format!("a receipt can't be read: {error}")))?;
            let bodies = removed.iter().flat_map(|removed| &removed.versions);
            held.extend(bodies.flat_map(|body| body.files.iter().map(|file| file.content)));
        }
        let mut statement = transaction
            .prepare("SELECT id FROM workspace")
            .doing(doing, "read")?;
        let workspaces = statement
            .query_map([], |row| row::number(row, 0))
            .doing(doing, "read")?;
        for id in workspaces {
            let id = WorkspaceId(id.doing(doing, "read")?);
            for connector in connectors(transaction, doing, id)? {
                for version in connector.versions {
                    held.extend(version.json);
                    held.extend(version.code);
                    held.extend(version.logo.map(|logo| logo.content));
                }
            }
        }
    }
    let digests: Vec<Vec<u8>> = transaction
        .prepare("SELECT digest FROM content")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .doing(doing, "read")?;
    for digest in digests {
        if !held.contains(&row::digest(&digest, doing)?) {
            transaction
                .prepare_cached("DELETE FROM content WHERE digest = ?1")
                .and_then(|mut statement| statement.execute([digest]))
                .doing(doing, "write")?;
        }
    }
    Ok(())
}
