//! Values of JSON documents as a comparison reports them: whole for programs, short for people.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::{Dialect, Node, NodeKind, quote};

/// How many characters of a value people are shown.
pub const SHORT: usize = 80;

/// How much of what two long values begin with alike is still shown.
const CONTEXT: usize = 20;

/// A JSON value without spaces and with sorted keys: two values mean the same if their texts are
/// equal. Numbers keep their spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JsonText(String);

impl JsonText {
    /// The value of a node.
    pub fn of(node: Node<'_>) -> Self {
        let mut text = String::new();
        write(node, &mut text);
        Self(text)
    }

    /// An object with those members of a node that `keeps` says yes to.
    pub(super) fn of_members(node: Node<'_>, keeps: impl Fn(&str) -> bool) -> Self {
        let mut text = String::new();
        write_members(node, keeps, &mut text);
        Self(text)
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// At most [`SHORT`] characters of it. A reference is shown by its name and path.
    pub fn short(&self) -> String {
        elide(&self.spoken(), 0)
    }

    fn spoken(&self) -> Cow<'_, str> {
        #[derive(Deserialize)]
        struct Reference {
            name: String,
            zip_name: String,
        }
        if self.0.starts_with('{')
            && self.0.contains("\"zip_name\"")
            && let Ok(Reference { name, zip_name }) = serde_json::from_str(&self.0)
        {
            return Cow::Owned(format!("\"{name}\" ({zip_name})"));
        }
        Cow::Borrowed(&self.0)
    }
}

fn write(node: Node<'_>, into: &mut String) {
    match node.kind() {
        NodeKind::Object => write_members(node, |_| true, into),
        NodeKind::Array => {
            into.push('[');
            for (index, item) in node.items().enumerate() {
                if index > 0 {
                    into.push(',');
                }
                write(item, into);
            }
            into.push(']');
        }
        NodeKind::String => {
            let text = node.text().unwrap_or_default();
            into.push_str(&quote(&text, Dialect::Platform));
        }
        NodeKind::Number | NodeKind::Bool | NodeKind::Null => into.push_str(node.raw()),
    }
}

fn write_members(node: Node<'_>, keeps: impl Fn(&str) -> bool, into: &mut String) {
    into.push('{');
    let members = sorted_members(node);
    let kept = members.into_iter().filter(|(key, _)| keeps(key));
    for (index, (key, value)) in kept.enumerate() {
        if index > 0 {
            into.push(',');
        }
        into.push_str(&quote(&key, Dialect::Platform));
        into.push(':');
        write(value, into);
    }
    into.push('}');
}

/// An object's members in the order of their keys.
pub(super) fn sorted_members(node: Node<'_>) -> BTreeMap<Cow<'_, str>, Node<'_>> {
    node.members()
        .map(|(key, value)| (key.text().unwrap_or_default(), value))
        .collect()
}

/// At most [`SHORT`] characters of `text` from the character `from` on, with `…` for what is left
/// out. Characters that could steer a terminal are spelled out.
fn elide(text: &str, from: usize) -> String {
    let mut short = String::new();
    let mut room = SHORT;
    if from > 0 {
        short.push('…');
        room -= 1;
    }
    let mut rest = text.chars().skip(from);
    let mut shown: Vec<char> = rest.by_ref().take(room).collect();
    if rest.next().is_some() {
        shown.truncate(room - 1);
        shown.push('…');
    }
    for c in shown {
        if c.is_control() {
            short.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            short.push(c);
        }
    }
    short
}

/// The character from which two values are shown. Long formulas often differ far from their
/// beginning; what they begin with alike is then left out.
fn first_shown(old: &str, new: &str) -> usize {
    let fits = |text: &str| text.chars().nth(SHORT).is_none();
    let pairs = old.chars().zip(new.chars());
    let alike = pairs.take_while(|(a, b)| a == b).count();
    if alike < SHORT / 2 || fits(old) && fits(new) {
        0
    } else {
        alike - CONTEXT
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl JsonSchema for JsonText {
    fn schema_name() -> Cow<'static, str> {
        "JsonValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = Schema::default();
        schema.insert("description".to_owned(), "Any JSON value.".into());
        schema
    }
}

/// What happened to a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ValueChange {
    /// It is only on the new side.
    Added {
        /// The value there.
        new: JsonText,
    },
    /// It is only on the old side.
    Removed {
        /// The value there.
        old: JsonText,
    },
    /// It is another.
    Changed {
        /// The value on the old side.
        old: JsonText,
        /// The value on the new side.
        new: JsonText,
    },
    /// The items that both sides have stand in another order.
    Reordered,
}

impl fmt::Display for ValueChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { new } => write!(f, "added: {}", new.short()),
            Self::Removed { old } => write!(f, "removed: {}", old.short()),
            Self::Changed { old, new } => {
                let (mut old_text, mut new_text) = (old.spoken(), new.spoken());
                if old_text == new_text {
                    (old_text, new_text) = (old.as_str().into(), new.as_str().into());
                }
                let from = first_shown(&old_text, &new_text);
                write!(f, "{} → {}", elide(&old_text, from), elide(&new_text, from))
            }
            Self::Reordered => f.write_str("reordered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn text(json: &str) -> JsonText {
        let mut tape = Tape::default();
        JsonText::of(tape.parse(json.as_bytes()).expect("valid JSON").root())
    }

    #[test]
    fn a_value_keeps_its_meaning_and_the_spelling_of_its_numbers() {
        let value = text("{ \"b\": [1.0, 1e2, 9007199254740993], \"a\": \"\\u003cé\\n\" }");
        assert_eq!(
            value.as_str(),
            r#"{"a":"<é\n","b":[1.0,1e2,9007199254740993]}"#
        );
        assert_eq!(
            serde_json::to_string(&value).expect("serialises"),
            value.as_str()
        );
    }

    #[test]
    fn references_are_shown_by_name_and_path() {
        let reference = |folder: &str| {
            text(&format!(
                r#"{{"zip_name":"F/p.connection.json","name":"P","folder":"{folder}"}}"#
            ))
        };
        let change = |old, new| ValueChange::Changed { old, new }.to_string();
        assert_eq!(
            change(reference("F"), text("null")),
            r#""P" (F/p.connection.json) → null"#
        );
        assert_eq!(
            change(reference("F"), reference("")),
            r#"{"folder":"F","name":"P","zip_name":"F/p.connection.json"} → {"folder":"","name":"P","zip_name":"F/p.connection.json"}"#,
            "what differs is always shown"
        );
    }

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let long = |middle: &str| {
            text(&format!(
                "\"{}{middle}{}\"",
                "a".repeat(200),
                "z".repeat(200)
            ))
        };
        let shown = ValueChange::Changed {
            old: long("OLD"),
            new: long("NEW"),
        }
        .to_string();
        let (old, new) = shown.split_once(" → ").expect("both sides");
        assert!(old.starts_with("…aaa") && old.contains("OLD") && old.ends_with("z…"));
        assert!(new.contains("NEW"));
        assert_eq!(old.chars().count(), SHORT);
        assert_eq!(long("x").short().chars().count(), SHORT);
        assert_eq!(text("\"\u{9b}31m\"").short(), "\"\\u009b31m\"");
    }
}
