//! Edits on bytes: only the named spans change.

use std::ops::Range;

use super::dialect::{Dialect, quote};
use super::tape::{Node, NodeKind};

/// A span of a document and the text that takes its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Splice {
    /// Start of the span, in bytes.
    pub start: usize,
    /// End of the span, in bytes.
    pub end: usize,
    /// What stands there afterwards.
    pub text: String,
}

impl Splice {
    /// Replaces `span` by `text`.
    pub fn new(span: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            start: span.start,
            end: span.end,
            text: text.into(),
        }
    }
}

/// The bytes with every splice applied. Spans must not overlap; of two that do, the later one is
/// left out.
pub fn apply(bytes: &[u8], splices: &mut Vec<Splice>) -> Vec<u8> {
    splices.sort();
    splices.dedup();
    let grown: usize = splices.iter().map(|s| s.text.len()).sum();
    let mut out = Vec::with_capacity(bytes.len() + grown);
    let mut at = 0;
    for splice in splices.iter().filter(|s| s.end <= bytes.len()) {
        if splice.start < at {
            debug_assert!(false, "splices overlap at byte {}", splice.start);
            continue;
        }
        out.extend_from_slice(&bytes[at..splice.start]);
        out.extend_from_slice(splice.text.as_bytes());
        at = splice.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// Takes the member `key` out of an object, with the comma and the white space that set it apart.
pub fn remove_member(object: Node<'_>, key: &str) -> Option<Splice> {
    let members: Vec<_> = object.members().collect();
    let index = members.iter().position(|(own, _)| own.is(key))?;
    let value = members[index].1;
    let span = match (
        index.checked_sub(1).map(|i| members[i]),
        members.get(index + 1),
    ) {
        (_, Some((next, _))) => members[index].0.span().start..next.span().start,
        (Some((_, previous)), None) => previous.span().end..value.span().end,
        (None, None) => object.span().start + 1..object.span().end - 1,
    };
    Some(Splice::new(span, ""))
}

/// Adds a member to an object that lacks it, laid out as its neighbours are: last in the
/// platform's dialect, in sorted place in `wk`'s.
pub fn insert_member(
    document: &str,
    object: Node<'_>,
    key: &str,
    value: &str,
    dialect: Dialect,
) -> Option<Splice> {
    if object.kind() != NodeKind::Object || object.get(key).is_some() {
        return None;
    }
    let members: Vec<_> = object.members().collect();
    let key_text = quote(key, dialect);
    let Some((first, first_value)) = members.first() else {
        return Some(Splice::new(
            object.span(),
            format!("{{{key_text}: {value}}}"),
        ));
    };
    let lead = &document[object.span().start + 1..first.span().start];
    let colon = &document[first.span().end..first_value.span().start];
    let following = match dialect {
        Dialect::Platform => None,
        Dialect::Wk => members
            .iter()
            .find(|(own, _)| own.inside().is_some_and(|own| own > key)),
    };
    Some(match following {
        Some((next, _)) => {
            let at = next.span().start;
            Splice::new(at..at, format!("{key_text}{colon}{value},{lead}"))
        }
        None => {
            let at = members[members.len() - 1].1.span().end;
            Splice::new(at..at, format!(",{lead}{key_text}{colon}{value}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    const PLATFORM: &str = "{\n  \"zip_name\": \"a\",\n  \"folder\": \"\",\n  \"custom\": true\n}";
    const WK: &str = "{\n  \"custom\": true,\n  \"folder\": \"\",\n  \"zip_name\": \"a\"\n}\n";

    fn edited(text: &str, edit: impl Fn(Node<'_>) -> Option<Splice>) -> String {
        let mut tape = Tape::default();
        let root = tape.parse(text.as_bytes()).expect("valid").root();
        let mut splices: Vec<_> = edit(root).into_iter().collect();
        String::from_utf8(apply(text.as_bytes(), &mut splices)).expect("UTF-8")
    }

    #[test]
    fn a_member_goes_with_its_comma_and_comes_back_to_its_place() {
        for (text, dialect, without) in [
            (
                PLATFORM,
                Dialect::Platform,
                "{\n  \"zip_name\": \"a\",\n  \"folder\": \"\"\n}",
            ),
            (
                WK,
                Dialect::Wk,
                "{\n  \"folder\": \"\",\n  \"zip_name\": \"a\"\n}\n",
            ),
            ("{\"a\":1,\"custom\":true}", Dialect::Platform, "{\"a\":1}"),
        ] {
            let out = edited(text, |root| remove_member(root, "custom"));
            assert_eq!(out, without);
            assert_eq!(
                edited(&out, |root| insert_member(
                    &out, root, "custom", "true", dialect
                )),
                text
            );
        }
        assert_eq!(
            edited("{ \"custom\": true }", |root| remove_member(root, "custom")),
            "{}"
        );
        assert_eq!(
            edited(PLATFORM, |root| remove_member(root, "other")),
            PLATFORM
        );
        assert_eq!(
            edited(WK, |root| insert_member(
                WK,
                root,
                "custom",
                "true",
                Dialect::Wk
            )),
            WK
        );
    }
}
