//! Inputs that are wrong: what is said, where it points, the exit code, and that nothing is written.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use crate::support::{Place, Run, copy, files, fixture, outcome, place_with, told};

fn export<'a>(project: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &["export", project, "--for", "external", "-o", "p.zip"],
        more,
    ]
    .concat()
}

#[test]
fn no_project() {
    let place = place_with(&["broken/not-a-project"]);
    fs::create_dir(place.path("empty")).expect("made");
    insta::assert_snapshot!(outcome(&place, &export("broken/not-a-project", &[])), @"
    exit 1
    --- stderr
    error[no-project]: broken/not-a-project is not a project: no asset's file lies in it
       = help: give a folder with exported assets (`x.recipe.json` …), as `workato pull`, `wk pull` or an unzipped package has
    --- folder
    broken
    empty
    ");
    insta::assert_snapshot!(outcome(&place, &export("empty", &[])), @"
    exit 1
    --- stderr
    error[no-project]: empty is not a project: no asset's file lies in it
       = help: give a folder with exported assets (`x.recipe.json` …), as `workato pull`, `wk pull` or an unzipped package has
    --- folder
    broken
    empty
    ");
    insta::assert_snapshot!(outcome(&place, &export("nowhere", &[])), @"
    exit 1
    --- stderr
    error[unreadable]: can't open nowhere
       = note: No such file or directory
    --- folder
    broken
    empty
    ");
    insta::assert_snapshot!(outcome(&place, &["check"]), @"
    exit 1
    --- stderr
    error[no-project]: . is not a project: no asset's file lies in it
       = help: give a folder with exported assets (`x.recipe.json` …), as `workato pull`, `wk pull` or an unzipped package has
    --- folder
    broken
    empty
    ");
}

#[test]
fn several_projects() {
    let place = place_with(&["broken/multi-root"]);
    insta::assert_snapshot!(outcome(&place, &export("broken/multi-root", &[])), @"
    exit 64
    --- stderr
    error[several-projects]: broken/multi-root holds 2 projects, not one
       = help: give one of them, or several, or --all-projects where the command has it; --one-project takes all as one:
                 broken/multi-root/orders-api
                 broken/multi-root/returns-api
    --- folder
    broken
    ");
}

/// All that is wrong is told at once, not only what is met first.
#[test]
fn broken_json_and_the_rest() {
    let place = place_with(&["broken/broken-json", "broken/duplicate-key"]);
    copy(
        &place.path("broken/duplicate-key"),
        &place.path("broken/broken-json/more"),
    );
    place.write("broken/broken-json/cut.recipe.json", "{\"name\": \"Cut off");
    symlink(
        "good.recipe.json",
        place.path("broken/broken-json/link.recipe.json"),
    )
    .expect("linked");
    insta::assert_snapshot!(outcome(&place, &export("broken/broken-json", &[])), @r#"
    exit 1
    --- stderr
    error[broken-json]: `"` where `,` or `}` is expected
     --> broken/broken-json/bad.recipe.json:5:3
      |
    5 |   "private": true,
      |   ^
      |
      = help: pull the asset again, or mend the file by hand

    error[broken-json]: the string that starts here does not end
     --> broken/broken-json/cut.recipe.json:1:10
      |
    1 | {"name": "Cut off
      |          ^
      |
      = help: pull the asset again, or mend the file by hand

    error[broken-json]: the key `name` stands twice in one object
     --> broken/broken-json/more/twice.recipe.json:6:3
      |
    6 |   "name": "Thrice",
      |   ^
      |
      = help: pull the asset again, or mend the file by hand

    error[symbolic-link]: a symbolic link, which is not followed
      --> broken/broken-json/link.recipe.json
       = help: put the file itself here, or name the link in .workato-ignore

    help: more about a finding by its code: recipack explain broken-json

    no package was written: 4 errors, 0 warnings, 0 notes
    --- folder
    broken
    "#);
}

#[test]
fn one_name_for_two_files() {
    let place = place_with(&["broken/case-collision"]);
    insta::assert_snapshot!(outcome(&place, &export("broken/case-collision", &[])), @"
    exit 1
    --- stderr
    error[path-collision]: on a disk that ignores case, normalises names or has streams this is the file `Recipes/a.recipe.json`
      --> broken/case-collision/recipes/a.recipe.json
       = help: rename one of the two

    help: more about a finding by its code: recipack explain path-collision

    no package was written: 1 error, 0 warnings, 0 notes
    --- folder
    broken
    ");
}

#[test]
fn links_are_not_followed() {
    let place = place_with(&["shared-form"]);
    place.write("secret.txt", "secret");
    symlink("../secret.txt", place.path("shared-form/a.recipe.json")).expect("linked");
    symlink("..", place.path("shared-form/folder")).expect("linked");
    symlink("nowhere", place.path("shared-form/b.lookup_table.json")).expect("linked");
    symlink("../secret.txt", place.path("shared-form/notes.txt")).expect("linked");
    let run = place.run(export("shared-form", &["--connectors", "nowhere"]));
    assert_eq!(run.code, 1);
    let run = place.run(export("shared-form", &["-q"]));
    assert_eq!(run.code, 1);
    for path in ["a.recipe.json", "folder", "b.lookup_table.json"] {
        let told = format!(
            "error[symbolic-link]: a symbolic link, which is not followed\n  --> shared-form/{path}\n"
        );
        assert!(run.stderr.contains(&told), "{path}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("notes.txt"), "{}", run.stderr);
    assert_eq!(place.names(), ["secret.txt", "shared-form"]);
}

/// The program as a user for whom permissions count; for root they don't.
fn unprivileged(place: &Place, arguments: &[&str]) -> Option<Run> {
    let open = |path| fs::set_permissions(path, fs::Permissions::from_mode(0o777));
    open(place.folder.path().to_owned()).expect("set");
    let mut command = if fs::read(place.path("project/locked.recipe.json")).is_err() {
        Command::new(env!("CARGO_BIN_EXE_recipack"))
    } else {
        // Its own place may be closed to others.
        fs::copy(env!("CARGO_BIN_EXE_recipack"), place.path("recipack")).expect("copied");
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(place.path("recipack"));
        command
    };
    command.args(arguments).current_dir(place.folder.path());
    let run = command.output().ok().map(Run::from);
    let _ = fs::remove_file(place.path("recipack"));
    run
}

#[test]
fn files_and_folders_that_cannot_be_read() {
    let place = place_with(&[]);
    copy(&fixture("broken/broken-json"), &place.path("project"));
    place.write("project/locked.recipe.json", "{}");
    place.write("project/closed/a.recipe.json", "{}");
    for path in ["project/locked.recipe.json", "project/closed"] {
        let mode = fs::Permissions::from_mode(0o000);
        fs::set_permissions(place.path(path), mode).expect("set");
    }
    let run = unprivileged(&place, &export("project", &[]));
    let mode = fs::Permissions::from_mode(0o700);
    fs::set_permissions(place.path("project/closed"), mode).expect("set");
    let Some(run) = run else {
        // As root, and without `setpriv`, nothing is unreadable.
        return;
    };
    insta::assert_snapshot!(told(&place, &run), @r#"
    exit 1
    --- stderr
    error[broken-json]: `"` where `,` or `}` is expected
     --> project/bad.recipe.json:5:3
      |
    5 |   "private": true,
      |   ^
      |
      = help: pull the asset again, or mend the file by hand

    error[unreadable-file]: Permission denied
      --> project/locked.recipe.json
       = help: allow reading it, or name it in .workato-ignore

    error[unreadable-file]: Permission denied
      --> project/closed
       = help: allow reading it, or name it in .workato-ignore

    help: more about a finding by its code: recipack explain broken-json

    no package was written: 3 errors, 0 warnings, 0 notes
    --- folder
    project
    "#);
}

#[test]
fn names_that_no_package_can_hold() {
    let place = place_with(&["broken/broken-json"]);
    let project = place.path("broken/broken-json");
    fs::remove_file(project.join("bad.recipe.json")).expect("removed");
    for name in [
        &b"b\xff.recipe.json"[..],
        "n\u{202e}.recipe.json".as_bytes(),
        b"a\\b.recipe.json",
        b"c\x1b.recipe.json",
    ] {
        fs::write(project.join(OsStr::from_bytes(name)), "{}").expect("written");
    }
    insta::assert_snapshot!(outcome(&place, &export("broken/broken-json", &[])), @r"
    exit 1
    --- stderr
    error[unsafe-path]: it holds a backslash
      --> broken/broken-json/a\b.recipe.json
       = help: rename it, or name it in .workato-ignore

    error[unsafe-path]: its name is not valid UTF-8
      --> b�.recipe.json
       = help: rename it, or name it in .workato-ignore

    error[unsafe-path]: it holds a control character
      --> broken/broken-json/c\u{1b}.recipe.json
       = help: rename it, or name it in .workato-ignore

    error[unsafe-path]: it holds an invisible or direction-changing character
      --> broken/broken-json/n\u{202e}.recipe.json
       = help: rename it, or name it in .workato-ignore

    help: more about a finding by its code: recipack explain unsafe-path

    no package was written: 4 errors, 0 warnings, 0 notes
    --- folder
    broken
    ");
}

/// A zip with these entries, stored, as whoever means harm would make it.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let offset = u32::try_from(bytes.len()).expect("small");
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x28];
        common.extend(crc32fast::hash(data).to_le_bytes());
        let size = u32::try_from(data.len()).expect("small").to_le_bytes();
        common.extend([size, size].concat());
        common.extend(u16::try_from(name.len()).expect("small").to_le_bytes());
        common.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, size) = (bytes.len(), directory.len());
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        bytes.extend(u16::try_from(entries.len()).expect("small").to_le_bytes());
    }
    bytes.extend(u32::try_from(size).expect("small").to_le_bytes());
    bytes.extend(u32::try_from(start).expect("small").to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn packages_that_are_none() {
    let place = place_with(&["broken/not-a-zip.zip"]);
    insta::assert_snapshot!(outcome(&place, &export("broken/not-a-zip.zip", &[])), @"
    exit 1
    --- stderr
    error[archive-not-a-zip]: broken/not-a-zip.zip is no package that can be read
       = note: the file is not a zip: it starts with `This is no zip a`, where a zip starts with `PK`
       = help: a package is the zip that the platform exports; an HTML or JSON answer saved under that name is an error message
    --- folder
    broken
    ");
    let recipe = br#"{"name": "A", "version": 1, "code": {}, "config": []}"#;
    let good = zip(&[("a.recipe.json", recipe), ("b.recipe.json", recipe)]);
    fs::write(place.path("good.zip"), &good).expect("written");
    assert_eq!(place.run(["show", "good.zip"]).code, 0);
    for (what, bytes, code) in [
        (
            "one name twice",
            zip(&[("a.recipe.json", recipe), ("a.recipe.json", b"{}")]),
            "archive-duplicate]",
        ),
        (
            "a way out",
            zip(&[("../a.recipe.json", recipe)]),
            "archive-unsafe-name",
        ),
        (
            "an absolute path",
            zip(&[("/a.recipe.json", recipe)]),
            "archive-unsafe-name",
        ),
        ("cut off", good[..good.len() - 30].to_vec(), "archive-"),
        ("empty", Vec::new(), "archive-"),
        ("no entries", zip(&[]), "archive-no-entries"),
    ] {
        fs::write(place.path("hostile.zip"), bytes).expect("written");
        let before = place.names();
        for arguments in [
            &export("hostile.zip", &[])[..],
            &["show", "hostile.zip"],
            &["verify", "hostile.zip"],
            &["diff", "hostile.zip", "good.zip"],
            &["graph", "hostile.zip"],
            &["init", "hostile.zip"],
        ] {
            let run = place.run(arguments);
            let expected = if arguments[0] == "verify" { 4 } else { 1 };
            assert_eq!(run.code, expected, "{what}: {arguments:?}: {}", run.stderr);
            assert!(
                run.stderr.starts_with(&format!("error[{code}")),
                "{what}: {}",
                run.stderr
            );
            assert!(run.stderr.contains("hostile.zip"), "{what}: {}", run.stderr);
            assert_eq!(place.names(), before, "{what}");
        }
    }
}

#[test]
fn a_damaged_entry_is_found_by_its_checksum() {
    let place = Place::new();
    let recipe = br#"{"name": "A", "version": 1, "code": {}, "config": []}"#;
    let mut bytes = zip(&[("a.recipe.json", recipe)]);
    let at = bytes.windows(3).position(|w| w == b"\"A\"").expect("there");
    bytes[at + 1] = b'B';
    fs::write(place.path("d.zip"), bytes).expect("written");
    let run = place.run(export("d.zip", &[]));
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.starts_with("error[unreadable-file]: "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--> a.recipe.json"), "{}", run.stderr);
    assert_eq!(place.run(["verify", "d.zip"]).code, 4);
    assert_eq!(place.names(), ["d.zip"]);
}

#[test]
fn a_catalogue_that_is_wrong() {
    let place = place_with(&["partner"]);
    let export = [
        "export",
        "partner",
        "--for",
        "customer",
        "-o",
        "p.zip",
        "--catalog",
        "c.json",
    ];
    insta::assert_snapshot!(outcome(&place, &export), @"
    exit 1
    --- stderr
    error[unreadable]: can't read c.json
       = note: No such file or directory
    --- folder
    partner
    ");
    place.write("c.json", "[\n  {\"name\": \"a_connector_1_1\",, }\n]");
    insta::assert_snapshot!(outcome(&place, &export), @r#"
    exit 1
    --- stderr
    error[invalid-catalog]: catalogue: `,` where a key in quotes is expected
     --> c.json:2:30
      |
    2 |   {"name": "a_connector_1_1",, }
      |                              ^
      |
      = help: these three lines would be right; null is what is not shared:
              [{"title": "Parcel Tracker", "name": "parcel_tracker_connector_48213_1701388800", "oem_shared_version": 6},
               {"title": "Ledger Sync", "name": "ledger_sync_connector_48213_1704067200", "oem_shared_version": null}
              ]
    --- folder
    c.json
    partner
    "#);
    place.write(
        "c.json",
        "[\n  {\"name\": \"a_connector_1_1\", \"title\": \"A\", \"oem_shared_version\": 1},\n  {\"name\": \"a_connector_1_1\", \"title\": \"B\", \"oem_shared_version\": 2}\n]",
    );
    insta::assert_snapshot!(outcome(&place, &export), @r#"
    exit 1
    --- stderr
    error[invalid-catalog]: catalogue entry 2 (`B`): its `name` `a_connector_1_1` is that of entry 1 too
     --> c.json:3:12
      |
    3 |   {"name": "a_connector_1_1", "title": "B", "oem_shared_version": 2}
      |            ^^^^^^^^^^^^^^^^^
      |
      = help: take one of the two entries out of the file
              these three lines would be right; null is what is not shared:
              [{"title": "Parcel Tracker", "name": "parcel_tracker_connector_48213_1701388800", "oem_shared_version": 6},
               {"title": "Ledger Sync", "name": "ledger_sync_connector_48213_1704067200", "oem_shared_version": null}
              ]
    --- folder
    c.json
    partner
    "#);
}

/// What is typed wrong is wrong usage, whatever the project is like.
#[test]
fn wrong_usage() {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    let manifest = ["-m", "recipack.toml"];
    for (arguments, said, help) in [
        (
            &["export", "partner"][..],
            "where does the package go?",
            "--for customer",
        ),
        (
            &["export"],
            "where does the package go?",
            "say --to customers, --to external-account, or",
        ),
        (
            &["export", "partner", "--to", "nobody"],
            "the manifest has no target `nobody`",
            "it has: --to customers, --to external-account",
        ),
        (
            &["-C", "partner", "export", "--to", "x"],
            "the manifest has no target `x`",
            "it has: --to customers",
        ),
        (
            &["export", "partner", "--for", "moon"],
            "unknown kind of target `moon`",
            "--help",
        ),
        (
            &["export", "--to", "customers", "--for", "customer"],
            "cannot be used with",
            "Usage:",
        ),
        (
            &["export", "--to", "customers", "--data-center", "us"],
            "cannot be used with",
            "Usage:",
        ),
        (
            &["check", "partner", "--data-center", "us"],
            "required arguments were not provided",
            "--for",
        ),
        (
            &["check", "partner", "--connector", "Parcel Tracker"],
            "expected TITLE=auto",
            "--help",
        ),
        (
            &["check", "partner", "--connector", "Parcel Tracker=perhaps"],
            "unknown word about a connector `perhaps`",
            "`auto`, `include`, `exclude`",
        ),
        (
            &["check", "partner", "--connector", "=auto"],
            "invalid value '=auto'",
            "--help",
        ),
        (
            &["check", "partner", "--include", "a["],
            "--include a[: invalid pattern `a[`",
            "literally",
        ),
        (
            &["check", "partner", "--exclude", "{a"],
            "--exclude {a: invalid pattern `{a`",
            "literally",
        ),
        (
            &["check", "partner", "--threads", "0"],
            "invalid value '0'",
            "--help",
        ),
        (
            &["check", "partner", "--quiet", "--verbose"],
            "cannot be used with",
            "Usage:",
        ),
        (
            &["graph", "partner", "--of", "Order status"],
            "several assets are named `Order status`",
            "order_status.1.api_endpoint.json",
        ),
        (
            &["graph", "partner", "--format", "pdf"],
            "invalid value 'pdf'",
            "possible values",
        ),
        (
            &["verify", "p.zip", "--connectors", "x"],
            "required arguments were not provided",
            "--rebuild-from",
        ),
        (
            &["manifest", "remove", "tag"],
            "what is to be removed?",
            "recipack manifest list",
        ),
        (
            &["manifest", "add", "tag", "x", "--data-center", "us"],
            "--data-center goes with a target only",
            "",
        ),
        (
            &["manifest", "add", "target", "x"],
            "does not say what sort of target it is",
            "NAME=customer",
        ),
        (
            &["nonsense"],
            "unrecognized subcommand 'nonsense'",
            "Usage:",
        ),
        (&[], "Usage:", "Exit codes:"),
        (
            &["completions", "tcsh"],
            "invalid value 'tcsh'",
            "possible values",
        ),
    ] {
        let run = place.run(arguments);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (64, ""),
            "{arguments:?}: {}",
            run.stderr
        );
        for text in [said, help] {
            assert!(
                run.stderr.contains(text),
                "{arguments:?} lacks `{text}`: {}",
                run.stderr
            );
        }
        assert_eq!(
            place.names(),
            ["catalogs", "partner", "recipack.toml"],
            "{arguments:?}"
        );
    }
    let unknown = [
        &[
            "export",
            "--to",
            "customers",
            "-q",
            "--connector",
            "Parcle Tracker=auto",
        ],
        &manifest[..],
    ]
    .concat();
    insta::assert_snapshot!(outcome(&place, &unknown), @r#"
    exit 1
    --- stderr
    error[names-nothing]: no connector has the title "Parcle Tracker"
       = help: did you mean "Parcel Tracker"?
    --- folder
    catalogs
    partner
    recipack.toml
    "#);
}

#[test]
fn outputs_that_cannot_be() {
    let place = place_with(&["partner"]);
    insta::assert_snapshot!(outcome(&place, &["check", "partner", "--for", "external", "-q", "--report", "junit=no where/r.xml"]), @"
    exit 64
    --- stderr
    error[usage]: the folder no where of a report is not there
       = help: make it first: mkdir -p 'no where'
    --- folder
    partner
    ");
    insta::assert_snapshot!(outcome(&place, &["export", "partner", "--for", "external", "-q", "-o", "no where/p.zip"]), @"
    exit 64
    --- stderr
    error[usage]: the folder no where is not there
       = help: make it first: mkdir -p 'no where'
    --- folder
    partner
    ");
    assert_eq!(
        place
            .run(["export", "partner", "--for", "external", "-o", "own.zip"])
            .code,
        0
    );
    let before = files(place.folder.path());
    for same in ["own.zip", "./own.zip", "partner/../own.zip"] {
        let run = place.run(["export", "own.zip", "--for", "external", "-q", "-o", same]);
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert!(
            run.stderr.starts_with(&format!(
                "error[output-taken]: {same} is what this command reads\n"
            )),
            "{}",
            run.stderr
        );
        let connectors = [
            "export",
            "partner",
            "--for",
            "external",
            "-q",
            "--connectors",
            "own.zip",
            "-o",
            same,
        ];
        assert_eq!(place.run(connectors).code, 64);
        assert!(files(place.folder.path()) == before, "{same}");
    }
}

#[test]
fn a_package_over_the_limit() {
    let place = Place::new();
    place.write(
        "project/a.custom_adapter.json",
        r#"{"title": "A", "version": 1, "name": "a_connector_1_1"}"#,
    );
    place.write("project/a.custom_adapter.rb", "{}");
    place.write("recipack.toml", "[package]\nname = \"p\"\nproject = \"project\"\nlimit-mb = 1\n[targets.t]\nkind = \"external\"\n");
    let mut picture =
        fs::File::create(place.path("project/a.custom_adapter.png")).expect("created");
    let mut state = 1_u64;
    for _ in 0..140_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let noise = (state ^ state >> 29).wrapping_mul(0x94d0_49bb_1331_11eb);
        picture.write_all(&noise.to_le_bytes()).expect("written");
    }
    insta::assert_snapshot!(outcome(&place, &["export", "--to", "t", "-q"]), @"
    exit 1
    --- stderr
    error[unwritable]: the package is larger than 1000000 bytes after `a.custom_adapter.png`
       = help: the platform takes no larger ones: pack fewer assets (--include, --exclude), or set `limit-mb` in the manifest if the limit is another one
    --- folder
    project
    recipack.toml
    ");
    // With more room, it is a package.
    let manifest = fs::read_to_string(place.path("recipack.toml")).expect("text");
    place.write(
        "recipack.toml",
        &manifest.replace("limit-mb = 1", "limit-mb = 2"),
    );
    assert_eq!(place.run(["export", "--to", "t", "-q"]).code, 0);
}

#[test]
fn a_closed_connector_of_another_data_center() {
    let place = place_with(&["partner", "catalogs"]);
    let export = |data_center| {
        [
            "export",
            "partner",
            "--for",
            "customer",
            "--data-center",
            data_center,
            "--catalog",
            "catalogs/closed-eu.json",
            "-q",
            "-o",
            "p.zip",
        ]
    };
    insta::assert_snapshot!(outcome(&place, &export("us")), @r#"
    exit 1
    --- stderr
    error[shared-connector-unreachable]: "Parcel Tracker" is shared closed-source in another data center, where this customer can't reach it
      --> partner/parcel_tracker.custom_adapter.json
       = note: the catalogue knows it by its internal name `parcel_tracker_connector_48213_1701388800`
       = note: used by 3 recipes: Orders/notify_late_parcels.recipe.json, Orders/return_label.recipe.json, Orders/track_new_parcels.recipe.json
       = note: used by 1 connection: Connections/parcel_tracker_account.connection.json
       = help: share it open-source or in the customer's data center, or pack it as the customer's own: --connector 'Parcel Tracker=include'
    --- folder
    catalogs
    partner
    "#);
    let run = place.run(export("eu"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout
            .contains("connector Parcel Tracker: left out, the target runs the shared v"),
        "{}",
        run.stdout
    );
    let listed = place.run(["show", "p.zip"]).stdout;
    assert!(
        !listed.contains("parcel_tracker.custom_adapter")
            && listed.contains("ledger_sync.custom_adapter"),
        "{listed}"
    );
    // Without a data center, nobody can tell.
    let run = place.run([
        "check",
        "partner",
        "--for",
        "customer",
        "--catalog",
        "catalogs/closed-eu.json",
    ]);
    assert!(
        run.stderr.contains("[data-center-unknown]"),
        "{}",
        run.stderr
    );
}

/// What can't be read could hold anything, so nothing is said about the whole.
#[test]
fn a_project_that_cannot_be_read_whole_is_neither_drawn_nor_compared() {
    let place = Place::new();
    crate::support::copy(&fixture("broken/broken-json"), &place.path("broken"));
    crate::support::copy(&fixture("shared-form"), &place.path("linked"));
    std::os::unix::fs::symlink("elsewhere", place.path("linked/x.recipe.json")).expect("linked");
    let before = place.names();
    for arguments in [["graph", "broken"], ["init", "broken"], ["graph", "linked"]] {
        let run = place.run(arguments);
        assert_eq!(run.code, 1, "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert_eq!(place.names(), before, "{arguments:?}");
    }
    let run = place.run(["diff", "linked", "linked"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("a symbolic link, which is not followed"),
        "{}",
        run.stderr
    );
    assert_eq!(
        place.run(["diff", "broken", "broken"]).code,
        0,
        "broken JSON is compared as text"
    );
}
