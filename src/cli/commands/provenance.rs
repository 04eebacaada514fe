//! `recipack attest` and `recipack sbom`: where a package comes from, and what is in it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::args::{AttachingArgs, AttestArgs, ForceArgs, SbomArgs};
use super::super::brought::{self, Along, Brought};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::mask::masked;
use super::super::output::{Content, OutputPath};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::attach::{Attaching, attached, attached_line};
use crate::archive::signature::LONGEST;
use crate::io::limited;
use crate::model::ident::Digest;
use crate::ops::export::record::record_path;
use crate::ops::provenance::bom::Bom;
use crate::ops::provenance::envelope::{EnvelopeKey, IN_TOTO};
use crate::ops::provenance::statement::{BUILDER, Statement};
use crate::ops::provenance::verify::VerifyError;
use crate::ops::provenance::{Known, ProvenanceDocument, ProvenanceError};

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
    let made = Made::of(
        context,
        &Asked {
            package: &args.package,
            record: args.record.as_deref(),
            output: args.output.as_deref(),
            key: args.key.as_deref(),
            extension,
            content: Content::Attestation,
            force: args.force,
            attaching: &args.attaching,
        },
    )?;
    let known = &made.known;
    let statement = Statement::of(known, builder).and_then(|statement| statement.to_text());
    let statement = statement.map_err(anyhow::Error::new)?;
    let (format, text) = match key {
        None => ("in-toto statement", statement),
        Some(key) => {
            let envelope = key.seal(IN_TOTO, statement.as_bytes());
            let text = envelope.to_text().map_err(anyhow::Error::new)?;
            ("DSSE envelope", text)
        }
    };
    made.write(context, format, &text)
}

pub(crate) fn sbom(context: &Context, args: &SbomArgs) -> Result<Exit, Stop> {
    let made = Made::of(
        context,
        &Asked {
            package: &args.package,
            record: args.record.as_deref(),
            output: args.output.as_deref(),
            key: None,
            extension: "cdx.json",
            content: Content::Bom,
            force: args.force,
            attaching: &args.attaching,
        },
    )?;
    let text = Bom::of(&made.known).to_text().map_err(anyhow::Error::new)?;
    made.write(context, "CycloneDX 1.6", &text)
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

/// What a document is to be made of, and where it is to go.
struct Asked<'a> {
    package: &'a Path,
    record: Option<&'a Path>,
    output: Option<&'a Path>,
    key: Option<&'a Path>,
    extension: &'a str,
    content: Content,
    force: ForceArgs,
    attaching: &'a AttachingArgs,
}

/// What is known of a package, and where a document about it goes.
struct Made {
    package: Brought,
    known: Known,
    output: OutputPath,
    attaching: Attaching,
    ca: Option<PathBuf>,
}

impl Made {
    fn of(context: &Context, asked: &Asked<'_>) -> Result<Self, Failure> {
        let attaching = Attaching::of(asked.attaching, asked.package, asked.output)?;
        let ca = asked.attaching.registry.ca_file.as_ref();
        let package = brought::fetched(context, ca, asked.package, Along::Record)?;
        let output = match asked.output {
            Some(said) => said.to_owned(),
            None => package.base().with_extension(asked.extension),
        };
        let beside = record_path(package.path());
        let inputs: Vec<&Path> = [Some(package.path()), Some(&beside), asked.record, asked.key]
            .into_iter()
            .flatten()
            .collect();
        let output = OutputPath::check(&output, asked.content, (&asked.force).into(), &inputs)?;
        let known = known(context, &package, asked.record)?;
        Ok(Self {
            package,
            known,
            output,
            attaching,
            ca: ca.cloned(),
        })
    }

    fn write(&self, context: &Context, format: &str, text: &str) -> Result<Exit, Stop> {
        let output = &self.output;
        output.write(text.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
        let attached = attached(
            context,
            self.attaching,
            self.ca.as_ref(),
            &self.package,
            output.path(),
        )?;
        let document = ProvenanceDocument {
            package: self.package.name(),
            output: output.path().display().to_string(),
            format: format.to_owned(),
            sha256: self.known.verification.sha256,
            digest: Digest::of(text.as_bytes()),
            attached,
        };
        context.ui.print_beside(output, &document, |document| {
            format!(
                "{}: {format} of {}\n{}",
                visible(&document.output),
                visible(&document.package),
                attached_line(document.attached.as_deref()),
            )
        })?;
        Ok(Exit::Done)
    }
}

/// What is known of a package. Where one of a registry lies for a while is of no use to anybody.
fn known(context: &Context, package: &Brought, record: Option<&Path>) -> Result<Known, Failure> {
    let mut observer = context.ui.observer();
    let record = record.map(Path::to_owned);
    let known = Known::read(package.path(), record, &context.running, &mut observer);
    Ok(known.map_err(|error| match error {
        ProvenanceError::Verify(VerifyError::NoRecord { .. }) => {
            ProvenanceError::Verify(VerifyError::NoRecord {
                package: package.name().into(),
            })
        }
        ProvenanceError::Differs { first, .. } => ProvenanceError::Differs {
            package: package.name(),
            first,
        },
        other @ ProvenanceError::Verify(_) => other,
    })?)
}
