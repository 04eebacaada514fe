//! Connectors in many styles, and what their interfaces are read as.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use crate::support::{corpus, fixture};
use proptest::prelude::*;
use recipack::connector_source::{
    Completeness, Deprecation, Fields, Interface, InterfaceError, MAX_SOURCE, Operation,
    Requirement,
};

fn source(name: &str) -> Vec<u8> {
    fs::read(fixture("interfaces").join(name)).expect(name)
}

/// No source takes this long, on however busy a machine.
const HANG: Duration = Duration::from_secs(300);

fn read_text(source: &str) -> Result<Interface, InterfaceError> {
    Interface::read(source.as_bytes())
}

fn read(name: &str) -> Interface {
    Interface::read(&source(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// An interface in short: an operation a line, `!` for required, `?` for unknown.
fn sketch(interface: &Interface) -> String {
    let mut text = match &interface.completeness {
        Completeness::Whole => "whole\n".to_owned(),
        Completeness::Partly { why, line } => format!("partly, {line}: {why}\n"),
    };
    let actions = interface.actions.iter().map(|(n, o)| ("action", n, o));
    let triggers = interface.triggers.iter().map(|(n, o)| ("trigger", n, o));
    for (kind, name, operation) in actions.chain(triggers) {
        let Operation {
            title,
            subtitle,
            line,
            input,
            output,
            deprecation,
        } = operation;
        write!(text, "{line}: {kind} {name}").expect("a string");
        for words in [title, subtitle].into_iter().flatten() {
            write!(text, " {words:?}").expect("a string");
        }
        match deprecation {
            Deprecation::Current => {}
            Deprecation::Deprecated => text.push_str(" deprecated"),
            Deprecation::Unknown => text.push_str(" deprecated?"),
        }
        writeln!(text, " ({}) ({})", fields(input), fields(output)).expect("a string");
    }
    text
}

fn fields(fields: &Fields) -> String {
    let Fields::Known(fields) = fields else {
        return "?".to_owned();
    };
    let mut texts = Vec::new();
    for field in fields {
        let mut text = field.name.clone();
        match field.requirement {
            Requirement::Optional => {}
            Requirement::Required => text.push('!'),
            Requirement::Unknown => text.push('?'),
        }
        match field.kind.as_deref() {
            Some("string") => {}
            Some(kind) => write!(text, " {kind}").expect("a string"),
            None => text.push_str(" of some type"),
        }
        if !field.properties.is_none() {
            write!(text, " {{{}}}", self::fields(&field.properties)).expect("a string");
        }
        texts.push(text);
    }
    texts.join(", ")
}

#[test]
fn connectors_of_every_style_are_read() {
    for (name, expected) in [
        (
            "plain.rb",
            r#"whole
26: action book_slot "Book slot" "Book a slot at a dock" (dock! integer, from! date_time, note) (slot_id, dock integer, booked_by object {haulier, since date_time})
47: action list_docks "List docks" () (docks array of object {dock integer})
59: trigger slot_freed "Slot freed" () (slot_id, dock integer, booked_by object {haulier, since date_time})
"#,
        ),
        (
            "spellings.rb",
            r#"whole
22: action calibrate-gauge (gauge_id!) ()
9: action read_gauge "Read gauge" (gauge_id) (gauge_id, reading number)
17: action reset_gauge "Reset gauge" (gauge_id, reading number) ()
28: trigger gauge_read "gauge_read" () (gauge_id, reading number, at timestamp)
"#,
        ),
        (
            "texts.rb",
            r#"whole
27: action add_note "Add note\n" "Adds a note: { title: \"x\" } — #not {code}" (text, its, mark, pattern) ()
"#,
        ),
        (
            "definitions.rb",
            r#"whole
34: action add_crate (weight! number, kept_at object {street, town!}) (crate_id, added_at date_time)
56: action find_crate (?) (?)
42: action move_crate (crate_id!, street, town!, country) (crates array of object {crate_id, weight number})
52: action stack_crates (inside object {?}) (?)
"#,
        ),
        (
            "computed.rb",
            r#"whole
45: action drop_sensor "Drop sensor" () (?)
39: action map_sensor "Map sensor" (?) (?)
12: action read_sensor "Read sensor" (?) (?)
44: action replace_sensor deprecated? (?) (?)
23: action tune_sensor deprecated? (sensor_id?, level of some type, limits object {?}) (?)
49: trigger level_rose deprecated? (?) (?)
"#,
        ),
        (
            "merged.rb",
            r#"partly, 9: a call of `call` may bring in more actions
6: action close_locker "Close locker" () ()
8: action clean_locker "Clean locker" () ()
5: action open_locker "Open locker" () ()
11: trigger locker_opened "Locker opened" () ()
"#,
        ),
        (
            "elsewhere.rb",
            r#"partly, 4: a call of `call` may bring in more actions
6: trigger gate_passed "Gate passed" () ()
"#,
        ),
        (
            "assigned.rb",
            r#"whole
17: action sort "Sort" "In the sorting hall" (hall!, lane integer) ()
18: action stop "Stop" "In the sorting hall" () ()
"#,
        ),
        (
            "changed_later.rb",
            r#"partly, 7: statements beside the hash may change it
4: action cool "Cool" () ()
"#,
        ),
        (
            "marks.rb",
            r#"whole
4: action __adhoc_http_action (?) (?)
28: action weigh "Weigh" () (kilos number)
8: action weigh_all "Weigh all" deprecated (unit!, lorry, lorry_id integer, empty boolean) ()
"#,
        ),
    ] {
        let mut expected: Vec<_> = expected.lines().collect();
        let told = sketch(&read(name));
        let mut told: Vec<_> = told.lines().collect();
        // In the table, the order is the reader's.
        expected[1..].sort_unstable();
        told[1..].sort_unstable();
        assert_eq!(told, expected, "{name}");
    }
}

#[test]
fn what_is_no_connector_is_told_with_its_place() {
    for (name, expected, help) in [
        (
            "missing_end.rb",
            "line 10, column 5: unexpected '}'",
            "look at line 6, column 23 too: expected a block beginning with `do` to end with `end`",
        ),
        (
            "missing_comma.rb",
            "line 4, column 3: unexpected local variable or method",
            "",
        ),
        (
            "unclosed_text.rb",
            "line 7, column 2: unterminated string meets end of file",
            "look at line 5, column 16 too: expected a `}` to close the hash literal",
        ),
        (
            "not_closed.rb",
            "line 1, column 1: expected a `}` to close the hash literal",
            "",
        ),
        (
            "latin1.rb",
            "line 2, column 12: the source is not UTF-8 text",
            "save the file as UTF-8",
        ),
        (
            "class.rb",
            "line 2, column 1: the source is no connector: it defines a class or module",
            "a connector is one hash with keys such as `connection`, `actions` and `triggers`",
        ),
        (
            "other_hash.rb",
            "line 1, column 1: the source is no connector: it is a hash without any of a \
             connector's keys",
            "a connector is one hash with keys such as `connection`, `actions` and `triggers`",
        ),
        (
            "empty.rb",
            "line 1, column 1: the source is no connector: it is empty",
            "a connector is one hash with keys such as `connection`, `actions` and `triggers`",
        ),
    ] {
        let error = Interface::read(&source(&format!("broken/{name}"))).expect_err(name);
        let told = (error.to_string(), error.help().unwrap_or_default());
        assert_eq!(told, (expected.to_owned(), help.to_owned()), "{name}");
    }
}

#[test]
fn the_other_fixtures_are_read_whole() {
    for name in ["parcel_tracker", "ledger_sync", "invoice_vault"] {
        let path = fixture(&format!("partner/{name}.custom_adapter.rb"));
        let interface = Interface::read(&fs::read(path).expect(name)).expect(name);
        assert_eq!(interface.completeness, Completeness::Whole, "{name}");
        assert!(!interface.actions.is_empty(), "{name}");
    }
}

#[test]
fn an_interface_reads_back_from_its_json_and_fits_its_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(Interface)).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for name in ["plain.rb", "computed.rb", "merged.rb", "marks.rb"] {
        let interface = read(name);
        let json = serde_json::to_value(&interface).expect("JSON");
        assert!(validator.is_valid(&json), "{name}");
        let back: Interface = serde_json::from_value(json).expect("an interface");
        assert_eq!(back, interface, "{name}");
    }
}

#[test]
#[cfg_attr(not(real_projects), ignore = "needs real projects in ../shared/corpus")]
fn real_connectors_are_read() {
    let adapter = "dewy-resort-wk/home-assistant/nabu_casa_home_assistant_cloud.custom_adapter.rb";
    let interface =
        Interface::read(&fs::read(corpus(adapter)).expect("a file")).expect("a connector");
    let title = |name: &str| interface.actions[name].title.as_deref();
    assert_eq!(interface.completeness, Completeness::Whole);
    assert_eq!(
        names(&interface),
        (
            "call_service get_config get_entity_state get_history get_services get_states \
                 send_notification turn_off turn_on"
                .to_owned(),
            "new_state_change".to_owned()
        )
    );
    assert_eq!(title("get_states"), Some("Get All States"));
    assert_eq!(interface.actions["call_service"].line, 117);
    assert_eq!(
        fields(&interface.actions["turn_on"].input),
        "entity_id!, brightness integer, rgb_color array of integer"
    );
    for package in ["travelperk/before.zip", "travelperk/after.zip"] {
        let Some(source) = entry(&corpus(package), ".custom_adapter.rb") else {
            continue;
        };
        let interface = Interface::read(&source).expect("a connector");
        assert_eq!(interface.completeness, Completeness::Whole);
        assert_eq!(
            names(&interface),
            (
                "flatten_travelperk_lines get_invoice get_invoice_lines get_webhooks test_webhooks"
                    .to_owned(),
                "invoice_created".to_owned()
            )
        );
        assert_eq!(
            fields(&interface.actions["get_invoice"].output),
            "data array of object {pdf}"
        );
        assert_eq!(
            interface.triggers["invoice_created"].output,
            interface.actions["flatten_travelperk_lines"].input
        );
    }
}

fn names(interface: &Interface) -> (String, String) {
    let words = |operations: &std::collections::BTreeMap<_, Operation>| {
        let names = operations.keys().map(ToString::to_string);
        names.collect::<Vec<_>>().join(" ")
    };
    (words(&interface.actions), words(&interface.triggers))
}

/// The contents of the entry of a zip whose name ends so.
fn entry(path: &std::path::Path, end: &str) -> Option<Vec<u8>> {
    let mut zip = zip::ZipArchive::new(fs::File::open(path).expect("a file")).expect("a zip");
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).expect("an entry");
        if entry.name().expect("a name").ends_with(end) {
            let mut contents = Vec::new();
            std::io::copy(&mut entry, &mut contents).expect("contents");
            return Some(contents);
        }
    }
    None
}

/// Reads what was made to be slow or deep, which would take hours if it could.
fn ends(what: &str, source: &str) {
    let start = Instant::now();
    let _ = read_text(source);
    let taken = start.elapsed();
    assert!(taken < HANG, "{what}: {taken:?}");
}

#[test]
fn hostile_sources_end_soon_and_never_crash() {
    let deep = 100_000;
    let wrapped = |inner: String| format!("{{ actions: {{ a: {{ title: {inner} }} }} }}");
    // A name for each level, that stands for the level below twice.
    let doubled = |first: &str, each: &str, of: &str| {
        let mut text = format!("a0 = {first}\n");
        for level in 1..60 {
            let line = each.replace('<', &format!("a{}", level - 1));
            writeln!(text, "a{level} = {line}").expect("a string");
        }
        text + &of.replace('<', "a59")
    };
    for (what, source) in [
        ("brackets", "[".repeat(deep)),
        ("closed brackets", "[".repeat(deep) + &"]".repeat(deep)),
        ("hashes", "{a:".repeat(deep)),
        (
            "closed hashes",
            wrapped("{a: ".repeat(deep) + "1" + &"}".repeat(deep)),
        ),
        (
            "parentheses",
            wrapped("(".repeat(1_900) + &")".repeat(1_900)),
        ),
        ("lambdas", "lambda do ".repeat(deep)),
        ("blocks", "begin;".repeat(deep)),
        ("arrows", "->(a=".repeat(deep)),
        ("conditions", "if a\n".repeat(deep)),
        ("ternaries", "a ? ".repeat(deep)),
        ("negations", "!".repeat(deep)),
        ("assignments", "a=".repeat(deep)),
        ("interpolations", "\"#{".repeat(deep)),
        ("calls", wrapped(format!("a{}", ".b".repeat(deep)))),
        ("sums", wrapped(format!("a{}", "+a".repeat(deep)))),
        (
            "merges",
            format!("{{ actions: a{} }}", ".merge(a)".repeat(deep)),
        ),
        ("texts", wrapped("'a' ".repeat(deep))),
        ("word lists", "%w[".repeat(deep)),
        ("heredocs", "<<A + ".repeat(deep)),
        ("long heredoc", wrapped(format!("<<{}\n", "A".repeat(deep)))),
        ("errors", ")".repeat(deep)),
        ("digits", wrapped("9".repeat(9_000))),
        ("NUL", "\0".repeat(deep)),
        ("patterns", format!("case a\nin {}", "[".repeat(deep))),
        (
            "splats",
            doubled("{}", "{ **<, **< }", "{ actions: <, methods: {} }"),
        ),
        (
            "merged names",
            doubled("{}", "<.merge(<)", "{ actions: < }"),
        ),
        (
            "summed names",
            doubled(
                "[]",
                "< + <",
                "{ actions: { x: { output_fields: -> { < } } } }",
            ),
        ),
        (
            "long titles",
            format!(
                "T = '{}'\n{{ actions: {{ {} }} }}",
                "t".repeat(1_000_000),
                (0..10_000).fold(String::new(), |all, n| all
                    + &format!("a{n}: {{ title: T }},"))
            ),
        ),
        (
            "definitions",
            format!(
                "{{ object_definitions: {{ x: {{ fields: ->(){{ [{}] }} }} }}, actions: {{ {} }} }}",
                "{ name: 'f' },".repeat(10_000),
                (0..10_000).fold(String::new(), |all, n| {
                    all + &format!("a{n}: {{ output_fields: ->(o) {{ o['x'] }} }},")
                })
            ),
        ),
    ] {
        ends(what, &source);
    }
}

/// A source with actions up to a size.
fn of_size(size: usize) -> (String, usize) {
    let mut source = String::from("{ actions: {\n");
    let mut count = 0;
    while source.len() < size - 500 {
        writeln!(
            source,
            "  act_{count}: {{ title: 'Act {count}', input_fields: lambda do |_| [{{ name: 'a' }}] \
             end, execute: lambda {{ |c, i| post(\"/x/#{{i['a']}}\", i) {{ |x| x }} }} }},"
        )
        .expect("a string");
        count += 1;
    }
    source.push_str("} }\n");
    (source, count)
}

/// Twenty times what real connectors have is read; so many words that parsing them would fill the
/// memory are not, and that is told.
#[test]
fn large_sources_are_read_up_to_a_number_of_words() {
    let (source, count) = of_size(800_000);
    assert_eq!(
        read_text(&source).expect("a connector").actions.len(),
        count
    );
    // What is no word costs nothing, up to the size that the platform takes at most.
    let padded = format!("{source}# {}", "x".repeat(MAX_SOURCE - source.len() - 2));
    assert_eq!(
        read_text(&padded).expect("a connector").actions.len(),
        count
    );
    let interface = read_text(&of_size(MAX_SOURCE).0);
    assert!(
        matches!(interface, Err(InterfaceError::TooMuch { .. })),
        "{interface:?}"
    );
}

/// A fixture with some of its bytes replaced, removed or repeated.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let names = vec![
        "plain.rb",
        "spellings.rb",
        "texts.rb",
        "definitions.rb",
        "computed.rb",
        "merged.rb",
        "assigned.rb",
        "marks.rb",
    ];
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        proptest::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            "end",
            "do",
            "lambda",
            "->",
            "**",
            "*",
            "|",
            "'",
            "\"",
            "#{",
            "=begin\n",
            "\n=end\n",
            "<<~A\n",
            "__END__\n",
            "%w[",
            ":",
            "=>",
            ",",
            "\\",
            "\n",
        ])
        .prop_map(|text: &str| text.as_bytes().to_vec()),
    ];
    let edit = (any::<prop::sample::Index>(), 0_usize..40, piece);
    let edits = proptest::collection::vec(edit, 1..8);
    (proptest::sample::select(names), edits).prop_map(|(name, edits)| {
        let mut source = source(name);
        for (at, removed, piece) in edits {
            let at = at.index(source.len() + 1);
            let end = (at + removed).min(source.len());
            source.splice(at..end, piece);
        }
        source
    })
}

/// Reads it, and asks everything of the outcome that there is to ask.
fn survives(source: &[u8]) -> Result<(), TestCaseError> {
    let start = Instant::now();
    match Interface::read(source) {
        Ok(interface) => {
            let lines = source.iter().filter(|byte| **byte == b'\n').count() + 1;
            let mut operations = interface
                .actions
                .values()
                .chain(interface.triggers.values());
            prop_assert!(operations.all(|operation| (1..=lines).contains(&operation.line)));
            prop_assert!(!sketch(&interface).is_empty());
        }
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            let _ = error.help();
            if let Some(place) = error.place() {
                prop_assert!(place.line >= 1 && place.column >= 1);
                prop_assert!(place.span.end <= source.len());
            }
        }
    }
    prop_assert!(start.elapsed() < HANG);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_bytes_never_panic(source in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives(&source)?;
    }

    #[test]
    fn arbitrary_text_never_panics(source in "(\\PC|[{}\\[\\]()|\"'#:=>,*\\n ]|end|do |lambda ){0,200}") {
        survives(source.as_bytes())?;
    }

    #[test]
    fn mutated_connectors_never_panic(source in mutated()) {
        survives(&source)?;
    }
}
