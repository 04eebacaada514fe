//! Three versions of a recipe: what an import left (the base), what somebody made of it in the
//! workspace (theirs) and what a package has (ours). Which parts did each side change, and can both
//! be had?
//!
//! A recipe's parts are its steps, the applications of its `config`, and its other members. Steps are
//! told apart by `uuid`, by `as`, and only those that have neither by what they do: where
//! [`diff`](crate::plan::diff) tells that a step became another one that is like it, here one is gone and
//! another one is new. Contents count, never versions: the platform makes those by itself (platform.md
//! §12).

mod pills;
mod steps;
mod write;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::{Document, JsonError, Node, NodeKind, Tape};
use crate::model::ident::Digest;
use crate::model::keyword::keyword_enum;
use crate::plan::diff::{StepLabel, Steps};
use crate::plan::import::compare::{Saying, Side};
use steps::StepsMerged;

/// Members that count versions of the workspace a recipe comes from, and say nothing else.
const COUNTERS: [&str; 2] = ["version", "version_comment"];

keyword_enum! {
    /// How the changes of two sides stand to each other.
    pub enum Relation: "relation" {
        /// Theirs says what the base says.
        Untouched = "untouched",
        /// Theirs changed something, and ours has nothing that theirs lacks.
        TheirsOnly = "theirs-only",
        /// Both say the same, and not what the base says.
        BothSame = "both-same",
        /// Both changed something, and no part differently.
        Disjoint = "disjoint",
        /// Both changed a part, each in its own way.
        Conflict = "conflict",
    }
}

/// A part of a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "part", rename_all = "kebab-case")]
pub enum Part {
    /// A step.
    Step {
        /// The step.
        step: StepLabel,
    },
    /// An application of the recipe's `config`, with its connection.
    Application {
        /// The application.
        provider: String,
    },
    /// Another member of the recipe.
    Setting {
        /// Its key.
        name: String,
    },
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { step } => write!(f, "{step}"),
            Self::Application { provider } => write!(f, "application {provider}"),
            Self::Setting { name } => write!(f, "setting {name}"),
        }
    }
}

keyword_enum! {
    /// What a side did with a part.
    pub enum PartFate: "change" {
        /// The base does not have it.
        Added = "added",
        /// Only the base has it.
        Removed = "removed",
        /// It stands elsewhere.
        Moved = "moved",
        /// It says something else.
        Changed = "changed",
    }
}

/// A part that a side changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartChange {
    /// The part.
    #[serde(flatten)]
    pub part: Part,
    /// What became of it.
    pub change: PartFate,
}

impl fmt::Display for PartChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part, self.change.as_str())
    }
}

keyword_enum! {
    /// Why both can't be had.
    pub enum ConflictWhy: "conflict" {
        /// Both sides changed it, each in its own way.
        BothChanged = "both-changed",
        /// One side changed it, or what is in it, and the other removed it.
        ChangedAndRemoved = "changed-and-removed",
        /// Both sides put something at the same place, or moved it there.
        SamePlace = "same-place",
        /// Each side moved it elsewhere.
        MovedTwice = "moved-twice",
        /// It uses what a step gives that the other side removed or moved behind it.
        StepGone = "step-gone",
        /// It uses an application that the other side removed.
        ApplicationGone = "application-gone",
        /// Two steps would have one name.
        SameName = "same-name",
        /// The steps are not numbered one after the other.
        Numbering = "numbering",
    }
}

impl ConflictWhy {
    const fn told(self) -> &'static str {
        match self {
            Self::BothChanged => "changed on both sides",
            Self::ChangedAndRemoved => "changed on one side, removed on the other",
            Self::SamePlace => "put at the same place as one of the other side",
            Self::MovedTwice => "moved on both sides",
            Self::StepGone => "uses a step that the other side removed or moved",
            Self::ApplicationGone => "uses an application that the other side removed",
            Self::SameName => "has the same name as a step of the other side",
            Self::Numbering => "the steps are not numbered in their order",
        }
    }
}

/// A part that the two sides don't agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// The part.
    #[serde(flatten)]
    pub part: Part,
    /// Why both can't be had.
    pub why: ConflictWhy,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.why.told())
    }
}

/// What a comparison of three versions shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreeWay {
    /// How the changes stand to each other.
    pub relation: Relation,
    /// What theirs changed.
    pub theirs: Vec<PartChange>,
    /// What ours changed.
    pub ours: Vec<PartChange>,
    /// What both can't be had of.
    pub conflicts: Vec<Conflict>,
    /// Both together, where they are disjoint.
    pub merged: Option<Merged>,
}

/// Ours with what theirs changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Its JSON: that of ours, with other spans where theirs changed something.
    pub bytes: Vec<u8>,
    /// What it [says], once its references mean what they meant on the side that they are of.
    pub says: Digest,
}

/// Compares three versions of a recipe, all in the terms of one workspace.
///
/// # Errors
/// If one of them is no valid JSON.
pub fn compare(base: Side<'_>, theirs: Side<'_>, ours: Side<'_>) -> Result<ThreeWay, JsonError> {
    let (mut first, mut second, mut third) = (Tape::default(), Tape::default(), Tape::default());
    let [base, theirs, ours] = read([
        (base, first.parse(base.bytes)?),
        (theirs, second.parse(theirs.bytes)?),
        (ours, third.parse(ours.bytes)?),
    ]);
    Ok(Merge::of(&base, &theirs, &ours).three_way())
}

/// Stands for what a recipe says: its parts, whatever they are numbered and in whichever order its
/// applications are listed.
///
/// # Errors
/// If it is no valid JSON.
pub fn says(side: Side<'_>) -> Result<Digest, JsonError> {
    let mut tape = Tape::default();
    let [read] = read([(side, tape.parse(side.bytes)?)]);
    Ok(stated(&read))
}

fn stated(read: &Read<'_>) -> Digest {
    let mut statement = Statement::default();
    for (name, said) in &read.settings {
        statement.setting(name, &said.says);
    }
    for (provider, said) in read.config.iter().flatten() {
        statement.application(provider, &said.says);
    }
    if let Some(steps) = &read.steps {
        let mut depths = Vec::with_capacity(steps.0.len());
        for (step, content) in steps.0.iter().zip(&read.contents) {
            let depth = step.parent.map_or(0, |parent| depths[parent] + 1);
            depths.push(depth);
            statement.step(depth, content);
        }
    }
    statement.digest()
}

/// What is said, part by part.
#[derive(Debug, Default)]
struct Statement {
    parts: BTreeMap<(&'static str, String), Vec<u8>>,
    steps: Vec<u8>,
}

impl Statement {
    fn setting(&mut self, name: &str, says: &[u8]) {
        self.parts
            .insert(("setting", name.to_owned()), says.to_owned());
    }

    fn application(&mut self, provider: &str, says: &[u8]) {
        self.parts
            .insert(("application", provider.to_owned()), says.to_owned());
    }

    fn step(&mut self, depth: usize, content: &[u8]) {
        self.steps.extend_from_slice(format!("{depth}:").as_bytes());
        self.steps.extend_from_slice(content);
        self.steps.push(b'\n');
    }

    fn digest(self) -> Digest {
        let mut all = Vec::new();
        for ((sort, name), says) in self.parts {
            all.extend_from_slice(format!("{sort} {name:?} ").as_bytes());
            all.extend_from_slice(&says);
            all.push(b'\n');
        }
        all.extend_from_slice(&self.steps);
        Digest::of(&all)
    }
}

/// A value, and what it says.
struct Said<'a> {
    node: Node<'a>,
    says: Vec<u8>,
}

/// A version of a recipe by its parts.
struct Read<'a> {
    document: Document<'a>,
    saying: Saying<'a>,
    settings: BTreeMap<Cow<'a, str>, Said<'a>>,
    /// The applications in their order; none if some version does not list each once.
    config: Option<Vec<(Cow<'a, str>, Said<'a>)>>,
    /// None if some version is not built of steps.
    steps: Option<Steps<'a>>,
    /// What each step says, apart from its number and what stands in its block.
    contents: Vec<Vec<u8>>,
}

/// Reads versions by their parts: by those that all of them are built of.
fn read<'a, const N: usize>(sides: [(Side<'a>, Document<'a>); N]) -> [Read<'a>; N] {
    let of = |document: &Document<'a>| document.root().get("code").and_then(Steps::of);
    let by_steps = sides.iter().all(|(_, document)| of(document).is_some());
    let mut all = sides.iter().map(|(_, document)| applications(*document));
    let by_application = all.all(|listed| listed.is_some());
    sides.map(|(side, document)| {
        let mut saying = Saying::of(side);
        let steps = by_steps.then(|| of(&document)).flatten();
        let contents = steps.iter().flat_map(|steps| &steps.0);
        let contents = contents
            .map(|step| saying.node(step.node, &["number", "block"]))
            .collect();
        let config = by_application.then(|| applications(document)).flatten();
        let config = config.map(|entries| {
            let said = entries.into_iter().map(|(provider, node)| {
                let says = saying.node(node, &[]);
                (provider, Said { node, says })
            });
            said.collect()
        });
        let parts = ["code", "config"];
        let apart = [steps.is_some(), config.is_some()];
        let apart: Vec<&str> = (parts.iter().zip(apart))
            .filter_map(|(part, apart)| apart.then_some(*part))
            .chain(COUNTERS)
            .collect();
        let members = document.root().members();
        let settings = members
            .filter_map(|(key, node)| Some((key.text()?, node)))
            .filter(|(key, _)| !apart.contains(&&**key))
            .map(|(key, node)| {
                let says = saying.node(node, &[]);
                (key, Said { node, says })
            })
            .collect();
        Read {
            document,
            saying,
            settings,
            config,
            steps,
            contents,
        }
    })
}

/// The applications that a recipe lists, if it lists each once.
fn applications(document: Document<'_>) -> Option<Vec<(Cow<'_, str>, Node<'_>)>> {
    let config = document.root().get("config")?;
    if config.kind() != NodeKind::Array {
        return None;
    }
    let entries = config.items();
    let entries = entries
        .map(|entry| Some((entry.get("provider")?.text()?, entry)))
        .collect::<Option<Vec<_>>>()?;
    let distinct: BTreeSet<&str> = entries.iter().map(|(provider, _)| &**provider).collect();
    (distinct.len() == entries.len()).then_some(entries)
}

/// Whose a part of the merge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Theirs,
    Ours,
}

/// What becomes of a part that each version may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pick {
    /// Ours, be it that it is not there.
    Ours,
    /// Theirs, likewise.
    Theirs,
    /// Both changed it.
    Neither,
}

impl Pick {
    fn of<T: PartialEq + ?Sized>(base: Option<&T>, theirs: Option<&T>, ours: Option<&T>) -> Self {
        match (theirs == base, ours == base) {
            (true, _) => Self::Ours,
            (false, true) => Self::Theirs,
            (false, false) if theirs == ours => Self::Ours,
            (false, false) => Self::Neither,
        }
    }
}

fn fate<T: PartialEq + ?Sized>(base: Option<&T>, side: Option<&T>) -> Option<PartFate> {
    match (base, side) {
        (None, Some(_)) => Some(PartFate::Added),
        (Some(_), None) => Some(PartFate::Removed),
        (Some(base), Some(side)) if base != side => Some(PartFate::Changed),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// Three versions, met.
struct Merge<'m, 'a> {
    theirs: &'m Read<'a>,
    ours: &'m Read<'a>,
    /// The settings that are theirs in the merge.
    settings: Vec<&'m str>,
    /// The applications that are theirs in the merge.
    applications: Vec<&'m str>,
    steps: Option<StepsMerged<'m, 'a>>,
    changes: [Vec<PartChange>; 2],
    conflicts: Vec<Conflict>,
}

impl<'m, 'a> Merge<'m, 'a> {
    fn of(base: &'m Read<'a>, theirs: &'m Read<'a>, ours: &'m Read<'a>) -> Self {
        let mut merge = Self {
            theirs,
            ours,
            settings: Vec::new(),
            applications: Vec::new(),
            steps: None,
            changes: [Vec::new(), Vec::new()],
            conflicts: Vec::new(),
        };
        merge.meet_settings(base);
        merge.meet_applications(base);
        if let (Some(b), Some(t), Some(o)) = (&base.steps, &theirs.steps, &ours.steps) {
            let met = StepsMerged::of(
                (b, &base.contents),
                (t, &theirs.contents),
                (o, &ours.contents),
            );
            let [of_theirs, of_ours] = &mut merge.changes;
            of_theirs.extend(met.changes[0].iter().cloned());
            of_ours.extend(met.changes[1].iter().cloned());
            merge.conflicts.extend(met.conflicts.iter().cloned());
            merge.steps = Some(met);
        }
        merge
    }

    fn meet_settings(&mut self, base: &'m Read<'a>) {
        let (theirs, ours) = (self.theirs, self.ours);
        let all = [base, theirs, ours];
        let names: BTreeSet<&str> = all
            .iter()
            .flat_map(|read| read.settings.keys().map(|name| &**name))
            .collect();
        for name in names {
            let says = |read: &'m Read<'a>| read.settings.get(name).map(|said| &*said.says);
            let part = || Part::Setting {
                name: name.to_owned(),
            };
            let pick = self.meet(part, says(base), says(theirs), says(ours));
            self.settings.extend((pick == Pick::Theirs).then_some(name));
        }
    }

    fn meet_applications(&mut self, base: &'m Read<'a>) {
        let (theirs, ours) = (self.theirs, self.ours);
        let entries = |read: &'m Read<'a>| -> BTreeMap<&'m str, &'m [u8]> {
            let entries = read.config.iter().flatten();
            entries.map(|(name, said)| (&**name, &*said.says)).collect()
        };
        let (b, t, o) = (entries(base), entries(theirs), entries(ours));
        let names: BTreeSet<&'m str> = b.keys().chain(t.keys()).chain(o.keys()).copied().collect();
        for name in names {
            let part = || Part::Application {
                provider: name.to_owned(),
            };
            let says = |of: &BTreeMap<&'m str, &'m [u8]>| of.get(name).copied();
            let pick = self.meet(part, says(&b), says(&t), says(&o));
            self.applications
                .extend((pick == Pick::Theirs).then_some(name));
        }
    }

    /// What becomes of a part, and what each side did with it.
    fn meet(
        &mut self,
        part: impl Fn() -> Part,
        base: Option<&[u8]>,
        theirs: Option<&[u8]>,
        ours: Option<&[u8]>,
    ) -> Pick {
        for (side, said) in self.changes.iter_mut().zip([theirs, ours]) {
            side.extend(fate(base, said).map(|change| PartChange {
                part: part(),
                change,
            }));
        }
        let pick = Pick::of(base, theirs, ours);
        if pick == Pick::Neither {
            let why = match (theirs, ours) {
                (Some(_), Some(_)) => ConflictWhy::BothChanged,
                (None, _) | (_, None) => ConflictWhy::ChangedAndRemoved,
            };
            self.conflicts.push(Conflict { part: part(), why });
        }
        pick
    }

    fn three_way(mut self) -> ThreeWay {
        let [theirs, ours] = std::mem::take(&mut self.changes);
        let relation = match (theirs.is_empty(), ours.is_empty()) {
            (true, _) => Relation::Untouched,
            (false, true) => Relation::TheirsOnly,
            (false, false) => {
                if self.conflicts.is_empty() {
                    self.conflicts = self.breaks();
                }
                match self.conflicts.is_empty() {
                    true => Relation::Disjoint,
                    false => Relation::Conflict,
                }
            }
        };
        if relation != Relation::Disjoint {
            let conflicts = match relation {
                Relation::Conflict => self.conflicts,
                Relation::Untouched
                | Relation::TheirsOnly
                | Relation::BothSame
                | Relation::Disjoint => Vec::new(),
            };
            return ThreeWay {
                relation,
                theirs,
                ours,
                conflicts,
                merged: None,
            };
        }
        let says = self.says();
        let relation = match (says == stated(self.theirs), says == stated(self.ours)) {
            (true, true) => Relation::BothSame,
            (true, false) => Relation::TheirsOnly,
            (false, _) => Relation::Disjoint,
        };
        let merged = (relation == Relation::Disjoint).then(|| Merged {
            bytes: write::written(&self),
            says,
        });
        ThreeWay {
            relation,
            theirs,
            ours,
            conflicts: Vec::new(),
            merged,
        }
    }

    /// What the merge says.
    fn says(&self) -> Digest {
        let mut statement = Statement::default();
        let whose = |theirs: &[&str], name: &str| match theirs.contains(&name) {
            true => Origin::Theirs,
            false => Origin::Ours,
        };
        for (read, origin) in [(self.theirs, Origin::Theirs), (self.ours, Origin::Ours)] {
            for (name, said) in &read.settings {
                if whose(&self.settings, name) == origin {
                    statement.setting(name, &said.says);
                }
            }
            for (name, said) in read.config.iter().flatten() {
                if whose(&self.applications, name) == origin {
                    statement.application(name, &said.says);
                }
            }
        }
        if let Some(steps) = &self.steps {
            for (depth, step) in steps.in_order() {
                let (origin, index) = steps.shell(step);
                statement.step(depth, &self.read(origin).contents[index]);
            }
        }
        statement.digest()
    }

    const fn read(&self, origin: Origin) -> &'m Read<'a> {
        match origin {
            Origin::Theirs => self.theirs,
            Origin::Ours => self.ours,
        }
    }

    /// The applications that the merge lists.
    fn listed(&self) -> BTreeSet<&'m str> {
        let of = |read: &'m Read<'a>| {
            let entries = read.config.iter().flatten();
            entries.map(|(name, _)| &**name)
        };
        let ours = of(self.ours).filter(|name| !self.applications.contains(name));
        let theirs = of(self.theirs).filter(|name| self.applications.contains(name));
        ours.chain(theirs).collect()
    }
}

#[cfg(test)]
mod tests;
