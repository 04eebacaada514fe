//! What completes words as they are typed: workspaces, targets, titles, names of recipes. A shell asks
//! with `COMPLETE` set. Whatever can't be read completes nothing, and nothing is said about it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Command};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

use super::args;
use super::platform;
use super::request::ManifestFile;
use crate::model::ident::WorkspaceName;
use crate::model::workspace::Address;
use crate::ops::workspace::inspect::{RecipeFilter, connections, connectors, recipes};
use crate::workspace::local::{LocalPlatform, LocalWorkspace, Writing};

/// What stands where an argument's value is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// The address of a workspace.
    Address,
    /// One, or a path.
    AddressOrPath,
    /// The name of a workspace of the local platform, or its address.
    Workspace,
    /// A target of the manifest.
    Target,
    /// The title of a connector.
    Title,
    /// A recipe, by folder and name.
    Recipe,
    /// A connection, by folder and name.
    Connection,
    /// A code.
    Code,
}

/// The command line, with what completes its values.
pub(crate) fn command() -> Command {
    completed(args::command(), "")
}

fn completed(command: Command, parent: &str) -> Command {
    let name = command.get_name().to_owned();
    let mut command = command.mut_args(|arg| match sort(parent, &name, &arg) {
        Some(sort) => arg.add(ArgValueCompleter::new(sort)),
        None => arg,
    });
    let below: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    for below in below {
        command = command.mut_subcommand(below, |below| completed(below, &name));
    }
    command
}

fn sort(parent: &str, command: &str, arg: &Arg) -> Option<Sort> {
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.first().map_or("", |name| name.as_str());
    let id = arg.get_id().as_str();
    Some(match (parent, command, id, value) {
        (_, _, _, "TARGET") => Sort::Target,
        (_, _, _, value) if value.starts_with("ADMIN") => Sort::Workspace,
        ("workspace" | "customer", "create", "name", _) => return None,
        ("workspace" | "customer", _, "name" | "address", _) => Sort::Workspace,
        (_, _, _, "ADDRESS") => Sort::Address,
        (_, _, _, value) if value.contains("ADDRESS") => Sort::AddressOrPath,
        ("catalog" | "connector", _, "connector" | "title", _) => Sort::Title,
        ("recipe", _, "recipes", _) => Sort::Recipe,
        ("connection", _, "connections", _) => Sort::Connection,
        (_, "explain", "code", _) => Sort::Code,
        _ => return None,
    })
}

impl ValueCompleter for Sort {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let words: Vec<(String, String)> = match self {
            Self::Address | Self::AddressOrPath => workspaces("local:"),
            // Whoever begins an address gets addresses, and names are shorter.
            Self::Workspace if current.to_string_lossy().starts_with("local:") => {
                workspaces("local:")
            }
            Self::Workspace => workspaces(""),
            Self::Target => targets(),
            Self::Title => titles(),
            Self::Recipe => of_workspaces(|workspace, address| {
                let found = recipes(workspace, address, &RecipeFilter::default()).ok()?;
                let path = |recipe: &crate::ops::workspace::inspect::RecipeLine| {
                    recipe.folder.label(&recipe.name)
                };
                Some(
                    found
                        .recipes
                        .iter()
                        .map(|one| (path(one), String::new()))
                        .collect(),
                )
            }),
            Self::Connection => of_workspaces(|workspace, address| {
                let found = connections(workspace, address).ok()?;
                let path = |connection: &crate::ops::workspace::inspect::ConnectionLine| {
                    connection.folder.label(&connection.name)
                };
                let each = found.connections.iter();
                Some(each.map(|one| (path(one), String::new())).collect())
            }),
            Self::Code => codes(),
        };
        let typed = current.to_string_lossy();
        let mut found: Vec<_> = words
            .into_iter()
            // A name with a control character can't be typed back.
            .filter(|(word, _)| word.starts_with(&*typed) && !word.contains(char::is_control))
            .map(|(word, what)| {
                let what = Some(what).filter(|what| !what.is_empty());
                CompletionCandidate::new(word).help(what.map(Into::into))
            })
            .collect();
        if *self == Self::AddressOrPath {
            found.extend(PathCompleter::any().complete(current));
        }
        found
    }
}

/// What stands after an option on the line that is being typed.
fn said(options: &[&str]) -> Option<OsString> {
    let mut words = std::env::args_os();
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        for option in options {
            if word == *option {
                return words.next();
            }
            let value = word
                .strip_prefix(option)
                .and_then(|rest| rest.strip_prefix('='));
            if let Some(value) = value {
                return Some(value.into());
            }
        }
    }
    None
}

fn local() -> Option<LocalPlatform> {
    let path = platform::path_said(said(&["--platform"]).map(PathBuf::from)).ok()?;
    let writing = Writing {
        purpose: "completion".to_owned(),
        patience: Duration::ZERO,
        stop: std::sync::Arc::default(),
    };
    LocalPlatform::open(&path, writing).ok()
}

fn workspaces(prefix: &str) -> Vec<(String, String)> {
    let found = local().and_then(|local| local.workspaces().ok());
    let each = found.unwrap_or_default().into_iter();
    each.map(|summary| {
        let facts = summary.facts;
        (format!("{prefix}{}", facts.name), facts.kind.to_string())
    })
    .collect()
}

fn targets() -> Vec<(String, String)> {
    let path = said(&["-m", "--manifest"]).map_or_else(|| "recipack.toml".into(), PathBuf::from);
    let Ok(file) = ManifestFile::read(&path) else {
        return Vec::new();
    };
    let targets = &file.manifest().targets;
    let each = targets.iter();
    each.map(|(name, target)| (name.to_string(), target.value.kind.to_string()))
        .collect()
}

/// What the workspace that is named on the line has, or else all that are local.
fn of_workspaces(
    list: impl Fn(&LocalWorkspace, &Address) -> Option<Vec<(String, String)>>,
) -> Vec<(String, String)> {
    let Some(local) = local() else {
        return Vec::new();
    };
    let named = said(&["--in", "--into"]).and_then(|address| {
        let address: Address = address.to_str()?.parse().ok()?;
        address.local().cloned()
    });
    let names: Vec<WorkspaceName> = match named {
        Some(name) => vec![name],
        None => {
            let found = local.workspaces().unwrap_or_default().into_iter();
            found.map(|summary| summary.facts.name).collect()
        }
    };
    let mut words = Vec::new();
    for name in names {
        let Ok(workspace) = local.workspace(&name) else {
            continue;
        };
        words.extend(list(&workspace, &Address::Local(name)).unwrap_or_default());
    }
    words.sort();
    words.dedup_by(|one, other| one.0 == other.0);
    words
}

fn titles() -> Vec<(String, String)> {
    of_workspaces(|workspace, address| {
        let found = connectors(workspace, address).ok()?;
        let each = found.connectors.iter();
        Some(
            each.map(|one| (one.title.to_string(), one.origin.to_string()))
                .collect(),
        )
    })
}

fn codes() -> Vec<(String, String)> {
    let findings = crate::model::finding::Code::ALL.iter();
    let findings = findings.map(|code| (code.to_string(), code.severity().to_string()));
    let refusals = super::refusal::Refusal::all().into_iter();
    findings
        .chain(refusals.map(|one| (one.code.to_owned(), "error".to_owned())))
        .collect()
}
