//! `recipack graph`: who needs whom.

use super::super::args::{GraphArgs, GraphFormat};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::read_whole;
use super::super::ui::{Format, visible_lines};
use super::super::{Context, Stop};
use crate::model::choice::nearest;
use crate::model::graph::Graph;
use crate::model::project::Project;
use crate::ops::read::Roots;
use crate::plan::drawing::{GraphDocument, dot, mermaid, tree};

pub(crate) fn run(context: &Context, args: &GraphArgs) -> Result<Exit, Stop> {
    let roots = if args.one_project {
        Roots::Asserted
    } else {
        Roots::One
    };
    let opened = read_whole(context, &args.project, roots)?;
    let project = &opened.project;
    let root = args
        .of
        .as_deref()
        .map(|item| find(project, item))
        .transpose()?;
    let document = GraphDocument::of(project, &Graph::of(project), root);
    if context.ui.format == Format::Json {
        context.ui.document(&document)?;
        return Ok(Exit::Done);
    }
    let text = match args.format {
        GraphFormat::Text => tree(&document),
        GraphFormat::Mermaid => mermaid(&document),
        GraphFormat::Dot => dot(&document),
    };
    context.ui.result(&visible_lines(&text))?;
    Ok(Exit::Done)
}

/// The asset with this path or, if only one has it, with this name.
fn find(project: &Project, item: &str) -> Result<usize, Failure> {
    if let Some(asset) = project.asset_at(item) {
        return Ok(asset);
    }
    let named: Vec<usize> = (0..project.assets.len())
        .filter(|&asset| project.assets[asset].name() == item)
        .collect();
    match named.as_slice() {
        [asset] => Ok(*asset),
        [] => {
            let failure = Failure::new(
                Exit::Failed,
                "names-nothing",
                format!("`{item}` is no path or name of an asset of this project"),
            );
            let names = project
                .assets
                .iter()
                .flat_map(|asset| [asset.path.as_str(), asset.name()]);
            Err(match nearest(item, names) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help("`recipack show` lists the paths"),
            })
        }
        several => {
            let paths: Vec<_> = several
                .iter()
                .map(|&asset| project.assets[asset].path.as_str())
                .collect();
            Err(Failure::usage(format!("several assets are named `{item}`"))
                .help(format!("give a path: {}", paths.join(", "))))
        }
    }
}
