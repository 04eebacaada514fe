//! What an import would do, and having it done.

use maud::{Markup, html};

use crate::console::fields::Fields;
use crate::console::frame::{Section, Sight};
use crate::console::pages::permits::{boxes, granted};
use crate::console::pages::words::recipes;
use crate::console::pages::{Asked, Instead, unclear};
use crate::console::reply::Reply;
use crate::console::route::Route;
use crate::console::session::Done;
use crate::console::{ImportWish, PlannedImport};
use crate::model::ident::Digest;
use crate::ops::approval::ImportRefusal;
use crate::ops::import::ImportDocument;
use crate::plan::decision::shell_word;
use crate::plan::import::document::{Needed, Permission};
use crate::plan::import::edits::EditsPolicy;
use crate::plan::import::target::OtherTarget;
use crate::report::html::leaf::of_plan;
use crate::report::html::{Tone, facts, findings, notice, text};

pub(in crate::console::pages) fn page(asked: &Asked<'_>) -> Result<Reply, Instead> {
    let wish = wish(asked, asked.form.as_ref().unwrap_or(&asked.query))?;
    match &asked.form {
        None => look(
            asked,
            &wish,
            &asked.console.host.importing().planned(&wish)?,
        ),
        Some(form) => confirm(asked, wish, form),
    }
}

fn wish(asked: &Asked<'_>, fields: &Fields) -> Result<ImportWish, Instead> {
    let package = fields.get("package").unwrap_or_default().to_owned();
    let packages = asked.console.host.importing().packages()?;
    if !packages.contains(&package) {
        return Err(unclear(
            "There is no such package in the folder that the console was started in.",
        ));
    }
    let into = fields.get("into").unwrap_or_default().trim().parse();
    let into = into.map_err(|_| {
        unclear("That is no workspace's address. They look like local:NAME, customer:NUMBER or https://HOST.")
    })?;
    let folder = fields.get("folder").map(str::trim);
    let folder = folder.map(str::parse).transpose();
    Ok(ImportWish {
        package,
        into,
        folder: folder.map_err(|_| unclear("That can't be a folder's name."))?,
        settings: fields.get("settings").map(str::to_owned),
        edits: match fields.get("edits") {
            None | Some("hold") => EditsPolicy::Hold,
            Some("keep") => EditsPolicy::Keep,
            Some("merge") => EditsPolicy::Merge,
            Some(_) => return Err(unclear("Edits are held, kept or merged.")),
        },
        other_target: match fields.get("other-target") {
            None => OtherTarget::Refused,
            Some(_) => OtherTarget::Permitted,
        },
    })
}

/// The fields that say it again.
fn fields(wish: &ImportWish) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("package", wish.package.clone()),
        ("into", wish.into.to_string()),
        ("edits", wish.edits.as_str().to_owned()),
    ];
    if let Some(folder) = &wish.folder {
        fields.push(("folder", folder.to_string()));
    }
    if let Some(settings) = &wish.settings {
        fields.push(("settings", settings.clone()));
    }
    match wish.other_target {
        OtherTarget::Refused => {}
        OtherTarget::Permitted => fields.push(("other-target", "yes".to_owned())),
    }
    fields
}

/// The page of a wish.
fn path(route: &Route, fields: &[(&str, String)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    format!("{}?{}", route.path(), query.finish())
}

/// The command that does the same, after its verb.
fn options(wish: &ImportWish) -> String {
    let mut options = format!(
        "{} --into {}",
        shell_word(&wish.package),
        shell_word(&wish.into.to_string())
    );
    if let Some(folder) = &wish.folder {
        options.push_str(&format!(" --folder {}", shell_word(folder.as_str())));
    }
    if let Some(settings) = &wish.settings {
        options.push_str(&format!(" --settings {}", shell_word(settings)));
    }
    if wish.edits != EditsPolicy::Hold {
        options.push_str(&format!(" --edits {}", wish.edits));
    }
    if wish.other_target == OtherTarget::Permitted {
        options.push_str(" --other-target");
    }
    options
}

/// What an import needs to be permitted.
fn needs(refusal: Option<&ImportRefusal>) -> &[Needed] {
    match refusal {
        Some(ImportRefusal::NotPermitted(needed)) => needed,
        Some(ImportRefusal::Incomplete(_) | ImportRefusal::Blocked(_)) | None => &[],
    }
}

fn look(asked: &Asked<'_>, wish: &ImportWish, planned: &PlannedImport) -> Result<Reply, Instead> {
    let document = &planned.document;
    let again = fields(wish);
    let back = path(&Route::Import, &again);
    let is_blocked = match &planned.refusal {
        Some(ImportRefusal::Incomplete(_) | ImportRefusal::Blocked(_)) => true,
        Some(ImportRefusal::NotPermitted(_)) | None => false,
    };
    let needs = needs(planned.refusal.as_ref());
    let is_other = needs
        .iter()
        .any(|needed| needed.permission == Permission::OtherTarget);
    let body = html! {
        @if is_blocked {
            (notice(Tone::Bad, "It can't be imported as it is", &html! { p { "What is wrong is below, with what to do." } }))
        } @else if is_other {
            (other_target(&again, needs))
        } @else if document.plan.is_empty() {
            (notice(Tone::Plain, "Nothing to import", &html! { p { "The workspace is as the package has it already." } }))
        } @else if !asked.may_change() {
            p .faint { "This console only shows: it was started with " code { "--read-only" } "." }
        } @else {
            (confirmation(asked, wish, &again, needs, document.seal))
        }
        (of_plan(&document.plan))
        @if !document.findings.is_empty() {
            h2 { "Findings" }
            (findings(&document.findings))
        }
        p .actions { a .button href=(back) { "Choose something else" } }
    };
    let title = format!("Import {} into {}?", wish.package, wish.into);
    let mut sight = Sight::new(title, body);
    sight.section = Section::Import;
    sight.above = vec![("Import".to_owned(), Route::Import)];
    sight.command = Some(format!("recipack plan {}", options(wish)));
    Ok(sight.reply(Some(asked.console)))
}

/// A package for somebody else.
fn other_target(again: &[(&str, String)], needs: &[Needed]) -> Markup {
    let mut other = again.to_vec();
    other.push(("other-target", "yes".to_owned()));
    notice(
        Tone::Bad,
        "The package is for another target",
        &html! {
            ul { @for needed in needs { li { (text(&needed.because)) } } }
            p .actions { a .button.small href=(path(&Route::ImportPlan, &other)) { "Look at it all the same" } }
        },
    )
}

/// What is sent to have it done: each permission is a box of its own.
fn confirmation(
    asked: &Asked<'_>,
    wish: &ImportWish,
    again: &[(&str, String)],
    needs: &[Needed],
    seal: Option<Digest>,
) -> Markup {
    let (mut kept, mut merged) = (wish.clone(), wish.clone());
    kept.edits = EditsPolicy::Keep;
    merged.edits = EditsPolicy::Merge;
    html! {
        form .panel method="post" action=(Route::ImportPlan.path()) autocomplete="off" {
            input type="hidden" name="token" value=(asked.token);
            @if let Some(seal) = seal { input type="hidden" name="plan" value=(seal); }
            @for (name, value) in again { input type="hidden" name=(name) value=(value); }
            (boxes(needs))
            @if needs.iter().any(|needed| needed.permission == Permission::OverwriteEdits) {
                p { "Or " a href=(path(&Route::ImportPlan, &fields(&kept))) { "leave what was changed there as it is" } ", or " a href=(path(&Route::ImportPlan, &fields(&merged))) { "merge it" } " with the package's." }
            }
            p .actions {
                button type="submit" { "Import it" }
                a href=(path(&Route::Import, again)) { "Cancel" }
            }
        }
    }
}

fn confirm(asked: &Asked<'_>, wish: ImportWish, form: &Fields) -> Result<Reply, Instead> {
    let plan = form
        .get("plan")
        .and_then(|plan| plan.parse::<Digest>().ok());
    let plan = plan.ok_or_else(|| unclear("The form names no plan. Look at it again."))?;
    let granted = granted(form);
    let mut command = format!("recipack import {}", options(&wish));
    for permission in &granted {
        command.push_str(&format!(" --{permission}"));
    }
    let title = format!("Importing {} into {}", wish.package, wish.into);
    Ok(asked.work(title, Section::Import, move |console| {
        let importing = console.host.importing();
        let document = importing.carry_out(&wish, plan, &granted);
        Some(document.map(|document| {
            console
                .host
                .tell(&format!("{}: an import was confirmed\n", wish.into));
            done(&wish, &document, command)
        }))
    }))
}

/// What was done, as read back.
fn done(wish: &ImportWish, document: &ImportDocument, command: String) -> Done {
    let is_as_planned = document.astray.is_empty();
    let (title, tone) = match (document.receipt.revision, is_as_planned) {
        (Some(revision), true) => (
            format!("Imported into {} as revision {revision}", wish.into),
            Tone::Good,
        ),
        (Some(revision), false) => (
            format!("Imported as revision {revision}, but not everything is as planned"),
            Tone::Bad,
        ),
        (None, true) => (
            format!("{} is as the package has it", wish.into),
            Tone::Good,
        ),
        (None, false) => (format!("{} is not as planned", wish.into), Tone::Bad),
    };
    let body = html! {
        @if is_as_planned {
            p { "Read back: everything is as planned." }
        } @else {
            ul { @for astray in &document.astray { li { (text(astray)) } } }
        }
        (facts(&[
            ("Package", html! { code { (text(&wish.package)) } }),
            ("What happened", html! { (text(&document.plan.plan.summary_line())) }),
        ]))
        (recipes(&document.receipt.recipes))
        @if !document.plan.plan.afterwards.is_empty() {
            p { "To be done by a person:" }
            ul { @for one in document.plan.plan.afterwards.iter().take(100) { li { (text(&one.wording())) } } }
        }
        p { a href=(Route::History(wish.into.clone()).path()) { "All imports of " (text(&wish.into.to_string())) ", and the way back" } }
    };
    Done {
        title,
        tone,
        body: body.into_string(),
        section: Section::Import,
        above: vec![("Import".to_owned(), Route::Import)],
        command,
    }
}
