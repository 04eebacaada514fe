//! A manifest's lock as a file: where it lies, reading it, and what is said when something is not as it
//! was locked.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::request::{MANIFEST, ManifestFile, folder_of, manifest_path, nearest, read_text};
use super::ui::visible;
use crate::manifest::lock::{Lock, LockChange, LockedTarget, changes};
use crate::model::ident::TargetName;
use crate::ops::export::lock::entries;
use crate::ops::import::Incoming;
use crate::plan::decision::shell_word;
use crate::plan::import::target::MadeFor;

/// How many changes a failure names before the rest is only counted.
const NAMED: usize = 20;

/// The lock that belongs to a manifest: `acme.toml` has `acme.lock` beside it, so that two manifests
/// in one folder have two.
pub(crate) fn beside(manifest: &Path) -> PathBuf {
    let name = manifest.file_name().unwrap_or_default();
    let is_toml = manifest
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let mut lock = match is_toml {
        true => manifest.file_stem().unwrap_or_default().to_owned(),
        false => name.to_owned(),
    };
    lock.push(".lock");
    match folder_of(manifest) {
        folder if folder == Path::new(".") => PathBuf::from(lock),
        folder => folder.join(lock),
    }
}

/// The name by which a lock knows its manifest.
pub(crate) fn name_of(manifest: &Path) -> Option<String> {
    let name = manifest.file_name()?;
    Some(name.to_string_lossy().into_owned())
}

/// Reads a manifest's own lock, if there is one.
///
/// # Errors
/// If it can't be used, or is another manifest's.
pub(crate) fn of(manifest: &ManifestFile) -> Result<Option<Lock>, Failure> {
    let path = beside(manifest.path());
    let Some(lock) = read(&path)? else {
        return Ok(None);
    };
    let own = name_of(manifest.path());
    let other = match &lock.manifest {
        Some(other) => (own.as_ref() != Some(other)).then(|| other.clone()),
        None => owner_of(&lock, manifest)?,
    };
    match other {
        None => Ok(Some(lock)),
        Some(other) => Err(Failure::new(
            Exit::Failed,
            "lock-of-another",
            format!(
                "{} was written for {other}, not for {}",
                path.display(),
                manifest.path().display()
            ),
        )
        .help(format!(
            "move it to where {other} has its lock, or remove it if nobody needs it; then run `recipack lock{}`",
            option_of(manifest.path())
        ))),
    }
}

/// Reads a manifest's own lock, which has to be there.
pub(crate) fn required_of(manifest: &ManifestFile) -> Result<Lock, Failure> {
    if let Some(lock) = of(manifest)? {
        return Ok(lock);
    }
    let path = beside(manifest.path());
    let older = path.with_file_name("recipack.lock");
    // Once all manifests of a folder had one lock.
    let is_older = read(&older).is_ok_and(|lock| lock.is_some_and(|lock| lock.manifest.is_none()));
    let failure = missing(&path, &option_of(manifest.path()));
    Err(match is_older && older != path {
        true => failure.notes(vec![format!(
            "{} does not say which manifest it was written for; it is not taken for this one's",
            older.display()
        )]),
        false => failure,
    })
}

/// The lock of the manifest here or above, which has to be there, and its path. A package may come
/// without the manifest that it was made by.
pub(crate) fn of_here(context: &Context) -> Result<(Lock, PathBuf), Failure> {
    match nearest() {
        Some(_) => {
            let path = manifest_path(context, None)?;
            let manifest = ManifestFile::read(&path)?;
            Ok((required_of(&manifest)?, beside(&path)))
        }
        None => {
            let path = beside(Path::new(MANIFEST));
            let lock = required(&path).map_err(|failure| {
                failure.help("write it with `recipack lock`, and commit it; another one is named with --lock")
            })?;
            Ok((lock, path))
        }
    }
}

/// `-m FILE` for a manifest of another name than the usual one.
fn option_of(manifest: &Path) -> String {
    match manifest.file_name() {
        Some(name) if name == MANIFEST => String::new(),
        Some(_) | None => format!(" -m {}", shell_word(&manifest.display().to_string())),
    }
}

/// The manifest beside this one that a lock without a name was written for, as far as can be told: it
/// has all the lock's targets, and this one has not.
///
/// # Errors
/// If it can't be told, since one of those that may be it can't be read.
fn owner_of(lock: &Lock, manifest: &ManifestFile) -> Result<Option<String>, Failure> {
    let names = || lock.targets.keys().map(TargetName::as_str);
    let own = &manifest.manifest().targets;
    if lock.targets.keys().all(|name| own.contains_key(name)) {
        return Ok(None);
    }
    let unknown = |failure: Failure| {
        failure.notes(vec![format!(
            "whether {} was written for that manifest can't be told; it does not say which one it was written for, and {} has not all of its targets",
            beside(manifest.path()).display(),
            manifest.path().display()
        )])
    };
    let folder = folder_of(manifest.path());
    let failed = |error| {
        let error = anyhow::Error::new(error);
        unknown(
            error
                .context(format!("can't read {}", folder.display()))
                .into(),
        )
    };
    let mut others = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        if is_toml && path.file_name() != manifest.path().file_name() {
            others.push(path);
        }
    }
    others.sort();
    let mut unreadable = None;
    for path in &others {
        // Whatever else is wrong with a manifest, its targets have names.
        let read = read_text(path).and_then(|text| {
            let document = text.parse::<toml_edit::DocumentMut>();
            document.with_context(|| format!("can't read {}", path.display()))
        });
        match read {
            Ok(document) => {
                let targets = document.get("targets");
                let has = |name| targets.is_some_and(|targets| targets.get(name).is_some());
                if names().all(has) {
                    return Ok(name_of(path));
                }
            }
            Err(error) => {
                unreadable.get_or_insert(error);
            }
        }
    }
    match unreadable {
        None => Ok(None),
        Some(error) => Err(unknown(error.into())),
    }
}

/// Reads a lock, if there is one.
fn read(path: &Path) -> Result<Option<Lock>, Failure> {
    if !path.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let text = read_text(path)?;
    Lock::parse(&text).map(Some).map_err(|error| {
        Failure::new(
            Exit::Failed,
            "invalid-lock",
            format!("{} can't be used: {error}", path.display()),
        )
        .help("write it again with `recipack lock`, and compare it with what was committed")
    })
}

/// Reads a lock that has to be there.
pub(crate) fn required(path: &Path) -> Result<Lock, Failure> {
    read(path)?.ok_or_else(|| missing(path, ""))
}

fn missing(path: &Path, option: &str) -> Failure {
    Failure::new(
        Exit::Differences,
        "lock-missing",
        format!("there is no {}", path.display()),
    )
    .help(format!(
        "write it with `recipack lock{option}`, and commit it"
    ))
}

/// Fails if the package is not what was locked for the target that it was made for, as its decision
/// record says; without a record, for whichever target has these contents. What the lock says of that
/// target is what the package was made for; nothing if several have these contents and differ.
pub(crate) fn hold_package(
    lock: Lock,
    path: &Path,
    package: &Path,
    incoming: &Incoming,
) -> Result<Option<MadeFor>, Failure> {
    let entries = entries(&incoming.opened);
    let recorded = incoming.record().map(|record| &record.target);
    let have_these = || {
        let targets = lock.targets.iter();
        targets.filter(|(_, locked)| locked.entries == entries)
    };
    let named = recorded.and_then(|target| target.name.clone());
    let found = have_these().next().map(|(name, _)| name.clone());
    let Some(target) = named.clone().or(found) else {
        let names: Vec<&str> = lock.targets.keys().map(TargetName::as_str).collect();
        return Err(Failure::new(
            Exit::Differences,
            "lock-differs",
            format!(
                "{} is not what any target of {} gets: {}",
                package.display(),
                path.display(),
                names.join(", ")
            ),
        )
        .help("its decision record would say which one it was made for, and so what differs"));
    };
    let Some(locked) = lock.targets.get(&target) else {
        return Err(Failure::new(
            Exit::Differences,
            "lock-differs",
            format!(
                "{} was made for `{target}`, which {} does not have",
                package.display(),
                path.display()
            ),
        )
        .help("add it with `recipack lock`, if the manifest has it"));
    };
    let of_lock = |name: &TargetName, locked: &LockedTarget| MadeFor {
        target: Some(name.clone()),
        kind: locked.kind,
        data_center: locked.data_center.clone(),
    };
    let made_for = match named {
        Some(_) => Some(of_lock(&target, locked)),
        None => {
            let mut others = have_these();
            let first = others.next();
            let first = first.map(|(name, locked)| of_lock(name, locked));
            first.map(|first| {
                others.try_fold(first, |first, (_, locked)| {
                    let same = first.kind == locked.kind && first.data_center == locked.data_center;
                    // Which of them it is for is not known.
                    same.then_some(MadeFor {
                        target: None,
                        ..first
                    })
                })
            })
        }
        .flatten(),
    };
    // All that a package has in it, and its record says; the rest was decided when it was made.
    let found = LockedTarget {
        entries,
        kind: recorded.map_or(locked.kind, |target| target.kind),
        data_center: match recorded {
            Some(target) => target.data_center.clone(),
            None => locked.data_center.clone(),
        },
        ..locked.clone()
    };
    let mut held = hold(path, lock, &target, found);
    let foreign = incoming.opened.left_out.iter();
    let foreign: Vec<String> = foreign.map(|l| format!("{}: new", l.path)).collect();
    if !foreign.is_empty() {
        let failure = held.err().unwrap_or_else(|| differs(path, &target, &[]));
        held = Err(failure.notes(foreign));
    }
    held.map(|()| made_for)
}

/// Fails if `found` is not what was locked for the target.
pub(crate) fn hold(
    path: &Path,
    lock: Lock,
    target: &TargetName,
    found: LockedTarget,
) -> Result<(), Failure> {
    let only = |locked: Option<LockedTarget>| Lock {
        manifest: None,
        targets: locked
            .into_iter()
            .map(|locked| (target.clone(), locked))
            .collect(),
    };
    let mut targets = lock.targets;
    let changes = changes(&only(targets.remove(target)), &only(Some(found)));
    match changes.is_empty() {
        true => Ok(()),
        false => Err(differs(path, target, &changes)),
    }
}

fn differs(path: &Path, target: &TargetName, changes: &[LockChange]) -> Failure {
    let failure = Failure::new(
        Exit::Differences,
        "lock-differs",
        format!("what `{target}` gets is not what {} says", path.display()),
    )
    .help("if that is meant, run `recipack lock`, and commit what it writes");
    let mut notes: Vec<String> = changes
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let more = changes.len().saturating_sub(NAMED);
    if more > 0 {
        notes.push(format!(
            "… and {more} more; `recipack lock --check` names all"
        ));
    }
    failure.notes(notes)
}

/// Changes as lines; for which targets is told where it is not for all.
pub(crate) fn lines(changes: &[LockChange], all: usize) -> String {
    let line = |change: &LockChange| {
        let names: Vec<&str> = change.targets.iter().map(TargetName::as_str).collect();
        let whom = if names.len() == all || change.subject.starts_with("target ") {
            String::new()
        } else {
            format!("  (for {})", names.join(", "))
        };
        format!("  {}{whom}\n", visible(&change.to_string()))
    };
    changes.iter().map(line).collect()
}
