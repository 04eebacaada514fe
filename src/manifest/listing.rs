//! What a manifest says, without places and patterns compiled: for people and for JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Allowance, Environment, Glob, GlobError, Level, Manifest, Selection};
use crate::model::finding::Code;
use crate::model::ident::{ConnectorTitle, DataCenter, PackageName, TagName, TargetName, TypeWord};
use crate::model::path::PackagePath;
use crate::model::span::Located;
use crate::model::target::{ConnectorPolicy, Target, TargetKind};
use crate::model::workspace::Address;

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listing {
    /// What is packed, under which name and limit.
    pub package: PackageListing,
    /// Which of its assets.
    pub select: SelectListing,
    /// What is said about connectors for every target, by title.
    pub connectors: BTreeMap<ConnectorTitle, ConnectorPolicy>,
    /// The targets, by name.
    pub targets: BTreeMap<TargetName, TargetListing>,
    /// The workspaces that a package goes through, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<TargetName, EnvironmentListing>,
    /// How much findings matter, by code, where it says something.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<Code, Level>,
    /// The findings that are allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Allowance>,
    /// What the display names of assets have to match, by type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub naming: BTreeMap<TypeWord, String>,
}

/// The manifest's `[package]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageListing {
    /// The stem of the zip's file name.
    pub name: Option<PackageName>,
    /// The project's folder, or a package zip; relative to the manifest.
    pub project: Option<String>,
    /// The largest package that is made, in megabytes.
    pub limit_mb: u64,
    /// The catalogue: a file, relative to the manifest; an admin workspace's address; or `none` for a
    /// partner who shares nothing.
    pub catalog: Option<String>,
}

/// The manifest's `[select]`. A list that is empty allows everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SelectListing {
    /// Patterns over paths that may come.
    pub include: Vec<String>,
    /// Patterns over paths that may not.
    pub exclude: Vec<String>,
    /// Types that may come.
    pub types: Vec<TypeWord>,
    /// Folders that assets may come from.
    pub folders: Vec<PackagePath>,
    /// Tags of which an asset must carry one.
    pub tags: Vec<TagName>,
}

/// One of the manifest's `[targets]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetListing {
    /// Whose workspace it is.
    pub kind: TargetKind,
    /// The data center it lives in.
    pub data_center: Option<DataCenter>,
    /// What is said about connectors for this target only.
    pub connectors: BTreeMap<ConnectorTitle, ConnectorPolicy>,
    /// The catalogue for this target only.
    pub catalog: Option<String>,
}

fn values<T: Clone>(list: &[Located<T>]) -> Vec<T> {
    list.iter().map(|entry| entry.value.clone()).collect()
}

fn texts<T: ToString>(list: &[Located<T>]) -> Vec<String> {
    list.iter().map(|entry| entry.value.to_string()).collect()
}

fn words(
    connectors: &BTreeMap<ConnectorTitle, Located<ConnectorPolicy>>,
) -> BTreeMap<ConnectorTitle, ConnectorPolicy> {
    connectors
        .iter()
        .map(|(title, word)| (title.clone(), word.value))
        .collect()
}

fn text(file: Option<&Located<String>>) -> Option<String> {
    file.map(|file| file.value.clone())
}

impl From<&Target> for TargetListing {
    fn from(target: &Target) -> Self {
        Self {
            kind: target.kind,
            data_center: target.data_center.clone(),
            connectors: words(&target.connectors),
            catalog: text(target.catalog.as_ref()),
        }
    }
}

impl From<&Selection> for SelectListing {
    fn from(selection: &Selection) -> Self {
        Self {
            include: texts(&selection.include),
            exclude: texts(&selection.exclude),
            types: values(&selection.types),
            folders: values(&selection.folders),
            tags: values(&selection.tags),
        }
    }
}

impl SelectListing {
    /// The selection that says this, as if the command line had said it.
    ///
    /// # Errors
    /// If a pattern is no glob.
    pub fn selection(&self) -> Result<Selection, GlobError> {
        fn said<T: Clone>(list: &[T]) -> Vec<Located<T>> {
            list.iter().cloned().map(Located::on_command_line).collect()
        }
        fn globs(list: &[String]) -> Result<Vec<Located<Glob>>, GlobError> {
            list.iter()
                .map(|text| text.parse().map(Located::on_command_line))
                .collect()
        }
        Ok(Selection {
            include: globs(&self.include)?,
            exclude: globs(&self.exclude)?,
            types: said(&self.types),
            folders: said(&self.folders),
            tags: said(&self.tags),
        })
    }
}

/// What a manifest says of a workspace that a package goes through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentListing {
    /// Where it is.
    pub address: Address,
    /// For how many seconds a package has to have been there before it goes on.
    pub min_soak: u64,
}

impl From<&Environment> for EnvironmentListing {
    fn from(environment: &Environment) -> Self {
        Self {
            address: environment.address.clone(),
            min_soak: environment.min_soak.seconds(),
        }
    }
}

impl Manifest {
    /// What this manifest says.
    pub fn listing(&self) -> Listing {
        let Self {
            package,
            select,
            connectors,
            targets,
            environments,
            checks,
        } = self;
        Listing {
            package: PackageListing {
                name: package.name.clone(),
                project: text(package.project.as_ref()),
                limit_mb: package.limit_mb.get(),
                catalog: text(package.catalog.as_ref()),
            },
            select: SelectListing::from(select),
            connectors: words(connectors),
            targets: targets
                .iter()
                .map(|(name, target)| (name.clone(), TargetListing::from(&target.value)))
                .collect(),
            environments: environments
                .iter()
                .map(|(name, environment)| {
                    (name.clone(), EnvironmentListing::from(&environment.value))
                })
                .collect(),
            checks: checks.levels.clone(),
            allow: values(&checks.allow),
            naming: checks
                .naming
                .iter()
                .map(|(kind, pattern)| (kind.clone(), pattern.value.to_string()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_says_in_json_what_the_manifest_says() {
        let manifest = Manifest::parse(
            "[package]\nname='orders'\n[select]\nfolders=['A/']\n[connectors]\n'X'='exclude'\n\
             [targets.t]\nkind='customer'\ndata-center='eu'\nconnectors={Y='include'}\n",
        )
        .expect("a manifest");
        let json = serde_json::to_string(&manifest.listing()).expect("serialises");
        assert_eq!(
            json,
            r#"{"package":{"name":"orders","project":null,"limit_mb":100,"catalog":null},"#
                .to_owned()
                + r#""select":{"include":[],"exclude":[],"types":[],"folders":["A"],"tags":[]},"#
                + r#""connectors":{"X":"exclude"},"targets":{"t":{"kind":"customer","#
                + r#""data_center":"eu","connectors":{"Y":"include"},"catalog":null}}}"#
        );
        let read: Listing = serde_json::from_str(&json).expect("reads back");
        assert_eq!(read, manifest.listing());
    }
}
