//! The two ways in which exports spell the same JSON (platform.md §5.1, §11).

use super::tape::Document;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As the platform writes packages: keys in its own order, raw UTF-8, no newline at the end.
    Platform,
    /// As `wk pull` writes files: keys sorted, `<`, `>` and `&` escaped, a newline at the end.
    Wk,
}

impl Dialect {
    /// The dialect that a document is written in. The platform's is the default: only a newline at
    /// the end together with sorted keys makes the other one.
    pub fn of(document: Document<'_>) -> Self {
        let ends_in_newline = document.text().ends_with('\n');
        let keys = document
            .root()
            .members()
            .filter_map(|(key, _)| key.inside());
        if ends_in_newline && keys.is_sorted() {
            Self::Wk
        } else {
            Self::Platform
        }
    }
}

/// A JSON string that means `text`, quotes included, as the dialect would spell it.
pub fn quote(text: &str, dialect: Dialect) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match (c, dialect) {
            ('"', _) => json.push_str("\\\""),
            ('\\', _) => json.push_str("\\\\"),
            ('\n', _) => json.push_str("\\n"),
            ('\r', _) => json.push_str("\\r"),
            ('\t', _) => json.push_str("\\t"),
            ('\u{8}', _) => json.push_str("\\b"),
            ('\u{c}', _) => json.push_str("\\f"),
            ('<' | '>' | '&' | '\u{2028}' | '\u{2029}', Dialect::Wk) => {
                json.push_str(&format!("\\u{:04x}", c as u32))
            }
            (c, _) if (c as u32) < 0x20 => json.push_str(&format!("\\u{:04x}", c as u32)),
            (c, _) => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    #[test]
    fn the_dialect_shows_in_order_and_ending() {
        for (text, dialect) in [
            ("{\n  \"name\": 1,\n  \"code\": 2\n}", Dialect::Platform),
            ("{\n  \"name\": 1,\n  \"code\": 2\n}\n", Dialect::Platform),
            ("{\n  \"code\": 2,\n  \"name\": 1\n}", Dialect::Platform),
            ("{\n  \"code\": 2,\n  \"name\": 1\n}\n", Dialect::Wk),
        ] {
            let mut tape = Tape::default();
            assert_eq!(
                Dialect::of(tape.parse(text.as_bytes()).expect("valid")),
                dialect,
                "{text}"
            );
        }
    }

    #[test]
    fn each_dialect_escapes_its_own_way() {
        assert_eq!(
            quote("A & \"B\" <é>\n", Dialect::Platform),
            r#""A & \"B\" <é>\n""#
        );
        assert_eq!(
            quote("A & \"B\" <é>\n", Dialect::Wk),
            "\"A \\u0026 \\\"B\\\" \\u003cé\\u003e\\n\""
        );
    }
}
