//! What differs between two versions of a connector, in words.

use crate::connector_source::compare::{Changed, Difference, OperationDiff, Side, Version};
use crate::connector_source::{Deprecation, Requirement};

/// Which versions, in a sentence about the old and the new one.
fn versions(version: Version) -> &'static str {
    match version {
        Version::Old => "the old version computes",
        Version::New => "the new version computes",
        Version::Both => "both versions compute",
    }
}

fn requirement(requirement: Requirement) -> &'static str {
    match requirement {
        Requirement::Optional => "optional",
        Requirement::Required => "required",
        Requirement::Unknown => "computed",
    }
}

fn field(side: Side, path: &[String]) -> String {
    format!("{side} field `{}`", path.join("."))
}

/// One thing that changed in an action or trigger, in a few words.
pub fn told(changed: &Changed) -> String {
    match changed {
        Changed::FieldAdded {
            side,
            path,
            requirement: needed,
        } => {
            let field = field(*side, path);
            match (side, needed) {
                (Side::Input, Requirement::Required) => format!("{field} is new, and required"),
                (Side::Input, Requirement::Unknown) => {
                    format!("{field} is new, and may be required")
                }
                (Side::Input, Requirement::Optional) | (Side::Output, _) => {
                    format!("{field} is new")
                }
            }
        }
        Changed::FieldRemoved { side, path } => format!("{} is gone", field(*side, path)),
        Changed::TypeChanged {
            side,
            path,
            from,
            to,
        } => {
            let kind =
                |kind: &Option<String>| kind.clone().unwrap_or_else(|| "computed".to_owned());
            format!("{}: {} → {}", field(*side, path), kind(from), kind(to))
        }
        Changed::RequirementChanged { path, from, to } => format!(
            "{}: {} → {}",
            field(Side::Input, path),
            requirement(*from),
            requirement(*to)
        ),
        Changed::FieldsUnknown {
            side,
            path,
            version,
        } if path.is_empty() => format!("{} its {side} fields", versions(*version)),
        Changed::FieldsUnknown {
            side,
            path,
            version,
        } => format!("{} what is in {}", versions(*version), field(*side, path)),
        Changed::DeprecationChanged { from: _, to } => match to {
            Deprecation::Current => "is no longer deprecated".to_owned(),
            Deprecation::Deprecated => "is deprecated".to_owned(),
            Deprecation::Unknown => "may be deprecated".to_owned(),
        },
    }
}

/// What became of an action or trigger, a few words each; the changes that harm recipes, or may.
pub fn harm(diff: &OperationDiff) -> Vec<String> {
    use crate::connector_source::compare::Verdict;
    match &diff.difference {
        Difference::Added => Vec::new(),
        Difference::Removed => vec!["is not there".to_owned()],
        Difference::Changed { changes } => changes
            .iter()
            .filter(|change| change.verdict != Verdict::Compatible)
            .map(|change| told(&change.what))
            .collect(),
    }
}
