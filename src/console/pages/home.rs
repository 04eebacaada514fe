//! The first page: the workspaces that the console is about.

use maud::html;

use super::{Asked, Instead};
use crate::console::frame::Sight;
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::report::html::text;

pub(super) fn page(asked: &Asked<'_>) -> Result<Reply, Instead> {
    let workspaces = asked.console.host.workspaces()?;
    if let [only] = workspaces.as_slice() {
        return Ok(Reply::see(Route::Connectors(only.clone()).path()));
    }
    let body = html! {
        @if workspaces.is_empty() {
            p { "There is no admin workspace in the local platform. Name one to the command with " code { "--in" } "." }
        } @else {
            p .lead { "Which admin workspace is it about?" }
            ul {
                @for address in &workspaces {
                    li { a href=(Route::Connectors(address.clone()).path()) { (text(&address.to_string())) } }
                }
            }
        }
    };
    let mut sight = Sight::new("Workspaces", body);
    sight.command = Some("recipack workspace list".to_owned());
    Ok(sight.reply(Some(asked.console)))
}
