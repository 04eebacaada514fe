//! What a record says of where its package comes from: held against what is there to tell it, and
//! told as not verified where nothing does.

use super::{CheckedOut, Mismatch, NotVerified, Rebuild, VerifyRequest};
use crate::ops::export::record::{DecisionRecord, ProjectRecord, TargetRecord};

/// What contradicts the commit that is asked for, or leaves it open.
pub(super) fn commit(record: &DecisionRecord, rebuild: &Rebuild) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut differs = |what: String| {
        found.push(Mismatch {
            subject: "record, project.commit".to_owned(),
            what,
        });
    };
    let recorded = record.project.commit.as_deref();
    let Some(asked) = &rebuild.commit else {
        return found;
    };
    match recorded {
        Some(recorded) if recorded == asked => {}
        Some(recorded) => differs(format!("it is to be {asked}, the record says {recorded}")),
        None => differs(format!("it is to be {asked}, the record names none")),
    }
    match &rebuild.checked_out {
        CheckedOut::Of(checked_out) if checked_out == asked => {}
        CheckedOut::Of(checked_out) => {
            differs(format!(
                "it is to be {asked}, and {checked_out} is checked out"
            ));
        }
        CheckedOut::Unknown(why) => differs(format!(
            "it is to be {asked}, and which is checked out is not known: {why}"
        )),
    }
    found
}

/// What a record says that nothing tells. `made_of` is what the package was made of again, if the
/// same came out.
pub(super) fn not_verified(
    record: &DecisionRecord,
    request: &VerifyRequest,
    made_of: Option<&ProjectRecord>,
) -> Vec<NotVerified> {
    let mut found = Vec::new();
    let mut open = |part: &str, recorded: String, why: String| {
        found.push(NotVerified {
            part: part.to_owned(),
            recorded,
            why,
        });
    };
    open(
        "generator",
        record.generator.clone(),
        "no package tells what made it".to_owned(),
    );
    let name = request.package.file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    if record.package.file != name {
        open(
            "package.file",
            record.package.file.clone(),
            format!("the package is called {name}"),
        );
    }
    open(
        "target",
        target(&record.target),
        "no package tells where it is meant to go".to_owned(),
    );
    let project = &record.project;
    let not_made = || {
        let why = match &request.rebuild {
            Some(_) => "making it again gave something else",
            None => "it was not made again from the project",
        };
        why.to_owned()
    };
    let why = match made_of {
        None => Some(not_made()),
        Some(again) if again.name == project.name && again.origin == project.origin => None,
        Some(again) => Some(format!("it was made again from {}", again.name)),
    };
    if let Some(why) = why {
        open("project.name", project.name.clone(), why);
    }
    if let Some(commit) = &project.commit {
        let why = match (made_of, &request.rebuild) {
            (Some(_), Some(rebuild)) => match &rebuild.checked_out {
                CheckedOut::Of(checked_out) if checked_out == commit => None,
                // Many commits have the same project.
                CheckedOut::Of(checked_out) => Some(format!(
                    "the same was made from {checked_out}, which is checked out"
                )),
                CheckedOut::Unknown(why) => Some(why.clone()),
            },
            (None, _) | (_, None) => Some(not_made()),
        };
        if let Some(why) = why {
            open("project.commit", commit.clone(), why);
        }
    }
    if let Some(dirty) = project.dirty {
        open(
            "project.dirty",
            dirty.to_string(),
            "what was checked out then is not looked at".to_owned(),
        );
    }
    found
}

fn target(target: &TargetRecord) -> String {
    let TargetRecord {
        name,
        kind,
        data_center,
    } = target;
    let mut said = kind.to_string();
    if let Some(name) = name {
        said = format!("{name}, {said}");
    }
    if let Some(data_center) = data_center {
        said = format!("{said}, {data_center}");
    }
    said
}
