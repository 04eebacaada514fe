//! What differs between two versions of a connector, and what that does to recipes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Completeness, Deprecation, Field, Fields, Interface, Operation, OperationName, Requirement,
};
use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// What a difference does to the recipes that use the old version. The worse is the greater.
    #[derive(Default)]
    pub enum Verdict: "verdict" {
        /// They go on working.
        #[default]
        Compatible = "compatible",
        /// It depends on what the source doesn't say.
        CantTell = "cant_tell",
        /// Those that use what changed stop working, or miss something.
        Breaking = "breaking",
    }
}

keyword_enum! {
    /// One side of an operation.
    pub enum Side: "side" {
        /// What a recipe fills in.
        Input = "input",
        /// What a recipe gets.
        Output = "output",
    }
}

keyword_enum! {
    /// Which of two versions.
    pub enum Version: "version" {
        /// The old one.
        Old = "old",
        /// The new one.
        New = "new",
        /// Both.
        Both = "both",
    }
}

/// What differs between two versions of a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InterfaceDiff {
    /// The worst of all differences.
    pub verdict: Verdict,
    /// The version that may have more actions and triggers than are known, if one has.
    pub incomplete: Option<Version>,
    /// The actions that differ.
    pub actions: BTreeMap<OperationName, OperationDiff>,
    /// The triggers that differ.
    pub triggers: BTreeMap<OperationName, OperationDiff>,
}

/// How an action or trigger differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationDiff {
    /// What that does to recipes that use it.
    pub verdict: Verdict,
    /// How it differs.
    #[serde(flatten)]
    pub difference: Difference,
}

/// How an action or trigger differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// Only the new version has it.
    Added,
    /// Only the old version has it.
    Removed,
    /// Both have it, but not the same.
    Changed {
        /// What is not the same.
        changes: Vec<Change>,
    },
}

/// One thing that changed in an action or trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What that does to recipes that use the operation.
    pub verdict: Verdict,
    /// What changed.
    #[serde(flatten)]
    pub what: Changed,
}

/// What changed in an action or trigger. A field's `path` is its name after those of the fields
/// that it lies in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Changed {
    /// A field is new.
    FieldAdded {
        /// The side it is on.
        side: Side,
        /// Its names from the outside in.
        path: Vec<String>,
        /// Whether it has to be filled in.
        requirement: Requirement,
    },
    /// A field is gone.
    FieldRemoved {
        /// The side it was on.
        side: Side,
        /// Its names from the outside in.
        path: Vec<String>,
    },
    /// A field has another type.
    TypeChanged {
        /// The side it is on.
        side: Side,
        /// Its names from the outside in.
        path: Vec<String>,
        /// The old type, if it is known.
        from: Option<String>,
        /// The new type, if it is known.
        to: Option<String>,
    },
    /// An input field has to be filled in, or no longer, or that is no longer known.
    RequirementChanged {
        /// Its names from the outside in.
        path: Vec<String>,
        /// The old requirement.
        from: Requirement,
        /// The new requirement.
        to: Requirement,
    },
    /// The fields can't be compared.
    FieldsUnknown {
        /// The side they are on.
        side: Side,
        /// The field they lie in; empty if it is the whole side.
        path: Vec<String>,
        /// The version whose fields are not known.
        version: Version,
    },
    /// The mark as deprecated was set, taken away, or is no longer known.
    DeprecationChanged {
        /// The old mark.
        from: Deprecation,
        /// The new mark.
        to: Deprecation,
    },
}

/// Compares two versions of a connector.
///
/// Equal sources give no differences, whatever is unknown of them. Of two that differ, parts that
/// are unknown on a side may differ too, and the verdict is no better than
/// [`CantTell`](Verdict::CantTell).
pub fn compare(old: &Interface, new: &Interface) -> InterfaceDiff {
    if old.source == new.source {
        return InterfaceDiff {
            verdict: Verdict::Compatible,
            incomplete: None,
            actions: BTreeMap::new(),
            triggers: BTreeMap::new(),
        };
    }
    let partly = |interface: &Interface| match &interface.completeness {
        Completeness::Whole => None,
        Completeness::Partly { .. } => Some(()),
    };
    let incomplete = which(partly(old), partly(new));
    let actions = operations(&old.actions, &new.actions, incomplete);
    let triggers = operations(&old.triggers, &new.triggers, incomplete);
    // What the old version hides may be missing or changed in the new one. What only the new one
    // hides is more than there was.
    let hidden = match incomplete {
        Some(Version::Old | Version::Both) => Verdict::CantTell,
        Some(Version::New) | None => Verdict::Compatible,
    };
    let differences = actions.values().chain(triggers.values());
    InterfaceDiff {
        verdict: worst(differences.map(|diff| diff.verdict)).max(hidden),
        incomplete,
        actions,
        triggers,
    }
}

/// Which of two versions have something.
fn which<T>(old: Option<T>, new: Option<T>) -> Option<Version> {
    match (old, new) {
        (Some(_), Some(_)) => Some(Version::Both),
        (Some(_), None) => Some(Version::Old),
        (None, Some(_)) => Some(Version::New),
        (None, None) => None,
    }
}

fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.max().unwrap_or_default()
}

type Operations = BTreeMap<OperationName, Operation>;

fn operations(
    old: &Operations,
    new: &Operations,
    incomplete: Option<Version>,
) -> BTreeMap<OperationName, OperationDiff> {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let mut differences = BTreeMap::new();
    for name in names {
        let difference = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => {
                let changes = changes(old, new);
                let verdict = worst(changes.iter().map(|change| change.verdict));
                (verdict, Difference::Changed { changes })
            }
            (Some(_), None) => match incomplete {
                Some(Version::New | Version::Both) => (Verdict::CantTell, Difference::Removed),
                Some(Version::Old) | None => (Verdict::Breaking, Difference::Removed),
            },
            (None, _) => match incomplete {
                // It may have been there, and other.
                Some(Version::Old | Version::Both) => (Verdict::CantTell, Difference::Added),
                Some(Version::New) | None => (Verdict::Compatible, Difference::Added),
            },
        };
        let (verdict, difference) = difference;
        if !matches!(&difference, Difference::Changed { changes } if changes.is_empty()) {
            let diff = OperationDiff {
                verdict,
                difference,
            };
            differences.insert(name.clone(), diff);
        }
    }
    differences
}

fn changes(old: &Operation, new: &Operation) -> Vec<Change> {
    let mut changes = Vec::new();
    for (side, old, new) in [
        (Side::Input, &old.input, &new.input),
        (Side::Output, &old.output, &new.output),
    ] {
        let mut comparison = Comparison {
            side,
            path: Vec::new(),
            changes: &mut changes,
        };
        comparison.fields(old, new);
    }
    if old.deprecation != new.deprecation {
        changes.push(Change {
            // A mark takes nothing away.
            verdict: Verdict::Compatible,
            what: Changed::DeprecationChanged {
                from: old.deprecation,
                to: new.deprecation,
            },
        });
    }
    changes
}

/// The comparison of one side of an operation.
struct Comparison<'c> {
    side: Side,
    path: Vec<String>,
    changes: &'c mut Vec<Change>,
}

impl Comparison<'_> {
    fn tell(&mut self, verdict: Verdict, what: Changed) {
        self.changes.push(Change { verdict, what });
    }

    /// The recursion ends: fields that were read are nested to a bounded depth.
    fn fields(&mut self, old: &Fields, new: &Fields) {
        let unknown = |fields: &Fields| match fields {
            Fields::Known(_) => None,
            Fields::Unknown => Some(()),
        };
        let version = which(unknown(old), unknown(new));
        let (Fields::Known(old), Fields::Known(new)) = (old, new) else {
            if let Some(version) = version {
                let what = Changed::FieldsUnknown {
                    side: self.side,
                    path: self.path.clone(),
                    version,
                };
                self.tell(Verdict::CantTell, what);
            }
            return;
        };
        let (old_by_name, new_by_name) = (by_name(old), by_name(new));
        for field in old_by_name.values() {
            self.path.push(field.name.clone());
            match new_by_name.get(field.name.as_str()) {
                Some(new) => self.field(field, new),
                None => {
                    let what = Changed::FieldRemoved {
                        side: self.side,
                        path: self.path.clone(),
                    };
                    self.tell(Verdict::Breaking, what);
                }
            }
            self.path.pop();
        }
        for (name, field) in new_by_name {
            if old_by_name.contains_key(name) {
                continue;
            }
            let verdict = match (self.side, field.requirement) {
                (Side::Input, Requirement::Required) => Verdict::Breaking,
                (Side::Input, Requirement::Unknown) => Verdict::CantTell,
                (Side::Input, Requirement::Optional) | (Side::Output, _) => Verdict::Compatible,
            };
            let mut path = self.path.clone();
            path.push(name.to_owned());
            let what = Changed::FieldAdded {
                side: self.side,
                path,
                requirement: field.requirement,
            };
            self.tell(verdict, what);
        }
    }

    fn field(&mut self, old: &Field, new: &Field) {
        if old.kind != new.kind || old.kind.is_none() {
            let verdict = match (&old.kind, &new.kind) {
                (Some(_), Some(_)) => Verdict::Breaking,
                (None, _) | (_, None) => Verdict::CantTell,
            };
            let what = Changed::TypeChanged {
                side: self.side,
                path: self.path.clone(),
                from: old.kind.clone(),
                to: new.kind.clone(),
            };
            self.tell(verdict, what);
        }
        if let Some(verdict) = self.requirement(old.requirement, new.requirement) {
            let what = Changed::RequirementChanged {
                path: self.path.clone(),
                from: old.requirement,
                to: new.requirement,
            };
            self.tell(verdict, what);
        }
        self.fields(&old.properties, &new.properties);
    }

    /// What a change of the requirement does; none if it is the same or means nothing.
    fn requirement(&self, old: Requirement, new: Requirement) -> Option<Verdict> {
        use Requirement::{Optional, Required, Unknown};
        match (self.side, old, new) {
            // What a recipe gets is not filled in by it.
            (Side::Output, _, _) => None,
            (_, Optional, Optional) | (_, Required, Required) => None,
            (_, Optional, Required) => Some(Verdict::Breaking),
            (_, Required | Unknown, Optional) | (_, Required, Unknown) => Some(Verdict::Compatible),
            (_, Optional | Unknown, Unknown) | (_, Unknown, Required) => Some(Verdict::CantTell),
        }
    }
}

/// As on the platform, the last of several fields with one name counts.
fn by_name(fields: &[Field]) -> BTreeMap<&str, &Field> {
    let named = fields.iter().map(|field| (field.name.as_str(), field));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connector whose one action has these fields.
    fn connector(input: &str, output: &str) -> Interface {
        actions(&format!(
            "a: {{ input_fields: ->(_) {{ {input} }}, output_fields: ->(_) {{ {output} }} }}"
        ))
    }

    fn actions(actions: &str) -> Interface {
        let source = format!("{{ actions: {{ {actions} }} }}");
        Interface::read(source.as_bytes()).expect("a connector")
    }

    /// The verdicts and changes of the one operation that differs, in words.
    fn told(diff: &InterfaceDiff) -> String {
        let mut told = vec![diff.verdict.to_string()];
        for (name, operation) in &diff.actions {
            match &operation.difference {
                Difference::Added => told.push(format!("{name} added: {}", operation.verdict)),
                Difference::Removed => told.push(format!("{name} removed: {}", operation.verdict)),
                Difference::Changed { changes } => {
                    assert_eq!(operation.verdict, worst(changes.iter().map(|c| c.verdict)));
                    told.extend(
                        changes
                            .iter()
                            .map(|change| format!("{}: {}", words(&change.what), change.verdict)),
                    );
                }
            }
        }
        told.join("; ")
    }

    fn words(what: &Changed) -> String {
        match what {
            Changed::FieldAdded { side, path, .. } => format!("{side} {} added", path.join(".")),
            Changed::FieldRemoved { side, path } => format!("{side} {} removed", path.join(".")),
            Changed::TypeChanged { path, from, to, .. } => {
                format!("{} {from:?} to {to:?}", path.join("."))
            }
            Changed::RequirementChanged { path, from, to } => {
                format!("{} {from} to {to}", path.join("."))
            }
            Changed::FieldsUnknown {
                side,
                path,
                version,
            } => format!("{side} [{}] unknown in {version}", path.join(".")),
            Changed::DeprecationChanged { from, to } => format!("{from} to {to}"),
        }
    }

    #[test]
    fn changes_of_fields_are_classified() {
        let optional = "[{ name: 'x' }]";
        let required = "[{ name: 'x', optional: false }]";
        let computed = "[{ name: 'x', optional: call(:y) }]";
        for (old, new, expected) in [
            // Only the spelling differs.
            (("[]", "[ ]"), ("[ ]", "[]"), "compatible"),
            (
                ("[]", "[]"),
                (optional, "[]"),
                "compatible; input x added: compatible",
            ),
            (
                ("[]", "[]"),
                (required, "[]"),
                "breaking; input x added: breaking",
            ),
            (
                ("[]", "[]"),
                (computed, "[]"),
                "cant_tell; input x added: cant_tell",
            ),
            (
                ("[]", "[]"),
                ("[]", required),
                "compatible; output x added: compatible",
            ),
            (
                (optional, "[]"),
                ("[]", "[]"),
                "breaking; input x removed: breaking",
            ),
            (
                ("[]", optional),
                ("[]", "[]"),
                "breaking; output x removed: breaking",
            ),
            (
                (optional, "[]"),
                (required, "[]"),
                "breaking; x optional to required: breaking",
            ),
            (
                (required, "[]"),
                (optional, "[]"),
                "compatible; x required to optional: compatible",
            ),
            (
                (optional, "[]"),
                (computed, "[]"),
                "cant_tell; x optional to unknown: cant_tell",
            ),
            (("[]", optional), ("[]", required), "compatible"),
            (
                ("[]", optional),
                ("[]", "[{ name: 'x', type: 'integer' }]"),
                "breaking; x Some(\"string\") to Some(\"integer\"): breaking",
            ),
            (
                ("[]", "[{ name: 'x', type: 'array', of: 'integer' }]"),
                ("[]", "[{ name: 'x', type: 'array', of: 'string' }]"),
                "breaking; x Some(\"array of integer\") to Some(\"array of string\"): breaking",
            ),
            (
                ("[]", optional),
                ("[]", "[{ name: 'x', type: call(:t) }]"),
                "cant_tell; x Some(\"string\") to None: cant_tell",
            ),
            (
                (
                    "[]",
                    "[{ name: 'o', type: :object, properties: [{ name: 'x' }] }]",
                ),
                (
                    "[]",
                    "[{ name: 'o', type: :object, properties: [{ name: 'y' }] }]",
                ),
                "breaking; output o.x removed: breaking; output o.y added: compatible",
            ),
            (
                ("[]", "[{ name: 'o', properties: call(:p) }]"),
                ("[ ]", "[{ name: 'o', properties: call(:p) }]"),
                "cant_tell; output [o] unknown in both: cant_tell",
            ),
            (
                (optional, "[]"),
                ("call(:fields)", "[]"),
                "cant_tell; input [] unknown in new: cant_tell",
            ),
        ] {
            let diff = compare(&connector(old.0, old.1), &connector(new.0, new.1));
            assert_eq!(told(&diff), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn changes_of_operations_are_classified() {
        for (old, new, expected) in [
            ("a: {}", "a: {}, b: {}", "compatible; b added: compatible"),
            ("a: {}, b: {}", "a: {}", "breaking; b removed: breaking"),
            (
                "a: {}, b: {}",
                "a: {}, **call(:more)",
                "cant_tell; b removed: cant_tell",
            ),
            (
                "a: {}, **call(:more)",
                "a: {}, b: {}",
                "cant_tell; b added: cant_tell",
            ),
            ("a: {}", "a: {}, **call(:more)", "compatible"),
            ("a: {}, **call(:more)", "a: {}", "cant_tell"),
            (
                "a: {}",
                "a: { deprecated: true }",
                "compatible; current to deprecated: compatible",
            ),
            ("a: { title: 'X' }", "a: { title: 'Y' }", "compatible"),
        ] {
            let diff = compare(&actions(old), &actions(new));
            assert_eq!(told(&diff), expected, "{old} {new}");
        }
    }

    #[test]
    fn equal_sources_do_not_differ_even_where_they_are_unknown() {
        let unknown = actions("a: { input_fields: ->(_) { call(:x) } }, **call(:more)");
        let diff = compare(&unknown, &unknown.clone());
        assert_eq!(told(&diff), "compatible");
        assert_eq!(diff.incomplete, None);
    }
}
