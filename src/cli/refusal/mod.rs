//! The codes of errors that end a command, as they stand in `error[…]`: what each means, and what to
//! do. Findings have their own codes and pages, in `model::finding`.

mod archive;
mod command;
mod customer;
mod migration;
mod registry;
mod rollout;

use super::exit::Exit;

/// What a command ends with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    /// The code as printed. Once published, it keeps its meaning.
    pub(crate) code: &'static str,
    /// The exit codes that a command may end with.
    pub(crate) exits: &'static [Exit],
    /// What it means, in a sentence.
    pub(crate) meaning: &'static str,
    /// Why a command ends there.
    why: &'static str,
    /// What to do.
    cure: &'static str,
}

impl Refusal {
    /// All of them, in the order of their codes.
    pub(crate) fn all() -> Vec<Self> {
        let mut all: Vec<Self> = command::REFUSALS.to_vec();
        all.extend(customer::REFUSALS);
        all.extend(migration::REFUSALS);
        all.extend(registry::REFUSALS);
        all.extend(rollout::REFUSALS);
        all.extend(archive::refusals());
        all.sort_by_key(|refusal| refusal.code);
        all
    }

    /// The one with this code.
    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::all().into_iter().find(|refusal| refusal.code == code)
    }

    /// The page that explains it, in Markdown without a title.
    pub(crate) fn page(&self) -> String {
        format!("{}\n\n## What to do\n\n{}\n", self.why, self.cure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Code;

    #[test]
    fn every_code_stands_once_says_something_and_is_no_findings() {
        let mut seen = std::collections::BTreeSet::new();
        for Refusal {
            code,
            exits,
            meaning,
            why,
            cure,
        } in Refusal::all()
        {
            assert!(seen.insert(code), "{code} stands twice");
            assert!(code.parse::<Code>().is_err(), "{code} is a finding's");
            assert!(!exits.is_empty(), "{code} has no exit code");
            for text in [meaning, why, cure] {
                assert!(text.ends_with(['.', '`', ')']), "{code}: {text}");
            }
        }
    }
}
