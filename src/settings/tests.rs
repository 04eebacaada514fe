use super::*;

fn file(path: &str, text: &str) -> SettingsFile {
    SettingsFile::parse(path, text).expect("settings")
}

fn url(resolved: &Resolved) -> Option<&str> {
    let said = resolved.properties.values().next()?;
    match &said.value {
        Value::Text(text) => Some(text),
        Value::Env(_) | Value::File(_) | Value::Unfilled(_) => None,
    }
}

/// A customer's own counts before a label's, a target's and what is for all; the later file before
/// the earlier one of the same.
#[test]
fn what_is_said_for_fewer_counts_more() {
    let text = |scope: &str, value: &str| format!("[{scope}.properties]\nurl = '{value}'\n");
    let all = file("a.toml", &text("all", "all"));
    let later = file("b.toml", &text("all", "later"));
    let target = file("c.toml", &text("targets.partners", "target"));
    let label = file("d.toml", &text("labels.gold", "label"));
    let customer = file("e.toml", &text("customers.acme", "customer"));
    let whom = Whom {
        targets: vec!["partners".to_owned()],
        names: vec!["acme".to_owned()],
        ..Whom::default()
    };
    let gold = Whom {
        labels: vec!["gold".to_owned()],
        ..whom.clone()
    };
    for (files, whom, expected) in [
        (vec![&all], &whom, "all"),
        (vec![&all, &later], &whom, "later"),
        (vec![&target, &all], &whom, "target"),
        (vec![&label, &target], &whom, "target"),
        (vec![&label, &target], &gold, "label"),
        (vec![&customer, &label, &target, &all], &gold, "customer"),
    ] {
        let files: Vec<SettingsFile> = files.into_iter().cloned().collect();
        let resolved = Resolved::of(&files, whom).expect("resolved");
        assert_eq!(url(&resolved), Some(expected));
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_in_order() {
    let text = "[al.properties]\na = 'x'\n[all]\ntags = 'maybe'\n[all.properties]\nb = 3\n\
                [all.recipes]\nr = 'begin'\n[all.connections]\nc = { fields = {} }\n";
    let errors = SettingsFile::parse("s.toml", text).expect_err("wrong");
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "s.toml:1:2: unknown key `al`",
            "s.toml:4:1: `tags` should be `apply` or `skip`",
            "s.toml:6:1: `b` should be a text, { env = \"NAME\" } or { file = \"PATH\" }",
            "s.toml:8:1: unknown choice for a recipe `begin`",
            "s.toml:10:7: `fields` has none",
        ]
    );
}
