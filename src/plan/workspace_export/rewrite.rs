//! The JSON of what leaves: references as they are here, in the form that the platform writes
//! (platform.md §5.4–5.6, §11).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Item, RawIds, Rows, WorkspaceExportPlan, shared_version};
use crate::json::{
    Dialect, Document, JsonError, KeyOrder, Node, NodeKind, Splice, Tape, apply, insert_member,
    print, quote, remove_member,
};
use crate::model::facts::{ConnectionProvider, Facts};
use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::InternalName;
use crate::model::key_order;
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::reference::{RawId, objects};
use crate::model::scan::Scanner;
use crate::model::workspace::{Binding, Inventory, WorkspaceAsset, WorkspaceConnector};

/// What was changed in a file beside its layout, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DepartureEdits {
    /// References that were given another path, name or folder.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub references: u32,
    /// `"custom": true` taken out of `config[].account_id`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub custom_removed: u32,
    /// `"custom": true` put into `config[].account_id`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub custom_added: u32,
    /// The connection's `provider` object became an internal name.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub provider_to_name: u32,
    /// The connection's `provider` became a reference to the connector's file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub provider_to_reference: u32,
    /// Numbers, notes and marks that were set to what they are in the workspace.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fields_set: u32,
    /// Values of properties that stayed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub values_removed: u32,
    /// Rows of a table that stayed: 1 if there were any.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_removed: u32,
    /// Numbers of the workspace that became references.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub raw_ids: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A file's JSON as it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The text.
    pub text: String,
    /// What was changed.
    pub edits: DepartureEdits,
    /// What a person should know.
    pub findings: Vec<Finding>,
}

/// What the workspace holds is not what it says it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// It is not the JSON of an asset.
    #[error("its JSON can't be read")]
    Json(#[from] JsonError),
    /// Its references can't be told apart.
    #[error("its JSON holds {found} references, and {known} are known")]
    References {
        /// How many there are.
        found: usize,
        /// For how many it is known what they mean.
        known: usize,
    },
}

/// Prints one file after the other with the same memory.
#[derive(Debug, Default)]
pub struct Rewriter {
    scanner: Scanner,
    tape: Tape,
    edited: Tape,
}

/// What an asset names otherwise than by reference objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The lookup tables that its formulas name.
    pub tables: Vec<String>,
    /// The numbers that stand where a reference could.
    pub raw_ids: Vec<RawId>,
}

/// What is done with a connection's mark in a recipe.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// `custom` is `true`.
    Present,
    /// There is no `custom`.
    Absent,
    /// As it is.
    Kept,
}

impl Rewriter {
    /// What an asset names otherwise than by reference objects. Of a type that is not known, `bytes`
    /// may be anything.
    ///
    /// # Errors
    /// If `bytes` are no asset's of this type.
    pub fn named(&mut self, kind: &AssetKind, bytes: &[u8]) -> Result<Named, RewriteError> {
        let facts = match self.scanner.scan(kind, bytes) {
            Ok(facts) => facts,
            Err(_) if !kind.is_known() => return Ok(Named::default()),
            Err(error) => return Err(error.into()),
        };
        let tables = facts.tables.iter().map(|table| table.name.to_string());
        Ok(Named {
            tables: tables.collect(),
            raw_ids: facts.raw_ids.iter().cloned().collect(),
        })
    }

    /// The JSON of an item as it leaves; `bytes` is what the workspace holds. None where an asset of
    /// a type that is not known holds something else, which leaves as it is.
    ///
    /// # Errors
    /// If `bytes` are not what the inventory says they are.
    pub fn print(
        &mut self,
        departure: &WorkspaceExportPlan,
        inventory: &Inventory,
        item: Item,
        bytes: &[u8],
    ) -> Result<Option<Printed>, RewriteError> {
        let kind = match item {
            Item::Asset(index) => &inventory.assets[index].key.kind,
            Item::Connector(_) => &AssetKind::CustomAdapter,
        };
        let facts = self.scanner.scan(kind, bytes)?;
        let document = match self.tape.parse(bytes) {
            Ok(document) => document,
            Err(_) if !kind.is_known() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut edit = Edit {
            departure,
            inventory,
            document,
            dialect: Dialect::of(document),
            splices: Vec::new(),
            edits: DepartureEdits::default(),
            findings: Vec::new(),
        };
        match item {
            Item::Asset(index) => {
                edit.asset(&inventory.assets[index], departure.paths.get(&item), &facts)?;
            }
            Item::Connector(index) => edit.connector(&inventory.connectors[index]),
        }
        let Edit {
            mut splices,
            edits,
            findings,
            ..
        } = edit;
        let order = KeyOrder {
            outermost: key_order::of(kind),
            inner: key_order::OF_REFERENCE,
        };
        let text = if splices.is_empty() {
            print(document, order)
        } else {
            keep_outermost(&mut splices);
            let bytes = apply(bytes, &mut splices);
            print(self.edited.parse(&bytes)?, order)
        };
        Ok(Some(Printed {
            text,
            edits,
            findings,
        }))
    }
}

/// The changes of one file.
struct Edit<'a> {
    departure: &'a WorkspaceExportPlan,
    inventory: &'a Inventory,
    document: Document<'a>,
    dialect: Dialect,
    splices: Vec<Splice>,
    edits: DepartureEdits,
    findings: Vec<Finding>,
}

impl<'a> Edit<'a> {
    fn asset(
        &mut self,
        asset: &WorkspaceAsset,
        path: Option<&PackagePath>,
        facts: &Facts,
    ) -> Result<(), RewriteError> {
        let bindings = &asset.body.bindings;
        if facts.references.len() != bindings.len() {
            return Err(RewriteError::References {
                found: facts.references.len(),
                known: bindings.len(),
            });
        }
        // What takes a field's place also takes the place of references in it.
        self.fields(asset);
        let root = self.document.root();
        let provider = (asset.key.kind == AssetKind::Connection)
            .then(|| root.get("provider"))
            .flatten();
        let marks = self.marks(asset);
        let objects = objects(root);
        for (reference, binding) in facts.references.iter().zip(bindings) {
            let at = reference.offset as usize;
            let Some(&object) = objects.get(&at) else {
                continue;
            };
            if provider.is_some_and(|provider| provider.span().start == at) {
                continue;
            }
            let mark = marks.get(&at).copied().unwrap_or(Mark::Kept);
            self.reference(object, *binding, mark);
            if *binding == Binding::Nothing {
                let code = if &*reference.key == "account_id" {
                    Code::DanglingConnection
                } else {
                    Code::DanglingReference
                };
                let step = reference
                    .step
                    .map_or_else(String::new, |step| format!("step {} ", step.number));
                let (name, target) = (&reference.name, &reference.target);
                self.finding(
                    code,
                    path,
                    format!(
                        "{step}refers to \"{name}\" (`{target}`), which is not in the workspace"
                    ),
                );
            }
        }
        if self.departure.raw_ids == RawIds::Resolved {
            self.raw_ids(facts, &marks);
        }
        if let Some(provider) = provider {
            let binding = match facts.connection().map(|connection| &connection.provider) {
                Some(ConnectionProvider::Connector(at)) => bindings.get(*at).copied(),
                Some(ConnectionProvider::Named(_) | ConnectionProvider::Absent) | None => None,
            };
            self.provider(asset, provider, binding);
        }
        Ok(())
    }

    /// References in place of the numbers whose meaning is known.
    fn raw_ids(&mut self, facts: &Facts, marks: &BTreeMap<usize, Mark>) {
        for raw in &facts.raw_ids {
            let meant = self.departure.meant_by(self.inventory, raw);
            let Some(item) = meant.map(Item::Asset) else {
                continue;
            };
            let at = raw.offset as usize;
            let Some(path) = self.departure.paths.get(&item) else {
                continue;
            };
            // Digits alone, or in quotes.
            let quotes = match self.document.text().as_bytes().get(at) {
                Some(b'"') => 2,
                Some(_) | None => 0,
            };
            let value = at..at + raw.id.len() + quotes;
            let mut text = self.reference_to(path, self.name(item));
            if marks.get(&at) == Some(&Mark::Present) {
                text.truncate(text.len() - 1);
                text.push_str(",\"custom\":true}");
            }
            self.splices.push(Splice::new(value, text));
            self.edits.raw_ids += 1;
        }
    }

    /// A reference object.
    fn reference_to(&self, path: &PackagePath, name: &str) -> String {
        let members = [
            ("zip_name", path.as_str()),
            ("name", name),
            ("folder", path.folder()),
        ];
        let members =
            members.map(|(key, value)| format!("\"{key}\":{}", quote(value, Dialect::Platform)));
        format!("{{{}}}", members.join(","))
    }

    fn finding(&mut self, code: Code, path: Option<&PackagePath>, message: String) {
        let subject = match path {
            Some(path) => Subject::File {
                path: path.clone(),
                offset: None,
            },
            None => Subject::Project,
        };
        let finding = Finding::new(code, subject, message)
            .note("it binds in the target by folder and name, if it is there");
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// What the connections of a recipe's `config` are marked with, by the byte they start at: the
    /// mark tells custom connectors that are not shared (platform.md §11). One that the workspace
    /// does not know may be either.
    fn marks(&self, asset: &WorkspaceAsset) -> BTreeMap<usize, Mark> {
        if asset.key.kind != AssetKind::Recipe {
            return BTreeMap::new();
        }
        let entries = self.document.root().get("config");
        let entries = entries.into_iter().flat_map(Node::items);
        let marks = entries.filter_map(|entry| {
            let provider = entry.get("provider")?.text()?;
            let mark = if self.own(&provider).is_some() {
                Mark::Present
            } else if InternalName::custom(&provider).is_some()
                && shared_version(self.inventory, &provider).is_none()
            {
                Mark::Kept
            } else {
                Mark::Absent
            };
            Some((entry.get("account_id")?.span().start, mark))
        });
        marks.collect()
    }

    /// The workspace's own connector of this internal name.
    fn own(&self, provider: &str) -> Option<Item> {
        let connectors = &self.inventory.connectors;
        let named = |connector: &WorkspaceConnector| connector.internal_name.as_str() == provider;
        connectors.iter().position(named).map(Item::Connector)
    }

    /// The path and the name of what a reference means, if it has a path in the package.
    fn meaning(&self, binding: Binding) -> Option<(&'a PackagePath, &'a str)> {
        let item = match binding {
            Binding::Asset(id) => Item::Asset(self.departure.asset(id)?),
            Binding::Connector(id) => Item::Connector(self.departure.connector(id)?),
            Binding::Shared | Binding::Nothing => return None,
        };
        Some((self.departure.paths.get(&item)?, self.name(item)))
    }

    fn name(&self, item: Item) -> &'a str {
        match item {
            Item::Asset(index) => &self.inventory.assets[index].key.name,
            Item::Connector(index) => self.inventory.connectors[index].title.as_str(),
        }
    }

    fn reference(&mut self, object: Node<'_>, binding: Binding, mark: Mark) {
        let custom = object.get("custom");
        let marked = custom.is_some_and(Node::is_true);
        let meaning = self.meaning(binding);
        let moved = meaning.is_some_and(|(path, name)| {
            let says = |key: &str, value: &str| object.get(key).is_some_and(|own| own.is(value));
            !(says("zip_name", path.as_str())
                && says("name", name)
                && says("folder", path.folder()))
        });
        let remarked = match mark {
            Mark::Present => !marked,
            Mark::Absent => custom.is_some(),
            Mark::Kept => false,
        };
        if !moved && !remarked {
            return;
        }
        self.edits.references += u32::from(moved);
        match mark {
            Mark::Present => self.edits.custom_added += u32::from(!marked),
            Mark::Absent => self.edits.custom_removed += u32::from(custom.is_some()),
            Mark::Kept => {}
        }
        let mut text = String::from("{");
        let mut member = |key: &str, value: &str| {
            let comma = if text.len() > 1 { "," } else { "" };
            text.push_str(&format!("{comma}{key}:{value}"));
        };
        let new = |key: &str| match (key, meaning) {
            ("zip_name", Some((path, _))) => Some(path.as_str()),
            ("name", Some((_, name))) => Some(name),
            ("folder", Some((path, _))) => Some(path.folder()),
            _ => None,
        };
        for (key, value) in object.members() {
            let name = key.text().unwrap_or_default();
            match (new(&name), mark) {
                (Some(text), _) => member(key.raw(), &quote(text, Dialect::Platform)),
                (None, Mark::Present | Mark::Absent) if name == "custom" => {}
                (None, _) => member(key.raw(), value.raw()),
            }
        }
        for key in key_order::OF_REFERENCE {
            if let (Some(text), None) = (new(key), object.get(key)) {
                member(&format!("\"{key}\""), &quote(text, Dialect::Platform));
            }
        }
        if mark == Mark::Present {
            member("\"custom\"", "true");
        }
        text.push('}');
        self.splices.push(Splice::new(object.span(), text));
    }

    /// A connection of an own connector names the connector's file, one of a shared connector its
    /// internal name (platform.md §5.6).
    fn provider(&mut self, asset: &WorkspaceAsset, provider: Node<'_>, binding: Option<Binding>) {
        let named = asset.body.providers.first();
        let bound = match binding {
            Some(Binding::Connector(id)) => self.departure.connector(id).map(Item::Connector),
            Some(Binding::Asset(_) | Binding::Shared | Binding::Nothing) | None => None,
        };
        let own = named.and_then(|name| self.own(name)).or(bound);
        if let Some(item) = own {
            let Some(path) = self.departure.paths.get(&item) else {
                return;
            };
            let expected = [
                ("zip_name", path.as_str()),
                ("name", self.name(item)),
                ("folder", path.folder()),
            ];
            let says =
                |(key, value): &(&str, &str)| provider.get(key).is_some_and(|own| own.is(value));
            if expected.iter().all(says) {
                return;
            }
            let text = self.reference_to(path, self.name(item));
            self.splices.push(Splice::new(provider.span(), text));
            match provider.kind() {
                NodeKind::Object => self.edits.references += 1,
                NodeKind::Array
                | NodeKind::String
                | NodeKind::Number
                | NodeKind::Bool
                | NodeKind::Null => self.edits.provider_to_reference += 1,
            }
            return;
        }
        let Some(name) = named else { return };
        let shared =
            binding == Some(Binding::Shared) || shared_version(self.inventory, name).is_some();
        if shared && provider.kind() == NodeKind::Object {
            let text = quote(name, Dialect::Platform);
            self.splices.push(Splice::new(provider.span(), text));
            self.edits.provider_to_name += 1;
        }
    }

    /// What an asset's JSON says of the workspace it comes from.
    fn fields(&mut self, asset: &WorkspaceAsset) {
        let root = self.document.root();
        match &asset.key.kind {
            AssetKind::Recipe => self.set(&[("version", asset.version.0.to_string())]),
            AssetKind::Connection => {
                let in_home = asset.key.place.folder().is_home();
                self.set(&[("root_folder", in_home.to_string())]);
            }
            AssetKind::LookupTable | AssetKind::DataTable => {
                if self.departure.rows == Rows::LeftOut
                    && let Some(splice) = remove_member(root, "data")
                {
                    self.splices.push(splice);
                    self.edits.rows_removed += 1;
                }
            }
            AssetKind::AccountProperties => self.forget_values(root),
            AssetKind::ProjectProperties => {
                if let Some(data) = root.get("data") {
                    self.forget_values(data);
                }
            }
            AssetKind::CustomAdapter
            | AssetKind::Schema
            | AssetKind::Template
            | AssetKind::App
            | AssetKind::Page
            | AssetKind::Topic
            | AssetKind::ApiGroup
            | AssetKind::ApiEndpoint
            | AssetKind::Genie
            | AssetKind::Skill
            | AssetKind::KnowledgeBase
            | AssetKind::DataPipeline
            | AssetKind::DecisionModel
            | AssetKind::McpServer
            | AssetKind::TestCase
            | AssetKind::InsightsQuery
            | AssetKind::Project
            | AssetKind::Tags
            | AssetKind::Other(_) => {}
        }
    }

    /// Properties leave as names only (platform.md §5.4: null in all 23 files).
    fn forget_values(&mut self, properties: Node<'_>) {
        for (_, value) in properties.members() {
            if value.kind() != NodeKind::Null {
                self.splices.push(Splice::new(value.span(), "null"));
                self.edits.values_removed += 1;
            }
        }
    }

    fn connector(&mut self, connector: &WorkspaceConnector) {
        let text = |text: &str| quote(text, Dialect::Platform);
        let mut fields = vec![("title", text(connector.title.as_str()))];
        if let Some(version) = connector.running() {
            fields.push(("version_no", version.number.0.to_string()));
            let note = version.note.as_deref().map_or("null".to_owned(), text);
            fields.push(("note", note));
        }
        self.set(&fields);
    }

    /// Gives members of the outermost object these values.
    fn set(&mut self, fields: &[(&str, String)]) {
        let root = self.document.root();
        if root.members().next().is_none() {
            let members = fields
                .iter()
                .map(|(key, value)| format!("\"{key}\":{value}"));
            let members: Vec<_> = members.collect();
            self.splices.push(Splice::new(
                root.span(),
                format!("{{{}}}", members.join(",")),
            ));
            self.edits.fields_set += fields.len() as u32;
            return;
        }
        for (key, value) in fields {
            let splice = match root.get(key) {
                Some(own) if same(own, value) => None,
                Some(own) => Some(Splice::new(own.span(), value)),
                None => insert_member(self.document.text(), root, key, value, self.dialect),
            };
            if let Some(splice) = splice {
                self.splices.push(splice);
                self.edits.fields_set += 1;
            }
        }
    }
}

/// Drops splices inside of others. Of two for the same span, the first stays.
fn keep_outermost(splices: &mut Vec<Splice>) {
    splices.sort_by_key(|splice| {
        let inserts = splice.start == splice.end;
        (splice.start, !inserts, Reverse(splice.end))
    });
    let mut end = 0;
    splices.retain(|splice| {
        let outside = splice.start >= end;
        end = end.max(splice.end);
        outside
    });
}

/// Whether a value means what `json` means, as far as its spelling tells.
fn same(own: Node<'_>, json: &str) -> bool {
    match own.text() {
        Some(text) => quote(&text, Dialect::Platform) == json,
        None => own.raw() == json,
    }
}
