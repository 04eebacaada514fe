//! The rule: whether a connector goes into a package for a target.
//!
//! One question, one answer: [`decide`] is the whole table. What an answer means for the assets
//! that use the connector is [`super::transform`]'s business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::Outcome;
use crate::model::catalogue::{CatalogueEntry, Visibility};
use crate::model::finding::Code;
use crate::model::ident::DataCenter;
use crate::model::target::{TargetKind, Word};

/// What the catalogue says about a connector, seen from a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Share {
    /// It is not shared.
    NotShared,
    /// It is shared, and the target's customers have it.
    Reachable,
    /// It is shared closed-source in another data center (platform.md §4).
    Unreachable,
}

/// Whether it could be told if a shared connector reaches the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It could.
    Certain,
    /// A data center is not given; the same one was assumed.
    Assumed,
}

impl Share {
    /// What `entry` says, seen from `target`. Open source reaches customers anywhere, closed source
    /// those in the same data center.
    pub fn of(entry: Option<&CatalogueEntry>, target: Option<&DataCenter>) -> (Self, Certainty) {
        let Some(entry) = entry.filter(|entry| entry.shared_version.is_some()) else {
            return (Self::NotShared, Certainty::Certain);
        };
        match (entry.visibility, &entry.data_center, target) {
            (Visibility::Open, _, _) => (Self::Reachable, Certainty::Certain),
            (Visibility::Closed, Some(own), Some(target)) if own == target => {
                (Self::Reachable, Certainty::Certain)
            }
            (Visibility::Closed, Some(_), Some(_)) => (Self::Unreachable, Certainty::Certain),
            (Visibility::Closed, None, _) | (Visibility::Closed, _, None) => {
                (Self::Reachable, Certainty::Assumed)
            }
        }
    }
}

/// Where a connector's files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Files {
    /// At hand.
    Present,
    /// Nowhere, though a connection of this package needs them.
    Absent,
    /// Not here, and neither are the connections: another package brings both.
    Elsewhere,
}

/// One row of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// Where the package goes.
    pub target: TargetKind,
    /// What the catalogue says.
    pub share: Share,
    /// What the manifest says.
    pub word: Word,
    /// Where the files are.
    pub files: Files,
}

macro_rules! rulings {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $outcome:ident, $code:expr;)*) => {
        /// The answer: a row of the rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Ruling { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }

        impl Ruling {
            /// Every row there is.
            pub const ALL: &[Ruling] = &[$(Ruling::$variant),*];

            /// The row's name in decision records.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What happens to the connector.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$variant => Outcome::$outcome,)* }
            }

            /// The finding that goes with it.
            pub const fn code(self) -> Option<Code> {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

rulings! {
    /// External account: it travels along and installs or updates there.
    ExternalIncluded = "external-included", Included, None;
    /// External account, excluded by the manifest: the recipes need it there.
    ExternalLeftOut = "external-left-out", LeftOut, Some(Code::ConnectorLeftOut);
    /// Customer: shared, so it is left out.
    SharedLeftOut = "shared-left-out", LeftOut, Some(Code::SharedConnectorExcluded);
    /// Customer: shared, but the manifest wants it in.
    SharedIncluded = "shared-included", Included, Some(Code::SharedConnectorIncluded);
    /// Customer: shared closed-source in another data center.
    SharedUnreachable = "shared-unreachable", Refused, Some(Code::SharedConnectorUnreachable);
    /// Customer: not shared, so it installs as the customer's own.
    OwnIncluded = "own-included", Included, Some(Code::ConnectorInstalls);
    /// Customer: not shared, and the manifest wants it out.
    OwnRefused = "own-refused", Refused, Some(Code::ConnectorRefused);
    /// Its connection lies in another package, and so must it.
    Elsewhere = "elsewhere", LeftOut, Some(Code::ConnectorElsewhere);
    /// It has to be in, and its files are not there.
    Missing = "missing", Refused, Some(Code::ConnectorMissing);
}

/// The rule.
pub const fn decide(case: Case) -> Ruling {
    use Files::{Absent, Elsewhere, Present};
    use Share::{NotShared, Reachable, Unreachable};
    use TargetKind::{Customer, External};
    use Word::{Auto, Exclude, Include};

    match (case.target, case.share, case.word, case.files) {
        (External, _, Exclude, _) => Ruling::ExternalLeftOut,
        (External, _, Auto | Include, Present) => Ruling::ExternalIncluded,
        (Customer, Reachable, Auto | Exclude, _) => Ruling::SharedLeftOut,
        (Customer, Reachable, Include, Present) => Ruling::SharedIncluded,
        (Customer, Unreachable, Auto | Exclude, _) => Ruling::SharedUnreachable,
        (Customer, NotShared, Exclude, Present | Absent) => Ruling::OwnRefused,
        (Customer, NotShared | Unreachable, Include, Present)
        | (Customer, NotShared, Auto, Present) => Ruling::OwnIncluded,
        (External, _, Auto, Elsewhere) | (Customer, NotShared, Auto | Exclude, Elsewhere) => {
            Ruling::Elsewhere
        }
        (External, _, Auto, Absent)
        | (External, _, Include, Absent | Elsewhere)
        | (Customer, NotShared, Auto, Absent)
        | (Customer, _, Include, Absent | Elsewhere) => Ruling::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Severity;

    /// The whole table, one line a cell: target, share, word, files, ruling.
    const TABLE: &str = "
        external any         auto    present   external-included
        external any         auto    absent    missing
        external any         auto    elsewhere elsewhere
        external any         include present   external-included
        external any         include absent    missing
        external any         include elsewhere missing
        external any         exclude present   external-left-out
        external any         exclude absent    external-left-out
        external any         exclude elsewhere external-left-out
        customer reachable   auto    present   shared-left-out
        customer reachable   auto    absent    shared-left-out
        customer reachable   auto    elsewhere shared-left-out
        customer reachable   include present   shared-included
        customer reachable   include absent    missing
        customer reachable   include elsewhere missing
        customer reachable   exclude present   shared-left-out
        customer reachable   exclude absent    shared-left-out
        customer reachable   exclude elsewhere shared-left-out
        customer unreachable auto    present   shared-unreachable
        customer unreachable auto    absent    shared-unreachable
        customer unreachable auto    elsewhere shared-unreachable
        customer unreachable include present   own-included
        customer unreachable include absent    missing
        customer unreachable include elsewhere missing
        customer unreachable exclude present   shared-unreachable
        customer unreachable exclude absent    shared-unreachable
        customer unreachable exclude elsewhere shared-unreachable
        customer not-shared  auto    present   own-included
        customer not-shared  auto    absent    missing
        customer not-shared  auto    elsewhere elsewhere
        customer not-shared  include present   own-included
        customer not-shared  include absent    missing
        customer not-shared  include elsewhere missing
        customer not-shared  exclude present   own-refused
        customer not-shared  exclude absent    own-refused
        customer not-shared  exclude elsewhere elsewhere
    ";

    #[test]
    fn every_cell_of_the_table() {
        let mut cells = 0;
        for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cell: Vec<&str> = line.split_whitespace().collect();
            let target: TargetKind = cell[0].parse().expect("a kind");
            let word: Word = cell[2].parse().expect("a word");
            let shares: &[Share] = match cell[1] {
                "any" => &[Share::NotShared, Share::Reachable, Share::Unreachable],
                "reachable" => &[Share::Reachable],
                "unreachable" => &[Share::Unreachable],
                "not-shared" => &[Share::NotShared],
                other => panic!("{other}"),
            };
            let files = match cell[3] {
                "present" => Files::Present,
                "absent" => Files::Absent,
                "elsewhere" => Files::Elsewhere,
                other => panic!("{other}"),
            };
            for &share in shares {
                let ruling = decide(Case {
                    target,
                    share,
                    word,
                    files,
                });
                assert_eq!(ruling.as_str(), cell[4], "{line}");
                cells += 1;
            }
        }
        assert_eq!(cells, 2 * 3 * 3 * 3, "the table has to be complete");
    }

    #[test]
    fn a_refusal_is_an_error_and_nothing_else_is() {
        for ruling in Ruling::ALL {
            let is_error = ruling
                .code()
                .is_some_and(|code| code.severity() == Severity::Error);
            assert_eq!(ruling.outcome() == Outcome::Refused, is_error, "{ruling:?}");
        }
    }

    #[test]
    fn closed_source_reaches_its_own_data_center_only() {
        let entry = |shared: bool, closed: bool, data_center: Option<&str>| {
            let text = format!(
                r#"{{"result":[{{"title":"T","name":"t_connector_1_2","oem_shared_version":{},"visibility":"{}"{}}}]}}"#,
                if shared { "3" } else { "null" },
                if closed { "closed" } else { "open" },
                data_center
                    .map(|dc| format!(r#","data_center":"{dc}""#))
                    .unwrap_or_default(),
            );
            crate::model::catalogue::Catalogue::parse(text.as_bytes())
                .expect("a catalogue")
                .entries()[0]
                .clone()
        };
        let (us, eu): (DataCenter, DataCenter) =
            ("us".parse().expect("dc"), "eu".parse().expect("dc"));
        for (entry, target, expected) in [
            (
                entry(false, true, Some("eu")),
                Some(&us),
                (Share::NotShared, Certainty::Certain),
            ),
            (
                entry(true, false, Some("eu")),
                Some(&us),
                (Share::Reachable, Certainty::Certain),
            ),
            (
                entry(true, true, Some("eu")),
                Some(&us),
                (Share::Unreachable, Certainty::Certain),
            ),
            (
                entry(true, true, Some("eu")),
                Some(&eu),
                (Share::Reachable, Certainty::Certain),
            ),
            (
                entry(true, true, None),
                Some(&us),
                (Share::Reachable, Certainty::Assumed),
            ),
            (
                entry(true, true, Some("eu")),
                None,
                (Share::Reachable, Certainty::Assumed),
            ),
        ] {
            assert_eq!(
                Share::of(Some(&entry), target),
                expected,
                "{entry:?} {target:?}"
            );
        }
        assert_eq!(
            Share::of(None, None),
            (Share::NotShared, Certainty::Certain)
        );
    }
}
