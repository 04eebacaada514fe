//! `recipack verify`: a package against its record, and against what would be made now.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::super::args::VerifyArgs;
use super::super::brought::{self, Along};
use super::super::checkout::checkout;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::reports::{Reporter, around};
use super::super::signing;
use super::super::ui::visible;
use super::super::{Context, Stop};
use crate::archive::Limits;
use crate::archive::signature::LONGEST;
use crate::io::limited;
use crate::ops::checkout::{Checkout, NoCommit};
use crate::ops::provenance::envelope::EnvelopePublicKey;
use crate::ops::provenance::verify::{
    AttestationCheck, CheckedOut, Rebuild, Rebuilt, RecordCoverage, Verification, VerifyRequest,
    verify,
};
use crate::report::items;
use crate::report::outputs::Output;

/// How many mismatches are printed before the rest is only counted.
const SHOWN: usize = 20;

pub(crate) fn run(context: &Context, args: &VerifyArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "verify", |reporter| {
        work(context, args, reporter)
    })
}

fn work(context: &Context, args: &VerifyArgs, reporter: &mut Reporter) -> Result<Exit, Stop> {
    reporter.subject(args.package.display().to_string());
    reporter.project(&args.package, None);
    let along = match (&args.key, &args.signature) {
        (Some(_), None) => Along::Signatures,
        (Some(_) | None, _) => Along::Record,
    };
    let ca = args.platform.api.ca_file.as_ref();
    let package = brought::fetched(context, ca, &args.package, along)?;
    let rebuild = args
        .rebuild_from
        .as_deref()
        .map(|said| brought::project(context, &args.platform, said, "verify"))
        .transpose()?;
    let connectors = args
        .connectors
        .as_deref()
        .map(|said| brought::connectors(context, &args.platform, said))
        .transpose()?;
    let request = VerifyRequest {
        package: package.path().to_owned(),
        record: args.record.clone(),
        rebuild: rebuild.as_ref().map(|project| Rebuild {
            project: project.path().to_owned(),
            connectors: connectors
                .as_ref()
                .map(|connectors| connectors.path().to_owned()),
            checked_out: checked_out(context, project.path()),
            commit: args.commit.clone(),
        }),
        signature: match &args.key {
            Some(key) => {
                let attached = signing::attached(key, &package)?;
                let signature = args.signature.as_deref().or(attached.as_deref());
                Some(signing::check(key, package.path(), signature)?)
            }
            None => None,
        },
        attestation: match &args.attestation {
            Some(path) => Some(AttestationCheck {
                path: path.clone(),
                key: args
                    .attestation_key
                    .as_deref()
                    .map(public_key)
                    .transpose()?,
            }),
            None => None,
        },
        limits: Limits::default(),
    };
    let mut verification = verify(&request, &context.running, &mut context.ui.observer())?;
    if let Some(pinned) = package.pinned() {
        // Where it lies for a while is of no use to anybody.
        verification.package = pinned.to_string();
        if args.record.is_none() && verification.record.is_some() {
            verification.record = Some(pinned.to_string());
        }
        if let Some(held) = verification.signature.as_mut()
            && args.signature.is_none()
        {
            held.path = pinned.to_string();
        }
    }
    reporter.items(|| items::of_verification(&verification));
    reporter.output(Output::text("package", &verification.package));
    reporter.output(Output::text("digest", verification.sha256.to_string()));
    let content = verification.content_digest.to_string();
    reporter.output(Output::text("content_digest", content));
    context.ui.print(&verification, |_| text(&verification))?;
    Ok(if verification.mismatches.is_empty() {
        Exit::Done
    } else {
        Exit::VerificationFailed
    })
}

/// The commit that the project is checked out of, or why that is not known.
fn checked_out(context: &Context, project: &Path) -> CheckedOut {
    match checkout(context, project) {
        Checkout::Committed(committed) => CheckedOut::Of(committed.commit.to_string()),
        Checkout::NoCommit(NoCommit::NoRepository) => {
            CheckedOut::Unknown("the project lies in no repository of git".to_owned())
        }
        Checkout::NoCommit(NoCommit::NoneYet) => {
            CheckedOut::Unknown("its repository has no commit yet".to_owned())
        }
        Checkout::NoCommit(NoCommit::NotIn(commit)) => CheckedOut::Unknown(format!(
            "commit {commit}, which is checked out, does not have the project"
        )),
        Checkout::Unknown(error) => CheckedOut::Unknown(error.to_string()),
    }
}

fn public_key(file: &Path) -> Result<EnvelopePublicKey, Failure> {
    let bytes =
        limited::read(file, LONGEST).with_context(|| format!("can't read {}", file.display()))?;
    EnvelopePublicKey::parse(&bytes).map_err(|error| {
        Failure::usage(format!("{}: {error}", file.display()))
            .help("make one: openssl pkey -in key.pem -pubout -out key.pub.pem")
    })
}

fn text(verification: &Verification) -> String {
    let mut text = String::new();
    let package = visible(&verification.package);
    if verification.mismatches.is_empty() {
        let compared = match (&verification.record, verification.rebuilt) {
            (_, Some(Rebuilt::Same | Rebuilt::Different)) => {
                "as recorded; made again, it is the same"
            }
            (Some(_), None) => "as recorded",
            (None, None) => "sound; there is no decision record to compare it with",
        };
        let _ = writeln!(
            text,
            "{package}: {} entries, {compared}",
            verification.entries
        );
    } else {
        let count = verification.mismatches.len();
        let plural = if count == 1 { "" } else { "es" };
        let _ = writeln!(text, "{package}: {count} mismatch{plural}");
        for mismatch in verification.mismatches.iter().take(SHOWN) {
            let _ = writeln!(
                text,
                "  {}: {}",
                visible(&mismatch.subject),
                visible(&mismatch.what)
            );
        }
        let more = verification.mismatches.len().saturating_sub(SHOWN);
        if more > 0 {
            let _ = writeln!(text, "  … and {more} more; --json names all");
        }
    }
    if let Some(signature) = &verification.signature {
        let comment = visible(&signature.comment);
        let _ = writeln!(text, "  signed  by key {}: {comment}", signature.key);
        let record = match signature.record {
            RecordCoverage::Signed => None,
            RecordCoverage::NotSigned => Some("the signature does not hold for the record"),
            RecordCoverage::NoRecord => Some("none is here to hold the signature against"),
        };
        if let Some(record) = record {
            let _ = writeln!(text, "  record  {record}");
        }
    }
    if let Some(attestation) = &verification.attestation {
        let builder = attestation.builder.as_deref().unwrap_or("nobody");
        let signed = match &attestation.key {
            Some(key) => format!(", signed by key {key}"),
            None => ", not signed".to_owned(),
        };
        let _ = writeln!(text, "  built   by {}{signed}", visible(builder));
    }
    for open in &verification.not_verified {
        let (part, recorded) = (visible(&open.part), visible(&open.recorded));
        let why = visible(&open.why);
        let _ = writeln!(text, "  not verified: {part} {recorded} ({why})");
    }
    let _ = writeln!(text, "  sha256  {}", verification.sha256);
    let _ = writeln!(text, "  content {}", verification.content_digest);
    text
}
