//! The outline of `recipack.toml`, for its schema: what [`Manifest::parse`] takes.
//!
//! [`Manifest::parse`]: super::Manifest::parse

#![allow(dead_code, reason = "only the schema of these types is used")]

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use schemars::JsonSchema;

use super::Level;
use crate::model::finding::Code;
use crate::model::ident::{
    ConnectorTitle, DataCenter, Fingerprint, PackageName, TagName, TargetName, TypeWord,
};
use crate::model::target::{ConnectorPolicy, TargetKind};
use crate::settings::SettingsText;

/// What `recipack.toml` may say.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ManifestText {
    /// What is packed, under which name and limit.
    #[serde(default)]
    pub package: PackageText,
    /// Which of its assets. A list that is empty or absent allows everything.
    #[serde(default)]
    pub select: SelectText,
    /// What is done with connectors for every target, by title.
    #[serde(default)]
    pub connectors: BTreeMap<ConnectorTitle, ConnectorPolicy>,
    /// Where packages go, by name.
    #[serde(default)]
    pub targets: BTreeMap<TargetName, TargetText>,
    /// The workspaces that a package goes through, by name.
    #[serde(default)]
    pub environments: BTreeMap<TargetName, EnvironmentText>,
    /// How much findings matter, by code.
    #[serde(default)]
    pub checks: BTreeMap<Code, Level>,
    /// The findings that are allowed.
    #[serde(default)]
    pub allow: Vec<AllowText>,
    /// What the display names of assets have to match, by type.
    #[serde(default)]
    pub naming: BTreeMap<TypeWord, String>,
    /// What targets need beside a package.
    #[serde(default)]
    pub settings: SettingsText,
}

/// What is packed.
#[derive(Default, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PackageText {
    /// The stem of the zip's file name.
    #[serde(default)]
    #[schemars(with = "PackageName")]
    pub name: Option<PackageName>,
    /// The project: a folder, a package zip or an address; a path is relative to the manifest.
    #[serde(default)]
    #[schemars(with = "String")]
    pub project: Option<String>,
    /// The largest package that is made, in megabytes.
    #[serde(default)]
    #[schemars(with = "NonZeroU64")]
    pub limit_mb: Option<NonZeroU64>,
    /// The catalogue: a file, an admin workspace's address, or `none` for a partner who shares nothing.
    #[serde(default)]
    #[schemars(with = "String")]
    pub catalog: Option<String>,
}

/// Which assets are taken.
#[derive(Default, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SelectText {
    /// Patterns of paths that may come.
    #[serde(default)]
    pub include: Vec<String>,
    /// Patterns of paths that may not.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Types that may come.
    #[serde(default)]
    pub types: Vec<TypeWord>,
    /// Folders that assets may come from.
    #[serde(default)]
    pub folders: Vec<String>,
    /// Tags of which a recipe must carry one.
    #[serde(default)]
    pub tags: Vec<TagName>,
}

/// A target.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TargetText {
    /// Whose workspace it is.
    pub kind: TargetKind,
    /// The data center it lives in.
    #[serde(default)]
    #[schemars(with = "DataCenter")]
    pub data_center: Option<DataCenter>,
    /// What is done with connectors for this target only.
    #[serde(default)]
    pub connectors: BTreeMap<ConnectorTitle, ConnectorPolicy>,
    /// The catalogue for this target only.
    #[serde(default)]
    #[schemars(with = "String")]
    pub catalog: Option<String>,
}

/// A workspace that a package goes through.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum EnvironmentText {
    /// Its address.
    Address(String),
    /// Its address, and what else holds for it.
    Table(EnvironmentTable),
}

/// The same as a table.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EnvironmentTable {
    /// `local:NAME`, `https://HOST`, `profile:NAME` or `customer:ID`.
    pub address: String,
    /// For how long a package has to have been there before it goes on: a number with `s`, `m`, `h`
    /// or `d`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub min_soak: Option<String>,
}

/// A finding that is allowed.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AllowText {
    /// Its code.
    pub code: Code,
    /// What it is known by.
    pub fingerprint: Fingerprint,
    /// Why it is right.
    #[schemars(length(min = 1))]
    pub reason: String,
}
