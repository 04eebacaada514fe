//! `recipack explain`: what a finding's code means.

use std::fmt::Write as _;

use super::super::args::ExplainArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::ui::Format;
use super::super::{Context, Stop};
use crate::model::finding::{Code, Latitude};
use crate::ops::report::{CodeDocument, ExplainDocument, ExplainListDocument};

pub(crate) fn run(context: &Context, args: &ExplainArgs) -> Result<Exit, Stop> {
    match &args.code {
        Some(text) => one(context, text),
        None => all(context),
    }
}

fn one(context: &Context, text: &str) -> Result<Exit, Stop> {
    // As it is copied from a terminal: `warning[raw-id]:`.
    let inside = text.split_once('[').map_or(text, |(_, inside)| inside);
    let inside = inside.split_once(']').map_or(inside, |(inside, _)| inside);
    let code: Code = inside
        .parse()
        .map_err(|error: crate::model::finding::UnknownCode| {
            Failure::usage(error.to_string()).help(error.help())
        })?;
    match context.ui.format {
        Format::Json => context.ui.document(&ExplainDocument {
            code: CodeDocument::from(code),
            page: code.page().to_owned(),
        })?,
        Format::Text => context.ui.result(&format!(
            "{}[{code}]: {}\n\n{}\n## How much it matters\n\n{}\n",
            code.severity(),
            code.meaning(),
            code.page(),
            setting(code)
        ))?,
    }
    Ok(Exit::Done)
}

/// What a manifest may say about it.
fn setting(code: Code) -> String {
    let free = format!(
        "`[checks]` in `recipack.toml` may say otherwise: `{code} = \"error\"`, `\"warning\"`, `\"note\"` or `\"off\"`. A single finding is allowed with `[[allow]]`, by the fingerprint that `--json` tells."
    );
    match code.latitude() {
        Latitude::Free => format!("It is of level {}. {free}", code.severity()),
        Latitude::Asked => format!("It is off. {free}"),
        Latitude::Guard => {
            "It is always an error: a package could not work, or would not be what was asked for."
                .to_owned()
        }
        Latitude::Workspace => format!(
            "It is of level {}, and told of workspaces, about which a manifest has no say.",
            code.severity()
        ),
    }
}

fn all(context: &Context) -> Result<Exit, Stop> {
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| (code.severity(), code.as_str()));
    match context.ui.format {
        Format::Json => context.ui.document(&ExplainListDocument {
            codes: codes.into_iter().map(CodeDocument::from).collect(),
        })?,
        Format::Text => {
            let width = codes.iter().map(|code| code.as_str().len()).max();
            let width = width.unwrap_or_default();
            let mut text = String::new();
            for code in codes {
                let severity = code.severity().to_string();
                let _ = writeln!(
                    text,
                    "{:<width$}  {severity:<7}  {}",
                    code.as_str(),
                    code.meaning()
                );
            }
            context.ui.result(&text)?;
        }
    }
    Ok(Exit::Done)
}
