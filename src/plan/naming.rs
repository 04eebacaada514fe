//! What a workspace calls a connector that is created in it.

use std::collections::BTreeSet;

use crate::model::ident::{ConnectorTitle, InternalName, is_word};
use crate::model::workspace::{Timestamp, WorkspaceId};

/// Gives internal names to the connectors that are created in a workspace now (platform.md §5.6).
/// Those that are created together differ in their second, and from those that are there.
#[derive(Debug)]
pub struct NewNames {
    workspace: WorkspaceId,
    /// No earlier second is free.
    second: u64,
    /// The seconds of names that are there, as they are spelt.
    taken: BTreeSet<String>,
}

impl NewNames {
    /// For connectors that are created at `at`, where others have names already.
    pub fn new<'n>(
        workspace: WorkspaceId,
        there: impl IntoIterator<Item = &'n InternalName>,
        at: Timestamp,
    ) -> Self {
        let seconds = there
            .into_iter()
            .filter_map(|name| Some(name.as_str().rsplit_once('_')?.1.to_owned()));
        Self {
            workspace,
            second: at.0,
            taken: seconds.collect(),
        }
    }

    /// The name of the next one.
    pub fn name(&mut self, title: Option<&ConnectorTitle>) -> InternalName {
        let slug = title.map_or_else(|| "connector".to_owned(), ConnectorTitle::slug);
        let slug: String = slug.chars().filter(|c| is_word(*c)).collect();
        loop {
            let second = self.second;
            self.second = second.saturating_add(1);
            if self.taken.contains(&second.to_string()) {
                continue;
            }
            let name = format!("{slug}_connector_{}_{second}", self.workspace);
            if let Ok(name) = name.parse() {
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_in_their_second_from_all_others() {
        let there: Vec<InternalName> = ["a_connector_1_1700000001", "b_connector_9_1700000002"]
            .iter()
            .map(|name| name.parse().expect("a name"))
            .collect();
        let mut names = NewNames::new(WorkspaceId(7), &there, Timestamp(1_700_000_000));
        let title: ConnectorTitle = "Parcel Tracker".parse().expect("a title");
        let given: Vec<String> = (0..3)
            .map(|_| names.name(Some(&title)).to_string())
            .collect();
        assert_eq!(
            given,
            [
                "parcel_tracker_connector_7_1700000000",
                "parcel_tracker_connector_7_1700000003",
                "parcel_tracker_connector_7_1700000004",
            ]
        );
        assert_eq!(
            names.name(None).as_str(),
            "connector_connector_7_1700000005"
        );
    }
}
