//! Lines with commas, for spreadsheets.

/// Rows below a heading. What a spreadsheet would take for a formula is a text.
///
/// # Errors
/// None that can happen; the writer's type has one.
pub(crate) fn csv<const N: usize>(
    heading: [&str; N],
    rows: impl IntoIterator<Item = [Cell; N]>,
) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heading)?;
    for row in rows {
        writer.write_record(row.map(|cell| cell.0))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell.
pub(crate) struct Cell(String);

impl Cell {
    /// What this program made itself, such as a number or a word of a list.
    pub(crate) fn own(value: impl ToString) -> Self {
        Self(value.to_string())
    }

    /// The same, where there is one.
    pub(crate) fn perhaps(value: Option<impl ToString>) -> Self {
        Self(value.map_or_else(String::new, |value| value.to_string()))
    }

    /// What somebody else wrote.
    pub(crate) fn text(text: &str) -> Self {
        // Spreadsheets pass over blanks.
        let begins = text.trim_start().chars().next();
        let is_formula = matches!(
            begins,
            Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
        ) || text.starts_with(['\t', '\r', '\n']);
        match is_formula {
            true => Self(format!("'{text}")),
            false => Self(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_no_formula() {
        for (text, expected) in [
            ("Quote shipping", "Quote shipping"),
            ("a=1", "a=1"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "'  =1"),
            ("\t=1", "'\t=1"),
            ("\rx", "'\rx"),
            ("\nx", "'\nx"),
            ("＝1", "'＝1"),
        ] {
            assert_eq!(Cell::text(text).0, expected, "{text:?}");
        }
        let rows = [[
            Cell::text("a,\"b\""),
            Cell::own(-1),
            Cell::perhaps(None::<u8>),
        ]];
        let csv = csv(["x", "y", "z"], rows).expect("written");
        assert_eq!(csv, "x,y,z\n\"a,\"\"b\"\"\",-1,\n");
    }
}
