//! Credentials that stand in files: found by the forms their issuers give them, and told without
//! being shown.
//!
//! Nothing is told of a text that only could be one: each form is checked by its checksum, or by
//! what surrounds it and how random it is. A file is searched once for what the forms start with, and
//! looked at closely only where that stands.

mod entropy;
mod patterns;
mod report;
mod ruby_literals;

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::secret::{SecretKind, Sighting};
use crate::plan::secrets::entropy::{base64, bits_each, is_placeholder, is_random};
use crate::plan::secrets::patterns::{Class, SHAPES};

pub use report::findings;

/// What a file's text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// JSON: line ends in texts are escapes.
    Json,
    /// The same, of properties: each is a name and its value.
    Properties,
    /// A connector's source.
    Ruby,
}

/// What forms hold that no table describes.
const OTHERS: &[(&str, Look)] = &[
    ("AKIA", aws),
    ("ASIA", aws),
    ("-----BEGIN ", private_key),
    ("eyJ", jwt),
    ("://", url),
    ("Basic ", basic),
    ("Bearer ", bearer),
    ("00D", salesforce),
];

type Look = fn(&Text<'_>, usize) -> Option<Found>;

/// A credential, before it is known by its digest only.
struct Found {
    kind: SecretKind,
    span: Range<usize>,
    shown: usize,
    essence: Vec<u8>,
}

/// How much of a credential is shown, in characters.
const SHOWN: usize = 4;

/// How far from the id of an AWS key its secret may stand, in bytes.
const NEARBY: usize = 300;

impl Found {
    fn plain(kind: SecretKind, span: Range<usize>, text: &Text<'_>) -> Self {
        Self {
            kind,
            shown: SHOWN,
            essence: text.bytes[span.clone()].to_vec(),
            span,
        }
    }
}

/// Finds credentials, in one file after the other.
#[derive(Debug)]
pub struct Detector {
    anchors: Option<AhoCorasick>,
    assigned: ruby_literals::Finder,
}

impl Default for Detector {
    fn default() -> Self {
        let shapes = SHAPES.iter().map(|shape| shape.anchor);
        let others = OTHERS.iter().map(|(anchor, _)| *anchor);
        // Leftmost matching is what the search with vector instructions does.
        let anchors = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(shapes.chain(others));
        Self {
            // It fails for patterns that are too many or too long only.
            anchors: anchors.ok(),
            assigned: ruby_literals::Finder::default(),
        }
    }
}

impl Detector {
    /// The credentials in a file, in their order; none within another.
    pub fn find(&self, bytes: &[u8], writing: Writing) -> Vec<Sighting> {
        let text = Text { bytes, writing };
        let mut found: Vec<Found> = Vec::new();
        for anchor in self.anchors.iter().flat_map(|a| a.find_iter(bytes)) {
            let number = anchor.pattern().as_usize();
            let here = match (SHAPES.get(number), number.checked_sub(SHAPES.len())) {
                (Some(shape), _) => shape
                    .find(bytes, anchor.start(), |at| text.is_start(at))
                    .map(|span| Found::plain(shape.kind, span, &text)),
                (None, Some(other)) => OTHERS
                    .get(other)
                    .and_then(|(_, look)| look(&text, anchor.start())),
                (None, None) => None,
            };
            found.extend(here);
        }
        match writing {
            Writing::Json => {}
            Writing::Properties => found.extend(self.assigned.find_values(&text)),
            Writing::Ruby => found.extend(self.assigned.find(&text)),
        }
        // What is told first of a place is told by its own form.
        found.sort_by_key(|found| (found.span.start, found.kind));
        let mut end = 0;
        found.retain(|found| {
            let apart = found.span.start >= end;
            if apart {
                end = found.span.end;
            }
            apart
        });
        let sightings = found.into_iter();
        sightings
            .filter_map(|found| {
                let start = &bytes[found.span.start..found.span.start + found.shown];
                let start = String::from_utf8_lossy(start);
                Sighting::new(found.kind, found.span, &start, &found.essence)
            })
            .collect()
    }
}

/// A file's text.
struct Text<'a> {
    bytes: &'a [u8],
    writing: Writing,
}

impl Text<'_> {
    /// Whether a word can start at a byte: what stands before is none of a word, or an escape.
    fn is_start(&self, at: usize) -> bool {
        let before = &self.bytes[..at];
        match before.last() {
            Some(b) if b.is_ascii_alphanumeric() || *b == b'_' => {
                let slashes = before[..at - 1].iter().rev().take_while(|b| **b == b'\\');
                matches!(b, b'n' | b'r' | b't') && slashes.count() % 2 == 1
            }
            Some(_) | None => true,
        }
    }

    /// The characters of a class from a byte on.
    fn run(&self, class: Class, at: usize) -> Range<usize> {
        at..at + class.run(self.bytes.get(at..).unwrap_or_default())
    }

    /// The same without points at the end, which end a sentence more often than a credential.
    fn token(&self, at: usize) -> Range<usize> {
        let run = self.run(Class::Dotted, at);
        let points = self.bytes[run.clone()].iter().rev();
        run.start..run.end - points.take_while(|b| **b == b'.').count()
    }
}

/// An AWS key: the secret near its id, else the id.
fn aws(text: &Text<'_>, at: usize) -> Option<Found> {
    let id = text.run(Class::Base32, at);
    let goes_on = text
        .bytes
        .get(id.end)
        .is_some_and(u8::is_ascii_alphanumeric);
    if id.len() != 20 || goes_on || !text.is_start(at) || !is_random(&text.bytes[id.clone()]) {
        return None;
    }
    let (from, to) = (
        at.saturating_sub(NEARBY),
        (id.end + NEARBY).min(text.bytes.len()),
    );
    let mut next = from;
    while next < to {
        let run = text.run(Class::Base64, next);
        next = run.end + 1;
        // A run that the window cuts off is none.
        let cut = run.start == from && !text.is_start(from);
        // An escape before it counts as part of the run.
        let escaped = text.writing != Writing::Ruby
            && run.start > 0
            && text.bytes[run.start - 1] == b'\\'
            && run.len() == 41;
        let secret = run.start + usize::from(escaped)..run.end;
        let own = &text.bytes[secret.clone()];
        let mixed = own.iter().any(u8::is_ascii_lowercase)
            && own.iter().any(u8::is_ascii_uppercase)
            && own.iter().any(u8::is_ascii_digit);
        let padded = text.bytes.get(run.end) == Some(&b'=');
        if secret.len() == 40
            && !cut
            && !padded
            && mixed
            && bits_each(own) >= 4.2
            && !is_placeholder(own)
        {
            return Some(Found::plain(SecretKind::AwsSecretKey, secret, text));
        }
    }
    Some(Found::plain(SecretKind::AwsKeyId, id, text))
}

/// A private key in PEM, whole: what its header promises stands between the two marks.
fn private_key(text: &Text<'_>, at: usize) -> Option<Found> {
    let bytes = text.bytes;
    let label = at + "-----BEGIN ".len();
    let close = memchr::memmem::find(bytes.get(label..(label + 48).min(bytes.len()))?, b"-----")?;
    let name = &bytes[label..label + close];
    if !name.ends_with(b"PRIVATE KEY") && !name.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let header = label + close + "-----".len();
    let (mut essence, mut end) = (Vec::new(), header);
    while let Some(b) = bytes.get(end) {
        match b {
            // An escaped line end, or the backslash that continues a line in Ruby.
            b'\\' => {
                end += 1 + usize::from(matches!(bytes.get(end + 1), Some(b'n' | b'r')));
                continue;
            }
            b if Class::Base64.has(*b) || *b == b'=' => essence.push(*b),
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => break,
        }
        end += 1;
    }
    // In DER the first byte is that of a sequence; OpenSSH's own form starts with its name.
    let starts = [
        &b"MI"[..],
        b"MC",
        b"MH",
        b"MG",
        b"b3BlbnNzaC1rZXktdjE",
        b"lQ",
        b"xc",
    ];
    let begins = starts.iter().any(|start| essence.starts_with(start));
    if !bytes[end..].starts_with(b"-----END ") || essence.len() < 60 || !begins {
        return None;
    }
    if is_placeholder(&essence[..60]) {
        return None;
    }
    let kind = match name.starts_with(b"ENCRYPTED") {
        true => SecretKind::EncryptedKey,
        false => SecretKind::PrivateKey,
    };
    Some(Found {
        kind,
        span: at..end,
        shown: header - at,
        essence,
    })
}

/// A signed token: two parts that are JSON, the first of which names an algorithm, and a signature.
fn jwt(text: &Text<'_>, at: usize) -> Option<Found> {
    let header = text.run(Class::Token, at);
    let dot = |end: usize| (text.bytes.get(end) == Some(&b'.')).then_some(end + 1);
    let claims = text.run(Class::Token, dot(header.end)?);
    let signature = text.run(Class::Token, dot(claims.end)?);
    // More parts are those of an encrypted token, which tells nothing.
    let more = dot(signature.end).is_some_and(|at| !text.run(Class::Token, at).is_empty());
    if !text.is_start(at) || signature.len() < 32 || more {
        return None;
    }
    let first = base64(&text.bytes[header])?;
    let second = base64(&text.bytes[claims])?;
    let holds = |part: &[u8], what: &str| memchr::memmem::find(part, what.as_bytes()).is_some();
    // The one that the documentation of every library shows.
    let shown_everywhere = holds(&second, "1234567890") || holds(&second, "John Doe");
    let is_one = first.starts_with(b"{")
        && holds(&first, "\"alg\"")
        && second.starts_with(b"{")
        && second.ends_with(b"}");
    (is_one && !shown_everywhere && is_random(&text.bytes[signature.clone()]))
        .then(|| Found::plain(SecretKind::Jwt, at..signature.end, text))
}

/// `scheme://user:password@host`.
fn url(text: &Text<'_>, at: usize) -> Option<Found> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._~!*&+,;=%".contains(b);
    let start = at + "://".len();
    let rest = text.bytes.get(start..)?;
    let user = rest.iter().take(65).take_while(|b| plain(b)).count();
    if !(1..65).contains(&user) || rest.get(user) != Some(&b':') {
        return None;
    }
    let own = &rest[user + 1..];
    let length = own
        .iter()
        .take(129)
        .take_while(|b| plain(b) || **b == b'$' || **b == b'^')
        .count();
    let password = &own[..length];
    let mixed = password.iter().any(u8::is_ascii_alphabetic)
        && password.iter().any(|b| !b.is_ascii_alphabetic());
    let host = own.get(length + 1).is_some_and(u8::is_ascii_alphanumeric);
    let from = start + user + 1;
    ((8..129).contains(&length)
        && own.get(length) == Some(&b'@')
        && host
        && mixed
        && memchr::memmem::find(&password.to_ascii_lowercase(), b"pass").is_none()
        && is_random(password))
    .then(|| Found::plain(SecretKind::UrlPassword, from..from + length, text))
}

/// `Basic`, and base 64 of a user, a colon and a password.
fn basic(text: &Text<'_>, at: usize) -> Option<Found> {
    let start = at + "Basic ".len();
    let mut span = text.run(Class::Base64, start);
    while text.bytes.get(span.end) == Some(&b'=') && !span.len().is_multiple_of(4) {
        span.end += 1;
    }
    if span.len() < 16 || !span.len().is_multiple_of(4) {
        return None;
    }
    let decoded = base64(&text.bytes[span.clone()])?;
    let colon = decoded.iter().position(|b| *b == b':')?;
    let (user, password) = (&decoded[..colon], &decoded[colon + 1..]);
    let readable = decoded.iter().all(u8::is_ascii_graphic);
    let typed = memchr::memmem::find(&decoded.to_ascii_lowercase(), b"password").is_some()
        || is_placeholder(&decoded);
    (readable && !typed && !user.is_empty() && password.len() >= 6 && user != password)
        .then(|| Found::plain(SecretKind::BasicHeader, span, text))
}

/// `Bearer`, and a token.
fn bearer(text: &Text<'_>, at: usize) -> Option<Found> {
    let span = text.token(at + "Bearer ".len());
    let own = &text.bytes[span.clone()];
    let mixed = own.iter().any(u8::is_ascii_digit) && own.iter().any(u8::is_ascii_alphabetic);
    (own.len() >= 20 && mixed && bits_each(own) >= 3.6 && is_random(own))
        .then(|| Found::plain(SecretKind::BearerHeader, span, text))
}

/// A session of Salesforce's: the id of an organisation, an exclamation mark, the token.
fn salesforce(text: &Text<'_>, at: usize) -> Option<Found> {
    let id = text.run(Class::Alnum, at);
    if !matches!(id.len(), 15 | 18) || text.bytes.get(id.end) != Some(&b'!') || !text.is_start(at) {
        return None;
    }
    let token = text.token(id.end + 1);
    (token.len() >= 80 && is_random(&text.bytes[token.clone()]))
        .then(|| Found::plain(SecretKind::SalesforceSession, at..token.end, text))
}
