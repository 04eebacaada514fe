//! Secrets in what is told: wherever one stands, in an answer of the platform, an address or an
//! argument, something else is told in its place. Whatever leaves the program for people, jobs and
//! reports passes here.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::plan::secrets::{Detector, Writing};

/// What is told in place of a secret.
const MASK: &str = "***";
/// Shorter words are no secrets, and stand in every other sentence.
const SHORTEST: usize = 8;
/// How much of a secret may stand before a cut.
const BEGINNING: usize = 4;

/// Secrets that this process was given, in every spelling in which they may come back.
static KNOWN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Keeps a secret in mind that is never to be told.
pub(crate) fn learn(secret: &str) {
    // A panic elsewhere is no reason to tell a secret.
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if secret.len() < SHORTEST || known.iter().any(|known| known == secret) {
        return;
    }
    let in_json = serde_json::Value::from(secret).to_string();
    let in_address: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let spellings = [
        secret.to_owned(),
        in_json.trim_matches('"').to_owned(),
        in_address,
    ];
    for spelling in spellings {
        if !known.contains(&spelling) {
            known.push(spelling);
        }
    }
}

/// A text without the secrets in it, be they known or of a form that only secrets have.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let spans = secrets(text);
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for span in spans {
        if span.start >= end {
            out.push_str(&text[end..span.start]);
            out.push_str(MASK);
        }
        end = end.max(span.end);
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
}

/// Where secrets stand, from the front to the back.
fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    for secret in known.iter() {
        let found = text.match_indices(secret.as_str());
        spans.extend(found.map(|(at, found)| at..at + found.len()));
    }
    cut(text, &known, &mut spans);
    drop(known);
    users(text, &mut spans);
    parameters(text, &mut spans);
    bearers(text, &mut spans);
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    let detector = DETECTOR.get_or_init(Detector::default);
    for sighting in detector.find(text.as_bytes(), Writing::Json) {
        let start = sighting.offset as usize;
        let end = start + sighting.length as usize;
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            spans.push(start..end);
        }
    }
    spans.retain(|span| !span.is_empty());
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    spans
}

/// The beginning of a secret before the sign of a cut.
fn cut(text: &str, known: &[String], spans: &mut Vec<Range<usize>>) {
    for (end, _) in text.match_indices('…') {
        for secret in known.iter().filter(|secret| secret.is_ascii()) {
            let lengths = (BEGINNING..secret.len()).rev();
            let found = lengths
                .filter(|length| *length <= end)
                .find(|length| text.as_bytes()[end - length..end] == secret.as_bytes()[..*length]);
            spans.extend(found.map(|length| end - length..end));
        }
    }
}

/// Whether an address can't go on with this character.
fn ends_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\')
}

/// Names and passwords in addresses: `https://name:password@host`.
fn users(text: &str, spans: &mut Vec<Range<usize>>) {
    for (at, found) in text.match_indices("://") {
        let start = at + found.len();
        let rest = &text[start..];
        let end = rest.find(|c| ends_address(c) || matches!(c, '/' | '?' | '#'));
        let host = &rest[..end.unwrap_or(rest.len())];
        if let Some(length) = host.rfind('@')
            && !matches!(&host[..length], "…" | MASK)
        {
            spans.push(start..start + length);
        }
    }
}

/// What of an address or an option says by its name that its value is a secret.
const NAMES: [&str; 8] = [
    "token",
    "secret",
    "passw",
    "signature",
    "credential",
    "api_key",
    "api-key",
    "apikey",
];

/// Values of parameters and options that are named as secrets are: `?token=…`, `--token=…`.
fn parameters(text: &str, spans: &mut Vec<Range<usize>>) {
    for (at, found) in text.match_indices('=') {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        // Each of them is one byte.
        let length = text[..at].chars().rev().take_while(|c| is_name(*c)).count();
        let name = &text[at - length..at];
        let before = text[..at - name.len()].chars().next_back();
        let is_meant = matches!(before, Some('?' | '&')) || name.starts_with("--");
        let lower = name.to_ascii_lowercase();
        if is_meant && NAMES.iter().any(|known| lower.contains(known)) {
            let start = at + found.len();
            let rest = &text[start..];
            let end = rest.find(|c| ends_address(c) || matches!(c, '&' | '#'));
            spans.push(start..start + end.unwrap_or(rest.len()));
        }
    }
}

/// What follows `Bearer`, if it can be a token: words of sentences hold no digits.
fn bearers(text: &str, spans: &mut Vec<Range<usize>>) {
    let lower = text.to_ascii_lowercase();
    for (at, found) in lower.match_indices("bearer ") {
        let start = at + found.len();
        let rest = &text[start..];
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        if end >= SHORTEST && rest[..end].contains(|c: char| c.is_ascii_digit()) {
            spans.push(start..start + end);
        }
    }
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
