//! Hosts and e-mail addresses that stand in recipes as they are. They are looked for only if a
//! manifest asks for it: most of them are meant.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::references::in_step;
use crate::json::{Document, Node, NodeKind};
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::path::PackagePath;
use crate::model::reference::{Activity, Step};

/// Hosts and addresses in what active steps of a recipe are given: each once, where it stands first.
/// They are added to what was found so far.
pub fn check(path: &PackagePath, recipe: Document<'_>, findings: &mut Vec<Finding>) {
    let mut walk = Walk {
        path,
        seen: HashSet::new(),
        findings,
    };
    if let Some(code) = recipe.root().get("code") {
        walk.value(code, None, Part::Step);
    }
}

/// What a value is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A step, or the list of steps in one.
    Step,
    /// What a step is given.
    Input,
}

struct Walk<'a> {
    path: &'a PackagePath,
    /// What was told, by its hash: there can be as many as the recipe has room for.
    seen: HashSet<u64>,
    findings: &'a mut Vec<Finding>,
}

impl Walk<'_> {
    fn value(&mut self, node: Node<'_>, step: Option<Step>, part: Part) {
        match (node.kind(), part) {
            (NodeKind::Object, Part::Step) => self.step(node, step),
            (NodeKind::Object, Part::Input) => {
                for (_, value) in node.members() {
                    self.value(value, step, part);
                }
            }
            (NodeKind::Array, _) => {
                for item in node.items() {
                    self.value(item, step, part);
                }
            }
            (NodeKind::String, Part::Input) => self.text(node, step),
            (NodeKind::String, Part::Step) => {}
            (NodeKind::Number | NodeKind::Bool | NodeKind::Null, _) => {}
        }
    }

    fn step(&mut self, node: Node<'_>, around: Option<Step>) {
        if node.get("skip").is_some_and(Node::is_true) {
            return;
        }
        let number = node.get("number").and_then(Node::number);
        let step = number.map_or(around, |number| {
            Some(Step {
                number: u32::try_from(number).unwrap_or(u32::MAX),
                activity: Activity::Active,
            })
        });
        for (key, value) in node.members() {
            match key.inside() {
                Some("input") => self.value(value, step, Part::Input),
                Some("block") => self.value(value, step, Part::Step),
                Some(_) | None => {}
            }
        }
    }

    fn text(&mut self, node: Node<'_>, step: Option<Step>) {
        let Some(text) = node.text() else { return };
        for host in hosts(&text) {
            let message = format!("{}holds the host `{host}`", in_step(step));
            self.tell(Code::HardCodedHost, host, message, node);
        }
        for address in addresses(&text) {
            let message = format!("{}holds the address `{address}`", in_step(step));
            self.tell(Code::HardCodedAddress, address, message, node);
        }
    }

    fn tell(&mut self, code: Code, what: &str, message: String, node: Node<'_>) {
        let mut hash = DefaultHasher::new();
        (code, what.to_lowercase()).hash(&mut hash);
        if !self.seen.insert(hash.finish()) {
            return;
        }
        let subject = Subject::File {
            path: self.path.clone(),
            offset: u32::try_from(node.span().start).ok(),
        };
        let finding = Finding::new(code, subject, message)
            .help("give it by a property, so that each workspace can have its own");
        finding::add(self.findings, finding);
    }
}

fn is_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-')
}

/// Whether it is a name of at least two parts, the last of letters.
fn is_domain(host: &str) -> bool {
    let last = host.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| last.len() >= 2 && last.chars().all(|c| c.is_ascii_alphabetic()))
        && host.split('.').all(|part| !part.is_empty())
}

/// The hosts of the web addresses in a text; those that a formula makes are none.
fn hosts(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, sign)| {
        let scheme = text[..at].ends_with("http") || text[..at].ends_with("https");
        let rest = &text[at + sign.len()..];
        let end = rest.find(|c| !is_host(c)).unwrap_or(rest.len());
        let host = rest[..end].trim_end_matches(['.', '-']);
        let made = rest[end..].starts_with(['#', '{', '@', '%']) && !rest[end..].starts_with("#/");
        (scheme && !made && is_domain(host)).then_some(host)
    })
}

/// The e-mail addresses in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(|(at, _)| {
        let local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
        let start = text[..at].rfind(|c| !local(c)).map_or(0, |before| {
            before + text[before..].chars().next().map_or(0, char::len_utf8)
        });
        let end = text[at + 1..]
            .find(|c| !is_host(c))
            .map_or(text.len(), |end| at + 1 + end);
        let domain = text[at + 1..end].trim_end_matches(['.', '-']);
        // `://user@host` is no address to write to.
        let of_url = text[..start].ends_with("//") || text[..start].ends_with(':');
        (start < at && !of_url && is_domain(domain)).then(|| &text[start..at + 1 + domain.len()])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_that_stand_whole() {
        for (text, expected) in [
            ("https://api.example.com/v1", &["api.example.com"][..]),
            (
                "See http://a.example.org. And https://b.example.org:8443",
                &["a.example.org", "b.example.org"],
            ),
            ("https://#{host}/v1", &[]),
            ("https://api.#{region}.example.com", &[]),
            ("https://localhost:3000/", &[]),
            ("https://10.0.0.1/", &[]),
            ("a://b.example.com", &[]),
            ("api.example.com", &[]),
        ] {
            assert_eq!(hosts(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn addresses_are_those_that_stand_whole() {
        for (text, expected) in [
            ("desk@example.com", &["desk@example.com"][..]),
            (
                "To: Desk <desk.one@mail.example.com>.",
                &["desk.one@mail.example.com"],
            ),
            ("é@example.com", &[]),
            ("@example.com", &[]),
            ("desk@localhost", &[]),
            ("https://user:word@example.com/", &[]),
            ("#{name}@example.com", &[]),
        ] {
            assert_eq!(addresses(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
