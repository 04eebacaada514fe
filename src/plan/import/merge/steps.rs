//! The steps of three versions of a recipe, as one tree.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;

use super::{Conflict, ConflictWhy, Origin, Part, PartChange, PartFate, Pick};
use crate::plan::diff::{Alignment, Likeness, StepLabel, Steps, longest_rising};

/// A step of any of the three, by the first of base, ours and theirs that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// Of the base.
    Base(usize),
    /// New in ours, perhaps in theirs as well.
    Ours(usize),
    /// New in theirs.
    Theirs(usize),
}

const TRIGGER: Key = Key::Base(0);

/// The steps of one version.
pub(super) struct Version<'m, 'a> {
    pub(super) steps: &'m Steps<'a>,
    pub(super) contents: &'m [Vec<u8>],
    /// What each step is called in the merge.
    keys: Vec<Key>,
    at: BTreeMap<Key, usize>,
    children: BTreeMap<Key, Vec<Key>>,
}

impl<'m, 'a> Version<'m, 'a> {
    fn of((steps, contents): (&'m Steps<'a>, &'m Vec<Vec<u8>>), keys: Vec<Key>) -> Self {
        let at = keys.iter().enumerate().map(|(at, key)| (*key, at));
        let mut children: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
        for (step, key) in steps.0.iter().zip(&keys) {
            if let Some(parent) = step.parent {
                children.entry(keys[parent]).or_default().push(*key);
            }
        }
        Self {
            at: at.collect(),
            steps,
            contents,
            keys,
            children,
        }
    }

    /// Where a step is.
    pub(super) fn at(&self, key: Key) -> Option<usize> {
        self.at.get(&key).copied()
    }

    pub(super) fn children(&self, key: Key) -> &[Key] {
        self.children.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The steps in their order.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    fn content(&self, key: Key) -> Option<&'m [u8]> {
        self.at(key).map(|at| self.contents[at].as_slice())
    }

    fn label(&self, key: Key) -> Option<StepLabel> {
        self.at(key).map(|at| self.steps.label(at))
    }

    fn parent(&self, key: Key) -> Option<Key> {
        let parent = self.steps.0[self.at(key)?].parent?;
        Some(self.keys[parent])
    }
}

/// The steps of three versions, met.
pub(super) struct StepsMerged<'m, 'a> {
    base: Version<'m, 'a>,
    pub(super) theirs: Version<'m, 'a>,
    pub(super) ours: Version<'m, 'a>,
    /// Whose words each step of the merge has.
    origins: BTreeMap<Key, Origin>,
    /// What stands in each step of the merge.
    children: BTreeMap<Key, Vec<Key>>,
    pub(super) changes: [Vec<PartChange>; 2],
    pub(super) conflicts: Vec<Conflict>,
}

type Read<'m, 'a> = (&'m Steps<'a>, &'m Vec<Vec<u8>>);

impl<'m, 'a> StepsMerged<'m, 'a> {
    pub(super) fn of(base: Read<'m, 'a>, theirs: Read<'m, 'a>, ours: Read<'m, 'a>) -> Self {
        let aligned = |side: Read<'m, 'a>| {
            let mut alignment = Alignment::of(base.0, side.0, Likeness::OfNameless);
            alignment.find_moves();
            (alignment.to_old, alignment.moved)
        };
        let ((theirs_old, theirs_moved), (ours_old, ours_moved)) = (aligned(theirs), aligned(ours));
        let ours_keys: Vec<Key> = (ours_old.iter().enumerate())
            .map(|(at, old)| old.map_or(Key::Ours(at), Key::Base))
            .collect();
        let new = |old: &[Option<usize>]| -> Vec<usize> {
            let steps = old.iter().enumerate();
            let new = steps.filter(|(_, old)| old.is_none());
            new.map(|(at, _)| at).collect()
        };
        let twins = twins(theirs, &new(&theirs_old), ours, &new(&ours_old));
        let theirs_keys: Vec<Key> = (theirs_old.iter().enumerate())
            .map(|(at, old)| match (old, twins.get(&at)) {
                (Some(old), _) => Key::Base(*old),
                (None, Some(twin)) => Key::Ours(*twin),
                (None, None) => Key::Theirs(at),
            })
            .collect();
        let base_keys = (0..base.0.0.len()).map(Key::Base).collect();
        let mut met = Self {
            base: Version::of(base, base_keys),
            theirs: Version::of(theirs, theirs_keys),
            ours: Version::of(ours, ours_keys),
            origins: BTreeMap::new(),
            children: BTreeMap::new(),
            changes: [Vec::new(), Vec::new()],
            conflicts: Vec::new(),
        };
        met.changes = [
            met.changes_of(&met.theirs, &theirs_moved),
            met.changes_of(&met.ours, &ours_moved),
        ];
        met.pick(&theirs_moved, &ours_moved);
        met.place();
        if met.conflicts.is_empty() {
            met.reach();
        }
        met
    }

    fn changes_of(&self, side: &Version<'m, 'a>, moved: &[bool]) -> Vec<PartChange> {
        let told = |step, change| PartChange {
            part: Part::Step { step },
            change,
        };
        let gone = self.base.keys.iter().filter(|key| side.at(**key).is_none());
        let gone = gone.filter_map(|key| self.base.label(*key));
        let mut changes: Vec<PartChange> = gone.map(|step| told(step, PartFate::Removed)).collect();
        for (at, key) in side.keys.iter().enumerate() {
            let step = || side.steps.label(at);
            let Some(base) = self.base.content(*key) else {
                changes.push(told(step(), PartFate::Added));
                continue;
            };
            if moved[at] {
                changes.push(told(step(), PartFate::Moved));
            }
            if base != side.contents[at] {
                changes.push(told(step(), PartFate::Changed));
            }
        }
        changes
    }

    pub(super) fn conflict(&self, key: Key, why: ConflictWhy) -> Conflict {
        let label = self.ours.label(key).or_else(|| self.theirs.label(key));
        let label = label.or_else(|| self.base.label(key));
        Conflict {
            part: label.map_or_else(
                || Part::Setting {
                    name: "code".to_owned(),
                },
                |step| Part::Step { step },
            ),
            why,
        }
    }

    /// Decides which steps are in the merge, and with whose words.
    fn pick(&mut self, theirs_moved: &[bool], ours_moved: &[bool]) {
        let mut all: BTreeSet<Key> = self.base.at.keys().copied().collect();
        all.extend(self.ours.at.keys().chain(self.theirs.at.keys()));
        for key in all {
            let base = self.base.content(key);
            let (theirs, ours) = (self.theirs.content(key), self.ours.content(key));
            let why = match (theirs, ours) {
                (Some(_), Some(_)) => ConflictWhy::BothChanged,
                (None, _) | (_, None) => ConflictWhy::ChangedAndRemoved,
            };
            match Pick::of(base, theirs, ours) {
                Pick::Neither => self.conflicts.push(self.conflict(key, why)),
                Pick::Ours if ours.is_some() => {
                    // What one side moved or put something into, the other did not mean to remove.
                    if theirs.is_none()
                        && base.is_some()
                        && self.touched(&self.ours, key, ours_moved)
                    {
                        self.conflicts.push(self.conflict(key, why));
                    }
                    self.origins.insert(key, Origin::Ours);
                }
                Pick::Theirs if theirs.is_some() => {
                    self.origins.insert(key, Origin::Theirs);
                }
                Pick::Ours => {
                    if theirs.is_some() && self.touched(&self.theirs, key, theirs_moved) {
                        self.conflicts.push(self.conflict(key, why));
                    }
                }
                Pick::Theirs => {
                    if ours.is_some() && self.touched(&self.ours, key, ours_moved) {
                        self.conflicts.push(self.conflict(key, why));
                    }
                }
            }
        }
    }

    /// Whether a side moved a step of the base, or put something into it.
    fn touched(&self, side: &Version<'m, 'a>, key: Key, moved: &[bool]) -> bool {
        let is_moved = |key: Key| side.at(key).is_some_and(|at| moved[at]);
        let brought = |child: &Key| self.base.parent(*child) != Some(key);
        is_moved(key) || side.children(key).iter().any(brought)
    }

    /// Puts the steps of each block in order.
    fn place(&mut self) {
        let parents: Vec<Key> = self.origins.keys().copied().collect();
        for parent in parents {
            let of = |version: &Version<'m, 'a>| -> Vec<Key> {
                let children = version.children(parent).iter().copied();
                children
                    .filter(|key| self.origins.contains_key(key))
                    .collect()
            };
            let (base, theirs, ours) = (of(&self.base), of(&self.theirs), of(&self.ours));
            match woven(&base, &theirs, &ours) {
                Ok(children) => {
                    self.children.insert(parent, children);
                }
                Err(met) => {
                    let met = met.into_iter();
                    let conflicts: Vec<Conflict> = met
                        .map(|key| self.conflict(key, ConflictWhy::SamePlace))
                        .collect();
                    self.conflicts.extend(conflicts);
                }
            }
        }
    }

    /// Whether every step of the merge stands in one place: two sides may have moved it to two.
    fn reach(&mut self) {
        let mut times: BTreeMap<Key, usize> = BTreeMap::from([(TRIGGER, 1)]);
        for child in self.children.values().flatten() {
            *times.entry(*child).or_default() += 1;
        }
        let mut astray: Vec<Key> = self.origins.keys().copied().collect();
        astray.retain(|key| times.get(key) != Some(&1));
        if astray.is_empty() {
            let reached: BTreeSet<Key> = self.in_order().into_iter().map(|(_, key)| key).collect();
            astray = self.origins.keys().copied().collect();
            astray.retain(|key| !reached.contains(key));
        }
        let astray = astray.into_iter();
        let conflicts: Vec<Conflict> = astray
            .map(|key| self.conflict(key, ConflictWhy::MovedTwice))
            .collect();
        self.conflicts.extend(conflicts);
    }

    /// The steps of the merge in their order, with how deep they stand.
    pub(super) fn in_order(&self) -> Vec<(usize, Key)> {
        let mut order = Vec::new();
        let mut waiting = vec![(0, TRIGGER)];
        while let Some((depth, key)) = waiting.pop() {
            // Each step is there once, or nothing is merged.
            if order.len() > self.origins.len() {
                break;
            }
            order.push((depth, key));
            let inner = self.children(key).iter().rev();
            waiting.extend(inner.map(|child| (depth + 1, *child)));
        }
        order
    }

    /// What stands in a step of the merge.
    pub(super) fn children(&self, key: Key) -> &[Key] {
        self.children.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Whose words a step of the merge has, and where it is there.
    pub(super) fn shell(&self, key: Key) -> (Origin, usize) {
        let origin = self.origins.get(&key).copied().unwrap_or(Origin::Ours);
        (origin, self.version(origin).at(key).unwrap_or(0))
    }

    pub(super) const fn version(&self, origin: Origin) -> &Version<'m, 'a> {
        match origin {
            Origin::Theirs => &self.theirs,
            Origin::Ours => &self.ours,
        }
    }

    /// Whether the steps stand where ours has them.
    pub(super) fn same_order(&self) -> bool {
        let keys = self.origins.keys();
        self.ours.keys.len() == self.origins.len()
            && keys
                .into_iter()
                .all(|key| self.children(*key) == self.ours.children(*key))
    }
}

/// The new steps of both sides that are one: by `uuid`, by `as`, or by all that they say.
fn twins(
    theirs: Read<'_, '_>,
    theirs_new: &[usize],
    ours: Read<'_, '_>,
    ours_new: &[usize],
) -> BTreeMap<usize, usize> {
    let mut twins = Twins {
        theirs: theirs_new,
        ours: ours_new,
        of_theirs: BTreeMap::new(),
        taken: BTreeSet::new(),
    };
    for key in ["uuid", "as"] {
        twins.meet(|at| theirs.0.text(at, key), |at| ours.0.text(at, key));
    }
    twins.meet(
        |at| theirs.0.is_nameless(at).then(|| &theirs.1[at]),
        |at| ours.0.is_nameless(at).then(|| &ours.1[at]),
    );
    twins.of_theirs
}

/// New steps of two sides, and those that were met.
struct Twins<'t> {
    theirs: &'t [usize],
    ours: &'t [usize],
    of_theirs: BTreeMap<usize, usize>,
    taken: BTreeSet<usize>,
}

impl Twins<'_> {
    /// Meets those that have the same key, in their order.
    fn meet<K: Eq + Hash>(
        &mut self,
        theirs: impl Fn(usize) -> Option<K>,
        ours: impl Fn(usize) -> Option<K>,
    ) {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for &at in self.ours.iter().filter(|at| !self.taken.contains(at)) {
            if let Some(key) = ours(at) {
                waiting.entry(key).or_default().push_back(at);
            }
        }
        for &new in self.theirs {
            if !self.of_theirs.contains_key(&new)
                && let Some(key) = theirs(new)
                && let Some(twin) = waiting.get_mut(&key).and_then(VecDeque::pop_front)
            {
                self.of_theirs.insert(new, twin);
                self.taken.insert(twin);
            }
        }
    }
}

/// One order of two that were made of one. Between steps that both sides left where they were, only
/// one side may have put, taken or moved something.
///
/// # Errors
/// With the steps that both sides have at one place.
fn woven(base: &[Key], theirs: &[Key], ours: &[Key]) -> Result<Vec<Key>, BTreeSet<Key>> {
    let stays: BTreeSet<Key> = {
        let theirs = staying(base, theirs);
        staying(base, ours).intersection(&theirs).copied().collect()
    };
    let runs = |keys: &[Key]| -> Vec<Vec<Key>> {
        let parts = keys.split(|key| stays.contains(key));
        parts.map(<[Key]>::to_vec).collect()
    };
    let anchors: Vec<Key> = base
        .iter()
        .filter(|key| stays.contains(key))
        .copied()
        .collect();
    let (base, theirs, ours) = (runs(base), runs(theirs), runs(ours));
    let mut all = Vec::new();
    let mut met = BTreeSet::new();
    for (at, ((base, theirs), ours)) in base.iter().zip(&theirs).zip(&ours).enumerate() {
        match Pick::of(Some(base), Some(theirs), Some(ours)) {
            Pick::Ours => all.extend(ours),
            Pick::Theirs => all.extend(theirs),
            Pick::Neither => {
                let there: BTreeSet<&Key> = base.iter().collect();
                let moved = theirs.iter().chain(ours);
                met.extend(moved.filter(|key| !there.contains(key)).copied());
                if met.is_empty() {
                    met.extend(base.iter().chain(theirs).chain(ours));
                }
            }
        }
        all.extend(anchors.get(at));
    }
    match met.is_empty() {
        true => Ok(all),
        false => Err(met),
    }
}

/// The steps that a side left in the order that they had.
fn staying(base: &[Key], side: &[Key]) -> BTreeSet<Key> {
    let places: BTreeMap<Key, usize> = base
        .iter()
        .enumerate()
        .map(|(at, key)| (*key, at))
        .collect();
    let common: Vec<(Key, usize)> = side
        .iter()
        .filter_map(|key| Some((*key, *places.get(key)?)))
        .collect();
    let order: Vec<usize> = common.iter().map(|(_, at)| *at).collect();
    let kept = longest_rising(&order);
    let kept = common.into_iter().zip(kept);
    kept.filter_map(|((key, _), stays)| stays.then_some(key))
        .collect()
}
