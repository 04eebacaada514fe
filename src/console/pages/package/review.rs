//! Looking at what would be written into a manifest, and having it written.

use maud::{Markup, html};

use super::{Read, sight};
use crate::console::fields::Fields;
use crate::console::frame::Section;
use crate::console::pages::{Asked, Instead};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::console::session::Done;
use crate::model::count::counted;
use crate::model::ident::Digest;
use crate::plan::diff::lines;
use crate::report::html::{Tone, notice, text};

/// A text that a manifest may get.
pub(super) struct Review<'a> {
    pub(super) read: &'a Read<'a>,
    /// What is asked, as the page's title.
    pub(super) question: String,
    /// The new text.
    pub(super) text: String,
    /// The boxes that were ticked.
    pub(super) ticked: Vec<String>,
    /// What the boxes stand for.
    pub(super) base: String,
    /// What has to be known before.
    pub(super) notices: Markup,
    /// Where it is sent.
    pub(super) route: Route,
    /// Where one goes without it, and what that is called.
    pub(super) back: (String, Route),
}

impl Review<'_> {
    /// What stands for what is looked at: both texts.
    fn digest(&self) -> String {
        let texts = format!("{}\0{}", self.read.written.text, self.text);
        Digest::of(texts.as_bytes()).to_string()
    }

    /// Has it written if it was looked at, and shows it otherwise.
    pub(super) fn answer(self, asked: &Asked<'_>, form: &Fields) -> Result<Reply, Instead> {
        match form.get("plan") {
            None => Ok(self.look(asked)),
            Some(plan) if plan == self.digest() => self.write(asked),
            Some(_) => Err(self.read.packing.stale().into()),
        }
    }

    fn look(self, asked: &Asked<'_>) -> Reply {
        let (old, new) = (&self.read.written.text, &self.text);
        let difference = lines(old, new);
        let unified: Vec<String> = difference.unified.lines().map(text).collect();
        let added = counted(difference.added as u64, "line");
        let body = html! {
            (self.notices)
            @if old == new {
                (notice(Tone::Plain, "Nothing to change", &html! { p { "The manifest says so already." } }))
                p .actions { a .button href=(self.back.1.path()) { "Back to " (text(&self.back.0)) } }
            } @else {
                h2 { "What changes in " code { (text(&self.read.written.path)) } }
                p { (added) " added, " (difference.removed) " removed. Comments and everything else stay as they are." }
                pre tabindex="0" { (unified.join("\n")) }
                @if asked.may_change() {
                    form .panel method="post" action=(self.route.path()) autocomplete="off" {
                        input type="hidden" name="token" value=(asked.token);
                        input type="hidden" name="plan" value=(self.digest());
                        input type="hidden" name="base" value=(self.base);
                        @for name in &self.ticked { input type="hidden" name=(name) value="on"; }
                        p .actions {
                            button type="submit" { "Save the manifest" }
                            a href=(self.back.1.path()) { "Cancel" }
                        }
                    }
                }
            }
        };
        sight(self.question, body, vec![self.back]).reply(Some(asked.console))
    }

    fn write(self, asked: &Asked<'_>) -> Result<Reply, Instead> {
        self.read.packing.save(&self.read.written, &self.text)?;
        let path = &self.read.written.path;
        asked
            .console
            .host
            .tell(&format!("{} was written\n", text(path)));
        let body = html! {
            p { code { (text(path)) } " was written." }
            p { a href=(self.back.1.path()) { "Back to " (text(&self.back.0)) } }
        };
        Ok(asked.done(Done {
            title: "The manifest is saved".to_owned(),
            body: body.into_string(),
            tone: Tone::Good,
            section: Section::Package,
            above: vec![("Package".to_owned(), Route::Package), self.back],
            command: format!("recipack manifest edit {}", self.read.option()),
        }))
    }
}
