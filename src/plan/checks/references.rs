//! References that lead out of the package, that are not whole, or that are numbers which mean
//! something else in the target.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::normal::nfc;
use crate::model::project::{Asset, Project};
use crate::model::reference::{Activity, Reference, Step};

/// Checks the references of the packed assets.
pub(super) fn check(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let inside: HashSet<usize> = packed.iter().copied().collect();
    let tables: HashSet<Cow<'_, str>> = packed
        .iter()
        .map(|&index| &project.assets[index])
        .filter(|asset| asset.kind == AssetKind::LookupTable)
        .map(|table| nfc(table.name()))
        .collect();
    let mut findings = Vec::new();
    for &index in packed {
        let asset = &project.assets[index];
        dangling(project, asset, &inside, &mut findings);
        raw_ids(asset, &mut findings);
        incomplete(asset, &mut findings);
        for table in asset
            .facts
            .tables
            .iter()
            .filter(|table| !tables.contains(&*nfc(&table.name)))
        {
            let message = format!(
                "{}looks up the table \"{}\", which is not in the package",
                in_step(table.step),
                table.name
            );
            let what = format!(
                "formulas look up the table \"{}\", which is not in the package",
                table.name
            );
            finding::add(
                &mut findings,
                Finding::new(Code::DanglingLookup, subject(asset, table.offset), message)
                    .grouped_by(&*table.name, what, place(asset, table.step)),
            );
        }
    }
    findings
}

/// Numbers that mean something in the source workspace only.
pub(super) fn of_the_source(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for &index in packed {
        raw_ids(&project.assets[index], &mut findings);
    }
    findings
}

pub(super) fn subject(asset: &Asset, offset: u32) -> Subject {
    Subject::File {
        path: asset.path.clone(),
        offset: Some(offset),
    }
}

/// Where in a package something stands, in words.
pub(super) fn place(asset: &Asset, step: Option<Step>) -> String {
    match step {
        Some(step) => format!("`{}`, step {}", asset.path, step.number),
        None => format!("`{}`", asset.path),
    }
}

pub(super) fn in_step(step: Option<Step>) -> String {
    match step {
        Some(step) => format!("step {} ", step.number),
        None => String::new(),
    }
}

fn dangling(
    project: &Project,
    asset: &Asset,
    inside: &HashSet<usize>,
    findings: &mut Vec<Finding>,
) {
    for reference in &asset.facts.references {
        let target = project.asset_at(&reference.target);
        // A connection's own connector is a matter of the rule.
        if target.is_some_and(|target| inside.contains(&target))
            || asset.kind == AssetKind::Connection && &*reference.key == "provider"
        {
            continue;
        }
        let kind = match FileRole::of(&reference.target) {
            FileRole::Main(kind) => Some(kind),
            FileRole::Companion { .. } | FileRole::NoAsset => None,
        };
        let what = kind.as_ref().map_or("asset", AssetKind::label);
        let verb = match calls(asset, reference, kind.as_ref()) {
            true => "calls",
            false => "refers to",
        };
        let code = match (&*reference.key, verb) {
            ("account_id", _) => Code::DanglingConnection,
            (_, "calls") => Code::RecipeNotPacked,
            _ => Code::DanglingReference,
        };
        let message = format!(
            "{}{verb} the {what} \"{}\" (`{}`), which is not in the package",
            in_step(reference.step),
            reference.name,
            reference.target
        );
        let what = format!(
            "the {what} \"{}\" (`{}`) is not in the package, and is referred to",
            reference.name, reference.target
        );
        let about = format!("{}\n{}", reference.target, reference.name);
        let finding = Finding::new(code, subject(asset, reference.offset), message)
            .grouped_by(about, what, place(asset, reference.step))
            .note("it binds in the target by folder and name, if it is there");
        let finding = match target.is_some() {
            true => finding.note("it is in the project, but left out of this package"),
            false => finding,
        };
        finding::add(findings, finding);
    }
}

/// Whether a recipe's step runs another recipe by a reference.
fn calls(asset: &Asset, reference: &Reference, kind: Option<&AssetKind>) -> bool {
    asset.kind == AssetKind::Recipe && reference.step.is_some() && kind == Some(&AssetKind::Recipe)
}

fn incomplete(asset: &Asset, findings: &mut Vec<Finding>) {
    for reference in &asset.facts.incomplete {
        let message = format!(
            "{}`{}` names \"{}\" without `zip_name`, the path of its file",
            in_step(reference.step),
            reference.key,
            reference.name
        );
        finding::add(
            findings,
            Finding::new(
                Code::IncompleteReference,
                subject(asset, reference.offset),
                message,
            )
            .grouped_by(
                format!("{}\n{}", reference.key, reference.name),
                format!(
                    "`{}` names \"{}\" without `zip_name`, the path of its file",
                    reference.key, reference.name
                ),
                place(asset, reference.step),
            )
            .help(format!(
                "pick `{}` anew in the recipe editor, then pull the project again",
                reference.key
            )),
        );
    }
}

fn raw_ids(asset: &Asset, findings: &mut Vec<Finding>) {
    for raw in &asset.facts.raw_ids {
        let skipped = raw
            .step
            .is_some_and(|step| step.activity == Activity::Skipped);
        let message = format!(
            "{}`{}` is the number {} of the source workspace, not a reference",
            in_step(raw.step),
            raw.key,
            raw.id
        );
        let finding = if skipped {
            Finding::new(Code::RawIdSkipped, subject(asset, raw.offset), message)
                .note("the step is skipped")
        } else {
            Finding::new(Code::RawId, subject(asset, raw.offset), message).help(format!(
                "pick `{}` anew in the recipe editor, then pull the project again",
                raw.key
            ))
        };
        let what = format!(
            "`{}` is the number {} of the source workspace, not a reference",
            raw.key, raw.id
        );
        let about = format!("{}\n{}", raw.key, raw.id);
        finding::add(
            findings,
            finding.grouped_by(about, what, place(asset, raw.step)),
        );
    }
}
