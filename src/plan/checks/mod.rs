//! What is odd about the assets of a package, beyond the rule: each check in a file of its own.
//!
//! What real projects hold is no error here, and what can't be told for sure is not told.

pub mod literals;
pub mod naming;
mod parts;
mod references;

use crate::model::finding::Finding;
use crate::model::graph::Graph;
use crate::model::project::Project;

/// Checks the assets in `packed`, an ordered list of indices into the project's assets.
pub fn check(project: &Project, graph: &Graph, packed: &[usize]) -> Vec<Finding> {
    let mut findings = references::check(project, packed);
    findings.extend(parts::providers(project, packed));
    findings.extend(parts::connections(project, packed));
    findings.extend(parts::unused(project, graph, packed));
    findings
}
