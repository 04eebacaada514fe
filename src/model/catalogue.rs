//! The catalogue: the custom connectors that the admin workspace shares with its customers.
//!
//! The file is what the platform answers to `GET /api/custom_connectors?oem_shared=true`
//! (platform.md §2.2), as it is; two more keys per entry say what that answer leaves out. It may also
//! be the bare list, a table with a header, or a list of titles.

mod file;
mod json;
mod pages;
mod schema;
mod shared_connectors;
mod table;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::ident::{ConnectorTitle, DataCenter, Digest, InternalName, NameError, Version};
use crate::json::{NodeKind, Tape};
use crate::model::keyword::{UnknownKeyword, keyword_enum};
use crate::model::span::Span;
use json::Json;
use table::{Row, Table};

pub use schema::CatalogueText;
pub use shared_connectors::{NoCatalogue, SharedConnectors};

keyword_enum! {
    /// Whether customers may see a shared connector's source, which decides how far it reaches.
    pub enum Visibility: "visibility" {
        /// Open source: it reaches customers in every data center.
        Open = "open",
        /// Closed source: it reaches customers in its own data center only.
        Closed = "closed",
        /// It is not told, as over the API (platform.md §10): it reaches customers in its own data
        /// center, and perhaps others.
        Unknown = "unknown",
    }
}

/// What customers have of a connector, as far as it is said. That nothing is said is not the same as
/// that nothing is shared: only an Embedded admin workspace is told (platform.md §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SharedVersion {
    /// It is not said.
    #[default]
    Unsaid,
    /// It is not shared.
    None,
    /// This version.
    At(Version),
}

impl SharedVersion {
    /// The version that customers run; none if it is not shared, or not said.
    pub const fn version(self) -> Option<Version> {
        match self {
            Self::At(version) => Some(version),
            Self::Unsaid | Self::None => None,
        }
    }

    /// Whether nothing is said.
    pub const fn is_unsaid(&self) -> bool {
        matches!(self, Self::Unsaid)
    }
}

impl From<Option<Version>> for SharedVersion {
    fn from(version: Option<Version>) -> Self {
        version.map_or(Self::None, Self::At)
    }
}

/// What is not said is left out by whoever holds it; a null is for what is not shared.
impl Serialize for SharedVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.version().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

/// Whether a list holds all connectors of its admin workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// It does, as far as can be told.
    #[default]
    Whole,
    /// It is a page of a longer list.
    Page,
}

impl Extent {
    /// Whether it is the whole list.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

/// Who tells what a catalogue says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Teller {
    /// A file, whose origin nobody vouches for.
    #[default]
    File,
    /// An admin workspace that was asked.
    Workspace,
}

impl Teller {
    /// Whether it is a file.
    pub const fn is_file(&self) -> bool {
        matches!(self, Self::File)
    }
}

/// One custom connector of the admin workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueEntry {
    /// Its title: its identity across workspaces.
    pub title: ConnectorTitle,
    /// Its name in the admin workspace, and in every customer's.
    pub internal_name: InternalName,
    /// The version that customers run: null if the connector is not shared, absent if that is not
    /// said.
    #[serde(default, skip_serializing_if = "SharedVersion::is_unsaid")]
    #[schemars(with = "Option<Version>")]
    pub shared_version: SharedVersion,
    /// The newest released version.
    pub latest_released: Option<Version>,
    /// The released versions that the file lists, oldest first.
    pub released_versions: Vec<Version>,
    /// Whether its source is shared too.
    pub visibility: Visibility,
    /// The data center of the admin workspace, if the file says so.
    pub data_center: Option<DataCenter>,
}

/// The connectors of a catalogue file. No two share a title or an internal name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Catalogue {
    digest: Digest,
    #[serde(skip_serializing_if = "Extent::is_whole")]
    extent: Extent,
    #[serde(skip_serializing_if = "Teller::is_file")]
    told_by: Teller,
    #[serde(rename = "connectors")]
    entries: Vec<CatalogueEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    titles: Vec<ConnectorTitle>,
    #[serde(skip)]
    by_title: BTreeMap<ConnectorTitle, usize>,
    #[serde(skip)]
    by_internal_name: BTreeMap<InternalName, usize>,
}

/// Why a catalogue can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("catalogue{}: {problem}", subject(entry.as_ref()))]
pub struct CatalogueError {
    /// What is wrong.
    pub problem: Box<CatalogueProblem>,
    /// The entry it is about, if it is about one.
    pub entry: Option<EntryName>,
    /// Where in the file.
    pub place: Span,
}

/// What a message calls an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryName {
    /// Its position in the list, from 1.
    pub number: usize,
    /// Its title, as far as it could be read.
    pub title: Option<String>,
}

fn subject(entry: Option<&EntryName>) -> String {
    match entry {
        Some(EntryName {
            number,
            title: Some(title),
        }) => format!(" entry {number} (`{}`)", title.escape_debug()),
        Some(EntryName {
            number,
            title: None,
        }) => format!(" entry {number}"),
        None => String::new(),
    }
}

/// Two entries of a catalogue that are one connector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListedTwice {
    /// By their title.
    #[error("the title \"{0}\" stands twice")]
    Title(ConnectorTitle),
    /// By their internal name.
    #[error("`{0}` stands twice")]
    InternalName(InternalName),
}

/// What is wrong with a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueProblem {
    /// The bytes are no UTF-8.
    #[error("the file is not UTF-8 text")]
    NotUtf8,
    /// The text is no JSON, or its outline is another one.
    #[error("{0}")]
    Json(String),
    /// A row of a table that can't be read.
    #[error("{0}")]
    Table(String),
    /// Neither a list nor an object that holds one.
    #[error("there is no list of connectors in it")]
    NoList,
    /// A key that every entry needs.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value of another type.
    #[error("`{key}` should be {expected}, but is {found}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A name that can't be one.
    #[error("`{key}`: {error}")]
    Name {
        /// The key.
        key: &'static str,
        /// What is wrong with the name.
        error: NameError,
    },
    /// A word that isn't on the list.
    #[error(transparent)]
    Word(#[from] UnknownKeyword),
    /// Two entries with one title or one internal name.
    #[error("its `{key}` `{}` is that of entry {first} too", text.escape_debug())]
    Duplicate {
        /// `title` or `name`.
        key: &'static str,
        /// What they share.
        text: String,
        /// The number of the earlier entry, from 1.
        first: usize,
    },
}

impl CatalogueError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match &*self.problem {
            CatalogueProblem::NotUtf8 => Some("save the file as UTF-8".to_owned()),
            CatalogueProblem::Json(_) | CatalogueProblem::Table(_) => None,
            CatalogueProblem::NoList => Some(
                "save the platform's answer to `GET /api/custom_connectors?oem_shared=true` as it \
                 is: an object whose `result` is the list"
                    .to_owned(),
            ),
            CatalogueProblem::Missing("name") => Some(
                "`name` is the connector's internal name in the admin workspace, \
                 `<slug>_connector_<workspace>_<time>`"
                    .to_owned(),
            ),
            CatalogueProblem::Missing(_) | CatalogueProblem::WrongType { .. } => None,
            CatalogueProblem::Name { .. } => None,
            CatalogueProblem::Word(error) => Some(error.help()),
            CatalogueProblem::Duplicate { key, .. } => Some(match *key {
                "title" => "connectors are told apart by title: rename one of the two in the \
                            admin workspace, or take the one that isn't shared out of the file"
                    .to_owned(),
                _ => "take one of the two entries out of the file".to_owned(),
            }),
        }
    }
}

/// Three lines of a table that would be right.
const TABLE: &str = "\
a table is right, too, such as these three lines; `none` is what is not shared:
title,name,oem_shared_version
Parcel Tracker,parcel_tracker_connector_48213_1701388800,6
Ledger Sync,ledger_sync_connector_48213_1704067200,none";

/// Three lines of a list that would be right.
const LIST: &str = "\
these three lines would be right; null is what is not shared:
[{\"title\": \"Parcel Tracker\", \"name\": \"parcel_tracker_connector_48213_1701388800\", \"oem_shared_version\": 6},
 {\"title\": \"Ledger Sync\", \"name\": \"ledger_sync_connector_48213_1704067200\", \"oem_shared_version\": null}
]";

impl CatalogueError {
    /// Three lines that would be right in a file like this one.
    pub fn right_lines(text: &[u8]) -> &'static str {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        match text.trim_ascii_start().first() {
            Some(b'{' | b'[') => LIST,
            Some(_) | None => TABLE,
        }
    }
}

/// The titles and internal names that were met, each with the number of its entry.
#[derive(Default)]
struct Met {
    titles: BTreeMap<ConnectorTitle, usize>,
    names: BTreeMap<InternalName, usize>,
}

impl Met {
    /// The first of two entries that share something.
    fn first<K: Ord>(met: &mut BTreeMap<K, usize>, key: K, number: usize) -> Option<usize> {
        met.insert(key, number)
    }

    fn title(&mut self, title: &ConnectorTitle, number: usize) -> Result<(), CatalogueProblem> {
        match Self::first(&mut self.titles, title.clone(), number) {
            None => Ok(()),
            Some(first) => Err(CatalogueProblem::Duplicate {
                key: "title",
                text: title.to_string(),
                first,
            }),
        }
    }

    fn name(&mut self, name: &InternalName, number: usize) -> Result<(), CatalogueProblem> {
        match Self::first(&mut self.names, name.clone(), number) {
            None => Ok(()),
            Some(first) => Err(CatalogueProblem::Duplicate {
                key: "name",
                text: name.to_string(),
                first,
            }),
        }
    }
}

impl Catalogue {
    /// Reads a catalogue file: the platform's answer as it is (`{"result": […]}`), the same under
    /// `data`, the bare list, or a table (CSV) whose header has a `title`. What stands there as a title
    /// and no more is shared, in a version and under an internal name that are not known. Unknown
    /// keys are ignored, and a null is as good as an absent key, but for `oem_shared_version`: null is what is not shared, and absent what is not said.
    pub fn parse(text: &[u8]) -> Result<Self, CatalogueError> {
        let digest = Digest::of(text);
        let text = utf8(text)?;
        let mut catalogue = Self {
            digest,
            extent: Extent::Whole,
            told_by: Teller::File,
            entries: Vec::new(),
            titles: Vec::new(),
            by_title: BTreeMap::new(),
            by_internal_name: BTreeMap::new(),
        };
        let mut met = Met::default();
        if let Some(table) = Table::of(text) {
            for row in table.rows() {
                let (row, entry, place) = row?;
                let added = match row {
                    Row::Entry(row) => catalogue.add(*row, entry.number, &mut met),
                    Row::Title(title) => catalogue.add_title(title, entry.number, &mut met),
                };
                added.map_err(|problem| CatalogueError {
                    problem: Box::new(problem),
                    entry: Some(entry),
                    place,
                })?;
            }
            return Ok(catalogue);
        }
        let mut tape = Tape::default();
        let json = Json::parse(text, &mut tape)?;
        let (mut listed, mut is_answer) = (0, true);
        // Numbers count what stands in the file, so the nulls in between count too.
        for (node, number) in json.list()?.zip(1..) {
            listed = number;
            let entry = json.entry(node, number);
            let added = match node.kind() {
                NodeKind::Null => continue,
                NodeKind::String => {
                    is_answer = false;
                    catalogue.add_title(entry.name("title", node)?, number, &mut met)
                }
                NodeKind::Object | NodeKind::Array | NodeKind::Number | NodeKind::Bool => {
                    let read = entry.read()?;
                    is_answer &= !entry.says("visibility");
                    catalogue.add(read, number, &mut met)
                }
            };
            added.map_err(|problem| {
                let is_title = matches!(problem, CatalogueProblem::Duplicate { key: "title", .. });
                let key = if is_title { "title" } else { "name" };
                entry.error(problem, key)
            })?;
        }
        // A full page of what the platform answers is hardly ever all. What `catalog pull` writes
        // says more of each entry than an answer, and was read to its end.
        let is_full = listed > 0 && listed.is_multiple_of(pages::FULL) && is_answer;
        if is_full || pages::has_more(json.root, listed) {
            catalogue.extent = Extent::Page;
        }
        Ok(catalogue)
    }

    fn add(
        &mut self,
        entry: CatalogueEntry,
        number: usize,
        met: &mut Met,
    ) -> Result<(), CatalogueProblem> {
        met.title(&entry.title, number)?;
        met.name(&entry.internal_name, number)?;
        let index = self.entries.len();
        self.by_title.insert(entry.title.clone(), index);
        let name = entry.internal_name.clone();
        self.by_internal_name.insert(name, index);
        self.entries.push(entry);
        Ok(())
    }

    fn add_title(
        &mut self,
        title: ConnectorTitle,
        number: usize,
        met: &mut Met,
    ) -> Result<(), CatalogueProblem> {
        met.title(&title, number)?;
        self.titles.push(title);
        Ok(())
    }

    /// The catalogue that a file with this digest gave.
    ///
    /// # Errors
    /// The title or internal name that two entries share.
    pub fn from_entries(digest: Digest, entries: Vec<CatalogueEntry>) -> Result<Self, ListedTwice> {
        let (mut by_title, mut by_internal_name) = (BTreeMap::new(), BTreeMap::new());
        for (index, entry) in entries.iter().enumerate() {
            if by_title.insert(entry.title.clone(), index).is_some() {
                return Err(ListedTwice::Title(entry.title.clone()));
            }
            if by_internal_name
                .insert(entry.internal_name.clone(), index)
                .is_some()
            {
                return Err(ListedTwice::InternalName(entry.internal_name.clone()));
            }
        }
        Ok(Self {
            digest,
            extent: Extent::Whole,
            told_by: Teller::File,
            entries,
            titles: Vec::new(),
            by_title,
            by_internal_name,
        })
    }

    /// The same as a part of a longer list, or as a whole one.
    #[must_use]
    pub const fn with_extent(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    /// Whether it holds all connectors of its admin workspace.
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// The same as this one told it.
    #[must_use]
    pub const fn with_teller(mut self, told_by: Teller) -> Self {
        self.told_by = told_by;
        self
    }

    /// Who told it.
    pub const fn told_by(&self) -> Teller {
        self.told_by
    }

    /// Whether no connector is said to be shared.
    pub fn shares_nothing(&self) -> bool {
        let mut entries = self.entries.iter();
        self.titles.is_empty() && entries.all(|entry| entry.shared_version.version().is_none())
    }

    /// The shared connectors of which no more than the title is known.
    pub fn titles(&self) -> &[ConnectorTitle] {
        &self.titles
    }

    /// Whether it may be another list than that of a partner's admin workspace: a file that shares
    /// nothing looks like one of a partner who shares nothing.
    pub fn may_be_another_list(&self) -> bool {
        self.told_by == Teller::File && self.shares_nothing()
    }

    /// The entries that don't say whether their connector is shared.
    pub fn unsaid(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.entries
            .iter()
            .filter(|entry| entry.shared_version.is_unsaid())
    }

    /// The digest of the file's bytes.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The entries, in the file's order.
    pub fn entries(&self) -> &[CatalogueEntry] {
        &self.entries
    }

    /// The connector that has this internal name in the admin workspace.
    pub fn by_internal_name(&self, name: &str) -> Option<&CatalogueEntry> {
        self.by_internal_name
            .get(name)
            .map(|index| &self.entries[*index])
    }

    /// The connector with exactly this title.
    pub fn by_title(&self, title: &str) -> Option<&CatalogueEntry> {
        self.by_title.get(title).map(|index| &self.entries[*index])
    }

    /// The connectors whose titles differ from this one, but only in case, spaces or the way a
    /// character is composed: probably the same connector, but not for the platform.
    pub fn near_title(&self, title: &str) -> Vec<&CatalogueEntry> {
        let key = near_key(title);
        self.entries
            .iter()
            .filter(|entry| entry.title.as_str() != title && near_key(entry.title.as_str()) == key)
            .collect()
    }
}

/// What titles have in common that differ only in case, spaces or the way a character is composed.
pub(crate) fn near_key(title: &str) -> String {
    title
        .nfkc()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

fn utf8(bytes: &[u8]) -> Result<&str, CatalogueError> {
    str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        CatalogueError {
            problem: Box::new(CatalogueProblem::NotUtf8),
            entry: None,
            place: Span::of(&good, good.len()..good.len()),
        }
    })
}

#[cfg(test)]
mod tests;
