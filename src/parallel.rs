//! Work on many items by several threads, taken in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many results may wait for an earlier one, for each thread.
const AHEAD: usize = 16;

/// How much memory items may take together from when work on them begins to when their results are
/// taken, unless one alone takes more.
pub const ROOM: u64 = 24 << 20;

/// A worker whose item took so much is let go, with the memory that it would keep for the next one.
const LARGE: u64 = 2 << 20;

struct State<T> {
    /// The next item that nobody works on.
    next: usize,
    /// The next item whose result is to be taken.
    taken: usize,
    /// How many threads wait for a change.
    waiting: usize,
    stopped: bool,
    finished: BTreeMap<usize, T>,
    /// How much memory items take whose results were not given away yet.
    held: u64,
    /// Whether work waits for some of it.
    full: bool,
}

struct Shared<T, S> {
    state: Mutex<State<T>>,
    changed: Condvar,
    count: usize,
    ahead: usize,
    /// How much memory an item takes.
    takes: S,
}

impl<T, S: Fn(usize) -> u64> Shared<T, S> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // A worker that panicked ends the whole scope; its state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, mut state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        state.waiting += 1;
        let mut state = self
            .changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    /// Wakes threads only if there are any: a wake-up costs more than many an item.
    fn notify(&self, state: MutexGuard<'_, State<T>>) {
        let waiting = state.waiting;
        drop(state);
        if waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// An item to work on, if there is one and not too many results wait, or too large ones. The one
    /// whose result is awaited never waits itself.
    fn claim(&self, state: &mut State<T>) -> Option<usize> {
        let index = state.next;
        if index >= self.count || index >= state.taken + self.ahead {
            return None;
        }
        let held = state.held.saturating_add((self.takes)(index));
        if index > state.taken && held > ROOM {
            state.full = true;
            return None;
        }
        state.held = held;
        state.next += 1;
        Some(index)
    }

    /// So much of what items took is free.
    fn free(&self, bytes: u64) {
        let mut state = self.lock();
        state.held = state.held.saturating_sub(bytes);
        if std::mem::take(&mut state.full) {
            self.notify(state);
        }
    }

    /// What every thread but the calling one does.
    fn help(&self, mut work: impl FnMut(usize) -> T) {
        loop {
            let mut state = self.lock();
            let index = loop {
                if state.stopped || state.next >= self.count {
                    return;
                }
                match self.claim(&mut state) {
                    Some(index) => break index,
                    None => state = self.wait(state),
                }
            };
            drop(state);
            let result = work(index);
            let mut state = self.lock();
            let awaited = state.taken == index;
            state.finished.insert(index, result);
            if awaited {
                self.notify(state);
            }
        }
    }

    /// What the calling thread does: take what is ready, work while nothing is, wait if it must.
    fn lead<E>(
        &self,
        mut work: impl FnMut(usize) -> T,
        mut take: impl FnMut(usize, T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ready = Vec::new();
        let mut taken = 0;
        while taken < self.count {
            let mut state = self.lock();
            loop {
                while let Some(result) = state.finished.remove(&(taken + ready.len())) {
                    ready.push(result);
                }
                // A worker that panicked stops the work; the scope passes its panic on.
                if state.stopped {
                    return Ok(());
                }
                if !ready.is_empty() {
                    state.taken += ready.len();
                    self.notify(state);
                    break;
                }
                if let Some(index) = self.claim(&mut state) {
                    drop(state);
                    let result = work(index);
                    state = self.lock();
                    state.finished.insert(index, result);
                } else {
                    state = self.wait(state);
                }
            }
            let mut free = 0_u64;
            for result in ready.drain(..) {
                take(taken, result)?;
                free = free.saturating_add((self.takes)(taken));
                taken += 1;
            }
            self.free(free);
        }
        Ok(())
    }
}

/// Marks the work as stopped when it is dropped, so that no thread waits for one that panicked.
struct StopOnDrop<'a, T>(&'a Mutex<State<T>>, &'a Condvar);

impl<T> Drop for StopOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stopped = true;
        self.1.notify_all();
    }
}

/// Does `work` on the items `0..count` with `threads` threads, the calling one included, and gives
/// the results to `take` in the order of the items, on the calling thread. Each thread has a worker
/// of its own. Only a few results exist at a time, however many items there are, and only so much as
/// there is [room](ROOM) for: `takes` says how many bytes an item and its result may take.
///
/// # Errors
/// The first error that `take` gives; the work stops there.
pub fn in_order<W, T: Send, E>(
    count: usize,
    threads: NonZeroUsize,
    takes: impl Fn(usize) -> u64 + Sync,
    worker: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, usize) -> T + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.get().min(count.max(1));
    let large = |index: usize| takes(index) > LARGE;
    let each = |one: &mut W, index: usize| {
        let result = work(one, index);
        if large(index) {
            *one = worker();
        }
        result
    };
    if threads == 1 {
        let mut one = worker();
        return (0..count).try_for_each(|index| take(index, each(&mut one, index)));
    }
    let shared = Shared {
        state: Mutex::new(State {
            next: 0,
            taken: 0,
            waiting: 0,
            stopped: false,
            finished: BTreeMap::new(),
            held: 0,
            full: false,
        }),
        changed: Condvar::new(),
        count,
        ahead: threads * AHEAD,
        takes: &takes,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| {
                let panicking = StopOnDrop(&shared.state, &shared.changed);
                let mut one = worker();
                shared.help(|index| each(&mut one, index));
                std::mem::forget(panicking);
            });
        }
        let _stop = StopOnDrop(&shared.state, &shared.changed);
        let mut one = worker();
        shared.lead(|index| each(&mut one, index), take)
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
                    |index| index as u64 % 5 * (ROOM / 3),
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

    /// However large items are, those that are worked on and those that wait have room together.
    #[test]
    fn there_is_only_so_much_room() {
        let held = std::sync::atomic::AtomicU64::new(0);
        let takes = |index: usize| match index % 10 {
            0 => 3 * ROOM,
            _ => ROOM / 4,
        };
        let done: Result<(), ()> = in_order(
            200,
            threads(4),
            takes,
            || (),
            |(), index| {
                let held = held.fetch_add(takes(index), std::sync::atomic::Ordering::SeqCst);
                std::thread::yield_now();
                (index, held)
            },
            |at, (index, before)| {
                assert_eq!(at, index);
                assert!(before <= 4 * ROOM, "item {index} beside {before} bytes");
                held.fetch_sub(takes(index), std::sync::atomic::Ordering::SeqCst);
                Ok(())
            },
        );
        assert_eq!(done, Ok(()));
    }

    #[test]
    fn an_error_stops_the_work() {
        let done = in_order(
            100_000,
            threads(3),
            |_| 1,
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
                |_| 1,
                || (),
                |(), i| assert_ne!(i, 20),
                |_, ()| Ok::<(), ()>(()),
            )
        };
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
