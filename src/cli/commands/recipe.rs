//! `recipack recipe`: the recipes of a workspace.

use super::super::args::{RecipeChangeArgs, RecipeCommand, RecipeListArgs};
use super::super::exit::Exit;
use super::super::table::{Align, Table};
use super::super::{Context, Stop};
use crate::cli::workspace_command::{Asked, Subject};
use crate::model::workspace::{FolderPath, ReadDepth, RecipeState};
use crate::ops::workspace::inspect::{RecipeFilter, RecipeLine, recipes};
use crate::ops::workspace::operate::{Effect, RecipeChangeDocument, Which, set_recipes};
use crate::workspace::Places;

pub(crate) fn run(context: &Context, command: &RecipeCommand) -> Result<Exit, Stop> {
    match command {
        RecipeCommand::List(args) => list(context, args),
        RecipeCommand::Start(args) => change(context, args, RecipeState::Running),
        RecipeCommand::Stop(args) => change(context, args, RecipeState::Stopped),
    }
}

fn list(context: &Context, args: &RecipeListArgs) -> Result<Exit, Stop> {
    let asked = Asked {
        within: &args.within,
        subject: Subject::Recipe,
        verb: "list",
    };
    let filter = RecipeFilter {
        folder: args.folder.clone(),
        state: match (args.running, args.stopped) {
            (true, _) => Some(RecipeState::Running),
            (false, true) => Some(RecipeState::Stopped),
            (false, false) => None,
        },
    };
    let document = recipes(asked.open(context)?.as_ref(), &args.within.address, &filter)
        .map_err(|error| asked.inspect(error))?;
    context.ui.print(&document, |document| {
        if document.recipes.is_empty() {
            context.ui.talk("no recipes\n");
        }
        lines(&document.recipes, "")
    })?;
    Ok(Exit::Done)
}

/// Recipes in lines.
pub(super) fn lines(recipes: &[RecipeLine], indent: &str) -> String {
    let mut table =
        Table::new([Align::Right, Align::Left, Align::Left]).headed(["ID", "STATE", "RECIPE"]);
    for recipe in recipes {
        table.row([
            &recipe.id.to_string(),
            recipe.state.as_str(),
            &recipe.folder.label(&recipe.name),
        ]);
    }
    table.text(indent)
}

fn change(context: &Context, args: &RecipeChangeArgs, state: RecipeState) -> Result<Exit, Stop> {
    let asked = Asked {
        within: &args.within,
        subject: Subject::Recipe,
        verb: match state {
            RecipeState::Running => "start",
            RecipeState::Stopped => "stop",
        },
    };
    let which = if args.all {
        Which::All
    } else {
        Which::Named(args.recipes.clone())
    };
    let mut workspace = match (state, which.places()) {
        (RecipeState::Stopped, Places::Unasked) => asked.open_to_stop(context)?,
        (RecipeState::Stopped | RecipeState::Running, _) => asked.open(context)?,
    };
    // Lists tell what a recipe needs, and when it was changed.
    workspace.read_as(ReadDepth::Slim);
    let document = set_recipes(workspace.as_mut(), &args.within.address, &which, state)
        .map_err(|error| asked.operate(error))?;
    context.did(text(&document));
    context.ui.print(&document, |document| {
        if document.recipes.is_empty() {
            context.ui.talk("no recipes\n");
        }
        text(document)
    })?;
    Ok(Exit::Done)
}

fn text(document: &RecipeChangeDocument) -> String {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    for recipe in &document.recipes {
        let done = match (document.state, recipe.effect) {
            (RecipeState::Running, Effect::Changed) => "started",
            (RecipeState::Running, Effect::Unchanged) => "was running",
            (RecipeState::Stopped, Effect::Changed) => "stopped",
            (RecipeState::Stopped, Effect::Unchanged) => "was stopped",
        };
        table.row([
            done,
            &recipe.id.to_string(),
            &match &recipe.folder {
                Some(folder) => folder.label(&recipe.name),
                None => FolderPath::home().label(&recipe.name),
            },
        ]);
    }
    table.text("")
}
