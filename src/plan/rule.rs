//! The rule: whether a connector goes into a package for a target.
//!
//! One question, one answer: [`decide`] is the whole table. What an answer means for the assets
//! that use the connector is [`crate::plan::export::rewrite`]'s business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::model::catalogue::{
    Catalogue, CatalogueEntry, Extent, SharedConnectors, SharedVersion, Visibility, near_key,
};
use crate::model::finding::Code;
use crate::model::ident::{ConnectorTitle, DataCenter};
use crate::model::target::{ConnectorPolicy, TargetKind};

/// Whether something is in the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is.
    Included,
    /// It is not.
    LeftOut,
    /// The package can't be made so.
    Refused,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Included => "included",
            Self::LeftOut => "left out",
            Self::Refused => "refused",
        })
    }
}

/// What is known of a connector's sharing, seen from a target. What is not known is a value of its
/// own: taken for "not shared" or "in the same data center", it would give the customer a second
/// connector, or recipes without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Share {
    /// Whether it is shared is not known; a [`Gap`] says why.
    Unknown,
    /// It is not shared.
    NotShared,
    /// It is shared closed-source, and whether the target is in its data center is not known.
    ReachUnknown,
    /// It is shared, and the target's customers have it.
    Reachable,
    /// It is shared closed-source in another data center (platform.md §4).
    Unreachable,
}

/// Why it is not known whether a connector is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// No catalogue was given.
    NoCatalogue,
    /// The catalogue is a file that shares nothing at all: it may be another list.
    NothingShared,
    /// The catalogue is a page of a longer list, and the connector is not on it.
    NotOnPage,
    /// The catalogue's entry does not say it: the list was asked of a workspace that is not an
    /// Embedded admin's, or is another list (platform.md §3).
    Unsaid,
    /// The catalogue shares one whose title differs only in case or spacing.
    NearMiss(ConnectorTitle),
    /// The catalogue lists it by its title only: it is shared, and recipes would have to spell an
    /// internal name that is not known.
    NameUnknown,
    /// The catalogue lists titles, and this connector's is not known.
    TitleUnknown,
}

impl Share {
    /// What an entry says, seen from `target`. Open source reaches customers anywhere, closed source
    /// those in the same data center.
    pub fn of(entry: &CatalogueEntry, target: Option<&DataCenter>) -> Self {
        match (entry.shared_version, entry.visibility) {
            (SharedVersion::Unsaid, _) => Self::Unknown,
            (SharedVersion::None, _) => Self::NotShared,
            (SharedVersion::At(_), Visibility::Open) => Self::Reachable,
            (SharedVersion::At(_), Visibility::Closed) => match (&entry.data_center, target) {
                (Some(own), Some(target)) if own == target => Self::Reachable,
                (Some(_), Some(_)) => Self::Unreachable,
                (None, _) | (_, None) => Self::ReachUnknown,
            },
            // A customer is where its partner is (platform.md §2.3), unless it is said otherwise.
            (SharedVersion::At(_), Visibility::Unknown) => match (&entry.data_center, target) {
                (Some(own), Some(target)) if own != target => Self::ReachUnknown,
                (Some(_), Some(_)) | (None, _) | (_, None) => Self::Reachable,
            },
        }
    }

    /// What is known of a connector that has this title, if it is known, and this entry, if it has
    /// one, seen from `target`.
    ///
    /// # Errors
    /// Why it is not known whether the connector is shared.
    pub fn known(
        shared: &SharedConnectors,
        title: Option<&ConnectorTitle>,
        entry: Option<&CatalogueEntry>,
        target: Option<&DataCenter>,
    ) -> Result<Self, Gap> {
        let catalogue = match shared {
            SharedConnectors::Unknown => return Err(Gap::NoCatalogue),
            SharedConnectors::None => return Ok(Self::NotShared),
            SharedConnectors::Listed(catalogue) => catalogue,
        };
        match entry.map(|entry| Self::of(entry, target)) {
            Some(Self::Unknown) => Err(Gap::Unsaid),
            Some(Self::NotShared) | None if catalogue.may_be_another_list() => {
                Err(Gap::NothingShared)
            }
            Some(share) => Ok(share),
            None => {
                if let Some(gap) = by_title_only(catalogue, title) {
                    return Err(gap);
                }
                let near = title.map(|title| catalogue.near_title(title.as_str()));
                let mut near = near.into_iter().flatten();
                // One that is not shared is none that customers have, whichever of the two is meant.
                match near.find(|near| near.shared_version != SharedVersion::None) {
                    Some(near) => Err(Gap::NearMiss(near.title.clone())),
                    None if catalogue.extent() == Extent::Page => Err(Gap::NotOnPage),
                    None => Ok(Self::NotShared),
                }
            }
        }
    }
}

/// What a list of titles leaves open of a connector.
fn by_title_only(catalogue: &Catalogue, title: Option<&ConnectorTitle>) -> Option<Gap> {
    let titles = catalogue.titles();
    let Some(title) = title else {
        return (!titles.is_empty()).then_some(Gap::TitleUnknown);
    };
    if titles.contains(title) {
        return Some(Gap::NameUnknown);
    }
    let key = near_key(title.as_str());
    let mut near = titles.iter();
    let near = near.find(|other| near_key(other.as_str()) == key)?;
    Some(Gap::NearMiss(near.clone()))
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
    pub word: ConnectorPolicy,
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
    /// Customer: whether it is shared is not known, so neither is in which form the recipes have to
    /// be (platform.md §5.6).
    SharingUnknown = "sharing-unknown", Refused, Some(Code::CatalogueMissing);
    /// Customer: shared closed-source, and whether that reaches the customer is not known.
    ReachUnknown = "reach-unknown", Refused, Some(Code::DataCenterUnknown);
    /// Customer: whether the customer has it as a shared one is not known, and the manifest wants it
    /// in.
    UnknownIncluded = "unknown-included", Included, Some(Code::SharingUnknown);
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
///
/// For customers, sharing decides three things at once: whether the files go in, whether recipes carry
/// the mark `custom`, and which internal name they spell (platform.md §5.6). So where sharing is not
/// known, `auto` is refused wherever the files are: at hand, they would become a second connector
/// beside the shared one, or be left out though nobody shares them; in another package, the recipes'
/// form would be a guess. `exclude` is refused likewise: whether the recipes could run is not known.
/// `include` is an answer of its own, as it does not depend on sharing: the files go in, and it is
/// told that the customer may have the shared one too. It still needs the files.
pub const fn decide(case: Case) -> Ruling {
    use ConnectorPolicy::{Auto, Exclude, Include};
    use Files::{Absent, Elsewhere, Present};
    use Share::{NotShared, ReachUnknown, Reachable, Unknown, Unreachable};
    use TargetKind::{Customer, External};

    match (case.target, case.share, case.word, case.files) {
        (External, _, Exclude, _) => Ruling::ExternalLeftOut,
        (External, _, Auto | Include, Present) => Ruling::ExternalIncluded,
        (Customer, Unknown, Auto | Exclude, _) => Ruling::SharingUnknown,
        (Customer, ReachUnknown, Auto | Exclude, _) => Ruling::ReachUnknown,
        (Customer, Unknown | ReachUnknown, Include, Present) => Ruling::UnknownIncluded,
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
    use crate::model::catalogue::Teller;
    use crate::model::finding::Severity;

    /// The whole table, one line a cell: target, share, word, files, ruling.
    const TABLE: &str = "
        external any           auto    present   external-included
        external any           auto    absent    missing
        external any           auto    elsewhere elsewhere
        external any           include present   external-included
        external any           include absent    missing
        external any           include elsewhere missing
        external any           exclude present   external-left-out
        external any           exclude absent    external-left-out
        external any           exclude elsewhere external-left-out
        customer unknown       auto    present   sharing-unknown
        customer unknown       auto    absent    sharing-unknown
        customer unknown       auto    elsewhere sharing-unknown
        customer unknown       include present   unknown-included
        customer unknown       include absent    missing
        customer unknown       include elsewhere missing
        customer unknown       exclude present   sharing-unknown
        customer unknown       exclude absent    sharing-unknown
        customer unknown       exclude elsewhere sharing-unknown
        customer reach-unknown auto    present   reach-unknown
        customer reach-unknown auto    absent    reach-unknown
        customer reach-unknown auto    elsewhere reach-unknown
        customer reach-unknown include present   unknown-included
        customer reach-unknown include absent    missing
        customer reach-unknown include elsewhere missing
        customer reach-unknown exclude present   reach-unknown
        customer reach-unknown exclude absent    reach-unknown
        customer reach-unknown exclude elsewhere reach-unknown
        customer reachable     auto    present   shared-left-out
        customer reachable     auto    absent    shared-left-out
        customer reachable     auto    elsewhere shared-left-out
        customer reachable     include present   shared-included
        customer reachable     include absent    missing
        customer reachable     include elsewhere missing
        customer reachable     exclude present   shared-left-out
        customer reachable     exclude absent    shared-left-out
        customer reachable     exclude elsewhere shared-left-out
        customer unreachable   auto    present   shared-unreachable
        customer unreachable   auto    absent    shared-unreachable
        customer unreachable   auto    elsewhere shared-unreachable
        customer unreachable   include present   own-included
        customer unreachable   include absent    missing
        customer unreachable   include elsewhere missing
        customer unreachable   exclude present   shared-unreachable
        customer unreachable   exclude absent    shared-unreachable
        customer unreachable   exclude elsewhere shared-unreachable
        customer not-shared    auto    present   own-included
        customer not-shared    auto    absent    missing
        customer not-shared    auto    elsewhere elsewhere
        customer not-shared    include present   own-included
        customer not-shared    include absent    missing
        customer not-shared    include elsewhere missing
        customer not-shared    exclude present   own-refused
        customer not-shared    exclude absent    own-refused
        customer not-shared    exclude elsewhere elsewhere
    ";

    #[test]
    fn every_cell_of_the_table() {
        let mut cells = 0;
        for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cell: Vec<&str> = line.split_whitespace().collect();
            let target: TargetKind = cell[0].parse().expect("a kind");
            let word: ConnectorPolicy = cell[2].parse().expect("a word");
            let shares: &[Share] = match cell[1] {
                "any" => &[
                    Share::Unknown,
                    Share::NotShared,
                    Share::ReachUnknown,
                    Share::Reachable,
                    Share::Unreachable,
                ],
                "unknown" => &[Share::Unknown],
                "reach-unknown" => &[Share::ReachUnknown],
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
        assert_eq!(cells, 2 * 5 * 3 * 3, "the table has to be complete");
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

    fn catalogue(text: &str) -> SharedConnectors {
        let catalogue = crate::model::catalogue::Catalogue::parse(text.as_bytes());
        SharedConnectors::Listed(catalogue.expect("a catalogue"))
    }

    fn center(text: &str) -> DataCenter {
        text.parse().expect("a data center")
    }

    #[test]
    fn closed_source_reaches_its_own_data_center_only() {
        let entry = |shared: &str, visibility: &str, data_center: Option<&str>| {
            let data_center = data_center.map(|own| format!(r#","data_center":"{own}""#));
            let text = format!(
                r#"[{{"title":"T","name":"t_connector_1_2"{shared},"visibility":"{visibility}"{}}}]"#,
                data_center.unwrap_or_default(),
            );
            catalogue(&text).catalogue().expect("listed").entries()[0].clone()
        };
        let (us, eu) = (center("us"), center("eu"));
        let (none, three) = (
            r#","oem_shared_version":null"#,
            r#","oem_shared_version":3"#,
        );
        for (entry, target, expected) in [
            (entry("", "open", Some("eu")), Some(&eu), Share::Unknown),
            (
                entry(none, "closed", Some("eu")),
                Some(&us),
                Share::NotShared,
            ),
            (
                entry(three, "open", Some("eu")),
                Some(&us),
                Share::Reachable,
            ),
            (entry(three, "open", None), None, Share::Reachable),
            (
                entry(three, "closed", Some("eu")),
                Some(&us),
                Share::Unreachable,
            ),
            (
                entry(three, "closed", Some("eu")),
                Some(&eu),
                Share::Reachable,
            ),
            (entry(three, "closed", None), Some(&us), Share::ReachUnknown),
            (
                entry(three, "closed", Some("eu")),
                None,
                Share::ReachUnknown,
            ),
            (entry(three, "closed", None), None, Share::ReachUnknown),
        ] {
            assert_eq!(Share::of(&entry, target), expected, "{entry:?} {target:?}");
        }
    }

    #[test]
    fn what_is_not_known_has_a_reason() {
        let titled: ConnectorTitle = "T".parse().expect("a title");
        let other = r#"{"title":"O","name":"o_connector_1_1","oem_shared_version":1}"#;
        let with = |entry: &str| catalogue(&format!("[{other},{entry}]"));
        let page = format!(r#"{{"result":[{other}],"has_more":true}}"#);
        for (shared, expected) in [
            (SharedConnectors::Unknown, Err(Gap::NoCatalogue)),
            (SharedConnectors::None, Ok(Share::NotShared)),
            (catalogue("[]"), Err(Gap::NothingShared)),
            (
                catalogue(r#"[{"title":"T","name":"t","oem_shared_version":null}]"#),
                Err(Gap::NothingShared),
            ),
            (catalogue(r#"[{"title":"T","name":"t"}]"#), Err(Gap::Unsaid)),
            (
                catalogue(r#"[{"title":"O","name":"o"}]"#),
                Err(Gap::NothingShared),
            ),
            (
                SharedConnectors::Listed(
                    crate::model::catalogue::Catalogue::of_entries([])
                        .with_teller(Teller::Workspace),
                ),
                Ok(Share::NotShared),
            ),
            (catalogue(&format!("[{other}]")), Ok(Share::NotShared)),
            (catalogue(&page), Err(Gap::NotOnPage)),
            (with(r#"{"title":"T","name":"t"}"#), Err(Gap::Unsaid)),
            (
                with(r#"{"title":"T","name":"t","oem_shared_version":null}"#),
                Ok(Share::NotShared),
            ),
            (
                with(r#"{"title":"T","name":"t","oem_shared_version":2}"#),
                Ok(Share::Reachable),
            ),
            (
                with(r#"{"title":" t","name":"t","oem_shared_version":2}"#),
                Err(Gap::NearMiss(" t".parse().expect("a title"))),
            ),
            (
                with(r#"{"title":" t","name":"t"}"#),
                Err(Gap::NearMiss(" t".parse().expect("a title"))),
            ),
            (
                with(r#"{"title":" t","name":"t","oem_shared_version":null}"#),
                Ok(Share::NotShared),
            ),
        ] {
            let entry = shared
                .catalogue()
                .and_then(|catalogue| catalogue.by_title("T"));
            let known = Share::known(&shared, Some(&titled), entry, None);
            assert_eq!(known, expected, "{shared:?}");
        }
    }
}
