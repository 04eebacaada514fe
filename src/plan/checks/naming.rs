//! Names that break the manifest's rules for them.

use std::collections::BTreeMap;

use crate::manifest::NamePattern;
use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::TypeWord;
use crate::model::project::Project;
use crate::model::span::Located;

/// The assets in `packed` whose display names do not match the pattern for their type.
pub fn check(
    project: &Project,
    packed: &[usize],
    patterns: &BTreeMap<TypeWord, Located<NamePattern>>,
) -> Vec<Finding> {
    if patterns.is_empty() {
        return Vec::new();
    }
    let assets = packed.iter().map(|&index| &project.assets[index]);
    assets
        .filter_map(|asset| {
            let pattern = &patterns.get(asset.kind.word())?.value;
            if pattern.matches(asset.name()) {
                return None;
            }
            let subject = Subject::File {
                path: asset.path.clone(),
                offset: None,
            };
            let message = format!(
                "the {} is named \"{}\", which is not as `{pattern}` says",
                asset.kind.label(),
                asset.name()
            );
            Some(
                Finding::new(Code::NameBreaksRule, subject, message)
                    .help("rename it in its workspace, then pull the project again"),
            )
        })
        .collect()
}
