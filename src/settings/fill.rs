//! Values that stand elsewhere are read, in one place.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use super::rows::RowsFile;
use super::{
    ConnectionWish, EndpointWish, ExistingRows, Origin, PropertyName, RecipeWish, Resolved, Said,
    SettingsError, TableWish, UsedConnection, Value,
};
use crate::model::edits::EditsPolicy;
use crate::model::ident::Digest;
use crate::model::table::RowsPolicy;
use crate::model::workspace::FolderPath;

/// Where values may stand beside the settings themselves.
pub trait ValueSource {
    /// An environment variable.
    ///
    /// # Errors
    /// Why there is none, in words that say nothing of its value.
    fn env(&self, name: &str) -> Result<SecretString, String>;

    /// What a file holds, without the line break at its end. `beside` is the file of settings.
    ///
    /// # Errors
    /// Why it can't be read.
    fn file(&self, path: &str, beside: &str) -> Result<SecretString, String>;

    /// What a file of rows holds, and what to call it in messages. `beside` is the file of settings.
    ///
    /// # Errors
    /// Why it can't be read.
    fn rows(&self, path: &str, beside: &str) -> Result<(String, Vec<u8>), String>;
}

/// What may be shown of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The value itself.
    Text(String),
    /// A secret is named, and never shown.
    Secret(String),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Secret(name) => write!(f, "secret of {name}"),
        }
    }
}

/// A value that was read.
#[derive(Clone, Debug)]
pub struct Filled {
    /// The value.
    pub value: SecretString,
    /// What may be shown of it.
    pub shown: Shown,
}

/// What becomes of a connection, with all values.
#[derive(Clone, Debug)]
pub enum FilledConnection {
    /// It gets these fields.
    Fields(BTreeMap<String, Filled>),
    /// A person authorises it.
    Person,
    /// Another one is used in its place.
    Use(UsedConnection),
}

impl FilledConnection {
    /// The fields that it gets, if it gets any.
    pub fn fields(&self) -> impl Iterator<Item = (&String, &Filled)> {
        let fields = match self {
            Self::Fields(fields) => Some(fields),
            Self::Person | Self::Use(_) => None,
        };
        fields.into_iter().flatten()
    }
}

/// What becomes of the rows of a table, with the rows.
#[derive(Clone, Debug)]
pub struct FilledTable {
    /// What takes the place of the package's rows, if anything does.
    pub rows: Option<RowsFile>,
    /// What is done with the rows that come.
    pub policy: RowsPolicy,
}

impl FilledTable {
    /// Reads the rows that a table gets.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn of(
        name: &str,
        said: &Said<TableWish>,
        source: &dyn ValueSource,
    ) -> Result<Self, Vec<SettingsError>> {
        let what = format!("table \"{name}\"");
        match &said.value {
            TableWish::Unfilled(mark) => Err(vec![unfilled(&said.at, &what, mark)]),
            TableWish::Package(policy) => Ok(Self {
                rows: None,
                policy: *policy,
            }),
            TableWish::Rows { file, existing } => {
                let (shown, bytes) = source
                    .rows(file, &said.at.file)
                    .map_err(|why| vec![SettingsError::of(&said.at, format!("{what}: {why}"))])?;
                Ok(Self {
                    rows: Some(RowsFile::parse(file, &shown, &bytes)?),
                    policy: match existing {
                        ExistingRows::Keep => RowsPolicy::Keep,
                        ExistingRows::Overwrite => RowsPolicy::Overwrite,
                    },
                })
            }
        }
    }
}

/// What holds for a workspace, with all values.
#[derive(Clone, Debug, Default)]
pub struct ResolvedSettings {
    /// The folder that the package goes into.
    pub folder: Option<Said<FolderPath>>,
    /// What is done with tags.
    pub tags: Option<Said<String>>,
    /// Values of properties.
    pub properties: BTreeMap<PropertyName, Said<Filled>>,
    /// Connections.
    pub connections: BTreeMap<String, Said<FilledConnection>>,
    /// Tables.
    pub tables: BTreeMap<String, Said<FilledTable>>,
    /// Recipes.
    pub recipes: BTreeMap<String, Said<RecipeWish>>,
    /// API endpoints.
    pub endpoints: BTreeMap<String, Said<EndpointWish>>,
    /// What becomes of what somebody changed in the workspace.
    pub edits: BTreeMap<String, Said<EditsPolicy>>,
}

impl Resolved {
    /// Reads all values.
    ///
    /// # Errors
    /// All that can't be read, and all marks that nobody filled in.
    pub fn fill(&self, source: &dyn ValueSource) -> Result<ResolvedSettings, Vec<SettingsError>> {
        let mut errors = Vec::new();
        let mut filled = ResolvedSettings {
            folder: self.folder.clone(),
            tags: self.tags.clone(),
            recipes: self.recipes.clone(),
            endpoints: self.endpoints.clone(),
            edits: self.edits.clone(),
            ..ResolvedSettings::default()
        };
        for (name, said) in &self.properties {
            match read(&said.value, &said.at, &name.to_string(), source) {
                Ok(value) => {
                    let said = Said {
                        value,
                        at: said.at.clone(),
                    };
                    filled.properties.insert(name.clone(), said);
                }
                Err(error) => errors.push(error),
            }
        }
        for (name, said) in &self.connections {
            let what = format!("connection \"{name}\"");
            let fields = match &said.value {
                ConnectionWish::Person => FilledConnection::Person,
                ConnectionWish::Use(used) => FilledConnection::Use(used.clone()),
                ConnectionWish::Unfilled(mark) => {
                    errors.push(unfilled(&said.at, &what, mark));
                    continue;
                }
                ConnectionWish::Fields(fields) => {
                    let mut values = BTreeMap::new();
                    for (field, value) in fields {
                        let what = format!("field `{field}` of {what}");
                        match read(value, &said.at, &what, source) {
                            Ok(value) => {
                                values.insert(field.clone(), value);
                            }
                            Err(error) => errors.push(error),
                        }
                    }
                    FilledConnection::Fields(values)
                }
            };
            let said = Said {
                value: fields,
                at: said.at.clone(),
            };
            filled.connections.insert(name.clone(), said);
        }
        for (name, said) in &self.tables {
            match FilledTable::of(name, said, source) {
                Ok(value) => {
                    let said = Said {
                        value,
                        at: said.at.clone(),
                    };
                    filled.tables.insert(name.clone(), said);
                }
                Err(wrong) => errors.extend(wrong),
            }
        }
        match errors.is_empty() {
            true => Ok(filled),
            false => Err(errors),
        }
    }
}

impl Resolved {
    /// All marks that nobody filled in. Nothing is read for it.
    pub fn unfilled(&self) -> Vec<SettingsError> {
        let mark = |value: &Value, at: &Origin, what: &str| match value {
            Value::Unfilled(mark) => Some(unfilled(at, what, mark)),
            Value::Text(_) | Value::Env(_) | Value::File(_) => None,
        };
        let mut marks = Vec::new();
        for (name, said) in &self.properties {
            marks.extend(mark(&said.value, &said.at, &name.to_string()));
        }
        for (name, said) in &self.connections {
            let what = format!("connection \"{name}\"");
            match &said.value {
                ConnectionWish::Unfilled(mark) => marks.push(unfilled(&said.at, &what, mark)),
                ConnectionWish::Fields(fields) => {
                    marks.extend(fields.iter().filter_map(|(field, value)| {
                        mark(value, &said.at, &format!("field `{field}` of {what}"))
                    }));
                }
                ConnectionWish::Person | ConnectionWish::Use(_) => {}
            }
        }
        for (name, said) in &self.tables {
            match &said.value {
                TableWish::Unfilled(mark) => {
                    marks.push(unfilled(&said.at, &format!("table \"{name}\""), mark));
                }
                TableWish::Package(_) | TableWish::Rows { .. } => {}
            }
        }
        marks
    }
}

impl ResolvedSettings {
    /// The values that are told nobody, whether they are given again or were given before.
    pub fn secrets(&self) -> Vec<SecretString> {
        let properties = self.properties.values().map(|said| &said.value);
        let connections = self.connections.values();
        let fields = connections.flat_map(|said| said.value.fields().map(|(_, filled)| filled));
        let all = properties.chain(fields);
        let secrets = all.filter(|filled| matches!(filled.shown, Shown::Secret(_)));
        secrets.map(|filled| filled.value.clone()).collect()
    }

    /// Stands for all that is said, secrets among it. From the digest of a secret that can be
    /// guessed the secret can be guessed.
    pub fn digest(&self) -> Digest {
        let mut all = Vec::new();
        let mut add = |part: &str| {
            all.extend_from_slice(&(part.len() as u64).to_le_bytes());
            all.extend_from_slice(part.as_bytes());
        };
        for (name, said) in &self.properties {
            add(&name.to_string());
            add(said.value.value.expose_secret());
        }
        for (name, said) in &self.connections {
            add("connection");
            add(name);
            if let FilledConnection::Use(used) = &said.value {
                add("use");
                add(&used.to_string());
            }
            for (field, value) in said.value.fields() {
                add(field);
                add(value.value.expose_secret());
            }
        }
        for (name, said) in &self.tables {
            add("table");
            add(name);
            add(said.value.policy.as_str());
            if let Some(rows) = &said.value.rows {
                add(&rows.digest.to_string());
            }
        }
        for (name, said) in &self.recipes {
            add("recipe");
            add(name);
            add(&said.value.to_string());
        }
        for (name, said) in &self.endpoints {
            add("endpoint");
            add(name);
            add(said.value.as_str());
        }
        for (name, said) in &self.edits {
            add("edits");
            add(name);
            add(said.value.as_str());
        }
        Digest::of(&all)
    }
}

fn unfilled(at: &Origin, what: &str, mark: &str) -> SettingsError {
    SettingsError::of(at, format!("{what} is not filled in: {mark}"))
        .help("put a value in place of the mark, for all or for this workspace")
}

fn read(
    value: &Value,
    at: &Origin,
    what: &str,
    source: &dyn ValueSource,
) -> Result<Filled, SettingsError> {
    let secret = |found: Result<SecretString, String>, name: String| match found {
        Ok(value) => Ok(Filled {
            value,
            shown: Shown::Secret(name),
        }),
        Err(why) => Err(SettingsError::of(at, format!("{what}: {why}"))),
    };
    match value {
        Value::Text(text) => Ok(Filled {
            value: SecretString::from(text.clone()),
            shown: Shown::Text(text.clone()),
        }),
        Value::Env(name) => secret(source.env(name), name.clone())
            .map_err(|error| error.help(format!("set {name} to the value, and run this again"))),
        Value::File(path) => secret(source.file(path, &at.file), path.clone()),
        Value::Unfilled(mark) => Err(unfilled(at, what, mark)),
    }
}
