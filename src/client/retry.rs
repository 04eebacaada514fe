//! When to ask again. Nothing here waits or sends.

use std::time::Duration;

use super::settings::Retries;

/// Why a request is to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryReason {
    /// Too many requests (429).
    Limited,
    /// Anything else that may pass.
    Passing,
}

/// The first pause where the platform has had enough: its limits count by the minute
/// (platform.md §1.6), and a few short pauses would all fall into the same one.
const LIMITED_FIRST: Duration = Duration::from_secs(8);

/// The wait that an answer asks for. `Retry-After` is a number of seconds or a date; a date is held
/// against the answer's own `Date`, so that no clock has to be right. What is neither, or lies in the
/// past, asks for nothing.
pub(super) fn asked(retry_after: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let text = retry_after?.trim();
    let wait = if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        // A number too large for a duration is one that nobody waits for.
        let seconds: f64 = text.parse().ok()?;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    } else {
        let then = httpdate::parse_http_date(text).ok()?;
        let now = httpdate::parse_http_date(date?.trim()).ok()?;
        then.duration_since(now).ok()?
    };
    (!wait.is_zero()).then_some(wait)
}

/// How long to wait before the request is sent for the `next` time (2, 3, …); `None` where that is
/// not worth it. `random` is any number.
pub(super) fn pause(
    retries: &Retries,
    next: u32,
    spent: Duration,
    asked: Option<Duration>,
    trouble: RetryReason,
    random: u64,
) -> Option<Duration> {
    if next > retries.attempts.get() {
        return None;
    }
    let first = match trouble {
        RetryReason::Limited => retries.first.max(LIMITED_FIRST),
        RetryReason::Passing => retries.first,
    };
    let doublings = next.saturating_sub(2).min(20);
    let longest = first
        .saturating_mul(1 << doublings)
        .min(retries.longest.max(first));
    let wait = match (asked, trouble) {
        // Clients that were told the same moment should not all come back in it.
        (Some(asked), _) => asked.saturating_add(fraction(retries.first, random)),
        (None, RetryReason::Limited) => longest / 2 + fraction(longest / 2, random),
        (None, RetryReason::Passing) => fraction(longest, random),
    };
    (spent.saturating_add(wait) <= retries.total).then_some(wait)
}

/// Some part of it.
fn fraction(of: Duration, random: u64) -> Duration {
    let thousandths = u32::try_from(random % 1001).unwrap_or(0);
    of.saturating_mul(thousandths) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: Option<&str> = Some("Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn what_is_asked_for_is_seconds_or_a_date() {
        let seconds = |n| Some(Duration::from_secs(n));
        for (header, wait) in [
            ("120", seconds(120)),
            (" 3 ", seconds(3)),
            ("1.5", Some(Duration::from_millis(1500))),
            ("Sun, 06 Nov 1994 08:50:37 GMT", seconds(60)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", None),
            ("0", None),
            ("-5", None),
            ("", None),
            ("soon", None),
            ("..", None),
            ("1e3", None),
            ("99999999999999999999999999", Some(Duration::MAX)),
        ] {
            assert_eq!(asked(Some(header), DATE), wait, "{header}");
        }
        assert_eq!(asked(Some("Sun, 06 Nov 1994 08:50:37 GMT"), None), None);
        assert_eq!(asked(None, DATE), None);
    }

    #[test]
    fn pauses_grow_up_to_a_bound_and_end() {
        let retries = Retries::default();
        let at_most = |next, trouble| pause(&retries, next, Duration::ZERO, None, trouble, 1000);
        let passing = [2, 3, 4, 5].map(|next| at_most(next, RetryReason::Passing));
        let millis = [500, 1000, 2000, 4000].map(|n| Some(Duration::from_millis(n)));
        assert_eq!(passing, millis);
        assert_eq!(at_most(7, RetryReason::Passing), None, "six attempts");
        let patient = Retries {
            attempts: std::num::NonZeroU32::MAX,
            ..retries
        };
        let late = pause(
            &patient,
            4_000_000,
            Duration::ZERO,
            None,
            RetryReason::Passing,
            1000,
        );
        assert_eq!(late, Some(retries.longest));
    }

    #[test]
    fn pauses_for_a_limit_outlast_the_minute() {
        let retries = Retries::default();
        let least: Duration = (2..=6)
            .filter_map(|n| pause(&retries, n, Duration::ZERO, None, RetryReason::Limited, 0))
            .sum();
        assert!(least > Duration::from_secs(50), "{least:?}");
    }

    #[test]
    fn what_is_asked_for_is_kept_or_given_up() {
        let retries = Retries::default();
        let after = |asked, spent| {
            let spent = Duration::from_secs(spent);
            pause(&retries, 2, spent, Some(asked), RetryReason::Limited, 0)
        };
        let wait = Duration::from_secs(100);
        assert_eq!(after(wait, 0), Some(wait));
        assert_eq!(after(wait, 90), None, "too long in all");
        assert_eq!(after(Duration::MAX, 0), None);
    }
}
