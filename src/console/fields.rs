//! What an address or a form says: names with values, each name once.

use std::collections::BTreeMap;

/// Names with values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// The fields of a query, or of a form that was sent; nothing if a name stands there twice, since
    /// nobody knows which of them is meant.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if fields
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// The value of a name. Nothing is said by an empty one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a name, as a number; an error if it is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ()> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        match (digits, value.parse()) {
            (true, Ok(number)) => Ok(Some(number)),
            (true | false, _) => Err(()),
        }
    }

    /// The same fields as an address has them, with one of them changed.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let mut fields = self.0.clone();
        fields.insert(name.to_owned(), value.to_owned());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_is_not_understood() {
        assert_eq!(Fields::parse(b"a=1&a=2"), None);
        let fields = Fields::parse(b"a=1+%2B&b=&c=7&d=-1&e=+1").expect("understood");
        assert_eq!(fields.get("a"), Some("1 +"));
        assert_eq!(fields.get("b"), None);
        assert_eq!(fields.number("c"), Ok(Some(7)));
        assert_eq!(fields.number("d"), Err(()));
        assert_eq!(fields.number("e"), Err(()));
        assert_eq!(fields.number("z"), Ok(None));
        assert_eq!(fields.with("c", "8"), "?a=1+%2B&c=8&d=-1&e=+1");
    }
}
