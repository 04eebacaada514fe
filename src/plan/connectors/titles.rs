//! What is odd about the titles of connectors, by which an import knows them (platform.md §6).

use std::collections::{BTreeMap, BTreeSet};

use super::{Adapter, Connector, Sources};
use crate::model::catalogue::near_key;
use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::ConnectorTitle;
use crate::model::project::{Asset, Project};
use crate::plan::connectors::title_of;
use crate::plan::decision::shell_word;

impl Sources<'_> {
    /// Title is identity: two connectors of one title, what looks like one title, and one title in two
    /// places.
    pub(super) fn titles(&self, connectors: &[Connector<'_>]) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut titled: BTreeMap<&ConnectorTitle, Vec<Adapter>> = BTreeMap::new();
        let mut near: BTreeMap<String, BTreeSet<&ConnectorTitle>> = BTreeMap::new();
        for connector in connectors {
            let (Some(title), Some(adapter)) = (&connector.title, connector.adapter) else {
                continue;
            };
            titled.entry(title).or_default().push(adapter);
            near.entry(near_key(title.as_str()))
                .or_default()
                .insert(title);
            if let Adapter::Supplied(first) = adapter {
                let others = self.adapters().filter(|(other, asset)| {
                    matches!(other, Adapter::Supplied(other) if *other != first)
                        && title_of(asset).as_ref() == Some(title)
                });
                titled
                    .entry(title)
                    .or_default()
                    .extend(others.map(|(other, _)| other));
            }
        }
        for (title, adapters) in titled.iter().filter(|(_, adapters)| adapters.len() > 1) {
            let paths: Vec<_> = adapters
                .iter()
                .filter_map(|adapter| Some(format!("`{}`", self.adapter(*adapter)?.path)))
                .collect();
            let subject = match adapters.last() {
                Some(Adapter::Project(index)) => Subject::File {
                    path: self.project.assets[*index].path.clone(),
                    offset: None,
                },
                Some(Adapter::Supplied(_)) | None => Subject::Connector((*title).clone()),
            };
            let exclude = match adapters.last().and_then(|last| self.adapter(*last)) {
                Some(asset) => shell_word(asset.path.as_str()),
                None => "PATH".to_owned(),
            };
            let message = format!(
                "{} connectors have the title \"{title}\": {}",
                paths.len(),
                paths.join(", ")
            );
            found.push(
                Finding::new(Code::ConnectorTitleTaken, subject, message)
                    .note("an import knows connectors by their titles, and would make one of them")
                    .help(format!("rename one in its own workspace and pull again, or leave one out: --exclude {exclude}")),
            );
        }
        for titles in near.values().filter(|titles| titles.len() > 1) {
            let listed: Vec<_> = titles.iter().map(|title| format!("\"{title}\"")).collect();
            let Some(title) = titles.last() else { continue };
            let message = format!(
                "titles that differ only in case, spaces or the way a letter is composed: {}",
                listed.join(", ")
            );
            found.push(
                Finding::new(
                    Code::ConnectorTitleNear,
                    Subject::Connector((*title).clone()),
                    message,
                )
                .note("for an import they are different connectors")
                .help("give them one title if they are one connector, or titles that people can tell apart"),
            );
        }
        for connector in connectors {
            found.extend(self.supplied_otherwise(connector));
        }
        found
    }

    /// Tells of a connector of the project that is supplied too, with other code.
    fn supplied_otherwise(&self, connector: &Connector<'_>) -> Option<Finding> {
        let (Some(Adapter::Project(index)), Some(title), Some(supplied)) =
            (connector.adapter, &connector.title, self.supplied)
        else {
            return None;
        };
        let source = |project: &Project, asset: &Asset| {
            let mut files = asset.files.iter().map(|&file| &project.files[file]);
            let source = files.find(|file| file.path.as_str().ends_with(".rb"))?;
            Some((source.content?.size, source.content?.crc32))
        };
        let other = &supplied.assets[self.supplied_whole(Some(title))?];
        let asset = &self.project.assets[index];
        if source(self.project, asset) == source(supplied, other) {
            return None;
        }
        let message = format!(
            "\"{title}\" is in the project and among the supplied connectors, with other code; the project's counts"
        );
        let subject = Subject::File {
            path: asset.path.clone(),
            offset: None,
        };
        Some(
            Finding::new(Code::ConnectorSuppliedTwice, subject, message)
                .note(format!("the supplied one is `{}`", other.path))
                .help("take one of the two away: --connectors is for what the project lacks"),
        )
    }
}
