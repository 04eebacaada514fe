//! How help looks: one line an option, in one order, on one screen, with examples at the end.

use clap::{Command, CommandFactory as _};

use super::Cli;
use super::examples::EXAMPLES;

/// Options that every command has; they come last.
const GLOBAL: [&str; 6] = ["directory", "json", "quiet", "verbose", "threads", "help"];
/// Options for workspaces; they come before those.
const WORKSPACE: [&str; 6] = [
    "platform",
    "wait",
    "profile",
    "job_timeout",
    "rate",
    "ca_file",
];
/// Commands that need a workspace only to find a catalogue in it: they have options enough.
const OF_PROJECTS: [&str; 5] = ["check", "lock", "export", "why", "graph"];

/// The program's command line, with its help in order.
pub(crate) fn command() -> Command {
    arranged(Cli::command(), "")
}

fn arranged(command: Command, path: &str) -> Command {
    let name = command.get_name().to_owned();
    let mut order = 0;
    let quiet = OF_PROJECTS.contains(&name.as_str());
    let mut command = command.mut_args(|arg| {
        order += 1;
        let id = arg.get_id().as_str().to_owned();
        let place = |list: &[&str]| list.iter().position(|known| *known == id);
        let hidden = quiet && place(&WORKSPACE).is_some();
        let rank = match (place(&WORKSPACE), place(&GLOBAL)) {
            (Some(at), _) => 500 + at,
            (None, Some(at)) => 900 + at,
            (None, None) => order,
        };
        let hidden = hidden || arg.is_hide_set();
        arg.display_order(rank).hide(hidden)
    });
    if let Some((_, examples)) = EXAMPLES.iter().find(|(of, _)| *of == path) {
        let before = command
            .get_after_help()
            .map(|text| format!("{text}\n\n"))
            .unwrap_or_default();
        command = command.after_help(format!(
            "{before}Examples:\n  {}\n  {}",
            examples[0], examples[1]
        ));
    }
    let subcommands: Vec<String> = command
        .get_subcommands()
        .map(|subcommand| subcommand.get_name().to_owned())
        .collect();
    for subcommand in subcommands {
        let path = match path {
            "" => subcommand.clone(),
            _ => format!("{path} {subcommand}"),
        };
        command = command.mut_subcommand(&subcommand, |subcommand| arranged(subcommand, &path));
    }
    command.disable_help_subcommand(!path.is_empty())
}
