//! What a workspace calls a connector that is created in it.

use std::collections::BTreeSet;

use crate::model::ident::{ConnectorTitle, InternalName, is_word};
use crate::model::workspace::{Timestamp, WorkspaceFacts};

/// The internal name of a connector that is created now (platform.md §5.6). Connectors that are
/// created together differ in their second. The name is among those that are `taken` afterwards.
pub fn new_name(
    title: Option<&ConnectorTitle>,
    workspace: &WorkspaceFacts,
    at: Timestamp,
    taken: &mut BTreeSet<InternalName>,
) -> InternalName {
    let slug = title.map_or_else(|| "connector".to_owned(), ConnectorTitle::slug);
    let slug: String = slug.chars().filter(|c| is_word(*c)).collect();
    let mut second = at.0;
    loop {
        let later = taken.iter().any(|name| {
            name.as_str()
                .rsplit_once('_')
                .is_some_and(|(_, time)| time == second.to_string())
        });
        let name = format!("{slug}_connector_{}_{second}", workspace.id);
        match name.parse::<InternalName>() {
            Ok(name) if !later && taken.insert(name.clone()) => return name,
            Ok(_) | Err(_) => second = second.saturating_add(1),
        }
    }
}
