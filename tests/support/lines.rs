//! Commands as lines: words between blanks, with the platform of the place.

use super::{Place, Run};

/// Runs one.
pub(crate) fn run(place: &Place, line: &str) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    let output = command.args(line.split(' ')).output();
    output.expect("it starts").into()
}

/// Runs one that succeeds, and says what it prints.
#[track_caller]
pub(crate) fn done(place: &Place, line: &str) -> String {
    let run = run(place, line);
    assert_eq!(run.code, 0, "{line}: {}{}", run.stdout, run.stderr);
    run.stdout
}

/// Runs one that ends so, and says these things.
#[track_caller]
pub(crate) fn ends(place: &Place, line: &str, code: i32, told: &[&str]) {
    let ended = run(place, line);
    let text = ended.stdout + &ended.stderr;
    assert_eq!(ended.code, code, "{line}: {text}");
    for told in told {
        assert!(text.contains(told), "{line} says {told:?}:\n{text}");
    }
}
