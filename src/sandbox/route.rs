//! The operations that are served, as one table: requests are matched against it, and the OpenAPI
//! document is made of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub(super) use hyper::Method;
use schemars::{Schema, SchemaGenerator};

use super::Sandbox;
use super::documented;
use super::reply::Reply;
use crate::model::error::chain;
use crate::model::ident::WorkspaceName;
use crate::workspace::WorkspaceError;
use crate::workspace::local::{LocalPlatform, LocalWorkspace};

/// What a request is about.
pub(super) struct Asked<'r> {
    pub(super) sandbox: &'r Arc<Sandbox>,
    /// The workspace: the token's own, or the customer's that is named in the path.
    pub(super) workspace: &'r WorkspaceName,
    pub(super) api: Api,
    pub(super) platform: LocalPlatform,
    /// The numbers in the path.
    pub(super) numbers: Vec<u64>,
    /// The customer that is named in the path, where the operation is about it as such.
    pub(super) customer: Option<WorkspaceName>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) json: serde_json::Value,
    /// The package that was sent.
    pub(super) upload: Option<&'r Path>,
    /// Where the sandbox can be reached.
    pub(super) root: &'r str,
    /// What goes wrong with the job that this request starts.
    pub(super) fault: Option<super::store::JobFault>,
}

/// Which of the two APIs is spoken (platform.md §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Developer,
    Embedded,
}

/// What a parameter has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Flag,
    Text,
    /// A moment with its offset from UTC.
    Time,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A parameter of the query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) what: &'static str,
}

impl Parameter {
    pub(super) const fn of(name: &'static str, kind: Kind, what: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            what,
        }
    }

    pub(super) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
}

/// What is sent along.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Nothing,
    Json(fn(&mut SchemaGenerator) -> Schema),
    Package,
}

/// What an answer holds.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Json(fn(&mut SchemaGenerator) -> Schema),
    Redirect,
}

/// Whose workspace an operation can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The token's own.
    Own,
    /// A customer's: the path follows `/api/managed_users/{managed_user_id}`.
    Customer,
    /// Either.
    Both,
}

/// An operation.
pub(super) struct Operation {
    pub(super) method: Method,
    /// Its path below `/api`; numbers stand in braces.
    pub(super) path: &'static str,
    pub(super) scope: Scope,
    pub(super) summary: &'static str,
    pub(super) query: &'static [Parameter],
    pub(super) body: Body,
    pub(super) answers: &'static [(u16, Answer)],
    pub(super) handler: fn(&Asked<'_>) -> Result<Reply, Reply>,
}

/// The schema of a type.
pub(super) fn schema<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Asked<'_> {
    /// The number in the path.
    pub(super) fn number(&self) -> u64 {
        self.numbers.first().copied().unwrap_or_default()
    }

    pub(super) fn query_number(&self, name: &str) -> Option<u64> {
        number(self.query.get(name)?)
    }

    pub(super) fn query_flag(&self, name: &str) -> Option<bool> {
        flag(self.query.get(name)?)
    }

    /// A moment, in seconds.
    pub(super) fn query_time(&self, name: &str) -> Option<i64> {
        time(self.query.get(name)?)
    }

    pub(super) fn opened(&self) -> Result<LocalWorkspace, Reply> {
        self.platform
            .workspace(self.workspace)
            .map_err(|error| failed(&error))
    }

    /// The page that is asked for.
    pub(super) fn page<T>(&self, all: Vec<T>) -> Vec<T> {
        let per_page = self.query_number("per_page").unwrap_or(100).clamp(1, 100);
        let page = self.query_number("page").unwrap_or(1).max(1);
        let per_page = usize::try_from(per_page).unwrap_or(100);
        let skipped = usize::try_from(page - 1)
            .unwrap_or(usize::MAX)
            .saturating_mul(per_page);
        all.into_iter().skip(skipped).take(per_page).collect()
    }
}

/// The largest number: more are not the same to every reader of JSON.
pub(super) const LARGEST: u64 = (1 << 53) - 1;

/// A number as paths and queries spell it: digits.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_plain.then(|| text.parse().ok())?;
    number.filter(|number| *number <= LARGEST)
}

/// What clients send for yes and no (platform.md §12).
pub(super) const FLAGS: [(&str, bool); 12] = [
    ("true", true),
    ("True", true),
    ("TRUE", true),
    ("t", true),
    ("1", true),
    ("on", true),
    ("false", false),
    ("False", false),
    ("FALSE", false),
    ("f", false),
    ("0", false),
    ("off", false),
];

/// A yes or no as queries spell it.
pub(super) fn flag(text: &str) -> Option<bool> {
    let mut known = FLAGS.iter();
    known
        .find(|(spelling, _)| *spelling == text)
        .map(|(_, value)| *value)
}

/// A moment as queries spell it, in seconds.
pub(super) fn time(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(time.as_second())
}

/// A path without the slashes that mean nothing: doubled ones and those at its end (platform.md
/// §12).
pub(super) fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.fold(String::new(), |plain, part| plain + "/" + part)
}

/// Something that should not fail did, or met what others did at the same time.
pub(super) fn failed(error: &(dyn std::error::Error + 'static)) -> Reply {
    let told = chain(error);
    match error.downcast_ref::<WorkspaceError>() {
        Some(WorkspaceError::Stale { .. } | WorkspaceError::Unfit { .. }) => {
            Reply::message(409, told)
        }
        Some(WorkspaceError::Busy { .. }) => Reply::message(503, told).header("retry-after", "1"),
        Some(_) | None => Reply::message(500, told),
    }
}

/// What a path and a method lead to.
pub(super) enum Found {
    Operation {
        operation: &'static Operation,
        /// The customer that is named in the path.
        customer: Option<String>,
        numbers: Vec<u64>,
    },
    /// The path is served, but not by this method.
    OtherMethods(Vec<&'static str>),
    /// The platform documents it; it is not served here.
    Elsewhere,
    Nothing,
}

/// Finds the operation of a request. `path` begins with `/api/`.
pub(super) fn find(operations: &'static [&'static [Operation]], method: &str, path: &str) -> Found {
    let mut parts: Vec<&str> = path.split('/').skip(2).collect();
    let mut customer = None;
    let mut scope = Scope::Own;
    if parts.len() > 2 && parts[0] == "managed_users" {
        customer = Some(parts[1].to_owned());
        parts.drain(..2);
        scope = Scope::Customer;
    }
    if let ["managed_users", one] = parts[..] {
        customer = Some(one.to_owned());
    }
    let mut others = Vec::new();
    for operation in operations.iter().flat_map(|some| some.iter()) {
        if operation.scope != Scope::Both && operation.scope != scope {
            continue;
        }
        let Some(numbers) = matched(operation.path, &parts) else {
            continue;
        };
        if operation.method.as_str() == method {
            return Found::Operation {
                operation,
                customer,
                numbers,
            };
        }
        others.push(operation.method.as_str());
    }
    let is_elsewhere = documented::is_elsewhere(method, &parts);
    match (others.is_empty(), is_elsewhere) {
        (true, true) => Found::Elsewhere,
        (true, false) => Found::Nothing,
        // Whoever knows a path is told what can be done with it.
        (false, _) => {
            if others.contains(&"GET") {
                others.push("HEAD");
            }
            others.sort_unstable();
            Found::OtherMethods(others)
        }
    }
}

fn matched(pattern: &str, parts: &[&str]) -> Option<Vec<u64>> {
    let pattern: Vec<&str> = pattern.split('/').skip(1).collect();
    if pattern.len() != parts.len() {
        return None;
    }
    let mut numbers = Vec::new();
    for (wanted, part) in pattern.iter().zip(parts) {
        if *wanted == "{managed_user_id}" {
            continue;
        }
        if wanted.starts_with('{') {
            numbers.push(number(part)?);
        } else if wanted != part {
            return None;
        }
    }
    Some(numbers)
}
