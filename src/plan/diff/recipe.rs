//! Two versions of a recipe, compared by step and field.

use super::document::{self, FieldChange};
use super::{Difference, config, steps};
use crate::json::Node;

/// Compares two recipes.
pub(super) fn compare(old: Node<'_>, new: Node<'_>) -> Vec<Difference> {
    let both = |key| old.get(key).zip(new.get(key));
    let config = both("config").and_then(|(old, new)| config::compare(old, new));
    let steps = both("code").and_then(|(old, new)| steps::compare(old, new));
    let found = document::compare_members(old, new, |key| {
        key == "config" && config.is_some() || key == "code" && steps.is_some()
    });
    let mut differences: Vec<Difference> = found.into_iter().map(Difference::from).collect();
    differences.extend(config.into_iter().flatten());
    differences.extend(steps.into_iter().flatten());
    differences
}

impl From<FieldChange> for Difference {
    fn from(FieldChange { path, change }: FieldChange) -> Self {
        Self::Value { path, change }
    }
}
