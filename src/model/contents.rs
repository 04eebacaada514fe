//! What a package holds, whatever compressed it.

use sha2::{Digest as _, Sha256};

use super::ident::Digest;
use super::path::PackagePath;

/// The digest of a package's contents: SHA-256 of a line `<sha256>  <path>` for each entry, in the
/// order of their paths.
pub fn content_digest<'a>(
    entries: impl IntoIterator<Item = (&'a PackagePath, &'a Digest)>,
) -> Digest {
    let mut lines = Sha256::new();
    for (path, digest) in entries {
        lines.update(format!("{digest}  {path}\n"));
    }
    Digest::from_bytes(lines.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_digest_is_that_of_sha256sum_over_the_entries() {
        let path: PackagePath = "a b.recipe.json".parse().expect("safe");
        let digest = Digest::of(b"{}");
        let expected = Digest::of(format!("{digest}  a b.recipe.json\n").as_bytes());
        assert_eq!(content_digest([(&path, &digest)]), expected);
    }
}
