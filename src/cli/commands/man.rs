//! `recipack man`: manual pages, as the command line has its help.

use std::path::Path;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;

use super::super::args::{ManArgs, command};
use super::super::exit::Exit;
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use crate::io::archive::TemporaryFile;
use crate::ops::report::ManDocument;

pub(crate) fn run(context: &Context, args: &ManArgs) -> Result<Exit, Stop> {
    let mut command = command();
    command.build();
    let Some(folder) = &args.output else {
        let page = page(&command)?;
        match context.ui.format {
            Format::Json => context.ui.document(&ManDocument {
                pages: vec!["recipack.1".to_owned()],
            })?,
            Format::Text => context.ui.result(&page)?,
        }
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let mut pages = Vec::new();
    write(&command, folder, &mut pages)?;
    match context.ui.format {
        Format::Json => context.ui.document(&ManDocument { pages })?,
        Format::Text => context.ui.result(&format!(
            "{}: {} pages\n",
            visible(&folder.display().to_string()),
            pages.len()
        ))?,
    }
    Ok(Exit::Done)
}

/// A command's page. There is no date on it, so that the same program writes the same bytes.
fn page(command: &Command) -> Result<String, Stop> {
    let mut bytes = Vec::new();
    let version = format!("recipack {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).date("").source(version);
    man.render(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes a command's page, and those of its own commands.
fn write(command: &Command, folder: &Path, pages: &mut Vec<String>) -> Result<(), Stop> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let file = folder.join(format!("{name}.1"));
    TemporaryFile::holding(folder, page(command)?.as_bytes())?.persist(&file)?;
    pages.push(file.display().to_string());
    let subcommands = command.get_subcommands();
    for subcommand in subcommands.filter(|subcommand| subcommand.get_name() != "help") {
        write(subcommand, folder, pages)?;
    }
    Ok(())
}
