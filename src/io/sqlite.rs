//! SQLite files whose contents survive a power cut, and what went wrong with them.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ffi};

/// Settings under which what was reported as done survives a power cut, and readers never wait: a
/// write-ahead log that is synchronised with every transaction. Where there can be no such log, `extra`
/// makes up for it.
///
/// # Errors
/// If SQLite refuses them.
pub fn make_durable(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))
        .and_then(|_| connection.pragma_update(None, "synchronous", "extra"))
        .and_then(|()| connection.pragma_update(None, "foreign_keys", "on"))
        .and_then(|()| connection.pragma_update(None, "cache_size", -4_096))
        .and_then(|()| connection.pragma_update(None, "trusted_schema", "off"))
        // Cells that can't be where they are said to be are told of at once.
        .and_then(|()| connection.pragma_update(None, "cell_size_check", "on"))
        // Statements are planned once, not anew for every value that a partial index may depend on.
        .and_then(|()| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true))
        .map(drop)
}

/// Why something failed, for people: SQLite's own words are few, and its number says more.
pub fn why(path: &Path, error: &rusqlite::Error) -> String {
    let Some(known) = error.sqlite_error() else {
        return error.to_string();
    };
    let beside = |ending: &str| format!("{}{ending}", path.display());
    match known.extended_code {
        ffi::SQLITE_FULL => "there is no room on the disk".to_owned(),
        ffi::SQLITE_IOERR_SHMOPEN | ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_SHMMAP => {
            format!("{} can't be made: is there room?", beside("-shm"))
        }
        ffi::SQLITE_IOERR_READ => "the disk can't be read".to_owned(),
        ffi::SQLITE_IOERR_WRITE => "the disk can't be written to: is there room?".to_owned(),
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => {
            "the disk does not confirm what was written".to_owned()
        }
        ffi::SQLITE_IOERR_TRUNCATE => "a file can't be cut".to_owned(),
        ffi::SQLITE_READONLY | ffi::SQLITE_READONLY_DIRECTORY => {
            "the file or its folder may not be written to".to_owned()
        }
        ffi::SQLITE_READONLY_CANTINIT | ffi::SQLITE_READONLY_CANTLOCK => format!(
            "{} is needed, and the folder may not be written to",
            beside("-shm")
        ),
        ffi::SQLITE_CANTOPEN => format!("{} can't be made or opened", beside("-wal")),
        code => format!("{error} (SQLite's error {code})"),
    }
}
