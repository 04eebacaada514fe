//! Commands in Markdown, with what they print.

use std::path::Path;

use super::{Place, Run};

/// A command of a page.
#[derive(Debug)]
pub(crate) struct Command {
    /// The number of its line, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
    /// The lines that are shown as its output; none in an `sh` block.
    pub(crate) shown: Option<Vec<String>>,
}

impl Command {
    /// Whether it belongs to cargo and not to this program.
    pub(crate) fn is_cargo(&self) -> bool {
        ["cargo test", "cargo install", "cargo build"]
            .iter()
            .any(|start| self.text.starts_with(start))
    }

    pub(crate) fn shows_all(&self) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| !shown.iter().any(|line| line == "…"))
    }
}

/// The commands of a page, in their order. Blocks of files have no commands, and blocks of a language
/// and more words are run elsewhere: those of a release by `.ci/dist/check`.
pub(crate) fn commands(text: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut block = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (block, line.strip_prefix("```")) {
            (None, Some(language)) => block = Some(language),
            (Some(_), Some(_)) => block = None,
            (Some("sh"), None) if !line.is_empty() => commands.push(Command {
                line: number,
                text: line.to_owned(),
                shown: None,
            }),
            (Some("console"), None) => match line.strip_prefix("$ ") {
                Some(command) => commands.push(Command {
                    line: number,
                    text: command.to_owned(),
                    shown: Some(Vec::new()),
                }),
                None => commands
                    .last_mut()
                    .and_then(|command| command.shown.as_mut())
                    .unwrap_or_else(|| panic!("line {number}: output before any command"))
                    .push(line.to_owned()),
            },
            (Some("sh" | "toml" | "text" | "yaml"), None) | (None, None) => {}
            (Some(other), None) if other.contains(' ') => {}
            (Some(other), None) => panic!("line {number}: what is a block of `{other}`?"),
        }
    }
    commands
}

/// Whether `lines` are what is shown, where `…` stands for any lines.
pub(crate) fn is_shown(shown: &[String], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=lines.len()).any(|skipped| is_shown(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, lines)| line == first && is_shown(rest, lines)),
    }
}

/// Runs a command line as a shell would, with this program as `recipack`.
pub(crate) fn run(place: &Place, command: &str) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_recipack"));
    let folder = program.parent().expect("a folder").display();
    let path = std::env::var("PATH").unwrap_or_default();
    let command = command.replace("cargo run --", "recipack");
    // Whoever else has that port must not be in the way.
    let port = port();
    let command = command.replace(PORT, port);
    let mut run: Run = place
        .shell(&format!("{{ {command}\n}} 2>&1"))
        .env("PATH", format!("{folder}:{path}"))
        .env("XDG_DATA_HOME", place.path("data"))
        .env("XDG_STATE_HOME", place.path("state"))
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .expect("it starts")
        .into();
    run.stdout = run.stdout.replace(port, PORT);
    run
}

/// The files that a page's blocks hold, with their paths: a block of `json a.recipe.json`.
pub(crate) fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut inside = None;
    for line in text.lines() {
        match (inside, line.strip_prefix("```")) {
            (None, Some(language)) => {
                inside = Some(language.split_once(' ').is_some());
                if let Some((_, path)) = language.split_once(' ') {
                    files.push((path.to_owned(), String::new()));
                }
            }
            (Some(_), Some(_)) => inside = None,
            (Some(true), None) => {
                if let Some((_, held)) = files.last_mut() {
                    held.push_str(line);
                    held.push('\n');
                }
            }
            (Some(false) | None, None) => {}
        }
    }
    files
}

/// The port that texts show.
const PORT: &str = "8765";

/// One that is free here, the same for all commands.
fn port() -> &'static str {
    static PORT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    PORT.get_or_init(|| {
        let bound = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = bound.local_addr().expect("an address");
        address.port().to_string()
    })
}
