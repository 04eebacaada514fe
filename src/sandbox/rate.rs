//! The platform's limits of requests (platform.md §1.6, §2.1, §12).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::model::keyword::keyword_enum;

keyword_enum! {
    /// Which limits of the platform are kept (platform.md §1.6, §2.1, §12).
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

/// Requests that are counted together: those of one workspace's own API by what they are about, those
/// for customers by what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    General,
    Import,
    Recipes,
    Connections,
    Properties,
    Packages,
    Connectors,
    CustomerRecipes,
    CustomerRecipeChanges,
    CustomerRecipeVersions,
    CustomerJobs,
    CustomerImport,
    CustomerImportStatus,
    CustomerPackages,
    CustomerConnections,
    CustomerConnectionChanges,
    CustomerProperties,
    CustomerPropertyChanges,
    CustomerGeneral,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

impl Class {
    fn of(method: &str, path: &str) -> Self {
        let of_customer = path.strip_prefix("/api/managed_users/");
        if let Some((_, rest)) = of_customer.and_then(|rest| rest.split_once('/')) {
            return Self::of_customer(method, rest);
        }
        let is = |resource: &str| {
            let rest = path.strip_prefix("/api/").unwrap_or_default();
            rest == resource || rest.starts_with(&format!("{resource}/"))
        };
        match method {
            "POST" if is("packages/import") => Self::Import,
            _ if is("packages") || is("export_manifests") => Self::Packages,
            _ if is("recipes") => Self::Recipes,
            _ if is("connections") => Self::Connections,
            _ if is("properties") => Self::Properties,
            _ if is("custom_connectors") => Self::Connectors,
            _ => Self::General,
        }
    }

    fn of_customer(method: &str, rest: &str) -> Self {
        let mut parts = rest.split('/');
        let (resource, _, of_one) = (parts.next(), parts.next(), parts.next());
        match (method, resource.unwrap_or_default(), of_one) {
            ("POST", "imports", _) => Self::CustomerImport,
            ("GET", "imports", _) => Self::CustomerImportStatus,
            (_, "recipes", Some("versions")) => Self::CustomerRecipeVersions,
            (_, "recipes", Some("jobs")) => Self::CustomerJobs,
            ("GET", "recipes", None) => Self::CustomerRecipes,
            (_, "recipes", _) => Self::CustomerRecipeChanges,
            (_, "exports" | "export_manifests" | "packages", _) => Self::CustomerPackages,
            ("GET", "connections", None) => Self::CustomerConnections,
            (_, "connections", _) => Self::CustomerConnectionChanges,
            ("GET", "properties", _) => Self::CustomerProperties,
            (_, "properties", _) => Self::CustomerPropertyChanges,
            _ => Self::CustomerGeneral,
        }
    }

    /// How many of them are let through, and within which time.
    const fn limit(self) -> (usize, Duration) {
        match self {
            Self::General
            | Self::Recipes
            | Self::Connections
            | Self::Properties
            | Self::Packages
            | Self::Connectors
            | Self::CustomerRecipeVersions
            | Self::CustomerPackages
            | Self::CustomerConnectionChanges
            | Self::CustomerPropertyChanges
            | Self::CustomerGeneral => (60, MINUTE),
            Self::Import => (500, HOUR),
            Self::CustomerRecipes => (2000, MINUTE),
            Self::CustomerRecipeChanges
            | Self::CustomerJobs
            | Self::CustomerImport
            | Self::CustomerImportStatus
            | Self::CustomerConnections
            | Self::CustomerProperties => (1000, MINUTE),
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
            ("one", "GET", "/api/managed_users/E1/recipes"),
            ("one", "GET", "/api/connections"),
            ("one", "GET", "/api/packages/1"),
        ] {
            let wait = rates.over(token, method, path, at(59));
            assert_eq!(wait, None, "{token} {method} {path}");
        }
        let starts = "/api/recipes/1/start";
        let wait = rates.over("one", "PUT", starts, at(59));
        assert!(wait.is_some(), "a workspace's recipes are counted together");
        let starts = "/api/managed_users/E1/recipes/1/start";
        let mut waits = (0..1001).map(|_| rates.over("one", "PUT", starts, at(59)));
        assert_eq!(waits.position(|wait| wait.is_some()), Some(1000));
        // Each row of the table is a count of its own.
        for resource in ["exports/1", "folders"] {
            let path = format!("/api/managed_users/E1/{resource}");
            let mut waits = (0..61).map(|_| rates.over("one", "GET", &path, at(59)));
            assert_eq!(waits.position(|wait| wait.is_some()), Some(60), "{path}");
        }
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
