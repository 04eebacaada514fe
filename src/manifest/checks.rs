//! What a manifest says about findings: how much they matter, and which are allowed.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::naming::NamePattern;
use crate::model::finding::{Code, Finding, Latitude, Severity, Subject};
use crate::model::ident::{Fingerprint, TypeWord};
use crate::model::keyword::keyword_enum;
use crate::model::span::Located;

keyword_enum! {
    /// How much findings of a code matter.
    pub enum Level: "level" {
        /// Nothing is written.
        Error = "error",
        /// A person should look.
        Warning = "warning",
        /// Worth knowing.
        Note = "note",
        /// It is not told.
        Off = "off",
    }
}

impl Level {
    /// The level of a code about which a manifest says nothing.
    pub const fn of(code: Code) -> Self {
        match (code.latitude(), code.severity()) {
            (Latitude::Asked, _) => Self::Off,
            (_, Severity::Error) => Self::Error,
            (_, Severity::Warning) => Self::Warning,
            (_, Severity::Note) => Self::Note,
        }
    }

    /// Whether a manifest may give a code this level.
    pub fn may_be_of(self, code: Code) -> bool {
        match code.latitude() {
            Latitude::Free | Latitude::Asked => true,
            Latitude::Guard => self == Self::Error,
            Latitude::Workspace => false,
        }
    }

    const fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Note => Some(Severity::Note),
            Self::Off => None,
        }
    }
}

/// A finding that somebody looked at and found right as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Allowance {
    /// Its code.
    pub code: Code,
    /// What it is known by.
    pub fingerprint: Fingerprint,
    /// Why it is right.
    pub reason: String,
}

/// The manifest's `[checks]`, `[[allow]]` and `[naming]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The levels of the codes about which it says something.
    pub levels: BTreeMap<Code, Level>,
    /// The findings that are allowed, each with its place.
    pub allow: Vec<Located<Allowance>>,
    /// What the display names of assets of a type have to match.
    pub naming: BTreeMap<TypeWord, Located<NamePattern>>,
}

impl Checks {
    /// How much findings of a code matter.
    pub fn level(&self, code: Code) -> Level {
        self.levels.get(&code).copied().unwrap_or(Level::of(code))
    }

    /// Gives findings their severities, and takes out those that are off or allowed. Gives what was
    /// allowed. Done twice, it changes nothing more.
    pub fn apply(&self, findings: &mut Vec<Finding>) -> BTreeSet<Allowance> {
        let mut allowed = BTreeSet::new();
        findings.retain_mut(|finding| {
            let Some(severity) = self.level(finding.code).severity() else {
                return false;
            };
            finding.severity = severity;
            let mut of_code = self
                .allow
                .iter()
                .filter(|allowance| allowance.value.code == finding.code)
                .peekable();
            if of_code.peek().is_none() {
                return true;
            }
            // One of several places may be allowed, or all of them.
            let known = [Some(finding.fingerprint()), finding.group_fingerprint()];
            let is_known = |allowance: &&Located<Allowance>| {
                let mut known = known.iter().flatten();
                known.any(|known| *known == allowance.value.fingerprint)
            };
            match of_code.find(is_known) {
                Some(allowance) => {
                    allowed.insert(allowance.value.clone());
                    false
                }
                None => true,
            }
        });
        allowed
    }

    /// What is allowed and not there, if `allowed` is all that was.
    pub fn unused(&self, allowed: &BTreeSet<Allowance>) -> Vec<Finding> {
        let unused = self
            .allow
            .iter()
            .filter(|allowance| !allowed.contains(&allowance.value));
        unused
            .map(|allowance| {
                let Allowance {
                    code, fingerprint, ..
                } = &allowance.value;
                let subject = match allowance.place() {
                    Some(place) => Subject::Manifest(place.clone()),
                    None => Subject::CommandLine,
                };
                let message = format!("`{code}` is allowed as {fingerprint}, and there is none");
                Finding::new(Code::AllowanceUnused, subject, message)
                    .help("take it out of the manifest, unless it is for another selection")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guards_stays_an_error_and_the_rest_can_be_said() {
        for code in Code::ALL {
            for level in [Level::Error, Level::Warning, Level::Note, Level::Off] {
                let expected = match code.latitude() {
                    Latitude::Guard => level == Level::Error,
                    Latitude::Workspace => false,
                    Latitude::Free | Latitude::Asked => true,
                };
                assert_eq!(level.may_be_of(*code), expected, "{code} = {level}");
            }
        }
    }

    #[test]
    fn applied_twice_is_applied_once() {
        let finding = |code, message: &str| Finding::new(code, Subject::Project, message);
        let known = finding(Code::RawId, "known").fingerprint();
        let allowance = Allowance {
            code: Code::RawId,
            fingerprint: known,
            reason: "so it is".to_owned(),
        };
        let checks = Checks {
            levels: BTreeMap::from([(Code::UnknownType, Level::Off), (Code::RawId, Level::Error)]),
            allow: vec![Located::on_command_line(allowance.clone())],
            naming: BTreeMap::new(),
        };
        let mut findings = vec![
            finding(Code::RawId, "known"),
            finding(Code::RawId, "new"),
            finding(Code::UnknownType, "u"),
            finding(Code::DanglingLookup, "d"),
        ];
        let allowed = checks.apply(&mut findings);
        assert_eq!(allowed, BTreeSet::from([allowance]));
        let left: Vec<_> = findings.iter().map(|f| (f.code, f.severity())).collect();
        let expected = [
            (Code::RawId, Severity::Error),
            (Code::DanglingLookup, Severity::Note),
        ];
        assert_eq!(left, expected);
        let before = findings.clone();
        assert_eq!(checks.apply(&mut findings), BTreeSet::new());
        assert_eq!(findings, before);
        assert_eq!(checks.unused(&allowed), []);
        assert_eq!(
            checks.unused(&BTreeSet::new())[0].code,
            Code::AllowanceUnused
        );
    }
}
