//! The JSON of a merge: that of ours, with other spans where theirs changed something.

use std::collections::BTreeMap;

use super::steps::{Key, StepsMerged};
use super::{Merge, Origin, Read};
use crate::json::{Dialect, Node, NodeKind, Splice, apply, insert_member, remove_member};
use crate::model::workspace::Binding;

/// Writes a merge.
pub(super) fn written(merge: &Merge<'_, '_>) -> Vec<u8> {
    let mut writer = Writer {
        merge,
        spelled: BTreeMap::new(),
        numbers: BTreeMap::new(),
    };
    writer.spell(merge.ours.document.root());
    let mut splices = Vec::new();
    writer.settings(&mut splices);
    writer.config(&mut splices);
    if let (Some(steps), Some(code)) = (&merge.steps, merge.ours.document.root().get("code")) {
        writer.number(steps);
        match steps.shell(Key::Base(0)).0 {
            Origin::Ours => writer.step_edits(steps, Key::Base(0), &mut splices),
            Origin::Theirs => {
                splices.push(Splice::new(code.span(), writer.step(steps, Key::Base(0))));
            }
        }
    }
    apply(merge.ours.document.text().as_bytes(), &mut splices)
}

struct Writer<'w, 'm, 'a> {
    merge: &'w Merge<'m, 'a>,
    /// How ours spells references, by what they mean.
    spelled: BTreeMap<Binding, &'a str>,
    /// The numbers of the steps, where they are numbered.
    numbers: BTreeMap<Key, u64>,
}

impl<'m, 'a> Writer<'_, 'm, 'a> {
    fn spell(&mut self, node: Node<'a>) {
        match self.merge.ours.saying.meaning(node.span().start) {
            Some(meaning @ (Binding::Asset(_) | Binding::Connector(_))) => {
                self.spelled.entry(meaning).or_insert(node.raw());
            }
            Some(Binding::Shared | Binding::Nothing) => {}
            None => {
                node.members().for_each(|(_, value)| self.spell(value));
                node.items().for_each(|item| self.spell(item));
            }
        }
    }

    /// Spells the references of theirs as ours does.
    fn respell(&self, node: Node<'_>, splices: &mut Vec<Splice>) {
        match self.merge.theirs.saying.meaning(node.span().start) {
            Some(meaning) => {
                if let Some(spelled) = self.spelled.get(&meaning) {
                    splices.push(Splice::new(node.span(), *spelled));
                }
            }
            None => {
                node.members()
                    .for_each(|(_, value)| self.respell(value, splices));
                node.items().for_each(|item| self.respell(item, splices));
            }
        }
    }

    fn of_theirs(&self, node: Node<'_>) -> String {
        let mut splices = Vec::new();
        self.respell(node, &mut splices);
        edited(node, splices)
    }

    fn settings(&self, splices: &mut Vec<Splice>) {
        let Merge { theirs, ours, .. } = self.merge;
        let (root, text) = (ours.document.root(), ours.document.text());
        let mut added = Vec::new();
        for name in &self.merge.settings {
            let own = ours.settings.get(*name);
            let other = theirs
                .settings
                .get(*name)
                .map(|said| self.of_theirs(said.node));
            match (own, other) {
                (Some(own), Some(other)) => splices.push(Splice::new(own.node.span(), other)),
                (Some(_), None) => splices.extend(remove_member(root, name)),
                (None, Some(other)) => added.push((*name, other)),
                (None, None) => {}
            }
        }
        // Several that come to one place keep their order.
        let dialect = Dialect::of(ours.document);
        let mut at: BTreeMap<usize, String> = BTreeMap::new();
        for (name, value) in added {
            if let Some(splice) = insert_member(text, root, name, &value, dialect) {
                at.entry(splice.start).or_default().push_str(&splice.text);
            }
        }
        let added = at.into_iter().map(|(at, text)| Splice::new(at..at, text));
        splices.extend(added);
    }

    fn config(&self, splices: &mut Vec<Splice>) {
        let Merge { theirs, ours, .. } = self.merge;
        let Some(list) = ours.document.root().get("config") else {
            return;
        };
        let find = |read: &Read<'a>, name: &str| {
            let mut entries = read.config.iter().flatten();
            entries
                .find(|(own, _)| *own == name)
                .map(|(_, said)| said.node)
        };
        let is_theirs = |name: &str| self.merge.applications.contains(&name);
        let mut changed = Vec::new();
        let mut other_length = false;
        let mut items = Vec::new();
        for (name, said) in ours.config.iter().flatten() {
            match (is_theirs(name), find(theirs, name)) {
                (false, _) => items.push(said.node.raw().to_owned()),
                (true, Some(other)) => {
                    let text = self.of_theirs(other);
                    changed.push(Splice::new(said.node.span(), text.clone()));
                    items.push(text);
                }
                (true, None) => other_length = true,
            }
        }
        for (name, said) in theirs.config.iter().flatten() {
            if is_theirs(name) && find(ours, name).is_none() {
                items.push(self.of_theirs(said.node));
                other_length = true;
            }
        }
        match other_length {
            true => splices.push(listed(list, ours.document.text(), &items)),
            false => splices.extend(changed),
        }
    }

    /// Numbers the steps: as they are in ours if they stand as there, or else one after the other.
    fn number(&mut self, steps: &StepsMerged<'m, 'a>) {
        let number = |key: Key| {
            let at = steps.ours.at(key)?;
            steps.ours.steps.0[at].node.get("number")?.number()
        };
        let same = steps.same_order();
        let first = number(Key::Base(0)).unwrap_or(0);
        for (at, (_, key)) in steps.in_order().into_iter().enumerate() {
            match same {
                true => self.numbers.extend(number(key).map(|own| (key, own))),
                false => {
                    self.numbers.insert(key, first.saturating_add(at as u64));
                }
            }
        }
    }

    /// A step of the merge as JSON.
    fn step(&self, steps: &StepsMerged<'m, 'a>, key: Key) -> String {
        let (origin, at) = steps.shell(key);
        let node = steps.version(origin).steps.0[at].node;
        let mut splices = Vec::new();
        self.step_edits(steps, key, &mut splices);
        edited(node, splices)
    }

    /// What is otherwise in a step of the merge than on the side whose words it has.
    fn step_edits(&self, steps: &StepsMerged<'m, 'a>, key: Key, splices: &mut Vec<Splice>) {
        let (origin, at) = steps.shell(key);
        let version = steps.version(origin);
        let node = version.steps.0[at].node;
        let document = self.merge.read(origin).document;
        if let (Some(own), Some(number)) = (node.get("number"), self.numbers.get(&key))
            && own.number() != Some(*number)
        {
            splices.push(Splice::new(own.span(), number.to_string()));
        }
        if origin == Origin::Theirs {
            for (member, value) in node.members() {
                if !member.is("block") && !member.is("number") {
                    self.respell(value, splices);
                }
            }
        }
        let children = steps.children(key);
        let own = version.children(key);
        let block = node.get("block");
        if let (true, Some(block)) = (children == own, block) {
            for (child, item) in children.iter().zip(block.items()) {
                match steps.shell(*child).0 == origin {
                    true => self.step_edits(steps, *child, splices),
                    false => splices.push(Splice::new(item.span(), self.step(steps, *child))),
                }
            }
            return;
        }
        if children == own {
            return;
        }
        let items: Vec<String> = children
            .iter()
            .map(|child| self.step(steps, *child))
            .collect();
        splices.extend(match block {
            Some(block) => Some(listed(block, document.text(), &items)),
            None => {
                let list = format!("[{}]", items.join(", "));
                insert_member(document.text(), node, "block", &list, Dialect::of(document))
            }
        });
    }
}

/// A value with edits inside of it.
fn edited(node: Node<'_>, mut splices: Vec<Splice>) -> String {
    let start = node.span().start;
    for splice in &mut splices {
        splice.start -= start;
        splice.end -= start;
    }
    String::from_utf8_lossy(&apply(node.raw().as_bytes(), &mut splices)).into_owned()
}

/// Other items in an array, laid out as its own.
fn listed(array: Node<'_>, text: &str, items: &[String]) -> Splice {
    debug_assert_eq!(array.kind(), NodeKind::Array);
    let own: Vec<Node<'_>> = array.items().collect();
    let (Some(first), Some(last)) = (own.first(), own.last()) else {
        return Splice::new(array.span(), format!("[{}]", items.join(", ")));
    };
    let whole = array.span();
    if items.is_empty() {
        return Splice::new(whole, "[]");
    }
    let between = match own.get(1) {
        Some(second) => text[first.span().end..second.span().start].to_owned(),
        None => format!(",{}", &text[whole.start + 1..first.span().start]),
    };
    Splice::new(first.span().start..last.span().end, items.join(&between))
}
