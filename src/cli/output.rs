//! Where commands write. Every path that an argument names is looked at here before anything is done,
//! so that no output destroys what somebody needs: what the command reads, a platform, a key, or
//! whatever else lies there and is not an older one of the same kind.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::exit::Exit;
use super::failure::Failure;
use super::request::folder_of;
use super::ui::print;
use crate::archive::{Archive, Limits, TemporaryFile};
use crate::io::limited;
use crate::io::limited::DOCUMENT;
use crate::io::system::{HOME, identity, is_of_system};
use crate::manifest::lock::Lock;
use crate::model::catalogue::Catalogue;
use crate::model::kind::FileRole;
use crate::ops::export::record::record_path;
use crate::plan::decision::shell_word;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A package.
    Package,
    /// The decision record of a package.
    Record,
    /// A manifest.
    Manifest,
    /// A lock.
    Lock,
    /// The plan of an import.
    Plan,
    /// The plan of a roll-out.
    RolloutPlan,
    /// The plan of a customer.
    CustomerPlan,
    /// A catalogue of shared connectors.
    Catalogue,
    /// A file of a custom connector.
    Connector,
    /// A signature of minisign.
    Signature,
    /// An in-toto statement, or an envelope that holds one.
    Attestation,
    /// A CycloneDX document.
    Bom,
    /// A report in JUnit's XML.
    Junit,
    /// A report in SARIF.
    Sarif,
    /// A report in Markdown.
    Markdown,
    /// A report in HTML.
    Html,
    /// A manual page.
    ManualPage,
}

/// Whether a file of another kind may be replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replacing {
    /// Only an older one of the same kind.
    #[default]
    SameKind,
    /// Whatever nobody needs: somebody said so.
    AnyKind,
    /// What lies there is known to be what this command wrote before.
    Own,
}

impl From<&super::args::ForceArgs> for Replacing {
    fn from(args: &super::args::ForceArgs) -> Self {
        match args.force {
            true => Self::AnyKind,
            false => Self::SameKind,
        }
    }
}

/// A path that may be written to.
#[derive(Clone, Debug)]
pub(crate) struct OutputPath {
    path: PathBuf,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A whole file takes the place of what is there.
    Rename,
    /// It is a device, or a descriptor of this process: it is written to as it is.
    Append,
    /// It is `-`: stdout.
    Stdout,
}

/// What lies where something is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    Platform,
    Key,
    SameKind,
    Other,
}

impl OutputPath {
    /// Looks at a path before `content` is written to it by a command that reads `inputs`, which are
    /// files and folders.
    ///
    /// # Errors
    /// If what lies there is needed.
    pub(crate) fn check(
        path: &Path,
        content: Content,
        replacing: Replacing,
        inputs: &[&Path],
    ) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return match content.is_for_stdout() {
                true => Ok(Self::of(path, Way::Stdout)),
                false => Err(Failure::usage(format!(
                    "a {} can't go to stdout, which `-` means",
                    content.name()
                ))
                .help("name a file; one that is called `-` is ./-")),
            };
        }
        let shown = path.display();
        let taken = |why: &str| {
            let failure = Failure::new(Exit::Usage, "output-taken", format!("{shown} {why}"));
            failure.help("name another file to write to; nothing was written")
        };
        // A link that leads nowhere yet is a name like any other.
        let Ok(metadata) = path.metadata() else {
            let folder = folder_of(path);
            if content.is_for_stdout() && !folder.is_dir() {
                return Err(
                    taken("can't be written: its folder is not there").help(format!(
                        "make it first: mkdir -p {}",
                        shell_word(&folder.display().to_string())
                    )),
                );
            }
            let is_input = |input: &&&Path| is_one(path, input);
            return match inputs.iter().find(is_input) {
                Some(_) => Err(taken("is what this command reads or writes already")),
                None => Ok(Self::of(path, Way::Rename)),
            };
        };
        if !metadata.is_file() {
            // What is renamed over a pipe or a device would destroy it.
            return match is_of_system(path) && content != Content::Package {
                true => Ok(Self::of(path, Way::Append)),
                false => Err(taken("is there and no file")),
            };
        }
        if is_of_system(path) {
            return Ok(Self::of(path, Way::Append));
        }
        let surrounding = surrounding();
        let read = inputs
            .iter()
            .copied()
            .chain(surrounding.iter().map(PathBuf::as_path));
        for input in read {
            if is_one(path, input) {
                return Err(taken("is what this command reads"));
            }
        }
        let there = match (metadata.len(), replacing) {
            (0, _) | (_, Replacing::Own) => There::SameKind,
            (_, Replacing::SameKind | Replacing::AnyKind) => {
                look(path, content).map_err(|error| {
                    let error = anyhow::Error::new(error);
                    Failure::told_by(
                        "output-taken",
                        &error.context(format!("can't tell what {shown} is")),
                    )
                })?
            }
        };
        match (there, replacing) {
            (There::Platform, _) => Err(taken("is a local platform")),
            (There::Key, _) => Err(taken("is a key")),
            (There::SameKind, _) => Ok(Self::of(path, Way::Rename)),
            (There::Other, _) if inputs.iter().any(|input| is_of_asset(path, input)) => {
                Err(taken("belongs to what this command reads"))
            }
            (There::Other, Replacing::AnyKind) => Ok(Self::of(path, Way::Rename)),
            (There::Other, Replacing::SameKind | Replacing::Own) => Err(taken(&format!(
                "is there, and is no {}: what is written would take its place",
                content.replaceable()
            ))
            .help(
                "name another file to write to; or, if nobody needs it, replace it with --force",
            )),
        }
    }

    fn of(path: &Path, way: Way) -> Self {
        Self {
            path: path.to_owned(),
            way,
        }
    }

    /// Whether it is stdout, so that whatever else is said has to go elsewhere.
    pub(crate) fn is_stdout(&self) -> bool {
        self.way == Way::Stdout
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a document there.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        match self.way {
            Way::Rename => {
                TemporaryFile::holding(folder_of(&self.path), bytes)?.persist(&self.path)?;
            }
            Way::Stdout => print(&String::from_utf8_lossy(bytes))
                .map_err(|error| Failure::told_by("output", &error.into()))?,
            Way::Append => OpenOptions::new()
                .append(true)
                .open(&self.path)
                .and_then(|mut file| file.write_all(bytes))
                .with_context(|| format!("can't write to {}", self.path.display()))?,
        }
        Ok(())
    }
}

impl Content {
    /// Whether it is a text that another program may be waiting for.
    const fn is_for_stdout(self) -> bool {
        match self {
            Self::Plan
            | Self::RolloutPlan
            | Self::CustomerPlan
            | Self::Catalogue
            | Self::Signature
            | Self::Attestation
            | Self::Bom => true,
            // What a command prints and what it reports would be mixed, and the rest is no text, or
            // is found by its name.
            Self::Package
            | Self::Record
            | Self::Manifest
            | Self::Lock
            | Self::Connector
            | Self::Junit
            | Self::Sarif
            | Self::Markdown
            | Self::Html
            | Self::ManualPage => false,
        }
    }

    /// What may be replaced by it, as it is called.
    fn replaceable(self) -> &'static str {
        if self == Self::Package {
            "package that recipack made"
        } else {
            self.name()
        }
    }

    /// What it is called.
    const fn name(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Record => "decision record",
            Self::Manifest => "manifest",
            Self::Lock => "lock",
            Self::Plan => "plan",
            Self::RolloutPlan => "plan of a roll-out",
            Self::CustomerPlan => "plan of a customer",
            Self::Catalogue => "catalogue",
            Self::Connector => "file of a connector that was pulled",
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Bom => "CycloneDX document",
            Self::Junit => "JUnit report",
            Self::Sarif => "SARIF report",
            Self::Markdown | Self::Html => "report of this program",
            Self::ManualPage => "manual page of this program",
        }
    }

    /// Whether a file is one, of this version or an older one.
    fn is(self, path: &Path, head: &[u8]) -> bool {
        let text = || limited::read_text(path, DOCUMENT).unwrap_or_default();
        let has = |keys: &[&str]| {
            let document = outline(path).unwrap_or_default();
            keys.iter().all(|key| document.contains_key(*key))
        };
        match self {
            Self::Package => {
                // A damaged one is known by the record beside it.
                let record = record_path(path);
                let is_recorded =
                    || look(&record, Self::Record).is_ok_and(|it| it == There::SameKind);
                // The platform's own, which a project may have been unzipped from, can't be made again.
                head.starts_with(b"PK") && (is_made_here(head) && is_package(path) || is_recorded())
            }
            Self::Record => has(&["format", "generator", "package", "target", "entries"]),
            // A manifest is somebody's own work, whatever is in it.
            Self::Manifest => false,
            Self::Lock => Lock::parse(&text()).is_ok(),
            Self::Plan => has(&["format", "package", "workspace", "assets", "summary"]),
            Self::RolloutPlan => has(&["format", "of", "packages", "waves", "members"]),
            Self::CustomerPlan => has(&["format", "file", "of", "external_id", "steps"]),
            // A table or a list of titles is somebody's own work.
            Self::Catalogue => {
                let is_json = head.trim_ascii_start().starts_with(b"{")
                    || head.trim_ascii_start().starts_with(b"[");
                let bytes = limited::read(path, DOCUMENT).unwrap_or_default();
                let catalogue = Catalogue::parse(&bytes);
                is_json && catalogue.is_ok_and(|catalogue| catalogue.titles().is_empty())
            }
            // It may be somebody's own work since it was pulled.
            Self::Connector => false,
            Self::Signature => is_minisign(head) && contains(head, b"\ntrusted comment:"),
            Self::Attestation => {
                has(&["_type", "predicateType"]) || has(&["payloadType", "payload"])
            }
            Self::Bom => outline(path)
                .unwrap_or_default()
                .get("bomFormat")
                .is_some_and(|it| it.as_deref() == Some("CycloneDX")),
            Self::Junit => contains(head, b"<testsuites"),
            Self::Sarif => has(&["version", "runs"]),
            Self::Markdown => head.starts_with(b"### ") && contains(head, b" recipack "),
            Self::Html => {
                head.starts_with(b"<!DOCTYPE html>")
                    && contains(head, b"<meta name=\"generator\" content=\"recipack\">")
            }
            Self::ManualPage => contains(head, b".TH recipack"),
        }
    }
}

/// The keys at the top of a JSON document, with the values that are texts. No more of it is held: a
/// record of a large package is large.
fn outline(path: &Path) -> std::io::Result<BTreeMap<String, Option<String>>> {
    let file = limited::open(path)?;
    if file.metadata()?.len() > DOCUMENT {
        return Ok(BTreeMap::new());
    }
    let found: BTreeMap<String, Top> = serde_json::from_reader(BufReader::new(file))?;
    Ok(found
        .into_iter()
        .map(|(key, Top(text))| (key, text))
        .collect())
}

/// A value at the top of a document: a text, or what is passed over.
struct Top(Option<String>);

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TopVisitor)
    }
}

struct TopVisitor;

impl<'de> Visitor<'de> for TopVisitor {
    type Value = Top;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Top, E> {
        Ok(Top(Some(text.to_owned())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Top, E> {
        Ok(Top(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Top, E> {
        Ok(Top(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Top, E> {
        Ok(Top(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Top, E> {
        Ok(Top(None))
    }

    fn visit_unit<E>(self) -> Result<Top, E> {
        Ok(Top(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Top, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Top(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Top, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Top(None))
    }
}

/// What lies at a path that is a file.
fn look(path: &Path, content: Content) -> std::io::Result<There> {
    let mut head = Vec::new();
    File::open(path)?.take(1 << 16).read_to_end(&mut head)?;
    Ok(if is_database(&head) {
        There::Platform
    } else if is_key(&head) {
        There::Key
    } else if content.is(path, &head) {
        There::SameKind
    } else {
        There::Other
    })
}

/// SQLite's own file, its journal or its log: without any of them a platform may be lost.
fn is_database(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 4] = [
        b"SQLite format 3\0",
        &[0x37, 0x7f, 0x06, 0x82],
        &[0x37, 0x7f, 0x06, 0x83],
        &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7],
    ];
    MAGIC.iter().any(|magic| head.starts_with(magic))
}

/// A key or a certificate in PEM, or a key of minisign, public ones included.
fn is_key(head: &[u8]) -> bool {
    // In other files it may stand in a text, but not at the beginning of a line.
    let is_pem = head.starts_with(b"-----BEGIN ") || contains(head, b"\n-----BEGIN ");
    is_pem || is_minisign(head) && !contains(head, b"\ntrusted comment:")
}

fn is_minisign(head: &[u8]) -> bool {
    head.starts_with(b"untrusted comment:")
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether the first entry of a zip has the time that this program gives to all: nobody else's have
/// it, since it is before there were zips. What holds no entry has no time, and nothing to lose.
fn is_made_here(head: &[u8]) -> bool {
    const TIME_AND_DATE: [u8; 4] = [0, 0, 0x21, 0];
    !head.starts_with(b"PK\x03\x04") || head.get(10..14) == Some(&TIME_AND_DATE)
}

/// A zip that holds assets at all, or nothing.
fn is_package(path: &Path) -> bool {
    let is_asset = |path: &str| matches!(FileRole::of(path), FileRole::Main(_));
    Archive::open(path, &Limits::default()).is_ok_and(|archive| {
        let mut entries = archive.entries().iter();
        archive.entries().is_empty() || entries.any(|entry| is_asset(entry.path().as_str()))
    })
}

/// Files that the environment names and any command may read.
fn surrounding() -> Vec<PathBuf> {
    let named = [
        "RECIPACK_TOKEN_FILE",
        "RECIPACK_CA_FILE",
        "RECIPACK_PLATFORM",
    ];
    let named = named.into_iter().filter_map(std::env::var_os);
    let named = named.filter(|name| !name.is_empty()).map(PathBuf::from);
    let home = std::env::var_os(HOME).map(PathBuf::from);
    named
        .chain(home.map(|home| home.join(".workato").join("profiles")))
        .collect()
}

/// Whether two paths are one file: by what they are if both are there, by where they lie otherwise.
fn is_one(one: &Path, other: &Path) -> bool {
    match (identity(one), identity(other)) {
        (Ok(first), Ok(second)) => first == second,
        (Err(_), Err(_)) => place(one).is_some_and(|first| place(other) == Some(first)),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

/// Where a file lies that need not be there.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = folder_of(path).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}

/// Whether a file is an asset's in a folder.
fn is_of_asset(path: &Path, folder: &Path) -> bool {
    let (Ok(path), Ok(folder)) = (path.canonicalize(), folder.canonicalize()) else {
        return false;
    };
    path.strip_prefix(folder).is_ok_and(|path| {
        let role = FileRole::of(&path.to_string_lossy());
        !matches!(role, FileRole::NoAsset)
    })
}

/// What a file is that may be attached to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A key, or a local platform.
    Secret,
    /// A signature of minisign.
    Signature,
    /// An in-toto statement.
    Statement,
    /// An envelope that holds one.
    Envelope,
    /// A CycloneDX document.
    Bom,
    /// A report in SARIF.
    Sarif,
    /// A report in JUnit's XML.
    Junit,
    /// A report in Markdown.
    Markdown,
    /// A report in HTML.
    Html,
    /// Something else.
    Other,
}

/// What a file is, by what it holds.
///
/// # Errors
/// If it can't be read.
pub(crate) fn kind_of(path: &Path) -> std::io::Result<Kind> {
    let is = |content: Content| Ok::<bool, std::io::Error>(look(path, content)? == There::SameKind);
    if matches!(
        look(path, Content::Signature)?,
        There::Key | There::Platform
    ) {
        return Ok(Kind::Secret);
    }
    if is(Content::Attestation)? {
        let document = outline(path).unwrap_or_default();
        return Ok(match document.contains_key("payloadType") {
            true => Kind::Envelope,
            false => Kind::Statement,
        });
    }
    for (content, kind) in [
        (Content::Signature, Kind::Signature),
        (Content::Bom, Kind::Bom),
        (Content::Sarif, Kind::Sarif),
        (Content::Junit, Kind::Junit),
        (Content::Markdown, Kind::Markdown),
        (Content::Html, Kind::Html),
    ] {
        if is(content)? {
            return Ok(kind);
        }
    }
    Ok(Kind::Other)
}
