//! The count of requests that runners on several machines share: permits that the ledger of their
//! roll-out gives out.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::budget::Budget;
use crate::client::{Rate, Tally, TallyError, Turn};
use crate::ledger::{Ledger, LedgerError, Permit, PermitRequest};
use crate::model::workspace::WorkspaceId;

/// The most permits that are taken at a time. Who takes more than it uses keeps others waiting.
const MOST: u32 = 10;
/// How long to wait for a ledger that does not answer.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long an answer of the ledger may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much longer than documented a permit counts, at least and at most: a request arrives at the
/// platform some time after its permit was taken.
const SLACK: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(6));

/// Permits from a ledger, taken some at a time. Nothing is sent without one: a ledger that does not
/// answer is waited for, and given up after some time.
pub(crate) struct Permits {
    asked: Sender<Question>,
    batches: Mutex<BTreeMap<String, Batch>>,
    lost: Lost,
}

/// What becomes of a ledger that does not answer.
struct Lost {
    /// For how long it is waited for.
    patience: Duration,
    /// Since when it does not answer.
    since: Mutex<Option<Instant>>,
    /// Hears that it is given up.
    given_up: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Permits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Permits")
    }
}

impl Lost {
    fn answered(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn unanswered(&self, asked: Instant) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let since = since.get_or_insert(asked);
        if since.elapsed() >= self.patience {
            (self.given_up)();
        }
    }
}

/// What is asked of the ledger.
#[derive(Debug)]
struct Question {
    class: String,
    rate: u32,
    per: Duration,
    wanted: u32,
    answer: Sender<Option<Permit>>,
}

/// Permits that were taken and not used yet.
#[derive(Debug)]
struct Batch {
    left: u32,
    until: Instant,
    taken: u32,
}

impl Permits {
    /// Permits of a ledger for an account. `lost` hears that it does not answer, and `given_up` that it
    /// did not for as long as `patience`: then whatever waits for it has to be cut short.
    ///
    /// # Errors
    /// If no thread can be had.
    pub(crate) fn of(
        account: String,
        open: impl Fn() -> Result<Box<dyn Ledger>, LedgerError> + Send + 'static,
        lost: impl Fn(&LedgerError) + Send + 'static,
        patience: Duration,
        given_up: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (asked, questions) = channel::<Question>();
        // A connection belongs to one thread. It ends with the last one that asks.
        std::thread::Builder::new()
            .name("permits".to_owned())
            .spawn(move || {
                let mut ledger: Option<Box<dyn Ledger>> = None;
                for question in questions {
                    let permit = ask(&mut ledger, &open, &account, &question);
                    if let Err(error) = &permit {
                        lost(error);
                        ledger = None;
                    }
                    // Who asked may have been told to stop meanwhile.
                    let _ = question.answer.send(permit.ok());
                }
            })?;
        Ok(Self {
            asked,
            batches: Mutex::default(),
            lost: Lost {
                patience,
                since: Mutex::default(),
                given_up: Box::new(given_up),
            },
        })
    }

    /// Whether one more may be sent now; it counts once it is [used](Self::used).
    fn look(&self, class: &str, rate: Rate) -> Option<Duration> {
        let mut batches = self.lock();
        let before = batches.get(class);
        if before.is_some_and(|batch| batch.left > 0 && Instant::now() < batch.until) {
            return None;
        }
        let slack = (rate.per / 10).clamp(SLACK.0, SLACK.1);
        let (answer, answered) = channel();
        let question = Question {
            class: class.to_owned(),
            rate: rate.requests.get(),
            per: rate.per + slack,
            wanted: wanted(before, rate),
            answer,
        };
        let asked = Instant::now();
        let permit = self.asked.send(question).ok();
        // What is answered later is not used, and counts all the same.
        let permit = permit
            .and_then(|()| answered.recv_timeout(PATIENCE).ok())
            .flatten();
        match permit {
            Some(_) => self.lost.answered(),
            None => self.lost.unanswered(asked),
        }
        match permit {
            Some(Permit::Granted(count)) => {
                let batch = Batch {
                    left: count,
                    // What is not used by then counts all the same.
                    until: asked + slack / 2,
                    taken: count,
                };
                batches.insert(class.to_owned(), batch);
                None
            }
            Some(Permit::Wait(wait)) => Some(Duration::from_millis(wait)),
            None => Some(LOOK_AGAIN),
        }
    }

    fn used(&self, class: &str) {
        if let Some(batch) = self.lock().get_mut(class) {
            batch.left = batch.left.saturating_sub(1);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many are taken at a time: as many as were used of the last ones, and more where these did not
/// do.
fn wanted(before: Option<&Batch>, rate: Rate) -> u32 {
    // What is taken and not used soon is lost to everybody: no more than half a second's, so that a
    // tight limit is asked for request by request.
    let half = rate.per.as_millis().saturating_mul(2) / 1000;
    let most = u128::from(rate.requests.get()) / half.max(1);
    let most = u32::try_from(most).unwrap_or(MOST).clamp(1, MOST);
    let wanted = match before {
        None => 1,
        Some(Batch { left: 0, taken, .. }) => taken.saturating_mul(2),
        Some(Batch { left, taken, .. }) => taken.saturating_sub(*left),
    };
    wanted.clamp(1, most)
}

fn ask(
    ledger: &mut Option<Box<dyn Ledger>>,
    open: &impl Fn() -> Result<Box<dyn Ledger>, LedgerError>,
    account: &str,
    question: &Question,
) -> Result<Permit, LedgerError> {
    let ledger = match ledger {
        Some(ledger) => ledger,
        None => ledger.insert(open()?),
    };
    ledger.permit(&PermitRequest {
        account,
        class: &question.class,
        rate: question.rate,
        per: u64::try_from(question.per.as_millis()).unwrap_or(u64::MAX),
        wanted: question.wanted,
    })
}

/// A count that several machines share, beside that of this machine.
#[derive(Debug)]
pub(crate) struct Together {
    /// What machines share.
    pub(crate) permits: std::sync::Arc<Permits>,
    /// What processes of this machine share, whatever they work on.
    pub(crate) here: Option<Budget>,
}

impl Tally for Together {
    fn take(&self, class: &str, rate: Rate) -> Result<Turn, TallyError> {
        if let Some(wait) = self.permits.look(class, rate) {
            return Ok(Turn::Wait(wait));
        }
        let turn = match &self.here {
            // What machines share is enough, if this machine's own count can't be kept.
            Some(here) => here.take(class, rate).unwrap_or(Turn::Counted(0)),
            None => Turn::Counted(0),
        };
        match turn {
            Turn::Counted(_) => self.permits.used(class),
            Turn::Wait(_) => {}
        }
        Ok(turn)
    }

    fn answered(&self, number: i64) {
        if let Some(here) = &self.here {
            here.answered(number);
        }
    }

    fn belongs_to(&self, workspace: WorkspaceId) {
        if let Some(here) = &self.here {
            here.belongs_to(workspace);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::ledger::{IfAbsent, Login, open};

    const RATE: Rate = Rate {
        requests: NonZeroU32::new(18).expect("not zero"),
        per: Duration::from_secs(1),
    };

    fn ledger(path: &std::path::Path) -> Result<Box<dyn Ledger>, LedgerError> {
        open(path, &Login::default(), IfAbsent::Make)
    }

    /// Three machines, which share a ledger and nothing else, never send more than the limit, and not
    /// much less; and the ledger is not asked for each request.
    #[test]
    fn machines_stay_within_the_limit_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        drop(ledger(&path).expect("it is made"));
        let sent = Mutex::new(Vec::new());
        let end = Instant::now() + Duration::from_millis(3200);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let at = path.clone();
                    let minute = Duration::from_secs(60);
                    let permits =
                        Permits::of("a".to_owned(), move || ledger(&at), |_| {}, minute, || {});
                    let tally = Together {
                        permits: Arc::new(permits.expect("a thread")),
                        here: None,
                    };
                    while Instant::now() < end {
                        match tally.take("c", RATE).expect("it is counted") {
                            Turn::Counted(_) => {
                                sent.lock().expect("no panic").push(Instant::now());
                            }
                            Turn::Wait(wait) => std::thread::sleep(wait),
                        }
                    }
                });
            }
        });
        let mut sent = sent.into_inner().expect("no panic");
        sent.sort_unstable();
        for (index, first) in sent.iter().enumerate() {
            let within = sent[index..].iter().filter(|at| **at - *first < RATE.per);
            assert!(within.count() <= 18, "{sent:?}");
        }
        assert!(sent.len() > 18, "{} in three seconds", sent.len());
    }

    #[test]
    fn a_ledger_that_does_not_answer_is_given_up_after_some_time() {
        let given_up = Arc::new(AtomicUsize::new(0));
        let heard = Arc::clone(&given_up);
        let permits = Permits::of(
            "a".to_owned(),
            || Err(LedgerError::Unavailable("it is gone".into())),
            |_| {},
            Duration::from_millis(100),
            move || {
                heard.fetch_add(1, Ordering::Relaxed);
            },
        );
        let tally = Together {
            permits: Arc::new(permits.expect("a thread")),
            here: None,
        };
        let take = || tally.take("c", RATE).expect("it is counted");
        assert_eq!(take(), Turn::Wait(LOOK_AGAIN));
        assert_eq!(given_up.load(Ordering::Relaxed), 0, "it may come back");
        std::thread::sleep(Duration::from_millis(110));
        assert_eq!(take(), Turn::Wait(LOOK_AGAIN), "nothing is sent without it");
        assert_eq!(given_up.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_ledger_that_does_not_answer_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        let (lost, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (opens, told) = (Arc::clone(&lost), Arc::clone(&heard));
        let permits = Permits::of(
            "a".to_owned(),
            move || match opens.fetch_add(1, Ordering::Relaxed) {
                0 => Err(LedgerError::Unavailable("it is gone".into())),
                _ => ledger(&path),
            },
            move |_| {
                told.fetch_add(1, Ordering::Relaxed);
            },
            Duration::ZERO,
            || {},
        );
        let tally = Together {
            permits: Arc::new(permits.expect("a thread")),
            here: None,
        };
        let turn = tally.take("c", RATE).expect("it is counted");
        assert_eq!(turn, Turn::Wait(LOOK_AGAIN));
        assert_eq!(heard.load(Ordering::Relaxed), 1);
        let turn = tally.take("c", RATE).expect("it is counted");
        assert_eq!(turn, Turn::Counted(0));
    }

    #[test]
    fn as_many_are_taken_as_are_used() {
        let batch = |left, taken| Batch {
            left,
            taken,
            until: Instant::now(),
        };
        let minute = Rate::per_minute(NonZeroU32::new(1200).expect("not zero"));
        for (before, expected) in [
            (None, 1),
            (Some(batch(0, 1)), 2),
            (Some(batch(0, 8)), MOST),
            (Some(batch(5, 8)), 3),
            (Some(batch(8, 8)), 1),
        ] {
            assert_eq!(wanted(before.as_ref(), minute), expected, "{before:?}");
        }
        for few in [1, 60, 119] {
            let few = Rate::per_minute(NonZeroU32::new(few).expect("not zero"));
            assert_eq!(wanted(Some(&batch(0, 8)), few), 1, "{few:?}");
        }
    }
}
