//! `recipack completions`: a completion script for a shell.

use clap::CommandFactory as _;

use super::super::args::{Cli, CompletionsArgs};
use super::super::exit::Exit;
use super::super::{Context, Stop};

pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "recipack", &mut script);
    context.ui.result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
