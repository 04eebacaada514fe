//! Connectors' sources: what is wrong with one, and what recipes can use of it.

use std::collections::BTreeMap;

use crate::connector_source::{Interface, InterfaceError};
use crate::model::finding::Severity;
use crate::model::ident::Digest;
use crate::ops::diagnostics::{Diagnostic, excerpt};
use crate::plan::sharing::consequences::InterfaceUnknown;
use crate::workspace::{Workspace, WorkspaceError};

/// What is wrong with a source, in its place. `file` is what it is called.
pub fn finding(
    file: &str,
    source: &[u8],
    error: &InterfaceError,
    severity: Severity,
) -> Diagnostic {
    let place = error.place();
    let text = String::from_utf8_lossy(source);
    // The place is told beside the message.
    let message = error.to_string();
    let message = place
        .and_then(|place| message.strip_prefix(&format!("{place}: ")))
        .unwrap_or(&message);
    Diagnostic {
        code: "connector-source".to_owned(),
        severity,
        message: message.to_owned(),
        file: Some(file.to_owned()),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
        path: None,
        connector: None,
        notes: Vec::new(),
        help: error.help(),
        fingerprint: None,
        more: None,
        excerpt: place.map(|place| excerpt(&text, place)),
        opens: None,
    }
}

/// The interfaces of sources that a workspace holds, each read once.
#[derive(Debug, Default)]
pub(in crate::ops) struct Interfaces(BTreeMap<Digest, Result<Interface, InterfaceUnknown>>);

impl Interfaces {
    /// Reads a source, unless it was.
    pub(in crate::ops) fn read(
        &mut self,
        workspace: &dyn Workspace,
        code: Digest,
    ) -> Result<(), WorkspaceError> {
        if self.0.contains_key(&code) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        workspace.content(&code, &mut bytes)?;
        let read = Interface::read(&bytes)
            .map_err(|error| InterfaceUnknown::Unreadable(error.to_string()));
        self.0.insert(code, read);
        Ok(())
    }

    /// What was read, or why it could not be.
    pub(in crate::ops) fn get(&self, code: &Digest) -> Result<&Interface, InterfaceUnknown> {
        match self.0.get(code) {
            Some(Ok(interface)) => Ok(interface),
            Some(Err(why)) => Err(why.clone()),
            None => Err(InterfaceUnknown::NoCode),
        }
    }
}
