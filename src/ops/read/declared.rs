//! Where a project begins, by what a client's settings say.

use std::path::{Component, Path};

use super::OpenError;
use crate::source::SourceError;
use crate::source::ignored::{WORKATOENV, workatoenv};

/// The project that the workspace's `.workatoenv` in a folder names (platform.md §12).
pub(super) fn declared(folder: &Path) -> Result<Option<String>, OpenError> {
    let unreadable = |source| {
        OpenError::Source(SourceError::Io {
            path: folder.join(WORKATOENV),
            source,
        })
    };
    let env = workatoenv(folder).map_err(unreadable)?;
    let Some(said) = env
        .and_then(|env| env.project_path)
        .filter(|said| !said.is_empty())
    else {
        return Ok(None);
    };
    let wrong = |reason| {
        Err(OpenError::ProjectPath {
            path: folder.join(WORKATOENV).display().to_string(),
            said: said.clone(),
            reason,
        })
    };
    let mut parts = Vec::new();
    for part in Path::new(&said).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return wrong("which lies outside of its folder");
            }
        }
    }
    let root = parts.join("/");
    if root.is_empty() {
        return Ok(None);
    }
    match folder.join(&root).canonicalize() {
        // A link in it could lead anywhere.
        Ok(found)
            if folder
                .canonicalize()
                .is_ok_and(|folder| found.starts_with(folder)) =>
        {
            match found.is_dir() {
                true => Ok(Some(root)),
                false => wrong("which is not a folder"),
            }
        }
        Ok(_) => wrong("which lies outside of its folder"),
        Err(_) => wrong("which is not there"),
    }
}
