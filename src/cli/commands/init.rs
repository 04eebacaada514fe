//! `recipack init`: a commented manifest for a project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::super::args::InitArgs;
use super::super::brought;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath, Replacing};
use super::super::platform;
use super::super::request::{CatalogueSource, ManifestFile, catalogue_file, folder_of, read_whole};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::export::file_stem;
use super::manifest::incomplete;
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::manifest::{ConnectorFact, TemplateCatalog, TemplateFacts, template};
use crate::model::catalogue::{Catalogue, NoCatalogue};
use crate::model::count::counted;
use crate::model::finding::Severity;
use crate::model::graph::Graph;
use crate::model::kind::AssetKind;
use crate::model::project::Project;
use crate::model::workspace::{Address, WorkspaceKind};
use crate::ops::export::documents::InitDocument;
use crate::ops::read::{Opened, Roots};
use crate::plan::connectors::{Gathered, Sources, title_of};
use crate::workspace::local::LocalPlatform;

pub(crate) fn run(context: &Context, args: &InitArgs) -> Result<Exit, Stop> {
    if args.output.exists() && !args.force {
        return Err(
            Failure::usage(format!("{} is there already", args.output.display()))
                .help("edit it with `recipack manifest`, or replace it with --force")
                .into(),
        );
    }
    let replacing = match args.force {
        true => Replacing::AnyKind,
        false => Replacing::SameKind,
    };
    let catalog_file = args.catalog.as_deref();
    let inputs: Vec<&Path> = [Some(args.project.as_path()), catalog_file]
        .into_iter()
        .flatten()
        .collect();
    let output = OutputPath::check(&args.output, Content::Manifest, replacing, &inputs)?;
    let brought = brought::project(context, &args.platform, &args.project, "init")?;
    let opened = read_whole(context, brought.path(), Roots::One)?;
    let folder = folder_of(&args.output);
    let project = match (brought::address(&args.project)?, brought.pinned()) {
        (Some(address), _) => address.to_string(),
        (None, Some(pinned)) => pinned.to_string(),
        (None, None) => relative(&args.project, folder)?,
    };
    let catalog = catalog(context, args, &opened.project, folder)?;
    let facts = facts(&opened, &project, catalog)?;
    output.write(template(&facts).as_bytes())?;
    context.did(format!("{} was written", output.path().display()));
    let mut document = InitDocument {
        manifest: args.output.display().to_string(),
        connectors: facts
            .connectors
            .iter()
            .map(|connector| connector.title.clone())
            .collect(),
        findings: match facts.catalog {
            TemplateCatalog::Missing => incomplete(context, &ManifestFile::read(&args.output)?),
            TemplateCatalog::Named(_) | TemplateCatalog::NotNeeded => Vec::new(),
        },
        catalog: match facts.catalog {
            TemplateCatalog::Named(catalog) => Some(catalog),
            TemplateCatalog::Missing | TemplateCatalog::NotNeeded => None,
        },
    };
    // The manifest was written; what needs it whole says so once more, as an error.
    for finding in &mut document.findings {
        finding.severity = Severity::Warning;
    }
    context.ui.findings(&document.findings);
    context.ui.print(&document, |document| {
        format!(
            "{}: written for {}, {}{}\n",
            visible(&document.manifest),
            counted(opened.project.assets.len() as u64, "asset"),
            counted(document.connectors.len() as u64, "custom connector"),
            document
                .catalog
                .as_ref()
                .map_or_else(String::new, |catalog| format!(
                    ", catalogue {}",
                    visible(catalog)
                ))
        )
    })?;
    Ok(Exit::Done)
}

/// How the catalogue's file is usually called.
const USUAL: [&str; 4] = [
    "catalog.json",
    "catalogue.json",
    "connectors.json",
    "custom_connectors.json",
];

/// The catalogue: as it is said; as it lies beside the manifest or in the project; the only admin
/// workspace of the local platform; or what a person says.
fn catalog(
    context: &Context,
    args: &InitArgs,
    project: &Project,
    folder: &Path,
) -> Result<TemplateCatalog, Stop> {
    if let Some(said) = &args.catalog {
        return Ok(TemplateCatalog::Named(named(said, folder)?));
    }
    let graph = Graph::of(project);
    let sources = Sources {
        project,
        graph: &graph,
        supplied: None,
        catalogue: None,
    };
    let all = (0..project.assets.len()).collect();
    let Gathered { connectors, .. } = sources.connectors(&all, &BTreeSet::new());
    if connectors.is_empty() {
        return Ok(TemplateCatalog::NotNeeded);
    }
    if let Some(found) = beside(&args.project, folder)? {
        return Ok(TemplateCatalog::Named(found));
    }
    if let Some(admin) = only_admin(context, args) {
        return Ok(TemplateCatalog::Named(admin));
    }
    let question = "Which connectors does the partner share with customers? Name a catalogue file, an admin workspace's address (https://www.workato.com, local:ADMIN), or none if nothing is shared; empty to say it later: ";
    loop {
        let answer = context.ui.ask(question, &context.running.interrupt)?;
        let Some(answer) = answer.filter(|answer| !answer.is_empty()) else {
            return Ok(TemplateCatalog::Missing);
        };
        match named(Path::new(&answer), folder) {
            Ok(named) => return Ok(TemplateCatalog::Named(named)),
            Err(failure) => context.ui.failure(&failure.told),
        }
    }
}

/// What the manifest calls a catalogue that somebody names.
pub(super) fn named(said: &Path, folder: &Path) -> Result<String, Failure> {
    match CatalogueSource::of(said) {
        Ok(CatalogueSource::Nothing) => Ok(NoCatalogue::None.to_string()),
        Ok(CatalogueSource::Workspace(address)) => Ok(address.to_string()),
        Ok(CatalogueSource::File(path)) => {
            catalogue_file(path)?;
            Ok(in_manifest(relative(path, folder)?))
        }
        Err(error) => Err(Failure::usage(error.to_string())),
    }
}

/// A path as the manifest spells it, where it could be taken for a word or an address.
fn in_manifest(path: String) -> String {
    match CatalogueSource::of(Path::new(&path)) {
        Ok(CatalogueSource::File(_)) => path,
        Ok(CatalogueSource::Nothing | CatalogueSource::Workspace(_)) | Err(_) => {
            format!("./{path}")
        }
    }
}

/// The only catalogue file of a usual name beside the manifest or in the project that shares
/// something.
fn beside(project: &Path, folder: &Path) -> anyhow::Result<Option<String>> {
    let mut found = BTreeSet::new();
    for place in [folder, project] {
        for name in USUAL {
            let path = place.join(name);
            let catalogue = limited::read(&path, DOCUMENT)
                .ok()
                .and_then(|bytes| Catalogue::parse(&bytes).ok());
            if catalogue.is_some_and(|catalogue| !catalogue.shares_nothing()) {
                found.insert(relative(&path, folder)?);
            }
        }
    }
    let mut found = found.into_iter();
    Ok(found.next().filter(|_| found.next().is_none()))
}

/// The local platform's admin workspace, if it is there and has one and no more.
fn only_admin(context: &Context, args: &InitArgs) -> Option<String> {
    let path = platform::path(&args.platform).ok()?;
    if !path.is_file() {
        return None;
    }
    let writing = platform::writing(context, &args.platform, "init");
    let local = LocalPlatform::open(&path, writing).ok()?;
    let workspaces = local.workspaces().ok()?;
    let admins = workspaces
        .iter()
        .filter(|workspace| workspace.facts.kind == WorkspaceKind::Admin);
    let mut names = admins.map(|admin| admin.facts.name.clone());
    let name = names.next().filter(|_| names.next().is_none())?;
    Some(Address::Local(name).to_string())
}

/// The project's path as the manifest's folder sees it.
pub(super) fn relative(project: &Path, folder: &Path) -> anyhow::Result<String> {
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

fn facts(
    opened: &Opened,
    project_path: &str,
    catalog: TemplateCatalog,
) -> Result<TemplateFacts, Failure> {
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
            let users: BTreeSet<usize> = graph.needed_by(index).collect();
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
        catalog,
    })
}
