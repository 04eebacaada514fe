//! Files that can be read and are not what their names say: placeholders and leftovers of version
//! control, and sources without code.

use serde::{Deserialize, Serialize};

use super::path::PackagePath;

/// Why a file is not what its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Defect {
    /// A source that holds nothing but white space and comments.
    Empty,
    /// A Git LFS pointer: the content was never fetched.
    LfsPointer,
    /// A merge left its conflict in it.
    MergeConflict {
        /// The byte at which the first marker stands.
        offset: u32,
    },
}

/// Pointers of Git LFS start so, and are shorter than [`MAX_POINTER`] (the specification of Git LFS).
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
const MAX_POINTER: usize = 1024;

/// The bytes that text in UTF-8 may start with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Defect {
    /// What is wrong with the bytes of the file at `path`.
    ///
    /// Only sources are looked through; what is wrong with JSON shows when it is parsed
    /// ([`Self::in_broken`]), and of any other file the start tells.
    pub fn of(path: &PackagePath, bytes: &[u8]) -> Option<Self> {
        let is_source = path.as_str().ends_with(".rb");
        if (is_source || bytes.len() < MAX_POINTER)
            && let Some(conflict) = conflict(bytes)
        {
            return Some(conflict);
        }
        if is_pointer(bytes) {
            return Some(Self::LfsPointer);
        }
        (is_source && is_without_code(bytes)).then_some(Self::Empty)
    }

    /// Why bytes that are no JSON are none, if version control is the cause.
    pub fn in_broken(bytes: &[u8]) -> Option<Self> {
        conflict(bytes).or_else(|| is_pointer(bytes).then_some(Self::LfsPointer))
    }

    /// What is the case, in words that follow the file's name or stand alone: `a Git LFS pointer`.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Empty => "holds no code, only white space or comments",
            Self::LfsPointer => "is a Git LFS pointer, not the file itself",
            Self::MergeConflict { .. } => "holds the markers of a merge conflict",
        }
    }

    /// What to do about it.
    pub const fn way_out(self) -> &'static str {
        match self {
            Self::Empty => "restore the source, or pull the project again",
            Self::LfsPointer => "fetch the file itself: git lfs pull",
            Self::MergeConflict { .. } => {
                "resolve the conflict: `git diff --check` lists the markers"
            }
        }
    }
}

fn is_pointer(bytes: &[u8]) -> bool {
    bytes.len() < MAX_POINTER && bytes.starts_with(POINTER)
}

/// The markers that a merge leaves: `<<<<<<< ` at the start of a line, and `>>>>>>> ` at that of a
/// later one.
fn conflict(bytes: &[u8]) -> Option<Defect> {
    let starts_line =
        |at: &usize| *at == 0 || bytes[at - 1] == b'\n' || bytes[..*at] == *BYTE_ORDER_MARK;
    let first = |marker: &[u8], from: usize| {
        memchr::memmem::find_iter(&bytes[from..], marker)
            .map(|at| from + at)
            .find(starts_line)
    };
    let start = first(b"<<<<<<< ", 0)?;
    first(b">>>>>>> ", start)?;
    let offset = u32::try_from(start).unwrap_or(u32::MAX);
    Some(Defect::MergeConflict { offset })
}

/// Whether a Ruby source is nothing but white space and comments.
fn is_without_code(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut in_block = false;
    for line in text.split(|byte| *byte == b'\n') {
        let starts = |word: &[u8]| {
            line.strip_prefix(word)
                .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
        };
        if in_block {
            in_block = !starts(b"=end");
        } else if starts(b"=begin") {
            in_block = true;
        } else if line == b"__END__" || line == b"__END__\r" {
            return true;
        } else {
            let code = line.trim_ascii_start();
            if !code.is_empty() && code[0] != b'#' {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_its_bytes() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        let conflict = "{ title: 'A',\n<<<<<<< HEAD\n a: 1\n=======\n a: 2\n>>>>>>> other\n}\n";
        let in_pointer = format!("{pointer}<<<<<<< HEAD\n=======\n>>>>>>> other\n");
        let long = format!("{pointer}{}", "x".repeat(2000));
        let merged = |offset| Some(Defect::MergeConflict { offset });
        for (name, text, expected) in [
            ("a.custom_adapter.rb", "{ title: 'A' }\n", None),
            ("a.custom_adapter.rb", "", Some(Defect::Empty)),
            ("a.custom_adapter.rb", " \r\n\t\n", Some(Defect::Empty)),
            (
                "a.custom_adapter.rb",
                "\u{feff}# none\n  # yet",
                Some(Defect::Empty),
            ),
            (
                "a.custom_adapter.rb",
                "=begin\n{ a: 1 }\n=end\n",
                Some(Defect::Empty),
            ),
            ("a.custom_adapter.rb", "=begin\nno\n=end\n{ a: 1 }\n", None),
            (
                "a.custom_adapter.rb",
                "# no\n__END__\n{ a: 1 }\n",
                Some(Defect::Empty),
            ),
            ("a.custom_adapter.rb", pointer, Some(Defect::LfsPointer)),
            ("a.custom_adapter.png", pointer, Some(Defect::LfsPointer)),
            ("a.lcap_page.zip", pointer, Some(Defect::LfsPointer)),
            ("a.lcap_page.zip", &long, None),
            ("a.lcap_page.zip", "", None),
            ("a.custom_adapter.rb", conflict, merged(14)),
            (
                "a.custom_adapter.png",
                &in_pointer,
                merged(pointer.len() as u32),
            ),
            ("a.custom_adapter.rb", "{ a: '\n <<<<<<< x' }", None),
            (
                "a.custom_adapter.rb",
                "{ a: <<~T }\n<<<<<<< quoted\nT\n",
                None,
            ),
        ] {
            let path = name.parse().expect("a path");
            assert_eq!(
                Defect::of(&path, text.as_bytes()),
                expected,
                "{name}: {text:?}"
            );
        }
    }

    #[test]
    fn broken_json_has_its_cause_only_if_version_control_is_it() {
        let conflict = b"<<<<<<< HEAD\n{}\n=======\n[]\n>>>>>>> other\n";
        let expected = Some(Defect::MergeConflict { offset: 0 });
        assert_eq!(Defect::in_broken(conflict), expected);
        assert_eq!(Defect::in_broken(b"{\"a\": <<<<<<< }"), None);
        let pointer = b"version https://git-lfs.github.com/spec/v1\nsize 1\n";
        assert_eq!(Defect::in_broken(pointer), Some(Defect::LfsPointer));
    }
}
