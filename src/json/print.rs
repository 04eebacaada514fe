//! Documents as the platform would write them.

use super::dialect::{Dialect, quote};
use super::tape::{Document, Node, NodeKind, unescape};

/// Which keys come first in some objects.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyOrder<'k> {
    /// In the outermost object: the orders that are known, the first for documents that are in none of
    /// them.
    pub outermost: &'k [&'k [&'k str]],
    /// In objects that hold the first of these keys, and were written with sorted keys.
    pub inner: &'k [&'k str],
}

/// The document in the platform's dialect (platform.md §5.1, §11): two spaces a level, raw UTF-8,
/// numbers as they are spelled, no newline at the end.
///
/// Keys that have a place in `order` are put into it; a document that is in one of several orders stays
/// in it. The others stay behind the key that they
/// follow; in a document with sorted keys, where that says nothing, they come last.
pub fn print(document: Document<'_>, order: KeyOrder<'_>) -> String {
    let text = document.text();
    let mut printer = Printer {
        out: String::with_capacity(text.len() + text.len() / 16),
        indent: String::from("\n"),
        dialect: Dialect::of(document),
        inner: order.inner,
    };
    let root = document.root();
    match root.kind() {
        NodeKind::Object => printer.object(root, chosen(root, order.outermost)),
        NodeKind::Array | NodeKind::String | NodeKind::Number | NodeKind::Bool | NodeKind::Null => {
            printer.value(root)
        }
    }
    printer.out
}

/// The order that an object is in, or else the first.
fn chosen<'k>(node: Node<'_>, orders: &'k [&'k [&'k str]]) -> &'k [&'k str] {
    let is_in = |order: &&&[&str]| {
        let places = node
            .members()
            .filter_map(|(key, _)| order.iter().position(|known| key.is(known)));
        places.is_sorted()
    };
    let found = orders.iter().find(is_in).or_else(|| orders.first());
    found.copied().unwrap_or_default()
}

struct Printer<'k> {
    out: String,
    /// A newline and the indentation of the line after it.
    indent: String,
    /// How the document was written.
    dialect: Dialect,
    inner: &'k [&'k str],
}

impl<'k> Printer<'k> {
    fn value(&mut self, node: Node<'_>) {
        match node.kind() {
            NodeKind::Object => {
                let inner = self.inner;
                let ordered = match (self.dialect, inner) {
                    (Dialect::Wk, [first, ..]) => node.get(first).is_some(),
                    (Dialect::Wk, []) | (Dialect::Platform, _) => false,
                };
                self.object(node, if ordered { inner } else { &[] });
            }
            NodeKind::Array => self.array(node),
            NodeKind::String => self.string(node),
            NodeKind::Number | NodeKind::Bool | NodeKind::Null => self.out.push_str(node.raw()),
        }
    }

    fn object(&mut self, node: Node<'_>, order: &[&str]) {
        self.out.push('{');
        let mut first = true;
        let mut member = |printer: &mut Self, key: Node<'_>, value: Node<'_>| {
            if !std::mem::take(&mut first) {
                printer.out.push(',');
            }
            printer.deeper(|printer| {
                printer.string(key);
                printer.out.push_str(": ");
                printer.value(value);
            });
        };
        if order.is_empty() {
            for (key, value) in node.members() {
                member(self, key, value);
            }
        } else {
            for (key, value) in ordered(node, order, self.dialect) {
                member(self, key, value);
            }
        }
        self.out.push_str(&self.indent);
        self.out.push('}');
    }

    fn array(&mut self, node: Node<'_>) {
        self.out.push('[');
        let mut items = node.items().peekable();
        if items.peek().is_none() {
            self.out.push('\n');
        }
        while let Some(item) = items.next() {
            self.deeper(|printer| printer.value(item));
            if items.peek().is_some() {
                self.out.push(',');
            }
        }
        self.out.push_str(&self.indent);
        self.out.push(']');
    }

    fn deeper(&mut self, print: impl FnOnce(&mut Self)) {
        let before = self.indent.len();
        self.indent.push_str("  ");
        self.out.push_str(&self.indent);
        print(self);
        self.indent.truncate(before);
    }

    fn string(&mut self, node: Node<'_>) {
        let inside = node.inside().unwrap_or_default();
        if inside.contains('\\') {
            self.out
                .push_str(&quote(&unescape(inside), Dialect::Platform));
        } else {
            self.out.push_str(node.raw());
        }
    }
}

/// An object's members with the keys of `order` first, each with the unknown keys that follow it.
fn ordered<'a>(
    node: Node<'a>,
    order: &[&str],
    written: Dialect,
) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
    // Unknown keys at the front stay there.
    let mut behind = 0;
    let mut members: Vec<_> = node
        .members()
        .map(|(key, value)| {
            let place = order.iter().position(|known| key.is(known));
            let rank = match (place, written) {
                (Some(place), _) => {
                    behind = place + 1;
                    behind
                }
                (None, Dialect::Platform) => behind,
                (None, Dialect::Wk) => order.len() + 1,
            };
            (rank, place.is_none(), key, value)
        })
        .collect();
    members.sort_by_key(|(rank, unknown, _, _)| (*rank, *unknown));
    members.into_iter().map(|(_, _, key, value)| (key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn printed(text: &str, order: KeyOrder<'_>) -> String {
        let mut tape = Tape::default();
        print(tape.parse(text.as_bytes()).expect("valid"), order)
    }

    const ORDER: KeyOrder<'_> = KeyOrder {
        outermost: &[&["name", "version", "code"]],
        inner: &["zip_name", "name", "folder"],
    };

    #[test]
    fn layout_escapes_and_numbers_are_the_platforms() {
        for (text, expected) in [
            ("{}", "{\n}"),
            ("[]", "[\n\n]"),
            ("3.10", "3.10"),
            (
                "{\"a\":[],\"b\":{},\"c\":[{}]}",
                "{\n  \"a\": [\n\n  ],\n  \"b\": {\n  },\n  \"c\": [\n    {\n    }\n  ]\n}",
            ),
            (
                "[211.0,1E5,-0,true,null]",
                "[\n  211.0,\n  1E5,\n  -0,\n  true,\n  null\n]",
            ),
            (
                r#"["\u003ca\u0026b\u003e","\/","\u00e9\ud83c\udf89","\"\\\n\r\t\b\f\u0001\u007f"]"#,
                "[\n  \"<a&b>\",\n  \"/\",\n  \"é🎉\",\n  \"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\u{7f}\"\n]",
            ),
            ("{\"\\u0061\":1}", "{\n  \"a\": 1\n}"),
        ] {
            assert_eq!(printed(text, KeyOrder::default()), expected, "{text}");
        }
    }

    fn keys(text: &str, order: KeyOrder<'_>) -> String {
        let printed = printed(text, order);
        let value: Vec<_> = printed
            .lines()
            .filter_map(|line| line.trim().split_once(": "))
            .map(|(key, _)| key.trim_matches('"').to_owned())
            .collect();
        value.join(" ")
    }

    #[test]
    fn known_keys_come_in_order_and_unknown_ones_stay_by_them() {
        for (text, expected) in [
            (r#"{"code":1,"version":2,"name":3}"#, "name version code"),
            (
                r#"{"name":1,"x":2,"y":3,"version":4,"code":5,"z":6}"#,
                "name x y version code z",
            ),
            (
                r#"{"x":0,"code":1,"z":2,"name":3,"y":4}"#,
                "x name y code z",
            ),
            ("{\"a\":0,\"code\":1,\"name\":2,\"z\":3}\n", "name code a z"),
        ] {
            assert_eq!(keys(text, ORDER), expected, "{text}");
        }
    }

    #[test]
    fn references_are_put_in_order_only_where_keys_were_sorted() {
        let reference = r#"{"custom":true,"folder":"","name":"A","zip_name":"a"}"#;
        let sorted = format!("{{\"code\":{reference},\"name\":\"B\"}}\n");
        assert_eq!(
            keys(&sorted, ORDER),
            "name code zip_name name folder custom"
        );
        let own = format!("{{\"name\":\"B\",\"code\":{reference}}}");
        assert_eq!(keys(&own, ORDER), "name code custom folder name zip_name");
    }

    #[test]
    fn a_document_stays_in_the_order_that_it_is_in() {
        let order = KeyOrder {
            outermost: &[&["name", "id", "path"], &["name", "path", "id"]],
            inner: &[],
        };
        for (text, expected) in [
            (r#"{"name":1,"id":2,"path":3}"#, "name id path"),
            (r#"{"name":1,"path":2,"x":3,"id":4}"#, "name path x id"),
            (r#"{"path":1,"name":2,"id":3}"#, "name id path"),
            ("{\"id\":1,\"name\":2,\"path\":3}\n", "name id path"),
        ] {
            assert_eq!(keys(text, order), expected, "{text}");
        }
    }

    fn any_json() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,6}|[\\x00-\\x20<>&\"\\\\]{0,4}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::btree_map("[a-z_]{0,3}|name|code", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        /// What is printed means the same, and is printed the same again.
        #[test]
        fn printing_keeps_the_meaning(value in any_json()) {
            let compact = serde_json::to_string(&value).expect("JSON");
            let once = printed(&compact, ORDER);
            let meaning: serde_json::Value = serde_json::from_str(&once).expect("JSON");
            proptest::prop_assert_eq!(&meaning, &value);
            proptest::prop_assert_eq!(printed(&once, ORDER), once);
        }
    }
}
