//! A customer's file: who it is, which packages it has, and what it needs beside them. What it says of
//! settings is a [section](super::Section) for this customer, as any file of settings has one.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use toml_edit::{Datetime, Item};

use super::freeze::{Freeze, FreezeText};
use super::parse::{Field, Reader, SECTION, document, fields};
use super::schema::SectionText;
use super::{Said, Scope, SettingsError, SettingsFile};
use crate::model::ident::{Digest, LabelKey, LabelValue};

/// What such a file says of the customer itself.
const OWN: &[&str] = &[
    "name",
    "external-id",
    "email",
    "labels",
    "freeze",
    "packages",
    "settings",
];
const FREEZE: &[&str] = &["from", "until", "why"];
/// By which key such a file is told from others.
const EXTERNAL_ID: &str = "external-id";

/// A customer as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerFile {
    /// What the file is called.
    pub path: String,
    /// The digest of its text.
    pub digest: Digest,
    /// The name of the workspace.
    pub name: String,
    /// The partner's own name for it: by this it is found.
    pub external_id: String,
    /// Where the platform sends its notifications; it wants that of a new workspace.
    pub email: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// When nothing is sent to it.
    pub freezes: Vec<Freeze>,
    /// The packages, in this order, from the file's folder.
    pub packages: Vec<Said<String>>,
    /// Files of settings, from the file's folder; of two the later one counts more.
    pub settings: Vec<Said<String>>,
    /// What it says of settings itself, which counts most.
    pub own: SettingsFile,
}

impl CustomerFile {
    /// Whether a text is meant to be a customer's file, and not one of settings.
    pub fn is_meant(text: &str) -> bool {
        document("", text).is_ok_and(|document| document.as_table().contains_key(EXTERNAL_ID))
    }

    /// Reads a file that is called `path`.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text; never nothing. A text that is no
    /// TOML is told by its first error.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<SettingsError>> {
        let document = document(path, text)?;
        let mut reader = Reader {
            path,
            text,
            errors: Vec::new(),
        };
        let all = fields(document.as_table());
        let (own, rest): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|field| OWN.contains(&field.key));
        let mut read = Own::default();
        for key in ["name", EXTERNAL_ID] {
            if !own.iter().any(|field| field.key == key) {
                let error = reader.error(0..0, format!("`{key}` is missing"));
                error.help = Some("a customer's file begins with `name = \"…\"` and `external-id = \"…\"`, the partner's own name for it".to_owned());
            }
        }
        // The others say for whom they are.
        let (first, others): (Vec<_>, Vec<_>) =
            own.iter().partition(|field| field.key == EXTERNAL_ID);
        for field in first.into_iter().chain(others) {
            read.take(&mut reader, field);
        }
        let scope = Scope::Customer(read.external_id.clone());
        let known: Vec<&str> = OWN.iter().chain(SECTION).copied().collect();
        let section = reader.section_of(rest, &scope, &known);
        if !reader.errors.is_empty() {
            let mut errors = reader.errors;
            errors.sort_by_key(|error| (error.line, error.column));
            return Err(errors);
        }
        let digest = Digest::of(text.as_bytes());
        Ok(Self {
            path: path.to_owned(),
            digest,
            own: SettingsFile {
                path: path.to_owned(),
                digest,
                sections: vec![(scope, section)],
            },
            name: read.name,
            external_id: read.external_id,
            email: read.email,
            labels: read.labels,
            freezes: read.freezes,
            packages: read.packages,
            settings: read.settings,
        })
    }

    /// The time that a moment lies in, if nothing is to be sent then; of several the one that ends
    /// last.
    pub fn frozen(&self, at: crate::model::workspace::Timestamp) -> Option<&Freeze> {
        let mut now: Vec<&Freeze> = self.freezes.iter().filter(|it| it.holds_at(at)).collect();
        now.sort_by_key(|freeze| freeze.until);
        now.pop()
    }
}

/// What was read of the customer itself.
#[derive(Default)]
struct Own {
    name: String,
    external_id: String,
    email: Option<String>,
    labels: BTreeMap<LabelKey, LabelValue>,
    freezes: Vec<Freeze>,
    packages: Vec<Said<String>>,
    settings: Vec<Said<String>>,
}

impl Own {
    fn take(&mut self, reader: &mut Reader<'_>, field: &Field<'_>) {
        match field.key {
            "name" => self.name = text(reader, field).unwrap_or_default(),
            EXTERNAL_ID => self.external_id = text(reader, field).unwrap_or_default(),
            "email" => self.email = text(reader, field),
            "labels" => self.labels = labels(reader, field),
            "freeze" => self.freezes = freezes(reader, field),
            "packages" => self.packages = paths(reader, field, &self.external_id),
            "settings" => self.settings = paths(reader, field, &self.external_id),
            _ => reader.unknown(field, OWN),
        }
    }
}

/// A text that says something, in one line.
fn text(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<String> {
    let said = field.item.as_str().filter(|text| {
        !text.trim().is_empty() && text.trim() == *text && !text.chars().any(char::is_control)
    });
    if said.is_none() {
        let message = format!(
            "`{}` should be a text, without blanks around it",
            field.key.escape_debug()
        );
        reader.error(field.span.clone(), message);
    }
    said.map(str::to_owned)
}

fn labels(reader: &mut Reader<'_>, field: &Field<'_>) -> BTreeMap<LabelKey, LabelValue> {
    let mut labels = BTreeMap::new();
    for one in reader.table(field).unwrap_or_default() {
        let Some(value) = one.item.as_str() else {
            let message = format!("label `{}` should be a text", one.key.escape_debug());
            reader.error(one.span.clone(), message);
            continue;
        };
        match (one.key.parse::<LabelKey>(), value.parse::<LabelValue>()) {
            (Ok(key), Ok(value)) => drop(labels.insert(key, value)),
            (Err(error), _) | (_, Err(error)) => {
                reader.error(one.span.clone(), error.to_string());
            }
        }
    }
    labels
}

/// The texts of a list, each once.
fn paths(reader: &mut Reader<'_>, field: &Field<'_>, customer: &str) -> Vec<Said<String>> {
    let message = format!("`{}` should be a list of texts", field.key);
    let Some(list) = field.item.as_array() else {
        reader.error(field.span.clone(), message);
        return Vec::new();
    };
    let scope = Scope::Customer(customer.to_owned());
    let (mut said, mut seen) = (Vec::new(), BTreeSet::new());
    for value in list {
        let span = value.span().unwrap_or_else(|| field.span.clone());
        match value.as_str().filter(|text| !text.is_empty()) {
            None => drop(reader.error(span, message.clone())),
            Some(text) if !seen.insert(text) => {
                let twice = format!("`{}` is named twice", text.escape_debug());
                reader.error(span, twice);
            }
            Some(text) => {
                let here = Field {
                    key: field.key,
                    span,
                    item: field.item,
                };
                said.push(reader.said(&here, &scope, text.to_owned()));
            }
        }
    }
    said
}

/// One time, or several of them.
fn freezes(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<Freeze> {
    if let Some(tables) = field.item.as_array_of_tables() {
        let mut freezes = Vec::new();
        for table in tables {
            let span = table.span().unwrap_or_else(|| field.span.clone());
            freezes.extend(freeze(reader, fields(table), span));
        }
        return freezes;
    }
    if let Some(list) = field.item.as_array() {
        let mut freezes = Vec::new();
        for value in list {
            let span = value.span().unwrap_or_else(|| field.span.clone());
            match value.as_inline_table() {
                Some(table) => freezes.extend(freeze(reader, fields(table), span)),
                None => drop(reader.error(span, "a `freeze` should be a table")),
            }
        }
        return freezes;
    }
    let found = reader.table(field);
    let found = found.and_then(|inner| freeze(reader, inner, field.span.clone()));
    found.into_iter().collect()
}

fn freeze(
    reader: &mut Reader<'_>,
    inner: Vec<Field<'_>>,
    span: std::ops::Range<usize>,
) -> Option<Freeze> {
    let (mut from, mut until, mut why) = (None, None, None);
    let before = reader.errors.len();
    for one in &inner {
        let moment = |item: &Item| item.as_datetime().copied();
        match one.key {
            "from" => from = moment(one.item).or_else(|| no_moment(reader, one)),
            "until" => until = moment(one.item).or_else(|| no_moment(reader, one)),
            "why" => why = text(reader, one),
            _ => reader.unknown(one, FREEZE),
        }
    }
    if reader.errors.len() > before {
        return None;
    }
    let (Some(until), Some(why)) = (until, why) else {
        let error = reader.error(span, "a `freeze` says until when, and why");
        error.help = Some(
            "as in { from = 2026-12-18, until = 2027-01-04, why = \"year-end close\" }".to_owned(),
        );
        return None;
    };
    match (FreezeText { from, until, why }).read() {
        Ok(freeze) => Some(freeze),
        Err(error) => {
            reader.error(span, error.to_string());
            None
        }
    }
}

fn no_moment(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Datetime> {
    let message = format!(
        "`{}` should be a day, as 2026-12-18, without quotes",
        field.key
    );
    reader.error(field.span.clone(), message);
    None
}

/// What a customer's file may say.
#[allow(dead_code, reason = "only the schema of the type is used")]
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CustomerText {
    /// The name of its workspace.
    pub name: String,
    /// The partner's own name for it: by this it is found.
    pub external_id: String,
    /// Where the platform sends its notifications; it wants that of a new workspace.
    #[serde(default)]
    pub email: Option<String>,
    /// Its labels: what settings say for them holds for it.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// When nothing is sent to it.
    #[serde(default)]
    pub freeze: Option<FreezesText>,
    /// The packages, in this order, from the file's folder.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Files of settings, from the file's folder; of two the later one counts more.
    #[serde(default)]
    pub settings: Vec<String>,
    /// What it needs beside the packages; this counts most.
    #[serde(flatten)]
    pub section: SectionText,
}

/// When nothing is sent to a customer.
#[allow(dead_code, reason = "only the schema of the type is used")]
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum FreezesText {
    /// One time.
    One(FreezeOutline),
    /// Several.
    Several(Vec<FreezeOutline>),
}

/// A time in which nothing is sent. Days and times stand without quotes in TOML; a day begins in UTC.
#[allow(dead_code, reason = "only the schema of the type is used")]
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeOutline {
    /// From when on; from the beginning without it.
    #[serde(default)]
    pub from: Option<String>,
    /// Until when.
    pub until: String,
    /// Why.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workspace::Timestamp;

    const HEAD: &str = "name = \"acme\"\nexternal-id = \"A-1\"\n";

    #[test]
    fn a_file_says_who_it_is_and_what_it_needs() {
        let text = format!(
            "{HEAD}email = \"it@acme.example\"\nlabels = {{ ring = \"first\" }}\nfolder = \"Orders\"\n\
             packages = [\"../orders.zip\"]\nsettings = [\"../all.toml\"]\n\n\
             [properties]\n\"depot.site\" = \"Bremen\"\n\n[recipes]\n\"*\" = \"start\"\n\n\
             [[freeze]]\nfrom = 2026-12-18\nuntil = 2027-01-04T08:00:00Z\nwhy = \"year-end close\"\n\
             [[freeze]]\nuntil = 2026-12-20\nwhy = \"audit\"\n"
        );
        let file = CustomerFile::parse("acme.toml", &text).expect("a file");
        assert!(CustomerFile::is_meant(&text));
        assert_eq!(
            (file.name.as_str(), file.external_id.as_str()),
            ("acme", "A-1")
        );
        let (scope, section) = &file.own.sections[0];
        assert_eq!(scope.to_string(), "customers.A-1");
        assert_eq!(section.properties.len(), 1);
        assert!(section.folder.is_some());
        let day = |day| Timestamp::of_utc((2026, 12, day), 0).expect("a day");
        let why = |at| file.frozen(at).map(|freeze| freeze.why.as_str());
        assert_eq!(why(day(1)), Some("audit"));
        assert_eq!(why(day(19)), Some("year-end close"), "it ends later");
        assert_eq!(why(day(20)), Some("year-end close"));
        assert_eq!(
            why(Timestamp::of_utc((2027, 1, 5), 0).expect("a day")),
            None
        );
        assert!(!CustomerFile::is_meant("[all]\nfolder = \"Orders\"\n"));
    }

    #[test]
    fn what_can_not_hold_is_refused_with_its_place() {
        for (text, line, what) in [
            ("name = \"acme\"\n", 1, "`external-id` is missing"),
            ("external-id = \"A\"\n", 1, "`name` is missing"),
            (
                "name = 1\nexternal-id = \"A\"\n",
                1,
                "`name` should be a text",
            ),
            (
                "name = \"a\"\nexternal-id = \" \"\n",
                2,
                "`external-id` should be a text",
            ),
            ("HEADpackage = []\n", 3, "unknown key `package`"),
            (
                "HEADpackages = \"o.zip\"\n",
                3,
                "`packages` should be a list",
            ),
            (
                "HEADpackages = [\"o.zip\", 1]\n",
                3,
                "`packages` should be a list",
            ),
            (
                "HEADpackages = [\n\"o.zip\",\n\"o.zip\"]\n",
                5,
                "named twice",
            ),
            (
                "HEADsettings = { all = 1 }\n",
                3,
                "`settings` should be a list",
            ),
            ("HEADlabels = [\"ring\"]\n", 3, "`labels` should be a table"),
            (
                "HEADlabels = { ring = 1 }\n",
                3,
                "label `ring` should be a text",
            ),
            ("HEADlabels = { \"a b\" = \"c\" }\n", 3, "a b"),
            ("HEADfreeze = { why = \"x\" }\n", 3, "until when"),
            ("HEADfreeze = { until = 2027-01-01 }\n", 3, "and why"),
            (
                "HEADfreeze = { until = 2027-01-01, why = \"\" }\n",
                3,
                "`why` should be a text",
            ),
            (
                "HEADfreeze = { until = \"2027-01-01\", why = \"x\" }\n",
                3,
                "without quotes",
            ),
            (
                "HEADfreeze = { until = 2027-01-01T08:00:00, why = \"x\" }\n",
                3,
                "is no moment",
            ),
            (
                "HEADfreeze = { until = 2027-01-01, why = \"x\", who = \"y\" }\n",
                3,
                "unknown key `who`",
            ),
            (
                "HEAD[[freeze]]\nfrom = 2027-01-02\nuntil = 2027-01-01\nwhy = \"x\"\n",
                3,
                "not after",
            ),
            ("HEADfreeze = [1]\n", 3, "should be a table"),
            ("HEAD[all.properties]\na = \"b\"\n", 3, "unknown key `all`"),
            ("HEAD[recipes]\n\"*\" = \"begin\"\n", 4, "begin"),
            ("HEADname = \"again\"\n", 3, "duplicate key"),
        ] {
            let text = text.replace("HEAD", HEAD);
            let errors = CustomerFile::parse("c.toml", &text).expect_err(&text);
            let error = &errors[0];
            assert!(error.message.contains(what), "{text}: {error}");
            assert_eq!((error.line, errors.len()), (line, 1), "{text}: {errors:?}");
        }
    }
}
