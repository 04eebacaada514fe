//! `recipack explain`: what a code in brackets means, a finding's or that of an error that ends a command.

use std::fmt::Write as _;

use super::super::args::ExplainArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::refusal::Refusal;
use super::super::{Context, Stop};
use crate::model::finding::{Code, Latitude, Severity, UnknownCode};
use crate::model::keyword::nearest;
use crate::ops::export::documents::{CodeDocument, ExplainDocument, ExplainListDocument};

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
    let code: Code = match (inside.parse(), Refusal::of(inside)) {
        (Ok(code), _) => code,
        (Err(_), Some(refusal)) => return ending(context, &refusal),
        (Err(error), None) => {
            let UnknownCode { text } = &error;
            let refusals = Refusal::all();
            let codes = Code::ALL.iter().map(|code| code.as_str());
            let near = nearest(text, codes.chain(refusals.iter().map(|one| one.code)));
            let all = "`recipack explain` lists all codes";
            let help = match near {
                Some(code) => format!("did you mean `{code}`? {all}"),
                None => all.to_owned(),
            };
            return Err(Failure::usage(error.to_string()).help(help).into());
        }
    };
    context.ui.print(
        &ExplainDocument {
            code: CodeDocument::from(code),
            page: code.page().to_owned(),
        },
        |document| {
            format!(
                "{}[{code}]: {}\n\n{}\n## How much it matters\n\n{}\n",
                code.severity(),
                code.meaning(),
                document.page,
                setting(code)
            )
        },
    )?;
    Ok(Exit::Done)
}

/// Explains an error that ends a command.
fn ending(context: &Context, refusal: &Refusal) -> Result<Exit, Stop> {
    context.ui.print(
        &ExplainDocument {
            code: refusal.into(),
            page: refusal.page(),
        },
        |document| {
            let mut ends = String::new();
            for exit in refusal.exits {
                let _ = writeln!(ends, "- {}: {}", exit.code(), exit.meaning());
            }
            let (code, meaning) = (refusal.code, refusal.meaning);
            let page = &document.page;
            format!("error[{code}]: {meaning}\n\n{page}\n## Exit code\n\n{ends}")
        },
    )?;
    Ok(Exit::Done)
}

impl From<&Refusal> for CodeDocument {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.to_owned(),
            severity: Severity::Error,
            latitude: None,
            exit_codes: refusal.exits.iter().map(|exit| exit.code()).collect(),
            meaning: refusal.meaning.to_owned(),
        }
    }
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
    let refusals = Refusal::all();
    context.ui.print(
        &ExplainListDocument {
            codes: codes.iter().copied().map(CodeDocument::from).collect(),
            errors: refusals.iter().map(CodeDocument::from).collect(),
        },
        |_| {
            let lengths = codes.iter().map(|code| code.as_str().len());
            let width = lengths.chain(refusals.iter().map(|one| one.code.len()));
            let width = width.max().unwrap_or_default();
            let mut text = String::new();
            for code in &codes {
                let severity = code.severity().to_string();
                let _ = writeln!(
                    text,
                    "{:<width$}  {severity:<7}  {}",
                    code.as_str(),
                    code.meaning()
                );
            }
            text.push_str("\nErrors that end a command:\n");
            for Refusal { code, meaning, .. } in refusals {
                let _ = writeln!(text, "{code:<width$}  {meaning}");
            }
            text
        },
    )?;
    Ok(Exit::Done)
}
