//! The command line: arguments to requests, outcomes to words and exit codes. Only this module
//! reads the environment, and only its `ui` writes to the terminal.

mod args;
mod brought;
mod budget;
mod cache;
mod checkout;
mod colour;
mod commands;
mod completing;
mod connect;
mod credentials;
mod diagnostics;
mod exit;
mod failure;
mod limits_file;
mod lockfile;
mod mask;
mod output;
mod permits;
mod platform;
mod refusal;
mod registry;
mod reports;
mod request;
pub(crate) mod settings;
mod several;
mod signals;
mod signing;
mod spreadsheet;
mod table;
mod ui;
mod workspace_command;

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;

pub use exit::Exit;

use args::{Cli, Command, Global, ManifestCommand, advised, exits};
use colour::ColourWanted;
use failure::{Failure, FailureDocument};
use permits::Permits;
use signals::Signals;
use ui::{Format, Ui, Volume};

use crate::model::count::counted;
use crate::ops::{Interrupt, Running};

/// What commands get: how to talk and how to work.
pub(crate) struct Context {
    pub(crate) ui: Ui,
    pub(crate) running: Running,
    /// Where requests are counted together with those of other machines, if they are.
    pub(crate) permits: OnceLock<Arc<Permits>>,
    /// How many questions were sent to the platform.
    pub(crate) requests: Arc<AtomicUsize>,
    /// What was done already, whatever fails from here on.
    done: Mutex<Vec<String>>,
}

impl Context {
    /// The same for work that others tell of: it says nothing, makes the documents of `--json`, and
    /// remembers nothing of what was done before.
    #[cfg(feature = "console")]
    pub(crate) fn silent(&self) -> Self {
        let mut ui = self.ui.clone();
        (ui.format, ui.volume) = (ui::Format::Json, Volume::Quiet);
        Self { ui, ..self.again() }
    }

    /// The same for work that goes on beside it, which remembers nothing of what was done before.
    #[cfg(feature = "console")]
    pub(crate) fn again(&self) -> Self {
        Self {
            ui: self.ui.clone(),
            running: self.running.clone(),
            permits: OnceLock::new(),
            requests: Arc::clone(&self.requests),
            done: Mutex::default(),
        }
    }

    /// Keeps in mind what was done, a thing a line, for a failure to tell.
    pub(crate) fn did(&self, what: impl AsRef<str>) {
        let lines = what.as_ref().lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty()).map(str::to_owned);
        if let Ok(mut done) = self.done.lock() {
            done.extend(lines);
        }
    }

    fn done(&self) -> Vec<String> {
        self.done
            .lock()
            .map(|done| done.clone())
            .unwrap_or_default()
    }
}

/// What went wrong in a command.
pub(crate) enum Stop {
    /// It failed.
    Failure(Failure),
    /// Its result could not be written.
    Output(io::Error),
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Runs the command that the process was started with, or completes what is being typed.
pub fn run() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(completing::command).complete();
    ExitCode::from(exit_of_process().code())
}

fn exit_of_process() -> Exit {
    // What is a secret is one in arguments, too.
    for name in credentials::SECRETS {
        if let Ok(secret) = std::env::var(name) {
            mask::learn(&secret);
        }
    }
    let said = ColourWanted::said(std::env::args_os());
    let parsed = args::command()
        .color(ui::of_arguments(said))
        .try_get_matches()
        .and_then(|matches| Ok((path_of(&matches), Cli::from_arg_matches(&matches)?)))
        .map_err(advised);
    let (path, cli) = match parsed {
        Ok(parsed) => parsed,
        Err(error) if error.kind() == ErrorKind::DisplayVersion => return version(said),
        Err(error) => {
            if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
                return usage_document(&error);
            }
            if error.use_stderr() {
                ui::usage(&error);
                return Exit::Usage;
            }
            // A terminal that is gone is no reason to fail.
            let _ = error.print();
            return Exit::Done;
        }
    };
    let Global {
        directory,
        json,
        quiet,
        verbose,
        color,
        threads,
    } = cli.global;
    let volume = match (quiet, verbose) {
        (true, _) => Volume::Quiet,
        (false, true) => Volume::Verbose,
        (false, false) => Volume::Normal,
    };
    let ui = Ui::new(
        if json { Format::Json } else { Format::Text },
        volume,
        color,
    );
    let interrupt = Interrupt::default();
    let signals = Signals::taken(&interrupt);
    let threads = threads
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    let context = Context {
        ui,
        running: Running { threads, interrupt },
        permits: OnceLock::new(),
        requests: Arc::default(),
        done: Mutex::default(),
    };
    let entered = match directory {
        Some(directory) => std::env::set_current_dir(&directory).map_err(|error| {
            Stop::Failure(Failure::usage(format!(
                "can't work in {}: {error}",
                directory.display()
            )))
        }),
        None => Ok(()),
    };
    let started = Instant::now();
    let outcome = entered.and_then(|()| dispatch(&context, cli.command));
    if let Ok(Exit::Done) = outcome {
        context.ui.took(started.elapsed());
    }
    let requests = context.requests.load(Ordering::Relaxed);
    if requests > 0 && context.ui.volume == Volume::Verbose {
        let requests = counted(requests as u64, "request");
        context
            .ui
            .talk(&format!("{requests} to the platform's API\n"));
    }
    let exit = match outcome {
        Ok(exit) => exit,
        Err(Stop::Output(error)) => {
            let error = anyhow::Error::new(error).context("can't print the result");
            let failure = Failure::told_by("output", &error).after(&context.done());
            context.ui.failure(&failure.told);
            failure.exit
        }
        Err(Stop::Failure(mut failure)) => {
            if failure.exit == Exit::Interrupted && signals.last_was_to_terminate() {
                failure.exit = Exit::Terminated;
            }
            let failure = failure.after(&context.done());
            if context.ui.format == Format::Json {
                let document = FailureDocument {
                    exit_code: failure.exit.code(),
                    errors: failure.told,
                };
                if context.ui.document(&document).is_err() {
                    context.ui.failure(&document.errors);
                }
            } else {
                context.ui.failure(&failure.told);
            }
            failure.exit
        }
    };
    debug_assert!(
        exits(&path).is_some_and(|exits| exits.contains(&exit)),
        "the help of `{path}` does not list exit code {}",
        exit.code()
    );
    exit
}

/// The words of the command that is called: `workspace create`.
fn path_of(matches: &clap::ArgMatches) -> String {
    let mut words = Vec::new();
    let mut at = matches;
    while let Some((word, below)) = at.subcommand() {
        words.push(word);
        at = below;
    }
    words.join(" ")
}

/// Tells of arguments that can't be parsed as any other failure is told with `--json`.
fn usage_document(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    let (message, more) = text.split_once('\n').unwrap_or((&text, ""));
    let failure = Failure::usage(message.trim_start_matches("error: ")).help(more.trim());
    let document = FailureDocument {
        exit_code: failure.exit.code(),
        errors: failure.told,
    };
    let ui = Ui::new(Format::Json, Volume::Normal, ColourWanted::Never);
    let _ = ui.document(&document);
    failure.exit
}

/// The version, with what else is asked for: `--version` ends the parsing of options beside it.
fn version(said: ColourWanted) -> Exit {
    let is_said = |options: &[&str]| {
        std::env::args_os().any(|argument| options.iter().any(|option| argument == *option))
    };
    let format = match is_said(&["--json"]) {
        true => Format::Json,
        false => Format::Text,
    };
    let volume = match is_said(&["--verbose", "-v", "-vV", "-Vv"]) {
        true => Volume::Verbose,
        false => Volume::Normal,
    };
    match commands::version::print(&Ui::new(format, volume, said)) {
        Ok(exit) => exit,
        Err(_) => Exit::Failed,
    }
}

fn dispatch(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Check(args) => commands::check::run(context, &args),
        Command::Lock(args) => commands::lock::run(context, &args),
        Command::Export(args) => commands::export::run(context, &args),
        Command::Show(args) => commands::show::run(context, &args),
        Command::Why(args) => commands::why::run(context, &args),
        Command::Verify(args) => commands::verify::run(context, &args),
        Command::Sign(args) => commands::sign::run(context, &args),
        Command::Attest(args) => commands::provenance::attest(context, &args),
        Command::Sbom(args) => commands::provenance::sbom(context, &args),
        Command::Init(args) => commands::init::run(context, &args),
        Command::Manifest(ManifestCommand::Add(args)) => {
            commands::manifest_add::add(context, &args)
        }
        Command::Manifest(ManifestCommand::Remove(args)) => {
            commands::manifest_add::remove(context, &args)
        }
        Command::Manifest(ManifestCommand::Edit(args)) => {
            commands::manifest_edit::run(context, &args)
        }
        Command::Manifest(ManifestCommand::List(args)) => commands::manifest::list(context, &args),
        Command::Graph(args) => commands::graph::run(context, &args),
        Command::Diff(args) => commands::diff::run(context, &args),
        Command::Report(args) => commands::report::run(context, &args),
        Command::Push(args) => commands::push::run(context, &args),
        Command::Pull(args) => commands::pull::run(context, &args),
        Command::Attach(args) => commands::attach::run(context, &args),
        Command::Discover(args) => commands::discover::discover(context, &args),
        Command::Tags(args) => commands::discover::tags(context, &args),
        Command::Plan(args) => commands::import::plan(context, &args),
        Command::Import(args) => commands::import::import(context, &args),
        Command::Status(args) => commands::status::run(context, &args),
        Command::History(args) => commands::history::run(context, &args),
        Command::Rollback(args) => commands::rollback::run(context, &args),
        Command::Promote(args) => commands::promote::run(context, &args),
        Command::Fleet(command) => commands::fleet::run(context, &command),
        Command::Migrate(command) => commands::migrate::run(context, &command),
        Command::Rollout(command) => commands::rollout::run(context, &command),
        Command::Workspace(command) => commands::workspace::run(context, &command),
        Command::Recipe(command) => commands::recipe::run(context, &command),
        Command::Connection(command) => commands::connection::run(context, &command),
        Command::Connector(command) => commands::connector::run(context, &command),
        Command::Matrix(args) => commands::matrix::run(context, &args),
        Command::Customer(command) => commands::customer::run(context, &command),
        Command::Settings(command) => commands::settings::run(context, &command),
        Command::Catalog(command) => commands::catalog::run(context, &command),
        Command::Sandbox(args) => commands::sandbox::run(context, &args),
        Command::Console(args) => commands::console::run(context, &args),
        Command::Resume(args) => commands::resume::run(context, &args),
        Command::Doctor(args) => commands::doctor::run(context, &args),
        Command::Explain(args) => commands::explain::run(context, &args),
        Command::Schema(args) => commands::schema::run(context, &args),
        Command::Man(args) => commands::man::run(context, &args),
        Command::Completions(args) => commands::completions::run(context, &args),
        Command::Help(args) => commands::help::run(context, &args),
        Command::Version => Ok(commands::version::print(&context.ui)?),
    }
}
