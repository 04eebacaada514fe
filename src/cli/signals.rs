//! Signals: the first one asks the work to stop where that is safe, and to say how far it came. Whoever
//! sends another one later does not want to wait for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::Exit;
use crate::ops::Interrupt;

/// Signals within this time count as one.
const TOGETHER: Duration = Duration::from_secs(1);
/// How often it is looked whether the first one came.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// The signals that this process took.
pub(super) struct Signals {
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// From now on the first signal sets `interrupt`, and another one at least a second later ends the
    /// process at once: files have their names only when they are whole, and what is sent was written
    /// down before. Programs that start this one may pass on what the terminal sent it already, so that
    /// two at once count as one.
    pub(super) fn taken(interrupt: &Interrupt) -> Self {
        let last = Arc::new(AtomicUsize::new(0));
        let at_once = Arc::new(AtomicBool::new(false));
        // Without a handler the signal ends the process, which leaves no more than a temporary file.
        for (number, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
            let _ = flag::register_conditional_shutdown(
                number,
                i32::from(exit.code()),
                Arc::clone(&at_once),
            );
            let _ = flag::register_usize(
                number,
                Arc::clone(&last),
                usize::try_from(number).unwrap_or(0),
            );
            let _ = flag::register(number, interrupt.flag());
        }
        let first = interrupt.flag();
        let wait = move || {
            while !first.load(Ordering::Relaxed) {
                thread::sleep(LOOK_AGAIN);
            }
            thread::sleep(TOGETHER);
            at_once.store(true, Ordering::Relaxed);
        };
        // Where no thread is to be had, the first signal has to do.
        let _ = thread::Builder::new()
            .name("signals".to_owned())
            .stack_size(64 << 10)
            .spawn(wait);
        Self { last }
    }

    /// Whether the last one was SIGTERM.
    pub(super) fn last_was_to_terminate(&self) -> bool {
        usize::try_from(SIGTERM).is_ok_and(|number| self.last.load(Ordering::Relaxed) == number)
    }
}
