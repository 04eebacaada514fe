//! `recipack show`: what a package holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::args::ShowArgs;
use super::super::brought;
use super::super::exit::Exit;
use super::super::table::sized;
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::archive::Limits;
use crate::model::facts::Facts;
use crate::model::kind::AssetKind;
use crate::model::project::{Layout, Origin, Project};
use crate::model::scan::Scanner;
use crate::ops::export::documents::{ShowDocument, ShownConnector, ShownFile};
use crate::ops::export::record::LeftOutRecord;
use crate::ops::read::OpenError;
use crate::ops::{Interrupted, Running};
use crate::parallel;
use crate::plan::connectors::title_of;
use crate::plan::decision::ItemRule;
use crate::source::Source;

/// All of a package is read, so that damage is told; its JSON is checked by `check` and `verify`.
pub(crate) fn run(context: &Context, args: &ShowArgs) -> Result<Exit, Stop> {
    let brought = brought::project(context, &args.platform, &args.package, "show")?;
    let source = Source::open(brought.path(), &Limits::default())?;
    let mut document = document(&source, &context.running)?;
    document.path = brought.name();
    context.ui.print(&document, text)?;
    Ok(Exit::Done)
}

pub(super) fn document(source: &Source, running: &Running) -> Result<ShowDocument, OpenError> {
    let Layout {
        project,
        mut left_out,
    } = Layout::of(source.origin(), &source.listed);
    left_out.extend(source.left_out.iter().cloned());
    left_out.sort_by(|a, b| a.path.cmp(&b.path));
    let mut assets: BTreeMap<String, usize> = BTreeMap::new();
    for asset in &project.assets {
        *assets.entry(asset.kind.word().to_owned()).or_default() += 1;
    }
    let owners = project.owners();
    let files = project
        .files
        .iter()
        .zip(&owners)
        .map(|(file, owner)| ShownFile {
            path: file.path.clone(),
            kind: owner.map(|owner| project.assets[owner].kind.word().to_owned()),
            size: source.listed[file.source].size,
        });
    let files: Vec<_> = files.collect();
    let facts = read(source, &project, running)?;
    let connectors = project
        .of_kind(&AssetKind::CustomAdapter)
        .map(|(number, asset)| {
            let mut asset = asset.clone();
            if let Some(facts) = facts.get(&number) {
                asset.facts = facts.clone().into();
            }
            ShownConnector {
                title: title_of(&asset),
                version: asset
                    .facts
                    .connector()
                    .and_then(|connector| connector.version),
                path: asset.path.clone(),
            }
        })
        .collect();
    Ok(ShowDocument {
        path: source.path.display().to_string(),
        files,
        connectors,
        assets,
        left_out: left_out
            .iter()
            .map(|left| {
                LeftOutRecord::of(
                    &left.path,
                    &ItemRule::NotRead {
                        reason: left.reason.to_string().into(),
                    },
                )
            })
            .collect(),
    })
}

/// Reads each file of a package, since data that are not what it declares show only then; of a folder
/// just the connectors. What the connectors say comes by the assets' numbers.
fn read(
    source: &Source,
    project: &Project,
    running: &Running,
) -> Result<BTreeMap<usize, Facts>, OpenError> {
    let mut connectors = BTreeMap::new();
    for (number, asset) in project.of_kind(&AssetKind::CustomAdapter) {
        let files = asset.files.iter().map(|file| &project.files[*file]);
        let mains = files.filter(|file| file.path == asset.path);
        connectors.extend(mains.map(|file| (file.source, (number, &asset.kind))));
    }
    let mut read = BTreeMap::new();
    parallel::in_order(
        source.listed.len(),
        running.threads,
        |index| {
            let size = source.listed[index].size;
            match connectors.contains_key(&index) {
                true => size + Scanner::memory_for(size),
                false => size,
            }
        },
        || (source.reader(), Scanner::default(), Vec::new()),
        |(reader, scanner, bytes), index| {
            if running.interrupt.is_set() {
                return Err(Interrupted.into());
            }
            let connector = connectors.get(&index);
            if source.origin() == Origin::Folder && connector.is_none() {
                return Ok(None);
            }
            reader
                .read(index, bytes)
                .map_err(|error| source.failed_at(&source.listed[index].path, error))?;
            // What is no JSON is told by `check`.
            let facts = connector.and_then(|(number, kind)| {
                let facts = scanner.scan(kind, bytes).ok()?;
                Some((*number, facts))
            });
            Ok(facts)
        },
        |_, facts: Result<_, OpenError>| {
            read.extend(facts?);
            Ok(())
        },
    )
    .map(|()| read)
}

fn text(document: &ShowDocument) -> String {
    let mut text = String::new();
    let sizes: Vec<String> = document.files.iter().map(|file| sized(file.size)).collect();
    let width = sizes.iter().map(String::len).max().unwrap_or(0);
    for (file, size) in document.files.iter().zip(&sizes) {
        let kind = file.kind.as_deref().unwrap_or("-");
        let _ = writeln!(
            text,
            "{size:>width$}  {kind:<18} {}",
            visible(file.path.as_str())
        );
    }
    let total: u64 = document.files.iter().map(|file| file.size).sum();
    let _ = writeln!(text, "{} files, {}", document.files.len(), sized(total));
    let assets: Vec<_> = document
        .assets
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let _ = writeln!(text, "assets: {}", assets.join(", "));
    for connector in &document.connectors {
        let title = connector
            .title
            .as_ref()
            .map_or_else(|| connector.path.to_string(), ToString::to_string);
        let version = connector
            .version
            .map_or_else(String::new, |version| format!(" {version}"));
        let _ = writeln!(text, "connector: {}{version}", visible(&title));
    }
    if !document.left_out.is_empty() {
        let _ = writeln!(text, "not part of it: {} files", document.left_out.len());
    }
    text
}
