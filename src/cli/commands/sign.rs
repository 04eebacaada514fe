//! `recipack sign`: a signature beside a package.

use anyhow::Context as _;

use super::super::args::SignArgs;
use super::super::brought::{self, Along};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Content, OutputPath};
use super::super::signing::{as_recorded, signing_key};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::attach::{Attaching, attached, attached_line};
use crate::archive::signature::signature_path;
use crate::io::limited;
use crate::ops::export::record::record_path;
use crate::ops::provenance::verify::{SignDocument, record_in_comment};

pub(crate) fn run(context: &Context, args: &SignArgs) -> Result<Exit, Stop> {
    let attaching = Attaching::of(&args.attaching, &args.package, args.output.as_deref())?;
    let ca = args.attaching.registry.ca_file.as_ref();
    let brought = brought::fetched(context, ca, &args.package, Along::Record)?;
    let (package, called) = (brought.path(), brought.name());
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| signature_path(brought.base()));
    let record = record_path(package);
    let inputs = [package, &args.key, &record];
    let output = OutputPath::check(&output, Content::Signature, (&args.force).into(), &inputs)?;
    let key = signing_key(&args.key)?;
    // A broken package is signed by nobody who knows it.
    let found = as_recorded(context, package, &called, "signed")?;
    let name = package.file_name().unwrap_or_default();
    // Whoever trusts the signature trusts the decisions, too, if there is a record of them.
    let record = found.record_sha256.as_ref().map(record_in_comment);
    let comment = format!(
        "file:{} content:{}{}",
        name.to_string_lossy(),
        found.content_digest,
        record.unwrap_or_default()
    );
    let cant = || format!("can't sign {called}");
    let file = limited::open(package).with_context(cant)?;
    let text = key.sign(file, &comment).with_context(cant)?;
    let public = key.verifying().map_err(anyhow::Error::new)?;
    // What was read to be signed has to be what was looked at before.
    let file = limited::open(package).with_context(cant)?;
    let held = public.verify(&text, file);
    if !held.is_ok_and(|signed| signed.digest == found.sha256) {
        return Err(Failure::new(
            Exit::Failed,
            "changed",
            format!("{called} changed while it was signed"),
        )
        .help("run the command again when nothing writes to it")
        .into());
    }
    output.write(text.as_bytes())?;
    context.did(format!("{} was written", output.path().display()));
    let attached = attached(context, attaching, ca, &brought, output.path())?;
    let document = SignDocument {
        package: found.package,
        signature: output.path().display().to_string(),
        key: public.id(),
        sha256: found.sha256,
        comment,
        attached,
    };
    context.ui.print_beside(&output, &document, |document| {
        format!(
            "{}: signed by key {}\n  {}\n{}",
            visible(&document.signature),
            document.key,
            visible(&document.comment),
            attached_line(document.attached.as_deref()),
        )
    })?;
    Ok(Exit::Done)
}
