//! `recipack diff`: two packages or projects, by step and field.

use std::fmt::Write as _;

use super::super::args::DiffArgs;
use super::super::exit::Exit;
use super::super::ui::{Format, Volume, visible};
use super::super::{Context, Stop};
use crate::io::archive::Limits;
use crate::ops::diff::{DiffReport, diff};
use crate::plan::diff::{Change, Difference, FileChange};

/// How many differences of one file are printed before the rest is only counted.
const SHOWN: usize = 50;

pub(crate) fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Stop> {
    let report = diff(
        &args.a,
        &args.b,
        &Limits::default(),
        &context.running,
        &mut context.ui.observer(),
    )?;
    match context.ui.format {
        Format::Json => context.ui.document(&report)?,
        Format::Text => context.ui.result(&text(&report, context.ui.volume))?,
    }
    let exit = if args.detailed_exitcode && !report.changes.is_empty() {
        Exit::Differences
    } else {
        Exit::Done
    };
    Ok(exit)
}

fn text(report: &DiffReport, volume: Volume) -> String {
    let mut text = String::new();
    for change in &report.changes {
        of_file(&mut text, change, volume);
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
