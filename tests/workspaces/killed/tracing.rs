//! Running the program under `strace`, which kills it or lets its system calls fail.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{Ended, command};

/// Whether system calls can be tampered with here.
///
/// # Panics
/// If they can't be and have to be.
pub(super) fn at_hand() -> bool {
    let tried = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=close", "true"])
        .output();
    if tried.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let needed = std::env::var_os("RECIPACK_NEEDS_STRACE").is_some();
    assert!(!needed, "strace can't be used here, and is needed");
    println!("strace can't be used here: nothing was killed");
    false
}

/// A run whose `k`-th call of `name` meets `fault`, such as `signal=SIGKILL`, and the first call that
/// did.
pub(super) fn run(
    folder: &Path,
    (name, fault, k): (&str, &str, &str),
    arguments: &[&str],
) -> (Ended, Option<String>) {
    let log = folder.with_extension("strace");
    let mut strace = command("strace", folder);
    strace
        .args(["-f", "-qq", "-y", "-e"])
        .arg(format!("trace={name}"))
        .arg("-e")
        .arg(format!("inject={name}:{fault}:when={k}"))
        .arg("-o")
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_recipack"))
        .args(arguments);
    let ended = strace.output().expect("strace starts").into();
    let log = fs::read_to_string(log).unwrap_or_default();
    let mut struck = log.lines().filter(|line| line.ends_with("(INJECTED)"));
    (ended, struck.next().map(str::to_owned))
}

/// Does something for each of the names, several at a time, and gives what came of it in their
/// order.
pub(super) fn for_each<T: Send>(
    names: &[&'static str],
    work: impl Fn(&'static str) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        match names.get(index) {
                            Some(name) => done.push((index, work(name))),
                            None => return done,
                        }
                    }
                })
            })
            .collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, done)| done).collect()
}
