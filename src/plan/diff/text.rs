//! Two texts, compared by lines.

use schemars::JsonSchema;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// How many unchanged lines are shown around changed ones.
const CONTEXT_LINES: usize = 3;

/// How two texts differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TextDifference {
    /// How many lines are only on the new side.
    pub added: usize,
    /// How many lines are only on the old side.
    pub removed: usize,
    /// The hunks of a unified diff, with three lines of context.
    pub unified: String,
}

/// Compares two files as texts; `None` if one of them is none.
pub(super) fn compare(old: &[u8], new: &[u8]) -> Option<TextDifference> {
    Some(lines(text(old)?, text(new)?))
}

/// Compares two texts.
pub fn lines(old: &str, new: &str) -> TextDifference {
    let diff = TextDiff::from_lines(old, new);
    let mut difference = TextDifference {
        added: 0,
        removed: 0,
        unified: diff
            .unified_diff()
            .context_radius(CONTEXT_LINES)
            .to_string(),
    };
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => difference.added += 1,
            ChangeTag::Delete => difference.removed += 1,
            ChangeTag::Equal => {}
        }
    }
    difference
}

/// UTF-8 without zero bytes, which no text has.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_shown_with_their_surroundings() {
        let lines = |changed: &str| format!("1\n2\n3\n4\n{changed}6\n7\n8\n9\n");
        let difference = compare(lines("5\n").as_bytes(), lines("five\n5½\n").as_bytes());
        assert_eq!(
            difference,
            Some(TextDifference {
                added: 2,
                removed: 1,
                unified: "@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n+5½\n 6\n 7\n 8\n".to_owned(),
            })
        );
    }

    #[test]
    fn what_is_no_text_is_not_compared_by_lines() {
        assert_eq!(compare(b"a\0", b"a"), None);
        assert_eq!(compare(b"a", b"\xff"), None);
    }
}
