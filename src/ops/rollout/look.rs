//! What is seen of customers when a roll-out is planned, before anything is begun.

use std::path::Path;

use super::{Members, refused};
use crate::model::catalogue::Catalogue;
use crate::model::error::chain;
use crate::model::finding::Code;
use crate::model::ident::{DataCenter, Digest, PackageName, WorkspaceName};
use crate::model::kind::AssetKind;
use crate::model::workspace::{WorkspaceFacts, WorkspaceId, WorkspaceKind};
use crate::ops::import::{ImportError, ImportRequest, Incoming, Planned};
use crate::ops::{Running, Silent};
use crate::plan::import::document::{Afterwards, AssetAction, ConnectorAction, ImportPlan};
use crate::plan::import::settings::SettingEffect;
use crate::plan::rollout::progress::Hold;
use crate::plan::rollout::{
    Brings, Having, PlannedMember, RolloutPlan, SeenMember, UnsharedConnector, UnsharedWhy,
};
use crate::workspace::memory::MemoryWorkspace;

/// What was seen of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It can get the package.
    Ready(SeenMember),
    /// It can't, and why.
    Held(String),
}

/// Looks at a member's workspace: what the import of the first package would do there, and whether
/// something stands against it. Nothing is changed. Later packages are seen when those before them
/// are there.
///
/// # Errors
/// If somebody asked to stop.
pub fn look(
    members: &mut dyn Members,
    plan: &RolloutPlan,
    member: &PlannedMember,
    package: &Path,
    running: &Running,
) -> Result<Seen, ImportError> {
    let looking = Hold::to_look(member.number);
    let mut reached = match members.reach(member, &looking) {
        Ok(reached) => reached,
        Err(unreachable) => {
            let why = unreachable.why();
            return Ok(Seen::Held(format!("it can't be looked at: {why}")));
        }
    };
    let workspace = reached.workspace();
    let mut request = match members.request(member, package, workspace) {
        Ok(request) => request,
        Err(unreachable) => return Ok(Seen::Held(unreachable.why())),
    };
    let mut incoming = Incoming::read(&request, running, &mut Silent)?;
    let lands = (request.folder.clone(), request.landing.clone());
    if let Err(unreachable) = members.settle(&mut request, &incoming, member, workspace) {
        return Ok(Seen::Held(unreachable.why()));
    }
    if lands != (request.folder.clone(), request.landing.clone()) {
        incoming = Incoming::read(&request, running, &mut Silent)?;
    }
    let planned = match incoming.plan(&request, workspace, running) {
        Ok(planned) => planned,
        Err(error @ ImportError::Interrupted(_)) => return Err(error),
        Err(error) => {
            let why = format!("it can't be looked at: {}", chain(&error));
            return Ok(Seen::Held(why));
        }
    };
    let found = planned.plan().workspace.id;
    if found != member.workspace {
        return Ok(Seen::Held(format!(
            "its workspace is number {found} by now"
        )));
    }
    if let Err(refusal) = planned.approve(&plan.permitted) {
        return Ok(Seen::Held(refused(&refusal)));
    }
    if let Some(why) = stays_stopped(&planned) {
        return Ok(Seen::Held(why));
    }
    Ok(match effects(planned.plan()) {
        Ok(effects) => Seen::Ready(SeenMember {
            has: having(planned.plan()),
            effects,
        }),
        Err(error) => Seen::Held(format!("it can't be looked at: {error}")),
    })
}

/// Stands for what an import changes, however much of the workspace had to be read to know it, so
/// that two machines see the same.
///
/// # Errors
/// None that can happen; the serialiser's type has one.
pub(super) fn effects(plan: &ImportPlan) -> Result<Digest, serde_json::Error> {
    let assets = plan.assets.iter().filter_map(|asset| match asset.action {
        AssetAction::NoChange | AssetAction::NotRead | AssetAction::BindsToExisting => None,
        AssetAction::Creates
        | AssetAction::CreatesPlaceholder
        | AssetAction::Overwrites
        | AssetAction::OverwritesRunning
        | AssetAction::KeepsEdits => {
            // Versions of others are not told everywhere.
            let from = asset.from.filter(|_| asset.kind == AssetKind::Recipe);
            Some((&asset.path, asset.action, asset.id, from, asset.state))
        }
    });
    let connectors = plan.connectors.iter();
    let connectors = connectors.map(|one| (&one.connector, one.action));
    let all = (
        &plan.package.digest,
        connectors.collect::<Vec<_>>(),
        assets.collect::<Vec<_>>(),
    );
    Ok(Digest::of(&serde_json::to_vec(&all)?))
}

/// What a workspace has of a package.
fn having(plan: &ImportPlan) -> Having {
    if plan.is_empty() {
        return Having::Same;
    }
    let is_there = plan.assets.iter().any(|asset| match asset.action {
        AssetAction::Creates | AssetAction::CreatesPlaceholder => false,
        AssetAction::NoChange
        | AssetAction::Overwrites
        | AssetAction::OverwritesRunning
        | AssetAction::NotRead
        | AssetAction::KeepsEdits => true,
        // It may have been there before anything of the package was.
        AssetAction::BindsToExisting => false,
    });
    match is_there {
        true => Having::Earlier,
        false => Having::Nothing,
    }
}

/// Why recipes would stand still that try a connector, if they would: what is only tried stops nothing
/// that runs.
pub(super) fn stands_still(brings: Brings, planned: &Planned) -> Option<String> {
    match brings {
        Brings::CanaryPackages => stays_stopped(planned),
        Brings::CanaryConnector | Brings::Packages => None,
    }
}

/// Why recipes that should run would not, if that can be mended before: a connection that is there
/// waits for a person.
fn stays_stopped(planned: &Planned) -> Option<String> {
    let restart = planned
        .findings()
        .iter()
        .find(|finding| finding.code == Code::RestartFails);
    if let Some(finding) = restart {
        let notes = finding.notes.iter().map(|note| format!(": {note}"));
        return Some(format!("{}{}", finding.message, notes.collect::<String>()));
    }
    let plan = planned.plan();
    let actions = plan.settings.iter().flat_map(|settings| &settings.actions);
    let mut blocked = actions.filter(|action| match action.effect {
        SettingEffect::CannotStart | SettingEffect::CannotEnable => true,
        SettingEffect::Sets
        | SettingEffect::Changes
        | SettingEffect::Keeps
        | SettingEffect::Authorizes
        | SettingEffect::Binds
        | SettingEffect::AwaitsPerson
        | SettingEffect::Starts
        | SettingEffect::Stops
        | SettingEffect::Enables
        | SettingEffect::Disables => false,
    });
    let blocked = blocked.next()?;
    plan.afterwards.iter().find_map(|after| {
        let Afterwards::Authorize {
            connection, folder, ..
        } = after
        else {
            return None;
        };
        // One that the import creates can't be authorised before.
        let is_new = plan.assets.iter().any(|asset| {
            asset.kind == AssetKind::Connection
                && asset.id.is_none()
                && *asset.name == **connection
                && asset.folder == *folder
        });
        (!is_new).then(|| {
            format!(
                "connection \"{}\" is not authorized, and {} \"{}\" would not run",
                folder.label(connection),
                blocked.subject.label(),
                blocked.name
            )
        })
    })
}

/// The connectors that a package needs and that a customer with nothing of its own does not get from
/// this catalogue, by the same rule as an import. No customer is asked: one may have the connector as
/// its own.
///
/// # Errors
/// If the package can't be planned for.
pub fn unshared(
    incoming: &Incoming,
    request: &ImportRequest,
    package: &PackageName,
    (catalogue, data_center): (Catalogue, Option<DataCenter>),
    running: &Running,
) -> Result<Vec<UnsharedConnector>, ImportError> {
    let unknown = DataCenter::UNKNOWN.parse::<DataCenter>();
    let (Ok(name), Ok(unknown)) = ("customer".parse::<WorkspaceName>(), unknown) else {
        return Ok(Vec::new());
    };
    let data_center = data_center.unwrap_or(unknown);
    let facts = WorkspaceFacts {
        kind: WorkspaceKind::Customer,
        ..WorkspaceFacts::external(WorkspaceId(1), name, data_center)
    };
    let unsaid: Vec<String> = catalogue
        .unsaid()
        .map(|entry| entry.internal_name.to_string())
        .collect();
    let workspace = MemoryWorkspace::new(facts, Some(catalogue));
    let planned = incoming.plan(request, &workspace, running)?;
    let needed = planned.plan().connectors.iter().filter_map(|connector| {
        let sharing = match connector.action {
            ConnectorAction::Blocked if connector.packaged => return None,
            ConnectorAction::Blocked => {
                let names = connector.internal_names.iter();
                let mut names = names.map(ToString::to_string);
                match names.any(|name| unsaid.contains(&name)) {
                    true => UnsharedWhy::NotSaid,
                    false => UnsharedWhy::NotShared,
                }
            }
            ConnectorAction::Unknown => UnsharedWhy::NotSaid,
            ConnectorAction::Install
            | ConnectorAction::Update
            | ConnectorAction::Same
            | ConnectorAction::Downgrade
            | ConnectorAction::UsesShared
            | ConnectorAction::UsesOwn
            | ConnectorAction::Elsewhere => return None,
        };
        Some(UnsharedConnector {
            connector: connector.connector.clone(),
            package: package.clone(),
            sharing,
        })
    });
    Ok(needed.collect())
}
