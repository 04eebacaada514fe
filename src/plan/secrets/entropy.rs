//! What tells credentials from text, names and placeholders.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Texts that make something a placeholder, in lower case. By chance one of them stands in one of
/// some ten thousand credentials.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "sample",
    "dummy",
    "placeholder",
    "redacted",
    "changeme",
    "change-me",
    "change_me",
    "your-",
    "your_",
    "yourtoken",
    "yourkey",
    "insert",
    "replace",
    "secret_key",
    "foobar",
    "xxxx",
];

/// Whether the last six characters are the CRC-32 of those before, in base 62, as GitHub and npm
/// make their tokens.
pub(super) fn is_base62_checksum(body: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((random, check)) = body.split_last_chunk::<6>() else {
        return false;
    };
    let mut rest = crc32fast::hash(random);
    let mut expected = [b'0'; 6];
    for digit in expected.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    *check == expected
}

/// Whether bytes are as random as credentials are, and no placeholder.
pub(super) fn is_random(bytes: &[u8]) -> bool {
    // What is drawn from n characters has about log2(n) bits each; short texts have fewer.
    let hex = bytes.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    let least = match (hex, bytes.len()) {
        (true, _) => 2.8,
        (false, ..=19) => 3.0,
        (false, _) => 3.4,
    };
    bits_each(bytes) >= least && !is_placeholder(bytes)
}

/// How many bits a byte of it tells, by how often each stands in it.
pub(super) fn bits_each(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for b in bytes {
        counts[usize::from(*b)] += 1;
    }
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

/// Whether somebody typed it to stand for a credential: `xxxx`, `abcdefgh`, `YOUR_TOKEN`.
pub(super) fn is_placeholder(bytes: &[u8]) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let named = PLACEHOLDERS
        .iter()
        .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some());
    let run = |next: fn(u8, u8) -> bool, length: usize| {
        lower
            .windows(length)
            .any(|window| window.windows(2).all(|pair| next(pair[0], pair[1])))
    };
    named || run(|a, b| a == b, 5) || run(|a, b| a.checked_add(1) == Some(b), 6)
}

/// The bytes that base 64 stands for, of either alphabet, with or without padding.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let end = text.iter().rposition(|b| *b != b'=').map_or(0, |at| at + 1);
    let standard = text[..end].iter().map(|b| match b {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    ENGINE.decode(standard.collect::<Vec<u8>>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_proves_and_one_changed_character_does_not() {
        // In two halves, so that no scanner of repositories takes it for a token of its own.
        let token = ["zQWBuTSOoRi4A9spHcVY5n", "cnsDkxkJ0mLq17"].concat();
        assert!(is_base62_checksum(token.as_bytes()));
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert!(!is_base62_checksum(&other), "{at}");
        }
        assert!(!is_base62_checksum(b"12345"));
    }

    #[test]
    fn placeholders_are_no_credentials() {
        for text in [
            "xxxxxxxxxxxxxxxxxxxxxxxx",
            "XXXXXXXXXXXXXXXXXXXXXXXX",
            "YOUR_ACCESS_TOKEN_GOES_HERE",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "0123456789abcdef0123456789abcdef",
            "AKIAIOSFODNN7EXAMPLE",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(!is_random(text.as_bytes()), "{text}");
        }
        for text in [
            "h7Kq2mZp9xWv4nRt8sLb3cYd",
            "9f2c7be04d1a86e35c0b7f9a2d4e6810",
        ] {
            assert!(is_random(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn base64_is_read_in_both_alphabets() {
        assert_eq!(base64(b"dXNlcjpwYXNz").as_deref(), Some(&b"user:pass"[..]));
        assert_eq!(base64(b"YTo_Pw==").as_deref(), Some(&b"a:??"[..]));
        assert_eq!(base64(b"YTo/Pw").as_deref(), Some(&b"a:??"[..]));
        assert_eq!(base64(b"a b"), None);
        assert_eq!(base64(b"YT=o"), None);
    }
}
