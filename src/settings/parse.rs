//! From the text of a file to what it says, with all that is wrong told at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use toml_edit::{Document, Item, TableLike};

use super::{
    ConnectionWish, EndpointWish, ExistingRows, Origin, PropertyLevel, PropertyName, RecipeWish,
    Said, Scope, Section, SettingsError, SettingsFile, TableWish, UsedConnection, Value,
};
use crate::model::edits::EditsPolicy;
use crate::model::ident::Digest;
use crate::model::keyword::{UnknownKeyword, nearest, quoted_list};
use crate::model::span::Span;
use crate::model::table::RowsPolicy;
use crate::model::workspace::FolderPath;

/// Under which key a manifest has settings.
const SETTINGS: &str = "settings";
const ROOT: &[&str] = &["all", "targets", "labels", "customers"];
pub(super) const SECTION: &[&str] = &[
    "folder",
    "tags",
    "properties",
    "project-properties",
    "connections",
    "tables",
    "recipes",
    "endpoints",
    "edits",
];
const VALUE: &[&str] = &["env", "file", "fill-in"];
const CONNECTION: &[&str] = &["fields", "use", "fill-in"];
const TABLE: &[&str] = &["rows", "existing", "fill-in"];
const TAGS: &[&str] = &["apply", "skip"];
/// What a property's value may have (platform.md §12).
const LONGEST_VALUE: usize = 1_024;
/// What a property's name may have (platform.md §12).
const LONGEST_NAME: usize = 100;

impl SettingsFile {
    /// Reads a file that is called `path`.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text; never nothing. A text that is no
    /// TOML is told by its first error.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<SettingsError>> {
        let document = document(path, text)?;
        Self::read(path, text, |reader| reader.root(document.as_table()))
    }

    /// Reads what a manifest says under `settings`; nothing if it says nothing there.
    ///
    /// # Errors
    /// As of a [file of settings](Self::parse). What else is wrong with a manifest is not told here.
    pub fn of_manifest(path: &str, text: &str) -> Result<Option<Self>, Vec<SettingsError>> {
        let document = document(path, text)?;
        let mut all = fields(document.as_table()).into_iter();
        let Some(field) = all.find(|field| field.key == SETTINGS) else {
            return Ok(None);
        };
        let read = Self::read(path, text, |reader| match field.item.as_table_like() {
            Some(table) => reader.root(table),
            None => {
                reader.table(&field);
                Vec::new()
            }
        });
        read.map(Some)
    }

    fn read(
        path: &str,
        text: &str,
        sections: impl FnOnce(&mut Reader<'_>) -> Vec<(Scope, Section)>,
    ) -> Result<Self, Vec<SettingsError>> {
        let mut reader = Reader {
            path,
            text,
            errors: Vec::new(),
        };
        let sections = sections(&mut reader);
        if !reader.errors.is_empty() {
            let mut errors = reader.errors;
            errors.sort_by_key(|error| (error.line, error.column));
            return Err(errors);
        }
        Ok(Self {
            path: path.to_owned(),
            digest: Digest::of(text.as_bytes()),
            sections,
        })
    }
}

pub(super) fn document<'t>(
    path: &str,
    text: &'t str,
) -> Result<Document<&'t str>, Vec<SettingsError>> {
    Document::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(text.len()..text.len());
        let place = Span::of(text, span);
        vec![SettingsError::at(path, &place, error.message())]
    })
}

pub(super) struct Reader<'t> {
    pub(super) path: &'t str,
    pub(super) text: &'t str,
    pub(super) errors: Vec<SettingsError>,
}

/// A key with its value.
pub(super) struct Field<'d> {
    pub(super) key: &'d str,
    pub(super) span: Range<usize>,
    pub(super) item: &'d Item,
}

pub(super) fn fields<'d>(table: &'d dyn TableLike) -> Vec<Field<'d>> {
    let all = table.iter().filter(|(_, item)| !item.is_none());
    all.map(|(key, item)| Field {
        key,
        span: table
            .key(key)
            .and_then(toml_edit::Key::span)
            .or_else(|| item.span())
            .unwrap_or(0..0),
        item,
    })
    .collect()
}

impl<'t> Reader<'t> {
    pub(super) fn error(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut SettingsError {
        let error = SettingsError::at(self.path, &Span::of(self.text, span), message);
        self.errors.push(error);
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }

    pub(super) fn unknown(&mut self, field: &Field<'_>, known: &[&str]) {
        let key = field.key.escape_debug();
        let help = match nearest(field.key, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("possible are {}", quoted_list(known)),
        };
        self.error(field.span.clone(), format!("unknown key `{key}`"))
            .help = Some(help);
    }

    pub(super) fn table<'d>(&mut self, field: &Field<'d>) -> Option<Vec<Field<'d>>> {
        match field.item.as_table_like() {
            Some(table) => Some(fields(table)),
            None => {
                let key = field.key.escape_debug();
                self.error(field.span.clone(), format!("`{key}` should be a table"));
                None
            }
        }
    }

    fn root(&mut self, table: &dyn TableLike) -> Vec<(Scope, Section)> {
        let mut sections = Vec::new();
        for field in fields(table) {
            let named: fn(String) -> Scope = match field.key {
                "all" => {
                    let section = self.section(&field, &Scope::All);
                    sections.extend(section.map(|section| (Scope::All, section)));
                    continue;
                }
                "targets" => Scope::Target,
                "labels" => Scope::Label,
                "customers" => Scope::Customer,
                _ => {
                    self.unknown(&field, ROOT);
                    continue;
                }
            };
            for one in self.table(&field).unwrap_or_default() {
                let scope = named(one.key.to_owned());
                if let Some(section) = self.section(&one, &scope) {
                    sections.push((scope, section));
                }
            }
        }
        sections
    }

    pub(super) fn said<T>(&self, field: &Field<'_>, scope: &Scope, value: T) -> Said<T> {
        Said {
            value,
            at: Origin {
                file: self.path.to_owned(),
                line: Span::of(self.text, field.span.clone()).line,
                scope: scope.clone(),
            },
        }
    }

    fn section(&mut self, field: &Field<'_>, scope: &Scope) -> Option<Section> {
        let fields = self.table(field)?;
        Some(self.section_of(fields, scope, SECTION))
    }

    /// What fields say for somebody. Others than these are told as `known` ones.
    pub(super) fn section_of(
        &mut self,
        fields: Vec<Field<'_>>,
        scope: &Scope,
        known: &[&str],
    ) -> Section {
        let mut section = Section::default();
        for field in fields {
            match field.key {
                "folder" => {
                    let folder = self.word::<FolderPath>(&field);
                    section.folder = folder.map(|folder| self.said(&field, scope, folder));
                }
                "tags" => {
                    let word = field.item.as_str().unwrap_or_default();
                    if TAGS.contains(&word) {
                        section.tags = Some(self.said(&field, scope, word.to_owned()));
                    } else {
                        self.error(field.span.clone(), "`tags` should be `apply` or `skip`");
                    }
                }
                "properties" => {
                    self.properties(&field, scope, PropertyLevel::Workspace, &mut section);
                }
                "project-properties" => {
                    self.properties(&field, scope, PropertyLevel::Project, &mut section);
                }
                "connections" => {
                    for one in self.table(&field).unwrap_or_default() {
                        if let Some(wish) = self.connection(&one) {
                            let said = self.said(&one, scope, wish);
                            section.connections.insert(one.key.to_owned(), said);
                        }
                    }
                }
                "tables" => {
                    for one in self.table(&field).unwrap_or_default() {
                        if let Some(wish) = self.table_wish(&one) {
                            let said = self.said(&one, scope, wish);
                            section.tables.insert(one.key.to_owned(), said);
                        }
                    }
                }
                "recipes" => {
                    for one in self.table(&field).unwrap_or_default() {
                        if let Some(wish) = self.word::<RecipeWish>(&one) {
                            let said = self.said(&one, scope, wish);
                            section.recipes.insert(one.key.to_owned(), said);
                        }
                    }
                }
                "endpoints" => {
                    for one in self.table(&field).unwrap_or_default() {
                        if let Some(wish) = self.word::<EndpointWish>(&one) {
                            let said = self.said(&one, scope, wish);
                            section.endpoints.insert(one.key.to_owned(), said);
                        }
                    }
                }
                "edits" => {
                    for one in self.table(&field).unwrap_or_default() {
                        if let Some(policy) = self.word::<EditsPolicy>(&one) {
                            let said = self.said(&one, scope, policy);
                            section.edits.insert(one.key.to_owned(), said);
                        }
                    }
                }
                _ => self.unknown(&field, known),
            }
        }
        section
    }

    fn word<T>(&mut self, field: &Field<'_>) -> Option<T>
    where
        T: FromStr,
        T::Err: Into<WrongWord>,
    {
        let Some(text) = field.item.as_str() else {
            let key = field.key.escape_debug();
            self.error(field.span.clone(), format!("`{key}` should be a text"));
            return None;
        };
        match text.parse::<T>() {
            Ok(value) => Some(value),
            Err(error) => {
                let WrongWord { message, help } = error.into();
                self.error(field.span.clone(), message).help = help;
                None
            }
        }
    }

    fn properties(
        &mut self,
        field: &Field<'_>,
        scope: &Scope,
        level: PropertyLevel,
        section: &mut Section,
    ) {
        for one in self.table(field).unwrap_or_default() {
            if one.key.is_empty() || one.key.chars().count() > LONGEST_NAME {
                self.error(
                    one.span.clone(),
                    format!("a property's name has 1 to {LONGEST_NAME} characters"),
                );
            }
            let Some(value) = self.value(&one) else {
                continue;
            };
            if let Value::Text(text) = &value
                && text.chars().count() > LONGEST_VALUE
            {
                self.error(
                    one.span.clone(),
                    format!("a property's value has at most {LONGEST_VALUE} characters"),
                );
            }
            let said = self.said(&one, scope, value);
            let name = PropertyName {
                level,
                name: one.key.to_owned(),
            };
            section.properties.insert(name, said);
        }
    }

    fn value(&mut self, field: &Field<'_>) -> Option<Value> {
        if let Some(text) = field.item.as_str() {
            return Some(Value::Text(text.to_owned()));
        }
        let key = field.key.escape_debug();
        let should =
            format!("`{key}` should be a text, {{ env = \"NAME\" }} or {{ file = \"PATH\" }}");
        let Some(table) = field.item.as_table_like() else {
            self.error(field.span.clone(), should);
            return None;
        };
        let inner = fields(table);
        let [only] = &inner[..] else {
            self.error(field.span.clone(), should);
            return None;
        };
        let Some(text) = only.item.as_str() else {
            self.error(field.span.clone(), should);
            return None;
        };
        match only.key {
            "env" => Some(Value::Env(text.to_owned())),
            "file" => Some(Value::File(text.to_owned())),
            "fill-in" => Some(Value::Unfilled(text.to_owned())),
            _ => {
                self.unknown(only, VALUE);
                None
            }
        }
    }

    fn used(&mut self, field: &Field<'_>) -> Option<UsedConnection> {
        let text = |item: &Item| {
            let text = item.as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        if let Some(named) = text(field.item) {
            return Some(UsedConnection::Named(named));
        }
        let inner = field.item.as_table_like().map(fields).unwrap_or_default();
        if let [only] = &inner[..]
            && only.key == "external-id"
            && let Some(id) = text(only.item)
        {
            return Some(UsedConnection::ExternalId(id));
        }
        self.error(
            field.span.clone(),
            "`use` should be a connection's name, its folder and name, or { external-id = \"ID\" }",
        );
        None
    }

    fn table_wish(&mut self, field: &Field<'_>) -> Option<TableWish> {
        if field.item.as_str().is_some() {
            return self.word::<RowsPolicy>(field).map(TableWish::Package);
        }
        let key = field.key.escape_debug();
        let should = format!(
            "`{key}` should be {{ rows = \"FILE.csv\" }}, perhaps with `existing`, or one of {}",
            quoted_list(RowsPolicy::WORDS)
        );
        let Some(table) = field.item.as_table_like() else {
            self.error(field.span.clone(), should);
            return None;
        };
        let (mut file, mut existing, mut mark) = (None, ExistingRows::Overwrite, None);
        let mut is_whole = true;
        for one in fields(table) {
            match one.key {
                "existing" => match self.word::<ExistingRows>(&one) {
                    Some(word) => existing = word,
                    None => is_whole = false,
                },
                "rows" | "fill-in" => match one.item.as_str().filter(|text| !text.is_empty()) {
                    Some(text) if one.key == "rows" => file = Some(text.to_owned()),
                    Some(text) => mark = Some(text.to_owned()),
                    None => {
                        let message = format!("`{}` should be a text", one.key);
                        let error = self.error(one.span.clone(), message);
                        if one.key == "rows" {
                            error.help = Some(
                                "name a CSV file; rows are no secrets, and stand in no variable"
                                    .to_owned(),
                            );
                        }
                        is_whole = false;
                    }
                },
                _ => {
                    self.unknown(&one, TABLE);
                    is_whole = false;
                }
            }
        }
        match (is_whole, file, mark) {
            (false, ..) => None,
            (true, Some(file), None) => Some(TableWish::Rows { file, existing }),
            (true, None, Some(mark)) => Some(TableWish::Unfilled(mark)),
            (true, None, None) | (true, Some(_), Some(_)) => {
                self.error(field.span.clone(), should);
                None
            }
        }
    }

    fn connection(&mut self, field: &Field<'_>) -> Option<ConnectionWish> {
        let key = field.key.escape_debug();
        let should =
            format!("`{key}` should be \"person\", {{ fields = {{ … }} }} or {{ use = \"NAME\" }}");
        if let Some(text) = field.item.as_str() {
            if text == "person" {
                return Some(ConnectionWish::Person);
            }
            self.error(field.span.clone(), should);
            return None;
        }
        let Some(table) = field.item.as_table_like() else {
            self.error(field.span.clone(), should);
            return None;
        };
        let inner = fields(table);
        let [only] = &inner[..] else {
            self.error(field.span.clone(), should);
            return None;
        };
        match only.key {
            "fields" => {
                let mut values = BTreeMap::new();
                for one in self.table(only)? {
                    if let Some(value) = self.value(&one) {
                        values.insert(one.key.to_owned(), value);
                    }
                }
                if values.is_empty() {
                    self.error(only.span.clone(), "`fields` has none").help =
                        Some("write \"person\" if somebody authorises it".to_owned());
                    return None;
                }
                Some(ConnectionWish::Fields(values))
            }
            "use" => self.used(only).map(ConnectionWish::Use),
            "fill-in" => Some(ConnectionWish::Unfilled(
                only.item.as_str().unwrap_or_default().to_owned(),
            )),
            _ => {
                self.unknown(only, CONNECTION);
                None
            }
        }
    }
}

/// Why a word can't stand there.
struct WrongWord {
    message: String,
    help: Option<String>,
}

impl From<UnknownKeyword> for WrongWord {
    fn from(error: UnknownKeyword) -> Self {
        Self {
            message: error.to_string(),
            help: Some(error.help()),
        }
    }
}

impl From<crate::model::path::PathError> for WrongWord {
    fn from(error: crate::model::path::PathError) -> Self {
        Self {
            message: error.to_string(),
            help: None,
        }
    }
}
