//! `recipack why`: why an asset or a connector is in a package, or is not.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::args::WhyArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::{TargetNeed, resolve};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::catalog::source;
use crate::model::catalogue::{SharedConnectors, SharedVersion};
use crate::model::keyword::nearest;
use crate::ops::export::documents::{WhyDocument, WhyFile};
use crate::ops::export::prepare;
use crate::ops::export::record::TargetRecord;
use crate::ops::export::why::explain;
use crate::plan::decision::{ConnectorDecision, Match};

pub(crate) fn run(context: &Context, args: &WhyArgs) -> Result<Exit, Stop> {
    let resolved = resolve(context, &args.pack, TargetNeed::Required)?;
    let prepared = prepare(
        &resolved.request,
        None,
        &context.running,
        &mut context.ui.observer(),
    )?;
    let (files, connectors) = explain(&prepared, &args.item);
    if files.is_empty() && connectors.is_empty() {
        let project = &prepared.opened.project;
        let mut names: BTreeSet<&str> = project.assets.iter().map(|asset| asset.name()).collect();
        names.extend(project.files.iter().map(|file| file.path.as_str()));
        let failure = Failure::new(
            Exit::Failed,
            "names-nothing",
            format!(
                "`{}` is no path, name or connector of this project",
                args.item
            ),
        );
        return Err(match nearest(&args.item, names) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("`recipack export --list` shows the paths"),
        }
        .into());
    }
    let target = TargetRecord::from(&resolved.request.destination);
    let document = WhyDocument {
        item: args.item.clone(),
        target,
        files,
        connectors,
    };
    context.ui.print(&document, |document| {
        text(document, &resolved.request.shared)
    })?;
    Ok(Exit::Done)
}

fn text(document: &WhyDocument, shared: &SharedConnectors) -> String {
    let mut text = String::new();
    for connector in &document.connectors {
        of_connector(&mut text, connector, shared);
    }
    for file in &document.files {
        of_file(&mut text, file);
    }
    text
}

fn of_connector(text: &mut String, connector: &ConnectorDecision, shared: &SharedConnectors) {
    let title = visible(&connector.connector);
    let _ = writeln!(text, "connector \"{title}\": {}", connector.outcome);
    let _ = writeln!(
        text,
        "  rule      {} (asked: {})",
        connector.rule.as_str(),
        connector.word
    );
    match &connector.catalog {
        Some(entry) => {
            let by = match entry.matched_by {
                Match::InternalName => "internal name",
                Match::Title => "title",
            };
            let shared = match entry.shared_version {
                SharedVersion::At(version) => format!("shared {version}"),
                SharedVersion::None => "not shared".to_owned(),
                SharedVersion::Unsaid => "does not say whether it is shared".to_owned(),
            };
            let _ = writeln!(
                text,
                "  catalogue {shared}, {}, as `{}`; found by its {by}",
                source(entry.visibility),
                entry.internal_name
            );
        }
        None => {
            let said = match shared {
                SharedConnectors::Unknown => "not given",
                SharedConnectors::None => "none: nothing is shared with customers",
                SharedConnectors::Listed(_) => "does not have it",
            };
            let _ = writeln!(text, "  catalogue {said}");
        }
    }
    if let Some(version) = connector.packaged_version {
        let _ = writeln!(text, "  project   holds {version}");
    }
    for (what, paths) in [
        ("files", &connector.files),
        ("connects", &connector.connections),
        ("used by", &connector.recipes),
    ] {
        for path in paths {
            let _ = writeln!(text, "  {what:<9} {}", visible(path.as_str()));
        }
    }
    let _ = writeln!(text, "  change    {}", visible(&connector.change));
}

fn of_file(text: &mut String, file: &WhyFile) {
    let _ = writeln!(text, "{}: {}", visible(&file.path), file.outcome);
    let because = file
        .because
        .as_ref()
        .map_or_else(String::new, |because| format!(": {}", visible(because)));
    let _ = writeln!(text, "  rule      {}{because}", file.rule);
    if file.chain.len() > 1 {
        let chain: Vec<_> = file
            .chain
            .iter()
            .map(|path| visible(path.as_str()))
            .collect();
        let _ = writeln!(text, "  because   {}", chain.join(" → "));
    }
    if let Some(edits) = &file.edits {
        let _ = writeln!(text, "  rewritten {}", edits.told());
    }
    for (what, paths) in [("needs", &file.needs), ("needed by", &file.needed_by)] {
        for path in paths {
            let _ = writeln!(text, "  {what:<9} {}", visible(path.as_str()));
        }
    }
    let _ = writeln!(text, "  change    {}", visible(&file.change));
}
