//! Lists in columns.

use unicode_width::UnicodeWidthStr as _;

use super::ui::visible;

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
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table without rows.
    pub(crate) const fn new(columns: [Align; N]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row. What a terminal would obey in it is made visible.
    pub(crate) fn row(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(visible));
    }

    /// The rows as lines, each after `indent`.
    pub(crate) fn text(&self, indent: &str) -> String {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let mut line = indent.to_owned();
            for ((cell, width), align) in row.iter().zip(widths).zip(self.columns) {
                // A column without contents takes no room.
                if width == 0 {
                    continue;
                }
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

/// A number of things: `1 recipe`, `2 recipes`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
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
    fn one_is_not_many() {
        assert_eq!(counted(0, "recipe"), "0 recipes");
        assert_eq!(counted(1, "recipe"), "1 recipe");
        assert_eq!(counted(2, "recipe"), "2 recipes");
    }
}
