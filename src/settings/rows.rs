//! Rows of tables from CSV files: UTF-8, cells between commas, a first line that names the columns.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use super::SettingsError;
use crate::model::ident::Digest;
use crate::model::span::Span;
use crate::model::table::{CsvError, csv_records};

/// How many bytes a file of rows may have.
pub const MOST_BYTES: u64 = 16 << 20;
/// How many rows it may have.
pub const MOST_ROWS: u64 = 100_000;
/// How many rows that are wrong are told one by one.
const TOLD: usize = 10;

/// A file of rows that nothing is wrong with.
#[derive(Clone, PartialEq, Eq)]
pub struct RowsFile {
    /// What the settings call it.
    pub path: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The line that names the columns, from 1.
    pub line: usize,
    /// The columns that it names.
    pub columns: Vec<String>,
    /// How many rows there are; never none.
    pub rows: u64,
    /// Its text from the first row on.
    body: String,
}

impl fmt::Debug for RowsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsFile")
            .field("path", &self.path)
            .field("columns", &self.columns)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl RowsFile {
    /// Reads a file that settings call `path`, and that is `shown` in messages.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of the text; never nothing.
    pub fn parse(path: &str, shown: &str, bytes: &[u8]) -> Result<Self, Vec<SettingsError>> {
        let text = decoded(shown, bytes).map_err(|error| vec![error])?;
        let at = |span: Range<usize>, message: String| {
            SettingsError::at(shown, &Span::of(&text, span), message)
        };
        // Editors don't count it, and it is none of the first column's name.
        let begins = text.len() - text.strip_prefix('\u{feff}').unwrap_or(&text).len();
        let table = &text[begins..];
        if let Err(CsvError { reason, offset, .. }) = csv_records(table, |_| {}) {
            let start = begins + offset;
            return Err(vec![at(start..start, reason.to_string())]);
        }
        let mut records = reader(table).into_records();
        let mut errors = Vec::new();
        let header = match records.next() {
            Some(Ok(header)) => header,
            Some(Err(_)) | None => {
                let error = at(
                    0..0,
                    "it has no first line that names the columns".to_owned(),
                );
                return Err(vec![
                    error.help("name the table's columns there, between commas"),
                ]);
            }
        };
        let header_start = begins + start_of(table, &header);
        let columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let mut seen = BTreeSet::new();
        for (number, column) in (1..).zip(&columns) {
            let message = match (column.is_empty(), seen.insert(column)) {
                (true, _) => format!("column {number} has no name"),
                (false, false) => {
                    format!("two columns are called `{}`", column.escape_debug())
                }
                (false, true) => continue,
            };
            errors.push(at(header_start..header_start, message));
        }
        if let [only] = &columns[..]
            && let Some(other) = [';', '\t', '|']
                .into_iter()
                .find(|sign| only.contains(*sign))
        {
            let message = format!("there is one column, with {other:?} in its name");
            let error = at(header_start..header_start, message);
            errors.push(error.help("put commas between the cells"));
        }
        let (mut rows, mut wrong, mut body) = (0, 0, table.len());
        // Lines are counted on from the row before.
        let (mut counted, mut line) = (0, 1);
        for record in records {
            let Ok(record) = record else {
                continue;
            };
            let start = start_of(table, &record);
            if rows == 0 {
                body = start;
            }
            rows += 1;
            if record.len() == columns.len() {
                continue;
            }
            wrong += 1;
            if wrong > TOLD {
                continue;
            }
            line += table[counted..start].matches('\n').count();
            counted = start;
            errors.push(SettingsError {
                file: shown.to_owned(),
                line,
                column: 1,
                message: format!(
                    "the row has {}, and there are {}",
                    cells(record.len()),
                    match columns.len() {
                        1 => "1 column".to_owned(),
                        columns => format!("{columns} columns"),
                    }
                ),
                help: None,
            });
        }
        if wrong > TOLD {
            let more = wrong - TOLD;
            let message = format!("{more} more of its rows have other numbers of cells");
            errors.push(at(text.len()..text.len(), message));
        }
        if rows > MOST_ROWS {
            let message = format!("it has {rows} rows, and at most {MOST_ROWS} are taken");
            errors.push(at(text.len()..text.len(), message));
        }
        if rows == 0 {
            let error = at(text.len()..text.len(), "it has no rows".to_owned());
            errors.push(error.help(
                "write a row; or \"leave-out\" in the settings, which brings the table without rows",
            ));
        }
        match errors.is_empty() {
            true => Ok(Self {
                path: path.to_owned(),
                digest: Digest::of(bytes),
                line: Span::of(&text, header_start..header_start).line,
                columns,
                rows,
                body: table[body..].to_owned(),
            }),
            false => Err(errors),
        }
    }

    /// The rows as a lookup table's JSON has them (platform.md §5.4): without a header, with `columns`
    /// of these in this order.
    pub fn data(&self, columns: &[usize]) -> String {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::Any(b'\n'))
            .from_writer(Vec::new());
        for record in reader(&self.body).into_records().flatten() {
            let cells = columns
                .iter()
                .map(|column| record.get(*column).unwrap_or_default());
            // Nothing fails that is written to memory.
            let _ = writer.write_record(cells);
        }
        let written = writer.into_inner().unwrap_or_default();
        String::from_utf8(written).unwrap_or_default()
    }
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// Where a record starts, after empty lines before it.
fn start_of(text: &str, record: &csv::StringRecord) -> usize {
    let start = record.position().map_or(0, csv::Position::byte);
    let start = usize::try_from(start).unwrap_or(usize::MAX).min(text.len());
    let rest = text.get(start..).unwrap_or_default();
    start + (rest.len() - rest.trim_start_matches(['\r', '\n']).len())
}

fn cells(number: usize) -> String {
    match number {
        1 => "1 cell".to_owned(),
        number => format!("{number} cells"),
    }
}

/// The text of a file.
fn decoded(shown: &str, bytes: &[u8]) -> Result<String, SettingsError> {
    let help = "save it as UTF-8; in Excel that is \"CSV UTF-8\"";
    let start = Span::of("", 0..0);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(SettingsError::at(shown, &start, "it is UTF-16, not UTF-8").help(help));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (before, rest) = bytes.split_at(error.valid_up_to());
            let before = String::from_utf8_lossy(before);
            let place = Span::of(&before, before.len()..before.len());
            let byte = rest.first().copied().unwrap_or_default();
            let message = format!("it is not UTF-8: a byte {byte:#04x} stands here");
            return Err(SettingsError::at(shown, &place, message).help(help));
        }
    };
    if let Some(at) = text.find('\0') {
        let place = Span::of(text, at..at);
        return Err(SettingsError::at(
            shown,
            &place,
            "a character of number 0 stands here",
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<RowsFile, String> {
        RowsFile::parse("r.csv", "s/r.csv", bytes).map_err(|errors| {
            let told = errors.iter().map(ToString::to_string);
            told.collect::<Vec<_>>().join("\n")
        })
    }

    #[test]
    fn rows_are_written_as_tables_have_them() {
        for (what, text, expected) in [
            ("plain", "A,B\na,b\nc,d\n", "a,b\nc,d\n"),
            ("no line break at the end", "A,B\na,b", "a,b\n"),
            ("lines of Windows", "A,B\r\na,b\r\nc,d\r\n", "a,b\nc,d\n"),
            ("a byte order mark", "\u{feff}A,B\na,b\n", "a,b\n"),
            (
                "quotation marks",
                "A,\"B\"\n\"a,\",\"\"\"b\"\"\"\n",
                "\"a,\",\"\"\"b\"\"\"\n",
            ),
            (
                "a line break in a cell",
                "A,B\n\"a\nx\",b\n",
                "\"a\nx\",b\n",
            ),
            ("blanks stay", "A, B \n a ,b\n", " a ,b\n"),
            ("empty cells", "A,B\n,\n,b\n", ",\n,b\n"),
            ("empty lines are no rows", "\nA,B\n\na,b\n\n\n", "a,b\n"),
            ("one column", "A\na\n\"\"\n", "a\n\"\"\n"),
        ] {
            let rows = parse(text.as_bytes()).expect(what);
            let all: Vec<usize> = (0..rows.columns.len()).collect();
            assert_eq!(rows.data(&all), expected, "{what}");
            assert_eq!(rows.columns[0], "A", "{what}");
        }
        let turned = parse(b"A,B\na,b\nc,d\n").expect("rows");
        assert_eq!(
            (turned.data(&[1, 0]), turned.rows),
            ("b,a\nd,c\n".to_owned(), 2)
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let many = format!("A,B\n{}", "x\n".repeat(13));
        let too_many = format!("A\n{}", "x\n".repeat(100_001));
        for (text, expected) in [
            (&b"\xff\xfeA\0"[..], "s/r.csv:1:1: it is UTF-16, not UTF-8"),
            (
                b"A,B\nb\xe4,c\n",
                "s/r.csv:2:2: it is not UTF-8: a byte 0xe4 stands here",
            ),
            (
                b"A,B\na,\0\n",
                "s/r.csv:2:3: a character of number 0 stands here",
            ),
            (
                b"",
                "s/r.csv:1:1: it has no first line that names the columns",
            ),
            (
                b"\n\n",
                "s/r.csv:1:1: it has no first line that names the columns",
            ),
            (b"A,B\n", "s/r.csv:2:1: it has no rows"),
            (
                b"A,,A\na,b,c\n",
                "s/r.csv:1:1: column 2 has no name\ns/r.csv:1:1: two columns are called `A`",
            ),
            (
                b"A;B\na;b\n",
                "s/r.csv:1:1: there is one column, with ';' in its name",
            ),
            (
                b"A,B\na,b\n\nc\nd,e,f\n",
                "s/r.csv:4:1: the row has 1 cell, and there are 2 columns\ns/r.csv:5:1: the row has 3 cells, and there are 2 columns",
            ),
            (
                b"A,B\n\"x\ny\",b\nc\n",
                "s/r.csv:4:1: the row has 1 cell, and there are 2 columns",
            ),
            (
                b"A,B\na,\"b\nc,d\n",
                "s/r.csv:2:3: a quotation mark is never closed",
            ),
            (
                b"A,B\na,b\"c\n",
                "s/r.csv:2:4: a quotation mark stands inside a cell that does not start with one",
            ),
            (
                b"A,B\n\"a\"x,b\n",
                "s/r.csv:2:4: a cell goes on after its closing quotation mark",
            ),
            (
                too_many.as_bytes(),
                "s/r.csv:100003:1: it has 100001 rows, and at most 100000 are taken",
            ),
        ] {
            assert_eq!(parse(text), Err(expected.to_owned()));
        }
        let told = parse(many.as_bytes()).expect_err("uneven");
        assert_eq!(told.lines().count(), 11);
        assert!(
            told.ends_with("3 more of its rows have other numbers of cells"),
            "{told}"
        );
    }
}
