//! `recipack.lock` as a file: where it lies, reading it, and what is said when something is not as it
//! was locked.

use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::failure::Failure;
use super::request::{folder_of, read_text};
use super::ui::visible;
use crate::lock::{Lock, LockChange, LockedTarget, changes};
use crate::model::ident::TargetName;
use crate::ops::import::Incoming;
use crate::ops::lock::entries;
use crate::plan::import::target::MadeFor;

/// The lock's name.
pub(crate) const LOCK: &str = "recipack.lock";

/// How many changes a failure names before the rest is only counted.
const NAMED: usize = 20;

/// The lock that belongs to a manifest.
pub(crate) fn beside(manifest: &Path) -> PathBuf {
    match folder_of(manifest) {
        folder if folder == Path::new(".") => PathBuf::from(LOCK),
        folder => folder.join(LOCK),
    }
}

/// Reads a lock, if there is one.
pub(crate) fn read(path: &Path) -> Result<Option<Lock>, Failure> {
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
    read(path)?.ok_or_else(|| {
        Failure::new(
            Exit::Differences,
            "lock-missing",
            format!("there is no {}", path.display()),
        )
        .help("write it with `recipack lock`, and commit it")
    })
}

/// Fails if the package is not what was locked for the target that it was made for, as its decision
/// record says; without a record, for whichever target has these contents. What the lock says of that
/// target is what the package was made for; nothing if several have these contents and differ.
pub(crate) fn hold_package(
    path: &Path,
    package: &Path,
    incoming: &Incoming,
) -> Result<Option<MadeFor>, Failure> {
    let lock = required(path)?;
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
        targets: locked
            .into_iter()
            .map(|locked| (target.clone(), locked))
            .collect(),
    };
    let Lock { mut targets } = lock;
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
