//! Texts that a connector's source, or a file of properties, gives to what it calls a password, a
//! secret, a token or a key.

use aho_corasick::AhoCorasick;

use super::{Found, Text};
use crate::model::secret::SecretKind;
use crate::plan::secrets::entropy::{bits_each, is_placeholder, is_random};

/// What names of credentials hold, whatever their case.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "private_key",
    "token",
    "authorization",
];

/// Credentials that nobody's form tells are at least this long.
const SHORTEST: usize = 16;
const LONGEST: usize = 200;

#[derive(Debug)]
pub(super) struct Finder {
    names: Option<AhoCorasick>,
}

impl Default for Finder {
    fn default() -> Self {
        let names = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(NAMES);
        Self { names: names.ok() }
    }
}

impl Finder {
    /// What a source assigns.
    pub(super) fn find(&self, text: &Text<'_>) -> Vec<Found> {
        self.given(text, is_credential)
    }

    /// The values of properties. A person typed them, so that they need not be random.
    pub(super) fn find_values(&self, text: &Text<'_>) -> Vec<Found> {
        self.given(text, is_secret_value)
    }

    fn given(&self, text: &Text<'_>, is: fn(&[u8]) -> bool) -> Vec<Found> {
        let names = self.names.iter().flat_map(|a| a.find_iter(text.bytes));
        names
            .filter_map(|name| assigned(text, name.end(), is))
            .collect()
    }
}

/// The text that is given to a name which ends somewhere from `at` on: `NAME: '…'`, `"NAME" => '…'`,
/// `name = '…'`.
fn assigned(text: &Text<'_>, at: usize, is: fn(&[u8]) -> bool) -> Option<Found> {
    let bytes = text.bytes;
    let skip = |from: usize, is: fn(&u8) -> bool| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest.iter().take_while(|b| is(b)).count()
    };
    let blank: fn(&u8) -> bool = |b| matches!(b, b' ' | b'\t');
    let mut at = skip(at, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
    });
    if let Some(b'"' | b'\'') = bytes.get(at) {
        at += 1;
        if bytes.get(at) == Some(&b']') {
            at += 1;
        }
    }
    at = skip(at, blank);
    let rest = bytes.get(at..)?;
    let sign = match rest {
        [b'=', b'>', ..] => 2,
        [b'=', b'=' | b'~', ..] => return None,
        [b'=', ..] => 1,
        [b':', b':', ..] => return None,
        [b':', ..] => 1,
        _ => return None,
    };
    at = skip(at + sign, blank);
    let quote = *bytes.get(at).filter(|b| matches!(b, b'"' | b'\''))?;
    let start = at + 1;
    let length = bytes
        .get(start..)?
        .iter()
        .take(LONGEST + 1)
        .position(|b| *b == quote)?;
    let own = &bytes[start..start + length];
    is(own).then(|| {
        let found = Found::plain(SecretKind::Assigned, start..start + length, text);
        Found {
            // Of a short one, less is shown.
            shown: found.shown.min(length / 4),
            ..found
        }
    })
}

/// Whether a text may be the value of a property that is secret: no address, and no word.
fn is_secret_value(own: &[u8]) -> bool {
    let digits = own.iter().filter(|b| b.is_ascii_digit()).count();
    let mixed = digits > 0 && digits < own.len();
    (6..=LONGEST).contains(&own.len())
        && own.iter().all(u8::is_ascii_graphic)
        && !own.starts_with(b"http")
        && (mixed || own.len() >= SHORTEST)
        && !is_placeholder(own)
}

/// Whether a text is no word, name, address or format, and random.
fn is_credential(own: &[u8]) -> bool {
    let plain = own
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || b"+/=_-.~!$%^&*".contains(b));
    let digits = own.iter().filter(|b| b.is_ascii_digit()).count();
    let lower = own.iter().any(u8::is_ascii_lowercase);
    let upper = own.iter().any(u8::is_ascii_uppercase);
    let hex = own.iter().all(u8::is_ascii_hexdigit);
    // Names and paths are words between signs, and words are letters only.
    let words = own
        .split(|b| b"_-./".contains(b))
        .filter(|part| part.len() >= 3 && part.iter().all(u8::is_ascii_alphabetic))
        .count();
    let mixed = match hex {
        true => own.len() >= 32 && lower != upper && digits >= 4,
        false => lower && upper && digits >= 2 && bits_each(own) >= 3.6 && words < 2,
    };
    (SHORTEST..=LONGEST).contains(&own.len()) && plain && mixed && is_random(own)
}
