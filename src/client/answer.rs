//! Reading answers with patience (platform.md §1.5, §2, §10).

use serde_json::{Map, Value};

use super::error::ClientError;
use super::transport::Call;

/// Under which keys the thing itself may lie.
const WRAPPERS: &[&str] = &["result", "data", "items"];
/// How much of an answer is shown.
const SHOWN: usize = 200;

/// An answer's JSON.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    host: String,
    value: Value,
}

/// An object of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a> {
    host: &'a str,
    map: Option<&'a Map<String, Value>>,
}

impl Answer {
    pub(super) fn new(host: &str, value: Value) -> Self {
        Self {
            host: host.to_owned(),
            value,
        }
    }

    /// The object that was asked for, wrapped or not.
    pub(super) fn object(&self) -> Object<'_> {
        let mut map = self.value.as_object();
        // A thing may have a key of such a name itself, but then it has others, too.
        while let Some(inner) = map.and_then(|map| {
            WRAPPERS
                .iter()
                .find_map(|key| map.get(*key)?.as_object())
                .filter(|_| !map.contains_key("id"))
        }) {
            map = Some(inner);
        }
        Object {
            host: &self.host,
            map,
        }
    }

    /// The list that was asked for; an object alone is a list of one. `more` are further keys under
    /// which it may lie.
    pub(super) fn list(
        &self,
        more: &[&str],
        call: &Call<'_>,
    ) -> Result<Vec<Object<'_>>, ClientError> {
        let list = list_in(&self.value, more)
            .ok_or_else(|| unreadable(&self.host, call, "a list is expected"))?;
        let objects = list.into_iter().map(|value| Object {
            host: &self.host,
            map: value.as_object(),
        });
        Ok(objects.filter(|object| object.map.is_some()).collect())
    }

    /// What an answer of an error says.
    pub(super) fn error(&self) -> Option<String> {
        error_in(self.value.as_object()?)
    }

    /// Whether a 200 says that nothing was done.
    pub(super) fn says_no(&self) -> bool {
        self.object().map.and_then(|map| map.get("success")) == Some(&Value::Bool(false))
    }

    /// Every text of the values of these keys, however deep.
    pub(super) fn texts(&self, keys: &[&str]) -> Vec<String> {
        let mut texts = Vec::new();
        if let Some(map) = self.object().map {
            for key in keys {
                if let Some(value) = map.get(*key) {
                    collect(value, &mut texts);
                }
            }
        }
        texts
    }
}

fn list_in<'v>(value: &'v Value, more: &[&str]) -> Option<Vec<&'v Value>> {
    match value {
        Value::Array(list) => Some(list.iter().collect()),
        Value::Object(map) => {
            let inner = more
                .iter()
                .chain(WRAPPERS)
                .find_map(|key| map.get(*key))
                .filter(|_| !map.contains_key("id"));
            match inner {
                Some(inner) => list_in(inner, more),
                None if map.contains_key("id") => Some(vec![value]),
                None => None,
            }
        }
        Value::Null => Some(Vec::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn error_in(map: &Map<String, Value>) -> Option<String> {
    let said = ["message", "error", "error_type", "error_message"]
        .iter()
        .find_map(|key| text(map.get(*key)?));
    let mut parts: Vec<String> = said.into_iter().collect();
    match map.get("errors") {
        Some(Value::Object(fields)) => {
            for (field, what) in fields {
                let mut texts = Vec::new();
                collect(what, &mut texts);
                parts.push(format!("{field} {}", texts.join(", ")));
            }
        }
        Some(other) => collect(other, &mut parts),
        None => {}
    }
    match map.get("result") {
        Some(Value::Object(inner)) if parts.is_empty() => error_in(inner),
        Some(_) | None => (!parts.is_empty()).then(|| parts.join("; ")),
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| collect(value, texts)),
        Value::Object(map) => map.values().for_each(|value| collect(value, texts)),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Null | Value::Bool(_) => {}
    }
}

/// A text that says something: not empty, and not the word `null`, which older answers have in place
/// of the value (platform.md §1.3).
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() || text == "null" => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl<'a> Object<'a> {
    fn get(self, key: &str) -> Option<&'a Value> {
        self.map?.get(key)
    }

    pub(super) fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn text(self, key: &str) -> Option<String> {
        text(self.get(key)?)
    }

    pub(super) fn number(self, key: &str) -> Option<u64> {
        number(self.get(key)?)
    }

    pub(super) fn flag(self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn objects(self, key: &str) -> Vec<Self> {
        let list = self.get(key).and_then(Value::as_array);
        let objects = list.into_iter().flatten().map(|value| Self {
            host: self.host,
            map: value.as_object(),
        });
        objects.filter(|object| object.map.is_some()).collect()
    }

    pub(super) fn texts(self, key: &str) -> Vec<String> {
        let mut texts = Vec::new();
        if let Some(value) = self.get(key) {
            collect(value, &mut texts);
        }
        texts
    }

    /// A JSON value as its text: as it is, or in quotes already.
    pub(super) fn json(self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    pub(super) fn need_number(self, key: &str, call: &Call<'_>) -> Result<u64, ClientError> {
        self.number(key)
            .ok_or_else(|| unreadable(self.host, call, &format!("`{key}` is no number")))
    }

    pub(super) fn need_text(self, key: &str, call: &Call<'_>) -> Result<String, ClientError> {
        self.text(key)
            .ok_or_else(|| unreadable(self.host, call, &format!("`{key}` is missing")))
    }
}

pub(super) fn unreadable(host: &str, call: &Call<'_>, why: &str) -> ClientError {
    ClientError::Unreadable {
        host: host.to_owned(),
        what: call.to_string(),
        told: why.to_owned(),
    }
}

/// The beginning of a text from outside, for a message.
pub(super) fn shown(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str) -> Answer {
        Answer::new("h", serde_json::from_str(json).expect("JSON"))
    }

    #[test]
    fn the_thing_itself_is_found_wherever_it_lies() {
        for json in [
            r#"{"id": 7}"#,
            r#"{"result": {"id": 7}}"#,
            r#"{"data": {"id": "7"}}"#,
            r#"{"result": {"data": {"id": 7, "data": {"id": 8}}}}"#,
        ] {
            assert_eq!(answer(json).object().number("id"), Some(7), "{json}");
        }
        let call = Call::get("/x");
        for (json, ids) in [
            (r#"[{"id": 1}, {"id": 2}]"#, vec![1, 2]),
            (r#"{"result": [{"id": 1}]}"#, vec![1]),
            (r#"{"items": [{"id": 1}, null]}"#, vec![1]),
            (r#"{"result": {"assets": [{"id": 3}]}}"#, vec![3]),
            (r#"{"id": 4, "data": []}"#, vec![4]),
            (r#"{"result": null}"#, vec![]),
            ("null", vec![]),
        ] {
            let answer = answer(json);
            let list = answer.list(&["assets"], &call).expect(json);
            let found: Vec<u64> = list
                .iter()
                .filter_map(|object| object.number("id"))
                .collect();
            assert_eq!(found, ids, "{json}");
        }
        assert!(answer(r#"{"message": "no"}"#).list(&[], &call).is_err());
    }

    #[test]
    fn an_error_is_told_by_whatever_key() {
        for (json, told) in [
            (r#"{"message": "Unauthorized"}"#, "Unauthorized"),
            (r#"{"error": "a.recipe.json: no"}"#, "a.recipe.json: no"),
            (r#"{"error_type": "bad"}"#, "bad"),
            (
                r#"{"message": "Validation failed", "errors": {"name": ["can't be blank"], "provider": "unknown"}}"#,
                "Validation failed; name can't be blank; provider unknown",
            ),
            (r#"{"errors": ["one", "two"]}"#, "one; two"),
            (r#"{"result": {"error": "inside"}}"#, "inside"),
        ] {
            assert_eq!(answer(json).error().as_deref(), Some(told), "{json}");
        }
        assert_eq!(
            answer(r#"{"message": null, "error": "null"}"#).error(),
            None
        );
        assert_eq!(answer("[]").error(), None);
    }
}
