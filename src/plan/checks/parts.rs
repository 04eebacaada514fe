//! Parts that do not fit together: applications that no recipe lists, connections that wait for
//! their credentials, assets that nothing uses.

use crate::model::facts::ConnectionProvider;
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::graph::Graph;
use crate::model::ident::InternalName;
use crate::model::kind::AssetKind;
use crate::model::project::{Asset, Project};
use crate::model::reference::Activity;

use super::references::{in_step, place, subject};

/// How many connections a finding names before it only counts the rest.
const NAMED: usize = 12;

/// Steps whose application is not in their recipe's `config`. In real recipes there are none
/// (platform.md §11).
pub(super) fn providers(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let recipes = packed.iter().map(|&index| &project.assets[index]);
    let of_recipe = |asset: &Asset| -> Vec<Finding> {
        let Some(recipe) = asset.facts.recipe() else {
            return Vec::new();
        };
        let unlisted = recipe.providers.iter().filter(|used| {
            used.step.activity == Activity::Active
                // Custom connectors are a matter of the rule, and an error.
                && InternalName::custom(&used.provider).is_none()
                && !recipe
                    .config
                    .iter()
                    .any(|entry| entry.provider == used.provider)
        });
        unlisted
            .map(|used| {
                let message = format!(
                    "{}uses `{}`, which the recipe's `config` does not list",
                    in_step(Some(used.step)),
                    used.provider
                );
                let what = format!(
                    "steps use `{}`, which their recipe's `config` does not list",
                    used.provider
                );
                Finding::new(Code::ProviderUnlisted, subject(asset, used.offset), message)
                    .grouped_by(&*used.provider, what, place(asset, Some(used.step)))
                    .help("save the recipe in its workspace, then pull the project again")
            })
            .collect()
    };
    finding::gathered(recipes.flat_map(of_recipe))
}

/// Recipes whose `config` lists `workato`: steps that are the platform's own carry that name, and it
/// is no application. An import fails with "invalid custom adapter" (platform.md §1.5).
pub(super) fn platform_in_config(project: &Project, packed: &[usize]) -> Vec<Finding> {
    let recipes = packed.iter().map(|&index| &project.assets[index]);
    let of_recipe = |asset: &Asset| -> Vec<Finding> {
        let config = asset
            .facts
            .recipe()
            .map_or(&[][..], |recipe| &recipe.config);
        config
            .iter()
            .filter(|entry| &*entry.provider == "workato")
            .map(|entry| {
                let what = "`config` lists `workato`, which is no application";
                Finding::new(Code::WorkatoInConfig, subject(asset, entry.offset), what)
                    .grouped_by("", format!("recipes' {what}"), place(asset, None))
                    .note("an import into the platform is said to fail with \"invalid custom adapter\"")
                    .help("take the entry out of the recipe's `config`")
            })
            .collect()
    };
    finding::gathered(recipes.flat_map(of_recipe))
}

/// The connections of the package, which come without credentials: one finding for all.
pub(super) fn connections(project: &Project, packed: &[usize]) -> Option<Finding> {
    let connections: Vec<&Asset> = packed
        .iter()
        .map(|&index| &project.assets[index])
        .filter(|asset| asset.kind == AssetKind::Connection)
        .collect();
    let message = match connections.len() {
        0 => return None,
        1 => "1 connection comes without its credentials".to_owned(),
        count => format!("{count} connections come without their credentials"),
    };
    let mut finding = Finding::new(Code::ConnectionsUnauthorized, Subject::Project, message);
    for asset in connections.iter().take(NAMED) {
        let application = match asset.facts.connection().map(|c| &c.provider) {
            Some(ConnectionProvider::Named(name)) => format!(" (`{name}`)"),
            Some(ConnectionProvider::Connector(reference)) => {
                let title = asset.facts.references.get(*reference).map(|r| &r.name);
                title.map_or_else(String::new, |title| format!(" (\"{title}\")"))
            }
            Some(ConnectionProvider::Absent) | None => String::new(),
        };
        finding = finding.note(format!("\"{}\"{application}", asset.name()));
    }
    if let Some(more) = connections.len().checked_sub(NAMED + 1) {
        finding = finding.note(format!("and {} more", more + 1));
    }
    Some(finding.help("authorize in the target those that it does not have yet"))
}

/// Whether assets of a type are there for others to use them.
fn serves(kind: &AssetKind) -> bool {
    [
        AssetKind::Connection,
        AssetKind::LookupTable,
        AssetKind::Topic,
        AssetKind::Schema,
        AssetKind::Template,
    ]
    .contains(kind)
}

/// Assets that are there to be used, and that nothing in the package uses. A package without recipes
/// is there for others.
pub(super) fn unused(project: &Project, graph: &Graph, packed: &[usize]) -> Vec<Finding> {
    let is_packed = |index: usize| packed.binary_search(&index).is_ok();
    let recipes = packed
        .iter()
        .any(|&index| project.assets[index].kind == AssetKind::Recipe);
    if !recipes {
        return Vec::new();
    }
    let unused = packed.iter().filter(|&&index| {
        serves(&project.assets[index].kind)
            && !graph
                .needed_by(index)
                .any(|user| user != index && is_packed(user))
    });
    unused
        .map(|&index| {
            let asset = &project.assets[index];
            let subject = Subject::File {
                path: asset.path.clone(),
                offset: None,
            };
            let message = format!(
                "nothing in the package uses the {} \"{}\"",
                asset.kind.label(),
                asset.name()
            );
            Finding::new(Code::UnusedAsset, subject, message)
        })
        .collect()
}
