//! The outline of a catalogue file in JSON, for its schema: what [`Catalogue::parse`] takes.
//!
//! [`Catalogue::parse`]: super::Catalogue::parse

#![allow(dead_code, reason = "only the schema of these types is used")]

use schemars::JsonSchema;

use super::Visibility;
use crate::model::ident::{ConnectorTitle, DataCenter, InternalName, Version};

/// A catalogue of shared connectors: the platform's answer to
/// `GET /api/custom_connectors?oem_shared=true` as it is, or a list.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum CatalogueText {
    /// The platform's answer.
    Result {
        /// The connectors.
        result: Vec<Option<CatalogueItem>>,
    },
    /// The same under another key.
    Data {
        /// The connectors.
        data: Vec<Option<CatalogueItem>>,
    },
    /// The bare list.
    List(Vec<Option<CatalogueItem>>),
}

/// A connector of a catalogue.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum CatalogueItem {
    /// What is known of it.
    Entry(Box<EntryText>),
    /// A shared connector's title, and no more: neither its version nor its internal name is known.
    Title(ConnectorTitle),
}

/// What is known of a connector. Other keys are ignored.
#[derive(JsonSchema)]
pub struct EntryText {
    /// Its internal name in the admin workspace.
    pub name: InternalName,
    /// Its title.
    pub title: ConnectorTitle,
    /// The version that customers run; null if it is not shared; absent if that is not said.
    #[serde(default)]
    pub oem_shared_version: Option<Version>,
    /// The newest released version.
    #[serde(default)]
    pub latest_released_version: Option<Version>,
    /// The released versions.
    #[serde(default)]
    pub released_versions: Option<Vec<Option<ReleaseText>>>,
    /// Whether its source is shared too.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// The admin workspace's data center.
    #[serde(default)]
    pub data_center: Option<DataCenter>,
}

/// A released version.
#[derive(JsonSchema)]
pub struct ReleaseText {
    /// Its number.
    #[serde(default)]
    pub version: Option<Version>,
}
