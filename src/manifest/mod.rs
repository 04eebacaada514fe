//! `recipack.toml`: which project, which assets, which connectors, which targets.

mod checks;
mod edit;
mod environment;
mod error;
mod glob;
mod listing;
pub mod lock;
mod naming;
mod parse;
mod quote;
mod schema;
mod selection;
mod spans;
mod template;

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use crate::model::ident::{ConnectorTitle, PackageName, TargetName};
use crate::model::span::{Located, Origin};
use crate::model::target::{ConnectorPolicy, Target, TargetKind};

pub use checks::{Allowance, Checks, Level};
pub use edit::{Change, Done, EditError, ManifestEdit, Outcome, Removal};
pub use environment::{Environment, Soak};
pub use error::{ManifestError, ManifestErrors, Problem};
pub use glob::{Glob, GlobError};
pub use listing::{EnvironmentListing, Listing, PackageListing, SelectListing, TargetListing};
pub use naming::{NamePattern, NamePatternError};
pub use schema::ManifestText;
pub use selection::{Candidate, Choice, Rule, Selection, Unmatched};
pub use template::{ConnectorFact, TemplateCatalog, TemplateFacts, template};

/// The platform's limit on a package's size, in megabytes.
pub const DEFAULT_LIMIT_MB: NonZeroU64 = NonZeroU64::new(100).expect("a hundred isn't zero");

/// What `recipack.toml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// What is packed, under which name and limit.
    pub package: PackageSettings,
    /// Which of its assets.
    pub select: Selection,
    /// What is said about connectors for every target, each with the place of its title.
    pub connectors: BTreeMap<ConnectorTitle, Located<ConnectorPolicy>>,
    /// The targets, each with the place of its name.
    pub targets: BTreeMap<TargetName, Located<Target>>,
    /// The workspaces that a package goes through, each with the place of its name.
    pub environments: BTreeMap<TargetName, Located<Environment>>,
    /// How much findings matter, which are allowed, and how assets are to be named.
    pub checks: Checks,
}

/// The manifest's `[package]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSettings {
    /// The stem of the zip's file name.
    pub name: Option<PackageName>,
    /// The project's folder, or a package zip; relative to the manifest.
    pub project: Option<Located<String>>,
    /// The largest package that is made, in megabytes.
    pub limit_mb: NonZeroU64,
    /// The catalogue: a file, relative to the manifest; an admin workspace's address; or `none` for a
    /// partner who shares nothing.
    pub catalog: Option<Located<String>>,
}

impl Default for PackageSettings {
    fn default() -> Self {
        Self {
            name: None,
            project: None,
            limit_mb: DEFAULT_LIMIT_MB,
            catalog: None,
        }
    }
}

/// A connector that the manifest names and that isn't there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedConnector<'m> {
    /// The title.
    pub title: &'m ConnectorTitle,
    /// The target it is named for; none if for all.
    pub target: Option<&'m TargetName>,
    /// Where it is named.
    pub origin: &'m Origin,
}

impl Manifest {
    /// What is said about a connector, for `target` first and for every target second.
    pub fn word<'m>(
        &'m self,
        title: &ConnectorTitle,
        target: Option<&'m Target>,
    ) -> Option<&'m Located<ConnectorPolicy>> {
        target
            .and_then(|target| target.connectors.get(title))
            .or_else(|| self.connectors.get(title))
    }

    /// The catalogue for `target`, a file, an address or `none`: its own first, the package's second.
    pub fn catalog<'m>(&'m self, target: Option<&'m Target>) -> Option<&'m Located<String>> {
        target
            .and_then(|target| target.catalog.as_ref())
            .or(self.package.catalog.as_ref())
    }

    /// The customer targets for which no catalogue is named, so that the rule can't be applied to
    /// connectors going there.
    pub fn without_catalogue(&self) -> impl Iterator<Item = (&TargetName, &Located<Target>)> {
        self.targets.iter().filter(|(_, target)| {
            target.value.kind == TargetKind::Customer && self.catalog(Some(&target.value)).is_none()
        })
    }

    /// The connectors that are named here and that `is_known` doesn't know.
    pub fn unmatched_connectors(
        &self,
        is_known: impl Fn(&ConnectorTitle) -> bool,
    ) -> Vec<UnmatchedConnector<'_>> {
        let everywhere = self
            .connectors
            .iter()
            .map(|(title, word)| (None, title, word));
        let per_target = self.targets.iter().flat_map(|(name, target)| {
            let connectors = target.value.connectors.iter();
            connectors.map(move |(title, word)| (Some(name), title, word))
        });
        everywhere
            .chain(per_target)
            .filter(|(_, title, _)| !is_known(title))
            .map(|(target, title, word)| UnmatchedConnector {
                title,
                target,
                origin: &word.origin,
            })
            .collect()
    }
}
