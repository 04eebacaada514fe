//! Ids that steps were given by picking from a list of the source's account.

use crate::model::finding::{self, Code, Finding};
use crate::model::project::Project;
use crate::model::reference::Activity;

use super::references::{in_step, place, subject};

/// Ids in active steps that a list of another system gave: in another account they are something else,
/// or nothing.
pub(super) fn check(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for asset in packed.iter().map(|&index| &project.assets[index]) {
        let picked = asset
            .facts
            .recipe()
            .map_or(&[][..], |recipe| &recipe.picked);
        for value in picked
            .iter()
            .filter(|value| value.step.activity == Activity::Active)
        {
            let (key, id, label, provider) = (&value.key, &value.id, &value.label, &value.provider);
            let what = format!(
                "`{key}` of `{provider}` is `{id}`, picked as \"{label}\" from a list of the source's account"
            );
            let message = format!(
                "{}has `{key}` `{id}`, picked as \"{label}\" from a list of the source's account",
                in_step(Some(value.step))
            );
            finding::add(
                &mut findings,
                Finding::new(Code::PickedValue, subject(asset, value.offset), message)
                    .grouped_by(format!("{provider}\n{key}\n{id}"), what, place(asset, Some(value.step)))
                    .help("pick it anew in the target if the connection there leads to another account"),
            );
        }
    }
    findings
}
