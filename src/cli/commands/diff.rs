//! `recipack diff`: two packages, projects or workspaces, by step and field.

use std::fmt::Write as _;

use std::path::{Path, PathBuf};

use super::super::args::{DiffArgs, DiffSide};
use super::super::brought::{self, Along, Brought};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::ui::{Volume, visible};
use super::super::{Context, Stop};
use super::counts::{Counted, Length, by_folder};
use super::import::{request, within};
use crate::archive::{Limits, TemporaryFile};
use crate::cli::connect::open;
use crate::model::table::RowsPolicy;
use crate::model::workspace::Address;
use crate::ops::diff::{DiffReport, Direction, compare_with_workspace, diff};
use crate::ops::import::Incoming;
use crate::plan::diff::{Change, Difference, FileChange};
use crate::plan::workspace_export::{DepartureRequest, RawIds, Rows, Unfiled};

/// How many differences of one file are printed before the rest is only counted.
const SHOWN: usize = 50;

/// A side that can be read.
struct Opened<'a> {
    /// The address, if it is a workspace.
    address: Option<&'a Address>,
    path: PathBuf,
    /// What it is called, if not by its path.
    named: Option<String>,
    /// Keeps the package of a workspace, or one from a registry, while it is compared.
    _kept: (Option<TemporaryFile>, Option<Brought>),
}

pub(crate) fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Stop> {
    match (&args.a, &args.b) {
        (DiffSide::Path(package), DiffSide::Workspace(address)) => {
            return with_workspace(context, args, package, address, Direction::ToWorkspace);
        }
        (DiffSide::Workspace(address), DiffSide::Path(package)) => {
            return with_workspace(context, args, package, address, Direction::FromWorkspace);
        }
        (DiffSide::Path(_), DiffSide::Path(_))
        | (DiffSide::Workspace(_), DiffSide::Workspace(_)) => {}
    }
    let (a, b) = (
        opened(context, args, &args.a)?,
        opened(context, args, &args.b)?,
    );
    if args.folder.is_some() && a.address.is_none() && b.address.is_none() {
        return Err(Failure::usage("--folder goes with a workspace, and none is compared").into());
    }
    let mut report = diff(
        &a.path,
        &b.path,
        &Limits::default(),
        &context.running,
        &mut context.ui.observer(),
    )?;
    for (side, opened) in [(&mut report.old, &a), (&mut report.new, &b)] {
        if let Some(named) = &opened.named {
            side.name.clone_from(named);
        }
    }
    show(context, args, &report)
}

/// Compares a package or project with a workspace: what differs is what an import would change.
fn with_workspace(
    context: &Context,
    args: &DiffArgs,
    package: &Path,
    address: &Address,
    direction: Direction,
) -> Result<Exit, Stop> {
    let workspace = open(context, &args.platform, address, "diff")?;
    let folder = within(workspace.as_ref(), args.folder.as_ref())?;
    let ca = args.platform.api.ca_file.as_ref();
    let package = brought::fetched(context, ca, package, Along::Record)?;
    let request = request(package.path(), address, folder, RowsPolicy::Overwrite);
    let mut observer = context.ui.observer();
    let incoming = Incoming::read_to_compare(&request, &context.running, &mut observer)?;
    Failure::incomplete(&incoming.opened)?;
    let mut report = compare_with_workspace(
        &incoming,
        &request,
        direction,
        workspace.as_ref(),
        &context.running,
    )?;
    if let Some(pinned) = package.pinned() {
        let side = match direction {
            Direction::ToWorkspace => &mut report.old,
            Direction::FromWorkspace => &mut report.new,
        };
        side.name = pinned.to_string();
    }
    show(context, args, &report)
}

fn show(context: &Context, args: &DiffArgs, report: &DiffReport) -> Result<Exit, Stop> {
    context.ui.print_changes(report, |_| {
        text(report, context.ui.volume, Length::said(args.full))
    })?;
    let exit = if args.detailed_exitcode && !report.is_empty() {
        Exit::Differences
    } else {
        Exit::Done
    };
    Ok(exit)
}

fn opened<'a>(
    context: &Context,
    args: &DiffArgs,
    side: &'a DiffSide,
) -> Result<Opened<'a>, Failure> {
    match side {
        DiffSide::Path(path) => {
            let ca = args.platform.api.ca_file.as_ref();
            let brought = brought::fetched(context, ca, path, Along::Record)?;
            Ok(Opened {
                address: None,
                path: brought.path().to_owned(),
                named: brought.pinned().map(ToString::to_string),
                _kept: (None, Some(brought)),
            })
        }
        DiffSide::Workspace(address) => {
            let package = package(context, args, address, &std::env::temp_dir())?;
            Ok(Opened {
                address: Some(address),
                path: package.path().to_owned(),
                named: Some(address.to_string()),
                _kept: (Some(package), None),
            })
        }
    }
}

/// What a workspace holds, as a package that goes when it was compared.
fn package(
    context: &Context,
    args: &DiffArgs,
    address: &Address,
    folder: &Path,
) -> Result<TemporaryFile, Failure> {
    let workspace = open(context, &args.platform, address, "diff")?;
    let request = DepartureRequest {
        folder: args.folder.clone().unwrap_or_default(),
        rows: Rows::Included,
        unfiled: Unfiled::Concerned,
        raw_ids: RawIds::Kept,
    };
    brought::package(
        context,
        &args.platform,
        address,
        workspace.as_ref(),
        &request,
        folder,
    )
}

fn text(report: &DiffReport, volume: Volume, length: Length) -> String {
    let mut text = String::new();
    if length.is_exceeded_by(report.changes.len()) {
        text.push_str(&in_counts(&report.changes));
    } else {
        for change in &report.changes {
            of_file(&mut text, change, volume);
        }
    }
    for folder in &report.folders {
        let _ = writeln!(text, "folder {}/ is not there", visible(folder.as_str()));
    }
    let shown = match volume {
        Volume::Verbose => report.kept.len(),
        Volume::Normal | Volume::Quiet => SHOWN,
    };
    for kept in report.kept.iter().take(shown) {
        let place = visible(&kept.folder.label(&kept.name));
        let kind = kept.kind.label();
        let _ = writeln!(
            text,
            "= {kind} \"{place}\" is only in the workspace, and an import leaves it"
        );
    }
    if report.kept.len() > shown {
        let more = report.kept.len() - shown;
        let _ = writeln!(text, "= … and {more} more; --verbose shows them");
    }
    let files = &report.files;
    let counts = [
        (files.added, "added"),
        (files.removed, "removed"),
        (files.moved, "moved"),
        (files.changed, "changed"),
        (files.formatting, "with other formatting only"),
        (files.unchanged, "unchanged"),
    ];
    let counts = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"));
    let _ = writeln!(text, "files: {}", counts.collect::<Vec<_>>().join(", "));
    text
}

/// Many files by their folder and what became of them.
fn in_counts(changes: &[FileChange]) -> String {
    let counted: Vec<Counted<'_>> = changes
        .iter()
        .map(|change| {
            let (sign, happens) = match change.change {
                Change::Added => ("+", "added"),
                Change::Removed => ("-", "removed"),
                Change::Changed { .. } => ("~", "changed"),
                Change::Moved { .. } => ("~", "moved"),
            };
            let path = change.path.as_str();
            Counted {
                folder: path.rsplit_once('/').map_or("", |(folder, _)| folder),
                what: sign.to_owned(),
                happens,
            }
        })
        .collect();
    by_folder(&counted, "at the top", "files")
}

fn of_file(text: &mut String, file: &FileChange, volume: Volume) {
    let path = visible(file.path.as_str());
    let name = file
        .name
        .as_deref()
        .filter(|_| file.path.as_str().ends_with(".json"));
    let name = name.map_or_else(String::new, |name| format!("  \"{}\"", visible(name)));
    let _ = match &file.change {
        Change::Added => writeln!(text, "+ {path}{name}"),
        Change::Removed => writeln!(text, "- {path}{name}"),
        Change::Changed { .. } => writeln!(text, "~ {path}{name}"),
        Change::Moved { from, .. } => {
            writeln!(text, "~ {path}{name}, was {}", visible(from.as_str()))
        }
    };
    let differences = file.change.differences();
    let shown = if volume == Volume::Verbose {
        differences.len()
    } else {
        SHOWN
    };
    for difference in differences.iter().take(shown) {
        let _ = writeln!(text, "    {}", visible(&difference.to_string()));
        if let Difference::Text(lines) = difference {
            for line in lines.unified.lines() {
                let _ = writeln!(text, "    | {}", visible(line));
            }
        }
    }
    if differences.len() > shown {
        let _ = writeln!(
            text,
            "    … and {} more; --verbose shows them",
            differences.len() - shown
        );
    }
}
