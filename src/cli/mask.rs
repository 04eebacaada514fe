//! Secrets in what is told: wherever one stands, in an answer of the platform, an address or an
//! argument, something else is told in its place. Whatever leaves the program for people, jobs and
//! reports passes here.

use std::borrow::Cow;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::model::withheld::{Withheld, replaced};
use crate::plan::secrets::{Detector, Writing};

/// Secrets that this process was given.
static KNOWN: RwLock<Withheld> = RwLock::new(Withheld::new());

/// Keeps a secret in mind that is never to be told.
pub(crate) fn learn(secret: &str) {
    // A panic elsewhere is no reason to tell a secret.
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.learn(secret);
}

/// A text without the secrets in it, be they known or of a form that only secrets have.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut spans = known.spans(text);
    drop(known);
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    let detector = DETECTOR.get_or_init(Detector::default);
    for sighting in detector.find(text.as_bytes(), Writing::Json) {
        let start = sighting.offset as usize;
        let end = start + sighting.length as usize;
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            spans.push(start..end);
        }
    }
    replaced(text, spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_secret_by_its_place_is_not_told() {
        for (text, told) in [
            (
                "https://me:hush@example.test/a and https://plain.test/b@c",
                "https://***@example.test/a and https://plain.test/b@c",
            ),
            ("\"https://hush@host\"", "\"https://***@host\""),
            ("https://…@host", "https://…@host"),
            (
                "http://h/x?a=1&X-Amz-Signature=abc%2F&b=2",
                "http://h/x?a=1&X-Amz-Signature=***&b=2",
            ),
            (
                "unexpected argument '--token=hush'",
                "unexpected argument '--token=***'",
            ),
            ("RECIPACK_TOKEN_FILE=here", "RECIPACK_TOKEN_FILE=here"),
            (
                "Authorization: Bearer a1b2c3d4.e",
                "Authorization: Bearer ***",
            ),
            ("bearer authentication", "bearer authentication"),
            ("ＨＵＢ=a ＨＵＢtoken=b", "ＨＵＢ=a ＨＵＢtoken=b"),
            ("é?token=hush&ü=ö", "é?token=***&ü=ö"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(masked(text), told);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "([a-zＨé?&=…@ ]|://|bearer |token|--){0,40}") {
            let _ = masked(&text);
        }
    }

    #[test]
    fn what_is_known_is_told_in_no_spelling() {
        learn("ca\"na/ry-4711");
        learn("short");
        for (text, told) in [
            (
                "is ca\"na/ry-4711, twice: ca\"na/ry-4711",
                "is ***, twice: ***",
            ),
            (r#"{"a": "ca\"na/ry-4711"}"#, r#"{"a": "***"}"#),
            ("?q=ca%22na%2Fry-4711", "?q=***"),
            ("the answer: ca\"na/r…", "the answer: ***…"),
            ("short", "short"),
        ] {
            assert_eq!(masked(text), told);
        }
    }
}
