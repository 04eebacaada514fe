//! The graph of a whole project, drawn.

use std::num::NonZeroUsize;
use std::path::Path;

use recipack::archive::Limits;
use recipack::model::graph::Graph;
use recipack::ops::read::{Digests, Reading, Roots, open};
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::graph_export::{Depth, Detail, GraphDocument, Level, Part, tree};

fn drawn(root: Option<&str>) -> String {
    let running = Running {
        threads: NonZeroUsize::MIN,
        interrupt: Interrupt::default(),
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/partner");
    let reading = Reading {
        roots: Roots::Asserted,
        digests: Digests::Left,
        limits: &Limits::default(),
        memory: None,
    };
    let opened = open(&path, reading, &running, &mut Silent);
    let project = opened.expect("readable").project;
    let root = root.map(|path| project.asset_at(path).expect("there"));
    let part = match root {
        Some(root) => Part::Around(root, Depth::Any),
        None => Part::Whole(Detail::Level(Level::Assets)),
    };
    tree(&GraphDocument::of(
        &project,
        &Graph::of(&project),
        part,
        None,
    ))
}

#[test]
fn the_partner_project() {
    insta::assert_snapshot!(drawn(None), @r#"
    Agents/parcel_desk.mcp_server.json (MCP server "Parcel desk")
    └── uses Agents/look_up_parcel.agentic_skill.json (skill "Look up parcel")
        └── calls Agents/look_up_parcel.recipe.json (recipe "Look up parcel")
            └── uses Orders/shipments.workato_db_table.json (data table "Shipments")
    Dispatch desk/dispatch_desk.lcap_app.json (workflow app "Dispatch desk")
    ├── uses Dispatch desk/overview.lcap_page.json (page "Overview")
    └── uses Orders/shipments.workato_db_table.json (data table "Shipments")
    Orders/archive_invoices.recipe.json (recipe "Archive invoices")
    ├── uses Connections/invoice_vault.connection.json (connection "Invoice Vault")
    │   └── uses invoice_vault.custom_adapter.json (custom connector "Invoice Vault")
    ├── uses Orders/shipments.workato_db_table.json (data table "Shipments")
    └── uses invoice_vault.custom_adapter.json (custom connector "Invoice Vault")
    Orders/gold.loyalty_card.json (loyalty_card "Gold")
    Orders/notify_late_parcels.recipe.json (recipe "Notify late parcels")
    ├── uses late_parcel_notice.workato_template.json (message template "Late parcel notice")
    ├── uses notices_mailbox.connection.json (connection "Notices mailbox")
    ├── uses parcel_events.topic.json (topic "Parcel events")
    └── uses parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    Orders/plan_daily_routes.recipe.json (recipe "Plan daily routes")
    ├── uses Shared connections/route_planner.connection.json (connection "Route planner", not in the project)
    └── uses parcel_events.topic.json (topic "Parcel events")
    Orders/post_freight_costs.recipe.json (recipe "Post freight costs")
    ├── uses Connections/ledger.connection.json (connection "Ledger")
    │   └── uses ledger_sync.custom_adapter.json (custom connector "Ledger Sync")
    ├── calls Functions/quote_shipping.recipe.json (recipe "Quote shipping")
    │   └── uses Connections/carrier_rates.connection.json (connection "Carrier rates")
    ├── uses ledger_sync.custom_adapter.json (custom connector "Ledger Sync")
    └── looks up region_codes.lookup_table.json (lookup table "Region codes")
    Orders/return_label.recipe.json (recipe "Return label")
    ├── uses Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account")
    │   └── uses parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    └── uses parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    Orders/track_new_parcels_held_parcel.test_case.json (test case "Held parcel")
    ├── calls Orders/track_new_parcels.recipe.json (recipe "Track new parcels")
    │   ├── uses Connections/carrier_rates.connection.json (connection "Carrier rates")
    │   ├── uses Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account") (*)
    │   ├── uses parcel_events.topic.json (topic "Parcel events")
    │   ├── uses parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    │   └── looks up region_codes.lookup_table.json (lookup table "Region codes")
    └── uses parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    account_properties.properties.json (account properties)
    order_status.1.api_endpoint.json (API endpoint "Order status")
    ├── calls API & webhooks | v1/order_status.recipe.json (recipe "Order status")
    │   ├── uses Orders/shipments.workato_db_table.json (data table "Shipments")
    │   └── looks up region_codes.lookup_table.json (lookup table "Region codes")
    └── uses orders_api.api_group.json (API collection "Orders API")
    order_status.api_endpoint.json (API endpoint "Order status")
    ├── calls API & webhooks | v1/order_status.recipe.json (recipe "Order status") (*)
    └── uses orders_api.api_group.json (API collection "Orders API")
    project.json (project description)
    properties.project_properties.json (project properties)
    配送/再配達.recipe.json (recipe "再配達")
    └── uses Connections/carrier_rates.connection.json (connection "Carrier rates")
    "#);
}

#[test]
fn one_connector_of_it() {
    insta::assert_snapshot!(drawn(Some("parcel_tracker.custom_adapter.json")), @r#"
    parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")

    needed by:
    ├── used by Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account")
    │   ├── used by Orders/return_label.recipe.json (recipe "Return label")
    │   └── used by Orders/track_new_parcels.recipe.json (recipe "Track new parcels")
    │       └── called by Orders/track_new_parcels_held_parcel.test_case.json (test case "Held parcel")
    ├── used by Orders/notify_late_parcels.recipe.json (recipe "Notify late parcels")
    ├── used by Orders/return_label.recipe.json (recipe "Return label")
    ├── used by Orders/track_new_parcels.recipe.json (recipe "Track new parcels") (*)
    └── used by Orders/track_new_parcels_held_parcel.test_case.json (test case "Held parcel")
    "#);
}

#[test]
fn one_recipe_of_it() {
    insta::assert_snapshot!(drawn(Some("Orders/return_label.recipe.json")), @r#"
    Orders/return_label.recipe.json (recipe "Return label")
    ├── uses Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account")
    │   └── uses parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    └── uses parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    "#);
}
