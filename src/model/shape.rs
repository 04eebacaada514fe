//! What assets lack that the platform writes into them (platform.md §5.4), and references that are
//! spelled in another way than the paths that they mean.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Part, RecipeFacts};
use super::finding::{Code, Finding, Subject};
use super::ident::InternalName;
use super::project::{Asset, Project};

/// Checks the assets of a project that was read.
pub fn check(project: &Project) -> Vec<Finding> {
    let unread: BTreeSet<&str> = project
        .findings
        .iter()
        .filter(|finding| finding.code.hides_content())
        .filter_map(|finding| {
            let Subject::File { path, .. } = &finding.subject else {
                return None;
            };
            Some(path.as_str())
        })
        .collect();
    let mut findings = equivalent_references(project);
    for asset in &project.assets {
        if unread.contains(asset.path.as_str()) {
            continue;
        }
        if asset.kind.has_name() && asset.facts.name.is_none() {
            let message = format!("the {} has no name", asset.kind.label());
            findings.push(
                Finding::new(Code::NameMissing, subject(asset, None), message)
                    .note("an import tells assets of one type and folder apart by their names")
                    .help("pull the asset again"),
            );
        }
        if let Some(recipe) = asset.facts.recipe() {
            findings.extend(form(asset, recipe));
            findings.extend(unlisted(asset, recipe));
        }
    }
    findings
}

fn subject(asset: &Asset, offset: Option<u32>) -> Subject {
    Subject::File {
        path: asset.path.clone(),
        offset,
    }
}

fn form(asset: &Asset, recipe: &RecipeFacts) -> Option<Finding> {
    let parts = [("code", recipe.code), ("config", recipe.config_form)];
    let named = |wanted: Part| {
        let names = parts.iter().filter(move |(_, part)| *part == wanted);
        let names: Vec<String> = names.map(|(name, _)| format!("`{name}`")).collect();
        names.join(" and ")
    };
    let text = named(Part::Text);
    if !text.is_empty() {
        let message =
            format!("the recipe is in the form of the platform's API: text stands for {text}");
        return Some(
            Finding::new(Code::RecipeApiForm, subject(asset, None), message)
                .note("which applications and connectors the recipe uses can't be seen in it")
                .help(
                    "pull the project, or export it as a package, and take the recipe from there",
                ),
        );
    }
    let (absent, other) = (named(Part::Absent), named(Part::Other));
    let what = match (absent.is_empty(), other.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("the recipe has no {absent}"),
        (true, false) => format!("{other} of the recipe is not what the platform writes there"),
        (false, false) => {
            format!("the recipe has no {absent}, and its {other} is not what the platform writes")
        }
    };
    Some(
        Finding::new(Code::RecipeIncomplete, subject(asset, None), what)
            .note("`code` is an object, and `config` a list of the applications, each with its `provider`")
            .help("save the recipe in its workspace, then pull the project again"),
    )
}

/// Custom connectors that steps use and `config` does not list: the rule goes by `config`.
fn unlisted(asset: &Asset, recipe: &RecipeFacts) -> Vec<Finding> {
    let listed = |name: &str| recipe.config.iter().any(|entry| &*entry.provider == name);
    let used = recipe.providers.iter();
    used.filter(|used| InternalName::custom(&used.provider).is_some() && !listed(&used.provider))
        .map(|used| {
            let message = format!(
                "step {} uses the custom connector `{}`, which the recipe's `config` does not list",
                used.step.number, used.provider
            );
            Finding::new(
                Code::ConnectorUnlisted,
                subject(asset, Some(used.offset)),
                message,
            )
            .note("whether the connector has to be packed can't be told")
            .help("save the recipe in its workspace, then pull the project again")
        })
        .collect()
}

/// References whose target is there under a path that is canonically equivalent: one finding for
/// each file.
fn equivalent_references(project: &Project) -> Vec<Finding> {
    let mut by_target: BTreeMap<usize, Vec<(&Asset, u32)>> = BTreeMap::new();
    for asset in &project.assets {
        for reference in asset
            .facts
            .references
            .iter()
            .filter(|r| !r.target.is_ascii())
        {
            if let Some(target) = project.asset_at(&reference.target)
                && project.assets[target].path.as_str() != &*reference.target
            {
                let from = by_target.entry(target).or_default();
                from.push((asset, reference.offset));
            }
        }
    }
    let found = by_target.into_iter().filter_map(|(target, from)| {
        let (first, offset) = from.first()?;
        let path = &project.assets[target].path;
        let message = format!("it means `{path}`, and spells the path otherwise");
        let mut finding = Finding::new(
            Code::EquivalentReference,
            subject(first, Some(*offset)),
            message,
        )
        .note("both look the same: one has letters with their marks, the other letters and marks");
        let others: BTreeSet<&str> = from[1..]
            .iter()
            .map(|(asset, _)| asset.path.as_str())
            .collect();
        for other in others {
            finding = finding.note(format!("so does `{other}`"));
        }
        Some(finding.help(
            "nothing, for the reference binds; a project that is pulled anew has one spelling",
        ))
    });
    found.collect()
}
