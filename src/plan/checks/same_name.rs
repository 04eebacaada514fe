//! Assets that an import can't tell apart by name: it goes by the order of their files.

use std::collections::BTreeMap;

use crate::model::finding::{Code, Finding, Subject};
use crate::model::kind::AssetKind;
use crate::model::project::Project;
use crate::model::workspace::{AssetKey, FolderPath};
use crate::plan::landing::Landing;
use crate::plan::targets::TargetKeys;

/// Packed assets of one type and name that go to one place (platform.md §6).
pub(super) fn check(project: &Project, packed: &[usize]) -> Vec<Finding> {
    // Where paths are too long, nothing lands anywhere; that is told elsewhere.
    let Ok(placing) = TargetKeys::of(project, &FolderPath::home(), &Landing::default()) else {
        return Vec::new();
    };
    let packed = packed.iter().copied();
    twins(&placing, packed)
        .into_iter()
        .filter_map(|(key, assets)| {
            let paths: Vec<_> = assets
                .iter()
                .map(|&index| &project.assets[index].path)
                .collect();
            let mut finding = Finding::new(
                Code::SameName,
                Subject::File {
                    path: (*paths.get(1)?).clone(),
                    offset: None,
                },
                message(&key, assets.len()),
            );
            for (number, path) in paths.iter().enumerate() {
                finding = finding.note(match number {
                    0 => format!(
                        "`{path}` goes to the first of that name in the target, or creates it"
                    ),
                    number => format!(
                        "`{path}` goes to number {}, or creates one more",
                        number + 1
                    ),
                });
            }
            Some(finding.help("rename all but one in the workspace, then pull the project again"))
        })
        .collect()
}

/// What is the case, in words.
pub(crate) fn message(key: &AssetKey, count: usize) -> String {
    let folder = key.place.folder();
    let place = match folder.is_home() {
        true => "the topmost folder".to_owned(),
        false => format!("folder \"{folder}\""),
    };
    format!(
        "{count} assets of type {} in {place} have the name \"{}\"",
        key.kind.label(),
        key.name
    )
}

/// Assets of one place, type and name, in the order in which an import takes them. Test cases have
/// names within their recipe only, and endpoints of one path have one name for each method.
pub(crate) fn twins(
    placing: &TargetKeys,
    assets: impl Iterator<Item = usize>,
) -> BTreeMap<AssetKey, Vec<usize>> {
    let key = |index: usize| placing.keys.get(index).and_then(Option::as_ref);
    let has_name =
        |key: &AssetKey| !matches!(key.kind, AssetKind::TestCase | AssetKind::ApiEndpoint);
    let mut named: Vec<(&AssetKey, usize)> = assets
        .filter_map(|index| Some((key(index)?, index)))
        .filter(|(key, _)| has_name(key))
        .collect();
    named.sort_unstable();
    named
        .chunk_by(|(one, _), (other, _)| one.has_name_of(other))
        .filter(|twins| twins.len() > 1)
        .map(|twins| {
            let first = AssetKey {
                twin: 0,
                ..twins[0].0.clone()
            };
            (first, twins.iter().map(|(_, index)| *index).collect())
        })
        .collect()
}
