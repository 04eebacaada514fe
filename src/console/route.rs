//! The addresses of pages. An address says everything that a page shows, so that it can be kept, sent
//! on and gone back to.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::model::ident::TargetName;
use crate::model::workspace::{Address, RevisionNumber};

/// What stands as it is in a part of a path.
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':');

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The workspaces.
    Home,
    /// The style sheet.
    Style,
    /// The icon.
    Icon,
    /// The connectors of an admin workspace.
    Connectors(Address),
    /// One of them, by its title or internal name.
    Connector(Address, String),
    /// A change of it.
    Change(Address, String, Verb),
    /// The recipes of a customer that use it and run, to be stopped.
    Stop(Address, String),
    /// What was done.
    Outcome(u64),
    /// What is being done.
    Work(u64),
    /// Which package is imported where.
    Import,
    /// What that would do.
    ImportPlan,
    /// What was done to a workspace.
    History(Address),
    /// What a rollback would do.
    Rollback(Address, RevisionNumber),
    /// The manifest and its targets.
    Package,
    /// The assets that it takes, to be ticked.
    Assets,
    /// What the package for a target would be.
    Target(TargetName),
    /// The connectors that it brings, to be ticked.
    TargetConnectors(TargetName),
    /// Making it.
    TargetExport(TargetName),
}

/// What can be done with a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Sharing it.
    Share,
    /// Having customers run the newest released version.
    Update,
    /// Having customers run another released version.
    Switch,
    /// Sharing it no longer.
    Remove,
}

impl Verb {
    const ALL: [Self; 4] = [Self::Share, Self::Update, Self::Switch, Self::Remove];

    /// The command's word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Update => "update",
            Self::Switch => "switch",
            Self::Remove => "remove",
        }
    }
}

impl Route {
    /// The page of a path.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut parts = Vec::new();
        for part in path.strip_prefix('/')?.split('/') {
            parts.push(percent_decode_str(part).decode_utf8().ok()?.into_owned());
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Some(match *parts.as_slice() {
            [""] => Self::Home,
            ["style.css"] => Self::Style,
            ["icon.svg"] => Self::Icon,
            ["done", number] => Self::Outcome(number.parse().ok()?),
            ["jobs", number] => Self::Work(number.parse().ok()?),
            ["import"] => Self::Import,
            ["import", "plan"] => Self::ImportPlan,
            ["in", address, "history"] => Self::History(address.parse().ok()?),
            ["in", address, "history", number] => {
                Self::Rollback(address.parse().ok()?, RevisionNumber(number.parse().ok()?))
            }
            ["package"] => Self::Package,
            ["package", "assets"] => Self::Assets,
            ["package", "for", target] => Self::Target(target.parse().ok()?),
            ["package", "for", target, "connectors"] => {
                Self::TargetConnectors(target.parse().ok()?)
            }
            ["package", "for", target, "export"] => Self::TargetExport(target.parse().ok()?),
            ["in", address, "connectors"] => Self::Connectors(address.parse().ok()?),
            ["in", address, "connectors", name] => {
                Self::Connector(address.parse().ok()?, name.to_owned())
            }
            ["in", address, "connectors", name, "stop"] => {
                Self::Stop(address.parse().ok()?, name.to_owned())
            }
            ["in", address, "connectors", name, verb] => {
                let verb = Verb::ALL.into_iter().find(|known| known.word() == verb)?;
                Self::Change(address.parse().ok()?, name.to_owned(), verb)
            }
            _ => return None,
        })
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        let part = |text: &str| utf8_percent_encode(text, PART).to_string();
        let connectors =
            |address: &Address| format!("/in/{}/connectors", part(&address.to_string()));
        let history = |address: &Address| format!("/in/{}/history", part(&address.to_string()));
        match self {
            Self::Home => "/".to_owned(),
            Self::Style => "/style.css".to_owned(),
            Self::Icon => "/icon.svg".to_owned(),
            Self::Connectors(address) => connectors(address),
            Self::Connector(address, name) => format!("{}/{}", connectors(address), part(name)),
            Self::Change(address, name, verb) => {
                format!("{}/{}/{}", connectors(address), part(name), verb.word())
            }
            Self::Stop(address, name) => format!("{}/{}/stop", connectors(address), part(name)),
            Self::Outcome(number) => format!("/done/{number}"),
            Self::Work(number) => format!("/jobs/{number}"),
            Self::Import => "/import".to_owned(),
            Self::ImportPlan => "/import/plan".to_owned(),
            Self::History(address) => history(address),
            Self::Rollback(address, number) => format!("{}/{number}", history(address)),
            Self::Package => "/package".to_owned(),
            Self::Assets => "/package/assets".to_owned(),
            Self::Target(name) => format!("/package/for/{}", part(name.as_str())),
            Self::TargetConnectors(name) => {
                format!("/package/for/{}/connectors", part(name.as_str()))
            }
            Self::TargetExport(name) => format!("/package/for/{}/export", part(name.as_str())),
        }
    }

    /// Whether something is changed by what is sent there.
    pub(super) const fn takes_changes(&self) -> bool {
        match self {
            Self::Change(..)
            | Self::Stop(..)
            | Self::ImportPlan
            | Self::Rollback(..)
            | Self::Assets
            | Self::TargetConnectors(_)
            | Self::TargetExport(_) => true,
            Self::Home
            | Self::Style
            | Self::Icon
            | Self::Connectors(_)
            | Self::Connector(..)
            | Self::Work(_)
            | Self::Import
            | Self::History(_)
            | Self::Package
            | Self::Target(_)
            | Self::Outcome(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_page() {
        let studio: Address = "local:studio".parse().expect("an address");
        let remote: Address = "https://www.workato.com#folder=7"
            .parse()
            .expect("an address");
        let hostile = "a/b?c#d%2F..<é\u{202e}";
        for route in [
            Route::Home,
            Route::Style,
            Route::Icon,
            Route::Outcome(3),
            Route::Connectors(studio.clone()),
            Route::Connectors(remote.clone()),
            Route::Connector(remote.clone(), hostile.to_owned()),
            Route::Change(studio.clone(), hostile.to_owned(), Verb::Remove),
            Route::Change(remote, "x".to_owned(), Verb::Share),
            Route::Stop(studio.clone(), hostile.to_owned()),
            Route::Work(7),
            Route::Import,
            Route::ImportPlan,
            Route::History(studio.clone()),
            Route::Rollback(studio, RevisionNumber(2)),
            Route::Package,
            Route::Assets,
            Route::Target("acme".parse().expect("a name")),
            Route::TargetConnectors("acme".parse().expect("a name")),
            Route::TargetExport("a.b-c".parse().expect("a name")),
        ] {
            assert_eq!(
                Route::parse(&route.path()).as_ref(),
                Some(&route),
                "{}",
                route.path()
            );
        }
        for path in [
            "",
            "//",
            "/in",
            "/in/studio/connectors",
            "/in/local:a/connectors/x/erase",
            "/done/x",
            "/package/for/a%2Fb",
            "/in/%ff/connectors",
        ] {
            assert_eq!(Route::parse(path), None, "{path}");
        }
    }
}
