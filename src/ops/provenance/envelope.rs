//! DSSE envelopes: a payload, its type, and ed25519 signatures over both.
//!
//! Keys are those that `openssl genpkey -algorithm ed25519` makes: PKCS #8 and SubjectPublicKeyInfo,
//! as PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::{Deserialize, Serialize};

use crate::model::ident::Digest;

/// The type of in-toto statements in envelopes.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// What stands before the 32 bytes of an ed25519 key in a SubjectPublicKeyInfo (RFC 8410).
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no ed25519 {0} key in PEM")]
pub struct NoKey(&'static str);

/// A key to sign envelopes with.
#[derive(Debug)]
pub struct EnvelopeKey(Ed25519KeyPair);

/// A key to verify envelopes with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnvelopePublicKey([u8; 32]);

/// An envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// What is signed: the type and the payload with their lengths, so that neither can pass for the
/// other (DSSE's pre-authentication encoding).
fn authenticated(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// Why an envelope is not believed.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// The bytes are something else.
    #[error("it is no DSSE envelope: {0}")]
    NoEnvelope(#[source] serde_json::Error),
    /// It holds something else.
    #[error("the envelope holds {found}, not {wanted}")]
    OtherType {
        /// What it says of itself.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// What it holds can't be read.
    #[error("its payload is no base64")]
    Payload,
    /// No signature in it is the key's.
    #[error("no signature of the key {key} holds")]
    NotSigned {
        /// The key's id.
        key: String,
    },
}

impl EnvelopeKey {
    /// Reads a secret key.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(pem: &[u8]) -> Result<Self, NoKey> {
        let none = NoKey("secret");
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| none)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
        pair.map(Self).map_err(|_| none)
    }

    fn public(&self) -> EnvelopePublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        EnvelopePublicKey(bytes)
    }

    /// Puts a payload into an envelope.
    pub fn seal(&self, payload_type: &str, payload: &[u8]) -> Envelope {
        let signature = self.0.sign(&authenticated(payload_type, payload));
        Envelope {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![Signature {
                keyid: self.public().id(),
                sig: STANDARD.encode(signature.as_ref()),
            }],
        }
    }
}

impl EnvelopePublicKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(pem: &[u8]) -> Result<Self, NoKey> {
        let none = NoKey("public");
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| none)?;
        let bytes = key.as_ref().strip_prefix(&PREFIX[..]).ok_or(none)?;
        bytes.try_into().map(Self).map_err(|_| none)
    }

    /// What envelopes call it: SHA-256 of its SubjectPublicKeyInfo.
    pub fn id(&self) -> String {
        Digest::of(&[&PREFIX[..], &self.0].concat()).to_string()
    }
}

impl Envelope {
    /// Reads an envelope.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        serde_json::from_slice(bytes).map_err(EnvelopeError::NoEnvelope)
    }

    /// The payload, if the key signed it and its type.
    ///
    /// # Errors
    /// If there is no signature of the key that holds, or the type is another one.
    pub fn open(
        &self,
        key: &EnvelopePublicKey,
        payload_type: &str,
    ) -> Result<Vec<u8>, EnvelopeError> {
        if self.payload_type != payload_type {
            return Err(EnvelopeError::OtherType {
                found: self.payload_type.clone(),
                wanted: payload_type.to_owned(),
            });
        }
        let payload = STANDARD.decode(&self.payload);
        let payload = payload.map_err(|_| EnvelopeError::Payload)?;
        let signed = authenticated(&self.payload_type, &payload);
        let public = UnparsedPublicKey::new(&ED25519, &key.0);
        let holds = |signature: &Signature| {
            let bytes = STANDARD.decode(&signature.sig);
            bytes.is_ok_and(|bytes| public.verify(&signed, &bytes).is_ok())
        };
        match self.signatures.iter().any(holds) {
            true => Ok(payload),
            false => Err(EnvelopeError::NotSigned { key: key.id() }),
        }
    }

    /// As a file: one line.
    ///
    /// # Errors
    /// None that can happen; the serialiser's type has one.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}
