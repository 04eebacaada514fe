//! The steps of two versions of a recipe: which is which, and what became of each.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Difference;
use super::document;
use super::value::{JsonText, ValueChange};
use crate::json::{Node, NodeKind};

/// What to call a step of a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepLabel {
    /// Its number, as the platform shows it; on the new side, if the step is there.
    pub number: u64,
    /// Its number on the old side, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<u64>,
    /// What sort of step it is: `trigger`, `action`, `if`, `foreach` …
    pub keyword: String,
    /// The application it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The application's action or trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl fmt::Display for StepLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {} (", self.number)?;
        if let Some(was) = self.was {
            write!(f, "was {was}; ")?;
        }
        f.write_str(&self.keyword)?;
        for word in [&self.provider, &self.name].into_iter().flatten() {
            write!(f, " {word}")?;
        }
        f.write_str(")")
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepPlace {
    /// Its number.
    pub number: u64,
    /// The number of the step around it; absent for the trigger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
}

impl fmt::Display for StepPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        match self.parent {
            Some(parent) => write!(f, " in step {parent}"),
            None => Ok(()),
        }
    }
}

/// Compares the steps of two recipes, given by their triggers. `None` if one of the two is not
/// built of steps; then they can only be compared as JSON.
pub(super) fn compare(old: Node<'_>, new: Node<'_>) -> Option<Vec<Difference>> {
    let old = Steps::of(old)?;
    let new = Steps::of(new)?;
    let mut alignment = Alignment::of(&old, &new, Likeness::OfAll);
    alignment.find_moves();
    Some(alignment.differences())
}

/// A step, and where it stands.
pub(in crate::plan) struct Step<'a> {
    pub(in crate::plan) node: Node<'a>,
    pub(in crate::plan) parent: Option<usize>,
    number: u64,
}

/// The steps of a recipe in the order in which they are numbered, the trigger first.
pub(in crate::plan) struct Steps<'a>(pub(in crate::plan) Vec<Step<'a>>);

impl<'a> Steps<'a> {
    /// The steps of a recipe, given by its trigger; nothing if it is not built of steps.
    pub(in crate::plan) fn of(trigger: Node<'a>) -> Option<Self> {
        let mut steps = Self(Vec::new());
        steps.add(trigger, None)?;
        Some(steps)
    }

    fn add(&mut self, node: Node<'a>, parent: Option<usize>) -> Option<()> {
        let index = self.0.len();
        let number = node.get("number").and_then(Node::number);
        self.0.push(Step {
            node,
            parent,
            number: number.unwrap_or(index as u64),
        });
        match node.get("block") {
            Some(block) if block.kind() == NodeKind::Array => block
                .items()
                .try_for_each(|child| self.add(child, Some(index))),
            Some(_) => None,
            None => (node.kind() == NodeKind::Object).then_some(()),
        }
    }

    /// What a step has under a key, if that is a text.
    pub(in crate::plan) fn text(&self, step: usize, key: &str) -> Option<Cow<'a, str>> {
        self.0[step].node.get(key)?.text()
    }

    fn place(&self, step: usize) -> StepPlace {
        let Step { parent, number, .. } = self.0[step];
        StepPlace {
            number,
            parent: parent.map(|parent| self.0[parent].number),
        }
    }

    /// What to call a step.
    pub(in crate::plan) fn label(&self, step: usize) -> StepLabel {
        let owned = |key| self.text(step, key).map(Cow::into_owned);
        StepLabel {
            number: self.0[step].number,
            was: None,
            keyword: owned("keyword").unwrap_or_else(|| "step".to_owned()),
            provider: owned("provider"),
            name: owned("name"),
        }
    }

    /// What a step does.
    fn task(&self, step: usize) -> [Option<Cow<'a, str>>; 3] {
        ["keyword", "provider", "name"].map(|key| self.text(step, key))
    }

    /// Whether nothing identifies a step.
    pub(in crate::plan) fn is_nameless(&self, step: usize) -> bool {
        self.text(step, "uuid").is_none() && self.text(step, "as").is_none()
    }

    /// All that a step says, apart from where it stands and what identifies it.
    fn content(&self, step: usize) -> JsonText {
        JsonText::of_members(self.0[step].node, |key| {
            !matches!(key, "number" | "block" | "uuid" | "as")
        })
    }
}

/// Which steps of two recipes are the same ones.
pub(in crate::plan) struct Alignment<'s> {
    old: &'s Steps<'s>,
    new: &'s Steps<'s>,
    /// The new side's step for each one of the old side.
    pub(in crate::plan) to_new: Vec<Option<usize>>,
    /// The old side's step for each one of the new side.
    pub(in crate::plan) to_old: Vec<Option<usize>>,
    /// Which of the new side's steps stand elsewhere.
    pub(in crate::plan) moved: Vec<bool>,
    likeness: Likeness,
}

/// Which steps may be the same ones since they are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Likeness {
    /// All that have no other partner: one that was replaced by its like is told as changed.
    OfAll,
    /// Only those without a `uuid` and an `as`: one that has them and is not there is gone, and what
    /// is like it is another one.
    OfNameless,
}

impl<'s> Alignment<'s> {
    /// Pairs the steps of two recipes.
    pub(in crate::plan) fn of(old: &'s Steps<'s>, new: &'s Steps<'s>, likeness: Likeness) -> Self {
        let mut alignment = Self {
            old,
            new,
            to_new: vec![None; old.0.len()],
            to_old: vec![None; new.0.len()],
            moved: vec![false; new.0.len()],
            likeness: Likeness::OfAll,
        };
        // A recipe has one trigger, whatever it is replaced by.
        alignment.pair(0, 0);
        alignment.pair_unique("uuid");
        alignment.pair_unique("as");
        alignment.likeness = likeness;
        alignment.pair_within_parents();
        alignment.pair_alike();
        alignment.pair_within_parents();
        alignment
    }

    fn may_be_alike(&self, steps: &Steps<'_>, step: usize) -> bool {
        match self.likeness {
            Likeness::OfAll => true,
            Likeness::OfNameless => steps.is_nameless(step),
        }
    }

    fn pair(&mut self, old: usize, new: usize) {
        self.to_new[old] = Some(new);
        self.to_old[new] = Some(old);
    }

    fn free_old(&self) -> Vec<usize> {
        (0..self.to_new.len())
            .filter(|&step| self.to_new[step].is_none() && self.may_be_alike(self.old, step))
            .collect()
    }

    fn free_new(&self) -> Vec<usize> {
        (0..self.to_old.len())
            .filter(|&step| self.to_old[step].is_none() && self.may_be_alike(self.new, step))
            .collect()
    }

    /// Pairs steps by a key's text. Copies of steps can share it; such a text tells nothing.
    fn pair_unique(&mut self, key: &str) {
        let by_text = unique(self.new, &self.free_new(), key);
        for (text, old) in unique(self.old, &self.free_old(), key) {
            if let (Some(old), Some(Some(new))) = (old, by_text.get(&text)) {
                self.pair(old, *new);
            }
        }
    }

    /// Pairs steps of the same parents that do the same, in their order; those that say the same
    /// first.
    fn pair_within_parents(&mut self) {
        let mut old_children = children(self.old, &self.free_old());
        let mut new_children = children(self.new, &self.free_new());
        // Parents come before their children, so a pair that is made here counts for what is in it.
        for parent in 0..self.to_new.len() {
            let Some(new_parent) = self.to_new[parent] else {
                continue;
            };
            let (Some(olds), Some(news)) = (
                old_children.remove(&parent),
                new_children.remove(&new_parent),
            ) else {
                continue;
            };
            self.pair_in_order(&olds, &news, Steps::content);
            self.pair_in_order(&olds, &news, Steps::task);
        }
    }

    /// Pairs steps that say the same wherever they stand.
    fn pair_alike(&mut self) {
        let (olds, news) = (self.free_old(), self.free_new());
        self.pair_in_order(&olds, &news, Steps::content);
    }

    fn pair_in_order<K: Hash + Eq>(
        &mut self,
        olds: &[usize],
        news: &[usize],
        key: impl Fn(&'s Steps<'s>, usize) -> K,
    ) {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for &new in news.iter().filter(|&&new| self.to_old[new].is_none()) {
            waiting
                .entry(key(self.new, new))
                .or_default()
                .push_back(new);
        }
        for &old in olds {
            if self.to_new[old].is_none()
                && let Some(queue) = waiting.get_mut(&key(self.old, old))
                && let Some(new) = queue.pop_front()
            {
                self.pair(old, new);
            }
        }
    }

    /// Steps moved if the step around them is another, or if they passed a sibling. Of siblings
    /// that passed each other as few as possible are said to have moved.
    pub(in crate::plan) fn find_moves(&mut self) {
        let mut stayed: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.new.0.len()];
        for new in 1..self.to_old.len() {
            let Some(old) = self.to_old[new] else {
                continue;
            };
            let old_parent = self.old.0[old].parent;
            match self.new.0[new].parent {
                Some(parent) if old_parent.and_then(|p| self.to_new[p]) == Some(parent) => {
                    stayed[parent].push((old, new));
                }
                _ => self.moved[new] = true,
            }
        }
        for siblings in stayed {
            let old: Vec<usize> = siblings.iter().map(|(old, _)| *old).collect();
            let kept = longest_rising(&old);
            for (index, (_, new)) in siblings.iter().enumerate() {
                self.moved[*new] = !kept[index];
            }
        }
    }

    fn differences(&self) -> Vec<Difference> {
        let mut differences: Vec<Difference> = (0..self.to_new.len())
            .filter(|&old| self.to_new[old].is_none())
            .map(|old| Difference::StepRemoved {
                step: self.old.label(old),
            })
            .collect();
        let shifted =
            !differences.is_empty() || self.to_old.contains(&None) || self.moved.contains(&true);
        let numbering = if shifted {
            Numbering::Shifted
        } else {
            Numbering::Kept
        };
        for new in 0..self.to_old.len() {
            let mut step = self.new.label(new);
            let Some(old) = self.to_old[new] else {
                differences.push(Difference::StepAdded { step });
                continue;
            };
            step.was = Some(self.old.0[old].number).filter(|was| *was != step.number);
            if self.moved[new] {
                differences.push(Difference::StepMoved {
                    step: step.clone(),
                    from: self.old.place(old),
                    to: self.new.place(new),
                });
            }
            for document::FieldChange { path, change } in self.fields(old, new, numbering) {
                differences.push(Difference::StepChanged {
                    step: step.clone(),
                    path,
                    change,
                });
            }
        }
        differences
    }

    fn fields(&self, old: usize, new: usize, numbering: Numbering) -> Vec<document::FieldChange> {
        let (old, new) = (self.old.0[old].node, self.new.0[new].node);
        let number = |node: Node<'_>| node.get("number").and_then(Node::number);
        let renumbered =
            numbering == Numbering::Shifted && number(old).is_some() && number(new).is_some();
        let mut found = document::compare_members(old, new, |key| {
            key == "block" || key == "number" && renumbered
        });
        // What stands in a block is told by the steps there; only an empty one needs a word.
        let change = match (old.get("block"), new.get("block")) {
            (None, Some(block)) if block.items().next().is_none() => ValueChange::Added {
                new: JsonText::of(block),
            },
            (Some(block), None) if block.items().next().is_none() => ValueChange::Removed {
                old: JsonText::of(block),
            },
            _ => return found,
        };
        found.push(document::FieldChange {
            path: "block".to_owned(),
            change,
        });
        found
    }
}

/// Whether steps have other numbers only because others came, went or moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    Kept,
    Shifted,
}

/// The steps with each text under `key`; `None` for a text that several of them have.
fn unique<'a>(
    steps: &Steps<'a>,
    among: &[usize],
    key: &str,
) -> HashMap<Cow<'a, str>, Option<usize>> {
    let mut by_text = HashMap::new();
    for &step in among {
        if let Some(text) = steps.text(step, key) {
            by_text
                .entry(text)
                .and_modify(|step| *step = None)
                .or_insert(Some(step));
        }
    }
    by_text
}

/// Steps by the step around them.
fn children(steps: &Steps<'_>, among: &[usize]) -> HashMap<usize, Vec<usize>> {
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    for &step in among {
        if let Some(parent) = steps.0[step].parent {
            children.entry(parent).or_default().push(step);
        }
    }
    children
}

/// Which items belong to a longest rising subsequence.
pub(in crate::plan) fn longest_rising(items: &[usize]) -> Vec<bool> {
    // The index of the smallest last item of a rising subsequence of each length.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; items.len()];
    for (index, item) in items.iter().enumerate() {
        let length = ends.partition_point(|&end| items[end] < *item);
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut belongs = vec![false; items.len()];
    let mut last = ends.last().copied();
    while let Some(index) = last {
        belongs[index] = true;
        last = before[index];
    }
    belongs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn differences(old: &str, new: &str) -> Vec<String> {
        let (mut a, mut b) = (Tape::default(), Tape::default());
        let old = a.parse(old.as_bytes()).expect("valid JSON").root();
        let new = b.parse(new.as_bytes()).expect("valid JSON").root();
        compare(old, new)
            .expect("steps")
            .iter()
            .map(Difference::to_string)
            .collect()
    }

    /// A recipe's steps by a short notation: `a`, `b` … are log messages with that letter as their
    /// uuid, `i(…)` is an `if` around others.
    fn recipe(notation: &str) -> String {
        let mut json = r#"{"number":0,"keyword":"trigger","provider":"clock","name":"tick","uuid":"t","block":["#.to_owned();
        let mut number = 0;
        for c in notation.chars() {
            if !"()".contains(c) && !json.ends_with('[') {
                json.push(',');
            }
            match c {
                '(' => {}
                ')' => json.push_str("]}"),
                'i' => {
                    number += 1;
                    json.push_str(&format!(
                        r#"{{"number":{number},"keyword":"if","uuid":"i","block":["#
                    ));
                }
                _ => {
                    number += 1;
                    json.push_str(&format!(
                        r#"{{"number":{number},"keyword":"action","provider":"logger","name":"log","uuid":"{c}","input":{{"message":"{c}"}}}}"#
                    ));
                }
            }
        }
        json.push_str("]}");
        json
    }

    #[test]
    fn steps_are_told_apart_by_uuid() {
        for (old, new, expected) in [
            ("abc", "abc", vec![]),
            ("abc", "anbc", vec!["step 2 (action logger log) added"]),
            ("abc", "bc", vec!["step 1 (action logger log) removed"]),
            (
                "abc",
                "bca",
                vec!["step 3 (was 1; action logger log) moved from 1 in step 0 to 3 in step 0"],
            ),
            (
                "abc",
                "ai(b)c",
                vec![
                    "step 2 (if) added",
                    "step 3 (was 2; action logger log) moved from 2 in step 0 to 3 in step 2",
                ],
            ),
            (
                "i(ab)c",
                "abc",
                vec![
                    "step 1 (if) removed",
                    "step 1 (was 2; action logger log) moved from 2 in step 1 to 1 in step 0",
                    "step 2 (was 3; action logger log) moved from 3 in step 1 to 2 in step 0",
                ],
            ),
            (
                "i(a)b",
                "i(ab)",
                vec!["step 3 (action logger log) moved from 3 in step 0 to 3 in step 1"],
            ),
        ] {
            assert_eq!(
                differences(&recipe(old), &recipe(new)),
                expected,
                "{old} {new}"
            );
        }
    }

    #[test]
    fn steps_without_identities_go_by_what_they_do() {
        let strip = |notation: &str| {
            let mut json = recipe(notation);
            for id in ["t", "a", "b", "c", "n", "i"] {
                json = json.replace(&format!(r#","uuid":"{id}""#), "");
            }
            json
        };
        for (old, new, expected) in [
            ("abc", "anbc", vec!["step 2 (action logger log) added"]),
            ("abc", "ac", vec!["step 2 (action logger log) removed"]),
            (
                "abc",
                "anc",
                vec![r#"step 2 (action logger log): input.message "b" → "n""#],
            ),
            (
                "i(a)b",
                "i(ab)",
                vec!["step 3 (action logger log) moved from 3 in step 0 to 3 in step 1"],
            ),
        ] {
            assert_eq!(
                differences(&strip(old), &strip(new)),
                expected,
                "{old} {new}"
            );
        }
        let by_as = |uuid: &str, message: &str| {
            format!(
                r#"{{"number":0,"keyword":"trigger","block":[{{"number":1,"keyword":"action","uuid":"{uuid}","as":"q","name":"{message}"}}]}}"#
            )
        };
        assert_eq!(
            differences(&by_as("1", "x"), &by_as("2", "y")),
            [
                r#"step 1 (action y): name "x" → "y""#,
                r#"step 1 (action y): uuid "1" → "2""#
            ]
        );
    }

    #[test]
    fn a_trigger_is_replaced_not_moved_around() {
        let old = recipe("ab");
        let new = old.replace(r#""name":"tick","uuid":"t""#, r#""name":"tock","uuid":"u""#);
        assert_eq!(
            differences(&old, &new),
            [
                r#"step 0 (trigger clock tock): name "tick" → "tock""#,
                r#"step 0 (trigger clock tock): uuid "t" → "u""#
            ]
        );
    }

    #[test]
    fn numbers_count_only_where_nothing_else_explains_them() {
        let old = recipe("ab");
        let new = old.replace(r#""number":2"#, r#""number":7"#);
        assert_eq!(
            differences(&old, &new),
            ["step 7 (was 2; action logger log): number 2 → 7"]
        );
    }

    #[test]
    fn what_is_not_built_of_steps_is_left_to_others() {
        let mut tape = Tape::default();
        let odd = tape.parse(br#"{"block":[1]}"#).expect("valid JSON").root();
        assert_eq!(compare(odd, odd), None);
    }
}
