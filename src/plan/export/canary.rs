//! A package in which a shared connector is tried as a connector of its own, beside the shared one:
//! what the rule does when it leaves a connector out, done backwards, under other names.
//!
//! A connection belongs to one connector, and an import leaves a connection alone that is there
//! (platform.md §6). So the connection has another name, too, and the one of the shared connector stays
//! as it is: whoever goes back needs no new authorization.
//!
//! [`Canary::splices`] gives the assets other names; that the connection then names a connector's file,
//! and recipes carry the mark of one, is the rule's work.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rewrite::{Rewritten, rename_providers};
use crate::json::{Dialect, Document, Node, NodeKind, Splice, quote};
use crate::model::facts::ConnectionProvider;
use crate::model::ident::{ConnectorTitle, InternalName, NameError};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::{Asset, Project};

/// What stands behind the title of the shared connector, and behind the names of its connections.
pub const MARK: &str = " (canary)";
/// What stands before `_connector_` in the internal name.
const INFIX: &str = "_canary";

/// A connector that is tried beside the shared one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CanaryNames {
    /// The shared connector's title.
    pub shared_title: ConnectorTitle,
    /// The name by which recipes spell the shared one.
    pub shared_name: InternalName,
    /// The title of the one that is tried: the same for each version, so that its connection is
    /// authorized once.
    pub title: ConnectorTitle,
    /// The name by which recipes of the package spell it; each workspace gives it one of its own.
    pub name: InternalName,
}

impl CanaryNames {
    /// The names for the canary of a shared connector.
    ///
    /// # Errors
    /// If the title with the mark behind it is none.
    pub fn of(shared_title: &ConnectorTitle, shared: &InternalName) -> Result<Self, NameError> {
        let text = shared.as_str();
        let name = match text.rfind("_connector_") {
            Some(at) => format!("{}{INFIX}{}", &text[..at], &text[at..]),
            None => format!("{text}{INFIX}"),
        };
        Ok(Self {
            shared_title: shared_title.clone(),
            shared_name: shared.clone(),
            title: format!("{shared_title}{MARK}").parse()?,
            name: name.parse()?,
        })
    }
}

/// Which way names change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the shared connector to the canary.
    Forth,
    /// From the canary to the shared connector.
    Back,
}

/// A connection of the shared connector that becomes another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CanaryConnection {
    /// Where it lies in the package.
    pub path: PackagePath,
    /// What it is called.
    pub name: String,
    /// What the one of the canary is called.
    pub canary: String,
}

/// What becomes of the assets of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary<'n> {
    names: &'n CanaryNames,
    connections: BTreeMap<PackagePath, CanaryConnection>,
}

/// A package can't have a canary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanaryError {
    /// The connector's own files are in the package.
    #[error("`{path}` is in the package: the connector is not left out of it, as a shared one is")]
    Packed {
        /// Its JSON.
        path: PackagePath,
    },
    /// A recipe uses it through a connection that none of the packages has.
    #[error(
        "recipe `{recipe}` uses the connection `{connection}`, which is in none of the packages: what it is like is not known"
    )]
    ConnectionElsewhere {
        /// The recipe.
        recipe: PackagePath,
        /// Where the connection would lie.
        connection: String,
    },
    /// A connection of the canary's name is in the package.
    #[error("two connections would be called \"{name}\" in one folder: `{path}` is called so")]
    ConnectionTaken {
        /// Where the other one lies.
        path: PackagePath,
        /// Its name.
        name: String,
    },
}

/// The connections of the shared connector in a package.
pub fn connections(names: &CanaryNames, project: &Project) -> Vec<CanaryConnection> {
    let connections = project.of_kind(&AssetKind::Connection);
    let own = connections.filter(|(_, asset)| {
        asset.facts.connection().is_some_and(|connection| {
            let provider = &connection.provider;
            matches!(provider, ConnectionProvider::Named(name) if **name == *names.shared_name.as_str())
        })
    });
    let canary = |(_, asset): (usize, &Asset)| CanaryConnection {
        path: asset.path.clone(),
        name: asset.name().to_owned(),
        canary: format!("{}{MARK}", asset.name()),
    };
    own.map(canary).collect()
}

/// Whether an asset names the shared connector.
pub fn uses(names: &CanaryNames, asset: &Asset) -> bool {
    asset.facts.internal_names.contains(&names.shared_name)
}

impl<'n> Canary<'n> {
    /// What becomes of these connections, of all packages of a roll-out, and of what names them.
    pub fn new(
        names: &'n CanaryNames,
        connections: impl IntoIterator<Item = CanaryConnection>,
    ) -> Self {
        let connections = connections.into_iter();
        Self {
            names,
            connections: connections.map(|one| (one.path.clone(), one)).collect(),
        }
    }

    /// The connections.
    pub fn connections(&self) -> impl Iterator<Item = &CanaryConnection> {
        self.connections.values()
    }

    /// Whether a connection of the connector lies here.
    pub fn has(&self, path: &PackagePath) -> bool {
        self.connections.contains_key(path)
    }

    /// Whether an asset is one of the connections, or names one.
    pub fn concerns(&self, asset: &Asset) -> bool {
        let mut references = asset.facts.references.iter();
        let named = references.any(|reference| {
            let target = reference.target.parse::<PackagePath>();
            target.is_ok_and(|path| self.has(&path))
        });
        named || self.has(&asset.path)
    }

    /// Whether a package can have the canary.
    ///
    /// # Errors
    /// Why it can't.
    pub fn check(&self, project: &Project) -> Result<(), CanaryError> {
        for (_, asset) in project.of_kind(&AssetKind::CustomAdapter) {
            if [&self.names.shared_title, &self.names.title]
                .iter()
                .any(|title| title.as_str() == asset.name())
            {
                let path = asset.path.clone();
                return Err(CanaryError::Packed { path });
            }
        }
        let taken: BTreeSet<(&str, &str)> = self
            .connections
            .values()
            .map(|one| (one.path.folder(), one.canary.as_str()))
            .collect();
        for (_, asset) in project.of_kind(&AssetKind::Connection) {
            if taken.contains(&(asset.path.folder(), asset.name())) {
                return Err(CanaryError::ConnectionTaken {
                    path: asset.path.clone(),
                    name: asset.name().to_owned(),
                });
            }
        }
        for (_, asset) in project.of_kind(&AssetKind::Recipe) {
            let config = asset.facts.recipe().into_iter().flat_map(|r| &r.config);
            let own = config.filter(|entry| *entry.provider == *self.names.shared_name.as_str());
            let accounts = own.filter_map(|entry| asset.facts.references.get(entry.account?));
            for account in accounts {
                let known = account.target.parse::<PackagePath>();
                if !known.is_ok_and(|path| self.connections.contains_key(&path)) {
                    return Err(CanaryError::ConnectionElsewhere {
                        recipe: asset.path.clone(),
                        connection: account.target.to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    /// The spans of an asset's JSON that change: the internal name, where it names a provider, the names
    /// of connections, and those by which references call them. Nothing else does.
    pub fn splices(&self, path: &PackagePath, document: Document<'_>, way: Way) -> Rewritten {
        let (from, to) = match way {
            Way::Forth => (&self.names.shared_name, &self.names.name),
            Way::Back => (&self.names.name, &self.names.shared_name),
        };
        let renames = BTreeMap::from([(from.clone(), to.clone())]);
        let mut out = rename_providers(document, &renames);
        let dialect = Dialect::of(document);
        if let Some(own) = self.connections.get(path)
            && let Some(name) = document.root().get("name")
        {
            call(own, name, dialect, way, &mut out);
        }
        self.references(document.root(), dialect, way, &mut out);
        out
    }

    fn references(&self, node: Node<'_>, dialect: Dialect, way: Way, out: &mut Rewritten) {
        match node.kind() {
            NodeKind::Object => {
                let target = node.get("zip_name").and_then(Node::text);
                let target = target.and_then(|text| text.parse::<PackagePath>().ok());
                if let Some(own) = target.and_then(|path| self.connections.get(&path))
                    && let Some(name) = node.get("name")
                {
                    call(own, name, dialect, way, out);
                }
                for (_, value) in node.members() {
                    self.references(value, dialect, way, out);
                }
            }
            NodeKind::Array => node
                .items()
                .for_each(|item| self.references(item, dialect, way, out)),
            NodeKind::String | NodeKind::Number | NodeKind::Bool | NodeKind::Null => {}
        }
    }
}

/// Gives a connection its other name, where it has the one.
fn call(own: &CanaryConnection, name: Node<'_>, dialect: Dialect, way: Way, out: &mut Rewritten) {
    let (from, to) = match way {
        Way::Forth => (&own.name, &own.canary),
        Way::Back => (&own.canary, &own.name),
    };
    if name.is(from) {
        out.splices
            .push(Splice::new(name.span(), quote(to, dialect)));
        out.edits.renamed += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Tape, apply};
    use crate::plan::export::rewrite::{ProviderRef, ProviderTarget, Rewrite};

    fn names() -> CanaryNames {
        let title = "Parcel & Co".parse().expect("a title");
        let shared = "parcel_connector_1_2".parse().expect("a name");
        CanaryNames::of(&title, &shared).expect("names")
    }

    fn path(text: &str) -> PackagePath {
        text.parse().expect("safe")
    }

    fn canary(names: &CanaryNames) -> Canary<'_> {
        let connection = CanaryConnection {
            path: path("Desk/p.connection.json"),
            name: "P \"1\"".to_owned(),
            canary: format!("P \"1\"{MARK}"),
        };
        Canary::new(names, [connection])
    }

    fn changed(splices: &mut Vec<Splice>, text: &str) -> String {
        String::from_utf8(apply(text.as_bytes(), splices)).expect("UTF-8")
    }

    /// A text of an asset after the names changed.
    fn renamed(at: &str, text: &str, way: Way) -> (String, Rewritten) {
        let names = names();
        let mut tape = Tape::default();
        let document = tape.parse(text.as_bytes()).expect("valid JSON");
        let mut out = canary(&names).splices(&path(at), document, way);
        (changed(&mut out.splices, text), out)
    }

    /// The same after the rule changed it.
    fn ruled(rewrite: &Rewrite, kind: &AssetKind, at: &str, text: &str) -> String {
        let mut tape = Tape::default();
        let document = tape.parse(text.as_bytes()).expect("valid JSON");
        let mut out = rewrite.splices(kind, &path(at), document);
        changed(&mut out.splices, text)
    }

    #[test]
    fn names_are_made_of_those_of_the_shared_connector() {
        let names = names();
        assert_eq!(names.title.as_str(), "Parcel & Co (canary)");
        assert_eq!(names.name.as_str(), "parcel_canary_connector_1_2");
        assert!(names.name.is_twin_of(&names.shared_name));
        for (shared, name) in [
            (
                "a_connector_b_connector_1_2",
                "a_connector_b_canary_connector_1_2",
            ),
            ("odd", "odd_canary"),
        ] {
            let shared = shared.parse().expect("a name");
            let title = "T".parse().expect("a title");
            let names = CanaryNames::of(&title, &shared).expect("names");
            assert_eq!(names.name.as_str(), name);
        }
    }

    const CONNECTION: &str = "{\n  \"name\": \"P \\\"1\\\"\",\n  \"provider\": \"parcel_connector_1_2\",\n  \"root_folder\": false\n}";
    const CONNECTION_WK: &str = "{\n  \"name\": \"P \\\"1\\\"\",\n  \"provider\": \"parcel_connector_1_2\",\n  \"root_folder\": false\n}\n";
    const RECIPE: &str = "{\n  \"code\": {\n    \"provider\": \"parcel_connector_1_2\",\n    \"name\": \"get\",\n    \"input\": {\n      \"a\": \"=_dp('{\\\"provider\\\":\\\"parcel_connector_1_2\\\",\\\"line\\\":\\\"1\\\"}')\",\n      \"b\": \"#{_('data.parcel_connector_1_2.9f.id')} & P \\\"1\\\"\"\n    }\n  },\n  \"config\": [\n    {\n      \"provider\": \"parcel_connector_1_2\",\n      \"account_id\": {\n        \"zip_name\": \"Desk/p.connection.json\",\n        \"name\": \"P \\\"1\\\"\",\n        \"folder\": \"Desk\"\n      }\n    },\n    {\n      \"provider\": \"rest\",\n      \"account_id\": {\n        \"zip_name\": \"Desk/q.connection.json\",\n        \"name\": \"P \\\"1\\\"\",\n        \"folder\": \"Desk\"\n      }\n    }\n  ]\n}";

    /// In both dialects: what comes of an asset names the canary and nothing of the shared connector, as
    /// the platform writes a connector of its own; and on the way back it is what it was, to the byte.
    #[test]
    fn what_becomes_the_canarys_becomes_the_shared_ones_again() {
        let names = names();
        let recipe_wk = format!("{}\n", RECIPE.replace(" & P", " \\u0026 P"));
        let form = ProviderRef::Reference {
            target: path("parcel_co_canary.custom_adapter.json"),
            title: names.title.clone(),
        };
        let at = "Desk/p.connection.json";
        let put_in = Rewrite {
            providers: [(names.name.clone(), ProviderTarget::Own)].into(),
            connections: [(path(at), form)].into(),
            ..Rewrite::default()
        };
        let shared = ProviderTarget::Shared(names.name.clone());
        let leave_out = Rewrite {
            providers: [(names.name.clone(), shared)].into(),
            connections: [(path(at), ProviderRef::Name(names.name.clone()))].into(),
            ..Rewrite::default()
        };
        for (kind, at, text, counts) in [
            (AssetKind::Connection, at, CONNECTION, 2),
            (AssetKind::Connection, at, CONNECTION_WK, 2),
            (AssetKind::Recipe, "Desk/r.recipe.json", RECIPE, 5),
            (AssetKind::Recipe, "Desk/r.recipe.json", &*recipe_wk, 5),
        ] {
            let (forth, done) = renamed(at, text, Way::Forth);
            assert_eq!((done.edits.renamed, done.left.len()), (counts, 0));
            let own = ruled(&put_in, &kind, at, &forth);
            assert!(!own.contains("parcel_connector_1_2"), "{own}");
            let marks = own.matches("\"custom\": true").count();
            let references = own.matches("parcel_co_canary.custom_adapter.json").count();
            let called = own.matches("(canary)").count();
            let named = own.matches("parcel_canary_connector_1_2").count();
            let expected = match kind == AssetKind::Recipe {
                true => [1, 0, 1, 4],
                // The name of its connector is a reference to the file by now.
                false => [0, 1, 2, 0],
            };
            assert_eq!([marks, references, called, named], expected, "{own}");
            let shared = ruled(&leave_out, &kind, at, &own);
            assert_eq!(renamed(at, &shared, Way::Back).0, text);
        }
    }

    #[test]
    fn what_may_mean_something_else_is_left_and_told() {
        let text = r#"{"note":"parcel_connector_1_2","name":"P \"1\""}"#;
        let (out, done) = renamed("Desk/other.connection.json", text, Way::Forth);
        assert_eq!(out, text);
        assert_eq!(done.left.len(), 1);
    }
}
