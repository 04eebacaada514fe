//! One spelling of a name for all that are canonically equivalent (Unicode's normalization form C).
//!
//! `Ü` is one character or a `U` with a mark over it: both look the same, and disks and editors
//! change one into the other without being asked. So names are compared in this form.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// The text in normalization form C. Nothing is allocated where it is in that form already, as ASCII
/// always is.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_spellings_become_one() {
        assert_eq!(nfc("U\u{308}bergabe"), "\u{dc}bergabe");
        assert_eq!(nfc("\u{dc}bergabe"), "\u{dc}bergabe");
        // What only looks alike stays apart.
        assert_ne!(nfc("\u{ff21}"), nfc("A"));
        for text in ["Orders", "\u{dc}bergabe", "申請"] {
            assert!(matches!(nfc(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
