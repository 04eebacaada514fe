//! Why an asset or a connector is in a package, or is not: the plan's own decisions, looked up.

use crate::model::path::PackagePath;
use crate::ops::export::Prepared;
use crate::ops::export::documents::WhyFile;
use crate::plan::decision::{ConnectorDecision, ItemRule, Outcome, shell_word};

/// The decisions that `item` means: a path, an asset's display name, a connector's title or
/// internal name.
pub fn explain(prepared: &Prepared, item: &str) -> (Vec<WhyFile>, Vec<ConnectorDecision>) {
    let plan = &prepared.plan;
    let connectors: Vec<_> = plan
        .connectors
        .iter()
        .filter(|c| {
            c.connector == item || c.internal_names.iter().any(|name| name.as_str() == item)
        })
        .cloned()
        .collect();
    let project = &prepared.opened.project;
    let owners = project.owners();
    let named = |path: &str| {
        let file = project
            .files
            .iter()
            .position(|file| file.path.as_str() == path);
        let owner = file
            .and_then(|file| owners[file])
            .map(|owner| &project.assets[owner]);
        // A name means the asset, not each of its files.
        path == item
            || owner.is_some_and(|asset| asset.path.as_str() == path && asset.name() == item)
    };
    let mut files = Vec::new();
    for (index, entry) in plan
        .entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| named(entry.path.as_str()))
    {
        let mut file = about(
            prepared,
            entry.path.as_str(),
            &entry.rule,
            Outcome::Included,
        );
        file.edits = prepared.edits.get(&index).copied();
        files.push(file);
    }
    for left in plan.left_out.iter().filter(|left| named(&left.path)) {
        files.push(about(prepared, &left.path, &left.rule, Outcome::LeftOut));
    }
    if !connectors.is_empty() {
        // The connector's own decision says it all.
        files.retain(|file| file.path == item);
    }
    (files, connectors)
}

fn about(prepared: &Prepared, path: &str, rule: &ItemRule, outcome: Outcome) -> WhyFile {
    let project = &prepared.opened.project;
    let asset = project.asset_at(path);
    let paths = |assets: Vec<usize>| {
        let mut paths: Vec<PackagePath> = assets
            .iter()
            .map(|&asset| project.assets[asset].path.clone())
            .collect();
        paths.sort();
        paths.dedup();
        paths
    };
    WhyFile {
        path: path.to_owned(),
        name: asset.map(|asset| project.assets[asset].name().to_owned()),
        outcome,
        rule: rule.as_str().to_owned(),
        because: rule.because(),
        edits: None,
        chain: chain(prepared, path),
        needed_by: paths(asset.map_or_else(Vec::new, |a| prepared.graph.needed_by(a).collect())),
        needs: paths(asset.map_or_else(Vec::new, |a| {
            prepared.graph.needs(a).map(|e| e.to).collect()
        })),
        change: change(path, rule),
    }
}

/// From a selected asset to `path`, each needing the next.
fn chain(prepared: &Prepared, path: &str) -> Vec<PackagePath> {
    let rule_of = |path: &str| {
        let entries = &prepared.plan.entries;
        let at = entries
            .binary_search_by(|entry| entry.path.as_str().as_bytes().cmp(path.as_bytes()))
            .ok()?;
        Some(&entries[at])
    };
    let mut chain = Vec::new();
    let mut next = rule_of(path);
    while let Some(entry) = next {
        chain.push(entry.path.clone());
        // Needs can't go in circles here: each asset was reached once.
        next = None;
        if let ItemRule::Needed { by } = &entry.rule
            && chain.len() <= prepared.plan.entries.len()
        {
            next = rule_of(by.as_str());
        }
    }
    chain.reverse();
    chain
}

fn change(path: &str, rule: &ItemRule) -> String {
    let exclude = || format!("to leave it out: --exclude {}", shell_word(path));
    match rule {
        ItemRule::Selected | ItemRule::Needed { .. } => exclude(),
        ItemRule::Supplied => "to leave it out, do not supply it with --connectors".to_owned(),
        ItemRule::Connector { connector, .. } => {
            format!("see the connector: recipack why {}", shell_word(connector))
        }
        ItemRule::Excluded { pattern } => format!("to take it, drop the pattern `{pattern}`"),
        ItemRule::NotSelected { by } => format!("to take it, add it to `{by}`, or drop that list"),
        ItemRule::NotRead { .. } => {
            "only files of assets go in; rename it as one, or take it out of the ignore file"
                .to_owned()
        }
    }
}
