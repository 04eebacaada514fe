//! `recipack man`: manual pages, as the command line has its help.

use std::path::Path;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;

use super::super::args::{ManArgs, command};
use super::super::exit::Exit;
use super::super::output::{Content, OutputPath, Replacing};
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::ops::export::documents::ManDocument;

pub(crate) fn run(context: &Context, args: &ManArgs) -> Result<Exit, Stop> {
    let mut command = command();
    command.build();
    let Some(folder) = &args.output else {
        let page = page(&command)?;
        context.ui.print(
            &ManDocument {
                pages: vec!["recipack.1".to_owned()],
            },
            |_| page,
        )?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let mut outputs = Vec::new();
    outputs_of(&command, folder, (&args.force).into(), &mut outputs)?;
    let mut pages = Vec::new();
    for (output, page) in outputs {
        output.write(page.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
        pages.push(output.path().display().to_string());
    }
    context.ui.print(&ManDocument { pages }, |document| {
        format!(
            "{}: {} pages\n",
            visible(&folder.display().to_string()),
            document.pages.len()
        )
    })?;
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

/// A command's page and those of its own commands, with where they go. Nothing is written before all
/// of them can be.
fn outputs_of(
    command: &Command,
    folder: &Path,
    replacing: Replacing,
    outputs: &mut Vec<(OutputPath, String)>,
) -> Result<(), Stop> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let file = folder.join(format!("{name}.1"));
    let output = OutputPath::check(&file, Content::ManualPage, replacing, &[])?;
    outputs.push((output, page(command)?));
    let subcommands = command.get_subcommands();
    for subcommand in subcommands
        .filter(|subcommand| subcommand.get_name() != "help" && !subcommand.is_hide_set())
    {
        outputs_of(subcommand, folder, replacing, outputs)?;
    }
    Ok(())
}
