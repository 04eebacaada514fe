//! What goes wrong on the way to the platform and back.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::rights::right;
use super::settings::Cut;

/// A question to the platform, as errors name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestContext(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    method: &'static str,
    host: String,
    path: String,
    request_id: Option<String>,
}

impl RequestContext {
    pub(super) fn new(method: &'static str, host: String, path: String) -> Self {
        Self(Box::new(Parts {
            method,
            host,
            path,
            request_id: None,
        }))
    }

    pub(super) fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id;
        self
    }

    /// The method.
    pub const fn method(&self) -> &'static str {
        self.0.method
    }

    /// The host, with its port if that is not the usual one.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The path, without what follows a `?`: signed addresses are as good as a password.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The number that the platform gave the question (`X-Request-Id`), for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
}

impl fmt::Display for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts {
            method,
            host,
            path,
            request_id,
        } = &*self.0;
        write!(f, "{method} {path} at {host}")?;
        match request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

/// What the platform says about one field of what it was sent (platform.md §1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field; empty where it says something about the whole.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.field, self.reason)
        }
    }
}

/// Why there is no answer to build on.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The token is not taken, or may not do this (401, 403).
    #[error("{at}: the platform answers {status} to the token from {token}{}", after(message.as_deref()))]
    Unauthorised {
        /// The question.
        at: RequestContext,
        /// 401 or 403.
        status: u16,
        /// Where the token came from.
        token: String,
        /// What the platform says.
        message: Option<String>,
    },
    /// Something between here and the platform does not let the question through: it answers with a
    /// page, which the platform does not, or wants to know who asks.
    #[error(
        "{at}: something on the way answers {status} with a page; that is not the platform's own answer"
    )]
    Barred {
        /// The question.
        at: RequestContext,
        /// 401, 403 or 407.
        status: u16,
    },
    /// There is nothing of that name or number (404).
    #[error("{at}: there is no such thing{}", after(message.as_deref()))]
    NotFound {
        /// The question.
        at: RequestContext,
        /// What the platform says.
        message: Option<String>,
    },
    /// The platform understood and will not (400, 409, 422 and the like, or 200 with
    /// `success: false`).
    #[error("{at}: refused ({status}){}{}", after(message.as_deref()), listed(fields))]
    Refused {
        /// The question.
        at: RequestContext,
        /// The status.
        status: u16,
        /// What the platform says.
        message: Option<String>,
        /// What it says about single fields.
        fields: Vec<FieldError>,
    },
    /// Too many questions, even after waiting (429).
    #[error("{at}: too many requests{}", asked(*wait))]
    RateLimited {
        /// The question.
        at: RequestContext,
        /// How long the platform asks to wait.
        wait: Option<Duration>,
    },
    /// The platform can't be reached or can't answer now, even when asked several times. Nothing was
    /// changed by what was sent.
    #[error("{at}: no answer{}", tried(*attempts))]
    Unavailable {
        /// The question.
        at: RequestContext,
        /// How often it was asked.
        attempts: u32,
        /// Why, the last time.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The question was sent and its answer was lost. Whether the platform did it is not known, and
    /// asking again might do it twice.
    #[error("{at}: the answer was lost, so it is not known whether the platform did it: {what}")]
    Lost {
        /// The question.
        at: RequestContext,
        /// What the platform was to do.
        what: String,
        /// How the answer was lost.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is none that is known.
    #[error("{at}: the answer ({status}) is not understood: {expected}; it begins with `{found}`")]
    Unreadable {
        /// The question.
        at: RequestContext,
        /// The status.
        status: u16,
        /// What is missing in it.
        expected: String,
        /// Its first bytes, made harmless.
        found: String,
    },
    /// The answer is larger than it may be.
    #[error("{at}: the answer has more than {limit} bytes")]
    TooLarge {
        /// The question.
        at: RequestContext,
        /// How many it may have.
        limit: u64,
    },
    /// The answer leads somewhere where nothing is fetched from.
    #[error("{at}: the answer leads to {to}, which is not followed: {reason}")]
    Diverted {
        /// The question.
        at: RequestContext,
        /// Scheme, host and path that it leads to.
        to: String,
        /// Why it is not followed.
        reason: &'static str,
    },
    /// The platform has nothing to download for this job.
    #[error("{at}: there is nothing to download: {reason}")]
    NoPackage {
        /// The question.
        at: RequestContext,
        /// Why.
        reason: String,
    },
    /// The package to send can't be read.
    #[error("can't read {}", path.display())]
    Package {
        /// The package.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What was fetched can't be kept.
    #[error("can't write what was fetched")]
    Keep(#[source] io::Error),
    /// The settings can't be used.
    #[error("{what}")]
    Settings {
        /// What is wrong with them.
        what: String,
        /// Why.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Somebody asked to stop. Nothing was changed by what was being sent.
    #[error(transparent)]
    Cut(#[from] Cut),
}

fn after(message: Option<&str>) -> String {
    message.map_or_else(String::new, |message| format!(": {message}"))
}

fn listed(fields: &[FieldError]) -> String {
    fields.iter().map(|field| format!("; {field}")).collect()
}

fn asked(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| {
        format!("; the platform asks to wait {} s", wait.as_secs())
    })
}

fn tried(attempts: u32) -> String {
    match attempts {
        0 | 1 => String::new(),
        more => format!(" after {more} attempts"),
    }
}

impl ClientError {
    /// The same, where the platform was to change something and answered in good faith, and nothing
    /// can be made of the answer: it may have done `what` all the same.
    pub(super) fn after_a_change(self, what: &str) -> Self {
        match &self {
            Self::Unreadable { at, .. }
            | Self::TooLarge { at, .. }
            | Self::Diverted { at, .. }
            | Self::NoPackage { at, .. } => Self::Lost {
                at: at.clone(),
                what: what.to_owned(),
                source: Box::new(self),
            },
            Self::Unauthorised { .. }
            | Self::Barred { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::Lost { .. }
            | Self::Package { .. }
            | Self::Keep(_)
            | Self::Settings { .. }
            | Self::Cut(_) => self,
        }
    }

    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Unauthorised {
                status: 403, at, ..
            } => format!(
                "give the token's API client the right to {}, or use another token",
                right(at.method(), at.path())
            ),
            Self::Unauthorised { at, .. } => format!(
                "see to it that the token is one of {} and was not revoked: tokens belong to one data center",
                at.host()
            ),
            Self::Barred { at, .. } => format!(
                "the token was not judged: see to it that {} may be asked from here (proxy, firewall, list of allowed addresses), and that it is the platform",
                at.host()
            ),
            Self::NotFound { .. } => {
                "look at what is there; it may have been deleted, or belong to another workspace"
                    .to_owned()
            }
            Self::RateLimited {
                wait: Some(wait), ..
            } => {
                format!("repeat the command in {} s", wait.as_secs())
            }
            Self::RateLimited { .. } => "repeat the command in a minute".to_owned(),
            Self::Unavailable { at, .. } => {
                format!(
                    "nothing was changed; repeat the command, and see to it that {} can be reached",
                    at.host()
                )
            }
            Self::Lost { .. } => "look whether it is done before it is asked for again".to_owned(),
            Self::Unreadable { at, .. } => {
                format!(
                    "see to it that {} is the platform; report this if it is",
                    at.host()
                )
            }
            Self::TooLarge { .. } => return None,
            Self::Diverted { at, .. } => {
                format!("see to it that {} is the platform's own host", at.host())
            }
            Self::NoPackage { .. } => "export again".to_owned(),
            Self::Refused { .. }
            | Self::Package { .. }
            | Self::Keep(_)
            | Self::Settings { .. }
            | Self::Cut(_) => return None,
        })
    }
}
