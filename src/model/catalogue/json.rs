//! A catalogue as JSON: the platform's answer, what `catalog pull` writes, or a list of titles.

use std::ops::Range;
use std::str::FromStr;

use super::{
    CatalogueEntry, CatalogueError, CatalogueProblem, EntryName, SharedVersion, Visibility,
};
use crate::json::{Node, NodeKind, Tape};
use crate::model::ident::{NameError, Version};
use crate::model::keyword::UnknownKeyword;
use crate::model::span::Span;

/// The JSON of a file.
pub(super) struct Json<'t> {
    /// All of the file.
    text: &'t str,
    /// How many of its bytes stand before the JSON.
    before: usize,
    pub(super) root: Node<'t>,
}

impl<'t> Json<'t> {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub(super) fn parse(text: &'t str, tape: &'t mut Tape) -> Result<Self, CatalogueError> {
        let json = text.strip_prefix('\u{feff}').unwrap_or(text);
        let before = text.len() - json.len();
        let start = text.len() - json.trim_ascii_start().len();
        if !text[start..].starts_with(['[', '{']) {
            let at = start..start + 1;
            return Err(wrong(text, CatalogueProblem::NoList, at));
        }
        match tape.parse(json.as_bytes()) {
            Ok(document) => Ok(Self {
                text,
                before,
                root: document.root(),
            }),
            Err(error) => {
                let at = before + error.offset;
                Err(wrong(
                    text,
                    CatalogueProblem::Json(error.reason),
                    at..at + 1,
                ))
            }
        }
    }

    /// The list of entries, wherever the file keeps it.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn list(&self) -> Result<impl Iterator<Item = Node<'t>> + use<'t>, CatalogueError> {
        let wrapped = || {
            ["result", "data"]
                .into_iter()
                .find_map(|key| field(self.root, key))
        };
        let is_list = |node: &Node<'_>| node.kind() == NodeKind::Array;
        let found = Some(self.root).filter(is_list).or_else(wrapped);
        match found.filter(is_list) {
            Some(list) => Ok(list.items()),
            None => Err(wrong(
                self.text,
                CatalogueProblem::NoList,
                self.span(self.root),
            )),
        }
    }

    /// What has this number in the list, from 1.
    pub(super) fn entry(&self, node: Node<'t>, number: usize) -> Entry<'t, '_> {
        let title = field(node, "title").filter(|title| title.kind() == NodeKind::String);
        let title = title.or((node.kind() == NodeKind::String).then_some(node));
        let title = title.and_then(Node::text);
        Entry {
            json: self,
            node,
            name: EntryName {
                number,
                title: title.map(std::borrow::Cow::into_owned),
            },
        }
    }

    fn span(&self, node: Node<'_>) -> Range<usize> {
        let span = node.span();
        span.start + self.before..span.end + self.before
    }
}

fn wrong(text: &str, problem: CatalogueProblem, at: Range<usize>) -> CatalogueError {
    CatalogueError {
        problem: Box::new(problem),
        entry: None,
        place: Span::of(text, at),
    }
}

/// A key's value. A null is as good as no key.
fn field<'t>(object: Node<'t>, key: &str) -> Option<Node<'t>> {
    object
        .get(key)
        .filter(|value| value.kind() != NodeKind::Null)
}

/// One of the list, which knows how to name itself when it can't be read.
pub(super) struct Entry<'t, 'j> {
    json: &'j Json<'t>,
    node: Node<'t>,
    name: EntryName,
}

impl<'t> Entry<'t, '_> {
    /// An error at the value of a key, or at the entry itself.
    pub(super) fn error(&self, problem: CatalogueProblem, key: &str) -> CatalogueError {
        self.error_at(problem, field(self.node, key).unwrap_or(self.node))
    }

    fn error_at(&self, problem: CatalogueProblem, node: Node<'t>) -> CatalogueError {
        CatalogueError {
            entry: Some(self.name.clone()),
            ..wrong(self.json.text, problem, self.json.span(node))
        }
    }

    /// Whether a key stands in it.
    pub(super) fn says(&self, key: &str) -> bool {
        field(self.node, key).is_some()
    }

    /// A name that stands in it, or is all of it.
    ///
    /// # Errors
    /// If it can't be one.
    pub(super) fn name<T: FromStr<Err = NameError>>(
        &self,
        key: &'static str,
        node: Node<'t>,
    ) -> Result<T, CatalogueError> {
        self.text(key, node)?
            .parse()
            .map_err(|error| self.error_at(CatalogueProblem::Name { key, error }, node))
    }

    /// All that it says.
    ///
    /// # Errors
    /// What is missing or can't be so.
    pub(super) fn read(&self) -> Result<CatalogueEntry, CatalogueError> {
        if self.node.kind() != NodeKind::Object {
            let found = type_of(self.node);
            let problem = format!("it should be an object, but is {found}");
            return Err(self.error_at(CatalogueProblem::Json(problem), self.node));
        }
        let data_center = field(self.node, "data_center");
        let latest = field(self.node, "latest_released_version");
        Ok(CatalogueEntry {
            data_center: data_center
                .map(|node| self.name("data_center", node))
                .transpose()?,
            title: self.needed("title")?,
            internal_name: self.needed("name")?,
            shared_version: self.shared_version()?,
            latest_released: latest
                .map(|node| self.version("latest_released_version", node))
                .transpose()?,
            released_versions: self.released()?,
            visibility: self.visibility()?,
        })
    }

    fn needed<T: FromStr<Err = NameError>>(&self, key: &'static str) -> Result<T, CatalogueError> {
        match field(self.node, key) {
            Some(node) => self.name(key, node),
            None => Err(self.error_at(CatalogueProblem::Missing(key), self.node)),
        }
    }

    fn text(&self, key: &'static str, node: Node<'t>) -> Result<String, CatalogueError> {
        match node.text() {
            Some(text) => Ok(text.into_owned()),
            None => Err(self.wrong_type(key, "a text", node)),
        }
    }

    fn version(&self, key: &'static str, node: Node<'t>) -> Result<Version, CatalogueError> {
        match node.number() {
            Some(number) => Ok(Version(number)),
            None => Err(self.wrong_type(key, "a version number", node)),
        }
    }

    fn shared_version(&self) -> Result<SharedVersion, CatalogueError> {
        let key = "oem_shared_version";
        match self.node.get(key) {
            None => Ok(SharedVersion::Unsaid),
            Some(node) if node.kind() == NodeKind::Null => Ok(SharedVersion::None),
            Some(node) => self.version(key, node).map(SharedVersion::At),
        }
    }

    fn released(&self) -> Result<Vec<Version>, CatalogueError> {
        let key = "released_versions";
        let Some(list) = field(self.node, key) else {
            return Ok(Vec::new());
        };
        let is_one = |node: Node<'_>| matches!(node.kind(), NodeKind::Object | NodeKind::Null);
        if list.kind() != NodeKind::Array || !list.items().all(is_one) {
            return Err(self.wrong_type(key, "a list of objects", list));
        }
        let mut versions = Vec::new();
        for version in list.items().filter_map(|release| field(release, "version")) {
            versions.push(self.version("version", version)?);
        }
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }

    fn visibility(&self) -> Result<Visibility, CatalogueError> {
        let key = "visibility";
        let Some(node) = field(self.node, key) else {
            return Ok(Visibility::Unknown);
        };
        self.text(key, node)?
            .parse()
            .map_err(|error: UnknownKeyword| self.error_at(error.into(), node))
    }

    fn wrong_type(
        &self,
        key: &'static str,
        expected: &'static str,
        node: Node<'t>,
    ) -> CatalogueError {
        let found = match type_of(node) {
            "a number" if expected == "a version number" => "another number",
            "a list" if expected == "a list of objects" => "another list",
            other => other,
        };
        let problem = CatalogueProblem::WrongType {
            key,
            expected,
            found,
        };
        self.error_at(problem, node)
    }
}

fn type_of(node: Node<'_>) -> &'static str {
    match node.kind() {
        NodeKind::String => "a text",
        NodeKind::Array => "a list",
        NodeKind::Object => "an object",
        NodeKind::Bool => "true or false",
        NodeKind::Null => "null",
        NodeKind::Number => "a number",
    }
}
