//! What an admin workspace shares with its customers, and who uses it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::read::{Reading, connectors};
use super::{LocalPlatform, LocalWorkspace, row, sums, usage};
use crate::model::catalogue::{CatalogueEntry, SharedVersion, Visibility};
use crate::model::ident::{DataCenter, Digest, InternalName, Version, WorkspaceName};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    Address, AssetId, AssetKey, Body, ClosedSource, ConnectorId, CustomerFacts, CustomerUse,
    Partnership, RecipeState, RecipeUse, Sharing, Timestamp, WorkspaceConnector, WorkspaceFacts,
    WorkspaceId, WorkspaceKind,
};
use crate::plan::commit::Dependency;
use crate::workspace::local::error::{Doing, Failed};
use crate::workspace::{AdminWorkspace, Workspace as _, WorkspaceError};

/// Shares a connector, or changes how it is shared.
pub(super) fn share(
    transaction: &Transaction<'_>,
    doing: &Doing,
    workspace: i64,
    id: ConnectorId,
    sharing: Sharing,
    at: Timestamp,
) -> Result<(), WorkspaceError> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO share (workspace, connector, version, visibility, shared_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                workspace,
                row::column(id.0),
                row::column(sharing.version.0),
                sharing.visibility.as_str(),
                row::column(at.0)
            ])
        })
        .doing(doing, "write")
        .map(drop)
}

/// Shares a connector no longer.
pub(super) fn unshare(
    transaction: &Transaction<'_>,
    doing: &Doing,
    workspace: i64,
    id: ConnectorId,
) -> Result<usize, WorkspaceError> {
    transaction
        .prepare_cached("DELETE FROM share WHERE workspace = ?1 AND connector = ?2")
        .and_then(|mut statement| statement.execute(params![workspace, row::column(id.0)]))
        .doing(doing, "write")
}

/// Checks that everything else that a commit depends on is as it was.
pub(super) fn hold(
    transaction: &Transaction<'_>,
    doing: &Doing,
    workspace: &WorkspaceFacts,
    depends: &[Dependency],
) -> Result<(), WorkspaceError> {
    for dependency in depends {
        let holds = match dependency {
            Dependency::Customers(state) => {
                customers_state(transaction, doing, workspace.id)? == *state
            }
            Dependency::Shared(digest) => {
                let reading = Reading {
                    connection: transaction,
                    doing,
                    id: workspace.id,
                };
                let shared = reading.shared(workspace)?;
                shared.is_some_and(|shared| shared.digest() == *digest)
            }
        };
        if !holds {
            return Err(WorkspaceError::Stale {
                workspace: workspace.name.to_string(),
            });
        }
    }
    Ok(())
}

/// Stands for everything in the workspaces of an admin workspace's customers.
fn customers_state(
    connection: &Connection,
    doing: &Doing,
    admin: WorkspaceId,
) -> Result<Digest, WorkspaceError> {
    let mut statement = connection
        .prepare_cached("SELECT id, state FROM workspace WHERE admin = ?1 ORDER BY id")
        .doing(doing, "read")?;
    let states: Vec<(i64, Vec<u8>)> = statement
        .query_map([row::column(admin.0)], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .doing(doing, "read")?;
    Ok(Digest::of(&row::plain(&states)))
}

/// The admin workspace's connectors that this one's assets use though they are not shared with it
/// (any longer), so that it can be said what is missing, and where it is.
pub(super) fn formerly_shared(
    reading: &Reading<'_>,
    admin: WorkspaceId,
    data_center: &DataCenter,
    shared: &[CatalogueEntry],
) -> Result<Vec<CatalogueEntry>, WorkspaceError> {
    let Reading {
        connection,
        doing,
        id,
    } = *reading;
    let mut statement = connection
        .prepare_cached(
            "SELECT c.title, c.internal_name, s.visibility FROM connector c LEFT JOIN share s \
             ON s.workspace = c.workspace AND s.connector = c.id WHERE c.workspace = ?1 AND EXISTS \
             (SELECT 1 FROM uses u INDEXED BY sqlite_autoindex_uses_1 \
             WHERE u.workspace = ?2 AND u.name = c.internal_name) \
             ORDER BY c.id",
        )
        .doing(doing, "read")?;
    let used: Vec<(String, String, Option<String>)> = statement
        .query_map(params![row::column(admin.0), row::column(id.0)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .and_then(Iterator::collect)
        .doing(doing, "read")?;
    let there: BTreeSet<&str> = shared
        .iter()
        .map(|entry| entry.internal_name.as_str())
        .collect();
    used.iter()
        .filter(|(_, name, _)| !there.contains(name.as_str()))
        .map(|(title, name, visibility)| {
            Ok(CatalogueEntry {
                title: row::parsed(title, doing)?,
                internal_name: row::parsed(name, doing)?,
                shared_version: SharedVersion::None,
                latest_released: None,
                released_versions: Vec::new(),
                visibility: match visibility {
                    Some(visibility) => parsed_visibility(visibility, doing)?,
                    None => Visibility::Open,
                },
                data_center: Some(data_center.clone()),
            })
        })
        .collect()
}

fn parsed_visibility(text: &str, doing: &Doing) -> Result<Visibility, WorkspaceError> {
    text.parse()
        .map_err(|_| doing.damaged(format!("`{text}` is no visibility")))
}

fn sharings(
    connection: &Connection,
    doing: &Doing,
    admin: WorkspaceId,
) -> Result<BTreeMap<ConnectorId, Sharing>, WorkspaceError> {
    let mut statement = connection
        .prepare_cached("SELECT connector, version, visibility FROM share WHERE workspace = ?1")
        .doing(doing, "read")?;
    let rows = statement
        .query_map([row::column(admin.0)], |row| {
            Ok((
                row::number(row, 0)?,
                row::number(row, 1)?,
                row.get::<_, String>(2)?,
            ))
        })
        .doing(doing, "read")?;
    rows.map(|raw| {
        let (connector, version, visibility) = raw.doing(doing, "read")?;
        let sharing = Sharing {
            version: Version(version),
            visibility: parsed_visibility(&visibility, doing)?,
        };
        Ok((ConnectorId(connector), sharing))
    })
    .collect()
}

fn customers(
    connection: &Connection,
    doing: &Doing,
    admin: WorkspaceId,
) -> Result<Vec<CustomerFacts>, WorkspaceError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT id, name, data_center FROM workspace WHERE admin = ?1 ORDER BY name",
        )
        .doing(doing, "read")?;
    let rows = statement
        .query_map([row::column(admin.0)], |row| {
            Ok((
                row::number(row, 0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })
        .doing(doing, "read")?;
    rows.map(|raw| {
        let (id, name, data_center) = raw.doing(doing, "read")?;
        let name: WorkspaceName = row::parsed(&name, doing)?;
        Ok(CustomerFacts {
            id: WorkspaceId(id),
            address: Address::Local(name.clone()),
            name,
            data_center: row::parsed(&data_center, doing)?,
        })
    })
    .collect()
}

/// The customers' recipes that use a connector of their admin workspace: found by its name, so that
/// the cost grows with the users and not with the customers.
fn users(
    connection: &Connection,
    doing: &Doing,
    name: &InternalName,
    customers: &BTreeMap<WorkspaceId, usize>,
) -> Result<Vec<CustomerUse>, WorkspaceError> {
    let mut statement = connection
        .prepare_cached(usage::OF_NAME)
        .doing(doing, "read")?;
    let mut rows = statement.query([name.as_str()]).doing(doing, "read")?;
    let mut sum = usage::Sum::default();
    let mut uses = Vec::new();
    while let Some(row) = rows.next().doing(doing, "read")? {
        sum.add(row).doing(doing, "read")?;
        let workspace = WorkspaceId(row::number(row, 0).doing(doing, "read")?);
        // Other admin workspaces have customers, too.
        let Some(&customer) = customers.get(&workspace) else {
            continue;
        };
        let read = || -> rusqlite::Result<_> {
            Ok((
                row::number(row, 1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, u32>(4)?,
                row.get::<_, i64>(5)?,
                row.get::<_, Vec<u8>>(7)?,
            ))
        };
        let (id, place, name, twin, state, body) = read().doing(doing, "read")?;
        let body: Body = row::decode(&body, doing)?;
        uses.push(CustomerUse {
            customer,
            recipe: RecipeUse {
                id: AssetId(id),
                key: AssetKey {
                    place: row::place_of(&place, doing)?,
                    kind: AssetKind::Recipe,
                    name: name.into(),
                    twin,
                },
                state: match state {
                    1 => RecipeState::Running,
                    _ => RecipeState::Stopped,
                },
            },
            content: body.files.first().map(|file| file.content),
        });
    }
    usage::check(connection, doing, name.as_str(), sum)?;
    uses.sort_by_key(|using| (using.customer, using.recipe.id));
    Ok(uses)
}

impl AdminWorkspace for LocalWorkspace {
    fn partnership(
        &self,
        asked: &dyn Fn(&WorkspaceConnector) -> bool,
    ) -> Result<Partnership, WorkspaceError> {
        self.read(|reading| {
            let Reading {
                connection,
                doing,
                id,
            } = reading;
            let workspace = reading.facts()?;
            match workspace.kind {
                WorkspaceKind::Admin => {}
                WorkspaceKind::Customer | WorkspaceKind::External => {
                    return Err(WorkspaceError::NotOfKind {
                        name: workspace.name.to_string(),
                        reason: format!(
                            "only an admin workspace shares connectors, and this one is {}",
                            match workspace.kind {
                                WorkspaceKind::Customer => "a customer's",
                                WorkspaceKind::Admin | WorkspaceKind::External => "external",
                            }
                        ),
                    });
                }
            }
            let connectors = connectors(connection, doing, id)?;
            let customers = customers(connection, doing, id)?;
            let places = (0..).zip(&customers).map(|(i, own)| (own.id, i)).collect();
            let mut using = BTreeMap::new();
            for connector in connectors.iter().filter(|connector| asked(connector)) {
                let name = &connector.internal_name;
                let users = users(connection, doing, name, &places)?;
                using.insert(name.clone(), users);
            }
            Ok(Partnership {
                tells: crate::model::workspace::SharingTold::Visibility,
                closed_source: closed_source(connection, doing, id)?,
                shares: sharings(connection, doing, id)?,
                unsaid: BTreeSet::new(),
                customers_state: customers_state(connection, doing, id)?,
                users: using,
                workspace,
                connectors,
                customers,
            })
        })
    }
}

fn closed_source(
    connection: &Connection,
    doing: &Doing,
    id: WorkspaceId,
) -> Result<ClosedSource, WorkspaceError> {
    let allowed: bool = connection
        .prepare_cached("SELECT closed_source FROM workspace WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([row::column(id.0)], |row| row.get(0)))
        .doing(doing, "read")?;
    Ok(match allowed {
        true => ClosedSource::Allowed,
        false => ClosedSource::NotAllowed,
    })
}

impl LocalPlatform {
    /// Says whether an admin workspace may share connectors without their source.
    ///
    /// # Errors
    /// If it is not there or no admin workspace, or the file can't be written.
    pub fn set_closed_source(
        &mut self,
        name: &WorkspaceName,
        closed_source: ClosedSource,
    ) -> Result<(), WorkspaceError> {
        let facts = self.workspace(name)?.facts()?;
        match facts.kind {
            WorkspaceKind::Admin => {}
            WorkspaceKind::Customer | WorkspaceKind::External => {
                return Err(WorkspaceError::NotOfKind {
                    name: name.to_string(),
                    reason: "only an admin workspace shares connectors".to_owned(),
                });
            }
        }
        let lock = self.file.lock()?;
        let doing = &self.file.doing;
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .doing(doing, "write")?;
        transaction
            .execute(
                "UPDATE workspace SET closed_source = ?2 WHERE name = ?1",
                params![
                    name.as_str(),
                    match closed_source {
                        ClosedSource::Allowed => 1,
                        ClosedSource::NotAllowed => 0,
                    }
                ],
            )
            .doing(doing, "write")?;
        sums::keep_workspace(&transaction, doing, facts.id)?;
        sums::keep_all(&transaction, doing)?;
        transaction.commit().doing(doing, "write")?;
        drop(lock);
        Ok(())
    }
}

impl LocalWorkspace {
    /// When each connector of an admin workspace was shared as it is.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn shared_since(&self) -> Result<BTreeMap<ConnectorId, Timestamp>, WorkspaceError> {
        self.read(|reading| {
            let Reading {
                connection,
                doing,
                id,
            } = reading;
            let mut statement = connection
                .prepare_cached("SELECT connector, shared_at FROM share WHERE workspace = ?1")
                .doing(doing, "read")?;
            let rows = statement
                .query_map([row::column(id.0)], |row| {
                    Ok((
                        ConnectorId(row::number(row, 0)?),
                        Timestamp(row::number(row, 1)?),
                    ))
                })
                .doing(doing, "read")?;
            rows.map(|raw| raw.doing(doing, "read")).collect()
        })
    }
}
