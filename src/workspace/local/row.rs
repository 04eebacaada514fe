//! Values as columns, and back.

use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::ident::Digest;
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    AssetPlace, Authorization, FolderPath, HeldState, PropertyKey, RecipeState,
};
use crate::workspace::WorkspaceError;
use crate::workspace::local::error::Doing;

/// Stands for the workspace as a whole where a folder's path stands else.
const WORKSPACE: &str = "/";

pub(super) fn place(place: &AssetPlace) -> &str {
    match place {
        AssetPlace::Workspace => WORKSPACE,
        AssetPlace::Folder(folder) => folder.as_str(),
    }
}

/// The project of a property, or the workspace as a whole.
pub(super) fn project(key: &PropertyKey) -> &str {
    key.project.as_ref().map_or(WORKSPACE, FolderPath::as_str)
}

pub(super) fn place_of(text: &str, doing: &Doing) -> Result<AssetPlace, WorkspaceError> {
    if text == WORKSPACE {
        return Ok(AssetPlace::Workspace);
    }
    let folder = text
        .parse()
        .map_err(|error| doing.damaged(format!("{error}")))?;
    Ok(AssetPlace::Folder(folder))
}

pub(super) const fn state(state: HeldState) -> i64 {
    match state {
        HeldState::Recipe(RecipeState::Running)
        | HeldState::Connection(Authorization::Authorized) => 1,
        HeldState::Recipe(RecipeState::Stopped)
        | HeldState::Connection(Authorization::Placeholder)
        | HeldState::Plain => 0,
    }
}

pub(super) fn state_of(kind: &AssetKind, number: i64) -> HeldState {
    match (HeldState::of_new(kind), number) {
        (HeldState::Recipe(_), 1) => HeldState::Recipe(RecipeState::Running),
        (HeldState::Connection(_), 1) => HeldState::Connection(Authorization::Authorized),
        (state, _) => state,
    }
}

pub(super) fn digest(bytes: &[u8], doing: &Doing) -> Result<Digest, WorkspaceError> {
    let bytes: [u8; 32] = bytes
        .try_into()
        .map_err(|_| doing.damaged("a digest is not 32 bytes long"))?;
    Ok(Digest::from_bytes(bytes))
}

/// How many bytes of its digest a value ends with.
const SEAL: usize = 8;

/// A value as its bytes.
pub(super) fn plain<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain values can be written")
}

/// A value as its bytes and the beginning of their digest.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    sealed(plain(value))
}

/// Bytes with the beginning of their digest.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Digest::of(&bytes);
    bytes.extend_from_slice(&digest.as_bytes()[..SEAL]);
    bytes
}

pub(super) fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    doing: &Doing,
) -> Result<T, WorkspaceError> {
    match bytes.split_last_chunk::<SEAL>() {
        Some((bytes, seal)) if Digest::of(bytes).as_bytes()[..SEAL] == *seal => {
            decode_plain(bytes, doing)
        }
        Some(_) | None => Err(doing.damaged("a body is not what was written")),
    }
}

/// The same of what formats before 4 wrote.
pub(super) fn decode_plain<T: DeserializeOwned>(
    bytes: &[u8],
    doing: &Doing,
) -> Result<T, WorkspaceError> {
    postcard::from_bytes(bytes).map_err(|error| doing.damaged(error.to_string()))
}

/// A text column as one of the checked types.
pub(super) fn parsed<T>(text: &str, doing: &Doing) -> Result<T, WorkspaceError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| doing.damaged(error.to_string()))
}

/// A whole number that is never negative.
pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// The same where none may stand.
pub(super) fn some_number(row: &Row<'_>, column: usize) -> Result<Option<u64>, rusqlite::Error> {
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    number(row, column).map(Some)
}

/// The same for a column.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
