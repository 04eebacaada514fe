//! `recipack workspace`: the workspaces of the local platform.

use std::fmt::Write as _;
use std::path::Path;

use super::super::args::{
    PlatformArgs, WorkspaceCommand, WorkspaceCreateArgs, WorkspaceDeleteArgs, WorkspaceListArgs,
    WorkspaceSetArgs, WorkspaceShowArgs,
};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::request::full_catalogue_file;
use super::super::table::{Align, Table};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::cli::connect;
use crate::cli::workspace_command::{kind_with_admin, only_local, platform_option};
use crate::model::catalogue::Visibility;
use crate::model::count::counted;
use crate::model::ident::{DataCenter, WorkspaceName};
use crate::model::workspace::{Address, ClosedSource, WorkspaceId, WorkspaceKind};
use crate::ops::workspace::inspect::{
    WorkspaceCreateDocument, WorkspaceDeleteDocument, WorkspaceLine, WorkspaceListDocument,
    WorkspaceSetDocument, WorkspaceShowDocument, workspace, workspaces,
};
use crate::plan::decision::shell_word;
use crate::workspace::Workspace as _;
use crate::workspace::WorkspaceError;
use crate::workspace::local::{LocalPlatform, NewWorkspace, WorkspaceSummary};

/// Where the platform has what its API has not.
pub(super) const IN_PAGES: &str = "on the platform, it is done in its pages";

pub(crate) fn run(context: &Context, command: &WorkspaceCommand) -> Result<Exit, Stop> {
    match command {
        WorkspaceCommand::Create(args) => create(context, args),
        WorkspaceCommand::List(args) => list(context, args),
        WorkspaceCommand::Show(args) => show(context, args),
        WorkspaceCommand::Set(args) => set(context, args),
        WorkspaceCommand::Export(args) => super::workspace_export::run(context, args),
        WorkspaceCommand::Delete(args) => delete(context, args),
    }
}

pub(super) fn open(
    context: &Context,
    args: &PlatformArgs,
    work: &str,
) -> Result<LocalPlatform, Failure> {
    let path = platform::path(args)?;
    Ok(LocalPlatform::open(
        &path,
        platform::writing(context, args, work),
    )?)
}

pub(super) fn shown_path(args: &PlatformArgs) -> Result<String, Failure> {
    Ok(platform::path(args)?.display().to_string())
}

/// What only workspaces of one kind have is wrong for another one.
fn fits(args: &WorkspaceCreateArgs, named: &WorkspaceName) -> Result<(), Failure> {
    let name = shell_word(named.as_str());
    let kind = args.kind;
    let only = |what: &str, owner: WorkspaceKind| {
        Err(Failure::usage(format!(
            "{what} goes with --kind {owner} only, and `{}` is to be {kind}",
            named
        )))
    };
    let customer = kind == WorkspaceKind::Customer;
    if customer && args.of.is_none() {
        return Err(
            Failure::usage(format!("`{}` is to be a customer of nobody", named)).help(format!(
                "say whose: recipack workspace create {name} --kind customer --of ADMIN"
            )),
        );
    }
    if !customer && args.of.is_some() {
        return only("--of", WorkspaceKind::Customer);
    }
    if !customer && args.external_id.is_some() {
        return only("--external-id", WorkspaceKind::Customer);
    }
    if kind != WorkspaceKind::Admin && args.catalog.is_some() {
        return only("--catalog", WorkspaceKind::Admin);
    }
    if kind != WorkspaceKind::Admin && args.may_close_source {
        return only("--may-close-source", WorkspaceKind::Admin);
    }
    Ok(())
}

fn create(context: &Context, args: &WorkspaceCreateArgs) -> Result<Exit, Stop> {
    let what = "creating a workspace";
    let name = only_local(&args.name, what, IN_PAGES)?;
    let of = args
        .of
        .as_ref()
        .map(|of| only_local(of, what, IN_PAGES))
        .transpose()?;
    fits(args, name)?;
    let catalogue = args
        .catalog
        .as_deref()
        .map(full_catalogue_file)
        .transpose()?;
    let path = platform::path(&args.platform)?;
    let writing = platform::writing(context, &args.platform, "workspace create");
    let (mut opened, admin) = match of {
        None => (LocalPlatform::create(&path, writing)?, None),
        // A customer's platform is there, since its admin workspace is.
        Some(admin) => {
            let opened = LocalPlatform::open(&path, writing)?;
            let admin = admin_of(name, admin, &opened, &args.platform)?;
            (opened, Some(admin))
        }
    };
    let data_center = match (&args.data_center, &admin) {
        (Some(said), _) => said.clone(),
        (None, Some(admin)) => admin.facts.data_center.clone(),
        (None, None) => default_data_center()?,
    };
    // What a catalogue shares closed-source says that it may.
    let closes = catalogue.as_ref().is_some_and(|catalogue| {
        let mut shared = catalogue.entries().iter();
        shared.any(|entry| {
            entry.visibility == Visibility::Closed && entry.shared_version.version().is_some()
        })
    });
    let connectors = catalogue
        .as_ref()
        .map_or(0, |catalogue| catalogue.entries().len());
    let facts = opened.create_workspace(&NewWorkspace {
        name: name.clone(),
        kind: args.kind,
        data_center,
        id: args.id.map(WorkspaceId),
        external_id: args.external_id.clone(),
        admin: of.cloned(),
        catalogue,
        at: platform::now(),
    })?;
    context.did(format!("local:{name} was created"));
    if args.may_close_source || closes {
        opened.set_closed_source(name, ClosedSource::Allowed)?;
    }
    let document = WorkspaceCreateDocument {
        platform: path.display().to_string(),
        workspace: (&facts).into(),
        connectors,
    };
    context.ui.print(&document, created)?;
    Ok(Exit::Done)
}

fn default_data_center() -> Result<DataCenter, Failure> {
    "us".parse()
        .map_err(|error: crate::model::ident::NameError| Failure::usage(error.to_string()))
}

/// The admin workspace that a customer is to be created under.
pub(super) fn admin_of(
    name: &WorkspaceName,
    admin: &WorkspaceName,
    opened: &LocalPlatform,
    args: &PlatformArgs,
) -> Result<WorkspaceSummary, Failure> {
    let found = find(opened, admin, &platform::path(args)?)?;
    let kind = found.facts.kind;
    if kind == WorkspaceKind::Admin {
        return Ok(found);
    }
    let message = format!(
        "`{name}` can't be a customer of `{admin}`, which is {} workspace itself",
        match kind {
            WorkspaceKind::Customer => "a customer's",
            WorkspaceKind::Admin | WorkspaceKind::External => "an external",
        }
    );
    Err(Failure::usage(message).help(format!(
        "name an admin workspace; those that are there: recipack workspace list{}",
        platform_option(args)
    )))
}

fn find(
    opened: &LocalPlatform,
    name: &WorkspaceName,
    path: &Path,
) -> Result<WorkspaceSummary, Failure> {
    let mut summaries = opened.workspaces()?;
    match summaries.iter().position(|there| there.facts.name == *name) {
        Some(index) => Ok(summaries.swap_remove(index)),
        None => Err(WorkspaceError::NoWorkspace {
            name: name.to_string(),
            platform: path.display().to_string(),
            there: summaries
                .iter()
                .map(|there| there.facts.name.to_string())
                .collect(),
        }
        .into()),
    }
}

fn set(context: &Context, args: &WorkspaceSetArgs) -> Result<Exit, Stop> {
    let name = only_local(
        &args.name,
        "allowing closed source",
        "on the platform, Customer Success enables it",
    )?;
    let mut opened = open(context, &args.platform, "workspace set")?;
    opened.set_closed_source(name, args.closed_source)?;
    context.did(format!("local:{} was changed", name));
    let facts = opened.workspace(name)?.facts()?;
    let document = WorkspaceSetDocument {
        workspace: (&facts).into(),
        closed_source: args.closed_source,
    };
    context.ui.print(&document, |document| {
        format!(
            "{}: sharing closed-source is {}\n",
            visible(&document.workspace.address.to_string()),
            match document.closed_source {
                ClosedSource::Allowed => "allowed",
                ClosedSource::NotAllowed => "not allowed",
            }
        )
    })?;
    Ok(Exit::Done)
}

fn created(document: &WorkspaceCreateDocument) -> String {
    let workspace = &document.workspace;
    let mut text = format!("{}\n", visible(&workspace.address.to_string()));
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<9} {}", visible(value));
    };
    line(
        "kind",
        &kind_with_admin(workspace.kind, workspace.admin.as_ref()),
    );
    line("lives in", workspace.data_center.as_str());
    line("number", &workspace.id.to_string());
    if let Some(external_id) = &workspace.external_id {
        line("known as", external_id);
    }
    if document.connectors > 0 {
        let connectors = counted(document.connectors as u64, "connector");
        line("catalog", &format!("{connectors}, whose code is not known"));
    }
    line("platform", &document.platform);
    text
}

fn list(context: &Context, args: &WorkspaceListArgs) -> Result<Exit, Stop> {
    let opened = open(context, &args.platform, "workspace list")?;
    let document = workspaces(shown_path(&args.platform)?, &opened.workspaces()?);
    context.ui.print(&document, |document| {
        if document.workspaces.is_empty() {
            context.ui.talk("no workspaces\n");
        }
        lines(document)
    })?;
    Ok(Exit::Done)
}

fn lines(document: &WorkspaceListDocument) -> String {
    let mut table = Table::new([Align::Left; 7]).headed([
        "WORKSPACE",
        "KIND",
        "DC",
        "RECIPES",
        "CONNECTIONS",
        "CONNECTORS",
        "REVISION",
    ]);
    for line in &document.workspaces {
        let workspace = &line.workspace;
        table.row([
            &workspace.address.to_string(),
            &kind_with_admin(workspace.kind, workspace.admin.as_ref()),
            workspace.data_center.as_str(),
            &recipes(line),
            &connections(line),
            &counted(line.connectors, "connector"),
            &format!("revision {}", line.revision),
        ]);
    }
    table.text("")
}

fn recipes(line: &WorkspaceLine) -> String {
    let recipes = counted(line.recipes, "recipe");
    match line.running {
        0 => recipes,
        running => format!("{recipes}, {running} running"),
    }
}

fn connections(line: &WorkspaceLine) -> String {
    let connections = counted(line.connections, "connection");
    match line.not_authorized {
        0 => connections,
        not => format!("{connections}, {not} not authorized"),
    }
}

fn show(context: &Context, args: &WorkspaceShowArgs) -> Result<Exit, Stop> {
    let opened = connect::open(context, &args.platform, &args.address, "workspace show")?;
    let mut document = workspace(&opened.inventory()?, &opened.revisions()?);
    document.workspace.address = args.address.clone();
    context.ui.print(&document, shown)?;
    Ok(Exit::Done)
}

fn shown(document: &WorkspaceShowDocument) -> String {
    let workspace = &document.workspace;
    let mut text = format!("{}\n", visible(&workspace.address.to_string()));
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<9} {}", visible(value));
    };
    line(
        "kind",
        &kind_with_admin(workspace.kind, workspace.admin.as_ref()),
    );
    line("lives in", workspace.data_center.as_str());
    line("number", &workspace.id.to_string());
    if let Some(external_id) = &workspace.external_id {
        line("known as", external_id);
    }
    match &document.revision {
        Some(revision) => line(
            "revision",
            &format!(
                "{}, {} of {} by {}, {}",
                revision.number,
                revision.action,
                revision.subject,
                revision.who,
                revision.at.utc()
            ),
        ),
        None => line("revision", "none"),
    }
    line("state", &document.state.to_string());
    let counts: Vec<_> = document
        .assets
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    if counts.is_empty() {
        line("assets", "none");
    } else {
        line("assets", &counts.join(", "));
        line("running", &counted(document.running as u64, "recipe"));
    }
    let mut folders = Table::new([Align::Left; 3]);
    for folder in &document.folders {
        let is_project = !folder.path.as_str().contains('/');
        // As wide as the words before the other values.
        folders.row([
            if is_project { "project " } else { "folder  " },
            &counted(folder.assets as u64, "asset"),
            folder.path.as_str(),
        ]);
    }
    text.push_str(&folders.text("  "));
    if !document.connectors.is_empty() {
        text.push_str("  connectors\n");
        text.push_str(&super::connector::lines(&document.connectors, "    "));
    }
    text
}

fn delete(context: &Context, args: &WorkspaceDeleteArgs) -> Result<Exit, Stop> {
    let name = only_local(&args.name, "deleting a workspace", IN_PAGES)?;
    let mut opened = open(context, &args.platform, "workspace delete")?;
    let path = platform::path(&args.platform)?;
    let summary = find(&opened, name, &path)?;
    has_no_customers(args, name, &opened.workspaces()?)?;
    let deleted = WorkspaceLine::from(&summary);
    if !args.yes {
        confirm(context, args, name, &deleted)?;
    }
    opened.delete_workspace(name)?;
    context.did(format!("local:{} was deleted", name));
    let document = WorkspaceDeleteDocument {
        platform: path.display().to_string(),
        deleted,
    };
    context.ui.print(&document, |document| {
        format!(
            "{} is deleted, with {}\n",
            visible(&document.deleted.workspace.address.to_string()),
            contents(&document.deleted)
        )
    })?;
    Ok(Exit::Done)
}

/// Nobody is asked about what is refused anyway.
fn has_no_customers(
    args: &WorkspaceDeleteArgs,
    name: &WorkspaceName,
    summaries: &[WorkspaceSummary],
) -> Result<(), Failure> {
    let customers: Vec<String> = summaries
        .iter()
        .filter(|there| there.facts.admin.as_ref() == Some(name))
        .map(|there| there.facts.name.to_string())
        .collect();
    let Some(first) = customers.first() else {
        return Ok(());
    };
    let help = format!(
        "delete each of them before: recipack workspace delete {}{}",
        shell_word(first),
        platform_option(&args.platform)
    );
    let error = WorkspaceError::HasCustomers {
        name: name.to_string(),
        customers,
    };
    Err(Failure::from(error).help(help))
}

fn contents(line: &WorkspaceLine) -> String {
    format!(
        "{}; {}; {}",
        recipes(line),
        connections(line),
        counted(line.connectors, "connector")
    )
}

/// Has the name typed, since nothing brings a workspace back.
fn confirm(
    context: &Context,
    args: &WorkspaceDeleteArgs,
    name: &WorkspaceName,
    line: &WorkspaceLine,
) -> Result<(), Failure> {
    let address = Address::Local(name.clone()).to_string();
    let question = format!(
        "{} holds {}. It can't be brought back.\nType its name to delete it: ",
        visible(&address),
        contents(line)
    );
    let answer = context
        .ui
        .ask(&question, &context.running.interrupt)
        .map_err(Failure::from)?;
    let message = match answer {
        Some(answer) if answer == name.as_str() || answer == address => return Ok(()),
        Some(_) => format!("`{address}` is not deleted: another name was typed"),
        None => format!("`{address}` is not deleted: there is nobody to ask"),
    };
    Err(
        Failure::new(Exit::Refused, "not-confirmed", message).help(format!(
            "it holds {}; to delete it without being asked: recipack workspace delete {} --yes{}",
            contents(line),
            shell_word(name.as_str()),
            platform_option(&args.platform)
        )),
    )
}
