//! A rollback in words: one sign and a few words for whatever happens.

use super::document::{
    Irreversible, RollbackPlan, RolledAction, RolledAsset, RolledConnector, RolledConnectorAction,
};
use crate::model::count::counted;
use crate::model::workspace::{RecipeState, RevisionNumber};
use crate::plan::import::wording::Wording;

impl RollbackPlan {
    /// What is restored: `after revision 3`.
    pub fn restores(&self) -> String {
        match self.to {
            RevisionNumber(0) => "before the first revision".to_owned(),
            number => format!("after revision {number}"),
        }
    }

    /// How much of each there is, in a line.
    pub fn summary_line(&self) -> String {
        let summary = &self.summary;
        let mut line = format!(
            "Plan: {} to restore ({} running)",
            summary.restores, summary.restores_running
        );
        for (count, what) in [
            (summary.recreates, "to create again"),
            (summary.switches, "to start or stop"),
            (summary.removes, "to remove"),
            (summary.keeps, "created since to stay"),
            (summary.blocked, "that can't start"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        line.push_str(&format!(
            ", {} unchanged. Connectors: {} to restore.",
            summary.unchanged, summary.connectors
        ));
        line
    }
}

impl RolledConnector {
    /// What happens to it, and how many recipes use it.
    pub fn wording(&self) -> Wording {
        use RolledConnectorAction as Action;
        let (sign, what) = match self.action {
            Action::Restores => (
                "~",
                match (self.code_of, self.to) {
                    (Some(code), Some(to)) => format!("restores {code} as {to}, released"),
                    (Some(code), None) => format!("restores {code} as a newer version, released"),
                    (None, _) => {
                        "restores the earlier code as a newer version, released".to_owned()
                    }
                },
            ),
            Action::Unchanged => ("=", "unchanged".to_owned()),
            Action::StaysBehind => ("o", "installed since, stays".to_owned()),
            Action::Irretrievable => ("x", "can't be restored, stays".to_owned()),
        };
        let used = match self.recipes {
            0 => String::new(),
            1 => ", 1 recipe uses it".to_owned(),
            many => format!(", {many} recipes use it"),
        };
        Wording {
            sign,
            what: what + &used,
        }
    }
}

impl RolledAsset {
    /// What happens to it.
    pub fn wording(&self) -> Wording {
        let contents = match (self.contents_of, self.to) {
            (Some(earlier), Some(to)) => format!("{earlier} as {to}"),
            // Of most types nobody tells versions over the API.
            (Some(earlier), None) => earlier.to_string(),
            (None, _) => "the earlier contents".to_owned(),
        };
        let running = self.running == Some(RecipeState::Running);
        let (sign, mut what) = match self.action {
            RolledAction::Restores if running => ("!", format!("restores running {contents}")),
            RolledAction::Restores => ("~", format!("restores {contents}")),
            RolledAction::Recreates => ("+", format!("creates again {contents}")),
            RolledAction::Starts => ("~", "starts".to_owned()),
            RolledAction::Stops => ("!", "stops".to_owned()),
            RolledAction::Unchanged => ("=", "unchanged".to_owned()),
            RolledAction::StopsCreated => ("!", "created since, stops and stays".to_owned()),
            RolledAction::KeepsCreated => ("=", "created since, stays".to_owned()),
            RolledAction::RemovesCreated if running => {
                ("-", "created since, removes running".to_owned())
            }
            RolledAction::RemovesCreated => ("-", "created since, removes".to_owned()),
        };
        if !self.obstacles.is_empty() {
            what.push_str(", can't start");
        } else if matches!(
            self.action,
            RolledAction::Restores | RolledAction::Recreates
        ) && self.state != self.running
        {
            match self.state {
                Some(RecipeState::Running) => what.push_str(", starts"),
                Some(RecipeState::Stopped) if running => what.push_str(", stays stopped"),
                Some(RecipeState::Stopped) | None => {}
            }
        }
        Wording { sign, what }
    }
}

impl Irreversible {
    /// What stays as it is, in a sentence.
    pub fn wording(&self) -> String {
        match self {
            Self::Jobs { recipes } => format!(
                "what {} did meanwhile in the versions that are undone",
                counted(*recipes as u64, "recipe")
            ),
            Self::Events { recipes } => format!(
                "webhook events that came, or come, while {} did not run",
                counted(*recipes as u64, "recipe")
            ),
            Self::Connections { created } => format!(
                "{} created since: they stay, authorized or not as they are",
                counted(*created as u64, "connection")
            ),
            Self::Credentials { connection, folder } => format!(
                "the credentials of the connection \"{}\"",
                folder.label(connection)
            ),
            Self::Folders { folders } => {
                let folders: Vec<String> = folders.iter().map(|f| format!("\"{f}\"")).collect();
                format!("folders created since, which stay: {}", folders.join(", "))
            }
            Self::Properties { names } => format!(
                "values of properties that were added since and go: {}",
                names.join(", ")
            ),
            Self::Rows { tables } => {
                format!("rows of tables that are restored: {}", tables.join(", "))
            }
            Self::RowsStay { tables } => {
                format!(
                    "rows of tables, which stay as they are: {}",
                    tables.join(", ")
                )
            }
            Self::ValuesStay { names } => match &names[..] {
                [] => "values of properties, which stay as they are".to_owned(),
                names => format!(
                    "values of properties, which stay as they are: {}",
                    names.join(", ")
                ),
            },
            Self::CredentialsStay { connection, folder } => format!(
                "the credentials that settings gave the connection \"{}\", which stay",
                folder.label(connection)
            ),
            Self::EndpointsStay { names } => format!(
                "whether API endpoints are enabled, which stays as settings made it: {}",
                names.join(", ")
            ),
            Self::Contents { name, folder } => format!(
                "\"{}\", whose earlier contents could not be kept",
                folder.label(name)
            ),
            Self::Code { title, version } => {
                format!("the code of \"{title}\" {version}, which only a catalogue knows")
            }
            Self::Release { title } => {
                format!(
                    "\"{title}\" had no released version then, and a release can't be taken back"
                )
            }
            Self::Gone { id, name } => match name {
                Some(name) => format!("\"{name}\", which is gone"),
                None => format!("the asset with number {id}, which is gone"),
            },
        }
    }
}
