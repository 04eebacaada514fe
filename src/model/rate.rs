//! How often requests may be sent: what the platform counts together, and how many of it there may be
//! in which time.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::model::keyword::keyword_enum;

/// So many requests in any span of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: NonZeroU32,
    /// In which time.
    pub per: Duration,
}

impl Rate {
    /// The span of limits by the second.
    pub const SECOND: Duration = Duration::from_secs(1);
    /// The span of limits by the minute.
    pub const MINUTE: Duration = Duration::from_secs(60);
    /// The span of limits by the hour.
    pub const HOUR: Duration = Duration::from_secs(3600);

    /// So many in any minute.
    pub const fn per_minute(requests: NonZeroU32) -> Self {
        Self {
            requests,
            per: Self::MINUTE,
        }
    }
}

keyword_enum! {
    /// Requests that the platform counts together (platform.md §1.6, §2.1, §12). Those of its Embedded
    /// API are about customers' workspaces.
    pub enum LimitClass: "class of requests" {
        /// Recipes of the token's own workspace.
        Recipes = "recipes",
        /// Lists of its connections.
        Connections = "connections",
        /// Everything else about its connections.
        ConnectionChanges = "connection-changes",
        /// Its properties.
        Properties = "properties",
        /// Imports into it.
        Imports = "imports",
        /// Exports, and how far imports are.
        Packages = "packages",
        /// Custom connectors and what is shared.
        Connectors = "connectors",
        /// Everything else, customers among it.
        Other = "other",
        /// Lists of customers' recipes, and single ones.
        EmbeddedRecipes = "embedded-recipes",
        /// Starts, stops and whatever else changes customers' recipes.
        EmbeddedRecipeChanges = "embedded-recipe-changes",
        /// Versions of customers' recipes.
        EmbeddedRecipeVersions = "embedded-recipe-versions",
        /// Jobs of customers' recipes.
        EmbeddedJobs = "embedded-jobs",
        /// Imports into customers' workspaces.
        EmbeddedImports = "embedded-imports",
        /// How far such imports are.
        EmbeddedImportStates = "embedded-import-states",
        /// Exports of customers' workspaces.
        EmbeddedPackages = "embedded-packages",
        /// Lists of customers' connections.
        EmbeddedConnections = "embedded-connections",
        /// Everything else about customers' connections.
        EmbeddedConnectionChanges = "embedded-connection-changes",
        /// Lists of customers' properties.
        EmbeddedProperties = "embedded-properties",
        /// What changes customers' properties.
        EmbeddedPropertyChanges = "embedded-property-changes",
        /// Everything else in customers' workspaces.
        EmbeddedOther = "embedded-other",
    }
}
