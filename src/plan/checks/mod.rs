//! What is odd about the assets of a package, beyond the rule: each check in a file of its own.
//!
//! What real projects hold is no error here, and what can't be told for sure is not told.

mod applications;
pub mod contents;
pub mod literals;
pub mod naming;
mod parts;
mod picked;
mod properties;
mod references;
pub(crate) mod same_name;
mod tables;

use crate::model::finding::{Finding, extend};
use crate::model::graph::Graph;
use crate::model::project::Project;
use crate::model::table::PackedRows;

/// Checks the assets in `packed`, an ordered list of indices into the project's assets.
pub fn check(project: &Project, graph: &Graph, packed: &[usize], rows: PackedRows) -> Vec<Finding> {
    let mut findings = references::check(project, packed);
    extend(&mut findings, parts::providers(project, packed));
    extend(&mut findings, parts::platform_in_config(project, packed));
    extend(&mut findings, parts::connections(project, packed));
    extend(&mut findings, parts::unused(project, graph, packed));
    extend(&mut findings, applications::of_another(project, packed));
    extend(&mut findings, applications::not_chosen(project, packed));
    extend(&mut findings, applications::on_prem(project, packed));
    extend(&mut findings, properties::missing(project, packed));
    extend(&mut findings, properties::values(project, packed));
    extend(&mut findings, tables::rows(project, packed, rows));
    extend(&mut findings, tables::columns(project, packed));
    extend(&mut findings, same_name::check(project, packed));
    extend(&mut findings, picked::check(project, packed));
    findings
}

/// What a person who imports a package has to look after in the target, as the package alone tells
/// it: connections that are not chosen, on-prem groups, ids of the source workspace, properties.
pub fn before_import(project: &Project) -> Vec<Finding> {
    let all: Vec<usize> = (0..project.assets.len()).collect();
    let mut findings = references::of_the_source(project, &all);
    extend(&mut findings, applications::not_chosen(project, &all));
    extend(&mut findings, applications::on_prem(project, &all));
    extend(&mut findings, properties::missing(project, &all));
    extend(&mut findings, picked::check(project, &all));
    findings
}
