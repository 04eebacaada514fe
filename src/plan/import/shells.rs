//! Connections that settings name, and that neither the package nor the workspace has.
//!
//! An import makes a placeholder of each connection that a package holds, and leaves one alone that is
//! there (platform.md §6). So what a package only refers to is put into the copy that is sent: the import
//! makes it where the references look for it, and it gets its fields as any other.

use std::collections::{BTreeMap, BTreeSet};

use super::bindings::Candidates;
use super::settings::meant;
use crate::json::{Dialect, quote};
use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::InternalName;
use crate::model::kind::{AssetKind, FileRole};
use crate::model::path::PackagePath;
use crate::model::project::Project;
use crate::model::reference::Reference;
use crate::model::workspace::{AssetKey, Snapshot};
use crate::plan::resolve;
use crate::plan::targets::TargetKeys;
use crate::settings::{FilledConnection, Origin, ResolvedSettings};

/// A connection that a package refers to and does not bring.
#[derive(Clone, Debug)]
pub struct Missing<'p> {
    reference: &'p Reference,
    key: AssetKey,
    said: Origin,
}

/// The connections that settings name of those that the package only refers to.
pub fn missing<'p>(
    settings: &ResolvedSettings,
    project: &'p Project,
    placing: &TargetKeys,
) -> Vec<Missing<'p>> {
    let brought = placing.keys.iter().flatten();
    let brought: Vec<&AssetKey> = brought
        .filter(|key| key.kind == AssetKind::Connection)
        .collect();
    let mut seen = BTreeSet::new();
    let mut referred: Vec<(&Reference, AssetKey)> = Vec::new();
    for reference in project.assets.iter().flat_map(|it| &it.facts.references) {
        let is_connection = matches!(
            FileRole::of(&reference.target),
            FileRole::Main(AssetKind::Connection)
        );
        if is_connection
            && project.asset_at(&reference.target).is_none()
            && seen.insert(&*reference.target)
            && let Some((_, key)) = placing.elsewhere(reference).into_iter().next()
        {
            referred.push((reference, key));
        }
    }
    let mut missing = Vec::new();
    for (name, said) in &settings.connections {
        match &said.value {
            FilledConnection::Fields(_) | FilledConnection::Person => {}
            FilledConnection::Use(_) => continue,
        }
        // What is wrong with a name is told where it is met with all that there is.
        if meant("connection", name, brought.iter().copied(), &said.at).is_ok() {
            continue;
        }
        let keys = referred.iter().map(|(_, key)| key);
        if let Ok(found) = meant("connection", name, keys, &said.at) {
            let (reference, key) = &referred[found];
            missing.push(Missing {
                reference,
                key: key.clone(),
                said: said.at.clone(),
            });
        }
    }
    missing
}

/// The files that make these connections, as far as the workspace has none of their names; and what is
/// wrong with those that can't be made.
pub fn made(
    missing: &[Missing<'_>],
    project: &Project,
    placing: &TargetKeys,
    snapshot: &Snapshot,
) -> (BTreeMap<PackagePath, Vec<u8>>, Vec<Finding>) {
    let candidates = Candidates::of(placing, snapshot);
    let (mut files, mut findings) = (BTreeMap::new(), Vec::new());
    for one in missing {
        let is_there = candidates.by_place(one.reference).is_some()
            || candidates.connections(&one.key.name).next().is_some();
        if is_there {
            continue;
        }
        let provider = application(one.reference, project, snapshot);
        let path = one.reference.target.parse::<PackagePath>();
        match (provider, path) {
            (Ok(provider), Ok(path)) => {
                files.insert(path, json(&one.reference.name, &provider).into_bytes());
            }
            (Err(why), _) => findings.push(one.finding(&why)),
            (Ok(_), Err(error)) => findings.push(one.finding(&error.to_string())),
        }
    }
    (files, findings)
}

impl Missing<'_> {
    fn finding(&self, why: &str) -> Finding {
        let name = resolve::label(&self.key);
        let message = format!(
            "neither the package nor the workspace has the connection \"{name}\", and it can't be made: {why}"
        );
        Finding::new(Code::SettingConnectionMissing, Subject::Project, message)
            .note(format!("said in {}", self.said))
            .help("pack it with the package, or make it in the target")
    }
}

/// The application that recipes use a connection for.
fn application(
    reference: &Reference,
    project: &Project,
    snapshot: &Snapshot,
) -> Result<String, String> {
    let mut wanted = BTreeSet::new();
    for asset in &project.assets {
        let config = asset.facts.recipe().into_iter().flat_map(|it| &it.config);
        wanted.extend(config.filter_map(|entry| {
            let account = asset.facts.references.get(entry.account?)?;
            (account.target == reference.target).then_some(&*entry.provider)
        }));
    }
    let told: Vec<String> = wanted.iter().map(|one| format!("`{one}`")).collect();
    let mut wanted = wanted.into_iter();
    let (Some(only), None) = (wanted.next().filter(|one| !one.is_empty()), wanted.next()) else {
        return Err(match told.len() {
            0 | 1 => "no recipe says which application it is for".to_owned(),
            _ => format!("recipes use it for {}", told.join(" and ")),
        });
    };
    // Only a shared connector is known to a connection by its name alone (platform.md §5.6).
    let is_shared = snapshot.shared.as_ref().is_some_and(|shared| {
        let entry = shared.by_internal_name(only);
        entry.is_some_and(|entry| entry.shared_version.version().is_some())
    });
    match InternalName::custom(only).is_some() && !is_shared {
        true => Err(format!(
            "`{only}` is a custom connector that is not known to be shared with the workspace, and its connection comes with it"
        )),
        false => Ok(only.to_owned()),
    }
}

/// A connection as packages have it (platform.md §5.4).
fn json(name: &str, provider: &str) -> String {
    let text = |text| quote(text, Dialect::Platform);
    format!(
        "{{\n  \"name\": {},\n  \"provider\": {},\n  \"secure_gateway_tunnel_name\": null,\n  \"root_folder\": false\n}}",
        text(name),
        text(provider)
    )
}
