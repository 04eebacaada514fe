//! The file that `plan` writes and `import` takes: it is carried out only as it was written.

use std::sync::Arc;

use serde::Deserialize;

use super::PlanDocument;
use crate::model::seal::{Seal, SealError, seal_of, unsealed};
use crate::plan::import::document::FORMAT;

/// A file is no plan that an import may be bound to.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is no plan, or not the one that was written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A newer version of the program wrote it.
    #[error(
        "it was written by a newer version of recipack: its format is {found}, and this one knows {FORMAT}"
    )]
    Newer {
        /// Its format.
        found: u32,
    },
}

#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl PlanDocument {
    /// Reads the file that `plan` wrote.
    ///
    /// # Errors
    /// If it is none, or says something else by now.
    pub fn parse(bytes: &[u8]) -> Result<Self, PlanFileError> {
        // The format is read first: a later one may differ in everything else.
        if let Ok(Head { format }) = serde_json::from_slice(bytes)
            && format > FORMAT
        {
            return Err(PlanFileError::Newer { found: format });
        }
        let (mut document, seal) = unsealed::<Self>(bytes)?;
        match seal {
            Seal::Absent => Err(SealError::Absent.into()),
            Seal::Holds => {
                // Older formats spell keys otherwise, and say the same; plans are compared whole.
                Arc::make_mut(&mut document.plan).format = FORMAT;
                Ok(document)
            }
        }
    }

    /// The same with the digest of all that it says.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn sealed(mut self) -> Result<Self, serde_json::Error> {
        self.seal = None;
        self.seal = Some(seal_of(&self)?);
        Ok(self)
    }
}
