//! What a package needs to be told in each target, as a list and as a file to fill in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PropertyLevel, SettingsError, SettingsFile};
use crate::model::facts::{ConnectionPlace, ConnectionProvider};
use crate::model::keyword::nearest;
use crate::model::kind::{AssetKind, FileRole};
use crate::model::normal::nfc;
use crate::model::project::Project;
use crate::model::table::{LookupShape, RowCount, TableRows, is_table};

/// Why settings give a table no rows that only the workspace has, and what to do.
pub const ONLY_USED: &str = "the package uses it and does not bring it";
/// See [`ONLY_USED`].
pub const BRING_TABLE: &str = "put the table into the package (its `.lookup_table.json` into the project), or take it out of the settings and fill it in the platform's pages";

/// The tables that a package uses and does not bring.
pub fn used_tables(project: &Project) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for asset in &project.assets {
        let tables = asset.facts.tables.iter();
        used.extend(tables.map(|table| nfc(&table.name).into_owned()));
        let referred = asset.facts.references.iter().filter(|reference| {
            match FileRole::of(&reference.target) {
                FileRole::Main(kind) => is_table(&kind),
                FileRole::Companion { .. } | FileRole::NoAsset => false,
            }
        });
        used.extend(referred.map(|reference| nfc(&reference.name).into_owned()));
    }
    for asset in project.assets.iter().filter(|asset| is_table(&asset.kind)) {
        used.remove(&*nfc(asset.name()));
    }
    used
}

/// A name without the folders before it.
pub fn last_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What a package needs to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Needs {
    /// The connections that its recipes use.
    pub connections: Vec<NeededConnection>,
    /// The properties that it brings, or that its recipes read.
    pub properties: Vec<NeededProperty>,
    /// Its recipes, by folder and name.
    pub recipes: Vec<String>,
    /// Its tables, whose rows a target may have of its own.
    pub tables: Vec<NeededTable>,
    /// Tables that it uses and does not bring: they are filled in the workspace.
    pub used_tables: BTreeSet<String>,
    /// Its API endpoints, by how settings may name each: its own name first.
    pub endpoints: Vec<Vec<String>>,
    /// Ids that steps were given by picking from a list of the source's account.
    pub picked: Vec<NeededChoice>,
}

/// A connection that recipes use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeededConnection {
    /// Its folder and name.
    pub name: String,
    /// The application, if that is known.
    pub application: Option<String>,
    /// The on-prem group that it goes through.
    pub gateway: Option<String>,
    /// How many recipes use it.
    pub recipes: usize,
}

/// A property that has to have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeededProperty {
    /// Its name.
    pub name: String,
    /// Whose it is; absent where only recipes name it, which do not tell.
    pub level: Option<PropertyLevel>,
    /// How many recipes read it.
    pub recipes: usize,
}

/// A table whose rows a target may have of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeededTable {
    /// Its folder and name.
    pub name: String,
    /// What the columns of a lookup table are called; absent for data tables, which take no rows from
    /// files.
    pub columns: Option<Vec<String>>,
    /// How many rows it takes, if it says so.
    pub most: Option<u64>,
    /// How many rows the package has for it; absent if it has none.
    pub rows: Option<RowCount>,
}

impl NeededTable {
    /// What rows it takes; nothing if it takes none from files.
    pub fn shape(&self) -> Option<LookupShape> {
        Some(LookupShape {
            columns: self.columns.clone()?,
            most: self.most,
        })
    }
}

/// An id that a step was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeededChoice {
    /// The recipe.
    pub recipe: String,
    /// The field.
    pub field: String,
    /// What the list called it.
    pub label: String,
}

fn label(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

impl Needs {
    /// Those of a package. `shapes` says what rows its lookup tables take, by asset, and `endpoints` how
    /// its API endpoints may be named.
    pub fn of(
        project: &Project,
        shapes: &BTreeMap<usize, LookupShape>,
        endpoints: Vec<Vec<String>>,
    ) -> Self {
        let mut connections: BTreeMap<String, NeededConnection> = BTreeMap::new();
        let mut properties: BTreeMap<(Option<PropertyLevel>, String), usize> = BTreeMap::new();
        let mut needs = Self {
            connections: Vec::new(),
            properties: Vec::new(),
            recipes: Vec::new(),
            tables: Vec::new(),
            used_tables: used_tables(project),
            endpoints,
            picked: Vec::new(),
        };
        for (index, asset) in project.assets.iter().enumerate() {
            let name = label(asset.path.folder(), asset.name());
            let level = if asset.kind == AssetKind::AccountProperties {
                Some(PropertyLevel::Workspace)
            } else if asset.kind == AssetKind::ProjectProperties {
                Some(PropertyLevel::Project)
            } else {
                None
            };
            for property in asset.facts.properties() {
                properties.entry((level, property.to_string())).or_default();
            }
            if matches!(asset.kind, AssetKind::LookupTable | AssetKind::DataTable) {
                needs.tables.push(NeededTable {
                    name: name.clone(),
                    columns: shapes.get(&index).map(|shape| shape.columns.clone()),
                    most: shapes.get(&index).and_then(|shape| shape.most),
                    rows: asset.facts.rows().map(TableRows::count),
                });
            }
            if let Some(connection) = asset.facts.connection() {
                let name = match connection.place {
                    ConnectionPlace::Home => asset.name().to_owned(),
                    ConnectionPlace::Folder => name.clone(),
                };
                let application = match &connection.provider {
                    ConnectionProvider::Named(name) => Some(name.to_string()),
                    ConnectionProvider::Connector(reference) => {
                        let reference = asset.facts.references.get(*reference);
                        reference.map(|reference| reference.name.to_string())
                    }
                    ConnectionProvider::Absent => None,
                };
                let gateway = connection.gateway.as_ref();
                let needed = NeededConnection {
                    name: name.clone(),
                    application,
                    gateway: gateway.map(|gateway| gateway.group.to_string()),
                    recipes: 0,
                };
                connections.insert(asset.path.as_str().to_owned(), needed);
            }
            if asset.kind == AssetKind::Recipe {
                needs.recipes.push(name);
            }
        }
        for asset in &project.assets {
            let Some(recipe) = asset.facts.recipe() else {
                continue;
            };
            let accounts: BTreeSet<(usize, &str)> = recipe
                .config
                .iter()
                .filter_map(|entry| Some((entry.account?, &*entry.provider)))
                .collect();
            for (account, provider) in accounts {
                let Some(reference) = asset.facts.references.get(account) else {
                    continue;
                };
                let folder = reference
                    .target
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                let needed = connections.entry(reference.target.to_string());
                let needed = needed.or_insert_with(|| NeededConnection {
                    name: label(folder, &reference.name),
                    application: Some(provider.to_owned()),
                    gateway: None,
                    recipes: 0,
                });
                needed.recipes += 1;
            }
            let read: BTreeSet<&str> = recipe.properties.iter().map(|read| &*read.name).collect();
            for name in read {
                let levels = [PropertyLevel::Workspace, PropertyLevel::Project].map(Some);
                let brought = levels
                    .into_iter()
                    .find(|level| properties.contains_key(&(*level, name.to_owned())));
                *properties
                    .entry((brought.flatten(), name.to_owned()))
                    .or_default() += 1;
            }
            let named = label(asset.path.folder(), asset.name());
            needs
                .picked
                .extend(recipe.picked.iter().map(|picked| NeededChoice {
                    recipe: named.clone(),
                    field: picked.key.to_string(),
                    label: picked.label.to_string(),
                }));
        }
        needs.connections = connections.into_values().collect();
        let properties = properties.into_iter();
        needs.properties = properties
            .map(|((level, name), recipes)| NeededProperty {
                name,
                level,
                recipes,
            })
            .collect();
        needs
    }

    /// What a file says that the package neither brings nor uses.
    pub fn unmatched(&self, file: &SettingsFile) -> Vec<SettingsError> {
        let connections: Vec<&str> = self.connections.iter().map(|one| &*one.name).collect();
        let recipes: Vec<&str> = self.recipes.iter().map(String::as_str).collect();
        let mut errors = Vec::new();
        for (_, section) in &file.sections {
            for (property, said) in &section.properties {
                let meant = |one: &&NeededProperty| one.level.is_none_or(|it| it == property.level);
                let known = self.properties.iter().filter(meant).map(|one| &*one.name);
                let known: Vec<&str> = known.collect();
                if !known.contains(&property.name.as_str()) {
                    let what = property.to_string();
                    errors.push(SettingsError::unknown(
                        &said.at,
                        &what,
                        &property.name,
                        &known,
                    ));
                }
            }
            for (name, said) in &section.connections {
                if !is_named(name, &connections) {
                    let what = format!("connection \"{name}\"");
                    errors.push(SettingsError::unknown(&said.at, &what, name, &connections));
                }
            }
            let tables: Vec<&str> = self.tables.iter().map(|one| &*one.name).collect();
            for (name, said) in &section.tables {
                let what = format!("table \"{name}\"");
                if !is_named(name, &tables) && self.used_tables.contains(last_name(name)) {
                    let error = SettingsError::of(&said.at, format!("{what}: {ONLY_USED}"));
                    errors.push(error.help(BRING_TABLE));
                } else if !is_named(name, &tables) {
                    errors.push(SettingsError::unknown(&said.at, &what, name, &tables));
                }
            }
            let endpoints: Vec<&str> = (self.endpoints.iter().flatten())
                .map(String::as_str)
                .collect();
            for (name, said) in section.endpoints.iter().filter(|(name, _)| *name != "*") {
                if !endpoints.contains(&name.as_str()) {
                    let what = format!("API endpoint \"{name}\"");
                    errors.push(SettingsError::unknown(&said.at, &what, name, &endpoints));
                }
            }
            let named = (section.recipes.iter().map(|(name, said)| (name, &said.at)))
                .chain(section.edits.iter().map(|(name, said)| (name, &said.at)));
            for (name, at) in named.filter(|(name, _)| *name != "*") {
                if !is_named(name, &recipes) {
                    let what = format!("recipe \"{name}\"");
                    errors.push(SettingsError::unknown(at, &what, name, &recipes));
                }
            }
        }
        errors
    }

    /// A file of settings with a mark for all that somebody has to say.
    pub fn template(&self, package: &str) -> String {
        let mut text = format!(
            "# What {} needs in a target. Put values in place of the marks: a text,\n\
             # {{ env = \"NAME\" }} or {{ file = \"PATH\" }}. What is said under [labels.NAME] or\n\
             # [customers.NAME] counts more than what is said for all.\n",
            package.escape_debug()
        );
        for (heading, levels) in [
            ("properties", [Some(PropertyLevel::Workspace), None]),
            ("project-properties", [Some(PropertyLevel::Project); 2]),
        ] {
            let mut own = self
                .properties
                .iter()
                .filter(|one| levels.contains(&one.level))
                .peekable();
            if own.peek().is_some() {
                let _ = writeln!(text, "\n[all.{heading}]");
            }
            for property in own {
                let mut mark = match property.recipes {
                    0 => "the package has it, and none of its recipes reads it".to_owned(),
                    recipes => format!("read by {}", counted(recipes)),
                };
                if property.level.is_none() {
                    mark.push_str("; if it is the project's, say it under project-properties");
                }
                let _ = writeln!(
                    text,
                    "{} = {{ fill-in = {} }}",
                    quoted(&property.name),
                    quoted(&mark)
                );
            }
        }
        if !self.connections.is_empty() {
            text.push_str(
                "\n# \"person\", if somebody authorizes it, { fields = { NAME = VALUE } },\n# or { use = \"NAME\" } for a connection that the target has already.\n[all.connections]\n",
            );
        }
        for connection in &self.connections {
            let application = connection
                .application
                .as_deref()
                .unwrap_or("no application");
            let mut mark = format!("for {application}, used by {}", counted(connection.recipes));
            if let Some(gateway) = &connection.gateway {
                let _ = write!(mark, ", through the on-prem group {gateway}");
            }
            let _ = writeln!(
                text,
                "{} = {{ fill-in = {} }}",
                quoted(&connection.name),
                quoted(&mark)
            );
        }
        self.table_marks(&mut text);
        text.push_str("\n# start, stop or leave\n[all.recipes]\n\"*\" = \"start\"\n");
        if !self.endpoints.is_empty() {
            text.push_str(
                "\n# enable, disable or leave; an endpoint can be called once it is enabled\n[all.endpoints]\n",
            );
        }
        for endpoint in &self.endpoints {
            // What tells it from others of its name.
            if let [_, _, served] = &endpoint[..] {
                let _ = writeln!(text, "{} = \"enable\"", quoted(served));
            }
        }
        for picked in &self.picked {
            let _ = writeln!(
                text,
                "# {}: {} was picked as {} from the source's list",
                quoted(&picked.recipe),
                quoted(&picked.field),
                quoted(&picked.label)
            );
        }
        text
    }
}

impl Needs {
    /// What is said of tables: a mark where neither the package nor anybody else has rows yet.
    fn table_marks(&self, text: &mut String) {
        if !self.used_tables.is_empty() {
            let used: Vec<&str> = self.used_tables.iter().map(String::as_str).collect();
            let _ = writeln!(
                text,
                "\n# Tables that only the workspace has, and that are filled there: {}",
                used.join(", ").escape_debug()
            );
        }
        if self.tables.is_empty() {
            return;
        }
        text.push_str(
            "\n# { rows = \"FILE.csv\" } for lookup tables, whose columns the file's first line names; or what\n# is done with the package's rows: keep (only if the target has no such table), overwrite or\n# leave-out.\n[all.tables]\n",
        );
        for table in &self.tables {
            let name = quoted(&table.name);
            let columns = table.columns.as_ref().map(|columns| columns.join(", "));
            let columns = columns.map_or_else(String::new, |columns| format!(": {columns}"));
            let _ = match (&table.rows, &table.columns) {
                (None, Some(_)) => {
                    let mark = format!("the package has no rows for it{columns}");
                    writeln!(text, "{name} = {{ fill-in = {} }}", quoted(&mark))
                }
                (Some(rows), Some(_)) => writeln!(
                    text,
                    "# {name} = {{ rows = \"FILE.csv\" }}  # the package has {rows}{columns}"
                ),
                (Some(rows), None) => {
                    writeln!(text, "# {name} = \"keep\"  # the package has {rows}")
                }
                (None, None) => writeln!(text, "# {name}: the package has no rows for it"),
            };
        }
    }

    /// The table of a name, be it without its folders.
    pub fn table(&self, name: &str) -> Option<&NeededTable> {
        let mut tables = self.tables.iter();
        tables.find(|table| is_named(name, &[&table.name]))
    }
}

impl SettingsError {
    fn unknown(at: &super::Origin, what: &str, name: &str, known: &[&str]) -> Self {
        let error = Self::of(
            at,
            format!("{what}: the package neither brings nor uses it"),
        );
        match nearest(name, known.iter().copied()) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None => error,
        }
    }
}

/// Whether a name is one of these, be it without their folders.
fn is_named(name: &str, known: &[&str]) -> bool {
    let below = format!("/{name}");
    known
        .iter()
        .any(|one| *one == name || one.ends_with(&below) || name.ends_with(&format!("/{one}")))
}

fn counted(recipes: usize) -> String {
    match recipes {
        0 => "no recipe".to_owned(),
        1 => "1 recipe".to_owned(),
        many => format!("{many} recipes"),
    }
}

/// A text as TOML has it.
pub(crate) fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string().replace('\n', " ")
}
