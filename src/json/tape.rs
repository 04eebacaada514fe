//! A strict JSON reader that records where each token stands.

mod paths;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use paths::Paths;

/// How deep arrays and objects may be nested. Real assets reach 35 (platform.md §11).
pub const MAX_DEPTH: usize = 64;

/// How many tokens any document may have. The largest asset of public projects that was looked at has
/// some 110 000.
pub const TOKENS: usize = 1_000_000;
/// A document of more tokens needs so many bytes for each that is above them. Large assets of public
/// projects have some thirty.
pub const BYTES_A_TOKEN: usize = 12;
/// No document may have more: a token takes many times the memory of the two bytes that may make it.
pub const MOST_TOKENS: usize = 5_000_000;

/// How many tokens a text of so many bytes may have. What is open in an object counts once more.
fn room(bytes: usize) -> usize {
    TOKENS
        .saturating_add(bytes / BYTES_A_TOKEN)
        .min(MOST_TOKENS)
}

/// How many bytes of memory it takes to read a text of so many bytes, at most, beside the text.
pub fn memory_to_read(bytes: u64) -> u64 {
    let values = usize::try_from(bytes).map_or(MOST_TOKENS, room) as u64;
    values.min(bytes / 2 + 1) * size_of::<Token>() as u64
}

/// Why a text is not the JSON that an asset may hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct JsonError {
    /// The byte at which reading stopped.
    pub offset: usize,
    /// What is wrong there.
    pub reason: String,
}

/// What sort of token a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number, in its own spelling.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: NodeKind,
    /// Whether a string holds escapes.
    escaped: bool,
    start: u32,
    end: u32,
    /// The token after this value and all that is inside it.
    next: u32,
}

/// The tokens of one document; kept between documents so that its memory is used again.
#[derive(Debug, Default)]
pub struct Tape {
    tokens: Vec<Token>,
    open: Vec<Open>,
    keys: Vec<(u64, u32)>,
    stop: Option<Arc<AtomicBool>>,
}

/// How many values are read before it is looked up whether to stop.
const STRETCH: usize = 1 << 14;

#[derive(Debug)]
struct Open {
    token: u32,
    /// Where this object's keys start in `Tape::keys`; arrays have none.
    keys: Option<usize>,
}

impl Tape {
    /// One that gives up, with an error, a document that it reads while `stop` gets set. A large one
    /// takes a while.
    pub fn until(stop: Arc<AtomicBool>) -> Self {
        Self {
            stop: Some(stop),
            ..Self::default()
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// Everything RFC 8259 forbids, a byte-order mark, a key that stands twice in one object, a
    /// lone surrogate, a number that no 64-bit float can hold, nesting deeper than [`MAX_DEPTH`],
    /// invalid UTF-8, texts of 4 GiB or more, and more tokens than any asset has.
    pub fn parse<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Document<'a>, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|e| JsonError {
            offset: e.valid_up_to(),
            reason: "invalid UTF-8".to_owned(),
        })?;
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError {
                offset: 0,
                reason: "the text is longer than 4 GiB".to_owned(),
            });
        }
        self.tokens.clear();
        self.open.clear();
        self.keys.clear();
        Reader {
            text,
            bytes,
            at: 0,
            room: room(bytes.len()),
            tape: self,
        }
        .document()?;
        Ok(Document {
            text,
            tokens: &self.tokens,
        })
    }
}

struct Reader<'a, 't> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// How many tokens there may be.
    room: usize,
    tape: &'t mut Tape,
}

impl Reader<'_, '_> {
    fn fail<T>(&self, offset: usize, reason: impl Into<String>) -> Result<T, JsonError> {
        Err(JsonError {
            offset,
            reason: reason.into(),
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
            // A good part of a document is indentation.
            while self.bytes[self.at..].starts_with(b"        ") {
                self.at += 8;
            }
        }
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T, JsonError> {
        match self.text[self.at..].chars().next() {
            None => self.fail(self.at, format!("the text ends where {wanted} is expected")),
            Some('\u{feff}') => self.fail(self.at, "a byte-order mark stands before the JSON"),
            Some(c) if c.is_control() => self.fail(
                self.at,
                format!("`{}` where {wanted} is expected", c.escape_default()),
            ),
            Some(c) => self.fail(self.at, format!("`{c}` where {wanted} is expected")),
        }
    }

    fn document(mut self) -> Result<(), JsonError> {
        self.space();
        self.value("a value")?;
        let mut look = STRETCH;
        // One turn per value boundary; nesting lives in `open`, not on the call stack.
        while let Some(open) = self.tape.open.last() {
            let (container, in_object) = (open.token, open.keys.is_some());
            if self.tape.tokens.len() >= look {
                look = self.tape.tokens.len() + STRETCH;
                if let Some(stop) = &self.tape.stop
                    && stop.load(Ordering::Relaxed)
                {
                    return self.fail(self.at, "reading it was interrupted");
                }
            }
            if self.tape.tokens.len() + self.tape.keys.len() > self.room {
                return self.fail(
                    self.at,
                    format!(
                        "more than {} values and keys, which is too much to read",
                        self.room
                    ),
                );
            }
            self.space();
            let empty = self.tape.tokens.len() == container as usize + 1;
            match (self.peek(), in_object) {
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    self.close()?;
                    continue;
                }
                (Some(b','), _) if !empty => {
                    self.at += 1;
                    self.space();
                }
                _ if empty => {}
                _ => {
                    return self.unexpected(if in_object {
                        "`,` or `}`"
                    } else {
                        "`,` or `]`"
                    });
                }
            }
            if in_object {
                self.key()?;
                self.space();
                if self.peek() != Some(b':') {
                    return self.unexpected("`:`");
                }
                self.at += 1;
                self.space();
                self.value("a value")?;
            } else {
                self.value(if empty { "a value or `]`" } else { "a value" })?;
            }
        }
        self.space();
        if self.at < self.bytes.len() {
            return self.unexpected("the end of the text");
        }
        Ok(())
    }

    fn push(&mut self, kind: NodeKind, start: usize, escaped: bool) -> u32 {
        let index = self.tape.tokens.len() as u32;
        self.tape.tokens.push(Token {
            kind,
            escaped,
            start: start as u32,
            end: self.at as u32,
            next: index + 1,
        });
        index
    }

    fn value(&mut self, wanted: &str) -> Result<(), JsonError> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => {
                let escaped = self.string()?;
                self.push(NodeKind::String, start, escaped);
            }
            Some(b'{') => self.enter(NodeKind::Object)?,
            Some(b'[') => self.enter(NodeKind::Array)?,
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.push(NodeKind::Number, start, false);
            }
            Some(b't') => self.word("true", NodeKind::Bool)?,
            Some(b'f') => self.word("false", NodeKind::Bool)?,
            Some(b'n') => self.word("null", NodeKind::Null)?,
            _ => return self.unexpected(wanted),
        }
        Ok(())
    }

    fn word(&mut self, word: &str, kind: NodeKind) -> Result<(), JsonError> {
        let start = self.at;
        if !self.bytes[start..].starts_with(word.as_bytes()) {
            return self.unexpected("a value");
        }
        self.at += word.len();
        self.push(kind, start, false);
        Ok(())
    }

    fn enter(&mut self, kind: NodeKind) -> Result<(), JsonError> {
        if self.tape.open.len() == MAX_DEPTH {
            return self.fail(self.at, format!("nested deeper than {MAX_DEPTH} levels"));
        }
        let start = self.at;
        self.at += 1;
        let token = self.push(kind, start, false);
        let keys = (kind == NodeKind::Object).then_some(self.tape.keys.len());
        self.tape.open.push(Open { token, keys });
        Ok(())
    }

    fn close(&mut self) -> Result<(), JsonError> {
        let Some(open) = self.tape.open.pop() else {
            return Ok(());
        };
        if let Some(from) = open.keys {
            self.refuse_repeated_keys(from)?;
            self.tape.keys.truncate(from);
        }
        let next = self.tape.tokens.len() as u32;
        let token = &mut self.tape.tokens[open.token as usize];
        token.end = self.at as u32;
        token.next = next;
        Ok(())
    }

    fn key(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return self.unexpected("a key in quotes");
        }
        let start = self.at;
        let escaped = self.string()?;
        let hash = key_hash(&self.bytes[start + 1..self.at - 1], escaped);
        let token = self.push(NodeKind::String, start, escaped);
        self.tape.keys.push((hash, token));
        Ok(())
    }

    fn refuse_repeated_keys(&mut self, from: usize) -> Result<(), JsonError> {
        let suspicious = {
            let keys = &mut self.tape.keys[from..];
            if keys.len() <= 12 {
                keys.iter()
                    .enumerate()
                    .any(|(i, key)| keys[..i].iter().any(|other| other.0 == key.0))
            } else {
                keys.sort_unstable();
                keys.windows(2).any(|pair| pair[0].0 == pair[1].0)
            }
        };
        if !suspicious {
            return Ok(());
        }
        let mut seen = HashSet::new();
        let mut keys: Vec<u32> = self.tape.keys[from..].iter().map(|key| key.1).collect();
        keys.sort_unstable();
        for token in keys {
            let token = self.tape.tokens[token as usize];
            let key = unescape(&self.text[token.start as usize + 1..token.end as usize - 1]);
            if let Some(repeated) = seen.replace(key) {
                return self.fail(
                    token.start as usize,
                    format!("the key `{repeated}` stands twice in one object"),
                );
            }
        }
        Ok(())
    }

    /// Reads a string from its opening to its closing quote; says whether it holds escapes.
    fn string(&mut self) -> Result<bool, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => {
                    return self.fail(self.at, "a control character stands unescaped in a string");
                }
                None => return self.fail(start, "the string that starts here does not end"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = hex4(self.bytes, start + 2);
                match unit {
                    Some(0xd800..=0xdbff) => {
                        let low = match self.bytes.get(start + 6..start + 8) {
                            Some(b"\\u") => hex4(self.bytes, start + 8),
                            _ => None,
                        };
                        if !matches!(low, Some(0xdc00..=0xdfff)) {
                            return self.fail(start, "half of a surrogate pair stands alone");
                        }
                        self.at += 12;
                    }
                    Some(0xdc00..=0xdfff) => {
                        return self.fail(start, "half of a surrogate pair stands alone");
                    }
                    Some(_) => self.at += 6,
                    None => {
                        return self
                            .fail(start, "four hexadecimal digits are expected after `\\u`");
                    }
                }
            }
            _ => return self.fail(start, "an unknown escape in a string"),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while matches!(reader.peek(), Some(b'0'..=b'9')) {
                reader.at += 1;
            }
            reader.at > from
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !digits(self) {
            return self.unexpected("a digit");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !digits(self) {
                return self.unexpected("a digit");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !digits(self) {
                return self.unexpected("a digit");
            }
        }
        let spelling = &self.text[start..self.at];
        // Only a long number or one with an exponent can leave the range of a 64-bit float.
        let in_range = spelling.len() < 300 && !spelling.contains(['e', 'E'])
            || spelling.parse::<f64>().is_ok_and(f64::is_finite);
        if !in_range {
            return self.fail(start, "the number is too large");
        }
        Ok(())
    }
}

/// How many bytes at the front of `bytes` are neither quote, backslash nor control character.
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero_byte = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
    let mut run = 0;
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        let x = u64::from_le_bytes(*word);
        let control = x.wrapping_sub(ONES * 0x20) & !x & HIGHS;
        let special = control
            | zero_byte(x ^ (ONES * u64::from(b'"')))
            | zero_byte(x ^ (ONES * u64::from(b'\\')));
        if special != 0 {
            // The lowest set bit marks the first special byte; borrows can only set bits above it.
            return run + special.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run + bytes[run..]
        .iter()
        .take_while(|b| **b >= 0x20 && **b != b'"' && **b != b'\\')
        .count()
}

fn hex4(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, digit| {
        Some(value << 4 | (*digit as char).to_digit(16)? as u16)
    })
}

/// A quick hash of a key; keys with escapes are hashed by what they mean.
fn key_hash(raw: &[u8], escaped: bool) -> u64 {
    let meaning;
    let bytes = if escaped {
        meaning = String::from_utf8_lossy(raw);
        let Cow::Borrowed(text) = meaning else {
            return 0;
        };
        return key_hash(unescape(text).as_bytes(), false);
    } else {
        raw
    };
    let mut hash = bytes.len() as u64;
    let mut mix = |word: u64| {
        hash = (hash ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        mix(u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(u64::from_le_bytes(last));
    hash
}

/// The meaning of a string's inside, its escapes resolved. Texts that no [`Tape`] accepted come
/// back as far as they can be read.
pub fn unescape(inside: &str) -> Cow<'_, str> {
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let bytes = inside.as_bytes();
    let mut text = String::with_capacity(inside.len());
    let mut at = 0;
    while at < bytes.len() {
        let run = memchr::memchr(b'\\', &bytes[at..]).unwrap_or(bytes.len() - at);
        text.push_str(&inside[at..at + run]);
        at += run;
        if at >= bytes.len() {
            break;
        }
        match bytes.get(at + 1) {
            Some(b'u') => {
                let unit = hex4(bytes, at + 2);
                at += 6;
                let c = match unit {
                    Some(high @ 0xd800..=0xdbff) => {
                        let low = hex4(bytes, at + 2).unwrap_or(0xdc00);
                        at += 6;
                        let low = u32::from(low) & 0x3ff;
                        char::from_u32(0x1_0000 + ((u32::from(high) & 0x3ff) << 10 | low))
                    }
                    Some(unit) => char::from_u32(u32::from(unit)),
                    None => None,
                };
                text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(escape) => {
                text.push(match escape {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    plain => char::from(*plain),
                });
                at += 2;
            }
            None => break,
        }
    }
    Cow::Owned(text)
}

/// A document that was read.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl<'a> Document<'a> {
    /// The outermost value.
    pub fn root(self) -> Node<'a> {
        Node {
            document: self,
            at: 0,
        }
    }

    /// The whole text.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// All strings of the document, keys included, in the order of the text.
    pub fn strings(self) -> impl Iterator<Item = Node<'a>> {
        (0..self.tokens.len() as u32)
            .map(move |at| Node { document: self, at })
            .filter(|node| node.kind() == NodeKind::String)
    }

    /// Finds the JSON paths of many offsets in one walk.
    pub fn paths(self) -> Paths<'a> {
        Paths::new(self)
    }
}

/// One value of a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    document: Document<'a>,
    at: u32,
}

impl<'a> Node<'a> {
    fn token(self) -> Token {
        self.document.tokens[self.at as usize]
    }

    /// What sort of value it is.
    pub fn kind(self) -> NodeKind {
        self.token().kind
    }

    /// Where it stands, in bytes; a string's span includes its quotes.
    pub fn span(self) -> Range<usize> {
        let token = self.token();
        token.start as usize..token.end as usize
    }

    /// Its own text, as it stands.
    pub fn raw(self) -> &'a str {
        &self.document.text[self.span()]
    }

    /// A string's inside as it stands, without quotes and with its escapes.
    pub fn inside(self) -> Option<&'a str> {
        let raw = self.raw();
        (self.kind() == NodeKind::String).then(|| &raw[1..raw.len() - 1])
    }

    /// A string's meaning.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inside = self.inside()?;
        Some(if self.token().escaped {
            unescape(inside)
        } else {
            Cow::Borrowed(inside)
        })
    }

    /// Whether this is the string `text`.
    pub fn is(self, text: &str) -> bool {
        self.text().is_some_and(|own| own == text)
    }

    /// Whether it is `true`.
    pub fn is_true(self) -> bool {
        self.kind() == NodeKind::Bool && self.raw() == "true"
    }

    /// A whole, non-negative number.
    pub fn number(self) -> Option<u64> {
        (self.kind() == NodeKind::Number).then(|| self.raw().parse().ok())?
    }

    /// An object's keys and values, in the order of the text; nothing for other values.
    pub fn members(self) -> Members<'a> {
        let token = self.token();
        let end = if token.kind == NodeKind::Object {
            token.next
        } else {
            self.at + 1
        };
        Members {
            document: self.document,
            at: self.at + 1,
            end,
        }
    }

    /// The value of an object's key.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.members()
            .find(|(own, _)| own.is(key))
            .map(|(_, value)| value)
    }

    /// An array's values; nothing for other values.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> {
        let token = self.token();
        let end = if token.kind == NodeKind::Array {
            token.next
        } else {
            self.at + 1
        };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let node = Node {
                document: self.document,
                at,
            };
            at = node.token().next;
            Some(node)
        })
    }
}

/// The keys and values of an object.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    document: Document<'a>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Node<'a>, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let key = Node {
            document: self.document,
            at: self.at,
        };
        let value = Node {
            document: self.document,
            at: self.at + 1,
        };
        self.at = value.token().next;
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(), JsonError> {
        Tape::default().parse(text.as_bytes()).map(drop)
    }

    #[test]
    fn what_json_forbids_is_refused_where_it_stands() {
        let deep = "[".repeat(65);
        for (text, offset, part) in [
            ("", 0, "ends where a value"),
            ("{\"a\":1,}", 7, "a key in quotes"),
            ("[1,]", 3, "where a value"),
            ("[1 2]", 3, "`,` or `]`"),
            ("{\"a\" 1}", 5, "`:`"),
            ("{\"a\":1 \"b\":2}", 7, "`,` or `}`"),
            ("[01]", 2, "`,` or `]`"),
            ("[+1]", 1, "value"),
            ("[1.]", 3, "a digit"),
            ("[NaN]", 1, "value"),
            ("nul", 0, "value"),
            ("[1e999]", 1, "too large"),
            ("\"a", 0, "does not end"),
            ("\"a\nb\"", 2, "control character"),
            ("\"\\x\"", 1, "unknown escape"),
            ("\"\\ud800\"", 1, "surrogate"),
            ("\"\\udc00\"", 1, "surrogate"),
            ("\"\\u12g4\"", 1, "four hexadecimal"),
            ("1 2", 2, "the end of the text"),
            ("\u{feff}1", 0, "byte-order mark"),
            ("{\"a\":1,\"\\u0061\":2}", 7, "`a` stands twice"),
            ("{\"a\":{\"b\":1,\"b\":2}}", 12, "`b` stands twice"),
            ("]", 0, "value"),
            ("{]", 1, "a key in quotes"),
            (deep.as_str(), 64, "deeper than 64"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.offset, offset, "{text}: {error}");
            assert!(error.reason.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn many_keys_are_compared_too() {
        let keys: Vec<String> = (0..40).map(|i| format!("\"key number {i}\":0")).collect();
        assert!(parse(&format!("{{{}}}", keys.join(","))).is_ok());
        assert!(parse(&format!("{{{},\"key number 3\":1}}", keys.join(","))).is_err());
    }

    #[test]
    fn spans_and_meanings() {
        let text = r#"{"a": [1, {"b\n": "x\u00e9\ud83c\udf89"}], "c": true, "d": {}, "e": []}"#;
        let mut tape = Tape::default();
        let root = tape.parse(text.as_bytes()).expect("valid").root();
        let a = root.get("a").expect("a");
        assert_eq!(a.raw(), r#"[1, {"b\n": "x\u00e9\ud83c\udf89"}]"#);
        let inner = a.items().nth(1).expect("object");
        assert_eq!(
            inner.get("b\n").and_then(Node::text).as_deref(),
            Some("xé🎉")
        );
        assert!(root.get("c").is_some_and(Node::is_true));
        assert_eq!(root.members().count(), 4);
        assert_eq!(root.get("d").map(|d| d.members().count()), Some(0));
        assert_eq!(root.get("e").map(|e| e.items().count()), Some(0));
        assert_eq!(
            root.document.paths().at(text.find("x\\u").expect("there")),
            "$.a[1][\"b\\n\"]"
        );
    }

    proptest::proptest! {
        /// Two independent readers agree on what is JSON, where their rules are the same.
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+ tnrslu-]{0,24}") {
            let ours = parse(&text).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            // serde_json lets the last of two equal keys win.
            let repeated = parse(&text).is_err_and(|e| e.reason.contains("stands twice"));
            proptest::prop_assert!(ours == theirs || repeated, "{text}: ours {ours}, theirs {theirs}");
        }

        #[test]
        fn strings_keep_their_meaning(text in "\\PC*") {
            let json = serde_json::to_string(&text).expect("a string");
            let mut tape = Tape::default();
            let own = tape.parse(json.as_bytes()).expect("valid").root().text().expect("string").into_owned();
            proptest::prop_assert_eq!(own, text);
        }

        #[test]
        fn a_plain_run_ends_where_a_byte_wise_look_says(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            let slow = bytes.iter().take_while(|b| **b >= 0x20 && **b != b'"' && **b != b'\\').count();
            proptest::prop_assert_eq!(plain_run(&bytes), slow);
        }
    }
}
