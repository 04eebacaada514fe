//! `recipack connector pull`: a connector's files from a workspace.

use std::path::PathBuf;

use super::super::args::ConnectorPullArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::cli::workspace_command::{Asked, Subject};
use crate::model::workspace::Address;
use crate::ops::workspace::inspect::InspectError;
use crate::ops::workspace::pull::{ConnectorPullDocument, PullError, PulledConnector, pull};
use crate::plan::decision::shell_word;

pub(super) fn run(context: &Context, args: &ConnectorPullArgs) -> Result<Exit, Stop> {
    let asked = Asked {
        within: &args.within,
        subject: Subject::Connector,
        verb: "pull",
    };
    let workspace = asked.open(context)?;
    let pulled = pull(workspace.as_ref(), &args.connector, args.version)
        .map_err(|error| failure(&asked, error))?;
    let files = write(args, &pulled)?;
    let document = ConnectorPullDocument {
        workspace: args.within.address.clone(),
        title: pulled.title,
        internal_name: pulled.internal_name,
        version: pulled.version,
        files: files
            .iter()
            .map(|file| file.display().to_string())
            .collect(),
    };
    context.ui.print(&document, text)?;
    Ok(Exit::Done)
}

/// All paths are looked at before anything is written.
fn write(args: &ConnectorPullArgs, pulled: &PulledConnector) -> Result<Vec<PathBuf>, Failure> {
    if !args.output.is_dir() {
        let message = format!("{} is no folder", args.output.display());
        return Err(Failure::new(Exit::Usage, "output-taken", message)
            .help("make it first, or name another one; nothing was written"));
    }
    let platform = match &args.within.address {
        Address::Local(_) => Some(super::super::platform::path(&args.within.platform)?),
        Address::Remote(_) => None,
    };
    let inputs: Vec<_> = platform.as_deref().into_iter().collect();
    let mut outputs = Vec::new();
    for file in &pulled.files {
        let path = args.output.join(&file.name);
        let output = OutputPath::check(&path, Content::Connector, (&args.force).into(), &inputs)?;
        outputs.push((output, &file.bytes));
    }
    for (output, bytes) in &outputs {
        output.write(bytes)?;
    }
    let paths = outputs.iter().map(|(output, _)| output.path().to_owned());
    Ok(paths.collect())
}

pub(super) fn failure(asked: &Asked<'_>, error: PullError) -> Failure {
    match error {
        PullError::Workspace(error) => error.into(),
        PullError::Pick(error) => asked.inspect(InspectError::Pick(error)),
        PullError::NoVersion {
            ref title,
            ref there,
            ..
        } => {
            let there: Vec<String> = there.iter().map(ToString::to_string).collect();
            Failure::of(Exit::Failed, "no-version", &error).help(format!(
                "there are: {}; more of them: recipack connector versions {} {}",
                there.join(", "),
                shell_word(title.as_str()),
                asked.options()
            ))
        }
        PullError::NoCode { .. } => Failure::of(Exit::Failed, "no-code", &error).help(
            "pull it from the workspace in which it is built, with a token that may read its source",
        ),
    }
}

fn text(document: &ConnectorPullDocument) -> String {
    let version = document.version.map_or_else(
        || "an unknown version".to_owned(),
        |version| version.to_string(),
    );
    let mut text = format!(
        "connector \"{}\": {version}\n",
        visible(document.title.as_str())
    );
    for file in &document.files {
        text.push_str(&format!("  {}\n", visible(file)));
    }
    text
}
