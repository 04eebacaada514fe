//! What is said where it is not known whether connectors are shared with a customer, or reach it: once
//! for a target, with all that it concerns.

use crate::model::catalogue::CatalogueEntry;
use crate::model::count::counted;
use crate::model::finding::{Code, Finding, Subject};
use crate::model::path::PackagePath;
use crate::model::span::Origin;
use crate::plan::decision::ConnectorDecision;
use crate::plan::rule::Gap;

/// How many connectors a finding names before it only counts the rest.
const NAMED: usize = 12;

/// Every way to say which connectors are shared.
const WAYS: &str = "\
say which connectors the partner shares with customers, in one of these ways:
--catalog https://www.workato.com, the address of the admin workspace that the token is of (another data center has another host)
--catalog local:ADMIN, an admin workspace of the local platform
--catalog FILE: the platform's answer to GET /api/custom_connectors?oem_shared=true, or what `recipack catalog pull -o FILE --in https://www.workato.com` writes
recipack manifest add catalog FILE|ADDRESS, for all targets of the manifest
--catalog none, if the partner shares nothing; in the manifest, catalog = \"none\"";

/// Every way to say what shared connectors are called.
const NAMES: &str = "\
say what the admin workspace calls them, in one of these ways:
--catalog https://www.workato.com, the address of the admin workspace that the token is of
--catalog FILE: the platform's answer to GET /api/custom_connectors?oem_shared=true, or what `recipack catalog pull -o FILE --in https://www.workato.com` writes
a table with a column for it, such as these three lines:
title,name,oem_shared_version
Parcel Tracker,parcel_tracker_connector_48213_1701388800,6
Ledger Sync,ledger_sync_connector_48213_1704067200,none
a project that a customer's workspace exported needs no names: there they stand in the recipes";

/// Shared connectors are known by their titles only.
pub fn titles_only(target: Subject, connectors: &[String]) -> Option<Finding> {
    if connectors.is_empty() {
        return None;
    }
    let message = "the catalogue tells titles only, so which versions customers run is not known";
    let mut finding = Finding::new(Code::CatalogueIncomplete, target, message);
    finding.notes.extend(connectors.iter().take(NAMED).cloned());
    finding.notes.extend(more(connectors.len()));
    Some(finding.help(
        "ask the admin workspace: recipack catalog pull -o FILE --in https://www.workato.com",
    ))
}

/// A connector of which it is not known whether it is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unshared {
    /// What it is called.
    pub connector: String,
    /// Why it is not known.
    pub gap: Gap,
    /// Who uses it, in a few words.
    pub users: Option<String>,
}

impl Unshared {
    /// A connector of a package for a target that has no catalogue.
    pub fn without_catalogue(decision: &ConnectorDecision) -> Self {
        Self::of(decision, Gap::NoCatalogue)
    }

    /// A connector with the reason why its sharing is not known.
    pub fn of(decision: &ConnectorDecision, gap: Gap) -> Self {
        Self {
            connector: decision.connector.clone(),
            gap,
            users: count("recipe", decision.recipes.len())
                .or_else(|| count("connection", decision.connections.len())),
        }
    }
}

/// How many use a connector.
fn count(what: &str, users: usize) -> Option<String> {
    (users > 0).then(|| format!("used by {}", counted(users as u64, what)))
}

/// Names the users of a connector, up to a few.
pub(in crate::plan) fn users(what: &str, paths: &[PackagePath]) -> Option<String> {
    if paths.is_empty() {
        return None;
    }
    let named: Vec<_> = paths.iter().take(NAMED).map(PackagePath::as_str).collect();
    let more = paths.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(format!(
        "used by {}: {}{more}",
        counted(paths.len() as u64, what),
        named.join(", ")
    ))
}

/// The place in the manifest that is meant, or the command line.
pub fn target(origin: &Origin) -> Subject {
    match origin {
        Origin::Manifest(place) => Subject::Manifest(place.clone()),
        Origin::CommandLine => Subject::CommandLine,
    }
}

/// It is not known whether these connectors are shared with the customers of a target. Nothing if
/// there are none.
pub fn missing(target: Subject, name: Option<&str>, connectors: &[Unshared]) -> Option<Finding> {
    let first = connectors.first()?;
    let all = |gap: &Gap| connectors.iter().all(|connector| connector.gap == *gap);
    let message = if all(&Gap::NoCatalogue) {
        let told = "so it is not known which connectors customers have";
        match name {
            Some(name) => format!("the target `{name}` has no catalogue, {told}"),
            None => format!("no catalogue is given, {told}"),
        }
    } else if all(&Gap::NothingShared) {
        "the catalogue shares no connector at all, so it may be another list than the partner's"
            .to_owned()
    } else if all(&Gap::NameUnknown) {
        "the catalogue tells titles only, and for customers recipes spell a shared connector's internal name"
            .to_owned()
    } else {
        match connectors.len() {
            1 => format!(
                "whether \"{}\" is shared with customers is not known",
                first.connector
            ),
            several => {
                format!("whether {several} connectors are shared with customers is not known")
            }
        }
    };
    let mut finding = Finding::new(Code::CatalogueMissing, target, message);
    for connector in connectors.iter().take(NAMED) {
        finding.notes.push(note(connector));
    }
    finding.notes.extend(more(connectors.len()));
    let is_near = |connector: &Unshared| matches!(connector.gap, Gap::NearMiss(_));
    if all(&Gap::NameUnknown) {
        return Some(finding.help(NAMES));
    }
    Some(finding.help(match connectors.iter().all(is_near) {
        true => "give both the same title if they are the same connector; if they are two, say so: --connector TITLE=include".to_owned(),
        false => WAYS.to_owned(),
    }))
}

fn note(connector: &Unshared) -> String {
    let title = &connector.connector;
    match (&connector.gap, &connector.users) {
        (Gap::NoCatalogue | Gap::NothingShared, Some(users)) => format!("\"{title}\" is {users}"),
        (Gap::NoCatalogue | Gap::NothingShared, None) => {
            format!("the package is about \"{title}\"")
        }
        (Gap::NotOnPage, _) => {
            format!("\"{title}\" is not in the catalogue, which is a page of a longer list")
        }
        (Gap::Unsaid, _) => {
            format!("the catalogue's entry \"{title}\" does not say whether it is shared")
        }
        (Gap::NameUnknown, _) => {
            format!("the catalogue has \"{title}\" by its title only, not by its internal name")
        }
        (Gap::TitleUnknown, _) => format!(
            "the catalogue lists titles only, and which one `{title}` belongs to is not known"
        ),
        (Gap::NearMiss(near), _) => format!(
            "the catalogue has \"{near}\", which differs from \"{title}\" only in case or spacing"
        ),
    }
}

fn more(all: usize) -> Option<String> {
    let more = all.saturating_sub(NAMED);
    (more > 0).then(|| format!("and {more} more"))
}

/// An entry does not say whether its connector is shared.
pub fn incomplete(entry: &CatalogueEntry, subject: Subject) -> Finding {
    let message = format!(
        "the catalogue's entry \"{}\" does not say whether it is shared",
        entry.title
    );
    Finding::new(Code::CatalogueIncomplete, subject, message)
        .note(format!(
            "`{}` has no `oem_shared_version`: the list was not asked of an Embedded admin workspace, or is another list",
            entry.internal_name
        ))
        .help("ask the admin workspace: recipack catalog pull -o FILE --in https://www.workato.com; in a file of your own, null says that it is not shared")
}

/// A connector that is shared closed-source, with what its entry says about its data center.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach<'a> {
    /// What the connector is called.
    pub connector: &'a str,
    /// The catalogue's entry.
    pub entry: &'a CatalogueEntry,
}

/// Which data center a target is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetCenter {
    /// It is given.
    Given,
    /// It is not, and the target is said on the command line.
    NotOnCommandLine,
    /// It is not, and the target is the manifest's.
    NotInManifest,
}

/// It is not known whether these closed-source connectors reach the customers of a target. Nothing if
/// there are none.
pub fn reach_unknown(
    target: Subject,
    center: TargetCenter,
    connectors: &[Reach<'_>],
) -> Option<Finding> {
    let message = match connectors {
        [] => return None,
        [one] => format!(
            "\"{}\" is shared closed-source, and whether that reaches the customer is not known",
            one.connector
        ),
        several => format!(
            "{} connectors are shared closed-source, and whether that reaches the customer is not known",
            several.len()
        ),
    };
    let mut finding = Finding::new(Code::DataCenterUnknown, target, message)
        .note("closed source reaches customers in the admin workspace's own data center only");
    for reach in connectors.iter().take(NAMED) {
        let own = reach.entry.data_center.as_ref();
        finding.notes.push(match own {
            Some(own) => format!("\"{}\" is shared from {own}", reach.connector),
            None => format!(
                "the catalogue's entry \"{}\" has no `data_center`",
                reach.connector
            ),
        });
    }
    finding.notes.extend(more(connectors.len()));
    let center = match center {
        TargetCenter::Given => None,
        TargetCenter::NotOnCommandLine => {
            Some("say where the customer is: --data-center us, or another one")
        }
        TargetCenter::NotInManifest => {
            Some("say where the customer is: data-center = \"us\", or another one, in the target")
        }
    };
    let is_unsaid = |reach: &Reach<'_>| reach.entry.data_center.is_none();
    let own = connectors.iter().any(is_unsaid).then_some(
        "say where the admin workspace is: \"data_center\": \"us\", or another one, in the catalogue's entries, as `recipack catalog pull` writes it",
    );
    let ways: Vec<&str> = center.into_iter().chain(own).collect();
    Some(finding.help(ways.join("\n")))
}
