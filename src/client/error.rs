//! What can go wrong with a request.

/// A request did not give what was asked for. No message holds the token.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The token is not accepted, or may not do this.
    #[error("{host} does not accept the token for {what}: {told}")]
    Unauthorised {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// The status, and what the platform said.
        told: String,
    },
    /// There is no such thing.
    #[error("{host} knows nothing of {what}: {told}")]
    NotFound {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// The status, and what the platform said.
        told: String,
    },
    /// The platform understood, and says no.
    #[error("{host} refused {what}: {told}")]
    Refused {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// The status, and what the platform said.
        told: String,
    },
    /// Too many requests, even after waiting.
    #[error("{host} takes no more requests for now: {what}: {told}")]
    RateLimited {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// The status, and what the platform said.
        told: String,
    },
    /// The platform can't be reached, or does not work.
    #[error("{host} can't be reached: {what}: {told}")]
    Unavailable {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// What happened.
        told: String,
    },
    /// A request that must not be repeated was sent, and no answer came.
    #[error("it is not known whether {host} carried out {what}: {told}")]
    Lost {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// What happened.
        told: String,
    },
    /// The answer can't be understood.
    #[error("the answer of {host} to {what} can't be understood: {told}")]
    Unreadable {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// Why not.
        told: String,
    },
    /// The answer is larger than anything that is expected.
    #[error("the answer of {host} to {what} is larger than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// Method and path.
        what: String,
        /// The most bytes that are taken.
        limit: u64,
    },
    /// A file that was to be sent, or to be written to, fails.
    #[error("can't use {path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The settings can't be used.
    #[error("{what}: {why}")]
    Settings {
        /// Which setting.
        what: String,
        /// Why not.
        why: String,
    },
    /// Somebody asked to stop.
    #[error("interrupted")]
    Cut,
}

impl ClientError {
    /// Whether the same may succeed later.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable { .. })
    }

    /// Whether the platform said no to what was asked.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NotFound { .. })
    }
}
