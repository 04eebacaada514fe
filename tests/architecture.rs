//! The shape of the source: who may know whom, and what is done in one place only.

use std::collections::{BTreeMap, BTreeSet};
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
/// The folders of the source, the lowest first, and those that each may use: only folders above it in
/// this table, so there is no circle.
const FOLDERS: &[(&str, &[&str])] = &[
    ("json", &[]),
    ("io", &[]),
    ("parallel", &[]),
    ("model", &["json"]),
    ("connector_source", &["model"]),
    ("client", &["model"]),
    ("settings", &["model"]),
    ("manifest", &["model", "settings"]),
    ("archive", &["io", "model"]),
    ("source", &["io", "model", "connector_source", "archive"]),
    (
        "plan",
        &["json", "model", "connector_source", "manifest", "settings"],
    ),
    ("workspace", &["io", "model", "client", "plan"]),
    ("ledger", &["io", "model", "plan"]),
    (
        "ops",
        &[
            "json",
            "io",
            "parallel",
            "model",
            "connector_source",
            "client",
            "manifest",
            "settings",
            "archive",
            "source",
            "plan",
            "workspace",
            "ledger",
        ],
    ),
    (
        "remote",
        &[
            "io",
            "model",
            "client",
            "archive",
            "plan",
            "workspace",
            "ops",
        ],
    ),
    ("registry", &["io", "model", "client"]),
    ("report", &["model", "plan", "ops"]),
    ("serving", &["ops"]),
    (
        "console",
        &[
            "model",
            "connector_source",
            "manifest",
            "plan",
            "workspace",
            "ops",
            "report",
            "serving",
        ],
    ),
    (
        "sandbox",
        &[
            "io",
            "model",
            "archive",
            "plan",
            "workspace",
            "ops",
            "serving",
        ],
    ),
    (
        "cli",
        &[
            "io",
            "parallel",
            "model",
            "connector_source",
            "client",
            "manifest",
            "settings",
            "archive",
            "source",
            "plan",
            "workspace",
            "ledger",
            "ops",
            "remote",
            "registry",
            "report",
            "console",
            "sandbox",
        ],
    ),
];
/// Folders whose own parts form no circle either.
const WITHOUT_CIRCLES: &[&str] = &[
    "plan",
    "ops",
    "workspace",
    "archive",
    "source",
    "manifest",
    "registry",
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
        not: &[OUTSIDE, TERMINAL],
        except: &[],
    },
    Layer {
        below: "src/manifest/",
        not: &[OUTSIDE, TERMINAL],
        except: &[],
    },
    Layer {
        below: "src/settings/",
        not: &[OUTSIDE, TERMINAL],
        except: &[],
    },
    Layer {
        below: "src/plan/",
        not: &[OUTSIDE, TERMINAL],
        except: &[],
    },
    Layer {
        below: "src/io/",
        not: &[TERMINAL, &["clap", "anyhow", "std::env", "SystemTime"]],
        except: &[
            Exception {
                file: "src/io/system/unix.rs",
                names: TERMINAL,
                because: "whether both are one file",
            },
            Exception {
                file: "src/io/system/windows.rs",
                names: TERMINAL,
                because: "whether both are one file",
            },
        ],
    },
    Layer {
        below: "src/json/",
        not: &[OUTSIDE, TERMINAL],
        except: &[],
    },
    Layer {
        below: "src/connector_source/",
        not: &[OUTSIDE, TERMINAL],
        except: &[],
    },
    Layer {
        below: "src/archive/",
        not: &[TERMINAL, &["clap", "anyhow", "std::env", "SystemTime"]],
        except: &[],
    },
    Layer {
        below: "src/source/",
        not: &[TERMINAL, &["clap", "anyhow", "std::env", "SystemTime"]],
        except: &[],
    },
    Layer {
        below: "src/remote/",
        not: &[TERMINAL, &["clap", "anyhow", "std::env", "SystemTime"]],
        except: &[],
    },
    Layer {
        below: "src/registry/",
        not: &[
            TERMINAL,
            &[
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
        below: "src/client/",
        not: &[
            TERMINAL,
            &[
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
        below: "src/ledger/",
        not: &[
            TERMINAL,
            &[
                "clap",
                "anyhow",
                "std::env",
                "SystemTime",
                "zip::",
                "walkdir",
                "tempfile",
            ],
        ],
        except: &[Exception {
            file: "src/ledger/postgres/address.rs",
            names: &["tempfile"],
            because: "its tests have files of passwords",
        }],
    },
    Layer {
        below: "src/ops/",
        not: &[
            TERMINAL,
            &[
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
        not: &[OUTSIDE, TERMINAL],
        except: &[],
    },
    Layer {
        below: "src/sandbox/",
        not: &[
            TERMINAL,
            &[
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
        below: "src/console/",
        not: &[
            TERMINAL,
            &[
                "clap",
                "anyhow",
                "std::fs",
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
        below: "src/serving/",
        not: &[
            TERMINAL,
            &[
                "clap",
                "anyhow",
                "std::fs",
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
        below: "src/cli/",
        not: &[&["zip::", "walkdir", "tempfile", "std::net"]],
        except: &[
            Exception {
                file: "src/cli/credentials/tests.rs",
                names: &["tempfile"],
                because: "homes with profiles to look for tokens in",
            },
            Exception {
                file: "src/cli/permits.rs",
                names: &["tempfile"],
                because: "ledgers that its tests share",
            },
            Exception {
                file: "src/cli/budget.rs",
                names: &["tempfile"],
                because: "counts that its tests share",
            },
        ],
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

/// Everything that the code of a file, without its tests, names in this crate, as paths from its root.
fn named(path: &str, text: &str) -> BTreeSet<String> {
    let code: String = (text.split("#[cfg(test)]").next().unwrap_or_default())
        .lines()
        .map(without_comments)
        .flat_map(|line| [line, "\n"])
        .collect();
    let module: Vec<&str> = path["src/".len()..]
        .trim_end_matches(".rs")
        .split('/')
        .filter(|part| !["mod", "lib"].contains(part))
        .collect();
    let mut found = BTreeSet::new();
    let starts = ["crate::", "super::", "self::"];
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for start in starts {
        for (at, _) in code.match_indices(start) {
            if code[..at].chars().next_back().is_some_and(word) {
                continue;
            }
            for tree in expanded(&code[at..]) {
                let mut base = module.clone();
                let mut parts = tree.split("::").peekable();
                while let Some(part) = parts.next_if(|p| ["crate", "super", "self"].contains(p)) {
                    match part {
                        "crate" => base.clear(),
                        "super" => drop(base.pop()),
                        _ => (),
                    }
                }
                base.extend(parts);
                found.insert(base.join("::"));
            }
        }
    }
    found
}

/// The paths of which this text begins with one or, in braces, with several.
fn expanded(text: &str) -> Vec<String> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !plain(c)).unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    let Some(rest) = rest.strip_prefix('{').filter(|_| path.ends_with("::")) else {
        return vec![path.trim_end_matches(':').to_owned()];
    };
    let (mut depth, mut part, mut parts) = (0_u32, String::new(), Vec::new());
    for c in rest.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth - 1,
                    _ => depth,
                };
                part.push(c);
            }
        }
    }
    parts.push(part);
    (parts.iter().map(|part| part.trim()))
        .filter(|part| !part.is_empty())
        .flat_map(expanded)
        .map(|part| format!("{path}{part}"))
        .collect()
}

#[test]
fn folders_use_only_those_below_them() {
    let mut wrong = Vec::new();
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources("src") {
        let place = FOLDERS.iter().position(|(folder, _)| {
            path.starts_with(&format!("src/{folder}/")) || path == format!("src/{folder}.rs")
        });
        let Some(place) = place else {
            assert!(
                ["src/lib.rs", "src/main.rs"].contains(&path.as_str()),
                "{path}: no row"
            );
            continue;
        };
        let (folder, may) = FOLDERS[place];
        let below = &FOLDERS[..place];
        assert!(
            may.iter().all(|m| below.iter().any(|(b, _)| b == m)),
            "{folder}: a circle"
        );
        for name in named(&path, &text) {
            let other = name.split("::").next().unwrap_or_default();
            if other == folder || !FOLDERS.iter().any(|(f, _)| *f == other) {
                continue;
            }
            used.entry(folder).or_default().insert(other.to_owned());
            if !may.contains(&other) {
                wrong.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "not allowed there:\n{}", wrong.join("\n"));
    for (folder, may) in FOLDERS {
        let of = used.remove(folder).unwrap_or_default();
        let unused: Vec<_> = may.iter().filter(|m| !of.contains(**m)).collect();
        assert!(unused.is_empty(), "{folder} does not use {unused:?}");
    }
}

#[test]
fn the_parts_of_a_folder_form_no_circle() {
    for folder in WITHOUT_CIRCLES {
        let sources = sources(&format!("src/{folder}"));
        let part_of = |module: &str| -> Option<String> {
            let mut parts = module.split("::");
            (parts.next() == Some(folder)).then_some(())?;
            let part = parts.next()?;
            let is_module = sources.keys().any(|path| {
                *path == format!("src/{folder}/{part}.rs")
                    || path.starts_with(&format!("src/{folder}/{part}/"))
            });
            is_module.then(|| part.to_owned())
        };
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, text) in &sources {
            let module = path["src/".len()..]
                .trim_end_matches(".rs")
                .replace('/', "::");
            let Some(part) = part_of(&module).filter(|part| part != "mod") else {
                continue;
            };
            let others = named(path, text)
                .into_iter()
                .filter_map(|name| part_of(&name));
            let others = others.filter(|other| *other != part);
            uses.entry(part.clone()).or_default().extend(others);
        }
        // What uses none of the rest can go; what is left in the end is in a circle.
        loop {
            let rest: BTreeSet<String> = uses.keys().cloned().collect();
            let before = uses.len();
            uses.retain(|_, others| others.iter().any(|other| rest.contains(other)));
            if uses.len() == before {
                break;
            }
        }
        assert!(uses.is_empty(), "src/{folder}: {uses:#?}");
    }
}

#[test]
fn paths_in_braces_are_read() {
    assert_eq!(
        expanded("crate::plan::{rule::{Case, decide}, export};"),
        [
            "crate::plan::rule::Case",
            "crate::plan::rule::decide",
            "crate::plan::export"
        ]
    );
    let found = named(
        "src/plan/import/mod.rs",
        "use super::{rule, checks::Check as C};",
    );
    let expected = ["plan::checks::Check", "plan::rule"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
}

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

/// A process that is started has the environment, and so the token that is in it. Only programs that
/// keep logins of registries are started, and without that.
#[test]
fn no_process_is_started_but_those_that_keep_logins() {
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
    assert_eq!(wrong, ["src/cli/registry/docker.rs"]);
}

/// What systems do differently lies in one folder, where each of them has its own file.
const SYSTEM: &str = "src/io/system/";
const OF_SYSTEMS: &[&str] = &[
    "std::os",
    "libc",
    "rustix",
    "nix",
    "winapi",
    "winapi_util",
    "windows_sys",
    "cfg(unix",
    "cfg(windows",
    "cfg(not(unix",
    "cfg(not(windows",
    "cfg!(",
    "target_os",
    "target_family",
    "\"HOME\"",
    "\"USERPROFILE\"",
    "\"/dev",
    "\"/proc",
    "\"/etc",
    "\"/tmp",
    "MAIN_SEPARATOR",
];

#[test]
fn what_systems_do_differently_lies_in_one_place() {
    let (mut wrong, mut there) = (Vec::new(), BTreeSet::new());
    for (path, text) in sources("src") {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().map(without_comments).enumerate() {
            for what in OF_SYSTEMS.iter().filter(|what| line.contains(**what)) {
                // `unix` is part of other words, and `nix` is part of that.
                let is_word = names(line, what) || !what.starts_with(char::is_alphabetic);
                match path.starts_with(SYSTEM) {
                    _ if !is_word || is_test => {}
                    true => drop(there.insert(*what)),
                    false => wrong.push(format!("{path}:{}: {what}", number + 1)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not in {SYSTEM}:\n{}", wrong.join("\n"));
    for what in ["std::os", "cfg(unix", "\"HOME\"", "\"/dev"] {
        assert!(there.contains(what), "{what} is looked for in vain");
    }
}

/// What one system has, the other has too, spelled the same.
#[test]
fn each_system_has_the_same_functions() {
    let sources = sources("src/io/system");
    let of = |system: &str| -> BTreeSet<String> {
        let text = &sources[&format!("{SYSTEM}{system}.rs")];
        let code: String = text.lines().map(without_comments).collect();
        // Of the arguments only the types matter, which the compiler looks at.
        let name = |item: &str| item[..item.find(['(', ':']).unwrap_or(item.len())].to_owned();
        let starts = ["pub ", "pub(super) ", "pub(in crate::io) "];
        let starts = starts
            .into_iter()
            .flat_map(|who| [format!("{who}fn "), format!("{who}const ")]);
        starts
            .flat_map(|start| {
                let found = code.match_indices(&start);
                let after = found.map(|(at, _)| name(&code[at + start.len()..]));
                after.collect::<Vec<_>>()
            })
            .collect()
    };
    let (unix, windows) = (of("unix"), of("windows"));
    assert!(unix.len() > 15, "{unix:?}");
    assert_eq!(unix, windows);
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
