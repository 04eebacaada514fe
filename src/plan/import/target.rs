//! What a package was made for, and the workspace that it meets.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::finding::{Code, Finding, Subject};
use crate::model::ident::{DataCenter, TargetName};
use crate::model::keyword::keyword_enum;
use crate::model::target::TargetKind;
use crate::model::workspace::{Address, WorkspaceFacts, WorkspaceKind};

use super::document::{ImportPlan, Needed, Permission};

keyword_enum! {
    /// Whether a workspace is what a package was made for.
    pub enum Fit: "fit" {
        /// As far as the record says anything, it is.
        Same = "same",
        /// That can't be told.
        Unknown = "unknown",
        /// It is not.
        Other = "other",
        /// It is not, and that is permitted.
        Permitted = "permitted",
    }
}

/// What a package was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MadeFor {
    /// The target's name in the manifest.
    pub target: Option<TargetName>,
    /// A customer of the partner, or any other account.
    pub kind: TargetKind,
    /// Its data center, if one was given.
    pub data_center: Option<DataCenter>,
}

/// A package's target in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedTarget {
    /// What the package was made for, as its decision record or the lock says; absent where neither
    /// does.
    pub made_for: Option<MadeFor>,
    /// Whether the workspace is that.
    pub fit: Fit,
    /// How it is not, or what can't be told.
    pub because: Vec<String>,
}

/// Whether an import into another target than the package's is permitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtherTarget {
    /// It is refused.
    #[default]
    Refused,
    /// It is permitted.
    Permitted,
}

/// Whom the name of a package's target means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameMeans {
    /// Another customer of the same partner.
    AnotherCustomer,
    /// This workspace, nobody in particular, or it is not known whom.
    NobodyElse,
}

/// What is known of the workspace that a package meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// What it is called.
    pub address: Address,
    /// What sort of target it is.
    pub kind: Option<TargetKind>,
    /// Where it lives.
    pub data_center: Option<DataCenter>,
    /// Whom the name of the package's target means.
    pub name_means: NameMeans,
}

impl Here {
    /// The sort of target that a workspace is. With a token of its own, a customer's workspace looks
    /// like any other account (platform.md §7), so that is not known then. The partner's own
    /// workspace is one that packages have to bring everything to.
    pub fn kind_of(address: &Address, workspace: &WorkspaceFacts) -> Option<TargetKind> {
        match (workspace.kind, address) {
            (WorkspaceKind::Customer, _) => Some(TargetKind::Customer),
            (WorkspaceKind::Admin, _) | (WorkspaceKind::External, Address::Local(_)) => {
                Some(TargetKind::External)
            }
            (WorkspaceKind::External, Address::Remote(_)) => None,
        }
    }
}

impl PlannedTarget {
    /// Compares what a package was made for with a workspace.
    pub fn of(made_for: Option<MadeFor>, here: &Here, permitted: OtherTarget) -> Self {
        let (mut other, mut unknown) = (Vec::new(), Vec::new());
        let address = &here.address;
        match &made_for {
            None => unknown.push(
                "no decision record lies beside the package, so what it was made for is not known"
                    .to_owned(),
            ),
            Some(made_for) => {
                match here.kind {
                    Some(kind) if kind == made_for.kind => {}
                    Some(kind) => other.push(format!(
                        "the package was made for {made_for}, and {address} is {}",
                        whose(kind)
                    )),
                    None => unknown.push(format!(
                        "the package was made for {made_for}, and whether {address} is a customer's is not told to its own token"
                    )),
                }
                match (&made_for.data_center, &here.data_center) {
                    (None, _) => {}
                    (Some(made), Some(here)) if made == here => {}
                    (Some(made), Some(here)) => other.push(format!(
                        "the package was made for data center {made}, and {address} is in {here}"
                    )),
                    (Some(made), None) => unknown.push(format!(
                        "the package was made for data center {made}, and that of {address} is not known"
                    )),
                }
                let customers = (made_for.kind, here.kind);
                if let (Some(target), NameMeans::AnotherCustomer) =
                    (&made_for.target, here.name_means)
                    && customers == (TargetKind::Customer, Some(TargetKind::Customer))
                {
                    other.push(format!(
                        "the package was made for customer `{target}`, and {address} is another one"
                    ));
                }
            }
        }
        let fit = match (other.is_empty(), unknown.is_empty(), permitted) {
            (true, true, _) => Fit::Same,
            (true, false, _) => Fit::Unknown,
            (false, _, OtherTarget::Refused) => Fit::Other,
            (false, _, OtherTarget::Permitted) => Fit::Permitted,
        };
        other.append(&mut unknown);
        Self {
            made_for,
            fit,
            because: other,
        }
    }

    /// Puts it into a plan, and says what a person should know.
    pub fn settle(self, plan: &mut ImportPlan) -> Vec<Finding> {
        let (code, help) = match self.fit {
            Fit::Same => (None, ""),
            Fit::Unknown => (
                Some(Code::TargetUnknown),
                "keep the record beside the package, and look yourself whether it belongs here",
            ),
            Fit::Other | Fit::Permitted => (
                Some(Code::OtherTarget),
                "export it for this target, or say that it is meant: --other-target",
            ),
        };
        let findings = code.into_iter().map(|code| {
            let mut because = self.because.iter();
            let first = because.next().cloned().unwrap_or_default();
            let finding = Finding::new(code, Subject::Project, first).help(help);
            because.fold(finding, |finding, more| finding.note(more.clone()))
        });
        let findings = findings.collect();
        if self.fit == Fit::Other {
            let need = Needed {
                permission: Permission::OtherTarget,
                because: self.because.join("; "),
            };
            plan.needs.insert(0, need);
        }
        plan.target = Some(self);
        findings
    }
}

/// Whose workspace a kind of target is.
const fn whose(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Customer => "a customer's",
        TargetKind::External => "not a customer's",
    }
}

impl fmt::Display for MadeFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = match self.kind {
            TargetKind::Customer => "a customer",
            TargetKind::External => "an external account",
        };
        match &self.target {
            Some(target) => write!(f, "`{target}`, {whom}"),
            None => f.write_str(whom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn center(name: &str) -> Option<DataCenter> {
        (name != "-").then(|| name.parse().expect("a data center"))
    }

    fn kind(name: &str) -> Option<TargetKind> {
        (name != "-").then(|| name.parse().expect("a kind"))
    }

    /// Each pair of what is known of the package and of the workspace.
    #[test]
    fn only_what_is_known_to_be_equal_is() {
        use NameMeans::{AnotherCustomer, NobodyElse};
        for (made, made_in, here, here_in, means, fit) in [
            ("customer", "-", "customer", "eu", NobodyElse, Fit::Same),
            ("external", "eu", "external", "eu", NobodyElse, Fit::Same),
            ("external", "-", "customer", "eu", NobodyElse, Fit::Other),
            ("customer", "-", "external", "eu", NobodyElse, Fit::Other),
            ("customer", "-", "-", "eu", NobodyElse, Fit::Unknown),
            ("external", "-", "-", "-", NobodyElse, Fit::Unknown),
            ("external", "us", "external", "-", NobodyElse, Fit::Unknown),
            ("external", "us", "external", "eu", NobodyElse, Fit::Other),
            ("external", "us", "-", "eu", NobodyElse, Fit::Other),
            (
                "customer",
                "-",
                "customer",
                "eu",
                AnotherCustomer,
                Fit::Other,
            ),
            (
                "external",
                "-",
                "external",
                "eu",
                AnotherCustomer,
                Fit::Same,
            ),
            ("-", "-", "customer", "eu", NobodyElse, Fit::Unknown),
        ] {
            let made_for = kind(made).map(|kind| MadeFor {
                target: Some("kestrel".parse().expect("a name")),
                kind,
                data_center: center(made_in),
            });
            let here = Here {
                address: "local:heron".parse().expect("an address"),
                kind: kind(here),
                data_center: center(here_in),
                name_means: means,
            };
            let refused = PlannedTarget::of(made_for.clone(), &here, OtherTarget::Refused);
            assert_eq!(refused.fit, fit, "{made_for:?} {here:?}");
            assert_eq!(refused.because.is_empty(), fit == Fit::Same);
            let permitted = PlannedTarget::of(made_for, &here, OtherTarget::Permitted);
            let expected = match fit {
                Fit::Other => Fit::Permitted,
                Fit::Same | Fit::Unknown | Fit::Permitted => fit,
            };
            assert_eq!(permitted.fit, expected);
        }
    }
}
