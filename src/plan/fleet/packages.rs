//! Questions that what was seen of packages answers: who uses a connector, which connections are not
//! authorised, which recipes the platform stopped.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Fleet, FleetAnswer, FleetFinding, FleetLine, FleetMember, FleetRole, FleetSubject, UsesQuestion,
};
use crate::model::count::counted;
use crate::model::ident::Version;
use crate::model::workspace::{Timestamp, WorkspaceId};
use crate::plan::rollout::seen::{
    SeenAuthorization, SeenConnection, SeenConnector, SeenRecipe, SeenRunning, SeenUse, SeenWhose,
    SlimSnapshot,
};

/// What a line says to a question.
enum Said<'s> {
    /// What was seen there.
    Seen(&'s SlimSnapshot),
    /// Only what receipts always had.
    Receipt,
    /// Nothing, and why.
    Unknown(String),
}

/// What is known of a line, if it is known late enough.
fn said<'s>(line: &FleetLine<'s>, now: Timestamp, max_age: Option<u64>) -> (Said<'s>, Timestamp) {
    let seen = line.receipt.seen.as_deref();
    let as_of = seen.map_or(line.at, |seen| seen.at);
    let age = now.0.saturating_sub(as_of.0);
    if max_age.is_some_and(|most| age > most) {
        let why = "it was read longer ago than counts".to_owned();
        return (Said::Unknown(why), as_of);
    }
    let said = match (seen, line.receipt.back_to) {
        (Some(seen), _) => Said::Seen(seen),
        (None, Some(revision)) => Said::Unknown(format!(
            "it was brought back to revision {revision}, and not read since"
        )),
        (None, None) => Said::Receipt,
    };
    (said, as_of)
}

/// Collects what lines say.
struct Asking<'q, 'f> {
    fleet: &'q Fleet<'f>,
    answer: FleetAnswer,
}

impl<'q, 'f> Asking<'q, 'f> {
    fn new(fleet: &'q Fleet<'f>) -> Self {
        Self {
            fleet,
            answer: FleetAnswer::default(),
        }
    }

    fn unknown(&mut self, line: &FleetLine<'_>, as_of: Timestamp, why: &str) {
        let why = why.to_owned();
        let finding = FleetFinding {
            why,
            ..about(line, as_of, self.fleet.now)
        };
        self.answer.unknown.push(finding);
    }

    /// With those of whom nothing was ever written down.
    fn answer(mut self) -> FleetAnswer {
        let lines = self.fleet.lines.iter();
        let have: BTreeSet<_> = lines.map(|line| line.customer.key()).collect();
        let mut others: BTreeMap<(&str, WorkspaceId), &FleetMember<'_>> = BTreeMap::new();
        for member in &self.fleet.members {
            if member.role == FleetRole::Customer && !have.contains(&member.customer.key()) {
                others.insert(member.customer.key(), member);
            }
        }
        let now = self.fleet.now;
        let others = others.into_values().map(|member| FleetFinding {
            why: "no roll-out has left anything there".to_owned(),
            ..FleetFinding::of(member.customer, member.rollout, now, now)
        });
        self.answer.unknown.extend(others);
        self.answer
    }
}

/// What is found of a package.
fn about(line: &FleetLine<'_>, as_of: Timestamp, now: Timestamp) -> FleetFinding {
    FleetFinding {
        package: Some(line.receipt.package.clone()),
        ..FleetFinding::of(line.customer, line.rollout, as_of, now)
    }
}

fn of_recipe(recipe: &SeenRecipe) -> Option<FleetSubject> {
    Some(FleetSubject {
        id: Some(recipe.id),
        name: recipe.name.clone(),
        folder: recipe.folder.clone(),
    })
}

/// Which recipes the platform stopped.
pub(super) fn stopped(fleet: &Fleet<'_>, max_age: Option<u64>) -> FleetAnswer {
    let mut asking = Asking::new(fleet);
    for line in &fleet.lines {
        let (said, as_of) = said(line, fleet.now, max_age);
        let seen = match said {
            Said::Seen(seen) => seen,
            Said::Receipt if line.receipt.stopped == 0 => continue,
            Said::Receipt => {
                let stand = counted(line.receipt.stopped as u64, "recipe");
                let why = format!("{stand} did not run, and who stopped them was not written down");
                asking.unknown(line, as_of, &why);
                continue;
            }
            Said::Unknown(why) => {
                asking.unknown(line, as_of, &why);
                continue;
            }
        };
        for recipe in &seen.recipes {
            let finding = FleetFinding {
                subject: of_recipe(recipe),
                state: recipe.state.to_string(),
                ..about(line, as_of, fleet.now)
            };
            match recipe.state {
                SeenRunning::Running | SeenRunning::Stopped => {}
                SeenRunning::StoppedByPlatform => asking.answer.matched.push(FleetFinding {
                    why: recipe.cause.clone().unwrap_or_default(),
                    ..finding
                }),
                SeenRunning::StoppedUnsaid => asking.answer.unknown.push(FleetFinding {
                    why: "the platform did not say who stopped it".to_owned(),
                    ..finding
                }),
                SeenRunning::Unknown => asking.answer.unknown.push(FleetFinding {
                    why: "whether it runs was not read".to_owned(),
                    ..finding
                }),
            }
        }
    }
    asking.answer()
}

/// Which connections are not authorised.
pub(super) fn unauthorized(fleet: &Fleet<'_>, max_age: Option<u64>) -> FleetAnswer {
    let mut asking = Asking::new(fleet);
    for line in &fleet.lines {
        let (said, as_of) = said(line, fleet.now, max_age);
        let (seen, more) = match said {
            Said::Seen(seen) => (seen.connections.as_slice(), seen.more_missing),
            Said::Receipt => (&[] as &[SeenConnection], line.receipt.unauthorized),
            Said::Unknown(why) => {
                asking.unknown(line, as_of, &why);
                continue;
            }
        };
        for connection in seen {
            let finding = FleetFinding {
                subject: Some(FleetSubject {
                    id: connection.id,
                    name: connection.name.clone(),
                    folder: connection.folder.clone(),
                }),
                state: connection.state.to_string(),
                ..about(line, as_of, fleet.now)
            };
            match connection.state {
                SeenAuthorization::Authorized => {}
                SeenAuthorization::Lost
                | SeenAuthorization::NotAuthorized
                | SeenAuthorization::Missing => asking.answer.matched.push(finding),
                SeenAuthorization::Unknown => asking.answer.unknown.push(FleetFinding {
                    why: "whether it is authorised was not read".to_owned(),
                    ..finding
                }),
            }
        }
        if more > 0 {
            let finding = FleetFinding {
                state: SeenAuthorization::NotAuthorized.to_string(),
                why: format!(
                    "{}; which ones was not written down",
                    counted(more as u64, "connection")
                ),
                ..about(line, as_of, fleet.now)
            };
            asking.answer.matched.push(finding);
        }
    }
    asking.answer()
}

/// In which workspace a version counts that somebody asks for.
enum Counted {
    In(WorkspaceId),
    /// In one of several.
    Unsaid(BTreeSet<WorkspaceId>),
}

impl Counted {
    fn of(fleet: &Fleet<'_>, asked: &UsesQuestion) -> Self {
        if let Some(workspace) = asked.counted_in {
            return Self::In(workspace);
        }
        let seen = (fleet.lines.iter()).filter_map(|line| line.receipt.seen.as_deref());
        let connectors = seen.flat_map(|seen| &seen.connectors);
        let found: BTreeSet<WorkspaceId> = connectors
            .filter(|connector| is_asked(connector, asked))
            .filter_map(|connector| Some(connector.built?.workspace))
            .collect();
        match (found.first(), found.len()) {
            (Some(only), 1) => Self::In(*only),
            (_, _) => Self::Unsaid(found),
        }
    }

    /// Whether a connector that is there is older.
    ///
    /// # Errors
    /// Why that is not known.
    fn is_older(&self, connector: &SeenConnector, than: Version) -> Result<bool, String> {
        match connector.whose {
            SeenWhose::Missing => return Ok(false),
            SeenWhose::Shared | SeenWhose::Own | SeenWhose::Unknown => {}
        }
        let Some(built) = connector.built else {
            return Err(match connector.version {
                Some(version) => format!(
                    "it runs its own {version}, and which version that is where the connector is built was not seen"
                ),
                None => "which version runs was not seen".to_owned(),
            });
        };
        match self {
            Self::In(workspace) if *workspace == built.workspace => Ok(built.version < than),
            Self::In(workspace) => Err(format!(
                "it runs {} of workspace {}, which does not compare with versions of workspace {workspace}",
                built.version, built.workspace
            )),
            Self::Unsaid(found) => {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                Err(format!(
                    "versions count by workspace, here by {}: say one with --counted-in",
                    found.join(" and ")
                ))
            }
        }
    }
}

fn is_asked(connector: &SeenConnector, asked: &UsesQuestion) -> bool {
    let name = connector.internal_name.as_ref();
    connector.title == asked.connector || name.is_some_and(|name| name.as_str() == asked.connector)
}

/// The titles of what was seen, if what is asked for was not: then it is perhaps spelt otherwise.
fn others(fleet: &Fleet<'_>, asked: &UsesQuestion) -> Vec<String> {
    let seen = (fleet.lines.iter()).filter_map(|line| line.receipt.seen.as_deref());
    let mut titles = BTreeSet::new();
    for connector in seen.flat_map(|seen| &seen.connectors) {
        if is_asked(connector, asked) {
            return Vec::new();
        }
        titles.insert(connector.title.as_str());
    }
    titles.into_iter().map(str::to_owned).collect()
}

/// What is used of what was asked for; nothing if nothing is.
fn used(used: &SeenUse, action: Option<&str>) -> Option<String> {
    let is_asked = |name: &&String| action.is_none_or(|action| action == name.as_str());
    let triggers = used.triggers.iter().filter(is_asked);
    let triggers = triggers.map(|name| format!("trigger {name}"));
    let actions = used.actions.iter().filter(is_asked);
    let actions = actions.map(|name| format!("action {name}"));
    let all: Vec<String> = triggers.chain(actions).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The version that runs, in words.
fn version(connector: &SeenConnector) -> String {
    let counted = match connector.whose {
        SeenWhose::Missing => return "not there".to_owned(),
        SeenWhose::Shared => "shared",
        SeenWhose::Own => "own",
        SeenWhose::Unknown => "whose is unknown",
    };
    match (
        connector.built.map(|built| built.version),
        connector.version,
    ) {
        (Some(version), _) => format!("{version} {counted}"),
        (None, Some(version)) => format!("{version} {counted}, as it counts there"),
        (None, None) => format!("version unknown, {counted}"),
    }
}

/// Which recipes use a connector.
pub(super) fn uses(fleet: &Fleet<'_>, asked: &UsesQuestion, max_age: Option<u64>) -> FleetAnswer {
    let mut asking = Asking::new(fleet);
    asking.answer.others = others(fleet, asked);
    let counts = Counted::of(fleet, asked);
    for line in &fleet.lines {
        let (said, as_of) = said(line, fleet.now, max_age);
        let seen = match said {
            Said::Seen(seen) => seen,
            Said::Receipt => {
                asking.unknown(line, as_of, "what its recipes use was not written down");
                continue;
            }
            Said::Unknown(why) => {
                asking.unknown(line, as_of, &why);
                continue;
            }
        };
        for recipe in &seen.recipes {
            let finding = || FleetFinding {
                subject: of_recipe(recipe),
                ..about(line, as_of, fleet.now)
            };
            let Some(all) = &recipe.uses else {
                let why = "what it uses was not read, or is not what the package has".to_owned();
                let finding = FleetFinding { why, ..finding() };
                asking.answer.unknown.push(finding);
                continue;
            };
            for one in all {
                let Some(connector) = seen.connectors.get(one.connector) else {
                    let why = "which connector it uses was not written down".to_owned();
                    let finding = FleetFinding { why, ..finding() };
                    asking.answer.unknown.push(finding);
                    continue;
                };
                if !is_asked(connector, asked) {
                    continue;
                }
                let Some(what) = used(one, asked.action.as_deref()) else {
                    continue;
                };
                let older = asked
                    .older_than
                    .map(|than| counts.is_older(connector, than));
                match older {
                    None | Some(Ok(true)) => {
                        let finding = FleetFinding {
                            state: version(connector),
                            why: what,
                            ..finding()
                        };
                        asking.answer.matched.push(finding);
                    }
                    Some(Ok(false)) => {}
                    Some(Err(why)) => {
                        let finding = FleetFinding { why, ..finding() };
                        asking.answer.unknown.push(finding);
                    }
                }
            }
        }
    }
    asking.answer()
}
