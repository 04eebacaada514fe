//! `recipack graph`: who needs whom.

use super::super::args::{GraphArgs, GraphFormat, GraphLevel, PackArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::{TargetNeed, read_project, resolve};
use super::super::ui::{Format, visible_lines};
use super::super::{Context, Stop};
use crate::model::graph::Graph;
use crate::model::keyword::nearest;
use crate::model::project::Project;
use crate::model::table::PackedRows;
use crate::ops::export::prepare;
use crate::plan::graph_export::{
    Depth, Detail, ForTarget, GraphDocument, Level, MERMAID_LINES, Part, dot, mermaid, tree,
};

pub(crate) fn run(context: &Context, args: &GraphArgs) -> Result<Exit, Stop> {
    let document = if args.pack.to.is_some() || args.pack.kind.is_some() {
        let resolved = resolve(context, &args.pack, TargetNeed::Required)?;
        let prepared = prepare(
            &resolved.request,
            None,
            &context.running,
            &mut context.ui.observer(),
        )?;
        Failure::incomplete(&prepared.opened)?;
        let target = ForTarget {
            kind: resolved.request.destination.kind,
            plan: prepared.plan(),
        };
        let project = &prepared.opened.project;
        let part = part(args, project)?;
        GraphDocument::of(project, &prepared.graph, part, Some(target))
    } else {
        needs_no_target(&args.pack)?;
        let project = read_project(context, &args.pack)?.project;
        let part = part(args, &project)?;
        GraphDocument::of(&project, &Graph::of(&project), part, None)
    };
    if document.level == Level::Folders && args.level.is_none() {
        context.ui.talk(
            "there are too many assets for one picture, so folders are drawn; around one asset: \
             --of ITEM --depth 1; each asset: --level assets\n",
        );
    }
    if context.ui.format == Format::Json {
        context.ui.document(&document)?;
        return Ok(Exit::Done);
    }
    if args.format == GraphFormat::Mermaid && document.lines() > MERMAID_LINES {
        context.ui.talk(&format!(
            "Mermaid draws at most {MERMAID_LINES} lines unless its `maxEdges` says otherwise, and \
             these are {}\n",
            document.lines()
        ));
    }
    let text = match args.format {
        GraphFormat::Text => tree(&document),
        GraphFormat::Mermaid => mermaid(&document),
        GraphFormat::Dot => dot(&document),
    };
    context.ui.result(&visible_lines(&text))?;
    Ok(Exit::Done)
}

/// Refuses what says something about a package where none is asked about.
fn needs_no_target(pack: &PackArgs) -> Result<(), Failure> {
    let PackArgs {
        project: _,
        manifest: _,
        to: _,
        kind: _,
        data_center: _,
        catalog,
        connectors_said,
        connectors,
        include,
        exclude,
        rows,
        one_project: _,
        platform: _,
    } = pack;
    let given = [
        ("--catalog", catalog.is_some()),
        ("--connector", !connectors_said.is_empty()),
        ("--connectors", connectors.is_some()),
        ("--include", !include.is_empty()),
        ("--exclude", !exclude.is_empty()),
        ("--rows", *rows != PackedRows::Keep),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::usage(format!(
            "{option} is about a package, and without a target the whole project is drawn"
        ))
        .help("say --to TARGET, --for customer or --for external")),
    }
}

/// What is drawn.
fn part(args: &GraphArgs, project: &Project) -> Result<Part, Failure> {
    let level = |level| match level {
        GraphLevel::Assets => Level::Assets,
        GraphLevel::Folders => Level::Folders,
    };
    Ok(match (&args.of, args.level) {
        (Some(item), _) => Part::Around(
            find(project, item)?,
            args.depth.map_or(Depth::Any, Depth::Steps),
        ),
        (None, Some(said)) => Part::Whole(Detail::Level(level(said))),
        (None, None) => Part::Whole(Detail::Readable),
    })
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
