//! A catalogue file that people review, compared with what is really shared.

use super::{ShareError, Step, StepAction, allowed, step};
use crate::model::catalogue::{Catalogue, CatalogueEntry, Extent, SharedVersion, Visibility};
use crate::model::ident::{ConnectorTitle, DataCenter, InternalName};
use crate::model::workspace::{Partnership, Sharing, WorkspaceConnector};

/// Why an entry of the file can't be brought about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// The admin workspace has no connector of that title.
    #[error("the admin workspace has no connector \"{title}\"")]
    Unknown {
        /// The title.
        title: ConnectorTitle,
    },
    /// Its connector of that title has another internal name.
    #[error(
        "the connector \"{title}\" is `{own}` in the admin workspace, and `{name}` in the file"
    )]
    OtherName {
        /// The title.
        title: ConnectorTitle,
        /// The internal name in the file.
        name: InternalName,
        /// The internal name in the admin workspace.
        own: InternalName,
    },
    /// The file is about an admin workspace in another data center.
    #[error("the connector \"{title}\" is in {own}, and in {data_center} by the file")]
    OtherDataCenter {
        /// The title.
        title: ConnectorTitle,
        /// The data center in the file.
        data_center: DataCenter,
        /// The data center of the admin workspace.
        own: DataCenter,
    },
    /// The file does not say whether it is to be shared.
    #[error(
        "the file does not say whether \"{title}\" is shared: its entry has no `oem_shared_version`"
    )]
    Unsaid {
        /// The title.
        title: ConnectorTitle,
    },
    /// The file is not the whole list, so what it does not name may be shared all the same.
    #[error("the file is a page of a longer list, and what it does not name would be removed")]
    Page,
    /// It can't be shared like that.
    #[error(transparent)]
    Share(#[from] ShareError),
}

/// The steps from what is shared to what the file says, in the order of titles; those that change
/// nothing are not among them. What the file does not name, or not as shared, is removed.
///
/// # Errors
/// Everything in the file that can't be brought about; never nothing.
pub fn steps(partnership: &Partnership, file: &Catalogue) -> Result<Vec<Step>, Vec<EntryProblem>> {
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    if file.extent() == Extent::Page {
        problems.push(EntryProblem::Page);
    }
    for entry in file.entries() {
        let problem = match entry.shared_version {
            // Of what the file does not share, nothing else matters.
            SharedVersion::None => continue,
            SharedVersion::Unsaid => Err(EntryProblem::Unsaid {
                title: entry.title.clone(),
            }),
            SharedVersion::At(_) => wanted(partnership, entry),
        };
        problems.extend(problem.err());
    }
    for connector in &partnership.connectors {
        let entry = file
            .by_title(connector.title.as_str())
            .filter(|entry| entry.internal_name == connector.internal_name);
        let after = entry.and_then(|entry| sharing(partnership, connector, entry));
        let step = step(partnership, connector, after);
        if step.action != StepAction::Keep {
            steps.push(step);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    steps.sort_by(|a, b| (&a.title, &a.internal_name).cmp(&(&b.title, &b.internal_name)));
    Ok(steps)
}

/// How the file wants a connector to be shared. Where either side does not tell whether the source is,
/// that stays as it is.
fn sharing(
    partnership: &Partnership,
    connector: &WorkspaceConnector,
    entry: &CatalogueEntry,
) -> Option<Sharing> {
    let version = entry.shared_version.version()?;
    let before = partnership.shares.get(&connector.id);
    Some(Sharing {
        version,
        visibility: match (before.map(|before| before.visibility), entry.visibility) {
            (Some(before), Visibility::Unknown) => before,
            (Some(Visibility::Unknown), _) => Visibility::Unknown,
            (Some(_) | None, wanted) => wanted,
        },
    })
}

fn wanted(partnership: &Partnership, entry: &CatalogueEntry) -> Result<(), EntryProblem> {
    let title = || entry.title.clone();
    let connector = held(partnership, entry)?;
    let own = &partnership.workspace.data_center;
    // What is not told contradicts nothing.
    let other = entry
        .data_center
        .as_ref()
        .filter(|said| !own.is_unknown() && !said.is_unknown() && *said != own);
    if let Some(data_center) = other {
        return Err(EntryProblem::OtherDataCenter {
            title: title(),
            data_center: data_center.clone(),
            own: own.clone(),
        });
    }
    let Some(sharing) = sharing(partnership, connector, entry) else {
        return Ok(());
    };
    // What is so already is allowed, however it came about.
    let before = partnership.shares.get(&connector.id);
    if before.is_some_and(|before| before.agrees_with(sharing)) {
        return Ok(());
    }
    allowed(partnership, connector, sharing)?;
    Ok(())
}

fn held<'p>(
    partnership: &'p Partnership,
    entry: &CatalogueEntry,
) -> Result<&'p WorkspaceConnector, EntryProblem> {
    let mut connectors = partnership.connectors.iter();
    let title = || entry.title.clone();
    let held = connectors
        .find(|connector| connector.title == entry.title)
        .ok_or_else(|| EntryProblem::Unknown { title: title() })?;
    if held.internal_name != entry.internal_name {
        return Err(EntryProblem::OtherName {
            title: title(),
            name: entry.internal_name.clone(),
            own: held.internal_name.clone(),
        });
    }
    Ok(held)
}
