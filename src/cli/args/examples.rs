//! Two commands for the end of each command's help, as somebody types them who has a project in the
//! folder `orders`. A test runs them all, among the files and workspaces that they speak of.

/// The examples of a command, by its name: `workspace create`; the program's own by an empty one.
pub(super) const EXAMPLES: &[(&str, [&str; 2])] = &[
    (
        "",
        [
            "recipack export orders --for external",
            "recipack import kestrel-orders.zip --into local:kestrel",
        ],
    ),
    (
        "init",
        [
            "recipack init orders",
            "recipack init orders -o partner.toml",
        ],
    ),
    (
        "manifest",
        [
            "recipack manifest add target partners=customer",
            "recipack manifest list",
        ],
    ),
    (
        "manifest add",
        [
            "recipack manifest add recipe 'Return label'",
            "recipack manifest add catalog none --target customers",
        ],
    ),
    (
        "manifest remove",
        [
            "recipack manifest remove target external-account",
            "recipack manifest remove catalog",
        ],
    ),
    (
        "manifest edit",
        [
            "recipack manifest edit",
            "recipack manifest edit --manifest recipack.toml",
        ],
    ),
    (
        "manifest list",
        ["recipack manifest list", "recipack manifest list --json"],
    ),
    (
        "check",
        [
            "recipack check orders --for customer --catalog shared.json",
            "recipack check --to customers --report github",
        ],
    ),
    ("lock", ["recipack lock", "recipack lock --check"]),
    (
        "export",
        [
            "recipack export orders --for customer --catalog shared.json",
            "recipack export --to customers --locked -o orders.zip",
        ],
    ),
    (
        "show",
        [
            "recipack show kestrel-orders.zip",
            "recipack show orders --json",
        ],
    ),
    (
        "why",
        [
            "recipack why 'Parcel Tracker' --to customers",
            "recipack why Orders/return_label.recipe.json orders --for external",
        ],
    ),
    (
        "graph",
        [
            "recipack graph orders --of 'Return label' --depth 1 --format mermaid",
            "recipack graph --to customers --format dot",
        ],
    ),
    (
        "diff",
        [
            "recipack diff kestrel-orders.zip kestrel-external.zip",
            "recipack diff kestrel-external.zip local:osprey --detailed-exitcode",
        ],
    ),
    (
        "verify",
        [
            "recipack verify kestrel-orders.zip --rebuild-from orders",
            "recipack verify kestrel-orders.zip --key recipack.pub",
        ],
    ),
    (
        "sign",
        [
            "recipack sign kestrel-orders.zip --key recipack.key",
            "recipack sign kestrel-orders.zip --key recipack.key -o orders.minisig",
        ],
    ),
    (
        "attest",
        [
            "recipack attest kestrel-orders.zip --builder https://ci.example.com/runs/7",
            "recipack attest kestrel-orders.zip -o orders.intoto.json",
        ],
    ),
    (
        "sbom",
        [
            "recipack sbom kestrel-orders.zip",
            "recipack sbom kestrel-orders.zip -o orders.cdx.json",
        ],
    ),
    (
        "report",
        [
            "recipack report kestrel-orders.zip -o package.html",
            "recipack report plan.json -o plan.html",
        ],
    ),
    (
        "push",
        [
            "recipack push kestrel-orders.zip oci:packages:1.4",
            "recipack push kestrel-external.zip oci:packages:1.3 --move-tag",
        ],
    ),
    (
        "pull",
        [
            "recipack pull oci:packages:1.3 -o pulled.zip",
            "recipack pull oci:packages:1.3 -o pulled.zip --attachments",
        ],
    ),
    (
        "attach",
        [
            "recipack attach oci:packages:1.3 kestrel-orders.zip.minisig",
            "recipack attach oci:packages:1.3 --repair",
        ],
    ),
    (
        "discover",
        [
            "recipack discover oci:packages:1.3",
            "recipack discover oci:packages:1.3 --json",
        ],
    ),
    (
        "tags",
        [
            "recipack tags oci:packages",
            "recipack tags oci:packages --json",
        ],
    ),
    (
        "plan",
        [
            "recipack plan kestrel-orders.zip --into local:kestrel -o plan.json",
            "recipack plan next.zip --into local:osprey --folder Copy --detailed-exitcode",
        ],
    ),
    (
        "import",
        [
            "recipack import kestrel-orders.zip --into local:kestrel",
            "recipack import plan.json --yes",
        ],
    ),
    (
        "settings",
        [
            "recipack settings init kestrel-orders.zip",
            "recipack settings check kestrel-orders.zip --settings settings.toml",
        ],
    ),
    (
        "settings init",
        [
            "recipack settings init kestrel-orders.zip",
            "recipack settings init orders -o customers.toml",
        ],
    ),
    (
        "settings check",
        [
            "recipack settings check kestrel-orders.zip --settings settings.toml",
            "recipack settings check orders --settings settings.toml",
        ],
    ),
    (
        "settings show",
        [
            "recipack settings show --of kestrel --settings settings.toml",
            "recipack settings show --of customers --settings settings.toml --json",
        ],
    ),
    (
        "status",
        [
            "recipack status local:osprey",
            "recipack status local:osprey --detailed-exitcode",
        ],
    ),
    (
        "history",
        [
            "recipack history local:osprey",
            "recipack history local:osprey 1",
        ],
    ),
    (
        "rollback",
        [
            "recipack rollback local:osprey --plan",
            "recipack rollback local:osprey 1 --restart-recipes --yes",
        ],
    ),
    (
        "migrate",
        [
            "recipack migrate plan local:osprey --to local:egret -o next-move",
            "recipack migrate run move",
        ],
    ),
    (
        "migrate plan",
        [
            "recipack migrate plan local:osprey --to local:egret -o next-move",
            "recipack migrate plan local:osprey --to local:egret --folder Orders",
        ],
    ),
    (
        "migrate run",
        [
            "recipack migrate run move",
            "recipack migrate run move --cut-over --yes",
        ],
    ),
    (
        "migrate back",
        [
            "recipack migrate back move --yes",
            "recipack migrate back move --yes --json",
        ],
    ),
    (
        "migrate status",
        [
            "recipack migrate status move",
            "recipack migrate status move --json",
        ],
    ),
    (
        "promote",
        [
            "recipack promote next.zip --from test --to prod --plan",
            "recipack promote next.zip --from test --to prod --yes",
        ],
    ),
    (
        "rollout",
        [
            "recipack rollout plan kestrel-orders.zip --of local:studio --waves 1 -o next.json",
            "recipack rollout run 1f0c55d20d41",
        ],
    ),
    (
        "rollout plan",
        [
            "recipack rollout plan kestrel-orders.zip --of local:studio --waves 1 -o next.json",
            "recipack rollout plan kestrel-orders.zip --of local:studio --customers ring=early --bake 30m",
        ],
    ),
    (
        "rollout start",
        [
            "recipack rollout start rollout.json --ledger ledger.db",
            "recipack rollout start rollout.json --supersede 1f0c55d20d41",
        ],
    ),
    (
        "rollout run",
        [
            "recipack rollout run 1f0c55d20d41",
            "recipack rollout run 1f0c55d20d41 --wait-for-waves",
        ],
    ),
    (
        "rollout status",
        [
            "recipack rollout status",
            "recipack rollout status 1f0c55d20d41",
        ],
    ),
    (
        "rollout pause",
        [
            "recipack rollout pause 1f0c55d20d41",
            "recipack rollout pause 1f0c55d20d41 --json",
        ],
    ),
    (
        "rollout resume",
        [
            "recipack rollout resume 1f0c55d20d41",
            "recipack rollout resume 1f0c55d20d41 --json",
        ],
    ),
    (
        "rollout abort",
        [
            "recipack rollout abort 1f0c55d20d41",
            "recipack rollout abort 1f0c55d20d41 --json",
        ],
    ),
    (
        "rollout gate",
        [
            "recipack rollout gate 1f0c55d20d41 --again",
            "recipack rollout gate 1f0c55d20d41 --pass",
        ],
    ),
    (
        "rollout retry",
        [
            "recipack rollout retry 1f0c55d20d41 kestrel",
            "recipack rollout retry 1f0c55d20d41 --held",
        ],
    ),
    (
        "rollout skip",
        [
            "recipack rollout skip 1f0c55d20d41 kestrel",
            "recipack rollout skip 1f0c55d20d41 1",
        ],
    ),
    (
        "rollout hold",
        [
            "recipack rollout hold 1f0c55d20d41 kestrel",
            "recipack rollout hold 1f0c55d20d41 1",
        ],
    ),
    (
        "rollout board",
        ["recipack rollout board", "recipack rollout board --csv"],
    ),
    (
        "rollout drift",
        [
            "recipack rollout drift 1f0c55d20d41",
            "recipack rollout drift 1f0c55d20d41 --detailed-exitcode",
        ],
    ),
    (
        "rollout jobs",
        [
            "recipack rollout jobs 1f0c55d20d41",
            "recipack rollout jobs 1f0c55d20d41 --detailed-exitcode",
        ],
    ),
    (
        "rollout report",
        [
            "recipack rollout report 1f0c55d20d41",
            "recipack rollout report 1f0c55d20d41 --json",
        ],
    ),
    (
        "fleet",
        [
            "recipack fleet query unauthorized",
            "recipack fleet query uses --connector 'Parcel Guide' --older-than 7",
        ],
    ),
    (
        "fleet query",
        [
            "recipack fleet query stopped --max-age 24h",
            "recipack fleet query waiting --csv",
        ],
    ),
    (
        "fleet query uses",
        [
            "recipack fleet query uses --connector 'Parcel Guide' --action get_quote",
            "recipack fleet query uses --connector 'Parcel Guide' --older-than 7 --csv",
        ],
    ),
    (
        "fleet query unauthorized",
        [
            "recipack fleet query unauthorized --max-age 24h",
            "recipack fleet query unauthorized --csv",
        ],
    ),
    (
        "fleet query stopped",
        [
            "recipack fleet query stopped --max-age 24h",
            "recipack fleet query stopped --html",
        ],
    ),
    (
        "fleet query unreached",
        [
            "recipack fleet query unreached",
            "recipack fleet query unreached --json",
        ],
    ),
    (
        "fleet query waiting",
        [
            "recipack fleet query waiting",
            "recipack fleet query waiting --detailed-exitcode",
        ],
    ),
    (
        "workspace",
        [
            "recipack workspace create harrier --kind external",
            "recipack workspace export local:osprey --folder Orders -o orders.zip",
        ],
    ),
    (
        "workspace create",
        [
            "recipack workspace create harrier --kind external --data-center eu",
            "recipack workspace create dunlin --kind customer --of studio --external-id D-4",
        ],
    ),
    (
        "workspace list",
        ["recipack workspace list", "recipack workspace list --json"],
    ),
    (
        "workspace show",
        [
            "recipack workspace show kestrel",
            "recipack workspace show kestrel --json",
        ],
    ),
    (
        "workspace set",
        [
            "recipack workspace set studio --closed-source allowed",
            "recipack workspace set studio --closed-source not-allowed",
        ],
    ),
    (
        "workspace export",
        [
            "recipack workspace export local:osprey",
            "recipack workspace export local:osprey --folder Orders -o orders.zip",
        ],
    ),
    (
        "workspace delete",
        [
            "recipack workspace delete osprey --yes",
            "recipack workspace delete kestrel --yes --json",
        ],
    ),
    (
        "recipe",
        [
            "recipack recipe list --in local:osprey",
            "recipack recipe stop --all --in local:osprey",
        ],
    ),
    (
        "recipe list",
        [
            "recipack recipe list --in local:osprey",
            "recipack recipe list --in local:osprey --json",
        ],
    ),
    (
        "recipe start",
        [
            "recipack recipe start 'Return label' --in local:osprey",
            "recipack recipe start 'Orders/Track new parcels' --in local:osprey",
        ],
    ),
    (
        "recipe stop",
        [
            "recipack recipe stop 'Return label' --in local:osprey",
            "recipack recipe stop --all --in local:osprey",
        ],
    ),
    (
        "connection",
        [
            "recipack connection list --in local:osprey",
            "recipack connection authorize --all --in local:osprey",
        ],
    ),
    (
        "connection list",
        [
            "recipack connection list --in local:osprey",
            "recipack connection list --in local:osprey --json",
        ],
    ),
    (
        "connection authorize",
        [
            "recipack connection authorize 'Parcel Tracker account' --in local:osprey",
            "recipack connection authorize --all --in local:osprey",
        ],
    ),
    (
        "connector",
        [
            "recipack connector list --in local:studio",
            "recipack connector usage 'Parcel Tracker' --in local:osprey",
        ],
    ),
    (
        "connector list",
        [
            "recipack connector list --in local:studio",
            "recipack connector list --in local:kestrel --json",
        ],
    ),
    (
        "connector show",
        [
            "recipack connector show 'Parcel Tracker' --in local:studio",
            "recipack connector show 'Parcel Tracker' --in local:studio --json",
        ],
    ),
    (
        "connector versions",
        [
            "recipack connector versions 'Parcel Tracker' --in local:studio",
            "recipack connector versions 'Parcel Tracker' --in local:studio --json",
        ],
    ),
    (
        "connector usage",
        [
            "recipack connector usage 'Parcel Tracker' --in local:osprey",
            "recipack connector usage 'Ledger Sync' --in local:osprey --json",
        ],
    ),
    (
        "connector push",
        [
            "recipack connector push next.rb --title Tracker --in local:studio",
            "recipack connector push next.rb --title 'Ledger Sync' --in local:studio",
        ],
    ),
    (
        "connector pull",
        [
            "recipack connector pull 'Parcel Tracker' --in local:studio",
            "recipack connector pull 'Parcel Tracker' --in local:studio --number 1 -o orders --force",
        ],
    ),
    (
        "connector diff",
        [
            "recipack connector diff orders/parcel_tracker.custom_adapter.rb next.rb",
            "recipack connector diff 'Parcel Tracker@1' 'Parcel Tracker@2' --in local:studio",
        ],
    ),
    (
        "connector release",
        [
            "recipack connector release 'Invoice Vault' --in local:studio",
            "recipack connector release 'Invoice Vault' --in local:studio --json",
        ],
    ),
    (
        "customer",
        [
            "recipack customer create dunlin --of studio --external-id D-4",
            "recipack customer list",
        ],
    ),
    (
        "customer create",
        [
            "recipack customer create dunlin --of studio",
            "recipack customer create dunlin --of studio --external-id D-4",
        ],
    ),
    (
        "customer list",
        [
            "recipack customer list",
            "recipack customer list --of studio --json",
        ],
    ),
    (
        "customer show",
        [
            "recipack customer show kestrel",
            "recipack customer show kestrel --json",
        ],
    ),
    (
        "customer label",
        [
            "recipack customer label kestrel ring=pilot",
            "recipack customer label kestrel ring-",
        ],
    ),
    (
        "customer apply",
        [
            "recipack customer apply dunlin.toml --of studio --allow-new-workspace",
            "recipack customer apply dunlin.toml --of studio --plan --allow-new-workspace",
        ],
    ),
    (
        "customer reconcile",
        [
            "recipack customer reconcile dunlin.toml --of studio",
            "recipack customer reconcile --all customers --of studio --detailed-exitcode",
        ],
    ),
    (
        "catalog",
        [
            "recipack catalog list --in local:studio",
            "recipack catalog share 'Ledger Sync' --in local:studio",
        ],
    ),
    (
        "catalog list",
        [
            "recipack catalog list --in local:studio",
            "recipack catalog list --in local:studio --json",
        ],
    ),
    (
        "catalog show",
        [
            "recipack catalog show 'Parcel Tracker' --in local:studio",
            "recipack catalog show 'Parcel Tracker' --in local:studio --json",
        ],
    ),
    (
        "catalog share",
        [
            "recipack catalog share 'Ledger Sync' --in local:studio",
            "recipack catalog share 'Ledger Sync' --in local:studio --plan",
        ],
    ),
    (
        "catalog update",
        [
            "recipack catalog update 'Parcel Tracker' --in local:studio --yes",
            "recipack catalog update 'Parcel Tracker' --in local:studio --plan",
        ],
    ),
    (
        "catalog switch",
        [
            "recipack catalog switch 'Parcel Tracker' 2 --in local:studio --yes",
            "recipack catalog switch 'Parcel Tracker' 2 --in local:studio --plan",
        ],
    ),
    (
        "catalog remove",
        [
            "recipack catalog remove 'Invoice Vault' --in local:studio --confirm 'Invoice Vault'",
            "recipack catalog remove 'Invoice Vault' --in local:studio --plan",
        ],
    ),
    (
        "catalog diff",
        [
            "recipack catalog diff shared.json --in local:studio",
            "recipack catalog diff shared.json --in local:studio --detailed-exitcode",
        ],
    ),
    (
        "catalog apply",
        [
            "recipack catalog apply shared.json --in local:studio --yes",
            "recipack catalog apply shared.json --in local:studio --plan",
        ],
    ),
    (
        "catalog pull",
        [
            "recipack catalog pull --in local:studio",
            "recipack catalog pull --in local:studio -o pulled.json",
        ],
    ),
    (
        "matrix",
        [
            "recipack matrix kestrel-orders.zip",
            "recipack matrix kestrel-orders.zip --of studio --detailed-exitcode",
        ],
    ),
    (
        "sandbox",
        [
            "recipack sandbox --port 8765",
            "recipack sandbox --token kestrel",
        ],
    ),
    (
        "console",
        [
            "recipack console --in local:studio",
            "recipack console --read-only --port 8766",
        ],
    ),
    (
        "resume",
        [
            "recipack resume 1f0c55d20d41",
            "recipack resume 1f0c55d20d41 --from kestrel-external.zip",
        ],
    ),
    (
        "doctor",
        [
            "recipack doctor",
            "recipack doctor local:kestrel --manifest recipack.toml",
        ],
    ),
    (
        "explain",
        [
            "recipack explain",
            "recipack explain shared-connector-excluded",
        ],
    ),
    ("schema", ["recipack schema", "recipack schema plan"]),
    (
        "completions",
        [
            "recipack completions bash",
            "recipack completions zsh > _recipack",
        ],
    ),
    ("man", ["recipack man", "recipack man -o man"]),
];
