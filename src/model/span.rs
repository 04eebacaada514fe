//! Where in a text something stands, so that a finding can point at it.

use std::fmt;
use std::ops::Range;

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The line it starts on, from 1.
    pub line: usize,
    /// The character of that line it starts at, from 1.
    pub column: usize,
    /// Its bytes.
    pub span: Range<usize>,
}

impl Span {
    /// The place of `span` in `text`. What lies past the end of the text is taken as its end.
    pub fn of(text: &str, span: Range<usize>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let upto = &text[..start];
        let line_start = upto.rfind('\n').map_or(0, |at| at + 1);
        let before = &upto[line_start..];
        // Editors don't count a byte order mark as a column.
        let before = match line_start {
            0 => before.strip_prefix('\u{feff}').unwrap_or(before),
            _ => before,
        };
        Self {
            line: upto.matches('\n').count() + 1,
            column: before.chars().count() + 1,
            span: span.start.min(text.len())..span.end.min(text.len()),
        }
    }
}

/// Finds the places of many bytes of a text, each from where the one before was found.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    text: &'a str,
    /// How far it was read, on which line and at which character that is.
    at: usize,
    line: usize,
    column: usize,
}

impl<'a> Places<'a> {
    /// Begins at the start of a text.
    pub fn of(text: &'a str) -> Self {
        Self {
            text,
            // Editors don't count a byte order mark as a column.
            at: match text.starts_with('\u{feff}') {
                true => '\u{feff}'.len_utf8(),
                false => 0,
            },
            line: 1,
            column: 1,
        }
    }

    /// What [`Span::of`] says. Going on is quick, going back begins anew.
    pub fn place(&mut self, span: Range<usize>) -> Span {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        if start < self.at {
            *self = Self::of(self.text);
        }
        if let Some(passed) = self.text.get(self.at..start) {
            match passed.rfind('\n') {
                Some(last) => {
                    self.line += passed.matches('\n').count();
                    self.column = passed[last + 1..].chars().count() + 1;
                }
                None => self.column += passed.chars().count(),
            }
            self.at = start;
        }
        Span {
            line: self.line,
            column: self.column,
            span: span.start.min(self.text.len())..span.end.min(self.text.len()),
        }
    }
}

impl Ord for Span {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.span.start, self.span.end).cmp(&(other.span.start, other.span.end))
    }
}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The manifest, there.
    Manifest(Span),
    /// The command line.
    CommandLine,
}

/// A value and who said it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Who said it, and where.
    pub origin: Origin,
}

impl<T> Located<T> {
    /// A value that the manifest gives at `place`.
    pub const fn in_manifest(value: T, place: Span) -> Self {
        Self {
            value,
            origin: Origin::Manifest(place),
        }
    }

    /// A value that the command line gives.
    pub const fn on_command_line(value: T) -> Self {
        Self {
            value,
            origin: Origin::CommandLine,
        }
    }

    /// The place in the manifest, for what the manifest says.
    pub const fn place(&self) -> Option<&Span> {
        match &self.origin {
            Origin::Manifest(place) => Some(place),
            Origin::CommandLine => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let text = "\u{feff}ab\r\nçé x\n";
        for (at, line, column) in [
            (3, 1, 1),
            (4, 1, 2),
            (7, 2, 1),
            (11, 2, 3),
            (12, 2, 4),
            (14, 3, 1),
            (99, 3, 1),
        ] {
            let place = Span::of(text, at..at + 1);
            assert_eq!((place.line, place.column), (line, column), "byte {at}");
        }
        assert_eq!(Span::of(text, 99..120).span, 14..14);
    }
}
