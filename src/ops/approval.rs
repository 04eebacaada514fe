//! What may be carried out: a plan that nothing blocks, and for whose dangers somebody answers.

use crate::model::count::counted;
use crate::model::finding::Finding;
use crate::plan::import::document::Needed;
use crate::plan::rollback::document::Refusal;

/// A plan that may be carried out. Only a plan's own `approve` makes one, and whatever changes a
/// workspace by a plan takes nothing else:
/// [`Planned::approve`](super::import::Planned::approve) for imports,
/// [`PlannedRollback::approve`](super::import::rollback::PlannedRollback::approve),
/// [`PlannedChange::approve`](super::workspace::catalog::PlannedChange::approve) for what is shared,
/// [`Looked::approve`](super::customer::Looked::approve) for customers' files,
/// and [`Prepared::approve`](super::export::Prepared::approve) for packages.
///
/// Nobody else can make one:
///
/// ```compile_fail,E0451
/// use recipack::ops::approval::Approved;
///
/// let approved = Approved { plan: "what nobody looked at" };
/// ```
#[derive(Clone, Debug)]
pub struct Approved<P> {
    plan: P,
}

impl<P> Approved<P> {
    /// To be called by `approve` alone, after everything was checked.
    pub(in crate::ops) const fn checked(plan: P) -> Self {
        Self { plan }
    }

    /// The plan.
    pub const fn plan(&self) -> &P {
        &self.plan
    }

    /// The plan, for whoever carries it out.
    pub(in crate::ops) fn into_plan(self) -> P {
        self.plan
    }
}

/// Why an import can't be carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportRefusal {
    /// Some of the package can't be read, so that nobody knows what would be missing.
    #[error("some of the package can't be read: {}", first(.0))]
    Incomplete(Vec<Finding>),
    /// The package can't be imported as it is, whatever is permitted: its findings say why.
    #[error("the package can't be imported as it is: {}", first(.0))]
    Blocked(Vec<Finding>),
    /// It needs permissions that were not granted.
    #[error("{}", because(.0))]
    NotPermitted(Vec<Needed>),
}

/// Why a rollback can't be carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the rollback can't be carried out: {}", against(.blocked, .needed))]
pub struct RollbackRefusal {
    /// What can't be done, whatever is permitted.
    pub blocked: Vec<Refusal>,
    /// The permissions that it needs and that were not granted.
    pub needed: Vec<Needed>,
}

/// Why no package can be made of a plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("no package can be made: {}", first(.0))]
pub struct ExportRefusal(
    /// The errors among the plan's findings.
    pub Vec<Finding>,
);

/// The first message, and how many more there are.
fn first(findings: &[Finding]) -> String {
    let message = findings.first().map_or("", |first| &first.message);
    match findings.len().saturating_sub(1) {
        0 => message.to_owned(),
        more => format!("{message} (and {})", counted(more as u64, "more error")),
    }
}

fn because(needed: &[Needed]) -> String {
    let needed = needed
        .iter()
        .map(|needed| format!("{} (permission: {})", needed.because, needed.permission));
    needed.collect::<Vec<_>>().join("; ")
}

fn against(blocked: &[Refusal], needed: &[Needed]) -> String {
    let blocked = blocked.iter().map(ToString::to_string);
    let needed = (!needed.is_empty()).then(|| because(needed));
    blocked.chain(needed).collect::<Vec<_>>().join("; ")
}
