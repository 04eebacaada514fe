//! Packages × customers: what each import would meet, without doing any of them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::archive::Limits;
use crate::model::ident::WorkspaceName;
use crate::model::table::RowsPolicy;
use crate::model::workspace::{Address, FolderPath, Timestamp};
use crate::ops::approval::ImportRefusal;
use crate::ops::import::{ImportError, ImportRequest, Incoming};
use crate::ops::{Interrupted, Observer, Running};
use crate::plan::import::Landing;
use crate::plan::import::edits::EditsWish;
use crate::plan::import::matrix::{Cell, Possible};
use crate::plan::import::target::OtherTarget;
use crate::workspace::AdminWorkspace;

/// Which packages, and where.
#[derive(Clone, Debug)]
pub struct MatrixRequest {
    /// The packages.
    pub packages: Vec<PathBuf>,
    /// The folder that the packages would be imported into.
    pub folder: FolderPath,
    /// Limits on the packages.
    pub limits: Limits,
    /// A folder for what is kept on disk meanwhile.
    pub scratch: PathBuf,
    /// When they would be imported.
    pub at: Timestamp,
}

/// What `matrix` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatrixDocument {
    /// The packages, in the order in which they were given.
    pub packages: Vec<String>,
    /// The customers, in the order of their names.
    pub customers: Vec<MatrixRow>,
}

/// A customer and what each package would meet there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatrixRow {
    /// The customer's workspace.
    pub customer: WorkspaceName,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// For each package, in the same order.
    pub cells: Vec<Cell>,
}

/// A customer whose workspace can be looked at.
pub struct MatrixCustomer {
    /// Where it is.
    pub address: Address,
    /// What it is called.
    pub name: WorkspaceName,
    /// The partner's own name for it.
    pub external_id: Option<String>,
    /// Its workspace.
    pub workspace: Box<dyn AdminWorkspace>,
}

/// Plans every package into every customer's workspace. Customers are looked at one after the other.
///
/// # Errors
/// If a package or a workspace can't be read, or the work is interrupted.
pub fn matrix<E: From<ImportError>>(
    request: &MatrixRequest,
    looked_at: impl IntoIterator<Item = Result<MatrixCustomer, E>>,
    running: &Running,
    observer: &mut dyn Observer,
) -> Result<MatrixDocument, E> {
    let mut incoming = Vec::new();
    for package in &request.packages {
        let request = ImportRequest {
            package: package.clone(),
            // Replaced for each customer: it is only told.
            address: Address::Local("customer".parse().expect("a name")),
            folder: request.folder.clone(),
            rows: RowsPolicy::Overwrite,
            landing: Landing::default(),
            settings: None,
            limits: request.limits,
            scratch: request.scratch.clone(),
            at: request.at,
            who: String::new(),
            other_target: OtherTarget::Refused,
            edits: Some(EditsWish::default()),
        };
        let read = Incoming::read(&request, running, observer)?;
        incoming.push((request, read));
    }
    let mut customers = Vec::new();
    for customer in looked_at {
        let customer = customer?;
        let mut cells = Vec::new();
        for (request, incoming) in &mut incoming {
            if running.interrupt.is_set() {
                return Err(ImportError::from(Interrupted).into());
            }
            request.address = customer.address.clone();
            let planned = incoming.plan(request, customer.workspace.as_ref(), running)?;
            let possible = match planned.approve(&[]) {
                Ok(_) | Err(ImportRefusal::NotPermitted(_)) => Possible::Yes,
                Err(ImportRefusal::Incomplete(_) | ImportRefusal::Blocked(_)) => Possible::No,
            };
            let recorded = incoming.record();
            let recorded = recorded.map_or(&[][..], |record| &record.connectors);
            cells.push(Cell::of(planned.plan(), possible, recorded));
        }
        customers.push(MatrixRow {
            customer: customer.name,
            external_id: customer.external_id,
            cells,
        });
    }
    Ok(MatrixDocument {
        packages: request
            .packages
            .iter()
            .map(|package| package.display().to_string())
            .collect(),
        customers,
    })
}
