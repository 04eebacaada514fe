//! `recipack init`: a commented manifest for a project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::super::args::InitArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::{folder_of, read_whole};
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use super::export::file_stem;
use crate::io::archive::TemporaryFile;
use crate::manifest::{ConnectorFact, TemplateFacts, template};
use crate::model::graph::Graph;
use crate::model::kind::AssetKind;
use crate::ops::read::{Opened, Roots};
use crate::ops::report::InitDocument;
use crate::plan::connectors::title_of;

pub(crate) fn run(context: &Context, args: &InitArgs) -> Result<Exit, Stop> {
    if args.output.exists() && !args.force {
        return Err(
            Failure::usage(format!("{} is there already", args.output.display()))
                .help("edit it with `recipack manifest`, or replace it with --force")
                .into(),
        );
    }
    let opened = read_whole(context, &args.project, Roots::One)?;
    let folder = folder_of(&args.output);
    let facts = facts(&opened, &relative(&args.project, folder)?)?;
    let document = InitDocument {
        manifest: args.output.display().to_string(),
        connectors: facts
            .connectors
            .iter()
            .map(|connector| connector.title.clone())
            .collect(),
    };
    TemporaryFile::holding(folder, template(&facts).as_bytes())?.persist(&args.output)?;
    match context.ui.format {
        Format::Json => context.ui.document(&document)?,
        Format::Text => context.ui.result(&format!(
            "{}: written for {} assets, {} custom connectors\n",
            visible(&document.manifest),
            opened.project.assets.len(),
            document.connectors.len()
        ))?,
    }
    Ok(Exit::Done)
}

/// The project's path as the manifest's folder sees it.
fn relative(project: &Path, folder: &Path) -> anyhow::Result<String> {
    let resolved = |path: &Path| {
        path.canonicalize()
            .with_context(|| format!("can't resolve {}", path.display()))
    };
    let (project, folder) = (resolved(project)?, resolved(folder)?);
    let common = project
        .components()
        .zip(folder.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = std::iter::repeat_n("..".to_owned(), folder.components().count() - common);
    let down = project
        .components()
        .skip(common)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    Ok(if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    })
}

fn facts(opened: &Opened, project_path: &str) -> Result<TemplateFacts, Failure> {
    let project = &opened.project;
    let graph = Graph::of(project);
    let mut types: BTreeMap<_, usize> = BTreeMap::new();
    let (mut folders, mut tags) = (BTreeSet::new(), BTreeSet::new());
    for asset in &project.assets {
        if let Ok(word) = asset.kind.word().parse() {
            *types.entry(word).or_default() += 1;
        }
        folders.extend(asset.path.folder().parse().ok());
        if let Some(recipe) = asset.facts.recipe() {
            tags.extend(recipe.tags.iter().filter_map(|tag| tag.parse().ok()));
        }
    }
    let connectors = project
        .of_kind(&AssetKind::CustomAdapter)
        .filter_map(|(index, asset)| {
            let users: BTreeSet<usize> = graph
                .needed_by(index)
                .iter()
                .map(|edge| edge.from)
                .collect();
            Some(ConnectorFact {
                title: title_of(asset)?,
                version: asset
                    .facts
                    .connector()
                    .and_then(|connector| connector.version),
                users: users.len(),
            })
        });
    let name = file_stem(&opened.source.name);
    Ok(TemplateFacts {
        name: name
            .parse()
            .map_err(|error: crate::model::ident::NameError| Failure::usage(error.to_string()))?,
        project: project_path.to_owned(),
        connectors: connectors.collect(),
        folders: folders.into_iter().collect(),
        types: types.into_iter().collect(),
        tags: tags.into_iter().collect(),
    })
}
