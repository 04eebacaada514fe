//! Long lists in short: counts by folder and kind instead of a line for each asset or file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::ui::visible;
use super::import_words::kind;
use crate::plan::import::document::{AssetAction, PlannedAsset};

/// How many lines of one sort a person reads.
const LONG: usize = 200;
/// How many lines counts may have.
const LINES: usize = 60;

/// How long a list may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Length {
    /// So long that it can be read.
    #[default]
    Readable,
    /// As long as it is.
    Full,
}

impl Length {
    /// What `--full` says.
    pub(crate) const fn said(full: bool) -> Self {
        match full {
            true => Self::Full,
            false => Self::Readable,
        }
    }

    /// Whether so many lines are too many.
    pub(crate) const fn is_exceeded_by(self, lines: usize) -> bool {
        match self {
            Self::Readable => lines > LONG,
            Self::Full => false,
        }
    }

    /// What is shown of a list whose lines have no folder.
    pub(crate) fn shown<T>(self, list: &[T]) -> &[T] {
        match self.is_exceeded_by(list.len()) {
            true => &list[..LINES],
            false => list,
        }
    }
}

/// One of many things that are counted: where it is, what it is, and what happens to it.
pub(super) struct Counted<'a> {
    /// Its folder, empty at the top.
    pub(super) folder: &'a str,
    /// What stands before the folder: a sign, and a kind if there are several.
    pub(super) what: String,
    /// What stands after it.
    pub(super) happens: &'static str,
}

/// Assets by what happens to them, their kind and their folder, as deep as fits a screen or two.
pub(super) fn counts(assets: &[&PlannedAsset]) -> String {
    let counted: Vec<Counted<'_>> = assets
        .iter()
        .map(|asset| Counted {
            folder: asset.folder.as_str(),
            what: format!("{} {:<12}", asset.wording().sign, kind(asset.kind.label())),
            happens: match asset.action {
                AssetAction::Creates => "creates",
                AssetAction::CreatesPlaceholder => "creates placeholder",
                AssetAction::Overwrites => "overwrites",
                AssetAction::OverwritesRunning => "overwrites running",
                AssetAction::BindsToExisting => "binds to existing",
                AssetAction::NoChange => "no change",
                AssetAction::NotRead => "not read",
                AssetAction::KeepsEdits => "kept as changed there",
            },
        })
        .collect();
    by_folder(&counted, "Home", "assets")
}

/// Counts by folder, as deep as fits a screen or two. `top` is what the folder of all is called, and
/// `things` what is counted.
pub(super) fn by_folder(counted: &[Counted<'_>], top: &str, things: &str) -> String {
    let deepest = counted.iter().map(depth).max().unwrap_or(0);
    let mut groups = grouped(counted, deepest);
    for depth in (1..deepest).rev() {
        if groups.len() <= LINES {
            break;
        }
        groups = grouped(counted, depth);
    }
    let mut text = String::new();
    for ((folder, what, happens), count) in groups.iter().take(LINES) {
        let place = match folder.as_str() {
            "" => top.to_owned(),
            folder => format!("{}/", visible(folder)),
        };
        let _ = writeln!(text, "  {what} {place}  {happens} {count}");
    }
    if groups.len() > LINES {
        let rest: usize = groups.values().skip(LINES).sum();
        let _ = writeln!(text, "  … and {rest} more in other folders");
    }
    let all = counted.len();
    let _ = writeln!(
        text,
        "  These are counts of {all} {things}; --full lists each."
    );
    text
}

type Group<'a> = (String, &'a str, &'static str);

fn grouped<'a>(counted: &'a [Counted<'_>], depth: usize) -> BTreeMap<Group<'a>, usize> {
    let mut groups = BTreeMap::new();
    for one in counted {
        let folder = one.folder.split('/').take(depth);
        let folder = folder.collect::<Vec<_>>().join("/");
        *groups
            .entry((folder, one.what.as_str(), one.happens))
            .or_default() += 1;
    }
    groups
}

fn depth(one: &Counted<'_>) -> usize {
    match one.folder {
        "" => 0,
        folder => folder.split('/').count(),
    }
}
