//! What stands between a file and what there is, as a table; and that nothing is left of it once it is
//! done.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

const FILE: &str = "name = \"acme\"\nexternal-id = \"A-1\"\nemail = \"it@acme.example\"\n\
     folder = \"Desk\"\nlabels = { ring = \"first\" }\npackages = [\"p.zip\"]\n\n\
     [[freeze]]\nfrom = 2026-12-18\nuntil = 2027-01-04\nwhy = \"year-end close\"\n";
/// Before and in that time.
const BEFORE: Timestamp = Timestamp(1_796_000_000);
const FROZEN: Timestamp = Timestamp(1_797_768_000);

fn file(text: &str) -> CustomerFile {
    CustomerFile::parse("c/acme.toml", text).expect("a file")
}

fn labels(labels: &[(&str, &str)]) -> BTreeMap<LabelKey, LabelValue> {
    let labels = labels.iter();
    let parsed = labels.map(|(k, v)| (k.parse().expect("a key"), v.parse().expect("a value")));
    parsed.collect()
}

fn here(name: &str, labels: HeldLabels) -> Found {
    Found::There(CustomerHere {
        address: "customer:id:7".parse().expect("an address"),
        id: WorkspaceId(7),
        name: name.to_owned(),
        labels,
    })
}

/// The plan of an import in which one recipe and one connection meet this.
fn import(recipe: &str, connection: &str, more: &[(&str, Value)]) -> Arc<ImportPlan> {
    let asset = |kind: &str, name: &str, action: &str| {
        let is_new = action.starts_with("creates");
        json!({"path": format!("{name}.{kind}.json"), "type": kind, "name": name, "folder": "Desk",
            "action": action, "id": (!is_new).then_some(5), "from": null, "to": null, "state": null})
    };
    let count = |is: &dyn Fn(&str) -> bool| usize::from(is(recipe)) + usize::from(is(connection));
    let mut plan = json!({"format": 2,
        "package": {"path": "p.zip", "digest": Digest::of(b"p"), "size": 1},
        "workspace": {"address": "customer:id:7", "id": 7, "kind": "customer",
            "state": Digest::of(b"s"), "revision": 1},
        "catalog": null, "folder": "Desk", "creates_folders": [], "connectors": [],
        "assets": [asset("recipe", "Quote", recipe), asset("connection", "ERP", connection)],
        "summary": {"creates": count(&|it| it.starts_with("creates")),
            "overwrites": count(&|it| it.starts_with("overwrites")),
            "overwrites_running": 0, "unchanged": count(&|it| it == "no-change" || it.starts_with("binds")),
            "installs": 0, "updates": 0, "blocked": 0,
            "keeps_edits": count(&|it| it == "keeps-edits"),
            "not_read": count(&|it| it == "not-read")},
        "needs": [], "afterwards": [], "ignored": []});
    for (key, value) in more {
        plan[*key] = value.clone();
    }
    Arc::new(serde_json::from_value(plan).expect("a plan"))
}

fn settings(actions: &[(&str, &str, &str)]) -> Value {
    let actions: Vec<Value> = actions
        .iter()
        .map(|(subject, name, effect)| {
            json!({"subject": subject, "name": name, "folder": "Desk", "effect": effect,
                "from": null, "to": null, "because": [], "said": "s.toml:1 [all]"})
        })
        .collect();
    json!({"files": [], "labels": [], "customer": null, "digest": Digest::of(b"s"), "actions": actions})
}

fn edited(becomes: &str, edit: &str) -> Value {
    json!([{"path": "Quote.recipe.json", "type": "recipe", "name": "Quote", "folder": "Desk",
        "id": 5, "edit": edit, "since": 3, "becomes": becomes}])
}

fn planned(
    text: &str,
    platform: Platform,
    found: Found,
    seen: Vec<Seen>,
    at: Timestamp,
) -> CustomerPlan {
    let packages = seen.into_iter().map(|seen| PackageSeen {
        package: "p.zip".to_owned(),
        folder: "Desk".parse().expect("a folder"),
        seen,
    });
    let truth = Truth {
        of: "local:studio".parse().expect("an address"),
        platform,
        found,
        packages: packages.collect(),
    };
    CustomerPlan::of(&file(text), truth, at)
}

fn api() -> Platform {
    Platform::Api("https://app.example".to_owned())
}

/// What is otherwise, in short.
fn told(plan: &CustomerPlan) -> Vec<String> {
    let differences = plan.differences.iter();
    let differences = differences.map(|one| format!("{} {}", one.kind, one.subject));
    let unknown = plan.unknown.iter();
    differences
        .chain(unknown.map(|one| format!("unknown {}", one.what)))
        .collect()
}

#[test]
fn whatever_a_package_meets_is_told_as_what_it_is() {
    let recipe = "recipe \"Desk/Quote\"";
    let connection = "connection \"Desk/ERP\"";
    let waits = json!([{"what": "authorize", "connection": "ERP", "folder": "Desk", "recipes": 1}]);
    type Row<'r> = (Arc<ImportPlan>, Vec<String>, bool, bool);
    let row = |plan, told: &[String], imports, keeps| -> Row<'_> {
        (plan, told.to_vec(), imports, keeps)
    };
    let start = |effect| [("settings", settings(&[("recipe", "Quote", effect)]))];
    let rows = [
        row(
            import("no-change", "binds-to-existing", &[]),
            &[],
            false,
            true,
        ),
        row(
            import("not-read", "binds-to-existing", &[]),
            &[],
            false,
            true,
        ),
        row(
            import("creates", "creates-placeholder", &[]),
            &["not-imported p.zip".to_owned()],
            true,
            false,
        ),
        // The connection was there before the package.
        row(
            import("creates", "binds-to-existing", &[]),
            &["not-imported p.zip".to_owned()],
            true,
            false,
        ),
        row(
            import("overwrites", "binds-to-existing", &[]),
            &[format!("contents {recipe}")],
            true,
            false,
        ),
        row(
            import("no-change", "creates-placeholder", &[]),
            &[format!("contents {connection}")],
            true,
            false,
        ),
        row(
            import(
                "overwrites",
                "binds-to-existing",
                &[("edited", edited("held", "changed"))],
            ),
            &[format!("customised {recipe}")],
            true,
            true,
        ),
        row(
            import(
                "keeps-edits",
                "binds-to-existing",
                &[("edited", edited("kept", "changed"))],
            ),
            &[format!("customised {recipe}")],
            false,
            true,
        ),
        row(
            import(
                "overwrites",
                "binds-to-existing",
                &[("edited", edited("held", "unknown"))],
            ),
            &[format!("unknown {recipe}")],
            true,
            false,
        ),
        row(
            import("no-change", "binds-to-existing", &start("starts")),
            &[format!("not-running {recipe}")],
            true,
            false,
        ),
        row(
            import("no-change", "binds-to-existing", &start("cannot-start")),
            &[format!("not-running {recipe}")],
            false,
            false,
        ),
        row(
            import("no-change", "binds-to-existing", &start("stops")),
            &[format!("setting {recipe}")],
            true,
            false,
        ),
        row(
            import("no-change", "binds-to-existing", &start("keeps")),
            &[],
            false,
            true,
        ),
        row(
            import(
                "no-change",
                "binds-to-existing",
                &[(
                    "settings",
                    settings(&[("connection", "ERP", "awaits-person")]),
                )],
            ),
            &[format!("not-authorized {connection}")],
            false,
            false,
        ),
        // Nothing that is said waits for it.
        row(
            import("no-change", "binds-to-existing", &[("afterwards", waits)]),
            &[format!("not-authorized {connection}")],
            false,
            true,
        ),
    ];
    for (number, (import, otherwise, imports, keeps)) in rows.into_iter().enumerate() {
        let seen = vec![Seen::Planned(import, Vec::new())];
        let found = here("acme", HeldLabels::NotKept);
        let plan = planned(FILE, api(), found, seen, BEFORE);
        assert_eq!(told(&plan), otherwise, "row {number}");
        assert_eq!(plan.imports("p.zip"), imports, "row {number}");
        assert_eq!(!plan.is_empty(), imports, "row {number}");
        assert_eq!(plan.keeps_its_word(), keeps, "row {number}");
        assert_eq!(plan.agrees(), otherwise.is_empty(), "row {number}");
        for waiting in &plan.waits {
            let link = waiting.link.as_deref();
            assert_eq!(
                link,
                Some("https://app.example/connections/5"),
                "row {number}"
            );
        }
    }
}

#[test]
fn a_workspace_is_made_with_a_permission_and_with_what_the_platform_wants() {
    let new = || {
        vec![Seen::Planned(
            import("creates", "creates-placeholder", &[]),
            Vec::new(),
        )]
    };
    let plan = planned(FILE, api(), Found::Absent, new(), BEFORE);
    assert_eq!(told(&plan), ["no-workspace A-1", "not-imported p.zip"]);
    assert_eq!(plan.steps[0], CustomerStep::Create);
    assert!(plan.blocked.is_empty() && !plan.keeps_its_word());
    assert_eq!(plan.needs[0].permission, CustomerPermission::NewWorkspace);
    let mend = plan.differences[0].mend.as_deref();
    let command = "recipack customer apply c/acme.toml --of studio --allow-new-workspace";
    assert_eq!(mend, Some(command));

    let without = FILE.replace("email = \"it@acme.example\"\n", "");
    let blocked = |platform| {
        planned(&without, platform, Found::Absent, new(), BEFORE)
            .blocked
            .len()
    };
    assert_eq!((blocked(api()), blocked(Platform::Local)), (1, 0));
    // In a time in which nothing is sent it needs both permissions, and one where nothing is to do none.
    let needs = |found, seen| -> Vec<&'static str> {
        let plan = planned(FILE, api(), found, seen, FROZEN);
        assert!(plan.frozen.is_some());
        let needs = plan.needs.iter();
        needs.map(|needed| needed.permission.as_str()).collect()
    };
    assert_eq!(
        needs(Found::Absent, new()),
        ["allow-new-workspace", "allow-frozen"]
    );
    let same = vec![Seen::Planned(
        import("no-change", "binds-to-existing", &[]),
        Vec::new(),
    )];
    assert!(needs(here("acme", HeldLabels::NotKept), same).is_empty());
}

#[test]
fn what_can_not_be_read_is_unknown_and_agrees_with_nothing() {
    let unknown = Found::Unknown("the token may not".to_owned());
    let plan = planned(FILE, api(), unknown, Vec::new(), BEFORE);
    assert_eq!(told(&plan), ["unknown customer A-1"]);
    let seen = vec![Seen::Unknown("it can't be compared".to_owned())];
    let part = planned(FILE, api(), here("acme", HeldLabels::NotKept), seen, BEFORE);
    assert_eq!(told(&part), ["unknown p.zip"]);
    for plan in [plan, part] {
        assert!(plan.is_empty() && !plan.agrees() && !plan.keeps_its_word());
    }
}

/// Whatever names and labels there are: once the steps are taken, none is left.
#[test]
fn once_everything_is_done_nothing_is_left_to_do() {
    let keys = ["ring", "plan", "region"];
    let values = ["", "first", "second"];
    let choose = |number: usize| -> Vec<(&str, &str)> {
        let of_each = keys.iter().enumerate();
        let chosen = of_each.map(|(at, key)| (*key, values[number / 3_usize.pow(at as u32) % 3]));
        chosen.filter(|(_, value)| !value.is_empty()).collect()
    };
    for (said, held) in (0..27).flat_map(|said| (0..27).map(move |held| (said, held))) {
        let said_labels: Vec<String> = choose(said)
            .iter()
            .map(|(key, value)| format!("{key} = \"{value}\""))
            .collect();
        let text = FILE.replace("ring = \"first\"", &said_labels.join(", "));
        for (platform, name) in [(Platform::Local, "acme"), (api(), "acme"), (api(), "other")] {
            let mut now = labels(&choose(held));
            let kept = |now: &BTreeMap<_, _>| match platform {
                Platform::Local => HeldLabels::Kept(now.clone()),
                Platform::Api(_) => HeldLabels::NotKept,
            };
            let found = here(name, kept(&now));
            let plan = planned(&text, platform.clone(), found, Vec::new(), BEFORE);
            assert_eq!(plan.is_empty(), plan.agrees(), "{text}");
            for edit in plan.label_edits() {
                match edit {
                    LabelEdit::Set(label) => drop(now.insert(label.key, label.value)),
                    LabelEdit::Remove(key) => drop(now.remove(&key)),
                }
            }
            let renamed = plan.provisions().map_or(name, |_| "acme");
            let found = here(renamed, kept(&now));
            let again = planned(&text, platform, found, Vec::new(), BEFORE);
            assert!(again.is_empty() && again.agrees(), "{text}: {again:?}");
        }
    }
}

#[test]
fn a_plan_is_read_back_as_it_was_written_and_holds_whenever_it_is_carried_out() {
    let seen = || {
        vec![Seen::Planned(
            import("overwrites", "binds-to-existing", &[]),
            Vec::new(),
        )]
    };
    let plan = |at| planned(FILE, api(), here("acme", HeldLabels::NotKept), seen(), at);
    let sealed = plan(BEFORE).sealed().expect("a document");
    let bytes = serde_json::to_vec(&sealed).expect("JSON");
    assert_eq!(CustomerPlan::parse(&bytes).expect("a plan"), sealed);
    let edited = String::from_utf8(bytes)
        .expect("UTF-8")
        .replace("A-1", "A-2");
    let damaged = CustomerPlan::parse(edited.as_bytes()).expect_err("damaged");
    assert!(matches!(
        damaged,
        CustomerPlanError::Seal(SealError::Differs)
    ));
    assert!(sealed.does_the_same(&plan(FROZEN)));
    let other = planned(
        FILE,
        api(),
        here("other", HeldLabels::NotKept),
        seen(),
        BEFORE,
    );
    assert!(!sealed.does_the_same(&other));
}

/// A later package may overwrite what an earlier one of the plan brings, and nothing else that is there.
#[test]
fn what_nobody_saw_in_the_plan_is_told() {
    let seen = vec![Seen::Planned(
        import("creates", "creates-placeholder", &[]),
        Vec::new(),
    )];
    let plan = planned(FILE, api(), Found::Absent, seen, BEFORE);
    let foreseen = import("overwrites", "binds-to-existing", &[]);
    assert!(plan.unforeseen(&foreseen).is_empty());
    let seen = vec![Seen::Planned(
        import("no-change", "binds-to-existing", &[]),
        Vec::new(),
    )];
    let plan = planned(FILE, api(), here("acme", HeldLabels::NotKept), seen, BEFORE);
    assert_eq!(
        plan.unforeseen(&foreseen),
        ["recipe \"Desk/Quote\" would be overwritten"]
    );
}
