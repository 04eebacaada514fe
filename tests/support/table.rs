//! Tables of cases that do not touch each other.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many cases are looked at together. Most of them wait for a server or for time to pass.
const TOGETHER: usize = 6;

/// Checks every case of a table, several at a time. A case that fails fails the test, after those that
/// were begun.
pub(crate) fn each<T: Sync>(cases: &[T], check: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER.min(cases.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some(case) = cases.get(number) else { break };
                    check(number, case);
                }
            });
        }
    });
}
