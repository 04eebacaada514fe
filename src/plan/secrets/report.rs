//! Credentials as findings.

use std::collections::BTreeMap;

use crate::model::finding::{Finding, Subject};
use crate::model::ident::Fingerprint;
use crate::model::project::File;
use crate::model::secret::{Certainty, SecretKind, Sighting};

/// What is said of the credentials in a file, one finding for each however often it stands there.
pub fn findings(file: &File) -> impl Iterator<Item = Finding> {
    let mut places: BTreeMap<(SecretKind, &Fingerprint), Vec<&Sighting>> = BTreeMap::new();
    for sighting in file.secrets.iter() {
        places
            .entry((sighting.kind, &sighting.fingerprint))
            .or_default()
            .push(sighting);
    }
    let told = places.into_iter();
    told.filter_map(|((kind, fingerprint), places)| {
        let first = places.first()?;
        let subject = Subject::File {
            path: file.path.clone(),
            offset: Some(first.offset),
        };
        let (label, start, length) = (kind.label(), &first.start, first.length);
        let stands = match kind.certainty() {
            Certainty::Certain => "stands",
            Certainty::Likely => "seems to stand",
        };
        let message = format!("{label} {stands} here: `{start}…`, {length} characters");
        let mut finding = Finding::new(kind.code(), subject, message);
        if places.len() > 1 {
            finding = finding.note(format!("it stands {} times in this file", places.len()));
        }
        let code = kind.code();
        let help = format!(
            "withdraw it where it was issued, and give it by a connection or a property; if it is none, allow it in recipack.toml:\n[[allow]]\ncode = \"{code}\"\nfingerprint = \"{fingerprint}\"\nreason = \"…\""
        );
        Some(finding.help(help).known_by(fingerprint.clone()))
    })
}
