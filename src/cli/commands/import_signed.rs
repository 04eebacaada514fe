//! Whether a package, and the record beside it, are what somebody signed.

use std::path::Path;

use super::super::brought::Brought;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::signing;
use crate::archive::signature::Signed;
use crate::model::ident::Digest;
use crate::ops::provenance::verify::{hold, signed_record};

/// Whether somebody approved of what is to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Approval {
    /// By a plan, which says what the package was made for.
    Plan,
    None,
}

/// What was read that is not what was signed. The decision record says what a package was made for,
/// so that it has to be the signed one, too.
pub(super) fn unlike(
    signed: &Signed,
    package: Digest,
    record: Option<Digest>,
    approval: Approval,
) -> Option<&'static str> {
    if signed.digest != package {
        return Some("it changed since its signature was checked");
    }
    match (signed_record(&signed.comment), record, approval) {
        (Some(signed), Some(found), _) if signed == found => None,
        (Some(_), Some(_), _) => {
            Some("the decision record beside it is another one than the signature holds for")
        }
        (None, Some(_), _) => Some("the signature does not hold for the decision record beside it"),
        (Some(_), None, Approval::None) => {
            Some("the signature holds for a decision record, too, and that is not beside it")
        }
        (Some(_), None, Approval::Plan) | (None, None, _) => None,
    }
}

/// Checks a package's signature.
pub(super) fn held(
    key: &str,
    package: &Brought,
    signature: Option<&Path>,
) -> Result<Signed, Failure> {
    let check = signing::check(key, package.path(), signature)?;
    match hold(&check, package.path()) {
        Ok(signed) => Ok(signed),
        Err(error) => {
            let failure = unsigned(Path::new(&package.name()), &error.to_string());
            let attached = package.signatures().contains(&check.path);
            Err(failure.notes([match attached {
                true => "none of the signatures that are attached to it holds".to_owned(),
                false => format!("the signature is looked for in {}", check.path.display()),
            }]))
        }
    }
}

pub(super) fn unsigned(package: &Path, what: &str) -> Failure {
    Failure::new(
        Exit::VerificationFailed,
        "not-signed",
        format!("{} is not imported: {what}", package.display()),
    )
    .help("get the package, its record and its signature again from whoever made them")
}
