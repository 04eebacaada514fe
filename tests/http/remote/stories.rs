//! The partner's, the migration's and the pipeline's story over the API say what they say of the
//! local platform.

use serde_json::Value;

use crate::remote::Caller;
use crate::support::sandbox::{Sandbox, done, export_external, local, partner};

/// What a plan says that does not depend on where the workspace is and how it numbers things.
fn comparable(plan: &Value) -> Value {
    let mut plan = plan.clone();
    // With a token of its own, a workspace does not tell what it is.
    for key in [
        "workspace",
        "catalog",
        "receipt",
        "target",
        "counts",
        "seal",
    ] {
        plan.as_object_mut().expect("a plan").remove(key);
    }
    if let Some(findings) = plan["findings"].as_array_mut() {
        findings.retain(|finding| finding["code"] != "target-unknown");
    }
    for asset in plan["assets"].as_array_mut().expect("assets") {
        for key in ["id", "from", "to"] {
            asset.as_object_mut().expect("an asset").remove(key);
        }
    }
    for connector in plan["connectors"].as_array_mut().expect("connectors") {
        connector
            .as_object_mut()
            .expect("a connector")
            .remove("internal_name");
    }
    plan
}

#[test]
fn a_migration_installs_then_changes_nothing_then_overwrites() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let into = sandbox.url.as_str();
    let twin = ["workspace", "create", "twin", "--kind", "external"];
    done(&local(&place, &twin), &twin);

    let remote = osprey.json(
        2,
        &[
            "plan",
            "external.zip",
            "--into",
            into,
            "--detailed-exitcode",
        ],
    );
    let same: Value = serde_json::from_str(
        &local(
            &place,
            &["plan", "external.zip", "--into", "local:twin", "--json"],
        )
        .stdout,
    )
    .expect("a plan");
    assert_eq!(comparable(&remote), comparable(&same));

    let imported = osprey.json(0, &["import", "external.zip", "--into", into]);
    assert_eq!(imported["astray"], Value::Array(Vec::new()));
    assert_eq!(imported["receipt"]["revision"], 1);
    // What the platform decided by itself is read back.
    let held = local(
        &place,
        &["connector", "list", "--in", "local:osprey", "--json"],
    )
    .stdout;
    for connector in imported["receipt"]["connectors"]
        .as_array()
        .expect("connectors")
    {
        assert!(held.contains(connector["internal_name"].as_str().expect("a name")));
    }
    osprey.exits(
        0,
        &[
            "plan",
            "external.zip",
            "--into",
            into,
            "--detailed-exitcode",
        ],
    );
    let again = osprey.exits(0, &["import", "external.zip", "--into", into]);
    assert!(
        again.stdout.contains("is as the package has it already"),
        "{}",
        again.stdout
    );

    // A running recipe is overwritten only with its permission, and runs again.
    let authorize = ["connection", "authorize", "--all", "--in", "local:osprey"];
    done(&local(&place, &authorize), &authorize);
    osprey.exits(
        0,
        &["recipe", "start", "Functions/Quote shipping", "--in", into],
    );
    let recipe = place.path("partner/Functions/quote_shipping.recipe.json");
    let text = std::fs::read_to_string(&recipe).expect("readable");
    let edited = text.replacen("\"description\": \"\"", "\"description\": \"Faster\"", 1);
    assert_ne!(edited, text);
    std::fs::write(&recipe, edited).expect("written");
    export_external(&place, "newer.zip");
    let plan = osprey.exits(3, &["plan", "newer.zip", "--into", into, "-o", "plan.json"]);
    assert!(
        plan.stdout.contains("overwrites running v1 → v2"),
        "{}",
        plan.stdout
    );
    let refused = osprey.exits(3, &["import", "plan.json"]);
    assert!(
        refused.stderr.contains("--restart-recipes"),
        "{}",
        refused.stderr
    );
    let restarted = osprey.exits(0, &["import", "plan.json", "--restart-recipes"]);
    assert!(
        restarted
            .stdout
            .contains("restarted Functions/Quote shipping"),
        "{}",
        restarted.stdout
    );
    let stale = osprey.exits(3, &["import", "plan.json", "--restart-recipes"]);
    assert!(stale.stderr.contains("stale-plan"), "{}", stale.stderr);
    osprey.exits(
        0,
        &["plan", "newer.zip", "--into", into, "--detailed-exitcode"],
    );
    let history = osprey.json(0, &["history", into]);
    assert_eq!(history["revisions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_folder_of_a_workspace_is_exported_and_imported_by_its_number() {
    let place = partner();
    let import = [
        "import",
        "external.zip",
        "--into",
        "local:osprey",
        "--folder",
        "Depot/North",
    ];
    done(&local(&place, &import), &import);
    let sandbox = Sandbox::of(&place, &[]);
    let osprey = Caller::of(&place, &sandbox, "osprey");
    let folders: Value = {
        let mut answer = ureq::get(format!("{}/api/folders", sandbox.url))
            .header("authorization", format!("Bearer {}", osprey.token))
            .call()
            .expect("folders");
        serde_json::from_str(&answer.body_mut().read_to_string().expect("text")).expect("JSON")
    };
    let depot = folders[0]["id"].as_u64().expect("a number");
    let address = format!("{}#folder={depot}", sandbox.url);

    osprey.exits(
        0,
        &["export", &address, "--for", "external", "-o", "live.zip"],
    );
    let diff = osprey.exits(
        0,
        &[
            "diff",
            "live.zip",
            "local:osprey",
            "--folder",
            "Depot",
            "--platform",
            "p.db",
        ],
    );
    // Rows of tables are left out, as the platform does, and an import leaves those that are there.
    assert!(
        diff.stdout.ends_with("files: 39 unchanged\n"),
        "{}",
        diff.stdout
    );

    // The same package into the same folder changes nothing.
    let plan = osprey.exits(
        0,
        &[
            "plan",
            "external.zip",
            "--into",
            &address,
            "--folder",
            "North",
            "--detailed-exitcode",
        ],
    );
    assert!(
        plan.stdout.contains("folder \"Depot/North\""),
        "{}",
        plan.stdout
    );
    // The project's own file says which folder is meant.
    place.write(
        ".workatoenv",
        &format!("{{\"project_id\": 1, \"folder_id\": {depot}}}"),
    );
    let here = osprey.exits(
        0,
        &[
            "plan",
            "external.zip",
            "--into",
            &sandbox.url,
            "--folder",
            "North",
            "--detailed-exitcode",
        ],
    );
    assert!(here.stderr.contains(".workatoenv"), "{}", here.stderr);

    // One that can't be read is not none: the import would go elsewhere.
    for text in ["{\"folder_id\": \"north\"}", "{"] {
        place.write(".workatoenv", text);
        let line = ["import", "external.zip", "--into", &sandbox.url, "--yes"];
        let unclear = osprey.exits(1, &line);
        assert!(
            unclear
                .stderr
                .contains("error[unreadable]: can't tell the folder of"),
            "{}",
            unclear.stderr
        );
        assert!(unclear.stderr.contains("#folder=ID"), "{}", unclear.stderr);
    }

    std::fs::remove_file(place.path(".workatoenv")).expect("removed");
    let new = osprey.exits(
        0,
        &[
            "import",
            "external.zip",
            "--into",
            &address,
            "--folder",
            "South/Yard",
            "--yes",
        ],
    );
    assert!(
        new.stdout.contains("everything is as planned"),
        "{}",
        new.stdout
    );
    osprey.exits(
        0,
        &[
            "plan",
            "external.zip",
            "--into",
            &address,
            "--folder",
            "South/Yard",
            "--detailed-exitcode",
        ],
    );
    let nowhere = format!("{}#folder=999", sandbox.url);
    let failed = osprey.exits(1, &["plan", "external.zip", "--into", &nowhere]);
    assert!(
        failed.stderr.contains("no folder with that number"),
        "{}",
        failed.stderr
    );
}

#[test]
fn a_partner_ships_to_a_customer_and_shares_a_newer_version() {
    let place = partner();
    let sandbox = Sandbox::of(&place, &[]);
    let studio = Caller::of(&place, &sandbox, "studio");
    let admin = sandbox.url.as_str();

    // The catalogue is the platform's own answer.
    studio.exits(
        0,
        &[
            "export",
            "partner",
            "--for",
            "customer",
            "--catalog",
            admin,
            "-o",
            "shipped.zip",
        ],
    );
    assert_eq!(
        std::fs::read(place.path("shipped.zip")).expect("readable"),
        std::fs::read(place.path("customer.zip")).expect("readable"),
    );
    for handle in ["customer:K-1", "customer:48214"] {
        let import = studio.exits(
            0,
            &[
                "import",
                "shipped.zip",
                "--into",
                handle,
                "--folder",
                "Kestrel",
            ],
        );
        let told = match handle {
            "customer:K-1" => "everything is as planned",
            _ => "as the package has it already",
        };
        assert!(import.stdout.contains(told), "{}", import.stdout);
        assert!(
            import.stdout.contains("uses shared v6"),
            "{}",
            import.stdout
        );
    }

    place.write(
        "parcels.rb",
        "{ title: 'Parcel Tracker', actions: {}, triggers: {} }\n",
    );
    let push = [
        "connector",
        "push",
        "parcels.rb",
        "--title",
        "Parcel Tracker",
        "--in",
        admin,
    ];
    let pushed = studio.exits(0, &push);
    assert!(pushed.stdout.contains("v8 is added"), "{}", pushed.stdout);
    studio.exits(
        0,
        &["connector", "release", "Parcel Tracker", "--in", admin],
    );
    let same = studio.exits(0, &push);
    assert!(
        same.stdout.contains("v8 is the same already"),
        "{}",
        same.stdout
    );
    let update = studio.exits(
        0,
        &[
            "catalog",
            "update",
            "Parcel Tracker",
            "--in",
            admin,
            "--yes",
        ],
    );
    assert!(
        update.stdout.contains("update v6 → v8"),
        "{}",
        update.stdout
    );
    assert!(
        update.stdout.contains("customer:48214"),
        "{}",
        update.stdout
    );
    let list = studio.exits(0, &["catalog", "list", "--in", admin]);
    assert!(
        list.stdout.contains("Parcel Tracker  v8"),
        "{}",
        list.stdout
    );
    studio.exits(
        0,
        &[
            "catalog",
            "switch",
            "Parcel Tracker",
            "6",
            "--in",
            admin,
            "--yes",
        ],
    );
    let pulled = studio.exits(0, &["catalog", "pull", "--in", admin]);
    let pulled: Value = serde_json::from_str(&pulled.stdout).expect("a catalogue");
    let mut entries = pulled["result"].as_array().expect("entries").iter();
    let tracker = entries.find(|entry| entry["title"] == "Parcel Tracker");
    assert_eq!(tracker.expect("it is listed")["oem_shared_version"], 6);

    let customers = studio.exits(0, &["customer", "list", "--of", admin]);
    assert_eq!(customers.stdout, "customer:48214  K-1  kestrel\n");
    studio.exits(0, &["connector", "usage", "Parcel Tracker", "--in", admin]);

    // Nobody uses it, so it may go, and only after its title was said.
    place.write("fresh.rb", "{ title: 'Fresh', actions: {} }\n");
    studio.exits(
        0,
        &[
            "connector",
            "push",
            "fresh.rb",
            "--title",
            "Fresh",
            "--in",
            admin,
        ],
    );
    studio.exits(0, &["connector", "release", "Fresh", "--in", admin]);
    studio.exits(0, &["catalog", "share", "Fresh", "--in", admin, "--yes"]);
    studio.exits(3, &["catalog", "remove", "Fresh", "--in", admin]);
    studio.exits(
        0,
        &[
            "catalog",
            "remove",
            "Fresh",
            "--confirm",
            "Fresh",
            "--in",
            admin,
        ],
    );
    let closed = studio.exits(
        3,
        &[
            "catalog",
            "share",
            "Fresh",
            "--closed-source",
            "--in",
            admin,
            "--yes",
        ],
    );
    assert!(closed.stderr.contains("error["), "{}", closed.stderr);

    // Whoever is no partner has no customers.
    let osprey = Caller::of(&place, &sandbox, "osprey");
    osprey.exits(1, &["plan", "shipped.zip", "--into", "customer:K-1"]);
}
