//! Which repositories of other users a user holds to be safe.

use std::path::{Path, PathBuf};

use gix_config::file::Metadata;

use super::regular;

/// Where a user's own settings of git lie: those of the machine first.
#[derive(Clone, Debug, Default)]
pub struct UserSettings {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The user's home, which `~/` stands for.
    pub home: Option<PathBuf>,
}

impl UserSettings {
    /// Whether the user's `safe.directory` names a folder.
    pub(super) fn trusts(&self, root: &Path) -> bool {
        let mut trusted = false;
        for file in &self.files {
            let Ok(Some(text)) = regular(file) else {
                continue;
            };
            let config = gix_config::File::from_bytes_no_includes(
                &text,
                Metadata::api(),
                gix_config::file::init::Options::default(),
            );
            let said = config
                .ok()
                .and_then(|config| config.strings("safe.directory"))
                .unwrap_or_default();
            for value in said {
                let value = value.to_string();
                // An empty value takes back what was said before.
                trusted = !value.is_empty() && (trusted || self.names(&value, root));
            }
        }
        trusted
    }

    fn names(&self, value: &str, root: &Path) -> bool {
        if value == "*" {
            return true;
        }
        let path = match (value.strip_prefix("~/"), &self.home) {
            (Some(below), Some(home)) => home.join(below),
            (Some(_), None) => return false,
            (None, _) => PathBuf::from(value),
        };
        match (path.file_name(), path.parent()) {
            (Some(name), Some(folder)) if name == "*" => {
                let folder = resolved(folder);
                root != folder && root.starts_with(folder)
            }
            _ => resolved(&path) == root,
        }
    }
}

fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_the_users_own_files_counts() {
        let place = tempfile::tempdir().expect("a folder");
        let home = place.path().canonicalize().expect("a path");
        let root = home.join("projects").join("orders");
        std::fs::create_dir_all(&root).expect("made");
        let shown = root.display();
        for (machine, own, trusted) in [
            (String::new(), String::new(), false),
            (String::new(), format!("directory = {shown}"), true),
            (String::new(), format!("directory = \"{shown}\""), true),
            (String::new(), "directory = *".to_owned(), true),
            (
                String::new(),
                format!("directory = {}/*", home.display()),
                true,
            ),
            (String::new(), format!("directory = {shown}/*"), false),
            (
                String::new(),
                "directory = ~/projects/orders".to_owned(),
                true,
            ),
            (String::new(), "directory = ~/projects".to_owned(), false),
            ("directory = *".to_owned(), String::new(), true),
            ("directory = *".to_owned(), "directory =".to_owned(), false),
        ] {
            let write = |name: &str, text: &str| {
                let file = home.join(name);
                std::fs::write(&file, format!("[safe]\n\t{text}\n")).expect("written");
                file
            };
            let user = UserSettings {
                files: vec![write("machine", &machine), write("own", &own)],
                home: Some(home.clone()),
            };
            assert_eq!(user.trusts(&root), trusted, "{machine:?} {own:?}");
        }
    }
}
