//! Documents that this program reads back later hold a digest of all that they say, so that one that
//! was damaged meanwhile is seen to be. It is no signature: whoever changes one can seal it anew.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::ident::Digest;

/// The key under which the digest stands, at the top of the document.
pub const KEY: &str = "seal";

/// How many values may lie in each other: as many as the parser of JSON reads.
const DEPTH: usize = 128;

/// Whether a document holds its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// It does, and it is the right one.
    Holds,
    /// It holds none.
    Absent,
}

/// A document is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It is no document of its kind.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It says something else than what its digest was made of.
    #[error("it does not say what was written: its digest does not fit")]
    Differs,
    /// It holds no digest.
    #[error("it holds no digest of itself")]
    Absent,
}

/// The digest of all that a document says, its own seal left out. Neither blanks nor the order of
/// keys count.
///
/// # Errors
/// If it can't be JSON.
pub fn seal_of(document: &impl Serialize) -> Result<Digest, serde_json::Error> {
    digest_of(&serde_json::to_vec(document)?)
}

fn digest_of(document: &[u8]) -> Result<Digest, serde_json::Error> {
    let mut said = Canonical(Sha256::new());
    said.value(serde_json::from_slice(document)?, &[KEY], DEPTH)?;
    Ok(Digest::from_bytes(said.0.finalize().into()))
}

/// Takes every value in one form only: the keys of objects are sorted. Of a document only the values
/// that are around the present one are looked at together, as it may be of very many.
struct Canonical(Sha256);

impl Canonical {
    fn value(
        &mut self,
        value: &RawValue,
        without: &[&str],
        depth: usize,
    ) -> Result<(), serde_json::Error> {
        let text = value.get();
        let Some(below) = depth.checked_sub(1) else {
            return Err(serde_json::Error::custom("recursion limit exceeded"));
        };
        match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text)?;
                self.0.update(b"{");
                for (key, value) in members {
                    if without.contains(&&*key) {
                        continue;
                    }
                    self.0.update(Value::from(&*key).to_string());
                    self.0.update(b":");
                    self.value(value, &[], below)?;
                    self.0.update(b",");
                }
                self.0.update(b"}");
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                self.0.update(b"[");
                for item in items {
                    self.value(item, &[], below)?;
                    self.0.update(b",");
                }
                self.0.update(b"]");
            }
            Some(_) | None => {
                let scalar: Value = serde_json::from_str(text)?;
                self.0.update(scalar.to_string());
            }
        }
        Ok(())
    }
}

/// Reads a document, and looks whether it says what was written.
///
/// # Errors
/// If it does not, or is no document of this kind.
pub fn unsealed<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Seal), SealError> {
    let seal = match seal_in(bytes)? {
        None => Seal::Absent,
        Some(told) => match serde_json::from_str::<Digest>(told.get()) {
            Ok(told) if told == digest_of(bytes)? => Seal::Holds,
            Ok(_) | Err(_) => return Err(SealError::Differs),
        },
    };
    Ok((serde_json::from_slice(bytes)?, seal))
}

/// What stands where a document's digest does; nothing also of what is no object.
fn seal_in(bytes: &[u8]) -> Result<Option<&RawValue>, serde_json::Error> {
    let document: &RawValue = serde_json::from_slice(bytes)?;
    if !document.get().starts_with('{') {
        return Ok(None);
    }
    let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(bytes)?;
    Ok(members.get(KEY).copied())
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    document: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    seal: Option<Digest>,
}

/// A value of any form as a document that holds it and its digest.
///
/// # Errors
/// If it can't be JSON.
pub fn enveloped(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut envelope = Envelope {
        document: value,
        seal: None,
    };
    envelope.seal = Some(seal_of(&envelope)?);
    serde_json::to_vec(&envelope)
}

/// Reads such a document; one without a digest is taken as what older versions wrote, the value alone.
///
/// # Errors
/// If it does not say what was written.
pub fn unwrapped<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, SealError> {
    match seal_in(bytes)? {
        Some(_) => Ok(unsealed::<Envelope<T>>(bytes)?.0.document),
        None => Ok(serde_json::from_slice(bytes)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn neither_blanks_nor_the_order_of_keys_count() -> Result<(), SealError> {
        let document = json!({"b": [1, {"y": null, "x": "\u{e9}"}], "a": true});
        let seal = seal_of(&document)?;
        for text in [
            format!(r#"{{"a":true,"b":[1,{{"x":"é","y":null}}],"seal":"{seal}"}}"#),
            format!(r#"{{"seal": "{seal}", "b": [1, {{"y": null, "x": "\u00e9"}}], "a": true}}"#),
        ] {
            assert_eq!(unsealed::<Value>(text.as_bytes())?.1, Seal::Holds, "{text}");
        }
        Ok(())
    }

    #[test]
    fn a_value_of_any_form_comes_back_or_nothing() -> Result<(), SealError> {
        let value = std::collections::BTreeMap::from([(7_u64, "x".to_owned())]);
        let written = enveloped(&value)?;
        type Read = std::collections::BTreeMap<u64, String>;
        assert_eq!(unwrapped::<Read>(&written)?, value);
        assert_eq!(unwrapped::<Read>(br#"{"7": "x"}"#)?, value);
        for at in 0..written.len() {
            for bit in 0..8 {
                let mut damaged = written.clone();
                damaged[at] ^= 1 << bit;
                if let Ok(read) = unwrapped::<Read>(&damaged) {
                    assert_eq!(read, value, "bit {bit} of byte {at}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn what_says_something_else_is_told() {
        let seal = seal_of(&json!({"a": 1, "c": ["x"]})).expect("JSON");
        for text in [
            format!(r#"{{"a":2,"c":["x"],"seal":"{seal}"}}"#),
            format!(r#"{{"a":1,"c":["x"],"d":null,"seal":"{seal}"}}"#),
            format!(r#"{{"a":1,"seal":"{seal}"}}"#),
            r#"{"a":1,"c":["x"],"seal":"0"}"#.to_owned(),
            r#"{"a":1,"c":["x"],"seal":null}"#.to_owned(),
        ] {
            let read = unsealed::<Value>(text.as_bytes());
            assert!(matches!(read, Err(SealError::Differs)), "{text}");
        }
        let read = unsealed::<Value>(br#"{"a":1,"c":["x"]}"#);
        assert!(matches!(read, Ok((_, Seal::Absent))));
    }
}
