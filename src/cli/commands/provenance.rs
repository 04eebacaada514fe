//! `recipack attest` and `recipack sbom`: where a package comes from, and what is in it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::args::{AttestArgs, ForceArgs, SbomArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::mask::masked;
use super::super::output::{Content, OutputPath};
use super::super::ui::{Format, visible};
use super::super::{Context, Stop};
use crate::archive::signature::LONGEST;
use crate::io::limited;
use crate::model::ident::Digest;
use crate::ops::export::record::record_path;
use crate::ops::provenance::bom::Bom;
use crate::ops::provenance::envelope::{EnvelopeKey, IN_TOTO};
use crate::ops::provenance::statement::{BUILDER, Statement};
use crate::ops::provenance::{Known, ProvenanceDocument};

pub(crate) fn attest(context: &Context, args: &AttestArgs) -> Result<Exit, Stop> {
    let builder = args.builder.as_deref().unwrap_or(BUILDER);
    // A statement is for whoever gets the package.
    if matches!(masked(builder), Cow::Owned(_)) {
        return Err(
            Failure::usage("--builder holds a name, a password or a token")
                .help("give the address of the job or its runner without it")
                .into(),
        );
    }
    let key = args.key.as_deref().map(envelope_key).transpose()?;
    let extension = match key {
        Some(_) => "intoto.jsonl",
        None => "intoto.json",
    };
    let output = output(&Place {
        said: args.output.as_deref(),
        package: &args.package,
        record: args.record.as_deref(),
        key: args.key.as_deref(),
        extension,
        content: Content::Attestation,
        force: args.force,
    })?;
    let known = known(context, &args.package, args.record.as_ref())?;
    let statement = Statement::of(&known, builder).and_then(|statement| statement.to_text());
    let statement = statement.map_err(anyhow::Error::new)?;
    let (format, text) = match key {
        None => ("in-toto statement", statement),
        Some(key) => {
            let envelope = key.seal(IN_TOTO, statement.as_bytes());
            let text = envelope.to_text().map_err(anyhow::Error::new)?;
            ("DSSE envelope", text)
        }
    };
    write(context, &known, &output, format, &text)
}

pub(crate) fn sbom(context: &Context, args: &SbomArgs) -> Result<Exit, Stop> {
    let output = output(&Place {
        said: args.output.as_deref(),
        package: &args.package,
        record: args.record.as_deref(),
        key: None,
        extension: "cdx.json",
        content: Content::Bom,
        force: args.force,
    })?;
    let known = known(context, &args.package, args.record.as_ref())?;
    let text = Bom::of(&known).to_text().map_err(anyhow::Error::new)?;
    write(context, &known, &output, "CycloneDX 1.6", &text)
}

fn known(context: &Context, package: &Path, record: Option<&PathBuf>) -> Result<Known, Failure> {
    let mut observer = context.ui.observer();
    Ok(Known::read(
        package,
        record.cloned(),
        &context.running,
        &mut observer,
    )?)
}

fn envelope_key(file: &Path) -> Result<EnvelopeKey, Failure> {
    let bytes =
        limited::read(file, LONGEST).with_context(|| format!("can't read {}", file.display()))?;
    EnvelopeKey::parse(&bytes).map_err(|error| {
        let message = format!("{}: {error}", file.display());
        Failure::new(Exit::Failed, "no-key", message)
            .help("make one: openssl genpkey -algorithm ed25519 -out key.pem")
    })
}

/// Where a document is to go, and what it is made from.
struct Place<'p> {
    said: Option<&'p Path>,
    package: &'p Path,
    record: Option<&'p Path>,
    key: Option<&'p Path>,
    extension: &'p str,
    content: Content,
    force: ForceArgs,
}

/// Where a document goes: beside the package, if nobody says otherwise.
fn output(place: &Place<'_>) -> Result<OutputPath, Failure> {
    let output = match place.said {
        Some(said) => said.to_owned(),
        None => place.package.with_extension(place.extension),
    };
    let beside = record_path(place.package);
    let inputs: Vec<&Path> = [Some(place.package), Some(&beside), place.record, place.key]
        .into_iter()
        .flatten()
        .collect();
    OutputPath::check(&output, place.content, (&place.force).into(), &inputs)
}

fn write(
    context: &Context,
    known: &Known,
    output: &OutputPath,
    format: &str,
    text: &str,
) -> Result<Exit, Stop> {
    output.write(text.as_bytes())?;
    context.did(format!("{} was written", output.path().display()));
    let document = ProvenanceDocument {
        package: known.verification.package.clone(),
        output: output.path().display().to_string(),
        format: format.to_owned(),
        sha256: known.verification.sha256,
        digest: Digest::of(text.as_bytes()),
    };
    match context.ui.format {
        // Two documents would be none.
        Format::Json if output.is_stdout() => {}
        Format::Json => context.ui.document(&document)?,
        Format::Text => {
            let output_name = visible(&document.output);
            let package = visible(&document.package);
            let told = format!("{output_name}: {format} of {package}\n");
            context.ui.result_beside(output, &told)?;
        }
    }
    Ok(Exit::Done)
}
