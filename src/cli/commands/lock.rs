//! `recipack lock`: what the targets of a manifest get, written down or compared.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::super::args::{LockArgs, PackArgs, PlatformArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath, Replacing};
use super::super::request::{ManifestFile, TargetNeed, manifest_path, resolve};
use super::super::several::{Answer, Member, each, found, named};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::cli::lockfile;
use crate::manifest::lock::{Lock, changes};
use crate::model::count::counted;
use crate::model::ident::TargetName;
use crate::model::table::PackedRows;
use crate::ops::export::lock::{LockDocument, LockOutcome};
use crate::ops::export::prepare;
use crate::plan::decision::shell_word;

pub(crate) fn run(context: &Context, args: &LockArgs) -> Result<Exit, Stop> {
    let members = match (args.all_projects, args.projects.as_slice()) {
        (false, []) => {
            let manifest = manifest_path(context, args.manifest.as_deref())?;
            return lock(context, args, &manifest)?.print(context);
        }
        (false, projects) => named(projects.iter().map(PathBuf::as_path))?,
        (true, []) => found(context, Path::new("."))?,
        (true, [folder]) => found(context, folder)?,
        (true, [_, _, ..]) => {
            return Err(Failure::usage("--all-projects goes with one folder")
                .help("name the projects, or the folder that they lie in")
                .into());
        }
    };
    match (members.as_slice(), args.all_projects) {
        ([member], false) => lock(context, args, manifest_of(member)?)?.print(context),
        (members, _) => each(context, members, |member| {
            lock(context, args, manifest_of(member)?)
        }),
    }
}

/// The manifest of a project: only that has a lock.
fn manifest_of(member: &Member) -> Result<&Path, Failure> {
    member.manifest.as_deref().ok_or_else(|| {
        let project = member.project.display();
        Failure::new(
            Exit::Failed,
            "manifest-missing",
            format!("{project} has no recipack.toml, so there is nothing to lock"),
        )
        .help(format!(
            "write one with `recipack init {}`; a manifest of another name goes with -m",
            shell_word(&project.to_string())
        ))
    })
}

/// Locks what the targets of a manifest get, or compares it.
fn lock(context: &Context, args: &LockArgs, path: &Path) -> Result<Answer<LockDocument>, Stop> {
    let manifest = ManifestFile::read(path)?;
    let targets = &manifest.manifest().targets;
    if targets.is_empty() {
        return Err(Failure::usage(format!(
            "{} has no targets, so there is nothing to lock",
            path.display()
        ))
        .help("add one: recipack manifest add target customers=customer")
        .into());
    }
    let file = path;
    let path = lockfile::beside(file);
    let before = lockfile::of(&manifest)?;
    let output = OutputPath::check(&path, Content::Lock, Replacing::SameKind, &[file])?;
    let mut found = Lock {
        manifest: lockfile::name_of(file),
        ..Lock::default()
    };
    for target in targets.keys() {
        let pack = PackArgs {
            connectors: args.connectors.clone(),
            ..pack_args(file, target, &args.platform)
        };
        let resolved = resolve(context, &pack, TargetNeed::Required)?;
        let mut observer = context.ui.observer();
        let prepared = prepare(&resolved.request, None, &context.running, &mut observer)?;
        if prepared.plan().is_refused() {
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
        let locked = prepared.locked(&resolved.request, resolved.project_digest, &entries)?;
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
        output.write(text.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
    }
    let document = LockDocument {
        lock: path.display().to_string(),
        outcome,
        targets: found.summary(),
        changes,
    };
    Ok(Answer {
        exit: match outcome {
            LockOutcome::Stale => Exit::Differences,
            LockOutcome::Written | LockOutcome::UpToDate => Exit::Done,
        },
        text: text(&document, before.is_some()),
        document: Some(document),
    })
}

fn is_error(finding: &crate::ops::diagnostics::Diagnostic) -> bool {
    finding.severity == crate::model::finding::Severity::Error
}

/// What `export --to` would be given.
pub(super) fn pack_args(manifest: &Path, target: &TargetName, platform: &PlatformArgs) -> PackArgs {
    PackArgs {
        project: None,
        manifest: Some(manifest.to_owned()),
        to: Some(target.clone()),
        kind: None,
        data_center: None,
        catalog: None,
        connectors_said: Vec::new(),
        connectors: None,
        include: Vec::new(),
        exclude: Vec::new(),
        rows: PackedRows::Keep,
        one_project: false,
        platform: platform.clone(),
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
        text.push_str(&lockfile::lines(changes, targets.len()));
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
        if let Some(project) = target.project_digest {
            let _ = writeln!(text, "    made of sha256:{project} in the registry");
        }
    }
    text
}
