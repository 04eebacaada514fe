//! The platform's limits of requests (platform.md §1.6, §2.1).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// Which limits of the platform are kept (platform.md §1.6, §2.1).
    pub enum Limits: "limits" {
        /// None.
        None = "none",
        /// Those that are documented.
        Documented = "documented",
    }
}

/// How often each token asked lately.
#[derive(Debug)]
pub(super) struct Rates {
    limits: Limits,
    asked: BTreeMap<(String, Class), VecDeque<Instant>>,
}

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    General,
    Import,
    CustomerImport,
    CustomerImportStatus,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

impl Class {
    fn of(method: &str, path: &str) -> Self {
        let of_customer = path.strip_prefix("/api/managed_users/");
        let of_customer = of_customer.and_then(|rest| rest.split_once('/'));
        match (method, of_customer) {
            ("POST", Some((_, "imports"))) => Self::CustomerImport,
            ("GET", Some((_, rest))) if rest.starts_with("imports/") => Self::CustomerImportStatus,
            ("POST", None) if path.starts_with("/api/packages/import/") => Self::Import,
            (_, Some(_) | None) => Self::General,
        }
    }

    /// How many of them are let through, and within which time.
    const fn limit(self) -> (usize, Duration) {
        match self {
            Self::General => (60, MINUTE),
            Self::Import => (500, HOUR),
            Self::CustomerImport | Self::CustomerImportStatus => (1000, MINUTE),
        }
    }
}

impl Rates {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            asked: BTreeMap::new(),
        }
    }

    /// How long to wait, if a token asks too often. Otherwise the request counts.
    pub(super) fn over(
        &mut self,
        token: &str,
        method: &str,
        path: &str,
        now: Instant,
    ) -> Option<Duration> {
        match self.limits {
            Limits::None => return None,
            Limits::Documented => {}
        }
        let class = Class::of(method, path);
        let (most, within) = class.limit();
        let asked = self.asked.entry((token.to_owned(), class)).or_default();
        while asked
            .front()
            .is_some_and(|at| now.duration_since(*at) >= within)
        {
            asked.pop_front();
        }
        match asked.front() {
            Some(first) if asked.len() >= most => Some(within - now.duration_since(*first)),
            Some(_) | None => {
                asked.push_back(now);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_own_minute_for_each_kind_of_request() {
        let mut rates = Rates::new(Limits::Documented);
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        for second in 0..60 {
            let wait = rates.over("one", "GET", "/api/recipes", at(second));
            assert_eq!(wait, None, "{second}");
        }
        let wait = rates.over("one", "GET", "/api/recipes", at(59));
        assert_eq!(wait, Some(Duration::from_secs(1)));
        for (token, method, path) in [
            ("two", "GET", "/api/recipes"),
            ("one", "POST", "/api/packages/import/1"),
            ("one", "POST", "/api/managed_users/E1/imports"),
            ("one", "GET", "/api/managed_users/E1/imports/1"),
        ] {
            let wait = rates.over(token, method, path, at(59));
            assert_eq!(wait, None, "{token} {method} {path}");
        }
        let wait = rates.over("one", "GET", "/api/managed_users/E1/exports/1", at(59));
        assert!(wait.is_some(), "exports are limited as everything else is");
        // What was turned away does not count.
        assert_eq!(rates.over("one", "GET", "/api/recipes", at(60)), None);
        assert!(rates.over("one", "GET", "/api/recipes", at(60)).is_some());
    }

    #[test]
    fn without_limits_all_is_let_through() {
        let mut rates = Rates::new(Limits::None);
        let now = Instant::now();
        let mut waits = (0..5000).map(|_| rates.over("one", "GET", "/", now));
        assert!(waits.all(|wait| wait.is_none()));
    }
}
