//! What the sandbox answers.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Content,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Json(Value),
    /// A package.
    File(PathBuf),
    Nothing,
}

/// The body of most errors (platform.md §1.5).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ErrorBody {
    /// What is wrong.
    pub(super) message: String,
}

/// The body of errors of imports (platform.md §1.5).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ImportErrorBody {
    /// What is wrong.
    pub(super) error: String,
}

/// The body of errors of single fields (platform.md §1.5).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ValidationBody {
    /// What is wrong.
    pub(super) message: String,
    /// What is wrong with which field; nothing where it is wrong as a whole.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub(super) errors: std::collections::BTreeMap<String, Vec<String>>,
}

/// `{"success": true}`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Success {
    pub(super) success: bool,
}

/// `{"result": …}`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Wrapped<T> {
    pub(super) result: T,
}

impl Reply {
    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            status,
            body: Content::Json(serde_json::to_value(body).unwrap_or_default()),
            headers: Vec::new(),
        }
    }

    pub(super) fn ok(body: &impl Serialize) -> Self {
        Self::json(200, body)
    }

    pub(super) fn wrapped<T: Serialize>(result: T) -> Self {
        Self::ok(&Wrapped { result })
    }

    pub(super) fn success() -> Self {
        Self::ok(&Success { success: true })
    }

    pub(super) fn message(status: u16, message: impl Into<String>) -> Self {
        Self::json(
            status,
            &ErrorBody {
                message: message.into(),
            },
        )
    }

    pub(super) fn not_found() -> Self {
        Self::message(404, "Not found")
    }

    pub(super) fn bad_request(why: impl Into<String>) -> Self {
        Self::message(400, why)
    }

    /// An import that is not even begun.
    pub(super) fn no_import(why: impl Into<String>) -> Self {
        Self::json(400, &ImportErrorBody { error: why.into() })
    }

    /// A field that can't be so.
    pub(super) fn invalid(field: &str, why: impl Into<String>) -> Self {
        Self::json(
            400,
            &ValidationBody {
                message: "Validation failed".to_owned(),
                errors: std::iter::once((field.to_owned(), vec![why.into()])).collect(),
            },
        )
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
