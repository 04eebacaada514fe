//! Labels: what a partner notes of a customer, as keys with values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::ident::{LabelKey, LabelValue, NameError};

/// A label that is set: `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label {
    /// The key.
    pub key: LabelKey,
    /// The value.
    pub value: LabelValue,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

impl TryFrom<String> for Label {
    type Error = LabelError;
    fn try_from(text: String) -> Result<Self, LabelError> {
        text.parse()
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.to_string()
    }
}

/// What happens to a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelEdit {
    /// It gets this value: `KEY=VALUE`.
    Set(Label),
    /// It goes: `KEY-`.
    Remove(LabelKey),
}

/// Why a text is no label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// There is no value.
    #[error("`{}` has no value: KEY=VALUE is expected", .0.escape_debug())]
    NoValue(String),
    /// Neither a value nor a removal.
    #[error("`{}` is neither KEY=VALUE nor KEY-", .0.escape_debug())]
    NoEdit(String),
    /// The key or the value can't be one.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl FromStr for Label {
    type Err = LabelError;
    fn from_str(text: &str) -> Result<Self, LabelError> {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| LabelError::NoValue(text.to_owned()))?;
        Ok(Self {
            key: key.parse()?,
            value: value.parse()?,
        })
    }
}

impl FromStr for LabelEdit {
    type Err = LabelError;
    fn from_str(text: &str) -> Result<Self, LabelError> {
        if text.contains('=') {
            return text.parse().map(Self::Set);
        }
        match text.strip_suffix('-') {
            Some(key) => Ok(Self::Remove(key.parse()?)),
            None => Err(LabelError::NoEdit(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_set_and_removed() {
        let set = |text: &str| match text.parse() {
            Ok(LabelEdit::Set(Label { key, value })) => format!("{key} is {value}"),
            Ok(LabelEdit::Remove(key)) => format!("{key} goes"),
            Err(error) => error.to_string(),
        };
        for (text, means) in [
            ("plan=gold", "plan is gold"),
            ("plan=a=b c", "plan is a=b c"),
            ("example.com/ring=1", "example.com/ring is 1"),
            ("plan-", "plan goes"),
            ("a-b-", "a-b goes"),
            ("plan", "`plan` is neither KEY=VALUE nor KEY-"),
            ("plan=", "invalid label value ``: it is empty"),
            ("=x", "invalid label ``: it is empty"),
            ("-", "invalid label ``: it is empty"),
            (
                "a b=1",
                "invalid label `a b`: only letters, digits, `.`, `/`, `_` and `-` may stand in it",
            ),
            (
                "a-=1",
                "invalid label `a-`: it starts or ends with another sign than a letter or digit",
            ),
        ] {
            assert_eq!(set(text), means, "{text}");
        }
        assert!("plan-".parse::<Label>().is_err());
    }
}
