//! A plan in the platform's words: one sign and a few words for whatever happens.

use super::document::{
    Afterwards, AssetAction, ConnectorAction, Direction, ImportPlan, PlannedAsset,
    PlannedConnector, PlannedRows,
};
use super::settings::{SettingAction, SettingEffect, SettingSubject, of_project};
use crate::model::count::counted;
use crate::model::ident::Version;
use crate::model::table::RowCount;
use crate::model::workspace::RecipeState;

/// What happens to one thing: `+` new, `~` changed, `!` changed though it matters, `=` unchanged, `o`
/// in place of the package's, `?` from elsewhere, `x` impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The sign.
    pub sign: &'static str,
    /// The words: `overwrites v1 → v2`.
    pub what: String,
}

fn wording(sign: &'static str, what: &str) -> Wording {
    Wording {
        sign,
        what: what.trim_end().to_owned(),
    }
}

/// `v1 → v2`, as far as both are known and differ.
pub fn versions(from: Option<Version>, to: Option<Version>) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from == to => to.to_string(),
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (None, Some(version)) | (Some(version), None) => version.to_string(),
        (None, None) => String::new(),
    }
}

/// `v1 → v2`, with a word for what is not known.
fn moved(from: Option<Version>, to: Option<Version>) -> String {
    let told = |version: Option<Version>| {
        version.map_or_else(|| "unknown".to_owned(), |version| version.to_string())
    };
    format!("{} → {}", told(from), told(to))
}

impl PlannedAsset {
    /// What happens to it.
    pub fn wording(&self) -> Wording {
        let mut wording = self.action_wording();
        if let Some(rows) = &self.rows {
            wording.what = format!("{}, {}", wording.what, rows.wording());
            if rows.overwritten {
                wording.sign = "!";
            }
        }
        for other in &self.elsewhere {
            let verb = match other.state {
                RecipeState::Running => "runs",
                RecipeState::Stopped => "stands",
            };
            let folder = match other.folder.is_home() {
                true => "Home".to_owned(),
                false => format!("{}/", other.folder),
            };
            wording.what = format!("{}; \"{}\" {verb} in {folder} too", wording.what, self.name);
        }
        wording
    }

    fn action_wording(&self) -> Wording {
        let versions = versions(self.from, self.to);
        match self.action {
            AssetAction::Creates => wording("+", "creates"),
            AssetAction::CreatesPlaceholder => wording("+", "creates placeholder"),
            AssetAction::Overwrites => wording("~", &format!("overwrites {versions}")),
            AssetAction::OverwritesRunning => {
                wording("!", &format!("overwrites running {versions}"))
            }
            AssetAction::BindsToExisting => wording("=", "binds to existing"),
            AssetAction::NoChange => wording("=", "no change"),
            AssetAction::NotRead => wording("?", "nothing new in the package; not read"),
            AssetAction::KeepsEdits => wording("=", "kept: changed there since an import"),
        }
    }

    /// Its folder and name.
    pub fn place(&self) -> String {
        self.folder.label(&self.name)
    }
}

impl PlannedRows {
    /// The rows before and after: `120 rows → 1`.
    pub fn wording(&self) -> String {
        match (self.from, self.to) {
            (None, to) => to.to_string(),
            (Some(from), to) if from == to && !self.overwritten => to.to_string(),
            (Some(from), RowCount::Known(to)) => format!("{from} → {to}"),
            (Some(from), to @ RowCount::Unknown(_)) => format!("{from} → {to}"),
        }
    }
}

impl PlannedConnector {
    /// What happens to it.
    pub fn wording(&self) -> Wording {
        let versions = versions(self.from, self.to);
        match self.action {
            ConnectorAction::Install => wording("+", &format!("install {versions}")),
            ConnectorAction::Update => {
                let versions = moved(self.from, self.to);
                wording(
                    "~",
                    &match self.direction {
                        Some(Direction::Unknown) => {
                            format!("update {versions}, older or newer unknown")
                        }
                        Some(Direction::Newer | Direction::Older) | None => {
                            format!("update {versions}")
                        }
                    },
                )
            }
            ConnectorAction::Downgrade => {
                wording("!", &format!("downgrade {}", moved(self.from, self.to)))
            }
            ConnectorAction::Same => match self.to {
                Some(_) => wording("=", &format!("same {versions}")),
                None => wording("=", "same, version unknown"),
            },
            ConnectorAction::UsesShared => wording("o", &format!("uses shared {versions}")),
            ConnectorAction::UsesOwn => {
                wording("o", &format!("uses the workspace's own {versions}"))
            }
            ConnectorAction::Elsewhere => wording("?", "comes with another package"),
            ConnectorAction::Unknown => wording("?", "may be shared, which can't be seen"),
            ConnectorAction::Blocked => wording("x", "blocked"),
        }
    }

    /// How many recipes use it, or are moved by it.
    pub fn usage(&self) -> String {
        match self.recipes.len() + self.moves.len() {
            0 => String::new(),
            1 => "1 recipe uses it".to_owned(),
            recipes => format!("{recipes} recipes use it"),
        }
    }
}

impl ImportPlan {
    /// How many there are of each, in a sentence.
    pub fn summary_line(&self) -> String {
        let summary = &self.summary;
        let unknown = match summary.unknown {
            0 => String::new(),
            number => format!(", {number} unknown"),
        };
        let not_read = match summary.not_read {
            0 => String::new(),
            number => format!(", {number} not read"),
        };
        let settings = self.settings.as_ref().map_or_else(String::new, |settings| {
            let count = |effects: &[SettingEffect]| {
                let actions = settings.actions.iter();
                actions.filter(|one| effects.contains(&one.effect)).count()
            };
            let binds = match count(&[SettingEffect::Binds]) {
                0 => String::new(),
                binds => format!("{binds} to bind, "),
            };
            let of = |number: usize, what: &str| match number {
                0 => String::new(),
                number => format!("{number} to {what}, "),
            };
            let enables = of(count(&[SettingEffect::Enables]), "enable");
            let disables = of(count(&[SettingEffect::Disables]), "disable");
            format!(
                " Settings: {} to set, {} to authorize, {binds}{} to start, {} to stop, {enables}{disables}{} waiting.",
                count(&[SettingEffect::Sets, SettingEffect::Changes]),
                count(&[SettingEffect::Authorizes]),
                count(&[SettingEffect::Starts]),
                count(&[SettingEffect::Stops]),
                count(&[
                    SettingEffect::AwaitsPerson,
                    SettingEffect::CannotStart,
                    SettingEffect::CannotEnable
                ]),
            )
        });
        format!(
            "Plan: {} to create, {} to overwrite ({} running), {} unchanged{not_read}. Connectors: {} to install, {} to update, {} blocked{unknown}.{settings}",
            summary.creates,
            summary.overwrites,
            summary.overwrites_running,
            summary.unchanged,
            summary.installs,
            summary.updates,
            summary.blocked
        )
    }
}

impl SettingSubject {
    /// What to call it in a column.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Property | Self::ProjectProperty => "property",
            Self::Connection => "connection",
            Self::Table => "table",
            Self::Recipe => "recipe",
            Self::Endpoint => "API endpoint",
        }
    }
}

impl SettingAction {
    /// The sign and the words for what it does.
    pub fn wording(&self) -> Wording {
        let to = self.to.as_deref().unwrap_or_default();
        let because = self.because.join("; ");
        let level = match self.subject {
            SettingSubject::ProjectProperty => of_project(&self.folder),
            SettingSubject::Property
            | SettingSubject::Connection
            | SettingSubject::Table
            | SettingSubject::Recipe
            | SettingSubject::Endpoint => String::new(),
        };
        match self.effect {
            SettingEffect::Sets => wording("+", &format!("{to}{level}")),
            SettingEffect::Changes => {
                let from = self.from.as_deref().unwrap_or("another value");
                wording("~", &format!("{from} → {to}{level}"))
            }
            SettingEffect::Binds => {
                let because = match &*because {
                    "" => String::new(),
                    because => format!(", {because}"),
                };
                wording("*", &format!("binds to {to}{because}"))
            }
            SettingEffect::Keeps if because.is_empty() => wording("=", "is so already"),
            SettingEffect::Keeps => wording("=", &because),
            SettingEffect::Authorizes => wording("*", &format!("is authorized with {to}")),
            SettingEffect::AwaitsPerson => wording("?", "waits for a person to authorize it"),
            SettingEffect::Starts => wording(">", "starts"),
            SettingEffect::Stops => wording("-", "stops"),
            SettingEffect::CannotStart => wording("?", &format!("can't start yet: {because}")),
            SettingEffect::Enables => wording(">", "is enabled"),
            SettingEffect::Disables => wording("-", "is disabled"),
            SettingEffect::CannotEnable => {
                wording("?", &format!("can't be enabled yet: {because}"))
            }
        }
    }
}

impl Afterwards {
    /// What a person will have to do.
    pub fn wording(&self) -> String {
        let uses = |recipes: &usize| match recipes {
            0 => String::new(),
            1 => " (1 recipe uses it)".to_owned(),
            _ => format!(" ({recipes} recipes use it)"),
        };
        match self {
            Self::Authorize {
                connection,
                folder,
                recipes,
            } => format!(
                "authorize the connection {}{}",
                folder.label(connection),
                uses(recipes)
            ),
            Self::Connect {
                connection,
                recipes,
            } => format!(
                "choose a connection in place of \"{connection}\", which is not there{}",
                uses(recipes)
            ),
            Self::Choose {
                connection,
                folders,
                recipes,
            } => {
                let folders = folders.iter().map(|folder| folder.label(connection));
                let needs = match recipes {
                    1 => "1 recipe needs one".to_owned(),
                    _ => format!("{recipes} recipes need one"),
                };
                format!(
                    "choose one of the connections {} ({needs})",
                    folders.collect::<Vec<_>>().join(", ")
                )
            }
            Self::OtherApplication {
                connection,
                folder,
                found,
                wanted,
                recipes,
            } => {
                let connection = folder.label(connection);
                match found {
                    Some(found) => format!(
                        "choose a connection for `{wanted}` in place of {connection}, which is for `{found}`{}",
                        uses(recipes)
                    ),
                    None => format!(
                        "see whether {connection} is for `{wanted}`; what it is for is not known{}",
                        uses(recipes)
                    ),
                }
            }
            Self::ConnectMore {
                connections,
                recipes,
            } => format!(
                "choose {connections} more connections, which are not listed and not there, for {}",
                counted(*recipes as u64, "use")
            ),
            Self::CheckProperties { names } => format!(
                "see that the properties are there which the package does not bring: {}",
                names.join(", ")
            ),
            Self::FillProperties { names } => {
                format!("give the properties their values: {}", names.join(", "))
            }
            Self::Start { recipes } => format!("start the recipes that were created: {recipes}"),
        }
    }
}
