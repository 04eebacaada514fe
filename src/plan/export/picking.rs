//! What a manifest's selection becomes when a person ticks assets, and what each of them brings along.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::{Change, Choice, Glob, Manifest, Removal, Selection};
use crate::model::count::counted;
use crate::model::graph::Graph;
use crate::model::ident::{ConnectorTitle, TargetName};
use crate::model::kind::AssetKind;
use crate::model::path::PackagePath;
use crate::model::project::Project;
use crate::model::target::{ConnectorPolicy, Target, TargetKind};
use crate::plan::decision::{ConnectorDecision, Outcome};
use crate::plan::export::mentioned::looked_at;
use crate::plan::rule::Ruling;

/// An asset that can be ticked: a recipe, or whatever nothing else needs. The rest comes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its index among the project's assets.
    pub asset: usize,
    /// Whether it is selected now.
    pub tick: Tick,
    /// The custom connectors that come along, by title.
    pub connectors: Vec<String>,
    /// How many other assets of each type come along.
    pub others: BTreeMap<String, usize>,
}

impl Row {
    /// What comes along, in words: the connectors by title, then how many others of each type.
    pub fn brings(&self) -> Vec<String> {
        let others = self
            .others
            .iter()
            .map(|(kind, count)| counted(*count as u64, kind));
        self.connectors.iter().cloned().chain(others).collect()
    }
}

/// Whether something is ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// It is.
    Ticked,
    /// It is not.
    Unticked,
}

impl Tick {
    /// Ticked if something holds.
    pub const fn of(holds: bool) -> Self {
        match holds {
            true => Self::Ticked,
            false => Self::Unticked,
        }
    }
}

/// A step of an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Something is put in.
    Add(Change),
    /// Something is taken out.
    Remove(Removal),
}

/// What a choice comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picked {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// The assets that stay as they are though another tick was set, each with what would have to be
    /// edited by hand.
    pub kept: Vec<(PackagePath, String)>,
}

/// What can be ticked in a project, in the order of the paths.
pub fn rows(project: &Project, graph: &Graph, selection: &Selection) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, asset) in project.assets.iter().enumerate() {
        // A connector comes by the rule, and with what uses it.
        let is_connector = asset.kind == AssetKind::CustomAdapter;
        let is_recipe = asset.kind == AssetKind::Recipe;
        if is_connector || !is_recipe && graph.needed_by(index).len() > 0 {
            continue;
        }
        let mut row = Row {
            asset: index,
            tick: Tick::of(selection.selects(&looked_at(asset)) == Choice::Selected),
            connectors: Vec::new(),
            others: BTreeMap::new(),
        };
        for (other, edge) in graph.closure([index], |_| true) {
            let other = &project.assets[other];
            if edge.is_none() {
                continue;
            }
            if other.kind == AssetKind::CustomAdapter {
                row.connectors.push(other.name().to_owned());
            } else {
                let kind = other.kind.word().to_owned();
                *row.others.entry(kind).or_default() += 1;
            }
        }
        rows.push(row);
    }
    rows.sort_by(|a, b| {
        let path = |row: &Row| &project.assets[row.asset].path;
        path(a).cmp(path(b))
    });
    rows
}

/// The edits by which exactly the ticked rows are selected, as far as single paths can say it.
/// `ticked` holds indices of assets.
pub fn picked(
    project: &Project,
    graph: &Graph,
    selection: &Selection,
    rows: &[Row],
    ticked: &BTreeSet<usize>,
) -> Picked {
    let mut picked = Picked::default();
    let literal = |row: &Row| Glob::literal(&project.assets[row.asset].path).ok();
    let is_new = |row: &&Row| ticked.contains(&row.asset) != (row.tick == Tick::Ticked);
    if rows.iter().filter(is_new).count() == 0 {
        return picked;
    }
    let paths: BTreeMap<String, &Row> = rows
        .iter()
        .filter_map(|row| Some((literal(row)?.to_string(), row)))
        .collect();
    // A selection of single paths is simply another one then.
    let is_plain = selection.exclude.is_empty()
        && selection.types.is_empty()
        && selection.folders.is_empty()
        && selection.tags.is_empty()
        && selection
            .include
            .iter()
            .all(|glob| paths.contains_key(glob.value.as_str()));
    if is_plain {
        let is_all = rows.iter().all(|row| ticked.contains(&row.asset));
        for glob in &selection.include {
            let row = paths.get(glob.value.as_str());
            if is_all || row.is_none_or(|row| !ticked.contains(&row.asset)) {
                let removal = Removal::Include(glob.value.clone());
                picked.steps.push(Step::Remove(removal));
            }
        }
        let is_there = |row: &Row| {
            let mut include = selection.include.iter();
            let literal = literal(row);
            include.any(|glob| Some(glob.value.as_str()) == literal.as_ref().map(Glob::as_str))
        };
        for row in rows.iter().filter(|row| ticked.contains(&row.asset)) {
            if let (false, false, Some(glob)) = (is_all, is_there(row), literal(row)) {
                picked.steps.push(Step::Add(Change::Include(glob)));
            }
        }
        // What is added goes first: a list that is empty for a moment would take everything.
        picked
            .steps
            .sort_by_key(|step| matches!(step, Step::Remove(_)));
        return picked;
    }
    let needed = graph.closure(ticked.iter().copied(), |_| true);
    for row in rows.iter().filter(is_new) {
        let asset = &project.assets[row.asset];
        let Some(glob) = literal(row) else { continue };
        let mut keep = |why: String| picked.kept.push((asset.path.clone(), why));
        let choice = selection.selects(&looked_at(asset));
        if !ticked.contains(&row.asset) {
            let named: Vec<_> = selection
                .include
                .iter()
                .filter(|include| include.value.matches(asset.path.as_str()))
                .collect();
            match *named {
                [only] if only.value == glob && selection.include.len() > 1 => {
                    picked.steps.push(Step::Remove(Removal::Include(glob)));
                }
                _ if needed.contains_key(&row.asset) => {}
                _ => picked.steps.push(Step::Add(Change::Exclude(glob))),
            }
            continue;
        }
        match choice {
            Choice::Selected => {}
            Choice::Excluded(pattern) if pattern.value == glob => {
                picked.steps.push(Step::Remove(Removal::Exclude(glob)));
            }
            Choice::Excluded(pattern) => keep(format!("`{}` in `exclude`", pattern.value)),
            Choice::NotIncluded => picked.steps.push(Step::Add(Change::Include(glob))),
            Choice::Type => keep("`types`".to_owned()),
            Choice::Folder => keep("`folders`".to_owned()),
            Choice::Tag => keep("`tags`".to_owned()),
        }
    }
    picked
}

/// A connector as a target gets it by the rule alone, and what the manifest says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorRow {
    /// The connector.
    pub title: ConnectorTitle,
    /// What the rule alone would do.
    pub by_rule: Outcome,
    /// What is said for all targets.
    pub for_all: Option<ConnectorPolicy>,
    /// What is said for this one.
    pub own: Option<ConnectorPolicy>,
}

impl ConnectorRow {
    /// Whether it goes into the package now.
    pub fn tick(&self) -> Tick {
        match self.word() {
            ConnectorPolicy::Include => Tick::Ticked,
            ConnectorPolicy::Exclude => Tick::Unticked,
            ConnectorPolicy::Auto => Tick::of(self.by_rule == Outcome::Included),
        }
    }

    fn word(&self) -> ConnectorPolicy {
        self.own.or(self.for_all).unwrap_or(ConnectorPolicy::Auto)
    }

    /// The edit by which a tick gets its way; none if it has it.
    pub fn step(&self, target: &TargetName, tick: Tick) -> Option<Step> {
        if tick == self.tick() {
            return None;
        }
        let word = match (tick, self.by_rule) {
            (Tick::Ticked, Outcome::Included) => ConnectorPolicy::Auto,
            (Tick::Ticked, Outcome::LeftOut | Outcome::Refused) => ConnectorPolicy::Include,
            (Tick::Unticked, Outcome::Included) => ConnectorPolicy::Exclude,
            (Tick::Unticked, Outcome::LeftOut | Outcome::Refused) => ConnectorPolicy::Auto,
        };
        let (target, title) = (target.clone(), self.title.clone());
        Some(match (word, self.for_all, self.own) {
            // What nobody says is `auto`.
            (ConnectorPolicy::Auto, None, Some(_)) => {
                Step::Remove(Removal::TargetConnector { target, title })
            }
            (word, _, _) => Step::Add(Change::TargetConnector {
                target,
                title,
                word,
            }),
        })
    }
}

/// The connectors of a target that can be ticked, each with what the rule alone decides about it.
pub fn connector_rows<'d>(
    manifest: &Manifest,
    target: &Target,
    decisions: &'d [ConnectorDecision],
) -> Vec<(ConnectorRow, &'d ConnectorDecision)> {
    let row = |decision: &'d ConnectorDecision| {
        // What is known by an internal name only can't be spoken of in a manifest.
        let title: ConnectorTitle = decision.connector.parse().ok()?;
        let row = ConnectorRow {
            by_rule: decision.outcome,
            for_all: manifest.connectors.get(&title).map(|word| word.value),
            own: target.connectors.get(&title).map(|word| word.value),
            title,
        };
        Some((row, decision))
    };
    decisions.iter().filter_map(row).collect()
}

/// What becomes of a connector by the rule, and what a tick would do.
pub fn by_rule(decision: &ConnectorDecision, kind: TargetKind) -> String {
    let shared = decision.catalog.as_ref();
    let shared = shared.and_then(|entry| entry.shared_version.version());
    match (decision.rule, shared) {
        (Ruling::SharedLeftOut, Some(version)) => {
            format!("shared as {version}, so customers have it; ticked, it becomes a second one")
        }
        (Ruling::SharedLeftOut, None) => {
            "shared, so customers have it; ticked, it becomes a second one".to_owned()
        }
        (Ruling::SharingUnknown | Ruling::ReachUnknown, _) => {
            "not known whether customers have it".to_owned()
        }
        (Ruling::SharedUnreachable, _) => "shared in another data center".to_owned(),
        (Ruling::Missing, _) => "needed, but its files are not here".to_owned(),
        (Ruling::Elsewhere, _) => "comes with another package".to_owned(),
        (
            Ruling::OwnIncluded
            | Ruling::OwnRefused
            | Ruling::SharedIncluded
            | Ruling::UnknownIncluded
            | Ruling::ExternalIncluded
            | Ruling::ExternalLeftOut,
            _,
        ) => match kind {
            TargetKind::Customer => "not shared, so it installs as the customer's own".to_owned(),
            TargetKind::External => "installs or updates there".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_says_no_more_than_it_has_to() {
        let target: TargetName = "acme".parse().expect("a name");
        let row = |by_rule, for_all, own| ConnectorRow {
            title: "Vault".parse().expect("a title"),
            by_rule,
            for_all,
            own,
        };
        let said = |row: &ConnectorRow, tick| match row.step(&target, tick) {
            None => "nothing".to_owned(),
            Some(Step::Remove(_)) => "removed".to_owned(),
            Some(Step::Add(Change::TargetConnector { word, .. })) => word.to_string(),
            Some(Step::Add(other)) => panic!("{other:?}"),
        };
        use ConnectorPolicy::{Auto, Exclude, Include};
        use Outcome::{Included, LeftOut, Refused};
        use Tick::{Ticked, Unticked};
        for (by_rule, for_all, own, now, ticked, unticked) in [
            (Included, None, None, Ticked, "nothing", "exclude"),
            (LeftOut, None, None, Unticked, "include", "nothing"),
            (Refused, None, None, Unticked, "include", "nothing"),
            (LeftOut, None, Some(Include), Ticked, "nothing", "removed"),
            (
                Included,
                None,
                Some(Exclude),
                Unticked,
                "removed",
                "nothing",
            ),
            (Included, Some(Exclude), None, Unticked, "auto", "nothing"),
            (
                LeftOut,
                Some(Include),
                Some(Auto),
                Unticked,
                "include",
                "nothing",
            ),
            (LeftOut, Some(Include), None, Ticked, "nothing", "auto"),
        ] {
            let row = row(by_rule, for_all, own);
            assert_eq!(row.tick(), now, "{row:?}");
            assert_eq!(said(&row, Ticked), ticked, "{row:?}");
            assert_eq!(said(&row, Unticked), unticked, "{row:?}");
        }
    }
}
