//! Keeping within a number of requests for a time.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// Lets at most so many requests pass in any stretch of time of a length.
#[derive(Debug)]
pub(super) struct Rate {
    most: usize,
    within: Duration,
    passed: VecDeque<Instant>,
}

impl Rate {
    pub(super) fn new(most: Option<NonZeroU32>, within: Duration) -> Option<Self> {
        let most = usize::try_from(most?.get()).unwrap_or(usize::MAX);
        Some(Self {
            most,
            within,
            passed: VecDeque::new(),
        })
    }

    /// How long a request that would be made now has to wait; none if it may pass, which it then
    /// did.
    pub(super) fn pass(&mut self, now: Instant) -> Option<Duration> {
        let within = self.within;
        while self
            .passed
            .front()
            .is_some_and(|first| now.duration_since(*first) >= within)
        {
            self.passed.pop_front();
        }
        match self.passed.front() {
            Some(first) if self.passed.len() >= self.most => {
                Some(within - now.duration_since(*first))
            }
            Some(_) | None => {
                self.passed.push_back(now);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stretch_of_time_has_more_than_the_most() {
        let within = Duration::from_secs(60);
        let mut rate = Rate::new(NonZeroU32::new(5), within).expect("a rate");
        let start = Instant::now();
        let (mut now, mut passed) = (start, Vec::new());
        while passed.len() < 40 {
            match rate.pass(now) {
                None => {
                    passed.push(now);
                    now += Duration::from_secs(passed.len() as u64 % 7);
                }
                Some(wait) => {
                    assert!(wait <= within && !wait.is_zero());
                    now += wait;
                }
            }
        }
        for (index, first) in passed.iter().enumerate() {
            let window = passed[index..].iter();
            let inside = window.filter(|at| at.duration_since(*first) < within);
            assert!(inside.count() <= 5);
        }
        assert!(Rate::new(None, within).is_none());
    }
}
