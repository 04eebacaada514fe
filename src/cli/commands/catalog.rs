//! `recipack catalog`: the connectors that an admin workspace shares with its customers.

use std::fmt::Write as _;

use super::super::args::{
    CatalogCommand, CatalogDiffArgs, CatalogListArgs, CatalogPullArgs, CatalogShowArgs, WithinArgs,
};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath};
use super::super::platform;
use super::super::request::full_catalogue_file;
use super::super::table::{Align, Table};
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use super::catalog_change;
use crate::cli::workspace_command::{Asked, Subject};
use crate::model::catalogue::{SharedVersion, Visibility};
use crate::model::count::counted;
use crate::model::ident::Version;
use crate::model::workspace::Sharing;
use crate::ops::workspace::catalog::{
    CatalogLine, CatalogListDocument, CatalogPullDocument, CatalogShowDocument, catalogue, diff,
    list as list_of, show as show_one,
};
use crate::plan::sharing::{Step, StepAction};

pub(crate) fn run(context: &Context, command: &CatalogCommand) -> Result<Exit, Stop> {
    match command {
        CatalogCommand::List(args) => list(context, args),
        CatalogCommand::Show(args) => show(context, args),
        CatalogCommand::Share(args) => catalog_change::share(context, args),
        CatalogCommand::Update(args) => catalog_change::update(context, args),
        CatalogCommand::Switch(args) => catalog_change::switch(context, args),
        CatalogCommand::Remove(args) => catalog_change::remove(context, args),
        CatalogCommand::Diff(args) => compare(context, args),
        CatalogCommand::Apply(args) => catalog_change::apply(context, args),
        CatalogCommand::Pull(args) => pull(context, args),
    }
}

/// A command about the catalogue of a workspace.
pub(super) const fn asked<'a>(within: &'a WithinArgs, verb: &'static str) -> Asked<'a> {
    Asked {
        within,
        subject: Subject::Catalog,
        verb,
    }
}

fn list(context: &Context, args: &CatalogListArgs) -> Result<Exit, Stop> {
    let asked = asked(&args.within, "list");
    let document = list_of(asked.open(context)?.as_ref(), &args.within.address)
        .map_err(|error| asked.catalog(None, error))?;
    context.ui.print(&document, |document| {
        if document.connectors.is_empty() {
            context.ui.talk("no connectors\n");
        }
        lines(document)
    })?;
    Ok(Exit::Done)
}

fn lines(document: &CatalogListDocument) -> String {
    let mut table =
        Table::new([Align::Left; 5]).headed(["TITLE", "SHARED", "RELEASED", "USED BY", "NAME"]);
    for line in &document.connectors {
        table.row([
            line.title.as_str(),
            &shared(line),
            &released(line),
            &used_by(line),
            line.internal_name.as_str(),
        ]);
    }
    table.text("")
}

fn shared(line: &CatalogLine) -> String {
    match (line.shared, line.visibility) {
        (SharedVersion::At(version), Some(visibility)) => sharing(Sharing {
            version,
            visibility,
        }),
        (SharedVersion::At(version), None) => version.to_string(),
        (SharedVersion::None, _) => "not shared".to_owned(),
        (SharedVersion::Unsaid, _) => "not known whether shared".to_owned(),
    }
}

/// How a connector is shared, in a few words.
pub(super) fn sharing(sharing: Sharing) -> String {
    let comma = match sharing.visibility {
        Visibility::Open | Visibility::Closed => "",
        Visibility::Unknown => ",",
    };
    format!("{}{comma} {}", sharing.version, source(sharing.visibility))
}

/// Whether customers may see a shared connector's source, in a few words.
pub(super) const fn source(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Open => "open-source",
        Visibility::Closed => "closed-source",
        Visibility::Unknown => "open or closed source unknown",
    }
}

fn released(line: &CatalogLine) -> String {
    if line.released.is_empty() {
        return "none released".to_owned();
    }
    let versions: Vec<String> = line.released.iter().map(Version::to_string).collect();
    let mut text = format!("released {}", versions.join(", "));
    if let Some(latest) = line
        .latest
        .filter(|latest| Some(latest) > line.released.last())
    {
        let _ = write!(text, "; latest {latest}");
    }
    text
}

fn used_by(line: &CatalogLine) -> String {
    if line.recipes == 0 {
        return "no recipe".to_owned();
    }
    let mut text = format!(
        "{} of {}",
        counted(line.recipes as u64, "recipe"),
        counted(line.customers as u64, "customer")
    );
    if line.running > 0 {
        let _ = write!(text, ", {} running", line.running);
    }
    text
}

fn show(context: &Context, args: &CatalogShowArgs) -> Result<Exit, Stop> {
    let asked = asked(&args.within, "show");
    let document = show_one(
        asked.open(context)?.as_ref(),
        &args.within.address,
        &args.connector,
    )
    .map_err(|error| asked.catalog(Some(&args.connector), error))?;
    context.ui.print(&document, shown)?;
    Ok(Exit::Done)
}

fn shown(document: &CatalogShowDocument) -> String {
    let connector = &document.connector;
    let mut text = format!("connector \"{}\"\n", visible(connector.title.as_str()));
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<9} {}", visible(value));
    };
    line("name", connector.internal_name.as_str());
    line("shared", &shared(connector));
    line(
        "released",
        released(connector).trim_start_matches("released "),
    );
    line("lives in", document.data_center.as_str());
    line("reaches", &counted(document.reaches as u64, "customer"));
    line("used by", &used_by(connector));
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Left]);
    for user in &document.users {
        table.row([
            &user.customer.to_string(),
            user.state.as_str(),
            &user.id.to_string(),
            &user.folder.label(&user.name),
        ]);
    }
    text.push_str(&table.text("    "));
    text
}

fn compare(context: &Context, args: &CatalogDiffArgs) -> Result<Exit, Stop> {
    let asked = asked(&args.within, "diff");
    let file = full_catalogue_file(&args.file)?;
    let name = args.file.display().to_string();
    let document = diff(
        asked.open(context)?.as_ref(),
        &args.within.address,
        &name,
        &file,
    )
    .map_err(|error| asked.catalog(None, error))?;
    context.ui.print(&document, |document| {
        let mut text: String = document.differences.iter().map(step).collect();
        if text.is_empty() {
            text = format!(
                "{} shares what {} says\n",
                visible(&document.workspace.to_string()),
                visible(&document.file)
            );
        }
        text
    })?;
    Ok(
        if args.detailed_exitcode && !document.differences.is_empty() {
            Exit::Differences
        } else {
            Exit::Done
        },
    )
}

/// A step in a line.
pub(super) fn step(step: &Step) -> String {
    let sign = match step.action {
        StepAction::Share => '+',
        StepAction::Update | StepAction::Switch | StepAction::Visibility => '~',
        StepAction::Remove => '-',
        StepAction::Keep => '=',
    };
    let title = visible(step.title.as_str());
    let what = match (step.before, step.after) {
        (None, None) => "not shared".to_owned(),
        (None, Some(after)) => format!("share {}", sharing(after)),
        (Some(before), None) => format!("remove {}", sharing(before)),
        (Some(before), Some(after)) if before == after => format!("shared {}", sharing(after)),
        (Some(before), Some(after)) if before.visibility == after.visibility => format!(
            "{} {} → {}, {}",
            step.action,
            before.version,
            after.version,
            source(after.visibility)
        ),
        (Some(before), Some(after)) => {
            format!("{} {} → {}", step.action, sharing(before), sharing(after))
        }
    };
    format!("{sign} {title}  {what}\n")
}

fn pull(context: &Context, args: &CatalogPullArgs) -> Result<Exit, Stop> {
    let asked = asked(&args.within, "pull");
    let output = match &args.output {
        Some(output) => {
            let platform = platform::path(&args.within.platform).ok();
            let inputs: Vec<&std::path::Path> = platform.as_deref().into_iter().collect();
            let replacing = (&args.force).into();
            Some(OutputPath::check(
                output,
                Content::Catalogue,
                replacing,
                &inputs,
            )?)
        }
        None => None,
    };
    let catalogue = catalogue(asked.open(context)?.as_ref()).map_err(Failure::from)?;
    let file = catalogue.file();
    if let Some(output) = &output {
        output.write(file.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
    }
    match (context.ui.format, &args.output) {
        (_, Some(output)) if output == std::path::Path::new("-") => {}
        (Format::Json, output) => context.ui.document(&CatalogPullDocument {
            workspace: args.within.address.clone(),
            file: output.as_ref().map(|output| output.display().to_string()),
            sha256: catalogue.digest(),
            connectors: catalogue.entries().to_vec(),
        })?,
        (Format::Text, None) => context.ui.result(&file)?,
        (Format::Text, Some(output)) => {
            let entries = catalogue.entries();
            let shared = entries
                .iter()
                .filter(|entry| entry.shared_version.version().is_some());
            context.ui.result(&format!(
                "{}: {}, {} shared\n",
                visible(&output.display().to_string()),
                counted(entries.len() as u64, "connector"),
                shared.count()
            ))?;
        }
    }
    Ok(Exit::Done)
}
