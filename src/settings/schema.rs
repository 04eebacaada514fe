//! The outline of a file of settings, for its schema: what [`SettingsFile::parse`] takes.
//!
//! [`SettingsFile::parse`]: super::SettingsFile::parse

#![allow(dead_code, reason = "only the schema of these types is used")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{EndpointWish, ExistingRows, RecipeWish};
use crate::model::edits::EditsPolicy;
use crate::model::table::RowsPolicy;

/// What a file of settings may say.
#[derive(Default, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SettingsText {
    /// What holds for every workspace.
    #[serde(default)]
    pub all: SectionText,
    /// What holds for targets of the manifest, and kinds of targets, by name.
    #[serde(default)]
    pub targets: BTreeMap<String, SectionText>,
    /// What holds where a label is given, by label.
    #[serde(default)]
    pub labels: BTreeMap<String, SectionText>,
    /// What holds for one workspace, by its name, external id or number.
    #[serde(default)]
    pub customers: BTreeMap<String, SectionText>,
}

/// What is said for somebody.
#[derive(Default, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SectionText {
    /// The folder that the package goes into.
    #[serde(default)]
    pub folder: Option<String>,
    /// What is done with tags.
    #[serde(default)]
    pub tags: Option<TagsText>,
    /// Properties of the whole workspace, by name.
    #[serde(default)]
    pub properties: BTreeMap<String, ValueText>,
    /// Properties of projects, by name.
    #[serde(default)]
    pub project_properties: BTreeMap<String, ValueText>,
    /// Connections, by name or by folder and name.
    #[serde(default)]
    pub connections: BTreeMap<String, ConnectionText>,
    /// Rows of tables, by name or by folder and name.
    #[serde(default)]
    pub tables: BTreeMap<String, TableText>,
    /// Recipes, by name, by folder and name, or `*` for all.
    #[serde(default)]
    pub recipes: BTreeMap<String, RecipeWish>,
    /// API endpoints, by name, by collection and name, by method and path, or `*` for all.
    #[serde(default)]
    pub endpoints: BTreeMap<String, EndpointWish>,
    /// What becomes of what somebody changed in the workspace since an import: of recipes, by name, by
    /// folder and name, or of whatever there is with `*`.
    #[serde(default)]
    pub edits: BTreeMap<String, EditsPolicy>,
}

/// What is done with tags.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagsText {
    /// Assets get those of the package.
    Apply,
    /// Assets come without tags.
    Skip,
}

/// A value, or where it stands.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum ValueText {
    /// The value.
    Text(String),
    /// Where it stands.
    Elsewhere(ElsewhereText),
}

/// Where a value stands. What comes from the environment or a file is a secret.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ElsewhereText {
    /// An environment variable.
    Env(String),
    /// A file, from the settings' folder.
    File(String),
    /// A mark: somebody has to put the value in its place.
    FillIn(String),
}

/// What becomes of a connection.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum ConnectionText {
    /// A person authorizes it.
    Person(PersonText),
    /// It gets credentials.
    Given(GivenText),
}

/// Which connection of the workspace is used.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum UsedText {
    /// Its name, or its folder and name.
    Named(String),
    /// What the platform knows it by.
    Known(KnownText),
}

/// What the platform knows a connection by.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KnownText {
    /// An id that somebody gave it over the API.
    ExternalId(String),
}

/// Who authorizes a connection.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonText {
    /// A person.
    Person,
}

/// What a connection is given.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GivenText {
    /// Its fields, at least one.
    Fields(BTreeMap<String, ValueText>),
    /// The connection of the workspace that is used in its place.
    Use(UsedText),
    /// A mark: somebody has to say it.
    FillIn(String),
}

/// What becomes of the rows of a table.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum TableText {
    /// What is done with the package's.
    Package(RowsPolicy),
    /// Others come in their place.
    Rows(RowsText),
    /// A mark: somebody has to say it.
    Mark(MarkText),
}

/// The rows of a table.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RowsText {
    /// A CSV file, from the settings' folder, whose first line names the table's columns.
    pub rows: String,
    /// What becomes of the rows that the workspace's table has; `overwrite` if nothing is said.
    #[serde(default)]
    pub existing: Option<ExistingRows>,
}

/// A mark.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MarkText {
    /// What belongs here.
    pub fill_in: String,
}
