//! The outline of a connector: the hash, its actions and triggers.

use std::ops::Range;

use std::collections::BTreeMap;

use ruby_prism::{Node, ParseResult};

use super::fields::FieldReader;
use super::literal::{Document, Entries, Found, Gap, Pair};
use super::{
    Completeness, Deprecation, Fields, Interface, InterfaceError, Operation, OperationName,
};
use crate::model::ident::Digest;
use crate::model::span::Span;

/// Keys that other hashes hardly have: one of them makes a hash a connector.
const TELLING_KEYS: &[&str] = &[
    "connection",
    "actions",
    "triggers",
    "object_definitions",
    "methods",
    "pick_lists",
    "webhook_keys",
    "custom_action",
];

/// The action that `custom_action: true` adds, as recipes name it.
const CUSTOM_ACTION: &str = "__adhoc_http_action";

/// What brings in operations that can't be read.
struct Hidden {
    why: String,
    line: usize,
}

pub(super) fn read(text: &str, parsed: &ParseResult<'_>) -> Result<Interface, InterfaceError> {
    let none = |found| InterfaceError::NotAConnector {
        found,
        place: Span::of(text, 0..0),
    };
    let program = parsed.node();
    let program = program.as_program_node();
    let statements = program.map(|program| program.statements().body());
    let Some(last) = statements.as_ref().and_then(|statements| statements.last()) else {
        return Err(none("it is empty"));
    };
    let mut document = Document::new(text);
    let mut deed = None;
    for statement in statements.iter().flat_map(|statements| statements.iter()) {
        // Loading a library changes no hash.
        let loads = statement.as_call_node().is_some_and(|call| {
            call.receiver().is_none() && call.name().as_slice().starts_with(b"require")
        });
        let at = statement.location().start();
        if at < last.location().start() && !document.note_assignment(&statement) && !loads {
            deed.get_or_insert(at as usize);
        }
    }
    let document = document;
    let place = document.place(&last);
    let is_assigned =
        last.as_local_variable_write_node().is_some() || last.as_constant_write_node().is_some();
    let root = document.resolve(last);
    let is_hash = root.as_hash_node().is_some();
    if let Some(found) = what_else(&root) {
        return Err(InterfaceError::NotAConnector { found, place });
    }
    let entries = document.entries(root);
    let is_connector = TELLING_KEYS.iter().any(|key| match entries.get(key) {
        Found::Value(_) | Found::Doubtful(Some(_), _) => true,
        Found::Doubtful(None, _) => is_hash,
        Found::Absent => false,
    });
    if !is_connector {
        let found = "it is a hash without any of a connector's keys";
        return Err(InterfaceError::NotAConnector { found, place });
    }
    let outline = Outline::new(&document, &entries);
    let mut hidden = Vec::new();
    let mut actions = outline.operations("actions", &mut hidden);
    let triggers = outline.operations("triggers", &mut hidden);
    if let Some(custom) = outline.custom_action()
        && let Ok(name) = CUSTOM_ACTION.parse()
    {
        actions.insert(name, custom);
    }
    if let Some(at) = deed
        && (document.uses_names() || is_assigned)
    {
        hidden.push(Hidden {
            why: "statements beside the hash may change it".to_owned(),
            line: document.line(at),
        });
    }
    let first = hidden.into_iter().min_by_key(|hidden| hidden.line);
    Ok(Interface {
        source: Digest::of(text.as_bytes()),
        actions,
        triggers,
        completeness: first.map_or(Completeness::Whole, |Hidden { why, line }| {
            Completeness::Partly { why, line }
        }),
    })
}

/// What stands under `title` in the hash that the source ends with.
pub(super) fn title(text: &str, parsed: &ParseResult<'_>) -> Option<String> {
    match title_place(text, parsed)? {
        TitlePlace::Text { text, .. } => Some(text),
        TitlePlace::Absent | TitlePlace::Computed => None,
    }
}

/// Where the title of a connector stands in its source.
pub(super) enum TitlePlace {
    /// Nowhere.
    Absent,
    /// It is written out here.
    Text {
        /// What it is.
        text: String,
        /// Its bytes.
        at: Range<usize>,
    },
    /// It is computed, or may be.
    Computed,
}

/// Where the title stands in the hash that the source ends with; nothing if it ends with none.
pub(super) fn title_place(text: &str, parsed: &ParseResult<'_>) -> Option<TitlePlace> {
    let statements = parsed.node().as_program_node()?.statements().body();
    let last = statements.last()?;
    let mut document = Document::new(text);
    for statement in statements.iter() {
        if statement.location().start() < last.location().start() {
            document.note_assignment(&statement);
        }
    }
    let document = document;
    Some(
        match document.entries(document.resolve(last)).get("title") {
            Found::Value(title) => {
                let title = document.resolve(title);
                let location = title.location();
                let at = location.start() as usize..location.end() as usize;
                match document.text(title) {
                    Some(text) => TitlePlace::Text { text, at },
                    None => TitlePlace::Computed,
                }
            }
            Found::Doubtful(..) => TitlePlace::Computed,
            Found::Absent => TitlePlace::Absent,
        },
    )
}

/// What the last expression of a source is, if it can't be a hash.
fn what_else(node: &Node<'_>) -> Option<&'static str> {
    if node.as_hash_node().is_some() {
        return None;
    }
    if let Some(call) = node.as_call_node() {
        // Only what is called on a hash gives a hash here.
        return match call.receiver() {
            Some(_) if call.name().as_slice() == b"merge" => None,
            Some(_) | None => Some("it ends with a call, not with a hash"),
        };
    }
    Some(if node.as_array_node().is_some() {
        "it is a list"
    } else if node.as_class_node().is_some() || node.as_module_node().is_some() {
        "it defines a class or module"
    } else if node.as_def_node().is_some() {
        "it defines a method"
    } else if node.as_string_node().is_some() {
        "it is a text"
    } else {
        "it does not end with a hash"
    })
}

struct Outline<'d, 'pr> {
    document: &'d Document<'pr>,
    entries: &'d Entries<'pr>,
    fields: FieldReader<'d, 'pr>,
}

impl<'d, 'pr> Outline<'d, 'pr> {
    fn new(document: &'d Document<'pr>, entries: &'d Entries<'pr>) -> Self {
        let definitions = match entries.get("object_definitions") {
            Found::Value(definitions) => Some(document.entries(definitions)),
            Found::Absent | Found::Doubtful(..) => None,
        };
        Self {
            document,
            entries,
            fields: FieldReader::new(document, definitions),
        }
    }

    /// The operations under `actions` or `triggers`.
    fn operations(
        &self,
        key: &str,
        hidden: &mut Vec<Hidden>,
    ) -> BTreeMap<OperationName, Operation> {
        let mut hide = |gap: &Gap| {
            hidden.push(Hidden {
                why: format!("{} may bring in more {key}", gap.why),
                line: self.document.line(gap.at),
            });
        };
        let node = match self.entries.get(key) {
            Found::Value(node) => Some(node),
            Found::Absent => None,
            Found::Doubtful(node, gap) => {
                hide(&gap);
                node
            }
        };
        let mut operations = BTreeMap::new();
        let Some(node) = node.filter(|node| node.as_nil_node().is_none()) else {
            return operations;
        };
        let entries = self.document.entries(node);
        entries.gaps().iter().for_each(&mut hide);
        for pair in entries.pairs() {
            match pair.key.parse() {
                Ok(name) => {
                    operations.insert(name, self.operation(pair));
                }
                Err(error) => hidden.push(Hidden {
                    why: format!("{error}"),
                    line: self.document.line(pair.start()),
                }),
            }
        }
        operations
    }

    fn operation(&self, pair: &Pair<'pr>) -> Operation {
        let entries = self.document.entries(pair.value());
        let text = |key| match entries.get(key) {
            Found::Value(node) => self.document.text(node),
            Found::Absent | Found::Doubtful(..) => None,
        };
        let input = (
            self.fields.under(&entries, "config_fields"),
            self.fields.under(&entries, "input_fields"),
        );
        Operation {
            title: text("title"),
            subtitle: text("subtitle"),
            line: self.document.line(pair.start()),
            input: match input {
                (Fields::Known(mut first), Fields::Known(rest)) => {
                    first.extend(rest);
                    Fields::Known(first)
                }
                (Fields::Unknown, _) | (_, Fields::Unknown) => Fields::Unknown,
            },
            output: self.fields.under(&entries, "output_fields"),
            deprecation: deprecation(&entries),
        }
    }

    fn custom_action(&self) -> Option<Operation> {
        let Found::Value(node) = self.entries.get("custom_action") else {
            return None;
        };
        node.as_true_node()?;
        Some(Operation {
            title: None,
            subtitle: None,
            line: self.document.line(node.location().start() as usize),
            // A recipe describes its own request and answer there.
            input: Fields::Unknown,
            output: Fields::Unknown,
            deprecation: Deprecation::Current,
        })
    }
}

fn deprecation(entries: &Entries<'_>) -> Deprecation {
    match entries.get("deprecated") {
        Found::Value(node) if node.as_true_node().is_some() => Deprecation::Deprecated,
        Found::Value(node) if node.as_false_node().is_some() || node.as_nil_node().is_some() => {
            Deprecation::Current
        }
        Found::Absent => Deprecation::Current,
        Found::Value(_) | Found::Doubtful(..) => Deprecation::Unknown,
    }
}
