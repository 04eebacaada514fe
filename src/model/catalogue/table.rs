//! A catalogue as a table: CSV with a header. The columns are those of the platform's answer; a row
//! without an internal name is a title and no more.

use std::ops::Range;
use std::str::FromStr;

use super::{
    CatalogueEntry, CatalogueError, CatalogueProblem, EntryName, SharedVersion, Visibility,
};
use crate::model::ident::{ConnectorTitle, NameError, Version};
use crate::model::span::Span;

/// What a row says.
pub(super) enum Row {
    /// A connector with its internal name.
    Entry(Box<CatalogueEntry>),
    /// A connector of which only the title is known.
    Title(ConnectorTitle),
}

/// A table whose header has a column for titles.
pub(super) struct Table<'t> {
    text: &'t str,
    delimiter: u8,
    columns: Columns,
}

#[derive(Default)]
struct Columns {
    title: usize,
    name: Option<usize>,
    shared: Option<usize>,
    released: Option<usize>,
    visibility: Option<usize>,
    data_center: Option<usize>,
}

/// A header's word as a key: `Shared version` is `shared_version`.
fn key(word: &str) -> String {
    let word = word.trim().to_lowercase();
    word.replace([' ', '-'], "_")
}

impl<'t> Table<'t> {
    /// The table that a text is, if its first line is the header of one.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let table = text.strip_prefix('\u{feff}').unwrap_or(text);
        if table.trim_start().starts_with(['{', '[']) {
            return None;
        }
        [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
            let mut reader = reader(table, delimiter);
            let header = reader.headers().ok()?;
            let at = |names: &[&str]| {
                let mut words = header.iter();
                words.position(|word| names.contains(&key(word).as_str()))
            };
            Some(Self {
                text,
                delimiter,
                columns: Columns {
                    title: at(&["title"])?,
                    name: at(&["name", "internal_name"]),
                    shared: at(&["oem_shared_version", "shared_version"]),
                    released: at(&["latest_released_version", "latest_released"]),
                    visibility: at(&["visibility"]),
                    data_center: at(&["data_center"]),
                },
            })
        })
    }

    /// Its rows, each with how a message names it and where it stands.
    pub(super) fn rows(
        &self,
    ) -> impl Iterator<Item = Result<(Row, EntryName, Span), CatalogueError>> {
        let table = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let before = self.text.len() - table.len();
        let records = reader(table, self.delimiter).into_records();
        (1..).zip(records).map(move |(number, record)| {
            let name = EntryName {
                number,
                title: None,
            };
            let record = record.map_err(|error| {
                let at = error.position().map_or(0, csv::Position::byte);
                let start = before + usize::try_from(at).unwrap_or(usize::MAX).min(table.len());
                CatalogueError {
                    problem: Box::new(CatalogueProblem::Table(told(&error))),
                    entry: Some(name.clone()),
                    place: Span::of(self.text, self.line_at(start)),
                }
            })?;
            let start = record.position().map_or(0, csv::Position::byte);
            let start = before
                + usize::try_from(start)
                    .unwrap_or(usize::MAX)
                    .min(table.len());
            let row = Reader {
                columns: &self.columns,
                record: &record,
                name: EntryName {
                    title: record.get(self.columns.title).map(str::to_owned),
                    ..name
                },
                place: Span::of(self.text, self.line_at(start)),
            };
            Ok((row.row()?, row.name, row.place))
        })
    }

    /// The line that starts at a byte, or after the line ends there.
    fn line_at(&self, start: usize) -> Range<usize> {
        let rest = self.text.get(start..).unwrap_or_default();
        let start = start + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let rest = self.text.get(start..).unwrap_or_default();
        start..start + rest.find(['\r', '\n']).unwrap_or(rest.len())
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
}

/// What is wrong with a table, without the words of the reader.
fn told(error: &csv::Error) -> String {
    if let csv::ErrorKind::UnequalLengths {
        expected_len, len, ..
    } = error.kind()
    {
        return format!("it has {len} columns, and the header has {expected_len}");
    }
    "it can't be read as a row of a table".to_owned()
}

/// Reads one row.
struct Reader<'r> {
    columns: &'r Columns,
    record: &'r csv::StringRecord,
    name: EntryName,
    place: Span,
}

impl Reader<'_> {
    fn error(&self, problem: CatalogueProblem) -> CatalogueError {
        CatalogueError {
            problem: Box::new(problem),
            entry: Some(self.name.clone()),
            place: self.place.clone(),
        }
    }

    /// What stands in a column, unless that is nothing.
    fn cell(&self, column: Option<usize>) -> Option<&str> {
        let cell = self.record.get(column?)?;
        (!cell.is_empty()).then_some(cell)
    }

    fn named<T: FromStr<Err = NameError>>(
        &self,
        key: &'static str,
        text: &str,
    ) -> Result<T, CatalogueError> {
        text.parse()
            .map_err(|error| self.error(CatalogueProblem::Name { key, error }))
    }

    fn version(&self, key: &'static str, text: &str) -> Result<Version, CatalogueError> {
        // As people write it and as lists show it.
        let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
        digits.parse().map(Version).map_err(|_| {
            self.error(CatalogueProblem::WrongType {
                key,
                expected: "a version number",
                found: "a text",
            })
        })
    }

    fn row(&self) -> Result<Row, CatalogueError> {
        let title = self.cell(Some(self.columns.title));
        let title = title.ok_or_else(|| self.error(CatalogueProblem::Missing("title")))?;
        let title: ConnectorTitle = self.named("title", title)?;
        // An empty cell says nothing; that it is not shared is a word.
        let shared_version = match self.cell(self.columns.shared) {
            None => SharedVersion::Unsaid,
            Some("none" | "null" | "-") => SharedVersion::None,
            Some(text) => SharedVersion::At(self.version("oem_shared_version", text)?),
        };
        let Some(name) = self.cell(self.columns.name) else {
            return match shared_version {
                SharedVersion::None => Err(self.error(CatalogueProblem::Missing("name"))),
                SharedVersion::Unsaid | SharedVersion::At(_) => Ok(Row::Title(title)),
            };
        };
        let released = self
            .cell(self.columns.released)
            .filter(|text| !matches!(*text, "none" | "null" | "-"));
        Ok(Row::Entry(Box::new(CatalogueEntry {
            title,
            internal_name: self.named("name", name)?,
            shared_version,
            latest_released: released
                .map(|text| self.version("latest_released_version", text))
                .transpose()?,
            released_versions: Vec::new(),
            visibility: match self.cell(self.columns.visibility) {
                None => Visibility::Unknown,
                Some(word) => word
                    .parse()
                    .map_err(|error| self.error(CatalogueProblem::Word(error)))?,
            },
            data_center: self
                .cell(self.columns.data_center)
                .map(|name| self.named("data_center", name))
                .transpose()?,
        })))
    }
}
