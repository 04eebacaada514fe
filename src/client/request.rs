//! A question before it is sent.

use std::fmt::Display;
use std::path::Path;

use serde_json::Value;

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether asking twice may do it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It does no harm.
    Freely,
    /// It may: it is sent again only if the platform can't have done it.
    Once,
}

/// What is sent along.
#[derive(Clone, Debug)]
pub(super) enum Load<'p> {
    Nothing,
    Json(Value),
    /// The bytes of a file.
    Package(&'p Path),
}

/// A question to the platform.
#[derive(Clone, Debug)]
pub(super) struct Request<'p> {
    pub(super) method: Method,
    /// From `/api` on; its parts are encoded.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) load: Load<'p>,
    pub(super) repeat: Repeat,
    /// What the platform is to do, for when it is not known whether it did.
    pub(super) what: String,
}

impl Request<'static> {
    fn new(method: Method, path: String, what: String, repeat: Repeat) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            load: Load::Nothing,
            repeat,
            what,
        }
    }

    pub(super) fn get(path: String) -> Self {
        Self::new(Method::Get, path, String::new(), Repeat::Freely)
    }

    pub(super) fn post(path: String, what: String) -> Self {
        Self::new(Method::Post, path, what, Repeat::Once)
    }

    pub(super) fn put(path: String, what: String) -> Self {
        Self::new(Method::Put, path, what, Repeat::Freely)
    }

    pub(super) fn delete(path: String, what: String) -> Self {
        Self::new(Method::Delete, path, what, Repeat::Freely)
    }
}

impl<'p> Request<'p> {
    pub(super) fn query(mut self, key: &'static str, value: impl Display) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    pub(super) fn json(mut self, body: Value) -> Self {
        self.load = Load::Json(body);
        self
    }

    pub(super) fn package<'q>(self, package: &'q Path) -> Request<'q>
    where
        'p: 'q,
    {
        Request {
            load: Load::Package(package),
            ..self
        }
    }

    pub(super) fn once(mut self) -> Self {
        self.repeat = Repeat::Once;
        self
    }
}
