//! The shape of the source: who may know whom, and what is done in one place only.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recipack::model::finding::Code;

/// What a layer's files must not name. `crate::x` also stands for `super::super::x`.
struct Layer {
    below: &'static str,
    not: &'static [&'static [&'static str]],
    except: &'static [Exception],
}

/// A file that may name something after all, and why.
struct Exception {
    file: &'static str,
    names: &'static [&'static str],
    #[allow(dead_code, reason = "for whoever reads the table")]
    because: &'static str,
}

const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant",
    "zip::",
    "walkdir",
    "tempfile",
    "clap",
    "anyhow",
    "indicatif",
    "signal_hook",
];
const PRINTING: &[&str] = &["print!", "println!", "eprint!", "eprintln!", "dbg!"];
const TERMINAL: &[&str] = &["stdout()", "stderr()"];

const LAYERS: &[Layer] = &[
    Layer {
        below: "src/",
        // A group at the root of the crate would hide who is named.
        not: &[PRINTING, &["crate::{", "std::{"]],
        except: &[],
    },
    Layer {
        below: "src/model/",
        not: &[
            OUTSIDE,
            TERMINAL,
            &[
                "crate::plan",
                "crate::io",
                "crate::workspace",
                "crate::ops",
                "crate::cli",
                "crate::manifest",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/manifest/",
        not: &[
            OUTSIDE,
            TERMINAL,
            &[
                "crate::plan",
                "crate::io",
                "crate::workspace",
                "crate::ops",
                "crate::cli",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/lock/",
        not: &[
            OUTSIDE,
            TERMINAL,
            &[
                "crate::plan",
                "crate::io",
                "crate::workspace",
                "crate::ops",
                "crate::cli",
                "crate::manifest",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/plan/",
        not: &[
            OUTSIDE,
            TERMINAL,
            &["crate::io", "crate::workspace", "crate::ops", "crate::cli"],
        ],
        except: &[],
    },
    Layer {
        below: "src/io/",
        not: &[
            TERMINAL,
            &[
                "crate::plan",
                "crate::workspace",
                "crate::ops",
                "crate::cli",
                "crate::manifest",
                "clap",
                "anyhow",
                "std::env",
                "SystemTime",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/client/",
        not: &[
            TERMINAL,
            &[
                "crate::plan",
                "crate::io",
                "crate::workspace",
                "crate::ops",
                "crate::cli",
                "crate::manifest",
                "clap",
                "anyhow",
                "std::env",
                "std::process",
                "SystemTime",
                "zip::",
                "walkdir",
                "tempfile",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/workspace/",
        not: &[
            TERMINAL,
            &[
                "crate::ops",
                "crate::cli",
                "crate::manifest",
                "clap",
                "anyhow",
                "std::env",
                "SystemTime",
                "zip::",
                "walkdir",
                "tempfile",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/ops/",
        not: &[
            TERMINAL,
            &[
                "crate::cli",
                "clap",
                "anyhow",
                "std::env",
                "std::net",
                "std::process",
                "SystemTime",
                "zip::",
                "walkdir",
                "tempfile",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/report/",
        not: &[
            OUTSIDE,
            TERMINAL,
            &[
                "crate::cli",
                "crate::io",
                "crate::workspace",
                "crate::client",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/sandbox/",
        not: &[
            TERMINAL,
            &[
                "crate::cli",
                "crate::client",
                "clap",
                "anyhow",
                "std::env",
                "SystemTime",
                "zip::",
                "walkdir",
            ],
        ],
        except: &[],
    },
    Layer {
        below: "src/cli/",
        not: &[&["zip::", "walkdir", "tempfile", "std::net"]],
        except: &[Exception {
            file: "src/cli/credentials/tests.rs",
            names: &["tempfile"],
            because: "homes with profiles to look for tokens in",
        }],
    },
    Layer {
        below: "src/cli/",
        not: &[TERMINAL],
        except: &[Exception {
            file: "src/cli/ui.rs",
            names: TERMINAL,
            because: "the only place that writes to the terminal",
        }],
    },
    Layer {
        below: "src/parallel.rs",
        not: &[OUTSIDE, TERMINAL, &["crate::"]],
        except: &[],
    },
];

const VAGUE: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "shared",
];
const LONGEST: usize = 900;

/// Every source file without its line comments, by its path.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(root.join(folder)) {
        let entry = entry.expect("readable");
        if entry.path().extension().is_some_and(|e| e == "rs") {
            let path = entry.path().strip_prefix(root).expect("below it");
            let text = fs::read_to_string(entry.path()).expect("text");
            files.insert(path.to_str().expect("UTF-8").to_owned(), text);
        }
    }
    files
}

fn without_comments(line: &str) -> &str {
    let code = line.trim_start();
    if code.starts_with("//") { "" } else { code }
}

/// Whether `code` names `what` as a whole word, directly or by climbing to the root of the crate.
fn names(code: &str, what: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let found = |code: &str, what: &str| {
        code.match_indices(what).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            let after = code[at + what.len()..].chars().next();
            let ends = !what.ends_with(word) || !after.is_some_and(word);
            ends && !before.is_some_and(word)
        })
    };
    let climbed = ["super::super::super::", "super::super::"]
        .into_iter()
        .map(|climb| code.replace(climb, "crate::"));
    // Two steps up need not be the root, so only the names of layers count there.
    found(code, what) || !what.ends_with('{') && climbed.into_iter().any(|code| found(&code, what))
}

#[test]
fn each_layer_knows_only_those_below() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        for layer in LAYERS.iter().filter(|layer| path.starts_with(layer.below)) {
            for what in layer.not.iter().copied().flatten() {
                let excepted = |e: &Exception| path == e.file && e.names.contains(what);
                if layer.except.iter().any(excepted) {
                    continue;
                }
                for (number, line) in text.lines().enumerate() {
                    if names(without_comments(line), what) {
                        wrong.push(format!("{path}:{}: {what}", number + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not allowed there:\n{}", wrong.join("\n"));
    let sources = sources("src");
    for layer in LAYERS {
        let concerned = sources.keys().any(|path| path.starts_with(layer.below));
        assert!(concerned, "nothing lies in {}", layer.below);
        for exception in layer.except {
            let text = &sources[exception.file];
            let needed = exception.names.iter().all(|what| text.contains(what));
            assert!(needed, "{} needs no exception", exception.file);
        }
    }
}

#[test]
fn what_is_looked_for_is_found() {
    for (code, what, found) in [
        ("use crate::io::tree;", "crate::io", true),
        ("use super::super::io::tree;", "crate::io", true),
        ("use crate::iota::tree;", "crate::io", false),
        ("println!(\"\")", "println!", true),
        ("eprintln!(\"\")", "println!", false),
        ("self.unzip::<A>()", "zip::", false),
        ("let stdout = io::stdout().lock();", "stdout()", true),
        ("use clap::Parser;", "clap", true),
        ("use clap_complete::Shell;", "clap", false),
    ] {
        assert_eq!(names(code, what), found, "{what} in {code}");
    }
}

#[test]
fn the_environment_is_read_on_the_command_line_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let read = |line: &str| {
            ["std::env", "env::var", "env::args"]
                .iter()
                .any(|w| names(line, w))
        };
        if !path.starts_with("src/cli/") && text.lines().map(without_comments).any(read) {
            wrong.push(path);
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// A process that is started has the environment, and so the token that is in it.
#[test]
fn no_process_is_started() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let starts = |line: &str| {
            [
                "Command::new",
                "process::Command",
                "CommandExt",
                "posix_spawn",
            ]
            .iter()
            .any(|what| names(line, what))
        };
        // Commands of the command line are no processes.
        let clap = |line: &str| line.contains("clap::Command::new");
        let mut lines = text.lines().map(without_comments);
        if lines.any(|line| starts(line) && !clap(line)) {
            wrong.push(path);
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn files_have_telling_names_and_bearable_lengths() {
    let mut wrong = Vec::new();
    for (path, text) in ["src", "tests"].into_iter().flat_map(sources) {
        let parts = path.trim_end_matches(".rs").split('/');
        if parts.clone().any(|part| VAGUE.contains(&part)) {
            wrong.push(format!("{path}: the name says nothing"));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{path}: {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A code that nothing gives is a promise that nobody keeps.
#[test]
fn every_code_of_a_finding_is_given_somewhere() {
    let sources = sources("src");
    let mut elsewhere: Vec<_> = sources
        .iter()
        .filter(|(path, _)| *path != "src/model/finding.rs")
        .map(|(_, text)| text.split("#[cfg(test)]").next().unwrap_or_default())
        .collect();
    elsewhere.sort_unstable();
    let never: Vec<_> = Code::ALL
        .iter()
        .filter(|code| {
            !elsewhere
                .iter()
                .any(|text| names(text, &format!("Code::{code:?}")))
        })
        .collect();
    assert!(never.is_empty(), "{never:?}");
}
