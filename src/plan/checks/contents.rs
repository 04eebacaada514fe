//! Files that are not what their names say: the platform would keep them as they are, and nobody
//! would notice before the logo or the page is looked at.

use crate::model::defect::Defect;
use crate::model::finding::{Code, Finding, Subject};
use crate::model::kind::{AssetKind, FileRole};
use crate::model::project::{File, Project};

/// Checks a file that is packed. A connector's source is not told here: without it there is no
/// connector ([`Lack`](crate::plan::connectors::Lack)).
pub fn check(project: &Project, file: &File) -> Option<Finding> {
    let defect = file.defect?;
    if let FileRole::Companion { kind, main } = FileRole::of(file.path.as_str())
        && kind == AssetKind::CustomAdapter
        && file.path.as_str().ends_with(".rb")
        && project.asset_at(&main).is_some()
    {
        return None;
    }
    let (code, offset) = match defect {
        Defect::Empty => return None,
        Defect::LfsPointer => (Code::LfsPointer, None),
        Defect::MergeConflict { offset } => (Code::MergeConflict, Some(offset)),
    };
    let subject = Subject::File {
        path: file.path.clone(),
        offset,
    };
    let message = format!("the file {}", defect.told());
    Some(Finding::new(code, subject, message).help(defect.way_out()))
}
