//! Customers by their files: looked at, carried out, read back.

use std::rc::Rc;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::approval::{Approved, ImportRefusal};
use super::import::{ImportDocument, ImportError, ImportRequest, Incoming, Planned};
use super::{Observer, Running};
use crate::model::error::chain;
use crate::model::finding::Finding;
use crate::model::workspace::{Address, LabelEdit, Timestamp};
use crate::ops::diagnostics::Diagnostic;
use crate::plan::customer::{
    Blocked, CustomerHere, CustomerNeeded, CustomerPermission, CustomerPlan, CustomerStep, Found,
    PackageSeen, Platform, Seen, Truth,
};
use crate::plan::import::document::Permission;
use crate::settings::customer::CustomerFile;
use crate::workspace::memory::MemoryWorkspace;
use crate::workspace::{AdminWorkspace, Workspace, WorkspaceError};

/// A package of a customer that was read, with all that is said of its import.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The import.
    pub request: ImportRequest,
    /// The package.
    pub incoming: Rc<Incoming>,
    /// What it is called.
    pub called: String,
}

/// The customers of an admin workspace, wherever they are kept.
pub trait Customers {
    /// What goes wrong.
    type Error: From<ImportError> + From<WorkspaceError> + From<CustomerError>;

    /// Whose customers they are.
    fn of(&self) -> &Address;

    /// Where they are kept.
    fn platform(&self) -> Platform;

    /// The workspace that is known by an external id; nothing if there is none.
    ///
    /// # Errors
    /// If that can't be found out.
    fn find(&mut self, external_id: &str) -> Result<Option<CustomerHere>, Self::Error>;

    /// Reads a customer's packages, and what is said of their imports into this workspace.
    ///
    /// # Errors
    /// If one can't be read, or something that is said has no value.
    fn prepare(
        &mut self,
        file: &CustomerFile,
        here: Option<&CustomerHere>,
    ) -> Result<Vec<Prepared>, Self::Error>;

    /// Opens a customer's workspace.
    ///
    /// # Errors
    /// If it can't be reached.
    fn reach(&mut self, here: &CustomerHere) -> Result<Box<dyn AdminWorkspace>, Self::Error>;

    /// Stands for a workspace that is not there yet, with what would be shared with it.
    ///
    /// # Errors
    /// If what is shared can't be read.
    fn unmade(&mut self, file: &CustomerFile) -> Result<MemoryWorkspace, Self::Error>;

    /// Makes a workspace. One that is there by now is taken.
    ///
    /// # Errors
    /// If it is not made, or nobody can tell.
    fn make(&mut self, file: &CustomerFile) -> Result<CustomerHere, Self::Error>;

    /// Gives a workspace another name.
    ///
    /// # Errors
    /// If it does not get it.
    fn rename(&mut self, here: &CustomerHere, name: &str) -> Result<(), Self::Error>;

    /// Changes the labels of a customer.
    ///
    /// # Errors
    /// If they are not changed.
    fn label(&mut self, here: &CustomerHere, edits: &[LabelEdit]) -> Result<(), Self::Error>;
}

/// A customer's file can't be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// An import would do something that nobody saw in the plan.
    #[error("the import of {package} would do what the plan did not say: {}", what.join("; "))]
    Unforeseen {
        /// The package.
        package: String,
        /// What.
        what: Vec<String>,
    },
    /// The plan is not approved.
    #[error("{}", in_words(.0))]
    Refused(CustomerRefusal),
}

/// Why a customer's plan is not approved.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomerRefusal {
    /// Some of it can't be done, whatever is permitted.
    Blocked(Vec<Blocked>),
    /// It needs permissions that were not granted.
    NotPermitted(Vec<CustomerNeeded>),
    /// A package can't be imported.
    Import(String, ImportRefusal),
}

fn in_words(refusal: &CustomerRefusal) -> String {
    match refusal {
        CustomerRefusal::Blocked(blocked) => {
            let blocked: Vec<&str> = blocked.iter().map(|one| one.message.as_str()).collect();
            blocked.join("; ")
        }
        CustomerRefusal::NotPermitted(needed) => {
            let needed: Vec<&str> = needed.iter().map(|one| one.because.as_str()).collect();
            needed.join("; ")
        }
        CustomerRefusal::Import(package, refusal) => format!("{package}: {refusal}"),
    }
}

/// A customer that was looked at.
pub struct Looked {
    plan: CustomerPlan,
    here: Option<CustomerHere>,
    workspace: Option<Box<dyn AdminWorkspace>>,
    packages: Vec<(Prepared, Option<Planned>)>,
    /// Why the first package that could not be compared was not.
    failed: Option<ImportError>,
}

/// What was done for a customer, as it is done.
#[derive(Clone, Copy, Debug)]
pub enum Done<'d> {
    /// Its workspace was made, or was there when it was to be made.
    Made(&'d CustomerHere),
    /// Its workspace got another name.
    Renamed(&'d CustomerHere),
    /// Its labels were changed.
    Labelled(&'d CustomerHere),
    /// A package was imported.
    Imported(&'d ImportDocument),
}

/// What `customer apply` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerApplyDocument {
    /// The plan that was carried out.
    pub plan: CustomerPlan,
    /// The imports that were done.
    pub imports: Vec<ImportDocument>,
    /// What is left, as read back: nothing to do, and whatever waits for a person.
    pub left: CustomerPlan,
}

/// Looks at a customer: what its file would do. Nothing is changed.
///
/// # Errors
/// If it can't be looked at. A package that can't be compared is unknown in the plan, and
/// [told](Looked::failed) beside it.
pub fn look<C: Customers>(
    customers: &mut C,
    file: &CustomerFile,
    at: Timestamp,
    running: &Running,
) -> Result<Looked, C::Error> {
    let here = customers.find(&file.external_id)?;
    let workspace = here.as_ref().map(|here| customers.reach(here));
    let workspace = workspace.transpose()?;
    let prepared = customers.prepare(file, here.as_ref())?;
    look_in(customers, file, (here, workspace), prepared, at, running)
}

/// The same, of a workspace that is open.
fn look_in<C: Customers>(
    customers: &mut C,
    file: &CustomerFile,
    (here, workspace): (Option<CustomerHere>, Option<Box<dyn AdminWorkspace>>),
    prepared: Vec<Prepared>,
    at: Timestamp,
    running: &Running,
) -> Result<Looked, C::Error> {
    let unmade = match &workspace {
        Some(_) => None,
        None => Some(customers.unmade(file)?),
    };
    let there: Option<&dyn Workspace> = match (&workspace, &unmade) {
        (Some(workspace), _) => Some(workspace.as_ref()),
        (None, unmade) => unmade.as_ref().map(|unmade| unmade as &dyn Workspace),
    };
    let (mut seen, mut packages, mut failed) = (Vec::new(), Vec::new(), None);
    for prepared in prepared {
        let planned = match there {
            Some(there) => prepared.incoming.plan(&prepared.request, there, running),
            None => continue,
        };
        let (what, planned) = match planned {
            Ok(planned) => {
                let errors = planned.errors().into_iter().map(blocked);
                let plan = Arc::new(planned.plan().clone());
                (Seen::Planned(plan, errors.collect()), Some(planned))
            }
            Err(error @ ImportError::Interrupted(_)) => return Err(error.into()),
            Err(error) => {
                let why = chain(&error);
                failed.get_or_insert(error);
                (Seen::Unknown(why), None)
            }
        };
        seen.push(PackageSeen {
            package: prepared.called.clone(),
            folder: prepared.request.folder.clone(),
            seen: what,
        });
        packages.push((prepared, planned));
    }
    let truth = Truth {
        of: customers.of().clone(),
        platform: customers.platform(),
        found: here.clone().map_or(Found::Absent, Found::There),
        packages: seen,
    };
    Ok(Looked {
        plan: CustomerPlan::of(file, truth, at),
        here,
        workspace,
        packages,
        failed,
    })
}

/// What is told of a customer that can't be looked at.
pub fn not_looked_at<C: Customers>(
    customers: &C,
    file: &CustomerFile,
    why: String,
    at: Timestamp,
) -> CustomerPlan {
    let truth = Truth {
        of: customers.of().clone(),
        platform: customers.platform(),
        found: Found::Unknown(why),
        packages: Vec::new(),
    };
    CustomerPlan::of(file, truth, at)
}

fn blocked(finding: Finding) -> Blocked {
    Blocked {
        message: finding.message,
        help: finding.help,
    }
}

impl Looked {
    /// The plan.
    pub const fn plan(&self) -> &CustomerPlan {
        &self.plan
    }

    /// The plan alone.
    pub fn into_plan(self) -> CustomerPlan {
        self.plan
    }

    /// Why a package could not be compared, if one could not.
    pub const fn failed(&mut self) -> Option<ImportError> {
        self.failed.take()
    }

    /// What a person should know of the packages that are imported.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let packages = self.packages.iter();
        let imported = packages.filter(|(prepared, _)| self.plan.imports(&prepared.called));
        imported
            .filter_map(|(prepared, planned)| Some((prepared, planned.as_ref()?)))
            .flat_map(|(prepared, planned)| planned.document(&prepared.incoming).findings)
            .collect()
    }

    /// The plan, to be carried out: if nothing blocks it, and all that it needs is among what is
    /// granted.
    ///
    /// # Errors
    /// Why it is not approved.
    pub fn approve(
        self,
        granted: &[CustomerPermission],
        imports: &[Permission],
    ) -> Result<Approved<Self>, CustomerRefusal> {
        if !self.plan.blocked.is_empty() {
            return Err(CustomerRefusal::Blocked(self.plan.blocked));
        }
        let needs = self.plan.needs.iter();
        let needed: Vec<_> = needs
            .filter(|needed| !granted.contains(&needed.permission))
            .cloned()
            .collect();
        if !needed.is_empty() {
            return Err(CustomerRefusal::NotPermitted(needed));
        }
        for (prepared, planned) in &self.packages {
            if let Some(planned) = planned
                && self.plan.imports(&prepared.called)
                && let Err(refusal) = planned.approve(imports)
            {
                return Err(CustomerRefusal::Import(prepared.called.clone(), refusal));
            }
        }
        Ok(Approved::checked(self))
    }
}

/// Carries a customer's plan out, and reads it back.
///
/// # Errors
/// If something of it fails; what was done before was told, and stays.
pub fn carry_out<C: Customers>(
    customers: &mut C,
    file: &CustomerFile,
    approved: Approved<Looked>,
    (granted, at): (&[Permission], Timestamp),
    (running, observer): (&Running, &mut dyn Observer),
    told: &mut dyn FnMut(Done<'_>),
) -> Result<CustomerApplyDocument, C::Error> {
    let Looked {
        plan,
        here,
        workspace,
        packages,
        failed: _,
    } = approved.into_plan();
    let is_new = here.is_none();
    let here = match here {
        Some(here) => {
            if let Some(CustomerStep::Rename { .. }) = plan.provisions() {
                customers.rename(&here, &file.name)?;
                told(Done::Renamed(&here));
            }
            here
        }
        None => {
            let here = customers.make(file)?;
            told(Done::Made(&here));
            here
        }
    };
    let edits = plan.label_edits();
    if !edits.is_empty() {
        customers.label(&here, &edits)?;
        told(Done::Labelled(&here));
    }
    let mut workspace = match workspace {
        Some(workspace) => workspace,
        None => customers.reach(&here)?,
    };
    let (mut imports, mut prepared_all) = (Vec::new(), Vec::new());
    for (mut prepared, planned) in packages {
        prepared.request.address = here.address.clone();
        if plan.imports(&prepared.called) {
            // What was planned is of the workspace as it was before anything came into it.
            let still = planned.filter(|_| !is_new && imports.is_empty());
            let (incoming, request) = (&prepared.incoming, &prepared.request);
            let planned = match still {
                Some(planned) => planned,
                None => {
                    let again = incoming.plan(request, workspace.as_ref(), running)?;
                    let what = plan.unforeseen(again.plan());
                    if !what.is_empty() {
                        let package = prepared.called.clone();
                        return Err(CustomerError::Unforeseen { package, what }.into());
                    }
                    again
                }
            };
            let approval = planned.approve(granted).map_err(ImportError::from)?;
            let document = planned.document(incoming);
            let space = workspace.as_mut();
            let mut receipt =
                incoming.apply(request, &approval, &document, space, running, observer)?;
            // The workspace is read again next.
            drop(planned);
            let astray = incoming.read_back(request, &mut receipt, workspace.as_ref(), running)?;
            let document = ImportDocument {
                plan: document,
                receipt,
                astray,
            };
            told(Done::Imported(&document));
            imports.push(document);
        }
        prepared_all.push(prepared);
    }
    let here = customers.find(&file.external_id)?;
    let there = (here, Some(workspace));
    let left = look_in(customers, file, there, prepared_all, at, running)?;
    Ok(CustomerApplyDocument {
        plan,
        imports,
        left: left.into_plan(),
    })
}
