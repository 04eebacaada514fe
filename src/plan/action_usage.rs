//! Whether the actions and triggers that recipes use are in the connectors that they will run.

use std::collections::BTreeMap;

use crate::connector_source::{Completeness, Interface, InterfaceError, MAX_SOURCE};
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::ident::InternalName;
use crate::model::keyword::nearest;
use crate::model::path::PackagePath;
use crate::model::project::Asset;
use crate::model::reference::{ActionKind, ActionUse, Activity};

/// Actions that the platform itself gives every connector start so: custom actions are
/// `__adhoc_http_action`.
const OF_PLATFORM: &str = "__";

/// Sources beyond this many bytes are not read here: what is hostile takes memory and time that grow
/// with its size. The largest known real one has 590 kB.
pub const MAX_CHECKED: usize = 1 << 20;

/// More names than these are only counted.
const LISTED: usize = 12;

/// What a connector's source gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Its interface.
    Read(Interface),
    /// Nothing, since it can't be read.
    Broken(InterfaceError),
    /// Nothing, since it is not at hand.
    Unknown,
    /// Nothing, since it is longer than [`MAX_CHECKED`].
    Long {
        /// Its length in bytes.
        size: usize,
    },
}

impl Source {
    /// Reads a connector's source.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.len() > MAX_CHECKED {
            return Self::Long { size: bytes.len() };
        }
        match Interface::read(bytes) {
            Ok(interface) => Self::Read(interface),
            Err(error) => Self::Broken(error),
        }
    }

    /// Why the platform would not release such code (platform.md §3), if that is known.
    pub fn unreleasable(&self) -> Option<InterfaceError> {
        match self {
            Self::Broken(error) if error.hinders_release() => Some(error.clone()),
            Self::Long { size } if *size > MAX_SOURCE => Some(InterfaceError::TooLarge {
                size: *size,
                limit: MAX_SOURCE,
            }),
            Self::Broken(_) | Self::Read(_) | Self::Unknown | Self::Long { .. } => None,
        }
    }
}

/// The connector that an internal name means.
#[derive(Clone, Debug)]
pub struct Known {
    /// What to call it.
    pub label: String,
    /// The version that recipes will run, in words: `the packaged v7`.
    pub version: String,
    /// What its source gave.
    pub source: Source,
}

/// What recipes use and their connectors lack, one finding for each step; and for each connector of
/// which it can't be told, one for all.
pub fn check<'p>(
    recipes: impl IntoIterator<Item = &'p Asset>,
    connectors: &BTreeMap<InternalName, Known>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut untold: BTreeMap<&str, (&Known, usize)> = BTreeMap::new();
    for recipe in recipes {
        let used = recipe.facts.recipe().into_iter().flat_map(|r| &r.actions);
        for action in used {
            let Some(known) = connectors.get(&*action.provider) else {
                continue;
            };
            match lacks(&known.source, action) {
                Answer::No => {}
                Answer::Yes => finding::add(&mut findings, missing(recipe, action, known)),
                Answer::CantTell => {
                    untold.entry(known.label.as_str()).or_insert((known, 0)).1 += 1;
                }
            }
        }
    }
    findings.extend(
        untold
            .into_values()
            .map(|(known, steps)| cant_tell(known, steps)),
    );
    findings
}

enum Answer {
    Yes,
    No,
    CantTell,
}

fn lacks(source: &Source, action: &ActionUse) -> Answer {
    if action.step.activity == Activity::Skipped || action.name.starts_with(OF_PLATFORM) {
        return Answer::No;
    }
    let Source::Read(interface) = source else {
        return Answer::CantTell;
    };
    let there = match action.kind {
        ActionKind::Action => interface.actions.contains_key(&*action.name),
        ActionKind::Trigger => interface.triggers.contains_key(&*action.name),
    };
    match (there, &interface.completeness) {
        (true, _) => Answer::No,
        (false, Completeness::Whole) => Answer::Yes,
        (false, Completeness::Partly { .. }) => Answer::CantTell,
    }
}

fn missing(recipe: &Asset, action: &ActionUse, known: &Known) -> Finding {
    let kind = match action.kind {
        ActionKind::Action => "action",
        ActionKind::Trigger => "trigger",
    };
    let subject = Subject::File {
        path: recipe.path.clone(),
        offset: Some(action.offset),
    };
    let message = format!(
        "step {} uses the {kind} `{}`, which {} of \"{}\" does not have",
        action.step.number, action.name, known.version, known.label
    );
    let finding = Finding::new(Code::ActionMissing, subject, message);
    let Source::Read(interface) = &known.source else {
        return finding;
    };
    let names: Vec<&str> = match action.kind {
        ActionKind::Action => interface.actions.keys().map(|name| name.as_str()).collect(),
        ActionKind::Trigger => interface
            .triggers
            .keys()
            .map(|name| name.as_str())
            .collect(),
    };
    let finding = finding.note(
        match (nearest(&action.name, names.iter().copied()), names.len()) {
            (_, 0) => format!("it has no {kind}s at all"),
            (Some(meant), count) => format!("it has {count}, among them `{meant}`"),
            (None, count) if count <= LISTED => format!("it has {}", names.join(", ")),
            (None, count) => format!("it has {count} others"),
        },
    );
    finding.help("bring a version of the connector that has it, or change the recipe")
}

fn cant_tell(known: &Known, steps: usize) -> Finding {
    let steps = match steps {
        1 => "a step uses".to_owned(),
        _ => format!("{steps} steps use"),
    };
    let message = format!(
        "it can't be told whether {} of \"{}\" has what {steps}",
        known.version, known.label
    );
    let finding = Finding::new(Code::InterfaceUnknown, Subject::Project, message);
    match &known.source {
        Source::Broken(error) => finding.note(error.to_string()),
        Source::Unknown => finding.note("its source is not at hand"),
        Source::Long { size } => finding.note(format!(
            "its source has {size} bytes, and no more than {MAX_CHECKED} are read"
        )),
        Source::Read(Interface {
            completeness: Completeness::Partly { why, line },
            ..
        }) => finding.note(format!("line {line} of its source brings in more: {why}")),
        Source::Read(_) => finding,
    }
}

/// What is wrong with the source of a packed connector as such.
pub fn source(path: &PackagePath, known: &Known) -> Option<Finding> {
    let subject = Subject::File {
        path: path.clone(),
        offset: None,
    };
    if let Some(error) = known.source.unreleasable() {
        return Some(unreleasable(&known.label, subject, &error));
    }
    let Source::Broken(error) = &known.source else {
        return None;
    };
    let InterfaceError::NotAConnector { found, place } = error else {
        return None;
    };
    let message = format!(
        "the source of \"{}\" is Ruby, but no connector: {place}: {found}",
        known.label
    );
    let finding = Finding::new(Code::ConnectorForm, subject, message);
    Some(match error.help() {
        Some(help) => finding.help(help),
        None => finding,
    })
}

/// Code that the platform does not release (platform.md §3).
pub fn unreleasable(label: &str, subject: Subject, error: &InterfaceError) -> Finding {
    let message = format!("the source of \"{label}\" has errors: {error}");
    Finding::new(Code::ConnectorSource, subject, message)
        .note("the platform releases no code with errors")
        .help("mend the source, and release it in its own workspace first")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use thin_vec::thin_vec;

    use super::*;
    use crate::model::facts::{Detail, Facts, RecipeFacts};
    use crate::model::kind::AssetKind;
    use crate::model::reference::Step;

    fn recipe(kind: ActionKind, name: &str, activity: Activity) -> Asset {
        let action = ActionUse {
            provider: "p_connector_1_2".into(),
            name: name.into(),
            kind,
            step: Step {
                number: 3,
                activity,
            },
            offset: 7,
        };
        Asset {
            kind: AssetKind::Recipe,
            path: "r.recipe.json".parse().expect("safe"),
            files: thin_vec![],
            facts: Arc::new(Facts {
                detail: Detail::Recipe(RecipeFacts {
                    actions: thin_vec![action],
                    ..RecipeFacts::default()
                }),
                ..Facts::default()
            }),
        }
    }

    #[test]
    fn only_what_is_surely_missing_is_an_error() {
        let whole = "{ title: 'P', actions: { get: {} }, triggers: { added: {} } }";
        let partly = "{ title: 'P', actions: { get: {} }.merge(more), triggers: {} }";
        let broken = "{ title: 'P', actions: {";
        let (action, trigger) = (ActionKind::Action, ActionKind::Trigger);
        let (active, skipped) = (Activity::Active, Activity::Skipped);
        for (source, kind, name, activity, expected) in [
            (whole, action, "get", active, None),
            (whole, action, "put", active, Some(Code::ActionMissing)),
            (whole, action, "put", skipped, None),
            (whole, action, "added", active, Some(Code::ActionMissing)),
            (whole, trigger, "added", active, None),
            (whole, trigger, "get", active, Some(Code::ActionMissing)),
            (whole, action, "__adhoc_http_action", active, None),
            (partly, action, "get", active, None),
            (partly, action, "put", active, Some(Code::InterfaceUnknown)),
            (broken, action, "get", active, Some(Code::InterfaceUnknown)),
        ] {
            let known = Known {
                label: "P".to_owned(),
                version: "the packaged v1".to_owned(),
                source: Source::of(source.as_bytes()),
            };
            let name_of_connector = "p_connector_1_2".parse().expect("a name");
            let connectors = BTreeMap::from([(name_of_connector, known)]);
            let recipe = recipe(kind, name, activity);
            let found = check([&recipe], &connectors);
            let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, Vec::from_iter(expected), "{source} {name}");
        }
    }
}
