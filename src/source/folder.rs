//! A project folder: one walk, nothing followed, ignore files obeyed ([`super::ignored`]).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use super::ignored::{IgnoreFiles, Lookup, Verdict};
use crate::archive::{ArchiveError, LimitName, Limits};
use crate::io::system::{self, Stamp};
use crate::model::file_stat::FileStat;
use crate::model::finding::{self, Code, Finding, Subject};
use crate::model::kind::FileRole;
use crate::model::path::PackagePath;
use crate::model::project::{IgnoredAssets, LeftOut, LeftOutReason, Listed};

/// A folder that was walked.
#[derive(Debug, Default)]
pub struct Tree {
    /// The folder.
    pub root: PathBuf,
    /// The files that may belong to assets.
    pub listed: Vec<Listed>,
    /// What the file system says of each of them.
    pub stamps: Vec<Option<FileStat>>,
    /// The files that do not.
    pub left_out: Vec<LeftOut>,
    /// How many assets ignore files take files of.
    pub ignored: Vec<IgnoredAssets>,
    /// Links, unreadable folders and names that no package can hold.
    pub findings: Vec<Finding>,
}

/// A folder could not be walked at all.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The system said no.
    #[error("can't read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is larger than any package may be.
    #[error("{} is no project that can be read", path.display())]
    Limit {
        /// The folder.
        path: PathBuf,
        /// What there is too much of.
        #[source]
        source: Box<ArchiveError>,
    },
}

impl Tree {
    /// Lists the files below `root`, with the ignore files in it and above it.
    ///
    /// # Errors
    /// If `root` itself can't be read. What can't be read below it is a finding, and so is an ignore
    /// file that can't.
    pub fn walk(root: &Path) -> Result<Self, TreeError> {
        Self::walk_with(root, Lookup::Around(None), &Limits::default())
    }

    /// The same with the ignore files that are looked for as `lookup` says. The paths of its folders
    /// are bounded as those of a package.
    ///
    /// # Errors
    /// As [`walk`](Self::walk).
    pub fn walk_with(root: &Path, lookup: Lookup<'_>, limits: &Limits) -> Result<Self, TreeError> {
        let failed = |source| TreeError::Io {
            path: root.to_owned(),
            source,
        };
        fs::read_dir(root).map_err(failed)?;
        let mut ignores = IgnoreFiles::of(root, lookup);
        let mut tree = Self {
            root: root.to_owned(),
            ..Self::default()
        };
        // The folder that is ignored as a whole while the walk is in it: how deep it lies, and what
        // ignores it.
        let mut out: Option<(usize, Arc<str>)> = None;
        let mut folder_bytes = 0_u64;
        let mut found = Found::default();
        let mut walk = WalkDir::new(root)
            .follow_links(false)
            // Of one folder, so that their names decide.
            .sort_by(|a, b| a.path().as_os_str().cmp(b.path().as_os_str()))
            .into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) if entry.depth() == 0 => continue,
                Ok(entry) => entry,
                Err(error) => {
                    if out
                        .as_ref()
                        .is_none_or(|(depth, _)| error.depth() <= *depth)
                    {
                        tree.unreadable(&error, &ignores);
                    }
                    continue;
                }
            };
            out = out.filter(|(depth, _)| entry.depth() > *depth);
            if let Some((_, by)) = &out {
                // Only counted, but for what nobody would count.
                if is_hidden(&entry) && entry.file_type().is_dir() {
                    walk.skip_current_dir();
                } else if !entry.file_type().is_dir() {
                    ignores.below_ignored(by, &tree.relative(entry.path()));
                }
                continue;
            }
            let length = entry.path().as_os_str().len() - root.as_os_str().len();
            // Without the separator before it.
            let length = (length as u64).saturating_sub(1);
            if !entry.file_type().is_dir() {
                found.files += 1;
                found.bytes += length;
                // Whatever they are, they are too many.
                if found.files > limits.entries.saturating_add(limits.beside)
                    || found.bytes > limits.name_bytes.saturating_add(limits.beside_bytes)
                {
                    tree.within(limits, found)?;
                }
            }
            match tree.add(&entry, &mut ignores) {
                Descend::No => walk.skip_current_dir(),
                Descend::ToCount(by) => out = Some((entry.depth(), by)),
                Descend::Yes => {
                    folder_bytes += length;
                    if folder_bytes > limits.folder_bytes {
                        let (limit, allowed) = (LimitName::FolderBytes, limits.folder_bytes);
                        return Err(tree.over(limit, folder_bytes, allowed));
                    }
                }
                Descend::Nothing => {}
            }
        }
        tree.within(limits, found)?;
        let packed = tree.listed.iter().map(|listed| listed.path.as_str());
        let (ignored, mut findings) = ignores.finish(packed);
        tree.ignored = ignored;
        tree.findings.append(&mut findings);
        Ok(tree)
    }

    /// Refuses more files than a package may have, or longer names, and likewise what can't be an
    /// asset's. `found` is all that was found so far.
    fn within(&self, limits: &Limits, found: Found) -> Result<(), TreeError> {
        let Limits {
            entries,
            name_bytes,
            beside,
            beside_bytes,
            ..
        } = *limits;
        let (most, most_bytes) = (entries.min(beside), name_bytes.min(beside_bytes));
        if found.files <= most && found.bytes <= most_bytes {
            return Ok(());
        }
        let mut packed = Found::default();
        for Listed { path, .. } in &self.listed {
            if FileRole::of(path.as_str()) != FileRole::NoAsset {
                packed.files += 1;
                packed.bytes += path.as_str().len() as u64;
            }
        }
        let others = found.files.saturating_sub(packed.files);
        let other_bytes = found.bytes.saturating_sub(packed.bytes);
        for (limit, found, allowed) in [
            (LimitName::Entries, packed.files, entries),
            (LimitName::NameBytes, packed.bytes, name_bytes),
            (LimitName::Beside, others, beside),
            (LimitName::BesideBytes, other_bytes, beside_bytes),
        ] {
            if found > allowed {
                return Err(self.over(limit, found, allowed));
            }
        }
        Ok(())
    }

    fn over(&self, limit: LimitName, found: u64, allowed: u64) -> TreeError {
        TreeError::Limit {
            path: self.root.clone(),
            source: Box::new(ArchiveError::Limit {
                subject: "the folder".into(),
                limit,
                found,
                allowed,
            }),
        }
    }

    fn relative(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        system::slashed(path)
    }

    fn add(&mut self, entry: &DirEntry, ignores: &mut IgnoreFiles) -> Descend {
        let path = self.relative(entry.path());
        let file_type = entry.file_type();
        if !file_type.is_dir() {
            ignores.note_near_miss(&path);
        }
        if is_hidden(entry) {
            self.leave_out(path, LeftOutReason::Hidden);
            return match file_type.is_dir() {
                true => Descend::No,
                false => Descend::Nothing,
            };
        }
        let verdict = match file_type.is_dir() {
            true => ignores.folder(&path),
            false => ignores.file(&path),
        };
        if let Verdict::Ignored(by) = verdict {
            self.leave_out(
                path,
                LeftOutReason::Ignored {
                    by: Arc::clone(&by),
                },
            );
            return match file_type.is_dir() {
                true => Descend::ToCount(by),
                false => Descend::Nothing,
            };
        }
        if file_type.is_dir() {
            return Descend::Yes;
        }
        // Only what is below the root goes by its name.
        let below = entry.path().strip_prefix(&self.root);
        let package_path = below
            .unwrap_or(entry.path())
            .to_str()
            .ok_or("its name is not valid UTF-8")
            .and_then(|_| path.parse::<PackagePath>().map_err(|error| error.reason));
        match package_path {
            // A link to a folder could hide assets, so every link that is not plainly something else counts.
            Ok(package_path) if file_type.is_symlink() => {
                let target_is_folder =
                    fs::metadata(entry.path()).is_ok_and(|target| target.is_dir());
                if target_is_folder || FileRole::of(package_path.as_str()) != FileRole::NoAsset {
                    let subject = Subject::File {
                        path: package_path,
                        offset: None,
                    };
                    let link = Finding::new(
                        Code::SymbolicLink,
                        subject,
                        "a symbolic link, which is not followed",
                    );
                    finding::add(
                        &mut self.findings,
                        link.help("put the file itself here, or name the link in .workato-ignore"),
                    );
                } else {
                    self.leave_out(path, LeftOutReason::NoAsset);
                }
            }
            Ok(_) if !file_type.is_file() => self.leave_out(path, LeftOutReason::NoAsset),
            Ok(package_path) => match entry.metadata() {
                Ok(metadata) => {
                    self.stamps.push(stamp(&metadata));
                    self.listed.push(Listed {
                        path: package_path,
                        size: metadata.len(),
                    });
                }
                Err(error) => self.unreadable(&error, ignores),
            },
            Err(_) if FileRole::of(&path) == FileRole::NoAsset => {
                self.leave_out(path, LeftOutReason::NoAsset)
            }
            Err(reason) => {
                let finding = Finding::new(Code::UnsafePath, Subject::Path(path), reason);
                finding::add(
                    &mut self.findings,
                    finding.help("rename it, or name it in .workato-ignore"),
                );
            }
        }
        Descend::Nothing
    }

    fn leave_out(&mut self, path: String, reason: LeftOutReason) {
        self.left_out.push(LeftOut { path, reason });
    }

    fn unreadable(&mut self, error: &walkdir::Error, ignores: &IgnoreFiles) {
        let path = error
            .path()
            .map_or_else(String::new, |path| self.relative(path));
        if let Some(by) = ignores.all_below(&path) {
            return self.leave_out(path, LeftOutReason::Ignored { by });
        }
        let message = error
            .io_error()
            .map_or_else(|| error.to_string(), io::Error::to_string);
        let finding = Finding::new(Code::UnreadableFile, Subject::Path(path), message);
        finding::add(
            &mut self.findings,
            finding.help("allow reading it, or name it in .workato-ignore"),
        );
    }
}

/// How many files were found, and how long their paths are in all.
#[derive(Clone, Copy, Default)]
struct Found {
    files: u64,
    bytes: u64,
}

/// Whether a walk goes into what it found.
enum Descend {
    Yes,
    No,
    /// It is ignored by this file: only the assets in it are counted.
    ToCount(Arc<str>),
    /// There is nothing to go into.
    Nothing,
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// What the file system says of a file, where it says enough to know it by.
pub fn stamp(metadata: &fs::Metadata) -> Option<FileStat> {
    let Stamp {
        modified,
        changed,
        inode,
        device,
    } = system::stamp(metadata)?;
    Some(FileStat {
        size: metadata.len(),
        modified,
        changed,
        inode,
        device,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn one_walk_sorts_files_links_and_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        };
        write("b.recipe.json", "{}");
        write("a/c.recipe.json", "{}");
        write("Drafts/d.recipe.json", "{}");
        write(".git/config", "");
        write(".workatoenv", "");
        write(
            ".workato-ignore",
            "# drafts\nDrafts/**\n!Drafts/keep.recipe.json\n",
        );
        write(".wkignore", "*.tmp\n");
        write("x.tmp", "");
        write("nul.recipe.json", "{}");
        write("t\u{202e}.recipe.json", "{}");
        write("t\u{202e}.txt", "");
        std::os::unix::fs::symlink("b.recipe.json", root.join("l.recipe.json")).expect("linked");
        std::os::unix::fs::symlink("/etc/hostname", root.join("LINK")).expect("linked");
        let tree = Tree::walk(root).expect("walked");
        let listed: Vec<_> = tree.listed.iter().map(|l| l.path.as_str()).collect();
        assert_eq!(
            listed,
            ["a/c.recipe.json", "b.recipe.json", "nul.recipe.json"]
        );
        let left: Vec<_> = tree
            .left_out
            .iter()
            .map(|l| format!("{}: {}", l.path, l.reason))
            .collect();
        assert_eq!(
            left,
            [
                ".git: hidden",
                ".wkignore: hidden",
                ".workato-ignore: hidden",
                ".workatoenv: hidden",
                "Drafts/d.recipe.json: ignored by .workato-ignore",
                "LINK: no asset",
                "t\u{202e}.txt: no asset",
                "x.tmp: ignored by .wkignore",
            ]
        );
        let found: Vec<_> = tree.findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(
            found,
            ["symbolic-link", "unsafe-path", "ignore-rule-unused"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_names_below_the_root_have_to_be_utf_8() {
        use std::os::unix::ffi::OsStrExt as _;
        let name = |bytes: &'static [u8]| std::ffi::OsStr::from_bytes(bytes);
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join(name(b"r\xff"));
        fs::create_dir(&root).expect("made");
        fs::write(root.join("a.recipe.json"), "{}").expect("written");
        fs::write(root.join(name(b"b\xff.recipe.json")), "{}").expect("written");
        let tree = Tree::walk(&root).expect("walked");
        let listed: Vec<_> = tree.listed.iter().map(|l| l.path.as_str()).collect();
        assert_eq!(listed, ["a.recipe.json"]);
        let found: Vec<_> = tree.findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(found, ["unsafe-path"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_with_its_name() {
        let error = Tree::walk(Path::new("/nowhere/at all")).expect_err("not there");
        assert_eq!(error.to_string(), "can't read /nowhere/at all");
    }
}
