//! Changing what is shared: planned with its consequences first, then carried out in one commit.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CatalogError;
use super::look::{may_mean, picked};
use crate::connector_source::Interface;
use crate::model::catalogue::Catalogue;
use crate::model::count::counted;
use crate::model::facts::Facts;
use crate::model::ident::{ConnectorTitle, Digest, InternalName, Version};
use crate::model::keyword::keyword_enum;
use crate::model::kind::AssetKind;
use crate::model::scan::Scanner;
use crate::model::workspace::{Address, Partnership, Timestamp};
use crate::ops::approval::Approved;
use crate::ops::workspace::source::Interfaces;
use crate::plan::commit::Commit;
use crate::plan::sharing::consequences::{
    Consequence, InterfaceUnknown, Known, looks_into_recipes,
};
use crate::plan::sharing::{Step, StepAction, Wish, commit, file, fulfil, step};
use crate::workspace::{AdminWorkspace, NoContents, WorkspaceError};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// One connector, by its title or internal name.
    One {
        /// The name.
        named: &'a str,
        /// What is to become of it.
        wish: Wish,
    },
    /// Everything is to be as a file says.
    File(&'a Catalogue),
}

keyword_enum! {
    /// What became of a change.
    pub enum Outcome: "outcome" {
        /// It was only planned.
        Planned = "planned",
        /// It was carried out.
        Changed = "changed",
        /// Everything was as wanted already.
        Unchanged = "unchanged",
    }
}

/// What `catalog share`, `update`, `switch`, `remove` and `apply` say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogChangeDocument {
    /// The admin workspace.
    pub workspace: Address,
    /// What became of the change.
    pub outcome: Outcome,
    /// What changes for each connector, in the order of their titles, and what that means for
    /// customers.
    pub consequences: Vec<Consequence>,
}

/// What `catalog diff` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogDiffDocument {
    /// The admin workspace.
    pub workspace: Address,
    /// The file.
    pub file: String,
    /// What `catalog apply` would do, in the order of titles.
    pub differences: Vec<Step>,
}

/// A change that was planned.
#[derive(Clone, Debug)]
pub struct PlannedChange {
    document: CatalogChangeDocument,
    commit: Commit,
}

/// What is granted to a change of what is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharingGrants<'a> {
    /// Whether recipes that run may run another version from then on.
    pub moves: Moves,
    /// What may be shared no longer.
    pub removals: Removals<'a>,
}

/// Whether recipes that run may run another version from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// They may.
    Granted,
    /// They may not.
    NotGranted,
}

/// What may be shared no longer, which can't be undone (platform.md §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removals<'a> {
    /// Nothing.
    None,
    /// The connector of this title.
    Of(&'a str),
    /// Whatever the plan removes.
    All,
}

/// Why a change of what is shared can't be carried out; never nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct SharingRefusal {
    /// What running recipes of customers would lose, whatever is granted: see
    /// [`Consequence::in_use`].
    pub in_use: Vec<Consequence>,
    /// What would be shared no longer, and may not, by title.
    pub removals: Vec<ConnectorTitle>,
    /// How many recipes would run another version, and may not.
    pub moves: usize,
}

impl SharingRefusal {
    fn message(&self) -> String {
        let titles = |titles: &mut dyn Iterator<Item = &ConnectorTitle>| {
            let titles = titles.map(|title| format!("\"{title}\""));
            titles.collect::<Vec<_>>().join(", ")
        };
        let mut told = Vec::new();
        if !self.in_use.is_empty() {
            let used = self
                .in_use
                .iter()
                .map(|consequence| &consequence.step.title);
            let used = titles(&mut used.into_iter());
            told.push(format!("running recipes of customers use {used}"));
        }
        if !self.removals.is_empty() {
            let removed = titles(&mut self.removals.iter());
            told.push(format!("{removed} would be shared no longer"));
        }
        if self.moves > 0 {
            let moved = counted(self.moves as u64, "running recipe");
            told.push(format!("{moved} would run another version"));
        }
        told.join("; ")
    }
}

impl PlannedChange {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.commit.changes.is_empty()
    }

    /// What it is and what it means.
    pub const fn document(&self) -> &CatalogChangeDocument {
        &self.document
    }

    /// The change, to be carried out: if no recipe that runs would lose a connector, nothing is shared
    /// no longer that has to stay, and running recipes move to other versions only where they may.
    ///
    /// # Errors
    /// Why it is not approved.
    pub fn approve(&self, granted: SharingGrants<'_>) -> Result<Approved<&Self>, SharingRefusal> {
        let consequences = &self.document.consequences;
        let in_use = consequences
            .iter()
            .filter(|consequence| !consequence.in_use().is_empty());
        let may_go = |title: &ConnectorTitle| match granted.removals {
            Removals::None => false,
            Removals::Of(granted) => title.as_str() == granted,
            Removals::All => true,
        };
        let removals = consequences
            .iter()
            .filter(|consequence| consequence.step.action == StepAction::Remove)
            .map(|consequence| &consequence.step.title)
            .filter(|title| !may_go(title));
        let moved = || {
            let moves = consequences.iter().flat_map(Consequence::moves);
            moves.map(|using| using.recipes.len()).sum()
        };
        let refusal = SharingRefusal {
            in_use: in_use.cloned().collect(),
            removals: removals.cloned().collect(),
            moves: match granted.moves {
                Moves::Granted => 0,
                Moves::NotGranted => moved(),
            },
        };
        match refusal {
            SharingRefusal {
                ref in_use,
                ref removals,
                moves: 0,
            } if in_use.is_empty() && removals.is_empty() => Ok(Approved::checked(self)),
            refusal => Err(refusal),
        }
    }
}

impl Approved<&PlannedChange> {
    /// Carries the change out.
    ///
    /// # Errors
    /// [`WorkspaceError::Stale`] if the admin workspace or a customer's changed meanwhile, another
    /// one if it can't be written. Nothing was changed then.
    pub fn carry_out(
        &self,
        admin: &mut dyn AdminWorkspace,
    ) -> Result<CatalogChangeDocument, WorkspaceError> {
        let PlannedChange { document, commit } = self.plan();
        let mut document = document.clone();
        document.outcome = match commit.changes.is_empty() {
            true => Outcome::Unchanged,
            false => {
                admin.commit(commit, &mut NoContents)?;
                Outcome::Changed
            }
        };
        Ok(document)
    }
}

/// Plans a change.
///
/// # Errors
/// If it can't be, or the workspace is no admin workspace or can't be read.
pub fn plan(
    admin: &dyn AdminWorkspace,
    address: &Address,
    asked: Asked<'_>,
    at: Timestamp,
) -> Result<PlannedChange, CatalogError> {
    let (partnership, steps) = match asked {
        Asked::One { named, wish } => {
            let partnership = admin.partnership(&|connector| may_mean(connector, named))?;
            let connector = picked(&partnership, named)?;
            let after = fulfil(&partnership, connector, wish)?;
            let steps = vec![step(&partnership, connector, after)];
            (partnership, steps)
        }
        Asked::File(file) => {
            let concerned: BTreeSet<InternalName> = steps_of(admin, file)?
                .1
                .into_iter()
                .map(|step| step.internal_name)
                .collect();
            let partnership =
                admin.partnership(&|connector| concerned.contains(&connector.internal_name))?;
            let steps = file::steps(&partnership, file).map_err(CatalogError::File)?;
            (partnership, steps)
        }
    };
    let consequences = consequences(admin, &partnership, &steps)?;
    Ok(PlannedChange {
        commit: commit(&partnership, &steps, at),
        document: CatalogChangeDocument {
            workspace: address.clone(),
            outcome: Outcome::Planned,
            consequences,
        },
    })
}

fn steps_of(
    admin: &dyn AdminWorkspace,
    file: &Catalogue,
) -> Result<(Partnership, Vec<Step>), CatalogError> {
    let partnership = admin.partnership(&|_| false)?;
    let steps = file::steps(&partnership, file).map_err(CatalogError::File)?;
    Ok((partnership, steps))
}

/// Compares a file with what is shared. `name` is what the file is called.
///
/// # Errors
/// If the file says what can't be, or the workspace is no admin workspace or can't be read.
pub fn diff(
    admin: &dyn AdminWorkspace,
    address: &Address,
    name: &str,
    file: &Catalogue,
) -> Result<CatalogDiffDocument, CatalogError> {
    let (_, differences) = steps_of(admin, file)?;
    Ok(CatalogDiffDocument {
        workspace: address.clone(),
        file: name.to_owned(),
        differences,
    })
}

fn consequences(
    admin: &dyn AdminWorkspace,
    partnership: &Partnership,
    steps: &[Step],
) -> Result<Vec<Consequence>, WorkspaceError> {
    let mut interfaces = Interfaces::default();
    for step in steps {
        for sharing in step.before.iter().chain(&step.after) {
            if let Some(code) = code(partnership, &step.internal_name, sharing.version) {
                interfaces.read(admin, code)?;
            }
        }
    }
    let interface =
        |name: &InternalName, version: Version| -> Result<&Interface, InterfaceUnknown> {
            match code(partnership, name, version) {
                Some(code) => interfaces.get(&code),
                None => Err(InterfaceUnknown::NoCode),
            }
        };
    let mut recipes = BTreeMap::new();
    let mut reading = Scanning::default();
    for step in steps {
        if looks_into_recipes(step, &interface) {
            for using in partnership.users_of(&step.internal_name) {
                if let Some(content) = using.content {
                    reading.scan(admin, content, &mut recipes)?;
                }
            }
        }
    }
    let known = Known {
        interfaces: &interface,
        recipes: &recipes,
    };
    let consequences = steps
        .iter()
        .map(|step| Consequence::of(partnership, step, &known));
    Ok(consequences.collect())
}

fn code(partnership: &Partnership, name: &InternalName, version: Version) -> Option<Digest> {
    let mut connectors = partnership.connectors.iter();
    let connector = connectors.find(|connector| connector.internal_name == *name)?;
    connector.version(version)?.code
}

/// Reads recipes; many customers have the same ones.
#[derive(Default)]
struct Scanning {
    scanner: Scanner,
    bytes: Vec<u8>,
}

impl Scanning {
    fn scan(
        &mut self,
        admin: &dyn AdminWorkspace,
        content: Digest,
        into: &mut BTreeMap<Digest, Facts>,
    ) -> Result<(), WorkspaceError> {
        if into.contains_key(&content) {
            return Ok(());
        }
        admin.content(&content, &mut self.bytes)?;
        // What a broken recipe uses can't be told; it can't start either.
        let facts = self
            .scanner
            .scan(&AssetKind::Recipe, &self.bytes)
            .unwrap_or_default();
        into.insert(content, facts);
        Ok(())
    }
}
