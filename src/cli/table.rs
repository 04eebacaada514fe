//! Lists in columns.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::ui::{columns, visible};

/// How the cells of a column are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells, whose columns are as wide as they need to be.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [Align; N],
    headings: Option<[&'static str; N]>,
    rows: Vec<[String; N]>,
}

/// Columns are not made narrower than this to fit a screen.
const NARROWEST: usize = 12;

impl<const N: usize> Table<N> {
    /// A table without rows.
    pub(crate) const fn new(columns: [Align; N]) -> Self {
        Self {
            columns,
            headings: None,
            rows: Vec::new(),
        }
    }

    /// The same with headings, which only a person at a terminal gets: whatever reads lines would take
    /// them for one.
    pub(crate) const fn headed(mut self, headings: [&'static str; N]) -> Self {
        self.headings = Some(headings);
        self
    }

    /// Adds a row. What a terminal would obey in it is made visible.
    pub(crate) fn row(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(visible));
    }

    /// The rows as lines, each after `indent`: as wide as they are, or as a terminal is.
    pub(crate) fn text(&self, indent: &str) -> String {
        self.within(indent, columns())
    }

    fn within(&self, indent: &str, screen: Option<usize>) -> String {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut heading = None;
        if let Some(screen) = screen {
            if let Some(headings) = self.headings.filter(|_| !self.rows.is_empty()) {
                for (width, heading) in widths.iter_mut().zip(headings) {
                    if *width > 0 {
                        *width = (*width).max(heading.width());
                    }
                }
                heading = Some(headings.map(str::to_owned));
            }
            fit(&mut widths, screen.saturating_sub(indent.width()));
        }
        let mut text = String::new();
        for row in heading.iter().chain(&self.rows) {
            let mut line = indent.to_owned();
            for ((cell, width), align) in row.iter().zip(widths).zip(self.columns) {
                // A column without contents takes no room.
                if width == 0 {
                    continue;
                }
                let cell = &cut(cell, width);
                let padding = " ".repeat(width - cell.width());
                match align {
                    Align::Left => line.extend([cell, padding.as_str(), "  "]),
                    Align::Right => line.extend([padding.as_str(), cell, "  "]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Makes the widest columns narrower until all fit.
fn fit(widths: &mut [usize], screen: usize) {
    loop {
        let shown = widths.iter().filter(|width| **width > 0);
        let total: usize = shown.map(|width| width + 2).sum();
        // Nothing stands behind the last column.
        if total.saturating_sub(2) <= screen {
            return;
        }
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            Some(_) | None => return,
        }
    }
}

/// A cell with no more columns than that; what is left out is told by `…`.
fn cut(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let mut kept = String::new();
    let mut room = width.saturating_sub(1);
    for c in cell.chars() {
        match room.checked_sub(c.width().unwrap_or_default()) {
            Some(left) => room = left,
            None => break,
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// So many bytes, as a person reads them: `19.7 kB`.
pub(crate) fn sized(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..1000 => format!("{bytes} bytes"),
        _ => indicatif::DecimalBytes(bytes).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let mut table = Table::new([Align::Right, Align::Left, Align::Left, Align::Left]);
        table.row(["1", "配送", "", "a"]);
        table.row(["100", "é", "", "b\u{1b}[31m"]);
        assert_eq!(
            table.text("  "),
            "    1  配送  a\n  100  é     b\\u{1b}[31m\n"
        );
        assert_eq!(Table::new([Align::Left]).text(""), "");
    }

    #[test]
    fn a_terminal_gets_headings_and_no_line_that_is_too_long() {
        let mut table = Table::new([Align::Right, Align::Left, Align::Left, Align::Left]);
        table = table.headed(["ID", "STATE", "NOTE", "RECIPE"]);
        assert_eq!(table.within("", Some(80)), "");
        table.row(["1", "running", "", &"配送".repeat(40)]);
        table.row(["12", "stopped", "", "Orders/Track parcels"]);
        let fitted = table.within("  ", Some(40));
        let lines: Vec<&str> = fitted.lines().collect();
        assert_eq!(lines[0], "  ID  STATE    RECIPE");
        assert_eq!(lines[2], "  12  stopped  Orders/Track parcels");
        assert!(
            lines[1].ends_with('…') && lines[1].width() <= 40,
            "{fitted}"
        );
        let whole = table.within("", None);
        assert!(
            whole.starts_with(" 1  running  配送") && !whole.contains('…'),
            "{whole}"
        );
        // Whatever is narrow stays.
        let mut widths = [9, 9, 100, 50];
        fit(&mut widths, 60);
        assert_eq!(widths, [9, 9, 18, 18]);
        let mut widths = [9; 12];
        fit(&mut widths, 40);
        assert_eq!(widths, [9; 12]);
    }

    #[test]
    fn sizes_are_readable() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (19_686, "19.69 kB"),
        ] {
            assert_eq!(sized(bytes), text);
        }
    }
}
