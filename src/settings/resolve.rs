//! What of several files holds for one workspace.

use std::collections::BTreeMap;

use super::{
    ConnectionWish, EndpointWish, PropertyName, RecipeWish, Said, Scope, SettingsError,
    SettingsFile, TableWish, Value,
};
use crate::model::edits::EditsPolicy;
use crate::model::keyword::nearest;
use crate::model::workspace::FolderPath;

/// The workspace that settings are for, by all its names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// What the manifest calls the target.
    pub targets: Vec<String>,
    /// The labels that were given; of several the last counts most.
    pub labels: Vec<String>,
    /// The customer that was given; its section has to be there.
    pub customer: Option<String>,
    /// The names that the workspace has by itself; sections for them need not be there.
    pub names: Vec<String>,
}

/// What holds for a workspace, with values as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The folder that the package goes into.
    pub folder: Option<Said<FolderPath>>,
    /// What is done with tags.
    pub tags: Option<Said<String>>,
    /// Values of properties.
    pub properties: BTreeMap<PropertyName, Said<Value>>,
    /// Connections.
    pub connections: BTreeMap<String, Said<ConnectionWish>>,
    /// Tables.
    pub tables: BTreeMap<String, Said<TableWish>>,
    /// Recipes.
    pub recipes: BTreeMap<String, Said<RecipeWish>>,
    /// API endpoints.
    pub endpoints: BTreeMap<String, Said<EndpointWish>>,
    /// What becomes of what somebody changed in the workspace.
    pub edits: BTreeMap<String, Said<EditsPolicy>>,
}

impl Resolved {
    /// Takes what holds for somebody: a customer's own before a label's, a target's and what is for
    /// all; of two files the later one.
    ///
    /// # Errors
    /// If a label or a customer was given for which nothing is said: the name may be misspelled.
    pub fn of(files: &[SettingsFile], whom: &Whom) -> Result<Self, Vec<SettingsError>> {
        let known = || files.iter().flat_map(|file| &file.sections);
        let mut errors = Vec::new();
        for label in &whom.labels {
            let labels = known().filter_map(|(scope, _)| match scope {
                Scope::Label(name) => Some(name.as_str()),
                Scope::All | Scope::Target(_) | Scope::Customer(_) => None,
            });
            errors.extend(missing("label", label, labels.collect(), files));
        }
        if let Some(customer) = &whom.customer {
            let customers = known().filter_map(|(scope, _)| match scope {
                Scope::Customer(name) => Some(name.as_str()),
                Scope::All | Scope::Target(_) | Scope::Label(_) => None,
            });
            errors.extend(missing("customer", customer, customers.collect(), files));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut order = vec![Scope::All];
        order.extend(whom.targets.iter().cloned().map(Scope::Target));
        order.extend(whom.labels.iter().cloned().map(Scope::Label));
        order.extend(whom.names.iter().cloned().map(Scope::Customer));
        order.extend(whom.customer.iter().cloned().map(Scope::Customer));
        let mut resolved = Self::default();
        for scope in order {
            for (_, section) in known().filter(|(found, _)| *found == scope) {
                if section.folder.is_some() {
                    resolved.folder.clone_from(&section.folder);
                }
                if section.tags.is_some() {
                    resolved.tags.clone_from(&section.tags);
                }
                resolved.properties.extend(section.properties.clone());
                resolved.connections.extend(section.connections.clone());
                resolved.tables.extend(section.tables.clone());
                resolved.recipes.extend(section.recipes.clone());
                resolved.endpoints.extend(section.endpoints.clone());
                resolved.edits.extend(section.edits.clone());
            }
        }
        Ok(resolved)
    }
}

fn missing(
    what: &str,
    name: &str,
    known: Vec<&str>,
    files: &[SettingsFile],
) -> Option<SettingsError> {
    if known.contains(&name) {
        return None;
    }
    let file = files.first().map_or("", |file| &file.path);
    let help = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write a section [{what}s.{name}]"),
    };
    Some(SettingsError {
        file: file.to_owned(),
        line: 1,
        column: 1,
        message: format!("nothing is said for {what} `{}`", name.escape_debug()),
        help: Some(help),
    })
}
