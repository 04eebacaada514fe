//! Asset types, and what a file's name says about the file (platform.md §5.2–5.4).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::foreign::{foreign, is_program};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $label:literal;)*) => {
        /// What sort of thing an asset is. Types that this program does not know are carried
        /// through, never refused: the platform adds new ones.
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            schemars::JsonSchema,
        )]
        #[serde(from = "String", into = "String")]
        #[schemars(with = "String")]
        pub enum AssetKind {
            $($(#[$doc])* $variant,)*
            /// A type that this program does not know, by the word in its file names.
            Other(OtherWord),
        }

        impl AssetKind {
            /// The types that are known, in the order of this list.
            pub const KNOWN: &[AssetKind] = &[$(AssetKind::$variant),*];

            /// The type's word in file names: `recipe` in `x.recipe.json`.
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }

            /// What to call one of them in a sentence.
            pub fn label(&self) -> &str {
                match self {
                    $(Self::$variant => $label,)*
                    Self::Other(word) => word,
                }
            }

            /// The type with this word in its file names.
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Other(other.into()),
                }
            }
        }
    };
}

/// The word of a type that this program does not know. It is held apart: the type of each file is
/// held in many places, and takes little there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherWord(Arc<String>);

impl From<&str> for OtherWord {
    fn from(word: &str) -> Self {
        Self(Arc::new(word.to_owned()))
    }
}

impl std::ops::Deref for OtherWord {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

kinds! {
    /// A recipe.
    Recipe = "recipe", "recipe";
    /// A connection, without its credentials.
    Connection = "connection", "connection";
    /// A custom connector: JSON, Ruby source and perhaps a logo.
    CustomAdapter = "custom_adapter", "custom connector";
    /// A lookup table.
    LookupTable = "lookup_table", "lookup table";
    /// A data table.
    DataTable = "workato_db_table", "data table";
    /// The workspace's properties, without their values.
    AccountProperties = "properties", "account properties";
    /// A project's properties, without their values.
    ProjectProperties = "project_properties", "project properties";
    /// A common data model.
    Schema = "workato_schema", "common data model";
    /// A message template.
    Template = "workato_template", "message template";
    /// A workflow app, perhaps with an icon.
    App = "lcap_app", "workflow app";
    /// A page of a workflow app: JSON and a zip of its layout.
    Page = "lcap_page", "page";
    /// An event topic.
    Topic = "topic", "topic";
    /// An API collection.
    ApiGroup = "api_group", "API collection";
    /// An API endpoint.
    ApiEndpoint = "api_endpoint", "API endpoint";
    /// A genie, perhaps with an icon.
    Genie = "agentic_genie", "genie";
    /// A skill.
    Skill = "agentic_skill", "skill";
    /// A knowledge base.
    KnowledgeBase = "agentic_knowledge_base", "knowledge base";
    /// A data pipeline.
    DataPipeline = "data_pipeline", "data pipeline";
    /// A decision model.
    DecisionModel = "decision_engine_model", "decision model";
    /// An MCP server.
    McpServer = "mcp_server", "MCP server";
    /// A recipe's test case.
    TestCase = "test_case", "test case";
    /// An insights query of a page.
    InsightsQuery = "insights_query", "insights query";
    /// The project's own description, `project.json`.
    Project = "project", "project description";
    /// The tags of a workspace with their descriptions and colours, `tags.json`.
    Tags = "tags", "tags";
}

impl AssetKind {
    /// Whether this program knows the type.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Whether files of this extension are known to belong to assets of this type.
    pub fn owns_extension(&self, extension: &str) -> bool {
        match self {
            Self::CustomAdapter => matches!(extension, "rb" | "png" | "jpeg" | "jpg"),
            Self::App | Self::Genie => matches!(extension, "png" | "jpeg" | "jpg"),
            Self::Page => extension == "zip",
            Self::Recipe
            | Self::Connection
            | Self::LookupTable
            | Self::DataTable
            | Self::AccountProperties
            | Self::ProjectProperties
            | Self::Schema
            | Self::Template
            | Self::Topic
            | Self::ApiGroup
            | Self::ApiEndpoint
            | Self::Skill
            | Self::KnowledgeBase
            | Self::DataPipeline
            | Self::DecisionModel
            | Self::McpServer
            | Self::TestCase
            | Self::InsightsQuery
            | Self::Project
            | Self::Tags
            | Self::Other(_) => false,
        }
    }

    /// Whether a type that is not known is formed as the platform forms the words for its own:
    /// several words joined by `_` (`agentic_skill`, `data_pipeline`). A single word may also be
    /// another program's, so there the file has to tell: every asset has a name.
    pub fn looks_like_the_platforms(&self) -> bool {
        let Self::Other(word) = self else {
            return true;
        };
        word.split_once('_')
            .is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty())
    }

    /// Whether assets of this type have a name of their own in their JSON.
    pub fn has_name(&self) -> bool {
        !matches!(
            self,
            Self::AccountProperties
                | Self::ProjectProperties
                | Self::Project
                | Self::Tags
                | Self::Other(_)
        )
    }

    /// Whether the platform keeps assets of this type only at the root of an export (platform.md §5.3).
    pub fn only_at_root(&self) -> bool {
        matches!(
            self,
            Self::CustomAdapter
                | Self::Template
                | Self::Schema
                | Self::Topic
                | Self::AccountProperties
                | Self::ApiGroup
                | Self::ApiEndpoint
                | Self::Project
                | Self::Tags
        )
    }
}

impl From<String> for AssetKind {
    fn from(word: String) -> Self {
        Self::from_word(&word)
    }
}

impl From<AssetKind> for String {
    fn from(kind: AssetKind) -> Self {
        kind.word().to_owned()
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a file is to an asset, judged by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// The JSON of an asset: `<slug>.<type>.json`; `project.json` at the root or in a folder there;
    /// `tags.json` at the root.
    Main(AssetKind),
    /// A file beside an asset's JSON: `<slug>.<type>.<extension>`.
    Companion {
        /// The asset's type.
        kind: AssetKind,
        /// The path of the asset's JSON.
        main: String,
    },
    /// No name of an asset's file.
    NoAsset,
}

impl FileRole {
    /// The role that a path from the project's root gives to the file there.
    pub fn of(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        // Where a whole workspace was exported, each project's files lie in a folder of its name
        // (platform.md §5.3).
        if name == "project.json" && !folder.contains('/') {
            return Self::Main(AssetKind::Project);
        }
        if path == "tags.json" {
            return Self::Main(AssetKind::Tags);
        }
        if foreign(path).is_some() {
            return Self::NoAsset;
        }
        let Some((rest, extension)) = name.rsplit_once('.') else {
            return Self::NoAsset;
        };
        let Some((stem, word)) = rest.rsplit_once('.') else {
            return Self::NoAsset;
        };
        let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if stem.is_empty() || extension.is_empty() || !is_word {
            return Self::NoAsset;
        }
        let kind = AssetKind::from_word(word);
        // Descriptions and tags have names of their own; what is another program's is no asset.
        if matches!(kind, AssetKind::Project | AssetKind::Tags)
            || !kind.is_known() && is_program(stem, word)
        {
            return Self::NoAsset;
        }
        if extension == "json" {
            return Self::Main(kind);
        }
        let main = format!("{}json", &path[..path.len() - extension.len()]);
        Self::Companion { kind, main }
    }
}

/// The name that the platform would give a file whose name is almost that of an asset's:
/// `send.Recipe.json`, `hub.custom-adapter.json`, a `tags.json` in a folder.
pub fn almost_an_asset(path: &str) -> Option<String> {
    if FileRole::of(path) != FileRole::NoAsset || foreign(path).is_some() {
        return None;
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if !folder.is_empty() && matches!(name, "project.json" | "tags.json") {
        return Some(name.to_owned());
    }
    let (rest, extension) = name.rsplit_once('.')?;
    let (stem, word) = rest.rsplit_once('.')?;
    let right: String = word
        .chars()
        .map(|c| {
            if matches!(c, '-' | ' ') {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    let is_type = AssetKind::KNOWN
        .iter()
        .any(|kind| kind.has_name() && kind.word() == right);
    (is_type && extension == "json" && !stem.is_empty()).then(|| format!("{stem}.{right}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_role() {
        let role = FileRole::of;
        assert_eq!(
            role("Orders/new_order.recipe.json"),
            FileRole::Main(AssetKind::Recipe)
        );
        assert_eq!(
            role("a.1.api_endpoint.json"),
            FileRole::Main(AssetKind::ApiEndpoint)
        );
        assert_eq!(
            role("account_properties.properties.json"),
            FileRole::Main(AssetKind::AccountProperties)
        );
        assert_eq!(
            role("x.loyalty_card.json"),
            FileRole::Main(AssetKind::Other("loyalty_card".into()))
        );
        assert_eq!(role("project.json"), FileRole::Main(AssetKind::Project));
        assert_eq!(
            role("Orders/project.json"),
            FileRole::Main(AssetKind::Project)
        );
        assert_eq!(role("tags.json"), FileRole::Main(AssetKind::Tags));
        assert_eq!(
            role("c/x.custom_adapter.rb"),
            FileRole::Companion {
                kind: AssetKind::CustomAdapter,
                main: "c/x.custom_adapter.json".to_owned()
            }
        );
        for path in [
            "README.md",
            "package.json",
            "orders.recipack.json",
            "LICENSE",
            "a.v2.json",
            ".recipe.json",
            "a/b/project.json",
            "a/tags.json",
            "x.project.json",
            "appsettings.production.json",
            "package.lock.json",
            "send.recipe.json~",
            "__MACOSX/send.recipe.json",
            "send.Recipe.json",
        ] {
            assert_eq!(role(path), FileRole::NoAsset, "{path}");
        }
    }

    #[test]
    fn names_that_are_almost_an_assets_are_recognised() {
        for (path, expected) in [
            ("Orders/send.Recipe.json", Some("send.recipe.json")),
            ("hub.custom-adapter.json", Some("hub.custom_adapter.json")),
            ("a/tags.json", Some("tags.json")),
            ("a/b/project.json", Some("project.json")),
            ("send.recipe.json", None),
            ("README.md", None),
            ("tsconfig.build.json", None),
        ] {
            assert_eq!(almost_an_asset(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_type_of_several_words_may_be_the_platforms() {
        for (word, expected) in [("loyalty_card", true), ("badge", false), ("_x", false)] {
            let kind = AssetKind::from_word(word);
            assert_eq!(kind.looks_like_the_platforms(), expected, "{word}");
        }
    }

    #[test]
    fn every_known_type_reads_back_from_its_word() {
        for kind in AssetKind::KNOWN {
            assert_eq!(&AssetKind::from_word(kind.word()), kind);
            assert!(kind.is_known());
        }
    }
}
