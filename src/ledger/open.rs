//! A ledger by its address.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{Ledger, LedgerError};

/// What is done where there is no ledger yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfAbsent {
    /// One is made.
    Make,
    /// It is told.
    Refuse,
}

/// What is known of a login to PostgreSQL beside the address. The environment is the caller's to read.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// Whom to log in as where the address doesn't say: `PGUSER`.
    pub user: Option<String>,
    /// The password, unless the address has one: `PGPASSWORD`.
    pub password: Option<SecretString>,
    /// A file of passwords, which counts where there is no other: `PGPASSFILE`, or `~/.pgpass`.
    pub passwords: Option<PathBuf>,
    /// Certificates of authorities (PEM), unless the address names some: `PGSSLROOTCERT`. Without them
    /// those of the system are trusted.
    pub authorities: Option<PathBuf>,
}

/// Opens a ledger: `postgres://USER@HOST/DATABASE`, or the path of an SQLite file.
///
/// # Errors
/// If it can't be opened, is no ledger, or this build has no such ledgers.
pub fn open(
    address: &Path,
    login: &Login,
    absent: IfAbsent,
) -> Result<Box<dyn Ledger>, LedgerError> {
    let kind = address.to_str().and_then(|text| text.split_once("://"));
    match (kind, address.to_str()) {
        (Some(("postgres" | "postgresql", _)), Some(address)) => database(address, login, absent),
        (Some((other, _)), _) => Err(LedgerError::NoLedger(format!(
            "`{}` is no kind of ledger: postgres://USER@HOST/DATABASE or the path of a file is expected",
            other.escape_debug()
        ))),
        (None, _) => file(address, absent),
    }
}

#[cfg(feature = "postgres")]
fn database(
    address: &str,
    login: &Login,
    absent: IfAbsent,
) -> Result<Box<dyn Ledger>, LedgerError> {
    let ledger = super::postgres::PostgresLedger::open(address, login, absent)?;
    Ok(Box::new(ledger))
}

#[cfg(not(feature = "postgres"))]
fn database(
    _address: &str,
    _login: &Login,
    _absent: IfAbsent,
) -> Result<Box<dyn Ledger>, LedgerError> {
    let why = "this build can't use PostgreSQL (its feature `postgres` is off)";
    Err(LedgerError::NoLedger(why.to_owned()))
}

#[cfg(feature = "local")]
fn file(path: &Path, absent: IfAbsent) -> Result<Box<dyn Ledger>, LedgerError> {
    Ok(Box::new(super::sqlite::SqliteLedger::open(path, absent)?))
}

#[cfg(not(feature = "local"))]
fn file(_path: &Path, _absent: IfAbsent) -> Result<Box<dyn Ledger>, LedgerError> {
    let why = "this build has no files of SQLite (its feature `local` is off)";
    Err(LedgerError::NoLedger(why.to_owned()))
}
