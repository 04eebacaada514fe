//! `recipack manifest edit`: a person ticks what the package takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use inquire::MultiSelect;
use inquire::error::InquireError;
use inquire::ui::RenderConfig;

use super::super::args::{ManifestEditArgs, PlatformArgs};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::request::{
    ManifestFile, Resolved, TargetNeed, manifest_path, read_whole, resolve,
};
use super::super::ui::{Review, visible};
use super::super::{Context, Stop};
use super::lock::pack_args;
use super::manifest::{cant_be_ticked, write};
use crate::manifest::{EditError, Manifest, ManifestEdit};
use crate::model::count::counted;
use crate::model::graph::Graph;
use crate::model::ident::{ConnectorTitle, TargetName};
use crate::ops::export::prepare;
use crate::ops::read::{Opened, Roots};
use crate::plan::decision::ConnectorDecision;
use crate::plan::export::picking::{Row, Step, Tick, by_rule, connector_rows, picked, rows};
use crate::plan::rule::Ruling;

/// How many rows are shown at once.
const PAGE: usize = 12;
const KEYS: &str = "type to search, space ticks, → all, ← none, enter goes on, esc gives up";

pub(crate) fn run(context: &Context, args: &ManifestEditArgs) -> Result<Exit, Stop> {
    if !context.ui.has_person() {
        return Err(Failure::usage("`manifest edit` needs a terminal")
            .help(
                "these do the same without one:\n\
                 recipack manifest list\n\
                 recipack manifest add recipe NAME\n\
                 recipack manifest remove recipe NAME\n\
                 recipack manifest add connector TITLE=include --target TARGET\n\
                 recipack manifest remove connector TITLE --target TARGET",
            )
            .into());
    }
    let path = manifest_path(context, args.manifest.as_deref())?;
    let file = ManifestFile::read(&path)?;
    let Some(request) = file.request() else {
        return Err(cant_be_ticked().into());
    };
    let opened = read_whole(context, &request.project, Roots::One)?;
    let shown = path.display().to_string();
    let text = file.text().1.to_owned();
    let mut ticked = Ticked::default();
    loop {
        let mut edit = ManifestEdit::parse(&text)
            .map_err(|errors| Failure::manifest(&shown, &text, &errors))?;
        assets(context, &file, &opened, &mut ticked, &mut edit)?;
        let manifest = Manifest::parse(edit.text())
            .map_err(|errors| Failure::manifest(&shown, edit.text(), &errors))?;
        for name in manifest.targets.keys() {
            let target = Picking {
                file: &file,
                manifest: &manifest,
                name,
                platform: &args.platform,
            };
            connectors(context, &target, &mut ticked, &mut edit)?;
        }
        if edit.done().is_empty() {
            context.ui.talk("nothing is changed\n");
            return Ok(Exit::Done);
        }
        let changes: String = edit
            .done()
            .iter()
            .map(|done| {
                format!(
                    "  {} {} in {}\n",
                    done.outcome,
                    visible(&done.entry),
                    done.key
                )
            })
            .collect();
        let question = format!("{changes}Write this to {}?", visible(&shown));
        match context.ui.review(&question, &context.running.interrupt)? {
            Review::Meant => return write(context, &path, &text, edit),
            Review::Again => {}
            Review::No => return Err(gave_up().into()),
        }
    }
}

/// What was ticked before somebody went back.
#[derive(Default)]
struct Ticked {
    /// The assets, once there was a choice.
    assets: Option<BTreeSet<usize>>,
    /// The connectors of each target for which there was one.
    connectors: BTreeMap<TargetName, BTreeSet<ConnectorTitle>>,
}

/// A target whose connectors are picked.
struct Picking<'a> {
    file: &'a ManifestFile,
    /// The manifest with the assets that were picked.
    manifest: &'a Manifest,
    name: &'a TargetName,
    platform: &'a PlatformArgs,
}

fn gave_up() -> Failure {
    Failure::new(Exit::Refused, "declined", "nothing was written")
}

/// A line that can be ticked.
struct Line(String);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets a person tick lines; says which ones are ticked in the end.
fn tick(
    context: &Context,
    question: &str,
    lines: Vec<(String, Tick)>,
) -> Result<BTreeSet<usize>, Failure> {
    let ticked: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, (_, tick))| *tick == Tick::Ticked)
        .map(|(index, _)| index)
        .collect();
    let options = lines.into_iter().map(|(line, _)| Line(line)).collect();
    let render = match context.ui.is_coloured() {
        true => RenderConfig::default_colored(),
        false => RenderConfig::empty(),
    };
    let asked = MultiSelect::new(question, options)
        .with_default(&ticked)
        .with_page_size(PAGE)
        .with_help_message(KEYS)
        .with_render_config(render)
        .with_formatter(&|ticked| format!("{} ticked", ticked.len()))
        .raw_prompt();
    if context.running.interrupt.is_set() {
        return Err(crate::ops::Interrupted.into());
    }
    match asked {
        Ok(options) => Ok(options.into_iter().map(|option| option.index).collect()),
        Err(InquireError::OperationInterrupted) => Err(crate::ops::Interrupted.into()),
        Err(InquireError::OperationCanceled) => Err(gave_up()),
        // The end of input is no yes.
        Err(
            InquireError::IO(_)
            | InquireError::NotTTY
            | InquireError::InvalidConfiguration(_)
            | InquireError::Custom(_),
        ) => Err(gave_up()),
    }
}

/// What the package takes.
fn assets(
    context: &Context,
    file: &ManifestFile,
    opened: &Opened,
    before: &mut Ticked,
    edit: &mut ManifestEdit,
) -> Result<(), Failure> {
    let project = &opened.project;
    let graph = Graph::of(project);
    let selection = &file.manifest().select;
    let rows = rows(project, &graph, selection);
    let lines = rows
        .iter()
        .map(|row| {
            let again = before.assets.as_ref();
            let tick = again.map_or(row.tick, |ticked| Tick::of(ticked.contains(&row.asset)));
            (asset_line(opened, row), tick)
        })
        .collect();
    let ticked = tick(context, "What does the package take?", lines)?;
    if ticked.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "nothing-selected",
            "nothing is ticked, so there would be no package",
        )
        .help("tick what the package is about; nothing was written"));
    }
    let ticked: BTreeSet<usize> = ticked.into_iter().map(|index| rows[index].asset).collect();
    before.assets = Some(ticked.clone());
    let along = graph.closure(ticked.iter().copied(), |_| true);
    let along = along.into_iter().filter(|(_, edge)| edge.is_some());
    let along: Vec<String> = along
        .map(|(index, _)| format!("  {}\n", visible(project.assets[index].path.as_str())))
        .collect();
    if !along.is_empty() {
        context.ui.talk(&format!(
            "{} {} along:\n{}",
            counted(along.len() as u64, "asset"),
            if along.len() == 1 { "comes" } else { "come" },
            along.concat()
        ));
    }
    let picked = picked(project, &graph, selection, &rows, &ticked);
    for step in &picked.steps {
        apply(edit, step)?;
    }
    for (path, why) in &picked.kept {
        context.ui.talk(&format!(
            "note: {} stays out because of {}, which is edited by hand\n",
            visible(path.as_str()),
            visible(why)
        ));
    }
    Ok(())
}

/// An asset, and what it brings: `Return label (recipe) in Orders, with Parcel Tracker, 2 connections`.
fn asset_line(opened: &Opened, row: &Row) -> String {
    let asset = &opened.project.assets[row.asset];
    let folder = match asset.path.folder() {
        "" => String::new(),
        folder => format!(" in {folder}"),
    };
    let brings = row.brings();
    let brings = match brings.is_empty() {
        true => String::new(),
        false => format!(", with {}", brings.join(", ")),
    };
    let line = format!("{} ({}){folder}{brings}", asset.name(), asset.kind.word());
    visible(&line)
}

fn apply(edit: &mut ManifestEdit, step: &Step) -> Result<(), Failure> {
    let done = match step {
        Step::Add(change) => edit.add(change),
        Step::Remove(removal) => edit.remove(removal),
    };
    done.map(drop)
        .map_err(|error: EditError| super::manifest::refused(&error))
}

/// Which connectors a target's package brings.
fn connectors(
    context: &Context,
    picking: &Picking<'_>,
    before: &mut Ticked,
    edit: &mut ManifestEdit,
) -> Result<(), Failure> {
    let Picking { manifest, name, .. } = *picking;
    let Some(target) = manifest.targets.get(name) else {
        return Ok(());
    };
    let target = &target.value;
    let decisions = match decisions(context, picking) {
        Ok(decisions) => decisions,
        Err(failure) => {
            context.ui.failure(&failure.told);
            context.ui.talk(&format!(
                "note: the connectors of `{name}` can't be ticked before that is right\n"
            ));
            return Ok(());
        }
    };
    let again = before.connectors.remove(name);
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for (row, decision) in connector_rows(manifest, target, &decisions) {
        let why = by_rule(decision, target.kind);
        let line = format!("{}: {why}", decision.connector);
        let tick = again
            .as_ref()
            .map_or(row.tick(), |ticked| Tick::of(ticked.contains(&row.title)));
        lines.push((visible(&line), tick));
        rows.push((row, decision));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let question = format!("Which connectors does the package for {name} bring?");
    let ticked = tick(context, &question, lines)?;
    let titles = ticked.iter().map(|index| rows[*index].0.title.clone());
    before.connectors.insert(name.clone(), titles.collect());
    for (index, (row, decision)) in rows.iter().enumerate() {
        let now = Tick::of(ticked.contains(&index));
        if now == Tick::Ticked && decision.rule == Ruling::SharedLeftOut {
            context.ui.talk(&format!(
                "warning: \"{}\" becomes a second connector of {name}'s own, beside the shared one\n",
                visible(&decision.connector)
            ));
        }
        if let Some(step) = row.step(name, now) {
            apply(edit, &step)?;
        }
    }
    Ok(())
}

/// What the rule alone says of the connectors that a target would get by the new selection.
fn decisions(context: &Context, picking: &Picking<'_>) -> Result<Vec<ConnectorDecision>, Failure> {
    let Picking {
        file,
        manifest,
        name,
        platform,
    } = *picking;
    let pack = pack_args(file.path(), name, platform);
    let Resolved { mut request, .. } = resolve(context, &pack, TargetNeed::Required)?;
    request.selection = manifest.select.clone();
    request.words.clear();
    let prepared = prepare(&request, None, &context.running, &mut context.ui.observer())?;
    Ok(prepared.plan().connectors.clone())
}
