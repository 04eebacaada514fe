//! From the text of `recipack.toml` to a [`Manifest`], with all that is wrong told at once.
//!
//! The document is walked here and not handed to serde, which stops at the first value it
//! doesn't like and forgets where keys stand.

mod checks;

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::Range;
use std::str::FromStr;

use toml_edit::{Document, Item, TableLike, Value};

use super::error::{ManifestError, ManifestErrors, Problem};
use super::selection::Selection;
use super::{Environment, Manifest, PackageSettings, Soak};
use crate::model::ident::{ConnectorTitle, NameError};
use crate::model::path::PackagePath;
use crate::model::span::{Located, Span};
use crate::model::target::{ConnectorPolicy, Target, TargetKind};

const ROOT_KEYS: &[&str] = &[
    "package",
    "select",
    "connectors",
    "targets",
    "environments",
    "checks",
    "allow",
    "naming",
    "settings",
];
const PACKAGE_KEYS: &[&str] = &["name", "project", "limit-mb", "catalog"];
const SELECT_KEYS: &[&str] = &["include", "exclude", "types", "folders", "tags"];
const ENVIRONMENT_KEYS: &[&str] = &["address", "min-soak"];
const TARGET_KEYS: &[&str] = &["kind", "data-center", "connectors", "catalog"];

impl Manifest {
    /// Reads a manifest. On failure every wrong value is told, not only the first; a text that is
    /// no TOML at all is told by its first error.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let span = error.span().unwrap_or(text.len()..text.len());
                return Err(ManifestErrors(vec![ManifestError {
                    key: String::new(),
                    problem: Problem::Syntax(error.message().to_owned()),
                    place: Span::of(text, span),
                }]));
            }
        };
        let mut reader = Reader {
            text,
            errors: Vec::new(),
        };
        let manifest = reader.manifest(document.as_table());
        if reader.errors.is_empty() {
            return Ok(manifest);
        }
        reader
            .errors
            .sort_by_key(|error| (error.place.span.start, error.place.span.end));
        Err(ManifestErrors(reader.errors))
    }
}

struct Reader<'t> {
    text: &'t str,
    errors: Vec<ManifestError>,
}

/// A key with its value, and the path that leads to it.
struct Field<'d> {
    path: String,
    key: &'d str,
    key_span: Range<usize>,
    item: &'d Item,
}

impl Field<'_> {
    fn value_span(&self) -> Range<usize> {
        self.item.span().unwrap_or(self.key_span.clone())
    }
}

/// The fields of a table, in the order of the text.
fn fields<'d>(table: &'d dyn TableLike, path: &str) -> Vec<Field<'d>> {
    table
        .iter()
        .filter(|(_, item)| !item.is_none())
        .map(|(key, item)| Field {
            path: match path {
                "" => key.to_owned(),
                _ => format!("{path}.{key}"),
            },
            key,
            key_span: table
                .key(key)
                .and_then(toml_edit::Key::span)
                .or_else(|| item.span())
                .unwrap_or(0..0),
            item,
        })
        .collect()
}

impl Reader<'_> {
    fn error(&mut self, key: &str, problem: impl Into<Problem>, span: Range<usize>) {
        self.errors.push(ManifestError {
            key: key.to_owned(),
            problem: problem.into(),
            place: Span::of(self.text, span),
        });
    }

    fn wrong_type(&mut self, field: &Field<'_>, expected: &'static str) {
        let problem = Problem::WrongType {
            key: field.key.to_owned(),
            expected,
            found: type_of(field.item),
        };
        self.error(&field.path, problem, field.value_span());
    }

    fn unknown_key(&mut self, field: &Field<'_>, known: &'static [&'static str]) {
        let places: [(&[&str], &'static [&'static str]); 3] = [
            (PACKAGE_KEYS, &["[package]"]),
            (SELECT_KEYS, &["[select]"]),
            (TARGET_KEYS, &["[targets.<name>]"]),
        ];
        let belongs_to: &'static [&'static str] = match field.key {
            "catalog" => &["[package]", "[targets.<name>]"],
            key => places
                .iter()
                .find(|(keys, _)| keys.contains(&key))
                .map_or(&[], |(_, section)| section),
        };
        let problem = Problem::UnknownKey {
            key: field.key.to_owned(),
            known,
            belongs_to,
        };
        self.error(&field.path, problem, field.key_span.clone());
    }

    fn table<'d>(&mut self, field: &Field<'d>) -> Vec<Field<'d>> {
        match field.item.as_table_like() {
            Some(table) => fields(table, &field.path),
            None => {
                self.wrong_type(field, "a table");
                Vec::new()
            }
        }
    }

    fn manifest(&mut self, root: &dyn TableLike) -> Manifest {
        let mut manifest = Manifest::default();
        for field in fields(root, "") {
            match field.key {
                "package" => manifest.package = self.package(&field),
                "select" => manifest.select = self.select(&field),
                "connectors" => manifest.connectors = self.connectors(&field),
                "targets" => {
                    for field in self.table(&field) {
                        let name = field.key.parse();
                        let target = self.target(&field);
                        let Some(name) = self.checked(&field.path, name, field.key_span.clone())
                        else {
                            continue;
                        };
                        let target = self.located(target, field.key_span);
                        manifest.targets.insert(name, target);
                    }
                }
                "environments" => {
                    for field in self.table(&field) {
                        let name = field.key.parse();
                        let environment = self.environment(&field);
                        let name = self.checked(&field.path, name, field.key_span.clone());
                        if let (Some(name), Some(environment)) = (name, environment) {
                            let environment = self.located(environment, field.key_span);
                            manifest.environments.insert(name, environment);
                        }
                    }
                }
                "checks" => manifest.checks.levels = self.levels(&field),
                "allow" => manifest.checks.allow = self.allowances(&field),
                "naming" => manifest.checks.naming = self.naming(&field),
                // What it says is read where it is asked for.
                "settings" => drop(self.table(&field)),
                _ => self.unknown_key(&field, ROOT_KEYS),
            }
        }
        manifest
    }

    fn package(&mut self, field: &Field<'_>) -> PackageSettings {
        let mut package = PackageSettings::default();
        for field in self.table(field) {
            match field.key {
                "name" => package.name = self.parsed(&field).map(|name| name.value),
                "project" => package.project = self.file(&field),
                "limit-mb" => {
                    if let Some(limit) = self.limit(&field) {
                        package.limit_mb = limit;
                    }
                }
                "catalog" => package.catalog = self.file(&field),
                _ => self.unknown_key(&field, PACKAGE_KEYS),
            }
        }
        package
    }

    fn select(&mut self, field: &Field<'_>) -> Selection {
        let mut select = Selection::default();
        for field in self.table(field) {
            match field.key {
                "include" => select.include = self.list(&field, str::parse),
                "exclude" => select.exclude = self.list(&field, str::parse),
                "types" => select.types = self.list(&field, str::parse),
                "folders" => select.folders = self.list(&field, folder),
                "tags" => select.tags = self.list(&field, str::parse),
                _ => self.unknown_key(&field, SELECT_KEYS),
            }
        }
        select
    }

    fn connectors(
        &mut self,
        field: &Field<'_>,
    ) -> BTreeMap<ConnectorTitle, Located<ConnectorPolicy>> {
        let mut connectors = BTreeMap::new();
        for field in self.table(field) {
            let title = self.checked(&field.path, field.key.parse(), field.key_span.clone());
            let word = self.parsed(&field);
            if let (Some(title), Some(word)) = (title, word) {
                connectors.insert(title, self.located(word.value, field.key_span));
            }
        }
        connectors
    }

    fn target(&mut self, field: &Field<'_>) -> Target {
        let mut kind = None;
        let mut is_kind_given = !field.item.is_table_like();
        let mut target = Target::of_kind(TargetKind::External);
        for field in self.table(field) {
            match field.key {
                "kind" => {
                    is_kind_given = true;
                    kind = self.parsed(&field).map(|kind| kind.value);
                }
                "data-center" => target.data_center = self.parsed(&field).map(|name| name.value),
                "connectors" => target.connectors = self.connectors(&field),
                "catalog" => target.catalog = self.file(&field),
                _ => self.unknown_key(&field, TARGET_KEYS),
            }
        }
        if !is_kind_given {
            let problem = Problem::Missing("kind");
            self.error(
                &format!("{}.kind", field.path),
                problem,
                field.key_span.clone(),
            );
        }
        // Where there is no kind there is an error, so that the one put here is never seen.
        target.kind = kind.unwrap_or(TargetKind::External);
        target
    }

    /// An address, or a table that has one.
    fn environment(&mut self, field: &Field<'_>) -> Option<Environment> {
        if !field.item.is_table_like() {
            return Some(Environment {
                address: self.parsed(field)?.value,
                min_soak: Soak::default(),
            });
        }
        let (mut address, mut min_soak, mut is_said) = (None, Soak::default(), false);
        for field in self.table(field) {
            match field.key {
                "address" => {
                    is_said = true;
                    address = self.parsed(&field).map(|address| address.value);
                }
                "min-soak" => {
                    if let Some(said) = self.parsed(&field) {
                        min_soak = said.value;
                    }
                }
                _ => self.unknown_key(&field, ENVIRONMENT_KEYS),
            }
        }
        if !is_said {
            let problem = Problem::Missing("address");
            let path = format!("{}.address", field.path);
            self.error(&path, problem, field.key_span.clone());
        }
        Some(Environment {
            address: address?,
            min_soak,
        })
    }

    fn located<T>(&self, value: T, span: Range<usize>) -> Located<T> {
        Located::in_manifest(value, Span::of(self.text, span))
    }

    /// The value, or its error noted.
    fn checked<T, E: Into<Problem>>(
        &mut self,
        path: &str,
        result: Result<T, E>,
        span: Range<usize>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(path, error, span);
                None
            }
        }
    }

    fn text<'d>(&mut self, field: &Field<'d>) -> Option<&'d str> {
        let text = field.item.as_str();
        if text.is_none() {
            self.wrong_type(field, "a text");
        }
        text
    }

    fn parsed<T>(&mut self, field: &Field<'_>) -> Option<Located<T>>
    where
        T: FromStr<Err: Into<Problem>>,
    {
        let text = self.text(field)?;
        let span = field.value_span();
        let value = self.checked(&field.path, text.parse(), span.clone())?;
        Some(self.located(value, span))
    }

    fn file(&mut self, field: &Field<'_>) -> Option<Located<String>> {
        let text = self.text(field)?;
        let span = field.value_span();
        let path = self.checked(&field.path, file(text), span.clone())?;
        Some(self.located(path, span))
    }

    fn limit(&mut self, field: &Field<'_>) -> Option<NonZeroU64> {
        let Some(number) = field.item.as_integer() else {
            self.wrong_type(field, "a number");
            return None;
        };
        let limit = u64::try_from(number).ok().and_then(NonZeroU64::new);
        if limit.is_none() {
            let problem = Problem::TooSmall {
                key: "limit-mb",
                found: number,
            };
            self.error(&field.path, problem, field.value_span());
        }
        limit
    }

    fn list<T, E: Into<Problem>>(
        &mut self,
        field: &Field<'_>,
        parse: fn(&str) -> Result<T, E>,
    ) -> Vec<Located<T>> {
        let Some(array) = field.item.as_array() else {
            self.wrong_type(field, "a list of texts");
            return Vec::new();
        };
        let mut list = Vec::new();
        for value in array {
            let span = value.span().unwrap_or(field.value_span());
            let Some(text) = value.as_str() else {
                let problem = Problem::WrongType {
                    key: field.key.to_owned(),
                    expected: "a list of texts",
                    found: type_of_element(value),
                };
                self.error(&field.path, problem, span);
                continue;
            };
            if let Some(value) = self.checked(&field.path, parse(text), span.clone()) {
                list.push(self.located(value, span));
            }
        }
        list
    }
}

/// A folder in the package; a slash at its end is no part of it.
fn folder(text: &str) -> Result<PackagePath, crate::model::path::PathError> {
    text.strip_suffix('/').unwrap_or(text).parse()
}

/// A path on the disk, which only the caller can judge further.
pub(super) fn file(text: &str) -> Result<String, NameError> {
    let refuse = |reason| {
        Err(NameError {
            what: "path",
            text: text.to_owned(),
            reason,
        })
    };
    if text.trim().is_empty() {
        return refuse("it is empty");
    }
    if text.chars().any(char::is_control) {
        return refuse("it holds a control character");
    }
    Ok(text.to_owned())
}

fn type_of(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Value(value) => type_of_value(value),
        Item::Table(_) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
    }
}

fn type_of_value(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table",
    }
}

fn type_of_element(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a list of texts",
        Value::Integer(_) | Value::Float(_) => "a list with a number in it",
        Value::Boolean(_) => "a list with true or false in it",
        Value::Datetime(_) => "a list with a date in it",
        Value::Array(_) => "a list with a list in it",
        Value::InlineTable(_) => "a list with a table in it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::DEFAULT_LIMIT_MB;

    const FULL: &str = r#"
[package]
name = "orders"            # the zip
project = "."
limit-mb = 50
catalog = "catalog.json"

[select]
include = ["**"]
exclude = ["Drafts/**"]
types = ["recipe"]
folders = ["Orders/EU/"]
tags = ["release"]

[connectors]
"Parcel Tracker" = "auto"

[targets.customers]
kind = "customer"
data-center = "us"
connectors = { "Ledger Sync" = "include" }
catalog = "other.json"

[targets]
external.kind = "external"
"#;

    fn parsed(text: &str) -> Manifest {
        match Manifest::parse(text) {
            Ok(manifest) => manifest,
            Err(errors) => panic!("{errors}"),
        }
    }

    fn place<T>(located: &Located<T>) -> (usize, usize) {
        let place = located.place().expect("it stands in the manifest");
        (place.line, place.column)
    }

    #[test]
    fn a_full_manifest_is_read_with_its_places() {
        let manifest = parsed(FULL);
        let package = &manifest.package;
        assert_eq!(package.name.as_ref().map(|n| n.as_str()), Some("orders"));
        assert_eq!(package.limit_mb.get(), 50);
        let project = package.project.as_ref().expect("given");
        assert_eq!((project.value.as_str(), place(project)), (".", (4, 11)));
        let folder = &manifest.select.folders[0];
        assert_eq!(
            (folder.value.as_str(), place(folder)),
            ("Orders/EU", (12, 12))
        );
        let exclude = &manifest.select.exclude[0];
        assert_eq!(
            (exclude.value.as_str(), place(exclude)),
            ("Drafts/**", (10, 12))
        );
        let (title, word) = manifest.connectors.iter().next().expect("one");
        assert_eq!(title.as_str(), "Parcel Tracker");
        assert_eq!((word.value, place(word)), (ConnectorPolicy::Auto, (16, 1)));
        let customers = &manifest.targets["customers"];
        assert_eq!(place(customers), (18, 10));
        assert_eq!(customers.value.kind, TargetKind::Customer);
        let word = &customers.value.connectors["Ledger Sync"];
        assert_eq!(
            (word.value, place(word)),
            (ConnectorPolicy::Include, (21, 16))
        );
        assert_eq!(
            manifest.targets["external"].value.kind,
            TargetKind::External
        );

        let own = manifest.catalog(Some(&customers.value)).expect("given");
        assert_eq!(own.value, "other.json");
        let general = manifest.catalog(Some(&manifest.targets["external"].value));
        assert_eq!(
            general.map(|file| file.value.as_str()),
            Some("catalog.json")
        );
        let ledger = "Ledger Sync".parse().expect("a title");
        assert_eq!(manifest.word(&ledger, None), None);
        let word = manifest.word(&ledger, Some(&customers.value));
        assert_eq!(word.map(|word| word.value), Some(ConnectorPolicy::Include));

        let unmatched = manifest.unmatched_connectors(|title| title.as_str() == "Parcel Tracker");
        assert_eq!(unmatched.len(), 1);
        assert_eq!(unmatched[0].title, &ledger);
        assert_eq!(unmatched[0].target.map(|n| n.as_str()), Some("customers"));
        assert_eq!(manifest.unmatched_connectors(|_| false).len(), 2);
    }

    #[test]
    fn everything_is_optional() {
        let manifest = parsed("");
        assert_eq!(manifest, Manifest::default());
        assert_eq!(manifest.package.limit_mb, DEFAULT_LIMIT_MB);
        assert!(manifest.select.is_everything());
        assert!(parsed("[select]\ninclude = []\n").select.is_everything());
    }

    /// The errors of a text, each as `line:column [key] message (help)`.
    fn errors(text: &str) -> Vec<String> {
        let errors = Manifest::parse(text).expect_err(text);
        let tell = |error: &ManifestError| {
            let Span { line, column, .. } = error.place;
            let help = error
                .help()
                .map_or(String::new(), |help| format!(" ({help})"));
            format!("{line}:{column} [{}] {error}{help}", error.key)
        };
        errors.0.iter().map(tell).collect()
    }

    #[test]
    fn each_error_has_its_place_message_and_help() {
        for (text, expected) in [
            ("[package\nname = 1", "1:9 [] unclosed table, expected `]`"),
            (
                "a = \"é\" x",
                "1:9 [] unexpected key or value, expected newline, `#`",
            ),
            (
                "[connectors]\n\"A\" = \"auto\"\n'A' = \"auto\"",
                "3:1 [] duplicate key",
            ),
            (
                "[selct]\n",
                "1:2 [selct] unknown key `selct` (did you mean `select`?)",
            ),
            (
                "[package]\nexclude = []",
                "2:1 [package.exclude] unknown key `exclude` (it belongs under `[select]`)",
            ),
            (
                "catalog = 'x'",
                "1:1 [catalog] unknown key `catalog` (it belongs under `[package]`, `[targets.<name>]`)",
            ),
            (
                "[package]\nauthor = 'x'",
                "2:1 [package.author] unknown key `author` (possible are `name`, `project`, `limit-mb`, `catalog`)",
            ),
            (
                "package = 3",
                "1:11 [package] `package` should be a table, but is a number",
            ),
            (
                "[package]\nname = 'a/b'",
                "2:8 [package.name] invalid package name `a/b`: it holds a character that can't stand in a file name",
            ),
            (
                "[package]\nproject = ' '",
                "2:11 [package.project] invalid path ` `: it is empty",
            ),
            (
                "[package]\nlimit-mb = 0",
                "2:12 [package.limit-mb] `limit-mb` should be 1 or more, but is 0 (the platform's limit is 100; leave the key out to keep to it)",
            ),
            (
                "[package]\nlimit-mb = 1.5",
                "2:12 [package.limit-mb] `limit-mb` should be a number, but is a number with a fraction",
            ),
            (
                "[select]\ntypes = 'recipe'",
                "2:9 [select.types] `types` should be a list of texts, but is a text (put it in brackets: `[\"…\"]`)",
            ),
            (
                "[select]\ntags = ['é', 3]",
                "2:14 [select.tags] `tags` should be a list of texts, but is a list with a number in it",
            ),
            (
                "[select]\ntypes = ['Recipe']",
                "2:10 [select.types] invalid asset type `Recipe`: only lower-case letters, digits and `_` may stand in it",
            ),
            (
                "[select]\nfolders = ['../x']",
                "2:12 [select.folders] unsafe path `../x`: it has a `.` or `..` part (a folder is a path in the package, such as `Orders/EU`, without `/` or `./` at its start; leave the key out for the whole project)",
            ),
            (
                "[select]\ninclude = [\n  'ok',\n  'a[',\n]",
                "4:3 [select.include] invalid pattern `a[`: unclosed character class; missing ']' (`*`, `?`, `[…]`, `{…}` and `\\` are special; to match a bracket or brace literally, write `[[]`, `[{]` or a backslash before it)",
            ),
            (
                "[connectors]\n'A' = 'exclud'",
                "2:7 [connectors.A] unknown word about a connector `exclud` (did you mean `exclude`? Possible are `auto`, `include`, `exclude`)",
            ),
            (
                "[connectors]\nParcel.Tracker = 'auto'",
                "2:1 [connectors.Parcel] `Parcel` should be a text, but is a table (a dot divides keys: a title with a dot, a space or another sign in it stands in quotes, as in `\"Parcel Tracker 2.0\" = \"auto\"`)",
            ),
            (
                "[connectors]\n'' = 'auto'",
                "2:1 [connectors.] invalid connector title ``: it is empty",
            ),
            (
                "[targets.x]\ndata-center = 'us'",
                "1:10 [targets.x.kind] `kind` is missing (write `kind = \"customer\"` for workspaces under this partner, or `kind = \"external\"` for any other account)",
            ),
            (
                "[targets.x]\nkind = 'partner'",
                "2:8 [targets.x.kind] unknown kind of target `partner` (possible are `customer`, `external`)",
            ),
            (
                "[targets]\nx = 'customer'",
                "2:5 [targets.x] `x` should be a table, but is a text",
            ),
            (
                "[[targets]]\nkind = 'customer'",
                "1:1 [targets] `targets` should be a table, but is a list of tables",
            ),
            (
                "[targets.x]\nkind = 'customer'\nconnectors = { A = 'yes' }",
                "3:20 [targets.x.connectors.A] unknown word about a connector `yes` (possible are `auto`, `include`, `exclude`)",
            ),
        ] {
            assert_eq!(errors(text), [expected], "{text}");
        }
    }

    #[test]
    fn all_wrong_values_are_told_at_once_in_order() {
        let text = "[targets.'a:b']\nkind = 'x'\ncolour = 1\r\n[select]\ntags = ['', 'ok', '\\t', \"\\t\"]\n[package]\nname = 3\n";
        let told: Vec<_> = Manifest::parse(text)
            .expect_err("wrong")
            .0
            .into_iter()
            .map(|error| (error.key, error.place.line, error.place.column))
            .collect();
        let expected = [
            ("targets.a:b", 1, 10),
            ("targets.a:b.kind", 2, 8),
            ("targets.a:b.colour", 3, 1),
            ("select.tags", 5, 9),
            ("select.tags", 5, 25),
            ("package.name", 7, 8),
        ];
        assert_eq!(
            told,
            expected.map(|(key, line, column)| (key.to_owned(), line, column))
        );
        let text = "[select]\ninclude = ['']\ntypes = ['']";
        assert_eq!(
            Manifest::parse(text).expect_err("wrong").to_string(),
            "line 2, column 12: invalid pattern ``: it is empty\n\
             line 3, column 10: invalid asset type ``: it is empty"
        );
    }

    #[test]
    fn spans_cover_what_they_name() {
        let errors = Manifest::parse(FULL.replace("Drafts/**", "[").as_str()).expect_err("wrong");
        let text = FULL.replace("Drafts/**", "[");
        assert_eq!(&text[errors.0[0].place.span.clone()], "\"[\"");
        let manifest = parsed(FULL);
        let name = manifest.targets["customers"]
            .place()
            .expect("in the manifest");
        assert_eq!(&FULL[name.span.clone()], "customers");
    }
}
