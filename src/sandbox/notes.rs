//! What the platform tells of a workspace's assets and the local platform has no place for.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::reply::Reply;
use super::route::{Asked, failed};
use crate::model::workspace::{AssetId, Timestamp};
use crate::workspace::local::Times;

/// What is noted of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// When the workspace was created that they are about: another one of its name has its own.
    of: u64,
    /// When assets were created, where a request did, and when they were changed last by one.
    times: BTreeMap<AssetId, (Option<Timestamp>, Timestamp)>,
    /// What else is known of connections.
    connections: BTreeMap<AssetId, ConnectionNotes>,
    /// Names that customers got later, by their numbers: the local platform renames nothing.
    #[serde(default)]
    customers: BTreeMap<u64, String>,
}

/// What is noted of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ConnectionNotes {
    /// What a client calls it.
    pub(super) external_id: Option<String>,
    /// The connection that it is made after.
    pub(super) parent: Option<AssetId>,
}

/// What a request did with an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Created,
    Changed,
}

impl Notes {
    /// These, if they are about the workspace that was created then.
    fn about(self, created: Timestamp) -> Self {
        match self.of == created.0 {
            true => self,
            false => Self {
                of: created.0,
                ..Self::default()
            },
        }
    }

    /// The name that a customer got later.
    pub(super) fn customer(&self, id: u64) -> Option<&str> {
        self.customers.get(&id).map(String::as_str)
    }

    pub(super) fn name_customer(&mut self, id: u64, name: String) {
        self.customers.insert(id, name);
    }

    pub(super) fn forget_customer(&mut self, id: u64) {
        self.customers.remove(&id);
    }

    pub(super) fn connection(&self, id: AssetId) -> ConnectionNotes {
        self.connections.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn set_connection(&mut self, id: AssetId, notes: ConnectionNotes) {
        self.connections.insert(id, notes);
    }

    /// The connections that are made after a connection.
    pub(super) fn children(&self, parent: AssetId) -> impl Iterator<Item = AssetId> {
        let connections = self.connections.iter();
        connections
            .filter(move |(_, notes)| notes.parent == Some(parent))
            .map(|(id, _)| *id)
    }

    pub(super) fn made(&mut self, asset: AssetId, made: Made, at: Timestamp) {
        let known = self.times.get(&asset).and_then(|(created, _)| *created);
        let created = match made {
            Made::Created => Some(at),
            Made::Changed => known,
        };
        self.times.insert(asset, (created, at));
    }

    pub(super) fn forget(&mut self, asset: AssetId) {
        self.times.remove(&asset);
        self.connections.remove(&asset);
    }

    /// Adds the times that are noted to those that the workspace tells.
    pub(super) fn add_to(&self, times: &mut Times) {
        for (asset, (created, updated)) in &self.times {
            times.note(*asset, *created, *updated);
        }
    }
}

impl Asked<'_> {
    fn created(&self) -> Result<Timestamp, Reply> {
        let times = self.opened()?.times().map_err(|error| failed(&error))?;
        Ok(times.workspace)
    }

    /// What is noted of the workspace.
    pub(super) fn notes(&self) -> Result<Notes, Reply> {
        let notes = self.sandbox.store.notes(self.workspace);
        Ok(noted(notes)?.about(self.created()?))
    }

    /// Notes something.
    pub(super) fn note(&self, change: impl FnOnce(&mut Notes)) -> Result<(), Reply> {
        let created = self.created()?;
        let store = &self.sandbox.store;
        noted(store.change_notes(self.workspace, |notes| {
            let mut notes = notes.about(created);
            change(&mut notes);
            notes
        }))
    }

    /// Notes that a request created or changed an asset.
    pub(super) fn made(&self, asset: AssetId, made: Made) -> Result<(), Reply> {
        let now = self.sandbox.now();
        self.note(|notes| notes.made(asset, made, now))
    }
}

fn noted<T>(outcome: io::Result<T>) -> Result<T, Reply> {
    outcome.map_err(|error| failed(&error))
}
