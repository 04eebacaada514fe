//! `recipack help`: a topic, or the help of a command.

use super::super::args::{HelpArgs, command};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::{Context, Stop};
use crate::model::keyword::nearest;
use crate::ops::export::documents::HelpDocument;

/// What is explained beside the commands: its name, and the text.
const TOPICS: &[(&str, &str)] = &[
    ("manifest", include_str!("../topics/manifest.txt")),
    ("catalog", include_str!("../topics/catalog.txt")),
    ("environment", include_str!("../topics/environment.txt")),
    ("exit-codes", ""),
];

/// How long lines may be.
const WIDTH: usize = 90;

pub(crate) fn run(context: &Context, args: &HelpArgs) -> Result<Exit, Stop> {
    let topic = match args.words.as_slice() {
        [word] => TOPICS.iter().find(|(name, _)| name == word),
        _ => None,
    };
    let text = match topic {
        Some(("exit-codes", _)) => exit_codes(),
        Some((_, text)) => (*text).to_owned(),
        None => of_command(&args.words)?,
    };
    context
        .ui
        .print(&HelpDocument { text }, |document| document.text.clone())?;
    Ok(Exit::Done)
}

fn exit_codes() -> String {
    let mut text = String::from("How a command ends. The numbers are part of the interface.\n\n");
    for exit in Exit::ALL {
        let mut line = format!("{:>5} ", exit.code());
        for word in exit.meaning().split(' ') {
            if line.len() + 1 + word.len() > WIDTH {
                text.push_str(&line);
                line = format!("\n{:6}", "");
            }
            line.push(' ');
            line.push_str(word);
        }
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("\nOf several pieces of work the gravest counts. An error's code says more: recipack explain CODE\n");
    text
}

fn of_command(words: &[String]) -> Result<String, Failure> {
    let mut found = command();
    found.build();
    for word in words {
        let Some(below) = found.find_subcommand(word) else {
            return Err(unknown(&found, word, words.len()));
        };
        found = below.clone();
    }
    Ok(found.render_help().to_string())
}

fn unknown(within: &clap::Command, word: &str, words: usize) -> Failure {
    let commands = within
        .get_subcommands()
        .filter(|below| !below.is_hide_set());
    let mut names: Vec<&str> = commands.map(clap::Command::get_name).collect();
    let topics = TOPICS.iter().map(|(name, _)| *name);
    if words == 1 {
        names.extend(topics.clone());
    }
    let near = nearest(word, names.iter().copied());
    let meant = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let topics: Vec<&str> = topics.collect();
    Failure::usage(format!("there is no help on `{}`", word.escape_debug())).help(format!(
        "{meant}`recipack --help` lists the commands; topics are {}",
        topics.join(", ")
    ))
}
