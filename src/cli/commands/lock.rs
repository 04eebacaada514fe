//! `recipack lock`: what the targets of a manifest get, written down or compared.

use std::fmt::Write as _;

use super::super::args::{LockArgs, PackArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::locked;
use super::super::request::{ManifestFile, TargetNeed, folder_of, resolve};
use super::super::table::counted;
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use crate::io::archive::TemporaryFile;
use crate::lock::{Lock, changes};
use crate::model::ident::TargetName;
use crate::model::table::PackedRows;
use crate::ops::export::prepare;
use crate::ops::lock::{LockDocument, LockOutcome};

pub(crate) fn run(context: &Context, args: &LockArgs) -> Result<Exit, Stop> {
    let manifest = ManifestFile::read(&args.manifest)?;
    let targets = &manifest.manifest().targets;
    if targets.is_empty() {
        return Err(Failure::usage(format!(
            "{} has no targets, so there is nothing to lock",
            args.manifest.display()
        ))
        .help("add one: recipack manifest add target customers=customer")
        .into());
    }
    let path = locked::beside(&args.manifest);
    let before = locked::read(&path)?;
    let mut found = Lock::default();
    for target in targets.keys() {
        let pack = pack_args(args, target);
        let resolved = resolve(context, &pack, TargetNeed::Required)?;
        let mut observer = context.ui.observer();
        let prepared = prepare(&resolved.request, None, &context.running, &mut observer)?;
        if prepared.plan.is_refused() {
            let located = resolved.with_manifest(|manifest| prepared.located(manifest));
            let mut failure = Failure::new(
                Exit::Failed,
                "no-package",
                format!("no package can be made for `{target}`, so nothing was locked"),
            );
            failure
                .told
                .splice(0..0, located.into_iter().filter(is_error));
            return Err(failure.into());
        }
        let entries = prepared.digests(&context.running, &mut observer)?;
        let locked = prepared.locked(&resolved.request, &entries)?;
        found.targets.insert(target.clone(), locked);
    }
    let changes = changes(before.as_ref().unwrap_or(&Lock::default()), &found);
    let outcome = match (changes.is_empty() && before.is_some(), args.check) {
        (true, _) => LockOutcome::UpToDate,
        (false, true) => LockOutcome::Stale,
        (false, false) => LockOutcome::Written,
    };
    if outcome == LockOutcome::Written {
        let text = found.to_text().map_err(anyhow::Error::new)?;
        TemporaryFile::holding(folder_of(&path), text.as_bytes())?.persist(&path)?;
    }
    let document = LockDocument {
        lock: path.display().to_string(),
        outcome,
        targets: found.summary(),
        changes,
    };
    match context.ui.format {
        Format::Json => context.ui.document(&document)?,
        Format::Text => context.ui.result(&text(&document, before.is_some()))?,
    }
    Ok(match outcome {
        LockOutcome::Stale => Exit::Differences,
        LockOutcome::Written | LockOutcome::UpToDate => Exit::Done,
    })
}

fn is_error(finding: &crate::ops::locate::LocatedFinding) -> bool {
    finding.severity == crate::model::finding::Severity::Error
}

/// What `export --to` would be given.
fn pack_args(args: &LockArgs, target: &TargetName) -> PackArgs {
    PackArgs {
        project: None,
        manifest: Some(args.manifest.clone()),
        to: Some(target.clone()),
        kind: None,
        data_center: None,
        catalog: None,
        connectors_said: Vec::new(),
        connectors: args.connectors.clone(),
        include: Vec::new(),
        exclude: Vec::new(),
        rows: PackedRows::Keep,
        one_project: false,
        platform: args.platform.clone(),
    }
}

fn text(document: &LockDocument, was_there: bool) -> String {
    let LockDocument {
        lock,
        outcome,
        targets,
        changes,
    } = document;
    let mut text = visible(lock);
    text.push_str(match (outcome, was_there) {
        (LockOutcome::UpToDate, _) => ": up to date\n",
        (LockOutcome::Written, false) => ": written\n",
        (LockOutcome::Written, true) => ": written anew; what changed:\n",
        (LockOutcome::Stale, true) => ": not up to date; what changed:\n",
        (LockOutcome::Stale, false) => ": not there yet\n",
    });
    if was_there {
        text.push_str(&locked::lines(changes, targets.len()));
    }
    for target in targets {
        let _ = writeln!(
            text,
            "  {}: {}, {}, content {}",
            target.target,
            counted(target.files as u64, "file"),
            counted(target.connectors as u64, "connector"),
            target.content_digest
        );
    }
    text
}
