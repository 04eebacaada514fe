//! Lists of fields, and the object definitions that they name (Workato Connector SDK
//! documentation, "Defining your schema").

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use ruby_prism::{CallNode, Node};

use super::literal::{Body, Document, Entries, Found, Procedure};
use super::{Field, Fields, Requirement};

/// How deep expressions, nested fields and definitions within definitions are followed.
const MAX_DEPTH: usize = 48;
/// How many fields and lists are read from one source, those of definitions counted each time they
/// are named, and long texts as several.
const MAX_FIELDS: usize = 500_000;
const TEXT_PER_FIELD: usize = 200;

/// The parameter that holds the object definitions: the first of an operation's lambdas, the third
/// of a definition's.
#[derive(Clone, Copy)]
pub(super) enum Definitions {
    First,
    Third,
}

impl Definitions {
    const fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Third => 2,
        }
    }
}

/// Reads lists of fields.
pub(super) struct FieldReader<'d, 'pr> {
    document: &'d Document<'pr>,
    definitions: Option<Entries<'pr>>,
    read: RefCell<HashMap<String, Definition>>,
    fields_left: Cell<usize>,
}

enum Definition {
    /// It is being read: it must not need itself.
    InProgress,
    Read(Option<Measured>),
}

struct Measured {
    list: Vec<Field>,
    /// What a copy of the list counts.
    size: usize,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
struct Scope<'pr> {
    /// What the object definitions are called there.
    definitions: Option<&'pr [u8]>,
    depth: usize,
}

impl Scope<'_> {
    fn deeper(self) -> Option<Self> {
        let depth = self.depth + 1;
        (depth <= MAX_DEPTH).then_some(Self { depth, ..self })
    }
}

impl<'d, 'pr> FieldReader<'d, 'pr> {
    /// A reader for a connector with these `object_definitions`.
    pub(super) fn new(document: &'d Document<'pr>, definitions: Option<Entries<'pr>>) -> Self {
        Self {
            document,
            definitions,
            read: RefCell::default(),
            fields_left: Cell::new(MAX_FIELDS),
        }
    }

    /// The fields under a key of an operation.
    pub(super) fn under(&self, entries: &Entries<'pr>, key: &str) -> Fields {
        match entries.get(key) {
            Found::Value(node) => self
                .whole(node, Definitions::First, 0)
                .map_or(Fields::Unknown, Fields::Known),
            Found::Absent => Fields::NONE,
            Found::Doubtful(..) => Fields::Unknown,
        }
    }

    /// The fields that a lambda gives, or that stand there.
    fn whole(&self, node: Node<'pr>, definitions: Definitions, depth: usize) -> Option<Vec<Field>> {
        let node = self.document.resolve(node);
        if node.as_nil_node().is_some() {
            return Some(Vec::new());
        }
        let Some(procedure) = Procedure::of(&node) else {
            let definitions = None;
            return self.list(node, Scope { definitions, depth });
        };
        let definitions = procedure.parameter(definitions.index());
        match procedure.into_body() {
            Body::Nothing => Some(Vec::new()),
            Body::Expression(node) => self.list(node, Scope { definitions, depth }),
            Body::Statements => None,
        }
    }

    /// The fields that an expression is, if all of them can be read.
    fn list(&self, node: Node<'pr>, scope: Scope<'pr>) -> Option<Vec<Field>> {
        let scope = scope.deeper()?;
        self.count(1)?;
        let node = self.document.resolve(node);
        if let Some(array) = node.as_array_node() {
            let mut fields = Vec::new();
            for element in array.elements().iter() {
                match element.as_splat_node() {
                    Some(splat) => fields.extend(self.list(splat.expression()?, scope)?),
                    None => self.field(element, scope, &mut fields)?,
                }
            }
            return Some(fields);
        }
        let call = node.as_call_node()?;
        if call.block().is_some() {
            return None;
        }
        let receiver = self.document.resolve(call.receiver()?);
        match call.name().as_slice() {
            b"[]" => {
                let read = receiver.as_local_variable_read_node()?;
                let is_definitions = Some(read.name().as_slice()) == scope.definitions;
                let mut names = self.texts(&call)?.into_iter();
                match (names.next(), names.next()) {
                    (Some(name), None) if is_definitions => self.definition(name, scope),
                    _ => None,
                }
            }
            b"+" | b"concat" => {
                let mut fields = self.list(receiver, scope)?;
                for argument in call.arguments()?.arguments().iter() {
                    fields.extend(self.list(argument, scope)?);
                }
                Some(fields)
            }
            b"only" => {
                let (mut fields, names) = (self.list(receiver, scope)?, self.texts(&call)?);
                fields.retain(|field| names.contains(&field.name));
                Some(fields)
            }
            b"ignored" => {
                let (mut fields, names) = (self.list(receiver, scope)?, self.texts(&call)?);
                fields.retain(|field| !names.contains(&field.name));
                Some(fields)
            }
            b"required" => {
                let (mut fields, names) = (self.list(receiver, scope)?, self.texts(&call)?);
                for field in &mut fields {
                    if names.contains(&field.name) {
                        field.requirement = Requirement::Required;
                    }
                }
                Some(fields)
            }
            _ => None,
        }
    }

    /// The texts that a call's arguments are, `*%w[…]` included.
    fn texts(&self, call: &CallNode<'pr>) -> Option<HashSet<String>> {
        let mut texts = HashSet::new();
        for argument in call.arguments()?.arguments().iter() {
            match argument.as_splat_node() {
                Some(splat) => {
                    let list = self.document.resolve(splat.expression()?);
                    for element in list.as_array_node()?.elements().iter() {
                        texts.insert(self.document.text(element)?);
                    }
                }
                None => {
                    texts.insert(self.document.text(argument)?);
                }
            }
        }
        Some(texts)
    }

    fn definition(&self, name: String, scope: Scope<'pr>) -> Option<Vec<Field>> {
        match self.read.borrow().get(&name) {
            Some(Definition::InProgress | Definition::Read(None)) => return None,
            Some(Definition::Read(Some(fields))) => {
                // Before they are copied.
                self.count(fields.size)?;
                return Some(fields.list.clone());
            }
            None => {}
        }
        let note = |definition| self.read.borrow_mut().insert(name.clone(), definition);
        note(Definition::InProgress);
        let list = self.read_definition(&name, scope);
        note(Definition::Read(list.as_ref().map(|list| Measured {
            size: size(list),
            list: list.clone(),
        })));
        list
    }

    fn read_definition(&self, name: &str, scope: Scope<'pr>) -> Option<Vec<Field>> {
        let Found::Value(definition) = self.definitions.as_ref()?.get(name) else {
            return None;
        };
        match self.document.entries(definition).get("fields") {
            Found::Value(fields) => self.whole(fields, Definitions::Third, scope.depth),
            Found::Absent | Found::Doubtful(..) => None,
        }
    }

    /// Reads a field, and the one that can be filled in instead of it.
    fn field(&self, node: Node<'pr>, scope: Scope<'pr>, fields: &mut Vec<Field>) -> Option<()> {
        let scope = scope.deeper()?;
        let node = self.document.resolve(node);
        if node.as_hash_node().is_none() && node.as_keyword_hash_node().is_none() {
            return None;
        }
        self.count(1)?;
        let line = self.document.line(node.location().start() as usize);
        let entries = self.document.entries(node);
        let Found::Value(name) = entries.get("name") else {
            return None;
        };
        let name = self.document.text(name)?;
        let properties = match entries.get("properties") {
            Found::Value(list) => self
                .list(list, scope)
                .map_or(Fields::Unknown, Fields::Known),
            Found::Absent => Fields::NONE,
            Found::Doubtful(..) => Fields::Unknown,
        };
        let toggled = match entries.get("toggle_field") {
            Found::Value(toggled) => {
                let mut alternatives = Vec::new();
                self.field(toggled, scope, &mut alternatives)?;
                // One of the two is filled in, so neither alone is needed.
                let others = alternatives.into_iter().filter(|other| other.name != name);
                others
                    .map(|other| Field {
                        requirement: Requirement::Optional,
                        ..other
                    })
                    .collect()
            }
            Found::Absent => Vec::new(),
            // It would most often have the same name.
            Found::Doubtful(..) => Vec::new(),
        };
        fields.push(Field {
            label: match entries.get("label") {
                Found::Value(label) => self.document.text(label),
                Found::Absent | Found::Doubtful(..) => None,
            },
            kind: self.kind(&entries),
            requirement: requirement(&entries),
            line,
            properties,
            name,
        });
        fields.extend(toggled);
        Some(())
    }

    fn kind(&self, entries: &Entries<'pr>) -> Option<String> {
        let kind = match entries.get("type") {
            Found::Value(kind) => self.document.text(kind)?,
            Found::Absent => "string".to_owned(),
            Found::Doubtful(..) => return None,
        };
        match entries.get("of") {
            Found::Value(of) => Some(format!("{kind} of {}", self.document.text(of)?)),
            Found::Absent => Some(kind),
            Found::Doubtful(..) => None,
        }
    }

    fn count(&self, fields: usize) -> Option<()> {
        self.fields_left
            .set(self.fields_left.get().checked_sub(fields)?);
        Some(())
    }
}

fn requirement(entries: &Entries<'_>) -> Requirement {
    match entries.get("optional") {
        Found::Value(node) if node.as_false_node().is_some() => Requirement::Required,
        Found::Value(node) if node.as_true_node().is_some() => Requirement::Optional,
        Found::Absent => Requirement::Optional,
        Found::Value(_) | Found::Doubtful(..) => Requirement::Unknown,
    }
}

/// What a copy of the fields counts, with those inside them.
fn size(fields: &[Field]) -> usize {
    let own = |field: &Field| {
        let optional = [&field.label, &field.kind].into_iter().flatten();
        let texts = optional.map(String::len).sum::<usize>() + field.name.len();
        1 + texts / TEXT_PER_FIELD
    };
    let inside = |field: &Field| match &field.properties {
        Fields::Known(fields) => size(fields),
        Fields::Unknown => 0,
    };
    fields.iter().map(|field| own(field) + inside(field)).sum()
}
