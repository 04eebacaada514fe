//! Rows of lookup tables and data tables (platform.md §5.4): how many there are, and whether each
//! has the cells that its table has columns.
//!
//! Rows are CSV in a JSON string. They are only counted here, and strictly: a reader that makes the
//! best of a quotation mark that is never closed would give a number that is not true.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::AssetKind;
use crate::json::{Document, Node, NodeKind};
use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// What an import does with the rows that a package's tables hold.
    pub enum RowsPolicy: "choice for rows" {
        /// Tables that are there keep their rows; new ones get the package's.
        Keep = "keep",
        /// The package's rows take the place of those that are there.
        Overwrite = "overwrite",
        /// Only the structure of tables is imported.
        LeaveOut = "leave-out",
    }
}

keyword_enum! {
    /// What an export does with the rows of tables.
    pub enum PackedRows: "choice for rows" {
        /// They are packed as they are.
        Keep = "keep",
        /// They are taken out; the structure of the tables is packed.
        LeaveOut = "leave-out",
    }
}

/// How many rows a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RowCount {
    /// This many.
    Known(u64),
    /// It can't be told.
    Unknown(Unknown),
}

/// The word for what is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// It is not known.
    Unknown,
}

impl RowCount {
    /// It can't be told.
    pub const UNKNOWN: Self = Self::Unknown(Unknown::Unknown);
}

impl fmt::Display for RowCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(1) => f.write_str("1 row"),
            Self::Known(rows) => write!(f, "{rows} rows"),
            Self::Unknown(_) => f.write_str("an unknown number of rows"),
        }
    }
}

/// The rows that a table's JSON holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// How many there are, if that can be told.
    known: Option<u64>,
    /// The byte at which they start.
    pub offset: u32,
    /// What is wrong with them.
    pub fault: Option<RowsFault>,
}

/// What is wrong with the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowsFault {
    /// They are not CSV: what is wrong with it, and in which record, from 1 on.
    Unreadable {
        /// The record.
        record: u64,
        /// What is wrong.
        reason: CsvFault,
    },
    /// They are no text.
    NoText,
    /// Records that have more or fewer cells than there are columns.
    Uneven {
        /// How many cells a record has to have.
        columns: u64,
        /// How many such records there are.
        records: u64,
        /// The first of them, from 1 on, and its cells.
        first: (u64, u64),
    },
}

/// What is wrong with a CSV text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CsvFault {
    /// A quotation mark is never closed.
    Open,
    /// A quotation mark stands inside a cell that does not start with one.
    Inside,
    /// Something other than a comma or a line's end follows a closing quotation mark.
    After,
}

impl fmt::Display for CsvFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "a quotation mark is never closed",
            Self::Inside => "a quotation mark stands inside a cell that does not start with one",
            Self::After => "a cell goes on after its closing quotation mark",
        })
    }
}

/// A column of a data table that has the title of one of the platform's own, and is not it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnByHand {
    /// Its title.
    pub title: Arc<str>,
    /// The byte at which the column starts.
    pub offset: u32,
}

/// The columns that the platform gives every data table: ids and titles (platform.md §5.4).
const SYSTEM_COLUMNS: [(&str, &str); 3] = [
    ("11fbe9a6-a16d-4d7e-86ea-afe42ec03005", "Record ID"),
    ("a5612739-5401-4ae7-bd07-782c1a6fb2d1", "Created time"),
    ("61aae604-a95e-4519-9091-bb0bf754a67f", "Last modified time"),
];

/// Titles that system columns have elsewhere; others may give them to columns of their own, but such
/// columns can be written.
const OTHER_TITLES: [&str; 4] = ["Created", "Modified", "Created at", "Updated at"];

/// Columns of a data table that pass for system columns: an import makes those itself, so that there
/// would be two of each (platform.md §6).
pub fn columns_by_hand(table: Document<'_>) -> Vec<ColumnByHand> {
    let schema = table.root().get("schema");
    let columns = schema.into_iter().flat_map(Node::items);
    columns
        .filter_map(|column| {
            let title = column.get("title").and_then(Node::text)?;
            let is = |other: &str| title.trim().eq_ignore_ascii_case(other);
            let system = SYSTEM_COLUMNS.iter().any(|(_, title)| is(title));
            let read_only = column.get("read_only").is_some_and(Node::is_true);
            let passes = system || read_only && OTHER_TITLES.iter().any(|title| is(title));
            let own = column.get("id");
            let is_one = own.is_some_and(|id| SYSTEM_COLUMNS.iter().any(|(own, _)| id.is(own)));
            (passes && !is_one).then(|| ColumnByHand {
                title: title.as_ref().into(),
                offset: column.span().start as u32,
            })
        })
        .collect()
}

/// Whether assets of a type have rows.
pub fn is_table(kind: &AssetKind) -> bool {
    matches!(kind, AssetKind::LookupTable | AssetKind::DataTable)
}

/// The `data` of a table's JSON, if it has any. `null` is none.
pub fn data(table: Document<'_>) -> Option<Node<'_>> {
    table
        .root()
        .get("data")
        .filter(|data| data.kind() != NodeKind::Null)
}

impl TableRows {
    /// How many there are.
    pub fn count(&self) -> RowCount {
        self.known.map_or(RowCount::UNKNOWN, RowCount::Known)
    }

    /// The rows in a table's JSON; nothing if it holds none.
    pub fn of(kind: &AssetKind, table: Document<'_>) -> Option<Self> {
        let data = data(table)?;
        let offset = data.span().start as u32;
        let Some(text) = data.text() else {
            return Some(Self {
                known: None,
                offset,
                fault: Some(RowsFault::NoText),
            });
        };
        // The first record of a data table names its columns; a lookup table has the columns that
        // are sticky. Where it says none, the first record tells how many there are.
        let headed = *kind == AssetKind::DataTable;
        let mut columns = Some(sticky(table)).filter(|columns| !headed && *columns > 0);
        let (mut records, mut uneven, mut first) = (0, 0, None);
        let read = csv_records(&text, |cells| {
            let columns = *columns.get_or_insert(cells);
            records += 1;
            if cells != columns {
                uneven += 1;
                first.get_or_insert((records, cells));
            }
        });
        Some(match (read, first) {
            (Err(CsvError { record, reason, .. }), _) => Self {
                known: None,
                offset,
                fault: Some(RowsFault::Unreadable { record, reason }),
            },
            (Ok(()), first) => Self {
                known: Some(match headed {
                    true => u64::saturating_sub(records, 1),
                    false => records,
                }),
                offset,
                fault: first.map(|first| RowsFault::Uneven {
                    columns: columns.unwrap_or_default(),
                    records: uneven,
                    first,
                }),
            },
        })
    }
}

/// How many columns of a lookup table are in use.
fn sticky(table: Document<'_>) -> u64 {
    in_use(table).count() as u64
}

fn in_use(table: Document<'_>) -> impl Iterator<Item = Node<'_>> {
    let schema = table.root().get("schema");
    let columns = schema.into_iter().flat_map(Node::items);
    columns.filter(|column| column.get("sticky").is_some_and(Node::is_true))
}

/// What rows of a lookup table have to be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookupShape {
    /// What people see of its columns in use: their names, in the order of the cells.
    pub columns: Vec<String>,
    /// How many there may be, if the table says so.
    pub most: Option<u64>,
}

impl LookupShape {
    /// That of a table.
    pub fn of(table: Document<'_>) -> Self {
        let labels = in_use(table).map(|column| column.get("label").and_then(Node::text));
        let most = table.root().get("max_allowed_entries_count");
        Self {
            columns: labels
                .map(|label| label.unwrap_or_default().trim().to_owned())
                .collect(),
            most: most.and_then(|most| most.raw().parse().ok()),
        }
    }
}

/// Whether two tables hold the same rows, however their cells are quoted.
pub fn same_rows(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // An empty line is a row of a table with one column, which a reader of CSV takes for nothing.
    let has_empty = |text: &str| {
        text.starts_with(['\n', '\r']) || text.contains("\n\n") || text.contains("\n\r")
    };
    let count = |text: &str| {
        let mut records = 0_u64;
        csv_records(text, |_| records += 1)
            .is_ok()
            .then_some(records)
    };
    let counts = (count(one), count(other));
    if has_empty(one) || has_empty(other) || counts.0.is_none() || counts.0 != counts.1 {
        return false;
    }
    let records = |text| {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(str::as_bytes(text))
            .into_records()
            .map(Result::ok)
    };
    records(one).eq(records(other))
}

/// Where in a record a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Where a record starts.
    Record,
    /// Where a further cell starts.
    Cell,
    /// In a cell without quotation marks.
    Plain,
    /// Between quotation marks.
    Quoted,
    /// After a quotation mark that may be the closing one.
    Closing,
}

/// A text that is no CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvError {
    /// The record that can't be read, from 1 on.
    pub record: u64,
    /// What is wrong with it.
    pub reason: CsvFault,
    /// The byte at which that shows; of a quotation mark that is never closed, where it stands.
    pub offset: usize,
}

/// Goes through the records of a CSV text (RFC 4180) and tells the number of cells of each.
///
/// # Errors
/// If it can't be read.
pub fn csv_records(text: &str, mut record: impl FnMut(u64)) -> Result<(), CsvError> {
    let (mut at, mut cells, mut number, mut opened) = (At::Record, 1, 1, 0);
    let failed = |record, reason, offset| CsvError {
        record,
        reason,
        offset,
    };
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((offset, byte)) = bytes.next() {
        let ends = match byte {
            b'\n' => true,
            b'\r' => bytes.peek().is_some_and(|(_, next)| *next == b'\n'),
            _ => false,
        };
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closing,
            (At::Quoted, _) => At::Quoted,
            (At::Closing, b'"') => At::Quoted,
            (_, b',') => {
                cells += 1;
                At::Cell
            }
            (_, _) if ends => {
                if byte == b'\r' {
                    bytes.next();
                }
                record(cells);
                number += 1;
                cells = 1;
                At::Record
            }
            (At::Closing, _) => return Err(failed(number, CsvFault::After, offset)),
            (At::Record | At::Cell, b'"') => {
                opened = offset;
                At::Quoted
            }
            (At::Plain, b'"') => return Err(failed(number, CsvFault::Inside, offset)),
            (At::Record | At::Cell | At::Plain, _) => At::Plain,
        };
    }
    match at {
        At::Record => {}
        At::Quoted => return Err(failed(number, CsvFault::Open, opened)),
        At::Cell | At::Plain | At::Closing => record(cells),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn cells(text: &str) -> Result<Vec<u64>, (u64, CsvFault)> {
        let mut records = Vec::new();
        let read = csv_records(text, |cells| records.push(cells));
        read.map(|()| records)
            .map_err(|error| (error.record, error.reason))
    }

    #[test]
    fn records_are_counted_as_csv_has_them() {
        for (text, expected) in [
            ("", &[][..]),
            ("a\n", &[1]),
            ("a", &[1]),
            ("a,b\nc,d\n", &[2, 2]),
            ("a,b\r\nc,d\r\n", &[2, 2]),
            // A line break, a comma and a doubled mark between quotation marks.
            ("\"a\nb\",c\n\"d,\"\"e\"\"\",f\n", &[2, 2]),
            ("\"a\r\nb\"\n", &[1]),
            ("\"\"\n", &[1]),
            (",\n", &[2]),
            ("a,", &[2]),
            // An empty line is a record with an empty cell, as tables of one column have them.
            ("a\n\nb\n", &[1, 1, 1]),
            ("a\rb\n", &[1]),
            ("é,漢\n", &[2]),
        ] {
            assert_eq!(cells(text), Ok(expected.to_vec()), "{text:?}");
        }
    }

    #[test]
    fn rows_are_the_same_however_they_are_quoted() {
        for (one, other, same) in [
            ("a,b\n", "a,b\n", true),
            ("a,b\n", "\"a\",b", true),
            ("a,b\nc,d\n", "a,b\r\nc,d\r\n", true),
            ("a,\n", "a,\"\"\n", true),
            ("a,b\n", "a,c\n", false),
            ("a,b\n", "b,a\n", false),
            ("a\nb\n", "b\na\n", false),
            ("a\n", "a\n\n", false),
            ("a\n\nb\n", "a\nb\n\n", false),
            ("a,b c\n", "a,b  c\n", false),
            ("\"a\n", "\"a\n\n", false),
            ("", "a\n", false),
        ] {
            assert_eq!(same_rows(one, other), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_is_no_csv_has_no_number() {
        for (text, expected) in [
            ("a\n\"b\n", (2, CsvFault::Open)),
            ("\"", (1, CsvFault::Open)),
            ("a\"b\n", (1, CsvFault::Inside)),
            ("x\n\"a\"b\n", (2, CsvFault::After)),
            ("\"a\" ,b\n", (1, CsvFault::After)),
        ] {
            assert_eq!(cells(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn a_data_table_has_a_header_and_a_lookup_table_has_none() {
        let schema =
            r#""schema":[{"sticky":true},{"sticky":true},{"sticky":false}],"data":"a,b\nc,d\n""#;
        let count = |kind, text: &str| {
            let mut tape = Tape::default();
            let document = tape.parse(text.as_bytes()).expect("JSON");
            TableRows::of(&kind, document)
        };
        let rows = count(AssetKind::LookupTable, &format!("{{{schema}}}")).expect("rows");
        assert_eq!((rows.count(), rows.fault), (RowCount::Known(2), None));
        let rows = count(AssetKind::DataTable, &format!("{{{schema}}}")).expect("rows");
        assert_eq!((rows.count(), rows.fault), (RowCount::Known(1), None));
        let empty = count(AssetKind::DataTable, r#"{"data":""}"#).expect("rows");
        assert_eq!(empty.count(), RowCount::Known(0));
        assert_eq!(count(AssetKind::LookupTable, r#"{"data":null}"#), None);
        assert_eq!(count(AssetKind::LookupTable, "{}"), None);
        let odd = count(AssetKind::LookupTable, r#"{"data":7}"#).expect("rows");
        assert_eq!(odd.fault, Some(RowsFault::NoText));
        let uneven = count(
            AssetKind::LookupTable,
            r#"{"schema":[{"sticky":true}],"data":"a\nb,c\nd,e\n"}"#,
        );
        let expected = RowsFault::Uneven {
            columns: 1,
            records: 2,
            first: (2, 2),
        };
        assert_eq!(uneven.and_then(|rows| rows.fault), Some(expected));
    }
}
