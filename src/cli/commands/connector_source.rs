//! `recipack connector push` and `recipack connector diff`: connectors by their sources.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::super::args::{ConnectorDiffArgs, ConnectorPushArgs, WithinArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform::now;
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::cli::workspace_command::{Asked, Subject};
use crate::connector_source::compare::{Difference, InterfaceDiff, OperationDiff, Verdict};
use crate::connector_source::wording::told;
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::model::ident::{ConnectorTitle, Version};
use crate::ops::workspace::connector_diff::{
    Compared, ConnectorDiffDocument, ConnectorDiffError, diff as diff_of, source_of,
};
use crate::ops::workspace::push::{
    ConnectorPushDocument, PushFailure, PushRequest, push as push_it,
};
use crate::plan::decision::shell_word;
use crate::plan::push::{PushEffect, PushError};

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes =
        limited::read(path, DOCUMENT).with_context(|| format!("can't read {}", path.display()))?;
    Ok(bytes)
}

pub(super) fn push(context: &Context, args: &ConnectorPushArgs) -> Result<Exit, Stop> {
    let asked = Asked {
        within: &args.within,
        subject: Subject::Connector,
        verb: "push",
    };
    let logo = match &args.logo {
        Some(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Some((name.into_owned(), read(path)?))
        }
        None => None,
    };
    let request = PushRequest {
        title: args.title.clone(),
        file: args.source.display().to_string(),
        source: read(&args.source)?,
        note: args.note.clone(),
        description: args.description.clone(),
        logo,
    };
    let document = push_it(
        asked.open(context)?.as_mut(),
        &args.within.address,
        &request,
        now(),
    )
    .map_err(|error| refused(args, error))?;
    context.did(pushed(&document, &asked));
    context.ui.findings(&document.findings);
    context
        .ui
        .print(&document, |document| pushed(document, &asked))?;
    Ok(Exit::Done)
}

fn refused(args: &ConnectorPushArgs, error: PushFailure) -> Failure {
    match error {
        PushFailure::Workspace(error) => error.into(),
        PushFailure::Refused(PushError::Customer { ref admin, .. }) => {
            let failure = Failure::of(Exit::Refused, "customer-workspace", &error);
            let admin = admin.as_deref().unwrap_or("ADMIN");
            let title = shell_word(args.title.as_str());
            let option = crate::cli::workspace_command::platform_option(&args.within.platform);
            failure.help(format!(
                "build it in the admin workspace, and share it:\n  \
                 recipack connector push {} --title {title} --in local:{admin}{option}\n  \
                 recipack connector release {title} --in local:{admin}{option}\n  \
                 recipack catalog share {title} --in local:{admin}{option}",
                shell_word(&args.source.display().to_string()),
            ))
        }
        PushFailure::Refused(PushError::NearTitle { ref there, .. }) => {
            let there = shell_word(there.as_str());
            Failure::of(Exit::Usage, "ambiguous", &error).help(format!(
                "for another version of that one: --title {there}; a connector of its own needs a title that is another one"
            ))
        }
        PushFailure::Source { finding, .. } => Failure {
            exit: Exit::Failed,
            told: vec![*finding],
            wait: None,
        },
        PushFailure::Logo { .. } => Failure::of(Exit::Failed, "logo", &error)
            .help("give a PNG or JPEG file, as the platform takes them"),
    }
}

fn pushed(document: &ConnectorPushDocument, asked: &Asked<'_>) -> String {
    let title = visible(document.title.as_str());
    let version = document
        .version
        .map_or_else(|| "a version".to_owned(), |version| version.to_string());
    let mut text = match document.effect {
        PushEffect::Creates => format!(
            "connector \"{title}\": created with {version}, as {}\n",
            document.internal_name
        ),
        PushEffect::Adds => format!("connector \"{title}\": {version} is added\n"),
        PushEffect::Unchanged => format!("connector \"{title}\": {version} is the same already\n"),
    };
    if document.version.is_some() && document.released == document.version {
        return text;
    }
    let _ = match document.released {
        Some(released) => write!(text, "  recipes run {released}"),
        None => write!(text, "  no version is released"),
    };
    let _ = writeln!(
        text,
        "; to release it: recipack connector release {} {}",
        visible(&shell_word(document.title.as_str())),
        asked.options()
    );
    text
}

/// `TITLE@N`, if it is that.
fn version_of(text: &str) -> Option<(&str, Version)> {
    let (title, number) = text.rsplit_once('@')?;
    title.parse::<ConnectorTitle>().ok()?;
    number.parse().ok().map(|number| (title, Version(number)))
}

pub(super) fn diff(context: &Context, args: &ConnectorDiffArgs) -> Result<Exit, Stop> {
    let (old, new) = (
        compared(context, args, &args.a)?,
        compared(context, args, &args.b)?,
    );
    let document = diff_of(&old, &new).map_err(|error| failure(args, &args.a, error))?;
    context.ui.print(&document, difference)?;
    let diff = &document.diff;
    let differs = document.old.source != document.new.source
        && (!diff.actions.is_empty()
            || !diff.triggers.is_empty()
            || diff.verdict != Verdict::Compatible);
    Ok(if args.detailed_exitcode && differs {
        Exit::Differences
    } else {
        Exit::Done
    })
}

fn compared(context: &Context, args: &ConnectorDiffArgs, text: &str) -> Result<Compared, Failure> {
    let path = Path::new(text);
    let version = version_of(text).filter(|_| !path.is_file());
    let (title, version) = match (version, &args.address) {
        (Some(version), Some(_)) => version,
        (Some(_), None) => {
            return Err(Failure::usage(format!(
                "there is no file {text}, and it is not said which workspace has that version"
            ))
            .help("say it with --in local:NAME"));
        }
        (None, _) => {
            return Ok(Compared {
                name: text.to_owned(),
                source: read(path)?,
            });
        }
    };
    let within = within(args)?;
    let workspace = asked(&within).open(context)?;
    source_of(workspace.as_ref(), title, version).map_err(|error| failure(args, title, error))
}

fn within(args: &ConnectorDiffArgs) -> Result<WithinArgs, Failure> {
    match &args.address {
        Some(address) => Ok(WithinArgs {
            address: address.clone(),
            platform: args.platform.clone(),
        }),
        None => Err(Failure::usage("it is not said which workspace is meant")
            .help("say it with --in local:NAME")),
    }
}

fn asked(within: &WithinArgs) -> Asked<'_> {
    Asked {
        within,
        subject: Subject::Connector,
        verb: "versions",
    }
}

fn failure(args: &ConnectorDiffArgs, named: &str, error: ConnectorDiffError) -> Failure {
    let versions = |title: &ConnectorTitle| {
        let word = shell_word(title.as_str());
        within(args).map_or_else(
            |_| String::new(),
            |within| {
                format!(
                    "recipack connector versions {word} {}",
                    asked(&within).options()
                )
            },
        )
    };
    match error {
        ConnectorDiffError::Workspace(error) => error.into(),
        ConnectorDiffError::Pick(error) => match within(args) {
            Ok(within) => asked(&within).inspect(error.into()),
            Err(failure) => failure,
        },
        ConnectorDiffError::NoVersion {
            ref title,
            ref there,
            ..
        } => {
            let there: Vec<String> = there.iter().map(|version| version.0.to_string()).collect();
            Failure::of(Exit::Failed, "no-version", &error).help(format!(
                "it has {}: {}",
                there.join(", "),
                versions(title)
            ))
        }
        ConnectorDiffError::NoCode { ref title, .. } => {
            Failure::of(Exit::Failed, "no-code", &error).help(format!(
                "only versions that were pushed or imported here have code: {}",
                versions(title)
            ))
        }
        ConnectorDiffError::Source(told) => {
            let _ = named;
            Failure {
                exit: Exit::Failed,
                told,
                wait: None,
            }
        }
    }
}

fn difference(document: &ConnectorDiffDocument) -> String {
    let InterfaceDiff {
        verdict,
        incomplete,
        actions,
        triggers,
    } = &document.diff;
    let mut text = String::new();
    for (kind, operations) in [("trigger", triggers), ("action", actions)] {
        for (name, diff) in operations {
            text.push_str(&operation(kind, name.as_str(), diff));
        }
    }
    if let Some(version) = incomplete {
        let _ = writeln!(
            text,
            "? there may be more actions and triggers than could be read, in the {version} version"
        );
    }
    let same = document.old.source == document.new.source;
    let _ = writeln!(
        text,
        "{} → {}: {}",
        visible(&document.old.name),
        visible(&document.new.name),
        match (same, verdict) {
            (true, _) => "the same source",
            (false, verdict) => word(*verdict),
        }
    );
    text
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Compatible => "compatible",
        Verdict::CantTell => "can't tell",
        Verdict::Breaking => "breaking",
    }
}

fn operation(kind: &str, name: &str, diff: &OperationDiff) -> String {
    let (sign, changes) = match &diff.difference {
        Difference::Added => ('+', &[][..]),
        Difference::Removed => ('-', &[][..]),
        Difference::Changed { changes } => ('~', &changes[..]),
    };
    let mut text = format!(
        "{sign} {kind} `{}`  {}\n",
        visible(name),
        word(diff.verdict)
    );
    for change in changes {
        let sign = match change.verdict {
            Verdict::Compatible => ' ',
            Verdict::CantTell => '?',
            Verdict::Breaking => '!',
        };
        let _ = writeln!(text, "    {sign} {}", visible(&told(&change.what)));
    }
    text
}
