//! How help looks: one line an option, in one order, on one screen, with examples at the end.

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::Cli;
use super::examples::EXAMPLES;
use super::exits::line;
use super::grouping::grouped;

/// Options that every command has; they come last.
const GLOBAL: [&str; 7] = [
    "directory",
    "json",
    "quiet",
    "verbose",
    "color",
    "threads",
    "help",
];
/// Options for workspaces; they come before those.
const WORKSPACE: [&str; 6] = [
    "platform",
    "wait",
    "profile",
    "job_timeout",
    "rate",
    "ca_file",
];
/// What a command may do only if somebody says so.
const PERMISSIONS: [&str; 8] = [
    "restart_recipes",
    "allow_downgrade",
    "allow_moved_recipes",
    "allow_missing_connectors",
    "overwrite_rows",
    "overwrite_edits",
    "other_target",
    "yes",
];
/// So many of these have a heading of their own.
const MANY: usize = 3;
/// What the help of every command says about its own options.
const HELP: &str = "Print help; for --json, -q, -v, -C and more: recipack --help";
/// Commands that need a workspace only to find a catalogue in it: they have options enough.
const OF_PROJECTS: [&str; 7] = ["check", "lock", "export", "why", "graph", "show", "verify"];

/// Commands whose screen is full, and options that `help environment` or others of their kind tell.
const FULL: [&str; 4] = ["plan", "import", "promote", "rollout plan"];
const IN_A_TOPIC: [&str; 3] = ["ca_file", "wait", "job_timeout"];

/// The program's command line, with its help in order.
pub(crate) fn command() -> Command {
    let command = Cli::command();
    let is_global = |arg: &&Arg| arg.is_global_set();
    // They are told once, in the program's own help.
    let globals: Vec<Arg> = command.get_arguments().filter(is_global).cloned().collect();
    let globals: Vec<Arg> = globals.into_iter().map(|arg| arg.hide(true)).collect();
    grouped(arranged(command, "", &globals))
}

fn arranged(command: Command, path: &str, globals: &[Arg]) -> Command {
    let name = command.get_name().to_owned();
    let mut order = 0;
    let quiet = OF_PROJECTS.contains(&name.as_str());
    let full = FULL.contains(&path);
    let count = |list: &[&str]| {
        let of_list = |arg: &&Arg| list.contains(&arg.get_id().as_str());
        command.get_arguments().filter(of_list).count()
    };
    let permissions = count(&PERMISSIONS) >= MANY;
    let mut command = command.mut_args(|arg| {
        order += 1;
        let id = arg.get_id().as_str().to_owned();
        let place = |list: &[&str]| list.iter().position(|known| *known == id);
        let hidden = quiet && place(&WORKSPACE).is_some() || full && place(&IN_A_TOPIC).is_some();
        let rank = match (place(&WORKSPACE), place(&GLOBAL)) {
            (Some(at), _) => 500 + at,
            (None, Some(at)) => 900 + at,
            (None, None) => order,
        };
        let hidden = hidden || arg.is_hide_set();
        let arg = arg.display_order(rank).hide(hidden);
        if place(&WORKSPACE).is_some() {
            arg.help_heading("Workspace options")
        } else if permissions && place(&PERMISSIONS).is_some() {
            arg.help_heading("Permissions")
        } else {
            arg
        }
    });
    let help = match path {
        "" => "Print help",
        _ => HELP,
    };
    let flag = Arg::new("help").short('h').long("help");
    let flag = flag.action(ArgAction::Help).help(help);
    command = command.disable_help_flag(true).arg(flag.display_order(999));
    if !path.is_empty() {
        command = command.args(globals);
    }
    if let Some((_, examples)) = EXAMPLES.iter().find(|(of, _)| *of == path) {
        let before = command
            .get_after_help()
            .map(|text| format!("{text}\n\n"))
            .unwrap_or_default();
        let exits = line(path).map_or_else(String::new, |line| format!("{line}\n"));
        command = command.after_help(format!(
            "{before}{exits}Examples:\n  {}\n  {}",
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
        command = command.mut_subcommand(&subcommand, |subcommand| {
            arranged(subcommand, &path, globals)
        });
    }
    command.disable_help_subcommand(true)
}
