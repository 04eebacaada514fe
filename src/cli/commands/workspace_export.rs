//! `recipack workspace export`: a package of what a workspace holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::super::args::WorkspaceExportArgs;
use super::super::brought::not_exported;
use super::super::exit::Exit;
use super::super::output::{Content, OutputPath};
use super::super::platform;
use super::super::request::{bytes_of, folder_of};
use super::super::table::sized;
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use super::export::{file_stem, output_file, summary_of_findings};
use crate::cli::connect::{Opened, open, open_remote};
use crate::manifest::DEFAULT_LIMIT_MB;
use crate::model::count::counted;
use crate::model::workspace::Address;
use crate::ops::workspace::export::{Output, WorkspaceExportDocument, export};
use crate::plan::workspace_export::{DepartureRequest, RawIds, Rows, Unfiled};

pub(crate) fn run(context: &Context, args: &WorkspaceExportArgs) -> Result<Exit, Stop> {
    let request = request(args);
    let address = &args.address;
    let (workspace, named) = match address {
        Address::Local(name) => (None, name.clone()),
        // What it is called is not known before it is asked.
        Address::Remote(remote) => {
            let workspace = open_remote(context, &args.platform, remote)?;
            let name = workspace.name().clone();
            (Some(workspace), name)
        }
    };
    let name = match request.folder.name() {
        "" => named.as_str(),
        folder => folder,
    };
    let output = output_file(args.output.as_deref(), &file_stem(name))?;
    let platform = match address {
        Address::Local(_) => Some(platform::path(&args.platform)?),
        Address::Remote(_) => None,
    };
    let inputs: Vec<&Path> = platform.as_deref().into_iter().collect();
    OutputPath::check(&output, Content::Package, (&args.force).into(), &inputs)?;
    let workspace: Opened = match workspace {
        Some(workspace) => Box::new(workspace),
        None => open(context, &args.platform, address, "workspace export")?,
    };
    let place = Output {
        folder: folder_of(&output),
        limit: bytes_of(args.limit_mb.unwrap_or(DEFAULT_LIMIT_MB)),
    };
    let exported = export(
        workspace.as_ref(),
        &request,
        place,
        &context.running,
        &mut context.ui.observer(),
    );
    let mut exported = exported.map_err(|error| not_exported(address, &args.platform, error))?;
    let document = exported.document(address, &output);
    context.ui.findings(&document.findings);
    let exit = match exported.package.take() {
        Some(package) => {
            package.file.persist(&output)?;
            context.did(format!("{} was written", output.display()));
            Exit::Done
        }
        None => Exit::Failed,
    };
    match (context.ui.format, exit) {
        (Format::Json, _) => context.ui.document(&document)?,
        (Format::Text, Exit::Done) => context.ui.result(&text(&document))?,
        (Format::Text, _) => context.ui.talk(&format!(
            "no package was written: {}\n",
            summary_of_findings(&exported.findings)
        )),
    }
    Ok(exit)
}

fn request(args: &WorkspaceExportArgs) -> DepartureRequest {
    DepartureRequest {
        folder: args.folder.clone().unwrap_or_default(),
        rows: if args.data {
            Rows::Included
        } else {
            Rows::LeftOut
        },
        unfiled: if args.all_unfiled {
            Unfiled::All
        } else {
            Unfiled::Concerned
        },
        raw_ids: RawIds::Kept,
    }
}

fn text(document: &WorkspaceExportDocument) -> String {
    let mut text = String::new();
    let Some(package) = &document.package else {
        return text;
    };
    let _ = writeln!(text, "{}", visible(&package.path));
    let _ = writeln!(
        text,
        "  from      {}",
        visible(&document.address.to_string())
    );
    // An asset has one JSON and perhaps other files.
    let mut assets: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &document.entries {
        if entry.path.as_str().ends_with(".json") {
            *assets.entry(&entry.kind).or_default() += 1;
        }
    }
    let kinds = assets.iter().map(|(kind, count)| format!("{count} {kind}"));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let files = counted(document.entries.len() as u64, "file");
    let _ = writeln!(text, "  holds     {kinds}; {files}");
    for entry in &document.entries {
        if let ("custom_adapter", Some(version), true) = (
            entry.kind.as_str(),
            entry.version,
            entry.path.as_str().ends_with(".json"),
        ) {
            let _ = writeln!(text, "  connector {}: {version}", visible(&entry.name));
        }
    }
    for staying in &document.staying {
        let _ = writeln!(
            text,
            "  without   {}: {}",
            visible(&staying.name),
            visible(&staying.because)
        );
    }
    let edits = document.entries.iter().filter_map(|entry| entry.edits);
    let (values, rows) = edits.fold((0, 0), |(values, rows), edits| {
        (values + edits.values_removed, rows + edits.rows_removed)
    });
    if values > 0 {
        let _ = writeln!(
            text,
            "  without   {} of properties",
            counted(u64::from(values), "value")
        );
    }
    if rows > 0 {
        let _ = writeln!(
            text,
            "  without   the rows of {}; --data takes them along",
            counted(u64::from(rows), "table")
        );
    }
    let _ = writeln!(text, "  size      {}", sized(package.facts.size));
    let _ = writeln!(text, "  sha256    {}", package.facts.sha256);
    let _ = writeln!(text, "  content   {}", package.facts.content_digest);
    text
}
