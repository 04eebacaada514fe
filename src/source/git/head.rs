//! Which commit is checked out.

use gix_hash::ObjectId;

use super::{GitError, Repository, regular};
use crate::model::git::ObjectHash;

/// How many names may lead to each other.
const DEEPEST: usize = 5;

impl Repository {
    pub(super) fn head_object(&self, hash: ObjectHash) -> Result<Option<ObjectId>, GitError> {
        let wrong = || self.unreadable("its HEAD names no commit");
        let head = regular(&self.own.join("HEAD"))
            .map_err(|error| self.unreadable(format!("HEAD: {error}")))?;
        let mut said = head.ok_or_else(wrong)?;
        for _ in 0..DEEPEST {
            let text = std::str::from_utf8(&said).map_err(|_| wrong())?.trim_end();
            let Some(name) = text.strip_prefix("ref:") else {
                return id(text, hash).map(Some).ok_or_else(wrong);
            };
            let name = name.trim_start();
            if !is_name(name) {
                return Err(wrong());
            }
            match self.file(name)? {
                Some(next) => said = next,
                None => return self.packed(name, hash),
            }
        }
        Err(wrong())
    }

    /// A branch that has no file of its own; none if it has no commit yet.
    fn packed(&self, name: &str, hash: ObjectHash) -> Result<Option<ObjectId>, GitError> {
        let packed = self.file("packed-refs")?.unwrap_or_default();
        for line in packed.split(|byte| *byte == b'\n') {
            let Ok(line) = std::str::from_utf8(line) else {
                continue;
            };
            if let Some((commit, of)) = line.split_once(' ')
                && of.trim_end() == name
                && !commit.starts_with('#')
            {
                let id = id(commit, hash);
                let wrong = || self.unreadable("its packed-refs name no commit");
                return id.map(Some).ok_or_else(wrong);
            }
        }
        Ok(None)
    }
}

fn id(text: &str, hash: ObjectHash) -> Option<ObjectId> {
    let id = ObjectId::from_hex(text.as_bytes()).ok()?;
    (id.kind() == hash.kind()).then_some(id)
}

/// Whether a name is one of a branch, and so a path that stays inside of the repository.
fn is_name(name: &str) -> bool {
    let sound = |part: &str| {
        let plain = |c: char| !c.is_control() && !" \\:?*[~^".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
    };
    name.starts_with("refs/") && name.split('/').all(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_of_the_repository() {
        for (name, sound) in [
            ("refs/heads/main", true),
            ("refs/heads/feature/größe-2.1", true),
            ("refs/heads/../../../etc/passwd", false),
            ("/etc/passwd", false),
            ("refs//x", false),
            ("refs/heads/.invalid", false),
            ("main", false),
            ("refs/heads/a\nb", false),
        ] {
            assert_eq!(is_name(name), sound, "{name}");
        }
    }
}
