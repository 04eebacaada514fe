//! Signatures of packages, in minisign's format: made here and verified by `minisign`, and the other
//! way round.
//!
//! A signature is a text of four lines beside the package: a comment that anybody may change, the
//! signature, a comment that is signed, and the signature of both. Of the parts that are signed by
//! minisign before version 0.8 (without hashing first), too, both forms are taken, as minisign 0.11
//! takes them.

use std::fmt;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::{PublicKey, PublicKeyBox, SecretKey, SecretKeyBox, SignatureBox};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Digest as _;

use crate::model::ident::Digest;

/// How many bytes a text with a key or a signature may have.
pub const LONGEST: u64 = 1 << 14;

/// The bytes of a secret key, of a public key, of a signature with its head, and of a signature.
const SECRET: usize = 158;
const PUBLIC: usize = 42;
const HEADED: usize = 74;
const PLAIN: usize = 64;

/// A text that is no key, or a password that does not open one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no key of the kind that is wanted.
    #[error("it is no {0}")]
    NoKey(&'static str),
    /// A password protects it, and none is given.
    #[error("a password protects it")]
    Protected,
    /// The password is another one, or the key is damaged.
    #[error("the password does not open it")]
    Password,
}

/// Why a signature does not hold.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// It is no signature.
    #[error("it is no signature of minisign: {0}")]
    Malformed(String),
    /// It does not hold.
    #[error("{0}")]
    Wrong(String),
    /// The package can't be read.
    #[error("the package can't be read")]
    Read(#[from] io::Error),
}

/// A key to sign with.
pub struct SigningKey(SecretKey);

/// A key to verify with.
#[derive(Clone, PartialEq)]
pub struct VerifyingKey(PublicKey);

/// Where a package's signature lies if nobody says otherwise: `PACKAGE.zip.minisig`.
pub fn signature_path(package: &Path) -> PathBuf {
    let mut name = package.as_os_str().to_owned();
    name.push(".minisig");
    PathBuf::from(name)
}

/// The bytes of the second line of a key's text.
fn second_line(text: &str, length: usize) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text.lines().nth(1)?.trim()).ok()?;
    (bytes.len() == length).then_some(bytes)
}

impl SigningKey {
    /// Reads a secret key, as `minisign -G` writes it.
    ///
    /// # Errors
    /// If it is none, or a password protects it and none or another is given.
    pub fn parse(text: &str, password: Option<&SecretString>) -> Result<Self, KeyError> {
        let none = KeyError::NoKey("secret key of minisign");
        let Some(bytes) = second_line(text, SECRET) else {
            return Err(none);
        };
        // Which function turns a password into a key: none, if there is none.
        let protected = bytes[2..4] != [0, 0];
        let boxed = SecretKeyBox::from_string(text).map_err(|_| none.clone())?;
        match (protected, password) {
            // `minisign -G -W` writes no checksum into such a key, so that none is looked at; whether the
            // key is whole shows when what it signed is verified.
            (false, _) => SecretKey::from_bytes(&bytes).map(Self).map_err(|_| none),
            (true, None) => Err(KeyError::Protected),
            (true, Some(password)) => boxed
                .into_secret_key(Some(password.expose_secret().to_owned()))
                .map(Self)
                .map_err(|_| KeyError::Password),
        }
    }

    /// Signs what `data` gives. `comment` is signed too; it has no line ends.
    ///
    /// # Errors
    /// If `data` can't be read, or the system has no random numbers.
    pub fn sign(&self, data: impl Read, comment: &str) -> io::Result<String> {
        let comment: String = comment
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let told = Some("signature by recipack");
        let signed = minisign::sign(None, &self.0, data, Some(comment.trim()), told);
        signed
            .map(SignatureBox::into_string)
            .map_err(io::Error::other)
    }

    /// The key that verifies what this one signs.
    ///
    /// # Errors
    /// If the key is damaged.
    pub fn verifying(&self) -> Result<VerifyingKey, KeyError> {
        let public = PublicKey::from_secret_key(&self.0);
        public
            .map(VerifyingKey)
            .map_err(|_| KeyError::NoKey("secret key of minisign"))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// Reads a public key: the file that `minisign -G` writes, or its second line alone.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let none = || KeyError::NoKey("public key of minisign");
        let text = text.trim();
        let whole = match text.lines().count() {
            1 => format!("untrusted comment: key\n{text}\n"),
            _ => text.to_owned(),
        };
        second_line(&whole, PUBLIC).ok_or_else(none)?;
        let boxed = PublicKeyBox::from_string(&whole).map_err(|_| none())?;
        boxed.into_public_key().map(Self).map_err(|_| none())
    }

    /// Its number, as minisign prints it.
    pub fn id(&self) -> String {
        let id = self.0.keynum().iter().rev();
        id.map(|byte| format!("{byte:02X}")).collect()
    }

    /// Checks a signature of what `data` gives, and says what was signed: the digest of the bytes that
    /// were checked, and the comment.
    ///
    /// # Errors
    /// If `data` can't be read, or the signature does not hold.
    pub fn verify(
        &self,
        signature: &str,
        data: impl Read + Seek,
    ) -> Result<Signed, SignatureError> {
        let malformed = |why: &str| SignatureError::Malformed(why.to_owned());
        let lines: Vec<&str> = signature.lines().collect();
        let [_, headed, comment, plain] = lines[..] else {
            return Err(malformed("four lines are expected"));
        };
        for (line, length) in [(headed, HEADED), (plain, PLAIN)] {
            let bytes = STANDARD.decode(line.trim());
            if bytes.map(|bytes| bytes.len()) != Ok(length) {
                return Err(malformed("a signature in it has another length"));
            }
        }
        if !comment.starts_with("trusted comment: ") {
            return Err(malformed("the signed comment is missing"));
        }
        let parsed = SignatureBox::from_string(signature)
            .map_err(|error| SignatureError::Malformed(error.to_string()))?;
        let mut data = Hashing {
            inner: data,
            hash: sha2::Sha256::new(),
            failed: None,
        };
        let held = minisign::verify(&self.0, &parsed, &mut data, true, false, true);
        if let Some(error) = data.failed {
            return Err(error.into());
        }
        held.map_err(|error| SignatureError::Wrong(error.to_string()))?;
        Ok(Signed {
            digest: Digest::from_bytes(data.hash.finalize().into()),
            comment: parsed.trusted_comment().unwrap_or_default(),
        })
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.id())
    }
}

/// What a signature holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// SHA-256 of the bytes that were signed.
    pub digest: Digest,
    /// The comment that was signed with them.
    pub comment: String,
}

/// Takes the digest of what passes.
struct Hashing<R> {
    inner: R,
    hash: sha2::Sha256,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(into) {
            Ok(read) => {
                self.hash.update(&into[..read]);
                Ok(read)
            }
            Err(error) => {
                let kind = error.kind();
                if kind != io::ErrorKind::Interrupted {
                    self.failed = Some(error);
                }
                Err(kind.into())
            }
        }
    }
}

impl<R: Seek> Seek for Hashing<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;
    use std::io::Cursor;

    fn pair() -> (SigningKey, VerifyingKey) {
        let pair = KeyPair::generate_unencrypted_keypair().expect("random numbers");
        let text = pair.sk.to_box(None).expect("text").into_string();
        let key = SigningKey::parse(&text, None).expect("a key");
        let public = pair.pk.to_box().expect("text").into_string();
        let verifying = VerifyingKey::parse(&public).expect("a key");
        assert_eq!(key.verifying().expect("a key"), verifying);
        (key, verifying)
    }

    #[test]
    fn nothing_but_what_was_signed_holds() {
        let (key, verifying) = pair();
        let data = b"a package";
        let text = key.sign(&data[..], "file:a.zip\ncontent").expect("signed");
        let signed = verifying
            .verify(&text, Cursor::new(data))
            .expect("it holds");
        assert_eq!(signed.digest, Digest::of(data));
        assert_eq!(signed.comment, "file:a.zip content");
        assert!(verifying.verify(&text, Cursor::new(b"another")).is_err());
        let (_, other) = pair();
        assert!(other.verify(&text, Cursor::new(data)).is_err());
        // Every byte of the text counts, but for the comment that is not signed.
        let free = text.find('\n').expect("a line");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let held = verifying.verify(&changed, Cursor::new(data)).is_ok();
            // Blanks around a line mean nothing.
            let signed = |text: &str| -> Vec<String> {
                text.lines()
                    .skip(1)
                    .map(|line| line.trim().to_owned())
                    .collect()
            };
            let same = signed(&changed) == signed(&text);
            assert!(!held || same || at <= free, "byte {at}: {changed}");
        }
        for cut in 0..text.len() - 1 {
            assert!(verifying.verify(&text[..cut], Cursor::new(data)).is_err());
        }
        assert!(
            verifying
                .verify(&format!("{text}more\n"), Cursor::new(data))
                .is_err()
        );
    }

    #[test]
    fn what_is_no_key_is_told() {
        for text in [
            "",
            "a",
            "a\nb",
            "untrusted comment: x\nRWQ=\n",
            "\u{0}\n\u{0}",
        ] {
            assert!(SigningKey::parse(text, None).is_err());
            assert!(VerifyingKey::parse(text).is_err());
        }
        let pair = KeyPair::generate_encrypted_keypair(Some("open".to_owned())).expect("a pair");
        let text = pair.sk.to_box(None).expect("text").into_string();
        assert_eq!(
            SigningKey::parse(&text, None).expect_err("none"),
            KeyError::Protected
        );
        let wrong = SecretString::from("shut");
        let wrong = SigningKey::parse(&text, Some(&wrong)).expect_err("another");
        assert_eq!(wrong, KeyError::Password);
        let right = SecretString::from("open");
        assert!(SigningKey::parse(&text, Some(&right)).is_ok());
    }
}
