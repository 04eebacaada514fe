//! Contents in pieces, each with a digest of its own.

use std::io::{Read, Write};

use sha2::{Digest as _, Sha256};

use super::{LedgerError, PIECE};
use crate::model::ident::Digest;

/// What a content was cut into.
#[derive(Debug)]
pub(super) struct Cut {
    /// Its size in bytes.
    pub(super) size: u64,
    /// The digests of its pieces, in their order.
    pub(super) pieces: Vec<Digest>,
}

/// Cuts a content into pieces and hands each over.
///
/// # Errors
/// If it can't be read, has another digest in the end, or a piece is not taken.
pub(super) fn cut(
    digest: &Digest,
    bytes: &mut dyn Read,
    mut keep: impl FnMut(&Digest, &[u8]) -> Result<(), LedgerError>,
) -> Result<Cut, LedgerError> {
    let mut all = Sha256::new();
    let mut cut = Cut {
        size: 0,
        pieces: Vec::new(),
    };
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        let read = (&mut *bytes).take(PIECE as u64).read_to_end(&mut piece);
        read.map_err(|error| LedgerError::Failed(error.into()))?;
        if piece.is_empty() {
            break;
        }
        all.update(&piece);
        let of_piece = Digest::of(&piece);
        keep(&of_piece, &piece)?;
        cut.size += piece.len() as u64;
        cut.pieces.push(of_piece);
    }
    match Digest::from_bytes(all.finalize().into()) == *digest {
        true => Ok(cut),
        false => Err(LedgerError::Damaged(*digest)),
    }
}

/// Puts the pieces of a content together again.
#[derive(Debug)]
pub(super) struct Joined<'j> {
    digest: &'j Digest,
    all: Sha256,
}

impl<'j> Joined<'j> {
    pub(super) fn new(digest: &'j Digest) -> Self {
        Self {
            digest,
            all: Sha256::new(),
        }
    }

    /// Writes a piece, if it is what it was.
    pub(super) fn add(
        &mut self,
        of_piece: &[u8],
        piece: &[u8],
        into: &mut dyn Write,
    ) -> Result<(), LedgerError> {
        if Digest::of(piece).as_bytes().as_slice() != of_piece {
            return Err(LedgerError::Damaged(*self.digest));
        }
        self.all.update(piece);
        let written = into.write_all(piece);
        written.map_err(|error| LedgerError::Failed(error.into()))
    }

    /// Whether all of it was there.
    pub(super) fn end(self) -> Result<(), LedgerError> {
        match Digest::from_bytes(self.all.finalize().into()) == *self.digest {
            true => Ok(()),
            false => Err(LedgerError::Damaged(*self.digest)),
        }
    }
}
