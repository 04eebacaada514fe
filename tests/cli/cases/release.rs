//! What a release promises about the commit that it names, and that nothing which a repository says
//! is carried out.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::project::{ProjectFolder, uses};
use crate::support::{Place, Run};

/// Git in a folder of the place, with an identity and without settings of the machine.
fn git(place: &Place, folder: &str, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(["-c", "user.name=Tarn", "-c", "user.email=tarn@example.com"])
        .args(["-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always", "-c", "safe.directory=*"])
        .args(arguments)
        .current_dir(place.path(folder))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", place.path("home of git"))
        .output()
        .expect("git");
    assert!(done.status.success(), "git {arguments:?}: {done:?}");
    String::from_utf8(done.stdout).expect("UTF-8")
}

fn write_project(place: &Place, root: &str) {
    let project = ProjectFolder::new(place, root);
    for name in ["Dispatch", "Returns"] {
        let path = format!("Parcels/{}.recipe.json", name.to_lowercase());
        project.recipe(&path, name, &[uses("clock", Value::Null)]);
    }
    project.file("Parcels/Desk/readme.txt", "Not an asset.\n");
}

/// `work/parcels` is a project in the repository `work`, committed.
fn committed() -> Place {
    committed_in(&[])
}

fn committed_in(format: &[&str]) -> Place {
    let place = Place::new();
    fs::create_dir(place.path("work")).expect("made");
    git(&place, "work", &[&["init", "-q"], format].concat());
    write_project(&place, "work/parcels");
    commit(&place);
    place
}

fn commit(place: &Place) {
    git(place, "work", &["add", "-A"]);
    git(place, "work", &["commit", "-qm", "parcels"]);
}

fn head(place: &Place, folder: &str) -> String {
    git(place, folder, &["rev-parse", "HEAD"]).trim().to_owned()
}

fn export_with(place: &Place, project: &str, more: &[&str], change: &dyn Fn(&mut Command)) -> Run {
    let mut command = place.command();
    command.args(["export", project, "--for", "external", "-o", "out.zip"]);
    command.args(more);
    change(&mut command);
    command.output().expect("it starts").into()
}

fn export(place: &Place, project: &str, more: &[&str]) -> Run {
    export_with(place, project, more, &|_| {})
}

/// What the record says of the commit.
fn recorded(place: &Place) -> (Value, Value) {
    let text = fs::read_to_string(place.path("out.recipack.json")).expect("a record");
    let record: Value = serde_json::from_str(&text).expect("JSON");
    let project = &record["project"];
    (project["commit"].clone(), project["dirty"].clone())
}

/// A release is refused, and says all of this; without the word the package is made and recorded.
#[track_caller]
fn refused(place: &Place, project: &str, told: &[&str], dirty: &Value) {
    let run = export(place, project, &["--release"]);
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    for told in told {
        assert!(run.stderr.contains(told), "{told}\n{}", run.stderr);
    }
    assert!(!place.path("out.zip").exists());
    let plain = export(place, project, &["--fresh"]);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    assert_eq!(recorded(place).1, *dirty);
    for left in ["out.zip", "out.recipack.json"] {
        fs::remove_file(place.path(left)).expect("removed");
    }
}

#[track_caller]
fn released(place: &Place, project: &str, commit: &str) {
    let run = export(place, project, &["--release"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(recorded(place), (json!(commit), json!(false)));
    for left in ["out.zip", "out.recipack.json"] {
        fs::remove_file(place.path(left)).expect("removed");
    }
}

const DISPATCH: &str = "work/parcels/Parcels/dispatch.recipe.json";

fn change(place: &Place, path: &str) {
    let text = fs::read_to_string(place.path(path)).expect("text");
    place.write(path, &text.replace("Dispatch", "Dispatched"));
}

#[test]
fn a_release_is_the_commit_that_it_names() {
    let place = committed();
    released(&place, "work/parcels", &head(&place, "work"));
    // What can't be in a package makes no difference.
    place.write("work/parcels/notes.txt", "new");
    fs::remove_file(place.path("work/parcels/Parcels/Desk/readme.txt")).expect("removed");
    released(&place, "work/parcels", &head(&place, "work"));
    change(&place, DISPATCH);
    write_project(&place, "work/parcels/More");
    fs::remove_file(place.path("work/parcels/Parcels/returns.recipe.json")).expect("removed");
    refused(
        &place,
        "work/parcels",
        &[
            "added: parcels/More/Parcels/dispatch.recipe.json",
            "added: parcels/More/Parcels/returns.recipe.json",
            "changed: parcels/Parcels/dispatch.recipe.json\n",
            "missing: parcels/Parcels/returns.recipe.json",
            &head(&place, "work"),
        ],
        &json!(true),
    );
    // What is staged is not committed.
    git(&place, "work", &["add", "-A"]);
    refused(&place, "work/parcels", &["changed: "], &json!(true));
    let listed = export(&place, "work/parcels", &["--release", "--json"]);
    let document: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(document["errors"][0]["code"], "not-committed");
    let notes = document["errors"][0]["notes"].as_array().expect("notes");
    assert_eq!(notes.len(), 5, "{notes:?}");
}

#[test]
fn an_ignored_recipe_is_not_the_commits() {
    let place = committed();
    place.write("work/.gitignore", "secret*\n");
    commit(&place);
    let path = "work/parcels/Parcels/secret.recipe.json";
    fs::copy(place.path(DISPATCH), place.path(path)).expect("copied");
    let told = "added: parcels/Parcels/secret.recipe.json";
    refused(&place, "work/parcels", &[told], &json!(true));
}

#[test]
fn what_the_index_says_of_a_file_is_not_believed() {
    for mark in ["--skip-worktree", "--assume-unchanged"] {
        let place = committed();
        let path = "parcels/Parcels/dispatch.recipe.json";
        git(&place, "work", &["update-index", mark, path]);
        change(&place, DISPATCH);
        assert_eq!(git(&place, "work", &["status", "--porcelain"]), "");
        refused(
            &place,
            "work/parcels",
            &[&format!("changed: {path}")],
            &json!(true),
        );
    }
}

#[test]
fn a_sparse_checkout_lacks_files_of_the_commit() {
    let place = committed();
    write_project(&place, "work/parcels/Other");
    commit(&place);
    let keep = ["sparse-checkout", "set", "parcels/Parcels"];
    git(&place, "work", &keep);
    assert!(!place.path("work/parcels/Other").exists());
    assert_eq!(git(&place, "work", &["status", "--porcelain"]), "");
    let told = "missing: parcels/Other/Parcels/dispatch.recipe.json";
    refused(&place, "work/parcels", &[told], &json!(true));
    // Another part of the commit is whole.
    released(&place, "work/parcels/Parcels", &head(&place, "work"));
}

#[test]
fn untracked_files_are_seen_whatever_is_configured() {
    let place = committed();
    git(
        &place,
        "work",
        &["config", "status.showUntrackedFiles", "no"],
    );
    fs::copy(
        place.path(DISPATCH),
        place.path("work/parcels/Parcels/new.recipe.json"),
    )
    .expect("copied");
    let told = "added: parcels/Parcels/new.recipe.json";
    refused(&place, "work/parcels", &[told], &json!(true));
}

#[test]
fn line_ends_that_git_changes_are_not_the_commits() {
    let place = committed();
    git(&place, "work", &["config", "core.autocrlf", "true"]);
    git(&place, "work", &["rm", "-qr", "--cached", "parcels"]);
    git(&place, "work", &["reset", "-q", "--hard"]);
    let text = fs::read_to_string(place.path(DISPATCH)).expect("text");
    assert!(text.contains("\r\n"));
    assert_eq!(git(&place, "work", &["status", "--porcelain"]), "");
    refused(
        &place,
        "work/parcels",
        &["changed: parcels/Parcels/dispatch.recipe.json (only its line ends: core.autocrlf"],
        &json!(true),
    );
}

#[test]
fn a_checkout_of_somebody_else_is_told_as_that() {
    let place = committed();
    // Only root may give files away; everybody else has none of another user to try it with.
    if chown(place.path("work/.git"), Some(12_345), None).is_err() {
        return;
    }
    fs::create_dir(place.path("home")).expect("made");
    let home = |command: &mut Command| {
        command.env("HOME", place.path("home"));
    };
    let run = export_with(&place, "work/parcels", &["--release"], &home);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let root = place.folder.path().canonicalize().expect("a path");
    let root = root.join("work").display().to_string();
    for told in [
        "error[commit-unknown]".to_owned(),
        format!("the repository {root} belongs to another user"),
        format!("git config --global --add safe.directory {root}"),
    ] {
        assert!(run.stderr.contains(&told), "{told}\n{}", run.stderr);
    }
    let plain = export_with(&place, "work/parcels", &[], &home);
    assert_eq!(plain.code, 0);
    assert!(
        plain.stderr.contains("belongs to another user"),
        "{}",
        plain.stderr
    );
    assert_eq!(recorded(&place), (Value::Null, Value::Null));
    // The repository can't vouch for itself, and neither can the environment.
    git(&place, "work", &["config", "safe.directory", "*"]);
    let vouching = export_with(&place, "work/parcels", &["--release"], &|command| {
        home(command);
        let config = place.write("vouching", "[safe]\n\tdirectory = *\n");
        command.env("GIT_CONFIG_GLOBAL", config);
        command.env("GIT_CONFIG_COUNT", "1");
        command.env("GIT_CONFIG_KEY_0", "safe.directory");
        command.env("GIT_CONFIG_VALUE_0", "*");
    });
    assert_eq!(vouching.code, 3);
    place.write(
        "home/.gitconfig",
        &format!("[safe]\n\tdirectory = {root}\n"),
    );
    let trusted = export_with(&place, "work/parcels", &["--release"], &home);
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    assert_eq!(recorded(&place).1, json!(false));
}

#[test]
fn the_environment_does_not_say_which_repository_it_is() {
    let place = committed();
    // In the other repository everything is as it is here.
    fs::create_dir(place.path("other")).expect("made");
    git(&place, "other", &["init", "-q"]);
    change(&place, DISPATCH);
    crate::support::copy(&place.path("work/parcels"), &place.path("other/parcels"));
    git(&place, "other", &["add", "-A"]);
    git(&place, "other", &["commit", "-qm", "other"]);
    let root = place.folder.path().canonicalize().expect("a path");
    let variables = |command: &mut Command| {
        command.env("GIT_DIR", root.join("other/.git"));
        command.env("GIT_WORK_TREE", root.join("other"));
        command.env("GIT_INDEX_FILE", root.join("other/.git/index"));
        command.env("GIT_OBJECT_DIRECTORY", root.join("other/.git/objects"));
        command.env("GIT_COMMON_DIR", root.join("other/.git"));
        command.env("GIT_CEILING_DIRECTORIES", root.join("work"));
    };
    let run = export_with(&place, "work/parcels", &["--release"], &variables);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let plain = export_with(&place, "work/parcels", &[], &variables);
    assert_eq!(plain.code, 0);
    assert_eq!(recorded(&place), (json!(head(&place, "work")), json!(true)));
}

#[test]
fn nothing_that_a_repository_says_is_carried_out() {
    let place = committed();
    let ran = place.path("RAN");
    let command = format!("sh -c 'env >> {0}; cat' -- ", ran.display());
    let hooks = place.path("hooks");
    let include = format!("[core]\n\tfsmonitor = \"{command}\"\n");
    let include = place.write("included", &include);
    let settings = [
        ("core.fsmonitor", command.as_str()),
        ("core.hooksPath", hooks.to_str().expect("UTF-8")),
        ("core.pager", &command),
        ("core.editor", &command),
        ("core.askPass", &command),
        ("core.sshCommand", &command),
        ("core.gitProxy", &command),
        ("core.alternateRefsCommand", &command),
        ("pager.status", &command),
        ("alias.status", &format!("!{command}")),
        ("alias.ls-files", &format!("!{command}")),
        ("filter.x.clean", &command),
        ("filter.x.smudge", &command),
        ("filter.x.process", &command),
        ("filter.x.required", "true"),
        ("diff.external", &command),
        ("diff.x.command", &command),
        ("diff.x.textconv", &command),
        ("merge.x.driver", &command),
        ("credential.helper", &command),
        ("gpg.program", &command),
        ("sequence.editor", &command),
        ("submodule.parcels.update", &format!("!{command}")),
        ("uploadpack.packObjectsHook", &command),
        ("trailer.x.command", &command),
        ("include.path", include.to_str().expect("UTF-8")),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", &format!("ext::{command}")),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
    ];
    for hook in [
        "post-index-change",
        "fsmonitor-watchman",
        "reference-transaction",
    ] {
        let path = format!("hooks/{hook}");
        let script = format!("#!/bin/sh\nenv >> {}\n", ran.display());
        let path = place.write(&path, &script);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).expect("executable");
    }
    place.write("work/.gitattributes", "*.json filter=x diff=x merge=x\n");
    commit(&place);
    for (setting, value) in settings {
        git(
            &place,
            "work",
            &["config", "core.repositoryformatversion", "0"],
        );
        git(&place, "work", &["config", setting, value]);
        // Files that the index does not know the times of are looked into.
        let text = fs::read_to_string(place.path(DISPATCH)).expect("text");
        place.write(DISPATCH, &text);
        for arguments in [
            "export work/parcels --for external -o out.zip",
            "export work/parcels --for external -o out.zip --release",
            "check work/parcels --for external --report sarif=out.sarif",
            "doctor",
            "verify out.zip --rebuild-from work/parcels",
        ] {
            let mut command = place.command();
            command.env("WORKATO_API_TOKEN", "canary");
            command.env("RECIPACK_PLATFORM", place.path("platform.db"));
            command.args(arguments.split(' '));
            let run: Run = command.output().expect("it starts").into();
            // From within the repository, too.
            let mut inside = place.command();
            inside.env("WORKATO_API_TOKEN", "canary");
            inside.current_dir(place.path("work/parcels"));
            inside.args(["check", "--for", "external", "--report", "github"]);
            let inside: Run = inside.output().expect("it starts").into();
            assert_eq!(inside.code, 0, "{}", inside.stderr);
            assert!(!ran.exists(), "{setting}: {arguments}: {}", run.stderr);
            if !arguments.starts_with("doctor") {
                assert_eq!(run.code, 0, "{setting}: {arguments}: {}", run.stderr);
            }
        }
        assert_eq!(recorded(&place), (json!(head_of(&place)), json!(false)));
        git_config_without(&place, setting);
    }
}

/// The commit, read from the branch's file: git itself would carry out what is configured.
fn head_of(place: &Place) -> String {
    let text = fs::read_to_string(place.path("work/.git/refs/heads/main")).expect("a branch");
    text.trim().to_owned()
}

/// Takes a setting away by hand, for the same reason.
fn git_config_without(place: &Place, setting: &str) {
    if setting.starts_with("filter.") || setting == "remote.origin.url" {
        return;
    }
    let path = place.path("work/.git/config");
    let text = fs::read_to_string(&path).expect("text");
    let name = setting.rsplit('.').next().expect("a name").to_lowercase();
    let kept = text
        .lines()
        .filter(|line| !line.trim().to_lowercase().starts_with(&format!("{name} =")));
    let kept: Vec<&str> = kept.collect();
    fs::write(path, kept.join("\n") + "\n").expect("written");
}

#[test]
fn all_sorts_of_repositories_are_read() {
    // Packed, with deltas and packed branches.
    let place = committed();
    change(&place, DISPATCH);
    commit(&place);
    git(&place, "work", &["gc", "-q", "--aggressive", "--prune=now"]);
    assert!(!place.path("work/.git/refs/heads/main").exists());
    released(&place, "work/parcels", &head(&place, "work"));
    // By SHA-256.
    let sha256 = committed_in(&["--object-format=sha256"]);
    let commit_id = head(&sha256, "work");
    assert_eq!(commit_id.len(), 64);
    released(&sha256, "work/parcels", &commit_id);
    // A commit and no branch.
    git(&place, "work", &["checkout", "-q", "--detach", "HEAD~1"]);
    released(&place, "work/parcels", &head(&place, "work"));
    // Another checkout of the same repository.
    git(
        &place,
        "work",
        &["worktree", "add", "-q", "../tree", "main"],
    );
    assert!(place.path("tree/.git").is_file());
    released(&place, "tree/parcels", &head(&place, "tree"));
    assert_ne!(head(&place, "tree"), head(&place, "work"));
    // A shallow clone, and one that borrows its objects.
    let url = format!("file://{}", place.path("tree").display());
    git(&place, ".", &["clone", "-q", "--depth=1", &url, "shallow"]);
    released(&place, "shallow/parcels", &head(&place, "shallow"));
    git(
        &place,
        ".",
        &["clone", "-q", "--shared", "tree", "borrowing"],
    );
    released(&place, "borrowing/parcels", &head(&place, "borrowing"));
    // A submodule is a repository of its own.
    fs::create_dir(place.path("outer")).expect("made");
    git(&place, "outer", &["init", "-q"]);
    git(&place, "outer", &["submodule", "add", "-q", &url, "inner"]);
    git(&place, "outer", &["commit", "-qm", "with a submodule"]);
    released(&place, "outer/inner/parcels", &head(&place, "outer/inner"));
    write_project(&place, "outer");
    git(&place, "outer", &["add", "-A"]);
    git(&place, "outer", &["commit", "-qm", "and assets"]);
    refused(
        &place,
        "outer",
        &[
            "inner is a submodule",
            "added: inner/parcels/Parcels/dispatch",
        ],
        &json!(true),
    );
    // A project folder that is a link lies where it leads to.
    symlink(place.path("tree/parcels"), place.path("linked")).expect("linked");
    released(&place, "linked", &head(&place, "tree"));
    // A repository without files checks nothing out.
    git(&place, ".", &["clone", "-q", "--bare", "tree", "bare.git"]);
    write_project(&place, "bare.git/parcels");
    refused(
        &place,
        "bare.git/parcels",
        &["it lies in no repository"],
        &Value::Null,
    );
}

#[test]
fn what_can_not_be_read_is_told_and_never_taken_for_clean() {
    let unknown = |place: &Place, told: &str| {
        let run = export(place, "work/parcels", &["--release"]);
        assert_eq!(run.code, 3, "{}", run.stderr);
        for told in ["error[commit-unknown]", told] {
            assert!(run.stderr.contains(told), "{told}\n{}", run.stderr);
        }
        let plain = export(place, "work/parcels", &[]);
        assert_eq!(plain.code, 0);
        assert!(plain.stderr.contains("the record names no commit"));
        assert_eq!(recorded(place), (Value::Null, Value::Null));
    };
    let git_file = |place: &Place, path: &str| place.path("work/.git").join(path);
    // Branches in a form that is not known.
    let place = Place::new();
    fs::create_dir(place.path("work")).expect("made");
    git(&place, "work", &["init", "-q", "--ref-format=reftable"]);
    write_project(&place, "work/parcels");
    commit(&place);
    unknown(&place, "it keeps its branches as reftable");
    // A later format.
    let place = committed();
    let config = git_file(&place, "config");
    let text = fs::read_to_string(&config).expect("text");
    for (change, told) in [
        ("repositoryformatversion = 2", "its format's version is 2"),
        (
            "repositoryformatversion = 1\n[extensions]\n\tmoon = full\n[core]",
            "the extension moon",
        ),
    ] {
        fs::write(&config, text.replace("repositoryformatversion = 0", change)).expect("written");
        unknown(&place, told);
    }
    fs::write(&config, &text).expect("written");
    // A clone that fetches what it lacks only when git is asked.
    let url = format!("file://{}", place.path("work").display());
    git(
        &place,
        "work",
        &["config", "uploadpack.allowFilter", "true"],
    );
    let place_of_clone = Place::new();
    git(
        &place_of_clone,
        ".",
        &[
            "clone",
            "-q",
            "--filter=tree:0",
            "--no-checkout",
            &url,
            "work",
        ],
    );
    write_project(&place_of_clone, "work/parcels");
    unknown(&place_of_clone, "the clone may be partial");
    // Objects that are not what their names say.
    let tree = git(&place, "work", &["rev-parse", "HEAD:parcels"]);
    let object = |id: &str| {
        let id = id.trim();
        git_file(&place, "objects").join(&id[..2]).join(&id[2..])
    };
    let other = git(&place, "work", &["rev-parse", "HEAD:parcels/Parcels"]);
    let sound = fs::read(object(&tree)).expect("an object");
    fs::remove_file(object(&tree)).expect("removed");
    fs::copy(object(&other), object(&tree)).expect("copied");
    unknown(&place, "is not sound");
    // Pipes are not waited for.
    fs::remove_file(object(&tree)).expect("removed");
    let pipe = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status().expect("mkfifo");
        assert!(made.success());
    };
    pipe(&object(&tree));
    unknown(&place, "is not sound");
    fs::remove_file(object(&tree)).expect("removed");
    fs::write(object(&tree), &sound).expect("written");
    released_after(&place);
    for (path, told) in [
        ("objects/pack/pack-1.idx", "not all of its packs are files"),
        ("objects/info/alternates", "info/alternates"),
        ("packed-refs", ""),
    ] {
        pipe(&git_file(&place, path));
        if told.is_empty() {
            // Only read for branches without a file.
            fs::remove_file(git_file(&place, "refs/heads/main")).expect("removed");
            unknown(&place, "packed-refs: it is not a file");
        } else {
            unknown(&place, told);
        }
        fs::remove_file(git_file(&place, path)).expect("removed");
    }
    for (head, told) in [
        (
            "ref: refs/heads/../../../../out.zip\n",
            "its HEAD names no commit",
        ),
        ("nonsense\n", "its HEAD names no commit"),
        ("ref: refs/heads/loop\n", "its HEAD names no commit"),
        (&"9".repeat(40), "is not there"),
    ] {
        fs::write(
            git_file(&place, "refs/heads/loop"),
            "ref: refs/heads/loop\n",
        )
        .expect("written");
        fs::write(git_file(&place, "HEAD"), head).expect("written");
        unknown(&place, told);
    }
    fs::remove_dir_all(place.path("work/.git")).expect("removed");
    place.write("work/.git", "gitdir: ../nowhere\n");
    unknown(&place, "there is no repository where its .git says");
}

#[track_caller]
fn released_after(place: &Place) {
    released(place, "work/parcels", &head(place, "work"));
    let plain = export(place, "work/parcels", &[]);
    assert_eq!(plain.code, 0);
    assert_eq!(recorded(place), (json!(head(place, "work")), json!(false)));
}

#[test]
fn what_no_commit_has_comes_from_none() {
    let place = Place::new();
    write_project(&place, "work/parcels");
    refused(
        &place,
        "work/parcels",
        &["it lies in no repository"],
        &Value::Null,
    );
    git(&place, "work", &["init", "-q"]);
    refused(&place, "work/parcels", &["has no commit yet"], &Value::Null);
    place.write("work/readme.txt", "");
    git(&place, "work", &["add", "readme.txt"]);
    git(&place, "work", &["commit", "-qm", "readme"]);
    refused(&place, "work/parcels", &["does not have it"], &Value::Null);
}

#[test]
fn a_pointer_of_git_lfs_is_not_what_it_points_to() {
    let place = committed();
    let bytes = fs::read(place.path(DISPATCH)).expect("bytes");
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n",
        "0".repeat(64),
        bytes.len()
    );
    place.write(DISPATCH, &pointer);
    commit(&place);
    fs::write(place.path(DISPATCH), bytes).expect("written");
    refused(
        &place,
        "work/parcels",
        &["dispatch.recipe.json (the commit has a pointer of Git LFS in its place)"],
        &json!(true),
    );
}

#[test]
fn objects_that_are_to_be_taken_for_others_are_not() {
    let place = committed();
    let old = head(&place, "work");
    change(&place, DISPATCH);
    commit(&place);
    // The commit that is named is the old one, and git would show the new one's files for it.
    let new = head(&place, "work");
    git(&place, "work", &["checkout", "-q", "--detach", &old]);
    git(&place, "work", &["replace", &old, &new]);
    git(&place, "work", &["reset", "-q", "--hard"]);
    assert_eq!(git(&place, "work", &["status", "--porcelain"]), "");
    refused(&place, "work/parcels", &["changed: ", &old], &json!(true));
}

#[test]
fn a_package_in_a_repository_is_compared_as_a_file() {
    let place = committed();
    let made = export(&place, "work/parcels", &[]);
    assert_eq!(made.code, 0);
    fs::copy(place.path("out.zip"), place.path("work/parcels.zip")).expect("copied");
    commit(&place);
    fs::remove_file(place.path("out.zip")).expect("removed");
    fs::remove_file(place.path("out.recipack.json")).expect("removed");
    released(&place, "work/parcels.zip", &head(&place, "work"));
    change(&place, DISPATCH);
    let made = export(&place, "work/parcels", &[]);
    assert_eq!(made.code, 0);
    fs::rename(place.path("out.zip"), place.path("work/parcels.zip")).expect("renamed");
    fs::remove_file(place.path("out.recipack.json")).expect("removed");
    refused(
        &place,
        "work/parcels.zip",
        &["changed: parcels.zip"],
        &json!(true),
    );
}

#[test]
fn ignore_files_are_part_of_what_a_release_is_made_of() {
    let place = committed();
    place.write("work/parcels/.workato-ignore", "Parcels/returns*\n");
    refused(
        &place,
        "work/parcels",
        &["added: parcels/.workato-ignore"],
        &json!(true),
    );
    commit(&place);
    released(&place, "work/parcels", &head(&place, "work"));
    // What it leaves out may be missing or changed.
    fs::remove_file(place.path("work/parcels/.workato-ignore")).expect("removed");
    refused(
        &place,
        "work/parcels",
        &["missing: parcels/.workato-ignore"],
        &json!(true),
    );
}

#[test]
fn names_that_differ_in_case_only_are_two() {
    let place = committed();
    let other = place.path("work/parcels/Parcels/Dispatch.recipe.json");
    fs::rename(place.path(DISPATCH), other).expect("renamed");
    git(&place, "work", &["config", "core.ignoreCase", "true"]);
    refused(
        &place,
        "work/parcels",
        &[
            "added: parcels/Parcels/Dispatch.recipe.json",
            "missing: parcels/Parcels/dispatch.recipe.json",
        ],
        &json!(true),
    );
}

#[test]
fn supplied_connectors_are_part_of_what_a_release_is_made_of() {
    let place = committed();
    let project = ProjectFolder::new(&place, "work/connectors");
    project.connector("parcel_desk", "Parcel Desk", 3);
    let more = ["--release", "--connectors", "work/connectors"];
    let run = export(&place, "work/parcels", &more);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("work/connectors comes from no commit"));
    commit(&place);
    let run = export(&place, "work/parcels", &more);
    assert_eq!(run.code, 0, "{}", run.stderr);
    project.connector("parcel_desk", "Parcel Desk", 4);
    let run = export(&place, "work/parcels", &more);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let told = "changed: connectors/parcel_desk.custom_adapter.json";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

/// A statement says `false` only where every file was compared.
#[test]
fn a_statement_says_no_more_than_was_found_out() {
    let place = committed();
    let made = export(&place, "work/parcels", &[]);
    assert_eq!(made.code, 0);
    let statement = || {
        let run = place.run(["attest", "out.zip", "-o", "out.json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let text = fs::read_to_string(place.path("out.json")).expect("a statement");
        let statement: Value = serde_json::from_str(&text).expect("JSON");
        fs::remove_file(place.path("out.json")).expect("removed");
        let definition = &statement["predicate"]["buildDefinition"];
        definition["resolvedDependencies"][0]["annotations"]["dirty"].clone()
    };
    assert_eq!(statement(), json!(false));
    let path = place.path("out.recipack.json");
    let record = fs::read_to_string(&path).expect("a record");
    fs::write(&path, record.replace("\"dirty\": false", "\"dirty\": null")).expect("written");
    assert_eq!(statement(), json!("unknown"));
}
