//! Rows of tables that can't be what was meant, and columns that the platform makes itself.

use crate::model::finding::{Code, Finding};
use crate::model::project::{Asset, Project};
use crate::model::table::{PackedRows, RowsFault};

use super::references::subject;

/// Rows that can't be read, and rows that have more or fewer cells than there are columns. What is left
/// out does not matter.
pub(super) fn rows(project: &Project, packed: &[usize], choice: PackedRows) -> Vec<Finding> {
    if choice == PackedRows::LeaveOut {
        return Vec::new();
    }
    let assets = packed.iter().map(|&index| &project.assets[index]);
    assets.filter_map(of_table).collect()
}

fn of_table(asset: &Asset) -> Option<Finding> {
    let rows = asset.facts.rows()?;
    let (kind, name) = (asset.kind.label(), asset.name());
    let message = match rows.fault.as_ref()? {
        RowsFault::NoText => format!("the rows of the {kind} \"{name}\" are no text"),
        RowsFault::Unreadable { record, reason } => {
            format!("the rows of the {kind} \"{name}\" are not CSV: in record {record} {reason}")
        }
        RowsFault::Uneven {
            columns,
            records,
            first: (number, found),
        } => {
            let cells = |cells: &u64| match cells {
                1 => "1 cell".to_owned(),
                cells => format!("{cells} cells"),
            };
            let more = match records.saturating_sub(1) {
                0 => String::new(),
                more => format!(", and {more} more are like that"),
            };
            format!(
                "record {number} of the {kind} \"{name}\" has {} where the table has {columns} columns{more}",
                cells(found)
            )
        }
    };
    Some(
        Finding::new(Code::MalformedRows, subject(asset, rows.offset), message)
            .note("how the platform takes such rows is not known")
            .help("export the table again, or leave its rows out: --rows leave-out"),
    )
}

/// Columns of data tables that pass for the platform's own: an import makes those itself, so that
/// there are two of each (platform.md §6).
pub(super) fn columns(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let assets = packed.iter().map(|&index| &project.assets[index]);
    let of = |asset: &'_ Asset| -> Vec<Finding> {
        let columns = asset.facts.columns_by_hand().iter();
        columns
            .map(|column| {
                let message = format!(
                    "the column \"{}\" of \"{}\" has the title of a system column, and is another one",
                    column.title,
                    asset.name()
                );
                Finding::new(Code::SystemColumn, subject(asset, column.offset), message)
                    .note("an import makes the system columns itself, so that there would be two")
                    .help("take the column out of the file, or rename it")
            })
            .collect()
    };
    assets.flat_map(of).collect()
}
