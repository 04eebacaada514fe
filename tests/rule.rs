//! The rule as a whole: every cell of target, catalogue, data center, manifest and files, as packages come
//! out of it. What is expected is worked out here from the README's table, not from the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use recipack::io::archive::{Archive, Limits};
use recipack::manifest::Selection;
use recipack::model::catalogue::Catalogue;
use recipack::model::place::Located;
use recipack::model::target::{TargetKind, Word};
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Not,
    NotShared,
    Shared,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    target: TargetKind,
    listed: Listed,
    visibility: &'static str,
    data_center: Option<&'static str>,
    word: Word,
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

impl Cell {
    fn expected(self) -> Expected {
        // Without its files nothing tells the connector's title, so only its internal name is found.
        let known = self.name == HERE || self.files;
        let shared = self.listed == Listed::Shared && known;
        let customer = self.target == TargetKind::Customer;
        let closed = self.visibility == "closed";
        let reachable = shared && (!closed || self.data_center != Some("eu"));
        let mut codes = BTreeSet::new();
        let outcome = if !customer {
            match (self.word, self.files) {
                (Word::Exclude, _) => {
                    codes.insert("connector-left-out");
                    Outcome::LeftOut
                }
                (Word::Auto | Word::Include, true) => Outcome::Included,
                (Word::Auto | Word::Include, false) => {
                    codes.insert("connector-missing");
                    Outcome::Refused
                }
            }
        } else if self.word == Word::Include && !self.files {
            codes.insert("connector-missing");
            Outcome::Refused
        } else if reachable && self.word == Word::Include {
            codes.insert("shared-connector-included");
            Outcome::Included
        } else if reachable {
            codes.insert("shared-connector-excluded");
            Outcome::LeftOut
        } else if shared && self.word != Word::Include {
            codes.insert("shared-connector-unreachable");
            Outcome::Refused
        } else if self.word == Word::Exclude {
            codes.insert("connector-refused");
            Outcome::Refused
        } else if self.files {
            codes.insert("connector-installs");
            Outcome::Included
        } else {
            codes.insert("connector-missing");
            Outcome::Refused
        };
        if customer && shared && closed && self.data_center.is_none() {
            codes.insert("data-center-unknown");
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

    fn catalogue(self) -> Option<Catalogue> {
        let shared = match self.listed {
            Listed::Not => return None,
            Listed::NotShared => "null".to_owned(),
            Listed::Shared => self.shared_version.to_string(),
        };
        let text = format!(
            r#"{{"result":[{{"name":"{}","title":"P","oem_shared_version":{shared},"visibility":"{}","data_center":"us"}}]}}"#,
            self.name, self.visibility
        );
        Some(Catalogue::parse(text.as_bytes()).expect("a catalogue"))
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
            (Word::Auto, _) => BTreeMap::new(),
            // What has no known title is spoken of by its internal name.
            (word, true) => BTreeMap::from([(
                "P".parse().expect("a title"),
                Located::on_command_line(word),
            )]),
            (word, false) if self.listed != Listed::Not && self.name == HERE => BTreeMap::from([(
                "P".parse().expect("a title"),
                Located::on_command_line(word),
            )]),
            (word, false) => BTreeMap::from([(
                HERE.parse().expect("a title"),
                Located::on_command_line(word),
            )]),
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
            },
            selection: Selection::default(),
            words,
            catalogue: self.catalogue(),
            rows: recipack::model::table::PackedRows::Keep,
            checks: Default::default(),
            limits: Limits::default(),
        };
        let running = Running {
            threads: NonZeroUsize::MIN,
            interrupt: Interrupt::default(),
        };
        let prepared = prepare(&request, None, &running, &mut Silent).expect("a project");
        assert_eq!(prepared.plan.connectors.len(), 1, "{self:?}");
        let outcome = prepared.plan.connectors[0].outcome;
        let codes = prepared
            .plan
            .findings
            .iter()
            .map(|finding| finding.code.as_str());
        let codes = codes
            .filter(|code| !["dangling-connection", "connections-unauthorized"].contains(code))
            .collect();
        let refused = prepared.plan.is_refused();
        assert_eq!(
            refused,
            outcome == Outcome::Refused,
            "{self:?}: {:?}",
            prepared.plan.findings
        );
        if refused {
            return (outcome, codes, None);
        }
        let packed = prepared
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

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for target in [TargetKind::Customer, TargetKind::External] {
        for listed in [Listed::Not, Listed::NotShared, Listed::Shared] {
            for visibility in ["open", "closed"] {
                for data_center in [None, Some("us"), Some("eu")] {
                    for word in [Word::Auto, Word::Include, Word::Exclude] {
                        for files in [true, false] {
                            for shared_version in [6, 7, 8] {
                                for name in [HERE, ELSEWHERE] {
                                    cells.push(Cell {
                                        target,
                                        listed,
                                        visibility,
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
    assert_eq!(cells.len(), 1296);
    let count = wrong.len();
    wrong.truncate(5);
    assert!(wrong.is_empty(), "{count} cells:\n{}", wrong.join("\n"));
}
