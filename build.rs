//! Tells the program which commit and target it is built from and for, for `--version --verbose`.
//!
//! Only release builds name a commit: others would be built again after each one. What is packed
//! without a repository has cargo's own file, or the packager's `RECIPACK_COMMIT`; otherwise the
//! commit is not known, and that is what is told.

use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RECIPACK_COMMIT");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    println!("cargo::rustc-env=RECIPACK_TARGET={}", variable("TARGET"));
    println!(
        "cargo::rustc-env=RECIPACK_FEATURES={}",
        variable("CARGO_CFG_FEATURE")
    );
    let root = variable("CARGO_MANIFEST_DIR");
    let given = Some(variable("RECIPACK_COMMIT")).filter(|commit| is_commit(commit));
    let commit = match variable("PROFILE").as_str() {
        "release" => given
            .or_else(|| packed(Path::new(&root)))
            .or_else(|| checked_out(&root)),
        _ => given,
    };
    println!(
        "cargo::rustc-env=RECIPACK_BUILD_COMMIT={}",
        commit.unwrap_or_default()
    );
    for (name, file) in BESIDE {
        println!("cargo::rustc-check-cfg=cfg({name})");
        let path = Path::new(&root).join(file);
        if path.exists() {
            println!("cargo::rustc-cfg={name}");
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

/// Others' projects and archives, which some tests need and which are no part of this project. Where
/// they lie beside it, their name is set; elsewhere those tests are shown as ignored. One file of each
/// is watched: a folder would be read whole at each build. Whoever puts them there later touches this
/// file. The same goes for programs of the system's.
const BESIDE: [(&str, &str); 5] = [
    ("debian_pgbouncer", "/usr/sbin/pgbouncer"),
    ("debian_postgres", "/usr/lib/postgresql/15/bin/postgres"),
    ("debian_registry", "/usr/bin/docker-registry"),
    ("real_projects", "../shared/corpus/README.md"),
    ("hostile_archives", "../shared/hostile/README.md"),
];

fn is_commit(text: &str) -> bool {
    text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit that cargo wrote into a source package.
fn packed(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join(".cargo_vcs_info.json")).ok()?;
    let (_, after) = text.split_once("\"sha1\"")?;
    let commit = after.split('"').nth(1)?;
    is_commit(commit).then(|| commit.to_owned())
}

/// The commit of the repository that has this folder at its top, and none that lies around it.
fn checked_out(root: &str) -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-C", root])
            .args(arguments)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top).ok()? != fs::canonicalize(root).ok()? {
        return None;
    }
    // What a new commit writes to. A file that is not there would have cargo build again each time.
    for name in ["HEAD", "logs/HEAD"] {
        let path = Path::new(root).join(git(&["rev-parse", "--git-path", name])?);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    git(&["rev-parse", "HEAD"]).filter(|commit| is_commit(commit))
}
