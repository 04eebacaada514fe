//! The platform's limits of requests: which requests are counted together, and how many of them it
//! takes. They are defaults that a plan can raise.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::request::Method;
use crate::model::keyword::UnknownKeyword;
pub use crate::model::rate::{LimitClass, Rate};

impl LimitClass {
    /// The class of a request, by its path from `/api` on.
    pub(super) fn of(method: Method, path: &str) -> Self {
        let path = path.trim_start_matches('/');
        let path = path.strip_prefix("api/").unwrap_or(path);
        let customer = path.strip_prefix("managed_users/");
        let customer = customer.and_then(|rest| rest.split_once('/'));
        match customer {
            Some((_, rest)) => Self::embedded(method, rest),
            None => Self::own(method, path),
        }
    }

    fn own(method: Method, path: &str) -> Self {
        let mut parts = path.split('/');
        match (parts.next().unwrap_or_default(), parts.next(), method) {
            ("recipes", _, _) => Self::Recipes,
            ("connections", None, Method::Get) => Self::Connections,
            ("connections", _, _) => Self::ConnectionChanges,
            ("properties", _, _) => Self::Properties,
            ("packages", Some("import"), _) => Self::Imports,
            ("packages" | "export_manifests", _, _) => Self::Packages,
            ("custom_connectors", _, _) => Self::Connectors,
            _ => Self::Other,
        }
    }

    fn embedded(method: Method, path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        match (parts.as_slice(), method) {
            (["recipes", _, "versions", ..], _) => Self::EmbeddedRecipeVersions,
            (["recipes", _, "jobs", ..], _) => Self::EmbeddedJobs,
            (["recipes"] | ["recipes", _], Method::Get) => Self::EmbeddedRecipes,
            (["recipes", ..], _) => Self::EmbeddedRecipeChanges,
            (["imports"], _) => Self::EmbeddedImports,
            (["imports", ..], _) => Self::EmbeddedImportStates,
            (["exports" | "export_manifests" | "packages", ..], _) => Self::EmbeddedPackages,
            (["connections"], Method::Get) => Self::EmbeddedConnections,
            (["connections", ..], _) => Self::EmbeddedConnectionChanges,
            (["properties", ..], Method::Get) => Self::EmbeddedProperties,
            (["properties", ..], _) => Self::EmbeddedPropertyChanges,
            _ => Self::EmbeddedOther,
        }
    }
}

/// What is documented. Where two pages say otherwise, it is the lower one.
const DOCUMENTED: [(LimitClass, u32, Duration); 20] = [
    (LimitClass::Recipes, 60, Rate::MINUTE),
    (LimitClass::Connections, 60, Rate::MINUTE),
    (LimitClass::ConnectionChanges, 1, Rate::SECOND),
    (LimitClass::Properties, 60, Rate::MINUTE),
    (LimitClass::Imports, 500, Rate::HOUR),
    (LimitClass::Packages, 60, Rate::MINUTE),
    (LimitClass::Connectors, 1, Rate::SECOND),
    (LimitClass::Other, 60, Rate::MINUTE),
    (LimitClass::EmbeddedRecipes, 2000, Rate::MINUTE),
    (LimitClass::EmbeddedRecipeChanges, 1000, Rate::MINUTE),
    (LimitClass::EmbeddedRecipeVersions, 60, Rate::MINUTE),
    (LimitClass::EmbeddedJobs, 1000, Rate::MINUTE),
    (LimitClass::EmbeddedImports, 1000, Rate::MINUTE),
    (LimitClass::EmbeddedImportStates, 1000, Rate::MINUTE),
    (LimitClass::EmbeddedPackages, 60, Rate::MINUTE),
    (LimitClass::EmbeddedConnections, 1000, Rate::MINUTE),
    (LimitClass::EmbeddedConnectionChanges, 60, Rate::MINUTE),
    (LimitClass::EmbeddedProperties, 1000, Rate::MINUTE),
    (LimitClass::EmbeddedPropertyChanges, 60, Rate::MINUTE),
    (LimitClass::EmbeddedOther, 60, Rate::MINUTE),
];

/// How often is asked: each class by itself, and all of them together if that is bounded, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    classes: BTreeMap<LimitClass, Rate>,
    together: Option<Rate>,
}

impl Default for Limits {
    /// Those that are documented, and none for all together.
    fn default() -> Self {
        let classes = DOCUMENTED.iter().filter_map(|(class, requests, per)| {
            let requests = NonZeroU32::new(*requests)?;
            Some((
                *class,
                Rate {
                    requests,
                    per: *per,
                },
            ))
        });
        Self {
            classes: classes.collect(),
            together: None,
        }
    }
}

impl Limits {
    /// One rate for each class.
    pub fn each(rate: Rate) -> Self {
        Self {
            classes: DOCUMENTED
                .iter()
                .map(|(class, ..)| (*class, rate))
                .collect(),
            together: None,
        }
    }

    /// Another rate for a class.
    pub fn set(&mut self, class: LimitClass, rate: Rate) {
        self.classes.insert(class, rate);
    }

    /// A rate for all classes together, beside their own.
    pub fn bound_all(&mut self, rate: Rate) {
        self.together = Some(rate);
    }

    /// Takes what was asked for.
    pub fn take(&mut self, wanted: RateWanted) {
        match wanted.class {
            Some(class) => self.set(class, wanted.rate),
            None => self.bound_all(wanted.rate),
        }
    }

    /// The classes, each with its rate.
    pub fn classes(&self) -> impl Iterator<Item = (LimitClass, Rate)> {
        self.classes.iter().map(|(class, rate)| (*class, *rate))
    }

    pub(super) const fn together(&self) -> Option<Rate> {
        self.together
    }
}

/// A rate that was asked for, as `60`, `60/min`, `recipes=2000/min` or `imports=500/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateWanted {
    /// The class; all of them together without one.
    pub class: Option<LimitClass>,
    /// The rate.
    pub rate: Rate,
}

/// Why a text asks for no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// There is no such class.
    #[error("{error}; {}", .error.help())]
    Class {
        /// Which one it would be.
        #[from]
        error: UnknownKeyword,
    },
    /// It is no number, or none that helps.
    #[error("`{0}` is not a number of requests from 1 on")]
    Number(String),
    /// The span is none that is known.
    #[error("`{0}` is not a span of time: s, min or h")]
    Span(String),
}

impl FromStr for RateWanted {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (class, rate) = match text.split_once('=') {
            Some((class, rate)) => (Some(class.parse()?), rate),
            None => (None, text),
        };
        let (requests, span) = rate.split_once('/').unwrap_or((rate, "min"));
        let per = match span {
            "s" => Rate::SECOND,
            "min" => Rate::MINUTE,
            "h" => Rate::HOUR,
            _ => return Err(RateError::Span(span.to_owned())),
        };
        let requests = requests.parse();
        let requests = requests.map_err(|_| RateError::Number(rate.to_owned()))?;
        Ok(Self {
            class,
            rate: Rate { requests, per },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_a_documented_rate() {
        let limits = Limits::default();
        let words: Vec<&str> = limits.classes().map(|(class, _)| class.as_str()).collect();
        assert_eq!(words, LimitClass::WORDS);
        assert_eq!(limits.together(), None);
    }

    #[test]
    fn requests_count_for_what_the_documents_say() {
        use LimitClass as Class;
        for (method, path, class) in [
            (Method::Get, "/api/users/me", Class::Other),
            (Method::Get, "/api/folders", Class::Other),
            (Method::Get, "/api/managed_users", Class::Other),
            (Method::Get, "/api/managed_users/7", Class::Other),
            (Method::Get, "/api/recipes", Class::Recipes),
            (Method::Put, "/api/recipes/7/start", Class::Recipes),
            (Method::Get, "/api/connections", Class::Connections),
            (Method::Put, "/api/connections/7", Class::ConnectionChanges),
            (Method::Post, "/api/connections", Class::ConnectionChanges),
            (Method::Post, "/api/packages/import/7", Class::Imports),
            (Method::Post, "/api/packages/export/7", Class::Packages),
            (Method::Get, "/api/packages/7", Class::Packages),
            (
                Method::Get,
                "/api/export_manifests/folder_assets",
                Class::Packages,
            ),
            (
                Method::Post,
                "/api/custom_connectors/7/release",
                Class::Connectors,
            ),
            (
                Method::Get,
                "/api/managed_users/E1/recipes",
                Class::EmbeddedRecipes,
            ),
            (
                Method::Get,
                "/api/managed_users/E1/recipes/7",
                Class::EmbeddedRecipes,
            ),
            (
                Method::Put,
                "/api/managed_users/E1/recipes/7/stop",
                Class::EmbeddedRecipeChanges,
            ),
            (
                Method::Get,
                "/api/managed_users/E1/recipes/7/versions",
                Class::EmbeddedRecipeVersions,
            ),
            (
                Method::Get,
                "/api/managed_users/E1/recipes/7/jobs",
                Class::EmbeddedJobs,
            ),
            (
                Method::Post,
                "/api/managed_users/7/imports",
                Class::EmbeddedImports,
            ),
            (
                Method::Get,
                "/api/managed_users/7/imports/9",
                Class::EmbeddedImportStates,
            ),
            (
                Method::Get,
                "/api/managed_users/7/exports/9",
                Class::EmbeddedPackages,
            ),
            (
                Method::Get,
                "/api/managed_users/7/connections",
                Class::EmbeddedConnections,
            ),
            (
                Method::Delete,
                "/api/managed_users/7/connections/9",
                Class::EmbeddedConnectionChanges,
            ),
            (
                Method::Get,
                "/api/managed_users/7/properties",
                Class::EmbeddedProperties,
            ),
            (
                Method::Post,
                "/api/managed_users/7/properties",
                Class::EmbeddedPropertyChanges,
            ),
            (
                Method::Get,
                "/api/managed_users/7/folders",
                Class::EmbeddedOther,
            ),
        ] {
            assert_eq!(LimitClass::of(method, path), class, "{path}");
        }
    }

    #[test]
    fn rates_are_written_as_people_write_them() {
        let rate = |class: Option<LimitClass>, requests: u32, per| {
            let requests = NonZeroU32::new(requests).expect("not zero");
            Ok(RateWanted {
                class,
                rate: Rate { requests, per },
            })
        };
        for (text, expected) in [
            ("60", rate(None, 60, Rate::MINUTE)),
            ("2/s", rate(None, 2, Rate::SECOND)),
            (
                "recipes=300",
                rate(Some(LimitClass::Recipes), 300, Rate::MINUTE),
            ),
            (
                "embedded-imports=9/h",
                rate(Some(LimitClass::EmbeddedImports), 9, Rate::HOUR),
            ),
            ("0", Err(RateError::Number("0".to_owned()))),
            ("", Err(RateError::Number(String::new()))),
            ("recipes=", Err(RateError::Number(String::new()))),
            ("-1", Err(RateError::Number("-1".to_owned()))),
            ("5/day", Err(RateError::Span("day".to_owned()))),
        ] {
            assert_eq!(text.parse::<RateWanted>(), expected, "{text}");
        }
        let unknown = "recipe=5".parse::<RateWanted>().expect_err("no class");
        assert!(unknown.to_string().contains("did you mean `recipes`?"));
    }
}
