//! `recipack pull`: a package from a registry.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::PullArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath};
use super::super::registry::{bounds, fetched, open, selector};
use super::super::request::folder_of;
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::io::limited::DOCUMENT;
use crate::model::ident::Digest;
use crate::ops::export::record::{DecisionRecord, record_path};
use crate::plan::decision::shell_word;
use crate::registry::{Attachment, CYCLONEDX, DSSE, Found, IN_TOTO, MINISIGN, Opened, Opening};

/// What `pull` prints with `--json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PullDocument {
    /// Where it was asked for.
    pub(crate) pulled_from: String,
    /// The same by the digest of its manifest, which nobody can move.
    pub(crate) address: String,
    /// That digest: `sha256:…`.
    pub(crate) digest: String,
    /// The package's file.
    pub(crate) package: String,
    /// SHA-256 of it.
    pub(crate) sha256: Digest,
    /// The file of its decision record; absent if it has none.
    pub(crate) record: Option<String>,
    /// The files of what is attached to it, if they were asked for.
    pub(crate) attachments: Vec<String>,
}

/// An attachment that is to be written.
struct Beside {
    output: OutputPath,
    bytes: Vec<u8>,
}

pub(crate) fn run(context: &Context, args: &PullArgs) -> Result<Exit, Stop> {
    let which = selector(&args.from)?;
    let opened = open(
        context,
        args.registry.ca_file.as_ref(),
        &args.from.home,
        Opening::Read,
    )?;
    let found = opened.find(which)?;
    let path = match &args.output {
        None => PathBuf::from(&found.name),
        Some(folder) if folder.is_dir() => folder.join(&found.name),
        Some(file) => file.clone(),
    };
    // What lies where something is to be written is looked at before anything is fetched.
    let replacing = (&args.force).into();
    let package = OutputPath::check(&path, Content::Package, replacing, &[])?;
    let beside = record_path(&path);
    let record = opened.fetch_record(&found, &bounds())?;
    let record = match record {
        Some(bytes) => {
            let inputs = [path.as_path()];
            let output = OutputPath::check(&beside, Content::Record, replacing, &inputs)?;
            Some(Beside { output, bytes })
        }
        None if beside.exists() => return Err(foreign(&beside).into()),
        None => None,
    };
    let attachments = match args.attachments {
        true => attached(&opened, &found, &path, args)?,
        false => Vec::new(),
    };
    let (zip, sha256) = fetched(&opened, &found, folder_of(&path))?;
    if let Some(record) = &record {
        is_of(&record.bytes, sha256, &found)?;
    }
    zip.persist(package.path())?;
    context.did(format!("{} was written", package.path().display()));
    for Beside { output, bytes } in record.iter().chain(&attachments) {
        output.write(bytes)?;
        context.did(format!("{} was written", output.path().display()));
    }
    let shown = |beside: &Beside| beside.output.path().display().to_string();
    let document = PullDocument {
        pulled_from: args.from.to_string(),
        address: found.reference.to_string(),
        digest: found.digest.to_string(),
        package: path.display().to_string(),
        sha256,
        record: record.as_ref().map(shown),
        attachments: attachments.iter().map(shown).collect(),
    };
    context.ui.print(&document, text)?;
    Ok(Exit::Done)
}

fn foreign(record: &Path) -> Failure {
    let shown = record.display();
    Failure::new(
        Exit::Usage,
        "output-taken",
        format!(
            "{shown} is there, and the package has no decision record: it would be taken for it"
        ),
    )
    .help(format!(
        "name another file with -o, or take it away: rm {}",
        shell_word(&shown.to_string())
    ))
}

/// Whether a record is about the zip that came with it.
fn is_of(record: &[u8], zip: Digest, found: &Found) -> Result<(), Failure> {
    let record = DecisionRecord::parse(record)
        .map_err(|error| Failure::of(Exit::VerificationFailed, "record", &error))?;
    match record.package.sha256 == zip {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::VerificationFailed,
            "not-as-recorded",
            format!(
                "{}: the decision record in it is of another package",
                found.reference
            ),
        )
        .help(
            "nothing was written; whoever pushed it has to push the package with its own record",
        )),
    }
}

/// What is attached, as files beside the package.
fn attached(
    opened: &Opened,
    found: &Found,
    package: &Path,
    args: &PullArgs,
) -> Result<Vec<Beside>, Failure> {
    let mut beside: Vec<Beside> = Vec::new();
    for attachment in opened.discover(found)? {
        let Some((content, path)) = place(&attachment, package) else {
            continue;
        };
        // The first of a kind has the name that other commands look for.
        let taken = |path: &Path| beside.iter().any(|other| other.output.path() == path);
        let path = match taken(&path) {
            false => path,
            true => {
                let short = attachment.digest.0.to_string();
                let short = short.get(..12).unwrap_or_default();
                let mut name = path.into_os_string();
                name.push(format!(".{short}"));
                PathBuf::from(name)
            }
        };
        let output = OutputPath::check(&path, content, (&args.force).into(), &[package])?;
        let bytes = opened.fetch_attachment(found, &attachment, DOCUMENT)?;
        beside.push(Beside { output, bytes });
    }
    Ok(beside)
}

/// Where other commands look for an attachment of this kind; reports are for people and CI systems.
fn place(attachment: &Attachment, package: &Path) -> Option<(Content, PathBuf)> {
    Some(match attachment.kind.as_str() {
        MINISIGN => (
            Content::Signature,
            crate::archive::signature::signature_path(package),
        ),
        IN_TOTO => (Content::Attestation, package.with_extension("intoto.json")),
        DSSE => (Content::Attestation, package.with_extension("intoto.jsonl")),
        CYCLONEDX => (Content::Bom, package.with_extension("cdx.json")),
        _ => return None,
    })
}

fn text(document: &PullDocument) -> String {
    let mut text = format!(
        "{}: {}\n",
        visible(&document.package),
        visible(&document.pulled_from)
    );
    let others = document.record.iter().chain(&document.attachments);
    for other in others {
        text.push_str(&format!("  beside it   {}\n", visible(other)));
    }
    text.push_str(&format!("  address     {}\n", visible(&document.address)));
    text
}
