//! What is known of the connectors that a partner shares with its customers.

use super::Catalogue;
use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// What is said in place of a catalogue. A file of this name is `./none`.
    pub enum NoCatalogue: "word about a catalogue" {
        /// The partner shares nothing with its customers.
        None = "none",
    }
}

/// What is known of the connectors that a partner shares with its customers. That nothing is known is
/// not the same as that nothing is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SharedConnectors {
    /// Nothing: no catalogue was given.
    #[default]
    Unknown,
    /// The partner shares none, as somebody said.
    None,
    /// What a catalogue says.
    Listed(Catalogue),
}

impl SharedConnectors {
    /// The catalogue, where there is one.
    pub const fn catalogue(&self) -> Option<&Catalogue> {
        match self {
            Self::Listed(catalogue) => Some(catalogue),
            Self::Unknown | Self::None => None,
        }
    }
}
