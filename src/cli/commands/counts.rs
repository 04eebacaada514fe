//! Long plans in short: counts by folder and kind instead of a line for each asset.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::ui::visible;
use super::import::kind;
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

/// Assets by what happens to them, their kind and their folder, as deep as fits a screen or two.
pub(super) fn counts(assets: &[&PlannedAsset]) -> String {
    let deepest = assets.iter().map(|asset| depth(asset)).max().unwrap_or(0);
    let mut groups = grouped(assets, deepest);
    for depth in (1..deepest).rev() {
        if groups.len() <= LINES {
            break;
        }
        groups = grouped(assets, depth);
    }
    let mut text = String::new();
    for ((folder, kind, sign, what), count) in groups.iter().take(LINES) {
        let place = match folder.as_str() {
            "" => "Home".to_owned(),
            folder => format!("{}/", visible(folder)),
        };
        let _ = writeln!(text, "  {sign} {kind:<12} {place}  {what} {count}");
    }
    if groups.len() > LINES {
        let rest: usize = groups.values().skip(LINES).sum();
        let _ = writeln!(text, "  … and {rest} more in other folders");
    }
    let all = assets.len();
    let _ = writeln!(
        text,
        "  These are counts of {all} assets; --full lists each."
    );
    text
}

type Group<'a> = (String, &'a str, &'static str, &'static str);

fn grouped<'a>(assets: &[&'a PlannedAsset], depth: usize) -> BTreeMap<Group<'a>, usize> {
    let mut groups = BTreeMap::new();
    for asset in assets {
        let folder = asset.folder.as_str().split('/').take(depth);
        let folder = folder.collect::<Vec<_>>().join("/");
        let what = match asset.action {
            AssetAction::Creates => "creates",
            AssetAction::CreatesPlaceholder => "creates placeholder",
            AssetAction::Overwrites => "overwrites",
            AssetAction::OverwritesRunning => "overwrites running",
            AssetAction::BindsToExisting => "binds to existing",
            AssetAction::NoChange => "no change",
        };
        let group = (folder, kind(asset.kind.label()), asset.wording().sign, what);
        *groups.entry(group).or_default() += 1;
    }
    groups
}

fn depth(asset: &PlannedAsset) -> usize {
    match asset.folder.as_str() {
        "" => 0,
        folder => folder.split('/').count(),
    }
}
