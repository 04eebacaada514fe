//! What a client has to be told: where, with which token, how patiently.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::base::ApiBase;
use super::limits::Limits;
use super::tally::Tally;

/// A token and where it came from.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token itself. It is never printed.
    pub secret: SecretString,
    /// Where it was found, in words for people: `WORKATO_API_TOKEN`, `profile acme`.
    pub source: String,
}

/// A proxy on the way.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its address: `http://proxy.example:3128`, with a name and password if it wants them.
    pub url: String,
    /// Hosts that are spoken to without it: `localhost`, `.example.com`, `*`.
    pub not_for: Vec<String>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        f.debug_struct("Proxy")
            .field("not_for", &self.not_for)
            .finish_non_exhaustive()
    }
}

/// Something that is worth knowing, though it ends nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A question was sent.
    Sent,
    /// Requests are not counted together with those of other processes.
    Alone {
        /// Why.
        why: String,
    },
    /// A record of a list has no name or title, so nothing can be matched with it. It is left out.
    Nameless {
        /// The list: method, path and host.
        list: String,
        /// The record's number.
        id: u64,
        /// What it lacks.
        key: &'static str,
    },
}

/// Hears of what happens on the way.
#[derive(Clone, Default)]
pub struct Notices(Option<Arc<Listener>>);

type Listener = dyn Fn(&Notice) + Send + Sync;

impl Notices {
    /// Tells this function.
    pub fn to(listener: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(super) fn tell(&self, notice: &Notice) {
        if let Some(listener) = &self.0 {
            listener(notice);
        }
    }
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Notices").field(&self.0.is_some()).finish()
    }
}

/// How to speak to the platform.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is.
    pub base: ApiBase,
    /// Who asks.
    pub token: Token,
    /// Certificates that are trusted instead of Mozilla's, in a PEM file: for proxies that look into
    /// what passes, and for platforms on hosts of their own. Checks can't be switched off.
    pub ca: Option<PathBuf>,
    /// The proxy, if there is one. Nothing is taken from the environment.
    pub proxy: Option<Proxy>,
    /// How often is asked.
    pub limits: Limits,
    /// Where requests are counted together with those of other processes.
    pub tally: Option<Arc<dyn Tally>>,
    /// How long an answer may take.
    pub timeouts: Timeouts,
    /// What is tried again.
    pub retries: Retries,
    /// Who hears of what happens on the way.
    pub notices: Notices,
}

impl Settings {
    /// Those that suit the platform, without proxy and certificates of one's own.
    pub fn new(base: ApiBase, token: Token) -> Self {
        Self {
            base,
            token,
            ca: None,
            proxy: None,
            limits: Limits::default(),
            tally: None,
            timeouts: Timeouts::default(),
            retries: Retries::default(),
            notices: Notices::default(),
        }
    }
}

const fn count(requests: u32) -> NonZeroU32 {
    match NonZeroU32::new(requests) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection, TLS included.
    pub connect: Duration,
    /// From the first byte sent to the last byte received, connecting included. Of a package that is
    /// fetched, the next bytes have to come within this time.
    pub request: Duration,
    /// Packages are given this much more time for each megabyte that they have.
    pub per_megabyte: Duration,
}

impl Default for Timeouts {
    /// The slowest line that a package is waited for carries 128 kB a second.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(60),
            per_megabyte: Duration::from_secs(8),
        }
    }
}

/// How often, and with which pauses, what failed for a while is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often a request is sent at most.
    pub attempts: NonZeroU32,
    /// The longest first pause; each further one may be twice as long.
    pub first: Duration,
    /// The longest pause that is made without being asked for one.
    pub longest: Duration,
    /// How long one request may take, with its attempts and pauses, before it is not sent once more.
    /// A longer pause that the platform asks for ends it at once.
    pub total: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: count(6),
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            total: Duration::from_secs(180),
        }
    }
}

/// Somebody asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Cut;

/// Sleeps, as far as nobody asks to stop.
pub trait Clock {
    /// Waits so long. With no time at all it only says whether to go on; it is asked so several
    /// times a second while an answer is waited for.
    ///
    /// # Errors
    /// As soon as somebody asks to stop.
    fn pause(&self, length: Duration) -> Result<(), Cut>;
}
