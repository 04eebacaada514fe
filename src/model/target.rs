//! Where a package goes, and what the manifest says about connectors going there.

use std::collections::BTreeMap;

use super::ident::{ConnectorTitle, DataCenter};
use crate::model::keyword::keyword_enum;
use crate::model::span::Located;

keyword_enum! {
    /// What the manifest says about a connector: the third column of the rule that decides what
    /// goes into a package.
    #[derive(Default)]
    pub enum ConnectorPolicy: "word about a connector" {
        /// Decided by the target and the catalogue; also what holds where nothing is said.
        #[default]
        Auto = "auto",
        /// In, even against the rule.
        Include = "include",
        /// Out, even against the rule.
        Exclude = "exclude",
    }
}

keyword_enum! {
    /// Whose workspace a target is.
    pub enum TargetKind: "kind of target" {
        /// A customer's workspace under this partner: connectors that the partner shares are
        /// there already.
        Customer = "customer",
        /// Any other account: nothing is there that the package doesn't bring.
        External = "external",
    }
}

/// One target: where a package goes, with what is said for this target only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whose workspace it is.
    pub kind: TargetKind,
    /// The data center it lives in, if that is known.
    pub data_center: Option<DataCenter>,
    /// What is said about connectors for this target only, each with the place of its title.
    pub connectors: BTreeMap<ConnectorTitle, Located<ConnectorPolicy>>,
    /// The catalogue to use for this target instead of the package's: a file, an admin workspace's
    /// address, or `none` for a partner who shares nothing.
    pub catalog: Option<Located<String>>,
}

impl Target {
    /// A target of this kind, with nothing else said.
    pub const fn of_kind(kind: TargetKind) -> Self {
        Self {
            kind,
            data_center: None,
            connectors: BTreeMap::new(),
            catalog: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_from_their_text() {
        for word in [
            ConnectorPolicy::Auto,
            ConnectorPolicy::Include,
            ConnectorPolicy::Exclude,
        ] {
            assert_eq!(word.as_str().parse(), Ok(word));
            assert_eq!(
                serde_json::to_string(&word).expect("serialises"),
                format!("\"{word}\"")
            );
        }
        for kind in [TargetKind::Customer, TargetKind::External] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_unknown_word_is_named_with_what_may_stand_there() {
        let error = "customers".parse::<TargetKind>().expect_err("no such kind");
        assert_eq!(error.to_string(), "unknown kind of target `customers`");
        assert_eq!(
            error.help(),
            "did you mean `customer`? Possible are `customer`, `external`"
        );
    }
}
