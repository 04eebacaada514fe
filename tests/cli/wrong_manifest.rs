//! Manifests that are wrong: what is said, where it points, and the exit code.

use crate::support::{outcome, place_with};

#[test]
fn a_manifest_that_names_what_is_not_there() {
    let place = place_with(&["partner", "broken/manifests"]);
    let manifest = "broken/manifests/names-nothing.toml";
    insta::assert_snapshot!(outcome(&place, &["export", "-m", manifest, "--to", "customers", "-q"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: `Warehouse/**` in `include` matches no asset of the project
     --> broken/manifests/names-nothing.toml:6:25
      |
    6 | include = ["Orders/**", "Warehouse/**"]
      |                         ^^^^^^^^^^^^^^
      |
      = help: correct it or take it out; `recipack export --list` shows the paths

    error[names-nothing]: no connector has the title "Pallet Counter"
     --> broken/manifests/names-nothing.toml:9:1
      |
    9 | "Pallet Counter" = "include"
      | ^^^^^^^^^^^^^^^^
      |
      = help: correct the title or take it out
    --- folder
    broken
    partner
    "#);
}

#[test]
fn a_manifest_that_is_wrong() {
    let place = place_with(&["partner", "broken/manifests"]);
    let manifest = "broken/manifests/unknown-key.toml";
    insta::assert_snapshot!(outcome(&place, &["export", "-m", manifest, "--to", "customers"]), @r#"
    exit 1
    --- stderr
    error[invalid-manifest]: unknown key `limit-mib`
     --> broken/manifests/unknown-key.toml:4:1
      |
    4 | limit-mib = 50
      | ^^^^^^^^^
      |
      = help: did you mean `limit-mb`?
    --- folder
    broken
    partner
    "#);
    place.write(
        "recipack.toml",
        "[package]\nname = \"a/b\"\nlimit-mb = 0\nproject = \"nowhere\"\n\n[select]\ntypes = [\"recipes\"]\n\n[targets.t]\nkind = \"moon\"\n",
    );
    insta::assert_snapshot!(outcome(&place, &["export", "--to", "t"]), @r#"
    exit 1
    --- stderr
    error[invalid-manifest]: invalid package name `a/b`: it holds a character that can't stand in a file name
     --> recipack.toml:2:8
      |
    2 | name = "a/b"
      |        ^^^^^

    error[invalid-manifest]: `limit-mb` should be 1 or more, but is 0
     --> recipack.toml:3:12
      |
    3 | limit-mb = 0
      |            ^
      |
      = help: the platform's limit is 100; leave the key out to keep to it

    error[invalid-manifest]: unknown kind of target `moon`
      --> recipack.toml:10:8
       |
    10 | kind = "moon"
       |        ^^^^^^
       |
       = help: possible are `customer`, `external`
    --- folder
    broken
    partner
    recipack.toml
    "#);
    place.write("recipack.toml", "[package]\nname = \"p\"\nproject = \"partner\"\ncatalog = \"nothing.json\"\n[targets.t]\nkind = \"external\"\n");
    insta::assert_snapshot!(outcome(&place, &["export", "--to", "t"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: nothing.json is not there
     --> recipack.toml:4:11
      |
    4 | catalog = "nothing.json"
      |           ^^^^^^^^^^^^^^
      |
      = help: paths in a manifest are relative to it
    --- folder
    broken
    partner
    recipack.toml
    "#);
    place.write(
        "recipack.toml",
        "[package]\nproject = \"nowhere\"\n[targets.t]\nkind = \"external\"\n",
    );
    insta::assert_snapshot!(outcome(&place, &["export", "--to", "t"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: nowhere is not there
     --> recipack.toml:2:11
      |
    2 | project = "nowhere"
      |           ^^^^^^^^^
      |
      = help: paths in a manifest are relative to it
    --- folder
    broken
    partner
    recipack.toml
    "#);
    place.write("recipack.toml", "[package\n");
    insta::assert_snapshot!(outcome(&place, &["manifest", "add", "tag", "x"]), @r#"
    exit 1
    --- stderr
    error[invalid-manifest]: unclosed table, expected `]`
     --> recipack.toml:1:9
      |
    1 | [package
      |         ^
    --- folder
    broken
    partner
    recipack.toml
    "#);
}
