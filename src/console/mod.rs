//! Pages on this machine for what people do with an admin workspace's shared connectors (look at them,
//! share, update, switch and remove them, and stop the recipes that stand in the way), and with a
//! project: tick what its package takes, look at what that is for each target, and make it; look at what a package would do in a workspace, and
//! import it.
//!
//! A page is made of the very document that the command prints with `--json`, and shows nothing else.
//! A change is planned, looked at and confirmed; the confirmation names the plan by its digest, and is
//! carried out by the same functions and with the same approval as on the command line.

mod answer;
mod fields;
mod frame;
mod guard;
mod importing;
mod packing;
mod pages;
mod reply;
mod route;
mod server;
mod session;

pub use importing::{ImportWish, Importing, PlannedImport};
pub use packing::{Packing, Words, WrittenManifest};
pub use server::{ServeError, serve};

use std::sync::Mutex;

use crate::model::workspace::{Address, Timestamp};
use crate::ops::Running;
use crate::ops::diagnostics::Diagnostic;
use crate::ops::workspace::catalog::{CatalogError, SharingRefusal};
use crate::ops::workspace::operate::OperateError;
use crate::workspace::AdminWorkspace;
use session::Sessions;

/// How a console is served.
pub struct Settings {
    /// Where it listens: a port of the own machine, 0 for any.
    pub port: u16,
    /// Whether anything may be changed.
    pub changes: Changes,
    /// A number that nobody can guess.
    pub secret: [u8; 32],
    /// What it knows of its surroundings.
    pub host: Box<dyn Host>,
    /// How work is done, and when to stop.
    pub running: Running,
}

/// Whether a console changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// It does, once somebody confirms it.
    Confirmed,
    /// It only shows.
    Never,
}

/// What a console is told by whoever serves it: where workspaces are, and how what goes wrong is told
/// on the command line.
pub trait Host: Send + Sync {
    /// The workspaces that it is about.
    ///
    /// # Errors
    /// If that can't be found out.
    fn workspaces(&self) -> Result<Vec<Address>, Trouble>;

    /// Opens a workspace. `work` says what for, to whoever has to wait.
    ///
    /// # Errors
    /// If it is not there, or can't be opened.
    fn open(&self, address: &Address, work: &str) -> Result<Box<dyn AdminWorkspace>, Trouble>;

    /// The same, to do no more than stop recipes.
    ///
    /// # Errors
    /// If it is not there, or can't be opened.
    fn open_to_stop(
        &self,
        address: &Address,
        work: &str,
    ) -> Result<Box<dyn AdminWorkspace>, Trouble>;

    /// Why what is shared was not looked at or changed.
    fn catalog(&self, about: About<'_>, error: CatalogError) -> Trouble;

    /// Why nothing was done in a workspace.
    fn operate(&self, about: About<'_>, error: OperateError) -> Trouble;

    /// Why a change is not approved.
    fn refused(&self, about: About<'_>, refusal: &SharingRefusal) -> Trouble;

    /// What was looked at is not what is there any more.
    fn stale(&self, about: About<'_>) -> Trouble;

    /// How packages are imported.
    fn importing(&self) -> &dyn Importing;

    /// The project whose package it makes, if there is one.
    fn packing(&self) -> Option<&dyn Packing>;

    /// The options that name a workspace in commands: `--in local:studio`.
    fn options(&self, address: &Address) -> String;

    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Hears of what was changed, and of new addresses.
    fn tell(&self, line: &str);

    /// A page without what is secret.
    fn unsecret(&self, page: &str) -> String;
}

/// What somebody asked for.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The workspace.
    pub address: &'a Address,
    /// The verb of the command that does the same: `share`.
    pub verb: &'static str,
    /// The connector, as it was called.
    pub named: Option<&'a str>,
}

/// Why something was not done, as it is told on the command line too.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Which sort of trouble it is.
    pub sort: Sort,
    /// What is wrong, each with what to do.
    pub told: Vec<Diagnostic>,
}

/// A sort of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// What was asked for can't be.
    Failed,
    /// A safety rule is against it.
    Refused,
    /// No token, or one that is not accepted.
    NotAuthorised,
    /// It may be tried again.
    Temporary,
    /// It was done in part, or nobody knows whether it was done.
    Unclear,
}

/// A console that is served.
struct Console {
    port: u16,
    changes: Changes,
    host: Box<dyn Host>,
    sessions: Mutex<Sessions>,
}
