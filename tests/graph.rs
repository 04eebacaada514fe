//! The graph of a whole project, drawn.

use std::num::NonZeroUsize;
use std::path::Path;

use recipack::io::archive::Limits;
use recipack::model::graph::Graph;
use recipack::ops::read::{Digests, Reading, Roots, open};
use recipack::ops::{Interrupt, Running, Silent};
use recipack::plan::drawing::{GraphDocument, tree};

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
    tree(&GraphDocument::of(&project, &Graph::of(&project), root))
}

#[test]
fn the_partner_project() {
    insta::assert_snapshot!(drawn(None), @r#"
    Agents/parcel_desk.mcp_server.json (MCP server "Parcel desk")
    └── Agents/look_up_parcel.agentic_skill.json (skill "Look up parcel")
        └── Agents/look_up_parcel.recipe.json (recipe "Look up parcel")
            └── Orders/shipments.workato_db_table.json (data table "Shipments")
    Dispatch desk/dispatch_desk.lcap_app.json (workflow app "Dispatch desk")
    ├── Dispatch desk/overview.lcap_page.json (page "Overview")
    └── Orders/shipments.workato_db_table.json (data table "Shipments")
    Orders/archive_invoices.recipe.json (recipe "Archive invoices")
    ├── Connections/invoice_vault.connection.json (connection "Invoice Vault")
    │   └── invoice_vault.custom_adapter.json (custom connector "Invoice Vault")
    ├── Orders/shipments.workato_db_table.json (data table "Shipments")
    └── invoice_vault.custom_adapter.json (custom connector "Invoice Vault")
    Orders/gold.loyalty_card.json (loyalty_card "Gold")
    Orders/notify_late_parcels.recipe.json (recipe "Notify late parcels")
    ├── late_parcel_notice.workato_template.json (message template "Late parcel notice")
    ├── notices_mailbox.connection.json (connection "Notices mailbox")
    ├── parcel_events.topic.json (topic "Parcel events")
    └── parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    Orders/plan_daily_routes.recipe.json (recipe "Plan daily routes")
    ├── Shared connections/route_planner.connection.json (connection "Route planner", not in the project)
    └── parcel_events.topic.json (topic "Parcel events")
    Orders/post_freight_costs.recipe.json (recipe "Post freight costs")
    ├── Connections/ledger.connection.json (connection "Ledger")
    │   └── ledger_sync.custom_adapter.json (custom connector "Ledger Sync")
    ├── Functions/quote_shipping.recipe.json (recipe "Quote shipping")
    │   └── Connections/carrier_rates.connection.json (connection "Carrier rates")
    ├── ledger_sync.custom_adapter.json (custom connector "Ledger Sync")
    └── region_codes.lookup_table.json (lookup table "Region codes")
    Orders/return_label.recipe.json (recipe "Return label")
    ├── Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account")
    │   └── parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    └── parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    Orders/track_new_parcels_held_parcel.test_case.json (test case "Held parcel")
    ├── Orders/track_new_parcels.recipe.json (recipe "Track new parcels")
    │   ├── Connections/carrier_rates.connection.json (connection "Carrier rates")
    │   ├── Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account") (*)
    │   ├── parcel_events.topic.json (topic "Parcel events")
    │   ├── parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    │   └── region_codes.lookup_table.json (lookup table "Region codes")
    └── parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    account_properties.properties.json (account properties)
    order_status.1.api_endpoint.json (API endpoint "Order status")
    ├── API & webhooks | v1/order_status.recipe.json (recipe "Order status")
    │   ├── Orders/shipments.workato_db_table.json (data table "Shipments")
    │   └── region_codes.lookup_table.json (lookup table "Region codes")
    └── orders_api.api_group.json (API collection "Orders API")
    order_status.api_endpoint.json (API endpoint "Order status")
    ├── API & webhooks | v1/order_status.recipe.json (recipe "Order status") (*)
    └── orders_api.api_group.json (API collection "Orders API")
    project.json (project description)
    properties.project_properties.json (project properties)
    配送/再配達.recipe.json (recipe "再配達")
    └── Connections/carrier_rates.connection.json (connection "Carrier rates")
    "#);
}

#[test]
fn one_connector_of_it() {
    insta::assert_snapshot!(drawn(Some("parcel_tracker.custom_adapter.json")), @r#"
    parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")

    needed by:
    ├── Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account")
    │   ├── Orders/return_label.recipe.json (recipe "Return label")
    │   └── Orders/track_new_parcels.recipe.json (recipe "Track new parcels")
    │       └── Orders/track_new_parcels_held_parcel.test_case.json (test case "Held parcel")
    ├── Orders/notify_late_parcels.recipe.json (recipe "Notify late parcels")
    ├── Orders/return_label.recipe.json (recipe "Return label")
    ├── Orders/track_new_parcels.recipe.json (recipe "Track new parcels") (*)
    └── Orders/track_new_parcels_held_parcel.test_case.json (test case "Held parcel")
    "#);
}

#[test]
fn one_recipe_of_it() {
    insta::assert_snapshot!(drawn(Some("Orders/return_label.recipe.json")), @r#"
    Orders/return_label.recipe.json (recipe "Return label")
    ├── Connections/parcel_tracker_account.connection.json (connection "Parcel Tracker account")
    │   └── parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    └── parcel_tracker.custom_adapter.json (custom connector "Parcel Tracker")
    "#);
}
