//! Faults by script: what goes wrong with which request, so that pipelines can be rehearsed against
//! it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recipe_jobs::JobRule;
use super::store::JobFault;

/// Faults, in order. Each request takes the first rule that it matches.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// The rules.
    #[serde(default)]
    pub faults: Vec<Rule>,
    /// What recipes do while they run. Each takes the first of these that is about it.
    #[serde(default)]
    pub jobs: Vec<JobRule>,
}

/// A fault, and when it strikes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The method of the requests; any if none is said.
    pub method: Option<String>,
    /// Their path; `*` stands for any text.
    pub path: String,
    /// How many of them pass before it strikes.
    #[serde(default)]
    pub after: u64,
    /// How often it strikes; 0 for always.
    #[serde(default = "once")]
    pub times: u64,
    /// What happens.
    #[serde(rename = "do")]
    pub what: What,
}

/// What happens to a request.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// It is answered with this status, and nothing is done.
    Status {
        /// The status.
        status: u16,
        /// Headers of the answer.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// What the answer says.
        message: Option<String>,
    },
    /// It is carried out, and its answer breaks off in the middle.
    CutBody,
    /// It is carried out, and answered late.
    Slow {
        /// How late, in milliseconds.
        milliseconds: u64,
    },
    /// It is carried out, and the connection is closed without an answer.
    LoseAnswer,
    /// The connection is closed, and nothing is done.
    Reset,
    /// The job that it starts never ends.
    NeverEnds,
    /// The job that it starts fails.
    JobFails {
        /// What it says.
        error: String,
    },
    /// Recipes that the import overwrites while they run are left stopped.
    RestartFails,
}

const fn once() -> u64 {
    1
}

/// A script can't be understood.
#[derive(Debug, thiserror::Error)]
#[error("the faults can't be understood: {0}")]
pub struct FaultError(String);

impl Faults {
    /// Reads a script: JSON or TOML.
    ///
    /// # Errors
    /// If it is neither, or says what can't be.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let error = |error: &dyn std::fmt::Display| FaultError(error.to_string());
        let faults: Self = match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map_err(|e| error(&e))?,
            false => toml_edit::de::from_str(text).map_err(|e| error(&e))?,
        };
        for rule in &faults.faults {
            if let What::Status { status, .. } = rule.what
                && !(400..600).contains(&status)
            {
                return Err(FaultError(format!("{status} is no status of an error")));
            }
        }
        for rule in &faults.jobs {
            rule.check().map_err(|why| FaultError(why.to_owned()))?;
        }
        Ok(faults)
    }

    /// What happens to a request, if anything does.
    pub(super) fn strike(&mut self, method: &str, path: &str) -> Option<What> {
        let index = self.faults.iter_mut().position(|rule| {
            let is_meant = rule
                .method
                .as_deref()
                .is_none_or(|own| own.eq_ignore_ascii_case(method))
                && matches(&rule.path, path);
            if is_meant && rule.after > 0 {
                rule.after -= 1;
                return false;
            }
            is_meant
        })?;
        let rule = &mut self.faults[index];
        let what = rule.what.clone();
        if rule.times == 1 {
            self.faults.remove(index);
        } else if rule.times > 1 {
            rule.times -= 1;
        }
        Some(what)
    }
}

impl What {
    /// What it does to the job that the request starts.
    pub(super) fn of_job(&self) -> Option<JobFault> {
        match self {
            Self::NeverEnds => Some(JobFault::NeverEnds),
            Self::JobFails { error } => Some(JobFault::Fails(error.clone())),
            Self::RestartFails => Some(JobFault::RestartFails),
            Self::Status { .. }
            | Self::CutBody
            | Self::Slow { .. }
            | Self::LoseAnswer
            | Self::Reset => None,
        }
    }
}

/// Whether a path is one that a pattern means.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some("") => true,
        Some(last) => path.ends_with(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, path, is_one) in [
            ("/api/recipes", "/api/recipes", true),
            ("/api/recipes", "/api/recipes/1", false),
            ("/api/recipes/*", "/api/recipes/1/start", true),
            ("/api/*/start", "/api/recipes/1/start", true),
            ("/api/*/start", "/api/recipes/1/stop", false),
            ("*", "/anything", true),
            ("/b*", "/a", false),
        ] {
            assert_eq!(matches(pattern, path), is_one, "{pattern} {path}");
        }
    }

    #[test]
    fn rules_strike_in_order_and_as_often_as_they_say() {
        let mut faults = Faults::parse(
            r#"
            [[faults]]
            method = "POST"
            path = "/a"
            after = 1
            do = "reset"
            [[faults]]
            path = "/*"
            times = 2
            do = { status = { status = 429, headers = { "Retry-After" = "1" } } }
            "#,
        )
        .expect("faults");
        let mut told = Vec::new();
        for method in ["POST", "POST", "GET", "GET"] {
            told.push(match faults.strike(method, "/a") {
                Some(What::Reset) => "reset",
                Some(What::Status { status: 429, .. }) => "429",
                Some(_) => "?",
                None => "-",
            });
        }
        assert_eq!(told, ["429", "reset", "429", "-"]);
        for wrong in [
            "do",
            "{\"faults\": [{}]}",
            "[[faults]]\npath = \"/\"\ndo = { status = { status = 200 } }",
            "[[jobs]]\nends = []",
            "[[jobs]]\nends = [\"failed\"]\nevery = 0",
            "[[jobs]]\nends = [\"lost\"]",
        ] {
            assert!(Faults::parse(wrong).is_err(), "{wrong}");
        }
    }
}
