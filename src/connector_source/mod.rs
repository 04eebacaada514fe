//! The interface of a custom connector: its actions and triggers, and the fields that go into and
//! come out of each, as far as its source says so in so many words.
//!
//! The source is a Ruby hash (Workato Connector SDK documentation, "SDK reference"). It is parsed
//! and never run, so what the source computes stays unknown, and everything here has a way to say
//! that.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ident::{Digest, NameError};
use crate::model::keyword::keyword_enum;

pub mod compare;
mod error;
#[cfg(feature = "connector-source")]
mod fields;
#[cfg(feature = "connector-source")]
mod literal;
#[cfg(feature = "connector-source")]
mod outline;
#[cfg(feature = "connector-source")]
mod source;
pub mod wording;

pub use error::{InterfaceError, Unclosed};

/// The largest source that is read, which is the largest the platform takes (platform.md §1.6).
pub const MAX_SOURCE: usize = 10 * 1024 * 1024;
/// How many words and signs a source may have, those in strings and comments included: a syntax tree
/// takes some hundred bytes for each. The largest public connectors that were looked at have 40 KB.
pub const MAX_WORDS: usize = 400_000;

/// What recipes can use of a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// The digest of the source. Equal sources have equal interfaces, the unknown parts included.
    pub source: Digest,
    /// The actions, by the name that recipes know them by.
    pub actions: BTreeMap<OperationName, Operation>,
    /// The triggers, by the name that recipes know them by.
    pub triggers: BTreeMap<OperationName, Operation>,
    /// Whether there may be more actions and triggers than these.
    pub completeness: Completeness,
}

impl Interface {
    /// Reads a connector's source.
    ///
    /// Time and memory are bounded by the source's size, whatever its bytes are: what is not UTF-8,
    /// too large or nested too deeply is refused.
    ///
    /// # Errors
    /// The source does not parse, or is no connector. What does not parse can't be released on the
    /// platform either.
    #[cfg(feature = "connector-source")]
    pub fn read(source: &[u8]) -> Result<Self, InterfaceError> {
        source::with_parsed(source, outline::read)
    }

    /// Would read a connector's source, which takes the feature `connector-source`.
    ///
    /// # Errors
    /// Always: what the source offers is not known.
    #[cfg(not(feature = "connector-source"))]
    pub fn read(_source: &[u8]) -> Result<Self, InterfaceError> {
        Err(InterfaceError::NotBuiltIn)
    }
}

/// The title that a connector's source gives itself, if it is written out. What can't be read has none.
#[cfg(feature = "connector-source")]
pub fn title(source: &[u8]) -> Option<String> {
    source::with_parsed(source, |text, parsed| Ok(outline::title(text, parsed))).ok()?
}

/// None: no source can be read without the feature `connector-source`.
#[cfg(not(feature = "connector-source"))]
pub fn title(_source: &[u8]) -> Option<String> {
    None
}

/// A connector's source in which its title is another one. A source that gives itself none stays as it
/// is. Nothing, if the title is computed, so that it can't be changed.
///
/// # Errors
/// If the source can't be read.
#[cfg(feature = "connector-source")]
pub fn retitled(source: &[u8], to: &str) -> Result<Option<Vec<u8>>, InterfaceError> {
    use outline::TitlePlace;
    let place = source::with_parsed(source, |text, parsed| {
        Ok(outline::title_place(text, parsed))
    })?;
    let at = match place {
        None | Some(TitlePlace::Absent) => return Ok(Some(source.to_vec())),
        Some(TitlePlace::Computed) => return Ok(None),
        Some(TitlePlace::Text { at, .. }) => at,
    };
    let literal = format!("'{}'", to.replace('\\', "\\\\").replace('\'', "\\'"));
    let (Some(before), Some(after)) = (source.get(..at.start), source.get(at.end..)) else {
        return Ok(None);
    };
    let changed = [before, literal.as_bytes(), after].concat();
    // What stands elsewhere than where it begins, as in a heredoc, is not changed by this.
    Ok((title(&changed).as_deref() == Some(to)).then_some(changed))
}

/// Would change a source, which takes the feature `connector-source`.
///
/// # Errors
/// Always: what the source says is not known.
#[cfg(not(feature = "connector-source"))]
pub fn retitled(_source: &[u8], _to: &str) -> Result<Option<Vec<u8>>, InterfaceError> {
    Err(InterfaceError::NotBuiltIn)
}

/// The name of an action or trigger, as a recipe's step spells it in `name`: the key in the
/// connector's hash.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct OperationName(Box<str>);

impl OperationName {
    /// The checked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperationName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let reason = if text.trim().is_empty() {
            "it is empty"
        } else if text.chars().any(char::is_control) {
            "it holds a control character"
        } else {
            return Ok(Self(text.into()));
        };
        Err(NameError {
            what: "name of an action or trigger",
            text: text.to_owned(),
            reason,
        })
    }
}

impl TryFrom<String> for OperationName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<OperationName> for String {
    fn from(name: OperationName) -> String {
        name.0.into()
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for OperationName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Whether an interface holds every action and trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "extent", rename_all = "snake_case")]
pub enum Completeness {
    /// All of them are there.
    Whole,
    /// Some are brought in from a place that can't be read: there may be more.
    Partly {
        /// What brings them in.
        why: String,
        /// The line it stands on, from 1.
        line: usize,
    },
}

/// An action or a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// Its title, if it is written out.
    pub title: Option<String>,
    /// Its subtitle, if it is written out.
    pub subtitle: Option<String>,
    /// The line of its name in the source, from 1.
    pub line: usize,
    /// What a recipe fills in: the configuration fields (`config_fields`), then the input fields.
    pub input: Fields,
    /// What a recipe gets.
    pub output: Fields,
    /// Whether it is marked as deprecated.
    pub deprecation: Deprecation,
}

keyword_enum! {
    /// Whether an action or trigger is marked `deprecated: true`.
    pub enum Deprecation: "deprecation" {
        /// It is not.
        Current = "current",
        /// It is: recipes that have it keep it, but new ones are not offered it.
        Deprecated = "deprecated",
        /// The source computes the mark.
        Unknown = "unknown",
    }
}

/// The fields of one side of an operation, or of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reading", content = "list", rename_all = "snake_case")]
pub enum Fields {
    /// These, in this order.
    Known(Vec<Field>),
    /// The source computes them.
    Unknown,
}

impl Fields {
    /// No fields.
    pub const NONE: Self = Self::Known(Vec::new());

    /// Whether it is known that there are none.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl Default for Fields {
    fn default() -> Self {
        Self::NONE
    }
}

/// A field of an action's or trigger's input or output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// Its name, as recipes know it.
    pub name: String,
    /// What people see instead of the name, if that is written out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its type as the source spells it, such as `integer` or `array of object`; `string` where
    /// the source names none. Absent if the source computes it.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether a recipe has to fill it in.
    pub requirement: Requirement,
    /// The line it starts on, from 1.
    pub line: usize,
    /// The fields inside it, if it is an object or a list of objects.
    #[serde(default, skip_serializing_if = "Fields::is_none")]
    pub properties: Fields,
}

keyword_enum! {
    /// Whether a field has to be filled in: `optional: false`, where the platform takes fields
    /// for optional that don't say.
    pub enum Requirement: "requirement" {
        /// It may stay empty.
        Optional = "optional",
        /// It has to be filled in.
        Required = "required",
        /// The source computes it.
        Unknown = "unknown",
    }
}

#[cfg(all(test, feature = "connector-source"))]
mod tests {
    use super::*;

    #[test]
    fn a_source_gets_another_title_and_is_the_same_otherwise() {
        let to = "It's \\ (canary)";
        let literal = r"'It\'s \\ (canary)'";
        for (source, expected) in [
            ("{ title: \"A\", a: 1 }\n", Some("{ title: TITLE, a: 1 }\n")),
            ("{ 'title' => %q(A) }", Some("{ 'title' => TITLE }")),
            (
                "T = 'A'.freeze\n{ title: T }",
                Some("T = TITLE.freeze\n{ title: T }"),
            ),
            // It says none, and what is inside of it is not its own.
            (
                "{ actions: { a: { title: 'B' } } }",
                Some("{ actions: { a: { title: 'B' } } }"),
            ),
            ("{ title: \"A #{1 + 1}\" }", None),
            ("{ title: <<~T }\n  A\nT\n", None),
        ] {
            let expected = expected.map(|text| text.replace("TITLE", literal).into_bytes());
            let found = retitled(source.as_bytes(), to).expect("it can be read");
            assert_eq!(found, expected, "{source}");
        }
        assert!(retitled(b"{ title: ", to).is_err());
    }
}
