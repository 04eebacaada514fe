//! A ledger by its address.

use std::path::Path;

use super::{Ledger, LedgerError};

/// What is done where there is no ledger yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfAbsent {
    /// One is made.
    Make,
    /// It is told.
    Refuse,
}

/// Opens a ledger: the path of an SQLite file.
///
/// # Errors
/// If it can't be opened, is no ledger, or this build has no such ledgers.
pub fn open(address: &Path, absent: IfAbsent) -> Result<Box<dyn Ledger>, LedgerError> {
    file(address, absent)
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
