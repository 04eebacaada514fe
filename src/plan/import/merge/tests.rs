use super::*;

/// A recipe by a short notation: `a`, `b` … are steps with that letter as `uuid` and `as`, `a1` says
/// something else, `b@a` uses what `a` gives, `i(…)` has others in it, `x/s` uses application `s`.
fn recipe(notation: &str) -> String {
    full(notation, "first", &["logger"])
}

fn full(notation: &str, description: &str, applications: &[&str]) -> String {
    let mut number = 0;
    let mut out = String::new();
    let mut depth = 1;
    for token in notation.split_whitespace() {
        if token == ")" {
            depth -= 1;
            out.push_str(&format!("\n{}]}}", "  ".repeat(depth)));
            continue;
        }
        let (word, opens) = match token.strip_suffix('(') {
            Some(word) => (word, true),
            None => (token, false),
        };
        let (word, application) = word.split_once('/').unwrap_or((word, "logger"));
        let (word, used) = word.split_once('@').unwrap_or((word, ""));
        let (id, variant) = word.split_at(1);
        number += 1;
        let used = match used {
            "" => String::new(),
            used => format!("#{{_dp('{{\\\"line\\\":\\\"s{used}\\\",\\\"path\\\":[]}}')}}"),
        };
        if !out.is_empty() && !out.ends_with('[') {
            out.push(',');
        }
        out.push_str(&format!(
            "\n{}{{\"number\": {number}, \"keyword\": \"action\", \"provider\": \"{application}\", \"as\": \"s{id}\", \"uuid\": \"u{id}\", \"input\": {{\"message\": \"{variant}{used}\"}}",
            "  ".repeat(depth)
        ));
        match opens {
            true => {
                depth += 1;
                out.push_str(", \"block\": [");
            }
            false => out.push('}'),
        }
    }
    let config: Vec<String> = applications
        .iter()
        .map(|one| match one.split_once('=') {
            Some((name, value)) => format!("{{\"provider\": \"{name}\", \"x\": \"{value}\"}}"),
            None => format!("{{\"provider\": \"{one}\"}}"),
        })
        .collect();
    format!(
        "{{\n  \"name\": \"R\",\n  \"description\": \"{description}\",\n  \"version\": 3,\n  \"code\": {{\"number\": 0, \"keyword\": \"trigger\", \"as\": \"t\", \"uuid\": \"ut\", \"block\": [{out}\n  ]}},\n  \"config\": [{}]\n}}\n",
        config.join(", ")
    )
}

/// A recipe in that notation again.
fn notation(bytes: &[u8]) -> String {
    fn step(node: &serde_json::Value, number: &mut u64, out: &mut Vec<String>) {
        assert_eq!(node["number"], *number, "{node}");
        *number += 1;
        let word = |key: &str| node[key].as_str().unwrap_or_default().to_owned();
        let message = node["input"]["message"].as_str().unwrap_or_default();
        let (variant, used) = message.split_once('#').unwrap_or((message, ""));
        let mut told = word("as")[1..].to_owned() + variant;
        if let Some((_, used)) = used.split_once("\"line\":\"s") {
            told += &format!("@{}", &used[..1]);
        }
        if word("provider") != "logger" {
            told += &format!("/{}", word("provider"));
        }
        match node.get("block").and_then(|block| block.as_array()) {
            Some(block) => {
                out.push(told + "(");
                block.iter().for_each(|child| step(child, number, out));
                out.push(")".to_owned());
            }
            None => out.push(told),
        }
    }
    let document: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
    let mut out = Vec::new();
    let mut number = 1;
    for child in document["code"]["block"].as_array().expect("steps") {
        step(child, &mut number, &mut out);
    }
    out.join(" ")
}

fn side(text: &str) -> Side<'_> {
    Side {
        bytes: text.as_bytes(),
        references: &[],
        bindings: &[],
    }
}

fn three(base: &str, theirs: &str, ours: &str) -> ThreeWay {
    let found = compare(side(base), side(theirs), side(ours)).expect("JSON");
    if let Some(merged) = &found.merged {
        let text = std::str::from_utf8(&merged.bytes).expect("UTF-8");
        assert_eq!(says(side(text)).expect("JSON"), merged.says, "{text}");
    }
    found
}

#[test]
fn steps_of_both_sides_come_together() {
    for (base, theirs, ours, expected) in [
        // Changes of other steps.
        ("a b c", "a1 b c", "a b c1", "a1 b c1"),
        ("a b c", "a1 b c", "b c", "conflict changed-and-removed"),
        ("a b c", "b c", "a1 b c", "conflict changed-and-removed"),
        ("a b c", "a1 b c", "a2 b c", "conflict both-changed"),
        ("a b c", "a1 b c", "a1 b c2", "a1 b c2"),
        // One that another one took the place of is gone, however alike they are.
        ("a b c", "a b1 c", "a x c", "conflict changed-and-removed"),
        (
            "a i( b c ) d",
            "a w( x ) d",
            "a i( b c y ) d",
            "conflict changed-and-removed",
        ),
        // Additions and removals.
        ("a b c", "x a b c", "a b c y", "x a b c y"),
        ("a b c", "a b c x", "a b c y", "conflict same-place"),
        ("a b c", "a b c x", "a b c x y", "conflict same-place"),
        ("a b c", "a b c x", "a1 b c x", "a1 b c x"),
        ("a b c", "a b", "b c", "b"),
        ("a b c", "a c", "a b x c", "a x c"),
        ("a b c", "a c", "a b c1", "a c1"),
        ("a b c", "", "a b c y", "y"),
        ("a b c", "x", "a b c", "theirs-only"),
        // Order.
        ("a b c d", "b c a d", "a b c d y", "b c a d y"),
        ("a b c d", "b c a d", "a b c y d", "conflict same-place"),
        ("a b c d", "b c a d", "a1 b c d1", "b c a1 d1"),
        ("a b c d", "b c d a", "d a b c", "conflict same-place"),
        // Blocks.
        (
            "a i( b c ) d",
            "a i( b c x ) d",
            "a1 i( b c ) d y",
            "a1 i( b c x ) d y",
        ),
        ("a b c", "a i( b ) c", "a b1 c", "a i( b1 ) c"),
        ("a i( b ) c", "a b c", "a i( b1 ) c1", "a b1 c1"),
        (
            "a i( b ) c",
            "a c",
            "a i( b y ) c",
            "conflict changed-and-removed",
        ),
        (
            "a i( b ) c",
            "a c",
            "a i( b1 ) c",
            "conflict changed-and-removed",
        ),
        (
            "a i( b ) j( c )",
            "i( a b ) j( c )",
            "i( b ) j( a c )",
            "conflict moved-twice",
        ),
        ("a i( ) c", "a i( x ) c", "a1 i( ) c", "a1 i( x ) c"),
        // What steps use of others.
        ("a b c", "a b c x@a", "b c", "conflict step-gone"),
        ("a b c", "b c a", "a b c@a d", "conflict same-place"),
        ("a b c d", "b c a d", "a b c@a d", "conflict step-gone"),
        ("a b c", "a b c x@b", "a1 b c", "a1 b c x@b"),
        ("a b@z c", "a b@z c x", "a1 b@z c", "a1 b@z c x"),
        // New on both sides.
        ("a b c", "x a b c", "a b c x1", "conflict both-changed"),
        ("a b c", "x a b c", "a b c x", "conflict moved-twice"),
    ] {
        let found = three(&recipe(base), &recipe(theirs), &recipe(ours));
        let told = match (&found.merged, found.relation) {
            (Some(merged), _) => notation(&merged.bytes),
            (None, Relation::Conflict) => format!("conflict {}", found.conflicts[0].why),
            (None, relation) => relation.to_string(),
        };
        assert_eq!(told, expected, "{base} | {theirs} | {ours}: {found:?}");
        // Whichever side is whose, both agree or none.
        let turned = three(&recipe(base), &recipe(ours), &recipe(theirs));
        let conflict = |found: &ThreeWay| found.relation == Relation::Conflict;
        assert_eq!(
            conflict(&found),
            conflict(&turned),
            "{base} | {ours} | {theirs}"
        );
        if let (Some(merged), Some(turned)) = (&found.merged, &turned.merged) {
            assert_eq!(merged.says, turned.says, "{base} | {ours} | {theirs}");
        }
        assert_eq!((found.theirs, found.ours), (turned.ours, turned.theirs));
    }
}

#[test]
fn settings_and_applications_come_together() {
    let base = full("a b", "first", &["logger", "s"]);
    let told = |theirs: &str, ours: &str| {
        let found = three(&base, theirs, ours);
        let changes = |side: &[PartChange]| -> Vec<String> {
            side.iter().map(PartChange::to_string).collect()
        };
        let conflicts = found.conflicts.iter().map(Conflict::to_string);
        let merged = found
            .merged
            .map(|it| String::from_utf8(it.bytes).expect("UTF-8"));
        (
            changes(&found.theirs),
            conflicts.collect::<Vec<_>>(),
            merged,
        )
    };
    let private =
        |text: &str| text.replace("\"version\": 3", "\"version\": 9,\n  \"private\": true");
    // Only the spans that theirs changed are other ones.
    let (theirs, conflicts, merged) = told(
        &private(&full("a b", "second", &["logger", "s"])),
        &full("a b y", "first", &["logger", "s=1"]),
    );
    assert_eq!(
        theirs,
        ["setting description changed", "setting private added"]
    );
    assert_eq!(conflicts, [""; 0]);
    let expected = full("a b y", "second", &["logger", "s=1"]);
    let expected = expected.replacen("}]\n}", "}],\n  \"private\": true\n}", 1);
    assert_eq!(merged, Some(expected));

    let (theirs, _, merged) = told(
        &full("a b x/z", "first", &["logger", "z"]),
        &full("a1 b", "first", &["logger", "s", "q"]),
    );
    assert_eq!(
        theirs,
        [
            "application s removed",
            "application z added",
            "step 3 (action z) added"
        ]
    );
    let expected = full("a1 b x/z", "first", &["logger", "q", "z"]);
    let document = |text: &str| -> serde_json::Value { serde_json::from_str(text).expect("JSON") };
    assert_eq!(merged.map(|it| document(&it)), Some(document(&expected)));

    for (theirs, ours, expected) in [
        (
            full("a b", "second", &["logger", "s"]),
            full("a b", "third", &["logger", "s"]),
            "setting description: changed on both sides",
        ),
        (
            full("a b", "first", &["logger", "s=1"]),
            full("a b", "first", &["logger"]),
            "application s: changed on one side, removed on the other",
        ),
        (
            full("a b", "first", &["logger"]),
            full("a b y/s", "first", &["logger", "s"]),
            "step 3 (action s): uses an application that the other side removed",
        ),
    ] {
        assert_eq!(told(&theirs, &ours).1, [expected]);
    }
}

#[test]
fn what_is_not_built_of_steps_is_one_part() {
    let text = |code: &str, name: &str| {
        format!("{{\"name\": \"{name}\", \"code\": {code}, \"config\": null}}")
    };
    let found = three(&text("[1]", "a"), &text("[2]", "a"), &text("[1]", "b"));
    let merged = found.merged.expect("disjoint");
    assert_eq!(merged.bytes, text("[2]", "b").as_bytes());
    let found = three(&text("[1]", "a"), &text("[2]", "a"), &text("[3]", "a"));
    assert_eq!(found.relation, Relation::Conflict);
}
