//! `recipack manifest`: edit and list `recipack.toml`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;

use super::super::args::{ManifestAddArgs, ManifestListArgs, ManifestPart, ManifestRemoveArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::{ManifestFile, read_text};
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use crate::io::archive::TemporaryFile;
use crate::manifest::{Change, Done, EditError, Listing, Manifest, ManifestEdit, Outcome, Removal};
use crate::model::ident::TargetName;
use crate::ops::Silent;
use crate::ops::export::prepare;
use crate::ops::locate::{LocatedFinding, ManifestText, locate};
use crate::ops::report::{ManifestEditDocument, ManifestListDocument};

pub(crate) fn add(context: &Context, args: &ManifestAddArgs) -> Result<Exit, Stop> {
    let change = change(args)?;
    edit(context, &args.manifest, |edit| edit.add(&change).map(drop))
}

pub(crate) fn remove(context: &Context, args: &ManifestRemoveArgs) -> Result<Exit, Stop> {
    let removal = removal(args)?;
    edit(context, &args.manifest, |edit| {
        edit.remove(&removal).map(drop)
    })
}

pub(crate) fn list(context: &Context, args: &ManifestListArgs) -> Result<Exit, Stop> {
    let file = ManifestFile::read(&args.manifest)?;
    let document = ManifestListDocument {
        listing: file.manifest().listing(),
        findings: incomplete(context, &file),
    };
    match context.ui.format {
        Format::Json => context.ui.document(&document)?,
        Format::Text => context.ui.result(&text(&document.listing))?,
    }
    context.ui.findings(&document.findings);
    Ok(match document.findings.is_empty() {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

/// The customer targets that lack a catalogue, at their lines. Whether they need one depends on the
/// project: a project without custom connectors needs none.
pub(super) fn incomplete(context: &Context, file: &ManifestFile) -> Vec<LocatedFinding> {
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

fn parsed<T: FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|error| Failure::usage(format!("{what} `{text}`: {error}")))
}

fn change(args: &ManifestAddArgs) -> Result<Change, Failure> {
    let value = args.value.as_str();
    if args.data_center.is_some() && args.part != ManifestPart::Target {
        return Err(Failure::usage("--data-center goes with a target only"));
    }
    Ok(match args.part {
        ManifestPart::Include => Change::Include(parsed("pattern", value)?),
        ManifestPart::Exclude => Change::Exclude(parsed("pattern", value)?),
        ManifestPart::Type => Change::Type(parsed("type", value)?),
        ManifestPart::Folder => Change::Folder(parsed("folder", value.trim_end_matches('/'))?),
        ManifestPart::Tag => Change::Tag(parsed("tag", value)?),
        ManifestPart::Catalog => Change::Catalog(value.to_owned()),
        ManifestPart::Connector => {
            let (title, word) = value.rsplit_once('=').ok_or_else(|| {
                Failure::usage(format!("`{value}` says nothing about a connector"))
                    .help("say TITLE=auto, TITLE=include or TITLE=exclude")
            })?;
            Change::Connector {
                title: parsed("title", title)?,
                word: parsed("word", word)?,
            }
        }
        ManifestPart::Target => {
            let (name, kind) = value.rsplit_once('=').ok_or_else(|| {
                Failure::usage(format!("`{value}` does not say what sort of target it is"))
                    .help("say NAME=customer or NAME=external")
            })?;
            Change::Target {
                name: parsed("target", name)?,
                kind: parsed("kind", kind)?,
                data_center: args.data_center.clone(),
            }
        }
    })
}

fn removal(args: &ManifestRemoveArgs) -> Result<Removal, Failure> {
    let value = match (&args.value, args.part) {
        (Some(value), _) => value.as_str(),
        (None, ManifestPart::Catalog) => "",
        (None, _) => {
            return Err(Failure::usage("what is to be removed?")
                .help("`recipack manifest list` shows what is there"));
        }
    };
    Ok(match args.part {
        ManifestPart::Include => Removal::Include(parsed("pattern", value)?),
        ManifestPart::Exclude => Removal::Exclude(parsed("pattern", value)?),
        ManifestPart::Type => Removal::Type(parsed("type", value)?),
        ManifestPart::Folder => Removal::Folder(parsed("folder", value.trim_end_matches('/'))?),
        ManifestPart::Tag => Removal::Tag(parsed("tag", value)?),
        ManifestPart::Connector => Removal::Connector(parsed("title", value)?),
        ManifestPart::Target => Removal::Target(parsed("target", value)?),
        ManifestPart::Catalog => Removal::Catalog,
    })
}

fn edit(
    context: &Context,
    path: &Path,
    change: impl FnOnce(&mut ManifestEdit) -> Result<(), EditError>,
) -> Result<Exit, Stop> {
    let text = read_text(path)?;
    let shown = path.display().to_string();
    let mut edit =
        ManifestEdit::parse(&text).map_err(|errors| Failure::manifest(&shown, &text, &errors))?;
    change(&mut edit).map_err(|error| {
        let failure = Failure::of(Exit::Failed, "manifest-edit", &error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    let (new, done) = edit.finish();
    if new != text {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        TemporaryFile::holding(folder, new.as_bytes())?.persist(path)?;
    }
    let removed = done.iter().any(|done| done.outcome == Outcome::Removed);
    let takes_all =
        |text: &str| Manifest::parse(text).is_ok_and(|manifest| manifest.select.is_everything());
    let emptied = removed && !takes_all(&text) && takes_all(&new);
    if emptied {
        context
            .ui
            .talk("note: nothing is left in `[select]`, so everything is taken\n");
    }
    for name in lacking(&new).difference(&lacking(&text)) {
        context.ui.talk(&format!(
            "note: `{name}` has no catalogue; to name one for all targets: recipack manifest add catalog FILE|ADDRESS, or `none` if the partner shares nothing\n"
        ));
    }
    match context.ui.format {
        Format::Json => context.ui.document(&ManifestEditDocument {
            manifest: shown,
            done,
        })?,
        Format::Text => {
            let lines: String = done
                .iter()
                .map(|done| format!("{}: {}\n", visible(&shown), visible(&told(done))))
                .collect();
            context.ui.result(&lines)?;
        }
    }
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
