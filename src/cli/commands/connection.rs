//! `recipack connection`: the connections of a workspace.

use super::super::args::{ConnectionAuthorizeArgs, ConnectionCommand, ConnectionListArgs};
use super::super::exit::Exit;
use super::super::table::{Align, Table};
use super::super::{Context, Stop};
use crate::cli::workspace_command::{Asked, Subject};
use crate::model::count::counted;
use crate::ops::workspace::inspect::{ConnectionLine, connections};
use crate::ops::workspace::operate::{Effect, Which, authorize as authorize_them};

pub(crate) fn run(context: &Context, command: &ConnectionCommand) -> Result<Exit, Stop> {
    match command {
        ConnectionCommand::List(args) => list(context, args),
        ConnectionCommand::Authorize(args) => authorize(context, args),
    }
}

fn list(context: &Context, args: &ConnectionListArgs) -> Result<Exit, Stop> {
    let asked = Asked {
        within: &args.within,
        subject: Subject::Connection,
        verb: "list",
    };
    let document = connections(asked.open(context)?.as_ref(), &args.within.address)
        .map_err(|error| asked.inspect(error))?;
    context.ui.print(&document, |document| {
        if document.connections.is_empty() {
            context.ui.talk("no connections\n");
        }
        lines(&document.connections)
    })?;
    Ok(Exit::Done)
}

fn lines(connections: &[ConnectionLine]) -> String {
    let mut table = Table::new([
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
    ])
    .headed(["ID", "STATE", "APPLICATION", "USED BY", "CONNECTION"]);
    for connection in connections {
        let application = match (&connection.connector, &connection.application) {
            (Some(title), _) => format!("\"{title}\""),
            (None, Some(application)) => application.clone(),
            (None, None) => "-".to_owned(),
        };
        table.row([
            &connection.id.to_string(),
            connection.state.as_str(),
            &application,
            &connection.recipes.map_or_else(
                || "recipes unknown".to_owned(),
                |recipes| counted(recipes as u64, "recipe"),
            ),
            &connection.folder.label(&connection.name),
        ]);
    }
    table.text("")
}

fn authorize(context: &Context, args: &ConnectionAuthorizeArgs) -> Result<Exit, Stop> {
    let asked = Asked {
        within: &args.within,
        subject: Subject::Connection,
        verb: "authorize",
    };
    let which = if args.all {
        Which::All
    } else {
        Which::Named(args.connections.clone())
    };
    let document = authorize_them(asked.open(context)?.as_mut(), &args.within.address, &which)
        .map_err(|error| asked.operate(error))?;
    context.did(format!(
        "{}: {} authorized",
        args.within.address,
        counted(document.connections.len() as u64, "connection")
    ));
    context.ui.print(&document, |document| {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        for connection in &document.connections {
            let done = match connection.effect {
                Effect::Changed => "authorized",
                Effect::Unchanged => "was authorized",
            };
            table.row([
                done,
                &connection.id.to_string(),
                &connection.folder.label(&connection.name),
            ]);
        }
        if document.connections.is_empty() {
            context.ui.talk("no connections\n");
        } else {
            context
                .ui
                .talk("note: this only marks them; the local platform keeps no credentials\n");
        }
        table.text("")
    })?;
    Ok(Exit::Done)
}
