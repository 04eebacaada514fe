//! The answers of `fixtures/wire/`, which are sound themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::support::fixture;

/// One answer of the platform. `fixtures/wire/README.md` explains the keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    #[serde(skip)]
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) section: String,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) request: Request,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Option<Value>,
    pub(crate) text: Option<String>,
    pub(crate) means: Means,
    pub(crate) shape: Option<Shape>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Evidence {
    Doc,
    Spec,
    Code,
    Real,
    Test,
    Infer,
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: String,
    path: String,
    #[serde(default)]
    ids: BTreeMap<String, Value>,
    #[serde(default)]
    query: BTreeMap<String, String>,
    pub(crate) content_type: Option<String>,
    body: Option<Value>,
}

/// How an answer of the sandbox may differ. Patterns of places in it, with `*` for every element.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    pub(crate) nullable: BTreeSet<String>,
    pub(crate) absent: BTreeSet<String>,
    /// Other status codes that are as good.
    #[serde(default)]
    pub(crate) status: Vec<u16>,
}

/// What a client has to understand from an answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Means {
    Me(Value),
    Projects(Value),
    Folders(Value),
    Folder(Value),
    Assets(Value),
    Manifest(u64),
    Job(Value),
    Download { from: From },
    Recipes(Value),
    Started(bool),
    NotStarted(Vec<String>),
    Stopped(bool),
    Connections(Value),
    Connectors(Value),
    Connector(Value),
    Code(String),
    Customers(Value),
    Customer(Value),
    Properties(Value),
    Try(String),
    Nothing {},
    Error { kind: ErrorKind, says: Vec<String> },
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum From {
    Platform,
    Storage,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ErrorKind {
    Unauthorised,
    NotFound,
    Refused,
    RateLimited,
    Unavailable,
}

/// Ids by their words.
pub(crate) type Ids = BTreeMap<String, String>;

fn plain(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

impl Request {
    /// The ids of the answer itself.
    pub(crate) fn ids(&self) -> Ids {
        let ids = self.ids.iter();
        ids.map(|(word, id)| (word.clone(), plain(id))).collect()
    }

    /// The path for some ids.
    pub(crate) fn path(&self, ids: &Ids) -> String {
        fill(&self.path, ids)
    }

    /// What the text of an id becomes where it stands in a query or a body.
    fn told(&self, text: &str, ids: &Ids) -> String {
        let own = self.ids.iter().find(|(_, own)| plain(own) == text);
        let other = own.and_then(|(word, _)| ids.get(word));
        other.map_or_else(|| text.to_owned(), Clone::clone)
    }

    /// The query for some ids.
    pub(crate) fn query(&self, ids: &Ids) -> BTreeMap<String, String> {
        let pairs = self.query.iter();
        pairs
            .map(|(key, value)| (key.clone(), self.told(value, ids)))
            .collect()
    }

    /// The body for some ids.
    pub(crate) fn body(&self, ids: &Ids) -> Option<Value> {
        self.body.as_ref().map(|body| self.told_in(body, ids))
    }

    fn told_in(&self, value: &Value, ids: &Ids) -> Value {
        match value {
            Value::Number(number) => {
                let told = self.told(&number.to_string(), ids);
                serde_json::from_str(&told).expect("an id that is a number")
            }
            Value::String(text) => Value::String(self.told(text, ids)),
            Value::Array(items) => items.iter().map(|item| self.told_in(item, ids)).collect(),
            Value::Object(map) => {
                let told =
                    |(key, value): (&String, &Value)| (key.clone(), self.told_in(value, ids));
                Value::Object(map.iter().map(told).collect::<Map<_, _>>())
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }
}

/// Puts ids in place of their words in braces.
pub(crate) fn fill(path: &str, ids: &Ids) -> String {
    let mut filled = path.to_owned();
    for (word, id) in ids {
        filled = filled.replace(&format!("{{{word}}}"), id);
    }
    assert!(!filled.contains('{'), "{filled} lacks an id");
    filled
}

impl Answer {
    /// What it means, as the file has it.
    pub(crate) fn means_as_json(&self) -> Value {
        serde_json::to_value(&self.means).expect("JSON")
    }

    /// Where a client may ask first that knows the other spelling of the path.
    pub(crate) fn path_of_other_spelling(&self, ids: &Ids) -> Option<String> {
        let path = self.request.path(ids);
        let other = path.replace("/share_oem_version/", "/oem_share/");
        (other != path).then_some(other)
    }

    /// The bytes of the answer.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match (&self.body, &self.text) {
            (Some(body), None) => body.to_string().into_bytes(),
            (None, Some(text)) => text.clone().into_bytes(),
            (Some(_), Some(_)) | (None, None) => panic!("{}: `body` or `text`", self.name),
        }
    }
}

/// Every answer, by its name.
pub(crate) fn answers() -> BTreeMap<String, Answer> {
    let folder = fs::read_dir(fixture("wire")).expect("readable");
    let mut answers = BTreeMap::new();
    for entry in folder {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        let mut answer: Answer = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().expect("a name").to_string_lossy();
        answer.name = name.clone().into_owned();
        answers.insert(name.into_owned(), answer);
    }
    answers
}

/// The places in a body that hold null, as patterns.
fn nulls(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    let below = |step: &str| match place {
        "" => step.to_owned(),
        place => format!("{place}/{step}"),
    };
    match value {
        Value::Null => {
            found.insert(place.to_owned());
        }
        Value::Array(items) => {
            for item in items {
                nulls(item, &below("*"), found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                nulls(value, &below(key), found);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn answers_are_sound() {
    let answers = answers();
    assert!(answers.len() > 90, "{} answers", answers.len());
    for (name, answer) in &answers {
        assert!(answer.about.ends_with('.'), "{name}: what has happened?");
        assert!(!answer.section.is_empty(), "{name}: where is that told?");
        assert!(!answer.evidence.is_empty(), "{name}: how is that known?");
        answer.bytes();
        let path = answer.request.path(&answer.request.ids());
        assert!(path.starts_with("/api/"), "{name}: {path}");
        answer.request.body(&answer.request.ids());
        if let Some(shape) = &answer.shape {
            assert!(
                !answer.evidence.contains(&Evidence::Unknown),
                "{name}: nothing tells what the body holds"
            );
            assert!(!shape.status.contains(&answer.status), "{name}: said twice");
            let mut found = BTreeSet::new();
            nulls(
                answer.body.as_ref().unwrap_or(&Value::Bool(true)),
                "",
                &mut found,
            );
            for place in found {
                let known = shape.nullable.contains(&place) || shape.absent.contains(&place);
                assert!(known, "{name}: {place} is null, so it is nullable");
            }
        }
        if let Means::Error { kind, .. } = &answer.means {
            let fits = match kind {
                ErrorKind::Unauthorised => matches!(answer.status, 401 | 403),
                ErrorKind::NotFound => answer.status == 404,
                ErrorKind::Refused => matches!(answer.status, 200 | 400 | 409 | 422),
                ErrorKind::RateLimited => answer.status == 429,
                ErrorKind::Unavailable => answer.status >= 500,
            };
            assert!(fits, "{name}: {} is no {kind:?}", answer.status);
        }
    }
}
