//! Two JSON documents, compared value by value: spaces, the order of keys and the spelling of
//! strings are no difference.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::value::{JsonText, ValueChange, sorted_members};
use crate::json::{Node, NodeKind};

/// The keys by which objects in arrays are told apart, the surest first.
const IDENTITIES: [&str; 4] = ["uuid", "id", "zip_name", "name"];

/// A value that differs and where it stands: `input.to`, `extended_output_schema[2].label`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldChange {
    /// The path from where the comparison began; `$` for that value itself.
    pub(super) path: String,
    /// What happened to the value.
    pub(super) change: ValueChange,
}

/// Compares two values.
pub(super) fn compare(old: Node<'_>, new: Node<'_>) -> Vec<FieldChange> {
    let mut comparison = Comparison::default();
    comparison.values(old, new);
    comparison.found
}

/// Compares the members of two objects, without those that `skips` says yes to.
pub(super) fn compare_members(
    old: Node<'_>,
    new: Node<'_>,
    skips: impl Fn(&str) -> bool,
) -> Vec<FieldChange> {
    let mut comparison = Comparison::default();
    comparison.members(old, new, skips);
    comparison.found
}

/// Whether two sequences hold what they share in another order. Each item stands once in each.
pub(super) fn is_reordered<T: Eq + std::hash::Hash>(old: &[T], new: &[T]) -> bool {
    let in_old: HashSet<&T> = old.iter().collect();
    let in_new: HashSet<&T> = new.iter().collect();
    let shared_old = old.iter().filter(|item| in_new.contains(item));
    let shared_new = new.iter().filter(|item| in_old.contains(item));
    !shared_old.eq(shared_new)
}

#[derive(Default)]
struct Comparison {
    path: String,
    found: Vec<FieldChange>,
}

impl Comparison {
    fn report(&mut self, change: ValueChange) {
        let path = if self.path.is_empty() {
            "$".to_owned()
        } else {
            self.path.clone()
        };
        self.found.push(FieldChange { path, change });
    }

    fn at_key(&mut self, key: &str, inner: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        if !key.is_empty() && key.chars().all(|c| c == '_' || c.is_alphanumeric()) {
            if outer > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
        } else {
            self.path.push_str(&format!("[{key:?}]"));
        }
        inner(self);
        self.path.truncate(outer);
    }

    fn at_index(&mut self, index: usize, inner: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        self.path.push_str(&format!("[{index}]"));
        inner(self);
        self.path.truncate(outer);
    }

    fn either(&mut self, old: Option<Node<'_>>, new: Option<Node<'_>>) {
        match (old, new) {
            (Some(old), Some(new)) => self.values(old, new),
            (Some(old), None) => self.report(ValueChange::Removed {
                old: JsonText::of(old),
            }),
            (None, Some(new)) => self.report(ValueChange::Added {
                new: JsonText::of(new),
            }),
            (None, None) => {}
        }
    }

    fn values(&mut self, old: Node<'_>, new: Node<'_>) {
        if old.raw() == new.raw() {
            return;
        }
        match (old.kind(), new.kind()) {
            (NodeKind::Object, NodeKind::Object) => self.members(old, new, |_| false),
            (NodeKind::Array, NodeKind::Array) => {
                let old: Vec<_> = old.items().collect();
                let new: Vec<_> = new.items().collect();
                self.items(&old, &new);
            }
            (NodeKind::String, NodeKind::String) if old.text() == new.text() => {}
            _ => self.report(ValueChange::Changed {
                old: JsonText::of(old),
                new: JsonText::of(new),
            }),
        }
    }

    fn members(&mut self, old: Node<'_>, new: Node<'_>, skips: impl Fn(&str) -> bool) {
        let old = sorted_members(old);
        let new = sorted_members(new);
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for key in keys.into_iter().filter(|key| !skips(key)) {
            self.at_key(key, |inner| {
                inner.either(old.get(key).copied(), new.get(key).copied());
            });
        }
    }

    fn items(&mut self, old: &[Node<'_>], new: &[Node<'_>]) {
        let Some((old_keys, new_keys)) = identities(old, new) else {
            for index in 0..old.len().max(new.len()) {
                self.at_index(index, |inner| {
                    inner.either(old.get(index).copied(), new.get(index).copied());
                });
            }
            return;
        };
        let in_old: HashMap<&str, Node<'_>> = keyed(&old_keys, old);
        let in_new: HashMap<&str, Node<'_>> = keyed(&new_keys, new);
        for (index, (key, item)) in new_keys.iter().zip(new).enumerate() {
            self.at_index(index, |inner| {
                inner.either(in_old.get(&**key).copied(), Some(*item));
            });
        }
        for (index, (key, item)) in old_keys.iter().zip(old).enumerate() {
            if !in_new.contains_key(&**key) {
                self.at_index(index, |inner| inner.either(Some(*item), None));
            }
        }
        if is_reordered(&old_keys, &new_keys) {
            self.report(ValueChange::Reordered);
        }
    }
}

fn keyed<'k, 'a>(keys: &'k [Cow<'a, str>], items: &[Node<'a>]) -> HashMap<&'k str, Node<'a>> {
    keys.iter()
        .map(|key| &**key)
        .zip(items.iter().copied())
        .collect()
}

type Keys<'a> = Vec<Cow<'a, str>>;

/// What tells the items of two arrays apart: something that every item has, each another, and that
/// at least one item has on both sides. Without that, items go by their index.
fn identities<'a>(old: &[Node<'a>], new: &[Node<'a>]) -> Option<(Keys<'a>, Keys<'a>)> {
    let of_objects = IDENTITIES.into_iter().map(|field| {
        let identity = move |item: Node<'a>| {
            let value = item.get(field)?;
            match value.kind() {
                NodeKind::String => value.text(),
                NodeKind::Number => Some(Cow::Borrowed(value.raw())),
                NodeKind::Object | NodeKind::Array | NodeKind::Bool | NodeKind::Null => None,
            }
        };
        distinct(old, identity).zip(distinct(new, identity))
    });
    let of_strings =
        std::iter::once_with(|| distinct(old, Node::text).zip(distinct(new, Node::text)));
    of_objects.chain(of_strings).flatten().find(|(old, new)| {
        let old: HashSet<_> = old.iter().collect();
        new.iter().any(|key| old.contains(key))
    })
}

fn distinct<'a>(
    items: &[Node<'a>],
    identity: impl Fn(Node<'a>) -> Option<Cow<'a, str>>,
) -> Option<Keys<'a>> {
    let keys: Keys<'a> = items.iter().copied().map(identity).collect::<Option<_>>()?;
    let seen: HashSet<_> = keys.iter().collect();
    (seen.len() == keys.len()).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn differences(old: &str, new: &str) -> Vec<String> {
        let (mut a, mut b) = (Tape::default(), Tape::default());
        let old = a.parse(old.as_bytes()).expect("valid JSON").root();
        let new = b.parse(new.as_bytes()).expect("valid JSON").root();
        compare(old, new)
            .into_iter()
            .map(|found| format!("{} {}", found.path, found.change))
            .collect()
    }

    #[test]
    fn values_differ_by_meaning() {
        for (old, new, expected) in [
            (
                r#"{"a":1,"b":"<"}"#,
                "{ \"b\": \"\\u003c\",\n \"a\": 1 }",
                vec![],
            ),
            ("[]", "[\n\n]", vec![]),
            (r#"{"a":1}"#, r#"{"a":1.0}"#, vec!["a 1 → 1.0"]),
            (
                r#"{"a":9007199254740993}"#,
                r#"{"a":9007199254740992}"#,
                vec!["a 9007199254740993 → 9007199254740992"],
            ),
            (
                r#"{"a":{"b c":null}}"#,
                r#"{"a":{}}"#,
                vec![r#"a["b c"] removed: null"#],
            ),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, vec![r#"a "1" → 1"#]),
            ("[1]", "{}", vec!["$ [1] → {}"]),
            ("[1,2]", "[1,3,4]", vec!["[1] 2 → 3", "[2] added: 4"]),
        ] {
            assert_eq!(differences(old, new), expected, "{old} {new}");
        }
    }

    #[test]
    fn items_of_arrays_are_told_apart_by_what_names_them() {
        for (old, new, expected) in [
            (
                r#"[{"name":"a","x":1},{"name":"b","x":2}]"#,
                r#"[{"name":"n"},{"name":"a","x":1},{"name":"b","x":3}]"#,
                vec![r#"[0] added: {"name":"n"}"#, "[2].x 2 → 3"],
            ),
            (
                r#"[{"name":"a"},{"name":"b"},{"name":"c"}]"#,
                r#"[{"name":"c"},{"name":"a"}]"#,
                vec![r#"[1] removed: {"name":"b"}"#, "$ reordered"],
            ),
            (
                r#"[{"id":7,"name":"a"}]"#,
                r#"[{"id":7,"name":"b"}]"#,
                vec![r#"[0].name "a" → "b""#],
            ),
            (
                r#"[{"uuid":"1","name":"a"}]"#,
                r#"[{"uuid":"2","name":"a"}]"#,
                vec![r#"[0].uuid "1" → "2""#],
            ),
            (
                r#"[{"name":"a","x":1},{"name":"a","x":2}]"#,
                r#"[{"name":"a","x":1},{"name":"a","x":3}]"#,
                vec!["[1].x 2 → 3"],
            ),
            (
                r#"["a","b"]"#,
                r#"["n","a","b"]"#,
                vec![r#"[0] added: "n""#],
            ),
            (r#"["a","b"]"#, r#"["b","a"]"#, vec!["$ reordered"]),
        ] {
            assert_eq!(differences(old, new), expected, "{old} {new}");
        }
    }
}
