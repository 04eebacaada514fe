//! The workspaces that a package goes through on its way.

use std::str::FromStr;

use crate::model::ident::NameError;
use crate::model::workspace::Address;

/// A workspace that a package goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Where it is.
    pub address: Address,
    /// For how long a package has to have been there before it goes on.
    pub min_soak: Soak,
}

/// For how long something has to have been so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Soak(u64);

impl Soak {
    /// The same in seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl FromStr for Soak {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refused = || NameError {
            what: "time",
            text: text.to_owned(),
            reason: "a number and its unit are expected: 90s, 30m, 24h or 7d",
        };
        let unit = match text.bytes().last() {
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 60 * 60,
            Some(b'd') => 24 * 60 * 60,
            Some(_) | None => return Err(refused()),
        };
        let number = &text[..text.len() - 1];
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refused());
        }
        let number: u64 = number.parse().map_err(|_| refused())?;
        number.checked_mul(unit).map(Self).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_its_unit() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("30m", Some(1_800)),
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("0s", Some(0)),
            ("", None),
            ("h", None),
            ("24", None),
            ("-1h", None),
            ("+1h", None),
            ("1.5h", None),
            ("1 h", None),
            ("1w", None),
            ("1µs", None),
            ("99999999999999999999s", None),
            ("999999999999999999d", None),
        ] {
            let soak = text.parse::<Soak>().ok().map(Soak::seconds);
            assert_eq!(soak, seconds, "{text}");
        }
    }
}
