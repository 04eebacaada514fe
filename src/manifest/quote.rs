//! How texts are written in TOML, always on one line.

use std::fmt::Write as _;

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                // Writing to a string can't fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A key, in quotes only where it needs them.
pub(super) fn key(text: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match !text.is_empty() && text.bytes().all(is_bare) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_quoted_only_where_they_need_it() {
        assert_eq!(key("north-1_a"), "north-1_a");
        assert_eq!(key("a b"), "\"a b\"");
        assert_eq!(key(""), "\"\"");
        assert_eq!(key("é"), "\"é\"");
    }

    proptest! {
        #[test]
        fn toml_reads_back_what_was_written(text in any::<String>()) {
            let toml = format!("{} = {}", key(&text), quoted(&text));
            prop_assert!(!toml.contains('\n'));
            let table: toml_edit::DocumentMut = toml.parse().expect("is TOML");
            let (read_key, value) = table.iter().next().expect("one key");
            prop_assert_eq!(read_key, text.as_str());
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
        }
    }
}
