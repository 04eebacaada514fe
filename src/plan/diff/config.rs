//! The `config` of two versions of a recipe: which applications it uses, and by which connections.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Difference;
use super::document::{self, FieldChange};
use super::value::{JsonText, ValueChange};
use crate::json::{Node, NodeKind};

/// The member of `account_id` that marks a custom connector's connection (platform.md §5.6).
const MARK: &str = "custom";

/// Compares two `config` arrays. `None` if one of them is not a list of applications, each once;
/// then they can only be compared as JSON.
pub(super) fn compare(old: Node<'_>, new: Node<'_>) -> Option<Vec<Difference>> {
    let (old_order, old) = entries(old)?;
    let (new_order, new) = entries(new)?;
    let mut differences = Vec::new();
    let providers: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for name in providers {
        let provider = || name.clone().into_owned();
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => entry(&provider(), *old, *new, &mut differences),
            (Some(_), None) => differences.push(Difference::ConfigRemoved {
                provider: provider(),
            }),
            (None, _) => differences.push(Difference::ConfigAdded {
                provider: provider(),
            }),
        }
    }
    if document::is_reordered(&old_order, &new_order) {
        differences.push(Difference::Value {
            path: "config".to_owned(),
            change: ValueChange::Reordered,
        });
    }
    Some(differences)
}

type Entries<'a> = (Vec<Cow<'a, str>>, BTreeMap<Cow<'a, str>, Node<'a>>);

fn entries(config: Node<'_>) -> Option<Entries<'_>> {
    if config.kind() != NodeKind::Array {
        return None;
    }
    let order = config
        .items()
        .map(|entry| entry.get("provider")?.text())
        .collect::<Option<Vec<_>>>()?;
    let by_provider: BTreeMap<_, _> = order.iter().cloned().zip(config.items()).collect();
    (by_provider.len() == order.len()).then_some((order, by_provider))
}

fn entry(provider: &str, old: Node<'_>, new: Node<'_>, differences: &mut Vec<Difference>) {
    let accounts = (
        old.get("account_id").filter(is_object),
        new.get("account_id").filter(is_object),
    );
    if let (Some(old), Some(new)) = accounts {
        account(provider, old, new, differences);
    }
    let both_are_references = accounts.0.is_some() && accounts.1.is_some();
    let found =
        document::compare_members(old, new, |key| key == "account_id" && both_are_references);
    for FieldChange { path, change } in found {
        let provider = provider.to_owned();
        differences.push(if path == "account_id" {
            Difference::ConnectionChanged { provider, change }
        } else {
            Difference::ConfigChanged {
                provider,
                path,
                change,
            }
        });
    }
}

fn is_object(node: &Node<'_>) -> bool {
    node.kind() == NodeKind::Object
}

fn account(provider: &str, old: Node<'_>, new: Node<'_>, differences: &mut Vec<Difference>) {
    let reference = |account| JsonText::of_members(account, |key| key != MARK);
    let provider = || provider.to_owned();
    if reference(old) != reference(new) {
        differences.push(Difference::ConnectionChanged {
            provider: provider(),
            change: ValueChange::Changed {
                old: reference(old),
                new: reference(new),
            },
        });
    }
    match (old.get(MARK), new.get(MARK)) {
        (None, Some(mark)) if mark.is_true() => {
            differences.push(Difference::CustomMarkAdded {
                provider: provider(),
            });
        }
        (Some(mark), None) if mark.is_true() => {
            differences.push(Difference::CustomMarkRemoved {
                provider: provider(),
            });
        }
        _ => {
            let found = document::compare_members(old, new, |key| key != MARK);
            differences.extend(found.into_iter().map(|found| Difference::ConfigChanged {
                provider: provider(),
                path: format!("account_id.{}", found.path),
                change: found.change,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    fn differences(old: &str, new: &str) -> Option<Vec<String>> {
        let (mut a, mut b) = (Tape::default(), Tape::default());
        let old = a.parse(old.as_bytes()).expect("valid JSON").root();
        let new = b.parse(new.as_bytes()).expect("valid JSON").root();
        Some(
            compare(old, new)?
                .iter()
                .map(Difference::to_string)
                .collect(),
        )
    }

    #[test]
    fn entries_go_by_their_application() {
        let account = |rest: &str| {
            format!(r#"[{{"provider":"p","account_id":{{"zip_name":"a","name":"A"{rest}}}}}]"#)
        };
        let null = r#"[{"provider":"p","account_id":null}]"#;
        for (old, new, expected) in [
            (
                account(r#","custom":true"#),
                account(""),
                vec!["custom mark of p removed"],
            ),
            (
                account(""),
                account(r#","custom":true"#),
                vec!["custom mark of p added"],
            ),
            (
                account(r#","custom":true"#),
                account(r#","custom":false"#),
                vec!["config of p: account_id.custom true → false"],
            ),
            (
                account(r#","custom":true"#),
                account("").replace(r#""A""#, r#""B""#),
                vec![
                    r#"connection of p: "A" (a) → "B" (a)"#,
                    "custom mark of p removed",
                ],
            ),
            (
                null.to_owned(),
                account(""),
                vec![r#"connection of p: null → "A" (a)"#],
            ),
            (
                r#"[{"provider":"p"},{"provider":"q"}]"#.to_owned(),
                r#"[{"provider":"r"},{"provider":"q","skip_validation":true}]"#.to_owned(),
                vec![
                    "config of p removed",
                    "config of q: skip_validation added: true",
                    "config of r added",
                ],
            ),
            (
                r#"[{"provider":"p"},{"provider":"q"}]"#.to_owned(),
                r#"[{"provider":"q"},{"provider":"p"}]"#.to_owned(),
                vec!["config reordered"],
            ),
        ] {
            assert_eq!(
                differences(&old, &new),
                Some(expected.into_iter().map(str::to_owned).collect()),
                "{old} {new}"
            );
        }
        assert_eq!(differences("{}", "[]"), None);
        assert_eq!(
            differences(r#"[{"provider":"p"},{"provider":"p"}]"#, "[]"),
            None
        );
    }
}
