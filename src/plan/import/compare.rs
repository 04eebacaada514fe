//! Whether an asset of a package and one of a workspace say the same, and what becomes of both
//! where an import does not simply replace one by the other (platform.md §6).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::json::{
    Dialect, Document, JsonError, Node, NodeKind, Splice, Tape, apply, insert_member, quote,
    remove_member,
};
use crate::model::ident::{Digest, InternalName};
use crate::model::kind::AssetKind;
use crate::model::normal::nfc;
use crate::model::reference::Reference;
use crate::model::table::{self, RowCount, RowsPolicy, TableRows, is_table};
use crate::model::workspace::Binding;
use crate::plan::landing::Landing;

/// One side of a comparison: an asset's JSON and what its references mean in the workspace.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The JSON.
    pub bytes: &'a [u8],
    /// Its references, in the order of the text.
    pub references: &'a [Reference],
    /// What they mean, in the same order.
    pub bindings: &'a [Binding],
}

/// What a comparison showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentComparison {
    /// Both say the same; only the spelling may differ.
    Same,
    /// The package says something else, and its JSON takes the other's place.
    Replaced,
    /// The package adds to what is there: this is both together.
    Merged(Vec<u8>),
    /// Both say the same but for what these references mean.
    Rebound(Vec<Rebound>),
}

/// A reference that means something else than it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebound {
    /// The reference, as an index into those of the package's JSON.
    pub reference: usize,
    /// What it means in the JSON that is there.
    pub was: Binding,
}

/// What a comparison showed, and of tables what becomes of their rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether both say the same.
    pub sameness: ContentComparison,
    /// The rows before and after; nothing if it is no table.
    pub rows: Option<RowsChange>,
}

/// The rows of a table that is there, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsChange {
    /// How many the workspace's table holds.
    pub from: Held,
    /// How many it will hold.
    pub to: RowCount,
    /// What happens to those that are there.
    pub fate: RowsFate,
}

/// How many rows the JSON of a workspace's table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It says.
    Told(RowCount),
    /// It has no member for them: there are none, unless the workspace does not tell them.
    Untold,
}

/// What happens to the rows that a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsFate {
    /// They stay.
    Kept,
    /// Others take their place.
    Overwritten,
}

/// Compares an asset of a package with the one that it meets, both in the workspace's terms:
/// internal names were replaced in the package's JSON.
///
/// # Errors
/// If either is no valid JSON.
pub fn compare(
    kind: &AssetKind,
    packaged: Side<'_>,
    held: Side<'_>,
    policy: RowsPolicy,
    landing: &Landing,
) -> Result<Answer, JsonError> {
    let (mut first, mut second) = (Tape::default(), Tape::default());
    let (packaged_document, held_document) =
        match (first.parse(packaged.bytes), second.parse(held.bytes)) {
            (Ok(packaged), Ok(held)) => (packaged, held),
            // What a type that is not known holds need not be JSON.
            (Err(_), _) | (_, Err(_)) if !kind.is_known() => {
                let sameness = match packaged.bytes == held.bytes {
                    true => ContentComparison::Same,
                    false => ContentComparison::Replaced,
                };
                return Ok(Answer {
                    sameness,
                    rows: None,
                });
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
    let rows = is_table(kind).then(|| rows_change(kind, packaged_document, held_document, policy));
    let sameness = compare_documents(
        kind,
        (packaged, packaged_document),
        (held, held_document),
        policy,
        landing,
    );
    Ok(Answer { sameness, rows })
}

/// A table's JSON without its rows; nothing if it has none.
///
/// # Errors
/// If it is no valid JSON.
pub fn without_rows(bytes: &[u8]) -> Result<Option<Vec<u8>>, JsonError> {
    without(bytes, "data")
}

/// An asset's JSON without its tags; nothing if it has none.
///
/// # Errors
/// If it is no valid JSON.
pub fn without_tags(bytes: &[u8]) -> Result<Option<Vec<u8>>, JsonError> {
    without(bytes, "tags")
}

fn without(bytes: &[u8], member: &str) -> Result<Option<Vec<u8>>, JsonError> {
    let mut tape = Tape::default();
    let splice = remove_member(tape.parse(bytes)?.root(), member);
    Ok(splice.map(|splice| apply(bytes, &mut vec![splice])))
}

fn rows_change(
    kind: &AssetKind,
    packaged: Document<'_>,
    held: Document<'_>,
    policy: RowsPolicy,
) -> RowsChange {
    let count = |document| TableRows::of(kind, document).map(|rows| rows.count());
    let from = count(held).map_or(Held::Untold, Held::Told);
    let stay = match from {
        Held::Told(count) => count,
        Held::Untold => RowCount::Known(0),
    };
    let same = || holds_same_rows(packaged, held);
    match (Rows::of(packaged, held, policy), count(packaged)) {
        (Rows::Replaced, Some(to)) => RowsChange {
            from,
            to,
            fate: match same() || from == Held::Told(RowCount::Known(0)) {
                true => RowsFate::Kept,
                false => RowsFate::Overwritten,
            },
        },
        (Rows::Replaced, None) | (Rows::NoTable | Rows::Dropped | Rows::Kept(_), _) => RowsChange {
            from,
            to: stay,
            fate: RowsFate::Kept,
        },
    }
}

/// Whether both tables have rows, and the same ones.
fn holds_same_rows(packaged: Document<'_>, held: Document<'_>) -> bool {
    let text = |document| table::data(document).and_then(Node::text);
    match (text(packaged), text(held)) {
        (Some(packaged), Some(held)) => table::same_rows(&packaged, &held),
        (Some(_) | None, _) => false,
    }
}

fn compare_documents(
    kind: &AssetKind,
    (packaged, packaged_document): (Side<'_>, Document<'_>),
    (held, held_document): (Side<'_>, Document<'_>),
    policy: RowsPolicy,
    landing: &Landing,
) -> ContentComparison {
    if *kind == AssetKind::Tags {
        return tags(packaged_document, held_document);
    }
    if *kind == AssetKind::AccountProperties {
        return properties(packaged_document, held_document, None);
    }
    if *kind == AssetKind::ProjectProperties {
        return properties(packaged_document, held_document, Some("data"));
    }
    let rows = match is_table(kind) {
        true => Rows::of(packaged_document, held_document, policy),
        false => Rows::NoTable,
    };
    let mut ignored: Vec<&str> = match (kind, rows) {
        // The number counts versions of the workspace that the package came from.
        (AssetKind::Recipe, _) => vec!["version", "version_comment"],
        (_, Rows::Kept(_) | Rows::Dropped) => vec!["data"],
        _ => Vec::new(),
    };
    if landing.leaves_tags_out(kind) {
        ignored.push("tags");
    }
    // Whoever wrote them may quote cells otherwise.
    if is_table(kind) && holds_same_rows(packaged_document, held_document) {
        ignored.push("data");
    }
    let ignored = &*ignored;
    let same =
        canonical(packaged_document, packaged, ignored) == canonical(held_document, held, ignored);
    let text = packaged_document.text();
    let root = packaged_document.root();
    let merged = |splice: Option<Splice>| {
        let mut splices: Vec<Splice> = splice.into_iter().collect();
        ContentComparison::Merged(apply(text.as_bytes(), &mut splices))
    };
    match (same, rows) {
        (true, _) => ContentComparison::Same,
        (false, Rows::Kept(rows)) => match root.get("data") {
            Some(own) => merged(Some(Splice::new(own.span(), rows.raw()))),
            None => {
                let dialect = Dialect::of(packaged_document);
                merged(insert_member(text, root, "data", rows.raw(), dialect))
            }
        },
        (false, Rows::Dropped) => merged(remove_member(root, "data")),
        (false, Rows::NoTable | Rows::Replaced) => {
            match rebound(
                (packaged_document, packaged),
                (held_document, held),
                ignored,
            ) {
                Some(rebound) => ContentComparison::Rebound(rebound),
                None => ContentComparison::Replaced,
            }
        }
    }
}

/// The references that mean something else, if nothing else differs.
fn rebound(
    packaged: (Document<'_>, Side<'_>),
    held: (Document<'_>, Side<'_>),
    ignored: &[&str],
) -> Option<Vec<Rebound>> {
    let named = |(document, side): (Document<'_>, Side<'_>)| {
        let mut out = Vec::with_capacity(document.text().len());
        let mut writer = Writer {
            meanings: meanings(side),
            told: Told::Name,
            met: Vec::new(),
        };
        writer.write(document.root(), ignored, &mut out);
        (Digest::of(&out), writer.met)
    };
    let ((text, references), (held_text, held_references)) = (named(packaged), named(held));
    if text != held_text || references.len() != held_references.len() {
        return None;
    }
    let bound = |side: Side<'_>, reference: usize| side.bindings.get(reference).copied();
    let pairs = references.into_iter().zip(held_references);
    let rebound = pairs.filter_map(|(reference, held_reference)| {
        let was = bound(held.1, held_reference)?;
        (bound(packaged.1, reference) != Some(was)).then_some(Rebound { reference, was })
    });
    Some(rebound.collect::<Vec<_>>()).filter(|rebound| !rebound.is_empty())
}

/// What happens to the rows of a table.
#[derive(Clone, Copy)]
enum Rows<'a> {
    NoTable,
    /// The package has rows of its own, or nobody has any.
    Replaced,
    /// The workspace has rows, and they stay.
    Kept(Node<'a>),
    /// The package has rows and the workspace has none, and so it stays.
    Dropped,
}

impl<'a> Rows<'a> {
    fn of(packaged: Document<'_>, held: Document<'a>, policy: RowsPolicy) -> Self {
        match (table::data(packaged), table::data(held), policy) {
            (None, Some(rows), _) => Self::Kept(rows),
            (Some(_), Some(rows), RowsPolicy::Keep | RowsPolicy::LeaveOut) => Self::Kept(rows),
            (Some(_), None, RowsPolicy::Keep | RowsPolicy::LeaveOut) => Self::Dropped,
            (Some(_), _, RowsPolicy::Overwrite) | (None, None, _) => Self::Replaced,
        }
    }
}

/// Names are added; those that are there keep their values.
fn properties(
    packaged: Document<'_>,
    held: Document<'_>,
    below: Option<&str>,
) -> ContentComparison {
    let of = |root| match below {
        Some(key) => Node::get(root, key),
        None => Some(root),
    };
    let Some(packaged_names) = of(packaged.root()) else {
        return ContentComparison::Same;
    };
    let Some(held_names) = of(held.root()) else {
        return ContentComparison::Replaced;
    };
    let added: Vec<Cow<'_, str>> = packaged_names
        .members()
        .filter_map(|(key, _)| key.text())
        .filter(|name| held_names.get(name).is_none())
        .collect();
    if added.is_empty() {
        return ContentComparison::Same;
    }
    let text = held.text();
    let members: Vec<_> = held_names.members().collect();
    let dialect = Dialect::of(held);
    let (lead, colon) = match members.first() {
        Some((key, value)) => (
            &text[held_names.span().start + 1..key.span().start],
            &text[key.span().end..value.span().start],
        ),
        None => ("\n  ", ": "),
    };
    let lines: Vec<String> = added
        .iter()
        .map(|name| format!("{lead}{}{colon}null", quote(name, dialect)))
        .collect();
    let lines = lines.join(",");
    let splice = match members.last() {
        Some((_, last)) => Splice::new(last.span().end..last.span().end, format!(",{lines}")),
        None => Splice::new(held_names.span(), format!("{{{lines}\n}}")),
    };
    ContentComparison::Merged(apply(text.as_bytes(), &mut vec![splice]))
}

/// Tags of titles that are not there are added; those that are there keep their description and
/// colour, as properties keep their values.
fn tags(packaged: Document<'_>, held: Document<'_>) -> ContentComparison {
    let title = |tag: Node<'_>| Some(nfc(&tag.get("title")?.text()?).into_owned());
    let mut titles: BTreeSet<String> = held.root().items().filter_map(title).collect();
    let packaged_items = packaged.root().items();
    let added: Vec<&str> = packaged_items
        .filter(|tag| title(*tag).is_some_and(|title| titles.insert(title)))
        .map(Node::raw)
        .collect();
    if added.is_empty() {
        return ContentComparison::Same;
    }
    let added = added.join(",\n  ");
    let splice = match held.root().items().last() {
        Some(last) => Splice::new(last.span().end..last.span().end, format!(",\n  {added}")),
        None => Splice::new(held.root().span(), format!("[\n  {added}\n]")),
    };
    ContentComparison::Merged(apply(held.text().as_bytes(), &mut vec![splice]))
}

/// A digest of what a document says: independent of the order of keys, white space and escapes, and
/// of how references are spelled, since what they mean counts.
fn canonical(document: Document<'_>, side: Side<'_>, ignored: &[&str]) -> Digest {
    let mut out = Vec::with_capacity(document.text().len());
    let mut writer = Writer {
        meanings: meanings(side),
        told: Told::Meaning,
        met: Vec::new(),
    };
    writer.write(document.root(), ignored, &mut out);
    Digest::of(&out)
}

/// What parts of a document say, as [`compare`] takes them.
pub(in crate::plan) struct Saying<'a>(Writer<'a>);

impl<'a> Saying<'a> {
    /// Of a document with these references.
    pub(in crate::plan) fn of(side: Side<'a>) -> Self {
        Self(Writer {
            meanings: meanings(side),
            told: Told::Meaning,
            met: Vec::new(),
        })
    }

    /// What a value says, of an object without these members.
    pub(in crate::plan) fn node(&mut self, node: Node<'_>, ignored: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        self.0.write(node, ignored, &mut out);
        out
    }

    /// What the reference means that starts at a byte, if one does.
    pub(in crate::plan) fn meaning(&self, at: usize) -> Option<Binding> {
        self.0.meanings.get(&at).map(|(_, _, binding)| *binding)
    }
}

type Meanings<'a> = BTreeMap<usize, (usize, &'a Reference, Binding)>;

fn meanings(side: Side<'_>) -> Meanings<'_> {
    let references = side.references.iter().zip(side.bindings).enumerate();
    references
        .map(|(index, (reference, binding))| {
            (reference.offset as usize, (index, reference, *binding))
        })
        .collect()
}

/// What is written for a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// What it means.
    Meaning,
    /// What it is called.
    Name,
}

struct Writer<'a> {
    meanings: Meanings<'a>,
    told: Told,
    /// The references, in the order in which they were written.
    met: Vec<usize>,
}

impl Writer<'_> {
    fn reference(&mut self, at: usize, out: &mut Vec<u8>) -> bool {
        let Some(&(index, reference, binding)) = self.meanings.get(&at) else {
            return false;
        };
        self.met.push(index);
        let text = match (self.told, binding) {
            (Told::Name, _) => format!("<{:?}>", reference.name),
            (Told::Meaning, Binding::Asset(id)) => format!("<asset {id}>"),
            (Told::Meaning, Binding::Connector(id)) => format!("<connector {id}>"),
            (Told::Meaning, Binding::Shared) => "<shared>".to_owned(),
            (Told::Meaning, Binding::Nothing) => {
                format!("<{:?} {:?}>", reference.target, reference.name)
            }
        };
        out.extend_from_slice(text.as_bytes());
        true
    }

    fn write(&mut self, node: Node<'_>, ignored: &[&str], out: &mut Vec<u8>) {
        if self.reference(node.span().start, out) {
            return;
        }
        match node.kind() {
            NodeKind::Object => {
                let mut members: Vec<_> = node
                    .members()
                    .map(|(key, value)| (key.text().unwrap_or_default(), value))
                    .filter(|(key, _)| !ignored.contains(&&**key))
                    .collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                out.push(b'{');
                for (key, value) in members {
                    out.extend_from_slice(quote(&key, Dialect::Platform).as_bytes());
                    out.push(b':');
                    self.write(value, &[], out);
                    out.push(b',');
                }
                out.push(b'}');
            }
            NodeKind::Array => {
                out.push(b'[');
                for item in node.items() {
                    self.write(item, &[], out);
                    out.push(b',');
                }
                out.push(b']');
            }
            NodeKind::String => {
                let text = node.text().unwrap_or_default();
                out.extend_from_slice(quote(&text, Dialect::Platform).as_bytes());
            }
            NodeKind::Number | NodeKind::Bool | NodeKind::Null => {
                out.extend_from_slice(node.raw().as_bytes());
            }
        }
    }
}

/// What an import replaces in an asset's JSON: the package's internal names by the workspace's.
pub fn renames(
    internal_names: &[InternalName],
    names: &BTreeMap<InternalName, InternalName>,
) -> BTreeMap<InternalName, InternalName> {
    internal_names
        .iter()
        .filter_map(|from| {
            let to = names.get(from)?;
            (to != from).then(|| (from.clone(), to.clone()))
        })
        .collect()
}
