//! The package of a project: what it takes, what it is for each target, and making it.

pub(super) mod assets;
pub(super) mod connectors;
pub(super) mod export;
mod review;
pub(super) mod target;

use maud::{Markup, html};

use super::{Asked, Instead};
use crate::console::frame::{Section, Sight};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::console::{Packing, WrittenManifest};
use crate::manifest::{Manifest, ManifestEdit};
use crate::model::ident::TargetName;
use crate::model::target::Target;
use crate::plan::decision::shell_word;
use crate::plan::export::picking::Step;
use crate::report::html::{Column, facts, tally, text};

const TARGETS: [Column; 4] = [
    Column::words("Target"),
    Column::words("Whose workspace"),
    Column::words("Data center"),
    Column::words("Catalogue"),
];

/// A manifest that was read, and what it says.
struct Read<'a> {
    packing: &'a dyn Packing,
    written: WrittenManifest,
    manifest: Manifest,
}

impl<'a> Read<'a> {
    fn of(asked: &'a Asked<'_>) -> Result<Self, Instead> {
        let packing = asked.packing()?;
        let written = packing.manifest()?;
        let manifest =
            Manifest::parse(&written.text).map_err(|errors| packing.unsound(&written, &errors))?;
        Ok(Self {
            packing,
            written,
            manifest,
        })
    }

    /// One of its targets.
    fn target(&self, name: &TargetName) -> Result<&Target, Instead> {
        let target = self.manifest.targets.get(name);
        let missing = || super::turned_away(hyper::StatusCode::NOT_FOUND);
        Ok(&target.ok_or_else(missing)?.value)
    }

    /// The text that it would have after some steps.
    fn edited(&self, steps: &[Step]) -> Result<String, Instead> {
        let edit = ManifestEdit::parse(&self.written.text);
        let mut edit = edit.map_err(|errors| self.packing.unsound(&self.written, &errors))?;
        for step in steps {
            let done = match step {
                Step::Add(change) => edit.add(change),
                Step::Remove(removal) => edit.remove(removal),
            };
            done.map_err(|error| self.packing.refused(&error))?;
        }
        Ok(edit.finish().0)
    }

    /// The option that names it in commands.
    fn option(&self) -> String {
        format!("-m {}", shell_word(&self.written.path))
    }
}

/// A page about the package, below its first one.
fn sight(title: impl Into<String>, body: Markup, below: Vec<(String, Route)>) -> Sight {
    let mut sight = Sight::new(title, body);
    sight.section = Section::Package;
    sight.above = vec![("Package".to_owned(), Route::Package)];
    sight.above.extend(below);
    sight
}

/// The manifest, and its targets.
pub(super) fn page(asked: &Asked<'_>) -> Result<Reply, Instead> {
    let read = Read::of(asked)?;
    let package = &read.manifest.listing().package;
    let rows: Vec<Vec<Markup>> = read
        .manifest
        .targets
        .iter()
        .map(|(name, target)| row(&read, name, &target.value))
        .collect();
    let name = package.name.as_ref().map(ToString::to_string);
    let project = package.project.as_deref().unwrap_or(".");
    let selects = match read.manifest.select.is_everything() {
        true => "all of the project",
        false => "a selection, and what comes along with it",
    };
    let body = html! {
        (facts(&[
            ("Manifest", html! { code { (text(&read.written.path)) } }),
            ("Project", html! { code { (text(project)) } }),
            ("Takes", html! { (selects) }),
        ]))
        p .actions { a .button href=(Route::Assets.path()) { "Choose what it takes" } }
        h2 { "Targets" }
        @if rows.is_empty() {
            p { "The manifest names no target. Add one: " code { "recipack manifest add target acme=customer " (text(&read.option())) } }
        } @else {
            (tally(&crate::model::count::counted(rows.len() as u64, "target"), &TARGETS, &rows))
        }
    };
    let title = name.unwrap_or_else(|| "Package".to_owned());
    let mut sight = Sight::new(title, body);
    sight.section = Section::Package;
    sight.command = Some(format!("recipack manifest list {}", read.option()));
    Ok(sight.reply(Some(asked.console)))
}

fn row(read: &Read<'_>, name: &TargetName, target: &Target) -> Vec<Markup> {
    let catalogue = read.manifest.catalog(Some(target));
    vec![
        html! { a href=(Route::Target(name.clone()).path()) { (text(name.as_str())) } },
        html! { (whose(target)) },
        html! { @match &target.data_center { Some(center) => (text(center.as_str())), None => "not said" } },
        html! { @match catalogue { Some(said) => { code { (text(&said.value)) } }, None => "not said" } },
    ]
}

/// Whose workspace a target is.
const fn whose(target: &Target) -> &'static str {
    use crate::model::target::TargetKind;
    match target.kind {
        TargetKind::Customer => "a customer's, under this partner",
        TargetKind::External => "an external account's",
    }
}
