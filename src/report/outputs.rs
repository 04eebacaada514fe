//! Step outputs: what the next step of a job may want to know, as lines of the file that
//! `GITHUB_OUTPUT` names.

use crate::model::ident::Digest;
use crate::model::visible::visible_lines;

/// An output: its name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    name: &'static str,
    value: String,
}

impl Output {
    /// A text.
    pub fn text(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
        }
    }

    /// `true` or `false`.
    pub fn truth(name: &'static str, value: bool) -> Self {
        Self::text(name, value.to_string())
    }

    /// A number.
    pub fn number(name: &'static str, value: usize) -> Self {
        Self::text(name, value.to_string())
    }

    /// A list of texts, as JSON in one line.
    pub fn list(name: &'static str, values: &[String]) -> Self {
        Self::text(name, serde_json::json!(values).to_string())
    }
}

/// The lines. A value of several lines stands between two that it does not hold itself.
pub fn lines(outputs: &[Output]) -> String {
    let line = |Output { name, value }: &Output| {
        let value = visible_lines(value);
        if !value.contains('\n') {
            return format!("{name}={value}\n");
        }
        let mut mark = Digest::of(value.as_bytes()).to_string();
        while value.contains(&mark) {
            mark = Digest::of(mark.as_bytes()).to_string();
        }
        format!("{name}<<{mark}\n{value}\n{mark}\n")
    };
    outputs.iter().map(line).collect()
}
