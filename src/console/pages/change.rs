//! Changing what is shared: what it means is shown first, and is confirmed by its digest.

use hyper::StatusCode;
use maud::{Markup, html};

use super::words::{paged, source, state};
use super::{Asked, Instead, above, unclear};
use crate::connector_source::compare::Verdict;
use crate::console::About;
use crate::console::fields::Fields;
use crate::console::frame::{Section, Sight};
use crate::console::reply::Reply;
use crate::console::route::{Route, Verb};
use crate::console::session::Done;
use crate::model::catalogue::Visibility;
use crate::model::count::counted;
use crate::model::ident::{Digest, Version};
use crate::model::workspace::{Address, ClosedSource, Sharing};
use crate::ops::workspace::catalog;
use crate::ops::workspace::catalog::{
    CatalogChangeDocument, CatalogError, CatalogShowDocument, Moves, Outcome, PlannedChange,
    Removals, SharingGrants, SharingRefusal,
};
use crate::plan::decision::shell_word;
use crate::plan::sharing::consequences::{Affected, AffectedRecipe, Consequence, Missed};
use crate::plan::sharing::{StepAction, Wish};
use crate::report::html::{Column, Tone, badge, count, facts, notice, tally, text};
use crate::workspace::{AdminWorkspace, WorkspaceError};

const COLUMNS: [Column; 5] = [
    Column::words("Recipe"),
    Column::words("Customer"),
    Column::words("State"),
    Column::words("Version"),
    Column::words("Would miss"),
];

/// What a change is about.
struct Subject<'a> {
    address: &'a Address,
    name: &'a str,
    verb: Verb,
}

impl Subject<'_> {
    const fn about(&self) -> About<'_> {
        About {
            address: self.address,
            verb: self.verb.word(),
            named: Some(self.name),
        }
    }

    fn route(&self) -> Route {
        Route::Change(self.address.clone(), self.name.to_owned(), self.verb)
    }

    fn sight(&self, title: String, of: &str, body: Markup) -> Sight {
        let mut sight = Sight::new(title, body);
        sight.section = Section::Workspace(self.address.clone());
        sight.above = above(self.address, of, self.name);
        sight
    }
}

/// Somebody who confirmed without what has to be there.
#[derive(Clone, Copy, Debug)]
enum Again<'a> {
    /// Nobody did yet.
    No,
    /// The title is another one.
    Title(&'a str),
    /// The box is not ticked.
    Moves,
}

pub(super) fn page(
    asked: &Asked<'_>,
    address: &Address,
    name: &str,
    verb: Verb,
) -> Result<Reply, Instead> {
    let subject = Subject {
        address,
        name,
        verb,
    };
    let fields = asked.form.as_ref().unwrap_or(&asked.query);
    let Some(wish) = wish(verb, fields)? else {
        return dialog(asked, &subject);
    };
    let mut admin = asked.open(address, "console")?;
    let planned = planned(asked, &subject, admin.as_ref(), wish)?;
    match &asked.form {
        None => look(asked, &subject, wish, &planned, Again::No),
        Some(form) => confirm(asked, &subject, wish, &planned, admin.as_mut(), form),
    }
}

/// What is asked for, once all of it is.
fn wish(verb: Verb, fields: &Fields) -> Result<Option<Wish>, Instead> {
    let version = fields
        .number("version")
        .map_err(|()| unclear("The version is no number."))?;
    let version = version.map(Version);
    Ok(match verb {
        Verb::Update => Some(Wish::Update),
        Verb::Remove => Some(Wish::Remove),
        Verb::Switch => version.map(Wish::Switch),
        Verb::Share => match fields.get("source") {
            None => None,
            Some("open") => Some(Wish::Share {
                version,
                visibility: Visibility::Open,
            }),
            Some("closed") => Some(Wish::Share {
                version,
                visibility: Visibility::Closed,
            }),
            Some(_) => return Err(unclear("The source is neither open nor closed.")),
        },
    })
}

fn planned(
    asked: &Asked<'_>,
    subject: &Subject<'_>,
    admin: &dyn AdminWorkspace,
    wish: Wish,
) -> Result<PlannedChange, Instead> {
    let one = catalog::Asked::One {
        named: subject.name,
        wish,
    };
    catalog::plan(admin, subject.address, one, asked.console.host.now())
        .map_err(|error| asked.catalog(subject.about(), error))
}

/// What stands for a plan: whoever confirms it confirms what it says, and nothing else.
fn digest(document: &CatalogChangeDocument) -> Result<String, Instead> {
    let json = serde_json::to_vec(document);
    let json = json.map_err(|_| super::turned_away(StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok(Digest::of(&json).to_string())
}

/// Asks what is to be shared.
fn dialog(asked: &Asked<'_>, subject: &Subject<'_>) -> Result<Reply, Instead> {
    let document = asked.shown(subject.address, subject.name)?;
    let title = document.connector.title.to_string();
    let (heading, what) = match subject.verb {
        Verb::Share => (
            format!("Share {title}"),
            "The next page says what it means for customers. Nothing is shared yet.",
        ),
        Verb::Switch | Verb::Update | Verb::Remove => (
            format!("Switch the version of {title}"),
            "Customers can run any released version, an older one too. The next page says what it means for them.",
        ),
    };
    let body = html! {
        p .lead { (what) }
        @if document.connector.released.is_empty() {
            (notice(Tone::Bad, "No version is released", &html! {
                p { "Only a released version can be shared: "
                    code { "recipack connector release " (text(&shell_word(&title))) " " (text(&asked.console.host.options(subject.address))) } }
            }))
        } @else {
            form .panel method="get" action=(subject.route().path()) {
                (version_choice(&document))
                @match subject.verb {
                    Verb::Share => { (source_choice(&document)) }
                    Verb::Switch | Verb::Update | Verb::Remove => {}
                }
                p .actions {
                    button type="submit" { "Look at what it means" }
                    a href=(Route::Connector(subject.address.clone(), subject.name.to_owned()).path()) { "Cancel" }
                }
            }
        }
    };
    let sight = subject.sight(heading, &title, body);
    Ok(sight.reply(Some(asked.console)))
}

fn version_choice(document: &CatalogShowDocument) -> Markup {
    let line = &document.connector;
    let shared = line.shared.version();
    let newest = line.released.last().copied();
    html! {
        label .above for="version" { "Version" }
        select #version name="version" {
            @for version in line.released.iter().rev().filter(|version| Some(**version) != shared) {
                option value=(version.0) {
                    (version) @if Some(*version) == newest { " – the newest released one" }
                }
            }
        }
        @if let Some(shared) = shared { p .faint { "Customers run " (shared) "." } }
    }
}

fn source_choice(document: &CatalogShowDocument) -> Markup {
    let may_close = match document.closed_source {
        Some(ClosedSource::Allowed) => true,
        Some(ClosedSource::NotAllowed) | None => false,
    };
    html! {
        fieldset {
            legend { "Source" }
            label {
                input type="radio" name="source" value="open" checked;
                "Open source"
                small { "Customers may see the source. It reaches customers in every data center." }
            }
            label {
                input type="radio" name="source" value="closed" disabled[!may_close];
                "Closed source"
                small {
                    @match document.closed_source {
                        Some(ClosedSource::Allowed) => {
                            "The source stays here. It reaches customers in the data center " (text(document.data_center.as_str())) " only."
                        }
                        Some(ClosedSource::NotAllowed) => {
                            "This admin workspace may not; on the platform, Customer Success enables it."
                        }
                        None => { "The platform's API has nothing for it: use the platform's own pages." }
                    }
                }
            }
        }
    }
}

/// Shows a plan, with what is needed to go on.
fn look(
    asked: &Asked<'_>,
    subject: &Subject<'_>,
    wish: Wish,
    planned: &PlannedChange,
    again: Again<'_>,
) -> Result<Reply, Instead> {
    let document = planned.document();
    let Some(consequence) = document.consequences.first() else {
        return Err(unclear("Nothing was asked for."));
    };
    let title = consequence.step.title.to_string();
    let nothing = SharingGrants {
        moves: Moves::NotGranted,
        removals: Removals::None,
    };
    let refusal = planned.approve(nothing).err();
    let digest = digest(document)?;
    let command = command(asked, subject, wish, &title);
    let body = html! {
        @match again {
            Again::No => {}
            Again::Title(said) => {
                (notice(Tone::Bad, "Nothing was changed: that is another title", &html! {
                    p { "What was typed is \u{201c}" (text(said)) "\u{201d}. The connector is " bdi { "\u{201c}" (text(&title)) "\u{201d}" } "." }
                }))
            }
            Again::Moves => {
                (notice(Tone::Bad, "Nothing was changed: the box is not ticked", &html! {
                    p { "Recipes that run would run another version." }
                }))
            }
        }
        (summary(consequence))
        (warnings(asked, subject, consequence, refusal.as_ref()))
        @if planned.is_empty() {
            (notice(Tone::Plain, "Nothing to change", &html! { p { "It is shared like that already." } }))
        } @else if !asked.may_change() {
            p .faint { "This console only shows: it was started with " code { "--read-only" } "." }
        } @else if refusal.as_ref().is_none_or(|refusal| refusal.in_use.is_empty()) {
            (confirmation(asked, subject, wish, consequence, refusal.as_ref(), &digest))
        }
        (blast_radius(asked, consequence)?)
    };
    let heading = heading(consequence, subject.verb);
    let mut sight = subject.sight(heading, &title, body);
    sight.command = Some(format!("{command} --plan"));
    if !matches!(again, Again::No) {
        sight.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(sight.reply(Some(asked.console)))
}

fn heading(consequence: &Consequence, verb: Verb) -> String {
    let title = &consequence.step.title;
    match (verb, consequence.step.after) {
        (Verb::Share, Some(after)) => format!("Share {} of {title} with customers?", after.version),
        (Verb::Update, Some(after)) => format!("Update {title} to {}?", after.version),
        (Verb::Switch, Some(after)) => format!("Switch {title} to {}?", after.version),
        (Verb::Share | Verb::Update | Verb::Switch | Verb::Remove, _) => {
            format!("Share {title} no longer?")
        }
    }
}

fn how(sharing: Option<Sharing>) -> String {
    sharing.map_or_else(
        || "not shared".to_owned(),
        |sharing| format!("{}, {}", sharing.version, source(sharing.visibility)),
    )
}

fn summary(consequence: &Consequence) -> Markup {
    let step = &consequence.step;
    let recipes: usize = consequence
        .customers
        .iter()
        .map(|affected| affected.recipes.len())
        .sum();
    let code = match (
        consequence.interface.verdict,
        &consequence.interface.unknown,
    ) {
        (Some(Verdict::Compatible), _) => badge(Tone::Good, "compatible"),
        (Some(Verdict::CantTell), _) => badge(Tone::Warning, "can't tell"),
        (Some(Verdict::Breaking), _) => badge(Tone::Bad, "breaking"),
        (None, Some(_)) => badge(Tone::Warning, "not known"),
        (None, None) => html! {},
    };
    let mut told = vec![
        ("Now", html! { (how(step.before)) }),
        ("Then", html! { (how(step.after)) }),
        (
            "Reaches",
            html! { (counted(consequence.reaches as u64, "customer")) },
        ),
        (
            "Used by",
            html! { (counted(recipes as u64, "recipe")) " of " (counted(consequence.customers.len() as u64, "customer")) },
        ),
    ];
    if consequence.interface.verdict.is_some() || consequence.interface.unknown.is_some() {
        told.push(("Both versions compared", code));
    }
    facts(&told)
}

/// What has to be seen before anybody goes on.
fn warnings(
    asked: &Asked<'_>,
    subject: &Subject<'_>,
    consequence: &Consequence,
    refusal: Option<&SharingRefusal>,
) -> Markup {
    let in_use = consequence.in_use();
    let losing: usize = in_use.iter().map(|using| using.recipes.len()).sum();
    let breaking = consequence.interface.verdict == Some(Verdict::Breaking);
    html! {
        @if losing > 0 {
            @let what = if consequence.step.after.is_none() { "It can't be removed" } else { "It can't be closed" };
            (notice(Tone::Bad, &format!("{what}: recipes that run use it"), &html! {
                p { (counted(losing as u64, "running recipe")) " of " (counted(in_use.len() as u64, "customer")) " would lose it. Stop them first." }
                p .actions {
                    a .button.small href={ (Route::Connector(subject.address.clone(), subject.name.to_owned()).path()) "?state=running#recipes" } {
                        "Show the running recipes"
                    }
                }
            }))
        }
        @if consequence.step.action == StepAction::Remove && losing == 0 {
            (notice(Tone::Warning, "It can't be undone", &html! {
                p { "Recipes that use a removed connector stop." }
            }))
        }
        @if breaking {
            (notice(Tone::Bad, "The version is not compatible", &html! {
                p { "Something that recipes can use was removed or changed. The table says which recipes use it." }
            }))
        }
        @if let Some(unknown) = &consequence.interface.unknown {
            (notice(Tone::Warning, "It can't be told what recipes would miss", &html! { p { (text(unknown)) } }))
        }
        @if let Some(moves) = refusal.map(|refusal| refusal.moves).filter(|moves| *moves > 0 && losing == 0) {
            @if !asked.may_change() {
                p { (counted(moves as u64, "running recipe")) " would run another version from then on." }
            }
        }
    }
}

/// What is sent to have it done.
fn confirmation(
    asked: &Asked<'_>,
    subject: &Subject<'_>,
    wish: Wish,
    consequence: &Consequence,
    refusal: Option<&SharingRefusal>,
    digest: &str,
) -> Markup {
    let title = consequence.step.title.as_str();
    let moves = refusal.map_or(0, |refusal| refusal.moves);
    let is_removal = refusal.is_some_and(|refusal| !refusal.removals.is_empty());
    let button = match subject.verb {
        Verb::Share => "Share it",
        Verb::Update => "Update it",
        Verb::Switch => "Switch it",
        Verb::Remove => "Remove it",
    };
    html! {
        form .panel method="post" action=(subject.route().path()) autocomplete="off" {
            input type="hidden" name="token" value=(asked.token);
            input type="hidden" name="plan" value=(digest);
            @match wish {
                Wish::Share { version, visibility } => {
                    @if let Some(version) = version { input type="hidden" name="version" value=(version.0); }
                    input type="hidden" name="source" value=(visibility.as_str());
                }
                Wish::Switch(version) => { input type="hidden" name="version" value=(version.0); }
                Wish::Update | Wish::Remove => {}
            }
            @if moves > 0 {
                label {
                    input type="checkbox" name="moves" value="yes" required;
                    (counted(moves as u64, "running recipe")) " may run another version from then on"
                }
            }
            @if is_removal {
                label .above for="title" { "Type the title to remove the connector" }
                p #title-hint .faint { "The title is " bdi { strong { (text(title)) } } "." }
                input #title type="text" name="title" required autocomplete="off" spellcheck="false" aria-describedby="title-hint";
            }
            p .actions {
                button type="submit" class=[is_removal.then_some("danger")] { (button) }
                a href=(Route::Connector(subject.address.clone(), subject.name.to_owned()).path()) { "Cancel" }
            }
        }
    }
}

/// Whom it concerns: customers and their recipes, and what they would miss.
fn blast_radius(asked: &Asked<'_>, consequence: &Consequence) -> Result<Markup, Instead> {
    let all: Vec<(&Affected, &AffectedRecipe)> = consequence
        .customers
        .iter()
        .flat_map(|affected| {
            affected
                .recipes
                .iter()
                .map(move |recipe| (affected, recipe))
        })
        .collect();
    if all.is_empty() {
        return Ok(html! { p { "No recipe of a customer uses it." } });
    }
    let number = asked.page_number()?;
    let (rows, links) = paged(asked, number, &all);
    let rows: Vec<Vec<Markup>> = rows
        .iter()
        .map(|(affected, recipe)| row(affected, recipe))
        .collect();
    Ok(html! {
        h2 { "Recipes that it concerns" }
        (tally(&format!("{} of {}", counted(all.len() as u64, "recipe"), counted(consequence.customers.len() as u64, "customer")), &COLUMNS, &rows))
        (links)
    })
}

fn row(affected: &Affected, recipe: &AffectedRecipe) -> Vec<Markup> {
    let version = |version: Option<Version>| {
        version.map_or_else(|| "none".to_owned(), |version| version.to_string())
    };
    let versions = match affected.before == affected.after {
        true => format!("{}, as before", version(affected.after)),
        false => format!("{} → {}", version(affected.before), version(affected.after)),
    };
    vec![
        html! { bdi { (text(&recipe.folder.label(&recipe.name))) } span .id { "number " (recipe.id) } },
        html! { (text(&affected.customer.to_string())) },
        state(recipe.state),
        html! { (versions) },
        html! {
            @if recipe.misses.is_empty() {
                @if affected.after.is_some() { "nothing known" } @else { "all of it" }
            } @else {
                ul { @for missed in &recipe.misses { li { (miss(missed)) } } }
            }
        },
    ]
}

fn miss(missed: &Missed) -> Markup {
    let (tone, sure) = match missed.verdict {
        Verdict::Breaking => (Tone::Bad, "breaks"),
        Verdict::CantTell | Verdict::Compatible => (Tone::Warning, "may break"),
    };
    let steps: Vec<String> = missed.steps.iter().map(u32::to_string).collect();
    html! {
        (badge(tone, sure)) " "
        (missed.kind) " " code { (text(&missed.name)) }
        @if steps.len() == 1 { ", step " } @else { ", steps " } (steps.join(", ")) ": "
        (text(&missed.because.join("; ")))
    }
}

/// Carries a plan out, if it is the one that was looked at.
fn confirm(
    asked: &Asked<'_>,
    subject: &Subject<'_>,
    wish: Wish,
    planned: &PlannedChange,
    admin: &mut dyn AdminWorkspace,
    form: &Fields,
) -> Result<Reply, Instead> {
    let host = &asked.console.host;
    if form.get("plan") != Some(digest(planned.document())?.as_str()) {
        return Err(host.stale(subject.about()).into());
    }
    let title = form.get("title");
    let granted = SharingGrants {
        moves: match form.get("moves") {
            Some("yes") => Moves::Granted,
            Some(_) | None => Moves::NotGranted,
        },
        removals: title.map_or(Removals::None, Removals::Of),
    };
    let approved = match planned.approve(granted) {
        Ok(approved) => approved,
        Err(refusal) if !refusal.in_use.is_empty() => {
            return Err(host.refused(subject.about(), &refusal).into());
        }
        Err(refusal) if !refusal.removals.is_empty() => {
            let again = Again::Title(title.unwrap_or_default());
            return look(asked, subject, wish, planned, again);
        }
        Err(_) => return look(asked, subject, wish, planned, Again::Moves),
    };
    let document = match approved.carry_out(admin) {
        Ok(document) => document,
        Err(WorkspaceError::Stale { .. }) => return Err(host.stale(subject.about()).into()),
        Err(error) => return Err(asked.catalog(subject.about(), CatalogError::Workspace(error))),
    };
    let Some(consequence) = document.consequences.first() else {
        return Err(unclear("Nothing was asked for."));
    };
    let step = &consequence.step;
    let heading = match (document.outcome, step.after) {
        (Outcome::Planned | Outcome::Unchanged, _) => format!("{}: nothing to change", step.title),
        (Outcome::Changed, Some(after)) => {
            format!("Customers run {} of {}", after.version, step.title)
        }
        (Outcome::Changed, None) => format!("{} is shared no longer", step.title),
    };
    let moved: usize = consequence
        .moves()
        .iter()
        .map(|using| using.recipes.len())
        .sum();
    let body = html! {
        p { "Before: " (how(step.before)) ". Now: " (how(step.after)) "." }
        @if step.after.is_some() { p { "It reaches " (counted(consequence.reaches as u64, "customer")) "." } }
        @if moved > 0 { p { (count(moved)) " running recipes run another version." } }
    };
    host.tell(&format!(
        "{}: {} {} was confirmed\n",
        subject.address,
        subject.verb.word(),
        step.title
    ));
    let done = Done {
        title: heading,
        body: body.into_string(),
        tone: Tone::Good,
        section: Section::Workspace(subject.address.clone()),
        above: above(
            subject.address,
            step.title.as_str(),
            step.internal_name.as_str(),
        ),
        command: command(asked, subject, wish, step.title.as_str()),
    };
    Ok(asked.done(done))
}

/// The command that does the same.
fn command(asked: &Asked<'_>, subject: &Subject<'_>, wish: Wish, title: &str) -> String {
    let options = asked.console.host.options(subject.address);
    let what = match wish {
        Wish::Share {
            version,
            visibility,
        } => {
            let version =
                version.map_or_else(String::new, |version| format!(" --version {}", version.0));
            let closed = match visibility {
                Visibility::Closed => " --closed-source",
                Visibility::Open | Visibility::Unknown => "",
            };
            format!("{version}{closed}")
        }
        Wish::Switch(version) => format!(" {}", version.0),
        Wish::Update | Wish::Remove => String::new(),
    };
    format!(
        "recipack catalog {} {}{what} {options}",
        subject.verb.word(),
        shell_word(title)
    )
}
