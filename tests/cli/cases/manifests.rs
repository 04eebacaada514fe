//! Which manifest a command goes by, and which lock belongs to it.

use std::fs;

use crate::support::lines::{done, ends};
use crate::support::{Place, Run, place_with};

fn in_folder(place: &Place, folder: &str, line: &str) -> Run {
    let mut command = place.command();
    command.current_dir(place.path(folder));
    let output = command.args(line.split(' ')).output();
    output.expect("it starts").into()
}

#[test]
fn a_manifest_is_found_upwards_and_named() {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    fs::create_dir_all(place.path("ci/jobs")).expect("made");
    // From the project's own folder, and from one that has nothing to do with it.
    for (folder, manifest) in [
        ("partner/Orders", "../../recipack.toml"),
        ("ci/jobs", "../../recipack.toml"),
        ("ci", "../recipack.toml"),
    ] {
        let said = format!("the manifest is {manifest}\n");
        for line in [
            "check --to customers",
            "export --to customers --list",
            "manifest list",
            "lock --check",
        ] {
            let run = in_folder(&place, folder, line);
            let code = if line == "lock --check" { 2 } else { 0 };
            assert_eq!(run.code, code, "{folder} {line}: {}", run.stderr);
            assert_eq!(run.stderr.matches(&said).count(), 1, "{}", run.stderr);
        }
        // What it names lies beside it; what is made lies here.
        let run = in_folder(&place, folder, "export --to customers");
        assert_eq!(run.code, 0, "{}", run.stderr);
        let package = place.path(folder).join("kestrel-orders.zip");
        fs::remove_file(&package).expect("it was written here");
        fs::remove_file(package.with_file_name("kestrel-orders.recipack.json")).expect("it, too");
    }
    let quiet = in_folder(&place, "ci", "manifest list --quiet");
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
    // The one here is not worth a word, with -C neither.
    let here = place.run(["manifest", "list"]);
    assert_eq!((here.code, here.stderr.as_str()), (0, ""));
    let there = in_folder(&place, "ci", "-C .. manifest list");
    assert_eq!((there.code, there.stderr.as_str()), (0, ""));
    // An edit is made where it was found, and so is a lock.
    let run = in_folder(&place, "ci/jobs", "manifest add folder Orders");
    assert_eq!(
        run.stdout,
        "../../recipack.toml: added Orders in select.folders\n"
    );
    done(&place, "manifest remove folder Orders");
    let run = in_folder(&place, "ci/jobs", "lock");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(place.path("recipack.lock").is_file());
    let run = in_folder(&place, "ci", "export --to customers --locked");
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn the_nearest_one_counts_and_a_repository_ends_the_search() {
    let place = Place::new();
    place.write("recipack.toml", "[package]\nname = \"outer\"\n");
    place.write("inner/recipack.toml", "[package]\nname = \"inner\"\n");
    place.write("inner/deep/notes.txt", "");
    place.write("other/.git", "gitdir: elsewhere\n");
    place.write("other/deep/notes.txt", "");
    let name = |folder: &str| in_folder(&place, folder, "manifest list").stdout;
    assert!(name("inner/deep").contains("inner"));
    assert!(name("inner").contains("inner"));
    let run = in_folder(&place, "other/deep", "manifest list");
    assert_eq!(run.code, 1);
    assert_eq!(
        run.stderr,
        "error[manifest-missing]: there is no recipack.toml here, nor in a folder above\n   \
         = help: write one with `recipack init PROJECT`; a manifest of another name goes with -m\n\n"
    );
    // At the root of the repository itself it is found.
    place.write("other/recipack.toml", "[package]\nname = \"own\"\n");
    assert!(name("other/deep").contains("own"));
}

/// Two manifests, each with its own target.
fn two() -> Place {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    place.write(
        "acme.toml",
        "[package]\nproject = \"partner\"\n\n[targets.acme]\nkind = \"external\"\n",
    );
    place
}

#[test]
fn each_manifest_has_its_own_lock() {
    let place = two();
    let told = done(&place, "lock -m acme.toml");
    assert!(told.starts_with("acme.lock: written\n"), "{told}");
    assert!(!place.path("recipack.lock").exists());
    done(&place, "lock");
    let acme = fs::read_to_string(place.path("acme.lock")).expect("a lock");
    assert!(acme.contains("\nmanifest = \"acme.toml\"\n"), "{acme}");
    assert!(acme.contains("name = \"acme\"") && !acme.contains("name = \"customers\""));
    done(&place, "lock --check");
    done(&place, "lock --check -m acme.toml");
    done(&place, "export -m acme.toml --to acme --locked -o a.zip");
    done(&place, "export --to customers --locked -o c.zip");
    let told = crate::support::lines::run(&place, "doctor -m acme.toml").stdout;
    assert!(told.contains("acme.lock, 1 target"), "{told}");
    // An import goes by the lock that it is told.
    done(&place, "workspace create kestrel --kind external");
    ends(
        &place,
        "import a.zip --into local:kestrel --yes --locked",
        2,
        &["error[lock-differs]", "recipack.lock"],
    );
    done(
        &place,
        "import a.zip --into local:kestrel --yes --locked --lock acme.lock",
    );
    // Without an ending, or with another one, there is no mix-up either.
    fs::copy(place.path("acme.toml"), place.path("acme")).expect("copied");
    let before = fs::read(place.path("acme.lock")).expect("a lock");
    ends(
        &place,
        "lock -m acme",
        1,
        &["error[lock-of-another]: acme.lock was written for acme.toml, not for acme"],
    );
    assert_eq!(fs::read(place.path("acme.lock")).expect("a lock"), before);
    fs::copy(place.path("acme.toml"), place.path("acme.conf")).expect("copied");
    let told = done(&place, "lock -m acme.conf");
    assert!(told.starts_with("acme.conf.lock: written\n"), "{told}");
}

/// Whose a lock is can't be told while one that may have it can't be read.
#[test]
fn a_manifest_that_cannot_be_read_may_be_the_one_that_a_lock_was_written_for() {
    let place = two();
    done(&place, "lock -m acme.toml");
    let acme = fs::read_to_string(place.path("acme.lock")).expect("a lock");
    let unnamed = acme.replace("manifest = \"acme.toml\"\n", "");
    place.write("recipack.lock", &unnamed);
    // What is no manifest of this program can be none that a lock is of.
    place.write("pyproject.toml", "[project]\nname = \"a\"\n");
    let other = "error[lock-of-another]: recipack.lock was written for acme.toml";
    ends(&place, "lock", 1, &[other]);
    // One that is read in part says whose it is.
    let manifest = fs::read_to_string(place.path("acme.toml")).expect("a manifest");
    place.write("acme.toml", &format!("{manifest}\n[nonsense]\n"));
    ends(&place, "lock", 1, &[other]);
    place.write("acme.toml", &format!("{manifest}\n[nonsense\n"));
    for line in ["lock", "lock --check", "export --to customers --locked"] {
        ends(
            &place,
            line,
            1,
            &[
                "error[unreadable]: can't read ./acme.toml",
                "whether recipack.lock was written for that manifest can't be told",
            ],
        );
    }
    let now = fs::read_to_string(place.path("recipack.lock")).expect("text");
    assert_eq!(now, unnamed);
}

#[test]
fn the_lock_of_another_manifest_is_neither_replaced_nor_believed() {
    let place = two();
    done(&place, "lock -m acme.toml");
    let acme = fs::read_to_string(place.path("acme.lock")).expect("a lock");
    let unnamed = acme.replace("manifest = \"acme.toml\"\n", "");
    assert_ne!(acme, unnamed);
    // Under the name that all locks had once; with the manifest's name, and from before it stood there.
    for text in [&acme, &unnamed] {
        place.write("recipack.lock", text);
        for line in ["lock", "lock --check", "export --to customers --locked"] {
            ends(
                &place,
                line,
                1,
                &[
                    "error[lock-of-another]: recipack.lock was written for acme.toml, not for recipack.toml",
                    "then run `recipack lock`",
                ],
            );
        }
        let now = fs::read_to_string(place.path("recipack.lock")).expect("text");
        assert_eq!(&now, text);
    }
    // Nor is it the other's for want of a better one.
    fs::remove_file(place.path("acme.lock")).expect("removed");
    ends(
        &place,
        "export -m acme.toml --to acme --locked",
        2,
        &[
            "error[lock-missing]: there is no acme.lock",
            "recipack.lock does not say which manifest it was written for",
            "write it with `recipack lock -m acme.toml`",
        ],
    );
    // A lock without a name that fits is its manifest's, and gets the name when it is written anew.
    fs::remove_file(place.path("recipack.lock")).expect("removed");
    done(&place, "lock");
    let own = fs::read_to_string(place.path("recipack.lock")).expect("a lock");
    let old = own.replace("manifest = \"recipack.toml\"\n", "");
    place.write("recipack.lock", &old);
    done(&place, "lock --check");
    place.write(
        "partner/Orders/return_label.recipe.json",
        &fs::read_to_string(place.path("partner/Orders/return_label.recipe.json"))
            .expect("text")
            .replacen('{', "{ ", 1),
    );
    ends(&place, "lock", 0, &["recipack.lock: written anew"]);
    let new = fs::read_to_string(place.path("recipack.lock")).expect("a lock");
    assert!(new.contains("\nmanifest = \"recipack.toml\"\n"), "{new}");
}
