//! Text as it is shown: nothing in it is obeyed by a terminal, or hides from a reader.

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
}
