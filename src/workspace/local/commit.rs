//! Carrying out a commit in one transaction.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::failed::{Doing, Failed};
use super::read::Reading;
use super::{row, shares};
use crate::model::ident::{Digest, Version};
use crate::model::workspace::{
    AssetId, Body, ConnectorId, HeldState, HeldVersion, Moment, Revision, WorkspaceId,
};
use crate::plan::commit::{Change, Commit};
use crate::workspace::{Contents, Encoding, WorkspaceError};

/// Carries out `commit` in workspace `id`, or leaves everything as it was.
pub(super) fn carry_out(
    connection: &mut Connection,
    doing: &Doing,
    id: WorkspaceId,
    commit: &Commit,
    contents: &mut dyn Contents,
) -> Result<(), WorkspaceError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(doing, "write")?;
    let facts = Reading {
        connection: &transaction,
        doing,
        id,
    }
    .facts()?;
    if facts.state != commit.base {
        return Err(WorkspaceError::Stale {
            workspace: facts.name.to_string(),
        });
    }
    shares::hold(&transaction, doing, &facts, &commit.depends)?;
    let mut writing = Writer {
        transaction: &transaction,
        doing,
        workspace: row::column(id.0),
        contents,
    };
    for change in &commit.changes {
        writing.change(change)?;
    }
    let revision = match &commit.revision {
        Some(revision) => {
            writing.revision(revision)?;
            revision.header.number
        }
        None => facts.revision,
    };
    transaction
        .prepare_cached(
            "UPDATE workspace SET state = ?2, revision = ?3, next_asset = ?4, next_connector = ?5 WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                row::column(id.0),
                commit.state_after().as_bytes().as_slice(),
                row::column(revision.0),
                row::column(commit.next.asset.0),
                row::column(commit.next.connector.0),
            ])
        })
        .doing(doing, "write")?;
    transaction.commit().doing(doing, "write")
}

struct Writer<'w> {
    transaction: &'w Transaction<'w>,
    doing: &'w Doing,
    workspace: i64,
    contents: &'w mut dyn Contents,
}

impl Writer<'_> {
    fn execute(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<usize, WorkspaceError> {
        self.transaction
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(parameters))
            .doing(self.doing, "write")
    }

    /// Exactly one row has to be concerned.
    fn execute_one(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        what: impl FnOnce() -> String,
    ) -> Result<(), WorkspaceError> {
        match self.execute(sql, parameters)? {
            1 => Ok(()),
            _ => Err(self.doing.damaged(format!("{} is not there", what()))),
        }
    }

    fn change(&mut self, change: &Change) -> Result<(), WorkspaceError> {
        match change {
            Change::CreateFolder(folder) => self
                .execute(
                    "INSERT INTO folder (workspace, path) VALUES (?1, ?2)",
                    params![self.workspace, folder.as_str()],
                )
                .map(drop),
            Change::CreateAsset {
                id,
                key,
                body,
                state,
            } => {
                self.execute(
                    "INSERT INTO asset (workspace, id, place, kind, name, twin, version, state) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)",
                    params![
                        self.workspace,
                        row::column(id.0),
                        row::place(&key.place),
                        key.kind.word(),
                        key.name,
                        key.twin,
                        row::state(*state)
                    ],
                )?;
                self.body(*id, Version(1), body)
            }
            Change::UpdateAsset { id, body } => {
                let version = self.version_of(*id)?;
                self.execute(
                    "UPDATE asset SET version = ?3 WHERE workspace = ?1 AND id = ?2",
                    params![self.workspace, row::column(id.0), row::column(version.0 + 1)],
                )?;
                self.body(*id, Version(version.0 + 1), body)
            }
            Change::RemoveAsset(id) => self.execute_one(
                "DELETE FROM asset WHERE workspace = ?1 AND id = ?2",
                params![self.workspace, row::column(id.0)],
                || format!("asset {id}"),
            ),
            Change::SetRecipe { id, state } => {
                self.state(*id, HeldState::Recipe(*state))
            }
            Change::SetConnection { id, authorization } => self.state(*id, HeldState::Connection(*authorization)),
            Change::CreateConnector {
                id,
                title,
                internal_name,
            } => self
                .execute(
                    "INSERT INTO connector (workspace, id, title, internal_name) VALUES (?1, ?2, ?3, ?4)",
                    params![
                        self.workspace,
                        row::column(id.0),
                        title.as_str(),
                        internal_name.as_str()
                    ],
                )
                .map(drop),
            Change::AddVersion { id, version } => self.connector_version(*id, version),
            Change::ReleaseVersion { id, version, at } => self.release(*id, *version, *at),
            Change::Share { id, sharing, at } => {
                shares::share(self.transaction, self.doing, self.workspace, *id, *sharing, *at)
            }
            Change::Unshare(id) => {
                shares::unshare(self.transaction, self.doing, self.workspace, *id)
            }
        }
    }

    fn version_of(&self, id: AssetId) -> Result<Version, WorkspaceError> {
        self.transaction
            .prepare_cached("SELECT version FROM asset WHERE workspace = ?1 AND id = ?2")
            .and_then(|mut statement| {
                statement
                    .query_row(params![self.workspace, row::column(id.0)], |row| {
                        row::number(row, 0)
                    })
                    .optional()
            })
            .doing(self.doing, "read")?
            .map(Version)
            .ok_or_else(|| self.doing.damaged(format!("asset {id} is not there")))
    }

    fn body(&mut self, id: AssetId, version: Version, body: &Body) -> Result<(), WorkspaceError> {
        for file in &body.files {
            self.hold(&file.content)?;
        }
        self.execute(
            "INSERT INTO asset_version (workspace, asset, number, body) VALUES (?1, ?2, ?3, ?4)",
            params![
                self.workspace,
                row::column(id.0),
                row::column(version.0),
                row::encode(body)
            ],
        )?;
        if version != Version(1) {
            self.execute(
                "DELETE FROM uses WHERE workspace = ?1 AND asset = ?2",
                params![self.workspace, row::column(id.0)],
            )?;
        }
        for provider in &body.providers {
            self.execute(
                "INSERT OR IGNORE INTO uses (workspace, name, asset) VALUES (?1, ?2, ?3)",
                params![self.workspace, provider, row::column(id.0)],
            )?;
        }
        Ok(())
    }

    /// Sees to it that a content is held.
    fn hold(&mut self, digest: &Digest) -> Result<(), WorkspaceError> {
        let held: bool = self
            .transaction
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM content WHERE digest = ?1)")
            .and_then(|mut statement| {
                statement.query_row([digest.as_bytes().as_slice()], |row| row.get(0))
            })
            .doing(self.doing, "read")?;
        if held {
            return Ok(());
        }
        let content = self.contents.content(digest)?;
        let encoding = match content.encoding {
            Encoding::Plain => 0,
            Encoding::Deflate => 1,
        };
        self.transaction
            .prepare_cached(
                "INSERT INTO content (digest, size, encoding, bytes) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    digest.as_bytes().as_slice(),
                    row::column(content.size),
                    encoding,
                    content.bytes
                ])
            })
            .doing(self.doing, "write")
            .map(drop)
    }

    fn state(&self, id: AssetId, state: HeldState) -> Result<(), WorkspaceError> {
        let kind = match state {
            HeldState::Recipe(_) => "recipe",
            HeldState::Connection(_) => "connection",
            HeldState::Plain => return Ok(()),
        };
        self.execute_one(
            "UPDATE asset SET state = ?3 WHERE workspace = ?1 AND id = ?2 AND kind = ?4",
            params![self.workspace, row::column(id.0), row::state(state), kind],
            || format!("{kind} {id}"),
        )
    }

    fn connector_version(
        &mut self,
        id: ConnectorId,
        version: &HeldVersion,
    ) -> Result<(), WorkspaceError> {
        let logo = version.logo.iter().map(|logo| &logo.content);
        for digest in version.json.iter().chain(&version.code).chain(logo) {
            self.hold(digest)?;
        }
        let newest: Option<u32> = self
            .transaction
            .prepare_cached(
                "SELECT max(number) FROM connector_version WHERE workspace = ?1 AND connector = ?2",
            )
            .and_then(|mut statement| {
                statement.query_row(params![self.workspace, row::column(id.0)], |row| row.get(0))
            })
            .doing(self.doing, "read")?;
        let next = u64::from(newest.unwrap_or_default()) + 1;
        if version.number.0 != next {
            return Err(self.doing.damaged(format!(
                "version {} of connector {id} would follow {}",
                version.number.0,
                next - 1
            )));
        }
        self.execute(
            "INSERT INTO connector_version (workspace, connector, number, body) VALUES (?1, ?2, ?3, ?4)",
            params![
                self.workspace,
                row::column(id.0),
                row::column(next),
                row::encode(version)
            ],
        )
        .map(drop)
    }

    fn release(&self, id: ConnectorId, version: Version, at: Moment) -> Result<(), WorkspaceError> {
        let parameters = params![self.workspace, row::column(id.0), row::column(version.0)];
        let missing = || format!("version {} of connector {id}", version.0);
        let body: Option<Vec<u8>> = self
            .transaction
            .prepare_cached(
                "SELECT body FROM connector_version WHERE workspace = ?1 AND connector = ?2 AND number = ?3",
            )
            .and_then(|mut statement| statement.query_row(parameters, |row| row.get(0)).optional())
            .doing(self.doing, "read")?;
        let Some(body) = body else {
            return Err(self.doing.damaged(format!("{} is not there", missing())));
        };
        let mut held: HeldVersion = row::decode(&body, self.doing)?;
        held.released_at = Some(at);
        self.execute(
            "UPDATE connector_version SET body = ?4 WHERE workspace = ?1 AND connector = ?2 AND number = ?3",
            params![
                self.workspace,
                row::column(id.0),
                row::column(version.0),
                row::encode(&held)
            ],
        )?;
        self.execute_one(
            "UPDATE connector SET released = ?3 WHERE workspace = ?1 AND id = ?2",
            parameters,
            missing,
        )
    }

    fn revision(&self, revision: &Revision) -> Result<(), WorkspaceError> {
        let header = &revision.header;
        self.execute(
            "INSERT INTO revision (workspace, number, at, who, action, subject, package, plan, receipt, before) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                self.workspace,
                row::column(header.number.0),
                row::column(header.at.0),
                header.who,
                header.action.to_string(),
                header.subject,
                header.package.as_ref().map(|digest| digest.as_bytes().as_slice()),
                revision.plan,
                revision.receipt,
                row::encode(&revision.before),
            ],
        )
        .map(drop)
    }
}
