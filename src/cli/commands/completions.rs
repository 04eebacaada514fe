//! `recipack completions`: a completion script for a shell.

use clap::CommandFactory as _;

use super::super::args::{Cli, CompletionsArgs};
use super::super::exit::Exit;
use super::super::ui::Format;
use super::super::{Context, Stop};
use crate::ops::export::documents::CompletionsDocument;

pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "recipack", &mut script);
    let script = String::from_utf8_lossy(&script);
    match context.ui.format {
        Format::Text => context.ui.result(&script)?,
        Format::Json => context.ui.document(&CompletionsDocument {
            shell: args.shell.to_string(),
            script: script.into_owned(),
        })?,
    }
    Ok(Exit::Done)
}
