//! What has to be known after a power cut is on the disk before work goes on: its bytes before it gets
//! its name, its name before anything relies on it.

use std::fs;
use std::process::Command;

use super::tracing::at_hand;
use crate::support::Run;
use crate::support::sandbox::{Sandbox, command, partner, token};

#[derive(Debug, PartialEq)]
enum Call {
    /// What lies at a path is on the disk.
    Synced(String),
    Renamed(String, String),
}

/// The last part of a path.
fn name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The calls in what `strace -y` wrote, without renames of what is kept to be faster: that may be lost.
fn calls(log: &str) -> Vec<Call> {
    let call = |line: &str| {
        let (_, call) = line.split_once(' ')?;
        let call = call.trim_start();
        if call.starts_with("fsync(") {
            let (_, path) = call.split_once('<')?;
            return Some(Call::Synced(name(path.split_once('>')?.0)));
        }
        let mut quoted = call.split('"');
        let (from, to) = (quoted.nth(1)?, quoted.nth(1)?);
        let is_kept = to.contains("/readings/");
        (call.starts_with("rename") && !is_kept).then(|| Call::Renamed(name(from), name(to)))
    };
    log.lines().filter_map(call).collect()
}

#[test]
fn an_import_over_the_api_is_on_the_disk_before_it_goes_on() {
    if !at_hand() {
        return;
    }
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let token = token(&place, "osprey");
    let arguments = ["import", "external.zip", "--into", &sandbox.url];
    let import = command(&place, &sandbox.url, &token, &arguments);
    let log = place.path("calls");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-y", "-s", "4096", "-e"])
        .arg("trace=fsync,rename,renameat,renameat2")
        .arg("-o")
        .arg(&log)
        .arg(import.get_program())
        .args(import.get_args())
        .current_dir(place.folder.path())
        .env_clear()
        .envs(
            import
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
    let run: Run = strace.output().expect("strace starts").into();
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);

    let calls = calls(&fs::read_to_string(log).expect("a log"));
    let mut entries = 0;
    for (at, call) in calls.iter().enumerate() {
        let Call::Renamed(from, to) = call else {
            continue;
        };
        if !to.ends_with(".json") {
            continue;
        }
        let before = at.checked_sub(1).map(|before| &calls[before]);
        assert_eq!(before, Some(&Call::Synced(from.clone())), "{calls:?}");
        let after = Some(&Call::Synced("imports".to_owned()));
        assert_eq!(calls.get(at + 1), after, "{calls:?}");
        entries += 1;
    }
    // About to be sent, sent, done.
    assert_eq!(entries, 3, "{calls:?}");
}
