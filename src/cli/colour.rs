//! Whether what is printed is coloured, and which lines of a plan or a comparison have which colour.

use std::fmt::Write as _;

use clap::ValueEnum;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It is not.
    Plain,
    /// It is.
    Styled,
}

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourWanted {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// In files and pipes, too
    Always,
    /// Nowhere
    Never,
}

/// What something is printed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A terminal.
    Terminal,
    /// A file, a pipe or nothing.
    File,
}

impl ColourWanted {
    /// What `arguments` say, before they are parsed: help and wrong usage are coloured, too.
    pub(crate) fn said(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Self {
        let mut arguments = arguments.into_iter().skip(1);
        let mut wanted = Self::Auto;
        while let Some(argument) = arguments.next() {
            let argument = argument.to_string_lossy();
            let word = match argument.strip_prefix("--color") {
                Some("") => arguments
                    .next()
                    .map(|word| word.to_string_lossy().into_owned()),
                Some(word) => word.strip_prefix('=').map(str::to_owned),
                None if argument == "--" => break,
                None => None,
            };
            if let Some(word) = word {
                wanted = Self::from_str(&word, false).unwrap_or(wanted);
            }
        }
        wanted
    }

    /// Whether text for `medium` is coloured. `variable` gives what the environment says; an empty
    /// variable says nothing.
    pub(crate) fn on(self, medium: Medium, variable: &dyn Fn(&str) -> Option<String>) -> Colour {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let refused = set("NO_COLOR").is_some()
            || set("TERM").is_some_and(|term| term == "dumb") && !forced
            || set("CLICOLOR").is_some_and(|value| value == "0") && !forced;
        match (self, medium) {
            (Self::Never, _) => Colour::Plain,
            (Self::Always, _) => Colour::Styled,
            (Self::Auto, _) if refused => Colour::Plain,
            (Self::Auto, _) if forced => Colour::Styled,
            (Self::Auto, Medium::Terminal) => Colour::Styled,
            (Self::Auto, Medium::File) => Colour::Plain,
        }
    }
}

/// A plan or a comparison, with each line in the colour of its sign.
pub(crate) fn signed(text: &str, colour: Colour) -> String {
    if colour == Colour::Plain {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let trimmed = line.trim_start();
        let code = match trimmed.split(' ').next() {
            Some("+") => "32",
            Some("~") => "33",
            Some("!") => "1;33",
            Some("x" | "-") => "31",
            Some("?") => "36",
            Some("=" | "o") => "2",
            _ if line.starts_with("Blocked: ") => "1;31",
            _ => "",
        };
        let _ = match code {
            "" => write!(out, "{line}{end}"),
            code => write!(out, "\u{1b}[{code}m{line}\u{1b}[0m{end}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_goes_before_the_environment_and_that_before_the_terminal() {
        use ColourWanted::{Always, Auto, Never};
        use Medium::{File, Terminal};
        for (wanted, medium, variables, styled) in [
            (Auto, Terminal, &[][..], true),
            (Auto, File, &[], false),
            (Auto, File, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, File, &[("CLICOLOR_FORCE", "0")], false),
            (Auto, File, &[("CLICOLOR_FORCE", "")], false),
            (
                Auto,
                File,
                &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")],
                true,
            ),
            (
                Auto,
                File,
                &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
                false,
            ),
            (Auto, Terminal, &[("NO_COLOR", "1")], false),
            (Auto, Terminal, &[("NO_COLOR", "")], true),
            (Auto, Terminal, &[("CLICOLOR", "0")], false),
            (Auto, Terminal, &[("TERM", "dumb")], false),
            (Always, File, &[("NO_COLOR", "1")], true),
            (Never, Terminal, &[("CLICOLOR_FORCE", "1")], false),
        ] {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let is = wanted.on(medium, &variable) == Colour::Styled;
            assert_eq!(is, styled, "{wanted:?} {medium:?} {variables:?}");
        }
    }

    #[test]
    fn the_command_line_is_heard_before_it_is_parsed() {
        for (arguments, wanted) in [
            (
                &["recipack", "--color", "never", "x"][..],
                ColourWanted::Never,
            ),
            (&["recipack", "x", "--color=always"], ColourWanted::Always),
            (&["recipack", "--color"], ColourWanted::Auto),
            (&["recipack", "--", "--color=always"], ColourWanted::Auto),
        ] {
            let said = ColourWanted::said(arguments.iter().map(std::ffi::OsString::from));
            assert_eq!(said, wanted, "{arguments:?}");
        }
    }

    #[test]
    fn a_line_has_the_colour_of_its_sign() {
        let text = "Plan\n  + creates a\n  - b\nx\nfine";
        assert_eq!(signed(text, Colour::Plain), text);
        assert_eq!(
            signed(text, Colour::Styled),
            "Plan\n\u{1b}[32m  + creates a\u{1b}[0m\n\u{1b}[31m  - b\u{1b}[0m\n\u{1b}[31mx\u{1b}[0m\nfine"
        );
    }
}
