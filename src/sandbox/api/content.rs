//! What a request makes of a single asset.

use std::collections::BTreeMap;

use thin_vec::{ThinVec, thin_vec};

use serde_json::Value;

use super::super::reply::Reply;
use super::super::route::{Asked, failed};
use crate::model::ident::Digest;
use crate::model::workspace::{Binding, Body, StoredFile, WorkspaceAsset};
use crate::plan::commit::Commit;
use crate::workspace::local::LocalWorkspace;
use crate::workspace::{ContentError, Contents, Encoded, Encoding, Workspace as _};

/// The JSON of an asset as a request makes it.
pub(super) struct Written {
    digest: Digest,
    bytes: Vec<u8>,
}

impl Written {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            digest: Digest::of(&bytes),
            bytes,
        }
    }

    /// The version of an asset that has it. No package brought it.
    pub(super) fn body(&self, bindings: ThinVec<Binding>, providers: ThinVec<String>) -> Body {
        Body {
            files: thin_vec![StoredFile {
                extension: "json".to_owned(),
                content: self.digest,
                size: self.bytes.len() as u64,
            }],
            origin: self.digest,
            renames: BTreeMap::new(),
            bindings,
            providers,
        }
    }

    /// Carries out a commit that holds nothing else.
    pub(super) fn commit(mut self, asked: &Asked<'_>, commit: &Commit) -> Result<(), Reply> {
        let done = asked.opened()?.commit(commit, &mut self);
        done.map(drop).map_err(|error| failed(&error))
    }
}

impl Contents for Written {
    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        match *digest == self.digest {
            true => Ok(Encoded {
                encoding: Encoding::Plain,
                bytes: &self.bytes,
                size: self.bytes.len() as u64,
            }),
            false => Err(ContentError {
                digest: *digest,
                source: "it is none of the asset's".into(),
            }),
        }
    }
}

/// The JSON that a workspace holds of an asset; none if it has no file.
pub(super) fn read(workspace: &LocalWorkspace, asset: &WorkspaceAsset) -> Result<Vec<u8>, Reply> {
    let mut bytes = Vec::new();
    if let Some(main) = asset.body.files.first() {
        workspace
            .content(&main.content, &mut bytes)
            .map_err(|error| failed(&error))?;
    }
    Ok(bytes)
}

/// The JSON that a workspace holds of an asset, as a value; null if it has no file.
pub(super) fn document(workspace: &LocalWorkspace, asset: &WorkspaceAsset) -> Result<Value, Reply> {
    let bytes = read(workspace, asset)?;
    match asset.body.files.is_empty() {
        true => Ok(Value::Null),
        false => parsed(&bytes),
    }
}

/// JSON that a workspace holds. What can't be read is told: that it says nothing would be an answer.
pub(super) fn parsed(bytes: &[u8]) -> Result<Value, Reply> {
    serde_json::from_slice(bytes).map_err(|error| failed(&error))
}
