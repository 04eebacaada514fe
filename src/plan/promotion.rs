//! Whether a package may go on from one environment to the next: it was imported there, is there
//! unchanged, and has been for long enough.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::manifest::Soak;
use crate::model::ident::{Digest, TargetName};
use crate::model::kind::AssetKind;
use crate::model::workspace::{
    Address, FolderPath, ReadDepth, RevisionAction, RevisionHeader, Timestamp,
};

/// A revision of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// What a list tells.
    pub header: RevisionHeader,
    /// The digest of the contents that were imported, if its receipt has it.
    pub contents: Option<Digest>,
    /// What it was about: types, folders and names.
    pub about: BTreeSet<(AssetKind, FolderPath, String)>,
}

/// What is known of a package in an environment.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The package's digest.
    pub package: Digest,
    /// The digest of its contents.
    pub contents: Option<Digest>,
    /// The environment's revisions, the oldest first.
    pub revisions: &'a [Stood],
    /// When it is.
    pub now: Timestamp,
    /// For how long it has to have been there.
    pub min_soak: Soak,
}

/// That a package is in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promoted {
    /// The environment that it comes from.
    pub from: TargetName,
    /// Where that is.
    pub address: Address,
    /// The revision that brought it there.
    pub revision: RevisionHeader,
    /// Since when it is there as it is.
    pub since: Timestamp,
    /// How much of the environment was read to see that.
    pub reading: ReadDepth,
    /// How many assets were not read.
    pub not_read: usize,
    /// The environment that it goes to.
    pub to: TargetName,
}

/// Why a package may not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hindrance {
    /// Nothing tells that it was imported there.
    #[error("nothing tells that this package was imported there")]
    NoReceipt,
    /// What it brought is otherwise by now.
    #[error("it is not there any more as it was imported: {}", first(.0))]
    Changed(Vec<String>),
    /// It has not been there for long enough.
    #[error("it is there since {}, and may go on from {}", since.utc(), until.utc())]
    Early {
        /// Since when.
        since: Timestamp,
        /// From when on it may go.
        until: Timestamp,
    },
}

fn first(differs: &[String]) -> String {
    let first = differs.first().map_or("", String::as_str);
    match differs.len().saturating_sub(1) {
        0 => first.to_owned(),
        more => format!("{first} (and {more} more)"),
    }
}

impl Evidence<'_> {
    /// The revision that brought the package, and since when it is there as it is: since the last
    /// one that was about any of the same.
    ///
    /// # Errors
    /// If none did.
    pub fn receipt(&self) -> Result<(&Stood, Timestamp), Hindrance> {
        let mut later: Option<Timestamp> = None;
        let same = |stood: &Stood| {
            stood.header.action == RevisionAction::Import
                && (stood.header.package == Some(self.package)
                    || stood.contents.is_some() && stood.contents == self.contents)
        };
        let at = self.revisions.iter().rposition(same);
        let found = at.and_then(|at| Some((at, self.revisions.get(at)?)));
        let (at, found) = found.ok_or(Hindrance::NoReceipt)?;
        for other in &self.revisions[at + 1..] {
            // Whatever a revision was about that says nothing of it counts as all.
            if other.about.is_empty() || !other.about.is_disjoint(&found.about) {
                later = later.max(Some(other.header.at));
            }
        }
        Ok((found, later.unwrap_or(found.header.at)))
    }

    /// Whether it has been there for long enough.
    ///
    /// # Errors
    /// If not.
    pub fn soaked(&self, since: Timestamp) -> Result<(), Hindrance> {
        let until = Timestamp(since.0.saturating_add(self.min_soak.seconds()));
        match self.now < until {
            true => Err(Hindrance::Early { since, until }),
            false => Ok(()),
        }
    }
}

impl fmt::Display for Promoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "in {} ({}) as revision {}, unchanged since {}",
            self.from,
            self.address,
            self.revision.number,
            self.since.utc()
        )?;
        match self.not_read {
            0 => Ok(()),
            1 => f.write_str(" but for 1 asset that was not read"),
            many => write!(f, " but for {many} assets that were not read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workspace::RevisionNumber;

    fn stood(number: u64, at: u64, package: &[u8], about: &[&str]) -> Stood {
        let about = about.iter().map(|name| {
            let folder = FolderPath::home();
            (AssetKind::Recipe, folder, (*name).to_owned())
        });
        Stood {
            header: RevisionHeader {
                number: RevisionNumber(number),
                at: Timestamp(at),
                who: String::new(),
                action: RevisionAction::Import,
                subject: String::new(),
                package: Some(Digest::of(package)),
            },
            contents: Some(Digest::of(&[package, b"'s contents"].concat())),
            about: about.collect(),
        }
    }

    fn evidence<'a>(revisions: &'a [Stood], package: &[u8], now: u64) -> Evidence<'a> {
        Evidence {
            package: Digest::of(package),
            contents: None,
            revisions,
            now: Timestamp(now),
            min_soak: "1m".parse().expect("a time"),
        }
    }

    #[test]
    fn a_package_soaks_since_the_last_revision_that_was_about_the_same() {
        let mut revisions = vec![
            stood(1, 100, b"a", &["A", "B"]),
            stood(2, 200, b"b", &["C"]),
        ];
        let since = |revisions: &[Stood]| {
            let evidence = evidence(revisions, b"a", 0);
            evidence.receipt().expect("a receipt").1
        };
        assert_eq!(since(&revisions), Timestamp(100));
        revisions.push(stood(3, 300, b"c", &["B"]));
        assert_eq!(since(&revisions), Timestamp(300));
        revisions.push(stood(4, 400, b"d", &[]));
        assert_eq!(since(&revisions), Timestamp(400));
        // It came again.
        revisions.push(stood(5, 500, b"a", &["A", "B"]));
        assert_eq!(since(&revisions), Timestamp(500));
    }

    #[test]
    fn a_package_goes_on_from_the_end_of_its_time_on() {
        let revisions = [stood(1, 100, b"a", &["A"])];
        let (since, until) = (Timestamp(100), Timestamp(160));
        let early = Err(Hindrance::Early { since, until });
        for (now, expected) in [
            (0, early.clone()),
            (159, early),
            (160, Ok(())),
            (999, Ok(())),
        ] {
            assert_eq!(
                evidence(&revisions, b"a", now).soaked(since),
                expected,
                "{now}"
            );
        }
    }

    #[test]
    fn a_receipt_is_of_the_same_bytes_or_the_same_contents() {
        let mut revisions = [stood(1, 100, b"a", &["A"])];
        assert_eq!(
            evidence(&revisions, b"b", 0).receipt(),
            Err(Hindrance::NoReceipt)
        );
        let packed_otherwise = Evidence {
            contents: Some(Digest::of(b"a's contents")),
            ..evidence(&revisions, b"b", 0)
        };
        assert!(packed_otherwise.receipt().is_ok());
        revisions[0].contents = None;
        assert_eq!(
            evidence(&revisions, b"b", 0).receipt(),
            Err(Hindrance::NoReceipt)
        );
        // What brings an earlier state back brings no package.
        revisions[0].header.action = RevisionAction::Rollback;
        assert_eq!(
            evidence(&revisions, b"a", 0).receipt(),
            Err(Hindrance::NoReceipt)
        );
    }
}
