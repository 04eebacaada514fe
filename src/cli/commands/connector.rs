//! `recipack connector`: the custom connectors that a workspace can use.

use std::fmt::Write as _;

use super::super::args::{ConnectorArgs, ConnectorCommand, ConnectorListArgs};
use super::super::exit::Exit;
use super::super::platform::now;
use super::super::table::{Align, Table};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::cli::workspace_command::{Asked, Subject};
use crate::model::count::counted;
use crate::model::workspace::VersionsKnown;
use crate::ops::workspace::inspect::{
    ConnectorLine, ConnectorOrigin, ConnectorShowDocument, ConnectorUsageDocument,
    ConnectorVersionsDocument, VersionLine, connector, connectors, usage as usage_of,
    versions as versions_of,
};
use crate::ops::workspace::operate::{ConnectorReleaseDocument, Effect, release as release_it};

pub(crate) fn run(context: &Context, command: &ConnectorCommand) -> Result<Exit, Stop> {
    match command {
        ConnectorCommand::List(args) => list(context, args),
        ConnectorCommand::Show(args) => show(context, args),
        ConnectorCommand::Versions(args) => versions(context, args),
        ConnectorCommand::Usage(args) => usage(context, args),
        ConnectorCommand::Push(args) => super::connector_source::push(context, args),
        ConnectorCommand::Pull(args) => super::connector_pull::run(context, args),
        ConnectorCommand::Diff(args) => super::connector_source::diff(context, args),
        ConnectorCommand::Release(args) => release(context, args),
    }
}

fn asked<'a>(args: &'a ConnectorArgs, verb: &'static str) -> Asked<'a> {
    Asked {
        within: &args.within,
        subject: Subject::Connector,
        verb,
    }
}

fn list(context: &Context, args: &ConnectorListArgs) -> Result<Exit, Stop> {
    let asked = Asked {
        within: &args.within,
        subject: Subject::Connector,
        verb: "list",
    };
    let document = connectors(asked.open(context)?.as_ref(), &args.within.address)
        .map_err(|error| asked.inspect(error))?;
    context.ui.print(&document, |document| {
        if document.connectors.is_empty() {
            context.ui.talk("no connectors\n");
        }
        lines(&document.connectors, "")
    })?;
    Ok(Exit::Done)
}

/// Connectors in lines.
pub(super) fn lines(connectors: &[ConnectorLine], indent: &str) -> String {
    let mut table =
        Table::new([Align::Left; 5]).headed(["TITLE", "RUNS", "LATEST", "USED BY", "NAME"]);
    for connector in connectors {
        table.row([
            connector.title.as_str(),
            &released(connector),
            &match (connector.origin, connector.latest) {
                (_, Some(latest)) => format!("latest {latest}"),
                (ConnectorOrigin::Own, None) => "latest unknown".to_owned(),
                (ConnectorOrigin::Shared, None) => String::new(),
            },
            &used_by(connector),
            connector.internal_name.as_str(),
        ]);
    }
    table.text(indent)
}

fn released(connector: &ConnectorLine) -> String {
    match (connector.origin, connector.released) {
        (ConnectorOrigin::Own, Some(version)) => format!("released {version}"),
        (ConnectorOrigin::Own, None) => match connector.known {
            VersionsKnown::All | VersionsKnown::Released => "not released".to_owned(),
            VersionsKnown::Nothing => "released unknown".to_owned(),
        },
        (ConnectorOrigin::Shared, Some(version)) => format!("shared {version}"),
        (ConnectorOrigin::Shared, None) => "not shared".to_owned(),
    }
}

fn used_by(connector: &ConnectorLine) -> String {
    let recipes = counted(connector.recipes as u64, "recipe");
    match connector.running {
        0 => recipes,
        running => format!("{recipes}, {running} running"),
    }
}

fn show(context: &Context, args: &ConnectorArgs) -> Result<Exit, Stop> {
    let asked = asked(args, "show");
    let document = connector(
        asked.open(context)?.as_ref(),
        &args.within.address,
        &args.connector,
    )
    .map_err(|error| asked.inspect(error))?;
    context.ui.print(&document, shown)?;
    Ok(Exit::Done)
}

fn shown(document: &ConnectorShowDocument) -> String {
    let connector = &document.connector;
    let mut text = String::new();
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<9} {}", visible(value));
    };
    line("name", connector.internal_name.as_str());
    match connector.origin {
        ConnectorOrigin::Own => line("origin", "the workspace's own"),
        ConnectorOrigin::Shared => line("origin", "shared by the admin workspace"),
    }
    match &document.released {
        Some(version) => line("runs", &told(version)),
        None => match connector.known {
            VersionsKnown::All | VersionsKnown::Released => {
                line("runs", "no version, since none is released");
            }
            VersionsKnown::Nothing => line("runs", "an unknown version"),
        },
    }
    if let Some(visibility) = document.visibility {
        line("source", visibility.as_str());
    }
    match (&document.latest, connector.origin) {
        (Some(latest), _) => line("latest", &told(latest)),
        (None, ConnectorOrigin::Own) => line("latest", "unknown"),
        (None, ConnectorOrigin::Shared) => {}
    }
    let code = document.released.as_ref().or(document.latest.as_ref());
    if let Some(code) = code.and_then(|version| version.code) {
        line("code", &code.to_string());
    }
    let connections = counted(connector.connections as u64, "connection");
    line("used by", &format!("{}; {connections}", used_by(connector)));
    format!(
        "connector \"{}\"\n{text}",
        visible(connector.title.as_str())
    )
}

/// A version in a few words.
fn told(version: &VersionLine) -> String {
    let mut text = version.number.to_string();
    if let Some(at) = version.created_at {
        let _ = write!(text, ", made {}", at.utc());
    }
    match version.released_at {
        Some(at) => {
            let _ = write!(text, ", released {}", at.utc());
        }
        None if version.is_released => text.push_str(", released"),
        None => {}
    }
    if let Some(note) = &version.note {
        let _ = write!(text, ": {note}");
    }
    text
}

fn versions(context: &Context, args: &ConnectorArgs) -> Result<Exit, Stop> {
    let asked = asked(args, "versions");
    let document = versions_of(
        asked.open(context)?.as_ref(),
        &args.within.address,
        &args.connector,
    )
    .map_err(|error| asked.inspect(error))?;
    context.ui.print(&document, version_lines)?;
    Ok(Exit::Done)
}

fn version_lines(document: &ConnectorVersionsDocument) -> String {
    let mut table =
        Table::new([Align::Left; 6]).headed(["VERSION", "RUNS", "MADE", "RELEASED", "WAS", "NOTE"]);
    for version in &document.versions {
        let runs = document.connector.released == Some(version.number);
        let at = |what: &str, at: Option<crate::model::workspace::Timestamp>| {
            at.map_or_else(String::new, |at| format!("{what} {}", at.utc()))
        };
        table.row([
            &version.number.to_string(),
            if runs { "runs" } else { "" },
            &at("made", version.created_at),
            &match version.released_at {
                None if version.is_released => "released".to_owned(),
                released => at("released", released),
            },
            &version
                .source_version
                .map_or_else(String::new, |source| format!("was {source}")),
            version.note.as_deref().unwrap_or_default(),
        ]);
    }
    table.text("")
}

fn usage(context: &Context, args: &ConnectorArgs) -> Result<Exit, Stop> {
    let asked = asked(args, "usage");
    let document = usage_of(
        asked.open(context)?.as_ref(),
        &args.within.address,
        &args.connector,
    )
    .map_err(|error| asked.inspect(error))?;
    context.ui.print(&document, |document| {
        if document.recipes.is_empty() && document.connections.is_empty() {
            context.ui.talk("nothing uses it\n");
        }
        users(document)
    })?;
    Ok(Exit::Done)
}

fn users(document: &ConnectorUsageDocument) -> String {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left]);
    for recipe in &document.recipes {
        table.row([
            "recipe",
            &recipe.id.to_string(),
            recipe.state.as_str(),
            &recipe.folder.label(&recipe.name),
        ]);
    }
    for connection in &document.connections {
        table.row([
            "connection",
            &connection.id.to_string(),
            connection.state.as_str(),
            &connection.folder.label(&connection.name),
        ]);
    }
    table.text("")
}

fn release(context: &Context, args: &ConnectorArgs) -> Result<Exit, Stop> {
    let asked = asked(args, "release");
    let document = release_it(
        asked.open(context)?.as_mut(),
        &args.within.address,
        &args.connector,
        now(),
    )
    .map_err(|error| asked.operate(error))?;
    context.did(release_text(&document));
    context.ui.findings(&document.findings);
    context.ui.print(&document, release_text)?;
    Ok(Exit::Done)
}

fn release_text(document: &ConnectorReleaseDocument) -> String {
    let title = visible(document.title.as_str());
    let released = document.released;
    let mut text = match (document.effect, document.before) {
        (Effect::Unchanged, _) => format!("connector \"{title}\": {released} was released\n"),
        (Effect::Changed, None) => format!("connector \"{title}\": {released} is released\n"),
        (Effect::Changed, Some(before)) => {
            format!("connector \"{title}\": {released} is released, after {before}\n")
        }
    };
    let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left]);
    for recipe in &document.recipes {
        table.row([
            "moves",
            &recipe.id.to_string(),
            recipe.state.as_str(),
            &recipe.folder.label(&recipe.name),
        ]);
    }
    text.push_str(&table.text("  "));
    text
}
