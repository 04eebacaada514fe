//! What a merge would break although no part was changed twice: steps that use what another step
//! gives, or an application.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::{Key, StepsMerged};
use super::{Conflict, ConflictWhy, Merge, Origin};
use crate::json::{Node, NodeKind};

/// What formulas take from steps with: `_dp('{…"line":"54a3fc1f"…}')`, `_('data.app.54a3fc1f.id')`
/// (platform.md §11).
const PILLS: [&str; 2] = ["_dp(", "_("];

/// A step, and the name of another that it uses and does not find before it.
type Lacking = BTreeSet<(Key, String)>;

impl<'m, 'a> Merge<'m, 'a> {
    /// Everything that was whole on both sides, and would not be in the merge.
    pub(super) fn breaks(&self) -> Vec<Conflict> {
        let Some(steps) = &self.steps else {
            return Vec::new();
        };
        let mut breaks = Vec::new();
        let mut told = |key, why| {
            let conflict = steps.conflict(key, why);
            if !breaks.contains(&conflict) {
                breaks.push(conflict);
            }
        };
        let merged: Vec<(Key, Node<'a>)> = steps
            .in_order()
            .into_iter()
            .map(|(_, key)| {
                let (origin, at) = steps.shell(key);
                (key, steps.version(origin).steps.0[at].node)
            })
            .collect();
        let of = |origin| side(steps, origin);
        let (theirs, ours) = (of(Origin::Theirs), of(Origin::Ours));
        let known: BTreeSet<String> = [&theirs, &ours]
            .into_iter()
            .flatten()
            .filter_map(|(_, node)| name(*node))
            .collect();
        let before: Lacking = lacking(&theirs, &known)
            .union(&lacking(&ours, &known))
            .cloned()
            .collect();
        for (key, _) in lacking(&merged, &known).difference(&before) {
            told(*key, ConflictWhy::StepGone);
        }
        for field in ["as", "uuid"] {
            let before: BTreeSet<String> = [&theirs, &ours]
                .into_iter()
                .flat_map(|side| twice(side, field).into_values())
                .collect();
            for (key, text) in twice(&merged, field) {
                if !before.contains(&text) {
                    told(key, ConflictWhy::SameName);
                }
            }
        }
        let listed = self.listed();
        for (key, node) in &merged {
            let Some(provider) = node.get("provider").and_then(Node::text) else {
                continue;
            };
            let was_listed = [self.theirs, self.ours].iter().any(|read| {
                let mut entries = read.config.iter().flatten();
                entries.any(|(name, _)| *name == provider)
            });
            if was_listed && !listed.contains(&*provider) {
                told(*key, ConflictWhy::ApplicationGone);
            }
        }
        if !steps.same_order() && !numbered(&ours) {
            told(Key::Base(0), ConflictWhy::Numbering);
        }
        breaks
    }
}

fn side<'a>(steps: &StepsMerged<'_, 'a>, origin: Origin) -> Vec<(Key, Node<'a>)> {
    let version = steps.version(origin);
    let nodes = version.steps.0.iter().map(|step| step.node);
    version.keys().iter().copied().zip(nodes).collect()
}

/// The name by which other steps use a step.
fn name(node: Node<'_>) -> Option<String> {
    Some(node.get("as")?.text()?.into_owned())
}

/// Which steps use one that does not stand before them.
fn lacking(steps: &[(Key, Node<'_>)], known: &BTreeSet<String>) -> Lacking {
    let mut given = BTreeSet::new();
    let mut lacking = Lacking::new();
    for (key, node) in steps {
        // A step that repeats others may use what it gives itself.
        given.extend(name(*node));
        let mut used = BTreeSet::new();
        for (member, value) in node.members() {
            if !(member.is("block") || member.is("as") || member.is("uuid")) {
                collect(value, known, &mut used);
            }
        }
        lacking.extend(used.difference(&given).map(|used| (*key, used.clone())));
    }
    lacking
}

fn collect(node: Node<'_>, known: &BTreeSet<String>, used: &mut BTreeSet<String>) {
    match node.kind() {
        NodeKind::Object => node
            .members()
            .for_each(|(_, value)| collect(value, known, used)),
        NodeKind::Array => node.items().for_each(|item| collect(item, known, used)),
        NodeKind::String => {
            let text = node.text().unwrap_or_default();
            if PILLS.iter().any(|pill| text.contains(pill)) {
                let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
                used.extend(
                    words
                        .filter(|word| known.contains(*word))
                        .map(str::to_owned),
                );
            }
        }
        NodeKind::Number | NodeKind::Bool | NodeKind::Null => {}
    }
}

/// Texts that several steps have under a key, by the later ones.
fn twice(steps: &[(Key, Node<'_>)], field: &str) -> BTreeMap<Key, String> {
    let mut seen = BTreeSet::new();
    let texts = steps.iter().filter_map(|(key, node)| {
        let text = node.get(field)?.text()?.into_owned();
        Some((*key, text))
    });
    texts
        .filter(|(_, text)| !seen.insert(text.clone()))
        .collect()
}

/// Whether steps are numbered one after the other, as far as they are numbered.
fn numbered(steps: &[(Key, Node<'_>)]) -> bool {
    let numbers = steps.iter().map(|(_, node)| node.get("number"));
    let mut first = None;
    numbers.enumerate().all(|(at, number)| {
        let Some(number) = number else { return true };
        let Some(number) = number
            .number()
            .and_then(|number| number.checked_sub(at as u64))
        else {
            return false;
        };
        *first.get_or_insert(number) == number
    })
}
