//! How many requests may be sent in a time, by what was sent in it: the same for every ledger.

use serde::{Deserialize, Serialize};

use super::{Permit, PermitRequest};

/// When requests were permitted lately, and how many, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Window(Vec<(u64, u32)>);

impl Window {
    /// Takes as many as may be sent now, in milliseconds by the ledger's clock.
    pub(super) fn take(&mut self, asked: &PermitRequest<'_>, now: u64) -> Permit {
        // A clock that was put back: what was permitted later than now was permitted before.
        for (at, _) in &mut self.0 {
            *at = now.min(*at);
        }
        self.0.retain(|(at, _)| at.saturating_add(asked.per) > now);
        let sent = self
            .0
            .iter()
            .fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        let granted = asked.wanted.min(asked.rate.saturating_sub(sent));
        if granted == 0 {
            let first = self.0.first().map_or(now, |(at, _)| *at);
            let wait = first.saturating_add(asked.per).saturating_sub(now);
            return Permit::Wait(wait.max(1));
        }
        match self.0.last_mut() {
            Some((at, count)) if *at == now => *count = count.saturating_add(granted),
            Some(_) | None => self.0.push((now, granted)),
        }
        Permit::Granted(granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(wanted: u32) -> PermitRequest<'static> {
        PermitRequest {
            account: "a",
            class: "c",
            rate: 5,
            per: 100,
            wanted,
        }
    }

    #[test]
    fn no_more_than_the_rate_is_permitted_in_any_time_of_that_length() {
        let mut window = Window::default();
        for (now, wanted, permit) in [
            (0, 3, Permit::Granted(3)),
            (0, 1, Permit::Granted(1)),
            (10, 9, Permit::Granted(1)),
            (10, 1, Permit::Wait(90)),
            (99, 1, Permit::Wait(1)),
            (100, 9, Permit::Granted(4)),
            (109, 1, Permit::Wait(1)),
            (110, 1, Permit::Granted(1)),
        ] {
            assert_eq!(window.take(&asked(wanted), now), permit, "at {now}");
        }
        // The clock was put back: nobody waits for longer than the time.
        assert_eq!(window.take(&asked(1), 7), Permit::Wait(100));
        assert_eq!(window.take(&asked(9), 107), Permit::Granted(5));
    }
}
