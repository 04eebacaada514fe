//! `recipack check`: what export would say.

use std::fmt::Write as _;

use super::super::args::{CheckArgs, PackArgs};
use super::super::exit::Exit;
use super::super::reports::{Reporter, around};
use super::super::request::{TargetNeed, resolve};
use super::super::several::{Answer, each, members, told};
use super::super::ui::visible;
use super::super::{Context, Stop};
use super::export::{document, exit_of, ignored_by, summary_of_plan, tell};
use crate::ops::export::documents::ExportDocument;

pub(crate) fn run(context: &Context, args: &CheckArgs) -> Result<Exit, Stop> {
    around(context, &args.report, "check", |reporter| {
        let Some(members) = members(context, &args.pack, &args.several)? else {
            return work(context, &args.pack, reporter)?.print(context);
        };
        Reporter::of_one_project(&args.report)?;
        each(context, &members, |member| {
            let pack = member.pack_args(&args.pack);
            work(context, &pack, &mut Reporter::unheard())
        })
    })
}

fn work(
    context: &Context,
    args: &PackArgs,
    reporter: &mut Reporter,
) -> Result<Answer<ExportDocument>, Stop> {
    let resolved = resolve(context, args, TargetNeed::Optional)?;
    let mut prepared = resolved.prepare(context)?;
    if let (None, None, None, Some(file)) = (&args.to, args.kind, &args.catalog, &resolved.manifest)
    {
        prepared.check_targets(file.manifest());
    }
    prepared.check_size(
        &std::env::temp_dir(),
        resolved.limit,
        &context.running,
        &mut context.ui.observer(),
    )?;
    let located = resolved.with_manifest(|manifest| prepared.located(manifest));
    tell(reporter, &resolved, &prepared, &located);
    context.ui.findings(&located);
    let target = &resolved.request.destination;
    let to = match (&target.name, args.kind) {
        (Some(name), _) => format!("`{name}`, {}", target.kind),
        (None, Some(kind)) => kind.to_string(),
        (None, None) => format!("{}, as no target is given", target.kind),
    };
    let mut text = format!(
        "{}: {} files for {to}: {}\n",
        visible(&prepared.opened.source.path.display().to_string()),
        prepared.plan().entries.len(),
        summary_of_plan(&prepared),
    );
    for ignored in &prepared.opened.source.ignored {
        let _ = writeln!(text, "  ignored: {}", ignored_by(ignored));
    }
    Ok(Answer {
        exit: exit_of(prepared.plan()),
        document: told(context, || document(&resolved, &prepared, located, None)),
        text,
    })
}
