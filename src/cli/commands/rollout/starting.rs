//! `recipack rollout start`.

use std::fs::File;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{connectors, open_ledger, unreadable_plan};
use crate::cli::args::{PlatformArgs, RolloutStartArgs};
use crate::cli::brought::{self, Along};
use crate::cli::commands::import::found;
use crate::cli::connect::credentials;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::request::read_text;
use crate::cli::ui::visible;
use crate::cli::{Context, Stop, platform};
use crate::ledger::{IfAbsent, Ledger, NewRollout, WorkspaceKey};
use crate::model::count::counted;
use crate::model::ident::Digest;
use crate::model::rollout::RolloutId;
use crate::model::workspace::Address;
use crate::ops::export::pack::digest_of_file;
use crate::ops::export::record::record_path;
use crate::plan::rollout::progress::Progress;
use crate::plan::rollout::{Held, PlannedMember, RolloutPlan};
use crate::remote::journal::RemoteIdentity;

/// What `rollout start` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutStartDocument {
    /// What the roll-out is known by.
    pub(crate) id: RolloutId,
    /// Where it is written down.
    pub(crate) ledger: String,
    /// How many it reaches: customers, and the admin workspace where shared connectors change.
    pub(crate) members: usize,
    /// How many waves it has.
    pub(crate) waves: usize,
}

pub(super) fn run(context: &Context, args: &RolloutStartArgs) -> Result<Exit, Stop> {
    let text = read_text(&args.plan)?;
    let shown = args.plan.display().to_string();
    let plan =
        RolloutPlan::parse(text.as_bytes()).map_err(|error| unreadable_plan(&shown, &error))?;
    // Everything is looked at before anything is written.
    let contents = contents(context, args, &plan)?;
    let workspaces = workspaces(&args.platform, &plan)?;
    connectors::agreed(context, args, &plan)?;
    let mut ledger = open_ledger(&args.ledger, IfAbsent::Make)?;
    for content in &contents {
        keep(ledger.as_mut(), content)?;
    }
    let at = ledger.now()?;
    let digest = Digest::of(text.as_bytes());
    let others = ledger.rollouts()?.len();
    let id = RolloutId::of(&digest, at, others);
    let held = plan.members.iter().map(|member| member.held.as_ref());
    let held = held.map(|held| held.is_some_and(Held::is_for_good));
    ledger.create(&NewRollout {
        id: &id,
        plan: &plan,
        text: &text,
        workspaces: &workspaces,
        progress: &Progress::new(held, at),
        supersedes: &args.supersede,
        at,
        who: &platform::who(),
    })?;
    context.did(format!("the roll-out {id} was started"));
    let document = RolloutStartDocument {
        id,
        ledger: ledger.name(),
        members: plan.members.len(),
        waves: plan.waves.len(),
    };
    context
        .ui
        .print(&document, |document| format!("{}\n", document.id))?;
    context.ui.talk(&format!(
        "{} in {}, written down in {}; to send: recipack rollout run {}\n",
        counted(plan.customers() as u64, "customer"),
        counted(document.waves as u64, "wave"),
        visible(&document.ledger),
        document.id
    ));
    Ok(Exit::Done)
}

/// Something that a runner on another machine needs.
struct Content {
    path: PathBuf,
    digest: Digest,
    /// What goes with it when this goes.
    _brought: Option<brought::Brought>,
}

/// The packages, their records and the settings, as they were planned.
fn contents(
    context: &Context,
    args: &RolloutStartArgs,
    plan: &RolloutPlan,
) -> Result<Vec<Content>, Failure> {
    let mut contents = Vec::new();
    let ca = args.platform.api.ca_file.as_ref();
    for package in plan.all_packages() {
        let said = found(&args.plan, Path::new(&package.path));
        let brought = brought::fetched(context, ca, &said, Along::Record)?;
        let path = brought.path().to_owned();
        as_planned(&path, &package.digest)?;
        if let Some(record) = &package.record {
            let path = record_path(&path);
            as_planned(&path, record)?;
            contents.push(Content {
                path,
                digest: *record,
                _brought: None,
            });
        }
        contents.push(Content {
            path,
            digest: package.digest,
            _brought: Some(brought),
        });
    }
    for file in &plan.settings {
        let path = found(&args.plan, Path::new(&file.path));
        as_planned(&path, &file.digest)?;
        contents.push(Content {
            path,
            digest: file.digest,
            _brought: None,
        });
    }
    Ok(contents)
}

/// Whether a file is the one of the plan.
fn as_planned(path: &Path, digest: &Digest) -> Result<(), Failure> {
    let (_, read) = digest_of_file(path).map_err(|error| {
        let message = format!("can't read {}, which the plan names", path.display());
        Failure::new(Exit::Failed, "unreadable", message)
            .notes([error.to_string()])
            .help("put it where it was, or beside the plan")
    })?;
    match read == *digest {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Refused,
            "stale-plan",
            format!(
                "{} is not the file that the plan was made of",
                path.display()
            ),
        )
        .help("make the plan again: recipack rollout plan")),
    }
}

fn keep(ledger: &mut dyn Ledger, content: &Content) -> Result<(), Failure> {
    let shown = content.path.display();
    let mut file = File::open(&content.path).map_err(|error| {
        Failure::new(
            Exit::Failed,
            "unreadable",
            format!("can't read {shown}: {error}"),
        )
    })?;
    Ok(ledger.keep(&content.digest, &mut file)?)
}

/// What the members' workspaces are known by across roll-outs.
pub(super) fn workspaces(
    args: &PlatformArgs,
    plan: &RolloutPlan,
) -> Result<Vec<WorkspaceKey>, Failure> {
    let place = place_of(args, &plan.of)?;
    let keys = plan.members.iter().map(|member| key_of(&place, member));
    Ok(keys.collect())
}

/// Where the workspaces of an admin workspace's customers are.
pub(super) fn place_of(args: &PlatformArgs, of: &Address) -> Result<String, Failure> {
    let local = |path: PathBuf| -> Result<String, Failure> {
        let path = std::path::absolute(&path)
            .map_err(|error| Failure::of(Exit::Failed, "unreadable", &error))?;
        Ok(format!("local:{}", path.display()))
    };
    match of {
        Address::Local(_) => local(platform::path(args)?),
        Address::Remote(admin) => Ok(credentials(args, admin)?.base.host()),
    }
}

/// What a member's workspace there is known by.
pub(super) fn key_of(place: &str, member: &PlannedMember) -> WorkspaceKey {
    WorkspaceKey {
        place: match &member.address {
            Address::Local(_) => place.to_owned(),
            Address::Remote(_) => RemoteIdentity::new(place, member.workspace).host,
        },
        id: member.workspace,
    }
}
