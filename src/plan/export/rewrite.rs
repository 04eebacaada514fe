//! Leaving a connector out of a package, or putting it back in, in the bytes of the assets that
//! use it (platform.md §5.6).
//!
//! A shared connector is known in every customer's workspace by the admin workspace's internal
//! name. So a connection says that name instead of a reference to the connector's file, the mark
//! `"custom": true` goes from the recipes, and where the package was made in another workspace,
//! that workspace's internal name gives way to the admin's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::json::{Dialect, Document, Node, NodeKind, Splice, insert_member, quote, remove_member};
use crate::model::facts::{ConnectionProvider, CustomMark};
use crate::model::ident::{ConnectorTitle, InternalName, is_word};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::Asset;
use crate::model::table::{PackedRows, is_table};

/// What the target makes of a connector that recipes name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderTarget {
    /// It is shared there, under this internal name.
    Shared(InternalName),
    /// It is one of the workspace's own.
    Own,
}

/// How a connection is to name its connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderRef {
    /// By the internal name of a shared connector.
    Name(InternalName),
    /// By a reference to the connector's file.
    Reference {
        /// The path of the connector's JSON.
        target: PackagePath,
        /// The connector's title.
        title: ConnectorTitle,
    },
}

/// All changes that a package's assets need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// By internal name, as recipes spell it now.
    pub providers: BTreeMap<InternalName, ProviderTarget>,
    /// By the path of a connection's JSON.
    pub connections: BTreeMap<PackagePath, ProviderRef>,
    /// What becomes of the rows of tables.
    pub rows: PackedRows,
}

impl Default for Rewrite {
    fn default() -> Self {
        Self {
            providers: BTreeMap::new(),
            connections: BTreeMap::new(),
            rows: PackedRows::Keep,
        }
    }
}

/// What was changed in an asset, and how often.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Edits {
    /// `"custom": true` taken out of `config[].account_id`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub custom_removed: u32,
    /// `"custom": true` put into `config[].account_id`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub custom_added: u32,
    /// The connection's `provider` object became an internal name.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub provider_to_name: u32,
    /// The connection's `provider` became a reference to the connector's file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub provider_to_reference: u32,
    /// Internal names replaced in `provider` keys and in formulas.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub renamed: u32,
    /// The rows of a table taken out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_removed: u32,
}

impl Edits {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts().into_iter().map(u64::from).sum()
    }

    /// What they are, in words.
    pub fn told(&self) -> String {
        let words = [
            "`custom` removed",
            "`custom` added",
            "provider by name",
            "provider by reference",
            "internal name replaced",
            "rows taken out",
        ];
        let counts = self.counts().into_iter().zip(words);
        let told = counts.filter(|(count, _)| *count > 0);
        let told = told.map(|(count, what)| format!("{what} ({count})"));
        told.collect::<Vec<_>>().join(", ")
    }

    /// How many of each there are, in the order of the fields.
    pub fn counts(&self) -> [u32; 6] {
        let Self {
            custom_removed,
            custom_added,
            provider_to_name,
            provider_to_reference,
            renamed,
            rows_removed,
        } = *self;
        [
            custom_removed,
            custom_added,
            provider_to_name,
            provider_to_reference,
            renamed,
            rows_removed,
        ]
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The splices for one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// The spans to change.
    pub splices: Vec<Splice>,
    /// What they do.
    pub edits: Edits,
    /// Bytes at which an internal name stands that should change, in a place whose meaning is not
    /// known; it is left alone.
    pub left: Vec<usize>,
}

impl Rewrite {
    /// Whether an asset has to change at all, judged by its facts. Where this says no,
    /// [`Rewrite::splices`] has nothing to change.
    pub fn concerns(&self, asset: &Asset) -> bool {
        let renamed = asset
            .facts
            .internal_names
            .iter()
            .any(|name| self.new_name(name).is_some());
        let marked = asset.facts.recipe().is_some_and(|recipe| {
            recipe.config.iter().any(|entry| {
                match (self.providers.get(&*entry.provider), entry.mark) {
                    (Some(ProviderTarget::Shared(_)), CustomMark::Present) => true,
                    (Some(ProviderTarget::Own), CustomMark::Absent) => entry.account.is_some(),
                    _ => false,
                }
            })
        });
        let provider = asset.facts.connection().is_some_and(|connection| {
            match (self.connections.get(&asset.path), &connection.provider) {
                (Some(ProviderRef::Name(_)), ConnectionProvider::Connector(_)) => true,
                (Some(ProviderRef::Reference { .. }), ConnectionProvider::Named(_)) => true,
                (
                    Some(ProviderRef::Reference { target, .. }),
                    ConnectionProvider::Connector(reference),
                ) => &*asset.facts.references[*reference].target != target.as_str(),
                _ => false,
            }
        });
        let rows = self.rows == PackedRows::LeaveOut && asset.facts.rows().is_some();
        renamed || marked || provider || rows
    }

    /// The name that takes the place of `name`, if it is another one.
    fn new_name(&self, name: &InternalName) -> Option<&InternalName> {
        match self.providers.get(name)? {
            ProviderTarget::Shared(shared) if shared != name => Some(shared),
            ProviderTarget::Shared(_) | ProviderTarget::Own => None,
        }
    }

    /// The changes in one asset's JSON.
    pub fn splices(
        &self,
        kind: &AssetKind,
        path: &PackagePath,
        document: Document<'_>,
    ) -> Rewritten {
        let mut out = Rewritten::default();
        let root = document.root();
        if *kind == AssetKind::Recipe {
            self.mark_accounts(document, root, &mut out);
        } else if *kind == AssetKind::Connection {
            self.provider_form(path, document, root, &mut out);
        } else if is_table(kind)
            && self.rows == PackedRows::LeaveOut
            && let Some(splice) = remove_member(root, "data")
        {
            out.splices.push(splice);
            out.edits.rows_removed += 1;
        }
        let renames: Vec<_> = self
            .providers
            .keys()
            .filter_map(|from| Some((from.as_str(), self.new_name(from)?.as_str())))
            .collect();
        if renames.iter().any(|(from, _)| {
            memchr::memmem::find(document.text().as_bytes(), from.as_bytes()).is_some()
        }) {
            rename(root, "", &renames, &mut out);
        }
        out
    }

    /// What is to be done about bytes that are not JSON: nothing, but to say where internal names
    /// stand that should change.
    pub fn unreadable(&self, bytes: &[u8]) -> Rewritten {
        let names = self.providers.keys();
        let mut left: Vec<usize> = names
            .filter(|name| self.new_name(name).is_some())
            .flat_map(|name| memchr::memmem::find_iter(bytes, name.as_str().as_bytes()))
            .collect();
        left.sort_unstable();
        Rewritten {
            left,
            ..Rewritten::default()
        }
    }

    fn mark_accounts(&self, document: Document<'_>, root: Node<'_>, out: &mut Rewritten) {
        let config = root.get("config");
        for entry in config.into_iter().flat_map(Node::items) {
            let provider = entry.get("provider").and_then(Node::text);
            let treatment = provider.and_then(|provider| self.providers.get(&*provider));
            let Some(account) = entry
                .get("account_id")
                .filter(|account| account.get("zip_name").is_some())
            else {
                continue;
            };
            match treatment {
                Some(ProviderTarget::Shared(_)) => {
                    if let Some(splice) = remove_member(account, "custom") {
                        out.splices.push(splice);
                        out.edits.custom_removed += 1;
                    }
                }
                Some(ProviderTarget::Own) => {
                    let dialect = Dialect::of(document);
                    if let Some(splice) =
                        insert_member(document.text(), account, "custom", "true", dialect)
                    {
                        out.splices.push(splice);
                        out.edits.custom_added += 1;
                    }
                }
                None => {}
            }
        }
    }

    fn provider_form(
        &self,
        path: &PackagePath,
        document: Document<'_>,
        root: Node<'_>,
        out: &mut Rewritten,
    ) {
        let Some(form) = self.connections.get(path) else {
            return;
        };
        let Some((key, provider)) = root.members().find(|(key, _)| key.is("provider")) else {
            return;
        };
        let dialect = Dialect::of(document);
        match (form, provider.kind()) {
            (ProviderRef::Name(name), NodeKind::Object) => {
                out.splices
                    .push(Splice::new(provider.span(), quote(name.as_str(), dialect)));
                out.edits.provider_to_name += 1;
            }
            (ProviderRef::Reference { target, title }, NodeKind::String) => {
                let before = &document.text()[..key.span().start];
                let indent = before.rsplit_once('\n').map(|(_, indent)| indent);
                out.splices.push(Splice::new(
                    provider.span(),
                    reference(target, title, indent, dialect),
                ));
                out.edits.provider_to_reference += 1;
            }
            (ProviderRef::Reference { target, .. }, NodeKind::Object) => {
                let zip_name = provider
                    .get("zip_name")
                    .filter(|zip_name| !zip_name.is(target.as_str()));
                if let Some(zip_name) = zip_name {
                    out.splices.push(Splice::new(
                        zip_name.span(),
                        quote(target.as_str(), dialect),
                    ));
                    if let Some(folder) = provider.get("folder") {
                        out.splices
                            .push(Splice::new(folder.span(), quote(target.folder(), dialect)));
                    }
                    out.edits.provider_to_reference += 1;
                }
            }
            _ => {}
        }
    }
}

/// The spans in which internal names give way to others, in `provider` keys and in formulas; nothing
/// else is changed.
pub fn rename_providers(
    document: Document<'_>,
    names: &BTreeMap<InternalName, InternalName>,
) -> Rewritten {
    let mut out = Rewritten::default();
    let renames: Vec<_> = names
        .iter()
        .map(|(from, to)| (from.as_str(), to.as_str()))
        .collect();
    rename(document.root(), "", &renames, &mut out);
    out
}

/// A reference object, laid out as the dialect does at this indentation; in one line without any.
fn reference(
    target: &PackagePath,
    title: &ConnectorTitle,
    indent: Option<&str>,
    dialect: Dialect,
) -> String {
    let zip_name = ("zip_name", quote(target.as_str(), dialect));
    let name = ("name", quote(title.as_str(), dialect));
    let folder = ("folder", quote(target.folder(), dialect));
    let members = match dialect {
        Dialect::Platform => [zip_name, name, folder],
        Dialect::Wk => [folder, name, zip_name],
    };
    match indent {
        Some(indent) => {
            let lines: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{indent}  \"{key}\": {value}"))
                .collect();
            format!("{{\n{}\n{indent}}}", lines.join(",\n"))
        }
        None => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("\"{key}\":{value}"))
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn rename(node: Node<'_>, key: &str, renames: &[(&str, &str)], out: &mut Rewritten) {
    match node.kind() {
        NodeKind::Object => {
            for (key, value) in node.members() {
                rename(value, key.inside().unwrap_or_default(), renames, out);
            }
        }
        NodeKind::Array => node
            .items()
            .for_each(|item| rename(item, key, renames, out)),
        NodeKind::String => {
            let Some(inside) = node.inside() else { return };
            let start = node.span().start + 1;
            for (from, to) in renames {
                for at in memchr::memmem::find_iter(inside.as_bytes(), from.as_bytes()) {
                    let (before, after) = (&inside[..at], &inside[at + from.len()..]);
                    if !stands_alone(before, after) {
                        continue;
                    }
                    let whole = before.is_empty() && after.is_empty();
                    if whole && key == "provider" || names_provider(before, after) {
                        out.splices
                            .push(Splice::new(start + at..start + at + from.len(), *to));
                        out.edits.renamed += 1;
                    } else {
                        out.left.push(start + at);
                    }
                }
            }
        }
        NodeKind::Number | NodeKind::Bool | NodeKind::Null => {}
    }
}

/// Whether no word goes on around a name. The letter of an escape such as `\n` is no word.
fn stands_alone(before: &str, after: &str) -> bool {
    let ends_word = match before.chars().next_back() {
        Some(c) if is_word(c) => {
            let escapes = before[..before.len() - c.len_utf8()]
                .bytes()
                .rev()
                .take_while(|b| *b == b'\\')
                .count();
            escapes % 2 == 0
        }
        _ => false,
    };
    !ends_word && !after.chars().next().is_some_and(is_word)
}

/// Whether a name between these texts is the provider of a data pill: `"provider":"NAME"` inside
/// `_dp('…')` at any depth of quoting, or the second part of `_('data.NAME.…')`.
fn names_provider(before: &str, after: &str) -> bool {
    let unquote = |text: &str, quote: char| {
        text.strip_suffix(quote)
            .map(|t| t.trim_end_matches('\\').len())
    };
    if let Some(len) = unquote(before, '"') {
        let head = before[..len]
            .trim_end()
            .strip_suffix(':')
            .map(str::trim_end);
        let key = head.and_then(|head| Some(&head[..unquote(head, '"')?]));
        let closed = after.trim_start_matches('\\').starts_with('"');
        return closed && key.is_some_and(|key| key.ends_with("\"provider"));
    }
    let path = before.strip_suffix("data.");
    path.is_some_and(|path| path.ends_with(['\'', '"'])) && after.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Tape, apply};

    fn rewritten(
        rewrite: &Rewrite,
        kind: AssetKind,
        path: &str,
        text: &str,
    ) -> (String, Rewritten) {
        let mut tape = Tape::default();
        let document = tape.parse(text.as_bytes()).expect("valid JSON");
        let mut out = rewrite.splices(&kind, &path.parse().expect("safe"), document);
        let bytes = apply(text.as_bytes(), &mut out.splices);
        (String::from_utf8(bytes).expect("UTF-8"), out)
    }

    fn name(text: &str) -> InternalName {
        text.parse().expect("a name")
    }

    const OWN: &str = "{\n  \"name\": \"P\",\n  \"provider\": {\n    \"zip_name\": \"p.custom_adapter.json\",\n    \"name\": \"Parcel & Co\",\n    \"folder\": \"\"\n  },\n  \"root_folder\": false\n}";
    const SHARED: &str = "{\n  \"name\": \"P\",\n  \"provider\": \"parcel_connector_1_2\",\n  \"root_folder\": false\n}";
    const OWN_WK: &str = "{\n  \"name\": \"P\",\n  \"provider\": {\n    \"folder\": \"\",\n    \"name\": \"Parcel \\u0026 Co\",\n    \"zip_name\": \"p.custom_adapter.json\"\n  },\n  \"root_folder\": false\n}\n";
    const SHARED_WK: &str = "{\n  \"name\": \"P\",\n  \"provider\": \"parcel_connector_1_2\",\n  \"root_folder\": false\n}\n";

    #[test]
    fn a_connection_changes_its_form_and_back_in_both_dialects() {
        let path: PackagePath = "p.connection.json".parse().expect("safe");
        let leave_out = Rewrite {
            connections: [(
                path.clone(),
                ProviderRef::Name(name("parcel_connector_1_2")),
            )]
            .into(),
            ..Rewrite::default()
        };
        let form = ProviderRef::Reference {
            target: "p.custom_adapter.json".parse().expect("safe"),
            title: "Parcel & Co".parse().expect("a title"),
        };
        let put_back = Rewrite {
            connections: [(path, form)].into(),
            ..Rewrite::default()
        };
        for (own, shared) in [(OWN, SHARED), (OWN_WK, SHARED_WK)] {
            assert_eq!(
                rewritten(&leave_out, AssetKind::Connection, "p.connection.json", own).0,
                shared
            );
            assert_eq!(
                rewritten(
                    &leave_out,
                    AssetKind::Connection,
                    "p.connection.json",
                    shared
                )
                .0,
                shared
            );
            assert_eq!(
                rewritten(
                    &put_back,
                    AssetKind::Connection,
                    "p.connection.json",
                    shared
                )
                .0,
                own
            );
            assert_eq!(
                rewritten(&put_back, AssetKind::Connection, "p.connection.json", own).0,
                own
            );
            assert_eq!(
                rewritten(
                    &leave_out,
                    AssetKind::Connection,
                    "other.connection.json",
                    own
                )
                .0,
                own
            );
        }
    }

    #[test]
    fn a_name_changes_only_where_it_names_a_provider() {
        let rewrite = Rewrite {
            providers: [(
                name("a_connector_1_2"),
                ProviderTarget::Shared(name("b_connector_3_4")),
            )]
            .into(),
            ..Rewrite::default()
        };
        for (text, expected, left) in [
            (
                r#"{"provider":"a_connector_1_2"}"#,
                r#"{"provider":"b_connector_3_4"}"#,
                0,
            ),
            (
                r#"{"x":"=_dp('{\"provider\":\"a_connector_1_2\",\"line\":\"1\"}')"}"#,
                r#"{"x":"=_dp('{\"provider\":\"b_connector_3_4\",\"line\":\"1\"}')"}"#,
                0,
            ),
            (
                r#"{"x":"{\\\"provider\\\": \\\"a_connector_1_2\\\"}"}"#,
                r#"{"x":"{\\\"provider\\\": \\\"b_connector_3_4\\\"}"}"#,
                0,
            ),
            (
                r##"{"x":"#{_('data.a_connector_1_2.9f.id')} \n#{_(\"data.a_connector_1_2.x\")}"}"##,
                r##"{"x":"#{_('data.b_connector_3_4.9f.id')} \n#{_(\"data.b_connector_3_4.x\")}"}"##,
                0,
            ),
            (
                r#"{"note":"a_connector_1_2"}"#,
                r#"{"note":"a_connector_1_2"}"#,
                1,
            ),
            (
                r#"{"note":"see data.a_connector_1_2.x"}"#,
                r#"{"note":"see data.a_connector_1_2.x"}"#,
                1,
            ),
            (
                r#"{"provider":"xa_connector_1_23","y":"a_connector_1_2b"}"#,
                r#"{"provider":"xa_connector_1_23","y":"a_connector_1_2b"}"#,
                0,
            ),
            (r#"{"a_connector_1_2":1}"#, r#"{"a_connector_1_2":1}"#, 0),
            // A letter that a backslash makes an end of line of is no part of a word; one that stands
            // behind an escaped backslash is.
            (
                r#"{"note":"\na_connector_1_2"}"#,
                r#"{"note":"\na_connector_1_2"}"#,
                1,
            ),
            (
                r#"{"note":"\\na_connector_1_2"}"#,
                r#"{"note":"\\na_connector_1_2"}"#,
                0,
            ),
            (
                r#"{"note":"\\\na_connector_1_2"}"#,
                r#"{"note":"\\\na_connector_1_2"}"#,
                1,
            ),
        ] {
            let (out, rewritten) =
                rewritten(&rewrite, AssetKind::TestCase, "t.test_case.json", text);
            assert_eq!(out, expected);
            assert_eq!(rewritten.left.len(), left, "{text}");
        }
    }

    #[test]
    fn the_mark_goes_from_the_connectors_own_accounts_only() {
        let text = r#"{"config": [
            {"provider": "a_connector_1_2", "account_id": {"zip_name": "p", "custom": true}},
            {"provider": "c_connector_1_2", "account_id": {"zip_name": "q", "custom": true}},
            {"provider": "a_connector_1_2", "account_id": null}]}"#;
        let shared = Rewrite {
            providers: [(
                name("a_connector_1_2"),
                ProviderTarget::Shared(name("a_connector_1_2")),
            )]
            .into(),
            ..Rewrite::default()
        };
        let (out, rewritten_to) = rewritten(&shared, AssetKind::Recipe, "r.recipe.json", text);
        assert_eq!(out, text.replacen(", \"custom\": true", "", 1));
        assert_eq!(
            rewritten_to.edits,
            Edits {
                custom_removed: 1,
                ..Edits::default()
            }
        );
        let own = Rewrite {
            providers: [(name("a_connector_1_2"), ProviderTarget::Own)].into(),
            ..Rewrite::default()
        };
        let (back, put) = rewritten(&own, AssetKind::Recipe, "r.recipe.json", &out);
        assert_eq!(
            put.edits,
            Edits {
                custom_added: 1,
                ..Edits::default()
            }
        );
        assert_eq!(back, out.replacen("\"p\"}", "\"p\",\"custom\": true}", 1));
    }
}
