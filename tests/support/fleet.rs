//! A partner with customers, and a package for them.

use serde_json::json;

use super::project::{ProjectFolder, reference, uses};
use super::{Place, Run};

/// What customers need beside the package.
pub(crate) const SETTINGS: &str = r#"
[all.properties]
"erp.url" = "https://erp.example"
"erp.key" = { env = "ERP_KEY" }

[all.connections]
"Orders/ERP" = { fields = { token = { env = "ERP_KEY" } } }

[all.recipes]
"*" = "start"

[labels."ring=first".properties]
"erp.url" = "https://first.example"
"#;

/// A partner with so many customers, and a package whose recipe runs with settings.
pub(crate) fn partner(customers: usize) -> Place {
    let place = Place::new();
    package(&place, "p.zip", "added");
    place.write("settings.toml", SETTINGS);
    line(&place, 0, "workspace create studio --kind admin");
    for number in 1..=customers {
        let create = format!("customer create c{number} --of studio --external-id E-{number}");
        line(&place, 0, &create);
    }
    line(&place, 0, "customer label c1 ring=first");
    place
}

/// Makes a package whose recipe waits for such an event.
pub(crate) fn package(place: &Place, output: &str, event: &str) {
    let erp = uses("salesforce", reference("Orders/erp.connection.json", "ERP"));
    let code = json!({
        "number": 0, "keyword": "trigger", "provider": "salesforce", "name": event,
        "input": { "key": "#{account_property('erp.key')}" }, "block": [],
    });
    ProjectFolder::new(place, "project")
        .connection("Orders/erp.connection.json", "ERP", &json!("salesforce"))
        .recipe_with("Orders/quote.recipe.json", "Quote", &[erp], &code)
        .json(
            "account_properties.properties.json",
            &json!({"erp.url": null, "erp.key": null}),
        );
    let export = format!("export project --for customer --catalog none -o {output}");
    line(place, 0, &export);
}

/// A command line in words; a space that holds one together stands as no-break space.
pub(crate) fn words(line: &str) -> Vec<String> {
    let words = line.split(' ');
    words.map(|word| word.replace('\u{a0}', " ")).collect()
}

/// Runs the program with the local platform.
#[track_caller]
pub(crate) fn line(place: &Place, code: i32, line: &str) -> Run {
    let mut command = place.command();
    command.env("RECIPACK_PLATFORM", place.path("p.db"));
    command.env("XDG_STATE_HOME", place.path("state"));
    command.env("ERP_KEY", "canary-key");
    command.args(words(line));
    let run = Run::from(command.output().expect("it starts"));
    assert_eq!(run.code, code, "{line}: {}{}", run.stdout, run.stderr);
    assert!(!run.stdout.contains("canary"), "{}", run.stdout);
    assert!(!run.stderr.contains("canary"), "{}", run.stderr);
    run
}
