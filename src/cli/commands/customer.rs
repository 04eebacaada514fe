//! `recipack customer`: the customers of admin workspaces.

use std::fmt::Write as _;

use super::super::args::{
    CustomerCommand, CustomerCreateArgs, CustomerLabelArgs, CustomerListArgs, CustomerShowArgs,
    PlatformArgs,
};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::table::{Align, Table};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::workspace::{IN_PAGES, admin_of, open, shown_path};
use crate::cli::connect::open_remote;
use crate::cli::workspace_command::{only_local, platform_option};
use crate::model::count::counted;
use crate::model::ident::WorkspaceName;
use crate::model::workspace::{Address, LabelEdit, RemoteAddress, WorkspaceId, WorkspaceKind};
use crate::ops::workspace::customers::{
    CustomerCreateDocument, CustomerLabelDocument, CustomerLine, CustomerListDocument,
    CustomerShowDocument, Labels, show as shown,
};
use crate::plan::decision::shell_word;
use crate::remote::RemoteCustomersDocument;
use crate::workspace::local::{Customer, LocalPlatform, NewWorkspace};
use crate::workspace::{Workspace as _, WorkspaceError};

pub(crate) fn run(context: &Context, command: &CustomerCommand) -> Result<Exit, Stop> {
    match command {
        CustomerCommand::Create(args) => create(context, args),
        CustomerCommand::List(args) => list(context, args),
        CustomerCommand::Show(args) => show(context, args),
        CustomerCommand::Label(args) => label(context, args),
        CustomerCommand::Apply(args) => super::customer_file::apply(context, args),
        CustomerCommand::Reconcile(args) => super::customer_file::reconcile(context, args),
    }
}

fn create(context: &Context, args: &CustomerCreateArgs) -> Result<Exit, Stop> {
    let what = "creating a customer";
    let name = only_local(&args.name, what, IN_PAGES)?;
    let of = only_local(&args.of, what, IN_PAGES)?;
    let mut opened = open(context, &args.platform, "customer create")?;
    let admin = admin_of(name, of, &opened, &args.platform)?;
    let facts = opened.create_workspace(&NewWorkspace {
        name: name.clone(),
        kind: WorkspaceKind::Customer,
        data_center: admin.facts.data_center,
        id: args.id.map(WorkspaceId),
        external_id: args.external_id.clone(),
        admin: Some(of.clone()),
        catalogue: None,
        at: platform::now(),
    })?;
    context.did(format!("local:{name} was created"));
    let edits: Vec<LabelEdit> = args.labels.iter().cloned().map(LabelEdit::Set).collect();
    if !edits.is_empty() {
        opened.label_customer(name, &edits)?;
    }
    let document = CustomerCreateDocument {
        platform: shown_path(&args.platform)?,
        customer: (&facts).into(),
        labels: find(&opened, name, &args.platform)?.labels,
    };
    context.ui.print(&document, created)?;
    Ok(Exit::Done)
}

fn created(document: &CustomerCreateDocument) -> String {
    let customer = &document.customer;
    let mut text = format!("{}\n", visible(&customer.address.to_string()));
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<9} {}", visible(value));
    };
    if let Some(admin) = &customer.admin {
        line("of", admin.as_str());
    }
    line("lives in", customer.data_center.as_str());
    line("number", &customer.id.to_string());
    if let Some(external_id) = &customer.external_id {
        line("known as", external_id);
    }
    if !document.labels.is_empty() {
        line("labels", &labels(&document.labels));
    }
    text
}

fn labels(labels: &Labels) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    labels.join(", ")
}

/// Lists the customers of a workspace behind the platform's API.
fn list_remote(
    context: &Context,
    args: &CustomerListArgs,
    admin: &RemoteAddress,
) -> Result<Exit, Stop> {
    let workspace = open_remote(context, &args.platform, admin)?;
    let document = RemoteCustomersDocument::of(&workspace)?;
    context.ui.print(&document, |document| {
        if document.customers.is_empty() {
            context.ui.talk("no customers\n");
        }
        let mut table = Table::new([Align::Left; 3]).headed(["CUSTOMER", "EXTERNAL ID", "NAME"]);
        for customer in &document.customers {
            table.row([
                &customer.address.to_string(),
                customer.external_id.as_deref().unwrap_or_default(),
                &customer.name,
            ]);
        }
        table.text("")
    })?;
    Ok(Exit::Done)
}

fn list(context: &Context, args: &CustomerListArgs) -> Result<Exit, Stop> {
    if let Some(Address::Remote(admin)) = &args.of {
        return list_remote(context, args, admin);
    }
    let of = args.of.as_ref().and_then(Address::local);
    let opened = open(context, &args.platform, "customer list")?;
    let document = CustomerListDocument {
        platform: shown_path(&args.platform)?,
        customers: opened
            .customers(of)?
            .into_iter()
            .map(CustomerLine::from)
            .collect(),
    };
    context.ui.print(&document, |document| {
        if document.customers.is_empty() {
            context.ui.talk("no customers\n");
        }
        lines(document)
    })?;
    Ok(Exit::Done)
}

fn recipes(line: &CustomerLine) -> String {
    let recipes = counted(line.workspace.recipes, "recipe");
    match line.workspace.running {
        0 => recipes,
        running => format!("{recipes}, {running} running"),
    }
}

fn lines(document: &CustomerListDocument) -> String {
    let mut table = Table::new([Align::Left; 6]).headed([
        "CUSTOMER",
        "ADMIN",
        "DC",
        "EXTERNAL ID",
        "RECIPES",
        "LABELS",
    ]);
    for line in &document.customers {
        let workspace = &line.workspace.workspace;
        table.row([
            &workspace.address.to_string(),
            &workspace
                .admin
                .as_ref()
                .map_or_else(String::new, |admin| format!("of {admin}")),
            workspace.data_center.as_str(),
            workspace.external_id.as_deref().unwrap_or_default(),
            &recipes(line),
            &labels(&line.labels),
        ]);
    }
    table.text("")
}

fn find(
    opened: &LocalPlatform,
    name: &WorkspaceName,
    args: &PlatformArgs,
) -> Result<Customer, Failure> {
    let customers = opened.customers(None)?;
    if let Some(customer) = customers
        .into_iter()
        .find(|customer| customer.summary.facts.name == *name)
    {
        return Ok(customer);
    }
    let facts = opened.workspace(name)?.facts()?;
    Err(Failure::from(WorkspaceError::NotOfKind {
        name: name.to_string(),
        reason: format!("it is no customer's, but one of kind {}", facts.kind),
    })
    .help(format!(
        "the customers: recipack customer list{}",
        platform_option(args)
    )))
}

/// What the platform's API tells of a customer.
fn show_remote(
    context: &Context,
    args: &CustomerShowArgs,
    address: &RemoteAddress,
) -> Result<Exit, Stop> {
    let workspace = open_remote(context, &args.platform, address)?;
    let customer = workspace.customer().ok_or_else(|| {
        let error = WorkspaceError::NotOfKind {
            name: workspace.name().to_string(),
            reason: "it is the token's own, and no customer's".to_owned(),
        };
        Failure::from(error).help(format!(
            "the customers: recipack customer list --of {address}"
        ))
    })?;
    context.ui.print(&customer, |_| {
        let mut text = format!("{}\n", visible(&customer.address.to_string()));
        let _ = writeln!(text, "  {:<9} {}", "name", visible(&customer.name));
        let _ = writeln!(text, "  {:<9} {}", "number", customer.id);
        if let Some(external_id) = &customer.external_id {
            let _ = writeln!(text, "  {:<9} {}", "known as", visible(external_id));
        }
        text
    })?;
    Ok(Exit::Done)
}

fn show(context: &Context, args: &CustomerShowArgs) -> Result<Exit, Stop> {
    let name = match &args.name {
        Address::Local(name) => name,
        Address::Remote(address) => return show_remote(context, args, address),
    };
    let opened = open(context, &args.platform, "customer show")?;
    let customer = find(&opened, name, &args.platform)?;
    let document = shown(customer, &opened.workspace(name)?.inventory()?);
    context.ui.print(&document, told)?;
    Ok(Exit::Done)
}

fn told(document: &CustomerShowDocument) -> String {
    let customer = &document.customer;
    let workspace = &customer.workspace.workspace;
    let mut text = format!("{}\n", visible(&workspace.address.to_string()));
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<9} {}", visible(value));
    };
    if let Some(admin) = &workspace.admin {
        line("of", admin.as_str());
    }
    line("lives in", workspace.data_center.as_str());
    line("number", &workspace.id.to_string());
    if let Some(external_id) = &workspace.external_id {
        line("known as", external_id);
    }
    if !customer.labels.is_empty() {
        line("labels", &labels(&customer.labels));
    }
    line("recipes", &recipes(customer));
    if !document.shared.is_empty() {
        text.push_str("  shared connectors\n");
    }
    let mut table = Table::new([Align::Left; 3]);
    for shared in &document.shared {
        let recipes = counted(shared.recipes as u64, "recipe");
        table.row([
            shared.title.as_str(),
            &shared
                .version
                .map_or_else(String::new, |version| version.to_string()),
            &match shared.running {
                0 => recipes,
                running => format!("{recipes}, {running} running"),
            },
        ]);
    }
    text.push_str(&table.text("    "));
    text
}

fn label(context: &Context, args: &CustomerLabelArgs) -> Result<Exit, Stop> {
    let name = only_local(
        &args.name,
        "labelling a customer",
        "labels are kept in the local platform only",
    )?;
    let mut opened = open(context, &args.platform, "customer label")?;
    let before = find(&opened, name, &args.platform)?;
    for edit in &args.edits {
        if let LabelEdit::Remove(key) = edit
            && !before.labels.contains_key(key)
        {
            context.ui.talk(&format!(
                "{} has no label `{key}`\n",
                shell_word(name.as_str())
            ));
        }
    }
    opened.label_customer(name, &args.edits)?;
    context.did(format!("the labels of local:{} were changed", name));
    let customer = find(&opened, name, &args.platform)?;
    let document = CustomerLabelDocument {
        customer: (&customer.summary.facts).into(),
        labels: customer.labels,
    };
    context.ui.print(&document, |document| {
        let labels = match document.labels.is_empty() {
            true => "no labels".to_owned(),
            false => labels(&document.labels),
        };
        format!(
            "{}: {}\n",
            visible(&document.customer.address.to_string()),
            visible(&labels)
        )
    })?;
    Ok(Exit::Done)
}
