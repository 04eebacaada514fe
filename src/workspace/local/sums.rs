//! What tells that a platform's file is damaged. SQLite looks at the form of its pages, and at nothing
//! that stands in them: a bit that flips in a name, a number or an index makes another name, another
//! number or an asset that can't be found. So the file holds a sum of all that a workspace is, which
//! is worked out anew before anything of it is read, and another one of what workspaces there are.
//!
//! A sum is made of what comes out of every tree of pages that is searched, in its order. Bodies of
//! assets, plans and receipts are many and large, and are looked at when they are read: bodies end
//! with a sum of their own, and each revision has one. Contents are known by their digests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest as _, Sha256};

use super::row;
use crate::model::ident::Digest;
use crate::model::workspace::{RevisionNumber, WorkspaceId};
use crate::workspace::WorkspaceError;
use crate::workspace::local::error::{Doing, Failed};

/// Where sums are kept: a workspace's own as that of its revision 0, and that of all workspaces as
/// that of a workspace -1, which there is none of.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS checksum (
  workspace INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  sum BLOB NOT NULL,
  PRIMARY KEY (workspace, revision)
) STRICT, WITHOUT ROWID;
";

/// Where the sum of all workspaces is kept.
const ALL: i64 = -1;

/// What workspaces there are, what they are labelled with, and what tables. What is counted on in each is
/// its own.
const DIRECTORY: [&str; 6] = [
    "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY rowid",
    "SELECT id, name, kind, data_center, external_id, admin, created_at, closed_source FROM workspace ORDER BY id",
    "SELECT name, id FROM workspace INDEXED BY sqlite_autoindex_workspace_1 ORDER BY name",
    "SELECT external_id, id FROM workspace INDEXED BY sqlite_autoindex_workspace_2 ORDER BY external_id",
    "SELECT admin, id FROM workspace INDEXED BY workspace_admin ORDER BY admin, id",
    "SELECT workspace, key, value FROM label ORDER BY workspace, key",
];

/// What is in a workspace.
const WORKSPACE: [&str; 17] = [
    "SELECT name, kind, data_center, external_id, admin, created_at, closed_source, state, revision, next_asset, next_connector FROM workspace WHERE id = ?1",
    "SELECT path, id FROM folder INDEXED BY sqlite_autoindex_folder_1 WHERE workspace = ?1 ORDER BY path",
    "SELECT id, place, kind, name, twin, version, state FROM asset WHERE workspace = ?1 ORDER BY id",
    "SELECT place, kind, name, twin, id FROM asset INDEXED BY sqlite_autoindex_asset_2 WHERE workspace = ?1 ORDER BY place, kind, name, twin",
    "SELECT name, id FROM asset INDEXED BY connection_name WHERE workspace = ?1 AND kind = 'connection' ORDER BY name, id",
    "SELECT name, asset FROM uses WHERE workspace = ?1 ORDER BY name, asset",
    "SELECT asset, name FROM uses INDEXED BY uses_asset WHERE workspace = ?1 ORDER BY asset, name",
    "SELECT id, title, internal_name, released FROM connector WHERE workspace = ?1 ORDER BY id",
    "SELECT title, id FROM connector INDEXED BY sqlite_autoindex_connector_2 WHERE workspace = ?1 ORDER BY title",
    "SELECT internal_name, id FROM connector INDEXED BY sqlite_autoindex_connector_3 WHERE workspace = ?1 ORDER BY internal_name",
    "SELECT connector, number, body FROM connector_version WHERE workspace = ?1 ORDER BY connector, number",
    "SELECT connector, version, visibility, shared_at FROM share WHERE workspace = ?1 ORDER BY connector",
    "SELECT key, value FROM label WHERE workspace = ?1 ORDER BY key",
    "SELECT number, at, who, action, subject, package FROM revision WHERE workspace = ?1 ORDER BY number",
    "SELECT revision, sum FROM checksum WHERE workspace = ?1 AND revision > 0 ORDER BY revision",
    "SELECT project, name, value, digest FROM property WHERE workspace = ?1 ORDER BY project, name",
    "SELECT asset FROM endpoint WHERE workspace = ?1 ORDER BY asset",
];

/// Sums that held when this process looked last. A file that is damaged while it is open is seen to
/// be by the next process.
static HELD: Mutex<BTreeMap<(PathBuf, i64), Digest>> = Mutex::new(BTreeMap::new());

fn sum(
    connection: &Connection,
    doing: &Doing,
    trees: &[&str],
    id: Option<i64>,
) -> Result<Digest, WorkspaceError> {
    use sha2::Digest as _;
    let mut row_bytes = Vec::new();
    let mut sums = Vec::new();
    for tree in trees {
        // A tree may be large, and is taken row by row.
        let mut all = sha2::Sha256::new();
        let mut statement = connection.prepare_cached(tree).doing(doing, "read")?;
        let columns = statement.column_count();
        let mut rows = match id {
            Some(id) => statement.query([id]),
            None => statement.query([]),
        }
        .doing(doing, "read")?;
        while let Some(row) = rows.next().doing(doing, "read")? {
            for column in 0..columns {
                add(row.get_ref(column).doing(doing, "read")?, &mut row_bytes);
            }
            all.update(&row_bytes);
            row_bytes.clear();
        }
        sums.extend_from_slice(&all.finalize());
    }
    Ok(Digest::of(&sums))
}

/// A value, so that no two of them and no two rows of them are the same bytes.
pub(super) fn add(value: ValueRef<'_>, into: &mut Vec<u8>) {
    let (kind, bytes): (u8, &[u8]) = match &value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(number) => (1, &number.to_le_bytes()[..]),
        ValueRef::Real(number) => (2, &number.to_le_bytes()[..]),
        ValueRef::Text(text) => (3, text),
        ValueRef::Blob(bytes) => (4, bytes),
    };
    add_length(kind, bytes.len(), into);
    into.extend_from_slice(bytes);
}

/// What stands before a value: its type and its length.
fn add_length(kind: u8, length: usize, into: &mut Vec<u8>) {
    into.push(kind);
    into.extend_from_slice(&(length as u64).to_le_bytes());
}

/// Whether there are sums at all, which formats before 4 had none of.
pub(super) fn are_kept(connection: &Connection, doing: &Doing) -> Result<bool, WorkspaceError> {
    connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'checksum'",
            [],
            |row| row.get::<_, i64>(0),
        )
        .map(|found| found > 0)
        .doing(doing, "read")
}

fn kept(
    connection: &Connection,
    doing: &Doing,
    workspace: i64,
    revision: i64,
) -> Result<Option<Digest>, WorkspaceError> {
    let sum: Option<Vec<u8>> = connection
        .prepare_cached("SELECT sum FROM checksum WHERE workspace = ?1 AND revision = ?2")
        .and_then(|mut statement| {
            let found = statement.query_row([workspace, revision], |row| row.get(0));
            found.optional()
        })
        .doing(doing, "read")?;
    sum.map(|sum| row::digest(&sum, doing)).transpose()
}

fn keep(
    connection: &Connection,
    doing: &Doing,
    (workspace, revision): (i64, i64),
    sum: &Digest,
) -> Result<(), WorkspaceError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO checksum (workspace, revision, sum) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut statement| {
            statement.execute(params![workspace, revision, sum.as_bytes().as_slice()])
        })
        .doing(doing, "write")
        .map(drop)
}

/// Looks whether a sum holds, unless this process knows that it does.
fn check(
    connection: &Connection,
    doing: &Doing,
    workspace: i64,
    of_it: impl FnOnce() -> Result<Digest, WorkspaceError>,
    what: impl FnOnce() -> String,
) -> Result<(), WorkspaceError> {
    let Some(kept) = kept(connection, doing, workspace, 0)? else {
        return Err(doing.damaged(format!("nothing tells whether {} is whole", what())));
    };
    let place = (doing.path().to_owned(), workspace);
    if HELD
        .lock()
        .is_ok_and(|held| held.get(&place) == Some(&kept))
    {
        return Ok(());
    }
    if of_it()? != kept {
        return Err(doing.damaged(format!("{} is not what was written", what())));
    }
    if let Ok(mut held) = HELD.lock() {
        held.insert(place, kept);
    }
    Ok(())
}

/// Looks whether the list of workspaces is what was written.
pub(super) fn check_all(connection: &Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    let of_it = || sum(connection, doing, &DIRECTORY, None);
    check(connection, doing, ALL, of_it, || {
        "the list of workspaces".to_owned()
    })
}

/// Looks whether the list of workspaces is what format 4 wrote, which had no labels in it.
pub(super) fn check_all_before_5(
    connection: &Connection,
    doing: &Doing,
) -> Result<(), WorkspaceError> {
    let trees = &DIRECTORY[..DIRECTORY.len() - 1];
    let of_it = || sum(connection, doing, trees, None);
    check(connection, doing, ALL, of_it, || {
        "the list of workspaces".to_owned()
    })
}

/// What is in a workspace of an older format: before 6 no values of properties, before 7 no API endpoints
/// that are enabled.
fn trees_of(format: u32) -> &'static [&'static str] {
    match format {
        ..6 => &WORKSPACE[..WORKSPACE.len() - 2],
        6 => &WORKSPACE[..WORKSPACE.len() - 1],
        _ => &WORKSPACE,
    }
}

/// Looks whether every workspace is what an older format wrote.
pub(super) fn check_workspaces_of(
    format: u32,
    connection: &Connection,
    doing: &Doing,
) -> Result<(), WorkspaceError> {
    let trees = trees_of(format);
    for id in workspaces(connection, doing)? {
        let of_it = || sum(connection, doing, trees, Some(id));
        check(connection, doing, id, of_it, || format!("workspace {id}"))?;
    }
    Ok(())
}

/// Keeps the sums of all workspaces as an older format had them.
#[cfg(test)]
pub(super) fn keep_workspaces_of(
    format: u32,
    connection: &Connection,
    doing: &Doing,
) -> Result<(), WorkspaceError> {
    for id in workspaces(connection, doing)? {
        let sum = sum(connection, doing, trees_of(format), Some(id))?;
        keep(connection, doing, (id, 0), &sum)?;
    }
    Ok(())
}

fn workspaces(connection: &Connection, doing: &Doing) -> Result<Vec<i64>, WorkspaceError> {
    connection
        .prepare("SELECT id FROM workspace")
        .and_then(|mut statement| {
            let ids = statement.query_map([], |row| row.get(0))?;
            ids.collect()
        })
        .doing(doing, "upgrade")
}

/// Looks whether a workspace is what was written, and the admin workspace that shares with it.
pub(super) fn check_workspace(
    connection: &Connection,
    doing: &Doing,
    id: WorkspaceId,
) -> Result<(), WorkspaceError> {
    let admin: Option<i64> = connection
        .prepare_cached("SELECT admin FROM workspace WHERE id = ?1")
        .and_then(|mut statement| {
            let admin = statement.query_row([row::column(id.0)], |row| row.get(0));
            admin.optional()
        })
        .doing(doing, "read")?
        .flatten();
    for id in std::iter::once(row::column(id.0)).chain(admin) {
        let of_it = || sum(connection, doing, &WORKSPACE, Some(id));
        check(connection, doing, id, of_it, || format!("workspace {id}"))?;
    }
    Ok(())
}

/// Looks whether every customer of an admin workspace is what was written, and whether all recipes
/// that use a connector are found by its name.
pub(super) fn check_users(
    connection: &Connection,
    doing: &Doing,
    admin: WorkspaceId,
    name: &str,
) -> Result<(), WorkspaceError> {
    let customers: Vec<u64> = connection
        .prepare_cached("SELECT id FROM workspace WHERE admin = ?1 ORDER BY id")
        .and_then(|mut statement| {
            let ids = statement.query_map([row::column(admin.0)], |row| row::number(row, 0))?;
            ids.collect()
        })
        .doing(doing, "read")?;
    for customer in customers {
        check_workspace(connection, doing, WorkspaceId(customer))?;
    }
    let count = |tree: &str| -> Result<i64, WorkspaceError> {
        connection
            .prepare_cached(tree)
            .and_then(|mut statement| statement.query_row([name], |row| row.get(0)))
            .doing(doing, "read")
    };
    let found = count("SELECT count(*) FROM uses INDEXED BY uses_name WHERE name = ?1")?;
    let there = count("SELECT count(*) FROM uses NOT INDEXED WHERE name = ?1")?;
    match found == there {
        true => Ok(()),
        false => Err(doing.damaged(format!(
            "the list of who uses `{name}` is not what was written"
        ))),
    }
}

/// Keeps the sum of the list of workspaces as it is now.
pub(super) fn keep_all(connection: &Connection, doing: &Doing) -> Result<(), WorkspaceError> {
    let sum = sum(connection, doing, &DIRECTORY, None)?;
    keep(connection, doing, (ALL, 0), &sum)
}

/// Keeps the sum of a workspace as it is now.
pub(super) fn keep_workspace(
    connection: &Connection,
    doing: &Doing,
    id: WorkspaceId,
) -> Result<(), WorkspaceError> {
    let id = row::column(id.0);
    let sum = sum(connection, doing, &WORKSPACE, Some(id))?;
    if let Ok(mut held) = HELD.lock() {
        held.insert((doing.path().to_owned(), id), sum);
    }
    keep(connection, doing, (id, 0), &sum)
}

/// Forgets the sums of a workspace that goes.
pub(super) fn forget(
    connection: &Connection,
    doing: &Doing,
    id: WorkspaceId,
) -> Result<(), WorkspaceError> {
    connection
        .execute(
            "DELETE FROM checksum WHERE workspace = ?1",
            [row::column(id.0)],
        )
        .doing(doing, "write")
        .map(drop)
}

/// A plan of very many assets is long, so no more of it is held for this.
fn of_revision(plan: &str, receipt: &str) -> Digest {
    let mut sum = Sha256::new();
    for text in [plan, receipt] {
        let mut before = Vec::new();
        add_length(3, text.len(), &mut before);
        sum.update(&before);
        sum.update(text);
    }
    Digest::from_bytes(sum.finalize().into())
}

/// Looks whether a revision's plan and receipt are what was written.
pub(super) fn check_revision(
    connection: &Connection,
    doing: &Doing,
    (id, number): (WorkspaceId, RevisionNumber),
    (plan, receipt): (&str, &str),
) -> Result<(), WorkspaceError> {
    let kept = kept(connection, doing, row::column(id.0), row::column(number.0))?;
    match kept == Some(of_revision(plan, receipt)) {
        true => Ok(()),
        false => Err(doing.damaged(format!(
            "revision {number} of workspace {id} is not what was written"
        ))),
    }
}

/// Keeps the sum of a revision's plan and receipt.
pub(super) fn keep_revision(
    connection: &Connection,
    doing: &Doing,
    (id, number): (WorkspaceId, RevisionNumber),
    (plan, receipt): (&str, &str),
) -> Result<(), WorkspaceError> {
    let key = (row::column(id.0), row::column(number.0));
    keep(connection, doing, key, &of_revision(plan, receipt))
}

/// Keeps the sums of everything that is there.
pub(super) fn keep_everything(
    connection: &Connection,
    doing: &Doing,
) -> Result<(), WorkspaceError> {
    {
        let mut statement = connection
            .prepare("SELECT workspace, number, plan, receipt FROM revision")
            .doing(doing, "upgrade")?;
        let mut rows = statement.query([]).doing(doing, "upgrade")?;
        while let Some(row) = rows.next().doing(doing, "upgrade")? {
            let read = || -> rusqlite::Result<_> {
                let key = (
                    WorkspaceId(row::number(row, 0)?),
                    RevisionNumber(row::number(row, 1)?),
                );
                Ok((key, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
            };
            let (key, plan, receipt) = read().doing(doing, "upgrade")?;
            keep_revision(connection, doing, key, (&plan, &receipt))?;
        }
    }
    keep_workspaces(connection, doing)?;
    keep_all(connection, doing)
}

/// Keeps the sums of all workspaces as they are now.
pub(super) fn keep_workspaces(
    connection: &Connection,
    doing: &Doing,
) -> Result<(), WorkspaceError> {
    for id in workspaces(connection, doing)? {
        let sum = sum(connection, doing, &WORKSPACE, Some(id))?;
        if let Ok(mut held) = HELD.lock() {
            held.insert((doing.path().to_owned(), id), sum);
        }
        keep(connection, doing, (id, 0), &sum)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// A tree that is sorted anew, or another one, would say nothing of what is searched.
    #[test]
    fn each_sum_is_of_the_tree_that_it_names() {
        let doing = Doing::on(Path::new("memory"));
        let mut connection = Connection::open_in_memory().expect("a database");
        super::super::schema::make(&mut connection, &doing).expect("a platform");
        for tree in DIRECTORY.iter().chain(&WORKSPACE) {
            let mut statement = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {tree}"))
                .expect("a plan");
            let parameters = rusqlite::params_from_iter(vec![1_i64; tree.matches("?1").count()]);
            let steps: Vec<String> = statement
                .query_map(parameters, |row| row.get(3))
                .and_then(Iterator::collect)
                .expect("steps");
            assert_eq!(steps.len(), 1, "{tree}: {steps:?}");
            match tree.split_once("INDEXED BY ") {
                Some((_, rest)) => {
                    let index = rest.split(' ').next().unwrap_or_default();
                    assert!(steps[0].contains(index), "{tree}: {steps:?}");
                }
                None => assert!(!steps[0].contains("COVERING"), "{tree}: {steps:?}"),
            }
        }
    }
}
