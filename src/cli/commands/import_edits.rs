//! What `plan` and `import` are told of what somebody changed in a workspace, and what they say of it.

use std::fmt::Write as _;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ui::{Volume, visible};
use crate::model::keyword::nearest;
use crate::ops::import::Incoming;
use crate::plan::decision::shell_word;
use crate::plan::import::document::ImportPlan;
use crate::plan::import::edits::{EditFate, EditedAsset, EditsWish};
use crate::plan::import::merge::PartChange;

/// How many parts of a side are told, unless more is asked for.
const SHOWN: usize = 8;

/// Whether a package has the files of which something was said.
///
/// # Errors
/// If it lacks one.
pub(super) fn known(wish: &EditsWish, incoming: &Incoming) -> Result<(), Failure> {
    let project = &incoming.opened.project;
    for path in wish.files.keys() {
        if project.asset_at(path.as_str()).is_some() {
            continue;
        }
        let shown = visible(path.as_str());
        let error = Failure::usage(format!("--edits {shown}=…: the package has no such asset"));
        let paths = project.assets.iter().map(|asset| asset.path.as_str());
        return Err(match nearest(path.as_str(), paths) {
            Some(meant) => error.help(format!("did you mean {}?", shell_word(meant))),
            None => error.help("give the path that `recipack plan --json` tells of the asset"),
        });
    }
    Ok(())
}

/// Whether a plan was made with what is said now, if anything is.
///
/// # Errors
/// If it was made with something else.
pub(super) fn same(wish: &EditsWish, plan: &ImportPlan) -> Result<(), Failure> {
    let planned = plan.said_of_edits();
    if *wish == EditsWish::default() || *wish == planned {
        return Ok(());
    }
    let spelled = |wish: &EditsWish| -> String {
        let files = wish.files.iter();
        let files = files.map(|(path, way)| format!("{}={way}", path.as_str()));
        let words = wish.all.map(|way| way.to_string()).into_iter().chain(files);
        let words: Vec<String> = words
            .map(|word| format!("--edits {}", shell_word(&word)))
            .collect();
        match words.is_empty() {
            true => "no --edits".to_owned(),
            false => words.join(" "),
        }
    };
    let (planned, said) = (spelled(&planned), spelled(wish));
    Err(Failure::new(
        Exit::Refused,
        "other-edits",
        format!("the plan was made with {planned}, not {said}"),
    )
    .help(format!(
        "make a plan for it: recipack plan {} --into {} {said}",
        plan.package.path, plan.workspace.address
    )))
}

/// What was changed in the workspace, which parts each side changed, and what becomes of it.
pub(super) fn text(text: &mut String, plan: &ImportPlan, volume: Volume) {
    for edited in &plan.edited {
        let name = visible(&edited.folder.label(&edited.name));
        let _ = writeln!(
            text,
            "  customised: {} {name}  {}",
            edited.kind.label(),
            becomes(edited)
        );
        let sides = [("there", &edited.theirs), ("package", &edited.ours)];
        for (side, parts) in sides {
            side_of(text, side, parts, volume);
        }
        for conflict in shown(&edited.conflicts, volume) {
            let _ = writeln!(text, "      conflict: {}", visible(&conflict.to_string()));
        }
    }
}

fn becomes(edited: &EditedAsset) -> String {
    let what = match edited.becomes {
        EditFate::Held => "held",
        EditFate::Kept if edited.has_package() => "kept; the package has nothing that it lacks",
        EditFate::Kept => "kept; the package's is left out",
        EditFate::Overwritten => "overwritten",
        EditFate::Merged => "merged",
    };
    format!("since revision {}: {what}", edited.since)
}

fn side_of(text: &mut String, side: &str, parts: &[PartChange], volume: Volume) {
    for part in shown(parts, volume) {
        let _ = writeln!(text, "      {side}: {}", visible(&part.to_string()));
    }
    let more = parts.len().saturating_sub(shown(parts, volume).len());
    if more > 0 {
        let _ = writeln!(text, "      {side}: {more} more; --verbose lists them");
    }
}

fn shown<T>(all: &[T], volume: Volume) -> &[T] {
    match volume {
        Volume::Verbose => all,
        Volume::Normal | Volume::Quiet => &all[..all.len().min(SHOWN)],
    }
}
