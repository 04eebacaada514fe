//! `recipack history`: what was done to a workspace.

use std::fmt::Write as _;

use super::super::args::{HistoryArgs, PlatformArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::table::{Align, Table, sized};
use super::super::ui::visible;
use super::super::{Context, Stop};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::connect::{open, open_remote};
use crate::cli::workspace_command::platform_option;
use crate::model::count::counted;
use crate::model::ident::Version;
use crate::model::workspace::{Address, RecipeState, RevisionHeader, RevisionNumber};
use crate::ops::import::history::{
    AssetChange, ChangedAsset, HistoryDocument, HistoryError, RevisionDocument, revision, revisions,
};
use crate::plan::decision::shell_word;
use crate::workspace::WorkspaceError;

/// How many hexadecimal digits tell a package from others in a list.
const DIGITS: usize = 12;

pub(crate) fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, Stop> {
    if let Some(spare) = args.prune {
        return prune(context, args, spare);
    }
    let workspace = open(context, &args.platform, &args.address, "history")?;
    match args.revision {
        None => {
            let document = revisions(workspace.as_ref(), &args.address)?;
            context.ui.print(&document, |document| {
                if document.revisions.is_empty() {
                    context.ui.talk("no revisions\n");
                }
                lines(document)
            })?;
        }
        Some(number) => {
            let number = RevisionNumber(number);
            let document = revision(workspace.as_ref(), &args.address, number)
                .map_err(|error| failed(error, &args.platform, &args.address))?;
            context.ui.print_changes(&document, text)?;
        }
    }
    Ok(Exit::Done)
}

/// Frees what this machine keeps for rollbacks over the API.
fn prune(context: &Context, args: &HistoryArgs, spare: usize) -> Result<Exit, Stop> {
    let Address::Remote(remote) = &args.address else {
        return Err(Failure::usage(format!(
            "{} keeps its revisions in its own file: there is nothing to free",
            args.address
        ))
        .help("--prune is for addresses of the platform's API")
        .into());
    };
    let workspace = open_remote(context, &args.platform, remote)?;
    let freed = workspace.prune(spare)?;
    let document = PruneDocument {
        workspace: args.address.clone(),
        packages: freed.packages,
        bytes: freed.bytes,
        revisions: freed.revisions,
    };
    context.ui.print_changes(&document, |document| {
        let mut text = match document.packages {
            0 => "nothing to free\n".to_owned(),
            packages => format!(
                "freed {}, {}\n",
                counted(packages as u64, "package"),
                sized(document.bytes)
            ),
        };
        for revision in &document.revisions {
            let _ = writeln!(text, "  revision {revision} can't be undone any more");
        }
        text
    })?;
    Ok(Exit::Done)
}

/// What `history --prune` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PruneDocument {
    /// The workspace.
    workspace: Address,
    /// How many packages were freed.
    packages: usize,
    /// How many bytes.
    bytes: u64,
    /// The revisions that can't be undone any more.
    revisions: Vec<RevisionNumber>,
}

fn failed(error: HistoryError, args: &PlatformArgs, address: &Address) -> Failure {
    match error {
        HistoryError::Workspace(error) => no_revision(error, args, address),
        HistoryError::Record(error) => error.into(),
    }
}

/// Says which revisions there are, if there is none of a number.
pub(super) fn no_revision(
    error: WorkspaceError,
    args: &PlatformArgs,
    address: &Address,
) -> Failure {
    let missing = matches!(error, WorkspaceError::NoRevision { .. });
    let failure = Failure::from(error);
    if !missing {
        return failure;
    }
    failure.help(format!(
        "those that are there: recipack history {}{}",
        shell_word(&address.to_string()),
        platform_option(args)
    ))
}

fn lines(document: &HistoryDocument) -> String {
    let mut table = Table::new([
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
    ])
    .headed(["REVISION", "WHEN", "WHO", "ACTION", "SUBJECT", "PACKAGE"]);
    for header in &document.revisions {
        table.row([
            &header.number.to_string(),
            &header.at.utc(),
            &header.who,
            header.action.as_str(),
            &header.subject,
            &short(header),
        ]);
    }
    table.text("")
}

fn short(header: &RevisionHeader) -> String {
    header.package.map_or_else(String::new, |digest| {
        digest.to_string().chars().take(DIGITS).collect()
    })
}

/// What a revision was: `import of orders.zip`, `rollback to revision 1`.
pub(super) fn deed(header: &RevisionHeader) -> String {
    use crate::model::workspace::RevisionAction as Action;
    visible(&match header.action {
        Action::Import => format!("import of {}", header.subject),
        Action::Rollback => format!("rollback to {}", header.subject),
    })
}

fn text(document: &RevisionDocument) -> String {
    let header = &document.revision;
    let mut text = format!(
        "{} revision {}: {}\n",
        document.workspace,
        header.number,
        deed(header)
    );
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<8} {}", visible(value));
    };
    line("when", &header.at.utc());
    line("who", &header.who);
    if let Some(package) = &header.package {
        line("package", &package.to_string());
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left]);
    for folder in &document.folders {
        table.row(["+", "folder", folder.as_str(), ""]);
    }
    for connector in &document.connectors {
        let title = connector.title.as_ref().map(|title| title.as_str());
        let name = connector.internal_name.as_ref().map(|name| name.as_str());
        let versions = versions(connector.from, connector.to);
        table.row([
            if connector.from.is_none() { "+" } else { "~" },
            "connector",
            title.or(name).unwrap_or_default(),
            &format!("{} {versions}", connector.action),
        ]);
    }
    for asset in &document.assets {
        asset_row(&mut table, asset);
    }
    text.push_str(&table.text("  "));
    let counted = |change| {
        let assets = document.assets.iter();
        assets.filter(|asset| asset.change == change).count()
    };
    let _ = writeln!(
        text,
        "Assets: {} created, {} changed, {} removed. Connectors: {} changed.",
        counted(AssetChange::Created),
        counted(AssetChange::Changed),
        counted(AssetChange::Removed),
        document.connectors.len()
    );
    recipes(&mut text, &document.recipes);
    text
}

/// The recipes that were stopped, started or restarted, or were to run.
pub(super) fn recipes(text: &mut String, recipes: &[crate::plan::import::ReceiptRecipe]) {
    for recipe in recipes {
        let name = visible(&recipe.folder.label(&recipe.name));
        let _ = match (recipe.planned, recipe.state) {
            (RecipeState::Running, RecipeState::Running) => writeln!(text, "runs      {name}"),
            (RecipeState::Stopped, RecipeState::Stopped) => writeln!(text, "stopped   {name}"),
            (RecipeState::Running, RecipeState::Stopped)
            | (RecipeState::Stopped, RecipeState::Running) => writeln!(
                text,
                "not {}  {name}: {}",
                recipe.planned,
                visible(&recipe.obstacles.join("; "))
            ),
        };
    }
}

fn asset_row(table: &mut Table<4>, asset: &ChangedAsset) {
    let (sign, what) = match asset.change {
        AssetChange::Created => ("+", "created".to_owned()),
        AssetChange::Changed => ("~", versions(asset.from, asset.to)),
        AssetChange::Removed => ("-", "removed".to_owned()),
        AssetChange::Started => ("~", "started".to_owned()),
        AssetChange::Stopped => ("~", "stopped".to_owned()),
    };
    let name = match (&asset.folder, &asset.name) {
        (Some(folder), Some(name)) => folder.label(name),
        (_, _) => asset
            .id
            .map_or_else(String::new, |id| format!("number {id}")),
    };
    let kind = asset.kind.as_ref().map_or("asset", |kind| kind.label());
    table.row([sign, kind, &name, &what]);
}

/// Two versions, from one to the other.
fn versions(from: Option<Version>, to: Option<Version>) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from == to => to.to_string(),
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (None, Some(version)) | (Some(version), None) => version.to_string(),
        (None, None) => String::new(),
    }
}
