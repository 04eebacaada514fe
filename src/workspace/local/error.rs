//! What SQLite says, as errors of a workspace.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::io::sqlite::why;
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
                source: why(&self.0, &error).into(),
            },
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
