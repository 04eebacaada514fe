//! What people type who come from other tools, and what it is called here.

use std::num::{IntErrorKind, ParseIntError};

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::model::keyword::UnknownKeyword;

/// Words for commands, and what is meant.
const VERBS: &[(&[&str], &str)] = &[
    (
        &["list", "ls", "ll", "dir"],
        "`recipack show PACKAGE.zip` lists a package, `recipack workspace list` the workspaces, `recipack history ADDRESS` the imports",
    ),
    (
        &["install", "deploy", "upload", "upgrade", "send", "publish"],
        "to bring a package into a workspace: `recipack import PACKAGE.zip --into ADDRESS`; to a registry: `recipack push PACKAGE.zip oci://HOST/REPOSITORY:TAG`",
    ),
    (
        &["fetch", "download", "clone", "get"],
        "to fetch a package from a registry: `recipack pull oci://HOST/REPOSITORY:TAG`; to take a package out of a workspace: `recipack workspace export ADDRESS`; out of an address as a project: `recipack export ADDRESS --for external`",
    ),
    (
        &["pack", "package", "bundle", "zip", "make"],
        "to make a package: `recipack export PROJECT --for customer|external`",
    ),
    (
        &["validate", "lint", "test", "audit"],
        "to see what is wrong with a project: `recipack check`; with a package: `recipack verify`",
    ),
    (
        &["dry-run", "preview", "simulate"],
        "to see what an import would do: `recipack plan PACKAGE.zip --into ADDRESS`; an export: `recipack check`",
    ),
    (
        &["login", "logout", "auth", "whoami", "token"],
        "tokens come from the environment: `recipack help environment`; `recipack doctor ADDRESS` says whether one is accepted",
    ),
    (
        &["undo", "revert", "uninstall", "restore", "reset"],
        "to bring a workspace back: `recipack rollback ADDRESS`",
    ),
    (
        &["run", "start", "stop", "restart"],
        "recipes: `recipack recipe start NAME --in ADDRESS`, `recipack recipe stop NAME --in ADDRESS`",
    ),
    (
        &[
            "inspect", "describe", "cat", "view", "info", "open", "unzip",
        ],
        "`recipack show PACKAGE.zip` lists a package, `recipack workspace show NAME` a workspace",
    ),
    (
        &["new", "create"],
        "`recipack init PROJECT` writes a manifest, `recipack workspace create NAME` makes a workspace",
    ),
    (
        &["log", "logs", "revisions"],
        "to list the imports of a workspace: `recipack history ADDRESS`",
    ),
    (
        &["compare", "delta"],
        "to compare two packages, projects or workspaces: `recipack diff A B`",
    ),
    (
        &["tree", "deps", "dependencies"],
        "to see who needs whom: `recipack graph PROJECT`",
    ),
    (
        &["share", "unshare"],
        "`recipack catalog share TITLE --in ADMIN`, `recipack catalog remove TITLE --in ADMIN`",
    ),
    (
        &["release"],
        "`recipack connector release TITLE --in ADDRESS`; `recipack export --release` packs what is committed",
    ),
    (
        &["update"],
        "packages: `recipack import`; shared connectors: `recipack catalog update TITLE --in ADMIN`",
    ),
    (
        &["add", "remove", "rm", "edit"],
        "to change the manifest: `recipack manifest add`, `recipack manifest remove`; `recipack workspace delete NAME` deletes a workspace",
    ),
    (
        &["delete", "destroy"],
        "`recipack workspace delete NAME` deletes a workspace of the local platform",
    ),
    (
        &["config", "configure", "env"],
        "`recipack help manifest` has what recipack.toml says, `recipack help environment` the variables",
    ),
    (
        &["serve", "server", "daemon"],
        "to serve the local platform behind the API: `recipack sandbox`",
    ),
];

/// Commands that are something else in other tools, where it is not said what they should do.
const UNSAID: &[(&[&str], &str)] = &[
    (
        &["push"],
        "to bring a package into a workspace: `recipack import PACKAGE.zip --into ADDRESS`; a folder becomes a package with `recipack export FOLDER`",
    ),
    (
        &["pull"],
        "to take a package out of a workspace: `recipack workspace export ADDRESS`",
    ),
];

/// Options of other tools, and what is meant.
const OPTIONS: &[(&[&str], &str)] = &[
    (
        &[
            "--dry-run",
            "--plan",
            "--what-if",
            "-n",
            "--check-only",
            "--validate-only",
        ],
        "to see what an import would do and do nothing: `recipack plan PACKAGE.zip --into ADDRESS`; an export: `recipack check`; a roll-back: `recipack rollback ADDRESS --plan`",
    ),
    (
        &["--token", "--api-token", "--api-key", "--password"],
        "no secret stands in arguments, where others see it: `recipack help environment`",
    ),
    (
        &["--host", "--base-url", "--url", "--region"],
        "the workspace is an address: `--into https://HOST`, `--in https://HOST`; or WORKATO_HOST",
    ),
    (
        &["--no-color", "--no-colour", "--colour"],
        "`--color auto`, `always` or `never`",
    ),
    (
        &["--output-format", "--output-mode", "--json-output"],
        "`--json` prints one JSON document",
    ),
    (&["--debug", "--trace"], "`--verbose` says more"),
    (&["--silent"], "`--quiet` says less"),
    (
        &["--target", "--env", "--environment"],
        "a target of the manifest: `--to TARGET`; a kind of target: `--for customer|external`",
    ),
    (
        &["--workspace", "--in", "--into", "--to"],
        "the workspace: `--into ADDRESS` for plan and import, `--in ADDRESS` for recipes, connections, connectors and the catalogue",
    ),
    (
        &[
            "--assume-yes",
            "--auto-approve",
            "--no-prompt",
            "--non-interactive",
        ],
        "`--yes` answers what the command would ask",
    ),
    (
        &["--restart", "--restart_recipes"],
        "`--restart-recipes` stops, updates and starts running recipes",
    ),
    (
        &["--folder-id", "--folder_id"],
        "a folder by its number is a part of the address: `https://HOST#folder=ID`",
    ),
];

/// The error, with what was probably meant.
pub(crate) fn advised(mut error: Error) -> Error {
    let kind = error.kind();
    if kind == ErrorKind::ValueValidation {
        return valued(error);
    }
    let tip = if kind == ErrorKind::MissingRequiredArgument {
        let within = within(&error);
        let [command] = within.as_slice() else {
            return error;
        };
        // Other tools push to and pull from workspaces.
        meant(UNSAID, command)
    } else if kind == ErrorKind::InvalidSubcommand {
        named(&error, ContextKind::InvalidSubcommand).and_then(|word| verb(&word, &within(&error)))
    } else if kind == ErrorKind::UnknownArgument {
        named(&error, ContextKind::InvalidArg).and_then(|option| meant(OPTIONS, &option))
    } else {
        None
    };
    if let Some(tip) = tip {
        for kind in [
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedArg,
            ContextKind::Suggested,
        ] {
            error.remove(kind);
        }
        suggest(&mut error, tip);
    }
    error
}

/// A value that is none, with those that are meant; no word of how it was read.
fn valued(mut error: Error) -> Error {
    let source = std::error::Error::source(&error);
    if let Some(choice) = source.and_then(|source| source.downcast_ref::<UnknownKeyword>()) {
        let help = choice.help();
        suggest(&mut error, help);
        return error;
    }
    let number = source.and_then(|source| source.downcast_ref::<ParseIntError>());
    let (Some(number), Some(value), Some(option)) = (
        number,
        named(&error, ContextKind::InvalidValue),
        named(&error, ContextKind::InvalidArg),
    ) else {
        return error;
    };
    let why = if *number.kind() == IntErrorKind::Zero {
        "it can't be 0"
    } else if *number.kind() == IntErrorKind::PosOverflow {
        "it is too large"
    } else {
        "it is no whole number"
    };
    let value = value.escape_debug();
    let mut plain = super::command().error(
        ErrorKind::ValueValidation,
        format!("invalid value '{value}' for '{option}': {why}"),
    );
    // The usage is that of the command.
    if let Some(usage) = error.remove(ContextKind::Usage) {
        plain.insert(ContextKind::Usage, usage);
    }
    plain
}

fn suggest(error: &mut Error, tip: String) {
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![tip.into()]),
    );
}

fn named(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// The command whose own command is not known: its words after the program's name.
fn within(error: &Error) -> Vec<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return Vec::new();
    };
    let usage = usage.to_string();
    let words = usage.split_whitespace();
    words
        .skip_while(|word| *word != "recipack")
        .skip(1)
        .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .map(str::to_owned)
        .collect()
}

fn verb(word: &str, within: &[String]) -> Option<String> {
    match (within, word) {
        ([], _) => meant(VERBS, word),
        (path, "help") => Some(format!("`recipack help {}`", path.join(" "))),
        _ => None,
    }
}

fn meant(table: &[(&[&str], &str)], word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let word = word.split('=').next().unwrap_or_default();
    let found = table.iter().find(|(words, _)| words.contains(&word));
    found.map(|(_, meaning)| (*meaning).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_twice_and_none_is_a_commands_own() {
        let command = super::super::command();
        let mut seen = std::collections::BTreeSet::new();
        for word in VERBS.iter().chain(OPTIONS).flat_map(|(words, _)| *words) {
            assert!(seen.insert(word), "{word} stands twice");
            let own = command.find_subcommand(word);
            assert!(own.is_none(), "{word} is a command");
        }
    }

    #[test]
    fn what_is_meant_are_commands_that_there_are() {
        let command = super::super::command();
        for (words, meaning) in VERBS.iter().chain(OPTIONS) {
            let mut quoted = meaning.split('`').skip(1).step_by(2);
            for line in quoted.by_ref().filter(|line| line.starts_with("recipack ")) {
                let word = line.split(' ').nth(1).unwrap_or_default();
                let is = word == "help" || command.find_subcommand(word).is_some();
                assert!(is, "{words:?}: {line}");
            }
        }
    }
}
