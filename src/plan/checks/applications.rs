//! Connections that do not fit the applications that recipes use them for, or are not chosen.

use std::collections::BTreeSet;

use crate::model::facts::{ConnectionChoice, ConnectionProvider};
use crate::model::finding::{self, Code, Finding};
use crate::model::ident::InternalName;
use crate::model::project::{Asset, Project};
use crate::model::reference::Activity;

use super::references::{in_step, place, subject};

/// Recipes that use a connection of the project for another application than it is for. Whether two
/// custom connectors are one is a matter of the rule.
pub(super) fn of_another(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for asset in packed.iter().map(|&index| &project.assets[index]) {
        let config = asset
            .facts
            .recipe()
            .map_or(&[][..], |recipe| &recipe.config);
        for entry in config {
            let account = entry.account.and_then(|i| asset.facts.references.get(i));
            let target = account.and_then(|account| project.asset_at(&account.target));
            let Some(connection) = target.map(|target| &project.assets[target]) else {
                continue;
            };
            let Some(found) = other_application(connection, &entry.provider) else {
                continue;
            };
            let (name, wanted) = (connection.name(), &entry.provider);
            let message =
                format!("uses the connection \"{name}\" for `{wanted}`, and that one is {found}");
            let what = format!("the connection \"{name}\" is {found}, and is used for `{wanted}`");
            let about = format!("{}\n{wanted}", connection.path);
            finding::add(
                &mut findings,
                Finding::new(
                    Code::ConnectionOtherApplication,
                    subject(asset, entry.offset),
                    message,
                )
                .grouped_by(about, what, place(asset, None))
                .note(format!("its file is `{}`", connection.path))
                .note("the recipe can't start with it")
                .help("choose a connection of that application in the recipe, then pull the project again"),
            );
        }
    }
    findings
}

/// What a connection is for, in words, if that is not `wanted`.
fn other_application(connection: &Asset, wanted: &str) -> Option<String> {
    let custom = InternalName::custom(wanted).is_some();
    match &connection.facts.connection()?.provider {
        ConnectionProvider::Named(own) if **own == *wanted => None,
        ConnectionProvider::Named(own) if custom && InternalName::custom(own).is_some() => None,
        ConnectionProvider::Named(own) => Some(format!("for `{own}`")),
        ConnectionProvider::Connector(_) if custom => None,
        ConnectionProvider::Connector(reference) => {
            let title = &connection.facts.references.get(*reference)?.name;
            Some(format!("for the custom connector \"{title}\""))
        }
        ConnectionProvider::Absent => Some("for an application that it does not name".to_owned()),
    }
}

/// Applications that need no connection, beside those whose names start with `workato`.
const WITHOUT_CONNECTION: &[&str] = &[
    "clock",
    "scheduler",
    "logger",
    "lookup_table",
    "csv_parser",
    "json_parser",
    "xml_parser",
    "yaml_parser",
    "file_connector",
    "open_ai_utility",
    "email",
    "js_eval",
    "py_eval",
    "rss",
    "webhooks",
];

/// Active steps whose application has no connection chosen, though it needs one: custom connectors
/// and unknown ones only if something in the project connects to them.
pub(super) fn not_chosen(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let mut connected: BTreeSet<&str> = BTreeSet::new();
    for asset in &project.assets {
        if let Some(connection) = asset.facts.connection()
            && let ConnectionProvider::Named(name) = &connection.provider
        {
            connected.insert(name);
        }
        let config = asset
            .facts
            .recipe()
            .map_or(&[][..], |recipe| &recipe.config);
        let chosen = config
            .iter()
            .filter(|entry| entry.choice == ConnectionChoice::Chosen);
        connected.extend(chosen.map(|entry| &*entry.provider));
    }
    let mut findings = Vec::new();
    for asset in packed.iter().map(|&index| &project.assets[index]) {
        let Some(recipe) = asset.facts.recipe() else {
            continue;
        };
        for entry in &recipe.config {
            let provider = &*entry.provider;
            let mut used = recipe.providers.iter();
            let used = used
                .find(|used| *used.provider == *provider && used.step.activity == Activity::Active);
            let needs_one = connected.contains(provider)
                || !(provider.starts_with("workato")
                    || WITHOUT_CONNECTION.contains(&provider)
                    || InternalName::custom(provider).is_some());
            let several = recipe.config.iter().any(|other| {
                other.provider == entry.provider && other.choice == ConnectionChoice::Chosen
            });
            let (Some(used), ConnectionChoice::None, true, false) =
                (used, entry.choice, needs_one, several)
            else {
                continue;
            };
            let message = format!(
                "{}uses `{provider}`, for which no connection is chosen",
                in_step(Some(used.step))
            );
            let what = format!("no connection is chosen for `{provider}`, which active steps use");
            finding::add(
                &mut findings,
                Finding::new(
                    Code::ConnectionNotChosen,
                    subject(asset, entry.offset),
                    message,
                )
                .grouped_by(provider, what, place(asset, Some(used.step)))
                .help("choose one in the recipe, then pull the project again; or choose it in the target after the import"),
            );
        }
    }
    findings
}

/// Connections that go through an on-prem group, which never travels (platform.md §5.4).
pub(super) fn on_prem(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let assets = packed.iter().map(|&index| &project.assets[index]);
    assets
        .filter_map(|asset| {
            let gateway = asset.facts.connection()?.gateway.as_ref()?;
            let message = format!(
                "the connection \"{}\" goes through the on-prem group \"{}\"",
                asset.name(),
                gateway.group
            );
            let what = format!("connections go through the on-prem group \"{}\"", gateway.group);
            Some(
                Finding::new(Code::OnPremGroup, subject(asset, gateway.offset), message)
                    .grouped_by(&*gateway.group, what, place(asset, None))
                    .note("groups and their agents do not travel in packages")
                    .help("see that the target has such a group with an agent that runs, and choose it in the connection"),
            )
        })
        .collect()
}
