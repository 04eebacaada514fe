//! The first page: what the console is about.

use maud::html;

use super::{Asked, Instead};
use crate::console::frame::Sight;
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::report::html::{Tone, findings, notice, text};

pub(super) fn page(asked: &Asked<'_>) -> Result<Reply, Instead> {
    let packing = asked.console.host.packing();
    let (workspaces, trouble) = match (asked.console.host.workspaces(), packing) {
        (Ok(workspaces), _) => (workspaces, None),
        (Err(trouble), None) => return Err(trouble.into()),
        (Err(trouble), Some(_)) => (Vec::new(), Some(trouble)),
    };
    match (workspaces.as_slice(), packing, &trouble) {
        ([only], None, _) => return Ok(Reply::see(Route::Connectors(only.clone()).path())),
        ([], Some(_), None) => return Ok(Reply::see(Route::Package.path())),
        ([] | [_] | [_, _, ..], _, _) => {}
    }
    let body = html! {
        @if packing.is_some() {
            h2 { "Package" }
            p { a href=(Route::Package.path()) { "What the project's package takes, and what it is for each target" } }
            h2 { "Shared connectors" }
        }
        @if let Some(trouble) = &trouble {
            (notice(Tone::Warning, "The admin workspaces can't be looked at", &findings(&trouble.told)))
        } @else if workspaces.is_empty() {
            p { "There is no admin workspace in the local platform. Name one to the command with " code { "--in" } "." }
        } @else {
            p { "Which admin workspace is it about?" }
            ul {
                @for address in &workspaces {
                    li { a href=(Route::Connectors(address.clone()).path()) { (text(&address.to_string())) } }
                }
            }
        }
    };
    let title = match packing {
        Some(_) => "recipack",
        None => "Workspaces",
    };
    let mut sight = Sight::new(title, body);
    sight.command = Some("recipack workspace list".to_owned());
    Ok(sight.reply(Some(asked.console)))
}
