//! What a target needs beside a package, so that the package's recipes run there: values of
//! properties, credentials of connections, and which recipes start.
//!
//! 1. [`SettingsFile::parse`] reads a file, and tells all that is wrong with it at once.
//! 2. [`Resolved::of`] takes from several files what holds for one workspace: what is said for a
//!    customer before what is said for a label, for a target and for all.
//! 3. [`Resolved::fill`] reads the values that stand elsewhere, in the environment or in files.
//! 4. [`needs::Needs`] is what a package needs to be told, as a file to fill in.
//!
//! Secrets are values that come from the environment or a file. They are named, never shown.

pub mod customer;
mod fill;
pub mod freeze;
pub mod needs;
mod parse;
mod resolve;
pub mod rows;
mod schema;

pub use fill::{Filled, FilledConnection, FilledTable, ResolvedSettings, Shown, ValueSource};
pub use resolve::{Resolved, Whom};
pub use schema::SettingsText;

use std::collections::BTreeMap;
use std::fmt;

use crate::model::edits::EditsPolicy;
use crate::model::ident::Digest;
use crate::model::keyword::keyword_enum;
use crate::model::span::Span;
use crate::model::table::RowsPolicy;
use crate::model::workspace::FolderPath;

/// A file of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// What it is called.
    pub path: String,
    /// The digest of its text.
    pub digest: Digest,
    /// What it says, and for whom.
    pub sections: Vec<(Scope, Section)>,
}

impl SettingsFile {
    /// How many marks nobody has filled in, for whomever.
    pub fn marks(&self) -> usize {
        let is_mark = |value: &Value| matches!(value, Value::Unfilled(_));
        let sections = self.sections.iter().map(|(_, section)| {
            let properties = section.properties.values().map(|said| &said.value);
            let connections = section.connections.values().map(|said| match &said.value {
                ConnectionWish::Fields(fields) => {
                    fields.values().filter(|one| is_mark(one)).count()
                }
                ConnectionWish::Person | ConnectionWish::Use(_) => 0,
                ConnectionWish::Unfilled(_) => 1,
            });
            let tables = section.tables.values().map(|said| match &said.value {
                TableWish::Package(_) | TableWish::Rows { .. } => 0,
                TableWish::Unfilled(_) => 1,
            });
            let values = properties.filter(|one| is_mark(one)).count();
            values + connections.sum::<usize>() + tables.sum::<usize>()
        });
        sections.sum()
    }
}

/// Whom a section is for; what comes later counts more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Every workspace.
    All,
    /// Those that a package for this target of the manifest goes to.
    Target(String),
    /// Those that this label is given for.
    Label(String),
    /// One workspace.
    Customer(String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Target(name) => write!(f, "targets.{name}"),
            Self::Label(name) => write!(f, "labels.{name}"),
            Self::Customer(name) => write!(f, "customers.{name}"),
        }
    }
}

/// What is said for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The folder that the package goes into.
    pub folder: Option<Said<FolderPath>>,
    /// What is done with tags: `apply` or `skip`.
    pub tags: Option<Said<String>>,
    /// Values of properties.
    pub properties: BTreeMap<PropertyName, Said<Value>>,
    /// Connections, by name or by folder and name.
    pub connections: BTreeMap<String, Said<ConnectionWish>>,
    /// Tables, by name or by folder and name.
    pub tables: BTreeMap<String, Said<TableWish>>,
    /// Recipes, by name, by folder and name, or `*` for all.
    pub recipes: BTreeMap<String, Said<RecipeWish>>,
    /// API endpoints, by name, by collection and name, by method and path, or `*` for all.
    pub endpoints: BTreeMap<String, Said<EndpointWish>>,
    /// What becomes of what somebody changed in the workspace: of recipes, by name, by folder and name,
    /// or of whatever there is with `*`.
    pub edits: BTreeMap<String, Said<EditsPolicy>>,
}

keyword_enum! {
    /// Whose property it is.
    pub enum PropertyLevel: "level of a property" {
        /// The whole workspace's.
        Workspace = "workspace",
        /// A project's.
        Project = "project",
    }
}

/// A property as settings name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyName {
    /// Whose it is.
    pub level: PropertyLevel,
    /// Its name.
    pub name: String,
}

impl fmt::Display for PropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            PropertyLevel::Workspace => write!(f, "property \"{}\"", self.name),
            PropertyLevel::Project => write!(f, "project property \"{}\"", self.name),
        }
    }
}

/// Something that is said, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What is said.
    pub value: T,
    /// Where.
    pub at: Origin,
}

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// For whom.
    pub scope: Scope,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} [{}]", self.file, self.line, self.scope)
    }
}

/// A value, or where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The value.
    Text(String),
    /// An environment variable. The value is a secret.
    Env(String),
    /// A file, from the settings' own folder. The value is a secret.
    File(String),
    /// A mark: somebody has to put the value in its place.
    Unfilled(String),
}

/// What becomes of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionWish {
    /// It gets these fields, unless it is authorised already.
    Fields(BTreeMap<String, Value>),
    /// Another connection of the workspace is used in its place.
    Use(UsedConnection),
    /// A person authorises it: for applications that ask somebody to agree.
    Person,
    /// Nobody said yet.
    Unfilled(String),
}

/// Which connection of the workspace is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsedConnection {
    /// The one of this name, or of this folder and name.
    Named(String),
    /// The one that the platform knows by this external id.
    ExternalId(String),
}

impl fmt::Display for UsedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "\"{name}\""),
            Self::ExternalId(id) => write!(f, "external id \"{id}\""),
        }
    }
}

/// What becomes of the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableWish {
    /// What is done with those of the package.
    Package(RowsPolicy),
    /// These take the place of the package's.
    Rows {
        /// The file, from the settings' own folder.
        file: String,
        /// What becomes of those that the workspace's table has.
        existing: ExistingRows,
    },
    /// Nobody said yet.
    Unfilled(String),
}

keyword_enum! {
    /// What becomes of the rows that a table of the workspace has.
    pub enum ExistingRows: "choice for rows that are there" {
        /// They stay, and no others come.
        Keep = "keep",
        /// Others take their place.
        Overwrite = "overwrite",
    }
}

keyword_enum! {
    /// What becomes of a recipe after the import.
    pub enum RecipeWish: "choice for a recipe" {
        /// It runs.
        Start = "start",
        /// It does not run.
        Stop = "stop",
        /// It stays as the import leaves it.
        Leave = "leave",
    }
}

keyword_enum! {
    /// What becomes of an API endpoint after the import.
    pub enum EndpointWish: "choice for an API endpoint" {
        /// It can be called.
        Enable = "enable",
        /// It can't be called.
        Disable = "disable",
        /// It stays as it is.
        Leave = "leave",
    }
}

/// One thing that is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct SettingsError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl SettingsError {
    fn at(file: &str, place: &Span, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: place.line,
            column: place.column,
            message: message.into(),
            help: None,
        }
    }

    fn of(at: &Origin, message: impl Into<String>) -> Self {
        Self {
            file: at.file.clone(),
            line: at.line,
            column: 1,
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests;
