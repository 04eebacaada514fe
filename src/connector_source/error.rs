//! Why a connector's source can't be read.

use crate::model::span::Span;

/// Why a connector's source can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceError {
    /// It is larger than the platform allows.
    #[error("the source has {size} bytes; the platform's limit is {limit}")]
    TooLarge {
        /// How many bytes it has.
        size: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The bytes are no UTF-8.
    #[error("{0}: the source is not UTF-8 text")]
    NotUtf8(Span),
    /// Reading it could take without bounds.
    #[error("{place}: {what}, which is too much to read")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// Where it becomes too much.
        place: Span,
    },
    /// It is not Ruby: the platform won't release it either.
    #[error("{place}: {reason}")]
    Syntax {
        /// The first thing that is wrong, in Ruby's words.
        reason: String,
        /// Where it is.
        place: Span,
        /// Something earlier that is never closed, which may be the cause.
        unclosed: Option<Unclosed>,
    },
    /// It is Ruby, but not the hash that a connector is.
    #[error("{place}: the source is no connector: {found}")]
    NotAConnector {
        /// What it is instead.
        found: &'static str,
        /// Where that stands.
        place: Span,
    },
    /// The system gives no thread to parse in.
    #[error("the source can't be parsed: {0}")]
    NoThread(String),
    /// What parses Ruby is not part of this build.
    #[error("this build can't read connectors' sources")]
    NotBuiltIn,
}

/// Something that is opened and not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclosed {
    /// What is missing, in Ruby's words.
    pub what: String,
    /// Where it is opened.
    pub place: Span,
}

impl InterfaceError {
    /// Where in the source it is.
    pub const fn place(&self) -> Option<&Span> {
        match self {
            Self::NotUtf8(place)
            | Self::TooMuch { place, .. }
            | Self::Syntax { place, .. }
            | Self::NotAConnector { place, .. } => Some(place),
            Self::TooLarge { .. } | Self::NoThread(_) | Self::NotBuiltIn => None,
        }
    }

    /// Whether the platform would refuse to release such a source (platform.md §1.6, §3). What is Ruby
    /// and is no connector, or too much to read here, may be all right there.
    pub const fn hinders_release(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::NotUtf8(_) | Self::Syntax { .. } => true,
            Self::TooMuch { .. }
            | Self::NotAConnector { .. }
            | Self::NoThread(_)
            | Self::NotBuiltIn => false,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotUtf8(_) => Some("save the file as UTF-8".to_owned()),
            Self::Syntax {
                unclosed: Some(Unclosed { what, place }),
                ..
            } => Some(format!("look at {place} too: {what}")),
            Self::NotAConnector { .. } => Some(
                "a connector is one hash with keys such as `connection`, `actions` and `triggers`"
                    .to_owned(),
            ),
            Self::NotBuiltIn => Some("build it with the feature `connector-source`".to_owned()),
            Self::TooLarge { .. }
            | Self::TooMuch { .. }
            | Self::Syntax { unclosed: None, .. }
            | Self::NoThread(_) => None,
        }
    }
}
