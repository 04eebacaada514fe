//! A platform's file that was damaged is told to be, or nothing of what it says is another.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use recipack::model::ident::{Digest, Version};
use recipack::model::workspace::{Scope, WorkspaceKind};
use recipack::workspace::local::LocalPlatform;
use recipack::workspace::{AdminWorkspace as _, Workspace as _, WorkspaceError};

use rusqlite::types::Value;

use super::writing;
use crate::support::Place;
use crate::support::damage::Numbers;
use crate::support::lines::{done, ends};
use crate::support::sandbox::partner;

/// How many damaged copies are tried.
const COPIES: usize = 1_500;

fn used() -> Place {
    let place = partner();
    done(&place, "import external.zip --into local:osprey");
    done(&place, "import customer.zip --into local:kestrel");
    done(&place, "customer label kestrel plan=gold");
    done(&place, "rollback local:osprey --yes");
    done(&place, "import external.zip --into local:osprey --yes");
    place
}

/// All that a platform says, as text.
fn all_of(path: &Path) -> Result<String, WorkspaceError> {
    let platform = LocalPlatform::open(path, writing("look", Duration::ZERO))?;
    let mut text = String::new();
    let mut say = |what: &dyn std::fmt::Debug| {
        let _ = writeln!(text, "{what:?}");
    };
    let summaries = platform.workspaces()?;
    say(&summaries);
    say(&platform.customers(None)?);
    for summary in summaries {
        let workspace = platform.workspace(&summary.facts.name)?;
        let inventory = workspace.inventory()?;
        say(&inventory);
        say(&workspace.snapshot(&Scope::default())?);
        say(&workspace.times()?);
        say(&workspace.folder_numbers()?);
        for header in workspace.revisions()? {
            say(&workspace.revision(header.number)?);
        }
        let mut contents = Vec::new();
        for asset in &inventory.assets {
            for number in 1..=asset.version.0 {
                let body = workspace.asset_version(asset.id, Version(number))?;
                contents.extend(body.files.iter().map(|file| file.content));
                say(&body);
            }
        }
        for version in inventory.connectors.iter().flat_map(|held| &held.versions) {
            contents.extend(version.json.into_iter().chain(version.code));
            contents.extend(version.logo.iter().map(|logo| logo.content));
        }
        let mut bytes = Vec::new();
        for content in contents {
            workspace.content(&content, &mut bytes)?;
            say(&bytes);
        }
        if summary.facts.kind == WorkspaceKind::Admin {
            // Who uses a connector is looked at where it is removed.
            say(&workspace.partnership(&|_| false)?);
            say(&workspace.shared_since()?);
        }
    }
    Ok(text)
}

#[test]
fn a_damaged_platform_is_refused_or_says_the_same() {
    let place = used();
    let written = fs::read(place.path("p.db")).expect("a platform");
    let expected = all_of(&place.path("p.db")).expect("it is whole");
    let mut numbers = Numbers(20_240_229);
    let (mut refused, mut same) = (0, 0);
    for copy in 0..COPIES {
        // A name of its own: what held in a process is not looked at again.
        let path = place.path(&format!("{copy}.db"));
        fs::write(&path, numbers.damaged(&written)).expect("written");
        match all_of(&path) {
            Err(_) => refused += 1,
            Ok(said) => {
                assert!(said == expected, "copy {copy} says something else");
                same += 1;
            }
        }
        for ending in ["", ".lock", "-wal", "-shm"] {
            let _ = fs::remove_file(place.path(&format!("{copy}.db{ending}")));
        }
    }
    // Much of a file is not in use, or is not looked at.
    assert!(refused > COPIES / 3, "{refused} refused, {same} the same");
}

/// What `catalog` and `customer` commands read of all customers at once.
fn catalogue_of(path: &Path) -> Result<String, WorkspaceError> {
    let platform = LocalPlatform::open(path, writing("look", Duration::ZERO))?;
    let studio = "studio".parse().expect("a name");
    let mut partnership = platform.workspace(&studio)?.partnership(&|_| true)?;
    // By another state than the one it was made for, a plan is refused.
    partnership.customers_state = Digest::of(b"");
    Ok(format!("{partnership:?}"))
}

/// Another value of the same type.
fn changed(value: Value) -> Option<Value> {
    Some(match value {
        Value::Integer(number) => Value::Integer(number + 1),
        Value::Text(text) => Value::Text(match text.strip_suffix('x') {
            Some(text) => format!("{text}y"),
            None => format!("{text}x"),
        }),
        Value::Blob(mut bytes) => {
            *bytes.last_mut()? ^= 1;
            Value::Blob(bytes)
        }
        Value::Null | Value::Real(_) => return None,
    })
}

/// Another program that changes a value changes indices with it.
#[test]
fn every_column_of_every_table_that_says_something_else_is_told() {
    let place = used();
    let written = place.path("p.db");
    // Nothing is left in the log beside it.
    let connection = rusqlite::Connection::open(&written).expect("a database");
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .and_then(|mut tables| tables.query_map([], |row| row.get(0))?.collect())
        .expect("tables");
    connection
        .pragma_update_and_check(None, "wal_checkpoint", "truncate", |_| Ok(()))
        .expect("in the file");
    let whole = (
        all_of(&written).expect("it is whole"),
        catalogue_of(&written).expect("it is whole"),
    );
    let mut refused = BTreeSet::new();
    let (mut refused_by_catalogue, mut same) = (BTreeSet::new(), BTreeSet::new());
    for table in &tables {
        let columns: Vec<String> = connection
            .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
            .and_then(|mut columns| columns.query_map([], |row| row.get(0))?.collect())
            .expect("columns");
        for column in columns {
            let values: Vec<Value> = connection
                .prepare(&format!(
                    "SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1 DESC LIMIT 4"
                ))
                .and_then(|mut values| values.query_map([], |row| row.get(0))?.collect())
                .expect("values");
            for (number, value) in values.into_iter().enumerate() {
                let name = format!("{table}.{column}.{number}.db");
                let path = place.path(&name);
                fs::copy(&written, &path).expect("copied");
                let other = rusqlite::Connection::open(&path).expect("a database");
                other
                    .pragma_update(None, "foreign_keys", "off")
                    .expect("off");
                let new = changed(value.clone()).expect("another one");
                let update =
                    format!("UPDATE OR IGNORE {table} SET {column} = ?1 WHERE {column} = ?2");
                let rows = other.execute(&update, (&new, &value)).expect("changed");
                drop(other);
                if rows == 0 {
                    continue;
                }
                let reads = [
                    (&whole.0, all_of(&path), &mut refused),
                    (&whole.1, catalogue_of(&path), &mut refused_by_catalogue),
                ];
                for (whole, found, refused) in reads {
                    match found {
                        Err(_) => refused.insert(format!("{table}.{column}")),
                        Ok(found) => {
                            assert!(found == *whole, "{name} says something else");
                            same.insert(format!("{table}.{column}"))
                        }
                    };
                }
            }
        }
    }
    // Whoever reads all of it is told of each.
    let told: BTreeSet<_> = refused.union(&refused_by_catalogue).cloned().collect();
    let never: Vec<_> = same.difference(&told).collect();
    assert_eq!(never, [""; 0]);
    for column in [
        "uses.name",
        "uses.asset",
        "asset.state",
        "usage.sum",
        "label.value",
    ] {
        assert!(refused_by_catalogue.contains(column), "{column}");
    }
}

/// A file in which a word stands otherwise, wherever it stands.
fn with(place: &Place, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let path = place.path("p.db");
    let mut bytes = fs::read(&path).expect("a platform");
    let mut found = 0;
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old.as_bytes()) {
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{old}");
    fs::write(&path, bytes).expect("written");
}

#[test]
fn what_is_damaged_is_named_and_the_rest_can_be_saved() {
    let place = used();
    with(&place, "Quote shipping", "Quote skipping");
    let before = fs::read(place.path("p.db")).expect("a platform");
    for line in [
        "workspace list",
        "workspace show osprey",
        "plan external.zip --into local:osprey",
        "import external.zip --into local:osprey --yes",
        "history local:osprey",
        "recipe start --all --in local:osprey",
        "workspace export osprey -o saved.zip",
    ] {
        ends(
            &place,
            line,
            1,
            &[
                "error[damaged]: ",
                " is not what was written",
                "put a copy of the file in its place",
                "recipack workspace export",
            ],
        );
    }
    assert!(fs::read(place.path("p.db")).expect("a platform") == before);
    done(&place, "workspace show studio");
    done(&place, "catalog pull --in local:studio");
}
