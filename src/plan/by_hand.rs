//! Changes of single assets as people make them on the platform's pages, and programs through its
//! API: another name or folder, another connection, other steps. Only what is changed is edited.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::json::{
    Dialect, Document, JsonError, Node, NodeKind, Splice, Tape, apply, insert_member, quote,
};
use crate::model::facts::CustomMark;
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;
use crate::model::slug::Stem;
use crate::model::workspace::{AssetId, Binding, FolderPath};

/// What a recipe begins as.
pub const NEW_RECIPE: &[u8] =
    br#"{"name":"","description":"","version":1,"private":true,"concurrency":1,"code":{},"config":[]}"#;

/// A changed asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its JSON.
    pub bytes: Vec<u8>,
    /// What its references mean, in the order of the text.
    pub bindings: Vec<Binding>,
}

/// A connection that a recipe is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The connection.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub folder: FolderPath,
    /// Whether it is one of a custom connector of the workspace's own (platform.md §5.6).
    pub mark: CustomMark,
}

/// What a recipe is given; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewParts<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Its description.
    pub description: Option<&'a str>,
    /// Its steps, as JSON.
    pub code: Option<&'a str>,
    /// Its applications, as JSON, with numbers of connections.
    pub config: Option<&'a str>,
}

/// An asset can't be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ByHandError {
    /// What is held, or what it would become, is not JSON of such an asset.
    #[error("its JSON can't be read")]
    Json(#[from] JsonError),
    /// A part is something else than recipes have there.
    #[error("`{part}` is {found}, and has to be {wanted}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What it is.
        found: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// A number is no connection's.
    #[error("{0} is no connection's number")]
    NoConnection(u64),
}

/// What a connection says of itself once it is called and lies like this.
///
/// # Errors
/// If `bytes` are no connection's.
pub fn renamed(bytes: &[u8], name: &str, folder: &FolderPath) -> Result<Vec<u8>, ByHandError> {
    let mut tape = Tape::default();
    let document = tape.parse(bytes)?;
    let dialect = Dialect::of(document);
    let in_home = folder.is_home().to_string();
    let members = [("name", quote(name, dialect)), ("root_folder", in_home)];
    let mut splices: Vec<_> = members
        .iter()
        .filter_map(|(key, value)| member(document, document.root(), key, value))
        .collect();
    Ok(apply(bytes, &mut splices))
}

/// The change that gives an object's member a value.
fn member(document: Document<'_>, object: Node<'_>, key: &str, value: &str) -> Option<Splice> {
    match object.get(key) {
        Some(old) if old.raw() == value => None,
        Some(old) => Some(Splice::new(old.span(), value)),
        None => insert_member(document.text(), object, key, value, Dialect::of(document)),
    }
}

/// The connections of a recipe's applications, in the order of its `config`; none where an
/// application has none, or one that is not bound.
///
/// # Errors
/// If `bytes` are no recipe's.
pub fn accounts(bytes: &[u8], bindings: &[Binding]) -> Result<Vec<Option<Binding>>, JsonError> {
    let facts = Scanner::default().scan(&AssetKind::Recipe, bytes)?;
    let offsets = facts.references.iter().map(|one| one.offset as usize);
    let bound: BTreeMap<usize, Binding> = offsets.zip(bindings.iter().copied()).collect();
    let mut tape = Tape::default();
    let document = tape.parse(bytes)?;
    let accounts = entries(document).map(|entry| {
        let account = entry.get("account_id")?;
        bound.get(&account.span().start).copied()
    });
    Ok(accounts.collect())
}

fn entries(document: Document<'_>) -> impl Iterator<Item = Node<'_>> {
    let config = document.root().get("config");
    config.into_iter().flat_map(Node::items)
}

/// What the references of a recipe mean, by path and name.
type Known = BTreeMap<(Arc<str>, Arc<str>), Binding>;

fn known(bytes: &[u8], bindings: &[Binding]) -> Result<Known, JsonError> {
    let facts = Scanner::default().scan(&AssetKind::Recipe, bytes)?;
    let references = facts.references.into_iter().zip(bindings);
    Ok(references
        .map(|(reference, binding)| ((reference.target, reference.name), *binding))
        .collect())
}

/// What the references of a changed recipe mean: those of its `config` what `accounts` says, others
/// what they meant before. What was never met means nothing.
fn rebound(
    bytes: Vec<u8>,
    accounts: &[Option<Binding>],
    known: &Known,
) -> Result<Edited, JsonError> {
    let facts = Scanner::default().scan(&AssetKind::Recipe, &bytes)?;
    let mut tape = Tape::default();
    let document = tape.parse(&bytes)?;
    let told: BTreeMap<usize, Binding> = entries(document)
        .zip(accounts)
        .filter_map(|(entry, binding)| Some((entry.get("account_id")?.span().start, (*binding)?)))
        .collect();
    let bindings = facts.references.iter().map(|reference| {
        let told = told.get(&(reference.offset as usize));
        let named = (Arc::clone(&reference.target), Arc::clone(&reference.name));
        told.or_else(|| known.get(&named)).copied()
    });
    Ok(Edited {
        bindings: bindings
            .map(|one| one.unwrap_or(Binding::Nothing))
            .collect(),
        bytes,
    })
}

/// How a recipe names a connection (platform.md §5.5).
fn reference(account: &Account, dialect: Dialect) -> String {
    let stem = Stem::of(&AssetKind::Connection, &account.name);
    let path = account
        .folder
        .label(&format!("{}.connection.json", stem.as_str()));
    let custom = match account.mark {
        CustomMark::Present => r#","custom":true"#,
        CustomMark::Absent => "",
    };
    format!(
        r#"{{"zip_name":{},"name":{},"folder":{}{custom}}}"#,
        quote(&path, dialect),
        quote(&account.name, dialect),
        quote(account.folder.as_str(), dialect),
    )
}

/// A recipe that uses another connection for an application (platform.md §12); `None` if it does
/// not use the application.
///
/// # Errors
/// If `bytes` are no recipe's.
pub fn connected(
    bytes: &[u8],
    bindings: &[Binding],
    application: &str,
    account: &Account,
) -> Result<Option<Edited>, ByHandError> {
    let mut accounts = accounts(bytes, bindings)?;
    let known = known(bytes, bindings)?;
    let mut tape = Tape::default();
    let document = tape.parse(bytes)?;
    let mut splices = Vec::new();
    let mut met = 0;
    for (entry, bound) in entries(document).zip(&mut accounts) {
        let provider = entry.get("provider");
        if provider.is_some_and(|provider| provider.is(application)) {
            let reference = reference(account, Dialect::of(document));
            splices.extend(member(document, entry, "account_id", &reference));
            *bound = Some(Binding::Asset(account.id));
            met += 1;
        }
    }
    if met == 0 {
        return Ok(None);
    }
    let bytes = apply(bytes, &mut splices);
    Ok(Some(rebound(bytes, &accounts, &known)?))
}

/// A recipe with other parts. Numbers of connections become references: `find` knows them.
///
/// # Errors
/// If a part is none, or a number no connection's.
pub fn rewritten(
    bytes: &[u8],
    bindings: &[Binding],
    parts: &NewParts<'_>,
    find: &dyn Fn(u64) -> Option<Account>,
) -> Result<Edited, ByHandError> {
    let mut accounts = accounts(bytes, bindings)?;
    let known = known(bytes, bindings)?;
    let config = match parts.config {
        Some(config) => {
            let (text, new) = with_references(config, find)?;
            accounts = new;
            Some(text)
        }
        None => None,
    };
    if let Some(code) = parts.code {
        is_a("code", code, NodeKind::Object)?;
    }
    let mut tape = Tape::default();
    let document = tape.parse(bytes)?;
    let dialect = Dialect::of(document);
    let members = [
        ("name", parts.name.map(|name| quote(name, dialect))),
        (
            "description",
            parts.description.map(|text| quote(text, dialect)),
        ),
        ("code", parts.code.map(str::to_owned)),
        ("config", config),
    ];
    let mut splices: Vec<_> = members
        .iter()
        .filter_map(|(key, value)| member(document, document.root(), key, value.as_ref()?))
        .collect();
    let bytes = apply(bytes, &mut splices);
    Ok(rebound(bytes, &accounts, &known)?)
}

const fn called(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Object => "an object",
        NodeKind::Array => "a list",
        NodeKind::String => "a text",
        NodeKind::Number => "a number",
        NodeKind::Bool => "a yes or no",
        NodeKind::Null => "null",
    }
}

fn is_a(part: &'static str, text: &str, wanted: NodeKind) -> Result<(), ByHandError> {
    let mut tape = Tape::default();
    let found = tape.parse(text.as_bytes())?.root().kind();
    match found == wanted {
        true => Ok(()),
        false => Err(ByHandError::Part {
            part,
            found: called(found),
            wanted: called(wanted),
        }),
    }
}

/// A `config` with references where numbers stand, and what they mean.
fn with_references(
    config: &str,
    find: &dyn Fn(u64) -> Option<Account>,
) -> Result<(String, Vec<Option<Binding>>), ByHandError> {
    is_a("config", config, NodeKind::Array)?;
    let mut tape = Tape::default();
    let document = tape.parse(config.as_bytes())?;
    let (mut splices, mut accounts) = (Vec::new(), Vec::new());
    for entry in document.root().items() {
        let number = entry.get("account_id").and_then(|account| {
            let number = match account.kind() {
                NodeKind::Number => account.number(),
                NodeKind::String => account.text()?.parse().ok(),
                NodeKind::Object | NodeKind::Array | NodeKind::Bool | NodeKind::Null => None,
            };
            Some((account, number?))
        });
        accounts.push(match number {
            Some((account, number)) => {
                let found = find(number).ok_or(ByHandError::NoConnection(number))?;
                splices.push(Splice::new(
                    account.span(),
                    reference(&found, Dialect::Platform),
                ));
                Some(Binding::Asset(found.id))
            }
            None => None,
        });
    }
    let bytes = apply(config.as_bytes(), &mut splices);
    Ok((String::from_utf8_lossy(&bytes).into_owned(), accounts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: u64, name: &str, folder: &str) -> Account {
        Account {
            id: AssetId(id),
            name: name.to_owned(),
            folder: folder.parse().expect("a folder"),
            mark: CustomMark::Absent,
        }
    }

    fn text(edited: &Edited) -> &str {
        std::str::from_utf8(&edited.bytes).expect("text")
    }

    const RECIPE: &str = r#"{"name":"R","code":{"input":{"flow_id":{"zip_name":"f.recipe.json","name":"F","folder":""}}},"config":[{"provider":"gmail","account_id":{"zip_name":"a.connection.json","name":"A","folder":""}},{"provider":"clock"}]}"#;
    const BOUND: [Binding; 2] = [Binding::Asset(AssetId(7)), Binding::Asset(AssetId(1))];

    #[test]
    fn a_connection_takes_another_ones_place_and_all_else_stays() {
        let new = account(9, "Mail & Co", "Orders");
        let told = connected(RECIPE.as_bytes(), &BOUND, "gmail", &new).expect("a recipe");
        let told = told.expect("it uses it");
        let named =
            r#"{"zip_name":"Orders/mail_co.connection.json","name":"Mail & Co","folder":"Orders"}"#;
        let old = r#"{"zip_name":"a.connection.json","name":"A","folder":""}"#;
        assert_eq!(text(&told), RECIPE.replace(old, named));
        let to = |id| Binding::Asset(AssetId(id));
        assert_eq!(told.bindings, [to(7), to(9)]);
        // An application that had no connection gets one.
        let told = connected(&told.bytes, &told.bindings, "clock", &account(3, "C", ""));
        let told = told.expect("a recipe").expect("it uses it");
        assert_eq!(told.bindings, [to(7), to(9), to(3)]);
        let none = connected(RECIPE.as_bytes(), &BOUND, "slack", &new);
        assert_eq!(none, Ok(None));
    }

    #[test]
    fn parts_are_given_with_numbers_and_read_with_references() {
        let parts = NewParts {
            name: Some("N\"ew"),
            description: None,
            code: Some(
                r#"{"number":0,"input":{"flow_id":{"zip_name":"f.recipe.json","name":"F","folder":""}}}"#,
            ),
            config: Some(
                r#"[{"provider":"clock","account_id":null},{"provider":"gmail","account_id":4}]"#,
            ),
        };
        let find = |id: u64| (id == 4).then(|| account(4, "A", ""));
        let told = rewritten(RECIPE.as_bytes(), &BOUND, &parts, &find).expect("a recipe");
        let to = |id| Some(Binding::Asset(AssetId(id)));
        assert_eq!(told.bindings.first().copied(), to(7), "as it was");
        let found = accounts(&told.bytes, &told.bindings).expect("a recipe");
        assert_eq!(found, [None, to(4)]);
        assert!(text(&told).starts_with(r#"{"name":"N\"ew","code":{"number":0,"#));
        for (parts, why) in [
            (
                NewParts {
                    config: Some(r#"[{"account_id":5}]"#),
                    ..NewParts::default()
                },
                "5 is no connection's number",
            ),
            (
                NewParts {
                    config: Some("{}"),
                    ..NewParts::default()
                },
                "`config` is an object, and has to be a list",
            ),
            (
                NewParts {
                    code: Some("[]"),
                    ..NewParts::default()
                },
                "`code` is a list, and has to be an object",
            ),
            (
                NewParts {
                    code: Some("{"),
                    ..NewParts::default()
                },
                "its JSON can't be read",
            ),
        ] {
            let error = rewritten(NEW_RECIPE, &[], &parts, &find).expect_err(why);
            assert_eq!(error.to_string(), why);
        }
    }

    #[test]
    fn a_connection_says_its_name_and_whether_it_lies_in_home() {
        let home = FolderPath::home();
        let old = br#"{"name": "A", "provider": "gmail"}"#;
        let told = renamed(old, "B", &home).expect("a connection");
        assert_eq!(
            told,
            br#"{"name": "B", "provider": "gmail","root_folder": true}"#
        );
        let told = renamed(&told, "B", &"F".parse().expect("a folder")).expect("a connection");
        assert_eq!(
            told,
            br#"{"name": "B", "provider": "gmail","root_folder": false}"#
        );
    }
}
