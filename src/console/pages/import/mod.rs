//! Importing a package into a workspace: which and where, what it would do, and having it done.

pub(super) mod plan;

use maud::html;

use super::{Asked, Instead};
use crate::console::frame::{Section, Sight};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::report::html::text;

/// How many workspaces have a link to their history.
const LISTED: usize = 100;

/// Asks which package goes where.
pub(super) fn page(asked: &Asked<'_>) -> Result<Reply, Instead> {
    let importing = asked.console.host.importing();
    let packages = importing.packages()?;
    let targets = importing.targets();
    let said = |name: &str| asked.query.get(name).unwrap_or_default();
    let body = html! {
        p .lead { "The next page says what it would do. Nothing is imported yet." }
        @if packages.is_empty() {
            p { "There is no package in the folder that the console was started in." }
        } @else {
            form .panel method="get" action=(Route::ImportPlan.path()) {
                label .above for="package" { "Package" }
                select #package name="package" {
                    @for package in &packages {
                        option value=(package) selected[package == said("package")] { (text(package)) }
                    }
                }
                label .above for="into" { "Workspace" }
                p #into-hint .faint { "Its address, as commands take it: " code { "local:NAME" } ", " code { "customer:NUMBER" } ", " code { "https://HOST" } "." }
                input #into type="text" name="into" list="targets" value=(said("into")) required autocomplete="off" spellcheck="false" aria-describedby="into-hint";
                datalist #targets { @for target in &targets { option value=(target) {} } }
                label .above for="folder" { "Folder" }
                p #folder-hint .faint { "Nothing means Home." }
                input #folder type="text" name="folder" value=(said("folder")) autocomplete="off" spellcheck="false" aria-describedby="folder-hint";
                label .above for="settings" { "Settings" }
                p #settings-hint .faint { "A file with what the workspace needs, if there is one. Recipes that it starts run afterwards." }
                input #settings type="text" name="settings" value=(said("settings")) autocomplete="off" spellcheck="false" aria-describedby="settings-hint";
                fieldset {
                    legend { "What somebody changed there since an import" }
                    label {
                        input type="radio" name="edits" value="hold" checked[said("edits") != "keep"];
                        "Holds the import"
                        small { "Nothing is imported before somebody decides." }
                    }
                    label {
                        input type="radio" name="edits" value="keep" checked[said("edits") == "keep"];
                        "Stays as it is"
                        small { "What the package has for it is left out." }
                    }
                }
                p .actions { button type="submit" { "Look at what it would do" } }
            }
        }
        @if !targets.is_empty() {
            h2 { "History and ways back" }
            ul { @for target in targets.iter().take(LISTED) { li { a href=(Route::History(target.clone()).path()) { (text(&target.to_string())) } } } }
            @if targets.len() > LISTED { p .faint { "And " (targets.len() - LISTED) " more: " code { "recipack workspace list" } } }
        }
    };
    let mut sight = Sight::new("Import a package", body);
    sight.section = Section::Import;
    sight.command = Some("recipack plan PACKAGE.zip --into ADDRESS".to_owned());
    Ok(sight.reply(Some(asked.console)))
}
