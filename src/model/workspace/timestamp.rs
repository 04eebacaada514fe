//! Moments as people read them.

use super::Timestamp;

const SECONDS_PER_DAY: u64 = 86_400;
/// 400 years of the Gregorian calendar, after which it repeats.
const DAYS_PER_ERA: u64 = 146_097;
/// From 0000-03-01, where eras start, to 1970-01-01.
const DAYS_BEFORE_1970: u64 = 719_468;

impl Timestamp {
    /// Stands for a moment that nobody told.
    pub const UNTOLD: Self = Self(0);

    /// Date and time in UTC, as ISO 8601 has them: `2024-02-29T23:59:59Z`.
    pub fn utc(self) -> String {
        let (days, seconds) = (self.0 / SECONDS_PER_DAY, self.0 % SECONDS_PER_DAY);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl Timestamp {
    /// The moment of a date and a time in UTC, from 1970 on; nothing if there is no such moment.
    pub fn of_utc((year, month, day): (u64, u64, u64), seconds: u64) -> Option<Self> {
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        // Years start in March here, as below.
        let (year_from_march, months) = match month {
            3.. => (year, month - 3),
            _ => (year - 1, month + 9),
        };
        let before = 365 * year_from_march + year_from_march / 4 - year_from_march / 100
            + year_from_march / 400;
        let days = before + (153 * months + 2) / 5 + day - 1 - DAYS_BEFORE_1970;
        // A day that the month does not have is one of the next month.
        let is_there = civil(days) == (year, month, day) && seconds < SECONDS_PER_DAY;
        is_there.then(|| Self(days * SECONDS_PER_DAY + seconds))
    }

    /// The moment that a text names as RFC 3339 has it, as the platform's answers do:
    /// `2026-11-09T15:26:25.190-08:00`. Parts of a second are left out. Nothing if it names none, or
    /// does not say where that time counts.
    pub fn of_rfc3339(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, rest) = (text.get(..10)?, text.get(10..)?);
        let time = rest.strip_prefix(['T', 't', ' '])?;
        let digits = |text: &str| -> Option<u64> {
            let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| text.parse().ok())?
        };
        let parts = |text: &str, mark: char| -> Option<Vec<u64>> {
            text.split(mark)
                .map(|part| digits(part).filter(|_| part.len() == 2))
                .collect()
        };
        let day = match (
            date.get(..4)?,
            date.get(4..5)?,
            parts(date.get(5..)?, '-')?.as_slice(),
        ) {
            (year, "-", [month, day]) => (digits(year)?, *month, *day),
            _ => return None,
        };
        let (clock, after) = (time.get(..8)?, time.get(8..)?);
        let seconds = match parts(clock, ':')?.as_slice() {
            // A leap second is the last of its minute.
            [hour, minute, second] if *hour < 24 && *minute < 60 && *second <= 60 => {
                hour * 3600 + minute * 60 + (*second).min(59)
            }
            _ => return None,
        };
        let offset = match after.strip_prefix('.') {
            None => after,
            Some(fraction) => {
                let end = fraction.find(|c: char| !c.is_ascii_digit())?;
                fraction.get(end..).filter(|_| end > 0)?
            }
        };
        let there = Self::of_utc(day, seconds)?;
        if matches!(offset, "Z" | "z") {
            return Some(there);
        }
        let (sign, away) = (offset.get(..1)?, offset.get(1..)?);
        let away = match parts(away, ':')?.as_slice() {
            [hours, minutes] if *hours < 24 && *minutes < 60 => hours * 3600 + minutes * 60,
            _ => return None,
        };
        match sign {
            "+" => there.0.checked_sub(away).map(Self),
            "-" => there.0.checked_add(away).map(Self),
            _ => None,
        }
    }
}

/// Year, month and day of a day after 1970-01-01. Years are taken to start in March, so that the
/// leap day is their last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_BEFORE_1970;
    let (era, day) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    // Without the leap days before it, each year of the era has 365 days.
    let year = (day - day / 1460 + day / 36_524 - day / (DAYS_PER_ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_moments_if_there_are_such_days() {
        for days in (0..40_000).step_by(7) {
            let moment = Timestamp::of_utc(civil(days), 59);
            assert_eq!(moment, Some(Timestamp(days * SECONDS_PER_DAY + 59)));
        }
        for wrong in [
            (2023, 2, 29),
            (2024, 2, 30),
            (2024, 13, 1),
            (2024, 0, 1),
            (2024, 4, 31),
            (2024, 4, 0),
            (1969, 12, 31),
            (10_000, 1, 1),
        ] {
            assert_eq!(Timestamp::of_utc(wrong, 0), None, "{wrong:?}");
        }
        assert_eq!(Timestamp::of_utc((2024, 1, 1), SECONDS_PER_DAY), None);
    }

    #[test]
    fn moments_are_read_as_the_platform_spells_them() {
        for (text, moment) in [
            ("2024-02-29T23:59:59Z", Some(1_709_251_199)),
            ("2020-11-09T15:26:25.190-08:00", Some(1_604_964_385)),
            ("2020-11-10 01:26:25+02:00", Some(1_604_964_385)),
            (" 1970-01-01T00:00:00.5z ", Some(0)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_799)),
            ("1970-01-01T00:30:00+01:00", None),
            ("2020-11-09T15:26:25", None),
            ("2020-11-09T15:26:25.", None),
            ("2020-11-09T15:26:25.Z", None),
            ("2020-11-09T15:26:25.190", None),
            ("2020-11-09", None),
            ("2020-13-09T15:26:25Z", None),
            ("2020-11-09T24:00:00Z", None),
            ("2020-11-09T15:26:25 08:00", None),
            ("2020-11-09T15:26:25-8:00", None),
            ("+020-11-09T15:26:25Z", None),
            ("2020-11-09T+1:26:25Z", None),
            ("٢٠٢٠-11-09T15:26:25Z", None),
            ("", None),
            ("null", None),
        ] {
            assert_eq!(Timestamp::of_rfc3339(text), moment.map(Timestamp), "{text}");
            // Somebody else's reader says the same of what it takes.
            #[cfg(feature = "sandbox")]
            if let (Some(moment), Ok(theirs)) = (moment, text.trim().parse::<jiff::Timestamp>()) {
                assert_eq!(u64::try_from(theirs.as_second()), Ok(moment), "{text}");
            }
        }
        for seconds in (0..253_402_300_799).step_by(7_777_777_777) {
            let moment = Timestamp(seconds);
            assert_eq!(Timestamp::of_rfc3339(&moment.utc()), Some(moment));
        }
    }

    #[test]
    fn moments_are_told_in_utc() {
        for (seconds, told) in [
            (0, "1970-01-01T00:00:00Z"),
            (86_399, "1970-01-01T23:59:59Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp(seconds).utc(), told);
        }
        assert!(
            Timestamp(u64::MAX).utc().ends_with('Z'),
            "no moment is too late"
        );
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let leap = |year: u64| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..200_000 {
            assert_eq!(civil(days), (year, month, day));
            let length = match month {
                2 if leap(year) => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }
}
