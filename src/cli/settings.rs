//! Settings of targets as files: where they lie, reading them, and the values that stand elsewhere.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::args::SettingsArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::request::{MANIFEST, folder_of, nearest, read_text};
use crate::io::limited;
use crate::ops::import::{AskedSettings, Incoming};
use crate::plan::import::settings::PlannedSettingsFile;
use crate::settings::customer::CustomerFile;
use crate::settings::rows::MOST_BYTES;
use crate::settings::{Resolved, Scope, SettingsError, SettingsFile, ValueSource, Whom};

/// The folder of settings beside a manifest.
const FOLDER: &str = "settings";
/// How many bytes a file with one value may have: no more than a property or a field can take.
const VALUE_BYTES: u64 = 64 * 1024;

/// The environment and files.
pub(crate) struct Outside;

impl ValueSource for Outside {
    fn env(&self, name: &str) -> Result<SecretString, String> {
        match std::env::var(name) {
            Ok(value) if value.is_empty() => {
                Err(format!("the environment variable {name} is empty"))
            }
            Ok(value) => Ok(SecretString::from(value)),
            Err(std::env::VarError::NotPresent) => {
                Err(format!("the environment variable {name} is not set"))
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(format!("the environment variable {name} is not Unicode"))
            }
        }
    }

    fn file(&self, path: &str, beside: &str) -> Result<SecretString, String> {
        let path = in_folder_of(Path::new(beside), path);
        let shown = path.display();
        let bytes = limited::read(&path, VALUE_BYTES)
            .map_err(|error| format!("can't read the file {shown}: {error}"))?;
        let text =
            String::from_utf8(bytes).map_err(|_| format!("the file {shown} is not UTF-8"))?;
        let value = without_line_break(&text);
        match value.is_empty() {
            true => Err(format!("the file {shown} is empty")),
            false => Ok(SecretString::from(value)),
        }
    }

    fn rows(&self, path: &str, beside: &str) -> Result<(String, Vec<u8>), String> {
        let path = in_folder_of(Path::new(beside), path);
        let shown = path.display().to_string();
        match limited::read(&path, MOST_BYTES) {
            Ok(bytes) => Ok((shown, bytes)),
            Err(error) => Err(format!("can't read the file {shown}: {error}")),
        }
    }
}

/// A text without the line break at its end, of whichever system wrote it.
fn without_line_break(text: &str) -> &str {
    let line = text
        .strip_suffix('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    line.unwrap_or(text)
}

/// A path from the folder that a file lies in.
pub(crate) fn in_folder_of(file: &Path, path: &str) -> PathBuf {
    match folder_of(file) {
        here if here == Path::new(".") => PathBuf::from(path),
        folder => folder.join(path),
    }
}

/// The files that hold if none are named: the manifest, here or above, and those in `settings` beside
/// it.
///
/// # Errors
/// If there is a folder of that name, and what is in it can't be listed.
fn beside_manifest() -> Result<Vec<PathBuf>, Failure> {
    let Some(manifest) = nearest() else {
        return Ok(Vec::new());
    };
    let folder = in_folder_of(&manifest, FOLDER);
    let listed = std::fs::read_dir(&folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut files: Vec<PathBuf> = match listed {
        Ok(files) => files,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Vec::new()
        }
        Err(error) => {
            let what = format!("can't list {}, which would have settings", folder.display());
            return Err(Failure::new(Exit::Failed, "unreadable", what)
                .notes([error.to_string()])
                .help("make it readable, or name the settings with --settings FILE"));
        }
    };
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    files.sort();
    // What lies beside it counts more.
    files.insert(0, manifest);
    Ok(files)
}

/// Reads the files that are named, or those that hold by themselves. A manifest holds what it says
/// under `settings`.
///
/// # Errors
/// All that is wrong with them.
pub(crate) fn files(named: &[PathBuf]) -> Result<Vec<SettingsFile>, Failure> {
    let paths = match named {
        [] => beside_manifest()?,
        named => named.to_vec(),
    };
    let mut files = Vec::new();
    let mut errors = Vec::new();
    for path in &paths {
        let text = read_text(path).map_err(|error| Failure::told_by("unreadable", &error))?;
        let shown = path.display().to_string();
        let parsed = match path.file_name().is_some_and(|name| name == MANIFEST) {
            true => SettingsFile::of_manifest(&shown, &text),
            false if CustomerFile::is_meant(&text) => {
                CustomerFile::parse(&shown, &text).map(|file| Some(file.own))
            }
            false => SettingsFile::parse(&shown, &text).map(Some),
        };
        match parsed {
            Ok(None) if !named.is_empty() => errors.push(SettingsError {
                file: shown,
                line: 1,
                column: 1,
                message: "the manifest says nothing under `settings`".to_owned(),
                help: Some("write a section [settings.all], or name another file".to_owned()),
            }),
            Ok(file) => files.extend(file),
            Err(wrong) => errors.extend(wrong),
        }
    }
    match errors.is_empty() {
        true => Ok(files),
        false => Err(invalid(&errors)),
    }
}

/// What is wrong with settings.
pub(crate) fn invalid(errors: &[SettingsError]) -> Failure {
    let failures = errors.iter().map(|error| {
        let failure = Failure::new(Exit::Failed, "invalid-settings", error.message.clone());
        let failure = failure.in_file(&error.file, error.line, error.column);
        match &error.help {
            Some(help) => failure.help(help.clone()),
            None => failure,
        }
    });
    Failure::all(Exit::Failed, failures)
}

/// The names that settings may know a target by.
pub(crate) fn whom(args: &SettingsArgs, incoming: &Incoming, names: Vec<String>) -> Whom {
    let made_for = incoming.made_for();
    let targets = made_for.into_iter().flat_map(|made_for| {
        let name = made_for.target.as_ref().map(ToString::to_string);
        std::iter::once(made_for.kind.to_string()).chain(name)
    });
    Whom {
        targets: targets.chain(args.environment.clone()).collect(),
        labels: args.label.clone(),
        customer: args.customer.clone(),
        names,
    }
}

/// Whether files say something for a label.
pub(crate) fn mentions_label(files: &[SettingsFile], label: &str) -> bool {
    let sections = files.iter().flat_map(|file| &file.sections);
    let mut scopes = sections.map(|(scope, _)| scope);
    scopes.any(|scope| match scope {
        Scope::Label(name) => name == label,
        Scope::All | Scope::Target(_) | Scope::Customer(_) => false,
    })
}

/// Takes from files what holds for a target, with all values. Nothing, where there are no files.
///
/// # Errors
/// All that is wrong with them, and every value that can't be had.
pub(crate) fn asked(
    args: &SettingsArgs,
    files: &[SettingsFile],
    whom: &Whom,
) -> Result<Option<AskedSettings>, Failure> {
    if files.is_empty() {
        let given = args.label.is_empty() && args.customer.is_none();
        return match given {
            true => Ok(None),
            false => Err(Failure::usage("--label and --customer go with settings")
                .help("say which with --settings FILE")),
        };
    }
    let resolved = Resolved::of(files, whom).map_err(|errors| invalid(&errors))?;
    let resolved = resolved.fill(&Outside).map_err(|errors| invalid(&errors))?;
    Ok(Some(AskedSettings {
        files: files
            .iter()
            .map(|file| PlannedSettingsFile {
                path: file.path.clone(),
                digest: file.digest,
            })
            .collect(),
        labels: args.label.clone(),
        customer: args.customer.clone(),
        environment: args.environment.clone(),
        resolved,
    }))
}

#[cfg(test)]
mod tests {
    use super::without_line_break;

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_a_value() {
        for (text, value) in [
            ("secret", "secret"),
            ("secret\n", "secret"),
            ("secret\r\n", "secret"),
            ("secret\n\n", "secret\n"),
            ("secret\r", "secret\r"),
            ("\n", ""),
        ] {
            assert_eq!(without_line_break(text), value, "{text:?}");
        }
    }
}
