//! The sums that tell whether the list of who uses a connector is what was written. A connector's users
//! are looked up in all customers at once, by an index; to look at the [sum](super::sums) of each of
//! thousands of customers before would take many times as long. So each name has a sum of its own, of
//! all that such a list says, in no order: what a commit changes is taken from it and added to it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{row, sums};
use crate::model::ident::Digest;
use crate::model::workspace::WorkspaceId;
use crate::workspace::WorkspaceError;
use crate::workspace::local::error::{Doing, Failed};

/// Where they are kept: names that nobody uses have none.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS usage (
  name TEXT PRIMARY KEY,
  sum BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What a list says of a use, for [`Sum::add`].
const COLUMNS: usize = 7;

/// The uses of a workspace, if it is a customer's: nobody asks for those of others.
const OF_WORKSPACE: &str = "SELECT u.workspace, a.id, a.place, a.name, a.twin, a.state, a.version, u.name \
     FROM uses u JOIN asset a ON a.workspace = u.workspace AND a.id = u.asset \
     JOIN workspace w ON w.id = u.workspace \
     WHERE u.workspace = ?1 AND w.admin IS NOT NULL AND a.kind = 'recipe'";

/// All uses of a name by customers, whosever they are, with what [`Sum::add`] takes first.
pub(super) const OF_NAME: &str = "SELECT u.workspace, a.id, a.place, a.name, a.twin, a.state, a.version, v.body \
     FROM uses u CROSS JOIN workspace w ON w.id = u.workspace \
     CROSS JOIN asset a ON a.workspace = u.workspace AND a.id = u.asset \
     LEFT JOIN asset_version v \
     ON v.workspace = a.workspace AND v.asset = a.id AND v.number = a.version \
     WHERE u.name = ?1 AND w.admin IS NOT NULL AND a.kind = 'recipe'";

/// A sum of uses, in whatever order they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum([u8; 32]);

impl Sum {
    /// Adds a use, or takes it away if it was added.
    pub(super) fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let mut all = Vec::with_capacity(256);
        for column in 0..COLUMNS {
            sums::add(row.get_ref(column)?, &mut all);
        }
        self.merge(&Self(*Digest::of(&all).as_bytes()));
        Ok(())
    }

    fn merge(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own ^= other;
        }
    }
}

/// The sums of the names that a workspace uses.
pub(super) type Usage = BTreeMap<String, Sum>;

/// What a workspace uses now.
pub(super) fn of(
    connection: &Connection,
    doing: &Doing,
    workspace: WorkspaceId,
) -> Result<Usage, WorkspaceError> {
    let mut statement = connection
        .prepare_cached(OF_WORKSPACE)
        .doing(doing, "read")?;
    let mut rows = statement
        .query([row::column(workspace.0)])
        .doing(doing, "read")?;
    let mut usage = Usage::new();
    while let Some(row) = rows.next().doing(doing, "read")? {
        let name: String = row.get(COLUMNS).doing(doing, "read")?;
        let sum = usage.entry(name).or_default();
        sum.add(row).doing(doing, "read")?;
    }
    Ok(usage)
}

fn kept(connection: &Connection, doing: &Doing, name: &str) -> Result<Sum, WorkspaceError> {
    let sum: Option<Vec<u8>> = connection
        .prepare_cached("SELECT sum FROM usage WHERE name = ?1")
        .and_then(|mut statement| statement.query_row([name], |row| row.get(0)).optional())
        .doing(doing, "read")?;
    match sum {
        None => Ok(Sum::default()),
        Some(sum) => Ok(Sum(*row::digest(&sum, doing)?.as_bytes())),
    }
}

/// Looks whether the list of who uses a name is what was written.
pub(super) fn check(
    connection: &Connection,
    doing: &Doing,
    name: &str,
    found: Sum,
) -> Result<(), WorkspaceError> {
    match kept(connection, doing, name)? == found {
        true => Ok(()),
        false => Err(doing.damaged(format!(
            "the list of who uses `{name}` is not what was written"
        ))),
    }
}

/// Puts what a workspace uses now in place of what it used.
pub(super) fn replace(
    connection: &Connection,
    doing: &Doing,
    before: &Usage,
    after: &Usage,
) -> Result<(), WorkspaceError> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (before, after) = (before.get(name), after.get(name));
        if before == after {
            continue;
        }
        let mut sum = kept(connection, doing, name)?;
        for part in before.into_iter().chain(after) {
            sum.merge(part);
        }
        match sum == Sum::default() {
            true => connection
                .prepare_cached("DELETE FROM usage WHERE name = ?1")
                .and_then(|mut statement| statement.execute([name])),
            false => connection
                .prepare_cached("INSERT OR REPLACE INTO usage (name, sum) VALUES (?1, ?2)")
                .and_then(|mut statement| statement.execute(params![name, sum.0.as_slice()])),
        }
        .doing(doing, "write")?;
    }
    Ok(())
}

/// Keeps the sums of everything that is there.
pub(super) fn keep_everything(
    connection: &Connection,
    doing: &Doing,
) -> Result<(), WorkspaceError> {
    connection
        .execute("DELETE FROM usage", [])
        .doing(doing, "write")?;
    let ids: Vec<u64> = connection
        .prepare("SELECT id FROM workspace WHERE admin IS NOT NULL")
        .and_then(|mut statement| {
            let ids = statement.query_map([], |row| row::number(row, 0))?;
            ids.collect()
        })
        .doing(doing, "read")?;
    for id in ids {
        let usage = of(connection, doing, WorkspaceId(id))?;
        replace(connection, doing, &Usage::new(), &usage)?;
    }
    Ok(())
}
