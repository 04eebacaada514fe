//! Never more requests than allowed in any span of time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits::Rate;
use super::settings::{Clock, Cut};
use super::tally::{Tally, TallyError, Turn};

/// How long to wait where everything that is allowed is on its way.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Counts requests. A request counts from when it is sent until `per` after its answer came: the
/// platform counted it at some moment between the two, so it sees no more than `requests` in any
/// span of that length, whatever the line does.
#[derive(Debug)]
pub(super) struct RateLimiter {
    rate: Rate,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    under_way: u32,
    answered: VecDeque<Instant>,
}

/// A request that may be sent. It is answered, or given up, when this is dropped.
#[derive(Debug)]
pub(super) struct Permit<'q> {
    limiter: &'q RateLimiter,
    /// What other processes know it by.
    shared: Option<(&'q dyn Tally, i64)>,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut counted = self.limiter.lock();
        counted.under_way = counted.under_way.saturating_sub(1);
        counted.answered.push_back(Instant::now());
        if let Some((tally, number)) = self.shared {
            tally.answered(number);
        }
    }
}

impl<'q> Permit<'q> {
    /// Waits until the request may be sent by what other processes sent, too.
    pub(super) fn shared(
        mut self,
        tally: &'q dyn Tally,
        class: &str,
        pauses: &dyn Clock,
    ) -> Result<Result<Self, TallyError>, Cut> {
        loop {
            match tally.take(class, self.limiter.rate) {
                Ok(Turn::Counted(number)) => {
                    self.shared = Some((tally, number));
                    return Ok(Ok(self));
                }
                Ok(Turn::Wait(wait)) => pauses.pause(wait)?,
                Err(error) => return Ok(Err(error)),
            }
        }
    }
}

impl RateLimiter {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            counted: Mutex::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        // Counting does not panic, and a count is never half done.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may be sent.
    pub(super) fn permit(&self, pauses: &dyn Clock) -> Result<Permit<'_>, Cut> {
        loop {
            let Err(wait) = self.take(Instant::now()) else {
                return Ok(Permit {
                    limiter: self,
                    shared: None,
                });
            };
            pauses.pause(wait)?;
        }
    }

    /// Whether there is anything to count.
    pub(super) fn is_bound(&self) -> bool {
        self.rate.requests.get() < u32::MAX
    }

    #[cfg(test)]
    fn answer(&self) {
        drop(Permit {
            limiter: self,
            shared: None,
        });
    }

    /// Counts a request if it may be sent now; otherwise says how long that takes at least.
    fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut counted = self.lock();
        while let Some(oldest) = counted.answered.front() {
            if now.saturating_duration_since(*oldest) < self.rate.per {
                break;
            }
            counted.answered.pop_front();
        }
        let answered = u32::try_from(counted.answered.len()).unwrap_or(u32::MAX);
        if counted.under_way.saturating_add(answered) < self.rate.requests.get() {
            counted.under_way += 1;
            return Ok(());
        }
        let oldest = counted.answered.front();
        Err(oldest.map_or(LOOK_AGAIN, |oldest| {
            (self.rate.per).saturating_sub(now.saturating_duration_since(*oldest))
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn two_a_second() -> RateLimiter {
        RateLimiter::new(Rate {
            requests: NonZeroU32::new(2).expect("not zero"),
            per: Duration::from_secs(1),
        })
    }

    #[test]
    fn the_next_one_waits_for_the_oldest_answer_to_grow_old() {
        let quota = two_a_second();
        let now = Instant::now();
        assert_eq!(quota.take(now), Ok(()));
        quota.answer();
        assert_eq!(quota.take(now), Ok(()));
        let wait = quota.take(now).expect_err("two are counted");
        assert!(wait > Duration::from_millis(900) && wait <= Duration::from_millis(1100));
        let later = Instant::now() + Duration::from_secs(1);
        assert_eq!(quota.take(later), Ok(()));
        assert_eq!(quota.take(later), Err(LOOK_AGAIN), "one is still under way");
    }

    #[test]
    fn what_is_under_way_counts() {
        let quota = two_a_second();
        let now = Instant::now();
        assert_eq!((quota.take(now), quota.take(now)), (Ok(()), Ok(())));
        let much_later = now + Duration::from_secs(99);
        assert_eq!(quota.take(much_later), Err(LOOK_AGAIN));
    }
}
