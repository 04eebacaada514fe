//! `recipack push`: a package to a registry.

use std::path::Path;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::PushArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::registry::open;
use super::super::signing::as_recorded;
use super::super::table::sized;
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::io::limited::{self, DOCUMENT};
use crate::model::ident::Digest;
use crate::ops::export::record::{DecisionRecord, record_path};
use crate::ops::provenance::verify::Verification;
use crate::plan::decision::shell_word;
use crate::registry::{Opening, Outgoing, Parcel, Recorded, Selector, TagMoves};

/// What `push` prints with `--json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PushDocument {
    /// The package.
    pub(crate) package: String,
    /// SHA-256 of its zip.
    pub(crate) sha256: Digest,
    /// SHA-256 over its entries' digests and paths.
    pub(crate) content_digest: Digest,
    /// Where it went, by its tag.
    pub(crate) pushed_to: String,
    /// The same by the digest of its manifest, which nobody can move.
    pub(crate) address: String,
    /// That digest: `sha256:…`.
    pub(crate) digest: String,
    /// What the tag pointed to before, if that was something else.
    pub(crate) moved_from: Option<String>,
    /// How many bytes of files were not there yet.
    pub(crate) stored_bytes: u64,
}

pub(crate) fn run(context: &Context, args: &PushArgs) -> Result<Exit, Stop> {
    let tag = match &args.to.selector {
        Some(Selector::Tag(tag)) => tag,
        Some(Selector::Digest(_)) | None => {
            return Err(
                Failure::usage(format!("{} names no tag to push to", args.to))
                    .help(format!(
                        "name one: {}",
                        shell_word(&format!("{}:TAG", args.to.home))
                    ))
                    .into(),
            );
        }
    };
    if args.package.is_dir() {
        let shown = args.package.display();
        let folder = shell_word(&shown.to_string());
        return Err(Failure::new(
            Exit::Usage,
            "no-package",
            format!("{shown} is a folder, and `push` brings a package to a registry"),
        )
        .help(format!(
            "make a package of it first: recipack export {folder} --for customer|external; to bring one into a workspace: recipack import PACKAGE.zip --into ADDRESS"
        ))
        .into());
    }
    let (package, found) = outgoing(context, &args.package)?;
    let opened = open(
        context,
        args.registry.ca_file.as_ref(),
        &args.to.home,
        Opening::Write,
    )?;
    let moves = match args.move_tag {
        true => TagMoves::Permitted,
        false => TagMoves::Refused,
    };
    let pushed = opened.push(&package, tag, moves)?;
    let document = PushDocument {
        package: found.package,
        sha256: found.sha256,
        content_digest: found.content_digest,
        pushed_to: args.to.to_string(),
        address: pushed.reference.to_string(),
        digest: pushed.digest.to_string(),
        moved_from: pushed.moved_from.map(|digest| digest.to_string()),
        stored_bytes: pushed.stored,
    };
    context.did(format!("{} is {}", document.pushed_to, document.digest));
    context.ui.print(&document, text)?;
    Ok(Exit::Done)
}

/// A package that is sound and as recorded, as it goes to a registry.
fn outgoing(context: &Context, path: &Path) -> Result<(Outgoing, Verification), Failure> {
    let found = as_recorded(context, path, &path.display().to_string(), "pushed")?;
    let recorded = match found.record_sha256 {
        Some(digest) => Some(record(&record_path(path), digest)?),
        None => None,
    };
    let own = path.file_name().unwrap_or_default();
    let name = match &recorded {
        // A copy of a package that has another name is the same package.
        Some((record, _)) => record.package.file.clone(),
        None => own.to_string_lossy().into_owned(),
    };
    let beside = record_path(Path::new(&name));
    let record = recorded.map(|(record, file)| Recorded {
        file: Parcel {
            name: beside.display().to_string(),
            ..file
        },
        target_kind: record.target.kind.to_string(),
        generator: record.generator,
    });
    let outgoing = Outgoing {
        zip: Parcel {
            path: path.to_owned(),
            name,
            size: found.size,
            digest: found.sha256,
        },
        content_digest: found.content_digest,
        record,
    };
    Ok((outgoing, found))
}

/// The record beside a package, if it is the one that was looked at.
fn record(path: &Path, digest: Digest) -> Result<(DecisionRecord, Parcel), Failure> {
    let cant = || format!("can't read {}", path.display());
    let bytes = limited::read(path, DOCUMENT).with_context(cant)?;
    if Digest::of(&bytes) != digest {
        return Err(Failure::new(
            Exit::Failed,
            "changed",
            format!("{} changed while it was read", path.display()),
        )
        .help("run the command again when nothing writes to it"));
    }
    let record = DecisionRecord::parse(&bytes)
        .map_err(|error| Failure::of(Exit::VerificationFailed, "record", &error))?;
    let file = Parcel {
        path: path.to_owned(),
        name: String::new(),
        size: bytes.len() as u64,
        digest,
    };
    Ok((record, file))
}

fn text(document: &PushDocument) -> String {
    let mut text = format!(
        "{}: {}\n",
        visible(&document.pushed_to),
        visible(&document.package)
    );
    if let Some(before) = &document.moved_from {
        text.push_str(&format!("  moved from  {before}\n"));
    }
    let stored = match document.stored_bytes {
        0 => "everything was there".to_owned(),
        bytes => format!("{} were not there yet", sized(bytes)),
    };
    text.push_str(&format!(
        "  address     {}\n  files       {stored}\n",
        visible(&document.address)
    ));
    text
}
