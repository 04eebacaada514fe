//! The commands as real processes: exit code, results, talk, and the files that are left.

use std::fs;

use crate::support::{Place, copy, fixture, outcome, place_with};

const CUSTOMER: [&str; 4] = ["--for", "customer", "--catalog", "catalogs/shared.json"];

#[test]
fn export_writes_a_package_and_its_record() {
    let place = place_with(&["partner", "catalogs"]);
    insta::assert_snapshot!(outcome(&place, &[&["export", "partner"], &CUSTOMER[..]].concat()), @r#"
    exit 0
    --- stdout
    partner.zip
      for       customer
      files     35, 6 of them rewritten
      ignored   1 asset by .workato-ignore
      connector Invoice Vault: left out, the target runs the shared v3
      connector Ledger Sync: included v2
      connector Parcel Tracker: left out, the target runs the shared v6
      connector Route Planner: left out, the target runs the shared v2
      size  […]
      sha256  […]
      content   4d1724226523f64f044df829c430c6a92726c52051ad5ba3ec8c2ea262e249bd
      decisions partner.recipack.json
    --- stderr
    warning[shared-connector-excluded]: "Route Planner" is left out: customers run the shared v2
       --> partner/Orders/plan_daily_routes.recipe.json:122:5
        |
    122 |     {
        |     ^
        |
        = note: the catalogue knows it by its internal name `route_planner_connector_48213_1693526400`
        = note: used by 1 recipe: Orders/plan_daily_routes.recipe.json
        = note: at $.config[1]
        = help: to pack it all the same: --connector 'Route Planner=include' --connectors DIR, where DIR has its files

    warning[shared-connector-excluded]: "Invoice Vault" is left out: customers run the shared v3
      --> partner/invoice_vault.custom_adapter.json
       = note: the catalogue knows it by its internal name `new_connector_1_connector_48213_1688169600`
       = note: used by 1 recipe: Orders/archive_invoices.recipe.json
       = note: used by 1 connection: Connections/invoice_vault.connection.json
       = help: to pack it all the same: --connector 'Invoice Vault=include'

    warning[shared-connector-excluded]: "Parcel Tracker" is left out: customers run the shared v6
      --> partner/parcel_tracker.custom_adapter.json
       = note: the catalogue knows it by its internal name `parcel_tracker_connector_48213_1701388800`
       = note: used by 3 recipes: Orders/notify_late_parcels.recipe.json, Orders/return_label.recipe.json, Orders/track_new_parcels.recipe.json
       = note: used by 1 connection: Connections/parcel_tracker_account.connection.json
       = help: to pack it all the same: --connector 'Parcel Tracker=include'

    warning[shared-version-differs]: "Parcel Tracker" is v7 in the project, customers run the older v6
      --> partner/parcel_tracker.custom_adapter.json
       = note: recipes that use what only the project's version has would fail
       = help: share the version that the recipes were built with, or test them with the shared one

    warning[connection-not-chosen]: step 1 uses `parcel_tracker_connector_48213_1701388800`, for which no connection is chosen
      --> partner/Orders/notify_late_parcels.recipe.json:92:5
       |
    92 |     {
       |     ^
       |
       = note: at $.config[1]
       = help: choose one in the recipe, then pull the project again; or choose it in the target after the import

    warning[unknown-type]: assets of type `loyalty_card` are not known here; carried through as it is
      --> partner/Orders/gold.loyalty_card.json

    warning[unknown-file]: a `.txt` file is none that a custom connector is known to have; carried through as it is
      --> partner/parcel_tracker.custom_adapter.txt

    note: 1 [connections-unauthorized]; --verbose shows them
    note: 1 [connector-installs]; --verbose shows them
    note: 1 [dangling-connection]; --verbose shows them
    note: 1 [portable-name]; --verbose shows them
    note: 1 [raw-id-skipped]; --verbose shows them

    help: more about a finding by its code: recipack explain shared-connector-excluded
    --- folder
    catalogs
    partner
    partner.recipack.json
    partner.zip
    "#);
}

#[test]
fn export_by_manifest_names_package_and_target() {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    fs::create_dir(place.path("out")).expect("made");
    insta::assert_snapshot!(outcome(&place, &["build", "--to", "external-account", "-o", "out", "-q"]), @"
    exit 0
    --- stdout
    out/kestrel-orders.zip
      for       `external-account`, external in eu
      files     41, none rewritten
      ignored   1 asset by .workato-ignore
      connector Invoice Vault: included v3
      connector Ledger Sync: included v2
      connector Parcel Tracker: included v7
      connector Route Planner: left to another package
      size  […]
      sha256  […]
      content   6beaf4690d6e18d89a3abc509686e8ec716eac1259bce22d3a14e4d129e72971
      decisions out/kestrel-orders.recipack.json
    --- folder
    catalogs
    out
    partner
    recipack.toml
    ");
    assert!(place.path("out/kestrel-orders.zip").is_file());
    assert!(place.path("out/kestrel-orders.recipack.json").is_file());
}

#[test]
fn export_of_something_refused_writes_nothing() {
    let place = place_with(&["shared-form"]);
    insta::assert_snapshot!(outcome(&place, &["export", "shared-form", "--for", "external"]), @r#"
    exit 1
    --- stderr
    error[connector-missing]: "parcel_tracker_connector_48213_1701388800" has to be in the package, but its files are not there
     --> shared-form/Connections/parcel_tracker_account.connection.json:3:15
      |
    3 |   "provider": "parcel_tracker_connector_48213_1701388800",
      |               ^
      |
      = note: used by 1 recipe: Orders/track_new_parcels.recipe.json
      = note: used by 1 connection: Connections/parcel_tracker_account.connection.json
      = note: at $.provider
      = help: give the folder with its files: --connectors DIR

    warning[dangling-reference]: step 5 refers to the topic "Parcel events" (`parcel_events.topic.json`), which is not in the package
       --> shared-form/Orders/track_new_parcels.recipe.json:183:31
        |
    183 |                   "topic_id": {
        |                               ^
        |
        = note: it binds in the target by folder and name, if it is there
        = note: at $.code.block[1].block[0].block[1].input.topic_id

    note: 1 [connections-unauthorized]; --verbose shows them
    note: 1 [dangling-lookup]; --verbose shows them

    help: more about a finding by its code: recipack explain connector-missing

    no package was written: 1 error, 1 warning, 2 notes
    --- folder
    shared-form
    "#);
}

#[test]
fn export_can_list_without_writing() {
    let place = place_with(&["partner", "catalogs"]);
    let run = [
        &[
            "export",
            "partner",
            "--list",
            "-q",
            "--include",
            "Orders/return*",
        ],
        &CUSTOMER[..],
    ];
    insta::assert_snapshot!(outcome(&place, &run.concat()), @r#"
    exit 0
    --- stdout
    + Connections/parcel_tracker_account.connection.json  (needed by Orders/return_label.recipe.json; provider by name (1))
    + Orders/return_label.recipe.json  (selected; `custom` removed (1))
    - .workato-ignore  (hidden)
    - .workatoenv  (hidden)
    - API & webhooks | v1/order_status.recipe.json  (not in `include`)
    - Agents/look_up_parcel.agentic_skill.json  (not in `include`)
    - Agents/look_up_parcel.recipe.json  (not in `include`)
    - Agents/parcel_desk.mcp_server.json  (not in `include`)
    - Connections/carrier_rates.connection.json  (not in `include`)
    - Connections/invoice_vault.connection.json  (not in `include`)
    - Connections/ledger.connection.json  (not in `include`)
    - Dispatch desk/dispatch_desk.lcap_app.json  (not in `include`)
    - Dispatch desk/dispatch_desk.lcap_app.png  (not in `include`)
    - Dispatch desk/overview.lcap_page.json  (not in `include`)
    - Dispatch desk/overview.lcap_page.zip  (not in `include`)
    - Drafts/rate_experiment.recipe.json  (ignored by .workato-ignore)
    - Functions/quote_shipping.recipe.json  (not in `include`)
    - Orders/archive_invoices.recipe.json  (not in `include`)
    - Orders/gold.loyalty_card.json  (not in `include`)
    - Orders/notify_late_parcels.recipe.json  (not in `include`)
    - Orders/plan_daily_routes.recipe.json  (not in `include`)
    - Orders/post_freight_costs.recipe.json  (not in `include`)
    - Orders/shipments.workato_db_table.json  (not in `include`)
    - Orders/track_new_parcels.recipe.json  (not in `include`)
    - Orders/track_new_parcels_held_parcel.test_case.json  (not in `include`)
    - README.md  (no asset)
    - account_properties.properties.json  (not in `include`)
    - invoice_vault.custom_adapter.json  (not in `include`)
    - invoice_vault.custom_adapter.rb  (not in `include`)
    - late_parcel_notice.workato_template.json  (not in `include`)
    - ledger_sync.custom_adapter.json  (not in `include`)
    - ledger_sync.custom_adapter.rb  (not in `include`)
    - notices_mailbox.connection.json  (not in `include`)
    - order_status.1.api_endpoint.json  (not in `include`)
    - order_status.api_endpoint.json  (not in `include`)
    - orders_api.api_group.json  (not in `include`)
    - parcel_events.topic.json  (not in `include`)
    - parcel_tracker.custom_adapter.json  (belongs to the connector "Parcel Tracker": shared-left-out)
    - parcel_tracker.custom_adapter.png  (belongs to the connector "Parcel Tracker": shared-left-out)
    - parcel_tracker.custom_adapter.rb  (belongs to the connector "Parcel Tracker": shared-left-out)
    - parcel_tracker.custom_adapter.txt  (belongs to the connector "Parcel Tracker": shared-left-out)
    - project.json  (not in `include`)
    - properties.project_properties.json  (not in `include`)
    - region_codes.lookup_table.json  (not in `include`)
    - 配送/再配達.recipe.json  (not in `include`)
    --- folder
    catalogs
    partner
    "#);
}

#[test]
fn check_says_what_export_says_and_writes_nothing() {
    let place = place_with(&["partner", "catalogs"]);
    insta::assert_snapshot!(outcome(&place, &[&["check", "partner"], &CUSTOMER[..]].concat()), @r#"
    exit 0
    --- stdout
    partner: 35 files for customer: 0 errors, 7 warnings, 5 notes
      ignored: 1 asset by .workato-ignore
    --- stderr
    warning[shared-connector-excluded]: "Route Planner" is left out: customers run the shared v2
       --> partner/Orders/plan_daily_routes.recipe.json:122:5
        |
    122 |     {
        |     ^
        |
        = note: the catalogue knows it by its internal name `route_planner_connector_48213_1693526400`
        = note: used by 1 recipe: Orders/plan_daily_routes.recipe.json
        = note: at $.config[1]
        = help: to pack it all the same: --connector 'Route Planner=include' --connectors DIR, where DIR has its files

    warning[shared-connector-excluded]: "Invoice Vault" is left out: customers run the shared v3
      --> partner/invoice_vault.custom_adapter.json
       = note: the catalogue knows it by its internal name `new_connector_1_connector_48213_1688169600`
       = note: used by 1 recipe: Orders/archive_invoices.recipe.json
       = note: used by 1 connection: Connections/invoice_vault.connection.json
       = help: to pack it all the same: --connector 'Invoice Vault=include'

    warning[shared-connector-excluded]: "Parcel Tracker" is left out: customers run the shared v6
      --> partner/parcel_tracker.custom_adapter.json
       = note: the catalogue knows it by its internal name `parcel_tracker_connector_48213_1701388800`
       = note: used by 3 recipes: Orders/notify_late_parcels.recipe.json, Orders/return_label.recipe.json, Orders/track_new_parcels.recipe.json
       = note: used by 1 connection: Connections/parcel_tracker_account.connection.json
       = help: to pack it all the same: --connector 'Parcel Tracker=include'

    warning[shared-version-differs]: "Parcel Tracker" is v7 in the project, customers run the older v6
      --> partner/parcel_tracker.custom_adapter.json
       = note: recipes that use what only the project's version has would fail
       = help: share the version that the recipes were built with, or test them with the shared one

    warning[connection-not-chosen]: step 1 uses `parcel_tracker_connector_48213_1701388800`, for which no connection is chosen
      --> partner/Orders/notify_late_parcels.recipe.json:92:5
       |
    92 |     {
       |     ^
       |
       = note: at $.config[1]
       = help: choose one in the recipe, then pull the project again; or choose it in the target after the import

    warning[unknown-type]: assets of type `loyalty_card` are not known here; carried through as it is
      --> partner/Orders/gold.loyalty_card.json

    warning[unknown-file]: a `.txt` file is none that a custom connector is known to have; carried through as it is
      --> partner/parcel_tracker.custom_adapter.txt

    note: 1 [connections-unauthorized]; --verbose shows them
    note: 1 [connector-installs]; --verbose shows them
    note: 1 [dangling-connection]; --verbose shows them
    note: 1 [portable-name]; --verbose shows them
    note: 1 [raw-id-skipped]; --verbose shows them

    help: more about a finding by its code: recipack explain shared-connector-excluded
    --- folder
    catalogs
    partner
    "#);
    for options in [&["--for", "external"][..], &CUSTOMER] {
        let check = place.run([&["check", "partner", "-v"], options].concat());
        let list = place.run([&["export", "partner", "-v", "--list"], options].concat());
        let export = place.run([&["export", "partner", "-v", "-o", "p.zip"], options].concat());
        assert_eq!((check.code, &check.stderr), (export.code, &export.stderr));
        assert_eq!((list.code, &list.stderr), (export.code, &export.stderr));
    }
    let place = place_with(&["shared-form"]);
    let check = place.run(["check", "shared-form"]);
    let export = place.run(["export", "shared-form", "--for", "external"]);
    assert_eq!((check.code, export.code), (1, 1));
    assert!(
        export.stderr.starts_with(&check.stderr),
        "{}",
        export.stderr
    );
    assert_eq!(place.names(), ["shared-form"]);
}

#[test]
fn show_lists_a_package() {
    let place = place_with(&["shared-form", "connectors"]);
    let export = [
        "export",
        "shared-form",
        "--for",
        "external",
        "--connectors",
        "connectors",
    ];
    assert_eq!(place.run(export).code, 0);
    insta::assert_snapshot!(outcome(&place, &["show", "shared-form.zip"]), @r#"
    exit 0
    --- stdout
    113 bytes  connection         Connections/carrier_rates.connection.json
    222 bytes  connection         Connections/parcel_tracker_account.connection.json
      7.41 kB  recipe             Orders/track_new_parcels.recipe.json
    235 bytes  custom_adapter     parcel_tracker.custom_adapter.json
    162 bytes  custom_adapter     parcel_tracker.custom_adapter.png
      2.09 kB  custom_adapter     parcel_tracker.custom_adapter.rb
    6 files, 10.24 kB
    assets: 2 connection, 1 custom_adapter, 1 recipe
    connector: Parcel Tracker v7
    --- folder
    connectors
    shared-form
    shared-form.recipack.json
    shared-form.zip
    "#);
    insta::assert_snapshot!(outcome(&place, &["show", "nowhere.zip"]), @"
    exit 1
    --- stderr
    error[unreadable]: can't open nowhere.zip
       = note: No such file or directory
    --- folder
    connectors
    shared-form
    shared-form.recipack.json
    shared-form.zip
    ");
}

#[test]
fn why_tells_of_a_connector_that_is_left_out() {
    let place = place_with(&["partner", "catalogs"]);
    let why = [&["why", "Parcel Tracker", "partner"], &CUSTOMER[..]].concat();
    insta::assert_snapshot!(outcome(&place, &why), @r#"
    exit 0
    --- stdout
    connector "Parcel Tracker": left out
      rule      shared-left-out (asked: auto)
      catalogue shared v6, open or closed source unknown, as `parcel_tracker_connector_48213_1701388800`; found by its internal name
      project   holds v7
      files     parcel_tracker.custom_adapter.json
      files     parcel_tracker.custom_adapter.png
      files     parcel_tracker.custom_adapter.rb
      files     parcel_tracker.custom_adapter.txt
      connects  Connections/parcel_tracker_account.connection.json
      used by   Orders/notify_late_parcels.recipe.json
      used by   Orders/return_label.recipe.json
      used by   Orders/track_new_parcels.recipe.json
      change    to pack it all the same: --connector 'Parcel Tracker=include'
    --- folder
    catalogs
    partner
    "#);
    let by_name = "parcel_tracker_connector_48213_1701388800";
    let why = [&["why", by_name, "partner"], &CUSTOMER[..]].concat();
    assert!(outcome(&place, &why).contains("connector \"Parcel Tracker\": left out"));
}

#[test]
fn why_tells_the_chain_that_brings_a_dependency() {
    let place = place_with(&["partner"]);
    let why = [
        "why",
        "Carrier rates",
        "partner",
        "--for",
        "external",
        "--include",
        "Orders/post_freight_costs.recipe.json",
    ];
    insta::assert_snapshot!(outcome(&place, &why), @r#"
    exit 0
    --- stdout
    Connections/carrier_rates.connection.json: included
      rule      needed: needed by Functions/quote_shipping.recipe.json
      because   Orders/post_freight_costs.recipe.json → Functions/quote_shipping.recipe.json → Connections/carrier_rates.connection.json
      needed by Functions/quote_shipping.recipe.json
      needed by Orders/track_new_parcels.recipe.json
      needed by 配送/再配達.recipe.json
      change    to leave it out: --exclude Connections/carrier_rates.connection.json
    --- folder
    partner
    "#);
}

#[test]
fn why_tells_the_pattern_that_excludes_a_file() {
    let place = place_with(&["partner"]);
    let why = [
        "why",
        "Orders/return_label.recipe.json",
        "partner",
        "--for",
        "external",
        "--exclude",
        "Orders/return*",
    ];
    insta::assert_snapshot!(outcome(&place, &why), @r#"
    exit 0
    --- stdout
    Orders/return_label.recipe.json: left out
      rule      excluded: excluded by `Orders/return*`
      needs     Connections/parcel_tracker_account.connection.json
      needs     parcel_tracker.custom_adapter.json
      change    to take it, drop the pattern `Orders/return*`
    --- folder
    partner
    "#);
}

#[test]
fn why_does_not_know_everything() {
    let place = place_with(&["partner"]);
    insta::assert_snapshot!(outcome(&place, &["why", "Parcel Trackre", "partner", "--for", "external"]), @"
    exit 1
    --- stderr
    error[names-nothing]: `Parcel Trackre` is no path, name or connector of this project
       = help: did you mean `Parcel Tracker`?
    --- folder
    partner
    ");
}

#[test]
fn diff_tells_what_sharing_changes_and_says_so_by_exit_code_if_asked() {
    let place = place_with(&["shared-form"]);
    copy(&fixture("expected/put-back/changed"), &place.path("own"));
    insta::assert_snapshot!(outcome(&place, &["diff", "own", "shared-form"]), @r#"
    exit 0
    --- stdout
    + Connections/carrier_rates.connection.json  "Carrier rates"
    ~ Connections/parcel_tracker_account.connection.json  "Parcel Tracker account"
        provider "Parcel Tracker" (parcel_tracker.custom_adapter.json) → "parcel_tracker_connector_48213_1701388800"
    ~ Orders/track_new_parcels.recipe.json  "Track new parcels"
        custom mark of parcel_tracker_connector_48213_1701388800 removed
    files: 1 added, 2 changed
    --- folder
    own
    shared-form
    "#);
    for (a, b, code) in [("own", "shared-form", 2), ("own", "own", 0)] {
        assert_eq!(
            place.run(["diff", a, b, "--detailed-exitcode"]).code,
            code,
            "{a} {b}"
        );
    }
    insta::assert_snapshot!(outcome(&place, &["diff", "own", "own", "--detailed-exitcode"]), @r#"
    exit 0
    --- stdout
    files: 2 unchanged
    --- folder
    own
    shared-form
    "#);
    insta::assert_snapshot!(outcome(&place, &["diff", "own", "nowhere", "--detailed-exitcode"]), @"
    exit 1
    --- stderr
    error[unreadable]: can't open nowhere
       = note: No such file or directory
    --- folder
    own
    shared-form
    ");
}

#[test]
fn verify_compares_a_package_with_its_record() {
    let place = place_with(&["shared-form", "connectors"]);
    let export = [
        "export",
        "shared-form",
        "--for",
        "external",
        "--connectors",
        "connectors",
    ];
    assert_eq!(place.run(export).code, 0);
    insta::assert_snapshot!(outcome(&place, &["verify", "shared-form.zip"]), @r#"
    exit 0
    --- stdout
    shared-form.zip: 6 entries, as recorded
      not verified: generator recipack 0.1.0 (no package tells what made it)
      not verified: target external (no package tells where it is meant to go)
      not verified: project.name shared-form (it was not made again from the project)
      sha256  […]
      content 55561a8f0aa62452ee4e324719e87671900e0506984f4e57b01e27dd94170581
    --- folder
    connectors
    shared-form
    shared-form.recipack.json
    shared-form.zip
    "#);
    let rebuild = [
        "--rebuild-from",
        "shared-form",
        "--connectors",
        "connectors",
    ];
    let verify = [&["verify", "shared-form.zip"], &rebuild[..]].concat();
    assert_eq!(place.run(&verify).code, 0);
    place.write("connectors/parcel_tracker.custom_adapter.rb", "{}");
    insta::assert_snapshot!(outcome(&place, &verify), @"
    exit 4
    --- stdout
    shared-form.zip: 1 mismatch
      parcel_tracker.custom_adapter.rb: 2093 bytes with SHA-256 58c68edf112c8dd123d55a1122c025485185238475d089eb51da5df7f2edc5d4, by the project 2 bytes with 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a; they differ from line 1, column 2 on
      not verified: generator recipack 0.1.0 (no package tells what made it)
      not verified: target external (no package tells where it is meant to go)
      not verified: project.name shared-form (making it again gave something else)
      sha256  […]
      content 55561a8f0aa62452ee4e324719e87671900e0506984f4e57b01e27dd94170581
    --- folder
    connectors
    shared-form
    shared-form.recipack.json
    shared-form.zip
    ");
    place.write("shared-form.recipack.json", "{}");
    insta::assert_snapshot!(outcome(&place, &["verify", "shared-form.zip"]), @"
    exit 4
    --- stderr
    error[record]: shared-form.recipack.json can't be used
       = note: no decision record
       = note: missing field `format` at line 1 column 2
    --- folder
    connectors
    shared-form
    shared-form.recipack.json
    shared-form.zip
    ");
    fs::remove_file(place.path("shared-form.recipack.json")).expect("removed");
    insta::assert_snapshot!(outcome(&place, &verify), @"
    exit 64
    --- stderr
    error[no-record]: shared-form.zip has no decision record beside it, so nobody knows how it was made
       = help: give it with --record, or keep <package>.recipack.json beside the package
    --- folder
    connectors
    shared-form
    shared-form.zip
    ");
}

#[test]
fn init_writes_a_manifest_once() {
    let place = place_with(&["partner"]);
    insta::assert_snapshot!(outcome(&place, &["init", "partner"]), @r#"
    exit 0
    --- stdout
    recipack.toml: written for 34 assets, 3 custom connectors
    --- stderr
    warning[catalog-missing]: the target `customers` has no catalogue, so it is not known which connectors customers have
      --> recipack.toml:46:10
       |
    46 | [targets.customers]
       |          ^^^^^^^^^
       |
       = note: "Invoice Vault" is used by 1 recipe
       = note: "Ledger Sync" is used by 1 recipe
       = note: "Parcel Tracker" is used by 3 recipes
       = note: "route_planner_connector_48213_1693526400" is used by 1 recipe
       = help: say which connectors the partner shares with customers, in one of these ways:
               --catalog https://www.workato.com, the address of the admin workspace that the token is of (another data center has another host)
               --catalog local:ADMIN, an admin workspace of the local platform
               --catalog FILE: the platform's answer to GET /api/custom_connectors?oem_shared=true, or what `recipack catalog pull -o FILE --in https://www.workato.com` writes
               recipack manifest add catalog FILE|ADDRESS, for all targets of the manifest
               --catalog none, if the partner shares nothing; in the manifest, catalog = "none"

    help: more about a finding by its code: recipack explain catalog-missing
    --- folder
    partner
    recipack.toml
    "#);
    let manifest = fs::read_to_string(place.path("recipack.toml")).expect("text");
    insta::assert_snapshot!(outcome(&place, &["init", "partner"]), @"
    exit 64
    --- stderr
    error[usage]: recipack.toml is there already
       = help: edit it with `recipack manifest`, or replace it with --force
    --- folder
    partner
    recipack.toml
    ");
    assert_eq!(
        fs::read_to_string(place.path("recipack.toml")).expect("text"),
        manifest
    );
    assert_eq!(place.run(["init", "partner", "--force"]).code, 0);
    // What it writes is a manifest that works.
    let run = place.run(["export", "--to", "external"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        place.names(),
        [
            "partner",
            "partner.recipack.json",
            "partner.zip",
            "recipack.toml"
        ]
    );
}

#[test]
fn manifest_is_listed_and_edited() {
    let place = place_with(&["partner", "catalogs", "recipack.toml"]);
    insta::assert_snapshot!(outcome(&place, &["manifest", "list"]), @r#"
    exit 0
    --- stdout
    package    kestrel-orders
    project    partner
    limit      100 MB
    catalog    catalogs/shared.json
    target     customers: customer in us
    target     external-account: external in eu
    --- folder
    catalogs
    partner
    recipack.toml
    "#);
    insta::assert_snapshot!(outcome(&place, &["manifest", "add", "exclude", "Agents/**"]), @r#"
    exit 0
    --- stdout
    recipack.toml: added Agents/** in select.exclude
    --- folder
    catalogs
    partner
    recipack.toml
    "#);
    insta::assert_snapshot!(outcome(&place, &["manifest", "add", "connector", "Ledger Sync=include"]), @r#"
    exit 0
    --- stdout
    recipack.toml: added Ledger Sync in connectors
    --- folder
    catalogs
    partner
    recipack.toml
    "#);
    insta::assert_snapshot!(outcome(&place, &["manifest", "add", "target", "trial=customer", "--data-center", "jp"]), @r#"
    exit 0
    --- stdout
    recipack.toml: added trial in targets
    --- folder
    catalogs
    partner
    recipack.toml
    "#);
    insta::assert_snapshot!(fs::read_to_string(place.path("recipack.toml")).expect("text"), @r#"
    # Packs the partner's project for its own customers, and for an account outside.

    [package]
    name = "kestrel-orders"
    project = "partner"
    catalog = "catalogs/shared.json"

    [targets.customers]
    kind = "customer"
    data-center = "us"

    [targets.external-account]
    kind = "external"
    data-center = "eu"

    [select]
    exclude = ["Agents/**"]

    [connectors]
    "Ledger Sync" = "include"

    [targets.trial]
    kind = "customer"
    data-center = "jp"
    "#);
    insta::assert_snapshot!(outcome(&place, &["manifest", "remove", "exclude", "Agents/**"]), @r#"
    exit 0
    --- stdout
    recipack.toml: removed Agents/** in select.exclude
    --- stderr
    note: nothing is left in `[select]`, so everything is taken
    --- folder
    catalogs
    partner
    recipack.toml
    "#);
    insta::assert_snapshot!(outcome(&place, &["manifest", "remove", "exclude", "Agents/**"]), @r#"
    exit 1
    --- stderr
    error[manifest-edit]: `select.exclude` has no `Agents/**`
    --- folder
    catalogs
    partner
    recipack.toml
    "#);
    insta::assert_snapshot!(outcome(&place, &["manifest", "add", "connector", "Ledger Sync"]), @"
    exit 64
    --- stderr
    error[usage]: `Ledger Sync` says nothing about a connector
       = help: say TITLE=auto, TITLE=include or TITLE=exclude
    --- folder
    catalogs
    partner
    recipack.toml
    ");
    insta::assert_snapshot!(outcome(&place, &["manifest", "list", "-m", "nowhere.toml"]), @"
    exit 1
    --- stderr
    error[unreadable]: can't read nowhere.toml
       = note: No such file or directory
    --- folder
    catalogs
    partner
    recipack.toml
    ");
}

#[test]
fn schema_lists_documents() {
    let place = Place::new();
    insta::assert_snapshot!(outcome(&place, &["schema"]), @"
    exit 0
    --- stdout
    decisions           the decision record beside a package
    export              what `export` and `check` print with --json
    lock                what `lock` prints with --json
    show                what `show` prints with --json
    why                 what `why` prints with --json
    export-several      what `export` and `check` of several projects print with --json
    lock-several        what `lock` of several projects prints with --json
    verify              what `verify` prints with --json
    sign                what `sign` prints with --json
    provenance          what `attest` and `sbom` print with --json
    report              what `report` prints with --json
    push                what `push` prints with --json
    pull                what `pull` prints with --json
    attach              what `attach` prints with --json
    discover            what `discover` prints with --json
    tags                what `tags` prints with --json
    diff                what `diff` prints with --json
    graph               what `graph` prints with --json
    manifest            what `manifest list` prints with --json
    recipack.toml       what a manifest may say
    settings            what a file of settings may say
    customer            what a customer's file may say
    catalog             what a catalogue of shared connectors in JSON holds
    manifest-edit       what `manifest add`, `remove` and `edit` print with --json
    init                what `init` prints with --json
    customer-list-api   what `customer list --of` prints with --json of an address of the platform's API
    sandbox             what `sandbox` prints with --json once it listens
    sandbox-token       what `sandbox --token` prints with --json
    console             what `console` prints with --json once it listens
    faults              what the file of `sandbox --fault` holds
    doctor              what `doctor` prints with --json
    man                 what `man` prints with --json
    completions         what `completions` prints with --json
    status              what `status` prints with --json
    history             what `history` prints with --json
    promote             what `promote` prints with --json
    migrate-plan        what `migrate plan` prints with --json, and the file that `migrate run` goes by
    migrate-run         what `migrate run` and `migrate back` print with --json
    migrate-status      what `migrate status` prints with --json
    rollout-plan        what `rollout plan` and `rollout abort --back` print with --json, and the file that `rollout start` takes
    rollout-start       what `rollout start` prints with --json
    rollout-run         what `rollout run` prints with --json
    rollout-list        what `rollout status` prints with --json
    rollout-status      what `rollout status` prints of one roll-out with --json
    rollout-order       what `rollout pause`, `resume`, `abort`, `gate`, `retry`, `skip` and `hold` print with --json
    rollout-board       what `rollout board` prints with --json
    rollout-drift       what `rollout drift` prints with --json
    rollout-jobs        what `rollout jobs` prints with --json
    rollout-report      what `rollout report` prints with --json
    fleet-query         what `fleet query` prints with --json
    history-prune       what `history --prune` prints with --json
    revision            what `history` prints of one revision with --json
    rollback            what `rollback` prints with --json
    workspace-create    what `workspace create` prints with --json
    workspace-list      what `workspace list` prints with --json
    workspace-show      what `workspace show` prints with --json
    plan                what `plan` prints with --json, and the file that `import` takes
    import              what `import` prints with --json
    matrix              what `matrix` prints with --json
    workspace-export    what `workspace export` prints with --json
    workspace-delete    what `workspace delete` prints with --json
    recipe-list         what `recipe list` prints with --json
    settings-init       what `settings init` prints with --json
    settings-check      what `settings check` prints with --json
    settings-show       what `settings show` prints with --json
    recipe-change       what `recipe start` and `recipe stop` print with --json
    connection-list     what `connection list` prints with --json
    connection-change   what `connection authorize` prints with --json
    connector-list      what `connector list` prints with --json
    connector-show      what `connector show` prints with --json
    connector-versions  what `connector versions` prints with --json
    connector-usage     what `connector usage` prints with --json
    connector-release   what `connector release` prints with --json
    connector-push      what `connector push` prints with --json
    customer-show-api   what `customer show` prints with --json of an address of the platform's API
    connector-pull      what `connector pull` prints with --json
    connector-diff      what `connector diff` prints with --json
    workspace-set       what `workspace set` prints with --json
    customer-create     what `customer create` prints with --json
    customer-list       what `customer list` prints with --json
    customer-show       what `customer show` prints with --json
    customer-label      what `customer label` prints with --json
    customer-plan       a plan as `customer apply --plan` prints and writes it
    customer-apply      what `customer apply` prints with --json
    customer-reconcile  what `customer reconcile` prints with --json
    catalog-list        what `catalog list` prints with --json
    catalog-show        what `catalog show` prints with --json
    catalog-change      what `catalog share`, `update`, `switch`, `remove` and `apply` print with --json
    catalog-diff        what `catalog diff` prints with --json
    catalog-pull        what `catalog pull` prints with --json
    explain             what `explain` prints of one code with --json
    explain-list        what `explain` prints of all codes with --json
    help                what `help` prints with --json
    version             what `version` prints with --json
    failure             what any command prints with --json if it could not do its work
    --- folder
    ");
    insta::assert_snapshot!(outcome(&place, &["schema", "nothing"]), @"
    exit 64
    --- stderr
    error[usage]: there is no document `nothing`
       = help: there are: decisions, export, lock, show, why, export-several, lock-several, verify, sign, provenance, report, push, pull, attach, discover, tags, diff, graph, manifest, recipack.toml, settings, customer, catalog, manifest-edit, init, customer-list-api, sandbox, sandbox-token, console, faults, doctor, man, completions, status, history, promote, migrate-plan, migrate-run, migrate-status, rollout-plan, rollout-start, rollout-run, rollout-list, rollout-status, rollout-order, rollout-board, rollout-drift, rollout-jobs, rollout-report, fleet-query, history-prune, revision, rollback, workspace-create, workspace-list, workspace-show, plan, import, matrix, workspace-export, workspace-delete, recipe-list, settings-init, settings-check, settings-show, recipe-change, connection-list, connection-change, connector-list, connector-show, connector-versions, connector-usage, connector-release, connector-push, customer-show-api, connector-pull, connector-diff, workspace-set, customer-create, customer-list, customer-show, customer-label, customer-plan, customer-apply, customer-reconcile, catalog-list, catalog-show, catalog-change, catalog-diff, catalog-pull, explain, explain-list, help, version, failure
    --- folder
    ");
}

#[test]
fn completions_are_scripts() {
    let place = Place::new();
    for (shell, holds) in [
        ("bash", "complete -F _recipack"),
        ("zsh", "#compdef recipack"),
        ("fish", "complete -c recipack"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let run = place.run(["completions", shell]);
        assert_eq!(run.code, 0, "{shell}");
        assert!(run.stdout.contains(holds), "{shell}");
        assert!(run.stdout.contains("detailed-exitcode"), "{shell}");
    }
    let script = place.run(["completions", "bash"]).stdout;
    place.write("recipack.bash", &script);
    let checked = std::process::Command::new("bash")
        .arg("-n")
        .arg(place.path("recipack.bash"))
        .output()
        .expect("bash starts");
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
