//! `recipack settings`: what targets need beside a package.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::args::{SettingsCheckArgs, SettingsCommand, SettingsInitArgs, SettingsShowArgs};
use crate::cli::brought::{self, Along};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Content, OutputPath};
use crate::cli::request::read_whole;
use crate::cli::settings::{Outside, files, invalid};
use crate::cli::ui::visible;
use crate::cli::{Context, Stop};
use crate::model::count::counted;
use crate::ops::import::needs::needs;
use crate::ops::read::Roots;
use crate::plan::import::tables::{RowsMisfit, fit};
use crate::settings::needs::Needs;
use crate::settings::{
    ConnectionWish, FilledTable, Resolved, Said, Section, SettingsError, SettingsFile, TableWish,
    Value, Whom,
};

/// What `settings init` says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SettingsInitDocument {
    /// What the package needs.
    pub(crate) needs: Needs,
    /// The file, with marks to fill in.
    pub(crate) text: String,
    /// Where it was written; absent if it was not.
    pub(crate) written: Option<String>,
}

/// What `settings check` says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SettingsCheckDocument {
    /// The files that nothing is wrong with.
    pub(crate) files: Vec<CheckedSettings>,
}

/// A file of settings that nothing is wrong with.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CheckedSettings {
    /// The file.
    pub(crate) file: String,
    /// How many marks are to be filled in. Where one holds, an import is refused.
    pub(crate) marks: usize,
}

/// What `settings show` says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SettingsShowDocument {
    /// What holds.
    pub(crate) settings: Vec<ShownSetting>,
}

/// A setting, and where it is said.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ShownSetting {
    /// What it is about.
    pub(crate) subject: String,
    /// What is said; of a secret, where it stands.
    pub(crate) value: String,
    /// The file.
    pub(crate) file: String,
    /// The line.
    pub(crate) line: usize,
    /// For whom it is said.
    pub(crate) section: String,
}

pub(crate) fn run(context: &Context, command: &SettingsCommand) -> Result<Exit, Stop> {
    match command {
        SettingsCommand::Init(args) => init(context, args),
        SettingsCommand::Check(args) => check(context, args),
        SettingsCommand::Show(args) => show(context, args),
    }
}

fn init(context: &Context, args: &SettingsInitArgs) -> Result<Exit, Stop> {
    let output = match &args.output {
        Some(output) => Some(OutputPath::check(
            output,
            Content::Manifest,
            (&args.force).into(),
            &[args.package.as_path()],
        )?),
        None => None,
    };
    let package = brought::fetched(context, None, &args.package, Along::Record)?;
    let opened = read_whole(context, package.path(), Roots::Asserted)?;
    let needs = needs(&opened).map_err(Failure::from)?;
    let text = needs.template(&opened.source.name);
    if let Some(output) = &output {
        output.write(text.as_bytes())?;
        context.did(format!("{} was written", output.path().display()));
    }
    let document = SettingsInitDocument {
        needs,
        text,
        written: output.map(|output| output.path().display().to_string()),
    };
    context
        .ui
        .print(&document, |document| match &document.written {
            None => document.text.clone(),
            Some(written) => format!(
                "{}: {}, {} and {} to say\n",
                visible(written),
                counted(document.needs.connections.len() as u64, "connection"),
                match document.needs.properties.len() {
                    1 => "1 property".to_owned(),
                    many => format!("{many} properties"),
                },
                counted(document.needs.recipes.len() as u64, "recipe"),
            ),
        })?;
    Ok(Exit::Done)
}

fn check(context: &Context, args: &SettingsCheckArgs) -> Result<Exit, Stop> {
    let files = some_files(&args.settings)?;
    let package = brought::fetched(context, None, &args.package, Along::Record)?;
    let opened = read_whole(context, package.path(), Roots::Asserted)?;
    let needs = needs(&opened).map_err(Failure::from)?;
    let unmatched = files.iter().flat_map(|file| needs.unmatched(file));
    let mut wrong: Vec<_> = unmatched.collect();
    for (_, section) in files.iter().flat_map(|file| &file.sections) {
        wrong.extend(wrong_rows(&needs, section));
    }
    if !wrong.is_empty() {
        return Err(invalid(&wrong).into());
    }
    let document = SettingsCheckDocument {
        files: files
            .into_iter()
            .map(|file| CheckedSettings {
                marks: file.marks(),
                file: file.path,
            })
            .collect(),
    };
    context.ui.print(&document, |document| {
        let files = document.files.iter();
        let told = files.map(|checked| {
            let file = visible(&checked.file);
            match checked.marks {
                0 => format!("{file}: nothing is wrong\n"),
                marks => format!(
                    "{file}: nothing is wrong, and {} to fill in\n",
                    counted(marks as u64, "mark")
                ),
            }
        });
        told.collect()
    })?;
    Ok(Exit::Done)
}

/// What is wrong with the rows that a section gives tables of the package.
fn wrong_rows(needs: &Needs, section: &Section) -> Vec<SettingsError> {
    let mut wrong = Vec::new();
    for (name, said) in &section.tables {
        let (Some(table), TableWish::Rows { .. }) = (needs.table(name), &said.value) else {
            continue;
        };
        let rows = match FilledTable::of(name, said, &Outside) {
            Ok(filled) => filled.rows,
            Err(errors) => {
                wrong.extend(errors);
                continue;
            }
        };
        let Some(rows) = rows else { continue };
        let misfits = match table.shape() {
            Some(shape) => fit(&shape, &rows).err().unwrap_or_default(),
            None => vec![RowsMisfit::DataTable],
        };
        wrong.extend(misfits.iter().map(|misfit| {
            let (message, help) = misfit.words(name, &rows);
            SettingsError {
                file: said.at.file.clone(),
                line: said.at.line,
                column: 1,
                message,
                help: Some(help),
            }
        }));
    }
    wrong
}

fn some_files(named: &[std::path::PathBuf]) -> Result<Vec<SettingsFile>, Failure> {
    let files = files(named)?;
    match files.is_empty() {
        false => Ok(files),
        true => Err(Failure::usage("there are no settings")
            .help("name them with --settings FILE; recipack settings init PACKAGE.zip -o FILE writes some")),
    }
}

fn show(context: &Context, args: &SettingsShowArgs) -> Result<Exit, Stop> {
    let files = some_files(&args.settings)?;
    let whom = Whom {
        targets: vec![args.of.clone()],
        labels: args.label.clone(),
        customer: None,
        names: vec![args.of.clone()],
    };
    let resolved = Resolved::of(&files, &whom).map_err(|errors| invalid(&errors))?;
    let mut settings = Vec::new();
    for (name, said) in &resolved.properties {
        settings.push(shown(name.to_string(), value(&said.value), said));
    }
    for (name, said) in &resolved.connections {
        let told = match &said.value {
            ConnectionWish::Person => "a person authorizes it".to_owned(),
            ConnectionWish::Use(used) => format!("the workspace's own is used: {used}"),
            ConnectionWish::Unfilled(mark) => format!("not filled in: {mark}"),
            ConnectionWish::Fields(fields) => {
                let fields = fields.iter();
                let fields: Vec<_> = fields
                    .map(|(name, it)| format!("{name} = {}", value(it)))
                    .collect();
                fields.join(", ")
            }
        };
        settings.push(shown(format!("connection \"{name}\""), told, said));
    }
    for (name, said) in &resolved.tables {
        let told = match &said.value {
            TableWish::Package(policy) => format!("the package's rows: {policy}"),
            TableWish::Rows { file, existing } => {
                format!("rows of {file}; those that are there: {existing}")
            }
            TableWish::Unfilled(mark) => format!("not filled in: {mark}"),
        };
        settings.push(shown(format!("table \"{name}\""), told, said));
    }
    for (name, said) in &resolved.recipes {
        settings.push(shown(
            format!("recipe \"{name}\""),
            said.value.to_string(),
            said,
        ));
    }
    for (name, said) in &resolved.endpoints {
        settings.push(shown(
            format!("API endpoint \"{name}\""),
            said.value.to_string(),
            said,
        ));
    }
    for (name, said) in &resolved.edits {
        settings.push(shown(
            format!("edits of \"{name}\""),
            said.value.to_string(),
            said,
        ));
    }
    if let Some(said) = &resolved.folder {
        settings.push(shown("folder".to_owned(), said.value.to_string(), said));
    }
    if let Some(said) = &resolved.tags {
        settings.push(shown("tags".to_owned(), said.value.clone(), said));
    }
    let document = SettingsShowDocument { settings };
    context.ui.print(&document, |document| {
        let mut text = String::new();
        for one in &document.settings {
            let _ = writeln!(
                text,
                "{}: {}\n  {}:{} [{}]",
                visible(&one.subject),
                visible(&one.value),
                visible(&one.file),
                one.line,
                visible(&one.section)
            );
        }
        text
    })?;
    Ok(Exit::Done)
}

fn shown<T>(subject: String, value: String, said: &Said<T>) -> ShownSetting {
    ShownSetting {
        subject,
        value,
        file: said.at.file.clone(),
        line: said.at.line,
        section: said.at.scope.to_string(),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("\"{text}\""),
        Value::Env(name) => format!("secret of {name}"),
        Value::File(path) => format!("secret of {path}"),
        Value::Unfilled(mark) => format!("not filled in: {mark}"),
    }
}
