//! What this program knows of an asset after reading its JSON once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::ident::{InternalName, Version};
use super::reference::{
    ActionUse, IncompleteReference, PickedValue, PropertyUse, ProviderUse, RawId, Reference,
    TableUse,
};
use super::table::{ColumnByHand, TableRows};

/// The facts of one asset. They are held of very many assets at once, most of which have little of
/// what there may be: a list that is empty takes one word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its display name; a connector's title.
    pub name: Option<Arc<str>>,
    /// The assets that it names by reference objects, in the order of the text.
    pub references: ThinVec<Reference>,
    /// Numbers that stand where references could.
    pub raw_ids: ThinVec<RawId>,
    /// References that name an asset and lack its path.
    pub incomplete: ThinVec<IncompleteReference>,
    /// Lookup tables that its formulas name.
    pub tables: ThinVec<TableUse>,
    /// Every name of the form that custom connectors have, wherever it stands; sorted, each once.
    pub internal_names: ThinVec<InternalName>,
    /// What only assets of its type have.
    pub detail: Detail,
}

/// What only assets of one type have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detail {
    /// A recipe's.
    Recipe(RecipeFacts),
    /// A connection's.
    Connection(ConnectionFacts),
    /// A custom connector's.
    Connector(ConnectorFacts),
    /// What a file of properties holds.
    Properties(PropertiesFacts),
    /// What a table holds.
    Table(TableFacts),
    /// Nothing more is needed.
    #[default]
    Other,
}

/// What a recipe says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeFacts {
    /// The applications it uses and their connections.
    pub config: ThinVec<ConfigEntry>,
    /// Its tags, by title.
    pub tags: ThinVec<String>,
    /// Its version number in the source workspace.
    pub version: Option<Version>,
    /// The custom connectors' actions and triggers that its steps run.
    pub actions: ThinVec<ActionUse>,
    /// The applications that its steps use: each once, where an active step first does if one does.
    pub providers: ThinVec<ProviderUse>,
    /// The properties that its formulas read.
    pub properties: ThinVec<PropertyUse>,
    /// Ids that its steps were given by picking from a list.
    pub picked: ThinVec<PickedValue>,
    /// What its `code` is.
    pub code: Part,
    /// What its `config` is.
    pub config_form: Part,
}

/// What stands where the platform writes a part of a recipe (platform.md §5.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Nothing.
    #[default]
    Absent,
    /// What the platform writes there.
    Whole,
    /// A text, as the platform's API has it: what it holds can't be seen.
    Text,
    /// Something else.
    Other,
}

/// What a file of properties holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertiesFacts {
    /// Their names.
    pub names: Vec<Arc<str>>,
    /// The names of those that have a value. The platform writes none (platform.md §5.4).
    pub valued: Vec<Arc<str>>,
}

/// What a table holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFacts {
    /// Its rows, if it holds any.
    pub rows: Option<TableRows>,
    /// Columns of a data table that pass for the platform's own, without being them.
    pub columns_by_hand: Vec<ColumnByHand>,
}

/// An entry of a recipe's `config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigEntry {
    /// The application: a built-in connector's name or a custom one's internal name.
    pub provider: Arc<str>,
    /// Its connection: an index into `Facts::references`.
    pub account: Option<usize>,
    /// What stands in the connection's place.
    pub choice: ConnectionChoice,
    /// Whether the connection is marked as a custom connector's own (platform.md §5.6).
    pub mark: CustomMark,
    /// The byte at which the entry starts.
    pub offset: u32,
}

/// What stands as `account_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionChoice {
    /// A connection, by a reference or a number.
    Chosen,
    /// `null`: none was chosen, or the application needs none.
    None,
    /// It is not said. The platform always says it.
    Unsaid,
}

/// Whether `account_id` holds `"custom": true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustomMark {
    /// It does: the connector is custom and not shared.
    Present,
    /// It does not.
    Absent,
}

/// What a connection says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionFacts {
    /// The application it connects to.
    pub provider: ConnectionProvider,
    /// The byte at which the provider's value starts.
    pub offset: u32,
    /// Where it lies.
    pub place: ConnectionPlace,
    /// The on-prem group that it goes through.
    pub gateway: Option<Gateway>,
}

/// The on-prem group of a connection: `secure_gateway_tunnel_name` (platform.md §5.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// The group's name.
    pub group: Arc<str>,
    /// The byte at which it starts.
    pub offset: u32,
}

/// Where a connection lies in its workspace (platform.md §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionPlace {
    /// In the folder of its path.
    Folder,
    /// In Home, wherever its file lies: `"root_folder": true`.
    Home,
}

/// How a connection names its application (platform.md §5.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionProvider {
    /// A built-in connector, or the internal name of a shared one.
    Named(Arc<str>),
    /// A custom connector of the workspace's own: an index into `Facts::references`.
    Connector(usize),
    /// It names none.
    Absent,
}

/// What a custom connector's JSON says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorFacts {
    /// The number of the packed version.
    pub version: Option<Version>,
    /// What its author noted.
    pub note: Option<Arc<str>>,
}

impl Facts {
    /// Gives back memory that its lists have in reserve.
    pub(super) fn shrink(&mut self) {
        self.references.shrink_to_fit();
        self.raw_ids.shrink_to_fit();
        self.incomplete.shrink_to_fit();
        self.tables.shrink_to_fit();
        self.internal_names.shrink_to_fit();
        if let Detail::Recipe(recipe) = &mut self.detail {
            recipe.config.shrink_to_fit();
            recipe.actions.shrink_to_fit();
            recipe.providers.shrink_to_fit();
            recipe.properties.shrink_to_fit();
            recipe.picked.shrink_to_fit();
        }
    }

    /// How many bytes they take while they are held. A text counts wherever it stands, be it held once.
    pub fn weight(&self) -> u64 {
        fn all<T>(items: &[T], text: impl Fn(&T) -> usize) -> usize {
            let texts: usize = items.iter().map(text).sum();
            size_of_val(items) + texts
        }
        let Self {
            name,
            references,
            raw_ids,
            incomplete,
            tables,
            internal_names,
            detail,
        } = self;
        let common = name.as_ref().map_or(0, |name| name.len())
            + all(references, |it| {
                it.target.len() + it.name.len() + it.key.len()
            })
            + all(raw_ids, |it| it.key.len() + it.id.len())
            + all(incomplete, |it| it.name.len() + it.key.len())
            + all(tables, |it| it.name.len())
            + all(internal_names, |it| it.as_str().len());
        let own = match detail {
            Detail::Recipe(recipe) => {
                all(&recipe.config, |it| it.provider.len())
                    + all(&recipe.tags, String::len)
                    + all(&recipe.actions, |it| it.provider.len() + it.name.len())
                    + all(&recipe.providers, |it| it.provider.len())
                    + all(&recipe.properties, |it| it.name.len())
                    + all(&recipe.picked, |it| {
                        it.provider.len() + it.key.len() + it.id.len() + it.label.len()
                    })
            }
            Detail::Connection(connection) => {
                let gateway = connection.gateway.as_ref();
                let provider = match &connection.provider {
                    ConnectionProvider::Named(name) => name.len(),
                    ConnectionProvider::Connector(_) | ConnectionProvider::Absent => 0,
                };
                provider + gateway.map_or(0, |gateway| gateway.group.len())
            }
            Detail::Connector(connector) => connector.note.as_ref().map_or(0, |note| note.len()),
            Detail::Properties(properties) => {
                all(&properties.names, |it| it.len()) + all(&properties.valued, |it| it.len())
            }
            Detail::Table(table) => all(&table.columns_by_hand, |it| it.title.len()),
            Detail::Other => 0,
        };
        (size_of::<Self>() + common + own) as u64
    }

    /// The recipe's facts, if it is one.
    pub fn recipe(&self) -> Option<&RecipeFacts> {
        match &self.detail {
            Detail::Recipe(facts) => Some(facts),
            Detail::Connection(_)
            | Detail::Connector(_)
            | Detail::Properties(_)
            | Detail::Table(_)
            | Detail::Other => None,
        }
    }

    /// The connection's facts, if it is one.
    pub fn connection(&self) -> Option<&ConnectionFacts> {
        match &self.detail {
            Detail::Connection(facts) => Some(facts),
            Detail::Recipe(_)
            | Detail::Connector(_)
            | Detail::Properties(_)
            | Detail::Table(_)
            | Detail::Other => None,
        }
    }

    /// The connector's facts, if it is one.
    pub fn connector(&self) -> Option<&ConnectorFacts> {
        match &self.detail {
            Detail::Connector(facts) => Some(facts),
            Detail::Recipe(_)
            | Detail::Connection(_)
            | Detail::Properties(_)
            | Detail::Table(_)
            | Detail::Other => None,
        }
    }

    /// The names of the properties, if it holds properties.
    pub fn properties(&self) -> &[Arc<str>] {
        match &self.detail {
            Detail::Properties(facts) => &facts.names,
            Detail::Recipe(_)
            | Detail::Connection(_)
            | Detail::Connector(_)
            | Detail::Table(_)
            | Detail::Other => &[],
        }
    }

    /// The rows, if it is a table that holds any.
    pub fn rows(&self) -> Option<&TableRows> {
        match &self.detail {
            Detail::Table(facts) => facts.rows.as_ref(),
            Detail::Recipe(_)
            | Detail::Connection(_)
            | Detail::Connector(_)
            | Detail::Properties(_)
            | Detail::Other => None,
        }
    }

    /// The names of the properties that have a value.
    pub fn valued_properties(&self) -> &[Arc<str>] {
        match &self.detail {
            Detail::Properties(facts) => &facts.valued,
            Detail::Recipe(_)
            | Detail::Connection(_)
            | Detail::Connector(_)
            | Detail::Table(_)
            | Detail::Other => &[],
        }
    }

    /// Columns that pass for the platform's own, if it is a data table.
    pub fn columns_by_hand(&self) -> &[ColumnByHand] {
        match &self.detail {
            Detail::Table(facts) => &facts.columns_by_hand,
            Detail::Recipe(_)
            | Detail::Connection(_)
            | Detail::Connector(_)
            | Detail::Properties(_)
            | Detail::Other => &[],
        }
    }
}
