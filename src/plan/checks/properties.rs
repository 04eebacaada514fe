//! Properties that recipes read and the package does not bring, and values that stand in it.

use std::collections::BTreeSet;

use crate::model::finding::{Code, Finding, Subject};
use crate::model::project::Project;

use super::references::{in_step, place, subject};

/// How many names a message lists before it only counts the rest.
const NAMED: usize = 6;

/// Properties that packed recipes read, and that no packed file brings. They often live in the target
/// only (platform.md §11).
pub(super) fn missing(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let assets = || packed.iter().map(|&index| &project.assets[index]);
    let brought: BTreeSet<&str> = assets()
        .flat_map(|asset| asset.facts.properties())
        .map(|name| &**name)
        .collect();
    let mut findings = Vec::new();
    for asset in assets() {
        let read = asset
            .facts
            .recipe()
            .map_or(&[][..], |recipe| &recipe.properties);
        for property in read.iter().filter(|read| !brought.contains(&*read.name)) {
            let name = &property.name;
            let message = format!(
                "{}reads the property \"{name}\", which is not in the package",
                in_step(property.step)
            );
            let what =
                format!("formulas read the property \"{name}\", which is not in the package");
            findings.push(
                Finding::new(
                    Code::PropertyMissing,
                    subject(asset, property.offset),
                    message,
                )
                .grouped_by(&**name, what, place(asset, property.step))
                .help("see that the target has it, with a value"),
            );
        }
    }
    findings
}

/// Files of properties that hold values: an import does not take them (platform.md §5.4, §6).
pub(super) fn values(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let assets = packed.iter().map(|&index| &project.assets[index]);
    assets
        .filter_map(|asset| {
            let valued = asset.facts.valued_properties();
            let named: Vec<String> = valued.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
            let values = match valued.len() {
                0 => return None,
                1 => "a property has a value".to_owned(),
                count => format!("{count} properties have values"),
            };
            let more = match valued.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            // Without a place in the file: what would be shown of it may be secret.
            let subject = Subject::File {
                path: asset.path.clone(),
                offset: None,
            };
            Some(
                Finding::new(
                    Code::PropertyValue,
                    subject,
                    format!("{values}: {}{more}", named.join(", ")),
                )
                .note("an import adds names only: each workspace has values of its own, and some of them are secret")
                .help("put `null` in their place, and give the values in each workspace"),
            )
        })
        .collect()
}
