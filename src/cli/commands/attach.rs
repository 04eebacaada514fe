//! `recipack attach`: what belongs to a package, beside it in a registry.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::args::{AttachArgs, AttachingArgs};
use super::super::brought::Brought;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Kind, kind_of};
use super::super::registry::{clock_of, open, reference, selector};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::discover::AttachmentDocument;
use crate::io::limited::{self, DOCUMENT};
use crate::model::count::counted;
use crate::model::ident::Digest;
use crate::ops::provenance::statement::Statement;
use crate::registry::{
    CYCLONEDX, DSSE, Found, HTML, IN_TOTO, JUNIT, MARKDOWN, MINISIGN, Opening, Parcel, SARIF,
};

/// What `attach` prints with `--json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AttachDocument {
    /// The package, by the digest of its manifest.
    pub(crate) address: String,
    /// That digest: `sha256:…`.
    pub(crate) digest: String,
    /// What was attached.
    pub(crate) attached: Vec<AttachmentDocument>,
    /// How many attachments the list had lost that are in it again; absent without `--repair`.
    pub(crate) put_back: Option<usize>,
}

pub(crate) fn run(context: &Context, args: &AttachArgs) -> Result<Exit, Stop> {
    let which = selector(&args.to)?;
    let files = args.files.iter();
    let files = files.map(|file| parcel(file, args.kind.as_deref()));
    // All of them are looked at before any of them goes anywhere.
    let files: Vec<(Parcel, String)> = files.collect::<Result<_, _>>()?;
    let ca = args.registry.ca_file.as_ref();
    let opened = open(context, ca, &args.to.home, Opening::Read)?;
    let found = opened.find(which)?;
    for file in &args.files {
        is_about(file, &found)?;
    }
    let clock = clock_of(context, &args.to.home);
    let mut attached = Vec::new();
    for (file, kind) in &files {
        let attachment = opened.attach(&found, file, kind, &*clock)?;
        context.did(format!("{} is attached", file.name));
        attached.push(AttachmentDocument::from(&attachment));
    }
    let put_back = match args.repair {
        true => Some(opened.repair(&found, &*clock)?),
        false => None,
    };
    let document = AttachDocument {
        address: found.reference.to_string(),
        digest: found.digest.to_string(),
        attached,
        put_back,
    };
    context.ui.print(&document, text)?;
    Ok(Exit::Done)
}

/// Whether what is made of a package is brought to where the package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attaching {
    /// It is.
    There,
    /// It is written, and that is all.
    No,
}

impl Attaching {
    /// What was asked for, if it can be done: the package is in a registry, and a file is written.
    pub(super) fn of(
        args: &AttachingArgs,
        package: &Path,
        output: Option<&Path>,
    ) -> Result<Self, Failure> {
        if !args.attach {
            return Ok(Self::No);
        }
        if reference(package)?.is_none() {
            let shown = package.display();
            return Err(Failure::usage(format!(
                "--attach goes with a package in a registry, and {shown} is a file"
            ))
            .help("push it first, and name it as oci://HOST/REPOSITORY:TAG; or attach what is written: recipack attach oci://HOST/REPOSITORY:TAG FILE"));
        }
        match output {
            Some(output) if output == Path::new("-") => Err(Failure::usage(
                "--attach goes with a file, and `-o -` writes none",
            )
            .help("leave out one of them")),
            Some(_) | None => Ok(Self::There),
        }
    }
}

/// Attaches a file that was made of a package, and gives the digest of its manifest.
pub(super) fn attached(
    context: &Context,
    attaching: Attaching,
    ca: Option<&PathBuf>,
    package: &Brought,
    file: &Path,
) -> Result<Option<String>, Failure> {
    let pinned = match (attaching, package.pinned()) {
        (Attaching::No, _) => return Ok(None),
        (Attaching::There, Some(pinned)) => pinned,
        (Attaching::There, None) => {
            let file = file.display();
            return Err(anyhow::anyhow!(
                "{file} was written and not attached: which package it is of is not known"
            )
            .into());
        }
    };
    let (parcel, kind) = parcel(file, None)?;
    let opened = open(context, ca, &pinned.home, Opening::Read)?;
    let found = opened.find(selector(pinned)?)?;
    let clock = clock_of(context, &pinned.home);
    let attachment = opened.attach(&found, &parcel, &kind, &*clock)?;
    context.did(format!("{} is attached", parcel.name));
    Ok(Some(attachment.digest.to_string()))
}

/// What people read of it.
pub(super) fn attached_line(digest: Option<&str>) -> String {
    digest.map_or_else(String::new, |digest| format!("  attached    {digest}\n"))
}

/// Whether a statement is about the package, if it is one that nobody signed: what is signed is opened
/// with a key, by `verify`.
fn is_about(path: &Path, package: &Found) -> Result<(), Failure> {
    let cant = || format!("can't read {}", path.display());
    if kind_of(path).with_context(cant)? != Kind::Statement {
        return Ok(());
    }
    let bytes = limited::read(path, DOCUMENT).with_context(cant)?;
    let about = Statement::parse(&bytes).is_ok_and(|it| it.is_about(&package.zip_digest()));
    match about {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Refused,
            "other-package",
            format!(
                "{} is not about the package in {}",
                path.display(),
                package.reference
            ),
        )
        .help("nothing was attached; make a statement about that package: recipack attest PACKAGE.zip")),
    }
}

/// A file, and what it is.
fn parcel(path: &Path, said: Option<&str>) -> Result<(Parcel, String), Failure> {
    let cant = || format!("can't read {}", path.display());
    let bytes = limited::read(path, DOCUMENT).with_context(cant)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let usage =
        |why: &str, help: &str| Err(Failure::usage(format!("{} {why}", path.display())).help(help));
    let kind = match (kind_of(path).with_context(cant)?, said) {
        (Kind::Secret, _) => {
            return usage(
                "is a key or a local platform, and is not attached",
                "attach what was signed with it: `recipack sign` writes PACKAGE.zip.minisig",
            );
        }
        (_, Some(said)) => said.to_owned(),
        (Kind::Signature, None) => MINISIGN.to_owned(),
        (Kind::Statement, None) => IN_TOTO.to_owned(),
        (Kind::Envelope, None) => DSSE.to_owned(),
        (Kind::Bom, None) => CYCLONEDX.to_owned(),
        (Kind::Sarif, None) => SARIF.to_owned(),
        (Kind::Junit, None) => JUNIT.to_owned(),
        (Kind::Markdown, None) => MARKDOWN.to_owned(),
        (Kind::Html, None) => HTML.to_owned(),
        (Kind::Other, None) => {
            return usage(
                "is no signature, statement, bill of materials or report that is known",
                "say what it is, as in --type application/json",
            );
        }
    };
    let parcel = Parcel {
        path: path.to_owned(),
        name: name.into_owned(),
        size: bytes.len() as u64,
        digest: Digest::of(&bytes),
    };
    Ok((parcel, kind))
}

fn text(document: &AttachDocument) -> String {
    let mut text = String::new();
    for attached in &document.attached {
        let name = attached.name.as_deref().unwrap_or("-");
        text.push_str(&format!(
            "{}: attached as {}\n  manifest    {}\n",
            visible(name),
            visible(&attached.kind),
            attached.digest
        ));
    }
    match document.put_back {
        Some(0) => text.push_str("the list of what is attached is whole\n"),
        Some(count) => text.push_str(&format!(
            "{} put back into the list of what is attached\n",
            counted(count as u64, "attachment")
        )),
        None => {}
    }
    text.push_str(&format!("  address     {}\n", visible(&document.address)));
    text
}
