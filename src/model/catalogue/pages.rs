//! Whether an answer of the platform is a page of a longer list.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// How many entries the platform gives at once (platform.md §2.3).
pub(super) const FULL: usize = 100;

/// The objects of an answer that may speak of pages.
const WRAPPERS: [&str; 4] = ["meta", "pagination", "paging", "links"];

/// Whether the answer says that there is more than these entries, in the words that APIs have for it:
/// the platform's documentation names none for this answer (platform.md §2.2).
pub(super) fn has_more(text: &str, entries: usize) -> bool {
    let json = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Ok(answer) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
        return false;
    };
    let value = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap_or_default();
    let inner = WRAPPERS
        .iter()
        .filter_map(|wrapper| value(answer.get(*wrapper)?).as_object().cloned());
    let said = answer
        .iter()
        .filter(|(key, _)| !["result", "data"].contains(&key.as_str()))
        .map(|(key, raw)| (key.clone(), value(raw)));
    said.chain(inner.flatten())
        .any(|(key, value)| says_more(&key, &value, entries as u64))
}

fn says_more(key: &str, value: &Value, entries: u64) -> bool {
    let number = value.as_u64().unwrap_or(0);
    match key {
        "next" | "next_page" | "next_page_url" | "next_cursor" | "has_more" | "more" => match value
        {
            Value::Bool(more) => *more,
            Value::String(next) => !next.is_empty(),
            Value::Number(_) => number > 0,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        },
        "total" | "total_count" | "count" => number > entries,
        "total_pages" | "page" | "current_page" => number > 1,
        _ => false,
    }
}
