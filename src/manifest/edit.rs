//! Edits of a manifest's text that leave comments, order and formatting as they are.
//!
//! Only the bytes that an edit is about change. What the result says is read back and compared
//! with what it should say, so that no edit can do more or less than it tells.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml_edit::{Document, Item, Table, TableLike};

use super::error::ManifestErrors;
use super::glob::Glob;
use super::listing::{Listing, TargetListing};
use super::quote::{key, quoted};
use super::selection::Rule;
use super::{Manifest, spans};
use crate::model::ident::{ConnectorTitle, DataCenter, TagName, TargetName, TypeWord};
use crate::model::keyword::{keyword_enum, nearest};
use crate::model::path::PackagePath;
use crate::model::target::{ConnectorPolicy, Target, TargetKind};

/// Something to put into a manifest.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A pattern to `select.include`.
    Include(Glob),
    /// A pattern to `select.exclude`.
    Exclude(Glob),
    /// A type to `select.types`.
    Type(TypeWord),
    /// A folder to `select.folders`.
    Folder(PackagePath),
    /// A tag to `select.tags`.
    Tag(TagName),
    /// A word about a connector, for every target.
    Connector {
        /// The connector.
        title: ConnectorTitle,
        /// The word.
        word: ConnectorPolicy,
    },
    /// A target.
    Target {
        /// Its name.
        name: TargetName,
        /// Whose workspace it is.
        kind: TargetKind,
        /// Its data center. Without one, a target that has one keeps it.
        data_center: Option<DataCenter>,
    },
    /// The catalogue of the package: a file, an address or `none`.
    Catalog(String),
    /// The project of the package: a folder, a package or an address.
    Project(String),
    /// A word about a connector, for one target.
    TargetConnector {
        /// The target.
        target: TargetName,
        /// The connector.
        title: ConnectorTitle,
        /// The word.
        word: ConnectorPolicy,
    },
    /// The catalogue of one target.
    TargetCatalog {
        /// The target.
        target: TargetName,
        /// A file, an address or `none`.
        catalog: String,
    },
}

/// Something to take out of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub enum Removal {
    /// A pattern of `select.include`.
    Include(Glob),
    /// A pattern of `select.exclude`.
    Exclude(Glob),
    /// A type of `select.types`.
    Type(TypeWord),
    /// A folder of `select.folders`.
    Folder(PackagePath),
    /// A tag of `select.tags`.
    Tag(TagName),
    /// The word about a connector, for every target.
    Connector(ConnectorTitle),
    /// A target, with all that is said for it.
    Target(TargetName),
    /// The catalogue file of the package.
    Catalog,
    /// The project of the package, so that it is the manifest's own folder.
    Project,
    /// The word about a connector, for one target.
    TargetConnector {
        /// The target.
        target: TargetName,
        /// The connector.
        title: ConnectorTitle,
    },
    /// The catalogue of one target.
    TargetCatalog(TargetName),
}

keyword_enum! {
    /// What an edit did.
    pub enum Outcome: "outcome of an edit" {
        /// The entry is new.
        Added = "added",
        /// The entry was there with another value.
        Changed = "changed",
        /// The entry was there already.
        Unchanged = "unchanged",
        /// The entry is gone.
        Removed = "removed",
    }
}

/// An edit that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Where in the manifest: `select.include`, `connectors`, `targets`, …
    pub key: String,
    /// The entry: a pattern, a title, a name.
    pub entry: String,
    /// What was done.
    pub outcome: Outcome,
}

/// Why a manifest was not edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// What should be removed is not there.
    #[error("`{key}` has no `{}`", entry.escape_debug())]
    NotThere {
        /// Where it was looked for.
        key: &'static str,
        /// What was looked for.
        entry: String,
        /// The entry that may have been meant.
        near: Option<String>,
    },
    /// The result would be no manifest.
    #[error("`{}` can't stand in `{key}`: {errors}", entry.escape_debug())]
    Invalid {
        /// Where it would have stood.
        key: &'static str,
        /// The entry.
        entry: String,
        /// What would be wrong.
        errors: ManifestErrors,
    },
    /// The manifest is written in a way that this edit can't be made in without doing more than
    /// that.
    #[error("`{key}` is written in a form that can't be edited for `{}`", entry.escape_debug())]
    Form {
        /// The part of the manifest.
        key: &'static str,
        /// The entry.
        entry: String,
    },
}

impl EditError {
    /// What to do instead.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotThere { near, .. } => {
                near.as_ref().map(|near| format!("did you mean `{near}`?"))
            }
            Self::Invalid { errors, .. } => errors.0.iter().find_map(|error| error.help()),
            Self::Form { key, .. } => Some(format!(
                "edit the file by hand, or write `{key}` in its usual form first"
            )),
        }
    }
}

/// A manifest being edited.
#[derive(Clone, Debug)]
pub struct ManifestEdit {
    text: String,
    listing: Listing,
    done: Vec<Done>,
}

impl ManifestEdit {
    /// Starts with a manifest's text.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        Ok(Self {
            listing: Manifest::parse(text)?.listing(),
            text: text.to_owned(),
            done: Vec::new(),
        })
    }

    /// The text as it stands now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the manifest says now.
    pub const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// What was done so far.
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// The new text, and what was done.
    pub fn finish(self) -> (String, Vec<Done>) {
        (self.text, self.done)
    }

    /// Puts something in. What is there already stays as it is written.
    pub fn add(&mut self, change: &Change) -> Result<Outcome, EditError> {
        let subject = Subject::of_change(change);
        if let Change::TargetConnector { target, .. } | Change::TargetCatalog { target, .. } =
            change
        {
            self.has_target(target)?;
        }
        let mut expected = self.listing.clone();
        let outcome = expected.add(change);
        if outcome == Outcome::Unchanged {
            self.note(subject, outcome);
            return Ok(outcome);
        }
        let text = added(&self.text, change);
        self.settle(subject, outcome, text, expected)
    }

    /// Takes something out. Comments stay, also those about what goes.
    pub fn remove(&mut self, removal: &Removal) -> Result<Outcome, EditError> {
        let subject = Subject::of_removal(removal);
        if let Removal::TargetConnector { target, .. } | Removal::TargetCatalog(target) = removal {
            self.has_target(target)?;
        }
        let mut expected = self.listing.clone();
        expected.remove(removal);
        if expected == self.listing {
            let near = self.near(removal, &subject.entry);
            return Err(EditError::NotThere {
                key: subject.key,
                entry: subject.entry,
                near,
            });
        }
        let text = removed(&self.text, removal);
        self.settle(subject, Outcome::Removed, text, expected)
    }

    fn has_target(&self, target: &TargetName) -> Result<(), EditError> {
        let targets = &self.listing.targets;
        if targets.contains_key(target) {
            return Ok(());
        }
        let names = targets.keys().map(TargetName::as_str);
        Err(EditError::NotThere {
            key: "targets",
            entry: target.to_string(),
            near: nearest(target.as_str(), names).map(str::to_owned),
        })
    }

    /// Takes the new text over if it says what it should.
    fn settle(
        &mut self,
        subject: Subject,
        outcome: Outcome,
        text: Option<String>,
        expected: Listing,
    ) -> Result<Outcome, EditError> {
        let Subject { key, entry } = subject.clone();
        let Some(text) = text else {
            return Err(EditError::Form { key, entry });
        };
        match Manifest::parse(&text) {
            Ok(manifest) if manifest.listing() == expected => {
                self.text = text;
                self.listing = expected;
                self.note(subject, outcome);
                Ok(outcome)
            }
            Ok(_) => Err(EditError::Form { key, entry }),
            // A text that is no TOML any more is the form's fault, a wrong value the entry's.
            Err(errors) if errors.0.iter().all(|error| error.key.is_empty()) => {
                Err(EditError::Form { key, entry })
            }
            Err(errors) => Err(EditError::Invalid { key, entry, errors }),
        }
    }

    fn note(&mut self, subject: Subject, outcome: Outcome) {
        self.done.push(Done {
            key: subject.key.to_owned(),
            entry: subject.entry,
            outcome,
        });
    }

    /// The entry of the same list that looks most like what wasn't found.
    fn near(&self, removal: &Removal, entry: &str) -> Option<String> {
        let Listing {
            select,
            connectors,
            targets,
            ..
        } = &self.listing;
        let candidates: Vec<&str> = match removal {
            Removal::Include(_) => select.include.iter().map(String::as_str).collect(),
            Removal::Exclude(_) => select.exclude.iter().map(String::as_str).collect(),
            Removal::Type(_) => select.types.iter().map(TypeWord::as_str).collect(),
            Removal::Folder(_) => select.folders.iter().map(PackagePath::as_str).collect(),
            Removal::Tag(_) => select.tags.iter().map(TagName::as_str).collect(),
            Removal::Connector(_) => connectors.keys().map(ConnectorTitle::as_str).collect(),
            Removal::Target(_) => targets.keys().map(TargetName::as_str).collect(),
            Removal::TargetConnector { target, .. } => targets
                .get(target)
                .into_iter()
                .flat_map(|target| target.connectors.keys())
                .map(ConnectorTitle::as_str)
                .collect(),
            Removal::Catalog | Removal::TargetCatalog(_) | Removal::Project => Vec::new(),
        };
        nearest(entry, candidates).map(str::to_owned)
    }
}

/// What an edit is about, for messages.
#[derive(Clone)]
struct Subject {
    key: &'static str,
    entry: String,
}

impl Subject {
    fn new(key: &'static str, entry: &str) -> Self {
        Self {
            key,
            entry: entry.to_owned(),
        }
    }

    fn of_change(change: &Change) -> Self {
        match change {
            Change::Include(glob) => Self::new("select.include", glob.as_str()),
            Change::Exclude(glob) => Self::new("select.exclude", glob.as_str()),
            Change::Type(word) => Self::new("select.types", word.as_str()),
            Change::Folder(folder) => Self::new("select.folders", folder.as_str()),
            Change::Tag(tag) => Self::new("select.tags", tag.as_str()),
            Change::Connector { title, .. } => Self::new("connectors", title.as_str()),
            Change::Target { name, .. } => Self::new("targets", name.as_str()),
            Change::Catalog(file) => Self::new("package.catalog", file),
            Change::Project(project) => Self::new("package.project", project),
            Change::TargetConnector { target, title, .. } => Self {
                key: "targets",
                entry: format!("{target}: {title}"),
            },
            Change::TargetCatalog { target, catalog } => Self {
                key: "targets",
                entry: format!("{target}: catalog {catalog}"),
            },
        }
    }

    fn of_removal(removal: &Removal) -> Self {
        match removal {
            Removal::Include(glob) => Self::new("select.include", glob.as_str()),
            Removal::Exclude(glob) => Self::new("select.exclude", glob.as_str()),
            Removal::Type(word) => Self::new("select.types", word.as_str()),
            Removal::Folder(folder) => Self::new("select.folders", folder.as_str()),
            Removal::Tag(tag) => Self::new("select.tags", tag.as_str()),
            Removal::Connector(title) => Self::new("connectors", title.as_str()),
            Removal::Target(name) => Self::new("targets", name.as_str()),
            Removal::Catalog => Self::new("package", "catalog"),
            Removal::Project => Self::new("package", "project"),
            Removal::TargetConnector { target, title } => Self {
                key: "targets",
                entry: format!("{target}: {title}"),
            },
            Removal::TargetCatalog(target) => Self {
                key: "targets",
                entry: format!("{target}: catalog"),
            },
        }
    }
}

impl Listing {
    /// What the manifest should say after a change.
    fn add(&mut self, change: &Change) -> Outcome {
        match change {
            Change::Include(glob) => push_new(&mut self.select.include, &glob.to_string()),
            Change::Exclude(glob) => push_new(&mut self.select.exclude, &glob.to_string()),
            Change::Type(word) => push_new(&mut self.select.types, word),
            Change::Folder(folder) => push_new(&mut self.select.folders, folder),
            Change::Tag(tag) => push_new(&mut self.select.tags, tag),
            Change::Connector { title, word } => {
                outcome_of(self.connectors.insert(title.clone(), *word).as_ref(), word)
            }
            Change::Target {
                name,
                kind,
                data_center,
            } => {
                let before = self.targets.get(name.as_str()).cloned();
                let mut after = match &before {
                    Some(before) => before.clone(),
                    None => TargetListing::from(&Target::of_kind(*kind)),
                };
                after.kind = *kind;
                if data_center.is_some() {
                    after.data_center.clone_from(data_center);
                }
                self.targets.insert(name.clone(), after.clone());
                outcome_of(before.as_ref(), &after)
            }
            Change::Catalog(file) => {
                outcome_of(self.package.catalog.replace(file.clone()).as_ref(), file)
            }
            Change::Project(project) => outcome_of(
                self.package.project.replace(project.clone()).as_ref(),
                project,
            ),
            Change::TargetConnector {
                target,
                title,
                word,
            } => {
                let Some(target) = self.targets.get_mut(target) else {
                    return Outcome::Unchanged;
                };
                outcome_of(
                    target.connectors.insert(title.clone(), *word).as_ref(),
                    word,
                )
            }
            Change::TargetCatalog { target, catalog } => {
                let Some(target) = self.targets.get_mut(target) else {
                    return Outcome::Unchanged;
                };
                outcome_of(target.catalog.replace(catalog.clone()).as_ref(), catalog)
            }
        }
    }

    /// What the manifest should say after a removal.
    fn remove(&mut self, removal: &Removal) {
        match removal {
            Removal::Include(glob) => self.select.include.retain(|entry| entry != glob.as_str()),
            Removal::Exclude(glob) => self.select.exclude.retain(|entry| entry != glob.as_str()),
            Removal::Type(word) => self.select.types.retain(|entry| entry != word),
            Removal::Folder(folder) => self.select.folders.retain(|entry| entry != folder),
            Removal::Tag(tag) => self.select.tags.retain(|entry| entry != tag),
            Removal::Connector(title) => {
                self.connectors.remove(title);
            }
            Removal::Target(name) => {
                self.targets.remove(name);
            }
            Removal::Catalog => self.package.catalog = None,
            Removal::Project => self.package.project = None,
            Removal::TargetConnector { target, title } => {
                if let Some(target) = self.targets.get_mut(target) {
                    target.connectors.remove(title);
                }
            }
            Removal::TargetCatalog(target) => {
                if let Some(target) = self.targets.get_mut(target) {
                    target.catalog = None;
                }
            }
        }
    }
}

fn push_new<T: Clone + PartialEq>(list: &mut Vec<T>, entry: &T) -> Outcome {
    if list.contains(entry) {
        return Outcome::Unchanged;
    }
    list.push(entry.clone());
    Outcome::Added
}

fn outcome_of<T: PartialEq>(before: Option<&T>, after: &T) -> Outcome {
    match before {
        None => Outcome::Added,
        Some(before) if before == after => Outcome::Unchanged,
        Some(_) => Outcome::Changed,
    }
}

// From here on `None` stands for a form that can't be edited.

fn added(text: &str, change: &Change) -> Option<String> {
    match change {
        Change::Include(glob) => with_entry(text, Rule::Include, glob.as_str()),
        Change::Exclude(glob) => with_entry(text, Rule::Exclude, glob.as_str()),
        Change::Type(word) => with_entry(text, Rule::Types, word.as_str()),
        Change::Folder(folder) => with_entry(text, Rule::Folders, folder.as_str()),
        Change::Tag(tag) => with_entry(text, Rule::Tags, tag.as_str()),
        Change::Connector { title, word } => with_value(
            text,
            &["connectors"],
            title.as_str(),
            &quoted(word.as_str()),
        ),
        Change::Target {
            name,
            kind,
            data_center,
        } => with_target(text, name.as_str(), *kind, data_center.as_ref()),
        Change::Catalog(file) => with_value(text, &["package"], "catalog", &quoted(file)),
        Change::Project(project) => with_value(text, &["package"], "project", &quoted(project)),
        Change::TargetConnector {
            target,
            title,
            word,
        } => with_target_word(text, target.as_str(), title.as_str(), *word),
        Change::TargetCatalog { target, catalog } => with_value(
            text,
            &["targets", target.as_str()],
            "catalog",
            &quoted(catalog),
        ),
    }
}

fn removed(text: &str, removal: &Removal) -> Option<String> {
    match removal {
        Removal::Include(glob) => without_entry(text, Rule::Include, glob.as_str()),
        Removal::Exclude(glob) => without_entry(text, Rule::Exclude, glob.as_str()),
        Removal::Type(word) => without_entry(text, Rule::Types, word.as_str()),
        Removal::Folder(folder) => without_entry(text, Rule::Folders, folder.as_str()),
        Removal::Tag(tag) => without_entry(text, Rule::Tags, tag.as_str()),
        Removal::Connector(title) => without_key(text, &["connectors"], title.as_str()),
        Removal::Target(name) => without_key(text, &["targets"], name.as_str()),
        Removal::Catalog => without_key(text, &["package"], "catalog"),
        Removal::Project => without_key(text, &["package"], "project"),
        Removal::TargetConnector { target, title } => without_key(
            text,
            &["targets", target.as_str(), "connectors"],
            title.as_str(),
        ),
        Removal::TargetCatalog(target) => {
            without_key(text, &["targets", target.as_str()], "catalog")
        }
    }
}

fn find<'d>(root: &'d Table, path: &[&str]) -> Option<&'d Item> {
    let (first, rest) = path.split_first()?;
    let mut item = root.get(first)?;
    for key in rest {
        item = item.as_table_like()?.get(key)?;
    }
    Some(item)
}

/// The list with one more entry.
fn with_entry(text: &str, rule: Rule, entry: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let path = ["select", rule.key()];
    let Some(list) = find(document.as_table(), &path).and_then(Item::as_array) else {
        return with_value(
            text,
            &["select"],
            rule.key(),
            &format!("[{}]", quoted(entry)),
        );
    };
    let elements: Option<Vec<_>> = list.iter().map(toml_edit::Value::span).collect();
    let new = quoted(entry);
    Some(spans::with_element(text, &list.span()?, &elements?, &new))
}

/// The list without an entry, however often it stands there.
fn without_entry(text: &str, rule: Rule, entry: &str) -> Option<String> {
    let is_entry = |value: &toml_edit::Value| {
        let value = value.as_str()?;
        Some(match rule {
            Rule::Folders => value.strip_suffix('/').unwrap_or(value) == entry,
            Rule::Include | Rule::Exclude | Rule::Types | Rule::Tags => value == entry,
        })
    };
    let mut text = text.to_owned();
    loop {
        let document = Document::parse(text.as_str()).ok()?;
        let list = find(document.as_table(), &["select", rule.key()])?.as_array()?;
        let Some(index) = list.iter().position(|value| is_entry(value) == Some(true)) else {
            return Some(text);
        };
        let elements: Option<Vec<_>> = list.iter().map(toml_edit::Value::span).collect();
        let shorter = spans::without_element(&text, &list.span()?, &elements?, index);
        text = shorter;
    }
}

/// The table at `path` with a value for `name`: another one, or a new one.
fn with_value(text: &str, path: &[&str], name: &str, value: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let Some(item) = find(document.as_table(), path) else {
        let header: Vec<String> = path.iter().map(|part| key(part)).collect();
        let lines = [
            format!("[{}]", header.join(".")),
            format!("{} = {value}", key(name)),
        ];
        return Some(spans::with_paragraph(text, &lines));
    };
    match item.as_table_like()?.get(name) {
        Some(before) if before.as_str().map(quoted).as_deref() == Some(value) => {
            Some(text.to_owned())
        }
        Some(before) => Some(spans::replaced(text, &before.span()?, value)),
        None => with_new_value(text, item, name, value),
    }
}

/// A table with one more value, in the form in which the table is written.
fn with_new_value(text: &str, item: &Item, name: &str, value: &str) -> Option<String> {
    let new = format!("{} = {value}", key(name));
    if let Some(inline) = item.as_inline_table() {
        if inline.is_dotted() {
            return None;
        }
        let elements = inline_elements(inline)?;
        return Some(spans::with_element(text, &inline.span()?, &elements, &new));
    }
    let table = item.as_table()?;
    let last = last_statement(table);
    if table.is_dotted() {
        let (first, _) = table.iter().next()?;
        let first = table.key(first)?.span()?.start;
        let prefix = &text[spans::line_start(text, first)..first];
        return Some(spans::with_line_after(
            text,
            last?.end,
            &format!("{prefix}{new}"),
        ));
    }
    if table.is_implicit() {
        return None;
    }
    let after = last.unwrap_or(table.span()?);
    let line = spans::line_start(text, after.start);
    let indent: String = text[line..]
        .chars()
        .take_while(|c| matches!(c, ' ' | '\t'))
        .collect();
    Some(spans::with_line_after(
        text,
        after.end,
        &format!("{indent}{new}"),
    ))
}

/// The last statement that stands directly under a table's header, from its own key on.
fn last_statement(table: &Table) -> Option<Range<usize>> {
    let mut last: Option<Range<usize>> = None;
    for (name, item) in table.iter() {
        let statement = match item {
            Item::Value(value) => table
                .key(name)
                .and_then(toml_edit::Key::span)
                .zip(value.span())
                .map(|(key, value)| key.start..value.end),
            Item::Table(child) if child.is_dotted() => last_statement(child),
            Item::Table(_) | Item::ArrayOfTables(_) | Item::None => None,
        };
        last = match (last, statement) {
            (Some(last), Some(statement)) if statement.end < last.end => Some(last),
            (last, statement) => statement.or(last),
        };
    }
    last
}

/// The entries of an inline table, keys included.
fn inline_elements(inline: &toml_edit::InlineTable) -> Option<Vec<Range<usize>>> {
    let mut elements = Vec::new();
    for (name, value) in inline.iter() {
        let start = TableLike::key(inline, name)?.span()?.start;
        elements.push(start..value_end(value)?);
    }
    elements.sort_by_key(|element| element.start);
    // The dotted keys of one entry may be scattered among the others.
    let is_scattered = elements.windows(2).any(|pair| pair[0].end > pair[1].start);
    (!is_scattered).then_some(elements)
}

/// Where a value ends, with all that dotted keys add to it.
fn value_end(value: &toml_edit::Value) -> Option<usize> {
    match value.as_inline_table() {
        Some(dotted) if dotted.is_dotted() => dotted
            .iter()
            .map(|(_, value)| value_end(value))
            .max()
            .flatten(),
        _ => Some(value.span()?.end),
    }
}

fn with_target(
    text: &str,
    name: &str,
    kind: TargetKind,
    data_center: Option<&DataCenter>,
) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let root = document.as_table();
    let kind = quoted(kind.as_str());
    let data_center = data_center.map(|name| quoted(name.as_str()));
    if find(root, &["targets", name]).is_some() {
        let path = ["targets", name];
        let text = with_value(text, &path, "kind", &kind)?;
        return match data_center {
            Some(data_center) => with_value(&text, &path, "data-center", &data_center),
            None => Some(text),
        };
    }
    let mut values = vec![format!("kind = {kind}")];
    values.extend(data_center.map(|data_center| format!("data-center = {data_center}")));
    match root.get("targets") {
        Some(item) if item.as_table().is_none_or(Table::is_dotted) => {
            let value = format!("{{ {} }}", values.join(", "));
            with_new_value(text, item, name, &value)
        }
        Some(_) | None => {
            values.insert(0, format!("[targets.{}]", key(name)));
            Some(spans::with_paragraph(text, &values))
        }
    }
}

/// A target with a word about a connector: in the table of its words, or with a new one.
fn with_target_word(
    text: &str,
    target: &str,
    title: &str,
    word: ConnectorPolicy,
) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let path = ["targets", target, "connectors"];
    let word = quoted(word.as_str());
    let item = find(document.as_table(), &path[..2])?;
    let is_plain = item.as_table().is_some_and(|table| !table.is_dotted());
    if is_plain || find(document.as_table(), &path).is_some() {
        return with_value(text, &path, title, &word);
    }
    // Inside of braces, or with dotted keys, no header may follow.
    let table = format!("{{ {} = {word} }}", key(title));
    with_new_value(text, item, "connectors", &table)
}

/// A section without one of its keys and all below it.
fn without_key(text: &str, section: &[&str], name: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let item = find(document.as_table(), section)?;
    if let Some(inline) = item.as_inline_table() {
        let elements = inline_elements(inline)?;
        let start = TableLike::key(inline, name)?.span()?.start;
        let index = elements.iter().position(|element| element.start == start)?;
        let container = inline.span()?;
        return Some(spans::without_element(text, &container, &elements, index));
    }
    let table = item.as_table()?;
    let mut cuts = Vec::new();
    cut_all(text, table, name, &mut cuts)?;
    Some(spans::without(text, spans::joined(text, cuts)))
}

/// Collects what to cut for a key: its statement, or its header and all statements below.
fn cut_all(text: &str, table: &Table, name: &str, cuts: &mut Vec<Range<usize>>) -> Option<()> {
    match table.get(name)? {
        Item::Value(value) => {
            let key = table.key(name)?.span()?.start;
            // The statement starts with the first key of a dotted one.
            let line = spans::line_start(text, key);
            let indent = text[line..].len() - text[line..].trim_start().len();
            cuts.push(spans::statement_cut(text, line + indent..value.span()?.end));
        }
        Item::Table(child) => {
            if !child.is_dotted() && !child.is_implicit() {
                cuts.push(spans::statement_cut(text, child.span()?));
            }
            for (name, _) in child.iter() {
                cut_all(text, child, name, cuts)?;
            }
        }
        Item::ArrayOfTables(_) | Item::None => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests;
