//! `recipack matrix`: packages × customers.

use std::fmt::Write as _;

use super::super::args::MatrixArgs;
use super::super::brought::{self, Along};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::platform;
use super::super::reports::{Reporter, around};
use super::super::ui::{Volume, visible};
use super::super::{Context, Stop};
use crate::archive::Limits;
use crate::cli::connect::{open_customer, open_remote};
use crate::model::workspace::Address;
use crate::ops::import::matrix::{MatrixCustomer, MatrixDocument, MatrixRequest, matrix};
use crate::plan::import::matrix::{Cell, CellConnector, Verdict, Way};
use crate::remote::RemoteCustomersDocument;
use crate::report::items;
use crate::workspace::local::LocalPlatform;

pub(crate) fn run(context: &Context, args: &MatrixArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "matrix", |reporter| {
        work(context, args, reporter)
    })
}

fn work(context: &Context, args: &MatrixArgs, reporter: &mut Reporter) -> Result<Exit, Stop> {
    reporter.subject("packages × customers");
    let ca = args.platform.api.ca_file.as_ref();
    let packages = args.packages.iter();
    let packages = packages.map(|said| brought::fetched(context, ca, said, Along::Record));
    let packages: Vec<_> = packages.collect::<Result<_, _>>()?;
    let request = MatrixRequest {
        packages: packages.iter().map(|it| it.path().to_owned()).collect(),
        folder: args.folder.clone().unwrap_or_default(),
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        at: platform::now(),
    };
    let mut observer = context.ui.observer();
    let mut document = match &args.of {
        Some(Address::Remote(admin)) => {
            let found = RemoteCustomersDocument::of(&open_remote(context, &args.platform, admin)?)?;
            let looked_at = found.customers.into_iter().map(|customer| {
                let id = customer.id.0;
                let workspace = open_customer(context, &args.platform, admin, id)?;
                Ok::<_, Failure>(MatrixCustomer {
                    name: workspace.name().clone(),
                    external_id: customer.external_id,
                    address: customer.address,
                    workspace: Box::new(workspace),
                })
            });
            matrix(&request, looked_at, &context.running, &mut observer)?
        }
        Some(Address::Local(_)) | None => {
            let path = platform::path(&args.platform)?;
            let writing = platform::writing(context, &args.platform, "matrix");
            let local = LocalPlatform::open(&path, writing)?;
            // All of them as they are at one moment.
            let moment = local.one_moment()?;
            let admin = args.of.as_ref().and_then(Address::local);
            let mut found = moment.workspaces()?;
            found.retain(|there| match admin {
                Some(_) => there.facts.admin.as_ref() == admin,
                None => there.facts.admin.is_some(),
            });
            let looked_at = found.into_iter().map(|there| {
                let facts = there.facts;
                Ok::<_, Failure>(MatrixCustomer {
                    address: Address::Local(facts.name.clone()),
                    workspace: Box::new(moment.workspace(&facts.name)?),
                    name: facts.name,
                    external_id: facts.external_id,
                })
            });
            matrix(&request, looked_at, &context.running, &mut observer)?
        }
    };
    for (called, package) in document.packages.iter_mut().zip(&packages) {
        if let Some(pinned) = package.pinned() {
            *called = pinned.to_string();
        }
    }
    reporter.items(|| items::of_matrix(&document));
    context
        .ui
        .print(&document, |document| text(document, context.ui.volume))?;
    let stands = document
        .customers
        .iter()
        .flat_map(|row| &row.cells)
        .any(|cell| {
            matches!(
                cell.verdict,
                Verdict::Blocked
                    | Verdict::OtherTarget
                    | Verdict::NeedsPermission
                    | Verdict::Customised
            )
        });
    Ok(if args.detailed_exitcode && stands {
        Exit::Differences
    } else {
        Exit::Done
    })
}

fn text(document: &MatrixDocument, volume: Volume) -> String {
    let mut text = String::new();
    if document.customers.is_empty() {
        text.push_str("no customers\n");
    }
    let width = document
        .customers
        .iter()
        .map(|row| row.customer.as_str().chars().count())
        .max()
        .unwrap_or_default();
    for (index, package) in document.packages.iter().enumerate() {
        let _ = writeln!(text, "{}", visible(package));
        for row in &document.customers {
            let Some(cell) = row.cells.get(index) else {
                continue;
            };
            let customer = visible(row.customer.as_str());
            let pad = width.saturating_sub(customer.chars().count());
            let _ = writeln!(
                text,
                "  {customer}{:pad$}  {:<16}  {}",
                "",
                cell.verdict.to_string(),
                connectors(cell)
            );
            for because in &cell.because {
                let _ = writeln!(text, "  {:width$}  ! {}", "", visible(because));
            }
            for edited in &cell.customised {
                let told = visible(&edited.to_string());
                let _ = writeln!(text, "  {:width$}  ~ {told}", "");
            }
            if volume == Volume::Verbose {
                for connection in &cell.connections {
                    let _ = writeln!(
                        text,
                        "  {:width$}  ? connection {}",
                        "",
                        visible(connection)
                    );
                }
            }
        }
    }
    text
}

fn connectors(cell: &Cell) -> String {
    let connectors = cell.connectors.iter().map(of_connector);
    connectors.collect::<Vec<_>>().join(", ")
}

fn of_connector(connector: &CellConnector) -> String {
    let version = connector
        .version
        .map_or_else(String::new, |version| format!(" {version}"));
    let what = match connector.way {
        Way::GetsConnector => format!("gets{version}"),
        Way::HasConnector => format!("has{version}"),
        Way::UsesShared => format!("uses shared{version}"),
        Way::VersionDiffers => match connector.made_with {
            Some(made) => format!("uses shared{version}, made with {made}"),
            None => format!("uses shared{version}"),
        },
        Way::UsesOwn => format!("uses its own{version}"),
        Way::Downgrade => format!("would go back to older code as{version}"),
        Way::Elsewhere => "comes with another package".to_owned(),
        Way::Unusable => "can't be installed".to_owned(),
        Way::Unknown => "may be shared".to_owned(),
        Way::Blocked => "is nowhere".to_owned(),
    };
    format!("{} {what}", visible(&connector.connector))
}
