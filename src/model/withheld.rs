//! What is told in place of secrets: those that a process was given, in every spelling in which they
//! may come back, and those that are some by the place where they stand.

use std::borrow::Cow;
use std::ops::Range;

/// What is told in place of a secret.
pub const MASK: &str = "***";
/// Shorter words are no secrets, and stand in every other sentence.
const SHORTEST: usize = 8;
/// How much of a secret may stand before a cut.
const BEGINNING: usize = 4;

/// Secrets that are not to be told.
#[derive(Clone, Default)]
pub struct Withheld(Vec<String>);

impl std::fmt::Debug for Withheld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Withheld").field(&self.0.len()).finish()
    }
}

impl Withheld {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Keeps a secret in mind.
    pub fn learn(&mut self, secret: &str) {
        if secret.len() < SHORTEST || self.0.iter().any(|known| known == secret) {
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
            if !self.0.contains(&spelling) {
                self.0.push(spelling);
            }
        }
    }

    /// A text without the secrets that are kept in mind: what a name is otherwise stays.
    pub fn in_name<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut spans = Vec::new();
        self.known(text, &mut spans);
        replaced(text, spans)
    }

    /// A sentence without these secrets, and without what is one by its place.
    pub fn in_words<'t>(&self, text: &'t str) -> Cow<'t, str> {
        replaced(text, self.spans(text))
    }

    /// Where in a sentence secrets stand.
    pub fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        self.known(text, &mut spans);
        cut(text, &self.0, &mut spans);
        users(text, &mut spans);
        parameters(text, &mut spans);
        bearers(text, &mut spans);
        spans
    }

    fn known(&self, text: &str, spans: &mut Vec<Range<usize>>) {
        for secret in &self.0 {
            let found = text.match_indices(secret.as_str());
            spans.extend(found.map(|(at, found)| at..at + found.len()));
        }
    }
}

/// A text with something else at these places, which are those of whole characters.
pub fn replaced(text: &str, mut spans: Vec<Range<usize>>) -> Cow<'_, str> {
    spans.retain(|span| !span.is_empty());
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
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
