//! The words of `plan` and `import` for people.

use std::fmt::Write as _;

use super::counts::{Length, counts};
use super::import::named;
use super::import_edits;
use crate::cli::ui::{Volume, visible};
use crate::model::count::counted;
use crate::model::workspace::{Address, FolderPath, RecipeState};
use crate::ops::import::ImportDocument;
use crate::plan::import::Receipt;
use crate::plan::import::document::{ConnectorAction, ImportPlan, PlannedAsset, PlannedConnector};
use crate::plan::import::settings::SettingEffect;
use crate::plan::import::wording::Wording;

/// How many recipes that a connector moves are named before the rest is only counted.
const SHOWN: usize = 10;

/// What an import did, in a line; nothing if there was nothing to do.
pub(super) fn imported(address: &Address, receipt: &Receipt) -> String {
    match receipt.revision {
        Some(revision) => format!("imported into {address} as revision {revision}"),
        None => String::new(),
    }
}

pub(super) fn outcome(text: &mut String, document: &ImportDocument) {
    let settings = document.plan.plan.settings.as_ref();
    let address = &document.plan.plan.workspace.address;
    for recipe in &document.receipt.recipes {
        let name = place(&recipe.folder, &recipe.name);
        let settings = document.plan.plan.settings.iter();
        let started = settings.flat_map(|told| &told.actions).any(|action| {
            action.effect == SettingEffect::Starts
                && action.name == recipe.name
                && action.folder == recipe.folder
        });
        let _ = match recipe.state {
            RecipeState::Running if started => writeln!(text, "started   {name}"),
            RecipeState::Running => writeln!(text, "restarted {name}"),
            RecipeState::Stopped => writeln!(text, "stopped   {name}"),
        };
    }
    let _ = match document.receipt.revision {
        Some(revision) if document.astray.is_empty() => writeln!(
            text,
            "Imported into {address} as revision {revision}; read back, everything is as planned."
        ),
        Some(revision) => writeln!(
            text,
            "Imported into {address} as revision {revision}, but not everything is as planned:"
        ),
        None if document.plan.plan.assets.is_empty()
            && document.plan.plan.connectors.is_empty() =>
        {
            writeln!(
                text,
                "Nothing was imported into {address}: the package holds no assets."
            )
        }
        None if document.astray.is_empty() && settings.is_some_and(|told| !told.is_empty()) => {
            writeln!(
                text,
                "{address} has the package already, and got its settings; read back, everything is as planned."
            )
        }
        None if document.astray.is_empty() && settings.is_some() => {
            writeln!(
                text,
                "{address} is as the package and the settings have it already."
            )
        }
        None if document.astray.is_empty() => {
            let not_read = match document.plan.plan.summary.not_read {
                0 => String::new(),
                number => format!(
                    ", as far as it was read: not {}",
                    counted(number as u64, "asset")
                ),
            };
            writeln!(
                text,
                "{address} is as the package has it already{not_read}."
            )
        }
        None if settings.is_some() => {
            writeln!(text, "{address} is not as the settings have it:")
        }
        None => writeln!(text, "Nothing was imported into {address}:"),
    };
    for astray in &document.astray {
        let _ = writeln!(text, "  {}", visible(astray));
    }
}

fn place(folder: &FolderPath, name: &str) -> String {
    visible(&folder.label(name))
}

/// The plan for people: one line for whatever changes, counts for the rest.
pub(super) fn text(plan: &ImportPlan, volume: Volume, length: Length) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} → {} ({}), {}",
        visible(&plan.package.path),
        plan.workspace.address,
        plan.workspace.kind,
        named(&plan.folder)
    );
    let folders = &plan.creates_folders;
    if length.is_exceeded_by(folders.len()) {
        let folders = counted(folders.len() as u64, "folder");
        let _ = writeln!(text, "  + {folders}; --full lists them");
    }
    for folder in folders
        .iter()
        .filter(|_| !length.is_exceeded_by(folders.len()))
    {
        let _ = writeln!(text, "  + folder       {}", visible(folder.as_str()));
    }
    for connector in &plan.connectors {
        of_connector(&mut text, plan, connector, volume);
    }
    let shown = |asset: &&PlannedAsset| asset.wording().sign != "=" || volume == Volume::Verbose;
    let shown: Vec<&PlannedAsset> = plan.assets.iter().filter(shown).collect();
    if length.is_exceeded_by(shown.len()) {
        text.push_str(&counts(&shown));
    }
    for asset in shown.iter().filter(|_| !length.is_exceeded_by(shown.len())) {
        let Wording { sign, what } = asset.wording();
        let name = visible(&asset.place());
        let _ = writeln!(
            text,
            "  {sign} {:<12} {name}  {what}",
            kind(asset.kind.label())
        );
    }
    import_edits::text(&mut text, plan, volume);
    for ignored in &plan.ignored {
        let _ = writeln!(
            text,
            "  - {:<12} {}  is no asset's, stays out",
            "file",
            visible(ignored.as_str())
        );
    }
    for action in plan.settings.iter().flat_map(|told| &told.actions) {
        let Wording { sign, what } = action.wording();
        if sign == "=" && volume != Volume::Verbose {
            continue;
        }
        let kind = action.subject.label();
        let name = visible(&action.named());
        let _ = writeln!(text, "  {sign} {kind:<12} {name}  {}", visible(&what));
    }
    let afterwards = length.shown(&plan.afterwards);
    for one in afterwards {
        let _ = writeln!(text, "  ? {}", visible(&one.wording()));
    }
    let more = plan.afterwards.len() - afterwards.len();
    if more > 0 {
        let _ = writeln!(text, "  ? … and {more} more; --full lists them");
    }
    let _ = writeln!(text, "{}", plan.summary_line());
    if plan.summary.not_read > 0 {
        text.push_str("No list tells what is not read; --read full reads it.\n");
    }
    for needed in &plan.needs {
        let _ = writeln!(
            text,
            "Needs --{}: {}.",
            needed.permission,
            visible(&needed.because)
        );
    }
    text
}

pub(super) fn kind(label: &str) -> &str {
    if label == "custom connector" {
        "connector"
    } else {
        label
    }
}

fn of_connector(
    text: &mut String,
    plan: &ImportPlan,
    connector: &PlannedConnector,
    volume: Volume,
) {
    let Wording { sign, what } = connector.wording();
    let used = match connector.usage() {
        used if used.is_empty() => used,
        used => format!(", {used}"),
    };
    let _ = writeln!(
        text,
        "  {sign} {:<12} {}  {what}{used}",
        "connector",
        visible(&connector.connector)
    );
    if !matches!(
        connector.action,
        ConnectorAction::Update | ConnectorAction::Downgrade
    ) {
        return;
    }
    let packaged = plan.assets.iter().filter_map(|asset| {
        let uses = connector.recipes.contains(&asset.path);
        let state = asset.state.filter(|_| uses && asset.id.is_some())?;
        Some((place(&asset.folder, &asset.name), state))
    });
    let others = connector
        .moves
        .iter()
        .map(|moved| (place(&moved.folder, &moved.name), moved.state));
    let moved: Vec<_> = packaged.chain(others).collect();
    let shown = if volume == Volume::Verbose {
        moved.len()
    } else {
        SHOWN
    };
    for (name, state) in moved.iter().take(shown) {
        let _ = writeln!(text, "      moves {name} ({state})");
    }
    if moved.len() > shown {
        let _ = writeln!(text, "      … and {} more", moved.len() - shown);
    }
}
