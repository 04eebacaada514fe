//! What SQLite says, as errors of a workspace.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::workspace::WorkspaceError;

/// The platform that work is done on, for errors.
#[derive(Clone, Debug)]
pub(super) struct Doing(PathBuf);

impl Doing {
    pub(super) fn on(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn platform(&self) -> String {
        self.0.display().to_string()
    }

    pub(super) fn no_platform(&self, reason: &str) -> WorkspaceError {
        WorkspaceError::NoPlatform {
            platform: self.platform(),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn damaged(&self, what: impl Into<String>) -> WorkspaceError {
        WorkspaceError::Damaged {
            platform: self.platform(),
            what: what.into(),
        }
    }

    pub(super) fn io(&self, doing: &'static str, source: std::io::Error) -> WorkspaceError {
        WorkspaceError::Io {
            platform: self.platform(),
            doing,
            source: source.into(),
        }
    }

    pub(super) fn sqlite(&self, doing: &'static str, error: rusqlite::Error) -> WorkspaceError {
        use rusqlite::Error;
        // What no column of this program holds.
        if let Error::InvalidColumnType(..)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..) = &error
        {
            return self.damaged(error.to_string());
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => self.no_platform("it is no database"),
            Some(ErrorCode::DatabaseCorrupt) => self.damaged(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => WorkspaceError::Busy {
                platform: self.platform(),
                holder: "another program".to_owned(),
            },
            _ => WorkspaceError::Io {
                platform: self.platform(),
                doing,
                source: self.why(&error).into(),
            },
        }
    }

    /// SQLite's own words are few, and its number says more.
    fn why(&self, error: &rusqlite::Error) -> String {
        use rusqlite::ffi;
        let Some(known) = error.sqlite_error() else {
            return error.to_string();
        };
        let beside = |ending: &str| format!("{}{ending}", self.platform());
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
}

/// Says of what SQLite failed at.
pub(super) trait Failed<T> {
    fn doing(self, on: &Doing, doing: &'static str) -> Result<T, WorkspaceError>;
}

impl<T> Failed<T> for Result<T, rusqlite::Error> {
    fn doing(self, on: &Doing, doing: &'static str) -> Result<T, WorkspaceError> {
        self.map_err(|error| on.sqlite(doing, error))
    }
}
