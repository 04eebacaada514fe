//! Rows that settings give the tables of a package.
//!
//! A lookup table travels with its rows in its JSON (platform.md §5.4), and an import brings them. So
//! rows from a file are put into a copy of the package, which is planned, sent and read back as any
//! package is. The package that somebody reviewed is never changed.

use std::collections::BTreeMap;

use super::settings::{ONE_NAME, TWICE, meant, unmatched};
use crate::json::{Dialect, JsonError, Splice, Tape, apply, insert_member, quote};
use crate::model::finding::{Code, Finding, Subject};
use crate::model::keyword::nearest;
use crate::model::kind::AssetKind;
use crate::model::normal::nfc;
use crate::model::project::Project;
use crate::model::table::{LookupShape, RowsPolicy, is_table};
use crate::model::workspace::AssetKey;
use crate::plan::targets::TargetKeys;
use crate::settings::needs::{BRING_TABLE, ONLY_USED, last_name, used_tables};
use crate::settings::rows::RowsFile;
use crate::settings::{FilledTable, Origin, ResolvedSettings, Said};

/// What is done with the rows of each table.
#[derive(Clone, Debug)]
pub struct RowsChoices {
    all: RowsPolicy,
    tables: BTreeMap<usize, RowsPolicy>,
}

impl RowsChoices {
    /// The same for all of them.
    pub const fn all(policy: RowsPolicy) -> Self {
        Self {
            all: policy,
            tables: BTreeMap::new(),
        }
    }

    /// What settings say of single ones counts more.
    pub fn of(
        all: RowsPolicy,
        settings: Option<&ResolvedSettings>,
        project: &Project,
        placing: &TargetKeys,
    ) -> Self {
        let named = settings.map(|settings| NamedTables::of(settings, project, placing));
        let tables = named.into_iter().flat_map(|named| named.tables);
        Self {
            all,
            tables: tables
                .map(|table| (table.asset, table.said.value.policy))
                .collect(),
        }
    }

    /// What is done where nothing is said of a single one.
    pub const fn for_all(&self) -> RowsPolicy {
        self.all
    }

    /// What is done with the rows of an asset of the package.
    pub fn policy(&self, asset: usize) -> RowsPolicy {
        self.tables.get(&asset).copied().unwrap_or(self.all)
    }
}

/// The tables of a package that settings name.
#[derive(Clone, Debug, Default)]
pub struct NamedTables<'s> {
    /// Those that are there.
    pub tables: Vec<NamedTable<'s>>,
    /// What is wrong with the names.
    pub findings: Vec<Finding>,
}

/// Settings name a table that is only in the workspace.
fn only_used(name: &str, at: &Origin) -> Finding {
    unmatched(&format!("table \"{name}\""), at, ONLY_USED)
        .note("an import fills the tables that it brings; one that is only in the workspace keeps its rows")
        .help(BRING_TABLE)
}

/// A table of a package that settings name.
#[derive(Clone, Copy, Debug)]
pub struct NamedTable<'s> {
    /// Its asset.
    pub asset: usize,
    /// What the settings call it.
    pub name: &'s str,
    /// What they say of it.
    pub said: &'s Said<FilledTable>,
}

impl<'s> NamedTables<'s> {
    /// Those of settings.
    pub fn of(settings: &'s ResolvedSettings, project: &Project, placing: &TargetKeys) -> Self {
        let assets = project.assets.iter().zip(&placing.keys).enumerate();
        let known: Vec<(usize, &AssetKey)> = assets
            .filter(|(_, (asset, _))| is_table(&asset.kind))
            .filter_map(|(index, (_, key))| Some((index, key.as_ref()?)))
            .collect();
        let mut named = Self::default();
        let used = used_tables(project);
        for (name, said) in &settings.tables {
            let keys = known.iter().map(|(_, key)| *key);
            let asset = match meant("table", name, keys, &said.at) {
                Ok(found) => known[found].0,
                Err(finding) => {
                    let found = match used.contains(last_name(name)) {
                        true => only_used(name, &said.at),
                        false => *finding,
                    };
                    named.findings.push(found);
                    continue;
                }
            };
            if named.tables.iter().any(|other| other.asset == asset) {
                let finding = unmatched(&format!("table \"{name}\""), &said.at, TWICE);
                named.findings.push(finding.help(ONE_NAME));
                continue;
            }
            named.tables.push(NamedTable { asset, name, said });
        }
        named
    }
}

/// Why rows do not fit a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowsMisfit {
    /// Each row of a data table has an id that the platform gives.
    DataTable,
    /// The table has several columns of this name.
    Ambiguous(String),
    /// The file has a column that the table lacks.
    Unknown {
        /// The column.
        column: String,
        /// The one that may be meant.
        meant: Option<String>,
    },
    /// The file lacks a column of the table.
    Missing(String),
    /// There are more than the table takes.
    TooMany {
        /// How many there are.
        rows: u64,
        /// How many it takes.
        most: u64,
    },
}

impl RowsMisfit {
    /// The same for a person, and what to do.
    pub fn words(&self, name: &str, rows: &RowsFile) -> (String, String) {
        let what = format!("the rows in {} do not fit the table \"{name}\"", rows.path);
        let column = |column: &str| format!("`{}`", column.escape_debug());
        let (why, help) = match self {
            Self::DataTable => (
                "each row of a data table has an id that the platform gives".to_owned(),
                "say \"keep\", \"overwrite\" or \"leave-out\" for the package's own rows"
                    .to_owned(),
            ),
            Self::Ambiguous(label) => (
                format!("it has several columns {}", column(label)),
                "rename all but one of them in the table".to_owned(),
            ),
            Self::Unknown { column: own, meant } => (
                format!("it has no column {}", column(own)),
                match meant {
                    Some(meant) => format!("did you mean {}?", column(meant)),
                    None => "take the column out of the file".to_owned(),
                },
            ),
            Self::Missing(label) => (
                format!("they have no column {}", column(label)),
                "add the column to the file, be it with empty cells".to_owned(),
            ),
            Self::TooMany { rows, most } => (
                format!("there are {rows}, and it takes {most}"),
                "take rows out of the file, or raise the table's limit".to_owned(),
            ),
        };
        (format!("{what}: {why}"), help)
    }

    /// The same as a finding.
    pub fn finding(&self, name: &str, rows: &RowsFile, at: &Origin) -> Finding {
        let (message, help) = self.words(name, rows);
        let columns = format!("the columns are named in {}:{}", rows.path, rows.line);
        Finding::new(Code::SettingRowsMisfit, Subject::Project, message)
            .note(columns)
            .note(format!("said in {at}"))
            .help(help)
    }
}

/// Which column of a file goes where in a table.
///
/// # Errors
/// All that does not fit.
pub fn fit(shape: &LookupShape, rows: &RowsFile) -> Result<Vec<usize>, Vec<RowsMisfit>> {
    let mut misfits = Vec::new();
    let label = |text: &String| nfc(text).into_owned();
    let named: Vec<String> = rows.columns.iter().map(label).collect();
    let labels: Vec<String> = shape.columns.iter().map(label).collect();
    for (column, spelled) in named.iter().zip(&rows.columns) {
        if !labels.contains(column) {
            misfits.push(RowsMisfit::Unknown {
                column: spelled.clone(),
                meant: nearest(column, labels.iter().map(String::as_str)).map(str::to_owned),
            });
        }
    }
    let mut order = Vec::new();
    for (index, own) in labels.iter().enumerate() {
        if labels[..index].contains(own) {
            misfits.push(RowsMisfit::Ambiguous(own.clone()));
        }
        match named.iter().position(|column| column == own) {
            Some(column) => order.push(column),
            None => misfits.push(RowsMisfit::Missing(own.clone())),
        }
    }
    if let Some(most) = shape.most.filter(|most| *most < rows.rows) {
        misfits.push(RowsMisfit::TooMany {
            rows: rows.rows,
            most,
        });
    }
    match misfits.is_empty() {
        true => Ok(order),
        false => Err(misfits),
    }
}

/// A lookup table's JSON with these rows in place of its own: nothing else is another text.
///
/// # Errors
/// If it is no valid JSON. What does not fit is the inner error.
pub fn with_rows(
    kind: &AssetKind,
    bytes: &[u8],
    rows: &RowsFile,
) -> Result<Result<Vec<u8>, Vec<RowsMisfit>>, JsonError> {
    if *kind == AssetKind::DataTable {
        return Ok(Err(vec![RowsMisfit::DataTable]));
    }
    let mut tape = Tape::default();
    let document = tape.parse(bytes)?;
    let order = match fit(&LookupShape::of(document), rows) {
        Ok(order) => order,
        Err(misfits) => return Ok(Err(misfits)),
    };
    let dialect = Dialect::of(document);
    let text = quote(&rows.data(&order), dialect);
    let root = document.root();
    let splice = match root.get("data") {
        Some(own) => Some(Splice::new(own.span(), text)),
        None => insert_member(document.text(), root, "data", &text, dialect),
    };
    Ok(Ok(apply(bytes, &mut splice.into_iter().collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> RowsFile {
        RowsFile::parse("r.csv", "r.csv", text.as_bytes()).expect("rows")
    }

    const TABLE: &str = r#"{"name":"T","schema":[{"label":"Code","sticky":true},{"label":"Région ","sticky":true},{"label":"Untitled column 3","sticky":false}],"max_allowed_entries_count":2}"#;

    #[test]
    fn rows_go_where_the_tables_columns_are() {
        let rows = rows("Re\u{301}gion,Code\n\"North, \"\"far\"\"\",N\nSouth,S\n");
        let data = r#""data":"N,\"North, \"\"far\"\"\"\nS,South\n"}"#;
        for (before, after) in [
            (
                TABLE.to_owned(),
                format!("{},{data}", TABLE.trim_end_matches('}')),
            ),
            (
                TABLE.replace("\"max_allowed_entries_count\":2", "\"data\":\"x,y\\n\""),
                TABLE.replace("\"max_allowed_entries_count\":2}", data),
            ),
        ] {
            let edited = with_rows(&AssetKind::LookupTable, before.as_bytes(), &rows);
            let edited = edited.expect("JSON").expect("it fits");
            assert_eq!(String::from_utf8(edited).expect("a text"), after);
        }
    }

    #[test]
    fn all_that_does_not_fit_is_told() {
        let misfits = |kind, text| {
            let edited = with_rows(&kind, TABLE.as_bytes(), &rows(text));
            edited.expect("JSON").expect_err("misfits")
        };
        let own = |text: &str| text.to_owned();
        assert_eq!(
            misfits(
                AssetKind::LookupTable,
                "Cod,Untitled column 3\na,b\nc,d\ne,f\n"
            ),
            [
                RowsMisfit::Unknown {
                    column: own("Cod"),
                    meant: Some(own("Code")),
                },
                RowsMisfit::Unknown {
                    column: own("Untitled column 3"),
                    meant: None,
                },
                RowsMisfit::Missing(own("Code")),
                RowsMisfit::Missing(own("Région")),
                RowsMisfit::TooMany { rows: 3, most: 2 },
            ]
        );
        assert_eq!(
            misfits(AssetKind::DataTable, "Code\na\n"),
            [RowsMisfit::DataTable]
        );
        let shape = LookupShape {
            columns: vec![own("A"), own("A")],
            most: None,
        };
        let twice = fit(&shape, &rows("A\nx\n"));
        assert_eq!(twice, Err(vec![RowsMisfit::Ambiguous(own("A"))]));
    }
}
