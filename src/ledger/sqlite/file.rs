//! Opening a ledger's file, and making one.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::schema::{self, Found};
use super::{Doing, Failed as _};
use crate::io::atomic::make_lasting_folder;
use crate::io::sqlite::make_durable;
use crate::io::system::{hard_links, network_file_system, private_file, sync_folder};
use crate::ledger::{IfAbsent, LedgerError};

/// How long somebody who writes is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether a file that somebody else makes is made.
const PAUSE: Duration = Duration::from_millis(20);
/// Statements that are kept prepared.
const STATEMENTS: usize = 64;

/// Opens a file, and makes one first if that is wanted.
pub(super) fn open(
    path: &Path,
    absent: IfAbsent,
    doing: &Doing,
) -> Result<Connection, LedgerError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            // Beside another name lie other journals: whoever writes by that one destroys what is
            // written by this one.
            if hard_links(path).map_err(|error| doing.io(error))? > 1 {
                return Err(doing.no_ledger(
                    "it has more than one name (hard links), and may be written to by each; copy it to a file of its own",
                ));
            }
        }
        Ok(_) => return Err(doing.no_ledger("it is no file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match absent {
            IfAbsent::Refuse => {
                return Err(LedgerError::Absent("there is no such file".to_owned()));
            }
            IfAbsent::Make => make_file(path, folder, doing)?,
        },
        Err(error) => return Err(doing.io(error)),
    }
    // The log beside the file is memory that its users share, and there is none between machines.
    if let Some(system) = network_file_system(path) {
        return Err(doing.no_ledger(&format!(
            "it lies on a network file system ({system}), where SQLite can't tell who writes; use a file on this machine, or PostgreSQL"
        )));
    }
    let began = Instant::now();
    loop {
        match settled(path, absent, doing) {
            // Two that make one file at once can be in each other's way, whom SQLite does not have wait.
            Err(LedgerError::Unavailable(_)) if began.elapsed() < PATIENCE => thread::sleep(PAUSE),
            settled => return settled,
        }
    }
}

/// A file for its owner only: SQLite makes files that others can read, and gives its journals the mode
/// of the file.
fn make_file(path: &Path, folder: &Path, doing: &Doing) -> Result<(), LedgerError> {
    make_lasting_folder(folder).map_err(|error| doing.io(error))?;
    if let Some(system) = network_file_system(folder) {
        return Err(doing.no_ledger(&format!(
            "it would lie on a network file system ({system}), where SQLite can't tell who writes; use a file on this machine, or PostgreSQL"
        )));
    }
    let file = private_file().open(path).map_err(|error| doing.io(error))?;
    // Closing it would free the locks that another connection of this process may have by now.
    std::mem::forget(file);
    sync_folder(folder).map_err(|error| doing.io(error))
}

fn connect(path: &Path, doing: &Doing) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = match Connection::open_with_flags(path, flags) {
        Ok(connection) => connection,
        // SQLite says that it could not open the file; the system says why.
        Err(error) => {
            return Err(match File::open(path) {
                Err(why) => doing.io(why),
                Ok(file) => {
                    std::mem::forget(file);
                    doing.failed(&error)
                }
            });
        }
    };
    connection.busy_timeout(PATIENCE).on(doing)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// A connection to a ledger of this format.
fn settled(path: &Path, absent: IfAbsent, doing: &Doing) -> Result<Connection, LedgerError> {
    let mut connection = connect(path, doing)?;
    // What is another program's is not written to.
    match (schema::look(&connection, doing)?, absent) {
        (Found::Ledger, _) => make_durable(&connection).on(doing)?,
        (Found::Empty, IfAbsent::Refuse) => {
            return Err(LedgerError::Absent("it is empty".to_owned()));
        }
        (Found::Empty, IfAbsent::Make) => {
            make_durable(&connection).on(doing)?;
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .on(doing)?;
            // Another process may have been faster.
            if schema::look(&transaction, doing)? == Found::Empty {
                schema::make(&transaction).on(doing)?;
            }
            transaction.commit().on(doing)?;
        }
    }
    Ok(connection)
}
