//! Reads an asset's JSON once and keeps the facts: names, references, providers.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem::Finder;
use thin_vec::ThinVec;

use super::facts::{
    ConfigEntry, ConnectionChoice, ConnectionFacts, ConnectionPlace, ConnectionProvider,
    ConnectorFacts, CustomMark, Detail, Facts, Gateway, Part, PropertiesFacts, RecipeFacts,
    TableFacts,
};
use super::ident::{InternalName, Version, is_word};
use super::kind::AssetKind;
use super::reference::{
    ActionKind, ActionUse, Activity, IncompleteReference, PickedValue, PropertyUse, ProviderUse,
    RawId, Reference, Step, TableUse,
};
use super::table::{TableRows, columns_by_hand, is_table};
use crate::json::{self, Document, JsonError, Node, NodeKind, Tape};

/// How many names are remembered, so that assets which say the same share its text.
const NAMES: usize = 16_384;

/// Reads assets one after the other with the same memory.
#[derive(Debug, Default)]
pub struct Scanner {
    tape: Tape,
    words: Words,
    names: HashSet<Arc<str>>,
    stop: Arc<AtomicBool>,
}

impl Scanner {
    /// One that breaks off once `stop` is set: what it gives then is to be thrown away.
    pub fn until(stop: Arc<AtomicBool>) -> Self {
        Self {
            tape: Tape::until(Arc::clone(&stop)),
            stop,
            ..Self::default()
        }
    }

    /// How many bytes of memory it takes to scan so many bytes, at most, beside them and the facts.
    pub fn memory_for(bytes: u64) -> u64 {
        json::memory_to_read(bytes)
    }

    /// Whether `bytes` are strict JSON.
    ///
    /// # Errors
    /// If they are not (see [`Tape::parse`]).
    pub fn check(&mut self, bytes: &[u8]) -> Result<(), JsonError> {
        self.tape.parse(bytes).map(drop)
    }

    /// The facts of an asset of type `kind` whose JSON is `bytes`.
    ///
    /// # Errors
    /// If `bytes` is not strict JSON (see [`Tape::parse`]), or not an object; tags are an array. An
    /// asset of a type that is not known may hold anything.
    pub fn scan(&mut self, kind: &AssetKind, bytes: &[u8]) -> Result<Facts, JsonError> {
        let document = match self.tape.parse(bytes) {
            Ok(document) => document,
            // What a type that is not known holds need not be JSON.
            Err(_) if !kind.is_known() => return Ok(unread(bytes)),
            Err(error) => return Err(error),
        };
        if self.names.len() > NAMES {
            self.names = HashSet::new();
        }
        let text = document.text();
        let root = document.root();
        let wrong = match (kind, root.kind()) {
            (AssetKind::Other(_), _) | (AssetKind::Tags, NodeKind::Array) => None,
            (AssetKind::Tags, _) => Some("tags are an array, in brackets"),
            (_, NodeKind::Object) => None,
            (_, _) => Some("an asset is an object, in braces"),
        };
        if let Some(reason) = wrong {
            return Err(JsonError {
                offset: root.span().start,
                reason: reason.to_owned(),
            });
        }
        let mut walk = Walk {
            facts: Facts {
                internal_names: internal_names(text),
                ..Facts::default()
            },
            names: &mut self.names,
            stop: &self.stop,
            recipe: RecipeFacts::default(),
            looks: self.words.in_text(bytes),
            zip_names: memchr::memmem::find_iter(bytes, b"\"zip_name\"").collect(),
        };
        walk.document(kind, document);
        let mut facts = walk.facts;
        // They are kept, of many assets at once.
        facts.shrink();
        Ok(facts)
    }
}

/// The facts of what is not JSON: the names of connectors that stand in it.
fn unread(bytes: &[u8]) -> Facts {
    Facts {
        internal_names: std::str::from_utf8(bytes).map_or_else(|_| ThinVec::new(), internal_names),
        ..Facts::default()
    }
}

/// Every maximal run of word characters that has the form of a custom connector's name.
fn internal_names(text: &str) -> ThinVec<InternalName> {
    let mut names = ThinVec::new();
    for at in memchr::memmem::find_iter(text.as_bytes(), b"_connector_") {
        let start = text[..at]
            .char_indices()
            .rev()
            .take_while(|(_, c)| is_word(*c))
            .last()
            .map_or(at, |(i, _)| i);
        let end = text[at..]
            .char_indices()
            .find(|(_, c)| !is_word(*c))
            .map_or(text.len(), |(i, _)| at + i);
        // In `\\nparcel_…` the `n` belongs to the escape.
        let escapes = text[..start]
            .bytes()
            .rev()
            .take_while(|b| *b == b'\\')
            .count();
        let word = if escapes % 2 == 1 {
            text[start..end].get(1..).unwrap_or_default()
        } else {
            &text[start..end]
        };
        if names
            .last()
            .is_some_and(|last: &InternalName| last.as_str() == word)
        {
            continue;
        }
        names.extend(InternalName::custom(word));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The properties that an object holds.
fn properties(object: Node<'_>) -> PropertiesFacts {
    let mut facts = PropertiesFacts::default();
    for (key, value) in object.members() {
        let Some(name) = key.text() else { continue };
        let name: Arc<str> = name.as_ref().into();
        if value.kind() != NodeKind::Null {
            facts.valued.push(Arc::clone(&name));
        }
        facts.names.push(name);
    }
    facts
}

/// Whether an application is one of the platform's own.
fn of_platform(provider: &str) -> bool {
    provider.starts_with("workato") || provider == "lookup_table"
}

/// Whether a value is an id of an account: a number, a UUID, or a code of capitals and digits such as
/// `C02ABCDEF`.
fn is_account_id(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = !text.is_empty() && digits == text.len();
    let code = text.len() >= 9
        && digits >= 1
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    number || code || uuid
}

/// Keys whose value the platform writes as a reference; a number there is a leftover
/// (platform.md §5.5). Some keys are also ordinary field names of other applications.
fn expects_reference(key: &str, provider: &str) -> bool {
    let platform = of_platform(provider);
    match key {
        "flow_id"
        | "lookup_table_id"
        | "topic_id"
        | "template_id"
        | "workato_schema_id"
        | "bot_command"
        | "dynamic_menu_recipe" => true,
        "table_id" | "app_id" | "project_id" | "page_id" | "recipe_id" | "model_id" => platform,
        _ => false,
    }
}

#[derive(Clone, Copy)]
struct Context<'a> {
    step: Option<Step>,
    provider: &'a str,
    place: Place,
}

/// Where in a step a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In its `input`, whose keys are the application's.
    Input,
    /// In the `parameters` of its `input`, whose keys are the user's own.
    Parameters,
    Elsewhere,
}

struct Walk<'s> {
    facts: Facts,
    names: &'s mut HashSet<Arc<str>>,
    /// Whether to break off.
    stop: &'s AtomicBool,
    recipe: RecipeFacts,
    /// What there is to look for in formulas.
    looks: Looks,
    /// Where the key of reference objects stands, in the order of the text.
    zip_names: Vec<usize>,
}

impl Walk<'_> {
    fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let name: Arc<str> = text.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    fn text(&mut self, node: Option<Node<'_>>) -> Option<Arc<str>> {
        let text = node?.text()?;
        Some(self.intern(&text))
    }

    fn document(&mut self, kind: &AssetKind, document: Document<'_>) {
        let root = document.root();
        let name_key = if *kind == AssetKind::CustomAdapter {
            "title"
        } else {
            "name"
        };
        // An empty name is none.
        self.facts.name = root
            .get(name_key)
            .and_then(Node::text)
            .filter(|name| !name.trim().is_empty())
            .map(|name| name.as_ref().into());
        let top = Context {
            step: None,
            provider: "",
            place: Place::Elsewhere,
        };
        if *kind == AssetKind::Recipe {
            self.recipe(root, top);
        } else if *kind == AssetKind::Connection {
            self.value("", root, top);
            self.facts.detail = Detail::Connection(self.connection(root));
        } else if *kind == AssetKind::CustomAdapter {
            let version = root.get("version_no").and_then(Node::number).map(Version);
            let note = root
                .get("note")
                .and_then(|note| Some(note.text()?.as_ref().into()));
            self.facts.detail = Detail::Connector(ConnectorFacts { version, note });
        } else if *kind == AssetKind::AccountProperties {
            self.facts.detail = Detail::Properties(properties(root));
        } else if *kind == AssetKind::ProjectProperties {
            let properties = root.get("data").map(properties);
            self.facts.detail = Detail::Properties(properties.unwrap_or_default());
        } else {
            self.value("", root, top);
            for (key, value) in root.members() {
                if let (
                    Some(key @ ("recipe_id" | "api_group_id" | "page_id" | "table_id")),
                    Some(id),
                ) = (key.inside(), raw_id(value))
                {
                    self.raw_id(key, id, None, value);
                }
            }
            if is_table(kind) {
                self.facts.detail = Detail::Table(TableFacts {
                    rows: TableRows::of(kind, document),
                    columns_by_hand: match *kind == AssetKind::DataTable {
                        true => columns_by_hand(document),
                        false => Vec::new(),
                    },
                });
            }
        }
    }

    fn recipe(&mut self, root: Node<'_>, top: Context<'_>) {
        for (key, value) in root.members() {
            match key.inside().unwrap_or_default() {
                "config" => {
                    self.recipe.config_form = match value.kind() {
                        NodeKind::Array if value.items().all(names_provider) => Part::Whole,
                        NodeKind::String => Part::Text,
                        NodeKind::Array
                        | NodeKind::Object
                        | NodeKind::Number
                        | NodeKind::Bool
                        | NodeKind::Null => Part::Other,
                    };
                    self.config(value);
                }
                "tags" => {
                    let tags = value
                        .items()
                        .filter_map(|tag| Some(tag.text()?.into_owned()));
                    self.recipe.tags = tags.collect();
                }
                "version" => self.recipe.version = value.number().map(Version),
                other => {
                    if other == "code" {
                        self.recipe.code = match value.kind() {
                            NodeKind::Object => Part::Whole,
                            NodeKind::String => Part::Text,
                            NodeKind::Array
                            | NodeKind::Number
                            | NodeKind::Bool
                            | NodeKind::Null => Part::Other,
                        };
                    }
                    self.value(other, value, top);
                }
            }
        }
        self.facts.detail = Detail::Recipe(std::mem::take(&mut self.recipe));
    }

    fn connection(&mut self, root: Node<'_>) -> ConnectionFacts {
        let place = match root.get("root_folder").is_some_and(Node::is_true) {
            true => ConnectionPlace::Home,
            false => ConnectionPlace::Folder,
        };
        let gateway = root.get("secure_gateway_tunnel_name");
        let gateway = gateway.and_then(|gateway| {
            let group = gateway.text().filter(|group| !group.is_empty())?;
            Some(Gateway {
                group: group.as_ref().into(),
                offset: gateway.span().start as u32,
            })
        });
        let Some(value) = root.get("provider") else {
            return ConnectionFacts {
                provider: ConnectionProvider::Absent,
                offset: 0,
                place,
                gateway,
            };
        };
        let offset = value.span().start as u32;
        let reference = self
            .facts
            .references
            .iter()
            .position(|r| r.offset == offset);
        let provider = match (reference, self.text(Some(value))) {
            (Some(index), _) => ConnectionProvider::Connector(index),
            (None, Some(name)) => ConnectionProvider::Named(name),
            (None, None) => ConnectionProvider::Absent,
        };
        ConnectionFacts {
            provider,
            offset,
            place,
            gateway,
        }
    }

    fn config(&mut self, config: Node<'_>) {
        for entry in config.items() {
            let Some(provider) = self.text(entry.get("provider")) else {
                continue;
            };
            let context = Context {
                step: None,
                provider: "",
                place: Place::Elsewhere,
            };
            let before = self.facts.references.len();
            self.value("", entry, context);
            let account = entry.get("account_id");
            let offset = account.map(|account| account.span().start as u32);
            let reference = self.facts.references[before..]
                .iter()
                .position(|r| Some(r.offset) == offset);
            if let Some((account, id)) =
                account.and_then(|account| Some((account, raw_id(account)?)))
            {
                self.raw_id("account_id", id, None, account);
            }
            let marked = account
                .and_then(|account| account.get("custom"))
                .is_some_and(Node::is_true);
            self.recipe.config.push(ConfigEntry {
                provider,
                account: reference.map(|index| before + index),
                choice: match account.map(Node::kind) {
                    None => ConnectionChoice::Unsaid,
                    Some(NodeKind::Null) => ConnectionChoice::None,
                    Some(
                        NodeKind::Object
                        | NodeKind::Array
                        | NodeKind::String
                        | NodeKind::Number
                        | NodeKind::Bool,
                    ) => ConnectionChoice::Chosen,
                },
                mark: if marked {
                    CustomMark::Present
                } else {
                    CustomMark::Absent
                },
                offset: entry.span().start as u32,
            });
        }
    }

    fn value(&mut self, key: &str, node: Node<'_>, context: Context<'_>) {
        match node.kind() {
            NodeKind::Object => self.object(key, node, context),
            NodeKind::Array => {
                for item in node.items() {
                    // A list can be most of a large file.
                    if self.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    self.value(key, item, context);
                }
            }
            NodeKind::String if self.looks.for_any() => self.formula(node, context),
            NodeKind::String | NodeKind::Number | NodeKind::Bool | NodeKind::Null => {}
        }
    }

    fn object(&mut self, key: &str, node: Node<'_>, context: Context<'_>) {
        let (mut zip_name, mut name, mut keyword, mut number, mut skip, mut provider) =
            (None, None, None, None, None, None);
        for (member, value) in node.members() {
            match member.inside().unwrap_or_default() {
                "zip_name" => zip_name = Some(value),
                "name" => name = Some(value),
                "keyword" => keyword = Some(value),
                "number" => number = value.number(),
                "skip" => skip = Some(value),
                "provider" => provider = Some(value),
                _ => {}
            }
        }
        let offset = node.span().start as u32;
        if let Some(target) = self.text(zip_name) {
            let reference = Reference {
                target,
                name: self.text(name).unwrap_or_default(),
                key: self.intern(key),
                step: context.step,
                offset,
            };
            self.facts.references.push(reference);
            return;
        }
        if key == "flow_id"
            && context.place == Place::Input
            && let Some(name) = self.text(name)
        {
            let reference = IncompleteReference {
                name,
                key: self.intern(key),
                step: context.step,
                offset,
            };
            self.facts.incomplete.push(reference);
        }
        let mut inner = context;
        let provider = provider.and_then(Node::text).unwrap_or_default();
        let keyword = keyword.and_then(Node::text);
        if let (Some(keyword), Some(number), Place::Elsewhere) = (keyword, number, context.place) {
            let around = context.step.map_or(Activity::Active, |step| step.activity);
            let activity = if skip.is_some_and(Node::is_true) {
                Activity::Skipped
            } else {
                around
            };
            let step = Step {
                number: u32::try_from(number).unwrap_or(u32::MAX),
                activity,
            };
            inner = Context {
                step: Some(step),
                provider: &provider,
                place: Place::Elsewhere,
            };
            self.uses(&provider, step, offset);
            self.picked(node, &provider, step);
            if InternalName::custom(&provider).is_some()
                && let Some(action) = self.text(name)
            {
                let kind = if keyword == "trigger" {
                    ActionKind::Trigger
                } else {
                    ActionKind::Action
                };
                let provider = self.intern(&provider);
                self.recipe.actions.push(ActionUse {
                    provider,
                    name: action,
                    kind,
                    step,
                    offset,
                });
            }
        }
        for (member, value) in node.members() {
            let key = member.inside().unwrap_or_default();
            match value.kind() {
                NodeKind::Object | NodeKind::Array if self.is_dull(key, value, inner) => {}
                NodeKind::Object | NodeKind::Array => {
                    let mut context = inner;
                    context.place = match (key, inner.place) {
                        ("input", Place::Elsewhere) if inner.step.is_some() => Place::Input,
                        ("parameters", Place::Input) => Place::Parameters,
                        (_, place) => place,
                    };
                    if context.place == Place::Input && expects_reference(key, inner.provider) {
                        for item in value.items() {
                            if let Some(id) = raw_id(item) {
                                self.raw_id(key, id, inner.step, item);
                            }
                        }
                    }
                    self.value(key, value, context);
                }
                NodeKind::String | NodeKind::Number => {
                    if inner.place == Place::Input
                        && expects_reference(key, inner.provider)
                        && let Some(id) = raw_id(value)
                    {
                        self.raw_id(key, id, inner.step, value);
                    }
                    self.value(key, value, inner);
                }
                NodeKind::Bool | NodeKind::Null => {}
            }
        }
    }

    fn uses(&mut self, provider: &str, step: Step, offset: u32) {
        if provider.is_empty() {
            return;
        }
        let mut known = self.recipe.providers.iter_mut();
        match known.find(|used| &*used.provider == provider) {
            Some(used) if used.step.activity == Activity::Active => {}
            Some(used) if step.activity == Activity::Active => {
                (used.step, used.offset) = (step, offset);
            }
            Some(_) => {}
            None => {
                let provider = self.intern(provider);
                let used = ProviderUse {
                    provider,
                    step,
                    offset,
                };
                self.recipe.providers.push(used);
            }
        }
    }

    /// Finds ids that a step was given by picking from a list: what the list called them stands
    /// beside its `input`.
    fn picked(&mut self, step: Node<'_>, provider: &str, at: Step) {
        // Lists of the platform's own applications are the same everywhere, or lead to references.
        if provider.is_empty() || of_platform(provider) {
            return;
        }
        let labels = step.get("dynamicPickListSelection");
        let (Some(labels), Some(input)) = (labels, step.get("input")) else {
            return;
        };
        for (key, label) in labels.members() {
            let (Some(key), Some(label)) = (key.text(), label.text()) else {
                continue;
            };
            let Some(value) = input.get(&key) else {
                continue;
            };
            let id = match value.kind() {
                NodeKind::Number => value.raw(),
                NodeKind::String => value.inside().unwrap_or_default(),
                NodeKind::Object | NodeKind::Array | NodeKind::Bool | NodeKind::Null => "",
            };
            if !is_account_id(id) || label.starts_with(id) || expects_reference(&key, provider) {
                continue;
            }
            let picked = PickedValue {
                provider: self.intern(provider),
                key: self.intern(&key),
                id: id.into(),
                label: self.intern(&label),
                step: at,
                offset: value.span().start as u32,
            };
            self.recipe.picked.push(picked);
        }
    }

    /// Whether a member of a step can be passed over: a step's own parts are `block` and `input`,
    /// and of the rest, mostly schemas, only reference objects and formulas matter.
    fn is_dull(&self, key: &str, value: Node<'_>, context: Context<'_>) -> bool {
        if self.looks.for_any()
            || context.step.is_none()
            || context.place != Place::Elsewhere
            || matches!(key, "block" | "input")
        {
            return false;
        }
        let span = value.span();
        let first = self.zip_names.partition_point(|at| *at < span.start);
        self.zip_names.get(first).is_none_or(|at| *at >= span.end)
    }

    fn raw_id(&mut self, key: &str, id: &str, step: Option<Step>, value: Node<'_>) {
        let raw = RawId {
            key: self.intern(key),
            id: id.into(),
            step,
            offset: value.span().start as u32,
        };
        self.facts.raw_ids.push(raw);
    }

    /// Finds `lookup("NAME"` and properties in a formula: a string that starts with `=` or holds `#{`.
    fn formula(&mut self, node: Node<'_>, context: Context<'_>) {
        let Some(inside) = node.inside() else { return };
        if !(inside.starts_with('=') || inside.contains("#{")) {
            return;
        }
        let looks_up = self.looks.tables && inside.contains(LOOKUP);
        let reads = self.looks.properties && inside.contains(PROPERTY);
        if !looks_up && !reads {
            return;
        }
        let Some(text) = node.text() else { return };
        if reads {
            for name in properties_in(&text) {
                let name = self.intern(name);
                self.recipe.properties.push(PropertyUse {
                    name,
                    step: context.step,
                    offset: node.span().start as u32,
                });
            }
        }
        for (at, call) in text.match_indices(LOOKUP) {
            if text[..at]
                .chars()
                .next_back()
                .is_some_and(|c| is_word(c) || c == '.')
            {
                continue;
            }
            let argument = text[at + call.len()..].trim_start();
            let Some(quote @ ('"' | '\'')) = argument.chars().next() else {
                continue;
            };
            if let Some((name, _)) = argument[1..].split_once(quote) {
                let name = self.intern(name);
                self.facts.tables.push(TableUse {
                    name,
                    step: context.step,
                    offset: node.span().start as u32,
                });
            }
        }
    }
}

/// The names of the properties that a formula reads: by data pills, such as
/// `_dp('{"pill_type":"project_property","property_name":"region"}')`, and by calls, such as
/// `account_property('region')`.
fn properties_in(formula: &str) -> impl Iterator<Item = &str> {
    formula.match_indices(PROPERTY).filter_map(|(at, word)| {
        let rest = &formula[at + word.len()..];
        if let Some(call) = rest.strip_prefix('(') {
            let call = call.trim_start();
            let quote = call.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            return Some(call[1..].split_once(quote)?.0);
        }
        let before = formula[..at].rfind(|c: char| !is_word(c)).unwrap_or(0);
        let is_pill = formula[..before].trim_end().ends_with("\"pill_type\":");
        if !is_pill || !rest.starts_with('"') {
            return None;
        }
        // The rest of the pill, and what stands in it before its type.
        let start = formula[..at].rfind('{')?;
        let pill = &formula[start..at + word.len() + rest.find('}')?];
        let (_, name) = pill
            .split_once("\"property_name\":")
            .or_else(|| pill.split_once("\"name\":"))?;
        Some(name.trim_start().strip_prefix('"')?.split_once('"')?.0)
    })
}

/// What formulas hold that look up tables.
const LOOKUP: &str = "lookup(";
/// What formulas hold that read properties.
const PROPERTY: &str = "_property";

/// What there is to look for in the formulas of an asset.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    tables: bool,
    properties: bool,
}

impl Looks {
    const fn for_any(self) -> bool {
        self.tables || self.properties
    }
}

/// Finds whether there is anything to look for in formulas. Two searches are much faster than one
/// for both words, whose letters are frequent.
#[derive(Debug)]
struct Words {
    tables: Finder<'static>,
    properties: Finder<'static>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            tables: Finder::new(LOOKUP),
            properties: Finder::new(PROPERTY),
        }
    }
}

impl Words {
    fn in_text(&self, bytes: &[u8]) -> Looks {
        Looks {
            tables: self.tables.find(bytes).is_some(),
            properties: self.properties.find(bytes).is_some(),
        }
    }
}

/// Whether an entry of `config` says which application it is about.
fn names_provider(entry: Node<'_>) -> bool {
    let provider = entry.get("provider");
    provider.is_some_and(|provider| provider.kind() == NodeKind::String)
}

/// A number, or a string of digits.
fn raw_id(node: Node<'_>) -> Option<&str> {
    let text = match node.kind() {
        NodeKind::Number => node.raw(),
        NodeKind::String => node.inside()?,
        NodeKind::Object | NodeKind::Array | NodeKind::Bool | NodeKind::Null => return None,
    };
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

#[cfg(test)]
mod tests;
