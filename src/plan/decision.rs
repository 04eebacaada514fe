//! Decisions as values: what goes in, what stays out, by which rule, on what evidence, and how to
//! change it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::catalogue::{SharedVersion, Visibility};
use crate::model::ident::{ConnectorTitle, DataCenter, InternalName, Version};
use crate::model::path::PackagePath;
use crate::model::target::ConnectorPolicy;

pub use super::rule::Outcome;
use super::rule::Ruling;

/// Who said what should happen to a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigSource {
    /// Nobody; `auto` is the default.
    Default,
    /// The manifest.
    Manifest,
    /// The command line.
    CommandLine,
}

/// How a connector was found in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// By an internal name that recipes spell.
    InternalName,
    /// By its title.
    Title,
}

/// What the catalogue knows of a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueEvidence {
    /// The title there.
    pub title: ConnectorTitle,
    /// The internal name there.
    pub internal_name: InternalName,
    /// The version that customers run: null if it is not shared, absent if the catalogue does not
    /// say.
    #[serde(default, skip_serializing_if = "SharedVersion::is_unsaid")]
    #[schemars(with = "Option<Version>")]
    pub shared_version: SharedVersion,
    /// Open or closed source.
    pub visibility: Visibility,
    /// The admin workspace's data center, where it is given.
    pub data_center: Option<DataCenter>,
    /// How it was found.
    pub matched_by: Match,
}

/// What was decided about a custom connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorDecision {
    /// Its title; the internal name where no title is known.
    pub connector: String,
    /// The internal names by which recipes spell it.
    pub internal_names: Vec<InternalName>,
    /// Whether its files are in the package.
    pub outcome: Outcome,
    /// The row of the rule.
    pub rule: Ruling,
    /// What was asked for.
    pub word: ConnectorPolicy,
    /// By whom.
    pub word_from: ConfigSource,
    /// What the catalogue knows of it; `catalogue` in records of format 1.
    #[serde(alias = "catalogue")]
    pub catalog: Option<CatalogueEvidence>,
    /// The version that the project holds.
    pub packaged_version: Option<Version>,
    /// Its files.
    pub files: Vec<PackagePath>,
    /// The connections of this package that are its own.
    pub connections: Vec<PackagePath>,
    /// The recipes of this package that use it.
    pub recipes: Vec<PackagePath>,
    /// How to decide otherwise.
    pub change: String,
}

/// Why a file is in the package or not. There is one for each file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemRule {
    /// It was selected.
    Selected,
    /// Another asset needs it.
    Needed {
        /// That asset.
        by: PackagePath,
    },
    /// It was supplied for a connector that the project lacks.
    Supplied,
    /// The rule for connectors says so.
    Connector {
        /// The connector.
        connector: Arc<str>,
        /// The row of the rule.
        rule: Ruling,
    },
    /// An exclude pattern matches it.
    Excluded {
        /// The pattern.
        pattern: Arc<str>,
    },
    /// No include pattern, type, folder or tag of the selection matches it.
    NotSelected {
        /// Which list of the selection: `include`, `types`, `folders` or `tags`.
        by: &'static str,
    },
    /// It was left out on reading.
    NotRead {
        /// Why.
        reason: Arc<str>,
    },
}

impl ItemRule {
    /// The rule's name in decision records.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Selected => "selected",
            Self::Needed { .. } => "needed",
            Self::Supplied => "supplied",
            Self::Connector { rule, .. } => rule.as_str(),
            Self::Excluded { .. } => "excluded",
            Self::NotSelected { .. } => "not-selected",
            Self::NotRead { .. } => "not-read",
        }
    }

    /// What the rule went by, where there is something to name.
    pub fn because(&self) -> Option<String> {
        match self {
            Self::Selected => None,
            Self::Needed { by } => Some(format!("needed by {by}")),
            Self::Supplied => Some("from the supplied connectors".to_owned()),
            Self::Connector { connector, rule } => Some(format!(
                "belongs to the connector \"{connector}\": {}",
                rule.as_str()
            )),
            Self::Excluded { pattern } => Some(format!("excluded by `{pattern}`")),
            Self::NotSelected { by } => Some(format!("not in `{by}`")),
            Self::NotRead { reason } => Some(reason.to_string()),
        }
    }
}

/// `text` as one word of a POSIX shell, so that a command can be pasted.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_word_back() {
        assert_eq!(shell_word("a=b.c"), "a=b.c");
        assert_eq!(shell_word("Joe's SDK=include"), r"'Joe'\''s SDK=include'");
        assert_eq!(shell_word(""), "''");
    }
}
