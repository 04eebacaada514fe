//! Who somebody is to a registry. Where that is kept is not known here.

use secrecy::SecretString;

/// What proves who somebody is.
#[derive(Clone, Debug)]
pub enum Secret {
    /// A password, or a token that is used like one.
    Password {
        /// The name that belongs to it.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token that is exchanged for others.
    Identity(SecretString),
}

/// A login, and where it is from.
#[derive(Clone, Debug)]
pub struct Login {
    /// The file or the program, in words for people.
    pub source: String,
    /// The secret.
    pub secret: Secret,
}

/// A login that can't be had.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub struct LoginError {
    /// The file or the program.
    pub place: String,
    /// Why.
    pub why: String,
}

/// Where logins are kept.
pub trait Logins {
    /// The login for a registry's host, if there is one.
    ///
    /// # Errors
    /// If it can't be had.
    fn login(&self, host: &str) -> Result<Option<Login>, LoginError>;
}
