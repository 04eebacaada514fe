//! `recipack status`: how a workspace is, and what in it needs a person.

use std::fmt::Write as _;

use super::super::args::StatusArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::reports::{Reporter, around};
use super::super::ui::{Volume, visible};
use super::super::{Context, Stop};
use super::history::deed;
use crate::cli::connect::open;
use crate::cli::workspace_command::{kind_with_admin, platform_option};
use crate::model::count::counted;
use crate::model::workspace::{ReadDepth, RecipeState};
use crate::ops::workspace::status::{Drift, StatusDocument, StatusError, StatusRequest, status};
use crate::plan::decision::shell_word;
use crate::report::items;

/// How many lines of one sort are printed before the rest is only counted.
const SHOWN: usize = 20;

pub(crate) fn run(context: &Context, args: &StatusArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "status", |reporter| {
        work(context, args, reporter)
    })
}

fn work(context: &Context, args: &StatusArgs, reporter: &mut Reporter) -> Result<Exit, Stop> {
    reporter.subject(args.address.to_string());
    let workspace = open(context, &args.platform, &args.address, "status")?;
    workspace.read_as(args.read.unwrap_or(ReadDepth::Slim));
    let address = shell_word(&args.address.to_string());
    let platform = platform_option(&args.platform);
    let within = format!("--in {address}{platform}");
    let request = StatusRequest {
        address: &args.address,
        folder: args.folder.as_ref(),
        within: &within,
    };
    let document = status(workspace.as_ref(), &request).map_err(|error| match error {
        StatusError::Workspace(error) => Failure::from(error),
        StatusError::Record(error) => error.into(),
        StatusError::Pick(error) => Failure::names(
            &[error],
            &format!("recipack workspace show {address}{platform}"),
            "{}",
        ),
    })?;
    reporter.items(|| items::of_status(&document));
    context
        .ui
        .print(&document, |document| text(document, context.ui.volume))?;
    Ok(match args.detailed_exitcode && document.needs_person() {
        true => Exit::Differences,
        false => Exit::Done,
    })
}

fn text(document: &StatusDocument, volume: Volume) -> String {
    let mut text = heading(document);
    let shown = match volume {
        Volume::Verbose => usize::MAX,
        Volume::Quiet | Volume::Normal => SHOWN,
    };
    let mut section = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(text, "{title}");
        for line in lines.iter().take(shown) {
            let _ = writeln!(text, "  {}", visible(line));
        }
        if lines.len() > shown {
            let _ = writeln!(
                text,
                "  … and {} more; --verbose shows them",
                lines.len() - shown
            );
        }
    };
    section("Changed by hand since", drift(document, volume));
    let stopped = document.stopped.iter();
    section(
        "Stopped, and ran before the newest revision",
        stopped
            .map(|recipe| recipe.folder.label(&recipe.name))
            .collect(),
    );
    let blocked = document.blocked.iter().map(|recipe| {
        let obstacles = recipe.obstacles.iter();
        let why: Vec<&str> = obstacles.map(|obstacle| &*obstacle.message).collect();
        format!("{}: {}", recipe.folder.label(&recipe.name), why.join("; "))
    });
    section("Can't start", blocked.collect());
    let waiting = document.connections.iter().map(|connection| {
        let name = connection.folder.label(&connection.name);
        match connection.recipes {
            0 => name,
            many => {
                let recipes = counted(many as u64, "recipe");
                let waits = if many == 1 { "waits" } else { "wait" };
                format!("{name}: {recipes} {waits} for it")
            }
        }
    });
    section("Not authorized", waiting.collect());
    let unreleased = document.unreleased.iter().map(|connector| {
        let version = |version: Option<_>, none: &str| {
            version.map_or_else(
                || none.to_owned(),
                |v: crate::model::ident::Version| v.to_string(),
            )
        };
        format!(
            "{}: {} is the newest, and recipes run {}",
            connector.title,
            version(connector.latest, "none"),
            version(connector.released, "none")
        )
    });
    section("Not released", unreleased.collect());
    let shared = document.shared.iter().map(|connector| {
        let version = connector
            .released
            .map_or_else(String::new, |v| format!(" {v}"));
        format!(
            "{}{version}: {}",
            connector.title,
            counted(connector.recipes as u64, "recipe")
        )
    });
    section("Shared connectors in use", shared.collect());
    let next = document
        .next
        .iter()
        .map(|step| format!("{}\n      {}", visible(&step.because), visible(&step.help)));
    let next: Vec<String> = next.collect();
    if next.is_empty() {
        text.push_str("Nothing needs a person.\n");
    } else {
        text.push_str("Next\n");
        for step in next {
            let _ = writeln!(text, "  {step}");
        }
    }
    text
}

fn heading(document: &StatusDocument) -> String {
    let workspace = &document.workspace;
    let mut text = format!("{}\n", workspace.address);
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<9} {}", visible(value));
    };
    line(
        "kind",
        &kind_with_admin(workspace.kind, workspace.admin.as_ref()),
    );
    if let Some(folder) = &document.folder {
        line("folder", folder.as_str());
    }
    if document.reading == ReadDepth::Slim {
        line(
            "read",
            "lists, and the rest earlier; --read full reads it anew",
        );
    }
    match &document.revision {
        Some(revision) => line(
            "revision",
            &format!(
                "{}, {} by {} ({})",
                revision.number,
                deed(revision),
                revision.who,
                revision.at.utc()
            ),
        ),
        None => line("revision", "none yet"),
    }
    let counts = &document.counts;
    line(
        "holds",
        &format!(
            "{}, {} running; {}, {} not authorized; {}; {}",
            counted(counts.recipes as u64, "recipe"),
            counts.running,
            counted(counts.connections as u64, "connection"),
            counts.not_authorized,
            counted(counts.others as u64, "other asset"),
            counted(counts.connectors as u64, "connector")
        ),
    );
    text
}

/// What is not as the newest revision left it. Starts by hand are what is expected after an import,
/// so they are only counted.
fn drift(document: &StatusDocument, volume: Volume) -> Vec<String> {
    let mut lines = Vec::new();
    let mut started = 0_u64;
    for drift in &document.drift {
        lines.push(match drift {
            Drift::Removed { id, name } => match name {
                Some(name) => format!("\"{name}\" is gone"),
                None => format!("the asset with number {id} is gone"),
            },
            Drift::Changed {
                name,
                folder,
                left,
                found,
                ..
            } => format!("{}: {left} → {found}", folder.label(name)),
            Drift::Recipe {
                name,
                folder,
                found,
                ..
            } => match found {
                RecipeState::Running if volume < Volume::Verbose => {
                    started += 1;
                    continue;
                }
                RecipeState::Running => format!("{}: started", folder.label(name)),
                RecipeState::Stopped => format!("{}: stopped", folder.label(name)),
            },
            Drift::Connector { title, left, found } => match found {
                Some(found) => format!("{title}: {left} → {found}"),
                None => format!("{title}: {left} is not released"),
            },
        });
    }
    if started > 0 {
        lines.push(format!("{} started", counted(started, "recipe")));
    }
    lines
}
