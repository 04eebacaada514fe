//! A merge that a program in another language makes.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The cases that it merges otherwise, by their numbers, and what it has instead: of each `base`, `theirs`
/// and `ours`, with the `relation` and what was `merged`.
pub(crate) fn otherwise(cases: &[Value]) -> Vec<(usize, Value)> {
    let mut python = Command::new("python3")
        .args(["-c", include_str!("merge.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    let mut pipe = python.stdin.take().expect("a pipe");
    serde_json::to_writer(&mut pipe, cases).expect("written");
    pipe.flush().expect("written");
    drop(pipe);
    let output = python.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).expect("a list")
}
