//! Workspaces of the local platform as real processes look at them and operate them.

use std::process::Stdio;

use crate::support::workspaces::{CATALOGUE, peopled, run};
use crate::support::{Place, plain};

/// Everything that a run shows.
fn told(place: &Place, arguments: &[&str]) -> String {
    let run = run(place, arguments);
    let mut text = format!("exit {}\n", run.code);
    for (what, part) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        if !part.is_empty() {
            text.push_str(&format!("--- {what}\n{}", plain(part, place)));
        }
    }
    // A state is a digest of everything, internals too.
    let lines = text.trim_end().lines().map(|line| {
        let digest = line.strip_prefix("  state     ");
        digest.map_or(line, |_| "  state     […]")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn workspaces_are_created_listed_and_shown() {
    let place = Place::new();
    place.write("shared.json", CATALOGUE);
    insta::assert_snapshot!(told(&place, &["workspace", "create", "kestrel", "--kind", "admin", "--id", "48213", "--catalog", "shared.json", "--data-center", "eu"]), @"
    exit 0
    --- stdout
    local:kestrel
      kind      admin
      lives in  eu
      number    48213
      catalog   2 connectors, whose code is not known
      platform  p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "local:acme", "--kind", "customer", "--of", "kestrel", "--external-id", "C-17"]), @"
    exit 0
    --- stdout
    local:acme
      kind      customer of kestrel
      lives in  eu
      number    48214
      known as  C-17
      platform  p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "moon", "--kind", "external"]), @"
    exit 0
    --- stdout
    local:moon
      kind      external
      lives in  us
      number    48215
      platform  p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"
    exit 0
    --- stdout
    local:acme     customer of kestrel  eu  0 recipes  0 connections  0 connectors  revision 0
    local:kestrel  admin                eu  0 recipes  0 connections  2 connectors  revision 0
    local:moon     external             us  0 recipes  0 connections  0 connectors  revision 0
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "show", "acme"]), @"
    exit 0
    --- stdout
    local:acme
      kind      customer of kestrel
      lives in  eu
      number    48214
      known as  C-17
      revision  none
      state     […]
      assets    none
      connectors
        Parcel Tracker  shared v6  0 recipes  parcel_tracker_connector_48213_1701388800
    ");
}

#[test]
fn a_workspace_shows_what_it_holds() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["workspace", "show", "local:acme"]), @"
    exit 0
    --- stdout
    local:acme
      kind      customer of kestrel
      lives in  us
      number    1002
      revision  none
      state     […]
      assets    3 connection, 5 recipe
      running   1 recipe
      project   5 assets  Orders
      folder    1 asset   Orders/Functions
      connectors
        Drafts          not released  latest v1  1 recipe             drafts_connector_1002_2
        Ledger Sync     released v1   latest v2  1 recipe, 1 running  ledger_sync_connector_1002_1
        Parcel Tracker  shared v6                1 recipe             parcel_tracker_connector_48213_1701388800
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "show", "moon"]), @"
    exit 0
    --- stdout
    local:moon
      kind      external
      lives in  us
      number    1003
      revision  none
      state     […]
      assets    none
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"
    exit 0
    --- stdout
    local:acme     customer of kestrel  us  5 recipes, 1 running  3 connections, 2 not authorized  2 connectors  revision 0
    local:kestrel  admin                us  0 recipes             0 connections                    2 connectors  revision 0
    local:moon     external             us  0 recipes             0 connections                    0 connectors  revision 0
    ");
}

#[test]
fn a_workspace_is_created_only_if_everything_fits() {
    let place = peopled();
    place.write("text.json", "{}");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer"]), @"
    exit 64
    --- stderr
    error[usage]: `x` is to be a customer of nobody
       = help: say whose: recipack workspace create x --kind customer --of ADMIN
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--of", "kestrel"]), @"
    exit 64
    --- stderr
    error[usage]: --of goes with --kind customer only, and `x` is to be external
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "admin", "--external-id", "7"]), @"
    exit 64
    --- stderr
    error[usage]: --external-id goes with --kind customer only, and `x` is to be admin
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--catalog", "shared.json"]), @"
    exit 64
    --- stderr
    error[usage]: --catalog goes with --kind admin only, and `x` is to be external
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "moon"]), @"
    exit 64
    --- stderr
    error[usage]: `x` can't be a customer of `moon`, which is an external workspace itself
       = help: name an admin workspace; those that are there: recipack workspace list --platform p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "acme"]), @"
    exit 64
    --- stderr
    error[usage]: `x` can't be a customer of `acme`, which is a customer's workspace itself
       = help: name an admin workspace; those that are there: recipack workspace list --platform p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "kestral"]), @"
    exit 1
    --- stderr
    error[no-workspace]: there is no workspace `kestral` in p.db
       = help: did you mean `kestrel`? there are: acme, kestrel, moon
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "acme", "--kind", "external"]), @"
    exit 1
    --- stderr
    error[workspace-taken]: there is a workspace `acme` in p.db already
       = help: those that are there: recipack workspace list --platform p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--id", "1002"]), @"
    exit 1
    --- stderr
    error[workspace-taken]: there is a workspace with number 1002 in p.db already
       = help: those that are there: recipack workspace list --platform p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external", "--id", "0"]), @"
    exit 64
    --- stderr
    error: invalid value '0' for '--id <N>': 0 is not in 1..=9007199254740991

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "moon"]), @"
    exit 64
    --- stderr
    error: invalid value 'moon' for '--kind <admin|customer|external>': unknown kind of workspace `moon`

      tip: possible are `admin`, `customer`, `external`

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "a/b", "--kind", "external"]), @"
    exit 64
    --- stderr
    error: invalid value 'a/b' for '<NAME>': invalid workspace name `a/b`: it holds a character that can't stand in a file name

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "admin", "--catalog", "nowhere.json"]), @"
    exit 1
    --- stderr
    error[unreadable]: can't read nowhere.json
       = note: No such file or directory
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "admin", "--catalog", "text.json"]), @r#"
    exit 1
    --- stderr
    error[invalid-catalog]: catalogue: there is no list of connectors in it
     --> text.json:1:1
      |
    1 | {}
      | ^^
      |
      = help: save the platform's answer to `GET /api/custom_connectors?oem_shared=true` as it is: an object whose `result` is the list
              these three lines would be right; null is what is not shared:
              [{"title": "Parcel Tracker", "name": "parcel_tracker_connector_48213_1701388800", "oem_shared_version": 6},
               {"title": "Ledger Sync", "name": "ledger_sync_connector_48213_1704067200", "oem_shared_version": null}
              ]
    "#);
    assert_eq!(
        run(&place, &["workspace", "list"]).stdout.lines().count(),
        3
    );
}

/// Without a terminal there is nobody to ask.
#[test]
fn a_workspace_is_deleted_only_on_purpose() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "acme"]), @"
    exit 3
    --- stderr
    error[not-confirmed]: `local:acme` is not deleted: there is nobody to ask
       = help: it holds 5 recipes, 1 running; 3 connections, 2 not authorized; 2 connectors; to delete it without being asked: recipack workspace delete acme --yes --platform p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "kestrel", "--yes"]), @"
    exit 3
    --- stderr
    error[has-customers]: workspace `kestrel` can't be deleted: acme under it
       = help: delete each of them before: recipack workspace delete acme --platform p.db
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "acmee", "--yes"]), @"
    exit 1
    --- stderr
    error[no-workspace]: there is no workspace `acmee` in p.db
       = help: did you mean `acme`? there are: acme, kestrel, moon
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "acme", "--yes"]), @"
    exit 0
    --- stdout
    local:acme is deleted, with 5 recipes, 1 running; 3 connections, 2 not authorized; 2 connectors
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "local:kestrel", "--yes"]), @"
    exit 0
    --- stdout
    local:kestrel is deleted, with 0 recipes; 0 connections; 2 connectors
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "delete", "moon", "--yes"]), @"
    exit 0
    --- stdout
    local:moon is deleted, with 0 recipes; 0 connections; 0 connectors
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"
    exit 0
    --- stderr
    no workspaces
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "show", "moon"]), @"
    exit 1
    --- stderr
    error[no-workspace]: there is no workspace `moon` in p.db
       = help: there is none yet; to create it: recipack workspace create moon --kind external --platform p.db
    ");
}

#[test]
fn a_platform_has_to_be_there_and_to_be_one() {
    let place = Place::new();
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"
    exit 1
    --- stderr
    error[no-platform]: p.db is no local platform: there is no such file
       = help: say where the local platform is with --platform FILE or RECIPACK_PLATFORM; `recipack workspace create` makes one
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme"]), @"
    exit 1
    --- stderr
    error[no-platform]: p.db is no local platform: there is no such file
       = help: say where the local platform is with --platform FILE or RECIPACK_PLATFORM; `recipack workspace create` makes one
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "customer", "--of", "kestrel"]), @"
    exit 1
    --- stderr
    error[no-platform]: p.db is no local platform: there is no such file
       = help: say where the local platform is with --platform FILE or RECIPACK_PLATFORM; `recipack workspace create` makes one
    ");
    assert_eq!(place.names(), [""; 0], "nothing is made on the way");
    place.write("p.db", "This is a text.\n");
    insta::assert_snapshot!(told(&place, &["workspace", "list"]), @"
    exit 1
    --- stderr
    error[no-platform]: p.db is no local platform: it is no database
       = help: say where the local platform is with --platform FILE or RECIPACK_PLATFORM; `recipack workspace create` makes one
    ");
    insta::assert_snapshot!(told(&place, &["workspace", "create", "x", "--kind", "external"]), @"
    exit 1
    --- stderr
    error[no-platform]: p.db is no local platform: it is no database
       = help: say where the local platform is with --platform FILE or RECIPACK_PLATFORM; `recipack workspace create` makes one
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "x", "--in", "local:acme"]), @"
    exit 1
    --- stderr
    error[no-platform]: p.db is no local platform: it is no database
       = help: say where the local platform is with --platform FILE or RECIPACK_PLATFORM; `recipack workspace create` makes one
    ");
}

#[test]
fn recipes_are_listed() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme"]), @r"
    exit 0
    --- stdout
    7  stopped  Draft \u{1b}[31m
    8  stopped  Orders/Broken
    5  running  Orders/Post costs
    4  stopped  Orders/Track parcels
    6  stopped  Orders/Functions/Track parcels
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--running"]), @"
    exit 0
    --- stdout
    5  running  Orders/Post costs
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--stopped", "--folder", "Orders/Functions"]), @"
    exit 0
    --- stdout
    6  stopped  Orders/Functions/Track parcels
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--folder", "Order"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: there is no folder "Order"
       = help: did you mean "Orders"? those that are there: recipack workspace show local:acme --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acme", "--running", "--stopped"]), @"
    exit 64
    --- stderr
    error: the argument '--running' cannot be used with '--stopped'

    Usage: recipack recipe list --in <ADDRESS> --running --platform <FILE>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--into", "local:moon"]), @"
    exit 0
    --- stderr
    no recipes
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "acme"]), @"
    exit 64
    --- stderr
    error: invalid value 'acme' for '--in <ADDRESS>': `acme` is no workspace: `local:NAME`, `https://HOST`, `profile:NAME` or `customer:ID` is expected

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list", "--in", "local:acne"]), @"
    exit 1
    --- stderr
    error[no-workspace]: there is no workspace `acne` in p.db
       = help: did you mean `acme`? there are: acme, kestrel, moon
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "list"]), @"
    exit 64
    --- stderr
    error: the following required arguments were not provided:
      --in <ADDRESS>

    Usage: recipack recipe list --in <ADDRESS> --platform <FILE>

    For more information, try '--help'.
    ");
}

#[test]
fn recipes_start_and_stop() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Orders/Functions/Track parcels", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    started  6  Orders/Functions/Track parcels
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "6", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    was running  6  Orders/Functions/Track parcels
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "6", "Post costs", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    stopped  5  Orders/Post costs
    stopped  6  Orders/Functions/Track parcels
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "Post costs", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    was stopped  5  Orders/Post costs
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "--all", "--in", "local:acme"]), @r"
    exit 0
    --- stdout
    was stopped  4  Orders/Track parcels
    was stopped  5  Orders/Post costs
    was stopped  6  Orders/Functions/Track parcels
    was stopped  7  Draft \u{1b}[31m
    was stopped  8  Orders/Broken
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "--all", "--in", "local:moon"]), @"
    exit 0
    --- stderr
    no recipes
    ");
}

#[test]
fn callees_are_started_before_their_callers() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "--all", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    authorized      1  Mailbox
    was authorized  2  Orders/Ledger
    authorized      3  Orders/Parcel's account
    --- stderr
    note: this only marks them; the local platform keeps no credentials
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "4", "6", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    started  6  Orders/Functions/Track parcels
    started  4  Orders/Track parcels
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "--all", "--in", "local:acme"]), @r"
    exit 0
    --- stdout
    stopped      5  Orders/Post costs
    stopped      4  Orders/Track parcels
    stopped      6  Orders/Functions/Track parcels
    was stopped  7  Draft \u{1b}[31m
    was stopped  8  Orders/Broken
    ");
}

#[test]
fn a_recipe_that_cannot_start_says_everything_that_is_in_its_way() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "start", "4", "7", "6", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[connection-not-authorized]: "Orders/Track parcels" can't start: its connection "Parcel's account" is not authorized
       = help: recipack connection authorize 'Parcel'\''s account' --in local:acme --platform p.db

    error[connection-not-authorized]: "Orders/Track parcels" can't start: its connection "Mailbox" is not authorized
       = help: recipack connection authorize Mailbox --in local:acme --platform p.db

    error[not-released]: "Draft \u{1b}[31m" can't start: its connector "Drafts" has no released version
       = help: recipack connector release Drafts --in local:acme --platform p.db

    error[no-connection]: "Draft \u{1b}[31m" can't start: its connection "Lost" for `drafts_connector_1002_2` is not in the workspace
       = help: import a package that brings the connection "Lost"; those that are there: recipack connection list --in local:acme --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Broken", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[broken-json]: "Orders/Broken" can't start: it is not the JSON that the platform writes: the text ends where a value or `]` is expected
       = help: import the recipe again, from a package that `recipack check` finds sound
    "#);
    assert_eq!(
        run(
            &place,
            &["recipe", "list", "--in", "local:acme", "--running"]
        )
        .stdout
        .lines()
        .count(),
        1
    );
}

#[test]
fn a_name_has_to_mean_one_recipe() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Track parcels", "--in", "local:acme"]), @r#"
    exit 64
    --- stderr
    error[ambiguous]: "Track parcels" is the name of 2 recipes
       = help: say which one:
                 recipack recipe start 4 --in local:acme --platform p.db  # Orders/Track parcels
                 recipack recipe start 6 --in local:acme --platform p.db  # Orders/Functions/Track parcels
    "#);
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "Track parcles", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: there is no recipe "Track parcles"
       = help: did you mean "Track parcels"? those that are there: recipack recipe list --in local:acme --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["recipe", "start", "Track parcels", "nothing like it", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[ambiguous]: "Track parcels" is the name of 2 recipes
       = help: say which one:
                 recipack recipe start 4 --in local:acme --platform p.db  # Orders/Track parcels
                 recipack recipe start 6 --in local:acme --platform p.db  # Orders/Functions/Track parcels

    error[names-nothing]: there is no recipe "nothing like it"
       = help: those that are there: recipack recipe list --in local:acme --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["recipe", "start", "--in", "local:acme"]), @"
    exit 64
    --- stderr
    error: the following required arguments were not provided:
      <NAME|FOLDER/NAME|NUMBER>...

    Usage: recipack recipe start --in <ADDRESS> --platform <FILE> <NAME|FOLDER/NAME|NUMBER>...

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(told(&place, &["recipe", "start", "x", "--all", "--in", "local:acme"]), @"
    exit 64
    --- stderr
    error: the argument '[NAME|FOLDER/NAME|NUMBER]...' cannot be used with '--all'

    Usage: recipack recipe start --in <ADDRESS> --platform <FILE> <NAME|FOLDER/NAME|NUMBER>...

    For more information, try '--help'.
    ");
}

#[test]
fn connections_are_listed_and_marked() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connection", "list", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    1  not-authorized  gmail             1 recipe  Mailbox
    2  authorized      "Ledger Sync"     1 recipe  Orders/Ledger
    3  not-authorized  "Parcel Tracker"  1 recipe  Orders/Parcel's account
    "#);
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "Parcel's account", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    authorized  3  Orders/Parcel's account
    --- stderr
    note: this only marks them; the local platform keeps no credentials
    ");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "Orders/Parcel's account", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    was authorized  3  Orders/Parcel's account
    --- stderr
    note: this only marks them; the local platform keeps no credentials
    ");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "--all", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    authorized      1  Mailbox
    was authorized  2  Orders/Ledger
    was authorized  3  Orders/Parcel's account
    --- stderr
    note: this only marks them; the local platform keeps no credentials
    ");
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "Mailbx", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: there is no connection "Mailbx"
       = help: did you mean "Mailbox"? those that are there: recipack connection list --in local:acme --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["connection", "authorize", "--all", "--in", "local:moon"]), @"
    exit 0
    --- stderr
    no connections
    ");
    insta::assert_snapshot!(told(&place, &["connection", "list", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    1  authorized  gmail             1 recipe  Mailbox
    2  authorized  "Ledger Sync"     1 recipe  Orders/Ledger
    3  authorized  "Parcel Tracker"  1 recipe  Orders/Parcel's account
    "#);
}

#[test]
fn connectors_are_listed_and_shown() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connector", "list", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    Drafts          not released  latest v1  1 recipe             drafts_connector_1002_2
    Ledger Sync     released v1   latest v2  1 recipe, 1 running  ledger_sync_connector_1002_1
    Parcel Tracker  shared v6                1 recipe             parcel_tracker_connector_48213_1701388800
    ");
    insta::assert_snapshot!(told(&place, &["connector", "list", "--in", "local:kestrel"]), @"
    exit 0
    --- stdout
    Parcel Tracker  released v7  latest v7  0 recipes  parcel_tracker_connector_48213_1701388800
    Route Planner   released v2  latest v2  0 recipes  route_planner_connector_48213_1693526400
    ");
    insta::assert_snapshot!(told(&place, &["connector", "list", "--in", "local:moon"]), @"
    exit 0
    --- stderr
    no connectors
    ");
    insta::assert_snapshot!(told(&place, &["connector", "show", "Ledger Sync", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    connector "Ledger Sync"
      name      ledger_sync_connector_1002_1
      origin    the workspace's own
      runs      v1, made 2023-11-14T22:11:41Z, released 2023-11-14T22:12:30Z
      latest    v2, made 2023-11-14T22:11:42Z: Faster
      code      fe7f06702027eba2d96013152ab17c16a147c9de524361b4759115c8c0bd0ff2
      used by   1 recipe, 1 running; 1 connection
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "show", "Parcel Tracker", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    connector "Parcel Tracker"
      name      parcel_tracker_connector_48213_1701388800
      origin    shared by the admin workspace
      runs      v6, released
      source    unknown
      used by   1 recipe; 1 connection
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "show", "drafts_connector_1002_2", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    connector "Drafts"
      name      drafts_connector_1002_2
      origin    the workspace's own
      runs      no version, since none is released
      latest    v1, made 2023-11-14T22:11:41Z
      code      99871a030144f4a9f9a1792a38947aef2dd664c9e0a7166fbef0ab19d09a4d77
      used by   1 recipe; 0 connections
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Ledger Sync", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    v1  runs  made 2023-11-14T22:11:41Z  released 2023-11-14T22:12:30Z  was v5
    v2        made 2023-11-14T22:11:42Z                                 was v6  Faster
    ");
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Parcel Tracker", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    v6  runs  released
    ");
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Route Planner", "--in", "local:kestrel"]), @"
    exit 0
    --- stdout
    v2  runs  made 2023-11-14T22:13:20Z  released 2023-11-14T22:13:20Z
    ");
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Ledger Sync", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    recipe      5  running     Orders/Post costs
    connection  2  authorized  Orders/Ledger
    ");
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Parcel Tracker", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    recipe      4  stopped         Orders/Track parcels
    connection  3  not-authorized  Orders/Parcel's account
    ");
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Parcel Tracker", "--in", "local:kestrel"]), @"
    exit 0
    --- stderr
    nothing uses it
    ");
    insta::assert_snapshot!(told(&place, &["connector", "show", "Ledger Snyc", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: there is no connector "Ledger Snyc"
       = help: did you mean "Ledger Sync"? those that are there: recipack connector list --in local:acme --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "usage", "Route Planner", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: there is no connector "Route Planner"
       = help: those that are there: recipack connector list --in local:acme --platform p.db
    "#);
}

#[test]
fn a_release_moves_every_recipe_that_uses_the_connector() {
    let place = peopled();
    insta::assert_snapshot!(told(&place, &["connector", "release", "Ledger Sync", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    connector "Ledger Sync": v2 is released, after v1
      moves  5  running  Orders/Post costs
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "release", "Ledger Sync", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    connector "Ledger Sync": v2 was released
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "release", "Drafts", "--in", "local:acme"]), @r#"
    exit 0
    --- stdout
    connector "Drafts": v1 is released
      moves  7  stopped  Draft \u{1b}[31m
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "release", "Parcel Tracker", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[not-own]: the connector "Parcel Tracker" is shared with this workspace, and is not its own
       = help: release it where it is built: recipack connector release 'Parcel Tracker' --in local:kestrel --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "release", "Nothing", "--in", "local:acme"]), @r#"
    exit 1
    --- stderr
    error[names-nothing]: there is no connector "Nothing"
       = help: those that are there: recipack connector list --in local:acme --platform p.db
    "#);
    insta::assert_snapshot!(told(&place, &["connector", "versions", "Ledger Sync", "--in", "local:acme"]), @"
    exit 0
    --- stdout
    v1        made 2023-11-14T22:11:41Z  released 2023-11-14T22:12:30Z  was v5
    v2  runs  made 2023-11-14T22:11:42Z  released 2023-11-14T22:13:20Z  was v6  Faster
    ");
}

/// What a help says can be pasted.
#[test]
fn what_helps_say_helps() {
    let place = peopled();
    let start = &["recipe", "start", "4", "7", "--in", "local:acme"];
    let told = run(&place, start).stderr;
    let helps = told
        .lines()
        .filter_map(|line| line.trim().strip_prefix("= help: recipack "));
    let mut pasted = 0;
    for help in helps {
        let command = format!("{} {help}", env!("CARGO_BIN_EXE_recipack"));
        let output = place.shell(&command).output().expect("it starts");
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        pasted += 1;
    }
    assert_eq!(pasted, 3, "{told}");
    let left = run(&place, start).stderr;
    assert_eq!(left.matches("error[").count(), 1, "{left}");
    assert!(left.contains("error[no-connection]"), "{left}");
}

/// On a terminal the name is typed.
#[test]
fn a_person_types_the_name_of_what_is_deleted() {
    let place = peopled();
    let script = || std::process::Command::new("script");
    let version = script().arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        // Without `script` there is no terminal to be had.
        return;
    }
    let program = env!("CARGO_BIN_EXE_recipack");
    let asked = format!("{program} workspace delete acme --platform p.db");
    for (typed, code) in [("moon\n", 3), ("\u{4}", 3), ("acme\n", 0)] {
        let mut child = script()
            .args(["-qec", &asked, "/dev/null"])
            .current_dir(place.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script starts");
        let mut input = child.stdin.take().expect("a pipe");
        // A person answers what was asked.
        std::thread::sleep(std::time::Duration::from_millis(300));
        std::io::Write::write_all(&mut input, typed.as_bytes()).expect("typed");
        let output = child.wait_with_output().expect("it ends");
        drop(input);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Type its name to delete it: "), "{text}");
        assert_eq!(output.status.code(), Some(code), "{typed:?}: {text}");
    }
    let left = run(&place, &["workspace", "show", "acme"]);
    assert_eq!(left.code, 1, "{}", left.stdout);
}

/// Reading needs no turn, and writing says what it waited for.
#[test]
fn who_waits_in_vain_may_try_again() {
    let place = peopled();
    let lock = std::fs::File::options()
        .write(true)
        .open(place.path("p.db.lock"))
        .expect("writers have a lock");
    lock.lock().expect("locked");
    std::io::Write::write_all(&mut &lock, b"a long import (process 1)").expect("said");
    insta::assert_snapshot!(told(&place, &["recipe", "stop", "Post costs", "--in", "local:acme", "--wait", "0"]), @"
    exit 75
    --- stderr
    error[busy]: p.db is being written to by a long import (process 1)
       = help: nothing was changed; repeat the command, or wait longer with --wait SECONDS
    ");
    let stop = &["recipe", "stop", "6", "--in", "local:acme", "--wait", "0"];
    assert_eq!(run(&place, stop).code, 0, "there is nothing to write");
    let list = &["recipe", "list", "--running", "--in", "local:acme"];
    assert_eq!(run(&place, list).stdout, "5  running  Orders/Post costs\n");
    drop(lock);
    let stop = &["recipe", "stop", "5", "--in", "local:acme", "--wait", "0"];
    assert_eq!(run(&place, stop).stdout, "stopped  5  Orders/Post costs\n");
}

/// Whoever writes at the same time is waited for, and nothing is lost.
#[test]
fn many_can_operate_one_workspace() {
    let place = peopled();
    let children: Vec<_> = (0..6)
        .map(|turn| {
            let verb = if turn % 2 == 0 { "start" } else { "stop" };
            let mut command = place.command();
            command.args([
                "recipe",
                verb,
                "6",
                "--in",
                "local:acme",
                "--platform",
                "p.db",
            ]);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}
