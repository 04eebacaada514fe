//! From bytes to a syntax tree: what is checked before parsing, and what went wrong in it.

use std::sync::{Mutex, PoisonError};
use std::thread;

use ruby_prism::{Diagnostic, Options, ParseResult, Version};

use super::error::{InterfaceError, Unclosed};
use super::literal::printable;
use super::{MAX_SOURCE, MAX_WORDS};
use crate::model::span::Span;

/// How many brackets may be open at once. Strings and comments are counted too, so it is generous;
/// the parser itself goes to 10 000 levels of anything.
const MAX_OPEN: usize = 2_000;
/// How many operators such as `!` may precede one operand: each costs time for all that follow.
const MAX_PREFIXES: usize = 500;
/// How many digits a number may have: the time to read one grows with their square.
const MAX_DIGITS: usize = 10_000;

/// Held while a source is parsed: a tree takes far more memory than its source, so there is one at a
/// time, however many threads or requests want one.
static PARSING: Mutex<()> = Mutex::new(());

/// The parser descends as deep as the source is nested; the deepest it goes takes 4 MB.
const STACK: usize = 64 * 1024 * 1024;

/// Parses the source, and gives what `read` makes of it.
pub(super) fn with_parsed<T: Send>(
    source: &[u8],
    read: impl FnOnce(&str, &ParseResult<'_>) -> Result<T, InterfaceError> + Send,
) -> Result<T, InterfaceError> {
    if source.len() > MAX_SOURCE {
        return Err(InterfaceError::TooLarge {
            size: source.len(),
            limit: MAX_SOURCE,
        });
    }
    let text = utf8(source)?;
    check_bounds(text)?;
    // Nothing is behind the lock that a panic could leave half done.
    let _one_at_a_time = PARSING.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        let parse = || {
            let options = Options::default()
                .encoding("UTF-8")
                .encoding_locked(true)
                // The oldest that the parser knows, so the nearest to the platform's.
                .version(Version::CRuby3_3)
                .build();
            let parsed = ruby_prism::parse_with_options(text.as_bytes(), &options);
            match first_error(text, &parsed) {
                Some(error) => Err(error),
                None => read(text, &parsed),
            }
        };
        let thread = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, parse)
            .map_err(|error| InterfaceError::NoThread(error.to_string()))?;
        match thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn utf8(source: &[u8]) -> Result<&str, InterfaceError> {
    std::str::from_utf8(source).map_err(|error| {
        let (valid, _) = source.split_at(error.valid_up_to());
        let valid = String::from_utf8_lossy(valid);
        InterfaceError::NotUtf8(Span::of(&valid, valid.len()..valid.len() + 1))
    })
}

/// Refuses what is cheap to write and dear to parse. No connector looks like that.
fn check_bounds(text: &str) -> Result<(), InterfaceError> {
    let (mut open, mut prefixes, mut digits) = (0_usize, 0_usize, 0_usize);
    let (mut words, mut in_word) = (0_usize, false);
    let bytes = text.as_bytes();
    let too_much = |what, at: usize| {
        Err(InterfaceError::TooMuch {
            what,
            place: Span::of(text, at..at + 1),
        })
    };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let of_word = byte == b'_' || byte.is_ascii_alphanumeric() || !byte.is_ascii();
        if !(byte.is_ascii_whitespace() || of_word && in_word) {
            words += 1;
        }
        in_word = of_word;
        digits = match byte {
            b'0'..=b'9' => digits + 1,
            b'_' => digits,
            _ => 0,
        };
        prefixes = match byte {
            b'!' | b'~' | b'-' | b'+' => prefixes + 1,
            b' ' | b'\t' | b'\r' | b'\n' | b'(' => prefixes,
            _ => match prefix_word(&bytes[at..]) {
                Some(length) => {
                    at += length - 1;
                    prefixes + 1
                }
                None => 0,
            },
        };
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_OPEN {
            return too_much("more than 2000 brackets are open", at);
        }
        if prefixes > MAX_PREFIXES {
            return too_much("more than 500 operators stand in a row", at);
        }
        if words > MAX_WORDS {
            return too_much("more than 400000 words and signs stand in it", at);
        }
        if digits > MAX_DIGITS {
            return too_much("a number has more than 10000 digits", at);
        }
        at += 1;
    }
    Ok(())
}

/// The length of the word operator that the bytes start with.
fn prefix_word(bytes: &[u8]) -> Option<usize> {
    [&b"not"[..], b"defined?"]
        .into_iter()
        .find(|word| bytes.starts_with(word))
        .map(<[u8]>::len)
}

/// The error that a person should look at first, if there is one.
fn first_error(text: &str, parsed: &ParseResult<'_>) -> Option<InterfaceError> {
    let mut errors = parsed.errors();
    let first = errors.next()?;
    // The parser tells of what is never closed where it is opened. What stopped it comes first,
    // if it told of that.
    let (mut stopper, mut opener) = (None, None);
    for error in std::iter::once(first).chain(errors) {
        let slot = if is_about_an_opener(&error) {
            &mut opener
        } else {
            &mut stopper
        };
        slot.get_or_insert(error);
        if stopper.is_some() && opener.is_some() {
            break;
        }
    }
    let root = text.len() - text.trim_start().len();
    let unclosed = opener.as_ref().filter(|opener| {
        // That the whole hash isn't closed says nothing.
        opener.location().start() as usize != root
    });
    let unclosed = unclosed.map(|opener| Unclosed {
        what: reason(opener),
        place: place(text, opener),
    });
    let (error, unclosed) = match stopper {
        Some(stopper) => (stopper, unclosed),
        None => (opener?, None),
    };
    Some(InterfaceError::Syntax {
        reason: reason(&error),
        place: place(text, &error),
        unclosed,
    })
}

fn is_about_an_opener(error: &Diagnostic<'_>) -> bool {
    let message = error.message();
    message.starts_with(b"expected") && {
        let says = |what: &[u8]| message.windows(what.len()).any(|part| part == what);
        says(b" to close ") || says(b" to end with `end`")
    }
}

fn reason(error: &Diagnostic<'_>) -> String {
    let message = error.message();
    // What the parser would rather have, or does next, helps nobody.
    let tails = [&b", expecting end-of-input"[..], b", ignoring it"];
    let reason = tails.iter().find_map(|tail| message.strip_suffix(*tail));
    printable(reason.unwrap_or(message))
}

fn place(text: &str, error: &Diagnostic<'_>) -> Span {
    let location = error.location();
    let (mut start, end) = (location.start() as usize, location.end() as usize);
    if error.message().starts_with(b"unexpected") {
        // Where something else was expected, the parser names the end of what stands before.
        let blanks = text.as_bytes().iter().skip(start);
        start += blanks.take_while(|byte| byte.is_ascii_whitespace()).count();
    }
    Span::of(text, start..end.max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source: &[u8]) -> Option<InterfaceError> {
        with_parsed(source, |_, _| Ok(())).err()
    }

    fn told(source: &str) -> String {
        error(source.as_bytes()).map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn the_first_error_is_told_with_its_place() {
        for (source, expected) in [
            ("{ a: 1 }", ""),
            ("", ""),
            (
                "{\n  title: \"A\"\n  actions: {}\n}\n",
                "line 3, column 3: unexpected local variable or method",
            ),
            ("{ a: 1 }}\n", "line 1, column 9: unexpected '}'"),
            (
                "{ a: [1, 2 }\n",
                "line 1, column 12: unexpected '}'; expected a `,` separator for the array elements",
            ),
            (
                "{ a: 1\n",
                "line 1, column 1: expected a `}` to close the hash literal",
            ),
            ("{ a: 'é', b: ) }\n", "line 1, column 14: unexpected ')'"),
        ] {
            assert_eq!(told(source), expected, "{source}");
        }
    }

    #[test]
    fn what_is_never_closed_is_told_too() {
        let source = "{\n  a: {\n    b: lambda do |x|\n      1 }\n  }\n}\n";
        let error = error(source.as_bytes()).expect("an error");
        assert_eq!(
            (error.to_string(), error.help()),
            (
                "line 4, column 9: unexpected '}'".to_owned(),
                Some(
                    "look at line 3, column 15 too: expected a block beginning with `do` to end \
                     with `end`"
                        .to_owned()
                )
            )
        );
    }

    #[test]
    fn what_is_dear_to_parse_is_refused() {
        for (source, expected) in [
            (
                "[".repeat(100_000),
                "line 1, column 2001: more than 2000 brackets are open, which is too much to read",
            ),
            (
                "\n!".repeat(1_000_000),
                "line 502, column 1: more than 500 operators stand in a row, which is too much to \
                 read",
            ),
            (
                "not ".repeat(1_000),
                "line 1, column 2003: more than 500 operators stand in a row, which is too much to \
                 read",
            ),
            (
                "1_1".repeat(1_000_000),
                "line 1, column 15001: a number has more than 10000 digits, which is too much to \
                 read",
            ),
            (
                "a;".repeat(1_000_000),
                "line 1, column 400001: more than 400000 words and signs stand in it, which is too \
                 much to read",
            ),
        ] {
            assert_eq!(told(&source), expected);
        }
        let large = vec![b' '; MAX_SOURCE + 1];
        assert!(matches!(
            error(&large),
            Some(InterfaceError::TooLarge { .. })
        ));
    }

    #[test]
    fn no_text_is_an_error() {
        let error = error(b"{ a: 1,\n  \xff }").expect("an error");
        assert_eq!(
            error.to_string(),
            "line 2, column 3: the source is not UTF-8 text"
        );
    }
}
