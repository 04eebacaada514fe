//! The rule as a whole: every cell of target, catalogue, data center, manifest and files, as packages come
//! out of it. What is expected is worked out here from the table in docs/packages.md, not from the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use recipack::archive::{Archive, Limits};
use recipack::manifest::Selection;
use recipack::model::catalogue::{Catalogue, SharedConnectors};
use recipack::model::span::{Located, Origin};
use recipack::model::target::{ConnectorPolicy, TargetKind};
use recipack::ops::export::{ExportRequest, prepare};
use recipack::ops::read::Roots;
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::decision::Outcome;
use recipack::plan::export::Destination;

const HERE: &str = "p_connector_1_2";
const ELSEWHERE: &str = "p_connector_9_9";

fn recipe(name: &str, mark: &str) -> String {
    format!(
        "{{\n  \"name\": \"R\",\n  \"code\": {{\n    \"number\": 0,\n    \"keyword\": \"trigger\",\n    \"provider\": \"{name}\",\n    \"name\": \"added\",\n    \"input\": {{\n      \"a\": \"=_('data.{name}.1.b')\"\n    }}\n  }},\n  \"config\": [\n    {{\n      \"keyword\": \"application\",\n      \"provider\": \"{name}\",\n      \"account_id\": {{\n        \"zip_name\": \"p.connection.json\",\n        \"name\": \"P\",\n        \"folder\": \"\"{mark}\n      }}\n    }}\n  ]\n}}"
    )
}

const MARK: &str = ",\n        \"custom\": true";
const OBJECT: &str = "{\n  \"name\": \"P\",\n  \"provider\": {\n    \"zip_name\": \"p.custom_adapter.json\",\n    \"name\": \"P\",\n    \"folder\": \"\"\n  },\n  \"root_folder\": false\n}";
const ADAPTER: &str = "{\n  \"title\": \"P\",\n  \"version_no\": 7\n}";
const SOURCE: &str = "{ title: 'P', connection: {}, actions: {}, triggers: { added: {} } }";

fn connection(name: &str) -> String {
    format!("{{\n  \"name\": \"P\",\n  \"provider\": \"{name}\",\n  \"root_folder\": false\n}}")
}

/// What is said of the connector's sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// No catalogue is given.
    NoCatalogue,
    /// `none` is said in its place.
    SaidNone,
    /// A list without entries.
    Empty,
    /// A list in which this connector is the only one, and not shared.
    Nothing,
    /// A list that shares another connector, and does not have this one.
    Not,
    /// The same, cut off after a page.
    NotOnPage,
    /// A list that shares another connector, and this one not.
    NotShared,
    /// A list whose entry does not say it.
    Unsaid,
    /// A list that shares one of almost the same title.
    Near,
    /// A list that shares it.
    Shared,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    target: TargetKind,
    listed: Listed,
    visibility: &'static str,
    /// The data center of the entry.
    own: Option<&'static str>,
    data_center: Option<&'static str>,
    word: ConnectorPolicy,
    files: bool,
    shared_version: u64,
    name: &'static str,
}

/// What a cell leads to: the outcome, the codes that matter, and the package's entries.
type Expected = (
    Outcome,
    BTreeSet<&'static str>,
    Option<BTreeMap<String, String>>,
);

/// What is known of the sharing, by that table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Unknown,
    NotShared,
    ReachUnknown,
    Reachable,
    Unreachable,
}

impl Cell {
    /// Whether the catalogue's entry is found: by its internal name, or by its title. Without the
    /// connector's files nothing tells its title.
    fn is_found(self) -> bool {
        let by_name = self.name == HERE;
        let by_title = self.files && self.listed != Listed::Near;
        let has_entry = matches!(
            self.listed,
            Listed::Nothing | Listed::NotShared | Listed::Unsaid | Listed::Near | Listed::Shared
        );
        has_entry && (by_name || by_title)
    }

    fn known(self) -> Known {
        let shared = match (self.listed, self.is_found()) {
            (Listed::NoCatalogue | Listed::Empty | Listed::Nothing, _) => return Known::Unknown,
            (Listed::NotOnPage, _) | (Listed::Unsaid, true) => return Known::Unknown,
            (Listed::Near, false) if self.files => return Known::Unknown,
            (Listed::SaidNone | Listed::Not | Listed::NotShared, _) => false,
            (Listed::Unsaid | Listed::Near | Listed::Shared, false) => false,
            (Listed::Near | Listed::Shared, true) => true,
        };
        match (shared, self.visibility, self.own, self.data_center) {
            (false, ..) => Known::NotShared,
            (true, "open", ..) => Known::Reachable,
            (true, _, Some(own), Some(target)) if own == target => Known::Reachable,
            (true, _, Some(_), Some(_)) => Known::Unreachable,
            (true, ..) => Known::ReachUnknown,
        }
    }

    fn expected(self) -> Expected {
        let customer = self.target == TargetKind::Customer;
        let known = self.known();
        let (outcome, code) = match (self.target, known, self.word, self.files) {
            (TargetKind::External, _, ConnectorPolicy::Exclude, _) => {
                (Outcome::LeftOut, Some("connector-left-out"))
            }
            (TargetKind::External, _, _, true) => (Outcome::Included, None),
            (_, _, ConnectorPolicy::Include, false) | (TargetKind::External, _, _, false) => {
                (Outcome::Refused, Some("connector-missing"))
            }
            (_, Known::Unknown | Known::ReachUnknown, ConnectorPolicy::Include, true) => {
                (Outcome::Included, Some("sharing-unknown"))
            }
            (_, Known::Unknown, ..) => (Outcome::Refused, Some("catalog-missing")),
            (_, Known::ReachUnknown, ..) => (Outcome::Refused, Some("data-center-unknown")),
            (_, Known::Reachable, ConnectorPolicy::Include, _) => {
                (Outcome::Included, Some("shared-connector-included"))
            }
            (_, Known::Reachable, ..) => (Outcome::LeftOut, Some("shared-connector-excluded")),
            (_, Known::Unreachable, ConnectorPolicy::Auto | ConnectorPolicy::Exclude, _) => {
                (Outcome::Refused, Some("shared-connector-unreachable"))
            }
            (_, Known::NotShared, ConnectorPolicy::Exclude, _) => {
                (Outcome::Refused, Some("connector-refused"))
            }
            (_, _, _, true) => (Outcome::Included, Some("connector-installs")),
            (_, _, _, false) => (Outcome::Refused, Some("connector-missing")),
        };
        let mut codes = BTreeSet::from_iter(code);
        if customer && self.listed == Listed::Unsaid && self.is_found() {
            codes.insert("catalog-incomplete");
        }
        if self.listed == Listed::Near && self.files && !self.is_found() {
            codes.insert("catalog-near-miss");
        }
        let left_out_shared = outcome == Outcome::LeftOut && customer;
        if left_out_shared && self.files && self.shared_version != 7 {
            codes.insert("shared-version-differs");
        }
        let entries = match (outcome, left_out_shared) {
            (Outcome::Refused, _) => None,
            (Outcome::LeftOut, true) => Some(BTreeMap::from([
                ("p.connection.json".to_owned(), connection(self.name)),
                ("r.recipe.json".to_owned(), recipe(self.name, "")),
            ])),
            (Outcome::LeftOut, false) => Some(self.project(false)),
            (Outcome::Included, _) => Some(self.project(true)),
        };
        (outcome, codes, entries)
    }

    /// The project, with the connector's files or without them.
    fn project(self, with_files: bool) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        if self.files {
            files.insert("p.connection.json".to_owned(), OBJECT.to_owned());
            files.insert("r.recipe.json".to_owned(), recipe(HERE, MARK));
            if with_files {
                files.insert("p.custom_adapter.json".to_owned(), ADAPTER.to_owned());
                files.insert("p.custom_adapter.rb".to_owned(), SOURCE.to_owned());
            }
        } else {
            files.insert("p.connection.json".to_owned(), connection(HERE));
            files.insert("r.recipe.json".to_owned(), recipe(HERE, ""));
        }
        files
    }

    /// The title in the catalogue's entry.
    fn title(self) -> &'static str {
        match self.listed == Listed::Near {
            true => "p ",
            false => "P",
        }
    }

    /// The catalogue's text.
    fn catalogue(self) -> Option<String> {
        let entry = |shared: &str| {
            let own = self.own.map(|own| format!(r#","data_center":"{own}""#));
            format!(
                r#"{{"name":"{}","title":"{}"{shared},"visibility":"{}"{}}}"#,
                self.name,
                self.title(),
                self.visibility,
                own.unwrap_or_default()
            )
        };
        let null = r#","oem_shared_version":null"#;
        let this = format!(r#","oem_shared_version":{}"#, self.shared_version);
        let other = r#"{"name":"o_connector_1_1","title":"O","oem_shared_version":1}"#;
        Some(match self.listed {
            Listed::NoCatalogue | Listed::SaidNone => return None,
            Listed::Empty => r#"{"result":[]}"#.to_owned(),
            Listed::Nothing => format!(r#"{{"result":[{}]}}"#, entry(null)),
            Listed::Not => format!(r#"{{"result":[{other}]}}"#),
            Listed::NotOnPage => format!(r#"{{"result":[{other}],"next_page":2}}"#),
            Listed::NotShared => format!(r#"{{"result":[{other},{}]}}"#, entry(null)),
            Listed::Unsaid => format!(r#"{{"result":[{other},{}]}}"#, entry("")),
            Listed::Near | Listed::Shared => format!(r#"{{"result":[{other},{}]}}"#, entry(&this)),
        })
    }

    fn shared(self) -> SharedConnectors {
        match (self.catalogue(), self.listed) {
            (Some(text), _) => {
                SharedConnectors::Listed(Catalogue::parse(text.as_bytes()).expect("a catalogue"))
            }
            (None, Listed::SaidNone) => SharedConnectors::None,
            (None, _) => SharedConnectors::Unknown,
        }
    }

    fn found(
        self,
        project: &Path,
        out: &Path,
    ) -> (
        Outcome,
        BTreeSet<&'static str>,
        Option<BTreeMap<String, String>>,
    ) {
        let words = match (self.word, self.files) {
            (ConnectorPolicy::Auto, _) => BTreeMap::new(),
            // What has no known title is spoken of by its internal name.
            (word, files) => {
                let title = match (files, self.is_found()) {
                    (true, _) => "P",
                    (false, true) => self.title(),
                    (false, false) => HERE,
                };
                BTreeMap::from([(
                    title.parse().expect("a title"),
                    Located::on_command_line(word),
                )])
            }
        };
        let request = ExportRequest {
            project: project.to_owned(),
            roots: Roots::One,
            connectors: None,
            destination: Destination {
                name: None,
                kind: self.target,
                data_center: self
                    .data_center
                    .map(|text| text.parse().expect("a data center")),
                origin: Origin::CommandLine,
            },
            selection: Selection::default(),
            words,
            shared: self.shared(),
            rows: recipack::model::table::PackedRows::Keep,
            checks: Default::default(),
            limits: Limits::default(),
        };
        let running = Running {
            threads: NonZeroUsize::MIN,
            interrupt: Interrupt::default(),
        };
        let prepared = prepare(&request, None, &running, &mut Silent).expect("a project");
        assert_eq!(prepared.plan().connectors.len(), 1, "{self:?}");
        let outcome = prepared.plan().connectors[0].outcome;
        let codes = prepared
            .plan()
            .findings
            .iter()
            .map(|finding| finding.code.as_str());
        let codes = codes
            .filter(|code| !["dangling-connection", "connections-unauthorized"].contains(code))
            .collect();
        let refused = prepared.plan().is_refused();
        assert_eq!(
            refused,
            outcome == Outcome::Refused,
            "{self:?}: {:?}",
            prepared.plan().findings
        );
        if refused {
            return (outcome, codes, None);
        }
        let packed = prepared
            .approve()
            .expect("approved")
            .pack(out, 100_000_000, None, &running, &mut Silent)
            .expect("a package");
        let package = out.join("package.zip");
        packed.file.persist(&package).expect("a name");
        let archive = Archive::open(&package, &Limits::default()).expect("a package");
        let mut entries = BTreeMap::new();
        for entry in archive.entries() {
            let mut bytes = Vec::new();
            archive.read(entry, &mut bytes).expect("sound");
            entries.insert(
                entry.path().to_string(),
                String::from_utf8(bytes).expect("UTF-8"),
            );
        }
        (outcome, codes, Some(entries))
    }
}

const LISTED: [Listed; 10] = [
    Listed::NoCatalogue,
    Listed::SaidNone,
    Listed::Empty,
    Listed::Nothing,
    Listed::Not,
    Listed::NotOnPage,
    Listed::NotShared,
    Listed::Unsaid,
    Listed::Near,
    Listed::Shared,
];

/// How many different things are said of the connector's sharing: five without an entry of its own; of
/// three entries that don't share it and two, in three versions, that do, all with two names, visibilities
/// and data centers.
const CATALOGUES: usize = 5 + 3 * 8 + 2 * 3 * 8;

/// Every cell, each input once.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for target in [TargetKind::Customer, TargetKind::External] {
        for listed in LISTED {
            for visibility in ["open", "closed"] {
                for own in [None, Some("us")] {
                    for data_center in [None, Some("us"), Some("eu")] {
                        for word in [
                            ConnectorPolicy::Auto,
                            ConnectorPolicy::Include,
                            ConnectorPolicy::Exclude,
                        ] {
                            for files in [true, false] {
                                for shared_version in [6, 7, 8] {
                                    for name in [HERE, ELSEWHERE] {
                                        cells.push(Cell {
                                            target,
                                            listed,
                                            visibility,
                                            own,
                                            data_center,
                                            word,
                                            files,
                                            shared_version,
                                            name,
                                        });
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(cells.len(), 2 * 10 * 2 * 2 * 3 * 3 * 2 * 3 * 2);
    let mut met = BTreeSet::new();
    cells.retain(|cell| {
        let said = (cell.listed == Listed::SaidNone, cell.catalogue());
        let asked = (cell.target, cell.data_center, cell.word, cell.files);
        met.insert((said, asked))
    });
    cells
}

#[test]
fn every_cell_gives_its_decision_its_findings_and_its_bytes() {
    let place = tempfile::tempdir().expect("a folder");
    let mut wrong = Vec::new();
    let cells = cells();
    for files in [true, false] {
        let project = place.path().join(format!("project-{files}"));
        fs::create_dir(&project).expect("made");
        let of = cells.iter().filter(|cell| cell.files == files);
        let first = of.clone().next().expect("a cell");
        for (path, text) in first.project(true) {
            fs::write(project.join(path), text).expect("written");
        }
        for cell in of {
            let (expected, found) = (cell.expected(), cell.found(&project, place.path()));
            if expected != found {
                wrong.push(format!(
                    "{cell:?}\n  expected {expected:?}\n  found    {found:?}"
                ));
            }
        }
    }
    assert_eq!(cells.len(), 2 * 3 * 3 * 2 * CATALOGUES);
    let count = wrong.len();
    wrong.truncate(5);
    assert!(wrong.is_empty(), "{count} cells:\n{}", wrong.join("\n"));
}
