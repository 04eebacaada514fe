//! How long to wait before a request is repeated.

use std::time::{Duration, SystemTime};

/// The first wait, when the platform does not say how long.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait between two attempts, whatever the platform says.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// What a `Retry-After` header says: seconds or a date. Nothing if it is neither; what lies in the
/// past is no wait, what is too long is the longest one.
pub(super) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<f64>() {
        // Negative ones, and what is no number, become none.
        let seconds = seconds.clamp(0.0, LONGEST.as_secs_f64());
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(LONGEST))
}

/// How long to wait after so many attempts: longer each time, and by chance, so that many clients
/// don't come back at once. `chance` is any number.
pub(super) fn backoff(attempts: u32, chance: u64) -> Duration {
    let most = FIRST.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    let most = most.min(LONGEST / 4);
    let share = (chance % 1000) as f64 / 1000.0;
    // Never at once: half of it is certain.
    most.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_platform_says_is_kept_within_reason() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (header, wait) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("1.0", Some(1)),
            ("-5", Some(0)),
            ("99999999999999999999", Some(60)),
            ("inf", Some(60)),
            ("NaN", None),
            ("soon", None),
            ("", None),
            // The platform's clock, and a date before and after it.
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 10:49:47 GMT", Some(60)),
            ("Sun, 06 Nov 1904 08:49:37 GMT", None),
        ] {
            let told = retry_after(header, now).map(|wait| wait.as_secs());
            assert_eq!(told, wait, "{header}");
        }
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        for chance in [0, 1, 499, 999, u64::MAX] {
            let mut last = Duration::ZERO;
            for attempt in 1..50 {
                let wait = backoff(attempt, chance);
                assert!(wait >= last && wait <= LONGEST && !wait.is_zero());
                last = wait;
            }
        }
    }
}
