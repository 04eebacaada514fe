//! Whether an answer of the platform is a page of a longer list.

use crate::json::{Node, NodeKind};

/// How many entries the platform gives at once (platform.md §2.3).
pub(super) const FULL: usize = 100;

/// The objects of an answer that may speak of pages.
const WRAPPERS: [&str; 4] = ["meta", "pagination", "paging", "links"];

/// Whether the answer says that there is more than these entries, in the words that APIs have for it:
/// the platform's documentation names none for this answer (platform.md §2.2).
pub(super) fn has_more(answer: Node<'_>, entries: usize) -> bool {
    let inner = WRAPPERS.iter().filter_map(|wrapper| answer.get(wrapper));
    let said = std::iter::once(answer).chain(inner);
    said.flat_map(Node::members)
        .any(|(key, value)| says_more(&key.text().unwrap_or_default(), value, entries as u64))
}

fn says_more(key: &str, value: Node<'_>, entries: u64) -> bool {
    let number = value.number().unwrap_or(0);
    match key {
        "next" | "next_page" | "next_page_url" | "next_cursor" | "has_more" | "more" => {
            match value.kind() {
                NodeKind::Bool => value.is_true(),
                NodeKind::String => value.inside().is_some_and(|next| !next.is_empty()),
                NodeKind::Number => number > 0,
                NodeKind::Null | NodeKind::Array | NodeKind::Object => false,
            }
        }
        "total" | "total_count" | "count" => number > entries,
        "total_pages" | "page" | "current_page" => number > 1,
        _ => false,
    }
}
