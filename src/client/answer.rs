//! Reading answers: tolerant of every form that the platform's documents and recordings show, and
//! exact about what can't be read.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};
use ureq::http::{HeaderMap, header};

use super::error::{ClientError, FieldError, RequestContext};
use crate::model::withheld::Withheld;

/// How many characters of what the platform says are shown.
const SHOWN: usize = 500;
/// How many of an answer that is not understood.
const BEGINNING: usize = 120;
/// How many errors of a refusal are listed.
const LISTED: usize = 20;

/// An answer with a good status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) at: RequestContext,
    pub(super) status: u16,
    pub(super) body: Value,
    /// What it may say and nobody is to hear of, be it on a screen or in a file.
    withheld: Arc<Withheld>,
}

/// A value in an answer, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    answer: &'a Answer,
    value: &'a Value,
    path: String,
}

/// Keys under which answers are wrapped (platform.md §1, §2.1, §3).
const WRAPPERS: [&str; 4] = ["result", "data", "items", "item"];
/// How deep wrappers are looked into.
const WRAPPED: usize = 3;

impl Answer {
    /// The JSON in these bytes. Nothing at all is an empty answer.
    pub(super) fn read(
        at: RequestContext,
        status: u16,
        bytes: &[u8],
        withheld: &Arc<Withheld>,
    ) -> Result<Self, ClientError> {
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        let body = if blank {
            Ok(Value::Null)
        } else {
            serde_json::from_slice(bytes)
        };
        match body {
            Ok(body) => Ok(Self {
                at,
                status,
                body,
                withheld: Arc::clone(withheld),
            }),
            Err(error) => Err(ClientError::Unreadable {
                at,
                status,
                expected: format!("it is no JSON ({error})"),
                found: beginning(&String::from_utf8_lossy(bytes), withheld),
            }),
        }
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node {
            answer: self,
            value: &self.body,
            path: String::new(),
        }
    }

    /// The record that has this key, wrapped or not.
    pub(super) fn record(&self, key: &str) -> Result<Node<'_>, ClientError> {
        let mut node = self.root();
        for _ in 0..=WRAPPED {
            if let Some(fields) = node.value.as_object() {
                if fields.contains_key(key) {
                    return Ok(node);
                }
                let inner = WRAPPERS.iter().find_map(|wrapper| {
                    node.get(wrapper)
                        .filter(|inner| inner.value.is_object() || inner.value.is_array())
                });
                match inner {
                    Some(inner) => node = inner,
                    None => break,
                }
            } else if let Some([only]) = node.value.as_array().map(Vec::as_slice) {
                node = node.at("[0]", only);
            } else {
                break;
            }
        }
        Err(self.unreadable(format!("a record with `{key}` is expected")))
    }

    /// The list in the answer: the answer itself, or what is wrapped in it, maybe under one of these
    /// names.
    pub(super) fn list(&self, names: &[&str]) -> Result<Vec<Node<'_>>, ClientError> {
        let mut node = self.root();
        for _ in 0..=WRAPPED {
            if let Some(items) = node.value.as_array() {
                let items = items.iter().enumerate();
                return Ok(items
                    .map(|(n, item)| node.at(&format!("[{n}]"), item))
                    .collect());
            }
            let inner = names
                .iter()
                .chain(&WRAPPERS)
                .find_map(|name| node.get(name));
            match inner {
                Some(inner) => node = inner,
                // `{"result": null}` has nothing in it.
                None if WRAPPERS.iter().any(|w| node.value.get(w).is_some()) => {
                    return Ok(Vec::new());
                }
                None => break,
            }
        }
        Err(self.unreadable("a list is expected".to_owned()))
    }

    /// Whether the answer takes back its good status (platform.md §1.5).
    pub(super) fn is_refusal(&self) -> bool {
        self.body
            .get("success")
            .is_some_and(|said| flag(said) == Some(false))
    }

    /// What it says against what was asked for.
    pub(super) fn refusal(&self) -> Refusal {
        Refusal::of(&self.body, &self.withheld)
    }

    /// The answer, unless it says `success: false`.
    pub(super) fn accepted(self) -> Result<Self, ClientError> {
        if !self.is_refusal() {
            return Ok(self);
        }
        let Refusal { message, fields } = self.refusal();
        Err(ClientError::Refused {
            at: self.at,
            status: self.status,
            message,
            fields,
        })
    }

    pub(super) fn unreadable(&self, expected: String) -> ClientError {
        ClientError::Unreadable {
            at: self.at.clone(),
            status: self.status,
            expected,
            found: beginning(&self.body.to_string(), &self.withheld),
        }
    }
}

impl<'a> Node<'a> {
    fn at(&self, step: &str, value: &'a Value) -> Self {
        Self {
            answer: self.answer,
            value,
            path: format!("{}{step}", self.path),
        }
    }

    /// The value under a key, unless it is null.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let dot = if self.path.is_empty() { "" } else { "." };
        Some(self.at(&format!("{dot}{key}"), value))
    }

    /// Whether there is such a key, be it null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    /// The values of a list under a key; none where it is null or absent.
    pub(super) fn items(&self, key: &str) -> Result<Vec<Node<'a>>, ClientError> {
        let Some(list) = self.get(key) else {
            return Ok(Vec::new());
        };
        match list.value.as_array() {
            Some(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(n, item)| list.at(&format!("[{n}]"), item))
                .collect()),
            None => Err(list.wrong("a list")),
        }
    }

    fn wrong(&self, what: &str) -> ClientError {
        let answer = self.answer;
        answer.unreadable(format!("{what} is expected at `{}`", self.path))
    }

    fn missing(&self, key: &str, what: &str) -> ClientError {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.answer
            .unreadable(format!("{what} is expected at `{}{dot}{key}`", self.path))
    }

    /// A number, spelled as one or as text.
    fn number(&self) -> Result<Option<u64>, ClientError> {
        match self.value {
            Value::Number(number) => match (number.as_u64(), number.as_f64()) {
                (Some(number), _) => Ok(Some(number)),
                // A whole number that was spelled `12.0`.
                (None, Some(float)) if float >= 0.0 && float.fract() == 0.0 && float < 9e15 => {
                    #[allow(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "checked just before"
                    )]
                    let number = float as u64;
                    Ok(Some(number))
                }
                _ => Err(self.wrong("a number from 0 on")),
            },
            Value::String(text) if matches!(text.trim(), "" | "null") => Ok(None),
            Value::String(text) => match text.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(self.wrong("a number")),
            },
            Value::Null => Ok(None),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(self.wrong("a number")),
        }
    }

    /// A number or nothing.
    pub(super) fn optional_id(&self, key: &str) -> Result<Option<u64>, ClientError> {
        self.get(key).map_or(Ok(None), |node| node.number())
    }

    /// A number.
    pub(super) fn id(&self, key: &str) -> Result<u64, ClientError> {
        self.optional_id(key)?
            .ok_or_else(|| self.missing(key, "a number"))
    }

    fn as_text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(self.answer.withheld.in_name(text).into_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// What a recipe or a connector holds, as it is: somebody wrote it, and it is carried along.
    pub(super) fn optional_contents(&self, key: &str) -> Result<Option<String>, ClientError> {
        match self.get(key).map(|node| (node.value.as_str(), node)) {
            None => Ok(None),
            Some((Some(text), _)) => Ok(Some(text.to_owned())),
            Some((None, node)) => Err(node.wrong("a text")),
        }
    }

    /// Words of the platform's about what it did: harmless, and not too long.
    pub(super) fn said(&self, longest: usize) -> String {
        let text = match self.value.as_str() {
            Some(text) => text.to_owned(),
            None => self.value.to_string(),
        };
        shown(&self.answer.withheld.in_words(&text), longest)
    }

    /// A text or nothing.
    pub(super) fn optional_text(&self, key: &str) -> Result<Option<String>, ClientError> {
        let Some(node) = self.get(key) else {
            return Ok(None);
        };
        match node.as_text() {
            Some(text) => Ok(Some(text)),
            None => Err(node.wrong("a text")),
        }
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Result<String, ClientError> {
        self.optional_text(key)?
            .ok_or_else(|| self.missing(key, "a text"))
    }

    /// An address or nothing. Older documents show `"null"` as a text (platform.md §1.3).
    pub(super) fn optional_link(&self, key: &str) -> Result<Option<String>, ClientError> {
        let link = self.optional_text(key)?;
        Ok(link.filter(|link| !matches!(link.trim(), "" | "null")))
    }

    /// Yes, no, or nothing said.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, ClientError> {
        let Some(node) = self.get(key) else {
            return Ok(None);
        };
        match flag(node.value) {
            Some(said) => Ok(Some(said)),
            None => Err(node.wrong("true or false")),
        }
    }

    /// The texts in a list; one text alone is a list too.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, ClientError> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(node) => match node.value {
                Value::String(_) => Ok(node.as_text().into_iter().collect()),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => {
                    let items = self.items(key)?;
                    Ok(items.iter().filter_map(Node::as_text).collect())
                }
            },
        }
    }

    /// What is wrong with a value, said of the whole answer.
    pub(super) fn refuse(&self, key: &str, why: &str) -> ClientError {
        self.missing(key, why)
    }

    /// The value as it is.
    pub(super) fn value(&self) -> &'a Value {
        self.value
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(said) => Some(*said),
        Value::String(said) => match said.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" | "" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What an answer with a bad status says, in any of the forms of platform.md §1.5.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: Option<String>,
    pub(super) fields: Vec<FieldError>,
}

impl Refusal {
    /// What these bytes say; a page of HTML says nothing.
    pub(super) fn read(bytes: &[u8], withheld: &Withheld) -> Self {
        if let Ok(body) = serde_json::from_slice::<Value>(bytes) {
            return Self::of(&body, withheld);
        }
        let text = String::from_utf8_lossy(bytes);
        let text = withheld.in_words(text.trim());
        let message = (!text.is_empty() && !text.starts_with('<')).then(|| shown(&text, SHOWN));
        Self {
            message,
            fields: Vec::new(),
        }
    }

    fn of(body: &Value, withheld: &Withheld) -> Self {
        // Before anything is cut off, of which the beginning would stay.
        let mut body = body.clone();
        withhold(&mut body, withheld);
        Self::without_secrets(&body)
    }

    fn without_secrets(body: &Value) -> Self {
        let Some(said) = body.as_object() else {
            let message = text_of(body).map(|text| shown(&text, SHOWN));
            let fields = if body.is_array() {
                fields_of("", body)
            } else {
                Vec::new()
            };
            return Self { message, fields };
        };
        let mut message = None;
        for key in ["message", "error", "error_description", "error_type"] {
            let found = said.get(key).and_then(|value| {
                let inner = value.get("message").unwrap_or(value);
                text_of(inner).filter(|text| !text.trim().is_empty())
            });
            if let Some(text) = found {
                message = Some(shown(&text, SHOWN));
                break;
            }
        }
        let mut fields = Vec::new();
        if let Some(errors) = said.get("errors") {
            fields.extend(fields_of("", errors));
        }
        for reason in start_errors(said) {
            fields.push(FieldError {
                field: String::new(),
                reason,
            });
        }
        // Some wrap the whole.
        if message.is_none() && fields.is_empty() {
            for wrapper in WRAPPERS {
                if let Some(inner) = said.get(wrapper).filter(|inner| inner.is_object()) {
                    return Self::without_secrets(inner);
                }
            }
        }
        fields.truncate(LISTED);
        Self { message, fields }
    }
}

/// Takes the secrets out of all texts and keys.
fn withhold(value: &mut Value, withheld: &Withheld) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(without) = withheld.in_words(text) {
                *text = without;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| withhold(item, withheld)),
        Value::Object(map) => {
            *map = std::mem::take(map)
                .into_iter()
                .map(|(key, mut value)| {
                    withhold(&mut value, withheld);
                    (withheld.in_words(&key).into_owned(), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fields_of(field: &str, errors: &Value) -> Vec<FieldError> {
    match errors {
        Value::Null => Vec::new(),
        Value::Array(items) => items
            .iter()
            .flat_map(|item| fields_of(field, item))
            .collect(),
        Value::Object(map) => match map.get("message").and_then(text_of) {
            Some(reason) => {
                let named = map.get("field").or_else(|| map.get("name"));
                let named = named.and_then(text_of);
                vec![FieldError {
                    field: shown(named.as_deref().unwrap_or(field), BEGINNING),
                    reason: shown(&reason, SHOWN),
                }]
            }
            None => map
                .iter()
                .flat_map(|(name, inner)| {
                    let name = if field.is_empty() {
                        name.clone()
                    } else {
                        format!("{field}.{name}")
                    };
                    fields_of(&name, inner)
                })
                .collect(),
        },
        Value::String(_) | Value::Number(_) | Value::Bool(_) => vec![FieldError {
            field: shown(field, BEGINNING),
            reason: shown(&text_of(errors).unwrap_or_default(), SHOWN),
        }],
    }
}

/// Why a recipe can't start, one text each: `code_errors` and `config_errors` hold pairs or triples
/// whose last part may be a list of such (platform.md §1.5).
pub(super) fn start_errors(said: &Map<String, Value>) -> Vec<String> {
    let mut told = Vec::new();
    for (key, what) in [("code_errors", "step "), ("config_errors", "")] {
        let Some(errors) = said.get(key).filter(|errors| !errors.is_null()) else {
            continue;
        };
        let Some(items) = errors.as_array() else {
            told.extend(words(errors).map(|text| shown(&text, SHOWN)));
            continue;
        };
        for item in items {
            match item.as_array().map(Vec::as_slice) {
                Some([place, Value::Array(reasons)]) if !reasons.is_empty() => {
                    let place = words(place).unwrap_or_default();
                    // `[step, [reason, …]]` and `[step, [[…], [reason, …]]]` both occur.
                    let nested = reasons.iter().any(Value::is_array);
                    let whole = Value::Array(reasons.clone());
                    let each: Vec<&Value> = if nested {
                        reasons.iter().collect()
                    } else {
                        vec![&whole]
                    };
                    for reason in each.into_iter().filter_map(words) {
                        told.push(shown(&format!("{what}{place}: {reason}"), SHOWN));
                    }
                }
                _ => told.extend(words(item).map(|text| shown(&text, SHOWN))),
            }
        }
    }
    told.truncate(LISTED);
    told
}

/// Everything readable in a value, in order.
fn words(value: &Value) -> Option<String> {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Object(map) => {
                for (key, value) in map {
                    let mut inner = Vec::new();
                    collect(value, &mut inner);
                    into.push(format!("{key}: {}", inner.join(" ")));
                }
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => into.extend(text_of(value)),
            Value::Null => {}
        }
    }
    let mut all = Vec::new();
    collect(value, &mut all);
    (!all.is_empty()).then(|| all.join(" "))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(said) => Some(said.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Text of the platform's, harmless for a terminal and not too long.
pub(crate) fn shown(text: &str, longest: usize) -> String {
    let mut harmless = String::new();
    for (n, c) in text.trim().chars().enumerate() {
        if n == longest {
            harmless.push('…');
            break;
        }
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        match c {
            '\n' | '\r' | '\t' => harmless.push(' '),
            c if c.is_control() || turns => harmless.extend(c.escape_unicode()),
            c => harmless.push(c),
        }
    }
    harmless
}

/// The first words of an answer.
fn beginning(text: &str, withheld: &Withheld) -> String {
    // What is cut off is no secret's end: nobody looks further than this.
    let start: String = text.chars().take(16 * BEGINNING).collect();
    shown(&withheld.in_words(&start), BEGINNING)
}

/// Whether an answer is a page for people.
pub(crate) fn is_page(headers: &HeaderMap, bytes: &[u8]) -> bool {
    let said = header_text(headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    let json = serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    !json && (said || bytes.trim_ascii_start().starts_with(b"<"))
}

pub(crate) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}
