//! Making the package for a target, as it was looked at.

use maud::{Markup, html};

use super::Read;
use crate::console::frame::Section;
use crate::console::pages::{Asked, Instead, unclear};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::console::session::Done;
use crate::model::ident::{Digest, PackageName, TargetName};
use crate::ops::export::documents::{ExportDocument, WrittenPackage};
use crate::plan::decision::{Outcome, shell_word};
use crate::report::html::{Tone, count, facts, text};

pub(in crate::console::pages) fn page(
    asked: &Asked<'_>,
    name: &TargetName,
) -> Result<Reply, Instead> {
    let target = Route::Target(name.clone());
    let Some(form) = &asked.form else {
        return Ok(Reply::see(target.path()));
    };
    let read = Read::of(asked)?;
    read.target(name)?;
    let file = form.get("file").unwrap_or_default();
    let stem = file.strip_suffix(".zip").unwrap_or_default();
    if stem.parse::<PackageName>().is_err() {
        return Err(unclear(
            "The package needs the name of a file that ends with .zip; it lies in the folder that the console was started in.",
        ));
    }
    let plan = form
        .get("plan")
        .and_then(|plan| plan.parse::<Digest>().ok());
    let plan = plan.ok_or_else(|| read.packing.stale())?;
    let command = format!(
        "recipack export --to {name} {} -o {}",
        read.option(),
        shell_word(file)
    );
    let title = format!("Making the package for {name}");
    let (name, file) = (name.clone(), file.to_owned());
    Ok(asked.work(title, Section::Package, move |console| {
        let packing = console.host.packing()?;
        let document = match packing.export(&name, &file, plan) {
            Ok(document) => document,
            Err(trouble) => return Some(Err(trouble)),
        };
        let Some(package) = &document.package else {
            return Some(Err(packing.stale()));
        };
        let said = format!("{} was written\n", text(&package.path));
        console.host.tell(&said);
        Some(Ok(Done {
            title: format!("The package for {name} is made"),
            body: told(&document, package).into_string(),
            tone: Tone::Good,
            section: Section::Package,
            above: vec![
                ("Package".to_owned(), Route::Package),
                (name.to_string(), target),
            ],
            command,
        }))
    }))
}

fn told(document: &ExportDocument, package: &WrittenPackage) -> Markup {
    let of = |outcome: Outcome| {
        let connectors = document.connectors.iter();
        let connectors = connectors.filter(move |decision| decision.outcome == outcome);
        let named: Vec<&str> = connectors
            .map(|decision| decision.connector.as_str())
            .collect();
        match named.is_empty() {
            true => "none".to_owned(),
            false => text(&named.join(", ")),
        }
    };
    html! {
        (facts(&[
            ("Package", html! { code { (text(&package.path)) } }),
            ("Decisions", html! { code { (text(&package.record)) } }),
            ("Files", html! { (count(document.entries.len())) }),
            ("Connectors in it", html! { (of(Outcome::Included)) }),
            ("Connectors left out", html! { (of(Outcome::LeftOut)) }),
            ("SHA-256", html! { code { (package.facts.sha256) } }),
        ]))
        p { "Look at what it would change in a workspace: " code { "recipack plan " (text(&shell_word(&package.path))) " --into ADDRESS" } }
    }
}
