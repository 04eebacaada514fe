//! Customers of admin workspaces, with the labels that their partner gave them.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::workspaces::WorkspaceSummary;
use super::{LocalPlatform, row, sums};
use crate::model::ident::{LabelKey, LabelValue, WorkspaceName};
use crate::model::workspace::{Label, LabelEdit, WorkspaceId, WorkspaceKind};
use crate::workspace::local::error::{Doing, Failed};
use crate::workspace::{Workspace as _, WorkspaceError};

/// A customer of an admin workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Its workspace, as lists show it.
    pub summary: WorkspaceSummary,
    /// What its partner noted of it.
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

impl LocalPlatform {
    /// The customers of an admin workspace, or of all, in the order of their names.
    ///
    /// # Errors
    /// If the admin workspace is not there or is none, or the file can't be read.
    pub fn customers(
        &self,
        admin: Option<&WorkspaceName>,
    ) -> Result<Vec<Customer>, WorkspaceError> {
        let moment = self.one_moment()?;
        if let Some(admin) = admin {
            let facts = moment.workspace(admin)?.facts()?;
            match facts.kind {
                WorkspaceKind::Admin => {}
                WorkspaceKind::Customer | WorkspaceKind::External => {
                    return Err(WorkspaceError::NotOfKind {
                        name: admin.to_string(),
                        reason: format!("it is no admin workspace, but one of kind {}", facts.kind),
                    });
                }
            }
        }
        let mut labels = labels(&self.connection, &self.file.doing)?;
        let summaries = moment.workspaces()?.into_iter();
        Ok(summaries
            .filter(|summary| {
                summary.facts.kind == WorkspaceKind::Customer
                    && (admin.is_none() || summary.facts.admin.as_ref() == admin)
            })
            .map(|summary| Customer {
                labels: labels.remove(&summary.facts.id).unwrap_or_default(),
                summary,
            })
            .collect())
    }

    /// Gives a customer another external id, or none.
    ///
    /// # Errors
    /// If it is not there, the id is another one's, or the file can't be written.
    pub fn name_customer(
        &mut self,
        name: &WorkspaceName,
        external_id: Option<&str>,
    ) -> Result<(), WorkspaceError> {
        let facts = self.workspace(name)?.facts()?;
        let lock = self.file.lock()?;
        let doing = &self.file.doing;
        let id = row::column(facts.id.0);
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .doing(doing, "write")?;
        let taken = transaction
            .prepare("SELECT 1 FROM workspace WHERE external_id = ?1 AND id <> ?2")
            .and_then(|mut statement| statement.exists(params![external_id, id]))
            .doing(doing, "read")?;
        if taken {
            return Err(WorkspaceError::Taken {
                what: format!("with external id \"{}\"", external_id.unwrap_or_default()),
                platform: doing.platform(),
            });
        }
        transaction
            .execute(
                "UPDATE workspace SET external_id = ?2 WHERE id = ?1",
                params![id, external_id],
            )
            .doing(doing, "write")?;
        sums::keep_workspace(&transaction, doing, facts.id)?;
        sums::keep_all(&transaction, doing)?;
        transaction.commit().doing(doing, "write")?;
        drop(lock);
        Ok(())
    }

    /// Changes the labels of a customer, in the order in which they are given: all, or none.
    ///
    /// # Errors
    /// If it is not there or no customer's workspace, or the file can't be written.
    pub fn label_customer(
        &mut self,
        name: &WorkspaceName,
        edits: &[LabelEdit],
    ) -> Result<(), WorkspaceError> {
        let facts = self.workspace(name)?.facts()?;
        match facts.kind {
            WorkspaceKind::Customer => {}
            WorkspaceKind::Admin | WorkspaceKind::External => {
                return Err(WorkspaceError::NotOfKind {
                    name: name.to_string(),
                    reason: format!("it is no customer's, but one of kind {}", facts.kind),
                });
            }
        }
        let lock = self.file.lock()?;
        let doing = &self.file.doing;
        let id = row::column(facts.id.0);
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .doing(doing, "write")?;
        for edit in edits {
            match edit {
                LabelEdit::Set(Label { key, value }) => transaction.execute(
                    "INSERT OR REPLACE INTO label (workspace, key, value) VALUES (?1, ?2, ?3)",
                    params![id, key.as_str(), value.as_str()],
                ),
                LabelEdit::Remove(key) => transaction.execute(
                    "DELETE FROM label WHERE workspace = ?1 AND key = ?2",
                    params![id, key.as_str()],
                ),
            }
            .doing(doing, "write")?;
        }
        sums::keep_workspace(&transaction, doing, facts.id)?;
        sums::keep_all(&transaction, doing)?;
        transaction.commit().doing(doing, "write")?;
        drop(lock);
        Ok(())
    }
}

type Labels = BTreeMap<LabelKey, LabelValue>;

fn labels(
    connection: &Connection,
    doing: &Doing,
) -> Result<BTreeMap<WorkspaceId, Labels>, WorkspaceError> {
    let mut statement = connection
        .prepare_cached("SELECT workspace, key, value FROM label")
        .doing(doing, "read")?;
    let rows = statement
        .query_map([], |row| {
            Ok((
                row::number(row, 0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })
        .doing(doing, "read")?;
    let mut labels: BTreeMap<WorkspaceId, Labels> = BTreeMap::new();
    for raw in rows {
        let (workspace, key, value) = raw.doing(doing, "read")?;
        let own = labels.entry(WorkspaceId(workspace)).or_default();
        own.insert(row::parsed(&key, doing)?, row::parsed(&value, doing)?);
    }
    Ok(labels)
}
