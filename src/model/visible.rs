//! Text as it is shown: nothing in it is obeyed by a terminal, or hides from a reader.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::path::is_unseen;

/// `text` on one line, with what a terminal would obey, or hide, made visible.
pub fn visible(text: &str) -> String {
    // Most names are plain, and listings have many.
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_unseen(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same for a text of several lines.
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// A document as JSON for people and programs: what a terminal would obey, or hide, is written as
/// escapes, which mean the same.
///
/// # Errors
/// If the document can't be written as JSON.
pub fn json(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = escaped(serde_json::to_string_pretty(document)?);
    text.push('\n');
    Ok(text)
}

/// The same on one line, for a place where it is kept: whoever looks into that sees no more than a
/// reader of documents does.
///
/// # Errors
/// If the document can't be written as JSON.
pub fn compact_json(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = escaped(serde_json::to_string(document)?);
    text.shrink_to_fit();
    Ok(text)
}

/// Writes such a document as it is made: one that tells of each file of a large project is large.
///
/// # Errors
/// If the document can't be written as JSON, or `to` can't be written to.
pub fn write_json(document: &impl Serialize, to: impl Write) -> io::Result<()> {
    let mut escaping = Escaping(BufWriter::new(to));
    serde_json::to_writer_pretty(&mut escaping, document)?;
    escaping.0.write_all(b"\n")?;
    escaping.0.flush()
}

/// Passes JSON on with such characters as escapes. What serialises it writes whole characters.
struct Escaping<W: Write>(BufWriter<W>);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
        if bytes.iter().all(is_plain) {
            return self.0.write_all(bytes);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.0.write_all(escaped(text.to_owned()).as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// JSON with the same characters as escapes, which mean the same: outside of strings there are none.
fn escaped(json: String) -> String {
    let is_escaped = |c: char| c.is_control() && c != '\n' || is_unseen(c);
    if !json.contains(is_escaped) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if is_escaped(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_command_nor_deceive_a_terminal() {
        for (text, shown) in [
            ("配送 | é 👩\u{200d}🚀", "配送 | é 👩\u{200d}🚀"),
            ("a\u{1b}[31mb", r"a\u{1b}[31mb"),
            ("a\u{9b}31mb", r"a\u{9b}31mb"),
            ("a\u{202e}gnp", r"a\u{202e}gnp"),
            (
                "a\u{61c}b\u{2028}c\u{2060}d",
                r"a\u{61c}b\u{2028}c\u{2060}d",
            ),
            ("a\nerror: b\r\t", r"a\nerror: b\r\t"),
        ] {
            assert_eq!(visible(text), shown);
        }
        assert_eq!(visible_lines("a\n\u{7}b\n"), "a\n\\u{7}b\n");
    }

    #[test]
    fn escapes_in_json_change_its_looks_only() -> Result<(), serde_json::Error> {
        let value = serde_json::json!({"a\u{202e}": ["é\u{9b}\u{7f}", "\u{e0041}\n\u{1b}", "👩"]});
        let json = escaped(serde_json::to_string_pretty(&value)?);
        assert!(json.contains(r"\u009b\u007f"), "{json}");
        assert!(
            json.contains(r"\udb40\udc41") && json.contains('👩'),
            "{json}"
        );
        assert!(!json.contains('\u{202e}'));
        let mut written = Vec::new();
        write_json(&value, &mut written).map_err(serde_json::Error::io)?;
        assert_eq!(written, format!("{json}\n").as_bytes());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json)?, value);
        Ok(())
    }
}
