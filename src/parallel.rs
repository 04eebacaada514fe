//! Work on many items by several threads, taken in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many results may wait for an earlier one, for each thread.
const AHEAD: usize = 16;

struct State<T> {
    next: usize,
    taken: usize,
    stopped: bool,
    finished: BTreeMap<usize, T>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // A worker that panicked ends the whole scope; its state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks the work as stopped when it is dropped, so that no thread waits for one that panicked.
struct StopOnDrop<'a, T>(&'a Shared<T>);

impl<T> Drop for StopOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.changed.notify_all();
    }
}

/// Does `work` on the items `0..count` with `threads` threads and gives the results to `take` in
/// the order of the items, on the calling thread. Each thread has a worker of its own. Only a few
/// results exist at a time, however many items there are.
///
/// # Errors
/// The first error that `take` gives; the work stops there.
pub fn in_order<W, T: Send, E>(
    count: usize,
    threads: NonZeroUsize,
    worker: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, usize) -> T + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.get().min(count.max(1));
    if threads == 1 {
        let mut worker = worker();
        return (0..count).try_for_each(|index| take(index, work(&mut worker, index)));
    }
    let ahead = threads * AHEAD;
    let shared = Shared {
        state: Mutex::new(State {
            next: 0,
            taken: 0,
            stopped: false,
            finished: BTreeMap::new(),
        }),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let panicking = StopOnDrop(&shared);
                let mut worker = worker();
                loop {
                    let mut state = shared.lock();
                    while !state.stopped && state.next < count && state.next >= state.taken + ahead
                    {
                        state = shared.wait(state);
                    }
                    if state.stopped || state.next >= count {
                        break;
                    }
                    let index = state.next;
                    state.next += 1;
                    drop(state);
                    let result = work(&mut worker, index);
                    let mut state = shared.lock();
                    let is_next = state.taken == index;
                    state.finished.insert(index, result);
                    drop(state);
                    if is_next {
                        shared.changed.notify_all();
                    }
                }
                std::mem::forget(panicking);
            });
        }
        let _stop = StopOnDrop(&shared);
        let mut taken = 0;
        while taken < count {
            let mut state = shared.lock();
            let result = loop {
                if let Some(result) = state.finished.remove(&taken) {
                    break result;
                }
                if state.stopped {
                    // A worker panicked; the scope passes its panic on.
                    return Ok(());
                }
                state = shared.wait(state);
            };
            taken += 1;
            state.taken = taken;
            drop(state);
            shared.changed.notify_all();
            take(taken - 1, result)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).expect("not zero")
    }

    #[test]
    fn results_come_in_order_with_any_number_of_threads() {
        for count in [0, 1, 5, 300] {
            for number in [1, 2, 7] {
                let mut seen = Vec::new();
                let done: Result<(), ()> = in_order(
                    count,
                    threads(number),
                    || 0_usize,
                    |calls, index| {
                        *calls += 1;
                        if index % 7 == 0 {
                            std::thread::yield_now();
                        }
                        index * 2
                    },
                    |index, result| {
                        seen.push((index, result));
                        Ok(())
                    },
                );
                assert_eq!(done, Ok(()));
                assert_eq!(seen, (0..count).map(|i| (i, i * 2)).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn an_error_stops_the_work() {
        let done = in_order(
            100_000,
            threads(3),
            || (),
            |(), i| i,
            |_, i| if i == 10 { Err(i) } else { Ok(()) },
        );
        assert_eq!(done, Err(10));
    }

    #[test]
    fn a_panic_of_a_worker_is_passed_on() {
        let run = || {
            in_order(
                50,
                threads(2),
                || (),
                |(), i| assert_ne!(i, 20),
                |_, ()| Ok::<(), ()>(()),
            )
        };
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
