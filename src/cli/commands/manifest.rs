//! `recipack manifest`: edit and list `recipack.toml`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::super::args::ManifestListArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath, Replacing};
use super::super::request::{ManifestFile, manifest_path, read_text};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::manifest::{Done, EditError, Listing, Manifest, ManifestEdit, Outcome};
use crate::model::ident::TargetName;
use crate::ops::Silent;
use crate::ops::diagnostics::{Diagnostic, ManifestText, locate};
use crate::ops::export::documents::{ManifestEditDocument, ManifestListDocument};
use crate::ops::export::prepare;

pub(crate) fn list(context: &Context, args: &ManifestListArgs) -> Result<Exit, Stop> {
    let path = manifest_path(context, args.manifest.as_deref())?;
    let file = ManifestFile::read(&path)?;
    let document = ManifestListDocument {
        listing: file.manifest().listing(),
        findings: incomplete(context, &file),
    };
    context
        .ui
        .print(&document, |document| text(&document.listing))?;
    context.ui.findings(&document.findings);
    Ok(match document.findings.is_empty() {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

/// The customer targets that lack a catalogue, at their lines. Whether they need one depends on the
/// project: a project without custom connectors needs none.
pub(super) fn incomplete(context: &Context, file: &ManifestFile) -> Vec<Diagnostic> {
    let manifest = file.manifest();
    if manifest.without_catalogue().next().is_none() {
        return Vec::new();
    }
    let findings = match file.request() {
        Some(request) => prepare(&request, None, &context.running, &mut Silent)
            .map(|prepared| prepared.incomplete_targets(manifest)),
        None => return Vec::new(),
    };
    // A project that is not at hand, or can't be read, is another command's business.
    let findings = findings.unwrap_or_default();
    let (path, text) = file.text();
    let manifest = ManifestText { path: &path, text };
    locate(&findings, Some(manifest), |_| None)
}

/// Edits a manifest and writes it.
pub(super) fn edit(
    context: &Context,
    path: &Path,
    change: impl FnOnce(&mut ManifestEdit) -> Result<(), EditError>,
) -> Result<Exit, Stop> {
    let text = read_text(path)?;
    let shown = path.display().to_string();
    let mut edit =
        ManifestEdit::parse(&text).map_err(|errors| Failure::manifest(&shown, &text, &errors))?;
    change(&mut edit).map_err(|error| refused(&error))?;
    write(context, path, &text, edit)
}

/// What is not at hand can't be ticked.
pub(super) fn cant_be_ticked() -> Failure {
    Failure::usage("what lies in a workspace can't be ticked")
        .help("add patterns instead: recipack manifest add include PATTERN")
}

/// Why an edit was not made.
pub(super) fn refused(error: &EditError) -> Failure {
    let failure = Failure::of(Exit::Failed, "manifest-edit", error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Writes what an edit made of `text`, and tells what it did.
pub(super) fn write(
    context: &Context,
    path: &Path,
    text: &str,
    edit: ManifestEdit,
) -> Result<Exit, Stop> {
    let shown = path.display().to_string();
    let (new, done) = edit.finish();
    if new != text {
        // The file that is meant is edited, not a link to it replaced. It was read as a manifest, so
        // that it may take its own place.
        let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        OutputPath::check(&file, Content::Manifest, Replacing::AnyKind, &[])?
            .write(new.as_bytes())?;
        context.did(format!("{} was written", path.display()));
    }
    let removed = done.iter().any(|done| done.outcome == Outcome::Removed);
    let takes_all =
        |text: &str| Manifest::parse(text).is_ok_and(|manifest| manifest.select.is_everything());
    let emptied = removed && !takes_all(text) && takes_all(&new);
    if emptied {
        context
            .ui
            .talk("note: nothing is left in `[select]`, so everything is taken\n");
    }
    for name in lacking(&new).difference(&lacking(text)) {
        context.ui.talk(&format!(
            "note: `{name}` has no catalogue; to name one for all targets: recipack manifest add catalog FILE|ADDRESS, or `none` if the partner shares nothing\n"
        ));
    }
    context.ui.print(
        &ManifestEditDocument {
            manifest: shown,
            done,
        },
        |document| {
            let manifest = visible(&document.manifest);
            let lines = document.done.iter();
            lines
                .map(|done| format!("{manifest}: {}\n", visible(&told(done))))
                .collect()
        },
    )?;
    Ok(Exit::Done)
}

/// The customer targets of a manifest that lack a catalogue.
fn lacking(text: &str) -> BTreeSet<TargetName> {
    let manifest = Manifest::parse(text).unwrap_or_default();
    let lacking = manifest.without_catalogue();
    lacking.map(|(name, _)| name.clone()).collect()
}

fn told(done: &Done) -> String {
    format!("{} {} in {}", done.outcome, done.entry, done.key)
}

fn text(listing: &Listing) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "{what:<10} {}", visible(value));
    };
    let package = &listing.package;
    if let Some(name) = &package.name {
        line("package", name.as_str());
    }
    line("project", package.project.as_deref().unwrap_or("."));
    line("limit", &format!("{} MB", package.limit_mb));
    if let Some(catalog) = &package.catalog {
        line("catalog", catalog);
    }
    let select = &listing.select;
    select
        .include
        .iter()
        .for_each(|value| line("include", value));
    select
        .exclude
        .iter()
        .for_each(|value| line("exclude", value));
    select
        .types
        .iter()
        .for_each(|value| line("type", value.as_str()));
    select
        .folders
        .iter()
        .for_each(|value| line("folder", value.as_str()));
    select
        .tags
        .iter()
        .for_each(|value| line("tag", value.as_str()));
    for (title, word) in &listing.connectors {
        line("connector", &format!("{title} = {word}"));
    }
    for (name, target) in &listing.targets {
        let data_center = target
            .data_center
            .as_ref()
            .map_or_else(String::new, |dc| format!(" in {dc}"));
        line("target", &format!("{name}: {}{data_center}", target.kind));
        for (title, word) in &target.connectors {
            line("", &format!("{title} = {word}"));
        }
        if let Some(catalog) = &target.catalog {
            line("", &format!("catalog {catalog}"));
        }
    }
    for (name, environment) in &listing.environments {
        line("stage", &format!("{name} = {}", environment.address));
    }
    for (code, level) in &listing.checks {
        line("check", &format!("{code} = {level}"));
    }
    for (kind, pattern) in &listing.naming {
        line("naming", &format!("{} = {pattern}", kind.as_str()));
    }
    for allowance in &listing.allow {
        line(
            "allowed",
            &format!(
                "{} {}: {}",
                allowance.code, allowance.fingerprint, allowance.reason
            ),
        );
    }
    text
}
