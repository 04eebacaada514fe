//! How the API is spoken to.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::workspace::ApiHost;

/// How the API is spoken to.
#[derive(Debug)]
pub struct Settings {
    /// Where it is.
    pub host: ApiHost,
    /// The token. It is never shown, and sent to no other host.
    pub token: SecretString,
    /// Certificates (PEM) that are trusted in place of the usual ones.
    pub certificates: Option<PathBuf>,
    /// How often requests are made.
    pub limits: Limits,
    /// How long answers are waited for.
    pub timeouts: Timeouts,
}

/// How many requests are made at most (platform.md §1.6, §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a minute, imports not counted; none for no limit.
    pub per_minute: Option<NonZeroU32>,
    /// Imports an hour.
    pub imports_per_hour: Option<NonZeroU32>,
    /// Imports into customers' workspaces, and questions after them, a minute.
    pub customer_imports_per_minute: Option<NonZeroU32>,
}

impl Limits {
    /// Those that the platform documents.
    pub const DOCUMENTED: Self = Self {
        per_minute: NonZeroU32::new(60),
        imports_per_hour: NonZeroU32::new(500),
        customer_imports_per_minute: NonZeroU32::new(1000),
    };
    /// None at all.
    pub const NONE: Self = Self {
        per_minute: None,
        imports_per_hour: None,
        customer_imports_per_minute: None,
    };
}

/// How long answers are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For a request with its answer. Uploads and downloads get more, by their size.
    pub request: Duration,
    /// For a request with all its repetitions.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(60),
            total: Duration::from_secs(180),
        }
    }
}

/// Sleeping that somebody may cut short.
pub trait Pauses: Send + Sync {
    /// Sleeps.
    ///
    /// # Errors
    /// If somebody asked to stop.
    fn pause(&self, time: Duration) -> Result<(), Cut>;
}

/// Somebody asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;
