//! The only place that writes to the terminal: results to stdout, talk and progress to stderr.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::colour::{Colour, ColourWanted, Medium, signed};
use super::diagnostics;
use super::mask::masked;
use super::output::OutputPath;
use crate::io::system::{stdout_is_stderr, styles_terminals};
use crate::model::path::is_unseen;
pub(crate) use crate::model::visible::{visible, visible_lines};
use crate::ops::diagnostics::Diagnostic;
use crate::ops::{Interrupt, Interrupted, Observer, Stage};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Volume {
    /// Errors only.
    Quiet,
    /// Errors and warnings; notes are counted.
    Normal,
    /// Everything.
    Verbose,
}

/// What a person said to a question that yes or no answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes, in so many words.
    Yes,
    /// Anything else: another word, an empty line, the end of the input.
    No,
    /// There is nobody to ask.
    Nobody,
}

/// What a person said to a choice that can still be made otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Review {
    /// It is meant.
    Meant,
    /// It is to be made again.
    Again,
    /// Neither, or nobody is there.
    No,
}

/// What results look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text for people.
    Text,
    /// One JSON document.
    Json,
}

/// The terminal, or what stands in for it.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    /// What results look like.
    pub(crate) format: Format,
    /// How much is said.
    pub(crate) volume: Volume,
    /// What stderr gets.
    colour: Colour,
    /// What stdout gets.
    results: Colour,
    progress: ProgressWanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProgressWanted {
    Bar,
    /// Lines, from then on.
    Lines(Duration),
    Nothing,
}

impl Ui {
    /// A terminal as the environment and `--color` have it; bars only on a terminal.
    pub(crate) fn new(format: Format, volume: Volume, wanted: ColourWanted) -> Self {
        let terminal = io::stderr().is_terminal();
        let colour = |terminal: bool| {
            let medium = match terminal && styles_terminals() {
                true => Medium::Terminal,
                false => Medium::File,
            };
            let variable =
                |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
            wanted.on(medium, &variable)
        };
        let progress = match (volume, format, terminal) {
            (Volume::Quiet, _, _) | (_, Format::Json, false) => ProgressWanted::Nothing,
            (_, _, true) => ProgressWanted::Bar,
            (Volume::Verbose, Format::Text, false) => ProgressWanted::Lines(PATIENCE),
            (Volume::Normal, Format::Text, false) => ProgressWanted::Lines(BETWEEN),
        };
        Self {
            format,
            volume,
            colour: colour(terminal),
            results: colour(io::stdout().is_terminal()),
            progress,
        }
    }

    /// A result, to stdout. Whoever closes the pipe has read enough: that ends the output, and says
    /// nothing about the work.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn result(&self, text: &str) -> io::Result<()> {
        print(&masked(text))
    }

    /// A result that is a secret, for whoever asked for one, to stdout.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn secret(&self, text: &str) -> io::Result<()> {
        print(text)
    }

    /// A result that goes to stdout, or to stderr if something else has stdout.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn result_beside(&self, output: &OutputPath, text: &str) -> io::Result<()> {
        match output.is_stdout() {
            true => self.talk(text),
            false => self.result(text)?,
        }
        Ok(())
    }

    /// What is told of a document that was written to `output`: to programs, unless that has stdout, where
    /// two documents would be none; or to people.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn print_beside<D: Serialize>(
        &self,
        output: &OutputPath,
        document: &D,
        text: impl FnOnce(&D) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Json if output.is_stdout() => Ok(()),
            Format::Json => self.document(document),
            Format::Text => self.result_beside(output, &text(document)),
        }
    }

    /// A plan or a comparison, to stdout, with its lines in the colours of their signs.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn changes(&self, text: &str) -> io::Result<()> {
        self.result(&signed(text, self.results))
    }

    /// The heading of a result, to stdout, and to stderr for what is told there, if that is read
    /// elsewhere; nothing if a JSON document is asked for.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn heading(&self, text: &str) -> io::Result<()> {
        if self.format == Format::Json {
            return Ok(());
        }
        if !stdout_is_stderr() {
            say(text);
        }
        self.result(text)
    }

    /// A result, to stdout: its document if JSON is asked for, or else its text. No text is no output.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn print<D: Serialize>(
        &self,
        document: &D,
        text: impl FnOnce(&D) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Json => self.document(document),
            Format::Text => self.result(&text(document)),
        }
    }

    /// The same of a plan or a comparison, whose lines have the colours of their signs.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn print_changes<D: Serialize>(
        &self,
        document: &D,
        text: impl FnOnce(&D) -> String,
    ) -> io::Result<()> {
        self.print(document, |document| signed(&text(document), self.results))
    }

    /// A result as a JSON document, to stdout.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn document(&self, document: &impl Serialize) -> io::Result<()> {
        self.result(&json(document)?)
    }

    /// The same of a document that holds a secret, for whoever asked for one.
    ///
    /// # Errors
    /// If stdout can't be written to.
    pub(crate) fn secret_document(&self, document: &impl Serialize) -> io::Result<()> {
        self.secret(&json(document)?)
    }

    /// Talk, to stderr; nothing if quiet or if a JSON document is asked for.
    pub(crate) fn talk(&self, text: &str) {
        if self.volume > Volume::Quiet && self.format == Format::Text {
            say(text);
        }
    }

    /// What warns of something, once. It is no part of a result, so it is told beside JSON, too.
    pub(crate) fn warning(&self) -> impl Fn(&str) + Send + Sync + use<> {
        let wanted = self.volume > Volume::Quiet;
        let told = Mutex::new(BTreeSet::new());
        move |text| {
            let Ok(mut told) = told.lock() else { return };
            if wanted && told.insert(text.to_owned()) {
                say(&format!("warning: {}\n", visible(text)));
            }
        }
    }

    /// What tells, now and then, that the platform is waited for.
    pub(crate) fn waiting(&self, host: String) -> impl Fn() + Send + Sync + use<> {
        let wanted = self.volume > Volume::Quiet && self.format == Format::Text;
        let started = Instant::now();
        let told = Mutex::new(started);
        move || {
            let Ok(mut told) = told.lock() else { return };
            if wanted && told.elapsed() >= BETWEEN {
                *told = Instant::now();
                say(&format!(
                    "{:>12} for {}, {} s\n",
                    "Waiting",
                    visible(&host),
                    started.elapsed().as_secs()
                ));
            }
        }
    }

    /// What tells single lines, from whichever thread, if everything is to be told.
    pub(crate) fn teller(&self) -> Box<dyn Fn(&str) + Send + Sync> {
        let wanted = self.volume == Volume::Verbose && self.format == Format::Text;
        Box::new(move |line| {
            if wanted {
                say(&format!("{}\n", visible(line)));
            }
        })
    }

    /// Findings, to stderr; with JSON they are in the document instead.
    pub(crate) fn findings(&self, findings: &[Diagnostic]) {
        if self.format == Format::Text {
            let mut text = diagnostics::render(findings, self.volume, self.colour);
            text.extend(diagnostics::hint(findings, self.volume));
            say(&text);
        }
    }

    /// Commands for the system that runs the job, to stderr, where it reads them too.
    pub(crate) fn annotations(&self, commands: &str) {
        say(commands);
    }

    /// What a command failed of, to stderr.
    pub(crate) fn failure(&self, told: &[Diagnostic]) {
        say(&diagnostics::render(told, Volume::Verbose, self.colour));
    }

    /// How long all of it took, for a person who waited.
    pub(crate) fn took(&self, elapsed: Duration) {
        if self.progress == ProgressWanted::Bar && elapsed >= WAITED {
            self.talk(&format!("{:>12} in {} s\n", "Finished", elapsed.as_secs()));
        }
    }

    /// Whether somebody is there who can be asked.
    pub(crate) fn has_person(&self) -> bool {
        self.format == Format::Text && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether what is told is coloured.
    pub(crate) fn is_coloured(&self) -> bool {
        self.colour == Colour::Styled
    }

    /// Asks a person whether to go on. Only a yes is a yes.
    ///
    /// # Errors
    /// If the work is interrupted meanwhile.
    pub(crate) fn agree(
        &self,
        question: &str,
        interrupt: &Interrupt,
    ) -> Result<Answer, Interrupted> {
        if !self.has_person() {
            return Ok(Answer::Nobody);
        }
        let said = self.ask(&format!("{question} [y/N] "), interrupt)?;
        let said = said.unwrap_or_default().to_lowercase();
        Ok(match said.as_str() {
            "y" | "yes" => Answer::Yes,
            _ => Answer::No,
        })
    }

    /// Asks a person whether a choice is meant, or to be made again. Only a yes is a yes.
    ///
    /// # Errors
    /// If the work is interrupted meanwhile.
    pub(crate) fn review(
        &self,
        question: &str,
        interrupt: &Interrupt,
    ) -> Result<Review, Interrupted> {
        let said = self.ask(&format!("{question} [y/N, b to go back] "), interrupt)?;
        let said = said.unwrap_or_default().to_lowercase();
        Ok(match said.as_str() {
            "y" | "yes" => Review::Meant,
            "b" | "back" => Review::Again,
            _ => Review::No,
        })
    }

    /// Asks a person for a line; nothing if there is nobody to ask, or the input ends.
    ///
    /// # Errors
    /// If the work is interrupted meanwhile.
    pub(crate) fn ask(
        &self,
        question: &str,
        interrupt: &Interrupt,
    ) -> Result<Option<String>, Interrupted> {
        if !self.has_person() {
            return Ok(None);
        }
        say(question);
        // Nothing wakes a thread that waits for a line, so another one does.
        let (answer, answered) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            let _ = answer.send(read.ok().filter(|read| *read > 0).map(|_| line));
        });
        loop {
            match answered.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => return Ok(line.map(|line| line.trim().to_owned())),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) if interrupt.is_set() => return Err(Interrupted),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Hears progress and shows it if the work takes longer than a second.
    pub(crate) fn observer(&self) -> ProgressObserver {
        ProgressObserver {
            wanted: self.progress,
            started: Instant::now(),
            current: None,
            told: None,
        }
    }
}

/// Whether help and wrong usage are coloured.
pub(crate) fn of_arguments(wanted: ColourWanted) -> clap::ColorChoice {
    let terminal = io::stderr().is_terminal();
    let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    let medium = match terminal && styles_terminals() {
        true => Medium::Terminal,
        false => Medium::File,
    };
    match (wanted.on(medium, &variable), wanted, terminal) {
        (Colour::Plain, _, _) => clap::ColorChoice::Never,
        // Help goes to stdout, which may be something else.
        (Colour::Styled, ColourWanted::Auto, true) => clap::ColorChoice::Auto,
        (Colour::Styled, _, _) => clap::ColorChoice::Always,
    }
}

/// Writes to stdout. Whoever closes the pipe has read enough: that ends the output, and says nothing
/// about the work.
///
/// # Errors
/// If stdout can't be written to.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// How many columns the terminal has that stdout leads to; none if it leads elsewhere.
pub(crate) fn columns() -> Option<usize> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = terminal_size::terminal_size_of(&out);
    Some(size.map_or(80, |(width, _)| usize::from(width.0)).max(40))
}

/// Writes to stderr; a terminal that is gone is no reason to fail.
fn say(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err
        .write_all(masked(text).as_bytes())
        .and_then(|()| err.flush());
}

/// Shows progress.
#[derive(Debug)]
pub(crate) struct ProgressObserver {
    wanted: ProgressWanted,
    started: Instant,
    current: Option<(Stage, ProgressBar)>,
    told: Option<(Stage, Instant)>,
}

/// How long work may take before anything is said of it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a person has to have waited to be told how long it was.
const WAITED: Duration = Duration::from_secs(5);
/// How long a line of progress has to do before the next one.
const BETWEEN: Duration = Duration::from_secs(10);

fn verb(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "Reading",
        Stage::Packing => "Packing",
        Stage::Verifying => "Verifying",
        Stage::Comparing => "Comparing",
    }
}

impl Observer for ProgressObserver {
    fn progress(&mut self, stage: Stage, done: usize, total: usize) {
        // A clock is read often enough every few files.
        if self.wanted == ProgressWanted::Nothing || !done.is_multiple_of(64) && done != total {
            return;
        }
        let elapsed = self.started.elapsed();
        match self.wanted {
            ProgressWanted::Nothing => {}
            ProgressWanted::Bar if elapsed < PATIENCE => {}
            ProgressWanted::Bar => self.bar(stage, done, total),
            ProgressWanted::Lines(first) => {
                let told = self.told.map(|(told, at)| (told, at.elapsed()));
                if is_due(stage, elapsed, first, told) {
                    self.told = Some((stage, Instant::now()));
                    say(&format!(
                        "{:>12} {done} of {total} files, {} s\n",
                        verb(stage),
                        elapsed.as_secs()
                    ));
                }
            }
        }
    }
}

/// Whether a line is due: `first` after the start, then with each stage and now and then.
fn is_due(
    stage: Stage,
    elapsed: Duration,
    first: Duration,
    told: Option<(Stage, Duration)>,
) -> bool {
    elapsed >= first && told.is_none_or(|(told, ago)| told != stage || ago >= BETWEEN)
}

impl ProgressObserver {
    fn bar(&mut self, stage: Stage, done: usize, total: usize) {
        let fresh = self
            .current
            .as_ref()
            .is_none_or(|(current, _)| *current != stage);
        if fresh {
            let bar =
                ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template(
                "{msg:>12} [{bar:30}] {pos}/{len}, {elapsed}, {eta} left",
            ) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(verb(stage));
            self.current = Some((stage, bar));
        }
        if let Some((_, bar)) = &self.current {
            bar.set_position(done as u64);
        }
        if done == total {
            self.clear();
        }
    }

    fn clear(&mut self) {
        if let Some((_, bar)) = self.current.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for ProgressObserver {
    fn drop(&mut self) {
        self.clear();
    }
}

/// What is wrong with the arguments, to stderr. Arguments are anybody's: if they hold what a terminal
/// would obey, or a secret, that is not told as it is.
pub(crate) fn usage(error: &clap::Error) {
    let text = error.render().to_string();
    let shown = visible_lines(&text);
    let odd = |c: char| c.is_control() || is_unseen(c);
    let is_odd = std::env::args_os().any(|argument| argument.to_string_lossy().contains(odd));
    if is_odd || masked(&shown) != text {
        say(&shown);
        return;
    }
    // A terminal that is gone is no reason to fail.
    let _ = error.print();
}

/// A document as it is printed.
fn json(document: &impl Serialize) -> io::Result<String> {
    Ok(crate::model::visible::json(document)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_progress_are_few() {
        let seconds = Duration::from_secs;
        for (elapsed, told, due) in [
            (9, None, false),
            (10, None, true),
            (12, Some((Stage::Packing, 2)), false),
            (12, Some((Stage::Reading, 2)), true),
            (21, Some((Stage::Packing, 10)), true),
        ] {
            let told = told.map(|(stage, ago)| (stage, seconds(ago)));
            let is = is_due(Stage::Packing, seconds(elapsed), BETWEEN, told);
            assert_eq!(is, due, "{elapsed} {told:?}");
        }
    }
}
